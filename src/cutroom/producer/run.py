"""One run of one production: from what is known to a film that is handed over, or to the reason why there is none."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cutroom.brief.brief import Brief, Shown
from cutroom.brief.destinations import DESTINATIONS
from cutroom.director.commands import Wrap
from cutroom.director.decide import all_degraded, survey
from cutroom.director.limits import Limits
from cutroom.engine.deliver import put_bytes, put_file, put_text
from cutroom.engine.local import LocalEngine
from cutroom.engine.watch import Watch
from cutroom.errors import Cancelled, CutroomError, WrongUse
from cutroom.ledger.events import Deliverable, Event, Opened, Wrapped
from cutroom.ledger.journal import Journal
from cutroom.ledger.production import Production
from cutroom.ledger.state import State, apply, fold
from cutroom.media.kinds import AnyMedia, Cut, Image, Text, Video
from cutroom.media.marks import Marks
from cutroom.media.store import digest_of
from cutroom.performers.performer import Performer
from cutroom.plan.catalogue.assemble import AssembleCut, MarkFilm
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.plan import Degraded, Plan
from cutroom.planner.planner import Known, Reviser
from cutroom.plugins import offered
from cutroom.producer.engines import MakeEngine
from cutroom.producer.naming import named
from cutroom.producer.opening import preview_beside
from cutroom.producer.planners import Choice, planner_for, writer
from cutroom.producer.results import Calls, Delivered, Planned, Result
from cutroom.timeline.subtitles import srt
from cutroom.timeline.timeline import Timeline
from cutroom.verdict import Verdict
from cutroom.version import VERSION


class Run:
    """One run of one production."""

    def __init__(
        self,
        production: Production,
        journal: Journal,
        brief: Brief | None,
        limits: Limits,
        watch: Watch,
        *,
        engine: MakeEngine = LocalEngine,
        planner: Choice | None = None,
    ) -> None:
        """Open a run of `production` with `brief`, or with the one that it has; `planner` plans, else whoever fits.

        Raises WrongUse when there is no brief, or no such planner.
        """
        self.production, self.journal, self.limits, self.watch = production, journal, limits, watch
        state = fold(journal.events())
        asked = brief or state.brief
        if asked is None:
            raise WrongUse(f"{production.folder}: nothing was begun here; say what you want: cutroom make")
        self.performers = self._performers(state)
        going_on = brief is None or bool(brief.revisions)
        self.engine = engine(
            journal=journal,
            store=production.store,
            planner=planner_for(
                asked,
                self.performers,
                offered("cutroom_planners"),
                asked=planner,
                until_now=state.planned_by.partition(" ")[0] if going_on else "",
                writer=writer(),
            ),
            performers=self.performers,
            judge=offered("cutroom_judges")[0],
            limits=limits,
            watch=watch,
        )
        self.marks: Marks | None = None
        self.state = self._known(state)
        check_voice(asked, self.performers)
        first = self.state.brief or asked
        # Written down with the first event that follows: whoever only asks for what cannot be leaves no trace.
        self._opened = Opened(brief=asked.model_copy(update={"production": first.number}), cutroom=VERSION)
        self._begun = False
        self.state = apply(self.state, self._opened)

    @classmethod
    def revised(
        cls,
        production: Production,
        journal: Journal,
        words: str,
        limits: Limits,
        watch: Watch,
        *,
        engine: MakeEngine = LocalEngine,
    ) -> Run:
        """A run of an existing production with one more revision. `before` is the plan until now."""
        state = fold(journal.events())
        if state.brief is None or state.plan is None:
            raise WrongUse(f"{production.folder}: there is no plan to change yet; go on first: cutroom resume")
        number = len(state.brief.revisions)
        shown = (*state.brief.shown, *(Shown() for _ in range(number)))[:number]
        update = {"revisions": (*state.brief.revisions, words), "shown": (*shown, shown_by(state.plan))}
        brief = state.brief.model_copy(update=update)
        run = cls(production, journal, brief, limits, watch, engine=engine)
        run.before = state.plan
        if isinstance(run.engine.planner, Reviser):
            run.engine.planner.understood(brief, run.known_of(state))
        return run

    def known_of(self, state: State) -> Known:
        """What is known in `state`, as far as words may be about it: the texts of its plan's steps."""
        media: dict[str, AnyMedia] = {}
        if state.plan is not None:
            media = dict(survey(state, self.engine.cast_of(state.plan), self.limits).media)
        store = self.production.store
        texts = {
            name: store.path(item).read_text("utf-8")
            for name, item in media.items()
            if isinstance(item, Text) and store.has(item)
        }
        return Known(media=media, texts=texts)

    before: Plan
    """With `revised`: the plan until now."""

    @property
    def brief(self) -> Brief:
        """What is asked for now."""
        assert self.state.brief is not None
        return self.state.brief

    def _performers(self, state: State) -> list[Performer]:
        """Everybody who may perform; `state` is what the ledger says."""
        del state
        return offered("cutroom_performers")

    def _known(self, state: State) -> State:
        """What the run begins with, of `state`."""
        planner = self.engine.planner
        if state.plan is not None and not state.spent and state.planned_by != f"{planner.name} {planner.version}":
            # Another planner may plan otherwise: ask it anew, takes that still fit are used again. Where something was
            # paid for, a new plan might buy it again, and nobody asked for that.
            return replace(state, plan=None, attempts={}, settled=frozenset())
        return state

    def write(self, event: Event) -> None:
        """Write one event down."""
        self._begin()
        self.journal.append(event)
        self.state = apply(self.state, event)
        self.watch.happened(event, self.state)

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self.journal.append(self._opened)
            self.watch.happened(self._opened, self.state)

    def _work(self) -> Wrap:
        """Everything until there is nothing left to do; a person's Ctrl-C ends it in good order."""
        self._begin()
        try:
            self.state, wrap = self.engine.run(self.state)
        except (KeyboardInterrupt, Cancelled):
            self.state, wrap = (
                self.engine.state,
                Wrap("stopped", "stopped by a person; run the same command again to go on"),
            )
        return wrap

    def as_far_as_the_plan(self) -> Planned:
        """The plan and its cast."""
        wrap = self._work()
        if self.state.plan is None or wrap.status == "failed":
            raise CutroomError(wrap.reason or "no plan came of it")
        self._put_plan()
        return Planned(brief=self.brief, plan=self.state.plan, cast=self.engine.cast)

    def stopped(self, reason: str, began: float) -> Result:
        """The result of a run that ends before the film, as asked."""
        self.write(Wrapped(status="stopped", reason=reason))
        return self._result("stopped", (), (), reason, began)

    def to_the_end(self, out: Path, began: float) -> Result:
        """Work, deliver, report."""
        wrap = self._work()
        degraded = self._degraded()
        plan_file = self._put_plan()
        if wrap.status != "finished":
            self.write(Wrapped(status=wrap.status, reason=wrap.reason, degraded=degraded))
            result = self._result(wrap.status, plan_file, degraded, wrap.reason, began)
            self._put_report(result)
            return result
        deliverables = self._deliver(out)
        if self.brief.mark:
            self.marks = self._marks(out, deliverables)
        status = "degraded" if degraded else "delivered"
        result = self._result(status, (*deliverables, *plan_file), degraded, "", began)
        report = self._put_report(result)
        everything = (*deliverables, *plan_file, *report)
        self.write(Wrapped(status=status, degraded=degraded, deliverables=everything, marks=self.marks))
        return self._result(status, everything, degraded, "", began)

    def as_far_as_a_preview(self, out: Path, began: float) -> Result:
        """Work until only the film is left to render, and deliver a small and quick one."""
        wrap = self._work()
        degraded = self._degraded()
        cut = None
        if self.state.plan is not None and wrap.status != "failed":
            media = survey(self.state, self.engine.cast, self.limits).media
            cut = self._cut(self.state.plan, media)
        if cut is None:
            ended = "stopped" if wrap.status == "stopped" else "failed"
            self.write(Wrapped(status=ended, reason=wrap.reason, degraded=degraded))
            return self._result(ended, (), degraded, wrap.reason, began)
        made, lost = self._put_preview(cut, preview_beside(out))
        degraded = tuple(dict.fromkeys((*degraded, *lost)))
        status = "degraded" if degraded else "delivered"
        self.write(Wrapped(status=status, degraded=degraded, deliverables=(made,)))
        return self._result(status, (made,), degraded, "", began)

    # -- delivering ----------------------------------------------------------------------------------------------

    def _marks(self, out: Path, deliverables: Sequence[Deliverable]) -> Marks:
        """What a detector reads in the delivered film; what it read in the same bytes before still holds."""
        digest = next(item.sha256 for item in deliverables if item.kind == "video")
        for version in self.state.versions:
            if version.wrapped.marks and any(item.sha256 == digest for item in version.wrapped.deliverables):
                return version.wrapped.marks
        from cutroom.render.detecting import read

        return read(out, closely=True)

    def _put_preview(self, cut: Cut, out: Path) -> tuple[Deliverable, tuple[Degraded, ...]]:
        """The preview, and what is not in it as it was asked for."""
        from cutroom.render.film import render_preview

        store = self.production.store
        timeline = Timeline.model_validate_json(store.path(cut).read_bytes())
        rendered = render_preview(timeline, store, out)
        lost = named((Degraded(what=what, why=why) for what, why in rendered.degraded), self.brief, self.state.plan)
        return Deliverable(kind="preview", path=str(out), sha256=digest_of(out).digest), lost

    def _cut(self, plan: Plan, media: Mapping[str, Any]) -> Cut | None:
        """What the film is rendered from, as far as it is there."""
        upstream = plan.upstream(film) if (film := film_of(plan)) else ()
        return next((item for name in upstream if isinstance(item := media.get(name), Cut)), None)

    def _put_plan(self) -> tuple[Deliverable, ...]:
        if self.state.plan is None:
            return ()
        return (put_text(self.state.plan.model_dump_json(indent=1), self.production.plan, "plan"),)

    def _put_report(self, result: Result) -> tuple[Deliverable, ...]:
        from cutroom.report.report import report

        entries = list(self.journal.entries())
        html = report(
            result.model_dump(mode="json"), self.state, entries, self.production, in_use=self._in_use().values()
        )
        return (put_text(html, self.production.report, "report"),)

    def _deliver(self, out: Path) -> tuple[Deliverable, ...]:
        assert self.state.plan is not None and self.state.plan.goal
        media = survey(self.state, self.engine.cast, self.limits).media
        film = media[self.state.plan.goal]
        delivered = [put_file(self.production.store.path(film), out, "video", film.digest)]
        cut = self._cut(self.state.plan, media)
        if cut is not None and self.brief.captions in ("file", "both"):
            timeline = Timeline.model_validate_json(self.production.store.path(cut).read_bytes())
            if timeline.captions:
                delivered.append(put_text(srt(timeline.captions), self.production.captions(out.name), "captions"))
        return (*delivered, *(self._for_destination(cut) if cut is not None else ()))

    def _for_destination(self, cut: Cut) -> tuple[Deliverable, ...]:
        """What goes beside a film where it is going: a thumbnail, and chapters where they are understood."""
        going = DESTINATIONS[self.brief.destination] if self.brief.destination else None
        if going is None:
            return ()
        from cutroom.exports.thumbnail import chapters, thumbnail

        store, folder = self.production.store, self.production.folder
        timeline = Timeline.model_validate_json(store.path(cut).read_bytes())
        delivered = []
        if going.thumbnail and (picture := thumbnail(timeline, store, going.thumbnail, going.thumbnail_bytes)):
            delivered.append(put_bytes(picture, folder / "thumbnail.jpg", "thumbnail"))
        if going.chapters and (listed := chapters(timeline)):
            delivered.append(put_text(listed, folder / "chapters.txt", "chapters"))
        return tuple(delivered)

    def _degraded(self) -> tuple[Degraded, ...]:
        """What is not as asked; files, and what was made of them, under the names that people know them by."""
        return named(all_degraded(self.state, self.engine.cast, self.limits), self.brief, self.state.plan)

    def _in_use(self) -> dict[str, str]:
        """The key of the take that each step of the plan uses."""
        if self.state.plan is None:
            return {}
        standing = survey(self.state, self.engine.cast, self.limits)
        return {step: key for step, key in standing.keys.items() if step in self.state.plan.steps}

    def _result(
        self, status: Any, deliverables: Sequence[Deliverable], degraded: Sequence[Degraded], reason: str, began: float
    ) -> Result:
        state = self.state
        in_use = self._in_use()
        video: Video | None = None
        verdict: Verdict | None = None
        if state.plan is not None:
            standing = survey(state, self.engine.cast, self.limits)
            goal = standing.media.get(state.plan.goal or "")
            video = goal if isinstance(goal, Video) else None
            takes = [take for slot in state.slots.values() for take in slot.takes.values()]
            verdict = next((take.verdict for take in takes if take.key == in_use.get(film_of(state.plan))), None)
        performed = len(state.performed)
        reused = sum(1 for key in in_use.values() if key not in state.performed)
        return Result(
            status=status,
            production=str(self.production.folder),
            deliverables=tuple(_delivered(item, video) for item in deliverables),
            degraded=tuple(degraded),
            notes=state.plan.notes if state.plan else (),
            verdict=verdict,
            marks=self.marks,
            calls=Calls(performed=performed, reused=reused),
            spent=dict(state.spent),
            wall_seconds=round(time.monotonic() - began, 1),
            reason=reason,
        )


