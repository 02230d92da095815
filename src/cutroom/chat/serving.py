"""A server with an OpenAI-shaped ``/chat/completions``: sends turns, and learns what it wants otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cutroom.chat.heard import Heard, Refused
from cutroom.chat.ladder import LADDER, Rung, Turn
from cutroom.chat.messages import Clip, Message, Part, Picture, Sound
from cutroom.chat.rates import Rates
from cutroom.chat.wire import (
    Hearing,
    Manner,
    NoEvents,
    Quirk,
    about_rung,
    body,
    check_options,
    error_in,
    events,
    quirk_in,
    reply_of,
)
from cutroom.errors import Unavailable
from cutroom.net.exchange import Request, Response
from cutroom.net.refusals import refusal, words

if TYPE_CHECKING:
    from cutroom.net.client import Client

PATH = "chat/completions"

_CHARS_A_TOKEN = 16
"""No tokenizer puts more characters into an average token, white space aside."""
_SPARE_CHARS = 4096
_TAKEN = (400, 404, 422, 500, 501)
"""Failures that may be about how we ask, and not about what."""

Hear = Callable[[str], None]
"""Called with text as it comes."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A chat model on a server, as it was configured."""

    name: str
    """The person's own name for it."""
    model: str
    """The server's name for it."""
    rates: Rates = field(default_factory=Rates)
    pictures: bool = False
    """Whether it sees pictures (and clips, as frames)."""
    clips: bool = False
    """Whether the server takes whole clips."""
    sounds: bool = False
    """Whether it hears."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Sampling settings that are sent along, such as ``temperature``."""
    streams: bool = True
    """Whether answers are read while they are written, which lets us stop a model that runs in a circle."""
    rungs: tuple[Rung, ...] = LADDER
    """The ways of asking for an object that are tried, in order."""


class Server:
    """One model on one server. Safe to share between threads; what it learnt is lost when it is pickled."""

    def __init__(self, client: Client, served: Served) -> None:
        """Speaks to `served` through `client`. Raises WrongUse for options that are none."""
        check_options(served.options)
        self.served = served
        self._client = client
        self._lock = threading.Lock()
        self._fruitless: frozenset[Rung] = frozenset()
        self._quirks: frozenset[Quirk] = frozenset()

    def __reduce__(self) -> tuple[Any, ...]:
        return Server, (self._client, self.served)

    @property
    def fruitless(self) -> frozenset[Rung]:
        """Rungs that the server was seen to refuse; they are not tried again."""
        return self._fruitless

    def remember(self, rungs: Sequence[Rung]) -> None:
        """Rungs that are not worth trying again; the lowest one always is."""
        with self._lock:
            self._fruitless |= {rung for rung in rungs if rung is not self.served.rungs[-1]}

    def turn(self, turn: Turn, *, sample: int, most_tokens: int, hear: Hear | None) -> Heard:
        """Sends one turn and returns what came. What the server wants otherwise is learnt, and sent so."""
        while True:
            quirks = self._quirks
            answer, heard = self._sent(turn, self._manner(turn, sample, most_tokens, quirks), hear)
            if heard is not None:
                return heard
            says = " ".join(words(answer))
            quirk = quirk_in(says, quirks) if answer.status in (400, 422, 500) else None
            if quirk is not None:
                with self._lock:
                    self._quirks |= frozenset[Quirk]((quirk,))
                continue
            lowest = turn.rung in (Rung.TEXT, self.served.rungs[-1])
            if not lowest and about_rung(answer.status, says):
                return Refused(status=answer.status, says=says.strip()[:300])
            key = self._client.endpoint.key
            raise refusal(answer, paid=self.paid, key=key.name if key else "")

    @property
    def paid(self) -> bool:
        """False only when it is known to cost nothing."""
        return not self.served.rates.free

    @property
    def where(self) -> str:
        """Where it answers, for people."""
        return self._client.endpoint.shown

    def _manner(self, turn: Turn, sample: int, most_tokens: int, quirks: frozenset[Quirk]) -> Manner:
        options = dict(self.served.options)
        if sample:
            options["seed"] = int(options.get("seed", 0)) + sample
        # Calls of tools are where servers' streams differ most, and an answer is short: it comes whole.
        stream = self.served.streams and turn.rung is not Rung.TOOL
        return Manner(self.served.model, most_tokens, options, stream, quirks)

    def _sent(self, turn: Turn, manner: Manner, hear: Hear | None) -> tuple[Response, Heard | None]:
        """The answer, and what was heard; None for the latter when the server refuses the call."""
        request = Request("POST", PATH, json=body(turn, manner, self._show), paid=self.paid, takes=_TAKEN)
        most_chars = manner.most_tokens * _CHARS_A_TOKEN + _SPARE_CHARS
        if not request.json.get("stream"):
            answer = self._client.send(request)
            if answer.status >= 400:
                return answer, None
            came = answer.json()
            failed = error_in(came)
            if failed is not None:
                return _failed(answer, *failed), None
            reply = reply_of(came, most_chars=most_chars)
            if hear is not None and reply.text:
                hear(reply.text)
            return answer, reply
        return self._streamed(request, most_chars, hear)

    def _streamed(self, request: Request, most_chars: int, hear: Hear | None) -> tuple[Response, Heard | None]:
        heard = Hearing(most_chars=most_chars)
        ended = False
        with self._client.reading(request) as (answer, lines):
            if answer.status >= 400:
                return answer, None
            try:
                for event in events(lines):
                    failed = error_in(event)
                    if failed is not None:
                        return _failed(answer, *failed), None
                    ended = ended or event is None
                    text = heard.take(event)
                    if hear is not None and text:
                        hear(text)
                    if ended or heard.stopped:
                        break
            except NoEvents as error:
                replace(answer, body=str(error).encode()).json()  # raises, with the beginning of what came
        return answer, heard.reply(whole=ended)

    def _show(self, part: Part) -> Sequence[Mapping[str, Any]]:
        from cutroom.chat.showing import show  # opens pictures and clips: heavy, and only needed here

        return show(part, whole_clips=self.served.clips)

    def check_senses(self, messages: Sequence[Message]) -> None:
        """Raises Unavailable when `messages` hold what this model is not known to take."""
        senses = ((Picture, self.served.pictures, "pictures", "see"), (Sound, self.served.sounds, "sounds", "hear"))
        for kind, able, what, setting in (*senses, (Clip, self.served.pictures or self.served.clips, "clips", "see")):
            if not able and any(isinstance(part, kind) for message in messages for part in message.parts):
                raise Unavailable(
                    f"{self.served.name}: the model {self.served.model} is not known to take {what}; "
                    f"if it does, write {setting} = true below [models.{self.served.name}]"
                )


def _failed(answer: Response, status: int, says: str) -> Response:
    """An error that came with status 200, as the failed answer that it is."""
    return replace(answer, status=status, body=json.dumps({"error": {"message": says}}).encode())
