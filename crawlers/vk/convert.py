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
        context=(post_text(parent) if answers_post else parent.get("text") or post_text(post))[:MAX_CONTEXT] or None,
        parent=post_id(owner, under) if answers_post else comment_id(owner, parent["id"]),
        place_hint=place_hint,
        media=tuple(_media(item.get("attachments") or ())),
        reach={"likes": item["likes"]["count"]} if "likes" in item else {},
    )


def gone_post(owner: int, number: int, published: datetime, source: str) -> Draft:
    """A post that was there and is no more."""
    return Draft(
        id=post_id(owner, number), kind=PostKind.POST, source=source, text="", published=published, deleted=True
    )


def _reach(item: Mapping[str, Any]) -> dict[str, int]:
    return {
        name: item[name]["count"]
        for name in ("views", "likes", "reposts", "comments")
        if isinstance(item.get(name), dict) and isinstance(item[name].get("count"), int)
    }


def _geo(found: Any) -> Geo | None:
    """`coordinates` is «55.16 61.40» in posts and an object elsewhere."""
    if not isinstance(found, dict):
        return None
    place = found.get("coordinates")
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
