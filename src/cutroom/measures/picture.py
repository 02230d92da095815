"""What can be measured on one picture: sharpness, light, colour, likeness, faces, and what draws the eye.

Pictures are upright sRGB arrays, uint8, of shape (height, width, 3). Boxes are fractions of the picture. Nothing here
is random: the same pixels always give the same numbers.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cutroom.measures.boxes import around, head
from cutroom.plan.facts import Face
from cutroom.timeline.timeline import Box

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

COMMON_SIDE = 1000
"""The longer side, in pixels, at which sharpness is measured."""
FACE_SIDE = 640
"""The longer side, in pixels, at which faces are looked for."""
NEUTRAL_SHARPNESS = 0.5
"""What a picture without a single edge gets: a smooth sky is neither sharp nor blurred."""


def scaled(pixels: Pixels, side: int) -> Pixels:
    """The picture with its longer side at most `side` pixels; the picture itself when it is no larger."""
    height, width = pixels.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return pixels
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def grey(pixels: Pixels) -> Pixels:
    """Luma (BT.601 weights), uint8, of shape (height, width)."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


# ── sharpness ────────────────────────────────────────────────────────────────────────────────────────────────────────

_FINE, _COARSE = 0.8, 2.4
"""The two scales (standard deviations in pixels) whose gradients are compared."""


def edge_blur(pixels: Pixels, side: int = COMMON_SIDE) -> float | None:
    """How wide the sharpest edges are smeared: the standard deviation of the blur in pixels at a common size.

    At an edge that was blurred by s, gradients taken at two scales a < b relate as sqrt((b² + s²) / (a² + s²)),
    whatever the edge's contrast (after Zhuo and Sim, "Defocus map estimation from a single image", 2011). Only edges
    that stand clear of the noise count, and of the parts that have such edges the sharpest tenth decides, so that a
    blurred background or a smooth sky does no harm. Directions are told apart: motion blur smears edges of one
    direction only.

    Returns:
        0.3 (as sharp as pixels can be) to about 8 pixels; None when the picture has no edges to measure.
    """
    plane = grey(scaled(pixels, side)).astype(np.float32)
    if min(plane.shape) < 16:
        return None
    fine_x, fine_y = _gradient(plane, _FINE)
    coarse_x, coarse_y = _gradient(plane, _COARSE)
    coarse = np.hypot(coarse_x, coarse_y)
    noise = _noise(plane)
    crest = _crests(coarse, max(1.2, 0.25 * noise, 0.25 * float(np.percentile(coarse, 98))))
    rows, columns = np.nonzero(crest)
    if len(rows) < 24:
        return None
    # White noise of deviation n leaves n / (s² √8π) in either derivative at scale s; take it out again. Neighbours on
    # an edge are averaged, as one pixel's noise would pass for sharpness.
    energy = fine_x**2 + fine_y**2 - 2 * (noise / (_FINE**2 * math.sqrt(8 * math.pi))) ** 2
    near_fine = np.asarray(cv2.boxFilter(np.where(crest, energy, 0).astype(np.float32), -1, (11, 11)))[crest]
    near_coarse = np.asarray(cv2.boxFilter(np.where(crest, coarse**2, 0).astype(np.float32), -1, (11, 11)))[crest]
    ratio = np.clip(near_fine / near_coarse, 1.03, (_COARSE / _FINE) ** 2 - 0.05)
    blur = np.sqrt(np.maximum(0.09, (_COARSE**2 - ratio * _FINE**2) / (ratio - 1)))
    cell = max(24, max(plane.shape) // 12)
    place = (rows // cell) * 64 + columns // cell
    direction = (np.arctan2(coarse_y[crest], coarse_x[crest]) / math.pi * 4 + 0.5).astype(int) % 4
    return _worst_direction(blur, place, direction)


def _worst_direction(blur: NDArray[np.floating], place: NDArray[np.int_], direction: NDArray[np.int_]) -> float:
    """The sharpest parts' blur, drawn towards that of the direction that is blurred most in those parts.

    A part counts by the sharper quarter of its edges; the sharpest tenth of the parts set the measure, and all that
    come near it are asked about directions.
    """
    order = np.lexsort((blur, place))
    _, first, count = np.unique(place[order], return_index=True, return_counts=True)
    first, count = first[count >= 6], count[count >= 6]
    if not len(first):
        return float(np.median(blur))
    quarters = blur[order][first + count // 4]
    overall = float(np.percentile(quarters, 10))
    near = quarters <= 1.5 * overall + 0.6
    inside = np.concatenate([order[start : start + some] for start, some in zip(first[near], count[near], strict=True)])
    enough = max(24, round(0.08 * len(inside)))
    parts = [
        float(np.percentile(blur[some], 25))
        for part in range(4)
        if len(some := inside[direction[inside] == part]) >= enough
    ]
    return max(overall, 0.35 * overall + 0.65 * max(parts, default=overall))


def _crests(gradient: Plane, floor: float) -> NDArray[np.bool_]:
    """Where edges run: gradients above `floor` that are the highest nearby and fall off within a dozen pixels.

    Beside an edge's crest the ratio of two scales says nothing; and a gradient that does not fall off is shading.
    """
    highest = cv2.dilate(gradient, np.ones((3, 3), np.uint8))
    lowest = cv2.erode(gradient, np.ones((25, 25), np.uint8))
    return (gradient >= floor) & (gradient >= 0.97 * highest) & (gradient >= 1.6 * lowest)


def _gradient(plane: Plane, sigma: float) -> tuple[Plane, Plane]:
    """Horizontal and vertical derivatives (a pixel) of the plane, smoothed by `sigma`."""
    smooth = cv2.GaussianBlur(plane, (0, 0), sigma)
    return (
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1, scale=0.5), dtype=np.float32),
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1, scale=0.5), dtype=np.float32),
    )


