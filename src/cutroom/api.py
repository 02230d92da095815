"""Cutroom from Python: `make`, `make_plan`, `resume`, `revise`, `redo`, `keep`, `undo`, and what they return.

The command line is a thin door to these.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cutroom.engine.watch import Unwatched, Watch
from cutroom.ledger.production import Production
from cutroom.media.marks import Marks
from cutroom.plan.catalogue.assemble import SUFFIXES
from cutroom.plan.plan import Plan
from cutroom.producer import changes
from cutroom.producer.clearing import Clearing, clear, clearing
from cutroom.producer.engines import engine_of
from cutroom.producer.making import film
from cutroom.producer.opening import brief_of, preview_beside, production_for, with_codec
from cutroom.producer.options import Options
from cutroom.producer.replaying import replayed
from cutroom.producer.results import EXIT, Calls, Delivered, Planned, Result, Revised
from cutroom.producer.run import Run
from cutroom.producer.status import Status, status_of
from cutroom.producer.telling import all_told

__all__ = [
    "EXIT",
    "Calls",
    "Clearing",
    "Delivered",
    "Options",
    "Planned",
    "Result",
    "Revised",
    "Status",
    "gc",
    "keep",
    "make",
    "make_plan",
    "plan_into",
    "preview_beside",
    "redo",
    "replay",
    "resume",
    "revise",
    "status",
    "undo",
    "verify",
]


def make(
    request: str,
    files: Sequence[str | Path] = (),
    out: str | Path = "film.mp4",
    *,
    options: Options | None = None,
    watch: Watch | None = None,
    force: bool = False,
    preview: bool = False,
) -> Result:
    """Make a film of `files` as `request` says, at `out`, with its production in a folder beside it.

    What was made before by the same command is used again. With `preview`, everything but the film is made, and instead
    of it a quarter of its size, quickly, beside `out` as ``….preview.mp4``. Returns what was delivered and what is not as
    asked; bad files cost only their own part. Raises WrongUse for what cannot be understood, NoSpace when the disk is
    full, and BrokenProduction when the folder beside `out` cannot be read.
    """
    return film(request, files, Path(out), options or Options(), watch or Unwatched(), force=force, preview=preview)


def make_plan(
    request: str, files: Sequence[str | Path] = (), *, options: Options | None = None, watch: Watch | None = None
) -> Planned:
    """The plan for `request` and `files`: who would perform what, at what price. Nothing is made or kept."""
    with tempfile.TemporaryDirectory(prefix="cutroom-plan-") as folder:
        production = Production(Path(folder) / "plan.cutroom")
        wanted = options or Options()
        out = Path(folder) / f"film{SUFFIXES[wanted.codec or 'h264']}"
        brief = brief_of(request, files, with_codec(wanted, out), production, out)
        with production.journal() as journal:
            limits = wanted.limits(stop_after="plan")
            run = Run(
                production,
                journal,
                brief,
                limits,
                watch or Unwatched(),
                engine=engine_of(wanted),
                planner=wanted.planner,
            )
            return run.as_far_as_the_plan()


def plan_into(
    request: str,
    files: Sequence[str | Path],
    out: str | Path,
    *,
    options: Options | None = None,
    watch: Watch | None = None,
) -> tuple[Planned, Result]:
    """As `make_plan`, but the production is kept beside `out` with its ``plan.json``, for a later `make` to go on from."""
    began = time.monotonic()
    out = Path(out)
    options = with_codec(options or Options(), out)
    production = production_for(out, files, force=True, store=options.store)
    brief = brief_of(request, files, options, production, out)
    with production.journal() as journal:
        limits = options.limits(stop_after="plan")
        run = Run(
            production, journal, brief, limits, watch or Unwatched(), engine=engine_of(options), planner=options.planner
        )
        planned = run.as_far_as_the_plan()
        return planned, run.stopped("stopped after the plan, as asked", began)


def resume(folder: str | Path, *, options: Options | None = None, watch: Watch | None = None) -> Result:
    """Go on with the production in `folder` exactly where it stopped, and deliver its film beside it.

    What was made is used again; a call that a server took is asked for its result; what may have been billed without an
    answer is decided by ``options.on_ambiguous``. Of `options`, only the limits count: the rest stands in the ledger.
    Raises WrongUse when there is no production, Busy when another process is at work on it.
    """
    return _changed(folder, lambda run: None, options, watch)


def replay(folder: str | Path, *, watch: Watch | None = None) -> Result:
    """Make the film in `folder` anew from what was kept: every answer of a model from the ledger and the store, no call to any.

    The plan is made again, too, so this shows that the production holds all that the film needs. The ledger stays as it is,
    and the film is written where it belongs; if it is not the same to the byte, it is written beside it, and `degraded` says so.
    Raises BrokenProduction that names what is missing, and WrongUse when there is no production, no film of it yet, or when
    somebody who made it is not configured any more.
    """
    return replayed(Production.existing(Path(folder)), watch or Unwatched())


def revise(
    folder: str | Path,
    words: str,
    *,
    options: Options | None = None,
    watch: Watch | None = None,
    dry_run: bool = False,
) -> Revised:
    """Change the film in `folder` as `words` say: a new plan, of which only what hangs below a change is made.

    Returns the differences between the plans and what came of it. With `dry_run`, the production stays as it was.
    Raises WrongUse when nothing in `words` is understood.
    """
    began = time.monotonic()
    production = Production.existing(Path(folder))
    watch = watch or Unwatched()
    options = options or Options()
    engine = engine_of(options)
    if dry_run:
        with production.rehearsal() as copy, copy.journal() as journal:
            run = Run.revised(copy, journal, words, options.limits(stop_after="plan"), watch, engine=engine)
            return _revised(run, run.as_far_as_the_plan().plan, None)
    with production.journal() as journal:
        run = Run.revised(production, journal, words, options.limits(), watch, engine=engine)
        result = run.to_the_end(production.film(run.brief.film), began)
        return _revised(run, run.state.plan or run.before, result)


def _revised(run: Run, after: Plan, result: Result | None) -> Revised:
    found = run.before.diff(after)
    told = all_told(run.before, after, run.brief)
    return Revised(changes=found, told=told, before=run.before, after=after, result=result)


def status(folder: str | Path) -> Status:
    """How the production in `folder` stands: each step, each version, what was spent. Changes nothing."""
    return status_of(Path(folder))


def redo(
    folder: str | Path,
    step: str,
    take: int | None = None,
    *,
    options: Options | None = None,
    watch: Watch | None = None,
) -> Result:
    """Have another take of one step made, and all that hangs below it. Raises WrongUse when that makes no sense."""
    return _changed(folder, lambda run: changes.redo(run, step, take), options, watch)


def keep(
    folder: str | Path, step: str, take: int, *, options: Options | None = None, watch: Watch | None = None
) -> Result:
    """Use a take that was made before, whatever the judge says of it. Raises WrongUse when there is no such take."""
    return _changed(folder, lambda run: changes.keep(run, step, take), options, watch)


def undo(
    folder: str | Path, version: int | None = None, *, options: Options | None = None, watch: Watch | None = None
) -> Result:
    """Go back to the version before, or to that with this number. Nothing is made. Raises WrongUse when there is none."""
    return _changed(folder, lambda run: changes.undo(run, version), options, watch)


def _changed(
    folder: str | Path, change: Callable[[Run], object], options: Options | None, watch: Watch | None
) -> Result:
    began = time.monotonic()
    production = Production.existing(Path(folder))
    options = options or Options()
    with production.journal() as journal:
        run = Run(production, journal, None, options.limits(), watch or Unwatched(), engine=engine_of(options))
        change(run)
        return run.to_the_end(production.film(run.brief.film), began)


def gc(folder: str | Path, *, keep_versions: int | None = None, paid: bool = False, dry_run: bool = False) -> Clearing:
    """Free what no kept version of the film needs, and say what that is; with `dry_run`, only say it.

    `keep_versions` keeps the latest so many (all when left out); takes that were paid for stay unless `paid`. Raises
    WrongUse when there is no production, Busy when another process is at work on it.
    """
    production = Production.existing(Path(folder))
    return (clearing if dry_run else clear)(production, keep_versions, paid=paid)


def verify(file: str | Path) -> Marks:
    """What `file` says of its making: signed manifest, IPTC metadata, comment and watermarks, and whether they hold.

    Any film, picture or sound will do, whoever made it. Raises BadInput when it cannot be read at all.
    """
    from cutroom.render.detecting import read

    return read(Path(file), closely=True, altered=True)
