"""Framing pictures and picking the best stretches of clips.

Framing lists every way to show a picture that keeps the rules (no head is cut, no pixel is blown up, nothing rushes),
scores each, and takes the best; another take is the next best that looks different.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from cutroom.errors import GiveUp, TryAgain
from cutroom.measures.boxes import WHOLE, around, between, head, holds, padded, share
from cutroom.media.kinds import Cut, Image, Video
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.facts import ClipFacts, Face, Moment, PictureFacts, Shot
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import HOUSE, Terms
from cutroom.time import Span
from cutroom.timeline.timeline import Box, Clip, Format, Move, Timeline

Motion = Literal["push_in", "pull_out", "pan", "still"]
Fit = Literal["cover", "blur", "contain"]

MOST_LOST = 0.45
"""A picture that would lose more than this share to cropping is shown whole."""
LEAST_PIXELS = 0.7
"""Source pixels for each pixel of the frame, along a line: a zoom stops here."""
SMALL = 400
"""A picture whose longer side has fewer pixels than this is shown whole."""
SPEED = 0.02
"""The mean speed of a move's fastest corner, in frame widths a second (a smooth move peaks at one and a half times)."""
PAN_SPEED = 0.025
"""…of a pan along a picture that is much longer than the frame."""
ROOM = 0.015
"""Air around heads, as a share of the part seen: transitions show a little more of a move than its shot."""
LEAST_SEEN = 0.75
"""A wide picture in an upright frame keeps at least this share of its width."""
PANORAMA = 1.9
"""From this ratio of its sides on, a picture is panned along if it is longer than the frame."""
SURE = 0.5
"""Faces at least this sure decide where the frame may go."""


@dataclass(frozen=True)
class Framing:
    """One way to show a picture."""

    motion: Motion
    start: Box
    end: Box
    fit: Fit
    score: float


class _Scene(NamedTuple):
    """All that decides how a picture can be framed."""

    ratio: float
    """The picture's shape divided by the frame's: above 1 the picture is the wider one."""
    cover: float
    """The width (a fraction) of the largest frame-shaped box inside the picture."""
    tightest: float
    """The smallest width (a fraction) that a box may have before pixels are blown up."""
    people: Box | None
    """Around all heads."""
    subject: Box
    """What the frame heads for."""
    seconds: float

    @property
    def lost(self) -> float:
        """The share of the picture that covering the frame crops away."""
        return 1 - self.cover * self.cover * self.ratio


def scene_of(facts: PictureFacts | ClipFacts, frame: Format, seconds: Fraction, subject: Box) -> _Scene:
    """What decides how a picture (or clip) can be framed in `frame`."""
    ratio = facts.width / facts.height / frame.aspect
    cover = min(1.0, 1 / ratio)
    heads = [head(face.box) for face in _sure(facts.faces)]
    tightest = LEAST_PIXELS * frame.width / facts.width
    return _Scene(
        ratio,
        cover,
        tightest,
        around(heads) if heads else None,
        around(heads) if heads else subject,
        max(0.5, float(seconds)),
    )


def _sure(people: tuple[Face, ...]) -> tuple[Face, ...]:
    return tuple(face for face in people if face.confidence >= SURE)


def framings(facts: PictureFacts, picture: Image, step: FramePicture) -> tuple[Framing, ...]:
    """Every good way to show the picture, best first; each looks different from those before it. Never empty."""
    scene = scene_of(facts, step.format, step.seconds, facts.focus)
    chance = _Chance(f"{step.seed}:{picture.digest}")
    covering = () if picture.alpha else tuple(_covering(scene, step.motion, chance))
    whole = tuple(_whole(scene, step.motion, picture, chance))
    crop_first = (
        bool(covering)
        and max(facts.width, facts.height) >= SMALL
        and (scene.lost <= MOST_LOST or _is_panorama(facts, scene))
    )
    first, second = (covering, whole) if crop_first else (whole, covering)
    return _different(first) + _different(second)


def _is_panorama(facts: PictureFacts, scene: _Scene) -> bool:
    """True for a picture that is long in itself, and longer than the frame, but not so long that most stays unseen."""
    sides = max(facts.width / facts.height, facts.height / facts.width)
    along = facts.width > facts.height if scene.ratio > 1 else facts.height > facts.width
    return sides >= PANORAMA and along and max(scene.ratio, 1 / scene.ratio) <= 2.4


