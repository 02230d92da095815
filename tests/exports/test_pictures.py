"""Frames, GIFs, thumbnails and chapters."""

import io
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutroom.exports.edit import Edit
from cutroom.exports.grid import grid
from cutroom.exports.pictures import numbers, write_frames, write_gif
from cutroom.exports.thumbnail import best_frame, candidates, chapters, thumbnail
from cutroom.render.captions import Lettering
from cutroom.render.picture import Compositor
from cutroom.timeline.timeline import Gap, Marker


def test_frames_are_the_films_own_and_named_by_their_number(edit: Callable[..., Edit], tmp_path: Path):
    cut = edit()
    names = write_frames(cut, tmp_path, Fraction(2), lambda *_: None)
    assert names == ["lake_00000.png", "lake_00060.png", "lake_00120.png", "lake_00180.png"]
    with Compositor(cut.timeline, cut.store, Lettering(cut.timeline)) as compositor:
        assert np.array_equal(np.asarray(Image.open(tmp_path / names[1])), compositor.rgb(60))


def test_all_frames_are_counted_at_any_rate(edit: Callable[..., Edit]):
    assert numbers(edit(Fraction(30000, 1001)), None) == list(range(195))
    thinned = numbers(edit(Fraction(30000, 1001)), Fraction(1))
    assert thinned == [0, 30, 60, 90, 120, 150, 180]


def test_a_gif_lasts_as_long_as_the_film_and_repeats(edit: Callable[..., Edit], tmp_path: Path):
    cut = edit()
    path = tmp_path / "film.gif"
    write_gif(cut, path, lambda *_: None)
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0
        assert max(picture.size) <= 480
        # Equal frames in a row are kept as one that is shown for longer.
        times = []
        for number in range(picture.n_frames):
            picture.seek(number)
            times.append(picture.info["duration"])
        assert sum(times) / 1000 == pytest.approx(float(cut.timeline.seconds), abs=0.1)


def test_a_thumbnail_is_of_a_shot_and_not_of_black_or_of_a_transition(edit: Callable[..., Edit]):
    cut = edit()
    frames = grid(cut.timeline)
    for number in candidates(frames):
        assert not any(one.first <= number < one.first + one.frames for one in frames.crossings)
        assert number < 180
    best = best_frame(cut.timeline, cut.store)
    assert best in candidates(frames)
    data = thumbnail(cut.timeline, cut.store, (320, 180), 20_000)
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("JPEG", (320, 180))
    assert thumbnail(edit(picture=(Gap(seconds=Fraction(1)),)).timeline, cut.store, (320, 180)) is None


def test_a_thumbnail_keeps_to_its_size(edit: Callable[..., Edit]):
    cut = edit()
    large = thumbnail(cut.timeline, cut.store, (320, 180))
    small = thumbnail(cut.timeline, cut.store, (320, 180), len(large) - 1)
    assert len(small) < len(large)


def test_chapters_follow_the_rules_of_descriptions(edit: Callable[..., Edit]):
    def listed(*marks: tuple[int, str], seconds: int = 100):
        markers = tuple(Marker(at=Fraction(at), name=name) for at, name in marks)
        return chapters(edit(picture=(Gap(seconds=Fraction(seconds)),), markers=markers).timeline)

    assert listed((0, "One"), (20, "Two"), (65, "Three")) == "0:00 One\n0:20 Two\n1:05 Three\n"
    # The first chapter begins at 0:00, whatever the first marker does.
    assert listed((15, "Noon"), (40, "Evening")) == "0:00 Tom & Jerry\n0:15 Noon\n0:40 Evening\n"
    # Ten seconds each, and three of them.
    assert listed((0, "One"), (5, "Beat"), (20, "Two"), (65, "Three")) == "0:00 One\n0:20 Two\n1:05 Three\n"
    assert listed((0, "One"), (20, "Two"), (95, "End")) is None
    assert listed((0, "One"), (20, "Two")) is None
    assert listed() is None
    assert (
        listed((0, "One"), (3600, "Two\nlines"), (3700, "Three"), seconds=4000).splitlines()[1] == "1:00:00 Two lines"
    )
