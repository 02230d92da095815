"""Threads that do an engine's work. One that never comes back is left behind: it keeps nobody from going on, or from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Threads:
    """As many threads as there is work at one time; the engine bounds that."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        self._all = 0

    def start(self, job: Callable[[], None]) -> None:
        """Have `job` done, at once. It must not raise."""
        with self._lock:
            new = self._idle == 0
            self._idle -= not new
            self._all += new
        if new:
            threading.Thread(target=self._serve, name="cutroom", daemon=True).start()
        self._jobs.put(job)

    def close(self) -> None:
        """Let every thread end as soon as it is idle."""
        with self._lock:
            for _ in range(self._all):
                self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            with self._lock:
                self._idle += 1
