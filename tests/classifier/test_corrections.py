"""Corrections by operators: read, obeyed, appended, learned from."""

import json
import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifier import Classifier, Item
from classifier.correcting import knows
from classifier.corrections import BadLine, Correction, Corrections, append, last, parsed
from classifier.training.corrections import corrected
from classifier.training.data import DataError

NOW = datetime(2026, 3, 5, 9, tzinfo=UTC)
TEXT = "Во дворе гора снега, не пройти с коляской"
YARD = "★ Нарушение правил уборки от снега и наледи внутридворового проезда, тротуара, площади"
GOOD = {"text": TEXT, "topic": "Пробки", "by": "Иванова", "at": "2026-03-05T09:00:00Z"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "corrections.jsonl"


@pytest.fixture
def corrections(file: Path, classifier: Classifier):
    """The classifier of all tests, with a file of corrections for one."""
    classifier.corrections = Corrections(file, lambda w, n: knows(w, n, classifier.topics, classifier.resolver))
    yield classifier.corrections
    classifier.corrections = None


def write(file: Path, *lines: dict[str, object] | str) -> None:
    text = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    file.write_text("\n".join(text) + "\n", encoding="utf-8")


def judged(classifier: Classifier, *texts: str):
    return classifier.classify([Item(text) for text in texts])


def test_a_correction_of_the_same_text_is_obeyed_at_once(classifier, corrections, file) -> None:
    (before,) = judged(classifier, TEXT)
    write(file, GOOD | {"relevant": False, "municipality": "Миасс"})
    (after,) = judged(classifier, TEXT)
    assert (after.topic, after.group, after.topic_probability, after.group_probability) == ("Пробки", "Дороги", 1, 1)
    assert (after.relevant, after.relevance, after.needs_review) == (False, 0.0, False)
    assert after.municipality is not None
    assert (after.municipality.oktmo, after.municipality.found_by) == ("75742000", "operator")
    assert after.model == f"{before.model}+corrected"
    file.unlink()
    assert judged(classifier, TEXT) == [before]


@pytest.mark.parametrize(
    "same",
    [
        "ВО ДВОРЕ ГОРА СНЕГА!!! НЕ ПРОЙТИ С КОЛЯСКОЙ",
        "во дворе гора снега не пройти с коляской 😡 https://vk.com/wall-1_2",
        "Во двoре гора снега, не пройти с коляскооооой",  # a Latin o
        "Во дворе горы снега, не пройти с колясками",
    ],
)
def test_the_same_words_are_the_same_text(classifier, corrections, file, same) -> None:
    write(file, GOOD)
    assert judged(classifier, same)[0].topic == "Пробки"


def test_an_article_is_known_with_its_title_and_without(classifier, corrections, file) -> None:
    article = Item(TEXT, title="Снег не убирают")
    write(file, GOOD)
    assert classifier.classify([article])[0].topic == "Пробки"
    write(file, GOOD | {"text": f"Снег не убирают\n{TEXT}"})
    assert [one.topic == "Пробки" for one in classifier.classify([article, Item(TEXT)])] == [True, False]


def test_other_words_are_another_text(classifier, corrections, file) -> None:
    write(file, GOOD)
    assert judged(classifier, TEXT + " и санками")[0].topic != "Пробки"


def test_an_id_tells_one_post_and_a_short_answer_is_told_by_nothing_else(classifier, corrections, file) -> None:
    said = {"text": "у нас тоже", "topic": "Пробки", "by": "И", "at": "2026-03-05T09:00:00Z"}
    write(file, said, {"id": "vk:-1_2", "topic": "Очередь", "by": "И", "at": "2026-03-05T09:00:00Z"})
    context = "Когда дадут холодную воду? Второй день воды нет!"
    short = Item("у нас тоже", kind="comment", context=context)
    items = [short, replace(short, id="vk:-1_2"), Item("у нас тоже")]
    assert [one.topic for one in classifier.classify(items)] == ["Отсутствие холодной воды", "Очередь", "Пробки"]


def test_another_municipality_takes_the_settlement_with_it(classifier, corrections, file) -> None:
    text = "В Тургояке нет воды"
    (before,) = judged(classifier, text)
    assert before.settlement == "Тургояк"
    said = {"text": text, "by": "И", "at": "2026-03-05T09:00:00Z"}
    for municipality, settlement in (("Копейск", None), ("Миасс", "Тургояк")):
        write(file, said | {"municipality": municipality})
        assert judged(classifier, text)[0].settlement == settlement


def test_a_group_alone_gets_the_likeliest_of_its_topics(classifier, corrections, file) -> None:
    write(file, {"text": TEXT, "group": "Дороги", "by": "И", "at": "2026-03-05T09:00:00Z"})
    (found,) = judged(classifier, TEXT)
    assert (found.group, found.group_probability) == ("Дороги", 1.0)
    assert classifier.model.group_of[found.topic] == "Дороги"
    assert 0 < found.topic_probability <= 1


def test_the_last_of_several_counts_and_names_are_as_good_as_spellings(classifier, corrections, file) -> None:
    write(file, GOOD, GOOD | {"topic": "yard-snow"})
    assert judged(classifier, TEXT)[0].topic == YARD
    write(file, GOOD | {"topic": "yard-snow"}, GOOD, GOOD | {"topic": "Снег и наледь во дворах и на площадях"})
    assert judged(classifier, TEXT)[0].topic == YARD


def test_the_urgency_follows_the_corrected_topic(classifier, corrections, file) -> None:
    write(file, GOOD | {"topic": "open-manholes"})
    assert judged(classifier, TEXT)[0].urgency == "now"


def test_bad_lines_are_named_and_the_rest_works(classifier, corrections, file) -> None:
    bad: list[BadLine] = []
    corrections.report = bad.append
    write(
        file,
        "oops",
        [],  # type: ignore[arg-type]
        {"text": TEXT, "by": "И", "at": "2026-03-05T09:00:00Z"},
        {"topic": "Пробки", "by": "И", "at": "2026-03-05T09:00:00Z"},
        GOOD | {"topic": "Пробкы"},
        GOOD | {"municipality": "Москва"},
        GOOD | {"at": "вчера"},
        GOOD | {"at": "2026-03-05T09:00:00"},
        {"text": TEXT, "topic": "Пробки"},
        GOOD | {"relevant": "может быть", "mood": 1},
        GOOD,
        "",
        "[" * 100_000,
    )
    assert judged(classifier, TEXT)[0].topic == "Пробки"
    assert [str(line) for line in bad] == [
        "строка 1: не JSON",
        "строка 2: строка должна быть объектом JSON",
        "строка 3: ничего не исправлено: нужен topic, group, relevant или municipality",
        "строка 4: нет ни text, ни id: о какой публикации речь?",
        "строка 5: нет такой темы: «Пробкы»",
        "строка 6: нет такого муниципалитета: «Москва»",
        "строка 7: поле at — не время; нужно так: 2026-03-05T14:00:00+05:00",
        "строка 8: в поле at нет часового пояса: нужно так: 2026-03-05T14:00:00+05:00",
        "строка 9: нет поля by; нет поля at",
        "строка 10: поле relevant должно быть true или false; лишнее поле mood",
        "строка 13: не JSON",
    ]


def test_the_file_is_read_again_only_when_it_has_changed(file) -> None:
    read: list[BadLine] = []
    write(file, "oops")
    corrections = Corrections(file, report=read.append)
    for _ in range(3):
        corrections.refresh()
    assert len(read) == 1
    write(file, "oops", "once more")
    corrections.refresh()
    assert len(read) == 3


def test_a_file_that_is_gone_for_a_moment_or_is_a_folder_stops_nothing(tmp_path, file) -> None:
    corrections = Corrections(tmp_path)
    corrections.refresh()
    assert len(corrections) == 0


def _append(file: Path, who: str) -> None:
    for number in range(50):
        append(file, Correction(text=f"текст {number} " * 200, relevant=True, by=who, at=NOW))


def test_many_may_append_at_once_and_every_line_stays_whole(file) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(file, who)) for who in ("А", "Б", "В")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    lines = list(parsed(file))
    assert len(lines) == 150
    assert not any(isinstance(line, BadLine) for line in lines)


