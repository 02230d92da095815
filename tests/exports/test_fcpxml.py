"""FCPXML as Final Cut Pro would judge it: the order of elements, times on frames, resources that exist."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree as Xml

import pytest

from cutroom.exports.edit import Edit
from cutroom.exports.fcpxml import fcpxml, plain
from cutroom.exports.grid import grid
from cutroom.exports.levels import levels
from cutroom.exports.material import gather
from cutroom.timeline.timeline import Title

ANCHORED = {"asset-clip", "caption", "title", "audio", "video", "clip"}
ORDER = {
    "fcpxml": [{"resources"}, {"library"}],
    "library": [{"event"}],
    "event": [{"project"}],
    "project": [{"sequence"}],
    "sequence": [{"spine"}],
    "spine": [{"clip", "asset-clip", "gap", "transition"}],
    "asset": [{"media-rep"}],
    "clip": [{"timeMap"}, {"adjust-conform"}, {"adjust-transform"}, {"adjust-volume"}, ANCHORED, {"marker"}],
    "asset-clip": [{"timeMap"}, {"adjust-conform"}, {"adjust-transform"}, {"adjust-volume"}, ANCHORED, {"marker"}],
    "gap": [ANCHORED, {"marker"}],
    "transition": [{"filter-video"}],
    "timeMap": [{"timept"}],
    "adjust-transform": [{"param"}],
    "adjust-volume": [{"param"}],
    "param": [{"fadeIn"}, {"fadeOut"}, {"keyframeAnimation"}],
    "keyframeAnimation": [{"keyframe"}],
    "title": [{"param"}, {"text"}, {"text-style-def"}],
    "caption": [{"text"}, {"text-style-def"}],
    "text": [{"text-style"}],
    "text-style-def": [{"text-style"}],
    "resources": [{"asset", "effect", "format"}],
}
"""What may stand in what, in this order: the elements that we write, out of Apple's document type definition 1.10."""


@pytest.fixture
def root(edit: Callable[..., Edit], tmp_path: Path) -> Xml.Element:
    cut = edit(Fraction(30000, 1001))
    material = gather(cut, tmp_path / "out", tmp_path / "out")
    return Xml.fromstring(fcpxml(cut, grid(cut.timeline), material, levels(cut)))


def test_elements_stand_where_the_document_type_wants_them(root: Xml.Element):
    for element in root.iter():
        stages = iter(ORDER.get(element.tag, []))
        stage: set[str] = set()
        for child in element:
            while child.tag not in stage:
                stage = next(stages, set())
                assert stage, f"<{child.tag}> may not stand here in <{element.tag}>"


def test_every_time_lies_on_a_frame(root: Xml.Element):
    fps = Fraction(30000, 1001)
    for element in root.iter():
        if element.tag in ("asset", "timept"):
            continue
        for name in ("offset", "start", "duration", "time"):
            if (text := element.get(name)) is not None:
                frames = Fraction(text.removesuffix("s")) * fps
                assert frames.denominator == 1, f"<{element.tag} {name}={text}>"


def test_every_reference_leads_to_a_resource_and_every_medium_to_a_file(root: Xml.Element):
    known = {element.get("id") for element in root.iter() if element.get("id")}
    asked = {element.get(name) for element in root.iter() for name in ("ref", "format") if element.get(name)}
    assert asked <= known
    for file in root.iter("media-rep"):
        path = Path(unquote(urlparse(file.get("src")).path))
        assert path.is_file()
        assert path.parent.name == "media"


def test_a_zoom_ends_at_twice_the_size_and_in_the_middle(root: Xml.Element):
    transform = root.find(".//spine/clip/adjust-transform")
    assert transform is not None
    keys = {
        param.get("name"): [key.get("value") for key in param.iter("keyframe")] for param in transform.iter("param")
    }
    # The last keyframe lies beyond the cut, in the transition's handle, where the source shows no more: it ends there.
    first, last = keys["scale"]
    assert [float(value) for value in first.split()] == pytest.approx([1, 1])
    assert float(last.split()[0]) > 1.95
    assert keys["position"][0] == "0 0"
    assert [abs(float(value)) for value in keys["position"][1].split()] == pytest.approx([0, 0], abs=0.01)


def test_sound_keeps_its_level_its_fades_and_its_ducking(root: Xml.Element):
    music = next(clip for clip in root.iter("asset-clip") if clip.get("audioRole") == "music")
    volume = music.find("adjust-volume")
    assert volume is not None
    gain = float(volume.get("amount", "").removesuffix("dB"))
    levels_on_the_way = [float(key.get("value", "").removesuffix("dB")) for key in volume.iter("keyframe")]
    assert max(levels_on_the_way) == pytest.approx(gain, abs=0.05)
    assert min(levels_on_the_way) == pytest.approx(gain - 12, abs=0.2)
    assert volume.find(".//fadeOut") is not None
    natural = next(clip for clip in root.iter("asset-clip") if clip.get("audioRole") == "effects.natural")
    assert natural.get("srcEnable") == "audio"


def test_the_clips_own_sound_is_not_heard_twice(root: Xml.Element):
    shown = root.findall(".//spine/asset-clip")
    assert shown
    assert all(clip.get("srcEnable") == "video" for clip in shown)


def test_words_come_along_as_they_are(root: Xml.Element):
    assert root.find(".//title/text/text-style").text == "Tom & <Jerry>\nPart 1"
    captions = [caption.find("text/text-style").text for caption in root.iter("caption")]
    assert captions == ["Good <morning>\nyou two", "{\\b1}Brace & arrow --> end"]
    assert {caption.get("role") for caption in root.iter("caption")} == {"SRT?captionFormat=SRT.en"}


def test_what_xml_cannot_hold_is_left_out(edit: Callable[..., Edit], tmp_path: Path):
    assert plain("a\x00b\x0bc\ufffe\nd") == "abc\nd"
    cut = edit(titles=(Title(start=Fraction(0), seconds=Fraction(1), text="bell \x07 and \ud800 half"),))
    text = fcpxml(cut, grid(cut.timeline), gather(cut, tmp_path / "out", tmp_path / "out"), levels(cut))
    assert Xml.fromstring(text).find(".//title").get("name") == "bell  and  half"