class _Chance:
    """Numbers between 0 and 1 that depend on a seed and a name, and on nothing else."""

    def __init__(self, seed: str) -> None:
        self.seed = seed

    def of(self, name: str) -> float:
        digest = hashlib.sha256(f"{self.seed}:{name}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48


# ── cropped to the frame ─────────────────────────────────────────────────────────────────────────────────────────────


def _covering(scene: _Scene, motion: str, chance: _Chance) -> Iterator[Framing]:
    """Ways to fill the frame with a part of the picture; none when that cuts a head."""
    wanted: tuple[Motion, ...] = ("push_in", "pull_out", "pan") if motion == "auto" else (motion,)  # type: ignore[assignment]
    for kind in wanted:
        for size in (1.0, 0.88, 0.78):
            for anchor in ((0.5, 0.45), (0.38, 0.42), (0.62, 0.42)):
                yield from _candidates(scene, kind, size, anchor, chance)


def _candidates(
    scene: _Scene, kind: Motion, size: float, anchor: tuple[float, float], chance: _Chance
) -> Iterator[Framing]:
    width = scene.cover * size
    if width < scene.tightest and size < 1:
        return
    for start, end in _moves(scene, kind, width, anchor):
        score = _score(scene, start, end, size, anchor)
        yield Framing(kind, start, end, "cover", score + _taste(scene, kind, chance))


def _moves(scene: _Scene, kind: Motion, width: float, anchor: tuple[float, float]) -> Iterator[tuple[Box, Box]]:
    wide = _placed(scene, width, anchor)
    if wide is None:
        return
    if kind == "still":
        yield wide, wide
    elif kind == "pan":
        yield from _pans(scene, wide)
    else:
        tight = _placed(scene, width / _zoom(scene, width), anchor)
        if tight is not None and tight.width < wide.width * 0.985:
            tight = _slowed(scene, wide, tight, SPEED)
            yield (wide, tight) if kind == "push_in" else (tight, wide)


def _zoom(scene: _Scene, width: float) -> float:
    """By how much the scale changes over the shot: 5 to 12 %, less where pixels or a head would suffer."""
    zoom = min(1.12, max(1.05, 1 + SPEED * scene.seconds))
    limit = width / scene.tightest
    if limit < zoom:
        # A small picture is blown up as it is; a small move does no more harm, and stillness would look like a fault.
        zoom = max(limit, 1.05)
    if scene.people is not None:
        tallest = scene.people.height / scene.ratio
        zoom = min(zoom, width / (max(scene.people.width, tallest) * (1 + 2 * ROOM) + 1e-9))
    return max(1.0, zoom)


def _placed(scene: _Scene, width: float, anchor: tuple[float, float]) -> Box | None:
    """The frame-shaped box of this width with the subject's middle at `anchor`, as near as the picture and heads allow.

    None when heads don't fit into it.
    """
    height = width * scene.ratio
    middle = scene.subject.centre
    keep = padded(scene.people, ROOM * width) if scene.people else None
    x = _slid(middle[0] - anchor[0] * width, width, (keep.x, keep.width) if keep else None)
    y = _slid(middle[1] - anchor[1] * height, height, (keep.y, keep.height) if keep else None)
    return None if x is None or y is None else Box(x=x, y=y, width=min(width, 1.0), height=min(height, 1.0))


def _slid(wanted: float, length: float, keep: tuple[float, float] | None) -> float | None:
    """Where a stretch of `length` begins: near `wanted`, inside 0..1, around `keep`; None when that can't be."""
    low, high = 0.0, max(0.0, 1 - length)
    if keep is not None:
        low, high = max(low, keep[0] + keep[1] - length), min(high, keep[0])
    if low > high + 1e-9:
        return None
    return min(max(wanted, low), max(low, high))


def _pans(scene: _Scene, box: Box) -> Iterator[tuple[Box, Box]]:
    """Moves sideways (or up and down) that end on the subject, in both directions."""
    across = 1 - box.width >= 1 - box.height
    side, length = ("x", box.width) if across else ("y", box.height)
    frame = box.width if across else box.width * scene.ratio
    most = (PAN_SPEED if scene.lost > 0.3 else SPEED) * scene.seconds * frame
    keep = padded(scene.people, ROOM * box.width) if scene.people else None
    wall = None if keep is None else (keep.x, keep.width) if across else (keep.y, keep.height)
    here = box.x if across else box.y
    for direction in (-1, 1):
        # The subject is reached in the pan's second half: what comes before it leads there.
        start = _slid(here - direction * most * 0.7, length, wall)
        if start is None:
            continue
        end = _slid(start + direction * most, length, wall)
        if end is not None and abs(end - start) >= 0.25 * most and abs(end - start) >= 0.02 * length:
            yield box.model_copy(update={side: start}), box.model_copy(update={side: end})


def _slowed(scene: _Scene, start: Box, end: Box, speed: float) -> Box:
    """`end`, or so far on the way to it as the fastest corner may go."""
    fastest = (
        max(
            abs(end.x - start.x),
            abs(end.x + end.width - start.x - start.width),
            abs(end.y - start.y) / scene.ratio,
            abs(end.y + end.height - start.y - start.height) / scene.ratio,
        )
        / start.width
    )
    return between(start, end, min(1.0, max(0.05, speed * scene.seconds) / max(fastest, 1e-9)))


def _score(scene: _Scene, start: Box, end: Box, size: float, anchor: tuple[float, float]) -> float:
    """How good a framing is: the subject is seen and well placed, and not too much of the picture is given away."""
    seen = (share(scene.subject, start) + share(scene.subject, end)) / 2
    tight = min(start, end, key=lambda box: box.width)
    x, y = scene.subject.centre
    off = abs((x - tight.x) / tight.width - 0.5) + abs((y - tight.y) / tight.height - 0.45)
    crowded = max(0.0, scene.subject.width / tight.width - 0.75) + max(0.0, scene.subject.height / tight.height - 0.8)
    # A small subject gains from coming closer; a large one doesn't.
    closer = (1 - size) * (0.6 if max(scene.subject.width, scene.subject.height) < 0.4 else -1.0)
    aside = 0.06 if anchor[0] != 0.5 else 0.0
    return seen - 0.35 * off - 0.5 * crowded + 0.5 * closer - 0.3 * (1 - size) - aside


def _taste(scene: _Scene, kind: Motion, chance: _Chance) -> float:
    """What speaks for a kind of move, with enough chance in it that a film doesn't repeat one."""
    liking = {"push_in": 0.12, "pull_out": 0.08, "pan": 0.0, "still": 0.0}[kind]
    if kind == "pan":
        liking += 0.16 if scene.lost > 0.2 else -0.08
        liking -= 0.1 if scene.people else 0.0
    return liking + 0.22 * chance.of(kind)


# ── shown whole ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _whole(scene: _Scene, motion: str, picture: Image, chance: _Chance) -> Iterator[Framing]:
    """Ways to show all of the picture, over a blurred fill (between bars when it has holes of its own)."""
    fit: Fit = "contain" if picture.alpha else "blur"
    if picture.alpha or max(picture.width, picture.height) < SMALL:
        yield Framing("still", WHOLE, WHOLE, fit, 0.5)
        return
    for base, worth in ((_trimmed(scene), 0.7), (WHOLE, 0.5)):
        if base is None:
            continue
        inset = _inset(scene, base)
        if inset is not None and motion in ("auto", "push_in"):
            yield Framing("push_in", base, inset, fit, worth + 0.1 * chance.of("whole in"))
        if inset is not None and motion in ("auto", "pull_out"):
            yield Framing("pull_out", inset, base, fit, worth + 0.1 * chance.of("whole out"))
        yield Framing("still", base, base, fit, worth - 0.1)


def _trimmed(scene: _Scene) -> Box | None:
    """A wide picture without some of its sides, so that it isn't a mere strip in an upright frame.

    None when it is not that wide, or when heads or what draws the eye would go.
    """
    if scene.ratio < 1 / (1 - MOST_LOST):
        return None
    keep = padded(scene.people or scene.subject, ROOM)
    width = max(LEAST_SEEN, scene.cover, keep.width)
    x = _slid(scene.subject.centre[0] - width / 2, width, (keep.x, keep.width))
    return None if x is None or width > 0.97 else Box(x=x, y=0.0, width=width, height=1.0)


def _inset(scene: _Scene, base: Box) -> Box | None:
    """`base` but for a few hundredths, so that a whole picture breathes; None when that would cut a head."""
    side = 1 - min(0.05, max(0.025, 0.5 * SPEED * scene.seconds))
    keep = padded(scene.people, 0.005) if scene.people else None
    across, down = ((keep.x, keep.width), (keep.y, keep.height)) if keep else (None, None)
    width, height = base.width * side, base.height * side
    x = _slid(base.x + (base.width - width) * scene.subject.centre[0], width, across)
    y = _slid(base.y + (base.height - height) * scene.subject.centre[1], height, down)
    return None if x is None or y is None else Box(x=x, y=y, width=width, height=height)


def _different(candidates: tuple[Framing, ...]) -> tuple[Framing, ...]:
    """The candidates by score, without those that look like a better one."""
    kept: list[Framing] = []
    for one in sorted(candidates, key=lambda framing: -framing.score):
        if all(_unlike(one, other) for other in kept):
            kept.append(one)
    return tuple(kept)


def _unlike(one: Framing, other: Framing) -> bool:
    apart = max(
        abs(getattr(a, side) - getattr(b, side)) / one.start.width
        for a, b in ((one.start, other.start), (one.end, other.end))
        for side in ("x", "y", "width")
    )
    return apart > 0.04 or one.fit != other.fit


class Framer:
    """Frames pictures by faces and by what draws the eye."""

    name = "house/frame"
    version = "1"

    def performs(self, step: AnyStep) -> bool:
        """True for FramePicture."""
        return isinstance(step, FramePicture)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing else decides the result."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Free."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Cut:
        """A cut of one clip: the best framing, or for take n the n-th best."""
        if not isinstance(step, FramePicture):
            raise GiveUp(f"{self.name} frames pictures, and cannot {step.kind}")
        picture: Image = desk.media(step.picture)
        ways = framings(desk.read(step.facts, PictureFacts), picture, step)
        way = ways[(desk.take - 1) % len(ways)]
        clip = Clip(
            media=picture,
            seconds=step.seconds,
            move=Move(start=way.start, end=way.end),
            fit=way.fit,
            name=step.picture.id,
        )
        return desk.keep_cut(Timeline(format=step.format, picture=(clip,)), step.seconds)


# ── clips ────────────────────────────────────────────────────────────────────────────────────────────────────────────

SLOWEST = Fraction(4, 5)
"""A clip that is too short is slowed down to this speed at most."""


class Stretch(NamedTuple):
    """A part of a clip that could be shown."""

    start: Fraction
    length: Fraction
    """Handles included, in the clip's own time."""
    focus: Box


class _Pace(NamedTuple):
    """How a stretch is played."""

    speed: Fraction
    handles: Fraction
    """What lies free on either side, in film time."""


def stretches(facts: ClipFacts, length: Fraction, *, across_cuts: bool = False) -> tuple[Stretch, ...]:
    """Stretches of this length that don't overlap, best first.

    Around the best moments first, then wherever there is room. Inside shots, unless `across_cuts`.
    """
    whole = (Shot(span=Span(start=Fraction(0), length=facts.seconds), quality=0.5),)
    shots = whole if across_cuts else facts.shots
    found: list[Stretch] = []
    for moment in facts.moments:
        middle = moment.span.start + moment.span.length / 2
        shot = next((shot.span for shot in shots if shot.span.start <= middle < shot.span.end), None)
        if shot is not None and shot.length >= length:
            start = min(max(middle - length / 2, shot.start), shot.end - length)
            _add(found, Stretch(start, length, moment.focus))
    for shot in sorted(shots, key=lambda shot: -shot.quality):
        for start in _starts(shot.span, length):
            _add(found, Stretch(start, length, _focus_near(facts.moments, start + length / 2)))
    return tuple(found)


def _starts(span: Span, length: Fraction) -> Iterator[Fraction]:
    """Where stretches of `length` begin that stand side by side in `span`, and right up to either end."""
    if span.length < length:
        return
    yield from (span.start + length * place for place in range(int(span.length / length)))
    yield span.end - length


def _add(found: list[Stretch], one: Stretch) -> None:
    if all(one.start + one.length <= other.start or other.start + other.length <= one.start for other in found):
        found.append(one)


def _focus_near(moments: tuple[Moment, ...], at: Fraction) -> Box:
    near = min(moments, key=lambda moment: abs(moment.span.start + moment.span.length / 2 - at), default=None)
    return near.focus if near else Box(x=0.25, y=0.25, width=0.5, height=0.5)


class MomentPicker:
    """Picks the best stretch of a clip."""

    name = "house/moment"
    version = "2"

    def performs(self, step: AnyStep) -> bool:
        """True for PickMoment."""
        return isinstance(step, PickMoment)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing else decides the result."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Free."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Cut:
        """A cut of one clip; take n shows another stretch. Raises TryAgain when the clip is too short."""
        if not isinstance(step, PickMoment):
            raise GiveUp(f"{self.name} picks moments of clips, and cannot {step.kind}")
        video: Video = desk.media(step.clip)
        facts = desk.read(step.facts, ClipFacts)
        stretch, pace = _chosen(facts, step, desk.take)
        start = stretch.start + pace.handles * pace.speed
        if pace.speed != 1:
            desk.degrade(
                step.clip.id,
                f"is {float(facts.seconds):.1f} s long, too short for {float(step.seconds):.1f} s and its transitions, "
                f"so it is played at {float(pace.speed):.2f} of its speed",
            )
        move, fit = _clip_framing(facts, step, stretch.focus)
        clip = Clip(
            media=video,
            seconds=step.seconds,
            source=Span(start=start, length=step.seconds * pace.speed),
            speed=pace.speed,
            move=move,
            fit=fit,
            name=step.clip.id,
        )
        return desk.keep_cut(Timeline(format=step.format, picture=(clip,)), step.seconds)


def _chosen(facts: ClipFacts, step: PickMoment, take: int) -> tuple[Stretch, _Pace]:
    """The stretch for this part and take, and how it is played; as gently as the clip's length allows."""
    slower = (Fraction(9, 10), SLOWEST)
    paces = [
        _Pace(Fraction(1), step.handles),
        # At the far end of a transition a shot can hardly be seen: a frame that stands there disturbs less than a
        # whole shot that is slowed down, sound and all.
        *(_Pace(Fraction(1), step.handles / part) for part in (2, 4)),
        *(_Pace(speed, step.handles / 2) for speed in slower),
        _Pace(Fraction(1), Fraction(0)),
        *(_Pace(speed, Fraction(0)) for speed in slower),
    ]
    for across_cuts in (False, True):
        for pace in paces:
            ready = stretches(facts, (step.seconds + 2 * pace.handles) * pace.speed, across_cuts=across_cuts)
            if len(ready) > step.part:
                # Another take comes from the far end of the list, where other parts of this clip rarely reach.
                others = (ready[step.part], *reversed(ready[step.part + 1 :]))
                return others[(take - 1) % len(others)], pace
    for pace in paces:
        if again := stretches(facts, (step.seconds + 2 * pace.handles) * pace.speed, across_cuts=True):
            # The film asks for more than the clip holds: what was seen before is seen again.
            return again[(step.part + take - 1) % len(again)], pace
    raise TryAgain(
        f"pick_moment: {step.clip.id!r} is {float(facts.seconds):.2f} s long: too short for a stretch of "
        f"{float(step.seconds):.2f} s, even slowed to {float(SLOWEST)}; ask for at most "
        f"{float(facts.seconds / SLOWEST):.2f} s"
    )


def _clip_framing(facts: ClipFacts, step: PickMoment, focus: Box) -> tuple[Move | None, Fit]:
    """What is seen of a clip: a still crop around the focus, or all of it over a blurred fill."""
    scene = scene_of(facts, step.format, step.seconds, focus)
    if abs(scene.ratio - 1) < 0.01:
        return None, "cover"
    crop = _placed(scene, scene.cover, (0.5, 0.45))
    if crop is None or scene.lost > MOST_LOST or max(facts.width, facts.height) < SMALL // 2:
        return None, "blur"
    if scene.people is None or holds(crop, scene.people):
        return Move(start=crop, end=crop), "cover"
    return None, "blur"
