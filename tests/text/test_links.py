import pytest

from text.links import page_key, quoted_page


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.news.example/2026/02/09/musor/", "news.example/2026/02/09/musor"),
        ("http://m.news.example/2026/02/09/musor?utm_source=vk#top", "news.example/2026/02/09/musor"),
        ("https://vk.ru/wall-1_22", "vk.com/wall-1_22"),
        ("https://vk.com/typical?w=wall-1_22%2Fall", "vk.com/wall-1_22"),
        ("https://t.me/s/channel/78", "t.me/channel/78"),
        ("https://telegram.me/channel/78", "t.me/channel/78"),
        ("https://news.example/", None),
        ("https://news.example/society", None),
        ("https://vk.com/club1234567", None),
        ("https://t.me/channel", None),
        ("http://[broken", None),
    ],
)
def test_the_key_of_a_page(url: str, key: str | None) -> None:
    assert page_key(url) == key


def test_the_first_page_that_a_text_quotes() -> None:
    text = "Подписывайтесь: https://t.me/channel. Подробнее (https://news.example/2026/02/09/musor), фото https://vk.com/wall-1_22"
    assert quoted_page(text) == "news.example/2026/02/09/musor"
    assert quoted_page("Нет воды") is None
