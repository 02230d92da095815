"""Which planner plays: the one that was asked for, the one until now, or the one that the brief needs."""

import pytest

from cutroom.brief.brief import Asset, Brief
from cutroom.errors import WrongUse
from cutroom.media.kinds import Image, Text
from cutroom.plan.catalogue.write import WriteStory
from cutroom.plan.terms import HOUSE
from cutroom.planner.house import HousePlanner
from cutroom.producer.planners import planner_for
from cutroom.testing import ScriptedPlanner

WORDS = Brief(request="a film about a red kite")
PHOTO = Asset(id="a1", name="a.jpg", media=Image(digest="0" * 64, suffix=".jpg", bytes=1, width=4, height=3))
NOTES = Asset(id="a1", name="a.md", media=Text(digest="0" * 64, suffix=".txt", bytes=1))


class Author:
    name, version = "talk/chat", "1"

    def performs(self, step):
        return isinstance(step, WriteStory)

    def settings(self, step):
        return {}

    def terms(self, step):
        return HOUSE


@pytest.mark.parametrize(
    ("brief", "how", "who"),
    [
        (WORDS, {}, "chat"),
        (Brief(request="our notes", assets=(NOTES,)), {}, "chat"),
        (Brief(request="our day", assets=(PHOTO,)), {}, "house"),
        (Brief(request="our day", assets=(PHOTO,)), {"asked": "chat"}, "chat"),
        (WORDS, {"asked": "house"}, "house"),
        (WORDS, {"writer": "house"}, "house"),
        (WORDS, {"until_now": "house"}, "house"),
        (Brief(request="our day", assets=(PHOTO,)), {"until_now": "chat"}, "chat"),
    ],
)
def test_who_plans(brief, how, who):
    assert planner_for(brief, [Author()], [HousePlanner()], **how).name == who


def test_without_a_chat_model_the_house_plans():
    assert planner_for(WORDS, [], [HousePlanner()]).name == "house"
    with pytest.raises(WrongUse, match="cutroom models add"):
        planner_for(WORDS, [], [HousePlanner()], asked="chat")


def test_a_strangers_planner_comes_first_unless_another_is_asked_for():
    offered = [ScriptedPlanner(), HousePlanner()]
    assert planner_for(WORDS, [Author()], offered).name == "scripted"
    assert planner_for(WORDS, [Author()], offered, asked="house").name == "house"
