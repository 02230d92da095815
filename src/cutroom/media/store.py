"""A content-addressed store: every blob lies under the SHA-256 of its bytes and is never changed.

A blob is written to a temporary file in the same folder, synced, and renamed: after a crash it is whole or not there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cutroom.errors import BrokenProduction, NoSpace
from cutroom.media.kinds import Media

CHUNK = 1 << 20


class Blob(NamedTuple):
    """What a store says about bytes that it took in."""

    digest: str
    bytes: int


def digest_of(path: Path) -> Blob:
    """The SHA-256 and size of a file's bytes, read in chunks."""
    seen = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            seen.update(chunk)
            size += len(chunk)
    return Blob(seen.hexdigest(), size)


class Store:
    """A folder of blobs: ``ab/abcdef….jpg``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, media: Media) -> Path:
        """Where the bytes of `media` lie. Raises BrokenProduction when they are gone."""
        path = self.place(media.digest, media.suffix)
        if not path.is_file():
            raise BrokenProduction(
                f"{path}: the store has lost this {media.medium}; run the same command again to make it anew"
            )
        return path

    def has(self, media: Media) -> bool:
        """True when the bytes lie here, with the size that they should have."""
        path = self.place(media.digest, media.suffix)
        return path.is_file() and path.stat().st_size == media.bytes

    def place(self, digest: str, suffix: str) -> Path:
        """Where a blob with this digest belongs, whether it is there or not."""
        return self.root / digest[:2] / f"{digest}{suffix}"

    def add(self, path: Path, suffix: str) -> Blob:
        """Take in a copy of the file at `path`. Raises NoSpace when the disk is full."""
        known = digest_of(path)
        place = self.place(known.digest, suffix)
        if place.is_file() and place.stat().st_size == known.bytes:
            return known
        return self._take_in(lambda temporary: shutil.copyfile(path, temporary), suffix)

    def add_bytes(self, data: bytes, suffix: str) -> Blob:
        """Take in `data`. Raises NoSpace when the disk is full."""
        return self._take_in(lambda temporary: temporary.write_bytes(data), suffix)

    def move_in(self, path: Path, suffix: str) -> Blob:
        """Take in the file at `path` itself, which must lie on the same disk (a performer's own output)."""
        return self._take_in(lambda temporary: os.replace(path, temporary), suffix)

    def scratch(self) -> Path:
        """A new folder for work in progress, on the same disk; whoever asks for it removes it."""
        self.root.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="work-", dir=self.root))

    def _take_in(self, write, suffix: str) -> Blob:  # noqa: ANN001 - a callable of one path, whatever it returns
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="new-", dir=self.root)
            os.close(handle)
            temporary = Path(name)
            try:
                write(temporary)
                blob = digest_of(temporary)
                place = self.place(blob.digest, suffix)
                place.parent.mkdir(exist_ok=True)
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
                temporary.chmod(0o644)
                os.replace(temporary, place)
            finally:
                with suppress(FileNotFoundError):
                    temporary.unlink()
            folder = os.open(place.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES):
                raise NoSpace(
                    f"{self.root}: {error.strerror}; free some space, or choose another place with -o"
                ) from error
            raise
        return blob
