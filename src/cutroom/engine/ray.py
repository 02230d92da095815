"""The engine on a Ray cluster: the same director and the same ledger, with workers of the cluster as the crew.

Takes are made in Ray actors, one process each. An actor belongs to what stays loaded in it (`Terms.resident`), so that
weights are loaded once, and is placed where the cluster has what it needs (`Terms.resources`). Judging, planning and the
ledger stay in this process. A worker that is lost costs its take another attempt under the same key; nothing that may have
been billed is asked for twice.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pickle import PicklingError
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Lock
from threading import Event as Over_
from typing import Any, NamedTuple

import ray  # pyright: ignore[reportMissingImports]
import ray.exceptions  # pyright: ignore[reportMissingImports]
from ray import cloudpickle  # pyright: ignore[reportMissingImports]

from cutroom.director.commands import Look, Perform, Wrap
from cutroom.engine.company import Company, Post, Room
from cutroom.engine.hand import About, Hand, Message, NotHere, Over, Place, Progress, Ready, Stopped, Writing, repeats
from cutroom.engine.lanes import Waiting
from cutroom.engine.local import LocalEngine
from cutroom.engine.work import Line, Work
from cutroom.errors import (
    BrokenProduction,
    Cancelled,
    CutroomError,
    Damaged,
    GiveUp,
    NoSpace,
    WrongUse,
)
from cutroom.ledger.events import Event, Failed, Fetched, Made, Submitted
from cutroom.ledger.state import State
from cutroom.net.reach import listens
from cutroom.performers.performer import Performer
from cutroom.plan.terms import Terms
from cutroom.plugins import offered
from cutroom.version import VERSION

TICK = 0.25
"""Seconds between two looks whether a take is still wanted."""

PLACES = 8
"""How many takes that only wait for a server one worker has under way."""

PATIENCE = 30.0
"""Seconds that a machine with the right resources is waited for, where the cluster has none."""

STOPPING = 5.0
"""Seconds that a worker has to stop when it is told to, before it is let go."""

BADLY_CUT = 2.0
"""After so many seconds without a place for a new worker, idle ones make room: what is free may be spread over machines."""

LEAVING = 5.0
"""Seconds that threads have to notice that a run is over."""

JUDGING = "judging"
"""The lane of what is looked at: it stays on this machine."""

OBJECTS = 100 * 1000 * 1000
"""Bytes of shared memory for a cluster of our own: only small messages travel, media lie in the store."""

_STOPPED = {one.__name__: one for one in (NoSpace, BrokenProduction, Damaged, Cancelled, CutroomError)}
_LOST = (ray.exceptions.RayActorError, ray.exceptions.RaySystemError, ray.exceptions.NodeDiedError)
_cluster = Lock()


class _Lost(Exception):
    """A worker is gone."""


class _Late(Exception):
    """A worker did not answer in time."""


class _Worker(NamedTuple):
    """An actor, as this process knows it."""

    actor: Any
    about: Any
    """Its answer to `Hand.about`, on the way."""


@dataclass
class _Seen:
    """A line that remembers how far a take got, over several workers."""

    line: Line
    begun: bool = False
    job: str | None = None
    fetched: Fetched | None = None

    def write(self, event: Event) -> None:
        """Has `event` written down."""
        self.line.write(event)
        if isinstance(event, Submitted):
            self.job = event.job
        elif isinstance(event, Fetched):
            self.fetched = event

    def going_on(self, work: Work) -> Work:
        """The same take; a job that a lost worker submitted is asked for its result."""
        self.begun = False
        return work if self.job is None else replace(work, command=replace(work.command, job=self.job))

    def harmless(self, work: Work) -> bool:
        """True when nothing is bought twice by trying again."""
        return not self.begun or self.job is not None or work.command.job is not None or repeats(work.part.terms)


@dataclass
class _Leash:
    """How long a take may go on at its worker."""

    ticket: int
    patient: bool
    """True when the worker calls somebody else: it is left to finish, because what was paid for is kept."""
    due: float | None = None
    late: bool = False
    told: float | None = None
    """When it was told to stop."""


class RayEngine(LocalEngine):
    """Carries out one run of one production on a cluster."""

    def __init__(self, *, address: str | None = None, **local: Any) -> None:
        """As `LocalEngine`, on the cluster at `address`: ``host:port``, or ``auto`` for the one that this machine is part of.

        Without one, or as ``local``: what ``RAY_ADDRESS`` names, else a cluster of our own on this machine alone.
        """
        super().__init__(**local)
        self.address = address
        self._company: Company[_Worker] | None = None
        self._place: Place | None = None
        self._ours = False
        self._tickets_away = count(1)
        self._offered = frozenset(map(_who, offered("cutroom_performers")))
        self._pickled: dict[str, bytes] = {}
        self._here = BoundedSemaphore(self.workers)
        self._away = 0
        self._rooms: tuple[float, list[Room]] = (0.0, [])
        self._lock = Lock()

    def run(self, state: State) -> tuple[State, Wrap]:
        """As `LocalEngine.run`. Raises WrongUse when there is no cluster at the address, or none that can be used."""
        try:
            return super().run(state)
        finally:
            self._let_go()

    def make(self, work: Work, line: Line) -> Made | Failed:
        """Have one take made by a worker of the cluster; by this machine when only it has what it takes."""
        with self._lock:
            self._away += 1
        try:
            return self._made_somehow(work, _Seen(line))
        finally:
            with self._lock:
                self._away -= 1

    # -- one take ------------------------------------------------------------------------------------------------

    def _made_somehow(self, work: Work, seen: _Seen) -> Made | Failed:
        """The take, by as many workers as it needs."""
        why = ""
        for _ in range(self.limits.tries):
            try:
                return self._made(seen.going_on(work), seen)
            except _Lost as error:
                why = str(error)
                if (kept := seen.fetched) is not None:
                    result = kept.model_dump(exclude={"kind"}) | {"media": kept.media, "degraded": kept.degraded}
                    return Made(**result)
                if not seen.harmless(work):
                    said = f"{why}; the call may have been carried out and billed"
                    return Failed(**work.about, reason=said, error="Ambiguous", billed=None)
        if seen.job is not None:
            return Failed(**work.about, reason=why, error="Ambiguous", billed=None)
        return Failed(**work.about, reason=f"{why}, {self.limits.tries} times", error="WorkerLost")

    def _made(self, work: Work, seen: _Seen) -> Made | Failed:
        company, post = self._connected(), self._post(work.part.terms)
        if why := self._no_room(company, post, seen.line):
            return Failed(**work.about, reason=why, error="Unavailable")
        try:
            sent = self._to_send(self.performers[work.part.performer])
        except GiveUp as error:
            return self._by_ourselves(work, seen.line, str(error))
        wanted = self._wanted(seen.line)
        with company.hand(post, wanted) as worker:
            try:
                self._check(worker, company, post, wanted)
                message = self._told(worker, work, sent, seen)
            except _Lost:
                company.lost(worker)
                raise
            except _Late:
                return _timed_out(work)
        if isinstance(message, Over):
            return message.event
        if isinstance(message, Stopped):
            raise _STOPPED.get(message.error, CutroomError)(message.says)
        return self._by_ourselves(work, seen.line, message.why)

    def _told(self, worker: _Worker, work: Work, sent: bytes | None, seen: _Seen) -> Over | Stopped | NotHere:
        """Goes with a take from one message to the next."""
        ticket, hand = next(self._tickets_away), worker.actor
        leash = _Leash(ticket, patient=work.part.terms.elsewhere)
        if not leash.patient and (seconds := self._seconds(work)) is not None:
            leash.due = time.monotonic() + seconds
        answer = hand.begin.remote(ticket, work, sent)
        seen.begun = repeats(work.part.terms)
        while True:
            message = self._answer(worker, answer, seen.line, leash)
            match message:
                case Writing(event):
                    seen.write(event)
                case Progress(done, total):
                    with suppress(Cancelled):  # the worker is told by whoever waits for its next message
                        seen.line.progress(done, total)
                case Ready():
                    seen.begun = True
                case _:
                    return message
            answer = hand.go_on.remote(ticket)

    def _answer(self, worker: _Worker, answer: Any, line: Line, leash: _Leash) -> Message:
        """The worker's next message. Raises _Late when the take is due and does not come.

        A worker whose take nobody wants is told, and let go if it does not stop: then raises Cancelled.
        """
        while True:
            if self.closed.is_set():
                raise Cancelled("stopped")
            leash.late = leash.late or (leash.due is not None and time.monotonic() > leash.due)
            if leash.told is None and (leash.late or line.cancelled()):
                leash.told = time.monotonic()
                worker.actor.stop.remote(leash.ticket)
            with suppress(ray.exceptions.GetTimeoutError):
                message = _got(answer, TICK)
                if leash.late and isinstance(message, Stopped):
                    raise _Late
                return message
            if leash.told is not None and not leash.patient and time.monotonic() - leash.told > STOPPING:
                self._connected().lost(worker)
                raise _Late if leash.late else Cancelled("stopped")

    def _check(self, worker: _Worker, company: Company[_Worker], post: Post, wanted: Callable[[], bool]) -> None:
        """Waits until the worker is there. Raises WrongUse when it cannot work here."""
        since = time.monotonic()
        while not ray.wait([worker.about], timeout=TICK)[0]:
            if not wanted():
                company.lost(worker)
                raise Cancelled("stopped while waiting for a worker")
            if time.monotonic() - since > BADLY_CUT:
                company.make_room(post)
                since = time.monotonic()
        about: About = _got(worker.about)
        if about.cutroom != VERSION:
            raise WrongUse(f"{about.host} has Cutroom {about.cutroom} and this machine {VERSION}; install the same one")
        if not about.sees and self.store.share is None:
            raise WrongUse(
                f"{about.host} does not see {self.store.root}: put the film on a disk that every machine of the cluster "
                "has under the same path, or give --store with a place that all of them reach"
            )

    def _by_ourselves(self, work: Work, line: Line, why: str) -> Made | Failed:
        """A voice, a font or a certificate that only this machine has: what needs nothing rare is made here."""
        terms = work.part.terms
        if terms.resident or terms.resources:
            return Failed(**work.about, reason=f"{why}; every machine needs the same models", error="Unavailable")
        box: SimpleQueue[Made | Failed | BaseException] = SimpleQueue()

        def make() -> None:
            try:
                with self._here:
                    box.put(super(RayEngine, self).make(work, line))
            except BaseException as error:  # noqa: BLE001 - carried over to the thread that waits, which raises it
                box.put(error)

        self._threads.start(make)
        try:
            made = box.get(timeout=None if terms.elsewhere else self._seconds(work))
        except Empty:
            return _timed_out(work)
        if isinstance(made, BaseException):
            raise made
        return made

    def _seconds(self, work: Work) -> float | None:
        """How long the take may be under way."""
        terms = work.part.terms
        return self.limits.seconds.get(terms.lane, terms.seconds)

    def _start(self, one: Any, job: Callable[[Over_], Event], seconds: float | None = None) -> None:
        # What is made by the cluster is late from when its worker is there, not from when it was asked for.
        super()._start(one, job, seconds if one.elsewhere else None)

    def _wanted(self, line: Line) -> Callable[[], bool]:
        return lambda: not (self.closed.is_set() or line.cancelled())

    # -- who, and where ------------------------------------------------------------------------------------------

    def _queued(self, command: Perform | Look) -> Waiting:
        if isinstance(command, Look):
            return Waiting(JUDGING, self.workers, command)
        terms = self._parts()[command.step].terms
        if terms.elsewhere or (terms.at_once is not None and not terms.resources):
            return super()._queued(command)
        # A lane of the cluster is as wide as the cluster: ``gpu:0`` of this machine says nothing about its others.
        room = self._connected().capacity(self._post(terms))
        return Waiting(terms.lane, max(1, room or self.workers), command)

    def _post(self, terms: Terms) -> Post:
        needs = dict(terms.resources)
        needs.setdefault("CPU", 0.0 if terms.elsewhere else 1.0)
        places = PLACES if terms.elsewhere and not terms.resident else 1
        return Post(resident=terms.resident, needs=tuple(sorted(needs.items())), places=places)

    def _to_send(self, performer: Performer) -> bytes | None:
        """The performer itself, when the workers' own plug-ins do not offer it. Raises GiveUp when it cannot be sent."""
        if _who(performer) in self._offered:
            return None
        with self._lock:
            if performer.name not in self._pickled:
                try:
                    self._pickled[performer.name] = cloudpickle.dumps(performer)
                except (TypeError, AttributeError, ValueError, RuntimeError, PicklingError, CutroomError) as error:
                    raise GiveUp(
                        f"{performer.name} cannot be sent to another machine ({error}); offer it as a plug-in there"
                    ) from error
            return self._pickled[performer.name]

    def _no_room(self, company: Company[_Worker], post: Post, line: Line) -> str:
        """Why no machine can ever hold this post; empty when one can."""
        until = time.monotonic() + PATIENCE
        while company.capacity(post) == 0:
            if time.monotonic() > until or not self._wanted(line)():
                needs = ", ".join(f"{name} {amount:g}" for name, amount in post.needs if amount)
                return f"no machine of the cluster has {needs}; add one that has, or cast the step otherwise"
            time.sleep(TICK)
        return ""

    def _machines(self) -> Sequence[Room]:
        """What each machine of the cluster has, as of a second ago."""
        at, rooms = self._rooms
        if time.monotonic() - at > 1.0:
            rooms = [node["Resources"] for node in ray.nodes() if node["Alive"]]
            self._rooms = time.monotonic(), rooms
        return rooms

    def _hire(self, post: Post) -> _Worker:
        assert self._place is not None
        actor = (
            ray.remote(Hand)
            .options(
                **_asked(dict(post.needs)), max_concurrency=2 * post.places + 1, max_restarts=0, max_task_retries=0
            )
            .remote(self._place)
        )
        return _Worker(actor, actor.about.remote())

    # -- the cluster ---------------------------------------------------------------------------------------------

    def _connected(self) -> Company[_Worker]:
        """The company, once there is a cluster. Raises WrongUse when there is none."""
        with self._lock:
            if self._company is None:
                self._ours = _connect(self.address)
                self._place = Place(
                    root=self.store.root.resolve(), sign=self.store.scratch().resolve(), share=self.store.share
                )
                self._company = Company(self._machines, self._hire, lambda one: ray.kill(one.actor))
            return self._company

    def _let_go(self) -> None:
        """Dismiss everybody, and end a cluster of our own."""
        if self._company is None:
            return
        self._company.close()
        if self._place is not None:
            shutil.rmtree(self._place.sign, ignore_errors=True)
        if self._ours:
            # Whoever still asks Ray for something then would begin another cluster.
            until = time.monotonic() + LEAVING
            while self._away and time.monotonic() < until:
                time.sleep(TICK / 10)
            with _cluster:
                ray.shutdown()


