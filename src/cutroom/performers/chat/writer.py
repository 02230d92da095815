"""A configured chat model as a performer: it writes stories, plans their shots, and says what pictures and clips show.

Every exchange is kept in the store: what was asked once is not asked, or paid for, again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cutroom.chat.exchanges import StoreExchanges
from cutroom.chat.heard import Usage
from cutroom.chat.messages import Message, shown
from cutroom.chat.model import Answer, ServedModel
from cutroom.chat.rates import Rates
from cutroom.configuration import Model
from cutroom.errors import GiveUp
from cutroom.media.kinds import Media, Text
from cutroom.money import Price
from cutroom.performers.chat.asking import (
    TellStory,
    prompt_digest,
    shot_answer,
    shot_messages,
    shot_of,
    sight_messages,
    story_messages,
    story_of,
)
from cutroom.performers.performer import Desk
from cutroom.performers.served import Clients
from cutroom.plan.catalogue.understand import DescribeClip, DescribePicture
from cutroom.plan.catalogue.write import PlanShot, WriteStory
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms

STEPS = (WriteStory, PlanShot)
"""What any chat model can do."""
SIGHTS = (DescribePicture, DescribeClip)
"""What one can that sees."""

MOST_TOKENS: dict[type[AnyStep], int] = {WriteStory: 3000, PlanShot: 1200, DescribePicture: 500, DescribeClip: 500}
"""The most that one turn may say, thoughts included: a story of 24 shots has some 2000 tokens."""

_SHORTEST, _LONGEST = 300, 9000
"""Tokens that are said to it: at least the prompt, at most the prompt with notes and files as long as they may be."""
_TURNS = 3
"""So many turns a price allows for: one, and two corrections."""


class ChatWriter:
    """One configured chat model."""

    version = "1"

    def __init__(self, name: str, model: Model, clients: Clients) -> None:
        """The chat model of `model`, which the person calls `name`. Raises WrongUse for a price that is none."""
        self.called = name
        self.model = model
        self.name = f"{name}/chat"
        self._clients = clients
        self._rates = Rates.read(model.price.get("chat", "free" if model.here else None))

    def performs(self, step: AnyStep) -> bool:
        """True for stories and shots, and for descriptions when the model sees."""
        return bool(self.model.chat) and isinstance(step, (*STEPS, *SIGHTS) if self.model.see else STEPS)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """The model's name at the server, what is sent along, and our own words to it."""
        own = self.model.options.get("chat")
        options = own if isinstance(own, Mapping) else self.model.options
        settings: dict[str, Any] = {
            "model": self.model.chat,
            "options": dict(options),
            "prompt": prompt_digest(step.kind),
        }
        return settings | ({"clips": self.model.watch} if isinstance(step, DescribeClip) else {})

    def terms(self, step: AnyStep) -> Terms:
        """A price from one short turn to three long ones; what was really said is charged afterwards."""
        price = self._price(step)
        return Terms(
            price=price,
            elsewhere=True,
            repeatable=price.free,
            lane=self.called,
            at_once=self.model.at_once,
            seconds=_TURNS * self.model.seconds,
        )

    def _price(self, step: AnyStep) -> Price:
        low = Usage(tokens_in=_SHORTEST, tokens_out=50)
        most = Usage(tokens_in=_TURNS * _LONGEST, tokens_out=_TURNS * MOST_TOKENS[type(step)])
        return self._rates.between(low, most)

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The story as `Story`, the shot's plan as `ShotPlan`, or a description in words.

        Raises what `ChatModel.ask` says.
        """
        if isinstance(step, WriteStory):
            told = self._ask(story_messages(step, _texts(desk)), step, desk, TellStory)
            return desk.keep_facts(story_of(told.object, step))
        if isinstance(step, PlanShot):
            planned = self._ask(shot_messages(step, _texts(desk)), step, desk, shot_answer(step.tools))
            return desk.keep_facts(shot_of(planned.object))
        if isinstance(step, SIGHTS):
            ref = step.picture if isinstance(step, DescribePicture) else step.clip
            return desk.keep_text(self._ask(sight_messages(step, shown(desk.media(ref), desk.store)), step, desk).text)
        raise GiveUp(f"{self.name} does not carry out {step.kind}: cast another performer")

    def _ask(
        self, messages: list[Message], step: AnyStep, desk: Desk, answer: type[BaseModel] | None = None
    ) -> Answer[Any]:
        model = ServedModel.configured(self.called, self.model, self._clients(self.called, self.model))
        # The director has decided already what becomes of a call whose answer was lost: whoever is asked, asks again.
        said: Answer[Any] = model.ask(
            messages,
            answer,
            exchanges=StoreExchanges(desk.store, on_ambiguous="resubmit"),
            sample=desk.take - 1,
            most_tokens=MOST_TOKENS[type(step)],
            pause=desk.pause,
        )
        if said.price.known and not said.replayed:
            desk.charge(said.price)
        return said


def _texts(desk: Desk) -> dict[str, str]:
    """The words behind every input that is text, by id."""
    return {
        identity: desk.store.path(media).read_text("utf-8", "replace")
        for identity, media in desk.inputs.items()
        if isinstance(media, Text)
    }
