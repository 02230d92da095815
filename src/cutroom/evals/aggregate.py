"""Figures of many cases, each with its 95 % confidence interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cutroom.evals.task import Figure, Outcome, Scored

Z = 1.959963984540054
"""The normal distribution's 97.5 % quantile."""
DRAWS = 2000
SEED = 20_251


def wilson(right: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson, 1927): honest also near 0 and 1, and for small counts.

    Raises ValueError for a count of 0: that is no rate.
    """
    if count < 1:
        raise ValueError("a rate of nothing has no interval")
    share, square = right / count, Z**2 / count
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * math.sqrt(share * (1 - share) / count + square / (4 * count))
    # At the very ends the formula is exact, and its rounding is not.
    return 0.0 if right == 0 else max(0.0, middle - half), 1.0 if right == count else min(1.0, middle + half)


def bootstrapped(
    values: Sequence[float],
    groups: Sequence[str] | None = None,
    statistic: Callable[[NDArray[np.float64]], float] | None = None,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """The 95 % interval of a statistic (the mean unless said otherwise) by resampling groups: cases of one are not independent.

    The same values give the same interval. With one group there is nothing to resample: single values are.
    """
    data = np.asarray(values, float)
    members = _members(groups if groups is not None and len(set(groups)) > 1 else None, len(data))
    rng = np.random.default_rng(SEED)
    if statistic is None:
        sums, counts = np.array([data[one].sum() for one in members]), np.array([len(one) for one in members])
        drawn = rng.integers(0, len(members), (draws, len(members)))
        found = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    else:
        found = np.array(
            [statistic(np.concatenate([members[one] for one in rng.integers(0, len(members), len(members))]))
             for _ in range(draws)]
        )  # fmt: skip
        found = found[np.isfinite(found)]
    low, high = np.percentile(found, [2.5, 97.5]) if len(found) else (math.nan, math.nan)
    return float(low), float(high)


def _members(groups: Sequence[str] | None, count: int) -> list[NDArray[np.int_]]:
    if groups is None:
        return [np.array([place]) for place in range(count)]
    names = np.asarray(groups)
    return [np.flatnonzero(names == name) for name in dict.fromkeys(groups)]


def rate(name: str, cases: Sequence[Scored], labels: Mapping[str, str] | None = None) -> Figure | None:
    """The share of cases whose score `name` is 1; None when none has such a score."""
    values = [one.scores[name] for one in cases if name in one.scores]
    if not values:
        return None
    right = sum(value >= 0.5 for value in values)
    low, high = wilson(right, len(values))
    return Figure(
        name=name,
        labels=dict(labels or {}),
        value=right / len(values),
        low=low,
        high=high,
        count=len(values),
        how="rate",
    )


def mean(name: str, cases: Sequence[Scored], labels: Mapping[str, str] | None = None) -> Figure | None:
    """The mean of the score `name`; None when no case has such a score."""
    some = [one for one in cases if name in one.scores]
    if not some:
        return None
    values = [one.scores[name] for one in some]
    low, high = bootstrapped(values, [one.case.group or one.case.id for one in some])
    return Figure(
        name=name,
        labels=dict(labels or {}),
        value=float(np.mean(values)),
        low=low,
        high=high,
        count=len(values),
        how="mean",
    )


def by(cases: Iterable[Scored], *names: str) -> dict[tuple[str, ...], list[Scored]]:
    """The cases that were scored, by the values of these labels, in the order that they come in."""
    found: dict[tuple[str, ...], list[Scored]] = {}
    for one in cases:
        if one.outcome == "scored" and all(name in one.case.labels for name in names):
            found.setdefault(tuple(one.case.labels[name] for name in names), []).append(one)
    return found


def every_score(cases: Sequence[Scored]) -> tuple[Figure, ...]:
    """A figure for each score there is, over all cases: a rate when it is of zeros and ones, else a mean."""
    names = dict.fromkeys(name for one in cases for name in one.scores)
    found = []
    for name in names:
        binary = all(one.scores[name] in (0.0, 1.0) for one in cases if name in one.scores)
        found.append(rate(name, cases) if binary else mean(name, cases))
    return tuple(figure for figure in found if figure is not None)


def outcomes(cases: Iterable[Scored]) -> dict[Outcome, int]:
    """How many cases came to what."""
    counted = Counter(one.outcome for one in cases)
    order: tuple[Outcome, ...] = ("scored", "errored", "judge failed", "missing", "not applicable")
    return {name: counted[name] for name in order}
