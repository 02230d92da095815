"""A story is judged by whether a film can be made of it."""

from fractions import Fraction as F

import pytest

from cutroom.judge.house import HouseJudge
from cutroom.media.kinds import Text
from cutroom.plan.catalogue.write import PlanShot, WriteStory
from cutroom.plan.facts import ShotPlan, Story, StoryShot

SHOTS = tuple(
    StoryShot(sees=f"shot {place}", says=f"This is what is said, number {place}.", seconds=F(5)) for place in range(4)
)
STEP = WriteStory(request="a kite", seconds=F(20), shots=4)


def looked(step, model, store):
    blob = store.add_bytes(model.model_dump_json().encode(), ".json")
    return HouseJudge().look(step, Text(digest=blob.digest, bytes=blob.bytes, suffix=".json"), {}, store)


def test_a_story_that_can_be_filmed_passes(store):
    verdict = looked(STEP, Story(title="The kite", shots=SHOTS), store)
    assert verdict.outcome == "pass"
    assert 0 < verdict.scores["speech_s"] < 20


@pytest.mark.parametrize(
    ("story", "check"),
    [
        ({"title": "…"}, "title_missing"),
        ({"shots": SHOTS[:1]}, "story_too_short"),
        ({"shots": (SHOTS[0], SHOTS[0], SHOTS[1])}, "shots_alike"),
        ({"shots": tuple(one.model_copy(update={"says": " "}) for one in SHOTS)}, "nothing_said"),
        ({"shots": tuple(one.model_copy(update={"says": "word " * 60}) for one in SHOTS)}, "story_too_long"),
    ],
)
def test_what_stands_in_the_way_fails(story, check, store):
    verdict = looked(STEP, Story(**{"title": "The kite", "shots": SHOTS, **story}), store)
    assert check in {finding.check for finding in verdict.findings}


def test_what_is_no_story_fails(store):
    assert looked(STEP, ShotPlan(), store).outcome == "fail"
    assert looked(PlanShot(sees="x", tools=()), ShotPlan(), store).outcome == "pass"
