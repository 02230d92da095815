"""The two halves of the cluster's engine that need no cluster: a worker seen from inside, and who is hired and let go."""

import threading

import pytest

from cutroom.director.commands import Perform
from cutroom.engine import hand as hands
from cutroom.engine.company import Company, Post
from cutroom.engine.hand import Hand, NotHere, Over, Place, Progress, Ready, Stopped, Writing
from cutroom.engine.work import Work
from cutroom.errors import Cancelled, NoSpace
from cutroom.ledger.events import Failed, Fetched, Made, Submitted
from cutroom.media.share import share_of
from cutroom.media.store import Store
from cutroom.money import Price
from cutroom.plan.cast import Part
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.terms import HOUSE, Terms

KEY = "ab" * 32
PAID = Terms(price=Price.of("0.10"), elsewhere=True)


class Writer:
    """Does what each test tells it to."""

    name = "writer"
    version = "1"

    def __init__(self, does=lambda desk: None, settings=None):
        self.does = does
        self.own = settings or {}

    def performs(self, step):
        return step.kind == "write_script"

    def settings(self, step):
        return self.own

    def terms(self, step):
        return HOUSE

    def perform(self, step, desk):
        self.does(desk)
        return desk.keep_text("made")


def work(terms=HOUSE, version="1", settings=None, job=None):
    command = Perform("script", "slot", 1, KEY, job=job)
    part = Part(performer="writer", version=version, settings=settings or {}, terms=terms)
    return Work(command=command, step=WriteScript(request="hello"), part=part, inputs={}, makers={})


@pytest.fixture
def place(store):
    return Place(root=store.root, sign=store.scratch(), share=None)


@pytest.fixture
def offering(monkeypatch):
    """What the worker's own plug-ins offer."""

    def offer(*performers):
        monkeypatch.setattr(hands, "_known", list(performers))

    return offer


def test_a_free_take_comes_in_one_answer(place, offering, store):
    offering(Writer())
    message = Hand(place).begin(1, work(), None)
    assert isinstance(message, Over) and isinstance(message.event, Made)
    assert store.path(message.event.media).read_text() == "made"


def test_what_costs_money_is_only_begun_when_it_is_known_that_the_worker_is_there(place, offering):
    begun = []
    offering(Writer(begun.append))
    hand = Hand(place)
    assert hand.begin(1, work(PAID), None) == Ready()
    assert not begun
    assert isinstance(hand.go_on(1), Writing)
    assert begun


def test_nothing_goes_on_before_what_was_told_is_written_down(place, offering):
    order = []

    def does(desk):
        desk.submitted("job-7")
        order.append("asked for the result")

    offering(Writer(does))
    hand = Hand(place)
    hand.begin(1, work(PAID), None)
    message = hand.go_on(1)
    assert isinstance(message, Writing) and isinstance(message.event, Submitted) and message.event.job == "job-7"
    assert order == []
    fetched = hand.go_on(1)
    assert isinstance(fetched, Writing) and isinstance(fetched.event, Fetched)
    assert order == ["asked for the result"]
    assert isinstance(hand.go_on(1), Over)


def test_progress_passes_and_a_take_that_nobody_wants_stops(place, offering):
    told = threading.Event()

    def does(desk):
        desk.progress(1, 9)
        told.wait(10)
        desk.progress(2, 9)

    offering(Writer(does))
    hand = Hand(place)
    assert hand.begin(1, work(), None) == Progress(1, 9)
    hand.stop(1)
    told.set()
    message = hand.go_on(1)
    assert isinstance(message, Stopped) and message.error == "Cancelled"


def test_a_full_disk_and_a_performer_that_leaves_concern_everything(place, offering):
    def full(desk):
        raise NoSpace("the disk is full")

    def leaves(desk):
        raise SystemExit(3)

    offering(Writer(full))
    assert Hand(place).begin(1, work(), None) == Stopped("NoSpace", "the disk is full")
    offering(Writer(leaves))
    message = Hand(place).begin(1, work(), None)
    assert isinstance(message, Stopped) and "SystemExit: 3" in message.says


@pytest.mark.parametrize(
    ("performer", "asked", "why"),
    [
        (None, work(), "has no performer writer"),
        (Writer(), work(version="2"), "in version 1, and version 2 is wanted"),
        (Writer(settings={"weights": "old"}), work(settings={"weights": "new"}), "is set up otherwise on .*: weights"),
    ],
)
def test_a_machine_that_would_make_another_take_than_the_key_says_makes_none(place, offering, performer, asked, why):
    offering(*[performer] if performer else [Writer.__new__(type("Other", (), {"name": "other"}))])
    message = Hand(place).begin(1, asked, None)
    assert isinstance(message, NotHere)
    assert pytest.raises(AssertionError, match=why).matches(AssertionError(message.why))