def _noise(plane: Plane) -> float:
    """The noise's standard deviation (Immerkær, "Fast noise variance estimation", 1996), from the calmer half.

    Blocks are used in place of the whole so that texture isn't taken for noise.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(np.asarray(cv2.filter2D(plane, cv2.CV_32F, kernel)))
    blocks = cv2.resize(
        response, (max(1, plane.shape[1] // 16), max(1, plane.shape[0] // 16)), interpolation=cv2.INTER_AREA
    )
    return math.sqrt(math.pi / 2) / 6 * float(np.percentile(blocks, 30))


def crispness(blur: float | None) -> float:
    """A blur in pixels at the common size (`edge_blur`) as 0 (badly blurred) to 1 (crisp); 0.5 at 2 pixels."""
    return NEUTRAL_SHARPNESS if blur is None else 1 / (1 + (max(0.0, blur - 0.4) / 1.6) ** 2)


def sharpness(pixels: Pixels) -> float:
    """How crisp the sharpest parts are: 0 badly blurred, 0.5 soft when seen at full size, 1 crisp.

    0.5 is a blur of 2 pixels (standard deviation) at a longer side of 1000. A picture without edges gets
    `NEUTRAL_SHARPNESS`.
    """
    return crispness(edge_blur(pixels))


# ── light ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class Clipping(NamedTuple):
    """How much of a picture has lost its detail; shares from 0 to 1."""

    black: float
    """Pixels with all channels at most 3."""
    white: float
    """Pixels with all channels at least 252."""


def clipping(pixels: Pixels) -> Clipping:
    """The shares of crushed and of blown pixels."""
    small = scaled(pixels, 400)
    return Clipping(float((small.max(axis=2) <= 3).mean()), float((small.min(axis=2) >= 252).mean()))


def lightness(pixels: Pixels) -> NDArray[np.float32]:
    """CIE L* (0 to 100) of each pixel of the picture scaled down to 200 pixels."""
    return _lab(scaled(pixels, 200))[..., 0]


def exposure(pixels: Pixels) -> float:
    """Whether the picture is too dark (down to -1) or too bright (up to 1); near 0 is well exposed.

    Judged by the middle of the tones, and held back while the picture still has bright (or dark) parts: a night
    street with lamps is meant to be dark.
    """
    light = lightness(pixels)
    low, middle, high = (float(value) for value in np.percentile(light, (5, 50, 95)))
    middle = 0.5 * middle + 0.5 * float(light.mean())
    if middle < 38:
        return -min(1.0, (38 - middle) / 33) * (1 - 0.6 * min(1.0, max(0.0, (high - 30) / 50)))
    if middle > 78:
        return min(1.0, (middle - 78) / 20) * (1 - 0.6 * min(1.0, max(0.0, (75 - low) / 50)))
    return 0.0


def contrast_ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """The contrast of two sRGB colours (0 to 255 a channel), from 1 to 21 (WCAG 2.2)."""
    first, second = _luminance(one), _luminance(other)
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def _luminance(colour: Sequence[float]) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in colour[:3])
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# ── colour ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _lab(pixels: Pixels) -> NDArray[np.float32]:
    """CIE L*a*b* (D65), float32."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), dtype=np.float32)


