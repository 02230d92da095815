"""What an engine does so that nobody pays twice: takes that the store knows are used, and shared keys are claimed first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from threading import Lock
from typing import Protocol

from cutroom.engine.work import Line, Work
from cutroom.errors import Damaged, TryLater
from cutroom.ledger.events import Event, Failed, Made, Started, Submitted
from cutroom.ledger.state import Take
from cutroom.media.claims import Claim
from cutroom.media.store import Store
from cutroom.media.takes import Known, Said
from cutroom.plan.plan import Degraded
from cutroom.plan.terms import Terms

AGAIN = 1.0
"""After so many seconds it is looked again whether somebody else is through with a take."""

UNSETTLED = frozenset({"TimedOut", "Ambiguous", "Vanished", "TryLater"})
"""Failures after which a job may still be asked for its result."""


class Right(Protocol):
    """The right to make one take now."""

    @property
    def job(self) -> str | None:
        """The job that somebody's call became who did not live to see the result."""
        ...

    def note(self, job: str) -> None:
        """The call became this job."""
        ...

    def let_go(self, *, settled: bool) -> None:
        """Others may make it."""
        ...


class _Unshared:
    """Nobody else wants it, or it costs nothing to make it twice."""

    job: str | None = None

    def note(self, job: str) -> None:
        """Nobody asks."""

    def let_go(self, *, settled: bool) -> None:
        """Nobody waits."""


class _Held:
    """A claim, for every attempt of this engine at its key: one that was late may still be at it."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self._attempts = 0
        self._lock = Lock()

    @property
    def job(self) -> str | None:
        return self.claim.job

    def join(self) -> bool:
        """One more attempt. False when the claim was let go."""
        with self._lock:
            if self.claim.over:
                return False
            self._attempts += 1
            return True

    def note(self, job: str) -> None:
        self.claim.note(job)

    def let_go(self, *, settled: bool) -> None:
        with self._lock:
            self._attempts -= 1
            if not self._attempts:
                self.claim.let_go(settled=settled)


class Sharing:
    """One engine's dealings with takes that other productions make, too."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, _Held] = {}

    def right(self, key: str, terms: Terms) -> Right | None:
        """The right to make the take; None while another production is making it. Raises TryLater.

        Only for what costs something and lies in a shared store does anybody wait.
        """
        if terms.price.free or (claims := self._store.claims) is None:
            return _Unshared()
        held = self._held.get(key)
        if held is not None and held.join():
            return held
        with self._store.reaching():
            claim = claims.take(key)
        if claim is None:
            return None
        held = self._held[key] = _Held(claim)
        held.join()
        return held

    def close(self) -> None:
        """Nobody works any more: what was never let go is free to others after a while."""
        if self._held and (claims := self._store.claims) is not None:
            claims.close()


class _Noting:
    """A line on which a job's name is also written into the claim."""

    def __init__(self, line: Line, right: Right) -> None:
        self._line, self._right = line, right
        self.progress = line.progress
        self.cancelled = line.cancelled

    def write(self, event: Event) -> None:
        """Has `event` written down; then others may know of the job."""
        self._line.write(event)
        if isinstance(event, Submitted):
            self._right.note(event.job)


def take_made(work: Work, right: Right, store: Store, line: Line, make: Callable[[Work, Line], Made | Failed]) -> Event:
    """The take: the one that the store knows, else one that `make` makes now and the store then knows.

    The record is there before the ledger says Made: whoever takes over after a crash finds it.
    """
    settled = False
    try:
        try:
            # What is free is not remembered, unless others may want it.
            known = found(store, work.command.key) if _remembered(work, store) else None
        except TryLater as error:
            return Failed(**work.about, reason=str(error), error="TryLater")
        if known is not None:
            settled = True
            return reused(work.about, known)
        if right.job is not None and work.command.job is None:
            work = replace(work, command=replace(work.command, job=right.job))
        event = make(work, _Noting(line, right))
        settled = isinstance(event, Made) or event.error not in UNSETTLED
        if isinstance(event, Made):
            remember(store, event, work.part.version)
        return event
    finally:
        right.let_go(settled=settled)


def _remembered(work: Work, store: Store) -> bool:
    return store.share is not None or not work.part.terms.price.free


def found(store: Store, key: str) -> Known | None:
    """The take with this key, if the store knows one whose bytes are whole. Raises TryLater."""
    known = store.takes.find(key)
    if known is None:
        return None
    try:
        store.path(known.media)
    except Damaged:
        store.takes.forget(key)
        return None
    return known


def left_take(slot: str, take: Take, began: Started, store: Store) -> Made | None:
    """What became of a take at which an earlier run was cut off, if the store knows it.

    It costs what it cost when that run itself had it made, and was cut off before it said so. Raises TryLater.
    """
    if take.fetched is not None or (known := found(store, take.key)) is None:
        return None
    about = {"step": began.step, "slot": slot, "take": began.take, "key": take.key, "performer": began.performer}
    made = reused(about, known)
    if not store.takes.is_own(take.key):
        return made
    return made.model_copy(update={"cost": known.cost, "wall_seconds": known.wall_seconds, "reused": False})


def reused(about: dict[str, object], known: Known) -> Made:
    """The event that says that a take was there already: it costs nothing now."""
    return Made.model_validate(
        {
            **about,
            "media": known.media,
            "currency": known.currency,
            "wall_seconds": Fraction(0),
            "degraded": tuple(Degraded(what=said.what, why=said.why) for said in known.degraded),
            "reused": True,
        }
    )


def remember(store: Store, made: Made, version: str) -> None:
    """Writes the take down for others: for productions with the same store, or for this one, should its ledger be lost."""
    if store.share is None and not made.cost:
        return
    store.takes.keep(
        Known(
            key=made.key,
            media=made.media,
            performer=made.performer,
            version=version,
            cost=made.cost,
            currency=made.currency,
            wall_seconds=made.wall_seconds,
            degraded=tuple(Said(what=one.what, why=one.why) for one in made.degraded),
        )
    )
