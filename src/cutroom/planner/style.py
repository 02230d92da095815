"""What a mood means for the cut: how long shots are, how one gives way to the next, how fast the frame moves. Data."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from cutroom.plan.catalogue.generate import Mood

Kind = Literal["dissolve", "dip", "wipe", "push"]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a film of one mood is cut."""

    shot: Fraction
    """How long a picture is seen when the film's length is free, in seconds."""
    transitions: tuple[tuple[Kind | None, float], ...]
    """What stands between shots, with its share; None is a plain cut."""
    transition: Fraction
    """How long a transition lasts, in seconds."""


STYLES: dict[Mood, Style] = {
    "calm": Style(shot=Fraction(9, 2), transitions=(("dissolve", 1.0),), transition=Fraction(1)),
    "warm": Style(shot=Fraction(4), transitions=(("dissolve", 0.8), (None, 0.2)), transition=Fraction(4, 5)),
    "melancholy": Style(shot=Fraction(5), transitions=(("dissolve", 0.75), ("dip", 0.25)), transition=Fraction(6, 5)),
    "upbeat": Style(
        shot=Fraction(5, 2), transitions=((None, 0.65), ("dissolve", 0.2), ("push", 0.15)), transition=Fraction(2, 5)
    ),
    "playful": Style(
        shot=Fraction(5, 2), transitions=((None, 0.5), ("push", 0.25), ("wipe", 0.25)), transition=Fraction(1, 2)
    ),
    "epic": Style(
        shot=Fraction(7, 2), transitions=(("dissolve", 0.5), ("dip", 0.25), (None, 0.25)), transition=Fraction(4, 5)
    ),
    "tense": Style(shot=Fraction(5, 2), transitions=((None, 0.8), ("dip", 0.2)), transition=Fraction(1, 2)),
}

SHAPES: dict[str, tuple[int, int]] = {
    "16:9": (1920, 1080),
    "9:16": (1080, 1920),
    "1:1": (1080, 1080),
    "4:5": (1080, 1350),
}
"""Named frames, in pixels."""
