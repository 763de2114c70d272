"""What operators read about a source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import crawlers

FOLDER = Path(crawlers.__file__).parent
CONFIGURATION = {"schedule.py", "settings.py"}
"""Their texts are mistakes in the region's file: whole sentences."""
MODULES = [path for path in sorted(FOLDER.rglob("*.py")) if path.name not in CONFIGURATION]


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module which are in Russian and not its documentation, with their lines."""
    tree = ast.parse(path.read_text())
    prose = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in prose:
            continue
        if any("а" <= letter.lower() <= "я" for letter in node.value):
            yield node.lineno, node.value


def test_the_texts_are_found() -> None:
    found = {path.name for path in MODULES if any(texts(path))}
    assert {"visit.py", "trial.py", "problems.py", "wall_visit.py", "errors.py", "transport.py", "wall.py"} <= found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_reasons_and_actions_end_without_a_full_stop(path: Path) -> None:
    """Who shows them puts «reason. Action.» together."""
    assert [(line, text) for line, text in texts(path) if text.endswith(".")] == []
