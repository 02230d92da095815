"""Reading clips: what a file holds, and its frames upright, with square pixels, at exact times.

Files are opened by `open_container` (see `cutroom.media.container`), which can also be imported from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from av.container import InputContainer
from av.error import BlockingIOError as NotYet
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.filter import Graph
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from cutroom.errors import BadInput
from cutroom.media import sound as sounds
from cutroom.media.container import (
    check_size,
    container_suffix,
    decoded,
    open_container,
    packets,
    video_stream,
    when_taken,
)
from cutroom.media.display import HLG, PQ, brought_home, display_of, has_alpha
from cutroom.time import Span

_FULL = 2
"""`color_range` of a picture that uses 0 to 255."""


@dataclass(frozen=True)
class Turn:
    """How stored pictures become upright: first turned over the diagonal, then flipped."""

    transpose: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """`pixels` (rows, columns, …) upright; a view, not a copy."""
        if self.transpose:
            pixels = pixels.swapaxes(0, 1)
        if self.flip_rows:
            pixels = pixels[::-1]
        return pixels[:, ::-1] if self.flip_columns else pixels

    @property
    def clockwise(self) -> int:
        """By how many degrees the stored picture is turned clockwise; a mirrored one counts as its unmirrored self."""
        if self.transpose:
            return 90 if self.flip_columns else 270
        return 180 if self.flip_rows else 0


@dataclass(frozen=True)
class ClipInfo:
    """What a clip holds. Without picture, width and height and fps are 0."""

    seconds: Fraction
    """From the first frame to the end of the last; without picture, the length of the sound."""
    width: int
    height: int
    """As seen: upright, with square pixels."""
    fps: Fraction
    """The mean rate."""
    constant_rate: bool
    """True when every frame lies where the mean rate has it, within a quarter of a frame."""
    rotation: int
    """By how many degrees clockwise the stored frames are turned to be upright: 0, 90, 180 or 270."""
    picture: bool
    sound: bool
    suffix: str
    """What the bytes are, e.g. ``.mp4``."""
    taken: datetime | None
    """When it was shot; with its offset when the container says one (most give UTC)."""
    hdr: bool
    full_range: bool
    interlaced: bool
    alpha: bool = False
    """True when some pixel may be transparent; `frames` shows it over black."""
    bits: int = 8
    """Bits a sample."""
    turn: Turn = Turn()
    """The rotation with its mirroring."""
    stored: tuple[int, int] = (0, 0)
    """Width and height as stored, before pixel aspect and rotation."""


@dataclass(frozen=True)
class Frame:
    """One frame of a clip."""

    at: Fraction
    """When it is first seen, in seconds after the clip's first frame."""
    pixels: np.ndarray
    """Shape (height, width, 3), uint8 RGB, upright, square pixels."""


def look(path: Path) -> ClipInfo:
    """What the clip (or sound file) at `path` holds. Reads all of its packets, decodes its first frame.

    Raises BadInput when it can't be read or nothing in it can be decoded, TooLarge when its frames are too large.
    """
    with open_container(path) as container:
        stream = video_stream(container)
        audio = next(iter(container.streams.audio), None)
        sound = audio is not None and audio.codec_context is not None
        if stream is None:
            if not sound:
                raise BadInput(path, "holds neither moving pictures nor sound", "leave it out, or export it anew")
            return _sound_only(path, container)
        first = _first_frame(path, container, stream)
        times = _times(path, stream)
        return _described(path, container, first, times, sound=sound)


def _sound_only(path: Path, container: InputContainer) -> ClipInfo:
    info = sounds.look(path)
    return ClipInfo(
        seconds=info.seconds,
        width=0,
        height=0,
        fps=Fraction(0),
        constant_rate=True,
        rotation=0,
        picture=False,
        sound=True,
        suffix=info.suffix,
        taken=when_taken(container),
        hdr=False,
        full_range=False,
        interlaced=False,
    )


def _first_frame(path: Path, container: InputContainer, stream: VideoStream) -> VideoFrame:
    check_size(path, stream.width, stream.height)
    for frame in decoded(path, container, stream):
        return frame
    raise BadInput(
        path,
        "holds a picture track, but not one frame of it can be decoded",
        "export it anew as H.264 in MP4, or leave it out",
    )


