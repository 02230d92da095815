"""The cut as OpenTimelineIO's JSON, written without the library: every program that reads ``.otio`` can take it.

Every time is a whole number of frames at the film's rate. What OpenTimelineIO has no word for (pans, grades, fades,
captions) stands in the metadata under ``cutroom``, exactly.
"""

from __future__ import annotations

import json
from typing import Any

from cutroom.exports.edit import Edit
from cutroom.exports.grid import Boxed, Crossing, Grid, Heard, Shot
from cutroom.exports.levels import Levels
from cutroom.exports.material import Material
from cutroom.media.kinds import Image, Media
from cutroom.timeline.timeline import Clip, Timeline

KINDS = {"dissolve": "SMPTE_Dissolve"}
"""Transitions that OpenTimelineIO names; every other is a custom one."""


def otio(edit: Edit, grid: Grid, material: Material, levels: Levels) -> str:
    """The text of an ``.otio`` file."""
    return json.dumps(_Writer(edit, grid, material, levels).timeline(), ensure_ascii=False, indent=1) + "\n"


class _Writer:
    def __init__(self, edit: Edit, grid: Grid, material: Material, levels: Levels) -> None:
        self.edit, self.grid, self.material, self.levels = edit, grid, material, levels
        self.rate = float(grid.rate.per_second)

    def timeline(self) -> dict[str, Any]:
        """Timeline, stack, the picture track, and a track for each row of insets and of sound."""
        tracks = [self._track("Picture", "Video", self._pictures())]
        for number, row in enumerate(self.grid.insets, 1):
            tracks.append(self._track(f"Picture in picture {number}", "Video", self._insets(row)))
        for number, lane in enumerate(self.grid.lanes, 1):
            tracks.append(self._track(f"{lane[0].track.role.capitalize()} {number}", "Audio", self._sounds(lane)))
        stack = {**_item("Stack.1", "tracks"), "markers": self._markers(), "children": tracks}
        timeline = self.edit.timeline
        about = timeline.model_dump(
            mode="json", include={"format", "language", "captions", "caption_style", "titles", "progress"}
        )
        if timeline.lut is not None:
            about["lut"] = self.material.relative(timeline.lut.media)
        return {
            "OTIO_SCHEMA": "Timeline.1",
            "name": self.edit.title,
            "global_start_time": None,
            "metadata": {"cutroom": about},
            "tracks": stack,
        }

    def _track(self, name: str, kind: str, children: list[dict[str, Any]]) -> dict[str, Any]:
        return {**_item("Track.1", name), "kind": kind, "children": children}

    def _pictures(self) -> list[dict[str, Any]]:
        children = []
        for place, shot in enumerate(self.grid.shots):
            if shot.frames:
                children.append(self._shot(shot))
            if (crossing := self.grid.crossing_after(place)) is not None:
                children.append(self._transition(crossing))
        return children

    def _shot(self, shot: Shot) -> dict[str, Any]:
        item = shot.item
        if not isinstance(item, Clip):
            gap = {**_item("Gap.1", ""), "source_range": self._range(0, shot.frames)}
            return gap | {"metadata": {"cutroom": {"colour": item.colour}}}
        media = item.media
        frames = shot.lead + shot.frames + shot.trail
        available = frames if isinstance(media, Image) else self.grid.rate.frames(media.seconds)
        exact = item.model_dump(mode="json", include={"seconds", "source", "speed", "move", "fit", "grade", "name"})
        effects = []
        if item.speed != 1:
            effects.append(_effect("LinearTimeWarp.1", "LinearTimeWarp", {}) | {"time_scalar": float(item.speed)})
        return {
            **self._clip(media, available),
            "source_range": self._range(shot.source(self.grid.rate), shot.frames),
            "effects": effects,
            "metadata": {"cutroom": exact},
        }

    def _insets(self, row: tuple[Boxed, ...]) -> list[dict[str, Any]]:
        children: list[dict[str, Any]] = []
        at = 0
        for boxed in row:
            if boxed.shot.first > at:
                children.append({**_item("Gap.1", ""), "source_range": self._range(0, boxed.shot.first - at)})
            made = self._shot(boxed.shot)
            laid = boxed.inset.model_dump(mode="json", exclude={"clip"})
            made["metadata"] = {"cutroom": {**made["metadata"]["cutroom"], "inset": laid}}
            children.append(made)
            at = boxed.shot.end
        return children

    def _transition(self, crossing: Crossing) -> dict[str, Any]:
        transition = crossing.transition
        return {
            "OTIO_SCHEMA": "Transition.1",
            "name": transition.kind,
            "transition_type": KINDS.get(transition.kind, "Custom_Transition"),
            "in_offset": self._time(crossing.before),
            "out_offset": self._time(crossing.after),
            "metadata": {"cutroom": transition.model_dump(mode="json")},
        }

    def _sounds(self, lane: tuple[Heard, ...]) -> list[dict[str, Any]]:
        children: list[dict[str, Any]] = []
        at = 0
        for heard in lane:
            if heard.first > at:
                children.append({**_item("Gap.1", ""), "source_range": self._range(0, heard.first - at)})
            children.append(self._sound(heard))
            at = heard.end
        return children

    def _sound(self, heard: Heard) -> dict[str, Any]:
        sound = heard.sound
        gain = self.levels.gain(heard.sound, heard.track)
        exact = sound.model_dump(mode="json", exclude={"media"})
        exact |= {"role": heard.track.role, "duck": heard.track.duck, "gain_with_track": gain}
        effects = [_effect("Effect.1", "Volume", {"cutroom": {"gain": gain}})]
        if sound.speed != 1:
            effects.append(_effect("LinearTimeWarp.1", "LinearTimeWarp", {}) | {"time_scalar": float(sound.speed)})
        return {
            **self._clip(sound.media, self.grid.rate.frames(sound.media.seconds)),
            "source_range": self._range(self.grid.rate.frames(heard.start), heard.frames),
            "effects": effects,
            "metadata": {"cutroom": exact},
        }

    def _clip(self, media: Media, available: int) -> dict[str, Any]:
        reference = {
            "OTIO_SCHEMA": "ExternalReference.1",
            "name": self.edit.name(media.digest),
            "target_url": self.material.relative(media),
            "available_range": self._range(0, max(available, 1)),
            "available_image_bounds": None,
            "metadata": {"cutroom": {"sha256": media.digest}},
        }
        return {
            **_item("Clip.2", self.edit.name(media.digest)),
            "media_references": {"DEFAULT_MEDIA": reference},
            "active_media_reference_key": "DEFAULT_MEDIA",
        }

    def _markers(self) -> list[dict[str, Any]]:
        timeline: Timeline = self.edit.timeline
        found = [
            self._marker(marker.name, "GREEN", self.grid.rate.frames(marker.at), 1, {"kind": "marker"})
            for marker in timeline.markers
        ]
        for title in timeline.titles:
            what = {"kind": "title", "subtitle": title.subtitle, "place": title.place}
            found.append(self._marker(title.text, "PURPLE", *self.grid.span(title), what))
        return sorted(found, key=lambda marker: marker["marked_range"]["start_time"]["value"])

    def _marker(self, name: str, colour: str, first: int, frames: int, what: dict[str, Any]) -> dict[str, Any]:
        return {
            "OTIO_SCHEMA": "Marker.2",
            "name": name,
            "color": colour,
            "comment": "",
            "marked_range": self._range(first, frames),
            "metadata": {"cutroom": what},
        }

    def _range(self, first: int, frames: int) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "TimeRange.1", "start_time": self._time(first), "duration": self._time(frames)}

    def _time(self, frames: int) -> dict[str, Any]:
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": self.rate, "value": float(frames)}


def _item(schema: str, name: str) -> dict[str, Any]:
    """What every item of a timeline has."""
    return {
        "OTIO_SCHEMA": schema,
        "name": name,
        "source_range": None,
        "effects": [],
        "markers": [],
        "enabled": True,
        "metadata": {},
    }


def _effect(schema: str, name: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {"OTIO_SCHEMA": schema, "name": name, "effect_name": name, "enabled": True, "metadata": metadata}
