"""What goes wrong with a ledger, with those who perform, and with money: a clear message, and a production that goes on."""

from __future__ import annotations

import datetime
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cutroom.brief.brief import Brief
from cutroom.director.limits import Limits
from cutroom.engine.local import LocalEngine
from cutroom.errors import Ambiguous, BrokenProduction, Busy, GiveUp, NoSpace, TryLater
from cutroom.ledger import journal as journals
from cutroom.ledger import lease as leases
from cutroom.ledger.events import Failed, Made, Opened, Started
from cutroom.ledger.journal import Journal
from cutroom.ledger.production import Production
from cutroom.ledger.state import fold
from cutroom.media.kinds import Audio, Image, Text
from cutroom.money import Price
from cutroom.plan.catalogue.understand import LookAtPicture, Transcribe
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.plan.terms import Terms
from cutroom.testing import Scribe, ScriptedPlanner, StrictJudge
from cutroom.testing.loopback.server import Answer
from cutroom.testing.paid import Paid, PaidServer

ASSETS = {
    "a1": Image(digest="a" * 64, suffix=".jpg", bytes=1, width=4, height=3),
    "s1": Audio(digest="b" * 64, suffix=".wav", bytes=1, seconds=1, rate=8000, channels=1),
}
BUDGET = Decimal(5)


def plan(*, calls: int = 1) -> Plan:
    """Looked at, heard so many times, written."""
    heard = {f"heard{n}": Transcribe(sound=Ref[Audio](id="s1"), language=f"a{chr(97 + n)}") for n in range(calls)}
    facts = tuple(Ref[Text](id=name) for name in ("look", *heard))
    return Plan(
        assets=ASSETS,
        steps={
            "look": LookAtPicture(picture=Ref[Image](id="a1")),
            **heard,
            "script": WriteScript(request="hello", facts=facts),
        },
        goal="script",
    )


class Clerk(Scribe):
    """Does not stand in for those who are paid."""

    def performs(self, step):
        return step.kind in ("look_at_picture", "write_script")


class Toy(Clerk):
    """Hears, on any terms, what `does` says."""

    name = "toy"

    def __init__(self, does: Callable[..., Any], **terms: Any) -> None:
        super().__init__()
        self.does = does
        self._terms = Terms(**{"price": Price.of("0.10"), "elsewhere": True, "lane": "toy", **terms})
        self.calls = 0

    def performs(self, step):
        return step.kind == "transcribe"

    def terms(self, step):
        return self._terms

    def perform(self, step, desk):
        self.calls += 1
        return self.does(self, step, desk)


def hears(toy: Toy, step: Any, desk: Any) -> Text:
    return desk.keep_text(f"heard {step.language}")


class Crew:
    """A production; `run` opens it anew each time, as another process would."""

    def __init__(self, folder: Path, performer: Any = None, **limits: Any) -> None:
        self.production = Production(folder / "toy.cutroom")
        self.performer = performer or Toy(hears)
        self.limits = Limits(**{"budget": BUDGET, **limits})
        self.plan = plan()
        self.answers: list[str | None] = []
        self.asked: list[Any] = []
        self.workers = 2

    def happened(self, event, state):
        pass

    def progress(self, step, done, total):
        pass

    def ask(self, asked):
        self.asked.append(asked)
        return self.answers.pop(0) if self.answers else None

    def run(self):
        with self.production.journal() as journal:
            journal.append(Opened(brief=Brief(request="hello"), cutroom="test"))
            engine = LocalEngine(
                journal=journal,
                store=self.production.store,
                planner=ScriptedPlanner(self.plan),
                performers=[self.performer, Clerk()],
                judge=StrictJudge(),
                limits=self.limits,
                watch=self,
                workers=self.workers,
            )
            return engine.run(fold(journal.events()))

    def events(self, kind=None) -> list[Any]:
        with self.production.journal(read_only=True) as journal:
            return [event for event in journal.events() if kind is None or isinstance(event, kind)]

    def words(self) -> dict[str, str]:
        return {event.step: event.media.digest for event in self.events(Made)}


