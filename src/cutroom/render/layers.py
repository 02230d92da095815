"""What one clip or gap of the timeline draws into a frame, by itself: a layer."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path as FilePath
from typing import Protocol

import cv2
import numpy as np

from cutroom.media.kinds import Image
from cutroom.media.picture import open_picture
from cutroom.media.store import Store
from cutroom.render import planes as pl
from cutroom.render.colour import Grader, grader
from cutroom.render.footage import Footage
from cutroom.render.lut import both
from cutroom.render.planes import Planes
from cutroom.render.view import Path, View, path_of
from cutroom.render.warp import Axis, Padded, draw, margin_for, pad
from cutroom.timeline.timeline import Clip, Format, Gap

OVERSAMPLING = 1.04
"""How many source samples a frame's sample has where a move is closest: a little more than one keeps the sharpness, and
keeps clear of scales at which shifts are hard to do exactly (see `warp`)."""

LEVEL_STEP = 1.35
"""When a move shows much more than its closest view, copies scaled down by this factor are drawn from."""

SAME_SHAPE = 1.02
"""Parts whose shape differs from the frame's by less than this factor are cropped, whatever the fit: no thin bars."""

LARGEST_LEVEL = 6000
"""No source is scaled up to more than this on its longer side."""


class Layer(Protocol):
    """Draws one item. Frames are counted from the item's first; handles lie below 0 and after the last."""

    def draw(self, frame: int, into: Planes) -> None:
        """Fills all of `into`."""
        ...

    def close(self) -> None:
        """Lets go of open files."""
        ...


@dataclass(frozen=True)
class Stretch:
    """How long an item is seen, in frames, and the handles that its transitions take from it."""

    frames: int
    lead: int = 0
    trail: int = 0


@dataclass(frozen=True)
class Placing:
    """Where in the frame a source is drawn, and which part of it when."""

    x: int
    y: int
    width: int
    height: int
    path: Path

    @property
    def level(self) -> float:
        """Samples that the whole source must be wide, so that the closest view has one for each of the frame's."""
        return self.width / self.path.narrowest.width


def place(clip: Clip, frame: Format, stretch: Stretch) -> Placing:
    """Where and how a clip is drawn, by its fit and its move."""
    shape = clip.media.width / clip.media.height
    path = path_of(clip.move, None, stretch.frames, stretch.lead, stretch.trail)
    part = path.start.width / path.start.height * shape
    width, height = frame.width, frame.height
    if clip.fit != "cover" and max(part / frame.aspect, frame.aspect / part) > SAME_SHAPE:
        fitted = min(frame.width / part, frame.height)
        width, height = _even(min(fitted * part, frame.width)), _even(fitted)
    x, y = (frame.width - width) // 4 * 2, (frame.height - height) // 4 * 2
    path = path_of(clip.move, width / height / shape, stretch.frames, stretch.lead, stretch.trail)
    return Placing(x, y, width, height, path)


def _even(size: float) -> int:
    return max(2, 2 * round(size / 2))


class Solid:
    """One colour."""

    def __init__(self, colour: tuple[int, int, int]) -> None:
        self.colour = colour

    def draw(self, frame: int, into: Planes) -> None:
        """Fills all of `into`."""
        pl.fill(into, self.colour)

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class Level:
    """A source's planes at one scale; `width` and `height` are the source's, without what was added to make it even."""

    padded: Padded
    width: float
    height: float

    def draw(self, view: View, into: Planes) -> None:
        """Fills `into` with what the view shows."""
        across = Axis(view.width * self.width / into.width, view.x * self.width)
        down = Axis(view.height * self.height / into.height, view.y * self.height)
        draw(self.padded, across, down, into)


