"""Samples that are too many to be held: a scratch file that is written and read in blocks, at any place."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from cutroom.measures.sound import BLOCK

_WIDTH = 4


class Source(Protocol):
    """Sound of which any part can be read, as often as wanted."""

    def __len__(self) -> int:
        """How many samples there are."""
        ...

    def read(self, begin: int, end: int) -> NDArray[np.float32]:
        """Samples `begin` to `end`, shape (end - begin, channels); outside of the sound there is silence."""
        ...


class Held:
    """A sound that lies in memory."""

    def __init__(self, samples: NDArray[np.float32]) -> None:
        """`samples` of shape (n, channels)."""
        self._samples = samples

    def __len__(self) -> int:
        """How many samples there are."""
        return len(self._samples)

    def read(self, begin: int, end: int) -> NDArray[np.float32]:
        """Samples `begin` to `end`; silence outside."""
        out = np.zeros((end - begin, self._samples.shape[1]), np.float32)
        first, last = max(0, begin), min(len(self), end)
        if last > first:
            out[first - begin : last - begin] = self._samples[first:last]
        return out


class Tape:
    """A scratch file of float32 samples. It has no name in the folder, and is gone when it is closed."""

    def __init__(self, folder: Path | None = None, *, channels: int = 2) -> None:
        """Empty. `folder` is where the file lies: the system's own place for such files when it is None.

        Raises OSError.
        """
        self.channels = channels
        self._count = 0
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - it is closed by `close`

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()

    def close(self) -> None:
        """Gives its place on the disk back."""
        self._file.close()

    def __len__(self) -> int:
        """How many samples there are."""
        return self._count

    def read(self, begin: int, end: int) -> NDArray[np.float32]:
        """Samples `begin` to `end`, shape (end - begin, channels); silence outside. Raises OSError."""
        out = np.zeros((end - begin, self.channels), np.float32)
        first, last = max(0, begin), min(self._count, end)
        if last > first:
            self._file.seek(first * self.channels * _WIDTH)
            place = out[first - begin : last - begin].data.cast("B")
            while place:
                got = self._file.readinto(place)
                if not got:
                    raise OSError("a scratch file ended before its end")
                place = place[got:]
        return out

    def write(self, samples: NDArray[np.float32], at: int | None = None) -> None:
        """Writes `samples` (n, channels) at sample `at`, or behind the last one. Raises OSError."""
        if not len(samples):
            return
        at = self._count if at is None else at
        self._file.seek(at * self.channels * _WIDTH)
        data = np.ascontiguousarray(samples, np.float32).data.cast("B")
        while data:
            data = data[self._file.write(data) or 0 :]
        self._count = max(self._count, at + len(samples))

    def add(self, samples: NDArray[np.float32], at: int) -> None:
        """Adds `samples` to what is there. Raises OSError."""
        self.write(self.read(at, at + len(samples)) + samples, at)


def blocks_of(source: Source, size: int = BLOCK) -> Iterator[NDArray[np.float32]]:
    """All of `source` in blocks; the last one may be shorter."""
    for begin in range(0, len(source), size):
        yield source.read(begin, min(begin + size, len(source)))
