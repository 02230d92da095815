"""Productions that share a store, and stores that lose what was in them, on toy steps."""

import json
import os
import subprocess
import sys
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from cutroom.brief.brief import Asset, Brief
from cutroom.director.decide import Limits
from cutroom.engine.local import LocalEngine
from cutroom.engine.sharing import take_made
from cutroom.errors import Ambiguous, Damaged
from cutroom.ledger.events import Accepted, Failed, Lost, Made, Opened, Planned, Started, Submitted
from cutroom.ledger.production import Production
from cutroom.ledger.state import fold
from cutroom.media import store as stores
from cutroom.media.kinds import Image, Text
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.plan.terms import Terms
from cutroom.testing import Scribe, ScriptedPlanner, StrictJudge

PICTURE = b"not much of a picture"


class PaidScribe(Scribe):
    """A scribe at the other end of a wire, who reads what it is given and counts what it was asked."""

    def __init__(self, price="1.00"):
        super().__init__(price=price)
        self.gate = None
        self.entered = threading.Event()
        self.jobs = []

    def terms(self, step):
        return Terms(price=self.cost, elsewhere=True, lane="wire", at_once=4)

    def perform(self, step, desk):
        for media in desk.inputs.values():
            desk.store.path(media).read_bytes()
        self.jobs.append(desk.job)
        if desk.job is None:
            desk.submitted(f"job-{step.kind}")
        self.entered.set()
        if self.gate is not None:
            assert self.gate.wait(20)
        return super().perform(step, desk)


class Crew:
    """One production, with people of its own."""

    def __init__(self, folder, shared=None, *, budget="0", scribe=None):
        self.folder, self.shared = folder, shared
        self.scribe = scribe or PaidScribe()
        self.judge = StrictJudge()
        self.budget = Decimal(budget)
        self.planned = threading.Event()
        self.hand_over()

    @property
    def production(self):
        return Production(self.folder, str(self.shared) if self.shared else None)

    def hand_over(self):
        """What `make` does before anything else: takes the photograph in."""
        blob = self.production.store.add_bytes(PICTURE, ".jpg")
        self.photo = Image(digest=blob.digest, suffix=".jpg", bytes=blob.bytes, width=4, height=3)

    def plan(self):
        look = LookAtPicture(picture=Ref[Image](id="a1"))
        script = WriteScript(request="hello", facts=(Ref[Text](id="look"),))
        return Plan(assets={"a1": self.photo}, steps={"look": look, "script": script}, goal="script")

    def run(self):
        stores._INTACT.clear()  # as another process would
        production = self.production
        with production.journal() as journal:
            asset = Asset(id="a1", name="Grandma's kite.jpg", media=self.photo)
            journal.append(Opened(brief=Brief(request="hello", assets=(asset,)), cutroom="test"))
            engine = LocalEngine(
                journal=journal,
                store=production.store,
                planner=ScriptedPlanner(self.plan()),
                performers=[self.scribe],
                judge=self.judge,
                limits=Limits(budget=self.budget),
                workers=2,
                watch=self,
            )
            return engine.run(fold(journal.events()))

    def happened(self, event, state):
        """Watches the run."""
        self.planned.set() if isinstance(event, Planned) else None

    def progress(self, step, done, total):
        """Watches the run."""

    def ask(self, asked):
        """Nobody is there."""

    def events(self, *kinds):
        with self.production.journal(read_only=True) as journal:
            return [event for event in journal.events() if isinstance(event, kinds)]

    def blob(self, step):
        made = next(event for event in reversed(self.events(Made)) if event.step == step)
        return self.production.store.place(made.media.digest, made.media.suffix)


@pytest.fixture(params=["folder", "memory"])
def shared(request, tmp_path):
    if request.param == "memory":
        pytest.importorskip("fsspec")
        return f"memory://{tmp_path.name}"
    return tmp_path / "shared"


def test_what_one_production_paid_for_costs_the_next_nothing(tmp_path, shared):
    one = Crew(tmp_path / "one.cutroom", shared, budget="2")
    state, wrap = one.run()
    assert (wrap.status, state.paid()) == ("finished", 2)
    two = Crew(tmp_path / "two.cutroom", shared, budget="2")
    state, wrap = two.run()
    assert (wrap.status, state.paid(), two.scribe.performed) == ("finished", 0, [])
    assert [(event.step, event.reused, event.cost) for event in two.events(Made)] == [
        ("look", True, 0),
        ("script", True, 0),
    ]
    assert len(state.performed) == 0


def test_a_production_without_a_budget_uses_what_another_one_paid_for(tmp_path, shared):
    Crew(tmp_path / "one.cutroom", shared, budget="2").run()
    state, wrap = Crew(tmp_path / "two.cutroom", shared, budget="0").run()
    assert (wrap.status, state.paid()) == ("finished", 0)


