"""One score for a deliverable over all that is in it: to rank plans, and to make pairs of a better and a worse one.

After MultiMedia-Agent (arXiv 2601.03250), which prefers plans by metrics for each modality and one for how sound and picture
agree; its formulas were not published, so the sum is ours: the weighted mean of what could be measured, each part from 0 to 1.
What is missing is left out and named; two deliverables are only compared by what both have.

The weights are a judgement, and stand in one table with their reasons. Where there is a file of what people chose, `fit` learns
them from it (Bradley and Terry 1952, with features): the chance that a person prefers one of two is the logistic function of the
difference of their scores.

A file of choices has one JSON object a line::

    {"first": {"picture": 0.8, "sound": 0.4}, "second": {"picture": 0.6, "sound": 0.7}, "chosen": "first"}

``chosen`` is ``first``, ``second`` or ``same``; ``first`` and ``second`` are the parts of a `Preference`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutroom.errors import BadInput
from cutroom.judge.quality import Quality, Unmeasurable
from cutroom.verdict import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

VERSION = "1"
"""Raise it when scores change."""


@dataclass(frozen=True)
class Weight:
    """How much one part counts."""

    value: float
    reason: str


WEIGHTS: Mapping[str, Weight] = {
    "soundness": Weight(3.0, "a film with a fault that a viewer notices is sent back, whatever else is good"),
    "picture": Weight(2.0, "most of what is remembered of a film is seen"),
    "sound": Weight(1.5, "viewers forgive a soft picture sooner than bad sound"),
    "words": Weight(1.0, "captions and narration carry the meaning where there are any"),
    "together": Weight(1.0, "cuts on the beat and words over their picture make one film of the parts"),
    "story": Weight(1.5, "whether it is worth watching, as far as a model could say"),
    "asked": Weight(2.0, "whether it is what was asked for, as far as a model or a likeness could say"),
    "length": Weight(1.0, "a length that was asked for is a promise"),
}
"""By part. Only their proportions matter."""

FINDINGS_HALVE = 2.0
"""So many findings leave half of the soundness of a film that fails."""


@dataclass(frozen=True)
class Preference:
    """How much a deliverable is to be preferred."""

    score: float
    """From 0 to 1."""
    parts: Mapping[str, float]
    """What it is made of, 0 to 1 each."""
    abstained: Mapping[str, str] = field(default_factory=dict)
    """Parts that could not be had, and why."""


@dataclass(frozen=True)
class Pair(Generic[T]):
    """A better and a worse one, for training."""

    better: T
    worse: T
    margin: float
    """By how much, 0 to 1, over the parts that both have."""


def parts_of(
    verdict: Verdict,
    quality: Quality | Unmeasurable | None = None,
    *,
    together: float | None = None,
    asked_seconds: float | None = None,
) -> dict[str, float]:
    """The parts of a deliverable, as far as they can be had.

    Args:
        verdict: On the film, by the house and perhaps a model: its outcome, and scores that end in ``.rubric``.
        quality: Of what is seen and heard (`cutroom.judge.quality`).
        together: How well sound and picture agree, 0 to 1.
        asked_seconds: How long it was to be; the verdict's ``seconds`` is how long it is.

    Returns:
        Numbers from 0 to 1 by the names of `WEIGHTS`; what is not in it could not be had.
    """
    parts: dict[str, float] = {}
    if verdict.outcome != "abstain":
        count = len(verdict.findings) if verdict.outcome == "fail" else 0
        parts["soundness"] = 1.0 if verdict.outcome == "pass" else 1 / (1.5 + count / FINDINGS_HALVE)
    if isinstance(quality, Quality):
        parts |= quality.shares
    scores = verdict.scores
    parts |= _mean("story", scores, ("interest", "temporal_continuity", "behavioural_diversity"), 1, 5)
    parts |= _mean("asked", scores, ("visual_alignment", "motion_alignment"), 1, 10)
    if "characters_a_second" in scores:  # up to 17 a second is read with ease, at 25 hardly anybody follows
        parts["words"] = min(1.0, max(0.0, (25 - scores["characters_a_second"]) / 8))
    if together is not None:
        parts["together"] = min(1.0, max(0.0, together))
    if asked_seconds and "seconds" in scores:
        # A tenth too long or too short costs half.
        parts["length"] = 1 / (1 + (abs(scores["seconds"] / asked_seconds - 1) / 0.1) ** 2)
    return parts


def preference(parts: Mapping[str, float], weights: Mapping[str, float] | None = None) -> Preference:
    """The weighted mean of `parts`. Raises ValueError for a part that nobody weighs, or that lies outside 0 to 1."""
    weights = weights or {name: weight.value for name, weight in WEIGHTS.items()}
    for name, value in parts.items():
        if name not in weights:
            raise ValueError(f"{name}: there is no weight for it; use one of {', '.join(sorted(weights))}")
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}: a part is a number from 0 to 1")
    missing = {name: "it was not measured" for name in weights if name not in parts}
    total = math.fsum(weights[name] for name in parts)
    score = math.fsum(weights[name] * parts[name] for name in parts) / total if total > 0 else 0.5
    return Preference(score, dict(parts), missing)


def margin(
    one: Mapping[str, float], other: Mapping[str, float], weights: Mapping[str, float] | None = None
) -> float | None:
    """By how much `one` is better than `other` (-1 to 1), over the parts that both have; None when there are none."""
    weights = weights or {name: weight.value for name, weight in WEIGHTS.items()}
    shared = [name for name in weights if name in one and name in other]
    total = math.fsum(weights[name] for name in shared)
    return math.fsum(weights[name] * (one[name] - other[name]) for name in shared) / total if total > 0 else None


def ranked(
    candidates: Sequence[tuple[T, Mapping[str, float]]], weights: Mapping[str, float] | None = None
) -> tuple[tuple[T, float], ...]:
    """`candidates` with their scores, best first; of equals the earlier one first."""
    scored = [(candidate, preference(parts, weights).score) for candidate, parts in candidates]
    return tuple(sorted(scored, key=lambda one: -one[1]))


def pairs(
    candidates: Sequence[tuple[T, Mapping[str, float]]],
    *,
    least: float = 0.05,
    weights: Mapping[str, float] | None = None,
) -> tuple[Pair[T], ...]:
    """Every two candidates of which one is better by at least `least`, widest margin first. A tie makes no pair."""
    found: list[Pair[T]] = []
    for (one, parts), (other, others) in combinations(candidates, 2):
        gap = margin(parts, others, weights)
        if gap is not None and abs(gap) >= max(least, 1e-12):
            found.append(Pair(one, other, gap) if gap > 0 else Pair(other, one, -gap))
    return tuple(sorted(found, key=lambda pair: -pair.margin))


# ── weights from what people chose ───────────────────────────────────────────────────────────────────────────────────

PRIOR = 10.0
"""The standard deviation of a weight before anything is known: it keeps choices that never disagree from driving weights to
infinity, and is far wider than what a few dozen choices leave open."""
STEPS = 100


class Chosen(BaseModel):
    """What one person chose."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    first: dict[str, float] = Field(min_length=1)
    second: dict[str, float] = Field(min_length=1)
    """The parts of the two."""
    chosen: Literal["first", "second", "same"]


