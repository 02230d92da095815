"""Many films from one manifest: each with its own production, in a process of its own, some at a time.

A crash costs its own line. Run again, the same command goes on: what is finished is not even started. What became of each
line stands in ``….results.jsonl`` beside the manifest, one object a line, in the order in which they ended.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from cutroom.configuration import configured
from cutroom.errors import Busy, NoSpace, WrongUse
from cutroom.ledger.production import Production
from cutroom.ledger.state import fold
from cutroom.media.store import digest_of
from cutroom.plugins import offered
from cutroom.producer.manifest import Bad, Line, read
from cutroom.producer.options import Options
from cutroom.producer.purse import Answer, Purse
from cutroom.producer.results import EXIT, Calls, Result
from cutroom.version import VERSION

PATIENCE = 30.0
"""Seconds that a line has to stop in good order before its process is ended."""

LAST_WORDS = 2000
"""Characters of what a crashed process wrote last that are kept."""

Status = Literal["delivered", "degraded", "stopped", "failed"]
WORST: tuple[Status, ...] = ("failed", "stopped", "degraded", "delivered")
"""From worst to best: a batch ends as its worst line."""


class Row(BaseModel):
    """What became of one line: one object of the results file."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    line: int
    out: str
    status: Status
    reason: str = ""
    production: str = ""
    sha256: str = ""
    """Of the film."""
    calls: Calls = Calls()
    spent: dict[str, Decimal] = {}
    """In all runs of its production, by currency."""
    wall_seconds: float = 0.0
    at: str = ""
    """When it ended, in UTC."""
    asked: str = ""
    """A digest of everything that was asked for, its files included: while it is the same, so is the film."""
    unchanged: bool = False
    """True when it was finished before and not even started."""


