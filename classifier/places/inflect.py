"""Case forms of place names, by their endings. Settlement names follow few patterns, and a dictionary guesses wrong
on those it does not know (it takes «Бреды» for a genitive and «Бердяуш» for a man), so the endings decide."""

import re
from itertools import product

from text import morph, normal, tokens

_HUSHING = "жшчщц"
_SOFTENING = "гкхжшчщ"
_VOWELS = "аеиоуыэюя"
_ADJECTIVE = re.compile(r"(?:ый|ий|ой|ое|ее|ая|яя|ые|ие)$")
_INSIDE = re.compile(r"(.+?)(-(?:на|над|под|в|у|за|при|де|до|о)-.+)$")
"""«Комсомольск-на-Амуре»: what stands before the preposition changes."""
_SURELY_ADJECTIVE = re.compile(r"(?:[сц]к(?:ий|ая|ие)|[нв]ая|ый)$")
"""Of names, whatever the dictionary says, which takes «Долгопрудный» and «Циолковский» for nouns."""
_DROPPING = ("ец", "ел", "ек", "ень", "оть", "ер", "лев")
"""Endings whose vowel may drop out: Елец, Орёл, Волочёк, Камень, Локоть, Лев."""
_ORDINALS = {"я": ("я", "й", "ю"), "й": ("й", "го", "му", "м"), "е": ("е", "го", "му", "м", "х")}
"""Cases of «1-я», «2-й», «3-е»."""
_GENITIVE_AFTER = {"имени", "им", "лет", "летия", "съезда"}
"""What follows is in the genitive already: «посёлок имени Калинина», «40 лет Октября»."""


def _adjective(word: str) -> list[str]:
    stem, ending = word[:-2], word[-2:]
    soft = ending in {"ий", "ее", "яя", "ие"} and stem[-1] not in _SOFTENING
    hushing = ending in {"ий", "ее"} and stem[-1] in _HUSHING  # горячего, горячем
    if ending in {"ый", "ий", "ой", "ое", "ее"}:
        endings = ["его", "ему", "им", "ем"] if soft or hushing else ["ого", "ому", "ым", "ом"]
    elif ending in {"ая", "яя"}:
        endings = ["ей", "юю"] if soft else ["ой", "ую", *(["ей"] if stem[-1] in _HUSHING else [])]
    else:
        endings = ["их", "им", "ими"] if soft else ["ых", "ым", "ыми"]
    if stem[-1] in _SOFTENING:  # «сосновским», not «сосновскым»
        endings = [e.replace("ы", "и") for e in endings]
    return [stem + e for e in endings]


# Endings of the other cases by the last letter; after ш, ж, ч, щ, ц and after г, к, х some letters change.
_BY_LAST_LETTER = {
    "я": ("и", "ю", "ей", "е"),
    "о": ("а", "у", "ом", "е"),
    "ь": ("я", "ю", "ем", "е", "и", "ью"),
    "й": ("я", "ю", "ем", "е"),
}


def _noun(word: str) -> list[str]:
    stem, last = word[:-1], word[-1]
    hushing, softening = stem[-1] in _HUSHING, stem[-1] in _SOFTENING
    extra: list[str] = []
    if last == "а":
        endings: tuple[str, ...] = ("и" if softening else "ы", "е", "у", "ей" if hushing else "ой")
    elif last == "е":
        endings = ("а", "у", "ем") if hushing else ("я", "ю", "ем", "и" if stem[-1] == "и" else "е")
    elif last in "ыи":
        hard = last == "ы" or softening
        endings = (*(("ам", "ами", "ах") if hard else ("ям", "ями", "ях")), "ов" if last == "ы" else "ей")
        extra = [*_dictionary(word), *_bare_genitive(word)]
    elif last in _BY_LAST_LETTER:
        endings = _BY_LAST_LETTER[last]
    elif last in _VOWELS:
        endings = ()
    else:
        stem, endings = word, ("а", "у", *(("ем",) if last in _HUSHING else ()), "ом", "е")
        if word.endswith("ок") and len(word) > 4:  # городок, городка; but Владивосток, Владивостока
            extra += [word[:-2] + "к" + ending for ending in endings]
        if word.endswith("чек"):  # Волочек, Волочка
            extra += [word[:-2] + ending for ending in ("ка", "ку", "ком", "ке")]
    if word.endswith(_DROPPING):
        extra += _dictionary(word)
    return [stem + ending for ending in endings] + extra