def _hexadecimal(colour: Iterable[float]) -> str:
    return "#" + "".join(f"{min(255, max(0, round(float(value)))):02x}" for value in colour)


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour written as ``#rrggbb``, as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mean_colour(pixels: Pixels) -> str:
    """The mean of all pixels, as #rrggbb."""
    return _hexadecimal(scaled(pixels, 200).reshape(-1, 3).mean(axis=0))


def colour_distance(one: str, other: str) -> float:
    """How different two colours (#rrggbb) look: CIE76 delta E; 2.3 is just noticeable, 100 is black on white."""
    pair = _lab(np.array([[rgb(one), rgb(other)]], np.uint8))
    return float(np.linalg.norm(pair[0, 0] - pair[0, 1]))


class Cast(NamedTuple):
    """A tint over the whole picture, in CIE a* and b*: 0 is neutral, ±5 is visible, ±20 is strong."""

    green_red: float
    blue_yellow: float


def cast(pixels: Pixels) -> Cast:
    """The tint of what should be neutral: the mean a* and b* of the least coloured fifth of the midtones."""
    lab = _lab(scaled(pixels, 200)).reshape(-1, 3)
    middle = lab[(lab[:, 0] > 20) & (lab[:, 0] < 95)]
    if len(middle) < 50:
        return Cast(0.0, 0.0)
    chroma = np.hypot(middle[:, 1], middle[:, 2])
    neutral = middle[chroma <= np.percentile(chroma, 20)]
    return Cast(float(neutral[:, 1].mean()), float(neutral[:, 2].mean()))


def palette(pixels: Pixels, colours: int = 5) -> tuple[str, ...]:
    """Up to `colours` colours that stand for the picture, as #rrggbb, most common first.

    k-means in CIE L*a*b* with farthest-point starts, so that the result doesn't depend on chance; colours that look
    alike (delta E below 8) are counted as one.
    """
    points = _lab(scaled(pixels, 64)).reshape(-1, 3)
    centres = _farthest_points(points, colours)
    labels = np.zeros(len(points), int)
    for _ in range(12):
        labels = np.linalg.norm(points[:, None] - centres[None], axis=2).argmin(axis=1)
        for place in range(len(centres)):
            if (labels == place).any():
                centres[place] = points[labels == place].mean(axis=0)
    counts = np.bincount(labels, minlength=len(centres))
    kept: list[NDArray[np.float32]] = []
    for place in np.argsort(-counts, kind="stable"):
        far = all(np.linalg.norm(centres[place] - other) >= 8 for other in kept)
        if far and counts[place] >= 0.01 * len(points):
            kept.append(centres[place])
    back = cv2.cvtColor(np.array([kept], np.float32), cv2.COLOR_LAB2RGB)[0]
    return tuple(_hexadecimal(np.asarray(colour) * 255) for colour in back)


def _farthest_points(points: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Starts for k-means: the mean's nearest point, then each time the point that is farthest from all so far."""
    first = int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmin())
    chosen = [points[first]]
    nearest = np.linalg.norm(points - points[first], axis=1)
    while len(chosen) < count and nearest.max() > 1:
        chosen.append(points[int(nearest.argmax())])
        nearest = np.minimum(nearest, np.linalg.norm(points - chosen[-1], axis=1))
    return np.array(chosen, np.float32)


# ── likeness ─────────────────────────────────────────────────────────────────────────────────────────────────────────

NEAR_BITS = 12
"""Near-duplicates differ in at most this many of 64 bits."""
NEAR_COLOUR = 16.0
"""…and their mean colours in at most this much (delta E)."""


