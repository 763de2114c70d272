import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text import MAX_CHARS, clean, clean_cut


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("Нет воды.<br>Второй день<br/>ждём", "Нет воды.\nВторой день\nждём"),
        ("<p>Яма</p><p>у школы</p>", "Яма\n\nу школы"),
        ("свет &amp; тепло&nbsp;&laquo;есть&raquo;", "свет & тепло «есть»"),
        ("портал пишет &lt;br&gt;так", "портал пишет\nтак"),
        ("<script>alert('x')</script>слово<!-- примечание -->", "слово"),
        ("давление < 5 и > 3", "давление < 5 и > 3"),
        ("[club123|Типичный Миасс], почему", "Типичный Миасс, почему"),
        ("[https://vk.com/wall-1_2|Как было], почему", "Как было, почему"),
        ("[https://vk.com/club123|Типичный Миасс]", "Типичный Миасс"),
        ("[https://gorod74.example/novost|Новость]", "Новость"),
        ("[https://vk.com/id123|Анна Иволгина], помогите", "[упоминание], помогите"),
        ("[https://m.vk.com/anna.ivolgina|Анна Иволгина]", "[упоминание]"),
        ("ну\u200bль ши\u00adри\u2060ны", "нуль ширины"),
        ("нуль\x00байт\x07", "нуль байт"),
        ("оди\u202eноко", "одиноко"),
        ("е\u0308лка", "ёлка"),
        ("8\ufe0f\u20e39\ufe0f\u20e31\u20e3", "891"),
        ("много    пробелов \n \n\n\n и строк", "много пробелов\n\nи строк"),
        ("\ud83d половина знака", "? половина знака"),
        ("@club12 (Наш город), ответьте", "Наш город, ответьте"),
        ("*event7(Субботник) завтра", "Субботник завтра"),
        ("[#alias|сайт мэрии|https://example.org/a]", "сайт мэрии"),
        ("[#alias|Анна|https://vk.com/id1]", "[упоминание]"),
        ("[https://vk.com/wall-1_2|здесь] и [club1|@gorod]", "здесь и @gorod"),
        ("<div><div><p>нет <b>во<i>ды</i></b></p></div></div>", "нет во ды"),
        ("сто\u0301ит", "сто\u0301ит"),
        ("\u3164нет\U000e0067 воды\ufff9", "нет воды"),
        ("\uff18\uff19\uff11\uff12 и \U0001d7d6", "8912 и 8"),
        ("8\u03369\u03361\u0336", "891"),
        ("⁸⁹¹²³ и 5 м²", "89123 и 5 м²"),
        ("", ""),
    ],
)
def test_clean(raw, plain):
    assert clean(raw) == plain


def test_long_text_is_cut_and_said_to_be():
    assert clean_cut("слово " * 10_000)[1] is True
    assert len(clean("а" * 1_000_000)) == MAX_CHARS
    assert clean_cut("коротко") == ("коротко", False)


def test_a_cut_leaves_no_half_of_a_number():
    raw = "а" * (MAX_CHARS - 8) + " +7 (912) 345-67-89"
    assert clean(raw) == "а" * (MAX_CHARS - 8)


@pytest.mark.parametrize("half", ["[id123|Анна Ив", "[https://vk.com/id123|Анна Ив", "[id12"])
def test_a_cut_leaves_no_half_of_a_mention(half):
    raw = "а" * (MAX_CHARS - len(half) - 1) + " " + half
    assert clean(raw + "олгина], помогите") == raw.removesuffix(half).strip()


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_any_text_gives_text_without_invisible_characters(raw):
    plain = clean(raw)
    plain.encode()
    assert "\x00" not in plain
    assert "\u200b" not in plain
    assert plain == plain.strip()


@pytest.mark.parametrize(
    "hostile",
    [
        *("<a", "<!--", "<script>", "&lt;", "<!-- -->", "\n ", "&#60;b"),
        *("[club1|", "[club1:", "[club1:a|", "[https://", "[https://a|", "[#alias|", "[#alias|a|", "@club1 ("),
    ],
)
def test_hostile_repetition_takes_bounded_time(hostile):
    best = 1.0
    for _ in range(3):  # the machine is shared
        start = time.process_time()
        clean(hostile * 20_000)
        best = min(best, time.process_time() - start)
    assert best < 0.05, "quadratic: a linear pass takes about 10 ms, a quadratic one 80 and more"
