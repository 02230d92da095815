"""A share behind a URL: whatever fsspec speaks to (``s3://``, ``gs://``, ``sftp://``, ``memory://`` …)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
from fsspec.core import url_to_fs

from cutroom.errors import Unavailable
from cutroom.media.claims import Claims, ObjectBook
from cutroom.media.holder import own_name
from cutroom.media.share import without_secrets

OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "r2", "memory"})
"""Where an object appears when it is whole, and folders are only names."""


class Remote:
    """A place behind a URL. Who may use it is decided by what the URL's own library finds (environment, its own files)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.url = without_secrets(url)

    def __reduce__(self) -> tuple[object, ...]:
        return Remote, (self._url,)

    @cached_property
    def _there(self) -> tuple[Any, str]:
        """The file system and the place in it. Raises Unavailable or OSError."""
        try:
            # Others write there too: what was listed before says nothing about now.
            system, root = url_to_fs(self._url, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            scheme = self.url.partition("://")[0]
            raise Unavailable(
                f"--store {self.url}: {error}; install what fsspec needs for {scheme}:// (for s3://: pip install s3fs)"
            ) from error
        return system, root.rstrip("/")

    def check(self) -> None:
        """Raises Unavailable or OSError when the place cannot be used."""
        with self._away():
            system, root = self._there
            system.exists(root)

    def size(self, name: str) -> int | None:
        """How many bytes lie under `name`; None when nothing does."""
        with self._away():
            try:
                found = self._system.info(self._path(name))
            except FileNotFoundError:
                return None
            return int(found["size"]) if found.get("type", "file") == "file" else None

    def fetch(self, name: str, into: Path) -> bool:
        """Copies what lies under `name` to the file `into`. False when there is nothing."""
        if self.size(name) is None:
            return False
        with self._away():
            self._system.get_file(self._path(name), str(into))
        return True

    def put(self, path: Path, name: str) -> None:
        """Copies the file at `path` to `name`, over what may be there."""
        with self._away(), self._whole(name) as place:
            self._system.put_file(str(path), place)

    def read(self, name: str) -> bytes | None:
        """What lies under `name`; None when nothing does."""
        with self._away():
            try:
                data: Any = self._system.cat_file(self._path(name))
            except FileNotFoundError:
                return None
            return data

    def write(self, name: str, data: bytes) -> None:
        """Puts `data` under `name`, over what may be there."""
        with self._away(), self._whole(name) as place:
            self._system.pipe_file(place, data)

    def create(self, name: str, data: bytes) -> bool:
        """Puts `data` under `name`, unless something lies there. True when it was put there.

        Looks again afterwards: where a store knows no "only if there is nothing", the last one to write is the one.
        """
        with self._away():
            self._make_folder(name)
            try:
                self._system.pipe_file(self._path(name), data, mode="create")
            except FileExistsError:
                return False
        return self.read(name) == data

    def set_aside(self, name: str) -> None:
        """Moves damaged bytes to ``NAME.damaged``."""
        with self._away(), suppress(FileNotFoundError):
            self._system.mv(self._path(name), self._path(f"{name}.damaged"))

    def remove(self, name: str) -> None:
        """Takes away what lies under `name`, if anything does."""
        with self._away(), suppress(FileNotFoundError):
            self._system.rm_file(self._path(name))

    def under(self, folder: str) -> list[str]:
        """The names in a folder."""
        with self._away():
            try:
                return self._system.ls(self._path(folder), detail=False)
            except FileNotFoundError:
                return []

    def names(self) -> Iterator[tuple[str, int]]:
        """Everything that lies here, with its size in bytes."""
        with self._away():
            found: Any = self._system.find(self._there[1], detail=True)
        for path, about in sorted(found.items()):
            yield posixpath.relpath(path, self._there[1]), int(about["size"])

    def claims(self) -> Claims:
        """Who makes which take now: one small object for each."""
        return Claims(ObjectBook(self))

    @property
    def _system(self) -> fsspec.AbstractFileSystem:
        return self._there[0]

    def _path(self, name: str) -> str:
        return f"{self._there[1]}/{name}"

    def _make_folder(self, name: str) -> None:
        if not self._is_object_store:
            self._system.makedirs(posixpath.dirname(self._path(name)), exist_ok=True)

    @property
    def _is_object_store(self) -> bool:
        protocol = self._system.protocol
        return not OBJECT_STORES.isdisjoint((protocol,) if isinstance(protocol, str) else protocol)

    @contextmanager
    def _whole(self, name: str) -> Iterator[str]:
        """Where to write so that what is under `name` is whole at every moment."""
        if self._is_object_store:
            yield self._path(name)
            return
        self._make_folder(name)
        temporary = self._path(own_name("new"))
        try:
            yield temporary
            self._system.mv(temporary, self._path(name))
        except BaseException:
            with suppress(FileNotFoundError):
                self._system.rm_file(temporary)
            raise

    @contextmanager
    def _away(self) -> Iterator[None]:
        """Whatever goes wrong there is one kind of error here."""
        try:
            yield
        except (OSError, Unavailable):
            raise
        except Exception as error:  # every kind of place has a library of its own, with errors of its own
            raise OSError(f"{self.url}: {error or type(error).__name__}") from error
