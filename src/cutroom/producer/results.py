"""What became of a request."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cutroom.brief.brief import Brief
from cutroom.media.marks import Marks
from cutroom.money import Price, total
from cutroom.plan.cast import Cast
from cutroom.plan.plan import Change, Degraded, Plan
from cutroom.time import Exact, Seconds
from cutroom.verdict import Verdict

EXIT = {"delivered": 0, "degraded": 3, "stopped": 4, "failed": 1}
"""The command's exit status for each outcome; 2 is wrong use."""


class Delivered(BaseModel):
    """A file that was handed back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    path: str
    sha256: str
    seconds: Seconds | None = None
    width: int | None = None
    height: int | None = None
    fps: Exact | None = None


class Calls(BaseModel):
    """How many takes were made, and how many were there already."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    performed: int = 0
    reused: int = 0


class Result(BaseModel):
    """What became of a request. `cutroom make --json` prints exactly this."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    status: Literal["delivered", "degraded", "stopped", "failed"]
    production: str
    deliverables: tuple[Delivered, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    notes: tuple[str, ...] = ()
    """What the planner decided that a person may want to know: what was left out, and why."""
    verdict: Verdict | None = None
    """What the judge says of the film; None when there is none."""
    marks: Marks | None = None
    """What a detector reads in the delivered film; None when none was delivered, or no marks were wanted."""
    calls: Calls = Calls()
    spent: dict[str, Decimal] = {}
    """In all runs of this production, by currency; empty when nothing was."""
    wall_seconds: float = 0.0
    reason: str = ""
    """Why it was stopped or failed."""

    @property
    def exit_status(self) -> int:
        """0 as asked, 3 degraded, 4 stopped, 1 failed."""
        return EXIT[self.status]


class Planned(BaseModel):
    """A plan and its cast, before anything is made."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    brief: Brief
    plan: Plan
    cast: Cast

    @property
    def price(self) -> tuple[Price, int]:
        """What all takes cost together as far as that is known, and of how many steps it is not."""
        return total(self.cast.parts[step].terms.price for step in self.plan.steps)


class Revised(BaseModel):
    """What a change to a film came to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    changes: tuple[Change, ...]
    told: tuple[str, ...]
    """The changes in sentences."""
    before: Plan
    after: Plan
    result: Result | None = None
    """None when nothing was made (a dry run)."""
