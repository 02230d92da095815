"""What a moving frame shows of a picture, as geometry: nothing here looks at pixels.

| check | bound | from |
|---|---|---|
| `head_cut` | a face that is seen is seen whole, with its hair, throughout the move | |
| `face_lost` | the main face is seen at some time | |
| `focus_lost` | half of what draws the eye, or half of the frame's worth of it, is seen at some time | |
| `move_too_fast` | on average a seventh of the frame a second | the "seven-second rule" for pans (ASC Manual) |
| `upscaled` | half a source pixel for each of the film's, unless there are no more | softness shows |
| `too_little_seen` | a third of what the frame could show | |
| `outside_picture` | the frame lies on the picture, but for 1 % | |
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from cutroom.judge.evidence import Evidence, found, gathered, measured
from cutroom.plan.facts import Face
from cutroom.timeline.timeline import Box, Clip, Format

FASTEST = 1 / 7
LEAST_PIXELS = 0.5
LEAST_OF_MOST = 0.65
"""A small picture may be enlarged further, half as much again as when it is seen whole."""
HAIR = 0.25
"""Hair and forehead above a face's box, as a share of its height."""
WHOLE = 0.97
"""A head of which so much is seen counts as whole: detectors are no more exact."""
GONE = 0.1
"""A face of which less is seen is not in the shot."""
SURE = 0.5
"""Faces that the detector is less sure of don't count."""
MAIN = 0.2
"""Faces smaller than this share of the largest one (by area) are bystanders."""
LEAST_SEEN = 1 / 3
LEAST_FOCUS = 0.5
WHOLE_PICTURE = Box(x=0, y=0, width=1, height=1)
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class View:
    """How a clip shows a picture of a given size in a given frame."""

    clip: Clip
    format: Format
    width: int
    """Of the picture, upright, in pixels."""
    height: int

    def seen(self, share: float) -> Box:
        """The part of the picture that fills (or stands in) the frame when `share` (0 to 1) of the move is done."""
        box = WHOLE_PICTURE if self.clip.move is None else between(self.clip.move.start, self.clip.move.end, share)
        if self.clip.fit != "cover":
            return box
        return cropped(box, self.format.aspect * self.height / self.width)

    def pixels(self, share: float) -> float:
        """Source pixels for each pixel of the film, in one direction."""
        box = self.seen(share)
        across, down = box.width * self.width / self.format.width, box.height * self.height / self.format.height
        return max(across, down)

    @property
    def most_pixels(self) -> float:
        """The same for the largest part of the picture that could be shown."""
        sides = (self.width / self.format.width, self.height / self.format.height)
        return min(sides) if self.clip.fit == "cover" else max(sides)

    @property
    def most_seen(self) -> float:
        """The largest share of the picture (0 to 1) that one frame could show."""
        if self.clip.fit != "cover":
            return 1.0
        box = cropped(WHOLE_PICTURE, self.format.aspect * self.height / self.width)
        return box.width * box.height


def between(start: Box, end: Box, share: float) -> Box:
    """The box on the way from `start` to `end`."""

    def mixed(one: float, other: float) -> float:
        return one + (other - one) * share

    return Box(
        x=mixed(start.x, end.x),
        y=mixed(start.y, end.y),
        width=mixed(start.width, end.width),
        height=mixed(start.height, end.height),
    )


def cropped(box: Box, aspect: float) -> Box:
    """The largest centred part of `box` whose width is `aspect` times its height (both as fractions of the picture)."""
    width, height = min(box.width, box.height * aspect), min(box.height, box.width / aspect)
    x, y = box.centre
    return Box(x=x - width / 2, y=y - height / 2, width=width, height=height)


def overlap(one: Box, other: Box) -> float:
    """The share (0 to 1) of `one` that lies within `other`."""
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(across, 0.0) * max(down, 0.0) / (one.width * one.height)


def head(face: Face) -> Box | None:
    """The face with its hair, as far as the picture has it; None when the box lies outside."""
    box = face.box
    top, left = max(box.y - HAIR * box.height, 0.0), max(box.x, 0.0)
    bottom, right = min(box.y + box.height, 1.0), min(box.x + box.width, 1.0)
    return Box(x=left, y=top, width=right - left, height=bottom - top) if right > left and bottom > top else None


