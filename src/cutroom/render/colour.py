"""Light and colour corrections on planes, and how HDR sources are brought to BT.709."""

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
"""How far red and blue part, as a part of the luma, at warmth 1."""


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
    tones between blue and orange in proportion to their luma.
    """
    if grade == Grade():
        return None
    codes = (np.arange(256) - 16) / 219
    lit = _lit(codes, grade.exposure)
    luma = np.clip(np.rint(16 + 219 * lit), 16, 235).astype(np.uint8)
    safe = np.clip(codes, 0.02, None)
    gain = np.clip(_lit(safe, grade.exposure) / safe, 0, 8) * grade.saturation
    gain = gain.astype(np.float32)
    push = 224 * FULL_WARMTH * grade.warmth * np.clip(lit, 0, 1)
    pushes = (-push / 1.8556).astype(np.float32), (push / 1.5748).astype(np.float32)

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


PQ, HLG = 16, 18
"""Transfer functions as ITU-T H.273 numbers them."""

REFERENCE_WHITE = 203.0
"""Diffuse white in cd/m² (ITU-R BT.2408)."""

PEAK = 1000.0
"""The brightest that is told apart: what most HDR material is graded for."""

_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])

_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""Linear BT.2020 to linear BT.709 (ITU-R BT.2087)."""


def light_of(codes: np.ndarray, transfer: int) -> np.ndarray:
    """HDR code values (…, 3) in 0 to 1 as light on a display, in cd/m² (ITU-R BT.2100, tables 4 and 5)."""
    if transfer == PQ:
        root = codes ** (1 / 78.84375)
        return 10_000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    luma = scene @ _LUMA_2020
    return PEAK * np.maximum(luma, 1e-9)[..., None] ** 0.2 * scene


def to_sdr(codes: np.ndarray, transfer: int) -> np.ndarray:
    """HDR code values (…, 3), BT.2020, as BT.709 code values (…, 3) in 0 to 1.

    What is up to about two thirds of diffuse white keeps its light; above, it is rolled off so that `PEAK` is white
    (Reinhard's extended curve on the brightest of the three, which keeps hues).
    """
    light = light_of(codes, transfer) / REFERENCE_WHITE
    top = np.maximum(light.max(axis=-1, keepdims=True), 1e-9)
    peak = PEAK / REFERENCE_WHITE
    knee = 0.6
    over = (top - knee) / (1 - knee)
    limit = (peak - knee) / (1 - knee)
    rolled = knee + (1 - knee) * over * (1 + over / limit**2) / (1 + over)
    light = light * np.where(top > knee, np.minimum(rolled, 1) / top, 1)
    rgb = np.clip(light @ _TO_709.T, 0, 1)
    return rgb ** (1 / GAMMA)


def cube(transfer: int, size: int = 33) -> str:
    """`to_sdr` as a table of size³ colours in the .cube format (red fastest)."""
    ramp = np.linspace(0, 1, size)
    blue, green, red = np.meshgrid(ramp, ramp, ramp, indexing="ij")
    rows = to_sdr(np.stack([red, green, blue], axis=-1), transfer).reshape(-1, 3)
    body = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in rows)
    return f"LUT_3D_SIZE {size}\n{body}\n"
