"""Safe areas: words keep clear of what each platform lays over a tall film."""

from __future__ import annotations

from typing import get_args

import pytest

from cutroom.render.safe import PLATFORMS, margins
from cutroom.timeline.timeline import Format, SafeArea

TALL = Format(width=1080, height=1920)


def test_every_area_has_its_margins():
    assert set(PLATFORMS) == set(get_args(SafeArea))


@pytest.mark.parametrize("area", get_args(SafeArea))
def test_there_is_room_for_words_everywhere(area: SafeArea):
    safe = margins(TALL, area)
    assert safe.room > 0.6 and 1 - safe.top - safe.bottom > 0.45


def test_platforms_take_more_of_a_tall_frame_than_the_default():
    default = margins(TALL)
    for area in ("youtube", "shorts", "tiktok", "reels"):
        assert margins(TALL, area).bottom > default.bottom


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1080), (1080, 1350)])
def test_a_frame_that_does_not_fill_a_phone_is_not_covered(size: tuple[int, int]):
    form = Format(width=size[0], height=size[1])
    assert margins(form, "tiktok") == margins(form)
