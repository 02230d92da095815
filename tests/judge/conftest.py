"""Takes for the judge: textured pictures, sounds, cuts and films, each made for the fault that it has or has not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from pydantic import BaseModel

from cutroom.media.kinds import Audio, Cut, Image, Text, Video
from cutroom.media.sound import write_wav
from cutroom.media.store import Store
from cutroom.timeline.timeline import Box, Clip, Format, Move, Timeline

RATE = 48_000


def textured(width: int, height: int, seed: int) -> np.ndarray:
    """Soft coloured blotches with fine grain on top: (height, width, 3) uint8, different for every seed."""
    rng = np.random.default_rng(seed)
    blotches = rng.integers(20, 235, (9, 16, 3)).astype(np.uint8)
    coarse = cv2.resize(blotches, (width, height), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.integers(-40, 41, (height // 4, width // 4, 1)).astype(np.float32), (width, height))
    return np.clip(coarse + fine[..., None], 0, 255).astype(np.uint8)


def tone(seconds: float, level: float = 0.3, hertz: float = 440.0) -> np.ndarray:
    """A sine that swells twice a second and ends softly, float32 (n,)."""
    at = np.arange(round(seconds * RATE)) / RATE
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 2 * at)
    return (level * np.sin(2 * np.pi * hertz * at) * swell * np.clip((seconds - at) / 0.2, 0, 1)).astype(np.float32)


class Bench:
    """Puts takes into a store."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder

    def image(self, pixels: np.ndarray) -> Image:
        path = self.folder / "picture.png"
        Pillow.fromarray(pixels).save(path)
        blob = self.store.add(path, ".png")
        return Image(digest=blob.digest, bytes=blob.bytes, suffix=".png", width=pixels.shape[1], height=pixels.shape[0])

    def audio(self, samples: np.ndarray, **more) -> Audio:
        path = self.folder / "sound.wav"
        write_wav(path, samples)
        blob = self.store.add(path, ".wav")
        channels = 1 if samples.ndim == 1 else samples.shape[1]
        return Audio(
            digest=blob.digest,
            bytes=blob.bytes,
            suffix=".wav",
            **{"seconds": Fraction(len(samples), RATE), "rate": RATE, "channels": channels, **more},
        )

    def video(self, path: Path, *, seconds: Fraction, width: int, height: int, fps: Fraction, sound=False) -> Video:
        blob = self.store.add(path, ".mp4")
        return Video(
            digest=blob.digest,
            bytes=blob.bytes,
            suffix=".mp4",
            seconds=seconds,
            width=width,
            height=height,
            fps=fps,
            sound=sound,
        )

    def clip(self, frames: Sequence[np.ndarray], fps: int = 30, **options) -> Video:
        path = self.folder / "clip.mp4"
        encode(path, frames, fps, **options)
        height, width = frames[0].shape[:2]
        return self.video(path, seconds=Fraction(len(frames), fps), width=width, height=height, fps=Fraction(fps))

    def cut(self, timeline: Timeline) -> Cut:
        blob = self.store.add_bytes(timeline.model_dump_json().encode(), ".json")
        return Cut(digest=blob.digest, bytes=blob.bytes, suffix=".json", seconds=timeline.seconds)

    def facts(self, facts: BaseModel) -> Text:
        return self.text(facts.model_dump_json(), ".json")

    def text(self, words: str, suffix: str = ".txt") -> Text:
        blob = self.store.add_bytes(words.encode(), suffix)
        return Text(digest=blob.digest, bytes=blob.bytes, suffix=suffix)

    def broken(self, kind: type, **more):
        """A medium whose bytes are noise."""
        blob = self.store.add_bytes(b"\x00\x01nothing of the kind" * 50, ".bin")
        return kind(digest=blob.digest, bytes=blob.bytes, suffix=".bin", **more)


def encode(
    path: Path,
    frames: Iterable[np.ndarray],
    fps: int = 30,
    *,
    sound: np.ndarray | None = None,
    fast_start: bool = True,
    tagged: bool = True,
    profile: str = "high",
    stamps: Sequence[int] | None = None,
    crf: int = 18,
) -> Path:
    """H.264 and AAC as a film should be, but for what is asked otherwise. `stamps` are in thousandths of a second."""
    frames = list(frames)
    with av.open(str(path), "w", options={"movflags": "+faststart"} if fast_start else {}) as out:
        extra = {"x264-params": "8x8dct=1"} if profile == "high" else {}
        options = {"crf": str(crf), "preset": "ultrafast", "profile": profile, **extra}
        stream = out.add_stream("libx264", rate=fps, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        if stamps is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if tagged:
            context = stream.codec_context
            context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
        audio = None if sound is None else out.add_stream("aac", rate=RATE, layout="stereo", bit_rate=192_000)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range=1
            )
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = Fraction(1, fps) if stamps is None else Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if audio is not None and sound is not None:
            both = np.ascontiguousarray(np.stack([sound, sound]) if sound.ndim == 1 else sound.T)
            for begin in range(0, both.shape[1], 1024):
                part = av.AudioFrame.from_ndarray(np.ascontiguousarray(both[:, begin : begin + 1024]), "fltp", "stereo")
                part.sample_rate, part.pts, part.time_base = RATE, begin, Fraction(1, RATE)
                out.mux(audio.encode(part))
            out.mux(audio.encode())
    return path


def moving(picture: np.ndarray, count: int, width: int, height: int) -> list[np.ndarray]:
    """Frames of a slow pan over `picture`."""
    spare = picture.shape[1] - width
    return [picture[:height, round(place * spare / count) :][:, :width] for place in range(count)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Store(tmp_path / "store"), tmp_path)


@pytest.fixture
def frame() -> Format:
    return Format(width=320, height=180, fps=Fraction(30))


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The makers of this file, as test modules cannot import it."""
    return SimpleNamespace(Bench=Bench, textured=textured, tone=tone, encode=encode, moving=moving, shot=shot)


def shot(media: Image | Video, seconds: Fraction, start: Box | None = None, end: Box | None = None, **more) -> Clip:
    """A clip of a picture that moves in gently, unless boxes say otherwise."""
    start = start or Box(x=0, y=0, width=1, height=1)
    end = end or Box(x=0.05, y=0.05, width=0.9, height=0.9)
    return Clip(media=media, seconds=seconds, move=Move(start=start, end=end), **more)


@pytest.fixture
def checks() -> Callable[..., list[str]]:
    """The names of the checks that found something, each once, in order."""
    return lambda verdict: list(dict.fromkeys(finding.check for finding in verdict.findings))