@dataclass(frozen=True)
class Choices:
    """A file of choices, read."""

    choices: tuple[Chosen, ...]
    skipped: tuple[str, ...] = ()
    """Lines that are none, and why."""


@dataclass(frozen=True)
class Fitted:
    """Weights that were learnt."""

    weights: Mapping[str, float]
    """By part: logits for a whole step from 0 to 1. They may be negative where people like less of it."""
    errors: Mapping[str, float]
    """Their standard errors."""
    choices: int
    """How many choices they rest on."""
    agreement: float
    """The share of them (ties apart) that the weights foretell, 0 to 1; on the choices that they were learnt from."""

    def chance(self, first: Mapping[str, float], second: Mapping[str, float]) -> float:
        """How likely a person is to prefer `first`, 0 to 1. Parts that one of them lacks do not count."""
        shared = [name for name in self.weights if name in first and name in second]
        return _logistic(math.fsum(self.weights[name] * (first[name] - second[name]) for name in shared))


def read_choices(path: Path) -> Choices:
    """The choices in the file at `path`; a line that is none costs only itself.

    Raises BadInput when the file cannot be read or holds none.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path, f"cannot be read ({error})", "name a file with one JSON object a line") from error
    found: list[Chosen] = []
    skipped: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            choice = Chosen.model_validate(json.loads(line))
        except (ValueError, ValidationError, RecursionError) as error:
            skipped.append(f"line {number}: {_first(error)}")
            continue
        values = (*choice.first.values(), *choice.second.values())
        if all(math.isfinite(value) for value in values):
            found.append(choice)
        else:
            skipped.append(f"line {number}: a number in it is not finite")
    if not found:
        raise BadInput(
            path, "holds no choice that can be read", 'write {"first": {…}, "second": {…}, "chosen": "first"}'
        )
    return Choices(tuple(found), tuple(skipped))


def fit(choices: Iterable[Chosen]) -> Fitted:
    """The weights under which `choices` are likeliest, with their standard errors.

    Newton's method on the logistic likelihood, under a wide normal prior (`PRIOR`); a tie counts as half a choice for each.
    Errors are the square roots of the diagonal of the inverse information. A part that one side of a choice lacks counts as
    no difference there. Raises ValueError when there is no choice.
    """
    import numpy as np

    chosen = tuple(choices)
    if not chosen:
        raise ValueError("there is no choice to learn from")
    names = sorted({name for choice in chosen for name in choice.first if name in choice.second})
    apart = np.array([[_gap(choice, name) for name in names] for choice in chosen]).reshape(len(chosen), len(names))
    won = np.array([{"first": 1.0, "second": 0.0, "same": 0.5}[choice.chosen] for choice in chosen])
    weights, information = _newton(apart, won)
    errors = np.sqrt(np.diag(np.linalg.inv(information))) if names else np.zeros(0)
    told = apart @ weights
    clear = won != 0.5
    right = np.where(told[clear] == 0, 0.5, (told[clear] > 0) == (won[clear] > 0.5))
    return Fitted(
        {name: float(weight) for name, weight in zip(names, weights, strict=True)},
        {name: float(error) for name, error in zip(names, errors, strict=True)},
        len(chosen),
        float(right.mean()) if clear.any() else 0.5,
    )


def _newton(apart: NDArray[np.float64], won: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weights at the top of the posterior, and the information (its negative second derivative) there."""
    import numpy as np

    prior = np.eye(apart.shape[1]) / PRIOR**2
    weights = np.zeros(apart.shape[1])

    def value(at: NDArray[np.float64]) -> float:
        told = apart @ at
        return float((won * told - np.logaddexp(0, told)).sum() - at @ prior @ at / 2)

    information = prior
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(apart @ weights, -500, 500)))
        slope = apart.T @ (won - chance) - prior @ weights
        information = (apart * (chance * (1 - chance))[:, None]).T @ apart + prior
        step = np.linalg.solve(information, slope)
        # Halved until it climbs: far from the top, Newton's step may go too far.
        while value(weights + step) < value(weights) and np.abs(step).max() > 1e-12:
            step = step / 2
        weights = weights + step
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    return weights, information


def _gap(choice: Chosen, name: str) -> float:
    return choice.first[name] - choice.second[name] if name in choice.first and name in choice.second else 0.0


def _mean(part: str, scores: Mapping[str, float], names: Sequence[str], low: int, high: int) -> dict[str, float]:
    found = [scores[f"{name}.rubric"] for name in names if f"{name}.rubric" in scores]
    return {part: (sum(found) / len(found) - low) / (high - low)} if found else {}


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -500 else 0.0


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        one = error.errors(include_url=False)[0]
        return f"{'.'.join(str(step) for step in one['loc']) or 'the whole'}: {one['msg']}"
    return f"it is no JSON ({error})"
