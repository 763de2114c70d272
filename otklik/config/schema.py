"""JSON Schema of the file, for editors. `python -m otklik.config.schema docs` renews `docs/config.schema.json`."""

import json
import sys
from pathlib import Path
from typing import Any

from otklik.config.model import file_model

FILE = "config.schema.json"


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of what an operator writes. `${VAR}` may stand wherever a string may."""
    found = file_model().model_json_schema(mode="validation")
    found.pop("description", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:otklik:config",
        **found,
        "title": "Файл региона Отклика",
    }


def schema_text() -> str:
    """As it stands in the file."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) / FILE).write_text(schema_text(), encoding="utf-8")
