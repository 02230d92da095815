"""Faults of single takes, before anything is assembled: words, captions, spoken lines, music, framings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from cutroom.evals.faults import heard
from cutroom.evals.faults.film import RATE
from cutroom.evals.task import NotApplicable
from cutroom.media import sound as reading
from cutroom.media.kinds import Audio, Cut, Media, Text
from cutroom.media.store import Store
from cutroom.plan.catalogue.edit import FramePicture
from cutroom.plan.facts import Captions, PictureFacts, Script
from cutroom.plan.step import AnyStep
from cutroom.time import Span, from_float
from cutroom.timeline.timeline import Box, Caption, Clip, Move, Timeline

OTHER_LANGUAGE = (
    "Die Boote fahren noch vor dem Morgen hinaus.",
    "Am Mittag ist der Markt voller Stimmen.",
    "Niemand weiß mehr, wer diese Bäume gepflanzt hat.",
    "Am Abend kommt der Wind von den Hügeln herunter.",
)


@dataclass(frozen=True)
class Take:
    """A take that is to be harmed."""

    step: AnyStep
    media: Media
    inputs: Mapping[str, Media]
    store: Store
    scratch: Path
    rng: Generator
    others: tuple[Media, ...] = ()
    """Takes of other steps of the same kind."""


TakeFault = Callable[[Take, float], tuple[Media, Span | None]]


# ── captions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def captions_too_fast(take: Take, share: float) -> tuple[Media, Span | None]:
    """All captions go when only the rest of their time has passed."""
    kept = 1 - Fraction(share).limit_denominator(100)
    return _changed(take, lambda all_: [one.model_copy(update={"seconds": one.seconds * kept}) for one in all_])


def captions_out_of_step(take: Take, seconds: float) -> tuple[Media, Span | None]:
    """All captions come so much too late."""
    by = from_float(seconds)

    def later(captions: Sequence[Caption]) -> list[Caption]:
        last = max(one.start + one.seconds for one in captions)
        room = min(by, max(Fraction(0), _seconds(take) - last))
        if room < by:
            # What would outlast the film goes with its end: that alone must not give the fault away.
            return [_shifted(one, by) for one in captions if one.start + one.seconds + by <= _seconds(take)]
        return [_shifted(one, by) for one in captions]

    return _changed(take, later)


def captions_missing(take: Take, share: float) -> tuple[Media, Span | None]:
    """This share of the captions is not there."""

    def fewer(captions: Sequence[Caption]) -> list[Caption]:
        count = max(1, round(share * len(captions)))
        first = int(take.rng.integers(len(captions) - count + 1))
        return [*captions[:first], *captions[first + count :]]

    return _changed(take, fewer)


def captions_too_wide(take: Take, share: float) -> tuple[Media, Span | None]:
    """This share of the captions is one long line instead of two: it is cut off at the frame's edges."""

    def wider(captions: Sequence[Caption]) -> list[Caption]:
        long = [one for one in captions if len(one.lines) > 1]
        if not long:
            raise NotApplicable("no caption has two lines")
        some = long[: max(1, round(share * len(long)))]
        return [one.model_copy(update={"lines": (one.text,)}) if one in some else one for one in captions]

    return _changed(take, wider)


def captions_other_language(take: Take, share: float) -> tuple[Media, Span | None]:
    """This share of the captions is in a language that nobody speaks in the film."""

    def foreign(captions: Sequence[Caption]) -> list[Caption]:
        count = max(1, round(share * len(captions)))
        return [
            one.model_copy(update={"lines": (OTHER_LANGUAGE[place % len(OTHER_LANGUAGE)],), "words": ()})
            if place < count
            else one
            for place, one in enumerate(captions)
        ]

    return _changed(take, foreign)


def captions_misspelt(take: Take, letters: float) -> tuple[Media, Span | None]:
    """So many letters of a name are wrong."""
    return _changed(
        take,
        lambda all_: [
            one.model_copy(update={"lines": tuple(_misspelt(line, letters) for line in one.lines)}) for one in all_
        ],
    )


