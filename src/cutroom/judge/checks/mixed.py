"""Is what is heard in the film what its cut mixes to? Powers in bands are held against a mix made anew.

| check | bound | from |
|---|---|---|
| `out_of_step` | the sound lies within 30 ms of where the cut has it | ITU-R BT.1359: 45 ms early, 125 ms late are noticed |
| `channels` | left and right differ as in the mix, but for 1.5 dB; they are as much alike, but for 0.4 (correlation) | |
| `sound_not_as_cut` | no band lacks 4.5 dB for 0.12 s, nor half of them 10 dB for 0.03 s, where the mix is heard | clean: 3 dB |
| | no band has 4.5 dB too much for 0.2 s, 8 dB for 0.03 s or 14 dB for 0.01 s | as above |

Mastering changes the level of all of it: the median difference in level is no fault, and loudness is judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutroom.errors import BadInput
from cutroom.judge.evidence import Evidence, clock, found, found_in, measured, unmeasured
from cutroom.media import sound as sounds
from cutroom.media.store import Store
from cutroom.render.sound import mixed
from cutroom.render.tape import Tape, blocks_of
from cutroom.time import Span
from cutroom.timeline.timeline import Timeline

RATE = 48_000
HOP = 480
WINDOW = 960
EDGES = (40, 75, 130, 250, 500, 1000, 2000, 4000, 8000, 14_000)
"""Hertz: between each two lies a band."""
AUDIBLE = -62.0
"""In dBFS: what lies below in a band is not heard beside the rest."""
HEARD = -52.0
"""What of the mix lies above in a band would be missed."""
LATE = 0.030
ASIDE = 1.5
ALIKE = 0.4
LONG = (4.5, 12, 20)
"""So many decibels in any one band; for so many hops when it is missing, for so many when it is too much."""
SHORT = ((10.0, 3), (8.0, 3), (14.0, 1))
"""So many decibels for so many hops: the first when half of what should be heard is missing, the others when any band has too
much. An encoder drops single bands for a moment, as its bits run short; it adds none."""
LEAST_BANDS = 3
FINEST = 8.0
"""Decibels by which the highest band may be off besides: encoders save there first."""
WORDS = {"missing": "is missing", "too_much": "is heard that the cut does not have"}


@dataclass(frozen=True, eq=False)
class Heard:
    """A sound as powers in bands."""

    bands: NDArray[np.float32]
    """(hops, bands), in dBFS."""
    sides: NDArray[np.float64]
    """The power of left and right, and their product's mean, each per hop: (hops, 3)."""
    envelope: NDArray[np.float32]
    """The mean magnitude of each millisecond."""


def as_mixed(path: Path, timeline: Timeline, store: Store) -> Evidence:
    """What differs, when, and in which band. Abstains when the mix cannot be made, or the film not be heard."""
    if not any(track.sounds for track in timeline.sound):
        return unmeasured("as_mixed", "the cut has no sound")
    try:
        with Tape() as tape:
            mixed(timeline, store, tape, degrade=None)
            meant = heard(blocks_of(tape))
        film = heard(sounds.blocks(path, rate=RATE))
    except BadInput as error:
        return unmeasured("as_mixed", f"it cannot be compared: {error.reason}")
    count = min(len(film.bands), len(meant.bands))
    if count < 20:
        return unmeasured("as_mixed", "it is too short to be compared")
    late = _late(film, meant)
    evidence = measured(sound_late_s=late)
    if abs(late) > LATE:
        says = f"the sound is {abs(late):.3f} s {'late' if late > 0 else 'early'} (at most {LATE} s)"
        evidence += found("out_of_step", says)
    return evidence + _sides(film, meant, count) + _bands(film, meant, count)


def heard(blocks: Iterator[NDArray[np.float32]]) -> Heard:
    """Blocks (n, 2) at 48 kHz as powers, in constant memory but for these."""
    bands, sides, envelope = [], [], []
    rest = np.zeros((0, 2), np.float32)
    window = np.hanning(WINDOW).astype(np.float32)[None]
    bins = np.searchsorted(np.fft.rfftfreq(WINDOW, 1 / RATE), EDGES)
    for block in blocks:
        rest = np.concatenate([rest, block])
        count = (len(rest) - WINDOW) // HOP + 1
        if count < 1:
            continue
        mono = np.lib.stride_tricks.sliding_window_view(rest.mean(axis=1), WINDOW)[::HOP][:count]
        power = np.abs(np.fft.rfft(mono * window, axis=1)) ** 2 * (8 / 3 / WINDOW**2 * 2)
        summed = np.add.reduceat(power, bins, axis=1)[:, :-1]
        bands.append(10 * np.log10(summed + 1e-12))
        done = rest[: count * HOP]
        left, right = done[:, 0].reshape(count, HOP), done[:, 1].reshape(count, HOP)
        sides.append(np.stack([(left**2).mean(axis=1), (right**2).mean(axis=1), (left * right).mean(axis=1)], axis=1))
        envelope.append(np.abs(done.mean(axis=1)).reshape(count * 10, 48).mean(axis=1))
        rest = rest[count * HOP :]
    if not bands:
        return Heard(np.zeros((0, len(EDGES) - 1), np.float32), np.zeros((0, 3)), np.zeros(0, np.float32))
    return Heard(
        np.concatenate(bands).astype(np.float32),
        np.concatenate(sides).astype(np.float64),
        np.concatenate(envelope).astype(np.float32),
    )


