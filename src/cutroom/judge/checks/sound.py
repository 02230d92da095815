"""Spoken lines, music, and any other sound.

| check | bound | from |
|---|---|---|
| `cannot_be_decoded` | the bytes are a sound with samples in it | |
| `silent` | something is louder than -50 dBFS | below the noise floor of a living room at film level |
| `clipping` | at most 0.1 % of the samples in flat tops at full scale | three or more equal in a row |
| `wrong_length` | 1 ms from what was asked (music) or from what the take says | |
| `late_start`, `trailing_silence` | 0.7 s of quiet around a spoken line, 1 s and 2 s around music | |
| `speech_truncated` | 2.5 times as fast as an unhurried reader, at the pace asked | that is 35 characters a second |
| `speech_drags` | 3 times as slow as one, plus 1.5 s | |
| `word_times` | words lie in the sound, in order | |
| `other_words` | of the words that the voice reports, half are the line's | |
| `words_unheard` | where words are said to be, something is heard: at most 0.25 s of it silent | |
| `silence_inside` | 0.75 s between the first and the last note | |
| `too_quiet`, `too_loud` | -36 to -9 LUFS | what normalising mends without noise or pumping |
| `abrupt_end` | the last 30 ms that are heard are 25 dB below the loudest second, or below -45 dBFS | |
| `beat_times` | beats lie in the music, in order | |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from cutroom.errors import BadInput
from cutroom.judge.evidence import Evidence, clock, found, found_in, gathered, measured, unmeasured
from cutroom.measures import sound as measures
from cutroom.measures import text
from cutroom.media import sound as reading
from cutroom.media.kinds import Audio, Word
from cutroom.media.store import Store
from cutroom.plan.catalogue.generate import ComposeMusic, Speak
from cutroom.time import Span

RATE = 48_000
SILENT = -50.0
CLIPPED = 0.001
AROUND_SPEECH = Fraction(7, 10)
BEFORE_MUSIC = Fraction(1)
AFTER_MUSIC = Fraction(2)
MOST_HURRIED, MOST_DRAGGED = 2.5, 3.0
SPEECH_SLACK = (0.3, 1.5)
"""Seconds by which a line may be shorter or longer besides: very short lines vary most."""
INSIDE_MUSIC = Fraction(3, 4)
QUIETEST, LOUDEST = -36.0, -9.0
TAIL_BELOW = 25.0
TAIL_SILENT = -45.0
MOST_WORDS = 0.5
LEAST_WORDS = 3
UNHEARD = Fraction(1, 4)
TICK = Fraction(1, 1000)
WORD_SLACK = Fraction(1, 20)


@dataclass(frozen=True, eq=False)
class Heard:
    """A sound, listened to once from beginning to end."""

    seconds: Fraction
    """How long it is."""
    loudness: measures.Loudness
    clipped: float
    """The share of samples in flat tops."""
    levels: np.ndarray
    """The root mean square of each 10 ms in dBFS, (n,)."""
    quiet: tuple[Span, ...]
    """Stretches of `INSIDE_MUSIC` in which no sample is above `SILENT`."""
    first: Fraction
    """Where it first rises above silence, in seconds."""
    last: Fraction
    """Where it last does."""

    @property
    def silent(self) -> bool:
        """True when it never rises above silence."""
        return self.last <= self.first


def heard(blocks: Iterable[np.ndarray]) -> Heard:
    """What is heard in blocks (n, 2) at 48 kHz, each but the last one of whole hundredths of a second."""
    meter = measures.Meter(RATE, clipping=True, quiet=SILENT)
    parts = [np.zeros(0)]
    for block in blocks:
        meter.hear(block)
        parts.append(measures.levels(block, RATE))
    levels = np.concatenate(parts)
    loud = np.flatnonzero(levels > SILENT)
    first, end = (int(loud[0]), int(loud[-1]) + 1) if loud.size else (0, 0)
    return Heard(
        meter.seconds,
        meter.loudness,
        meter.clipped,
        levels,
        meter.silences(INSIDE_MUSIC),
        Fraction(first, 100),
        min(Fraction(end, 100), meter.seconds),
    )


def speech(step: Speak, media: Audio, store: Store) -> Evidence:
    """Is the line there, whole, and spoken at a human speed?"""
    return _decoded(
        media,
        store,
        lambda sound: gathered(
            (
                _edges(sound, AROUND_SPEECH, AROUND_SPEECH),
                _speed(step, sound),
                _said_length(media, sound),
                word_times(media.words, sound.seconds),
                _words(step, media.words),
                _unheard(sound, media.words),
                _too_quiet(sound),
            )
        ),
    )


def music(step: ComposeMusic, media: Audio, store: Store) -> Evidence:
    """Is the piece exactly as long as asked, alive throughout, and does it end rather than stop?"""
    return _decoded(
        media,
        store,
        lambda sound: gathered(
            (
                _length(sound.seconds, step.seconds, "asked for"),
                _edges(sound, BEFORE_MUSIC, min(AFTER_MUSIC, step.seconds / 3)),
                _holes(sound),
                _level(sound),
                _ending(sound),
                _in_order("beat_times", "beat", media.beats, sound.seconds),
            )
        ),
    )


def any_sound(media: Audio, store: Store) -> Evidence:
    """What can be said of a sound without knowing what it is for."""
    return _decoded(media, store, lambda sound: _said_length(media, sound))


def word_times(words: Sequence[Word], seconds: Fraction) -> Evidence:
    """Words begin in order, last no less than nothing, and end within the sound."""
    if not words:
        return unmeasured("word_times", "the voice reports no word times")
    outside = [word for word in words if word.seconds < 0 or word.start + word.seconds > seconds + WORD_SLACK]
    lies = gathered(
        found(
            "word_times",
            f"the word {word.text!r} ends at {clock(word.start + word.seconds)} of a sound of {clock(seconds)}",
            word.start,
            max(word.seconds, Fraction(0)),
        )
        for word in outside[:1]
    )
    return lies + _in_order("word_times", "word", [word.start for word in words], seconds + WORD_SLACK)


def _decoded(media: Audio, store: Store, look) -> Evidence:  # noqa: ANN001 - a function of what was heard to evidence
    try:
        sound = heard(reading.blocks(store.path(media), rate=RATE))
    except BadInput as error:
        return found("cannot_be_decoded", f"cannot be decoded: {error.reason}")
    if not sound.seconds:
        return found("cannot_be_decoded", "cannot be decoded: there is not a single sample in it")
    if sound.silent:
        return found("silent", f"nothing in it is louder than {SILENT:.0f} dBFS", Fraction(0), sound.seconds)
    return _loudness(sound) + _clipping(sound) + look(sound)


def _loudness(sound: Heard) -> Evidence:
    loudness = sound.loudness
    evidence = measured(seconds=float(sound.seconds))
    for name, value in (("loudness_lufs", loudness.integrated), ("true_peak_dbtp", loudness.true_peak)):
        evidence += unmeasured(name, "it is silent") if value is None else measured(**{name: value})
    return evidence


def _clipping(sound: Heard) -> Evidence:
    share = sound.clipped
    evidence = measured(clipped_share=share)
    if share > CLIPPED:
        evidence += found("clipping", f"{100 * share:.1f} % of the samples are clipped (at most {100 * CLIPPED:.1f} %)")
    return evidence


def _length(seconds: Fraction, wanted: Fraction, by: str) -> Evidence:
    if abs(seconds - wanted) <= TICK:
        return Evidence()
    return found("wrong_length", f"it is {float(seconds):.3f} s long, {by}: {float(wanted):.3f} s")


def _said_length(media: Audio, sound: Heard) -> Evidence:
    # A lossy file's padding is no fault of its maker: twenty milliseconds are let pass.
    if abs(sound.seconds - media.seconds) <= WORD_SLACK:
        return Evidence()
    return _length(sound.seconds, media.seconds, "said to be")


def _edges(sound: Heard, before: Fraction, after: Fraction) -> Evidence:
    behind = sound.seconds - sound.last
    evidence = measured(leading_silence_s=float(sound.first), trailing_silence_s=float(behind))
    if sound.first > before:
        says = f"it begins with {clock(sound.first)} of silence (at most {clock(before)})"
        evidence += found("late_start", says, Fraction(0), sound.first)
    if behind > after:
        says = f"it ends with {clock(behind)} of silence (at most {clock(after)})"
        evidence += found("trailing_silence", says, sound.last, behind)
    return evidence


def _speed(step: Speak, sound: Heard) -> Evidence:
    words = "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in step.text)
    if not words.strip():
        return unmeasured("speech_speed", "the line has no letters to speak")
    expected = float(text.speech_seconds(words, step.language)) / step.pace
    spoken = float(sound.last - sound.first)
    evidence = measured(speech_speed=expected / spoken)
    said = f"the line takes {spoken:.1f} s to say, an unhurried reader would take {expected:.1f} s"
    least, most = expected / MOST_HURRIED - SPEECH_SLACK[0], expected * MOST_DRAGGED + SPEECH_SLACK[1]
    if spoken < least:
        evidence += found("speech_truncated", f"{said} (at least {least:.1f} s): part of it is missing or garbled")
    if spoken > most:
        evidence += found("speech_drags", f"{said} (at most {most:.1f} s): something else than the line is heard")
    return evidence


def _words(step: Speak, words: Sequence[Word]) -> Evidence:
    """The reported words against the line's: numbers and signs are read aloud, so a good half must be the line's own."""
    wanted = set(_letters(step.text))
    said = [letters for word in words for letters in _letters(word.text)]
    if len(wanted) < LEAST_WORDS or not said:
        return Evidence()
    share = sum(word in wanted for word in said) / len(said)
    evidence = measured(words_as_written=share)
    if share < MOST_WORDS:
        says = f"{100 * share:.0f} % of what the voice says are words of the line (at least {100 * MOST_WORDS:.0f} %)"
        evidence += found("other_words", says)
    return evidence


def _letters(line: str) -> list[str]:
    return re.findall(r"[^\W_]+", line.casefold())


def _unheard(sound: Heard, words: Sequence[Word]) -> Evidence:
    """Silence where words are said to be."""
    if not words or not len(sound.levels):
        return Evidence()
    spoken = np.zeros(len(sound.levels), bool)
    for word in words:
        spoken[max(0, int(word.start * 100)) : max(0, int((word.start + word.seconds) * 100))] = True
    silent = (sound.levels < min(SILENT, float(sound.levels.max()) - 30)) & spoken
    edges = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False]))))
    return gathered(
        found(
            "words_unheard",
            f"it is silent for {(end - start) / 100:.2f} s where words should be (at most {float(UNHEARD)} s)",
            Fraction(int(start), 100),
            Fraction(int(end - start), 100),
        )
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start > UNHEARD * 100
    )


def _holes(sound: Heard) -> Evidence:
    inside = [span for span in sound.quiet if span.start > sound.first and span.end < sound.last]
    return gathered(
        found_in("silence_inside", f"it is silent for {clock(span.length)} (at most {clock(INSIDE_MUSIC)})", span)
        for span in inside
    )


def _too_quiet(sound: Heard) -> Evidence:
    loudness = sound.loudness.integrated
    if loudness is not None and loudness >= QUIETEST:
        return Evidence()
    said = "below -70" if loudness is None else f"{loudness:.1f}"
    return found("too_quiet", f"its loudness is {said} LUFS (at least {QUIETEST:.0f})")


def _level(sound: Heard) -> Evidence:
    loudness = sound.loudness.integrated
    if loudness is not None and loudness > LOUDEST:
        return found("too_loud", f"its loudness is {loudness:.1f} LUFS (at most {LOUDEST:.0f})")
    return _too_quiet(sound)


def _ending(sound: Heard) -> Evidence:
    levels = sound.levels
    loudest = float(levels.max())
    # What silence follows ends where it is heard last: a piece that is cut off and filled up is still cut off.
    end = max(3, min(len(levels), int(sound.last * 100)))
    tail = float(10 * np.log10(np.mean(10 ** (levels[end - 3 : end] / 10))))
    evidence = measured(tail_dbfs=tail)
    if tail > TAIL_SILENT and tail > loudest - TAIL_BELOW:
        says = f"it stops at {tail:.0f} dBFS, {loudest - tail:.0f} dB below its loudest (at least {TAIL_BELOW:.0f} dB)"
        evidence += found("abrupt_end", f"{says}: it is cut off rather than ended", sound.last)
    return evidence


def _in_order(check: str, what: str, times: Sequence[Fraction], seconds: Fraction) -> Evidence:
    if not times:
        return unmeasured(check, f"there are no {what} times")
    if times[0] < 0 or times[-1] > seconds:
        wrong = times[0] if times[0] < 0 else times[-1]
        return found(check, f"a {what} is said to be at {clock(wrong)} of a sound of {clock(seconds)}", wrong)
    for one, other in pairwise(times):
        if other < one:
            return found(check, f"the {what} at {clock(other)} comes after the one at {clock(one)}", other)
    return Evidence()
