"""The bar that says how much of a film is over."""

from __future__ import annotations

from cutroom.render import planes as pl
from cutroom.render.planes import Planes
from cutroom.timeline.timeline import Progress

REST = 0.45
"""How much darker the strip is where the film is still to come."""

BLACK = (16, 128, 128)


def draw(bar: Progress, way: float, into: Planes) -> None:
    """Lays the bar over `into`: `way` is how much of the film is over, 0 to 1. Its edge moves by parts of a pixel."""
    thick = max(2, 2 * round(bar.height * min(into.width, into.height) / 2))
    top = 0 if bar.place == "top" else into.height - thick
    colour = pl.colour_of(bar.colour)
    for plane, value, dark, shrink in zip(into, colour, BLACK, (1, 2, 2), strict=True):
        strip = plane[top // shrink : (top + thick) // shrink]
        reached = min(max(way, 0.0), 1.0) * strip.shape[1]
        whole = int(reached)
        over = _mixed(strip, value, bar.opacity)
        rest = _mixed(strip, dark, REST)
        part = reached - whole
        strip[:, whole:] = rest[:, whole:]
        strip[:, :whole] = over[:, :whole]
        if part and whole < strip.shape[1]:
            edge = over[:, whole] * part + rest[:, whole] * (1 - part)
            strip[:, whole] = (edge + 0.5).astype(strip.dtype)


def _mixed(strip: pl.Plane, value: int, amount: float) -> pl.Plane:
    """The strip with so much of one value laid over."""
    return (strip * (1 - amount) + (value * amount + 0.5)).astype(strip.dtype)
