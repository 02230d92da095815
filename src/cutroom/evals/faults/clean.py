"""Clean productions: 36 different ones, made by Cutroom from painted material, or from pictures and clips of your own.

Four kinds of material, four frames, with and without a voice, in the moods and ways of showing captions that there are.
Small and short, so that a laptop can bear them: at most eight seconds, at most 480 pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Literal

from cutroom import api
from cutroom.brief.brief import CaptionMode
from cutroom.director.decide import survey
from cutroom.errors import CutroomError, WrongUse
from cutroom.evals.faults import material
from cutroom.ledger.production import Production
from cutroom.ledger.state import fold
from cutroom.media.kinds import Cut, Media, Video
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep
from cutroom.planner.casting import cast
from cutroom.plugins import offered
from cutroom.timeline.timeline import Timeline

Kind = Literal["photographs", "clips", "mixed", "typographic"]
KINDS: tuple[Kind, ...] = ("photographs", "clips", "mixed", "typographic")
FRAMES: Mapping[str, tuple[int, int]] = {
    "wide": (480, 270),
    "tall": (270, 480),
    "square": (360, 360),
    "portrait": (288, 360),
}
MOODS = ("calm", "upbeat", "warm", "epic", "playful", "melancholy", "tense")
MODES: tuple[CaptionMode, ...] = ("block", "karaoke", "words")
SECONDS = 8
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic"})
CLIPS = frozenset({".mp4", ".mov", ".webm", ".mkv"})

Split = Literal["tuning", "held-out"]


@dataclass(frozen=True)
class Clean:
    """A production without a fault."""

    id: str
    kind: Kind
    frame: str
    voice: bool
    number: int
    """Its place in the list: its material, mood and way of showing captions hang on it."""

    @property
    def split(self) -> Split:
        """``held-out`` for about half of them, by a hash of the id: nobody looks at those while thresholds are chosen."""
        return "held-out" if hashlib.sha256(self.id.encode()).digest()[0] % 2 else "tuning"


def productions() -> tuple[Clean, ...]:
    """All of them: each kind in each frame with and without a voice, and one more of each kind."""
    found = [
        Clean(f"{kind}-{frame}-{'voice' if voice else 'silent'}", kind, frame, voice, number)
        for number, (kind, frame, voice) in enumerate(product(KINDS, FRAMES, (True, False)))
    ]
    more = [
        Clean(f"{kind}-{frame}-again", kind, frame, True, len(found) + number)
        for number, (kind, frame) in enumerate(zip(KINDS, FRAMES, strict=True))
    ]
    return (*found, *more)


@dataclass(frozen=True)
class Takes:
    """What a production is made of: its plan, and the take of each step that is in use."""

    plan: Plan
    media: Mapping[str, Media]
    """By the id of a step or an asset."""
    store: Store

    def inputs(self, step: str) -> dict[str, Media]:
        """What a step's take was made of, by id."""
        return {name: self.media[name] for name in self.plan.upstream(step) if name in self.media}

    def steps(self, kind: type[AnyStep]) -> list[str]:
        """The ids of the steps of this kind that have a take, in the order of the plan."""
        return [name for name in self.plan.needed() if isinstance(self.plan.steps[name], kind) and name in self.media]

    @cached_property
    def film(self) -> str:
        """The step that rendered the film."""
        return self.steps(RenderFilm)[-1]

    @cached_property
    def cut(self) -> str:
        """The step that assembled it."""
        return self.steps(AssembleCut)[-1]

    @cached_property
    def timeline(self) -> Timeline:
        """What the film shows."""
        media = self.media[self.cut]
        assert isinstance(media, Cut)
        return Timeline.model_validate_json(self.store.path(media).read_bytes())

    @cached_property
    def video(self) -> Video:
        """The film as it was rendered, before it was marked."""
        media = self.media[self.film]
        assert isinstance(media, Video)
        return media


def made(clean: Clean, room: Path, own: Path | None = None) -> Takes:
    """The production, made in `room` unless it lies there already; of pictures and clips in `own`, if given.

    Raises CutroomError when no film comes of it.
    """
    folder = room / clean.id
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "film.mp4"
    if not (folder / "whole").is_file():
        title, words = material.notes(clean.number)
        (folder / "notes.md").write_text(words, "utf-8")
        files = [*_material(clean, folder, own), folder / "notes.md"]
        result = api.make(f"A {_mood(clean)} film called '{title}'", files, out, options=_options(clean))
        if result.status not in ("delivered", "degraded"):
            raise CutroomError(f"{clean.id}: no film came of it: {result.reason}")
        (folder / "whole").touch()
    return takes_of(Production.existing(out.with_suffix(".cutroom")))


def takes_of(production: Production) -> Takes:
    """What lies in a finished production. Raises WrongUse when it has no plan."""
    with production.journal(read_only=True) as journal:
        state = fold(journal.events())
    if state.plan is None:
        raise WrongUse(f"{production.folder}: there is no plan in it; go on first: cutroom resume")
    standing = survey(state, cast(state.plan, offered("cutroom_performers")), api.Options().limits())
    return Takes(state.plan, {**state.plan.assets, **standing.media}, production.store)


def _mood(clean: Clean) -> str:
    return MOODS[clean.number % len(MOODS)]


def _options(clean: Clean) -> api.Options:
    width, height = FRAMES[clean.frame]
    # Large groups of words need a voice to come in time with.
    mode = MODES[clean.number % len(MODES)] if clean.voice else "block"
    return api.Options(
        seconds=Fraction(SECONDS),
        shape=f"{width}x{height}",
        mood=_mood(clean),
        voice=None if clean.voice else "none",
        caption_style=mode,
        seed=clean.number,
        language="en",
    )


def _material(clean: Clean, folder: Path, own: Path | None) -> list[Path]:
    if clean.kind == "typographic":
        return []
    if own is not None:
        return _own(clean, own)
    width, height = (640, 480) if clean.frame in ("wide", "square") else (480, 640)
    pictures = {"photographs": 4, "mixed": 2, "clips": 0}[clean.kind]
    clips = {"photographs": 0, "mixed": 1, "clips": 2}[clean.kind]
    found = [
        material.write_picture(folder / f"{place + 1}.jpg", 2 * width, 2 * height, 20 * clean.number + place)
        for place in range(pictures)
    ]
    found += [
        material.write_clip(folder / f"{place + 5}.mp4", width, height, 20 * clean.number + place)
        for place in range(clips)
    ]
    return found


def _own(clean: Clean, folder: Path) -> list[Path]:
    """Some of a person's own files, others for each production. Raises WrongUse when there are none of a kind."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    pictures, clips = _of(files, PICTURES), _of(files, CLIPS)
    wanted = {"photographs": (4, 0), "mixed": (2, 1), "clips": (0, 2)}[clean.kind]
    for kind, there, count in (("pictures", pictures, wanted[0]), ("clips", clips, wanted[1])):
        if count and not there:
            raise WrongUse(f"--material {folder}: holds no {kind}; {clean.kind} need some")
    some = [pictures[(clean.number + place) % len(pictures)] for place in range(min(wanted[0], len(pictures)))]
    return some + [clips[(clean.number + place) % len(clips)] for place in range(min(wanted[1], len(clips)))]


def _of(files: Sequence[Path], suffixes: frozenset[str]) -> list[Path]:
    return [path for path in files if path.suffix.lower() in suffixes]
