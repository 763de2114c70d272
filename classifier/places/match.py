"""Names of places in a text."""

from collections.abc import Sequence
from itertools import islice

from classifier.places import words
from classifier.places.around import Scan
from classifier.places.judge import judge, judge_misspelt
from classifier.places.mention import Mention
from classifier.places.table import Name, Table
from classifier.places.vocabulary import Look, Vocabulary, vocabulary
from classifier.places.wordclass import WORD, plain

MAX_MENTIONS = 200
"""A text that names more places than that is a list; its first ones decide. Bounds the time on hostile texts."""
MAX_LOOKS = 300
"""Words that are looked at for them: half as many again, since not each is a mention; the posts measured (Perm's and
Telegram's, all of Russia) have 71 at most. What comes after isn't looked up: a word's first sight takes longest."""
MAX_MISSPELT = 30
"""Unknown words of a text that are compared with names; a text with more is no Russian."""


def find(text: str, table: Table) -> list[Mention]:
    """Mentions in the order of the text, without those that are streets, rivers, clubs and common words.

    Longer names win over shorter ones inside them. Work is linear in the number of words: each is looked up once, at
    most `MAX_MENTIONS` mentions are made, and at most `MAX_MISSPELT` unknown words are compared with names.
    """
    return found_in(text, table)[1]


def found_in(text: str, table: Table, written: Sequence[str] | None = None) -> tuple[Scan, list[Mention]]:
    """`find`, with the words of the text; they are empty if none of them may be a place's. `written` are the text's
    words as `WORD` finds them, where they are known."""
    written = WORD.findall(text) if written is None else written
    known = vocabulary(table)
    places = _worth_a_look(written, known)
    if not places:
        return Scan(text, (), (), ()), []  # most texts: nothing but one look-up a word was done
    if any(look == Look.WAY for _, look in places):
        written = _ways_parted(written, known)
        places = _worth_a_look(written, known)
    scanned = Scan.of(text, written)
    mentions: list[Mention] = []
    done, misspelt = 0, 0
    for at, look in places:
        if at < done or len(mentions) == MAX_MENTIONS:
            continue
        if look == Look.UNKNOWN:
            misspelt += 1
            mention = judge_misspelt(scanned, at, table) if misspelt <= MAX_MISSPELT else None
        else:
            mention = _named(scanned, at, look, table)
        if mention:
            mentions.append(mention)
            done = mention.last + 1
    return scanned, mentions


_ANYWHERE = frozenset({Look.NAME, Look.WAY, Look.UNKNOWN})
"""Kinds of words that are looked at whatever stands beside them."""


def _worth_a_look(written: Sequence[str], known: Vocabulary) -> list[tuple[int, Look]]:
    """Numbers of the words that may begin a name, without the common words beside which nothing speaks of a place."""
    looks = (
        (at, look)
        for at, look in enumerate(map(known.__getitem__, written))
        if look
        and (
            look in _ANYWHERE
            or (look == Look.HYPHEN and _hyphen_left_out(written, at, known))
            or _spoken_for(written, at, look, known)
        )
    )
    return list(islice(looks, MAX_LOOKS))


def _ways_parted(written: Sequence[str], known: Vocabulary) -> list[str]:
    """The words with «Миасс-Чебаркуль» as two."""
    parted: list[str] = []
    for word in written:
        at = known.ways(plain(word)) if known[word] == Look.WAY else 0
        parted += [word[:at], word[at + 1 :]] if at else [word]
    return parted


def _hyphen_left_out(written: Sequence[str], at: int, known: Vocabulary) -> bool:
    """«усть катав», «Верх Ашап»: villages only with capitals, since two words in a row are two words."""
    if at + 1 == len(written):
        return False
    joined = f"{plain(written[at])}-{plain(written[at + 1])}"
    return known.is_town(joined) or (
        written[at][0].isupper() and written[at + 1][0].isupper() and known.is_name(joined)
    )


def _spoken_for(written: Sequence[str], at: int, look: Look, known: Vocabulary) -> bool:
    if at == 0 or written[at][0].isupper():
        return True
    if look == Look.HYPHEN:
        look = Look.COMMON_TOWN
    before = plain(written[at - 1])
    if before in _TYPES or (look == Look.COMMON_TOWN and (before in _BESIDE or words.HEADS.fullmatch(before))):
        return True
    after = plain(written[at + 1]) if at + 1 < len(written) else ""
    return bool(
        (look == Look.COMMON_TOWN and known.begins_town(f"{plain(written[at])} {after}"))
        or words.DISTRICT.fullmatch(after)
        or after in words.CITY_KIND
        or after in words.MUNICIPAL_KIND
        or words.RURAL.fullmatch(after)
    )


_TYPES = words.TOWN | words.VILLAGE | words.AREA | words.DISTRICT_BEFORE
_BESIDE = words.INSIDE | {"из"}


def _named(scanned: Scan, at: int, look: Look, table: Table) -> Mention | None:
    if look == Look.HYPHEN and (names := _without_hyphen(scanned, at, table)):
        return judge(scanned, at, 2, names, table)
    if scanned.forms[at] not in table.index:
        return None
    length, names = table.index.longest(scanned.forms, at)
    return judge(scanned, at, length, names, table) if names else None


def _without_hyphen(scanned: Scan, at: int, table: Table) -> list[Name]:
    """Names of the two words joined."""
    joined = f"{scanned.forms[at]}-{scanned.form(at + 1)}"
    if (
        at + 1 == len(scanned.words)
        or joined not in table.index
        or scanned.text[scanned.spans[at][1] : scanned.spans[at + 1][0]] != " "
    ):
        return []
    return table.index.longest([joined], 0)[1]
