"""Shots: a picture that was framed, a moment that was picked. Both are cuts with one clip in them.

For a moment, the span that was chosen is looked at (ten frames a second, small):

| check | bound | from |
|---|---|---|
| `not_a_shot` | the cut holds exactly one clip, of what the step was given | |
| `wrong_length` | within half a frame of what was asked | |
| `outside_source` | the span lies in the clip, but for one frame | |
| `black`, `frozen` | 0.5 s, 2 s | `measures.video` |
| `flicker` | three flashes a second | WCAG 2.2, 2.3.1 |
| `blurred` | sharpness 0.12 in seven tenths of it | far below what focus or hand shake usually cost |
| `cut_inside` | no cut within the shot | |

For a picture see `checks.framing`. That a picture itself is blurred is measured, and no fault of its framing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pydantic import ValidationError

from cutroom.errors import BadInput
from cutroom.judge.checks.framing import View, framing
from cutroom.judge.checks.timelines import frame_of, left_over, opened
from cutroom.judge.evidence import Evidence, clock, found, gathered, measured, unmeasured
from cutroom.measures import video as watching
from cutroom.measures.video import Look
from cutroom.media import clip as reading
from cutroom.media.kinds import Cut, Media, Video
from cutroom.media.store import Store
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.facts import PictureFacts
from cutroom.time import Span
from cutroom.timeline.timeline import Clip, Format

BLACK_FOR = Fraction(1, 2)
FROZEN_FOR = Fraction(2)
BLURRED = 0.12
EVERY = Fraction(1, 10)
SIDE = 640


def framed(step: FramePicture, media: Cut, inputs: Mapping[str, Media], store: Store) -> Evidence:
    """What the frame shows of the picture, and how it moves."""
    clip = _only_clip(media, inputs.get(step.picture.id), step.seconds, step.format, store)
    if isinstance(clip, Evidence):
        return clip
    view = View(clip.item, step.format, clip.item.media.width, clip.item.media.height)
    facts = _facts(inputs.get(step.facts.id), store)
    if facts is None:
        return clip.evidence + framing(view, ()) + unmeasured("head_cut", "nothing is known of the picture's faces")
    return clip.evidence + framing(view, facts.faces, facts.focus) + measured(sharpness=facts.sharpness)


def picked(step: PickMoment, media: Cut, inputs: Mapping[str, Media], store: Store) -> Evidence:
    """What is seen in the stretch of the clip that was picked."""
    clip = _only_clip(media, inputs.get(step.clip.id), step.seconds, step.format, store)
    if isinstance(clip, Evidence):
        return clip
    source = clip.item.media
    if not isinstance(source, Video):
        return clip.evidence + found("not_a_shot", "the shot shows a picture, not a stretch of the clip")
    span = clip.item.source or Span(length=source.seconds)
    frame = 1 / source.fps
    if span.start < -frame or span.end > source.seconds + frame:
        return clip.evidence + found(
            "outside_source", f"it uses {clock(span.start)} to {clock(span.end)} of a clip of {clock(source.seconds)}"
        )
    return clip.evidence + watched(source, span, store)


def any_clip(media: Video, store: Store) -> Evidence:
    """What can be said of moving pictures without knowing what they are for."""
    return watched(media, Span(length=media.seconds), store)


def watched(media: Video, span: Span, store: Store) -> Evidence:
    """Black, frozen and blurred stretches, and cuts, in a part of a clip."""
    frames = reading.frames(store.path(media), span=span, every=EVERY, max_side=SIDE)
    try:
        looks = tuple(watching.watch(frames, source_side=max(media.width, media.height)))
    except BadInput as error:
        return found("cannot_be_decoded", f"cannot be decoded: {error.reason}")
    if not looks:
        return found("cannot_be_decoded", "cannot be decoded: there is not one frame in the stretch")
    sharpness = watching.standing(looks, Span(start=looks[0].at, length=span.end)).sharpness
    evidence = measured(sharpness=sharpness)
    if sharpness < BLURRED:
        evidence += found("blurred", f"it is very blurred: sharpness {sharpness:.2f} of 1 (at least {BLURRED})")
    end = looks[-1].at + 2 * max(EVERY, 1 / media.fps)
    if end < span.end:
        says = f"the last frame that can be decoded is at {clock(looks[-1].at)} of {clock(span.end)}"
        evidence += found("cannot_be_decoded", says, end - span.start, span.end - end)
    return evidence + _stretches(looks, span)


def _stretches(looks: Sequence[Look], span: Span) -> Evidence:
    end = max(span.end, looks[-1].at)
    dark, still = watching.black(looks, end, BLACK_FOR), watching.frozen(looks, end, FROZEN_FOR)
    said = [("black", part, f"it is black for {clock(part.length)}") for part in dark]
    said += [("frozen", part, f"nothing moves for {clock(part.length)}") for part in left_over(still, dark, FROZEN_FOR)]
    said += [("flicker", part, f"it flickers for {clock(part.length)}") for part in watching.flicker(looks, end)]
    said += [
        ("cut_inside", Span(start=at, length=Fraction(0)), f"the clip itself cuts to another shot at {clock(at)}")
        for at in watching.cuts(looks)
    ]
    return gathered(
        found(check, says, max(part.start - span.start, Fraction(0)), part.length) for check, part, says in said
    )


@dataclass(frozen=True)
class _Shot:
    item: Clip
    evidence: Evidence


def _only_clip(cut: Media, source: Media | None, seconds: Fraction, frame: Format, store: Store) -> _Shot | Evidence:
    """The one clip of the cut and what is wrong with its length; or the evidence that it is no shot."""
    timeline = opened(cut, store)
    if isinstance(timeline, Evidence):
        return timeline
    if len(timeline.picture) != 1 or not isinstance(clip := timeline.picture[0], Clip):
        return found("not_a_shot", f"a shot is one clip, but the cut holds {len(timeline.picture)} items")
    if source is not None and clip.media.digest != source.digest:
        return found("not_a_shot", "the shot shows something else than what it was to be made of")
    evidence = measured(seconds=float(timeline.seconds))
    if abs(timeline.seconds - seconds) > 1 / frame.fps / 2:
        evidence += found("wrong_length", f"the shot is {clock(timeline.seconds)} long, asked for: {clock(seconds)}")
    if timeline.format != frame:
        says = f"the shot is made for {frame_of(timeline.format)}, the film is {frame_of(frame)}"
        evidence += found("wrong_size", says)
    return _Shot(clip, evidence)


def _facts(media: Media | None, store: Store) -> PictureFacts | None:
    if media is None:
        return None
    try:
        return PictureFacts.model_validate_json(store.path(media).read_bytes())
    except ValidationError:
        return None
