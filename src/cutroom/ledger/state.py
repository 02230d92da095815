"""The state of a production: the fold of its events. Pure; no clock, no disk.

One more event costs the same however many there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar, assert_never

from cutroom.brief.brief import Brief
from cutroom.ledger.events import (
    Accepted,
    Answered,
    Declined,
    Event,
    Failed,
    Fetched,
    Judged,
    Lost,
    Made,
    Opened,
    Planned,
    Recast,
    Redone,
    Returned,
    Started,
    Submitted,
    Wrapped,
)
from cutroom.ledger.shards import Shards
from cutroom.money import CURRENCY, Price
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep
from cutroom.verdict import Verdict

JOB_IS_OVER = frozenset({"Vanished", "GiveUp", "Skipped"})
"""Failures after which there is nothing more to be had from the server's job."""


@dataclass(frozen=True, kw_only=True)
class Take:
    """One attempt at a step, as far as it got."""

    key: str
    running: bool = False
    """True while somebody of this run is at it. Neither running, made nor failed: an earlier run was cut off here."""
    began: Started | None = None
    job: str | None = None
    """What a server calls it, once it has taken the call."""
    fetched: Fetched | None = None
    made: Made | None = None
    failed: Failed | None = None
    failures: int = 0
    """How often it failed in this run."""
    verdict: Verdict | None = None

    @property
    def left(self) -> bool:
        """True when an earlier run was cut off between asking for it and keeping it."""
        return not (self.running or self.made or self.failed)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A step with all that is upstream of it: its takes, and which one is used."""

    step: AnyStep | None = None
    """The step as it was when its first take was asked for."""
    recipe: str = ""
    takes: Mapping[int, Take] = field(default_factory=dict)
    accepted: Accepted | None = None
    declined: bool = False
    wanted: int = 0
    """The take that a person asked for; 0 for none."""


NO_SLOT = Slot()
"""A slot of which nothing is known."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A failed take that a later plan tried to better: what a rollback may return to."""

    plan: Plan
    slot: str
    take: int
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Version:
    """The film as it was once delivered: what was asked, the plan, and which takes were used."""

    number: int
    parent: int
    """The version that it was made from; 0 for none."""
    brief: Brief
    plan: Plan
    planned_by: str
    slots: Mapping[str, Slot]
    wrapped: Wrapped
    change: str
    """What led to it, in words: the request, a revision, or a person's choice of a take."""

    def same_film(self, other: Version) -> bool:
        """True when both were made of the same plan and the same takes.

        `other` is the earlier one: takes of it that were lost since, because nothing needs them, make no difference.
        """
        there = {take.key for slot in self.slots.values() for take in slot.takes.values()}
        return self.plan == other.plan and _used(self.slots) == _used(other.slots) & there


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything that is known about a production."""

    brief: Brief | None = None
    plan: Plan | None = None
    planned_by: str = ""
    replans: int = 0
    """How often this run asked the planner, to bound it."""
    slots: Shards[Slot] = field(default_factory=Shards)
    bought: Shards[str] = field(default_factory=Shards)
    """Recipes of takes that were paid for and used, and the slots they lie in."""
    attempts: Mapping[str, tuple[Attempt, ...]] = field(default_factory=dict)
    """By step id: takes that failed and were answered with another plan, in this brief."""
    settled: frozenset[str] = frozenset()
    """Steps that were rolled back: they are not revised again."""
    performed: Shards[str] = field(default_factory=Shards)
    """Keys that were made in this run, and the steps that they were made for."""
    spent: Mapping[str, Decimal] = field(default_factory=dict)
    """In all runs, by currency."""
    reserved: Mapping[str, Price] = field(default_factory=dict)
    """What the takes under way may cost, by key."""
    answers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What a person decided, by question and key."""
    recast: Mapping[str, Recast] = field(default_factory=dict)
    """Who stepped in for a performer that could not, by the slot that was theirs."""
    versions: tuple[Version, ...] = ()
    change: str = ""
    """What a person asked for last."""
    version: int = 0
    """The version that was delivered, or gone back to, last; 0 for none."""
    wrapped: Wrapped | None = None

    def take(self, slot: str, number: int) -> Take | None:
        """That take, if it was ever begun."""
        return self.slots.get(slot, Slot()).takes.get(number)

    def paid(self, currency: str = CURRENCY) -> Decimal:
        """What was spent in `currency`, in all runs."""
        return self.spent.get(currency, Decimal(0))


