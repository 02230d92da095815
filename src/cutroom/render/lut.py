"""A film's look: planes put through a table of colours, in floating point, by libavfilter's tetrahedral interpolation.

On one core a 1080p frame takes about 23 ms (in 8 bits it would take three times as long). Photographs go through once,
before they are moved.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from av.filter import Graph
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
    """What applies the look to planes and returns new ones; None when there is none.

    It is used by one thread at a time. Raises BadInput when the table cannot be read.
    """
    if lut is None:
        return None
    text, solid = _text(store.path(lut.media))
    graphs: dict[tuple[int, int], Graph] = {}

    def apply(planes: Planes) -> Planes:
        size = planes.width, planes.height
        if size not in graphs:
            # One size at a time: a film's frames are alike, and a photograph's copies are made once.
            graphs.clear()
            graphs[size] = _graph(*size, text, solid=solid)
        frame = VideoFrame(*size, "yuv420p")
        frame.time_base = _TICK
        copy(planes, planes_of(frame))
        graphs[size].vpush(frame)
        return planes_of(graphs[size].vpull())

    return apply


def _graph(width: int, height: int, text: str, *, solid: bool) -> Graph:
    graph = Graph()
    how = {"flags": "bilinear+accurate_rnd+full_chroma_int+full_chroma_inp"}
    graph.link_nodes(
        graph.add_buffer(width=width, height=height, format="yuv420p", time_base=_TICK),
        graph.add("scale", in_color_matrix="bt709", in_range="limited", **how),
        graph.add("format", pix_fmts="gbrpf32le"),
        filtering(graph, text, solid=solid),
        graph.add("scale", out_color_matrix="bt709", out_range="limited", **how),
        graph.add("format", pix_fmts="yuv420p"),
        graph.add("buffersink"),
    ).configure()
    return graph


def both(one: Grader | None, other: Grader | None) -> Grader | None:
    """First `one`, then `other`; either may be nothing."""
    if one is None or other is None:
        return one or other
    return lambda planes: other(one(planes))