# -- the ledger's file -------------------------------------------------------------------------------------------------


class Disk:
    """Fills up at the write with this number; counts them. Stands where SQLite meets the disk."""

    def __init__(self, full_at: int | None) -> None:
        self.left, self.writes = full_at, 0

    def connect(self, *where: Any, **how: Any) -> sqlite3.Connection:
        disk = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
                if sql.startswith(("INSERT", "UPDATE", "CREATE", "COMMIT")) and threading.current_thread() is MAIN:
                    disk.writes += 1
                    if disk.writes == disk.left:
                        if self.in_transaction:
                            super().execute("ROLLBACK")  # as SQLite does when the disk is full
                        raise sqlite3.OperationalError("database or disk is full")
                return super().execute(sql, *values)

        return sqlite3.connect(*where, factory=Connection, **how)


MAIN = threading.main_thread()


class Sqlite:
    """The module, but for one function."""

    def __init__(self, disk: Disk) -> None:
        self.connect = disk.connect

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)


@pytest.mark.slow
def test_a_disk_that_is_full_at_any_write_of_the_ledger(tmp_path, monkeypatch):
    undisturbed = Crew(tmp_path / "undisturbed")
    undisturbed.workers = 1

    def run_with(crew: Crew, full_at: int | None) -> Disk:
        disk = Disk(full_at)
        crew.workers = 1
        with monkeypatch.context() as patch:
            for module in (journals, leases):
                patch.setattr(module, "sqlite3", Sqlite(disk))
            crew.run()
        return disk

    writes = run_with(undisturbed, None).writes
    assert writes > 20
    stopped = 0
    for number in range(1, writes + 1):
        crew = Crew(tmp_path / f"{number}")
        try:
            run_with(crew, number)
        except NoSpace as error:
            stopped += 1
            assert "free some space" in str(error)
        _, wrap = crew.run()
        # A paid call whose answer could not be written down is of unknown fate, and nothing else is.
        if wrap.status == "stopped":
            assert "it may have been carried out and billed" in wrap.reason
            crew.limits = Limits(budget=BUDGET, on_ambiguous="resubmit")
            _, wrap = crew.run()
        assert wrap.status == "finished", number
        assert crew.words() == undisturbed.words()
        assert crew.performer.calls <= 2
    # All but giving back the lease at the end, which the next one takes from the dead.
    assert stopped >= writes - 2


def test_a_ledger_whose_file_cannot_grow(tmp_path, monkeypatch):
    crew = Crew(tmp_path)
    crew.plan = crew.plan.with_fields("script", request="hello " * 2000)
    prepare = Journal._prepare
    pages = [3]

    def small(journal, **how):
        prepare(journal, **how)
        journal._db.execute(f"PRAGMA max_page_count = {pages[0]}")

    monkeypatch.setattr(Journal, "_prepare", small)
    refused = 0
    while True:
        try:
            _, wrap = crew.run()
            break
        except NoSpace:
            refused += 1
            pages[0] += 1
    if wrap.status == "stopped":
        crew.limits = Limits(budget=BUDGET, on_ambiguous="resubmit")
        pages[0] += 10
        _, wrap = crew.run()
    assert (wrap.status, refused > 1) == ("finished", True)


def test_a_ledger_of_a_newer_version_is_left_as_it_is(tmp_path):
    crew = Crew(tmp_path)
    crew.run()
    with sqlite3.connect(crew.production.ledger) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = crew.production.ledger.read_bytes()
    with pytest.raises(BrokenProduction, match=r"newer Cutroom.*upgrade"):
        crew.run()
    assert crew.production.ledger.read_bytes() == before