class Still:
    """A picture that moves, or not."""

    def __init__(self, levels: list[Level], placing: Placing, fill: Planes | None) -> None:
        self.levels = levels
        self.placing = placing
        self.fill = fill

    def draw(self, frame: int, into: Planes) -> None:
        """Fills all of `into`: the fill first where the picture does not cover the frame."""
        placing = self.placing
        if self.fill is not None:
            pl.copy(self.fill, into)
        view = placing.path.at(frame)
        part = into.part(placing.x, placing.y, placing.width, placing.height)
        scale = view.width * self.levels[0].width / placing.width / OVERSAMPLING
        depth = math.log(max(scale, 1)) / math.log(LEVEL_STEP)
        index = min(int(depth), len(self.levels) - 1)
        self.levels[index].draw(view, part)
        # On the way to the next level both are mixed: sharpness must not jump while a move goes on.
        mixed = (depth - index - 0.25) / 0.75
        if mixed > 0 and index + 1 < len(self.levels):
            other = pl.blank(part.width, part.height)
            self.levels[index + 1].draw(view, other)
            pl.blend(part, other, min(mixed, 1.0), part)

    def close(self) -> None:
        """Nothing is open."""


class Frozen:
    """A frame that never changes."""

    def __init__(self, planes: Planes) -> None:
        self.planes = planes

    def draw(self, frame: int, into: Planes) -> None:
        """Fills all of `into`."""
        pl.copy(self.planes, into)

    def close(self) -> None:
        """Nothing is open."""


class Moving:
    """A video."""

    def __init__(self, footage: Footage, placing: Placing, clip: Clip, frame: Format, shade: Grader | None) -> None:
        self.footage = footage
        self.placing = placing
        self.blurred = clip.fit == "blur" and (placing.width, placing.height) != (frame.width, frame.height)
        self.barred = clip.fit == "contain"
        self.start = clip.source.start if clip.source else Fraction(0)
        self.step = clip.speed / frame.fps
        self.shade = shade
        self._seen: tuple[Planes, Planes] | None = None
        self._level: Level | None = None
        self._fill: Planes | None = None

    def draw(self, frame: int, into: Planes) -> None:
        """Fills all of `into` with the source's frame at that time; the first or last one beyond its ends."""
        raw = self.footage.at(self.start + frame * self.step)
        if self._seen is None or self._seen[0] is not raw:
            self._seen = raw, self.shade(raw) if self.shade else raw
            self._level = self._fill = None
        planes = self._seen[1]
        if self.blurred:
            if self._fill is None:
                self._fill = backdrop(planes, into.width, into.height)
            pl.copy(self._fill, into)
        elif self.barred:
            pl.fill(into, BLACK)
        placing = self.placing
        part = into.part(placing.x, placing.y, placing.width, placing.height)
        view = placing.path.at(frame)
        if placing.path.still:
            x, y = round(view.x * planes.width / 2) * 2, round(view.y * planes.height / 2) * 2
            x, y = min(x, planes.width - part.width), min(y, planes.height - part.height)
            pl.copy(planes.part(x, y, part.width, part.height), part)
            return
        if self._level is None:
            widest = max(placing.path.start.width, placing.path.end.width) * planes.width / placing.width
            self._level = Level(pad(planes, margin_for(widest)), planes.width, planes.height)
        self._level.draw(view, part)

    def close(self) -> None:
        """Closes the file."""
        self.footage.close()


BLACK = (16, 128, 128)

DARKENED, PALED = 0.55, 0.85
"""What a blurred fill keeps of its light and of its colour, so that the picture before it stands out."""


