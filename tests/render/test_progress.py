from fractions import Fraction

import numpy as np
import pytest

from cutroom.render.codecs import Encoding, encoder_for
from cutroom.render.picture import Compositor
from cutroom.render.segments import Keys, segments
from cutroom.timeline.timeline import Clip, Format, Progress, Timeline

FORM = Format(width=320, height=180, fps=Fraction(30))


def film(picture, bar: Progress | None, seconds: int = 2) -> Timeline:
    grey = np.full((180, 320, 3), 128, np.uint8)
    return Timeline(format=FORM, picture=(Clip(media=picture(grey), seconds=seconds),), progress=bar)


@pytest.mark.parametrize("place", ["bottom", "top"])
def test_the_bar_grows_evenly_from_edge_to_edge(picture, store, place):
    timeline = film(picture, Progress(height=0.03, place=place))
    reached = []
    with Compositor(timeline, store) as compositor:
        for number in range(60):
            luma = compositor.frame(number).y.astype(float)
            row = luma[-3 if place == "bottom" else 2]
            low, high = luma[90, 0] * 0.55, row.max()
            reached.append(((row - row.min()) / max(high - row.min(), 1)).sum() if row.min() < high - 20 else 320)
            assert np.ptp(luma[10:170]) == 0 and low < 80
    steps = np.diff(reached)
    # To a fraction of a pixel: it must not jerk.
    assert steps == pytest.approx(np.full(59, 320 / 60), abs=0.15)
    assert reached[-1] == 320


def test_the_bar_has_its_colour(picture, store):
    with Compositor(film(picture, Progress(height=0.05, colour="#FF2020", opacity=1)), store) as compositor:
        red, green, blue = compositor.rgb(59)[-4, 100]
    assert red > 240 and green < 50 and blue < 50


def test_a_stretch_may_move_only_when_there_is_no_bar(picture):
    encoder, _ = encoder_for(Encoding(), FORM)
    shot = Clip(media=picture(np.full((180, 320, 3), 128, np.uint8)), seconds=2)
    other = Clip(media=picture(np.full((180, 320, 3), 30, np.uint8)), seconds=2)
    for bar in (None, Progress()):
        alone = Timeline(format=FORM, picture=(shot,), progress=bar)
        later = Timeline(format=FORM, picture=(other, shot), progress=bar)
        keys = [Keys(film, None, encoder).of(segments(film)[-1]) for film in (alone, later)]
        assert (keys[0] == keys[1]) is (bar is None)
