"""What outlives a process: sources and their leases, quotas, incidents, the outbox, decisions by hand, the audit."""

from store.audit import Audit, Entry
from store.decisions import Decision, Decisions, Link
from store.engine import Store
from store.errors import StoreError
from store.lock import FolderLock
from store.outbox import Outbox
from store.quotas import Quotas
from store.sources import Lease, SourceRow, Sources, SourceState
from store.versions import Version, Versions

__all__ = [
    "Audit",
    "Decision",
    "Decisions",
    "Entry",
    "FolderLock",
    "Lease",
    "Link",
    "Outbox",
    "Quotas",
    "SourceRow",
    "SourceState",
    "Sources",
    "Store",
    "StoreError",
    "Version",
    "Versions",
]
