"""The log of a run: one JSONL file, to which only ever is added. Media lie beside it, by digest.

A line is whole or it is not there: whatever a kill left of the last line is cut off before the next one is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cutroom.errors import BrokenProduction, Busy, WrongUse
from cutroom.evals.task import Case, Made
from cutroom.verdict import Verdict

NAME = "log.jsonl"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Begun(_Frozen):
    """The first line: what is evaluated."""

    type: Literal["begun"] = "begun"
    schema_name: Literal["cutroom.eval.1"] = "cutroom.eval.1"
    suite: str
    version: str
    settings: dict[str, str] = {}
    cutroom: str


class WasMade(_Frozen):
    """The media of a case are there."""

    type: Literal["made"] = "made"
    case: Case
    made: Made
    seconds: float = 0.0
    """How long it took."""


class WasJudged(_Frozen):
    """A judge looked at all items of a case."""

    type: Literal["judged"] = "judged"
    case: str
    judge: str
    version: str
    verdicts: tuple[Verdict, ...]
    seconds: float = 0.0


class WasSkipped(_Frozen):
    """The case makes no sense here."""

    type: Literal["skipped"] = "skipped"
    case: Case
    why: str


class HasFailed(_Frozen):
    """A stage failed; the next run tries again."""

    type: Literal["failed"] = "failed"
    case: str
    stage: Literal["make", "judge"]
    judge: str = ""
    version: str = ""
    why: str


Record = Annotated[Begun | WasMade | WasJudged | WasSkipped | HasFailed, Field(discriminator="type")]
_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


@dataclass
class Log:
    """What stands in a log, by case: later lines stand for earlier ones."""

    begun: Begun | None = None
    made: dict[str, WasMade] = field(default_factory=dict)
    judged: dict[tuple[str, str, str], WasJudged] = field(default_factory=dict)
    """By case, judge and the judge's version."""
    skipped: dict[str, WasSkipped] = field(default_factory=dict)
    failed: dict[tuple[str, str, str], HasFailed] = field(default_factory=dict)
    """By case, judge and version; judge and version are empty for what could not be made."""

    def take(self, record: Record) -> None:
        """One more line."""
        match record:
            case Begun():
                self.begun = record
            case WasMade():
                self.made[record.case.id] = record
                self.skipped.pop(record.case.id, None)
                self.failed.pop((record.case.id, "", ""), None)
            case WasJudged():
                key = (record.case, record.judge, record.version)
                self.judged[key] = record
                self.failed.pop(key, None)
            case WasSkipped():
                self.skipped[record.case.id] = record
                self.failed.pop((record.case.id, "", ""), None)
            case HasFailed():
                self.failed[record.case, record.judge, record.version] = record

    @property
    def judges(self) -> tuple[tuple[str, str], ...]:
        """Who judged anything in it, as (name, version), in the order of their first line."""
        return tuple(dict.fromkeys((judge, version) for _, judge, version in self.judged))


def read(folder: Path) -> Log:
    """The log in `folder`. Raises WrongUse when there is none, BrokenProduction when a line of it cannot be read."""
    path = folder / NAME
    if not path.is_file():
        raise WrongUse(f"{folder}: no run here (it would hold a {NAME}); name the folder given to cutroom eval -o")
    log = Log()
    for record in _records(path):
        log.take(record)
    return log


def _records(path: Path) -> Iterator[Record]:
    lines = path.read_bytes().split(b"\n")
    # What stands behind the last line end was cut off by a kill.
    for number, line in enumerate(lines[:-1], 1):
        try:
            yield _RECORD.validate_json(line)
        except ValidationError as error:
            why = error.errors(include_url=False)[0]["msg"]
            raise BrokenProduction(
                f"{path}, line {number}: cannot be read ({why}); take the line out, and its case is done again"
            ) from error


class Writer:
    """Adds lines to the log of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = Log()
        if path.is_file():
            self._cut_torn_end()
            for record in _records(path):
                self.log.take(record)

    def write(self, *records: Record) -> None:
        """Adds lines, durably."""
        with self.path.open("ab") as file:
            for record in records:
                file.write(record.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        for record in records:
            self.log.take(record)

    def begin(self, suite: str, version: str, settings: Mapping[str, str], cutroom: str) -> None:
        """The first line, or the proof that what stands there is the same evaluation. Raises WrongUse when it is not."""
        wanted = Begun(suite=suite, version=version, settings=dict(settings), cutroom=cutroom)
        if (there := self.log.begun) is None:
            self.write(wanted)
        elif (there.suite, there.version, there.settings) != (suite, version, wanted.settings):
            other = f"{there.suite} {there.version} {_said(there.settings)}"
            raise WrongUse(
                f"{self.path.parent}: holds a run of {other}, not of {suite} {version} {_said(settings)}; "
                "choose another folder with -o"
            )

    def _cut_torn_end(self) -> None:
        """A line without its end was being written when the process was killed."""
        with self.path.open("rb+") as file:
            whole = file.read()
            if whole and not whole.endswith(b"\n"):
                file.truncate(whole.rfind(b"\n") + 1)


@contextmanager
def writer(folder: Path) -> Iterator[Writer]:
    """The log in `folder`, to be added to by nobody else meanwhile. Raises Busy."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "lock"
    with lock.open("w") as held:
        _hold(held.fileno(), folder)
        yield Writer(folder / NAME)


def _hold(handle: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # where there are no such locks, two runs in one folder are the person's own affair
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Busy(
            f"{folder}: another process evaluates here; wait for it, or choose another folder with -o"
        ) from error


def _said(settings: Mapping[str, str]) -> str:
    return "(" + ", ".join(f"{name}={value}" for name, value in settings.items()) + ")"


def ids(cases: Iterable[Case]) -> list[str]:
    """The ids. Raises WrongUse when two cases share one."""
    found = [case.id for case in cases]
    if len(set(found)) < len(found):
        twice = next(one for one in found if found.count(one) > 1)
        raise WrongUse(f"two cases have the id {twice!r}; each needs its own")
    return found
