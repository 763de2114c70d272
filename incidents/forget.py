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
from store.erasure import Retitled
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
        return Forgot(len(found), _concerned(found))
    with store.transaction() as conn:
        forgotten.hold_off(conn)
        posts.lock_places(conn, {post.place for post in erasure.find(conn, asked.kind, asked.value)})
        found = erasure.find(conn, asked.kind, asked.value)
        result = Forgot(len(found), _concerned(found))
        had = erasure.emptied(conn, found)
        before = incidents.take(conn, {*result.incidents, *had})
        had |= {id_: frozenset(before[id_].posts) for id_ in result.incidents}
        at = now()
        forgotten.remember(conn, asked.kind, [asked.value], at if asked.kind == "author" else None)
        forgotten.remember(conn, "post", [post.id for post in found])
        # Before nothing is left that could tie them: else the next post nearby would make new incidents of them.
        pins = held(found, posts.of_incidents(conn, result.incidents))
        Decisions(store).add_all(conn, pins, MACHINE)
        retitled = _retitling(conn, posts, found)
        erasure.erase(conn, found, retitled)
        reach("forget.after_erasure_before_outbox")
        changes = []
        for id_, one in sorted(incidents.take(conn, had).items()):
            title = retitled(one, had[id_])
            if id_ in result.incidents or title != one.title:
                update = {"title": title, "address": None, "sequence": one.sequence + 1, "updated": at}
                changes.append(Change("incident.redacted", one.model_copy(update=update), actor=asked.actor))
        incidents.update(conn, [change.incident for change in changes])
        erasure.forget_titles(conn, {one.title for one in before.values()})
        incidents.record(conn, [change.event(f"/otklik/{region}") for change in changes])
        _audit(store, conn, asked, result)
        reach("forget.after_outbox_before_commit")
    reach("forget.after_commit")
    return result


def _retitling(conn: Connection, posts: Posts, lost: Sequence[Member]) -> Retitled:
    """Takes a place that nobody else has named out of titles: a hamlet of three houses is the person."""
    settlements = {post.id: post.settlement for post in lost if post.settlement is not None}

    def retitled(incident: Incident, about: Collection[str]) -> str:
        named = place_in(incident.title)
        theirs = {settlements[id_] for id_ in about if id_ in settlements}
        if named not in theirs or any(post.settlement == named for post in posts.by_id(conn, about)):
            return incident.title
        return at_place(incident.title, incident.municipality_name)

    return retitled


def without_forgotten(forgotten: Forgotten, conn: Connection, batch: Sequence[TaggedPost]) -> Sequence[TaggedPost]:
    """The batch with forgotten posts as deletions: whatever comes of them later erases, and never restores."""
    lost = forgotten.among(conn, [tagged.post for tagged in batch])
    return [_emptied(tagged) if tagged.post.id in lost else tagged for tagged in batch] if lost else batch


def _emptied(tagged: TaggedPost) -> TaggedPost:
    left = Post.model_validate(tagged.post.model_dump(include=KEPT) | {"deleted": True, "text": ""})
    return tagged.model_copy(update={"post": left})


def _concerned(found: Sequence[Member]) -> tuple[int, ...]:
    return tuple(sorted({post.incident for post in found if post.incident is not None}))


def _audit(store: Store, conn: Connection, asked: Request, result: Forgot) -> None:
    """What was asked for and by which employee; not whose posts: that would be the list of who asked."""
    details = {"by": asked.kind, "posts": result.posts, "incidents": list(result.incidents)}
    said = {"comment": asked.comment} if asked.comment else {}
    Audit(store).add(conn, asked.actor, ACTION, "posts", details | said)
