"""Draws and encodes stretches of a film, several side by side, each in a file of its own.

Each worker draws in one thread and encodes in another, with a short queue of re-used frames between the two, so that
memory stays flat. Workers go through neighbouring stretches (a photograph is opened once, a clip is decoded onwards);
whoever is done takes half of what another one has left. What comes out does not depend on who did what.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
from av.video.frame import VideoFrame

from cutroom.media.store import Store
from cutroom.render.captions import Lettering
from cutroom.render.codecs import BT709, LIMITED, Encoder
from cutroom.render.footage import planes_of
from cutroom.render.memory import give_back
from cutroom.render.picture import Compositor
from cutroom.render.planes import Planes
from cutroom.render.segments import Segment
from cutroom.render.shelf import Shelf
from cutroom.render.watermark.picture import Imprint
from cutroom.render.watermark.stamp import Stamp
from cutroom.timeline.timeline import Timeline

IN_FLIGHT = 4
"""Frames between drawing and encoding. They are re-used: no memory is taken while a film is made."""

MOST_WORKERS = 8
"""More would each keep a photograph, a decoder and an encoder in memory for little gain."""


@dataclass(frozen=True)
class Job:
    """A stretch that is to be encoded, and its key."""

    segment: Segment
    key: str


@dataclass(frozen=True)
class Desk:
    """What all workers share."""

    timeline: Timeline
    store: Store
    encoder: Encoder
    shelf: Shelf
    bench: Path
    stamp: Stamp | None = None
    """What every frame is watermarked with."""

    @cached_property
    def imprint(self) -> Imprint | None:
        """The stamp, ready for frames of this film's size."""
        form = self.timeline.format
        return Imprint(form.width, form.height, self.stamp) if self.stamp else None


class Cancelled(Exception):
    """Somebody else failed, or a person stopped it: whoever sees this stops in good order."""


