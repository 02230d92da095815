"""Light and colour of neighbouring shots brought towards each other, gently and within bounds.

Each shot is looked at as it is framed. Its light is the mean of its logarithms; the colour of its light is read off what
is nearly grey, because a lawn is green under any sun. Only shots of one scene are matched: a cup of coffee and a
pavilion are no brighter or darker than each other, they are different things. One scene is known by its colours, told apart
by their differences from its own middle, which neither exposure nor white balance changes. What is meant to differ stays: a
night, a sunset, black and white, and whatever is far brighter or darker than its neighbour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean

import cv2
import numpy as np

from cutroom.media.kinds import Image
from cutroom.media.store import Store
from cutroom.render.colour import FULL_TINT, FULL_WARMTH, GAMMA
from cutroom.render.picture import Compositor
from cutroom.render.planes import BLUE, GREEN, RED
from cutroom.timeline.timeline import Clip, Format, Grade, Timeline

MOST_EXPOSURE = 0.5
"""No shot becomes lighter or darker by more stops than this."""
MOST_CHANNEL = 0.12
"""No channel of a grey changes by a larger part than this."""
STRENGTH = 0.8
"""How much of the difference between two shots of one scene goes."""
STRANGE, SAME = 0.76, 0.9
"""Below the first share of colours that two shots have in common they are two scenes, from the second on one. Measured on
photographs: halves of one under another light 0.73 to 0.96, different motifs 0.33 to 0.78."""
FAR = 2.0
"""Neighbours whose light differs by many more stops than this are meant to differ."""
FAR_COLOUR = 0.6
"""The same for the colour of their light, as a logarithm of the ratio between two channels."""
LEAST_EXPOSURE, LEAST_CHANNEL = 0.04, 0.006
"""What is not worth it: nobody sees less."""

NIGHT = 0.025
"""A median light (1 is white) below this is night, or a dark room."""
GLOW = 0.45
"""Where the brightest fifth is redder than blue by this logarithm, the light itself is warm: a sunset, candles."""
PALE = 0.02
"""A picture whose colour varies by less than this (of its light) is black and white, or toned as a whole."""
NEAR_GREY = 0.13
"""What differs from grey by about so much (as a logarithm of a channel ratio) may be grey under coloured light."""
SURE = 0.1
"""From this share of nearly grey pixels on, the colour of the light counts as known."""
SIDE = 160
"""The longer side, in pixels, of the frames that are looked at."""


@dataclass(frozen=True, eq=False)
class Tone:
    """The light of one shot."""

    light: float
    """In stops: the mean binary logarithm of its light, of which white is 0."""
    red: float
    blue: float
    """The colour of the light: natural logarithms of red and blue over green, of codes, in what is nearly grey."""
    sure: float
    """How sure the colour is, 0 to 1: 0 when nothing is nearly grey, or when the colour is meant."""
    scene: np.ndarray
    """How its colours lie about their middle: shares (BINS, BINS) float32 that add up to 1."""
    night: bool = False


BINS = 24
WIDEST = 1.2
"""Colours farther from the middle than this (as logarithms of channel ratios) count as at the edge."""


def tone(rgb: np.ndarray) -> Tone:
    """The tone of a frame (h, w, 3) uint8."""
    codes = np.clip(rgb.reshape(-1, 3).astype(np.float64) / 255, 1 / 255, 1)
    light = np.clip((codes**GAMMA) @ np.array([RED, GREEN, BLUE]), 0.001, None)
    low, high = np.percentile(light, (4, 96))
    inner = light[(light >= low) & (light <= high)]
    red, blue = np.log(codes[:, 0] / codes[:, 1]), np.log(codes[:, 2] / codes[:, 1])
    scene = _scene(red, blue, codes.min(axis=1) > 0.05)
    middle, dark = float(np.log2(inner).mean()), float(np.median(light)) < NIGHT
    useful = (codes.min(axis=1) > 0.08) & (codes.max(axis=1) < 0.97)
    if dark or useful.sum() < 0.05 * useful.size:
        return Tone(middle, 0.0, 0.0, 0.0, scene, night=dark)
    bright = light >= np.percentile(light, 80)
    glowing = float((red - blue)[bright & (codes.max(axis=1) > 0.3)].mean() if bright.any() else 0) > GLOW
    red, blue = red[useful], blue[useful]
    if glowing or math.hypot(float(red.std()), float(blue.std())) < PALE:
        return Tone(middle, 0.0, 0.0, 0.0, scene)
    return Tone(middle, *_grey(red, blue), scene)


def _scene(red: np.ndarray, blue: np.ndarray, lit: np.ndarray) -> np.ndarray:
    if not lit.any():
        return np.full((BINS, BINS), 1 / BINS**2, np.float32)
    edges = ((-WIDEST, WIDEST), (-WIDEST, WIDEST))
    x, y = (np.clip(part[lit] - np.median(part[lit]), -WIDEST, WIDEST) for part in (red, blue))
    counts, _, _ = np.histogram2d(x, y, bins=BINS, range=edges)
    shares = cv2.GaussianBlur(counts.astype(np.float32), (0, 0), 1.0)
    return shares / shares.sum()


def kinship(one: Tone, other: Tone) -> float:
    """How much two shots seem to show one scene, 0 to 1, by the share of colours that they have in common."""
    shared = float(np.minimum(one.scene, other.scene).sum())
    part = min(max((shared - STRANGE) / (SAME - STRANGE), 0.0), 1.0)
    return part * part * (3 - 2 * part)


def _grey(red: np.ndarray, blue: np.ndarray) -> tuple[float, float, float]:
    """Where what is nearly grey gathers, and how sure that is: the mean is moved to where its neighbours are."""
    x = y = 0.0
    weights = np.ones(red.size)
    for _ in range(6):
        weights = np.exp(-((red - x) ** 2 + (blue - y) ** 2) / (2 * NEAR_GREY**2))
        total = max(float(weights.sum()), 1e-9)
        x, y = float((weights * red).sum()) / total, float((weights * blue).sum()) / total
    return x, y, min(1.0, float((weights > 0.6).mean()) / SURE)


def corrections(tones: Sequence[Tone]) -> list[Grade]:
    """A grade for each of neighbouring shots that brings it towards those beside it."""
    return [_correction(tones, place) for place in range(len(tones))]


def _correction(tones: Sequence[Tone], place: int) -> Grade:
    own = tones[place]
    beside = [tones[other] for other in (place - 1, place + 1) if 0 <= other < len(tones)]
    kin = [(other, kinship(own, other)) for other in beside if not own.night and not other.night]
    light = red = blue = 0.0
    for other, share in kin:
        apart = other.light - own.light
        light += share * STRENGTH * apart * math.exp(-((apart / FAR) ** 2))
        across, down = other.red - own.red, other.blue - own.blue
        share *= STRENGTH * min(own.sure, other.sure) * math.exp(-(math.hypot(across, down) ** 2) / FAR_COLOUR**2)
        red, blue = red + share * across, blue + share * down
    # All move: each goes half of the way to one neighbour, a third of it to each of two.
    whole = 1 + sum(share for _, share in kin)
    light, red, blue = light / whole, red / whole, blue / whole
    exposure = max(-MOST_EXPOSURE, min(MOST_EXPOSURE, light))
    warmth, tint = _balance(red, blue)
    return Grade(exposure=round(exposure, 3) if abs(exposure) >= LEAST_EXPOSURE else 0.0, warmth=warmth, tint=tint)


_OF_WARMTH = -(RED - BLUE) / GREEN
_OF_TINT = -(RED + BLUE) / GREEN
"""What green loses when red rises and blue falls by 1, and when both rise, so that luma stays."""


def _balance(red: float, blue: float) -> tuple[float, float]:
    """Warmth and tint that move a grey's red and blue over green by these logarithms, within bounds."""
    apart = (red - blue) / 2
    rise = (red - apart * (1 - _OF_WARMTH)) / (1 - _OF_TINT)
    channels = (rise + apart, rise - apart, apart * _OF_WARMTH + rise * _OF_TINT)
    most = max(abs(channel) for channel in channels)
    if most < LEAST_CHANNEL:
        return 0.0, 0.0
    bound = min(1.0, MOST_CHANNEL / most)
    return round(bound * apart / FULL_WARMTH, 4), round(bound * rise / FULL_TINT, 4)


