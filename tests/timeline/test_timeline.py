from fractions import Fraction as F

import pytest
from pydantic import ValidationError

from cutroom.media.kinds import Image, Video
from cutroom.time import Span
from cutroom.timeline.subtitles import srt
from cutroom.timeline.timeline import Caption, Clip, Format, Gap, Timeline, Transition

STILL = Image(digest="a" * 64, suffix=".jpg", bytes=1, width=4, height=3)
MOVING = Video(digest="b" * 64, suffix=".mp4", bytes=1, seconds=10, width=4, height=3, fps=25)


def still(seconds=4):
    return Clip(media=STILL, seconds=seconds)


def test_transitions_do_not_change_the_length():
    film = Timeline(format=Format(), picture=(still(), Transition(seconds=1), still(), Gap(seconds=F(1, 2))))
    assert film.seconds == F(17, 2)
    assert film.frames == 255


@pytest.mark.parametrize(
    "picture",
    [
        (Transition(seconds=1), still()),
        (still(), Transition(seconds=1)),
        (still(), Transition(seconds=1), Transition(seconds=1), still()),
        (still(), Transition(seconds=3), still(1)),
    ],
)
def test_transitions_stand_between_clips_that_are_long_enough(picture):
    with pytest.raises(ValidationError):
        Timeline(format=Format(), picture=picture)


def test_a_clip_uses_as_much_of_its_source_as_its_speed_needs():
    Clip(media=MOVING, seconds=2, speed=2, source=Span(start=1, length=4))
    with pytest.raises(ValidationError, match="need 4 s"):
        Clip(media=MOVING, seconds=2, speed=2, source=Span(start=1, length=2))


def test_captions_become_subrip():
    captions = (
        Caption(start=F(1), seconds=F(3, 2), lines=("One line,", "and --> another")),
        Caption(start=F(3723), seconds=F(1), lines=("Late",)),
    )
    assert (
        srt(captions)
        == "1\n00:00:01,000 --> 00:00:02,500\nOne line,\nand → another\n\n2\n01:02:03,000 --> 01:02:04,000\nLate\n"
    )
