"""Preference: ranks and pairs by one table, and weights that are learnt from what people chose."""

import json
import math

import numpy as np
import pytest

from cutroom.errors import BadInput
from cutroom.judge.preference import (
    WEIGHTS,
    Chosen,
    fit,
    margin,
    pairs,
    parts_of,
    preference,
    ranked,
    read_choices,
)
from cutroom.judge.quality import Quality, Unmeasurable
from cutroom.verdict import Abstain, Fail, Finding, Pass

BY = {"judge": "j", "version": "1"}
GOOD = {"picture": 0.9, "sound": 0.9, "soundness": 1.0}


def simulated(count: int, weights: dict[str, float], seed: int = 0) -> list[Chosen]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        first, second = ({name: float(rng.uniform()) for name in weights} for _ in range(2))
        told = sum(weight * (first[name] - second[name]) for name, weight in weights.items())
        won = rng.uniform() < 1 / (1 + math.exp(-told))
        made.append(Chosen(first=first, second=second, chosen="first" if won else "second"))
    return made


def test_every_weight_has_its_reason():
    assert all(weight.value > 0 and len(weight.reason.split()) > 5 for weight in WEIGHTS.values())


@pytest.mark.parametrize("part", sorted(WEIGHTS))
def test_more_of_any_part_is_preferred(part):
    others = {name: 0.5 for name in WEIGHTS if name != part}
    scores = [preference({**others, part: value}).score for value in (0, 0.25, 0.5, 1)]
    assert scores == sorted(scores)
    assert scores[0] < scores[-1]


def test_what_is_missing_is_named_and_neither_good_nor_bad():
    told = preference({"picture": 0.7})
    assert told.score == pytest.approx(0.7)
    assert set(told.abstained) == set(WEIGHTS) - {"picture"}
    # A film without sound is compared with one that has some by what both have.
    assert margin({"picture": 0.7}, {"picture": 0.5, "sound": 0.1}) == pytest.approx(0.2)
    assert margin({"picture": 0.7}, {"sound": 0.1}) is None


def test_a_part_that_nobody_weighs_or_that_is_out_of_range_is_refused():
    with pytest.raises(ValueError, match="smell: there is no weight"):
        preference({"smell": 0.5})
    with pytest.raises(ValueError, match="picture is 7"):
        preference({"picture": 7})


def test_plans_are_ranked_and_ties_make_no_pair():
    candidates = [("a", {**GOOD, "sound": 0.2}), ("b", GOOD), ("c", GOOD)]
    assert [name for name, _ in ranked(candidates)] == ["b", "c", "a"]
    found = pairs(candidates)
    assert {(pair.better, pair.worse) for pair in found} == {("b", "a"), ("c", "a")}
    assert all(pair.margin > 0 for pair in found)


def test_parts_come_from_verdict_qualities_and_lengths():
    seen = Quality(12, 2, {}, {"blur": 0.9, "noise": 0.8, "hum": 0.5})
    verdict = Pass(**BY, scores={"interest.rubric": 4, "visual_alignment.rubric": 10, "seconds": 11.0})
    parts = parts_of(verdict, seen, asked_seconds=10, together=0.4)
    assert parts == pytest.approx(
        {"soundness": 1, "picture": 0.72, "sound": 0.5, "story": 0.75, "asked": 1, "length": 0.5, "together": 0.4}
    )
    assert parts_of(Abstain(**BY), Unmeasurable("a text")) == {}
    fault = Finding(check="x", says="x")
    one, three = (parts_of(Fail(**BY, findings=(fault,) * count))["soundness"] for count in (1, 3))
    assert 0 < three < one < 0.6


def test_known_weights_are_found_again_within_their_errors():
    true = {"picture": 3.0, "sound": 1.5, "story": 0.0, "together": -1.0}
    learnt = fit(simulated(3000, true))
    for name, weight in true.items():
        assert abs(learnt.weights[name] - weight) < 3 * learnt.errors[name]
        assert 0.05 < learnt.errors[name] < 0.25
    assert learnt.chance({"picture": 1.0, "sound": 0.5}, {"picture": 0.0, "sound": 0.5}) > 0.9


def test_the_errors_are_true():
    """Over many simulated files, two thirds of the weights lie within one error, as errors should be."""
    near = [
        abs(learnt.weights["picture"] - 2) < learnt.errors["picture"]
        for learnt in (fit(simulated(150, {"picture": 2.0, "sound": 1.0}, seed)) for seed in range(120))
    ]
    assert 0.55 < np.mean(near) < 0.8


def test_choices_that_never_disagree_leave_weights_finite_and_uncertain():
    same = [Chosen(first={"picture": 1.0}, second={"picture": 0.0}, chosen="first")] * 20
    learnt = fit(same)
    assert 0 < learnt.weights["picture"] < 30
    assert learnt.errors["picture"] > 2
    assert learnt.agreement == 1


def test_ties_pull_towards_nothing():
    tied = [Chosen(first={"picture": 1.0}, second={"picture": 0.0}, chosen="same")] * 20
    assert fit(tied).weights["picture"] == pytest.approx(0, abs=1e-9)


def test_a_bad_line_costs_only_itself(tmp_path):
    path = tmp_path / "choices.jsonl"
    good = json.dumps({"first": {"picture": 1}, "second": {"picture": 0}, "chosen": "first", "who": "ann"})
    path.write_text("\n".join([good, "", "nonsense", '{"first": {}}', good.replace("1}", "NaN}", 1)]))
    read = read_choices(path)
    assert len(read.choices) == 1
    assert [line.split(":")[0] for line in read.skipped] == ["line 3", "line 4", "line 5"]


def test_a_file_without_a_choice_says_what_one_looks_like(tmp_path):
    path = tmp_path / "choices.jsonl"
    path.write_text("nothing here\n")
    with pytest.raises(BadInput, match=r"write .*chosen"):
        read_choices(path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_choices(tmp_path / "not there")
