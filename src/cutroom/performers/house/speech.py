"""Voices: espeak-ng on every machine, flite and Piper where they are.

Each reads a line aloud and says when each word begins. What comes out is alike for all: 48 kHz mono, trimmed, at about
-20 LUFS, the same bytes for the same words.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import json
import os
import shutil
import subprocess
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutroom.errors import CutroomError, GiveUp, Unavailable
from cutroom.measures import sound as measure
from cutroom.media import sound as files
from cutroom.media.kinds import Audio, Word
from cutroom.performers.house import espeak
from cutroom.performers.house.reading import Reading, read
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import HOUSE, Terms
from cutroom.time import from_float

RATE = 48_000
LOUDNESS = -20.0
CEILING = -2.0
LONGEST = 20_000
"""In characters: about twenty minutes. Longer text is no line of a film."""

_LEAD, _TAIL = 0.03, 0.12
_BETWEEN_SENTENCES = 0.25
"""In seconds: Piper itself leaves no pause there."""
_HOP = Fraction(1, 200)
_FRAME = Fraction(1, 100)
_MOST_CELLS = 40_000_000
_STANDING = 1.5
"""What it costs, beside two unlike frames (1 to 4), that one voice stands while the other goes on."""


@dataclass(frozen=True, eq=False)
class Take:
    """What a synthesiser gave, before it is finished."""

    samples: NDArray[np.float32]
    """Shape (n,)."""
    rate: int
    starts: tuple[float | None, ...] | None
    """For each token of the reading when it begins, in seconds, as far as the synthesiser said so; None when it says
    nothing about words."""


class _House:
    """What the built-in voices share."""

    name = ""
    version = ""

    def performs(self, step: AnyStep) -> bool:
        """True when this voice is on this machine and can read these words in this language."""
        if not isinstance(step, Speak):
            return False
        try:
            return bool(read(step.text, step.language).tokens) and self._voice(step) is not None
        except Unavailable:
            return False

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Which voice reads (and, for a voice that is a file, its digest)."""
        return self._settings(self._voice(step)) if isinstance(step, Speak) else {}

    def terms(self, step: AnyStep) -> Terms:
        """Nothing."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Audio:
        """Read the line; the sound kept is 48 kHz mono, with the time of each word.

        Raises Unavailable when the voice that is named is not here, GiveUp when there is nothing to read.
        """
        if not isinstance(step, Speak):
            raise GiveUp(f"{self.name} reads lines aloud and nothing else; this is a {step.kind}")
        if len(step.text) > LONGEST:
            raise GiveUp(f"a line of {len(step.text)} characters is too long to read (at most {LONGEST}); split it")
        if step.voice is not None:
            require(step.voice)
        voice = self._voice(step)
        if voice is None:
            raise Unavailable(f"{self.name} has no voice for {step.language!r}; there are: {_listed(voices())}")
        reading = read(step.text, step.language)
        if not reading.tokens:
            raise GiveUp(f"there is nothing to read in {step.text[:60]!r}")
        take = self._take(reading, voice, max(0.5, min(2.0, step.pace)), desk)
        samples, words = _finished(take, reading, self._tone(), _read_as(step))
        path = desk.scratch / "speech.wav"
        files.write_wav(path, samples, RATE)
        return desk.keep_sound(path, seconds=Fraction(len(samples), RATE), rate=RATE, channels=1, words=words)

    def _voice(self, step: Speak) -> str | None:
        raise NotImplementedError

    def _settings(self, voice: str | None) -> dict[str, Any]:
        return {"voice": voice}

    def _take(self, reading: Reading, voice: str, pace: float, desk: Desk) -> Take:
        raise NotImplementedError

    def _tone(self) -> tuple[measure.Biquad, ...]:
        return (measure.high_pass(70, RATE),)


_CLEAREST = "f2"
"""The variant of which a speech recogniser (pocketsphinx, US English, twelve sentences) gets most: 35 % of words are
wrong, against 61 % for the plain voice and 55 to 96 % for other variants. Measured in English, so used for English."""


class EspeakVoice(_House):
    """espeak-ng, in process: every language, plain and clear, with the time of each word from the synthesiser itself.

    Japanese is refused: espeak-ng spells Chinese characters out by name. Voices are named by language
    (``en-gb``, ``de``), with a variant if wanted (``en-us+f3``).
    """

    name = "house/espeak"
    version = "1"

    def _voice(self, step: Speak) -> str | None:
        wanted, _, variant = _bare(step.voice, "espeak").partition("+")
        if step.voice is not None and not wanted:
            return None
        found = _espeak_language(wanted or _read_as(step))
        if found is None:
            return None
        if step.voice is None and found.startswith("gmw/en"):
            variant = _CLEAREST
        return f"{found}+{variant}" if variant else found

    def _take(self, reading: Reading, voice: str, pace: float, desk: Desk) -> Take:
        manner = espeak.Manner()
        spoken = espeak.speak(reading.text, voice, espeak.Manner(words_a_minute=round(manner.words_a_minute * pace)))
        if not spoken.samples.size:
            raise GiveUp(f"espeak-ng made no sound of {reading.text[:60]!r}")
        return Take(spoken.samples, spoken.rate, _by_place(reading, spoken.marks))

    def _tone(self) -> tuple[measure.Biquad, ...]:
        # Formant synthesis buzzes between 2.5 and 5 kHz and hisses above; its chest is thin.
        return (
            measure.high_pass(70, RATE),
            # All formants start in step at each pulse: a peak that no voice has. Turning phases spreads it (-1.5 dB).
            *(measure.all_pass(frequency, 0.7, RATE) for frequency in (120, 180, 270, 400, 600, 900, 1350, 2000)),
            measure.bell(220, 1.5, 0.8, RATE),
            measure.bell(3400, -3.0, 1.0, RATE),
            measure.high_shelf(7000, -4.0, RATE),
        )


class FliteVoice(_House):
    """flite, when its program or its library is on the machine: English only, easier to understand than espeak-ng.

    It does not say when words begin: the times are estimated by laying its sound beside that of espeak-ng, which does
    (see `_estimated`). They are mostly within 50 ms, at worst off by a word.
    """

    name = "house/flite"
    version = "1"

    def _voice(self, step: Speak) -> str | None:
        if step.language.split("-")[0].lower() != "en" or _foreign(step) is not None:
            return None
        here = _flite_voices()
        wanted = _bare(step.voice, "flite")
        if step.voice is not None:
            return wanted if wanted in here else None
        return next((name for name in (*_FLITE_BEST, *here) if name in here), None)

    def _settings(self, voice: str | None) -> dict[str, Any]:
        return {"voice": voice, "through": "program" if shutil.which("flite") else "library"}

    def _take(self, reading: Reading, voice: str, pace: float, desk: Desk) -> Take:
        if shutil.which("flite"):
            samples, rate = _flite_program(reading.text, voice, pace, desk.scratch)
        else:
            samples, rate = _flite_library(reading.text, voice, pace)
        if not samples.size:
            raise GiveUp(f"flite made no sound of {reading.text[:60]!r}")
        return Take(samples, rate, None)


class PiperVoice(_House):
    """A Piper voice file that somebody put on this machine, with the `piper` package: the most natural of the three.

    The file is ``CUTROOM_PIPER_VOICE`` or any ``.onnx`` in ``~/.local/share/piper``, with its ``.onnx.json`` beside it.
    Word times are estimated as for flite.
    """

    name = "house/piper"
    version = "1"

    def _voice(self, step: Speak) -> str | None:
        here = _piper_voices()
        wanted = _bare(step.voice, "piper")
        if step.voice is not None:
            return wanted if wanted in here else None
        language = step.language.replace("_", "-").lower()
        fits = [name for name, file in here.items() if file.language == language]
        near = [name for name, file in here.items() if file.language.split("-")[0] == language.split("-")[0]]
        return next(iter(fits or near), None)

    def _settings(self, voice: str | None) -> dict[str, Any]:
        file = _piper_voices().get(voice or "")
        if file is None:
            return {"voice": voice}
        return {"voice": voice, "sha256": _digest(file.path, file.path.stat().st_mtime_ns)}

    def _take(self, reading: Reading, voice: str, pace: float, desk: Desk) -> Take:
        samples, rate = _piper(_piper_voices()[voice].path, reading.text, pace)
        if not samples.size:
            raise GiveUp(f"Piper made no sound of {reading.text[:60]!r}")
        return Take(samples, rate, None)


PERFORMERS: tuple[_House, ...] = (PiperVoice(), FliteVoice(), EspeakVoice())
"""The best first."""


def voices() -> tuple[str, ...]:
    """Every voice on this machine by the name that `Speak.voice` takes, the best first."""
    found = [f"piper/{name}" for name in _piper_voices()]
    found += [f"flite/{name}" for name in _flite_voices()]
    try:
        found += [
            f"espeak/{name}"
            for name in dict.fromkeys(voice.language for voice in espeak.voices())
            if name not in _UNREADABLE
        ]
    except Unavailable:
        return tuple(found)
    return tuple(found)


_EXAMPLES = ("espeak/en-us", "espeak/en-gb", "espeak/de", "espeak/es", "espeak/fr")


def require(voice: str) -> None:
    """Raise Unavailable, naming what there is, when `voice` is not on this machine."""
    here = voices()
    name = voice.partition("+")[0]
    if name in here or any(name == known.split("/", 1)[1] for known in here):
        return
    if "espeak" in name.split("/") or "/" not in name:
        try:
            if _espeak_language(_bare(name, "espeak")) is not None:
                return
        except Unavailable:
            pass
    raise Unavailable(f"there is no voice {voice!r} on this machine; there are: {_listed(here)}")


def _listed(here: Sequence[str]) -> str:
    """The voices as a person wants to read them: all that are better than espeak-ng, and a few of its many."""
    best = [name for name in here if not name.startswith("espeak/")]
    many = len(here) - len(best)
    if not many:
        return ", ".join(best) or "none"
    return f"{', '.join([*best, *(name for name in _EXAMPLES if name in here)])} and more of {many} espeak languages"


def _bare(voice: str | None, performer: str) -> str:
    """A voice's name without its performer's, or "" when it names another performer's."""
    if voice is None:
        return ""
    owner, slash, name = voice.rpartition("/")
    return name if not slash or owner in (performer, f"house/{performer}") else ""


