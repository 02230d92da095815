from fractions import Fraction

import pytest
from pydantic import BaseModel, ValidationError

from cutroom.time import Rate, Seconds, exact


class Timed(BaseModel):
    seconds: Seconds


def test_time_is_read_from_text_and_written_as_text():
    timed = Timed(seconds="1001/30000")
    assert timed.seconds == Fraction(1001, 30000)
    assert timed.model_dump_json() == '{"seconds":"1001/30000"}'
    assert Timed.model_validate_json(timed.model_dump_json()) == timed


@pytest.mark.parametrize("wrong", [4.2, True, "abc", "1/0", None, float("nan")])
def test_floats_and_nonsense_are_refused_at_the_door(wrong):
    with pytest.raises((ValidationError, ValueError)):
        Timed(seconds=wrong)


def test_a_float_is_told_what_to_write():
    with pytest.raises(ValueError, match="write '21/5'"):
        exact(4.2)


def test_frames_round_to_the_nearest_and_come_back():
    ntsc = Rate(per_second=Fraction(30000, 1001))
    assert ntsc.frames(Fraction(1001, 1000)) == 30
    assert ntsc.seconds(30) == Fraction(1001, 1000)
    assert Rate(per_second=30).snap(Fraction(1, 40)) == Fraction(1, 30)
