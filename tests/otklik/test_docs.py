"""Docs that can't lie: what is generated is fresh, and every section and key has its place."""

import re
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from otklik.config.messages import SECTIONS
from otklik.config.model import file_model
from otklik.config.schema import schema
from otklik.docs import documents

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize(
    "name", ["cli.md", "config.schema.json", "configuration.md", "incidents.md", "taxonomy.md", "urgency.md"]
)
def test_generated_docs_are_fresh(name):
    assert (DOCS / name).read_text(encoding="utf-8") == documents(DOCS)[name], "run: make docs"


def test_every_section_of_the_file_has_its_heading():
    headings = set(re.findall(r"^## (\S+)$", (DOCS / "configuration.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(file_model().model_fields) == SECTIONS
    assert headings >= SECTIONS


def test_anchors_in_messages_exist():
    text = (DOCS / "configuration.md").read_text(encoding="utf-8")
    anchors = {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)}
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "otklik/config").glob("*.py"))
    used = set(re.findall(r"docs/configuration\.md#([\w-]+)", code)) | set(re.findall(r"\{DOCS\}#([\w-]+)", code))
    assert used
    assert used <= anchors


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_the_schema_accepts_the_ready_configurations(path):
    jsonschema.Draft202012Validator(schema()).validate(YAML(typ="safe").load(path))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"region": "chelyabinsk", "sauces": []},
        {"region": "chelyabinsk", "sources": [{"id": "x"}]},
        {"region": "chelyabinsk", "sources": [{"id": "x", "news": {"fed": "https://a.example"}}]},
        {"region": "chelyabinsk", "deadlines": {"default": {"answer": "soon"}}},
    ],
)
def test_the_schema_refuses_what_check_refuses(wrong):
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(wrong))
