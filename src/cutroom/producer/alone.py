"""One brief of a batch, in a process of its own: ``python -m cutroom.producer.alone``. A batch starts it; people do not.

The first line of standard input is the brief; later ones are answers. Standard output carries one JSON object a line.
Whatever else is written there by anybody goes to standard error. When standard input ends, so does the work, in good order.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from cutroom.director.commands import Ask
from cutroom.errors import CutroomError, NoSpace, WrongUse
from cutroom.ledger.events import Accepted, Event, Started
from cutroom.ledger.state import State

OFTEN = 0.2
"""Seconds between two reports of progress at least."""


class Channel:
    """The way to the batch. Safe to use from any thread."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def say(self, **message: Any) -> None:
        """Send one object; a batch that is gone does not listen."""
        with self._lock:
            try:
                self._out.write(json.dumps(message) + "\n")
                self._out.flush()
            except (BrokenPipeError, ValueError):
                return


class Teller:
    """Watches a run and tells the batch how it gets on."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._accepted: set[str] = set()
        self._last = 0.0
        self._steps = 0

    def happened(self, event: Event, state: State) -> None:
        """Tell of steps begun and done."""
        if state.plan is not None:
            self._steps = len(state.plan.steps)
        if isinstance(event, Accepted):
            self._accepted.add(event.step)
        if isinstance(event, Accepted | Started):
            self._tell(event.step, 0, 0)

    def progress(self, step: str, done: int, total: int) -> None:
        """Tell of it, but not too often."""
        now = time.monotonic()
        if now - self._last >= OFTEN:
            self._last = now
            self._tell(step, done, total)

    def ask(self, asked: Ask) -> str | None:
        """Nobody sits before a batch."""
        return None

    def _tell(self, step: str, done: int, total: int) -> None:
        ready = min(len(self._accepted), self._steps)
        self._channel.say(kind="standing", step=step, done=done, total=total, ready=ready, steps=self._steps)


def main() -> int:
    """Make the film that standard input asks for, and tell of it. Returns the exit status: 0 when anything was told."""
    # Libraries that print must not get between our lines.
    channel = Channel(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    asked = json.loads(sys.stdin.readline())
    answers: SimpleQueue[Decimal] = SimpleQueue()
    threading.Thread(target=_listen, args=(answers,), name="cutroom-batch", daemon=True).start()
    try:
        result = _film(asked, Teller(channel), _more(channel, answers))
        channel.say(kind="result", result=result)
    except CutroomError as error:
        channel.say(kind="failed", reason=str(error), wrong_use=isinstance(error, WrongUse))
    except KeyboardInterrupt:
        channel.say(kind="stopped")
    return 0


def _film(asked: dict[str, Any], teller: Teller, more: Callable[[Decimal], Decimal]) -> dict[str, Any]:
    from cutroom.producer.making import film
    from cutroom.producer.options import Options

    options = Options.model_validate(asked["options"])
    out = Path(asked["out"])
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoSpace(f"{out.parent}: the folder cannot be made ({error.strerror})") from error
    made = film(asked["request"], asked["files"], out, options, teller, more=more)
    return made.model_dump(mode="json")


def _more(channel: Channel, answers: SimpleQueue[Decimal]) -> Callable[[Decimal], Decimal]:
    def more(needed: Decimal) -> Decimal:
        channel.say(kind="money", needed=str(needed))
        return answers.get()

    return more


def _listen(answers: SimpleQueue[Decimal]) -> None:
    """Answers from the batch; when it asks to stop, or is gone, the main thread is interrupted as by Ctrl-C."""
    for line in sys.stdin:
        answers.put(Decimal(json.loads(line)["allowed"]))
    if hasattr(signal, "pthread_kill"):
        # A signal to that very thread: it may be waiting for a lock, which nothing else interrupts.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