@pytest.mark.parametrize("garbage", [b"nothing that SQLite knows " * 400, b"SQLite format 3\x00" + b"\x07" * 8000])
def test_a_ledger_of_garbage_is_named_and_left_as_it_is(tmp_path, garbage):
    crew = Crew(tmp_path)
    crew.production.folder.mkdir()
    crew.production.ledger.write_bytes(garbage)
    with pytest.raises(BrokenProduction, match=r"ledger\.sqlite.*cannot be read as a ledger"):
        crew.run()
    assert crew.production.ledger.read_bytes() == garbage


# -- two at once -------------------------------------------------------------------------------------------------------

HOLDING = """
import sys, time
from pathlib import Path
from cutroom.brief.brief import Brief
from cutroom.errors import Busy
from cutroom.ledger.events import Opened
from cutroom.ledger.journal import Journal

with Journal(Path(sys.argv[1])) as journal:
    opened = Opened(brief=Brief(request="mine"), cutroom="test")
    journal.append(opened)
    journal.flush()
    print("here", flush=True)
    sys.stdin.readline()
    try:
        journal.append(opened)
        journal.flush()
        print("written", flush=True)
    except Busy as error:
        print(error, flush=True)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds a ledger, and goes on when it is told to."""
    path = tmp_path / "toy.cutroom" / "ledger.sqlite"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout and child.stdin
    assert child.stdout.readline() == "here\n"
    yield child
    child.stdin.close()
    child.stdout.close()
    child.wait(20)


def test_the_second_of_two_processes_is_told_who_is_at_work(tmp_path, holder, monkeypatch):
    monkeypatch.setattr(leases, "BEAT", 0.2)
    with pytest.raises(Busy, match=f"process {holder.pid} on .* is at work on this production"):
        Crew(tmp_path).run()
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "written\n"


def test_one_that_slept_through_its_own_replacement_cannot_write(tmp_path, holder):
    path = tmp_path / "toy.cutroom" / "ledger.sqlite"
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        lease = leases.take(path, patience=0.3)
        lease.let_go()
        crew = Crew(tmp_path)
        _, wrap = crew.run()
    finally:
        os.kill(holder.pid, signal.SIGCONT)
    assert wrap.status == "finished"
    before = crew.events()
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert "another process took this production over; nothing more was written" in holder.stdout.readline()
    assert crew.events() == before


@pytest.mark.parametrize("noticed", [True, False])
def test_one_that_was_killed_is_not_waited_for(tmp_path, holder, monkeypatch, noticed):
    os.kill(holder.pid, signal.SIGKILL)
    if noticed:
        holder.wait(20)
    else:  # its parent has not asked what became of it: it still has its number
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)

    class Impatient:
        """The module, but for one function."""

        monotonic = time.monotonic

        @staticmethod
        def sleep(seconds: float) -> None:
            pytest.fail("somebody was waited for who is dead")

    monkeypatch.setattr(leases, "time", Impatient)
    assert Crew(tmp_path).run()[1].status == "finished"


# -- those who perform -------------------------------------------------------------------------------------------------


def test_one_that_hangs_is_given_up(tmp_path):
    forever = threading.Event()
    crew = Crew(tmp_path, Toy(lambda *_: forever.wait(60), price=Price(), elsewhere=False, seconds=0.2))
    _, wrap = crew.run()
    forever.set()
    assert wrap.status == "failed"
    assert "toy did not answer in time" in wrap.reason
    crew.performer = Toy(hears)
    assert crew.run()[1].status == "finished"


def test_one_that_is_paid_and_hangs_is_of_unknown_fate(tmp_path):
    forever = threading.Event()
    crew = Crew(tmp_path, Toy(lambda *_: forever.wait(60), seconds=0.2))
    _, wrap = crew.run()
    forever.set()
    assert wrap.status == "stopped"
    assert "it may have been carried out and billed" in wrap.reason
    assert crew.performer.calls == 1


