"""The picture of a timeline, frame by frame, as Y'CbCr planes.

Each item is drawn by its layer (`layers`), transitions mix two of them (`transitions`); pictures in the picture (`inset`),
lettering and the bar of progress are laid over.
Layers are made shortly before they are needed, beside the drawing, and let go after their last frame: memory does not
grow with the film.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np

from cutroom.errors import BadInput
from cutroom.media.store import Store
from cutroom.render import planes as pl
from cutroom.render import progress
from cutroom.render.inset import Boxed
from cutroom.render.layers import BLACK, Layer, Solid, Stretch, layer_of
from cutroom.render.lut import look
from cutroom.render.memory import give_back
from cutroom.render.planes import Planes, Veil
from cutroom.render.transitions import cross
from cutroom.timeline.timeline import Clip, Gap, Inset, Timeline, Transition

AHEAD = 45
"""How many frames before its first one a layer is begun to be made."""

VEILS = 24
"""How many overlays are kept converted."""


class Overlay(Protocol):
    """Letters as a bitmap: see `render.captions.Overlay`."""

    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def x(self) -> int: ...  # noqa: D102
    @property
    def y(self) -> int: ...  # noqa: D102
    @property
    def rgba(self) -> np.ndarray: ...  # noqa: D102


class Shown(Protocol):
    """An overlay and how opaque it is now: see `render.captions.Shown`."""

    @property
    def overlay(self) -> Overlay: ...  # noqa: D102
    @property
    def opacity(self) -> float: ...  # noqa: D102


class Letters(Protocol):
    """All words of a timeline: see `render.captions.Lettering`."""

    def at(self, seconds: Fraction) -> Sequence[Shown]:
        """What is to be laid over at this time of the film."""
        ...


@dataclass(frozen=True)
class Shot:
    """An item on the grid of frames: its first frame in the film, and how long it and its handles last."""

    item: Clip | Gap
    first: int
    stretch: Stretch

    @property
    def begins(self) -> int:
        """The first frame in which anything of it is seen."""
        return self.first - self.stretch.lead

    @property
    def ends(self) -> int:
        """The frame after the last in which anything of it is seen."""
        return self.first + self.stretch.frames + self.stretch.trail


@dataclass(frozen=True)
class Crossing:
    """A transition on the grid of frames, and the shot that it leads away from."""

    transition: Transition
    first: int
    frames: int
    shot: int

    def way(self, frame: int) -> float:
        """How far it has gone at this frame of the film: above 0 and below 1."""
        return (frame - self.first + 1) / (self.frames + 1)


def schedule(timeline: Timeline) -> tuple[list[Shot], list[Crossing]]:
    """The picture track on the grid of frames: shots without gaps between them, and crossings, which never overlap."""
    rate = timeline.format.rate
    items: list[tuple[Clip | Gap, int, int]] = []
    wanted: list[tuple[Transition, int]] = []
    now = Fraction(0)
    for item in timeline.picture:
        if isinstance(item, Transition):
            wanted.append((item, len(items) - 1))
            continue
        first, after = rate.frames(now), rate.frames(now + item.seconds)
        items.append((item, first, after - first))
        now += item.seconds
    leads, trails = [0] * len(items), [0] * len(items)
    crossings = []
    for transition, before in wanted:
        cut = items[before + 1][1]
        frames = rate.frames(transition.seconds)
        # Made shorter where the clips have not enough frames of their own beside the transition before.
        taken = trails[before - 1] if before else 0
        half = max(min(frames // 2, items[before][2] - taken), 0)
        rest = min(frames - frames // 2, items[before + 1][2])
        if half + rest == 0:
            continue
        trails[before], leads[before + 1] = rest, half
        crossings.append(Crossing(transition, cut - half, half + rest, before))
    shots = [
        Shot(item, first, Stretch(length, leads[index], trails[index]))
        for index, (item, first, length) in enumerate(items)
    ]
    return shots, crossings


@dataclass(frozen=True)
class Laid:
    """An inset on the grid of frames."""

    inset: Inset
    first: int
    frames: int

    @property
    def item(self) -> Clip:
        """What is seen in it."""
        return self.inset.clip

    @property
    def begins(self) -> int:
        """Its first frame in the film."""
        return self.first

    @property
    def ends(self) -> int:
        """The frame after its last."""
        return self.first + self.frames


def laid_over(timeline: Timeline) -> list[Laid]:
    """The insets on the grid of frames, as far as the film lasts; one of which nothing is seen has no frames."""
    rate = timeline.format.rate
    found = []
    for inset in timeline.insets:
        first = rate.frames(inset.start)
        end = min(rate.frames(inset.start + inset.clip.seconds), timeline.frames)
        found.append(Laid(inset, first, max(end - first, 0)))
    return found


def all_seen(timeline: Timeline) -> list[Shot | Laid]:
    """All that a film shows, in the order of the numbers under which `Compositor` says what failed: shots, then insets."""
    return [*schedule(timeline)[0], *laid_over(timeline)]


def name_of(shot: Shot | Laid, index: int) -> str:
    """What a shot is called, for people; `index` is its place in the film, from 0."""
    return getattr(shot.item, "name", "") or f"shot {index + 1}"


class Compositor:
    """Draws the frames of a timeline. `frame` and `rgb` may be asked for in any order; forwards is fastest.

    Raises BadInput when the film's look cannot be read.
    """

    def __init__(self, timeline: Timeline, store: Store, lettering: Letters | None = None) -> None:
        self.timeline = timeline
        self.store = store
        self.lettering = lettering
        self.width = timeline.format.width
        self.height = timeline.format.height
        self.shots, self.crossings = schedule(timeline)
        self.insets = laid_over(timeline)
        self.frames = timeline.frames
        self._rate = timeline.format.rate
        self._starts = [shot.first for shot in self.shots]
        self._crossed = [crossing.first for crossing in self.crossings]
        self._layers: dict[int, Layer] = {}
        self._coming: dict[int, Future[Layer]] = {}
        self._boxes: dict[int, Boxed | None] = {}
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="cutroom-layer")
        self._veils: OrderedDict[str, Veil] = OrderedDict()
        self._spare: tuple[Planes, Planes] | None = None
        self._failed: dict[int, str] = {}
        # A table that cannot be read is no fault of a shot: it is told at once, before anything is drawn.
        look(timeline.lut, store)

    @property
    def degraded(self) -> tuple[tuple[str, str], ...]:
        """What could not be drawn, and why."""
        seen = [*self.shots, *self.insets]
        return tuple((name_of(seen[index], index), why) for index, why in sorted(self._failed.items()))

    def frame(self, number: int) -> Planes:
        """Frame `number` (0 to `timeline.frames` - 1) as new planes."""
        into = pl.blank(self.width, self.height)
        self.draw(number, into)
        return into

    def rgb(self, number: int) -> np.ndarray:
        """Frame `number` as R'G'B' (h, w, 3) uint8."""
        return pl.to_rgb(self.frame(number))

    def failed_in(self, first: int, end: int) -> dict[int, str]:
        """Which shots and insets, of those that are seen between two frames, could not be drawn, by number, and why."""
        seen = [*self.shots, *self.insets]
        return {
            index: why for index, why in self._failed.items() if seen[index].begins < end and seen[index].ends > first
        }

    def draw(self, number: int, into: Planes, until: int | None = None) -> None:
        """Fills `into`, planes of the frame's size, with frame `number`.

        `until` is the frame up to which others will be asked for: what lies behind it is not made ready.
        """
        if not 0 <= number < self.frames:
            raise IndexError(f"frame {number} of a film of {self.frames} frames")
        crossing = self._crossing_at(number)
        if crossing is not None:
            one, other = self._two()
            self._draw_shot(crossing.shot, number, one)
            self._draw_shot(crossing.shot + 1, number, other)
            cross(crossing.transition, one, other, crossing.way(number), into)
        else:
            self._draw_shot(self._shot_at(number), number, into)
        self._lay_insets(number, into)
        self._letter(number, into)
        if self.timeline.progress is not None:
            progress.draw(self.timeline.progress, (number + 1) / self.frames, into)
        self._look_around(number, self.frames if until is None else until)

    def close(self) -> None:
        """Closes all files."""
        self._maker.shutdown(wait=True, cancel_futures=True)
        for future in self._coming.values():
            if future.done() and not future.cancelled() and future.exception() is None:
                future.result().close()
        for layer in self._layers.values():
            layer.close()
        for box in self._boxes.values():
            if box is not None:
                box.close()
        self._coming.clear()
        self._layers.clear()
        self._boxes.clear()

    def __enter__(self) -> Compositor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _crossing_at(self, number: int) -> Crossing | None:
        place = bisect_right(self._crossed, number) - 1
        crossing = self.crossings[place] if place >= 0 else None
        return crossing if crossing is not None and number < crossing.first + crossing.frames else None

    def _shot_at(self, number: int) -> int:
        return bisect_right(self._starts, number) - 1

    def _two(self) -> tuple[Planes, Planes]:
        if self._spare is None:
            self._spare = pl.blank(self.width, self.height), pl.blank(self.width, self.height)
        return self._spare

    def _draw_shot(self, index: int, number: int, into: Planes) -> None:
        shot = self.shots[index]
        try:
            self._layer(index).draw(number - shot.first, into)
        except BadInput as error:
            self._failed[index] = f"{error.reason}; it is shown black"
            self._layers[index] = Solid(BLACK)
            pl.fill(into, BLACK)

    def _layer(self, index: int) -> Layer:
        if index not in self._layers:
            coming = self._coming.pop(index, None)
            self._layers[index] = coming.result() if coming is not None else self._made(index)
        return self._layers[index]

    def _made(self, index: int) -> Layer:
        shot = self.shots[index]
        # A look of its own for each layer: layers are made in one thread and drawn in another.
        shade = look(self.timeline.lut, self.store) if isinstance(shot.item, Clip) else None
        layer = layer_of(shot.item, self.timeline.format, shot.stretch, self.store, shade)
        give_back()
        return layer

    def _look_around(self, number: int, until: int) -> None:
        """Lets go of layers that are over or far ahead, and has those made that come next."""
        for index in [index for index in self._layers if not self._near(index, number)]:
            self._layers.pop(index).close()
        following = self._shot_at(number) + 1
        if following >= len(self.shots) or following in self._layers or following in self._coming:
            return
        if self.shots[following].begins - AHEAD <= number and self.shots[following].begins < until:
            self._coming[following] = self._maker.submit(self._made, following)

    def _near(self, index: int, number: int) -> bool:
        return self.shots[index].begins - 2 * AHEAD <= number < self.shots[index].ends

    def _lay_insets(self, number: int, into: Planes) -> None:
        """Pictures in the picture: each is opened when it is first seen, and let go when it is over."""
        for place, laid in enumerate(self.insets):
            if laid.begins <= number < laid.ends:
                self._lay_inset(place, laid, number - laid.first, into)
            elif place in self._boxes and not laid.begins - 2 * AHEAD <= number < laid.ends:
                box = self._boxes.pop(place)
                if box is not None:
                    box.close()

    def _lay_inset(self, place: int, laid: Laid, frame: int, into: Planes) -> None:
        try:
            if place not in self._boxes:
                shade = look(self.timeline.lut, self.store)
                self._boxes[place] = Boxed(laid.inset, self.timeline.format, laid.frames, self.store, shade)
            if (box := self._boxes[place]) is not None:
                box.draw(frame, into)
        except BadInput as error:
            self._boxes[place] = None
            self._failed[len(self.shots) + place] = f"{error.reason}; the film goes on without it"

    def _letter(self, number: int, into: Planes) -> None:
        if self.lettering is None:
            return
        for shown in self.lettering.at(self._rate.seconds(number)):
            if shown.opacity > 0:
                self._lay(shown, into)

    def _lay(self, shown: Shown, into: Planes) -> None:
        overlay = shown.overlay
        height, width = overlay.rgba.shape[:2]
        left, top = max(overlay.x, 0), max(overlay.y, 0)
        right, bottom = min(overlay.x + width, into.width), min(overlay.y + height, into.height)
        if right <= left or bottom <= top:
            return
        veil = self._veils.pop(overlay.key, None) or pl.veil(overlay.rgba)
        self._veils[overlay.key] = veil
        while len(self._veils) > VEILS:
            self._veils.popitem(last=False)
        inside = left - overlay.x, top - overlay.y, right - left, bottom - top
        seen = Veil(veil.colour.part(*inside), veil.keep.part(*inside))
        seen.over(into.part(left, top, right - left, bottom - top), shown.opacity)
