"""A place that several productions share: blobs and records by name, in a folder or behind any URL that fsspec knows.

A production keeps all that it uses in its own store; what it makes goes to the share too, and what it needs and has not
comes from there. So a production can still be moved or opened without the share. Names are like ``ab/abcd….jpg``.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from cutroom.errors import BrokenProduction, NoSpace, Unavailable, WrongUse
from cutroom.media.claims import Claims, file_claims
from cutroom.media.holder import own_name

RECORD = "store.json"
"""The file in a production's folder that names its share."""


class Share(Protocol):
    """What a store needs of a place that others use too. Every method raises OSError when the place cannot be reached."""

    url: str
    """How a person names it, without passwords."""

    def check(self) -> None:
        """Raises WrongUse or OSError when the place cannot be used."""
        ...

    def size(self, name: str) -> int | None:
        """How many bytes lie under `name`; None when nothing does."""
        ...

    def fetch(self, name: str, into: Path) -> bool:
        """Copies what lies under `name` to the file `into`, which is not there yet. False when there is nothing."""
        ...

    def put(self, path: Path, name: str) -> None:
        """Copies the file at `path` to `name`, over what may be there; nobody ever sees half of it there."""
        ...

    def read(self, name: str) -> bytes | None:
        """What lies under `name`; None when nothing does."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Puts `data` under `name`, over what may be there."""
        ...

    def set_aside(self, name: str) -> None:
        """Moves damaged bytes to ``NAME.damaged``."""
        ...

    def remove(self, name: str) -> None:
        """Takes away what lies under `name`, if anything does."""
        ...

    def names(self) -> Iterator[tuple[str, int]]:
        """Everything that lies here, with its size in bytes."""
        ...

    def claims(self) -> Claims:
        """Who makes which take now."""
        ...


class Folder:
    """A folder that several productions of this machine, or of machines with a common disk, share."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = str(root)

    def __reduce__(self) -> tuple[object, ...]:
        return Folder, (self.root,)

    def check(self) -> None:
        """Raises WrongUse where the folder would not even have a parent: a disk that is not there, or a slip of the pen."""
        if not self.root.parent.is_dir():
            raise WrongUse(f"--store {self.root}: there is no folder {self.root.parent}; make it first")
        if self.root.exists() and not self.root.is_dir():
            raise WrongUse(f"--store {self.root}: it is a file; name a folder")

    def size(self, name: str) -> int | None:
        """How many bytes lie under `name`; None when nothing does."""
        try:
            return (self.root / name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def fetch(self, name: str, into: Path) -> bool:
        """A second name for the same bytes where the disk allows it, else a copy. False when there is nothing."""
        try:
            _link_or_copy(self.root / name, into)
        except FileNotFoundError:
            if (self.root / name).exists():
                raise
            return False
        return True

    def put(self, path: Path, name: str) -> None:
        """A second name for the same bytes where the disk allows it, else a copy, whole or not at all."""
        self._swap_in(name, lambda temporary: _link_or_copy(path, temporary))

    def read(self, name: str) -> bytes | None:
        """What lies under `name`; None when nothing does."""
        try:
            return (self.root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, data: bytes) -> None:
        """Puts `data` under `name`, whole or not at all."""
        self._swap_in(name, lambda temporary: temporary.write_bytes(data))

    def set_aside(self, name: str) -> None:
        """Moves damaged bytes to ``NAME.damaged``."""
        with suppress(FileNotFoundError):
            os.replace(self.root / name, self.root / f"{name}.damaged")

    def remove(self, name: str) -> None:
        """Takes away what lies under `name`, if anything does."""
        (self.root / name).unlink(missing_ok=True)

    def names(self) -> Iterator[tuple[str, int]]:
        """Everything that lies here, with its size in bytes."""
        for path in sorted(self.root.rglob("*")):
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield path.relative_to(self.root).as_posix(), path.stat().st_size

    def claims(self) -> Claims:
        """Who makes which take now: a small database in the folder."""
        self.root.mkdir(exist_ok=True)
        return file_claims(self.root / "claims.sqlite")

    def _swap_in(self, name: str, fill) -> None:  # noqa: ANN001 - a callable of one path, whatever it returns
        place = self.root / name
        self.root.mkdir(exist_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.root / own_name("new")
        try:
            fill(temporary)
            sync(temporary)
            os.replace(temporary, place)
        finally:
            # Where both names stand for the same bytes already, a rename does nothing at all.
            temporary.unlink(missing_ok=True)
        sync(place.parent)


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        shutil.copyfile(source, target)  # another disk, or one without such links


def sync(path: Path) -> None:
    """Returns when the file or folder at `path` will outlast a power cut. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_share(url: str) -> Share:
    """The place that `url` names: a folder's path, ``file://…``, or any URL that fsspec knows. Nothing is opened yet.

    Raises Unavailable when fsspec, or what it needs for this kind of URL, is not installed.
    """
    parts = urlsplit(url)
    if "://" not in url:
        return Folder(Path(url).expanduser().absolute())
    if parts.scheme in ("file", "local"):
        return Folder(Path(unquote(parts.netloc + parts.path)).absolute())
    try:
        from cutroom.media.remote import Remote
    except ImportError as error:
        raise Unavailable(
            f"--store {without_secrets(url)}: this needs fsspec: pip install 'cutroom[remote]'"
        ) from error
    return Remote(url)


def without_secrets(url: str) -> str:
    """`url` without a user's name, password or query: what may be shown and written down."""
    parts = urlsplit(url)
    if "://" not in url:
        return url
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def share_of(folder: Path, url: str | None) -> Share | None:
    """The share of the production in `folder`: the one that `url` names, else the one that is written down there.

    None when there is neither: the production keeps everything to itself. Raises WrongUse when both are there and differ.
    """
    known = recorded(folder)
    if url is None:
        return open_share(known) if known else None
    share = open_share(url)
    if known is not None and known != share.url:
        raise WrongUse(
            f"{folder}: this production shares its takes at {known}, not at {share.url}; leave --store and CUTROOM_STORE "
            f"out, or copy everything over and change {RECORD} in that folder"
        )
    return share


def recorded(folder: Path) -> str | None:
    """The URL that is written down in a production's folder; None when none is. Raises BrokenProduction."""
    path = folder / RECORD
    try:
        url = json.loads(path.read_text("utf-8"))["url"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenProduction(
            f"{path}: cannot be read ({error}); remove it and name the store again: --store"
        ) from error
    if not isinstance(url, str):
        raise BrokenProduction(f"{path}: url is {url!r}, not a text; remove it and name the store again: --store")
    return url


def record(folder: Path, share: Share) -> None:
    """Writes down in `folder` which share a production uses, without passwords. Raises NoSpace."""
    if recorded(folder) == share.url:
        return
    temporary = folder / f".{RECORD}.{os.getpid()}.part"
    try:
        temporary.write_text(json.dumps({"schema_name": "cutroom.store.1", "url": share.url}, indent=1), "utf-8")
        os.replace(temporary, folder / RECORD)
    except OSError as error:
        raise NoSpace(f"{folder}: {error.strerror}; free some space, or choose another place with -o") from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
