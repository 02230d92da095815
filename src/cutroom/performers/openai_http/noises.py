"""Sounds and music from a description: ``/audio/generate`` (vLLM-Omni)."""

from __future__ import annotations

from typing import Any, ClassVar

from cutroom.configuration import Ability, Model
from cutroom.media.kinds import Audio
from cutroom.net.exchange import Request
from cutroom.performers.flow import Flow
from cutroom.performers.openai_http.habits import Habits, posted
from cutroom.performers.performer import Desk
from cutroom.performers.received import kept_sound, length_degraded
from cutroom.performers.served import Clients, Got, Served, seed_of, token_header
from cutroom.plan.catalogue.generate import GenerateMusic, GenerateSound
from cutroom.plan.step import AnyStep

_OURS = ("response_format", "seed")


class SoundMaker(Served):
    """Makes sounds that are no music and no speech."""

    ability: ClassVar[Ability] = "sound"
    steps: ClassVar[tuple[type[AnyStep], ...]] = (GenerateSound,)

    def __init__(self, name: str, model: Model, clients: Clients) -> None:
        """As `Served`."""
        super().__init__(name, model, clients)
        self.habits = Habits()

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """One call."""
        assert isinstance(step, GenerateSound | GenerateMusic)
        path = desk.scratch / "made"

        def fields() -> dict[str, Any]:
            asked = {
                "model": self.knows_it_as,
                "input": step.description,
                "audio_length": round(float(step.seconds), 3),
                "response_format": "wav",
                "seed": seed_of(desk),
            }
            return asked | self.options

        def call(sent: dict[str, Any]) -> Request:
            return Request(
                "POST",
                "/audio/generate",
                json=sent,
                headers=token_header(desk),
                paid=self.paid(step),
                into=path,
                takes=(400, 415, 422),
            )

        answer, _ = yield from posted(fields, self.not_configured(_OURS), self.habits, call)
        return Got(path, answer.where)

    def taken_in(self, step: AnyStep, got: Got, desk: Desk) -> Audio:
        """The sound, kept; that it is shorter than asked is said."""
        assert isinstance(step, GenerateSound | GenerateMusic)
        sound = kept_sound(desk, got.file(desk), got.where)
        if said := length_degraded(step.seconds, sound.seconds):
            desk.degrade(said.what, said.why)
        return sound


class MusicMaker(SoundMaker):
    """Makes music without words: this call has no place for lyrics."""

    ability: ClassVar[Ability] = "music"
    steps = (GenerateMusic,)

    def performs(self, step: AnyStep) -> bool:
        """True for music that nobody sings to."""
        return isinstance(step, GenerateMusic) and super().performs(step) and not step.lyrics.strip()
