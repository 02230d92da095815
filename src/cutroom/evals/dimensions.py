"""Six dimensions of a clip's quality, after VBench (Huang et al., 2024), measured with no model at all.

Each is streamed over the frames. Where VBench uses a network, a house form stands in its place and says so in its name:
its values are not comparable with a leaderboard's. `temporal_flickering` is VBench's own formula, and so has its
normalisation too. A clip of one frame has no dimension of time: those are abstentions, never a division by zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from cutroom.judge.evidence import Evidence, gathered, measured, unmeasured, verdict
from cutroom.measures import picture
from cutroom.media import clip as clips
from cutroom.media.clip import Frame
from cutroom.media.kinds import Media, Video
from cutroom.media.store import Store
from cutroom.plan.step import AnyStep
from cutroom.verdict import Verdict

SIDE = 256
"""The shorter side, in pixels, at which frames are compared: dynamic degree's bound is for this size."""
FLOW_EVERY = Fraction(1, 8)
FASTEST_SHARE = 0.05
MOVING = 6.0
"""Pixels between two frames an eighth of a second apart, of the fastest twentieth, above which a pair moves."""
FLICKER = (0.6293, 1.0)
"""VBench's least and most, between which it normalises (unclamped)."""


class HouseDimensions:
    """A judge that measures clips, and fails none."""

    name = "dimensions"
    version = "1"

    def look(self, step: AnyStep, media: Media, inputs: Mapping[str, Media], store: Store) -> Verdict:
        """The six dimensions of a clip as scores; what cannot be measured is abstained from, with its reason."""
        if not isinstance(media, Video):
            return verdict(unmeasured("dimensions", f"it is {media.medium}, no clip"), self.name, self.version)
        return verdict(dimensions(clips.frames(store.path(media), max_side=1024)), self.name, self.version)


@dataclass
class _Run:
    """What is kept while frames go by."""

    first: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    last: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    greys: list[NDArray[np.uint8]] = field(default_factory=list)
    """The last two frames."""
    watched: tuple[Fraction, NDArray[np.uint8]] | None = None
    subject: list[float] = field(default_factory=list)
    background: list[float] = field(default_factory=list)
    flicker: list[float] = field(default_factory=list)
    smooth: list[float] = field(default_factory=list)
    fastest: list[float] = field(default_factory=list)
    imaging: list[float] = field(default_factory=list)
    moving: float = MOVING
    count: int = 0


def dimensions(frames: Iterable[Frame]) -> Evidence:
    """All six, as evidence. Memory does not grow with the clip but for one number a frame."""
    run = _Run()
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    for frame in frames:
        _consistency(run, frame)
        grey = _grey(frame)
        _changes(run, grey, flow)
        _motion(run, frame.at, grey, flow)
        if run.count % 4 == 0:
            run.imaging.append(_imaging(frame))
        run.count += 1
    if not run.count:
        return unmeasured("dimensions", "there is not one frame")
    return gathered(_told(run))


def _told(run: _Run) -> Iterable[Evidence]:
    yield _mean("subject_consistency.house", run.subject, "a clip of one frame has nothing to be consistent with")
    yield _mean("background_consistency.house", run.background, "a clip of one frame has nothing to be consistent with")
    yield _mean("temporal_flickering", run.flicker, "a clip of one frame cannot flicker")
    if run.flicker:
        low, high = FLICKER
        yield measured(**{"temporal_flickering.normalised": (float(np.mean(run.flicker)) - low) / (high - low)})
    yield _mean("motion_smoothness.house", run.smooth, "three frames are the fewest whose middle one can be guessed")
    if run.fastest:
        # VBench: as many pairs as 4 of 16 move.
        pairs = sum(one > run.moving for one in run.fastest)
        wanted = max(1, round(4 * len(run.fastest) / 16))
        yield measured(**{"dynamic_degree.house": float(pairs >= wanted), "flow_pixels": float(np.mean(run.fastest))})
    else:
        yield unmeasured("dynamic_degree.house", "a clip shorter than an eighth of a second has no movement")
    yield _mean("imaging_quality.house", run.imaging, "there is not one frame")


def _mean(name: str, values: list[float], why: str) -> Evidence:
    return measured(**{name: float(np.mean(values))}) if values else unmeasured(name, why)


def _grey(frame: Frame) -> NDArray[np.uint8]:
    height, width = frame.pixels.shape[:2]
    factor = min(1.0, SIDE / min(height, width))
    # Optical flow wants at least twelve pixels.
    size = max(16, round(width * factor)), max(16, round(height * factor))
    return np.asarray(cv2.resize(picture.grey(frame.pixels), size, interpolation=cv2.INTER_AREA), np.uint8)


