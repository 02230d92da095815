"""Quality: more of any fault is never better, nothing wrong is near 20, and what cannot be measured is named."""

import io
import math
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from cutroom.judge import quality as measured
from cutroom.judge.quality import CURVES, HEARD, SPREAD, Quality, Unmeasurable, of_clip, of_picture, of_sound, quality
from cutroom.measures import sound as hearing
from cutroom.media.clip import frames as frames_of
from cutroom.media.kinds import Audio, Image, Video
from cutroom.media.picture import open_picture

RATE = 48_000
DAY = Path(__file__).parents[2] / "examples" / "day"
SLACK = 0.6
"""Points by which a score may rise with a fault: a third of its standard error."""


@lru_cache
def photographs() -> tuple[np.ndarray, ...]:
    """Three of the examples, as they are or smaller, so that no trace of their own coding is left."""
    coffee, pavilion = (open_picture(DAY / name) for name in ("01-coffee.jpg", "05-pavilion.jpg"))
    raccoon = open_picture(DAY / "06-raccoon.jpg", max_side=512)
    return coffee, pavilion, raccoon


def jpeg(pixels, level):
    held = io.BytesIO()
    Pillow.fromarray(pixels).save(held, "JPEG", quality=level)
    return np.asarray(Pillow.open(io.BytesIO(held.getvalue())))


def grainy(pixels, sigma):
    grain = np.random.default_rng(1).normal(0, sigma, pixels.shape[:2])[..., None]
    return np.clip(pixels + grain, 0, 255).round().astype(np.uint8)


