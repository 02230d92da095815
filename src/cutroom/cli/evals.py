"""``cutroom eval``: measure a judge, or media, case by case."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cutroom.cli.parameters import Json, Quiet

if TYPE_CHECKING:
    from cutroom.evals.evaluate import Evaluated
    from cutroom.evals.task import Told

WHOLE = 0
INCOMPLETE = 3
"""Exit statuses: every case was scored, or could not be in its nature; some errored, or are missing."""

Folder = Annotated[Path, typer.Option("-o", "--out", help="The run's folder: its log, media, figures and page.")]
Limit = Annotated[
    int | None, typer.Option(min=1, help="At most so many cases, and what they need.", show_default=False)
]
Only = Annotated[
    str | None,
    typer.Option(
        metavar="IDS", help="Only these cases, with commas between; * stands for anything.", show_default=False
    ),
]
Judge = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who judges. [default: as the suite says]", show_default=False)
]
Stage = Annotated[
    Literal["make", "judge", "aggregate"] | None,
    typer.Option(help="Only this stage. [default: all three]", show_default=False),
]
Against = Annotated[
    Path | None, typer.Option(metavar="RUN", help="Compare with another run, case by case.", show_default=False)
]
SplitOf = Annotated[
    Literal["tuning", "held-out"] | None,
    typer.Option(help="faults: only productions of this split.", show_default=False),
]
Material = Annotated[
    Path | None,
    typer.Option(help="faults: pictures and clips to make productions of. [default: painted ones]", show_default=False),
]
Scores = Annotated[
    Path | None, typer.Option(help="quality: a table of files and what people gave them.", show_default=False)
]
Media = Annotated[
    Path | None, typer.Option(help="vbench, quality: the folder where the media lie.", show_default=False)
]
Prompts = Annotated[Path | None, typer.Option(help="vbench: the official prompt file.", show_default=False)]


def evaluate(  # noqa: PLR0913 - one parameter per option
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="faults, quality or vbench.", show_default=False)],
    out: Folder = Path("run"),
    limit: Limit = None,
    only: Only = None,
    judge: Judge = None,
    stage: Stage = None,
    against: Against = None,
    split: SplitOf = None,
    material: Material = None,
    scores: Scores = None,
    media: Media = None,
    prompts: Prompts = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Evaluate. Run it again, and only what is missing is done. Exit status: 0 whole, 3 some cases errored or are missing."""
    from cutroom.evals import evaluate as evaluating

    task = evaluating.task_of(suite, split=split, material=material, scores=scores, media=media, prompts=prompts)
    found = evaluating.evaluate(
        task,
        out,
        judge=judge,
        only=[one.strip() for one in only.split(",")] if only else (),
        limit=limit,
        stages=(stage,) if stage else evaluating.STAGES,
        against=against,
        told=None if json or quiet else _telling(),
    )
    if json:
        sys.stdout.write(found.model_dump_json() + "\n")
    elif not quiet:
        _show(found)
    counts = found.outcomes
    raise typer.Exit(INCOMPLETE if counts["errored"] or counts["judge failed"] or counts["missing"] else WHOLE)


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("eval")(evaluate)


def _telling() -> Told:
    """Progress on standard error: a line that is written over at a terminal, one in a hundred elsewhere."""
    terminal = sys.stderr.isatty()

    def told(stage: str, case: str, done: int, whole: int) -> None:
        if terminal:
            end = "\n" if done == whole else ""
            sys.stderr.write(f"\r\x1b[K{stage} {done}/{whole} {case[:60]}{end}")
            sys.stderr.flush()
        elif done == whole or done % 100 == 0:
            sys.stderr.write(f"{stage} {done}/{whole}\n")

    return told


def _show(found: Evaluated) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    counts = ", ".join(f"{count} {name}" for name, count in found.outcomes.items() if count)
    console.print(f"{found.suite} {found.version}, judged by {found.judge}: {counts}", highlight=False)
    if found.figures:
        table = Table("figure", "of", "value", "95 % interval", "cases", box=None, pad_edge=False, header_style="bold")
        for figure in found.figures:
            of = " ".join(figure.labels.values())
            between = f"{figure.low:.3f} to {figure.high:.3f}"
            table.add_row(figure.name, of, f"{figure.value:.3f}", between, str(figure.count))
        console.print(table)
    for one in found.differences:
        apart = f"{one.value:+.3f}, {one.low:+.3f} to {one.high:+.3f}, p {one.chance:.3f}"
        says = f"{one.name}: {one.one:.3f} there, {one.other:.3f} here ({apart})"
        console.print(says, highlight=False, soft_wrap=True)
    if found.page:
        console.print(f"page: {found.page}", highlight=False, soft_wrap=True)
