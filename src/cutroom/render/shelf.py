"""Where encoded stretches and encoded sound are kept between renders: files named by their key, in the store's folder.

A file is written beside, synced, and takes its name when it is whole. Losing one costs only the time to make it anew.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cutroom.media.store import Store

FORGOTTEN = 6 * 3600.0
"""A folder for work in progress in which nothing has happened for so many seconds belongs to nobody any more."""


class Shelf:
    """A folder of files, ``ab/abcdef….mp4``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def of(cls, store: Store) -> Shelf:
        """The one that belongs to a store."""
        return cls(store.root / "segments")

    def place(self, key: str, suffix: str) -> Path:
        """Where the file with this key belongs, whether it is there or not."""
        return self.root / key[:2] / f"{key}{suffix}"

    def has(self, key: str, suffix: str) -> bool:
        """True when it is there."""
        return self.place(key, suffix).is_file()

    def put(self, key: str, path: Path) -> Path:
        """Keeps the file at `path` (made in `bench`) under this key. Returns its place. Raises OSError."""
        place = self.place(key, path.suffix)
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(path, place)
        return place

    def drop(self, path: Path) -> None:
        """Takes away a file that turned out to be damaged."""
        path.unlink(missing_ok=True)

    def keep_only(self, keys: Iterable[str]) -> int:
        """Takes away all files but those with these keys. Returns how many bytes that freed."""
        kept, freed = set(keys), 0
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if path.stem not in kept:
                freed += path.stat().st_size
                path.unlink(missing_ok=True)
        return freed

    @contextmanager
    def bench(self) -> Iterator[Path]:
        """A folder for work in progress, on the same disk; it goes away with all that is left in it."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._tidy()
        folder = Path(tempfile.mkdtemp(prefix="new-", dir=self.root))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _tidy(self) -> None:
        """Takes away what somebody who was killed left behind."""
        for folder in self.root.glob("new-*"):
            with suppress(FileNotFoundError):
                if time.time() - folder.stat().st_mtime > FORGOTTEN:
                    shutil.rmtree(folder, ignore_errors=True)
