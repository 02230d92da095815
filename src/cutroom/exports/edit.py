"""A finished production as something to export: the timeline in use, its media, and what people call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cutroom.director.decide import Limits, survey
from cutroom.errors import BrokenProduction, WrongUse
from cutroom.ledger.events import Accepted, Made
from cutroom.ledger.journal import Journal
from cutroom.ledger.production import Production
from cutroom.ledger.state import State, fold
from cutroom.media.kinds import AnyMedia, Cut
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import MarkFilm, RenderFilm
from cutroom.planner.casting import cast
from cutroom.plugins import offered
from cutroom.timeline.timeline import Timeline


@dataclass(frozen=True)
class Edit:
    """Everything that an export is made of."""

    timeline: Timeline
    store: Store
    names: Mapping[str, str]
    """What people call a medium, by its digest: the file's name as it came, else the step's id. Data, never a path."""
    title: str
    """The film's title, else the name of its file."""
    stem: str
    """The production's own name, e.g. ``lake``: what exported files are called."""
    loudness: float = -14.0
    """What the film is mastered to, in LUFS."""
    true_peak: float = -1.0
    """The ceiling of that, in dBTP."""
    current: bool = True
    """False when the plan's own cut could not be told (its performers have changed) and the last one accepted is used."""

    def name(self, digest: str) -> str:
        """What to call a medium."""
        return self.names.get(digest) or digest[:12]


def load(folder: Path) -> Edit:
    """The cut in use of the production in `folder`.

    Raises WrongUse when there is no production or it has no cut yet, BrokenProduction when the cut cannot be read.
    """
    production = Production.existing(folder)
    with production.journal(read_only=True) as journal:
        state = fold(journal.events())
        standing = _standing(state)
        cut = _cut_in(state, standing)
        current = cut is not None
        cut = cut or _last_cut(journal)
    if cut is None:
        raise WrongUse(
            f"{folder}: there is no cut to export yet; run the same `cutroom make` again so that it gets as far as a film"
        )
    try:
        timeline = Timeline.model_validate_json(production.store.path(cut).read_bytes())
    except ValueError as error:
        raise BrokenProduction(
            f"{folder}: its cut cannot be read ({error}); run the same `cutroom make` again"
        ) from error
    film = _film(state)
    stem = folder.resolve().name.removesuffix(".cutroom") or "film"
    return Edit(
        timeline=timeline,
        store=production.store,
        names=_names(state, standing),
        title=timeline.title or stem,
        stem=stem,
        loudness=film.loudness if film else -14.0,
        true_peak=film.true_peak if film else -1.0,
        current=current,
    )


def _standing(state: State) -> Mapping[str, AnyMedia]:
    """What the plan's steps stand for now, by id; empty without a plan."""
    if state.plan is None:
        return {}
    return survey(state, cast(state.plan, offered("cutroom_performers")), Limits()).media


def _cut_in(state: State, standing: Mapping[str, AnyMedia]) -> Cut | None:
    film = _film(state)
    found = standing.get(film.cut.id) if film else None
    return found if isinstance(found, Cut) else None


def _film(state: State) -> RenderFilm | None:
    """The rendering that the plan's goal stands for: itself, or the one that it goes on from."""
    plan, name = state.plan, state.plan.goal if state.plan else None
    while plan is not None and name is not None:
        step = plan.steps.get(name)
        if isinstance(step, RenderFilm):
            return step
        name = step.film.id if isinstance(step, MarkFilm) else None
    return None


def _last_cut(journal: Journal) -> Cut | None:
    """The cut that was accepted last, whatever became of the plan: shots are cuts too, but hold no whole film."""
    made: dict[str, Cut] = {}
    last = None
    for event in journal.events():
        if isinstance(event, Made) and isinstance(event.media, Cut) and event.performer == "house/assemble":
            made[event.key] = event.media
        elif isinstance(event, Accepted):
            last = made.get(event.key, last)
    return last


def _names(state: State, standing: Mapping[str, AnyMedia]) -> dict[str, str]:
    names = {media.digest: f"{identity}{media.suffix}" for identity, media in standing.items()}
    names |= {asset.media.digest: asset.name for asset in (state.brief.assets if state.brief else ())}
    return names
