"""Composes a whole piece: form, harmony, themes and parts over a grid of beats. Pure: same seeds, same notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import sin, tau

from cutroom.performers.house.composing import accompaniment as under
from cutroom.performers.house.composing import melody as tunes
from cutroom.performers.house.composing.form import Section, sections
from cutroom.performers.house.composing.moods import CELLO, LEVELS, MOODS, Mood
from cutroom.performers.house.composing.sampler import Sound, Struck
from cutroom.performers.house.composing.theory import Chord, Dice, Harmony, Note, chord, progression
from cutroom.timeline.beats import BEATS_A_BAR, Grid

RATE = 48_000


@dataclass(frozen=True)
class Part:
    """What one player plays."""

    name: str
    sound: Sound
    notes: tuple[Note, ...]
    jitter: float = 0.004
    """How far from the written time notes may fall, in seconds."""


@dataclass(frozen=True)
class Piece:
    """A composed piece."""

    grid: Grid
    tonic: int
    form: tuple[Section, ...]
    harmonies: tuple[Harmony, ...]
    """Every chord in order, the final one last."""
    parts: tuple[Part, ...]
    last: Fraction
    """The beat on which the final chord falls."""


@dataclass(frozen=True)
class _Scene:
    """A section with what its players need to know."""

    section: Section
    after: Section | None
    harmonies: tuple[Harmony, ...]
    chords: tuple[tuple[int, ...], ...]
    energy: float


def compose(mood_name: str, grid: Grid, seed: object, *, under_voice: bool = False) -> Piece:
    """A piece for a mood (a name in `MOODS`) on `grid`.

    With `under_voice` the tune is reduced to single held notes, softer, and nobody answers it. Raises KeyError for an
    unknown mood.
    """
    mood = MOODS[mood_name]
    dice = Dice("piece", mood_name, seed)
    tonic = dice.pick(mood.tonics)
    last = Fraction(len(grid.beats) - 1)
    lead_in = (len(grid.beats) - 1) % BEATS_A_BAR
    form = sections((len(grid.beats) - 1) // BEATS_A_BAR) if not lead_in else ()
    choices = _choices(mood, form, Dice("harmony", mood_name, seed))
    harmonies = tuple(_harmonies(mood, form, tonic, choices)) or tuple(_short(mood, tonic, last))
    final = Harmony(last, Fraction(6), chord(mood.final, tonic, mood.mode))
    # Music of less than a bar or two has no form: its few beats are one upbeat to the final chord.
    scenes = _scenes(mood, form or (Section("ending", 0, -(-int(last) // BEATS_A_BAR), 0.6),), harmonies)
    parts = [
        *_tune_parts(mood, scenes, final, seed, spare=under_voice),
        *_under_parts(mood, scenes, final, seed, spare=under_voice),
    ]
    parts = [
        replace(part, notes=tuple(note for note in part.notes if note.at < last or note.length >= 4)) for part in parts
    ]
    shaped = [_shaped(part, form, last, Dice("human", part.name, seed)) for part in parts if part.notes]
    return Piece(grid, tonic, form, (*harmonies, final), tuple(shaped), last)


def _choices(mood: Mood, form: Sequence[Section], dice: Dice) -> dict[tuple[str, int], str]:
    """Which progression each chapter's theme and bridge have; a new chapter avoids the one before's."""
    found: dict[tuple[str, int], str] = {}
    for chapter in sorted({section.chapter for section in form}):
        for kind, texts in (("theme", mood.themes), ("bridge", mood.bridges)):
            before = found.get((kind, chapter - 1))
            found[kind, chapter] = dice.pick(tuple(text for text in texts if text != before))
    return found


def _harmonies(
    mood: Mood, form: Sequence[Section], tonic: int, choices: dict[tuple[str, int], str]
) -> Iterator[Harmony]:
    for place, section in enumerate(form):
        home = (tonic + section.shift) % 12
        bars = list(progression(_words(mood, section, choices), home, mood.mode))
        if section.kind == "ending":
            bars = (bars * -(-section.bars // len(bars)))[-section.bars :]
        elif section.bars % len(bars):
            # A section that ends within its progression takes the first bars, and its last two to close with.
            bars = [*bars[: section.bars - 2], *bars[-2:]] if section.bars > 2 else bars[: section.bars]
        after = form[place + 1] if place + 1 < len(form) else None
        if after is not None and after.shift != section.shift:
            bars[-1] = (chord("V7", (tonic + after.shift) % 12, mood.mode),)
        elif after is None and section.kind != "ending":
            bars[-1] = next(progression("Vsus4 V", home, mood.mode))
        for bar in range(section.bars):
            yield from _bar(section.start + bar, bars[bar % len(bars)])


def _words(mood: Mood, section: Section, choices: dict[tuple[str, int], str]) -> str:
    if section.kind == "ending":
        return mood.cadence
    return choices["bridge" if section.kind in ("bridge", "break") else "theme", section.chapter]


def _bar(bar: int, chords: tuple[Chord, ...]) -> Iterator[Harmony]:
    length = Fraction(BEATS_A_BAR, len(chords))
    for place, one in enumerate(chords):
        yield Harmony(BEATS_A_BAR * bar + place * length, length, one)


def _short(mood: Mood, tonic: int, beats: Fraction) -> Iterator[Harmony]:
    """The end of the cadence over a few beats, the odd ones first; nothing when the piece is one chord."""
    bars = list(progression(mood.cadence, tonic, mood.mode))
    odd = beats % BEATS_A_BAR
    if odd:
        yield Harmony(Fraction(0), odd, bars[-2][0] if beats > odd else bars[-1][-1])
    for start in range(int(odd), int(beats), BEATS_A_BAR):
        yield Harmony(Fraction(start), Fraction(BEATS_A_BAR), bars[-1][-1])


def _scenes(mood: Mood, form: Sequence[Section], harmonies: Sequence[Harmony]) -> list[_Scene]:
    chords = under.voicings(harmonies, 52, 71)
    found = []
    for place, section in enumerate(form):
        inside = [
            number
            for number, harmony in enumerate(harmonies)
            if section.start * BEATS_A_BAR <= harmony.at < section.end * BEATS_A_BAR
        ]
        found.append(
            _Scene(
                section,
                form[place + 1] if place + 1 < len(form) else None,
                tuple(harmonies[number] for number in inside),
                tuple(chords[number] for number in inside),
                section.energy,
            )
        )
    return found


def _tune_parts(mood: Mood, scenes: Sequence[_Scene], final: Harmony, seed: object, *, spare: bool) -> list[Part]:
    """The tune, its doubling, and who answers."""
    themes = {}
    lines: tuple[list[Note], list[Note]] = ([], [])
    double: list[Note] = []
    answer: list[Note] = []
    for scene in scenes:
        section = scene.section
        bridge = section.kind in ("bridge", "break")
        name = ("bridge" if bridge else "theme", section.chapter)
        if name not in themes:
            themes[name] = tunes.theme(mood, Dice("theme", *name, seed))
        notes = _tune(
            mood, scene, themes[name], Dice("tune", section.kind, section.start, seed), Dice("line", *name, seed)
        )
        if spare:
            notes = tunes.thinned(notes)
        # Every other chapter the two leads change places.
        lines[bridge != bool(section.chapter % 2)].extend(notes)
        if spare or section.kind == "intro":
            continue
        if section.energy >= 0.9:
            double += [replace(note, key=note.key - 12, velocity=note.velocity - 14) for note in notes]
        if section.energy >= 0.75:
            answer += tunes.counterline(notes, scene.harmonies, 50, 64)
    first, second = lines
    closing = _closing_note(first or second, final, mood)
    return [
        _part("tune", mood.leads[0], 0.08, [*first, closing]),
        _part("bridge tune", mood.leads[1], -0.12, second),
        _part("double", mood.leads[1], 0.2, double),
        _part("answer", mood.counter, 0.3, answer),
    ]


def _part(name: str, sound: Sound, pan: float, notes: Sequence[Note], jitter: float = 0.004) -> Part:
    return Part(name, replace(sound, pan=pan, gain=sound.gain + LEVELS[name]), tuple(notes), jitter)


def _tune(mood: Mood, scene: _Scene, theme: tunes.Theme, dice: Dice, line: Dice) -> list[Note]:
    section = scene.section
    if section.kind == "intro" or not scene.harmonies:
        return []
    register = mood.register + (2 if section.kind == "bridge" else 0)
    end = scene.harmonies[-1].at + scene.harmonies[-1].length
    if end % BEATS_A_BAR or not end:
        return _pickup(scene.harmonies[-1], end, register)
    motifs = theme.bars(section.bars)
    if section.kind == "break":
        motifs = tuple(theme.half if bar % 2 else theme.answer for bar in range(section.bars))
    if section.kind == "ending" and section.bars > 1:
        lead = (theme.motif,) * max(section.bars - 4, 0)
        motifs = (*lead, theme.motif, theme.turn, theme.motif, theme.half)[-section.bars :]
    notes = tunes.melody(motifs, scene.harmonies, register, line)
    if section.again:
        return tunes.varied(notes, scene.harmonies, mood.bloom, dice)
    return tunes.bloomed(notes, scene.harmonies, mood.bloom / 2, dice)


def _pickup(harmony: Harmony, end: Fraction, register: int) -> list[Note]:
    """Two beats up to the final chord: a tone of the chord before it, then the scale's note below the tonic."""
    tonic = harmony.chord.tonic
    goal = min(key for key in range(register - 6, register + 6) if key % 12 == tonic)
    leading = next(key for key in range(goal - 1, goal - 4, -1) if key % 12 in harmony.chord.scale)
    fifth = next(key for key in range(leading - 1, leading - 12, -1) if key % 12 in harmony.chord.tones)
    notes = [Note(end - 2, Fraction(1), fifth, 74), Note(end - 1, Fraction(1), leading, 78)]
    return [note for note in notes if note.at >= 0]


