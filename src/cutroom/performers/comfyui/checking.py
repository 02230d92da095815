"""Whether a server can run a workflow: its nodes, and the model files that they name. And which values a node allows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from cutroom.performers.comfyui.guesses import Graph, Place, by_number, is_link

Known = Mapping[str, Mapping[str, Any]]
"""What a server says about its nodes, by kind: the answers of ``/object_info``."""

_UPLOADED = ("image_upload", "video_upload", "audio_upload", "upload", "remote")


def problems(graph: Graph, known: Known, filled: Iterable[Place]) -> list[str]:
    """Everything that keeps the server from running `graph`, one sentence each; inputs that are `filled` later are left out."""
    later = set(filled)
    found: list[str] = []
    for name in by_number(graph):
        kind = graph[name]["class_type"]
        said = known.get(kind, {})
        if not said:
            found.append(f"the node {kind} (number {name}) is not installed there")
            continue
        for entry, value in graph[name]["inputs"].items():
            if not is_link(value) and Place(name, entry) not in later:
                found += _unknown_choice(kind, entry, value, said)
    return found


def _unknown_choice(kind: str, entry: str, value: Any, said: Mapping[str, Any]) -> list[str]:
    options = _options(said, entry)
    if options is None or not isinstance(value, str) or value in options:
        return []
    near = get_close_matches(value, [str(one) for one in options], 3, 0.5) or [str(one) for one in options[:3]]
    what = "file" if "." in value else "choice"
    return [
        f"the {what} {value!r} that {kind} wants as {entry} is not there (there is: {', '.join(near) if near else 'none'})"
    ]


def _options(said: Mapping[str, Any], entry: str) -> list[Any] | None:
    """What an input may be chosen from; None when it is no closed choice."""
    kind, details = spec(said, entry)
    if any(details.get(name) for name in _UPLOADED):
        return None
    options = kind if isinstance(kind, list) else details.get("options") if kind == "COMBO" else None
    return options if isinstance(options, list) else None


def spec(said: Mapping[str, Any], entry: str) -> tuple[Any, Mapping[str, Any]]:
    """(type, details) of a node's input, as ``/object_info`` has them; (None, {}) when it says nothing."""
    groups = said.get("input")
    for group in ("required", "optional"):
        entries = groups.get(group) if isinstance(groups, dict) else None
        found = entries.get(entry) if isinstance(entries, dict) else None
        if isinstance(found, list) and found:
            details = found[1] if len(found) > 1 and isinstance(found[1], dict) else {}
            return found[0], details
    return None, {}


def allowed(value: float, graph: Graph, known: Known, places: Iterable[Place], *, up: bool = False) -> int:
    """The whole number nearest to `value` that all `places` allow by their least, most and step; with `up`, not below it."""
    for place in places:
        _, details = spec(known.get(graph[place.node]["class_type"], {}), place.input)
        low, high, step = (_number(details.get(name)) for name in ("min", "max", "step"))
        if step and step > 1:
            base = (low or 0) % step
            steps = (value - base) / step
            value = base + step * (math.ceil(steps - 1e-9) if up else math.floor(steps + 0.5))
        value = min(max(value, low if low is not None else value), high if high is not None else value)
    return math.ceil(value - 1e-9) if up else round(value)


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
