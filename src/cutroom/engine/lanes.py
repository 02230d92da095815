"""What may be begun now: queues by lane, each with its limit, and what is to be begun later."""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Mapping
from itertools import count
from typing import NamedTuple

from cutroom.director.commands import Look, Perform


class Waiting(NamedTuple):
    """A command in the queue of a lane."""

    lane: str
    at_once: int
    command: Perform | Look


class Lanes:
    """Commands that wait for their turn. A step has one at most: a later one takes the place of an earlier one."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = limits
        self._queues: dict[str, deque[Waiting]] = defaultdict(deque)
        self._current: dict[str, Perform | Look] = {}
        self._busy: dict[str, int] = defaultdict(int)
        self._later: list[tuple[float, int, Waiting]] = []
        self._numbers = count()

    def put(self, waiting: Waiting, now: float) -> None:
        """Queue a command; one that is to be begun later waits for its time."""
        command = waiting.command
        self._current[command.step] = command
        if isinstance(command, Perform) and command.after:
            heapq.heappush(self._later, (now + command.after, next(self._numbers), waiting))
        else:
            self._queues[waiting.lane].append(waiting)

    def drop(self, step: str) -> None:
        """Forget what waits for this step."""
        self._current.pop(step, None)

    def clear(self) -> None:
        """Forget everything that waits; what is under way stays counted."""
        self._queues.clear()
        self._current.clear()
        self._later.clear()

    def ready(self, now: float) -> list[Waiting]:
        """What may be begun now; each counts as under way from here on."""
        while self._later and self._later[0][0] <= now:
            waiting = heapq.heappop(self._later)[2]
            self._queues[waiting.lane].append(waiting)
        found = []
        for lane, queue in self._queues.items():
            while queue and self._busy[lane] < self._limits.get(lane, queue[0].at_once):
                waiting = queue.popleft()
                if self._current.get(waiting.command.step) is not waiting.command:
                    continue
                del self._current[waiting.command.step]
                self._busy[lane] += 1
                found.append(waiting)
        return found

    def done(self, lane: str) -> None:
        """One of this lane is through."""
        self._busy[lane] -= 1

    def next_time(self) -> float | None:
        """When the next of those that wait for their time may be begun."""
        return self._later[0][0] if self._later else None
