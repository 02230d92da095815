"""A clip, or several pictures, as one picture that a model can look at: frames at stated times, each under its own label.

One picture is what every model with eyes takes, its size is bounded whatever the clip's is, and a label lets an answer
name a moment ("at 2.50 s"). Labels stand above the frames and cover nothing.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from cutroom.chat.messages import Picture
from cutroom.errors import BadInput
from cutroom.media import clip as clips
from cutroom.media import picture as pictures
from cutroom.media.kinds import Image, Video
from cutroom.media.store import Store
from cutroom.time import Span

VERSION = "1"
"""Raise it when montages look otherwise: they are other questions then."""
LONGEST = 1536
"""The longer side of a montage in pixels, at most: two tiles of what most models see with."""
SMALLEST = 32
"""No frame is shown with a shorter side than this; a strip of a panorama would be a line."""
FEWEST, MOST = 4, 16
GAP = 6
"""Pixels between frames."""
_INK, _PAPER = (255, 255, 255), (24, 24, 24)


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame of a montage."""

    label: str
    """What is written above it."""
    pixels: NDArray[np.uint8]
    """(height, width, 3), RGB, upright."""
    at: Fraction | None = None
    """When it is seen, in seconds; None for a picture."""


@dataclass(frozen=True, eq=False)
class Montage:
    """Frames side by side, in reading order."""

    pixels: NDArray[np.uint8]
    """(height, width, 3), RGB; no side is longer than was asked."""
    shots: tuple[Shot, ...]
    recipe: str
    """What it was made of and how: with it, the same question has the same key on every machine, whatever its decoders and
    fonts are."""

    def shown(self) -> Picture:
        """The montage as a part of a message; its digest is that of the recipe."""
        held = io.BytesIO()
        Pillow.fromarray(self.pixels).save(held, "PNG")
        return Picture(
            hashlib.sha256(self.recipe.encode()).hexdigest(), held.getvalue(), longest=max(self.pixels.shape[:2])
        )


def times(seconds: Fraction, count: int | None = None) -> tuple[Fraction, ...]:
    """When a clip of `seconds` is looked at: in the middle of each of `count` equal parts, to the hundredth.

    Without `count`, two frames a second, at least 4 and at most 16. Raises ValueError when there is no time to look at.
    """
    if seconds <= 0 or (count is not None and count < 1):
        raise ValueError(f"{count} frames of a clip of {seconds} s: both must be above 0")
    count = count or min(MOST, max(FEWEST, math.ceil(2 * seconds)))
    part = seconds / count
    middles = (min(part * (2 * place + 1) / 2, seconds) for place in range(count))
    return tuple(Fraction(math.floor(100 * middle), 100) for middle in middles)


def of_clip(
    media: Video, store: Store, *, at: Sequence[Fraction] | None = None, name: str = "", longest: int = LONGEST
) -> Montage:
    """Frames of a clip at `at` (default: `times`), labelled ``1 · 0.50 s``; with `name` in front where there is one.

    What cannot be decoded is left out. Raises BadInput when no frame can be, BrokenProduction when the bytes are gone.
    """
    path = store.path(media)
    wanted = tuple(at) if at is not None else times(media.seconds)
    shots = [shot for number, when in enumerate(wanted, 1) if (shot := _frame(path, when, number, name, longest))]
    if not shots:
        raise BadInput(path, "holds no frame that can be decoded at the times that were asked for", "export it anew")
    stamps = ",".join(str(when) for when in wanted)
    return together(shots, longest=longest, recipe=f"clip {media.digest} {stamps} {name}")


def of_picture(media: Image, store: Store, *, name: str = "", longest: int = LONGEST) -> Shot:
    """A picture as a part of a montage, on white where it is transparent. Raises BadInput when it cannot be decoded."""
    pixels = pictures.open_picture(store.path(media), max_side=longest)
    if pixels.shape[2] == 4:
        alpha = pixels[..., 3:].astype(np.float32) / 255
        pixels = np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return Shot(name, np.asarray(pixels, np.uint8))


