import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.news.encoding import decode

TEXT = "<html><body><h1>В Копейске вторые сутки нет воды</h1><p>Жители улицы Кирова жалуются на сухие краны.</p></body>"
PAGE = '<html><head><meta charset="{label}"></head><body>' + TEXT + "</body></html>"


@pytest.mark.parametrize("real", ["utf-8", "cp1251", "koi8-r", "cp866", "iso8859-5"])
@pytest.mark.parametrize("label", ["utf-8", "windows-1251", "koi8-r", None])
def test_the_header_may_lie(real: str, label: str | None) -> None:
    content_type = f"text/html; charset={label}" if label else "text/html"
    assert decode(TEXT.encode(real), content_type) == (TEXT, real)


@pytest.mark.parametrize("real", ["utf-8", "cp1251", "koi8-r"])
@pytest.mark.parametrize("label", ["utf-8", "windows-1251", "koi8-r", "iso-8859-1", "hex", "no-such"])
def test_the_page_may_lie(real: str, label: str) -> None:
    page = PAGE.format(label=label)
    assert decode(page.encode(real), "text/html") == (page, real)


@pytest.mark.parametrize("name", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_the_last_word(name: str) -> None:
    assert decode(TEXT.encode(name), "text/html; charset=windows-1251")[0] == TEXT


def test_utf_16_by_its_header() -> None:
    assert decode(TEXT.encode("utf-16-le"), "text/xml; charset=utf-16le")[0] == TEXT


def test_the_operator_has_the_last_word() -> None:
    assert decode("да".encode("koi8-r"), "text/html; charset=utf-8", "koi8-r") == ("да", "koi8-r")


def test_a_cut_utf_8_page_stays_utf_8() -> None:
    text, name = decode((TEXT * 5).encode()[:-40] + b"\xd0", "text/html")
    assert name == "utf-8"
    assert text.endswith("\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize("body", [b"", b"plain ascii", b"\xff\xfe", b"\x00\x01\x02", bytes(range(256))])
def test_anything_is_read_somehow(body: bytes) -> None:
    text, name = decode(body)
    assert isinstance(text, str)
    assert codecs.lookup(name)


@given(st.binary(max_size=300), st.sampled_from([None, "text/html", "text/html; charset=koi8-r", "a; charset=idna"]))
def test_nothing_makes_it_fail(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode(body, content_type)[0], str)
