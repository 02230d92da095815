from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from cutroom.judge.house import HouseJudge
from cutroom.media.kinds import Audio, Cut, Text
from cutroom.plan.catalogue.assemble import AssembleCut, Placed
from cutroom.plan.facts import Captions
from cutroom.plan.step import Ref
from cutroom.time import Span
from cutroom.timeline.timeline import Caption, CaptionStyle, Clip, Sound, SoundTrack, Timeline, Title, Transition

GOOD = Caption(start=Fraction(1), seconds=Fraction(2), lines=("We came to the lake",))


@pytest.fixture
def assembled(bench, make, frame):
    """Judges a cut of two shots of four seconds with two spoken lines and music; `changes` make it wrong."""
    shots = [make.shot(bench.image(make.textured(640, 360, seed)), Fraction(4)) for seed in (1, 2)]
    voice, music = bench.audio(make.tone(2)), bench.audio(make.tone(8, hertz=220))
    parts = {f"s{place}": bench.cut(Timeline(format=frame, picture=(one,))) for place, one in enumerate(shots)}
    words = bench.facts(Captions(captions=(GOOD,)))
    inputs = {**parts, "v": voice, "m": music, "c": words}
    step = AssembleCut(
        format=frame,
        shots=(Ref[Cut](id="s0"), Ref[Cut](id="s1")),
        music=Ref[Audio](id="m"),
        voice=(Placed(sound=Ref[Audio](id="v"), start=Fraction(1)),),
        captions=Ref[Text](id="c"),
    )

    def spoken(*starts: str) -> SoundTrack:
        return SoundTrack(
            role="voice",
            sounds=tuple(
                Sound(media=voice, start=Fraction(start), source=Span(length=Fraction(2)), name="v") for start in starts
            ),
        )

    whole = SoundTrack(
        role="music", sounds=(Sound(media=music, start=Fraction(0), source=Span(length=Fraction(8))),), duck=12
    )
    usual = {
        "format": frame,
        "picture": (shots[0], Transition(seconds=Fraction(1, 2)), shots[1]),
        "sound": (spoken("1"), whole),
        "captions": (GOOD,),
        "titles": (),
    }

    def judge(**changes):
        changes = {name: value(usual, spoken) if callable(value) else value for name, value in changes.items()}
        asked = {name: value for name, value in changes.items() if name == "caption_style"}
        cut = bench.cut(Timeline(**{**usual, **changes}))
        return HouseJudge().look(step.model_copy(update=asked), cut, inputs, bench.store)

    return judge


def test_a_cut_with_everything_in_its_place_passes(assembled):
    verdict = assembled()
    assert verdict.outcome == "pass", verdict.reasons
    assert verdict.scores["seconds"] == 8
    assert verdict.scores["contrast"] > 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"picture": lambda usual, spoken: (*usual["picture"], usual["picture"][0])}, "wrong_length"),
        ({"sound": lambda usual, spoken: (spoken("1", "7"), usual["sound"][1])}, "sound_outside"),
        ({"sound": lambda usual, spoken: (spoken("1", "2"), usual["sound"][1])}, "voices_overlap"),
        ({"sound": lambda usual, spoken: (usual["sound"][1],)}, "voice_missing"),
        ({"sound": lambda usual, spoken: (spoken("1"),)}, "music_missing"),
        ({"captions": ()}, "captions_missing"),
        ({"captions": (GOOD.model_copy(update={"start": Fraction(7)}),)}, "caption_outside"),
        ({"captions": (GOOD, GOOD.model_copy(update={"start": Fraction(2)}))}, "captions_overlap"),
        ({"captions": (GOOD.model_copy(update={"lines": ("words without end " * 60,)}),)}, "off_screen"),
        ({"format": lambda usual, spoken: usual["format"].model_copy(update={"width": 640})}, "wrong_size"),
    ],
)
def test_cuts_fail_for_one_reason(assembled, checks, changes, expected):
    assert checks(assembled(**changes)) == [expected]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"picture": lambda usual, spoken: usual["picture"][::-1]}, "shots_out_of_order"),
        ({"sound": lambda usual, spoken: (spoken("5/4"), usual["sound"][1])}, "voice_out_of_step"),
        (
            {"sound": lambda usual, spoken: (spoken("1"), usual["sound"][1].model_copy(update={"duck": 0}))},
            "voice_masked",
        ),
        (
            {"sound": lambda usual, spoken: (spoken("1"), usual["sound"][1].model_copy(update={"gain": 9}))},
            "voice_masked",
        ),
    ],
)
def test_a_cut_holds_what_it_was_given_where_it_was_put(assembled, checks, changes, expected):
    assert checks(assembled(**changes)) == [expected]


def test_words_that_melt_into_the_picture_are_found(assembled, bench, checks, monkeypatch):
    """The lettering's own outline keeps any caption readable: without it, white on white must be found."""
    from cutroom.judge.checks import cut
    from cutroom.render.captions import Overlay

    def bare(timeline, what):
        letters = np.zeros((40, 120, 4), np.uint8)
        letters[10:30, 10:110:6] = letters[10:30, 11:110:6] = 255
        return Overlay("bare", 60, 60, letters, 24)

    white = Clip(media=bench.image(np.full((180, 320, 3), 250, np.uint8)), seconds=Fraction(4))
    monkeypatch.setattr(cut, "draw", bare)
    verdict = assembled(picture=(white, white))
    assert checks(verdict) == ["shots_out_of_order", "low_contrast"]
    assert verdict.findings[-1].at == GOOD.start


def test_captions_that_go_into_a_file_only_need_no_contrast(assembled):
    verdict = assembled(caption_style=CaptionStyle(burn=False))
    assert verdict.outcome == "pass"
    assert "contrast" in verdict.abstained


def test_titles_are_judged_too(assembled):
    verdict = assembled(titles=(Title(start=Fraction(0), seconds=Fraction(2), text="At the lake"),))
    assert verdict.outcome == "pass", verdict.reasons


def test_a_large_cut_is_judged_small(assembled):
    from cutroom.judge.checks.cut import SHORT_SIDE, _small

    timeline = Timeline(format={"width": 2160, "height": 3840}, picture=())
    assert (_small(timeline).format.width, _small(timeline).format.height) == (SHORT_SIDE, 960)


def test_a_broken_cut_is_a_fail(bench, frame, checks):
    step = AssembleCut(format=frame, shots=())
    verdict = HouseJudge().look(step, bench.broken(Cut, seconds=Fraction(1)), {}, bench.store)
    assert checks(verdict) == ["cannot_be_decoded"]