class BatchResult(BaseModel):
    """What became of a batch."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    status: Status
    """As its worst line."""
    rows: tuple[Row, ...]
    """In the manifest's order."""
    results: str
    """The file that they stand in."""
    spent: dict[str, Decimal] = {}
    wall_seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """0 all delivered, 3 some degraded, 4 some stopped, 1 some failed."""
        return EXIT[self.status]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far one line is."""

    step: str
    """What it is at."""
    done: int
    total: int
    """How far that is; 0 of 0 when it does not say."""
    ready: int
    steps: int
    """How many steps of its plan are through, as far as the plan is known."""


class BatchWatch(Protocol):
    """Somebody who watches a batch. Called from the thread that runs it."""

    def opened(self, lines: Sequence[Line], bad: Sequence[Bad]) -> None:
        """These will be made; those cannot be."""
        ...

    def begun(self, line: Line) -> None:
        """A line is being made."""
        ...

    def got_on(self, line: Line, standing: Standing) -> None:
        """A line got on."""
        ...

    def ended(self, line: Line, row: Row) -> None:
        """A line is through."""
        ...


class Unwatched:
    """Nobody watches."""

    def opened(self, lines: Sequence[Line], bad: Sequence[Bad]) -> None:
        """Nothing to do."""

    def begun(self, line: Line) -> None:
        """Nothing to do."""

    def got_on(self, line: Line, standing: Standing) -> None:
        """Nothing to do."""

    def ended(self, line: Line, row: Row) -> None:
        """Nothing to do."""


def run_batch(
    manifest: Path,
    *,
    jobs: int = 1,
    options: Options | None = None,
    watch: BatchWatch | None = None,
    keep_going: bool = False,
) -> BatchResult:
    """Make every film of `manifest`, `jobs` at a time. `options` hold for each line that does not say otherwise.

    ``options.budget`` is for all lines together. Returns one row for each line. Raises WrongUse when the manifest cannot be
    read, or when lines of it cannot be used and they are not to be left out (`keep_going`); Busy when another batch is at
    work on it; NoSpace when the results cannot be written. After Ctrl-C, every line stops in good order.
    """
    began = time.monotonic()
    if jobs < 1:
        raise WrongUse(f"--jobs {jobs}: at least one")
    options, watch = options or Options(), watch or Unwatched()
    lines, bad = read(manifest, options)
    if bad and not keep_going:
        said = "\n".join(f"  {one}" for one in bad)
        raise WrongUse(
            f"{manifest}: nothing was begun; mend these lines, or say --keep-going to leave them out:\n{said}"
        )
    path = manifest.with_name(f"{manifest.name.removesuffix('.jsonl')}.results.jsonl")
    with _Results.opened(path) as results:
        watch.opened(lines, bad)
        rows = [Row(line=one.number, out="", status="failed", reason=one.why) for one in bad]
        rows += _Batch(lines, jobs, options, watch, results).run()
    spent: dict[str, Decimal] = {}
    for row in rows:
        for currency, amount in row.spent.items():
            spent[currency] = spent.get(currency, Decimal(0)) + amount
    return BatchResult(
        status=next(status for status in WORST if any(row.status == status for row in rows)),
        rows=tuple(sorted(rows, key=lambda row: row.line)),
        results=str(path),
        spent=spent,
        wall_seconds=round(time.monotonic() - began, 1),
    )


class _Said(NamedTuple):
    """What a process said; None when it says nothing more."""

    line: int
    message: dict[str, Any] | None


INTERRUPTED = _Said(0, None)
"""Ctrl-C, in its turn."""


@dataclass
class _Child:
    """A line that is being made."""

    line: Line
    process: subprocess.Popen[str]
    words: IO[bytes]
    """What it writes that is not for us."""
    began: float
    last: dict[str, Any] | None = None
    """The message that says how it ended."""
    told: float | None = None
    """When it was told to stop."""

    def answer(self, allowed: Decimal) -> None:
        """Say how much it may spend."""
        with suppress(OSError, ValueError):
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps({"allowed": str(allowed)}) + "\n")
            self.process.stdin.flush()

    def stop(self) -> None:
        """Ask it to stop in good order."""
        self.told = time.monotonic()
        with suppress(OSError, ValueError):
            assert self.process.stdin is not None
            self.process.stdin.close()


@dataclass
class _Batch:
    lines: Sequence[Line]
    jobs: int
    options: Options
    watch: BatchWatch
    results: _Results
    said: SimpleQueue[_Said] = field(default_factory=SimpleQueue)
    children: dict[int, _Child] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    stopping: bool = False

    def run(self) -> list[Row]:
        """Make what is not there yet. Returns a row for each line."""
        digests = _Digests()
        self.asked = {line.number: digests.of(line) for line in self.lines}
        before = self.results.finished()
        waiting: deque[Line] = deque()
        for line in self.lines:
            row = before.get(self.asked[line.number])
            if row is not None and _is_there(line, row):
                calls = Calls(reused=row.calls.performed + row.calls.reused)
                now = {"line": line.number, "calls": calls, "wall_seconds": 0.0, "unchanged": True}
                self._end(line, row.model_copy(update=now))
            else:
                waiting.append(line)
        self.purse = Purse(self.options.budget, self._spent_before())
        try:
            self._work(waiting)
        finally:
            self._end_all()
        self.rows += [self._row(line, status="stopped", reason="stopped by a person") for line in waiting]
        return self.rows

    def _spent_before(self) -> dict[int, Decimal]:
        if self.options.budget is None:
            return {}
        return {line.number: _spent(line, self.options.currency) for line in self.lines}

    def _work(self, waiting: deque[Line]) -> None:
        with _interrupting(lambda: self.said.put(INTERRUPTED)):
            while True:
                while waiting and len(self.children) < self.jobs and not self.stopping:
                    self._begin(waiting.popleft())
                if not self.children:
                    return
                with suppress(Empty):
                    self._receive(self.said.get(timeout=0.5))
                self._end_the_late()

    def _stop(self) -> None:
        """In good order; when asked a second time, at once."""
        for child in self.children.values():
            if self.stopping:
                child.process.kill()
            child.stop()
        self.stopping = True

    def _end_the_late(self) -> None:
        now = time.monotonic()
        for child in self.children.values():
            if child.told is not None and now - child.told > PATIENCE:
                child.process.kill()

    def _end_all(self) -> None:
        """Whatever happened to the batch: nothing of it works on."""
        for child in self.children.values():
            child.stop()
        for child in self.children.values():
            try:
                child.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()

    def _begin(self, line: Line) -> None:
        self.purse.begin(line.number)
        words = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the line is through
        process = subprocess.Popen(
            [sys.executable, "-m", "cutroom.producer.alone"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            encoding="utf-8",
            # A group of its own: Ctrl-C in a terminal is for the batch, which stops its lines in good order.
            start_new_session=True,
        )
        child = self.children[line.number] = _Child(line, process, words, time.monotonic())
        asked = {
            "request": line.request,
            "files": [str(file) for file in line.files],
            "out": str(line.out),
            "options": line.options.model_dump(mode="json", exclude_unset=True),
        }
        with suppress(OSError):
            assert process.stdin is not None
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        threading.Thread(target=_listen, args=(child, self.said), name="cutroom-batch", daemon=True).start()
        self.watch.begun(line)

    def _receive(self, said: _Said) -> None:
        if said is INTERRUPTED:
            self._stop()
            return
        child = self.children[said.line]
        message = said.message
        if message is None:
            self._through(child)
        elif message["kind"] == "standing":
            about = {name: message[name] for name in ("step", "done", "total", "ready", "steps")}
            self.watch.got_on(child.line, Standing(**about))
        elif message["kind"] == "money":
            self._answer(self.purse.ask(child.line.number, Decimal(message["needed"]), child.line.cap))
        else:
            child.last = message

    def _answer(self, answers: Iterable[Answer]) -> None:
        for answer in answers:
            if child := self.children.get(answer.line):
                child.answer(answer.allowed)

    def _through(self, child: _Child) -> None:
        """A process has ended, however it did."""
        child.stop()
        code = child.process.wait()
        with child.words:
            row = self._result(child, code)
        del self.children[child.line.number]
        crashed = child.last is None
        spent = (
            None if crashed else _spent(child.line, self.options.currency) if self.options.budget is not None else None
        )
        self._answer(self.purse.end(child.line.number, spent))
        self.results.append(row)
        self._end(child.line, row)

    def _result(self, child: _Child, code: int) -> Row:
        wall = round(time.monotonic() - child.began, 1)
        match child.last:
            case {"kind": "result", "result": made}:
                return self._delivered(child.line, Result.model_validate(made), wall)
            case {"kind": "failed", "reason": reason}:
                return self._row(child.line, status="failed", reason=reason, wall_seconds=wall)
            case {"kind": "stopped"}:
                return self._row(child.line, status="stopped", reason="stopped by a person", wall_seconds=wall)
            case _ if child.told is not None and self.stopping:
                return self._row(child.line, status="stopped", reason="stopped by a person", wall_seconds=wall)
            case _:
                said = f"its process ended without a result ({_how(code)}){_last_words(child.words)}"
                return self._row(child.line, status="failed", reason=said, wall_seconds=wall)

    def _delivered(self, line: Line, made: Result, wall: float) -> Row:
        film = next((one.sha256 for one in made.deliverables if one.kind == "video"), "")
        about = {name: getattr(made, name) for name in ("status", "reason", "calls", "spent")}
        return self._row(line, sha256=film, wall_seconds=wall, **about)

    def _row(self, line: Line, **about: Any) -> Row:
        return Row(
            line=line.number,
            out=str(line.out),
            production=str(line.production),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            asked=self.asked[line.number],
            **about,
        )

    def _end(self, line: Line, row: Row) -> None:
        self.rows.append(row)
        self.watch.ended(line, row)


@contextmanager
def _interrupting(told: Callable[[], None]) -> Iterator[None]:
    """Calls `told` at Ctrl-C instead of breaking in anywhere; only a main thread hears of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: told())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _listen(child: _Child, said: SimpleQueue[_Said]) -> None:
    """Hands over what a process says, until it ends."""
    assert child.process.stdout is not None
    with child.process.stdout as lines:
        for text in lines:
            try:
                message = json.loads(text)
            except json.JSONDecodeError:  # cut off in the middle of a line
                break
            said.put(_Said(child.line.number, message))
    said.put(_Said(child.line.number, None))


