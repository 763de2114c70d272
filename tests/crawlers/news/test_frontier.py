from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawlers.news.frontier import (
    KEEP,
    KEEP_UNLISTED,
    MAX_TRIES,
    Entry,
    Memory,
    changed_sitemaps,
    choose,
    in_turn,
    key,
    with_canonical_urls,
)
from crawlers.news.settings import NewsCursor, Validators

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def entry(number: int, version: str = "") -> Entry:
    return Entry(f"https://example.ru/{number}", published=NOW + timedelta(minutes=number), version=version)


def listed(*entries: Entry) -> dict[str, Entry]:
    return with_canonical_urls(entries)


def urls(chosen: list[tuple[str, Entry]]) -> list[str]:
    return [found.url.removeprefix("https://example.ru/") for _, found in chosen]


def test_one_article_linked_twice_is_one_entry() -> None:
    found = with_canonical_urls(
        [
            Entry("https://example.ru/1?utm_source=a", title="первая"),
            Entry("https://EXAMPLE.ru/1#top"),
            Entry("mailto:a"),
        ]
    )
    assert [item.title for item in found.values()] == ["первая"]


def test_the_newest_are_chosen_and_delivered_oldest_first() -> None:
    found = choose(listed(entry(3), entry(1), entry(4), entry(2)), NewsCursor(), limit=3)
    assert urls(found.chosen) == ["2", "3", "4"]
    assert found.waiting == 1


def test_without_dates_the_first_listed_are_the_newest() -> None:
    found = choose(listed(*(Entry(f"https://example.ru/{number}") for number in range(4))), NewsCursor(), limit=2)
    assert urls(found.chosen) == ["1", "0"]


def test_known_articles_come_again_only_when_edited_and_after_the_new() -> None:
    memory = Memory.of(NewsCursor())
    for number in (1, 2, 3):
        memory.delivered(key(entry(number).url), entry(number, "old"))
    entries = listed(entry(1, "new"), entry(2, "old"), entry(3, ""), entry(0, "old"))
    assert urls(choose(entries, memory.cursor(), limit=9).chosen) == ["0", "1", "3"]
    assert urls(choose(entries, memory.cursor(), limit=1).chosen) == ["0"]


def test_an_article_is_given_up_after_its_last_try() -> None:
    memory = Memory.of(NewsCursor())
    name = key(entry(1).url)
    assert [memory.failed(name, entry(1)) for _ in range(MAX_TRIES)] == [False] * (MAX_TRIES - 1) + [True]
    assert memory.cursor() == NewsCursor(known={name: ""})


def test_what_left_the_index_is_remembered_for_a_while() -> None:
    memory = Memory.of(NewsCursor(failing={"gone": 1, "stays": 2}))
    names = [key(entry(number).url) for number in range(KEEP + 10)]
    for number, name in enumerate(names):
        memory.delivered(name, entry(number))
    memory.forget({names[0], "stays"}, complete=True)
    assert list(memory.known) == [names[0], *names[10:]]
    assert memory.failing == {"stays": 2}


def test_nothing_is_forgotten_for_not_standing_in_a_part_of_the_index_but_memory_has_its_limit() -> None:
    memory = Memory.of(NewsCursor(failing={"elsewhere": 1}))
    for number in range(KEEP_UNLISTED + 10):
        memory.delivered(str(number), entry(number))
    memory.forget({"0"}, complete=False)
    assert list(memory.known) == ["0", *map(str, range(10, KEEP_UNLISTED + 10))]
    assert memory.failing == {"elsewhere": 1}


def test_the_latest_indexes_are_remembered() -> None:
    memory = Memory.of(NewsCursor(indexes={"0": Validators(etag="old")}))
    memory.read({str(number): Validators() for number in range(KEEP)})
    memory.read({"0": Validators(etag="new"), "last": Validators()})
    assert list(memory.indexes)[-2:] == ["0", "last"]
    assert memory.indexes["0"].etag == "new"
    assert "1" not in memory.indexes
    assert len(memory.indexes) == KEEP


@given(size=st.integers(0, 70), most=st.integers(2, 20))
def test_every_sitemap_of_a_large_index_has_its_turn(size: int, most: int) -> None:
    wanted, turn = list(range(size)), 0
    seen: list[int] = []
    for _ in range(size // (most - most // 2) + 1):
        found, turn = in_turn(wanted, turn, most)
        assert len(found) == len(set(found)) == min(size, most)
        assert set(wanted[: most // 2]) <= set(found)
        seen += found
    assert set(seen) == set(wanted)


def test_sitemaps_that_did_not_change_are_not_read_again() -> None:
    cursor = NewsCursor(indexes={"same": Validators(changed=NOW), "changed": Validators(changed=NOW)})
    children = [
        ("undated", None),
        ("same", NOW),
        ("changed", NOW + timedelta(hours=1)),
        ("old", NOW - timedelta(days=60)),
        ("fresh", NOW + timedelta(hours=2)),
    ]
    found = changed_sitemaps(children, cursor, oldest=NOW - timedelta(days=30))
    assert [url for url, _ in found] == ["fresh", "changed", "undated"]


@given(
    numbers=st.lists(st.integers(0, 60), unique=True, max_size=40),
    limit=st.integers(1, 10),
    bad=st.frozensets(st.integers(0, 60)),
)
def test_every_article_is_delivered_once_or_given_up_after_its_tries(
    numbers: list[int], limit: int, bad: frozenset[int]
) -> None:
    cursor = NewsCursor()
    entries = listed(*map(entry, numbers))
    delivered: list[str] = []
    tried: list[str] = []
    for _ in range(60 * MAX_TRIES):
        choice = choose(entries, cursor, limit)
        if not choice.chosen:
            break
        memory = Memory.of(cursor)
        for name, found in choice.chosen:
            if int(found.url.rpartition("/")[2]) in bad:
                memory.failed(name, found)
                tried.append(found.url)
            else:
                memory.delivered(name, found)
                delivered.append(found.url)
        memory.forget(entries.keys(), complete=True)
        cursor = NewsCursor.model_validate_json(memory.cursor().model_dump_json())
    good = [number for number in numbers if number not in bad]
    assert sorted(delivered) == sorted(entry(number).url for number in good)
    assert sorted(tried) == sorted(entry(number).url for number in numbers if number in bad for _ in range(MAX_TRIES))
