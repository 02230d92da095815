"""Performs a step by running a workflow on a ComfyUI server."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from cutroom.configuration import Ability, Model
from cutroom.errors import BadInput, GiveUp, Unavailable
from cutroom.media.kinds import Audio, Image, Media, Video
from cutroom.net.exchange import Request, Response
from cutroom.performers.comfyui import checking
from cutroom.performers.comfyui.flow import Output, job_id, nodes, outcome, submit, upload
from cutroom.performers.comfyui.guesses import Graph, is_link
from cutroom.performers.comfyui.progress import Listener, Tally
from cutroom.performers.comfyui.uploads import uploads
from cutroom.performers.comfyui.values import STEPS, Wanted, wanted
from cutroom.performers.comfyui.workflow import Value, Workflow, load
from cutroom.performers.flow import Degraded, Flow, carry_out
from cutroom.performers.performer import Desk
from cutroom.performers.prices import price_of
from cutroom.performers.received import kept_clip, kept_picture, kept_sound, length_degraded, size_degraded
from cutroom.performers.served import Clients
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms

FPS = 16.0
"""The rate that a length in frames is counted with when the workflow does not say one."""

MOST_FETCHED = 8
"""So many of a job's files are looked at until one is what was wanted."""

_AT_ONCE = 2
"""The server works on one job at a time; the second waits in its queue, so that it never stands idle."""

_HARMLESS = ("language",)
"""Left out without a word: what is said carries its own language."""

_KEEPERS: dict[type[Media], Callable[[Desk, Path, str], Media]] = {
    Image: kept_picture,
    Video: kept_clip,
    Audio: kept_sound,
}


class ComfyPerformer:
    """One workflow on one server, for one ability."""

    version = "1"

    def __init__(self, name: str, model: Model, ability: Ability, path: Path, clients: Clients) -> None:
        """The workflow in the file at `path`, for `ability`, on the server of `model`, which the person calls `name`."""
        self.called = name
        self.name = f"{name}/{ability}"
        self.model = model
        self.ability: Ability = ability
        self.path = path
        self._clients = clients
        self._known: checking.Known = {}

    @property
    def options(self) -> dict[str, Any]:
        """Values for places that no step fills, ``fps`` and ``most_pixels``: common ones, and those in the ability's own table."""
        common = {name: value for name, value in self.model.options.items() if not isinstance(value, dict)}
        own = self.model.options.get(self.ability)
        return common | (own if isinstance(own, dict) else {})

    def performs(self, step: AnyStep) -> bool:
        """True for steps of its ability, as long as the workflow file can be read."""
        if not isinstance(step, STEPS[self.ability]):
            return False
        try:
            load(self.path)
        except BadInput:
            return False
        return True

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """The workflow's digest and the options: the server's address does not count, so it may move."""
        del step
        return {"workflow": load(self.path).digest, "options": self.options}

    def terms(self, step: AnyStep) -> Terms:
        """The server's queue is one lane. A free workflow may be sent again: the server knows it by its id."""
        price = price_of(self.model, self.ability, getattr(step, "seconds", None))
        return Terms(price=price, elsewhere=True, repeatable=price.free, lane=self.called, at_once=_AT_ONCE)

    def problems(self) -> list[str]:
        """What keeps the server from running the workflow, asked of the server; empty when nothing does.

        Raises what `Client.send` raises when the server does not answer, BadInput for the file.
        """
        send = self._clients(self.called, self.model).send
        moves = self._problems(load(self.path))
        answer: Response | None = None
        while True:
            try:
                asked = moves.send(answer)
            except StopIteration as done:
                return done.value
            answer = send(asked) if isinstance(asked, Request) else None

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """Run the workflow and keep what it made, read and measured.

        Raises Unavailable before anything runs when a node or a model file is missing, GiveUp when the workflow fails,
        BadInput when the file or a picture cannot be read, and what `Client.send` raises.
        """
        client = self._clients(self.called, self.model)
        tally = Tally(len(load(self.path).graph))
        with Listener(client.endpoint, uuid.uuid4().hex, tally) as listener:
            tally.job = desk.job or job_id(desk.token)
            ear = replace(desk, pause=listener.pauser(desk))
            return carry_out(self.flow(step, ear, listener=listener.client), client.send, ear)

    def flow(self, step: AnyStep, desk: Desk, *, listener: str = "") -> Flow[Media]:
        """What is asked of the server, without any connection: a test drives it by hand. `listener`: who hears the progress."""
        if not isinstance(step, STEPS[self.ability]):
            raise GiveUp(f"{self.name} cannot carry out {step.kind}")
        workflow, want = load(self.path), wanted(step, desk.seed)
        paid = not self.terms(step).price.free
        job = desk.job
        if job is None:
            graph = yield from self._ready(workflow, want, desk)
            job = yield from submit(graph, job_id(desk.token), listener, paid=paid)
        yield from _left(workflow, want, desk)
        outputs = yield from outcome(job, paid=paid)
        made = yield from self._fetched(_marked(outputs, workflow), want, desk)
        for told in _differences(made, want):
            if told is not None:
                yield told
        return made

    def _problems(self, workflow: Workflow) -> Flow[list[str]]:
        self._known = yield from nodes(workflow.graph)
        later = [place for places in workflow.places.values() for place in places]
        return checking.problems(workflow.graph, self._known, later)

    def _ready(self, workflow: Workflow, want: Wanted, desk: Desk) -> Flow[Graph]:
        """The graph to send: nodes checked, files uploaded, values put in."""
        if not self._known:
            wrong = yield from self._problems(workflow)
            if wrong:
                self._known = {}
                raise Unavailable(
                    f"{self.name}: {self.path.name} cannot run on this server: {'; '.join(wrong)}. "
                    "Install what is missing there, or export a workflow that does without"
                )
        values: dict[str, Value] = {**self.options, **want.values, **self._measured(workflow, want)}
        inpaints = _inpaints(workflow)
        files = {name: ref for name, ref in want.files.items() if workflow.takes(name) or (name == "mask" and inpaints)}
        for file in uploads(files, desk, inpaints=inpaints):
            if workflow.takes(file.name):
                values[file.name] = yield from upload(file)
        return workflow.filled(values).graph

    def _measured(self, workflow: Workflow, want: Wanted) -> dict[str, Value]:
        """Width, height and length as the nodes allow them."""
        found: dict[str, Value] = {}
        if want.size is not None:
            size = _within(want.size, self.options.get("most_pixels"))
            found |= {
                name: self._fit(workflow, name, side) for name, side in zip(("width", "height"), size, strict=True)
            }
        if want.seconds is not None:
            rate = Fraction(float(self.options.get("fps") or workflow.fps or FPS)).limit_denominator(1001)
            found["seconds"] = float(want.seconds)
            found["frames"] = self._fit(workflow, "frames", math.ceil(want.seconds * rate), up=True)
        return found

    def _fit(self, workflow: Workflow, name: str, value: float, *, up: bool = False) -> int:
        return checking.allowed(value, workflow.graph, self._known, workflow.places.get(name, ()), up=up)

    def _fetched(self, outputs: Sequence[Output], want: Wanted, desk: Desk) -> Flow[Media]:
        """The first file that is what was wanted."""
        seen: list[str] = []
        for number, output in enumerate(outputs[:MOST_FETCHED]):
            path = desk.scratch / f"fetched-{number}"
            yield output.request(path)
            try:
                return _KEEPERS[want.makes](desk, path, output.file_name[:80])
            except GiveUp as error:
                seen.append(str(error))
        raise GiveUp(
            f"{self.name}: no file that the workflow left will do: {'; '.join(seen)[:600]}; "
            "title the node that saves the result cutroom:output",
            billed=None,
        )


