"""Light and colour corrections on planes."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from cutroom.render.planes import Planes
from cutroom.timeline.timeline import Grade

Grader = Callable[[Planes], Planes]

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
    """What applies `grade` to planes and returns new ones; None when there is nothing to do.

    Exposure works on light, not on code values; chroma follows luma, so that saturation stays. Warmth moves neutral
    tones between blue and orange in proportion to their luma, tint between green and magenta; luma itself stays.
    """
    if grade == Grade():
        return None
    codes = (np.arange(256) - 16) / 219
    lit = _lit(codes, grade.exposure)
    luma = np.clip(np.rint(16 + 219 * lit), 16, 235).astype(np.uint8)
    safe = np.clip(codes, 0.02, None)
    gain = np.clip(_lit(safe, grade.exposure) / safe, 0, 8) * grade.saturation
    gain = gain.astype(np.float32)
    strength = 224 * np.clip(lit, 0, 1)
    red, blue = (FULL_TINT * grade.tint + part * FULL_WARMTH * grade.warmth for part in (1, -1))
    pushes = (strength * blue / 1.8556).astype(np.float32), (strength * red / 1.5748).astype(np.float32)

    def apply(planes: Planes) -> Planes:
        small = cv2.resize(planes.y, (planes.u.shape[1], planes.u.shape[0]), interpolation=cv2.INTER_AREA)
        gains = cv2.LUT(small, gain)
        chroma = []
        for plane, table in ((planes.u, pushes[0]), (planes.v, pushes[1])):
            moved = (plane.astype(np.float32) - 128) * gains
            moved += cv2.LUT(small, table)
            moved += 128.5
            np.clip(moved, 16, 240.5, out=moved)
            chroma.append(moved.astype(np.uint8))
        return Planes(cv2.LUT(planes.y, luma), chroma[0], chroma[1])

    return apply