def _closing_note(tune: Sequence[Note], final: Harmony, mood: Mood) -> Note:
    """The tune's last note: the tonic (or the third), near where the tune was, dying away."""
    before = tune[-1].key if tune else mood.register
    goals = [key for key in range(before - 6, before + 7) if key % 12 in (final.chord.tonic,)]
    return Note(final.at, final.length, min(goals, key=lambda key: abs(key - before)), 74, fading=True)


def _under_parts(mood: Mood, scenes: Sequence[_Scene], final: Harmony, seed: object, *, spare: bool) -> list[Part]:
    """Pad, accompaniment, second accompaniment, bass and drums, the final chord included."""
    swing = Fraction(str(mood.swing))
    comp: list[Note] = []
    extra: list[Note] = []
    low: list[Note] = []
    beats: list[Note] = []
    pads: list[Note] = []
    lowest = 36 if mood.bass == CELLO else 31
    for scene in scenes:
        section = scene.section
        full = section.energy >= 0.7
        comp += under.figure(mood.figures[full], scene.harmonies, scene.chords, swing)
        if section.energy >= 0.58 and not spare:
            extra += under.figure(mood.second_figure, scene.harmonies, scene.chords, swing)
        if section.kind == "intro":
            low += under.bass("whole", scene.harmonies, lowest, swing)
        elif section.energy >= 0.42:
            low += under.bass(mood.bassline[full], scene.harmonies, lowest, swing)
        if mood.pad_level and (section.energy >= 0.4 or section.kind == "intro"):
            pads += under.pad(scene.harmonies, [keys[:3] for keys in scene.chords])
        beats += under.drums(mood, section, scene.after, Dice("drums", section.start, seed))
    before = scenes[-1].chords[-1] if scenes and scenes[-1].chords else ()
    keys = under.voicings([final], 52, 71)[0] if not before else under.voiced(final.chord.tones, before, 50, 71, 4)
    rolled = [
        Note(final.at + Fraction(place, 16), final.length, key, 76, fading=True) for place, key in enumerate(keys)
    ]
    root = under.bass("whole", [final], lowest, swing)[0]
    root = replace(root, length=final.length, fading=True)
    ends = [Note(final.at, final.length, key, 70, fading=True) for key in keys[:3]] if mood.pad_level else []
    high = (
        [
            Note(final.at + Fraction(place, 12), final.length, key + 12, 64, fading=True)
            for place, key in enumerate(keys)
        ]
        if extra or not scenes
        else []
    )
    pad = replace(mood.pad, gain=mood.pad.gain - 8 * (1 - mood.pad_level))
    return [
        _part("pad", pad, 0.0, pads + ends),
        _part("accompaniment", mood.accompaniment, -0.22, comp + rolled),
        _part("second", mood.second, 0.3, extra + high),
        _part("bass", mood.bass, 0.0, [*low, root]),
        _part("drums", mood.kit, 0.0, beats + _last_stroke(mood, final, beats), 0.002),
    ]


