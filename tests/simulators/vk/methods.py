"""The methods of VK's API that the simulator answers, in the shapes of version 5.199."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tests.simulators.vk.wall import Comment, Community, Post

Values = Mapping[str, str]


REACHABLE = 1000


class VkError(Exception):
    def __init__(self, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.more = more

    def answer(self, method: str) -> dict[str, Any]:
        """The JSON of it."""
        return {
            "error": {
                "error_code": self.code,
                "error_msg": self.message,
                "request_params": [{"key": "method", "value": method}],
                **self.more,
            }
        }


class Methods:
    """One answer per method name."""

    find_comments = False
    """Whether newsfeed.search finds comments as well."""

    def __init__(self, communities: Iterable[Community]) -> None:
        self.communities = list(communities)
        self.table: dict[str, Callable[[Values], Any]] = {
            "wall.get": self._wall_get,
            "wall.getById": self._wall_get_by_id,
            "wall.getComments": self._wall_get_comments,
            "utils.resolveScreenName": self._resolve,
            "groups.getById": self._groups_get_by_id,
            "newsfeed.search": self._newsfeed_search,
            "board.getTopics": self._board_get_topics,
            "board.getComments": self._board_get_comments,
            "execute": self._execute,
        }

    def _community(self, values: Values) -> Community:
        for community in self.communities:
            if str(community.owner) == values.get("owner_id"):
                if community.deleted:
                    raise VkError(18, "User was deleted or banned")
                if community.closed and community.person:
                    raise VkError(30, "This profile is private")
                if community.closed:
                    raise VkError(15, "Access denied: wall is disabled")
                return community
        raise VkError(100, "One of the parameters specified was missing or invalid: owner_id not integer")

    def _post(self, values: Values) -> tuple[Community, Post]:
        community = self._community(values)
        post = community.post(int(values["post_id"]))
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
                readable = str(community.owner) == owner and not community.closed
                if readable and (post := community.post(int(number))) is not None:
                    found.append(post.shape(community.owner))
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
                return {"object_id": community.id, "type": "user" if community.person else "group"}
        if values.get("screen_name", "").endswith("_app"):
            return {"object_id": 77, "type": "application"}
        return []

    def _groups_get_by_id(self, values: Values) -> Any:
        wanted = (values.get("group_ids") or values.get("group_id", "")).split(",")
        groups = [
            {"id": c.id, "name": c.name, "screen_name": c.screen_name, "is_closed": int(c.closed), "type": "group"}
            for c in self.communities
            if c.screen_name in wanted or str(c.id) in wanted
        ]
        return {"groups": groups, "profiles": []}

    def _newsfeed_search(self, values: Values) -> Any:
        """Posts and comments of open pages that hold all the words, or lie within a degree of the point, newest first.

        Of all that is found VK gives the first `REACHABLE`, page by page.
        """
        count = int(values.get("count", 30))
        if not 0 <= count <= 200:
            raise VkError(100, "One of the parameters specified was missing or invalid: count should be less than 200")
        now = time.time()
        start, end = int(values.get("start_time", now - 86400)), int(values.get("end_time", now))
        found = [item for item in self._searchable() if start <= item["date"] <= end and _matches(item, values)]
        found.sort(key=lambda item: (item["date"], item["id"]), reverse=True)
        reachable = found[:REACHABLE]
        offset = int(values.get("start_from", "0").partition("/")[0])
        answer = {
            "items": reachable[offset : offset + count],
            "count": len(reachable),
            "total_count": len(found),
            "suggested_queries": [],
        }
        if offset + count < len(reachable):
            answer["next_from"] = f"{offset + count}/simulated"
        return answer

    def _searchable(self) -> Iterator[dict[str, Any]]:
        for community in self.communities:
            if community.closed or community.deleted:
                continue
            for post in community.posts.values():
                yield post.shape(community.owner)
                for top in post.comments if self.find_comments else ():
                    yield {**top.shape(community.owner, post.id), "post_type": "reply", "inner_type": "wall_wallpost"}

    def _board(self, values: Values) -> Community:
        return self._community({"owner_id": f"-{values['group_id']}"})

    def _board_get_topics(self, values: Values) -> Any:
        community = self._board(values)
        listed = community.board()
        count, offset = _window(values, 40)
        if "topic_ids" in values:
            wanted = {int(number) for number in values["topic_ids"].split(",")}
            listed = [topic for topic in listed if topic.id in wanted]
            count, offset = 100, 0
        elif values.get("order") != "1":
            raise VkError(100, "One of the parameters specified was missing or invalid: only order 1 is simulated")
        return {
            "count": len(listed),
            "items": [topic.shape() for topic in listed[offset : offset + count]],
            "default_order": 1,
            "can_add_topics": 0,
        }

    def _board_get_comments(self, values: Values) -> Any:
        community = self._board(values)
        topic = community.topics.get(int(values["topic_id"]))
        if topic is None:
            raise VkError(15, "Access denied: topic was not found")
        count, offset = _window(values, 20)
        comments = topic.comments[::-1] if values.get("sort") == "desc" else topic.comments
        return {
            "count": len(comments),
            "items": [_of_board(one) for one in comments[offset : offset + count]],
            "real_offset": offset,
        }

    def _execute(self, values: Values) -> Any:
        raise VkError(12, "Unable to compile code")


def _of_board(comment: Comment) -> dict[str, Any]:
    """VK's object `board_topic_comment`."""
    likes = {"can_like": 0, "count": 1, "user_likes": 0}
    item = {"id": comment.id, "from_id": comment.author, "date": comment.date, "text": comment.text, "likes": likes}
    return item | comment.more


def _matches(item: Mapping[str, Any], values: Values) -> bool:
    words = values.get("q", "").lower().split()
    if not all(word in item["text"].lower() for word in words):
        return False
    if "latitude" not in values:
        return bool(words)
    if "geo" not in item:
        return False
    lat, lon = (float(part) for part in item["geo"]["coordinates"].split())
    return abs(lat - float(values["latitude"])) < 1 and abs(lon - float(values["longitude"])) < 1


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
