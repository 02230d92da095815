"""Casting: who performs each step. The first performer, best first, that can carry the step out on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from cutroom.plan.cast import Cast, Part
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
    """Who performs each step of `plan`; steps that nobody can perform are named with the reason."""
    parts: dict[str, Part] = {}
    uncast: dict[str, str] = {}
    for identity, step in plan.steps.items():
        chosen = next((performer for performer in performers if performer.performs(step)), None)
        if chosen is None:
            uncast[identity] = f"nobody on this machine can perform {step.kind}{_detail(step)}"
            parts[identity] = Part(performer="nobody", version="0")
        else:
            settings = chosen.settings(step)
            if isinstance(chosen, Dependent):
                settings = settings | chosen.settings_within(step, plan)
            parts[identity] = Part(
                performer=chosen.name, version=chosen.version, settings=settings, terms=chosen.terms(step)
            )
    return Cast(parts=parts, uncast=uncast)


def _detail(step: AnyStep) -> str:
    """What may be the reason: a voice or a language that is not here."""
    said = [f"{name} {value!r}" for name in ("language", "voice") if (value := getattr(step, name, None))]
    return f" ({', '.join(said)})" if said else ""
