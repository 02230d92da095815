"""What OpenTimelineIO and its own adapters read back from our files: every cut on its frame."""

from __future__ import annotations

import xml.etree
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as Xml

import pytest

from cutroom.exports.edit import Edit
from cutroom.exports.edl import edl
from cutroom.exports.fcpxml import fcpxml
from cutroom.exports.grid import grid
from cutroom.exports.levels import levels
from cutroom.exports.material import Material, gather
from cutroom.exports.otio import otio

opentimelineio = pytest.importorskip("opentimelineio")

NAMES = ["Lake at dawn (1).PNG", "../../etc/clip.mp4", "../../etc/clip.mp4", "日の出.png"]
CUTS, LENGTHS, FRAMES = (0, 37, 90, 151, 180), (37, 53, 61, 29, 15), 195
RATES = [Fraction(30), Fraction(25), Fraction(30000, 1001)]
at_every_rate = pytest.mark.parametrize("fps", RATES, ids=str)
MakeEdit = Callable[..., Edit]


def gathered(edit: Edit, tmp_path: Path) -> Material:
    return gather(edit, tmp_path / "out", tmp_path / "out")


@at_every_rate
def test_otio_reads_back_with_every_cut_on_its_frame(edit: MakeEdit, tmp_path: Path, fps: Fraction):
    cut = edit(fps)
    material = gathered(cut, tmp_path)
    path = tmp_path / "out" / "lake.otio"
    path.write_text(otio(cut, grid(cut.timeline), material, levels(cut)), "utf-8")
    read = opentimelineio.adapters.read_from_file(str(path))
    assert read.duration() == opentimelineio.opentime.RationalTime(FRAMES, float(fps))
    track = read.video_tracks()[0]
    items = [item for item in track if not isinstance(item, opentimelineio.schema.Transition)]
    places = [item.range_in_parent() for item in items]
    assert [place.start_time.value for place in places] == list(CUTS)
    assert [place.duration.value for place in places] == list(LENGTHS)
    crossings = [item for item in track if isinstance(item, opentimelineio.schema.Transition)]
    assert [(one.in_offset.value, one.out_offset.value) for one in crossings] == [(5, 5), (4, 4), (6, 6)]
    assert [one.transition_type for one in crossings] == ["SMPTE_Dissolve", "Custom_Transition", "SMPTE_Dissolve"]
    # The part of the clip that is seen, and its speed.
    assert items[1].source_range.start_time.value == 12
    assert items[2].effects[0].time_scalar == 1.5
    # Every medium lies where the file says, relative to it.
    for clip in read.find_clips():
        assert (path.parent / unquote(clip.media_reference.target_url)).is_file()
    # Sounds begin on the frame that is nearest, and what is heard there is what is heard in the film.
    voice = next(one for one in read.audio_tracks() if one.name.startswith("Voice"))
    assert voice[1].range_in_parent().start_time.value == round(Fraction("1.234") * fps)
    assert [marker.name for marker in read.tracks.markers] == ["Tom & <Jerry>", "Noon", "Evening & night"]
    assert read.metadata["cutroom"]["captions"][0]["lines"][0] == "Good <morning>"


@at_every_rate
def test_an_edl_reads_back_with_every_cut_on_its_frame(edit: MakeEdit, tmp_path: Path, fps: Fraction):
    cut = edit(fps)
    text = edl(cut, grid(cut.timeline), gathered(cut, tmp_path))
    read = opentimelineio.adapters.read_from_string(text, adapter_name="cmx_3600", rate=float(fps))
    track = read.tracks[0]
    items = [item for item in track if not isinstance(item, opentimelineio.schema.Transition)]
    places = [item.range_in_parent() for item in items]
    # A list's event begins where its transition does: half of it before the cut.
    begins = [0, 37 - 5, 90 - 4, 151, 180 - 6]
    assert [place.start_time.value for place in places] == begins
    assert [place.end_time_exclusive().value for place in places] == [*begins[1:], FRAMES]
    crossings = [item for item in track if isinstance(item, opentimelineio.schema.Transition)]
    assert [one.out_offset.value for one in crossings] == [10, 8, 12]
    assert [one.transition_type for one in crossings] == ["SMPTE_Dissolve", "SMPTE_Wipe", "SMPTE_Dissolve"]
    # From these the cuts of the film follow exactly.
    assert [place + half for place, half in zip(begins, (0, 5, 4, 0, 6), strict=True)] == list(CUTS)
    assert items[1].source_range.start_time.value == 12 - 5
    assert items[2].effects[0].time_scalar == pytest.approx(1.5, abs=0.002)
    assert [item.name for item in items] == [*NAMES, "BLACK"]
    assert [(marker.name, marker.marked_range.start_time.value) for item in items for marker in item.markers] == [
        ("Noon", round(3600 * round(fps)) + 40),
        ("Evening & night", round(3600 * round(fps)) + 152),
    ]


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch):
    """OpenTimelineIO's FCPXML adapter (1.0.0), made to run and to count exactly.

    It asks for `xml.etree.cElementTree`, which Python dropped in 3.9; takes 29.97 frames a second for 29 and cuts
    frames off that a float has at 28.999…; counts each clip at its own source's rate; and cannot read a still's format,
    which has none. Structure, nesting and offsets are still the adapter's own reading.
    """
    monkeypatch.setattr(xml.etree, "cElementTree", Xml, raising=False)
    from otio_fcpx_xml_adapter import fcpx_xml

    def seconds(text: str | None) -> Fraction:
        return Fraction((text or "0s").removesuffix("s"))

    def use(fps: Fraction):
        def rational(text, _rate):
            return opentimelineio.opentime.RationalTime(float(seconds(text) * fps), float(fps))

        monkeypatch.setattr(fcpx_xml, "to_rational_time", rational)
        reader = fcpx_xml.FcpxXml
        monkeypatch.setattr(reader, "_number_of_frames", lambda self, text, _: float(seconds(text) * fps))
        monkeypatch.setattr(reader, "_format_frame_rate", lambda self, _: float(fps))
        monkeypatch.setattr(reader, "_format_id_for_clip", lambda self, clip, default: default)
        return fcpx_xml

    return use


@at_every_rate
def test_fcpxml_reads_back_with_every_cut_on_its_frame(edit: MakeEdit, tmp_path: Path, fps: Fraction, adapter):
    cut = edit(fps)
    text = fcpxml(cut, grid(cut.timeline), gathered(cut, tmp_path), levels(cut))
    timeline = adapter(fps).read_from_string(text)[0]
    assert timeline.name == "Tom & Jerry"
    by_lane = {track.name: track for track in timeline.tracks}
    clips = [item for item in by_lane["0"] if isinstance(item, opentimelineio.schema.Clip)]
    places = [item.range_in_parent() for item in clips]
    assert [place.start_time.value for place in places] == list(CUTS[:-1])
    assert [place.duration.value for place in places] == list(LENGTHS[:-1])
    assert [clip.name for clip in clips] == NAMES
    voice = next(item for item in by_lane["-1"] if isinstance(item, opentimelineio.schema.Clip))
    assert by_lane["-1"].kind == "Audio"
    assert voice.range_in_parent().start_time.value == round(Fraction("1.234") * fps)
