"""Exact time: seconds and rates are fractions, and floats are refused at the door.

A frame number exists only together with a rate, and `Rate.frames` is the only way to get one.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


def exact(value: Any) -> Fraction:
    """`value` as a fraction: an int, a Fraction, or text such as ``"21/5"`` or ``"4.2"``.

    Raises ValueError for floats (0.1 is not a tenth) and for anything that is no number.

    >>> exact("1001/30000")
    Fraction(1001, 30000)
    >>> exact("4.2")
    Fraction(21, 5)
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Fraction):
        hint = f"write '{Fraction(value).limit_denominator(1000)}'" if isinstance(value, float) else "write '21/5'"
        raise ValueError(f"time is exact: {hint}, not {value!r}")
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError(f"time is exact: {value!r} is no number of seconds") from error


Exact = Annotated[
    Fraction,
    BeforeValidator(exact),
    PlainSerializer(str, return_type=str),
    Field(json_schema_extra={"type": "string", "pattern": r"^-?\d+(/\d+|\.\d+)?$"}),
]
"""A fraction that is written as text in JSON: ``"21/5"``."""

Seconds = Exact
"""A length or a point in time, in seconds."""


def from_float(seconds: float, ticks: int = 48_000) -> Fraction:
    """A measured float rounded to whole ticks (default: samples at 48 kHz), so that it becomes exact by decision."""
    return Fraction(round(seconds * ticks), ticks)


class Rate(BaseModel):
    """Frames a second, exactly: 30, 24000/1001."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_second: Exact

    def frames(self, seconds: Fraction) -> int:
        """How many whole frames `seconds` last, to the nearest frame (half up)."""
        return int(seconds * self.per_second + Fraction(1, 2))

    def seconds(self, frames: int) -> Fraction:
        """When frame number `frames` begins."""
        return frames / self.per_second

    def snap(self, seconds: Fraction) -> Fraction:
        """`seconds` moved to the nearest frame's beginning."""
        return self.seconds(self.frames(seconds))


class Span(BaseModel):
    """A stretch of time: where it starts and how long it lasts, in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Seconds = Fraction(0)
    length: Seconds

    @property
    def end(self) -> Fraction:
        """Where the span stops."""
        return self.start + self.length
