"""Where the assembler puts room tone: under every gap in the clips' own sound, and nowhere else."""

from fractions import Fraction

import pytest

from cutroom.media.kinds import Video
from cutroom.performers.house.assembly import _tones  # pyright: ignore[reportPrivateUsage]
from cutroom.time import Span
from cutroom.timeline.timeline import Sound

EDGE = Fraction(1, 20)


def clip(name: str, start: int, seconds: int) -> Sound:
    media = Video(
        digest=name * 64,
        suffix=".mp4",
        bytes=1,
        seconds=Fraction(30),
        width=64,
        height=36,
        fps=Fraction(30),
        sound=True,
    )
    source = Span(start=Fraction(12), length=Fraction(seconds))
    return Sound(media=media, start=Fraction(start), source=source, fade_in=EDGE, fade_out=EDGE, name=name)


def spans(*sounds: Sound, length: int = 20):
    return [(tone.name, tone.start, tone.start + tone.seconds) for tone in _tones(sounds, Fraction(length))]


def test_one_room_gives_way_to_the_next():
    assert spans(clip("a", 0, 5), clip("b", 9, 11)) == [
        ("a", 5 - EDGE, Fraction(15, 2)),
        ("b", Fraction(13, 2), 9 + EDGE),
    ]


def test_the_same_room_goes_on():
    assert spans(clip("a", 0, 5), clip("a", 9, 11)) == [("a", 5 - EDGE, 9 + EDGE)]


def test_before_the_first_clip_and_after_the_last_it_is_theirs():
    assert spans(clip("a", 4, 6)) == [("a", 0, 4 + EDGE), ("a", 10 - EDGE, 20)]


@pytest.mark.parametrize("sounds", [(), (clip("a", 0, 12), clip("b", 12, 8)), (clip("a", 0, 14), clip("b", 10, 10))])
def test_where_nothing_was_recorded_or_nothing_is_missing_there_is_none(sounds: tuple[Sound, ...]):
    assert spans(*sounds) == []


def test_the_quiet_is_looked_for_around_what_is_heard():
    tone = next(iter(_tones([clip("a", 0, 5)], Fraction(20))))
    assert tone.source == Span(start=Fraction(2), length=Fraction(25))
    assert (tone.fade_in, tone.fade_out) == (EDGE, 1)
