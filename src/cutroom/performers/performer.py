"""What a performer is: somebody who can carry out steps of some kinds, and says under which name and version.

A performer is plain, blocking code: the engine runs it in a thread or a process of its own. It reads its inputs and
keeps its result through the `Desk` that it is handed, reports progress there, and raises `GiveUp` or `TryAgain` with a
message for the planner when it can't. One that works through a server also says `Terms`, and tells the desk of the job.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from cutroom.media.kinds import Audio, Cut, Image, Media, Text, Video, Word
from cutroom.media.store import Store
from cutroom.money import Price
from cutroom.plan.step import AnyStep, Ref
from cutroom.plan.terms import Terms

Facts = TypeVar("Facts", bound=BaseModel)


def _silent(done: int, total: int) -> None:
    """Progress that nobody listens to."""


def _unheard(what: str, why: str) -> None:
    """A degradation that nobody writes down (tests only: the engine always does)."""


def _unwritten(job: str) -> None:
    """A job that nobody writes down (tests only: the engine always does)."""


def _uncharged(price: Price) -> None:
    """A bill that nobody keeps (tests only: the engine always does)."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A performer's place of work for one take."""

    store: Store
    inputs: dict[str, Media]
    """What the step's refs point to, by id."""
    makers: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Who made each input, by id: the performer's name and version. What was handed over is not in it."""
    take: int = 1
    """Which take this is, from 1."""
    seed: int = 0
    """Derived from the production's seed, the step and the take: all randomness comes from it."""
    scratch: Path
    """A folder of the take's own, removed afterwards."""
    progress: Callable[[int, int], None] = field(default=_silent)
    """Call with (done, total): frames, sentences, whatever the step counts."""
    degrade: Callable[[str, str], None] = field(default=_unheard)
    """Call with (what, why) when the take is not quite what was asked: it ends in the film's report."""
    token: str = ""
    """Unique to this take, the same after a crash: send it as idempotency key where the server knows such a thing."""
    job: str | None = None
    """The job that an earlier attempt at this take submitted: ask for its result instead of submitting again."""
    submitted: Callable[[str], None] = field(default=_unwritten)
    """Call with the job's id (any string that finds it again) as soon as the server has taken the call. Returns when it
    is durable; ask for the result only then."""
    charge: Callable[[Price], None] = field(default=_uncharged)
    """Call with what was really billed, when the server says so; otherwise the price of the terms counts."""
    pause: Callable[[float], None] = field(default=time.sleep)
    """Wait so many seconds between two questions to a server. Raises Cancelled when a person stopped the run."""

    def media(self, ref: Ref[Any]) -> Any:
        """The media that `ref` points to."""
        return self.inputs[ref.id]

    def path(self, ref: Ref[Any]) -> Path:
        """Where the bytes behind `ref` lie. Read only."""
        return self.store.path(self.inputs[ref.id])

    def read(self, ref: Ref[Text], model: type[Facts]) -> Facts:
        """The JSON behind `ref`, as a `model`."""
        return model.model_validate_json(self.path(ref).read_bytes())

    def words(self, ref: Ref[Text]) -> str:
        """The text behind `ref`."""
        return self.path(ref).read_text("utf-8")

    def keep_text(self, text: str) -> Text:
        """Keep words."""
        blob = self.store.add_bytes(text.encode(), ".txt")
        return Text(digest=blob.digest, bytes=blob.bytes, suffix=".txt")

    def keep_facts(self, facts: BaseModel) -> Text:
        """Keep a model of `plan.facts` as JSON."""
        blob = self.store.add_bytes(facts.model_dump_json(indent=1).encode(), ".json")
        return Text(
            digest=blob.digest, bytes=blob.bytes, suffix=".json", schema_name=getattr(facts, "schema_name", None)
        )

    def keep_cut(self, timeline: BaseModel, seconds: Any) -> Cut:
        """Keep a timeline as a cut."""
        blob = self.store.add_bytes(timeline.model_dump_json(indent=1).encode(), ".json")
        return Cut(digest=blob.digest, bytes=blob.bytes, suffix=".json", seconds=seconds)

    def keep_image(self, path: Path, *, width: int, height: int, alpha: bool = False) -> Image:
        """Keep the picture file at `path` (in `scratch`)."""
        blob = self.store.move_in(path, path.suffix)
        return Image(digest=blob.digest, bytes=blob.bytes, suffix=path.suffix, width=width, height=height, alpha=alpha)

    def keep_sound(
        self,
        path: Path,
        *,
        seconds: Any,
        rate: int,
        channels: int,
        words: tuple[Word, ...] = (),
        beats: tuple[Any, ...] = (),
    ) -> Audio:
        """Keep the sound file at `path` (in `scratch`)."""
        blob = self.store.move_in(path, path.suffix)
        return Audio(
            digest=blob.digest,
            bytes=blob.bytes,
            suffix=path.suffix,
            seconds=seconds,
            rate=rate,
            channels=channels,
            words=words,
            beats=beats,
        )

    def keep_video(self, path: Path, *, seconds: Any, width: int, height: int, fps: Any, sound: bool) -> Video:
        """Keep the video file at `path` (in `scratch`)."""
        blob = self.store.move_in(path, path.suffix)
        return Video(
            digest=blob.digest,
            bytes=blob.bytes,
            suffix=path.suffix,
            seconds=seconds,
            width=width,
            height=height,
            fps=fps,
            sound=sound,
        )


class Performer(Protocol):
    """Who can carry out a step."""

    name: str
    """Unique, e.g. ``house/espeak``."""
    version: str
    """Part of every key: raise it when results change."""

    def performs(self, step: AnyStep) -> bool:
        """True when this performer can carry out `step` on this machine."""
        ...

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """What else decides the result (a voice's file hash, a soundfont): JSON, part of the key."""
        ...

    def terms(self, step: AnyStep) -> Terms:
        """What a take costs, what it queues for, how long it may take. `plan.terms.HOUSE` for built-in performers."""
        ...

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """Carry it out and return what was made.

        Raises GiveUp when this step cannot work, TryAgain when it could with other input, TryLater when a server cannot
        just now and nothing was billed, Ambiguous when a call that may cost money was sent and no answer came, BadInput
        or Unavailable. With `desk.job` set, nothing must be submitted again.
        """
        ...
