"""Video files as planes: any frame at any time, upright, square, BT.709 limited range, at the size that is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from av.error import BlockingIOError as NotYet
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from cutroom.errors import BadInput
from cutroom.media.clip import Stored, Turn, stored
from cutroom.media.display import brought_home, coding
from cutroom.render.planes import Planes, planes_of
from cutroom.time import Span

NEAR = Fraction(1, 240)
"""A frame that comes up to this much late still counts as being there: containers round times to milliseconds."""

_LONG = Span(start=Fraction(0), length=Fraction(10**7))


class _Converter:
    """Turns stored frames of one format into upright yuv420p BT.709 frames of one size."""

    def __init__(self, first: VideoFrame, turn: Turn, width: int, height: int) -> None:
        self.takes = _layout(first)
        graph = Graph()
        nodes = [
            graph.add_buffer(
                width=first.width,
                height=first.height,
                format=first.format,
                time_base=first.time_base or Fraction(1, 1000),
            )
        ]
        if turn.transpose:
            width, height = height, width
        size = {"w": str(width), "h": str(height), "flags": "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"}
        home = list(brought_home(graph, first, size))
        nodes += home
        source = {"flags": size["flags"]} if home else {**size, **coding(first)}
        nodes.append(graph.add("scale", **source, out_color_matrix="bt709", out_range="limited"))
        nodes.append(graph.add("format", pix_fmts="yuv420p"))
        nodes.extend(_turned(graph, turn))
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes).configure()
        self._graph = graph

    def __call__(self, frame: VideoFrame) -> Planes | None:
        """The frame as planes; None when the filters keep it for themselves (they should not)."""
        self._graph.vpush(frame)
        with suppress(NotYet):
            return planes_of(self._graph.vpull())
        return None


def _layout(frame: VideoFrame) -> tuple[object, ...]:
    """What a converter is made for: when it changes in the middle of a file, a new one is needed."""
    return (
        frame.width,
        frame.height,
        frame.format.name,
        int(frame.colorspace),
        int(frame.color_range),
        int(frame.color_trc),
        int(frame.color_primaries),
    )


def _turned(graph: Graph, turn: Turn) -> Iterator[FilterContext]:
    if turn.transpose:
        yield graph.add("transpose", dir="cclock_flip")  # which is over the diagonal
    if turn.flip_rows:
        yield graph.add("vflip")
    if turn.flip_columns:
        yield graph.add("hflip")


class Footage:
    """A video file as planes of one size. Going forwards is cheap; going back seeks."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        """`width` and `height`: the even size at which the whole upright source is wanted."""
        self.path = path
        self.width = width
        self.height = height
        self.held = 0
        """How often a frame was wanted after the last one."""
        self._frames: Iterator[Stored] | None = None
        self._shown: Stored | None = None
        self._next: Stored | None = None
        self._planes: Planes | None = None
        self._converter: _Converter | None = None

    def at(self, seconds: Fraction) -> Planes:
        """What is on display at this time after the first frame; the first or last frame beyond the ends.

        The same object as long as it is the same frame. Raises BadInput when nothing can be decoded.
        """
        seconds = max(seconds, Fraction(0)) + NEAR
        if self._shown is None or seconds < self._shown.at:
            self._begin(seconds)
        while self._next is not None and self._next.at <= seconds:
            self._shown, self._planes = self._next, None
            self._next = self._pull()
        if self._next is None:
            self.held += 1
        if self._planes is None:
            self._planes = self._converted()
        return self._planes

    def close(self) -> None:
        """Closes the file; it is opened again when a frame is asked for."""
        if self._frames is not None:
            self._frames.close()  # pyright: ignore[reportAttributeAccessIssue] - it is a generator
        self._frames = self._shown = self._next = self._planes = self._converter = None

    def _begin(self, seconds: Fraction) -> None:
        self.close()
        self._frames = stored(self.path, span=Span(start=seconds, length=_LONG.length))
        self._shown = self._pull()
        if self._shown is None:
            # Past the end: all that is left is the last frame, which only a look at the whole finds.
            self._frames = stored(self.path)
            for last in self._frames:
                self._shown = last
        if self._shown is None:
            raise BadInput(self.path, "not one frame of it can be decoded", "export it anew, or leave it out")
        self._next = self._pull()

    def _pull(self) -> Stored | None:
        return next(self._frames, None) if self._frames is not None else None

    def _converted(self) -> Planes:
        shown = self._shown
        if shown is None:
            raise BadInput(self.path, "not one frame of it can be decoded", "export it anew, or leave it out")
        if self._converter is None or self._converter.takes != _layout(shown.frame):
            self._converter = _Converter(shown.frame, shown.turn, self.width, self.height)
        planes = self._converter(shown.frame)
        if planes is None:
            raise BadInput(self.path, f"the frame at {float(shown.at):.3f} s cannot be converted", "export it anew")
        return planes
