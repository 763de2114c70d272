"""Many short texts in one piece of memory: a hundred thousand `str`s would take ten times the room."""

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt


class Strings(Sequence[str]):
    """Lines of a UTF-8 blob, decoded when asked for."""

    def __init__(self, blob: npt.NDArray[np.uint8]) -> None:
        self._blob = blob.tobytes()
        ends = np.flatnonzero(blob == ord("\n"))
        self._bounds = np.concatenate([[-1], ends, [len(blob)]]).astype(np.int64)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[number] for number in range(len(self))[at]]
        if at < 0 or at >= len(self):
            raise IndexError(at)
        return self._blob[self._bounds[at] + 1 : self._bounds[at + 1]].decode()


class Groups:
    """Numbers in consecutive groups, of which `[i]` is the i-th."""

    def __init__(self, members: npt.NDArray[np.integer], bounds: npt.NDArray[np.integer]) -> None:
        """`bounds` are the beginnings of the groups and the end of the last."""
        self._members = members
        self._bounds = bounds

    @classmethod
    def by_key(cls, keys: npt.NDArray[np.integer], members: npt.NDArray[np.integer], count: int) -> "Groups":
        """Members by their key, which is below `count`; the order of members stays."""
        order = np.argsort(keys, kind="stable")
        return cls(members[order], np.searchsorted(keys[order], np.arange(count + 1)))

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def empty(self, at: int) -> bool:
        """Whether the i-th group has no members."""
        return bool(self._bounds[at] == self._bounds[at + 1])

    def __getitem__(self, at: int) -> list[int]:
        found: list[int] = self._members[self._bounds[at] : self._bounds[at + 1]].tolist()
        return found
