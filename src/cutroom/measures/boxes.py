"""Arithmetic on boxes: heads around faces, what surrounds what, how much of one lies in another."""

from __future__ import annotations

from collections.abc import Iterable

from cutroom.timeline.timeline import Box

WHOLE = Box(x=0.0, y=0.0, width=1.0, height=1.0)
"""All of a picture."""


def head(face: Box) -> Box:
    """The head that a face belongs to, with hair, ears and chin, as far as the picture shows it.

    60 % of the face's height above it, 40 % below, 30 % of its width on either side.
    """
    left, right = max(0.0, face.x - 0.3 * face.width), min(1.0, face.x + 1.3 * face.width)
    top, bottom = max(0.0, face.y - 0.6 * face.height), min(1.0, face.y + 1.4 * face.height)
    return Box(x=left, y=top, width=max(1e-6, right - left), height=max(1e-6, bottom - top))


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of `boxes`, of which there must be at least one."""
    every = tuple(boxes)
    left, top = min(box.x for box in every), min(box.y for box in every)
    right = max(box.x + box.width for box in every)
    bottom = max(box.y + box.height for box in every)
    return Box(x=left, y=top, width=right - left, height=bottom - top)


def padded(box: Box, by: float) -> Box:
    """The box grown by `by` (a fraction of the picture) on each side, as far as the picture reaches."""
    left, top = max(0.0, box.x - by), max(0.0, box.y - by)
    right, bottom = min(1.0, box.x + box.width + by), min(1.0, box.y + box.height + by)
    return Box(x=left, y=top, width=max(1e-6, right - left), height=max(1e-6, bottom - top))


def holds(outer: Box, inner: Box, slack: float = 1e-6) -> bool:
    """True when `inner` lies wholly inside `outer`."""
    return (
        inner.x >= outer.x - slack
        and inner.y >= outer.y - slack
        and inner.x + inner.width <= outer.x + outer.width + slack
        and inner.y + inner.height <= outer.y + outer.height + slack
    )


def share(inner: Box, outer: Box) -> float:
    """How much of `inner` lies inside `outer`: 0 to 1."""
    across = min(inner.x + inner.width, outer.x + outer.width) - max(inner.x, outer.x)
    down = min(inner.y + inner.height, outer.y + outer.height) - max(inner.y, outer.y)
    return max(0.0, across) * max(0.0, down) / (inner.width * inner.height)


def between(start: Box, end: Box, way: float) -> Box:
    """The box that is `way` (0 to 1) of the straight way from `start` to `end`."""
    return Box(
        **{
            side: getattr(start, side) + (getattr(end, side) - getattr(start, side)) * way
            for side in ("x", "y", "width", "height")
        }
    )
