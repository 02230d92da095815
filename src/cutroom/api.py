"""Cutroom from Python: `make`, `make_plan`, and what they return. The command line is a thin door to these."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cutroom.brief.brief import Asset, Brief, Captioning, CaptionMode, Codec
from cutroom.brief.destinations import DESTINATIONS, Name
from cutroom.director.commands import Wrap
from cutroom.director.decide import Limits, all_degraded, survey
from cutroom.engine.deliver import put_bytes, put_file, put_text
from cutroom.engine.local import LocalEngine
from cutroom.engine.watch import Unwatched, Watch
from cutroom.errors import Cancelled, CutroomError, WrongUse
from cutroom.ledger.events import Deliverable, Event, Opened, Wrapped
from cutroom.ledger.journal import Journal
from cutroom.ledger.production import Production
from cutroom.ledger.state import State, apply, fold
from cutroom.media.kinds import Audio, Cut, Video
from cutroom.media.marks import Marks
from cutroom.media.store import digest_of
from cutroom.performers.performer import Performer
from cutroom.plan.cast import Cast
from cutroom.plan.catalogue.assemble import SUFFIXES, MarkFilm
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.plan import Degraded, Plan
from cutroom.plugins import offered
from cutroom.time import Exact, Seconds
from cutroom.timeline.subtitles import srt
from cutroom.timeline.timeline import Timeline
from cutroom.verdict import Verdict
from cutroom.version import VERSION

EXIT = {"delivered": 0, "degraded": 3, "stopped": 4, "failed": 1}
"""The command's exit status for each outcome; 2 is wrong use."""