Value = TypeVar("Value")


def replace(value: Value, **changes: Any) -> Value:
    """`value` with other fields, as `dataclasses.replace` has it, in a tenth of the time: a fold is little else."""
    other = object.__new__(type(value))
    fields = other.__dict__
    fields.update(value.__dict__)
    count = len(fields)
    fields.update(changes)
    assert len(fields) == count, f"no such fields: {changes}"
    return other


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after `events`."""
    state = state or State()
    for event in events:
        state = apply(state, event)
    return state


def cut_off(state: State) -> State:
    """`state` when nobody is at work: what was under way is not."""
    slots = state.slots
    for name, slot in state.slots.items():
        if any(take.running for take in slot.takes.values()):
            takes = {number: replace(take, running=False) for number, take in slot.takes.items()}
            slots = slots.with_item(name, replace(slot, takes=takes))
    return replace(state, slots=slots)


def apply(state: State, event: Event) -> State:  # noqa: C901 - one case an event
    """The state after one more event."""
    match event:
        case Opened():
            return _opened(state, event)
        case Planned():
            return _planned(state, event)
        case Declined():
            return _slot(state, event.slot, declined=True)
        case Started() | Submitted() | Fetched() | Made() | Failed() | Judged():
            return _attempt(state, event)
        case Accepted():
            return _accepted(state, event)
        case Recast():
            return replace(state, recast={**state.recast, event.slot: event})
        case Answered():
            return replace(state, answers={**state.answers, (event.question, event.key): event.answer})
        case Redone():
            state = replace(state, change=f"take {event.take} of {event.step}")
            return _slot(state, event.slot, accepted=None, declined=False, wanted=event.take)
        case Returned():
            return _returned(state, event)
        case Lost():
            return _lost(state, event)
        case Wrapped():
            return _wrapped(state, event)
        case _:
            assert_never(event)


def _opened(state: State, event: Opened) -> State:
    """A new run: nothing runs any more; another brief asks for another plan, but every take is kept."""
    slots = state.slots
    for name, slot in state.slots.items():
        if any(not take.made for take in slot.takes.values()):
            takes = {number: after for number, take in slot.takes.items() if (after := _after_a_run(take))}
            slots = slots.with_item(name, replace(slot, takes=takes))
    same = state.brief == event.brief
    return replace(
        state,
        brief=event.brief,
        change=state.change if same else (event.brief.request, *event.brief.revisions)[-1],
        plan=state.plan if same else None,
        attempts=state.attempts if same else {},
        settled=state.settled if same else frozenset(),
        replans=0,
        performed=Shards(),
        reserved={},
        wrapped=None,
        slots=slots,
    )


def _after_a_run(take: Take) -> Take | None:
    """What a later run still has to know of a take: all that was made, and every call whose fate is unknown."""
    if take.made:
        return replace(take, failures=0)
    # A job that a server took on is asked for again, whatever failed here: another one would be paid for, too.
    unknown = not take.failed or take.failed.billed is None or take.job is not None
    sent = take.began is not None and (take.began.elsewhere or not take.began.price.free)
    return replace(take, running=False, failed=None, failures=0) if unknown and sent else None


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
    slot = replace(state.slots.get(name, Slot()), **changes)
    return replace(state, slots=state.slots.with_item(name, slot))


def _attempt(state: State, event: Started | Submitted | Fetched | Made | Failed | Judged) -> State:
    """One event in the life of a take."""
    slot = state.slots.get(event.slot, NO_SLOT)
    take = slot.takes.get(event.take) or Take(key=event.key)
    takes = {**slot.takes, event.take: _after(take, event)}
    if isinstance(event, Started) and slot.step is None and state.plan is not None:
        after = replace(slot, takes=takes, step=state.plan.steps.get(event.step), recipe=event.recipe)
    else:
        after = replace(slot, takes=takes)
    slots = state.slots.with_item(event.slot, after)
    match event:
        case Started():
            reserved = state.reserved if event.price.free else {**state.reserved, event.key: event.price}
            # What a person said of one lost call does not hold for the next one.
            answers, asked = state.answers, ("ambiguous", event.key)
            if asked in answers:
                answers = {about: said for about, said in answers.items() if about != asked}
            return replace(state, slots=slots, reserved=reserved, answers=answers)
        case Made():
            performed = state.performed if event.reused else state.performed.with_item(event.key, event.step)
            return replace(_paid(state, event, take), slots=slots, performed=performed)
        case Failed():
            return replace(_paid(state, event, take), slots=slots)
        case _:
            return replace(state, slots=slots)


def _after(take: Take, event: Started | Submitted | Fetched | Made | Failed | Judged) -> Take:
    match event:
        case Started():
            # The job stays: whoever is asked again must ask for its result.
            return replace(take, began=event, running=True, failed=None, fetched=None)
        case Submitted():
            return replace(take, job=event.job)
        case Fetched():
            return replace(take, fetched=event)
        case Made():
            return replace(take, made=event, running=False, failed=None)
        case Failed():
            # A late failure takes nothing away from what is there.
            job = None if event.error in JOB_IS_OVER else take.job
            return (
                take if take.made else replace(take, failed=event, running=False, job=job, failures=take.failures + 1)
            )
        case Judged():
            return replace(take, verdict=event.verdict)
        case _:
            assert_never(event)


def _paid(state: State, event: Made | Failed, take: Take) -> State:
    """What an attempt cost is spent, once; what was held back for it is free again."""
    reserved = state.reserved
    if event.key in reserved:
        reserved = {key: price for key, price in reserved.items() if key != event.key}
    spent = state.spent
    if event.cost and not take.made:
        spent = {**spent, event.currency: spent.get(event.currency, Decimal(0)) + event.cost}
    return replace(state, reserved=reserved, spent=spent)


def _accepted(state: State, event: Accepted) -> State:
    if event.by == "person":
        state = replace(state, change=f"take {event.take} of {event.step}")
    after = _slot(state, event.slot, accepted=event, wanted=0)
    slot = after.slots[event.slot]
    take = slot.takes.get(event.take)
    if slot.recipe and take and take.began and not take.began.price.free:
        after = replace(after, bought=after.bought.with_item(slot.recipe, event.slot))
    return after


def _lost(state: State, event: Lost) -> State:
    slot = state.slots[event.slot]
    takes = {number: take for number, take in slot.takes.items() if take.key != event.key}
    accepted = slot.accepted if slot.accepted and slot.accepted.key != event.key else None
    return _slot(state, event.slot, takes=takes, accepted=accepted)


def _wrapped(state: State, event: Wrapped) -> State:
    """The run is over; what it delivered is a version of the film, unless it is the one before again."""
    state = replace(state, wrapped=event)
    if not any(item.kind == "video" for item in event.deliverables) or state.brief is None or state.plan is None:
        return state
    version = Version(
        number=len(state.versions) + 1,
        parent=state.version,
        brief=state.brief,
        plan=state.plan,
        planned_by=state.planned_by,
        slots=state.slots,
        wrapped=event,
        change=state.change,
    )
    for other in state.versions:
        if version.same_film(other):
            return replace(state, version=other.number)
    return replace(state, versions=(*state.versions, version), version=version.number)


def _returned(state: State, event: Returned) -> State:
    """Everything as it was at that version; later takes are kept, but not used."""
    version = state.versions[event.version - 1]
    slots = state.slots
    for name, slot in state.slots.items():
        then = version.slots.get(name, Slot())
        if slot.accepted != then.accepted or slot.wanted:
            slots = slots.with_item(name, replace(slot, accepted=then.accepted, wanted=0))
    return replace(
        state,
        brief=version.brief,
        plan=version.plan,
        planned_by=version.planned_by,
        version=version.number,
        slots=slots,
        attempts={},
        settled=frozenset(),
        wrapped=None,
    )


def _used(slots: Mapping[str, Slot]) -> frozenset[str]:
    return frozenset(slot.accepted.key for slot in slots.values() if slot.accepted)
