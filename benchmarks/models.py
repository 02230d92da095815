"""How busy a model server is kept: 64 picture jobs at once against a loopback server with 8 slots.

Run it with ``python benchmarks/models.py``. The server makes real pictures and holds each in its slot for a while; what is
measured is the share of its slots' time that is spent on work, from the first call to the last answer.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cutroom.configuration import Model
from cutroom.media.store import Store
from cutroom.performers.connections import Connections
from cutroom.performers.openai_http.cast import performers_for
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.generate import GeneratePicture
from cutroom.testing.loopback.openai import MODEL, OpenAI


def busy(jobs: int, slots: int, seconds: float, size: tuple[int, int]) -> dict[str, float]:
    """One run: how long it took, and which share of the slots' time was work (0 to 1)."""
    connections = Connections()
    with tempfile.TemporaryDirectory() as folder, OpenAI(slots=slots, seconds=seconds) as server:
        store = Store(Path(folder) / "store")
        model = Model(api="openai", url=server.url, image=MODEL, at_once=min(256, 2 * slots))
        (painter,) = performers_for("loopback", model, connections)

        def make(number: int) -> int:
            scratch = Path(folder) / f"scratch-{number}"
            scratch.mkdir()
            step = GeneratePicture(prompt=f"picture {number}", width=size[0], height=size[1])
            return painter.perform(step, Desk(store=store, inputs={}, scratch=scratch, seed=number)).width

        painter_ready = make(-1)  # the first call opens the connection, and loads what reads pictures
        assert painter_ready == size[0]
        server.worked = 0.0
        began, cpu = time.monotonic(), time.process_time()
        with ThreadPoolExecutor(jobs) as pool:
            made = list(pool.map(make, range(jobs)))
        wall = time.monotonic() - began
        assert made == [size[0]] * jobs
        assert server.most_at_once == slots
        used = (time.process_time() - cpu) / jobs
        worked = server.worked
    connections.close()
    return {"wall": wall, "busy": worked / (slots * wall), "cpu_per_job": used}


def overhead(calls: int, size: tuple[int, int]) -> float:
    """The median of what one picture costs from call to kept file, beside the server's own work, in milliseconds."""
    connections = Connections()
    with tempfile.TemporaryDirectory() as folder, OpenAI() as server:
        store = Store(Path(folder) / "store")
        (painter,) = performers_for("loopback", Model(api="openai", url=server.url, image=MODEL), connections)
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        times = []
        for number in range(calls):
            step = GeneratePicture(prompt=f"picture {number}", width=size[0], height=size[1])
            began = time.monotonic()
            painter.perform(step, Desk(store=store, inputs={}, scratch=scratch, seed=0))
            times.append(1000 * (time.monotonic() - began))
    connections.close()
    return statistics.median(times)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=64)
    options.add_argument("--slots", type=int, default=8)
    options.add_argument("--seconds", type=float, default=1.0, help="how long a picture takes in its slot")
    options.add_argument("--size", default="1280x720")
    asked = options.parse_args()
    width, height = (int(side) for side in asked.size.split("x"))
    found = busy(asked.jobs, asked.slots, asked.seconds, (width, height))
    found["overhead_ms"] = overhead(20, (width, height))
    found["load"] = os.getloadavg()[0]
    print(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=1))
    print(f"{asked.jobs} jobs of {asked.seconds:g} s in {asked.slots} slots: {100 * found['busy']:.1f} % busy")


if __name__ == "__main__":
    main()