def small(pixels, factor):
    less = cv2.resize(pixels, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return cv2.resize(less, pixels.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def soft(pixels, sigma):
    return cv2.GaussianBlur(pixels, (0, 0), sigma * max(pixels.shape) / 1000)


def brighter(pixels, gain):
    return np.clip(pixels.astype(float) * gain + 30 * (gain - 1), 0, 255).astype(np.uint8)


def paler(pixels, share):
    return np.clip(128 + (pixels.astype(float) - 128) * share, 0, 255).round().astype(np.uint8)


PICTURE_FAULTS = {
    "blur": (soft, [0.5, 1, 2, 3, 4, 6, 10, 16]),
    "small": (small, [1.5, 2, 3, 4, 6, 8, 12, 16]),
    "noise": (grainy, [1, 2, 4, 8, 12, 20, 30, 50]),
    "dark": (lambda pixels, gain: (pixels * gain).astype(np.uint8), [0.8, 0.6, 0.45, 0.35, 0.25, 0.18, 0.1, 0.05]),
    "bright": (brighter, [1.2, 1.5, 1.8, 2.2, 2.8, 3.5, 5, 8]),
    "pale": (paler, [0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.12, 0.06]),
    "jpeg": (jpeg, [90, 75, 55, 40, 25, 15, 8, 3]),
    "bands": (lambda pixels, step: (pixels // step * step + step // 2).astype(np.uint8), [2, 4, 8, 16, 24, 32, 48, 64]),
}


def falls(scores) -> bool:
    """Never better with more of it, and much worse in the end."""
    steady = all(after <= before + SLACK for before, after in pairwise(scores))
    return steady and scores[-1] < scores[0] - 8


@pytest.mark.parametrize("fault", PICTURE_FAULTS)
@pytest.mark.parametrize("which", [1, *(pytest.param(one, marks=pytest.mark.slow) for one in (0, 2))])
def test_more_of_a_fault_is_never_a_better_picture(fault, which):
    clean = photographs()[which]
    if (fault, which) == ("dark", 2):
        clean = paler(clean, 0.95)  # its own blacks are clipped, which darkness only moves
    spoil, doses = PICTURE_FAULTS[fault]
    assert falls([of_picture(clean).score, *(of_picture(spoil(clean, dose)).score for dose in doses)])


def test_a_good_photograph_is_near_the_top_and_a_ruined_one_near_the_bottom():
    for pixels in photographs():
        assert of_picture(pixels).score > 17
        assert of_picture(soft(grainy(jpeg(pixels, 5), 30), 12)).score < 6


def test_the_score_says_what_cost_most():
    for fault, name in (("blur", "blur"), ("noise", "noise"), ("bands", "banding"), ("jpeg", "blocking")):
        spoil, doses = PICTURE_FAULTS[fault]
        assert of_picture(spoil(photographs()[1], doses[5])).worst == name


def test_a_picture_without_edges_abstains_from_sharpness_and_is_less_sure():
    sky = np.tile(np.linspace(90, 200, 400)[None, :, None], (300, 1, 3)).astype(np.uint8)
    told = of_picture(sky)
    assert told.abstained == {"blur": "there is no edge in it"}
    assert told.error > of_picture(photographs()[0]).error


@pytest.mark.parametrize("shape", [(1, 1, 3), (9, 400, 3)])
def test_a_picture_that_is_too_small_has_no_number(shape):
    told = of_picture(np.zeros(shape, np.uint8))
    assert isinstance(told, Unmeasurable)
    assert f"{shape[1]}x{shape[0]}" in told.reason


# ── sounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache
def sentence() -> np.ndarray:
    """Five seconds like speech: bursts of a voice's harmonics with pauses, and breath in the treble. (n, 2)."""
    rng = np.random.default_rng(5)
    at = np.arange(5 * RATE) / RATE
    pitch = 130 + 15 * np.sin(2 * np.pi * 0.7 * at)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(number * phase) / number for number in range(1, 40))
    breath = np.diff(rng.normal(0, 1, len(at) + 1)) * 0.15
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * at), 0, 1) ** 2 * np.clip(np.sin(2 * np.pi * 0.45 * at) + 0.8, 0, 1)
    wave = (voice + breath) * syllables
    return np.repeat((0.5 * wave / np.abs(wave).max())[:, None], 2, axis=1)


def power(samples) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def hissing(samples, below):
    noise = np.random.default_rng(0).normal(0, 1, samples.shape)
    return samples + noise * power(samples) * 10 ** (-below / 20)


def humming(samples, below):
    at = np.arange(len(samples)) / RATE
    tone = sum(np.sin(2 * np.pi * 50 * number * at) / number for number in (1, 2, 3, 4))
    return samples + (tone / power(tone) * power(samples) * 10 ** (-below / 20))[:, None]


def torn(samples, count):
    torn = samples.copy()
    level = np.convolve(np.abs(samples[:, 0]), np.ones(2400) / 2400, "same")
    for place in np.random.default_rng(3).permutation(np.flatnonzero(level > 0.05))[:count]:
        torn[place : place + 1440] = 0
    return torn


def muffled(samples, hertz):
    spectrum = np.fft.rfft(samples, axis=0)
    at = np.fft.rfftfreq(len(samples), 1 / RATE)
    return np.fft.irfft(spectrum / (1 + (at / hertz) ** 16)[:, None], len(samples), axis=0)


def struck(samples, gain):
    return np.clip(samples / np.abs(samples).max() * gain, -1, 1)


def quieter(samples, by):
    return samples * 10 ** (-by / 20)


SOUND_FAULTS = {
    "hiss": (hissing, [60, 45, 35, 28, 22, 16, 10, 3]),
    "hum": (humming, [60, 45, 35, 28, 22, 16, 10, 3]),
    "dropouts": (torn, [1, 2, 4, 8, 16, 32, 64, 100]),
    "narrow_band": (muffled, [14000, 10000, 8000, 6000, 4500, 3000, 2000, 1000]),
    "clipping": (struck, [1.2, 1.5, 2, 3, 4, 6, 10, 20]),
    "too_quiet": (quieter, [6, 12, 16, 20, 25, 30, 40, 55]),
}


def heard(samples) -> Quality:
    samples = samples.astype(np.float32)
    return of_sound(samples[place : place + hearing.BLOCK] for place in range(0, len(samples), hearing.BLOCK))


@pytest.mark.parametrize("fault", SOUND_FAULTS)
def test_more_of_a_fault_is_never_a_better_sound(fault):
    spoil, doses = SOUND_FAULTS[fault]
    told = [heard(spoil(sentence(), dose)) for dose in doses]
    assert falls([heard(sentence()).score, *(one.score for one in told)])
    assert told[5].worst == fault


def test_a_clean_sentence_is_near_the_top():
    assert heard(sentence()).score > 18


def test_a_bass_is_no_hum():
    at = np.arange(5 * RATE) / RATE
    bass = sum(np.sin(2 * np.pi * 49 * number * at) / number**2 for number in (1, 2, 3, 4))
    assert heard(0.3 * np.repeat(bass[:, None], 2, axis=1)).impairments["hum"] < 5


def test_silence_is_at_the_bottom_and_a_click_has_no_number():
    assert heard(np.zeros((2 * RATE, 2))).score < 3
    assert isinstance(heard(np.zeros((0, 2))), Unmeasurable)
    assert isinstance(heard(np.ones((100, 2))), Unmeasurable)


# ── clips and films ──────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache
def pan() -> tuple[np.ndarray, ...]:
    """Three seconds of an even pan over a photograph, 320 wide, 25 frames a second."""
    wide = cv2.resize(open_picture(DAY / "06-raccoon.jpg"), (480, 360), interpolation=cv2.INTER_AREA)
    return tuple(np.ascontiguousarray(wide[60:240, 2 * place : 2 * place + 320]) for place in range(75))


def flickering(frames, by):
    light = np.random.default_rng(0).uniform(-by, by, len(frames))
    return [np.clip(frame + one, 0, 255).astype(np.uint8) for frame, one in zip(frames, light, strict=True)]


def shaking(frames, by):
    moves = np.random.default_rng(0).normal(0, by / 2, (len(frames), 2))
    turned = [np.array([[1, 0, across], [0, 1, down]], np.float32) for across, down in moves]
    return [
        cv2.warpAffine(frame, turn, (320, 180), borderMode=cv2.BORDER_REFLECT)
        for frame, turn in zip(frames, turned, strict=True)
    ]


def held(frames, seconds):
    count = round(25 * seconds)
    return [*frames[:15], *[frames[15]] * count, *frames[15 + count :]]


def black(frames, seconds):
    count = round(25 * seconds)
    return [*frames[:15], *[np.zeros_like(frames[0])] * count, *frames[15 + count :]]


CLIP_FAULTS = {
    "flicker": (flickering, [3, 8, 16, 30, 50]),
    "shake": (shaking, [1, 2, 4, 8, 14]),
    "frozen": (held, [0.5, 0.8, 1.2, 1.7, 2.3]),
    "black": (black, [0.1, 0.3, 0.7, 1.2, 2.0]),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", CLIP_FAULTS)
def test_more_of_a_fault_is_never_a_better_clip(fault, tmp_path, make):
    spoil, doses = CLIP_FAULTS[fault]
    scores = []
    for dose in (None, *doses):
        path = make.encode(tmp_path / "clip.mp4", pan() if dose is None else spoil(pan(), dose), 25)
        scores.append(of_clip(path, Fraction(3)).score)
    assert falls(scores)


def test_a_clip_says_how_much_its_parts_differ(tmp_path, make):
    even = of_clip(make.encode(tmp_path / "even.mp4", pan(), 25), Fraction(3))
    spoilt = of_clip(
        make.encode(tmp_path / "half.mp4", [*pan()[:38], *(soft(f, 8) for f in pan()[38:])], 25), Fraction(3)
    )
    assert even.score > 15
    assert spoilt.error > even.error + 1


def test_a_clip_of_one_frame_abstains_from_what_moves(tmp_path, make):
    told = of_clip(make.encode(tmp_path / "one.mp4", pan()[:1], 25), Fraction(1, 25))
    assert {"frozen", "flicker", "shake", "judder"} <= set(told.abstained)


def test_a_film_counts_both_and_bad_sound_costs_it(tmp_path, make):
    fine, struck_hard = sentence()[: 3 * RATE, 0], struck(sentence()[: 3 * RATE, 0], 8)
    good, bad = (
        measured.of_film(make.encode(tmp_path / f"{name}.mp4", pan(), 25, sound=wave.astype(np.float32)), Fraction(3))
        for name, wave in (("good", fine), ("bad", struck_hard))
    )
    assert good.score > bad.score + 5
    assert set(good.shares) == {"picture", "sound"}
    assert good.shares["picture"] == pytest.approx(bad.shares["picture"], abs=0.02)


def test_anything_in_a_store_gets_a_number_or_a_reason(bench, make):
    picture = bench.image(photographs()[0])
    sound = bench.audio(sentence().astype(np.float32))
    assert quality(picture, bench.store).score > 17
    assert quality(sound, bench.store).score > 17
    assert "no such number for text" in quality(bench.text("hello"), bench.store).reason
    about = {"seconds": Fraction(1), "width": 4, "height": 4, "fps": Fraction(30)}
    for kind, more in (
        (Image, {"width": 4, "height": 4}),
        (Video, about),
        (Audio, {"seconds": 1, "rate": 8, "channels": 1}),
    ):
        assert "cannot be decoded" in quality(bench.broken(kind, **more), bench.store).reason


# ── the scale ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", CURVES)
def test_curves_keep_all_of_nothing_and_half_where_they_say(name):
    curve = CURVES[name]
    assert curve.kept(0) == 1
    assert curve.kept(curve.half) == pytest.approx(0.5)
    kept = [curve.kept(dose * curve.half) for dose in np.linspace(0, 8, 50)]
    assert kept == sorted(kept, reverse=True)


ANCHORS = {
    "blur": {1.8: 15, 3.3: 10, 6.2: 5},
    "noise": {6: 15, 13: 10, 34: 5},
    "jpeg": {60: 15, 28: 10, 8: 5},
    "bands": {4: 15, 11: 10, 48: 5},
    "dark": {0.45: 15, 0.32: 10, 0.17: 5},
    "pale": {0.38: 15, 0.22: 10, 0.05: 5},
}
"""The doses of each fault that stand for perceptible (15), slightly annoying (10) and annoying (5)."""


@pytest.mark.slow
def test_the_stated_spread_is_what_the_anchors_show():
    dahlia = open_picture(DAY / "04-dahlia.jpg")
    rabbit = [frame.pixels for frame, _ in zip(frames_of(DAY / "02-rabbit.mp4"), range(51), strict=False)][-1]
    clean = (*photographs(), dahlia, rabbit)
    off = [of_picture(pixels).score - 20 for pixels in clean]
    for fault, doses in ANCHORS.items():
        spoil = PICTURE_FAULTS[fault][0]
        off += [of_picture(spoil(pixels, dose)).score - grade for dose, grade in doses.items() for pixels in clean]
    assert math.sqrt(np.mean(np.square(off))) == pytest.approx(SPREAD["picture"], abs=0.15)


def test_every_curve_belongs_to_a_sense():
    assert set(CURVES) > HEARD