def fingerprint(pixels: Pixels) -> str:
    """A perceptual hash of 64 bits as 16 hexadecimal digits.

    The signs of 64 low frequencies of the picture (its discrete cosine transform at 32 by 32, without the mean):
    scaling, compression and small changes of light leave them alone. Frequencies with next to no energy give 0, so
    that noise in a flat picture decides nothing.
    """
    plane = grey(scaled(pixels, 256)).astype(np.float32)
    small = np.asarray(cv2.resize(plane, (32, 32), interpolation=cv2.INTER_AREA), dtype=np.float32)
    waves = np.asarray(cv2.dct(small))[:9, :9].ravel()[1:]
    order = np.argsort(np.add.outer(np.arange(9), np.arange(9)).ravel()[1:], kind="stable")[:64]
    bits = "".join("1" if value > 2.0 else "0" for value in waves[order])
    return f"{int(bits, 2):016x}"


def distance(one: str, other: str) -> int:
    """In how many bits two fingerprints differ: 0 (the same) to 64; unrelated pictures are near 32."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def near_duplicates(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """True when two pictures, each given as (fingerprint, mean colour), look like shots of the same thing."""
    return distance(one[0], other[0]) <= NEAR_BITS and colour_distance(one[1], other[1]) <= NEAR_COLOUR


# ── faces ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Found(NamedTuple):
    """A detector's claim, in pixels."""

    x: float
    y: float
    side: float
    weight: float
    """How far the claim is believed alone, 0 to 1."""
    by: str


class _Cascade(NamedTuple):
    """One of OpenCV's cascades, and what its claims are worth."""

    name: str
    side: int
    """The longer side, in pixels, of the picture that it searches."""
    doubtful: float
    """The weight at which a claim is as often wrong as right, measured on photographs."""
    spread: float
    """How much weight turns doubt into belief."""
    trust: float
    """The most that it is believed alone, 0 to 1."""


_FRONTAL = _Cascade("frontalface_default", 640, 2.4, 0.8, 0.85)
_SECOND = _Cascade("frontalface_alt2", 120, 55.6, 0.3, 0.85)
_PROFILE = _Cascade("profileface", 320, 1.0, 0.8, 0.6)


_own = threading.local()


def _cascade(name: str) -> cv2.CascadeClassifier:
    """This thread's own cascade: one that two threads search with at once fails inside OpenCV."""
    loaded: dict[str, cv2.CascadeClassifier] = _own.__dict__.setdefault("cascades", {})
    if name not in loaded:
        folder = Path(cv2.__file__).parent / "data"
        loaded[name] = cv2.CascadeClassifier(str(folder / f"haarcascade_{name}.xml"))
    return loaded[name]


def faces(pixels: Pixels, least: float = 0.6) -> tuple[Face, ...]:
    """The faces in a picture, surest first.

    Three of OpenCV's cascades (Viola and Jones, 2001; frontal twice, profile in both directions) make claims. One
    alone claims faces in foliage and in folds of cloth, so claims are weighed against each other, against eyes where
    a face has them, and against the colours of skin where the picture has colour. Faces smaller than a thirtieth of
    the longer side are not looked for.

    Args:
        pixels: The picture.
        least: Faces that are less sure than this (0 to 1) are left out.
    """
    small = scaled(pixels, FACE_SIDE)
    plane = grey(small)
    skin = _skin_map(small)
    found = [
        Face(box=_face_box(group, small), confidence=confidence)
        for group in _grouped(_claims(plane, skin))
        if (confidence := _confidence(group, plane, skin)) >= least
    ]
    return tuple(sorted(_without_nested(found), key=lambda face: (-face.confidence, face.box.x, face.box.y)))


def _claims(plane: Pixels, skin: NDArray[np.bool_] | None) -> list[_Found]:
    """What the cascades see where there is skin, in pixels of `plane`."""
    left, top, right, bottom = _around_skin(plane, skin)
    if right - left < 24 or bottom - top < 24:
        return []
    part = np.ascontiguousarray(plane[top:bottom, left:right])
    share = max(part.shape) / max(plane.shape)
    claims: list[_Found] = []
    for cascade, mirrored in ((_FRONTAL, False), (_PROFILE, False), (_PROFILE, True)):
        view = np.ascontiguousarray(part[:, ::-1]) if mirrored else part
        for claim in _detected(view, cascade, max(48, round(cascade.side * share))):
            x = part.shape[1] - claim.x - claim.side if mirrored else claim.x
            claims.append(claim._replace(x=x + left, y=claim.y + top, by=claim.by + "'" * mirrored))
    seconded = [second for group in _grouped(claims) for second in _second_opinion(plane, group[0])]
    return claims + seconded


