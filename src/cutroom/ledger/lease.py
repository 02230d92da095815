"""Who may write: one process at a time, with a number that tells a later holder from an earlier one (a fence).

A holder beats every two seconds. Whoever wants the lease watches the beat with a clock of its own: clocks of two
machines, or one that goes backwards, decide nothing. A holder on this machine that is dead is not waited for.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

from cutroom.errors import Busy
from cutroom.media.holder import Holder

BEAT = 2.0
"""Seconds between two beats."""

PATIENCE = 8.0
"""After so many seconds without a beat a holder counts as dead."""


class Lease:
    """The one row that says who may write. Beats in a thread of its own until it is let go."""

    def __init__(self, path: Path, fence: int) -> None:
        self.path = path
        self.fence = fence
        self._beaten = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="cutroom-lease", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        with sqlite3.connect(self.path, timeout=30, isolation_level=None) as database:
            while not self._over.wait(BEAT):
                # A beat that is missed does no harm: the fence guards the writing.
                with suppress(sqlite3.OperationalError):
                    self._beat_by(database)
        database.close()

    def beat_within(self, database: sqlite3.Connection) -> None:
        """A beat in a transaction that is under way, if it is time for one: while much is written, the thread waits long."""
        if time.monotonic() - self._beaten > BEAT:
            self._beat_by(database)

    def _beat_by(self, database: sqlite3.Connection) -> None:
        database.execute("UPDATE lease SET beat = beat + 1 WHERE fence = ?", (self.fence,))
        self._beaten = time.monotonic()

    def let_go(self) -> None:
        """Somebody else may write now."""
        self._over.set()
        self._thread.join()
        with suppress(sqlite3.OperationalError):
            database = sqlite3.connect(self.path, timeout=5, isolation_level=None)
            database.execute("UPDATE lease SET holder = NULL WHERE fence = ?", (self.fence,))
            database.close()


def take(path: Path, *, patience: float = PATIENCE) -> Lease:
    """The lease of the ledger at `path`. Raises Busy when somebody who is alive holds it."""
    database = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        watched: tuple[int, int] | None = None
        began = time.monotonic()
        while True:
            # Only read, so that nobody who is busy writing is waited for.
            holder, fence, beat = database.execute("SELECT holder, fence, beat FROM lease").fetchone()
            silent = watched == (fence, beat) and time.monotonic() - began > patience
            if holder is None or Holder.read(holder).surely_dead() or silent:
                taken = database.execute(
                    "UPDATE lease SET holder = ?, fence = ?, beat = beat + 1 WHERE fence = ? AND beat = ? AND holder IS ?",
                    (str(Holder.myself()), fence + 1, fence, beat, holder),
                )
                if taken.rowcount == 1:
                    return Lease(path, fence + 1)
                continue
            if watched is None:
                watched = fence, beat
            elif watched != (fence, beat):
                who = Holder.read(holder)
                raise Busy(
                    f"{path.parent}: process {who.process} on {who.host} is at work on this production; "
                    "wait until it is done, or stop it"
                )
            time.sleep(min(0.2, patience))
    finally:
        database.close()
