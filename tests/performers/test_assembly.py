"""Shots, insets, looks and sounds onto one timeline."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures

from cutroom.errors import WrongUse
from cutroom.ledger.production import Production
from cutroom.media import clip as clips
from cutroom.media.kinds import Cut, Image, Text, Video
from cutroom.performers.house.assembly import Assembler
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.assemble import AssembleCut, Over
from cutroom.plan.step import Ref
from cutroom.producer.opening import brief_of
from cutroom.producer.options import Options
from cutroom.time import Span
from cutroom.timeline.timeline import Box, Clip, Format, Grade, Progress, Timeline

FORM = Format(width=320, height=180)
BOX = Box(x=0.6, y=0.1, width=0.3, height=0.3)


@pytest.fixture
def desk(store, tmp_path: Path, make_clip) -> Desk:
    """A desk with two shots of one scene under different light, and a shot of a clip with sound."""
    random = np.random.default_rng(4)
    small = random.uniform(60, 200, (9, 16, 3))
    scene = np.asarray(Pictures.fromarray(small.astype(np.uint8)).resize((320, 180), Pictures.Resampling.BICUBIC))
    desk = Desk(store=store, inputs={}, scratch=tmp_path)
    for name, light in (("one", 1.0), ("other", 0.62)):
        path = tmp_path / f"{name}.png"
        Pictures.fromarray((scene * light).astype(np.uint8)).save(path)
        blob = store.add(path, ".png")
        media = Image(digest=blob.digest, suffix=".png", bytes=blob.bytes, width=320, height=180)
        desk.inputs[name] = _shot(desk, Clip(media=media, seconds=3))
    path = make_clip(width=64, height=36, frames=90, fps=30, sound=True)
    info, blob = clips.look(path), store.add(path, ".mp4")
    video = Video(
        digest=blob.digest,
        suffix=".mp4",
        bytes=blob.bytes,
        seconds=info.seconds,
        width=64,
        height=36,
        fps=30,
        sound=True,
    )
    talk = Clip(media=video, seconds=2, source=Span(start=Fraction(1, 2), length=Fraction(2)), name="me")
    desk.inputs["talk"] = _shot(desk, talk)
    blob = store.add_bytes(b"LUT_1D_SIZE 2\n0 0 0\n1 1 1\n", ".cube")
    desk.inputs["lut"] = Text(digest=blob.digest, bytes=blob.bytes, suffix=".cube")
    return desk


def _shot(desk: Desk, clip: Clip) -> Cut:
    return desk.keep_cut(Timeline(format=FORM, picture=(clip,)), clip.seconds)


@pytest.fixture
def assembled(desk: Desk) -> Callable[..., Timeline]:
    def make(**about) -> Timeline:
        step = AssembleCut(format=FORM, shots=(Ref[Cut](id="one"), Ref[Cut](id="other")), **about)
        return Timeline.model_validate_json(desk.store.path(Assembler().perform(step, desk)).read_bytes())

    return make


def test_neighbours_of_one_scene_are_matched_unless_told_not_to(assembled):
    one, other = assembled().picture
    assert one.grade.exposure < 0 < other.grade.exposure
    assert [item.grade for item in assembled(match=False).picture] == [Grade(), Grade()]


def test_look_and_bar_reach_the_timeline(assembled, desk):
    timeline = assembled(lut=Ref[Text](id="lut"), progress=Progress())
    assert timeline.lut.media.digest == desk.inputs["lut"].digest and timeline.progress == Progress()


@pytest.mark.parametrize(("sound", "role"), [("natural", "natural"), ("voice", "voice"), ("none", None)])
def test_an_inset_lies_where_it_should_and_is_heard_while_it_is_seen(assembled, sound, role):
    timeline = assembled(over=(Over(shot=Ref[Cut](id="talk"), start=Fraction(1), box=BOX, sound=sound),))
    (inset,) = timeline.insets
    assert (inset.start, inset.clip.seconds, inset.box, inset.clip.name) == (1, 2, BOX, "me")
    assert inset.fade_in == inset.fade_out == Fraction(2, 5)
    heard = [(track.role, sound) for track in timeline.sound for sound in track.sounds]
    assert [name for name, _ in heard] == ([role] if role else [])
    for _, one in heard:
        assert (one.start, one.source) == (1, Span(start=Fraction(1, 2), length=Fraction(2)))


def test_a_table_that_is_none_is_refused_at_the_door(tmp_path, make_picture):
    bad = tmp_path / "bad.cube"
    bad.write_text("LUT_3D_SIZE 2\n0 0 0\n0 0 x\n")
    production = Production(tmp_path / "film.cutroom")
    for file, says in ((bad, "line 3: 'x' is no number"), (tmp_path / "no.cube", "no such file"), (tmp_path, "opened")):
        with pytest.raises(WrongUse, match=says):
            brief_of(
                "A film", [make_picture()], Options(lut=str(file), codec="h264"), production, tmp_path / "film.mp4"
            )


def test_a_table_is_taken_into_the_production(tmp_path, make_picture):
    production = Production(tmp_path / "film.cutroom")
    tables = []
    for comment in ("", "# made on a Monday\r\n"):
        good = tmp_path / "good.cube"
        good.write_text(f"{comment}LUT_1D_SIZE 2\n0 0 0\n1 0.9 0.8\n")
        options = Options(lut=str(good), codec="h264", match=False, progress_bar=True)
        brief = brief_of("A film", [make_picture()], options, production, tmp_path / "film.mp4")
        assert not brief.match and brief.progress_bar
        tables.append(brief.lut)
    assert tables[0] == tables[1] and production.store.path(tables[0]).read_text().startswith("LUT_1D_SIZE 2")
