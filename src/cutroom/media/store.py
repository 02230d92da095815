"""A content-addressed store: every blob lies under the SHA-256 of its bytes and is never changed.

A blob is written to a temporary file in the same folder, synced, and renamed: after a crash it is whole or not there. The
first time that a process reads a blob, its bytes are compared with their name; what does not fit is set aside as
``….damaged`` and counts as gone, so that it is made, or read in, again.

A store may have a share (`media.share`): what is taken in goes there too, and what is not here comes from there. A share
that cannot be reached costs the sharing, not the film: what could not be sent is sent the next time.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cutroom.errors import BrokenProduction, Damaged, NoSpace, TryLater
from cutroom.media.claims import Claims
from cutroom.media.holder import left_behind, own_name
from cutroom.media.kinds import Media
from cutroom.media.share import Share, sync
from cutroom.media.takes import Takes

CHUNK = 1 << 20

NOT_WRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})
"""What a disk says that is full, or closed to us, or broken: nothing that another attempt would mend."""

READABLE = 0o644
"""How blobs lie there: to be read by everybody, and changed by nobody else."""

AWAY = 30.0
"""For so many seconds nothing is sent to a share that could not be reached."""

DAMAGED = ".damaged"
"""What is added to the name of a blob whose bytes are not those that were kept."""


class Blob(NamedTuple):
    """What a store says about bytes that it took in."""

    digest: str
    bytes: int


class _Mark(NamedTuple):
    """What a file must still be for its bytes to be known."""

    size: int
    changed: int
    node: int


_INTACT: dict[str, _Mark] = {}
"""Files whose bytes this process has compared with their name, by path."""


def digest_of(path: Path) -> Blob:
    """The SHA-256 and size of a file's bytes, read in chunks."""
    with path.open("rb") as file:
        return _digest(file)


def _digest(file: BinaryIO, copy: BinaryIO | None = None) -> Blob:
    seen = hashlib.sha256()
    size = 0
    while chunk := file.read(CHUNK):
        seen.update(chunk)
        size += len(chunk)
        if copy is not None:
            copy.write(chunk)
    return Blob(seen.hexdigest(), size)


