from __future__ import annotations

import numpy as np
import pytest

from cutroom.evals.correlation import krcc, plcc, ranks, srcc

X = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
Y = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
"""IQ and hours of television: the textbook example of Spearman's coefficient (-29/165)."""


def test_spearman_is_that_of_the_textbook():
    assert srcc(X, Y) == pytest.approx(-29 / 165)


def test_ties_share_their_rank():
    assert ranks([3, 1, 3, 2]).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_kendalls_tau_b_is_what_counting_pairs_by_hand_gives():
    # 1-2-3-4 against 1-3-2-4: one of six pairs is turned round.
    assert krcc([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    # One tie in the first row: 5 pairs there and 6 here, 5 of them concordant.
    assert krcc([1, 1, 2, 3], [1, 2, 3, 4]) == pytest.approx(5 / np.sqrt(5 * 6))


def test_pearson_is_numpys():
    assert plcc(X, Y) == pytest.approx(np.corrcoef(X, Y)[0, 1])


@pytest.mark.parametrize("way", [srcc, plcc, krcc])
def test_a_curve_is_in_perfect_order_and_turned_round_in_perfect_disorder(way):
    values = np.arange(1, 9.0)
    assert way(values, 3 * values + 1) == pytest.approx(1)
    assert way(values, -values) == pytest.approx(-1)


@pytest.mark.parametrize("way", [srcc, plcc, krcc])
@pytest.mark.parametrize("rows", [([1], [2]), ([1, 1], [1, 2]), ([1, 2], [1, 2, 3]), ([1, np.nan], [1, 2])])
def test_what_has_no_correlation_is_refused_rather_than_no_number(way, rows):
    with pytest.raises(ValueError, match=r"correlation|numbers"):
        way(*rows)
