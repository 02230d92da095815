"""Pictures in the picture in other editors: a track of their own, on the film's frames."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from cutroom.exports.edit import Edit
from cutroom.exports.edl import edl
from cutroom.exports.fcpxml import fcpxml
from cutroom.exports.features import features, outcomes
from cutroom.exports.grid import grid
from cutroom.exports.jianying import jianying
from cutroom.exports.levels import levels
from cutroom.exports.material import gather
from cutroom.exports.otio import otio
from cutroom.media.cube import Table, colours
from cutroom.media.kinds import Text
from cutroom.render.inset import rect_of
from cutroom.time import Rate, Span
from cutroom.timeline.timeline import Box, Clip, Inset, Lut, Progress

BOX = Box(x=0.6, y=0.1, width=0.3, height=0.3)


@pytest.fixture
def cut(edit: Callable[..., Edit], video, picture, store) -> Callable[[Fraction], Edit]:
    """The cut with one of everything, and two insets that overlap by three frames, a look, and a bar."""

    def make(fps: Fraction) -> Edit:
        rate = Rate(per_second=fps)
        source = Span(start=rate.seconds(9), length=rate.seconds(40))
        one = Clip(media=video, seconds=rate.seconds(40), source=source, name="a2")
        other = Clip(media=picture(36, 64, shade=160), seconds=rate.seconds(50), name="a3")
        table = store.add_bytes(Table(colours(2).astype("float32")).text().encode(), ".cube")
        return edit(
            fps,
            insets=(
                Inset(clip=one, start=rate.seconds(17), box=BOX, corner=0.1, fade_in=rate.seconds(6)),
                Inset(clip=other, start=rate.seconds(54), box=BOX),
            ),
            lut=Lut(media=Text(digest=table.digest, bytes=table.bytes, suffix=".cube")),
            progress=Progress(),
        )

    return make


RATES = [Fraction(30), Fraction(25), Fraction(30000, 1001)]


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_otio_has_them_on_tracks_of_their_own(cut, tmp_path: Path, fps):
    opentimelineio = pytest.importorskip("opentimelineio")
    edit = cut(fps)
    material = gather(edit, tmp_path / "out", tmp_path / "out")
    path = tmp_path / "out" / "lake.otio"
    path.write_text(otio(edit, grid(edit.timeline), material, levels(edit)), "utf-8")
    read = opentimelineio.adapters.read_from_file(str(path))
    main, *over = read.video_tracks()
    assert main.name == "Picture" and len(over) == 2
    places = [[(int(clip.range_in_parent().start_time.value), int(clip.duration().value)) for clip in track.find_clips()]
              for track in over]  # fmt: skip
    assert places == [[(17, 40)], [(54, 50)]]
    (first,) = over[0].find_clips()
    assert first.source_range.start_time.value == 9
    assert first.metadata["cutroom"]["inset"]["box"]["x"] == 0.6
    assert (path.parent / read.metadata["cutroom"]["lut"]).is_file()


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_fcpxml_connects_them_cropped_and_in_their_place(cut, tmp_path: Path, fps):
    edit = cut(fps)
    timeline = edit.timeline
    material = gather(edit, tmp_path / "out", tmp_path / "out")
    root = Xml.fromstring(fcpxml(edit, grid(timeline), material, levels(edit)))
    spine = root.find(".//spine")
    assert spine is not None

    def frames(text: str) -> int:
        return round(Fraction(text.rstrip("s")) * fps)

    found = {}
    for shot in spine:
        for one in shot:
            if one.tag in ("clip", "asset-clip") and int(one.get("lane", "0")) > 0:
                at = frames(shot.get("offset")) + frames(one.get("offset")) - frames(shot.get("start"))
                found[one.get("lane")] = (at, frames(one.get("duration")), one)
    assert {lane: (at, length) for lane, (at, length, _) in found.items()} == {"1": (17, 40), "2": (54, 50)}
    x, y, width, height = rect_of(timeline.insets[0], timeline.format)
    frame = timeline.format
    for lane, (_, _, one) in found.items():
        media = timeline.insets[int(lane) - 1].clip.media
        right, up = map(float, one.find("adjust-transform").get("position").split())
        scale = float(one.find("adjust-transform").get("scale").split()[0])
        fitted = min(frame.width, frame.height * media.width / media.height)
        wide, high = fitted * scale, fitted * scale * media.height / media.width
        crop = one.find("adjust-crop/trim-rect")
        cut_off = [
            float(crop.get(side)) / 100 * high if crop is not None else 0.0
            for side in ("left", "top", "right", "bottom")
        ]
        left = frame.width / 2 + right / 100 * frame.height - wide / 2 + cut_off[0]
        top = frame.height / 2 - up / 100 * frame.height - high / 2 + cut_off[1]
        assert (left, top) == pytest.approx((x, y), abs=0.3)
        assert (wide - cut_off[0] - cut_off[2], high - cut_off[1] - cut_off[3]) == pytest.approx(
            (width, height), abs=0.3
        )
    fade = found["1"][2].find("adjust-blend/param/fadeIn")
    assert frames(fade.get("duration")) == 6
    lanes = {one.get("lane") for one in root.iter("caption")} | {one.get("lane") for one in root.iter("title")}
    assert not lanes & {"1", "2"}


def test_jianying_has_them_on_tracks_over_the_main_one(cut, tmp_path: Path):
    edit = cut(Fraction(30))
    material = gather(edit, tmp_path / "out", tmp_path / "out")
    draft = json.loads(jianying(edit, grid(edit.timeline), material, levels(edit))["draft_content.json"])
    main, *over = [track for track in draft["tracks"] if track["type"] == "video"]
    assert len(over) == 2
    (first,), (second,) = (track["segments"] for track in over)
    assert first["target_timerange"] == {"start": 566_667, "duration": 1_333_333}
    assert first["source_timerange"]["start"] == 300_000 and first["volume"] == 0
    assert second["target_timerange"]["start"] == 1_800_000
    assert [key["property_type"] for key in first["common_keyframes"]] == ["KFTypeAlpha"]
    _, _, width, height = rect_of(edit.timeline.insets[0], edit.timeline.format)
    assert first["clip"]["scale"]["x"] == pytest.approx(max(width / 192, height / 108), abs=1e-3)
    materials = {one["id"]: one for one in draft["materials"]["videos"]}
    crop = materials[second["material_id"]]["crop"]
    assert crop["upper_left_y"] > 0.2 and crop["lower_right_y"] < 0.8
    whole = materials[main["segments"][-1]["material_id"]]["crop"]
    assert whole["upper_left_y"] == 0 and whole["lower_right_y"] == 1


def test_the_report_is_honest(cut, tmp_path: Path):
    edit = cut(Fraction(30))
    material = gather(edit, tmp_path / "out", tmp_path / "out")
    text = edl(edit, grid(edit.timeline), material)
    assert "* PICTURE IN PICTURE, NOT IN THIS LIST: clip.mp4" not in text  # names are data, told as they came
    assert "* PICTURE IN PICTURE, NOT IN THIS LIST: ../../etc/clip.mp4 01:00:00:17 01:00:01:27" in text
    found = features(edit.timeline, grid(edit.timeline))

    def fate(to: str, what: str) -> tuple[str, str]:
        one = next(one for one in outcomes(found, to) if what in one.what)
        return one.fate, one.note

    assert fate("edl", "pictures in the picture")[0] == "lost" and "not editable" in fate("edl", "pictures in")[1]
    assert fate("fcpxml", "pictures in the picture")[0] == fate("jianying", "pictures in the picture")[0] == "editable"
    assert all(fate(to, "table of colours")[0] == "beside" for to in ("otio", "fcpxml", "edl", "jianying"))
    assert any(name.endswith(".cube") for name in material.files.values())
