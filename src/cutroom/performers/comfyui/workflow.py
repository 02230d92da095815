"""A workflow file in ComfyUI's API format, and where in it values go.

A node's title says what it takes: `cutroom:prompt` marks the node whose text is the prompt. The convention, in full:

- ``cutroom:NAME`` sets the node's input for NAME: the one that is called so or by a usual other word (``text`` for the
  prompt, ``noise_seed`` for the seed), else the only input of the node that is no link;
- ``cutroom:NAME=INPUT`` says which input, where a node has several;
- ``cutroom:width,height`` or ``cutroom:width cutroom:height`` marks several on one node, ``cutroom:size`` both of these;
- ``cutroom:output`` marks the node whose file is the result.

NAMEs that steps fill: ``prompt`` ``avoid`` ``seed`` ``width`` ``height`` ``frames`` ``seconds`` ``image`` (``image2``,
``image3`` … for further pictures) ``mask`` ``clip`` ``sound`` ``lyrics`` ``voice`` ``language`` ``pace`` ``manner``. Any other
NAME is filled from the model's ``options``. A text that holds ``{prompt}`` keeps its other words. What nobody marked is
found by `cutroom.performers.comfyui.guesses`, as far as the workflow leaves no doubt.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cutroom.errors import BadInput
from cutroom.performers.comfyui import guesses
from cutroom.performers.comfyui.guesses import Graph, Place, is_link
from cutroom.plan.step import canonical_json

LARGEST = 16 * 2**20
"""A workflow file of more bytes is none."""

Value = str | int | float | bool
"""What a node's input may be set to."""

_MARK = re.compile(r"cutroom:\s*([a-z0-9_]+(?:=[\w.]+)?(?:\s*,\s*[a-z0-9_]+(?:=[\w.]+)?)*)", re.IGNORECASE)

_WORDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "prompt": guesses.TEXTS,
    "avoid": (("negative_prompt",), ("negative",), *guesses.TEXTS),
    "lyrics": (("lyrics",), *guesses.TEXTS),
    "seed": (("seed",), ("noise_seed",)),
    "frames": tuple((name,) for name in guesses.FRAMES),
    "seconds": (("seconds",), ("duration",), ("seconds_total",), ("length",)),
    "fps": (("fps",), ("frame_rate",)),
    "image": (("image",), ("file",)),
    "mask": (("mask",), ("image",), ("file",)),
    "clip": (("video",), ("file",)),
    "sound": (("audio",), ("file",)),
    "voice": (("voice",), ("speaker",)),
    "pace": (("pace",), ("speed",)),
    "manner": (("manner",), ("instruct",), ("instructions",)),
}
"""The usual inputs for a name, most telling first; those that stand together are set together."""


class Chosen(NamedTuple):
    """A graph that is ready to be sent."""

    graph: Graph
    left: tuple[str, ...]
    """Names of values that the workflow has no place for."""


@dataclass(frozen=True, eq=False)
class Workflow:
    """A workflow, and the places in it that values go to."""

    path: Path
    graph: Graph
    places: Mapping[str, tuple[Place, ...]]
    """By name, see the module's own words."""
    outputs: tuple[str, ...]
    """The nodes marked as output; none: any node that leaves a file."""
    digest: str
    """SHA-256 of the graph; titles count, spaces do not."""
    fps: float | None
    """The rate that the workflow writes clips at, where it says one."""

    def takes(self, name: str) -> bool:
        """True when there is a place for `name`."""
        return name in self.places

    def filled(self, values: Mapping[str, Value]) -> Chosen:
        """The graph with `values` put in; the workflow itself stays as it is."""
        graph = copy.deepcopy(self.graph)
        for name, value in values.items():
            for place in self.places.get(name, ()):
                inputs = graph[place.node]["inputs"]
                inputs[place.input] = _alike(inputs.get(place.input), value, name)
        return Chosen(graph, tuple(name for name in values if name not in self.places))


def load(path: Path) -> Workflow:
    """The workflow in the file at `path`, which is read again only when it changed.

    Raises BadInput when it is none, when it was saved for the editor and not for the API, or when a title leaves open
    which input it means.
    """
    try:
        known = path.stat()
    except OSError as error:
        raise BadInput(
            path, f"cannot be read ({error.strerror})", "check the path of the workflow in cutroom.toml"
        ) from error
    return _load(path, known.st_mtime_ns, known.st_size)


