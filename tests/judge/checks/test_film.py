from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter

from cutroom.judge.house import HouseJudge
from cutroom.media.clip import frames as frames_of
from cutroom.media.kinds import Cut, Video
from cutroom.media.sound import samples
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import RenderFilm
from cutroom.plan.step import Ref
from cutroom.render.film import render
from cutroom.time import Span
from cutroom.timeline.timeline import Caption, CaptionStyle, Format, Gap, Sound, SoundTrack, Timeline, Transition
from cutroom.verdict import Verdict

STEP = RenderFilm(cut=Ref[Cut](id="cut"))
RATE = 48_000
FPS = 15
WIDTH, HEIGHT = 192, 108


@dataclass
class Rendered:
    """A film that was rendered as it should be: its timeline, its frames and its samples, and a judge for variants."""

    bench: Any
    make: SimpleNamespace
    timeline: Timeline
    video: Video
    frames: list[np.ndarray]
    sound: np.ndarray

    def judge(self, video: Video, timeline: Timeline | None = None) -> Verdict:
        cut = self.bench.cut(timeline or self.timeline)
        return HouseJudge().look(STEP, video, {"cut": cut}, self.bench.store)

    def variant(self, frames=None, *, sound: np.ndarray | None = None, **options) -> Video:
        """The film encoded anew with other frames or samples."""
        path = self.bench.folder / "variant.mp4"
        frames = self.frames if frames is None else frames
        self.make.encode(path, frames, FPS, sound=self.sound if sound is None else sound, **options)
        return self.filed(path)

    def filed(self, path: Path) -> Video:
        return self.bench.video(path, seconds=Fraction(10), width=WIDTH, height=HEIGHT, fps=Fraction(FPS), sound=True)


@pytest.fixture(scope="module")
def film(make, tmp_path_factory) -> Rendered:
    """Three moving pictures of three seconds with a dissolve and a dip, a caption, music, and a second of black."""
    folder = tmp_path_factory.mktemp("film")
    bench = make.Bench(Store(folder / "store"), folder)
    one, two, three = (
        make.shot(bench.image(make.textured(384, 216, seed)), Fraction(3), name=f"p{seed}") for seed in (1, 2, 3)
    )
    music, span = bench.audio(make.tone(10, 0.5)), Span(length=Fraction(10))
    timeline = Timeline(
        format=Format(width=WIDTH, height=HEIGHT, fps=Fraction(FPS)),
        picture=(
            one,
            Transition(seconds=Fraction(1, 2)),
            two,
            Transition(kind="dip", seconds=Fraction(1)),
            three,
            Transition(seconds=Fraction(1)),
            Gap(seconds=Fraction(1)),
        ),
        sound=(SoundTrack(role="music", sounds=(Sound(media=music, start=Fraction(0), source=span),)),),
        captions=(Caption(start=Fraction(4), seconds=Fraction(2), lines=("We came to the lake",)),),
        caption_style=CaptionStyle(size=0.15),
    )
    path = folder / "film.mp4"
    render(timeline, bench.store, path, preset="superfast")
    video = bench.video(path, seconds=Fraction(10), width=WIDTH, height=HEIGHT, fps=Fraction(FPS), sound=True)
    return Rendered(bench, make, timeline, video, [one.pixels for one in frames_of(path)], samples(path))


def test_what_the_house_renders_passes(film):
    verdict = film.judge(film.video)
    assert verdict.outcome == "pass", verdict.reasons
    assert verdict.scores["loudness_lufs"] == pytest.approx(-14, abs=0.3)
    assert verdict.scores["true_peak_dbtp"] <= -1
    assert verdict.scores["frames"] == 150
    assert verdict.scores["likeness"] > 0.95
    assert verdict.scores["detail"] > 0.6


def test_the_same_film_gets_the_same_verdict_and_it_survives_json(film):
    verdict = film.judge(film.video)
    assert film.judge(film.video) == verdict
    assert TypeAdapter(Verdict).validate_json(verdict.model_dump_json()) == verdict


def test_a_second_encoding_without_faults_passes(film, checks):
    verdict = film.judge(film.variant())
    assert checks(verdict) == [], verdict.reasons