def captions_overlap(take: Take, seconds: float) -> tuple[Media, Span | None]:
    """Captions stay so long that the next one is up already."""
    by = from_float(seconds)

    def longer(captions: Sequence[Caption]) -> list[Caption]:
        if len(captions) < 2:
            raise NotApplicable("there is only one caption")
        starts = [*[one.start for one in captions[1:]], None]
        return [
            one if following is None else one.model_copy(update={"seconds": following + by - one.start})
            for one, following in zip(captions, starts, strict=True)
        ]

    return _changed(take, longer)


# ── scripts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def script_misspelt(take: Take, letters: float) -> tuple[Media, Span | None]:
    """So many letters of a name are wrong, in all lines."""
    return _scripted(take, lambda line: _misspelt(line, letters))


def script_other_language(take: Take, share: float) -> tuple[Media, Span | None]:
    """This share of the lines is in another language."""
    script = Script.model_validate_json(take.store.path(take.media).read_bytes())
    count = max(1, round(share * len(script.lines)))
    foreign = iter(OTHER_LANGUAGE * 3)
    lines = tuple(
        line.model_copy(update={"text": next(foreign)}) if place < count else line
        for place, line in enumerate(script.lines)
    )
    return _kept(take, script.model_copy(update={"lines": lines})), None


def script_too_long(take: Take, times: float) -> tuple[Media, Span | None]:
    """It says so many times as much as there is time for."""
    script = Script.model_validate_json(take.store.path(take.media).read_bytes())
    if not script.lines:
        raise NotApplicable("nothing is said")
    lines = tuple(script.lines[place % len(script.lines)] for place in range(round(times * len(script.lines))))
    return _kept(take, script.model_copy(update={"lines": lines})), None


# ── sounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def truncated(take: Take, share: float) -> tuple[Media, Span | None]:
    """The last `share` of it is not there."""
    samples = _samples(take)
    end = round(len(samples) * (1 - share))
    lost = Span(start=Fraction(end, RATE), length=Fraction(len(samples) - end, RATE))
    return _sounding(take, samples[:end]), lost


def silent_inside(take: Take, share: float) -> tuple[Media, Span | None]:
    """This share of it, in its middle, is silent."""
    samples = _samples(take)
    count = round(len(samples) * share)
    first = (len(samples) - count) // 2
    samples[first : first + count] = 0
    return _sounding(take, samples), Span(start=Fraction(first, RATE), length=Fraction(count, RATE))


def clipped(take: Take, decibels: float) -> tuple[Media, Span | None]:
    """It was recorded too loud by so many decibels: its tops are flat, at full scale."""
    samples = _samples(take)
    top = float(np.percentile(np.abs(samples), 99.95)) or 1.0
    return _sounding(take, np.clip(samples / top * 10 ** (decibels / 20), -1, 1)), None


def too_quiet(take: Take, decibels: float) -> tuple[Media, Span | None]:
    """It is so many decibels quieter than it was."""
    return _sounding(take, _samples(take) * np.float32(10 ** (-decibels / 20))), None


def another_line(take: Take, share: float) -> tuple[Media, Span | None]:
    """Another line is said instead (`share` of it)."""
    others = [one for one in take.others if isinstance(one, Audio) and one.digest != take.media.digest]
    if not others:
        raise NotApplicable("there is only one spoken line")
    other = others[int(take.rng.integers(len(others)))]
    samples = reading.samples(take.store.path(other), rate=RATE)
    end = round(len(samples) * share)
    words = tuple(word for word in other.words if word.start + word.seconds <= Fraction(end, RATE))
    return _sounding(take, samples[:end], words=words), None


def breaks_off(take: Take, seconds: float) -> tuple[Media, Span | None]:
    """So much of its end is missing, and silence fills the place."""
    samples, lost = heard.breaks_off(_samples(take), seconds, take.rng)
    return _sounding(take, samples), lost


