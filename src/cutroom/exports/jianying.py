"""The cut as a draft for Jianying and CapCut: ``draft_content.json`` with times in microseconds.

The format is not documented by its makers. The fields here are those that open-source writers of drafts agree on (among them
pyJianYingDraft, whose drafts Jianying 5.9 opens); nothing could be opened in the programs themselves here, and newer
versions encrypt the drafts that they save. Identifiers are made from the content: the same cut gives the same bytes.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from cutroom.exports.edit import Edit
from cutroom.exports.framing import Framing, boxed, framing, seen_in
from cutroom.exports.grid import Boxed, Grid, Heard, Shot
from cutroom.exports.levels import Levels
from cutroom.exports.material import Material
from cutroom.media.kinds import Audio, Image, Video
from cutroom.render.inset import Rect, rect_of
from cutroom.time import Rate
from cutroom.timeline.timeline import Caption, Clip, Format, Title

Sides = tuple[float, float, float, float]
"""Left, upper, right, lower."""

MICRO = 1_000_000
ENDLESS = 10_800 * MICRO
"""How long photographs are said to be: three hours, as the programs say themselves."""
VERSION = 360_000
CATEGORIES = (
    "ai_translates",
    "audio_balances",
    "audio_effects",
    "audio_fades",
    "audio_track_indexes",
    "audios",
    "beats",
    "canvases",
    "chromas",
    "color_curves",
    "digital_humans",
    "drafts",
    "effects",
    "flowers",
    "green_screens",
    "handwrites",
    "hsl",
    "images",
    "log_color_wheels",
    "loudnesses",
    "manual_deformations",
    "masks",
    "material_animations",
    "material_colors",
    "multi_language_refs",
    "placeholders",
    "plugin_effects",
    "primary_color_wheels",
    "realtime_denoises",
    "shapes",
    "smart_crops",
    "smart_relights",
    "sound_channel_mappings",
    "speeds",
    "stickers",
    "tail_leaders",
    "text_templates",
    "texts",
    "time_marks",
    "transitions",
    "video_effects",
    "video_trackings",
    "videos",
    "vocal_beautifys",
    "vocal_separations",
)
KEYFRAMES = ("adjusts", "audios", "effects", "filters", "handwrites", "stickers", "texts", "videos")
TRANSITIONS = {
    "dissolve": ("叠化", "322577", "6724845717472416269", True),
    "dip": ("闪黑", "321493", "6724239388189921806", False),
}
"""Name, effect, resource, and whether both pictures are seen at once; a program without it shows a plain cut."""
TITLE_HEIGHTS = {"centre": 0.0, "end": 0.0, "upper": 0.7, "lower_third": -0.6}
"""In half heights of the frame above the middle."""
TEXT_LAYER = 14_000


def jianying(edit: Edit, grid: Grid, material: Material, levels: Levels) -> dict[str, str]:
    """The draft's files by name: the content, and the card that the list of drafts shows."""
    writer = _Writer(edit, grid, material, levels)
    content = writer.content()
    meta = {
        "draft_cover": "",
        "draft_fold_path": str(material.folder),
        "draft_id": content["id"],
        "draft_materials": [{"type": kind, "value": []} for kind in (0, 1, 2, 3, 6, 7, 8)],
        "draft_name": edit.title,
        "draft_root_path": str(material.folder.parent),
        "tm_draft_create": 0,
        "tm_draft_modified": 0,
        "tm_duration": content["duration"],
    }
    return {"draft_content.json": _json(content), "draft_meta_info.json": _json(meta)}


def microseconds(frames: int, rate: Rate) -> int:
    """When a frame begins. Every time is rounded by itself, so that rounding never adds up."""
    return int(rate.seconds(frames) * MICRO + Fraction(1, 2))


