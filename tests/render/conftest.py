"""Fixtures that bring pictures and clips into a store, ready to stand in a timeline."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures

from cutroom.media import clip as clips
from cutroom.media import sound as sounds
from cutroom.media.kinds import Audio, Image, Video
from cutroom.media.store import Store


@pytest.fixture
def picture(tmp_path: Path, store: Store) -> Callable[[np.ndarray], Image]:
    """Takes pixels (h, w, 3 or 4) and gives the `Image` that lies in the store (as PNG)."""

    def take(pixels: np.ndarray) -> Image:
        path = tmp_path / "pixels.png"
        Pictures.fromarray(pixels).save(path)
        blob = store.add(path, ".png")
        height, width, channels = pixels.shape
        return Image(
            digest=blob.digest, suffix=".png", bytes=blob.bytes, width=width, height=height, alpha=channels == 4
        )

    return take


@pytest.fixture
def video(store: Store) -> Callable[[Path], Video]:
    """Takes a clip's path and gives the `Video` that lies in the store."""

    def take(path: Path) -> Video:
        info = clips.look(path)
        blob = store.add(path, info.suffix)
        return Video(
            digest=blob.digest,
            suffix=info.suffix,
            bytes=blob.bytes,
            seconds=info.seconds,
            width=info.width,
            height=info.height,
            fps=info.fps,
            constant_rate=info.constant_rate,
            sound=info.sound,
        )

    return take


@pytest.fixture
def audio(tmp_path: Path, store: Store) -> Callable[[np.ndarray], Audio]:
    """Takes samples (n, 2) at 48 kHz and gives the `Audio` that lies in the store (as WAV)."""

    def take(samples: np.ndarray) -> Audio:
        path = tmp_path / "samples.wav"
        sounds.write_wav(path, samples.astype(np.float32))
        blob = store.add(path, ".wav")
        return Audio(
            digest=blob.digest,
            suffix=".wav",
            bytes=blob.bytes,
            seconds=Fraction(len(samples), 48_000),
            rate=48_000,
            channels=2,
        )

    return take