def check_voice(brief: Brief, performers: Sequence[Performer]) -> None:
    """Raises WrongUse when a voice was asked for by name that nobody here has."""
    from cutroom.performers.house.speech import voices

    if brief.voice in (None, "none") or brief.voice in voices():
        return
    line = Speak(text="Cutroom", voice=brief.voice, language=brief.language or "en")
    if not any(performer.performs(line) for performer in performers):
        here = [
            name for name in voices() if not name.startswith("espeak/") or name.startswith(f"espeak/{line.language}")
        ]
        raise WrongUse(
            f"--voice {brief.voice}: no such voice for {line.language!r} on this machine; there are: {', '.join(here[:12])}"
        )


def film_of(plan: Plan) -> str:
    """The step that makes the film itself: the plan's goal, or what that only marks; empty while there is none."""
    goal = plan.steps.get(plan.goal or "")
    return goal.film.id if isinstance(goal, MarkFilm) else plan.goal or ""


def shown_by(plan: Plan) -> Shown:
    """Which pictures and clips the film of `plan` shows, in order, and how long it is."""
    film = film_of(plan)
    cut = (
        next(
            (step for name in (film, *plan.upstream(film)) if isinstance(step := plan.steps.get(name), AssembleCut)),
            None,
        )
        if film
        else None
    )
    if cut is None:
        return Shown()
    shots = [plan.steps[shot.id] for shot in cut.shots if shot.id in plan.steps]
    assets = [wire.id for shot in shots for wire in shot.wires() if isinstance(plan.assets.get(wire.id), Image | Video)]
    lengths = [getattr(shot, "seconds", None) for shot in shots]
    known = [length for length in lengths if length is not None]
    seconds = sum(known, cut.ending) if len(known) == len(lengths) else None
    return Shown(assets=tuple(assets), seconds=seconds)


def _delivered(item: Deliverable, video: Video | None) -> Delivered:
    if item.kind == "video" and video is not None:
        return Delivered(
            kind=item.kind,
            path=item.path,
            sha256=item.sha256,
            seconds=video.seconds,
            width=video.width,
            height=video.height,
            fps=video.fps,
        )
    return Delivered(kind=item.kind, path=item.path, sha256=item.sha256)
