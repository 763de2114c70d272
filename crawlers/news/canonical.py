"""One address per article, however it was linked."""

import hashlib
import re
from functools import cache
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit

import tldextract
from w3lib.url import safe_url_string

from net.addresses import DEFAULT_PORTS

# What counters and mailings add to a link: Yandex (yclid, ysclid, _openstat), Google (gclid), Facebook (fbclid) …
_TRACKING = re.compile(r"^(utm_.*|yclid|ysclid|gclid|fbclid|_openstat|vk_ref|rb_clickid|mc_[ce]id)$", re.IGNORECASE)

_ESCAPE = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)


@cache
def _suffixes() -> tldextract.TLDExtract:
    """The public suffix list that came with the package: no network, no cache on disk.

    Hosting domains count as suffixes, so neighbours at one hosting can't speak for each other.
    """
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def canonical_url(url: str, declared: str | None = None) -> str:
    """The address that identifies an article found at `url` whose page declares `declared` as canonical.

    A declaration counts within one registrable domain only, and not where it names the front page (a common mistake,
    which would melt all articles into one). Host in lower-case punycode, no default port, no user, no fragment, no
    tracking parameters, other than ASCII escaped; the order of the parameters stays.

    Raises:
        ValueError: `url` is no http(s) URL.
    """
    base = _normal(url)
    if declared:
        try:
            other = _normal(urljoin(url, declared.strip()))
        except ValueError:
            return base.geturl()
        is_front_page = other.path == "/" and not other.query and base.path != "/"
        if not is_front_page and same_site(base.geturl(), other.geturl()):
            return other.geturl()
    return base.geturl()


def article_id(canonical: str) -> str:
    """`news:<sha1 of the canonical URL>`."""
    return "news:" + hashlib.sha1(canonical.encode(), usedforsecurity=False).hexdigest()


def same_site(one: str, other: str) -> bool:
    """Whether two URLs lie within one registrable domain; IP addresses and local names are sites of their own."""
    return _site(one) == _site(other)


def _site(url: str) -> str:
    host = urlsplit(url).hostname or ""
    found = _suffixes()(host)
    return found.top_domain_under_public_suffix.lower() or host.lower()


def _normal(url: str) -> SplitResult:
    parts = urlsplit(url.strip())
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"not an http(s) URL: {url!r}")
    scheme = parts.scheme.lower()
    host = parts.hostname.rstrip(".").lower()
    try:
        host = host.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError(f"not a host name: {host!r}") from error
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    netloc = host if port in {None, DEFAULT_PORTS[scheme]} else f"{host}:{port}"
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(key)]
    untouched = len(query) == len(parse_qsl(parts.query, keep_blank_values=True))
    whole = SplitResult(scheme, netloc, parts.path or "/", parts.query if untouched else urlencode(query), "")
    # Links come with Cyrillic paths as letters, as %D0… and as %d0…
    return urlsplit(_ESCAPE.sub(lambda found: found[0].upper(), safe_url_string(whole.geturl())))
