"""Saint Petersburg's portal: reports whose true matter is known by reason and address."""

import csv
import random
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from classifier import Classifier
from classifier.head import TextHead
from classifier.item import Item
from classifier.training.data import SPB, read_rows
from classifier.training.heads import train_head
from incidents.arrival import arrive
from schemas import Municipality, Post, PostKind, TaggedPost, Tags
from store import StoredPost
from text import clean, mask

FROM, UNTIL = datetime(2021, 1, 15, tzinfo=UTC), datetime(2021, 3, 1, tzinfo=UTC)
"""The weeks that are scored. What is learned is learned from before."""
APART = timedelta(days=14)
"""A pause after which the same reason at the same address is another matter."""
HEAD = "reason"
SEED = 0
CITY = Municipality(oktmo="40000000", name="Санкт-Петербург", probability=1.0, found_by="source")
BATCH = 256


@dataclass(frozen=True, slots=True)
class Report:
    id: str
    at: datetime
    address: str
    reason: str
    category: str
    text: str


def read(folder: Path) -> list[Report]:
    """All reports with an address."""
    rows = read_rows(folder / SPB, ("id", "created", "address", "reason", "category", "text"))
    return [
        Report(
            row["id"],
            datetime.fromisoformat(row["created"][:19]).replace(tzinfo=UTC),
            row["address"],
            row["reason"],
            row["category"],
            mask(clean(row["text"])),
        )
        for row in rows
        if row["address"]
    ]


def chained(reports: Iterable[Report], keys: Mapping[str, Hashable]) -> dict[str, Hashable]:
    """Report to its set: one key, and no pause longer than `APART`."""
    found: dict[str, Hashable] = {}
    last: dict[Hashable, Report] = {}
    for one in sorted(reports, key=lambda one: (one.at, one.id)):
        key = keys[one.id]
        before = last.get(key)
        found[one.id] = found[before.id] if before is not None and one.at - before.at <= APART else one.id
        last[key] = one
    return found


def sample(reports: Sequence[Report]) -> tuple[list[Report], dict[str, Hashable]]:
    """Those of the weeks whose matter has two and more, and as many lone ones; and the matter of each."""
    inside = [one for one in reports if FROM <= one.at < UNTIL]
    true = chained(inside, {one.id: (one.reason, one.address) for one in inside})
    size = Counter(true.values())
    several = [one for one in inside if size[true[one.id]] > 1]
    lone = [one for one in inside if size[true[one.id]] == 1]
    chosen = several + random.Random(SEED).sample(lone, len(several))  # noqa: S311  reproducible, not secret
    return chosen, {one.id: true[one.id] for one in chosen}


def learned(reports: Sequence[Report], chosen: Sequence[Report]) -> TextHead:
    """A head as an operator would train it on the reports before the weeks; texts that are scored are left out."""
    scored = {one.text for one in chosen}
    with TemporaryDirectory() as folder:
        table = Path(folder) / "reports.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("text", HEAD))
            writer.writerows((one.text, one.reason) for one in reports if one.at < FROM and one.text not in scored)
        return train_head(table, Path(folder) / "head.npz", HEAD)


def tagged(classifier: Classifier, chosen: Sequence[Report], *, told_address: bool) -> list[StoredPost]:
    """As the store would have them: reports are appeals, all of one municipality."""
    found = []
    for first in range(0, len(chosen), BATCH):
        part = chosen[first : first + BATCH]
        items = [
            Item(one.text, kind=PostKind.APPEAL, address=one.address if told_address else None, published=one.at)
            for one in part
        ]
        for one, tags in zip(part, classifier.classify(items), strict=True):
            arrived = arrive(None, _post(one, tags))
            assert arrived is not None
            found.append(arrived)
    return found


def _post(one: Report, tags: Tags) -> TaggedPost:
    post = Post(id=one.id, kind=PostKind.APPEAL, source="portal", published=one.at, collected=one.at, text=one.text)
    # What the city's places would be is not measured here: its matters are of houses.
    return TaggedPost(post=post, tags=tags.model_copy(update={"municipality": CITY, "settlement": None}))
