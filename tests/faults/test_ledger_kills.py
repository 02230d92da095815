"""`kill -9` at every transition of the journal, of the store, and of the exchange with a server that costs money.

This file is also the program that is killed: it loads everything once, then makes each production in a fork of itself.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from cutroom.errors import WrongUse
from cutroom.ledger.journal import Journal
from cutroom.media.kinds import Audio, Image, Text
from cutroom.plan.catalogue.understand import LookAtPicture, Transcribe
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.plugins import hookimpl, offered, plugin_manager
from cutroom.testing import Scribe, StrictJudge
from cutroom.testing.paid import Paid, PaidServer

SHOPS = 3
"""So many productions are made at a time: they wait for the disk more than they work."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


# -- what is made: looked at (free), heard (a paid call), written (a paid job), ended (free) -----------------------------


def partly() -> Plan:
    return Plan(
        assets={
            "a1": Image(digest="a" * 64, suffix=".jpg", bytes=1, width=4, height=3),
            "s1": Audio(digest="b" * 64, suffix=".wav", bytes=1, seconds=1, rate=8000, channels=1),
        },
        steps={"look": LookAtPicture(picture=Ref[Image](id="a1"))},
        waits_for=("look",),
    )


def wholly() -> Plan:
    facts = (Ref[Text](id="look"), Ref[Text](id="heard"))
    steps = {
        "heard": Transcribe(sound=Ref[Audio](id="s1")),
        "script": WriteScript(request="a story", facts=facts),
        "again": LookAtPicture(picture=Ref[Image](id="a1")),
        "end": Ending(facts=(Ref[Text](id="script"), Ref[Text](id="again"))),
    }
    first = partly()
    return first.model_copy(update={"steps": {**first.steps, **steps}, "goal": "end", "waits_for": ()})


class Ending(WriteScript):
    """Write the end."""

    kind: Literal["write_ending"] = "write_ending"  # pyright: ignore[reportIncompatibleVariableOverride]
    request: str = "the end"


class Growing:
    """A planner that looks first."""

    name = "growing"
    version = "1"

    def plan(self, brief, known):
        return wholly() if "look" in known.texts else partly()

    def revise(self, plan, step, verdict, round):
        return None


class Clerk(Scribe):
    """Does not stand in for those who are paid."""

    def performs(self, step):
        return step.kind in ("look_at_picture", "write_ending")


class Company:
    """A plug-in with everybody that the production needs."""

    def __init__(self, url: str, *, repeatable: bool) -> None:
        self.paid = Paid(url, {"transcribe": "call", "write_script": "job"}, repeatable=repeatable)

    @hookimpl
    def cutroom_steps(self, register):
        register(Ending)

    @hookimpl
    def cutroom_performers(self, register):
        register(self.paid)
        register(Clerk())

    @hookimpl
    def cutroom_planners(self, register):
        register(Growing())

    @hookimpl
    def cutroom_judges(self, register):
        register(StrictJudge())


# -- the program that is killed ------------------------------------------------------------------------------------------


class Points:
    """Every place at which a process may end, named by what happens there and how often it happened."""

    def __init__(self, log: Path, deadly: str | None) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._deadly = deadly
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def reach(self, what: str) -> None:
        with self._lock:
            self._seen[what] += 1
            name = f"{what} #{self._seen[what]}"
        if name == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(self._log, f"{name}\n".encode())

    def around(self, owner: Any, name: str, told: Callable[..., str | None]) -> None:
        """Makes a point before and one after every call of `owner.name` of which `told` says what it is."""
        inner = getattr(owner, name)

        def outer(*args: Any, **kwargs: Any) -> Any:
            what = told(*args, **kwargs)
            if what is None:
                return inner(*args, **kwargs)
            self.reach(f"before {what}")
            result = inner(*args, **kwargs)
            self.reach(f"after {what}")
            return result

        setattr(owner, name, outer)


def _file(path: object) -> str:
    """A name that is the same in every run: own names of processes hold numbers that are not."""
    name = (Path(f"/proc/self/fd/{path}").readlink() if isinstance(path, int) else Path(str(path))).name
    return next((kind for kind in ("new-", "work-", ".part") if kind in name), name)