def _last_stroke(mood: Mood, final: Harmony, beats: list[Note]) -> list[Note]:
    if not beats:
        return []
    if not mood.kit.bank:
        return [Note(final.at, Fraction(4), 40, 96)]
    return [Note(final.at, Fraction(4), 36, 84), *([under.cymbal(final.at)] if mood.crash else [])]


def _shaped(part: Part, form: Sequence[Section], last: Fraction, dice: Dice) -> Part:
    """The part with the dynamics of the form, the swell of each phrase, accents on the beat, and a player's touch."""
    found = []
    for note in sorted(part.notes, key=lambda note: (note.at, note.key)):
        energy = 0.62 if note.at >= last else energy_at(form, note.at)
        level = 0.72 + 0.38 * max(energy, 0.45)
        swell = 1 + 0.06 * sin(tau * float(note.at % 32 / 32) - 1.2)
        accent = 1.05 if note.at % 4 == 0 else 1.0 if note.at % 2 == 0 else 0.96
        velocity = note.velocity * level * swell * accent + dice.between(-4, 4)
        found.append(replace(note, velocity=round(min(max(velocity, 12), 118))))
    return replace(part, notes=tuple(found))


def energy_at(form: Sequence[Section], beat: Fraction) -> float:
    """How full the piece is at `beat`: as its section, rising over two bars to a fuller one that follows."""
    for place, section in enumerate(form):
        if beat < section.end * BEATS_A_BAR:
            after = form[place + 1].energy if place + 1 < len(form) else section.energy
            left = section.end * BEATS_A_BAR - beat
            if after > section.energy and left < 8:
                return section.energy + (after - section.energy) * float(1 - left / 8)
            return section.energy
    return form[-1].energy if form else 0.6