def _late(film: Heard, meant: Heard) -> float:
    """By how many seconds the film's sound lies behind the mix: where changes of level fit best, within a second."""
    count = min(len(film.envelope), len(meant.envelope))
    one, other = (np.diff(np.sqrt(sound.envelope[:count]), prepend=0) for sound in (film, meant))
    size = 1 << (2 * count - 1).bit_length()
    fits = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    reach = min(1000, count // 2)
    near = np.concatenate([fits[-reach:], fits[: reach + 1]])
    return (int(near.argmax()) - reach) / 1000


def _sides(film: Heard, meant: Heard, count: int) -> Evidence:
    here, there = film.sides[:count], meant.sides[:count]
    loud = 10 * np.log10(there[:, :2].sum(axis=1) + 1e-12) > HEARD
    if loud.sum() < 20:
        return unmeasured("channels", "next to nothing is to be heard")
    evidence = Evidence()
    apart = [10 * np.log10((one[loud, 0].sum() + 1e-12) / (one[loud, 1].sum() + 1e-12)) for one in (here, there)]
    evidence += measured(left_over_right_db=apart[0])
    if abs(apart[0] - apart[1]) > ASIDE:
        says = f"left is {apart[0]:.1f} dB louder than right, in the cut {apart[1]:.1f} dB (at most {ASIDE} dB apart)"
        evidence += found("channels", says)
    for span in _stretches(_alike(here) < _alike(there) - ALIKE, loud, 60):
        evidence += found_in("channels", f"for {_when(span)}, left and right cancel each other in mono", span)
    return evidence


def _alike(sides: NDArray[np.float64]) -> NDArray[np.float64]:
    """The correlation of left and right around each hop, over half a second."""
    smooth = np.stack([np.convolve(sides[:, place], np.ones(50) / 50, mode="same") for place in range(3)], axis=1)
    return smooth[:, 2] / np.sqrt(smooth[:, 0] * smooth[:, 1] + 1e-18)


def _bands(film: Heard, meant: Heard, count: int) -> Evidence:
    here, there = film.bands[:count], meant.bands[:count]
    both = (here > HEARD) & (there > HEARD)
    if both.sum() < 50:
        return unmeasured("sound_not_as_cut", "next to nothing is to be heard")
    gain = float(np.median((here - there)[both]))
    # A little smeared in time: an encoder's windows are longer than these.
    expected = there + gain
    least = np.minimum.reduce([np.roll(expected, by, axis=0) for by in (-2, -1, 0, 1, 2)])
    most = np.maximum.reduce([np.roll(expected, by, axis=0) for by in (-2, -1, 0, 1, 2)])
    missing = np.where(least > HEARD, least - here, -np.inf)
    too_much = np.where(here > AUDIBLE, here - np.maximum(most, AUDIBLE), -np.inf)
    evidence = measured(mastering_gain_db=gain)
    missing[:, -1] -= FINEST
    too_much[:, -1] -= FINEST
    evidence += _faults("missing", missing, _half(missing), SHORT[:1], LONG[1])
    return evidence + _faults("too_much", too_much, too_much.max(axis=1), SHORT[1:], LONG[2])


def _half(missing: NDArray[np.floating]) -> NDArray[np.floating]:
    """What at least half of the bands that should be heard lack, at each hop."""
    heard_here = np.isfinite(missing)
    count = heard_here.sum(axis=1)
    # Bands that need not be heard are sorted to the front.
    middle = missing.shape[1] - 1 - count // 2
    ordered = np.sort(missing, axis=1)[np.arange(len(missing)), np.clip(middle, 0, missing.shape[1] - 1)]
    return np.where(count >= LEAST_BANDS, ordered, -np.inf)


def _faults(
    what: str,
    apart: NDArray[np.floating],
    broad: NDArray[np.floating],
    short: tuple[tuple[float, int], ...],
    long: int,
) -> Evidence:
    """Findings by the first bound that is exceeded anywhere: in one band for long, or in several for a moment."""
    everywhere = np.ones(len(apart), bool)
    for flags, least in ((apart.max(axis=1) > LONG[0], long), *((broad > bound, hops) for bound, hops in short)):
        evidence = Evidence()
        for span in _stretches(flags, everywhere, least):
            inside = apart[int(span.start * 100) : int(span.end * 100) + 1]
            band = int(np.unravel_index(int(inside.argmax()), inside.shape)[1])
            low, high = EDGES[band], EDGES[band + 1]
            says = f"for {_when(span)}, something {WORDS[what]}: up to {inside.max():.0f} dB at {low} to {high} Hz"
            evidence += found_in("sound_not_as_cut", says, span)
        if evidence.findings:
            return evidence
    return Evidence()


def _stretches(flags: NDArray[np.bool_], where: NDArray[np.bool_], least: int) -> Iterator[Span]:
    """When `flags` holds for at least `least` hops, of those that count."""
    place = 0
    for flag, run in groupby((flags & where).tolist()):
        count = len(list(run))
        if flag and count >= least:
            yield Span(start=Fraction(place, 100), length=Fraction(count, 100))
        place += count


def _when(span: Span) -> str:
    return f"{clock(span.length)} from {clock(span.start)} on"
