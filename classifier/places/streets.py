"""The municipality of a street that an operator has listed under it."""

from collections.abc import Iterable, Mapping, Sequence

from text.address import Address, street_key, surest


def streets_by_key(listed: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """`{OKTMO: streets as an operator writes them}` to `{street key: OKTMO}`.

    A street of two municipalities tells nothing and is left out; so is what has no name in it.
    """
    owners: dict[str, set[str]] = {}
    for oktmo, names in listed.items():
        for name in names:
            owners.setdefault(street_key(name), set()).add(oktmo)
    return {key: next(iter(codes)) for key, codes in owners.items() if key and len(codes) == 1}


def municipality_by_street(found: Sequence[Address], streets: Mapping[str, str]) -> tuple[str, Address] | None:
    """OKTMO of the surest address whose street is listed, and that address; None where no street is, or where streets
    of several municipalities are named."""
    listed = [one for one in found if one.street_key in streets]
    best = surest(listed)
    if best is None or len({streets[one.street_key] for one in listed}) > 1:
        return None
    return streets[best.street_key], best
