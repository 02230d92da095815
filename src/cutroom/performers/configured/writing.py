"""Writes models into ``cutroom.toml``: what else stands there, comments included, stays as it is."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cutroom.configuration import Model, read_text
from cutroom.errors import NoSpace, WrongUse

_HEADER = re.compile(r"\s*\[")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def add(path: Path, name: str, settings: Mapping[str, Any], *, replace: bool = False) -> Model:
    """Write the model `name` with `settings` into the file at `path`, which is made when it is not there.

    Returns the model as it is read back. Raises WrongUse when the settings are wrong, when there is such a model and it is
    not to be replaced, or when the file is written in a way that only a person can change; NoSpace when it cannot be
    written. The file is then as it was.
    """
    before = _text(path)
    mine = table(name, settings)
    read_text(mine, path)  # says what is wrong in terms of the setting
    known = name in tomllib.loads(before).get("models", {})
    if known and not replace:
        raise WrongUse(f"{path}: there is a model {name} already; say --replace, or choose another name")
    after = _without(before, name, path, instead=mine) if known else _at_the_end(before, mine)
    _check(before, after, name, tomllib.loads(mine)["models"][name], path)
    model = read_text(after, path).models[name]
    _write(path, after)
    return model


def remove(path: Path, name: str) -> None:
    """Take the model `name` out of the file at `path`. Raises WrongUse when it is not there, and as `add` does."""
    before = _text(path)
    there = tomllib.loads(before).get("models", {})
    if name not in there:
        raise WrongUse(f"{path}: there is no model {name}; there are: {', '.join(there) or 'none'}")
    after = _without(before, name, path)
    _check(before, after, name, None, path)
    _write(path, after)


def _text(path: Path) -> str:
    """What the file holds; nothing when it is not there. Raises WrongUse for a file that is wrong already."""
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path}: cannot be read as text ({error}); set that right first") from error
    read_text(text, path)
    return text


def table(name: str, settings: Mapping[str, Any]) -> str:
    """The model `name` as TOML; settings that say nothing are left out."""
    lines = [f"[models.{_key(name)}]"]
    lines += [
        f"{_key(setting)} = {_value(value)}" for setting, value in settings.items() if value not in (None, (), {})
    ]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            # TOML's basic strings have JSON's escapes; it forbids one character more.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            return f"{{ {', '.join(f'{_key(str(name))} = {_value(one)}' for name, one in value.items())} }}"
        case _:
            raise WrongUse(f"{value!r}: TOML has no such value")


def _at_the_end(before: str, table: str) -> str:
    if not before.strip():
        return before + table
    return before + ("" if before.endswith("\n") else "\n") + "\n" + table


def _without(before: str, name: str, path: Path, instead: str = "") -> str:
    """The text without the model's tables; `instead` stands where the first of them stood."""
    mine = re.compile(
        rf"""\s*\[\s*models\s*\.\s*(?:{re.escape(name)}|"{re.escape(name)}"|'{re.escape(name)}')\s*[.\]]"""
    )
    kept: list[str] = []
    waiting: list[str] = []
    inside = found = False
    for line in before.splitlines(keepends=True):
        if _HEADER.match(line):
            if inside:
                kept += waiting  # blank lines and comments right above a header belong to what follows
            waiting = []
            inside = mine.match(line) is not None
            if inside and not found:
                found = True
                kept += [instead] if instead else []
        if not inside:
            kept.append(line)
        elif not line.strip() or line.lstrip().startswith("#"):
            waiting.append(line)
        else:
            waiting = []
    if not found:
        raise _by_hand(path, name)
    left = "".join([*kept, *waiting] if inside else kept)
    return left.rstrip("\r\n") + "\n" if inside and not instead and left.strip() else left


def _check(before: str, after: str, name: str, wanted: Mapping[str, Any] | None, path: Path) -> None:
    """Nothing but this model may be different: what a line means can depend on lines far above it."""
    expected = tomllib.loads(before)
    models = expected.setdefault("models", {})
    models.pop(name, None)
    if wanted is not None:
        models[name] = wanted
    try:
        got = tomllib.loads(after)
    except tomllib.TOMLDecodeError as error:
        raise _by_hand(path, name) from error
    got.setdefault("models", {})
    if got != expected:
        raise _by_hand(path, name)


def _by_hand(path: Path, name: str) -> WrongUse:
    return WrongUse(f"{path}: the model {name} is not written as a table [models.{name}] of its own; change it by hand")


def _write(path: Path, text: str) -> None:
    """All or nothing; through a link, into the file that it leads to."""
    whole = path.resolve()
    try:
        whole.parent.mkdir(parents=True, exist_ok=True)
        mode = whole.stat().st_mode & 0o777 if whole.exists() else 0o644
        handle, part = tempfile.mkstemp(prefix=f".{whole.name}.", dir=whole.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            Path(part).chmod(mode)
            os.replace(part, whole)
        finally:
            with suppress(FileNotFoundError):
                Path(part).unlink()
    except OSError as error:
        raise NoSpace(f"{path}: cannot be written ({error.strerror}); nothing was changed") from error
