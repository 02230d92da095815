"""Mastering: one gain and a limiter for true peaks, so that a mix is as loud as asked and never over.

All of it works in blocks: what is kept of a film is the power of each tenth of a second, and on a scratch tape the
highest point and the power of each sixth of a millisecond. The results are those of one array, but for rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutroom.measures import sound as measure
from cutroom.measures.sound import BLOCK
from cutroom.render.tape import Held, Source, Tape

RATE = 48_000

MOST_GAIN = 20.0
"""By how many decibels a mix is raised at most."""
_MOST_LIMITING = 24.0
_STEP = 8
"""The limiter thinks in steps of so many samples (a sixth of a millisecond)."""
_LOOK_AHEAD = 24
"""In steps: 4 ms."""
_RECOVERY = 60.0 * _STEP / RATE
"""In decibels a step: 60 a second."""
_SHORT = 80
"""In steps: what is over within 13 ms, such as a click, is let go of at once if it stood out by more than `_OUT`."""
_OUT = 6.0
"""In decibels. Less than that is always let go of slowly, because bass that is turned down in time with its own waves
sounds broken."""
_AT_ONCE = 1500.0 * _STEP / RATE
"""In decibels a step."""
_TRIES = 12
_AROUND = 32
"""Samples before and behind, which the search for true peaks hears too."""
_NEAR = _AROUND // _STEP
_CLOSE = 0.03
"""Decibels by which the loudness may be missed."""


@dataclass(frozen=True)
class Setting:
    """What is to be done to a mix, and what it will measure then."""

    gain: float
    """By how many decibels all of it is raised."""
    ceiling: float
    """What the limiter lets through, in dBTP."""
    loudness: float | None
    """In LUFS; None for silence."""
    true_peak: float | None
    """In dBTP; None for digital silence."""
    limited: float
    """By how many decibels the limiter takes down the highest peak."""


@dataclass(frozen=True, eq=False)
class Mastered:
    """A signal ready to be encoded, and what was done to it."""

    samples: NDArray[np.float32]
    """Shape (n, 2), 48 kHz."""
    loudness: float | None
    """In LUFS; None for silence."""
    true_peak: float | None
    """In dBTP; None for digital silence."""
    gain: float
    """By how many decibels all of it was raised."""
    limited: float
    """By how many decibels the limiter took down the highest peak."""


def master(samples: NDArray[np.float32], *, loudness: float = -14.0, true_peak: float = -1.0) -> NDArray[np.float32]:
    """`samples` (48 kHz, shape (n, 2)) at `loudness` LUFS with no true peak above `true_peak` dBTP. See `mastered`."""
    return mastered(samples, loudness=loudness, true_peak=true_peak).samples


def mastered(samples: NDArray[np.float32], *, loudness: float = -14.0, true_peak: float = -1.0) -> Mastered:
    """One gain, then a look-ahead limiter for true peaks, tuned together until the loudness is met.

    Silence stays silence. A nearly silent signal is raised by 20 dB at most, and the limiter takes 24 dB at most off
    the highest peak: what is out of reach stays below `loudness`, and the figures returned say so.
    """
    with Mastering(Held(samples)) as desk:
        way = desk.setting(loudness, true_peak)
        whole = np.concatenate([np.zeros((0, samples.shape[1]), np.float32), *desk.blocks(way)])
    return Mastered(whole, way.loudness, way.true_peak, way.gain, way.limited)


class Mastering:
    """A mix that was listened to once, and can be mastered in several ways."""

    def __init__(self, mix: Source, folder: Path | None = None) -> None:
        """Listens to all of `mix` (48 kHz, stereo). The scratch file lies in `folder`. Raises OSError."""
        self._mix = mix
        self._steps = Tape(folder)
        """For each step the highest point of the wave, and the K-weighted power."""
        self._found: float | None = None
        self._peak = 0.0
        self._looked = np.inf
        """Points above this are known between the samples too."""
        try:
            self._listen()
        except BaseException:
            self._steps.close()
            raise

    def __enter__(self) -> Mastering:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Gives the scratch file back."""
        self._steps.close()

    def _listen(self) -> None:
        powers = measure.Powers(RATE // _STEP)
        weighting = measure.Filter(measure.k_weighting(RATE))
        for begin in range(0, len(self._mix), BLOCK):
            block = self._mix.read(begin, min(begin + BLOCK, len(self._mix)))
            weighted = weighting(block)
            energy = _steps_of(np.einsum("nc,nc->n", weighted, weighted)).mean(axis=1)
            powers.add(energy)
            # Without a look between the samples at first: how high a peak matters is known at the end.
            highest = _steps_of(np.maximum(np.abs(block[:, 0]), np.abs(block[:, -1]))).max(axis=1)
            self._peak = max(self._peak, float(highest.max(initial=0.0)))
            self._steps.write(np.stack((highest, energy), axis=1))
        self._found = measure.gated(powers.blocks())

    def setting(self, loudness: float, true_peak: float) -> Setting:
        """What brings the mix to `loudness` LUFS with no true peak above `true_peak` dBTP. Raises OSError.

        See `mastered` for what is out of reach.
        """
        if self._found is None:
            return Setting(0.0, np.inf, None, _decibels(self._look(0.0)), 0.0)
        # A gain found at first may still grow by what the limiter takes away; more than that it need not look at.
        peak = _decibels(self._look(10 ** ((true_peak - min(loudness - self._found, MOST_GAIN) - 4.0) / 20)))
        assert peak is not None
        gain, reached, limited = self._tuned(peak, loudness, true_peak)
        way = Setting(gain, true_peak - 0.02, reached, peak + gain, limited)
        if not limited and peak + gain <= true_peak - 1.0:
            return way
        after = self._after(way)
        if after <= true_peak:
            return Setting(gain, way.ceiling, reached, after, limited)
        # What lies below a hundredth of a decibel: the limiter's own movement between two samples.
        less = after - true_peak + 0.001
        return Setting(gain - less, way.ceiling - less, reached - less, true_peak - 0.001, limited)

    def _look(self, above: float) -> float:
        """Looks between the samples where the wave may pass `above`. Returns the highest point of all."""
        if above >= self._looked:
            return self._peak
        self._looked, total = above, len(self._mix)
        for begin in range(0, total, BLOCK):
            end = min(begin + BLOCK, total)
            first, last = begin // _STEP, -(-end // _STEP)
            # The wave between samples is less than three times as high as they are.
            if self._steps.read(first - _NEAR, last + _NEAR)[:, 0].max(initial=0.0) * 3 <= above:
                continue
            around = self._mix.read(max(0, begin - _AROUND), end + _AROUND)
            found = measure.peaks(around, above=above)[min(begin, _AROUND) :][: end - begin]
            steps = self._steps.read(first, last)
            steps[:, 0] = _steps_of(found).max(axis=1)
            self._peak = max(self._peak, float(found.max(initial=0.0)))
            self._steps.write(steps, first)
        return self._peak

    def _tuned(self, peak: float, loudness: float, ceiling: float) -> tuple[float, float, float]:
        """The gain, the loudness that it and the limiter reach together, and the most that is limited."""
        most = min(MOST_GAIN, ceiling + _MOST_LIMITING - peak)
        gain, reached, limited = min(most, loudness - (self._found or 0.0)), loudness, 0.0
        for _ in range(_TRIES):
            level, limited = self._limited(gain, ceiling - 0.02)
            reached = level + gain
            if abs(loudness - reached) < _CLOSE or (gain >= most and reached < loudness):
                break
            gain = min(most, gain + loudness - reached)
        return gain, reached, limited

    def _limited(self, gain: float, ceiling: float) -> tuple[float, float]:
        """The loudness before `gain`, and the most that is limited, when peaks are kept under `ceiling` after it."""
        powers = measure.Powers(RATE // _STEP)
        limited, place = 0.0, 0
        for down in self._ways_down(gain, ceiling):
            energies = self._steps.read(place, place + len(down))[:, 1]
            place += len(down)
            if down.any():
                limited = max(limited, float(down.max()))
                # The gain changes slowly beside the filter's memory.
                energies = energies * np.power(np.float32(10), down * np.float32(-1 / 10))
            powers.add(energies)
        found = measure.gated(powers.blocks())
        return measure.ABSOLUTE_GATE if found is None else found, limited

    def _ways_down(self, gain: float, ceiling: float) -> Iterator[NDArray[np.float32]]:
        """By how many decibels each step goes down so that no peak passes `ceiling` after `gain`, block by block."""
        room = np.float32(10 ** ((ceiling - gain) / 20))
        total, size = len(self._steps), BLOCK // _STEP
        slow, quick = _LettingGo(_RECOVERY), _LettingGo(_AT_ONCE)
        for begin in range(0, total, size):
            end = min(begin + size, total)
            curve = self._steps.read(begin - 1 - _SHORT, end + _LOOK_AHEAD + 1 + _SHORT)[:, 0]
            if not (curve > room).any() and slow.rests and quick.rests:
                slow.begin()
                quick.begin()
                yield np.zeros(end - begin, np.float32)
                continue
            need = 20 * np.log10(np.maximum(curve / room, np.float32(1)))
            lasting = np.maximum(_lasting(need), np.minimum(need, np.float32(_OUT)))
            inside = slice(_SHORT, len(need) - _SHORT)
            down = slow(lasting[inside], end - begin)
            if (need > lasting).any() or not quick.rests:
                down += quick((need - lasting)[inside], end - begin)
            else:
                quick.begin()
            yield down.astype(np.float32)

    def _after(self, way: Setting) -> float:
        """The true peak after all that is done to the mix, in dBTP."""
        meter = measure.Peak()
        for block in self.blocks(way):
            meter.hear(block)
        return _decibels(meter.highest()) or -np.inf

    def blocks(self, way: Setting) -> Iterator[NDArray[np.float32]]:
        """The mix as `way` says, in blocks (n, 2). Raises OSError."""
        factor = np.float32(10 ** (way.gain / 20))
        size = BLOCK // _STEP
        before: np.float32 | None = None
        begin = 0
        for down, following in _with_next(self._ways_down(way.gain, way.ceiling)):
            end = min(begin + BLOCK, len(self._mix))
            block = self._mix.read(begin, end)
            first = down[0] if before is None else before
            edges = np.concatenate(([first], down, [down[-1] if following is None else following[0]]))
            before, begin = down[-1], end
            if edges.any():
                factors = factor * np.power(np.float32(10), edges * np.float32(-1 / 20))
                middles = np.arange(-1, min(size, len(down)) + 1) * _STEP + (_STEP - 1) / 2
                block *= np.interp(np.arange(len(block)), middles, factors).astype(np.float32)[:, None]
            else:
                block *= factor
            yield block


class _LettingGo:
    """Turns how far down each step has to go into a way down that is complete when it has to be, and ends in time."""

    def __init__(self, recovery: float) -> None:
        """`recovery` is how fast it ends, in decibels a step."""
        self._recovery = recovery
        self._behind: NDArray[np.float64] | None = None

    @property
    def rests(self) -> bool:
        """True when nothing of the way is left."""
        return self._behind is None or not self._behind.any()

    def begin(self) -> None:
        """Nothing was to be done for a block."""
        self._behind = np.zeros(_LOOK_AHEAD)

    def __call__(self, need: NDArray[np.float32], count: int) -> NDArray[np.float64]:
        """The next `count` steps, for a `need` that begins one step before them and ends after what is looked ahead."""
        # One step longer on either side, because gains go straight from the middle of a step to the next.
        ahead = _highest_ahead(np.maximum(need[1:], need[:-1]), _LOOK_AHEAD + 1)[:count]
        last = 0.0 if self._behind is None else float(self._behind[-1])
        ramp = np.arange(1, count + 1) * self._recovery
        slow = np.maximum.accumulate(np.maximum(ahead + ramp, last)) - ramp
        # The way down is complete when the peak comes, because the mean is taken over exactly the look-ahead.
        whole = np.concatenate((np.full(_LOOK_AHEAD, slow[0]) if self._behind is None else self._behind, slow))
        self._behind = np.where(whole > 1e-9, whole, 0.0)[-_LOOK_AHEAD:]
        return _means(whole, _LOOK_AHEAD + 1)


def _lasting(need: NDArray[np.float32]) -> NDArray[np.float32]:
    """What of the `need` lasts for `_SHORT` steps at least (an opening, as in mathematical morphology)."""
    least = -_highest_ahead(-need, _SHORT - 1)
    return _highest_ahead(least[::-1], _SHORT - 1)[::-1].astype(np.float32)


def _with_next(
    blocks: Iterator[NDArray[np.float32]],
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32] | None]]:
    """Each block together with the one behind it."""
    here = next(blocks, None)
    while here is not None:
        following = next(blocks, None)
        yield here, following
        here = following


def _steps_of(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(steps, step), with zeros at the end."""
    padded = np.zeros(-(-len(values) // _STEP) * _STEP, np.float32)
    padded[: len(values)] = values
    return padded.reshape(-1, _STEP)


def _highest_ahead(values: NDArray[np.floating], count: int) -> NDArray[np.floating]:
    """For each place the highest of it and the `count` after it (by doubling, so in log steps)."""
    result, reach = values.copy(), 0
    while reach < count:
        step = min(reach + 1, count - reach)
        np.maximum(result[:-step], result[step:].copy(), out=result[:-step])
        reach += step
    return result


def _means(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The mean of each `count` values in a row."""
    sums = np.cumsum(np.concatenate(([0.0], values)))
    return (sums[count:] - sums[:-count]) / count


def _decibels(height: float) -> float | None:
    return float(20 * np.log10(height)) if height > 0 else None
