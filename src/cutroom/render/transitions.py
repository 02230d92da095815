"""How one picture gives way to the next, on planes."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from cutroom.render import planes as pl
from cutroom.render.planes import Planes
from cutroom.timeline.timeline import Transition

SOFTNESS = 0.08
"""How wide a wipe's soft edge is, as a part of the whole way."""


def cross(transition: Transition, one: Planes, other: Planes, way: float, into: Planes) -> None:
    """Fills `into` with the transition from `one` to `other`; `way` is how far it has gone, between 0 and 1."""
    match transition.kind:
        case "dissolve":
            pl.blend(one, other, way, into)
        case "dip":
            colour = pl.colour_of(transition.colour)
            if way < 0.5:
                pl.blend_colour(one, colour, way * 2, into)
            else:
                pl.blend_colour(other, colour, 2 - way * 2, into)
        case "wipe":
            _wipe(one, other, transition.angle, eased(way), into)
        case "push":
            _push(one, other, transition.angle, eased(way), into)


def eased(way: float) -> float:
    """A soft start and a soft stop."""
    return way * way * (3 - 2 * way)


@lru_cache(maxsize=4)
def _order(width: int, height: int, angle: float) -> np.ndarray:
    """When a wipe in this direction reaches each pixel: 0 first, 1 last; (height, width) float32."""
    dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    along = np.arange(width, dtype=np.float32)[None] * dx + np.arange(height, dtype=np.float32)[:, None] * dy
    along -= along.min()
    return (along / max(float(along.max()), 1e-6)).astype(np.float32)


def _wipe(one: Planes, other: Planes, angle: float, way: float, into: Planes) -> None:
    shares: dict[tuple[int, ...], np.ndarray] = {}
    for a, b, out in zip(one, other, into, strict=True):
        if a.shape not in shares:
            order = _order(a.shape[1], a.shape[0], angle % 360)
            shares[a.shape] = np.clip((way * (1 + SOFTNESS) - order) / SOFTNESS, 0, 1)
        share = shares[a.shape]
        mixed = a + (b.astype(np.float32) - a) * share
        mixed += 0.5
        out[...] = mixed.astype(np.uint8)


def _push(one: Planes, other: Planes, angle: float, way: float, into: Planes) -> None:
    dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    # The pushing picture comes from as far away as lets it just touch the other one.
    reach = min(size / abs(part) for size, part in ((into.width, dx), (into.height, dy)) if abs(part) > 1e-6)
    far_x, far_y = _even(dx * reach), _even(dy * reach)
    x, y = _even(dx * reach * way), _even(dy * reach * way)
    pl.fill(into, (16, 128, 128))
    _shifted(one, x, y, into)
    _shifted(other, x - far_x, y - far_y, into)


def _even(size: float) -> int:
    return 2 * round(size / 2)


def _shifted(source: Planes, x: int, y: int, into: Planes) -> None:
    """Copies what of `source`, moved by (x, y), is inside."""
    width, height = into.width - abs(x), into.height - abs(y)
    if width <= 0 or height <= 0:
        return
    seen = source.part(max(-x, 0), max(-y, 0), width, height)
    pl.copy(seen, into.part(max(x, 0), max(y, 0), width, height))
