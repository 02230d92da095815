import numpy as np
import pytest

from cutroom.render import planes as pl
from cutroom.render.warp import Axis, _moved, _start, draw, margin_for, pad


def spot(width: int, height: int, x: float, y: float, size: float) -> np.ndarray:
    """A soft light spot whose middle lies at (x, y), in samples."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.rint(200 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * size**2))).astype(np.uint8)


def middle(plane: np.ndarray) -> tuple[float, float]:
    """Where the light's centre of gravity lies."""
    weight = plane.astype(float)
    weight[weight < 8] = 0
    rows, columns = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]]
    return float((columns * weight).sum() / weight.sum()), float((rows * weight).sum() / weight.sum())


def scene() -> pl.Planes:
    """Spots at the same place of the picture in luma and chroma: luma point (400, 300), where chroma is left-sited."""
    luma = spot(900, 600, 400, 300, 6)
    chroma = spot(450, 300, 400 / 2, (300 - 0.5) / 2, 4)
    return pl.Planes(luma, chroma, chroma)


@pytest.mark.parametrize("scales", [(1.02, 1.3), (1.24, 1.26), (0.8, 1.1), (1.06, 1.06)])
def test_a_point_follows_the_path_within_a_tenth_of_a_pixel(scales):
    source = pad(scene(), margin_for(max(scales)))
    into = pl.blank(480, 270)
    away = []
    for step in range(40):
        scale = scales[0] + (scales[1] - scales[0]) * step / 39
        across, down = Axis(scale, 150 + 0.313 * step), Axis(scale, 120 + 0.171 * step)
        draw(source, across, down, into)
        x, y = (400.5 - across.offset) / scale - 0.5, (300.5 - down.offset) / scale - 0.5
        away.append(np.subtract(middle(into.y), (x, y)))
        away.append(2 * np.subtract(middle(into.u), (x / 2, (y - 0.5) / 2)))
    assert np.abs(away).max() <= 0.1
    # What the eye sees as jitter is not being off, but being off differently from one frame to the next.
    assert np.std(away, axis=0).max() <= 0.03


def test_what_cannot_be_done_fast_is_done_right():
    axis = Axis(1.0, 20.5)
    assert _start(_moved(axis, 40), 480, 1000, 0.06) is None
    source = pad(scene(), 40)
    into = pl.blank(480, 270)
    draw(source, Axis(1.0, 150.5), Axis(1.0, 120.5), into)
    assert np.abs(np.subtract(middle(into.y), (249.5, 179.5))).max() <= 0.05


def test_the_edge_of_a_picture_is_no_dark_line():
    flat = pl.blank(600, 400)
    pl.fill(flat, (180, 90, 160))
    into = pl.blank(480, 270)
    draw(pad(flat, margin_for(1.25)), Axis(1.25, 0.0), Axis(400 / 270, 0.0), into)
    for plane, value in zip(into, (180, 90, 160), strict=True):
        assert np.abs(plane.astype(int) - value).max() <= 1


def test_a_whole_step_at_scale_one_copies_samples_untouched():
    source = scene()
    into = pl.blank(480, 270)
    draw(pad(source, 8), Axis(1.0, 12.0), Axis(1.0, 20.0), into)
    assert np.array_equal(into.y, source.y[20:290, 12:492])
    assert np.array_equal(into.u, source.u[10:145, 6:246])
