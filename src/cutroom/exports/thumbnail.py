"""What goes beside a film where it is shown: a picture of it, and a list of its chapters."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pictures

from cutroom.brief.destinations import CHAPTER_SECONDS, CHAPTERS_LEAST
from cutroom.exports.grid import Grid, grid
from cutroom.exports.pictures import shrunk
from cutroom.measures import picture as measure
from cutroom.media.kinds import Image
from cutroom.media.store import Store
from cutroom.render.picture import Compositor
from cutroom.timeline.timeline import Clip, Format, Timeline

CANDIDATES = 32
LOOKED_AT = 640
"""The longer side of what is measured, in pixels."""
QUALITIES = (92, 85, 75, 60, 40)


def thumbnail(timeline: Timeline, store: Store, size: tuple[int, int], most_bytes: int | None = None) -> bytes | None:
    """A JPEG of the film's best frame, drawn anew in this size and without words; None for a film without a shot."""
    number = best_frame(timeline, store)
    if number is None:
        return None
    frame = Format(width=size[0], height=size[1], fps=timeline.format.fps)
    with Compositor(timeline.model_copy(update={"format": frame}), store) as compositor:
        picture = Pictures.fromarray(compositor.rgb(number))
    data = b""
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True)
        data = out.getvalue()
        if most_bytes is None or len(data) <= most_bytes:
            break
    return data


def best_frame(timeline: Timeline, store: Store) -> int | None:
    """The frame that stands best for the film: sharp, well lit, with faces when there are any, not between two shots."""
    wanted = candidates(grid(timeline))
    best, most = None, -1.0
    with Compositor(shrunk(timeline, LOOKED_AT), store) as compositor:
        for place, number in enumerate(wanted):
            worth = _worth(compositor.rgb(number))
            # Of equals the earlier one: it is what the film begins with.
            worth -= 0.02 * place / max(len(wanted), 1)
            if worth > most:
                best, most = number, worth
    return best


def candidates(frames: Grid) -> list[int]:
    """Frames at a third and two thirds of each shot's own time, thinned out for long films.

    Pictures with transparent parts are signs and logos: they count only where there is nothing else.
    """
    found: list[int] = []
    signs: list[int] = []
    for place, shot in enumerate(frames.shots):
        before, after = frames.crossing_after(place - 1) if place else None, frames.crossing_after(place)
        first = shot.first + (before.after if before else 0)
        last = shot.end - (after.before if after else 0)
        if isinstance(shot.item, Clip) and last > first:
            sign = isinstance(shot.item.media, Image) and shot.item.media.alpha
            (signs if sign else found).extend((first + (last - first) // 3, first + (last - first) * 2 // 3))
    found = list(dict.fromkeys(found or signs))
    return found[:: -(-len(found) // CANDIDATES)] if found else []


def _worth(pixels: np.ndarray) -> float:
    """From 0 to about 2."""
    people = sum(face.box.width * face.box.height for face in measure.faces(pixels))
    # A face that fills a tenth of the frame is as large as it needs to be.
    return measure.sharpness(pixels) + 0.5 * measure.exposure(pixels) + min(people / 0.1, 1.0) * 0.5


def chapters(timeline: Timeline) -> str | None:
    """The markers as a list of chapters that YouTube understands in a description; None when they make none.

    It wants three at least, the first at 0:00, each ten seconds long.
    """
    kept: list[tuple[int, str]] = []
    for marker in sorted(timeline.markers, key=lambda marker: marker.at):
        at = int(marker.at)
        if not kept and at >= CHAPTER_SECONDS:
            kept.append((0, timeline.title or "Beginning"))
        if not kept:
            kept.append((0, marker.name))
        elif at - kept[-1][0] >= CHAPTER_SECONDS:
            kept.append((at, marker.name))
    while kept and timeline.seconds - kept[-1][0] < CHAPTER_SECONDS:
        kept.pop()
    if len(kept) < CHAPTERS_LEAST:
        return None
    return "".join(f"{_clock(at)} {' '.join(name.split())}\n" for at, name in kept)


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
