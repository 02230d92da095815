"""One evaluation from its name to its figures and its page: what the command `cutroom eval` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cutroom.errors import WrongUse
from cutroom.evals import viewer
from cutroom.evals.aggregate import outcomes
from cutroom.evals.compare import Difference, compared
from cutroom.evals.log import Log, read
from cutroom.evals.running import chosen, judge_named, run, scored
from cutroom.evals.task import Case, Figure, Outcome, Scored, Task, Told

PAGE = "index.html"
FIGURES = "figures.json"
STAGES = ("make", "judge", "aggregate")
SUITES = ("faults", "quality", "vbench")

Split = Literal["tuning", "held-out"]


class Evaluated(BaseModel):
    """What came of an evaluation. `cutroom eval --json` prints exactly this."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    suite: str
    version: str
    judge: str
    outcomes: dict[Outcome, int]
    figures: tuple[Figure, ...]
    differences: tuple[Difference, ...] = ()
    page: str = ""


def task_of(
    suite: str,
    *,
    split: Split | None = None,
    material: Path | None = None,
    scores: Path | None = None,
    media: Path | None = None,
    prompts: Path | None = None,
) -> Task:
    """The task of this name. Raises WrongUse when there is none, or something that it needs was not given."""
    if suite == "faults":
        from cutroom.evals.suites.faults import faults

        return faults(split=split, own=material)
    if suite == "quality":
        from cutroom.evals.suites.quality import quality

        if scores is None:
            raise WrongUse("cutroom eval quality needs --scores FILE: a table with the columns file and score")
        return quality(scores, media)
    if suite == "vbench":
        from cutroom.evals.suites.vbench import vbench

        if media is None:
            raise WrongUse("cutroom eval vbench needs --media FOLDER: the clips that are to be measured")
        return vbench(media, prompts)
    raise WrongUse(f"{suite}: no such suite; there are: {', '.join(SUITES)}")


def evaluate(
    task: Task,
    folder: Path,
    *,
    judge: str | None = None,
    only: Sequence[str] = (),
    limit: int | None = None,
    stages: Sequence[str] = STAGES,
    against: Path | None = None,
    told: Told | None = None,
) -> Evaluated:
    """Carries out what of `task` is not done yet in `folder`, and writes its figures and its page there.

    Raises WrongUse for a judge or case that there is not, Busy while another process is at work in `folder`.
    """
    who = judge_named(judge, task)
    cases = chosen(task.cases, only, limit)
    log = run(task, folder, who, cases=cases, stages=stages, **({"told": told} if told else {}))
    if not (only or limit):
        cases = task.cases
    if "aggregate" not in stages:
        known = scored(task, log, who.name, who.version, cases)
        return Evaluated(
            suite=task.name,
            version=task.version,
            judge=f"{who.name} {who.version}",
            outcomes=outcomes(known),
            figures=(),
        )
    return _aggregated(task, log, folder, (who.name, who.version), cases, against)


def _aggregated(
    task: Task, log: Log, folder: Path, judge: tuple[str, str], cases: Sequence[Case], against: Path | None
) -> Evaluated:
    known = scored(task, log, *judge, cases)
    differences = compared(_other(task, against, cases, judge), known) if against else ()
    html = viewer.page(task, log, known, folder, *judge, differences)
    (folder / PAGE).write_text(html, "utf-8")
    found = Evaluated(
        suite=task.name,
        version=task.version,
        judge=" ".join(judge),
        outcomes=outcomes(known),
        figures=tuple(task.figures(known)),
        differences=differences,
        page=str(folder / PAGE),
    )
    (folder / FIGURES).write_text(found.model_dump_json(indent=1) + "\n", "utf-8")
    return found


def _other(task: Task, folder: Path, cases: Sequence[Case], judge: tuple[str, str]) -> tuple[Scored, ...]:
    """The scores of another run: by the same judge when it stands there in another version, else by its latest one."""
    log = read(folder)
    if log.begun is None or (log.begun.suite, log.begun.version) != (task.name, task.version):
        there = f"{log.begun.suite} {log.begun.version}" if log.begun else "nothing"
        raise WrongUse(f"--against {folder}: holds {there}, not {task.name} {task.version}; only equal suites compare")
    if not log.judges:
        raise WrongUse(f"--against {folder}: nothing was judged there")
    others = [one for one in log.judges if one != judge] or list(log.judges)
    return scored(task, log, *others[-1], cases)
