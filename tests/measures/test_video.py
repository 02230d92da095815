"""Measures on moving pictures, on frames made here: each knows exactly when what happens."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import cv2
import numpy as np
import pytest

from cutroom.measures import video as m
from cutroom.media.clip import Frame
from cutroom.time import Span

RATE = 25


def ground(seed: int) -> np.ndarray:
    """A large textured picture with coloured shapes."""
    chance = np.random.default_rng(seed)
    tones = chance.integers(80, 170, (30, 48, 3), dtype=np.uint8)
    picture = np.asarray(cv2.resize(tones, (640, 400), interpolation=cv2.INTER_CUBIC))
    for _ in range(60):
        x, y = int(chance.integers(640)), int(chance.integers(400))
        colour = tuple(int(value) for value in chance.integers(0, 255, 3))
        cv2.circle(picture, (x, y), int(chance.integers(6, 30)), colour, -1, cv2.LINE_AA)
    return picture


def seen(picture: np.ndarray, x: float, y: float = 60.0, zoom: float = 1.0) -> np.ndarray:
    move = np.array([[zoom, 0, -x * zoom], [0, zoom, -y * zoom]], np.float32)
    return cv2.warpAffine(picture, move, (320, 180), flags=cv2.INTER_LINEAR)


def watched(count: int, frame: Callable[[int], np.ndarray], *, closely: bool = False) -> list[m.Look]:
    frames = (Frame(Fraction(number, RATE), frame(number)) for number in range(count))
    return list(m.watch(frames, closely=closely))


def end(looks: list[m.Look]) -> Fraction:
    return looks[-1].at + Fraction(1, RATE)


FIRST, SECOND, THIRD = ground(1), ground(2), ground(3)


class TestCuts:
    def test_are_found_to_the_frame(self):
        def frame(number: int) -> np.ndarray:
            picture = FIRST if number < 30 else SECOND if number < 55 else THIRD
            return seen(picture, 40 + number)

        looks = watched(90, frame)
        assert m.cuts(looks) == (Fraction(30, RATE), Fraction(55, RATE))
        assert [span.length * RATE for span in m.shots(looks, end(looks))] == [30, 25, 35]

    def test_a_fast_pan_and_a_flash_are_none(self):
        assert m.cuts(watched(60, lambda number: seen(FIRST, 5 * number))) == ()
        white = np.full((180, 320, 3), 250, np.uint8)
        assert m.cuts(watched(60, lambda number: white if number == 30 else seen(FIRST, number))) == ()

    def test_a_fade_through_black_parts_two_shots(self):
        def frame(number: int) -> np.ndarray:
            light = min(1.0, abs(number - 45) / 15) if 25 < number < 65 else 1.0
            light = 0.0 if 40 <= number < 50 else light
            return (seen(FIRST if number < 45 else SECOND, number) * light).astype(np.uint8)

        looks = watched(95, frame)
        black = m.black(looks, end(looks))
        assert [(span.start * RATE, span.end * RATE) for span in black] == [(40, 50)]
        assert [(span.start * RATE, span.end * RATE) for span in m.shots(looks, end(looks))] == [(0, 40), (50, 95)]

    def test_no_looks_no_shots_and_a_black_clip_is_one(self):
        assert m.shots([], Fraction(0)) == ()
        looks = watched(20, lambda number: np.zeros((90, 160, 3), np.uint8))
        assert m.shots(looks, end(looks)) == (Span(start=Fraction(0), length=Fraction(20, RATE)),)


class TestFaults:
    def test_a_freeze_is_found_to_the_frame_and_a_slow_zoom_is_none(self):
        looks = watched(100, lambda number: seen(FIRST, 2.0 * min(number, 30) + 2.0 * max(0, number - 79)))
        (freeze,) = m.frozen(looks, end(looks))
        assert freeze.start * RATE == pytest.approx(30, abs=1) and freeze.end * RATE == pytest.approx(80, abs=1)
        zoom = watched(100, lambda number: seen(FIRST, 40, zoom=1 + 0.05 * number / 100))
        assert m.frozen(zoom, end(zoom)) == ()

    def test_small_changes_count_as_life(self):
        def frame(number: int) -> np.ndarray:
            picture = seen(FIRST, 40).copy()
            picture[120:150, 40:120] = 255 if number % 20 < 10 else 0
            return picture

        looks = watched(100, frame)
        assert m.frozen(looks, end(looks)) == ()

    def test_repeated_frames_are_told_from_smooth_movement(self):
        smooth = watched(75, lambda number: seen(FIRST, 2 * number))
        doubled = watched(75, lambda number: seen(FIRST, 2 * (number // 2 * 2)))
        still = watched(75, lambda number: seen(FIRST, 40))
        assert m.repeated(smooth, end(smooth)) == () and m.repeated(still, end(still)) == ()
        assert sum(span.length for span in m.repeated(doubled, end(doubled))) > 2

    def test_flicker_is_more_than_three_flashes_a_second(self):
        def flashing(period: int) -> list[m.Look]:
            states = [np.full((90, 160, 3), value, np.uint8) for value in (40, 180)]
            return watched(75, lambda number: states[number % period >= period // 2])

        assert m.flicker(flashing(20), Fraction(3)) == ()
        (stretch,) = m.flicker(flashing(4), Fraction(3))
        assert stretch.length > 2

    def test_nothing_is_wrong_with_nothing(self):
        for fault in (m.black, m.blank, m.frozen, m.repeated, m.flicker):
            assert fault([], Fraction(0)) == ()


class TestStanding:
    whole = Span(length=Fraction(10))

    def of(self, frame: Callable[[int], np.ndarray]) -> m.Standing:
        return m.standing(watched(50, frame, closely=True), self.whole)

    def test_motion_is_in_frame_widths_a_second(self):
        panned = self.of(lambda number: seen(FIRST, 2 * number))
        assert panned.sweep == pytest.approx(2 * RATE / 320, rel=0.15)
        assert panned.motion == pytest.approx(2 * RATE / 320, rel=0.25)
        assert panned.shake < 0.02

    def test_shake_is_worse_than_a_pan(self):
        chance = np.random.default_rng(5)
        offsets = chance.normal(0, 4, (50, 2))
        shaken = self.of(lambda number: seen(FIRST, 100 + offsets[number, 0], 60 + offsets[number, 1]))
        panned = self.of(lambda number: seen(FIRST, 100 + number))
        assert shaken.shake > 0.08 > panned.shake
        assert shaken.quality < 0.8 * panned.quality

    def test_blur_and_darkness_cost(self):
        good = self.of(lambda number: seen(FIRST, number))
        soft = self.of(lambda number: cv2.GaussianBlur(seen(FIRST, number), (0, 0), 4))
        dark = self.of(lambda number: (seen(FIRST, number) * 0.1).astype(np.uint8))
        assert soft.quality < 0.75 * good.quality and dark.quality < 0.75 * good.quality
        assert soft.sharpness < good.sharpness and dark.exposure < -0.4

    def test_of_no_frames_is_neutral(self):
        assert 0 <= m.standing([], self.whole).quality <= 1
