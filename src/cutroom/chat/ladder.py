"""The conversation that ends in a valid object, without any I/O: a generator that yields turns and is sent what came.

It climbs down: a submit-tool call, then `json_schema` without tools, then plain JSON. On each rung a wrong answer is fed
back once, with the reason. What a model calls is only read: there is one tool, it takes the answer, and a call to any
other does nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from cutroom.chat.answering import SUBMIT, Trouble, understood
from cutroom.chat.fence import RULE, plain
from cutroom.chat.heard import Heard, Refused, Reply, Usage
from cutroom.chat.messages import Message, Words
from cutroom.chat.reading import without_thoughts
from cutroom.chat.shape import schema_of, shape_of
from cutroom.errors import GiveUp


class Rung(StrEnum):
    """How an answer is asked for."""

    TOOL = "tool"
    """By a call of the tool ``submit``."""
    SCHEMA = "schema"
    """As JSON that the server holds to a schema."""
    PLAIN = "plain"
    """As JSON, in words."""
    TEXT = "text"
    """As text: there is no object to be had."""


LADDER = (Rung.TOOL, Rung.SCHEMA, Rung.PLAIN)
"""From the surest to the one that every server has."""

TRIES = 2
"""On each rung: once, and once more with what was wrong."""

_ECHO = 1500
"""So much of a wrong answer is shown to the model again, in characters."""

_WHY_STOPPED = {
    "whitespace": "it went on with nothing but white space",
    "repeats": "it repeated itself without end",
    "long": "it went on far beyond what was asked for",
    "broken": "it broke off in the middle",
}


@dataclass(frozen=True)
class Turn:
    """One call to be made."""

    rung: Rung
    messages: tuple[Message, ...]
    schema: dict[str, Any] | None = None
    """What the answer must look like; None on the rung TEXT."""


@dataclass(frozen=True)
class Settled:
    """How a conversation ended: with something to use."""

    value: BaseModel | None
    text: str
    """What the model said, without its thoughts."""
    rung: Rung
    tries: int
    """How many turns a model answered."""
    usage: Usage
    """All turns together, as far as the server says."""
    fruitless: tuple[Rung, ...] = ()
    """Rungs that the server refused or paid no heed to, while this one worked: not worth trying again."""


Flow = Generator[Turn, Heard, Settled]


def converse(messages: Sequence[Message], answer: type[BaseModel] | None, *, rungs: Sequence[Rung] = LADDER) -> Flow:
    """The conversation about `messages` that ends in an `answer`, or in text when that is None.

    Args:
        messages: What is said to the model.
        answer: The model of the object that is wanted.
        rungs: The rungs that are tried, in order.

    Yields:
        Each turn that is to be made. Send what came.

    Returns:
        The answer and how it was reached. Raises GiveUp, with what was wrong on each rung, when there was none.
    """
    said = _with_rule(tuple(messages))
    if answer is None:
        return (yield from _in_words(said))
    return (yield from _Climb(said, answer, tuple(rungs)).down())


def _with_rule(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The rule about fences stands in the system message of every conversation that has one."""
    if not any(message.quotes for message in messages):
        return messages
    if messages[0].role == "system":
        return (replace(messages[0], parts=(*messages[0].parts, Words(RULE))), *messages[1:])
    return (Message("system", (Words(RULE),)), *messages)


def _asked(messages: tuple[Message, ...], request: str) -> tuple[Message, ...]:
    """`messages` with `request` at the end of what the user says: where small models heed it most."""
    if messages and messages[-1].role == "user":
        return (*messages[:-1], replace(messages[-1], parts=(*messages[-1].parts, Words(request))))
    return (*messages, Message("user", (Words(request),)))


def _corrected(messages: tuple[Message, ...], reply: Reply, correction: str) -> tuple[Message, ...]:
    """`messages` with what the model said and what is wrong with it. Its words come back without a template's signs."""
    echo = plain(without_thoughts(reply.said)).strip()[:_ECHO] or "(nothing)"
    return (*messages, Message("assistant", (Words(echo),)), Message("user", (Words(correction),)))


def _raise_if_refused(reply: Reply) -> None:
    if reply.refusal or reply.finish == "content_filter":
        words = f": {plain(reply.refusal)[:300]}" if reply.refusal else ""
        raise GiveUp(
            f"the model refuses, or its server's moderation does{words}; say it otherwise, or use another model",
            billed=True,
        )


def _in_words(messages: tuple[Message, ...]) -> Flow:
    trouble, usage = "", Usage()
    for attempt in range(TRIES):
        heard = yield Turn(Rung.TEXT, messages)
        if isinstance(heard, Refused):
            raise GiveUp(f"the server refuses the call: {heard.says}")
        _raise_if_refused(heard)
        usage += heard.usage or Usage()
        text = without_thoughts(heard.text).strip()
        trouble = _trouble_with_text(heard, text)
        if not trouble:
            return Settled(None, text, Rung.TEXT, attempt + 1, usage)
        messages = _corrected(
            messages, heard, f"That cannot be used: {trouble}. Answer again, complete and much shorter."
        )
    raise GiveUp(f"the model gave no answer in {TRIES} tries: {trouble}", billed=True)


