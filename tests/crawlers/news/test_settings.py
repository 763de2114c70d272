import pytest
from pydantic import ValidationError

from crawlers.news.settings import NewsSettings


def messages(**settings: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        NewsSettings.model_validate(settings)
    return [error["msg"] for error in caught.value.errors()]


def test_exactly_one_index() -> None:
    assert messages() == ["Value error, нужно ровно одно из feed, sitemap и listing, а не указано ничего"]
    assert messages(feed="https://a.ru/rss", sitemap="https://a.ru/sitemap.xml") == [
        "Value error, нужно ровно одно из feed, sitemap и listing, а указаны feed и sitemap"
    ]


@pytest.mark.parametrize("url", ["a.ru/rss", "ftp://a.ru/rss", "https://", "https://a.ru:x/"])
def test_addresses(url: str) -> None:
    assert messages(feed=url) == [f"Value error, «{url}» — не адрес страницы; он начинается с http:// или https://"]


def test_selectors_and_encodings() -> None:
    assert messages(listing={"url": "https://a.ru/", "links": "a[["}) == [
        "Value error, «a[[» — не селектор CSS, такой как a.title или div.news > h2 a"
    ]
    assert messages(feed="https://a.ru/rss", encoding="win1251") == [
        "Value error, «win1251» — неизвестная кодировка; бывают utf-8, windows-1251, koi8-r"
    ]


def test_where_a_visit_begins() -> None:
    assert NewsSettings(feed="https://a.ru/rss").url == "https://a.ru/rss"
    assert NewsSettings.model_validate({"listing": {"url": "https://a.ru/", "links": "a"}}).url == "https://a.ru/"
