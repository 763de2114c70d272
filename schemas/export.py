"""Writes the published contracts: a JSON Schema per model and an AsyncAPI 3 file, from the models themselves.

`python -m schemas.export docs` renews `docs/schemas/*.json` and `docs/asyncapi.json`.
"""

import inspect
import json
import sys
from pathlib import Path
from typing import Any

from schemas import topics
from schemas.base import Model
from schemas.health import SourceDigest
from schemas.incident import Incident

KEYS = {
    topics.POSTS: "source id",
    topics.HISTORY: "source id",
    topics.REACH: "post id",
    topics.TAGGED: "OKTMO code of the municipality, or `none`",
    topics.INCIDENTS: "incident id",
    topics.SOURCES: "source id",
    topics.SOURCE_EVENTS: "source id",
}
SUMMARIES = {
    topics.POSTS: "Public posts, masked",
    topics.HISTORY: "Posts collected late on purpose: lower priority, nobody is paged",
    topics.REACH: "Views, likes, reposts and comments of a post, at every visit that changed them",
    topics.TAGGED: "Posts with the classifier's judgement",
    topics.INCIDENTS: "Incident events, CloudEvents 1.0 in structured mode",
    topics.SOURCES: "How each visit to a source ended",
    topics.SOURCE_EVENTS: "Sources that begin to fail, fall quiet or recover, CloudEvents 1.0 in structured mode",
}


def _file_name(model: type[Model]) -> str:
    return model.schema_name.replace("/", ".v") + ".schema.json"


def json_schema(model: type[Model]) -> dict[str, Any]:
    """JSON Schema 2020-12 of what a writer sends."""
    schema = model.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:otklik:{model.schema_name}",
        **schema,
        "description": inspect.getdoc(model) or "",
    }


def asyncapi(version: str) -> dict[str, Any]:
    """AsyncAPI 3.0 over the topics; messages refer to the JSON Schemas beside the file."""
    channels, operations, messages = {}, {}, {}
    for topic, model in topics.MODELS.items():
        name = model.__name__
        messages[name] = {
            "name": model.schema_name,
            "contentType": "application/json",
            "headers": {
                "type": "object",
                "required": ["schema", "content-type"],
                "properties": {
                    "schema": {"const": model.schema_name},
                    "content-type": {"const": "application/json"},
                },
            },
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": {"$ref": f"schemas/{_file_name(model)}"},
            },
        }
        channels[topic] = {
            "address": topic,
            "summary": SUMMARIES[topic],
            "description": f"Key: {KEYS[topic]}. Records that can't be processed go to `{topics.dead(topic)}`.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        }
        operations[f"read-{topic.replace('.', '-')}"] = {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{topic.replace('/', '~1')}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Otklik", "version": version, "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def documents(version: str) -> dict[str, str]:
    """Relative path to content of every generated file."""
    models: list[type[Model]] = list(dict.fromkeys([*topics.MODELS.values(), Incident, SourceDigest]))
    found: dict[str, dict[str, Any]] = {f"schemas/{_file_name(model)}": json_schema(model) for model in models}
    found["asyncapi.json"] = asyncapi(version)
    return {path: json.dumps(doc, ensure_ascii=False, indent=2) + "\n" for path, doc in found.items()}


def write(folder: Path, version: str = "1") -> None:
    for path, content in documents(version).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
