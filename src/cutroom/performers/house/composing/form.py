"""The form of a piece: sections in whole bars, how full each is, in which key, on which theme."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["intro", "theme", "bridge", "break", "ending"]


@dataclass(frozen=True)
class Section:
    """A stretch of bars with one idea."""

    kind: Kind
    start: int
    """Its first bar, from 0."""
    bars: int
    energy: float
    """How full it is, 0 to 1."""
    chapter: int = 0
    """Which pair of themes it plays: long pieces bring new ones."""
    again: int = 0
    """How often its theme has been heard before: repeats are varied."""
    shift: int = 0
    """By how many semitones its key lies above the home key."""

    @property
    def end(self) -> int:
        """The bar after its last."""
        return self.start + self.bars


_SHAPES: dict[int, tuple[tuple[Kind, float], ...]] = {
    1: (("theme", 0.6),),
    2: (("theme", 0.5), ("theme", 0.75)),
    3: (("theme", 0.5), ("bridge", 0.75), ("theme", 0.9)),
    4: (("theme", 0.45), ("theme", 0.6), ("bridge", 0.8), ("theme", 0.95)),
    5: (("theme", 0.45), ("theme", 0.6), ("bridge", 0.8), ("break", 0.4), ("theme", 0.95)),
    6: (("theme", 0.45), ("theme", 0.6), ("bridge", 0.8), ("break", 0.4), ("bridge", 0.85), ("theme", 0.97)),
}
"""The eights of bars of one chapter: what each is and how full."""

_SHIFTS = (0, 5, -3, 2)
"""The keys that chapters go through; the last one comes home."""


def sections(bars: int) -> tuple[Section, ...]:
    """The form of a piece of `bars` bars (not counting the final chord's): one to a hundred and more sections."""
    if bars < 4:
        return (Section("ending", 0, bars, 0.6),) if bars else ()
    intro, ending = _frame(bars)
    found: list[Section] = []
    if intro:
        found.append(Section("intro", 0, intro, 0.3))
    body = bars - intro - ending
    eights, link = divmod(body, 8)
    at = intro
    chapters = _chapters(eights)
    for chapter, count in enumerate(chapters):
        last = chapter == len(chapters) - 1
        theme = 0 if last else chapter
        shift = 0 if last else _SHIFTS[chapter % len(_SHIFTS)]
        heard: dict[str, int] = {}
        for kind, energy in _SHAPES[count]:
            again = heard.get(kind, 0) + (2 if last and chapter else 0)
            heard[kind] = heard.get(kind, 0) + 1
            found.append(Section(kind, at, 8, energy, theme, again, shift))
            at += 8
    if len(chapters) > 1:
        found[-1] = replace(found[-1], energy=1.0)
    if link:
        found = _linked(found, link, at, eights)
        at = found[-1].end
    if ending:
        found.append(Section("ending", at, ending, 0.7 if eights else 0.6))
    return tuple(found)


def _frame(bars: int) -> tuple[int, int]:
    """How many bars are intro and ending, so that whole fours remain."""
    rest = bars % 4
    if bars < 8:
        return 0, rest
    if bars < 12:
        return ((0, 0), (0, 1), (2, 0), (2, 1))[rest]
    if bars < 24:
        return ((2, 2), (2, 3), (2, 4), (4, 3))[rest]
    return ((4, 4), (4, 5), (2, 4), (4, 3))[rest]


def _chapters(eights: int) -> list[int]:
    """How many eights each chapter has: four to six, as even as can be; all in one when there are few."""
    if eights <= 6:
        return [eights] if eights else []
    count = -(-eights // 6)
    return [eights // count + (place < eights % count) for place in range(count)]


def _linked(found: list[Section], link: int, at: int, eights: int) -> list[Section]:
    """`found` with four more bars: a theme of their own in a short piece, else a build-up before the last section."""
    if not eights:
        return [*found, Section("theme", at, link, 0.6)]
    last = found[-1]
    if eights == 1:
        return [*found, Section("theme", at, link, min(last.energy + 0.2, 1), again=1)]
    build = Section("bridge", last.start, link, 0.65, last.chapter, 1, last.shift)
    return [*found[:-1], build, replace(last, start=last.start + link)]
