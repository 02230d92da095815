"""One worker of a cluster, as seen from inside: it makes takes, and tells the engine of each thing before going on.

The engine asks (`begin`, `go_on`), the hand answers with what happened next. Asking again says that what was told before is
written down: nothing that costs money goes on before that. No cluster is needed to use one.
"""

from __future__ import annotations

import os
import pickle
import platform
import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cutroom.engine.work import STOPS_EVERYTHING, Work, carry_out
from cutroom.errors import Cancelled, CutroomError
from cutroom.ledger.events import Event, Failed, Fetched, Made
from cutroom.media.holder import left_behind, own_name
from cutroom.media.share import Share
from cutroom.media.store import Store
from cutroom.performers.performer import Performer
from cutroom.plan.terms import Terms
from cutroom.plugins import offered
from cutroom.version import VERSION

BETWEEN_TELLING = 0.1
"""Seconds between two reports of progress at least."""

SENDING = (0.0, 1.0, 4.0, 10.0)
"""Seconds to wait before each attempt at sending a paid result to the shared store."""


@dataclass(frozen=True)
class Ready:
    """Everything is there; nothing was asked of anybody yet."""


@dataclass(frozen=True)
class NotHere:
    """This machine cannot make the take as the plan says; nothing was begun."""

    why: str


@dataclass(frozen=True)
class Writing:
    """This must be written down before the take goes on."""

    event: Event


@dataclass(frozen=True)
class Progress:
    """The take got on."""

    done: int
    total: int


@dataclass(frozen=True)
class Over:
    """The take is made, or failed."""

    event: Made | Failed


@dataclass(frozen=True)
class Stopped:
    """Something went wrong that concerns everything: the name of the error's class, and what it says."""

    error: str
    says: str


Message = Ready | NotHere | Writing | Progress | Over | Stopped


@dataclass(frozen=True, kw_only=True)
class About:
    """Where a hand is, and whether it can work there."""

    cutroom: str
    host: str
    process: int
    sees: bool
    """Whether the production's own folder is there."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where takes are kept."""

    root: Path
    """The production's store, as the engine names it."""
    sign: Path
    """A folder in it that nobody else could name: who sees it sees the store."""
    share: Share | None

    @property
    def seen(self) -> bool:
        """True when this machine sees the engine's own folder."""
        return self.sign.is_dir()

    def store(self) -> Store:
        """The store to work in: the engine's own folder, or one of this machine that gets its bytes from the share."""
        if self.seen:
            return Store(self.root, self.share)
        return Store(_own_folder(), self.share)


def _own_folder() -> Path:
    """A folder for what this process gets and makes; those of processes that run no more are taken away."""
    folders = Path(tempfile.gettempdir()) / "cutroom-hands"
    folders.mkdir(exist_ok=True)
    for one in folders.iterdir():
        if left_behind(one.name):
            shutil.rmtree(one, ignore_errors=True)
    return folders / own_name("work")


@dataclass
class _Take:
    """A take that is being made here."""

    begin: Callable[[], None]
    told: SimpleQueue[tuple[Message, threading.Event | None]] = field(default_factory=SimpleQueue)
    over: threading.Event = field(default_factory=threading.Event)
    waits: threading.Event | None = None
    """What the take waits for: that the last message is written down."""


class Unsent(CutroomError):
    """What was made could not be sent to the store that everybody shares."""


class _Line:
    """The line of one take to the engine, at this end."""

    def __init__(self, take: _Take, store: Store, *, apart: bool) -> None:
        self._take, self._store, self._apart = take, store, apart
        self._last = 0.0

    def write(self, event: Event) -> None:
        """Returns when the engine has it on its disk. Raises Unsent for a result that only this machine has."""
        if isinstance(event, Fetched) and self._apart:
            self.send()
        written = threading.Event()
        self._take.told.put((Writing(event), written))
        written.wait()

    def progress(self, done: int, total: int) -> None:
        """Tells of it, but not too often. Raises Cancelled when nobody waits for the take any more."""
        if self._take.over.is_set():
            raise Cancelled("stopped")
        now = time.monotonic()
        if now - self._last >= BETWEEN_TELLING and self._take.told.empty():
            self._last = now
            self._take.told.put((Progress(done, total), None))

    def cancelled(self) -> bool:
        """True when nobody waits for the take any more."""
        return self._take.over.is_set()

    def send(self) -> None:
        """Has everything that this machine made in the shared store. Raises Unsent."""
        for pause in SENDING:
            if not self._store.unsent():
                return
            self._take.over.wait(pause)
            if not self._store.send_rest():
                return
        raise Unsent(f"what was made on {platform.node()} cannot be sent to the shared store")