def beats_wrong(take: Take, share: float) -> tuple[Media, Span | None]:
    """All beats are said to fall later than they do, by this share of a beat."""
    assert isinstance(take.media, Audio)
    beats = take.media.beats
    if len(beats) < 4:
        raise NotApplicable("no beats are known")
    by = (beats[1] - beats[0]) * Fraction(share).limit_denominator(100)
    return take.media.model_copy(update={"beats": tuple(beat + by for beat in beats)}), None


# ── framings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def too_close(take: Take, share: float) -> tuple[Media, Span | None]:
    """Only this share of what was framed, in each direction, is left: the picture is soft, and little of it is seen."""
    return _framed(take, lambda box: _about(box, box.centre, share))


def off_subject(take: Take, share: float) -> tuple[Media, Span | None]:
    """The frame looks past what draws the eye: so much of the way to where nothing of it is seen."""
    facts = _facts(take)
    across, down = facts.focus.centre

    def away(box: Box) -> Box:
        small = _about(box, box.centre, 0.6)
        x = (1 - small.width) * (0.0 if across > 0.5 else 1.0)
        y = (1 - small.height) * (0.0 if down > 0.5 else 1.0)
        return Box(
            x=small.x + (x - small.x) * share, y=small.y + (y - small.y) * share, width=small.width, height=small.height
        )

    return _framed(take, away)


def head_cut(take: Take, share: float) -> tuple[Media, Span | None]:
    """The frame's upper edge cuts so much off a head."""
    faces = [face for face in _facts(take).faces if face.confidence >= 0.5]
    if not faces:
        raise NotApplicable("there is no face in the picture")
    face = max(faces, key=lambda one: one.box.width * one.box.height).box
    top = max(0.0, face.y - 0.2 * face.height) + share * face.height

    def lower(box: Box) -> Box:
        return Box(x=box.x, y=top, width=box.width, height=min(box.height, max(0.1, 1 - top)))

    return _framed(take, lower)


def moves_too_fast(take: Take, share: float) -> tuple[Media, Span | None]:
    """The frame travels this share of the picture's width while the shot lasts."""
    timeline, clip = _shot(take)
    wide = min(0.5, 1 - share) if share < 1 else 0.3
    start = Box(x=0, y=0.2, width=wide, height=0.5)
    end = Box(x=min(1 - wide, share), y=0.2, width=wide, height=0.5)
    return _with_clip(take, timeline, clip.model_copy(update={"move": Move(start=start, end=end)})), None


def shot_too_short(take: Take, share: float) -> tuple[Media, Span | None]:
    """The shot lasts shorter than asked by this share."""
    timeline, clip = _shot(take)
    seconds = clip.seconds * (1 - Fraction(share).limit_denominator(100))
    more: dict[str, Any] = {"seconds": seconds}
    if clip.source is not None:
        more["source"] = clip.source.model_copy(update={"length": seconds * clip.speed})
    return _with_clip(take, timeline, clip.model_copy(update=more)), None


def outside_clip(take: Take, seconds: float) -> tuple[Media, Span | None]:
    """The stretch that was picked reaches over the clip's end by so much."""
    timeline, clip = _shot(take)
    if clip.source is None or not hasattr(clip.media, "seconds"):
        raise NotApplicable("it is no stretch of a clip")
    start = clip.media.seconds - clip.source.length + from_float(seconds)  # pyright: ignore[reportAttributeAccessIssue]
    source = clip.source.model_copy(update={"start": start})
    return _with_clip(take, timeline, clip.model_copy(update={"source": source})), None


# ── what they share ──────────────────────────────────────────────────────────────────────────────────────────────────


def _seconds(take: Take) -> Fraction:
    return getattr(take.step, "seconds", Fraction(10**6))


def _shifted(caption: Caption, by: Fraction) -> Caption:
    words = tuple(word.model_copy(update={"start": word.start + by}) for word in caption.words)
    return caption.model_copy(update={"start": caption.start + by, "words": words})


def _kept(take: Take, facts: Any) -> Text:
    blob = take.store.add_bytes(facts.model_dump_json(indent=1).encode(), ".json")
    return Text(digest=blob.digest, bytes=blob.bytes, suffix=".json", schema_name=facts.schema_name)


