"""The frontier that an engine keeps says at any time what one made afresh from the state says: random plans, random lives."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import ClassVar, Literal

import pytest

from cutroom.brief.brief import Brief
from cutroom.director.commands import Ask, AskPlanner, AskRevision, Command, Look, Perform, Record
from cutroom.director.decide import decide, whole
from cutroom.director.frontier import Frontier
from cutroom.director.limits import Limits
from cutroom.ledger.events import (
    Accepted,
    Answered,
    Declined,
    Deliverable,
    Event,
    Failed,
    Fetched,
    Judged,
    Lost,
    Made,
    Opened,
    Planned,
    Redone,
    Returned,
    Started,
    Submitted,
    Wrapped,
)
from cutroom.ledger.state import State, apply
from cutroom.media.kinds import Text
from cutroom.money import FREE, Price
from cutroom.plan.cast import Cast, Part
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep, Group, Ref, Step
from cutroom.plan.terms import Terms
from cutroom.verdict import Fail, Finding, Pass, Verdict

OPENED = Opened(brief=Brief(request="hello"), cutroom="test")


class Toy(Step[Text]):
    """Do something."""

    kind: Literal["toy"] = "toy"
    group: ClassVar[Group] = "write"
    number: int
    after: tuple[Ref[Text], ...] = ()


class Dice(Step[Text]):
    """Do something that comes out otherwise every time."""

    kind: Literal["dice"] = "dice"
    group: ClassVar[Group] = "write"
    seeded: ClassVar[bool] = True
    number: int
    after: tuple[Ref[Text], ...] = ()


def plan_of(rng: random.Random, count: int) -> Plan:
    """Chains, fans, diamonds and whatever lies between; some steps that nothing hangs on, some twins."""
    shape = rng.choice(("chain", "fan", "any", "any"))
    steps: dict[str, AnyStep] = {}
    for number in range(count):
        before = list(steps)
        wanted = {"chain": before[-1:], "fan": [], "any": rng.sample(before, min(len(before), rng.randint(0, 3)))}[
            shape
        ]
        after = tuple(Ref[Text](id=name) for name in wanted)
        kind = rng.choice((Toy, Dice))
        steps[f"s{number}"] = kind(number=rng.choice((number, 0)), after=after)
    names = list(steps)
    steps["end"] = Toy(number=-1, after=tuple(Ref[Text](id=name) for name in rng.sample(names, rng.randint(1, count))))
    waits = tuple(rng.sample(names, rng.randint(1, min(3, count)))) if rng.random() < 0.4 else ()
    return Plan(steps=steps, goal="end", waits_for=waits)


TERMS = (
    Terms(),
    Terms(),
    Terms(price=Price.of("0.10")),
    Terms(price=Price(low=Decimal("0.05"), high=Decimal("0.30")), elsewhere=True),
    Terms(price=Price.of("0.20"), elsewhere=True, repeatable=True),
    Terms(price=Price.unknown(), elsewhere=True),
    Terms(price=Price.of("0.10", "EUR"), elsewhere=True),
    Terms(price=FREE, elsewhere=True),
)


def cast_of(plan: Plan, luck: int, version: str) -> Cast:
    """Who performs, and on which terms, follows from the step, as it does in life."""
    parts = {}
    for name, step in plan.steps.items():
        number = getattr(step, "number", 0)
        terms = TERMS[(number + luck) % len(TERMS)]
        # Half of them were upgraded since the last run.
        parts[name] = Part(performer=f"p{number % 3}", version=version if number % 2 else "1", terms=terms)
    return Cast(parts=parts)


class Life:
    """A production in which anything may happen that an engine, a server, a judge or a person can do."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.luck = self.rng.randint(0, 7)
        self.limits = Limits(
            budget=self.rng.choice((None, Decimal("0.25"), Decimal(1), Decimal(100))),
            approve_above=self.rng.choice((None, Decimal("0.15"))),
            allow_unknown_price=self.rng.random() < 0.5,
            on_ambiguous=self.rng.choice(("ask", "resubmit", "skip")),
        )
        self.version = "1"
        self.state = State()
        self.frontier: Frontier | None = None
        self.under_way: list[Perform | Look] = []
        self.asked: Callable[[], None] | None = None
        self.digests = 0
        self.checked = 0
        self.happened(OPENED)
        self.happened(self.planned(plan_of(self.rng, self.rng.randint(2, 9)), "first"))

    def happened(self, event: Event) -> None:
        """The event, and the comparison after it."""
        self.state = apply(self.state, event)
        if self.frontier is None or not self.frontier.after(event, self.state):
            self.frontier = self.afresh()
        fresh = self.afresh()
        if fresh is None:
            return
        assert self.frontier is not None
        assert _said(self.frontier) == _said(fresh), event
        assert whole(self.state, self.frontier, self.limits) == whole(self.state, fresh, self.limits)
        self.checked += 1

    def afresh(self) -> Frontier | None:
        if self.state.plan is None:
            return None
        return Frontier(self.state, cast_of(self.state.plan, self.luck, self.version), self.limits)

    def planned(self, plan: Plan, reason: str, revises: str | None = None) -> Planned:
        return Planned(plan=plan, by="toy 1", reason=reason, revises=revises)

    # -- what an engine does ---------------------------------------------------------------------------------------

    def live(self, moves: int) -> None:
        for _ in range(moves):
            commands = self.commands()
            if self.under_way and (not commands or self.rng.random() < 0.6):
                self.go_on(self.rng.choice(self.under_way))
            elif commands:
                self.obey(self.rng.choice(commands))
            else:
                return self.another_run()
            if self.rng.random() < 0.08:
                self.person()
            if self.rng.random() < 0.02:
                self.another_run()
        return None

    def commands(self) -> list[Command]:
        found = (
            decide(self.state, cast_of(self.state.plan, self.luck, self.version), self.limits)
            if self.state.plan
            else []
        )
        return [one for one in found if not any(_same(one, other) for other in self.under_way)]

    def obey(self, command: Command) -> None:
        match command:
            case Perform():
                part = cast_of(self.state.plan, self.luck, self.version).parts[command.step]  # pyright: ignore[reportArgumentType]
                self.under_way.append(command)
                self.happened(
                    Started(
                        **about(command),
                        performer=part.performer,
                        version=part.version,
                        upstream=dict(command.upstream),
                        recipe=command.recipe,
                        price=part.terms.price,
                        elsewhere=part.terms.elsewhere,
                    )
                )
            case Look():
                self.under_way.append(command)
            case Record(event):
                self.happened(event)
            case AskRevision():
                self.revised(command)
            case AskPlanner():
                plan = self.state.plan
                assert plan is not None
                self.happened(self.planned(plan.model_copy(update={"waits_for": ()}), "more is known"))
            case Ask(question, step, key):
                said = {"approve": ("yes", "no"), "ambiguous": ("resubmit", "skip"), "fallback": ("yes", "no")}[
                    question
                ]
                self.happened(Answered(step=step, key=key, question=question, answer=self.rng.choice(said)))  # pyright: ignore[reportArgumentType]
            case _:
                if not self.under_way:
                    self.another_run()

    def revised(self, asked: AskRevision) -> None:
        plan = self.state.plan
        assert plan is not None
        if self.rng.random() < 0.5:
            self.happened(Declined(step=asked.step, slot=asked.slot))
            return
        step = plan.steps[asked.step]
        other = plan.with_fields(asked.step, number=getattr(step, "number", 0) + self.rng.choice((0, 8, 16)))
        self.under_way = [one for one in self.under_way if isinstance(one, Perform)]
        self.happened(self.planned(other, "revised", revises=asked.step))

    def go_on(self, command: Perform | Look) -> None:
        rng = self.rng
        if isinstance(command, Look):
            self.under_way.remove(command)
            slot = self.state.slots.get(command.slot)
            if slot and command.take in slot.takes:
                self.happened(Judged(**about(command), verdict=self.verdict()))
            return
        take = self.state.take(command.slot, command.take)
        began = take.began if take else None
        if began is None or take is None:
            self.under_way.remove(command)
            return
        if began.elsewhere and not take.job and rng.random() < 0.6:
            self.happened(Submitted(**about(command), performer=began.performer, job=f"job {rng.random()}"))
            return
        self.digests += 1
        result = {
            **about(command),
            "performer": began.performer,
            "media": Text(digest=f"{self.digests:064x}", suffix=".txt", bytes=1),
            "cost": began.price.high,
            "currency": began.price.currency,
            "wall_seconds": 0,
        }
        if began.elsewhere and take.fetched is None and rng.random() < 0.5:
            self.happened(Fetched(**result))
            return
        self.under_way.remove(command)
        if rng.random() < 0.75:
            self.happened(Made(**result))
            return
        error = rng.choice(("GiveUp", "TryLater", "Ambiguous", "TimedOut", "Vanished", "TryAgain"))
        billed = None if error in ("Ambiguous", "Vanished") else rng.choice((False, True, None))
        cost = {"cost": began.price.high, "currency": began.price.currency} if billed else {}
        self.happened(
            Failed(**about(command), performer=began.performer, reason="toy", error=error, billed=billed, **cost)
        )

    def verdict(self) -> Verdict:
        if self.rng.random() < 0.7:
            return Pass(judge="j", version="1")
        findings = tuple(Finding(check="c", says="s") for _ in range(self.rng.randint(1, 3)))
        return Fail(judge="j", version="1", reasons=("bad",), findings=findings)

    # -- what a person, or fate, does --------------------------------------------------------------------------------

    def person(self) -> None:
        made = [
            (name, number, take)
            for name, slot in self.state.slots.items()
            for number, take in slot.takes.items()
            if take.made
        ]
        frontier = self.frontier
        choice = self.rng.choice(("redo", "keep", "lose", "undo"))
        if choice == "undo" and self.state.versions:
            self.happened(Returned(version=self.rng.randint(1, len(self.state.versions))))
        elif choice == "redo" and frontier is not None and frontier.slots:
            step = self.rng.choice(sorted(frontier.slots))
            slot = frontier.slots[step]
            known = self.state.slots.get(slot)
            number = max(known.takes, default=0) + 1 if known else 1
            self.happened(Redone(step=step, slot=slot, take=number))
        elif choice in ("keep", "lose") and made:
            name, number, take = self.rng.choice(made)
            assert take.made is not None
            if choice == "keep":
                self.happened(Accepted(step=take.made.step, slot=name, take=number, key=take.key, by="person"))
            elif not any(one.slot == name for one in self.under_way):
                self.happened(Lost(slot=name, key=take.key))

    def another_run(self) -> None:
        """The run ends, or is cut off; another begins, perhaps with newer performers."""
        if self.state.plan is not None and self.frontier is not None and not self.frontier.open:
            self.happened(
                Wrapped(status="delivered", deliverables=(Deliverable(kind="video", path="f", sha256="0" * 64),))
            )
        self.under_way.clear()
        self.version = self.rng.choice(("1", self.version, "2"))
        self.frontier = None
        self.happened(OPENED)
        if self.state.plan is None:
            self.happened(self.planned(plan_of(self.rng, 5), "another"))


