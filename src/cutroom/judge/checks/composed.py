"""Does every frame of the film show what the cut composes to? The film is held against its own timeline, drawn again small.

| check | bound | from |
|---|---|---|
| `not_as_composed` | a field (a sixteenth of the width) differs by less than 8 of 255 in luma for 2 frames | clean films reach 5 |
| | the frame as a whole: by less than 3.5 of 255; colours by less than 3 | clean films reach 2.4 and 1.7 |
| | between frames, it changes at least a fourth as much as the cut does, for 5 frames; at most 3 times as much | |
| | of 24 whole frames, less the cut, under 5.5 of 255 is left; detail is 0.72 to 1.45 of its | clean: 3.7; 0.84 to 0.98 |

What the renderer itself does wrong is not found here, as both come from it: `fidelity` looks for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from cutroom.errors import BadInput
from cutroom.judge.checks.reel import Reel
from cutroom.judge.evidence import Evidence, clock, found_in, measured, unmeasured
from cutroom.measures.video import WATCH_SIDE
from cutroom.media.store import Store
from cutroom.render.captions import Lettering, Shown
from cutroom.render.picture import Compositor
from cutroom.time import Span
from cutroom.timeline.timeline import Timeline

FIELD = 10
"""Pixels of the small picture to a field's side: 16 by 9 of them in a wide frame."""
FIELD_DIFFERS = 8.0
WHOLE_DIFFERS = 3.5
COLOURS_DIFFER = 3.0
FOR_FRAMES = 2
STANDS, STANDS_FOR = 0.25, 5
JUMPS = 3.0
MOVES = 0.5
"""Below this mean difference (of 255) between two of the cut's frames, nothing moves."""
DRAWN_SIDE = 640
UNCOVERED = 0.02
FULL_FRAMES = 24
LEFT = 5.5
DETAIL = (0.72, 1.45)
LEAST_DETAIL = 0.8
"""Below this there is too little detail to compare."""
_STRETCHED = np.clip((np.arange(256) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)


class Apart(NamedTuple):
    """How far a frame is from what it should be."""

    whole: float
    """The mean absolute difference of luma, 0 to 255."""
    field: float
    """The same in the field where it is largest."""
    where: int
    """That field's number, row by row."""
    colours: float
    """The mean absolute difference of chroma in the field where it is largest, 0 to 255."""
    step: float
    """The mean absolute difference of luma from the frame before, in the film."""
    meant: float
    """The same in the cut."""


@dataclass
class Beside:
    """Draws the cut's frames while the film is read, and keeps a few numbers of each. To be closed."""

    timeline: Timeline
    store: Store
    rows: list[Apart] = field(default_factory=list)

    def __post_init__(self) -> None:
        form = self.timeline.format
        self.size = _size(form.width, form.height, WATCH_SIDE, 1)
        # Drawn larger than it is compared: where a crop is rounded to whole pixels must not be seen.
        width, height = _size(form.width, form.height, DRAWN_SIDE, 2)
        drawn = form.model_copy(update={"width": width, "height": height})
        plain = {"titles": (), "captions": (), "format": drawn, "progress": None}
        self._compositor = Compositor(self.timeline.model_copy(update=plain), self.store, None)
        words = self.timeline.titles or self.timeline.captions
        self._letters = Letters(self.timeline, self.size) if words else None
        self._last: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None

    def close(self) -> None:
        """Lets go of pictures and decoders."""
        self._compositor.close()

    def __call__(self, number: int, luma: NDArray[np.uint8], chroma: NDArray[np.uint8]) -> None:
        """One frame of the film."""
        if number >= self.timeline.frames:
            return
        planes = self._compositor.frame(number)
        meant = np.asarray(cv2.resize(_STRETCHED[planes.y], self.size, interpolation=cv2.INTER_AREA), np.float32)
        covered = np.zeros((9, 16), np.float32)
        if self._letters is not None:
            meant, covered = self._letters.over(meant, self.timeline.format.rate.seconds(number))
        film = luma.astype(np.float32)
        if film.shape != meant.shape:
            film = np.asarray(cv2.resize(film, self.size, interpolation=cv2.INTER_AREA), np.float32)
        colours = np.stack([cv2.resize(plane, (16, 9), interpolation=cv2.INTER_AREA) for plane in (planes.u, planes.v)])
        # Letters have colours of their own, which are not compared.
        tinted = (chroma.astype(np.float32) - colours) * (covered < UNCOVERED)
        self.rows.append(self._apart(film, meant, tinted))
        self._last = film, meant

    def _apart(self, film: NDArray[np.float32], meant: NDArray[np.float32], colours: NDArray[np.float32]) -> Apart:
        away = self._without_bar(np.abs(film - meant))
        across, down = max(1, away.shape[1] // FIELD), max(1, away.shape[0] // FIELD)
        fields = np.asarray(cv2.resize(away, (across, down), interpolation=cv2.INTER_AREA)).ravel()
        step = meant_step = 0.0
        if self._last is not None:
            step = float(np.abs(film - self._last[0]).mean())
            meant_step = float(np.abs(meant - self._last[1]).mean())
        where = int(fields.argmax())
        tinted = cv2.resize(np.abs(colours).max(axis=0), (8, 5), interpolation=cv2.INTER_AREA)
        return Apart(float(away.mean()), float(fields[where]), where, float(tinted.max()), step, meant_step)

    def _without_bar(self, away: NDArray[np.float32]) -> NDArray[np.float32]:
        """A bar of progress is thinner than a pixel here: its rows don't count."""
        bar = self.timeline.progress
        if bar is None:
            return away
        rows = max(2, round(bar.height * min(away.shape)) + 2)
        return away[rows:] if bar.place == "top" else away[:-rows]


class Letters:
    """A film's words as they are seen when the film is made small."""

    def __init__(self, timeline: Timeline, size: tuple[int, int]) -> None:
        self.size = size
        self._frame = timeline.format.width, timeline.format.height
        self._lettering = Lettering(timeline)
        self._small: dict[object, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    def over(self, luma: NDArray[np.float32], seconds: Fraction) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """`luma` with the words of this time over it, and how much of the frame they cover, (9, 16), 0 to 1."""
        layers = tuple(self._lettering.at(seconds))
        if not layers:
            return luma, np.zeros((9, 16), np.float32)
        alpha, light = self._made(layers)
        covered = np.asarray(cv2.resize(alpha, (16, 9), interpolation=cv2.INTER_AREA), np.float32)
        return luma * (1 - alpha) + light, covered

    def _made(self, layers: tuple[Shown, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """How much of each small pixel all words of a moment cover, 0 to 1, and the luma that they add, 0 to 255.

        They are laid over each other before they are made small: the word that is lit up lies exactly on its own
        letters, and small pixels can't tell that it hides them.
        """
        key = tuple((one.overlay.key, one.overlay.x, one.overlay.y, one.opacity) for one in layers)
        if key not in self._small:
            if len(self._small) > 24:
                self._small.clear()
            whole = np.zeros((self._frame[1], self._frame[0], 2), np.float32)
            for one in layers:
                overlay = one.overlay
                height, width = overlay.rgba.shape[:2]
                part = whole[overlay.y : overlay.y + height, overlay.x : overlay.x + width]
                alpha = overlay.rgba[..., 3] * np.float32(one.opacity / 255)
                part *= 1 - alpha[..., None]
                part[..., 0] += alpha
                colours = np.array([0.2126, 0.7152, 0.0722], np.float32) * np.float32(one.opacity)
                part[..., 1] += overlay.rgba[..., :3].astype(np.float32) @ colours
            small = np.asarray(cv2.resize(whole, self.size, interpolation=cv2.INTER_AREA), np.float32)
            self._small[key] = small[..., 0], small[..., 1]
        return self._small[key]


def wanted(timeline: Timeline) -> frozenset[int]:
    """The frames that `as_composed` wants in full."""
    count = timeline.frames
    some = min(FULL_FRAMES, count)
    return frozenset(int((place + 0.5) * count / some) for place in range(some))


def as_composed(reel: Reel, beside: Beside, crf: int) -> Evidence:
    """What differs, when and where."""
    timeline = beside.timeline
    rows = beside.rows
    if not rows:
        return unmeasured("as_composed", "there is not one frame to compare")
    evidence = measured(frame_difference=float(np.mean([row.whole for row in rows])))
    rate = timeline.format.rate
    for flags, says in (
        ([row.field > FIELD_DIFFERS for row in rows], _a_part),
        ([row.whole > WHOLE_DIFFERS for row in rows], _the_whole),
        ([row.colours > COLOURS_DIFFER for row in rows], _the_colours),
    ):
        for first, end in _runs(flags, FOR_FRAMES):
            span = Span(start=rate.seconds(first), length=rate.seconds(end - first))
            evidence += found_in("not_as_composed", says(rows[first:end], span), span)
    evidence += _movement(rows, timeline)
    return evidence + _in_full(reel, timeline, beside.store, crf)


def _a_part(rows: Sequence[Apart], span: Span) -> str:
    worst = max(rows, key=lambda row: row.field)
    return f"for {_when(span)}, a part of the picture is not what the cut shows (by {worst.field:.0f} of 255)"


def _the_whole(rows: Sequence[Apart], span: Span) -> str:
    worst = max(row.whole for row in rows)
    return f"for {_when(span)}, the picture is not what the cut shows (by {worst:.0f} of 255 on average)"


def _the_colours(rows: Sequence[Apart], span: Span) -> str:
    worst = max(row.colours for row in rows)
    return f"for {_when(span)}, colours are not those of the cut (by {worst:.0f} of 255)"


def _movement(rows: Sequence[Apart], timeline: Timeline) -> Evidence:
    rate, evidence = timeline.format.rate, Evidence()
    moves = [row.meant > MOVES for row in rows]
    stands = [there and row.step < STANDS * row.meant for row, there in zip(rows, moves, strict=True)]
    jumps = [row.step > JUMPS * max(row.meant, 0.3) for row in rows]
    for flags, least, says in (
        (_closed(stands, 6), STANDS_FOR, "stands while the cut moves"),
        (_closed(jumps, 6), 4, "jumps while the cut does not"),
    ):
        for first, end in _runs(flags, least):
            span = Span(start=rate.seconds(first), length=rate.seconds(end - first))
            evidence += found_in("not_as_composed", f"for {_when(span)}, the picture {says}", span)
    return evidence


def _in_full(reel: Reel, timeline: Timeline, store: Store, crf: int) -> Evidence:
    """A few frames as large as they are: fine detail, and what is left when the cut is taken away."""
    form = timeline.format
    if (reel.picture.width, reel.picture.height) != (form.width, form.height):
        return unmeasured("residue", "the film has another size than the cut")
    numbers = sorted(wanted(timeline) & reel.kept.keys())
    left, detail = [], []
    with Compositor(timeline, store, Lettering(timeline)) as compositor:
        for number in numbers:
            film, meant = (
                reel.kept[number].astype(np.float32),
                _STRETCHED[compositor.frame(number).y].astype(np.float32),
            )
            left.append(float(np.sqrt(np.mean((film - meant) ** 2))))
            if (there := _detail(meant)) > LEAST_DETAIL:
                detail.append(_detail(film) / there)
    if not left:
        return unmeasured("residue", "no frame was kept")
    residue = float(np.median(left))
    evidence = measured(residue=residue)
    whole = Span(start=Fraction(0), length=timeline.seconds)
    bound = LEFT * 2 ** max(0.0, (crf - 20) / 8)
    if residue > bound:
        says = f"its frames differ from the cut's by {residue:.1f} of 255 (at most {bound:.1f}): noise, blocks or bands"
        evidence += found_in("not_as_composed", says, whole)
    if detail:
        share = float(np.median(detail))
        evidence += measured(detail_share=share)
        if not DETAIL[0] <= share <= DETAIL[1]:
            what = "blurred" if share < 1 else "noisy, or broken into blocks"
            says = f"it has {share:.2f} times the cut's fine detail ({DETAIL[0]} to {DETAIL[1]}): it is {what}"
            evidence += found_in("not_as_composed", says, whole)
    return evidence


def _detail(luma: NDArray[np.float32]) -> float:
    """The mean magnitude of the Laplacian."""
    return float(np.abs(np.asarray(cv2.Laplacian(luma, cv2.CV_32F))).mean())


def _closed(flags: Sequence[bool], gap: int) -> list[bool]:
    """`flags` with gaps of fewer than `gap` frames between two true ones filled."""
    out, last = list(flags), None
    for place, flag in enumerate(flags):
        if flag:
            if last is not None and place - last < gap:
                out[last:place] = [True] * (place - last)
            last = place
    return out


def _runs(flags: Sequence[bool], least: int) -> list[tuple[int, int]]:
    """The first and the end of each run of at least `least` true ones."""
    found, place = [], 0
    for flag, run in groupby(flags):
        count = len(list(run))
        if flag and count >= least:
            found.append((place, place + count))
        place += count
    return found


def _when(span: Span) -> str:
    return f"{clock(span.length)} from {clock(span.start)} on"


def _size(width: int, height: int, side: int, even: int) -> tuple[int, int]:
    """The frame's size when its longer side is at most `side`, in multiples of `even`."""
    factor = min(1.0, side / max(width, height))
    return max(2, even * round(width * factor / even)), max(2, even * round(height * factor / even))


def opened(timeline: Timeline, store: Store) -> Beside | Evidence:
    """Somebody to read the film beside; or why the cut cannot be drawn."""
    try:
        return Beside(timeline, store)
    except BadInput as error:
        return unmeasured("as_composed", f"the cut cannot be drawn: {error.reason}")