@dataclass(frozen=True)
class _Times:
    """When the frames of a clip are shown, from its packets."""

    seconds: Fraction
    fps: Fraction
    constant: bool


def _times(path: Path, stream: VideoStream) -> _Times:
    """Reads all packets of `stream` in a container of its own: a header's length can be missing or untrue."""
    with open_container(path) as container:
        same = container.streams[stream.index]
        base = same.time_base or Fraction(1, 1000)
        seen = [packet for packet in packets(container, same) if packet.size and not packet.is_discard]
        shown = sorted(packet.pts for packet in seen if packet.pts is not None)
        nominal = _sane_rate(stream.average_rate) or _sane_rate(stream.guessed_rate) or Fraction(25)
        if len(shown) < max(2, len(seen) // 2):  # no time stamps worth the name: count frames
            count = max(1, len(seen))
            return _Times(seconds=count / nominal, fps=nominal, constant=True)
        last = max((packet.duration or 0 for packet in seen if packet.pts == shown[-1]), default=0)
    unique = sorted(set(shown))
    reach = (unique[-1] - unique[0]) * base
    step = reach / max(1, len(unique) - 1)
    final = last * base if 0 < last * base <= max(4 * step, Fraction(1, 2)) else step
    if len(unique) < 2 or reach <= 0:
        return _Times(seconds=last * base if last else 1 / nominal, fps=nominal, constant=True)
    fps = _named_rate(1 / step, nominal)
    ideal = 1 / fps
    on_grid = all(
        abs((pts - unique[0]) * base - number * ideal) <= ideal / 4 + base for number, pts in enumerate(unique)
    )
    constant = on_grid and all((after - before) * base < ideal * Fraction(3, 2) for before, after in pairwise(unique))
    return _Times(seconds=reach + final, fps=fps, constant=constant)


def _sane_rate(rate: Fraction | None) -> Fraction | None:
    return Fraction(rate) if rate and Fraction(1, 60) <= rate <= 1000 else None


def _named_rate(measured: Fraction, nominal: Fraction) -> Fraction:
    """`measured`, or the rate that it stands for: the header's or a usual one, when within a thousandth."""
    usual = (
        nominal,
        *(Fraction(rate) for rate in (24, 25, 30, 50, 60)),
        *(Fraction(rate * 1000, 1001) for rate in (24, 30, 60)),
    )
    for rate in usual:
        if abs(measured - rate) <= rate / 2500:
            return rate
    return measured.limit_denominator(1001)


def _described(path: Path, container: InputContainer, first: VideoFrame, times: _Times, *, sound: bool) -> ClipInfo:
    stream = video_stream(container)
    aspect = _aspect(stream.sample_aspect_ratio if stream else None)
    turn = _turn(first)
    width, height = _square(first.width, first.height, aspect)
    components = first.format.components
    return ClipInfo(
        seconds=times.seconds,
        width=height if turn.transpose else width,
        height=width if turn.transpose else height,
        fps=times.fps,
        constant_rate=times.constant,
        rotation=turn.clockwise,
        picture=True,
        sound=sound,
        suffix=container_suffix(path, container, picture=True),
        taken=when_taken(container),
        hdr=int(first.color_trc) in (PQ, HLG),
        full_range=int(first.color_range) == _FULL or first.format.name.startswith("yuvj"),
        interlaced=bool(first.interlaced_frame),
        alpha=has_alpha(first),
        bits=max((component.bits for component in components), default=8),
        turn=turn,
        stored=(first.width, first.height),
    )


def _aspect(aspect: Fraction | None) -> Fraction:
    """The shape of a stored pixel (width / height); 1 when the file gives none or nonsense."""
    return aspect if aspect and Fraction(1, 4) <= aspect <= 4 else Fraction(1)


def _square(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """The size with square pixels: the side that is too short is made longer, so that no detail is lost."""
    return (round(width * aspect), height) if aspect >= 1 else (width, round(height / aspect))


def _turn(frame: VideoFrame) -> Turn:
    """How the frame becomes upright, from its display matrix (ISO/IEC 14496-12, 6.2.2): quarter turns and mirrors."""
    # Not `frame.side_data`: that ties the frame to itself, and it would stay in memory until the garbage is collected.
    sides: Iterator[Any] = iter(SideDataContainer(frame))  # pyright: ignore[reportCallIssue] - the stub lacks it
    matrix = next((bytes(side) for side in sides if side.type is SideDataType.DISPLAYMATRIX), b"")
    if len(matrix) < 36:
        return Turn()
    a, b, _u, c, d, *_rest = np.frombuffer(matrix[:36], "<i4").tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(flip_rows=d < 0, flip_columns=a < 0)
    return Turn(transpose=True, flip_rows=b < 0, flip_columns=c < 0)


def frames(
    path: Path, *, span: Span | None = None, every: Fraction | None = None, max_side: int | None = None
) -> Iterator[Frame]:
    """The clip's frames in the order that they are shown, upright, with square pixels, interlacing removed.

    They are of BT.709: HDR and wide gamuts are brought there as the renderer does it, and what is transparent is black.
    With `span`: those that are seen during it, the one on display when it begins included (its `at` may lie before).
    With `every`: at most one frame in each stretch of that length. With `max_side`: scaled down so that the longer
    side is at most that.

    Raises BadInput when no frame can be decoded, TooLarge when frames are too large. Damaged frames in the middle
    are left out.
    """
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise BadInput(path, "holds no moving pictures", "use it as sound, or leave it out")
        stream.thread_type = "AUTO"
        check_size(path, stream.width, stream.height)
        aspect = _aspect(stream.sample_aspect_ratio)
        found = False
        pixels = _Pixels(aspect, max_side)
        for at, frame in _thinned(_within(_timed(path, container, stream, span), span), every):
            found = True
            yield Frame(at, pixels(frame))
        if not found and span is None:
            raise BadInput(
                path,
                "holds a picture track, but not one frame of it can be decoded",
                "export it anew as H.264 in MP4, or leave it out",
            )


@dataclass(frozen=True)
class Stored:
    """One frame as the decoder gives it: not turned, in its own format, with its own pixel aspect."""

    at: Fraction
    """When it is first seen, in seconds after the clip's first frame."""
    frame: VideoFrame
    turn: Turn
    """How it becomes upright."""


def stored(path: Path, *, span: Span | None = None) -> Iterator[Stored]:
    """The clip's frames as they are stored, interlacing removed, in the order and at the times of `frames`.

    For whoever converts them otherwise than to RGB. Raises BadInput when the file holds no moving pictures.
    """
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise BadInput(path, "holds no moving pictures", "use it as sound, or leave it out")
        stream.thread_type = "AUTO"
        for at, frame in _within(_timed(path, container, stream, span), span):
            yield Stored(at, frame, _turn(frame))


_Timed = Iterator[tuple[Fraction, VideoFrame]]


def _timed(path: Path, container: InputContainer, stream: VideoStream, span: Span | None) -> _Timed:
    """Frames with their times after the first frame; never going back. Seeks to shortly before the span."""
    base = stream.time_base or Fraction(1, 1000)
    usual = 1 / (_sane_rate(stream.average_rate) or _sane_rate(stream.guessed_rate) or Fraction(25))
    zero: Fraction | None = None
    if span is not None and span.start > 2:
        zero = _seek(path, container, stream, span.start, base)
    last: Fraction | None = None
    clean = _Deinterlacer()
    for frame in clean(decoded(path, container, stream)):
        if frame.pts is None:
            at = Fraction(0) if last is None else last + usual
        else:
            # The frame's own base: the deinterlacer halves the stream's.
            stamp = frame.pts * (frame.time_base or base)
            zero = stamp if zero is None else zero
            at = stamp - zero
        if last is not None and at <= last:
            continue
        last = at
        yield at, frame


def _seek(
    path: Path, container: InputContainer, stream: VideoStream, start: Fraction, base: Fraction
) -> Fraction | None:
    """Moves to a key frame before `start`. Returns the first frame's time stamp in seconds; None when it has none."""
    first = next(decoded(path, container, stream), None)
    if first is None or first.pts is None:
        container.seek(0)
        return None
    try:
        container.seek(first.pts + int((start - Fraction(1, 10)) / base), stream=stream, backward=True)
    except FFmpegError:
        container.seek(0)
    return first.pts * base


def _within(timed: _Timed, span: Span | None) -> _Timed:
    """Only the frames that are seen during `span`."""
    if span is None:
        yield from timed
        return
    held: tuple[Fraction, VideoFrame] | None = None
    for at, frame in timed:
        if held is not None and at > span.start:
            yield held
        held = None
        if at >= span.end:
            return
        if at <= span.start:
            held = at, frame
        else:
            yield at, frame
    if held is not None:
        yield held


def _thinned(timed: _Timed, every: Fraction | None) -> _Timed:
    if every is None or every <= 0:
        yield from timed
        return
    due: Fraction | None = None
    for at, frame in timed:
        if due is None or at >= due:
            yield at, frame
            # On a grid, so that the times do not wander when frames come late.
            due = every if due is None and at <= 0 else (at if due is None else due) + every
            while due <= at:
                due += every


class _Deinterlacer:
    """Passes frames through, and interlaced ones through bwdif, which keeps one frame for each."""

    def __init__(self) -> None:
        self.graph: Graph | None = None

    def __call__(self, came: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        for frame in came:
            if self.graph is None and not frame.interlaced_frame:
                yield frame
                continue
            if self.graph is None:
                self.graph = self._built(frame)
            self.graph.vpush(frame)
            yield from self._ready()
        if self.graph is not None:
            self.graph.vpush(None)
            yield from self._ready()

    def _built(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base),
            graph.add("bwdif", "mode=send_frame:deint=interlaced"),
            graph.add("buffersink"),
        ).configure()
        return graph

    def _ready(self) -> Iterator[VideoFrame]:
        while self.graph is not None:
            try:
                yield self.graph.vpull()
            except (NotYet, EndOfFile):
                return


class _Pixels:
    """Makes frames R'G'B' of BT.709: upright, with square pixels, scaled down to `max_side`."""

    def __init__(self, aspect: Fraction, max_side: int | None) -> None:
        self.aspect, self.max_side = aspect, max_side
        self._graph: Graph | None = None
        self._takes: tuple[object, ...] = ()

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        """The frame as (height, width, 3) uint8."""
        width, height = self._size(frame)
        interpolation = "AREA" if width * 2 <= frame.width else "BICUBIC"
        if has_alpha(frame) or display_of(frame).foreign:
            pixels = self._brought_home(frame, width, height, interpolation).to_ndarray()
        else:
            matrix = int(frame.colorspace)
            if matrix == 2:  # unspecified: high definition is BT.709 by custom, everything else BT.601
                matrix = 1 if frame.height > 576 else 5
            how = {"src_colorspace": matrix, "interpolation": interpolation, "dst_color_range": _FULL}
            pixels = frame.reformat(width, height, "rgb24", **how).to_ndarray()
        return np.ascontiguousarray(_turn(frame).apply(pixels))

    def _size(self, frame: VideoFrame) -> tuple[int, int]:
        width, height = _square(frame.width, frame.height, self.aspect)
        if self.max_side is None or max(width, height) <= self.max_side:
            return width, height
        factor = Fraction(self.max_side, max(width, height))
        return max(1, round(width * factor)), max(1, round(height * factor))

    def _brought_home(self, frame: VideoFrame, width: int, height: int, interpolation: str) -> VideoFrame:
        takes = (frame.width, frame.height, frame.format.name, int(frame.colorspace), int(frame.color_range))
        takes = (*takes, *display_of(frame))
        if self._graph is None or takes != self._takes:
            self._graph, self._takes = _homeward(frame, width, height, interpolation.lower()), takes
        self._graph.vpush(frame)
        return self._graph.vpull()


def _homeward(frame: VideoFrame, width: int, height: int, interpolation: str) -> Graph:
    """A graph that makes rgb24 of BT.709, of this size, from frames like this one."""
    graph = Graph()
    size = {"w": str(width), "h": str(height), "flags": f"{interpolation}+accurate_rnd+full_chroma_int+full_chroma_inp"}
    base = frame.time_base or Fraction(1, 1000)
    graph.link_nodes(
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=base),
        *brought_home(graph, frame, size),
        graph.add("format", pix_fmts="rgb24"),
        graph.add("buffersink"),
    ).configure()
    return graph
