"""Clips: ``/videos``: create, ask how far it is, fetch the content. As a form, or as JSON where the server wants that."""

from __future__ import annotations

import base64
from fractions import Fraction
from typing import Any, ClassVar
from urllib.parse import quote

from cutroom.configuration import Ability, Model
from cutroom.errors import GiveUp, Vanished
from cutroom.media.kinds import Video
from cutroom.net.exchange import Part, Request, Response
from cutroom.net.refusals import is_moderation, words
from cutroom.performers.flow import Flow, Progress, Submitted, Wait, ask, pause_before
from cutroom.performers.openai_http import showing
from cutroom.performers.openai_http.habits import Habits, Size, posted, sizes_from, written
from cutroom.performers.openai_http.pictures import bill_in, form_fields
from cutroom.performers.performer import Desk
from cutroom.performers.received import kept_clip, length_degraded, size_degraded
from cutroom.performers.served import Clients, Got, Served, seed_of, token_header, whole_seconds
from cutroom.plan.catalogue.edit import EditClip
from cutroom.plan.catalogue.generate import AnimateStill, GenerateClip
from cutroom.plan.step import AnyStep

_OURS = ("seed", "size", "seconds", "num_frames", "input_reference")
_REFUSED = (400, 415, 422)
_PART = "@part"
"""Where the file of a form stands among the fields, under a name that no server can mean."""
_DONE = ("completed", "succeeded", "success", "done")
_OVER = ("failed", "error", "cancelled", "canceled", "expired", "rejected")


class _Clips(Served):
    queued: ClassVar[bool] = True

    def __init__(self, name: str, model: Model, clients: Clients) -> None:
        super().__init__(name, model, clients)
        self.habits = Habits(sizes=sizes_from(model.sizes))

    def words(self, step: AnyStep) -> str:
        """What is said to the model."""
        raise NotImplementedError

    def size(self, step: AnyStep, desk: Desk) -> Size:
        """The size that is wanted."""
        raise NotImplementedError

    def length(self, step: AnyStep, desk: Desk) -> Fraction:
        """How long it is to be, in seconds."""
        raise NotImplementedError

    def reference(self, step: AnyStep, desk: Desk, size: Size) -> Part | None:
        """The picture that it begins with, or the clip that is changed."""
        return None

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """Create the job, unless an earlier attempt did; ask until it is done; fetch what it made."""
        job = desk.job
        if job is None:
            answer = yield from self._created(step, desk)
            body = answer.json()
            job = body.get("id") if isinstance(body, dict) else None
            if not isinstance(job, str) or not job:
                raise GiveUp(f"{answer.where}: the answer names no job: {str(body)[:120]!r}", billed=None)
            yield Submitted(job)
        yield from awaited(f"/videos/{quote(job, safe='')}", job, paid=self.paid(step), patience=self.model.seconds)
        path = desk.scratch / "made"
        content = yield from ask(Request("GET", f"/videos/{quote(job, safe='')}/content", into=path, takes=(404, 410)))
        if content.status >= 400:
            raise GiveUp(f"{content.where}: the clip was made, but the server has it no longer", billed=self.paid(step))
        return Got(path, content.where)

    def taken_in(self, step: AnyStep, got: Got, desk: Desk) -> Video:
        """The clip, kept; another size or length than asked is said."""
        video = kept_clip(desk, got.file(desk), got.where)
        asked = self.length(step, desk)
        if video.seconds < asked / 4:
            raise GiveUp(
                f"{got.where}: {float(asked):.1f} s were asked, and {float(video.seconds):.2f} s came; some servers make a "
                f"single frame unless options.{self.ability}.fps (or num_frames) is set in cutroom.toml",
                billed=self.paid(step),
            )
        for said in (
            size_degraded(self.size(step, desk), (video.width, video.height)),
            length_degraded(asked, video.seconds),
        ):
            if said is not None:
                desk.degrade(said.what, said.why)
        return video

    def _created(self, step: AnyStep, desk: Desk) -> Flow[Response]:
        def fields() -> dict[str, Any]:
            size = self.habits.size(self.size(step, desk))
            built = {
                "model": self.knows_it_as,
                "prompt": self.words(step),
                "size": written(size),
                "seconds": str(self.habits.length(whole_seconds(self.length(step, desk)))),
                "seed": seed_of(desk),
            }
            part = self.reference(step, desk, size)
            return built | self._frames(step, desk) | self._shown(part) | self.options

        def call(sent: dict[str, Any]) -> Request:
            part = sent.pop(_PART, None)
            body: dict[str, Any] = (
                {"json": sent} if self.habits.as_json else {"form": form_fields(sent), "files": (part,) if part else ()}
            )
            headers = token_header(desk)
            return Request("POST", "/videos", **body, headers=headers, paid=self.paid(step), takes=_REFUSED)

        answer, _ = yield from posted(fields, self.not_configured(_OURS), self.habits, call, may_turn=True)
        if charged := bill_in(answer.json()):
            yield charged
        return answer

    def _frames(self, step: AnyStep, desk: Desk) -> dict[str, int]:
        """How many frames, where the person says how many a second: some servers make a single one unless told."""
        fps = self.options.get("fps")
        if not isinstance(fps, int) or fps < 1 or "num_frames" in self.options:
            return {}
        return {"num_frames": round(self.length(step, desk) * fps)}

    def _shown(self, part: Part | None) -> dict[str, Any]:
        """The picture or clip to begin with: a part of the form; inside JSON an address that holds it."""
        if part is None or not self.habits.as_json:
            return {_PART: part} if part else {}
        _, content, _, kind = part
        data = content if isinstance(content, bytes) else content.read_bytes()
        held = f"data:{kind};base64,{base64.b64encode(data).decode()}"
        if "input_reference" in self.habits.refused:
            return {"reference_url": held}
        return {"input_reference": {"image_url": held}}


