"""When is a take good enough, and which of several is best? Never the last one just because it is the last.

Pure. A rule compares a take with the one that it would replace; `chosen` walks through all takes of a step in the order
in which they were made, so that a later one is used only where the rule says that it is better. Otherwise the one before
stands: it was rolled back.

The rules `both_rise` and `all_rise` are those of PersonaVlog (arXiv 2508.13602, section 3.3): a keyframe made anew is kept
when its likeness to the reference and to the words both rise, a clip made anew when all of its six scores do. Six noisy
numbers seldom rise together, so `weighted` stands beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from cutroom.plan.plan import Degraded
from cutroom.verdict import Verdict

T = TypeVar("T")

RuleName = Literal["best_of", "both_rise", "all_rise", "weighted"]

TOLERANCE = 0.05
"""By how much of its range a score may fall under `weighted`, when the others make up for it."""

KEYFRAME_SCORES = ("image_alignment", "text_alignment")
"""What must rise for a keyframe: likeness to the reference, and to the words that it was made from."""

CLIP_SCORES = (
    "imaging_quality",
    "subject_consistency",
    "background_consistency",
    "dynamic_degree",
    "motion_smoothness",
    "aesthetic_quality",
)
"""What must rise for a clip: the six dimensions, as VBench names them."""


@dataclass(frozen=True)
class Rising:
    """A score of which more is better."""

    low: float
    high: float
    """The range that it lies in: a gain is a share of it."""
    weight: float
    """How much a gain counts under `weighted`."""


RISING: Mapping[str, Rising] = {
    "quality": Rising(1, 20, 3),
    "intrinsic": Rising(1, 20, 1),
    "image_alignment": Rising(0, 1, 2),
    "text_alignment": Rising(0, 1, 2),
    "aesthetics": Rising(1, 10, 1),
    "plausibility": Rising(1, 10, 1),
    "visual_alignment": Rising(1, 10, 1),
    "motion_alignment": Rising(1, 10, 1),
    "imaging_quality": Rising(0, 1, 1),
    "aesthetic_quality": Rising(0, 1, 1),
    "subject_consistency": Rising(0, 1, 1),
    "background_consistency": Rising(0, 1, 1),
    "motion_smoothness": Rising(0, 1, 1),
    # Whether anything moves at all is worth half a dimension in VBench's own sum.
    "dynamic_degree": Rising(0, 1, 0.5),
    "temporal_flickering": Rising(0, 1, 1),
    "interest": Rising(1, 5, 1),
    "temporal_continuity": Rising(1, 5, 1),
    "behavioural_diversity": Rising(1, 5, 1),
    "theme": Rising(1, 5, 1),
    "sharpness": Rising(0, 1, 1),
    "likeness": Rising(-1, 1, 1),
    "detail": Rising(0, 1, 0.5),
    "contrast": Rising(1, 21, 0.5),
    "white_contrast": Rising(1, 21, 0.5),
}
"""Scores with a direction, by what stands before the dot in their names. All others (lengths, counts) say what a take is, not
how good it is, and no rule looks at them."""


@dataclass(frozen=True)
class Comparison:
    """What a rule says of a take and the one that it would replace."""

    better: bool | None
    """True: it replaces the other. False: the other stands. None: it cannot be told, because scores are missing."""
    reason: str
    """Why, in words for the ledger."""


@dataclass(frozen=True)
class Rule:
    """How a later take is held against an earlier one."""

    name: RuleName = "best_of"
    tolerance: float = TOLERANCE
    """For `weighted`: by how much of its range any one score may fall."""

    def compare(self, before: Verdict, after: Verdict) -> Comparison:
        """Whether `after` replaces `before`."""
        match self.name:
            case "best_of":
                return best_of(before, after)
            case "both_rise":
                return both_rise(before, after)
            case "all_rise":
                return all_rise(before, after)
            case "weighted":
                return weighted(before, after, tolerance=self.tolerance)

    def replaces(self, before: Verdict, after: Verdict) -> bool:
        """As `compare`; where that abstains, the findings decide (`best_of`): a rule without numbers is no rule."""
        answer = self.compare(before, after).better
        return bool(best_of(before, after).better) if answer is None else answer


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


def chosen(candidates: Sequence[tuple[Verdict, T]], rule: Rule) -> T:
    """The candidate that stands when all were compared under `rule`, in the order in which they were made.

    Raises ValueError when there is none.
    """
    if not candidates:
        raise ValueError("there is no take to choose from")
    standing = candidates[0]
    for candidate in candidates[1:]:
        if rule.replaces(standing[0], candidate[0]):
            standing = candidate
    return standing[1]


def best_of(before: Verdict, after: Verdict) -> Comparison:
    """The one with the less bad findings (`badness`); of equals, the earlier one."""
    one, other = badness(before), badness(after)
    if other < one:
        return Comparison(True, f"less is wrong with it: {_findings(after)} instead of {_findings(before)}")
    same = "as much" if other == one else "more"
    return Comparison(False, f"{same} is wrong with it: {_findings(after)}, before {_findings(before)}")


def both_rise(before: Verdict, after: Verdict, names: tuple[str, str] = KEYFRAME_SCORES) -> Comparison:
    """Better only when both scores rise: a picture's likeness to its reference and to its words (PersonaVlog)."""
    return _rise(before, after, names)


