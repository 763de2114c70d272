"""Erases posts on request, and tells the receivers of their incidents."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bus.crashpoints import reach
from incidents.acts import MACHINE, person, tidy
from incidents.changes import Change
from incidents.describe import at_place, place_in
from incidents.links import held
from schemas import Incident, Post, TaggedPost
from store import Audit, Decisions, Erasure, Forgotten, Incidents, Member, Posts, Store
from store.erasure import Redact
from store.forgotten import Kind

ACTION = "forget"
KEPT = {"id", "revision", "kind", "source", "published", "published_guessed", "collected", "history"}
"""Of a forgotten post that arrives: what it counts for."""


@dataclass(frozen=True, slots=True)
class Request:
    """`value`: the id or the address of a post, or the hash of an author."""

    kind: Kind
    value: str
    actor: str
    comment: str | None = None
    """Why, masked before it is stored: the letter's number, never the name of whoever asks."""


@dataclass(frozen=True, slots=True)
class Forgot:
    posts: int
    incidents: tuple[int, ...]
    """Those that have the posts, and those that once had them."""


def forget(store: Store, region: str, asked: Request, now: Callable[[], datetime], *, dry_run: bool = False) -> Forgot:
    """Erase, remember not to take it again, and tell: all of it or nothing. A second time changes nothing.

    Raises:
        refusals.Invalid: nobody is named, or the comment is too long.
        StoreError: as `Store.transaction`.
    """
    asked = replace(asked, actor=person(asked.actor), comment=tidy(asked.comment, "комментарий"))
    erasure, forgotten, incidents, posts = Erasure(), Forgotten(store), Incidents(store), Posts()
    if dry_run:
        with store.reading() as conn:
            found = erasure.find(conn, asked.kind, asked.value)
            return _forgot(found, erasure.had(conn, found))
    with store.transaction() as conn:
        forgotten.hold_off(conn)
        found = erasure.find(conn, asked.kind, asked.value)
        had = erasure.had(conn, found)
        incidents.take(conn, had)  # so that no change in flight can write an event which the erasure does not see
        result = _forgot(found, had)
        at = now()
        forgotten.remember(conn, asked.kind, [asked.value], at if asked.kind == "author" else None)
        forgotten.remember(conn, "post", [post.id for post in found])
        # Before nothing is left that could tie them: else the next post nearby would make new incidents of them.
        pins = held(found, posts.of_incidents(conn, {post.incident for post in found if post.incident is not None}))
        Decisions(store).add_all(conn, pins, MACHINE)
        redact = _redacting(conn, posts)
        erasure.erase(conn, found, had, redact)
        reach("forget.after_erasure_before_outbox")
        changes = []
        for id_, one in sorted(incidents.take(conn, had).items()):
            update = {"sequence": one.sequence + 1, "updated": at}
            left = redact(one, one.posts or had[id_]).model_copy(update=update)
            changes.append(Change("incident.redacted", left, actor=asked.actor))
        incidents.update(conn, [change.incident for change in changes])
        erasure.forget_titles(conn)
        incidents.record(conn, [change.event(f"/otklik/{region}") for change in changes])
        _audit(store, conn, asked, result)
        reach("forget.after_outbox_before_commit")
    reach("forget.after_commit")
    return result


def _redacting(conn: Connection, posts: Posts) -> Redact:
    """Takes a place that no post names any more out of titles, whoever named it: a hamlet of three houses is the
    person. A person's word on a place goes with the last post that it was said of."""

    def redact(incident: Incident, about: Collection[str]) -> Incident:
        left = [post for post in posts.by_id(conn, about) if not post.erased]
        update: dict[str, object] = {}
        if all(post.settlement != place_in(incident.title) for post in left):
            update["title"] = at_place(incident.title, incident.municipality_name)
        if all(post.placed is None or post.placed[-1]["shown"] != incident.address for post in left):
            update["address"] = None
        return incident.model_copy(update=update)

    return redact


def without_forgotten(forgotten: Forgotten, conn: Connection, batch: Sequence[TaggedPost]) -> Sequence[TaggedPost]:
    """The batch with forgotten posts as deletions: whatever comes of them later erases, and never restores."""
    lost = forgotten.among(conn, [tagged.post for tagged in batch])
    return [_emptied(tagged) if tagged.post.id in lost else tagged for tagged in batch] if lost else batch


def _emptied(tagged: TaggedPost) -> TaggedPost:
    left = Post.model_validate(tagged.post.model_dump(include=KEPT) | {"deleted": True, "text": ""})
    return tagged.model_copy(update={"post": left})


def _forgot(found: Sequence[Member], had: Collection[int]) -> Forgot:
    return Forgot(len(found), tuple(sorted(had)))


def _audit(store: Store, conn: Connection, asked: Request, result: Forgot) -> None:
    """What was asked for and by which employee; not whose posts: that would be the list of who asked."""
    details = {"by": asked.kind, "posts": result.posts, "incidents": list(result.incidents)}
    said = {"comment": asked.comment} if asked.comment else {}
    Audit(store).add(conn, asked.actor, ACTION, "posts", details | said)
