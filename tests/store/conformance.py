"""What every store must do, as plain functions over a `Kit`.

`test_conformance.py` runs them on SQLite and PostgreSQL, `test_broken.py` on implementations that are broken on
purpose. Checks over threads and processes use the real clock, the others one that stands until it is moved.
"""

from tests.store.checks import (  # noqa: F401  (importing them fills CHECKS)
    backfills,
    holds,
    outbox,
    quotas,
    sources,
    versions,
)
from tests.store.kit import CHECKS, Kit

__all__ = ["CHECKS", "Kit"]
