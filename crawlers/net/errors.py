"""Why a request has no answer."""

from enum import StrEnum


class Failure(StrEnum):
    PRIVATE = "private"
    """The host lies at an address that is not public."""
    ROBOTS = "robots"
    """robots.txt forbids this page."""
    CRAWL_DELAY = "crawl_delay"
    """robots.txt asks for a pace at which no visit would end."""
    ROBOTS_UNAVAILABLE = "robots_unavailable"
    """robots.txt could not be read, so nobody knows whether the page may be fetched (RFC 9309, 2.3.1.4)."""
    NOT_FOUND = "not_found"
    """The name does not resolve."""
    REFUSED = "refused"
    """Nothing answers at the port."""
    TLS = "tls"
    """The certificate is not valid for the host, or no encryption could be agreed on."""
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    """The body is larger than allowed, as sent or when decompressed."""
    REDIRECTS = "redirects"
    """A loop of redirects, or too many."""
    CUT = "cut"
    """The connection broke off, or the body does not have its announced length."""
    INVALID = "invalid"
    """The URL can't be asked for, or the answer isn't HTTP."""


class FetchError(Exception):
    """A request without a usable answer. `detail` is for the log: it holds no text of the page."""

    def __init__(self, failure: Failure, url: str, detail: str = "") -> None:
        super().__init__(f"{failure}: {url}: {detail}" if detail else f"{failure}: {url}")
        self.failure = failure
        self.url = url
        self.detail = detail
