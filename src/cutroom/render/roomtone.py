"""Room tone: the quiet of a place, made anew from the quietest moment of what was recorded there.

A loop of half a second is heard as a loop, and a cough in it as a fault. So the quietest moment only says how the room
sounds (the power of every frequency, in the middle and at the sides), and noise is shaped to it: it never repeats, and
holds no word and no step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutroom.measures import sound as measure
from cutroom.measures.sound import BLOCK
from cutroom.media import sound as reading
from cutroom.time import Span

RATE = 48_000
MOMENT = Fraction(1, 2)
"""How long the quietest moment is, in seconds."""
NOTHING = -95.0
"""Below this, in dBFS, nothing was recorded: 16 bits hold no more than that."""
LONGEST = Fraction(120)
"""So much of a recording is searched, at most."""

_TAPS = 2048
_TICKS = 100


@dataclass(frozen=True, eq=False)
class Room:
    """How a room sounds when nothing happens in it."""

    middle: NDArray[np.float64]
    """The power of each bin of 23.4 Hz, of what both sides have in common. Shape (1025,)."""
    sides: NDArray[np.float64]
    """The same of what sets them apart."""
    level: float
    """In dBFS."""
    seed: int

    def blocks(self, count: int) -> Iterator[NDArray[np.float32]]:
        """`count` samples of it in stereo at 48 kHz, in blocks; the same each time."""
        chance = np.random.Generator(np.random.PCG64(self.seed))
        shapes = np.stack([_response(power) for power in (self.middle, self.sides)])
        before = chance.standard_normal((2, _TAPS - 1), np.float32)
        for begin in range(0, count, BLOCK):
            length = min(BLOCK, count - begin)
            white = np.concatenate((before, chance.standard_normal((2, length), np.float32)), axis=1)
            before = white[:, -(_TAPS - 1) :]
            shaped = np.fft.irfft(np.fft.rfft(white, _SIZE, axis=1) * shapes, _SIZE, axis=1)
            middle, sides = shaped[:, _TAPS - 1 : _TAPS - 1 + length]
            yield np.stack((middle + sides, middle - sides), axis=1).astype(np.float32)


_SIZE = 1 << (BLOCK + _TAPS).bit_length()


def room_tone(path: Path, span: Span, *, seed: str) -> Room | None:
    """How the room sounds in which `span` of the sound at `path` was recorded; None when nothing can be heard of it.

    `seed`, in hexadecimal, decides the noise. Raises BadInput as `media.sound.samples` does.
    """
    at = _quietest(path, span)
    if at is None:
        return None
    samples = reading.samples(path, span=Span(start=at, length=min(MOMENT, span.length)), rate=RATE)
    left, right = samples[:, 0], samples[:, 1]
    middle, sides = _spectrum((left + right) / 2), _spectrum((left - right) / 2)
    power = _mean(middle) + _mean(sides)
    if power <= 10 ** (NOTHING / 10):
        return None
    return Room(middle, sides, 10 * float(np.log10(power)), int(seed[:16] or "0", 16))


def _quietest(path: Path, span: Span) -> Fraction | None:
    """When the quietest moment begins; None when the sound is digital silence throughout."""
    whole = Span(start=span.start, length=min(span.length, LONGEST))
    blocks = reading.blocks(path, span=whole, rate=RATE)
    level = np.concatenate([measure.levels(block, RATE, hop=Fraction(1, _TICKS)) for block in blocks])
    count = min(len(level), int(MOMENT * _TICKS))
    # Gaps in a recording are no part of its room.
    power = np.where(level > NOTHING, 10 ** (level / 10), np.inf)
    sums = np.asarray([power[start : start + count].sum() for start in range(len(level) - count + 1)])
    best = int(sums.argmin())
    return span.start + Fraction(best, _TICKS) if np.isfinite(sums[best]) else None


def _spectrum(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """The power of each bin (Welch 1967), smoothed over a sixth of an octave: few windows make it ragged."""
    window = np.hanning(_TAPS + 1)[:-1]
    padded = np.pad(samples, (0, max(0, _TAPS - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _TAPS)[:: _TAPS // 4]
    power = np.square(np.abs(np.fft.rfft(frames * window, axis=1))).mean(axis=0) / np.square(window).sum()
    sums = np.concatenate(([0.0], np.cumsum(power)))
    bins = np.arange(len(power))
    low = np.floor(bins * 2 ** (-1 / 12)).astype(int)
    high = np.minimum(len(power), np.ceil(bins * 2 ** (1 / 12)).astype(int) + 1)
    return (sums[high] - sums[low]) / (high - low)


def _mean(power: NDArray[np.float64]) -> float:
    """The power of noise with this spectrum."""
    return float((power[0] + 2 * power[1:-1].sum() + power[-1]) / _TAPS)


def _response(power: NDArray[np.float64]) -> NDArray[np.complex64]:
    """What turns white noise into noise of this power, as a filter of linear phase with `_TAPS` taps."""
    taps = np.roll(np.fft.irfft(np.sqrt(power)), _TAPS // 2) * np.hanning(_TAPS + 1)[:-1]
    return np.fft.rfft(taps, _SIZE).astype(np.complex64)
