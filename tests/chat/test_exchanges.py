import json

import pytest

from cutroom.chat.exchanges import Exchange, ReplayOnly, StoreExchanges, Taken, Unkept, digest
from cutroom.chat.heard import Refused, Reply
from cutroom.errors import Ambiguous, Damaged, NoSpace, Unavailable

REQUEST = {"model": "m", "messages": [{"role": "user", "parts": [{"words": "é"}]}]}
KEY = digest(REQUEST)
TAKEN = (Taken(rung="tool", heard=Refused(status=400, says="no")), Taken(rung="schema", heard=Reply(text="A kite.")))


def test_an_exchange_comes_back_as_it_was_kept(store):
    exchanges = StoreExchanges(store)
    assert exchanges.find(KEY) is None
    exchange = Exchange(request=REQUEST, turns=TAKEN, skipped=("tool",))
    exchanges.keep(KEY, exchange, paid=True)
    assert StoreExchanges(store).find(KEY) == exchange
    assert exchanges.place(KEY) == store.root / "exchanges" / KEY[:2] / f"{KEY}.json"
    assert [path.name for path in exchanges.place(KEY).parent.iterdir()] == [f"{KEY}.json"]


def test_keys_are_the_same_in_any_order_and_differ_with_any_word():
    assert digest({"a": 1, "b": "é"}) == digest({"b": "é", "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


@pytest.mark.parametrize(
    "harm", [lambda data: data.replace(b"A kite", b"A kits"), lambda data: data[:40], lambda _: b"[]"]
)
def test_a_damaged_answer_is_no_answer(store, harm):
    exchanges = StoreExchanges(store)
    exchanges.keep(KEY, Exchange(request=REQUEST, turns=TAKEN), paid=True)
    path = exchanges.place(KEY)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(Damaged, match="delete the file"):
        exchanges.find(KEY)


def test_an_exchange_under_another_key_is_damaged(store):
    exchanges = StoreExchanges(store)
    exchanges.keep("0" * 64, Exchange(request=REQUEST), paid=True)
    with pytest.raises(Damaged):
        exchanges.find("0" * 64)


def test_a_paid_call_that_was_sent_and_not_answered_is_ambiguous(store):
    StoreExchanges(store).sent(KEY, turn=0, paid=True)
    with pytest.raises(Ambiguous, match="--on-ambiguous"):
        StoreExchanges(store).sent(KEY, turn=0, paid=True)
    StoreExchanges(store, on_ambiguous="resubmit").sent(KEY, turn=0, paid=True)
    StoreExchanges(store).keep(KEY, Exchange(request=REQUEST), paid=True)
    StoreExchanges(store).sent(KEY, turn=0, paid=True)
    StoreExchanges(store).keep(KEY, Exchange(request=REQUEST, turns=TAKEN[:1]), paid=True)
    StoreExchanges(store).sent(KEY, turn=1, paid=True)


def test_a_free_call_may_be_sent_again(store):
    for _ in range(2):
        StoreExchanges(store).sent(KEY, turn=0, paid=False)
    assert not (store.root / "exchanges").exists()


def test_a_replay_asks_nobody(store):
    kept = StoreExchanges(store)
    kept.keep(KEY, Exchange(request=REQUEST), paid=True)
    for replay in (ReplayOnly(kept), ReplayOnly({KEY: Exchange(request=REQUEST)})):
        assert replay.find(KEY) == Exchange(request=REQUEST)
        assert replay.find("0" * 64) is None
        with pytest.raises(Unavailable, match="a replay asks no model"):
            replay.sent(KEY, turn=0, paid=False)


def test_what_a_loss_of_power_leaves_of_a_free_answer_is_no_answer(store):
    exchanges = StoreExchanges(store)
    exchanges.keep(KEY, Exchange(request=REQUEST), paid=False)
    assert exchanges.find(KEY) is not None
    for left in (b"", b"\0" * 300):
        exchanges.place(KEY).write_bytes(left)
        assert exchanges.find(KEY) is None


def test_what_is_paid_for_is_on_the_disk_before_the_work_goes_on(store, monkeypatch):
    synced = []
    monkeypatch.setattr("cutroom.chat.exchanges.os.fsync", lambda handle: synced.append(handle))
    exchanges = StoreExchanges(store)
    exchanges.keep(KEY, Exchange(request=REQUEST), paid=False)
    before = len(synced)
    exchanges.sent(KEY, turn=0, paid=True)
    marked = len(synced)
    exchanges.keep(KEY, Exchange(request=REQUEST, turns=TAKEN[:1]), paid=True)
    assert (marked - before, len(synced) - marked) == (1, 2)
    assert [path.suffix for path in exchanges.place(KEY).parent.iterdir()] == [".json"]


def test_a_folder_that_cannot_be_written_is_no_space(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cutroom.chat.exchanges.os.fsync", full)
    with pytest.raises(NoSpace, match="No space left"):
        StoreExchanges(store).keep(KEY, Exchange(request=REQUEST), paid=True)
    assert not list((store.root / "exchanges").rglob("*.json"))
    assert not list((store.root / "exchanges").rglob("new-*"))


def test_what_is_kept_can_be_read_by_a_person(store):
    StoreExchanges(store).keep(KEY, Exchange(request=REQUEST, turns=TAKEN), paid=True)
    held = json.loads(StoreExchanges(store).place(KEY).read_text("utf-8"))
    assert held["exchange"]["turns"][1]["heard"]["text"] == "A kite."


def test_a_trial_keeps_nothing():
    Unkept().sent(KEY, turn=0, paid=True)
    Unkept().keep(KEY, Exchange(request=REQUEST), paid=True)
    assert Unkept().find(KEY) is None
