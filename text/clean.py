"""From what a source sent to plain text: no markup, no invisible characters, bounded length."""

import html
import re
import unicodedata

from text.limits import MAX_CHARS
from text.mask import MENTION, is_profile

# What a reader doesn't see, by how it opens and closes.
_INVISIBLE = [("<!--", "-->"), *((f"<{tag}", f"</{tag}>") for tag in ("script", "style", "head", "template"))]
_LINE_TAG = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6]|p|li)\b[^<>]*>", re.I)
# `[^<>]` rather than `.*?`: a thousand unclosed "<a" stay linear.
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_MAYBE_MARKUP = re.compile(r"<[a-zA-Z/!]|&[#a-zA-Z]")

# `[club1|Имя]`, `@club1 (Имя)`, `[https://…|слова]`, `[#alias|слова|https://…]`: the words are what a reader sees.
# Without the bounds thousands of unclosed ones take quadratic time; the words are a few, rarely a sentence.
_CLUB_MENTION = re.compile(r"\[(?:club|public|event)\d+(?::[^|\[\]]*)?\|([^\]]{0,1000})\]")
_AT_CLUB = re.compile(r"[@*](?:club|public|event)\d+\s?\(([^()\n]{1,100})\)")
_LINK_MENTION = re.compile(r"\[(https?://[^|\[\]]+)\|([^\]]{0,1000})\]")
_ALIAS_MENTION = re.compile(r"\[#alias\|([^|\]]{0,1000})\|([^|\[\]]*)\]")
_HALF_MENTION = re.compile(r"\[[^\[\]]{0,200}\Z")

# Characters that take no room: they hide words from a reader's search and numbers from masking.
_ZERO_WIDTH = dict.fromkeys(
    [
        *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x180E, 0x3164, 0xFEFF, 0xFFA0),
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC)),
        *range(0xE0000, 0xE0080),
    ]
)
# «8️⃣9️⃣1️⃣2️⃣»: a digit, a variation selector and a key around both.
_KEYCAPS = dict.fromkeys([*range(0xFE00, 0xFE10), 0x20E3])
# Digits that masking would not know for digits: full-width, mathematical, struck out, and long runs of small ones.
_FOREIGN_DIGIT = re.compile(r"[^\x00-\x7f\D]")
_MARKED_DIGIT = re.compile(r"(?<=\d)[\u0300-\u036f]+")
_SMALL_DIGITS = re.compile(r"[²³¹⁰⁴-⁹₀-₉①-⑨⓪]{4,}")
_CONTROLS = dict.fromkeys((*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0)), " ")
_CHARACTERS: dict[int, str | None] = {**_ZERO_WIDTH, **_KEYCAPS, **_CONTROLS, 0x2028: "\n", 0x2029: "\n", 0x85: "\n"}
# To translate takes ten times as long as to see that there is nothing to translate.
_REPLACED = re.compile(f"[{re.escape(''.join(chr(code) for code in _CHARACTERS if code < 0x10000))}]")
_TAGS = re.compile("[\U000e0000-\U000e007f]")
_ORDINARY = re.compile(r"[\t\n -~А-яЁё«»–—…№“”„’]*+")
"""Of such characters most texts consist, and none of them is replaced, put together with another or a foreign digit: to
see that takes a quarter of the time of looking for each of these."""

_SPACES = re.compile(r"[^\S\n]+")
_OTHER_SPACE = re.compile(r"[^\S\n ]")
_BLANK_LINES = re.compile(r" ?\n ?(?:\n ?)+")
_LINE_EDGES = re.compile(r" ?\n ?")


def _without_between(text: str, opening: str, closing: str) -> str:
    """`text` without what stands between the marks; linear, unlike a regular expression on unclosed marks."""
    lower = text.lower()
    if len(lower) != len(text) or opening not in lower:  # lower() may lengthen: then the places differ
        return text
    kept, at = [], 0
    while (start := lower.find(opening, at)) >= 0 and (end := lower.find(closing, start)) >= 0:
        kept.append(text[at:start])
        at = end + len(closing)
    kept.append(text[at:])
    return " ".join(kept)


def _without_markup(text: str) -> str:
    for opening, closing in _INVISIBLE:
        text = _without_between(text, opening, closing)
    text = _LINE_TAG.sub("\n", text)
    text = _TAG.sub(" ", text)
    return html.unescape(text)


def _with_plain_digits(text: str) -> str:
    if text.isascii():
        return text
    if _FOREIGN_DIGIT.search(text):
        text = text.translate({ord(c): str(unicodedata.decimal(c)) for c in set(_FOREIGN_DIGIT.findall(text))})
    if _SMALL_DIGITS.search(text):
        text = _SMALL_DIGITS.sub(lambda match: "".join(str(unicodedata.digit(c)) for c in match.group()), text)
    return _MARKED_DIGIT.sub("", text)


def _with_plain_characters(text: str) -> str:
    if _REPLACED.search(text) or _TAGS.search(text):
        text = text.translate(_CHARACTERS)
    return _with_plain_digits(unicodedata.normalize("NFC", text))


def clean(raw: str) -> str:
    """Plain text of a post, article or call.

    HTML tags and entities, VK's markup of communities and links, names that link to a person's page, control,
    zero-width and bidirectional characters and lone surrogates go; line breaks stay, single or doubled. Works on the
    first `MAX_CHARS` characters.
    """
    return clean_cut(raw)[0]


def clean_cut(raw: str) -> tuple[str, bool]:
    """`clean(raw)`, and whether `raw` was longer than `MAX_CHARS`."""
    cut = len(raw) > MAX_CHARS
    text = raw[:MAX_CHARS]
    if not _ORDINARY.fullmatch(text):
        text = text.encode("utf-8", "replace").decode("utf-8")
    if cut:  # not in the middle of a number or a mention: half of one would not be masked
        text = _HALF_MENTION.sub("", text).rstrip("0123456789+-() ")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _MAYBE_MARKUP.search(text):
        text = _without_markup(text)
        if _MAYBE_MARKUP.search(text):  # entities of entities: `&lt;br&gt;` as portals export it
            text = _without_markup(text)
    if not _ORDINARY.fullmatch(text):  # it may have been in entities
        text = _with_plain_characters(text)
    if "[" in text:
        text = _CLUB_MENTION.sub(r"\1", text)
        text = _LINK_MENTION.sub(lambda link: MENTION if is_profile(link[1]) else link[2], text)
        text = _ALIAS_MENTION.sub(lambda link: MENTION if is_profile(link[2]) else link[1], text)
    if "@" in text or "*" in text:
        text = _AT_CLUB.sub(r"\1", text)
    if "  " in text or _OTHER_SPACE.search(text):
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
        text = _LINE_EDGES.sub("\n", text) if " \n" in text or "\n " in text else text
    return text.strip()[:MAX_CHARS], cut
