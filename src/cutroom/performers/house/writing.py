"""The house writers: a script out of notes (or of what is known), and captions out of spoken lines.

Neither invents anything. The script's words are the notes', the request's, the files' names or their dates; the
captions' words are the lines'.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cutroom.brief.words import clean, film_title, given_title, name_words, plain_notes
from cutroom.errors import GiveUp
from cutroom.measures.text import language_of, speech_seconds
from cutroom.media.kinds import Media
from cutroom.performers.house.captioning import Piece, Timed, captions, pieces
from cutroom.performers.house.scripting import chosen, date_range, days, matched, said_in_breaths, sentences
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.write import SpokenLine, WriteCaptions, WriteScript
from cutroom.plan.facts import Captions, Script, ScriptLine
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import HOUSE, Terms

SHARE_SPOKEN = Fraction(4, 5)
"""Speech fills at most so much of the film, so that pictures and music have room."""

BETWEEN_LINES = Fraction(1, 2)
"""The pause from one spoken line to the next, in seconds."""

FEWEST_SECONDS_SHOWN = Fraction(5, 2)
"""A line that is shown and not spoken has at least so long."""

TAKES = (Fraction(1), Fraction(17, 20), Fraction(7, 10), Fraction(3, 5))
"""How much of the room each further take uses: a revision asks for fewer words."""


class _House:
    """What both writers share: they cost nothing, need nothing, and have no settings."""

    name = "house"
    version = "1"

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing else decides the result."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Nothing."""
        return HOUSE


class ScriptWriter(_House):
    """Writes the script: title, subtitle, lines."""

    name = "house/writer"

    def performs(self, step: AnyStep) -> bool:
        """True for `WriteScript`."""
        return isinstance(step, WriteScript)

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The script, kept as `Script`."""
        if not isinstance(step, WriteScript):
            raise GiveUp(f"{self.name} writes scripts, not {step.kind}: cast another performer")
        return desk.keep_facts(_script(step, desk))


@dataclass(frozen=True)
class _Notes:
    title: str | None
    sentences: tuple[str, ...]


def _script(step: WriteScript, desk: Desk) -> Script:
    notes = _read(step, desk)
    taken = [_taken(step, desk, place) for place in range(len(step.facts))]
    known = [when for when in taken if when]
    # The dates of a few pictures are not the film's: its first and last must have one, or nearly all.
    enough = 5 * len(known) >= 4 * len(taken) or (len(known) > 1 and taken[0] and taken[-1])
    dates = date_range(known, step.language) if enough else ""
    given = given_title(step.request)
    title = (given[0] if given else None) or notes.title or film_title(step.request, language_of(step.request))
    subtitle = dates if title and dates and dates not in title else ""
    # A request that only gives orders is no title, and neither is the name of whichever file comes first.
    title = title or dates or ""
    lines, left_out = _told(step, desk, notes) if notes.sentences else (_known(step, taken), ())
    return Script(title=title, subtitle=subtitle, lines=lines, language=step.language, left_out=left_out)


def _read(step: WriteScript, desk: Desk) -> _Notes:
    """All notes as one: the first title, every sentence in order."""
    title: str | None = None
    every: list[str] = []
    for ref in step.notes:
        path = desk.path(ref)
        notes = plain_notes(path.read_bytes().decode("utf-8", "replace"), marked_up=desk.media(ref).suffix != ".srt")
        if notes.cut:
            desk.degrade("notes", "only the first 100 000 characters of the notes were read")
        title = title or notes.title
        for paragraph in notes.paragraphs:
            every += sentences(paragraph, language_of(paragraph, least_letters=60) or step.language)
    return _Notes(title, tuple(every))


def _taken(step: WriteScript, desk: Desk, place: int) -> str | None:
    """When picture or clip number `place` was taken, as its facts say (of whatever version or plug-in)."""
    facts = json.loads(desk.words(step.facts[place]))
    taken = facts.get("taken") if isinstance(facts, dict) else None
    return taken if isinstance(taken, str) else None


def _told(step: WriteScript, desk: Desk, notes: _Notes) -> tuple[tuple[ScriptLine, ...], tuple[str, ...]]:
    """The notes' sentences that fit, in breaths, each beside the picture that it is about."""
    room = _room(step, desk.take)
    kept, left_out = chosen(
        notes.sentences,
        room,
        lambda said: _lasts(said, step),
        shown=[subject is not None for subject in matched(notes.sentences, step.names)],
    )
    subjects = matched([notes.sentences[place] if text is None else text for place, text in kept], step.names)
    lines: list[ScriptLine] = []
    for (place, text), subject in zip(kept, subjects, strict=True):
        said = notes.sentences[place] if text is None else text
        parts = said_in_breaths(said, step.language)
        within = matched(parts, step.names) if len(parts) > 1 else [subject]
        lines += [
            ScriptLine(text=part, subject=subject if own is None else own)
            for part, own in zip(parts, within, strict=True)
        ]
    return tuple(lines), left_out


