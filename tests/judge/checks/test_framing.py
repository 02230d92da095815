from __future__ import annotations

from fractions import Fraction

import pytest

from cutroom.judge.checks.framing import View, cropped, framing, overlap
from cutroom.media.kinds import Image
from cutroom.plan.facts import Face
from cutroom.timeline.timeline import Box, Clip, Format, Move

FULL_HD = Format()
WIDE = Box(x=0, y=0, width=1, height=1)


def box(x: float, y: float, width: float, height: float) -> Box:
    return Box(x=x, y=y, width=width, height=height)


def view(start: Box, end: Box, *, size: tuple[int, int] = (4000, 2250), fit: str = "cover", seconds: int = 4) -> View:
    media = Image(digest="0" * 64, suffix=".jpg", bytes=1, width=size[0], height=size[1])
    return View(Clip(media=media, seconds=Fraction(seconds), move=Move(start=start, end=end), fit=fit), FULL_HD, *size)


def face(*place: float, confidence: float = 0.9) -> Face:
    return Face(box=box(*place), confidence=confidence)


def names(evidence) -> list[str]:
    return [finding.check for finding in evidence.findings]


def test_a_gentle_push_towards_a_face_is_fine():
    good = framing(view(WIDE, box(0.05, 0.02, 0.9, 0.9)), (face(0.4, 0.3, 0.2, 0.3),))
    assert names(good) == []
    assert good.scores["move_speed"] < 0.05
    assert good.scores["source_pixels_per_pixel"] == pytest.approx(1.875)


@pytest.mark.parametrize(
    ("end", "at"),
    [
        (box(0.2, 0.3, 0.7, 0.7), 1),
        (box(0.0, 0.3, 0.7, 0.7), 1),
    ],
)
def test_a_head_that_leaves_during_the_move_is_found(end, at):
    bad = framing(view(WIDE, end), (face(0.4, 0.2, 0.15, 0.25),))
    assert names(bad) == ["head_cut"]
    assert bad.findings[0].at >= at


def test_hair_belongs_to_the_head():
    tight = framing(view(box(0.1, 0.19, 0.8, 0.8), box(0.1, 0.19, 0.8, 0.8)), (face(0.4, 0.2, 0.2, 0.3),))
    assert names(tight) == ["head_cut"]


def test_a_face_at_the_pictures_own_edge_is_as_whole_as_it_can_be():
    assert names(framing(view(WIDE, WIDE), (face(0.4, 0.0, 0.2, 0.3), face(0.9, 0.4, 0.1, 0.2)))) == []


def test_who_is_out_of_the_frame_altogether_is_not_cut_but_the_main_person_is_missed():
    left = box(0, 0, 0.6, 0.6)
    two = (face(0.1, 0.15, 0.1, 0.15), face(0.8, 0.7, 0.1, 0.15))
    assert names(framing(view(left, left), two)) == []
    assert names(framing(view(left, left), two[1:])) == ["face_lost"]


def test_doubtful_faces_and_bystanders_do_not_count():
    part = box(0, 0, 0.6, 0.6)
    doubtful = face(0.55, 0.2, 0.1, 0.15, confidence=0.3)
    bystander = face(0.58, 0.2, 0.04, 0.06)
    assert names(framing(view(part, part), (doubtful, bystander, face(0.1, 0.1, 0.2, 0.3)))) == []


def test_covering_crops_a_box_of_another_shape():
    """A tall box of a portrait is cropped to the wide frame: the head at its top is cut although it lies in the box."""
    tall = view(WIDE, WIDE, size=(2000, 3000))
    assert names(framing(tall, (face(0.3, 0.02, 0.3, 0.2),))) == ["face_lost"]
    whole = view(WIDE, WIDE, size=(2000, 3000), fit="blur")
    assert names(framing(whole, (face(0.3, 0.02, 0.3, 0.2),))) == []


@pytest.mark.parametrize(
    ("start", "end", "size", "check"),
    [
        (box(0, 0, 0.6, 0.6), box(0.4, 0.4, 0.6, 0.6), (4000, 2250), "move_too_fast"),
        (box(0.4, 0.4, 0.2, 0.2), box(0.4, 0.4, 0.2, 0.2), (8000, 4500), "too_little_seen"),
        (box(0.1, 0.1, 0.6, 0.6), box(0.1, 0.1, 0.6, 0.6), (1280, 720), "upscaled"),
        (box(-0.2, 0, 1, 1), box(-0.2, 0, 1, 1), (4000, 2250), "outside_picture"),
    ],
)
def test_frames_fail_for_one_reason(start, end, size, check):
    assert names(framing(view(start, end, size=size, seconds=2), ())) == [check]


def test_a_small_picture_shown_whole_is_not_blamed():
    assert names(framing(view(WIDE, WIDE, size=(400, 225)), ())) == []


def test_cropping_keeps_the_middle_and_the_shape():
    part = cropped(WIDE, 0.5)
    assert part == box(0.25, 0, 0.5, 1)
    assert overlap(box(0, 0, 0.5, 1), part) == pytest.approx(0.5)