def _trouble_with_text(reply: Reply, text: str) -> str:
    if reply.stopped:
        return _WHY_STOPPED[reply.stopped]
    if not text:
        return "it is empty" + _thinking(reply)
    return "it was cut off at the limit of tokens" if reply.finish == "length" else ""


def _thinking(reply: Reply) -> str:
    if reply.finish != "length":
        return ""
    return ", all tokens went into thinking (raise most_tokens, or switch the model's thinking off)"


class _Climb:
    """One conversation on its way down the ladder."""

    def __init__(self, messages: tuple[Message, ...], answer: type[BaseModel], rungs: tuple[Rung, ...]) -> None:
        self.messages = messages
        self.answer = answer
        self.rungs = rungs
        self.schema = schema_of(answer)
        self.shape = shape_of(self.schema)
        self.tries = 0
        self.usage = Usage()
        self.fruitless: list[Rung] = []
        self.troubles: list[str] = []
        self.last = ""

    def down(self) -> Flow:
        """All rungs in turn. Raises GiveUp when none holds."""
        for rung in self.rungs:
            settled = yield from self._on(rung)
            if settled is not None:
                return settled
        last = f"; it last said {self.last!r}" if self.last else ""
        raise GiveUp(
            f"the model gave no valid {self.answer.__name__} in {self.tries} tries: {'; '.join(self.troubles)}{last}; "
            "try a larger model, or a simpler wish",
            billed=self.tries > 0,
        )

    def _on(self, rung: Rung) -> Generator[Turn, Heard, Settled | None]:
        messages = _asked(self.messages, self._request(rung))
        trouble, called = "", False
        for _ in range(TRIES):
            heard = yield Turn(rung, messages, self.schema)
            if isinstance(heard, Refused):
                self.fruitless.append(rung)
                trouble, called = f"the server refuses it ({heard.says})", True
                break
            _raise_if_refused(heard)
            self.tries += 1
            self.usage += heard.usage or Usage()
            called = called or bool(heard.calls)
            value = understood(_texts(heard), self.answer)
            if not isinstance(value, Trouble):
                self._note(rung, called=called)
                text = without_thoughts(heard.said)
                return Settled(value, text, rung, self.tries, self.usage, tuple(self.fruitless))
            trouble = _why(heard, value)
            self.last = plain(heard.said)[:120]
            if heard.stopped in ("whitespace", "repeats"):
                break  # the grammar or the model runs in a circle: the same rung would too
            messages = _corrected(messages, heard, self._correction(rung, trouble, called=bool(heard.calls)))
        self._note(rung, called=called)
        self.troubles.append(f"as {_NAMES[rung]}, {trouble}")
        return None

    def _note(self, rung: Rung, *, called: bool) -> None:
        """A server that lets a forced call pass as talk has no tools for this model."""
        if rung is Rung.TOOL and not called:
            self.fruitless.append(rung)

    def _request(self, rung: Rung) -> str:
        if rung is Rung.TOOL:
            return f"Give your answer by calling the tool {SUBMIT}."
        return f"Answer with one JSON object and nothing else, in this shape:\n{self.shape}"

    def _correction(self, rung: Rung, trouble: str, *, called: bool) -> str:
        again = f"That cannot be used: {trouble}."
        if rung is not Rung.TOOL:
            return f"{again} Answer again with the corrected JSON object and nothing else."
        if called:
            return f"{again} Call {SUBMIT} again with everything corrected."
        return f"{again} Call {SUBMIT}, or answer with one JSON object in this shape:\n{self.shape}"


_NAMES = {Rung.TOOL: "a tool call", Rung.SCHEMA: "JSON by schema", Rung.PLAIN: "plain JSON", Rung.TEXT: "text"}


def _texts(reply: Reply) -> list[str]:
    """Where the answer may stand, the likeliest first; some servers put it all among the thoughts."""
    ours = [call.arguments for call in reply.calls if call.name == SUBMIT]
    others = [call.arguments for call in reply.calls if call.name != SUBMIT]
    return [text for text in (*ours, *others, reply.text, reply.reasoning) if text.strip()]


def _why(reply: Reply, trouble: Trouble) -> str:
    """What to tell the model: what stopped it comes before what its half an answer lacks."""
    if reply.stopped:
        return _WHY_STOPPED[reply.stopped]
    if reply.finish == "length":
        return (
            "it was cut off at the limit of tokens; be much shorter"
            if reply.text or reply.calls
            else ("the answer is empty" + _thinking(reply))
        )
    stranger = next((call.name for call in reply.calls if call.name != SUBMIT), None)
    if stranger is not None and all(call.name != SUBMIT for call in reply.calls):
        return f"there is no tool {plain(stranger)[:40]!r}, only {SUBMIT}; {trouble.says}"
    return trouble.says