def test_a_take_that_was_used_again_is_not_bought_later_either(tmp_path, shared):
    Crew(tmp_path / "one.cutroom", shared, budget="2").run()
    two = Crew(tmp_path / "two.cutroom", shared, budget="2")
    two.run()
    two.scribe = PaidScribe()
    two.scribe.version = "2"  # the performer changed: what was paid for is stale, and is not bought anew unasked
    state, wrap = two.run()
    assert (wrap.status, state.paid(), two.scribe.performed) == ("finished", 0, [])


def test_takes_that_cost_nothing_are_shared_too(tmp_path, shared):
    Crew(tmp_path / "one.cutroom", shared, scribe=Scribe()).run()
    two = Crew(tmp_path / "two.cutroom", shared, scribe=Scribe())
    _, wrap = two.run()
    assert (wrap.status, two.scribe.performed) == ("finished", [])


def test_a_ledger_that_was_lost_does_not_cost_the_money_again(tmp_path):
    crew = Crew(tmp_path / "lake.cutroom", budget="2")
    crew.run()
    for path in crew.folder.glob("ledger.sqlite*"):
        path.unlink()
    crew.scribe.performed.clear()
    state, wrap = crew.run()
    assert (wrap.status, state.paid(), crew.scribe.performed) == ("finished", 0, [])


def test_two_at_once_pay_once(tmp_path, shared):
    one = Crew(tmp_path / "one.cutroom", shared, budget="2")
    two = Crew(tmp_path / "two.cutroom", shared, budget="2")
    one.scribe.gate = threading.Event()
    ended = {}
    first = threading.Thread(target=lambda: ended.update(one=one.run()))
    second = threading.Thread(target=lambda: ended.update(two=two.run()))
    first.start()
    assert one.scribe.entered.wait(20)
    second.start()
    # Nothing was sent, and nothing says so in the ledger, while the other one is at it.
    assert two.planned.wait(20)
    second.join(0.3)
    assert two.events(Started, Submitted) == []
    one.scribe.gate.set()
    first.join(30)
    second.join(30)
    assert [ended[name][1].status for name in ("one", "two")] == ["finished", "finished"]
    assert len(one.scribe.performed) + len(two.scribe.performed) == 2
    assert ended["one"][0].paid() + ended["two"][0].paid() == 2


def test_the_job_of_a_process_that_died_is_asked_for_by_the_next_production(tmp_path):
    shared = tmp_path / "shared"
    one = Crew(tmp_path / "one.cutroom", shared, budget="2")

    class Dies(Exception):
        pass

    code = (
        "import sys, os; sys.path.insert(0, sys.argv[1])\n"
        "import test_sharing as t; from pathlib import Path\n"
        "crew = t.Crew(Path(sys.argv[2]), Path(sys.argv[3]), budget='2')\n"
        "def die(step, desk): desk.submitted('job-77'); os.kill(os.getpid(), 9)\n"
        "crew.scribe.perform = die\ncrew.run()"
    )
    here = str(Path(__file__).parent)
    died = subprocess.run([sys.executable, "-c", code, here, str(one.folder), str(shared)], check=False)
    assert died.returncode == -9
    two = Crew(tmp_path / "two.cutroom", shared, budget="2")
    state, wrap = two.run()
    assert (wrap.status, two.scribe.jobs, state.paid()) == ("finished", ["job-77", None], 2)
    # The first one finds it there when it goes on, and pays nothing more.
    state, wrap = one.run()
    assert (wrap.status, one.scribe.performed, state.paid()) == ("finished", [], 0)


def test_a_call_that_failed_is_free_for_others_at_once(tmp_path, shared):
    one = Crew(tmp_path / "one.cutroom", shared, budget="2")
    one.scribe.fails = {"look_at_picture": Ambiguous("no answer")}
    assert one.run()[1].status != "finished"
    two = Crew(tmp_path / "two.cutroom", shared, budget="2")
    assert two.run()[1].status == "finished"


def test_a_record_whose_bytes_are_damaged_everywhere_is_made_anew(tmp_path):
    shared = tmp_path / "shared"
    one = Crew(tmp_path / "one.cutroom", shared, budget="2")
    one.run()
    media = next(event.media for event in one.events(Made) if event.step == "look")
    (shared / media.digest[:2] / f"{media.digest}.txt").write_bytes(b"x" * media.bytes)
    two = Crew(tmp_path / "two.cutroom", shared, budget="2")
    state, wrap = two.run()
    assert (wrap.status, [step.kind for step in two.scribe.performed]) == ("finished", ["look_at_picture"])
    assert state.paid() == 1


