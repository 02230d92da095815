"""Flows: what a performer asks of a server, in order, as a generator without I/O.

A flow yields `Request` and is sent the `Response`; it also yields what is to be written down (`Submitted`, `Degraded`,
`Charged`, `Progress`) and how long to wait (`Wait`). A test drives it by hand; `carry_out` drives it for real.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from cutroom.errors import CutroomError, TryLater
from cutroom.money import Price
from cutroom.net.exchange import Request, Response
from cutroom.performers.performer import Desk

T = TypeVar("T")

_PATIENCE = 6
"""So many times in a row a question (which costs nothing) is asked again when the server cannot answer."""


@dataclass(frozen=True)
class Wait:
    """Nothing to do for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Submitted:
    """The server has taken the work on; `job` finds it again."""

    job: str


@dataclass(frozen=True)
class Degraded:
    """The take is not quite what was asked."""

    what: str
    why: str


@dataclass(frozen=True)
class Charged:
    """What the server says that it billed."""

    price: Price


@dataclass(frozen=True)
class Progress:
    """How far the work is."""

    done: int
    total: int = 100


Move = Request | Wait | Submitted | Degraded | Charged | Progress
Flow = Generator[Move, Any, T]
"""A generator of moves that returns a `T`. Only a `Request` is answered."""


def ask(request: Request) -> Flow[Response]:
    """One request as a flow of its own, so that the answer to ``yield from`` has a type."""
    return (yield request)


def pause_before(poll: int, *, first: float = 0.5, longest: float = 10.0) -> float:
    """How long to wait before question number `poll` (from 0), in seconds: longer each time, up to `longest`."""
    return min(longest, first * 1.4 ** min(poll, 40))


def carry_out(flow: Flow[T], send: Callable[[Request], Response], desk: Desk) -> T:
    """Drive `flow`: send its requests, write down at `desk` what it says. Returns what it returns.

    A question (a GET, or a harmless POST) that the server cannot answer just now is asked again a few times, because the
    work behind it goes on. All other trouble is thrown into the flow, and from there to the engine.
    """
    go_on: Callable[[], Move] = partial(flow.send, None)
    try:
        while True:
            try:
                move = go_on()
            except StopIteration as done:
                return done.value
            try:
                answer = _sent(move, send, desk) if isinstance(move, Request) else _noted(move, desk)
                go_on = partial(flow.send, answer)
            except CutroomError as trouble:
                # The flow may know better what it means: what was paid for before it, say.
                go_on = partial(flow.throw, trouble)
    finally:
        flow.close()


def _sent(request: Request, send: Callable[[Request], Response], desk: Desk) -> Response:
    for again in range(_PATIENCE):
        try:
            return send(request)
        except TryLater as trouble:
            if request.method != "GET" and not request.harmless:
                raise
            desk.pause(trouble.after if trouble.after is not None else pause_before(again, first=1.0))
    return send(request)


def _noted(move: Move, desk: Desk) -> None:
    match move:
        case Wait(seconds):
            desk.pause(seconds)
        case Submitted(job):
            desk.submitted(job)
        case Degraded(what, why):
            desk.degrade(what, why)
        case Charged(price):
            desk.charge(price)
        case Progress(done, total):
            desk.progress(done, total)
        case _:
            raise TypeError(f"a flow cannot yield {type(move).__name__}")
