"""Which authority an incident is proposed to."""

from collections.abc import Sequence

from incidents.config import Authority


def route(
    authorities: Sequence[Authority],
    *,
    group: str,
    topic: str,
    municipality: str | None,
    municipality_name: str | None,
) -> Authority | None:
    """The first authority whose conditions fit, else the first default one, else None."""
    for authority in authorities:
        if _fits(authority, group, topic, (municipality, municipality_name)):
            return authority
    return next((authority for authority in authorities if authority.default), None)


def _fits(authority: Authority, group: str, topic: str, places: tuple[str | None, ...]) -> bool:
    by_topic = bool(authority.groups or authority.topics)
    if not by_topic and not authority.municipalities:
        return False  # only the default
    return (not by_topic or group in authority.groups or topic in authority.topics) and (
        not authority.municipalities or any(place in authority.municipalities for place in places)
    )
