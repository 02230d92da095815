"""What each mood sounds like, as data: harmony, rhythm, instruments and how they play.

Programs are those of General MIDI, chosen for how they sound in the small soundfont that ships with `pretty_midi`;
their gains make a plain line on each as loud as on any other (-20 LUFS at velocity 80).
Rhythms are lengths in sixteenths that fill a bar; a negative length is a rest. Drums are bars of sixteenths:
``X`` loud, ``x`` plain, ``o`` soft, ``g`` a ghost of a stroke, ``.`` nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from cutroom.performers.house.composing.sampler import Sound

LEVELS: MappingProxyType[str, float] = MappingProxyType(
    {
        "tune": 0.0,
        "bridge tune": 0.0,
        "double": -8.0,
        "answer": -6.0,
        "pad": -9.0,
        "accompaniment": -7.0,
        "second": -9.0,
        "bass": -3.0,
        "drums": -3.0,
    }
)
"""How loud each part is beside the tune, in decibels."""

PIANO = Sound(0, gain=7.5, send=0.3)
ELECTRIC_PIANO = Sound(5, gain=5.0, send=0.28)
CELESTA = Sound(8, gain=6.5, send=0.45)
MUSIC_BOX = Sound(10, gain=3.5, send=0.4, release=1.5)
VIBRAPHONE = Sound(11, gain=0.0, send=0.4)
MARIMBA = Sound(12, gain=8.5, send=0.3)
NYLON = Sound(24, gain=3.0, send=0.28)
STEEL = Sound(25, gain=6.0, send=0.25)
CLEAN = Sound(27, gain=8.0, send=0.3)
UPRIGHT = Sound(32, gain=4.0, send=0.06)
FINGERED = Sound(33, gain=1.5, send=0.04)
FRETLESS = Sound(35, gain=2.0, send=0.06)
VIOLIN = Sound(40, gain=-2.0, send=0.4)
CELLO = Sound(42, gain=-2.0, send=0.4)
CONTRABASS = Sound(43, gain=0.5, send=0.25)
TREMOLO = Sound(44, gain=2.5, send=0.35, release=2.0)
PIZZICATO = Sound(45, gain=4.5, send=0.35)
HARP = Sound(46, gain=-0.5, send=0.4, release=3.0)
TIMPANI = Sound(47, gain=3.5, send=0.35)
STRINGS = Sound(48, gain=4.5, send=0.35, release=2.2)
SLOW_STRINGS = Sound(49, gain=5.5, send=0.4, release=2.6)
CHOIR = Sound(52, gain=2.0, send=0.45)
HORNS = Sound(60, gain=-3.0, send=0.4)
OBOE = Sound(68, gain=-3.5, send=0.4)
CLARINET = Sound(71, gain=-0.5, send=0.38)
FLUTE = Sound(73, gain=-0.5, send=0.42)
WARM_PAD = Sound(89, gain=6.0, send=0.3, release=2.4)
KALIMBA = Sound(108, gain=5.5, send=0.35)
TAIKO = Sound(116, gain=4.5, send=0.35)
KIT = Sound(0, bank=128, gain=3.0, send=0.08)
BRUSHES = Sound(40, bank=128, gain=3.0, send=0.12)

KICK, STICK, SNARE, CLAP, LOW_TOM, HAT, MID_TOM, OPEN_HAT = 36, 37, 38, 39, 41, 42, 45, 46
HIGH_TOM, CRASH, RIDE, TAMBOURINE, CABASA, SHAKER = 48, 49, 51, 54, 69, 70


@dataclass(frozen=True)
class Mood:
    """How music of one mood is made."""

    mode: str
    tonics: tuple[int, ...]
    """Pitch classes that the home key is chosen from."""
    themes: tuple[str, ...]
    """Progressions of four or eight bars for themes."""
    bridges: tuple[str, ...]
    """Progressions for bridges; the last chord leads back."""
    cadence: str
    """Four bars that lead to the final chord; fewer are its last ones."""
    final: str
    cells: tuple[tuple[int, ...], ...]
    """Rhythms that a motif may have."""
    leads: tuple[Sound, ...]
    """Who plays the themes: first theme, bridge."""
    counter: Sound
    """Who answers."""
    accompaniment: Sound
    figures: tuple[str, ...]
    """How the accompaniment plays when it is quiet and when it is full."""
    pad: Sound
    bass: Sound
    bassline: tuple[str, str]
    """How the bass plays when it is quiet and when it is full."""
    kit: Sound
    drums: tuple[dict[int, str], ...]
    """Bars of drums from the lightest on; empty for none."""
    second: Sound
    """A second accompaniment that joins in full sections."""
    drums_from: float = 0.5
    """From which energy on there are drums."""
    second_figure: str = "offbeats"
    swing: float = 0.5
    """Where the second eighth of a beat falls; 0.5 is straight."""
    register: int = 72
    """About which key the melody lies."""
    pad_level: float = 1.0
    crash: bool = False
    """Full sections begin with a cymbal."""
    bloom: float = 0.3
    """How often a long note is prepared by the note beside it."""


MOODS: MappingProxyType[str, Mood] = MappingProxyType(
    {
        "calm": Mood(
            mode="major",
            tonics=(0, 2, 5, 7, 10),
            themes=(
                "Iadd9 | IVmaj7 | vi7 | IVmaj7 | Iadd9 | iii7 | IVmaj7 | Vsus4 V",
                "Iadd9 | V/3 | vi7 | IVmaj7 | I/3 | IVadd9 | ii7 | Vsus4 V",
                "Imaj7 | iii7 | vi7 | IVadd9 | Imaj7 | iii7 | ii7 | V7sus4 V",
            ),
            bridges=(
                "vi7 | iii7 | IVmaj7 | I/3 | vi7 | IVmaj7 | ii7 | V7sus4 V7",
                "IVmaj7 | I/3 | ii7 | vi7 | IVmaj7 | iv6 | I/5 | Vsus4 V",
            ),
            cadence="IVmaj7 | I/3 | ii7 | V7sus4 V7",
            final="Iadd9",
            cells=((8, 4, 4), (4, 4, 8), (12, 4), (6, 2, 8), (-4, 4, 8), (8, 8), (6, 6, 4), (-2, 2, 4, 8)),
            leads=(PIANO, FLUTE),
            counter=CELLO,
            accompaniment=NYLON,
            figures=("arpeggio", "rolling"),
            pad=SLOW_STRINGS,
            bass=FRETLESS,
            bassline=("whole", "halves"),
            kit=BRUSHES,
            drums=({SHAKER: "..o...o...o...o."}, {SHAKER: "g.o.g.o.g.o.g.o.", STICK: "........o......."}),
            drums_from=0.72,
            second=VIBRAPHONE,
            second_figure="drops",
            register=72,
            pad_level=0.95,
        ),
        "upbeat": Mood(
            mode="major",
            tonics=(0, 2, 4, 7, 9),
            themes=(
                "I | V/3 | vi | IV | I | V/3 | IVadd9 | Vsus4 V",
                "Iadd9 | IVadd9 | vi7 | V | Iadd9 | IVadd9 | ii7 | Vsus4 V",
                "I | iii | IV | V | vi | iii | IV | Vsus4 V",
            ),
            bridges=("IV | V | iii7 | vi | IV | I/3 | ii7 | Vsus4 V", "vi | IV | I | V | vi | IV | ii7 | bVII V"),
            cadence="vi | IV | ii7 | Vsus4 V",
            final="I",
            cells=(
                (4, 4, 2, 2, 4),
                (6, 2, 4, 4),
                (2, 2, 4, 4, 4),
                (6, 6, 4),
                (4, 2, 2, 8),
                (-2, 2, 2, 2, 4, 4),
                (3, 3, 2, 4, 4),
                (4, 4, 8),
            ),
            leads=(PIANO, CLEAN),
            counter=STRINGS,
            accompaniment=STEEL,
            figures=("strum", "strum"),
            pad=STRINGS,
            bass=FINGERED,
            bassline=("pop", "eighths"),
            kit=KIT,
            drums=(
                {KICK: "x.......x.......", STICK: "....x.......x...", HAT: "o...o...o...o..."},
                {KICK: "x.....x.x.......", SNARE: "....x..g....x..g", HAT: "x.o.x.o.x.o.x.o."},
                {
                    KICK: "x.....x.x.x.....",
                    SNARE: "....X..g.g..X..g",
                    HAT: "x.o.x.o.x.o.x.",
                    OPEN_HAT: "..............o.",
                    TAMBOURINE: "..o...o...o...o.",
                },
            ),
            drums_from=0.45,
            second=PIANO,
            second_figure="comping",
            register=72,
            pad_level=0.7,
            crash=True,
            bloom=0.1,
        ),
        "warm": Mood(
            mode="major",
            tonics=(0, 2, 5, 7, 10),
            themes=(
                "I | V/3 | vi7 | I/5 | IVmaj7 | I/3 | ii7 | Vsus4 V",
                "Iadd9 | vi7 | IVmaj7 | V7sus4 V7 | iii7 | vi7 | ii7 | V7sus4 V7",
                "Imaj7 | IVmaj7 | iii7 | vi7 | ii7 | V7 | Imaj7 | V7sus4 V7",
            ),
            bridges=(
                "IVmaj7 | V/3 | iii7 | vi7 | IVmaj7 | iv6 | I/5 | V7sus4 V7",
                "vi7 | iii7 | IVmaj7 | I/3 | ii7 | VI7/3 | ii7 | V7sus4 V7",
            ),
            cadence="IVmaj7 | iv6 | I/5 | V7sus4 V7",
            final="Iadd9",
            cells=((6, 2, 8), (4, 4, 4, 4), (6, 2, 4, 4), (8, 4, 4), (-4, 4, 4, 4), (4, 4, 8), (2, 2, 4, 8), (6, 6, 4)),
            leads=(PIANO, CLARINET),
            counter=CELLO,
            accompaniment=NYLON,
            figures=("fingers", "fingers"),
            pad=SLOW_STRINGS,
            bass=UPRIGHT,
            bassline=("halves", "pop"),
            kit=BRUSHES,
            drums=(
                {SHAKER: "..o...o...o...o.", KICK: "o.......o......."},
                {KICK: "x......gx.......", STICK: "....x.......x...", SHAKER: "o.x.o.x.o.x.o.x."},
                {KICK: "x......gx.......", SNARE: "....x..g....x..g", SHAKER: "o.x.o.x.o.x.o.x."},
            ),
            drums_from=0.55,
            second=ELECTRIC_PIANO,
            second_figure="comping",
            swing=0.53,
            register=72,
            pad_level=0.85,
        ),
        "epic": Mood(
            mode="minor",
            tonics=(0, 2, 4, 7, 9),
            themes=(
                "i | bVI | bIII | bVII | i | bVI | iv | Vsus4 V",
                "i | bVII/3 | bVI | bVII | i | bIII | iv | V",
                "i | v | bVI | bIII | iv | i/3 | bVI | Vsus4 V",
            ),
            bridges=(
                "bVI | bVII | i | bIII | bVI | bVII | iv | V",
                "bIII | bVII | i | bVI | bIII | bVII | iv | Vsus4 V",
            ),
            cadence="bVI | iv | bVII | Vsus4 V",
            final="I",
            cells=((8, 4, 4), (6, 2, 8), (12, 2, 2), (4, 4, 8), (8, 8), (6, 2, 4, 4), (12, 4)),
            leads=(HORNS, STRINGS),
            counter=CELLO,
            accompaniment=replace(STRINGS, release=0.7),
            figures=("pulse", "ostinato"),
            pad=SLOW_STRINGS,
            bass=CONTRABASS,
            bassline=("whole", "pulse"),
            kit=TAIKO,
            drums=(
                {40: "x.......o......."},
                {40: "x.....o.x.......", 47: "............o.o."},
                {40: "X..o..o.X..o....", 47: "....o.......x.oo"},
            ),
            drums_from=0.5,
            second=CHOIR,
            second_figure="hold",
            register=67,
            crash=True,
            bloom=0.15,
        ),
        "playful": Mood(
            mode="major",
            tonics=(0, 2, 5, 7),
            themes=(
                "I | vi7 | ii7 | V7 | I | I7/3 | IV | V7",
                "I | I | ii7 | V7 | I | VI7/3 | ii7 | V7",
                "I | IV | I/5 | V7 | I | IV | II7 | V7",
            ),
            bridges=(
                "IV | #ivdim7 | I/5 | VI7 | ii7 | V7/3 | I | V7",
                "vi | iii | IV | I | vi | iii | II7 | V7sus4 V7",
            ),
            cadence="I | VI7 | ii7 | V7",
            final="I6",
            cells=(
                (2, 2, 4, 2, 2, 4),
                (4, 2, 2, 4, -4),
                (2, 2, 2, 2, 4, -4),
                (6, 2, 4, 4),
                (-2, 2, 2, 2, 4, 4),
                (4, 4, 4, -4),
                (2, 4, 2, 4, -4),
            ),
            leads=(MARIMBA, CLARINET),
            counter=PIZZICATO,
            accompaniment=PIZZICATO,
            figures=("offbeats", "offbeats"),
            pad=CLARINET,
            bass=UPRIGHT,
            bassline=("two", "two"),
            kit=BRUSHES,
            drums=(
                {SHAKER: "o.g.o.g.o.g.o.g."},
                {KICK: "x.......x.......", STICK: "....x.......x...", SHAKER: "x.o.x.o.x.o.x.o."},
                {
                    KICK: "x.......x.....o.",
                    SNARE: "....x..g....x.g.",
                    SHAKER: "x.o.x.o.x.o.x.o.",
                    TAMBOURINE: "....o.......o...",
                },
            ),
            drums_from=0.45,
            second=CELESTA,
            second_figure="drops",
            swing=0.6,
            register=72,
            pad_level=0.0,
            bloom=0.0,
        ),
        "melancholy": Mood(
            mode="minor",
            tonics=(0, 2, 4, 9, 11),
            themes=(
                "i | v/3 | bVImaj7 | bIII | iv7 | i/3 | iim7b5 | Vsus4 V",
                "iadd9 | bVImaj7 | bIII | bVII | iadd9 | iv7 | bVImaj7 | Vsus4 V",
                "i | i7/7 | bVImaj7 | V7/3 | i | iv7 | bVImaj7 | V7sus4 V7",
            ),
            bridges=(
                "bVImaj7 | bVII | bIII | i | iv7 | i/5 | bVImaj7 | Vsus4 V",
                "bIII | bVII/3 | i | bVImaj7 | iv7 | bIII | iim7b5 | V7sus4 V7",
            ),
            cadence="bVImaj7 | iv6 | i/5 | Vsus4 V",
            final="iadd9",
            cells=((8, 4, 4), (12, 4), (4, 4, 8), (6, 2, 8), (-4, 4, 8), (-4, 4, 4, 4), (8, 8)),
            leads=(PIANO, OBOE),
            counter=CELLO,
            accompaniment=PIANO,
            figures=("arpeggio", "rolling"),
            pad=SLOW_STRINGS,
            bass=CELLO,
            bassline=("whole", "whole"),
            kit=BRUSHES,
            drums=(),
            second=HARP,
            second_figure="drops",
            register=72,
            pad_level=0.9,
            bloom=0.45,
        ),
        "tense": Mood(
            mode="minor",
            tonics=(0, 2, 4, 5, 9),
            themes=(
                "i | i | bVI/1 | bVI/1 | i | i | iv/1 | V/1",
                "i | bII/1 | i | bII/1 | iv | bVI | bII | V",
                "isus2 | isus2 | bVImaj7 | bVImaj7 | iv6 | iv6 | Vsus4 | V",
            ),
            bridges=("bVI | V | bVI | V | iv | bII | iim7b5 | V", "iv | i/3 | bII | viidim7 | i | bVI | iim7b5 | V7"),
            cadence="bVI | iv6 | iim7b5 | V7sus4 V7",
            final="isus2",
            cells=((12, 4), (-4, 4, 8), (8, 4, 4), (-8, 4, 4), (16,), (6, 6, 4), (-8, 2, 2, 4)),
            leads=(VIOLIN, OBOE),
            counter=CELLO,
            accompaniment=PIZZICATO,
            figures=("ostinato", "ostinato"),
            pad=TREMOLO,
            bass=CELLO,
            bassline=("pulse", "pulse"),
            kit=TAIKO,
            drums=(
                {40: "o..............."},
                {40: "x.......o..o....", 47: "..............o."},
                {40: "X..o..o.x..o..o.", 47: "....o.......o.x."},
            ),
            drums_from=0.5,
            second=PIANO,
            second_figure="drops",
            register=69,
            pad_level=0.8,
            bloom=0.2,
        ),
    }
)
"""The moods by name, the same names as in `cutroom.timeline.beats.TEMPI`."""
