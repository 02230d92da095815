"""When is a take good enough, and which of several is best? Never the last one just because it is the last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from cutroom.plan.plan import Degraded
from cutroom.verdict import Verdict

T = TypeVar("T")


def accepts(verdict: Verdict) -> bool:
    """True for a pass, and for a judge that could not tell: no evidence is no reason to spend more."""
    return verdict.outcome != "fail"


def badness(verdict: Verdict) -> tuple[int, int, float]:
    """How bad a take is, for comparing takes of one step: failing, number of findings, seconds of them."""
    return (
        verdict.outcome == "fail",
        len(verdict.findings) or len(verdict.reasons),
        float(sum(finding.length for finding in verdict.findings)),
    )


def best(candidates: Iterable[tuple[Verdict, T]]) -> T:
    """The candidate with the least bad verdict; the earliest of equals."""
    return min(candidates, key=lambda candidate: badness(candidate[0]))[1]


def settled_for(step: str, verdict: Verdict) -> tuple[Degraded, ...]:
    """What to say aloud when a take is used although its verdict is a fail."""
    return tuple(Degraded(what=step, why=reason) for reason in verdict.reasons or ("the judge was not content",))
