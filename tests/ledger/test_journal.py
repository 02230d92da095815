import sqlite3

import pytest

from cutroom.brief.brief import Brief
from cutroom.errors import BrokenProduction
from cutroom.ledger.events import Opened, Wrapped
from cutroom.ledger.journal import Journal


def opened(request="hello") -> Opened:
    return Opened(brief=Brief(request=request), cutroom="test")


def test_events_come_back_in_order_after_reopening(tmp_path):
    path = tmp_path / "a b" / "ledger.sqlite"
    with Journal(path) as journal:
        journal.append(opened())
        journal.append(Wrapped(status="stopped", reason="“enough”"))
    with Journal(path, read_only=True) as journal:
        assert list(journal.events()) == [opened(), Wrapped(status="stopped", reason="“enough”")]


def test_a_newer_ledger_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with Journal(path):
        pass
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(BrokenProduction, match="upgrade Cutroom"):
        Journal(path)


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is not a database, not at all" * 100)
    with pytest.raises(BrokenProduction, match="cannot be read as a ledger"):
        Journal(path)


def test_an_event_of_an_unknown_kind_is_named_by_its_number(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with Journal(path) as journal:
        journal.append(opened())
    db = sqlite3.connect(path)
    db.execute("INSERT INTO events (at, kind, body) VALUES ('now', 'x', '{\"kind\": \"x\"}')")
    db.commit()
    db.close()
    with Journal(path) as journal, pytest.raises(BrokenProduction, match="event 2 cannot be read"):
        list(journal.events())
