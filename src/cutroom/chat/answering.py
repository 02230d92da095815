"""From what a model said to a validated object, or to one sentence that tells the model what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from cutroom.chat.fence import plain
from cutroom.chat.reading import Unreadable, values

SUBMIT = "submit"
"""The name of the one tool that takes an answer."""

_WRAPPERS = ("arguments", "parameters", "input", "answer", "properties", "result", "output", "response", "json", "data")
_ROUNDS = 3
_ERRORS = 4
_SHOWN = 60


@dataclass(frozen=True)
class Trouble:
    """Why what was said is no answer."""

    says: str
    """For the model, and for the error in the end."""


def understood(texts: Sequence[str], model: type[BaseModel]) -> BaseModel | Trouble:
    """The first object in `texts` that is a `model`, else what is wrong with the likeliest.

    Small mistakes that leave no doubt are mended: an answer wrapped in one more object or written as text, fields that
    nobody asked for, a number where its digits are wanted as text.
    """
    wrong: Trouble | None = None
    unreadable = Trouble("the answer is empty")
    for text in texts:
        try:
            for value in values(text):
                for candidate in _unwrapped(value, model):
                    made = _validated(candidate, model)
                    if not isinstance(made, Trouble):
                        return made
                    wrong = wrong or made
        except Unreadable as error:
            unreadable = Trouble(f"it is not the JSON that was asked for: {error}")
    return wrong or unreadable


def _unwrapped(value: Any, model: type[BaseModel]) -> Iterator[Any]:
    """`value` and what it may be meant as, in that order."""
    fields = set(model.model_fields) | {field.alias for field in model.model_fields.values() if field.alias}
    seen = value
    for _ in range(_ROUNDS):
        if not isinstance(seen, dict) or fields & set(seen):
            break
        inner = next((seen[name] for name in _WRAPPERS if name in seen), None)
        if inner is None and len(seen) == 1:
            inner = next(iter(seen.values()))
        inner = _parsed(inner) if isinstance(inner, str) else inner
        if not isinstance(inner, dict | list):
            break
        seen = inner
    yield seen
    if isinstance(seen, list):
        yield from _from_list(seen, model)


def _from_list(value: list[Any], model: type[BaseModel]) -> Iterator[Any]:
    if len(value) == 1 and isinstance(value[0], dict):
        yield value[0]
    if len(model.model_fields) == 1:
        yield {next(iter(model.model_fields)): value}


def _parsed(text: str) -> Any:
    try:
        return next(values(text))
    except Unreadable:
        return None


def _validated(value: Any, model: type[BaseModel]) -> BaseModel | Trouble:
    for _ in range(_ROUNDS):
        try:
            # As JSON, because that is what it was: lists become tuples, dates are read. Lone surrogates are refused.
            return model.model_validate_json(json.dumps(value, allow_nan=False))
        except ValidationError as error:
            mended = _mended(value, error)
            if mended is None:
                return Trouble(_told(error))
            value = mended
        except (ValueError, RecursionError):
            return Trouble("a number in it is too large")
    return Trouble("it does not fit the shape")


def _mended(value: Any, error: ValidationError) -> Any | None:
    """A copy of `value` without the mistakes that leave no doubt; None when there was none of them."""
    mended = json.loads(json.dumps(value))
    changed = False
    for one in error.errors(include_url=False):
        holder, name = _place(mended, one["loc"])
        if holder is None:
            continue
        if one["type"] == "extra_forbidden" and isinstance(holder, dict):
            del holder[name]
            changed = True
        elif _digits_wanted(one["type"], holder[name]):
            holder[name] = str(holder[name])
            changed = True
    return mended if changed else None


def _digits_wanted(kind: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (kind == "string_type" or (kind == "value_error" and isinstance(value, float)))


def _place(value: Any, where: tuple[int | str, ...]) -> tuple[Any, Any]:
    """What holds the thing at `where`, and its name in there; (None, None) when the way leads through a union's tag."""
    holder = value
    for step in where[:-1]:
        if not _has(holder, step):
            return None, None
        holder = holder[step]
    return (holder, where[-1]) if where and _has(holder, where[-1]) else (None, None)


def _has(holder: Any, name: int | str) -> bool:
    if isinstance(holder, dict):
        return name in holder
    return isinstance(holder, list) and isinstance(name, int) and name < len(holder)


def _told(error: ValidationError) -> str:
    """The first mistakes, each in a few words, with what was written."""
    told: list[str] = []
    for one in error.errors(include_url=False)[:_ERRORS]:
        where = ".".join(str(step) for step in one["loc"]) or "the answer"
        written = "" if one["type"] == "missing" else f" (you wrote {_short(one['input'])})"
        told.append(f"{where}: {one['msg']}{written}")
    more = error.error_count() - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _short(value: Any) -> str:
    text = plain(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
