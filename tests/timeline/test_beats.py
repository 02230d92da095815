"""The grid: whole bars that end where they should, at a tempo of the mood, the same on every call."""

from fractions import Fraction
from itertools import pairwise

import pytest

from cutroom.timeline.beats import BEATS_A_BAR, TEMPI, TICKS, tempo_grid

LENGTHS = [Fraction(3), Fraction(7), Fraction(10), Fraction(287, 10), Fraction(60), Fraction(1001, 11), Fraction(600)]


@pytest.mark.parametrize("mood", TEMPI)
@pytest.mark.parametrize("seconds", LENGTHS)
def test_beats_are_whole_samples_in_order_and_leave_the_last_chord_its_time(mood, seconds):
    grid = tempo_grid(mood, seconds, 1)
    assert grid.beats[0] == 0
    assert all(one < other for one, other in pairwise(grid.beats))
    assert all((beat * TICKS).denominator == 1 for beat in grid.beats)
    assert Fraction(7, 10) < seconds - grid.beats[-1] < Fraction(5)
    assert grid.bars[-1] == grid.beats[-1]
    assert set(grid.bars) <= set(grid.beats)


@pytest.mark.parametrize("mood", TEMPI)
@pytest.mark.parametrize("seconds", [Fraction(15), Fraction(30), Fraction(61), Fraction(180)])
def test_longer_music_is_in_whole_bars_at_a_tempo_of_the_mood(mood, seconds):
    for seed in range(8):
        grid = tempo_grid(mood, seconds, seed)
        assert (len(grid.beats) - 1) % BEATS_A_BAR == 0
        assert len(grid.bars) == (len(grid.beats) - 1) // BEATS_A_BAR + 1
        assert TEMPI[mood].slow <= grid.bpm <= TEMPI[mood].fast
        gaps = [other - one for one, other in pairwise(grid.beats)]
        assert abs(gaps[0] - 60 / grid.bpm) <= Fraction(1, TICKS)


def test_a_calm_piece_slows_down_before_its_end_and_an_upbeat_one_does_not():
    calm, upbeat = (tempo_grid(mood, Fraction(60), 1).beats for mood in ("calm", "upbeat"))
    assert calm[-1] - calm[-2] > (calm[1] - calm[0]) * Fraction(11, 10)
    assert abs((upbeat[-1] - upbeat[-2]) - (upbeat[1] - upbeat[0])) <= Fraction(1, TICKS)


def test_the_same_question_has_the_same_answer_and_another_seed_another_tempo():
    assert tempo_grid("warm", Fraction(45), 3) == tempo_grid("warm", Fraction(45), 3)
    assert len({tempo_grid("warm", Fraction(45), seed).bpm for seed in range(6)}) > 2


def test_music_shorter_than_a_beat_is_its_final_chord():
    assert tempo_grid("calm", Fraction(1, 2), 1).beats == (0,)


def test_an_unknown_mood_or_no_length_is_refused():
    with pytest.raises(ValueError, match="jolly"):
        tempo_grid("jolly", Fraction(10), 1)
    with pytest.raises(ValueError, match="longer than 0 s"):
        tempo_grid("calm", Fraction(0), 1)
