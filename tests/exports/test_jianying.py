"""A draft for Jianying and CapCut holds together: identifiers, times in microseconds, files that exist."""

import json
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from cutroom.exports.edit import Edit
from cutroom.exports.grid import grid
from cutroom.exports.jianying import jianying
from cutroom.exports.levels import levels
from cutroom.exports.material import gather

FPS = Fraction(30000, 1001)


@pytest.fixture
def draft(edit: Callable[..., Edit], tmp_path: Path) -> dict:
    cut = edit(FPS)
    made = jianying(cut, grid(cut.timeline), gather(cut, tmp_path / "out", tmp_path / "out"), levels(cut))
    assert json.loads(made["draft_meta_info.json"])["draft_name"] == "Tom & Jerry"
    return json.loads(made["draft_content.json"])


def micro(frame: int) -> int:
    return round(frame / FPS * 1_000_000)


def track(draft: dict, kind: str, name: str = "") -> list[dict]:
    return next(one["segments"] for one in draft["tracks"] if one["type"] == kind and one["name"] == name)


def test_every_cut_is_on_its_frame_and_nothing_lies_over_another(draft: dict):
    shots = track(draft, "video")
    assert [shot["target_timerange"]["start"] for shot in shots] == [micro(frame) for frame in (0, 37, 90, 151)]
    for one in draft["tracks"]:
        spans = [segment["target_timerange"] for segment in one["segments"]]
        for before, after in pairwise(spans):
            assert before["start"] + before["duration"] <= after["start"]
    assert draft["duration"] == micro(195)


def test_everything_referred_to_is_there_once(draft: dict):
    known = [material["id"] for kind in draft["materials"].values() for material in kind]
    assert len(known) == len(set(known))
    segments = [segment for one in draft["tracks"] for segment in one["segments"]]
    assert len({segment["id"] for segment in segments}) == len(segments)
    for segment in segments:
        assert segment["material_id"] in known
        assert set(segment["extra_material_refs"]) <= set(known)
    for material in (*draft["materials"]["videos"], *draft["materials"]["audios"]):
        assert Path(material["path"]).is_file()


def test_speed_and_source_agree(draft: dict):
    fast = track(draft, "video")[2]
    assert fast["speed"] == 1.5
    assert fast["source_timerange"]["duration"] == pytest.approx(fast["target_timerange"]["duration"] * 1.5, abs=1)
    assert fast["source_timerange"]["start"] == micro(21)


def test_the_last_picture_fades_over_black_and_the_first_zooms(draft: dict):
    last = track(draft, "video")[3]
    assert last["target_timerange"]["start"] + last["target_timerange"]["duration"] == micro(186)
    alpha = next(keys for keys in last["common_keyframes"] if keys["property_type"] == "KFTypeAlpha")
    assert [key["values"] for key in alpha["keyframe_list"]] == [[1.0], [0.0]]
    first = {keys["property_type"]: keys["keyframe_list"] for keys in track(draft, "video")[0]["common_keyframes"]}
    assert first["KFTypeScaleX"][0]["values"] == [1.0]
    assert first["KFTypeScaleX"][1]["values"][0] > 1.9


def test_music_is_ducked_and_words_are_text(draft: dict):
    music = track(draft, "audio", "music")[0]
    volumes = [key["values"][0] for key in music["common_keyframes"][0]["keyframe_list"]]
    assert min(volumes) / max(volumes) == pytest.approx(10 ** (-12 / 20), rel=0.03)
    assert len(track(draft, "text", "captions")) == 2
    words = [json.loads(material["content"])["text"] for material in draft["materials"]["texts"]]
    assert "Good <morning>\nyou two" in words


def test_the_same_cut_gives_the_same_bytes(edit: Callable[..., Edit], tmp_path: Path):
    cut = edit()
    material = gather(cut, tmp_path / "out", tmp_path / "out")
    once, twice = (jianying(cut, grid(cut.timeline), material, levels(cut)) for _ in range(2))
    assert once == twice
