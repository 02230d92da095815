"""How well two rows of numbers agree: Pearson's, Spearman's and Kendall's correlation, without SciPy.

Each is from -1 to 1. Raises ValueError where the answer would be no number: fewer than two values, or all of them equal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[np.floating]


def plcc(one: Numbers, other: Numbers) -> float:
    """Pearson's linear correlation. No curve is fitted first, as some do before they report it."""
    first, second = _checked(one, other)
    first, second = first - first.mean(), second - second.mean()
    return float(np.clip((first @ second) / np.sqrt((first @ first) * (second @ second)), -1, 1))


def srcc(one: Numbers, other: Numbers) -> float:
    """Spearman's rank correlation: Pearson's of the ranks; equal values share the mean of their ranks."""
    first, second = _checked(one, other)
    return plcc(ranks(first), ranks(second))


def krcc(one: Numbers, other: Numbers) -> float:
    """Kendall's tau-b: concordant less discordant pairs, with ties in either row taken out of the count (Kendall, 1945)."""
    first, second = _checked(one, other)
    agree = even_first = even_second = 0
    for place in range(len(first) - 1):
        # A row at a time: memory stays small for any number of values.
        a, b = np.sign(first[place + 1 :] - first[place]), np.sign(second[place + 1 :] - second[place])
        agree += int((a * b).sum())
        even_first += int((a == 0).sum())
        even_second += int((b == 0).sum())
    pairs = len(first) * (len(first) - 1) // 2
    return float(agree / np.sqrt(float(pairs - even_first) * float(pairs - even_second)))


def ranks(values: Numbers) -> NDArray[np.float64]:
    """The rank of each value from 1; equal ones share the mean of their ranks."""
    data = np.asarray(values, float)
    _, which, counts = np.unique(data, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[which]


def _checked(one: Numbers, other: Numbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = np.asarray(one, float), np.asarray(other, float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"rows of {first.shape} and {second.shape} numbers have no correlation: they pair up")
    if len(first) < 2:
        raise ValueError(f"{len(first)} pairs have no correlation: at least two are wanted")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("some values are no numbers: leave out what could not be measured")
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        raise ValueError("all values of a row are equal: there is no correlation with what does not vary")
    return first, second
