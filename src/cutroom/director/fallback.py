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


Together = Mapping[str, tuple[str, Part]]
"""Steps that get another performer together: the slot of each and who performs it now, by id; the one that failed is last."""


def step_in(state: State, limits: Limits, take: Take, together: Together) -> list[Command]:
    """What follows when a take failed for good: somebody else, a question, or the reason why not; empty when nobody could.

    One change is written down at a time, and that of the failed step, which asks for it, at the end: whatever cuts a run
    off between two of them, the next one goes on with the rest.
    """
    failed = take.failed
    assert failed is not None
    step, (_, part) = list(together.items())[-1]
    if failed.error in NOT_THEIR_FAULT or not part.alternates:
        return []
    able = [other for other in part.alternates if _within(other, limits, _steps(other, together))]
    if limits.fallback == "never" or not able:
        other = (able or part.alternates)[0]
        return [Wrap("failed", f"{step}: {failed.reason}; {_way_out(other, limits, _steps(other, together))}")]
    if limits.fallback == "ask":
        return _asked(state, able, take, together)
    return _recast(able[0], failed.reason, together)


def told(changes: Iterable[Recast]) -> tuple[Degraded, ...]:
    """What is said of them in the report: once for all steps that changed hands together."""
    alike: dict[tuple[str, str, str], list[Recast]] = {}
    for change in changes:
        alike.setdefault((change.was, change.performer, change.reason), []).append(change)
    return tuple(
        Degraded(
            what=_listed([change.step for change in group]),
            why=f"{_name(was)} could not ({reason}); {performer} ({group[0].price}) did it instead",
        )
        for (was, performer, reason), group in alike.items()
    )


def _asked(state: State, able: list[Part], take: Take, together: Together) -> list[Command]:
    """One question for each who could, in order, until somebody is wanted."""
    assert take.failed is not None
    step = list(together)[-1]
    said = f"{step}: {take.failed.reason}"
    for other in able:
        about = f"{take.key}:{other.performer}"
        answer = state.answers.get(("fallback", about))
        if answer == "yes":
            return _recast(other, take.failed.reason, together)
        if answer is None:
            question = f"{said}; {_could(other, _steps(other, together))}: go on with it?"
            return [Ask("fallback", step, about, question, "say --fallback free (or any) to let others step in")]
    return [Wrap("stopped", f"{said}; nobody else was wanted")]


def _theirs(other: Part, together: Together) -> list[tuple[str, str, Part]]:
    """The steps that `other` can take over: id, slot, and who performs it now."""
    return [
        (step, slot, part)
        for step, (slot, part) in together.items()
        if any(one.performer == other.performer for one in part.alternates)
    ]


def _steps(other: Part, together: Together) -> int:
    return len(_theirs(other, together))


def _within(part: Part, limits: Limits, steps: int) -> bool:
    """True when the policy and the whole budget have room for so many takes of `part`."""
    price = part.terms.price
    if price.free or limits.fallback == "free":
        return price.free
    if not price.known or price.currency != limits.currency:
        return limits.allow_unknown_price
    return steps * price.high <= (limits.budget or Decimal(0))


def _could(other: Part, steps: int) -> str:
    each = f" each, for {steps} steps" if steps > 1 else ""
    return f"{other.performer} could do it instead, price {other.terms.price}{each}"


def _way_out(other: Part, limits: Limits, steps: int) -> str:
    price = other.terms.price
    if price.free:
        return f"{_could(other, steps)}: say --fallback free to go on with it"
    room = "--allow-unknown-price" if not price.known else f"--budget {steps * price.high} or more"
    more = room if limits.fallback in ("any", "ask") else f"--fallback any and {room}"
    return f"{_could(other, steps)}: say {more} to go on with it"


def _recast(other: Part, reason: str, together: Together) -> list[Command]:
    performer, price = other.performer, other.terms.price
    return [
        Record(Recast(step=step, slot=slot, was=part.performer, performer=performer, price=price, reason=reason))
        for step, slot, part in _theirs(other, together)
    ]


def _with(part: Part, alternates: tuple[Part, ...]) -> Part:
    return replace(part, alternates=alternates)


def _name(performer: str) -> str:
    return "whoever was wanted" if performer == NOBODY else performer


def _listed(steps: list[str]) -> str:
    return ", ".join(steps) if len(steps) <= 3 else f"{', '.join(steps[:2])} and {len(steps) - 2} more"
