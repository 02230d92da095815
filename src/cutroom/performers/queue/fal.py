"""Queues in the shape of fal: hand in, ask for the status, fetch the result; webhooks stay off.

Every model there has field names of its own. Ours are the usual ones; ``options.fields`` of the model renames them
(``fields = {prompt = "text", seconds = "length"}``) and leaves out those that it maps to an empty name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from cutroom.configuration import Ability
from cutroom.errors import GiveUp, Vanished
from cutroom.media.kinds import Media
from cutroom.net.exchange import Request, Response
from cutroom.net.refusals import refusal, words
from cutroom.performers.flow import Flow, Progress, Submitted, Wait, ask, pause_before
from cutroom.performers.openai_http import showing
from cutroom.performers.openai_http.voices import as_spoken
from cutroom.performers.performer import Desk
from cutroom.performers.received import kept_clip, kept_picture, kept_sound, length_degraded, size_degraded
from cutroom.performers.served import Got, Served, seed_of, token_header, whole_seconds
from cutroom.plan.catalogue.edit import EditClip, EditPicture
from cutroom.plan.catalogue.generate import (
    AnimateStill,
    GenerateClip,
    GenerateMusic,
    GeneratePicture,
    GenerateSound,
    Speak,
)
from cutroom.plan.step import AnyStep

_LOST = (404, 410)
_FAILED = (400, 422, 500, *_LOST)
"""What a queue answers in place of a result; 500 means that the model broke, and asking again gives the same."""
_PLACES = {
    "image": ("images", "image", "output"),
    "video": ("video", "videos", "output"),
    "audio": ("audio", "audio_file", "audio_url", "audios", "output"),
}
"""Where results stand, by what they are."""


class _Queued(Served):
    queued: ClassVar[bool] = True

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """What the model is given, under our names."""
        raise NotImplementedError

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Also how fields are renamed."""
        return super().settings(step) | {"fields": self.renamed}

    @property
    def renamed(self) -> dict[str, str]:
        """Our names for fields, and the model's."""
        own = self.model.options.get(self.ability)
        tables = (self.model.options.get("fields"), own.get("fields") if isinstance(own, dict) else None)
        return {name: str(theirs) for table in tables if isinstance(table, dict) for name, theirs in table.items()}

    @property
    def options(self) -> dict[str, Any]:
        """What goes along with every call."""
        return {name: value for name, value in super().options.items() if name != "fields"}

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """Hand in, unless an earlier attempt did; ask until it is done; fetch the result, and the file that it names."""
        job = desk.job
        if job is None:
            built = {self.renamed.get(name, name): value for name, value in self.asked(step, desk).items()}
            body = {name: value for name, value in (built | self.options).items() if name}
            path = "/" + quote(self.knows_it_as.strip("/"), safe="/")
            answer = yield from ask(Request("POST", path, json=body, headers=token_header(desk), paid=self.paid(step)))
            job = job_in(answer, self.knows_it_as)
            yield Submitted(job)
        places = json.loads(job)
        yield from awaited(places["status"], patience=self.model.seconds, paid=self.paid(step))
        result = yield from ask(Request("GET", places["response"], takes=_FAILED, linked=True))
        if result.status in _LOST:
            raise _lost(result)
        if result.status >= 400:
            raise _refused(result)
        url = next(addresses(result.json(), step.makes.medium), None)
        if url is None:
            raise GiveUp(f"{result.where}: no {step.makes.medium} in {str(result.json())[:120]!r}", billed=None)
        if url.startswith("data:"):
            return Got(base64.b64decode(url.partition(",")[2]), result.where)
        made = desk.scratch / "made"
        fetched = yield from ask(Request("GET", url, into=made, linked=True))
        return Got(made, fetched.where)

    def taken_in(self, step: AnyStep, got: Got, desk: Desk) -> Media:
        """What came, kept as what it is; what differs from what was asked is said."""
        path = got.file(desk)
        if isinstance(step, Speak):
            return as_spoken(step, path, got.where, desk)
        if step.makes.medium == "image":
            picture = kept_picture(desk, path, got.where)
            self._compared(step, desk, (picture.width, picture.height))
            return picture
        if step.makes.medium == "video":
            clip = kept_clip(desk, path, got.where)
            self._compared(step, desk, (clip.width, clip.height))
            self._timed(step, desk, clip.seconds)
            return clip
        sound = kept_sound(desk, path, got.where)
        self._timed(step, desk, sound.seconds)
        return sound

    def _compared(self, step: AnyStep, desk: Desk, size: tuple[int, int]) -> None:
        asked = getattr(step, "width", None), getattr(step, "height", None)
        if asked[0] and asked[1] and (said := size_degraded((asked[0], asked[1]), size)):
            desk.degrade(said.what, said.why)

    def _timed(self, step: AnyStep, desk: Desk, seconds: Any) -> None:
        asked = getattr(step, "seconds", None)
        if asked is not None and (said := length_degraded(asked, seconds)):
            desk.degrade(said.what, said.why)


