"""People who write, edit and delete on the simulated walls and channels, within what the crawlers promise to follow."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.simulators.telegram import Chat
from tests.simulators.vk import Comment, Community, Post

YOUNG_POSTS = 40
"""How far back posts are edited and deleted: Telegram's last hundred messages are read at each visit."""
THREAD = 12
"""Comments under one post: of a Telegram thread the last twenty are remembered."""

_WORDS = ("вода", "двор", "яма", "автобус", "фонарь", "свет", "мусор", "подъезд", "лёд", "лифт", "остановка", "школа")


def moment() -> datetime:
    """Both services count in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass
class Writers:
    """Each `act` is one thing somebody does. Seeded: the same acts in the same order."""

    walls: list[Community]
    channels: list[Chat]
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)
    deleted: set[str] = field(default_factory=set)
    """Ids that stood there once and no longer do."""

    def act(self) -> None:
        """Somewhere, something."""
        kind = self.chance.choices(("post", "comment", "edit", "delete", "uncomment"), (20, 45, 15, 8, 12))[0]
        if self.chance.random() < 0.5:
            self._on_wall(self.chance.choice(self.walls), kind)
        else:
            self._on_channel(self.chance.choice(self.channels), kind)

    def _text(self) -> str:
        said = " ".join(self.chance.sample(_WORDS, 4))
        return f"{said}: запись {sum(self.done.values())}"

    def _on_wall(self, wall: Community, kind: str) -> None:
        young = sorted(wall.posts.values(), key=lambda post: post.id)[-YOUNG_POSTS:]
        if kind == "post" or not young:
            wall.add(self._text(), moment(), author=self.chance.randint(500, 599))
            self.done["vk post"] += 1
            return
        post = self.chance.choice(young)
        if kind == "comment" and post.comment_count() < THREAD:
            under = self.chance.choice([None, *post.comments])
            wall.comment(post, self._text(), moment(), self.chance.randint(600, 699), under)
            self.done["vk comment"] += 1
        elif kind == "edit":
            self._edit_on_wall(post)
        elif kind == "delete":
            del wall.posts[post.id]
            self.deleted |= {f"vk:{wall.owner}_{post.id}", *_comment_ids(wall, post)}
            self.done["vk post deleted"] += 1
        elif kind == "uncomment" and post.comments:
            top = self.chance.choice(post.comments)
            post.comments.remove(top)
            self.deleted |= {f"vk:{wall.owner}_c{one.id}" for one in (top, *top.replies)}
            self.done["vk comment deleted"] += 1

    def _edit_on_wall(self, post: Post) -> None:
        comments = [one for top in post.comments for one in (top, *top.replies)]
        if comments and self.chance.random() < 0.5:
            self.chance.choice(comments).text = self._text()
            self.done["vk comment edited"] += 1
        else:
            post.text, post.edited = self._text(), int(moment().timestamp())
            self.done["vk post edited"] += 1

    def _on_channel(self, channel: Chat, kind: str) -> None:
        young = list(channel.units())[-YOUNG_POSTS:]
        if kind == "post" or not young:
            channel.add(self._text())
            self.done["telegram post"] += 1
            return
        post, group = self.chance.choice(young), channel.linked
        comments = channel.comments(post.id)
        if kind == "comment" and len(comments) < THREAD:
            answered = self.chance.choice([None, *(one.id for one in comments)])
            channel.comment(post.id, self._text(), answered)
            self.done["telegram comment"] += 1
        elif kind == "edit" and comments and self.chance.random() < 0.5:
            assert group is not None
            group.edit(self.chance.choice(comments).id, self._text())
            self.done["telegram comment edited"] += 1
        elif kind == "edit":
            channel.edit(post.id, self._text())
            self.done["telegram post edited"] += 1
        elif kind == "delete" and not comments:
            # a deleted post's comments stay in the group, and nothing leads to them any more
            channel.delete(post.id)
            self.deleted.add(f"telegram:{channel.name}/{post.id}")
            self.done["telegram post deleted"] += 1
        elif kind == "uncomment" and comments:
            assert group is not None
            gone = self.chance.choice(comments)
            group.delete(gone.id)
            self.deleted.add(f"telegram:{group.name}/{gone.id}")
            self.done["telegram comment deleted"] += 1

    def standing(self) -> dict[str, str]:
        """Text by id of everything that stands now."""
        found: dict[str, str] = {}
        for wall in self.walls:
            for post in wall.posts.values():
                found[f"vk:{wall.owner}_{post.id}"] = post.text
                for one in _comments(post):
                    found[f"vk:{wall.owner}_c{one.id}"] = one.text
        for channel in self.channels:
            assert channel.linked is not None
            for unit in channel.units():
                found[f"telegram:{channel.name}/{unit.id}"] = unit.text
                found |= {f"telegram:{channel.linked.name}/{one.id}": one.text for one in channel.comments(unit.id)}
        return found


def _comments(post: Post) -> list[Comment]:
    return [one for top in post.comments for one in (top, *top.replies)]


def _comment_ids(wall: Community, post: Post) -> set[str]:
    return {f"vk:{wall.owner}_c{one.id}" for one in _comments(post)}
