"""The same stretch shown twice: different shots of a film that show the same, moving the same way.

Of each frame only a thumbnail of 576 bytes is kept; candidates are found by hashes of 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from cutroom.time import Span

THUMB = (32, 18)
SAME_BITS = 6
"""Hashes of 64 bits that differ in no more are candidates."""
LONGEST = 20_000
"""More frames than these are thinned out."""
LEAST_MOVEMENT = 0.8
"""The mean change of luma (of 255) within a third of the stretch: what moves less counts as standing still."""
FAR_LESS = 4
"""Two stretches show the same when they differ so many times less from each other than from themselves later."""


def thumbnail(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A frame's luma tiny: (18, 32)."""
    return np.asarray(cv2.resize(luma, THUMB, interpolation=cv2.INTER_AREA), np.uint8)


def repeated(
    thumbnails: Sequence[NDArray[np.uint8]], rate: Fraction, shots: Sequence[int], at_least: Fraction
) -> tuple[tuple[Span, Span], ...]:
    """Pairs of stretches of different shots that show the same, moving the same way; the longest first.

    Args:
        thumbnails: One for each frame.
        rate: Frames a second.
        shots: The number of the shot that each frame belongs to.
        at_least: Shorter repetitions aren't looked for.

    What stands still is left out: a card may come back.
    """
    thin = -(-len(thumbnails) // LONGEST)
    if len(thumbnails) < 2:
        return ()
    tiny = np.stack(thumbnails[::thin]).astype(np.float32)
    apart = thin / rate
    pairs = _diagonals(_hashes(tiny), np.asarray(shots)[::thin], max(2, round(at_least / apart)))
    taken: list[tuple[Span, Span]] = []
    for start, stop, away in sorted(pairs, key=lambda pair: (pair[0] - pair[1], pair[0])):
        one = Span(start=start * apart, length=(stop - start) * apart)
        other = Span(start=one.start + away * apart, length=one.length)
        if any(_meet(one, first) and _meet(other, second) for first, second in taken):
            continue
        if _moves_alike(tiny[start:stop], tiny[start + away : stop + away]):
            taken.append((one, other))
    return tuple(taken)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where `flags` is true: (start, stop) of each run, stop exclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False]))))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def _hashes(thumbs: NDArray[np.float32]) -> NDArray[np.uint64]:
    """64 bits a frame: whether each of 8 by 8 fields is brighter than its right neighbour."""
    bits = np.stack([cv2.resize(thumb, (9, 8), interpolation=cv2.INTER_AREA) for thumb in thumbs])
    brighter = (bits[:, :, :-1] > bits[:, :, 1:]).reshape(len(bits), 64)
    return np.packbits(brighter, axis=1).view(np.uint64).reshape(-1)


def _diagonals(hashes: NDArray[np.uint64], shots: NDArray[np.int_], least: int) -> list[tuple[int, int, int]]:
    """Runs (start, stop, away) of at least `least` frames that look like those `away` frames later, in another shot."""
    found = []
    for away in range(least, len(hashes) - least + 1):
        alike = np.bitwise_count(hashes[:-away] ^ hashes[away:]) <= SAME_BITS
        alike &= shots[:-away] != shots[away:]
        if int(alike.sum()) >= least:
            found.extend((start, stop, away) for start, stop in _runs(alike) if stop - start >= least)
    return found


def _moves_alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """True when two stretches differ far less from each other than each does from itself a little later."""
    later = max(1, len(one) // 3)
    across = float(np.abs(one - other).mean())
    along = float(np.abs(one[later:] - one[:-later]).mean())
    return along > LEAST_MOVEMENT and across < along / FAR_LESS


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
