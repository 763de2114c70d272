"""The conformance suite is itself tested: on each broken bus it has to fail."""

import pytest

from bus.memory import MemoryBus
from tests.bus import conformance, kit
from tests.bus.broken import NOTICED_BY, BrokenBench


@pytest.mark.parametrize(
    ("broken", "check"),
    [(broken, check) for broken, checks in NOTICED_BY.items() for check in sorted(checks)],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_the_suite_notices(broken: type[MemoryBus], check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit, "PATIENCE", 2.0)  # what does not come from memory at once never comes
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        conformance.CHECKS[check](BrokenBench(broken))