def _bare_genitive(word: str) -> list[str]:
    """«из Гайн», «из Бродков»: genitives of plurals, unless that is a word of its own («Бреды»)."""
    stem = word[:-1]
    found = [stem[:-1] + "цев"] if stem.endswith("ц") else []
    if stem.endswith("к"):
        found += [stem + "ов", *([stem[:-1] + "ок"] if stem[-2] not in _VOWELS + "ь" else [])]
    elif len(stem) > 3 and stem[-2] in _VOWELS:
        found.append(stem)
    return [form for form in found if not any(p.is_known and "Geox" not in p.tag for p in morph().parse(form))]


def _dictionary(word: str) -> list[str]:
    """Forms of a word that the dictionary knows: vowels that drop out (Елец, Ельца), genitives of plurals."""
    for parse in morph().parse(word):
        if parse.is_known and "NOUN" in parse.tag and "nomn" in parse.tag:
            forms = (parse.inflect({case}) for case in ("gent", "datv", "ablt", "loct"))
            return [normal(form.word) for form in forms if form is not None]
    return []


def _is_adjective(word: str) -> bool:
    if len(word) > 4 and word.endswith("ое"):  # Бологое
        return True
    if len(word) > 5 and _SURELY_ADJECTIVE.search(word):
        return True
    return bool(_ADJECTIVE.search(word)) and any(
        {"ADJF", "Apro"} & p.tag.grammemes or (p.is_known is False and "ADJ" in str(p.tag)) for p in morph().parse(word)
    )


def word_forms(word: str) -> list[str]:
    """The word (normalised: lower case, е for ё) and its forms in the other cases, without repetitions.

    A hyphenated name changes at its end only (Катав-Ивановска); names of two adjectives in front change there too.
    """
    inside = _INSIDE.fullmatch(word)
    if inside:
        return [form + inside[2] for form in word_forms(inside[1])]
    if "-" in word:
        head, tail = word.rsplit("-", 1)
        heads, tails = word_forms(head), word_forms(tail)
        if _is_adjective(head) and _is_adjective(tail) and head[-2:] == tail[-2:]:
            return list(map("-".join, zip(heads, tails, strict=False)))
        return [f"{head}-{form}" for form in tails]
    if not word.isalpha() or len(word) < 2 or (len(word) == 2 and word[-1] in _VOWELS + "йь"):
        return [word]
    forms = _adjective(word) if _is_adjective(word) else _noun(word)
    return list(dict.fromkeys([word, *forms]))


def words_forms(name: str) -> list[list[str]]:
    """The words of a name as a text's tokens, each with its forms, the nominative first.

    After a numeral («8 Марта») and after «имени» nothing changes; «1-я Ивановка» changes in both.
    """
    result: list[list[str]] = []
    fixed = False
    found = tokens(name)
    for number, token in enumerate(found):
        word = normal(token.text)
        before = found[number - 1] if number else None
        counted = before is not None and before.text.isdigit()
        glued = counted and before is not None and name[before.end : token.start] == "-"
        if glued and word in _ORDINALS:
            result.append(list(_ORDINALS[word]))
            continue
        fixed = fixed or (counted and not glued)
        result.append([word] if fixed else word_forms(word))
        fixed = fixed or word in _GENITIVE_AFTER
    return result


def name_forms(name: str) -> list[str]:
    """Forms of a name of one or more words, each a phrase. «Верхний Уфалей»: «верхнего уфалея» and so on.

    Every combination of the words' forms is listed: a wrong one («верхний уфалея») does not occur, so does no harm.
    """
    return [" ".join(phrase) for phrase in product(*words_forms(name))]


def adjective_forms(adjective: str) -> list[str]:
    """«сосновский» and its masculine and neuter forms, for districts and rural settlements."""
    word = normal(adjective)
    return list(dict.fromkeys([word, *_adjective(word)]))