class _Results:
    """The file that says what became of each line."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path, self._file = path, file

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[_Results]:
        """The file, held for this batch alone. Raises Busy and NoSpace."""
        try:
            file = path.open("a+b")
        except OSError as error:
            raise NoSpace(
                f"{path}: {error.strerror}; the results of a batch are written beside its manifest"
            ) from error
        with file:
            _hold(file, path)
            yield cls(path, file)

    def finished(self) -> dict[str, Row]:
        """The latest row of everything that was finished, by what was asked. Lines that cannot be read count for nothing."""
        self._file.seek(0)
        found: dict[str, Row] = {}
        for text in self._file:
            with suppress(ValidationError):
                row = Row.model_validate_json(text)
                if row.status in ("delivered", "degraded"):
                    found[row.asked] = row
        return found

    def append(self, row: Row) -> None:
        """Write a row down. On return it is on the disk. Raises NoSpace."""
        data = row.model_dump_json(exclude={"unchanged"}).encode() + b"\n"
        try:
            end = self._file.seek(0, os.SEEK_END)
            if end:
                self._file.seek(end - 1)
                # A batch that was killed may have left half a line.
                data = data if self._file.read(1) == b"\n" else b"\n" + data
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise NoSpace(f"{self.path}: {error.strerror}; free some space, then run the same command again") from error


def _hold(file: IO[bytes], path: Path) -> None:
    """Keeps other batches from this file. Raises Busy. Where the system has no such locks, the productions' own must do."""
    try:
        import fcntl
    except ModuleNotFoundError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Busy(f"{path}: another batch is at work on this manifest; wait until it is done, or stop it") from error
    except OSError:  # a disk that knows no locks
        return


