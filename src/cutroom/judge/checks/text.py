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
| `repeated_line` | no line of four words or more is said twice | |
| `wrong_language` | a line is in the language that was asked for | `measures.text.language_of` |
| `misspelt_name` | a name is written as in the notes, if it is nearly one of theirs | one or two letters apart, or a third |
| `captions_not_as_said` | captions hold the lines' words, all of them unless they are to be shortened, and no others | |
| `captions_out_of_step` | a line's first caption comes within 0.25 s of it | BBC: subtitles follow speech within a frame or two |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from fractions import Fraction

from pydantic import ValidationError

from cutroom.judge.evidence import Evidence, clock, found, gathered, measured, unmeasured
from cutroom.measures import text as measures
from cutroom.media.kinds import Audio, Media, Text
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
STEP = Fraction(1, 4)
LONG_ENOUGH = 4
"""Words that a line must have to count as said twice."""
LETTERS_TO_TELL = 18
"""In fewer letters no language is told."""
QUOTED = 40
"""So many characters of a text are quoted in a sentence about it."""


def script(step: WriteScript, media: Text, store: Store, inputs: Mapping[str, Media] | None = None) -> Evidence:
    """Is there a title, can what is said be said in the film's time, and are names and language those that were given?"""
    try:
        written = Script.model_validate_json(store.path(media).read_bytes())
    except ValidationError as error:
        return _unreadable(error)
    evidence = measured(lines=len(written.lines))
    if written.title and not any(letter.isalnum() for letter in written.title):
        evidence += found("title_missing", f"the title {written.title!r} has no letter in it")
    lines = [line.text for line in written.lines]
    given = " ".join([step.request, *_given(step, inputs or {}, store)])
    evidence += _said_twice(lines, given) + _languages(lines, step.language, given) + _names(lines, given)
    spoken = sum((measures.speech_seconds(line, written.language) for line in lines), Fraction(0))
    if not step.spoken:
        return evidence + unmeasured("speech_s", "nothing is to be spoken")
    evidence += measured(speech_s=float(spoken))
    if step.seconds is None:
        return evidence + unmeasured("script_too_long", "the material decides how long the film is")
    if spoken > step.seconds:
        says = f"its lines take about {clock(spoken)} to say (at most {clock(step.seconds)})"
        evidence += found("script_too_long", says)
    return evidence


def captions(step: WriteCaptions, media: Text, store: Store, inputs: Mapping[str, Media] | None = None) -> Evidence:
    """Can every caption be read in the time it is up, and is it what is said, when it is said?"""
    try:
        written = Captions.model_validate_json(store.path(media).read_bytes()).captions
    except ValidationError as error:
        return _unreadable(error)
    if not written and any(line.text.strip() for line in step.lines):
        return found("captions_missing", f"there are {len(step.lines)} lines, but no caption")
    said = _as_said(step, written) + _in_step(step, written, inputs or {})
    return readable(written, step.width) + in_time(written, step.seconds) + said


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


# ── what was given, and what came of it ──────────────────────────────────────────────────────────────────────────────


def _given(step: WriteScript, inputs: Mapping[str, Media], store: Store) -> Iterator[str]:
    """The notes, as far as they can be read."""
    for ref in step.notes:
        if (notes := inputs.get(ref.id)) is not None:
            yield store.path(notes).read_text("utf-8", errors="replace")


def _letters_of(text: str) -> list[str]:
    """The words of `text` in small letters, without signs."""
    return re.findall(r"[^\W_]+", text.casefold())


def _said_twice(lines: Sequence[str], given: str) -> Evidence:
    seen: dict[tuple[str, ...], int] = {}
    noted = " ".join(_letters_of(given))
    for line in lines:
        words = tuple(_letters_of(line))
        seen[words] = seen.get(words, 0) + 1
    return gathered(
        found("repeated_line", f"the line {' '.join(words)[:QUOTED]!r} is said {count} times")
        for words, count in seen.items()
        if len(words) >= LONG_ENOUGH and count > max(1, noted.count(" ".join(words)))
    )


