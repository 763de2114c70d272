"""What a further version of a post changes: a pure function, the same in whatever order the versions arrive."""

import re
import struct
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from incidents.common import common_trouble
from incidents.placing import replaced
from incidents.things import things
from schemas import Post, TaggedPost, Tags
from store import StoredPost
from text.address import street_key
from text.links import page_key, quoted_page

Version = tuple[int, datetime]


def arrive(stored: StoredPost | None, tagged: TaggedPost) -> StoredPost | None:
    """The post after this version; None where there is nothing new in it.

    Versions are ordered by (revision, collected). The latest one says whether the post is deleted and what its text
    is. Where it belongs is said by the tags of the latest version that is no deletion, so that a deletion erases the
    text and keeps the count, even where it arrives first. The same version judged again by another model replaces the
    judgement, whichever of the two is heard later. A post is back-filled only as long as all its versions are.
    """
    post = tagged.post
    version = (post.revision, post.collected)
    if post.deleted:
        return _deleted(stored, post, version)
    if stored is None:
        return _tagged(post, tagged.tags, None)
    history = stored.history and post.history
    seen = _tagged_version(stored)
    judged_again = version == seen and tagged.tags.model != stored.model
    if seen is not None and version <= seen and not judged_again:
        return replace(stored, history=history) if history != stored.history else None
    found = replace(_tagged(post, tagged.tags, stored.incident), history=history, **_attached(stored))
    if stored.placed:
        found = replaced(found, stored.placed)
    latest = (stored.revision, stored.collected)
    if stored.deleted and latest > version:
        return _erased(found, latest)
    return found


def _deleted(stored: StoredPost | None, post: Post, version: Version) -> StoredPost | None:
    history = post.history and (stored is None or stored.history)
    if stored is None or (_tagged_version(stored) is None and version > (stored.revision, stored.collected)):
        return StoredPost(
            id=post.id,
            revision=post.revision,
            collected=post.collected,
            deleted=True,
            published=post.published,
            kind=post.kind.value,
            source=post.source,
            url=post.url,
            author=post.author,
            parent=post.parent,
            history=history,
        )
    if version > (stored.revision, stored.collected):
        return _erased(replace(stored, history=history), version)
    return replace(stored, history=history) if history != stored.history else None


def _erased(stored: StoredPost, version: Version) -> StoredPost:
    revision, collected = version
    return replace(
        stored,
        revision=revision,
        collected=collected,
        deleted=True,
        title=None,
        text=None,
        context=None,
        tags=None,
    )


def _tagged(post: Post, tags: Tags, incident: int | None) -> StoredPost:
    """Of a post that is no trouble only the judgement is kept, not what somebody wrote."""
    place = tags.municipality
    return StoredPost(
        id=post.id,
        incident=incident,
        revision=post.revision,
        collected=post.collected,
        tagged_revision=post.revision,
        tagged_collected=post.collected,
        model=tags.model,
        kind=post.kind.value,
        source=post.source,
        url=post.url,
        author=post.author,
        parent=post.parent,
        published=post.published,
        history=post.history,
        relevant=tags.relevant,
        municipality=place.oktmo if place else None,
        municipality_name=place.name if place else None,
        settlement=tags.settlement,
        group=tags.group,
        topic=tags.topic,
        urgency=tags.urgency,
        needs_review=tags.needs_review,
        **(_looked_at(post, tags) if tags.relevant else {}),
        title=post.title if tags.relevant else None,
        text=post.text if tags.relevant else None,
        context=post.context if tags.relevant else None,
        tags=tags.model_dump(mode="json") if tags.relevant else None,
    )


def _attached(stored: StoredPost) -> dict[str, Any]:
    """What grouping wrote, and only grouping changes."""
    return {name: getattr(stored, name) for name in ("attached_by", "attached_to", "attached_sure")}


def _looked_at(post: Post, tags: Tags) -> dict[str, Any]:
    """What grouping looks at beside time, place and topic."""
    address = tags.address
    topics = tags.topics if tags.topic in tags.topics else {tags.topic: 1.0}  # an operator's word, or of an old model
    heads = {name: head.value for name, head in tags.heads.items()}
    signature = struct.pack(f"<{len(tags.signature)}I", *tags.signature) if tags.signature else None
    quoted = quoted_page(post.text) or next((key for one in post.media if one.url and (key := page_key(one.url))), None)
    return {
        "common": common_trouble(_words(post), tags.topic),
        "address": address.key if address and address.house else None,
        "street": address.street_key if address else None,
        "wording": blake2b(signature, digest_size=8).hexdigest() if signature else None,
        "link": quoted or (page_key(post.url) if post.url else None),
        "signature": signature,
        "traits": {
            "topics": topics,
            **({"heads": heads} if heads else {}),
            **({"names": names} if address is None and (names := _names(post)) else {}),
            **({"things": dict.fromkeys(named, 1)} if (named := things(_words(post))) else {}),
        },
    }


NAMES = 8
"""Words with a capital kept of a post: streets stand early, and who writes all in capitals names everything."""
_CAPITAL = re.compile(r"\b[А-ЯЁ][а-яё]{3,}(?:-[А-ЯЁ]?[а-яё]+)*")


def _names(post: Post) -> dict[str, int]:
    """Words that may be a street or a place to whoever knows that there is one: «Гагарина, яма на яме»."""
    words = dict.fromkeys(_CAPITAL.findall(_words(post)))
    return dict.fromkeys([key for word in list(words)[:NAMES] if (key := street_key(word))], 1)


def _words(post: Post) -> str:
    return f"{post.title or ''} {post.text}"


def _tagged_version(stored: StoredPost) -> Version | None:
    if stored.tagged_revision is None or stored.tagged_collected is None:
        return None
    return stored.tagged_revision, stored.tagged_collected
