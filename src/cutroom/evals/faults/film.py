"""Taking a finished film apart and putting it together again, with nothing changed but what is to be changed.

A stream that is not touched is copied packet by packet; one that is touched is encoded as the renderer does it. So a film
whose picture is faulty has the very sound that it had, and encoding anew is no fault by itself (the suite's controls show it).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from cutroom.media import clip as clips
from cutroom.media import sound as sounds

RATE = 48_000
BT709 = 1
LIMITED = 1

Frames = NDArray[np.uint8]
"""All frames of a film: (count, height, width, 3), RGB."""
Samples = NDArray[np.float32]
"""All of a film's sound: (count, 2), full scale at ±1, 48 kHz."""


@dataclass(frozen=True)
class Encoding:
    """How the picture is encoded again."""

    crf: float = 20
    preset: str = "veryfast"
    fps: Fraction = Fraction(30)
    bits_a_second: int = 224_000


def frames_of(path: Path) -> Frames:
    """Every frame. Raises BadInput when there is none."""
    return np.stack([frame.pixels for frame in clips.frames(path)])


def samples_of(path: Path) -> Samples:
    """All sound. Raises BadInput when there is none."""
    return sounds.samples(path, rate=RATE)


def write(
    out: Path, film: Path, how: Encoding, *, frames: Frames | None = None, samples: Samples | None = None
) -> None:
    """The film at `film` again, with other `frames` or other `samples` where given."""
    with (
        av.open(str(film)) as source,
        av.open(str(out), "w", format="mp4", container_options={"movflags": "+faststart"}) as target,
    ):
        seen = next(iter(source.streams.video))
        heard = next(iter(source.streams.audio), None)
        picture = _picture(target, frames, how) if frames is not None else target.add_stream_from_template(seen)
        sound = None
        if samples is not None:
            sound = target.add_stream("aac", rate=RATE, layout="stereo")
            sound.codec_context.bit_rate = how.bits_a_second
        elif heard is not None:
            sound = target.add_stream_from_template(heard)
        if frames is not None:
            _encode_picture(target, picture, frames, how)
        if samples is not None and isinstance(sound, AudioStream):
            _encode_sound(target, sound, samples)
        copied = [stream for stream, anew in ((seen, frames), (heard, samples)) if anew is None and stream is not None]
        _copy(source, target, copied, {seen.index: picture, **({heard.index: sound} if heard else {})})


def _picture(target: OutputContainer, frames: Frames, how: Encoding) -> VideoStream:
    options = {"crf": str(how.crf), "preset": how.preset, "profile": "high"}
    stream = target.add_stream("libx264", rate=how.fps, options=options)
    stream.height, stream.width = frames.shape[1:3]
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.color_primaries = context.color_trc = context.colorspace = BT709
    context.color_range = LIMITED
    return stream


def _encode_picture(target: OutputContainer, stream: VideoStream, frames: Frames, how: Encoding) -> None:
    for number, pixels in enumerate(frames):
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range=LIMITED
        )
        frame.pts, frame.time_base = number, 1 / how.fps
        target.mux(stream.encode(frame))
    target.mux(stream.encode())


def _encode_sound(target: OutputContainer, stream: AudioStream, samples: Samples) -> None:
    for begin in range(0, len(samples), 1024):
        block = np.ascontiguousarray(samples[begin : begin + 1024].T, np.float32)
        frame = AudioFrame.from_ndarray(block, "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
        target.mux(stream.encode(frame))
    target.mux(stream.encode())


def _copy(source: InputContainer, target: OutputContainer, streams: list, into: dict) -> None:
    if not streams:
        return
    for packet in source.demux(streams):
        if packet.dts is None:
            continue
        packet.stream = into[packet.stream.index]
        target.mux(packet)