def _consistency(run: _Run, frame: Frame) -> None:
    """VBench's formula: the mean of the likeness with the frame before and with the first, of what stands out and of the rest."""
    now = _described(frame.pixels)
    if run.first is not None and run.last is not None:
        for place, values in ((0, run.subject), (1, run.background)):
            likeness = (_cosine(now[place], run.last[place]) + _cosine(now[place], run.first[place])) / 2
            values.append(likeness)
    run.first = run.first or now
    run.last = now


def _described(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What stands out, and all else, as weighted histograms of colour and of the direction of edges."""
    heed = picture.saliency(pixels)
    height, width = heed.shape
    small = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
    colours = (lab[..., 0] // 32).astype(int) * 64 + (lab[..., 1] // 32).astype(int) * 8 + lab[..., 2] // 32
    luma = lab[..., 0].astype(np.float32)
    across, down = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    turned = (np.floor((np.arctan2(down, across) % np.pi) / np.pi * 8).astype(int) % 8).ravel()
    strength = np.hypot(across, down).ravel()
    weight = (heed**2).ravel()
    return _histogram(colours, turned, strength, weight), _histogram(colours, turned, strength, (1 - heed.ravel()) ** 2)


def _histogram(
    colours: NDArray, turned: NDArray, strength: NDArray[np.float32], weight: NDArray[np.floating]
) -> NDArray[np.float32]:
    tint = np.bincount(colours.ravel(), weights=weight, minlength=512).reshape(8, 8, 8)
    # Blurred along each axis, so that a little more light is a little change.
    for axis in range(3):
        tint = (tint + 0.5 * np.roll(tint, 1, axis) + 0.5 * np.roll(tint, -1, axis)) / 2
    edges = np.bincount(turned, weights=weight * strength, minlength=8)
    parts = [np.sqrt(part.ravel() / max(float(part.sum()), 1e-9)) for part in (tint, edges)]
    return np.concatenate(parts).astype(np.float32)


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    sizes = float(np.linalg.norm(one) * np.linalg.norm(other))
    return max(0.0, float(one @ other) / sizes) if sizes else 1.0


def _changes(run: _Run, grey: NDArray[np.uint8], flow: cv2.DISOpticalFlow) -> None:
    """Flicker of each pair; and of every second frame, how well it can be guessed from those beside it."""
    if run.greys:
        run.flicker.append((255 - float(np.asarray(cv2.absdiff(grey, run.greys[-1])).mean())) / 255)
    if len(run.greys) == 2 and run.count % 2 == 0:
        guessed = _between(run.greys[0], grey, flow)
        run.smooth.append((255 - float(np.asarray(cv2.absdiff(guessed, run.greys[1])).mean())) / 255)
    run.greys = [*run.greys[-1:], grey]


def _between(one: NDArray[np.uint8], other: NDArray[np.uint8], flow: cv2.DISOpticalFlow) -> NDArray[np.uint8]:
    """The frame half way, by following the movement from both sides."""
    there = np.asarray(flow.calc(one, other, np.zeros((*one.shape, 2), np.float32)))
    back = np.asarray(flow.calc(other, one, np.zeros((*one.shape, 2), np.float32)))
    rows, columns = np.mgrid[0 : one.shape[0], 0 : one.shape[1]].astype(np.float32)
    sides = [
        cv2.remap(
            side,
            columns - moved[..., 0] / 2,
            rows - moved[..., 1] / 2,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for side, moved in ((one, there), (other, back))
    ]
    return np.asarray(cv2.addWeighted(sides[0], 0.5, sides[1], 0.5, 0), np.uint8)


def _motion(run: _Run, at: Fraction, grey: NDArray[np.uint8], flow: cv2.DISOpticalFlow) -> None:
    if run.watched is None:
        run.watched = at, grey
        run.moving = MOVING * min(grey.shape) / SIDE
        return
    if at - run.watched[0] < FLOW_EVERY * Fraction(9, 10):
        return
    moved = np.asarray(flow.calc(run.watched[1], grey, np.zeros((*grey.shape, 2), np.float32)))
    speeds = np.sort(np.hypot(moved[..., 0], moved[..., 1]).ravel())
    run.fastest.append(float(speeds[-max(1, int(FASTEST_SHARE * len(speeds))) :].mean()))
    run.watched = at, grey


def _imaging(frame: Frame) -> float:
    """Sharp, well lit and nothing blown, 0 to 1."""
    height, width = frame.pixels.shape[:2]
    return picture.quality(
        picture.sharpness(frame.pixels),
        picture.exposure(frame.pixels),
        picture.Size(width, height),
        picture.clipping(frame.pixels),
    )