def _second_opinion(plane: Pixels, claim: _Found) -> list[_Found]:
    """What the second frontal cascade says about a claim: it looks at its surroundings only, which takes no time."""
    room = 0.45 * claim.side
    left, top = max(0, round(claim.x - room)), max(0, round(claim.y - room))
    right, bottom = round(claim.x + claim.side + room), round(claim.y + claim.side + room)
    part = np.ascontiguousarray(plane[top:bottom, left:right])
    if min(part.shape) < 24:
        return []
    if max(part.shape) < _SECOND.side:
        factor = _SECOND.side / max(part.shape)
        view = np.asarray(cv2.resize(part, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    else:
        factor, view = 1.0, part
    return [
        found._replace(x=found.x / factor + left, y=found.y / factor + top, side=found.side / factor)
        for found in _detected(view, _SECOND, _SECOND.side)
        if found.side / factor > 0.5 * claim.side
    ]


def _detected(plane: Pixels, cascade: _Cascade, side: int) -> list[_Found]:
    """One cascade's claims, in pixels of `plane`, which is searched with its longer side scaled to `side`."""
    view = scaled(plane, side)
    least = max(22, round(cascade.side / 29))
    boxes, _, weights = _cascade(cascade.name).detectMultiScale3(
        view, scaleFactor=1.2, minNeighbors=3, minSize=(least, least), outputRejectLevels=True
    )
    factor = plane.shape[1] / view.shape[1]
    return [
        _Found(x * factor, y * factor, width * factor, _belief(cascade, float(weight)), cascade.name)
        for (x, y, width, _), weight in zip(boxes, np.ravel(weights), strict=True)
    ]


def _belief(cascade: _Cascade, weight: float) -> float:
    """How far a claim is believed alone: a logistic curve through what was measured, 0 to 1."""
    return cascade.trust / (1 + math.exp(-max(-30.0, min(30.0, (weight - cascade.doubtful) / cascade.spread))))


def _around_skin(plane: Pixels, skin: NDArray[np.bool_] | None) -> tuple[int, int, int, int]:
    """Left, top, right and bottom, in pixels, of what may be skin with some room around it; all when unknown."""
    height, width = plane.shape
    if skin is None:
        return 0, 0, width, height
    solid = cv2.erode(skin.astype(np.uint8), np.ones((5, 5), np.uint8))
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    room = max(height, width) // 12
    return (
        max(0, int(columns[0]) - room),
        max(0, int(rows[0]) - room),
        min(width, int(columns[-1]) + room),
        min(height, int(rows[-1]) + room),
    )


def _skin_map(pixels: Pixels) -> NDArray[np.bool_] | None:
    """Where the colours are those of skin of any tone; None for a picture without colour.

    Skin lies between red and yellow-orange, and is never vivid.
    """
    lab = _lab(pixels)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    if float(np.percentile(chroma, 95)) < 6:
        return None
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    return (hue > 5) & (hue < 85) & (chroma > 5) & (chroma < 48) & (lab[..., 0] > 12)


def _grouped(claims: list[_Found]) -> list[list[_Found]]:
    """Claims that mean the same face, together; strongest first."""
    groups: list[list[_Found]] = []
    for claim in sorted(claims, key=lambda found: -found.weight):
        home = next((group for group in groups if _overlap(group[0], claim) > 0.35), None)
        if home is None:
            groups.append([claim])
        else:
            home.append(claim)
    return groups


def _overlap(one: _Found, other: _Found) -> float:
    """Intersection over union of two squares, 0 to 1."""
    across = min(one.x + one.side, other.x + other.side) - max(one.x, other.x)
    down = min(one.y + one.side, other.y + other.side) - max(one.y, other.y)
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / (one.side**2 + other.side**2 - across * down)


def _confidence(group: list[_Found], plane: Pixels, skin: NDArray[np.bool_] | None) -> float:
    """How sure a group of claims is, 0 to 1."""
    best: dict[str, float] = {}
    for claim in group:
        best[claim.by] = max(best.get(claim.by, 0.0), claim.weight)
    doubt = math.prod(1 - belief for belief in best.values())
    eyes = _eyes(group[0], plane)
    belief = (1 - doubt * (1.0, 0.6, 0.4)[eyes]) * (0.8, 1.0, 1.0)[eyes]
    if len(best) == 1:
        belief *= 0.75
    return float(belief * _skin(group[0], skin) * _texture(group[0], plane))


def _patch(array: NDArray[Any], found: _Found, inset: float = 0.0) -> NDArray[Any]:
    pad = found.side * inset
    top, bottom = max(0, round(found.y + pad)), round(found.y + found.side - pad)
    left, right = max(0, round(found.x + pad)), round(found.x + found.side - pad)
    return array[top:bottom, left:right]


def _eyes(found: _Found, plane: Pixels) -> int:
    """How many eyes (0 to 2) lie where a face has them: in the upper half, one on either side."""
    face = _patch(plane, found)
    if min(face.shape, default=0) < 20:
        return 0
    upper = np.asarray(cv2.resize(face, (160, 160), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)[16:96]
    boxes = _cascade("eye").detectMultiScale(
        upper, scaleFactor=1.15, minNeighbors=3, minSize=(24, 24), maxSize=(70, 70)
    )
    sides = {x + width / 2 < 80 for x, y, width, height in boxes if y + height / 2 > 12}
    return len(sides)


def _skin(found: _Found, skin: NDArray[np.bool_] | None) -> float:
    """How much of a face's middle is skin: 0.25 to 1; 0.85 for pictures without colour, which can't tell."""
    if skin is None:
        return 0.85
    patch = _patch(skin, found, 0.2)
    return 0.25 if patch.size == 0 else 0.25 + 0.75 * min(1.0, max(0.0, (float(patch.mean()) - 0.15) / 0.35))


def _texture(found: _Found, plane: Pixels) -> float:
    """1 for a patch with the contrast of a face; less for a flat one."""
    patch = _patch(plane, found)
    return 0.3 if patch.size == 0 else min(1.0, max(0.3, float(patch.std()) / 22))


def _face_box(group: list[_Found], pixels: Pixels) -> Box:
    """Where a group of claims lies: their mean, weighted, as fractions."""
    weights = np.array([max(0.05, claim.weight) for claim in group])
    x, y, side = (
        float(np.average([getattr(claim, name) for claim in group], weights=weights)) for name in ("x", "y", "side")
    )
    height, width = pixels.shape[:2]
    left, top = max(0.0, x / width), max(0.0, y / height)
    return Box(x=left, y=top, width=min(side / width, 1 - left), height=min(side / height, 1 - top))


def _without_nested(found: list[Face]) -> list[Face]:
    """Faces without those that lie inside a surer one (a mouth or a cheek that was taken for a face)."""
    kept: list[Face] = []
    for face in sorted(found, key=lambda face: -face.confidence):
        if not any(_holds(other.box, face.box.centre) for other in kept):
            kept.append(face)
    return kept


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box.x <= point[0] <= box.x + box.width and box.y <= point[1] <= box.y + box.height


# ── what draws the eye ───────────────────────────────────────────────────────────────────────────────────────────────


def saliency(pixels: Pixels) -> Plane:
    """What stands out, 0 to 1, as a map with a longer side of 96.

    Colour that is unlike its surroundings at three sizes (after Itti, Koch and Niebur, 1998), colour that is rare in
    the picture as a whole (after Achanta, 2009), and detail that is in focus, with a mild pull to the middle.
    """
    lab = _lab(scaled(cv2.GaussianBlur(pixels, (0, 0), 1).astype(np.uint8), 96))
    height, width = lab.shape[:2]
    stands_out = np.zeros((height, width), np.float32)
    for size in (2.0, 4.0, 8.0):
        inner, outer = cv2.GaussianBlur(lab, (0, 0), size / 2), cv2.GaussianBlur(lab, (0, 0), size * 3)
        stands_out += _unit(np.linalg.norm(inner - outer, axis=2))
    rare = _unit(np.linalg.norm(cv2.GaussianBlur(lab, (0, 0), 1.5) - lab.mean(axis=(0, 1)), axis=2))
    plane = grey(scaled(pixels, 384)).astype(np.float32)
    detail = np.abs(np.asarray(cv2.Laplacian(cv2.GaussianBlur(plane, (0, 0), 1.2), cv2.CV_32F)))
    # A square root keeps one hard edge from outweighing a whole textured subject.
    detail = cv2.GaussianBlur(cv2.resize(np.sqrt(detail), (width, height), interpolation=cv2.INTER_AREA), (0, 0), 3)
    across = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    down = (np.arange(height, dtype=np.float32) + 0.5) / height - 0.5
    middle = np.exp(-(across[None] ** 2 + down[:, None] ** 2) / (2 * 0.38**2))
    drawn = _unit(stands_out) + 0.7 * rare + 0.7 * _unit(np.asarray(detail, dtype=np.float32))
    total = drawn * (0.35 + 0.65 * middle)
    return _unit(np.asarray(cv2.GaussianBlur(total.astype(np.float32), (0, 0), 2.5)))


def _unit(plane: NDArray[np.floating]) -> Plane:
    """The plane stretched to 0..1, so that its one-in-a-hundred highest values are 1."""
    low, high = np.percentile(plane, (2, 99))
    return np.clip((plane - low) / max(float(high - low), 1e-6), 0, 1).astype(np.float32)


def focus(pixels: Pixels, people: Sequence[Face] = ()) -> Box:
    """The part that draws the eye: all heads when there are faces, else the blob that stands out most.

    Returns:
        A box inside the picture, never smaller than a fifth of it either way (unless it is a head).
    """
    if people:
        return around(head(face.box) for face in people)
    chart = saliency(pixels)
    if float(chart.std()) < 0.02:
        return Box(x=0.25, y=0.25, width=0.5, height=0.5)
    return _blob(chart)


def _blob(chart: Plane) -> Box:
    """The heaviest connected part of a map, as a box that holds nearly all of its weight."""
    height, width = chart.shape
    _, labels = cv2.connectedComponents((chart > max(0.4, float(np.percentile(chart, 78)))).astype(np.uint8))
    weights = np.bincount(labels.ravel(), weights=chart.ravel())
    weights[0] = 0
    mass = np.where(labels == int(weights.argmax()), chart, 0)
    left, right = _middle_share(mass.sum(axis=0))
    top, bottom = _middle_share(mass.sum(axis=1))
    return _at_least(Box(x=left, y=top, width=max(right - left, 1 / width), height=max(bottom - top, 1 / height)), 0.2)


def _middle_share(mass: NDArray[np.floating]) -> tuple[float, float]:
    """Between which fractions of its length 96 % of a line's mass lies."""
    running = np.cumsum(mass) / max(float(mass.sum()), 1e-9)
    first, last = int(np.searchsorted(running, 0.02)), int(np.searchsorted(running, 0.98))
    return first / len(mass), min(1.0, (last + 1) / len(mass))


def _at_least(box: Box, side: float) -> Box:
    """The box grown to at least `side` either way, and pushed back inside the picture."""
    width, height = max(box.width, side), max(box.height, side)
    x, y = box.centre
    return Box(
        x=min(max(0.0, x - width / 2), 1 - width),
        y=min(max(0.0, y - height / 2), 1 - height),
        width=width,
        height=height,
    )


# ── as one number ────────────────────────────────────────────────────────────────────────────────────────────────────


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


def quality(sharp: float, light: float, size: Size, lost: Clipping) -> float:
    """Sharpness (0 to 1), exposure (-1 to 1), resolution and clipping as one number from 0 to 1.

    Meant for choosing between near-duplicates: sharpness decides first, then light, then resolution (full at two
    megapixels, which is what a film in full HD can show).
    """
    resolution = min(1.0, math.sqrt(size.width * size.height / 2_000_000))
    blown = min(1.0, 2 * (lost.white + 0.5 * lost.black))
    return min(1.0, max(0.0, (0.55 * sharp + 0.3 * (1 - abs(light)) + 0.15 * resolution) * (1 - 0.4 * blown)))
