"""A film that is changed in words: what is made anew, what stays, and what leaves no trace. One small film is rendered."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cutroom import Options, api
from cutroom.errors import WrongUse
from cutroom.ledger.events import Opened
from cutroom.ledger.production import Production

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("revise")]

SMALL = Options(shape="160x90", fps=10, seconds=9, mark=False)
NAMES = ("anchor.jpg", "bridge.jpg", "castle.jpg", "dune.jpg")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film of four pictures and three sentences."""
    folder = tmp_path_factory.mktemp("film")
    for seed, name in enumerate(NAMES):
        pixels = np.random.default_rng(seed).integers(0, 255, (30, 40, 3), np.uint8)
        Image.fromarray(pixels).resize((640, 480), Image.Resampling.NEAREST).save(folder / name)
    (folder / "notes.md").write_text("The anchor is up.\nThe castle is old.\nThe dune is high.\n", "utf-8")
    made = api.make("An upbeat film", [folder], folder / "film.mp4", options=SMALL)
    assert made.status in ("delivered", "degraded")
    return folder / "film.cutroom"


def events(folder) -> list:
    with Production.existing(folder).journal(read_only=True) as journal:
        return list(journal.events())


@pytest.mark.parametrize("words", ["drop the zebra", "calmer music, and make me a sandwich", "drop the ninth photo"])
def test_what_is_not_understood_leaves_no_trace(film, words):
    before = events(film)
    with pytest.raises(WrongUse):
        api.revise(film, words)
    assert events(film) == before


def test_calmer_music_without_the_third_photo(film):
    """Exactly what hangs below the music and the picture is made anew, and nothing is looked at or written again."""
    shown = api.revise(film, "calmer music, and drop the third photo", dry_run=True)
    third = shown.before.steps["shot-3"].picture.id
    revised = api.revise(film, "calmer music, and drop the third photo")
    assert "music: calm instead of upbeat" in revised.told
    assert any(line.endswith("left out") for line in revised.told)
    after = revised.after
    assert third not in {step.picture.id for name, step in after.steps.items() if name.startswith("shot-")}

    touched = {change.step for change in revised.changes if change.how != "dropped"}
    below = {other for step in touched for other in after.below(step)}
    assert touched | below >= {"music", "cut", "film"}
    assert not (touched | below) & {name for name in after.steps if name.startswith(("look-", "line-", "script"))}
    assert revised.result is not None
    assert revised.result.calls.performed == len((touched | below) & set(after.needed()))
    assert shown.told == revised.told

    opened = [event for event in events(film) if isinstance(event, Opened)][-1]
    assert opened.brief.revisions == ("calmer music, and drop the third photo",)
    assert len(opened.brief.shown[0].assets) == len([name for name in shown.before.steps if name.startswith("shot-")])

    said = "“The castle is old.”"
    assert any(said in note for note in revised.result.notes) or third != "a3"

    back = api.undo(film)
    assert back.calls.performed == 0
