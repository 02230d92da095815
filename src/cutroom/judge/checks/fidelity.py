"""Does the film show what its cut says? A few frames in full are held against the pictures themselves.

The comparison uses nothing of the renderer but its lettering: what is seen of a picture is worked out anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from cutroom.errors import BadInput
from cutroom.judge.checks.framing import View
from cutroom.judge.checks.reel import Reel
from cutroom.judge.checks.text import shows
from cutroom.judge.checks.timelines import Placed, placed, spread, transitions
from cutroom.judge.evidence import Evidence, clock, found, found_in, gathered, measured, unmeasured
from cutroom.measures.picture import grey
from cutroom.measures.video import WATCH_SIDE
from cutroom.media.kinds import Image
from cutroom.media.picture import open_picture
from cutroom.media.store import Store
from cutroom.render.captions import Lettering
from cutroom.time import Span
from cutroom.timeline.timeline import Box, Caption, Clip, Timeline

MOST_SHOTS = 5
MOST_CAPTIONS = 6
LEAST_ALIKE = 0.5
LEAST_DETAIL = 0.35
LEAST_LIGHT = 150.0
"""Letters are white; after the encoder, the mean luma (of 255) inside their strokes is well above this."""
WIDE = 960
"""Detail is compared with the frame at most this wide: finer detail is the encoder's to keep or drop."""
LARGEST = 6000
FLAT = 3.0
"""The standard deviation of luma (of 255) below which two frames can't be told apart."""
NIGHT = 40
"""Luma (of 255) that next to nothing in a black picture exceeds; a little above what counts as black in the film."""
SMOOTH = 0.4
"""Below this there is no fine detail to lose."""
UNTOUCHED = 0.6
"""Only the upper part of the frame is compared: captions stand below it."""


def wanted(timeline: Timeline) -> frozenset[int]:
    """The frames that `as_cut` will want to see in full."""
    return frozenset(
        chain(
            (_middle(place, timeline) for place in _shots(timeline)),
            (_when(caption, timeline) for caption in _captions(timeline)),
        )
    )


def as_cut(reel: Reel, timeline: Timeline, store: Store) -> Evidence:
    """Compares shots with their pictures, and looks for the captions."""
    shots = [_compared(place, reel, timeline, store) for place in _shots(timeline)]
    known = [shot for shot in shots if shot is not None]
    evidence = gathered(_judged(shot) for shot in known)
    if known:
        evidence += measured(likeness=min(shot.alike for shot in known), detail=min(shot.detail for shot in known))
    else:
        evidence += unmeasured("likeness", "no shot fills the frame with a picture")
    return evidence + _letters(reel, timeline)


def featureless(timeline: Timeline, store: Store) -> tuple[Span, ...]:
    """When a picture is shown that is itself black, or so plain that no movement of it can be seen.

    A night sky is no fault of the film. Only pictures are looked at: clips are judged when a moment is picked of them.
    """
    return tuple(place.span for place in placed(timeline) if _is_featureless(place, timeline, store))


def _is_featureless(place: Placed, timeline: Timeline, store: Store) -> bool:
    clip = place.item
    if not isinstance(clip, Clip) or not isinstance(clip.media, Image):
        return False
    try:
        picture = grey(open_picture(store.path(clip.media), max_side=WATCH_SIDE)[..., :3])
    except BadInput:
        return False
    seen = _cut_out(picture, View(clip, timeline.format, clip.media.width, clip.media.height).seen(0.5))
    return float(np.percentile(seen, 99.5)) <= NIGHT or float(seen.std()) < FLAT


@dataclass(frozen=True)
class _Compared:
    place: Placed
    alike: float
    """The correlation of luma with the picture, -1 to 1, seen small."""
    detail: float
    """Fine detail as a share of the picture's."""


def _shots(timeline: Timeline) -> tuple[Placed, ...]:
    """Some of the shots in which a picture fills the frame, and nothing is in the way at their middle."""
    busy = [span for _, span in transitions(timeline)]
    busy += [Span(start=title.start, length=title.seconds) for title in timeline.titles]
    free = [
        place
        for place in placed(timeline)
        if _fills(place)
        and _middle(place, timeline) < timeline.frames
        and not any(span.start <= place.span.start + place.span.length / 2 <= span.end for span in busy)
    ]
    return spread(free, MOST_SHOTS)


def _fills(place: Placed) -> bool:
    clip = place.item
    return isinstance(clip, Clip) and isinstance(clip.media, Image) and clip.fit == "cover" and not clip.media.alpha


def _middle(place: Placed, timeline: Timeline) -> int:
    return timeline.format.rate.frames(place.span.start + place.span.length / 2)


