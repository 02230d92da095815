"""What a production may do without."""

import os
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from cutroom.brief.brief import Asset, Brief
from cutroom.director.decide import Limits
from cutroom.engine.local import LocalEngine
from cutroom.errors import Busy, NoSpace, WrongUse
from cutroom.ledger.events import Deliverable, Lost, Made, Opened, Returned, Wrapped
from cutroom.ledger.production import Production
from cutroom.ledger.state import fold
from cutroom.media.kinds import Image, Text
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.producer.clearing import clear, clearing
from cutroom.render.shelf import Shelf
from cutroom.testing import Scribe, ScriptedPlanner, StrictJudge


class House:
    """A production of a film in several versions; what it is made of differs in words and photographs."""

    def __init__(self, folder, *, price="0", shared=None):
        self.production = Production(folder / "lake.cutroom", shared)
        self.scribe = Scribe(price=price)
        self.judge = StrictJudge()

    def version(self, words, photo=b"a photo"):
        with self.production.journal() as journal:
            blob = self.production.store.add_bytes(photo, ".jpg")
            image = Image(digest=blob.digest, suffix=".jpg", bytes=blob.bytes, width=4, height=3)
            brief = Brief(request=words, assets=(Asset(id="a1", name="photo.jpg", media=image),))
            journal.append(Opened(brief=brief, cutroom="test"))
            look = LookAtPicture(picture=Ref[Image](id="a1"))
            script = WriteScript(request=words, facts=(Ref[Text](id="look"),))
            plan = Plan(assets={"a1": image}, steps={"look": look, "script": script}, goal="script")
            state, _ = self.engine(journal, plan).run(fold(journal.events()))
            film = Deliverable(kind="video", path="lake.mp4", sha256="0" * 64)
            journal.append(Wrapped(status="delivered", deliverables=(film,)))
            return state

    def engine(self, journal, plan):
        return LocalEngine(
            journal=journal,
            store=self.production.store,
            planner=ScriptedPlanner(plan),
            performers=[self.scribe],
            judge=self.judge,
            limits=Limits(budget=Decimal(100)),
            workers=2,
        )

    def takes(self):
        with self.production.journal(read_only=True) as journal:
            return [event for event in journal.events() if isinstance(event, Made)]

    def there(self, made):
        return self.production.store.has(made.media)

    def events(self, kind):
        with self.production.journal(read_only=True) as journal:
            return [event for event in journal.events() if isinstance(event, kind)]


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def heaps(cleared):
    return {heap.kind: heap.files for heap in cleared.heaps}


def test_nothing_goes_while_every_version_is_kept(house):
    house.version("hello")
    house.version("good evening")
    assert clear(house.production).files == 0
    assert all(map(house.there, house.takes()))


def test_what_only_an_older_version_needs_goes_and_can_be_made_again(house):
    house.version("hello")
    house.version("good evening")
    _, hello, evening = house.takes()
    told = clearing(house.production, keep_versions=1)
    assert (heaps(told), told.bytes, told.versions) == ({"takes": 1}, hello.media.bytes, (2,))
    assert house.there(hello)  # so far it was only said
    assert clear(house.production, keep_versions=1) == told
    assert (house.there(hello), house.there(evening)) == (False, True)
    assert [event.key for event in house.events(Lost)] == [hello.key]
    performed = len(house.scribe.performed)
    house.version("good evening")
    assert len(house.scribe.performed) == performed
    house.version("hello")
    assert len(house.scribe.performed) == performed + 1


def test_clearing_is_no_change_of_the_film(house):
    house.version("hello")
    house.version("good evening")
    clear(house.production, keep_versions=1)
    state = house.version("good evening")
    with house.production.journal() as journal:
        after = fold(journal.events())
    assert ([version.number for version in after.versions], after.version, state.version) == ([1, 2], 2, 2)


def test_photographs_of_versions_that_are_not_kept_go(house):
    house.version("hello", photo=b"a photo of a dog")
    house.version("hello", photo=b"a photo of a cat")
    # The photograph, what was seen in it, and what was written of that.
    assert heaps(clear(house.production, keep_versions=1)) == {"files": 1, "takes": 2}


def test_the_version_that_was_gone_back_to_is_kept(house):
    house.version("hello")
    house.version("good evening")
    with house.production.journal() as journal:
        journal.append(Returned(version=1))
    told = clear(house.production, keep_versions=1)
    assert (told.versions, told.files) == ((1, 2), 0)


def test_what_was_paid_for_stays_unless_it_is_asked_for(tmp_path):
    house = House(tmp_path, price="1.00")
    house.version("hello")
    house.version("good evening")
    hello = house.takes()[1]
    told = clear(house.production, keep_versions=1)
    assert (heaps(told), told.paid.files, told.paid.bytes) == ({}, 1, hello.media.bytes)
    assert house.there(hello)
    told = clear(house.production, keep_versions=1, paid=True)
    assert (heaps(told), told.paid) == ({"paid takes": 1, "records": 1}, None)
    assert not house.there(hello)


