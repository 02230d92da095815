"""`decide(state, cast, limits)`: what to do next. Pure: no clock, no network, no disk.

Ask after *every* event: the answer assumes that commands already under way are visible as `Started` takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cutroom.director.acceptance import accepts, best, settled_for
from cutroom.director.commands import AskPlanner, AskRevision, Command, Look, Perform, Record, Wrap
from cutroom.ledger.events import Accepted, Planned
from cutroom.ledger.state import Slot, State, Take
from cutroom.media.kinds import AnyMedia
from cutroom.plan.cast import Cast
from cutroom.plan.catalogue.assemble import MarkFilm, RenderFilm
from cutroom.plan.plan import Degraded, Plan

REPLANS = 24
"""A planner that is asked more often than this within one run is going in circles."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far a run may go."""

    rounds: int = 3
    """How often a failing step may be tried anew: by another plan or by another take."""
    budget: Decimal | None = None
    """The most that may be spent in this production; None: nothing beyond what is free."""
    stop_after: Literal["plan", "cut"] | None = None
    """``plan``: stop as soon as the plan is whole; only looking and writing is done for it. ``cut``: stop when all that is
    left is to render the film."""


@dataclass(frozen=True)
class Standing:
    """Where the needed steps of a plan stand: the takes in use, and what to do about the others."""

    keys: Mapping[str, str]
    """For every asset and every step with an accepted take: the key behind it."""
    media: Mapping[str, AnyMedia]
    """The same, as media."""
    commands: tuple[Command, ...]
    open: tuple[str, ...]
    """Needed steps without an accepted take."""


def decide(state: State, cast: Cast, limits: Limits) -> list[Command]:
    """The commands that follow from `state`; empty while everything that can be done is under way."""
    if state.wrapped or state.brief is None:
        return []
    if state.plan is None:
        return [AskPlanner("a brief without a plan")]
    if state.replans > REPLANS:
        return [Wrap("failed", f"the planner was asked {REPLANS} times and the plan is still not done")]
    plan = state.plan
    if limits.stop_after == "plan" and _only_making_is_left(plan):
        return [Wrap("stopped", "stopped after the plan, as asked")]
    standing = survey(state, cast, limits)
    if not standing.open:
        return [AskPlanner("more is known") if plan.waits_for else Wrap("finished")]
    if limits.stop_after == "cut" and _only_rendering_is_left(plan, standing.open):
        return [Wrap("stopped", "stopped before the film, as asked")]
    return list(standing.commands)


def survey(state: State, cast: Cast, limits: Limits) -> Standing:
    """Where every step of the plan stands, in order. Steps that are not needed now keep what they have, and ask for nothing."""
    plan = state.plan
    assert plan is not None, "survey needs a plan"
    keys = {identity: media.digest for identity, media in plan.assets.items()}
    media: dict[str, AnyMedia] = dict(plan.assets)
    commands: list[Command] = []
    left: list[str] = []
    needed = set(plan.needed())
    for step in plan.order():
        if step in needed:
            left.append(step)
        if not all(identity in keys for identity in plan.upstream(step)):
            continue
        slot_name = cast.key(plan, step, 0, keys)
        slot = state.slots.get(slot_name, Slot())
        if slot.accepted and (take := slot.takes.get(slot.accepted.take)) and take.made:
            keys[step], media[step] = slot.accepted.key, take.made.media
            left = [other for other in left if other != step]
        elif step in needed:
            commands.extend(_advance(state, limits, cast, plan, step, slot_name, slot, keys))
    return Standing(keys, media, tuple(commands), tuple(left))


def _advance(
    state: State, limits: Limits, cast: Cast, plan: Plan, step: str, name: str, slot: Slot, keys: Mapping[str, str]
) -> list[Command]:
    """What to do for one step whose inputs are all there."""
    if not slot.takes:
        return [_perform(state, limits, cast, plan, step, name, 1, keys)]
    number = max(slot.takes)
    take = slot.takes[number]
    if take.running:
        return []
    if take.failed:
        return _after_failure(state, plan, step, take)
    if take.verdict is None:
        return [Look(step, name, number, take.key)]
    if accepts(take.verdict):
        return [Record(Accepted(step=step, slot=name, take=number, key=take.key))]
    rounds = len(slot.takes) - 1 + len({attempt.slot for attempt in state.attempts.get(step, ())})
    if step in state.settled or rounds >= limits.rounds:
        return [_settle(state, plan, step, name, slot)]
    if not slot.declined:
        return [AskRevision(step, name, number, take.verdict, rounds + 1)]
    if plan.steps[step].seeded:
        return [_perform(state, limits, cast, plan, step, name, number + 1, keys)]
    return [_settle(state, plan, step, name, slot)]