def watched(points: Points) -> None:
    from cutroom.net.client import Client

    def appended(journal: Journal, event: Any) -> str:
        return f"append {event.kind} {getattr(event, 'step', '')}".strip()

    def asked(client: Any, request: Any) -> str:
        return f"{request.method} {'/'.join('JOB' if part.startswith('job-') else part for part in request.path.split('/'))}"

    def committed(journal: Any) -> str | None:
        return "commit" if journal._db.in_transaction else None

    points.around(Journal, "append", appended)
    points.around(Journal, "flush", committed)
    points.around(Client, "send", asked)
    points.around(os, "replace", lambda source, place: f"rename to {_file(place)}")
    points.around(os, "fsync", lambda file: f"fsync {_file(file)}")


def produce(order: dict[str, Any]) -> None:
    """One run of one production, in a fork."""
    from cutroom import Options, api
    from cutroom.report import report

    # The page shows a film's length and pictures; this "film" is words.
    report.report = lambda *_, **__: "a page"
    folder = Path(order["folder"])
    os.chdir(folder)
    plugin_manager().register(Company(order["url"], repeatable=order["repeatable"]))
    options = Options(
        mark=False,
        captions="none",
        voice="none",
        music="none",
        budget="5",  # pyright: ignore[reportArgumentType]
        on_ambiguous=order["policy"],
    )
    watched(Points(folder / "points.txt", order["kill"]))
    try:
        if (folder / "film.cutroom" / "ledger.sqlite").exists():
            result = api.resume("film.cutroom", options=options)
        else:
            result = api.make("hello", out="film.mp4", options=options)
    except WrongUse:  # it had not got as far as a brief
        result = api.make("hello", out="film.mp4", options=options)
    (folder / "outcome.json").write_text(result.model_dump_json())


def serve() -> None:
    """Reads orders, one a line; forks for each; says when the fork is there and when it is gone."""
    import cutroom.api
    import cutroom.brief.reading
    import cutroom.net.client
    import cutroom.report.report  # noqa: F401 - loaded once, for all forks

    for hook in ("cutroom_steps", "cutroom_performers", "cutroom_planners", "cutroom_judges"):
        offered(hook)
    gc.freeze()  # what is shared with the forks is not gone through in each of them
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 70
            try:
                produce(order)
                code = 0
            except BaseException:  # noqa: BLE001 - told to the test
                Path(order["folder"], "crash.txt").write_text(traceback.format_exc())
            os._exit(code)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


# -- the tests -----------------------------------------------------------------------------------------------------------


class Workshop:
    """Makes productions in forks, against one server."""

    def __init__(self, server: PaidServer, program: subprocess.Popen[str], folder: Path) -> None:
        self.server, self.folder = server, folder
        self._program = program
        self._count = 0
        self._child = 0
        self._known = threading.Event()
        self._deadly: str | None = None
        self.moments: list[str] = []
        server.moment = self._at_the_server

    def _at_the_server(self, what: str) -> None:
        self.moments.append(what)
        if f"server {what} #{self.moments.count(what)}" == self._deadly:
            self._deadly = None
            self._known.wait(10)
            os.kill(self._child, signal.SIGKILL)

    def new(self) -> Path:
        self._count += 1
        place = self.folder / f"{self._count}"
        place.mkdir()
        self.server.created.clear()
        self.server.restart()
        self.server._answers.clear()
        self.moments.clear()
        return place

    def run(self, place: Path, *, kill: str | None = None, policy: str = "ask") -> int:
        """The exit code of one run, negative for a signal."""
        order = {
            "folder": str(place),
            "url": self.server.url,
            "kill": kill,
            "policy": policy,
            "repeatable": self.server.idempotent,
        }
        self._known.clear()
        self._deadly = kill if kill and kill.startswith("server ") else None
        assert self._program.stdin and self._program.stdout
        (place / "outcome.json").unlink(missing_ok=True)
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        self._child = int(self._program.stdout.readline())
        self._known.set()
        code = int(self._program.stdout.readline())
        assert code <= 0, (kill, (place / "crash.txt").read_text())
        return code

    def points(self) -> tuple[Path, list[str]]:
        """An undisturbed run, and every point of it."""
        place = self.new()
        assert self.run(place) == 0
        at_server = [f"server {what} #{self.moments[: n + 1].count(what)}" for n, what in enumerate(self.moments)]
        return place, [*(place / "points.txt").read_text().splitlines(), *at_server]


