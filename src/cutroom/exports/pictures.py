"""The film as pictures: its frames, and a small moving GIF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from cutroom.errors import WrongUse
from cutroom.exports.edit import Edit
from cutroom.render.captions import Lettering
from cutroom.render.picture import Compositor
from cutroom.render.sound import Degrade
from cutroom.timeline.timeline import Format, Timeline

GIF_SIDE = 480
"""The longer side of a GIF, in pixels."""
GIF_RATE = 10
"""Its pictures a second: GIF counts in hundredths of a second."""
GIF_BYTES = 8 << 20
"""The most that a GIF may take; it is made smaller until it does."""
GIF_SMALLEST = 120
GIF_SECONDS = 30
"""A longer film shows as many pictures, faster."""


def numbers(edit: Edit, every: Fraction | None) -> list[int]:
    """The frames to write: all, or one each `every` seconds from the first on. Raises WrongUse for less than a frame."""
    if every is None:
        return list(range(edit.timeline.frames))
    rate = edit.timeline.format.rate
    if every < rate.seconds(1):
        raise WrongUse(f"--every {every}: a frame lasts {rate.seconds(1)} s; leave it out for every frame")
    count = int(rate.seconds(edit.timeline.frames - 1) / every) + 1 if edit.timeline.frames else 0
    return [min(rate.frames(place * every), edit.timeline.frames - 1) for place in range(count)]


def write_frames(edit: Edit, folder: Path, every: Fraction | None, degrade: Degrade) -> list[str]:
    """Writes frames of the film as PNG to `folder`, named by their number in the film. Returns the names."""
    wanted = numbers(edit, every)
    digits = max(5, len(str(edit.timeline.frames)))
    names = []
    for number, pixels in drawn(edit, wanted, degrade):
        name = f"{edit.stem}_{number:0{digits}}.png"
        Image.fromarray(pixels).save(folder / name, compress_level=3)
        names.append(name)
    return names


def drawn(edit: Edit, wanted: list[int], degrade: Degrade) -> Iterator[tuple[int, np.ndarray]]:
    """The frames of these numbers as R'G'B' (h, w, 3) uint8, letters and all."""
    timeline = edit.timeline
    lettering = Lettering(timeline) if timeline.titles or timeline.captions else None
    with Compositor(timeline, edit.store, lettering) as compositor:
        for number in wanted:
            yield number, compositor.rgb(number)
        for what, why in compositor.degraded:
            degrade(what, why)


def write_gif(edit: Edit, path: Path, degrade: Degrade) -> None:
    """Writes the film as a GIF that repeats: one palette of 256 colours for all of it, bounded in size.

    Raises WrongUse for a film without a frame.
    """
    timeline = edit.timeline
    if not timeline.frames:
        raise WrongUse("gif: this film has no frame")
    step = max(Fraction(1, GIF_RATE), timeline.seconds / (GIF_SECONDS * GIF_RATE))
    if step > Fraction(1, GIF_RATE):
        degrade(
            "gif", f"the film is longer than {GIF_SECONDS} s: it is shown {float(step * GIF_RATE):.1f} times as fast"
        )
    small = replace(edit, timeline=shrunk(timeline, GIF_SIDE))
    wanted = numbers(small, max(step, timeline.format.rate.seconds(1)))
    pictures = [Image.fromarray(pixels) for _, pixels in drawn(small, wanted, degrade)]
    _save(pictures, path)
    side = GIF_SIDE
    while path.stat().st_size > GIF_BYTES and side > GIF_SMALLEST:
        # A GIF's size follows its area; a little less, so that one more try is enough.
        side = max(GIF_SMALLEST, int(side * min(0.95, (0.9 * GIF_BYTES / path.stat().st_size) ** 0.5)))
        _save([_small(picture, side) for picture in pictures], path)
    if side < GIF_SIDE:
        degrade("gif", f"its longer side is {side} pixels, so that it stays under {GIF_BYTES >> 20} MB")


def shrunk(timeline: Timeline, side: int) -> Timeline:
    """The same cut in a smaller frame, whose longer side is about `side` pixels: it is drawn in a fraction of the time."""
    form = timeline.format
    factor = min(1.0, side / max(form.width, form.height))
    width, height = (max(2, round(size * factor / 2) * 2) for size in (form.width, form.height))
    return timeline.model_copy(update={"format": Format(width=width, height=height, fps=form.fps)})


def _small(picture: Image.Image, side: int) -> Image.Image:
    smaller = picture.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
    return smaller


def _save(pictures: list[Image.Image], path: Path) -> None:
    palette = _palette(pictures)
    indexed = [picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for picture in pictures]
    indexed[0].save(
        path, save_all=True, append_images=indexed[1:], duration=1000 // GIF_RATE, loop=0, optimize=False, disposal=1
    )


def _palette(pictures: list[Image.Image]) -> Image.Image:
    """256 colours for all pictures, from a sheet of some of them."""
    some = pictures[:: max(1, len(pictures) // 24)]
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width, height * len(some)))
    for place, picture in enumerate(some):
        sheet.paste(picture, (0, place * height))
    return sheet.quantize(256, method=Image.Quantize.MEDIANCUT)
