"""Our own stories through the real classifier and the real grouping."""

import json
from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from classifier import Classifier
from classifier.item import item_of
from incidents.arrival import arrive
from incidents.config import Grouping
from incidents.group import group
from otklik.evaluation.clusters import homes
from schemas import Post, TaggedPost
from store import StoredPost

FOLDER = Path(__file__).parents[2] / "tests" / "incidents"
FILE = FOLDER / "stories.jsonl"
FURTHER = FOLDER / "stories_held_out.jsonl"
LAST = FOLDER / "stories_last.jsonl"
CONTEXT = 500


def told(file: Path = FILE) -> tuple[list[Post], dict[str, Hashable]]:
    """The posts, and the matter of each."""
    posts: list[Post] = []
    true: dict[str, Hashable] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        story = json.loads(line)
        texts = {one["id"]: one["text"] for one in story["posts"]}
        for one in story["posts"]:
            published = datetime.fromisoformat(one["published"])
            posts.append(
                Post(
                    id=one["id"],
                    kind=one["kind"],
                    source=one["source"],
                    url=one.get("url"),
                    published=published,
                    collected=published + timedelta(minutes=5),
                    title=one.get("title"),
                    text=one["text"],
                    parent=one.get("parent"),
                    context=texts[one["parent"]][:CONTEXT] if "parent" in one else None,
                    place_hint=story["municipality"],
                    parent_place_hint=story["municipality"] if "parent" in one else None,
                )
            )
            true[one["id"]] = f"{story['story']}: {one['matter']}"
    return posts, true


def tagged(classifier: Classifier, posts: Sequence[Post]) -> list[StoredPost]:
    """As the store would have them."""
    tags = classifier.classify([item_of(post) for post in posts])
    found = [arrive(None, TaggedPost(post=post, tags=some)) for post, some in zip(posts, tags, strict=True)]
    return [one for one in found if one is not None]


def grouped(posts: Sequence[StoredPost], rules: Grouping) -> dict[str, Hashable]:
    """What is no trouble is alone."""
    alone = {post.id: post.id for post in posts}
    return {**alone, **homes(group([post for post in posts if post.relevant], [], rules))}
