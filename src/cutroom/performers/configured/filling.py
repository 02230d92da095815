"""What a server or a folder says about itself, filled in where a person said nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cutroom.configuration import ABILITIES, Ability, Model, endpoint_of
from cutroom.errors import CutroomError, WrongUse
from cutroom.net.client import Client
from cutroom.performers.configured.asking import ask, listed, name_of, routes_of, shown, voices_of

PATIENCE = 5.0
"""Seconds that a server is waited for."""

_ROUTES: Mapping[str, Ability] = {
    "/images/generations": "image",
    "/images/edits": "edit",
    "/videos": "video",
    "/audio/speech": "speech",
    "/audio/transcriptions": "transcribe",
    "/audio/generate": "sound",
}
_KINDS: Mapping[str, Ability] = {
    "chat": "chat", "llm": "chat", "vlm": "chat", "language": "chat", "text": "chat", "image": "image", "video": "video",
    "speech": "speech", "tts": "speech", "transcribe": "transcribe", "transcription": "transcribe", "stt": "transcribe",
    "music": "music",
}  # fmt: skip
"""Words that servers have for what a model makes."""
_SHOWN = 12


@dataclass
class Filled:
    """What is to be written, and what a person should know of it."""

    settings: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def filled(name: str, settings: Mapping[str, Any]) -> Filled:
    """`settings` of the model that the person calls `name`, with what can be known by asking.

    A server that does not answer only costs what it would have said. Raises WrongUse when the settings are wrong, or when
    neither the person nor the server says what the model is for.
    """
    found = Filled(dict(settings))
    _fill_api(found)
    model = Model.model_validate(found.settings)
    if model.api == "openai":
        _fill_from_list(name, found)
    if not Model.model_validate(found.settings).abilities and model.api not in ("diffusers", "whisper"):
        raise WrongUse(f"model {name}: {_unknown(found, model)}")
    standing = ask(name, _placed(Model.model_validate(found.settings)), PATIENCE)
    found.notes += [one for one in standing.says if one not in found.notes]
    return found


def _unknown(found: Filled, model: Model) -> str:
    said = "; ".join(found.notes)
    if model.api == "comfyui":
        return "say which workflow is for what, such as --workflow image=still.json (export it with Export (API))"
    if model.url is None:
        return "say where it is: --url http://… for a server, --folder … for a model on this machine"
    return f"say what it is for, such as --chat NAME or --image NAME{'; ' if said else ''}{said}"


def _fill_api(found: Filled) -> None:
    """Workflows are ComfyUI's; a folder says by its files what it is."""
    if "api" in found.settings:
        return
    if found.settings.get("workflows"):
        found.settings["api"] = "comfyui"
    elif folder := found.settings.get("folder"):
        path = Path(folder).expanduser()
        if (path / "model.bin").is_file():
            found.settings["api"] = "whisper"
        elif found.settings.get("url") is None:
            found.settings["api"] = "diffusers"


def _placed(model: Model) -> Model:
    """With whole paths, as it would be read back from the working folder."""
    files = {ability: str(Path.cwd() / Path(file).expanduser()) for ability, file in model.workflows.items()}
    return model.model_copy(update={"workflows": files})


def _fill_from_list(name: str, found: Filled) -> None:
    model = Model.model_validate(found.settings | {"seconds": PATIENCE})
    if model.url is None:
        return
    try:
        rows = _rows(name, model, found)
        model = Model.model_validate(found.settings | {"seconds": PATIENCE})
        with Client(endpoint_of(name, model)) as client:
            if not model.abilities:
                _fill_abilities(rows, routes_of(client) if len(rows) == 1 else (), found)
            if found.settings.get("speech") and not found.settings.get("voices"):
                found.settings |= {"voices": voices} if (voices := voices_of(client)) else {}
    except CutroomError as trouble:
        found.notes.append(f"it could not be asked: {trouble}")
        return
    _fill_about_chat(rows, found)


def _rows(name: str, model: Model, found: Filled) -> tuple[dict[str, Any], ...]:
    """The server's list, also where the address lacks its ``/v1``."""
    assert model.url is not None
    with Client(endpoint_of(name, model)) as client:
        rows = listed(client)
    if rows is not None or urlsplit(model.url).path.strip("/"):
        return rows or ()
    longer = f"{model.url.rstrip('/')}/v1"
    with Client(endpoint_of(name, model.model_copy(update={"url": longer}))) as client:
        rows = listed(client)
    if rows is not None:
        found.settings["url"] = longer
        found.notes.append("its address ends in /v1: written so")
    return rows or ()


def _fill_abilities(rows: tuple[dict[str, Any], ...], routes: tuple[str, ...], found: Filled) -> None:
    """What the list's own words say; of a single model, also what the server's routes say. Where two could be meant, nothing."""
    able: dict[Ability, list[str]] = {}
    for row in rows:
        for ability in _said_abilities(row):
            able.setdefault(ability, []).append(name_of(row))
    if len(rows) == 1 and not able:
        ends = {route.partition("/v1")[2] or route for route in routes}
        # A server for language lists every route, whatever its model can: only one without chat is taken at its word.
        told = ["chat"] if "/chat/completions" in ends else [_ROUTES[end] for end in _ROUTES if end in ends]
        able = {ability: [name_of(rows[0])] for ability in ABILITIES if ability in told}
    for ability, names in able.items():
        if len(names) == 1:
            found.settings[ability] = names[0]
    names = [name_of(row) for row in rows if name_of(row)]
    if not any(found.settings.get(ability) for ability in ABILITIES):
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        found.notes.append(f"it lists {', '.join(names[:_SHOWN]) or 'no models'}{more}")


def _said_abilities(row: Mapping[str, Any]) -> list[Ability]:
    """What a row of the list says that its model makes: ``output_modalities``, or a ``type`` or ``task``."""
    architecture = row.get("architecture")
    outputs = architecture.get("output_modalities") if isinstance(architecture, Mapping) else None
    words = outputs if isinstance(outputs, list) else [row.get("type"), row.get("task")]
    said = {word.lower() for word in words if isinstance(word, str)}
    return list(dict.fromkeys(ability for word, ability in _KINDS.items() if word in said))


def _fill_about_chat(rows: Iterable[Mapping[str, Any]], found: Filled) -> None:
    """Senses and prices of the chat model, where its row says them."""
    row = next((row for row in rows if name_of(row) == found.settings.get("chat")), None)
    if row is None or not found.settings.get("chat"):
        return
    architecture = row.get("architecture")
    inputs = architecture.get("input_modalities") if isinstance(architecture, Mapping) else None
    senses = [word for word in inputs if isinstance(word, str)] if isinstance(inputs, list) else []
    if "image" in senses or row.get("type") == "vlm":
        found.settings["see"] = True
    if "audio" in senses:
        found.settings["hear"] = True
    price = _chat_price(row.get("pricing"))
    if price and "chat" not in found.settings.get("price", {}):
        found.settings["price"] = {**found.settings.get("price", {}), "chat": price}
        found.notes.append(f"its price for a million tokens in and out, as the server says: {shown(price)}")


def _chat_price(pricing: Any) -> str:
    """Dollars a token, in and out, as dollars a million; empty when they are not said so."""
    if not isinstance(pricing, Mapping):
        return ""
    try:
        each = [Decimal(str(pricing[way])) * 1_000_000 for way in ("prompt", "completion")]
    except (KeyError, InvalidOperation):
        return ""
    if not all(one.is_finite() and 0 <= one < 1_000_000 for one in each):
        return ""
    return "+".join(f"{one:.6f}".rstrip("0").rstrip(".") for one in each)
