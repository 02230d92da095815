"""Exact pan and zoom of planes, to hundredths of a pixel.

A pan and zoom is a scale and a shift. `cv2.resize` with a bicubic kernel does the scale exactly and is eight times as
fast as `cv2.warpAffine`, but it cannot shift by parts of a sample. The shift is had by starting some columns earlier: a
column `lead` places to the left starts `lead * scale` samples earlier, and some small `lead` makes what is left of the
shift a whole number of samples (nearly). Where none does (scales close to 1, 5/4, 4/3, 3/2, …) the slow way is taken.
"""

from __future__ import annotations

import math
import threading
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from cutroom.render.planes import Plane, Planes

LEADS = 48
"""How many leading columns (or rows) are tried."""

GOOD = 0.02
"""The first lead that deviates by no more than this, in output samples, is taken; else the best one, if bearable."""


class _Way(NamedTuple):
    """How a plane is sampled: the kernel, and the largest deviation in output samples that is bearable."""

    kernel: int
    bearable: float


_LUMA = _Way(cv2.INTER_CUBIC, 0.06)

_CHROMA = _Way(cv2.INTER_LINEAR, 0.03)
"""Nobody sees a finer kernel in chroma, and it would cost half as much again; a sample is two pixels wide."""


class Axis(NamedTuple):
    """How one axis is sampled: output index i is taken from source index ``(i + 0.5) * scale - 0.5 + offset``."""

    scale: float
    offset: float

    def chroma(self, *, left_sited: bool) -> Axis:
        """The same for a chroma plane: half the offset, and half a luma sample's care for where chroma lies."""
        shift = (1 - self.scale) / 4 if left_sited else 0.0
        return Axis(self.scale, self.offset / 2 + shift)


class Padded(NamedTuple):
    """Planes with a border of repeated edge samples (`margin` luma samples on each side; half of it for chroma)."""

    planes: Planes
    margin: int
    width: int
    height: int

    @property
    def inner(self) -> Planes:
        """The planes without their border."""
        return self.planes.part(self.margin, self.margin, self.width, self.height)


def margin_for(scale: float) -> int:
    """How wide a border must be, so that all leads can be used at this scale: a multiple of 4."""
    return 4 * math.ceil((LEADS * scale + 8) / 2)


def pad(planes: Planes, margin: int) -> Padded:
    """Adds a border of `margin` luma samples (a multiple of 2)."""
    borders = (margin, margin // 2, margin // 2)
    padded = (
        cv2.copyMakeBorder(plane, border, border, border, border, cv2.BORDER_REPLICATE)
        for plane, border in zip(planes, borders, strict=True)
    )
    return Padded(Planes(*padded), margin, planes.width, planes.height)


def draw(source: Padded, across: Axis, down: Axis, into: Planes) -> None:
    """Fills `into` with the part of `source` that the two axes (in luma samples of the unpadded source) say."""
    margin = source.margin
    _resample(source.planes.y, _moved(across, margin), _moved(down, margin), into.y, _LUMA)
    across, down = across.chroma(left_sited=True), down.chroma(left_sited=False)
    across, down = _moved(across, margin // 2), _moved(down, margin // 2)
    # Both chroma planes are alike: where to begin is found out once.
    _resample(source.planes.u, across, down, into.u, _CHROMA)
    _resample(source.planes.v, across, down, into.v, _CHROMA)


def _moved(axis: Axis, by: int) -> Axis:
    return Axis(axis.scale, axis.offset + by)


class _Start(NamedTuple):
    lead: int
    first: int
    length: int


@lru_cache(maxsize=16)
def _start(axis: Axis, size: int, length: int, bearable: float) -> _Start | None:
    """Where to begin so that the shift is right; None when no lead comes near enough or there is no room."""
    lead, first, nearest = 0, 0, math.inf
    for tried in range(1, LEADS + 1):
        begins = axis.offset - tried * axis.scale
        whole = round(begins)
        away = abs(begins - whole) / axis.scale
        if whole < 0:
            break
        if away < nearest:
            lead, first, nearest = tried, whole, away
            if away <= GOOD:
                break
    if nearest > bearable:
        return None
    needed = math.ceil((size + lead) * axis.scale) + 3
    return _Start(lead, first, needed) if first + needed <= length else None


def _resample(source: Plane, across: Axis, down: Axis, into: Plane, way: _Way) -> None:
    if across.scale == down.scale == 1 and across.offset == int(across.offset) and down.offset == int(down.offset):
        x, y = int(across.offset), int(down.offset)
        np.copyto(into, source[y : y + into.shape[0], x : x + into.shape[1]])
        return
    columns = _start(across, into.shape[1], source.shape[1], way.bearable)
    rows = _start(down, into.shape[0], source.shape[0], way.bearable)
    if columns is None or rows is None:
        _slowly(source, across, down, into, way.kernel)
        return
    part = source[rows.first : rows.first + rows.length, columns.first : columns.first + columns.length]
    fx, fy = 1 / across.scale, 1 / down.scale
    room = _room(round(part.shape[0] * fy), round(part.shape[1] * fx))
    larger = cv2.resize(part, None, dst=room, fx=fx, fy=fy, interpolation=way.kernel)
    np.copyto(into, larger[rows.lead : rows.lead + into.shape[0], columns.lead : columns.lead + into.shape[1]])


_rooms = threading.local()


def _room(rows: int, columns: int) -> Plane:
    """Room for a plane of this size, the same memory each time in one thread: new memory costs as much as drawing in it."""
    flat = getattr(_rooms, "flat", None)
    if flat is None or flat.size < rows * columns:
        flat = _rooms.flat = np.empty(rows * columns * 9 // 8, np.uint8)
    return flat[: rows * columns].reshape(rows, columns)


def _slowly(source: Plane, across: Axis, down: Axis, into: Plane, kernel: int) -> None:
    matrix = np.array(
        [
            [across.scale, 0, across.offset + across.scale / 2 - 0.5],
            [0, down.scale, down.offset + down.scale / 2 - 0.5],
        ]
    )
    flags = kernel | cv2.WARP_INVERSE_MAP
    size = (into.shape[1], into.shape[0])
    np.copyto(into, cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))
