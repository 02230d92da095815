"""A timeline on the grid of frames, as other editors count it: where every shot, transition and sound lies.

Cuts are where the renderer puts them (`cutroom.render.picture.schedule`), so an export has the film's own frames.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cutroom.media.kinds import Image
from cutroom.render.picture import laid_over, schedule
from cutroom.time import Rate
from cutroom.timeline.timeline import Caption, Clip, Gap, Inset, Sound, SoundTrack, Timeline, Title, Transition


@dataclass(frozen=True)
class Shot:
    """An item of the picture track."""

    item: Clip | Gap
    first: int
    """Its first frame in the film, counted from the cut, without handles."""
    frames: int
    lead: int
    """How many frames before the cut a transition borrows from it."""
    trail: int
    """The same after its end."""

    @property
    def end(self) -> int:
        """The frame after its last, without handles."""
        return self.first + self.frames

    @property
    def still(self) -> bool:
        """True for a photograph, which has no time of its own."""
        return isinstance(self.item, Clip) and isinstance(self.item.media, Image)

    def source(self, rate: Rate) -> int:
        """The source's frame at the cut, counted at the film's rate. A photograph begins with its handle."""
        if isinstance(self.item, Clip) and self.item.source is not None:
            return rate.frames(self.item.source.start)
        return self.lead if self.still else 0


@dataclass(frozen=True)
class Crossing:
    """A transition, and the shot (by its place) that it leads away from."""

    transition: Transition
    first: int
    frames: int
    cut: int
    """The frame at which the next shot begins."""
    shot: int

    @property
    def before(self) -> int:
        """How many of its frames lie before the cut."""
        return self.cut - self.first

    @property
    def after(self) -> int:
        """How many lie behind it."""
        return self.frames - self.before


@dataclass(frozen=True)
class Heard:
    """A sound in the film, on whole frames."""

    sound: Sound
    track: SoundTrack
    first: int
    frames: int
    start: Fraction
    """The second of its source that is heard at `first`: moved with the frame, so that sound and picture stay together."""

    @property
    def end(self) -> int:
        """The frame after its last."""
        return self.first + self.frames


@dataclass(frozen=True)
class Boxed:
    """An inset on whole frames."""

    inset: Inset
    shot: Shot
    """What is seen in it, as a shot without handles; its `first` counts in the film."""


@dataclass(frozen=True)
class Grid:
    """The whole timeline in frames."""

    rate: Rate
    frames: int
    shots: tuple[Shot, ...]
    crossings: tuple[Crossing, ...]
    lanes: tuple[tuple[Heard, ...], ...]
    """Sounds in rows in which none overlaps another; a row holds sounds of one role."""
    insets: tuple[tuple[Boxed, ...], ...] = ()
    """Pictures in the picture in rows in which none overlaps another, the lowest row first."""

    def crossing_after(self, shot: int) -> Crossing | None:
        """The transition behind the shot at this place."""
        return next((crossing for crossing in self.crossings if crossing.shot == shot), None)

    def span(self, what: Caption | Title) -> tuple[int, int]:
        """A caption's or title's first frame and how many it lasts, at least one and not beyond the film's end."""
        first = min(self.rate.frames(what.start), max(self.frames - 1, 0))
        end = min(self.rate.frames(what.start + what.seconds), self.frames)
        return first, max(end - first, 1)


def grid(timeline: Timeline) -> Grid:
    """`timeline` in frames."""
    shots, crossings = schedule(timeline)
    placed = tuple(
        Shot(shot.item, shot.first, shot.stretch.frames, shot.stretch.lead, shot.stretch.trail) for shot in shots
    )
    rate = timeline.format.rate
    return Grid(
        rate=rate,
        frames=timeline.frames,
        shots=placed,
        crossings=tuple(
            Crossing(one.transition, one.first, one.frames, placed[one.shot + 1].first, one.shot) for one in crossings
        ),
        insets=_rows(timeline),
        lanes=tuple(lane for track in timeline.sound for lane in _lanes(_heard(track, rate, timeline.frames))),
    )


def _rows(timeline: Timeline) -> tuple[tuple[Boxed, ...], ...]:
    """Each inset in the lowest row that keeps it over all earlier ones that it meets in time."""
    rows: list[list[Boxed]] = []
    for laid in laid_over(timeline):
        if not laid.frames:
            continue
        one = Boxed(laid.inset, Shot(laid.item, laid.first, laid.frames, 0, 0))
        under = [
            place
            for place, row in enumerate(rows)
            if any(other.shot.first < one.shot.end and one.shot.first < other.shot.end for other in row)
        ]
        place = max(under, default=-1) + 1
        if place == len(rows):
            rows.append([])
        rows[place].append(one)
    return tuple(tuple(sorted(row, key=lambda boxed: boxed.shot.first)) for row in rows)


def _heard(track: SoundTrack, rate: Rate, frames: int) -> Iterable[Heard]:
    for sound in sorted(track.sounds, key=lambda sound: sound.start):
        first = rate.frames(max(sound.start, Fraction(0)))
        end = min(rate.frames(sound.start + sound.source.length / sound.speed), frames)
        start = sound.source.start + (rate.seconds(first) - sound.start) * sound.speed
        if end > first:
            yield Heard(sound, track, first, end - first, max(start, Fraction(0)))


def _lanes(heard: Iterable[Heard]) -> Sequence[tuple[Heard, ...]]:
    """Each sound in the first row where nothing lies in its way."""
    lanes: list[list[Heard]] = []
    for one in heard:
        free = next((lane for lane in lanes if lane[-1].end <= one.first), None)
        if free is None:
            lanes.append([one])
        else:
            free.append(one)
    return [tuple(lane) for lane in lanes]
