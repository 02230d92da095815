from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import TypeAdapter

from cutroom.judge.evidence import Evidence, found, measured, unmeasured, verdict
from cutroom.verdict import Verdict


def test_a_finding_makes_a_fail_and_its_sentence_the_reason():
    fail = verdict(measured(seconds=2) + found("silent", "nothing is heard", Fraction(0), Fraction(2)), "house", "1")
    assert fail.outcome == "fail"
    assert fail.reasons == ("nothing is heard",)
    assert fail.scores == {"seconds": 2.0}


def test_many_findings_of_one_check_are_one_reason():
    dark = [found("black", f"black at {place}", Fraction(place)) for place in range(4)]
    fail = verdict(sum(dark, found("frozen", "still")), "house", "1")
    assert fail.reasons == ("still", "black at 0 (and 3 more)")
    assert len(fail.findings) == 5


def test_numbers_alone_pass_and_reasons_not_to_measure_abstain():
    assert verdict(measured(seconds=1), "house", "1").outcome == "pass"
    assert verdict(measured(seconds=1) + unmeasured("loudness", "no sound"), "house", "1").outcome == "pass"
    abstained = verdict(unmeasured("facts", "facts are not judged"), "house", "1")
    assert abstained.outcome == "abstain"
    assert abstained.reasons == ("facts are not judged",)
    assert verdict(Evidence(), "house", "1").outcome == "abstain"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_an_absence_is_never_a_number(number):
    with pytest.raises(ValueError, match="say why"):
        measured(loudness=number)


def test_verdicts_survive_json():
    adapter = TypeAdapter(Verdict)
    for evidence in (measured(a=1 / 3), found("x", "y", Fraction(1, 3), Fraction(2, 7)), unmeasured("x", "why")):
        one = verdict(evidence, "house", "1")
        assert adapter.validate_json(one.model_dump_json()) == one
