"""The film's sound from end to end: in blocks as in one piece, as loud as asked after encoding, in time, and marked."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cutroom.measures import sound as measure
from cutroom.media import sound as files
from cutroom.media.kinds import Audio
from cutroom.media.store import Store
from cutroom.render import mastering, stretching
from cutroom.render import sound as mixing
from cutroom.render.codecs import Encoding, encoder_for
from cutroom.render.mastering import Mastering
from cutroom.render.shelf import Shelf
from cutroom.render.soundtrack import Soundtrack, Target, soundtrack
from cutroom.render.tape import Held, Tape
from cutroom.render.watermark import sound as watermark
from cutroom.render.watermark.stamp import Stamp
from cutroom.time import Span
from cutroom.timeline.timeline import Format, Gap, RoomTone, Sound, SoundTrack, Timeline

RATE = 48_000
Keep = Callable[[np.ndarray], Audio]


def noise(seconds: float, level: float = -20.0, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(round(seconds * RATE), 2)) * 10 ** (level / 20)
    return values.astype(np.float32)


def talk(seconds: float, level: float = -20.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return noise(seconds, level) * np.abs(np.sin(2 * np.pi * 2 * time)).astype(np.float32)[:, None]


def clicks(seconds: float, every: float, length: int = 1) -> np.ndarray:
    made = np.zeros((round(seconds * RATE), 2), np.float32)
    for at in range(RATE // 10, len(made) - length, round(every * RATE)):
        made[at : at + length] = 0.9
    return made


def film(seconds: Fraction | int, *tracks: SoundTrack) -> Timeline:
    return Timeline(format=Format(), picture=(Gap(seconds=Fraction(seconds)),), sound=tracks)


def placed(media: Audio, start: Fraction | int = 0, **more: object) -> Sound:
    return Sound.model_validate(
        {"media": media, "start": Fraction(start), "source": Span(length=media.seconds), **more}, strict=False
    )


def encoded(
    timeline: Timeline, store: Store, codec: str = "h264", target: float = -14.0, stamp: Stamp | None = None
) -> Soundtrack:
    encoder, _ = encoder_for(Encoding(codec=codec), timeline.format)  # pyright: ignore[reportArgumentType]
    shelf = Shelf.of(store)
    with shelf.bench() as bench:
        return soundtrack(timeline, store, encoder, Target(target), shelf=shelf, bench=bench, stamp=stamp)


def made(timeline: Timeline, store: Store, codec: str = "h264", target: float = -14.0, stamp: Stamp | None = None):
    done = encoded(timeline, store, codec, target, stamp)
    assert done.path is not None
    assert done.path.is_file()
    return done, files.samples(done.path, span=Span(length=timeline.seconds))


def scene(audio: Keep, seconds: int) -> Timeline:
    voice = audio(talk(3))
    lines = tuple(placed(voice, at) for at in range(1, seconds - 3, 5))
    hits = noise(seconds, -26) + clicks(seconds, 0.7, 300)
    music = SoundTrack(role="music", sounds=(placed(audio(hits)),), duck=12)
    return film(seconds, SoundTrack(role="voice", sounds=lines), music)


def test_where_the_blocks_end_is_not_heard(audio: Keep, store: Store, monkeypatch: pytest.MonkeyPatch):
    timeline = scene(audio, 9)
    whole = mixing.mix(timeline, store)
    loud = mastering.master(whole)
    marked = watermark.embed(whole, 77)
    for module in (mixing, mastering):
        monkeypatch.setattr(module, "BLOCK", 4800)
    assert np.abs(mixing.mix(timeline, store) - whole).max() < 1e-6
    assert np.abs(mastering.master(whole) - loud).max() < 2e-6
    cut = np.split(whole, [100, 5000, 5001, 200_000])
    parts = list(watermark.embedded(cut, 77))
    assert len(parts) > 1
    assert np.abs(np.concatenate(parts) - marked).max() < 1e-6


@pytest.mark.slow
def test_a_longer_film_takes_no_more_memory(audio: Keep, store: Store):
    peaks = []
    encoded(scene(audio, 5), store, stamp=Stamp(b"abcd"))  # pays for what is made once
    for seconds in (8, 32):
        timeline = scene(audio, seconds)
        tracemalloc.start()
        encoded(timeline, store, stamp=Stamp(b"abcd"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0]


@pytest.mark.parametrize("target", [-14.0, -16.0, -23.0])
def test_it_is_as_loud_as_asked_after_encoding(audio: Keep, store: Store, target: float):
    done, heard = made(scene(audio, 8), store, target=target)
    found = measure.loudness(heard, RATE)
    assert found.integrated == pytest.approx(target, abs=0.5)
    assert found.true_peak is not None
    assert found.true_peak <= -1.0
    assert (done.loudness, done.true_peak) == pytest.approx((found.integrated, found.true_peak), abs=0.01)
    assert done.degraded == ()


def square(seconds: float, height: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.repeat((height * np.sign(np.sin(2 * np.pi * 440 * time)))[:, None], 2, axis=1).astype(np.float32)


HARD = {
    "square waves": ("effects", square(6, 0.9)),
    "clicks over quiet talk": ("effects", talk(6, -34) + clicks(6, 0.25)),
    "thuds over quiet talk": ("effects", talk(6, -34) + clicks(6, 0.25, 190)),
    "very quiet speech": ("voice", talk(6, -50)),
    "clipped noise": ("effects", np.clip(noise(6, -3), -1, 1)),
}


@pytest.mark.parametrize("codec", ["h264", "vp9", "prores"])
@pytest.mark.parametrize("kind", HARD)
def test_hard_material_meets_its_target_too(audio: Keep, store: Store, kind: str, codec: str):
    role, samples = HARD[kind]
    track = SoundTrack.model_validate({"role": role, "sounds": (placed(audio(samples)),)})
    done, heard = made(film(6, track), store, codec)
    found = measure.loudness(heard, RATE)
    assert found.integrated == pytest.approx(-14, abs=0.5)
    assert found.true_peak is not None
    assert found.true_peak <= -1.0
    assert done.degraded == ()


def test_what_cannot_be_as_loud_is_said_now_and_when_it_is_used_again(audio: Keep, store: Store):
    timeline = film(4, SoundTrack(role="effects", sounds=(placed(audio(clicks(4, 1))),)))
    first, _ = made(timeline, store)
    again, _ = made(timeline, store)
    assert "its loudness is" in first.degraded[0][1]
    assert first == again


def test_clicks_leave_the_talk_between_them_alone(audio: Keep):
    quiet = talk(6, -34)
    way = mastering.mastered(quiet + clicks(6, 0.5))
    between = np.arange(len(quiet)) % (RATE // 2)
    between = (between > RATE // 10 + 2400) & (between < RATE // 2)
    ratio = np.sqrt(np.mean(way.samples[between] ** 2) / np.mean(quiet[between] ** 2))
    # 50 ms after a click of 24 dB over, no more than the slow 6 dB are still on their way back.
    assert 20 * np.log10(ratio) > way.gain - 3


def test_silence_stays_silence_through_the_encoder(audio: Keep, store: Store):
    done, heard = made(film(3, SoundTrack(role="music", sounds=(placed(audio(np.zeros((RATE, 2)))),))), store)
    assert (done.loudness, done.true_peak, done.degraded) == (None, None, ())
    assert not heard.any()


@pytest.mark.slow
def test_sound_does_not_drift_in_ten_minutes(audio: Keep, store: Store):
    click = np.zeros((4800, 2), np.float32)
    click[:240] = np.hanning(240)[:, None] * np.sin(np.arange(240) * 0.6)[:, None] * 0.8
    media = audio(click)
    times = [Fraction(60 * minute) + Fraction(1, 3) for minute in range(10)] + [Fraction(1798, 3)]
    track = SoundTrack(role="effects", sounds=tuple(placed(media, at) for at in times))
    done = encoded(film(600, track), store)
    assert done.path is not None
    for at in times:
        heard = files.samples(done.path, span=Span(start=at - Fraction(1, 10), length=Fraction(1, 4)))[:, 0]
        lag = int(np.correlate(heard, click[:240, 0], "valid").argmax()) - 4800
        assert abs(lag) <= 48, at


# ── what comes in ────────────────────────────────────────────────────────────────────────────────────────────────────


def kept(store: Store, path: Path, wave: np.ndarray, rate: int) -> Audio:
    files.write_wav(path, wave, rate, floating=True)
    blob = store.add(path, ".wav")
    return Audio(
        digest=blob.digest,
        bytes=blob.bytes,
        suffix=".wav",
        seconds=Fraction(len(wave), rate),
        rate=rate,
        channels=1 if wave.ndim == 1 else wave.shape[1],
    )


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (96_000, 2), (44_100, 1), (22_050, 2)])
def test_every_rate_lies_on_its_samples(store: Store, tmp_path: Path, rate: int, channels: int):
    times = np.arange(2 * rate) / rate
    wave = 0.25 * np.sin(2 * np.pi * 440 * times) * np.clip(times * 20, 0, 1) * np.clip((2 - times) * 20, 0, 1)
    media = kept(store, tmp_path / "in.wav", wave if channels == 1 else np.stack([wave, -wave], axis=1), rate)
    heard = mixing.mix(film(4, SoundTrack(role="effects", sounds=(placed(media, 1),))), store)
    at = np.arange(2 * RATE) / RATE
    wanted = 0.25 * np.sin(2 * np.pi * 440 * at) * np.clip(at * 20, 0, 1) * np.clip((2 - at) * 20, 0, 1)
    assert not heard[:RATE].any()
    assert np.abs(heard[RATE : 3 * RATE, 0] - wanted)[400:-400].max() < 2e-3
    assert np.array_equal(heard[:, 1], heard[:, 0] if channels == 1 else -heard[:, 0])
    assert not heard[3 * RATE :].any()


def test_five_point_one_is_mixed_down_as_the_standard_has_it(store: Store, tmp_path: Path):
    import av

    tones = (300, 500, 700, 60, 1100, 1300)
    times = np.arange(RATE) / RATE
    wave = np.stack([0.2 * np.sin(2 * np.pi * tone * times) for tone in tones]).astype(np.float32)
    path = tmp_path / "in.wav"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_f32le", rate=RATE, layout="5.1")
        for begin in range(0, RATE, 1024):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(wave[:, begin : begin + 1024].T).reshape(1, -1), "flt", "5.1"
            )
            frame.sample_rate = RATE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    blob = store.add(path, ".wav")
    media = Audio(digest=blob.digest, bytes=blob.bytes, suffix=".wav", seconds=Fraction(1), rate=RATE, channels=6)
    heard = mixing.mix(film(1, SoundTrack(role="effects", sounds=(placed(media),))), store)[4800:-4800]
    # ITU-R BS.775: the centre and the surrounds at -3 dB, no low-frequency channel.
    for side, parts in ((0, (1, 0, 0.5**0.5, 0, 0.5**0.5, 0)), (1, (0, 1, 0.5**0.5, 0, 0, 0.5**0.5))):
        wanted = np.float32(parts) @ wave[:, 4800:-4800]
        assert np.abs(heard[:, side] - wanted).max() < 1e-5


def test_a_stretched_sound_stays_in_time_and_in_tune():
    speed = Fraction(4, 5)
    beeps = np.zeros((8 * RATE, 2), np.float32)
    time = np.arange(4800) / RATE
    for second in range(8):
        beeps[second * RATE + 2400 :][:4800] = (0.5 * np.sin(2 * np.pi * 880 * time) * np.hanning(4800))[:, None]
    whole = np.concatenate(list(stretching.stretched(iter(np.split(beeps, 40)), speed)))
    assert len(whole) == 10 * RATE
    for second in range(8):
        begin = round((second + 0.05) / 0.8 * RATE)
        part = whole[begin : begin + 6000, 0]
        middle = float(np.sum(np.arange(6000) * part**2) / np.sum(part**2)) / RATE
        assert middle == pytest.approx(0.05 / 0.8, abs=0.012)
        spectrum = np.abs(np.fft.rfft(part, 1 << 16))
        assert spectrum.argmax() * RATE / (1 << 16) == pytest.approx(880, abs=4)


# ── room tone ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_gap_between_two_clips_sounds_like_their_room(audio: Keep, store: Store):
    hum = np.sin(2 * np.pi * 120 * np.arange(4 * RATE) / RATE).astype(np.float32)[:, None] * 10 ** (-58 / 20)
    room = noise(4, -66) + hum
    room[RATE : 2 * RATE] += talk(1, -24)
    media = audio(room)
    edge = Fraction(1, 20)
    clips = tuple(placed(media, at, fade_in=edge, fade_out=edge) for at in (0, 7))
    tone = RoomTone(
        media=media,
        start=4 - edge,
        seconds=3 + 2 * edge,
        source=Span(length=media.seconds),
        fade_in=edge,
        fade_out=edge,
    )
    dead = mixing.mix(film(11, SoundTrack(role="natural", sounds=clips)), store)
    heard = mixing.mix(film(11, SoundTrack(role="natural", sounds=clips, tones=(tone,))), store)
    assert not dead[round(4.1 * RATE) : round(6.9 * RATE)].any()
    level = measure.levels(heard, RATE, hop=Fraction(1, 4))
    quiet = float(np.median(level[10:15]))  # the clip's own quiet
    assert np.abs(level[16:28] - quiet).max() < 2.0  # no step at either edge, no hole, no swelling
    gap, own = heard[round(4.5 * RATE) : round(6.5 * RATE), 0], heard[round(2.2 * RATE) : round(3.8 * RATE), 0]
    low = [np.square(np.abs(np.fft.rfft(part * np.hanning(len(part))))) for part in (gap, own)]
    share = [
        power[: round(300 * len(part) / RATE)].sum() / power.sum() for power, part in zip(low, (gap, own), strict=True)
    ]
    assert share[0] == pytest.approx(share[1], abs=0.1)
    # It does not repeat: no lag of more than 50 ms looks like the beginning.
    power = np.square(np.abs(np.fft.rfft(np.diff(gap), 2 * len(gap))))
    alike = np.fft.irfft(power / np.maximum(np.convolve(power, np.ones(400) / 400, "same"), 1e-20))
    assert np.abs(alike[RATE // 20 : len(gap)]).max() < 0.25 * alike[0]


def test_a_room_that_was_never_recorded_or_never_quiet_stays_silent_or_soft(audio: Keep, store: Store):
    for samples, loudest in ((np.zeros((2 * RATE, 2)), -119.0), (noise(2, -12), mixing.LOUDEST_ROOM + 1)):
        media = audio(samples)
        tone = RoomTone(media=media, start=Fraction(3), seconds=Fraction(2), source=Span(length=Fraction(2)))
        heard = mixing.mix(film(5, SoundTrack(role="natural", sounds=(placed(media),), tones=(tone,))), store)
        assert measure.levels(heard[round(3.2 * RATE) :], RATE, hop=Fraction(1)).max() < loudest


# ── the watermark ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("codec", ["h264", pytest.param("vp9", marks=pytest.mark.slow)])
def test_the_stamp_is_read_from_the_encoded_sound(audio: Keep, store: Store, codec: str):
    timeline = scene(audio, 12)
    stamp = Stamp(bytes.fromhex("c0ffee42"))
    marked, heard = made(timeline, store, codec, stamp=stamp)
    found = watermark.detect(heard)
    assert (found.decision, found.payload) == ("found", stamp.number)
    assert marked.path != encoded(timeline, store, codec).path


def test_the_stamp_lies_below_what_can_be_heard():
    time = np.arange(10 * RATE) / RATE
    chord = sum(0.1 * np.sin(2 * np.pi * tone * time) for tone in (220, 330, 440, 880, 1320, 2640))
    for samples in (talk(10), talk(10) + np.repeat(chord[:, None], 2, axis=1), np.repeat(chord[:, None], 2, axis=1)):
        sound = samples.astype(np.float32)
        above = measure.noise_to_mask(sound, watermark.embed(sound, 0xC0FFEE42) - sound, RATE)
        assert above.max() < 0


def test_a_tape_is_read_as_it_was_written():
    samples = noise(0.1)
    with Tape() as tape:
        tape.write(samples)
        tape.add(samples[:100], 50)
        samples[50:150] += samples[:100].copy()
        assert np.array_equal(tape.read(-10, 5000), Held(samples).read(-10, 5000))
        with Mastering(tape) as desk:
            assert desk.setting(-14, -1).loudness == pytest.approx(-14, abs=0.1)
