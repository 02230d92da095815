"""Where encoded stretches and encoded sound are kept between renders: files named by their key, in the store's folder.

A file is written beside, synced, and takes its name when it is whole. Losing one costs only the time to make it anew.
Work in progress is claimed by its process with a lock that the system takes back when the process ends, however it
ends: what nobody claims any more was left behind, and the next render takes it away.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from cutroom.media.store import Store

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None

FORGOTTEN = 6 * 3600.0
"""Where the system has no such locks, what nobody has written to for so many seconds belongs to nobody any more."""

_CLAIM = "claimed"
"""The file in a folder for work in progress that its process holds."""


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

    def sizes(self) -> Mapping[str, int]:
        """Everything that is kept: bytes by key."""
        found: dict[str, int] = {}
        for path in self._files():
            with suppress(FileNotFoundError):
                found[path.stem] = found.get(path.stem, 0) + path.stat().st_size
        return found

    def keep_only(self, keys: Iterable[str], *, dry_run: bool = False) -> int:
        """Takes away all files but those with these keys. Returns how many bytes that freed.

        With `dry_run` nothing is taken away, and what would be freed is returned. What a render that is under way now
        has just put there may go too: ask `busy` before. Raises OSError where files cannot be removed.
        """
        kept, freed = set(keys), 0
        for path in self._files():
            if path.stem in kept:
                continue
            with suppress(FileNotFoundError):
                freed += path.stat().st_size
                if not dry_run:
                    path.unlink()
        return freed

    @property
    def busy(self) -> bool:
        """True while some process makes stretches here."""
        return any(not abandoned(folder / _CLAIM) for folder in self.root.glob("new-*"))

    @contextmanager
    def bench(self) -> Iterator[Path]:
        """A folder for work in progress, on the same disk; it goes away with all that is left in it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            # One at a time: nobody may take a folder away between its making and its being claimed.
            with claimed(self.root / "tidying"):
                self._tidy()
                folder = Path(tempfile.mkdtemp(prefix="new-", dir=self.root))
                held.callback(shutil.rmtree, folder, ignore_errors=True)
                held.enter_context(claimed(folder / _CLAIM))
            yield folder

    def _files(self) -> Iterator[Path]:
        return self.root.glob("[0-9a-f][0-9a-f]/*")

    def _tidy(self) -> None:
        """Takes away what somebody who was killed left behind."""
        for folder in self.root.glob("new-*"):
            if abandoned(folder / _CLAIM):
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """While this lasts, the file at `path` (made if need be) is this process's own; others wait for it."""
    if fcntl is None:
        path.touch()
        yield
        return
    while True:
        with path.open("ab") as file:
            with suppress(OSError):  # a disk that knows no locks: nothing there ever counts as abandoned
                fcntl.flock(file, fcntl.LOCK_EX)
            if _same(file.fileno(), path):
                yield
                return
            # While we waited, whoever held it took it away: what we hold is not there any more.


def abandoned(path: Path) -> bool:
    """True when whoever `claimed` the file at `path` has ended, however it ended."""
    try:
        with path.open("rb") as file:
            return _old(path) if fcntl is None else _free(file.fileno())
    except FileNotFoundError:
        return _old(path.parent)
    except OSError:
        return False


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _free(handle: int) -> bool:
    assert fcntl is not None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _old(path: Path) -> bool:
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > FORGOTTEN
    return False


def sweep(out: Path) -> None:
    """Takes away half-made files that renders of `out` left when they were killed (see `beside`)."""
    for path in out.parent.glob(f"{glob.escape(_stem(out))}????????.part"):
        with suppress(OSError):
            if abandoned(path):
                path.unlink()


def beside(out: Path) -> Path:
    """Makes an empty file beside `out`, on the same disk, to be filled and put in its place. Returns its path."""
    handle, name = tempfile.mkstemp(prefix=_stem(out), suffix=".part", dir=out.parent)
    os.close(handle)
    return Path(name)


def _stem(out: Path) -> str:
    return f".{out.stem[:40]}-"