def test_an_answer_after_the_time_out_is_kept_and_nothing_is_paid_twice(tmp_path):
    late, kept = threading.Event(), threading.Event()

    def slow(toy: Toy, step: Any, desk: Any) -> Text:
        # One answers when its time is over; the other one only when that answer has been written down.
        (late if step.language == "aa" else kept).wait(20)
        return hears(toy, step, desk)

    class Slow(Toy):
        def terms(self, step):
            return replace(self._terms, seconds=0.2 if step.language == "aa" else None)

    def happened(event: Any, state: Any) -> None:
        if event.kind == "failed":
            late.set()
        if event.kind == "made" and event.step == "heard0":
            kept.set()

    crew = Crew(tmp_path, Slow(slow, at_once=2))
    crew.plan = plan(calls=2)
    crew.happened = happened  # pyright: ignore[reportAttributeAccessIssue]
    state, wrap = crew.run()
    assert [event.error for event in crew.events(Failed)] == ["TimedOut"]
    assert len(crew.asked) == 1
    assert (wrap.status, crew.performer.calls, state.paid()) == ("finished", 2, Decimal("0.20"))


def test_one_that_lies_about_what_it_made(tmp_path):
    def lies(toy: Toy, step: Any, desk: Any) -> Any:
        text = hears(toy, step, desk)
        return Audio(digest=text.digest, bytes=text.bytes, suffix=".wav", seconds=1, rate=8000, channels=1)

    crew = Crew(tmp_path, Toy(lies))
    _, wrap = crew.run()
    assert wrap.status == "failed"
    assert "toy was to make Text and handed over Audio" in wrap.reason
    assert crew.events(Failed)[0].billed is None  # it answered; whether it bills that, nobody knows
    assert crew.run()[1].status == "stopped"
    assert crew.performer.calls == 1


@pytest.mark.parametrize(
    ("garbage", "says"),
    [
        (lambda *_: Text(digest="e" * 64, suffix=".txt", bytes=3), "handed over one that is not in the store"),
        (lambda *_: None, "was to make Text and handed over NoneType"),
        (lambda *_: 1 / 0, "toy crashed: division by zero"),
    ],
)
def test_one_that_hands_over_garbage_costs_its_own_step(tmp_path, garbage, says):
    crew = Crew(tmp_path, Toy(garbage, price=Price(), elsewhere=False))
    _, wrap = crew.run()
    assert (wrap.status, says in wrap.reason) == ("failed", True)
    crew.performer = Toy(hears)
    state, wrap = crew.run()
    assert (wrap.status, len(state.performed)) == ("finished", 2)


def test_later_is_tried_a_bounded_number_of_times_at_the_time_that_was_said(tmp_path):
    times: list[float] = []

    def busy(*_: Any) -> Any:
        times.append(time.monotonic())
        raise TryLater("overloaded", after=0.3)

    crew = Crew(tmp_path, Toy(busy), tries=3)
    state, wrap = crew.run()
    assert (wrap.status, "overloaded" in wrap.reason, len(times)) == ("failed", True, 3)
    assert all(after - before >= 0.3 for before, after in pairwise(times))
    assert state.paid() == 0


def test_later_without_a_time_waits_longer_each_time(tmp_path):
    crew = Crew(tmp_path, Toy(lambda *_: (_ for _ in ()).throw(TryLater("away"))), tries=2)
    began = time.monotonic()
    _, wrap = crew.run()
    assert (wrap.status, crew.performer.calls) == ("failed", 2)
    assert time.monotonic() - began >= 1.0


def test_a_job_outlives_a_server_that_is_away_for_long(tmp_path):
    with PaidServer() as server:
        crew = Crew(tmp_path, Paid(server.url, {"transcribe": "job"}), tries=1)

        def away(*_: Any) -> Any:
            raise TryLater("the server is away")

        job = crew.performer._job
        crew.performer._job = lambda asked_for, desk: handed_in_and_then(job(asked_for, desk), away)
        _, wrap = crew.run()
        assert (wrap.status, "away" in wrap.reason) == ("failed", True)
        crew.performer._job = job
        state, wrap = crew.run()
        assert (wrap.status, sum(server.created.values()), state.paid()) == ("finished", 1, Decimal("0.10"))


