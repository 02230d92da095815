"""Bringing what other displays were meant for (HDR, wide gamuts) to BT.709, as numbers and as a table of colours.

Frames say by three numbers of ITU-T H.273 what their codes mean: the transfer function, the primaries, the matrix.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from cutroom.media.cube import Table, colours

PQ, HLG = 16, 18
"""Transfer functions as ITU-T H.273 numbers them: SMPTE ST 2084 and ARIB STD-B67."""

BT2020, P3 = 9, 12
"""Primaries, numbered there too: ITU-R BT.2020, and P3 with D65 white (SMPTE EG 432-1), as phones record."""

GAMMA = 2.2
"""The power between code values and light of a BT.709 display in a living room (BT.1886 has 2.4 in the dark)."""

REFERENCE_WHITE = 203.0
"""Diffuse white in cd/m² (ITU-R BT.2408)."""

PEAK = 1000.0
"""The brightest that is told apart: what most HDR material is graded for."""

SIZE = 33
"""Entries along each axis of a table."""

_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])

_TO_709 = {
    BT2020: np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]),
    P3: np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]),
}
"""Linear light to linear BT.709: from BT.2020 (ITU-R BT.2087), and from P3-D65 (by its primaries)."""


class Display(NamedTuple):
    """What a frame's codes are meant for."""

    transfer: int
    primaries: int

    @property
    def foreign(self) -> bool:
        """True when it is not BT.709 (or so near to it that nobody converts it: BT.601)."""
        return self.transfer in (PQ, HLG) or self.primaries in _TO_709


def display_of(frame: VideoFrame) -> Display:
    """What `frame` says of itself. HDR that does not name its primaries is taken for BT.2020, which it always is."""
    transfer, primaries = int(frame.color_trc), int(frame.color_primaries)
    if transfer in (PQ, HLG) and primaries not in _TO_709:
        primaries = BT2020
    return Display(transfer, primaries)


def light_of(codes: np.ndarray, transfer: int) -> np.ndarray:
    """HDR code values (…, 3) in 0 to 1 as light on a display, in cd/m² (ITU-R BT.2100, tables 4 and 5)."""
    if transfer == PQ:
        root = codes ** (1 / 78.84375)
        return 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    luma = scene @ _LUMA_2020
    return PEAK * np.maximum(luma, 1e-9)[..., None] ** 0.2 * scene


def to_sdr(codes: np.ndarray, transfer: int, primaries: int = BT2020) -> np.ndarray:
    """Code values (…, 3), 0 to 1, as BT.709 code values (…, 3) in 0 to 1.

    Of HDR, what is up to about two thirds of diffuse white keeps its light; above, it is rolled off so that `PEAK` is
    white (Reinhard's extended curve on the brightest of the three, which keeps hues). Of SDR, only the gamut changes.
    """
    light = _rolled(light_of(codes, transfer) / REFERENCE_WHITE) if transfer in (PQ, HLG) else codes**GAMMA
    matrix = _TO_709.get(primaries)
    rgb = light if matrix is None else _inside(light @ matrix.T)
    return np.clip(rgb, 0, 1) ** (1 / GAMMA)


def _rolled(light: np.ndarray) -> np.ndarray:
    top = np.maximum(light.max(axis=-1, keepdims=True), 1e-9)
    peak = PEAK / REFERENCE_WHITE
    knee = 0.6
    over = (top - knee) / (1 - knee)
    limit = (peak - knee) / (1 - knee)
    rolled = knee + (1 - knee) * over * (1 + over / limit**2) / (1 + over)
    return light * np.where(top > knee, np.minimum(rolled, 1) / top, 1)


def _inside(light: np.ndarray) -> np.ndarray:
    """Colours that BT.709 cannot show paled until it can: cutting channels off would change their hues."""
    luma = np.clip(light @ np.array([0.2126, 0.7152, 0.0722]), 0, 1)[..., None]
    below = np.minimum(light.min(axis=-1, keepdims=True), 0)
    # Only as far as half of the way: the rest is cut off, which saturated colours bear better than greyness.
    share = np.clip(luma / np.maximum(luma - 0.5 * below, 1e-9), 0, 1)
    return luma + (light - luma) * share


@lru_cache(maxsize=4)
def table(display: Display) -> Table:
    """What brings codes of `display` to BT.709."""
    return Table(to_sdr(colours(SIZE), display.transfer, display.primaries).astype(np.float32))


@lru_cache(maxsize=4)
def _text(display: Display) -> str:
    return table(display).text()


_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020nc"}
"""Matrix coefficients by their numbers in ITU-T H.273, as swscale names them."""


def has_alpha(frame: VideoFrame) -> bool:
    """True when some pixel may be transparent."""
    components = frame.format.components
    return any(component.is_alpha for component in components) or "pal8" in frame.format.name


def coding(frame: VideoFrame) -> dict[str, str]:
    """How the codes of a Y'CbCr frame are made, as options of the filter ``scale``; empty for R'G'B'."""
    if frame.format.is_rgb or frame.format.name == "pal8":
        return {}
    full = int(frame.color_range) == 2 or frame.format.name.startswith("yuvj")
    # Unspecified: high definition is BT.709 by custom, everything else BT.601.
    custom = "bt709" if frame.height > 576 else "smpte170m"
    matrix = _MATRICES.get(int(frame.colorspace), custom)
    return {"in_color_matrix": matrix, "in_range": "full" if full else "limited"}


def brought_home(graph: Graph, frame: VideoFrame, size: dict[str, str]) -> Iterator[FilterContext]:
    """Filters that make opaque R'G'B' of BT.709, of this size, from frames like this one; none where there is no need.

    What is transparent becomes black: a player would show whatever colours lie beneath. `size` are options of ``scale``.
    """
    display, alpha = display_of(frame), has_alpha(frame)
    if not alpha and not display.foreign:
        return
    yield graph.add("scale", **size, **coding(frame))
    if alpha:
        yield graph.add("format", pix_fmts="gbrap12le")
        yield graph.add("premultiply", inplace="1")
    yield graph.add("format", pix_fmts="gbrp12le")
    if display.foreign:
        yield filtering(graph, _text(display), solid=True)


def filtering(graph: Graph, text: str, *, solid: bool) -> FilterContext:
    """A filter that puts planar R'G'B' frames through the table that `text` (a .cube file over 0 to 1) holds."""
    with tempfile.TemporaryDirectory(prefix="cutroom-") as folder:
        path = Path(folder) / "table.cube"
        path.write_text(text, encoding="ascii")
        # The file is read here and now.
        if solid:
            return graph.add("lut3d", file=str(path), interp="tetrahedral")
        return graph.add("lut1d", file=str(path), interp="linear")