def _changed(take: Take, change: Callable[[Sequence[Caption]], Sequence[Caption]]) -> tuple[Media, Span | None]:
    written = Captions.model_validate_json(take.store.path(take.media).read_bytes())
    if not written.captions:
        raise NotApplicable("there are no captions")
    after = tuple(change(written.captions))
    if after == written.captions:
        raise NotApplicable("there is nothing to change in them")
    where = Span(start=written.captions[0].start, length=_seconds(take) - written.captions[0].start)
    return _kept(take, written.model_copy(update={"captions": after})), where


def _scripted(take: Take, change: Callable[[str], str]) -> tuple[Media, Span | None]:
    script = Script.model_validate_json(take.store.path(take.media).read_bytes())
    lines = tuple(line.model_copy(update={"text": change(line.text)}) for line in script.lines)
    if lines == script.lines:
        raise NotApplicable("no name is said")
    return _kept(take, script.model_copy(update={"lines": lines})), None


def _misspelt(text: str, letters: float) -> str:
    """`text` with so many letters of its names changed; a name is a capital word that no sentence begins with, or two."""
    names = re.findall(r"[A-ZÀ-Ž][\w’'-]{3,}(?=\s+[A-ZÀ-Ž])|(?<=[a-zà-ž]\s)[A-ZÀ-Ž][\w’'-]{3,}", text)
    for name in names[:1]:
        wrong = list(name)
        for place in range(1, min(len(wrong), 1 + round(letters))):
            wrong[place] = "o" if wrong[place] not in "oO" else "e"
        text = text.replace(name, "".join(wrong))
    return text


def _samples(take: Take) -> np.ndarray:
    return reading.samples(take.store.path(take.media), rate=RATE)


def _sounding(take: Take, samples: np.ndarray, **more: Any) -> Audio:
    """`samples` as the same take: its words and beats stay as they were said to be, unless `more` says otherwise."""
    assert isinstance(take.media, Audio)
    path = take.scratch / "take.wav"
    reading.write_wav(path, samples)
    blob = take.store.move_in(path, ".wav")
    about = {"digest": blob.digest, "bytes": blob.bytes, "suffix": ".wav", "rate": RATE, "channels": 2}
    return take.media.model_copy(update={**about, "seconds": Fraction(len(samples), RATE), **more})


def _shot(take: Take) -> tuple[Timeline, Clip]:
    timeline = Timeline.model_validate_json(take.store.path(take.media).read_bytes())
    clip = timeline.picture[0]
    if not isinstance(clip, Clip):
        raise NotApplicable("the shot is no clip")
    return timeline, clip


def _facts(take: Take) -> PictureFacts:
    assert isinstance(take.step, FramePicture)
    facts = take.inputs.get(take.step.facts.id)
    if facts is None:
        raise NotApplicable("nothing is known of the picture")
    return PictureFacts.model_validate_json(take.store.path(facts).read_bytes())


def _framed(take: Take, change: Callable[[Box], Box]) -> tuple[Media, Span | None]:
    timeline, clip = _shot(take)
    whole = Box(x=0, y=0, width=1, height=1)
    move = clip.move or Move(start=whole, end=whole)
    moved = move.model_copy(update={"start": change(move.start), "end": change(move.end)})
    return _with_clip(take, timeline, clip.model_copy(update={"move": moved})), None


def _about(box: Box, centre: tuple[float, float], share: float) -> Box:
    width, height = box.width * share, box.height * share
    return Box(x=centre[0] - width / 2, y=centre[1] - height / 2, width=width, height=height)


def _with_clip(take: Take, timeline: Timeline, clip: Clip) -> Cut:
    after = timeline.model_copy(update={"picture": (clip, *timeline.picture[1:])})
    blob = take.store.add_bytes(after.model_dump_json(indent=1).encode(), ".json")
    return Cut(digest=blob.digest, bytes=blob.bytes, suffix=".json", seconds=after.seconds)
