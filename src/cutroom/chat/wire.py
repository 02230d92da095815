"""The chat completions dialect: a turn as a request's body, and whatever a server answers as a reply. No I/O.

Servers that call themselves compatible differ in what they leave out, so nothing in an answer is taken for granted:
choices may be empty, content null or a list, arguments an object, usage missing, an error may come with status 200.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cutroom.chat.answering import SUBMIT
from cutroom.chat.heard import Call, Reply, Usage
from cutroom.chat.ladder import Rung, Turn
from cutroom.chat.messages import Message, Part, Quoted, Words
from cutroom.chat.shape import strict
from cutroom.errors import WrongUse

Quirk = Literal["max_completion_tokens", "no_temperature", "no_seed", "no_stream_options", "no_stream", "no_system"]
"""What a server was seen to want otherwise."""

_QUIRKS: tuple[tuple[Quirk, re.Pattern[str]], ...] = (
    ("max_completion_tokens", re.compile(r"max_completion_tokens|max_tokens.{0,40}(?:not support|unsupported)", re.I)),
    ("no_stream_options", re.compile(r"stream_options|include_usage", re.I)),
    ("no_temperature", re.compile(r"temperature|top_p", re.I)),
    ("no_seed", re.compile(r"\bseed\b", re.I)),
    ("no_system", re.compile(r"system (?:role|message|prompt)|role.{0,20}system", re.I)),
    ("no_stream", re.compile(r"\bstream(?:ing)?\b", re.I)),
)

_ABOUT_RUNG = re.compile(
    r"\btools?\b|tool_choice|tool[ _-]?(?:use|call)|\bfunctions?\b|jinja|response_format|json_schema|structured|grammar|"
    r"guided|schema|xgrammar|outlines",
    re.I,
)

_OURS = ("model", "messages", "tools", "tool_choice", "response_format", "stream", "stream_options", "n")
_BLANK = 400
"""So much white space in a row is a model that found no end."""
_BLANKS = re.compile(rf"\s{{{_BLANK},}}")
_LOOP = 1200
_PERIOD = 60


@dataclass(frozen=True)
class Manner:
    """How a body is to be written for one server."""

    model: str
    most_tokens: int
    options: Mapping[str, Any] = field(default_factory=dict)
    """Sampling settings that are sent along."""
    stream: bool = False
    quirks: frozenset[Quirk] = frozenset()


def check_options(options: Mapping[str, Any]) -> None:
    """Raises WrongUse when a setting would change what is asked, and not how."""
    ours = sorted(set(options) & set(_OURS))
    if ours:
        raise WrongUse(f"options: {', '.join(ours)} cannot be set, because every call sets it; take it out")


def body(turn: Turn, manner: Manner, show: Callable[[Part], Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """The JSON body of the call for `turn`. `show` turns pictures, sounds and clips into parts of a message."""
    quirks = manner.quirks
    said = _without_system(turn.messages) if "no_system" in quirks else turn.messages
    built: dict[str, Any] = {"model": manner.model, "messages": [_message(message, show) for message in said]}
    options = dict(manner.options)
    limit = "max_completion_tokens" if "max_completion_tokens" in quirks else "max_tokens"
    built[limit] = manner.most_tokens
    for name in ("temperature", "top_p") if "no_temperature" in quirks else ():
        options.pop(name, None)
    if "no_seed" in quirks:
        options.pop("seed", None)
    built |= {name: value for name, value in options.items() if name not in ("max_tokens", "max_completion_tokens")}
    if turn.rung is Rung.TOOL:
        tool = {"name": SUBMIT, "description": "Hands in your answer.", "parameters": turn.schema}
        built["tools"] = [{"type": "function", "function": tool}]
        built["tool_choice"] = {"type": "function", "function": {"name": SUBMIT}}
    elif turn.rung is Rung.SCHEMA:
        schema = {"name": "answer", "schema": turn.schema, "strict": strict(turn.schema or {})}
        built["response_format"] = {"type": "json_schema", "json_schema": schema}
    if manner.stream and "no_stream" not in quirks:
        built["stream"] = True
        if "no_stream_options" not in quirks:
            built["stream_options"] = {"include_usage": True}
    return built


def _without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """For templates that know no system role: its words open what the user says."""
    orders = tuple(part for message in messages if message.role == "system" for part in message.parts)
    rest = [message for message in messages if message.role != "system"]
    if not orders or not rest or rest[0].role != "user":
        return (Message("user", orders), *rest) if orders else tuple(rest)
    return (Message("user", (*orders, *rest[0].parts)), *rest[1:])


def _message(message: Message, show: Callable[[Part], Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    built: dict[str, Any] = {"role": message.role, "content": _content(message.parts, show)}
    if message.call:
        built["tool_call_id"] = message.call
    if message.calls:
        built["tool_calls"] = [
            {"id": name, "type": "function", "function": {"name": function, "arguments": arguments}}
            for name, function, arguments in message.calls
        ]
    return built


def _content(parts: Sequence[Part], show: Callable[[Part], Sequence[Mapping[str, Any]]]) -> str | list[dict[str, Any]]:
    """A plain string where there are only words, which every server takes; else a list of parts, texts joined."""
    built: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, Words | Quoted):
            pieces: Sequence[Mapping[str, Any]] = [{"type": "text", "text": words_of(part)}]
        else:
            pieces = show(part)
        for piece in pieces:
            if piece["type"] == "text" and built and built[-1]["type"] == "text":
                built[-1] = {"type": "text", "text": f"{built[-1]['text']}\n\n{piece['text']}"}
            else:
                built.append(dict(piece))
    if all(piece["type"] == "text" for piece in built):
        return built[0]["text"] if built else ""
    return built


def words_of(part: Words | Quoted) -> str:
    """The text of a part as it is sent. Lone surrogates, which no server takes, are replaced."""
    text = part.fenced() if isinstance(part, Quoted) else part.text
    return text.encode("utf-8", "replace").decode("utf-8")


def quirk_in(says: str, used: frozenset[Quirk]) -> Quirk | None:
    """What the server wants otherwise, by its own words; None when they are about something else."""
    return next((quirk for quirk, words in _QUIRKS if quirk not in used and words.search(says)), None)


def about_rung(status: int, says: str) -> bool:
    """True when a failure may be about how the answer is asked for, so that another rung may work.

    A 400 or 422 may always be, because servers are vague there; other statuses only when they say so (llama.cpp: 500,
    "tools param requires --jinja flag"; OpenRouter: 404, "no endpoints found that support tool use").
    """
    return status in (400, 422) or bool(_ABOUT_RUNG.search(says))


def error_in(answer: Any) -> tuple[int, str] | None:
    """The status and words of an error that came with status 200, or None."""
    if not isinstance(answer, dict) or not answer.get("error") or answer.get("choices"):
        return None
    error = answer["error"]
    code = error.get("code") if isinstance(error, dict) else None
    says = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    return (code if isinstance(code, int) and 400 <= code < 600 else 500), says


def reply_of(answer: Any, *, most_chars: int) -> Reply:
    """What a whole (not streamed) answer holds; an empty reply when it holds nothing that we know."""
    heard = Hearing(most_chars=most_chars)
    heard.take(answer)
    return heard.reply(whole=True)


class Hearing:
    """Puts a reply together from the pieces of a stream, and says when to stop reading."""

    def __init__(self, *, most_chars: int) -> None:
        self.most_chars = most_chars
        self.stopped: Literal["", "whitespace", "repeats", "long", "broken"] = ""
        self._text: list[str] = []
        self._thoughts: list[str] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._finish = ""
        self._refusal = ""
        self._usage: Usage | None = None
        self._length = 0
        self._blank = 0
        self._tail = ""

    def take(self, piece: Any) -> str:
        """Takes one chunk, or a whole answer. Returns the text that it added."""
        if not isinstance(piece, dict):
            return ""
        self._usage = _usage(piece.get("usage")) or self._usage
        choices = piece.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return ""
        self._finish = str(choice.get("finish_reason") or self._finish)
        said = choice.get("delta") or choice.get("message")
        if not isinstance(said, dict):
            return self._add(self._text, _text(choice.get("text")))
        self._refusal += _text(said.get("refusal"))
        self._add(self._thoughts, _text(said.get("reasoning_content") or said.get("reasoning")))
        self._add_calls(said)
        return self._add(self._text, _text(said.get("content")))

    def _add(self, to: list[str], text: str) -> str:
        if text:
            to.append(text)
            self._watch(text)
        return text

    def _add_calls(self, said: Mapping[str, Any]) -> None:
        calls = said.get("tool_calls")
        legacy = said.get("function_call")
        for place, call in enumerate(calls if isinstance(calls, list) else [{"function": legacy}] if legacy else []):
            function = call.get("function") if isinstance(call, dict) else None
            if not isinstance(function, dict):
                continue
            index = call.get("index")
            slot = self._calls.setdefault(index if isinstance(index, int) else place, {"name": "", "arguments": ""})
            slot["name"] = slot["name"] or _text(function.get("name"))
            arguments = function.get("arguments")
            text = json.dumps(arguments) if isinstance(arguments, dict | list) else _text(arguments)
            slot["arguments"] += text
            self._watch(text)

    def _watch(self, text: str) -> None:
        """Counts what comes, and stops at endless white space, endless repetition, and far too much."""
        self._length += len(text)
        kept = text.rstrip()
        self._blank = len(text) - len(kept) + (0 if kept else self._blank)
        inner = max((len(run) for run in _BLANKS.findall(text)), default=0)
        before = len(self._tail)
        self._tail = (self._tail + text)[-_LOOP:]
        if max(self._blank, inner) >= _BLANK:
            self.stopped = "whitespace"
        elif self._length > self.most_chars:
            self.stopped = "long"
        elif len(self._tail) == _LOOP and (before < _LOOP or self._length % 128 < len(text)) and _loops(self._tail):
            self.stopped = "repeats"

    def reply(self, *, whole: bool) -> Reply:
        """Everything so far. `whole` is False when the stream ended without saying so."""
        stopped = self.stopped or ("" if whole or self._finish else "broken")
        calls = [self._calls[index] for index in sorted(self._calls)]
        return Reply(
            text="".join(self._text)[: self.most_chars],
            reasoning="".join(self._thoughts)[: self.most_chars],
            calls=tuple(Call(name=call["name"], arguments=call["arguments"][: self.most_chars]) for call in calls[:16]),
            finish=self._finish[:40],
            refusal=self._refusal[:1000],
            stopped=stopped,
            usage=self._usage,
        )


def _loops(tail: str) -> bool:
    """True when `tail` is one short piece again and again."""
    return any(tail[period:] == tail[:-period] for period in range(1, _PERIOD + 1))


def _text(value: Any) -> str:
    """Text that may come as null, as a string, or as a list of parts."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return "".join(_text(part.get("text") if isinstance(part, Mapping) else part) for part in value)
    return ""


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    counted = [value.get(name) for name in ("prompt_tokens", "completion_tokens")]
    if not any(isinstance(count, int) for count in counted):
        return None
    tokens_in, tokens_out = (count if isinstance(count, int) and count >= 0 else 0 for count in counted)
    return Usage(tokens_in=tokens_in, tokens_out=tokens_out)


class NoEvents(ValueError):
    """What came is neither a stream of events nor JSON; `args` holds it."""


def events(lines: Iterable[str]) -> Iterator[Any]:
    """The JSON of a stream's events as they come; None for its end.

    A server that was asked to stream and answers with one whole body is understood as well. Events that are no JSON are
    empty. Raises NoEvents when nothing is either.
    """
    bare: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data = line[5:].strip()
            yield None if data == "[DONE]" else _event(data)
        elif line and not line.startswith((":", "event:", "id:", "retry:")):
            bare.append(line)
    if not bare:
        return
    try:
        yield json.loads("\n".join(bare))
    except (ValueError, RecursionError) as error:
        raise NoEvents("\n".join(bare)) from error
    yield None


def _event(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return {}