class QueuedPictures(_Queued):
    """Pictures from words."""

    ability: ClassVar[Ability] = "image"
    steps = (GeneratePicture,)

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """The prompt, the size and the seed."""
        assert isinstance(step, GeneratePicture)
        avoid = {"negative_prompt": step.avoid} if step.avoid else {}
        size = {"width": step.width, "height": step.height}
        return {"prompt": step.prompt, "image_size": size, "num_images": 1, "seed": seed_of(desk)} | avoid


class QueuedEdits(_Queued):
    """Pictures changed as words say."""

    ability: ClassVar[Ability] = "edit"
    steps = (EditPicture,)

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """The instruction and the pictures."""
        assert isinstance(step, EditPicture)
        shown = [held(showing.plain_png(desk.path(ref)), "image/png") for ref in (step.picture, *step.references)]
        pictures: dict[str, Any] = {"image_url": shown[0]} if len(shown) == 1 else {"image_urls": shown}
        mask = {}
        if step.mask is not None:
            size = showing.seen_size(desk.path(step.picture))
            mask = {"mask_url": held(showing.plain_png(desk.path(step.mask), size), "image/png")}
        return {"prompt": step.instruction, "seed": seed_of(desk)} | pictures | mask


class QueuedClips(_Queued):
    """Clips from words."""

    ability: ClassVar[Ability] = "video"
    steps = (GenerateClip,)

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """The prompt, the length, the shape and the seed."""
        assert isinstance(step, GenerateClip)
        return {"prompt": step.prompt, **_moving(step.width, step.height), **_lasting(step), "seed": seed_of(desk)}


class QueuedAnimations(_Queued):
    """Clips that begin with a picture."""

    ability: ClassVar[Ability] = "animate"
    steps = (AnimateStill,)

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """The motion, the still in the clip's own shape, the length and the seed."""
        assert isinstance(step, AnimateStill)
        still = held(showing.plain_png(desk.path(step.still), (step.width, step.height)), "image/png")
        shape = _moving(step.width, step.height)
        return {"prompt": step.motion, "image_url": still, **shape, **_lasting(step), "seed": seed_of(desk)}


class QueuedClipEdits(_Queued):
    """Clips changed as words say."""

    ability: ClassVar[Ability] = "edit_video"
    steps = (EditClip,)

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """The instruction, the clip and the seed."""
        assert isinstance(step, EditClip)
        clip = held(desk.path(step.clip), f"video/{desk.media(step.clip).suffix.lstrip('.')}")
        return {"prompt": step.instruction, "video_url": clip, "seed": seed_of(desk)}


class QueuedVoices(_Queued):
    """Lines read aloud."""

    ability: ClassVar[Ability] = "speech"
    steps = (Speak,)

    def performs(self, step: AnyStep) -> bool:
        """True when it has the voice that is named; it cannot be shown one."""
        if not isinstance(step, Speak) or not super().performs(step) or step.sample is not None:
            return False
        return step.voice is None or not self.model.voices or step.voice in self.model.voices

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """The words, the voice and the pace."""
        assert isinstance(step, Speak)
        voice = step.voice or next(iter(self.model.voices), None)
        pace = {"speed": step.pace} if step.pace != 1.0 else {}
        return {"text": step.text} | ({"voice": voice} if voice else {}) | pace


class QueuedMusic(_Queued):
    """Music and songs."""

    ability: ClassVar[Ability] = "music"
    steps = (GenerateMusic,)

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """The description, the lyrics, the length and the seed."""
        assert isinstance(step, GenerateMusic)
        lyrics = {"lyrics": step.lyrics} if step.lyrics else {}
        return {"prompt": step.description, **lyrics, "duration": whole_seconds(step.seconds), "seed": seed_of(desk)}


