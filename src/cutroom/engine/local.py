"""The local engine: asks the director what to do, has it done in threads, and writes down what happened.

It decides nothing. Takes are made and judged in threads; everything else happens in the engine's own, so that events
have one order. `engine.ray` is the same engine with another crew.
"""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from queue import Empty, SimpleQueue

from cutroom.brief.brief import Brief
from cutroom.director.commands import Ask, AskPlanner, AskRevision, Command, Look, Perform, Record, Wrap
from cutroom.director.decide import whole
from cutroom.director.frontier import Frontier
from cutroom.director.limits import Limits
from cutroom.engine.lanes import Lanes, Waiting
from cutroom.engine.sharing import AGAIN, Sharing, found, left_take, reused, take_made
from cutroom.engine.threads import Threads
from cutroom.engine.watch import Unwatched, Watch
from cutroom.engine.work import STOPS_EVERYTHING, Work, carry_out
from cutroom.engine.work import Line as AnyLine
from cutroom.errors import Cancelled, CutroomError, Damaged
from cutroom.judge.judge import Judge
from cutroom.ledger.events import Answered, Declined, Event, Failed, Judged, Lost, Made, Planned, Started
from cutroom.ledger.journal import Journal
from cutroom.ledger.state import Slot, State, apply
from cutroom.media.kinds import AnyMedia, Text
from cutroom.media.store import Store
from cutroom.performers.performer import Performer
from cutroom.plan.cast import NOBODY, Cast, Part
from cutroom.plan.plan import Plan
from cutroom.planner.casting import cast
from cutroom.planner.planner import Known, Planner
from cutroom.verdict import Abstain

SOON = 0.005
"""Seconds that something is waited for before what was written is committed."""

GRACE = 20.0
"""Seconds that work of this machine is waited for when a run ends early: a frame, a sentence, a page."""


@dataclass(frozen=True)
class _Done:
    """A take or a verdict came back."""

    ticket: int
    event: Event | None = None
    error: BaseException | None = None


@dataclass(frozen=True)
class _Write:
    """Somebody at work wants something written down before going on."""

    event: Event
    written: threading.Event


@dataclass
class _UnderWay:
    command: Perform | Look
    lane: str
    part: str
    over: threading.Event
    elsewhere: bool


class Line:
    """A crew's line to the engine, for one take."""

    def __init__(self, engine: LocalEngine, step: str, over: threading.Event) -> None:
        self._engine, self._step, self._over = engine, step, over

    def write(self, event: Event) -> None:
        """Has `event` written down. Returns when it is durable; raises Cancelled when the engine is gone."""
        written = threading.Event()
        self._engine.inbox.put(_Write(event, written))
        while not written.wait(0.5):
            if self._engine.closed.is_set():
                raise Cancelled(f"{self._step}: stopped")

    def progress(self, done: int, total: int) -> None:
        """The take got on. Raises Cancelled when nobody waits for it any more."""
        if self._over.is_set():
            raise Cancelled(f"{self._step}: stopped")
        self._engine.watch.progress(self._step, done, total)

    def cancelled(self) -> bool:
        """True when nobody waits for the take any more."""
        return self._over.is_set()


