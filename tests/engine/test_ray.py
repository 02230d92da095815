"""Takes made by the workers of a Ray cluster: the same ledger as here, whatever happens to a worker."""

import json
import os
import signal
import sys
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from cutroom.brief.brief import Brief
from cutroom.director.limits import Limits
from cutroom.engine.local import LocalEngine
from cutroom.errors import Cancelled
from cutroom.ledger.events import Failed, Made, Opened, Submitted
from cutroom.ledger.production import Production
from cutroom.ledger.state import fold
from cutroom.media.kinds import Image, Text
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.plan.terms import Terms
from cutroom.testing import Scribe, ScriptedPlanner, StrictJudge
from cutroom.testing.paid import Paid, PaidServer

ray = pytest.importorskip("ray")

pytestmark = [
    pytest.mark.slow,
    # What Ray's own processes leave open at the end is not ours to close.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

ASSET = Image(digest="a" * 64, suffix=".jpg", bytes=1, width=4, height=3)
LOADED: list[str] = []
"""What this process has loaded: a worker's own list."""


@pytest.fixture(scope="module")
def cluster():
    """Two CPUs and one desk, on the loopback. The workers get these performers as they are: nobody offers them there."""
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        address="local",
        num_cpus=2,
        resources={"desk": 1},
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        object_store_memory=100_000_000,
    )
    yield
    ray.shutdown()


def plan(*scripts, goal=None) -> Plan:
    names = scripts or ("hello",)
    steps = {f"script-{name}": WriteScript(request=name, facts=(Ref[Text](id="look"),)) for name in names}
    last = goal or list(steps)[-1]
    return Plan(assets={"a1": ASSET}, steps={"look": LookAtPicture(picture=Ref[Image](id="a1")), **steps}, goal=last)


def fan(count) -> Plan:
    """Steps that need nothing, and one that needs them all."""
    steps = {f"part-{number}": WriteScript(request=f"part {number}") for number in range(count)}
    refs = tuple(Ref[Text](id=name) for name in steps)
    return Plan(steps={**steps, "whole": WriteScript(request="whole", facts=refs)}, goal="whole")


class Crew:
    """A production with toy people; `run` opens it anew each time, as another process would."""

    def __init__(self, folder, *performers, of=None, **limits):
        self.production = Production(folder / "toy.cutroom")
        self.performers = list(performers) or [Scribe()]
        self.plan = of or plan()
        self.limits = Limits(**limits)

    def run(self, engine=None):
        from cutroom.engine.ray import RayEngine

        with self.production.journal() as journal:
            journal.append(Opened(brief=Brief(request="hello"), cutroom="test"))
            self.engine = (engine or RayEngine)(
                journal=journal,
                store=self.production.store,
                planner=ScriptedPlanner(self.plan),
                performers=self.performers,
                judge=StrictJudge(),
                limits=self.limits,
                workers=2,
            )
            return self.engine.run(fold(journal.events()))

    def events(self, kind):
        with self.production.journal(read_only=True) as journal:
            return [event for event in journal.events() if isinstance(event, kind)]

    def texts(self):
        """What every take says, by step."""
        store = self.production.store
        return {made.step: json.loads(store.path(made.media).read_text()) for made in self.events(Made)}


def outcome(crew):
    return sorted((made.step, made.take, made.key, made.media.digest) for made in crew.events(Made))


class Note(Scribe):
    """Makes text that says who made it; `folder` is where it leaves notes for the test."""

    name = "note"

    def __init__(self, folder=None, **terms):
        super().__init__()
        self.folder = folder
        self.own = terms

    def terms(self, step):
        return Terms(**self.own)

    def perform(self, step, desk):
        return desk.keep_text(json.dumps({"process": os.getpid(), "of": step.kind, **self.act(step, desk)}))

    def act(self, step, desk):
        return {}


def test_the_ledger_says_the_same_as_the_local_engine(cluster, tmp_path):
    away, here = Crew(tmp_path / "away", of=fan(6)), Crew(tmp_path / "here", of=fan(6))
    for folder in ("away", "here"):
        (tmp_path / folder).mkdir()
    assert away.run()[1].status == "finished"
    assert here.run(LocalEngine)[1].status == "finished"
    assert outcome(away) == outcome(here)
    state, wrap = away.run()
    assert (wrap.status, len(state.performed)) == ("finished", 0)
    assert not list(away.production.store.under_way())


