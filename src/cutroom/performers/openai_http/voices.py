"""Voices: ``/audio/speech``, and ``/audio/voices`` where a server lists them (Kokoro-FastAPI, vLLM-Omni)."""

from __future__ import annotations

import base64
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from cutroom.configuration import Ability, Model
from cutroom.errors import GiveUp, Unavailable
from cutroom.media import sound as sounds
from cutroom.media.kinds import Audio
from cutroom.net.exchange import Request, Response
from cutroom.performers.flow import Degraded, Flow, ask
from cutroom.performers.house import speech as house
from cutroom.performers.openai_http.habits import Habits, posted
from cutroom.performers.performer import Desk
from cutroom.performers.received import heard
from cutroom.performers.served import Clients, Got, Served, token_header
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.step import AnyStep

_OURS = ("response_format", "speed", "instructions")
_REFUSED = (400, 415, 422)
_SLOWEST, _FASTEST = 0.25, 4.0
_CLONES = "Base"
"""The task type under which vLLM-Omni speaks with a voice that it is shown."""


class Speaker(Served):
    """Reads lines aloud."""

    ability: ClassVar[Ability] = "speech"
    steps = (Speak,)

    def __init__(self, name: str, model: Model, clients: Clients) -> None:
        """As `Served`."""
        super().__init__(name, model, clients)
        self.habits = Habits()
        self._found: str | None = None

    def performs(self, step: AnyStep) -> bool:
        """True when it has the voice that is named; a voice that is shown only where the options say that it can."""
        if not isinstance(step, Speak) or not super().performs(step):
            return False
        if step.sample is not None and self.options.get("task_type") != _CLONES:
            return False
        return step.voice is None or not self.model.voices or step.voice in self.model.voices

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Also the voice: the first one configured, when the step names none."""
        assert isinstance(step, Speak)
        return super().settings(step) | {"voice": step.voice or next(iter(self.model.voices), "")}

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """One call; the list of voices before it when nobody named one."""
        assert isinstance(step, Speak)
        if len(step.text) > house.LONGEST:
            raise GiveUp(
                f"a line of {len(step.text)} characters is too long to read (at most {house.LONGEST}); split it"
            )
        voice = step.voice or next(iter(self.model.voices), None) or self._found
        if voice is None:
            voice = self._found = yield from first_voice()
        path = desk.scratch / "made"
        said = {"instructions": step.manner} if step.manner else {}
        cloned = self._cloned(step, desk)

        def fields() -> dict[str, Any]:
            named = {"voice": voice} if voice else {}
            pace = {"speed": min(_FASTEST, max(_SLOWEST, step.pace))} if step.pace != 1.0 else {}
            spoken = {"model": self.knows_it_as, "input": step.text, "response_format": "wav"}
            return spoken | named | pace | said | cloned | self.options

        def call(sent: dict[str, Any]) -> Request:
            return Request(
                "POST",
                "/audio/speech",
                json=sent,
                headers=token_header(desk),
                paid=self.paid(step),
                into=path,
                takes=_REFUSED,
            )

        try:
            answer, sent = yield from posted(fields, self.not_configured(_OURS), self.habits, call)
        except GiveUp as trouble:
            if voice is None and "voice" in str(trouble):
                raise Unavailable(f'{trouble}; name its voices: voices = ["…"] in [models.{self.called}]') from trouble
            raise
        if said and "instructions" not in sent:
            yield Degraded("how the line is said", f"{self.name} cannot be told")
        if step.pace != 1.0 and "speed" not in sent:
            yield Degraded(f"the pace of the voice ({step.pace:g})", f"{self.name} reads at its own")
        return Got(path, answer.where)

    def taken_in(self, step: AnyStep, got: Got, desk: Desk) -> Audio:
        """The line at 48 kHz, mono, at the level of the house's voices, with the time of each word."""
        assert isinstance(step, Speak)
        return as_spoken(step, got.file(desk), got.where, desk)

    def _cloned(self, step: Speak, desk: Desk) -> dict[str, str]:
        """The voice that is shown, inside the call."""
        if step.sample is None:
            return {}
        sample = desk.media(step.sample)
        held = base64.b64encode(desk.path(step.sample).read_bytes()).decode()
        return {"ref_audio": f"data:audio/{sample.suffix.lstrip('.')};base64,{held}"}


def as_spoken(step: Speak, path: Path, where: str, desk: Desk) -> Audio:
    """The line in the file at `path`, finished like the house's own voices and kept. Raises GiveUp when nothing is heard."""
    rate = heard(path, where).rate
    samples, words = house.voiced(step, sounds.samples(path, rate=rate).mean(axis=1), rate)
    made = desk.scratch / "speech.wav"
    sounds.write_wav(made, samples, house.RATE)
    return desk.keep_sound(made, seconds=Fraction(len(samples), house.RATE), rate=house.RATE, channels=1, words=words)


def first_voice() -> Flow[str | None]:
    """The first voice that the server lists; None when it lists none, or has no such list."""
    answer = yield from ask(Request("GET", "/audio/voices", takes=(400, 404, 405, 422, 501)))
    return next(iter(voices_in(answer)), None) if answer.status < 300 else None


def voices_in(answer: Response) -> list[str]:
    """The names in a list of voices: ``{"voices": ["a"]}``, ``{"voices": [{"id": "a"}]}``, or the list alone."""
    body = answer.json()
    if isinstance(body, dict):
        body = next((body[name] for name in ("voices", "data", "items") if isinstance(body.get(name), list | dict)), [])
    listed = list(body) if isinstance(body, list | dict) else []
    names = [
        next((one[name] for name in ("id", "voice_id", "name") if one.get(name)), "") if isinstance(one, dict) else one
        for one in listed
    ]
    return [name for name in names if isinstance(name, str) and name]
