from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cutroom.media import clip as clips
from cutroom.media.display import BT2020, HLG, P3, PQ, Display, light_of, table, to_sdr
from cutroom.render import planes as pl
from cutroom.render.footage import Footage


@pytest.mark.parametrize(("code", "light"), [(0.5, 92.25), (0.58, 202.0), (0.75, 983.4), (0.0, 0.0)])
def test_pq_codes_are_the_light_of_st_2084(code, light):
    assert light_of(np.full((1, 3), code), PQ)[0, 0] == pytest.approx(light, rel=0.02, abs=0.01)


def test_hlg_white_is_203_and_its_top_a_thousand():
    assert light_of(np.full((1, 3), 0.75), HLG)[0, 0] == pytest.approx(203, rel=0.02)
    assert light_of(np.full((1, 3), 1.0), HLG)[0, 0] == pytest.approx(1000, rel=0.02)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hdr_greys_stay_grey_and_in_order(transfer):
    ramp = np.repeat(np.linspace(0, 1, 50)[:, None], 3, axis=1)
    sdr = to_sdr(ramp, transfer)
    assert np.ptp(sdr, axis=1).max() < 0.01
    assert (np.diff(sdr[:, 1]) >= -1e-9).all()
    assert sdr[0].max() == 0


COLOURS = [(0.1, 0.1, 0.1), (0.5, 0.5, 0.5), (0.6, 0.3, 0.25), (0.4, 0.55, 0.35), (0.25, 0.3, 0.6), (0.7, 0.6, 0.4)]
"""None of them so saturated that one 8-bit step of a channel near 0 is many steps of another display's."""


def coded(
    path: Path, codes: np.ndarray, transfer: int, primaries: int, matrix: int, pixels: str = "yuv420p10le"
) -> Path:
    """A clip of patches (n, 3), R'G'B' codes 0 to 1 of the display that is named, 64 pixels wide each."""
    rgb = np.repeat(np.rint(codes * 65535).astype(np.uint16)[None, :, None], 64, 0).repeat(64, 2).reshape(64, -1, 3)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", rate=25)
        stream.width, stream.height, stream.pix_fmt = rgb.shape[1], 64, pixels
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc = matrix, primaries, transfer
        context.color_range = 1
        stream.options = {"crf": "2", "x265-params": "log-level=none"}
        frame = av.VideoFrame.from_ndarray(rgb, "rgb48le")
        frame = frame.reformat(format=pixels, dst_colorspace=matrix, dst_color_range=1)
        frame.colorspace, frame.color_primaries, frame.color_trc = matrix, primaries, transfer
        frame.color_range = 1
        for number in range(3):
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("transfer", "primaries", "matrix"),
    [(PQ, BT2020, 9), (HLG, BT2020, 9), (14, BT2020, 9), (1, P3, 1)],
    ids=["pq", "hlg", "bt2020", "p3"],
)
def test_what_is_analysed_and_what_is_rendered_is_brought_to_bt709_alike(tmp_path, transfer, primaries, matrix):
    codes = np.array(COLOURS)
    path = coded(tmp_path / "foreign.mkv", codes, transfer, primaries, matrix)
    expected = to_sdr(codes, transfer, primaries) * 255
    analysed = next(iter(clips.frames(path))).pixels[32, 32::64].astype(float)
    small = next(iter(clips.frames(path, max_side=96))).pixels
    rendered = pl.to_rgb(Footage(path, 64 * len(codes), 64).at(Fraction(0)))[32, 32::64].astype(float)
    assert small.shape == (16, 96, 3)
    for seen in (analysed, rendered):
        # Between two entries of the table HDR bends a little: a few steps at most, and mostly none.
        assert np.abs(seen - expected).max() <= 9 and np.abs(seen - expected).mean() <= 2
    assert np.abs(analysed - rendered).max() <= 3


def test_a_wide_gamut_changes_colours_and_leaves_greys():
    greys = np.repeat(np.linspace(0, 1, 20)[:, None], 3, axis=1)
    for primaries in (BT2020, P3):
        assert to_sdr(greys, 1, primaries) == pytest.approx(greys, abs=2e-3)
        red = to_sdr(np.array([[0.6, 0.3, 0.3]]), 1, primaries)[0]
        assert red[0] > 0.61 and red[1] < 0.3


def test_what_bt709_cannot_show_keeps_its_hue():
    green = to_sdr(np.array([[0.1, 0.8, 0.1]]), 1, BT2020)[0]
    assert green[1] == max(green) and green.min() >= 0
    assert green[2] < 0.5 * green[1]


def test_the_table_says_what_the_formulas_say():
    random = np.random.default_rng(4).random((500, 3))
    for display in (Display(PQ, BT2020), Display(HLG, BT2020), Display(1, P3)):
        assert np.abs(table(display)(random) - to_sdr(random, *display)).mean() < 0.004


def test_what_is_transparent_is_black_in_both(tmp_path):
    path = tmp_path / "alpha.mov"
    pixels = np.zeros((64, 128, 4), np.uint8)
    pixels[:, :64] = (200, 120, 60, 255)
    pixels[:, 64:] = (200, 120, 60, 0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("qtrle", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "argb"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format="argb")))
        out.mux(stream.encode())
    assert clips.look(path).alpha
    analysed = next(iter(clips.frames(path))).pixels
    rendered = pl.to_rgb(Footage(path, 128, 64).at(Fraction(0)))
    for seen in (analysed, rendered):
        assert np.abs(seen[32, 20].astype(int) - (200, 120, 60)).max() <= 4
        assert seen[32, 100].max() <= 3


def test_full_range_and_ten_bits_are_the_same_colours(tmp_path):
    ramp = np.repeat(np.arange(8, 248, 30, dtype=np.uint8), 32)[None].repeat(64, 0)[..., None].repeat(3, 2)
    for pixels, full in (("yuv420p", True), ("yuvj420p", True), ("yuv420p10le", False), ("yuv422p", False)):
        path = tmp_path / f"{pixels}{full}.mkv"
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = ramp.shape[1], 64, pixels
            stream.codec_context.color_range = 2 if full else 1
            stream.codec_context.colorspace = 1
            stream.options = {"crf": "1"}
            frame = av.VideoFrame.from_ndarray(ramp, "rgb24")
            frame = frame.reformat(format=pixels, dst_colorspace=1, dst_color_range=2 if full else 1)
            out.mux(stream.encode(frame))
            out.mux(stream.encode())
        analysed = next(iter(clips.frames(path))).pixels[32, 16::32].astype(int)
        rendered = pl.to_rgb(Footage(path, ramp.shape[1], 64).at(Fraction(0)))[32, 16::32].astype(int)
        for seen in (analysed, rendered):
            assert np.abs(seen - ramp[32, 16::32]).max() <= 4, pixels
