"""The state of a production: the fold of its events. Pure; no clock, no disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import assert_never

from cutroom.brief.brief import Brief
from cutroom.ledger.events import (
    Accepted,
    Declined,
    Event,
    Failed,
    Judged,
    Lost,
    Made,
    Opened,
    Planned,
    Started,
    Wrapped,
)
from cutroom.plan.plan import Plan
from cutroom.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Take:
    """One attempt at a step, as far as it got."""

    key: str
    running: bool = False
    made: Made | None = None
    failed: Failed | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A step with all that is upstream of it: its takes, and which one is used."""

    takes: Mapping[int, Take] = field(default_factory=dict)
    accepted: Accepted | None = None
    declined: bool = False


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A failed take that a later plan tried to better: what a rollback may return to."""

    plan: Plan
    slot: str
    take: int
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything that is known about a production."""

    brief: Brief | None = None
    plan: Plan | None = None
    planned_by: str = ""
    replans: int = 0
    """How often this run asked the planner, to bound it."""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    attempts: Mapping[str, tuple[Attempt, ...]] = field(default_factory=dict)
    """By step id: takes that failed and were answered with another plan, in this brief."""
    settled: frozenset[str] = frozenset()
    """Steps that were rolled back: they are not revised again."""
    performed: tuple[str, ...] = ()
    """Keys that were made in this run."""
    spent: Decimal = Decimal(0)
    """In all runs."""
    wrapped: Wrapped | None = None

    def take(self, slot: str, number: int) -> Take | None:
        """That take, if it was ever begun."""
        return self.slots.get(slot, Slot()).takes.get(number)


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after `events`."""
    state = state or State()
    for event in events:
        state = apply(state, event)
    return state


def apply(state: State, event: Event) -> State:  # noqa: C901 - one case an event
    """The state after one more event."""
    match event:
        case Opened():
            return _opened(state, event)
        case Planned():
            return _planned(state, event)
        case Declined():
            return _slot(state, event.slot, declined=True)
        case Started():
            return _take(state, event, Take(key=event.key, running=True))
        case Made():
            made = _take(state, event, Take(key=event.key, made=event))
            return replace(made, performed=(*state.performed, event.key), spent=state.spent + event.cost)
        case Failed():
            return _take(state, event, Take(key=event.key, failed=event))
        case Judged():
            return _take(state, event, replace(state.slots[event.slot].takes[event.take], verdict=event.verdict))
        case Accepted():
            return _slot(state, event.slot, accepted=event)
        case Lost():
            return _lost(state, event)
        case Wrapped():
            return replace(state, wrapped=event)
        case _:
            assert_never(event)


def _opened(state: State, event: Opened) -> State:
    """A new run: nothing runs any more; another brief asks for another plan, but every take is kept."""
    slots = {
        name: replace(slot, takes={number: take for number, take in slot.takes.items() if take.made})
        for name, slot in state.slots.items()
    }
    same = state.brief == event.brief
    return replace(
        state,
        brief=event.brief,
        plan=state.plan if same else None,
        attempts=state.attempts if same else {},
        settled=state.settled if same else frozenset(),
        replans=0,
        performed=(),
        wrapped=None,
        slots=slots,
    )


def _planned(state: State, event: Planned) -> State:
    attempts = dict(state.attempts)
    if event.revises and state.plan and not event.rolled_back:
        failed = [
            Attempt(plan=state.plan, slot=name, take=number, verdict=take.verdict)
            for name, slot in state.slots.items()
            for number, take in slot.takes.items()
            if take.made and take.verdict and take.made.step == event.revises and take.verdict.outcome == "fail"
        ]
        seen = {(attempt.slot, attempt.take) for attempt in attempts.get(event.revises, ())}
        new = tuple(attempt for attempt in failed if (attempt.slot, attempt.take) not in seen)
        attempts[event.revises] = attempts.get(event.revises, ()) + new
    settled = state.settled | {event.revises} if event.rolled_back and event.revises else state.settled
    return replace(
        state, plan=event.plan, planned_by=event.by, replans=state.replans + 1, attempts=attempts, settled=settled
    )


def _slot(state: State, name: str, **changes: object) -> State:
    slot = replace(state.slots.get(name, Slot()), **changes)  # pyright: ignore[reportArgumentType]
    return replace(state, slots={**state.slots, name: slot})


def _take(state: State, event: Started | Made | Failed | Judged, take: Take) -> State:
    takes = state.slots.get(event.slot, Slot()).takes
    return _slot(state, event.slot, takes={**takes, event.take: take})


def _lost(state: State, event: Lost) -> State:
    slot = state.slots[event.slot]
    takes = {number: take for number, take in slot.takes.items() if take.key != event.key}
    accepted = slot.accepted if slot.accepted and slot.accepted.key != event.key else None
    return _slot(state, event.slot, takes=takes, accepted=accepted)
