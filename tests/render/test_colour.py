import numpy as np
import pytest

from cutroom.render import planes as pl
from cutroom.render.colour import grader
from cutroom.timeline.timeline import Grade


def graded(colour: tuple[int, int, int], **settings: float) -> np.ndarray:
    apply = grader(Grade(**settings))
    assert apply is not None
    return pl.to_rgb(apply(pl.from_rgb(np.full((16, 16, 3), colour, np.uint8))))[8, 8].astype(int)


def test_no_correction_costs_nothing():
    assert grader(Grade()) is None


def test_one_stop_doubles_the_light():
    assert graded((100, 100, 100), exposure=1.0) == pytest.approx([100 * 2 ** (1 / 2.2)] * 3, abs=2)
    assert graded((100, 100, 100), exposure=-1.0) == pytest.approx([100 / 2 ** (1 / 2.2)] * 3, abs=2)


def test_bright_parts_are_rolled_off_and_not_cut_off():
    bright, brighter = graded((225, 225, 225), exposure=0.6), graded((245, 245, 245), exposure=0.6)
    assert bright.max() < brighter.max() <= 255


def test_exposure_keeps_the_hue():
    red, green, blue = graded((120, 60, 30), exposure=0.5)
    factor = 2 ** (0.5 / 2.2)
    assert (red, green, blue) == pytest.approx((120 * factor, 60 * factor, 30 * factor), abs=5)


def test_warmth_moves_grey_between_blue_and_orange():
    warm, cool = graded((128, 128, 128), warmth=0.5), graded((128, 128, 128), warmth=-0.5)
    assert warm[0] > 134 > 122 > warm[2]
    assert cool[0] < 122 < 134 < cool[2]
    assert graded((0, 0, 0), warmth=1.0).max() <= 1


def test_without_saturation_all_is_grey():
    assert np.ptp(graded((200, 40, 90), saturation=0.0)) <= 2
