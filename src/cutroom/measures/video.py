"""What can be measured on moving pictures: cuts, black, frozen, repeated and flickering stretches, motion and shake.

`watch` reads a stream of frames once and keeps a few numbers of each (`Look`); everything else is arithmetic on those
numbers, so that memory doesn't grow with the size of the frames, and hardly with the length of the clip.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cutroom.measures.picture import (
    COMMON_SIDE,
    NEUTRAL_SHARPNESS,
    Pixels,
    clipping,
    crispness,
    edge_blur,
    exposure,
    scaled,
)
from cutroom.time import Span

if TYPE_CHECKING:
    from cutroom.media.clip import Frame

WATCH_SIDE = 160
"""The longer side, in pixels, at which frames are compared."""
LOOK_CLOSER = Fraction(1, 4)
"""How often sharpness and light are measured."""
FLOW_EVERY = Fraction(1, 15)
"""How often motion is measured."""


class Pan(NamedTuple):
    """How the picture as a whole moves: frame widths a second to the right and downwards."""

    across: float
    down: float


@dataclass(frozen=True)
class Look:
    """A few numbers about one frame, and how it differs from those before."""

    at: Fraction
    """When it is seen first, in seconds after the first frame."""
    luma: float
    """Mean luma, 0 to 255."""
    brightest: float
    """The luma that only one pixel in 200 exceeds, 0 to 255."""
    spread: float
    """The standard deviation of luma, 0 to 255: near 0 for a frame of one colour."""
    change: float
    """How much the picture differs from the frame before in colours and layout: 0 (not at all, or first) to 1."""
    change_two: float
    """…and from the one before that: stays low when a flash is over, and high after a cut."""
    difference: float
    """Mean absolute difference of luma from the frame before, 0 to 255; 0 for the first."""
    same: bool
    """True when it shows what the frame before showed."""
    held_since: Fraction
    """Since when the picture has not changed in a way that could be noticed."""
    motion: float | None = None
    """Mean optical flow, in frame widths a second; None where it was not measured (`FLOW_EVERY`, cuts)."""
    pan: Pan | None = None
    """Movement of the picture as a whole; None where it was not measured."""
    sharpness: float | None = None
    """0 to 1, see `measures.picture.sharpness`; None where it was not measured (`LOOK_CLOSER`)."""
    exposure: float | None = None
    """-1 to 1, see `measures.picture.exposure`; None where it was not measured."""
    blown: float | None = None
    """The share of pixels crushed to black or blown to white, 0 to 1; None where it was not measured."""


class _Gist(NamedTuple):
    """What is kept of a frame to compare it with later ones."""

    luma: NDArray[np.uint8]
    blocks: NDArray[np.float32]
    tiny: NDArray[np.float32]
    colours: NDArray[np.float32]


def watch(frames: Iterable[Frame], *, source_side: int | None = None, closely: bool = True) -> Iterator[Look]:
    """A look at each frame, in order.

    Args:
        frames: In the order that they are shown. 640 pixels are enough; what is larger is scaled down.
        source_side: The source's longer side in pixels when the frames were scaled down, so that sharpness is still
            measured as at the common size. None: the frames are as they were.
        closely: Whether motion, sharpness and light are measured too; cuts and faults need only the rest.
    """
    watcher = _Watcher(source_side, closely=closely)
    for frame in frames:
        yield watcher.look(frame.at, frame.pixels)


class _Watcher:
    """Remembers what later frames are compared with."""

    def __init__(self, source_side: int | None, *, closely: bool) -> None:
        self.source_side = source_side
        self.closely = closely
        self.last: _Gist | None = None
        self.before: _Gist | None = None
        self.held: tuple[Fraction, _Gist] | None = None
        self.flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self.moved: tuple[Fraction, NDArray[np.uint8]] | None = None
        self.looked: Fraction | None = None

    def look(self, at: Fraction, pixels: Pixels) -> Look:
        gist = _gist(pixels)
        if self.held is None or not _alike(gist, self.held[1], mean=0.6, block=3.0):
            self.held = at, gist
        change = 0.0 if self.last is None else _change(gist, self.last)
        light, sharp, blown = self._closer(at, pixels)
        motion, pan = self._motion(at, gist, cut=change > 0.3)
        look = Look(
            at=at,
            luma=float(gist.luma.mean()),
            brightest=float(np.percentile(gist.luma, 99.5)),
            spread=float(gist.luma.std()),
            change=change,
            change_two=change if self.before is None else _change(gist, self.before),
            difference=0.0 if self.last is None else _difference(gist, self.last),
            same=self.last is not None and _alike(gist, self.last, mean=0.25, block=1.0),
            held_since=self.held[0],
            motion=motion,
            pan=pan,
            sharpness=sharp,
            exposure=light,
            blown=blown,
        )
        self.before, self.last = self.last, gist
        return look

    def _closer(self, at: Fraction, pixels: Pixels) -> tuple[float | None, float | None, float | None]:
        """Exposure, sharpness and the share of clipped pixels, when they are due."""
        if not self.closely or (self.looked is not None and at < self.looked + LOOK_CLOSER):
            return None, None, None
        self.looked = at
        view = scaled(pixels, 640)
        full = min(COMMON_SIDE, self.source_side or max(pixels.shape[:2]))
        blur = edge_blur(view)
        factor = max(1.0, full / max(view.shape[:2]))
        # Nothing in a small view can be sharper than its own pixels: what they take away is given back.
        grown = None if blur is None else math.sqrt(max(0.0, blur**2 - (0.5 if factor > 1 else 0.0) ** 2)) * factor
        lost = clipping(view)
        return exposure(view), crispness(grown), lost.black + lost.white

    def _motion(self, at: Fraction, gist: _Gist, *, cut: bool) -> tuple[float | None, Pan | None]:
        """Mean and common movement since the last measurement, when it is due."""
        if not self.closely:
            return None, None
        if self.moved is None or cut:
            self.moved = at, gist.luma
            return None, None
        past = at - self.moved[0]
        if past < FLOW_EVERY * Fraction(9, 10):
            return None, None
        field = np.asarray(self.flow.calc(self.moved[1], gist.luma, np.zeros((*gist.luma.shape, 2), np.float32)))
        self.moved = at, gist.luma
        scale = 1 / (gist.luma.shape[1] * float(past))
        across, down = float(np.median(field[..., 0])), float(np.median(field[..., 1]))
        return float(np.hypot(field[..., 0], field[..., 1]).mean()) * scale, Pan(across * scale, down * scale)


def _gist(pixels: Pixels) -> _Gist:
    small = scaled(pixels, WATCH_SIDE)
    coded = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb), dtype=np.uint8)
    luma = np.ascontiguousarray(coded[..., 0])
    blocks = cv2.resize(luma, (16, 9), interpolation=cv2.INTER_AREA).astype(np.float32)
    tiny = cv2.resize(small, (24, 14), interpolation=cv2.INTER_AREA).astype(np.float32)
    # Blurred, so that a fade's small shift of all values at once is a small change.
    tones = np.bincount(luma.ravel() >> 3, minlength=32).astype(np.float32)
    tints = np.bincount(((coded[..., 1] >> 3).astype(int) * 32 + (coded[..., 2] >> 3)).ravel(), minlength=1024)
    blurred = (
        cv2.GaussianBlur(tones[None], (0, 0), 1.5, borderType=cv2.BORDER_REPLICATE),
        cv2.GaussianBlur(tints.reshape(32, 32).astype(np.float32), (0, 0), 1.5),
    )
    colours = np.concatenate([np.ravel(part) for part in blurred]).astype(np.float32) / np.float32(2 * luma.size)
    return _Gist(luma, np.asarray(blocks, np.float32), np.asarray(tiny, np.float32), colours)


def _difference(one: _Gist, other: _Gist) -> float:
    """Mean absolute difference of luma, 0 to 255; the most there is when the sizes differ."""
    return 255.0 if one.luma.shape != other.luma.shape else float(np.asarray(cv2.absdiff(one.luma, other.luma)).mean())


def _alike(one: _Gist, other: _Gist, *, mean: float, block: float) -> bool:
    """True when neither the whole nor any sixteenth of it differs noticeably."""
    return _difference(one, other) < mean and float(np.abs(one.blocks - other.blocks).max()) < block


def _change(one: _Gist, other: _Gist) -> float:
    """Half how different the colours are, half how different the layout is: 0 to 1."""
    colours = float(np.abs(one.colours - other.colours).sum()) / 2
    layout = min(1.0, float(np.abs(one.tiny - other.tiny).mean()) / 64)
    return (colours + layout) / 2


# ── stretches ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _runs(looks: Sequence[Look], end: Fraction, wanted: Callable[[Look], bool], least: Fraction) -> tuple[Span, ...]:
    """Stretches of frames that are all `wanted`, of at least the length `least`. `end` is where the last frame ends."""
    spans: list[Span] = []
    start: Fraction | None = None
    for look in looks:
        if wanted(look):
            start = look.at if start is None else start
        elif start is not None:
            spans.append(Span(start=start, length=look.at - start))
            start = None
    if start is not None and end > start:
        spans.append(Span(start=start, length=end - start))
    return tuple(span for span in spans if span.length >= least)


def black(looks: Sequence[Look], end: Fraction, least: Fraction = Fraction(1, 10)) -> tuple[Span, ...]:
    """Stretches in which next to nothing is brighter than a dark grey."""
    return _runs(looks, end, lambda look: look.brightest <= 28, least)


def blank(looks: Sequence[Look], end: Fraction, least: Fraction = Fraction(1, 10)) -> tuple[Span, ...]:
    """Stretches of one colour, black included."""
    return _runs(looks, end, lambda look: look.spread < 3.5, least)


def frozen(looks: Sequence[Look], end: Fraction, least: Fraction = Fraction(1)) -> tuple[Span, ...]:
    """Stretches during which the picture doesn't change in any way that could be noticed.

    Each frame is compared with the stretch's first one, and not with its neighbour: the slowest zoom is no freeze.
    """
    spans: list[Span] = []
    for number, look in enumerate(looks):
        until = looks[number + 1].at if number + 1 < len(looks) else end
        if number + 1 == len(looks) or looks[number + 1].held_since != look.held_since:
            spans.append(Span(start=look.held_since, length=until - look.held_since))
    return tuple(span for span in spans if span.length >= least)


def repeated(looks: Sequence[Look], end: Fraction, least: Fraction = Fraction(1, 2)) -> tuple[Span, ...]:
    """Stretches that judder: the picture moves, yet at least one frame in five shows its predecessor again.

    That is what a clip of 24 frames a second looks like at 30, or a renderer that lost frames. An encoder goes on refining a
    frame that is shown again: between two frames that move, a difference of a thirtieth of theirs is none.
    """
    times = np.array([float(look.at) for look in looks])
    differences = np.array([look.difference for look in looks])
    first = np.searchsorted(times, times - 0.5)
    last = np.searchsorted(times, times + 0.5, side="right")
    beside = np.minimum(np.append(differences[1:], 0.0), np.append(0.0, differences[:-1]))
    again = np.array([look.same for look in looks], bool) | (differences < beside[: len(looks)] / 30)
    same = np.cumsum([0, *again])
    moving = np.cumsum([0, *(differences > 1.0)])
    count = np.maximum(1, last - first)
    bad = ((same[last] - same[first]) / count >= 0.18) & ((moving[last] - moving[first]) / count >= 0.3)
    judder = {look.at for look, here in zip(looks, bad, strict=True) if here}
    return _runs(looks, end, lambda look: look.at in judder, least)


def flicker(looks: Sequence[Look], end: Fraction) -> tuple[Span, ...]:
    """Stretches with more than three flashes within a second, after WCAG 2.2 (2.3.1), frames as a whole.

    A flash is a pair of opposing changes of mean luma by a tenth of its range, where the darker state is below four
    fifths of it.
    """
    turns = _turning_points([look.luma for look in looks])
    swings = [
        (first, second)
        for first, second in pairwise(turns)
        if abs(looks[first].luma - looks[second].luma) >= 25.5 and min(looks[first].luma, looks[second].luma) < 204
    ]
    marked: set[Fraction] = set()
    for place in range(len(swings) - 6):
        run = swings[place : place + 7]
        if looks[run[-1][1]].at - looks[run[0][0]].at <= 1:
            marked.update(look.at for look in looks[run[0][0] : run[-1][1] + 1])
    return _runs(looks, end, lambda look: look.at in marked, Fraction(0))


def _turning_points(values: Sequence[float]) -> list[int]:
    """Where a line of values turns from rising to falling or back, ends included; wobbles below 5 don't count."""
    if not values:
        return []
    points = [0]
    rising: bool | None = None
    extreme = 0
    for place, value in enumerate(values):
        step = value - values[extreme]
        if rising is None:
            if abs(step) >= 5:
                rising, extreme = step > 0, place
        elif (step >= 0) == rising:
            extreme = place
        elif abs(step) >= 5:
            points.append(extreme)
            rising, extreme = not rising, place
    return [*points, extreme] if extreme != points[-1] else points


