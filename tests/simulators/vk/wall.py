"""A community's wall and board as VK keeps them: mutable, so that tests and the demo can write, edit and delete."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.simulators.loopback import data

DATA = Path(__file__).parent / "wall.yaml"


@dataclass
class Comment:
    id: int
    author: int
    date: int
    text: str
    replies: list["Comment"] = field(default_factory=list)
    to: int | None = None
    """The comment this reply answers, where it is another reply."""
    deleted: bool = False
    more: dict[str, Any] = field(default_factory=dict)
    """Further fields of the answer: attachments, geo."""

    def shape(self, owner: int, post: int, top: int | None = None) -> dict[str, Any]:
        """VK's object `wall_wall_comment`, without the thread's replies."""
        item: dict[str, Any] = {
            "id": self.id,
            "from_id": self.author,
            "date": self.date,
            "text": self.text,
            "post_id": post,
            "owner_id": owner,
            "parents_stack": [] if top is None else [top],
            "likes": {"can_like": 0, "count": 1, "user_likes": 0},
            **self.more,
        }
        if self.deleted:
            item |= {"from_id": 0, "text": "", "deleted": True}
        if top is None:
            item["thread"] = {"count": len(self.replies), "items": [], "can_post": False, "show_reply_button": True}
        else:
            item["reply_to_comment"] = self.to or top
        return item


@dataclass
class Post:
    id: int
    author: int
    date: int
    text: str
    comments: list[Comment] = field(default_factory=list)
    pinned: bool = False
    edited: int | None = None
    likes: int = 0
    views: int = 0
    ads: bool = False
    more: dict[str, Any] = field(default_factory=dict)
    """Further fields of the answer: attachments, geo, copy_history."""

    def comment_count(self) -> int:
        """As VK counts: comments and replies that are not deleted."""
        return sum(not c.deleted for top in self.comments for c in (top, *top.replies))

    def shape(self, owner: int) -> dict[str, Any]:
        """VK's object `wall_wallpost_full`, as far as anybody reads it."""
        item: dict[str, Any] = {
            "id": self.id,
            "from_id": self.author,
            "owner_id": owner,
            "date": self.date,
            "inner_type": "wall_wallpost",
            "post_type": "post",
            "text": self.text,
            "marked_as_ads": int(self.ads),
            "attachments": [],
            "comments": {"can_post": 0, "count": self.comment_count()},
            "likes": {"can_like": 0, "count": self.likes, "user_likes": 0},
            "reposts": {"count": 0},
            "views": {"count": self.views},
            **self.more,
        }
        if self.pinned:
            item["is_pinned"] = 1
        if self.edited is not None:
            item["edited"] = self.edited
        return item


@dataclass
class Topic:
    """Of a board; the first of its comments is what it is about."""

    id: int
    title: str
    comments: list[Comment]
    fixed: bool = False

    @property
    def updated(self) -> int:
        return self.comments[-1].date if self.comments else 0

    def shape(self) -> dict[str, Any]:
        """VK's object `board_topic`."""
        first, last = self.comments[0], self.comments[-1]
        return {
            "id": self.id,
            "title": self.title,
            "created": first.date,
            "created_by": first.author,
            "updated": last.date,
            "updated_by": last.author,
            "is_closed": 0,
            "is_fixed": int(self.fixed),
            "comments": len(self.comments),
        }


