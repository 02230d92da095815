"""The mix: what is heard, from the tracks of a timeline to one mastered stereo signal of 48 kHz.

Levels. Recordings come at any level, so every medium is first brought to the level of its role (`LEVELS`); gains of the
timeline then count from there. A voice stands at -16 LUFS, music at -19: music 10 dB ducked is 13 LU under the voice,
where speech stays easy to follow. Natural sound is raised by a few decibels at most, because a quiet place is quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import av
import av.filter
import numpy as np
from av.filter.context import FilterContext
from numpy.typing import NDArray

from cutroom.errors import BadInput, BrokenProduction
from cutroom.measures import sound as measure
from cutroom.media import sound as reading
from cutroom.media.store import Store
from cutroom.timeline.timeline import Sound, SoundTrack, Timeline

RATE = 48_000


@dataclass(frozen=True)
class Level:
    """Where a role stands in the mix before the timeline's own gains."""

    loudness: float
    """In LUFS."""
    boost: float
    """How many decibels a quiet recording may be raised."""


LEVELS: dict[str, Level] = {
    "voice": Level(-16.0, 24.0),
    "music": Level(-19.0, 20.0),
    "natural": Level(-24.0, 6.0),
}
"""By role; effects stay as they are."""

VOICE_FROM = 80.0
"""Below this many hertz a voice has nothing to say: rumble and thumps."""

# Ducking, in hundredths of a second.
_TICKS = 100
_AHEAD, _HOLD, _ATTACK, _RELEASE, _BRIDGE = 15, 25, 12, 60, 90
_DECLICK = Fraction(4, 1000)
_LAST_FADE = Fraction(15, 1000)

# Mastering.
_MOST_GAIN = 20.0
_MOST_LIMITING = 12.0
_STEP = 8
"""The limiter thinks in steps of so many samples (a sixth of a millisecond)."""
_LOOK_AHEAD = 24
"""In steps: 4 ms."""
_RECOVERY = 60.0 * _STEP / RATE
"""In decibels a step: 60 a second."""

Degrade = Callable[[str, str], None]


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


def mix(timeline: Timeline, store: Store, *, degrade: Degrade | None = None) -> NDArray[np.float32]:
    """All sound of `timeline` as float32 of shape (n, 2) at 48 kHz; n is the film's length to the nearest sample.

    A sound that cannot be read is left out and told to `degrade` (what, why); without `degrade` its error is raised
    (BadInput, or BrokenProduction when the store has lost it).
    """
    film = np.zeros((_sample(timeline.seconds), 2), np.float32)
    for _, signal in stems(timeline, store, degrade=degrade):
        film += signal
    return film


def stems(
    timeline: Timeline, store: Store, *, degrade: Degrade | None = None
) -> Iterator[tuple[SoundTrack, NDArray[np.float32]]]:
    """Each track as it is heard in the mix, levelled and ducked, one after the other: their sum is `mix`.

    Shapes, lengths and errors are those of `mix`. Voices come first; tracks without a sound are left out.
    """
    total = _sample(timeline.seconds)
    voices: NDArray[np.float32] | None = None
    ducked = 0.0
    down = np.zeros(1)
    for track in sorted(timeline.sound, key=lambda track: track.role != "voice"):
        if not track.sounds:
            continue
        signal = _track(track, total, store, degrade)
        if track.role == "voice":
            voices = signal.copy() if voices is None else voices + signal
        elif track.duck and voices is not None:
            if track.duck != ducked:
                down, ducked = ducking(voices, track.duck), track.duck
            signal *= _gains(down, total)[:, None]
        _fade_end(signal, _LAST_FADE)
        yield track, signal


def levelling(track: SoundTrack, store: Store) -> dict[str, float]:
    """By how many decibels the mix raises each recording of `track` (by digest) before its gains.

    Raises BadInput or BrokenProduction when one cannot be read.
    """
    return _levelled(track.role, [(sound, _heard(track.role, sound, store)) for sound in track.sounds])


