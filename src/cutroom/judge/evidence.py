"""What checks hand over: findings, scores, and measures that could not be taken. Sums of it become a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from cutroom.time import Span
from cutroom.verdict import Abstain, Fail, Finding, Pass, Verdict

DIGITS = 4
"""Scores are rounded to so many decimals: more would be noise."""


@dataclass(frozen=True)
class Evidence:
    """What one or several checks saw."""

    findings: tuple[Finding, ...] = ()
    """What is wrong. One finding is enough for a fail."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """What was measured, by name."""
    abstained: Mapping[str, str] = field(default_factory=dict)
    """What could not be measured, by name, and why."""

    def __add__(self, other: Evidence) -> Evidence:
        """Both together."""
        return Evidence(
            (*self.findings, *other.findings), {**self.scores, **other.scores}, {**self.abstained, **other.abstained}
        )


def found(check: str, says: str, at: Fraction | None = None, length: Fraction = Fraction(0)) -> Evidence:
    """Evidence of one thing that is wrong, and when in the take."""
    return Evidence((Finding(check=check, says=says, at=at, length=length),))


def found_in(check: str, says: str, span: Span) -> Evidence:
    """Evidence of something that is wrong throughout `span`."""
    return found(check, says, span.start, span.length)


def clock(seconds: Fraction) -> str:
    """A time for people, to the hundredth: ``2.50 s``."""
    return f"{float(seconds):.2f} s"


def measured(**scores: float) -> Evidence:
    """Evidence of numbers. Numbers that are not finite are refused: they would be an absence in disguise."""
    for name, value in scores.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value}: say why it could not be measured instead")
    return Evidence(scores={name: round(float(value), DIGITS) for name, value in scores.items()})


def unmeasured(what: str, why: str) -> Evidence:
    """Evidence that `what` could not be measured."""
    return Evidence(abstained={what: why})


def gathered(parts: Iterable[Evidence]) -> Evidence:
    """All of `parts` together."""
    return sum(parts, Evidence())


def verdict(evidence: Evidence, judge: str, version: str) -> Verdict:
    """A fail when anything was found, an abstention when nothing at all could be measured, else a pass."""
    kind = Fail if evidence.findings else Pass if evidence.scores else Abstain
    said = tuple(evidence.abstained.values()) if kind is Abstain else _reasons(evidence.findings)
    return kind(
        judge=judge,
        version=version,
        scores=dict(evidence.scores),
        reasons=said,
        findings=evidence.findings,
        abstained=dict(evidence.abstained),
    )


def _reasons(findings: Iterable[Finding]) -> tuple[str, ...]:
    """One sentence for each check that found something: its first finding, and how many more there are."""
    by_check: dict[str, list[str]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding.says)
    return tuple(says[0] if len(says) == 1 else f"{says[0]} (and {len(says) - 1} more)" for says in by_check.values())