class ClipMaker(_Clips):
    """Makes clips from words."""

    ability: ClassVar[Ability] = "video"
    steps = (GenerateClip,)

    def words(self, step: AnyStep) -> str:
        """What is seen."""
        assert isinstance(step, GenerateClip)
        return step.prompt

    def size(self, step: AnyStep, desk: Desk) -> Size:
        """As the step says."""
        assert isinstance(step, GenerateClip)
        return step.width, step.height

    def length(self, step: AnyStep, desk: Desk) -> Fraction:
        """As the step says."""
        assert isinstance(step, GenerateClip)
        return step.seconds


class StillAnimator(_Clips):
    """Makes clips that begin with a picture."""

    ability: ClassVar[Ability] = "animate"
    steps = (AnimateStill,)

    def words(self, step: AnyStep) -> str:
        """What moves."""
        assert isinstance(step, AnimateStill)
        return step.motion

    def size(self, step: AnyStep, desk: Desk) -> Size:
        """As the step says."""
        assert isinstance(step, AnimateStill)
        return step.width, step.height

    def length(self, step: AnyStep, desk: Desk) -> Fraction:
        """As the step says."""
        assert isinstance(step, AnimateStill)
        return step.seconds

    def reference(self, step: AnyStep, desk: Desk, size: Size) -> Part:
        """The still, filling the clip's own size: servers refuse a first frame of another one."""
        assert isinstance(step, AnimateStill)
        return "input_reference", showing.plain_png(desk.path(step.still), size), "still.png", "image/png"


class ClipEditor(_Clips):
    """Changes clips as words say."""

    ability: ClassVar[Ability] = "edit_video"
    steps = (EditClip,)

    def words(self, step: AnyStep) -> str:
        """What becomes of it."""
        assert isinstance(step, EditClip)
        return step.instruction

    def size(self, step: AnyStep, desk: Desk) -> Size:
        """That of the clip that is changed."""
        assert isinstance(step, EditClip)
        clip = desk.media(step.clip)
        return clip.width, clip.height

    def length(self, step: AnyStep, desk: Desk) -> Fraction:
        """That of the clip that is changed."""
        assert isinstance(step, EditClip)
        return desk.media(step.clip).seconds

    def reference(self, step: AnyStep, desk: Desk, size: Size) -> Part:
        """The clip as it is."""
        assert isinstance(step, EditClip)
        clip = desk.media(step.clip)
        kind = (
            "video/mp4"
            if clip.suffix in (".mp4", ".m4v")
            else "video/quicktime"
            if clip.suffix == ".mov"
            else "video/webm"
        )
        return "input_reference", desk.path(step.clip), f"clip{clip.suffix}", kind


def awaited(path: str, job: str, *, paid: bool, patience: float) -> Flow[None]:
    """Ask for the job at `path` until it is done.

    Raises Vanished when the server does not know the job (any more): it may have been carried out. GiveUp when it
    failed, or when nothing has moved for `patience` seconds of waiting.
    """
    before: object = None
    still = 0.0
    poll = 0
    while True:
        answer = yield from ask(Request("GET", path, takes=(404, 410)))
        if answer.status >= 400:
            raise Vanished(
                f"{answer.where}: the server does not know job {job} any more (was it restarted?); what it made is lost, "
                "and may have been billed"
            )
        body = answer.json()
        body = body if isinstance(body, dict) else {}
        status = str(body.get("status", "")).lower()
        done = _percent(body.get("progress"))
        if status in _DONE:
            return
        if status in _OVER or (not status and body.get("error")):
            raise _failed(answer, job, status, paid=paid)
        yield Progress(done)
        poll, still, before = (poll + 1, still, before) if before == (status, done) else (0, 0.0, (status, done))
        wait = pause_before(poll)
        still += wait
        if still > patience:
            raise GiveUp(
                f"{answer.where}: job {job} has been {status or 'silent'} at {done} % for {patience:g} s; set a larger "
                "seconds for the model in cutroom.toml if it is that slow",
                billed=None if paid else False,
            )
        yield Wait(wait)


def _failed(answer: Response, job: str, status: str, *, paid: bool) -> GiveUp:
    code, message = words(answer)
    said = " ".join(part for part in (message, f"({code})" if code and code not in message else "") if part)
    refused = "refused by the server's moderation: " if is_moderation(f"{code} {message}") else ""
    return GiveUp(
        f"{refused}{answer.where}: job {job} {status or 'failed'}" + (f": {said}" if said else ""),
        billed=None if paid else False,
    )


def _percent(value: Any) -> int:
    """How far a job is, 0 to 100; 0 when the server does not say."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return 0
    return round(value)