def handed_in_and_then(flow: Any, trouble: Callable[[], Any]) -> Any:
    """The flow until the server has named the job; then trouble."""
    answer = yield next(flow)
    yield flow.send(answer)
    trouble()


def test_a_job_that_the_server_forgot_is_of_unknown_fate(tmp_path):
    with PaidServer() as server:
        crew = Crew(tmp_path, Paid(server.url, {"transcribe": "job"}))
        server.moment = lambda what: server.restart() if what == "received GET /jobs/JOB" else None
        _, wrap = crew.run()
        assert (wrap.status, sum(server.created.values())) == ("stopped", 1)
        assert "it may have been carried out and billed" in wrap.reason
        server.moment = lambda what: None
        crew.limits = Limits(budget=BUDGET, on_ambiguous="resubmit")
        assert crew.run()[1].status == "finished"
        assert sum(server.created.values()) == 2


@pytest.mark.parametrize(
    ("policy", "calls", "ends"), [("ask", 1, "stopped"), ("skip", 1, "failed"), ("resubmit", 2, "finished")]
)
def test_a_connection_that_breaks_off_follows_the_policy(tmp_path, policy, calls, ends):
    with PaidServer() as server:
        server.will("POST /calls", Answer(works=True, silent=True))
        crew = Crew(tmp_path, Paid(server.url, {"transcribe": "call"}), on_ambiguous=policy)
        _, wrap = crew.run()
        assert (wrap.status, sum(server.created.values())) == (ends, calls)


def test_what_was_said_of_one_lost_call_does_not_hold_for_the_next(tmp_path):
    with PaidServer() as server:
        server.will("POST /calls", *[Answer(works=True, silent=True)] * 2)
        crew = Crew(tmp_path, Paid(server.url, {"transcribe": "call"}))
        crew.answers = ["resubmit"]
        _, wrap = crew.run()
        assert (wrap.status, len(crew.asked), sum(server.created.values())) == ("stopped", 2, 2)


def test_a_server_that_knows_tokens_is_asked_again_without_asking_anybody(tmp_path):
    with PaidServer(idempotent=True) as server:
        server.will("POST /calls", Answer(works=True, silent=True))
        crew = Crew(tmp_path, Paid(server.url, {"transcribe": "call"}, repeatable=True))
        state, wrap = crew.run()
        assert (wrap.status, crew.asked, server.billed, state.paid()) == (
            "finished",
            [],
            Decimal("0.10"),
            Decimal("0.10"),
        )


def test_a_clock_that_goes_backwards_decides_nothing(tmp_path, monkeypatch):
    now = [1.7e9]

    def backwards() -> float:
        now[0] -= 3600
        return now[0]

    class Backwards(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls.fromtimestamp(backwards(), tz)

    monkeypatch.setattr(time, "time", backwards)
    monkeypatch.setattr(journals, "datetime", Backwards)
    crew = Crew(tmp_path)
    assert crew.run()[1].status == "finished"
    state, wrap = crew.run()
    assert (wrap.status, len(state.performed)) == ("finished", 0)
    with crew.production.journal(read_only=True) as journal:
        entries = list(journal.entries())
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)


# -- money -------------------------------------------------------------------------------------------------------------


def test_many_calls_at_a_time_cannot_overshoot_the_budget(tmp_path):
    under_way: list[int] = []
    at_work = threading.Semaphore(0)

    def slow(toy: Toy, step: Any, desk: Any) -> Text:
        under_way.append(1)
        at_work.acquire(timeout=0.1)
        return hears(toy, step, desk)

    crew = Crew(tmp_path, Toy(slow, at_once=8), budget=Decimal("0.35"))
    crew.plan = plan(calls=8)
    state, wrap = crew.run()
    assert (wrap.status, state.paid(), crew.performer.calls) == ("stopped", Decimal("0.30"), 3)
    assert "costs 0.10 USD, and 0.30 of 0.35 USD is spent; raise --budget to go on" in wrap.reason
    crew.limits = Limits(budget=Decimal("0.80"))
    state, wrap = crew.run()
    assert (wrap.status, state.paid(), crew.performer.calls) == ("finished", Decimal("0.80"), 8)


