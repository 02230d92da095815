"""One take to be made, and how a crew makes it: the same whether a thread here or a process elsewhere is the crew."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from cutroom.director.commands import Perform
from cutroom.errors import BrokenProduction, Cancelled, CutroomError, Damaged, GiveUp, NoSpace, TryLater
from cutroom.ledger.events import Event, Failed, Fetched, Made, Submitted
from cutroom.media.kinds import AnyMedia, Media
from cutroom.media.store import Store
from cutroom.money import CURRENCY, Price
from cutroom.performers.performer import Desk, Performer
from cutroom.plan.cast import Part
from cutroom.plan.plan import Degraded
from cutroom.plan.step import AnyStep

STOPS_EVERYTHING = (NoSpace, BrokenProduction, Cancelled)
"""Errors that no other plan and no other take can mend."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """A take that is to be made, with all that is needed for it."""

    command: Perform
    step: AnyStep
    part: Part
    inputs: Mapping[str, AnyMedia]
    makers: Mapping[str, tuple[str, str]]

    @property
    def about(self) -> dict[str, Any]:
        """What every event about this take says."""
        command = self.command
        return {
            "step": command.step,
            "slot": command.slot,
            "take": command.take,
            "key": command.key,
            "performer": self.part.performer,
        }


class Line(Protocol):
    """A crew's line to the engine while a take is being made. Its methods may be called from any thread."""

    def write(self, event: Event) -> None:
        """Has `event` written down. Returns when it is durable."""
        ...

    def progress(self, done: int, total: int) -> None:
        """The take got on. Raises Cancelled when nobody waits for it any more."""
        ...

    def cancelled(self) -> bool:
        """True when nobody waits for the take any more."""
        ...


def carry_out(work: Work, performer: Performer, store: Store, line: Line) -> Made | Failed:
    """Have one take made. A performer's crash costs its own step and nothing else.

    Raises NoSpace, BrokenProduction and Cancelled, which concern everything.
    """
    degraded: list[Degraded] = []
    bills: list[Price] = []
    scratch = store.scratch()
    command = work.command
    desk = Desk(
        store=store,
        inputs=dict(work.inputs),
        makers=dict(work.makers),
        take=command.take,
        seed=int(command.key[:12], 16),
        scratch=scratch,
        progress=line.progress,
        degrade=lambda what, why: degraded.append(Degraded(what=what, why=why)),
        token=command.key[:32],
        job=command.job,
        submitted=lambda job: line.write(Submitted(**work.about, job=job)),
        charge=bills.append,
        pause=lambda seconds: _pause(seconds, line),
    )
    began = time.monotonic()
    try:
        media = performer.perform(work.step, desk)
    except Damaged as error:
        # Whoever made it makes it again; then this is tried once more.
        return _failed(work, error, bills, error="TryLater", after=Fraction(0))
    except STOPS_EVERYTHING:
        raise
    except CutroomError as error:
        return _failed(work, error, bills)
    except Exception as error:  # noqa: BLE001 - the one place that turns a stranger's crash into an event
        said = CutroomError(f"{performer.name} crashed: {error or type(error).__name__}")
        return _failed(work, said, bills, error=type(error).__name__)
    finally:
        _cleared(scratch)
    if wrong := _wrong(work, media, store):
        return _failed(work, GiveUp(f"{performer.name} {wrong}", billed=_after_answer(work)), bills)
    result = {
        **work.about,
        "media": media,
        "wall_seconds": Fraction(round((time.monotonic() - began) * 1000), 1000),
        "degraded": tuple(degraded),
        **_cost(work, bills),
    }
    if work.part.terms.elsewhere:
        line.write(Fetched(**result))
    return Made(**result)


def _cleared(scratch: Path) -> None:
    try:
        scratch.rmdir()  # most leave nothing there, and looking for it takes longer than their work
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)


def _wrong(work: Work, media: Media, store: Store) -> str:
    """What is wrong with what was handed over; empty when nothing is."""
    wanted = work.step.makes.__name__
    if not isinstance(media, work.step.makes):
        return f"was to make {wanted} and handed over {type(media).__name__}"
    if not store.has(media):
        return f"was to make {wanted} and handed over one that is not in the store"
    return ""


def _after_answer(work: Work) -> bool | None:
    """Whether a call that was answered with something useless was billed: nobody knows, if it costs."""
    return False if work.part.terms.price.free else None


def _failed(
    work: Work, why: CutroomError, bills: list[Price], *, error: str | None = None, after: Fraction | None = None
) -> Failed:
    if isinstance(why, TryLater) and why.after is not None:
        after = Fraction(round(why.after * 1000), 1000)
    name = error or type(why).__name__
    billed = True if bills else None if name in ("Ambiguous", "Vanished") else getattr(why, "billed", False)
    cost = _cost(work, bills) if bills else {}
    return Failed(**work.about, reason=str(why), error=name, billed=billed, after=after, **cost)


def _cost(work: Work, bills: list[Price]) -> dict[str, Any]:
    """What was billed: as the server said, else the most that the terms allow."""
    price = work.part.terms.price
    if not bills:
        return {"cost": price.high, "currency": price.currency}
    currency = bills[0].currency if bills else CURRENCY
    return {"cost": sum((bill.high for bill in bills), Decimal(0)), "currency": currency}


def _pause(seconds: float, line: Line) -> None:
    """Wait, but not for a take that nobody wants any more."""
    until = time.monotonic() + seconds
    over = threading.Event()
    while (left := until - time.monotonic()) > 0:
        if line.cancelled():
            raise Cancelled("stopped while waiting for a server")
        over.wait(min(left, 0.1))
