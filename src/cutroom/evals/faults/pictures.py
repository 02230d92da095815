"""Faults of the finished picture: each takes all frames and a strength, and gives them back with that one fault.

Whole-film faults come with no span; the others with the stretch in which they are seen. What moves, or how many shots
there are, decides whether a fault can be seen at all: where it cannot, `NotApplicable` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from cutroom.evals.faults.film import Frames
from cutroom.evals.task import NotApplicable
from cutroom.time import Span

LEAST_MOVEMENT = 0.6
"""The mean change of a value (of 255) from frame to frame, below which nothing moves."""


@dataclass(frozen=True)
class Scene:
    """What is known of the frames beside their pixels."""

    fps: Fraction
    shots: tuple[tuple[int, int], ...]
    """The first frame and the end of each shot, without gaps between them and plain endings."""

    def span(self, first: int, count: int) -> Span:
        """When these frames are seen."""
        return Span(start=first / self.fps, length=count / self.fps)

    def frames(self, seconds: float) -> int:
        """How many frames that is, at least one."""
        return max(1, round(seconds * float(self.fps)))


Harmed = tuple[Frames, Span | None]
PictureFault = Callable[[Frames, Scene, float, Generator], Harmed]


def black(frames: Frames, scene: Scene, seconds: float, rng: Generator) -> Harmed:
    """Nothing is seen for a while."""
    first, count = _stretch(frames, scene, seconds, rng)
    return _put(frames, first, np.zeros_like(frames[first : first + count])), scene.span(first, count)


def frozen(frames: Frames, scene: Scene, seconds: float, rng: Generator) -> Harmed:
    """One frame stands while others should have followed."""
    first, count = _stretch(frames, scene, seconds, rng, moving=True)
    return _put(frames, first, np.repeat(frames[first : first + 1], count, axis=0)), scene.span(first, count)


def flicker(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """Light goes up and down from frame to frame by `amount` (a share of itself), for a second and a half."""
    first, count = _stretch(frames, scene, 1.5, rng)
    signs = np.where(np.arange(count) // 2 % 2, 1 + amount, 1 - amount)[:, None, None, None]
    return _put(frames, first, _clipped(frames[first : first + count] * signs)), scene.span(first, count)


def blur(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """All of it is out of focus: a Gaussian of `amount` of the frame's width."""
    sigma = amount * frames.shape[2]
    return _each(frames, lambda one: cv2.GaussianBlur(one, (0, 0), sigma)), None


