from __future__ import annotations

from fractions import Fraction

import pytest

from cutroom.judge.checks.timelines import left_over, meant_plain, meant_still, spread
from cutroom.media.kinds import Image
from cutroom.time import Span
from cutroom.timeline.timeline import Box, Clip, Format, Gap, Move, Timeline, Transition

PICTURE = Image(digest="0" * 64, suffix=".png", bytes=1, width=320, height=180)


def span(start: int, length: int) -> Span:
    return Span(start=Fraction(start), length=Fraction(length))


def test_what_the_timeline_means_to_be_still_and_plain():
    whole = Box(x=0, y=0, width=1, height=1)
    moving = Clip(media=PICTURE, seconds=Fraction(4), move=Move(start=whole, end=Box(x=0, y=0, width=0.9, height=0.9)))
    timeline = Timeline(
        format=Format(),
        picture=(
            Clip(media=PICTURE, seconds=Fraction(3)),
            Transition(kind="dip", seconds=Fraction(1)),
            moving,
            Transition(seconds=Fraction(1)),
            moving,
            Transition(seconds=Fraction(2)),
            Gap(seconds=Fraction(1)),
        ),
    )
    assert meant_still(timeline) == (span(0, 3), span(11, 1))
    assert meant_plain(timeline) == (span(11, 1), Span(start=Fraction(5, 2), length=Fraction(1)), span(10, 2))


@pytest.mark.parametrize(
    ("meant", "left"),
    [
        ([], [span(2, 6)]),
        ([span(0, 10)], []),
        ([span(0, 4)], [span(4, 4)]),
        ([span(4, 1)], [span(2, 2), span(5, 3)]),
        ([span(3, 2), span(5, 2)], []),
        ([span(20, 1)], [span(2, 6)]),
    ],
)
def test_what_is_left_over(meant, left):
    assert list(left_over([span(2, 6)], meant, Fraction(1))) == left


def test_samples_are_spread_evenly():
    assert spread(range(3), 5) == (0, 1, 2)
    assert spread(range(100), 5) == (0, 25, 50, 74, 99)
