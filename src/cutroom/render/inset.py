"""Pictures in the picture: each drawn in its own box, with round corners, border and shadow, and nowhere else."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from cutroom.media.kinds import Image
from cutroom.media.picture import open_picture
from cutroom.media.store import Store
from cutroom.render import planes as pl
from cutroom.render.colour import Grader
from cutroom.render.layers import Layer, Stretch, layer_of
from cutroom.render.planes import Planes, Veil
from cutroom.timeline.timeline import Format, Inset

SOFT = 0.045
"""How far a shadow reaches (two standard deviations), as a part of the box's shorter side."""

DROP = 0.35
"""How far it falls, as a part of that reach."""


class Rect(NamedTuple):
    """A rectangle in whole, even pixels."""

    x: int
    y: int
    width: int
    height: int

    def of(self, planes: Planes) -> Planes:
        """What of planes lies in it, as a view."""
        return planes.part(*self)


def rect_of(inset: Inset, frame: Format) -> Rect:
    """Where the box lies in the frame: the nearest even pixels, at least two wide and high, inside the frame."""
    box = inset.box
    left, top = _even(box.x * frame.width), _even(box.y * frame.height)
    right = min(_even((box.x + box.width) * frame.width), frame.width)
    bottom = min(_even((box.y + box.height) * frame.height), frame.height)
    left, top = min(left, frame.width - 2), min(top, frame.height - 2)
    return Rect(left, top, max(right - left, 2), max(bottom - top, 2))


def _even(size: float) -> int:
    return 2 * round(size / 2)


def opacity(frame: int, frames: int, fade_in: int, fade_out: int) -> float:
    """How opaque something is in its `frame`-th of `frames` frames, 0 to 1: with a soft start and stop."""
    rising = (frame + 0.5) / fade_in if fade_in else 1.0
    falling = (frames - frame - 0.5) / fade_out if fade_out else 1.0
    part = max(0.0, min(1.0, rising, falling))
    return part * part * (3 - 2 * part)


def rounded(width: int, height: int, radius: float, inwards: float = 0.0) -> np.ndarray:
    """How much of each pixel lies in a rectangle with round corners, (height, width) float32, 0 to 1.

    The rectangle fills the array but for `inwards` pixels on each side.
    """
    # The distance to the rectangle's edge, below 0 inside: half a pixel on either side of it is mixed.
    radius = max(0.0, min(radius, min(width, height) / 2) - inwards)
    across = np.abs(np.arange(width, dtype=np.float32) + 0.5 - width / 2)[None] - (width / 2 - inwards - radius)
    down = np.abs(np.arange(height, dtype=np.float32) + 0.5 - height / 2)[:, None] - (height / 2 - inwards - radius)
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    distance = outside + np.minimum(np.maximum(across, down), 0) - radius
    return np.clip(0.5 - distance, 0, 1).astype(np.float32)


class Boxed:
    """Draws one inset over finished frames. Made when it is first seen; raises BadInput when its media can't be opened."""

    def __init__(self, inset: Inset, frame: Format, frames: int, store: Store, look: Grader | None) -> None:
        self.rect = rect_of(inset, frame)
        self.frames = frames
        rate = frame.rate
        self.fades = rate.frames(inset.fade_in), rate.frames(inset.fade_out)
        radius = inset.corner * min(self.rect.width, self.rect.height)
        self._mask = _mask(self.rect, radius) if inset.corner else None
        self._edge = _edge(inset, self.rect, radius, frame)
        self._cut_out = _cut_out(inset, self.rect, store)
        self._layer: Layer | None = None
        self._own: Planes | None = None
        if self._cut_out is None:
            inside = Format(width=self.rect.width, height=self.rect.height, fps=frame.fps)
            self._layer = layer_of(inset.clip, inside, Stretch(frames), store, look)

    def draw(self, frame: int, into: Planes) -> None:
        """Lays its `frame`-th frame over `into`, planes of the whole frame."""
        strength = opacity(frame, self.frames, *self.fades)
        beneath = self.rect.of(into)
        if self._edge is not None and self._edge.shadow is not None:
            self._edge.shadow.over(self._edge.place.of(into), strength)
        if self._layer is None:
            assert self._cut_out is not None
            self._cut_out.over(beneath, strength)
        elif self._mask is None and strength == 1:
            self._layer.draw(frame, beneath)
        else:
            if self._own is None:
                self._own = pl.blank(self.rect.width, self.rect.height)
            self._layer.draw(frame, self._own)
            _blend(self._own, beneath, self._mask, strength)
        if self._edge is not None and self._edge.border is not None:
            self._edge.border.over(beneath, strength)

    def close(self) -> None:
        """Closes its file."""
        if self._layer is not None:
            self._layer.close()


