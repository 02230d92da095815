"""The command ``cutroom batch``, and its table of progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutroom.cli.parameters import (
    Address,
    AtOnce,
    Budget,
    CaptionsTo,
    EngineName,
    For,
    Json,
    Language,
    Length,
    Mark,
    OnAmbiguous,
    Quiet,
    Shape,
    Timeouts,
    UnknownPrice,
    Voice,
    options_of,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from cutroom.producer.batch import BatchResult, BatchWatch, Row, Standing
    from cutroom.producer.manifest import Bad, Line

COLOURS = {"delivered": "green", "degraded": "yellow", "stopped": "yellow", "failed": "red"}


def batch(  # noqa: PLR0913 - one parameter per option
    manifest: Annotated[
        Path, typer.Argument(help='One brief a line: {"request": "…", "files": ["…"], "out": "film.mp4"}.')
    ],
    jobs: Annotated[int, typer.Option(min=1, help="How many films are made at a time.")] = 1,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Leave lines out that cannot be used, and make the others.")
    ] = False,
    seconds: Length = None,
    shape: Shape = None,
    voice: Voice = None,
    captions: CaptionsTo = "both",
    language: Language = None,
    mark: Mark = True,
    destination: For = None,
    budget: Budget = None,
    allow_unknown_price: UnknownPrice = False,
    on_ambiguous: OnAmbiguous = "ask",
    at_once: AtOnce = None,
    timeouts: Timeouts = None,
    engine: EngineName = "local",
    address: Address = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make many films, each in a process of its own. Run again, it goes on; the budget is for all of them together.

    Exit status: 0 all delivered, 3 some degraded, 4 some stopped, 1 some failed.
    """
    given = locals()
    from cutroom.producer.batch import run_batch
    from cutroom.producer.options import Options

    options = options_of(**{name: value for name, value in given.items() if name in Options.model_fields})
    with _watching(json=json, quiet=quiet) as watch:
        made = run_batch(manifest, jobs=jobs, options=options, watch=watch, keep_going=keep_going)
    if json:
        sys.stdout.write(made.model_dump_json() + "\n")
    elif not quiet:
        _show(made)
    raise typer.Exit(made.exit_status)


def add_to(app: typer.Typer) -> None:
    """Make the command known."""
    app.command()(batch)


@contextmanager
def _watching(*, json: bool, quiet: bool) -> Iterator[BatchWatch | None]:
    if json or quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Table(progress)


class _Lines:
    """One line for each film that is through: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def opened(self, lines: Sequence[Line], bad: Sequence[Bad]) -> None:
        for one in bad:
            self.console.print(f"left out: {one}", markup=False, soft_wrap=True)

    def begun(self, line: Line) -> None:
        self.console.print(f"line {line.number}: {line.out.name} begun", markup=False, soft_wrap=True)

    def got_on(self, line: Line, standing: Standing) -> None:
        """Too much for a log."""

    def ended(self, line: Line, row: Row) -> None:
        self.console.print(f"line {line.number}: {line.out.name} {_said(row)}", markup=False, soft_wrap=True)


class _Table:
    """A bar for all films, and one for each that is being made."""

    def __init__(self, progress: Progress) -> None:
        self.bars = progress
        self.tasks: dict[int, TaskID] = {}
        self.all = progress.add_task("films", total=None, count="")
        self.through = 0
        self.lines = 0

    def opened(self, lines: Sequence[Line], bad: Sequence[Bad]) -> None:
        self.lines = len(lines)
        self.bars.update(self.all, total=self.lines, count=f"0 of {self.lines}")

    def begun(self, line: Line) -> None:
        self.tasks[line.number] = self.bars.add_task(line.out.name, total=None, count="")

    def got_on(self, line: Line, standing: Standing) -> None:
        share = standing.done / standing.total if standing.total else 0.0
        self.bars.update(
            self.tasks[line.number],
            completed=standing.ready + share,
            total=standing.steps or None,
            description=f"{line.out.name} · {standing.step}",
            count=f"{standing.ready} of {standing.steps} steps",
        )

    def ended(self, line: Line, row: Row) -> None:
        if task := self.tasks.pop(line.number, None):
            self.bars.remove_task(task)
        self.through += 1
        self.bars.update(self.all, completed=self.through, count=f"{self.through} of {self.lines}")
        if row.status in ("failed", "stopped"):
            self.bars.console.print(f"line {line.number}: {line.out.name} {_said(row)}", markup=False, soft_wrap=True)


def _said(row: Row) -> str:
    return f"{row.status}: {row.reason}" if row.reason else row.status


def _show(made: BatchResult) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for row in made.rows:
        takes = "as it was" if row.unchanged else f"{row.calls.performed} takes made, {row.calls.reused} used again"
        name = f"{Path(row.out).name:<20} " if row.out else ""
        about = row.reason.splitlines()[0] if row.reason else takes
        console.print(
            Text.assemble(f"{row.line:>5}  {name}", (f"{row.status:<10}", COLOURS[row.status]), f" {about}"),
            soft_wrap=True,
        )
    counts = {status: sum(row.status == status for row in made.rows) for status in COLOURS}
    said = ", ".join(f"{number} {status}" for status, number in counts.items() if number)
    paid = "".join(f", {amount} {currency} spent in all" for currency, amount in made.spent.items())
    console.print(Text(f"{said}; {made.wall_seconds} s{paid}; {made.results}"), soft_wrap=True)