class Hand:
    """A worker of a cluster. Its methods may be called from several threads; each take has one caller."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._takes: dict[int, _Take] = {}
        self._sent: dict[bytes, Performer] = {}

    def about(self) -> About:
        """Where it is, and whether it can work there."""
        return About(cutroom=VERSION, host=platform.node(), process=os.getpid(), sees=self._place.seen)

    def begin(self, ticket: int, work: Work, performer: bytes | None) -> Message:
        """Begin a take, performed by whom this machine offers under that name, or by `performer` (pickled).

        What costs money, or calls somebody else, is only `Ready` then, and begun by `go_on`: so a hand that is lost
        before that has done no harm.
        """
        try:
            performs = self._performer(work.part.performer, performer)
        except CutroomError as error:
            return NotHere(str(error))
        if why := _otherwise(performs, work):
            return NotHere(why)
        take = _Take(lambda: self._start(ticket, work, performs))
        self._takes[ticket] = take
        if repeats(work.part.terms):
            return self.go_on(ticket)
        return Ready()

    def go_on(self, ticket: int) -> Message:
        """The next thing that happens; what was told before is written down. Waits for it."""
        take = self._takes[ticket]
        if take.waits is not None:
            take.waits.set()
        take.begin()
        message, take.waits = take.told.get()
        if isinstance(message, Over | Stopped):
            del self._takes[ticket]
        return message

    def stop(self, ticket: int) -> None:
        """Nobody waits for this take any more."""
        if take := self._takes.get(ticket):
            take.over.set()

    @cached_property
    def _store(self) -> Store:
        return self._place.store()

    def _performer(self, name: str, sent: bytes | None) -> Performer:
        if sent is not None:
            if sent not in self._sent:
                self._sent[sent] = pickle.loads(sent)
            return self._sent[sent]
        for one in _offered():
            if one.name == name:
                return one
        raise CutroomError(f"{platform.node()} has no performer {name}")

    def _start(self, ticket: int, work: Work, performer: Performer) -> None:
        take = self._takes[ticket]
        take.begin = lambda: None
        # A daemon: a performer that never comes back must not keep the process alive.
        threading.Thread(target=self._make, args=(take, work, performer), name="cutroom", daemon=True).start()

    def _make(self, take: _Take, work: Work, performer: Performer) -> None:
        line = _Line(take, self._store, apart=not self._place.seen)
        try:
            event = carry_out(work, performer, self._store, line)
            if isinstance(event, Made) and not self._place.seen and not work.part.terms.elsewhere:
                line.send()
            last: Message = Over(event)
        except Unsent as error:
            last = Over(_unsent(work, error))
        except STOPS_EVERYTHING as error:
            last = Stopped(type(error).__name__, str(error))
        except BaseException:  # noqa: BLE001 - told to the engine, which raises it
            last = Stopped("CutroomError", traceback.format_exc(limit=-4))
        take.told.put((last, None))


_offered_lock = threading.Lock()
_known: list[Performer] = []


def _offered() -> Sequence[Performer]:
    """What plug-ins offer here, made once: whatever they keep loaded stays loaded."""
    with _offered_lock:
        if not _known:
            _known.extend(offered("cutroom_performers"))
    return _known


def repeats(terms: Terms) -> bool:
    """True when asking for the take a second time does no harm."""
    return terms.repeatable or (terms.price.free and not terms.elsewhere)


def _otherwise(performer: Performer, work: Work) -> str:
    """Why this performer, on this machine, would make another take than its key says; empty when it would not."""
    part, here = work.part, platform.node()
    if performer.version != part.version:
        return f"{here} has {part.performer} in version {performer.version}, and version {part.version} is wanted"
    if not performer.performs(work.step):
        return f"{part.performer} cannot perform {work.step.kind} on {here}"
    settings: dict[str, Any] = performer.settings(work.step)
    if settings != dict(part.settings):
        differ = sorted(name for name in {*settings, *part.settings} if settings.get(name) != part.settings.get(name))
        return f"{part.performer} is set up otherwise on {here}: {', '.join(differ)}"
    return ""


def _unsent(work: Work, error: Unsent) -> Failed:
    """Failed, so that what was bought is not bought again: a job is asked for its result, a call is a person's to decide."""
    if repeats(work.part.terms):
        return Failed(**work.about, reason=str(error), error="TryLater")
    return Failed(**work.about, reason=str(error), error="Ambiguous", billed=None)