def together(shots: Sequence[Shot], *, recipe: str, longest: int = LONGEST) -> Montage:
    """`shots` in rows, as large as fits a square of `longest` pixels, none larger than it is.

    Raises ValueError when there is none.
    """
    if not shots:
        raise ValueError("a montage needs at least one frame")
    band = max(18, longest // 48)
    shape = max(shot.pixels.shape[1] for shot in shots), max(shot.pixels.shape[0] for shot in shots)
    columns, width, height = _grid(len(shots), shape, longest, band)
    rows = math.ceil(len(shots) / columns)
    paper = np.empty((rows * (height + band) + (rows + 1) * GAP, columns * width + (columns + 1) * GAP, 3), np.uint8)
    paper[:] = _PAPER
    for place, shot in enumerate(shots):
        left = GAP + place % columns * (width + GAP)
        top = GAP + place // columns * (height + band + GAP)
        _lay(paper, shot.pixels, left, top + band, width, height)
    paper = _lettered(paper, [shot.label for shot in shots], columns, width, height + band, band)
    return Montage(paper, tuple(shots), f"montage {VERSION} {longest} {recipe}")


def _frame(path: Path, when: Fraction, number: int, name: str, longest: int) -> Shot | None:
    try:
        seen = clips.frames(path, span=Span(start=when, length=Fraction(1, 1000)), max_side=longest)
        frame = next(iter(seen), None)
    except BadInput:
        return None
    label = f"{name} " * bool(name) + f"{number} · {float(when):.2f} s"
    return None if frame is None else Shot(label, np.asarray(frame.pixels, np.uint8), when)


def _grid(count: int, shape: tuple[int, int], longest: int, band: int) -> tuple[int, int, int]:
    """How many columns, and the width and height of each frame: the arrangement in which frames are largest.

    Of several, the one that is nearest to a square.
    """
    best = ((0.0, 0.0), 1, 1, 1)
    for columns in range(1, count + 1):
        rows = math.ceil(count / columns)
        across = (longest - (columns + 1) * GAP) / columns
        down = (longest - (rows + 1) * GAP) / rows - band
        scale = min(across / shape[0], down / shape[1], 1.0)
        width, height = (max(1, math.floor(side * scale)) for side in shape)
        rank = (scale, -abs(math.log(columns * width / (rows * (height + band)))))
        if rank > best[0]:
            best = (rank, columns, width, height)
    return best[1], best[2], best[3]


def _lay(paper: NDArray[np.uint8], pixels: NDArray[np.uint8], left: int, top: int, width: int, height: int) -> None:
    """Puts `pixels` into a place of the paper, in its own shape, in the middle."""
    scale = min(width / pixels.shape[1], height / pixels.shape[0], 1.0)
    size = tuple(
        max(min(SMALLEST, room), round(side * scale))
        for side, room in zip(pixels.shape[1::-1], (width, height), strict=True)
    )
    small = pixels if size == pixels.shape[1::-1] else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    x, y = left + (width - size[0]) // 2, top + (height - size[1]) // 2
    paper[y : y + size[1], x : x + size[0]] = small


def _lettered(
    paper: NDArray[np.uint8], labels: Sequence[str], columns: int, width: int, height: int, band: int
) -> NDArray[np.uint8]:
    canvas = Pillow.fromarray(paper)
    draw = ImageDraw.Draw(canvas)
    for place, label in enumerate(labels):
        left, top = GAP + place % columns * (width + GAP), GAP + place // columns * (height + GAP)
        size = 0.8 * band
        font = ImageFont.load_default(size)
        while size > 8 and draw.textlength(label, font=font) > width:
            size *= 0.85
            font = ImageFont.load_default(size)
        draw.text((left + 2, top + band / 2), label, font=font, fill=_INK, anchor="lm")
    return np.asarray(canvas, np.uint8)
