"""Which part of a source the frame shows, as other editors put it: a scale and a position of the whole source.

Both count from the source fitted into the frame: scale 1 is the largest that fits, position 0 is centred.
"""

from __future__ import annotations

from dataclasses import dataclass

from cutroom.exports.grid import Boxed, Shot
from cutroom.render.inset import Rect, rect_of
from cutroom.render.layers import place
from cutroom.render.picture import Stretch
from cutroom.render.view import View
from cutroom.timeline.timeline import Clip, Format


@dataclass(frozen=True)
class Key:
    """Where the source lies at one frame of the shot."""

    at: int
    """Counted from the cut; handles lie below 0 and behind the last frame."""
    size: float
    """How much larger than fitted."""
    right: float
    """How far its middle lies to the right of the frame's, as a part of the frame's width."""
    down: float
    """The same downwards, as a part of the frame's height."""
    aspect: float
    """The frame's width over its height."""

    @property
    def scale(self) -> str:
        """As FCPXML writes it: both directions."""
        return f"{self.size:.5g} {self.size:.5g}"

    @property
    def position(self) -> str:
        """As FCPXML writes it: to the right and up, in hundredths of the frame's height."""
        return f"{_number(self.right * self.aspect * 100)} {_number(-self.down * 100)}"


@dataclass(frozen=True)
class Framing:
    """The way of a shot's source: where it lies first and last."""

    keys: tuple[Key, Key]
    smooth: bool

    @property
    def whole(self) -> bool:
        """True when all of the source is seen, fitted and centred, all the time."""
        return all(abs(key.size - 1) < 5e-4 and abs(key.right) < 5e-4 and abs(key.down) < 5e-4 for key in self.keys)

    @property
    def moves(self) -> bool:
        """True when the first and the last framing differ."""
        one, other = self.keys
        return one.at != other.at


def framing(clip: Clip, frame: Format, shot: Shot) -> Framing:
    """Where the source of `clip` lies in `frame` while `shot` lasts."""
    placing = place(clip, frame, Stretch(shot.frames, shot.lead, shot.trail))
    shape = clip.media.width / clip.media.height
    fitted = min(1.0, shape / frame.aspect)

    def key(at: int, view: View) -> Key:
        right = (placing.x + placing.width * (0.5 - view.x) / view.width) / frame.width - 0.5
        down = (placing.y + placing.height * (0.5 - view.y) / view.height) / frame.height - 0.5
        size = placing.width / view.width / frame.width / fitted
        return Key(at, size, right, down, frame.aspect)

    path = placing.path
    if path.still:
        one = key(0, path.start)
        return Framing((one, one), smooth=False)
    first, last = -round(path.lead), max(shot.frames - 1, 1) + round(path.trail)
    return Framing((key(first, path.at(first)), key(last, path.at(last))), path.smooth)


def boxed(boxed: Boxed, frame: Format) -> Framing:
    """Where the source of an inset lies in `frame`: its own framing, brought into its box.

    What of the source lies outside the box is cut off by the film, and by an editor only with a mask.
    """
    inset, rect = boxed.inset, rect_of(boxed.inset, frame)
    inside = Format(width=rect.width, height=rect.height, fps=frame.fps)
    own = framing(inset.clip, inside, boxed.shot)
    shape = inset.clip.media.width / inset.clip.media.height
    # Fitted into the box, and fitted into the frame.
    small, large = min(rect.width, rect.height * shape), min(frame.width, frame.height * shape)

    def moved(key: Key) -> Key:
        right = (rect.x + rect.width * (0.5 + key.right)) / frame.width - 0.5
        down = (rect.y + rect.height * (0.5 + key.down)) / frame.height - 0.5
        return Key(key.at, key.size * small / large, right, down, frame.aspect)

    first, last = own.keys
    return Framing((moved(first), moved(last)), own.smooth)


def seen_in(framed: Key, rect: Rect, frame: Format, shape: float) -> tuple[float, float, float, float]:
    """How much of the source an inset's box cuts off on its left, upper, right and lower side, as parts of the source."""
    width = framed.size * min(frame.width, frame.height * shape)
    height = width / shape
    left = (0.5 + framed.right) * frame.width - width / 2
    top = (0.5 + framed.down) * frame.height - height / 2
    sides = (rect.x - left, rect.y - top, left + width - rect.x - rect.width, top + height - rect.y - rect.height)
    return tuple(max(0.0, round(side / whole, 6)) for side, whole in zip(sides, (width, height) * 2, strict=True))  # pyright: ignore[reportReturnType]


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) >= 5e-5 else "0"
