"""The file of the gazetteer: an npz of plain columns without pickles. The same columns give the same bytes."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


class PlacesError(Exception):
    """The gazetteer can't be read; the message is in Russian."""


def write(path: Path, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write the columns, sorted by name and with a fixed date."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for name in sorted(columns):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(columns[name]), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", _ZIP_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            file.writestr(info, buffer.getvalue())


def read(source: Path | Traversable) -> dict[str, npt.NDArray[Any]]:
    """The columns of a file.

    Raises:
        PlacesError: the file is missing or damaged.
    """
    try:
        with np.load(io.BytesIO(source.read_bytes()), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise PlacesError(f"Справочник мест {source} не читается: {error}. Переустановите программу.") from error
