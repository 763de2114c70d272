"""Where an incident is: what its posts say, and above that what a person has said of it. No database.

A person's word is laid into each post of the incident, so grouping looks at nothing but posts, and so does what comes
later. `StoredPost.placed` keeps what the machine says under it, and older words: undoing one finds them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NotRequired, TypedDict

from incidents.refusals import Invalid
from store import Member, StoredPost
from text import clean, mask
from text.address import Address, normal_address

NO_PLACE = "место не названо"
LONGEST_NAME = 100
"""Characters of a settlement: the longest name of one in Russia has some 50."""


class Word(TypedDict):
    """One word on a place, as it is kept in a post: all that the machine says, but of a person only what was said. What
    some post says must not become the word of others: it may be edited, or erased on request.

    `address` and `street` are keys, `shown` is for people.
    """

    ruling: int | None
    municipality: str | None
    municipality_name: str | None
    shown: str | None
    settlement: NotRequired[str | None]
    address: NotRequired[str | None]
    street: NotRequired[str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person says. What is said leaves nothing narrower standing, unless that is said too: a settlement of
    another municipality and an address in another settlement are wrong. `municipality`: code and name."""

    municipality: tuple[str, str] | None = None
    settlement: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """`address` only where a person has said one: the machine's serves grouping."""

    municipality: str | None = None
    municipality_name: str | None = None
    settlement: str | None = None
    address: str | None = None

    def __str__(self) -> str:
        named = (self.municipality_name, self.settlement, self.address)
        return ", ".join(part for part in named if part) or NO_PLACE


def most(members: Sequence[Member], of: Callable[[Member], Any]) -> Any:
    """The commonest value that is not None or (None, …); of equals the one of the earliest post."""
    values = [value for value in map(of, members) if value is not None and value != (None, None)]
    if not values:
        return of(members[0])
    return Counter(values).most_common(1)[0][0]  # which keeps the order of first sight among equals


def spot(posts: Iterable[Member]) -> Spot:
    """Where posts say that they are: the last word of a person, else what most of them say."""
    members = sorted(posts, key=lambda one: (one.published, one.id))
    spoken = [one.placed for one in members if one.placed]
    if spoken:
        words = max(spoken, key=lambda placed: placed[-1]["ruling"])
        last, said = words[-1], _settlements(words[1:])
        return Spot(
            municipality=last["municipality"],
            municipality_name=last["municipality_name"],
            settlement=said[-1] if said else most(members, lambda post: post.settlement),
            address=last["shown"],
        )
    # As a pair, so that no mixture comes out.
    code, name = most(members, lambda post: (post.municipality, post.municipality_name))
    return Spot(municipality=code, municipality_name=name, settlement=most(members, lambda post: post.settlement))


def wanted(incident: int, now: Spot, said: Said) -> tuple[Spot, Word]:
    """Where the incident is by a person's word, and that word, to be numbered.

    Raises:
        Invalid: nothing is said, or nothing new; or it is no address, or one in no municipality.
    """
    settlement = _tidy(said.settlement)
    address = _address(said.address)
    if said.municipality is not None:
        code, name = said.municipality
        found = Spot(municipality=code, municipality_name=name, settlement=settlement)
    elif settlement is not None:
        found = replace(now, settlement=settlement, address=None)
    elif address is not None:
        found = now
    else:
        raise Invalid("Скажите, где беда: муниципалитет, населённый пункт или адрес.")
    if address is not None:
        found = replace(found, address=address.display)
    if found.settlement == found.municipality_name:
        found = replace(found, settlement=None)
    if found.municipality is None:
        raise Invalid(f"У инцидента №{incident} муниципалитет не назван: назовите и его.")
    if found == now:
        raise Invalid(f"Инцидент №{incident} уже там: {now}.")
    word = Word(
        ruling=None,
        municipality=found.municipality,
        municipality_name=found.municipality_name,
        shown=found.address,
    )
    if said.municipality is not None or settlement is not None:
        word["settlement"] = found.settlement
    if address is not None:
        word["address"] = address.key if address.house else None
        word["street"] = address.street_key
    return found, word


def told(before: Spot, after: Spot, settlement: str | None = None) -> str | None:
    """What the history says of a place that has moved. It is kept for good, so of settlements it names the one that the
    person has said now, and none that a post did: a hamlet of three houses is who wrote, and may be erased on request.
    """
    old, new = replace(before, settlement=None), replace(after, settlement=settlement)
    return f"место: {old} → {new}" if old != new else None


def place(post: StoredPost, word: Word, ruling: int) -> StoredPost:
    """The post with a person's word above the others. Without an address the machine's goes on serving grouping. One
    that was erased on request says nothing any more: it only stays with the others."""
    if post.erased:
        return post
    return _with(post, [*(post.placed or [_machine(post)]), {**word, "ruling": ruling}])


def unplace(post: StoredPost, ruling: int) -> StoredPost:
    """The post without the word of a ruling."""
    if not post.placed:  # erased since
        return post
    return _with(post, [word for word in post.placed if word["ruling"] != ruling])


def replaced(post: StoredPost, words: Iterable[Word]) -> StoredPost:
    """A version that the machine has judged, under what people had said of the post."""
    return _with(post, [_machine(post), *(word for word in words if word["ruling"] is not None)])


def _machine(post: Member) -> Word:
    return Word(
        ruling=None,
        municipality=post.municipality,
        municipality_name=post.municipality_name,
        settlement=post.settlement,
        address=post.address,
        street=post.street,
        shown=None,
    )


def _with(post: StoredPost, words: list[Word]) -> StoredPost:
    machine, last = words[0], words[-1]
    return replace(
        post,
        placed=words if len(words) > 1 else None,
        municipality=last["municipality"],
        municipality_name=last["municipality_name"],
        settlement=_settlements(words)[-1],
        address=last.get("address", machine["address"]),
        street=last.get("street", machine["street"]),
    )


def _settlements(words: Iterable[Word]) -> list[str | None]:
    """What words say of the settlement, those that say anything of it."""
    return [word["settlement"] for word in words if "settlement" in word]


def _tidy(name: str | None) -> str | None:
    if name is None:
        return None
    found = mask(clean(" ".join(name.split())))
    if not found or len(found) > LONGEST_NAME:
        raise Invalid(f"Нужно название населённого пункта: от 1 до {LONGEST_NAME} знаков.")
    return found


def _address(text: str | None) -> Address | None:
    """A street and perhaps a house; a flat is dropped, whose it is is nobody's business."""
    if text is None:
        return None
    found = normal_address(mask(clean(text)))
    if found is None:
        raise Invalid("Это не адрес: нужны улица и дом, например «ул. Ленина, д. 5».")
    return found
