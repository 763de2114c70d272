import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.news.canonical import article_id, canonical_url, same_site


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("http://Example.RU", "http://example.ru/"),
        ("https://example.ru:443/a", "https://example.ru/a"),
        ("http://example.ru:8080/a", "http://example.ru:8080/a"),
        ("https://user:secret@example.ru/a", "https://example.ru/a"),
        ("https://example.ru/a#comments", "https://example.ru/a"),
        ("https://example.ru/a?utm_source=rss&id=5&utm_medium=feed", "https://example.ru/a?id=5"),
        ("https://example.ru/a?yclid=1&ysclid=2&gclid=3&fbclid=4&_openstat=5", "https://example.ru/a"),
        ("https://example.ru/a?b=2&a=1", "https://example.ru/a?b=2&a=1"),
        ("https://новости.рф/Ж?я=1", "https://xn--b1amnebsh.xn--p1ai/%D0%96?%D1%8F=1"),
        ("https://example.ru/%d0%96", "https://example.ru/%D0%96"),
        (" https://example.ru./a ", "https://example.ru/a"),
    ],
)
def test_one_spelling(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize("url", ["", "/a", "ftp://example.ru/", "javascript:alert(1)", "http://", "http://a..b/"])
def test_no_web_address(url: str) -> None:
    with pytest.raises(ValueError):
        canonical_url(url)


@pytest.mark.parametrize(
    ("url", "declared", "canonical"),
    [
        ("https://m.example.ru/a?page=1", "https://www.example.ru/a", "https://www.example.ru/a"),
        ("https://example.ru/news/5?x=1", "/news/5", "https://example.ru/news/5"),
        ("https://example.ru/a", "https://other.ru/b", "https://example.ru/a"),
        ("https://example.ru/a", "https://example.ru/", "https://example.ru/a"),
        ("https://example.ru/a", "javascript:0", "https://example.ru/a"),
        ("https://example.ru/a", "https://example.ru:99999/", "https://example.ru/a"),
        ("https://one.github.io/a", "https://two.github.io/b", "https://one.github.io/a"),
        ("https://one.msk.ru/a", "https://two.msk.ru/b", "https://one.msk.ru/a"),
        ("http://127.0.0.1:80/a", "http://127.0.0.2/b", "http://127.0.0.1/a"),
    ],
)
def test_a_declaration_counts_within_one_site(url: str, declared: str, canonical: str) -> None:
    assert canonical_url(url, declared) == canonical


def test_sites() -> None:
    assert same_site("https://m.example.co.uk/", "https://www.example.co.uk/")
    assert not same_site("https://a.co.uk/", "https://b.co.uk/")
    assert same_site("http://localhost/", "http://localhost:8080/")


def test_the_id_is_the_sha1_of_the_canonical_url() -> None:
    assert article_id("https://example.ru/a") == "news:fec64008cd6da8ae3e437508eca879ff0c984104"


@given(
    st.from_regex(
        r"https?://[a-z]{1,8}\.ru(:[1-9][0-9]{1,3})?(/[a-zа-я0-9]{0,5}){0,3}(\?[a-z]=[a-z0-9&=_]{0,9})?", fullmatch=True
    )
)
def test_it_is_idempotent(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)
