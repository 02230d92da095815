"""Making a film of a request and files, in one go or in as many as its money comes in."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from cutroom.director.attempts import costs
from cutroom.director.frontier import Frontier
from cutroom.engine.watch import Watch
from cutroom.errors import WrongUse
from cutroom.producer.engines import engine_of
from cutroom.producer.opening import brief_of, production_for, with_codec
from cutroom.producer.options import Options
from cutroom.producer.results import Calls, Result
from cutroom.producer.run import Run

More = Callable[[Decimal], Decimal]
"""Called with what is needed in all; says how much may be spent in all."""


def film(
    request: str,
    files: Sequence[str | Path],
    out: Path,
    options: Options,
    watch: Watch,
    *,
    force: bool = False,
    preview: bool = False,
    more: More | None = None,
) -> Result:
    """Make a film of `files` as `request` says, at `out`; with `preview`, a small and quick one beside it.

    With `more`, nothing may be spent that it has not granted, whatever the budget: it is asked when everything free is made.
    Returns what was delivered. Raises WrongUse, NoSpace and BrokenProduction as `cutroom.api.make` says.
    """
    began = time.monotonic()
    options = with_codec(options, out)
    engine = engine_of(options)
    production = production_for(out, files, force=force or preview, store=options.store)
    # Keep what was half-made out of the way when the very first step already cannot work.
    fresh = not production.folder.exists()
    try:
        brief = brief_of(request, files, options, production, out)
        with production.journal() as journal:
            limits = options.limits(stop_after="cut" if preview else None)
            if more is None:
                run = Run(production, journal, brief, limits, watch, engine=engine, planner=options.planner)
                return run.as_far_as_a_preview(out, began) if preview else run.to_the_end(out, began)
            allowed, performed = Decimal(0), 0
            while True:
                run = Run(
                    production,
                    journal,
                    brief,
                    replace(limits, budget=allowed),
                    watch,
                    engine=engine,
                    planner=options.planner,
                )
                result = _with(run.to_the_end(out, began), performed)
                performed = result.calls.performed
                needed = needed_by(run)
                if result.status != "stopped" or needed <= allowed or (granted := more(needed)) <= allowed:
                    return result
                allowed = granted
    except WrongUse:
        if fresh:
            shutil.rmtree(production.folder, ignore_errors=True)
        raise


def needed_by(run: Run) -> Decimal:
    """What was spent until now, and the most that the steps which the plan still needs may cost, in the budget's currency."""
    state, limits = run.state, run.limits
    if state.plan is None:
        return state.paid(limits.currency)
    frontier = Frontier(state, run.engine.cast_of(state.plan), limits)
    left = [frontier.parts[step] for step in frontier.open]
    most = sum((part.terms.price.high for part in left if costs(part, limits)), Decimal(0))
    return state.paid(limits.currency) + most


def _with(result: Result, before: int) -> Result:
    """What was made in the same go before counts as made, not as used again."""
    calls = result.calls
    calls = Calls(performed=calls.performed + before, reused=max(0, calls.reused - before))
    return result.model_copy(update={"calls": calls})