class QueuedSounds(_Queued):
    """Sounds."""

    ability: ClassVar[Ability] = "sound"
    steps = (GenerateSound,)

    def asked(self, step: AnyStep, desk: Desk) -> dict[str, Any]:
        """The description, the length and the seed."""
        assert isinstance(step, GenerateSound)
        return {"prompt": step.description, "duration": whole_seconds(step.seconds), "seed": seed_of(desk)}


def job_in(answer: Response, model: str) -> str:
    """Where the job that was just handed in is asked after, and where its result will be, as JSON.

    Queues say both; from one that gives only an id they follow: below the model's first two names (what stands behind them
    is a way of calling it, and not part of it). Raises GiveUp when there is neither.
    """
    body = answer.json()
    body = body if isinstance(body, dict) else {}
    known, status, response = (body.get(name) for name in ("request_id", "status_url", "response_url"))
    if not isinstance(known, str) or not known:
        raise GiveUp(f"{answer.where}: the answer names no job: {str(body)[:120]!r}", billed=None)
    whose = "/".join(model.strip("/").split("/")[:2])
    below = f"{quote(whose, safe='/')}/requests/{quote(known, safe='')}"
    places = {
        "id": known,
        "status": status if isinstance(status, str) and status else f"{below}/status",
        "response": response if isinstance(response, str) and response else below,
    }
    return json.dumps(places, sort_keys=True)


def awaited(status: str, *, patience: float, paid: bool) -> Flow[None]:
    """Ask at `status` until the job is done.

    Raises Vanished when the queue does not know it (any more), GiveUp when it failed, or when nothing has moved for
    `patience` seconds while it was worked on. A place in the queue has no limit.
    """
    poll, still, before = 0, 0.0, ""
    while True:
        answer = yield from ask(Request("GET", status, takes=_LOST, linked=True))
        if answer.status >= 400:
            raise _lost(answer)
        body = answer.json()
        body = body if isinstance(body, dict) else {}
        state = str(body.get("status", "")).upper()
        if state in ("FAILED", "ERROR", "CANCELED", "CANCELLED") or body.get("error"):
            raise _refused(answer)
        if state == "COMPLETED":
            return
        yield Progress(0)
        now = f"{state} {body.get('queue_position')}"
        poll, still, before = (poll + 1, still, before) if now == before else (0, 0.0, now)
        wait = pause_before(poll)
        still += wait
        if still > patience and state != "IN_QUEUE":
            raise GiveUp(
                f"{answer.where}: {state or 'no status'} for {patience:g} s; set a larger seconds for the model in "
                "cutroom.toml if it is that slow",
                billed=None if paid else False,
            )
        yield Wait(wait)


def addresses(result: Any, medium: str) -> Iterator[str]:
    """The addresses of what was made, in a result: where they usually stand first, then anywhere else."""
    inner = result.get("data", result) if isinstance(result, dict) else result
    if isinstance(inner, dict):
        for name in _PLACES.get(medium, ()):
            if name in inner:
                yield from _urls(inner[name])
    yield from _urls(inner)


def _urls(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(("http://", "https://", "data:", "/")):
            yield value
    elif isinstance(value, list):
        for one in value[:64]:
            yield from _urls(one)
    elif isinstance(value, dict):
        listed = [value["url"]] if "url" in value else [one for one in value.values() if isinstance(one, dict | list)]
        for one in listed:
            yield from _urls(one)


def held(content: bytes | Path, kind: str) -> str:
    """A file inside an address, so that nothing has to be uploaded elsewhere."""
    data = content if isinstance(content, bytes) else content.read_bytes()
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _moving(width: int, height: int) -> dict[str, str]:
    """The shape and the number of lines, among those that queues know."""
    shapes = {"16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1.0, "4:3": 4 / 3, "3:4": 3 / 4}
    lines = min((480, 720, 1080), key=lambda one: abs(one - min(width, height)))
    return {"aspect_ratio": min(shapes, key=lambda name: abs(shapes[name] - width / height)), "resolution": f"{lines}p"}


def _lasting(step: GenerateClip | AnimateStill) -> dict[str, str]:
    return {"duration": str(whole_seconds(step.seconds))}


def _lost(answer: Response) -> Vanished:
    return Vanished(
        f"{answer.where}: the queue does not know this job any more; it may have been carried out, and billed"
    )


def _refused(answer: Response) -> GiveUp:
    trouble = refusal(answer, paid=False)
    code, message = words(answer)
    said = str(trouble) if answer.status >= 400 else f"{answer.where}: the job failed: {message or code}"
    return GiveUp(said, billed=None)
