"""Reading a finished film once: its streams, every frame small, and a few frames in full."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cutroom.errors import BadInput
from cutroom.judge.checks.repetition import thumbnail
from cutroom.measures.video import WATCH_SIDE, Look, watch
from cutroom.media.clip import Frame
from cutroom.media.container import decoded, open_container, video_stream

FULL = 2
"""`color_range` of a picture whose luma goes from 0 to 255 rather than from 16 to 235."""
_STRETCHED = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)


@dataclass(frozen=True)
class SoundStream:
    """How the sound is stored."""

    codec: str
    rate: int
    channels: int


@dataclass(frozen=True)
class PictureStream:
    """How the picture is stored. Colours are code points of ITU-T H.273: 1 is BT.709, and limited for the range."""

    codec: str
    profile: str
    pixels: str
    primaries: int
    transfer: int
    matrix: int
    colour_range: int
    width: int
    height: int
    rate: Fraction


@dataclass(frozen=True, eq=False)
class Reel:
    """A film as the judge sees it."""

    picture: PictureStream
    sound: SoundStream | None
    index_first: bool
    """True when the file's index lies before its media, so that it plays while it loads (`+faststart`)."""
    constant: bool
    """True when every frame lasts as long as the next, by the time stamps."""
    looks: tuple[Look, ...]
    """One for each frame; `at` is the frame's number divided by the rate."""
    thumbnails: tuple[NDArray[np.uint8], ...]
    """(18, 32) of luma for each frame."""
    kept: dict[int, NDArray[np.uint8]]
    """Full luma (height, width), 0 to 255, of the frames that were asked for, by number."""

    @property
    def frames(self) -> int:
        """How many frames can be decoded."""
        return len(self.looks)

    @property
    def seconds(self) -> Fraction:
        """How long the picture is."""
        return self.frames / self.picture.rate


Beside = Callable[[int, NDArray[np.uint8], NDArray[np.uint8]], None]
"""Is shown every frame small: its number, luma (0 to 255) with `WATCH_SIDE` as the longer side, and both chroma planes as
stored, (2, 9, 16)."""


def read(path: Path, keep: Collection[int], beside: Beside | None = None) -> Reel:
    """Decodes the film at `path` once, and shows every frame to `beside`. Raises BadInput when there is no picture in it."""
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise BadInput(path, "holds no moving pictures", "render it anew")
        stream.thread_type = "AUTO"
        # Frames that no other frame is made from may stay unsmoothed: nothing measured here sees it.
        stream.codec_context.options = {"skip_loop_filter": "noref"}
        picture = _picture(stream)
        full = picture.colour_range == FULL
        stamps: list[int | None] = []
        thumbnails: list[NDArray[np.uint8]] = []
        kept: dict[int, NDArray[np.uint8]] = {}

        def seen() -> Iterator[Frame]:
            for number, frame in enumerate(decoded(path, container, stream)):
                stored = _luma(frame)
                small = _small(stored)
                if number in keep:
                    kept[number] = stored.copy() if full else _STRETCHED[stored]
                small = small if full else _STRETCHED[small]
                stamps.append(frame.pts)
                thumbnails.append(thumbnail(small))
                if beside is not None:
                    beside(number, small, _chroma(frame))
                yield Frame(number / picture.rate, np.asarray(cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)))

        looks = tuple(watch(seen(), closely=False))
        if not looks:
            raise BadInput(path, "holds a picture track, but not one frame of it can be decoded", "render it anew")
        return Reel(
            picture,
            _sound(container),
            _index_first(path),
            _constant(stamps, stream, picture.rate),
            looks,
            tuple(thumbnails),
            kept,
        )


def _picture(stream: VideoStream) -> PictureStream:
    context = stream.codec_context
    return PictureStream(
        codec=context.name,
        profile=str(context.profile or ""),
        pixels=str(context.pix_fmt or ""),
        primaries=int(context.color_primaries),
        transfer=int(context.color_trc),
        matrix=int(context.colorspace),
        colour_range=int(context.color_range),
        width=stream.width,
        height=stream.height,
        rate=Fraction(stream.average_rate or stream.guessed_rate or 25),
    )


def _sound(container: InputContainer) -> SoundStream | None:
    stream = next(iter(container.streams.audio), None)
    if not isinstance(stream, AudioStream):
        return None
    context = stream.codec_context
    return SoundStream(context.name, context.sample_rate, context.layout.nb_channels)


def _luma(frame: VideoFrame) -> NDArray[np.uint8]:
    """The frame's luma as stored: straight from the decoder's plane where there is one of 8 bits."""
    if frame.format.name not in ("yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12"):
        return np.asarray(frame.reformat(format="yuv420p").to_ndarray()[: frame.height], np.uint8)
    plane = frame.planes[0]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


def _chroma(frame: VideoFrame) -> NDArray[np.uint8]:
    """Both chroma planes as stored, tiny: (2, 9, 16)."""
    if frame.format.name not in ("yuv420p", "yuvj420p", "yuv422p", "yuv444p"):
        frame = frame.reformat(format="yuv420p")
    tiny = []
    for plane in (frame.planes[1], frame.planes[2]):
        whole = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        tiny.append(cv2.resize(whole, (16, 9), interpolation=cv2.INTER_AREA))
    return np.stack(tiny)


def _small(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    factor = min(1.0, WATCH_SIDE / max(luma.shape))
    size = max(1, round(luma.shape[1] * factor)), max(1, round(luma.shape[0] * factor))
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def _constant(stamps: list[int | None], stream: VideoStream, rate: Fraction) -> bool:
    """True when the time stamps advance by one frame each, within a tick of their clock."""
    known = [stamp for stamp in stamps if stamp is not None]
    base = stream.time_base
    if base is None or len(known) < len(stamps):
        return False
    return all(abs((after - before) * base - 1 / rate) <= base for before, after in pairwise(known))


def _index_first(path: Path) -> bool:
    """Whether `moov` lies before `mdat` (ISO/IEC 14496-12); False for what is no MP4."""
    size = path.stat().st_size
    with path.open("rb") as file:
        place = 0
        while place + 8 <= size:
            file.seek(place)
            head = file.read(16)
            length, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            length = int.from_bytes(head[8:16], "big") if length == 1 else length
            if length < 8:
                return False
            place += length
    return False
