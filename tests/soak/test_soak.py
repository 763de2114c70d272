"""A short soak; `make soak` runs ten minutes."""

from pathlib import Path

from tests.soak.world import soak

SECONDS = 25.0
"""Three lives of a crawler."""


def test_faults_and_kills_change_nothing(tmp_path: Path) -> None:
    result = soak(tmp_path, SECONDS, seed=20261128, say=lambda _: None)
    assert result.kills >= 1
    assert result.trouble.total() > 0
    assert min(result.standing, result.edits) > 0
    assert (result.missing, result.stale, result.undead, result.invented, result.twice) == ([], [], [], [], [])
