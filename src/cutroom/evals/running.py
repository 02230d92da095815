"""Runs an evaluation: makes what is not made, has judged what is not judged, and writes each case down at once.

A kill costs the one case that was under way. What failed is tried again by the next run; what stands in the log is not.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from cutroom.errors import CutroomError, NoSpace, WrongUse
from cutroom.evals.log import HasFailed, Log, WasJudged, WasMade, WasSkipped, Writer, ids, writer
from cutroom.evals.task import Bench, Case, Looked, NotApplicable, Scored, Task, Told
from cutroom.judge.judge import Judge
from cutroom.media.store import Store
from cutroom.plugins import offered
from cutroom.verdict import Abstain
from cutroom.version import VERSION

STORE = "store"
ROOM = "room"

GONE_WRONG = (CutroomError, OSError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)
"""What makes a case errored, or its judgement: the others go on."""


def _nobody(stage: str, case: str, done: int, whole: int) -> None:
    """Progress that nobody listens to."""


def judge_named(name: str | None, task: Task) -> Judge:
    """The judge of this name, or the one that the task wants. Raises WrongUse when there is none."""
    here: list[Judge] = [*([task.judge] if task.judge else []), *offered("cutroom_judges")]
    if name is None:
        return here[0]
    for judge in here:
        if judge.name == name:
            return judge
    raise WrongUse(f"--judge {name}: no such judge; there are: {', '.join(judge.name for judge in here)}")


def chosen(cases: Sequence[Case], only: Iterable[str] = (), limit: int | None = None) -> tuple[Case, ...]:
    """The cases with these ids (``*`` stands for anything), at most `limit`, and those that they need besides.

    Raises WrongUse for an id that no case has.
    """
    known = dict(zip(ids(cases), cases, strict=True))
    wanted = list(only)
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise WrongUse(f"--only {pattern}: no such case; the first is {next(iter(known), 'none')!r}")
    some = [case for case in cases if not wanted or any(fnmatchcase(case.id, pattern) for pattern in wanted)]
    some = some[:limit]
    needed = {case.id for case in some} | {other for case in some for other in case.needs}
    return tuple(case for case in cases if case.id in needed)


def run(
    task: Task,
    folder: Path,
    judge: Judge,
    *,
    cases: Sequence[Case] | None = None,
    stages: Sequence[str] = ("make", "judge"),
    told: Told = _nobody,
) -> Log:
    """Carries out `stages` for `cases` (all when left out) as far as that is not done yet. Returns all that is known.

    Raises WrongUse when another evaluation lies in `folder`, Busy while another process is at work there, NoSpace.
    """
    cases = task.cases if cases is None else cases
    with writer(folder) as log:
        log.begin(task.name, task.version, task.settings, VERSION)
        bench = Bench(Store(folder / STORE), folder / ROOM)
        bench.room.mkdir(exist_ok=True)
        bench.store.sweep()
        if "make" in stages:
            _make(task, cases, log, bench, told)
        if "judge" in stages:
            _judge(cases, log, bench.store, judge, told)
        return log.log


def _make(task: Task, cases: Sequence[Case], log: Writer, bench: Bench, told: Told) -> None:
    done = 0
    for case in cases:
        done += 1
        if case.id in log.log.skipped or _is_there(case, log.log, bench.store):
            continue
        began = time.monotonic()
        try:
            made = task.make(case, bench)
        except NotApplicable as why:
            log.write(WasSkipped(case=case, why=str(why)))
        except NoSpace:
            raise
        except FileNotFoundError:
            # What it is made of may come later: until then it is missing, and no error.
            continue
        except GONE_WRONG as error:
            log.write(HasFailed(case=case.id, stage="make", why=_said(error)))
        else:
            log.write(WasMade(case=case, made=made, seconds=round(time.monotonic() - began, 2)))
        told("make", case.id, done, len(cases))


def _is_there(case: Case, log: Log, store: Store) -> bool:
    """Made, and its media not gone since."""
    known = log.made.get(case.id)
    return known is not None and all(
        store.has(media) for item in known.made.items for media in (item.media, *item.inputs.values())
    )


def _judge(cases: Sequence[Case], log: Writer, store: Store, judge: Judge, told: Told) -> None:
    done = 0
    for case in cases:
        done += 1
        known = log.log.made.get(case.id)
        if known is None or (case.id, judge.name, judge.version) in log.log.judged:
            continue
        who = judge.name, judge.version
        began = time.monotonic()
        try:
            verdicts = tuple(judge.look(item.step, item.media, item.inputs, store) for item in known.made.items)
        except GONE_WRONG as error:
            log.write(HasFailed(case=case.id, judge=who[0], version=who[1], stage="judge", why=_said(error)))
        else:
            took = round(time.monotonic() - began, 2)
            log.write(WasJudged(case=case.id, judge=who[0], version=who[1], verdicts=verdicts, seconds=took))
        told("judge", case.id, done, len(cases))


def _said(error: BaseException) -> str:
    return str(error) if isinstance(error, CutroomError) else f"{type(error).__name__}: {error}"


def scored(task: Task, log: Log, judge: str, version: str, cases: Sequence[Case] | None = None) -> tuple[Scored, ...]:
    """What became of each case in the eyes of this judge."""
    return tuple(_scored(task, log, case, judge, version) for case in (task.cases if cases is None else cases))


def _scored(task: Task, log: Log, case: Case, judge: str, version: str) -> Scored:
    if case.id in log.skipped:
        return Scored(case, "not applicable", why=log.skipped[case.id].why)
    if failed := log.failed.get((case.id, "", "")):
        return Scored(case, "errored", why=failed.why)
    if failed := log.failed.get((case.id, judge, version)):
        return Scored(case, "judge failed", why=failed.why)
    made, judged = log.made.get(case.id), log.judged.get((case.id, judge, version))
    if made is None or judged is None:
        return Scored(case, "missing", why="not made yet" if made is None else "not judged yet")
    if judged.verdicts and all(isinstance(one, Abstain) for one in judged.verdicts):
        return Scored(case, "judge failed", why="; ".join(judged.verdicts[0].reasons) or "the judge could not tell")
    others = {name: found.verdicts for name in case.needs if (found := log.judged.get((name, judge, version)))}
    if missing := set(case.needs) - others.keys():
        return Scored(case, "missing", why=f"needs {', '.join(sorted(missing))}, of which there is no verdict")
    return Scored(case, "scored", dict(task.score(Looked(case, made.made, judged.verdicts, others))))
