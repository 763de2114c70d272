import pytest

from text import AuthorHasher


def test_the_hash_depends_on_key_service_and_author():
    one = AuthorHasher(b"k" * 32)
    assert one.hash("vk", "123") == one.hash("vk", "123")
    assert len(one.hash("vk", "123")) == 32
    others = {one.hash("vk", "124"), one.hash("telegram", "123"), AuthorHasher(b"l" * 32).hash("vk", "123")}
    assert one.hash("vk", "123") not in others
    assert len(others) == 3


def test_a_long_key_is_used_whole():
    assert AuthorHasher(b"k" * 80).hash("vk", "1") != AuthorHasher(b"k" * 79 + b"l").hash("vk", "1")


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match=r"^author key has 5 bytes, 32 are needed$"):
        AuthorHasher(b"short")