def test_what_is_appended_holds_no_personal_number_and_starts_a_line_of_its_own(file) -> None:
    file.write_text(json.dumps(GOOD), encoding="utf-8")  # an editor left no line break
    said = Correction(text="Нет воды,<br>звоните +7 912 345-67-89 Анне", relevant=True, by="И", at=NOW)
    append(file, said)
    first, second = parsed(file)
    assert isinstance(first, Correction)
    assert isinstance(second, Correction)
    assert second.text == "Нет воды,\nзвоните [телефон] Анне"


def test_training_takes_the_last_word_on_each_text(file) -> None:
    write(
        file,
        GOOD,
        GOOD | {"topic": "Ямы", "text": TEXT.upper()},
        GOOD | {"topic": "?"},
        {**GOOD, "id": "x", "text": "з"},
    )
    bad: list[BadLine] = []
    rows = corrected(file, {"Ямы": "Дороги", "Пробки": "Дороги"}, bad.append)
    assert [(row.text, row.group, row.topic, row.relevant) for row in rows] == [
        (TEXT.upper(), "Дороги", "Ямы", True),
        ("з", "Дороги", "Пробки", True),
    ]
    assert [str(line) for line in bad] == ["строка 3: нет такой темы: «?»"]


def test_training_without_the_file(tmp_path) -> None:
    with pytest.raises(DataError, match=r"^Файл исправлений .*none не читается: нет такого файла или папки\.$"):
        corrected(tmp_path / "none", {}, lambda _: None)


def test_last() -> None:
    one = Correction(id="1", relevant=True, by="И", at=NOW)
    other = one.model_copy(update={"relevant": False})
    assert last([one, other]) == [other]
