"""Who makes which take now, where several productions share a store: nobody pays for a take that another one is making.

A claim is held by a process, beats while it is held, and has a number that tells a later holder from an earlier one
(a fence). Whoever wants a key watches the beat with a clock of its own; a holder on this machine that is dead is not
waited for. A claim also says which job a server made of the call, so that whoever takes it over asks for that job's
result instead of calling again.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from cutroom.media.holder import Holder

BEAT = 2.0
"""Seconds between two beats."""

PATIENCE = 8.0
"""After so many seconds without a beat a holder counts as dead."""

FAR = 4
"""How many times slower beats are, and longer the patience, where every beat is a call to a server."""


class Standing(NamedTuple):
    """What is written about a key."""

    holder: str | None
    fence: int
    beat: int
    job: str | None


class Book(Protocol):
    """Where claims are written. Every method raises OSError or sqlite3.Error when it cannot be reached."""

    slowness: int
    """How many times slower than a local disk."""

    def read(self, key: str) -> Standing | None:
        """What is written about `key`."""
        ...

    def take(self, key: str, seen: Standing | None, holder: str) -> bool:
        """Writes `holder` under the next fence, if what is written is still what was `seen`. False when it is not."""
        ...

    def write(self, key: str, now: Standing) -> None:
        """Writes `now`, if its fence is still the last one."""
        ...


class Claim:
    """A key that this process may make. Beats until it is let go."""

    def __init__(self, book: Book, key: str, standing: Standing, over: Callable[[Claim], None]) -> None:
        self.key = key
        self.fence = standing.fence
        self._book = book
        self._standing = standing
        self._over = over
        self._lock = threading.Lock()
        self._gone = False

    @property
    def job(self) -> str | None:
        """The job that the call became, perhaps an earlier holder's who did not live to see the result."""
        return self._standing.job

    @property
    def over(self) -> bool:
        """True when it was let go."""
        return self._gone

    def beat(self) -> None:
        """Shows that the holder lives. One that is missed does no harm."""
        with self._lock, suppress(OSError, sqlite3.Error):
            if not self._gone:
                self._standing = self._standing._replace(beat=self._standing.beat + 1)
                self._book.write(self.key, self._standing)

    def note(self, job: str) -> None:
        """Writes down which job the call became. When that is not possible, only a later holder would miss it."""
        with self._lock, suppress(OSError, sqlite3.Error):
            self._standing = self._standing._replace(job=job)
            self._book.write(self.key, self._standing)

    def let_go(self, *, settled: bool) -> None:
        """Others may make the key now. `settled`: no job of it is left that somebody should ask for."""
        with self._lock:
            if self._gone:
                return
            self._gone = True
            job = None if settled else self._standing.job
            with suppress(OSError, sqlite3.Error):
                self._book.write(self.key, self._standing._replace(holder=None, job=job))
        self._over(self)


class Claims:
    """The claims of one shared store, as one process sees and holds them. May be used from any thread."""

    def __init__(self, book: Book, *, beat: float | None = None, patience: float | None = None) -> None:
        self._book = book
        self._pause = beat or BEAT * book.slowness
        self._patience = PATIENCE * book.slowness if patience is None else patience
        self._lock = threading.Lock()
        self._held: dict[tuple[str, int], Claim] = {}
        self._watched: dict[str, tuple[int, int, float]] = {}
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def take(self, key: str) -> Claim | None:
        """The claim on `key`; None while somebody who may be alive holds it: ask again in a while.

        Raises OSError when the shared store cannot be reached.
        """
        try:
            return self._take(key)
        except sqlite3.Error as error:
            raise OSError(f"the claims on takes cannot be read: {error}") from error

    def _take(self, key: str) -> Claim | None:
        seen = self._book.read(key)
        if seen is not None and seen.holder is not None and not self._dead(key, seen):
            return None
        me = str(Holder.myself())
        if not self._book.take(key, seen, me):
            return None
        self._watched.pop(key, None)
        standing = Standing(me, (seen.fence if seen else 0) + 1, 0, seen.job if seen else None)
        claim = Claim(self._book, key, standing, self._forget)
        with self._lock:
            self._held[key, claim.fence] = claim
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="cutroom-claims", daemon=True)
                self._thread.start()
        return claim

    def _dead(self, key: str, seen: Standing) -> bool:
        try:
            if seen.holder is None or Holder.read(seen.holder).surely_dead():
                return True
        except ValueError:
            pass  # nobody that this version knows: its beat says whether it lives
        now = time.monotonic()
        fence, beat, since = self._watched.get(key, (-1, -1, now))
        if (fence, beat) != (seen.fence, seen.beat):
            self._watched[key] = (seen.fence, seen.beat, now)
            return False
        return now - since > self._patience

    def _forget(self, claim: Claim) -> None:
        with self._lock:
            self._held.pop((claim.key, claim.fence), None)

    def _beat(self) -> None:
        while not self._over.wait(self._pause):
            with self._lock:
                held = list(self._held.values())
            for claim in held:
                claim.beat()

    def close(self) -> None:
        """Stop beating. What is still held by work that never came back is free to others after a while."""
        with self._lock:
            thread, self._thread = self._thread, None
        self._over.set()
        if thread is not None:
            thread.join()
        self._over.clear()