class Options(BaseModel):
    """How a film is asked for beside its words. Everything may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seconds: Seconds | None = Field(default=None, gt=0, le=3600)
    """How long the film is."""
    shape: str | None = None
    """``16:9``, ``9:16``, ``1:1``, ``4:5`` or ``WIDTHxHEIGHT``."""
    fps: Exact = Field(default=Fraction(30), ge=1, le=120)
    """Frames a second."""
    mood: str | None = None
    """calm, upbeat, warm, epic, playful, melancholy or tense."""
    voice: str | None = None
    """A voice's name, or ``none``."""
    music: str | None = None
    """A sound file, or ``none``; music is composed when left out."""
    captions: Captioning = "both"
    """burn, file, both or none."""
    caption_style: CaptionMode = "block"
    """block, words (a few large ones at a time) or karaoke (the spoken word is lit up)."""
    language: str | None = Field(default=None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    """A BCP 47 tag such as ``en`` or ``de``."""
    mark: bool = True
    """Whether a film in which something was generated says so in itself (signed metadata)."""
    label: str | None = Field(default=None, max_length=80)
    """Words to show at the film's beginning, e.g. ``Made with AI``."""
    destination: Name | None = None
    """Where the film is going: youtube, shorts, tiktok, reels, x, podcast or web."""
    codec: Codec | None = None
    """h264, hevc, av1, vp9 or prores; as the film's name asks (.mp4, .webm, .mov) when left out."""
    hardware: bool = False
    """Whether an encoder in hardware is to be used, if there is one."""
    seed: int = 0
    """Another seed makes another film of the same material."""
    budget: Decimal | None = Field(default=None, ge=0)
    """The most that may be spent; nothing is spent when left out."""


class Delivered(BaseModel):
    """A file that was handed back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    path: str
    sha256: str
    seconds: Seconds | None = None
    width: int | None = None
    height: int | None = None
    fps: Exact | None = None


class Calls(BaseModel):
    """How many takes were made, and how many were there already."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    performed: int = 0
    reused: int = 0


class Result(BaseModel):
    """What became of a request. `cutroom make --json` prints exactly this."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    status: Literal["delivered", "degraded", "stopped", "failed"]
    production: str
    deliverables: tuple[Delivered, ...] = ()
    degraded: tuple[Degraded, ...] = ()
    notes: tuple[str, ...] = ()
    """What the planner decided that a person may want to know: what was left out, and why."""
    verdict: Verdict | None = None
    """What the judge says of the film; None when there is none."""
    marks: Marks | None = None
    """What a detector reads in the delivered film; None when none was delivered, or no marks were wanted."""
    calls: Calls = Calls()
    spent: Decimal = Decimal(0)
    wall_seconds: float = 0.0
    reason: str = ""
    """Why it was stopped or failed."""

    @property
    def exit_status(self) -> int:
        """0 as asked, 3 degraded, 4 stopped, 1 failed."""
        return EXIT[self.status]


class Planned(BaseModel):
    """A plan and its cast, before anything is made."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    brief: Brief
    plan: Plan
    cast: Cast


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
    began = time.monotonic()
    out = Path(out)
    options = _with_codec(options or Options(), out)
    production = _production_for(out, files, force=force or preview)
    # Keep what was half-made out of the way when the very first step already cannot work.
    fresh = not production.folder.exists()
    try:
        brief = _brief(request, files, options, production, out)
        with production.journal() as journal:
            limits = Limits(budget=brief.budget, stop_after="cut" if preview else None)
            run = _Run(production, journal, brief, limits, watch or Unwatched())
            return run.as_far_as_a_preview(out, began) if preview else run.to_the_end(out, began)
    except WrongUse:
        if fresh:
            shutil.rmtree(production.folder, ignore_errors=True)
        raise


def make_plan(
    request: str, files: Sequence[str | Path] = (), *, options: Options | None = None, watch: Watch | None = None
) -> Planned:
    """The plan for `request` and `files`: who would perform what, at what price. Nothing is made or kept."""
    with tempfile.TemporaryDirectory(prefix="cutroom-plan-") as folder:
        production = Production(Path(folder) / "plan.cutroom")
        wanted = options or Options()
        out = Path(folder) / f"film{SUFFIXES[wanted.codec or 'h264']}"
        brief = _brief(request, files, _with_codec(wanted, out), production, out)
        with production.journal() as journal:
            run = _Run(production, journal, brief, Limits(stop_after="plan"), watch or Unwatched())
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
    options = _with_codec(options or Options(), out)
    production = _production_for(out, files, force=True)
    brief = _brief(request, files, options, production, out)
    with production.journal() as journal:
        run = _Run(production, journal, brief, Limits(stop_after="plan"), watch or Unwatched())
        planned = run.as_far_as_the_plan()
        return planned, run.stopped("stopped after the plan, as asked", began)


def verify(file: str | Path) -> Marks:
    """What `file` says of its making: signed manifest, IPTC metadata, comment and watermarks, and whether they hold.

    Any film, picture or sound will do, whoever made it. Raises BadInput when it cannot be read at all.
    """
    from cutroom.render.detecting import read

    return read(Path(file), closely=True)


def _with_codec(options: Options, out: Path) -> Options:
    """The options with a codec that fits the film's name. Raises WrongUse for a name that does not fit."""
    suffix = out.suffix.lower()
    named: Codec | None = next((codec for codec, name in SUFFIXES.items() if name == suffix), None)
    codec = options.codec or named
    if codec is None:
        raise WrongUse(f"-o {out}: films are written as .mp4, .webm or .mov; name it {out.with_suffix('.mp4').name}")
    if SUFFIXES[codec] != suffix:
        right = out.with_suffix(SUFFIXES[codec]).name
        raise WrongUse(f"-o {out}: {codec} is written as {SUFFIXES[codec]}; name it {right}")
    return options.model_copy(update={"codec": codec})


def preview_beside(out: Path) -> Path:
    """Where the preview of a film goes: ``lake.mp4`` → ``lake.preview.mp4``."""
    return out.with_name(f"{out.stem}.preview.mp4")


def _production_for(out: Path, files: Sequence[str | Path], *, force: bool) -> Production:
    """Where the production goes, after all that can be wrong with `out` has been checked."""
    folder = out.parent
    if not folder.is_dir():
        raise WrongUse(f"-o {out}: there is no folder {folder}; make it first")
    if out.is_dir():
        raise WrongUse(f"-o {out} is a folder; give the film a name of its own")
    production = Production.beside(out)
    if out.exists() and any(Path(file).exists() and out.samefile(file) for file in files):
        raise WrongUse(f"-o {out} is one of the files that the film is made of; give the film another name")
    if out.exists() and not production.ledger.exists() and not force:
        raise WrongUse(f"-o {out} exists and was not made by Cutroom here; give the film another name, or say --force")
    if production.folder.exists() and not production.folder.is_dir():
        raise WrongUse(f"{production.folder} is in the way of the production's folder; give the film another name")
    return production


def _brief(request: str, files: Sequence[str | Path], options: Options, production: Production, out: Path) -> Brief:
    """The brief, with every file read into the production's store."""
    from cutroom.brief.reading import read

    if not files and request.strip() and _is_path(request):
        raise WrongUse(
            f"{request} is a file or folder; say what you want first: cutroom make 'A film of our day' {request}"
        )
    paths = [Path(file) for file in files]
    music = Path(options.music) if options.music not in (None, "none") else None
    if music is not None and not music.is_file():
        raise WrongUse(f"--music {music}: no such file; name a sound file, or say none")
    # A second run over the same folder must not take in the film that the first one left there.
    reading = read([*paths, music] if music else paths, production.store, leave_out=(out, preview_beside(out)))
    if files and not reading.assets:
        reasons = [f"  {skipped.name}: {skipped.reason}; {skipped.way_out}" for skipped in reading.skipped]
        reasons = reasons or [f"  {path}: no picture, clip, sound or text in it" for path in paths]
        raise WrongUse("\n".join(["nothing among the files can be used", *reasons]))
    return Brief(
        request=request,
        assets=reading.assets,
        skipped=reading.skipped,
        music=_music_asset(music, reading.assets) if music else options.music,
        film=out.name,
        **{
            name: getattr(options, name)
            for name in (
                "seconds",
                "shape",
                "fps",
                "mood",
                "voice",
                "captions",
                "caption_style",
                "mark",
                "label",
                "destination",
                "codec",
                "hardware",
                "language",
                "seed",
                "budget",
            )
        },
    )


def _is_path(request: str) -> bool:
    try:
        return Path(request).exists()
    except (OSError, ValueError):  # longer than a name may be, or with a NUL in it: words
        return False


def _music_asset(path: Path, assets: Sequence[Asset]) -> str:
    digest = digest_of(path).digest
    for asset in assets:
        if asset.media.digest == digest and isinstance(asset.media, Audio):
            return asset.id
    raise WrongUse(
        f"--music {path}: no sound in it that can be read; name a sound file such as .mp3 or .wav, or say none"
    )


class _Run:
    """One run of one production."""

    def __init__(self, production: Production, journal: Journal, brief: Brief, limits: Limits, watch: Watch) -> None:
        planners, judges = offered("cutroom_planners"), offered("cutroom_judges")
        self.production, self.journal, self.brief, self.limits, self.watch = production, journal, brief, limits, watch
        self.performers = offered("cutroom_performers")
        _check_voice(brief, self.performers)
        self.engine = LocalEngine(
            journal=journal,
            store=production.store,
            planner=planners[0],
            performers=self.performers,
            judge=judges[0],
            limits=limits,
            watch=watch,
        )
        self.state = State()
        self.marks: Marks | None = None

    def _open(self) -> State:
        state = fold(self.journal.events())
        if state.plan is not None and state.planned_by != f"{self.engine.planner.name} {self.engine.planner.version}":
            # Another planner may plan otherwise: ask it anew, takes that still fit are used again.
            state = State(slots=state.slots, spent=state.spent)
        return self._write_down(state, Opened(brief=self.brief, cutroom=VERSION))

    def _write_down(self, state: State, event: Event) -> State:
        self.journal.append(event)
        state = apply(state, event)
        self.watch.happened(event, state)
        return state

    def _work(self) -> Wrap:
        """Everything until there is nothing left to do; a person's Ctrl-C ends it in good order."""
        self.state = self._open()
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
        self.state = self._write_down(self.state, Wrapped(status="stopped", reason=reason))
        return self._result("stopped", (), (), reason, began)

    def to_the_end(self, out: Path, began: float) -> Result:
        """Work, deliver, report."""
        wrap = self._work()
        degraded = self._degraded()
        plan_file = self._put_plan()
        if wrap.status != "finished":
            self.state = self._write_down(
                self.state, Wrapped(status=wrap.status, reason=wrap.reason, degraded=degraded)
            )
            result = self._result(wrap.status, plan_file, degraded, wrap.reason, began)
            self._put_report(result)
            return result
        deliverables = self._deliver(out)
        if self.brief.mark:
            from cutroom.render.detecting import read

            self.marks = read(out)
        status = "degraded" if degraded else "delivered"
        result = self._result(status, (*deliverables, *plan_file), degraded, "", began)
        report = self._put_report(result)
        everything = (*deliverables, *plan_file, *report)
        self.state = self._write_down(
            self.state, Wrapped(status=status, degraded=degraded, deliverables=everything, marks=self.marks)
        )
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
            self.state = self._write_down(self.state, Wrapped(status=ended, reason=wrap.reason, degraded=degraded))
            return self._result(ended, (), degraded, wrap.reason, began)
        made = self._put_preview(cut, preview_beside(out))
        status = "degraded" if degraded else "delivered"
        self.state = self._write_down(self.state, Wrapped(status=status, degraded=degraded, deliverables=(made,)))
        return self._result(status, (made,), degraded, "", began)

    # ── delivering ──

    def _put_preview(self, cut: Cut, out: Path) -> Deliverable:
        from cutroom.render.film import render_preview

        store = self.production.store
        timeline = Timeline.model_validate_json(store.path(cut).read_bytes())
        render_preview(timeline, store, out)
        return Deliverable(kind="preview", path=str(out), sha256=digest_of(out).digest)

    def _cut(self, plan: Plan, media: Mapping[str, Any]) -> Cut | None:
        """What the film is rendered from, as far as it is there."""
        upstream = plan.upstream(film) if (film := _film_of(plan)) else ()
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
        """What is not as asked; assets under the names that people know them by."""
        names = {asset.id: asset.name for asset in self.brief.assets}
        found = all_degraded(self.state, self.engine.cast, self.limits)
        return tuple(item.model_copy(update={"what": names.get(item.what, item.what)}) for item in found)

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
            verdict = next((take.verdict for take in takes if take.key == in_use.get(_film_of(state.plan))), None)
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
            spent=state.spent,
            wall_seconds=round(time.monotonic() - began, 1),
            reason=reason,
        )


def _check_voice(brief: Brief, performers: Sequence[Performer]) -> None:
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


def _film_of(plan: Plan) -> str:
    """The step that makes the film itself: the plan's goal, or what that only marks; empty while there is none."""
    goal = plan.steps.get(plan.goal or "")
    return goal.film.id if isinstance(goal, MarkFilm) else plan.goal or ""


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