class LocalEngine:
    """Carries out one run of one production on this machine."""

    def __init__(
        self,
        *,
        journal: Journal,
        store: Store,
        planner: Planner,
        performers: Sequence[Performer],
        judge: Judge,
        limits: Limits,
        watch: Watch | None = None,
        workers: int | None = None,
    ) -> None:
        self.journal = journal
        self.store = store
        self.planner = planner
        self.performers = {performer.name: performer for performer in reversed(performers)}
        self.judge = judge
        self.limits = limits
        self.watch = watch or Unwatched()
        self.workers = workers or os.cpu_count() or 1
        self.state = State()
        self.cast = Cast()
        self.inbox: SimpleQueue[_Done | _Write] = SimpleQueue()
        self.closed = threading.Event()
        self._candidates = list(performers)
        self._frontier: Frontier | None = None
        self._lanes = Lanes(limits.at_once)
        self._decisions: deque[Command] = deque()
        self._wraps: dict[str, Wrap] = {}
        self._under_way: dict[int, _UnderWay] = {}
        self._left_behind: dict[int, _UnderWay] = {}
        self._deadlines: list[tuple[float, int]] = []
        self._tickets = count(1)
        self._threads = Threads()
        self._sharing = Sharing(store)

    # -- the loop ------------------------------------------------------------------------------------------------

    def run(self, state: State) -> tuple[State, Wrap]:
        """Work from `state` until the director has nothing left to do. Returns the last state and how it ended.

        Raises NoSpace or BrokenProduction when going on makes no sense; whatever was made until then is kept.
        """
        self._move_to(state)
        self._check_store()
        self._take_up_left()
        try:
            while True:
                if (wrap := self._turn()) is not None:
                    return self.state, wrap
        finally:
            self._close()

    def _turn(self) -> Wrap | None:
        """One decision, or one thing that happened. How it all ended, when it did."""
        frontier = self._standing()
        command = whole(self.state, frontier, self.limits)
        if isinstance(command, AskPlanner):
            self._decide(command)
            return None
        if command is None and frontier is not None:
            self._take_up(frontier)
            if self._decisions:
                self._decide(self._decisions.popleft())
                return None
        wrap = command if isinstance(command, Wrap) else next(iter(self._wraps.values()), None)
        if wrap is None:
            self._begin()
            if self._frontier is None or self._frontier.changed:
                return None
        if not self._under_way and (wrap is not None or self._lanes.next_time() is None):
            if wrap is not None and wrap.status == "finished" and frontier is not None and self._is_spoilt(frontier):
                return None
            return wrap or Wrap("failed", "nothing is left that could be done, and the film is not finished")
        self._wait(only_for_work=wrap is not None)
        return None

    def _take_up(self, frontier: Frontier) -> None:
        """Sort what is new: decisions to carry out at once, work to queue, reasons to stop."""
        now = time.monotonic()
        for step, commands in frontier.fresh().items():
            self._lanes.drop(step)
            self._wraps.pop(step, None)
            for command in self._known_take(frontier, step, commands) or commands:
                match command:
                    case Wrap():
                        self._wraps[step] = command
                    case Perform() | Look():
                        if not self._is_under_way(command):
                            self._lanes.put(self._queued(command), now)
                    case _:
                        self._decisions.append(command)

    def _queued(self, command: Perform | Look) -> Waiting:
        if isinstance(command, Look):
            return Waiting("", self.workers, command)
        terms = self._parts()[command.step].terms
        return Waiting(terms.lane, terms.at_once or self.workers, command)

    def _is_under_way(self, command: Perform | Look) -> bool:
        return any(one.command == command for one in self._under_way.values())

    def _wait(self, *, only_for_work: bool) -> None:
        """Wait for the next thing to happen, and write it down."""
        times = [self._deadlines[0][0]] if self._deadlines else []
        later = self._lanes.next_time()
        if later is not None and not only_for_work:
            times.append(later)
        message = self._next(min(times) if times else None)
        if message is None:
            self._give_up_on_the_late()
        else:
            self._receive(message)

    def _next(self, until: float | None) -> _Done | _Write | None:
        """What happens next; None when nothing has by then. What was written is committed before anything long is waited for."""
        soon = time.monotonic() + SOON
        if until is None or soon < until:
            try:
                return self.inbox.get(timeout=SOON)
            except Empty:
                pass
        self.journal.flush()
        try:
            return self.inbox.get(timeout=max(0.0, until - time.monotonic()) if until is not None else None)
        except Empty:
            return None

    def _receive(self, message: _Done | _Write) -> None:
        if isinstance(message, _Write):
            self._write_down(message.event)
            message.written.set()
            return
        one = self._under_way.pop(message.ticket, None)
        if one is None:
            one = self._left_behind.pop(message.ticket)
            # A failure was written down when it was late; a result is never thrown away.
            if isinstance(message.event, Made):
                self._write_down(message.event)
            return
        self._lanes.done(one.lane)
        if message.error is not None:
            if isinstance(message.error, Damaged) and self._mend(str(message.error)):
                return  # whoever looked looks again when there is something to see
            raise message.error
        assert message.event is not None
        self._write_down(message.event)
        if isinstance(message.event, Failed) and message.event.error == "TryLater":
            self._mend(message.event.reason)

    def _give_up_on_the_late(self) -> None:
        now = time.monotonic()
        while self._deadlines and self._deadlines[0][0] <= now:
            _, ticket = heapq.heappop(self._deadlines)
            one = self._under_way.pop(ticket, None)
            if one is None or not isinstance(one.command, Perform):
                continue
            self._left_behind[ticket] = one
            one.over.set()
            self._lanes.done(one.lane)
            command = one.command
            self._write_down(
                Failed(
                    step=command.step,
                    slot=command.slot,
                    take=command.take,
                    key=command.key,
                    performer=one.part,
                    reason=f"{one.part} did not answer in time",
                    error="TimedOut",
                    billed=None if one.elsewhere else False,
                )
            )

    def _close(self) -> None:
        """Whoever still works notices at its next report of progress; nothing half-made enters the store."""
        for one in self._under_way.values():
            one.over.set()
        until = time.monotonic() + GRACE
        while any(not one.elsewhere for one in self._under_way.values()) and time.monotonic() < until:
            try:
                message = self.inbox.get(timeout=max(0.01, until - time.monotonic()))
            except Empty:
                break
            if isinstance(message, _Write):
                self._write_down(message.event)
                message.written.set()
            else:
                self._under_way.pop(message.ticket, None)
        self.closed.set()
        self._threads.close()
        self._sharing.close()

    # -- what is known -------------------------------------------------------------------------------------------

    def _write_down(self, event: Event) -> None:
        self.journal.append(event)
        self._move_to(apply(self.state, event))
        if self._frontier is not None and not self._frontier.after(event, self.state):
            self._forget()
        self.watch.happened(event, self.state)

    def _move_to(self, state: State) -> None:
        if state.plan is not None and state.plan is not self.state.plan:
            self.cast = self.cast_of(state.plan)
            self._forget()
        self.state = state

    def cast_of(self, plan: Plan) -> Cast:
        """Who performs the steps of `plan`."""
        return cast(plan, self._candidates)

    def _forget(self) -> None:
        """The plan is another one: everything that waits is decided anew."""
        self._frontier = None
        self._lanes.clear()
        self._decisions.clear()
        self._wraps.clear()

    def _standing(self) -> Frontier | None:
        if self._frontier is None and self.state.plan is not None:
            self._frontier = Frontier(self.state, self.cast, self.limits)
        return self._frontier

    def _check_store(self) -> bool:
        """Takes whose bytes are gone are as if they had never been made. True when there were such."""
        lost = [
            Lost(slot=name, key=take.key)
            for name, slot in self.state.slots.items()
            for take in slot.takes.values()
            if take.made and not self.store.has(take.made.media)
        ]
        for event in lost:
            self._write_down(event)
        return bool(lost)

    def _mend(self, said: str) -> bool:
        """What to do about an error that may have named damaged bytes. True when takes are to be made again.

        Raises Damaged when only a person can mend it: what was handed over is read in again by the same command.
        """
        brief = self._brief()
        given: list[tuple[str, AnyMedia]] = [(asset.name, asset.media) for asset in brief.assets]
        for name, media in [*given, *([("--lut", brief.lut)] if brief.lut else [])]:
            if media.digest in said and not self.store.has(media):
                raise Damaged(
                    f"{name}: the {media.medium} that was handed over is damaged in the store, or gone from it ({said}); "
                    "run the same make command again with the file, and all goes on from here"
                )
        return self._check_store()

    def _is_spoilt(self, frontier: Frontier) -> bool:
        """True when what is about to be handed over turned out to be damaged, and is to be made again."""
        goal = frontier.plan.goal
        for name in [goal, *frontier.plan.upstream(goal)] if goal else ():
            if name in frontier.plan.steps:
                try:
                    self.store.path(frontier.media[name])
                except Damaged as error:
                    if not self._mend(str(error)):
                        raise
                    return True
        return False

    def _take_up_left(self) -> None:
        """What an earlier run was cut off at, and the store knows all the same."""
        for name, slot in list(self.state.slots.items()):
            for take in list(slot.takes.values()):
                # What was fetched is known with its price: the director commits it.
                if not take.left or take.fetched or not take.began:
                    continue
                if made := left_take(name, take, take.began, self.store):
                    self._write_down(made)

    def _known_take(self, frontier: Frontier, step: str, commands: Sequence[Command]) -> list[Command]:
        """What is written down for a paid take that another production has made, when this one may not pay for it."""
        part = frontier.parts[step]
        if part.terms.price.free or any(not isinstance(command, Wrap | Ask) for command in commands):
            return []
        name = frontier.slots.get(step, "")
        slot = self.state.slots.get(name, Slot())
        number = slot.wanted or 1
        if not name or number in slot.takes or step not in frontier.open:
            return []
        work = self._work(frontier.asking(step, name, number))
        known = found(self.store, work.command.key)
        return [Record(self._started(work)), Record(reused(work.about, known))] if known else []

    def _parts(self) -> Mapping[str, Part]:
        """Who performs each step now."""
        frontier = self._standing()
        return frontier.parts if frontier is not None else self.cast.parts

    def _brief(self) -> Brief:
        assert self.state.brief is not None, "the director never asks without a brief"
        return self.state.brief

    def _known(self) -> Known:
        """What the planner may know: every accepted take, every text's words, every failure."""
        media: dict[str, AnyMedia] = {}
        if (frontier := self._standing()) is not None:
            media = dict(frontier.media)
        media |= {asset.id: asset.media for asset in self._brief().assets}
        texts = {
            name: self.store.path(item).read_text("utf-8") for name, item in media.items() if isinstance(item, Text)
        }
        failed = {
            take.failed.step: take.failed.reason
            for slot in self.state.slots.values()
            for take in slot.takes.values()
            if take.failed
        }
        return Known(media=media, texts=texts, failed=failed)

    # -- what is done --------------------------------------------------------------------------------------------

    def _decide(self, command: Command) -> None:
        """Carry out what needs no crew."""
        if not isinstance(command, Record):
            self.journal.flush()
        match command:
            case Record(event):
                self._write_down(event)
            case AskPlanner(reason):
                self._ask_planner(reason)
            case AskRevision():
                self._revise(command)
            case Ask():
                self._ask(command)
            case _:
                raise AssertionError(f"{command} is work, not a decision")

    def _ask_planner(self, reason: str) -> None:
        try:
            known = self._known()
        except Damaged as error:
            if not self._mend(str(error)):
                raise
            return
        self._plan(self.planner.plan(self._brief(), known), reason)

    def _plan(self, plan: Plan, reason: str, revises: str | None = None) -> None:
        if problems := plan.problems():
            raise CutroomError(f"{self.planner.name} made a plan that cannot work: {'; '.join(problems)}")
        self._write_down(
            Planned(plan=plan, by=f"{self.planner.name} {self.planner.version}", reason=reason, revises=revises)
        )

    def _revise(self, asked: AskRevision) -> None:
        assert self.state.plan is not None
        plan = self.planner.revise(self.state.plan, asked.step, asked.verdict, asked.round)
        if plan is None or plan == self.state.plan:
            self._write_down(Declined(step=asked.step, slot=asked.slot))
        else:
            self._plan(plan, f"{asked.step}: {'; '.join(asked.verdict.reasons)}", revises=asked.step)

    def _ask(self, asked: Ask) -> None:
        answer = self.watch.ask(asked)
        if answer is None:
            self._wraps[asked.step] = Wrap("stopped", f"{asked.says}; {asked.way_out}")
        else:
            self._write_down(
                Answered(step=asked.step, key=asked.key, question=asked.question, answer=answer)  # pyright: ignore[reportArgumentType]
            )

    def _begin(self) -> None:
        """Begin what may be begun now."""
        for waiting in self._lanes.ready(time.monotonic()):
            command = waiting.command
            if not self._still_wanted(command):  # the plan, or the money, changed while others were begun
                self._lanes.done(waiting.lane)
            elif isinstance(command, Look):
                self._begin_looking(command, waiting.lane)
            elif self._parts()[command.step].performer == NOBODY:
                self._lanes.done(waiting.lane)
                why = self.cast.uncast[command.step]
                about = {"step": command.step, "slot": command.slot, "take": command.take, "key": command.key}
                self._write_down(Failed(**about, performer=NOBODY, reason=why, error="Unavailable"))
            else:
                self._begin_take(command, waiting.lane)

    def _still_wanted(self, command: Perform | Look) -> bool:
        if self._frontier is None:
            return False
        about = (type(command), command.slot, command.take)
        wanted = self._frontier.commands.get(command.step, ())
        return any((type(one), one.slot, one.take) == about for one in wanted if isinstance(one, Perform | Look))

    def _inputs(self, step: str) -> dict[str, AnyMedia]:
        frontier = self._standing()
        assert frontier is not None
        return {name: frontier.media[name] for name in frontier.upstream(step)}

    def _begin_looking(self, command: Look, lane: str) -> None:
        assert self.state.plan is not None
        made = self.state.slots[command.slot].takes[command.take].made
        assert made is not None
        step, inputs = self.state.plan.steps[command.step], self._inputs(command.step)

        def look(over: threading.Event) -> Event:
            del over
            try:
                verdict = self.judge.look(step, made.media, dict(inputs), self.store)
            except STOPS_EVERYTHING:
                raise
            except Exception as error:  # noqa: BLE001 - a judge that crashed has no opinion; it must not cost the film
                why = f"{self.judge.name} crashed: {error or type(error).__name__}"
                verdict = Abstain(judge=self.judge.name, version=self.judge.version, reasons=(why,))
            return Judged(step=command.step, slot=command.slot, take=command.take, key=command.key, verdict=verdict)

        self._start(_UnderWay(command, lane, self.judge.name, threading.Event(), elsewhere=False), look)

    def _begin_take(self, command: Perform, lane: str) -> None:
        work = self._work(command)
        terms = work.part.terms
        right = self._sharing.right(command.key, terms)
        if right is None:  # another production is making it: it is used when it is there
            self._lanes.done(lane)
            self._lanes.put(self._queued(replace(command, after=AGAIN)), time.monotonic())
            return
        self._write_down(self._started(work))
        one = _UnderWay(command, lane, work.part.performer, threading.Event(), terms.elsewhere)
        seconds = self.limits.seconds.get(lane, terms.seconds)
        self._start(
            one, lambda over: take_made(work, right, self.store, Line(self, command.step, over), self.make), seconds
        )

    def _work(self, command: Perform) -> Work:
        assert self.state.plan is not None
        parts = self._parts()
        part = parts[command.step]
        inputs = self._inputs(command.step)
        makers = {name: (parts[name].performer, parts[name].version) for name in inputs if name in parts}
        return Work(command=command, step=self.state.plan.steps[command.step], part=part, inputs=inputs, makers=makers)

    def _started(self, work: Work) -> Started:
        terms = work.part.terms
        return Started(
            **work.about,
            version=work.part.version,
            settings=dict(work.part.settings),
            upstream=dict(work.command.upstream),
            recipe=work.command.recipe,
            price=terms.price,
            elsewhere=terms.elsewhere,
        )

    def make(self, work: Work, line: AnyLine) -> Made | Failed:
        """Have one take made, from a thread that may wait for it. An engine with another crew says here how."""
        return carry_out(work, self.performers[work.part.performer], self.store, line)

    def _start(self, one: _UnderWay, job: Callable[[threading.Event], Event], seconds: float | None = None) -> None:
        ticket = next(self._tickets)
        self._under_way[ticket] = one
        if seconds is not None:
            heapq.heappush(self._deadlines, (time.monotonic() + seconds, ticket))

        def work() -> None:
            try:
                done = _Done(ticket, job(one.over))
            except BaseException as error:  # noqa: BLE001 - carried over to the engine's own thread, which raises it
                done = _Done(ticket, error=error)
            self.inbox.put(done)

        self._threads.start(work)
