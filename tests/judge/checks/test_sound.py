from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from cutroom.judge.house import HouseJudge
from cutroom.media.kinds import Audio, Word
from cutroom.plan.catalogue.generate import ComposeMusic, Speak

LINE = "The boat left before anyone was awake."
RATE = 48_000


def look(bench, step, media):
    return HouseJudge().look(step, media, {}, bench.store)


def words(*starts: str) -> tuple[Word, ...]:
    return tuple(Word(text="boat", start=Fraction(start), seconds=Fraction(1, 5)) for start in starts)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def test_a_plain_line_passes(bench, make):
    verdict = look(bench, Speak(text=LINE), bench.audio(make.tone(2.6), words=words("0", "1/2", "2")))
    assert verdict.outcome == "pass", verdict.reasons
    assert verdict.scores["seconds"] == pytest.approx(2.6)
    assert -25 < verdict.scores["loudness_lufs"] < -8
    assert verdict.scores["speech_speed"] == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (lambda tone: np.zeros(RATE * 2, np.float32), "silent"),
        (lambda tone: np.clip(tone(2.6) * 8, -1, 1), "clipping"),
        (lambda tone: np.concatenate([silence(1), tone(2.6)]), "late_start"),
        (lambda tone: np.concatenate([tone(2.6), silence(1)]), "trailing_silence"),
        (lambda tone: tone(0.5), "speech_truncated"),
        (lambda tone: tone(14), "speech_drags"),
    ],
)
def test_a_spoken_line_fails_for_one_reason(bench, make, checks, fault, check):
    verdict = look(bench, Speak(text=LINE), bench.audio(fault(make.tone)))
    assert checks(verdict) == [check], verdict.reasons


def test_a_faster_voice_may_take_less_time(bench, make, checks):
    hurried = bench.audio(make.tone(0.6))
    assert checks(look(bench, Speak(text=LINE), hurried)) == ["speech_truncated"]
    assert checks(look(bench, Speak(text=LINE, pace=1.6), hurried)) == []


@pytest.mark.parametrize("starts", [("0", "5"), ("1", "1/2"), ("-1", "1")])
def test_words_lie_in_the_sound_and_in_order(bench, make, checks, starts):
    verdict = look(bench, Speak(text=LINE), bench.audio(make.tone(2.6), words=words(*starts)))
    assert checks(verdict) == ["word_times"]


def test_another_line_is_found_by_its_words(bench, make, checks):
    said = tuple(
        Word(text=text, start=Fraction(place, 2), seconds=Fraction(1, 5))
        for place, text in enumerate(("Night", "falls", "here"))
    )
    assert checks(look(bench, Speak(text=LINE), bench.audio(make.tone(2.6), words=said))) == ["other_words"]


def test_silence_where_words_should_be_is_found(bench, make, checks):
    hollow = make.tone(2.6)
    hollow[RATE : RATE * 3 // 2] = 0
    said = (Word(text="boat", start=Fraction(0), seconds=Fraction(5, 2)),)
    verdict = look(bench, Speak(text=LINE), bench.audio(hollow, words=said))
    assert checks(verdict) == ["words_unheard"]
    assert verdict.findings[0].at == 1


def test_a_line_of_emoji_is_not_measured_for_speed(bench, make):
    verdict = look(bench, Speak(text="🎉!"), bench.audio(make.tone(0.4)))
    assert verdict.outcome == "pass"
    assert "speech_speed" in verdict.abstained
    assert "speech_speed" not in verdict.scores


def test_the_record_may_not_lie_about_the_length(bench, make, checks):
    verdict = look(bench, Speak(text=LINE), bench.audio(make.tone(2.6), seconds=Fraction(4)))
    assert checks(verdict) == ["wrong_length"]


def music(seconds: int = 6) -> ComposeMusic:
    return ComposeMusic(mood="calm", seconds=Fraction(seconds))


def test_music_of_the_right_length_that_ends_passes(bench, make):
    beats = tuple(Fraction(place, 2) for place in range(12))
    verdict = look(bench, music(), bench.audio(make.tone(6), beats=beats))
    assert verdict.outcome == "pass", verdict.reasons


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        (lambda tone: tone(5.9), "wrong_length"),
        (lambda tone: np.concatenate([tone(2), silence(2), tone(2)]), "silence_inside"),
        (lambda tone: tone(7)[: 6 * RATE], "abrupt_end"),
        (lambda tone: tone(6) * 0.03, "too_quiet"),
        (lambda tone: np.clip(tone(6) * 2.3, -0.99, 0.99), "too_loud"),
        (lambda tone: np.concatenate([silence(2), tone(4)]), "late_start"),
        (lambda tone: np.concatenate([tone(3.5), silence(2.5)]), "trailing_silence"),
    ],
)
def test_music_fails_for_one_reason(bench, make, checks, fault, check):
    verdict = look(bench, music(), bench.audio(fault(make.tone)))
    assert checks(verdict) == [check], verdict.reasons


def test_beats_outside_the_music_are_found(bench, make, checks):
    verdict = look(bench, music(), bench.audio(make.tone(6), beats=(Fraction(1), Fraction(7))))
    assert checks(verdict) == ["beat_times"]


@pytest.mark.parametrize("step", [Speak(text=LINE), music()])
def test_broken_bytes_are_a_fail(bench, checks, step):
    broken = bench.broken(Audio, seconds=Fraction(1), rate=RATE, channels=1)
    verdict = look(bench, step, broken)
    assert checks(verdict) == ["cannot_be_decoded"]
    assert "cannot be decoded" in verdict.reasons[0]
