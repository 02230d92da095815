"""Where every step of a plan stands, kept up to date event by event: an event costs the steps that it touches, not the plan.

Pure but for itself: it holds no clock and no connection, and says the same as one that is made afresh from the state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

from cutroom.director.acceptance import Rule, accepts, chosen, settled_for
from cutroom.director.attempts import Purse, after_failure, costs, perform, resume
from cutroom.director.commands import AskPlanner, AskRevision, Command, Look, Perform, Record, Wrap
from cutroom.director.fallback import step_in, who
from cutroom.director.limits import Limits
from cutroom.ledger.events import (
    Accepted,
    Answered,
    Declined,
    Event,
    Failed,
    Fetched,
    Judged,
    Made,
    Planned,
    Recast,
    Started,
    Submitted,
)
from cutroom.ledger.state import Slot, State, Take
from cutroom.media.kinds import AnyMedia
from cutroom.plan.cast import Cast, Part, recipe
from cutroom.plan.plan import Plan
from cutroom.plan.step import Form


class Frontier:
    """The standing of one plan with one cast.

    `keys` and `media` hold, for every asset and every step with an accepted take, the key behind it and the media.
    `commands` holds what is to be done, by step; `open` the needed steps without an accepted take, in order. `stale` names
    the slot in use of steps whose paid take was made under other settings: it is used, shown, and never bought again unasked.
    `parts` says who performs each step now, and `recast` for whom somebody had to step in, one after the other.
    """

    def __init__(self, state: State, cast: Cast, limits: Limits) -> None:
        plan = state.plan
        assert plan is not None, "a frontier needs a plan"
        self.plan: Plan = plan
        self.cast = cast
        self.limits = limits
        self.keys: dict[str, str] = {identity: media.digest for identity, media in plan.assets.items()}
        self.media: dict[str, AnyMedia] = dict(plan.assets)
        self.commands: dict[str, tuple[Command, ...]] = {}
        self.slots: dict[str, str] = {}
        self.parts: dict[str, Part] = dict(cast.parts)
        self.recast: dict[str, tuple[Recast, ...]] = {}
        self.stale: dict[str, str] = {}
        self._recipes: dict[str, str] = dict(self.keys)
        self._steps: dict[str, list[str]] = {}
        # Steps whose turn depends on the money, with the most that they may cost; and those that failed while others
        # that the planner waits for are not through. Both move with events that are not their own.
        self._priced: dict[str, Decimal] = {}
        self._failed: dict[str, None] = {}
        self._told = False
        self._purse = Purse.of(state, limits)
        self._outdated = False
        self._fresh: dict[str, None] = {}
        self._forms = {step: Form.of(content) for step, content in plan.steps.items()}
        self._wiring = {step: form.inputs for step, form in self._forms.items()}
        order = plan.order(self._wiring)
        self._needed = set(plan.needed(self._wiring))
        self.open: dict[str, None] = {step: None for step in order if step in self._needed}
        self._below: dict[str, list[str]] = {}
        # How many inputs of a step have no accepted take yet: a step with thousands must not look at all of them each time.
        self._missing = {step: sum(other in plan.steps for other in self._wiring[step]) for step in order}
        for step in order:
            for other in self._wiring[step]:
                self._below.setdefault(other, []).append(step)
        for step in order:
            self._settle(state, step)
        # Those that failed were asked about before it was known where the steps behind them stand.
        self._speak_for_the_failed(state)

    def upstream(self, step: str) -> tuple[str, ...]:
        """The ids that a step refers to, as `Plan.upstream` says, which looks for them each time."""
        return self._wiring[step]

    @property
    def changed(self) -> bool:
        """True when `fresh` has something to say."""
        return bool(self._fresh)

    def fresh(self) -> dict[str, tuple[Command, ...]]:
        """The commands, by step, of the steps whose standing changed since this was asked last."""
        steps, self._fresh = self._fresh, {}
        return {step: self.commands.get(step, ()) for step in steps}

    def after(self, event: Event, state: State) -> bool:
        """Takes note of `event`, which led to `state`. False when this frontier is of no use any more: make another one."""
        match event:
            case Submitted() | Fetched() | Judged() | Declined():
                self._touch(state, self._steps.get(event.slot, ()))
            case Accepted(by="person"):
                return False  # it may lie in any slot
            case Started() | Made() | Failed() | Accepted():
                self._touch(state, (*self._steps.get(event.slot, ()), *self._moved_by_money(state)))
            case Answered():
                # Steps that are equal share their slot, and with it the question.
                self._touch(state, self._steps.get(self.slots.get(event.step, ""), ()))
            case _:
                return False
        self._speak_for_the_failed(state)
        return not self._outdated

    def _speak_for_the_failed(self, state: State) -> None:
        """Whether the planner is told of steps that failed depends on the others that it waits for."""
        if not self._failed:
            return
        through = all(self._through(state, step) for step in self.plan.waits_for)
        if through or self._told:
            self._told = through
            self._touch(state, tuple(self._failed))

    def _moved_by_money(self, state: State) -> list[str]:
        """The steps that may be begun now and might not before, or the other way round."""
        before, self._purse = self._purse, Purse.of(state, self.limits)
        if before == self._purse:
            return []
        anew = before.spent != self._purse.spent  # which is said where there is not enough
        found = []
        for step, most in self._priced.items():
            allowed = self._purse.allows(most)
            if allowed != before.allows(most) or (anew and allowed == "over"):
                found.append(step)
        return found

    def _touch(self, state: State, steps: Iterable[str]) -> None:
        queue = deque(step for step in steps if step in self.plan.steps)
        while queue:
            step = queue.popleft()
            if self._settle(state, step):
                queue.extend(self._below.get(step, ()))

    def _settle(self, state: State, step: str) -> bool:
        """Works out where `step` stands. True when it has an accepted take now and had none."""
        if self._missing[step]:
            return False
        if step not in self.slots:
            self._place(state, step)
        name = self.slots[step]
        slot = state.slots.get(name, Slot())
        before = self.keys.get(step)
        self._priced.pop(step, None)
        self._failed.pop(step, None)
        self.stale.pop(step, None)
        if accepted := self._in_use(state, step, name, slot):
            where, number = accepted
            take = state.slots[where].takes[number]
            assert take.made is not None
            if where != name:
                self.stale[step] = where
            self.keys[step], self.media[step] = take.key, take.made.media
            self._recipes[step] = f"{self._recipe(step)}#{number}"
            self.open.pop(step, None)
            if self.commands.pop(step, None):
                self._fresh[step] = None
            if before is None:
                for other in self._below.get(step, ()):
                    self._missing[other] -= 1
            # Another take in use: what hangs below lies in other slots now.
            self._outdated |= before not in (None, take.key)
            return before is None
        if step in self._needed:
            self.commands[step] = tuple(self._advance(state, step, name, slot))
            self._fresh[step] = None
        return False

    def _place(self, state: State, step: str) -> None:
        part, name, changes = who(state, self.cast.parts[step], self._forms[step], self.keys)
        if changes:
            self.parts[step], self.recast[step] = part, changes
        self.slots[step] = name
        here = self._steps.setdefault(name, [])
        if step not in here:
            here.append(step)

    def _recipe(self, step: str) -> str:
        return recipe(self._forms[step], self._recipes)

    def _in_use(self, state: State, step: str, name: str, slot: Slot) -> tuple[str, int] | None:
        """The slot and number of the take that is used: an accepted one, or one that was paid for under other settings."""
        if slot.accepted and (take := slot.takes.get(slot.accepted.take)) and take.made:
            return name, slot.accepted.take
        if slot.takes or slot.wanted or self.parts[step].terms.price.free:
            return None
        where = state.bought.get(self._recipe(step))
        then = state.slots.get(where, Slot()) if where else Slot()
        if where and then.accepted and (take := then.takes.get(then.accepted.take)) and take.made:
            return where, then.accepted.take
        return None

    def _advance(self, state: State, step: str, name: str, slot: Slot) -> list[Command]:
        """What to do for one step whose inputs are all there."""
        if slot.wanted and slot.wanted not in slot.takes:
            return self._perform(state, step, name, slot.wanted)
        if not slot.takes:
            return self._perform(state, step, name, 1)
        number = slot.wanted or max(slot.takes)
        take = slot.takes[number]
        if take.running:
            return []
        if take.left:
            again = self._perform(state, step, name, number, take)
            return resume(state, self.limits, self.parts[step], step, name, number, take, again)
        if take.failed:
            again = self._perform(state, step, name, number, take)
            return self._after_failure(state, step, name, number, take, again)
        if take.verdict is None:
            return [Look(step, name, number, take.key)]
        if slot.wanted:
            said = () if accepts(take.verdict) else settled_for(step, take.verdict)
            return [Record(Accepted(step=step, slot=name, take=number, key=take.key, degraded=said, by="person"))]
        if accepts(take.verdict):
            if self.limits.accept != "best_of":  # a take that passes is no better for that where scores must rise
                return [self._best(state, step, name, slot)]
            rule = "best_of" if len(slot.takes) > 1 or step in state.attempts else ""
            return [Record(Accepted(step=step, slot=name, take=number, key=take.key, rule=rule))]
        return self._after_rejection(state, step, name, slot, number, take)

    def _perform(self, state: State, step: str, name: str, number: int, take: Take | None = None) -> list[Command]:
        command = self.asking(step, name, number, take)
        part = self.parts[step]
        if costs(part, self.limits) and command.job is None:
            self._priced[step] = part.terms.price.high
        return perform(state, self.limits, part, command)

    def asking(self, step: str, name: str, number: int, take: Take | None = None) -> Perform:
        """The command that asks for this take of `step`, whose inputs are all there."""
        return Perform(
            step,
            name,
            number,
            self.parts[step].key(self._forms[step], number, self.keys),
            self._recipe(step),
            {identity: self.keys[identity] for identity in self._wiring[step]},
            take.job if take else None,
        )

    def _after_failure(
        self, state: State, step: str, name: str, number: int, take: Take, again: list[Command]
    ) -> list[Command]:
        """A step that could not be performed: an understanding that failed costs its asset, anything else the film."""
        assert take.failed is not None
        if tried := after_failure(state, self.limits, self.parts[step], step, name, number, take, again):
            return tried
        alone = not any(one.made for one in state.slots.get(name, Slot()).takes.values())
        if alone and (other := step_in(state, self.limits, take, self._together(state, step))):
            return other
        if step in self.plan.waits_for:
            # The planner is told when the others are through; until then the failed step counts as settled.
            self._failed[step] = None
            others = [other for other in self.plan.waits_for if other != step]
            if all(self._through(state, other) for other in others):
                return [AskPlanner(f"{step} failed: {take.failed.reason}")]
            return []
        return [Wrap("failed", f"{step}: {take.failed.reason}")]

    def _together(self, state: State, step: str) -> dict[str, tuple[str, Part]]:
        """The steps that are recast with `step`: the slot and the performer of each, by id; its own comes last."""
        kind, mine = type(self.plan.steps[step]), self.parts[step]
        found: dict[str, tuple[str, Part]] = {}
        for other, content in self.plan.steps.items() if kind.together else ():
            if other != step and type(content) is kind and other in self._needed and not self._missing[other]:
                part, name, _ = who(state, self.cast.parts[other], self._forms[other], self.keys)
                if part.performer == mine.performer:
                    found[other] = (name, part)
        return {**found, step: (self.slots[step], mine)}

    def _through(self, state: State, step: str) -> bool:
        """True when the latest take of `step` is accepted or failed for good."""
        slot = state.slots.get(self.slots.get(step, ""), Slot())
        return bool(slot.accepted) or any(take.failed for take in slot.takes.values())

    def _after_rejection(
        self, state: State, step: str, name: str, slot: Slot, number: int, take: Take
    ) -> list[Command]:
        """The judge was not content: another plan, another take, or the best of those there are."""
        assert take.verdict is not None
        rounds = len(slot.takes) - 1 + len({attempt.slot for attempt in state.attempts.get(step, ())})
        if step in state.settled or rounds >= self.limits.rounds:
            return [self._best(state, step, name, slot)]
        if not slot.declined:
            return [AskRevision(step, name, number, take.verdict, rounds + 1)]
        if self.plan.steps[step].seeded:
            return self._perform(state, step, name, max(slot.takes) + 1)
        return [self._best(state, step, name, slot)]

    def _best(self, state: State, step: str, name: str, slot: Slot) -> Command:
        """What stands of all takes of this step under the rule of acceptance, also of those that earlier plans made.

        What a revision did not make better is rolled back, and what is used though it failed is said.
        """
        here = [
            (take.verdict, (self.plan, name, number))
            for number, take in slot.takes.items()
            if take.made and take.verdict is not None
        ]
        before = [
            (attempt.verdict, (attempt.plan, attempt.slot, attempt.take))
            for attempt in (() if step in state.settled else state.attempts.get(step, ()))
            if attempt.slot != name
        ]
        several = len(before) + len(here) > 1
        which, where, number = chosen([*before, *here], Rule(self.limits.accept, self.limits.tolerance))
        if where != name:
            under = "" if self.limits.accept == "best_of" else f" under {self.limits.accept}"
            return Record(
                Planned(
                    plan=which,
                    by=state.planned_by,
                    reason=f"rolled back: no revision of {step} was better{under}",
                    revises=step,
                    rolled_back=True,
                )
            )
        take = slot.takes[number]
        assert take.verdict is not None
        said = () if accepts(take.verdict) else settled_for(step, take.verdict)
        rule = self.limits.accept if several else ""
        return Record(Accepted(step=step, slot=name, take=number, key=take.key, degraded=said, rule=rule))
