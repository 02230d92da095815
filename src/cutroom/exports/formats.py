"""The formats of `cutroom export`, and how each is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from cutroom.errors import WrongUse
from cutroom.exports import edl, fcpxml, features, jianying, otio, pictures, sounds, subtitles
from cutroom.exports.edit import Edit
from cutroom.exports.grid import Grid, grid
from cutroom.exports.levels import Levels, levels
from cutroom.exports.material import Material, gather
from cutroom.render.sound import Degrade
from cutroom.timeline.subtitles import srt

Writer = Callable[[Edit, Path, str, Path, Fraction | None, Degrade], Sequence[str]]
"""Writes into a folder, under a main name; the folder's later place, an interval, and whom to tell what is missing.
Returns the files' paths in the folder."""


@dataclass(frozen=True)
class Format:
    """One thing that a cut can be handed over as."""

    name: str
    suffixes: tuple[str, ...]
    """How the main file may end; the first is the default."""
    write: Writer
    note: str = ""
    many: bool = False
    """True when it is always several files, in a folder of their own."""

    def outcomes(self, edit: Edit) -> list[features.Outcome]:
        """What becomes of the cut in this format."""
        return features.outcomes(features.features(edit.timeline, grid(edit.timeline)), self.name)


def _editor(texts: Callable[[Edit, Grid, Material, Levels, str], dict[str, str]]) -> Writer:
    """A writer of a cut with its media, and its captions as SubRip beside them."""

    def write(edit: Edit, into: Path, name: str, folder: Path, every: Fraction | None, degrade: Degrade) -> list[str]:
        if not edit.timeline.frames:
            raise WrongUse("this cut has no frame; there is nothing to hand over")
        material = gather(edit, into, folder)
        for what, why in material.lost:
            degrade(what, f"{why}; its place in the cut is kept, link it to the file again")
        made = texts(edit, grid(edit.timeline), material, levels(edit), name)
        if edit.timeline.captions:
            made[f"{edit.stem}.srt"] = srt(edit.timeline.captions)
        for file, text in made.items():
            (into / file).write_text(text, "utf-8")
        return [*made, *sorted(file for file in set(material.files.values()) if (into / file).is_file())]

    return write


def _captions(make: Callable[[Edit], str]) -> Writer:
    def write(edit: Edit, into: Path, name: str, folder: Path, every: Fraction | None, degrade: Degrade) -> list[str]:
        if not edit.timeline.captions and not (name.endswith(".ass") and edit.timeline.titles):
            raise WrongUse("this cut has no captions; say what is to be read in notes, and make the film again")
        (into / name).write_text(make(edit), "utf-8")
        return [name]

    return write


def _stems(edit: Edit, into: Path, name: str, folder: Path, every: Fraction | None, degrade: Degrade) -> list[str]:
    return sounds.write_stems(edit, into, degrade)


def _audio(edit: Edit, into: Path, name: str, folder: Path, every: Fraction | None, degrade: Degrade) -> list[str]:
    sounds.write_mix(edit, into / name, degrade)
    return [name]


def _frames(edit: Edit, into: Path, name: str, folder: Path, every: Fraction | None, degrade: Degrade) -> list[str]:
    return pictures.write_frames(edit, into, every, degrade)


def _gif(edit: Edit, into: Path, name: str, folder: Path, every: Fraction | None, degrade: Degrade) -> list[str]:
    pictures.write_gif(edit, into / name, degrade)
    return [name]


_ALL = (
    Format(
        "otio",
        (".otio",),
        _editor(lambda edit, frames, media, level, name: {name: otio.otio(edit, frames, media, level)}),
        "OpenTimelineIO's own JSON. Media are named relative to the file: keep the folder together.",
        many=True,
    ),
    Format(
        "fcpxml",
        (".fcpxml",),
        _editor(lambda edit, frames, media, level, name: {name: fcpxml.fcpxml(edit, frames, media, level)}),
        "FCPXML 1.10 for Final Cut Pro 10.6 and later and DaVinci Resolve. Media are named by their whole address: when "
        "the folder has moved, link them again in the program. Neither program could be tried here.",
        many=True,
    ),
    Format(
        "edl",
        (".edl",),
        _editor(lambda edit, frames, media, level, name: {name: edl.edl(edit, frames, media)}),
        "CMX 3600, non-drop time code at the film's rate: one row of pictures.",
        many=True,
    ),
    Format(
        "jianying",
        (".json",),
        _editor(lambda edit, frames, media, level, name: jianying.jianying(edit, frames, media, level)),
        "A draft for Jianying or CapCut: copy the folder into the program's folder of drafts. The makers do not document "
        "the format, and neither program could be tried here.",
        many=True,
    ),
    Format("srt", (".srt",), _captions(lambda edit: srt(edit.timeline.captions))),
    Format("vtt", (".vtt",), _captions(lambda edit: subtitles.vtt(edit.timeline))),
    Format("ass", (".ass",), _captions(lambda edit: subtitles.ass(edit.timeline))),
    Format(
        "stems",
        (".wav",),
        _stems,
        "24 bits, 48 kHz, all of the film's length: they lie in time by themselves.",
        many=True,
    ),
    Format("frames", (".png",), _frames, "Numbered as in the film, from 0.", many=True),
    Format("gif", (".gif",), _gif),
    Format("audio", (".m4a", ".mp3", ".wav"), _audio),
)
FORMATS: dict[str, Format] = {form.name: form for form in _ALL}
"""By name."""
