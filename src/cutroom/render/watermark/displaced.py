"""Finds the picture's watermark where it no longer lies at its place: in a part cut out of the frame, scaled, or mirrored.

The film's frames are laid over each other as for a frame in place, but finer than the cells. Then the known signs are
correlated with them at every place (by Fourier transform), for every scale at which a part of at least `LEAST` of the
width could have been cut out, and for every shape of frame that films usually have. Some millions of places are
tried, so the score must be higher than elsewhere: see `code.read`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from cutroom.media.marks import Watermark
from cutroom.render.watermark import code
from cutroom.render.watermark.picture import FEW, MOST, book_of, grid, lumas

FINE = 960
"""Pixels along the longer side of what is searched: three a cell, and more where it was cut out."""
LEAST = 0.55
"""Parts narrower than this, of the widest one that has the film's shape, are not found."""
SHAPES = ((16, 9), (9, 16))
"""Shapes that a film may have had before something was cut out of it, beside its own."""
SURE = 12.0
"""A score that ends the search."""
FEWEST = 16
"""Cells along the shorter side below which nothing can be read."""
CLOSER = 4.0
"""A score from which on the scales beside the best one are tried as well."""


@dataclass(frozen=True)
class _Place:
    """Where the pattern would lie."""

    score: float
    """About how surely."""
    doubled: int
    """How many halves of a cell the film is wide."""
    cells: np.ndarray
    """What is seen of it, (rows, columns) float32; 0 outside."""


def detect(path: Path) -> Watermark:
    """What is found in the film at any place and scale; ``absent`` when nothing is. Raises BadInput."""
    seen = _overlaid(path)
    best: Watermark | None = None
    tries = 0
    own = grid(seen.shape[1], seen.shape[0])
    others = [shape for shape in (grid(*shape) for shape in SHAPES) if shape != own]
    mirrored = np.ascontiguousarray(seen[:, ::-1])
    for turned, (columns, rows) in ((seen, own), *((seen, other) for other in others), (mirrored, own)):
        place, tried = _searched(turned, columns, rows)
        tries += tried
        if place is None:
            continue
        found = code.read(book_of(columns, rows), place.cells.ravel(), tries=tries)
        if found.decision == "found":
            return found
        best = found if best is None or found.score > best.score else best
    return best or Watermark(decision="absent", score=0.0)


def _overlaid(path: Path) -> np.ndarray:
    """Key frames (and the first frames, where those are few) on top of each other, their content taken off; (h, w) float32."""
    keys = list(_flattened(path, keys=True))
    more = _flattened(path, keys=False) if len(keys) < FEW else iter(())
    total: np.ndarray | None = None
    for plane in chain(keys, more):
        total = plane.copy() if total is None else total + plane
    return np.zeros((2, 2), np.float32) if total is None else total


def _flattened(path: Path, *, keys: bool) -> Iterator[np.ndarray]:
    for luma in lumas(path, keys=keys, most=MOST):
        height, width = luma.shape
        scale = min(1.0, FINE / max(width, height))
        size = max(2, round(width * scale)), max(2, round(height * scale))
        plane = cv2.resize(luma.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        rough = plane - cv2.blur(plane, (11, 11))
        busy = cv2.blur(np.abs(rough), (25, 25)) + 0.5
        yield np.clip(rough / busy, -2, 2)


def _searched(seen: np.ndarray, columns: int, rows: int) -> tuple[_Place | None, int]:
    """The best place for the pattern of one shape of frame, if any, and how many were tried."""
    height, width = seen.shape
    widest = int(2 * min(columns, rows * width / height))
    best: _Place | None = None
    tried = 0
    # A cell more or less along the whole width: half a cell at either edge.
    for doubled in range(widest, int(widest * LEAST), -2):
        best, more = _at_scale(seen, columns, rows, doubled, best)
        tried += more
        if best is not None and best.score > SURE:
            break
    if best is not None and best.score > CLOSER:
        for doubled in (best.doubled - 1, best.doubled + 1):
            best, more = _at_scale(seen, columns, rows, doubled, best)
            tried += more
    return best, tried


def _at_scale(
    seen: np.ndarray, columns: int, rows: int, doubled: int, best: _Place | None
) -> tuple[_Place | None, int]:
    """`best`, or a better place when the film is `doubled` halves of a cell wide, and how many were tried."""
    signs = _known(columns, rows)
    share = float(np.count_nonzero(signs)) / signs.size
    size = doubled, min(round(doubled * seen.shape[0] / seen.shape[1]), 2 * rows)
    halves = cv2.blur(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), (2, 2), anchor=(0, 0))
    tried = 0
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        cells = np.ascontiguousarray(halves[down : size[1] - 1 : 2, right : size[0] - 1 : 2])
        if min(cells.shape) < FEWEST or cells.shape[0] > rows or cells.shape[1] > columns:
            continue
        scores = cv2.matchTemplate(signs, cells, cv2.TM_CCORR)
        tried += scores.size
        _, top, _, (left, above) = cv2.minMaxLoc(scores)
        score = top / (float(np.linalg.norm(cells)) * share**0.5 + 1e-9)
        if best is None or score > best.score:
            whole = np.zeros((rows, columns), np.float32)
            whole[above : above + cells.shape[0], left : left + cells.shape[1]] = cells
            best = _Place(score, doubled, whole)
    return best, tried


@lru_cache(maxsize=4)
def _known(columns: int, rows: int) -> np.ndarray:
    """The signs that every watermark has, at their cells; 0 elsewhere; (rows, columns) float32."""
    plan = code.layout(book_of(columns, rows))
    signs = np.zeros(columns * rows, np.float32)
    signs[plan.known] = plan.signs
    return signs.reshape(rows, columns)
