from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from cutroom.evals.aggregate import bootstrapped, by, mean, outcomes, rate, wilson
from cutroom.evals.task import Case, Scored

NUMBERS = count()


def scored(value: float, group: str = "", name: str = "x", **labels: str) -> Scored:
    return Scored(Case(id=f"c{next(NUMBERS)}", group=group, labels=labels), "scored", {name: value})


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    # Newcombe (1998), table I, method 3: the interval without correction for continuity.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_the_literature(right, count, low, high):
    assert wilson(right, count) == pytest.approx((low, high), abs=6e-5)


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing"):
        wilson(0, 0)


def test_the_bootstrap_of_a_mean_covers_what_theory_says_and_repeats_itself():
    values = np.random.default_rng(1).normal(5, 2, 400).tolist()
    low, high = bootstrapped(values)
    assert (low, high) == bootstrapped(values)
    assert high - low == pytest.approx(2 * 1.96 * np.std(values) / 20, rel=0.1)


def test_cases_of_one_group_do_not_count_as_so_many_witnesses():
    values = [float(place % 2) for place in range(8) for _ in range(50)]
    single = bootstrapped(values)
    grouped = bootstrapped(values, [str(place // 50) for place in range(400)])
    assert grouped[1] - grouped[0] > 4 * (single[1] - single[0])


def test_figures_count_only_cases_that_have_the_score():
    cases = [scored(1.0), scored(0.0), scored(9.0, name="other"), Scored(Case(id="e"), "errored", why="?")]
    figure = rate("x", cases)
    assert figure is not None and (figure.value, figure.count) == (0.5, 2)
    assert rate("nobody has it", cases) is None
    assert mean("other", cases).value == 9.0
    assert outcomes(cases) == {"scored": 3, "errored": 1, "judge failed": 0, "missing": 0, "not applicable": 0}


def test_cases_are_told_apart_by_their_labels():
    groups = by([scored(1.0, kind="a"), scored(0.0, kind="b"), scored(0.0, kind="a"), scored(1.0)], "kind")
    assert {key: len(some) for key, some in groups.items()} == {("a",): 2, ("b",): 1}