def cores() -> int:
    """How many processors this process may use: those it is bound to, or fewer where a container's share is smaller."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()[:2]
        bound = min(bound, max(1, -(-int(quota) // int(period))))
    return bound


def encode(desk: Desk, jobs: Sequence[Job], told: Callable[[int], None]) -> tuple[dict[str, Path], dict[int, str]]:
    """Draws and encodes all `jobs`, which are in the film's order. `told` hears how many frames have been encoded.

    Returns where each stretch lies, by key, and which shots could not be drawn, and why. A stretch in which a shot is
    missing is not kept on the shelf: it lies on the bench. Raises what a worker or `told` raises; what was finished
    until then stays on the shelf.
    """
    if not jobs:
        return {}, {}
    count = max(1, min(cores(), MOST_WORKERS, len(jobs)))
    shared = _Shared(jobs, count)
    workers = [_Worker(desk, shared, number) for number in range(count)]
    try:
        for worker in workers:
            worker.start()
        left = count
        while left:
            news = shared.news.get()
            if isinstance(news, BaseException):
                raise news
            if news:
                told(news)
            else:
                left -= 1
    finally:
        shared.stopped.set()
        for worker in workers:
            worker.join()
    failed: dict[int, str] = {}
    for worker in workers:
        failed.update(worker.failed)
    return shared.made, dict(sorted(failed.items()))


class _Shared:
    """Who encodes what, and what has happened."""

    def __init__(self, jobs: Sequence[Job], workers: int) -> None:
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.news: queue.SimpleQueue[int | BaseException] = queue.SimpleQueue()
        """Frames that were encoded; 0 when a worker is done; or what went wrong."""
        self.made: dict[str, Path] = {}
        self.runs: list[list[Job]] = [[] for _ in range(workers)]
        whole, done = sum(job.segment.frames for job in jobs), 0
        for job in jobs:
            self.runs[min((done + job.segment.frames // 2) * workers // whole, workers - 1)].append(job)
            done += job.segment.frames

    def next(self, worker: int) -> tuple[Job, int] | None:
        """What this worker does next: its own stretches in order, then the later half of somebody else's.

        Also returns up to which frame it will go on without a gap.
        """
        with self.lock:
            mine = self.runs[worker]
            if not mine:
                longest = max(self.runs, key=len)
                half = len(longest) // 2
                mine[:] = longest[half:]
                del longest[half:]
            if not mine:
                return None
            until = mine[0].segment.first
            for job in mine:
                if job.segment.first != until:
                    break
                until = job.segment.end
            return mine.pop(0), until


class _Worker(threading.Thread):
    """Goes through stretches until there are none left."""

    def __init__(self, desk: Desk, shared: _Shared, number: int) -> None:
        super().__init__(name=f"cutroom-encode-{number}", daemon=True)
        self.desk = desk
        self.shared = shared
        self.number = number
        self.failed: dict[int, str] = {}

    def run(self) -> None:
        """Works; what goes wrong is told to whoever waits."""
        try:
            self._work()
            self.shared.news.put(0)
        except Cancelled:
            self.shared.news.put(0)
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            self.shared.news.put(error)

    def _work(self) -> None:
        timeline = self.desk.timeline
        lettering = Lettering(timeline) if timeline.titles or timeline.captions else None
        with Compositor(timeline, self.desk.store, lettering) as compositor:
            frames = _Frames(compositor, self.shared.stopped, self.desk.imprint)
            while (given := self.shared.next(self.number)) is not None:
                job, until = given
                with closing(frames.drawn(job.segment, until)) as drawn:
                    path = self._encoded(job, drawn)
                spoilt = compositor.failed_in(job.segment.first, job.segment.end)
                self.shared.made[job.key] = path if spoilt else self.desk.shelf.put(job.key, path)
                self.failed.update(spoilt)
                give_back()

    def _encoded(self, job: Job, frames: Iterator[VideoFrame]) -> Path:
        encoder, form = self.desk.encoder, self.desk.timeline.format
        path = self.desk.bench / f"{job.key}{encoder.suffix}"
        with av.open(str(path), "w", format=encoder.container, container_options={"fflags": "+bitexact"}) as container:
            stream = encoder.stream(container, form)
            for number, frame in enumerate(frames):
                frame.pts = number
                container.mux(stream.encode(encoder.takes(frame)))
                self.shared.news.put(1)
            container.mux(stream.encode(None))
        return path


class _Frames:
    """Frames of a film, drawn in a thread of their own a little ahead of whoever takes them."""

    def __init__(self, compositor: Compositor, stopped: threading.Event, imprint: Imprint | None) -> None:
        self.compositor = compositor
        self.imprint = imprint
        self.stopped = stopped
        self.pool = [self._blank() for _ in range(IN_FLIGHT)]

    def _blank(self) -> tuple[VideoFrame, Planes]:
        frame = VideoFrame(self.compositor.width, self.compositor.height, "yuv420p")
        frame.color_primaries = frame.color_trc = frame.colorspace = BT709
        frame.color_range = LIMITED
        return frame, planes_of(frame)

    def drawn(self, segment: Segment, until: int) -> Generator[VideoFrame, None, None]:
        """The frames of a stretch, in order. Each may be used until the next one is asked for.

        `until`: up to which frame others will be asked for afterwards. Raises Cancelled when it is stopped. Closing the
        iterator stops the thread.
        """
        free: queue.SimpleQueue[tuple[VideoFrame, Planes] | None] = queue.SimpleQueue()
        ready: queue.SimpleQueue[tuple[VideoFrame, Planes] | BaseException] = queue.SimpleQueue()
        for pair in self.pool:
            free.put(pair)

        def work() -> None:
            try:
                for number in range(segment.first, segment.end):
                    pair = free.get()
                    if pair is None or self.stopped.is_set():
                        raise Cancelled
                    self.compositor.draw(number, pair[1], until=until)
                    if self.imprint is not None:
                        self.imprint.over(pair[1].y)
                    ready.put(pair)
            except BaseException as error:  # noqa: BLE001 - raised again where the frames are taken
                ready.put(error)

        thread = threading.Thread(target=work, name="cutroom-draw", daemon=True)
        thread.start()
        try:
            for _ in range(segment.frames):
                taken = ready.get()
                if isinstance(taken, BaseException):
                    raise taken
                yield taken[0]
                free.put(taken)
        finally:
            free.put(None)
            thread.join()
