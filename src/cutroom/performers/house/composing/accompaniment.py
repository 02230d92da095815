"""What plays under the tune: pads, figures, bass lines and drums, as notes of velocity about 80."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from cutroom.performers.house.composing.form import Section
from cutroom.performers.house.composing.moods import CRASH, HIGH_TOM, LOW_TOM, MID_TOM, SNARE, Mood
from cutroom.performers.house.composing.theory import Dice, Harmony, Note, voiced

Stroke = tuple[int, int, tuple[int, ...], int]
"""Onset and length in sixteenths, which voices of the chord (0 is the lowest, 4 the lowest an octave up), velocity."""

ALL = (0, 1, 2, 3)
FIGURES: dict[str, tuple[Stroke, ...]] = {
    "arpeggio": (
        (0, 8, (0,), 78),
        (2, 6, (1,), 62),
        (4, 6, (2,), 68),
        (6, 6, (3,), 64),
        (8, 8, (2,), 70),
        (10, 6, (1,), 60),
        (12, 4, (2,), 66),
        (14, 4, (3,), 58),
    ),
    "rolling": (
        (0, 8, (0,), 80),
        (2, 6, (2,), 62),
        (4, 6, (1,), 66),
        (6, 6, (3,), 68),
        (8, 8, (0, 4), 72),
        (10, 6, (2,), 60),
        (12, 4, (3,), 68),
        (14, 4, (1,), 58),
    ),
    "fingers": (
        (0, 8, (0, 3), 78),
        (2, 4, (2,), 58),
        (4, 4, (1,), 68),
        (6, 4, (3,), 62),
        (8, 8, (0,), 74),
        (10, 4, (2,), 58),
        (12, 4, (1, 3), 70),
        (14, 2, (2,), 56),
    ),
    "strum": (
        (0, 4, ALL, 82),
        (4, 2, ALL, 74),
        (6, 4, (3, 2, 1), 58),
        (10, 2, (3, 2, 1), 64),
        (12, 2, ALL, 76),
        (14, 2, (3, 2, 1), 56),
    ),
    "offbeats": ((4, 2, (1, 2, 3), 72), (12, 2, (1, 2, 3), 68)),
    "comping": ((0, 5, ALL, 70), (6, 4, (1, 2, 3), 62), (12, 4, (1, 2, 3), 60)),
    "drops": ((6, 8, (4,), 86), (14, 6, (3,), 76)),
    "hold": ((0, 16, ALL, 72),),
    "pulse": (
        (0, 2, (0, 2), 84),
        (2, 2, (0, 2), 60),
        (4, 2, (0, 2), 64),
        (6, 2, (0, 2), 78),
        (8, 2, (0, 2), 64),
        (10, 2, (0, 2), 60),
        (12, 2, (0, 2), 78),
        (14, 2, (0, 2), 62),
    ),
    "ostinato": tuple(
        (place, 1, ((0,), (2,), (1,), (2,), (3,), (2,), (1,), (2,))[place % 8], 82 if place in (0, 6, 12) else 58)
        for place in range(0, 16)
    ),
}
"""How an accompaniment plays a bar of four beats; a chord of two beats takes the first half."""

SPARKLE = 80
"""The lowest key of single high notes."""
STAGGER = Fraction(1, 64)
"""How much later, in beats, each further string of a strum sounds."""


def voicings(harmonies: Sequence[Harmony], low: int, high: int, voices: int = 4) -> list[tuple[int, ...]]:
    """Each harmony as keys from `low` to `high`, led smoothly from one to the next."""
    found: list[tuple[int, ...]] = []
    before: tuple[int, ...] = ()
    for harmony in harmonies:
        before = voiced(harmony.chord.tones, before, low, high, voices)
        found.append(before)
    return found


def pad(harmonies: Sequence[Harmony], chords: Sequence[tuple[int, ...]]) -> list[Note]:
    """Sustained chords; tones that two chords share are held over, for four bars at most."""
    held: dict[int, Note] = {}
    done: list[Note] = []
    for harmony, keys in zip(harmonies, chords, strict=True):
        for key in list(held):
            if key not in keys or held[key].length >= 16:
                done.append(held.pop(key))
        for key in keys:
            if key in held:
                held[key] = replace(held[key], length=held[key].length + harmony.length)
            else:
                held[key] = Note(harmony.at, harmony.length, key, 72)
    return sorted([*done, *held.values()], key=lambda note: (note.at, note.key))


def figure(name: str, harmonies: Sequence[Harmony], chords: Sequence[tuple[int, ...]], swing: Fraction) -> list[Note]:
    """The chords as the figure `name` plays them."""
    found: list[Note] = []
    for harmony, keys in zip(harmonies, chords, strict=True):
        ladder = (*keys, *(key + 12 for key in keys))
        for onset, length, voices, velocity in FIGURES[name]:
            if Fraction(onset, 4) >= harmony.length:
                continue
            start = harmony.at + swung(Fraction(onset, 4), swing)
            end = min(harmony.at + Fraction(onset + length, 4), harmony.at + harmony.length)
            for place, voice in enumerate(voices):
                late = STAGGER * place if name == "strum" else Fraction(0)
                key = ladder[voice] if len(keys) > 3 or voice < 3 else ladder[min(voice, len(ladder) - 1)]
                if name == "drops":
                    # Above the tune, where nothing else plays.
                    key = SPARKLE + (key - SPARKLE) % 12
                found.append(Note(start + late, max(end - start - late, Fraction(1, 8)), key, velocity))
    return found


def swung(at: Fraction, swing: Fraction) -> Fraction:
    """A point in beats, its off-beat eighths moved to `swing` of the beat; what lies between them is stretched."""
    whole, part = divmod(at, 1)
    half = Fraction(1, 2)
    if part <= half:
        return whole + part * swing / half
    return whole + swing + (part - half) * (1 - swing) / half


BASSES: dict[str, tuple[tuple[int, int, str, int], ...]] = {
    "whole": ((0, 16, "root", 78),),
    "halves": ((0, 8, "root", 80), (8, 6, "fifth", 70), (14, 2, "approach", 62)),
    "pop": ((0, 5, "root", 84), (6, 2, "root", 70), (8, 4, "root", 78), (12, 2, "fifth", 70), (14, 2, "approach", 72)),
    "eighths": (
        (0, 2, "root", 86),
        (2, 2, "root", 68),
        (4, 2, "root", 74),
        (6, 2, "octave", 76),
        (8, 2, "root", 80),
        (10, 2, "root", 68),
        (12, 2, "fifth", 74),
        (14, 2, "approach", 72),
    ),
    "two": ((0, 3, "root", 84), (8, 3, "fifth", 76)),
    "pulse": tuple((place, 2, "root", 82 if place in (0, 6, 12) else 64) for place in range(0, 16, 2)),
}
"""Bass lines: onset and length in sixteenths, which tone, velocity."""


def bass(name: str, harmonies: Sequence[Harmony], low: int, swing: Fraction) -> list[Note]:
    """A bass line from `low` up, each root near the one before; the last eighth may lead to the next root."""
    found: list[Note] = []
    root = low + 7
    for place, harmony in enumerate(harmonies):
        root = _near(harmony.chord.bass, root, low)
        after = harmonies[place + 1] if place + 1 < len(harmonies) else harmony
        target = _near(after.chord.bass, root, low)
        for onset, length, tone, velocity in BASSES[name]:
            if Fraction(onset, 4) >= harmony.length:
                continue
            key = _bass_tone(tone, root, target, harmony)
            start = harmony.at + swung(Fraction(onset, 4), swing)
            end = min(harmony.at + Fraction(onset + length, 4), harmony.at + harmony.length)
            found.append(Note(start, end - start, key, velocity))
    return found


def _near(pitch: int, before: int, low: int) -> int:
    """The key of a pitch class from `low` over a tenth, next to the key `before`."""
    keys = [key for key in range(low, low + 16) if key % 12 == pitch]
    return min(keys, key=lambda key: (abs(key - before), key))


def _bass_tone(tone: str, root: int, target: int, harmony: Harmony) -> int:
    if tone == "octave":
        return root + 12
    if tone == "fifth":
        fifths = [root + way for way in (7, -5) if (root + way) % 12 in harmony.chord.tones]
        return fifths[0] if fifths and fifths[0] <= 50 else fifths[-1] if fifths else root
    if tone == "approach" and target != root:
        way = 1 if target > root else -1
        steps = [target - way * size for size in (1, 2) if (target - way * size) % 12 in harmony.chord.scale]
        return steps[-1] if steps else root
    return root


def drums(mood: Mood, section: Section, after: Section | None, dice: Dice) -> list[Note]:
    """A groove for the section, fuller with its energy, with a fill in its last bar when another section follows."""
    if not mood.drums or section.energy < mood.drums_from or section.kind in ("intro", "break"):
        return []
    fullness = (section.energy - mood.drums_from) / max(0.95 - mood.drums_from, 0.05)
    bars = mood.drums[min(int(fullness * len(mood.drums)), len(mood.drums) - 1)]
    swing = Fraction(str(mood.swing))
    found: list[Note] = []
    fills = after is not None and after.energy >= mood.drums_from and fullness > 0.2
    for bar in range(section.bars):
        last = bar == section.bars - 1
        for key, strokes in bars.items():
            for place, stroke in enumerate(strokes):
                if stroke == "." or (last and fills and place >= 12 and mood.crash):
                    continue
                velocity = {"X": 104, "x": 88, "o": 64, "g": 38}[stroke]
                if stroke == "g" and dice.chance(0.3):
                    continue
                at = 4 * (section.start + bar) + swung(Fraction(place, 4), swing)
                found.append(Note(at, Fraction(1, 4), key, velocity))
    start = Fraction(4 * section.start)
    if mood.crash and section.energy >= 0.7:
        found.append(Note(start, Fraction(2), 49 if mood.kit.bank else 0, 84))
    if fills and mood.crash:
        found += _fill(Fraction(4 * section.end - 1), mood, dice)
    return [note for note in found if note.key]


def _fill(at: Fraction, mood: Mood, dice: Dice) -> list[Note]:
    """A beat of sixteenths that grows into the next section."""
    keys = (
        dice.pick(
            ((SNARE, SNARE, HIGH_TOM, LOW_TOM), (SNARE, HIGH_TOM, MID_TOM, LOW_TOM), (SNARE, SNARE, SNARE, SNARE))
        )
        if mood.kit.bank
        else (40, 47, 40, 40)
    )
    return [Note(at + Fraction(place, 4), Fraction(1, 4), key, 66 + 10 * place) for place, key in enumerate(keys)]


def cymbal(at: Fraction) -> Note:
    """A soft cymbal that rings."""
    return Note(at, Fraction(4), CRASH, 66)