# ── shots ────────────────────────────────────────────────────────────────────────────────────────────────────────────

LEAST_CHANGE = 0.14
"""Below this a change is no cut, however calm its neighbours are."""
SHORTEST_SHOT = Fraction(1, 5)
"""Seconds: two cuts don't lie closer together."""


def cuts(looks: Sequence[Look]) -> tuple[Fraction, ...]:
    """When hard cuts happen: at the first frame of each new shot.

    A cut is a change that stands far above those around it (threshold by the median within 0.6 s, so that a fast pan
    raises it), that is the highest nearby, and that lasts: after a photographer's flash the picture is as before.
    """
    times = [float(look.at) for look in looks]
    changes = np.array([look.change for look in looks])
    found: list[Fraction] = []
    for place in range(1, len(looks)):
        change = changes[place]
        if change < LEAST_CHANGE or change < changes[max(0, place - 2) : place + 3].max():
            continue
        low, high = np.searchsorted(times, (times[place] - 0.6, times[place] + 0.6))
        around = np.delete(changes[low:high], place - low)
        typical = float(np.median(around)) if len(around) else 0.0
        lasting = place + 1 >= len(looks) or looks[place + 1].change_two > 0.5 * change
        apart = looks[place].at - (found[-1] if found else looks[0].at) >= SHORTEST_SHOT
        if change >= LEAST_CHANGE / 2 + 3.0 * typical and lasting and apart:
            found.append(looks[place].at)
    return tuple(found)