def about(command: Perform | Look) -> dict:
    return {"step": command.step, "slot": command.slot, "take": command.take, "key": command.key}


def _same(one: Command, other: Perform | Look) -> bool:
    return type(one) is type(other) and about(one) == about(other)  # pyright: ignore[reportArgumentType]


def _said(frontier: Frontier) -> dict:
    """Everything that others read of it."""
    commands = {step: said for step, said in frontier.commands.items() if said}
    return {
        "commands": commands,
        "order": list(frontier.open),
        "keys": frontier.keys,
        "media": frontier.media,
        "slots": frontier.slots,
        "stale": frontier.stale,
    }


def lives(first: int, count: int) -> Iterator[Life]:
    return (Life(seed) for seed in range(first, first + count))


@pytest.mark.parametrize("first", range(0, 120, 30))
def test_what_is_kept_is_what_would_be_said_afresh(first):
    checked = 0
    for life in lives(first, 30):
        life.live(60)
        checked += life.checked
    assert checked > 1000


def test_the_lives_are_full():
    """Random lives prove little unless all that can happen does."""
    seen: set[str] = set()
    for life in lives(0, 40):
        happened = life.happened
        life.happened = lambda event, happened=happened: (seen.add(event.kind), happened(event))  # pyright: ignore[reportAttributeAccessIssue]
        life.live(60)
        seen.update(step for step in ("stale",) if life.frontier and life.frontier.stale)
    missing = {"started", "submitted", "fetched", "made", "failed", "judged", "accepted", "declined", "planned"} - seen
    missing |= {"answered", "redone", "returned", "lost", "wrapped", "opened", "stale"} - seen
    assert missing == set()
