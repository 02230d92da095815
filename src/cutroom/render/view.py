"""What part of a source is seen in each frame: the path of a pan and zoom, as pure numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from cutroom.timeline.timeline import Box, Move


class View(NamedTuple):
    """A rectangle as fractions of the source: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    def inside(self) -> View:
        """The same rectangle, made no larger than the source and moved into it."""
        width, height = min(self.width, 1.0), min(self.height, 1.0)
        x = min(max(self.x + (self.width - width) / 2, 0.0), 1.0 - width)
        y = min(max(self.y + (self.height - height) / 2, 0.0), 1.0 - height)
        return View(x, y, width, height)

    def shaped(self, aspect: float) -> View:
        """The largest rectangle of this shape (width over height, both as fractions) about the same middle."""
        width = min(self.width, self.height * aspect)
        height = width / aspect
        return View(self.x + (self.width - width) / 2, self.y + (self.height - height) / 2, width, height)

    def within(self, slack: float = 1e-6) -> bool:
        """True when no part of it lies outside the source."""
        return (
            self.x >= -slack
            and self.y >= -slack
            and self.x + self.width <= 1 + slack
            and self.y + self.height <= 1 + slack
        )


WHOLE = View(0.0, 0.0, 1.0, 1.0)


def view_of(box: Box) -> View:
    """A timeline's box as a view that lies inside the source."""
    return View(box.x, box.y, box.width, box.height).inside()


def _mix(start: View, end: View, way: float) -> View:
    return View(*(a + (b - a) * way for a, b in zip(start, end, strict=True)))


@dataclass(frozen=True)
class Path:
    """A move over `frames` frames: `at(0)` is the first frame's view, `at(frames - 1)` the last one's.

    Handles (frames before the first and after the last) go on along the same path where the source has something to
    show there, else they hold. Size changes by equal factors in equal times, so that a zoom seems even, and every
    corner moves on a straight line, so that what a zoom heads for stays in place.
    """

    start: View
    end: View
    frames: int
    smooth: bool = True
    lead: float = 0.0
    """How many frames before the first the motion begins."""
    trail: float = 0.0
    """How many frames after the last it ends."""

    def at(self, frame: float) -> View:
        """What is seen at this frame, counted from the clip's first; handles are below 0 and from `frames` on."""
        return _mix(self.start, self.end, self._way(self._progress(frame)))

    def _progress(self, frame: float) -> float:
        last = max(self.frames - 1, 1)
        frame = min(max(frame, -self.lead), last + self.trail)
        if not self.smooth:
            return frame / last
        whole = last + self.lead + self.trail

        def eased(at: float) -> float:
            u = (at + self.lead) / whole
            return u * u * (3 - 2 * u)

        first = eased(0)
        return (eased(frame) - first) / (eased(last) - first)

    def _way(self, progress: float) -> float:
        """From progress in time (0 to 1) to how much of the straight way has been gone."""
        ratio = math.sqrt((self.end.width * self.end.height) / (self.start.width * self.start.height))
        if abs(ratio - 1) < 1e-4:
            return progress
        return (ratio**progress - 1) / (ratio - 1)

    @property
    def still(self) -> bool:
        """True when nothing moves."""
        return self.start == self.end

    @property
    def narrowest(self) -> View:
        """The smallest view that is ever seen, handles included."""
        return min((self.at(-self.lead), self.at(self.frames - 1 + self.trail)), key=lambda view: view.width)


def path_of(move: Move | None, aspect: float | None, frames: int, lead: int, trail: int) -> Path:
    """The path of a clip's move.

    `aspect` is the shape that the part seen must have (width over height, both as fractions of the source); None keeps
    the start's own shape, whatever it is. `lead` and `trail` are the handles' lengths in frames.
    """
    start = view_of(move.start) if move else WHOLE
    end = view_of(move.end) if move else WHOLE
    shape = aspect if aspect is not None else start.width / start.height
    start, end = start.shaped(shape), end.shaped(shape)
    smooth = move is None or move.ease == "smooth"
    before, after = float(lead), float(trail)
    for _ in range(2):
        path = Path(start, end, frames, smooth, before, after)
        if not path.at(-before).within():
            before = 0.0
        if not path.at(frames - 1 + after).within():
            after = 0.0
    return Path(start, end, frames, smooth, before, after)