def shots(looks: Sequence[Look], end: Fraction) -> tuple[Span, ...]:
    """The stretches between cuts, in order. Blank stretches (what fades go through) belong to none of them.

    A clip that is blank throughout is one shot.
    """
    if not looks or end <= looks[0].at:
        return ()
    gaps = blank(looks, end, Fraction(1, 10))
    edges = sorted({looks[0].at, end, *cuts(looks), *(gap.start for gap in gaps), *(gap.end for gap in gaps)})
    found = tuple(
        Span(start=start, length=stop - start)
        for start, stop in pairwise(edges)
        if not any(gap.start <= start and stop <= gap.end for gap in gaps)
    )
    return found or (Span(start=looks[0].at, length=end - looks[0].at),)


# ── how good a stretch is ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Standing:
    """How good a stretch looks."""

    sharpness: float
    """0 to 1: the sharpness that seven tenths of the stretch reach."""
    exposure: float
    """-1 to 1, the mean."""
    motion: float
    """Mean optical flow, in frame widths a second."""
    shake: float
    """How far the picture as a whole departs from an even movement, in frame widths a second."""
    sweep: float
    """How fast the picture moves as a whole, in frame widths a second."""
    quality: float
    """All of it as one number from 0 to 1."""


def standing(looks: Sequence[Look], span: Span) -> Standing:
    """How good the frames inside `span` look: sharp, well lit, steady and alive."""
    inside = [look for look in looks if span.start <= look.at < span.end]
    sharp = [look.sharpness for look in inside if look.sharpness is not None]
    light = [look.exposure for look in inside if look.exposure is not None]
    blown = [look.blown for look in inside if look.blown is not None]
    motion = [look.motion for look in inside if look.motion is not None]
    pans = np.array([look.pan for look in inside if look.pan is not None], float).reshape(-1, 2)
    crisp = float(np.percentile(sharp, 30)) if sharp else NEUTRAL_SHARPNESS
    exposed = float(np.mean(light)) if light else 0.0
    flow = float(np.mean(motion)) if motion else 0.0
    shake, sweep = _shake(pans), float(np.linalg.norm(pans.mean(axis=0))) if len(pans) else 0.0
    steady = 1 / (1 + (shake / 0.08) ** 2) / (1 + (sweep / 0.7) ** 2)
    lit = (1 - abs(exposed)) * (1 - 0.5 * min(1.0, float(np.mean(blown)) if blown else 0.0))
    alive = 0.55 + 0.45 * (1 - math.exp(-flow / 0.03))
    flat = any(look.spread < 3.5 for look in inside)
    quality = (0.1 if flat else 1.0) * (0.05 + 0.95 * crisp) ** 0.4 * steady**0.3 * max(lit, 0.02) ** 0.25 * alive**0.25
    return Standing(crisp, exposed, flow, shake, sweep, min(1.0, max(0.0, quality)))


def _shake(pans: NDArray[np.floating]) -> float:
    """The root mean square of what is left of a movement without its even part (over a third of a second)."""
    if len(pans) < 5:
        return 0.0
    kernel = np.ones(5) / 5
    padded = np.pad(pans, ((2, 2), (0, 0)), mode="edge")
    even = np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)
    return float(np.sqrt(((pans - even) ** 2).sum(axis=1).mean()))
