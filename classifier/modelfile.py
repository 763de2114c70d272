"""The file of a model: an npz without pickles, with a JSON header and a checksum over its contents.

Members: `header` (UTF-8 JSON as bytes) and any number of plain arrays. The same arrays and header give the same bytes
on every machine with the same zlib, because members are sorted and carry a fixed date.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from text.refusal import refusal

FORMAT = "otklik-model"
FORMAT_VERSION = 3
"""Rises when an older program can no longer read the file. 2: topics and heads are nets, not matrices.
3: what tokens keep is turned into the hidden layer."""
OLDEST_VERSION = 3
"""What is older is refused: a model is made again in minutes, and two ways to judge would have to be kept true."""
MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""The shipped model unpacks to some 12 MB; a file that claims fifty times as much is damaged or hostile."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_HEADER = "header"
_ADVICE = "Возьмите файл из выпуска программы или обучите модель заново: otklik train."

Array = npt.NDArray[Any]


class ModelError(Exception):
    """A model's file can't be used; the message (Russian) says what is wrong, where, and what to do."""


def digest(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    """SHA-256 over the header without its own checksum and over name, type, shape and bytes of every array."""
    total = sha256()
    rest = {key: value for key, value in header.items() if key != "sha256"}
    total.update(json.dumps(rest, ensure_ascii=False, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        total.update(array.tobytes())
    return total.hexdigest()


def write(path: Path, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
    """Write a model's file in one step (a half-written file is never seen) and return its checksum."""
    full = {"format": FORMAT, "format_version": FORMAT_VERSION, **header}
    full["sha256"] = digest(full, arrays)
    encoded = np.frombuffer(json.dumps(full, ensure_ascii=False, sort_keys=True).encode(), dtype=np.uint8)
    members = {_HEADER: encoded, **arrays}
    temporary = path.with_name(path.name + ".part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name in sorted(members):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(members[name]), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _ZIP_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            file.writestr(info, buffer.getvalue())
    temporary.replace(path)
    return str(full["sha256"])


def read(source: Path | Traversable) -> tuple[dict[str, Any], dict[str, Array]]:
    """Header and arrays of a model's file, after every check.

    Raises:
        ModelError: the file is missing, damaged, foreign or of a newer format.
    """
    try:
        raw = source.read_bytes()
    except OSError as error:
        raise ModelError(f"Файл модели {source} не читается: {refusal(error)}. {_ADVICE}") from error
    try:
        arrays = _members(raw, source)
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, KeyError, NotImplementedError) as error:
        raise ModelError(f"Файл модели {source} повреждён или это не модель Отклика. {_ADVICE}") from error
    header = _header(arrays.pop(_HEADER, None), source)
    if header.get("sha256") != digest(header, arrays):
        raise ModelError(f"Файл модели {source} повреждён: контрольная сумма не сходится. {_ADVICE}")
    return header, arrays


def _members(raw: bytes, source: Path | Traversable) -> dict[str, Array]:
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        unpacked = sum(info.file_size for info in file.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise ModelError(
                f"Файл модели {source} распаковывается в {unpacked} байт, допустимо {MAX_UNPACKED_BYTES}. {_ADVICE}"
            )
        return {
            info.filename.removesuffix(".npy"): np.lib.format.read_array(
                io.BytesIO(file.read(info)), allow_pickle=False
            )
            for info in file.infolist()
        }


def _header(encoded: Array | None, source: Path | Traversable) -> dict[str, Any]:
    try:
        header = json.loads(encoded.tobytes()) if encoded is not None else None
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ModelError(f"Файл {source} — не модель Отклика: в нём нет её заголовка. {_ADVICE}")
    version = header.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise ModelError(
            f"Файл модели {source} записан в формате {version}, эта программа понимает формат до {FORMAT_VERSION}. "
            "Обновите программу или возьмите модель из её выпуска."
        )
    if version < OLDEST_VERSION:
        raise ModelError(
            f"Файл модели {source} записан в старом формате {version}, эта программа понимает формат с "
            f"{OLDEST_VERSION}. Обучите модель заново: otklik train, или возьмите её из выпуска программы."
        )
    return header


def pack_strings(strings: list[str]) -> Array:
    """Strings without line breaks as one array of bytes."""
    return np.frombuffer("\n".join(strings).encode(), dtype=np.uint8)


def unpack_strings(array: Array) -> list[str]:
    """The inverse of `pack_strings`."""
    joined = array.tobytes().decode()
    return joined.split("\n") if joined else []
