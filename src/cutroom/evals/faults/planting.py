"""Carries a production into the run's store, and plants one fault in it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.random import Generator

from cutroom.evals.faults import heard, pictures, takes
from cutroom.evals.faults.clean import Takes
from cutroom.evals.faults.film import Encoding, frames_of, samples_of, write
from cutroom.evals.faults.kinds import Kind
from cutroom.evals.task import Item, Made, NotApplicable
from cutroom.media.kinds import Cut, Media, Video
from cutroom.media.store import Store
from cutroom.performers.house.assembly import Assembler, FilmRenderer
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.catalogue.generate import ComposeMusic, Speak
from cutroom.plan.catalogue.write import WriteCaptions, WriteScript
from cutroom.plan.step import AnyStep
from cutroom.time import Span
from cutroom.timeline.timeline import Clip, Timeline, Transition

JUDGED: tuple[type[AnyStep], ...] = (
    WriteScript,
    WriteCaptions,
    Speak,
    ComposeMusic,
    FramePicture,
    PickMoment,
    AssembleCut,
    RenderFilm,
)
"""The kinds of steps whose takes are judged, in clean productions and in faulty ones."""

AGAIN = Encoding(crf=18)
"""How a touched picture is encoded again: a little finer than the film was, so that what shows is the fault."""
HEADROOM = 10 ** (-0.3 / 20)
"""Sound that is encoded again is turned down so much: what a lossy encoder adds must not exceed the ceiling."""


@dataclass(frozen=True)
class Bed:
    """A clean production, in the run's own store."""

    takes: Takes
    store: Store

    @classmethod
    def of(cls, there: Takes, store: Store) -> Bed:
        """The production with all its bytes in `store`."""
        for media in there.media.values():
            if not store.has(media):
                store.add(there.store.path(media), media.suffix)
        return cls(Takes(there.plan, there.media, store), store)

    def item(self, name: str, media: Media | None = None, **inputs: Media) -> Item:
        """A take as the judge sees it, with another medium or other inputs where given."""
        return Item(
            name=name,
            step=self.takes.plan.steps[name],
            media=media or self.takes.media[name],  # pyright: ignore[reportArgumentType]
            inputs={**self.takes.inputs(name), **inputs},  # pyright: ignore[reportArgumentType]
        )


def clean(bed: Bed) -> Made:
    """All takes that are judged, without a fault."""
    names = [name for kind in JUDGED for name in bed.takes.steps(kind)]
    return Made(items=tuple(bed.item(name) for name in names), about="no fault")


def encoded_again(bed: Bed, seed: str) -> Made:
    """The film with picture and sound encoded anew, and nothing else: what finds a fault here takes coding for one."""
    with _room(bed.store) as room:
        frames, samples = frames_of(_film(bed)), _samples(bed)
        sound = None if samples is None else samples * np.float32(HEADROOM)
        video = _written(bed, room, frames=frames, samples=sound)
    return Made(items=(bed.item(bed.takes.film, video),), about="no fault, encoded again")


def planted(bed: Bed, kind: Kind, strength: str, seed: str) -> Made:
    """The production with this one fault. The same `seed` gives the same fault. Raises NotApplicable."""
    rng = np.random.default_rng(list(hashlib.sha256(seed.encode()).digest()))
    step, items, span = _WAYS[kind.way](bed, kind, kind.dose(strength), rng)
    return Made(
        items=items,
        about=kind.about.format(kind.dose(strength)),
        at=None if span is None else max(span.start, Fraction(0)),
        length=None if span is None else max(span.length, Fraction(0)),
        facts={"step": step},
    )


_Planted = tuple[str, tuple[Item, ...], Span | None]


def _in_picture(bed: Bed, kind: Kind, dose: float, rng: Generator) -> _Planted:
    fault: Any = kind.plant
    with _room(bed.store) as room:
        frames, span = fault(frames_of(_film(bed)), _scene(bed.takes.timeline), dose, rng)
        video = _written(bed, room, frames=frames)
    return bed.takes.film, (bed.item(bed.takes.film, video),), span


def _in_sound(bed: Bed, kind: Kind, dose: float, rng: Generator) -> _Planted:
    fault: Any = kind.plant
    samples = _samples(bed)
    if samples is None:
        raise NotApplicable("the film has no sound")
    with _room(bed.store) as room:
        harmed, span = fault(samples, dose, rng)
        # What is too loud on purpose stays so.
        gain = 1.0 if fault in (heard.peaks, heard.clipped) else HEADROOM
        video = _written(bed, room, samples=(harmed * np.float32(gain)))
    return bed.takes.film, (bed.item(bed.takes.film, video),), span


