"""The film as stretches that are encoded by themselves, and the key of each: all that is in it, and nothing else.

Stretches begin and end where transitions do, at cuts, and where captions begin; long ones are split evenly. Times in a
key count from the stretch's own beginning, so that one which only moves in the film keeps its key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import av
import cv2
import numpy as np
import PIL

from cutroom.render.codecs import Encoder, key_frames
from cutroom.render.picture import Crossing, Laid, Letters, Shot, laid_over, schedule
from cutroom.render.watermark.stamp import Stamp
from cutroom.timeline.timeline import Clip, Format, Gap, Timeline

VERSION = "2"
"""Of all that turns a timeline into pixels: raise it when the same timeline gives other ones."""

SHORTEST_SECONDS = 0.4
"""Shorter stretches go together with a neighbour: each costs a key frame."""

APART_SECONDS = 0.9
"""A caption's beginning ends a stretch where both parts are at least so long."""


@dataclass(frozen=True)
class Segment:
    """A stretch of the film, in frames."""

    first: int
    frames: int

    @property
    def end(self) -> int:
        """The frame after its last."""
        return self.first + self.frames


def segments(timeline: Timeline) -> tuple[Segment, ...]:
    """The whole film as stretches, in order, without gaps between them."""
    shots, crossings = schedule(timeline)
    form = timeline.format
    longest, shortest = key_frames(form), max(1, round(SHORTEST_SECONDS * form.fps))
    pieces: list[int] = []
    edges = _edges(shots, crossings, laid_over(timeline), timeline.frames)
    starts = sorted({form.rate.frames(caption.start) for caption in timeline.captions})
    for first, end in pairwise(edges):
        for length in _parts(first, end, starts, form):
            short = bool(pieces) and min(length, pieces[-1]) < shortest
            if short and length + pieces[-1] <= longest:
                pieces[-1] += length
            else:
                pieces.append(length)
    found, first = [], 0
    for length in pieces:
        found.append(Segment(first, length))
        first += length
    return tuple(found)


def _edges(shots: Sequence[Shot], crossings: Sequence[Crossing], insets: Sequence[Laid], frames: int) -> list[int]:
    """Where something else begins to be seen: cuts, and both ends of transitions and insets."""
    crossed = {crossing.shot + 1 for crossing in crossings}
    cuts = {shot.first for index, shot in enumerate(shots) if index not in crossed}
    ends = {edge for crossing in crossings for edge in (crossing.first, crossing.first + crossing.frames)}
    ends |= {edge for laid in insets for edge in (laid.begins, laid.ends)}
    return sorted(edge for edge in {0, frames} | cuts | ends if 0 <= edge <= frames)


def _parts(first: int, end: int, captions: Iterable[int], form: Format) -> list[int]:
    """The lengths of the stretches between two edges."""
    longest, apart = key_frames(form), max(1, round(APART_SECONDS * form.fps))
    bounds = [first]
    for start in captions:
        if start - bounds[-1] >= apart and end - start >= apart:
            bounds.append(start)
    bounds.append(end)
    lengths: list[int] = []
    for one, other in pairwise(bounds):
        count = -(-(other - one) // longest)
        steps = [one + (other - one) * step // count for step in range(count + 1)]
        lengths += [b - a for a, b in pairwise(steps)]
    return lengths


class Keys:
    """The keys of a film's stretches: equal keys mean equal bytes."""

    def __init__(
        self, timeline: Timeline, lettering: Letters | None, encoder: Encoder, stamp: Stamp | None = None
    ) -> None:
        self.timeline = timeline
        self.lettering = lettering
        self.encoder = encoder
        self.stamp = stamp
        self.shots, self.crossings = schedule(timeline)
        self.insets = laid_over(timeline)
        self._bitmaps: dict[str, str] = {}

    def of(self, segment: Segment) -> str:
        """A SHA-256, in hexadecimal."""
        content = {
            **self._setting,
            "frames": segment.frames,
            "shots": [
                [
                    _drawn(shot.item),
                    segment.first - shot.first,
                    shot.stretch.frames,
                    shot.stretch.lead,
                    shot.stretch.trail,
                ]
                for shot in self.shots
                if shot.begins < segment.end and shot.ends > segment.first
            ],
            "crossings": [
                [
                    crossing.transition.model_dump(mode="json", exclude={"seconds"}),
                    segment.first - crossing.first,
                    crossing.frames,
                ]
                for crossing in self.crossings
                if crossing.first < segment.end and crossing.first + crossing.frames > segment.first
            ],
            "insets": [
                [
                    laid.inset.model_dump(mode="json", exclude={"clip", "start"}),
                    _drawn(laid.item),
                    segment.first - laid.first,
                    laid.frames,
                ]
                for laid in self.insets
                if laid.begins < segment.end and laid.ends > segment.first
            ],
            "progress": self._progress(segment),
            "words": self._words(segment),
        }
        return digest(content)

    @cached_property
    def _setting(self) -> dict[str, Any]:
        encoder = self.encoder
        return {
            "version": VERSION,
            "format": self.timeline.format.model_dump(mode="json"),
            "lut": self.timeline.lut.media.digest if self.timeline.lut else None,
            "stamp": self.stamp.payload.hex() if self.stamp else None,
            "encoder": [encoder.name, encoder.pixels, encoder.container, encoder.tag, sorted(encoder.options.items())],
            "made_with": [
                av.__version__,
                *map(list, av.library_versions.items()),
                cv2.__version__,
                np.__version__,
                PIL.__version__,
            ],
        }

    def _progress(self, segment: Segment) -> list[Any] | None:
        """A bar of progress ties a stretch to its place in the film; without one it may move."""
        bar = self.timeline.progress
        return [bar.model_dump(mode="json"), segment.first, self.timeline.frames] if bar else None

    def _words(self, segment: Segment) -> list[Any]:
        """What is laid over, frame by frame: the bitmaps themselves decide, whatever they were made from."""
        if self.lettering is None:
            return []
        rate = self.timeline.format.rate
        seen: list[Any] = []
        for number in range(segment.first, segment.end):
            now = [
                [self._bitmap(shown.overlay), shown.overlay.x, shown.overlay.y, float(shown.opacity).hex()]
                for shown in self.lettering.at(rate.seconds(number))
            ]
            if not seen or seen[-1][1] != now:
                seen.append([number - segment.first, now])
        return seen

    def _bitmap(self, overlay: Any) -> str:
        if overlay.key not in self._bitmaps:
            pixels = hashlib.sha256(np.ascontiguousarray(overlay.rgba).data)
            self._bitmaps[overlay.key] = f"{overlay.rgba.shape} {pixels.hexdigest()}"
        return self._bitmaps[overlay.key]


def _drawn(item: Clip | Gap) -> dict[str, Any]:
    """What of an item decides its pixels, beside how many frames it is seen."""
    content = item.model_dump(mode="json", exclude={"seconds", "name", "source"})
    if isinstance(item, Clip) and item.source is not None:
        content["from"] = str(item.source.start)
    return content


def digest(content: Any) -> str:
    """The SHA-256 of JSON, in hexadecimal."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
