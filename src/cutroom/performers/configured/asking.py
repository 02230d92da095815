"""Asks models what can be known without making anything: whether they answer, what they have. Short, and all at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from cutroom.configuration import Ability, Configuration, Model, endpoint_of
from cutroom.errors import CutroomError, Unavailable
from cutroom.net.client import Client
from cutroom.net.exchange import Request, Response
from cutroom.net.secret import hide
from cutroom.performers.comfyui.performer import ComfyPerformer
from cutroom.performers.configured.absent import Absent
from cutroom.performers.configured.cast import check_prices, performers_for
from cutroom.performers.configured.samples import sample_step
from cutroom.performers.connections import Connections
from cutroom.performers.openai_http.voices import voices_in

PATIENCE = 2.0
"""After so many seconds a model that says nothing is away."""

_LISTENED = 64
"""So many names of a list are taken in."""
_REFUSALS = tuple(range(400, 500))


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one configured model stands."""

    name: str
    answers: bool
    says: tuple[str, ...] = ()
    """What is not as it should be, with the way out."""
    seconds: float = 0.0
    """How long the answer took."""
    has: tuple[str, ...] = ()
    """The models that the server lists; empty where it lists none."""
    voices: tuple[str, ...] = ()
    """The voices that it lists."""


def ask_all(configuration: Configuration, patience: float = PATIENCE) -> dict[str, Standing]:
    """Every model's standing, by name; asked side by side, so that one that is away holds up nobody."""
    models = configuration.models
    if not models:
        return {}
    with ThreadPoolExecutor(max_workers=min(32, len(models))) as crew:
        under_way = {name: crew.submit(ask, name, model, patience) for name, model in models.items()}
        return {name: one.result() for name, one in under_way.items()}


def ask(name: str, model: Model, patience: float = PATIENCE) -> Standing:
    """The standing of `model`, which the person calls `name`. Raises nothing: what is wrong is what it says."""
    quick = model.model_copy(update={"seconds": min(patience, model.seconds)})
    began = time.monotonic()
    try:
        check_prices(name, model)
        if not model.abilities and model.api not in ("diffusers", "whisper"):
            return Standing(name=name, answers=False, says=(f"it is configured for nothing; {_way_out(name, model)}",))
        found = _ASKED[model.api](name, quick)
    except CutroomError as trouble:
        found = Standing(name=name, answers=False, says=(str(trouble),))
    seconds = round(time.monotonic() - began, 3)
    return Standing(**{**found.__dict__, "seconds": seconds})


def _way_out(name: str, model: Model) -> str:
    if model.api == "comfyui":
        return f'add workflows.image = "FILE.json" to [models.{name}]'
    return f'add image = "…", chat = "…" or what it can do to [models.{name}]'


def listed(client: Client) -> tuple[dict[str, Any], ...] | None:
    """What an OpenAI-shaped server says of its models; None when it has no such list. Raises what `Client.send` raises."""
    answer = client.send(Request("GET", "/models", takes=(404, 405, 501)))
    if answer.status >= 400:
        return None
    body = answer.json()
    rows = body.get("data", body.get("models")) if isinstance(body, dict) else body
    return tuple(row for row in rows if isinstance(row, dict))[:4096] if isinstance(rows, list) else ()


def voices_of(client: Client) -> tuple[str, ...]:
    """The voices that a server lists; empty where it lists none. Raises what `Client.send` raises."""
    answer = client.send(Request("GET", "/audio/voices", takes=(*_REFUSALS, 501)))
    return tuple(shown(voice) for voice in voices_in(answer)[:_LISTENED]) if answer.status < 300 else ()


def routes_of(client: Client) -> tuple[str, ...]:
    """The paths that a server says it answers, from its OpenAPI description at the root; empty where it has none.

    Raises what `Client.send` raises.
    """
    answer = client.send(Request("GET", "/openapi.json", takes=(*_REFUSALS, 501), linked=True))
    body = answer.json() if answer.status < 300 and answer.kind == "application/json" else None
    paths = body.get("paths") if isinstance(body, dict) else None
    return tuple(str(path) for path in paths) if isinstance(paths, dict) else ()


