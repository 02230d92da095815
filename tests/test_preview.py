"""A preview instead of the film, and films of other codecs, from the outside."""

import os

import pytest

from cutroom.api import Options, make, preview_beside
from cutroom.errors import WrongUse
from cutroom.media import clip as clips

QUIET = {"voice": "none", "music": "none", "captions": "none", "shape": "320x180", "seconds": 3}


@pytest.fixture
def pictures(make_picture):
    return [make_picture(f"{name}.jpg", 640, 360) for name in ("one", "two")]


def test_a_preview_comes_beside_the_film_and_the_film_goes_on_from_there(pictures, tmp_path):
    out = tmp_path / "lake.mp4"
    first = make("A film of the lake", pictures, out, options=Options(**QUIET), preview=True)
    assert first.status in ("delivered", "degraded"), first.reason
    assert [item.kind for item in first.deliverables] == ["preview"]
    assert not out.exists()
    info = clips.look(preview_beside(out))
    assert (info.width, info.height, info.seconds) == (160, 90, 3)
    whole = make("A film of the lake", pictures, out, options=Options(**QUIET))
    assert whole.calls.reused >= first.calls.performed
    assert clips.look(out).width == 320


def test_the_films_name_says_the_codec(pictures, tmp_path):
    done = make("A film of the lake", pictures, tmp_path / "lake.webm", options=Options(**QUIET, mark=False))
    assert done.status == "delivered", done.degraded
    assert clips.look(tmp_path / "lake.webm").seconds == 3


@pytest.mark.parametrize(
    ("name", "codec", "way_out"),
    [
        ("lake.avi", None, "lake.mp4"),
        ("lake.mp4", "vp9", "lake.webm"),
        ("lake.webm", "h264", "lake.mp4"),
        ("lake.mp4", "prores", "lake.mov"),
    ],
)
def test_a_name_that_does_not_fit_is_wrong_use(pictures, tmp_path, name, codec, way_out):
    with pytest.raises(WrongUse, match=way_out):
        make("A film", pictures, tmp_path / name, options=Options(codec=codec))
    assert [entry for entry in os.listdir(tmp_path) if entry.endswith(".cutroom")] == []


def test_a_preview_says_what_it_lacks_as_the_film_does(pictures, tmp_path):
    request = "A film called “ꡋꡖꡟ”"  # 'Phags-pa: no font at hand has it
    out = tmp_path / "lake.mp4"
    first = make(request, pictures, out, options=Options(**QUIET), preview=True)
    whole = make(request, pictures, out, options=Options(**QUIET))
    fonts = [said for said in whole.degraded if "font" in said.what + said.why]
    assert fonts and all(said in first.degraded for said in fonts)
    assert first.status == "degraded"