# -- what a store loses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["flipped", "truncated", "deleted"])
def test_damaged_takes_are_made_again_and_what_hangs_below_is_as_before(tmp_path, damage):
    crew = Crew(tmp_path / "lake.cutroom", scribe=PaidScribe(price="0"))
    crew.run()
    before = [path.read_bytes() for path in (crew.blob("look"), crew.blob("script"))]
    place = crew.blob("look")
    crew.blob("script").unlink()  # so that the look is needed
    if damage == "deleted":
        place.unlink()
    else:
        data = place.read_bytes()
        place.write_bytes(bytes([data[0] ^ 1, *data[1:]]) if damage == "flipped" else data[:-1])
    crew.scribe.performed.clear()
    _, wrap = crew.run()
    assert wrap.status == "finished"
    assert {step.kind for step in crew.scribe.performed} == {"look_at_picture", "write_script"}
    assert [path.read_bytes() for path in (crew.blob("look"), crew.blob("script"))] == before
    assert {event.key for event in crew.events(Lost)} <= {event.key for event in crew.events(Made)}


def test_a_result_that_was_damaged_is_made_again_before_it_is_handed_over(tmp_path):
    crew = Crew(tmp_path / "lake.cutroom", scribe=PaidScribe(price="0"))
    crew.run()
    good = crew.blob("script").read_bytes()
    crew.blob("script").write_bytes(good.swapcase())
    crew.scribe.performed.clear()
    _, wrap = crew.run()
    assert (wrap.status, [step.kind for step in crew.scribe.performed]) == ("finished", ["write_script"])
    assert crew.blob("script").read_bytes() == good


@pytest.mark.parametrize("elsewhere", [True, False])
@pytest.mark.parametrize("shares", [True, False])
def test_a_run_that_was_cut_off_before_it_said_made_has_paid_once(tmp_path, monkeypatch, elsewhere, shares):
    crew = Crew(tmp_path / "lake.cutroom", tmp_path / "shared" if shares else None, budget="2")
    crew.scribe.terms = lambda step: Terms(price=crew.scribe.cost, elsewhere=elsewhere)

    def cut_off(event):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("cutroom.engine.local.take_made", lambda *args: cut_off(take_made(*args)))
        with pytest.raises(KeyboardInterrupt):
            crew.run()
    state, wrap = crew.run()
    assert (wrap.status, state.paid(), len(crew.scribe.performed)) == ("finished", 2, 2)


def test_a_judge_that_is_handed_damage_looks_again_when_it_is_mended(tmp_path):
    crew = Crew(tmp_path / "lake.cutroom", scribe=PaidScribe(price="0"))
    real, crew.judge = crew.judge, Spoiler(crew.judge)
    _, wrap = crew.run()
    assert wrap.status == "finished"
    assert [step.kind for step in crew.scribe.performed].count("look_at_picture") == 2
    assert real.seen.count("look_at_picture") == 1


class Spoiler:
    """Damages the first take that it is to look at."""

    name, version = "spoiler", "1"

    def __init__(self, judge):
        self.judge = judge
        self.spoilt = False

    def look(self, step, media, inputs, store):
        if not self.spoilt:
            self.spoilt = True
            place = store.place(media.digest, media.suffix)
            place.write_bytes(b"?" * media.bytes)
            os.utime(place, ns=(1, 1))
        store.path(media)
        return self.judge.look(step, media, inputs, store)


@pytest.mark.parametrize("damage", ["flipped", "deleted"])
def test_a_damaged_photograph_is_named_as_it_came_and_reading_it_in_again_mends_it(tmp_path, damage):
    crew = Crew(tmp_path / "lake.cutroom", scribe=PaidScribe(price="0"))
    place = crew.production.store.path(crew.photo)
    place.unlink() if damage == "deleted" else place.write_bytes(PICTURE.swapcase())
    with pytest.raises(Damaged, match=r"Grandma's kite\.jpg: the image that was handed over.*same make command again"):
        crew.run()
    assert crew.events(Failed)[-1].error == "TryLater"
    crew.hand_over()
    assert crew.run()[1].status == "finished"


def test_nothing_is_made_for_a_photograph_that_nobody_needs_any_more(tmp_path):
    crew = Crew(tmp_path / "lake.cutroom", scribe=PaidScribe(price="0"))
    crew.run()
    crew.production.store.path(crew.photo).unlink()
    performed = len(crew.scribe.performed)
    assert crew.run()[1].status == "finished"
    assert (len(crew.scribe.performed), crew.events(Lost)) == (performed, [])


def test_the_record_holds_what_a_person_may_want_to_know(tmp_path):
    crew = Crew(tmp_path / "lake.cutroom", tmp_path / "shared", budget="2")
    crew.run()
    accepted = crew.events(Accepted)[0]
    record = json.loads((tmp_path / "shared" / "takes" / accepted.key[:2] / f"{accepted.key}.json").read_text("utf-8"))
    assert (record["performer"], record["cost"], record["currency"]) == ("scribe", "1.00", "USD")