def test_what_is_cheaper_than_feared_leaves_room_for_more(tmp_path):
    def cheap(toy: Toy, step: Any, desk: Any) -> Text:
        desk.charge(Price.of("0.01"))
        return hears(toy, step, desk)

    price = Price(low=Decimal("0.01"), high=Decimal("0.30"))
    crew = Crew(tmp_path, Toy(cheap, price=price, at_once=8), budget=Decimal("0.40"))
    crew.plan = plan(calls=6)
    state, wrap = crew.run()
    assert (wrap.status, state.paid()) == ("finished", Decimal("0.06"))


def test_a_person_says_yes(tmp_path):
    crew = Crew(tmp_path, approve_above=Decimal("0.05"))
    crew.answers = ["yes"]
    assert crew.run()[1].status == "finished"
    assert [(one.question, one.step) for one in crew.asked] == [("approve", "heard0")]
    assert "heard0 by toy costs 0.10 USD" in crew.asked[0].says


@pytest.mark.parametrize(("answers", "says"), [(["no"], "it was not approved"), ([], "go on?")])
def test_a_person_says_no_or_is_not_there(tmp_path, answers, says):
    crew = Crew(tmp_path, approve_above=Decimal("0.05"))
    crew.answers = answers
    state, wrap = crew.run()
    assert (wrap.status, crew.performer.calls, state.paid()) == ("stopped", 0, 0)
    assert says in wrap.reason
    assert "raise --approve-above to 0.10 or more to go on" in wrap.reason
    crew.limits = Limits(budget=BUDGET, approve_above=Decimal("0.10"))
    assert crew.run()[1].status == "finished"


@pytest.mark.parametrize(("price", "says"), [(Price.unknown(), "is not known"), (Price.of("0.10", "EUR"), "is in EUR")])
def test_a_price_that_cannot_be_held_against_the_budget(tmp_path, price, says):
    crew = Crew(tmp_path, Toy(hears, price=price))
    _, wrap = crew.run()
    assert (wrap.status, crew.performer.calls) == ("stopped", 0)
    assert says in wrap.reason
    assert "--allow-unknown-price to go on" in wrap.reason
    crew.limits = Limits(budget=BUDGET, allow_unknown_price=True)
    assert crew.run()[1].status == "finished"


def test_a_bill_is_counted_though_the_work_was_of_no_use(tmp_path):
    def billed(toy: Toy, step: Any, desk: Any) -> Any:
        desk.charge(Price.of("0.10"))
        raise GiveUp("the server's picture shows nothing", billed=True)

    crew = Crew(tmp_path, Toy(billed))
    state, wrap = crew.run()
    assert (wrap.status, state.paid()) == ("failed", Decimal("0.10"))


def test_an_unknown_fate_in_the_middle_lets_the_others_finish(tmp_path):
    def lost(toy: Toy, step: Any, desk: Any) -> Any:
        if step.language == "ab":
            raise Ambiguous("no answer came; the work may have been done, and billed")
        return hears(toy, step, desk)

    crew = Crew(tmp_path, Toy(lost, at_once=1))
    crew.plan = plan(calls=3)
    _, wrap = crew.run()
    assert (wrap.status, len(crew.asked)) == ("stopped", 1)
    assert {event.step for event in crew.events(Started)} >= {"look", "heard0", "heard1"}
    crew.performer.does = hears
    crew.limits = Limits(budget=BUDGET, on_ambiguous="resubmit")
    _, wrap = crew.run()
    assert wrap.status == "finished"
    assert crew.performer.calls == 4