def ducking(voices: NDArray[np.float32], depth: float) -> NDArray[np.float64]:
    """By how many decibels others go down, each hundredth of a second, so that `voices` are understood.

    The way down begins before the first word and is complete when it comes; short pauses between words and sentences
    are bridged, so that nothing pumps; the way up is slow. Both are straight in decibels with rounded corners.
    """
    level = measure.levels(voices, RATE, hop=Fraction(1, _TICKS))
    active = level > max(-50.0, float(level.max(initial=-120.0)) - 32.0)
    starts, ends = _runs(active)
    covered = np.zeros(len(level) + 1)
    for start, end in _joined(starts, ends):
        covered[max(0, start - _AHEAD + _ATTACK // 2) : end + _HOLD] = depth
    down = _straight_after(covered[:-1], depth / _RELEASE)
    down = _straight_after(down[::-1], depth / _ATTACK)[::-1]
    window = np.hanning(_ATTACK + 2)[1:-1]
    padded = np.pad(down, _ATTACK // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")[: len(down)].astype(np.float64)


def master(samples: NDArray[np.float32], *, loudness: float = -14.0, true_peak: float = -1.0) -> NDArray[np.float32]:
    """`samples` (48 kHz, shape (n, 2)) at `loudness` LUFS with no true peak above `true_peak` dBTP. See `mastered`."""
    return mastered(samples, loudness=loudness, true_peak=true_peak).samples


def mastered(samples: NDArray[np.float32], *, loudness: float = -14.0, true_peak: float = -1.0) -> Mastered:
    """One gain, then a look-ahead limiter for true peaks, tuned together until the loudness is met.

    Silence stays silence. A nearly silent signal is raised by 20 dB at most, and the limiter takes 12 dB at most off
    the highest peak: what is out of reach without pumping stays below `loudness`, and the figures returned say so.
    """
    energies = _energies(samples)
    found = _loudness(energies)
    if found is None:
        return Mastered(samples.copy(), None, measure.true_peak(samples), 0.0, 0.0)
    # A gain found at first may still grow by what the limiter takes away; more than that it need not look at.
    above = 10 ** ((true_peak - min(loudness - found, _MOST_GAIN) - 3.0) / 20)
    curve = _by_step(measure.peaks(samples, above=above))
    peak = float(20 * np.log10(curve.max()))
    gain, down, reached = _tuned(curve, energies, (loudness, true_peak))
    result = _raised(samples, gain, down)
    after = measure.true_peak(result) if down.any() or peak + gain > true_peak - 1.0 else peak + gain
    if after is not None and after > true_peak:
        # What lies below a hundredth of a decibel: the limiter's own movement between two samples.
        result *= np.float32(10 ** ((true_peak - after - 0.001) / 20))
        after, reached = true_peak - 0.001, reached + true_peak - after
    return Mastered(result, reached, after, gain, float(down.max(initial=0.0)))


def _energies(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The K-weighted power of each step, summed over channels, so that trying a gain curve costs next to nothing."""
    weighted = measure.weighted(samples, RATE)
    squares = np.zeros(-(-len(samples) // _STEP) * _STEP, np.float32)
    np.einsum("nc,nc->n", weighted, weighted, out=squares[: len(samples)])
    return squares.reshape(-1, _STEP).mean(axis=1)


def _loudness(energies: NDArray[np.float32], down: NDArray[np.float32] | None = None) -> float | None:
    """In LUFS, after going `down` (decibels a step), which changes slowly beside the filter's memory."""
    if down is not None:
        energies = energies * np.power(np.float32(10), down * np.float32(-1 / 10))
    return measure.gated(measure.block_energies(np.sqrt(energies)[:, None], RATE // _STEP))


def _by_step(curve: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.zeros(-(-len(curve) // _STEP) * _STEP, np.float32)
    padded[: len(curve)] = curve
    return padded.reshape(-1, _STEP).max(axis=1)


def _tuned(
    curve: NDArray[np.float32], energies: NDArray[np.float32], wanted: tuple[float, float]
) -> tuple[float, NDArray[np.float32], float]:
    """The gain, the limiter's way down after it (decibels, each step), and the loudness that both reach together."""
    loudness, ceiling = wanted
    most = min(_MOST_GAIN, ceiling + _MOST_LIMITING - float(20 * np.log10(curve.max())))
    gain, down, reached = min(most, loudness - (_loudness(energies) or 0.0)), curve, loudness
    for _ in range(5):
        down = _limiting(curve, gain, ceiling - 0.02)
        reached = (_loudness(energies, down) or measure.ABSOLUTE_GATE) + gain
        if abs(loudness - reached) < 0.03 or (gain >= most and reached < loudness):
            break
        gain = min(most, gain + loudness - reached)
    return gain, down, reached


def _limiting(curve: NDArray[np.float32], gain: float, ceiling: float) -> NDArray[np.float32]:
    """By how many decibels each step goes down so that no peak passes `ceiling` after `gain`."""
    room = np.float32(10 ** ((ceiling - gain) / 20))
    need = np.zeros(len(curve), np.float32)
    over = np.flatnonzero(curve > room)
    if not over.size:
        return need
    need[over] = 20 * np.log10(curve[over] / room)
    # One step longer on either side, because gains go straight from the middle of a step to the next.
    need[1:] = np.maximum(need[1:], need[:-1].copy())
    need = _highest_ahead(need, _LOOK_AHEAD + 1)
    need = _straight_after(need, _RECOVERY).astype(np.float32)
    # The way down is complete when the peak comes, because the mean is taken over exactly the look-ahead.
    return _mean_behind(need, _LOOK_AHEAD)


def _highest_ahead(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """For each place the highest of it and the `count` after it (by doubling, so in log steps)."""
    result, reach = values.copy(), 0
    while reach < count:
        step = min(reach + 1, count - reach)
        np.maximum(result[:-step], result[step:].copy(), out=result[:-step])
        reach += step
    return result


def _mean_behind(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """For each place the mean of it and the `count` before it."""
    padded = np.concatenate((np.full(count + 1, values[0], np.float64), values.astype(np.float64)))
    sums = np.cumsum(padded)
    return ((sums[count + 1 :] - sums[: -count - 1]) / (count + 1)).astype(np.float32)


def _straight_after(values: NDArray[np.floating], slope: float) -> NDArray[np.float64]:
    """`values`, but going down by `slope` a step at most."""
    ramp = np.arange(len(values)) * slope
    return np.maximum.accumulate(values + ramp).astype(np.float64) - ramp


def _raised(samples: NDArray[np.float32], gain: float, down: NDArray[np.float32]) -> NDArray[np.float32]:
    factor = np.float32(10 ** (gain / 20))
    if not down.any():
        return samples * factor
    factors = factor * np.power(np.float32(10), down * np.float32(-1 / 20))
    middles = np.arange(len(down)) * _STEP + (_STEP - 1) / 2
    return samples * np.interp(np.arange(len(samples)), middles, factors).astype(np.float32)[:, None]


def _runs(active: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], active, [False]))))
    return edges[::2].tolist(), edges[1::2].tolist()


def _joined(starts: list[int], ends: list[int]) -> Iterator[tuple[int, int]]:
    """Stretches of activity, with pauses up to `_BRIDGE` between them bridged; clicks of under 30 ms do not count."""
    kept = [(start, end) for start, end in zip(starts, ends, strict=True) if end - start >= 3]
    while kept:
        start, end = kept.pop(0)
        while kept and kept[0][0] - end <= _BRIDGE:
            end = kept.pop(0)[1]
        yield start, end


def _gains(down: NDArray[np.float64], total: int) -> NDArray[np.float32]:
    """Decibels down each hundredth of a second, as a factor for each sample."""
    step = RATE // _TICKS
    middles = (np.arange(len(down)) + 0.5) * step
    curve = np.interp(np.arange(total), middles, down).astype(np.float32)
    return np.power(np.float32(10), curve * np.float32(-1 / 20))


def _track(track: SoundTrack, total: int, store: Store, degrade: Degrade | None) -> NDArray[np.float32]:
    signal = np.zeros((total, 2), np.float32)
    heard: list[tuple[Sound, NDArray[np.float32]]] = []
    for sound in track.sounds:
        try:
            heard.append((sound, _heard(track.role, sound, store)))
        except (BadInput, BrokenProduction) as error:
            if degrade is None:
                raise
            degrade(f"{track.role}: {sound.name or sound.media.digest[:12]}", f"left out of the mix: {error}")
    gains = _levelled(track.role, heard)
    for sound, samples in heard:
        begin, end = _sample(sound.start), _sample(sound.start + sound.source.length / sound.speed)
        part = _fitted(samples, end - begin)
        _shape(part, sound, track)
        part *= np.float32(10 ** ((gains[sound.media.digest] + sound.gain + track.gain) / 20))
        skip = max(0, -begin)
        if min(end, total) > begin + skip:
            signal[begin + skip : min(end, total)] += part[skip : min(end, total) - begin]
    return signal


def _levelled(role: str, heard: list[tuple[Sound, NDArray[np.float32]]]) -> dict[str, float]:
    """By how many decibels each medium is raised (by digest), measured over all that is heard of it."""
    gains: dict[str, float] = {}
    for digest in dict.fromkeys(sound.media.digest for sound, _ in heard):
        parts = [samples for sound, samples in heard if sound.media.digest == digest]
        level = LEVELS.get(role)
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        found = measure.loudness_only(whole, RATE) if level else None
        gains[digest] = min(level.loudness - found, level.boost) if level and found is not None else 0.0
    return gains


def _heard(role: str, sound: Sound, store: Store) -> NDArray[np.float32]:
    """What is heard of a sound before its level is set."""
    samples = _samples(sound, store)
    return measure.filtered(samples, (measure.high_pass(VOICE_FROM, RATE),)) if role == "voice" else samples


def _samples(sound: Sound, store: Store) -> NDArray[np.float32]:
    samples = reading.samples(store.path(sound.media), span=sound.source, rate=RATE)
    return samples if sound.speed == 1 else stretched(samples, sound.speed)


def stretched(samples: NDArray[np.float32], speed: Fraction) -> NDArray[np.float32]:
    """`samples` (n, 2) at 48 kHz played `speed` times as fast at the same pitch: shape (round(n / speed), 2)."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="stereo", time_base=Fraction(1, RATE))
    last: FilterContext = source
    for factor in _factors(float(speed)):
        step = graph.add("atempo", f"{factor:.9f}")
        last.link_to(step)
        last = step
    sink = graph.add("abuffersink")
    last.link_to(sink)
    graph.configure()
    parts: list[NDArray[np.float32]] = []
    for start in range(0, len(samples), 1 << 15):
        chunk = np.ascontiguousarray(samples[start : start + (1 << 15)], np.float32)
        frame = av.AudioFrame.from_ndarray(chunk.reshape(1, -1), format="flt", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        graph.push(frame)
        parts.extend(_pulled(graph))
    graph.push(None)
    parts.extend(_pulled(graph))
    whole = np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)
    return _fitted(whole, round(len(samples) / speed))


def _factors(speed: float) -> list[float]:
    """`speed` as steps of 0.5 to 2, where the filter neither skips nor repeats whole stretches."""
    steps = max(1, ceil(abs(np.log2(speed)) - 1e-9))
    return [speed ** (1 / steps)] * steps


def _pulled(graph: av.filter.Graph) -> Iterator[NDArray[np.float32]]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        yield np.asarray(frame.to_ndarray(), np.float32).reshape(-1, 2)


def _fitted(samples: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """A copy that is `count` samples long: cut, or followed by silence with no click where the sound ends."""
    result = np.zeros((count, 2), np.float32)
    length = min(count, len(samples))
    result[:length] = samples[:length]
    if length < count:
        _fade_end(result[:length], _DECLICK)
    return result


def _shape(part: NDArray[np.float32], sound: Sound, track: SoundTrack) -> None:
    """Fade `part` in and out, in place.

    Where another sound of the track fades the other way at the same time, the two are a crossfade of unlike sounds and
    keep their common power (sine and cosine). Else a fade goes to silence, and a raised cosine sounds smooth. Edges
    without a fade are rounded over 4 ms, unless the same recording simply goes on there.
    """
    end = sound.start + sound.source.length / sound.speed
    before = [other for other in track.sounds if other is not sound and other.start < sound.start <= _end(other)]
    after = [other for other in track.sounds if other is not sound and sound.start < other.start <= end]
    if not any(_goes_on(other, sound) for other in before):
        crossed = any(_end(other) > sound.start and other.fade_out for other in before)
        _fade(part, sound.fade_in, crossed=crossed)
    if not any(_goes_on(sound, other) for other in after):
        crossed = any(other.start < end and other.fade_in for other in after)
        _fade(part[::-1], sound.fade_out, crossed=crossed)


def _fade(part: NDArray[np.float32], seconds: Fraction, *, crossed: bool) -> None:
    count = min(len(part), _sample(max(seconds, _DECLICK)))
    way = (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(max(1, count))
    rise = np.sin(way * np.float32(np.pi / 2))
    part[:count] *= (rise if crossed else rise * rise)[:, None]


def _fade_end(samples: NDArray[np.float32], seconds: Fraction) -> None:
    count = min(len(samples), _sample(seconds))
    if count:
        fall = np.cos(np.linspace(0, np.pi / 2, count, dtype=np.float32))
        samples[-count:] *= (fall * fall)[:, None]


def _end(sound: Sound) -> Fraction:
    return sound.start + sound.source.length / sound.speed


def _goes_on(one: Sound, other: Sound) -> bool:
    """True when `other` is the next moment of the recording that `one` plays."""
    return (
        one.media.digest == other.media.digest
        and (one.speed, one.gain) == (other.speed, other.gain)
        and other.speed == 1
        and _end(one) == other.start
        and one.source.end == other.source.start
        and not one.fade_out
        and not other.fade_in
    )


def _sample(seconds: Fraction) -> int:
    """The sample nearest to a time (half up)."""
    return int((seconds * RATE + Fraction(1, 2)) // 1)
