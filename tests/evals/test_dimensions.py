from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from cutroom.evals.correlation import srcc
from cutroom.evals.dimensions import dimensions
from cutroom.evals.faults.material import place
from cutroom.media.clip import Frame

WIDE = place(900, 180, 3)


def frames(pictures, fps: int = 30) -> list[Frame]:
    return [Frame(Fraction(number, fps), np.ascontiguousarray(one)) for number, one in enumerate(pictures)]


def pan(count: int = 24, step: float = 4.0) -> list[np.ndarray]:
    """A walk past a painted place, `step` pixels a frame."""
    return [cv2.getRectSubPix(WIDE, (320, 180), (160 + step * number, 90)) for number in range(count)]


def test_frames_that_are_all_the_same_are_consistent_and_do_not_move():
    scores = dimensions(frames([WIDE[:, :320]] * 12)).scores
    assert scores["subject_consistency.house"] == scores["background_consistency.house"] == 1
    assert scores["temporal_flickering"] == scores["motion_smoothness.house"] == 1
    assert scores["temporal_flickering.normalised"] == 1
    assert scores["dynamic_degree.house"] == 0


def test_one_frame_has_no_dimension_of_time():
    evidence = dimensions(frames([WIDE[:, :320]]))
    assert set(evidence.scores) == {"imaging_quality.house"}
    assert set(evidence.abstained) == {
        "subject_consistency.house",
        "background_consistency.house",
        "temporal_flickering",
        "motion_smoothness.house",
        "dynamic_degree.house",
    }


def test_no_frame_at_all_and_a_picture_of_one_pixel_are_named():
    assert dimensions([]).abstained == {"dimensions": "there is not one frame"}
    assert dimensions(frames([np.zeros((1, 1, 3), np.uint8)] * 3)).scores["temporal_flickering"] == 1


def test_frames_in_disorder_are_less_smooth_and_less_consistent():
    there = pan()
    order = np.random.default_rng(2).permutation(len(there))
    still, mixed = dimensions(frames(there)).scores, dimensions(frames([there[place] for place in order])).scores
    for name in ("motion_smoothness.house", "temporal_flickering", "subject_consistency.house"):
        assert mixed[name] < still[name], name


def test_what_moves_fast_enough_is_dynamic():
    assert dimensions(frames(pan(step=0.5))).scores["dynamic_degree.house"] == 0
    assert dimensions(frames(pan(step=5))).scores["dynamic_degree.house"] == 1


def flickering(amount: float) -> list[np.ndarray]:
    return [np.clip(one * (1 + amount * (-1) ** number), 0, 255).astype(np.uint8) for number, one in enumerate(pan(12))]


def jumping(amount: float) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    ways = rng.uniform(-1, 1, (12, 2))
    return [
        cv2.getRectSubPix(WIDE, (320, 180), (200 + 2 * number + amount * x, 90 + amount * y))
        for number, (x, y) in enumerate(ways)
    ]


def blurred(amount: float) -> list[np.ndarray]:
    return [cv2.GaussianBlur(one, (0, 0), amount) if amount else one for one in pan(6)]


def changing(amount: float) -> list[np.ndarray]:
    """The place turns into another one, by so much."""
    other = place(320, 180, 8)
    ways = np.linspace(0, amount, 12)
    return [cv2.addWeighted(WIDE[:, :320], 1 - way, other, way, 0) for way in ways]


DOSES = {
    "temporal_flickering": (flickering, np.linspace(0, 0.28, 8)),
    "motion_smoothness.house": (jumping, np.linspace(0, 14, 8)),
    "imaging_quality.house": (blurred, np.linspace(0, 4.2, 8)),
    "background_consistency.house": (changing, np.linspace(0, 0.98, 8)),
    "subject_consistency.house": (changing, np.linspace(0, 0.98, 8)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DOSES)
def test_more_of_a_fault_gives_a_worse_value(name):
    fault, doses = DOSES[name]
    values = [dimensions(frames(fault(dose))).scores[name] for dose in doses]
    assert srcc(-doses, values) >= 0.95, values


def coded(quality: int) -> list[np.ndarray]:
    return [cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1) for one in pan(12)]


UNRELATED = {
    "mirrored": lambda: [one[:, ::-1] for one in pan(12)],
    "cropped": lambda: [one[4:-4, 8:-8] for one in pan(12)],
    "coded": lambda: coded(92),
    "warmer": lambda: [np.clip(one * np.array([1.03, 1, 0.97]), 0, 255).astype(np.uint8) for one in pan(12)],
    "brighter": lambda: [np.clip(one * 1.03, 0, 255).astype(np.uint8) for one in pan(12)],
    "larger": lambda: [cv2.resize(one, (640, 360), interpolation=cv2.INTER_CUBIC) for one in pan(12)],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["temporal_flickering", "motion_smoothness.house"])
def test_what_has_nothing_to_do_with_it_moves_it_less_than_a_weak_dose(name):
    fault, doses = DOSES[name]
    plain = dimensions(frames(fault(0.0))).scores[name]
    weak = abs(plain - dimensions(frames(fault(doses[2]))).scores[name])
    before = dimensions(frames(pan(12))).scores[name]
    moved = {other: abs(dimensions(frames(change())).scores[name] - before) for other, change in UNRELATED.items()}
    assert max(moved.values()) < weak, (moved, weak)
