"""A film that is rendered with a stamp carries it, looks the same, and shares no stretch with one of another stamp."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from cutroom.media import clip as clips
from cutroom.render.detecting import read
from cutroom.render.film import render
from cutroom.render.watermark.stamp import Stamp
from cutroom.timeline.timeline import Clip, Format, Gap, Timeline, Transition

STAMP = Stamp(b"\xc0\xff\xee\x42")


@pytest.fixture
def timeline(picture) -> Timeline:
    rng = np.random.default_rng(5)
    rough = rng.normal(120, 45, (34, 60, 3)).clip(0, 255).astype(np.uint8)
    shots = [
        Clip(media=picture(np.kron(part, np.ones((10, 10, 1), np.uint8))), seconds=Fraction(3, 2))
        for part in (rough, rough[::-1])
    ]
    film = (shots[0], Transition(seconds=Fraction(1, 2)), shots[1], Gap(seconds=Fraction(1, 2)))
    return Timeline(format=Format(width=640, height=360), picture=film)


def test_the_film_carries_the_number_and_nobody_sees_it(timeline, store, tmp_path):
    for name, stamp in (("plain", None), ("stamped", STAMP)):
        render(timeline, store, tmp_path / f"{name}.mp4", stamp=stamp)

    found = read(tmp_path / "stamped.mp4", closely=True).watermarks["picture"]
    assert (found.decision, found.payload) == ("found", STAMP.number)
    assert read(tmp_path / "plain.mp4", closely=True).watermarks["picture"].decision == "absent"
    plain, stamped = (
        [frame.pixels for frame in clips.frames(tmp_path / f"{name}.mp4")] for name in ("plain", "stamped")
    )
    apart = [np.abs(one.astype(int) - other).mean() for one, other in zip(plain, stamped, strict=True)]
    # In the dissolve the two encoders err differently; elsewhere there is nothing but the stamp.
    assert max(apart[:37] + apart[54:]) < 1.2


def test_another_stamp_is_another_film_and_the_same_one_is_used_again(timeline, store, tmp_path):
    out = tmp_path / "film.mp4"
    assert render(timeline, store, out, stamp=STAMP).encoded == timeline.frames
    before = out.read_bytes()
    assert render(timeline, store, out).encoded == timeline.frames
    assert render(timeline, store, out, stamp=Stamp(b"\0\0\0\1")).encoded == timeline.frames
    assert render(timeline, store, out, stamp=STAMP).encoded == 0
    assert out.read_bytes() == before


def test_what_is_changed_later_costs_only_its_own_stretches(timeline, store, tmp_path):
    render(timeline, store, tmp_path / "film.mp4", stamp=STAMP)
    items = (*timeline.picture[:-1], Gap(seconds=Fraction(1, 2), colour="#204060"))

    done = render(timeline.model_copy(update={"picture": items}), store, tmp_path / "film.mp4", stamp=STAMP)

    assert done.encoded < timeline.frames / 2
