"""VK's objects into drafts: pure functions. Field meanings: https://dev.vk.com/ru/reference/objects, 5.199."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from intake import Draft
from schemas import Geo, Media, PostKind

_MEDIA = {"photo": "photo", "video": "video", "doc": "document", "audio": "audio", "link": "link"}
MAX_CONTEXT = 2_000
"""Characters of the parent's raw text handed on; masking cuts it to the 500 that are kept."""


def post_id(owner: int, post: int) -> str:
    """`vk:-1234_56`."""
    return f"vk:{owner}_{post}"


def comment_id(owner: int, comment: int) -> str:
    """`vk:-1234_c78`. VK counts comments per wall, so the post's number is not needed, and a comment that VK moves
    into a thread keeps its id."""
    return f"vk:{owner}_c{comment}"


def topic_id(owner: int, topic: int) -> str:
    """`vk:-1234_t56`: topics have numbers of their own, beside those of posts."""
    return f"vk:{owner}_t{topic}"


def topic_comment_id(owner: int, topic: int, comment: int) -> str:
    """`vk:-1234_t56_78`. Whether VK counts comments per topic or per board it does not say: both are told apart."""
    return f"vk:{owner}_t{topic}_{comment}"


def moment(seconds: Any) -> datetime | None:
    """A Unix second as VK gives it."""
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and seconds > 0 else None


def post_text(item: Mapping[str, Any]) -> str:
    """The text, and below it what the post repeats from elsewhere."""
    texts = [item.get("text") or "", *(copy.get("text") or "" for copy in item.get("copy_history") or ())]
    return "\n\n".join(text for text in texts if text)


def post_draft(item: Mapping[str, Any], source: str, place_hint: str | None) -> Draft:
    """One object of wall.get. `author` is the signer where the community names one."""
    owner, number = item["owner_id"], item["id"]
    return Draft(
        id=post_id(owner, number),
        kind=PostKind.POST,
        source=source,
        text=post_text(item),
        published=moment(item.get("date")),
        edited=moment(item.get("edited")),
        url=f"https://vk.com/wall{owner}_{number}",
        author=str(item.get("signer_id") or item["from_id"]),
        address=_address(item.get("geo")),
        place_hint=place_hint,
        geo=_geo(item.get("geo")),
        media=tuple(_media(item.get("attachments") or ())),
        reach=_reach(item),
    )


def comment_draft(
    item: Mapping[str, Any], post: Mapping[str, Any], parent: Mapping[str, Any], source: str, place_hint: str | None
) -> Draft:
    """One object of wall.getComments under `post`; `parent` is the comment it answers, or the post itself."""
    owner, number, under = post["owner_id"], item["id"], post["id"]
    deleted = bool(item.get("deleted"))
    answers_post = parent is post
    return Draft(
        id=comment_id(owner, number),
        kind=PostKind.COMMENT,
        source=source,
        text="" if deleted else item.get("text") or "",
        published=moment(item.get("date")),
        deleted=deleted,
        url=f"https://vk.com/wall{owner}_{under}?reply={number}",
        author=str(item["from_id"]) if item.get("from_id") else None,
        context=_context(post_text(parent) if answers_post else parent.get("text") or post_text(post)),
        parent=post_id(owner, under) if answers_post else comment_id(owner, parent["id"]),
        address=_address(item.get("geo")),
        place_hint=place_hint,
        parent_place_hint=_city(post.get("geo")) or place_hint,
        geo=_geo(item.get("geo")),
        media=tuple(_media(item.get("attachments") or ())),
        reach=_reach(item),
    )


def topic_draft(
    topic: Mapping[str, Any], opener: Mapping[str, Any], owner: int, source: str, place_hint: str | None
) -> Draft:
    """A topic of a board, one object of board.getTopics, with its first comment, which is what it is about."""
    return Draft(
        id=topic_id(owner, topic["id"]),
        kind=PostKind.POST,
        source=source,
        title=topic.get("title"),
        text=opener.get("text") or "",
        published=moment(opener.get("date") or topic.get("created")),
        url=f"https://vk.com/topic{owner}_{topic['id']}",
        author=str(opener["from_id"]) if opener.get("from_id") else None,
        place_hint=place_hint,
        media=tuple(_media(opener.get("attachments") or ())),
        reach=_reach(opener) | {"comments": max(int(topic["comments"]) - 1, 0)},
    )


