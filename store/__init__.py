"""What outlives a process: sources and their leases, quotas, incidents, the outbox, decisions by hand, the audit."""

from store.engine import Store
from store.errors import StoreError

__all__ = ["Store", "StoreError"]
