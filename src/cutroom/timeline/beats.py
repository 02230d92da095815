"""Where the beats of composed music fall, before a note of it exists.

The planner cuts on this grid and the house composer plays on it: both call `tempo_grid` with the same mood, length and
seed. The tempo is chosen within the mood's range so that whole bars, a slight slowing down before the end where the
mood wants one, and the time in which the last chord rings add up to the length exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import log
from random import Random
from types import MappingProxyType

TICKS = 48_000
"""Beats fall on whole samples of 48 kHz sound."""
BEATS_A_BAR = 4


@dataclass(frozen=True)
class Tempo:
    """How fast music of a mood goes."""

    slow: int
    """Beats a minute at least."""
    fast: int
    """Beats a minute at most."""
    broadening: tuple[Fraction, ...] = (Fraction(1),) * BEATS_A_BAR
    """How long the beats of the last bar before the final chord are, in beats: more than 1 slows down."""
    ring: Fraction = Fraction(4)
    """How long the final chord rings at most, in seconds."""


_HELD = (Fraction(1), Fraction(51, 50), Fraction(53, 50), Fraction(28, 25))
_HELD_A_LITTLE = (Fraction(1), Fraction(101, 100), Fraction(103, 100), Fraction(53, 50))

TEMPI: MappingProxyType[str, Tempo] = MappingProxyType(
    {
        "calm": Tempo(62, 76, _HELD),
        "upbeat": Tempo(108, 124, ring=Fraction(3)),
        "warm": Tempo(80, 96, _HELD_A_LITTLE),
        "epic": Tempo(84, 100, _HELD_A_LITTLE),
        "playful": Tempo(112, 132, ring=Fraction(5, 2)),
        "melancholy": Tempo(58, 72, _HELD),
        "tense": Tempo(96, 116),
    }
)
"""The tempo ranges of the moods. Changing them moves the beats: raise the composer's version with it."""


@dataclass(frozen=True)
class Grid:
    """The beats of a piece of music, in seconds from its start."""

    bpm: Fraction
    """Beats a minute of the main part (the last bar may be slower)."""
    beats: tuple[Fraction, ...]
    """When each beat falls, in whole samples at 48 kHz; the last is the downbeat of the final chord."""
    bars: tuple[Fraction, ...]
    """The downbeats among the beats; the last is that of the final chord."""
    seconds: Fraction
    """How long the music is: from the last beat on, the final chord rings."""


def tempo_grid(mood: str, seconds: Fraction, seed: int) -> Grid:
    """The grid of music for `mood` (a name in `TEMPI`) that lasts `seconds`; another seed gives another tempo.

    Short music may be up to a tenth faster or slower than the range. Music too short for one bar has an upbeat of
    fewer beats, or none. Raises ValueError for an unknown mood or a length that is not above zero.
    """
    if mood not in TEMPI:
        raise ValueError(f"mood: {mood!r} is none of {', '.join(TEMPI)}")
    if seconds <= 0:
        raise ValueError(f"seconds: music must last longer than {seconds} s")
    tempo = TEMPI[mood]
    share = Fraction(int(Random(f"tempo/{mood}/{seed}").random() * 1000), 1000)
    wanted = tempo.slow + (tempo.fast - tempo.slow) * share
    lengths, ring = _fit(tempo, wanted, seconds)
    if not lengths:
        return Grid(wanted, (Fraction(0),), (Fraction(0),), seconds)
    beat = (seconds - ring) / sum(lengths)
    beats = [Fraction(0)]
    for length in lengths:
        beats.append(beats[-1] + length * beat)
    exact = tuple(Fraction(round(at * TICKS), TICKS) for at in beats)
    return Grid(60 / beat, exact, exact[len(lengths) % BEATS_A_BAR :: BEATS_A_BAR], seconds)


def _fit(tempo: Tempo, wanted: Fraction, seconds: Fraction) -> tuple[tuple[Fraction, ...], Fraction]:
    """The lengths of all beats before the final chord, in beats, and how long that chord rings."""
    shortest = min(max(Fraction(4, 5), seconds * Fraction(12, 100)), Fraction(5, 2))
    longest = min(max(Fraction(2), seconds * Fraction(35, 100)), tempo.ring)
    # Some short lengths fit no bars within the range; a tenth outside it is better than an odd bar.
    for leeway in (Fraction(1), Fraction(11, 10)):
        best: tuple[float, int, Fraction] | None = None
        for count in range(BEATS_A_BAR, int(seconds * tempo.fast * leeway / 60) + 1, BEATS_A_BAR):
            total = count - BEATS_A_BAR + sum(tempo.broadening)
            ring = min(max(seconds - total * 60 / wanted, shortest), longest)
            bpm = total * 60 / (seconds - ring) if seconds > ring else Fraction(0)
            if tempo.slow / leeway <= bpm <= tempo.fast * leeway:
                cost = abs(log(bpm / wanted)) + _oddness(count)
                if best is None or cost < best[0]:
                    best = cost, count, ring
        if best is not None:
            return (Fraction(1),) * (best[1] - BEATS_A_BAR) + tempo.broadening, best[2]
    return _upbeat(wanted, seconds, shortest)


def _upbeat(wanted: Fraction, seconds: Fraction, shortest: Fraction) -> tuple[tuple[Fraction, ...], Fraction]:
    """What fits when no number of whole bars does: as many even beats as leave the final chord its time."""
    count = max(int((seconds - shortest) * wanted / 60), 0)
    return (Fraction(1),) * count, max(seconds - count * 60 / wanted, Fraction(0))


def _oddness(beats: int) -> float:
    """What a number of beats costs for not being whole phrases: eights of bars are best, single bars worst."""
    bars = beats // BEATS_A_BAR
    if bars % 2:
        return 0.12
    return 0.06 if bars % 4 else 0.02 if bars % 8 else 0.0
