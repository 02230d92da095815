"""What the director can ask the engine to do. Data; nothing happens until an engine carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cutroom.ledger.events import Event
from cutroom.verdict import Verdict


@dataclass(frozen=True)
class AskPlanner:
    """There is no plan, or what the plan waited for is known: ask for (more of) it."""

    reason: str


@dataclass(frozen=True)
class AskRevision:
    """A take failed: ask the planner for a plan that mends it."""

    step: str
    slot: str
    take: int
    verdict: Verdict
    round: int


@dataclass(frozen=True)
class Perform:
    """Have a take made. `upstream` maps the step's refs onto the keys of the takes (or digests of the assets) used."""

    step: str
    slot: str
    take: int
    key: str
    recipe: str = ""
    upstream: Mapping[str, str] = field(default_factory=dict, compare=False)
    job: str | None = None
    """The job that an earlier attempt submitted: its result is asked for, nothing is submitted."""
    after: float = 0.0
    """To be begun only after so many seconds."""


@dataclass(frozen=True)
class Ask:
    """Only a person can decide this. Without an answer the run stops in good order."""

    question: Literal["approve", "ambiguous", "fallback"]
    step: str
    key: str
    says: str
    """The question, with all that is needed to answer it."""
    way_out: str
    """How to go on, when nobody is there to answer."""


@dataclass(frozen=True)
class Look:
    """Have a take judged."""

    step: str
    slot: str
    take: int
    key: str


@dataclass(frozen=True)
class Record:
    """A decision that needs nobody: write it down."""

    event: Event


@dataclass(frozen=True)
class Wrap:
    """Nothing is left to do. The engine delivers what there is."""

    status: Literal["finished", "stopped", "failed"]
    reason: str = ""


Command = AskPlanner | AskRevision | Perform | Ask | Look | Record | Wrap
