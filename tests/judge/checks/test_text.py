from __future__ import annotations

from fractions import Fraction

import pytest

from cutroom.judge.house import HouseJudge
from cutroom.plan.catalogue.write import SpokenLine, WriteCaptions, WriteScript
from cutroom.plan.facts import Captions, Script, ScriptLine
from cutroom.timeline.timeline import Caption

STEP = WriteCaptions(
    lines=(SpokenLine(text="We came to the lake.", start=Fraction(0), seconds=Fraction(4)),), seconds=Fraction(20)
)


def caption(start: str, seconds: str, *lines: str) -> Caption:
    return Caption(start=Fraction(start), seconds=Fraction(seconds), lines=lines)


def look(bench, step, facts):
    return HouseJudge().look(step, bench.facts(facts), {}, bench.store)


def test_captions_that_can_be_read_pass(bench):
    good = caption("0", "2", "We came to the lake", "before the others"), caption("2", "3/2", "It was calm.")
    verdict = look(bench, STEP, Captions(captions=good))
    assert verdict.outcome == "pass", verdict.reasons
    assert verdict.scores["characters_a_second"] == pytest.approx(18, abs=1)


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        ([caption("0", "1", "Thirty characters of plain text")], "captions_too_fast"),
        ([caption("0", "1/2", "Oh yes")], "caption_too_brief"),
        ([caption("0", "4", "one", "two", "three")], "caption_lines"),
        ([caption("0", "6", "a line that has far more columns than any line may have")], "caption_too_wide"),
        ([caption("0", "3", "first"), caption("2", "3", "second")], "captions_overlap"),
        ([caption("18", "3", "too late")], "caption_outside"),
        ([], "captions_missing"),
    ],
)
def test_captions_fail_for_one_reason(bench, checks, wrong, check):
    verdict = look(bench, STEP, Captions(captions=tuple(wrong)))
    assert checks(verdict) == [check], verdict.reasons


def test_a_finding_says_which_caption_when_and_how_fast(bench):
    verdict = look(bench, STEP, Captions(captions=(caption("3", "1", "Thirty characters of plain text"),)))
    assert verdict.findings[0].at == 3
    assert verdict.findings[0].length == 1
    assert "'Thirty characters of plain text'" in verdict.reasons[0]
    assert "31.0 characters a second (at most 20)" in verdict.reasons[0]


def test_a_long_word_that_cannot_be_broken_is_let_pass(bench):
    word = "Rindfleischetikettierungsüberwachungsaufgabenübertragung"
    verdict = look(bench, STEP, Captions(captions=(caption("0", "6", word),)))
    assert verdict.outcome == "pass", verdict.reasons


def test_wide_characters_count_twice(bench, checks):
    line = "我们一大早就来到了湖边 那时候其他人都还在帐篷里睡觉呢"
    verdict = look(bench, STEP, Captions(captions=(caption("0", "6", line),)))
    assert checks(verdict) == ["caption_too_wide"]


def script(*lines: str, title: str = "At the lake") -> Script:
    return Script(title=title, lines=tuple(ScriptLine(text=line) for line in lines))


def test_a_script_that_fits_passes(bench):
    verdict = look(bench, WriteScript(request="a film", seconds=Fraction(20)), script("We came to the lake."))
    assert verdict.outcome == "pass"
    assert 0.5 < verdict.scores["speech_s"] < 3


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        (script("Fine."), None),
        (script("Fine.", title=" … "), "title_missing"),
        (script(*["We walked on and on around the lake until it was dark."] * 9), "script_too_long"),
    ],
)
def test_scripts_fail_for_one_reason(bench, checks, wrong, check):
    verdict = look(bench, WriteScript(request="a film", seconds=Fraction(20)), wrong)
    assert checks(verdict) == ([check] if check else [])


def test_a_script_that_is_only_read_may_be_longer(bench):
    long = script(*["We walked on and on around the lake until it was dark."] * 9)
    verdict = look(bench, WriteScript(request="a film", seconds=Fraction(20), spoken=False), long)
    assert verdict.outcome == "pass"
    assert "speech_s" in verdict.abstained


@pytest.mark.parametrize("step", [STEP, WriteScript(request="a film")])
@pytest.mark.parametrize("bytes_", ["{", '{"schema_name": "cutroom.cut.9"}', "\x00"])
def test_broken_json_is_a_fail(bench, checks, step, bytes_):
    verdict = HouseJudge().look(step, bench.text(bytes_, ".json"), {}, bench.store)
    assert checks(verdict) == ["cannot_be_decoded"]
