from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import TypeAdapter

from cutroom.errors import BrokenProduction
from cutroom.judge.house import HouseJudge
from cutroom.judge.judge import Judge
from cutroom.media.kinds import Audio, Cut, Image, Media, Text, Video
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.catalogue.understand import ListenToSound, LookAtClip, LookAtPicture
from cutroom.plan.step import Group, Ref, Step
from cutroom.timeline.timeline import Gap, Timeline
from cutroom.verdict import Verdict


class Paint(Step[Image]):
    """A stranger's step that makes a picture."""

    kind: Literal["stranger_paint"] = "stranger_paint"
    group: ClassVar[Group] = "generate"


class Shoot(Step[Video]):
    """A stranger's step that makes a clip."""

    kind: Literal["stranger_shoot"] = "stranger_shoot"
    group: ClassVar[Group] = "generate"


class Hum(Step[Audio]):
    """A stranger's step that makes a sound."""

    kind: Literal["stranger_hum"] = "stranger_hum"
    group: ClassVar[Group] = "generate"


class Tell(Step[Text]):
    """A stranger's step that writes."""

    kind: Literal["stranger_tell"] = "stranger_tell"
    group: ClassVar[Group] = "write"


class Arrange(Step[Cut]):
    """A stranger's step that makes a cut."""

    kind: Literal["stranger_arrange"] = "stranger_arrange"
    group: ClassVar[Group] = "edit"


def look(bench, step, media):
    return HouseJudge().look(step, media, {}, bench.store)


def test_the_house_judge_is_a_judge():
    judge: Judge = HouseJudge()
    assert (judge.name, judge.version) == ("house", "2")


@pytest.mark.parametrize(
    "step",
    [
        LookAtPicture(picture=Ref[Image](id="a1")),
        LookAtClip(clip=Ref[Video](id="a1")),
        ListenToSound(sound=Ref[Audio](id="a1")),
    ],
)
def test_facts_are_not_judged(bench, step):
    verdict = look(bench, step, bench.text("{}", ".json"))
    assert verdict.outcome == "abstain"
    assert verdict.reasons == ("facts are not judged",)


def test_a_strangers_picture_is_judged_as_a_picture(bench, make, checks):
    assert look(bench, Paint(), bench.image(make.textured(320, 180, 1))).outcome == "pass"
    assert checks(look(bench, Paint(), bench.image(np.full((180, 320, 3), 90, np.uint8)))) == ["blank"]


def test_a_strangers_clip_is_judged_as_a_clip(bench, make, checks):
    frames = make.moving(make.textured(480, 180, 1), 90, 320, 180)
    assert look(bench, Shoot(), bench.clip(frames)).outcome == "pass"
    assert checks(look(bench, Shoot(), bench.clip(frames[:1] * 90))) == ["frozen"]


def test_a_strangers_sound_is_judged_as_a_sound(bench, make, checks):
    assert look(bench, Hum(), bench.audio(make.tone(2))).outcome == "pass"
    assert checks(look(bench, Hum(), bench.audio(np.zeros(48_000, np.float32)))) == ["silent"]


def test_a_strangers_words_and_cut_are_read(bench, frame, checks):
    assert look(bench, Tell(), bench.text("Once upon a time")).outcome == "pass"
    assert checks(look(bench, Tell(), bench.text(" \n"))) == ["empty"]
    cut = bench.cut(Timeline(format=frame, picture=(Gap(seconds=Fraction(1)),)))
    assert look(bench, Arrange(), cut).outcome == "pass"


RECORD = {
    Image: {"width": 320, "height": 180},
    Cut: {"seconds": Fraction(1)},
    Text: {},
    Audio: {"seconds": Fraction(1), "rate": 48_000, "channels": 1},
    Video: {"seconds": Fraction(1), "width": 320, "height": 180, "fps": Fraction(30)},
}


@pytest.mark.parametrize("step", [Paint(), Shoot(), Hum(), Arrange()])
def test_broken_bytes_fail_and_do_not_crash(bench, checks, step):
    kind = type(step).makes
    verdict = look(bench, step, bench.broken(kind, **RECORD[kind]))
    assert checks(verdict) == ["cannot_be_decoded"]
    assert TypeAdapter(Verdict).validate_json(verdict.model_dump_json()) == verdict


def test_text_that_is_no_text_fails(bench, checks):
    blob = bench.store.add_bytes(b"\xff\xfe\x00\xd8", ".txt")
    garbled = Text(digest=blob.digest, bytes=blob.bytes, suffix=".txt")
    assert checks(look(bench, Tell(), garbled)) == ["cannot_be_decoded"]


def test_a_take_of_another_kind_fails(bench, checks, make):
    verdict = look(bench, Speak(text="hello"), bench.image(make.textured(32, 18, 1)))
    assert checks(verdict) == ["wrong_kind"]


def test_a_lost_blob_is_the_stores_fault_and_not_the_takes(bench):
    lost = Audio(digest="0" * 64, bytes=1, suffix=".wav", **RECORD[Audio])
    with pytest.raises(BrokenProduction):
        look(bench, Speak(text="hello"), lost)


def test_a_name_is_not_trusted(bench, make, checks):
    """A sound that calls itself a picture cannot be decoded as one."""
    sound = bench.audio(make.tone(1))
    renamed = bench.store.add(bench.store.path(sound), ".png")
    lying = Image(digest=renamed.digest, bytes=renamed.bytes, suffix=".png", width=320, height=180)
    assert checks(look(bench, Paint(), lying)) == ["cannot_be_decoded"]


def test_every_kind_of_media_has_a_check():
    from cutroom.judge.house import BY_MEDIUM
    from cutroom.media.kinds import KINDS

    assert set(BY_MEDIUM) == set(KINDS.values())
    assert Media not in BY_MEDIUM
