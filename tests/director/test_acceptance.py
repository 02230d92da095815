"""Rules of acceptance: what replaces what, what cannot be told, and that no rule ever takes what it calls worse."""

import random
from itertools import pairwise

import pytest

from cutroom.brief.brief import Brief
from cutroom.director.acceptance import (
    CLIP_SCORES,
    KEYFRAME_SCORES,
    RISING,
    Rule,
    all_rise,
    badness,
    best,
    best_of,
    both_rise,
    chosen,
    settled_for,
    weighted,
)
from cutroom.director.commands import AskRevision, Perform, Record
from cutroom.director.decide import decide
from cutroom.director.limits import Limits
from cutroom.ledger.events import Accepted, Declined, Judged, Made, Opened, Planned, Started
from cutroom.ledger.state import fold
from cutroom.media.kinds import Image
from cutroom.plan.cast import Cast, Part
from cutroom.plan.catalogue.generate import GeneratePicture
from cutroom.plan.plan import Plan
from cutroom.verdict import Abstain, Fail, Finding, Pass

BY = {"judge": "j", "version": "1"}
NAMES = ("best_of", "both_rise", "all_rise", "weighted")
SIX = dict.fromkeys(CLIP_SCORES, 0.5)


def passed(**scores):
    return Pass(**BY, scores=scores)


def failed(count: int = 1, **scores):
    return Fail(**BY, scores=scores, findings=tuple(Finding(check="x", says="x") for _ in range(count)))


# ── PersonaVlog's rules, exactly ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("after", "better"),
    [((0.6, 0.6), True), ((0.6, 0.5), False), ((0.5, 0.6), False), ((0.5, 0.5), False), ((0.9, 0.4), False)],
)
def test_a_keyframe_is_replaced_only_when_both_likenesses_rise(after, better):
    before = passed(image_alignment=0.5, text_alignment=0.5)
    assert both_rise(before, passed(**dict(zip(KEYFRAME_SCORES, after, strict=True)))).better is better


def test_a_clip_is_replaced_only_when_all_six_rise():
    assert all_rise(passed(**SIX), passed(**dict.fromkeys(CLIP_SCORES, 0.51))).better is True
    for name in CLIP_SCORES:
        one_equal = {**dict.fromkeys(CLIP_SCORES, 0.9), name: 0.5}
        said = all_rise(passed(**SIX), passed(**one_equal))
        assert said.better is False
        assert name in said.reason


def test_other_scores_have_no_say_where_the_six_are_there():
    said = all_rise(passed(**SIX, quality=15), passed(**dict.fromkeys(CLIP_SCORES, 0.6), quality=3))
    assert said.better is True


def test_without_the_six_every_score_with_a_direction_must_rise():
    before = {"sharpness": 0.5, "interest.rubric": 3, "seconds": 9.0, "frames": 270}
    assert all_rise(passed(**before), passed(**{**before, "sharpness": 0.6, "interest.rubric": 4})).better is True
    assert all_rise(passed(**before), passed(**{**before, "sharpness": 0.6})).better is False
    # How long a film is says nothing about how good it is.
    assert all_rise(passed(seconds=9.0), passed(seconds=10.0)).better is None


def test_scores_by_other_means_are_never_compared():
    house, neural = passed(**{"image_alignment.house": 0.5}), passed(**{"image_alignment.clip": 0.9})
    assert both_rise(house, neural, ("image_alignment", "image_alignment")).better is None


@pytest.mark.parametrize("missing", [*CLIP_SCORES])
def test_a_missing_score_abstains(missing):
    part = {name: 0.9 for name in CLIP_SCORES if name != missing}
    for before, after in ((passed(**SIX), passed(**part)), (passed(**part), passed(**SIX))):
        said = all_rise(before, after)
        assert said.better is None
        assert missing in said.reason


def test_a_number_that_is_none_abstains():
    assert (
        both_rise(
            passed(image_alignment=float("nan"), text_alignment=0), passed(image_alignment=1, text_alignment=1)
        ).better
        is None
    )


# ── weighted, best of ────────────────────────────────────────────────────────────────────────────────────────────────


def test_weighted_forgives_a_small_fall_and_no_large_one():
    before = passed(quality=10.0, sharpness=0.5)
    assert weighted(before, passed(quality=12.0, sharpness=0.46)).better is True
    assert weighted(before, passed(quality=19.0, sharpness=0.4)).better is False
    assert weighted(before, passed(quality=19.0, sharpness=0.4), tolerance=0.2).better is True
    assert weighted(before, before).better is False


def test_weighted_never_puts_a_fail_in_place_of_a_pass():
    assert weighted(passed(quality=5.0), failed(quality=20.0)).better is False


def test_weighted_sums_what_both_have_and_abstains_without_that():
    assert weighted(passed(quality=10.0, theme=1.0), passed(quality=11.0)).better is True
    assert weighted(passed(theme=1.0), passed(quality=11.0)).better is None


def test_best_of_goes_by_findings_and_a_tie_goes_to_the_earlier():
    assert best_of(failed(2), failed(1)).better is True
    assert best_of(failed(1), failed(1)).better is False
    assert chosen([(failed(2), "a"), (failed(1), "b"), (failed(1), "c")], Rule("best_of")) == "b"


def test_where_a_rule_cannot_tell_the_findings_decide():
    for name in NAMES:
        assert chosen([(failed(2), "a"), (passed(), "b")], Rule(name)) == "b"
        assert chosen([(passed(), "a"), (Abstain(**BY, reasons=("x",)), "b")], Rule(name)) == "a"


def test_nothing_to_choose_from_says_so():
    with pytest.raises(ValueError, match="no take"):
        chosen([], Rule())


# ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────────


def any_verdict(chance: random.Random):
    names = chance.sample([*CLIP_SCORES, *KEYFRAME_SCORES, "quality", "sharpness", "seconds"], chance.randint(0, 10))
    # Few different values, so that ties are common.
    scores = {name: chance.choice((1.0, 1.05, 2.0, 5.0)) for name in names}
    return failed(chance.randint(1, 3), **scores) if chance.random() < 0.5 else passed(**scores)


def rivals(seed: int) -> list:
    chance = random.Random(seed)
    return [(any_verdict(chance), place) for place in range(chance.randint(1, 7))]


@pytest.mark.parametrize("name", NAMES)
def test_no_rule_takes_what_it_calls_worse(name):
    rule = Rule(name)
    for seed in range(400):
        takes = rivals(seed)
        place = chosen(takes, rule)
        assert chosen(takes, rule) == place
        assert chosen(takes[: place + 1], rule) == place, "what came later changed nothing"
        for (one, _), (other, _) in pairwise(takes):
            # A rule never calls each of two better than the other, nor one better than itself.
            assert not (rule.replaces(one, other) and rule.replaces(other, one))
            assert not rule.replaces(one, one)
        for later, _ in takes[place + 1 :]:
            assert not rule.replaces(takes[place][0], later)


def test_best_of_takes_the_least_bad_of_all_and_the_earliest_of_equals():
    for seed in range(400):
        takes = rivals(seed)
        place = chosen(takes, Rule("best_of"))
        assert place == best(takes)
        assert badness(takes[place][0]) == min(badness(verdict) for verdict, _ in takes)


@pytest.mark.parametrize("name", ["both_rise", "all_rise"])
def test_where_scores_must_rise_the_one_that_stands_is_below_no_earlier_one_in_any(name):
    names = KEYFRAME_SCORES if name == "both_rise" else CLIP_SCORES
    for seed in range(300):
        chance = random.Random(seed)
        takes = [(failed(**{one: chance.choice((1, 2, 3, 4)) for one in names}), place) for place in range(6)]
        standing = takes[chosen(takes, Rule(name))][0].scores
        assert all(standing[one] >= takes[0][0].scores[one] for one in names)


def test_weighted_never_loses_what_it_weighs():
    for seed in range(300):
        chance = random.Random(seed)
        takes = [(failed(**{name: chance.uniform(0, 1) for name in CLIP_SCORES}), place) for place in range(6)]
        total = [sum(RISING[name].weight * verdict.scores[name] for name in CLIP_SCORES) for verdict, _ in takes]
        assert total[chosen(takes, Rule("weighted", tolerance=0.3))] >= total[0]


def test_what_is_settled_for_is_said():
    said = settled_for("shot1", Fail(**BY, reasons=("it is blurred",)))
    assert [(one.what, one.why) for one in said] == [("shot1", "it is blurred")]


# ── in the director ──────────────────────────────────────────────────────────────────────────────────────────────────

STEPS = Plan(steps={"still": GeneratePicture(prompt="a kite")}, waits_for=("still",))
CAST = Cast(parts={"still": Part(performer="someone", version="1")})


def ended(limits: Limits, *verdicts) -> Accepted:
    """What the director accepts when takes with these verdicts are made, and the planner has no better idea."""
    events = [Opened(brief=Brief(request="x"), cutroom="test"), Planned(plan=STEPS, by="p", reason="first")]
    made = iter(verdicts)
    for _ in range(20):
        command = decide(fold(events), CAST, limits)[0]
        match command:
            case Perform():
                about = {"step": command.step, "slot": command.slot, "take": command.take, "key": command.key}
                digest = f"{command.take}" * 64
                media = Image(digest=digest, suffix=".png", bytes=1, width=1, height=1)
                events += [
                    Started(**about, performer="someone", version="1"),
                    Made(**about, performer="someone", media=media, wall_seconds=1),
                    Judged(**about, verdict=next(made)),
                ]
            case AskRevision():
                events.append(Declined(step=command.step, slot=command.slot))
            case Record(event=Accepted() as accepted):
                return accepted
            case _:
                raise AssertionError(command)
    raise AssertionError("it never ends")


def test_by_default_a_take_that_passes_is_used_at_once():
    accepted = ended(Limits(), passed(quality=3.0), passed(quality=19.0))
    assert (accepted.take, accepted.rule) == (1, "")
    accepted = ended(Limits(), failed(2), passed())
    assert (accepted.take, accepted.rule) == (2, "best_of")


def test_under_a_rule_a_take_that_passes_but_does_not_rise_is_rolled_back():
    scores = {"image_alignment": 0.5, "text_alignment": 0.5}
    limits = Limits(accept="both_rise")
    better = ended(limits, failed(**scores), passed(image_alignment=0.6, text_alignment=0.6))
    assert (better.take, better.rule, better.degraded) == (2, "both_rise", ())
    worse = ended(limits, failed(**scores), passed(image_alignment=0.6, text_alignment=0.4))
    assert (worse.take, worse.rule) == (1, "both_rise")
    assert worse.degraded, "a take that failed and is used all the same is said to be"


def test_the_best_of_the_trajectory_is_used_and_never_the_last_for_being_last():
    accepted = ended(Limits(rounds=2), failed(3), failed(1), failed(2))
    assert (accepted.take, accepted.rule) == (2, "best_of")
    weigh = Limits(rounds=2, accept="weighted")
    accepted = ended(weigh, failed(quality=8.0), failed(quality=12.0), failed(quality=10.0))
    assert (accepted.take, accepted.rule) == (2, "weighted")
