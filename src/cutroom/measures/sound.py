"""Measures of sound: loudness and true peak, silence, clipping, offset, and whether somebody seems to speak.

Samples are float arrays of shape (n,) or (n, channels), full scale at -1 and 1. Levels are in decibels: LUFS and
dBTP as ITU-R BS.1770-4 and EBU R 128 define them, dBFS otherwise (a full-scale square wave is at 0).

What is too long to be held is measured block by block, with the same results: a `Meter` listens, a `Filter` filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
_FEW, _MANY = 14, 64
"""Matrix products of so few rows stay on one thread: larger ones are shared out by the library, and where others work on
the same cores, its threads wait for each other three times as long as one alone would need."""
_CRITICAL = (0, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700, 4400, 5300,
             6400, 7700, 9500, 12000, 15500)  # fmt: skip
"""Edges of the critical bands in hertz."""
_SHORTEST_RUN = 480
"""Runs of quiet samples that are shorter are not worth keeping."""
BLOCK = 61_440
"""How many samples are best handed over at a time: with what the filters here remember before it, a block is 2^16 long.
It is a whole number of hundredths of a second at 48 kHz, and of the frames of AAC."""


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
    weights = _weights(channels).astype(np.float64)
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
        for start in range(0, busy.size, _FEW * _MANY):
            some = busy[start : start + _FEW * _MANY]
            rows_of = np.zeros((-(-len(some) // _FEW), _FEW, _HOP + _TAPS - 1), np.float32)
            rows_of.reshape(-1, rows_of.shape[2])[: len(some)] = windows[some]
            between = np.abs(rows_of @ _interpolator()).reshape(-1, OVERSAMPLING - 1, _HOP)[: len(some)]
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
    struck = _flat(_columns(samples), level)
    return float(struck.mean()) if struck.size else 0.0


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


def noise_to_mask(samples: Samples, added: Samples, rate: int) -> NDArray[np.float64]:
    """By how many decibels `added` stands above what `samples` let one hear beside them; below 0 it is not heard.

    Shape (frames, bands): frames of about 43 ms, and the critical bands (Zwicker 1961), 24 of them; -100 where nothing was added.
    The model is Johnston's (IEEE JSAC 6(2), 1988): power in each band, spread over its neighbours (Schroeder 1979),
    less 14.5 dB plus the band's number under tones and 5.5 dB under noise, or what lies at -96 dBFS. Channels are summed.
    """
    size = 1 << round(np.log2(rate * 0.043))
    sounds, parts = (_spectra(_columns(one), size) for one in (samples, added))
    noise = in_bands(parts, size, rate)
    return np.maximum(10 * np.log10(np.maximum(noise, 1e-30) / masking(sounds, size, rate)), -100)


def masking(power: NDArray[np.floating], size: int, rate: int) -> NDArray[np.float64]:
    """What must be stayed below in each critical band so as not to be heard, (frames, bands); see `noise_to_mask`.

    `power` is that of frames of `size` samples, (frames, size // 2 + 1), in which a full-scale sine counts as 1.
    """
    edges = critical_bands(size, rate)
    some = np.maximum(power[:, edges[0] : edges[-1]], 1e-20)
    flatness = 10 * (np.log10(some).mean(axis=1) - np.log10(some.mean(axis=1)))
    count = len(edges) - 1
    apart = np.arange(count)[:, None] - np.arange(count) + 0.474
    spreading = 10 ** ((15.81 + 7.5 * apart - 17.5 * np.sqrt(1 + apart * apart)) / 10)
    spread = in_bands(power, size, rate) @ (spreading / spreading.sum(axis=1)[:, None]).T
    tonal = np.clip(flatness / -60, 0, 1)[:, None]
    offset = tonal * (14.5 + np.arange(1, count + 1)) + (1 - tonal) * 5.5
    return np.maximum(spread * 10 ** (-offset / 10), 10**-9.6)


@lru_cache(maxsize=4)
def critical_bands(size: int, rate: int) -> NDArray[np.intp]:
    """Where in the bins of frames of `size` samples the critical bands begin, and the last one ends: (bands + 1,)."""
    whole = [edge for edge in _CRITICAL if edge <= rate / 2]
    return np.ceil(np.asarray(whole) * size / rate).astype(np.intp)


def in_bands(power: NDArray[np.floating], size: int, rate: int) -> NDArray[np.floating]:
    """The power of each frame (frames, size // 2 + 1) in each critical band, (frames, bands)."""
    edges = critical_bands(size, rate)
    return np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)


def _spectra(columns: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """The power of each frame and bin, summed over channels; a full-scale sine counts as 1."""
    window = np.hanning(size + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(columns, size, axis=0)[:: size // 2]
    return np.square(np.abs(np.fft.rfft(frames * window, axis=2))).sum(axis=1) * (4 / window.sum() ** 2)


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
    """`samples` through filters in a row, as float32 of the same shape. See `Filter`."""
    columns = _columns(samples)
    result = np.empty(columns.shape, np.float32)
    work = Filter(sections)
    size = max(BLOCK, 4 * work.memory)
    for start in range(0, len(columns), size):
        result[start : start + size] = work(columns[start : start + size])
    return result.reshape(samples.shape)


class Filter:
    """Filters in a row, for a sound that comes block by block.

    They work in the frequency domain, each block preceded by as much as the filters remember (to -140 dB): many times
    faster than a recursion in Python and equal to it within float32, however the sound is cut into blocks.
    """

    def __init__(self, sections: Sequence[Biquad]) -> None:
        """At rest: as if silence had come before."""
        self._sections = tuple(sections)
        self.memory = _memory(self._sections)
        """How many samples the filters remember."""
        self._before: NDArray[np.float32] | None = None

    def __call__(self, block: Samples) -> NDArray[np.float32]:
        """The next samples (n, channels), filtered: the same shape, float32."""
        columns = _columns(block)
        count, memory = len(columns), self.memory
        before = self._before if self._before is not None else np.zeros((memory, columns.shape[1]), np.float32)
        size = 1 << max(1, count + memory - 1).bit_length()
        # Channels in rows: each transform runs over contiguous memory.
        part = np.zeros((columns.shape[1], size), np.float32)
        part[:, :memory] = before.T
        part[:, memory : memory + count] = columns.T
        self._before = part[:, count : memory + count].T.copy()
        spectrum = np.fft.rfft(part, axis=1)
        spectrum *= _response(self._sections, size)
        return np.fft.irfft(spectrum, size, axis=1)[:, memory : memory + count].T.astype(np.float32)


class Meter:
    """Listens to a sound block by block, and knows what `loudness`, `clipped` and `silences` say of the whole.

    What it keeps grows by 80 bytes a second.
    """

    def __init__(self, rate: int, *, peaks: bool = True, clipping: bool = False, quiet: float | None = None) -> None:
        """For samples at `rate`. Without `peaks` no true peak is looked for, which is twice as fast.

        With `clipping`, samples in flat tops are counted; with `quiet` (in dBFS), stretches below it are kept.
        """
        self.count = 0
        """How many samples were heard."""
        self._rate = rate
        self._weighting = Filter(k_weighting(rate))
        self._powers = Powers(rate)
        self._peaks = Peak() if peaks else None
        self._flat = _FlatTops() if clipping else None
        self._quiet = None if quiet is None else _Quiet(10 ** (quiet / 20))

    def hear(self, block: Samples) -> None:
        """The next samples, (n,) or (n, channels)."""
        columns = _columns(block)
        if not len(columns):
            return
        self.count += len(columns)
        weighted = self._weighting(columns)
        self._powers.add(np.square(weighted) @ _weights(columns.shape[1]))
        for part in (self._peaks, self._flat, self._quiet):
            if part is not None:
                part.hear(columns)

    def hear_all(self, blocks: Iterable[Samples]) -> Meter:
        """All of `blocks`, one after the other. Returns itself."""
        for block in blocks:
            self.hear(block)
        return self

    @property
    def seconds(self) -> Fraction:
        """How long the sound was so far."""
        return Fraction(self.count, self._rate)

    @property
    def integrated(self) -> float | None:
        """The integrated loudness so far in LUFS; None for silence."""
        return gated(self._powers.blocks())

    @property
    def true_peak(self) -> float | None:
        """The true peak so far in dBTP; None for digital silence. Raises ValueError when none was looked for."""
        if self._peaks is None:
            raise ValueError("this meter was made without peaks")
        highest = self._peaks.highest()
        return float(20 * np.log10(highest)) if highest > 0 else None

    @property
    def loudness(self) -> Loudness:
        """Both."""
        return Loudness(self.integrated, self.true_peak)

    @property
    def clipped(self) -> float:
        """The share of samples in flat tops, 0 to 1. Raises ValueError when they were not counted."""
        if self._flat is None:
            raise ValueError("this meter was made without clipping")
        return self._flat.share()

    def silences(self, at_least: Fraction = Fraction(1, 2)) -> tuple[Span, ...]:
        """Stretches of `at_least` this long that are quiet. Raises ValueError when they were not kept."""
        if self._quiet is None:
            raise ValueError("this meter was made without silences")
        return tuple(
            Span(start=Fraction(start, self._rate), length=Fraction(end - start, self._rate))
            for start, end in self._quiet.runs(self.count)
            if Fraction(end - start, self._rate) >= at_least
        )


class Powers:
    """The power of each tenth of a second, from K-weighted power that comes block by block."""

    def __init__(self, rate: int) -> None:
        """For power values that come `rate` times a second."""
        self._hop = round(rate / 10)
        self._hops: list[NDArray[np.float64]] = []
        self._rest = np.zeros(0, np.float32)
        self._sum, self._count = 0.0, 0

    def add(self, power: NDArray[np.float32]) -> None:
        """The next values, (n,): the K-weighted power, summed over channels with their weights."""
        if self._count < 4 * self._hop:
            self._sum, self._count = self._sum + float(power.sum(dtype=np.float64)), self._count + len(power)
        whole = np.concatenate((self._rest, power)) if len(self._rest) else power
        hops = len(whole) // self._hop
        if hops:
            self._hops.append(whole[: hops * self._hop].reshape(hops, self._hop).sum(axis=1, dtype=np.float64))
        self._rest = whole[hops * self._hop :].copy()

    def blocks(self) -> NDArray[np.float64]:
        """The mean of every gating block (400 ms, one each 100 ms), as `block_energies` gives it."""
        sums = np.concatenate([np.zeros(0), *self._hops])
        if len(sums) < 4:
            return np.asarray([self._sum / self._count]) if self._count else np.zeros(0)
        return (sums[:-3] + sums[1:-2] + sums[2:-1] + sums[3:]) / (4 * self._hop)


class Peak:
    """The highest point of the wave, found with as much before and behind each sample as the interpolation wants."""

    def __init__(self) -> None:
        self._highest = 0.0
        self._tail: NDArray[np.float32] | None = None
        self._known = 0
        """So much at the beginning of the tail has been looked at."""

    def hear(self, columns: NDArray[np.float32]) -> None:
        """The next samples, (n, channels)."""
        whole = columns if self._tail is None else np.concatenate((self._tail, columns))
        if len(whole) > _TAPS:
            self._look(whole, len(whole) - _TAPS)
        self._known = min(_TAPS, max(0, len(whole) - _TAPS))
        self._tail = whole[-2 * _TAPS :].copy() if len(whole) >= 2 * _TAPS else whole.copy()

    def _look(self, whole: NDArray[np.float32], end: int) -> None:
        self._highest = max(self._highest, float(_loudest(whole[self._known : end]).max(initial=0.0)))
        some = peaks(whole, above=self._highest)[self._known : end]
        self._highest = max(self._highest, float(some.max(initial=0.0)))

    def highest(self) -> float:
        """So far, as if silence followed: a magnitude, 1 at full scale."""
        if self._tail is None:
            return 0.0
        some = peaks(self._tail, above=self._highest)[self._known :]
        return max(self._highest, float(some.max(initial=0.0)))


class _FlatTops:
    """Counts samples in flat tops; see `clipped`."""

    def __init__(self) -> None:
        self._struck, self._values = 0, 0
        self._tail: NDArray[np.float32] | None = None

    def hear(self, columns: NDArray[np.float32]) -> None:
        # The last two samples are judged with what follows them.
        whole = columns if self._tail is None else np.concatenate((self._tail, columns))
        already = 0 if self._tail is None else int(_flat(self._tail).sum())
        self._struck += int(_flat(whole).sum()) - already
        self._values += columns.size
        self._tail = whole[-4:].copy()

    def share(self) -> float:
        return self._struck / self._values if self._values else 0.0


class _Quiet:
    """Keeps the runs of quiet samples of at least a tenth of a second, as they begin and end."""

    def __init__(self, below: float) -> None:
        self._below = below
        self._count = 0
        self._since: int | None = None
        self._runs: list[tuple[int, int]] = []

    def hear(self, columns: NDArray[np.float32]) -> None:
        quiet = _loudest(columns) < self._below
        edges = np.flatnonzero(np.diff(np.concatenate(([self._since is not None], quiet)).astype(np.int8)))
        # In music every half wave is an edge: runs that begin and end in this block are short or kept at once.
        for edge in self._telling(edges.tolist(), len(columns)):
            if self._since is None:
                self._since = self._count + edge
            else:
                self._runs.append((self._since, self._count + edge))
                self._since = None
        self._count += len(columns)

    def _telling(self, edges: list[int], count: int) -> list[int]:
        """The edges but for those of runs too short to tell of."""
        if self._since is None:
            pairs, told = edges, []
        else:
            pairs, told = edges[1:], edges[:1]
        for begin, end in zip(pairs[::2], pairs[1::2], strict=False):
            if end - begin >= _SHORTEST_RUN:
                told += [begin, end]
        return told + (pairs[-1:] if len(pairs) % 2 else [])

    def runs(self, count: int) -> list[tuple[int, int]]:
        last = [] if self._since is None else [(self._since, count)]
        return [*self._runs, *last]


def _weights(channels: int) -> NDArray[np.float32]:
    """What the power of each channel counts (BS.1770-4, table 3), in the order of 5.0 and 5.1."""
    known = {5: [1.0, 1.0, 1.0, 1.41, 1.41], 6: [1.0, 1.0, 1.0, 0.0, 1.41, 1.41]}
    return np.asarray(known.get(channels, [1.0] * channels), np.float32)


def _columns(samples: Samples) -> NDArray[np.float32]:
    columns = samples if samples.ndim == 2 else samples[:, None]
    return columns.astype(np.float32, copy=False)


def _flat(columns: NDArray[np.float32], level: float = 0.999) -> NDArray[np.bool_]:
    """Which samples stand in a flat top."""
    struck = np.zeros(columns.shape, bool)
    if len(columns) < 3:
        return struck
    loud = np.abs(columns) >= level
    flat = loud[:-2] & (columns[:-2] == columns[1:-1]) & (columns[1:-1] == columns[2:])
    for shift in range(3):
        struck[shift : len(columns) - 2 + shift] |= flat
    return struck


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