class FileBook:
    """Claims in one SQLite file, for processes that see the same disk."""

    slowness = 1

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(self._open()) as database:
            # No WAL: a shared folder may be a network's, where only the plain journal is safe.
            database.execute(
                "CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, holder TEXT, "
                "fence INTEGER NOT NULL, beat INTEGER NOT NULL, job TEXT) WITHOUT ROWID"
            )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=30, isolation_level=None)

    def read(self, key: str) -> Standing | None:
        """What is written about `key`."""
        with closing(self._open()) as database:
            row = database.execute("SELECT holder, fence, beat, job FROM claims WHERE key = ?", (key,)).fetchone()
        return Standing(*row) if row else None

    def take(self, key: str, seen: Standing | None, holder: str) -> bool:
        """Writes `holder` under the next fence, if what is written is still what was `seen`."""
        with closing(self._open()) as database:
            if seen is None:
                done = database.execute("INSERT OR IGNORE INTO claims VALUES (?, ?, 1, 0, NULL)", (key, holder))
            else:
                done = database.execute(
                    "UPDATE claims SET holder = ?, fence = fence + 1, beat = 0 "
                    "WHERE key = ? AND fence = ? AND beat = ? AND holder IS ?",
                    (holder, key, seen.fence, seen.beat, seen.holder),
                )
            return done.rowcount == 1

    def write(self, key: str, now: Standing) -> None:
        """Writes `now`, if its fence is still the last one."""
        with closing(self._open()) as database:
            database.execute(
                "UPDATE claims SET holder = ?, beat = ?, job = ? WHERE key = ? AND fence = ?",
                (now.holder, now.beat, now.job, key, now.fence),
            )


class Objects(Protocol):
    """Objects by name, of which one can be made only once."""

    def read(self, name: str) -> bytes | None:
        """What lies under `name`; None when nothing does."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Puts `data` under `name`."""
        ...

    def create(self, name: str, data: bytes) -> bool:
        """Puts `data` under `name`, unless something lies there. True when it was put there."""
        ...

    def remove(self, name: str) -> None:
        """Takes away what lies under `name`."""
        ...

    def under(self, folder: str) -> list[str]:
        """The names in a folder."""
        ...


class ObjectBook:
    """Claims as objects ``claims/KEY/FENCE.json``: whoever makes the object with the next number holds the key.

    That is safe where the store makes an object only once when asked to (S3, GCS, Azure, folders, memory); elsewhere two
    may now and then both believe that they hold a key.
    """

    slowness = FAR

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def read(self, key: str) -> Standing | None:
        """What is written about `key`."""
        fences = sorted(self._fences(key))
        if not fences:
            return None
        data = self._objects.read(self._name(key, fences[-1])) or b"{}"
        try:
            said = json.loads(data)
            return Standing(said.get("holder"), fences[-1], int(said.get("beat", 0)), said.get("job"))
        except (ValueError, AttributeError, TypeError):
            return Standing("nobody-knows", fences[-1], 0, None)

    def take(self, key: str, seen: Standing | None, holder: str) -> bool:
        """Makes the object with the next number. False when somebody else was first."""
        fence = (seen.fence if seen else 0) + 1
        now = Standing(holder, fence, 0, seen.job if seen else None)
        if not self._objects.create(self._name(key, fence), _json(now)):
            return False
        for old in self._fences(key):
            if old < fence - 1:  # the one before stays, so that numbers never begin anew
                self._objects.remove(self._name(key, old))
        return True

    def write(self, key: str, now: Standing) -> None:
        """Writes `now` into its own object; a later holder has another one."""
        self._objects.write(self._name(key, now.fence), _json(now))

    def _fences(self, key: str) -> list[int]:
        names = (Path(name).stem for name in self._objects.under(f"claims/{key}"))
        return [int(name) for name in names if name.isdigit()]

    def _name(self, key: str, fence: int) -> str:
        return f"claims/{key}/{fence:08}.json"


def _json(standing: Standing) -> bytes:
    return json.dumps(standing._asdict()).encode()


def file_claims(path: Path) -> Claims:
    """Claims in one SQLite file at `path`. Raises OSError."""
    try:
        return Claims(FileBook(path))
    except sqlite3.Error as error:
        raise OSError(f"{path}: {error}") from error