def _lasts(said: str, step: WriteScript) -> Fraction:
    if step.spoken:
        return speech_seconds(said, step.language) + BETWEEN_LINES
    return max(FEWEST_SECONDS_SHOWN, Fraction(len(said), 15) + Fraction(1, 2))


def _room(step: WriteScript, take: int) -> Fraction | None:
    """How many seconds the lines may fill; None when nothing limits them."""
    if step.seconds is None:
        return None
    share = SHARE_SPOKEN if step.spoken else Fraction(9, 10)
    return step.seconds * share * TAKES[min(take, len(TAKES)) - 1]


def _known(step: WriteScript, taken: Sequence[str | None]) -> tuple[ScriptLine, ...]:
    """Lines without notes: file names that are words; else, for a film that nobody speaks over, each day's date."""
    named = [ScriptLine(text=words, subject=place) for place, words in enumerate(map(name_words, step.names)) if words]
    named = [line for place, line in enumerate(named) if place == 0 or line.text != named[place - 1].text]
    if not named and not step.spoken:
        named = [ScriptLine(text=text, subject=place) for place, text in days(taken, step.language)]
    # Each is read beside its own picture, so the film's length does not limit how many there are.
    return tuple(named)


class CaptionWriter(_House):
    """Writes the captions: which words are up when, and where their lines break."""

    name = "house/captioner"

    def performs(self, step: AnyStep) -> bool:
        """True for `WriteCaptions`."""
        return isinstance(step, WriteCaptions)

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The captions, kept as `Captions`."""
        if not isinstance(step, WriteCaptions):
            raise GiveUp(f"{self.name} writes captions, not {step.kind}: cast another performer")
        lines = sorted((_timed(line, desk) for line in step.lines), key=lambda timed: timed.start)
        every: list[Piece] = []
        for timed in lines:
            every += pieces(timed, width=step.width, language=step.language, take=desk.take, shorten=step.shorten)
        made = captions(every, seconds=step.seconds, width=step.width, language=step.language)
        late = [piece.text for piece in every if piece.start >= step.seconds]
        if late:
            desk.degrade(
                "captions",
                f"{len(late)} captions would begin after the film's end ({step.seconds} s) and were left out: "
                f"{late[0]!r}",
            )
        return desk.keep_facts(Captions(captions=made))


def _timed(line: SpokenLine, desk: Desk) -> Timed:
    """A line with the words that its voice reports, in film time."""
    words = desk.media(line.voice).words if line.voice is not None else ()
    voiced = tuple(word.model_copy(update={"start": word.start + line.start}) for word in words if word.seconds >= 0)
    length = max((word.start + word.seconds - line.start for word in voiced), default=line.seconds)
    text = " ".join(clean(line.text).split())
    return Timed(text=text, start=line.start, seconds=max(length, Fraction(1, 10)), words=voiced)
