"""Which encoder makes the picture, with which settings, and in which container it goes together with which sound.

Every encoder is set so that stretches of the film can be encoded by themselves and joined without encoding again: each
starts with a key frame that nothing refers across, and all have the same headers. Encoders run on one thread each (the
film's stretches are what runs side by side), so that the bytes do not depend on the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.codec import codecs_available
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.brief.brief import Codec
from cutroom.timeline.timeline import Format

BT709, LIMITED = 1, 1
"""As ITU-T H.273 and ffmpeg number them."""

KEY_SECONDS = 2
"""At least one key frame in so many seconds, so that players can jump."""


@dataclass(frozen=True)
class Encoding:
    """How the picture is to be encoded."""

    crf: float = 20
    """On x264's scale, whatever the codec: lower is better. Other encoders' numbers give the same PSNR of luma at 20."""
    preset: str = "veryfast"
    """x264's name for how much work is put into a small file, whatever the codec."""
    codec: Codec = "h264"
    hardware: bool = False
    """True when an encoder in hardware is to be used if there is one."""


@dataclass(frozen=True)
class Encoder:
    """An encoder and its settings."""

    name: str
    """As ffmpeg calls it."""
    options: dict[str, str] = field(default_factory=dict)
    pixels: str = "yuv420p"
    container: str = "mp4"
    """ffmpeg's name of the muxer."""
    tag: str | None = None
    """The code by which the container names the codec, where its own choice is not the one that plays everywhere."""
    sound: str = "aac"

    @property
    def suffix(self) -> str:
        """How a file of its own is named."""
        return {"mp4": ".mp4", "webm": ".webm", "mov": ".mov"}[self.container]

    def stream(self, container: OutputContainer, frame: Format) -> VideoStream:
        """A new stream of `container` that encodes frames of this format."""
        stream = container.add_stream(self.name, rate=frame.fps)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, self.pixels
        context = stream.codec_context
        context.time_base = 1 / frame.fps
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED
        context.sample_aspect_ratio = Fraction(1)
        context.thread_count = 1
        context.options = dict(self.options)
        if self.tag:
            context.codec_tag = self.tag
        return stream

    def takes(self, frame: VideoFrame) -> VideoFrame:
        """`frame` (yuv420p) in the encoder's own pixel format, with its number."""
        if self.pixels == "yuv420p":
            return frame
        other = frame.reformat(format=self.pixels)
        other.pts = frame.pts
        return other


def encoder_for(encoding: Encoding, frame: Format) -> tuple[Encoder, tuple[str, str] | None]:
    """The encoder for what is asked, and what is not as asked: (what, why), or None."""
    software = _software(encoding, frame)
    if not encoding.hardware:
        return software, None
    tried = []
    for hardware in _hardware(encoding, software):
        why = _refusal(hardware, frame)
        if why is None:
            return hardware, None
        tried.append(f"{hardware.name}: {why}")
    reasons = "; ".join(tried) or f"none for {encoding.codec} comes with this build of PyAV"
    return software, ("hardware encoder", f"no encoder in hardware works here ({reasons}); {software.name} was used")


def key_frames(frame: Format) -> int:
    """The longest way from one key frame to the next, in frames."""
    return max(1, round(KEY_SECONDS * frame.fps))


def _software(encoding: Encoding, frame: Format) -> Encoder:
    make = {"h264": _x264, "hevc": _x265, "av1": _svt_av1, "vp9": _vp9, "prores": _prores}[encoding.codec]
    return make(encoding, key_frames(frame))


LOOKAHEAD = 20
"""So many frames x264 looks ahead at most: each takes 6.5 MB at 1080p, and there is an encoder for each core. Stretches
are 60 frames at most: to look ahead for 40, as ``medium`` does by itself, gives 0.15 dB for 1.5 % more bytes and 260 MB."""

_LOOKS_FURTHER = ("fast", "medium", "slow", "slower", "veryslow")


def _x264(encoding: Encoding, keys: int) -> Encoder:
    # x264's own AVX-512 code for its macroblock tree reads beyond what it has filled: without `cpu-independent` the bytes
    # of a small picture depend on what lay in memory before (see docs/design/005).
    params = f"keyint={keys}:min-keyint={max(1, keys // 8)}:force-cfr=1:open-gop=0:stitchable=1:cpu-independent=1"
    if encoding.preset in _LOOKS_FURTHER:
        params += f":rc-lookahead={LOOKAHEAD}"
    options = {"crf": f"{encoding.crf:g}", "preset": encoding.preset, "profile": "high", "x264-params": params}
    return Encoder("libx264", options)


