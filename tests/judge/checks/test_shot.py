from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from cutroom.judge.house import HouseJudge
from cutroom.media.kinds import Cut, Image, Text, Video
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.facts import Face, PictureFacts
from cutroom.plan.step import Ref
from cutroom.time import Span
from cutroom.timeline.timeline import Box, Clip, Gap, Timeline

SECONDS = Fraction(3)


def facts(*faces: Box) -> PictureFacts:
    return PictureFacts(
        width=640,
        height=360,
        focus=Box(x=0, y=0, width=1, height=1),
        sharpness=0.7,
        exposure=0,
        quality=0.6,
        colour="#808080",
        fingerprint="0" * 16,
        faces=tuple(Face(box=one, confidence=0.9) for one in faces),
    )


@pytest.fixture
def framed(bench, make, frame):
    """Judges a move over a picture whose one face is in the upper left."""
    picture = bench.image(make.textured(640, 360, 1))
    known = bench.facts(facts(Box(x=0.2, y=0.2, width=0.15, height=0.25)))
    step = FramePicture(picture=Ref[Image](id="a1"), facts=Ref[Text](id="look"), seconds=SECONDS, format=frame)

    def judge(start: Box, end: Box, *, seconds=SECONDS, inputs=None, format=frame):
        cut = bench.cut(Timeline(format=format, picture=(make.shot(picture, seconds, start, end),)))
        return HouseJudge().look(step, cut, {"a1": picture, "look": known} if inputs is None else inputs, bench.store)

    return judge


WHOLE = Box(x=0, y=0, width=1, height=1)


def test_a_frame_that_keeps_the_head_passes(framed):
    verdict = framed(WHOLE, Box(x=0.02, y=0.02, width=0.9, height=0.9))
    assert verdict.outcome == "pass", verdict.reasons
    assert verdict.scores["sharpness"] == 0.7


def test_a_frame_that_moves_over_a_head_fails(framed, checks):
    verdict = framed(WHOLE, Box(x=0.25, y=0.2, width=0.75, height=0.75))
    assert checks(verdict) == ["head_cut"]


def test_the_shot_is_as_long_and_as_large_as_asked(framed, checks, frame):
    assert checks(framed(WHOLE, WHOLE, seconds=Fraction(2))) == ["wrong_length"]
    assert checks(framed(WHOLE, WHOLE, format=frame.model_copy(update={"height": 240}))) == ["wrong_size"]


def test_without_facts_faces_are_not_judged(framed):
    verdict = framed(WHOLE, Box(x=0.25, y=0.2, width=0.75, height=0.75), inputs={})
    assert verdict.outcome == "pass"
    assert "head_cut" in verdict.abstained


def test_what_is_no_shot_is_found(bench, frame, checks):
    step = FramePicture(picture=Ref[Image](id="a1"), facts=Ref[Text](id="look"), seconds=SECONDS, format=frame)
    gap = bench.cut(Timeline(format=frame, picture=(Gap(seconds=SECONDS),)))
    assert checks(HouseJudge().look(step, gap, {}, bench.store)) == ["not_a_shot"]
    broken = bench.broken(Cut, seconds=SECONDS)
    assert checks(HouseJudge().look(step, broken, {}, bench.store)) == ["cannot_be_decoded"]


@pytest.fixture
def picked(bench, make, frame):
    """Judges a moment picked from a clip of these frames."""

    def judge(frames, span: Span | None = None, media: Video | None = None):
        clip = media or bench.clip(frames)
        span = span or Span(length=SECONDS)
        step = PickMoment(
            clip=Ref[Video](id="a1"), facts=Ref[Text](id="look"), seconds=span.length, handles=Fraction(0), format=frame
        )
        cut = bench.cut(Timeline(format=frame, picture=(Clip(media=clip, seconds=span.length, source=span),)))
        return HouseJudge().look(step, cut, {"a1": clip}, bench.store)

    return judge


def pan(make, seed: int, count: int = 90) -> list[np.ndarray]:
    return make.moving(make.textured(640, 360, seed), count, 480, 270)


def test_a_living_moment_passes(picked, make):
    verdict = picked(pan(make, 2))
    assert verdict.outcome == "pass", verdict.reasons
    assert verdict.scores["sharpness"] > 0.3


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (lambda frames, other: [*frames[:30], *[np.zeros_like(frames[0])] * 30, *frames[30:60]], "black"),
        (lambda frames, other: [*frames[:15], *[frames[15]] * 75], "frozen"),
        (lambda frames, other: [cv2.GaussianBlur(one, (0, 0), 14) for one in frames], "blurred"),
        (lambda frames, other: [*frames[:45], *other[45:]], "cut_inside"),
        (lambda frames, other: frames[:60], "outside_source"),
    ],
)
def test_moments_fail_for_one_reason(picked, make, checks, fault, check):
    verdict = picked(fault(pan(make, 2), pan(make, 3)))
    assert checks(verdict)[0] == check, verdict.reasons
    assert set(checks(verdict)) <= {check, "cut_inside"}, verdict.reasons


def test_only_the_span_is_judged(picked, make):
    frames = [*[np.zeros((270, 480, 3), np.uint8)] * 60, *pan(make, 2)]
    assert picked(frames, Span(start=Fraction(5, 2), length=Fraction(2))).outcome == "pass"
    assert picked(frames, Span(length=Fraction(2))).outcome == "fail"


def test_a_clip_that_ends_before_it_says_is_a_fail(picked, bench, make, checks):
    short = bench.clip(pan(make, 2, 45)).model_copy(update={"seconds": Fraction(5)})
    assert checks(picked([], media=short)) == ["cannot_be_decoded"]


def test_broken_footage_is_a_fail(picked, bench, checks):
    broken = bench.broken(Video, seconds=Fraction(5), width=480, height=270, fps=Fraction(30))
    assert checks(picked([], media=broken)) == ["cannot_be_decoded"]