@contextmanager
def workshop(folder: Path, *, idempotent: bool) -> Iterator[Workshop]:
    folder.mkdir()
    with PaidServer(idempotent=idempotent) as server:
        program = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
        )
        assert program.stdin and program.stdout
        try:
            assert program.stdout.readline() == "ready\n"
            yield Workshop(server, program, folder)
        finally:
            program.stdin.close()
            program.wait(20)
            program.stdout.close()


def outcome(place: Path) -> dict[str, Any]:
    return json.loads((place / "outcome.json").read_text())


def ledger(place: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(place / "film.cutroom" / "ledger.sqlite")) as database:
        return [json.loads(body) for (body,) in database.execute("SELECT body FROM events ORDER BY number")]


def takes(place: Path) -> dict[str, str]:
    """What was made, by key."""
    return {event["key"]: event["media"]["digest"] for event in ledger(place) if event["kind"] == "made"}


def performed_after_commit(place: Path) -> list[str]:
    """Steps that were begun again although they had been made."""
    made: set[str] = set()
    again = []
    for event in ledger(place):
        if event["kind"] == "made":
            assert event["key"] not in made, f"{event['step']} was made twice"
            made.add(event["key"])
        elif event["kind"] == "started" and event["key"] in made:
            again.append(event["step"])
    return again


def leftovers(place: Path) -> list[str]:
    return [str(path) for path in place.rglob("*") if path.name.startswith(("new-", "work-")) or ".part" in path.name]


def same_as(undisturbed: Path, place: Path, kill: str) -> None:
    assert (place / "film.mp4").read_bytes() == (undisturbed / "film.mp4").read_bytes(), kill
    assert takes(place) == takes(undisturbed), kill
    assert performed_after_commit(place) == [], kill
    assert leftovers(place) == [], kill


def trial(shop: Workshop, kill: str, undisturbed: Path) -> str | None:
    """One production, killed at `kill` and gone on with. Returns the step whose call was of unknown fate then, if one was."""
    place = shop.new()
    twice = str(2 * shop.server.price)
    code = shop.run(place, kill=kill)
    if code == 0:  # how often free events are committed is a matter of luck, all else is not
        assert "commit" in kill, f"{kill} was not reached"
        return None
    assert code == -signal.SIGKILL
    assert shop.run(place) == 0
    assert max(shop.server.created.values(), default=0) <= 1, kill
    said, unknown = outcome(place), None
    if said["status"] == "stopped":
        unknown = said["reason"].partition(":")[0]
        assert "it may have been carried out and billed" in said["reason"], kill
        assert "--on-ambiguous resubmit or --on-ambiguous skip" in said["reason"], kill
        assert shop.run(place, policy="resubmit") == 0
        assert sorted(shop.server.created.values()) in ([1, 1], [1, 2]), kill
        said = outcome(place)
    else:
        assert sorted(shop.server.created.values()) == [1, 1], kill
    assert (said["status"], said["spent"]) == ("delivered", {"USD": twice}), kill
    same_as(undisturbed, place, kill)
    return unknown


def told_apart(points: list[str]) -> list[str]:
    """The points without those at which nothing has happened since the one before: a death there leaves the same behind."""
    pairs = zip(["", *points], points, strict=False)
    return [point for before, point in pairs if not (before.startswith("after ") and point.startswith("before "))]


def trials(folder: Path, *, idempotent: bool, wanted: str = "") -> tuple[list[str], dict[str, list[str]]]:
    """Every point with what is wanted in its name, tried; and where which step's call was of unknown fate.

    Several productions are made at a time.
    """
    count = 1 if wanted else SHOPS
    with ExitStack() as stack:
        shops = [stack.enter_context(workshop(folder / f"shop{n}", idempotent=idempotent)) for n in range(count)]
        undisturbed, points = shops[0].points()
        points = told_apart(points)
        left = deque(point for point in points if wanted in point)
        unknown: dict[str, list[str]] = {"heard": [], "script": []}

        def work(shop: Workshop) -> None:
            while left:
                kill = left.popleft()
                if step := trial(shop, kill, undisturbed):
                    unknown[step].append(kill)

        with ThreadPoolExecutor(count) as pool:
            for done in [pool.submit(work, shop) for shop in shops]:
                done.result()
    return points, unknown


