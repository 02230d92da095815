"""What a Ray cluster on this machine makes of two workers, and what it costs a step. Prints JSON.

    python benchmarks/cluster.py [--steps 60] [--milliseconds 200] [--free 200] [--runs 3]

``ideal``: `steps` takes that sleep, on two workers, against the time that two perfect workers need; counted from the moment
when both are there (`hiring_seconds` says how long that takes, with the cluster's own start). ``overhead``: takes that do
nothing, one after the other, on Ray and on the local engine: the whole wall divided by the takes. Medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cutroom.brief.brief import Brief
from cutroom.director.limits import Limits
from cutroom.engine.local import LocalEngine
from cutroom.engine.watch import Unwatched
from cutroom.ledger.events import Event, Made, Opened
from cutroom.ledger.production import Production
from cutroom.ledger.state import State, fold
from cutroom.media.kinds import Media, Text
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep, Ref
from cutroom.plan.terms import HOUSE, Terms
from cutroom.testing import ScriptedPlanner, StrictJudge


class Sleeper:
    """Sleeps, and hands over a few bytes."""

    name = "sleeper"
    version = "1"

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    def performs(self, step: AnyStep) -> bool:
        return isinstance(step, WriteScript)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        return {}

    def terms(self, step: AnyStep) -> Terms:
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        assert isinstance(step, WriteScript)
        time.sleep(self.milliseconds / 1000)
        return desk.keep_text(step.request)


def sleep(number: int, after: tuple[Ref[Text], ...] = ()) -> WriteScript:
    """A step of the catalogue: a class of this file would be sent along with every take."""
    return WriteScript(request=f"step {number}", facts=after)


class Times(Unwatched):
    """When the last take of each kind of step was made."""

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def happened(self, event: Event, state: State) -> None:
        if isinstance(event, Made):
            self.last[event.step.partition("-")[0]] = time.perf_counter()


def fan(steps: int) -> Plan:
    """Two steps that both workers are hired for, then `steps` that may be made at once, then one."""
    first = {f"first-{number}": sleep(-1 - number) for number in range(2)}
    below = tuple(Ref[Text](id=name) for name in first)
    all_at_once = {f"step-{number}": sleep(number, below) for number in range(steps)}
    refs = tuple(Ref[Text](id=name) for name in all_at_once)
    return Plan(steps={**first, **all_at_once, "whole": sleep(steps, refs)}, goal="whole")


def chain(steps: int) -> Plan:
    made: dict[str, Any] = {"first-0": sleep(0)}
    for number in range(1, steps + 1):
        made[f"step-{number}"] = sleep(number, (Ref[Text](id=list(made)[-1]),))
    return Plan(steps=made, goal=f"step-{steps}")


def run(plan: Plan, engine: type[LocalEngine], milliseconds: int) -> tuple[float, float]:
    """Seconds until the first steps were made, and from then to the last of the others."""
    times = Times()
    with tempfile.TemporaryDirectory(prefix="cutroom-benchmark-") as folder:
        production = Production(Path(folder) / "toy.cutroom")
        with production.journal() as journal:
            journal.append(Opened(brief=Brief(request="sleep"), cutroom="benchmark"))
            began = time.perf_counter()
            working = engine(
                journal=journal,
                store=production.store,
                planner=ScriptedPlanner(plan),
                performers=[Sleeper(milliseconds)],
                judge=StrictJudge(),
                limits=Limits(),
                watch=times,
                workers=2,
            )
            _, wrap = working.run(fold(journal.events()))
            assert wrap.status == "finished", wrap
    return times.last["first"] - began, times.last["step"] - times.last["first"]


def medians(runs: int, plan: Plan, engine: type[LocalEngine], milliseconds: int = 0) -> tuple[float, float]:
    both = [run(plan, engine, milliseconds) for _ in range(runs)]
    return statistics.median(first for first, _ in both), statistics.median(rest for _, rest in both)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--steps", type=int, default=60)
    asked.add_argument("--milliseconds", type=int, default=200)
    asked.add_argument("--free", type=int, default=200)
    asked.add_argument("--runs", type=int, default=3)
    given = asked.parse_args()

    import ray
    from ray import cloudpickle

    from cutroom.engine.ray import RayEngine

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    began = time.perf_counter()
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    starting = time.perf_counter() - began
    hiring, wall = medians(given.runs, fan(given.steps), RayEngine, given.milliseconds)
    ideal = given.steps * given.milliseconds / 1000 / 2
    on_ray = medians(given.runs, chain(given.free), RayEngine)[1] / given.free
    here = medians(given.runs, chain(given.free), LocalEngine)[1] / given.free
    ray.shutdown()
    print(
        json.dumps(
            {
                "load": round(os.getloadavg()[0], 1),
                "cluster_start_seconds": round(starting, 2),
                "hiring_seconds": round(hiring - given.milliseconds / 1000, 2),
                "steps": given.steps,
                "milliseconds": given.milliseconds,
                "wall_seconds": round(wall, 2),
                "share_of_ideal": round(ideal / wall, 3),
                "overhead_ms_a_step": {"ray": round(1000 * on_ray, 2), "local": round(1000 * here, 2)},
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
