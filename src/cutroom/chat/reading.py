"""Reads JSON out of what a model said: fenced, wrapped in talk, with trailing commas, Python literals or single quotes.

Nothing is invented: an answer that breaks off is not closed for the model, and NaN is no number. Reading is bounded in
depth and in the number of places where a value is looked for, so that no text takes long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_DEEP = 60
_PLACES = 24
"""In so many places of a text a value is looked for."""
_FENCE = re.compile(r"```[\w-]*\s*\n?(.*?)```", re.DOTALL)
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_OPEN_THOUGHT = re.compile(r"^.*?</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/|#[^\n]*)*", re.DOTALL)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_NO_NUMBERS = ("nan", "inf", "infinity")
_QUOTES = {'"': '"', "'": "'", "“": "”"}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Unreadable(ValueError):
    """There is no JSON to be read; the message says where it goes wrong, in words for the model."""


def values(text: str) -> Iterator[Any]:
    """Objects and lists found in `text`, the likeliest first: the whole, then fenced blocks, then whatever is embedded.

    Raises Unreadable when it holds none.
    """
    bare = _unquoted(without_thoughts(text).strip().lstrip("\ufeff"))
    if not bare:
        raise Unreadable("the answer is empty")
    found = False
    problem = "it holds no JSON object"
    for piece in _pieces(bare):
        try:
            value = read(piece)
        except Unreadable as error:
            problem = str(error) if piece[:1] in "{[" else problem
            continue
        if isinstance(value, dict | list):
            found = True
            yield value
    if not found:
        raise Unreadable(problem)


def _unquoted(text: str) -> str:
    """JSON that was written as text once too often."""
    if text[:1] != '"' or text[-1:] != '"':
        return text
    try:
        inner = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return inner.strip() if isinstance(inner, str) else text


def without_thoughts(text: str) -> str:
    """`text` without what a model thinks aloud between ``<think>`` and ``</think>``."""
    text = _THOUGHT.sub("", text)
    return _OPEN_THOUGHT.sub("", text) if "</" in text else text


def _pieces(text: str) -> Iterator[str]:
    if text[0] in "{[":
        yield text
    blocks = [block.strip() for block in _FENCE.findall(text)]
    yield from (block for block in blocks[:_PLACES] if block[:1] in ("{", "["))
    last = -1
    for place, sign in enumerate(re.finditer(r"[{\[]", text)):
        if place >= _PLACES:
            return
        at = sign.start()
        # What lies inside a value that was just tried is a part of it, not a candidate before its siblings.
        if at > last and (at > 0 or text[0] not in "{["):
            yield text[at:]
            last = _end_of(text, at)


def _end_of(text: str, at: int) -> int:
    try:
        return _Reader(text, at).value(0)[1] - 1
    except Unreadable:
        return at


def read(text: str) -> Any:
    """The JSON value at the beginning of `text`; what follows it is ignored. Raises Unreadable."""
    try:
        value, end = json.JSONDecoder(parse_constant=_no_constant, strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return _Reader(text, 0).value(0)[0]
    return value if end else None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class _Reader:
    """A forgiving reader of one JSON value: comments, trailing commas, other quotes, bare keys, Python's literals."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def value(self, depth: int) -> tuple[Any, int]:
        """The value here and where it ends. Raises Unreadable."""
        if depth > _DEEP:
            raise Unreadable(f"it is nested more than {_DEEP} deep")
        self._skip()
        sign = self._sign()
        if sign == "{":
            found: Any = self._object(depth)
        elif sign == "[":
            found = self._list(depth)
        elif sign in _QUOTES:
            found = self._string()
        else:
            found = self._scalar()
        return found, self.at

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _sign(self) -> str:
        if self.at >= len(self.text):
            raise Unreadable("it breaks off before the end")
        return self.text[self.at]

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while not self._closes("}"):
            key = self._string() if self._sign() in _QUOTES else self._bare_key()
            self._skip()
            if self._sign() not in ":=":
                raise Unreadable(f"a colon is missing after {key[:40]!r}")
            self.at += 1
            found[key] = self.value(depth + 1)[0]
        return found

    def _list(self, depth: int) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while not self._closes("]"):
            found.append(self.value(depth + 1)[0])
        return found

    def _closes(self, end: str) -> bool:
        """Skips commas, however many; true, and past it, when `end` comes."""
        self._skip()
        while self._sign() == ",":
            self.at += 1
            self._skip()
        if self.text[self.at] == end:
            self.at += 1
            return True
        if self.text[self.at] in "]}":
            raise Unreadable(f"{end!r} is expected at {self._near()}")
        return False

    def _string(self) -> str:
        end = _QUOTES[self.text[self.at]]
        self.at += 1
        parts: list[str] = []
        while True:
            sign = self._sign()
            self.at += 1
            if sign == end:
                # Escapes of UTF-16 come in pairs; joined here, as a JSON reader would.
                return "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
            parts.append(self._escaped() if sign == "\\" else sign)

    def _escaped(self) -> str:
        sign = self._sign()
        self.at += 1
        if sign != "u":
            return _ESCAPES.get(sign, sign)
        digits = self.text[self.at : self.at + 4]
        if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            raise Unreadable(f"a broken \\u escape at {self._near()}")
        self.at += 4
        return chr(int(digits, 16))

    def _bare_key(self) -> str:
        match = _WORD.match(self.text, self.at)
        if match is None:
            raise Unreadable(f"a field's name is expected at {self._near()}")
        self.at = match.end()
        return match.group()

    def _scalar(self) -> Any:
        word = _WORD.match(self.text, self.at)
        if word is not None and word.group() in _LITERALS:
            self.at = word.end()
            return _LITERALS[word.group()]
        if word is not None and word.group().lower() in _NO_NUMBERS:
            raise Unreadable(f"{word.group()} is no number; write a number or leave the field out")
        number = _NUMBER.match(self.text, self.at)
        if number is None or len(number.group()) > 400:
            raise Unreadable(f"a value is expected at {self._near()}")
        self.at = number.end()
        digits = number.group()
        return int(digits) if re.fullmatch(r"[-+]?\d+", digits) else float(digits)

    def _near(self) -> str:
        return f"{self.text[self.at : self.at + 20]!r}"
