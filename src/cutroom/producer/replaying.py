"""Replay: a film made anew from its ledger and its store, while nobody outside is asked for anything.

The plan is thrown away and made again; every take that a server once made is the one that was kept; what failed then fails
again for the same reason. It happens in a rehearsal, so the ledger stays as it is.
"""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from cutroom import errors
from cutroom.director.limits import Limits
from cutroom.engine.deliver import put_file
from cutroom.engine.watch import Watch
from cutroom.errors import BrokenProduction, CutroomError, GiveUp, WrongUse
from cutroom.ledger.events import Failed
from cutroom.ledger.production import Production
from cutroom.ledger.state import State, Version, fold
from cutroom.media.kinds import Media
from cutroom.performers.performer import Desk, Performer
from cutroom.plan.plan import Degraded, Plan
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms
from cutroom.plugins import offered
from cutroom.producer.results import Result
from cutroom.producer.run import Run

_TOKEN = 32
"""How many characters of a take's key its token has."""


class Kept:
    """A performer of whom only what was kept is had: whoever it is asks nobody."""

    def __init__(self, performer: Performer, failed: dict[str, Failed]) -> None:
        """In the place of `performer`; `failed` are the failures that the ledger knows, by the take's token."""
        self.performer = performer
        self.name = performer.name
        self.version = performer.version
        self._failed = failed

    def performs(self, step: AnyStep) -> bool:
        """As the performer."""
        return self.performer.performs(step)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """As the performer: its takes have the same keys."""
        return self.performer.settings(step)

    def settings_within(self, step: AnyStep, plan: Plan) -> dict[str, Any]:
        """As the performer, where it has such."""
        within = getattr(self.performer, "settings_within", None)
        return {} if within is None else within(step, plan)

    def terms(self, step: AnyStep) -> Terms:
        """As the performer."""
        return self.performer.terms(step)

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """What the house makes by itself is made; anything else was kept, or is missing.

        Raises BrokenProduction for what is missing, and what the ledger says for what failed.
        """
        failed = self._failed.get(desk.token)
        if failed is not None:
            raise _as_it_was(failed)
        if self.performer.name.startswith("house/"):
            return self.performer.perform(step, desk)
        raise BrokenProduction(
            f"no take of {step.kind} by {self.name}, as it is set up now, was kept for this film, and a replay asks nobody; "
            "have it made first: cutroom resume"
        )


def _as_it_was(failed: Failed) -> CutroomError:
    kind = getattr(errors, failed.error, GiveUp)
    if kind is errors.TryLater:
        return errors.TryLater(failed.reason, after=0.0)
    plain = (errors.TryAgain, errors.Unavailable, errors.Ambiguous, errors.Vanished, errors.OverBudget)
    return kind(failed.reason) if kind in plain else GiveUp(failed.reason)


class Replay(Run):
    """A run that plans anew, and in which nobody outside is asked."""

    def _performers(self, state: State) -> list[Performer]:
        failed = {event.key[:_TOKEN]: event for event in self.journal.events() if isinstance(event, Failed)}
        return [Kept(performer, failed) for performer in super()._performers(state)]

    def _known(self, state: State) -> State:
        return replace(state, plan=None, attempts={}, settled=frozenset())


def replayed(production: Production, watch: Watch) -> Result:
    """The film of `production`, made anew; see `cutroom.api.replay`."""
    began = time.monotonic()
    with production.journal(read_only=True) as journal:
        state = fold(journal.events())
    if not state.versions:
        raise WrongUse(f"{production.folder}: there is no film to be replayed yet; go on first: cutroom resume")
    _check_cast(state)
    # Nothing is bought, so no budget holds anything up.
    limits = Limits(budget=Decimal("Infinity"), allow_unknown_price=True, fallback="any")
    with production.rehearsal() as copy, copy.journal() as journal:
        run = Replay(copy, journal, None, limits, watch)
        result = run.to_the_end(copy.folder / run.brief.film, began)
        return _handed_over(result, state.versions[state.version - 1], production, run.brief.film)


def _check_cast(state: State) -> None:
    """Raises WrongUse when somebody whose takes are in the film is not configured any more: keys would not be the same."""
    here = {performer.name for performer in offered("cutroom_performers")}
    gone = {
        take.made.performer
        for slot in state.slots.values()
        if slot.accepted is not None and (take := slot.takes[slot.accepted.take]).made is not None
    } - here
    if gone:
        raise WrongUse(
            f"the film was made by {', '.join(sorted(gone))}, which cutroom.toml does not name here; a replay asks them "
            "nothing and needs no key, but must know how they were set up"
        )


def _handed_over(result: Result, version: Version, production: Production, name: str) -> Result:
    """The result as seen from the production: the film where it belongs, or beside it when it is another one."""
    made = next((item for item in result.deliverables if item.kind == "video"), None)
    result = result.model_copy(update={"production": str(production.folder), "deliverables": ()})
    if made is None:
        return result
    then = {item.sha256 for item in version.wrapped.deliverables if item.kind == "video"}
    place = production.film(name)
    if made.sha256 not in then:
        place = place.with_name(f"{place.stem}.replay{place.suffix}")
        said = Degraded(
            what="replay", why=f"the film is not the same to the byte as version {version.number}; it lies beside it"
        )
        result = result.model_copy(update={"status": "degraded", "degraded": (*result.degraded, said)})
    put_file(Path(made.path), place, "video", made.sha256)
    return result.model_copy(update={"deliverables": (made.model_copy(update={"path": str(place)}),)})