def _x265(encoding: Encoding, keys: int) -> Encoder:
    params = (
        f"keyint={keys}:min-keyint={max(1, keys // 8)}:open-gop=0:repeat-headers=0:pools=none:frame-threads=1:"
        "wpp=0:log-level=none:info=0"
    )
    options = {"crf": f"{encoding.crf + 4:g}", "preset": encoding.preset, "x265-params": params}
    return Encoder("libx265", options, tag="hvc1")


_SVT_PRESETS = {"ultrafast": 12, "superfast": 11, "veryfast": 10, "fast": 8, "medium": 7, "slow": 5}


def _svt_av1(encoding: Encoding, keys: int) -> Encoder:
    # It writes its settings to standard error for each stretch, and listens to nothing else.
    os.environ.setdefault("SVT_LOG", "1")
    crf = min(63, round(encoding.crf * 1.85))
    options = {"crf": str(crf), "preset": str(_SVT_PRESETS[encoding.preset]), "g": str(keys), "svtav1-params": "lp=1"}
    return Encoder("libsvtav1", options)


_VP9_SPEEDS = {"ultrafast": 8, "superfast": 7, "veryfast": 6, "fast": 5, "medium": 3, "slow": 2}


def _vp9(encoding: Encoding, keys: int) -> Encoder:
    speed = _VP9_SPEEDS[encoding.preset]
    options = {
        "crf": f"{min(63, round(encoding.crf * 1.65))}",
        "b": "0",
        "deadline": "realtime" if speed > 5 else "good",
        "cpu-used": str(speed),
        "row-mt": "0",
        "g": str(keys),
    }
    return Encoder("libvpx-vp9", options, container="webm", sound="libopus")


def _prores(encoding: Encoding, _keys: int) -> Encoder:
    # Apple's software turns away what does not claim to be its own.
    profile, tag = ("3", "apch") if encoding.crf <= 18 else ("2", "apcn")
    options = {"profile": profile, "vendor": "apl0"}
    return Encoder("prores", options, pixels="yuv422p10le", container="mov", tag=tag, sound="pcm_s24le")


_HARDWARE = {"h264": "h264", "hevc": "hevc", "av1": "av1"}
_QUALITY = {
    "nvenc": lambda crf: {"rc": "vbr", "cq": f"{crf:g}", "b": "0", "forced-idr": "1"},
    "qsv": lambda crf: {"global_quality": f"{round(crf)}"},
    "videotoolbox": lambda crf: {"q:v": f"{max(1, min(100, round(100 - 2 * crf)))}"},
    "amf": lambda crf: {"rc": "cqp", "qp_i": f"{round(crf)}", "qp_p": f"{round(crf)}"},
}
"""How each family is told a quality."""


def _hardware(encoding: Encoding, software: Encoder) -> Iterator[Encoder]:
    """Encoders in hardware that take frames from memory, as far as this build has them."""
    stem = _HARDWARE.get(encoding.codec)
    for family, quality in _QUALITY.items():
        if stem and f"{stem}_{family}" in codecs_available:
            pixels = "nv12" if family == "qsv" else "yuv420p"
            yield Encoder(f"{stem}_{family}", quality(encoding.crf), pixels=pixels, tag=software.tag)


def _refusal(encoder: Encoder, frame: Format) -> str | None:
    """Why an encoder does not work on this machine; None when it encodes a frame of this format."""
    context = av.CodecContext.create(encoder.name, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, encoder.pixels
    context.time_base, context.framerate = 1 / frame.fps, frame.fps
    context.options = dict(encoder.options)
    black = encoder.takes(VideoFrame(frame.width, frame.height, "yuv420p"))
    black.pts = 0
    try:
        made = [*context.encode(black), *context.encode(None)]
    except (FFmpegError, ValueError) as error:
        said = getattr(error, "strerror", None) or ""
        return "it cannot be opened" if not said or said.startswith("Unknown") else said.lower()
    return None if made else "it gives nothing back"


def film_container(out: Path, encoder: Encoder) -> OutputContainer:
    """The file `out`, opened for writing with what makes it play everywhere: its index first, nothing of the machine."""
    options = {"fflags": "+bitexact"}
    if encoder.container in ("mp4", "mov"):
        options["movflags"] = "+faststart"
    return av.open(str(out), "w", format=encoder.container, container_options=options)