class Loads(Note):
    """Loads something once in each process."""

    def act(self, step, desk):
        if "model" not in LOADED:
            LOADED.append("model")
            (self.folder / f"loaded-{os.getpid()}").touch()
        time.sleep(0.05)
        return {}


def test_a_model_is_loaded_once_and_its_takes_come_to_it(cluster, tmp_path):
    crew = Crew(tmp_path, Loads(tmp_path, resident="model", resources={"desk": 1.0}), of=fan(4))
    assert crew.run()[1].status == "finished"
    processes = {text["process"] for text in crew.texts().values()}
    assert len(processes) == 1 and os.getpid() not in processes
    assert len(list(tmp_path.glob("loaded-*"))) == 1


class Spans(Note):
    """Notes when it worked."""

    def act(self, step, desk):
        began = time.monotonic_ns()
        time.sleep(0.1)
        return {"from": began, "to": time.monotonic_ns()}


def overlapping(texts):
    spans = sorted((text["from"], text["to"]) for text in texts)
    return any(second[0] < first[1] for first, second in pairwise(spans))


def test_takes_are_placed_by_what_they_need(cluster, tmp_path):
    crew = Crew(tmp_path, Spans(lane="gpu:0", at_once=1, resources={"desk": 0.75}), of=fan(3))
    assert crew.run()[1].status == "finished"
    assert not overlapping(text for name, text in crew.texts().items() if name != "whole")


