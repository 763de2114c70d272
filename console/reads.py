"""Notes who looks at incidents: a dependency beside the one that lets them in."""

from collections.abc import Callable

from fastapi import Request

from console.access import Access
from store.reads import ReadLog
from text import mask

WITHOUT_INCIDENTS = frozenset({"/", "/metrics", "/api/sources"})
"""What is told there is about the program. Whatever is not named here is noted: better a needless line than none."""
POSITIONS = frozenset({"after", "before", "limit"})
"""Parameters that say where in a list; with them each page would be an entry."""
KEYS = frozenset({"api_key", "access_token", "token", "key", "password"})
"""Names under which clients show a token beside the header, as Open311's do: an entry can't be deleted for a year."""
ONE = "/api/incidents/"


def watch(access: Access, log: ReadLog) -> Callable[[Request], None]:
    """A dependency that notes the token's name, the path and the filter, once access is granted."""

    def noted(request: Request) -> None:
        path = request.url.path
        if request.method not in ("GET", "HEAD") or path in WITHOUT_INCIDENTS:
            return
        asked: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            if name not in POSITIONS and name.lower() not in KEYS:
                asked.setdefault(mask(name)[:100], []).append(mask(value)[:200])
        number = path.removeprefix(ONE)
        of = f"incident:{number}" if path.startswith(ONE) and number.isdecimal() else mask(path)[:200]
        log.note(access.name_of(request), "read", of, {"through": "console"} | ({"filter": asked} if asked else {}))

    return noted
