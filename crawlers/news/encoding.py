"""Bytes of a page to text, whatever its labels say."""

import codecs
from collections.abc import Iterator

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

# The encodings that Russian pages were ever written in. A label naming anything else is the last resort.
_CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")
_WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")

# The ten most frequent letters make up two thirds of Russian running text (Национальный корпус русского языка). A text
# read in a wrong Cyrillic encoding turns into rare letters, capitals or signs.
_FREQUENT = frozenset("оеаинтсрвл")
_SAMPLE = 20_000  # characters that are judged: enough for the shares to settle
_TRUST = 0.8  # a declared encoding is kept unless another reads this much better
_BROKEN_SHARE = 0.02  # of undecodable places per non-ASCII byte: a cut or glued UTF-8 page, not another encoding


def decode(body: bytes, content_type: str | None = None, override: str | None = None) -> tuple[str, str]:
    """The text and the Python name of the encoding it was read in. Never fails: what can't be read becomes U+FFFD.

    Decided by, in this order: `override` (the operator's word), a byte order mark, being valid UTF-8 (no other encoding
    is by accident), the `Content-Type` header or the page's own declaration unless another Cyrillic encoding reads
    clearly better, and the frequency of Russian letters alone.
    """
    if override:
        return body.decode(override, "replace"), codecs.lookup(override).name
    bom, mark = read_bom(body)
    if bom is not None and mark is not None:
        return body[len(mark) :].decode(bom, "replace"), codecs.lookup(bom).name
    declared = list(_declared(body, content_type))
    for name in declared:
        if name in _WIDE and b"\x00" in body:
            return body.decode(name, "replace"), name
    if _is_utf8(body):
        return body.decode("utf-8", "replace"), "utf-8"
    best = max(_CYRILLIC, key=lambda name: _score(body, name))
    for name in declared:
        if name in _CYRILLIC and _score(body, name) >= _TRUST * _score(body, best):
            return body.decode(name, "replace"), name
    if _score(body, best) == 0 and declared:
        best = declared[0]  # no Russian letters at all
    return body.decode(best, "replace"), best


def _is_utf8(body: bytes) -> bool:
    text = body.decode("utf-8", "replace")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    if not broken:
        return True
    return broken <= _BROKEN_SHARE * sum(byte >= 0x80 for byte in body)


def _declared(body: bytes, content_type: str | None) -> Iterator[str]:
    for label in (
        http_content_type_encoding(content_type) if content_type else None,
        html_body_declared_encoding(body),
    ):
        name = resolve_encoding(label) if label else None
        if name is not None and is_text_encoding(name):
            yield codecs.lookup(name).name


def _score(body: bytes, name: str) -> float:
    """The share of frequent small Russian letters among all that is not ASCII; 0 where nothing is."""
    outside = [char for char in body.decode(name, "replace")[:_SAMPLE] if char > "\x7f"]
    return sum(char in _FREQUENT for char in outside) / len(outside) if outside else 0.0


def is_text_encoding(name: str) -> bool:
    """Whether Python can decode text by this name."""
    try:
        b"\x80".decode(name, "replace")
    except (LookupError, ValueError):  # no such codec; "hex", "zip"; "idna", which replaces nothing
        return False
    return True
