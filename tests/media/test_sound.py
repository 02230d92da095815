from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from cutroom.errors import BadInput
from cutroom.media import sound
from cutroom.time import Span


def encode(path, wave: np.ndarray, rate: int, codec: str, layout: str) -> None:
    """Writes `wave` (channels, n)."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        for begin in range(0, wave.shape[1], 1024):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, begin : begin + 1024]), "fltp", layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, begin, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def burst(seconds: float, rate: int, begin: float = 0.5) -> np.ndarray:
    """Silence, then from `begin` on a tone of 1 kHz at half of full scale."""
    times = np.arange(round(seconds * rate)) / rate
    return np.where(times >= begin, 0.5 * np.sin(2 * np.pi * 1000 * (times - begin)), 0).astype(np.float32)


FILES = [
    ("s.wav", "pcm_s16le", 44_100, "stereo"),
    ("s.flac", "flac", 96_000, "stereo"),
    ("s.mp3", "libmp3lame", 44_100, "stereo"),
    ("s.m4a", "aac", 44_100, "mono"),
    ("s.ogg", "libopus", 48_000, "stereo"),
    ("s.mkv", "libopus", 48_000, "mono"),
    ("phone.wav", "pcm_s16le", 8000, "mono"),
]


@pytest.mark.parametrize(("name", "codec", "rate", "layout"), FILES)
def test_every_format_is_exact_in_time_and_level(tmp_path, name, codec, rate, layout):
    path = tmp_path / name
    encode(path, np.tile(burst(2, rate), (1 if layout == "mono" else 2, 1)), rate, codec, layout)

    info = sound.look(path)
    heard = sound.samples(path)

    assert abs(info.seconds - 2) <= (Fraction(1, 500) if name == "s.mkv" else 0)
    assert (info.rate, info.channels) == (rate, 1 if layout == "mono" else 2)
    assert info.suffix == path.suffix
    assert heard.dtype == np.float32
    assert heard.shape[1] == 2
    assert abs(len(heard) - info.seconds * 48_000) <= (48 if name == "s.mkv" else 0.5)
    assert np.array_equal(heard[:, 0], heard[:, 1]) or layout == "stereo"
    began = np.argmax(np.abs(heard[:, 0]) > 0.1) / 48_000
    assert began == pytest.approx(0.5, abs=0.001)
    assert np.sqrt(2 * np.mean(heard[36_000:84_000, 0] ** 2)) == pytest.approx(0.5, rel=0.06)


@pytest.mark.parametrize(("name", "codec", "rate", "layout"), FILES)
def test_a_span_is_that_part_of_the_whole(tmp_path, name, codec, rate, layout):
    path = tmp_path / name
    encode(path, np.tile(burst(2, rate), (1 if layout == "mono" else 2, 1)), rate, codec, layout)
    whole = sound.samples(path)

    part = sound.samples(path, span=Span(start=Fraction(7, 9), length=Fraction(1, 3)))

    begin = round(Fraction(7, 9) * 48_000)
    assert part.shape == (16_000, 2)
    assert np.abs(part - whole[begin : begin + 16_000]).max() < 1e-4


def test_outside_of_the_sound_there_is_silence(tmp_path):
    sound.write_wav(tmp_path / "s.wav", burst(1, 48_000, begin=0))

    late = sound.samples(tmp_path / "s.wav", span=Span(start=Fraction(3, 4), length=Fraction(1)))
    never = sound.samples(tmp_path / "s.wav", span=Span(start=Fraction(9), length=Fraction(1, 2)))

    assert late.shape == (48_000, 2)
    assert np.abs(late[:12_000]).max() > 0.4
    assert not late[12_000:].any()
    assert never.shape == (24_000, 2)
    assert not never.any()


def test_five_point_one_is_mixed_down(tmp_path):
    for channel, left, right in ((0, 1, 0), (1, 0, 1), (2, 0.707, 0.707), (3, 0, 0), (4, 0.707, 0), (5, 0, 0.707)):
        wave = np.zeros((6, 48_000), np.float32)
        wave[channel] = 0.5
        encode(tmp_path / "s.wav", wave, 48_000, "pcm_f32le", "5.1")
        middle = sound.samples(tmp_path / "s.wav")[24_000]
        assert middle == pytest.approx([0.5 * left, 0.5 * right], abs=1e-3), channel


@pytest.mark.parametrize("late", [0, 9600])
def test_a_clips_sound_stays_beside_its_picture(make_clip, late):
    path = make_clip("c.mp4", sound=True, frames=60, sound_late=late)

    heard = sound.samples(path)

    began = np.argmax(np.abs(heard[:, 0]) > 0.1)
    assert began == pytest.approx(late, abs=48)


def test_picture_that_begins_late_takes_its_sound_along(make_clip):
    path = make_clip("c.mkv", sound=True, frames=10, times=[500 + 33 * number for number in range(10)])

    # The tone runs from 0; the picture's first frame, at half a second, is time 0.
    heard = sound.samples(path, span=Span(length=Fraction(1, 10)))

    assert np.abs(heard).max() == 0  # the tone of a third of a second is over by then


def test_seeking_far_into_a_long_file_is_exact(tmp_path):
    rate = 8000
    times = np.arange(80 * rate) / rate
    chirp = (0.5 * np.sin(2 * np.pi * (200 + 5 * times) * times)).astype(np.float32)
    for name, codec in (("long.wav", "pcm_s16le"), ("long.flac", "flac"), ("long.m4a", "aac")):
        encode(tmp_path / name, chirp[None], rate, codec, "mono")
        whole = sound.samples(tmp_path / name)
        part = sound.samples(tmp_path / name, span=Span(start=Fraction(611, 10), length=Fraction(1)))
        assert np.abs(part - whole[61 * 48_000 + 4800 :][:48_000]).max() < 2e-3, name


def test_resampling_keeps_tones_and_adds_none(tmp_path):
    times = np.arange(44_100) / 44_100
    sound.write_wav(tmp_path / "s.wav", 0.5 * np.sin(2 * np.pi * 15_000 * times), 44_100, floating=True)

    heard = sound.samples(tmp_path / "s.wav")[4800:43_200, 0]

    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) / len(heard) * 4
    peak = np.argmax(spectrum)
    assert peak * 48_000 / len(heard) == pytest.approx(15_000, abs=2)
    assert spectrum[peak] == pytest.approx(0.5, rel=0.02)
    spectrum[peak - 20 : peak + 20] = 0
    assert 20 * np.log10(spectrum.max()) < -80


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_wav_round_trip(tmp_path, channels):
    wave = np.random.default_rng(3).uniform(-1, 1, (4800, channels)).astype(np.float32)
    sound.write_wav(tmp_path / "p.wav", wave if channels > 1 else wave[:, 0])
    sound.write_wav(tmp_path / "f.wav", wave, floating=True)

    assert sound.look(tmp_path / "p.wav") == sound.SoundInfo(Fraction(1, 10), 48_000, channels, ".wav")
    if channels == 2:
        assert np.abs(sound.samples(tmp_path / "p.wav") - wave).max() <= 0.5 / 32_768 + 1e-7
        assert np.array_equal(sound.samples(tmp_path / "f.wav"), wave)


def test_wav_is_clipped_at_full_scale_and_not_wrapped(tmp_path):
    sound.write_wav(tmp_path / "loud.wav", np.array([2.0, -2.0, 1.0, 0.0], np.float32))

    assert sound.samples(tmp_path / "loud.wav")[:, 0] == pytest.approx([1, -1, 1, 0], abs=1e-4)


def test_a_damaged_part_is_silent_and_what_follows_stays_in_time(tmp_path):
    wave = burst(4, 48_000, begin=3)
    encode(tmp_path / "s.mp3", np.tile(wave, (2, 1)), 48_000, "libmp3lame", "stereo")
    data = bytearray((tmp_path / "s.mp3").read_bytes())
    middle = len(data) // 3
    data[middle : middle + 700] = b"\0" * 700
    (tmp_path / "s.mp3").write_bytes(bytes(data))

    heard = sound.samples(tmp_path / "s.mp3")

    assert np.argmax(np.abs(heard[:, 0]) > 0.3) / 48_000 == pytest.approx(3, abs=0.1)


def test_what_has_no_sound_says_so(tmp_path, make_clip):
    (tmp_path / "empty.mp3").write_bytes(b"")
    (tmp_path / "words.wav").write_text("no sound\n" * 99)

    for path, why in (
        (make_clip(frames=2), "holds no sound"),
        (tmp_path / "empty.mp3", "is empty"),
        (tmp_path / "words.wav", "is not a film or sound file"),
        (tmp_path / "x.wav", "is not there"),
    ):
        for read in (sound.look, sound.samples):
            with pytest.raises(BadInput, match=why):
                read(path)


def test_samples_that_are_no_numbers_cost_only_themselves(tmp_path):
    wave = burst(1, 48_000, begin=0)
    wave[[100, 200, 300]] = np.nan, np.inf, -np.inf
    sound.write_wav(tmp_path / "s.wav", wave, floating=True)

    heard = sound.samples(tmp_path / "s.wav")

    assert np.isfinite(heard).all()
    assert np.array_equal(heard[301:, 0], wave[301:])


@pytest.mark.parametrize("size", [1000, 48_000])
def test_blocks_are_the_whole_in_parts(tmp_path, size):
    encode(tmp_path / "s.m4a", np.tile(burst(2, 44_100), (2, 1)), 44_100, "aac", "stereo")
    for span in (None, Span(start=Fraction(-1, 3), length=Fraction(3))):
        parts = list(sound.blocks(tmp_path / "s.m4a", span=span, size=size))

        assert {len(part) for part in parts[:-1]} == {size}
        assert 0 < len(parts[-1]) <= size
        assert np.array_equal(np.concatenate(parts), sound.samples(tmp_path / "s.m4a", span=span))
