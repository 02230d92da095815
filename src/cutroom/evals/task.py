"""What an evaluation is: cases, how their media are made, and how a verdict becomes scores.

The three stages know nothing of each other but what stands in the log: media are made once, whoever judges them; a
judge looks at each once; scores and figures are worked out anew whenever somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from cutroom.judge.judge import Judge
from cutroom.media.kinds import AnyMedia
from cutroom.media.store import Store
from cutroom.plan.plan import KnownStep
from cutroom.time import Seconds, Span
from cutroom.verdict import Verdict

Outcome = Literal["scored", "errored", "judge failed", "missing", "not applicable"]
"""What became of a case. Only `scored` ones count as right or wrong; the others are counted by themselves."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Case(_Frozen):
    """One thing to be made and judged."""

    id: str = Field(min_length=1)
    """Explicit and stable: a case keeps its id whatever else is in the suite."""
    group: str = ""
    """What it has in common with others (the production it comes from, say): comparisons are paired and resampled by it."""
    labels: dict[str, str] = {}
    """By what figures are told apart, e.g. ``kind`` and ``strength``."""
    needs: tuple[str, ...] = ()
    """Ids of cases without whose verdicts this one cannot be scored."""


class Item(_Frozen):
    """A take that is shown to the judge, with the step that made it and what that was made of."""

    name: str
    """The step's id in its plan, or the file's name."""
    step: KnownStep
    media: AnyMedia
    inputs: dict[str, AnyMedia] = {}


class Made(_Frozen):
    """What was made for a case."""

    items: tuple[Item, ...]
    """In the order in which a director would have them judged."""
    about: str = ""
    """In words for a person: what is the matter with it."""
    at: Seconds | None = None
    """When in the take it is the matter; None for the whole."""
    length: Seconds | None = None
    facts: dict[str, str] = {}
    """Whatever the suite wants to know again when it scores."""

    @property
    def span(self) -> Span | None:
        """When it is the matter."""
        return None if self.at is None or self.length is None else Span(start=self.at, length=self.length)


class NotApplicable(Exception):
    """The case makes no sense here (a voice cannot be missing from a film without one); says why."""


@dataclass(frozen=True)
class Bench:
    """Where cases are made."""

    store: Store
    """Where the media of all cases lie, by digest."""
    room: Path
    """A folder of the run's own, for what several cases share; it stays."""


@dataclass(frozen=True)
class Looked:
    """A case with all that is known when it is scored."""

    case: Case
    made: Made
    verdicts: tuple[Verdict, ...]
    """One for each item."""
    others: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)
    """The verdicts of the cases that it `needs`, by id."""


@dataclass(frozen=True)
class Scored:
    """What became of a case."""

    case: Case
    outcome: Outcome
    scores: Mapping[str, float] = field(default_factory=dict)
    """By name; empty unless `outcome` is ``scored``. Rates are of zeros and ones."""
    why: str = ""
    """Why it was not scored."""


class Figure(_Frozen):
    """A number with what is known of its error."""

    name: str
    labels: dict[str, str] = {}
    """Of which cases."""
    value: float
    low: float
    """The lower end of the 95 % confidence interval."""
    high: float
    count: int = Field(ge=1)
    how: Literal["rate", "mean", "correlation"]
    """A rate's interval is Wilson's; a mean's and a correlation's come from a seeded bootstrap over groups."""


class Told(Protocol):
    """Hears how far a run is."""

    def __call__(self, stage: str, case: str, done: int, whole: int) -> None:
        """`done` of `whole` cases are through this stage; `case` is the last one."""
        ...


@dataclass(frozen=True)
class Task:
    """An evaluation."""

    name: str
    version: str
    """Raise it when cases, media or scores change: runs of different versions are not compared."""
    cases: tuple[Case, ...]
    make: Callable[[Case, Bench], Made]
    """Raises NotApplicable, or an error: the case then counts as errored."""
    score: Callable[[Looked], Mapping[str, float]]
    """Pure."""
    figures: Callable[[Sequence[Scored]], Sequence[Figure]]
    """Pure."""
    judge: Judge | None = None
    """Who judges unless somebody else is asked for; None for the house judge."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What else decides the media: two runs in one folder must agree in it."""