def backdrop(source: Planes, width: int, height: int) -> Planes:
    """A blurred and darkened copy of `source` that covers a frame of this size."""
    small_height = 72
    small_width = max(2, round(small_height * width / height))
    out = []
    for plane, half in zip(source, (1, 2, 2), strict=True):
        wide = min(plane.shape[1], round(plane.shape[0] * width / height))
        high = min(plane.shape[0], round(plane.shape[1] * height / width))
        left, top = (plane.shape[1] - wide) // 2, (plane.shape[0] - high) // 2
        crop = plane[top : top + high, left : left + wide]
        small = cv2.resize(crop, (small_width, small_height), interpolation=cv2.INTER_AREA).astype(np.float32)
        small = cv2.GaussianBlur(small, (0, 0), 6, borderType=cv2.BORDER_REFLECT)
        base, keep = (16, DARKENED) if half == 1 else (128, PALED * DARKENED**0.5)
        small = base + (small - base) * keep
        large = cv2.resize(small, (width // half, height // half), interpolation=cv2.INTER_CUBIC)
        out.append(np.clip(large + _dither(large.shape), 0, 255).astype(np.uint8))
    return Planes(*out)


_NOISE = np.random.default_rng(709).triangular(-0.5, 0.5, 1.5, (128, 128)).astype(np.float32)


def _dither(shape: tuple[int, ...]) -> np.ndarray:
    """Noise of one step's size, the same each time: it hides the steps of 8 bits in a smooth gradient."""
    rows, columns = -(-shape[0] // 128), -(-shape[1] // 128)
    return np.tile(_NOISE, (rows, columns))[: shape[0], : shape[1]]


RGB = tuple[int, int, int]


def flattened(rgba: np.ndarray) -> tuple[np.ndarray, RGB]:
    """A picture with alpha laid on white or near-black, whichever its own colours stand out from.

    Returns R'G'B' (h, w, 3) uint8 and the colour (R', G', B') beneath.
    """
    alpha = rgba[..., 3:].astype(np.float32) / 255
    weight = max(float(alpha.sum()), 1.0)
    light = float((rgba[..., :3] @ np.array([pl.RED, pl.GREEN, pl.BLUE], np.float32) * alpha[..., 0]).sum()) / weight
    under = (245, 245, 245) if light < 110 else (18, 18, 20)
    rgb = rgba[..., :3] * alpha + np.array(under, np.float32) * (1 - alpha)
    return np.rint(rgb).astype(np.uint8), under


def _whole_planes(rgb: np.ndarray, shade: Grader | None = None) -> Planes:
    """Planes of a picture of any size, corrected: an odd last row or column is repeated."""
    height, width = rgb.shape[:2]
    if height % 2 or width % 2:
        rgb = cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return shade.of(rgb) if shade else pl.from_rgb(rgb)


def _scaled(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    if (rgb.shape[1], rgb.shape[0]) == (width, height):
        return rgb
    method = cv2.INTER_AREA if width < rgb.shape[1] else cv2.INTER_LANCZOS4
    return cv2.resize(rgb, (width, height), interpolation=method)


def _fill_for(clip: Clip, placing: Placing, frame: Format, rgb: np.ndarray, under: RGB | None) -> Planes | None:
    """What is seen around the picture; None when it covers the frame."""
    if (placing.width, placing.height) == (frame.width, frame.height):
        return None
    if clip.fit == "blur" and under is None:
        return backdrop(_whole_planes(rgb), frame.width, frame.height)
    bars = pl.blank(frame.width, frame.height)
    # What was transparent goes on without an edge.
    pl.fill(bars, pl.ycc(*under) if under else BLACK)
    return bars


def still(clip: Clip, frame: Format, stretch: Stretch, store: Store, look: Grader | None = None) -> Layer:
    """The layer of a clip that shows a picture. Raises BadInput when the picture cannot be opened."""
    assert isinstance(clip.media, Image)
    placing = place(clip, frame, stretch)
    shape = clip.media.width / clip.media.height
    room = 1.0 if placing.path.still else OVERSAMPLING
    wanted = math.ceil(min(placing.level * room * max(1.0, 1 / shape), LARGEST_LEVEL))
    rgb, under = _opened(store.path(clip.media), wanted, scaled=not placing.path.still)
    shade = both(grader(clip.grade), look)
    fill = _fill_for(clip, placing, frame, rgb, under)
    if placing.path.still:
        return Frozen(_composed(_cropped(rgb, placing, shade), placing, fill, shade))
    return Still(_levels(rgb, placing, shade), placing, shade(fill) if shade and fill else fill)


_one_at_a_time = threading.Lock()
"""A photograph takes a hundred megabytes for a quarter of a second while it is opened, however many work on the film."""


def _opened(path: FilePath, wanted: int, *, scaled: bool) -> tuple[np.ndarray, RGB | None]:
    """The picture, at least `wanted` pixels long on its longer side where it has them (exactly so when `scaled`).

    Also returns the colour that its transparent parts were laid on, if there are any.
    """
    with _one_at_a_time:
        # Up to twice that size as it is: what is too much is averaged away below, in a fifth of the time.
        rgb = open_picture(path, max_side=wanted * 2)
        under = None
        if rgb.shape[2] == 4:
            rgb, under = flattened(rgb)
        if scaled and max(rgb.shape[:2]) != wanted:
            factor = wanted / max(rgb.shape[:2])
            rgb = _scaled(rgb, max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor)))
        return rgb, under


def _cropped(rgb: np.ndarray, placing: Placing, shade: Grader | None) -> Planes:
    """What a still view shows, at the size at which it is seen."""
    view = placing.path.start
    height, width = rgb.shape[:2]
    left, top = round(view.x * width), round(view.y * height)
    right, bottom = round((view.x + view.width) * width), round((view.y + view.height) * height)
    part = rgb[top : max(bottom, top + 1), left : max(right, left + 1)]
    return _whole_planes(_scaled(part, placing.width, placing.height), shade)


def _composed(picture: Planes, placing: Placing, fill: Planes | None, shade: Grader | None) -> Planes:
    """A corrected picture on its fill, which is corrected too; the fill itself may be black bars that are all one colour."""
    if fill is None:
        return picture
    fill = shade(fill) if shade else fill
    pl.copy(picture, fill.part(placing.x, placing.y, placing.width, placing.height))
    return fill


def _levels(rgb: np.ndarray, placing: Placing, shade: Grader | None) -> list[Level]:
    """The source at the largest scale that the move needs and, for a long zoom, at smaller ones."""
    path = placing.path
    widest = max(path.at(-path.lead).width, path.at(path.frames - 1 + path.trail).width)
    ratio = widest * rgb.shape[1] / placing.width / OVERSAMPLING
    count = 1 + max(0, math.floor(math.log(max(ratio, 1)) / math.log(LEVEL_STEP) + 0.25))
    levels = []
    for index in range(count):
        scaled = rgb
        if index:
            factor = LEVEL_STEP**-index
            scaled = _scaled(rgb, round(rgb.shape[1] * factor), round(rgb.shape[0] * factor))
        planes = _whole_planes(scaled, shade)
        margin = margin_for(max(1.0, widest * scaled.shape[1] / placing.width))
        levels.append(Level(pad(planes, margin), scaled.shape[1], scaled.shape[0]))
    return levels


def moving(clip: Clip, frame: Format, stretch: Stretch, store: Store, look: Grader | None = None) -> Layer:
    """The layer of a clip that shows a video. Raises BadInput when the video cannot be opened."""
    placing = place(clip, frame, stretch)
    room = 1.0 if placing.path.still else OVERSAMPLING
    width = placing.level * room
    height = width * clip.media.height / clip.media.width
    if placing.path.still:
        # The part seen must have exactly the size at which it is drawn.
        height = placing.height / placing.path.start.height
    factor = min(1.0, LARGEST_LEVEL / max(width, height))
    size = _even(width * factor), _even(height * factor)
    return Moving(Footage(store.path(clip.media), *size), placing, clip, frame, both(grader(clip.grade), look))


def layer_of(item: Clip | Gap, frame: Format, stretch: Stretch, store: Store, look: Grader | None = None) -> Layer:
    """What draws this item; `look` is applied to pictures and videos. Raises BadInput when its media cannot be opened."""
    if isinstance(item, Gap):
        return Solid(pl.colour_of(item.colour))
    if isinstance(item.media, Image):
        return still(item, frame, stretch, store, look)
    return moving(item, frame, stretch, store, look)
