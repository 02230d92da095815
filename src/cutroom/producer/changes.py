"""Changing a film that is there: other words, another take, an earlier version. Only what hangs below is made anew.

Every function works on an open `Run` and writes down one decision; the run then goes on as any other.
"""

from __future__ import annotations

from difflib import get_close_matches

from cutroom.director.acceptance import settled_for
from cutroom.director.frontier import Frontier
from cutroom.errors import WrongUse
from cutroom.ledger.events import Accepted, Redone, Returned
from cutroom.ledger.state import Slot, State, Version
from cutroom.producer.run import Run


def redo(run: Run, step: str, take: int | None = None) -> int:
    """Asks for another take of `step`; the next one, unless `take` says which. Returns its number.

    Raises WrongUse for a step that the plan has not, and for one whose performer makes the same of it every time.
    """
    frontier = _frontier(run)
    slot = _slot(run, frontier, step)
    known = run.state.slots.get(slot, Slot()).takes
    wanted = take or max((number for number, one in known.items() if one.made), default=0) + 1
    if wanted in known and known[wanted].made:
        raise WrongUse(f"take {wanted} of {step} is there: cutroom keep {step} {wanted} uses it")
    part = frontier.parts[step]
    if not type(frontier.plan.steps[step]).seeded and part.performer.startswith("house/"):
        raise WrongUse(
            f"{step}: {part.performer} makes the same of it every time; say what should be different: cutroom revise"
        )
    run.write(Redone(step=step, slot=slot, take=wanted))
    return wanted


def keep(run: Run, step: str, take: int) -> None:
    """Uses a take that is there, whatever the judge says of it. Raises WrongUse when there is no such take."""
    frontier = _frontier(run)
    for slot in dict.fromkeys([_slot(run, frontier, step), frontier.slots.get(step, "")]):
        one = run.state.slots.get(slot, Slot()).takes.get(take)
        if one is not None and one.made:
            said = settled_for(step, one.verdict) if one.verdict and one.verdict.outcome == "fail" else ()
            run.write(Accepted(step=step, slot=slot, take=take, key=one.key, degraded=said, by="person"))
            return
    made = sorted(
        number for number, one in run.state.slots.get(frontier.slots.get(step, ""), Slot()).takes.items() if one.made
    )
    there = ", ".join(map(str, made)) or "none"
    raise WrongUse(f"there is no take {take} of {step}; there are: {there}")


def undo(run: Run, version: int | None = None) -> Version:
    """Goes back to the version before, or to the one with this number. Nothing is made, and nothing is lost.

    Raises WrongUse when there is nothing to go back to.
    """
    state = run.state
    wanted = version or (state.version if _changed(state) else _parent(state))
    there = ", ".join(str(one.number) for one in state.versions)
    if not 1 <= wanted <= len(state.versions):
        raise WrongUse(
            f"there is no version {version}; there are: {there or 'none yet'}"
            if version
            else "this is the first version of the film: there is nothing to go back to"
        )
    run.write(Returned(version=wanted))
    return state.versions[wanted - 1]


def _parent(state: State) -> int:
    return state.versions[state.version - 1].parent if state.version else 0


def _changed(state: State) -> bool:
    """True when something was changed since the version that was delivered last."""
    if not state.version:
        return False
    last = state.versions[state.version - 1]
    return last.plan != state.plan or any(
        # A take that was lost is no change: nobody asked for another one.
        slot.wanted or (slot.accepted is not None and slot.accepted != last.slots.get(name, Slot()).accepted)
        for name, slot in state.slots.items()
    )


def _frontier(run: Run) -> Frontier:
    if run.state.plan is None:
        raise WrongUse(f"{run.production.folder}: there is no plan yet; go on first: cutroom resume")
    return Frontier(run.state, run.engine.cast_of(run.state.plan), run.limits)


def _slot(run: Run, frontier: Frontier, step: str) -> str:
    """The slot of a step whose inputs are all there. Raises WrongUse."""
    del run
    if step not in frontier.plan.steps:
        near = get_close_matches(step, frontier.plan.steps, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(frontier.plan.order())}"
        raise WrongUse(f"the plan has no step {step!r}; {hint}")
    if step not in frontier.slots:
        raise WrongUse(f"{step} waits for other steps; go on first: cutroom resume")
    return frontier.slots[step]
