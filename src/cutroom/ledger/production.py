"""A production: a folder with a ledger, a store and what was delivered. It can be moved, zipped, resumed and opened by hand."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cutroom.errors import WrongUse
from cutroom.ledger.journal import Journal
from cutroom.media.share import record, share_of
from cutroom.media.store import Store

SUFFIX = ".cutroom"


class Production:
    """Where everything of one production lies."""

    def __init__(self, folder: Path, store: str | None = None) -> None:
        """The production in `folder`, which shares its takes at the URL `store`: by default where it did until now.

        Raises WrongUse when it shares them elsewhere.
        """
        self.folder = folder
        self.ledger = folder / "ledger.sqlite"
        self.store = Store(folder / "store", share_of(folder, store))
        self.plan = folder / "plan.json"
        self.report = folder / "report.html"

    @classmethod
    def beside(cls, film: Path, store: str | None = None) -> Production:
        """The production that belongs to a film's file: ``lake.mp4`` → ``lake.cutroom/``."""
        return cls(film.with_suffix(SUFFIX), store)

    @classmethod
    def existing(cls, folder: Path) -> Production:
        """The production in `folder`. Raises WrongUse when there is none."""
        production = cls(folder)
        if not production.ledger.is_file():
            raise WrongUse(
                f"{folder}: no production here (it would hold a ledger.sqlite); name the .cutroom folder beside a film"
            )
        return production

    def film(self, name: str) -> Path:
        """Where the film of this name is delivered: beside the folder."""
        folder = self.folder.resolve() if self.folder.name in ("", "..") else self.folder
        return folder.parent / name

    def captions(self, film: str) -> Path:
        """Where the captions of the film of this name lie."""
        return self.folder / f"{Path(film).stem}.srt"

    @contextmanager
    def rehearsal(self) -> Iterator[Production]:
        """A production with a copy of this one's ledger and the same store: what happens in it is forgotten."""
        with tempfile.TemporaryDirectory(prefix="cutroom-rehearsal-") as folder:
            copy = Production(Path(folder) / self.folder.name)
            copy.folder.mkdir()
            with closing(sqlite3.connect(self.ledger)) as here, closing(sqlite3.connect(copy.ledger)) as there:
                here.backup(there)
                # Whoever works on the original does not hold the copy.
                there.execute("UPDATE lease SET holder = NULL")
                there.commit()
            copy.store = self.store
            yield copy

    def journal(self, *, read_only: bool = False) -> Journal:
        """Open the ledger; with the right to write, also write down which store it shares, and tidy up after the dead."""
        journal = Journal(self.ledger, read_only=read_only)
        if not read_only:
            self._open_store(journal)
        return journal

    def _open_store(self, journal: Journal) -> None:
        try:
            self.store.sweep()
            if self.store.share is not None:
                record(self.folder, self.store.share)
                self.store.send_rest()
        except BaseException:
            journal.close()
            raise
