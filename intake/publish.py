"""Masking and publishing: the only place where posts are put on the bus."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from bus import Bus, Record
from intake.draft import Draft
from schemas import Media, Post, Reach, headers, topics, utc
from store.forgotten import Forgotten
from store.versions import Version, Versions
from text import MAX_CHARS, AuthorHasher, clean, clean_cut, mask, mask_url

FUTURE = timedelta(days=1)
"""A publication time further ahead than this is a mistake of the source, not a time zone."""
MAX_CONTEXT = 500
MAX_TITLE = 500
MAX_ADDRESS = 300
UNSURE = ""
"""In place of a digest, while an edit is on its way to the bus."""
MAX_URL = 2048
"""Longer ones are no addresses of pages; sitemaps set the same limit (https://www.sitemaps.org/protocol.html)."""
MAX_MEDIA = 20
"""Twice what VK and Telegram allow. With these limits no post comes near the bus's limit on a record."""


def to_post(draft: Draft, hasher: AuthorHasher, now: datetime, revision: int = 0) -> Post:
    """The draft as it may be written down: cleaned, masked, bounded, its author hashed.

    A missing publication time, or one more than a day ahead, becomes `now` and is marked.
    """
    text, truncated = ("", False) if draft.deleted else clean_cut(draft.text)
    published = None if draft.published is None else utc(draft.published)
    guessed = published is None or published > now + FUTURE
    return Post(
        id=draft.id,
        revision=revision,
        deleted=draft.deleted,
        kind=draft.kind,
        source=draft.source,
        url=_url(draft.url),
        author=draft.author and hasher.hash(draft.id.partition(":")[0], draft.author),
        published=now if published is None or guessed else published,
        published_guessed=guessed,
        collected=now,
        title=None if draft.deleted or not draft.title else mask(clean(draft.title))[:MAX_TITLE] or None,
        text=mask(text)[:MAX_CHARS],  # a mask may be longer than the number
        truncated=truncated,
        context=None if draft.deleted or not draft.context else mask(clean(draft.context))[:MAX_CONTEXT] or None,
        parent=draft.parent,
        place_hint=draft.place_hint,
        parent_place_hint=draft.parent_place_hint,
        address=None if draft.deleted or not draft.address else mask(clean(draft.address))[:MAX_ADDRESS] or None,
        geo=None if draft.deleted else draft.geo,
        media=() if draft.deleted else tuple(Media(kind=m.kind, url=_url(m.url)) for m in draft.media[:MAX_MEDIA]),
        history=draft.history,
    )


def _url(url: str | None) -> str | None:
    return mask_url(url) if url and len(url) <= MAX_URL else None


def _digest(post: Post) -> str:
    """What makes a revision: the words, the place and the deletion; not when or how it was collected."""
    parts = [post.title or "", post.text, post.address or "", str(post.geo), str(post.deleted)]
    parts += [str(one.url) for one in post.media]
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


class Intake:
    """Publishes drafts: unchanged posts are left out, edits get a higher revision. Nothing is told of forgotten posts.

    The versions are stored only after the bus has acknowledged the posts. A crash between the two publishes the same
    posts again, which readers take once: they order by (revision, collected).
    """

    def __init__(
        self,
        bus: Bus,
        versions: Versions,
        forgotten: Forgotten,
        hasher: AuthorHasher,
        now: Callable[[], datetime],
    ) -> None:
        self._bus = bus
        self._versions = versions
        self._forgotten = forgotten
        self._hasher = hasher
        self._now = now

    def publish(self, drafts: Sequence[Draft], told: Callable[[int], None] = lambda _: None) -> int:
        """Mask and publish what is new or changed; return how many posts that were.

        `told` is called once, at the end, with how many of them are new: not seen before, not deleted, not back-filled.

        Raises:
            bus.BusError: not (all) published; the same drafts may be given again.
            store.StoreError: the versions could not be read or stored; likewise.
        """
        now = self._now()
        seen = [(draft, to_post(draft, self._hasher, now)) for draft in drafts]
        if lost := self._forgotten.known([post for _, post in seen]):
            seen = [(draft, post) for draft, post in seen if post.id not in lost]
            drafts = [draft for draft, _ in seen]
        before = self._versions.known([draft.id for draft in drafts])
        after = dict(before)
        posts: dict[str, list[Record]] = {topics.POSTS: [], topics.HISTORY: []}
        reach: list[Record] = []
        for draft, post in seen:
            after[draft.id] = self._add(draft, post, after.get(draft.id), posts, reach)
        # Without this, a crash after the edit went out would leave the old digest behind: an edit that is then taken
        # back would pass for unchanged, and the readers would keep it for good. So they would a deletion of a post that
        # is new here and comes back undated: forgotten in the crash, it would start at revision 0.
        changed = {id_ for id_, old in before.items() if after[id_].digest != old.digest}
        changed |= {draft.id for draft in drafts if draft.deleted and draft.id not in before}
        self._versions.store([replace(after[id_], digest=UNSURE) for id_ in sorted(changed)])
        for topic, records in posts.items():
            if records:
                self._bus.publish(topic, records)
        if reach:
            self._bus.publish(topics.REACH, reach)
        self._versions.store(list(after.values()))
        told(len({draft.id for draft in drafts if draft.id not in before and not (draft.deleted or draft.history)}))
        return sum(len(records) for records in posts.values())

    def _add(
        self,
        draft: Draft,
        post: Post,
        before: Version | None,
        posts: dict[str, list[Record]],
        reach: list[Record],
    ) -> Version:
        digest, now = _digest(post), post.collected
        revision = before.revision if before else 0
        if before is None or digest != before.digest:
            revision = _revision(draft, before, now)
            post = post.model_copy(update={"revision": revision})
            topic = topics.HISTORY if post.history else topics.POSTS
            posts[topic].append(Record(post.source, post.encode(), post.published, headers(Post)))
        reach_digest = before.reach_digest if before else None
        if draft.reach and (found := repr(sorted(draft.reach.items()))) != reach_digest:
            reach_digest = found
            seen = Reach(id=draft.id, seen=now, **draft.reach)
            reach.append(Record(draft.id, seen.encode(), now, headers(Reach)))
        return Version(draft.id, revision, digest, reach_digest)


def _revision(draft: Draft, before: Version | None, now: datetime) -> int:
    """The second of the edit, or of noticing it; more than before.

    A post that is seen for the first time with an edit or as deleted has one too: it may have been forgotten here
    (`Versions.prune`) and not by those who keep it, or another crawler has seen it earlier.
    """
    if before is None and draft.edited is None and not draft.deleted:
        return 0
    noticed = int(utc(draft.edited or now).timestamp())
    return noticed if before is None else max(noticed, before.revision + 1)
