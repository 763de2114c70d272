import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from schemas import Post, TaggedPost, Tags, topics
from schemas.export import documents, json_schema

DOCS = Path(__file__).parents[2] / "docs"


def test_published_contracts_are_fresh():
    for path, content in documents("1").items():
        assert (DOCS / path).read_text(encoding="utf-8") == content, f"{path} is stale: run `make docs`"


def test_every_reference_of_the_asyncapi_file_leads_somewhere():
    spec = json.loads(documents("1")["asyncapi.json"])
    assert set(spec["channels"]) == set(topics.MODELS)
    for operation in spec["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in spec["channels"]
    for message in spec["components"]["messages"].values():
        assert (DOCS / message["payload"]["schema"]["$ref"]).is_file()


@pytest.mark.parametrize("model", dict.fromkeys(topics.MODELS.values()))
def test_every_schema_is_valid(model):
    jsonschema.Draft202012Validator.check_schema(json_schema(model))


def test_what_is_written_fits_its_published_schema():
    now = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    post = Post(id="vk:-1_2", source="s", published=now, collected=now, text="Нет воды")
    tags = Tags(
        relevance=0.9, relevant=True, group="ЖКХ", group_probability=0.8, topic="т", topic_probability=0.5, model="1"
    )
    tagged = TaggedPost(post=post, tags=tags)
    validator = jsonschema.Draft202012Validator(json_schema(TaggedPost))
    validator.validate(json.loads(tagged.encode()))
    broken = json.loads(tagged.encode()) | {"tags": {}}
    assert not validator.is_valid(broken)
