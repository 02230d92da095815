"""Notes, scales, chords and voice leading: pure arithmetic on pitches. Keys are MIDI numbers, 60 is middle C."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, pairwise
from random import Random
from typing import TypeVar

Thing = TypeVar("Thing")

SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}
"""The degrees of each mode, in semitones above the tonic."""

_ROMAN = re.compile(
    r"(?P<shift>[b#]?)(?P<degree>VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(?P<kind>[a-z0-9]*)"
    r"(?:/(?P<bass>[1357]))?$"
)
_DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_KINDS = {
    "": None,
    "7": (10,),
    "maj7": (11,),
    "add9": (14,),
    "9": (10, 14),
    "6": (9,),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "7sus4": (0, 5, 7, 10),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "5": (0, 7),
}
"""What a chord symbol's ending means: three or more numbers stand for the whole chord, fewer are added to the triad."""


class Dice:
    """Chance that comes from a seed alone. Uses only `Random.random`, whose sequence Python promises to keep."""

    def __init__(self, *seed: object) -> None:
        self._random = Random("/".join(str(part) for part in seed)).random

    def chance(self, share: float) -> bool:
        """True in `share` of all throws."""
        return self._random() < share

    def between(self, low: float, high: float) -> float:
        """A number from `low` up to `high`."""
        return low + (high - low) * self._random()

    def pick(self, things: tuple[Thing, ...]) -> Thing:
        """One of `things`."""
        return things[int(self._random() * len(things))]


@dataclass(frozen=True)
class Note:
    """A note as it is written."""

    at: Fraction
    """When it begins, in beats from the start of the piece."""
    length: Fraction
    """How long it is held, in beats."""
    key: int
    velocity: int
    """1 to 127."""
    fading: bool = False
    """It dies away while it is held."""

    @property
    def end(self) -> Fraction:
        """When it is let go, in beats."""
        return self.at + self.length


@dataclass(frozen=True)
class Chord:
    """A chord: its pitch classes (0 is C) and the scale that goes with it."""

    symbol: str
    root: int
    tones: tuple[int, ...]
    """Root first, then third (or fourth, or second), fifth, and whatever is added."""
    bass: int
    tonic: int
    """The key's first degree."""
    scale: tuple[int, ...]
    """Seven pitch classes by degree from the tonic on; those that the chord changes are changed."""


@dataclass(frozen=True)
class Harmony:
    """A chord in its place."""

    at: Fraction
    """In beats from the start of the piece."""
    length: Fraction
    chord: Chord


@lru_cache(maxsize=2048)
def chord(symbol: str, tonic: int, mode: str) -> Chord:
    """The chord that a roman numeral such as ``bVImaj7`` or ``V7/3`` means above `tonic` (a pitch class).

    Numerals count from the major scale whatever the mode, so a minor key's sixth is ``bVI``. ``/3`` puts the chord's
    third into the bass, ``/1`` the tonic of the key. Raises ValueError for anything else.
    """
    match = _ROMAN.match(symbol)
    if not match or match["kind"] not in _KINDS:
        raise ValueError(f"chord: {symbol!r} is no roman numeral that is known here")
    numeral = match["degree"]
    root = (tonic + _DEGREES[numeral.upper()] + {"b": -1, "#": 1, "": 0}[match["shift"]]) % 12
    triad = (0, 4, 7) if numeral.isupper() else (0, 3, 7)
    kind = _KINDS[match["kind"]]
    steps = triad if kind is None else kind if len(kind) >= 2 and kind[0] == 0 else triad + kind
    tones = tuple((root + step) % 12 for step in steps)
    place = match["bass"]
    bass = root if place is None else tonic if place == "1" else tones[(int(place) - 1) // 2]
    # A foreign major third, or the root of a diminished chord, leads upward: it is a raised degree; others are lowered.
    raised = {(root + 4) % 12} | ({root} if match["kind"] in ("dim", "dim7", "m7b5") else set())
    return Chord(symbol, root, tones, bass % 12, tonic, _bent(tonic, mode, tones, raised))


def _bent(tonic: int, mode: str, tones: tuple[int, ...], raised: set[int]) -> tuple[int, ...]:
    """The mode's scale, with every degree that rubs against a foreign tone of the chord moved onto it."""
    scale = [(tonic + step) % 12 for step in SCALES[mode]]
    for tone in tones:
        own = (tone - 1 if tone in raised else tone + 1) % 12
        if tone not in scale and own in scale:
            scale[scale.index(own)] = tone
    return tuple(scale)


def progression(text: str, tonic: int, mode: str) -> Iterator[tuple[Chord, ...]]:
    """The bars of a progression such as ``I | V/3 | vi7 | IV V``: the chords of each, which share it evenly."""
    for bar in text.split("|"):
        yield tuple(chord(symbol, tonic, mode) for symbol in bar.split())


def key_of(step: int, chord: Chord) -> int:
    """The key of a diatonic step of the chord's scale: step 0 is the tonic next to middle C, 7 the one above.

    A chord that changes a degree shifts it by a semitone, never by an octave.
    """
    octave, degree = divmod(step, 7)
    above = (chord.scale[degree] - chord.tonic) % 12
    lowered_tonic = degree == 0 and above == 11
    return 60 + (chord.tonic + 6) % 12 - 6 + 12 * octave + (-1 if lowered_tonic else above)


@lru_cache(maxsize=4096)
def voiced(tones: tuple[int, ...], before: tuple[int, ...], low: int, high: int, voices: int) -> tuple[int, ...]:
    """The chord as `voices` keys from `low` to `high`, lowest first, as near to the chord `before` as it can be.

    The third (or what stands for it) and any seventh are there; parallel fifths and octaves and wide gaps are avoided.
    `before` may be empty: then the chord lies about the middle.
    """
    wanted = set(tones[1:2] + tones[3:4])
    keys = [key for key in range(low, high + 1) if key % 12 in tones]
    best: tuple[float, tuple[int, ...]] | None = None
    for some in combinations(keys, min(voices, len(keys))):
        classes = {key % 12 for key in some}
        if not wanted <= classes and len(wanted) <= len(some):
            continue
        cost = _roughness(some, len(classes)) + _movement(before, some, (low + high) / 2)
        if best is None or cost < best[0]:
            best = cost, some
    return best[1] if best else tuple(keys[:voices])


def _roughness(keys: tuple[int, ...], classes: int) -> float:
    """What a chord costs in itself: doubled tones, gaps, and seconds low down or at the top."""
    gaps = [high - low for low, high in pairwise(keys)]
    cost = 2.5 * (len(keys) - classes) + sum(1.5 * (gap - 9) for gap in gaps if gap > 9)
    if gaps and (gaps[-1] <= 2 or (keys[0] < 52 and gaps[0] <= 2)):
        cost += 4
    return cost + 3 * sum(gap == 1 for gap in gaps)


def _movement(before: tuple[int, ...], after: tuple[int, ...], middle: float) -> float:
    """What going from one chord to another costs: the way of each voice, parallels, and leaving the middle."""
    cost = 0.35 * abs(sum(after) / len(after) - middle)
    if len(before) != len(after):
        return cost
    moves = [new - old for old, new in zip(before, after, strict=True)]
    cost += sum(abs(move) + (1.5 if abs(move) > 4 else 0) for move in moves)
    for one, other in combinations(range(len(after)), 2):
        interval = after[other] - after[one]
        if moves[one] and moves[one] == moves[other] and interval % 12 in (0, 7):
            cost += 3
    return cost
