"""A good file of a region, and what is wrong with others, for the tests of the configuration."""

from pathlib import Path

import pytest

from otklik.config import Config, ConfigErrors, load

KEY = {"OTKLIK_AUTHOR_KEY": "k" * 32}
GOOD = """\
region: chelyabinsk
sources:
  - id: news-1
    news: {feed: "https://news.example/rss"}
    every: 5m
authorities:
  - {id: zkh, name: Министерство строительства, groups: [ЖКХ], default: true}
sinks:
  - id: archive
    file: {path: "out.jsonl"}
"""


def read(file: Path, text: str, env: dict[str, str] = KEY) -> Config:
    file.write_text(text, encoding="utf-8")
    return load(file, env, author_key=True)


def errors(file: Path, text: str, env: dict[str, str] = KEY) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read(file, text, env)
    return [str(problem) for problem in caught.value.problems]


def only(file: Path, text: str, env: dict[str, str] = KEY) -> str:
    found = errors(file, text, env)
    assert len(found) == 1, "\n\n".join(found)
    return found[0]


def said(*lines: str) -> str:
    return "\n".join([lines[0], *(f"  {line}" for line in lines[1:])])
