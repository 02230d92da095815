"""Captions as a SubRip file."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from cutroom.timeline.timeline import Caption


def clock(seconds: Fraction) -> str:
    """A time as SubRip writes it.

    >>> clock(Fraction(7384, 100))
    '00:01:13,840'
    """
    thousandths = int(seconds * 1000 + Fraction(1, 2))
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02},{rest % 1000:03}"


def srt(captions: Sequence[Caption]) -> str:
    """`captions` as the text of a SubRip file; empty for none."""
    blocks = []
    for number, caption in enumerate(captions, 1):
        # An arrow inside the words would end the cue for some players.
        lines = "\n".join(line.replace("-->", "→") for line in caption.lines)
        blocks.append(f"{number}\n{clock(caption.start)} --> {clock(caption.start + caption.seconds)}\n{lines}\n")
    return "\n".join(blocks)
