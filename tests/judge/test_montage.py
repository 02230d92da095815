"""Montages: the frames that were asked for, upright, labelled, bounded, and the same on every machine."""

from fractions import Fraction

import numpy as np
import pytest

from cutroom.errors import BadInput
from cutroom.judge import montage
from cutroom.media.kinds import Video


def coloured(count: int, width: int = 160, height: int = 90) -> list[np.ndarray]:
    """Frames that are told apart by their grey: number n has the level 10 * n."""
    return [np.full((height, width, 3), 10 * number, np.uint8) for number in range(count)]


def middle(made, place: int, columns: int, width: int, height: int) -> float:
    """The grey in the middle of a frame of a montage."""
    gap, band = montage.GAP, made.pixels.shape[0] // -(-len(made.shots) // columns) - height - montage.GAP
    left = gap + place % columns * (width + gap)
    top = gap + place // columns * (height + band + gap) + band
    return float(made.pixels[top + height // 2, left + width // 2].mean())


def test_frames_are_those_at_the_stated_times(bench):
    clip = bench.clip(coloured(20), fps=10)
    made = montage.of_clip(clip, bench.store, at=[Fraction(3, 10), Fraction(1), Fraction(17, 10)])
    assert [shot.at for shot in made.shots] == [Fraction(3, 10), 1, Fraction(17, 10)]
    assert [shot.pixels.mean() for shot in made.shots] == pytest.approx([30, 100, 170], abs=3)
    assert [shot.label for shot in made.shots] == ["1 · 0.30 s", "2 · 1.00 s", "3 · 1.70 s"]


def test_times_are_spread_over_the_whole_clip():
    assert montage.times(Fraction(4), 4) == (Fraction(1, 2), Fraction(3, 2), Fraction(5, 2), Fraction(7, 2))
    for seconds in (Fraction(1, 30), Fraction(1), Fraction(61, 7), Fraction(3600)):
        at = montage.times(seconds)
        assert montage.FEWEST <= len(at) <= montage.MOST
        assert all(0 <= one <= seconds for one in at)
        assert list(at) == sorted(at)
    with pytest.raises(ValueError, match="above 0"):
        montage.times(Fraction(0))


@pytest.mark.parametrize(("width", "height"), [(160, 90), (90, 160), (400, 20), (33, 47)])
@pytest.mark.parametrize("count", [1, 5, 16])
def test_its_size_is_bounded_whatever_the_shape(width, height, count):
    shots = [montage.Shot(str(number), frame) for number, frame in enumerate(coloured(count, width, height))]
    made = montage.together(shots, recipe="x", longest=300)
    assert max(made.pixels.shape[:2]) <= 300
    assert made.pixels.shape[2] == 3


def test_every_frame_is_there_in_reading_order():
    shots = [montage.Shot("", frame) for frame in coloured(6)]
    made = montage.together(shots, recipe="x")
    seen = [level for level in np.unique(made.pixels.reshape(-1, 3)[:, 0]) if level % 10 == 0]
    assert [middle(made, place, 2, 160, 90) for place in range(6)] == [0, 10, 20, 30, 40, 50]
    assert len(seen) >= 6


def test_labels_stand_above_the_frames_and_cover_nothing():
    blank = np.full((90, 160, 3), 128, np.uint8)
    plain, labelled = (montage.together([montage.Shot(label, blank)], recipe="x") for label in ("", "1 · 2.50 s"))
    changed = np.argwhere((plain.pixels != labelled.pixels).any(axis=2))
    frame = np.argwhere((plain.pixels == 128).all(axis=2))
    assert len(changed) > 50
    assert changed[:, 0].max() < frame[:, 0].min()


def test_a_clip_that_is_stored_turned_is_shown_upright(make_clip, store):
    path = make_clip(prepare=lambda stream: stream.set_display_rotation(-90), frames=3)
    blob = store.add(path, ".mp4")
    about = {"suffix": ".mp4", "seconds": Fraction(1, 10), "width": 120, "height": 160, "fps": Fraction(30)}
    shot = montage.of_clip(Video(digest=blob.digest, bytes=blob.bytes, **about), store).shots[0]
    assert shot.pixels.shape[:2] == (160, 120)
    # Stored, the yellow corner is at the top left; turned upright, at the top right.
    assert shot.pixels[4, -5, 0] > 180
    assert shot.pixels[4, -5, 2] < 110


def test_the_same_question_has_the_same_key_whatever_the_pixels_came_out_as(bench):
    clip = bench.clip(coloured(12), fps=10)
    one, other = (montage.of_clip(clip, bench.store, at=[Fraction(1, 2)]) for _ in range(2))
    assert one.shown().digest == other.shown().digest
    later = montage.of_clip(clip, bench.store, at=[Fraction(3, 5)])
    assert later.shown().digest != one.shown().digest


def test_a_clip_without_a_frame_says_so(bench):
    broken = bench.broken(Video, seconds=Fraction(1), width=4, height=4, fps=Fraction(30))
    with pytest.raises(BadInput, match="no frame"):
        montage.of_clip(broken, bench.store)