def matched(shots: Sequence[Clip], frame: Format, store: Store) -> list[Clip]:
    """`shots` with light and colour brought towards each other; one that has a grade already keeps it.

    One picture that is shown twice gets one grade. What cannot be opened is left as it is.
    """
    if len({shot.media.digest for shot in shots}) < 2:
        return list(shots)
    grades = _together(shots, corrections(_alike(shots, tones(shots, frame, store))))
    return [
        shot.model_copy(update={"grade": grade}) if shot.grade == Grade() else shot
        for shot, grade in zip(shots, grades, strict=True)
    ]


def tones(shots: Sequence[Clip], frame: Format, store: Store) -> list[Tone]:
    """The tone of each shot's middle frame, as it is framed."""
    scale = SIDE / max(frame.width, frame.height)
    width, height = (2 * max(8, round(side * scale / 2)) for side in (frame.width, frame.height))
    small = Format(width=width, height=height, fps=Fraction(30))
    # A fill around a picture is no part of it: what is seen of it is looked at, cropped to the frame.
    plain = [shot.model_copy(update={"fit": "cover", "grade": Grade()}) for shot in shots]
    found = []
    for shot in plain:
        # Each by itself: going through a film in order would decode all of every clip.
        with Compositor(Timeline(format=small, picture=(shot,)), store) as compositor:
            found.append(tone(compositor.rgb(compositor.frames // 2)) if compositor.frames else _UNKNOWN)
    return found


_UNKNOWN = Tone(0.0, 0.0, 0.0, 0.0, np.zeros((BINS, BINS), np.float32), night=True)


def _alike(shots: Sequence[Clip], found: Sequence[Tone]) -> list[Tone]:
    """The tones, with the same one for all uses of a picture."""
    by_picture: dict[str, list[Tone]] = {}
    for shot, one in zip(shots, found, strict=True):
        if isinstance(shot.media, Image):
            by_picture.setdefault(shot.media.digest, []).append(one)
    means = {
        digest: Tone(
            light=fmean(one.light for one in uses),
            red=fmean(one.red for one in uses),
            blue=fmean(one.blue for one in uses),
            sure=fmean(one.sure for one in uses),
            scene=np.mean([one.scene for one in uses], axis=0),
            night=any(one.night for one in uses),
        )
        for digest, uses in by_picture.items()
    }
    return [means.get(shot.media.digest, one) for shot, one in zip(shots, found, strict=True)]


def _together(shots: Sequence[Clip], grades: Sequence[Grade]) -> list[Grade]:
    """The grades, with one for all uses of a picture: their mean."""
    by_picture: dict[str, list[Grade]] = {}
    for shot, grade in zip(shots, grades, strict=True):
        if isinstance(shot.media, Image):
            by_picture.setdefault(shot.media.digest, []).append(grade)
    means = {
        digest: Grade(**{name: round(fmean(getattr(one, name) for one in uses), 4) for name in _MATCHED})
        for digest, uses in by_picture.items()
    }
    return [means.get(shot.media.digest, grade) for shot, grade in zip(shots, grades, strict=True)]


_MATCHED = ("exposure", "warmth", "tint")
