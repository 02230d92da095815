"""How long each shot is and when each line is spoken. Pure arithmetic on exact time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from cutroom.time import Rate

SHORTEST = Fraction(6, 5)
"""No shot is shorter than this, in seconds: below, the eye has not settled before it is gone."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a shot would like: a share of the film, and bounds in seconds."""

    weight: float = 1.0
    shortest: Fraction = SHORTEST
    longest: Fraction = Fraction(12)


def shares(wanted: Sequence[Wanted], seconds: Fraction) -> list[Fraction]:
    """How long each shot is so that together they last `seconds`, by weight, within their bounds where that is possible.

    When the bounds cannot be kept (all longest together are too short, or all shortest too long) they give way evenly.
    """
    if not wanted:
        return []
    lowest = sum((one.shortest for one in wanted), Fraction(0))
    highest = sum((one.longest for one in wanted), Fraction(0))
    if lowest >= seconds:
        return _squeezed(wanted, seconds, lowest)
    if highest <= seconds:
        return [one.longest * seconds / highest for one in wanted]
    low, high = Fraction(0), seconds * 100
    for _ in range(60):
        middle = (low + high) / 2
        if sum(_clamped(one, middle) for one in wanted) < seconds:
            low = middle
        else:
            high = middle
    lengths = [_clamped(one, high) for one in wanted]
    excess = sum(lengths) - seconds
    longest = max(range(len(lengths)), key=lengths.__getitem__)
    lengths[longest] -= excess
    return lengths


def _squeezed(wanted: Sequence[Wanted], seconds: Fraction, lowest: Fraction) -> list[Fraction]:
    """Everybody gets what the eye needs, the rest goes by what was wanted; below that all shrink alike."""
    floors = [min(one.shortest, SHORTEST) for one in wanted]
    floor = sum(floors, Fraction(0))
    if floor >= seconds or lowest == floor:
        return [one.shortest * seconds / lowest for one in wanted]
    share = (seconds - floor) / (lowest - floor)
    return [least + (one.shortest - least) * share for least, one in zip(floors, wanted, strict=True)]


def _clamped(one: Wanted, unit: Fraction) -> Fraction:
    return min(max(Fraction(one.weight).limit_denominator(100) * unit, one.shortest), one.longest)


def cuts_on_beats(
    lengths: Sequence[Fraction],
    beats: Sequence[Fraction],
    rate: Rate,
    reach: Fraction = Fraction(2, 5),
    shortest: Fraction = SHORTEST,
    longest: Sequence[Fraction] | None = None,
) -> list[Fraction]:
    """`lengths` changed so that each cut falls on the nearest beat within `reach`, else on a frame; same sum.

    Never makes a shot shorter than `shortest`, or longer than its own `longest`, unless it was.
    """
    most = (
        [max(pair) for pair in zip(longest, lengths, strict=True)]
        if longest
        else [sum(lengths, Fraction(0))] * len(lengths)
    )
    total = sum(lengths, Fraction(0))
    ends: list[Fraction] = []
    at = Fraction(0)
    for place, length in enumerate(lengths[:-1]):
        at += length
        before = ends[-1] if ends else Fraction(0)
        rest = total - sum(lengths[: place + 1], Fraction(0))
        latest = total - shortest * min(1, rest / shortest) if rest else total
        beat = _nearest(beats, at)
        fits = (
            beat is not None
            and abs(beat - at) <= reach
            and min(shortest, length) <= beat - before <= most[place]
            and at + lengths[place + 1] - beat <= most[place + 1]
            and beat <= latest
        )
        ends.append(rate.snap(beat if fits and beat is not None else at))
    ends.append(total)
    return [end - start for start, end in zip([Fraction(0), *ends[:-1]], ends, strict=True)]


def away_from_fixed(
    lengths: Sequence[Fraction], fixed: Sequence[bool], beats: Sequence[Fraction], reach: Fraction = Fraction(2, 5)
) -> tuple[Fraction, ...]:
    """`beats` without those that `cuts_on_beats` could pull the ends of a fixed shot to: its length was asked for."""
    ends = list(accumulate(lengths))
    kept_clear = [
        at for place, is_fixed in enumerate(fixed) if is_fixed for at in (ends[place] - lengths[place], ends[place])
    ]
    return tuple(beat for beat in beats if all(abs(beat - at) > reach for at in kept_clear))


def _nearest(points: Sequence[Fraction], at: Fraction) -> Fraction | None:
    place = bisect_left(points, at)
    near = points[max(0, place - 1) : place + 1]
    return min(near, key=lambda point: abs(point - at), default=None)


def place_lines(
    wishes: Sequence[Fraction | None],
    lengths: Sequence[Fraction],
    first: Fraction,
    last: Fraction,
    pause: Fraction = Fraction(7, 20),
) -> list[Fraction] | None:
    """When each line begins: at its wish where it can, in order, with a pause between, none before `first` or ending after `last`.

    A wish of None is spread evenly between its neighbours. Returns None when the lines do not fit at all.
    """
    count = len(lengths)
    if not count:
        return []
    room = last - first - sum(lengths, Fraction(0)) - pause * (count - 1)
    if room < 0:
        return None
    spread = room / (count + 1)
    starts: list[Fraction] = []
    at = first
    for place, length in enumerate(lengths):
        wish = wishes[place]
        starts.append(max(at, wish if wish is not None else at + (spread if place else Fraction(0))))
        at = starts[-1] + length + pause
    limit = last
    for place in range(count - 1, -1, -1):
        starts[place] = min(starts[place], limit - lengths[place])
        limit = starts[place] - pause
    return starts