@dataclass
class Community:
    id: int
    screen_name: str
    name: str
    posts: dict[int, Post] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    closed: bool = False
    deleted: bool = False
    person: bool = False
    """A person's page instead: its number is positive, and `closed` means for friends only."""

    @property
    def owner(self) -> int:
        return self.id if self.person else -self.id

    def wall(self) -> Sequence[Post]:
        """As wall.get lists it: the pinned post first, then the newest."""
        return sorted(self.posts.values(), key=lambda post: (post.pinned, post.id), reverse=True)

    def post(self, number: int) -> Post | None:
        return self.posts.get(number)

    def board(self) -> list[Topic]:
        """As board.getTopics lists it by update: the pinned topics first, then the one last written in."""
        return sorted(self.topics.values(), key=lambda topic: (topic.fixed, topic.updated, topic.id), reverse=True)

    def board_ids(self) -> Iterator[str]:
        """What a collector should have of the board."""
        for topic in self.topics.values():
            yield f"vk:{self.owner}_t{topic.id}"
            yield from (f"vk:{self.owner}_t{topic.id}_{comment.id}" for comment in topic.comments[1:])

    def start_topic(self, title: str, text: str, at: datetime, author: int = 800) -> Topic:
        """Begin a discussion now."""
        number = max(self.topics, default=0) + 1
        topic = Topic(number, title, [Comment(1, author, int(at.timestamp()), text)])
        self.topics[number] = topic
        return topic

    def answer(self, topic: Topic, text: str, at: datetime, author: int = 801) -> Comment:
        """Write into a discussion."""
        comment = Comment(max(one.id for one in topic.comments) + 1, author, int(at.timestamp()), text)
        topic.comments.append(comment)
        return comment

    def ids(self) -> Iterator[str]:
        """What a collector should have of it."""
        for post in self.posts.values():
            yield f"vk:{self.owner}_{post.id}"
            for top in post.comments:
                yield from (f"vk:{self.owner}_c{c.id}" for c in (top, *top.replies))

    def next_id(self) -> int:
        """Posts and comments share the wall's numbers."""
        numbers = [c.id for p in self.posts.values() for top in p.comments for c in (top, *top.replies)]
        return max([0, *self.posts, *numbers]) + 1

    def add(self, text: str, at: datetime, author: int | None = None, **more: Any) -> Post:
        """Write a post now."""
        post = Post(self.next_id(), author or self.owner, int(at.timestamp()), text, **more)
        self.posts[post.id] = post
        return post

    def comment(self, post: Post, text: str, at: datetime, author: int = 900, under: Comment | None = None) -> Comment:
        """Write a comment, or a reply `under` one."""
        comment = Comment(self.next_id(), author, int(at.timestamp()), text)
        (post.comments if under is None else under.replies).append(comment)
        return comment


def load(start: datetime, path: Path = DATA) -> Community:
    """The community of a YAML file, its times counted back from `start`."""
    written = data(path.read_text())
    community = Community(**written["community"])

    def stamp(ago: int) -> int:
        return int((start - timedelta(minutes=ago)).timestamp())

    def author(who: Any) -> int:
        return community.owner if who == "wall" else who

    def comment(item: dict[str, Any]) -> Comment:
        replies = [comment(reply) for reply in item.get("replies", ())]
        return Comment(item["id"], author(item["from"]), stamp(item["ago"]), item["text"], replies, item.get("to"))

    for item in written["posts"]:
        community.posts[item["id"]] = Post(
            id=item["id"],
            author=author(item["from"]),
            date=stamp(item["ago"]),
            text=item["text"],
            comments=[comment(one) for one in item.get("comments", ())],
            pinned=item.get("pinned", False),
            likes=item.get("likes", 0),
            views=item.get("views", 0),
            ads=item.get("ads", False),
            more=item.get("more", {}),
        )
    for item in written.get("topics", ()):
        comments = [comment(one) for one in item["comments"]]
        community.topics[item["id"]] = Topic(item["id"], item["title"], comments, item.get("pinned", False))
    return community


class Endless(Community):
    """A wall of very many posts, each made when it is asked for: one every `every` seconds, back from `start`."""

    def __init__(self, id: int, screen_name: str, *, size: int, start: datetime, every: int = 60) -> None:
        super().__init__(id, screen_name, "Бесконечная стена")
        self.size = size
        self._start = int(start.timestamp())
        self._every = every
        self.made = 0
        """How many posts were ever made."""

    def post(self, number: int) -> Post | None:
        if not 1 <= number <= self.size:
            return None
        self.made += 1
        return Post(number, self.owner, self._start - (self.size - number) * self._every, f"Сообщение номер {number}")

    def wall(self) -> Sequence[Post]:
        return _Posts(self)


class _Posts(Sequence[Post]):
    """The newest first."""

    def __init__(self, wall: Endless) -> None:
        self._wall = wall

    def __len__(self) -> int:
        return self._wall.size

    def __getitem__(self, at: Any) -> Any:
        numbers = range(self._wall.size, 0, -1)[at]
        return self._wall.post(numbers) if isinstance(numbers, int) else [self._wall.post(one) for one in numbers]
