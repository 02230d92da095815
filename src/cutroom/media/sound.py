"""Reading sound: what a file holds, and its samples, exact to the sample, block by block; writing WAV.

Time 0 of a sound file is its first sample, after the encoder's delay. Time 0 of a clip with picture is its first frame,
so that sound and picture of one clip stay together: sound that begins later is preceded by silence.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.packet import Packet, PacketSideData
from av.stream import Disposition
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from cutroom.errors import BadInput
from cutroom.media.container import container_suffix, decoded, open_container, packets, video_stream
from cutroom.time import Span

_HALF = 0.5**0.5

_TO_LEFT = {
    "FL": 1.0,
    "FC": _HALF,
    "BL": _HALF,
    "SL": _HALF,
    "FLC": 1.0,
    "BC": 0.5,
    "DL": 1.0,
    "WL": 1.0,
    "TFL": _HALF,
    "TBL": _HALF,
    "TFC": 0.5,
    "TC": 0.5,
    "TBC": 0.5,
}
"""How much of each channel the left side hears (ITU-R BS.775-4, annex 4; channels beyond 5.1 alike). The low-frequency
channel is left out, as the standard has it."""

_TO_RIGHT = {
    name[:-1] + "R" if name.endswith("L") else {"FLC": "FRC"}.get(name, name): part for name, part in _TO_LEFT.items()
}

_SLACK = Fraction(1, 20)
"""A gap or overlap between time stamps that is shorter is rounding in the container, not silence."""

_LONGEST_GAP = 3600
"""A longer gap, in seconds, is a broken time stamp."""

_LONGEST = 24 * 3600
"""A longer file, in seconds, has broken time stamps."""

BLOCK = 61_440
"""How many samples are handed over at a time, unless something else is asked for."""

_SEEKABLE = ("mov", "matroska", "wav", "flac", "w64", "aiff")
"""Containers whose time stamps are still right after seeking."""


@dataclass(frozen=True)
class SoundInfo:
    """What a sound file (or a clip's sound) holds."""

    seconds: Fraction
    """How long it sounds, without the encoder's delay and padding."""
    rate: int
    """Samples a second."""
    channels: int
    suffix: str
    """What the bytes are, e.g. ``.mp3``."""


def look(path: Path) -> SoundInfo:
    """What the sound of the file at `path` holds. Reads all of its packets, decodes the first that can be.

    Raises BadInput when there is none that can be decoded.
    """
    first = _first(path)
    end = _end(path, first)
    with open_container(path) as container:
        suffix = container_suffix(path, container, picture=video_stream(container) is not None)
    seconds = Fraction(0) if end is None else end - (_stamp(first) or 0)
    if not 0 < seconds < _LONGEST:  # no time stamps, or none that can be true: count what is decoded
        seconds = Fraction(sum(len(block) for block in blocks(path)), 48_000)
    return SoundInfo(seconds=seconds, rate=first.sample_rate, channels=len(first.layout.channels), suffix=suffix)


def samples(path: Path, *, span: Span | None = None, rate: int = 48_000) -> np.ndarray:
    """The sound at `path`, or in the clip at `path`, as float32 of shape (n, 2), full scale at ±1.

    With `span`, n is exactly ``round(span.length * rate)`` and the first sample is at ``span.start``: what lies outside
    the sound is silence. Without, all of it. Mono is heard on both sides; more channels are mixed down (ITU-R BS.775).
    It takes 23 MB a minute; what may be long is better read as `blocks`.

    Raises BadInput when there is no sound that can be decoded. Damaged parts in the middle are silent.
    """
    return np.concatenate([np.zeros((0, 2), np.float32), *blocks(path, span=span, rate=rate)])


def blocks(
    path: Path, *, span: Span | None = None, rate: int = 48_000, size: int = BLOCK
) -> Iterator[NDArray[np.float32]]:
    """What `samples` gives, in blocks of `size` (the last one may be shorter), in constant memory.

    Raises as `samples` does, when the first block is asked for.
    """
    first = _first(path)
    native = first.sample_rate
    skip, stop = 0, None
    if span is not None:
        # The source is cut where both rates have a sample, so that a part equals that part of the whole; a quarter of
        # a second beside it feeds the filter.
        grain = native // gcd(native, rate)
        skip = max(0, int(span.start * native) - native // 4) // grain * grain
        stop = int(span.end * native) + native // 4
    with open_container(path) as container:
        zero = _zero(path, container, first)
        source = _placed(container, _audio_stream(path, container), native=native, zero=zero, skip=skip, stop=stop)
        if span is None:
            end = _end(path, first)
            # The encoder's padding is not part of the sound.
            wanted = source if end is None else _first_of(source, max(1, round((end - zero) * native)))
            heard = _resampled(wanted, native, rate)
        else:
            begin = round(span.start * rate) - skip * rate // native
            heard = _window(_resampled(source, native, rate), begin, round(span.length * rate))
        yield from _regrouped(heard, size)


def write_wav(path: Path, samples: np.ndarray, rate: int = 48_000, *, floating: bool = False) -> None:
    """Writes float samples of shape (n,) or (n, channels) to `path` as 16-bit PCM, rounded and clipped at full scale.

    With `floating`, as 32-bit floats as they are.
    """
    shaped = np.atleast_2d(samples.T).T
    if floating:
        data, form, width = shaped.astype("<f4"), 3, 4
    else:
        data, form, width = np.clip(np.rint(shaped * 32_768.0), -32_768, 32_767).astype("<i2"), 1, 2
    channels = shaped.shape[1]
    body = np.ascontiguousarray(data).tobytes()
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(body),
        b"WAVE",
        b"fmt ",
        16,
        form,
        channels,
        rate,
        rate * channels * width,
        channels * width,
        8 * width,
        b"data",
        len(body),
    )
    path.write_bytes(header + body)


def _audio_stream(path: Path, container: InputContainer) -> AudioStream:
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if not streams:
        raise BadInput(path, "holds no sound", "leave it out where sound is wanted")
    return max(streams, key=lambda stream: bool(stream.disposition & Disposition.default))


def _first(path: Path) -> AudioFrame:
    """The first frame of sound that can be decoded. Its rate counts, not the header's (which HE-AAC understates)."""
    with open_container(path) as container:
        for frame in _sounding(container, _audio_stream(path, container)):
            if 1000 <= frame.sample_rate <= 1_000_000:
                return frame
    raise BadInput(path, "holds a sound track, but none of it can be decoded", "export it anew, or leave it out")


def _end(path: Path, first: AudioFrame) -> Fraction | None:
    """The time stamp in seconds at which the sound ends, by its packets; None when they have no time stamps."""
    with open_container(path) as container:
        stream = _audio_stream(path, container)
        base = stream.time_base or Fraction(1, first.sample_rate)
        end, longest, padding, last = None, 0, 0, 0
        for packet in packets(container, stream):
            if packet.size and packet.pts is not None:
                end = packet.pts + (packet.duration or 0)
                longest, last, padding = max(longest, packet.duration or 0), packet.duration or 0, _padding(packet)
        if end is None:
            return None
        # Some containers have taken the padding off the last packet's duration, and some leave that to the decoder.
        return end * base - (Fraction(padding, first.sample_rate) if last >= longest else 0)


def _padding(packet: Packet) -> int:
    """How many samples at the end of what a packet decodes to are not to be heard."""
    if not packet.has_sidedata("skip_samples"):
        return 0
    data = bytes(PacketSideData.from_packet(packet, "skip_samples"))
    return struct.unpack("<II", data[:8])[1] if len(data) >= 8 else 0


def _stamp(frame: AudioFrame | VideoFrame) -> Fraction | None:
    """When a frame begins, in the container's time."""
    return frame.pts * frame.time_base if frame.pts is not None and frame.time_base is not None else None


def _zero(path: Path, container: InputContainer, first: AudioFrame) -> Fraction:
    """The time stamp in seconds that counts as 0: that of the first picture, else that of the first sound."""
    shown = None
    if video_stream(container) is not None:
        with open_container(path) as beside:
            stream = video_stream(beside)
            shown = None if stream is None else next(decoded(path, beside, stream), None)
    stamp = _stamp(shown) if shown is not None else None
    return stamp if stamp is not None else (_stamp(first) or Fraction(0))


def _sounding(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """The decoded frames; damaged packets cost themselves."""
    for packet in packets(container, stream):
        try:
            made = packet.decode()
        except EndOfFile:
            return
        except (FFmpegError, ValueError):
            continue
        for frame in made:
            if isinstance(frame, AudioFrame) and frame.samples > 0:
                yield frame


def _placed(
    container: InputContainer, stream: AudioStream, *, native: int, zero: Fraction, skip: int, stop: int | None
) -> Iterator[NDArray[np.float32]]:
    """The sound in stereo at its own rate, from sample `skip` to about `stop`, every part where its time has it.

    Where there is a gap there is silence; what overlaps is left out.
    """
    if skip > 30 * native and container.format.name.split(",")[0] in _SEEKABLE and stream.time_base:
        # A second early, so that decoders which depend on what came before have settled.
        with suppress(FFmpegError):
            container.seek(int((zero + Fraction(skip, native) - 1) / stream.time_base), stream=stream)
    filled = skip
    expected: int | None = None
    for frame in _sounding(container, stream):
        stereo = _alike(frame, native)
        at = expected or 0
        if expected is None or not _follows(frame, zero, Fraction(expected, native)):
            stamp = _stamp(frame)
            stamped = at if stamp is None else round((stamp - zero) * native)
            if expected is None or abs(stamped - expected) > _SLACK * native:
                at = stamped
        expected = at + len(stereo)
        if expected > skip:
            # A broken time stamp does not mean hours of silence.
            gap = at - filled if at - filled <= _LONGEST_GAP * native else 0
            yield from _silence(gap)
            part = stereo[max(0, -gap) :]
            yield part
            filled += max(0, gap) + len(part)
        if stop is not None and expected >= stop:
            return


def _follows(frame: AudioFrame, zero: Fraction, expected: Fraction) -> bool:
    """True when a frame clearly begins where it is expected: in floats, which is many times faster than exactly."""
    if frame.pts is None or frame.time_base is None:
        return True
    return abs(frame.pts * float(frame.time_base) - float(zero) - float(expected)) < _SLACK * 0.9


def _silence(count: int) -> Iterator[NDArray[np.float32]]:
    """`count` samples of silence; none when it is below 0."""
    while count > 0:
        yield np.zeros((min(count, BLOCK), 2), np.float32)
        count -= BLOCK


def _alike(frame: AudioFrame, native: int) -> NDArray[np.float32]:
    """The frame in stereo at the file's rate, which it may have left."""
    stereo = _stereo(frame)
    if frame.sample_rate == native:
        return stereo
    return np.concatenate([np.zeros((0, 2), np.float32), *_resampled(iter([stereo]), frame.sample_rate, native)])


def _stereo(frame: AudioFrame) -> np.ndarray:
    """The frame as float32 of shape (n, 2), mixed down by the names of its channels."""
    names = [channel.name for channel in frame.layout.channels]
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, len(names)).T
    values = _floats(values)
    if len(names) == 1:
        return np.repeat(values.T, 2, axis=1)
    if len(names) == 2:
        return np.ascontiguousarray(values.T)
    matrix = np.array([[_TO_LEFT.get(name, 0.0), _TO_RIGHT.get(name, 0.0)] for name in names], np.float32)
    if not matrix.any():  # channels without names: the first two are left and right
        matrix[0, 0] = matrix[1, 1] = 1.0
    return values.T @ matrix


def _floats(values: np.ndarray) -> np.ndarray:
    """Samples of any type as float32, full scale at ±1."""
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128) / 128
    if values.dtype.kind == "i":
        return (values / float(2 ** (8 * values.dtype.itemsize - 1))).astype(np.float32)
    floats = values.astype(np.float32, copy=False)
    # A sum tells of anything that is no number, many times faster than looking at each.
    with np.errstate(invalid="ignore"):
        total = floats.sum(dtype=np.float64)
    return floats if np.isfinite(total) else np.nan_to_num(floats)


