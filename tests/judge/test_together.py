"""Files of which nobody says what they were to be: what is a fault of any film, and what is not; sound against picture."""

from fractions import Fraction

import numpy as np
import pytest

from cutroom.judge.together import agreement, judged, of_file, onsets
from cutroom.measures.sound import levels
from cutroom.media.kinds import Cut

RATE = 48_000


def beats(times, seconds=8.0) -> np.ndarray:
    """Short notes at `times`, (n, 2)."""
    at = np.arange(round(seconds * RATE)) / RATE
    wave = sum(
        np.where(at >= time, np.exp(-8 * np.clip(at - time, 0, None)) * np.sin(2 * np.pi * 440 * at), 0)
        for time in times
    )
    return np.repeat((0.3 * wave)[:, None], 2, axis=1).astype(np.float32)


def test_onsets_are_where_notes_begin():
    times = [0.5, 1.5, 2.5, 3.7, 5.0]
    found = onsets(levels(beats(times), RATE))
    assert [float(one) for one in found] == pytest.approx(times, abs=0.06)
    assert onsets(levels(np.zeros((RATE, 2), np.float32), RATE)) == ()


def test_cuts_on_the_beat_agree_and_cuts_beside_it_do_not():
    played = [Fraction(place) for place in range(1, 8)]
    cuts = [Fraction(2), Fraction(4), Fraction(6)]
    assert agreement(cuts, played, Fraction(8)) == pytest.approx(1)
    assert agreement([cut + Fraction(1, 2) for cut in cuts], played, Fraction(8)) == 0
    partly = agreement([*cuts[:2], Fraction(11, 2)], played, Fraction(8))
    assert 0.3 < partly < 0.7


def test_where_onsets_are_everywhere_a_hit_proves_nothing():
    played = [Fraction(place, 4) for place in range(32)]
    assert agreement([Fraction(2), Fraction(3), Fraction(4)], played, Fraction(8)) == 0


@pytest.fixture
def film(bench, make):
    """Four shots of two seconds, each another picture in motion, cut on the notes of its sound."""

    def made(sound=None, start=0):
        frames = [
            frame
            for seed in range(start, start + 4)
            for frame in make.moving(make.textured(400, 180, seed), 50, 320, 180)
        ]
        path = make.encode(bench.folder / "film.mp4", frames, 25, sound=sound)
        about = {"seconds": Fraction(8), "width": 320, "height": 180, "fps": Fraction(25)}
        return bench.video(path, **about, sound=sound is not None)

    return made


def test_a_film_may_cut_and_its_cuts_are_held_against_its_sound(film, bench):
    verdict = of_file(film(sound=beats([0.1, 2.0, 4.0, 6.0])[:, 0]), bench.store)
    assert verdict.outcome == "pass"
    assert verdict.scores["cuts"] == 3
    assert verdict.scores["sound_and_picture"] == pytest.approx(1)
    assert verdict.scores["seconds"] == 8


def test_a_silent_film_and_a_clipped_one_are_told_apart(film, bench):
    quiet = of_file(film(sound=np.zeros(8 * RATE, np.float32)), bench.store)
    assert "silent" in [finding.check for finding in quiet.findings]
    mute = of_file(film(start=4), bench.store)
    assert mute.outcome == "pass"
    assert "it has no sound" in mute.abstained["loudness_lufs"]


def test_a_picture_that_stands_for_a_moment_is_a_title_and_for_long_a_fault(bench, make):
    for seconds, outcome in ((4, "pass"), (10, "fail")):
        still = bench.clip([make.textured(320, 180, 1)] * (10 * seconds), fps=10)
        assert of_file(still, bench.store).outcome == outcome


def test_what_cannot_be_read_is_not_shown_to_a_model(bench):
    told = judged(bench.text(" \n"), "empty.txt", bench.store)
    assert (told.verdict.outcome, told.unasked) == ("fail", "it cannot be read")


def test_a_sound_is_heard_by_the_house_alone(bench, make):
    told = judged(bench.audio(make.tone(2.0)), "tone.wav", bench.store)
    assert told.opinion is None
    assert "does not hear" in told.unasked
    assert set(told.preference.parts) == {"soundness", "sound"}


def test_a_cut_has_no_check(bench):
    blob = bench.store.add_bytes(b"{}", ".json")
    cut = Cut(digest=blob.digest, bytes=blob.bytes, suffix=".json", seconds=Fraction(1))
    assert of_file(cut, bench.store).outcome == "abstain"
