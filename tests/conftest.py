"""Fixtures that make media: every test builds its own files, small and known to the pixel and the sample."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from cutroom.media.store import Store


def corner(width: int, height: int) -> np.ndarray:
    """A blue-green gradient with a yellow top left corner: its place tells which way up a picture is."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 1] = np.linspace(40, 120, width)[None, :]
    pixels[..., 2] = np.linspace(40, 120, height)[:, None]
    pixels[: height // 4, : width // 4] = (250, 230, 20)
    return pixels


def yellow(pixels: np.ndarray) -> str:
    """Which corner of `pixels` is yellow: one of "top left", "top right", "bottom left", "bottom right"."""
    at = {
        "top left": pixels[4, 4],
        "top right": pixels[4, -5],
        "bottom left": pixels[-5, 4],
        "bottom right": pixels[-5, -5],
    }
    return max(at, key=lambda name: int(at[name][0]) - int(at[name][2]))


@pytest.fixture(scope="session", autouse=True)
def _signing_here(tmp_path_factory: pytest.TempPathFactory):
    """Certificates that are made to sign films stay among the tests' own files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUTROOM_DATA", str(tmp_path_factory.mktemp("data")))
        # Whoever runs the tests may have models of their own.
        for name in [
            name for name in os.environ if name.startswith(("CUTROOM_MODELS_", "CUTROOM_CONFIG", "CUTROOM_FALLBACK"))
        ]:
            patch.delenv(name)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def make_picture(tmp_path: Path) -> Callable[..., Path]:
    """Writes `corner` as a picture; keyword arguments go to Pillow's save."""

    def make(name: str = "picture.jpg", width: int = 160, height: int = 120, **options) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(corner(width, height)).save(path, **options)
        return path

    return make


def tone(seconds: float, rate: int, hertz: float = 440.0, level: float = 0.5) -> np.ndarray:
    """A sine, float32 of shape (n,)."""
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Path]:
    """Writes a clip: `corner` with a bar that moves right one step a frame, and a tone beside it when `sound`.

    `times` are the frames' time stamps in thousandths of a second.
    """

    def make(
        name: str = "clip.mp4",
        *,
        width: int = 160,
        height: int = 120,
        frames: int = 30,
        fps: int = 30,
        times: Sequence[int] | None = None,
        codec: str = "libx264",
        pix_fmt: str = "yuv420p",
        sound: bool = False,
        sound_late: int = 0,
        prepare: Callable | None = None,
        metadata: dict | None = None,
        container_options: dict | None = None,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w", container_options=container_options or {}) as out:
            out.metadata.update(metadata or {})
            stream = out.add_stream(codec, rate=fps)
            stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
            if times is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            if prepare is not None:
                prepare(stream)
            audio = out.add_stream("aac", rate=48_000, layout="stereo") if sound else None
            for number in range(frames):
                pixels = corner(width, height)
                at = number * width // (2 * frames)
                pixels[height // 2 :, at : at + 8] = 255
                frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format=pix_fmt)
                frame.pts, frame.time_base = number, Fraction(1, fps)
                if times is not None:
                    frame.pts, frame.time_base = times[number], Fraction(1, 1000)
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
            if audio is not None:
                wave = np.tile(tone(frames / fps, 48_000), (2, 1))
                for begin in range(0, wave.shape[1], 1024):
                    chunk = av.AudioFrame.from_ndarray(
                        np.ascontiguousarray(wave[:, begin : begin + 1024]), "fltp", "stereo"
                    )
                    chunk.sample_rate, chunk.pts, chunk.time_base = 48_000, begin + sound_late, Fraction(1, 48_000)
                    out.mux(audio.encode(chunk))
                out.mux(audio.encode())
        return path

    return make
