"""How each step of a production stands, and why: worked out on reading, from the ledger and from who performs today. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from cutroom.director.frontier import Frontier
from cutroom.director.limits import Limits
from cutroom.ledger.state import Slot, State, Take
from cutroom.media.kinds import AnyMedia
from cutroom.money import Price
from cutroom.plan.cast import Cast, Part
from cutroom.plan.step import AnyStep

Standing = Literal["current", "stale", "missing", "failed", "cut off", "not needed"]


@dataclass(frozen=True, kw_only=True)
class StepStatus:
    """How one step stands."""

    step: str
    kind: str
    standing: Standing
    """current: the take in use is of this plan and these settings. stale: there is a take, made from something else.
    missing: there is none. failed: the last attempt failed. cut off: a call was sent, and a crash hid the answer."""
    why: tuple[str, ...] = ()
    """Which inputs and settings changed, or what failed."""
    performer: str
    take: int | None = None
    """The take in use; None when none is."""
    takes: int = 0
    """How many there are."""
    price: Price
    """What a new take would cost."""
    paid: Decimal = Decimal(0)
    """What the take in use cost."""
    media: AnyMedia | None = None
    """What the take in use is."""
    kept: bool = False
    """True when a stale take is used as it is, because it was paid for: nothing buys it again unasked."""


def status(state: State, cast: Cast, limits: Limits | None = None) -> tuple[StepStatus, ...]:
    """Every step of the plan, in order; empty while there is no plan."""
    if state.plan is None:
        return ()
    frontier = Frontier(state, cast, limits or Limits())
    latest = _latest(state)
    needed = set(state.plan.needed())
    return tuple(_of_step(state, cast, frontier, latest, step, needed=step in needed) for step in state.plan.order())


def _of_step(
    state: State, cast: Cast, frontier: Frontier, latest: Mapping[str, str], step: str, *, needed: bool
) -> StepStatus:
    plan = frontier.plan
    part = frontier.parts[step]
    where = frontier.stale.get(step) or frontier.slots.get(step, "")
    slot = state.slots.get(where, Slot())
    about: dict[str, Any] = {
        "step": step,
        "kind": plan.steps[step].kind,
        "performer": part.performer,
        "price": part.terms.price,
        "takes": sum(1 for take in slot.takes.values() if take.made),
    }
    if step in frontier.keys and slot.accepted:
        take = slot.takes[slot.accepted.take]
        about["take"] = slot.accepted.take
        if take.made:
            about |= {"paid": take.made.cost, "media": take.made.media}
        if step in frontier.stale:
            why = _changes(slot, take, plan.steps[step], part, frontier.keys)
            return StepStatus(**about, standing="stale", why=why, kept=True)
        return StepStatus(**about, standing="current")
    last = slot.takes[max(slot.takes)] if slot.takes else None
    if last is not None and last.failed:
        return StepStatus(**about, standing="failed", why=(last.failed.reason,))
    if last is not None and last.running:
        return StepStatus(**about, standing="missing", why=("it is being made",))
    if last is not None and last.left:
        return StepStatus(**about, standing="cut off", why=(_fate(last),))
    before = state.slots.get(latest.get(step, ""), Slot())
    if before.takes and latest.get(step) != where:
        return StepStatus(
            **about, standing="stale", why=_changes(before, _used(before), plan.steps[step], part, frontier.keys)
        )
    if last is not None and last.made:
        return StepStatus(**about, standing="stale", why=("another take was asked for",))
    return StepStatus(**about, standing="missing" if needed else "not needed")


def _latest(state: State) -> dict[str, str]:
    """The slot in which each step was made last, by step id; of several, one that is in use."""
    found: dict[str, tuple[bool, str]] = {}
    for name, slot in state.slots.items():
        for take in slot.takes.values():
            if take.made:
                rank = (slot.accepted is not None, name)
                found[take.made.step] = max(found.get(take.made.step, (False, "")), rank)
    return {step: name for step, (_, name) in found.items()}


def _used(slot: Slot) -> Take:
    return slot.takes[slot.accepted.take] if slot.accepted else slot.takes[max(slot.takes)]


def _fate(take: Take) -> str:
    if take.fetched:
        return "its result is in the store; going on commits it"
    if take.job:
        return f"the job {take.job} was submitted; going on asks for its result"
    return "a call was sent and no answer came: it may have been carried out and billed"


def _changes(slot: Slot, take: Take, step: AnyStep, part: Part, keys: Mapping[str, str]) -> tuple[str, ...]:
    """What is different from when the take was made: the step's fields, its inputs, the performer and its settings."""
    began = take.began
    found = _fields(slot.step, step) if slot.step is not None else []
    if began is None:
        return tuple(found) or ("it was made from something else",)
    if began.performer != part.performer:
        found.append(f"performer: {part.performer} instead of {began.performer}")
    elif began.version != part.version:
        found.append(f"performer: version {part.version} instead of {began.version} of {part.performer}")
    settings = dict(part.settings)
    for name in sorted(settings.keys() | began.settings.keys()):
        if settings.get(name) != began.settings.get(name):
            found.append(f"setting {name}: {_short(settings.get(name))} instead of {_short(began.settings.get(name))}")
    for name, key in began.upstream.items():
        if name not in keys:
            found.append(f"input {name}: to be made anew")
        elif keys[name] != key:
            found.append(f"input {name}: another take")
    return tuple(found) or ("it was made from something else",)


def _fields(before: AnyStep, after: AnyStep) -> list[str]:
    if type(before) is not type(after):
        return [f"it is {after.kind} now instead of {before.kind}"]
    return [
        f"{name}: {_short(getattr(after, name))} instead of {_short(getattr(before, name))}"
        for name in type(after).model_fields
        if getattr(after, name) != getattr(before, name)
    ]


def _short(value: Any) -> str:
    text = repr(str(value)) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
