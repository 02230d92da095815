"""`decide(state, cast, limits)`: what to do next. Pure: no clock, no network, no disk.

An engine keeps a `Frontier` instead of asking afresh after every event: the answers are the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from cutroom.director.commands import AskPlanner, Command, Wrap
from cutroom.director.fallback import told
from cutroom.director.frontier import Frontier
from cutroom.director.limits import Limits
from cutroom.ledger.state import State
from cutroom.plan.cast import Cast
from cutroom.plan.catalogue.assemble import MarkFilm, RenderFilm
from cutroom.plan.plan import Degraded, Plan

REPLANS = 24
"""A planner that is asked more often than this within one run is going in circles."""

LAST_STEPS = 2
"""Rendering and marking: what is left to do when only the film is missing."""

__all__ = ["Limits", "all_degraded", "decide", "survey", "whole"]


def decide(state: State, cast: Cast, limits: Limits) -> list[Command]:
    """The commands that follow from `state`; empty while everything that can be done is under way."""
    if state.wrapped or state.brief is None:
        return []
    frontier = survey(state, cast, limits) if state.plan is not None else None
    command = whole(state, frontier, limits)
    if command is not None:
        return [command]
    return [] if frontier is None else [one for commands in frontier.commands.values() for one in commands]


def survey(state: State, cast: Cast, limits: Limits) -> Frontier:
    """Where every step of the plan stands. Steps that are not needed now keep what they have, and ask for nothing."""
    return Frontier(state, cast, limits)


def whole(state: State, frontier: Frontier | None, limits: Limits) -> Command | None:
    """What concerns the production as a whole: it needs a plan, or it is done. None while its steps have something to do."""
    if state.plan is None or frontier is None:
        return AskPlanner("a brief without a plan")
    if state.replans > REPLANS:
        return Wrap("failed", f"the planner was asked {REPLANS} times and the plan is still not done")
    if limits.stop_after == "plan" and _only_making_is_left(state.plan):
        return Wrap("stopped", "stopped after the plan, as asked")
    if not frontier.open:
        return AskPlanner("more is known") if state.plan.waits_for else Wrap("finished")
    if limits.stop_after == "cut" and _only_rendering_is_left(state.plan, frontier.open):
        return Wrap("stopped", "stopped before the film, as asked")
    return None


def _only_making_is_left(plan: Plan) -> bool:
    """True when everything that the plan still waits for would be made rather than looked at or written."""
    return all(plan.steps[step].group not in ("understand", "write") for step in plan.waits_for)


def _only_rendering_is_left(plan: Plan, left: Iterable[str]) -> bool:
    """True when the plan is whole and nothing but the film itself is still to be made."""
    steps = list(left)
    return (
        len(steps) <= LAST_STEPS
        and not plan.waits_for
        and all(isinstance(plan.steps[step], RenderFilm | MarkFilm) for step in steps)
    )


def all_degraded(state: State, cast: Cast, limits: Limits) -> tuple[Degraded, ...]:
    """Everything that is not as asked, from the brief (files left out) to the accepted takes; each once."""
    assert state.brief is not None
    found = [
        Degraded(what=skipped.name, why=f"left out: {skipped.reason}; {skipped.way_out}")
        for skipped in state.brief.skipped
    ]
    if state.plan is not None:
        found.extend(state.plan.degraded)
        standing = survey(state, cast, limits)
        recast = [change for step in standing.recast if step in standing.keys for change in standing.recast[step]]
        found.extend(told(recast))
        in_use = set(standing.keys.values())
        for slot in state.slots.values():
            if slot.accepted and slot.accepted.key in in_use:
                made = slot.takes[slot.accepted.take].made
                found.extend([*slot.accepted.degraded, *(made.degraded if made else ())])
    return tuple(dict.fromkeys(found))
