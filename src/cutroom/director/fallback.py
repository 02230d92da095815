"""Who steps in for a performer that refuses or is away: only as the policy allows, at a stated price, and never unsaid. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from cutroom.director.commands import Ask, Command, Record, Wrap
from cutroom.director.limits import Limits
from cutroom.ledger.events import Recast
from cutroom.ledger.state import State, Take
from cutroom.plan.cast import NOBODY, Part
from cutroom.plan.plan import Degraded
from cutroom.plan.step import Form

NOT_THEIR_FAULT = ("TryAgain", "BadInput")
"""Errors that lie in what was asked or handed over: anybody else would meet them too."""


def who(state: State, part: Part, form: Form, keys: Mapping[str, str]) -> tuple[Part, str, tuple[Recast, ...]]:
    """Who performs a step that `part` was cast for, the slot of its takes, and who stepped in for whom until then.

    What was decided holds for the slot: once the step is asked for otherwise, the first one cast is asked again.
    """
    name = part.key(form, 0, keys)
    everybody = {other.performer: other for other in part.alternates}
    changes: list[Recast] = []
    while (change := state.recast.get(name)) and (other := everybody.pop(change.performer, None)):
        changes.append(change)
        part, name = other, other.key(form, 0, keys)
    alternates = tuple(everybody.values())
    return (part, name, ()) if not changes else (_with(part, alternates), name, tuple(changes))


def step_in(state: State, limits: Limits, part: Part, step: str, slot: str, take: Take) -> list[Command]:
    """What follows when `part` failed for good: somebody else, a question, or the reason why not; empty when nobody could."""
    failed = take.failed
    assert failed is not None
    if failed.error in NOT_THEIR_FAULT or not part.alternates:
        return []
    able = [other for other in part.alternates if _within(other, limits)]
    said = f"{step}: {failed.reason}"
    if limits.fallback == "never" or not able:
        return [Wrap("failed", f"{said}; {_way_out(able or part.alternates, limits)}")]
    if limits.fallback == "ask":
        return _asked(state, part, able, step, slot, take, said)
    other = able[0]
    return [Record(_recast(part, other, step, slot, failed.reason))]


def told(changes: Iterable[Recast]) -> tuple[Degraded, ...]:
    """What is said of them in the report."""
    return tuple(
        Degraded(
            what=change.step, why=f"{_name(change.was)} could not ({change.reason}); {_named(change)} did it instead"
        )
        for change in changes
    )


def _asked(state: State, part: Part, able: list[Part], step: str, slot: str, take: Take, said: str) -> list[Command]:
    """One question for each who could, in order, until somebody is wanted."""
    assert take.failed is not None
    for other in able:
        about = f"{take.key}:{other.performer}"
        answer = state.answers.get(("fallback", about))
        if answer == "yes":
            return [Record(_recast(part, other, step, slot, take.failed.reason))]
        if answer is None:
            way_out = "say --fallback free (or any) to let others step in"
            question = f"{said}; {other.performer} could do it instead, price {other.terms.price}: go on with it?"
            return [Ask("fallback", step, about, question, way_out)]
    return [Wrap("stopped", f"{said}; nobody else was wanted")]


def _within(part: Part, limits: Limits) -> bool:
    """True when the policy and the whole budget have room for a take of `part`."""
    price = part.terms.price
    if price.free or limits.fallback == "free":
        return price.free
    if not price.known or price.currency != limits.currency:
        return limits.allow_unknown_price
    return price.high <= (limits.budget or Decimal(0))


def _way_out(others: Iterable[Part], limits: Limits) -> str:
    other = next(iter(others))
    could = f"{other.performer} could do it instead, price {other.terms.price}"
    if other.terms.price.free:
        return f"{could}: say --fallback free to go on with it"
    room = "--allow-unknown-price" if not other.terms.price.known else f"--budget {other.terms.price.high} or more"
    more = room if limits.fallback in ("any", "ask") else f"--fallback any and {room}"
    return f"{could}: say {more} to go on with it"


def _recast(part: Part, other: Part, step: str, slot: str, reason: str) -> Recast:
    return Recast(
        step=step, slot=slot, was=part.performer, performer=other.performer, price=other.terms.price, reason=reason
    )


def _with(part: Part, alternates: tuple[Part, ...]) -> Part:
    return replace(part, alternates=alternates)


def _name(performer: str) -> str:
    return "whoever was wanted" if performer == NOBODY else performer


def _named(change: Recast) -> str:
    return f"{change.performer} ({change.price})"
