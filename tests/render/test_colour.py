import numpy as np
import pytest

from cutroom.render import planes as pl
from cutroom.render.colour import HLG, PQ, grader, light_of, to_sdr
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


@pytest.mark.parametrize(("code", "light"), [(0.5, 92.25), (0.58, 202.0), (0.75, 983.4), (0.0, 0.0)])
def test_pq_codes_are_the_light_of_st_2084(code, light):
    assert light_of(np.full((1, 3), code), PQ)[0, 0] == pytest.approx(light, rel=0.02, abs=0.01)


def test_hlg_white_is_203_and_its_top_a_thousand():
    assert light_of(np.full((1, 3), 0.75), HLG)[0, 0] == pytest.approx(203, rel=0.02)
    assert light_of(np.full((1, 3), 1.0), HLG)[0, 0] == pytest.approx(1000, rel=0.02)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hdr_greys_stay_grey_and_in_order(transfer):
    ramp = np.repeat(np.linspace(0, 1, 50)[:, None], 3, axis=1)
    sdr = to_sdr(ramp, transfer)
    assert np.ptp(sdr, axis=1).max() < 0.01
    assert (np.diff(sdr[:, 1]) >= -1e-9).all()
    assert sdr[0].max() == 0
