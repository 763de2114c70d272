"""Masking and publishing: the only place where posts are put on the bus."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from bus import Bus, Record
from intake.draft import Draft
from schemas import Post, Reach, headers, topics, utc
from store.versions import Version, Versions
from text import MAX_CHARS, AuthorHasher, clean, clean_cut, mask, mask_url

FUTURE = timedelta(days=1)
"""A publication time further ahead than this is a mistake of the source, not a time zone."""
MAX_CONTEXT = 500
MAX_TITLE = 500


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
        url=draft.url and mask_url(draft.url),
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
        geo=draft.geo,
        media=tuple(m.model_copy(update={"url": mask_url(m.url)}) if m.url else m for m in draft.media),
        history=draft.history,
    )


def _digest(post: Post) -> str:
    """What makes a revision: the words, the place and the deletion; not when or how it was collected."""
    parts = (post.title or "", post.text, str(post.geo), str(post.deleted), *(str(m.url) for m in post.media))
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


class Intake:
    """Publishes drafts: unchanged posts are left out, edits get a higher revision.

    The versions are stored only after the bus has acknowledged the posts. A crash between the two publishes the same
    posts again, which readers take once: they order by (revision, collected).
    """

    def __init__(self, bus: Bus, versions: Versions, hasher: AuthorHasher, now: Callable[[], datetime]) -> None:
        self._bus = bus
        self._versions = versions
        self._hasher = hasher
        self._now = now

    def publish(self, drafts: Sequence[Draft]) -> int:
        """Mask and publish what is new or changed; return how many posts that were.

        Raises:
            bus.BusError: not (all) published; the same drafts may be given again.
            store.StoreError: the versions could not be read or stored; likewise.
        """
        known = self._versions.known([draft.id for draft in drafts])
        now = self._now()
        posts: dict[str, list[Record]] = {topics.POSTS: [], topics.HISTORY: []}
        reach: list[Record] = []
        for draft in drafts:
            before = known.get(draft.id)
            version = self._add(draft, before, now, posts, reach)
            if version != before:
                known[draft.id] = version
        for topic, records in posts.items():
            if records:
                self._bus.publish(topic, records)
        if reach:
            self._bus.publish(topics.REACH, reach)
        self._versions.store([known[draft.id] for draft in drafts if draft.id in known])
        return sum(len(records) for records in posts.values())

    def _add(
        self, draft: Draft, before: Version | None, now: datetime, posts: dict[str, list[Record]], reach: list[Record]
    ) -> Version:
        post = to_post(draft, self._hasher, now)
        digest = _digest(post)
        revision = before.revision if before else 0
        if before and digest != before.digest:
            edited = int((draft.edited or now).timestamp())
            revision = max(edited, before.revision + 1)
        if before is None or digest != before.digest:
            post = post.model_copy(update={"revision": revision})
            topic = topics.HISTORY if post.history else topics.POSTS
            posts[topic].append(Record(post.source, post.encode(), post.published, headers(Post)))
        seen = Reach(id=draft.id, seen=now, **draft.reach)
        reach_digest = repr(sorted(draft.reach.items())) if draft.reach else before.reach_digest if before else None
        if draft.reach and (before is None or reach_digest != before.reach_digest):
            reach.append(Record(draft.id, seen.encode(), now, headers(Reach)))
        return Version(draft.id, revision, digest, reach_digest)
