"""Channels, chats and their messages: what the simulated Telegram knows. May be changed while it runs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ruamel.yaml import YAML

DATA = Path(__file__).parent / "chats.yaml"


@dataclass
class Post:
    id: int
    at: datetime
    text: str
    edited: datetime | None = None
    reactions: bool = False
    """The last edit was but a reaction."""
    views: int | None = 100
    photo: bool = False
    album: int | None = None
    """Messages with the same number are one album."""
    forward: tuple[str, int] | None = None
    """Name and message number of the channel it came from."""
    mirror: int | None = None
    """In a discussion group: the number of the channel's post that this one copies."""
    reply: int | None = None
    top: int | None = None
    """The first message of the thread, where that is not the one replied to."""
    author: int | None = None
    """A person; None: the channel itself."""
    service: bool = False
    named: str | None = None
    """A part of the text that mentions a person without a name starting with @."""


@dataclass(frozen=True)
class Change:
    """What is pushed to those who listen. `pts` numbers the changes of one chat."""

    pts: int
    kind: str
    """new, edit or delete."""
    post: int


@dataclass
class Chat:
    name: str | None
    title: str
    id: int
    broadcast: bool = True
    """A channel; else a chat where everybody writes."""
    posts: dict[int, Post] = field(default_factory=dict)
    linked: "Chat | None" = None
    private: bool = False
    deleted: bool = False
    joined: bool = False
    """Whether the account gets its changes pushed."""
    changes: list[Change] = field(default_factory=list)
    listener: Callable[["Chat", Change], None] | None = None

    @property
    def access_hash(self) -> int:
        return self.id * 7_919 + 13

    @property
    def pts(self) -> int:
        return len(self.changes) + 1

    def add(self, text: str, at: datetime | None = None, **more: object) -> Post:
        """Publish a message now."""
        post = Post(max([1, *self.posts]) + 1, at or now(), text, **more)  # type: ignore[arg-type]
        self.posts[post.id] = post
        self._changed("new", post.id)
        return post

    def comment(self, number: int, text: str, reply: int | None = None, at: datetime | None = None) -> Post:
        """Answer this channel's post `number` in the linked group, or the comment `reply` there."""
        assert self.linked is not None
        root = self.root(number) or self.linked.add(
            self.posts[number].text, self.posts[number].at, mirror=number, views=None
        )
        top = root.id if reply is not None else None
        return self.linked.add(text, at, reply=reply or root.id, top=top, author=5_000 + number, views=None)

    def root(self, number: int) -> Post | None:
        """The copy of a post in the linked group, under which its comments stand."""
        assert self.linked is not None
        return next((post for post in list(self.linked.posts.values()) if post.mirror == number), None)

    def comments(self, number: int) -> list[Post]:
        """What stands under a post, oldest first."""
        if self.linked is None or (root := self.root(number)) is None:
            return []
        return [post for _, post in sorted(self.linked.posts.items()) if root.id in (post.reply, post.top)]

    def edit(self, number: int, text: str) -> None:
        """Give a message another text."""
        self.posts[number].text, self.posts[number].edited = text, now()
        self.posts[number].reactions = False
        self._changed("edit", number)

    def react(self, number: int) -> None:
        """Somebody likes it."""
        self.posts[number].edited, self.posts[number].reactions = now(), True
        self._changed("edit", number)

    def delete(self, number: int) -> None:
        """Take a message away."""
        del self.posts[number]
        self._changed("delete", number)

    def units(self) -> Iterator[Post]:
        """Posts as a reader sees them: an album once, under its first number; no service messages, no copies."""
        seen: set[int] = set()
        for _, post in sorted(self.posts.items()):
            if post.service or post.mirror is not None or post.album in seen:
                continue
            if post.album is not None:
                seen.add(post.album)
            yield post

    def ids(self, comments: bool = True) -> set[str]:
        """What a collector should have of it."""
        own = {f"telegram:{self.name}/{post.id}" for post in self.units()}
        if self.linked is None or not comments:
            return own
        place = self.linked.name or f"c/{self.linked.id}"
        return own | {f"telegram:{place}/{c.id}" for p in self.units() for c in self.comments(p.id)}

    def _changed(self, kind: str, number: int) -> None:
        change = Change(self.pts + 1, kind, number)
        self.changes.append(change)
        if self.listener is not None:
            self.listener(self, change)


def now() -> datetime:
    """Telegram counts in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def load(start: datetime, path: Path = DATA) -> list[Chat]:
    """The chats of a YAML file, their times counted back from `start`; the first is the channel with comments."""
    chats: dict[str, Chat] = {}
    for number, item in enumerate(YAML(typ="safe").load(path)["chats"]):
        chat = Chat(item["name"], item["title"], 1_000_001 + number, item.get("broadcast", True))
        chat.posts[1] = Post(1, start - timedelta(days=9), "", service=True)
        for post in item["posts"]:
            at = (start - timedelta(minutes=post.pop("ago"))).astimezone(UTC).replace(microsecond=0)
            if "forward" in post:
                post["forward"] = (post["forward"]["name"], post["forward"]["number"])
            chat.posts[post["id"]] = Post(at=at, **post)
        chats[chat.name or ""] = chat
        if "discusses" in item:
            chats[item["discusses"]].linked = chat
    return list(chats.values())
