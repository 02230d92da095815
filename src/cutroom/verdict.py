"""What a judge says about a take: pass, fail, or "I could not tell".

One object, four readers: the director (accept?), evals (score), training (reward), the studio and the report (why?).
A measure that could not be taken is in `abstained` with its reason, and never a number.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cutroom.time import Seconds


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Finding(_Frozen):
    """One thing that a judge saw or heard, and where."""

    check: str
    """The check's name, e.g. ``frozen`` or ``captions_too_fast``."""
    says: str
    """One sentence for a person, with the value measured and the bound."""
    at: Seconds | None = None
    """When in the take, in seconds; None when it is about the whole."""
    length: Seconds = Fraction(0)
    """For how long, in seconds."""


class _Judged(_Frozen):
    judge: str
    """Who judged, e.g. ``house``."""
    version: str
    """The judge's version: old scores can be filtered rather than deleted."""
    scores: dict[str, float] = {}
    """What was measured, by name; see each measure for its unit and range."""
    reasons: tuple[str, ...] = ()
    """Why, in sentences for a person."""
    findings: tuple[Finding, ...] = ()
    """The evidence: which check found what, where."""
    abstained: dict[str, str] = {}
    """Measures that could not be taken, by name, and why."""
    notes: dict[str, str] = {}
    """What the judge says of single scores, by their names: why a story is interesting, say."""


class Pass(_Judged):
    """Nothing wrong was found."""

    outcome: Literal["pass"] = "pass"


class Fail(_Judged):
    """Something must change."""

    outcome: Literal["fail"] = "fail"


class Abstain(_Judged):
    """The judge could not tell. Neither good nor bad."""

    outcome: Literal["abstain"] = "abstain"


Verdict = Annotated[Pass | Fail | Abstain, Field(discriminator="outcome")]
