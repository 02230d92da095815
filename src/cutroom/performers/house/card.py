"""Backdrops for words: soft light in the colours of the material, dark enough for white letters.

Colours are mixed in OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020), where a mixture of
two colours looks like what lies between them; light is added in linear RGB, as light does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pixels

from cutroom.errors import BadInput
from cutroom.media.kinds import Image
from cutroom.media.picture import open_picture
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.generate import DrawCard, Mood
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import HOUSE, Terms

BRIGHTEST = 0.086
"""The highest relative luminance behind the words: white on it has a contrast of 7.7 (WCAG 2.2 asks for 7)."""
BRIGHTEST_EDGE = 0.17
"""The same at the frame's edge, where no words stand."""
SKETCH = 480
"""Soft light is computed with this many pixels on the shorter side and scaled up."""


@dataclass(frozen=True)
class Scheme:
    """What a mood looks like."""

    hues: tuple[float, ...]
    """OKLCh hues in degrees, the ground first."""
    chroma: float
    ground: float
    """OKLab lightness of the darkest part."""
    light: float
    """OKLab lightness of the lightest part."""
    discs: int
    """How many out-of-focus lights."""
    horizon: float = 0.0
    """How much the light comes from a low horizon, 0 to 1."""


SCHEMES: dict[Mood, Scheme] = {
    "calm": Scheme((232, 205, 180), 0.068, 0.18, 0.50, 10),
    "upbeat": Scheme((12, 48, 335), 0.125, 0.21, 0.53, 22),
    "warm": Scheme((35, 68, 20), 0.092, 0.18, 0.51, 16),
    "epic": Scheme((268, 250, 62), 0.078, 0.13, 0.54, 0, 0.95),
    "playful": Scheme((298, 200, 350), 0.115, 0.22, 0.53, 24),
    "melancholy": Scheme((255, 238, 285), 0.040, 0.17, 0.45, 5, 0.4),
    "tense": Scheme((22, 255, 12), 0.070, 0.11, 0.44, 0, 0.6),
}


class CardDrawer:
    """Draws a backdrop in the film's frame, in the colours of a picture or of the mood."""

    name = "house/card"
    version = "1"

    def performs(self, step: AnyStep) -> bool:
        """True for `DrawCard`."""
        return isinstance(step, DrawCard)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing else decides the result."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Nothing."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Image:
        """The card as a JPEG of high quality. A picture that cannot be read costs only its colours."""
        assert isinstance(step, DrawCard)
        random = np.random.default_rng([step.seed, desk.seed])
        scheme = SCHEMES[step.mood]
        colours = _of_mood(scheme)
        if step.palette_from is not None:
            try:
                colours = _of_picture(desk.path(step.palette_from), scheme)
            except BadInput as error:
                desk.degrade("the card's colours", f"taken from the mood, because {error}")
        pixels = card(step.format.width, step.format.height, scheme, colours, random)
        path = desk.scratch / "card.jpg"
        Pixels.fromarray(pixels).save(path, quality=96, subsampling=0)
        return desk.keep_image(path, width=step.format.width, height=step.format.height)


