"""The address of a post: what its source gives beside the text, else what the text names."""

from schemas import Address
from text.address import Address as Found
from text.address import find_addresses, normal_address, surest

MAX_OTHERS = 20
"""Keys kept of further addresses; what names more is a list of streets."""


def address_of(text: str, given: str | None = None) -> Address | None:
    """The surest address of `given`, a field of the source's own, else of `text`; None where neither names a street."""
    if given and (found := find_addresses(given) or _whole(given)):
        return _told(given, found)
    found = find_addresses(text)
    return _told(text, found) if found else None


def _whole(given: str) -> list[Found]:
    """«садовая 5»: in a field of its own even small letters are a street, if a house follows."""
    found = normal_address(given)
    return [found] if found and found.house else []


def _told(text: str, found: list[Found]) -> Address:
    best = surest(found)
    assert best is not None
    others = dict.fromkeys(one.key for one in found if one.key != best.key)
    street = best.street
    return Address(
        street=street.name,
        street_type=street.type.name if street.type else None,
        house=str(best.house) if best.house else None,
        text=text[best.start : best.end],
        key=best.key,
        street_key=best.street_key,
        probability=best.probability,
        others=tuple(others)[:MAX_OTHERS],
    )
