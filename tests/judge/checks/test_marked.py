"""The judge believes no marker: it reads the marks itself, and compares the film with the unmarked one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.judge.house import HouseJudge
from cutroom.media.kinds import Video
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import MarkFilm
from cutroom.plan.step import Ref
from cutroom.render.marking import Component, Story, mark

STORY = Story(
    "Lake", "0.1.0", (Component("music", "ab" * 32, "audio/wav", True, "algorithmicMedia", by=("house/composer", "1")),)
)
STEP = MarkFilm(film=Ref[Video](id="film"))


def video(store: Store, path: Path) -> Video:
    blob = store.add(path, ".mp4")
    return Video(
        digest=blob.digest,
        bytes=blob.bytes,
        suffix=".mp4",
        seconds=Fraction(1),
        width=160,
        height=120,
        fps=Fraction(30),
    )


@pytest.fixture
def plain(make_clip) -> Path:
    return make_clip("film.mp4", sound=True)


@pytest.fixture
def marked(plain, tmp_path) -> Path:
    mark(plain, tmp_path / "marked.mp4", STORY)
    return tmp_path / "marked.mp4"


def look(store: Store, marked: Path, plain: Path):
    return HouseJudge().look(STEP, video(store, marked), {"film": video(store, plain)}, store)


def test_a_well_marked_film_passes(store, plain, marked):
    verdict = look(store, marked, plain)

    assert verdict.outcome == "pass", verdict.reasons
    assert verdict.scores == {"marked": 1, "signed": 1, "ingredients": 1}


def test_a_film_with_nothing_to_declare_passes(store, plain):
    verdict = look(store, plain, plain)

    assert (verdict.outcome, verdict.scores) == ("pass", {"marked": 0})


def test_marks_that_do_not_hold_fail(store, plain, marked):
    data = bytearray(marked.read_bytes())
    data[data.index(b"mdat") + 40] ^= 1
    marked.write_bytes(data)

    verdict = look(store, marked, plain)
    assert verdict.outcome == "fail"
    assert {"marks_broken", "film_changed"} <= {finding.check for finding in verdict.findings}


def test_another_film_under_the_marks_fails(store, make_clip, marked):
    verdict = look(store, marked, make_clip("other.mp4", sound=True, frames=20))

    assert [finding.check for finding in verdict.findings] == ["film_changed"]


def test_a_film_that_was_changed_without_marks_fails(store, make_clip, plain):
    verdict = look(store, make_clip("other.mp4", sound=True, frames=20), plain)

    assert "marks_absent" in {finding.check for finding in verdict.findings}


def test_unsigned_marks_pass_and_it_is_said_why(store, plain, tmp_path, monkeypatch):
    monkeypatch.setenv("CUTROOM_CERTIFICATE", "nowhere.pem")
    monkeypatch.setenv("CUTROOM_KEY", "nowhere.pem")
    mark(plain, tmp_path / "unsigned.mp4", STORY)

    verdict = look(store, tmp_path / "unsigned.mp4", plain)
    assert (verdict.outcome, verdict.scores["signed"]) == ("pass", 0)
    assert "signature" in verdict.abstained