def _resampled(source: Iterator[NDArray[np.float32]], native: int, rate: int) -> Iterator[NDArray[np.float32]]:
    """Stereo sound of n samples at another rate: ``round(n * rate / native)`` samples."""
    if native == rate:
        yield from source
        return
    # A longer filter than the default: -100 dB of images instead of -60.
    resampler = AudioResampler("flt", "stereo", rate, options={"filter_size": "64", "phase_shift": "10"})
    taken, given = 0, 0
    ready: list[np.ndarray] = []
    for chunk in _regrouped(source, native):
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(chunk, np.float32).reshape(1, -1), "flt", "stereo")
        frame.sample_rate = native
        taken += len(chunk)
        ready += [out.to_ndarray().reshape(-1, 2) for out in resampler.resample(frame)]
        # No more than so much, whatever comes: the resampler may be a sample ahead.
        while ready and given + len(ready[0]) <= round(taken * rate / native):
            given += len(ready[0])
            yield ready.pop(0)
    if not taken:
        return
    ready += [out.to_ndarray().reshape(-1, 2) for out in resampler.resample(None)]
    yield from _window(iter(ready), 0, round(taken * rate / native) - given)


def _window(source: Iterator[NDArray[np.float32]], begin: int, count: int) -> Iterator[NDArray[np.float32]]:
    """`count` samples from `begin`; outside of `source` there is silence."""
    before = min(max(0, -begin), count)
    yield from _silence(before)
    left, at = count - before, 0
    begin = max(0, begin)
    for block in source:
        part = block[max(0, begin - at) :][:left]
        at += len(block)
        left -= len(part)
        if len(part):
            yield part
        if left <= 0:
            return
    yield from _silence(left)


def _first_of(source: Iterator[NDArray[np.float32]], count: int) -> Iterator[NDArray[np.float32]]:
    """At most `count` samples."""
    for block in source:
        if count > 0:
            yield block[:count]
        count -= len(block)
        if count <= 0:
            return


def _regrouped(source: Iterator[NDArray[np.float32]], size: int) -> Iterator[NDArray[np.float32]]:
    """The same samples in blocks of `size`; the last one may be shorter, and none is empty."""
    waiting: list[NDArray[np.float32]] = []
    count = 0
    for block in source:
        waiting.append(block)
        count += len(block)
        if count >= size:
            whole = np.concatenate(waiting)
            for start in range(0, count - size + 1, size):
                yield whole[start : start + size]
            waiting, count = [whole[count - count % size :]], count % size
    if count:
        yield np.concatenate(waiting)
