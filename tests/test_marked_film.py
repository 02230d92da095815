"""A film from files to file says in itself what was generated, and the production says what a detector read in it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import cutroom
from cutroom.ledger.events import Opened, Wrapped
from cutroom.ledger.production import Production

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("marked film")]

REQUEST = "A calm film called 'Hills', without narration"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("marked")
    (home / "files").mkdir()
    rng = np.random.default_rng(4)
    for name in ("one.jpg", "two.jpg"):
        blocks = rng.integers(30, 220, (18, 32, 3)).astype(np.uint8)
        Image.fromarray(blocks).resize((960, 540), Image.Resampling.BICUBIC).save(home / "files" / name)
    return home


def options(**more) -> cutroom.Options:
    return cutroom.Options(seconds="6", shape="320x180", **more)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def made(home):
    return cutroom.make(REQUEST, [home / "files"], home / "film.mp4", options=options(label="Made with software"))


def test_the_film_is_signed_and_read_back(made, home):
    assert (made.status, made.degraded) == ("delivered", ())
    assert made.marks is not None
    assert (made.marks.status, made.marks.source) == ("valid", "composite")
    assert {one.title for one in made.marks.ingredients} == {"one.jpg", "two.jpg", "music"}
    assert made.verdict is not None
    assert "loudness_lufs" in made.verdict.scores  # the verdict on the film, not on its marks
    assert cutroom.api.verify(home / "film.mp4").manifest == made.marks.manifest


def test_ledger_and_report_hold_the_detectors_answer(made, home):
    production = Production.existing(home / "film.cutroom")
    with production.journal(read_only=True) as journal:
        last = [event for event in journal.events() if isinstance(event, Wrapped)][-1]

    assert last.marks == made.marks
    page = production.report.read_text("utf-8")
    assert "What the film says of itself" in page
    assert "Made by software: music." in page


def test_the_same_again_is_the_same_file(made, home):
    before = (home / "film.mp4").read_bytes()
    again = cutroom.make(REQUEST, [home / "files"], home / "film.mp4", options=options(label="Made with software"))

    assert (again.status, again.calls.performed) == ("delivered", 0)
    assert (home / "film.mp4").read_bytes() == before
    assert again.marks == made.marks


def test_the_label_is_in_the_picture_and_in_the_cut(made, home):
    from cutroom.media.clip import frames

    with_label = {frame.at: frame.pixels for frame in frames(home / "film.mp4", every=1)}  # pyright: ignore[reportArgumentType]
    words = with_label[1][14:44, 80:240]  # the upper middle of 320x180
    assert (words.min(axis=2) > 215).mean() > 0.02
    assert (with_label[5 if 5 in with_label else max(with_label)][14:44, 80:240].min(axis=2) > 215).mean() < 0.02


def test_picture_and_sound_carry_the_productions_number_and_the_detector_says_so(made, home):
    assert made.marks is not None
    picture, sound = made.marks.watermarks["picture"], made.marks.watermarks["sound"]

    production = Production.existing(home / "film.cutroom")
    with production.journal(read_only=True) as journal:
        brief = next(event.brief for event in journal.events() if isinstance(event, Opened))
    assert (picture.decision, f"{picture.payload:08x}") == ("found", brief.number)
    assert picture.false_alarm < 1e-12
    # Six seconds are near the least in which a sound says anything; it never says a wrong number.
    assert sound.payload in (picture.payload, None)


def test_other_words_keep_the_number_and_with_it_every_stretch_that_stays_as_it_is(made, home):
    other = cutroom.make(
        REQUEST + ", please", [home / "files"], home / "film.mp4", options=options(label="Made with software")
    )

    assert other.marks is not None
    assert made.marks is not None
    assert other.marks.watermarks["picture"].payload == made.marks.watermarks["picture"].payload


def test_without_marks_it_is_the_plain_film(made, home):
    plain = cutroom.make(
        REQUEST, [home / "files"], home / "film.mp4", options=options(label="Made with software", mark=False)
    )

    # Only the film is rendered anew: without the watermark.
    assert (plain.status, plain.marks, plain.calls.performed) == ("delivered", None, 1)
    found = cutroom.api.verify(home / "film.mp4")
    assert found.status == "absent"
    assert [one.decision for one in found.watermarks.values() if one.decision == "found"] == []
