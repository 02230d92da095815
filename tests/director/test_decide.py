"""The director as a pure function: states go in, commands come out."""

from cutroom.brief.brief import Brief
from cutroom.director.acceptance import accepts, badness, best
from cutroom.director.commands import AskPlanner, Look, Perform, Record, Wrap
from cutroom.director.decide import REPLANS, Limits, decide
from cutroom.ledger.events import Accepted, Judged, Made, Opened, Planned, Started
from cutroom.ledger.state import State, fold
from cutroom.media.kinds import Image, Text
from cutroom.plan.cast import Cast, Part
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.verdict import Abstain, Fail, Finding, Pass

PLAN = Plan(
    assets={name: Image(digest=name[0] * 64, suffix=".jpg", bytes=1, width=4, height=3) for name in ("a1", "b1")},
    steps={f"look-{name}": LookAtPicture(picture=Ref[Image](id=name)) for name in ("a1", "b1")},
    waits_for=("look-a1", "look-b1"),
)
CAST = Cast(parts={name: Part(performer="someone", version="1") for name in PLAN.steps})
FACTS = Text(digest="f" * 64, suffix=".json", bytes=1)
OPENED = Opened(brief=Brief(request="hello"), cutroom="test")
PLANNED = Planned(plan=PLAN, by="someone 1", reason="first")
PASS = Pass(judge="j", version="1")


def performing(state: State) -> list[Perform]:
    return [command for command in decide(state, CAST, Limits()) if isinstance(command, Perform)]


def about(command):
    return {"step": command.step, "slot": command.slot, "take": command.take, "key": command.key}


def made(command) -> Made:
    return Made(**about(command), performer="someone", media=FACTS, wall_seconds=1)


def test_a_brief_without_a_plan_goes_to_the_planner():
    assert isinstance(decide(fold([OPENED]), CAST, Limits())[0], AskPlanner)


def test_steps_that_do_not_need_each_other_are_performed_side_by_side():
    assert [command.step for command in performing(fold([OPENED, PLANNED]))] == ["look-a1", "look-b1"]


def test_what_is_under_way_is_not_asked_for_again():
    state = fold([OPENED, PLANNED])
    first = performing(state)[0]
    state = fold([Started(**about(first), performer="someone", version="1")], state)
    assert [command.step for command in performing(state)] == ["look-b1"]


def test_a_take_is_looked_at_then_accepted():
    state = fold([OPENED, PLANNED])
    first = performing(state)[0]
    state = fold([made(first)], state)
    look = decide(state, CAST, Limits())[0]
    assert isinstance(look, Look)
    state = fold([Judged(**about(first), verdict=PASS)], state)
    record = decide(state, CAST, Limits())[0]
    assert isinstance(record, Record)
    assert isinstance(record.event, Accepted)


def test_deciding_changes_nothing_and_gives_the_same_answer_twice():
    state = fold([OPENED, PLANNED])
    assert decide(state, CAST, Limits()) == decide(state, CAST, Limits())
    assert state == fold([OPENED, PLANNED])


def test_a_planner_that_goes_in_circles_is_stopped():
    state = fold([OPENED, *[PLANNED] * (REPLANS + 1)])
    assert isinstance(wrap := decide(state, CAST, Limits())[0], Wrap)
    assert wrap.status == "failed"


def test_no_evidence_is_no_reason_to_reject():
    fail = Fail(judge="j", version="1", reasons=("bad",))
    assert [accepts(verdict) for verdict in (PASS, Abstain(judge="j", version="1"), fail)] == [True, True, False]


def test_the_best_take_is_the_one_with_the_fewest_faults_the_earliest_of_equals():
    fault = Finding(check="x", says="x", length=2)
    two = Fail(judge="j", version="1", findings=(fault, fault))
    one = Fail(judge="j", version="1", findings=(fault,))
    assert best([(two, "a"), (one, "b"), (one, "c")]) == "b"
    assert badness(PASS) < badness(one) < badness(two)
