"""Measures of sound: loudness and true peak, silence, clipping, offset, and whether somebody seems to speak.

Samples are float arrays of shape (n,) or (n, channels), full scale at -1 and 1. Levels are in decibels: LUFS and
dBTP as ITU-R BS.1770-4 and EBU R 128 define them, dBFS otherwise (a full-scale square wave is at 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cutroom.time import Span

Samples: TypeAlias = NDArray[np.floating]
"""Samples of shape (n,) or (n, channels)."""

ABSOLUTE_GATE = -70.0
RELATIVE_GATE = -10.0
OVERSAMPLING = 4
_TAPS = 32
_HOP = 64
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Loudness:
    """How loud a sound is."""

    integrated: float | None
    """Gated integrated loudness in LUFS; None when nothing is louder than -70 LUFS."""
    true_peak: float | None
    """The highest point of the wave between and at the samples, in dBTP; None for digital silence."""


@dataclass(frozen=True)
class Biquad:
    """A filter of second order: ``(b0 + b1/z + b2/z²) / (1 + a1/z + a2/z²)``."""

    b0: float
    b1: float
    b2: float
    a1: float
    a2: float


def loudness(samples: Samples, rate: int) -> Loudness:
    """Integrated loudness and true peak of `samples` (BS.1770-4; front channels weigh 1, surrounds 1.41, LFE 0).

    A sound shorter than one gating block (400 ms) is measured as a single block of its own length, so that a spoken
    "yes" has a loudness too.
    """
    return Loudness(loudness_only(samples, rate), true_peak(samples))


def loudness_only(samples: Samples, rate: int) -> float | None:
    """Integrated loudness in LUFS without looking for the true peak; None for silence."""
    return gated(block_energies(weighted(samples, rate), rate))


def weighted(samples: Samples, rate: int) -> NDArray[np.float32]:
    """`samples` through the K-weighting filter of BS.1770-4, as float32 (n, channels)."""
    return filtered(_columns(samples), k_weighting(rate))


def block_energies(k_weighted: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """The mean square of every gating block (400 ms, one each 100 ms), weighted sum over channels. Shape (blocks,)."""
    count, channels = k_weighted.shape
    hop = round(rate / 10)
    weights = np.asarray([1.0, 1.0, 1.0, 0.0, 1.41, 1.41][:channels] if channels in (5, 6) else [1.0] * channels)
    if channels == 5:
        weights = np.asarray([1.0, 1.0, 1.0, 1.41, 1.41])
    hops = count // hop
    if hops < 4:
        square = np.einsum("nc,nc->c", k_weighted, k_weighted, dtype=np.float64)
        return np.asarray([square @ weights / count]) if count else np.zeros(0)
    whole = k_weighted[: hops * hop].reshape(hops, hop, channels)
    sums = np.einsum("hnc,hnc->hc", whole, whole, optimize=False).astype(np.float64) @ weights
    return (sums[:-3] + sums[1:-2] + sums[2:-1] + sums[3:]) / (4 * hop)


def gated(energies: NDArray[np.float64]) -> float | None:
    """The integrated loudness in LUFS of gating blocks, through both gates; None when none passes the absolute one."""
    loud = energies[energies > _energy(ABSOLUTE_GATE)]
    if not loud.size:
        return None
    loud = loud[loud > _energy(_lufs(float(loud.mean())) + RELATIVE_GATE)]
    return _lufs(float(loud.mean()))


def true_peak(samples: Samples) -> float | None:
    """The true peak in dBTP, four times oversampled; None for digital silence."""
    columns = _columns(samples)
    highest = float(_loudest(columns).max(initial=0.0))
    for start in range(0, len(columns), _BLOCK):
        before = min(start, _TAPS)
        around = columns[start - before : start + _BLOCK + _TAPS]
        highest = max(highest, float(peaks(around, above=highest)[before:][:_BLOCK].max(initial=0.0)))
    return float(20 * np.log10(highest)) if highest > 0 else None


def peaks(samples: Samples, *, above: float = 0.0) -> NDArray[np.float32]:
    """For each sample the highest magnitude from it up to the next one, over all channels, four times oversampled.

    Shape (n,). The interpolation is a windowed sinc of 32 taps a phase (BS.1770-4, annex 2, asks for 12). Where no
    point between samples can reach `above`, the samples' own magnitude stands, which is many times cheaper.
    """
    columns = _columns(samples)
    count = len(columns)
    highest = _loudest(columns)
    if not count:
        return highest
    rows = -(-count // _HOP)
    busy = np.flatnonzero(_reach(highest, rows) * _bound() > above)
    whole = np.zeros(rows * _HOP, np.float32)
    whole[:count] = highest
    for channel in range(columns.shape[1] if busy.size else 0):
        padded = np.zeros(rows * _HOP + _TAPS - 1, np.float32)
        padded[_TAPS // 2 - 1 : _TAPS // 2 - 1 + count] = columns[:, channel]
        windows = np.lib.stride_tricks.sliding_window_view(padded, _HOP + _TAPS - 1)[::_HOP]
        for start in range(0, busy.size, 1024):
            some = busy[start : start + 1024]
            between = np.abs(windows[some] @ _interpolator()).reshape(len(some), OVERSAMPLING - 1, _HOP)
            place = whole.reshape(rows, _HOP)
            place[some] = np.maximum(place[some], between.max(axis=1))
    return whole[:count]


def silences(
    samples: Samples, rate: int, *, below: float = -50.0, at_least: Fraction = Fraction(1, 2)
) -> tuple[Span, ...]:
    """Stretches of `at_least` this long in which no sample is above `below` dBFS, exact to the sample."""
    columns = _columns(samples)
    if not len(columns):
        return ()
    quiet = _loudest(columns) < 10 ** (below / 20)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], quiet, [False]))))
    return tuple(
        Span(start=Fraction(int(start), rate), length=Fraction(int(end - start), rate))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if Fraction(int(end - start), rate) >= at_least
    )


def clipped(samples: Samples, *, level: float = 0.999) -> float:
    """The share (0 to 1) of samples that stand in a flat top: three or more in a row, equal, at or above `level`."""
    columns = _columns(samples)
    if len(columns) < 3:
        return 0.0
    loud = np.abs(columns) >= level
    flat = loud[:-2] & (columns[:-2] == columns[1:-1]) & (columns[1:-1] == columns[2:])
    struck = np.zeros(columns.shape, bool)
    for shift in range(3):
        struck[shift : len(columns) - 2 + shift] |= flat
    return float(struck.mean())


def offset(samples: Samples) -> float:
    """The mean of the samples of the channel where it is furthest from zero: the DC offset, -1 to 1."""
    columns = _columns(samples)
    means = columns.mean(axis=0, dtype=np.float64) if len(columns) else np.zeros(1)
    return float(means[np.argmax(np.abs(means))])


def crest(samples: Samples) -> float | None:
    """Peak over root mean square in decibels (a sine has 3); None for digital silence."""
    columns = _columns(samples)
    highest = float(np.abs(columns).max(initial=0.0))
    if highest == 0:
        return None
    power = float(np.einsum("nc,nc->", columns, columns, dtype=np.float64)) / columns.size
    return float(20 * np.log10(highest) - 10 * np.log10(power))


def levels(samples: Samples, rate: int, *, hop: Fraction = Fraction(1, 100)) -> NDArray[np.float64]:
    """The root mean square of each `hop` in dBFS, over all channels; -120 for digital silence. Shape (hops,)."""
    columns = _columns(samples)
    step = max(1, round(rate * hop))
    hops = -(-len(columns) // step)
    whole = np.zeros((hops * step, columns.shape[1]), np.float32)
    whole[: len(columns)] = columns
    whole = whole.reshape(hops, -1)
    power = np.einsum("hn,hn->h", whole, whole) / max(1, whole.shape[1])
    return 10 * np.log10(np.maximum(power.astype(np.float64), 1e-12))


def k_weighting(rate: int) -> tuple[Biquad, Biquad]:
    """The two filters of BS.1770-4 for any sample rate: the head's shelf, then the high-pass (RLB).

    The standard lists coefficients for 48 kHz only; these are the analogue filters behind them (as De Man derived them,
    AES convention paper 9071, 2014), transformed for `rate`.
    """
    shelf = _warped(1681.974450955533, rate)
    quality, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = high**0.4996667741545416
    norm = 1 + shelf / quality + shelf * shelf
    first = Biquad(
        (high + middle * shelf / quality + shelf * shelf) / norm,
        2 * (shelf * shelf - high) / norm,
        (high - middle * shelf / quality + shelf * shelf) / norm,
        2 * (shelf * shelf - 1) / norm,
        (1 - shelf / quality + shelf * shelf) / norm,
    )
    low = _warped(38.13547087602444, rate)
    quality = 0.5003270373238773
    norm = 1 + low / quality + low * low
    # The standard leaves the numerator of this one unscaled.
    return first, Biquad(1.0, -2.0, 1.0, 2 * (low * low - 1) / norm, (1 - low / quality + low * low) / norm)


def high_pass(frequency: float, rate: int, quality: float = 0.7071) -> Biquad:
    """A high-pass of second order (Butterworth by default) at `frequency` hertz."""
    turn = _warped(frequency, rate)
    norm = 1 + turn / quality + turn * turn
    last = (1 - turn / quality + turn * turn) / norm
    return Biquad(1 / norm, -2 / norm, 1 / norm, 2 * (turn * turn - 1) / norm, last)


def bell(frequency: float, gain: float, quality: float, rate: int) -> Biquad:
    """A peak or dip of `gain` decibels around `frequency` hertz."""
    turn = _warped(frequency, rate)
    boost = 10 ** (gain / 40)
    up, down = turn * boost / quality, turn / (boost * quality)
    norm = 1 + down + turn * turn
    middle = 2 * (turn * turn - 1) / norm
    return Biquad(
        (1 + up + turn * turn) / norm, middle, (1 - up + turn * turn) / norm, middle, (1 - down + turn * turn) / norm
    )


def high_shelf(frequency: float, gain: float, rate: int) -> Biquad:
    """A shelf that lifts (or lowers) what lies above `frequency` hertz by `gain` decibels."""
    turn, root = _warped(frequency, rate), 10 ** (gain / 40)
    squared, slope = turn * turn, turn * float(np.sqrt(2 * root))
    norm = 1 + slope + root * squared
    return Biquad(
        root * (root + slope + squared) / norm,
        2 * root * (squared - root) / norm,
        root * (root - slope + squared) / norm,
        2 * (root * squared - 1) / norm,
        (1 - slope + root * squared) / norm,
    )


def all_pass(frequency: float, quality: float, rate: int) -> Biquad:
    """A filter that changes nothing but the phase, which turns by half around `frequency` hertz."""
    turn = _warped(frequency, rate)
    norm = 1 + turn / quality + turn * turn
    middle, last = 2 * (turn * turn - 1) / norm, (1 - turn / quality + turn * turn) / norm
    return Biquad(last, middle, 1.0, middle, last)


def filtered(samples: Samples, sections: Sequence[Biquad]) -> NDArray[np.float32]:
    """`samples` through filters in a row, as float32 of the same shape.

    The filters work in the frequency domain, block by block, each block preceded by as much as the filters remember
    (to -140 dB): many times faster than a recursion in Python and equal to it within float32.
    """
    columns = _columns(samples)
    count = len(columns)
    result = np.empty(columns.shape, np.float32)
    memory = _memory(tuple(sections))
    size = max(_BLOCK, 1 << (4 * memory - 1).bit_length())
    if count + memory < size:
        size = 1 << max(1, count + memory - 1).bit_length()
    response = _response(tuple(sections), size)
    # Channels in rows: each transform runs over contiguous memory.
    for start in range(0, count, size - memory):
        stop = min(start + size - memory, count)
        part = np.zeros((columns.shape[1], size), np.float32)
        before = min(start, memory)
        part[:, memory - before : memory + stop - start] = columns[start - before : stop].T
        spectrum = np.fft.rfft(part, axis=1)
        spectrum *= response
        result[start:stop] = np.fft.irfft(spectrum, size, axis=1)[:, memory : memory + stop - start].T
    return result.reshape(samples.shape)


def _columns(samples: Samples) -> NDArray[np.float32]:
    columns = samples if samples.ndim == 2 else samples[:, None]
    return columns.astype(np.float32, copy=False)


def _loudest(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """The highest magnitude over channels. Channel by channel: far quicker than along the short axis."""
    highest = np.abs(columns[:, 0])
    for channel in range(1, columns.shape[1]):
        np.maximum(highest, np.abs(columns[:, channel]), out=highest)
    return highest


def _reach(highest: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    """For each row of samples the highest magnitude in it and in its neighbours, which the interpolator hears too."""
    own = np.zeros(rows * _HOP, np.float32)
    own[: len(highest)] = highest
    own = own.reshape(rows, _HOP).max(axis=1)
    around = own.copy()
    np.maximum(around[1:], own[:-1], out=around[1:])
    np.maximum(around[:-1], own[1:], out=around[:-1])
    return around


def _energy(lufs: float) -> float:
    return 10 ** ((lufs + 0.691) / 10)


def _lufs(energy: float) -> float:
    return float(-0.691 + 10 * np.log10(energy))


def _warped(frequency: float, rate: int) -> float:
    """The bilinear transform's tangent."""
    return float(np.tan(np.pi * min(frequency, 0.49 * rate) / rate))


