"""The local engine: asks the director what to do, has it done in threads, and writes down what happened.

It decides nothing. Long work (performing, judging) runs in a pool; everything else in the engine's own thread, so that
events have one order.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from fractions import Fraction
from functools import partial

from cutroom.director.commands import AskPlanner, AskRevision, Command, Look, Perform, Record, Wrap
from cutroom.director.decide import Limits, decide, survey
from cutroom.engine.watch import Unwatched, Watch
from cutroom.errors import BrokenProduction, Cancelled, CutroomError, NoSpace
from cutroom.judge.judge import Judge
from cutroom.ledger.events import Declined, Event, Failed, Judged, Lost, Made, Planned, Started
from cutroom.ledger.journal import Journal
from cutroom.ledger.state import State, apply
from cutroom.media.kinds import AnyMedia, Text
from cutroom.media.store import Store
from cutroom.performers.performer import Desk, Performer
from cutroom.plan.cast import Cast
from cutroom.plan.plan import Degraded, Plan
from cutroom.plan.step import AnyStep
from cutroom.planner.casting import cast
from cutroom.planner.planner import Known, Planner
from cutroom.verdict import Verdict

STOPS_EVERYTHING = (NoSpace, BrokenProduction, Cancelled)
"""Errors that no other plan and no other take can mend."""


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
        self.performers = performers
        self.judge = judge
        self.limits = limits
        self.watch = watch or Unwatched()
        self.workers = workers or os.cpu_count() or 1
        self.state = State()
        self.cast = Cast()
        self._under_way: dict[Future[Event], Command] = {}
        self._cancelled = threading.Event()

    def run(self, state: State) -> tuple[State, Wrap]:
        """Work from `state` until the director has nothing left to do. Returns the last state and how it ended.

        Raises NoSpace or BrokenProduction when going on makes no sense; whatever was made until then is kept.
        """
        self._move_to(state)
        self._check_store()
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="cutroom")
        try:
            while True:
                commands = decide(self.state, self.cast, self.limits)
                wrap = next((command for command in commands if isinstance(command, Wrap)), None)
                if wrap and not self._under_way:
                    return self.state, wrap
                if not wrap and self._carry_out_one_decision(commands):
                    continue
                if not wrap and self._start_work(commands, pool):
                    continue
                if not self._under_way:
                    return self.state, Wrap(
                        "failed", "nothing is left that could be done, and the film is not finished"
                    )
                done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    del self._under_way[future]
                    self._write_down(future.result())
        finally:
            # Whoever still works notices at its next report of progress; nothing half-made enters the store.
            self._cancelled.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _progress(self, step: str, done: int, total: int) -> None:
        if self._cancelled.is_set():
            raise Cancelled(f"{step}: stopped")
        self.watch.progress(step, done, total)

    def _write_down(self, event: Event) -> None:
        self.journal.append(event)
        self._move_to(apply(self.state, event))
        self.watch.happened(event, self.state)

    def _move_to(self, state: State) -> None:
        if state.plan is not None and state.plan is not self.state.plan:
            self.cast = cast(state.plan, self.performers)
        self.state = state

    def _check_store(self) -> None:
        """Takes whose bytes are gone are as if they had never been made."""
        for name, slot in list(self.state.slots.items()):
            for take in slot.takes.values():
                if take.made and not self.store.has(take.made.media):
                    self._write_down(Lost(slot=name, key=take.key))

    def _carry_out_one_decision(self, commands: Sequence[Command]) -> bool:
        """Carry out the first command that changes the state at once. False when there is none."""
        for command in commands:
            match command:
                case Record(event):
                    self._write_down(event)
                case AskPlanner(reason):
                    plan = self.planner.plan(self._brief(), self._known())
                    self._plan(plan, reason)
                case AskRevision():
                    self._revise(command)
                case _:
                    continue
            return True
        return False

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

    def _brief(self):  # noqa: ANN202 - Brief; the director never asks without one
        assert self.state.brief is not None
        return self.state.brief

    def _known(self) -> Known:
        """What the planner may know: every accepted take, every text's words, every failure."""
        media: dict[str, AnyMedia] = {}
        if self.state.plan is not None:
            media = dict(survey(self.state, self.cast, self.limits).media)
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

    def _start_work(self, commands: Sequence[Command], pool: ThreadPoolExecutor) -> bool:
        """Start what is not under way yet. True when something failed at once, so that the director must be asked again."""
        failed = False
        for command in commands:
            if command in self._under_way.values() or not isinstance(command, Perform | Look):
                continue
            if isinstance(command, Perform) and command.step in self.cast.uncast:
                self._write_down(
                    Failed(
                        step=command.step,
                        slot=command.slot,
                        take=command.take,
                        key=command.key,
                        performer="nobody",
                        reason=self.cast.uncast[command.step],
                        error="Unavailable",
                    )
                )
                failed = True
                continue
            assert self.state.plan is not None
            step = self.state.plan.steps[command.step]
            media = survey(self.state, self.cast, self.limits).media
            inputs = {name: media[name] for name in self.state.plan.upstream(command.step)}
            if isinstance(command, Look):
                made = self.state.slots[command.slot].takes[command.take].made
                assert made is not None
                self._under_way[pool.submit(self._look, command, step, made.media, inputs)] = command
            else:
                part = self.cast.parts[command.step]
                self._write_down(
                    Started(
                        step=command.step,
                        slot=command.slot,
                        take=command.take,
                        key=command.key,
                        performer=part.performer,
                        version=part.version,
                    )
                )
                performer = next(one for one in self.performers if one.name == part.performer)
                makers = {
                    name: (self.cast.parts[name].performer, self.cast.parts[name].version)
                    for name in inputs
                    if name in self.cast.parts
                }
                self._under_way[pool.submit(self._perform, command, step, performer, inputs, makers)] = command
        return failed

    def _look(self, command: Look, step: AnyStep, media: AnyMedia, inputs: dict[str, AnyMedia]) -> Event:
        verdict: Verdict = self.judge.look(step, media, dict(inputs), self.store)
        return Judged(step=command.step, slot=command.slot, take=command.take, key=command.key, verdict=verdict)

    def _perform(
        self,
        command: Perform,
        step: AnyStep,
        performer: Performer,
        inputs: dict[str, AnyMedia],
        makers: dict[str, tuple[str, str]],
    ) -> Event:
        """Have one take made, in a thread of the pool. A performer's crash costs its own step and nothing else."""
        degraded: list[Degraded] = []
        scratch = self.store.scratch()
        desk = Desk(
            store=self.store,
            inputs=dict(inputs),
            makers=makers,
            take=command.take,
            seed=int(command.key[:12], 16),
            scratch=scratch,
            progress=partial(self._progress, command.step),
            degrade=lambda what, why: degraded.append(Degraded(what=what, why=why)),
        )
        about = {
            "step": command.step,
            "slot": command.slot,
            "take": command.take,
            "key": command.key,
            "performer": performer.name,
        }
        began = time.monotonic()
        try:
            media = performer.perform(step, desk)
        except STOPS_EVERYTHING:
            raise
        except CutroomError as error:
            return Failed(**about, reason=str(error), error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the one place that turns a stranger's crash into an event
            return Failed(
                **about, reason=f"{performer.name} crashed: {error or type(error).__name__}", error=type(error).__name__
            )
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        if not isinstance(media, step.makes) or not self.store.has(media):
            said = type(media).__name__
            return Failed(
                **about,
                reason=f"{performer.name} was to make {step.makes.__name__} and handed over {said} that is not in the store",
                error="GiveUp",
            )
        took = Fraction(round((time.monotonic() - began) * 1000), 1000)
        return Made(**about, media=media, wall_seconds=took, cost=performer.price(step), degraded=tuple(degraded))  # pyright: ignore[reportArgumentType]
