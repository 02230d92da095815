"""A film's look: planes put through a table of colours, in floating point, by libavfilter's tetrahedral interpolation.

On one core a 1080p frame takes about 23 ms (in 8 bits it would take three times as long). Photographs go through once,
before they are moved.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from cutroom.media import cube
from cutroom.media.display import filtering
from cutroom.media.store import Store
from cutroom.render.colour import Grader
from cutroom.render.planes import Planes, copy, planes_of
from cutroom.timeline.timeline import Lut

_TICK = Fraction(1, 1000)


@lru_cache(maxsize=2)
def _text(path: Path) -> tuple[str, bool]:
    """The table in the file as text over 0 to 1, and whether it is a 3D one. Files in a store never change."""
    table = cube.read(path).plain()
    return table.text(), table.solid


def look(lut: Lut | None, store: Store) -> Grader | None:
    """What applies the look; None when there is none.

    It is used by one thread at a time. Raises BadInput when the table cannot be read.
    """
    return None if lut is None else _Look(*_text(store.path(lut.media)))


class _Look:
    """Applies a table of colours. Keeps a graph of filters for one size and kind of frame at a time."""

    def __init__(self, text: str, solid: bool) -> None:  # noqa: FBT001 - as `_text` gives it
        self._text, self._solid = text, solid
        self._graph: Graph | None = None
        self._takes: tuple[int, int, str] | None = None

    def __call__(self, planes: Planes) -> Planes:
        frame = VideoFrame(planes.width, planes.height, "yuv420p")
        copy(planes, planes_of(frame))
        return self._through(frame)

    def of(self, rgb: np.ndarray) -> Planes:
        return self._through(VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24"))

    def _through(self, frame: VideoFrame) -> Planes:
        frame.time_base = _TICK
        takes = frame.width, frame.height, frame.format.name
        if self._graph is None or takes != self._takes:
            self._graph, self._takes = _graph(*takes, self._text, solid=self._solid), takes
        self._graph.vpush(frame)
        return planes_of(self._graph.vpull())


def _graph(width: int, height: int, pixels: str, text: str, *, solid: bool) -> Graph:
    graph = Graph()
    how = {"flags": "bilinear+accurate_rnd+full_chroma_int+full_chroma_inp"}
    source = {"in_color_matrix": "bt709", "in_range": "limited"} if pixels == "yuv420p" else {}
    graph.link_nodes(
        graph.add_buffer(width=width, height=height, format=VideoFormat(pixels), time_base=_TICK),
        graph.add("scale", **source, **how),
        graph.add("format", pix_fmts="gbrpf32le"),
        filtering(graph, text, solid=solid),
        graph.add("scale", out_color_matrix="bt709", out_range="limited", **how),
        graph.add("format", pix_fmts="yuv420p"),
        graph.add("buffersink"),
    ).configure()
    return graph


def both(one: Grader | None, other: Grader | None) -> Grader | None:
    """First `one`, then `other`; either may be nothing."""
    return _Both(one, other) if one is not None and other is not None else one or other


class _Both:
    def __init__(self, one: Grader, other: Grader) -> None:
        self.one, self.other = one, other

    def __call__(self, planes: Planes) -> Planes:
        return self.other(self.one(planes))

    def of(self, rgb: np.ndarray) -> Planes:
        return self.other(self.one.of(rgb))