class Store:
    """A folder of blobs, ``ab/abcdef….jpg``, and records of takes."""

    def __init__(self, root: Path, share: Share | None = None) -> None:
        self.root = root
        self.share = share
        self.takes = Takes(self)
        self._sent: set[str] = set()
        self._away_until = 0.0

    def __reduce__(self) -> tuple[object, ...]:
        """Only where it lies: another process opens its own."""
        return Store, (self.root, self.share)

    @cached_property
    def claims(self) -> Claims | None:
        """Who makes which take now; None where nobody shares this store. Raises TryLater when it cannot be reached."""
        if (share := self._reached) is None:
            return None
        with self.reaching():
            return share.claims()

    # -- reading -------------------------------------------------------------------------------------------------

    def path(self, media: Media) -> Path:
        """Where the bytes of `media` lie, which are what they should be.

        Raises Damaged when they are gone or others than were kept, BrokenProduction when they cannot be read, and TryLater
        when they lie in a shared store that cannot be reached.
        """
        place = self.place(media.digest, media.suffix)
        damaged = place.with_name(place.name + DAMAGED)
        if self._intact(place, media.digest) or self._fetched(place, media.digest):
            return place
        what = (
            f"the bytes of this {media.medium} were damaged (they are set aside as {damaged.name})"
            if damaged.exists()
            else f"the store has lost this {media.medium}"
        )
        raise Damaged(f"{place}: {what}; run the same command again to make it anew")

    def has(self, media: Media) -> bool:
        """True when the bytes lie here or in the share, with the size that they should have; they are not read.

        Raises BrokenProduction where that cannot be told, and TryLater when a shared store cannot be reached.
        """
        mark = _mark(self.place(media.digest, media.suffix))
        if mark is not None and mark.size == media.bytes:
            return True
        if (share := self._reached) is None:
            return False
        with self.reaching():
            return share.size(_name(media.digest, media.suffix)) == media.bytes

    def place(self, digest: str, suffix: str) -> Path:
        """Where a blob with this digest belongs, whether it is there or not."""
        return self.root / digest[:2] / f"{digest}{suffix}"

    def _intact(self, place: Path, digest: str) -> bool:
        """True when the file is there and its bytes fit its name. What does not fit is set aside."""
        mark = _mark(place)
        if mark is None:
            return False
        name = os.path.abspath(place)  # noqa: PTH100 - as text, and without following links
        if _INTACT.get(name) == mark:
            return True
        try:
            found = digest_of(place)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unreadable(place, error) from error
        if found.digest == digest:
            _INTACT[name] = mark
            return True
        if _mark(place) == mark:  # nobody has put another one there meanwhile
            # A store that cannot be written keeps its damage; whoever asks is told all the same.
            with suppress(OSError):
                os.replace(place, place.with_name(place.name + DAMAGED))
        return False

    # -- taking in -----------------------------------------------------------------------------------------------

    def add(self, path: Path, suffix: str) -> Blob:
        """Take in a copy of the file at `path`. Raises NoSpace when the disk is full."""
        known = digest_of(path)
        if self._has_intact(known, suffix):
            return known
        with path.open("rb") as source:

            def copy(temporary: Path) -> Blob:
                with temporary.open("xb") as file:
                    return _digest(source, file)

            return self._take_in(copy, suffix)

    def add_bytes(self, data: bytes, suffix: str) -> Blob:
        """Take in `data`. Raises NoSpace when the disk is full."""
        known = Blob(hashlib.sha256(data).hexdigest(), len(data))
        if self._has_intact(known, suffix):
            return known

        def write(temporary: Path) -> Blob:
            temporary.write_bytes(data)
            return known

        return self._take_in(write, suffix)

    def move_in(self, path: Path, suffix: str) -> Blob:
        """Take in the file at `path` itself, which must lie on the same disk (a performer's own output)."""

        def move(temporary: Path) -> Blob:
            os.replace(path, temporary)
            return digest_of(temporary)

        return self._take_in(move, suffix)

    def scratch(self) -> Path:
        """A new folder for work in progress, on the same disk; whoever asks for it removes it. Raises NoSpace."""
        folder = self.root / own_name("work")
        with _writing(self.root):
            folder.mkdir(parents=True)
        return folder

    def sweep(self) -> int:
        """Takes away what processes of this machine that run no more had under way. Returns how many things that were."""
        swept = 0
        for path in self.under_way():
            if left_behind(path.name):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                swept += 1
        return swept

    def under_way(self) -> Iterator[Path]:
        """Folders and files of work in progress, of processes that live and of others."""
        if self.root.is_dir():
            yield from (path for path in self.root.iterdir() if path.name.startswith(("work-", "new-")))

    def _has_intact(self, known: Blob, suffix: str) -> bool:
        place = self.place(known.digest, suffix)
        if not self._intact(place, known.digest):
            return False
        self._send(_name(known.digest, suffix), place)
        return True

    def _take_in(self, fill: Callable[[Path], Blob], suffix: str) -> Blob:
        with self._temporary() as temporary:
            blob = fill(temporary)
            place = self.place(blob.digest, suffix)
            self._put(temporary, place)
        _note_intact(place)
        self._send(_name(blob.digest, suffix), place)
        return blob

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A name for a new file in this store; nothing is left of it. Raises NoSpace for what the disk refuses."""
        temporary = self.root / own_name("new")
        with _writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                yield temporary
            finally:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)

    def _put(self, temporary: Path, place: Path) -> None:
        """Gives a finished file its place, durably."""
        place.parent.mkdir(parents=True, exist_ok=True)
        sync(temporary)
        if stat.S_IMODE(temporary.stat().st_mode) != READABLE:
            temporary.chmod(READABLE)
        os.replace(temporary, place)
        sync(place.parent)

    # -- notes: small files that are named, not addressed by their bytes -------------------------------------------

    def read_note(self, name: str) -> bytes | None:
        """The note of this name, from here or from the share; None when there is none. Raises as `has` does."""
        path = self.root / name
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            raise _unreadable(path, error) from error
        if (share := self._reached) is None:
            return None
        with self.reaching():
            return share.read(name)

    def keep_note(self, name: str, data: bytes, about: Media) -> None:
        """Writes a note about `about` down, here and then in the share, where its bytes are by then. Raises NoSpace."""
        with self._temporary() as temporary:
            temporary.write_bytes(data)
            self._put(temporary, self.root / name)
        if _name(about.digest, about.suffix) in self.unsent():
            self._put_off(name)
        else:
            self._send(name, self.root / name, anew=True)

    def drop_note(self, name: str) -> None:
        """Takes a note away from here."""
        (self.root / name).unlink(missing_ok=True)

    # -- the share -------------------------------------------------------------------------------------------------

    def unsent(self) -> tuple[str, ...]:
        """What could not be sent to the share until now."""
        folder = self.root / "unsent"
        return tuple(sorted(path.name.replace("~", "/") for path in folder.iterdir())) if folder.is_dir() else ()

    def send_rest(self) -> tuple[str, ...]:
        """Tries again to send what could not be sent; blobs before the notes that name them. Returns what is left."""
        for name in sorted(self.unsent(), key=lambda name: (name.startswith("takes/"), name)):
            place = self.root / name
            gone = not place.is_file()
            if (gone or self._try_to_send(name, place)) and self._put_off_place(name).exists():
                self._put_off_place(name).unlink()
            if not gone and self._put_off_place(name).exists():
                break  # still away: the notes must not overtake their blobs
        return self.unsent()

    @cached_property
    def _reached(self) -> Share | None:
        """The share, once it is known that it can be used. Raises WrongUse, Unavailable or TryLater."""
        if self.share is not None:
            with self.reaching():
                self.share.check()
        return self.share

    def _send(self, name: str, place: Path, *, anew: bool = False) -> None:
        if self._reached is None or (name in self._sent and not anew):
            return
        # A share that is away costs a while to find out: not for every blob.
        if time.monotonic() < self._away_until or not self._try_to_send(name, place, anew=anew):
            self._put_off(name)

    def _try_to_send(self, name: str, place: Path, *, anew: bool = False) -> bool:
        assert self.share is not None
        try:
            if anew or self.share.size(name) != place.stat().st_size:
                self.share.put(place, name)
        except OSError:
            self._away_until = time.monotonic() + AWAY
            return False
        self._sent.add(name)
        return True

    def _put_off(self, name: str) -> None:
        with _writing(self.root):
            self._put_off_place(name).parent.mkdir(parents=True, exist_ok=True)
            self._put_off_place(name).touch()

    def _put_off_place(self, name: str) -> Path:
        return self.root / "unsent" / name.replace("/", "~")

    def _fetched(self, place: Path, digest: str) -> bool:
        """True when the bytes came from the share and fit their name."""
        if (share := self._reached) is None:
            return False
        name = _name(digest, place.suffix)
        with self._temporary() as temporary:
            with self.reaching():
                if not share.fetch(name, temporary):
                    return False
            if digest_of(temporary).digest != digest:
                with suppress(OSError):
                    share.set_aside(name)
                return False
            self._put(temporary, place)
        _note_intact(place)
        self._sent.add(name)
        return True

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Says what to do when the share cannot be reached. Raises TryLater."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT) or self.share is None:
                raise
            raise TryLater(
                f"the shared store {self.share.url} cannot be reached ({error}); run the same command again when it can"
            ) from error


def _name(digest: str, suffix: str) -> str:
    return f"{digest[:2]}/{digest}{suffix}"


def _mark(path: Path) -> _Mark | None:
    """What the file at `path` is now; None when there is none. Raises BrokenProduction where that cannot be told."""
    try:
        about = os.stat(path)  # noqa: PTH116 - ten thousand of them at every opening
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(about.st_mode):
        raise BrokenProduction(f"{path}: it is no file; move it away")
    return _Mark(about.st_size, about.st_mtime_ns, about.st_ino)


def _note_intact(place: Path) -> None:
    """What was just written was compared while it was."""
    with suppress(BrokenProduction):
        if mark := _mark(place):
            _INTACT[os.path.abspath(place)] = mark  # noqa: PTH100 - as above


def _unreadable(path: Path, error: OSError) -> BrokenProduction:
    return BrokenProduction(
        f"{path}: cannot be read ({error.strerror or error}); it may be there all the same: look at the disk and at the "
        "file's rights, then run the same command again"
    )


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Says what to do when the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno in NOT_WRITABLE:
            raise NoSpace(f"{root}: {error.strerror}; free some space, or choose another place with -o") from error
        raise
