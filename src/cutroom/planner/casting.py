"""Casting: who performs each step: the first performer, best first, that can do so on this machine; and who else could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

from cutroom.errors import Unavailable
from cutroom.plan.cast import NOBODY, Cast, Part
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms


class Candidate(Protocol):
    """What casting needs to know of a performer."""

    @property
    def name(self) -> str:
        """Unique."""
        ...

    @property
    def version(self) -> str:
        """Part of every key."""
        ...

    def performs(self, step: AnyStep) -> bool:
        """True when it can carry out `step` here."""
        ...

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """What else decides its result."""
        ...

    def terms(self, step: AnyStep) -> Terms:
        """What a take costs, and what it queues for."""
        ...


@runtime_checkable
class Dependent(Protocol):
    """A performer whose result is also decided by this machine and by what stands elsewhere in the plan.

    The fonts that draw a film's words are such a thing: which ones are needed follows from the words, which stand in
    other steps than the one that renders.
    """

    def settings_within(self, step: AnyStep, plan: Plan) -> dict[str, Any]:
        """What further decides the result of `step` in `plan`: JSON, part of the key."""
        ...


def cast(plan: Plan, performers: Sequence[Candidate]) -> Cast:
    """Who performs each step of `plan`, and who else could; steps that nobody can perform are named with the reason.

    Whom the plan names comes first. When that one is not here, nobody is cast, and the others are alternates: whether they
    may step in is the director's to decide.
    """
    parts: dict[str, Part] = {}
    uncast: dict[str, str] = {}
    for identity, step in plan.steps.items():
        able, troubles = _able(step, plan, performers)
        wanted = plan.by.get(identity)
        first = next((part for part in able if wanted is None or is_called(part.performer, wanted)), None)
        others = tuple(part for part in able if part is not first)
        if first is None:
            uncast[identity] = _why(step, wanted, troubles)
            first = Part(performer=NOBODY, version="0")
        parts[identity] = replace(first, alternates=others) if others else first
    return Cast(parts=parts, uncast=uncast)


def is_called(performer: str, name: str) -> bool:
    """True when `name` means this performer: its whole name, or that of the model that it belongs to."""
    return performer == name or performer.startswith(f"{name}/")


def _able(step: AnyStep, plan: Plan, performers: Sequence[Candidate]) -> tuple[list[Part], list[str]]:
    """Everybody who can carry out `step`, best first; and why others, who could, cannot here."""
    able: list[Part] = []
    troubles: list[str] = []
    for performer in performers:
        if not performer.performs(step):
            continue
        try:
            settings = performer.settings(step)
            # Most are not, and asking a protocol takes long where there are thousands of steps.
            if hasattr(performer, "settings_within") and isinstance(performer, Dependent):
                settings = settings | performer.settings_within(step, plan)
            part = Part(
                performer=performer.name, version=performer.version, settings=settings, terms=performer.terms(step)
            )
        except Unavailable as trouble:
            troubles.append(f"{performer.name}: {trouble}")
        else:
            able.append(part)
    return able, troubles


def _why(step: AnyStep, wanted: str | None, troubles: Sequence[str]) -> str:
    if wanted is not None:
        return f"the plan wants {wanted} for {step.kind}{_detail(step)}, and there is no such model here that can"
    if troubles:
        return f"nobody on this machine can perform {step.kind}{_detail(step)}: {'; '.join(troubles)}"
    way_out = (
        "" if _detail(step) or step.group not in ("generate", "edit") else "; cutroom models add sets up one that can"
    )
    return f"nobody on this machine can perform {step.kind}{_detail(step)}{way_out}"


def _detail(step: AnyStep) -> str:
    """What may be the reason: a voice or a language that is not here."""
    said = [f"{name} {value!r}" for name in ("language", "voice") if (value := getattr(step, name, None))]
    return f" ({', '.join(said)})" if said else ""