def _languages(lines: Iterable[str], wanted: str, given: str) -> Evidence:
    """Lines in another language than asked. Words that were given are the asker's own."""
    base, noted, evidence = measures.base_language(wanted), " ".join(_letters_of(given)), Evidence()
    for line in lines:
        if " ".join(_letters_of(line)) in noted or sum(letter.isalpha() for letter in line) < LETTERS_TO_TELL:
            continue
        spoken = measures.language_of(line)
        if spoken is not None and measures.base_language(spoken) != base:
            says = f"the line {line[:QUOTED]!r} is in {spoken!r}, asked for: {wanted!r}"
            evidence += found("wrong_language", says)
    return evidence


def _names(lines: Iterable[str], given: str) -> Evidence:
    """Capital words that the notes do not have, but nearly."""
    there = {word for word in re.findall(r"[^\W\d_]{4,}", given) if word[:1].isupper()}
    small = {word.casefold() for word in re.findall(r"[^\W\d_]{4,}", given)}
    wrong: dict[str, str] = {}
    for line in lines:
        for word in re.findall(r"[^\W\d_]{4,}", line):
            if word[:1].isupper() and word.casefold() not in small:
                wrong.update((word, name) for name in sorted(there) if _nearly(word, name))
    return gathered(
        found("misspelt_name", f"{word!r} is written where the notes have {name!r}") for word, name in wrong.items()
    )


def _nearly(word: str, name: str) -> bool:
    """Equally long but for one letter, and different in few."""
    if abs(len(word) - len(name)) > 1 or word[0] != name[0]:
        return False
    blocks = SequenceMatcher(None, word.casefold(), name.casefold(), autojunk=False).get_matching_blocks()
    apart = max(len(word), len(name)) - sum(block.size for block in blocks)
    return 0 < apart <= max(3, len(name) // 3)


def _as_said(step: WriteCaptions, written: Sequence[Caption]) -> Evidence:
    """The captions' words against the lines'."""
    said = [word for line in step.lines for word in _letters_of(line.text)]
    shown = [word for caption in written for word in _letters_of(" ".join(caption.lines).replace("\u00ad", ""))]
    # A word that was broken over two captions or lines is whole again without its joint.
    blocks = SequenceMatcher(None, shown, said, autojunk=False).get_matching_blocks()
    alike = sum(block.size for block in blocks)
    evidence = measured(words_shown=len(shown), words_said=len(said))
    if "".join(shown) == "".join(said):
        return evidence
    strange = [shown[place] for place in _outside([(block.a, block.size) for block in blocks], len(shown))]
    lost = [said[place] for place in _outside([(block.b, block.size) for block in blocks], len(said))]
    if strange and "".join(strange) not in "".join(said):
        says = f"captions show {' '.join(strange)[:QUOTED]!r}, which nobody says"
        evidence += found("captions_not_as_said", says)
    elif lost and not step.shorten:
        says = f"{len(lost)} of {len(said)} words are said and not shown: {' '.join(lost)[:QUOTED]!r}"
        evidence += found("captions_not_as_said", says)
    return evidence + measured(words_alike=alike)


def _outside(blocks: Iterable[tuple[int, int]], count: int) -> list[int]:
    inside = {place for start, size in blocks for place in range(start, start + size)}
    return [place for place in range(count) if place not in inside]


def _in_step(step: WriteCaptions, written: Sequence[Caption], inputs: Mapping[str, Media]) -> Evidence:
    """Each line's first word against the caption that shows it."""
    worst, evidence, place, letters = Fraction(0), Evidence(), 0, 0
    starts = {}
    for caption in written:
        starts[letters] = caption
        letters += len("".join(_letters_of(caption.text)))
    for line in step.lines:
        caption = starts.get(place)
        place += len("".join(_letters_of(line.text)))
        if caption is None:
            continue
        voice = inputs.get(line.voice.id) if line.voice else None
        first = voice.words[0].start if isinstance(voice, Audio) and voice.words else Fraction(0)
        late = caption.start - line.start - first
        worst = max(worst, abs(late))
        if late > STEP or caption.start < line.start - STEP:
            says = f"the caption {shows(caption)!r} comes {float(late):.2f} s after its words (at most {float(STEP)} s)"
            evidence += found("captions_out_of_step", says, caption.start, caption.seconds)
    return evidence + measured(caption_late_s=float(worst))


def _unreadable(error: ValidationError) -> Evidence:
    first = error.errors(include_url=False)[0]
    return found("cannot_be_decoded", f"cannot be decoded: {first['msg']}")
