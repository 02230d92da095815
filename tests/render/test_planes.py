import numpy as np
import pytest

from cutroom.render import planes as pl

BARS = {
    # ITU-R BT.709-6, 8 bits: 100 % colour bars.
    "#ffffff": (235, 128, 128),
    "#ffff00": (219, 16, 138),
    "#00ffff": (188, 154, 16),
    "#00ff00": (173, 42, 26),
    "#ff00ff": (78, 214, 230),
    "#ff0000": (63, 102, 240),
    "#0000ff": (32, 240, 118),
    "#000000": (16, 128, 128),
}


@pytest.mark.parametrize(("colour", "codes"), BARS.items())
def test_colour_bars_have_the_codes_of_bt709_and_not_of_bt601(colour, codes):
    assert pl.colour_of(colour) == codes


def test_pictures_come_back_as_they_were():
    rows, columns = np.mgrid[0:120, 0:200]
    rgb = np.stack([columns, 2 * rows, 255 - columns], -1).astype(np.uint8)
    back = pl.to_rgb(pl.from_rgb(rgb))
    assert np.abs(back.astype(int) - rgb).mean() < 1.0


def test_chroma_lies_on_even_columns_and_between_rows():
    ramp = np.tile(np.arange(0, 200, dtype=np.uint8), (100, 1))
    assert pl.halve(ramp)[20, 10:90].tolist() == list(range(20, 180, 2))
    between = [2 * row + 0.5 for row in range(10, 40)]
    assert pl.halve(ramp.T.copy())[10:40, 20].tolist() == pytest.approx(between, abs=0.51)


def test_letters_laid_over_are_as_bright_as_they_were_drawn():
    ground = pl.from_rgb(np.full((40, 60, 3), (40, 90, 160), np.uint8))
    rgba = np.zeros((20, 30, 4), np.uint8)
    rgba[:, :10] = (255, 255, 255, 255)
    rgba[:, 10:20] = (128, 0, 0, 128)
    pl.veil(rgba).over(ground.part(10, 10, 30, 20))
    seen = pl.to_rgb(ground).astype(int)
    assert np.abs(seen[20, 14] - 255).max() <= 2
    assert np.abs(seen[20, 25] - (148, 45, 80)).max() <= 3
    assert np.abs(seen[20, 36] - (40, 90, 160)).max() <= 2
    assert np.abs(seen[5, 5] - (40, 90, 160)).max() <= 2


def test_half_opaque_letters_are_half_there():
    ground = pl.from_rgb(np.zeros((20, 20, 3), np.uint8))
    pl.veil(np.full((20, 20, 4), 255, np.uint8)).over(ground, 0.5)
    assert np.abs(pl.to_rgb(ground).astype(int) - 128).max() <= 2
