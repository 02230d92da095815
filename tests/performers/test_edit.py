"""Framing and picking: the rules that decide whether a film looks good, held for many pictures."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from cutroom.errors import TryAgain
from cutroom.measures.boxes import WHOLE, between, head, holds
from cutroom.media.kinds import Image, Text, Video
from cutroom.media.store import Store
from cutroom.performers.house.edit import LEAST_PIXELS, Framer, Framing, MomentPicker, framings
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.facts import ClipFacts, Face, Moment, PictureFacts, Shot
from cutroom.plan.step import Ref
from cutroom.time import Span
from cutroom.timeline.timeline import Box, Clip, Format, Timeline

SIZES = [(4000, 3000), (3000, 4000), (4032, 2268), (2000, 2000), (6000, 2200), (1024, 768), (900, 1600)]
WIDE, UPRIGHT, SQUARE = Format(), Format(width=1080, height=1920), Format(width=1080, height=1080)


def box(x: float, y: float, width: float, height: float) -> Box:
    return Box(x=x, y=y, width=width, height=height)


def face(x: float, y: float, width: float, height: float, confidence: float = 0.9) -> Face:
    return Face(box=box(x, y, width, height), confidence=confidence)


def known(width: int, height: int, *people: Face, focus: Box | None = None) -> PictureFacts:
    return PictureFacts(
        width=width,
        height=height,
        faces=people,
        focus=focus or box(0.35, 0.35, 0.3, 0.3),
        sharpness=0.9,
        exposure=0.0,
        colour="#808080",
        fingerprint="0" * 16,
        quality=0.9,
    )


def still(facts: PictureFacts, *, alpha: bool = False) -> Image:
    return Image(digest="ab" * 32, suffix=".jpg", bytes=1, width=facts.width, height=facts.height, alpha=alpha)


def asked(frame: Format = WIDE, seconds: str = "4", motion: str = "auto", seed: int = 0) -> FramePicture:
    return FramePicture(
        picture=Ref[Image](id="photo"),
        facts=Ref[Text](id="facts"),
        seconds=Fraction(seconds),
        format=frame,
        motion=motion,
        seed=seed,
    )


def shape(one: Box, facts: PictureFacts) -> float:
    return one.width * facts.width / (one.height * facts.height)


def views(framing: Framing) -> list[Box]:
    return [between(framing.start, framing.end, place / 20) for place in range(21)]


class TestRules:
    def test_hold_for_many_pictures(self):
        chance = random.Random(11)
        for number in range(150):
            size = chance.choice(SIZES)
            people = tuple(self._face(chance, *size) for _ in range(chance.choice([0, 0, 1, 1, 2, 3])))
            focus = box(chance.uniform(0, 0.7), chance.uniform(0, 0.7), 0.3, 0.3)
            facts = known(*size, *people, focus=focus)
            step = asked(chance.choice([WIDE, UPRIGHT, SQUARE]), chance.choice(["2", "7/2", "5", "9"]), seed=number)
            ways = framings(facts, still(facts), step)
            assert ways
            for framing in ways:
                self._check(framing, facts, step)

    def _face(self, chance: random.Random, width: int, height: int) -> Face:
        size = chance.uniform(0.05, 0.25) * min(width, height)
        across, down = size / width, size / height
        return face(chance.uniform(0, 1 - across), chance.uniform(0, 1 - down), across, down)

    def _check(self, framing: Framing, facts: PictureFacts, step: FramePicture) -> None:
        for seen in views(framing):
            assert holds(WHOLE, seen), "the frame leaves the picture"
            if framing.fit == "cover":
                assert shape(seen, facts) == pytest.approx(step.format.aspect, rel=1e-3), "the crop has another shape"
            for person in facts.faces:
                inside = holds(seen, head(person.box), 1e-4)
                assert inside, f"a head is cut: {framing}"
        if framing.fit == "cover":
            self._check_speed(framing, step)
            widest = max(framing.start.width, framing.end.width) * facts.width
            narrowest = min(framing.start.width, framing.end.width) * facts.width
            assert narrowest >= min(LEAST_PIXELS * step.format.width, widest / 1.06) - 1, "pixels are blown up"

    def _check_speed(self, framing: Framing, step: FramePicture) -> None:
        start, end = framing.start, framing.end
        scale = max(start.width, end.width) / min(start.width, end.width)
        assert scale <= 1.121
        across = max(abs(end.x - start.x), abs(end.x + end.width - start.x - start.width))
        down = max(abs(end.y - start.y), abs(end.y + end.height - start.y - start.height))
        fastest = max(across / min(start.width, end.width), down / min(start.height, end.height))
        assert fastest / float(step.seconds) < 0.031, "the frame rushes"

    def test_a_face_in_the_corner_is_headed_for(self):
        facts = known(4000, 3000, face(0.75, 0.1, 0.1, 0.13))
        first = framings(facts, still(facts), asked(motion="push_in"))[0]
        assert first.motion == "push_in" and first.fit == "cover"
        assert first.end.centre[0] > first.start.centre[0] and first.start.y == pytest.approx(0, abs=0.03)

    def test_portraits_in_landscape_are_whole_over_a_blurred_fill(self):
        facts = known(3000, 4000, face(0.4, 0.2, 0.2, 0.15))
        first = framings(facts, still(facts), asked())[0]
        assert first.fit == "blur"
        assert shape(first.start, facts) == pytest.approx(0.75)
        assert min(first.start.width, first.end.width) >= 0.95

    def test_a_group_that_no_crop_can_hold_is_shown_whole(self):
        group = [face(x, 0.3, 0.08, 0.1) for x in (0.03, 0.3, 0.6, 0.88)]
        facts = known(4000, 3000, *group)
        ways = framings(facts, still(facts), asked(SQUARE))
        assert {way.fit for way in ways} == {"blur"}

    def test_a_panorama_is_panned(self):
        facts = known(8000, 2600)
        kinds = [framings(facts, still(facts), asked(seed=seed))[0] for seed in range(8)]
        assert {way.fit for way in kinds} == {"cover"}
        assert "pan" in {way.motion for way in kinds}

    def test_tiny_and_transparent_pictures_are_whole_and_still(self):
        tiny = known(320, 200)
        assert framings(tiny, still(tiny), asked())[0].start == WHOLE
        logo = known(1200, 800)
        first = framings(logo, still(logo, alpha=True), asked())[0]
        assert (first.fit, first.motion) == ("contain", "still")

    def test_a_wide_picture_in_an_upright_frame_is_no_mere_strip(self):
        facts = known(4000, 3000)
        first = framings(facts, still(facts), asked(UPRIGHT))[0]
        assert first.fit == "blur" and 0.7 < first.start.width < 0.8

    def test_the_motion_asked_for_is_given(self):
        facts = known(4000, 3000)
        for motion in ("push_in", "pull_out", "pan", "still"):
            assert framings(facts, still(facts), asked(motion=motion))[0].motion == motion

    def test_seeds_vary_the_move_and_repeat_it(self):
        facts = known(4000, 3000)
        moves = [framings(facts, still(facts), asked(seed=seed))[0] for seed in range(12)]
        assert {move.motion for move in moves} >= {"push_in", "pull_out"}
        assert moves[3] == framings(facts, still(facts), asked(seed=3))[0]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def desk(store: Store, tmp_path: Path, media: Image | Video, facts: PictureFacts | ClipFacts, take: int = 1) -> Desk:
    empty = Desk(store=store, inputs={}, scratch=tmp_path)
    return Desk(
        store=store,
        inputs={"photo": media, "clip": media, "facts": empty.keep_facts(facts)},
        take=take,
        scratch=tmp_path,
    )


def only_clip(store: Store, cut) -> Clip:
    timeline = Timeline.model_validate_json(store.path(cut).read_bytes())
    (clip,) = timeline.picture
    assert isinstance(clip, Clip) and cut.seconds == timeline.seconds == clip.seconds
    return clip


class TestFramer:
    def test_another_take_is_another_crop(self, store, tmp_path):
        facts = known(4000, 3000, face(0.45, 0.3, 0.1, 0.13))
        clips = [
            only_clip(store, Framer().perform(asked(), desk(store, tmp_path, still(facts), facts, take)))
            for take in (1, 2, 3, 1)
        ]
        assert len({clip.move.model_dump_json() for clip in clips}) == 3
        assert clips[0] == clips[3] and clips[0].seconds == 4


CUTS = (Fraction(0), Fraction(4), Fraction(11), Fraction(20))


def clip_facts(seconds: Fraction = Fraction(20), width: int = 1920, height: int = 1080) -> ClipFacts:
    edges = [edge for edge in CUTS if edge < seconds] + [seconds]
    shots = tuple(Shot(span=Span(start=one, length=other - one), quality=0.5) for one, other in pairwise(edges))
    moments = (
        Moment(span=Span(start=Fraction(13), length=Fraction(3)), score=0.9, focus=box(0.1, 0.4, 0.2, 0.2)),
        Moment(span=Span(start=Fraction(5), length=Fraction(2)), score=0.8, focus=box(0.7, 0.4, 0.2, 0.2)),
        Moment(span=Span(start=Fraction(0), length=Fraction(4)), score=0.7, focus=box(0.4, 0.4, 0.2, 0.2)),
    )
    return ClipFacts(
        seconds=seconds,
        width=width,
        height=height,
        shots=shots,
        moments=tuple(moment for moment in moments if moment.span.end <= seconds),
        motion=0.02,
        sharpness=0.9,
        exposure=0.0,
        colour="#808080",
    )


def moving(facts: ClipFacts) -> Video:
    return Video(
        digest="cd" * 32,
        suffix=".mp4",
        bytes=1,
        seconds=facts.seconds,
        width=facts.width,
        height=facts.height,
        fps=Fraction(25),
    )


def picked(store: Store, tmp_path: Path, facts: ClipFacts, *, take: int = 1, **fields) -> Clip:
    step = PickMoment(
        **{
            "clip": Ref[Video](id="clip"),
            "facts": Ref[Text](id="facts"),
            "seconds": Fraction(3),
            "handles": Fraction(1, 4),
            "format": WIDE,
            **fields,
        }
    )
    return only_clip(store, MomentPicker().perform(step, desk(store, tmp_path, moving(facts), facts, take)))


class TestMomentPicker:
    def test_takes_the_best_moment_inside_its_shot_with_handles_free(self, store, tmp_path):
        clip = picked(store, tmp_path, clip_facts())
        assert clip.source.length == 3 and clip.speed == 1
        assert clip.source.start - Fraction(1, 4) >= 11 and clip.source.end + Fraction(1, 4) <= 20
        assert clip.source.start < Fraction(29, 2) < clip.source.end

    def test_parts_do_not_overlap(self, store, tmp_path):
        spans = sorted(
            (picked(store, tmp_path, clip_facts(), part=part).source for part in range(4)), key=lambda span: span.start
        )
        assert all(one.end <= other.start for one, other in pairwise(spans))

    def test_another_take_is_another_stretch(self, store, tmp_path):
        first, second = (picked(store, tmp_path, clip_facts(), take=take).source for take in (1, 2))
        assert first.end <= second.start or second.end <= first.start

    def test_no_stretch_crosses_a_cut_while_a_shot_is_long_enough(self, store, tmp_path):
        for seconds in (Fraction(2), Fraction(5), Fraction(8)):
            span = picked(store, tmp_path, clip_facts(), seconds=seconds).source
            assert not any(span.start < edge < span.end for edge in CUTS)

    def test_a_short_clip_is_slowed_but_not_below_four_fifths(self, store, tmp_path):
        clip = picked(store, tmp_path, clip_facts(Fraction(3)), seconds=Fraction(7, 2), handles=Fraction(0))
        assert Fraction(4, 5) <= clip.speed < 1
        assert clip.source.length == clip.seconds * clip.speed <= 3
        with pytest.raises(TryAgain, match=r"3\.00 s long.*at most 3\.75 s"):
            picked(store, tmp_path, clip_facts(Fraction(3)), seconds=Fraction(4), handles=Fraction(0))

    def test_a_clip_that_lacks_a_part_of_its_handles_is_not_slowed(self, store, tmp_path):
        """At the ends of its transitions a frame stands, where it can hardly be seen."""
        clip = picked(store, tmp_path, clip_facts(Fraction(3)), seconds=Fraction(5, 2), handles=Fraction(1, 2))
        assert clip.speed == 1
        assert Fraction(0) < clip.source.start and clip.source.end < 3

    def test_handles_give_way_before_the_shot_does(self, store, tmp_path):
        clip = picked(store, tmp_path, clip_facts(Fraction(3)), seconds=Fraction(3), handles=Fraction(1))
        assert clip.speed == 1 and clip.source == Span(start=Fraction(0), length=Fraction(3))

    def test_shape_decides_between_whole_crop_and_blur(self, store, tmp_path):
        same = picked(store, tmp_path, clip_facts())
        assert same.move is None and same.fit == "cover"
        crop = picked(store, tmp_path, clip_facts(width=1440, height=1080))
        assert crop.fit == "cover" and crop.move.start == crop.move.end and crop.move.start.width == 1
        upright = picked(store, tmp_path, clip_facts(width=1080, height=1920))
        assert upright.fit == "blur" and upright.move is None
        left = picked(store, tmp_path, clip_facts(), format=Format(width=1080, height=1080))
        assert left.move.start.x < 0.1
