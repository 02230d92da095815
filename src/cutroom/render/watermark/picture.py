"""A watermark for moving pictures: one faint pattern, the same over the whole film, added to the luma.

The pattern is a grid of cells (320 along the longer side), each one step lighter or darker. One step of 255 is a PSNR of
48 dB. A single frame hides it well; over many frames the film's own content averages out, and the pattern does not. The grid
belongs to the frame, not to its pixels, so the film may be scaled to another size. Cut out of its frame or mirrored, it has to be
searched for. Turning and stretching destroy it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from av.video.frame import VideoFrame

from cutroom.errors import BadInput
from cutroom.media.container import decoded, open_container, video_stream
from cutroom.media.marks import Watermark
from cutroom.render.watermark import code
from cutroom.render.watermark.stamp import Stamp

LONG_SIDE = 320
"""Cells along the frame's longer side."""
STEP = 1
"""By how much a cell is lighter or darker, of 255."""

MOST = 240
"""At most so many frames are looked at."""
FEW = 32
"""Of a film with fewer key frames than this, in which they show nothing, the first frames are looked at as well."""
TEXTURE = 0.05
"""Mean local deviation of luma below which there is nothing for a pattern to survive in: the encoder drops it."""


SPARE = 4
"""One cell in so many is used: at 1080p, using all of them costs up to 40 % more bits where the picture is smooth, using a
quarter 12 %, and a film of ten seconds is still read after crf 33."""


def grid(width: int, height: int) -> tuple[int, int]:
    """Columns and rows of cells for a frame of this shape; the same for every size of one shape."""
    short = 4 * max(1, round(LONG_SIDE * min(width, height) / max(width, height) / 4))
    return (LONG_SIDE, short) if width >= height else (short, LONG_SIDE)


@lru_cache(maxsize=4)
def pattern(width: int, height: int, payload: int) -> np.ndarray:
    """What is added to the luma of every frame: (height, width) int8 of -1, 0 and 1. Read-only."""
    columns, rows = grid(width, height)
    cells = code.spread(_book(width, height), payload).reshape(rows, columns).astype(np.int8) * STEP
    plane = cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    plane.setflags(write=False)
    return plane


def _book(width: int, height: int) -> code.Book:
    return book_of(*grid(width, height))


def book_of(columns: int, rows: int) -> code.Book:
    """The watermark of frames with so many columns and rows of cells."""
    return code.Book("picture", columns * rows, SPARE)


class Imprint:
    """A stamp made ready for frames of one size: two unsigned planes, which OpenCV adds and takes away fastest.

    It holds no state that changes: several threads may use one.
    """

    def __init__(self, width: int, height: int, stamp: Stamp) -> None:
        plane = pattern(width, height, stamp.number)
        self.lighter = np.maximum(plane, 0).astype(np.uint8)
        self.darker = np.maximum(-plane, 0).astype(np.uint8)

    def over(self, luma: np.ndarray) -> None:
        """Marks a luma plane (height, width) uint8, in place."""
        cv2.add(luma, self.lighter, dst=luma)
        cv2.subtract(luma, self.darker, dst=luma)


def detect(path: Path, *, altered: bool = False) -> Watermark:
    """Looks for the watermark in a film's key frames, and in all frames at its beginning if need be. Raises BadInput.

    With `altered`, a film in which it is not found at its place is looked through for a part that was cut out of the
    frame, scaled or not, mirrored or not (`watermark.displaced`). That takes seconds.
    """
    from cutroom.render.watermark import displaced

    found = _in_place(path)
    if found.decision == "found" or not altered:
        return found
    moved = displaced.detect(path)
    return moved if moved.decision == "found" else found


def _in_place(path: Path) -> Watermark:
    keys = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal keys
        for plane in lumas(path, keys=True, most=MOST):
            keys += 1
            yield plane

    found = watermark_of(counted())
    if found.decision == "found" or keys >= FEW:
        return found
    every = watermark_of(lumas(path, keys=False, most=MOST))
    return max(found, every, key=lambda one: (one.decision == "found", one.score))


def watermark_of(planes: Iterable[np.ndarray]) -> Watermark:
    """What frames, given as luma planes (h, w) uint8 of one size, say together."""
    total: np.ndarray | None = None
    book: code.Book | None = None
    count, texture = 0, 0.0
    for plane in planes:
        seen = _flattened(plane)
        texture += float(np.abs(seen).mean())
        total = seen if total is None else total + seen
        book = book or _book(plane.shape[1], plane.shape[0])
        count += 1
    if total is None or book is None or texture / count < TEXTURE:
        return Watermark(decision="abstain", score=0.0, reason="there is no picture with anything to be seen in it")
    return code.read(book, total.ravel())


def _flattened(luma: np.ndarray) -> np.ndarray:
    """A frame on the grid, its own content taken off as far as its surroundings tell; (rows, columns) float32."""
    height, width = luma.shape
    cells = cv2.resize(luma.astype(np.float32), grid(width, height), interpolation=cv2.INTER_AREA)
    rough = cells - cv2.blur(cells, (3, 3))
    # Where the picture is busy, what differs from the surroundings says little; where it is calm, much.
    busy = cv2.blur(np.abs(rough), (7, 7)) + 0.5
    return np.clip(rough / busy, -2, 2)


def lumas(path: Path, *, keys: bool, most: int) -> Iterator[np.ndarray]:
    """Luma planes (h, w) uint8 of the first `most` frames, or key frames, of a film, as stored. Raises BadInput."""
    with open_container(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise BadInput(path, "holds no moving picture", "name a film")
        if keys:
            stream.codec_context.skip_frame = "NONKEY"
        for frame in islice(decoded(path, container, stream), most):
            yield _luma(frame)


def _luma(frame: VideoFrame) -> np.ndarray:
    grey = frame.reformat(format="gray8")
    plane = grey.planes[0]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