def _perform(
    state: State, limits: Limits, cast: Cast, plan: Plan, step: str, name: str, take: int, keys: Mapping[str, str]
) -> Command:
    price = cast.parts[step].price
    if price and state.spent + price > (limits.budget or Decimal(0)):
        return Wrap(
            "stopped",
            f"{step} by {cast.parts[step].performer} costs {price}, and {state.spent} of {limits.budget or 0} is spent; "
            "raise --budget to go on",
        )
    return Perform(step, name, take, cast.key(plan, step, take, keys))


def _after_failure(state: State, plan: Plan, step: str, take: Take) -> list[Command]:
    """A step that could not be performed: an understanding that failed costs its asset, anything else the film."""
    assert take.failed is not None
    if plan.waits_for and step in plan.waits_for:
        # The planner is told when the others are through; until then the failed step counts as settled.
        others = [other for other in plan.waits_for if other != step]
        if all(_through(state, other) for other in others):
            return [AskPlanner(f"{step} failed: {take.failed.reason}")]
        return []
    return [Wrap("failed", f"{step}: {take.failed.reason}")]


def _through(state: State, step: str) -> bool:
    """True when the latest take of `step` is accepted or failed."""
    for slot in state.slots.values():
        for take in slot.takes.values():
            of_step = (take.made and take.made.step == step) or (take.failed and take.failed.step == step)
            if of_step and (slot.accepted or take.failed):
                return True
    return False


def _settle(state: State, plan: Plan, step: str, name: str, slot: Slot) -> Command:
    """Out of rounds: use the best of all takes of this step, also of those that earlier plans made, and say so."""
    here = [
        (take.verdict, (plan, name, number))
        for number, take in slot.takes.items()
        if take.made and take.verdict is not None
    ]
    before = [
        (attempt.verdict, (attempt.plan, attempt.slot, attempt.take))
        for attempt in (() if step in state.settled else state.attempts.get(step, ()))
        if attempt.slot != name
    ]
    which, where, number = best([*before, *here])
    if where != name:
        return Record(
            Planned(
                plan=which,
                by=state.planned_by,
                reason=f"rolled back: no revision of {step} was better",
                revises=step,
                rolled_back=True,
            )
        )
    take = slot.takes[number]
    assert take.verdict is not None
    return Record(Accepted(step=step, slot=name, take=number, key=take.key, degraded=settled_for(step, take.verdict)))


def _only_making_is_left(plan: Plan) -> bool:
    """True when everything that the plan still waits for would be made rather than looked at or written."""
    return all(plan.steps[step].group not in ("understand", "write") for step in plan.waits_for)


def _only_rendering_is_left(plan: Plan, open_steps: tuple[str, ...]) -> bool:
    """True when the plan is whole and nothing but the film itself is still to be made."""
    return not plan.waits_for and all(isinstance(plan.steps[step], RenderFilm | MarkFilm) for step in open_steps)


def all_degraded(state: State, cast: Cast, limits: Limits) -> tuple[Degraded, ...]:
    """Everything that is not as asked, from the brief (files left out) to the accepted takes; each once."""
    assert state.brief is not None
    found = [
        Degraded(what=skipped.name, why=f"left out: {skipped.reason}; {skipped.way_out}")
        for skipped in state.brief.skipped
    ]
    if state.plan is not None:
        found.extend(state.plan.degraded)
        in_use = set(survey(state, cast, limits).keys.values())
        for slot in state.slots.values():
            if slot.accepted and slot.accepted.key in in_use:
                made = slot.takes[slot.accepted.take].made
                found.extend([*slot.accepted.degraded, *(made.degraded if made else ())])
    return tuple(dict.fromkeys(found))