def framing(view: View, faces: tuple[Face, ...], focus: Box | None = None) -> Evidence:
    """All checks of the geometry, and of the faces and the focus that are known."""
    return gathered((_pixels(view), _speed(view), _seen(view), _faces(view, faces), _focus(view, focus)))


def _focus(view: View, focus: Box | None) -> Evidence:
    """How much of what draws the eye is seen where most of it is."""
    if focus is None:
        return Evidence()
    boxes = [view.seen(share) for share in STEPS]
    # What is larger than the frame cannot be seen whole.
    room = max(min(1.0, box.width * box.height / (focus.width * focus.height)) for box in boxes)
    seen = max(overlap(focus, box) for box in boxes) / room
    evidence = measured(focus_seen=min(seen, 1.0))
    if seen < LEAST_FOCUS:
        says = f"only {100 * seen:.0f} % of what draws the eye is in the frame (at least {100 * LEAST_FOCUS:.0f} %)"
        evidence += found("focus_lost", says)
    return evidence


def _pixels(view: View) -> Evidence:
    least = min(view.pixels(0), view.pixels(1))
    evidence = measured(source_pixels_per_pixel=least)
    if least < LEAST_PIXELS and least < LEAST_OF_MOST * view.most_pixels:
        says = f"the picture is enlarged {1 / least:.1f} times (at most {1 / LEAST_PIXELS:.0f}"
        evidence += found("upscaled", f"{says}; seen whole, {1 / view.most_pixels:.1f})")
    return evidence


def _speed(view: View) -> Evidence:
    start, end, seconds = view.seen(0), view.seen(1), float(view.clip.seconds)
    points = product((0.0, 0.5, 1.0), repeat=2)
    speed = max(_travel(start, end, across, down, view.format.aspect) for across, down in points) / seconds
    evidence = measured(move_speed=speed)
    if speed > FASTEST:
        says = f"the picture moves by {100 * speed:.0f} % of the frame's width a second (at most {100 * FASTEST:.0f} %)"
        evidence += found("move_too_fast", says)
    return evidence


def _travel(start: Box, end: Box, across: float, down: float, aspect: float) -> float:
    """How far a point travels that begins at (across, down) of the frame, in frame widths."""
    x, y = start.x + across * start.width, start.y + down * start.height
    right, below = (x - end.x) / end.width - across, (y - end.y) / end.height - down
    return (right**2 + (below / aspect) ** 2) ** 0.5


def _seen(view: View) -> Evidence:
    boxes = [view.seen(share) for share in STEPS]
    least = min(box.width * box.height for box in boxes) / view.most_seen
    evidence = measured(picture_seen=min(least, 1.0))
    if least < LEAST_SEEN:
        evidence += found(
            "too_little_seen",
            f"only {100 * least:.0f} % of what the frame could show is seen (at least {100 * LEAST_SEEN:.0f} %)",
        )
    if view.clip.fit == "cover" and (inside := min(overlap(box, WHOLE_PICTURE) for box in boxes)) < 0.99:
        evidence += found("outside_picture", f"{100 * (1 - inside):.0f} % of the frame lies outside the picture")
    return evidence


def _faces(view: View, faces: tuple[Face, ...]) -> Evidence:
    sure = [(face, box) for face in faces if face.confidence >= SURE and (box := head(face))]
    if not sure:
        return Evidence()
    largest = max(box.width * box.height for _, box in sure)
    evidence, anybody = Evidence(), False
    for face, box in sure:
        if box.width * box.height < MAIN * largest:
            continue
        visible = [overlap(face.box, view.seen(share)) for share in STEPS]
        whole = [overlap(box, view.seen(share)) for share in STEPS]
        anybody = anybody or max(visible) > GONE
        cut = [place for place in range(len(STEPS)) if visible[place] > GONE and whole[place] < WHOLE]
        if cut:
            worst, step = min(whole[place] for place in cut), view.clip.seconds / (len(STEPS) - 1)
            says = f"a head is cut: only {100 * worst:.0f} % of it is in the frame"
            evidence += found("head_cut", says, cut[0] * step, (cut[-1] - cut[0]) * step)
    if not anybody:
        evidence += found("face_lost", "nobody's face is ever in the frame, although the picture shows one")
    return evidence
