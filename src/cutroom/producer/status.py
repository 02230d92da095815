"""How a production stands: its steps, its versions, its money. Only reads."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cutroom.director.status import Standing, StepStatus, status
from cutroom.ledger.production import Production
from cutroom.ledger.state import State, cut_off, fold
from cutroom.money import Price
from cutroom.plan.cast import Cast
from cutroom.planner.casting import cast
from cutroom.plugins import offered
from cutroom.producer.planners import planner_for, writer


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Step(_Frozen):
    """How one step stands (`director.status.StepStatus`)."""

    step: str
    kind: str
    standing: Standing
    why: tuple[str, ...] = ()
    performer: str
    take: int | None = None
    takes: int = 0
    price: Price
    paid: Decimal = Decimal(0)
    kept: bool = False


class FilmVersion(_Frozen):
    """A version of the film that was delivered."""

    number: int
    parent: int
    """The version that it was made from; 0 for none."""
    asked: str
    """What led to it: the request, a revision, or the choice of a take."""
    current: bool
    """True for the one that lies beside the folder."""


class Status(_Frozen):
    """How a production stands."""

    production: str
    request: str
    revisions: tuple[str, ...] = ()
    ended: str
    """How the last run ended: delivered, degraded, stopped or failed; ``never`` when it was cut off."""
    reason: str = ""
    steps: tuple[Step, ...] = ()
    versions: tuple[FilmVersion, ...] = ()
    spent: dict[str, Decimal] = {}
    notes: tuple[str, ...] = ()


def status_of(folder: Path) -> Status:
    """How the production in `folder` stands, read without changing anything.

    Raises WrongUse when there is none, BrokenProduction when its ledger cannot be read, and OSError when a file of its
    store can be seen but not read: that is an error, not a take that is missing.
    """
    production = Production.existing(folder)
    with production.journal(read_only=True) as journal:
        state = fold(journal.events())
        if not journal.at_work():
            state = cut_off(state)
    parts = cast(state.plan, offered("cutroom_performers")) if state.plan is not None else Cast()
    return Status(
        production=str(folder),
        request=state.brief.request if state.brief else "",
        revisions=state.brief.revisions if state.brief else (),
        ended=state.wrapped.status if state.wrapped else "never",
        reason=state.wrapped.reason if state.wrapped else "",
        steps=tuple(_shown(step, production) for step in status(state, parts)),
        versions=_versions(state),
        spent=dict(state.spent),
        notes=_notes(state),
    )


def _shown(step: StepStatus, production: Production) -> Step:
    """A take whose bytes are gone is missing, whatever the ledger says."""
    about = {name: value for name, value in vars(step).items() if name != "media"}
    if step.media is not None and not production.store.has(step.media):
        about |= {"standing": "missing", "why": ("its bytes are gone from the store",)}
    return Step(**about)


def _versions(state: State) -> tuple[FilmVersion, ...]:
    return tuple(
        FilmVersion(
            number=version.number,
            parent=version.parent,
            asked=version.change,
            current=version.number == state.version,
        )
        for version in state.versions
    )


def _notes(state: State) -> tuple[str, ...]:
    if state.plan is None:
        return ()
    assert state.brief is not None, "a plan has a brief"
    planner = planner_for(
        state.brief,
        offered("cutroom_performers"),
        offered("cutroom_planners"),
        until_now=state.planned_by.partition(" ")[0],
        writer=writer(),
    )
    now = f"{planner.name} {planner.version}"
    if state.planned_by == now:
        return ()
    if state.spent:
        return (f"the plan is by {state.planned_by}; it is kept, because takes of it were paid for",)
    return (f"the plan is by {state.planned_by}; the next run plans anew with {now}",)
