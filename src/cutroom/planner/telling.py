"""Which lines are told, when each begins and how long it may be read: beside the picture that it is about. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cutroom.planner.pacing import place_lines
from cutroom.time import Span

SHORTEST_READ = Fraction(6, 5)
"""No words are up for less, in seconds."""
LONGEST_READ = Fraction(6)
"""Nor for longer, when nobody speaks them."""
BREATH = Fraction(3, 10)
"""How long a picture is seen before the words about it begin."""
SHORTEST_LABEL = Fraction(1)
"""A picture's name is left out when there is less time than this to read it beside its picture, in seconds."""
LINGER = Fraction(3, 10)
"""How long captions stay after their last word."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line that may be told."""

    place: int
    """Its place in the script."""
    text: str
    subject: int | None
    """The picture or clip that it is about."""
    seconds: Fraction
    """How long it takes to say or, when nobody says it, to read."""
    spoken: bool
    label: bool = False
    """It does nothing but name its picture, so beside another picture it would say what is not true."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A line in the film."""

    line: Line
    start: Fraction
    seconds: Fraction
    """How long it is said, or may be read."""


def shown(lines: Sequence[Line], seen: Mapping[int, Span]) -> tuple[list[Line], list[str]]:
    """The lines whose picture is in the film (or that are about none), and a sentence for each of the others."""
    kept = [line for line in lines if line.subject is None or not seen or line.subject in seen]
    notes = [f"not told, for its picture is left out: “{line.text}”" for line in lines if line not in kept]
    return kept, notes


def as_seen(lines: Sequence[Line], seen: Mapping[int, Span]) -> list[Line]:
    """`lines` in the order in which what they are about is seen; one that is about nothing stays behind the one before it."""
    starts: list[Fraction] = []
    for line in lines:
        span = seen.get(line.subject) if line.subject is not None else None
        starts.append(span.start if span is not None else starts[-1] if starts else Fraction(-1))
    return [line for _, line in sorted(zip(starts, lines, strict=True), key=lambda one: one[0])]


def tell(
    lines: Sequence[Line], seen: Mapping[int, Span], first: Fraction, film: Fraction, tail: Fraction
) -> list[Told]:
    """When each line is told: with its picture where it can, in order, none before `first`.

    Spoken lines end `tail` before the film does, unless there is too much to say for that. A line that nobody speaks
    goes when its picture does; a label that could not be read beside its picture is left out.
    """
    lines = [line for line in lines if _readable(line, max(first, _wish(line, seen) or first), seen)]
    pause = Fraction(9, 20) if any(line.spoken for line in lines) else Fraction(1, 5)
    wishes = [_wish(line, seen) for line in lines]
    lengths = [line.seconds for line in lines]
    tries = (
        (first, film - tail, pause),
        (Fraction(1, 2), film - Fraction(3, 5), Fraction(1, 5)),
        (Fraction(0), film, Fraction(0)),
    )
    starts = next((found for one in tries if (found := place_lines(wishes, lengths, *one)) is not None), None)
    if starts is None:
        # More is said than there is film: the judge will say so; what can be kept is the order.
        starts = [film * place / max(1, len(lines)) for place in range(len(lines))]
    told = [_told(line, starts, place, seen, film) for place, line in enumerate(lines)]
    return [one for one in told if _readable(one.line, one.start, seen)]


def _readable(line: Line, start: Fraction, seen: Mapping[int, Span]) -> bool:
    """Whether a label that comes up at `start` is up beside its picture for long enough. True for all that are none."""
    span = seen.get(line.subject) if line.subject is not None and line.label else None
    return span is None or (span.start <= start and span.end - start >= SHORTEST_LABEL)


def _wish(line: Line, seen: Mapping[int, Span]) -> Fraction | None:
    span = seen.get(line.subject) if line.subject is not None else None
    return None if span is None else span.start + min(BREATH, span.length / 6)


def _told(line: Line, starts: Sequence[Fraction], place: int, seen: Mapping[int, Span], film: Fraction) -> Told:
    start = starts[place]
    if line.spoken:
        return Told(line=line, start=start, seconds=line.seconds)
    until = starts[place + 1] if place + 1 < len(starts) else film - Fraction(1, 2)
    span = seen.get(line.subject) if line.subject is not None else None
    if span is not None and line.label:
        return Told(line=line, start=start, seconds=max(min(until, span.end) - start - LINGER, SHORTEST_LABEL - LINGER))
    if span is not None:
        until = min(until, max(span.end, start + line.seconds))
    room = min(until - start - Fraction(1, 15), LONGEST_READ)
    return Told(line=line, start=start, seconds=max(room, min(line.seconds, SHORTEST_READ)))
