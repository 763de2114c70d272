"""The suite is worth something only if it fails on what is broken."""

import pytest
from sqlalchemy.exc import IntegrityError

from tests.store.broken import BROKEN
from tests.store.conformance import CHECKS, Kit

NAMED = {check.__name__: check for check in CHECKS}


@pytest.mark.parametrize(("part", "broken", "check"), BROKEN, ids=[f"{b.__name__}-{check}" for _, b, check in BROKEN])
def test_the_suite_fails_on_a_broken_implementation(part: str, broken: type, check: str, sqlite_store: str) -> None:
    kit = Kit(sqlite_store, **{part: broken})
    try:
        # IntegrityError: the database's own guard against a slot in two leases.
        with pytest.raises((AssertionError, pytest.fail.Exception, IntegrityError)):
            NAMED[check](kit)
    finally:
        kit.close()


def test_every_repository_was_broken_and_seen_to_fail() -> None:
    assert {part for part, _, _ in BROKEN} == {"sources", "backfills", "holds", "versions", "quotas", "outbox"}
