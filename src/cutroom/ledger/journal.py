"""The ledger on disk: one SQLite table of events, appended to and never changed."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import ValidationError

from cutroom.errors import BrokenProduction, NoSpace
from cutroom.ledger.events import EVENT, Event

VERSION = 1
"""The version of the table's layout, kept in SQLite's own user_version."""


class Entry(NamedTuple):
    """An event with its place and time."""

    number: int
    at: str
    event: Event


class Journal:
    """The ledger's file. Use as a context manager; reading and appending are safe from one thread at a time."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open `path`, or make it. Raises BrokenProduction when it is no ledger or a newer Cutroom's."""
        self.path = path
        try:
            if read_only:
                self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._db = sqlite3.connect(path, check_same_thread=False, timeout=10)
            self._prepare(read_only=read_only)
        except sqlite3.DatabaseError as error:
            raise _explained(path, error) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EROFS, errno.EACCES):
                raise NoSpace(f"{path}: {error.strerror}; free some space, or choose another place with -o") from error
            raise

    def _prepare(self, *, read_only: bool) -> None:
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise BrokenProduction(
                f"{self.path}: written by a newer Cutroom (layout {found}, this one reads {VERSION}); upgrade Cutroom"
            )
        if found == VERSION or read_only:
            return
        self._db.execute("PRAGMA journal_mode=WAL")
        with self._db:
            self._db.execute(
                "CREATE TABLE events (number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)"
            )
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def append(self, event: Event) -> None:
        """Write one event down. Raises NoSpace when the disk is full."""
        row = (datetime.now(UTC).isoformat(timespec="milliseconds"), event.kind, event.model_dump_json())
        try:
            with self._db:
                self._db.execute("INSERT INTO events (at, kind, body) VALUES (?, ?, ?)", row)
        except sqlite3.DatabaseError as error:
            raise _explained(self.path, error) from error

    def entries(self) -> Iterator[Entry]:
        """Every event in order. Raises BrokenProduction at one that cannot be read."""
        try:
            rows = self._db.execute("SELECT number, at, body FROM events ORDER BY number").fetchall()
        except sqlite3.DatabaseError as error:
            raise _explained(self.path, error) from error
        for number, at, body in rows:
            try:
                yield Entry(number, at, EVENT.validate_json(body))
            except ValidationError as error:
                raise BrokenProduction(
                    f"{self.path}: event {number} cannot be read ({error.errors()[0]['msg']}); "
                    "a plug-in that it needs may be missing, or it is another version's"
                ) from error

    def events(self) -> Iterator[Event]:
        """Every event in order, without its place and time."""
        return (entry.event for entry in self.entries())


def _explained(path: Path, error: sqlite3.DatabaseError) -> BrokenProduction | NoSpace:
    # SQLite says "disk I/O error" of a quota or a limit on a file's size.
    if any(sign in str(error) for sign in ("full", "readonly", "disk I/O")):
        return NoSpace(f"{path}: {error}; free some space, or choose another place with -o")
    return BrokenProduction(f"{path}: cannot be read as a ledger ({error}); move the folder away to start afresh")
