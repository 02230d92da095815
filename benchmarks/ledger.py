"""What the director and the ledger cost a step, on steps that do nothing. Prints JSON.

    python benchmarks/ledger.py [--steps 100 1000 2500 10000] [--runs 3]

The steps write a few bytes of text each; a plan is a fan (all at once, then one that joins them), a chain, or layers of
ten. Free steps are written with SQLite's WAL at ``synchronous=NORMAL`` (they outlast the process, not a power cut);
what stands for money waits for the disk. "Overhead" is the whole run's wall divided by the steps, so the performer's
own (nothing) is in it. Re-opening reads and folds every event. Medians; the processor's time stands beside the wall's,
because it does not depend on who else is at work on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from cutroom.brief.brief import Brief
from cutroom.director.limits import Limits
from cutroom.engine.local import LocalEngine
from cutroom.ledger.events import Opened
from cutroom.ledger.journal import Journal
from cutroom.ledger.state import State, apply, fold
from cutroom.media.kinds import Media, Text
from cutroom.media.store import Store
from cutroom.performers.performer import Desk
from cutroom.plan.plan import Plan
from cutroom.plan.registry import step_classes
from cutroom.plan.step import AnyStep, Group, Ref, Step
from cutroom.plan.terms import HOUSE, Terms
from cutroom.testing import ScriptedPlanner
from cutroom.verdict import Pass, Verdict


class Nothing(Step[Text]):
    """Do nothing."""

    kind: Literal["nothing"] = "nothing"
    group: ClassVar[Group] = "write"
    number: int
    after: tuple[Ref[Text], ...] = ()


class Idler:
    """Hands over the same few bytes for every step."""

    name = "idler"
    version = "1"

    def __init__(self) -> None:
        self.kept: Media | None = None

    def performs(self, step: AnyStep) -> bool:
        return True

    def settings(self, step: AnyStep) -> dict[str, Any]:
        return {}

    def terms(self, step: AnyStep) -> Terms:
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        if self.kept is None:
            self.kept = desk.keep_text("nothing")
        return self.kept


class Content:
    """A judge that is content."""

    name = "content"
    version = "1"

    def look(self, step: AnyStep, media: Media, inputs: dict[str, Media], store: Store) -> Verdict:
        return Pass(judge=self.name, version=self.version)


def plan_of(shape: str, count: int) -> Plan:
    step_classes().setdefault("nothing", Nothing)
    steps: dict[str, AnyStep] = {}
    for number in range(count - 1):
        before = {"fan": [], "chain": [number - 1], "layers": [number - 10]}[shape]
        after = tuple(Ref[Text](id=f"s{other}") for other in before if other >= 0)
        steps[f"s{number}"] = Nothing(number=number, after=after)
    needed = {wire.id for step in steps.values() for wire in step.wires()}
    ends = tuple(Ref[Text](id=name) for name in steps if name not in needed)
    steps["end"] = Nothing(number=count, after=ends)
    return Plan(steps=steps, goal="end")


def engine(journal: Journal, store: Store, plan: Plan) -> LocalEngine:
    return LocalEngine(
        journal=journal,
        store=store,
        planner=ScriptedPlanner(plan),
        performers=[Idler()],
        judge=Content(),
        limits=Limits(),
    )


class Spent(NamedTuple):
    """What something took."""

    wall: float
    cpu: float
    count: int
    """Takes performed, or events read."""


def run(folder: Path, plan: Plan) -> Spent:
    """A whole run; events so far are read first. Counts the takes that were performed."""
    began, cpu = time.perf_counter(), time.process_time()
    with Journal(folder / "ledger.sqlite") as journal:
        opened = Opened(brief=Brief(request="nothing"), cutroom="0")
        state = fold(journal.events())
        journal.append(opened)
        state, wrap = engine(journal, Store(folder / "store"), plan).run(apply(state, opened))
        assert wrap.status == "finished", wrap
    return Spent(time.perf_counter() - began, time.process_time() - cpu, len(state.performed))


def reopening(folder: Path) -> Spent:
    """Reads and folds every event, and counts them."""
    began, cpu = time.perf_counter(), time.process_time()
    with Journal(folder / "ledger.sqlite", read_only=True) as journal:
        events = list(journal.events())
        state = fold(events, State())
    assert state.plan is not None
    return Spent(time.perf_counter() - began, time.process_time() - cpu, len(events))


def measured(shape: str, count: int, runs: int) -> dict[str, Any]:
    plan = plan_of(shape, count)
    made, again, opened = [], [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made.append(run(folder, plan))
            opened.append(reopening(folder))
            again.append(run(folder, plan))
    assert {one.count for one in made} == {count}, "a step was performed twice, or not at all"
    assert {one.count for one in again} == {0}, "what was finished was performed again"
    return {
        "shape": shape,
        "steps": count,
        "events": opened[0].count,
        "wall_s": _median(one.wall for one in made),
        "ms_a_step": _median(one.wall / count * 1000 for one in made),
        "cpu_ms_a_step": _median(one.cpu / count * 1000 for one in made),
        "reopened_s": _median(one.wall for one in opened),
        "reopened_cpu_s": _median(one.cpu for one in opened),
        "run_again_s": _median(one.wall for one in again),
        "run_again_cpu_s": _median(one.cpu for one in again),
        "performed_again": again[0].count,
    }


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 3)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 1_000, 2_500, 10_000])
    parser.add_argument("--shapes", nargs="+", default=["fan", "chain", "layers"])
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    before = os.getloadavg()[0]
    rows = [measured(shape, count, given.runs) for shape in given.shapes for count in given.steps]
    print(
        json.dumps(
            {
                "durability": "free steps: WAL, synchronous=NORMAL, committed in groups; money: synchronous=FULL",
                "python": platform.python_version(),
                "sqlite": sqlite3.sqlite_version,
                "cores": os.cpu_count(),
                "load": [round(before, 2), round(os.getloadavg()[0], 2)],
                "runs": given.runs,
                "rows": rows,
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
