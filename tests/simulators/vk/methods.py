"""The methods of VK's API that the simulator answers, in the shapes of version 5.199."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.simulators.vk.wall import Comment, Community, Post

Values = Mapping[str, str]


class VkError(Exception):
    def __init__(self, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.more = more


class Methods:
    """One answer per method name."""

    def __init__(self, communities: Iterable[Community]) -> None:
        self.communities = list(communities)
        self.table: dict[str, Callable[[Values], Any]] = {
            "wall.get": self._wall_get,
            "wall.getById": self._wall_get_by_id,
            "wall.getComments": self._wall_get_comments,
            "utils.resolveScreenName": self._resolve,
            "groups.getById": self._groups_get_by_id,
        }

    def _community(self, values: Values) -> Community:
        for community in self.communities:
            if str(community.owner) == values.get("owner_id"):
                if community.deleted:
                    raise VkError(18, "User was deleted or banned")
                if community.closed:
                    raise VkError(15, "Access denied: wall is disabled")
                return community
        raise VkError(100, "One of the parameters specified was missing or invalid: owner_id not integer")

    def _post(self, values: Values) -> tuple[Community, Post]:
        community = self._community(values)
        post = community.posts.get(int(values["post_id"]))
        if post is None:
            raise VkError(15, "Access denied: post was not found")
        return community, post

    def _wall_get(self, values: Values) -> Any:
        community = self._community(values)
        count, offset = _window(values, 20)
        wall = community.wall()
        return {
            "count": len(wall),
            "items": [post.shape(community.owner) for post in wall[offset : offset + count]],
            "reaction_sets": [],
        }

    def _wall_get_by_id(self, values: Values) -> Any:
        found = []
        for name in values["posts"].split(","):
            owner, number = name.split("_")
            for community in self.communities:
                if str(community.owner) == owner and int(number) in community.posts:
                    found.append(community.posts[int(number)].shape(community.owner))
        return {"items": found, "reaction_sets": []}

    def _wall_get_comments(self, values: Values) -> Any:
        community, post = self._post(values)
        count, offset = _window(values, 10)
        owner, under = community.owner, values.get("comment_id")
        if under is not None:
            top = next((c for c in post.comments if c.id == int(under)), None)
            if top is None:
                raise VkError(15, "Access denied: comment was not found")
            items = [reply.shape(owner, post.id, top.id) for reply in top.replies[offset : offset + count]]
            level = len(top.replies)
        else:
            replies = min(int(values.get("thread_items_count", 0)), 10)
            items = [_with_thread(c, owner, post.id, replies) for c in post.comments[offset : offset + count]]
            level = len(post.comments)
        return {
            "count": post.comment_count(),
            "items": items,
            "current_level_count": level,
            "can_post": False,
            "show_reply_button": True,
        }

    def _resolve(self, values: Values) -> Any:
        for community in self.communities:
            if community.screen_name == values.get("screen_name"):
                return {"object_id": community.id, "type": "group"}
        if values.get("screen_name", "").startswith("ivan"):
            return {"object_id": 77, "type": "user"}
        return []

    def _groups_get_by_id(self, values: Values) -> Any:
        wanted = (values.get("group_ids") or values.get("group_id", "")).split(",")
        groups = [
            {"id": c.id, "name": c.name, "screen_name": c.screen_name, "is_closed": int(c.closed), "type": "group"}
            for c in self.communities
            if c.screen_name in wanted or str(c.id) in wanted
        ]
        return {"groups": groups, "profiles": []}


def _with_thread(comment: Comment, owner: int, post: int, replies: int) -> dict[str, Any]:
    item = comment.shape(owner, post)
    item["thread"]["items"] = [reply.shape(owner, post, comment.id) for reply in comment.replies[:replies]]
    return item


def _window(values: Values, default: int) -> tuple[int, int]:
    count, offset = int(values.get("count", default)), int(values.get("offset", 0))
    if not 0 <= count <= 100:
        raise VkError(
            100, "One of the parameters specified was missing or invalid: count should be less or equal to 100"
        )
    return count, offset
