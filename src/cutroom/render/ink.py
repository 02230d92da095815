"""From lines to bitmaps: letters with their outline and shadow, plates and shades, premultiplied."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw

from cutroom.render.faces import sized
from cutroom.render.typeset import Line, Run, advance, spaced

FULL = 255.0
BOLDER = 0.016
"""By how much a word that is lit up is thicker on every side, in em."""


@dataclass(frozen=True)
class Placed:
    """A line and where it stands in the frame: the left end of its baseline, in pixels."""

    line: Line
    x: float
    baseline: float
    strength: float = 1.0
    """How opaque the letters are, 0 to 1."""


@dataclass(frozen=True)
class Look:
    """What stands behind the letters so that they can be read. Lengths are in em of the largest line."""

    outline: float = 0.05
    outline_strength: float = 0.9
    shadow: float = 0.12
    """The blur's sigma."""
    shadow_drop: float = 0.03
    shadow_strength: float = 0.88
    glow: float = 0.0
    """A second, wide, dark halo: its sigma; 0 for none."""
    glow_strength: float = 0.0
    shade: float = 0.0
    """How dark the soft ellipse behind the whole block is, 0 to 1."""
    plate: float = 0.0
    """How dark the rounded plate behind the whole block is, 0 to 1."""
    bar: bool = False
    """A thin upright bar at the block's left, as lower thirds have."""


@dataclass(frozen=True, eq=False)
class Bitmap:
    """A picture to lay over the frame at (`x`, `y`), which are even.

    The pixels are (h, w, 4) uint8, premultiplied sRGB, h and w even.
    """

    x: int
    y: int
    rgba: np.ndarray