def _connect(address: str | None) -> bool:
    """Joins the cluster; True when it is this run's to leave. Raises WrongUse when there is none."""
    with _cluster:
        if ray.is_initialized():
            return False
        # Ray reports its use to its makers unless told not to; Cutroom talks to nobody unasked.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # What a worker without a GPU sees is not to change with Ray's versions.
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        quietly = {"log_to_driver": False, "logging_level": "ERROR", "namespace": "cutroom"}
        named = address or os.environ.get("RAY_ADDRESS") or "local"
        try:
            if named not in ("local", "auto") and not listens(named):
                raise ConnectionError("nobody listens there")
            own = {"include_dashboard": False, "object_store_memory": OBJECTS} if named == "local" else {}
            ray.init(address=named, **own, **quietly)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError, OSError) as error:
            where = f"--address {address}" if address else "RAY_ADDRESS" if named != "local" else "Ray"
            way_out = "begin one with: ray start --head, or leave the address out for one of this machine alone"
            if named not in ("local", "auto") and not str(error).startswith("nobody"):
                way_out = "the same Ray must run there, and RAY_AUTH_TOKEN hold its token (ray get-auth-token)"
            raise WrongUse(f"{where}: no cluster answers ({str(error).splitlines()[0]}); {way_out}") from error
        return True


def _got(answer: Any, seconds: float | None = None) -> Any:
    """What a worker answered. Raises _Lost when it is gone, Ray's GetTimeoutError when there is no answer by then."""
    try:
        return ray.get(answer, timeout=seconds)
    except _LOST as error:
        said = " ".join(str(error).split())
        raise _Lost(f"a worker of the cluster was lost ({said[:300]})") from error


def _timed_out(work: Work) -> Failed:
    return Failed(**work.about, reason=f"{work.part.performer} did not answer in time", error="TimedOut")


def _asked(needs: Mapping[str, float]) -> dict[str, Any]:
    """Resources in Ray's own terms."""
    own = {"CPU": "num_cpus", "GPU": "num_gpus", "memory": "memory"}
    rest = {name: amount for name, amount in needs.items() if name not in own}
    return {own[name]: amount for name, amount in needs.items() if name in own} | ({"resources": rest} if rest else {})


def _who(performer: Performer) -> tuple[str, str, type]:
    return performer.name, performer.version, type(performer)
