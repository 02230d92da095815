"""A production: a folder with a ledger, a store and what was delivered. It can be moved, zipped, resumed and opened by hand."""

from __future__ import annotations

from pathlib import Path

from cutroom.errors import WrongUse
from cutroom.ledger.journal import Journal
from cutroom.media.store import Store

SUFFIX = ".cutroom"


class Production:
    """Where everything of one production lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "ledger.sqlite"
        self.store = Store(folder / "store")
        self.plan = folder / "plan.json"
        self.report = folder / "report.html"

    @classmethod
    def beside(cls, film: Path) -> Production:
        """The production that belongs to a film's file: ``lake.mp4`` → ``lake.cutroom/``."""
        return cls(film.with_suffix(SUFFIX))

    @classmethod
    def existing(cls, folder: Path) -> Production:
        """The production in `folder`. Raises WrongUse when there is none."""
        production = cls(folder)
        if not production.ledger.is_file():
            raise WrongUse(
                f"{folder}: no production here (it would hold a ledger.sqlite); name the .cutroom folder beside a film"
            )
        return production

    def captions(self, film: str) -> Path:
        """Where the captions of the film of this name lie."""
        return self.folder / f"{Path(film).stem}.srt"

    def journal(self, *, read_only: bool = False) -> Journal:
        """Open the ledger."""
        return Journal(self.ledger, read_only=read_only)
