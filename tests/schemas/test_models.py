from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from schemas import Post, SourceHealth, decode, headers, utc
from schemas.base import UnknownSchema

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
POST = Post(id="vk:-1_2", source="s", published=NOW, collected=NOW, text="Нет воды")


def test_a_record_reads_back_as_it_was_written():
    assert decode(Post, POST.encode(), headers(Post)) == POST


def test_unknown_fields_of_a_newer_writer_are_ignored():
    newer = POST.encode()[:-1] + b',"mood":"bad"}'
    assert decode(Post, newer, headers(Post)) == POST


def test_another_schema_is_refused():
    with pytest.raises(UnknownSchema, match=r"^record has schema 'post/2', this reader understands 'post/1'$"):
        decode(Post, POST.encode(), {"schema": "post/2"})
    with pytest.raises(UnknownSchema):
        decode(SourceHealth, POST.encode(), headers(Post))


def test_times_are_kept_in_utc_and_naive_ones_refused():
    local = datetime(2026, 1, 2, 8, 4, tzinfo=timezone(timedelta(hours=5)))
    assert POST.model_copy(update={"published": local}).published == NOW
    assert Post(**{**POST.model_dump(), "published": local}).published.tzinfo is UTC
    with pytest.raises(ValidationError):
        Post(**{**POST.model_dump(), "published": datetime(2026, 1, 2)})
    with pytest.raises(ValueError, match="naive"):
        utc(datetime(2026, 1, 2))


def test_models_are_frozen():
    with pytest.raises(ValidationError):
        POST.text = "другое"