def blocking(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """Squares of eight pixels show, as when far too few bits are left: so much of each square's variety is gone."""
    return _each(frames, lambda one: _mixed(one, _squares(one, 8), amount)), None


def banding(frames: Frames, scene: Scene, levels: float, rng: Generator) -> Harmed:
    """Soft shades become steps: so many levels are left of 256."""
    step = 256 / levels
    table = np.clip((np.floor(np.arange(256) / step) + 0.5) * step, 0, 255).astype(np.uint8)
    return table[frames], None


def noise(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """Grain of this standard deviation, of 255."""
    return _each(frames, lambda one: one + amount * rng.standard_normal(one.shape, np.float32)), None


def wrong_aspect(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """Everything is squeezed by this share, between bars."""
    height, width = frames.shape[1:3]
    narrow = round(width * (1 - amount))

    def squeezed(one: NDArray[np.uint8]) -> NDArray[np.uint8]:
        out = np.zeros_like(one)
        left = (width - narrow) // 2
        out[:, left : left + narrow] = cv2.resize(one, (narrow, height), interpolation=cv2.INTER_AREA)
        return out

    return _each(frames, squeezed), None


def upside_down(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """This share of a shot stands on its head."""
    first, count = _part_of_shot(scene, share, rng)
    return _put(frames, first, frames[first : first + count, ::-1, ::-1]), scene.span(first, count)


def mirrored(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """This share of a shot is the wrong way round."""
    first, count = _part_of_shot(scene, share, rng)
    return _put(frames, first, frames[first : first + count, :, ::-1]), scene.span(first, count)


def colour_range(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """Limited range was taken for full (`amount` above 0: flat and grey): 1 is the whole error."""
    table = np.arange(256) * (1 - amount) + (np.arange(256) * 219 / 255 + 16) * amount
    return table.round().astype(np.uint8)[frames], None


def crushed(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """Full range was taken for limited: shadows and lights are gone. 1 is the whole error."""
    table = np.arange(256) * (1 - amount) + np.clip((np.arange(256) - 16) * 255 / 219, 0, 255) * amount
    return table.round().astype(np.uint8)[frames], None


def wrong_colours(frames: Frames, scene: Scene, degrees: float, rng: Generator) -> Harmed:
    """All hues are turned by so many degrees, as by a wrong matrix or a channel's gain."""

    def turned(one: NDArray[np.uint8]) -> NDArray[np.uint8]:
        coded = cv2.cvtColor(one, cv2.COLOR_RGB2HSV)
        coded[..., 0] = (coded[..., 0].astype(int) + round(degrees / 2)) % 180
        return np.asarray(cv2.cvtColor(coded, cv2.COLOR_HSV2RGB), np.uint8)

    if _colourfulness(frames) < 8:
        raise NotApplicable("there is next to no colour in it")
    return _each(frames, turned), None


def grey(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """So much of all colour is gone."""
    if _colourfulness(frames) < 8:
        raise NotApplicable("there is next to no colour in it")
    return _each(
        frames, lambda one: _mixed(one, cv2.cvtColor(cv2.cvtColor(one, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), amount)
    ), None


def dark(frames: Frames, scene: Scene, stops: float, rng: Generator) -> Harmed:
    """One shot is too dark by so many stops."""
    first, count = _part_of_shot(scene, 1.0, rng)
    table = (np.arange(256) * 2 ** (-stops / 2.2)).round().astype(np.uint8)
    return _put(frames, first, table[frames[first : first + count]]), scene.span(first, count)


def tearing(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """For half a second, the lower part of each frame is shifted sideways by this share of the width."""
    first, count = _stretch(frames, scene, 0.5, rng)
    by = max(1, round(share * frames.shape[2]))
    torn = frames[first : first + count].copy()
    for number, one in enumerate(torn):
        line = int((0.3 + 0.05 * (number % 8)) * len(one))
        one[line:] = np.roll(one[line:], by, axis=1)
    return _put(frames, first, torn), scene.span(first, count)


def jitter(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """For two seconds the picture jumps to and fro by this share of the width."""
    first, count = _stretch(frames, scene, 2.0, rng)
    by = share * frames.shape[2]
    shaken = np.stack([_shifted(one, *(by * rng.uniform(-1, 1, 2))) for one in frames[first : first + count]])
    return _put(frames, first, shaken), scene.span(first, count)


def stutter(frames: Frames, scene: Scene, seconds: float, rng: Generator) -> Harmed:
    """Where one shot gives way to the next, the picture hangs for a moment and goes on too late."""
    joins = [first for first, _ in scene.shots[1:]]
    if not joins:
        raise NotApplicable("there is no join: the film is one shot")
    join = int(rng.choice(joins))
    count = min(scene.frames(seconds), len(frames) - join - 1)
    first = max(0, join - count // 2)
    hung = frames[first - 1 if first else 0]
    if _movement(frames[first : first + count + 1]) < LEAST_MOVEMENT:
        raise NotApplicable("nothing moves at the join")
    return _put(frames, first, np.repeat(hung[None], count, axis=0)), scene.span(first, count)


def judder(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """For two seconds this share of the frames is the one before shown again."""
    first, count = _stretch(frames, scene, 2.0, rng, moving=True)
    held = frames[first : first + count].copy()
    every = max(2, round(1 / share))
    for number in range(every - 1, count, every):
        held[number] = held[number - 1]
    return _put(frames, first, held), scene.span(first, count)


def reversed_(frames: Frames, scene: Scene, seconds: float, rng: Generator) -> Harmed:
    """A stretch runs backwards."""
    first, count = _stretch(frames, scene, seconds, rng, moving=True)
    return _put(frames, first, frames[first : first + count][::-1]), scene.span(first, count)


def duplicated(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """Instead of this share of a shot, the one before is seen again."""
    place = _two_shots(scene, rng)
    (first, end), (other, until) = scene.shots[place], scene.shots[place + 1]
    count = max(1, round(share * min(end - first, until - other)))
    return _put(frames, other, frames[first : first + count]), scene.span(other, count)


def swapped(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """This share of two neighbouring shots has changed places."""
    place = _two_shots(scene, rng)
    (first, end), (other, until) = scene.shots[place], scene.shots[place + 1]
    count = max(1, round(share * min(end - first, until - other)))
    out = _put(frames, first, frames[other : other + count])
    out[other : other + count] = frames[first : first + count]
    return out, scene.span(first, other + count - first)


def dropped(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """This share of a shot is gone, and the film so much shorter."""
    first, count = _part_of_shot(scene, share, rng)
    return np.concatenate([frames[:first], frames[first + count :]]), scene.span(first, count)


def cut_short(frames: Frames, scene: Scene, seconds: float, rng: Generator) -> Harmed:
    """The picture ends too early."""
    count = min(scene.frames(seconds), len(frames) - 1)
    return frames[:-count], scene.span(len(frames) - count, count)


def wrong_size(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """The film comes smaller than it was asked for, by this share."""
    height, width = (2 * max(8, round(side * (1 - share) / 2)) for side in frames.shape[1:3])
    return np.stack([cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) for one in frames]), None


def damaged(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """For a third of a second this share of the frame is coloured squares, as of bits that got lost."""
    first, count = _stretch(frames, scene, 1 / 3, rng)
    broken = frames[first : first + count].copy()
    rows, columns = -(-frames.shape[1] // 16), -(-frames.shape[2] // 16)
    wide, tall = max(1, round(columns * np.sqrt(share))), max(1, round(rows * np.sqrt(share)))
    left, top = int(rng.integers(0, columns - wide + 1)), int(rng.integers(0, rows - tall + 1))
    garbage = rng.integers(0, 256, (tall, wide, 3)).astype(np.uint8).repeat(16, 0).repeat(16, 1)
    part = broken[:, 16 * top : 16 * (top + tall), 16 * left : 16 * (left + wide)]
    part[:] = garbage[: part.shape[1], : part.shape[2]]
    return _put(frames, first, broken), scene.span(first, count)


def bars(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """A black edge of this share of the frame's width on all sides, over the picture."""
    edge = max(1, round(share * frames.shape[2]))
    out = frames.copy()
    out[:, :edge], out[:, -edge:], out[:, :, :edge], out[:, :, -edge:] = 0, 0, 0, 0
    return out, None


def ghost(frames: Frames, scene: Scene, amount: float, rng: Generator) -> Harmed:
    """For a second and a half, an earlier shot shines through by so much."""
    if len(scene.shots) < 2:
        raise NotApplicable("there is no other shot that could shine through")
    first, count = _stretch(frames, scene, 1.5, rng, shots=scene.shots[1:])
    other = scene.shots[0][0] + (scene.shots[0][1] - scene.shots[0][0]) // 2
    seen = frames[first : first + count] * (1 - amount) + frames[other] * np.float32(amount)
    return _put(frames, first, _clipped(seen)), scene.span(first, count)


def cropped(frames: Frames, scene: Scene, share: float, rng: Generator) -> Harmed:
    """One shot is enlarged: this share is lost on every side."""
    first, count = _part_of_shot(scene, 1.0, rng)
    height, width = frames.shape[1:3]
    y, x = round(share * height), round(share * width)

    def closer(one: NDArray[np.uint8]) -> NDArray[np.uint8]:
        inner = one[y : height - y, x : width - x]
        return np.asarray(cv2.resize(inner, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)

    return _put(frames, first, _each(frames[first : first + count], closer)), scene.span(first, count)


# ── what they share ──────────────────────────────────────────────────────────────────────────────────────────────────


def _each(frames: Frames, change: Callable[[NDArray[np.uint8]], object]) -> Frames:
    return np.stack([_clipped(np.asarray(change(one))) for one in frames])


def _clipped(values: NDArray) -> Frames:
    return values if values.dtype == np.uint8 else np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _put(frames: Frames, first: int, part: Frames) -> Frames:
    out = frames.copy()
    out[first : first + len(part)] = part
    return out


def _mixed(one: NDArray[np.uint8], other: NDArray, amount: float) -> NDArray[np.float32]:
    mixed = one.astype(np.float32) * (1 - amount) + np.asarray(other, np.float32) * amount
    return mixed.astype(np.float32)


def _squares(one: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Each square of `side` pixels as its mean."""
    height, width = one.shape[:2]
    small = cv2.resize(one, (-(-width // side), -(-height // side)), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).repeat(side, 0).repeat(side, 1)[:height, :width]


def _shifted(one: NDArray[np.uint8], across: float, down: float) -> NDArray[np.uint8]:
    matrix = np.array([[1, 0, across], [0, 1, down]], np.float32)
    size = (one.shape[1], one.shape[0])
    moved = cv2.warpAffine(one, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _movement(frames: Frames) -> float:
    """The mean change of a value from frame to frame, of 255."""
    if len(frames) < 2:
        return 0.0
    small = frames[:, ::4, ::4].astype(np.int16)
    return float(np.abs(np.diff(small, axis=0)).mean())


def _colourfulness(frames: Frames) -> float:
    """The mean distance of the largest from the smallest channel, of 255."""
    some = frames[:: max(1, len(frames) // 8), ::4, ::4].astype(np.int16)
    return float((some.max(axis=-1) - some.min(axis=-1)).mean())


def _stretch(
    frames: Frames,
    scene: Scene,
    seconds: float,
    rng: Generator,
    *,
    moving: bool = False,
    shots: tuple[tuple[int, int], ...] | None = None,
) -> tuple[int, int]:
    """The first frame and the number of frames of a stretch inside a shot; of one that moves, if wanted.

    Raises NotApplicable when there is none.
    """
    count = scene.frames(seconds)
    there = scene.shots if shots is None else shots
    fitting = [(first, end) for first, end in there if end - first >= count + 2]
    if not fitting:
        longest = max(there, key=lambda shot: shot[1] - shot[0], default=(0, 0))
        # A long fault in a film of short shots reaches over its joins.
        first = max(0, min(longest[0], len(frames) - count - 1))
        fitting = [(first, min(len(frames), first + count + 2))]
        count = min(count, len(frames) - first)
    if moving:
        fitting = [shot for shot in fitting if _movement(frames[shot[0] : shot[1]]) >= LEAST_MOVEMENT]
        if not fitting:
            raise NotApplicable("nothing moves there")
    first, end = fitting[int(rng.integers(len(fitting)))]
    start = first + 1 + int(rng.integers(max(1, end - first - count - 1)))
    return max(0, min(start, len(frames) - count)), count


def _part_of_shot(scene: Scene, share: float, rng: Generator) -> tuple[int, int]:
    if not scene.shots:
        raise NotApplicable("there is no shot")
    first, end = scene.shots[int(rng.integers(len(scene.shots)))]
    return first, max(1, round(share * (end - first)))


def _two_shots(scene: Scene, rng: Generator) -> int:
    if len(scene.shots) < 2:
        raise NotApplicable("the film is one shot")
    return int(rng.integers(len(scene.shots) - 1))
