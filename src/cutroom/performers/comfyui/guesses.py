"""Where values go in a workflow that marks nothing: found along the links from the sampler, where one answer is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Graph = dict[str, dict[str, Any]]
"""Nodes by id, as ComfyUI's API format has them: ``{"class_type": …, "inputs": {…}, "_meta": {"title": …}}``."""

TEXTS: tuple[tuple[str, ...], ...] = (
    ("text_g", "text_l"),
    ("clip_l", "clip_g", "t5xxl"),
    ("text",),
    ("prompt",),
    ("tags",),
    ("positive_prompt",),
    ("positive",),
    ("caption",),
    ("description",),
    ("string",),
    ("value",),
)
"""Inputs that hold words; those that stand together are encoders of one text."""

FRAMES = ("frames", "num_frames", "video_frames", "frame_count", "video_length", "length")

_RATES = ("fps", "frame_rate")
_LOADERS = {"clip": ("LoadVideo", ("video", "file")), "sound": ("LoadAudio", ("audio", "file"))}


class Place(NamedTuple):
    """An input of a node."""

    node: str
    input: str


def is_link(value: Any) -> bool:
    """True for ``["4", 0]``: output 0 of node 4."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)


def title(node: Mapping[str, Any]) -> str:
    """What a person called the node."""
    meta = node.get("_meta")
    return str(meta.get("title", "")) if isinstance(meta, dict) else ""


def by_number(graph: Graph) -> list[str]:
    """The nodes' ids, in the order of their numbers."""
    return sorted(graph, key=lambda name: ([int(part) if part.isdecimal() else 0 for part in name.split(":")], name))


def places(graph: Graph, marked: Mapping[str, Any]) -> dict[str, tuple[Place, ...]]:
    """The places of what `marked` leaves out, by name."""
    found: dict[str, tuple[Place, ...]] = {}
    good, bad = _texts(graph, "positive"), _texts(graph, "negative")
    shared = set(good) & set(bad)
    found["prompt"] = good or _only_text(graph)
    found["avoid"] = tuple(place for place in bad if place not in shared)
    found["seed"] = tuple(
        Place(node, name)
        for node in by_number(graph)
        for name in ("seed", "noise_seed")
        if _is_number(graph[node]["inputs"].get(name))
    )
    canvas = _canvas(graph)
    for name in ("width", "height"):
        found[name] = tuple(Place(node, name) for node in canvas)
    found["frames"] = tuple(
        Place(node, name) for node in canvas for name in FRAMES if _is_number(graph[node]["inputs"].get(name))
    )
    found |= _files(graph, marked)
    return {name: where for name, where in found.items() if where and name not in marked}


def fps(graph: Graph) -> float | None:
    """The rate that the workflow writes clips at; None when no node or not just one rate says so."""
    rates = {
        float(node["inputs"][name])
        for node in graph.values()
        for name in _RATES
        if _is_number(node["inputs"].get(name))
    }
    return rates.pop() if len(rates) == 1 else None


def _files(graph: Graph, marked: Mapping[str, Any]) -> dict[str, tuple[Place, ...]]:
    """Nodes that load a picture (in the order of their numbers), a mask, a clip or a sound."""
    found: dict[str, tuple[Place, ...]] = {}
    taken = {place.node for where in marked.values() for place in where}
    number = 1
    for node in by_number(graph):
        kind, inputs = graph[node]["class_type"], graph[node]["inputs"]
        if node in taken:
            continue
        if "LoadImageMask" in kind and isinstance(inputs.get("image"), str):
            found["mask"] = (*found.get("mask", ()), Place(node, "image"))
        elif "LoadImage" in kind and isinstance(inputs.get("image"), str):
            while (name := "image" if number == 1 else f"image{number}") in marked:
                number += 1
            found[name] = (Place(node, "image"),)
            number += 1
        for name, (loader, entries) in _LOADERS.items():
            entry = next((entry for entry in entries if isinstance(inputs.get(entry), str)), None)
            if loader in kind and entry and name not in found:
                found[name] = (Place(node, entry),)
    return found


def _canvas(graph: Graph) -> list[str]:
    """The nodes that set the size of what is made: those that a sampler starts from, else the only one there is."""
    sized = [
        node
        for node in by_number(graph)
        if all(_is_number(graph[node]["inputs"].get(side)) for side in ("width", "height"))
    ]
    starts = [
        link
        for node in graph.values()
        for name in ("latent_image", "latent", "positive")
        if is_link(link := node["inputs"].get(name))
    ]
    above = {node for link in starts for node in _above(graph, link[0])}
    return [node for node in sized if node in above] or (sized if len(sized) == 1 else [])


def _above(graph: Graph, node: str) -> set[str]:
    """`node` and everything that it depends on."""
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            waiting += [value[0] for value in graph[at]["inputs"].values() if is_link(value)]
    return seen


def _texts(graph: Graph, role: str) -> tuple[Place, ...]:
    """The words that reach a sampler as its positive or negative conditioning."""
    links = [link for node in by_number(graph) if is_link(link := graph[node]["inputs"].get(role))]
    if not links and role == "positive":  # a guider that knows one conditioning only
        links = [link for node in by_number(graph) if is_link(link := graph[node]["inputs"].get("conditioning"))]
    return tuple(dict.fromkeys(place for link in links for place in _words_above(graph, link[0], role, set())))


def _words_above(graph: Graph, node: str, role: str, seen: set[str]) -> Iterator[Place]:
    """The nearest words above `node`; where a node has both roles, only its own is followed."""
    if node in seen:
        return
    seen.add(node)
    inputs = graph[node]["inputs"]
    words = _text_inputs(inputs)
    if words:
        yield from (Place(node, name) for name in words)
        return
    links = {name: value for name, value in inputs.items() if is_link(value)}
    both = "positive" in links and "negative" in links
    for name, link in links.items():
        if not both or name == role:
            yield from _words_above(graph, link[0], role, seen)


def _text_inputs(inputs: Mapping[str, Any]) -> list[str]:
    for group in TEXTS:
        found = [name for name in group if isinstance(inputs.get(name), str)]
        if found:
            return found
    return []


def _only_text(graph: Graph) -> tuple[Place, ...]:
    """The words of the one node that has any."""
    found = [(node, words) for node in by_number(graph) if (words := _text_inputs(graph[node]["inputs"]))]
    return tuple(Place(found[0][0], name) for name in found[0][1]) if len(found) == 1 else ()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
