"""Where a film is going decides what nothing else says."""

from fractions import Fraction
from typing import get_args

import pytest

from cutroom.brief.brief import Brief
from cutroom.brief.destinations import DESTINATIONS, Name
from cutroom.planner.style import SHAPES
from cutroom.planner.wishes import wishes
from cutroom.timeline.timeline import CaptionStyle


def test_every_destination_is_complete_and_says_where_it_is_from():
    assert set(DESTINATIONS) == set(get_args(Name))
    for going in DESTINATIONS.values():
        assert going.shape in SHAPES
        assert going.source
        assert CaptionStyle(safe=going.safe).safe == going.safe
        assert all(side % 2 == 0 for side in going.thumbnail or ())


@pytest.mark.parametrize(
    ("name", "frame"), [("shorts", (1080, 1920)), ("youtube", (1920, 1080)), ("reels", (1080, 1920))]
)
def test_the_frame_follows_the_destination(name: Name, frame: tuple[int, int]):
    wanted = wishes(Brief(request="A film", destination=name), ())
    assert (wanted.format.width, wanted.format.height) == frame


def test_options_and_words_come_before_the_destination():
    asked = wishes(Brief(request="A film", shape="1:1", destination="shorts"), ())
    assert (asked.format.width, asked.format.height) == (1080, 1080)
    said = wishes(Brief(request="A square film", destination="shorts"), ())
    assert said.format.width == said.format.height


def test_a_podcast_is_quieter_and_a_short_is_short():
    assert DESTINATIONS["podcast"].loudness == -16.0
    assert DESTINATIONS["shorts"].most == Fraction(180)
    assert wishes(Brief(request="A film"), ()).destination is None


def test_a_length_that_is_asked_for_is_kept_and_its_excess_told():
    from cutroom.plan.plan import Degraded
    from cutroom.planner.house import HousePlanner
    from cutroom.planner.planner import Known

    def told(seconds: int) -> list[Degraded]:
        brief = Brief(request="A film of nothing", seconds=Fraction(seconds), destination="x")
        return [item for item in HousePlanner().plan(brief, Known()).degraded if item.what == "length"]

    assert told(140) == []
    assert ["140 s at most" in item.why for item in told(150)] == [True]
