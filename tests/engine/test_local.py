"""The whole loop on toy steps: planned, performed, judged, revised, rolled back, resumed."""

from decimal import Decimal

import pytest

from cutroom.brief.brief import Brief
from cutroom.director.decide import Limits, all_degraded, survey
from cutroom.engine.local import LocalEngine
from cutroom.errors import CutroomError, GiveUp, NoSpace
from cutroom.ledger.events import Accepted, Declined, Judged, Lost, Made, Opened, Planned, Started
from cutroom.ledger.production import Production
from cutroom.ledger.state import State, fold
from cutroom.media.kinds import Audio, Image, Text
from cutroom.money import Price
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.testing import Scribe, ScriptedPlanner, StrictJudge

ASSET = Image(digest="a" * 64, suffix=".jpg", bytes=1, width=4, height=3)


def plan(*, waits_for=(), goal="script", request="hello") -> Plan:
    return Plan(
        assets={"a1": ASSET},
        steps={
            "look": LookAtPicture(picture=Ref[Image](id="a1")),
            "script": WriteScript(request=request, facts=(Ref[Text](id="look"),)),
        },
        goal=goal,
        waits_for=waits_for,
    )


class Crew:
    """A production with toy people; `run` opens it anew each time, as another process would."""

    def __init__(self, folder):
        self.production = Production(folder / "toy.cutroom")
        self.scribe = Scribe()
        self.judge = StrictJudge()
        self.planner = ScriptedPlanner(plan())
        self.limits = Limits()
        self.brief = Brief(request="hello")
        self.watch = None

    def run(self):
        with self.production.journal() as journal:
            opened = Opened(brief=self.brief, cutroom="test")
            journal.append(opened)
            self.engine = LocalEngine(
                journal=journal,
                store=self.production.store,
                planner=self.planner,
                performers=[self.scribe],
                judge=self.judge,
                limits=self.limits,
                watch=self.watch,
                workers=2,
            )
            return self.engine.run(fold(journal.events()))

    def events(self, kind=None):
        with self.production.journal(read_only=True) as journal:
            return [event for event in journal.events() if kind is None or isinstance(event, kind)]


@pytest.fixture
def crew(tmp_path):
    return Crew(tmp_path)


def test_every_arrow_is_written_down_in_order(crew):
    _, wrap = crew.run()
    assert wrap.status == "finished"
    assert [type(event) for event in crew.events()] == [
        Opened,
        Planned,
        Started,
        Made,
        Judged,
        Accepted,
        Started,
        Made,
        Judged,
        Accepted,
    ]


def test_a_second_run_makes_nothing_and_asks_nobody(crew):
    crew.run()
    asked = len(crew.planner.asked)
    state, wrap = crew.run()
    assert wrap.status == "finished"
    assert (len(state.performed), len(crew.scribe.performed), len(crew.planner.asked)) == (0, 2, asked)


def test_a_change_makes_only_what_hangs_below_it(crew):
    crew.run()
    crew.brief = Brief(request="another")
    crew.planner = ScriptedPlanner(plan(request="another"))
    state, _ = crew.run()
    assert [step.kind for step in crew.scribe.performed] == ["look_at_picture", "write_script", "write_script"]
    assert len(state.performed) == 1


def test_the_planner_is_asked_again_when_what_it_waited_for_is_known(crew):
    crew.planner = ScriptedPlanner(plan(waits_for=("look",), goal=None), plan())
    crew.run()
    assert [sorted(known.texts) for known in crew.planner.asked] == [[], ["look"]]


def test_the_planner_knows_every_take_that_its_plan_has_not_only_those_it_waited_for(crew):
    apart = Plan(
        assets={"a1": ASSET},
        steps={"look": LookAtPicture(picture=Ref[Image](id="a1")), "script": WriteScript(request="hello")},
    )
    crew.planner = ScriptedPlanner(
        apart.model_copy(update={"waits_for": ("look",)}),
        apart.model_copy(update={"waits_for": ("script",)}),
        apart.model_copy(update={"goal": "script"}),
    )
    crew.run()
    assert [sorted(known.texts) for known in crew.planner.asked] == [[], ["look"], ["look", "script"]]


def test_stop_after_the_plan_makes_only_what_planning_needs(crew):
    crew.planner = ScriptedPlanner(plan(waits_for=("look",), goal=None), plan())
    crew.limits = Limits(stop_after="plan")
    _, wrap = crew.run()
    assert wrap.status == "stopped"
    assert [step.kind for step in crew.scribe.performed] == ["look_at_picture"]


def test_a_failed_take_is_answered_by_a_revision(crew):
    crew.judge = StrictJudge({"write_script": 1})
    crew.planner = ScriptedPlanner(plan(), revisions={"script": lambda old: old.with_fields("script", spoken=False)})
    state, wrap = crew.run()
    assert wrap.status == "finished"
    assert state.plan.steps["script"].spoken is False
    assert not all_degraded(state, crew.engine.cast, crew.limits)


