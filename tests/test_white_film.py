"""The worst that white letters can meet: a film of white photographs is delivered as asked, and every word can be read."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cutroom import api
from cutroom.judge.checks.cut import contrast
from cutroom.media.store import Store
from cutroom.timeline.timeline import Timeline

# Less than five seconds each on two cores, but each renders a film.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("whole film")]

NOTES = "Everything was white when we woke up.\n\nThe children were out before breakfast.\n"


def snow(seed: int) -> Image.Image:
    """A white picture with something faint in it, so that it is one."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (960, 540), (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y, size = (int(rng.integers(0, most)) for most in (900, 480, 110))
        pen.ellipse([x, y, x + size, y + size], outline=(int(rng.integers(225, 250)),) * 3, width=3)
    for _ in range(6):
        x, y = int(rng.integers(100, 860)), int(rng.integers(60, 200))
        pen.rectangle([x, y, x + 40, y + 30], outline=(120 + 40 * seed, 90, 60), width=3)
    return picture


@pytest.mark.parametrize("mode", ["block", "words", "karaoke"])
def test_a_film_of_white_photographs_is_as_asked_and_can_be_read(tmp_path: Path, mode: str):
    for seed in range(3):
        snow(seed).save(tmp_path / f"snow {seed}.png")
    (tmp_path / "notes.txt").write_text(NOTES, "utf-8")
    options = api.Options.model_validate(
        {"shape": "480x270", "seconds": "8", "music": "none", "caption_style": mode, "language": "en"}
    )
    result = api.make(
        "A calm film called 'A day in the snow'", sorted(tmp_path.iterdir()), tmp_path / "snow.mp4", options=options
    )
    assert (result.status, result.degraded) == ("delivered", ())
    timeline = timeline_in(tmp_path / "snow.cutroom")
    assert timeline.titles and timeline.captions and timeline.caption_style.mode == mode
    evidence = contrast(timeline, Store(tmp_path / "snow.cutroom" / "store"))
    assert evidence.scores["contrast"] >= 4.5


def timeline_in(production: Path) -> Timeline:
    """The film's timeline: the one cut in the store that has words in it."""
    cuts = [path.read_text("utf-8") for path in (production / "store").rglob("*.json")]
    (cut,) = (text for text in cuts if '"cutroom.timeline.1"' in text and not re.search(r'"titles":\s*\[\]', text))
    return Timeline.model_validate_json(cut)