def test_what_no_machine_has_is_said(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("cutroom.engine.ray.PATIENCE", 0.1)
    crew = Crew(tmp_path, Note(resources={"GPU": 1.0}))
    _, wrap = crew.run()
    assert wrap.status == "failed"
    failed = crew.events(Failed)[0]
    assert failed.error == "Unavailable" and "no machine of the cluster has CPU 1, GPU 1" in failed.reason


class Dies(Note):
    """Loses its process the first `times` that it is asked."""

    times = 1

    def act(self, step, desk):
        lives = len(list(self.folder.glob("died-*")))
        if lives < self.times:
            (self.folder / f"died-{lives}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {}


def test_a_worker_that_dies_costs_only_another_attempt(cluster, tmp_path):
    crew = Crew(tmp_path, Dies(tmp_path))
    _, wrap = crew.run()
    assert wrap.status == "finished"
    assert (tmp_path / "died-0").exists() and not crew.events(Failed)


class AlwaysDies(Dies):
    times = 99


def test_a_take_that_kills_every_worker_fails_and_is_not_tried_for_ever(cluster, tmp_path):
    crew = Crew(tmp_path, AlwaysDies(tmp_path))
    _, wrap = crew.run()
    assert wrap.status == "failed"
    assert [failed.error for failed in crew.events(Failed)] == ["WorkerLost"]
    assert len(list(tmp_path.glob("died-*"))) == 3


class Marked(Paid):
    """Says which process works, so that the test can kill it."""

    def __init__(self, folder, *about, **terms):
        super().__init__(*about, **terms)
        self.folder = folder

    def perform(self, step, desk):
        (self.folder / "process").write_text(str(os.getpid()))
        return super().perform(step, desk)


class KilledAt:
    """Kills the worker, once, when the server comes to a moment."""

    def __init__(self, folder, moment):
        self.folder, self.moment = folder, moment
        self.killed = 0

    def __call__(self, what):
        if what == self.moment and not self.killed:
            self.killed = int((self.folder / "process").read_text())
            os.kill(self.killed, signal.SIGKILL)


def killed(tmp_path, server, moment, way, **about):
    """A production whose worker is killed at `moment`, the way of work being a job or a call."""
    server.moment = KilledAt(tmp_path, moment)
    limits = {"budget": 1, **about.pop("limits", {})}
    paid = Marked(tmp_path, server.url, {"write_script": way}, **about)
    crew = Crew(tmp_path, paid, of=fan(1).model_copy(update={"goal": "part-0"}), **limits)
    crew.wrap = crew.run()[1]
    assert server.moment.killed
    return crew


def test_a_job_is_asked_for_its_result_by_the_next_worker(cluster, tmp_path):
    with PaidServer(polls=2) as server:
        crew = killed(tmp_path, server, "received GET /jobs/JOB", "job")
    assert crew.wrap.status == "finished"
    assert server.created.total() == 1
    assert [event.job for event in crew.events(Submitted)] == ["job-1"]
    assert crew.engine.state.spent == {"USD": server.billed}


@pytest.mark.parametrize("moment", ["received POST /calls", "done POST /calls"])
def test_a_call_of_unknown_fate_is_a_persons_to_decide(cluster, tmp_path, moment):
    with PaidServer() as server:
        crew = killed(tmp_path, server, moment, "call")
        assert crew.wrap.status == "stopped"
        assert "--on-ambiguous" in crew.wrap.reason
        assert crew.events(Failed)[0].billed is None
        assert server.created.total() <= 1
        crew.limits = replace(crew.limits, on_ambiguous="resubmit")
        assert crew.run()[1].status == "finished"


def test_a_server_that_knows_the_call_is_sent_it_again(cluster, tmp_path):
    with PaidServer(idempotent=True) as server:
        crew = killed(tmp_path, server, "done POST /calls", "call", repeatable=True)
    assert crew.wrap.status == "finished"
    assert server.created.total() == 1


class Waits(Note):
    """Works on part 0 until nobody wants it any more, on all others until that is seen."""

    def terms(self, step):
        return Terms(lane="slow" if step.request == "part 0" else "")

    def act(self, step, desk):
        until = time.monotonic() + 30
        try:
            while time.monotonic() < until and not (self.folder / "cancelled").exists():
                time.sleep(0.05)
                if step.request == "part 0":
                    desk.progress(1, 2)
        except Cancelled:
            (self.folder / "cancelled").touch()
            raise
        return {}


def test_a_take_that_is_late_is_stopped_where_it_is_made(cluster, tmp_path):
    crew = Crew(tmp_path, Waits(tmp_path), of=fan(2), seconds={"slow": 1.0})
    _, wrap = crew.run()
    assert wrap.status == "failed"
    assert [failed.error for failed in crew.events(Failed)] == ["TimedOut"]
    assert (tmp_path / "cancelled").exists()
    assert [made.step for made in crew.events(Made)] == ["part-1"]


class Hangs(Note):
    """Never comes back."""

    def act(self, step, desk):
        (self.folder / "process").write_text(str(os.getpid()))
        time.sleep(600)
        return {}


def test_a_worker_that_hangs_does_not_outlive_the_run(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr("cutroom.engine.ray.STOPPING", 0.5)
    crew = Crew(tmp_path, Hangs(tmp_path, lane="slow"), seconds={"slow": 1.0})
    assert crew.run()[1].status == "failed"
    process = int((tmp_path / "process").read_text())
    until = time.monotonic() + 20
    while alive(process) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(process)


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


class Secretive(Note):
    """Cannot be sent anywhere."""

    def __reduce__(self):
        raise TypeError("it holds a lock")


def test_who_cannot_be_sent_works_here_unless_something_rare_is_needed(cluster, tmp_path):
    crew = Crew(tmp_path, Secretive())
    assert crew.run()[1].status == "finished"
    assert {text["process"] for text in crew.texts().values()} == {os.getpid()}
    (tmp_path / "other").mkdir()
    crew = Crew(tmp_path / "other", Secretive(resident="model"))
    crew.run()
    assert "cannot be sent to another machine (it holds a lock)" in crew.events(Failed)[0].reason


def test_a_film_is_the_same_to_the_byte(cluster, tmp_path):
    from PIL import Image as Pictures

    from cutroom.engine.watch import Unwatched
    from cutroom.producer.making import film
    from cutroom.producer.options import Options

    Pictures.new("RGB", (160, 90), (200, 40, 40)).save(tmp_path / "a.png")
    asked = {"shape": "160x90", "seconds": 1, "voice": "none", "music": "none", "mark": False, "captions": "none"}
    made = {}
    for engine in ("local", "ray"):
        (tmp_path / engine).mkdir()
        out = tmp_path / engine / "film.mp4"
        options = Options(**asked, engine=engine)
        made[engine] = film("a short film", [tmp_path / "a.png"], out, options, Unwatched())
    assert made["ray"].status == made["local"].status == "delivered"
    assert made["ray"].deliverables[0].sha256 == made["local"].deliverables[0].sha256
    assert made["ray"].calls == made["local"].calls
