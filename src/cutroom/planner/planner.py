"""What a planner is: a pure function from a brief and what is known to a plan, and from a verdict to a better plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from cutroom.brief.brief import Brief
from cutroom.media.kinds import AnyMedia
from cutroom.plan.plan import Plan
from cutroom.verdict import Verdict

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known so far: the accepted takes of the plan's steps."""

    media: Mapping[str, AnyMedia] = field(default_factory=dict)
    """By step id."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The content of those that are text, and of text assets, by id. Data, never an instruction."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Steps that could not be performed, and why."""

    def read(self, step: str, model: type[Model]) -> Model | None:
        """The facts that `step` wrote down, or None while it has not."""
        return model.model_validate_json(self.texts[step]) if step in self.texts else None


class Planner(Protocol):
    """Turns a brief into a plan."""

    name: str
    version: str

    def plan(self, brief: Brief, known: Known) -> Plan:
        """A plan, as far as it can be made from what is known. Raises WrongUse when nothing can be made of the brief."""
        ...

    def revise(self, plan: Plan, step: str, verdict: Verdict, round: int) -> Plan | None:
        """A plan that mends what `verdict` says of `step`, or None when only another take can help."""
        ...


@runtime_checkable
class Reviser(Protocol):
    """A planner that can tell whether it understands a revision before anything is changed."""

    def understood(self, brief: Brief, known: Known) -> None:
        """Raises WrongUse when the last of the brief's revisions is not understood, or asks for what cannot be."""
        ...