def black(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [*frames[:15], *[np.zeros_like(frames[0])] * 12, *frames[27:]]


def frozen(frames: list[np.ndarray]) -> list[np.ndarray]:
    """It stands still for 3.7 s; the encoder takes some frames to settle."""
    return [*frames[:62], *[frames[62]] * 55, *frames[117:]]


def repeated(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [*frames[:98], *frames[5:37], *frames[130:]]


def juddering(frames: list[np.ndarray]) -> list[np.ndarray]:
    """The third shot sweeps by, but only every other frame is new."""
    sweeping = np.hstack([frames[105], frames[105][:, ::-1], frames[105]])
    return [*frames[:100], *[sweeping[:, 4 * (place // 2) :][:, :WIDTH] for place in range(30)], *frames[130:]]


def flickering(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [cv2.convertScaleAbs(one, alpha=1.0 if place % 2 or place > 30 else 0.6) for place, one in enumerate(frames)]


def blurred(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [cv2.GaussianBlur(one, (0, 0), 3) if place < 40 else one for place, one in enumerate(frames)]


def upside_down(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [one[::-1] if place < 40 else one for place, one in enumerate(frames)]


def without_letters(frames: list[np.ndarray]) -> list[np.ndarray]:
    return [
        cv2.GaussianBlur(np.where(one > 180, 120, one).astype(np.uint8), (0, 0), 1) if 60 <= place < 90 else one
        for place, one in enumerate(frames)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (black, "black"),
        (frozen, "frozen"),
        (repeated, "repeated"),
        (juddering, "judder"),
        (flickering, "flicker"),
        (blurred, "softer_than_source"),
        (upside_down, "not_as_cut"),
        (without_letters, "captions_not_drawn"),
        (lambda frames: frames[:-1], "frame_count"),
    ],
)
def test_pictures_fail_for_one_reason(film, checks, fault, expected):
    verdict = film.judge(film.variant(fault(film.frames)))
    assert expected in checks(verdict), verdict.reasons
    # A shot that is replaced by another is not as its cut says, either.
    assert set(checks(verdict)) <= {expected, "not_as_cut"}, verdict.reasons


def test_a_frozen_stretch_says_when(film):
    verdict = film.judge(film.variant(frozen(film.frames)))
    (finding,) = [one for one in verdict.findings if one.check == "frozen"]
    assert float(finding.at) == pytest.approx(62 / 15, abs=0.5)
    assert float(finding.length) == pytest.approx(55 / 15, abs=0.5)


def test_what_stands_still_on_purpose_is_let_pass(film, checks):
    """The same frozen film, but its cut says that the second picture does not move."""
    items = list(film.timeline.picture)
    items[2] = items[2].model_copy(update={"move": None})
    verdict = film.judge(film.variant(frozen(film.frames)), film.timeline.model_copy(update={"picture": tuple(items)}))
    assert "frozen" not in checks(verdict)


def test_a_picture_that_is_itself_black_is_let_pass(film, checks):
    """A night sky is not the film's fault; the same black frames under a picture that has light are."""
    night = film.make.shot(film.bench.image(np.full((216, 384, 3), 6, np.uint8)), Fraction(3), name="night")
    items = list(film.timeline.picture)
    items[2] = night
    dark = [np.full_like(one, 6) if 49 <= place < 82 else one for place, one in enumerate(film.frames)]
    timeline = film.timeline.model_copy(update={"picture": tuple(items), "captions": ()})
    assert "black" not in checks(film.judge(film.variant(dark), timeline))
    assert "black" in checks(film.judge(film.variant(dark)))


def silent(sound: np.ndarray) -> np.ndarray:
    return np.zeros_like(sound)


def hole(sound: np.ndarray) -> np.ndarray:
    holed = sound.copy()
    holed[3 * RATE : 6 * RATE] = 0
    return holed


def louder_peak(sound: np.ndarray) -> np.ndarray:
    """A single click of full scale: it hardly counts for loudness."""
    clicked = sound.copy()
    clicked[5 * RATE : 5 * RATE + 6] = 1.0
    return clicked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (silent, "silent"),
        (lambda sound: sound * 0.5, "loudness"),
        (hole, "silence"),
        (louder_peak, "true_peak"),
        (lambda sound: sound[: 9 * RATE], "drift"),
    ],
)
def test_sounds_fail_for_one_reason(film, checks, fault, expected):
    verdict = film.judge(film.variant(sound=np.ascontiguousarray(fault(film.sound))))
    assert checks(verdict) == [expected], verdict.reasons


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fast_start": False}, "moov"),
        ({"profile": "baseline"}, "High"),
        ({"tagged": False}, "BT.709"),
    ],
)
def test_what_would_not_play_anywhere_is_found(film, checks, options, says):
    verdict = film.judge(film.variant(**options))
    assert checks(verdict) == ["stream"], verdict.reasons
    assert says in verdict.reasons[0]


def test_an_uneven_frame_rate_is_found(film, checks):
    stamps = [round(place * 1000 / FPS) + (40 if place % 7 == 3 else 0) for place in range(150)]
    verdict = film.judge(film.variant(stamps=stamps))
    assert "stream" in checks(verdict)
    assert any("equally long" in finding.says for finding in verdict.findings)


def test_a_film_of_another_cut_is_found(film, checks):
    longer = film.timeline.model_copy(update={"picture": (*film.timeline.picture, film.timeline.picture[0])})
    assert {"frame_count", "wrong_length"} <= set(checks(film.judge(film.video, longer)))


def test_a_film_without_the_sound_of_its_cut_is_found(film, checks):
    path = film.bench.folder / "mute.mp4"
    film.make.encode(path, film.frames, FPS)
    mute = film.filed(path)
    assert checks(film.judge(mute)) == ["no_sound"]
    assert checks(film.judge(mute, film.timeline.model_copy(update={"sound": ()}))) == []


def test_without_its_cut_only_the_file_is_judged(film):
    verdict = HouseJudge().look(STEP, film.video, {}, film.bench.store)
    assert verdict.outcome == "pass"
    assert "as_cut" in verdict.abstained


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:2000],
        lambda data: b"",
        lambda data: b"#EXTM3U\n" + data,
    ],
)
def test_a_broken_film_is_a_fail(film, checks, damage: Callable[[bytes], bytes]):
    blob = film.bench.store.add_bytes(damage(film.bench.store.path(film.video).read_bytes()), ".mp4")
    broken = film.video.model_copy(update={"digest": blob.digest, "bytes": blob.bytes})
    verdict = film.judge(broken)
    assert verdict.outcome == "fail"
    assert verdict.findings[0].check == "cannot_be_decoded"
    assert verdict.reasons[0].startswith("cannot be decoded")