def block_of(placed: Sequence[Placed]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the lines' em boxes, in pixels."""
    return (
        min(one.x for one in placed),
        min(one.baseline - 0.76 * one.line.size for one in placed),
        max(one.x + one.line.width for one in placed),
        max(one.baseline + 0.24 * one.line.size for one in placed),
    )


def paint(placed: Sequence[Placed], look: Look, frame: tuple[int, int]) -> Bitmap:
    """`placed` drawn white, over what `look` puts behind it, cropped to its ink and to the `frame` (width, height)."""
    em = max(one.line.size for one in placed)
    left, top, right, bottom = block_of(placed)
    margin = _margin(look, em, (right - left, bottom - top))
    x0, y0 = _even(max(0, left - margin[0])), _even(max(0, top - margin[1]))
    x1, y1 = min(frame[0], math.ceil(right + margin[0])), min(frame[1], math.ceil(bottom + margin[1]))
    shape = (max(2, y1 - y0), max(2, x1 - x0))
    box = (left - x0, top - y0, right - x0, bottom - y0)
    fill, colour = _letters(placed, shape, (x0, y0))
    if look.bar:
        _draw_bar(fill, box, em)
    light = _light(fill, look, em, box)
    np.multiply(light, 1 - fill.astype(np.float32) / FULL, out=light)
    if colour is not None:
        light *= 1 - colour[..., 3].astype(np.float32) / FULL
    alpha = (1 - light) * FULL
    if look.shade or look.glow:
        alpha = _dithered(alpha, fill)
    opaque = cv2.max(cv2.convertScaleAbs(alpha), fill)
    out = cv2.merge([fill, fill, fill, opaque])
    if colour is not None:
        under = fill * (1 - colour[..., 3].astype(np.float32) / FULL)
        out[..., :3] = np.minimum(np.rint(under[..., None] + colour[..., :3]), opaque[..., None])
    return _cropped(out, x0, y0)


def paint_part(one: Placed, first: int, last: int, colour: tuple[int, int, int], frame: tuple[int, int]) -> Bitmap:
    """The characters `first` to `last` of a line once more, in `colour` and a little bolder, exactly over themselves.

    Nothing lies behind them: they are laid over the line, whose own outline and shadow stay. An empty bitmap when nothing
    of them can be drawn.
    """
    spans = one.line.reach(first, last)
    size = one.line.size
    if not spans:
        return Bitmap(0, 0, np.zeros((2, 2, 4), np.uint8))
    bolder = BOLDER * size
    left, right = min(span[0] for span in spans), max(span[1] for span in spans)
    x0, y0 = _even(max(0, one.x + left - size)), _even(max(0, one.baseline - 1.4 * size))
    x1, y1 = min(frame[0], math.ceil(one.x + right + size)), min(frame[1], math.ceil(one.baseline + 0.8 * size))
    fill, _ = _letters([one], (max(2, y1 - y0), max(2, x1 - x0)), (x0, y0), bolder)
    # Only the columns of these characters, and a hair more for letters that lean out where a space stands beside them.
    inside = np.zeros(fill.shape[1], bool)
    beside = (first == 0 or one.line.text[first - 1] == " ", last >= len(one.line.text) or one.line.text[last] == " ")
    lean = [0.09 * size if space else 0.0 for space in beside]
    if spans and one.line.runs[0].rtl:
        lean = lean[::-1]
    for span in spans:
        before, after = (lean[0] if span[0] == left else 0.0), (lean[1] if span[1] == right else 0.0)
        inside[max(0, round(one.x + span[0] - before - x0)) : max(0, round(one.x + span[1] + after - x0))] = True
    fill[:, ~inside] = 0
    part = fill.astype(np.float32) / FULL
    return _cropped(np.dstack([np.rint(part * value).astype(np.uint8) for value in colour] + [fill]), x0, y0)


def _margin(look: Look, em: float, block: tuple[float, float]) -> tuple[float, float]:
    """How far the darkness reaches beyond the lines, to the sides and up and down."""
    near = em * max(look.outline + 3 * look.shadow + look.shadow_drop, 3 * look.glow, 0.6 if look.plate else 0.0, 0.3)
    if not look.shade:
        return near, near
    return max(near, 0.45 * block[0], 3.5 * em - 0.5 * block[0]), max(near, 1.2 * block[1], 2.6 * em - 0.5 * block[1])


def _letters(
    placed: Sequence[Placed], shape: tuple[int, int], origin: tuple[int, int], bolder: float = 0.0
) -> tuple[np.ndarray, np.ndarray | None]:
    """Coverage of the letters (h, w) uint8, and coloured glyphs (h, w, 4) uint8 premultiplied when there are any.

    Letters are `bolder` pixels thicker on every side than their font has them; their places do not change.
    """
    mask = Image.new("L", (shape[1], shape[0]))
    pen = ImageDraw.Draw(mask)
    colour: np.ndarray | None = None
    for one in placed:
        x, y = one.x - origin[0], one.baseline - origin[1]
        for run in one.line.runs:
            if run.face.emoji:
                colour = np.zeros((*shape, 4), np.uint8) if colour is None else colour
                _draw_emoji(colour, run, one.line, x, y)
            else:
                _draw_run(pen, run, one, (x, y), bolder)
            x += advance(run, one.line.size, one.line.tracking, one.line.language)
    return np.array(mask), colour


def _draw_run(pen: ImageDraw.ImageDraw, run: Run, one: Placed, at: tuple[float, float], bolder: float) -> None:
    line = one.line
    font = sized(run.face, line.size)
    fill = round(FULL * one.strength)
    if not line.tracking:
        direction = "rtl" if run.rtl else "ltr"
        pen.text(
            at,
            run.text,
            fill=fill,
            font=font,
            anchor="ls",
            direction=direction,
            language=line.language,
            stroke_width=bolder,
        )
        return
    # Pillow has no letter spacing: each letter is placed by itself.
    for piece, x in spaced(run, line.size, line.tracking):
        pen.text((at[0] + x, at[1]), piece, fill=fill, font=font, anchor="ls")


def _draw_emoji(canvas: np.ndarray, run: Run, line: Line, x: float, y: float) -> None:
    """Draw at the font's own strike and scale down: bitmap fonts have one size."""
    font = sized(run.face, line.size)
    scale = line.size / font.size
    box = font.getbbox(run.text, anchor="ls")
    width, height = math.ceil(box[2] - box[0]), math.ceil(box[3] - box[1])
    if width < 1 or height < 1:
        return
    big = Image.new("RGBA", (width, height))
    ImageDraw.Draw(big).text(
        (-box[0], -box[1]), run.text, font=font, anchor="ls", embedded_color=True, fill=(255, 255, 255, 255)
    )
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(big.convert("RGBa").resize(size, Image.Resampling.LANCZOS))
    left, top = round(x + box[0] * scale), round(y + box[1] * scale)
    rows = slice(max(0, top), min(canvas.shape[0], top + size[1]))
    columns = slice(max(0, left), min(canvas.shape[1], left + size[0]))
    canvas[rows, columns] = small[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]


def _draw_bar(fill: np.ndarray, box: tuple[float, float, float, float], em: float) -> None:
    left, width = round(box[0] - 0.42 * em), max(2, round(0.07 * em))
    fill[max(0, round(box[1])) : round(box[3]), max(0, left) : left + width] = 255


def _light(fill: np.ndarray, look: Look, em: float, box: tuple[float, float, float, float]) -> np.ndarray:
    """How much of the picture shines through what lies behind the letters, (h, w) float32, 0 to 1."""
    light = np.ones(fill.shape, np.float32)
    thick = fill
    if look.outline:
        thick = _thickened(fill, max(1.2, look.outline * em))
        light -= _blurred(thick, max(0.5, 0.3 * look.outline * em), 0) * (look.outline_strength / FULL)
    if look.shadow:
        soft = _blurred(thick, look.shadow * em, look.shadow_drop * em) * (1.35 / FULL)
        light *= 1 - np.minimum(1, soft) * look.shadow_strength
    if look.glow:
        # A thin letter's blur is faint, so it is lifted: a short subtitle needs its halo as much as a title.
        light *= 1 - np.minimum(1, _blurred(thick, look.glow * em, 0) * (2.2 / FULL)) * look.glow_strength
    if look.shade:
        light *= 1 - _ellipse(fill.shape, box, em) * look.shade
    if look.plate:
        light *= 1 - _rounded(fill.shape, box, em) * look.plate
    return light


def _thickened(mask: np.ndarray, reach: float) -> np.ndarray:
    """`mask` grown by `reach` pixels on every side; parts of a pixel count, so that small letters look like large ones."""
    whole = int(reach)
    near, far = (
        cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * size + 1, 2 * size + 1)))
        for size in (whole, whole + 1)
    )
    return cv2.addWeighted(near, 1 - (reach - whole), far, reach - whole, 0)