class _Digests:
    """Digests of what lines ask for."""

    def __init__(self) -> None:
        hooks = ("cutroom_planners", "cutroom_performers", "cutroom_judges")
        people = [(one.name, one.version) for hook in hooks for one in offered(hook)]
        self._same = [VERSION, people, configured().model_dump_json()]

    def of(self, line: Line) -> str:
        """A digest of all that decides the film; of files, their names, sizes and times of change."""
        given = [
            *line.files,
            *(Path(name) for name in (line.options.music, line.options.lut) if name and name != "none"),
        ]
        files = [_about(path) for one in given for path in _all_in(one)]
        options = line.options.model_dump(mode="json", exclude={"budget", "engine", "address", "at_once", "timeouts"})
        asked = [self._same, line.request, str(line.out.resolve()), options, files]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _all_in(path: Path) -> Iterable[Path]:
    return sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


def _about(path: Path) -> tuple[str, int, int]:
    with suppress(OSError):
        stat = path.stat()
        return str(path.resolve()), stat.st_size, stat.st_mtime_ns
    return str(path), 0, 0


def _is_there(line: Line, row: Row) -> bool:
    """True when the film of an earlier run lies there as it was delivered."""
    try:
        return line.out.is_file() and digest_of(line.out).digest == row.sha256
    except OSError:
        return False


def _spent(line: Line, currency: str) -> Decimal:
    """What the line's production has spent until now, by its ledger."""
    production = Production(line.production)
    if not production.ledger.is_file():
        return Decimal(0)
    with production.journal(read_only=True) as journal:
        return fold(journal.events()).paid(currency)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _last_words(words: IO[bytes]) -> str:
    size = words.seek(0, os.SEEK_END)
    words.seek(max(0, size - LAST_WORDS))
    text = words.read().decode("utf-8", "replace").strip()
    return f": {text}" if text else ""