def all_rise(before: Verdict, after: Verdict, names: Sequence[str] | None = None) -> Comparison:
    """Better only when every score rises.

    Args:
        before: The verdict on the take that stands.
        after: The verdict on the one that would replace it.
        names: Which scores. None: a clip's six (PersonaVlog) where one of the takes has any of them, else all scores with
            a direction (`RISING`) that either take has.
    """
    return _rise(before, after, _names(before, after) if names is None else names)


def weighted(before: Verdict, after: Verdict, *, tolerance: float = TOLERANCE) -> Comparison:
    """Better when the weighted sum of its scores is higher, and no score has fallen by more than `tolerance` of its range.

    A take that fails never replaces one that does not. Scores that only one of them has are left out of the sum.
    """
    if accepts(before) and not accepts(after):
        return Comparison(False, "it fails, and the one before does not")
    gains = {
        name: (after.scores[name] - before.scores[name]) / (about.high - about.low)
        for name, about in _directed(before, after).items()
        if name in before.scores and name in after.scores and _finite(before.scores[name], after.scores[name])
    }
    if not gains:
        return Comparison(None, "no score with a direction is in both")
    worst = min(gains, key=lambda name: gains[name])
    if gains[worst] < -tolerance:
        return Comparison(False, f"{_moved(before, after, worst)}: more than {tolerance:.0%} of its range")
    weights = {name: RISING[_stem(name)].weight for name in gains}
    # Summed exactly, so that a take never gains by the order in which its scores are added.
    gain = math.fsum(weights[name] * gains[name] for name in gains) / math.fsum(weights.values())
    return Comparison(
        gain > 0, f"weighted over {len(gains)} scores it {'rises' if gain > 0 else 'falls'} by {abs(gain):.3f}"
    )


def settled_for(step: str, verdict: Verdict) -> tuple[Degraded, ...]:
    """What to say aloud when a take is used although its verdict is a fail."""
    return tuple(Degraded(what=step, why=reason) for reason in verdict.reasons or ("the judge was not content",))


def _rise(before: Verdict, after: Verdict, names: Sequence[str]) -> Comparison:
    pairs: list[str] = []
    for name in names:
        found = _same(name, before, after)
        if not found:
            return Comparison(None, f"{name} is not in both")
        pairs.extend(found)
    if not pairs:
        return Comparison(None, "no score with a direction is in both")
    stuck = [name for name in pairs if after.scores[name] <= before.scores[name]]
    if stuck:
        return Comparison(False, f"{_moved(before, after, stuck[0])}: it does not rise")
    return Comparison(True, f"{', '.join(pairs)} rise")


def _names(before: Verdict, after: Verdict) -> tuple[str, ...]:
    stems = {_stem(name) for name in (*before.scores, *after.scores)}
    return CLIP_SCORES if stems.intersection(CLIP_SCORES) else tuple(_directed(before, after))


def _directed(before: Verdict, after: Verdict) -> dict[str, Rising]:
    """The scores with a direction that either has, by full name, in alphabetical order."""
    names = sorted({*before.scores, *after.scores})
    return {name: RISING[_stem(name)] for name in names if _stem(name) in RISING}


def _same(name: str, before: Verdict, after: Verdict) -> list[str]:
    """The full names (``name`` or ``name.by``) under which both were measured, by the same means."""
    full = (other for other in before.scores if other == name or (_stem(other) == name and name in RISING))
    return sorted(
        other for other in full if other in after.scores and _finite(before.scores[other], after.scores[other])
    )


def _stem(name: str) -> str:
    return name.partition(".")[0]


def _finite(*values: float) -> bool:
    return all(math.isfinite(value) for value in values)


def _moved(before: Verdict, after: Verdict, name: str) -> str:
    return f"{name} goes from {before.scores[name]:g} to {after.scores[name]:g}"


def _findings(verdict: Verdict) -> str:
    count = len(verdict.findings) or len(verdict.reasons)
    return f"{verdict.outcome}, {count} finding{'' if count == 1 else 's'}"
