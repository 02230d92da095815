"""What happens in a production, one small record each. The ledger holds them in order and is never rewritten.

`step` is the step's id in the plan of that moment, for people. `slot` names the step with everything upstream of it
and who performs it, but without a take number; `key` is the same with the take number: equal keys are equal takes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cutroom.brief.brief import Brief
from cutroom.media.kinds import AnyMedia
from cutroom.media.marks import Marks
from cutroom.money import CURRENCY, FREE, Price
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
    """A performer is about to be asked for a take: the intent, written down before anything is sent."""

    kind: Literal["started"] = "started"
    performer: str
    version: str
    settings: dict[str, Any] = {}
    """What else decides the result, as it is in the key."""
    upstream: dict[str, str] = {}
    """The keys behind the step's inputs, by id: with `settings`, what a later look needs to say why a take is stale."""
    recipe: str = ""
    """What is asked for, whoever performs it: the key without the performer."""
    price: Price = FREE
    elsewhere: bool = False
    """True when a call goes to somebody else: without an answer, nobody knows whether it was carried out."""


class Submitted(_TakeEvent):
    """A server took the call and named a job: after a crash it is asked for its result, not called again."""

    kind: Literal["submitted"] = "submitted"
    performer: str
    job: str


class _Result(_TakeEvent):
    performer: str
    media: AnyMedia
    cost: Decimal = Decimal(0)
    currency: str = CURRENCY
    wall_seconds: Exact
    degraded: tuple[Degraded, ...] = ()


class Fetched(_Result):
    """The result of a call is in the store, whole; it is not yet part of the production."""

    kind: Literal["fetched"] = "fetched"


class Made(_Result):
    """A take is there: committed."""

    kind: Literal["made"] = "made"
    reused: bool = False
    """True when it was found in the store, made for another production."""


class Failed(_TakeEvent):
    """A take could not be made."""

    kind: Literal["failed"] = "failed"
    performer: str
    reason: str
    error: str
    """The error's class: TryAgain, TryLater, GiveUp, Ambiguous, TimedOut, BadInput, Unavailable, or a crash's own."""
    billed: bool | None = False
    """Whether the attempt was paid for; None when nobody knows."""
    cost: Decimal = Decimal(0)
    currency: str = CURRENCY
    after: Exact | None = None
    """In how many seconds the same call may be sent again, when the server said so."""


class Recast(_Event):
    """Somebody else performs a step, because whoever did could not."""

    kind: Literal["recast"] = "recast"
    step: str
    slot: str
    """The step as it was cast: with the performer who could not."""
    was: str
    """That performer."""
    performer: str
    """Who does it instead."""
    price: Price = FREE
    """What a take of theirs costs."""
    reason: str
    """Why the other could not."""


class Answered(_Event):
    """A person decided what no rule may: to spend, who steps in, or what to do about a call whose fate is unknown."""

    kind: Literal["answered"] = "answered"
    step: str
    key: str
    question: Literal["approve", "ambiguous", "fallback"]
    answer: Literal["yes", "no", "resubmit", "skip"]


class Redone(_Event):
    """A person wants another take of a step."""

    kind: Literal["redone"] = "redone"
    step: str
    slot: str
    take: int = Field(ge=1)


class Returned(_Event):
    """A person went back to an earlier version of the film."""

    kind: Literal["returned"] = "returned"
    version: int = Field(ge=1)


class Judged(_TakeEvent):
    """A take was looked at."""

    kind: Literal["judged"] = "judged"
    verdict: Verdict


class Accepted(_TakeEvent):
    """A take is the one that is used."""

    kind: Literal["accepted"] = "accepted"
    degraded: tuple[Degraded, ...] = ()
    """Not empty when it was accepted for want of a better one."""
    by: Literal["judge", "person"] = "judge"
    rule: str = ""
    """Under which rule it stands before the step's other takes (`cutroom.director.acceptance`); empty when there was only
    one, or when a person chose."""


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
    Opened
    | Planned
    | Declined
    | Started
    | Submitted
    | Fetched
    | Made
    | Failed
    | Judged
    | Accepted
    | Recast
    | Answered
    | Redone
    | Returned
    | Lost
    | Wrapped,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads any event from JSON."""


def stands_for_money(event: Event) -> bool:
    """True for events that must outlast a power cut before anything else happens: they stand for a call to somebody else."""
    match event:
        case Started():
            return event.elsewhere or not event.price.free
        case Submitted() | Fetched() | Answered() | Recast():
            return True
        case Made() | Failed():
            return bool(event.cost) or (isinstance(event, Failed) and event.billed is not False)
        case _:
            return False
