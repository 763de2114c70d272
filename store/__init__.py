"""What outlives a process: sources and their leases, holds, quotas, incidents, the outbox, decisions, the audit,
what was forgotten."""

from store.audit import Audit, Entry, Look
from store.backfills import Backfill, BackfillLease, Backfills
from store.decisions import Decision, Decisions, Link
from store.digests import Digest, Digests
from store.engine import Store
from store.erasure import Erasure
from store.errors import NoSpace, StoreError
from store.forgotten import Forgotten
from store.health import Fare, Fares, SourceEvents
from store.holds import Hold, Holds
from store.incidents import Change, IncidentFilter, Incidents
from store.lock import FolderLock
from store.outbox import Outbox
from store.posts import Attachment, Member, PostReader, Posts, StoredPost
from store.quotas import Allowance, Balance, Quotas, Resolved, Turn, Why
from store.retention import Words
from store.rulings import Ruling, RulingKind, Rulings
from store.sources import Lease, SourceRow, Sources, SourceState
from store.standing import Standing
from store.versions import Version, Versions

__all__ = [
    "Allowance",
    "Attachment",
    "Audit",
    "Backfill",
    "BackfillLease",
    "Backfills",
    "Balance",
    "Change",
    "Decision",
    "Decisions",
    "Digest",
    "Digests",
    "Entry",
    "Erasure",
    "Fare",
    "Fares",
    "FolderLock",
    "Forgotten",
    "Hold",
    "Holds",
    "IncidentFilter",
    "Incidents",
    "Lease",
    "Link",
    "Look",
    "Member",
    "NoSpace",
    "Outbox",
    "PostReader",
    "Posts",
    "Quotas",
    "Resolved",
    "Ruling",
    "RulingKind",
    "Rulings",
    "SourceEvents",
    "SourceRow",
    "SourceState",
    "Sources",
    "Standing",
    "Store",
    "StoreError",
    "StoredPost",
    "Turn",
    "Version",
    "Versions",
    "Why",
    "Words",
]
