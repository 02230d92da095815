"""Reading a cut, and what the timeline intends when: stills, gaps, darkness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from pydantic import ValidationError

from cutroom.judge.evidence import Evidence, found
from cutroom.media.kinds import Image, Media
from cutroom.media.store import Store
from cutroom.time import Span
from cutroom.timeline.timeline import Clip, Format, Gap, Timeline, Transition


def opened(media: Media, store: Store) -> Timeline | Evidence:
    """The timeline that `media` (a cut) holds, or the evidence that it holds none."""
    try:
        return Timeline.model_validate_json(store.path(media).read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        return found("cannot_be_decoded", f"cannot be decoded: {where}: {first['msg']}")


Item = TypeVar("Item")


def frame_of(frame: Format) -> str:
    """The frame for people: ``1920x1080 at 30``."""
    return f"{frame.width}x{frame.height} at {frame.fps}"


@dataclass(frozen=True)
class Placed:
    """A clip or gap, and when it is seen (between the middles of its transitions)."""

    item: Clip | Gap
    span: Span


def placed(timeline: Timeline) -> tuple[Placed, ...]:
    """The picture track's clips and gaps in order."""
    items, start = [], Fraction(0)
    for item in timeline.picture:
        if not isinstance(item, Transition):
            items.append(Placed(item, Span(start=start, length=item.seconds)))
            start += item.seconds
    return tuple(items)


def transitions(timeline: Timeline) -> Iterator[tuple[Transition, Span]]:
    """Each transition and when it happens."""
    cut = Fraction(0)
    for item in timeline.picture:
        if isinstance(item, Transition):
            yield item, Span(start=max(cut - item.seconds / 2, Fraction(0)), length=item.seconds)
        else:
            cut += item.seconds


def meant_still(timeline: Timeline) -> tuple[Span, ...]:
    """When the picture is meant to stand still: gaps, and pictures without a move."""
    return tuple(place.span for place in placed(timeline) if isinstance(place.item, Gap) or _stands(place.item))


def meant_plain(timeline: Timeline) -> tuple[Span, ...]:
    """When the frame may be of one colour: gaps, fades from and to them, and dips."""
    gaps = [place.span for place in placed(timeline) if isinstance(place.item, Gap)]
    edges = {edge for gap in gaps for edge in (gap.start, gap.end)}
    fades = [
        span
        for transition, span in transitions(timeline)
        if transition.kind == "dip" or span.start + span.length / 2 in edges
    ]
    return (*gaps, *fades)


def spread(items: Sequence[Item], most: int) -> tuple[Item, ...]:
    """At most `most` of `items`, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return tuple(items)
    return tuple(items[round(place * (len(items) - 1) / (most - 1))] for place in range(most))


def shared(one: Span, other: Span) -> Span | None:
    """When both are; None when they don't meet."""
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Span(start=start, length=end - start) if end > start else None


def left_over(spans: Iterable[Span], meant: Sequence[Span], at_least: Fraction) -> tuple[Span, ...]:
    """What of `spans` lies outside all of `meant`, in pieces longer than `at_least`."""
    pieces = list(spans)
    for allowed in meant:
        cut: list[Span] = []
        for piece in pieces:
            before, after = min(piece.end, allowed.start), max(piece.start, allowed.end)
            if before > piece.start:
                cut.append(Span(start=piece.start, length=before - piece.start))
            if after < piece.end and after >= before:
                cut.append(Span(start=after, length=piece.end - after))
        pieces = cut
    return tuple(piece for piece in pieces if piece.length > at_least)


def _stands(clip: Clip) -> bool:
    return isinstance(clip.media, Image) and (clip.move is None or clip.move.start == clip.move.end)
