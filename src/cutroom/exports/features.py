"""What a cut holds, counted, and what becomes of each part of it in every format: the honest half of an export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from cutroom.exports.framing import framing
from cutroom.exports.grid import Grid
from cutroom.timeline.timeline import Clip, Gap, Grade, Inset, Sound, SoundTrack, Timeline

Fate = Literal["editable", "approximate", "rendered", "beside", "lost"]
"""Editable as in the film; editable, but not quite the same; part of pictures or samples; written down only; gone."""


@dataclass(frozen=True)
class Feature:
    """One kind of thing that the cut holds."""

    key: str
    what: str
    """In words, with how many there are."""


def features(timeline: Timeline, grid: Grid) -> list[Feature]:
    """Everything that this cut holds; what it does not hold is left out."""
    counted = {**_in_picture(timeline, grid), **_in_sound(timeline), **_in_words(timeline)}
    return [Feature(key, _counted(count, key)) for key, count in counted.items() if count]


def _in_picture(timeline: Timeline, grid: Grid) -> dict[str, int]:
    clips = [shot for shot in grid.shots if isinstance(shot.item, Clip) and shot.frames]
    framed = [(shot.item, framing(shot.item, timeline.format, shot)) for shot in clips if isinstance(shot.item, Clip)]
    kinds = [crossing.transition.kind for crossing in grid.crossings]
    return {
        "shots": len(clips),
        "dissolves": kinds.count("dissolve"),
        "dips": kinds.count("dip"),
        "wipes": kinds.count("wipe"),
        "pushes": kinds.count("push"),
        "moves": sum(frame.moves for _, frame in framed),
        "framings": sum(not frame.moves and not frame.whole for _, frame in framed),
        "blurred_fills": sum(clip.fit == "blur" and not _covers(clip, timeline) for clip, _ in framed),
        "grades": sum(clip.grade != Grade() for clip, _ in framed),
        "speeds": sum(clip.speed != 1 for clip, _ in framed),
        "insets": sum(len(row) for row in grid.insets),
        "boxes": sum(_decorated(boxed.inset) for row in grid.insets for boxed in row),
        "look": timeline.lut is not None,
        "progress": timeline.progress is not None,
        "colours": sum(isinstance(item, Gap) and item.colour != "#000000" for item in timeline.picture),
    }


def _decorated(inset: Inset) -> bool:
    return bool(inset.corner or inset.border or inset.shadow)


def _covers(clip: Clip, timeline: Timeline) -> bool:
    shape = clip.media.width / clip.media.height
    return clip.move is not None or abs(shape / timeline.format.aspect - 1) < 0.03


def _in_sound(timeline: Timeline) -> dict[str, int]:
    tracks = [track for track in timeline.sound if track.sounds]

    def count(wanted: Callable[[Sound, SoundTrack], object]) -> int:
        return sum(bool(wanted(sound, track)) for track in tracks for sound in track.sounds)

    return {
        "sounds": count(lambda *_: True),
        "levels": count(lambda *_: True),
        "fades": count(lambda sound, _: sound.fade_in or sound.fade_out),
        "retimed_sounds": count(lambda sound, _: sound.speed != 1),
        "ducking": sum(bool(track.duck) for track in tracks) if any(track.role == "voice" for track in tracks) else 0,
        "room_tone": sum(len(track.tones) for track in tracks),
        "mastering": bool(tracks),
    }


def _in_words(timeline: Timeline) -> dict[str, int]:
    return {
        "titles": len(timeline.titles),
        "captions": len(timeline.captions),
        "words": sum(bool(caption.words) for caption in timeline.captions),
        "letters": bool(timeline.titles) or bool(timeline.captions),
        "markers": len(timeline.markers),
    }


WORDS = {
    "shots": ("cut point", "cut points"),
    "dissolves": ("dissolve", "dissolves"),
    "dips": ("dip through a colour", "dips through a colour"),
    "wipes": ("wipe", "wipes"),
    "pushes": ("push", "pushes"),
    "moves": ("pan or zoom", "pans and zooms"),
    "framings": ("shot of which a part is seen", "shots of which a part is seen"),
    "blurred_fills": ("blurred fill", "blurred fills"),
    "grades": ("correction of light and colour", "corrections of light and colour"),
    "speeds": ("change of speed", "changes of speed"),
    "colours": ("coloured gap", "coloured gaps"),
    "insets": ("picture in the picture", "pictures in the picture"),
    "boxes": (
        "box with round corners, border or shadow",
        "boxes with round corners, border or shadow",
    ),
    "look": ("the film's look (a table of colours)", ""),
    "progress": ("the bar of progress", ""),
    "sounds": ("sound", "sounds"),
    "levels": ("level", "levels"),
    "fades": ("sound that fades", "sounds that fade"),
    "retimed_sounds": ("sound at another speed", "sounds at another speed"),
    "ducking": ("track that ducks under the voice", "tracks that duck under the voice"),
    "room_tone": ("gap filled with the room's own tone", "gaps filled with the room's own tone"),
    "mastering": ("the master's loudness and limiter", ""),
    "titles": ("title", "titles"),
    "captions": ("caption", "captions"),
    "words": ("caption with timed words", "captions with timed words"),
    "letters": ("the look of the words: fonts, sizes, places", ""),
    "markers": ("marker", "markers"),
}


def _counted(count: int, key: str) -> str:
    one, many = WORDS[key]
    if not many:
        return one
    return f"{count} {one if count == 1 else many}"


@dataclass(frozen=True)
class Outcome:
    """What became of one kind of thing."""

    what: str
    fate: Fate
    note: str = ""


Rule = tuple[Fate, str]
Rules = Mapping[str, Rule]

_PICTURES: Rules = {
    "shots": ("editable", "on the frames of the film, with their handles"),
    "dissolves": ("editable", ""),
    "dips": ("approximate", "a plain transition that carries the colour as a note"),
    "wipes": ("approximate", "set its direction"),
    "pushes": ("approximate", "a plain transition that carries the direction as a note"),
    "moves": ("beside", "the shot is whole; both framings are written down"),
    "framings": ("beside", "the shot is whole; its framing is written down"),
    "blurred_fills": ("lost", "the shot stands between bars"),
    "grades": ("beside", "numbers only"),
    "speeds": ("editable", ""),
    "colours": ("lost", "the gap is black"),
    "insets": ("approximate", "clips on a track of their own, on the film's frames; their boxes are written down"),
    "boxes": ("beside", "written down"),
    "look": ("beside", "the .cube file lies in media/"),
    "progress": ("lost", ""),
    "letters": ("lost", ""),
    "mastering": ("lost", "the mix is not mastered; --to audio or --to stems gives it"),
    "retimed_sounds": ("editable", "set it to keep its pitch"),
    "ducking": ("beside", "written down; --to stems gives the ducked tracks"),
    "room_tone": ("lost", "--to stems gives it, in natural.wav"),
}

_SOUNDS: Rules = {"sounds": ("rendered", ""), "levels": ("rendered", ""), "fades": ("rendered", ""),
                            "retimed_sounds": ("rendered", ""), "ducking": ("rendered", ""),
                            "room_tone": ("rendered", "")}  # fmt: skip
_SUBTITLES: Rules = {
    "captions": ("editable", "text and times"),
    "words": ("lost", "whole captions only"),
    "titles": ("lost", ""),
    "letters": ("lost", "the player decides"),
}
_SILENT = ("sounds", "levels", "fades", "retimed_sounds", "ducking", "room_tone", "mastering", "markers", "words")
_DRAWN: Rules = {key: ("lost", "") if key in _SILENT else ("rendered", "") for key in WORDS}

RULES: Mapping[str, Rules] = {
    "otio": {
        **_PICTURES,
        "sounds": ("editable", "on whole frames: an edge moves by half a frame at most, what is heard stays in place"),
        "levels": ("beside", "as effects named Volume with decibels, which few programs take"),
        "fades": ("beside", "written down"),
        "titles": ("approximate", "markers over the time that they stand"),
        "captions": ("editable", "in the .srt file beside, and in the metadata"),
        "words": ("beside", "in the metadata"),
        "markers": ("editable", ""),
    },
    "fcpxml": {
        **_PICTURES,
        "dips": ("approximate", "Fade To Color; set its colour where it is not black"),
        "pushes": ("approximate", "Slide, which comes nearest; set its direction"),
        "moves": (
            "approximate",
            "keyframes of the transform: first and last framing exact, on the program's own curve",
        ),
        "framings": ("editable", "as a transform"),
        "grades": ("lost", ""),
        "insets": ("editable", "connected clips with their place, size and crop; fades are keyframes of opacity"),
        "boxes": ("lost", "boxes have plain edges"),
        "sounds": ("editable", "on whole frames: an edge moves by half a frame at most, what is heard stays in place"),
        "levels": ("editable", ""),
        "fades": ("approximate", "the same length, on the program's own curve"),
        "ducking": ("editable", "as keyframes of the volume"),
        "titles": ("approximate", "Basic Title with the same words"),
        "captions": ("editable", "as captions, and in the .srt file beside"),
        "words": ("lost", "whole captions only"),
        "markers": ("editable", ""),
    },
    "edl": {
        **_PICTURES,
        "dips": ("approximate", "a dissolve, named in a comment"),
        "pushes": ("approximate", "a dissolve, named in a comment"),
        "wipes": ("approximate", "W001, a straight edge; set its direction"),
        "moves": ("lost", "a decision list has no framing: the shot is whole"),
        "framings": ("lost", "the shot is whole"),
        "grades": ("lost", ""),
        "insets": ("lost", "a decision list has one row of pictures: not editable here; comments say where they lie"),
        "boxes": ("lost", ""),
        "sounds": ("lost", "a decision list of pictures; --to stems gives the sound"),
        "levels": ("lost", ""),
        "fades": ("lost", ""),
        "retimed_sounds": ("lost", ""),
        "ducking": ("lost", ""),
        "titles": ("lost", ""),
        "captions": ("beside", "in the .srt file beside"),
        "words": ("lost", ""),
        "markers": ("editable", "as locators"),
    },
    "jianying": {
        **_PICTURES,
        "shots": ("editable", "to the microsecond"),
        "dissolves": ("approximate", "the program's own; the fade to black at the end is keyframes of opacity"),
        "dips": ("approximate", "the program's own flash to black"),
        "wipes": ("lost", "a plain cut"),
        "pushes": ("lost", "a plain cut"),
        "moves": ("approximate", "keyframes: first and last framing exact, in a straight line"),
        "framings": ("editable", "as scale and position"),
        "blurred_fills": ("approximate", "the program's own blurred background"),
        "grades": ("lost", ""),
        "insets": ("editable", "on tracks of their own, with place, size and crop; fades are keyframes of opacity"),
        "boxes": ("lost", "boxes have plain edges"),
        "sounds": ("editable", ""),
        "levels": ("editable", ""),
        "fades": ("approximate", "the same length, on the program's own curve"),
        "ducking": ("editable", "as keyframes of the volume"),
        "titles": ("approximate", "text with the same words and times"),
        "captions": ("editable", "as text, and in the .srt file beside"),
        "words": ("lost", ""),
        "markers": ("lost", ""),
    },
    "srt": _SUBTITLES,
    "vtt": {**_SUBTITLES, "words": ("editable", "a time stamp before each word")},
    "ass": {
        **_SUBTITLES,
        "words": ("editable", "as karaoke"),
        "titles": ("editable", "as lines with a style for each place"),
        "letters": ("approximate", "styles with the film's sizes and places; the player needs the fonts"),
    },
    "stems": {**_SOUNDS, "mastering": ("rendered", "in mix.wav; the other files are what it was made of")},
    "audio": {**_SOUNDS, "mastering": ("rendered", "")},
    "frames": _DRAWN,
    "gif": {**_DRAWN, "shots": ("rendered", "small, in 256 colours")},
}
"""What becomes of what, by format. A film's part that a format says nothing of was not asked for there."""


def outcomes(found: Iterable[Feature], to: str) -> list[Outcome]:
    """What becomes of these features in a format, in the same order."""
    rules = RULES[to]
    return [Outcome(one.what, *rules[one.key]) for one in found if one.key in rules]
