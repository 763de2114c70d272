"""What the configured tokens have left of their quotas: for `status`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crawlers.settings import Account
from otklik.config import Config
from store import Balance
from store.pace import day_free_at

SHOWN = 8
"""Characters of the hash: enough to tell a region's tokens apart."""


def tokens_of(config: Config, balances: Sequence[Balance], now: datetime) -> list[dict[str, Any]]:
    """For each token of the file, in its order: the sources that use it, and the methods that are limited or were
    called. A token is named by the start of its hash, never shown itself.

    `left` is None where no limit is known; `back_at` is when calls are granted again, None where they are granted now.
    """
    accounts: dict[tuple[str, str], Account] = {}
    users: dict[tuple[str, str], list[str]] = {}
    wanted: dict[tuple[str, str], set[str]] = {}
    for section in config.file.sources:
        for account in section.settings.accounts():
            key = (account.service, account.token)
            accounts.setdefault(key, account)
            users.setdefault(key, []).append(section.id)
            wanted.setdefault(key, set()).update(section.settings.calls_per_day(1))
    found = []
    for key, account in accounts.items():
        rows = {row.method: row for row in balances if (row.service, row.token) == key}
        whole = rows.pop("", None)
        names = sorted({*rows, *wanted[key]})
        found.append(
            {
                "token": account.token[:SHOWN],
                "service": account.service,
                "kind": account.kind,
                "sources": users[key],
                "per_second": account.per_second,
                "back_at": whole and whole.blocked_until,
                "reason": whole and whole.reason,
                "slow_until": whole and whole.slow_until,
                "methods": [_method(name, account.per_day.get(name), rows.get(name), now) for name in names],
            }
        )
    return found


def _method(name: str, per_day: int | None, row: Balance | None, now: datetime) -> dict[str, Any]:
    used = row.used if row is not None else 0
    waits = [row.blocked_until] if row is not None and row.blocked_until is not None else []
    if row is not None and per_day is not None and (free := day_free_at(row.day, now, per_day)) > now:
        waits.append(free)
    back = max(waits, default=None)
    left = None if per_day is None else 0 if back else max(per_day - used, 0)
    return {
        "method": name,
        "used": used,
        "per_day": per_day,
        "left": left,
        "back_at": back,
        "reason": row and row.reason,
    }
