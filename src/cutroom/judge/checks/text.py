"""Scripts and captions: can they be read, and can they be said, in the time there is?

| check | bound | from |
|---|---|---|
| `captions_too_fast` | 20 characters a second | Netflix, English Timed Text Style Guide (adult programmes) |
| `caption_too_brief` | 0.7 s | a little below Netflix's 5/6 s, so that rounding to frames never fails one |
| `caption_lines` | 2 lines | Netflix and BBC subtitle guidelines |
| `caption_too_wide` | the step's own width | 42 columns for Latin script: Netflix |
| `captions_overlap` | one at a time, in order | both |
| `caption_outside` | within the film | |
| `captions_missing` | words to show, but no caption | |
| `title_missing` | a title, where there is one, has a letter in it | |
| `script_too_long` | said at an easy pace, it fits the film | |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from pydantic import ValidationError

from cutroom.judge.evidence import Evidence, clock, found, gathered, measured, unmeasured
from cutroom.measures import text as measures
from cutroom.media.kinds import Text
from cutroom.media.store import Store
from cutroom.plan.catalogue.write import WriteCaptions, WriteScript
from cutroom.plan.facts import Captions, Script
from cutroom.timeline.timeline import Caption

FASTEST = 20.0
BRIEFEST = Fraction(7, 10)
MOST_LINES = 2
UNBREAKABLE = 1.5
"""A single word may be so much wider than a line: it cannot be broken, and lettering makes it smaller."""
ROUNDING = Fraction(1, 100)
"""Less than half a frame: what a caption may reach over its bounds by rounding to frames."""
QUOTED = 40
"""So many characters of a text are quoted in a sentence about it."""


def script(step: WriteScript, media: Text, store: Store) -> Evidence:
    """Is there a title, and can what is said be said in the film's time?"""
    try:
        written = Script.model_validate_json(store.path(media).read_bytes())
    except ValidationError as error:
        return _unreadable(error)
    evidence = measured(lines=len(written.lines))
    if written.title and not any(letter.isalnum() for letter in written.title):
        evidence += found("title_missing", f"the title {written.title!r} has no letter in it")
    spoken = sum((measures.speech_seconds(line.text, written.language) for line in written.lines), Fraction(0))
    if not step.spoken:
        return evidence + unmeasured("speech_s", "nothing is to be spoken")
    evidence += measured(speech_s=float(spoken))
    if step.seconds is None:
        return evidence + unmeasured("script_too_long", "the material decides how long the film is")
    if spoken > step.seconds:
        says = f"its lines take about {clock(spoken)} to say (at most {clock(step.seconds)})"
        evidence += found("script_too_long", says)
    return evidence


def captions(step: WriteCaptions, media: Text, store: Store) -> Evidence:
    """Can every caption be read in the time it is up?"""
    try:
        written = Captions.model_validate_json(store.path(media).read_bytes()).captions
    except ValidationError as error:
        return _unreadable(error)
    if not written and any(line.text.strip() for line in step.lines):
        return found("captions_missing", f"there are {len(step.lines)} lines, but no caption")
    return readable(written, step.width) + in_time(written, step.seconds)


def readable(written: Sequence[Caption], width: int) -> Evidence:
    """Speed, number of lines and width of captions."""
    if not written:
        return unmeasured("characters_a_second", "there are no captions")
    fastest = max(measures.characters_a_second(caption.text, caption.seconds) for caption in written)
    widest = max(measures.width(line) for caption in written for line in caption.lines)
    evidence = measured(captions=len(written), characters_a_second=fastest, columns=widest)
    return evidence + gathered(part for caption in written for part in _one(caption, width))


def in_time(written: Sequence[Caption], seconds: Fraction) -> Evidence:
    """Captions lie in the film, in order, one at a time."""
    return gathered(_when(written, seconds))


def shows(caption: Caption) -> str:
    """The caption's words, cut short, as they are quoted in findings."""
    text = caption.text
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def _one(caption: Caption, width: int) -> Iterator[Evidence]:
    def say(check: str, says: str) -> Evidence:
        return found(check, f"the caption {shows(caption)!r} {says}", caption.start, caption.seconds)

    speed = measures.characters_a_second(caption.text, caption.seconds)
    if speed > FASTEST:
        yield say("captions_too_fast", f"must be read at {speed:.1f} characters a second (at most {FASTEST:.0f})")
    if caption.seconds < BRIEFEST:
        yield say("caption_too_brief", f"is up for {float(caption.seconds):.2f} s (at least {float(BRIEFEST)} s)")
    if len(caption.lines) > MOST_LINES:
        yield say("caption_lines", f"has {len(caption.lines)} lines (at most {MOST_LINES})")
    for line in caption.lines:
        room = width if len(line.split()) > 1 else width * UNBREAKABLE
        if (columns := measures.width(line)) > room:
            yield say("caption_too_wide", f"has a line of {columns} columns (at most {width})")


def _when(written: Sequence[Caption], seconds: Fraction) -> Iterator[Evidence]:
    before: Caption | None = None
    for caption in written:
        if caption.start < 0 or caption.start + caption.seconds > seconds + ROUNDING:
            up = f"{clock(caption.start)} to {clock(caption.start + caption.seconds)} of a film of {clock(seconds)}"
            says = f"the caption {shows(caption)!r} is up from {up}"
            yield found("caption_outside", says, caption.start, caption.seconds)
        if before is not None and caption.start < before.start + before.seconds - ROUNDING:
            yield found(
                "captions_overlap",
                f"the caption {shows(caption)!r} comes while the one before it is still up",
                caption.start,
                before.start + before.seconds - caption.start,
            )
        before = caption


def _unreadable(error: ValidationError) -> Evidence:
    first = error.errors(include_url=False)[0]
    return found("cannot_be_decoded", f"cannot be decoded: {first['msg']}")
