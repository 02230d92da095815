"""The ledger on disk: one SQLite table of events, appended to and never changed.

What is free is committed in groups and without waiting for the disk: a crash costs at most what happened since the engine
last waited for something, a power cut a little more. Events that stand for money wait until they, and all before them,
are on the disk (`events.stands_for_money`).
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import ValidationError

from cutroom.errors import BrokenProduction, Busy, NoSpace
from cutroom.ledger.events import EVENT, Event, stands_for_money
from cutroom.ledger.lease import Lease, take
from cutroom.media.holder import Holder

GROUP = 0.5
"""Events of so many seconds are committed together at most, when nothing is waited for in between."""

VERSION = 2
"""The version of the tables' layout, kept in SQLite's own user_version."""


class Entry(NamedTuple):
    """An event with its place and time."""

    number: int
    at: str
    event: Event


class Journal:
    """The ledger's file. Use as a context manager; reading and appending are safe from one thread at a time."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open `path`, or make it.

        Raises Busy when another process writes to it, BrokenProduction when it is no ledger or a newer Cutroom's, and
        NoSpace when the disk is full or the folder cannot be written.
        """
        self.path = path
        self._lease: Lease | None = None
        self._durable = False
        self._since = 0.0
        try:
            if read_only:
                self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._db = sqlite3.connect(path, check_same_thread=False, timeout=30, isolation_level=None)
            with _closed_on_error(self._db):
                self._prepare(read_only=read_only)
                if not read_only:
                    self._lease = take(path)
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
        if read_only:
            return
        self._db.execute("PRAGMA synchronous = NORMAL")
        if found == VERSION:
            return
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS events "
            "(number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL)"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS lease "
            "(one INTEGER PRIMARY KEY CHECK (one = 1), holder TEXT, fence INTEGER NOT NULL, beat INTEGER NOT NULL)"
        )
        self._db.execute("INSERT OR IGNORE INTO lease VALUES (1, NULL, 0, 0)")
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self._db.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Commit, and let another process write. Raises NoSpace when the disk is full."""
        try:
            if self._lease is not None:
                self.flush()
        finally:
            # What could not be committed is gone with the connection; another process may try.
            self._db.close()
            if self._lease is not None:
                self._lease.let_go()
                self._lease = None

    def append(self, event: Event) -> None:
        """Write one event down. If it stands for money, it is on the disk on return; else it is with the next `flush`.

        Raises NoSpace when the disk is full, and Busy when another process took the production over because this one
        did not answer for long.
        """
        fence = self._lease.fence if self._lease else None
        row = (datetime.now(UTC).isoformat(timespec="milliseconds"), event.kind, event.model_dump_json(), fence)
        durable = stands_for_money(event)
        try:
            if durable or self._durable or time.monotonic() - self._since > GROUP:
                self.flush()
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            if not self._db.in_transaction and not durable:
                self._db.execute("BEGIN IMMEDIATE")
                self._since = time.monotonic()
            written = self._db.execute(
                "INSERT INTO events (at, kind, body) SELECT ?, ?, ? FROM lease WHERE fence = ?", row
            )
        except sqlite3.DatabaseError as error:
            raise _explained(self.path, error) from error
        if written.rowcount != 1:
            raise Busy(f"{self.path.parent}: another process took this production over; nothing more was written")

    def flush(self) -> None:
        """Commit what was appended. To be called before waiting for anything. Raises NoSpace when the disk is full."""
        try:
            if self._db.in_transaction:
                if self._lease is not None:
                    self._lease.beat_within(self._db)
                self._db.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise _explained(self.path, error) from error

    def at_work(self) -> bool:
        """True when some process, this one or another, may be writing now."""
        try:
            row = self._db.execute("SELECT holder FROM lease").fetchone()
        except sqlite3.DatabaseError as error:
            raise _explained(self.path, error) from error
        return row is not None and row[0] is not None and not Holder.read(row[0]).surely_dead()

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


@contextmanager
def _closed_on_error(database: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


def _explained(path: Path, error: sqlite3.DatabaseError) -> BrokenProduction | Busy | NoSpace:
    if "locked" in str(error):
        return Busy(f"{path.parent}: another process is writing to this production; wait until it is done, or stop it")
    # SQLite says "disk I/O error" of a quota or a limit on a file's size.
    if any(sign in str(error) for sign in ("full", "readonly", "disk I/O")):
        return NoSpace(f"{path}: {error}; free some space, or choose another place with -o")
    return BrokenProduction(f"{path}: cannot be read as a ledger ({error}); move the folder away to start afresh")
