"""What happens in a production, one small record each. The ledger holds them in order and is never rewritten.

`step` is the step's id in the plan of that moment, for people. `slot` names the step with everything upstream of it
and who performs it, but without a take number; `key` is the same with the take number: equal keys are equal takes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cutroom.brief.brief import Brief
from cutroom.media.kinds import AnyMedia
from cutroom.media.marks import Marks
from cutroom.plan.plan import Degraded, Plan
from cutroom.time import Exact
from cutroom.verdict import Verdict


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class _TakeEvent(_Event):
    step: str
    slot: str
    take: int = Field(ge=1)
    key: str


class Opened(_Event):
    """A run began: with this brief, by this version of Cutroom."""

    kind: Literal["opened"] = "opened"
    brief: Brief
    cutroom: str


class Planned(_Event):
    """There is a plan, or another one."""

    kind: Literal["planned"] = "planned"
    plan: Plan
    by: str
    """The planner's name and version."""
    reason: str
    """Why now: first plan, more is known, or which verdict asked for a revision."""
    revises: str | None = None
    """The step whose take failed, when this plan answers a verdict."""
    rolled_back: bool = False
    """True when this plan takes an earlier one up again."""


class Declined(_Event):
    """The planner has no better idea for a failed take: another take, or the best of those there are, must do."""

    kind: Literal["declined"] = "declined"
    step: str
    slot: str


class Started(_TakeEvent):
    """A performer was asked for a take."""

    kind: Literal["started"] = "started"
    performer: str
    version: str


class Made(_TakeEvent):
    """A take is there."""

    kind: Literal["made"] = "made"
    performer: str
    media: AnyMedia
    cost: Decimal = Decimal(0)
    wall_seconds: Exact
    degraded: tuple[Degraded, ...] = ()


class Failed(_TakeEvent):
    """A take could not be made."""

    kind: Literal["failed"] = "failed"
    performer: str
    reason: str
    error: str
    """The error's class: TryAgain, GiveUp, BadInput, Unavailable, or a crash's own."""
    billed: bool = False


class Judged(_TakeEvent):
    """A take was looked at."""

    kind: Literal["judged"] = "judged"
    verdict: Verdict


class Accepted(_TakeEvent):
    """A take is the one that is used."""

    kind: Literal["accepted"] = "accepted"
    degraded: tuple[Degraded, ...] = ()
    """Not empty when it was accepted for want of a better one."""


class Lost(_Event):
    """A take's bytes are gone from the store: it must be made again."""

    kind: Literal["lost"] = "lost"
    slot: str
    key: str


class Deliverable(_Event):
    """A file that was handed back."""

    kind: Literal["video", "preview", "captions", "report", "plan", "thumbnail", "chapters"]
    path: str
    sha256: str


class Wrapped(_Event):
    """The run ended."""

    kind: Literal["wrapped"] = "wrapped"
    status: Literal["delivered", "degraded", "stopped", "failed"]
    deliverables: tuple[Deliverable, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    marks: Marks | None = None
    """What a detector read in the delivered film."""
    reason: str = ""


Event = Annotated[
    Opened | Planned | Declined | Started | Made | Failed | Judged | Accepted | Lost | Wrapped,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads any event from JSON."""
