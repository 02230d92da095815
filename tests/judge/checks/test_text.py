from __future__ import annotations

from fractions import Fraction

import pytest

from cutroom.judge.house import HouseJudge
from cutroom.media.kinds import Text
from cutroom.plan.catalogue.write import SpokenLine, WriteCaptions, WriteScript
from cutroom.plan.facts import Captions, Script, ScriptLine
from cutroom.plan.step import Ref
from cutroom.timeline.timeline import Caption

STEP = WriteCaptions(
    lines=(SpokenLine(text="We came to the lake.", start=Fraction(0), seconds=Fraction(4)),), seconds=Fraction(20)
)


def caption(start: str, seconds: str, *lines: str) -> Caption:
    return Caption(start=Fraction(start), seconds=Fraction(seconds), lines=lines)


def saying(*captions: Caption, seconds: int = 20) -> WriteCaptions:
    """The step whose lines these captions show."""
    lines = tuple(SpokenLine(text=one.text, start=one.start, seconds=one.seconds) for one in captions)
    return WriteCaptions(lines=lines, seconds=Fraction(seconds)) if lines else STEP


def look(bench, step, facts):
    return HouseJudge().look(step, bench.facts(facts), {}, bench.store)


def test_captions_that_can_be_read_pass(bench):
    good = caption("0", "2", "We came to the lake", "before the others"), caption("2", "3/2", "It was calm.")
    verdict = look(bench, saying(*good), Captions(captions=good))
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
    verdict = look(bench, saying(*wrong), Captions(captions=tuple(wrong)))
    assert checks(verdict) == [check], verdict.reasons


def test_a_finding_says_which_caption_when_and_how_fast(bench):
    verdict = look(bench, STEP, Captions(captions=(caption("3", "1", "Thirty characters of plain text"),)))
    assert verdict.findings[0].at == 3
    assert verdict.findings[0].length == 1
    assert "'Thirty characters of plain text'" in verdict.reasons[0]
    assert "31.0 characters a second (at most 20)" in verdict.reasons[0]


def test_a_long_word_that_cannot_be_broken_is_let_pass(bench):
    word = "Rindfleischetikettierungsüberwachungsaufgabenübertragung"
    one = caption("0", "6", word)
    verdict = look(bench, saying(one), Captions(captions=(one,)))
    assert verdict.outcome == "pass", verdict.reasons


def test_wide_characters_count_twice(bench, checks):
    line = "我们一大早就来到了湖边 那时候其他人都还在帐篷里睡觉呢"
    one = caption("0", "6", line)
    verdict = look(bench, saying(one), Captions(captions=(one,)))
    assert checks(verdict) == ["caption_too_wide"]


SAID = caption("0", "2", "Mira counts the nets"), caption("2", "2", "by the old harbour.")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (SAID, []),
        ((caption("0", "2", "Mira counts the"), caption("2", "2", "nets by the old harbour.")), []),
        ((caption("0", "2", "Mera counts the nets"), SAID[1]), ["captions_not_as_said"]),
        ((SAID[0],), ["captions_not_as_said"]),
        ((caption("0", "2", "Niemand zählt die Netze"), SAID[1]), ["captions_not_as_said"]),
        (
            (caption("1/2", "3/2", "Mira counts the nets"), caption("5/2", "2", "by the old harbour.")),
            ["captions_out_of_step"],
        ),
    ],
)
def test_captions_are_what_is_said_when_it_is_said(bench, checks, shown, expected):
    verdict = look(bench, saying(*SAID), Captions(captions=tuple(shown)))
    assert checks(verdict) == expected, verdict.reasons


def test_captions_that_were_to_be_shortened_may_leave_words_out(bench):
    step = saying(*SAID).model_copy(update={"shorten": True})
    verdict = look(bench, step, Captions(captions=(caption("0", "2", "Mira counts nets"), SAID[1])))
    assert verdict.outcome == "pass", verdict.reasons


def script(*lines: str, title: str = "At the lake") -> Script:
    return Script(title=title, lines=tuple(ScriptLine(text=line) for line in lines))


LONG = [f"On day {place} we walked on and on around the lake until it was dark." for place in range(9)]
NOTES = "Mira Kovač counts the nets twice.\nNobody remembers who planted the trees."


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Mira Kovač counts the nets twice."], []),
        (["Mira Kavoč counts the nets twice."], ["misspelt_name"]),
        (["Mora Kovač counts the nets twice."], ["misspelt_name"]),
        (["Morning comes to the harbour."], []),
        (["Niemand weiß mehr, wer diese Bäume gepflanzt hat."], ["wrong_language"]),
        (["Nobody remembers who planted the trees."] * 2, ["repeated_line"]),
    ],
)
def test_a_script_keeps_to_the_notes(bench, checks, lines, expected):
    step = WriteScript(request="a film", notes=(Ref[Text](id="notes"),), seconds=Fraction(20))
    media = bench.facts(script(*lines))
    verdict = HouseJudge().look(step, media, {"notes": bench.text(NOTES)}, bench.store)
    assert checks(verdict) == expected, verdict.reasons


def test_a_script_that_fits_passes(bench):
    verdict = look(bench, WriteScript(request="a film", seconds=Fraction(20)), script("We came to the lake."))
    assert verdict.outcome == "pass"
    assert 0.5 < verdict.scores["speech_s"] < 3


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        (script("Fine."), None),
        (script("Fine.", title=" … "), "title_missing"),
        (script(*LONG), "script_too_long"),
    ],
)
def test_scripts_fail_for_one_reason(bench, checks, wrong, check):
    verdict = look(bench, WriteScript(request="a film", seconds=Fraction(20)), wrong)
    assert checks(verdict) == ([check] if check else [])


def test_a_script_that_is_only_read_may_be_longer(bench):
    long = script(*LONG)
    verdict = look(bench, WriteScript(request="a film", seconds=Fraction(20), spoken=False), long)
    assert verdict.outcome == "pass"
    assert "speech_s" in verdict.abstained


@pytest.mark.parametrize("step", [STEP, WriteScript(request="a film")])
@pytest.mark.parametrize("bytes_", ["{", '{"schema_name": "cutroom.cut.9"}', "\x00"])
def test_broken_json_is_a_fail(bench, checks, step, bytes_):
    verdict = HouseJudge().look(step, bench.text(bytes_, ".json"), {}, bench.store)
    assert checks(verdict) == ["cannot_be_decoded"]
