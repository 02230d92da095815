"""Watermarks are read back after what happens to films, cannot be seen or heard, and are not found where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cutroom.errors import BadInput
from cutroom.media.sound import samples
from cutroom.render.watermark import code, picture, sound
from cutroom.render.watermark.stamp import Stamp

PAYLOAD = 0xC0FFEE42
SIZE = (960, 540)


def scenery(count: int, size: tuple[int, int] = SIZE, seed: int = 3) -> Iterator[np.ndarray]:
    """Luma planes: a wide painted view with noise as of a camera, along which a window moves; two shots."""
    width, height = size
    rng = np.random.default_rng(seed)
    for _ in range(2):
        view = np.zeros((height, width + 4 * count, 1), np.float32) + rng.uniform(70, 130)
        for _ in range(160):
            centre = rng.integers(0, (view.shape[1], height)).tolist()
            cv2.circle(view, centre, int(rng.integers(8, 90)), float(rng.uniform(30, 220)), -1)
        view = cv2.GaussianBlur(view, (0, 0), 1.2) + 9 * rng.standard_normal((height, view.shape[1])).astype(np.float32)
        view = cv2.GaussianBlur(view, (0, 0), 0.8)
        for number in range(count // 2):
            yield np.clip(view[:, 4 * number : 4 * number + width], 16, 235).astype(np.uint8)


def encode(path: Path, planes: Iterator[np.ndarray], *, crf: int, size: tuple[int, int] | None = None) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.pix_fmt, stream.options = "yuv420p", {"crf": str(crf), "preset": "veryfast", "x264-params": "keyint=15"}
        for number, plane in enumerate(planes):
            if size:
                plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
            height, width = plane.shape
            if number == 0:
                stream.width, stream.height = width, height
            grey = np.concatenate([plane, np.full((height // 2, width), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(grey, "yuv420p")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def stamped(planes: Iterator[np.ndarray], payload: int = PAYLOAD) -> Iterator[np.ndarray]:
    stamp = None
    for plane in planes:
        stamp = stamp or picture.Imprint(plane.shape[1], plane.shape[0], Stamp(payload.to_bytes(4, "big")))
        marked = plane.copy()
        stamp.over(marked)
        yield marked


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return encode(tmp_path_factory.mktemp("marked") / "film.mp4", stamped(scenery(150)), crf=20)


def again(path: Path) -> Iterator[np.ndarray]:
    return picture.lumas(path, keys=False, most=1000)


# ── picture ──


def test_the_picture_changes_by_one_step_in_a_quarter_of_its_cells():
    plane = picture.pattern(1920, 1080, PAYLOAD)

    assert set(np.unique(plane)) == {-1, 0, 1}
    assert abs(float(np.abs(plane).mean()) - 0.25) < 0.01
    one = next(scenery(2))
    marked = next(stamped(iter([one])))
    noise = np.square(marked.astype(float) - one).mean()
    assert 10 * np.log10(255**2 / noise) >= 52  # dB PSNR


def test_it_is_read_back_with_its_number(film):
    found = picture.detect(film)

    assert (found.decision, found.payload) == ("found", PAYLOAD)
    assert found.score > 2 * code.PRESENT


@pytest.mark.parametrize(("crf", "size"), [(28, None), (28, (640, 360)), (23, (1280, 720)), (33, None)])
def test_it_survives_being_encoded_again_and_scaled(film, tmp_path, crf, size):
    found = picture.detect(encode(tmp_path / "again.mp4", again(film), crf=crf, size=size))

    assert (found.decision, found.payload) == ("found", PAYLOAD)


def test_it_survives_a_change_of_light_and_a_part_cut_out(film, tmp_path):
    part = [np.clip(plane * 0.8 + 20, 16, 235).astype(np.uint8) for plane in again(film)][40:110]

    assert picture.detect(encode(tmp_path / "part.mp4", iter(part), crf=23)).payload == PAYLOAD


@pytest.mark.parametrize("size", [(540, 960), (720, 720), (640, 360)])
def test_every_shape_of_frame_carries_it(size):
    assert picture.watermark_of(stamped(scenery(12, size), 7)).payload == 7


def test_an_unmarked_film_has_none(tmp_path):
    assert picture.detect(encode(tmp_path / "plain.mp4", scenery(30), crf=23)).decision == "absent"


def test_a_cropped_film_is_not_taken_for_another_number(film, tmp_path):
    cropped = (plane[40:500, 60:900] for plane in again(film))

    assert picture.detect(encode(tmp_path / "cropped.mp4", cropped, crf=23)).payload is None


ALTERED = {
    "the middle, 70 % of each side": lambda plane: plane[80:458, 144:816],
    "the same, scaled up again": lambda plane: cv2.resize(plane[80:458, 144:816], (960, 540)),
    "an upright part": lambda plane: plane[:, 328:632],
    "mirrored": lambda plane: plane[:, ::-1],
}


@pytest.mark.parametrize("how", [how if "70" in how else pytest.param(how, marks=pytest.mark.slow) for how in ALTERED])
def test_it_is_found_in_what_was_cut_out_or_mirrored(film, tmp_path, how):
    path = encode(tmp_path / "altered.mp4", map(ALTERED[how], again(film)), crf=23)

    assert picture.detect(path).decision != "found"
    found = picture.detect(path, altered=True)
    assert (found.decision, found.payload) == ("found", PAYLOAD)
    assert found.false_alarm < 1e-9


@pytest.mark.slow
def test_however_long_it_is_searched_for_an_unmarked_film_has_none(tmp_path):
    found = picture.detect(encode(tmp_path / "plain.mp4", scenery(40), crf=23), altered=True)

    assert (found.decision, found.payload, found.false_alarm) == ("absent", None, 1.0)


def test_more_tries_ask_for_a_higher_score():
    assert code.chance(6.0, 1) < 2e-8
    assert code.chance(6.0, 1_000_000) == pytest.approx(1_000_000 * code.chance(6.0, 1))
    seen = code.spread(code.Book("trial", 4096), 7) + np.random.default_rng(3).normal(0, 3.2, 4096).astype(np.float32)
    found = code.read(code.Book("trial", 4096), seen)
    assert code.PRESENT < found.score < 12
    assert code.read(code.Book("trial", 4096), seen, tries=10**40).decision == "absent"


def test_of_a_film_without_anything_in_it_nothing_is_said(tmp_path):
    black = (np.full((360, 640), 16, np.uint8) for _ in range(20))

    found = picture.detect(encode(tmp_path / "black.mp4", stamped(black), crf=35))
    assert found.decision in ("abstain", "absent")
    assert found.payload is None


def test_a_sound_has_no_picture_to_look_at(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), "s16", "mono")
        frame.sample_rate = 48_000
        out.mux(stream.encode(frame))
    with pytest.raises(BadInput, match="no moving picture"):
        picture.detect(path)


# ── the code ──


def test_scores_of_unmarked_cells_are_those_of_chance():
    rng = np.random.default_rng(11)
    # Anything may be in a file: noise, a few huge values, one smooth wave.
    kinds = [
        lambda n: rng.standard_normal(n),
        lambda n: rng.standard_cauchy(n),
        lambda n: np.sin(np.arange(n) / rng.uniform(5, 500) + rng.uniform(0, 6)),
    ]
    scores = np.array(
        [
            code.presence(code.Book(f"trial {trial}", 4096), kinds[trial % 3](4096).astype(np.float32))
            for trial in range(600)
        ]
    )

    assert abs(scores.mean()) < 0.15
    assert abs(scores.std() - 1) < 0.12
    assert scores.max() < 4.5


def test_a_number_that_does_not_check_is_not_told():
    book = code.Book("trial", 4096)
    carried = code.spread(book, 1234)
    cells = code.layout(book).symbols[2]
    carried[cells] = code.spread(book, 99_999_999)[cells]

    found = code.read(book, carried)
    assert (found.decision, found.payload) == ("abstain", None)
    assert "too little" in found.reason


@pytest.mark.parametrize("payload", [0, 1, 0xFFFFFFFF])
def test_any_number_of_32_bits_can_be_carried(payload):
    book = code.Book("trial", 4096, spare=2)

    assert code.read(book, code.spread(book, payload)).payload == payload


@pytest.mark.parametrize("payload", [-1, 1 << 32])
def test_other_numbers_are_refused(payload):
    with pytest.raises(ValueError, match="32 bits"):
        code.spread(code.Book("trial", 4096), payload)


def test_a_stamp_holds_four_bytes_and_is_made_of_a_digest():
    assert Stamp.of("c0ffee42" + "0" * 56) == Stamp(b"\xc0\xff\xee\x42")
    assert Stamp.of("c0ffee42" + "0" * 56).number == PAYLOAD
    with pytest.raises(ValueError, match="4 bytes"):
        Stamp(b"\xc0\xff")


def test_the_signs_never_change():
    """A detector of a later version must read the films of this one."""
    signs = code.spread(code.Book("picture", 320 * 180, 4), PAYLOAD)

    assert int(np.flatnonzero(signs)[:8] @ np.arange(1, 9)) == FIRST_CELLS
    assert [int(sign) for sign in signs[np.flatnonzero(signs)[:12]]] == FIRST_SIGNS


FIRST_CELLS = 1094
FIRST_SIGNS = [1, 1, 1, -1, -1, 1, 1, 1, -1, -1, 1, 1]


# ── sound ──


def music(seconds: int, seed: int = 5) -> np.ndarray:
    """Notes with overtones that fade away, with a little breath: (n, 2) float32 at 48 kHz."""
    rng = np.random.default_rng(seed)
    out = np.zeros((seconds * 48_000, 2), np.float32)
    at = np.arange(36_000) / 48_000
    for start in range(0, len(out) - len(at), 8_000):
        pitch = 220 * 2 ** (rng.integers(0, 24) / 12)
        tones = sum(np.sin(2 * np.pi * pitch * part * at + rng.uniform(0, 6)) / part for part in range(1, 14))
        out[start : start + len(at)] += (0.1 * tones * np.exp(-4 * at))[:, None] * rng.uniform(0.4, 1, 2)
    out += 0.004 * rng.standard_normal(out.shape)
    return np.clip(out, -0.9, 0.9).astype(np.float32)


@pytest.fixture(scope="module")
def heard() -> np.ndarray:
    return music(14)


@pytest.fixture(scope="module")
def marked(heard) -> np.ndarray:
    return sound.embed(heard, PAYLOAD)


def lossy(path: Path, played: np.ndarray, codec: str, bits: int) -> np.ndarray:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=48_000, layout="stereo")
        stream.bit_rate = bits
        for start in range(0, len(played), 1152):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(played[start : start + 1152].T), "fltp", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return samples(path)


def test_the_sound_stays_as_long_and_what_is_added_lies_far_below_it(heard, marked):
    assert marked.shape == heard.shape
    added = np.square(marked - heard).mean()
    assert 10 * np.log10(added / np.square(heard).mean()) < -20

    spectra = [np.abs(np.fft.rfft(part[48_000:96_000, 0])) for part in (marked - heard, heard)]
    assert spectra[0][9000:].max() < 1e-2 * spectra[1].max()  # nothing above the bands


def test_where_there_is_silence_nothing_is_added():
    assert np.abs(sound.embed(np.zeros((48_000, 2), np.float32), PAYLOAD)).max() == 0


def test_the_sound_is_read_back(marked):
    found = sound.detect(marked)

    assert (found.decision, found.payload) == ("found", PAYLOAD)


@pytest.mark.parametrize(("codec", "bits", "name"), [("aac", 128_000, "a.m4a"), ("libmp3lame", 128_000, "a.mp3")])
def test_the_sound_survives_lossy_coding(marked, tmp_path, codec, bits, name):
    assert sound.detect(lossy(tmp_path / name, marked, codec, bits)).payload == PAYLOAD


def test_the_sound_survives_a_cut_beginning_and_another_level(marked):
    assert sound.detect(0.3 * marked[31_111:]).payload == PAYLOAD


def test_an_unmarked_sound_has_none(heard):
    found = sound.detect(heard)

    assert found.decision == "absent"
    assert found.payload is None


@pytest.mark.parametrize(
    ("played", "why"), [(np.zeros((480_000, 2), np.float32), "silent"), (music(2), "four seconds")]
)
def test_of_silence_and_of_a_moment_nothing_is_said(played, why):
    found = sound.detect(played)

    assert found.decision == "abstain"
    assert why in found.reason