_Mask = tuple[np.ndarray, np.ndarray, np.ndarray]
"""How opaque each sample of the three planes is, float32."""


def _mask(rect: Rect, radius: float) -> _Mask:
    whole = rounded(rect.width, rect.height, radius)
    half = np.ascontiguousarray(pl.halve_float(whole))
    return whole, half, half


def _blend(source: Planes, beneath: Planes, mask: _Mask | None, strength: float) -> None:
    if mask is None:
        pl.blend(beneath, source, strength, beneath)
        return
    for one, other, share in zip(source, beneath, mask, strict=True):
        weight = share * np.float32(strength)
        other[...] = cv2.blendLinear(one, np.ascontiguousarray(other), weight, 1 - weight)


class _Edge(NamedTuple):
    """What sets a box apart from the film: the shadow beneath it with its place, and the border over it."""

    place: Rect
    shadow: Veil | None
    border: Veil | None


def _edge(inset: Inset, rect: Rect, radius: float, frame: Format) -> _Edge | None:
    border = inset.border * min(frame.width, frame.height)
    # Through a cut-out one would see the shadow of its box.
    shadowed = inset.shadow and not (isinstance(inset.clip.media, Image) and inset.clip.media.alpha)
    if not shadowed and not border:
        return None
    ring = None
    if border:
        share = rounded(rect.width, rect.height, radius) - rounded(rect.width, rect.height, radius, border)
        ring = pl.veil(_coloured(share, inset.border_colour))
    place, shade = _shadow(rect, radius, SOFT * min(rect.width, rect.height), frame)
    return _Edge(place, pl.veil(_coloured(shade * inset.shadow, "#000000")) if shadowed else None, ring)


def _shadow(rect: Rect, radius: float, reach: float, frame: Format) -> tuple[Rect, np.ndarray]:
    """Where a shadow is seen, and how dark it is there, (h, w) float32, 0 to 1."""
    air = 2 * round(reach * 1.5 / 2) + 2
    width, height = rect.width + 2 * air, rect.height + 2 * air
    shade = np.zeros((height, width), np.float32)
    shade[air : air + rect.height, air : air + rect.width] = rounded(rect.width, rect.height, radius)
    fallen = np.array([[1, 0, 0], [0, 1, DROP * reach]], np.float32)
    shade = cv2.GaussianBlur(cv2.warpAffine(shade, fallen, (width, height)), (0, 0), max(reach / 2, 0.5))
    left, top = max(rect.x - air, 0), max(rect.y - air, 0)
    right, bottom = min(rect.x + rect.width + air, frame.width), min(rect.y + rect.height + air, frame.height)
    place = Rect(left, top, right - left, bottom - top)
    x, y = left - rect.x + air, top - rect.y + air
    return place, shade[y : y + place.height, x : x + place.width]


def _coloured(share: np.ndarray, colour: str) -> np.ndarray:
    """A premultiplied bitmap (h, w, 4) uint8 of one colour."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    rgba = share[..., None] * np.array([red, green, blue, 255], np.float32)
    return np.clip(np.rint(rgba), 0, 255).astype(np.uint8)


def _cut_out(inset: Inset, rect: Rect, store: Store) -> Veil | None:
    """A picture with transparent parts, whole in its box, with the film seen through; None for any other medium."""
    media = inset.clip.media
    if not isinstance(media, Image) or not media.alpha:
        return None
    scale = min(rect.width / media.width, rect.height / media.height)
    width, height = max(1, round(media.width * scale)), max(1, round(media.height * scale))
    pixels = open_picture(store.path(media), max_side=2 * max(width, height)).astype(np.float32)
    if pixels.shape[2] == 3:
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.float32)])
    # Premultiplied before it is scaled: colours of transparent pixels must not bleed in.
    pixels[..., :3] *= pixels[..., 3:] / 255
    method = cv2.INTER_AREA if width < pixels.shape[1] else cv2.INTER_CUBIC
    small = cv2.resize(pixels, (width, height), interpolation=method)
    small[..., :3] = np.minimum(small[..., :3], small[..., 3:])
    rgba = np.zeros((rect.height, rect.width, 4), np.uint8)
    y, x = (rect.height - height) // 2, (rect.width - width) // 2
    rgba[y : y + height, x : x + width] = np.clip(np.rint(small), 0, 255)
    if inset.corner:
        share = rounded(rect.width, rect.height, inset.corner * min(rect.width, rect.height))
        rgba = np.rint(rgba * share[..., None]).astype(np.uint8)
    return pl.veil(rgba)
