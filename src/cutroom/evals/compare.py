"""Two runs of the same cases against each other: paired, so that what both find hard does not count."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from cutroom.evals.aggregate import DRAWS, SEED, bootstrapped
from cutroom.evals.task import Scored


class Difference(BaseModel):
    """By how much one run's score lies above another's, on the cases that both scored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    one: float
    """The mean of the first run."""
    other: float
    """The mean of the second."""
    value: float
    """The second less the first."""
    low: float
    high: float
    """The 95 % interval of the difference, by a seeded bootstrap over groups of cases."""
    chance: float
    """Two-sided p-value: how often a difference as large would come if signs were drawn by group."""
    better: int
    worse: int
    """How many cases the second run has above and below the first."""
    count: int


def compared(one: Sequence[Scored], other: Sequence[Scored]) -> tuple[Difference, ...]:
    """A difference for every score that both have, over the cases that were scored in both."""
    there = {case.case.id: case for case in other if case.outcome == "scored"}
    pairs = [(case, there[case.case.id]) for case in one if case.outcome == "scored" and case.case.id in there]
    names = dict.fromkeys(name for case, _ in pairs for name in case.scores)
    found = []
    for name in names:
        both = [(a, b) for a, b in pairs if name in a.scores and name in b.scores]
        if both:
            found.append(_difference(name, both))
    return tuple(found)


def _difference(name: str, pairs: Sequence[tuple[Scored, Scored]]) -> Difference:
    first = np.array([a.scores[name] for a, _ in pairs])
    second = np.array([b.scores[name] for _, b in pairs])
    apart = second - first
    groups = [a.case.group or a.case.id for a, _ in pairs]
    low, high = bootstrapped([float(value) for value in apart], groups)
    return Difference(
        name=name,
        one=float(first.mean()),
        other=float(second.mean()),
        value=float(apart.mean()),
        low=low,
        high=high,
        chance=_chance(apart, groups),
        better=int((apart > 0).sum()),
        worse=int((apart < 0).sum()),
        count=len(pairs),
    )


def _chance(apart: np.ndarray, groups: Sequence[str]) -> float:
    """A sign-flip test over groups."""
    names = list(dict.fromkeys(groups))
    sums = np.array([apart[[place for place, one in enumerate(groups) if one == name]].sum() for name in names])
    signs = np.random.default_rng(SEED).choice((-1.0, 1.0), (DRAWS, len(sums)))
    drawn = np.abs(signs @ sums)
    # The draw that was seen is one of those possible.
    return float((1 + np.count_nonzero(drawn >= abs(sums.sum()) - 1e-12)) / (DRAWS + 1))
