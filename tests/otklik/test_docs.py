"""Docs that can't lie: what is generated is fresh, and every section and key has its place."""

import re
import shlex
from pathlib import Path

import jsonschema
import pytest
import typer.main
from ruamel.yaml import YAML

from otklik.config.messages import SECTIONS
from otklik.config.model import file_model
from otklik.config.schema import schema
from otklik.docs import documents
from otklik.main import app

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


_COMMAND = re.compile(r"^(?:.*\| )?(?:\$ |\.venv/bin/)?otklik ((?!\w+ \|).*)$", re.MULTILINE)
_BLOCK = re.compile(r"^```(?:bash|sh|)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def command_lines(path: Path) -> list[str]:
    """What follows `otklik` in the blocks of a document."""
    blocks = _BLOCK.findall(path.read_text(encoding="utf-8").replace("\\\n", " "))
    return [line for block in blocks for line in _COMMAND.findall(block)]


WRITTEN = [*ROOT.glob("README*.md"), *DOCS.glob("*.md"), *DOCS.glob("s*/*.md")]


@pytest.mark.parametrize("line", sorted({line for path in WRITTEN for line in command_lines(path)}))
def test_commands_that_documents_show_exist(line):
    words = shlex.split(re.split(r" [|>]|;| &", line)[0], comments=True)
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    known = {"--help", *(name for one in command.params for name in (*one.opts, *one.secondary_opts))}
    assert {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)} <= known
    assert not hasattr(command, "commands") or "--help" in words