def between(points: list[str], first: str, end: str) -> set[str]:
    """From `first` on, as long as `end` has not been reached."""
    return set(points[points.index(first) : points.index(end)])


@pytest.mark.slow
def test_killed_anywhere_it_goes_on_pays_once_and_makes_the_same(tmp_path):
    points, unknown = trials(tmp_path, idempotent=False)
    # Nobody can know what became of a call between the intent and the answer (or the job's name) in the ledger.
    assert set(unknown["heard"]) == {
        *between(points, "after append started heard #1", "after append fetched heard #1"),
        "server received POST /calls #1",
        "server done POST /calls #1",
    }
    assert set(unknown["script"]) == {
        *between(points, "after append started script #1", "after append submitted script #1"),
        "server received POST /jobs #1",
        "server done POST /jobs #1",
    }
    assert len(points) > 60


@pytest.mark.slow
def test_killed_around_a_call_to_a_server_that_knows_tokens_nobody_is_asked_and_nothing_is_paid_twice(tmp_path):
    points, unknown = trials(tmp_path, idempotent=True, wanted="POST")
    assert unknown == {"heard": [], "script": []}
    assert sum("POST" in point for point in points) == 6


@pytest.mark.slow
def test_a_call_of_unknown_fate_is_skipped_when_that_is_asked_for(tmp_path):
    with workshop(tmp_path / "shop", idempotent=False) as shop:
        place = shop.new()
        assert shop.run(place, kill="server done POST /calls #1") == -signal.SIGKILL
        assert shop.run(place, policy="skip") == 0
        said = outcome(place)
        assert (said["status"], sum(shop.server.created.values())) == ("failed", 1)
        assert "it was skipped, as asked" in said["reason"]
        # It is no last word: the next run may ask again.
        assert shop.run(place) == 0
        assert outcome(place)["status"] == "stopped"
        assert shop.run(place, policy="resubmit") == 0
        assert (outcome(place)["status"], sorted(shop.server.created.values())) == ("delivered", [1, 2])


FILM = """
import os, signal, sys
import cutroom
from cutroom.ledger.journal import Journal

step, when = sys.argv[1:] if sys.argv[1:] else ("", "")
append, flush = Journal.append, Journal.flush

def deadly(journal, event):
    append(journal, event)
    if (getattr(event, "step", "") or event.kind, event.kind) == (step, when):
        flush(journal)
        os.kill(os.getpid(), signal.SIGKILL)

Journal.append = deadly
options = cutroom.Options(seconds="2", shape="160x90", fps="10", voice="none", music="none", mark=False)
result = cutroom.make("A film", ["photos"], "film.mp4", options=options)
print(result.status, result.calls.performed)
"""


@pytest.mark.slow
def test_a_real_film_killed_in_five_places_is_the_undisturbed_one(tmp_path, draw):
    def make(place: Path, *kill: str) -> subprocess.CompletedProcess[str]:
        for seed in range(2):
            if not (place / "photos" / f"{seed}.jpg").exists():
                draw(place / "photos" / f"{seed}.jpg", seed, (240, 160))
        command = [sys.executable, "-c", FILM, *kill]
        return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)

    (tmp_path / "a").mkdir()
    assert make(tmp_path / "a").stdout.startswith("delivered")
    undisturbed = (tmp_path / "a" / "film.mp4").read_bytes()
    place = tmp_path / "b"
    place.mkdir()
    for kill in (("script", "started"), ("script", "made"), ("cut", "accepted"), ("film", "started"), ("film", "made")):
        assert make(place, *kill).returncode == -signal.SIGKILL, kill
        assert not (place / "film.mp4").exists()
    done = make(place)
    assert done.stdout == "delivered 0\n", done.stderr
    assert (place / "film.mp4").read_bytes() == undisturbed
    assert performed_after_commit(place) == []
    assert leftovers(place) == []


if __name__ == "__main__":
    serve()
