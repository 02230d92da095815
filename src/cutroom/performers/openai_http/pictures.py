"""Pictures: ``/images/generations`` and ``/images/edits``."""

from __future__ import annotations

import base64
import binascii
from typing import Any, ClassVar

from cutroom.configuration import Ability, Model
from cutroom.errors import Ambiguous, GiveUp, TryLater
from cutroom.media.kinds import Image
from cutroom.money import Price
from cutroom.net.exchange import Part, Request, Response
from cutroom.performers.flow import Charged, Flow, ask
from cutroom.performers.openai_http import showing
from cutroom.performers.openai_http.habits import Habits, posted, sizes_from, written
from cutroom.performers.performer import Desk
from cutroom.performers.received import kept_picture, size_degraded
from cutroom.performers.served import Clients, Got, Served, seed_of, token_header
from cutroom.plan.catalogue.edit import EditPicture
from cutroom.plan.catalogue.generate import GeneratePicture
from cutroom.plan.step import AnyStep

_OURS = ("response_format", "seed", "negative_prompt", "size", "n", "image[]")
_REFUSED = (400, 415, 422)


class _Pictures(Served):
    def __init__(self, name: str, model: Model, clients: Clients) -> None:
        super().__init__(name, model, clients)
        self.habits = Habits(sizes=sizes_from(model.sizes))

    def asked_size(self, step: AnyStep, desk: Desk) -> tuple[int, int]:
        """The size of the picture that `step` wants."""
        raise NotImplementedError

    def taken_in(self, step: AnyStep, got: Got, desk: Desk) -> Image:
        """The picture, kept; another size than asked is said."""
        image = kept_picture(desk, got.file(desk), got.where)
        if said := size_degraded(self.asked_size(step, desk), (image.width, image.height)):
            desk.degrade(said.what, said.why)
        return image

    def _fields(self, prompt: str, size: tuple[int, int], desk: Desk) -> dict[str, Any]:
        """What both calls have in common. Without `response_format`, some servers answer with an address of theirs."""
        return {
            "model": self.knows_it_as,
            "prompt": prompt,
            "n": 1,
            "size": written(self.habits.size(size)),
            "response_format": "b64_json",
            "seed": seed_of(desk),
        }


class PictureMaker(_Pictures):
    """Makes pictures from words."""

    ability: ClassVar[Ability] = "image"
    steps = (GeneratePicture,)

    def asked_size(self, step: AnyStep, desk: Desk) -> tuple[int, int]:
        """As the step says."""
        assert isinstance(step, GeneratePicture)
        return step.width, step.height

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """One call; a second when the answer is an address."""
        assert isinstance(step, GeneratePicture)

        def fields() -> dict[str, Any]:
            named = bool(step.avoid) and "negative_prompt" not in self.habits.refused
            prompt = step.prompt if named or not step.avoid else f"{step.prompt}\nDo not show: {step.avoid}"
            avoid = {"negative_prompt": step.avoid} if named else {}
            return self._fields(prompt, (step.width, step.height), desk) | avoid | self.options

        def call(sent: dict[str, Any]) -> Request:
            return Request(
                "POST",
                "/images/generations",
                json=sent,
                headers=token_header(desk),
                paid=self.paid(step),
                takes=_REFUSED,
            )

        answer, _ = yield from posted(fields, self.not_configured(_OURS), self.habits, call)
        return (yield from picture_in(answer, desk, paid=self.paid(step)))


class PictureEditor(_Pictures):
    """Changes pictures as words say, with further pictures to look at and a mask."""

    ability: ClassVar[Ability] = "edit"
    steps = (EditPicture,)

    def asked_size(self, step: AnyStep, desk: Desk) -> tuple[int, int]:
        """That of the picture that is changed."""
        assert isinstance(step, EditPicture)
        return showing.seen_size(desk.path(step.picture))

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """One call; a second when the answer is an address."""
        assert isinstance(step, EditPicture)
        size = self.asked_size(step, desk)
        shown = [showing.plain_png(desk.path(ref)) for ref in (step.picture, *step.references)]
        # A mask says nothing when it has another size than the picture.
        mask = showing.plain_png(desk.path(step.mask), size) if step.mask else None

        def fields() -> dict[str, Any]:
            many = "image[]" if len(shown) > 1 and "image[]" not in self.habits.refused else "image"
            return self._fields(step.instruction, size, desk) | {many: True} | self.options

        def call(sent: dict[str, Any]) -> Request:
            field = "image[]" if sent.pop("image[]", None) else "image"
            sent.pop("image", None)
            parts: list[Part] = [
                (field, png, f"picture-{place}.png", "image/png") for place, png in enumerate(shown, start=1)
            ]
            if mask is not None:
                parts.append(("mask", mask, "mask.png", "image/png"))
            return Request(
                "POST",
                "/images/edits",
                form=form_fields(sent),
                files=tuple(parts),
                headers=token_header(desk),
                paid=self.paid(step),
                takes=_REFUSED,
            )

        answer, _ = yield from posted(fields, self.not_configured(_OURS), self.habits, call)
        return (yield from picture_in(answer, desk, paid=self.paid(step)))


def form_fields(fields: dict[str, Any]) -> dict[str, str]:
    """Fields as the text of a form: true and false in lower case, as JSON writes them."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in fields.items()}


def picture_in(answer: Response, desk: Desk, *, paid: bool) -> Flow[Got]:
    """The first picture of an answer: ``b64_json``, or a ``url`` that is fetched (or holds it itself)."""
    body = answer.json()
    if charged := bill_in(body):
        yield charged
    listed = body.get("data") if isinstance(body, dict) else None
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    inside = first.get("b64_json") or ""
    url = first.get("url") or ""
    if isinstance(url, str) and url.startswith("data:"):
        inside, url = url, ""
    if isinstance(inside, str) and inside:
        return Got(decoded(inside, answer.where), answer.where)
    if not isinstance(url, str) or not url:
        raise GiveUp(f"{answer.where}: the answer holds no picture: {str(body)[:120]!r}", billed=None)
    path = desk.scratch / "made"
    try:
        fetched = yield from ask(Request("GET", url, into=path, linked=True))
    except TryLater as trouble:
        if not paid:
            raise
        # The same call again would be the same picture paid for twice.
        raise Ambiguous(
            f"the picture was made, and may have been billed, but cannot be fetched: {trouble}"
        ) from trouble
    return Got(path, fetched.where)


def decoded(text: str, where: str) -> bytes:
    """The bytes behind base64, with or without ``data:…;base64,`` before it. Raises GiveUp when it is none."""
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise GiveUp(f"{where}: the answer is no base64: {text[:60]!r}", billed=None) from error


def bill_in(body: Any) -> Charged | None:
    """What a gateway says that it charged (``{"usage": {"cost": 0.04}}``, in US dollars); None when it does not."""
    usage = body.get("usage") if isinstance(body, dict) else None
    cost = usage.get("cost") if isinstance(usage, dict) else None
    if not isinstance(cost, int | float) or isinstance(cost, bool) or not 0 <= cost < 10_000:
        return None
    return Charged(Price.of(str(round(cost, 6))))
