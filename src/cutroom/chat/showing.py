"""Pictures, sounds and clips as parts of a message: data URLs of upright pictures, WAV, sampled frames.

Nothing but pixels and samples leaves this machine: where a photograph was taken, and by which camera, stays here.
"""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cutroom.chat.messages import Clip, Part, Picture, Shown, Sound
from cutroom.media import clip as clips
from cutroom.media import picture as pictures
from cutroom.media import sound as sounds
from cutroom.time import Span

RATE = 16_000
"""Samples a second of sound as sent: what speech models are trained on."""

MOST_CLIP_BYTES = 20 * 2**20
"""A larger clip goes as frames even to a server that takes clips."""

_QUALITY = 90
_KINDS = {".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime", ".mkv": "video/x-matroska"}


def show(part: Part, *, whole_clips: bool = False) -> tuple[dict[str, Any], ...]:
    """`part` as parts of a message in the chat completions dialect.

    A picture is one ``image_url``. A sound is one ``input_audio`` (WAV, mono, 16 kHz). A clip is one ``video_url`` with
    `whole_clips`, else a line that says when its frames are seen, and the frames.

    Raises BadInput when it can't be read.
    """
    match part:
        case Picture():
            return (_image(_picture(part)),)
        case Sound():
            return ({"type": "input_audio", "input_audio": {"data": _sound(part), "format": "wav"}},)
        case Clip():
            return _clip(part, whole=whole_clips)
    raise TypeError(f"{type(part).__name__} is words, not something to show")


def _image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


@lru_cache(maxsize=16)
def _picture(part: Picture) -> str:
    with _file(part) as path:
        return _jpeg(pictures.open_picture(path, max_side=part.longest))


def _jpeg(pixels: np.ndarray) -> str:
    """A data URL. What is transparent is shown on white, as most servers drop alpha and show what lies beneath it."""
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype(np.float32) / 255
        pixels = np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "JPEG", quality=_QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode()}"


@lru_cache(maxsize=4)
def _sound(part: Sound) -> str:
    with _file(part) as path, tempfile.TemporaryDirectory(prefix="cutroom-") as folder:
        length = min(sounds.look(path).seconds, Fraction(part.seconds))
        heard = sounds.samples(path, span=Span(start=Fraction(0), length=length), rate=RATE)
        wav = Path(folder) / "sound.wav"
        sounds.write_wav(wav, heard.mean(axis=1), RATE)
        return base64.b64encode(wav.read_bytes()).decode()


@lru_cache(maxsize=4)
def _clip(part: Clip, *, whole: bool) -> tuple[dict[str, Any], ...]:
    with _file(part) as path:
        info = clips.look(path)
        if whole and path.stat().st_size <= MOST_CLIP_BYTES and info.suffix in _KINDS:
            data = base64.b64encode(path.read_bytes()).decode()
            return ({"type": "video_url", "video_url": {"url": f"data:{_KINDS[info.suffix]};base64,{data}"}},)
        every = info.seconds / max(1, part.frames)
        seen = [
            (frame.at, _jpeg(frame.pixels)) for frame in clips.frames(path, every=every or None, max_side=part.longest)
        ][: part.frames]
    times = ", ".join(f"{float(max(at, 0)):.1f}" for at, _ in seen)
    line = f"A clip of {float(info.seconds):.1f} s, as {len(seen)} frames seen at {times} s:"
    return ({"type": "text", "text": line}, *(_image(url) for _, url in seen))


@contextmanager
def _file(part: Shown) -> Iterator[Path]:
    """A path to the bytes of `part`; bytes in memory get one for as long as it is needed."""
    if isinstance(part.source, Path):
        yield part.source
        return
    with tempfile.TemporaryDirectory(prefix="cutroom-") as folder:
        path = Path(folder) / "shown"
        path.write_bytes(part.source)
        yield path
