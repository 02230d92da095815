"""How an engine tells somebody what it is doing while it does it."""

from __future__ import annotations

from typing import Protocol

from cutroom.director.commands import Ask
from cutroom.ledger.events import Event
from cutroom.ledger.state import State


class Watch(Protocol):
    """Somebody who watches a run. Called from the engine's own thread, except `progress`."""

    def happened(self, event: Event, state: State) -> None:
        """`event` was written down; `state` is what follows from it."""
        ...

    def progress(self, step: str, done: int, total: int) -> None:
        """A step got on. May be called from any thread."""
        ...

    def ask(self, asked: Ask) -> str | None:
        """A question that only a person can answer; None when nobody is there: the run stops in good order.

        "yes" or "no" to a price, "resubmit" or "skip" to a call whose fate is unknown.
        """
        ...


class Unwatched:
    """Nobody watches."""

    def happened(self, event: Event, state: State) -> None:
        """Nothing to do."""

    def progress(self, step: str, done: int, total: int) -> None:
        """Nothing to do."""

    def ask(self, asked: Ask) -> str | None:
        """Nobody answers."""
        return None