def card(width: int, height: int, scheme: Scheme, colours: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The card's pixels, (height, width, 3) uint8 sRGB.

    `colours` are (n, 3) OKLab, n >= 2: the ground first, then lights in order of importance.
    """
    scale = min(1.0, SKETCH / min(width, height))
    shape = max(2, round(height * scale)), max(2, round(width * scale))
    light = _linear(_washes(shape, scheme, colours, random))
    light += _discs(shape, scheme, colours, random)
    light *= _vignette(shape)[..., None]
    light = _calmed(light)
    full = cv2.resize(_encoded(light) * 255, (width, height), interpolation=cv2.INTER_CUBIC)
    full += _grain(height, width, random)[..., None]
    # One more step of noise, even between the two nearest values, so that no gradient shows its 8 bits.
    full += random.random((height, width, 3), np.float32) - 0.5
    return np.rint(np.clip(full, 0, 255)).astype(np.uint8)


def _washes(shape: tuple[int, int], scheme: Scheme, colours: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Wide, soft patches of colour, bent by slow waves so that none looks like a circle. OKLab (h, w, 3) float32."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / min(shape)
    wide, tall = width / min(shape), height / min(shape)
    bent_x, bent_y = x + 0.22 * _waves(x, y, random), y + 0.22 * _waves(x, y, random)
    out = np.broadcast_to(colours[0].astype(np.float32), (height, width, 3)).copy()
    start = random.uniform(0, 2 * np.pi)
    lights = colours[1:]
    for place in range(5):
        colour = lights[place % len(lights)]
        # Around the middle, never in it: that is where the words stand.
        angle = start + place * 2.4 + random.uniform(-0.3, 0.3)
        centre_x = wide / 2 + np.cos(angle) * wide * random.uniform(0.34, 0.52)
        centre_y = tall / 2 + np.sin(angle) * tall * random.uniform(0.34, 0.52)
        reach = random.uniform(0.42, 0.75) * max(1.0, 0.75 * max(wide, tall))
        away = ((bent_x - centre_x) ** 2 + (bent_y - centre_y) ** 2) / reach**2
        part = np.exp(-2.2 * away) * (0.85 - 0.08 * place)
        out += (colour.astype(np.float32) - out) * part[..., None]
    if scheme.horizon:
        line = tall * random.uniform(0.74, 0.84)
        part = (
            scheme.horizon
            * 0.75
            * np.exp(-(((bent_y - line) / (0.2 * tall)) ** 2))
            * np.exp(-(((x - wide / 2) / (0.62 * wide)) ** 2))
        )
        out += (lights[-1].astype(np.float32) - out) * part[..., None]
    return out


def _waves(x: np.ndarray, y: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A sum of three slow waves in random directions, about -1 to 1."""
    total = np.zeros_like(x)
    for strength in (0.6, 0.3, 0.2):
        angle, phase, pace = random.uniform(0, 2 * np.pi), random.uniform(0, 2 * np.pi), random.uniform(2.0, 4.5)
        total += strength * np.sin(pace * (np.cos(angle) * x + np.sin(angle) * y) + phase).astype(np.float32)
    return total


def _discs(shape: tuple[int, int], scheme: Scheme, colours: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Lights far out of focus, in linear RGB, to be added: (h, w, 3) float32."""
    height, width = shape
    side = min(shape)
    out = np.zeros((height, width, 3), np.float32)
    for _ in range(scheme.discs):
        x, y = random.uniform(-0.05, 1.05) * width, random.uniform(-0.05, 1.05) * height
        radius = side * random.uniform(0.03, 0.13)
        middle = max(abs(x / width - 0.5) / 0.5, abs(y / height - 0.5) / 0.5)
        strength = random.uniform(0.25, 1.0) * min(1.0, middle**2 + 0.1) * 0.15
        tint = _linear(_lightened(colours[1 + int(random.integers(len(colours) - 1))]))
        soft = random.uniform(0.14, 0.6) * radius
        top, bottom = max(0, int(y - 2 * radius)), min(height, int(y + 2 * radius) + 1)
        left, right = max(0, int(x - 2 * radius)), min(width, int(x + 2 * radius) + 1)
        rows, columns = np.mgrid[top:bottom, left:right].astype(np.float32)
        away = np.hypot(columns - x, rows - y)
        disc = 1 / (1 + np.exp(np.clip((away - radius) / (soft / 2.5), -30, 30)))
        rim = 1 + 0.35 * np.clip(away / radius, 0, 1) ** 4
        out[top:bottom, left:right] += (disc * rim * strength)[..., None] * tint
    return out


def _lightened(colour: np.ndarray) -> np.ndarray:
    return np.array([0.74, colour[1] * 1.35, colour[2] * 1.35], np.float32)


def _vignette(shape: tuple[int, int]) -> np.ndarray:
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)[None]
    return 1 - 0.42 * np.clip((x**2 + y**2) / 2, 0, 1) ** 1.4


def _calmed(light: np.ndarray) -> np.ndarray:
    """Linear RGB with its luminance bent below the brightest allowed, gently: what is dark enough stays as it is."""
    y = np.abs(np.linspace(-1, 1, light.shape[0], dtype=np.float32))[:, None]
    x = np.abs(np.linspace(-1, 1, light.shape[1], dtype=np.float32))[None]
    away = np.clip(((x**4 + (0.95 * y) ** 4) ** 0.25 - 0.72) / 0.28, 0, 1)
    most = BRIGHTEST + (BRIGHTEST_EDGE - BRIGHTEST) * away**2 * (3 - 2 * away)
    luminance = light @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    knee = 0.6 * most
    above = np.maximum(0, luminance - knee)
    bent = np.minimum(luminance, knee) + (most - knee) * (1 - np.exp(-above / (most - knee)))
    # Grain and dither come on top: leave them room.
    return np.maximum(light, 0) * (0.96 * bent / np.maximum(luminance, 1e-6))[..., None]


def _grain(height: int, width: int, random: np.random.Generator) -> np.ndarray:
    """Fine film grain in 8-bit steps, (h, w) float32."""
    noise = random.standard_normal((height, width), np.float32)
    return 1.5 * cv2.GaussianBlur(noise, (0, 0), 0.6)


def _of_mood(scheme: Scheme) -> np.ndarray:
    """A mood's own colours, (n, 3) OKLab."""
    steps = np.linspace(scheme.light * 0.86, scheme.light, len(scheme.hues))
    lightness = [scheme.ground, *steps]
    hues = np.radians([scheme.hues[0], *scheme.hues])
    chroma = np.array([scheme.chroma * 0.6, *[scheme.chroma] * len(scheme.hues)])
    return np.stack([lightness, chroma * np.cos(hues), chroma * np.sin(hues)], axis=1)


def _of_picture(path: Path, scheme: Scheme) -> np.ndarray:
    """The picture's leading colours, dark or light as the mood wants them, (n, 3) OKLab. Raises BadInput."""
    pixels = open_picture(path, max_side=96)
    if pixels.shape[2] == 4:
        solid = pixels[pixels[..., 3] > 127]
        if solid.size == 0:
            return _of_mood(scheme)
        flat = solid[:, :3]
    else:
        flat = pixels.reshape(-1, 3)
    lab = _oklab(_decoded(flat.astype(np.float32) / 255))
    centres, shares = _clustered(lab, 6)
    chroma = np.hypot(centres[:, 1], centres[:, 2])
    order = np.argsort(-shares * (0.03 + chroma))
    picked = centres[order[:4]]
    # Dull pictures give dull cards, but never a muddy one; loud ones are turned down.
    kept = np.clip(np.hypot(picked[:, 1], picked[:, 2]), 0.012, 0.105)
    angle = np.arctan2(picked[:, 2], picked[:, 1])
    lightness = np.linspace(scheme.light, scheme.light * 0.8, len(picked))
    lights = np.stack([lightness, kept * np.cos(angle), kept * np.sin(angle)], axis=1)
    ground = np.array([[scheme.ground, *(0.45 * lights[0, 1:])]])
    return np.concatenate([ground, lights])


def _clustered(points: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """k-means (Lloyd), started from points spread by lightness: (centres (k, 3), shares (k,) summing to 1)."""
    order = np.argsort(points[:, 0])
    centres = points[order[np.linspace(0, len(points) - 1, count).astype(int)]].copy()
    nearest = np.zeros(len(points), int)
    for _ in range(12):
        nearest = np.argmin(((points[:, None] - centres[None]) ** 2).sum(axis=2), axis=1)
        for place in range(count):
            if (nearest == place).any():
                centres[place] = points[nearest == place].mean(axis=0)
    return centres, np.bincount(nearest, minlength=count) / len(points)


_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LAB = np.linalg.inv(_TO_LAB)
_FROM_LMS = np.linalg.inv(_TO_LMS)


def _oklab(linear: np.ndarray) -> np.ndarray:
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T


def _linear(lab: np.ndarray) -> np.ndarray:
    """OKLab to linear RGB; what no screen shows is cut off."""
    return np.maximum(((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T, 0).astype(np.float32)


def _encoded(linear: np.ndarray) -> np.ndarray:
    """Linear to sRGB (IEC 61966-2-1), 0 to 1."""
    part = np.clip(linear, 0, 1)
    return np.where(part <= 0.0031308, part * 12.92, 1.055 * part ** (1 / 2.4) - 0.055).astype(np.float32)


def _decoded(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