def _left(workflow: Workflow, want: Wanted, desk: Desk) -> Flow[None]:
    """Say what the workflow has no place for."""
    for name, value in {**want.values, **want.files}.items():
        if workflow.takes(name) or name in _HARMLESS or (name == "mask" and _inpaints(workflow)):
            continue
        if name != "seed":
            what = f"{name}: {value}" if name in want.values else name
            yield Degraded(what[:120], f"{workflow.path.name} has no place for it (title a node cutroom:{name})")
        elif desk.take > 1:
            yield Degraded("another take", f"{workflow.path.name} has no place for a seed, and makes the same again")


def _differences(made: Media, want: Wanted) -> tuple[Degraded | None, ...]:
    size = (
        size_degraded(want.size, (made.width, made.height)) if want.size and isinstance(made, Image | Video) else None
    )
    long = length_degraded(want.seconds, made.seconds) if want.seconds and isinstance(made, Video | Audio) else None
    return size, long


def _marked(outputs: Sequence[Output], workflow: Workflow) -> list[Output]:
    """Only what the marked nodes left, when any is marked and left something."""
    return [output for output in outputs if output.node in workflow.outputs] or list(outputs)


def _inpaints(workflow: Workflow) -> bool:
    """True when the workflow takes the mask from the picture's own transparency."""
    loaders = {place.node for place in workflow.places.get("image", ())}
    links = [value for node in workflow.graph.values() for value in node["inputs"].values() if is_link(value)]
    return not workflow.takes("mask") and any(link[0] in loaders and link[1] == 1 for link in links)


def _within(size: tuple[int, int], most: Any) -> tuple[float, float]:
    """`size`, made smaller where it has more than `most` pixels, in the same shape."""
    width, height = size
    if not isinstance(most, int | float) or isinstance(most, bool) or width * height <= most:
        return float(width), float(height)
    scale = math.sqrt(most / (width * height))
    return width * scale, height * scale
