"""The file of a model: what is written is what is read, and everything else is refused with a reason."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from classifier import Classifier, Model, ModelError
from classifier.head import TextHead
from classifier.model import shipped
from classifier.modelfile import digest, pack_strings, read, unpack_strings, write

ADVICE = "Возьмите файл из выпуска программы или обучите модель заново: otklik train."
ARRAYS = {"b": np.arange(6, dtype=np.int8).reshape(2, 3), "a": np.array([0.5, -1.0])}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "m.npz"
    write(path, {"kind": "head"}, ARRAYS)
    return path


def _message(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read(path)
    return str(caught.value)


def _rewrite(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    members[name] = content
    with zipfile.ZipFile(path, "w") as new:
        for key, value in members.items():
            new.writestr(key, value)


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def test_what_is_written_is_read(file: Path) -> None:
    header, arrays = read(file)
    assert header["kind"] == "head"
    assert header["sha256"] == digest(header, ARRAYS)
    assert {name: array.tolist() for name, array in arrays.items()} == {n: a.tolist() for n, a in ARRAYS.items()}
    assert arrays["b"].dtype == np.int8


def test_same_contents_give_the_same_bytes(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    write(other, {"kind": "head"}, dict(reversed(ARRAYS.items())))
    assert other.read_bytes() == file.read_bytes()
    assert list(tmp_path.glob("*.part")) == []


def test_numpy_reads_it_without_pickles(file: Path) -> None:
    with np.load(file, allow_pickle=False) as loaded:
        assert loaded["a"].tolist() == [0.5, -1.0]


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.npz"
    assert _message(path) == f"Файл модели {path} не читается: нет такого файла или папки. {ADVICE}"


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99])
def test_a_truncated_file(file: Path, keep: float) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw[: int(keep * len(raw)) if isinstance(keep, float) else keep])
    assert _message(file) == f"Файл модели {file} повреждён или это не модель Отклика. {ADVICE}"


def test_every_flipped_byte_is_noticed_or_harmless(file: Path) -> None:
    raw = file.read_bytes()
    expected = read(file)
    noticed = 0
    for position in range(len(raw)):
        broken = bytearray(raw)
        broken[position] ^= 0xFF
        file.write_bytes(bytes(broken))
        try:
            header, arrays = read(file)
        except ModelError:
            noticed += 1
        else:  # dates and attributes of the zip, which carry nothing
            assert header == expected[0]
            assert all((arrays[name] == array).all() for name, array in expected[1].items())
    assert noticed > 0.7 * len(raw)


def test_changed_numbers_do_not_pass_the_checksum(file: Path) -> None:
    _rewrite(file, "a.npy", _npy(np.array([0.5, -1.5])))
    assert _message(file) == f"Файл модели {file} повреждён: контрольная сумма не сходится. {ADVICE}"


def test_pickled_members_are_refused_unread(file: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (pytest.fail, ("a pickle was loaded",))

    _rewrite(file, "a.npy", _npy(np.array([Bomb()], dtype=object)))
    assert _message(file) == f"Файл модели {file} повреждён или это не модель Отклика. {ADVICE}"
    file.write_bytes(pickle.dumps({"a": 1}))
    assert _message(file) == f"Файл модели {file} повреждён или это не модель Отклика. {ADVICE}"


def test_a_foreign_npz(tmp_path: Path) -> None:
    path = tmp_path / "foreign.npz"
    np.savez(path, weights=np.zeros(3))
    assert _message(path) == f"Файл {path} — не модель Отклика: в нём нет её заголовка. {ADVICE}"


def test_a_newer_format(file: Path) -> None:
    header, _ = read(file)
    header["format_version"] = 4
    _rewrite(file, "header.npy", _npy(np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)))
    assert _message(file) == (
        f"Файл модели {file} записан в формате 4, эта программа понимает формат до 3. "
        "Обновите программу или возьмите модель из её выпуска."
    )


def test_an_older_format(file: Path) -> None:
    header, _ = read(file)
    header["format_version"] = 1
    _rewrite(file, "header.npy", _npy(np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)))
    assert _message(file) == (
        f"Файл модели {file} записан в старом формате 1, эта программа понимает формат с 3. "
        "Обучите модель заново: otklik train, или возьмите её из выпуска программы."
    )


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("a.npy", "w", force_zip64=True) as member:
        for _ in range(33):
            member.write(bytes(16 * 1024 * 1024))
    size = 33 * 16 * 1024 * 1024
    assert _message(path) == f"Файл модели {path} распаковывается в {size} байт, допустимо 536870912. {ADVICE}"


def test_a_head_in_place_of_the_model_and_the_other_way_round(file: Path) -> None:
    with pytest.raises(ModelError) as caught:
        Classifier.load(file)
    assert str(caught.value) == (
        f"В файле {file} отдельная голова (--head), а нужна основная модель (темы и значимость). Проверьте путь."
    )
    with pytest.raises(ModelError) as caught:
        TextHead.load(shipped())
    assert str(caught.value) == (
        f"В файле {shipped()} основная модель (темы и значимость), а нужна отдельная голова (--head). Проверьте путь."
    )


def test_a_sound_file_with_arrays_missing(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    write(path, {"kind": "classifier"}, ARRAYS)
    with pytest.raises(ModelError) as caught:
        Model.load(path)
    assert str(caught.value) == f"Файл модели {path} не годится этой программе: 'topic.labels'. Обновите программу."


@pytest.mark.parametrize("strings", [[], ["вода"], ["вода", "нет вода", "отопл*"]])
def test_strings_survive_packing(strings: list[str]) -> None:
    assert unpack_strings(pack_strings(strings)) == strings