def _rendered(bed: Bed, kind: Kind, dose: float, rng: Generator) -> _Planted:
    fault: Any = kind.plant
    timeline, span = fault(bed.takes.timeline, dose, rng)
    name = bed.takes.film
    step = bed.takes.plan.steps[name]
    assert isinstance(step, RenderFilm)
    with _room(bed.store) as room:
        inputs = {**bed.takes.inputs(name), step.cut.id: _kept(timeline, bed.store)}
        video = FilmRenderer().perform(step, Desk(store=bed.store, inputs=inputs, scratch=room))
    return name, (bed.item(name, video),), span


def _in_cut(bed: Bed, kind: Kind, dose: float, rng: Generator) -> _Planted:
    fault: Any = kind.plant
    timeline, span = fault(bed.takes.timeline, dose, rng)
    return bed.takes.cut, (bed.item(bed.takes.cut, _kept(timeline, bed.store)),), span


def _in_take(bed: Bed, kind: Kind, dose: float, rng: Generator) -> _Planted:
    """The faulty take, and the cut that comes of it: the blame must land on the take."""
    fault: Any = kind.plant
    names = bed.takes.steps(kind.step)
    if not names:
        raise NotApplicable(f"it has no {kind.step.model_fields['kind'].default} step")
    name = names[int(rng.integers(len(names)))]
    others = tuple(bed.takes.media[other] for other in names if other != name)
    with _room(bed.store) as room:
        step = bed.takes.plan.steps[name]
        take = takes.Take(step, bed.takes.media[name], bed.takes.inputs(name), bed.store, room, rng, others)
        media, span = fault(take, dose)
        items = [bed.item(name, media)]
        if name in bed.takes.plan.upstream(bed.takes.cut):
            after = _assembled(bed, name, media, room)
            items.append(bed.item(bed.takes.cut, after, **{name: media}))
    return name, tuple(items), span


_WAYS: dict[str, Callable[[Bed, Kind, float, Generator], _Planted]] = {
    "picture": _in_picture,
    "sound": _in_sound,
    "rendered": _rendered,
    "cut": _in_cut,
    "take": _in_take,
}


def _assembled(bed: Bed, name: str, media: Media, room: Path) -> Media:
    """The cut with one other take in it."""
    inputs = {**bed.takes.inputs(bed.takes.cut), name: media}
    return Assembler().perform(bed.takes.plan.steps[bed.takes.cut], Desk(store=bed.store, inputs=inputs, scratch=room))


def _film(bed: Bed) -> Path:
    return bed.store.path(bed.takes.video)


def _samples(bed: Bed) -> np.ndarray | None:
    return samples_of(_film(bed)) if bed.takes.video.sound else None


def _scene(timeline: Timeline) -> pictures.Scene:
    """Where each shot is seen alone, between its transitions."""
    rate = timeline.format.rate
    shots, now, before = [], Fraction(0), Fraction(0)
    for place, item in enumerate(timeline.picture):
        if isinstance(item, Transition):
            before = item.seconds / 2
            continue
        following = timeline.picture[place + 1] if place + 1 < len(timeline.picture) else None
        after = following.seconds / 2 if isinstance(following, Transition) else Fraction(0)
        first, end = rate.frames(now + before), rate.frames(now + item.seconds - after)
        if isinstance(item, Clip) and end > first:
            shots.append((first, min(end, timeline.frames)))
        now, before = now + item.seconds, Fraction(0)
    return pictures.Scene(timeline.format.fps, tuple(shots))


def _written(bed: Bed, room: Path, *, frames: Any = None, samples: Any = None) -> Video:
    """The film with other frames or samples, in the store."""
    out = room / "film.mp4"
    fps = bed.takes.video.fps
    write(out, _film(bed), Encoding(AGAIN.crf, AGAIN.preset, fps), frames=frames, samples=samples)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        width, height, count = stream.width, stream.height, stream.frames
    blob = bed.store.move_in(out, ".mp4")
    return bed.takes.video.model_copy(
        update={"digest": blob.digest, "bytes": blob.bytes, "width": width, "height": height, "seconds": count / fps}
    )


def _kept(timeline: Timeline, store: Store) -> Cut:
    blob = store.add_bytes(timeline.model_dump_json(indent=1).encode(), ".json")
    return Cut(digest=blob.digest, bytes=blob.bytes, suffix=".json", seconds=timeline.seconds)


@contextmanager
def _room(store: Store) -> Iterator[Path]:
    room = store.scratch()
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
