"""Light and colour corrections on planes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import cv2
import numpy as np

from cutroom.render import planes as pl
from cutroom.render.planes import Plane, Planes
from cutroom.timeline.timeline import Grade


class Grader(Protocol):
    """Changes light and colour."""

    def __call__(self, planes: Planes) -> Planes:
        """New planes, changed."""
        ...

    def of(self, rgb: np.ndarray) -> Planes:
        """Changed planes of R'G'B' (h, w, 3) uint8 of even size: rounded once, so that dark parts keep their grain."""
        ...


GAMMA = 2.2
"""The power between code values and light that exposure is reckoned with."""

SHOULDER = 0.8
"""Above this much light, what is made brighter is rolled off instead of being cut off."""

FULL_WARMTH = 0.16
"""How far red rises and blue falls, as a part of the luma, at warmth 1."""

FULL_TINT = 0.16
"""How far red and blue rise together, as a part of the luma, at tint 1."""


def _lit(values: np.ndarray, exposure: float) -> np.ndarray:
    """Code values (0 to 1) after `exposure` stops, rolled off towards 1."""
    light = np.clip(values, 0, None) ** GAMMA * 2.0**exposure
    if exposure > 0:
        room = 1 - SHOULDER
        rolled = SHOULDER + room * np.tanh((light - SHOULDER) / room)
        light = np.where(light > SHOULDER, rolled, light)
    return light ** (1 / GAMMA)


def grader(grade: Grade) -> Grader | None:
    """What applies `grade`; None when there is nothing to do."""
    return None if grade == Grade() else _Correction(grade)


FINE = 16
"""Steps between two luma codes when a photograph is converted and corrected at once."""


class _Correction:
    """Applies a grade.

    Exposure works on light, not on code values; chroma follows luma, so that saturation stays. Warmth moves neutral
    tones between blue and orange in proportion to their luma, tint between green and magenta; luma itself stays.
    """

    def __init__(self, grade: Grade) -> None:
        codes = (np.arange(256 * FINE) / FINE - 16) / 219
        lit = _lit(codes, grade.exposure)
        safe = np.clip(codes, 0.02, None)
        self._luma = np.clip(np.rint(16 + 219 * lit), 16, 235).astype(np.uint8)
        gain = np.clip(_lit(safe, grade.exposure) / safe, 0, 8) * grade.saturation
        strength = 224 * np.clip(lit, 0, 1)
        red, blue = (FULL_TINT * grade.tint + part * FULL_WARMTH * grade.warmth for part in (1, -1))
        self._gain = gain[::FINE].astype(np.float32)
        self._pushes = tuple((strength[::FINE] * push).astype(np.float32) for push in (blue / 1.8556, red / 1.5748))

    def __call__(self, planes: Planes) -> Planes:
        small = cv2.resize(planes.y, (planes.u.shape[1], planes.u.shape[0]), interpolation=cv2.INTER_AREA)
        chroma = (plane.astype(np.float32) - 128 for plane in (planes.u, planes.v))
        return Planes(cv2.LUT(planes.y, self._luma[::FINE].copy()), *self._toned(chroma, small))

    def of(self, rgb: np.ndarray) -> Planes:
        y, u, v = pl.full_float(rgb)
        small = cv2.resize(y, (y.shape[1] // 2, y.shape[0] // 2), interpolation=cv2.INTER_AREA)
        small = np.clip(np.rint(small), 0, 255).astype(np.uint8)
        places = np.clip(np.rint(y * FINE), 0, 256 * FINE - 1).astype(np.uint16)
        chroma = (pl.halve_float(plane) - 128 for plane in (u, v))
        return Planes(self._luma[places], *self._toned(chroma, small))

    def _toned(self, chroma: Iterable[np.ndarray], small: Plane) -> Iterator[Plane]:
        """Chroma, given without its offset, after the correction of the luma (at its size) that lies with it."""
        gains = cv2.LUT(small, self._gain)
        for plane, push in zip(chroma, self._pushes, strict=True):
            moved = plane * gains
            moved += cv2.LUT(small, push)
            moved += 128.5
            np.clip(moved, 16, 240.5, out=moved)
            yield moved.astype(np.uint8)