def _blurred(mask: np.ndarray, sigma: float, drop: float) -> np.ndarray:
    """A Gaussian blur, done at a smaller size when it is wide: nobody sees the difference, and it is much faster."""
    step = max(1, int(sigma / 2.5))
    height, width = mask.shape
    small = (
        cv2.resize(mask, (max(1, width // step), max(1, height // step)), interpolation=cv2.INTER_AREA)
        if step > 1
        else mask
    )
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), sigma / step, borderType=cv2.BORDER_CONSTANT)
    full = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR) if step > 1 else soft
    shift = round(drop)
    if not shift:
        return full
    moved = np.zeros_like(full)
    moved[shift:] = full[:-shift]
    return moved


def _ellipse(shape: tuple[int, ...], box: tuple[float, float, float, float], em: float) -> np.ndarray:
    """A soft ellipse around `box` that fades to nothing at the bitmap's edge: raised cosine, 0 to 1."""
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    reach_x, reach_y = max((box[2] - box[0]) * 0.95, 3.5 * em), max((box[3] - box[1]) * 1.7, 2.6 * em)
    x = (np.arange(shape[1], dtype=np.float32) - middle_x) / reach_x
    y = (np.arange(shape[0], dtype=np.float32) - middle_y) / reach_y
    away = np.minimum(1, np.sqrt(x[None] ** 2 + y[:, None] ** 2))
    return 0.5 + 0.5 * np.cos(np.pi * away)


def _rounded(shape: tuple[int, ...], box: tuple[float, float, float, float], em: float) -> np.ndarray:
    """A rounded rectangle around `box`, antialiased by its signed distance."""
    half_x, half_y = (box[2] - box[0]) / 2 + 0.42 * em, (box[3] - box[1]) / 2 + 0.16 * em
    radius = min(0.26 * em, half_y)
    x = np.abs(np.arange(shape[1], dtype=np.float32) + 0.5 - (box[0] + box[2]) / 2) - (half_x - radius)
    y = np.abs(np.arange(shape[0], dtype=np.float32) + 0.5 - (box[1] + box[3]) / 2) - (half_y - radius)
    away = np.hypot(np.maximum(x[None], 0), np.maximum(y[:, None], 0)) - radius
    return np.clip(0.5 - away, 0, 1)


def _dithered(alpha: np.ndarray, letters: np.ndarray) -> np.ndarray:
    """`alpha` (0 to 255) with triangular noise where it is a soft shade, so that a sky behind it shows no steps."""
    rows, columns = -(-alpha.shape[0] // 128), -(-alpha.shape[1] // 128)
    noise = np.tile(_noise(), (rows, columns))[: alpha.shape[0], : alpha.shape[1]] + alpha
    # Letters stay clean, and what is as good as clear stays clear.
    np.copyto(noise, alpha, where=(letters > 0) | (alpha < 0.75))
    return np.clip(noise, 0, FULL, out=noise)


@lru_cache(maxsize=1)
def _noise() -> np.ndarray:
    """A tile of triangular noise, (128, 128) float32, -0.7 to 0.7, the same on every run."""
    parts = np.random.default_rng(5).random((2, 128, 128), np.float32)
    return 0.7 * (parts[0] - parts[1])


def _cropped(rgba: np.ndarray, x: int, y: int) -> Bitmap:
    """Only the part with ink, with even corners and sizes."""
    alpha = rgba[..., 3]
    rows = np.flatnonzero(alpha.max(axis=1) > 1)
    columns = np.flatnonzero(alpha.max(axis=0) > 1)
    if not rows.size:
        return Bitmap(x, y, np.zeros((2, 2, 4), np.uint8))
    top, left = _even(rows[0]), _even(columns[0])
    bottom, right = rows[-1] + 1, columns[-1] + 1
    part = rgba[top:bottom, left:right]
    padded = np.zeros((part.shape[0] + part.shape[0] % 2, part.shape[1] + part.shape[1] % 2, 4), np.uint8)
    padded[: part.shape[0], : part.shape[1]] = part
    padded.flags.writeable = False
    return Bitmap(x + left, y + top, padded)


def _even(value: float) -> int:
    return int(value) // 2 * 2
