"""A batch's manifest: one brief a line, as JSON. Every line is checked before anything is made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutroom.errors import WrongUse
from cutroom.ledger.production import Production
from cutroom.producer.opening import production_for, with_codec
from cutroom.producer.options import Options

LONGEST = 1 << 20
"""Characters of one line at most: a brief is not longer."""

SHARED = frozenset({"budget", "currency"})
"""Options that a line has beside the batch's own, not instead of them."""


class Line(BaseModel):
    """One brief of a batch, with every path as it will be opened."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    number: int
    """Its place in the manifest, from 1."""
    request: str
    files: tuple[Path, ...] = ()
    out: Path
    options: Options = Options()
    cap: Decimal | None = None
    """The most that this line may spend by itself; None: what the batch grants."""

    @property
    def production(self) -> Path:
        """The folder of its production."""
        return Production.beside(self.out).folder


class Bad(NamedTuple):
    """A line that cannot be used."""

    number: int
    why: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.why}"


class Manifest(NamedTuple):
    """What stands in a manifest."""

    lines: tuple[Line, ...]
    bad: tuple[Bad, ...]


class _Written(BaseModel):
    """A line as it is written."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request: str
    files: list[str] = []
    out: str = Field(min_length=1)
    options: dict[str, Any] = {}


def read(path: Path, options: Options) -> Manifest:
    """The lines of the manifest at `path`, those that cannot be used apart, each with the reason.

    What a line says of its options comes before `options`; its paths count from the manifest's folder. Raises WrongUse when
    the file cannot be read or holds no line at all.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise WrongUse(
            f"{path}: the manifest cannot be read ({why}); name a file with one brief a line, as JSON"
        ) from error
    lines: list[Line] = []
    bad: list[Bad] = []
    for number, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            lines.append(_line(number, written, path.parent, options))
        except WrongUse as error:
            # Here it is a field, not an option of a command.
            bad.append(Bad(number, re.sub("^-o ", "out: ", str(error))))
    if not lines and not bad:
        raise WrongUse(f'{path}: there is no line in it; write {{"request": "…", "files": ["…"], "out": "film.mp4"}}')
    good, twice = _apart(lines)
    return Manifest(good, tuple(sorted((*bad, *twice))))


def _line(number: int, text: str, folder: Path, options: Options) -> Line:
    """Raises WrongUse."""
    if len(text) > LONGEST:
        raise WrongUse(f"it has {len(text):,} characters, and may have {LONGEST:,}")
    try:
        written = _Written.model_validate(json.loads(text))
    except json.JSONDecodeError as error:
        raise WrongUse(f"it is no JSON: {error.msg} at character {error.pos + 1}") from error
    except ValidationError as error:
        raise WrongUse(_said(error)) from error
    except RecursionError as error:
        raise WrongUse("it is no JSON that can be read: nested too deep") from error
    if not written.request.strip() and not written.files:
        raise WrongUse("it has neither a request nor files")
    out = folder / written.out
    own = _options(written.options, options, folder)
    files = tuple(folder / name for name in written.files)
    if missing := [str(path) for path in files if not path.exists()]:
        raise WrongUse(f"no such file: {', '.join(missing)}")
    if out.parent.exists():  # otherwise it is made, and nothing can be in the way
        production_for(out, files, force=False, store=own.store)
    cap = own.budget if "budget" in written.options else None
    return Line(number=number, request=written.request, files=files, out=out, options=with_codec(own, out), cap=cap)


def _options(written: Mapping[str, Any], options: Options, folder: Path) -> Options:
    """Raises WrongUse."""
    mine = dict(written)
    for name in ("music", "lut"):
        if isinstance(mine.get(name), str) and mine[name] != "none":
            mine[name] = str(folder / mine[name])
            if not Path(mine[name]).is_file():
                raise WrongUse(f"options.{name}: no such file: {mine[name]}")
    try:
        found = Options.model_validate({**options.model_dump(exclude_unset=True), **mine})
    except ValidationError as error:
        raise WrongUse(_said(error, "options.")) from error
    if options.budget is not None and found.currency != options.currency:
        raise WrongUse(
            f"options.currency: the batch's budget is in {options.currency}, and this line's in {found.currency}"
        )
    return found


def _said(error: ValidationError, before: str = "") -> str:
    """What is wrong, field by field."""
    found = []
    for one in error.errors():
        name = before + ".".join(map(str, one["loc"]))
        known = ", ".join(sorted(Options.model_fields if before else _Written.model_fields))
        what = f"there is no such field; there are {known}" if one["type"] == "extra_forbidden" else one["msg"]
        found.append(f"{name or 'the line'}: {what.removeprefix('Value error, ')}")
    return "; ".join(found)


def _apart(lines: Iterable[Line]) -> tuple[tuple[Line, ...], list[Bad]]:
    """The lines whose production is theirs alone, and what is to be said of the others."""
    owners: dict[Path, Line] = {}
    good: list[Line] = []
    bad: list[Bad] = []
    for line in lines:
        first = owners.setdefault(line.production.resolve(), line)
        if first is line:
            good.append(line)
        else:
            bad.append(
                Bad(
                    line.number,
                    f"out: {line.out.name} has the same production as line {first.number}'s {first.out.name}",
                )
            )
    return tuple(good), bad