def test_revisions_are_bounded_then_the_best_is_used_and_said(crew):
    crew.judge = StrictJudge({"write_script": 99})
    lengths = iter(("20", "30", "40", "50", "60", "70"))
    crew.planner = ScriptedPlanner(
        plan(), revisions={"script": lambda old: old.with_fields("script", seconds=next(lengths))}
    )
    state, wrap = crew.run()
    assert wrap.status == "finished"
    assert len([step for step in crew.scribe.performed if step.kind == "write_script"]) == 4
    degraded = all_degraded(state, crew.engine.cast, crew.limits)
    assert {item.what for item in degraded} == {"script"}
    # Each try was a little less bad than the one before: the last one is the best here.
    assert state.plan.steps["script"].seconds == 40


def test_a_worse_revision_is_rolled_back(crew):
    class Worsening(StrictJudge):
        def look(self, step, media, inputs, store):
            self.left["write_script"] = 1 if step.kind == "write_script" and step.seconds is None else 5
            return (
                super().look(step, media, inputs, store)
                if step.kind == "write_script"
                else StrictJudge().look(step, media, inputs, store)
            )

    crew.judge = Worsening()
    lengths = iter(("20", "30", "40", "50"))
    crew.planner = ScriptedPlanner(
        plan(), revisions={"script": lambda old: old.with_fields("script", seconds=next(lengths))}
    )
    state, wrap = crew.run()
    assert wrap.status == "finished"
    assert state.plan.steps["script"].seconds is None
    assert any(isinstance(event, Planned) and event.rolled_back for event in crew.events())
    # And it stays like that: the next run does not begin to revise again.
    again, wrap = crew.run()
    assert wrap.status == "finished"
    assert len(again.performed) == 0


def test_without_a_better_plan_an_unseeded_step_is_used_with_its_fault_said(crew):
    crew.judge = StrictJudge({"look_at_picture": 1})
    state, wrap = crew.run()
    assert wrap.status == "finished"
    assert crew.events(Declined)
    assert [item.what for item in all_degraded(state, crew.engine.cast, crew.limits)] == ["look"]


def test_a_crash_costs_its_own_step_and_is_told(crew):
    crew.scribe.fails = {"write_script": ZeroDivisionError("oops")}
    _, wrap = crew.run()
    assert wrap.status == "failed"
    assert "scribe crashed: oops" in wrap.reason


def test_a_failed_look_goes_back_to_the_planner(crew):
    crew.scribe.fails = {"look_at_picture": GiveUp("cannot see")}
    blind = Plan(steps={"script": WriteScript(request="hello")}, goal="script")
    crew.planner = ScriptedPlanner(plan(waits_for=("look",), goal=None), blind)
    _, wrap = crew.run()
    assert wrap.status == "finished"
    assert crew.planner.asked[-1].failed == {"look": "cannot see"}


def test_a_step_that_nobody_can_perform_is_said(crew):
    crew.planner = ScriptedPlanner(Plan(steps={"line": Speak(text="hello", language="tlh")}, goal="line"))
    _, wrap = crew.run()
    assert wrap.status == "failed"
    assert wrap.reason == "line: nobody on this machine can perform speak (language 'tlh')"


def test_what_is_no_longer_in_the_store_is_made_again(crew):
    state, _ = crew.run()
    script = survey(state, crew.engine.cast, crew.limits).media["script"]
    crew.production.store.path(script).unlink()
    again, wrap = crew.run()
    assert wrap.status == "finished"
    assert crew.events(Lost)
    assert len(again.performed) == 1


def test_a_full_disk_stops_the_run(crew):
    crew.scribe.fails = {"write_script": NoSpace("no room")}
    with pytest.raises(NoSpace):
        crew.run()
    crew.scribe.fails = {}
    state, wrap = crew.run()
    assert wrap.status == "finished"
    assert len(state.performed) == 1


def test_nothing_is_bought_beyond_the_budget(crew):
    crew.scribe.cost = Price.of("0.30")
    crew.limits = Limits(budget=Decimal("0.50"))
    state, wrap = crew.run()
    assert wrap.status == "stopped"
    assert "raise --budget" in wrap.reason
    assert state.paid() == Decimal("0.30")


def test_nothing_is_bought_when_no_budget_was_given(crew):
    crew.scribe.cost = Price.of("0.01")
    state, wrap = crew.run()
    assert (wrap.status, state.paid()) == ("stopped", 0)


def test_a_plan_with_a_wrong_wire_is_refused_before_anything_is_made(crew):
    crew.planner = ScriptedPlanner(
        plan().with_step("look", LookAtPicture.model_validate({"picture": {"id": "script"}}))
    )
    with pytest.raises(CutroomError, match="wants Image"):
        crew.run()
    assert crew.scribe.performed == []


def test_a_performer_that_hands_over_something_else_is_caught(crew):
    class Liar(Scribe):
        def perform(self, step, desk):
            text = super().perform(step, desk)
            return Audio(digest=text.digest, suffix=".wav", bytes=text.bytes, seconds=1, rate=8000, channels=1)

    crew.scribe = Liar()
    _, wrap = crew.run()
    assert wrap.status == "failed"
    assert "was to make Text and handed over Audio" in wrap.reason


def test_the_state_is_the_fold_of_the_events(crew):
    state, _ = crew.run()
    assert fold(crew.events(), State()) == state