class _Writer:
    def __init__(self, edit: Edit, grid: Grid, material: Material, levels: Levels) -> None:
        self.edit, self.grid, self.material, self.levels = edit, grid, material, levels
        self.materials: dict[str, list[dict[str, Any]]] = {name: [] for name in CATEGORIES}
        self._known: dict[str, str] = {}

    def content(self) -> dict[str, Any]:
        form = self.edit.timeline.format
        tracks = [self._track("video", "", [self._shot(place) for place in self._shown()])]
        for number, row in enumerate(self.grid.insets, 1):
            tracks.append(
                self._track("video", f"picture in picture {number}", [self._inset(one, number) for one in row])
            )
        for lane in self.grid.lanes:
            tracks.append(self._track("audio", lane[0].track.role, [self._sound(heard) for heard in lane]))
        captions = [self._caption(caption) for caption in self.edit.timeline.captions]
        titles = [self._title(title) for title in self.edit.timeline.titles]
        tracks += [
            self._track("text", name, made) for name, made in (("captions", captions), ("titles", titles)) if made
        ]
        return {
            "canvas_config": {"width": form.width, "height": form.height, "ratio": "original"},
            "color_space": 0,
            "config": {"maintrack_adsorb": True, "video_mute": False, "material_save_mode": 0, "subtitle_sync": True},
            "cover": None,
            "create_time": 0,
            "duration": self._at(self.grid.frames),
            "extra_info": None,
            "fps": float(form.fps),
            "free_render_index_mode_on": False,
            "group_container": None,
            "id": self._id("draft").upper(),
            "keyframe_graph_list": [],
            "keyframes": {name: [] for name in KEYFRAMES},
            "materials": self.materials,
            "mutable_config": None,
            "name": self.edit.title,
            "new_version": "110.0.0",
            "relationships": [],
            "render_index_track_mode_on": False,
            "source": "default",
            "time_marks": None,
            "tracks": tracks,
            "update_time": 0,
            "version": VERSION,
        }

    def _track(self, kind: str, name: str, segments: list[dict[str, Any]]) -> dict[str, Any]:
        about = {"attribute": 0, "flag": 0, "is_default_name": not name, "name": name, "type": kind}
        return {
            "id": self._id("track", kind, name, segments[0]["id"] if segments else ""),
            **about,
            "segments": segments,
        }

    # ── pictures ──

    def _shown(self) -> list[int]:
        """The shots that are clips: between them the main track stays empty, which is black."""
        return [place for place, shot in enumerate(self.grid.shots) if isinstance(shot.item, Clip) and shot.frames]

    def _shot(self, place: int) -> dict[str, Any]:
        shot = self.grid.shots[place]
        assert isinstance(shot.item, Clip)
        clip, frame = shot.item, framing(shot.item, self.edit.timeline.format, shot)
        crossing = self.grid.crossing_after(place)
        following = self.grid.shots[place + 1].item if crossing else None
        # Nothing lies where the film is black, so a picture that fades out goes on over it.
        faded = crossing.after if crossing and not isinstance(following, Clip) else 0
        segment = self._segment("shot", place, self._picture(clip.media), shot.first, shot.frames + faded)
        start = microseconds(shot.source(self.grid.rate), self.grid.rate) if isinstance(clip.media, Video) else 0
        length = segment["target_timerange"]["duration"]
        segment["source_timerange"] = {"start": start, "duration": int(length * clip.speed + Fraction(1, 2))}
        segment["speed"] = float(clip.speed)
        # The clip's own sound is heard from a track of its own.
        segment["volume"] = 0.0
        segment["clip"] = _placed(frame.keys[0].size, 2 * frame.keys[0].right, -2 * frame.keys[0].down)
        segment["common_keyframes"] = self._moves(segment, frame, shot)
        refs = [
            self._add("speeds", {"type": "speed", "mode": 0, "speed": float(clip.speed), "curve_speed": None}, place)
        ]
        refs.append(self._canvas(clip, place))
        if crossing is not None and faded:
            first, last = crossing.first - shot.first, shot.frames + faded
            segment["common_keyframes"].append(self._keyed(segment, "KFTypeAlpha", ((first, 1.0), (last, 0.0))))
        if crossing is not None and isinstance(following, Clip) and crossing.transition.kind in TRANSITIONS:
            refs.append(self._transition(crossing.transition.kind, crossing.frames, place))
        segment["extra_material_refs"] = refs
        return segment

    def _inset(self, one: Boxed, row: int) -> dict[str, Any]:
        """A clip over the main track, cropped to its box and put into its place."""
        clip, form, shot = one.inset.clip, self.edit.timeline.format, one.shot
        framed = boxed(one, form)
        cut = seen_in(framed.keys[0], rect_of(one.inset, form), form, clip.media.width / clip.media.height)
        place = f"inset {shot.first} {row}"
        segment = self._segment("inset", place, self._picture(clip.media, cut), shot.first, shot.frames)
        start = microseconds(shot.source(self.grid.rate), self.grid.rate) if isinstance(clip.media, Video) else 0
        length = segment["target_timerange"]["duration"]
        segment["source_timerange"] = {"start": start, "duration": int(length * clip.speed + Fraction(1, 2))}
        # The clip's own sound is heard from a track of its own.
        segment |= {"speed": float(clip.speed), "volume": 0.0, "render_index": row}
        segment["clip"] = _in_box(rect_of(one.inset, form), form)
        segment["common_keyframes"] = self._fades(segment, one)
        speed = {"type": "speed", "mode": 0, "speed": float(clip.speed), "curve_speed": None}
        segment["extra_material_refs"] = [self._add("speeds", speed, place)]
        return segment

    def _fades(self, segment: dict[str, Any], one: Boxed) -> list[dict[str, Any]]:
        rate, frames = self.grid.rate, one.shot.frames
        comes, goes = (min(rate.frames(part), frames // 2) for part in (one.inset.fade_in, one.inset.fade_out))
        values = [(0, 0.0), (comes, 1.0)] if comes else []
        values += [(frames - goes, 1.0), (frames, 0.0)] if goes else []
        return [self._keyed(segment, "KFTypeAlpha", values)] if values else []

    def _moves(self, segment: dict[str, Any], frame: Framing, shot: Shot) -> list[dict[str, Any]]:
        """Keyframes of place and size, counted in the source's own time."""
        if not frame.moves:
            return []
        kinds = (("KFTypePositionX", "right", 2), ("KFTypePositionY", "down", -2), ("KFTypeScaleX", "size", 1))
        return [
            self._keyed(
                segment,
                kind,
                [(min(max(key.at, 0), shot.frames), getattr(key, field) * factor) for key in frame.keys],
            )
            for kind, field, factor in kinds
        ]

    def _keyed(self, segment: dict[str, Any], kind: str, values: Iterable[tuple[int, float]]) -> dict[str, Any]:
        """Keyframes of one property, at frames of the segment."""
        return self._keys(segment, kind, ((self._at(at), round(value, 6)) for at, value in values))

    def _keys(self, segment: dict[str, Any], kind: str, values: Iterable[tuple[int, float]]) -> dict[str, Any]:
        start = segment["source_timerange"]["start"]
        keys = [
            {
                "id": self._id("key", segment["id"], kind, str(number)),
                "curveType": "Line",
                "graphID": "",
                "left_control": {"x": 0.0, "y": 0.0},
                "right_control": {"x": 0.0, "y": 0.0},
                "time_offset": start + at,
                "values": [value],
            }
            for number, (at, value) in enumerate(values)
        ]
        name = self._id("keys", segment["id"], kind)
        return {"id": name, "keyframe_list": keys, "material_id": "", "property_type": kind}

    def _canvas(self, clip: Clip, place: int) -> str:
        """What is behind the picture: a blurred copy of it, or black."""
        about = {"type": "canvas_blur", "blur": 0.375} if clip.fit == "blur" else {"type": "canvas_color", "blur": 0.0}
        rest = {"album_image": "", "color": "", "image": "", "image_id": "", "image_name": "", "source_platform": 0}
        return self._add("canvases", {**about, **rest}, place)

    def _transition(self, kind: str, frames: int, place: int) -> str:
        name, effect, resource, overlap = TRANSITIONS[kind]
        return self._add(
            "transitions",
            {
                "type": "transition",
                "name": name,
                "effect_id": effect,
                "resource_id": resource,
                "duration": self._at(frames),
                "is_overlap": overlap,
                "platform": "all",
                "path": "",
                "category_id": "",
                "category_name": "",
            },
            place,
        )

    def _picture(self, media: Image | Video, cut: Sides = (0.0, 0.0, 0.0, 0.0)) -> str:
        """The material of a picture or clip, without what `cut` says of its left, upper, right and lower side."""
        left, top, right, bottom = cut
        edges = {("x", False): left, ("x", True): 1 - right, ("y", False): top, ("y", True): 1 - bottom}
        still = isinstance(media, Image)
        about = {
            "type": "photo" if still else "video",
            "duration": ENDLESS if still else int(media.seconds * MICRO),
            "width": media.width,
            "height": media.height,
            "has_audio": False if still else media.sound,
            "material_name": self.edit.name(media.digest),
            "category_name": "local",
            "check_flag": 63_487,
            "crop": {f"{row}_{side}_{axis}": edges[axis, bool(value)] for row, side, axis, value in CORNERS},
            "crop_ratio": "free",
            "crop_scale": 1.0,
        }
        return self._media("videos", media, about, "" if not any(cut) else f" {cut}")

    # ── sounds ──

    def _sound(self, heard: Heard) -> dict[str, Any]:
        sound = heard.sound
        about: dict[str, Any] = {"name": self.edit.name(sound.media.digest), "type": "extract_music"}
        about |= {"duration": int(sound.media.seconds * MICRO), "category_name": "local", "check_flag": 1}
        material = self._media("audios", sound.media, about)
        place = f"{heard.first} {heard.track.role}"
        segment = self._segment("sound", place, material, heard.first, heard.frames)
        length = segment["target_timerange"]["duration"]
        start = int(heard.start * MICRO + Fraction(1, 2))
        segment["source_timerange"] = {"start": start, "duration": int(length * sound.speed + Fraction(1, 2))}
        segment["speed"] = float(sound.speed)
        segment["volume"] = _factor(self.levels.gain(sound, heard.track))
        speed = {"type": "speed", "mode": 0, "speed": float(sound.speed), "curve_speed": None}
        refs = [self._add("speeds", speed, f"sound {place}")]
        if sound.fade_in or sound.fade_out:
            fades = {"fade_in_duration": int(sound.fade_in * MICRO), "fade_out_duration": int(sound.fade_out * MICRO)}
            refs.append(self._add("audio_fades", {"type": "audio_fade", "fade_type": 0, **fades}, place))
        segment["extra_material_refs"] = refs
        segment["common_keyframes"] = self._ducked(segment, heard)
        return segment

    def _ducked(self, segment: dict[str, Any], heard: Heard) -> list[dict[str, Any]]:
        rate = self.grid.rate
        down = self.levels.down(heard.track.duck, rate.seconds(heard.first), rate.seconds(heard.end))
        if not down:
            return []
        gain = self.levels.gain(heard.sound, heard.track)
        values = (
            (int((at - rate.seconds(heard.first)) * heard.sound.speed * MICRO), _factor(gain - decibels))
            for at, decibels in down
        )
        return [self._keys(segment, "KFTypeVolume", values)]

    # ── words ──

    def _caption(self, caption: Caption) -> dict[str, Any]:
        height = 0.75 if self.edit.timeline.caption_style.place == "top" else -0.8
        text = "\n".join(caption.lines)
        return self._text(text, *self.grid.span(caption), height, 8.0)

    def _title(self, title: Title) -> dict[str, Any]:
        text = "\n".join(part for part in (title.text, title.subtitle) if part)
        return self._text(text, *self.grid.span(title), TITLE_HEIGHTS[title.place], 15.0)

    def _text(self, text: str, first: int, frames: int, height: float, size: float) -> dict[str, Any]:
        white = {"render_type": "solid", "solid": {"alpha": 1.0, "color": [1.0, 1.0, 1.0]}}
        black = {"content": {"solid": {"alpha": 1.0, "color": [0.0, 0.0, 0.0]}}, "width": 0.08}
        # Programs of this family count text in UTF-16 units, where an emoji is two.
        whole = len(text.encode("utf-16-le")) // 2
        style = {"fill": {"alpha": 1.0, "content": white}, "range": [0, whole], "size": size, "bold": False,
                 "italic": False, "underline": False, "strokes": [black]}  # fmt: skip
        material = self._add(
            "texts",
            {
                "type": "text",
                "content": json.dumps({"styles": [style], "text": text}, ensure_ascii=False),
                "alignment": 1,
                "typesetting": 0,
                "check_flag": 15,
                "line_max_width": 0.82,
                "line_spacing": 0.02,
                "letter_spacing": 0.0,
                "language": self.edit.timeline.language,
            },
            f"{first} {text}",
        )
        segment = self._segment("text", f"{first} {text}", material, first, frames)
        segment |= {"source_timerange": None, "speed": 1.0, "volume": 1.0, "render_index": TEXT_LAYER}
        segment["clip"] = _placed(1.0, 0.0, height)
        segment["extra_material_refs"] = []
        return segment

    # ── what all share ──

    def _segment(self, kind: str, place: object, material: str, first: int, frames: int) -> dict[str, Any]:
        begin, end = self._at(first), self._at(first + frames)
        return {
            "id": self._id("segment", kind, str(place)),
            "material_id": material,
            "target_timerange": {"start": begin, "duration": end - begin},
            "common_keyframes": [],
            "keyframe_refs": [],
            "enable_adjust": True,
            "last_nonzero_volume": 1.0,
            "render_index": 0,
            "reverse": False,
            "track_attribute": 0,
            "track_render_index": 0,
            "uniform_scale": {"on": True, "value": 1.0},
            "visible": True,
        }

    def _media(self, category: str, media: Audio | Image | Video, about: dict[str, Any], part: str = "") -> str:
        key = f"{category} {media.digest}{part}"
        if key not in self._known:
            path = {"path": self.material.path(media)}
            self._known[key] = self._add(category, {**about, **path}, f"{media.digest}{part}")
        return self._known[key]

    def _add(self, category: str, about: dict[str, Any], key: object) -> str:
        identity = self._id(category, str(key))
        self.materials[category].append({"id": identity, **about})
        return identity

    def _id(self, *parts: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "\n".join((self.edit.stem, *parts))))

    def _at(self, frames: int) -> int:
        return microseconds(frames, self.grid.rate)


CORNERS = [
    (row, side, axis, (side == "right") if axis == "x" else (row == "lower"))
    for row in ("upper", "lower")
    for side in ("left", "right")
    for axis in ("x", "y")
]
"""The uncropped picture's corners."""


def _placed(size: float, right: float, up: float) -> dict[str, Any]:
    return {
        "alpha": 1.0,
        "flip": {"horizontal": False, "vertical": False},
        "rotation": 0.0,
        "scale": {"x": round(size, 6), "y": round(size, 6)},
        "transform": {"x": round(right, 6), "y": round(up, 6)},
    }


def _in_box(rect: Rect, form: Format) -> dict[str, Any]:
    """What is cropped to the box's shape, as large as the box and where it is: sizes count from fitted into the frame."""
    size = max(rect.width / form.width, rect.height / form.height)
    right = 2 * (rect.x + rect.width / 2) / form.width - 1
    down = 2 * (rect.y + rect.height / 2) / form.height - 1
    return _placed(size, right, -down)


def _factor(decibels: float) -> float:
    return round(10 ** (decibels / 20), 4)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
