"""Faults of the finished sound: each takes all samples and a strength, and gives them back with that one fault."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.random import Generator

from cutroom.evals.faults.film import RATE, Samples
from cutroom.evals.task import NotApplicable
from cutroom.time import Span

Harmed = tuple[Samples, Span | None]
SoundFault = Callable[[Samples, float, Generator], Harmed]

PEAK = 0.98
"""What nothing that is planted here exceeds, but for clipping: a peak would be a second fault."""


def hum(samples: Samples, level: float, rng: Generator) -> Harmed:
    """Mains hum of 50 Hz with its overtones, of this level in dBFS, throughout."""
    at = np.arange(len(samples)) / RATE
    wave = np.sum([np.sin(2 * np.pi * 50 * over * at + over) / over for over in (1, 2, 3, 5)], axis=0)
    return _within(samples + (10 ** (level / 20) * wave / 1.4)[:, None]), None


def hiss(samples: Samples, level: float, rng: Generator) -> Harmed:
    """White noise of this level in dBFS, throughout."""
    return _within(samples + 10 ** (level / 20) * rng.standard_normal(samples.shape)), None


def dropouts(samples: Samples, seconds: float, rng: Generator) -> Harmed:
    """Three holes of this length where something is to be heard."""
    out, count = samples.copy(), round(seconds * RATE)
    first = [_loud_place(samples, count, part, rng) for part in ((0.15, 0.35), (0.4, 0.6), (0.65, 0.85))]
    for begin in first:
        out[begin : begin + count] = 0
    return out, _span(first[0], first[-1] + count - first[0])


def clicks(samples: Samples, level: float, rng: Generator) -> Harmed:
    """Six clicks, each of two samples, of this level (full scale is 1)."""
    out = samples.copy()
    for begin in np.sort(rng.integers(len(samples) // 8, len(samples) * 7 // 8, 6)):
        out[begin], out[begin + 1] = level, -level
    return out, None


def clipped(samples: Samples, decibels: float, rng: Generator) -> Harmed:
    """Everything was turned up by so many decibels, cut off at full scale, and turned down again."""
    top = float(np.percentile(np.abs(samples), 99.95)) * 10 ** (-decibels / 20)
    if top <= 0:
        raise NotApplicable("there is nothing to be heard")
    flat = np.clip(samples, -top, top)
    return flat * _same_loudness(samples, flat), None


def louder(samples: Samples, decibels: float, rng: Generator) -> Harmed:
    """All of it is quieter than asked by so many decibels."""
    return samples * np.float32(10 ** (-decibels / 20)), None


def one_side(samples: Samples, decibels: float, rng: Generator) -> Harmed:
    """The right channel is so many decibels too quiet."""
    return samples * np.array([1.0, 10 ** (-decibels / 20)], np.float32), None


def out_of_phase(samples: Samples, share: float, rng: Generator) -> Harmed:
    """The right channel is turned over, for this share of the film: in mono, it cancels."""
    end = round(share * len(samples))
    return np.concatenate([samples[:end] * np.array([1, -1], np.float32), samples[end:]]), _span(0, end)


def late(samples: Samples, seconds: float, rng: Generator) -> Harmed:
    """All sound comes so much later than it should."""
    count = round(seconds * RATE)
    return np.concatenate([np.zeros((count, 2), np.float32), samples[:-count]]), None


def breaks_off(samples: Samples, seconds: float, rng: Generator) -> Harmed:
    """All sound ends so much too early, at once."""
    out, count = samples.copy(), round(seconds * RATE)
    loud = np.flatnonzero(np.abs(samples).max(axis=1) > 0.003)
    end = max(0, (int(loud[-1]) if len(loud) else 0) - count)
    out[end:] = 0
    return out, _span(end, len(samples) - end)


def stuck(samples: Samples, seconds: float, rng: Generator) -> Harmed:
    """A moment of 60 ms is heard again and again for this long."""
    piece, count = round(0.06 * RATE), round(seconds * RATE)
    begin = _loud_place(samples, count, (0.2, 0.8), rng)
    out = samples.copy()
    out[begin : begin + count] = np.resize(samples[begin : begin + piece], (count, 2))
    return out, _span(begin, count)


def too_fast(samples: Samples, share: float, rng: Generator) -> Harmed:
    """All of it is played too fast, and so too high, by this share; at the end it is silent."""
    at = np.arange(len(samples)) * (1 + share)
    out = [np.interp(at, np.arange(len(samples)), samples[:, side], right=0.0) for side in (0, 1)]
    return np.stack(out, axis=1).astype(np.float32), None


def muffled(samples: Samples, hertz: float, rng: Generator) -> Harmed:
    """Nothing above so many hertz is left."""
    spectrum = np.fft.rfft(samples, axis=0)
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum *= (1 / (1 + (frequencies / hertz) ** 8))[:, None]
    return np.fft.irfft(spectrum, len(samples), axis=0).astype(np.float32), None


def peaks(samples: Samples, decibels: float, rng: Generator) -> Harmed:
    """Five single peaks stand so many decibels over full scale's ceiling of -1 dBTP."""
    out, top = samples.copy(), 10 ** ((decibels - 1) / 20)
    for begin in np.sort(rng.integers(len(samples) // 8, len(samples) * 7 // 8, 5)):
        bump = np.hanning(49)[:, None] * np.sign(np.median(samples[begin : begin + 49]) or 1)
        out[begin : begin + 49] = out[begin : begin + 49] * (1 - abs(bump)) + top * bump
    return out, None


def _within(samples: np.ndarray) -> Samples:
    """Turned down as a whole when something exceeds full scale."""
    highest = float(np.abs(samples).max())
    return (samples * min(1.0, PEAK / highest if highest else 1.0)).astype(np.float32)


def _same_loudness(samples: Samples, flat: Samples) -> np.float32:
    """By what `flat` is multiplied to be as loud as `samples`."""
    return np.float32(np.sqrt(np.mean(samples**2) / max(1e-12, float(np.mean(flat**2)))))


def _loud_place(samples: Samples, count: int, part: tuple[float, float], rng: Generator) -> int:
    """Where in this part of the film a hole of `count` samples would take away the most. Raises NotApplicable for silence."""
    low, high = (round(share * (len(samples) - count)) for share in part)
    step = RATE // 20
    power = [float(np.mean(samples[begin : begin + count] ** 2)) for begin in range(low, high, step)]
    if not power or max(power) < 1e-6:
        raise NotApplicable("it is silent there")
    loud = [place for place, one in enumerate(power) if one >= 0.5 * max(power)]
    return low + step * loud[int(rng.integers(len(loud)))]


def _span(begin: int, count: int) -> Span:
    return Span(start=Fraction(begin, RATE), length=Fraction(max(count, 0), RATE))
