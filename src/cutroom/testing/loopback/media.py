"""What the loopback servers make: bars, tones, and clips of them. Real files, small, the same bytes every time."""

from __future__ import annotations

import io
import wave
from fractions import Fraction
from functools import lru_cache

import av
import numpy as np
from PIL import Image

from cutroom.testing import colour_bars, tone

_FPS = 12


@lru_cache(maxsize=32)
def bars_png(width: int, height: int, shift: int = 0) -> bytes:
    """Colour bars as a PNG, moved right by `shift` pixels."""
    return _png(np.roll(colour_bars(width, height), shift, axis=1))


def framed_png(picture: bytes, width: int, height: int) -> bytes:
    """`picture` in the middle of colour bars, half as wide and half as high: it shows that it was read."""
    with Image.open(io.BytesIO(picture)) as opened:
        inner = opened.convert("RGB").resize((max(1, width // 2), max(1, height // 2)))
    whole = Image.fromarray(colour_bars(width, height))
    whole.paste(inner, (width // 4, height // 4))
    return _png(np.asarray(whole))


def _png(pixels: np.ndarray) -> bytes:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG", compress_level=1)
    return held.getvalue()


@lru_cache(maxsize=32)
def tone_wav(seconds: float, rate: int = 24_000, words: int = 0) -> bytes:
    """A tone as a WAV, mono, 16 bits; with `words`, so many bursts of it with pauses between them."""
    samples = tone(seconds, 440.0, -20.0, rate)[:, 0]
    if words:
        at = np.arange(len(samples)) * words / len(samples)
        samples = samples * (at % 1.0 < 0.7)
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return held.getvalue()


@lru_cache(maxsize=32)
def bars_mp4(width: int, height: int, seconds: float, picture: bytes | None = None) -> bytes:
    """Colour bars that move right, as H.264 in MP4 at 12 frames a second; with `picture`, it fills the first frame."""
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=_FPS, options={"preset": "ultrafast", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt = width // 2 * 2, height // 2 * 2, "yuv420p"
        for number in range(max(1, round(seconds * _FPS))):
            pixels = np.roll(colour_bars(stream.width, stream.height), 4 * number, axis=1)
            if number == 0 and picture is not None:
                with Image.open(io.BytesIO(picture)) as opened:
                    pixels = np.asarray(opened.convert("RGB").resize((stream.width, stream.height)))
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return held.getvalue()


def empty_mp4() -> bytes:
    """An MP4 with a picture track and not one frame in it."""
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=_FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.start_encoding()
    return held.getvalue()


def seconds_of(sound: bytes) -> float:
    """How long a sound is. Decodes it, so that what was uploaded is known to be one."""
    with av.open(io.BytesIO(sound), "r") as container:
        stream = container.streams.audio[0]
        return sum(frame.samples for frame in container.decode(stream)) / (stream.rate or 1)
