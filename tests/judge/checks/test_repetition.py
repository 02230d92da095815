from __future__ import annotations

from fractions import Fraction

import cv2
import pytest

from cutroom.judge.checks.repetition import repeated, thumbnail


@pytest.fixture
def pan(make):
    """Thumbnails of 60 frames of a pan."""

    def frames(seed: int):
        picture = make.textured(480, 180, seed)
        return [thumbnail(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY)) for one in make.moving(picture, 60, 320, 180)]

    return frames


SHOTS = [0] * 60 + [1] * 60 + [2] * 60


def test_different_shots_do_not_repeat(pan):
    assert repeated([*pan(1), *pan(2), *pan(3)], Fraction(30), SHOTS, Fraction(3, 2)) == ()


def test_the_same_shot_again_is_found_with_both_times(pan):
    ((one, other),) = repeated([*pan(1), *pan(2), *pan(1)], Fraction(30), SHOTS, Fraction(3, 2))
    assert abs(one.start) < 0.1
    assert abs(other.start - 4) < 0.1
    assert abs(other.length - 2) < 0.2


def test_a_still_may_come_back(pan):
    card = [pan(4)[0]] * 60
    assert repeated([*card, *pan(2), *card], Fraction(30), SHOTS, Fraction(3, 2)) == ()


def test_the_same_picture_moving_the_other_way_is_another_shot(pan):
    assert repeated([*pan(1), *pan(2), *pan(1)[::-1]], Fraction(30), SHOTS, Fraction(3, 2)) == ()


def test_what_repeats_within_one_shot_is_the_clips_own_affair(pan):
    assert repeated([*pan(1), *pan(1)], Fraction(30), [0] * 120, Fraction(3, 2)) == ()


def test_next_to_nothing_has_no_repetition(pan):
    assert repeated([], Fraction(30), [], Fraction(1)) == ()
    assert repeated(pan(1)[:1], Fraction(30), [0], Fraction(1)) == ()
