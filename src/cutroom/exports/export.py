"""`export`: hands a production's cut to another editor or player, with a report of what stayed editable and what did not."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import get_args

from cutroom.errors import NoSpace, WrongUse
from cutroom.exports.edit import Edit, load
from cutroom.exports.features import Fate, Outcome
from cutroom.exports.formats import FORMATS, Format

REPORT = "export-report"
FATES = {
    "editable": "Stayed editable",
    "approximate": "Editable, but not quite the same",
    "rendered": "Part of the pictures or the sound",
    "beside": "Written down beside it, not applied",
    "lost": "Did not come along",
}
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)


@dataclass(frozen=True)
class Exported:
    """What was written, and what became of the cut in it."""

    to: str
    path: Path
    """The file, or the folder that holds all of it."""
    files: tuple[str, ...]
    """What is in it, in order: paths in the folder, or the file's own name."""
    outcomes: tuple[Outcome, ...]
    degraded: tuple[tuple[str, str], ...] = ()
    """What could not be written as the cut has it, and why."""
    note: str = ""
    """What to know about the format, in a sentence or two."""
    report: Path | None = None

    def text(self) -> str:
        """The report as Markdown."""
        lines = [f"# {self.path.name}: the cut as {self.to}", ""]
        if self.note:
            lines += [self.note, ""]
        for fate in get_args(Fate):
            found = [one for one in self.outcomes if one.fate == fate]
            if found:
                lines += [f"## {FATES[fate]}", ""]
                lines += [f"- {one.what}{f': {one.note}' if one.note else ''}" for one in found]
                lines.append("")
        if self.degraded:
            lines += ["## Could not be written as it is", ""]
            lines += [f"- {what}: {why}" for what, why in self.degraded]
            lines.append("")
        return "\n".join(lines)

    def record(self) -> dict[str, object]:
        """The same as plain data."""
        return {
            "schema_name": "cutroom.export.1",
            "to": self.to,
            "path": str(self.path),
            "files": list(self.files),
            "outcomes": [{"what": one.what, "fate": one.fate, "note": one.note} for one in self.outcomes],
            "degraded": [{"what": what, "why": why} for what, why in self.degraded],
            "note": self.note,
        }


def export(
    production: str | Path,
    to: str,
    out: str | Path | None = None,
    *,
    every: Fraction | None = None,
    force: bool = False,
) -> Exported:
    """Writes the cut of the production folder as `to` (a name of `formats.FORMATS`) and says what became of it.

    Without `out` a folder beside the production takes it, e.g. ``lake-otio/``; formats of one file also take the name
    of a file. `every` thins out frames, in seconds. A former export at the same place is replaced; anything else there
    is kept unless `force`.
    Raises WrongUse for what cannot be understood, NoSpace when the disk is full.
    """
    form = FORMATS.get(to)
    if form is None:
        raise WrongUse(f"--to {to}: there is {', '.join(FORMATS)}")
    if every is not None and to != "frames":
        raise WrongUse(f"--every is for frames, not for {to}")
    edit = load(Path(production))
    place = _place(edit, form, Path(production), Path(out) if out is not None else None)
    _check(place, force=force)
    work = _Work(edit, place, every)
    try:
        return _written(form, work)
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(
                f"{place.path}: {error.strerror}; free some space, or choose another place with -o"
            ) from error
        raise


@dataclass(frozen=True)
class Place:
    """Where an export goes."""

    path: Path
    folder: bool
    """True when `path` is a folder of its own."""
    name: str
    """The name of the main file."""

    @property
    def reports(self) -> tuple[Path, Path]:
        """Where the report goes: for people, and for programs."""
        base = self.path / REPORT if self.folder else self.path.with_name(f"{self.path.stem}.{REPORT}")
        return base.with_name(f"{base.name}.md"), base.with_name(f"{base.name}.json")


@dataclass
class _Work:
    """What a format's writer gets."""

    edit: Edit
    place: Place
    every: Fraction | None
    degraded: list[tuple[str, str]] = field(default_factory=list)

    def degrade(self, what: str, why: str) -> None:
        """Say what is not as the cut has it; once."""
        if (what, why) not in self.degraded:
            self.degraded.append((what, why))


def _place(edit: Edit, form: Format, production: Path, out: Path | None) -> Place:
    if out is None:
        production = production.resolve()
        return Place(production.with_name(f"{edit.stem}-{form.name}"), True, f"{edit.stem}{form.suffixes[0]}")
    if out.suffix.lower() in form.suffixes and not out.is_dir():
        if form.many:
            raise WrongUse(f"-o {out}: this export is several files (the cut, its media, a report); name a folder")
        return Place(out, False, out.name)
    if out.suffix and not out.is_dir() and not form.many:
        raise WrongUse(f"-o {out}: {form.name} is written as {' or '.join(form.suffixes)}, or into a folder")
    return Place(out, True, f"{edit.stem}{form.suffixes[0]}")


def _check(place: Place, *, force: bool) -> None:
    """Raises WrongUse when something lies at the place that is no former export."""
    if not place.path.absolute().parent.is_dir():
        raise WrongUse(f"-o {place.path}: there is no folder {place.path.parent}; make it first")
    ours = place.reports[1].is_file()
    taken = place.path.exists() and (not place.folder or place.path.is_file() or any(place.path.iterdir()))
    if taken and not ours and not force:
        raise WrongUse(f"{place.path} exists and is no former export; choose another place with -o, or say --force")
    if place.folder and place.path.is_file():
        raise WrongUse(f"{place.path} is a file; choose another place with -o")


def _written(form: Format, work: _Work) -> Exported:
    """Writes into a folder beside the place, then moves all of it there at once."""
    place = work.place
    scratch = Path(tempfile.mkdtemp(prefix=f".{place.path.name[:40]}-", dir=place.path.absolute().parent))
    try:
        inside = scratch / "export"
        inside.mkdir()
        files = form.write(work.edit, inside, place.name, place.path.absolute(), work.every, work.degrade)
        if not work.edit.current:
            work.degrade("cut", "the plan's own cut could not be told on this machine; this is the last one accepted")
        exported = Exported(
            to=form.name,
            path=place.path,
            files=tuple(files),
            outcomes=tuple(form.outcomes(work.edit)),
            degraded=tuple(work.degraded),
            note=form.note,
            report=place.reports[0],
        )
        texts = (exported.text(), json.dumps(exported.record(), ensure_ascii=False, indent=1) + "\n")
        for path, text in zip(place.reports, texts, strict=True):
            (inside / path.name).write_text(text, "utf-8")
        _move(inside, place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return exported


def _move(inside: Path, place: Place) -> None:
    if place.folder:
        # What a former export left there goes; a folder that was empty or forced keeps what is not ours.
        with suppress(OSError, ValueError, KeyError):
            before = json.loads(place.reports[1].read_text("utf-8"))["files"]
            for name in before:
                path = place.path / name
                if path.resolve().is_relative_to(place.path.resolve()):
                    path.unlink(missing_ok=True)
        place.path.mkdir(exist_ok=True)
        _merge(inside, place.path, lambda source, to: os.replace(source, to))
        return
    for name in (place.name, *(path.name for path in place.reports)):
        os.replace(inside / name, place.path.with_name(name))


def _merge(source: Path, into: Path, move: Callable[[Path, Path], object]) -> None:
    for path in sorted(source.iterdir()):
        if path.is_dir():
            (into / path.name).mkdir(exist_ok=True)
            _merge(path, into / path.name, move)
        else:
            move(path, into / path.name)
