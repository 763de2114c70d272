"""Pages that a text points to, in a form that is equal for two spellings of one."""

import re
from urllib.parse import urlsplit

_URL = re.compile(r"https?://[^\s<>\"'«»()\[\]]+", re.I)
_SLUG = 12
"""Characters of a path from which on it names one page, and not a section or a channel."""
_SAME_HOST = {"vk.ru": "vk.com", "telegram.me": "t.me"}


def page_key(url: str) -> str | None:
    """Host and path of a page, without www, m, parameters and a last slash; None for what is no single page: a site, a
    section, a channel, a profile."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = re.sub(r"^(?:www\.|m\.)+", "", (parts.hostname or ""))
    host = _SAME_HOST.get(host, host)
    path = parts.path.rstrip("/.,;:!?").removeprefix("/s/") if host == "t.me" else parts.path.rstrip("/.,;:!?")
    path = "/" + path.lstrip("/")
    if host == "vk.com":
        named = re.search(r"(?:wall|topic)-?\d+_\d+", parts.query) or re.search(r"(?:wall|topic)-?\d+_\d+", path)
        return f"{host}/{named[0]}" if named else None
    if host == "t.me":
        return f"{host}{path}" if re.fullmatch(r"/\w+/\d+", path) else None
    last = path.rpartition("/")[2]
    if not host or not (len(path) >= _SLUG and (re.search(r"\d{3}", path) or "-" in last or "_" in last)):
        return None
    return f"{host}{path}"


def quoted_page(text: str) -> str | None:
    """The key of the first page that a text quotes."""
    return next((key for url in _URL.findall(text) if (key := page_key(url)) is not None), None)