def topic_comment_draft(
    item: Mapping[str, Any],
    topic: Mapping[str, Any],
    opener: Mapping[str, Any],
    *,
    owner: int,
    source: str,
    place_hint: str | None,
) -> Draft:
    """One object of board.getComments. `context`: the topic's title and how it begins."""
    about = [topic.get("title") or "", opener.get("text") or ""]
    return Draft(
        id=topic_comment_id(owner, topic["id"], item["id"]),
        kind=PostKind.COMMENT,
        source=source,
        text=item.get("text") or "",
        published=moment(item.get("date")),
        url=f"https://vk.com/topic{owner}_{topic['id']}?post={item['id']}",
        author=str(item["from_id"]) if item.get("from_id") else None,
        context=_context("\n".join(part for part in about if part)),
        parent=topic_id(owner, topic["id"]),
        place_hint=place_hint,
        parent_place_hint=place_hint,
        media=tuple(_media(item.get("attachments") or ())),
        reach=_reach(item),
    )


def gone_post(owner: int, number: int, published: datetime, source: str) -> Draft:
    """A post that was there and is no more."""
    return _gone(post_id(owner, number), PostKind.POST, published, source)


def gone_comment(owner: int, number: int, published: datetime, source: str) -> Draft:
    """A comment that was there and is no more; `published` is its post's time, as its own is not remembered."""
    return _gone(comment_id(owner, number), PostKind.COMMENT, published, source)


def gone_topic(owner: int, topic: int, published: datetime, source: str) -> Draft:
    """A topic, or what it began with."""
    return _gone(topic_id(owner, topic), PostKind.POST, published, source)


def gone_topic_comment(owner: int, topic: int, number: int, published: datetime, source: str) -> Draft:
    """A comment of a board; `published` is its topic's time."""
    return _gone(topic_comment_id(owner, topic, number), PostKind.COMMENT, published, source)


def _gone(id_: str, kind: PostKind, published: datetime, source: str) -> Draft:
    return Draft(id=id_, kind=kind, source=source, text="", published=published, deleted=True)


def _context(text: str) -> str | None:
    """The beginning of a parent's text. Not cut within a number or a mention, `[id1|Анна Иванова]`:
    half of one is not masked."""
    cut = text[:MAX_CONTEXT]
    if len(text) > MAX_CONTEXT:
        cut = cut[: cut.rfind("[")] if cut.rfind("[") > cut.rfind("]") else cut.rstrip("0123456789+-() ")
    return cut or None


def _reach(item: Mapping[str, Any]) -> dict[str, int]:
    return {
        name: item[name]["count"]
        for name in ("views", "likes", "reposts", "comments")
        if isinstance(item.get(name), dict) and isinstance(item[name].get("count"), int)
    }


def _geo(found: Any) -> Geo | None:
    """`coordinates` is «55.16 61.40» in posts and an object elsewhere; a place that was picked may stand alone."""
    if not isinstance(found, dict):
        return None
    place = found.get("coordinates") or found.get("place")
    try:
        if isinstance(place, str):
            lat, lon = (float(part) for part in place.split())
        elif isinstance(place, dict):
            lat, lon = float(place["latitude"]), float(place["longitude"])
        else:
            return None
        return Geo(lat=lat, lon=lon)
    except (KeyError, TypeError, ValueError):
        return None


def _place(found: Any) -> Mapping[str, Any]:
    place = found.get("place") if isinstance(found, dict) else None
    return place if isinstance(place, dict) else {}


def _city(found: Any) -> str | None:
    """VK gives its number in some places and its name in others."""
    city = _place(found).get("city")
    return city if isinstance(city, str) and city and not city.isdecimal() else None


def _address(found: Any) -> str | None:
    """City and street of a place that was picked. Not its title: that is often how the author calls their home."""
    street = _place(found).get("address")
    parts = [_city(found), street if isinstance(street, str) else None]
    return ", ".join(part for part in parts if part) or None


def _media(attachments: Iterable[Mapping[str, Any]]) -> Iterable[Media]:
    """By permanent address: those of the files are signed anew for each answer, which would look like an edit."""
    for attachment in attachments:
        kind = attachment.get("type", "")
        if kind not in _MEDIA:
            continue
        thing = attachment.get(kind) or {}
        url = thing.get("url") if kind == "link" else None
        if kind != "link" and "owner_id" in thing and "id" in thing:
            url = f"https://vk.com/{kind}{thing['owner_id']}_{thing['id']}"
        yield Media.model_validate({"kind": _MEDIA[kind], "url": url})
