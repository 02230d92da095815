"""Which engine a run gets, and what is said when it cannot be had."""

import sys

import pytest

from cutroom.engine.local import LocalEngine
from cutroom.errors import Unavailable, WrongUse
from cutroom.producer.engines import engine_of
from cutroom.producer.options import Options


def test_this_machine_unless_asked_otherwise():
    assert engine_of(Options()) is LocalEngine


def test_a_cluster_without_its_extra_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "cutroom.engine.ray", raising=False)
    with pytest.raises(Unavailable, match=r"pip install 'cutroom\[ray\]'"):
        engine_of(Options(engine="ray"))


def test_an_address_without_a_cluster_is_wrong_use():
    with pytest.raises(WrongUse, match="say --engine ray, too"):
        engine_of(Options(address="auto"))