@lru_cache(maxsize=16)
def _memory(sections: tuple[Biquad, ...]) -> int:
    """How many samples pass until the slowest filter has forgotten all but -140 dB."""
    radius = max(float(np.abs(np.roots([1.0, section.a1, section.a2])).max(initial=0.0)) for section in sections)
    return min(1 << 17, int(np.ceil(-7 * np.log(10) / np.log(min(max(radius, 0.5), 0.99995)))))


@lru_cache(maxsize=8)
def _response(sections: tuple[Biquad, ...], size: int) -> NDArray[np.complex64]:
    unit = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    answer = np.ones(size // 2 + 1, complex)
    for part in sections:
        answer *= (part.b0 + part.b1 * unit + part.b2 * unit**2) / (1 + part.a1 * unit + part.a2 * unit**2)
    return answer.astype(np.complex64)


@lru_cache(maxsize=1)
def _kernel() -> NDArray[np.float64]:
    """Windowed sinc for the three points between two samples. Shape (3, taps); each row sums to 1."""
    offsets = np.arange(_TAPS) - (_TAPS // 2 - 1)
    phases = np.arange(1, OVERSAMPLING)[:, None] / OVERSAMPLING
    rows = np.sinc(offsets - phases) * np.i0(7.0 * np.sqrt(1 - ((offsets - phases) / (_TAPS / 2)) ** 2)) / np.i0(7.0)
    return rows / rows.sum(axis=1, keepdims=True)


@lru_cache(maxsize=1)
def _interpolator() -> NDArray[np.float32]:
    """The kernel as a banded matrix, so that a matrix product does the convolution. Shape (hop + taps - 1, 3 * hop)."""
    bands = np.zeros((_HOP + _TAPS - 1, OVERSAMPLING - 1, _HOP), np.float32)
    for place in range(_HOP):
        bands[place : place + _TAPS, :, place] = _kernel().T
    return bands.reshape(_HOP + _TAPS - 1, -1)


@lru_cache(maxsize=1)
def _bound() -> float:
    return float(np.abs(_kernel()).sum(axis=1).max())