class Shared:
    """A place for takes in a folder that is out of reach as often as it is told."""

    def __init__(self, folder, away=0):
        self.real = share_of(folder, str(folder / "share"))
        self.away = away

    def __getattr__(self, name):
        def tried(*args):
            if name == "put" and self.away:
                self.away -= 1
                raise OSError("away")
            return getattr(self.real, name)(*args)

        return tried


def apart(tmp_path, monkeypatch, away):
    """A worker that does not see the production's folder."""
    monkeypatch.setattr(hands, "SENDING", (0.0, 0.0))
    monkeypatch.setattr(hands.tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / "share").mkdir()
    return Hand(Place(root=tmp_path / "elsewhere", sign=tmp_path / "unseen", share=Shared(tmp_path, away)))


def test_a_worker_without_the_folder_works_through_the_shared_store(tmp_path, monkeypatch, offering):
    offering(Writer())
    hand = apart(tmp_path, monkeypatch, away=1)
    assert not hand.about().sees
    message = hand.begin(1, work(), None)
    assert isinstance(message, Over) and isinstance(message.event, Made)
    here = Store(tmp_path / "here", share_of(tmp_path, str(tmp_path / "share")))
    assert here.path(message.event.media).read_text() == "made"


def test_a_paid_result_that_cannot_be_sent_is_never_said_to_be_there(tmp_path, monkeypatch, offering):
    offering(Writer())
    hand = apart(tmp_path, monkeypatch, away=99)
    hand.begin(1, work(PAID), None)
    message = hand.go_on(1)
    assert isinstance(message, Over) and isinstance(message.event, Failed)
    assert (message.event.error, message.event.billed) == ("Ambiguous", None)


# -- who is hired ------------------------------------------------------------------------------------------------


class Staff:
    def __init__(self, *machines):
        self.hired, self.dismissed = [], []
        self.company = Company(lambda: machines, self.hire, self.dismissed.append)

    def hire(self, post):
        self.hired.append(f"{post.resident or 'anybody'} {len(self.hired) + 1}")
        return self.hired[-1]

    def work(self, post, wanted=lambda: True):
        with self.company.hand(post, wanted) as hand:
            return hand


def post(resident="", places=1, **needs):
    return Post(resident=resident, needs=tuple(sorted(needs.items())), places=places)


def test_weights_stay_with_whoever_loaded_them():
    staff = Staff({"CPU": 4, "GPU": 2})
    assert [staff.work(post("flux", GPU=1)) for _ in range(3)] == ["flux 1"] * 3
    assert staff.work(post("wan", GPU=1)) == "wan 2"
    assert staff.work(post("flux", GPU=1)) == "flux 1"
    assert staff.dismissed == []


def test_who_was_idle_longest_makes_room():
    staff = Staff({"GPU": 2})
    for model in ("flux", "wan", "flux", "qwen"):
        staff.work(post(model, GPU=1))
    assert staff.dismissed == ["wan 2"]
    assert staff.work(post("anything", CPU=0)) == "anything 4"


def test_nobody_is_hired_beyond_what_the_cluster_has_and_a_wait_can_be_called_off():
    staff = Staff({"CPU": 1})
    with staff.company.hand(post(CPU=1), lambda: True), pytest.raises(Cancelled):
        staff.work(post("other", CPU=1), wanted=lambda: False)
    assert staff.hired == ["anybody 1"]
    assert staff.company.capacity(post(CPU=1)) == 1
    assert staff.company.capacity(post(CPU=2)) == 0
    assert staff.company.capacity(post()) is None


def test_takes_that_only_wait_share_a_worker():
    staff = Staff({"CPU": 1})
    waiting = post(places=2)
    with staff.company.hand(waiting, lambda: True) as one, staff.company.hand(waiting, lambda: True) as two:
        assert one == two
        with staff.company.hand(waiting, lambda: True) as three:
            assert three != one


def test_who_waits_longer_goes_first_and_others_do_not_wait_for_what_they_need_not():
    staff = Staff({"CPU": 2, "GPU": 1})
    busy, got, asked = threading.Event(), [], threading.Event()

    def big():
        def wanted():
            asked.set()
            return True

        with staff.company.hand(post("big", CPU=2), wanted):
            got.append("big")

    with staff.company.hand(post(CPU=1), lambda: True):
        thread = threading.Thread(target=big)
        thread.start()
        assert asked.wait(10)
        assert staff.work(post("model", GPU=1)) == "model 2"
        with pytest.raises(Cancelled):  # there is a free CPU, but it is kept for who waits for two
            staff.work(post(CPU=1), wanted=lambda: False)
        busy.set()
    thread.join(10)
    assert got == ["big"]


def test_a_lost_worker_is_never_given_out_again():
    staff = Staff({"CPU": 1})
    first = staff.work(post(CPU=1))
    staff.company.lost(first)
    assert staff.work(post(CPU=1)) != first
    assert staff.dismissed == [first]
    staff.company.close()
    with pytest.raises(Cancelled):
        staff.work(post(CPU=1))
