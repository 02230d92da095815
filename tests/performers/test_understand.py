"""Looking and listening, on files made here: what the facts say must be what was put in."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from cutroom.errors import BadInput
from cutroom.media.kinds import Audio, Image, Video
from cutroom.media.sound import write_wav
from cutroom.media.store import Store
from cutroom.performers.house.understand import (
    ClipLooker,
    PictureLooker,
    SoundListener,
    facts_of_clip,
    facts_of_picture,
    facts_of_sound,
    steady_beat,
)
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.understand import ListenToSound, LookAtClip, LookAtPicture
from cutroom.plan.facts import ClipFacts, PictureFacts, SoundFacts
from cutroom.plan.step import Ref

RATE = 48_000


def ground(seed: int, width: int = 480, height: int = 300) -> np.ndarray:
    chance = np.random.default_rng(seed)
    tones = chance.integers(80, 170, (10, 16, 3), dtype=np.uint8)
    picture = np.asarray(cv2.resize(tones, (width, height), interpolation=cv2.INTER_CUBIC))
    for _ in range(80):
        centre = int(chance.integers(width)), int(chance.integers(height))
        colour = tuple(int(value) for value in chance.integers(0, 255, 3))
        cv2.circle(picture, centre, int(chance.integers(4, 25)), colour, -1, cv2.LINE_AA)
    return picture


def film(path: Path, count: int, frame: Callable[[int], np.ndarray], rate: int = 25) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "crf": "18"})
        height, width = frame(0).shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(count):
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame(number), format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def seen(picture: np.ndarray, x: int) -> np.ndarray:
    return np.ascontiguousarray(picture[50:230, x : x + 320])


def clicks(tempo: float, seconds: float) -> np.ndarray:
    """A drum machine: a short thump on each beat, a quieter tick between beats."""
    samples = np.zeros(round(seconds * RATE), np.float32)
    time = np.arange(RATE // 10) / RATE
    thump = (np.sin(2 * np.pi * 90 * time) * np.exp(-time * 40)).astype(np.float32)
    tick = (np.random.default_rng(0).normal(0, 0.2, len(time)) * np.exp(-time * 120)).astype(np.float32)
    for number in range(int(seconds * tempo / 60 * 2)):
        start = round(number * 30 / tempo * RATE)
        sound = thump if number % 2 == 0 else tick
        samples[start : start + len(sound)] += sound[: len(samples) - start]
    return samples


def desk(tmp_path: Path, path: Path, kind: type, **fields) -> Desk:
    store = Store(tmp_path / "store")
    blob = store.add(path, path.suffix)
    media = kind(digest=blob.digest, bytes=blob.bytes, suffix=path.suffix, **fields)
    return Desk(store=store, inputs={"it": media}, scratch=tmp_path)


class TestPictures:
    def test_facts_are_those_of_the_picture_as_seen(self, tmp_path):
        path = tmp_path / "sideways.jpg"
        exif = Pillow.Exif()
        exif[0x0112] = 6
        exif[0x0110] = "Pinhole 1"
        Pillow.fromarray(ground(1)).save(path, quality=92, exif=exif)
        work = desk(tmp_path, path, Image, width=300, height=480)
        made = PictureLooker().perform(LookAtPicture(picture=Ref[Image](id="it")), work)
        facts = PictureFacts.model_validate_json(work.store.path(made).read_bytes())
        assert (facts.width, facts.height) == (300, 480)
        assert made.schema_name == "cutroom.picture-facts.1"
        assert facts.camera and "Pinhole" in facts.camera
        assert facts.sharpness > 0.7 and facts.exposure == 0 and 1 <= len(facts.palette) <= 5

    def test_alpha_counts_neither_as_black_nor_as_white(self, tmp_path):
        drawn = np.zeros((300, 500, 4), np.uint8)
        cv2.circle(drawn, (380, 100), 60, (220, 40, 40, 255), -1, cv2.LINE_AA)
        path = tmp_path / "logo.png"
        Pillow.fromarray(drawn).save(path)
        facts = facts_of_picture(path)
        assert facts.exposure == 0
        assert abs(facts.focus.x - 320 / 500) < 0.02 and abs(facts.focus.width - 121 / 500) < 0.02

    def test_a_broken_picture_says_so(self, tmp_path):
        path = tmp_path / "broken.jpg"
        path.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
        with pytest.raises(BadInput, match=r"broken\.jpg"):
            facts_of_picture(path)

    def test_faces_are_found_in_files(self, tmp_path):
        data = pytest.importorskip("skimage.data")
        path = tmp_path / "person.jpg"
        Pillow.fromarray(data.astronaut()).save(path, quality=90)
        facts = facts_of_picture(path)
        assert len(facts.faces) == 1
        assert facts.focus.y < 0.05 and facts.focus.height < 0.45


class TestClips:
    def test_shots_and_moments(self, tmp_path):
        first, second = ground(1), ground(2)
        soft = cv2.GaussianBlur(first, (0, 0), 4)

        def frame(number: int) -> np.ndarray:
            return seen(soft, number) if number < 50 else seen(second, 2 * (number - 50))

        path = film(tmp_path / "two.mp4", 125, frame)
        work = desk(tmp_path, path, Video, seconds=Fraction(5), width=320, height=180, fps=Fraction(25))
        heard: list[tuple[int, int]] = []
        made = ClipLooker().perform(
            LookAtClip(clip=Ref[Video](id="it")),
            Desk(**{**vars(work), "progress": lambda done, total: heard.append((done, total))}),
        )
        facts = ClipFacts.model_validate_json(work.store.path(made).read_bytes())
        assert facts.seconds == 5 and [shot.span.start for shot in facts.shots] == [0, 2]
        assert facts.shots[1].quality > facts.shots[0].quality
        assert facts.moments[0].span.start == 2, "the sharp shot's moment comes first"
        assert facts.loudness is None
        assert heard and heard[-1][0] == heard[-1][1] and all(done <= total for done, total in heard)

    def test_a_short_clip_of_one_shot_is_one_moment(self, tmp_path):
        picture = ground(3)
        facts = facts_of_clip(film(tmp_path / "short.mp4", 50, lambda number: seen(picture, number)))
        assert len(facts.shots) == len(facts.moments) == 1
        assert facts.moments[0].span.length == 2 and 0 < facts.motion < 0.3

    def test_the_steady_part_of_a_long_shot_comes_first(self, tmp_path):
        picture, chance = ground(4), np.random.default_rng(2)
        wobble = np.cumsum(chance.integers(-7, 8, 250)) % 150

        def frame(number: int) -> np.ndarray:
            return seen(picture, 30 + number // 3) if 100 <= number < 200 else seen(picture, int(wobble[number]))

        facts = facts_of_clip(film(tmp_path / "long.mp4", 250, frame))
        best = facts.moments[0].span
        assert best.start >= Fraction(7, 2) and best.end <= Fraction(17, 2)
        spans = sorted((moment.span for moment in facts.moments), key=lambda span: span.start)
        assert all(one.end <= other.start for one, other in pairwise(spans))
        assert [moment.score for moment in facts.moments] == sorted((m.score for m in facts.moments), reverse=True)

    def test_one_frame_is_a_clip(self, tmp_path):
        facts = facts_of_clip(film(tmp_path / "one.mp4", 1, lambda number: seen(ground(5), 0)))
        assert len(facts.shots) == 1 and facts.motion == 0

    def test_a_sound_is_no_clip(self, tmp_path):
        path = tmp_path / "tone.wav"
        write_wav(path, clicks(120, 1))
        with pytest.raises(BadInput, match=r"tone\.wav: has no moving picture"):
            facts_of_clip(path)


class TestSounds:
    @pytest.mark.parametrize("tempo", [72, 100, 128])
    def test_a_steady_beat_is_found_in_time(self, tempo):
        found, beats = steady_beat(clicks(tempo, 12), RATE)
        assert found == pytest.approx(tempo, rel=0.01)
        off = [abs((float(beat) * tempo / 60 + 0.5) % 1 - 0.5) * 60 / tempo for beat in beats]
        assert np.median(off) < 0.02 and len(beats) >= 0.8 * 12 * tempo / 60

    def test_noise_a_tone_speech_like_bursts_and_silence_have_none(self):
        chance = np.random.default_rng(1)
        time = np.arange(10 * RATE) / RATE
        bursts = chance.normal(0, 0.1, len(time)) * np.interp(time, np.linspace(0, 10, 60), chance.random(60) ** 2)
        tone = np.sin(2 * np.pi * 440 * time) * 0.3
        for sound in (chance.normal(0, 0.1, len(time)), tone, bursts, np.zeros(len(time))):
            assert steady_beat(sound.astype(np.float32), RATE) == (None, ())
        assert steady_beat(np.zeros(10, np.float32), RATE) == (None, ())

    def test_facts_of_a_sound(self, tmp_path):
        path = tmp_path / "beat.wav"
        write_wav(path, np.concatenate((clicks(120, 6), np.zeros(RATE, np.float32), clicks(120, 3))))
        work = desk(tmp_path, path, Audio, seconds=Fraction(10), rate=RATE, channels=1)
        made = SoundListener().perform(ListenToSound(sound=Ref[Audio](id="it")), work)
        facts = SoundFacts.model_validate_json(work.store.path(made).read_bytes())
        assert facts.seconds == 10 and facts.loudness is not None and -40 < facts.loudness < 0
        assert any(span.start >= Fraction(11, 2) and span.end <= Fraction(15, 2) for span in facts.silent)

    def test_silence_has_no_loudness(self, tmp_path):
        path = tmp_path / "silence.wav"
        write_wav(path, np.zeros(2 * RATE, np.float32))
        facts = facts_of_sound(path)
        assert facts.loudness is None and facts.true_peak is None
        assert [span.length for span in facts.silent] == [2]