def _compared(place: Placed, reel: Reel, timeline: Timeline, store: Store) -> _Compared | None:
    """A shot's middle frame against its picture; None when there is nothing to compare."""
    frame = reel.kept.get(_middle(place, timeline))
    clip = place.item
    if frame is None or not isinstance(clip, Clip):
        return None
    box = View(clip, timeline.format, clip.media.width, clip.media.height).seen(0.5)
    try:
        picture = open_picture(store.path(clip.media), max_side=_side(clip, box))
    except BadInput:
        return None
    # A small film is compared as it is: enlarged, it could never have the picture's detail.
    wide = min(WIDE, frame.shape[1])
    seen = _upper(_fitted(frame, frame.shape[1] / frame.shape[0], wide))
    meant = _upper(_fitted(_cut_out(grey(picture[..., :3]), box), frame.shape[1] / frame.shape[0], wide))
    one, other = _tiny(seen), _tiny(meant)
    if one.std() < FLAT or other.std() < FLAT:
        return None
    there = _detail(meant)
    return _Compared(place, float(np.corrcoef(one, other)[0, 1]), _detail(seen) / there if there > SMOOTH else 1.0)


def _judged(shot: _Compared) -> Evidence:
    span, name = shot.place.span, getattr(shot.place.item, "name", "")
    if shot.alike < LEAST_ALIKE:
        says = f"at {clock(span.start + span.length / 2)} the film does not show the picture {name!r} as its cut says"
        return found_in("not_as_cut", f"{says} (likeness {shot.alike:.2f}, at least {LEAST_ALIKE})", span)
    if shot.detail < LEAST_DETAIL:
        says = f"the shot of {name!r} has only {100 * shot.detail:.0f} % of its picture's fine detail"
        return found_in("softer_than_source", f"{says} (at least {100 * LEAST_DETAIL:.0f} %)", span)
    return Evidence()


def _side(clip: Clip, box: Box) -> int:
    """How large the picture must be opened so that the part seen is `WIDE` pixels wide."""
    width = WIDE / box.width
    return min(LARGEST, max(64, round(width * max(1.0, clip.media.height / clip.media.width))))


def _cut_out(luma: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    height, width = luma.shape
    left, top = max(0, round(box.x * width)), max(0, round(box.y * height))
    right, bottom = min(width, round((box.x + box.width) * width)), min(height, round((box.y + box.height) * height))
    return luma[top : max(bottom, top + 1), left : max(right, left + 1)]


def _fitted(luma: NDArray[np.uint8], aspect: float, wide: int) -> NDArray[np.float32]:
    size = wide, max(2, round(wide / aspect))
    way = cv2.INTER_AREA if luma.shape[1] > wide else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(luma, size, interpolation=way), np.float32)


def _upper(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    return luma[: max(1, round(UNTOUCHED * luma.shape[0]))]


def _tiny(luma: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(luma, (64, 22), interpolation=cv2.INTER_AREA), np.float32).ravel()


def _detail(luma: NDArray[np.float32]) -> float:
    """The mean magnitude of the Laplacian of luma, a little smoothed so that grain does not count."""
    smooth = cv2.GaussianBlur(luma, (0, 0), 0.8)
    return float(np.abs(np.asarray(cv2.Laplacian(smooth, cv2.CV_32F))).mean())


# ── captions ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _captions(timeline: Timeline) -> tuple[Caption, ...]:
    drawn = timeline.captions if timeline.caption_style.burn else ()
    return spread([caption for caption in drawn if 0 <= _when(caption, timeline) < timeline.frames], MOST_CAPTIONS)


def _when(caption: Caption, timeline: Timeline) -> int:
    return timeline.format.rate.frames(caption.start + caption.seconds / 2)


def _letters(reel: Reel, timeline: Timeline) -> Evidence:
    """Whether the letters of some captions are bright in the film."""
    captions = _captions(timeline)
    if not captions:
        return unmeasured("caption_light", "no captions belong in the picture")
    lettering, lights, evidence = Lettering(timeline), [], Evidence()
    for caption in captions:
        number = _when(caption, timeline)
        light = _light(reel.kept.get(number), lettering, timeline.format.rate.seconds(number))
        if light is None:
            continue
        lights.append(light)
        if light < LEAST_LIGHT:
            says = f"the caption {shows(caption)!r} cannot be seen in the film"
            evidence += found("captions_not_drawn", says, caption.start, caption.seconds)
    if not lights:
        return evidence + unmeasured("caption_light", "the captions have no letters to look for")
    return evidence + measured(caption_light=min(lights))


def _light(frame: NDArray[np.uint8] | None, lettering: Lettering, seconds: Fraction) -> float | None:
    """The mean luma in the film where letters should be; None when none should be."""
    if frame is None:
        return None
    values = []
    for shown in lettering.at(seconds):
        overlay = shown.overlay
        height, width = overlay.rgba.shape[:2]
        part = frame[overlay.y : overlay.y + height, overlay.x : overlay.x + width]
        letters = (overlay.rgba[..., 3] > 250) & (overlay.rgba[..., :3].min(axis=2) > 240)
        if shown.opacity > 0.9 and part.shape == letters.shape and letters.any():
            values.append(float(part[letters].mean()))
    return min(values) if values else None
