import gc
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cutroom.errors import BadInput
from cutroom.media import clip as clips
from cutroom.render import planes as pl
from cutroom.render.footage import Footage

WIDTH, HEIGHT = 160, 120


def bar(planes: pl.Planes) -> int:
    """Which frame of the test clip this is, told by its bar's left edge."""
    row = planes.y[100].astype(int)
    return int(np.flatnonzero(row > 200)[0])


def frame_of(planes: pl.Planes, frames: int) -> int:
    return round(bar(planes) * 2 * frames / WIDTH)


def test_each_time_shows_the_frame_on_display_then(make_clip):
    film = Footage(make_clip(frames=40, fps=20), WIDTH, HEIGHT)
    assert [frame_of(film.at(Fraction(number, 20)), 40) for number in (0, 1, 2, 7, 39)] == [0, 1, 2, 7, 39]
    assert frame_of(film.at(Fraction(7, 20) + Fraction(1, 30)), 40) == 7


def test_going_back_and_beyond_the_ends(make_clip):
    film = Footage(make_clip(frames=40, fps=20), WIDTH, HEIGHT)
    assert frame_of(film.at(Fraction(9)), 40) == 39
    assert frame_of(film.at(Fraction(1, 2)), 40) == 10
    assert frame_of(film.at(Fraction(-3)), 40) == 0
    film.close()
    assert frame_of(film.at(Fraction(1)), 40) == 20


def test_a_variable_rate_is_shown_at_its_own_times(make_clip):
    times = [0, 33, 66, 400, 433, 700, 733, 766, 799, 832]
    film = Footage(make_clip("v.mkv", frames=10, times=times), WIDTH, HEIGHT)
    seen = [frame_of(film.at(Fraction(number, 30)), 10) for number in range(25)]
    assert seen == [sum(time <= 1000 * number / 30 + 4 for time in times) - 1 for number in range(25)]


def test_the_same_frame_is_the_same_object(make_clip):
    film = Footage(make_clip(frames=10, fps=10), WIDTH, HEIGHT)
    assert film.at(Fraction(0)) is film.at(Fraction(1, 30))
    assert film.at(Fraction(0)) is not film.at(Fraction(1, 10))


@pytest.mark.parametrize(
    ("pix_fmt", "matrix", "full"),
    [
        ("yuv420p", 1, False),
        ("yuv420p", 5, False),
        ("yuv420p", 1, True),
        ("yuv444p", 1, False),
        ("yuv420p10le", 9, False),
    ],
)
def test_colours_are_those_of_the_source_whatever_its_coding(tmp_path, pix_fmt, matrix, full):
    colours = [(200, 40, 30), (30, 180, 60), (40, 60, 210), (128, 128, 128), (240, 240, 240), (12, 12, 12)]
    rgb = np.repeat(np.array(colours, np.uint8)[None, :, None], 96, 0).repeat(32, 2).reshape(96, 192, 3)
    path = tmp_path / "colours.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 192, 96, pix_fmt
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 2 if full else 1
        stream.options = {"crf": "4"}
        frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
        frame = frame.reformat(format=pix_fmt, dst_colorspace=matrix, dst_color_range=2 if full else 1)
        frame.pts = None
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    seen = pl.to_rgb(Footage(path, 192, 96).at(Fraction(0)))
    middles = seen[48, 16::32].astype(int)
    assert np.abs(middles - np.array(colours)).max() <= 4


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_clips_are_upright(make_clip, tmp_path, degrees):
    plain = make_clip("plain.mp4", frames=3)
    turned = tmp_path / "turned.mp4"
    # The display matrix as phones write it, put into the file's track header.
    data = bytearray(plain.read_bytes())
    one = 1 << 16
    cosine, sine = {0: (one, 0), 90: (0, one), 180: (-one, 0), 270: (0, -one)}[degrees]
    values = (cosine, sine, 0, -sine, cosine, 0, 0, 0, 1 << 30)
    matrix = b"".join(value.to_bytes(4, "big", signed=True) for value in values)
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = matrix
    turned.write_bytes(data)
    info = clips.look(turned)
    assert info.rotation == degrees
    seen = pl.to_rgb(Footage(turned, info.width, info.height).at(Fraction(0)))
    expected = next(iter(clips.frames(turned))).pixels
    assert seen.shape == expected.shape
    assert np.abs(seen.astype(int) - expected).mean() < 3


def test_a_size_that_changes_in_the_middle_is_brought_to_one(make_clip, tmp_path):
    both = tmp_path / "both.ts"
    one, other = make_clip("one.ts", frames=10), make_clip("other.ts", frames=10, width=320, height=240)
    both.write_bytes(one.read_bytes() + other.read_bytes())
    film = Footage(both, WIDTH, HEIGHT)
    seen = [film.at(Fraction(number, 30)).y.shape for number in range(20)]
    assert set(seen) == {(HEIGHT, WIDTH)}


def test_a_file_without_pictures_says_so(tmp_path):
    path = tmp_path / "no.mp4"
    path.write_text("not a film")
    with pytest.raises(BadInput, match=r"no\.mp4"):
        Footage(path, 64, 64).at(Fraction(0))


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_brought_to_bt709(tmp_path, transfer):
    path = tmp_path / "hdr.mkv"
    codes = np.repeat(np.linspace(64, 940, 12).astype(np.uint16), 16)[None].repeat(64, 0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", rate=25)
        stream.width, stream.height, stream.pix_fmt = 192, 64, "yuv420p10le"
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 9, 9, transfer, 1
        stream.options = {"crf": "4", "x265-params": "log-level=none"}
        frame = av.VideoFrame(192, 64, "yuv420p10le")
        for plane, values in zip(
            frame.planes, (codes, np.full((32, 96), 512, np.uint16), np.full((32, 96), 512, np.uint16)), strict=True
        ):
            rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
            rows[:, : values.shape[1]] = values
            plane.update(rows.tobytes())
        frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range = 9, 9, transfer, 1
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    rgb = pl.to_rgb(Footage(path, 192, 64).at(Fraction(0)))[32, 8::16].astype(int)
    assert np.ptp(rgb, axis=1).max() <= 6
    luma = rgb[:, 1]
    assert (np.diff(luma) >= -1).all()
    assert luma[0] <= 3
    assert luma[-1] >= 245
    # Diffuse white (203 cd/m²): 58 % of PQ's codes, 75 % of HLG's.
    white = luma[round(11 * (0.58 if transfer == 16 else 0.75))]
    assert 175 <= white <= 235


def test_interlaced_clips_lose_their_combs(tmp_path):
    path = tmp_path / "interlaced.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.options = {"x264-params": "tff=1", "crf": "8"}
        for number in range(8):
            pixels = np.full((120, 160, 3), 40, np.uint8)
            pixels[0::2, 12 * number : 12 * number + 20] = 220
            pixels[1::2, 12 * number + 6 : 12 * number + 26] = 220
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    assert clips.look(path).interlaced
    luma = Footage(path, 160, 120).at(Fraction(4, 25)).y.astype(int)[20:100]
    assert np.abs(luma[1:-1] * 2 - luma[:-2] - luma[2:]).max() < 120


def resident() -> int:
    """Memory in use by this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's own account of memory")
def test_frames_that_are_over_are_let_go_at_once(make_clip):
    film = Footage(make_clip(width=640, height=480, frames=150, fps=30), 640, 480)
    gc.collect()
    gc.disable()
    try:
        film.at(Fraction(1))
        before = resident()
        film.at(Fraction(149, 30))
        grown = resident() - before
    finally:
        gc.enable()
    assert grown < 120 * 640 * 480  # less than the frames gone by would take