@lru_cache(maxsize=32)
def _load(path: Path, changed: int, size: int) -> Workflow:
    del changed
    if size > LARGEST:
        raise BadInput(path, f"{size} bytes are too many for a workflow", "export it again with Export (API)")
    graph = _graph(path)
    marked, outputs = _marked(path, graph)
    places = {**guesses.places(graph, marked), **marked}
    digest = hashlib.sha256(canonical_json(graph).encode()).hexdigest()
    return Workflow(path, graph, places, outputs, digest, guesses.fps(graph))


def _graph(path: Path) -> Graph:
    try:
        body = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(path, f"is no workflow ({str(error)[:120]})", "export it again with Export (API)") from error
    if isinstance(body, dict) and isinstance(body.get("nodes"), list):
        raise BadInput(path, "was saved for ComfyUI's editor", "export it there with Workflow > Export (API)")
    if isinstance(body, dict) and isinstance(body.get("prompt"), dict) and "class_type" not in body["prompt"]:
        body = body["prompt"]
    if not isinstance(body, dict) or not body or not all(_is_node(node) for node in body.values()):
        raise BadInput(path, "is no workflow in API format", "export it in ComfyUI with Workflow > Export (API)")
    for name, node in body.items():
        for entry, value in node["inputs"].items():
            if is_link(value) and value[0] not in body:
                raise BadInput(
                    path, f"node {name} takes {entry} from node {value[0]}, which is not there", "export it again"
                )
    return body


def _is_node(node: Any) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)


def _marked(path: Path, graph: Graph) -> tuple[dict[str, tuple[Place, ...]], tuple[str, ...]]:
    """The places that titles mark, and the nodes that they mark as output."""
    places: dict[str, tuple[Place, ...]] = {}
    outputs: list[str] = []
    for node in guesses.by_number(graph):
        for name, entry in _marks(guesses.title(graph[node])):
            if name == "output":
                outputs.append(node)
                continue
            places[name] = (*places.get(name, ()), *_meant(path, graph, node, name, entry))
    return places, tuple(outputs)


def _marks(title: str) -> Iterator[tuple[str, str]]:
    """(name, input or nothing) for each mark in a title."""
    for found in _MARK.finditer(title):
        for mark in found[1].split(","):
            name, _, entry = mark.strip().partition("=")
            for one in ("width", "height") if name.lower() == "size" else (name.lower(),):
                yield one, entry


def _meant(path: Path, graph: Graph, node: str, name: str, entry: str) -> tuple[Place, ...]:
    """The inputs of `node` that a mark means."""
    inputs = graph[node]["inputs"]
    if entry:
        if entry not in inputs:
            raise BadInput(
                path,
                f"the title of node {node} names the input {entry!r}, and it has {', '.join(inputs) or 'none'}",
                "correct the title in ComfyUI and export the workflow again",
            )
        return (Place(node, entry),)
    free = [key for key, value in inputs.items() if not is_link(value)]
    for group in ((name,), *_WORDS.get(re.sub(r"\d+$", "", name), ())):
        found = [key for key in group if key in free]
        if found:
            return tuple(Place(node, key) for key in found)
    if "value" in free or len(free) == 1:
        return (Place(node, "value" if "value" in free else free[0]),)
    raise BadInput(
        path,
        f"node {node} ({graph[node]['class_type']}) is titled cutroom:{name}, and which of its inputs that is stays open "
        f"({', '.join(free) or 'all of them are links'})",
        f"title it cutroom:{name}=INPUT",
    )


def _alike(old: Any, new: Value, name: str) -> Value:
    """`new` in the shape that the workflow has there: whole numbers stay whole, text around {prompt} stays."""
    if isinstance(old, str) and f"{{{name}}}" in old:
        return old.replace(f"{{{name}}}", str(new))
    if isinstance(old, str) and not isinstance(new, str):
        return f"{new:g}" if isinstance(new, float) else str(new)
    if isinstance(old, int) and not isinstance(old, bool) and isinstance(new, float):
        return math.ceil(new)
    return new
