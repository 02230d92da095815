from fractions import Fraction

import pytest

from cutroom.render.view import WHOLE, View, path_of
from cutroom.timeline.timeline import Box, Move


def move(start: tuple, end: tuple, ease: str = "smooth") -> Move:
    names = ("x", "y", "width", "height")
    first, last = (Box(**dict(zip(names, box, strict=True))) for box in (start, end))
    return Move(start=first, end=last, ease=ease)


WIDE, CLOSE = (0.1, 0.1, 0.8, 0.8), (0.3, 0.2, 0.4, 0.4)


@pytest.mark.parametrize("ease", ["linear", "smooth"])
def test_first_and_last_frame_show_what_the_move_says(ease):
    path = path_of(move(WIDE, CLOSE, ease), 1.0, 100, 8, 8)
    assert path.at(0) == pytest.approx(WIDE)
    assert path.at(99) == pytest.approx(CLOSE)


def test_an_even_zoom_grows_by_the_same_factor_in_each_frame():
    path = path_of(move(WIDE, CLOSE, "linear"), 1.0, 100, 0, 0)
    factors = [path.at(frame + 1).width / path.at(frame).width for frame in range(99)]
    assert max(factors) - min(factors) < 1e-9


def test_what_a_zoom_heads_for_stays_in_place():
    path = path_of(move(WIDE, CLOSE), 1.0, 50, 0, 0)
    # The point that has the same place in the first and the last view.
    share = (WIDE[0] - CLOSE[0]) / (CLOSE[2] - WIDE[2])
    point = WIDE[0] + share * WIDE[2]
    assert [(point - path.at(frame).x) / path.at(frame).width for frame in range(50)] == pytest.approx([share] * 50)


def test_handles_go_on_along_the_path_and_do_not_stop_at_the_cut():
    path = path_of(move(WIDE, CLOSE, "linear"), 1.0, 100, 10, 10)
    assert path.at(-10).width > 0.8
    assert path.at(109).width < 0.4
    smooth = path_of(move(WIDE, CLOSE), 1.0, 100, 10, 10)
    assert smooth.at(1).width < smooth.at(0).width - 1e-4


def test_handles_hold_where_the_picture_ends():
    path = path_of(move((0, 0, 1, 1), CLOSE), 1.0, 100, 10, 10)
    assert path.at(-10) == path.at(0) == WHOLE
    assert all(path.at(frame).within() for frame in range(-10, 110))


def test_a_box_outside_the_picture_is_moved_into_it_and_cropped_to_shape():
    path = path_of(move((-0.2, 0.5, 0.8, 0.8), (0, 0, 2, 2)), 1.5, 10, 0, 0)
    for view in (path.start, path.end):
        assert view.within()
        assert view.width / view.height == pytest.approx(1.5)


def test_one_frame_is_a_path_too():
    assert path_of(move(WIDE, CLOSE), 1.0, 1, 0, 0).at(0) == pytest.approx(WIDE)
    assert path_of(None, float(Fraction(1)), 1, 3, 3).at(2) == View(0, 0, 1, 1)
