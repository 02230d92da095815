"""Transcripts: ``/audio/transcriptions``, word by word with times where the model gives them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, ClassVar

from cutroom.configuration import Ability, Model
from cutroom.errors import GiveUp
from cutroom.media.kinds import Text, Word
from cutroom.net.exchange import Request
from cutroom.performers.flow import Degraded, Flow
from cutroom.performers.openai_http import showing
from cutroom.performers.openai_http.habits import Habits, posted
from cutroom.performers.openai_http.pictures import bill_in, form_fields
from cutroom.performers.performer import Desk
from cutroom.performers.served import Clients, Got, Served, token_header
from cutroom.plan.catalogue.understand import Transcribe
from cutroom.plan.facts import SpokenLine, Transcript
from cutroom.plan.step import AnyStep
from cutroom.time import Span, from_float

_OURS = ("response_format", "timestamp_granularities[]", "language")
_MOST_WORDS = 200_000


class Listener(Served):
    """Writes down what is said."""

    ability: ClassVar[Ability] = "transcribe"
    steps = (Transcribe,)

    def __init__(self, name: str, model: Model, clients: Clients) -> None:
        """As `Served`."""
        super().__init__(name, model, clients)
        self.habits = Habits()

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """One call with the sound in it. Models that give no times refuse to be asked for them; then without."""
        assert isinstance(step, Transcribe)
        sound = showing.spoken_flac(desk.path(step.sound), desk.scratch / "heard.flac")

        def fields() -> dict[str, Any]:
            timed = "response_format" not in self.habits.refused
            shape = {"response_format": "verbose_json", "timestamp_granularities[]": "word"} if timed else {}
            tongue = {"language": step.language.partition("-")[0]} if step.language else {}
            return {"model": self.knows_it_as} | shape | tongue | self.options

        def call(sent: dict[str, Any]) -> Request:
            return Request(
                "POST",
                "/audio/transcriptions",
                form=form_fields(sent),
                files=(("file", sound, "sound.flac", "audio/flac"),),
                headers=token_header(desk),
                paid=self.paid(step),
                takes=(400, 415, 422),
            )

        answer, _ = yield from posted(fields, self.not_configured(_OURS), self.habits, call)
        body = answer.json()
        if charged := bill_in(body):
            yield charged
        if not transcript_of(body, answer.where).words:
            yield Degraded("when each word is said", f"{self.name} gives no times")
        return Got(answer.body, answer.where)

    def taken_in(self, step: AnyStep, got: Got, desk: Desk) -> Text:
        """The transcript, as facts."""
        assert isinstance(got.content, bytes)
        return desk.keep_facts(transcript_of(json.loads(got.content), got.where))


def transcript_of(body: Any, where: str) -> Transcript:
    """An answer as a transcript. Words and lines without sensible times are left out. Raises GiveUp when it has no text."""
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise GiveUp(f"{where}: the answer is no transcript: {str(body)[:120]!r}", billed=None)
    segments = _listed(body.get("segments"))
    inner = (word for one in segments for word in _listed(one.get("words")))
    words = _timed(_listed(body.get("words")) or inner, "word")
    lines = _timed(segments, "text")
    language = body.get("language")
    return Transcript(
        text=body["text"].strip(),
        language=language if isinstance(language, str) and language else None,
        words=tuple(Word(text=text, start=start, seconds=seconds) for text, start, seconds in words),
        lines=tuple(SpokenLine(text=text, span=Span(start=start, length=seconds)) for text, start, seconds in lines),
    )


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value[:_MOST_WORDS] if isinstance(one, dict)] if isinstance(value, list) else []


def _timed(listed: Iterable[dict[str, Any]], name: str) -> list[tuple[str, Fraction, Fraction]]:
    """Text, start and length, exact to a thousandth, in the order of time; what overlaps ends where the next begins."""
    found: list[tuple[str, Fraction, Fraction]] = []
    for one in listed:
        text, start, end = one.get(name) or one.get("text"), one.get("start"), one.get("end")
        if isinstance(text, str) and text.strip() and _sane(start) and _sane(end):
            begin, stop = (from_float(float(time), 1000) for time in (start or 0, end or 0))
            if begin <= stop:
                found.append((text.strip(), begin, stop - begin))
    found.sort(key=lambda one: one[1])
    ends = [start for _, start, _ in found[1:]]
    return [
        (text, start, min(seconds, ends[place] - start) if place < len(ends) else seconds)
        for place, (text, start, seconds) in enumerate(found)
    ]


def _sane(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value < 1e6