def name_of(row: Mapping[str, Any]) -> str:
    """A listed model's name; empty when it has none."""
    name = row.get("id") or row.get("name") or row.get("model")
    return shown(name) if isinstance(name, str) else ""


def shown(text: str) -> str:
    """A server's word, for people: one line, bounded, nothing that looks like a key."""
    return hide(printable(text))[:200]


def printable(text: str) -> str:
    """Without what would move the cursor of a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _openai(name: str, model: Model) -> Standing:
    with Client(endpoint_of(name, model)) as client:
        rows = listed(client)
        has = tuple(filter(None, map(name_of, rows or ())))
        voices = voices_of(client) if model.speech else ()
    says = [_missing(model, ability, has) for ability in model.abilities if has]
    if rows is None:
        says.append(f"{model.where} has no list of models; if nothing works, the address may lack its end (often /v1)")
    unheard = [voice for voice in model.voices if voices and voice not in voices]
    if unheard:
        says.append(f"it has no voice {unheard[0]}{_near(unheard[0], voices)}")
    return Standing(name=name, answers=True, says=tuple(filter(None, says)), has=has[:_LISTENED], voices=voices)


def _missing(model: Model, ability: str, has: tuple[str, ...]) -> str:
    wanted = model.abilities[ability]
    # Ollama lists "name:latest" and answers to "name".
    if wanted in has or f"{wanted}:latest" in has:
        return ""
    return f"it lists no model {wanted} ({ability}){_near(wanted, has)}"


def _near(wanted: str, has: tuple[str, ...]) -> str:
    near = get_close_matches(wanted, has, 1, 0.4)
    return f", did you mean {near[0]}?" if near else f"; it has {', '.join(has[:5])}" if has else ""


def _comfyui(name: str, model: Model) -> Standing:
    says: list[str] = []
    with_connections = Connections()
    try:
        performers = performers_for(name, model, with_connections)
        for performer in performers:
            if isinstance(performer, Absent):
                return Standing(name=name, answers=False, says=(performer.why,))
            if isinstance(performer, ComfyPerformer):
                says += [f"{performer.ability}: {problem}" for problem in performer.problems()]
    finally:
        with_connections.close()
    return Standing(name=name, answers=True, says=tuple(map(shown, says)))


def _reached(name: str, model: Model) -> Standing:
    """A queue has nothing that could be asked for nothing: that it answers at all is all that can be known."""
    with Client(endpoint_of(name, model)) as client:
        answer: Response = client.send(Request("GET", "/", takes=(*_REFUSALS, 501), seconds=model.seconds))
    del answer
    return Standing(name=name, answers=True)


def _here(name: str, model: Model) -> Standing:
    """A pipeline or a model in a folder of this machine: whether it could be loaded, without loading it."""
    performers = performers_for(name, model, Connections())
    says: list[str] = []
    able = 0
    for performer in performers:
        if isinstance(performer, Absent):
            return Standing(name=name, answers=False, says=(performer.why,))
        ability: Ability = getattr(performer, "ability", "transcribe")
        step = sample_step(ability)
        if step is not None and performer.performs(step):
            able += 1
        elif ability in model.abilities or len(performers) == 1:
            says.append(f"{ability}: {_why_not(performer, step)}")
    if not able and not says:
        says.append(_why_not(performers[0], sample_step("image")) if performers else "nothing is configured")
    return Standing(name=name, answers=bool(able), says=tuple(dict.fromkeys(says)))


def _why_not(performer: Any, step: Any) -> str:
    try:
        performer.settings(step)
    except Unavailable as trouble:
        return str(trouble)
    missing = getattr(performer, "missing", None)
    return (missing() if missing else "") or "it is not made for that"


def server_of(model: Model) -> str:
    """The host and port of a model's server, for people; empty for what runs here."""
    return urlsplit(model.url).netloc.rpartition("@")[2] if model.url else ""


_ASKED: Mapping[str, Callable[[str, Model], Standing]] = {
    "openai": _openai,
    "comfyui": _comfyui,
    "fal": _reached,
    "ace_step": _reached,
    "diffusers": _here,
    "whisper": _here,
}
