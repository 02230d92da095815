"""Another take, an earlier version, other words, other performers: only what must be is made, and nothing is bought unasked."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pictures

import cutroom
from cutroom import Options, api
from cutroom.errors import TryAgain, WrongUse
from cutroom.ledger.journal import Journal
from cutroom.media.kinds import Image, Text
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.catalogue.write import WriteScript, WriteStory
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.plugins import hookimpl, plugin_manager
from cutroom.report import report
from cutroom.testing import Scribe, StrictJudge
from cutroom.testing.paid import Paid, PaidServer

ASSETS = {"a1": Image(digest="a" * 64, suffix=".jpg", bytes=1, width=4, height=3)}
OPTIONS = Options(mark=False, captions="none", voice="none", music="none", budget=Decimal(5))


def plan_of(words: str) -> Plan:
    """look → story (paid, and another one every time) → script → end; beside it another look."""
    return Plan(
        assets=ASSETS,
        steps={
            "look": LookAtPicture(picture=Ref[Image](id="a1")),
            "story": WriteStory(request="a story", notes=(Ref[Text](id="look"),)),
            "script": WriteScript(request=words, facts=(Ref[Text](id="story"),)),
            "aside": WriteScript(request="aside", facts=(Ref[Text](id="look"),)),
            "end": WriteScript(request="end", facts=(Ref[Text](id="script"), Ref[Text](id="aside"))),
        },
        goal="end",
    )


class Company:
    """A plug-in with everybody that the production needs."""

    name = "toy"
    version = "1"

    def __init__(self, url: str) -> None:
        self.scribe = Scribe()
        self.paid = Paid(url, {"write_story": "call"})

    def plan(self, brief, known):
        return plan_of(" ".join((brief.request, *brief.revisions)))

    def revise(self, plan, step, verdict, round):
        return None

    @hookimpl
    def cutroom_performers(self, register):
        register(self.paid)
        register(self.scribe)

    @hookimpl
    def cutroom_planners(self, register):
        register(self)

    @hookimpl
    def cutroom_judges(self, register):
        register(StrictJudge())


class Toy:
    """A production whose film is words."""

    def __init__(self, home: Path, company: Company, server: PaidServer) -> None:
        self.home, self.company, self.server = home, company, server
        self.folder = home / "film.cutroom"

    def make(self, words: str = "hello") -> Any:
        return cutroom.make(words, out=self.home / "film.mp4", options=OPTIONS)

    @property
    def film(self) -> bytes:
        return (self.home / "film.mp4").read_bytes()

    @property
    def calls(self) -> int:
        return sum(self.server.created.values())

    def began(self, since: int = 0) -> list[str]:
        """Steps that were performed, in order."""
        with Journal(self.folder / "ledger.sqlite", read_only=True) as journal:
            return [event.step for event in journal.events() if event.kind == "started"][since:]

    def step(self, name: str) -> Any:
        return next(step for step in api.status(self.folder).steps if step.step == name)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    # The page shows a film's length and pictures; this one is words.
    monkeypatch.setattr(report, "report", lambda *_, **__: "a page")
    with PaidServer() as server:
        company = Company(server.url)
        plugin_manager().register(company)
        try:
            yield Toy(tmp_path, company, server)
        finally:
            plugin_manager().unregister(company)


def test_what_is_finished_is_not_made_again(toy):
    first = toy.make()
    assert (first.status, first.calls.performed) == ("delivered", 5)
    for again in (toy.make(), api.resume(toy.folder, options=OPTIONS)):
        assert (again.status, again.calls.performed, again.calls.reused) == ("delivered", 0, 5)
    assert (toy.calls, len(toy.began())) == (1, 5)


def test_another_take_is_made_with_what_hangs_below_it_and_nothing_else(toy):
    toy.make()
    first = toy.film
    again = api.redo(toy.folder, "story", options=OPTIONS)
    assert again.status == "delivered"
    assert toy.began(5) == ["story", "script", "end"]
    assert toy.film != first
    assert again.spent == {"USD": Decimal("0.20")}


def test_going_back_makes_nothing_and_delivers_the_same_bytes(toy):
    toy.make()
    first = toy.film
    api.redo(toy.folder, "story", options=OPTIONS)
    back = api.undo(toy.folder, options=OPTIONS)
    assert (back.status, back.calls.performed, toy.film) == ("delivered", 0, first)
    with pytest.raises(WrongUse, match="there is nothing to go back to"):
        api.undo(toy.folder, options=OPTIONS)


def test_every_version_stays_reachable(toy):
    films = {}
    toy.make()
    films[1] = toy.film
    api.revise(toy.folder, "and more", options=OPTIONS)
    films[2] = toy.film
    api.redo(toy.folder, "story", options=OPTIONS)
    films[3] = toy.film
    assert len(set(films.values())) == 3
    calls = toy.calls
    for number in (1, 3, 2, 1, 2, 3):
        back = api.undo(toy.folder, number, options=OPTIONS)
        assert (back.status, back.calls.performed, toy.film) == ("delivered", 0, films[number])
        versions = api.status(toy.folder).versions
        assert [(one.number, one.current) for one in versions] == [(n, n == number) for n in (1, 2, 3)]
    assert toy.calls == calls
    with pytest.raises(WrongUse, match="there is no version 4; there are: 1, 2, 3"):
        api.undo(toy.folder, 4, options=OPTIONS)


def test_a_take_that_is_there_can_be_kept(toy):
    toy.make()
    first = toy.film
    api.redo(toy.folder, "story", options=OPTIONS)
    second = toy.film
    for take, film in ((1, first), (2, second)):
        kept = api.keep(toy.folder, "story", take, options=OPTIONS)
        assert (kept.status, kept.calls.performed, toy.film) == ("delivered", 0, film)
    with pytest.raises(WrongUse, match="there is no take 3 of story; there are: 1, 2"):
        api.keep(toy.folder, "story", 3, options=OPTIONS)
    with pytest.raises(WrongUse, match=r"take 2 of story is there: cutroom keep story 2"):
        api.redo(toy.folder, "story", 2, options=OPTIONS)


def test_the_first_command_still_works_afterwards(toy):
    toy.make()
    first = toy.film
    api.revise(toy.folder, "and more", options=OPTIONS)
    api.undo(toy.folder, options=OPTIONS)
    api.revise(toy.folder, "and less", options=OPTIONS)
    made = toy.make()
    assert (made.status, made.calls.performed, toy.film) == ("delivered", 0, first)


def test_a_change_that_cannot_be_leaves_no_trace(toy):
    toy.make()
    before, events = _files(toy), _events(toy)
    with pytest.raises(WrongUse, match="the plan has no step 'stroy'; did you mean story"):
        api.redo(toy.folder, "stroy", options=OPTIONS)
    assert (_files(toy), _events(toy)) == (before, events)


def _files(toy: Toy) -> list[str]:
    return sorted(str(path) for path in toy.folder.rglob("*") if not path.name.endswith(("-wal", "-shm")))


def _events(toy: Toy) -> int:
    with Journal(toy.folder / "ledger.sqlite", read_only=True) as journal:
        return len(list(journal.events()))


# -- other performers ----------------------------------------------------------------------------------------------------


def upgraded_settings(company: Company) -> str:
    company.paid.extra = {"steps": 30}
    return "setting steps: 30 instead of None"


def upgraded_version(company: Company) -> str:
    company.paid.version = "2"
    return "performer: version 2 instead of 1 of paid"


def upgraded_above(company: Company) -> str:
    company.scribe.version = "2"
    return "input look: another take"


@pytest.mark.parametrize("upgrade", [upgraded_settings, upgraded_version, upgraded_above])
def test_what_was_paid_for_is_used_though_it_is_stale_and_bought_again_only_when_asked_for(toy, upgrade):
    toy.make()
    first = toy.film
    why = upgrade(toy.company)
    made = toy.make()
    assert (made.status, toy.calls, made.spent) == ("delivered", 1, {"USD": Decimal("0.10")})
    assert "story" not in toy.began(5)
    if upgrade is not upgraded_above:
        assert (toy.film, made.calls.performed) == (first, 0)
    stale = toy.step("story")
    assert (stale.standing, stale.kept, stale.paid) == ("stale", True, Decimal("0.10"))
    assert why in stale.why

    again = api.redo(toy.folder, "story", options=OPTIONS)
    assert (again.status, toy.calls, again.spent) == ("delivered", 2, {"USD": Decimal("0.20")})
    assert (toy.step("story").standing, toy.step("story").kept) == ("current", False)


def test_a_persons_own_change_is_paid_for(toy):
    toy.make()
    plan = plan_of("hello").with_fields("story", request="another story")
    toy.company.plan = lambda brief, known: plan
    toy.company.version = "2"
    made = cutroom.make("hello there", out=toy.home / "film.mp4", options=OPTIONS)
    assert (made.status, toy.calls) == ("delivered", 2)


# -- how it stands -------------------------------------------------------------------------------------------------------


def test_status_says_how_each_step_stands_and_why(toy):
    stopped = cutroom.make("hello", out=toy.home / "film.mp4", options=OPTIONS.model_copy(update={"budget": None}))
    assert stopped.status == "stopped"
    stands = {step.step: step.standing for step in api.status(toy.folder).steps}
    assert [stands[name] for name in ("look", "story", "script", "end")] == ["current", *["missing"] * 3]
    toy.make()
    assert {step.standing for step in api.status(toy.folder).steps} == {"current"}
    step = json.dumps(plan_of("hello").steps["aside"].canonical())
    next(path for path in toy.folder.glob("store/*/*.txt") if step in path.read_text()).unlink()
    assert (toy.step("aside").standing, toy.step("aside").why) == ("missing", ("its bytes are gone from the store",))
    assert toy.make().calls.performed == 1
    assert toy.step("aside").standing == "current"


def test_status_of_a_call_that_was_cut_off_says_that_nobody_knows(toy, monkeypatch):
    class Killed(BaseException):
        """As good as a kill: nothing is written down any more."""

    def killed(step, desk):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(toy.company.paid, "perform", killed)
        with pytest.raises(Killed):
            toy.make()
    stands = toy.step("story")
    assert (stands.standing, api.status(toy.folder).ended) == ("cut off", "never")
    assert "it may have been carried out and billed" in stands.why[0]


def test_status_of_a_failure_says_what_failed(toy):
    toy.company.scribe.fails = {"write_script": TryAgain("no ink")}
    assert toy.make().status == "failed"
    assert toy.step("aside").why == ("no ink",)


# -- a real film -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_real_film_with_other_music_and_back(tmp_path):
    rng = np.random.default_rng(1)
    for number in range(2):
        pixels = np.kron(rng.integers(0, 255, (6, 8, 3), np.uint8), np.ones((30, 30, 1), np.uint8))
        (tmp_path / "photos").mkdir(exist_ok=True)
        Pictures.fromarray(pixels).save(tmp_path / "photos" / f"{number}.jpg")
    options = Options(seconds="3", shape="160x90", fps="10", voice="none", mark=False)  # pyright: ignore[reportArgumentType]
    film, folder = tmp_path / "film.mp4", tmp_path / "film.cutroom"
    made = cutroom.make("A calm film", [tmp_path / "photos"], film, options=options)
    first = film.read_bytes()

    again = api.redo(folder, "music")
    plan = cutroom.Plan.model_validate_json((folder / "plan.json").read_bytes())
    assert again.calls.performed == 1 + len(plan.below("music"))
    assert film.read_bytes() != first

    back = api.undo(folder)
    assert (back.status, back.calls.performed, film.read_bytes()) == (made.status, 0, first)
    last = cutroom.make("A calm film", [tmp_path / "photos"], film, options=options)
    assert (last.calls.performed, film.read_bytes()) == (0, first)
