"""The cut as a CMX 3600 edit decision list: one row of pictures, cuts, dissolves, wipes and speeds, in time code.

In a list a transition belongs to the shot that it leads to: that shot begins where the transition does, and the one
before ends there. Time code counts frames without dropping any, and the film begins at one hour, as tapes did.
"""

from __future__ import annotations

import unicodedata

from cutroom.exports.edit import Edit
from cutroom.exports.grid import Crossing, Grid, Shot
from cutroom.exports.material import Material
from cutroom.time import Rate
from cutroom.timeline.timeline import Clip

MOST_EVENTS = 999
"""What CMX 3600 can number."""
LONGEST_LINE = 120


def timecode(frames: int, rate: Rate) -> str:
    """``HH:MM:SS:FF``, non-drop: at 30000/1001 frames a second counted as if there were 30.

    >>> from fractions import Fraction
    >>> timecode(1800, Rate(per_second=Fraction(30000, 1001)))
    '00:01:00:00'
    """
    base = nominal(rate)
    seconds, rest = divmod(frames, base)
    # Lists have two digits for hours, and one list must not count past a day.
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}"


def nominal(rate: Rate) -> int:
    """The whole number of frames a second that time code counts with."""
    return max(1, round(rate.per_second))


def edl(edit: Edit, grid: Grid, material: Material) -> str:
    """The text of an ``.edl`` file."""
    lines = [f"TITLE: {_plain(edit.title)}", "FCM: NON-DROP FRAME", ""]
    number = 0
    for place, shot in enumerate(grid.shots):
        crossing = grid.crossing_after(place - 1) if place else None
        if shot.frames == 0 or number == MOST_EVENTS:
            continue
        number += 1
        ends = grid.crossing_after(place)
        end = ends.first if ends else shot.end
        before = grid.shots[place - 1] if crossing else None
        lines += _event(_Event(edit, grid, material, number), shot, end, crossing, before)
        lines += _insets(grid, edit, crossing.first if crossing else shot.first, end)
        lines += _locators(edit, grid, crossing.first if crossing else shot.first, end)
    return "\n".join(lines) + "\n"


class _Event:
    """What the lines of one event share."""

    def __init__(self, edit: Edit, grid: Grid, material: Material, number: int) -> None:
        self.edit, self.rate, self.material, self.number = edit, grid.rate, material, number

    def line(self, shot: Shot, how: str, begin: int, end: int) -> str:
        """Event number, reel, channel, kind of edit, and source and record time code, in their columns."""
        first, last = self.source(shot, begin), self.source(shot, end)
        times = (
            timecode(first, self.rate),
            timecode(last, self.rate),
            _record(begin, self.rate),
            _record(end, self.rate),
        )
        reel = "AX" if isinstance(shot.item, Clip) else "BL"
        return f"{self.number:03}  {reel:<8} V     {how:<8} {' '.join(times)}"

    def source(self, shot: Shot, frame: int) -> int:
        """Which of the source's frames is seen at this frame of the film."""
        if not isinstance(shot.item, Clip):
            return max(frame - shot.first + shot.lead, 0)
        return max(shot.source(self.rate) + round((frame - shot.first) * shot.item.speed), 0)

    def name(self, shot: Shot) -> str:
        """The source's name."""
        return _plain(self.edit.name(shot.item.media.digest)) if isinstance(shot.item, Clip) else "BLACK"

    def file(self, shot: Shot) -> str | None:
        """Where its file lies in the export."""
        return self.material.files[shot.item.media.digest] if isinstance(shot.item, Clip) else None


def _event(event: _Event, shot: Shot, end: int, crossing: Crossing | None, before: Shot | None) -> list[str]:
    lines = []
    begin = shot.first
    if crossing is not None and before is not None:
        begin = crossing.first
        lines.append(event.line(before, "C", begin, begin))
        lines.append(event.line(shot, f"{_code(crossing)} {crossing.frames:03}", begin, end))
        lines.append(f"* FROM CLIP NAME:  {event.name(before)}")
        lines.append(f"* TO CLIP NAME:  {event.name(shot)}")
        if crossing.transition.kind not in ("dissolve", "wipe"):
            lines.append(f"* {crossing.transition.kind.upper()} IN THE FILM, A DISSOLVE HERE")
    else:
        lines.append(event.line(shot, "C", begin, end))
        lines.append(f"* FROM CLIP NAME:  {event.name(shot)}")
    if (file := event.file(shot)) is not None:
        lines.append(f"* FROM FILE: {file}")
    if isinstance(shot.item, Clip) and shot.item.speed != 1:
        speed = float(event.rate.per_second * shot.item.speed)
        lines.append(f"M2   AX       {speed:05.1f}                {timecode(event.source(shot, begin), event.rate)}")
    return lines


def _insets(grid: Grid, edit: Edit, begin: int, end: int) -> list[str]:
    """Comments on the pictures in the picture that come in an event: a list has no row for them."""
    return [
        f"* PICTURE IN PICTURE, NOT IN THIS LIST: {_plain(edit.name(boxed.inset.clip.media.digest))[:60]} "
        f"{_record(boxed.shot.first, grid.rate)} {_record(boxed.shot.end, grid.rate)}"
        for row in grid.insets
        for boxed in row
        if begin <= boxed.shot.first < end
    ]


def _locators(edit: Edit, grid: Grid, begin: int, end: int) -> list[str]:
    """The markers that lie in an event."""
    found = [(grid.rate.frames(marker.at), marker.name) for marker in edit.timeline.markers]
    return [f"* LOC: {_record(at, grid.rate)} GREEN   {_plain(name)}" for at, name in found if begin <= at < end]


def _code(crossing: Crossing) -> str:
    """D for a dissolve, W001 for a wipe (SMPTE's first: a straight edge)."""
    return "W001" if crossing.transition.kind == "wipe" else "D"


def _record(frames: int, rate: Rate) -> str:
    return timecode(frames + 3600 * nominal(rate), rate)


def _plain(text: str) -> str:
    """`text` on one line, without what a list cannot hold."""
    flat = " ".join("".join(char if unicodedata.category(char)[0] != "C" else " " for char in text).split())
    return flat[:LONGEST_LINE]
