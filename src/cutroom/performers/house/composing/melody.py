"""Themes: a motif of two bars, carried through a phrase by repetition, sequence and variation.

A motif is a rhythm and a contour in scale steps. For each bar of a phrase the contour is laid onto the harmony at the
height that fits best (found by dynamic programming over the whole phrase): strong notes belong to the chord, bars
join by small intervals, and the line rises to a height of its own and comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from cutroom.performers.house.composing.moods import Mood
from cutroom.performers.house.composing.theory import Chord, Dice, Harmony, Note, key_of

SIXTEENTHS = 4
"""In a beat."""
RANGE = 5
"""How far a tune goes from its middle, in steps."""
WIDEST = 4
"""The widest leap inside a bar, in steps: a fifth."""


@dataclass(frozen=True)
class Motif:
    """One bar: a rhythm in sixteenths (rests are negative) and how many steps each note lies above the first."""

    rhythm: tuple[int, ...]
    contour: tuple[int, ...]

    def notes(self) -> list[tuple[int, int, int]]:
        """Onset and length in sixteenths, and height in steps, of each note."""
        found, at, place = [], 0, 0
        for length in self.rhythm:
            if length > 0:
                found.append((at, length, self.contour[place]))
                place += 1
            at += abs(length)
        return found


@dataclass(frozen=True)
class Theme:
    """What a section's melody is made of."""

    motif: Motif
    answer: Motif
    turn: Motif
    """A livelier bar, before the close."""
    half: Motif
    """A close that stays open."""
    close: Motif
    """A close that comes home."""

    def bars(self, count: int) -> tuple[Motif, ...]:
        """The motifs of a phrase of `count` bars: question and answer, the question again, and a close."""
        eight = (self.motif, self.answer, self.motif, self.half, self.motif, self.answer, self.turn, self.close)
        if count >= 8:
            return (eight * -(-count // 8))[: count - 8] + eight
        return {1: (self.close,), 2: (self.motif, self.close), 3: (self.motif, self.turn, self.close)}.get(
            count, (self.motif, self.answer, self.motif, self.close)
        )[:count]


@dataclass(frozen=True)
class _Tone:
    at: Fraction
    length: Fraction
    step: int
    chord: Chord


def theme(mood: Mood, dice: Dice) -> Theme:
    """A new theme in the mood's rhythms."""
    rhythm = dice.pick(mood.cells)
    answer = dice.pick(tuple(cell for cell in mood.cells if cell != rhythm))
    motif = Motif(rhythm, _contour(rhythm, dice))
    lively = max((rhythm, answer, dice.pick(mood.cells)), key=lambda cell: sum(length > 0 for length in cell))
    return Theme(
        motif,
        Motif(answer, tuple(-step for step in _contour(answer, dice))),
        Motif(lively, _contour(lively, dice)),
        Motif((4, 4, 8), dice.pick(((-2, -1, 0), (1, -1, 0), (2, 1, 0), (0, 1, 0)))),
        Motif(*dice.pick((((4, 12), (1, 0)), ((4, 4, 8), (2, 1, 0)), ((4, 12), (-1, 0)), ((2, 2, 12), (1, -1, 0))))),
    )


def _contour(rhythm: tuple[int, ...], dice: Dice) -> tuple[int, ...]:
    """A contour that mostly steps, leaps at most once, and turns back after the leap."""
    count = sum(length > 0 for length in rhythm)
    direction = 1 if dice.chance(0.6) else -1
    leap_at = int(dice.between(1, count)) if count > 1 and dice.chance(0.5) else 0
    heights = [0]
    for place in range(1, count):
        if place == leap_at:
            size = dice.pick((2, 2, 2, 3, 4)) * direction
            heights.append(heights[-1] + size)
            direction = -direction
        else:
            if dice.chance(0.25):
                direction = -direction
            heights.append(heights[-1] + direction * (0 if dice.chance(0.12) else 1))
    return tuple(heights)


def melody(bars: Sequence[Motif], harmonies: Sequence[Harmony], register: int, dice: Dice) -> list[Note]:
    """The motifs laid onto the harmony of as many bars: notes of velocity 80, about `register`.

    `harmonies` covers the bars in order, of four beats each.
    """
    start = harmonies[0].at
    middle = round((register - key_of(0, harmonies[0].chord)) * 7 / 12)
    heights = _heights(bars, harmonies, start, middle, dice)
    tones = [
        tone
        for bar, (motif, height) in enumerate(zip(bars, heights, strict=True))
        for tone in _laid(motif, height, start + 4 * bar, harmonies)
    ]
    tones = _home(_settled(tones), harmonies[-1])
    return [Note(tone.at, tone.length, key_of(tone.step, tone.chord), 80) for tone in tones]


def at(harmonies: Sequence[Harmony], beat: Fraction) -> Chord:
    """The chord that sounds at `beat`; the last one after the end."""
    low, high = 0, len(harmonies) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if harmonies[middle].at <= beat:
            low = middle
        else:
            high = middle - 1
    return harmonies[low].chord


def _laid(motif: Motif, height: int, start: Fraction, harmonies: Sequence[Harmony]) -> list[_Tone]:
    """A motif at a height, strong notes moved onto the chord by a step where they miss it."""
    tones = []
    for onset, length, offset in motif.notes():
        when = start + Fraction(onset, SIXTEENTHS)
        chord = at(harmonies, when)
        step = height + offset
        if _strong(onset, length):
            step = _nearest(step, chord, tones[-1].step if tones else step)
        if tones and abs(step - tones[-1].step) > WIDEST:
            step = _nearest(tones[-1].step + (WIDEST - 1 if step > tones[-1].step else 1 - WIDEST), chord)
        tones.append(_Tone(when, Fraction(length, SIXTEENTHS), step, chord))
    return tones


def _strong(onset: int, length: int) -> bool:
    return onset % 8 == 0 or length >= 6


def _fits(step: int, chord: Chord) -> bool:
    return chord.scale[step % 7] in chord.tones


def _nearest(step: int, chord: Chord, before: int | None = None) -> int:
    """The step nearest to `step` that belongs to the chord; of two as near the one next to `before`, else the lower."""
    ways = (0, 1, -1, 2, -2) if before is not None and before > step else (0, -1, 1, -2, 2)
    return next((step + way for way in ways if _fits(step + way, chord)), step)


def _heights(
    bars: Sequence[Motif], harmonies: Sequence[Harmony], start: Fraction, middle: int, dice: Dice
) -> list[int]:
    """At which step each bar's motif begins: the cheapest path through the phrase."""
    choices = range(middle - 4, middle + 7)
    paths: dict[int, tuple[float, tuple[int, ...]]] = {}
    before: dict[int, list[_Tone]] = {}
    for bar, motif in enumerate(bars):
        arch = (-1, 0, 1, 0, 1, 3, 2, 0)[bar % 8] if len(bars) > 2 else 0
        found: dict[int, tuple[float, tuple[int, ...]]] = {}
        laid = {height: _laid(motif, height, start + 4 * bar, harmonies) for height in choices}
        for height, tones in laid.items():
            own = _own_cost(motif, tones, height, middle + arch) + dice.between(0, 1.2)
            if not paths:
                found[height] = own, (height,)
                continue
            found[height] = min(
                (cost + own + _join(before[last][-1].step, tones[0].step) + _same(bar, path, height), (*path, height))
                for last, (cost, path) in paths.items()
            )
        paths, before = found, laid
    return list(min(paths.values())[1])


def _own_cost(motif: Motif, tones: list[_Tone], height: int, wanted: int) -> float:
    moved = sum(abs(tone.step - height - offset) for tone, (_, _, offset) in zip(tones, motif.notes(), strict=True))
    repeated = sum(one.step == other.step for one, other in pairwise(tones))
    mean = sum(tone.step for tone in tones) / len(tones)
    leaps = sum((0.0, 0.0, 0.3, 1.0, 2.5)[min(abs(one.step - other.step), 4)] for one, other in pairwise(tones))
    outside = sum(max(abs(tone.step - wanted) - RANGE, 0) for tone in tones)
    return 3 * outside + 1.4 * moved + 0.7 * repeated + 0.45 * abs(mean - wanted) + leaps


def _join(last: int, first: int) -> float:
    return (0.8, 0.0, 0.4, 1.8, 3.0, 4.5, 6.0)[min(abs(first - last), 6)] + max(abs(first - last) - 6, 0)


def _same(bar: int, path: tuple[int, ...], height: int) -> float:
    """What it costs to say the same thing twice: the third bar of a phrase moves the first one up or down."""
    return 1.6 if bar % 4 == 2 and path[-2] == height else 0.0


def _settled(tones: list[_Tone]) -> list[_Tone]:
    """Weak notes that would leap out of the chord and away again come to lie between their neighbours."""
    found = list(tones)
    for place in range(1, len(found) - 1):
        one, tone, other = found[place - 1 : place + 2]
        weak = not _strong(int(tone.at % 4 * SIXTEENTHS), int(tone.length * SIXTEENTHS))
        far = max(abs(tone.step - one.step), abs(other.step - tone.step)) > 1
        if weak and far and not _fits(tone.step, tone.chord):
            between = (one.step + other.step) // 2
            found[place] = replace(
                tone, step=between if abs(one.step - other.step) == 2 else _nearest(tone.step, tone.chord)
            )
    return found


def _home(tones: list[_Tone], last: Harmony) -> list[_Tone]:
    """The phrase with its last note on the tonic where the harmony allows it, else on a tone of its chord."""
    tone = tones[-1]
    chord = at((last,), tone.at)
    homes = [tone.step + way for way in (0, -1, 1, -2, 2, -3, 3) if (tone.step + way) % 7 == 0]
    if homes and _fits(homes[0], chord):
        return [*tones[:-1], replace(tone, step=homes[0])]
    return [*tones[:-1], replace(tone, step=_nearest(tone.step, chord))]


def varied(notes: list[Note], harmonies: Sequence[Harmony], bloom: float, dice: Dice) -> list[Note]:
    """A repeat that is not the same: thirds are filled in, and some long notes are prepared by the note above."""
    found: list[Note] = []
    for place, note in enumerate(notes):
        after = notes[place + 1] if place + 1 < len(notes) else None
        chord = at(harmonies, note.at)
        if after is not None and note.length >= 1 and after.at == note.end and dice.chance(0.6):
            between = _passing(note.key, after.key, chord)
            if between is not None:
                half = note.length / 2 if note.length <= 2 else Fraction(1, 2)
                found += [
                    replace(note, length=note.length - half),
                    Note(note.end - half, half, between, note.velocity - 8),
                ]
                continue
        found.append(note)
    return bloomed(found, harmonies, bloom, dice)


def bloomed(notes: list[Note], harmonies: Sequence[Harmony], share: float, dice: Dice) -> list[Note]:
    """Some long strong notes come late, leaning on the scale's next note above first: an appoggiatura."""
    found: list[Note] = []
    for note in notes:
        chord = at(harmonies, note.at)
        above = next((note.key + way for way in (1, 2) if (note.key + way) % 12 in chord.scale), None)
        if note.length >= 2 and note.at % 2 == 0 and above is not None and dice.chance(share):
            found += [
                replace(note, length=Fraction(1), key=above, velocity=note.velocity + 4),
                replace(note, at=note.at + 1, length=note.length - 1, velocity=note.velocity - 8),
            ]
        else:
            found.append(note)
    return found


def _passing(one: int, other: int, chord: Chord) -> int | None:
    """The scale note between two keys a third apart, or None."""
    if abs(one - other) not in (3, 4):
        return None
    inner = [key for key in range(min(one, other) + 1, max(one, other)) if key % 12 in chord.scale]
    return inner[0] if len(inner) == 1 else None


def thinned(notes: list[Note]) -> list[Note]:
    """What is left of a melody under a voice: the first note of each bar, held and softer, but for every fourth bar."""
    found: list[Note] = []
    for note in notes:
        bar = note.at // 4
        if bar % 4 == 3 or (found and found[-1].at // 4 == bar):
            continue
        found.append(
            replace(
                note, length=max(note.length, min(Fraction(3), 4 - note.at % 4)), velocity=max(note.velocity - 14, 1)
            )
        )
    return found


def counterline(tune: Sequence[Note], harmonies: Sequence[Harmony], low: int, high: int) -> list[Note]:
    """A slow second voice: chord tones by the smallest steps, against the tune's direction where there is a choice."""
    found: list[Note] = []
    key = (low + high) // 2
    for harmony in harmonies:
        moving = [note.key for note in tune if harmony.at <= note.at < harmony.at + harmony.length]
        falling = len(moving) > 1 and moving[-1] < moving[0]
        tones = [other for other in range(low, high + 1) if other % 12 in harmony.chord.tones[1:]]
        if not tones:
            continue
        heard = {other % 12 for other in moving[:1]}
        key = min(
            tones,
            key=lambda other: (
                abs(other - key)
                + 3 * (other % 12 in heard)
                + (3 if other == key else 0)
                + (0 if (other > key) == falling else 1),
                other,
            ),
        )
        _walk_to(found, key, harmony)
        found.append(Note(harmony.at, harmony.length, key, 66))
    return found


def _walk_to(found: list[Note], key: int, harmony: Harmony) -> None:
    """Fill the third before `key` with a passing note on the last beat, if it is one."""
    if found and found[-1].length >= 2:
        between = _passing(found[-1].key, key, harmony.chord)
        if between is not None:
            last = found[-1]
            found[-1] = replace(last, length=last.length - 1)
            found.append(Note(last.end - 1, Fraction(1), between, 60))