def test_another_take_of_what_is_in_the_film_stays_to_be_chosen(house):
    house.judge = StrictJudge({"write_script": 1})
    WriteScript.seeded, before = True, WriteScript.seeded
    try:
        house.version("hello")
    finally:
        WriteScript.seeded = before
    assert [event.take for event in house.takes()] == [1, 1, 2]
    assert clear(house.production, keep_versions=1).files == 0
    assert all(map(house.there, house.takes()))


def test_what_a_lost_ledger_had_paid_for_stays(tmp_path):
    house = House(tmp_path, price="1.00")
    house.version("hello")
    hello = house.takes()[1]
    for path in house.production.folder.glob("ledger.sqlite*"):
        path.unlink()
    house.version("good evening")
    assert clear(house.production).paid.files == 1
    assert house.there(hello)


def test_strays_damaged_bytes_and_unfinished_work_go(house):
    house.version("hello")
    store = house.production.store
    store.add_bytes(b"of no event", ".txt")
    damaged = store.place("ab" * 32, ".jpg.damaged")
    damaged.parent.mkdir(exist_ok=True)
    damaged.write_bytes(b"12345")
    (house.production.folder / ".report.html.123.part").write_bytes(b"half a report")
    (house.production.folder.parent / ".film.mp4.123.part").write_bytes(b"half a film")
    (house.production.folder.parent / ".another.mp4.123.part").write_bytes(b"somebody else's")
    far = store.root / "work-another-host-0a1b2c3d-77-123-00112233"
    far.mkdir()
    (far / "half.mp4").write_bytes(b"1234567")
    os.utime(far, (time.time() - 7 * 3600,) * 2)
    told = clear(house.production)
    assert heaps(told) == {"strays": 1, "damaged": 1, "unfinished": 3}
    assert told.bytes == len("of no event" + "12345" + "half a report" + "half a film" + "1234567")
    assert [path.name for path in house.production.folder.parent.glob(".*.part")] == [".another.mp4.123.part"]
    assert clear(house.production).files == 0


def test_stretches_that_no_film_is_joined_from_go(house):
    house.version("hello")
    shelf = Shelf.of(house.production.store)
    with shelf.bench() as bench:
        (bench / "one.mp4").write_bytes(b"a stretch")
        shelf.put("ab" * 32, bench / "one.mp4")
        assert heaps(clearing(house.production)) == {}  # somebody renders: nothing of it is touched
    assert heaps(clear(house.production)) == {"stretches": 1}
    assert shelf.sizes() == {}


def test_a_shared_store_is_left_alone(tmp_path):
    house = House(tmp_path, shared=str(tmp_path / "shared"))
    house.version("hello")
    house.version("good evening")
    hello = house.takes()[1]
    told = clear(house.production, keep_versions=1)
    assert (heaps(told), told.shared) == ({"takes": 1, "records": 1}, str(tmp_path / "shared"))
    assert house.production.store.path(hello.media).is_file()  # it comes from there again


def test_nothing_is_cleared_under_somebody_at_work(house):
    house.version("hello")
    code = (
        "import sys, time; from pathlib import Path; from cutroom.ledger.production import Production\n"
        "with Production(Path(sys.argv[1])).journal(): print('open', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(house.production.folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        other.stdout.readline()
        assert clearing(house.production).files == 0
        with pytest.raises(Busy, match="at work on this production"):
            clear(house.production)
    finally:
        other.kill()
        other.communicate()


def test_what_cannot_be_removed_is_named(house, monkeypatch):
    house.version("hello")
    stray = house.production.store.add_bytes(b"of no event", ".txt")

    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    with pytest.raises(NoSpace, match=rf"{stray.digest}\.txt: cannot be removed"):
        clear(house.production)


def test_at_least_the_film_itself_is_kept(house):
    house.version("hello")
    with pytest.raises(WrongUse, match="say 1 or more"):
        clearing(house.production, keep_versions=0)


@pytest.mark.slow
def test_the_stretches_of_the_kept_film_stay_and_those_of_the_others_go(tmp_path):
    from PIL import Image as Picture

    from cutroom import api
    from cutroom.testing import colour_bars

    photo = tmp_path / "bars.png"
    Picture.fromarray(colour_bars()).save(photo)
    options = api.Options(seconds=3, voice="none", music="none", shape="320x180", captions="none", mark=False)
    api.make("A calm film", [photo], tmp_path / "film.mp4", options=options)
    production = Production(tmp_path / "film.cutroom")
    shelf = Shelf.of(production.store)
    first = set(shelf.sizes())
    assert first
    assert clear(production).files == 0
    api.make("A calm film", [photo], tmp_path / "film.mp4", options=options.model_copy(update={"shape": "180x320"}))
    second = set(shelf.sizes()) - first
    told = clear(production, keep_versions=1)
    assert (set(shelf.sizes()), told.versions) == (second, (2,))
    assert heaps(told)["stretches"] == len(first)
    assert api.resume(production.folder).calls.performed == 0