def seconds_at(grid: Grid, beat: Fraction) -> Fraction:
    """When a point in beats falls, in seconds: between two beats in proportion, after the last at the same tempo."""
    whole = int(beat)
    if whole >= len(grid.beats) - 1:
        return grid.beats[-1] + (beat - (len(grid.beats) - 1)) * 60 / grid.bpm
    return grid.beats[whole] + (beat - whole) * (grid.beats[whole + 1] - grid.beats[whole])


def performed(piece: Piece, part: Part, seed: object) -> list[Struck]:
    """The part's notes in samples, with a player's small inaccuracies. Downbeats are kept to the sample.

    The final chord is held to two fifths of a second before the end.
    """
    dice = Dice("timing", part.name, seed)
    end = round((piece.grid.seconds - Fraction(2, 5)) * RATE)
    found = []
    for note in part.notes:
        start = float(seconds_at(piece.grid, note.at))
        late = 0.0 if note.at % BEATS_A_BAR == 0 else dice.between(-part.jitter, part.jitter)
        first = max(round((start + late) * RATE), 0)
        until = end if note.fading else min(round(float(seconds_at(piece.grid, note.end)) * RATE), end + RATE // 5)
        found.append(Struck(first, max(until - first, RATE // 50), note.key, note.velocity, note.fading))
    return found