# ── which voice reads which language ──

_UNREADABLE = frozenset({"ja"})
_USUAL = {
    "en": "en-us",
    "pt": "pt-br",
    "zh": "cmn",
    "no": "nb",
    "zh-cn": "cmn",
    "zh-tw": "cmn",
    "zh-hans": "cmn",
    "zh-hant": "cmn",
    "zh-hk": "yue",
    "iw": "he",
    "tl": "en-us",
    "fil": "en-us",
}
_SCRIPTS: dict[str, tuple[str, ...]] = {
    "CYRILLIC": ("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "tt", "ba", "cv", "mn"),
    "ARABIC": ("ar", "fa", "ur", "ug", "sd", "ku"),
    "DEVANAGARI": ("hi", "mr", "ne", "kok"),
    "CJK": ("cmn", "zh", "yue", "hak", "ja"),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
    "GREEK": ("el", "grc"),
    "HEBREW": ("he", "iw", "yi"),
    "THAI": ("th",),
    "BENGALI": ("bn", "as", "bpy"),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",),
    "KANNADA": ("kn",),
    "MALAYALAM": ("ml",),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy",),
}


def _read_as(step: Speak) -> str:
    """The language that the words are read as: the step's, unless they stand in a script that it cannot read."""
    return _foreign(step) or step.language


def _foreign(step: Speak) -> str | None:
    """The usual language of the script that most letters stand in, when the step's language does not use it."""
    counts: dict[str, int] = {}
    for character in step.text[:2000]:
        if character.isalpha():
            script = unicodedata.name(character, "?").split()[0].split("-")[0]
            counts[script] = counts.get(script, 0) + 1
    if not counts:
        return None
    most = max(counts, key=lambda script: counts[script])
    languages = _SCRIPTS.get(most)
    return languages[0] if languages and step.language.split("-")[0].lower() not in languages else None


def _espeak_language(tag: str) -> str | None:
    """The identifier of espeak-ng's usual voice for a BCP 47 tag: the tag itself, else its language; None for none."""
    tag = tag.replace("_", "-").lower()
    if tag.split("-")[0] in _UNREADABLE:
        return None
    by_language: dict[str, espeak.Voice] = {}
    for voice in espeak.voices():
        kept = by_language.get(voice.language)
        if kept is None or (voice.priority, voice.identifier) < (kept.priority, kept.identifier):
            by_language[voice.language] = voice
    parts = tag.split("-")
    tries = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    for name in tries:
        found = by_language.get(_USUAL.get(name, name)) or by_language.get(name)
        if found is not None:
            return found.identifier
    return None


# ── words in time ──


def _by_place(reading: Reading, marks: Sequence[espeak.Mark]) -> tuple[float | None, ...]:
    """When each token begins: at the first mark that points into it. None where none does."""
    starts: list[float | None] = [None] * len(reading.tokens)
    ends = [place + len(token.spoken) for place, token in zip(reading.places, reading.tokens, strict=True)]
    index = 0
    for mark in sorted(marks, key=lambda mark: mark.at):
        # A mark may stand on the space before its word, and may jump back when a number is said in several words.
        place = mark.place if mark.length else mark.place + 1
        if place >= ends[index]:
            while index < len(ends) - 1 and place >= ends[index]:
                index += 1
        if starts[index] is None and place >= reading.places[index] - 1:
            starts[index] = mark.at
    return tuple(starts)


def _finished(
    take: Take, reading: Reading, tone: Sequence[measure.Biquad], language: str
) -> tuple[NDArray[np.float32], tuple[Word, ...]]:
    """The take at 48 kHz, trimmed, with its tone and level, and its words in time."""
    samples = _evened(measure.filtered(resampled(take.samples, take.rate, RATE), tone))
    level = measure.levels(samples, RATE, hop=_HOP)
    heard = np.flatnonzero(level > level.max() - 45.0)
    hop = round(RATE * _HOP)
    first = max(0, int(heard[0]) * hop - round(_LEAD * RATE))
    last = min(len(samples), (int(heard[-1]) + 1) * hop + round(_TAIL * RATE))
    starts = take.starts or _estimated(take, reading, language) or ()
    words = _words(reading, _filled(starts, reading, first / RATE, last / RATE), level, first / RATE)
    samples = samples[first:last].copy()
    for edge, count in ((samples, round(0.005 * RATE)), (samples[::-1], round(0.03 * RATE))):
        ramp = np.linspace(0, 1, min(count, len(edge)), dtype=np.float32)
        edge[: len(ramp)] *= ramp
    return _levelled(samples), words


def voiced(step: Speak, samples: NDArray[np.float32], rate: int) -> tuple[NDArray[np.float32], tuple[Word, ...]]:
    """The line of `step` as somebody else read it, finished like our own: level, edges, and when each word is said.

    Args:
        step: What was read.
        samples: Shape (n,), full scale at ±1.
        rate: Samples a second.

    Returns:
        The sound at 48 kHz, mono, and its words; none when the language cannot be read here.

    Raises GiveUp when nothing is heard.
    """
    if not samples.size or float(np.abs(samples).max()) < 1e-4:
        raise GiveUp(f"nothing is heard where {step.text[:60]!r} was to be read")
    try:
        reading = read(step.text, step.language)
    except Unavailable:
        reading = Reading((), "", ())
    take = Take(samples.astype(np.float32, copy=False), rate, None)
    return _finished(take, reading, (measure.high_pass(70, RATE),), _read_as(step))


def _evened(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Loud syllables brought down towards the others, two to one, so that the line stays clear over music."""
    level = measure.levels(samples, RATE, hop=_HOP)
    window = np.hanning(13)[1:-1]
    power = np.convolve(10 ** (level / 10), window / window.sum(), mode="same")
    if not power.any():
        return samples
    level = 10 * np.log10(np.maximum(power, 1e-12))
    usual = 10 * np.log10(np.mean(power[level > level.max() - 30.0]))
    down = np.maximum(0.0, level - (usual - 3.0)) / 2
    middles = (np.arange(len(down)) + 0.5) * float(_HOP) * RATE
    return samples * (10 ** (np.interp(np.arange(len(samples)), middles, down) * (-1 / 20))).astype(np.float32)


def _levelled(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """At `LOUDNESS`, or lower where a peak would pass `CEILING`."""
    found = measure.loudness(samples, RATE)
    if found.integrated is None or found.true_peak is None:
        return samples
    return samples * np.float32(10 ** (min(LOUDNESS - found.integrated, CEILING - found.true_peak) / 20))


def _filled(starts: Sequence[float | None], reading: Reading, begin: float, end: float) -> list[float]:
    """Every start, between `begin` and `end`: what is missing lies between its neighbours, by the length of words."""
    known = [(index, start) for index, start in enumerate(starts) if start is not None]
    weights = np.cumsum([0.0] + [1.0 + len(token.spoken) for token in reading.tokens])
    if not known or known[0][0] != 0:
        known.insert(0, (0, begin))
    places = [float(weights[index]) for index, _ in known] + [float(weights[-1])]
    return np.maximum.accumulate(np.interp(weights[:-1], places, [*(start for _, start in known), end])).tolist()


def _words(reading: Reading, starts: list[float], level: NDArray[np.float64], trimmed: float) -> tuple[Word, ...]:
    """Words from where they are first heard to where they are last heard, counted from the trimmed start."""
    hop = float(_HOP)
    loud = level > level.max() - 40.0
    words: list[Word] = []
    for index, token in enumerate(reading.tokens):
        begin, end = starts[index], starts[index + 1] if index + 1 < len(starts) else len(level) * hop
        heard = np.flatnonzero(loud[int(begin / hop) : max(int(begin / hop) + 1, int(end / hop))])
        if heard.size:
            begin, end = (
                max(begin, (int(begin / hop) + int(heard[0])) * hop),
                min(end, (int(begin / hop) + int(heard[-1]) + 1) * hop),
            )
        at = max(0.0, begin - trimmed)
        words.append(Word(text=token.text, start=from_float(at), seconds=from_float(max(hop, end - begin))))
    return tuple(words)


def _estimated(take: Take, reading: Reading, language: str) -> tuple[float | None, ...] | None:
    """When words begin in a take whose synthesiser did not say: from espeak-ng reading the same words.

    Its word events are carried over by aligning the two sounds in time (dynamic time warping of their spectra, the way
    of the aligner aeneas). None when espeak-ng cannot read these words.
    """
    try:
        voice = _espeak_language(language)
        model = espeak.speak(reading.text, voice, espeak.Manner()) if voice else None
    except (Unavailable, GiveUp):
        return None
    if model is None or not model.samples.size:
        return None
    starts = _by_place(reading, model.marks)
    path = aligned(spectra(model.samples, model.rate), spectra(take.samples, take.rate))
    if path is None:
        return None
    there = np.arange(len(path)) * float(_FRAME)
    return tuple(None if start is None else float(np.interp(start, there, path)) for start in starts)


def spectra(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """The spectral shape of every 10 ms in 24 bands from 100 to 6000 Hz, less the speaker's mean. Shape (frames, 25).

    The last column is the level, so that pauses fall on pauses.
    """
    hop = max(1, round(rate * _FRAME))
    size = 1 << (round(rate * 0.03)).bit_length()
    padded = np.pad(samples, (size // 2, size))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)[: len(samples) + 1 : hop]
    power = np.abs(np.fft.rfft(windows * np.hanning(size).astype(np.float32), axis=1)) ** 2
    edges = np.round(np.geomspace(100, min(6000, rate * 0.45), 26) / rate * size).astype(int)
    bands = np.stack(
        [power[:, low : max(high, low + 1)].sum(axis=1) for low, high in zip(edges[:-2], edges[2:], strict=True)],
        axis=1,
    )
    floor = bands.max() * 1e-6 + 1e-12
    shape = np.log10(bands + floor)
    level = np.log10(bands.sum(axis=1, keepdims=True) + floor)
    heard = level[:, 0] > level.max() - 4.0
    shape = shape - shape.mean(axis=1, keepdims=True)
    shape -= shape[heard].mean(axis=0) if heard.any() else 0.0
    shape[~heard] = 0.0
    return np.concatenate((shape, 4.0 * (level - level.max())), axis=1).astype(np.float32)


def aligned(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """For each frame of `one` its time in `other`, in seconds, by dynamic time warping; None when that is too long.

    The search keeps within a band around the straight line; it goes row by row, and within a row the cheapest way
    along it comes from a running minimum, so nothing loops over single cells.
    """
    rows, columns = len(one), len(other)
    reach = max(150, columns // 8)
    if min(rows, columns) < 2 or rows * (2 * reach + 1) > _MOST_CELLS:
        return None
    offsets = np.arange(2 * reach + 1)
    middles = np.round(np.linspace(0, columns - 1, rows)).astype(int)
    totals = np.full(2 * reach + 1, np.inf)
    came = np.zeros((rows, 2 * reach + 1), np.int32)
    for row in range(rows):
        places = middles[row] - reach + offsets
        inside = (places >= 0) & (places < columns)
        near = other[np.clip(places, 0, columns - 1)]
        cost = np.where(inside, np.sqrt(np.einsum("nf,nf->n", near - one[row], near - one[row])), np.inf)
        if row == 0:
            entered = np.where(places == 0, 0.0, np.inf)
            source = offsets.copy()
        else:
            entered, source = _entered(totals, int(middles[row] - middles[row - 1]))
        totals, came[row] = _along(entered, source, np.where(inside, cost, 1e6))
        totals[~inside] = np.inf
    return _traced(came, middles, reach, columns)


def _entered(totals: NDArray[np.float64], shift: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The cheapest way into each cell from the row above: straight down or from one column before."""
    padded = np.concatenate((np.full(1, np.inf), totals, np.full(shift + 1, np.inf)))
    straight = padded[1 + shift : 1 + shift + len(totals)] + _STANDING
    slanted = padded[shift : shift + len(totals)]
    places = np.arange(len(totals)) + shift
    return np.minimum(straight, slanted), np.where(slanted <= straight, places - 1, places)


def _along(
    entered: NDArray[np.float64], source: NDArray[np.intp], cost: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The cheapest total of each cell when its row may be entered anywhere before it and walked along."""
    walked = np.cumsum(cost + _STANDING)
    before = entered - (walked - cost)
    best = np.minimum.accumulate(before)
    here = before <= best
    entry = np.maximum.accumulate(np.where(here & np.isfinite(before), np.arange(len(before)), 0))
    return best + walked, source[entry]


def _traced(came: NDArray[np.int32], middles: NDArray[np.intp], reach: int, columns: int) -> NDArray[np.float64]:
    """The way back from the last cell: for each row the middle of the columns that it spans, as a time."""
    times = np.zeros(len(came))
    place = int(columns - 1 - middles[-1] + reach)
    for row in range(len(came) - 1, -1, -1):
        left = middles[row] - reach + place
        entered = left
        if row:
            place = int(np.clip(came[row, place], 0, came.shape[1] - 1))
            entered = middles[row - 1] - reach + place
        times[row] = (entered + left) / 2 * float(_FRAME)
    return np.maximum.accumulate(np.clip(times, 0.0, None))


def resampled(samples: NDArray[np.float32], rate: int, to: int) -> NDArray[np.float32]:
    """Samples (n,) at `rate` as samples at `to`, band-limited, with no delay; n becomes ``round(n * to / rate)``."""
    if rate == to or not len(samples):
        return samples.astype(np.float32, copy=False)
    ratio = Fraction(to, rate)
    # Whole periods of both rates, and room so that the end does not ring into the start.
    grain = ratio.denominator
    size = -(-(len(samples) + rate // 10) // grain) * grain
    spectrum = np.fft.rfft(samples.astype(np.float64), size)
    longer = size // grain * ratio.numerator
    result = np.fft.irfft(spectrum[: longer // 2 + 1], longer) * (longer / size)
    return result[: round(len(samples) * ratio)].astype(np.float32)


# ── flite ──

_FLITE_BEST = ("rms", "slt", "awb", "kal16", "kal")
"""By how much of it a speech recogniser understands, the statistical voices before the diphone ones."""
_flite_lock = Lock()


class _FliteWave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


def _flite_voices() -> tuple[str, ...]:
    program = shutil.which("flite")
    return _flite_program_voices(program) if program else tuple(_flite_libraries())


@lru_cache(maxsize=8)
def _flite_program_voices(program: str) -> tuple[str, ...]:
    try:
        run = subprocess.run([program, "-lv"], capture_output=True, text=True, timeout=20, check=True, errors="replace")
    except (OSError, subprocess.SubprocessError):
        return ()
    listed = run.stdout.partition(":")[2].split()
    # The voices called "…_time" know the words of a clock and no others.
    return tuple(name for name in listed if name.replace("_", "").isalnum() and not name.endswith("_time"))


def _flite_program(text: str, voice: str, pace: float, scratch: Path) -> tuple[NDArray[np.float32], int]:
    words, wave = scratch / "words.txt", scratch / "flite.wav"
    words.write_text(text + "\n", "utf-8")
    command = [
        shutil.which("flite") or "flite",
        "-voice",
        voice,
        "--setf",
        f"duration_stretch={1 / pace:.4f}",
        "-f",
        str(words),
        "-o",
        str(wave),
    ]
    try:
        subprocess.run(command, capture_output=True, timeout=30 + len(text) // 20, check=True)
        rate = files.look(wave).rate
        return files.samples(wave, rate=rate)[:, 0], rate
    except (OSError, subprocess.SubprocessError, CutroomError) as error:
        raise GiveUp(f"flite could not read {text[:60]!r}: {error}") from error
    finally:
        for file in (words, wave):
            file.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _flite_libraries() -> dict[str, ctypes.CDLL]:
    """The voices of libflite that can be loaded here, by name."""
    found: dict[str, ctypes.CDLL] = {}
    engine = _opened("flite")
    if engine is None or _opened("flite_usenglish") is None or _opened("flite_cmulex") is None:
        return found
    engine.flite_init()
    for voice in _FLITE_BEST:
        library = _opened(f"flite_cmu_us_{voice}")
        if library is not None:
            found[voice] = library
    return found


def _opened(name: str) -> ctypes.CDLL | None:
    for file in (f"lib{name}.so.1", ctypes.util.find_library(name)):
        try:
            if file is not None:
                # The voices find the engine's own functions among the names that are shared.
                return ctypes.CDLL(file, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
    return None


def _flite_library(text: str, voice: str, pace: float) -> tuple[NDArray[np.float32], int]:
    engine = _opened("flite")
    if engine is None:
        raise Unavailable("libflite is gone from this machine; install it anew (Debian: libflite1)")
    register = getattr(_flite_libraries()[voice], f"register_cmu_us_{voice}")
    register.restype = ctypes.c_void_p
    engine.flite_text_to_wave.restype = ctypes.POINTER(_FliteWave)
    engine.flite_text_to_wave.argtypes = (ctypes.c_char_p, ctypes.c_void_p)
    engine.flite_feat_set_float.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_float)
    engine.delete_wave.argtypes = (ctypes.POINTER(_FliteWave),)
    with _flite_lock:
        handle = register(None)
        # The first member of a cst_voice is its name, the second its features.
        features = ctypes.cast(handle, ctypes.POINTER(ctypes.c_void_p))[1]
        engine.flite_feat_set_float(features, b"duration_stretch", 1 / pace)
        wave = engine.flite_text_to_wave(text.encode(), handle)
        if not wave:
            raise GiveUp(f"flite could not read {text[:60]!r}")
        try:
            count = wave.contents.num_samples * max(1, wave.contents.num_channels)
            data = ctypes.string_at(wave.contents.samples, count * 2)
            rate = wave.contents.sample_rate
        finally:
            engine.delete_wave(wave)
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768), rate


# ── Piper ──


@dataclass(frozen=True)
class _PiperFile:
    path: Path
    language: str


def _piper_voices() -> dict[str, _PiperFile]:
    """The voice files on this machine, by name; none without the `piper` package."""
    if find_spec("piper") is None:
        return {}
    named = os.environ.get("CUTROOM_PIPER_VOICE")
    paths = [Path(named)] if named else []
    folder = Path.home() / ".local" / "share" / "piper"
    if folder.is_dir():
        paths += sorted(folder.glob("*.onnx"))
    found: dict[str, _PiperFile] = {}
    for path in paths:
        language = _piper_language(path)
        if language is not None and path.is_file():
            found.setdefault(path.stem, _PiperFile(path, language))
    return found


def _piper_language(path: Path) -> str | None:
    try:
        config = json.loads(path.with_name(path.name + ".json").read_text("utf-8"))
        language = config.get("language", {}).get("code") or config["espeak"]["voice"]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    return str(language).replace("_", "-").lower()


@lru_cache(maxsize=4)
def _digest(path: Path, changed: int) -> str:
    """SHA-256 of a voice file; `changed` (its time) lets a replaced file be read anew."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=2)
def _piper_loaded(path: Path) -> Any:
    from piper import PiperVoice as Engine  # pyright: ignore[reportMissingImports]

    return Engine.load(path)


@cache
def _engine_errors() -> tuple[type[Exception], ...]:
    """What the engine under Piper raises, for a damaged file say: a dozen classes with nothing in common but Exception."""
    if find_spec("onnxruntime") is None:
        return ()
    from onnxruntime.capi import onnxruntime_pybind11_state as engine  # pyright: ignore[reportMissingImports]

    return tuple(one for one in vars(engine).values() if isinstance(one, type) and issubclass(one, Exception))


_piper_lock = Lock()


def _piper(path: Path, text: str, pace: float) -> tuple[NDArray[np.float32], int]:
    from piper import SynthesisConfig  # pyright: ignore[reportMissingImports]

    with _piper_lock:
        try:
            # Its noise cannot be seeded through its own interface: without noise the same words give the same bytes.
            manner = SynthesisConfig(length_scale=1 / pace, noise_scale=0.0, noise_w_scale=0.0)
            chunks = list(_piper_loaded(path).synthesize(text, syn_config=manner))
        except (OSError, ValueError, RuntimeError, LookupError, *_engine_errors()) as error:
            raise GiveUp(f"Piper could not read {text[:60]!r} with {path}: {str(error)[:300]}") from error
    if not chunks:
        return np.zeros(0, np.float32), RATE
    rate = int(chunks[0].sample_rate)
    pause = np.zeros(round(_BETWEEN_SENTENCES * rate), np.float32)
    parts = [part for chunk in chunks for part in (np.asarray(chunk.audio_float_array, np.float32).reshape(-1), pause)]
    return np.concatenate(parts), rate
