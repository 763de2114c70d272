from datetime import timedelta

from store import Version
from tests.store.kit import Kit, check


@check
def versions_outlive_the_process(kit: Kit) -> None:
    rows = [Version(f"vk:{n}", n, f"d{n}", None if n % 2 else f"r{n}") for n in range(1200)]
    kit.versions(kit.open()).store(rows)
    known = kit.versions(kit.open()).known([*(row.id for row in rows), "vk:absent"])
    assert known == {row.id: row for row in rows}
    assert kit.versions(kit.open()).known([]) == {}


@check
def a_version_only_rises(kit: Kit) -> None:
    versions = kit.versions(kit.open())
    versions.store([Version("a", 5, "five")])
    versions.store([Version("a", 4, "four", "r")])
    assert versions.known(["a"]) == {"a": Version("a", 5, "five")}
    versions.store([Version("a", 5, "five", "r2")])
    versions.store([])
    assert versions.known(["a"]) == {"a": Version("a", 5, "five", "r2")}
    versions.store([Version("a", 6, "six"), Version("a", 7, "seven")])
    assert versions.known(["a"]) == {"a": Version("a", 7, "seven")}


@check
def posts_unseen_for_long_are_forgotten(kit: Kit) -> None:
    versions = kit.versions(kit.open())
    versions.store([Version("old", 0, "x"), Version("pinned", 0, "x")])
    kit.clock.move(timedelta(days=30))
    versions.store([Version("pinned", 0, "x"), Version("new", 0, "x")])
    assert versions.prune(kit.clock() - timedelta(days=29)) == 1
    assert set(versions.known(["old", "pinned", "new"])) == {"pinned", "new"}
