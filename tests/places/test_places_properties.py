"""What holds for every text."""

import copy
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.places import Region, Resolver, Table
from classifier.places.match import MAX_LOOKS, MAX_MENTIONS, MAX_MISSPELT, find
from classifier.places.mention import Sign
from classifier.places.table import NEED_NOTHING, Name
from classifier.places.vocabulary import vocabulary
from classifier.places.wordclass import WORD, plain

PIECES = st.sampled_from(
    """в из до на г. п. с. д. район районе округ Копейске копейск КОПЕЙСК Миасс Троицкий Роза роза Октябрьский Ленинский
    Перми Уфа Курской области Башкирия река ул. « » , . : ! — - усть катав Верхний Уфалей Капейск Мерлин 12 ё Ё ё́
    жители без света только не ХК Трактор Жуков А.В. из в \n \u200b 😀 İ ǅ ﬁ""".split(" ")  # noqa: SIM905  readable
)
MIXTURES = st.lists(PIECES, max_size=25).map(" ".join)
ANY = st.text(max_size=200) | MIXTURES
EXAMPLES = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLACE_FREE = st.sampled_from(
    [
        "Просим принять меры.",
        "Сколько можно терпеть?",
        "Дети мёрзнут, батареи холодные.",
        "Воды нет третий день.",
        "Звонили диспетчеру, трубку не берут!",
        "Спасибо за внимание.",
    ]
)


@EXAMPLES
@given(ANY, st.none() | st.sampled_from(["Копейск", "нет такого", ""]))
def test_any_text_and_its_span(resolver: Resolver, text: str, source: str | None) -> None:
    place = resolver.resolve(text, hints=(source,))
    found = place.municipality
    if found is None:
        assert place.settlement is None
        return
    assert resolver.region is not None
    assert found.oktmo in resolver.region.oktmo_codes
    assert found.oktmo not in found.others
    assert 0 < found.probability <= 1
    assert (found.span is not None) == (found.found_by == "text")


@EXAMPLES
@given(ANY)
def test_a_span_holds_the_form_found(chelyabinsk: Region, text: str) -> None:
    table = chelyabinsk.table
    ends = 0
    for mention in find(text, table):
        assert ends <= mention.start < mention.end <= len(text)
        ends = mention.end
        forms = [plain(word) for word in WORD.findall(text[mention.start : mention.end])]
        meant = table.misspelt(forms[0]) if mention.sign == Sign.MISSPELT else _named(table, forms)
        assert set(mention.names) <= set(meant)


def _named(table: Table, forms: list[str]) -> list[Name]:
    length, names = table.index.longest(forms, 0)
    if length == len(forms):
        return names
    return table.index.longest(["-".join(forms)], 0)[1]


@EXAMPLES
@given(MIXTURES, PLACE_FREE)
def test_a_sentence_without_a_place_changes_nothing(resolver: Resolver, text: str, added: str) -> None:
    before, after = resolver.resolve(f"{text} ."), resolver.resolve(f"{text} .\n{added}")
    assert (before.municipality and before.municipality.oktmo) == (after.municipality and after.municipality.oktmo)


def test_names_that_mean_nothing_else_are_found_in_any_case(chelyabinsk: Region, resolver: Resolver) -> None:
    """What is claimed of letter case: these names only. For others a capital is what tells them from a word."""
    own = [n for n in chelyabinsk.table.names if n.need == NEED_NOTHING and n.oktmo in chelyabinsk.oktmo_codes]
    assert len(own) >= 30
    for name in own:
        for written in (name.name, name.name.lower(), name.name.upper(), name.name.title().replace("ё", "е")):
            found = resolver.resolve(f"нет воды, {written}").municipality
            assert found is not None, written
            assert found.oktmo == name.oktmo, written


class Counting:
    """An index that counts how often it is asked for the names at a place of a text."""

    def __init__(self, table: Table) -> None:
        self._index = table.index
        self.asked = 0

    def __contains__(self, word: object) -> bool:
        return word in self._index

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def continues(self, word: str) -> bool:
        return self._index.continues(word)

    def alone(self, word: str) -> list[Name]:
        return self._index.alone(word)

    def longest(self, forms: Sequence[str], at: int) -> tuple[int, list[Name]]:
        self.asked += 1
        return self._index.longest(forms, at)


@pytest.mark.parametrize(
    "piece",
    [
        "Копейск, Миасс, п. Октябрьский, ",
        "Октябрьский ",
        "новый новая новое ",
        "в розе, в пласте, на северке ",
        "усть усть усть ",
        "Копейский район Копейский район ",
        "г. г. г. ",
        "Верхний Верхний Уфалей ",
        "Копейск. ",
    ],
)
def test_hostile_repetition_is_bounded_work(chelyabinsk: Region, piece: str) -> None:
    table = copy.copy(chelyabinsk.table)
    counting = Counting(table)
    vars(table)["index"] = counting
    text = (piece * 20_000)[:20_000]
    mentions = find(text, table)
    assert len(mentions) <= 200
    if piece == "Копейск. ":  # a mention each
        assert len(mentions) == MAX_MENTIONS
    assert counting.asked <= MAX_LOOKS


def test_unknown_words_are_compared_a_bounded_number_of_times(chelyabinsk: Region) -> None:
    text = " ".join("в Капейске" for _ in range(1_000))
    assert len(find(text, chelyabinsk.table)) == MAX_MISSPELT


def test_many_names_are_weighed_once_each(resolver: Resolver) -> None:
    text = "п. Октябрьский, пос. Мирный, с. Петропавловка, Миасс и Копейск. " * 300
    found = resolver.resolve(text).municipality
    assert found is not None
    assert len(found.others) < 43


def test_a_list_of_different_towns_is_read_up_to_a_bound(chelyabinsk: Region) -> None:
    table = copy.copy(chelyabinsk.table)
    towns = list(dict.fromkeys(name.name for name in table.names if name.kind == "town"))
    assert len(towns) > 2 * MAX_LOOKS
    known = vocabulary(table)
    find(", ".join(towns), table)
    assert 0 < len(known) <= MAX_LOOKS + len(towns) // 10  # each new word costs the most at its first sight
