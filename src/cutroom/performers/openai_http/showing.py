"""Pictures and sounds as servers take them: upright, plain, not too large."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
from PIL import Image as Pillow

from cutroom.errors import BadInput
from cutroom.media import picture as pictures
from cutroom.media import sound as sounds

LONGEST_SIDE = 3072
"""Servers take pictures of up to 50 MB; more pixels than this are scaled down by them anyway."""
HEARING = 16_000
"""Samples a second: what recognisers listen at."""


def plain_png(path: Path, size: tuple[int, int] | None = None) -> bytes:
    """The picture as a PNG: upright, sRGB, at most `LONGEST_SIDE`; with `size`, filling exactly that, cut at the edges.

    Raises BadInput when it cannot be read.
    """
    image = Pillow.fromarray(pictures.open_picture(path, max_side=LONGEST_SIDE))
    if size is not None and image.size != size:
        factor = max(want / have for want, have in zip(size, image.size, strict=True))
        box = [side / factor for side in size]
        left, top = ((have - want) / 2 for have, want in zip(image.size, box, strict=True))
        frame = (max(0.0, left), max(0.0, top), min(image.width, left + box[0]), min(image.height, top + box[1]))
        image = image.resize(size, Pillow.Resampling.LANCZOS, box=frame)
    held = io.BytesIO()
    image.save(held, "PNG", compress_level=3)
    return held.getvalue()


def seen_size(path: Path) -> tuple[int, int]:
    """Width and height of what `plain_png` makes of the picture at `path`."""
    info = pictures.look(path)
    factor = min(1.0, LONGEST_SIDE / max(info.width, info.height))
    return max(1, round(info.width * factor)), max(1, round(info.height * factor))


def spoken_flac(path: Path, into: Path) -> Path:
    """The sound of the file at `path` as FLAC, mono, 16 kHz: about a megabyte a minute, and nothing of speech is lost.

    Returns `into`. Raises BadInput when there is no sound.
    """
    count = 0
    with av.open(str(into), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=HEARING, layout="mono")
        for block in sounds.blocks(path, rate=HEARING):
            mono = np.clip(block.mean(axis=1) * 32767, -32768, 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(mono[None, :], "s16", "mono")
            frame.sample_rate, frame.pts = HEARING, count
            count += len(mono)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if not count:
        raise BadInput(path, "holds no sound", "leave it out")
    return into
