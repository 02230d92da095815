"""The house marker: reads off what a film was made of and by whom, and writes it into the film.

Whoever is not known to work by rules counts as a trained model: better too much said than too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any

from cutroom.errors import BadInput, Unavailable
from cutroom.media.kinds import Image, Media, Video
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.assemble import MarkFilm, Used
from cutroom.plan.facts import PictureFacts
from cutroom.plan.registry import step_classes
from cutroom.plan.step import AnyStep, Ref
from cutroom.plan.terms import HOUSE, Terms
from cutroom.version import VERSION

BY_RULES = {
    "house/espeak",
    "house/flite",
    "house/composer",
    "house/card",
    "house/writer",
    "house/captioner",
    "house/frame",
    "house/moment",
    "house/assemble",
    "house/render",
}
"""Performers that compute what they make from rules that people wrote, and learned nothing from samples."""

ACTIONS = {"frame_picture": "c2pa.cropped", "pick_moment": "c2pa.trimmed", "render_film": "c2pa.transcoded"}
"""What C2PA calls a kind of step; any other is an edit."""

FORMATS = {
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".heic": "image/heic",
    ".avif": "image/avif",
    ".tiff": "image/tiff",
    ".tif": "image/tiff",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".avi": "video/avi",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".json": "application/json",
}
"""Media types by suffix, which says what the bytes are."""


class Marker:
    """Marks films. A film that says everything already, because nothing in it was generated, is left as it is."""

    name = "house/mark"
    version = "1"

    def performs(self, step: AnyStep) -> bool:
        """Every MarkFilm."""
        return isinstance(step, MarkFilm)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """The certificate that a person gave, and whether signing is possible: with another one the film is marked anew."""
        if find_spec("c2pa") is None:
            return {"signed": False}
        from cutroom.render import signing

        try:
            return {"signed": signing.given() or "self-made"}
        except Unavailable as error:
            return {"signed": str(error)}

    def terms(self, step: AnyStep) -> Terms:
        """Free."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The marked film, or the film itself when nothing in it was generated. Raises NoSpace when the disk is full."""
        from cutroom.render.marking import GENERATED, Deed, Story, mark

        assert isinstance(step, MarkFilm)
        film: Video = desk.media(step.film)
        components = tuple(_components(step, desk))
        if not any(one.source in GENERATED for one in components):
            return film
        deeds = tuple(
            Deed(ACTIONS.get(edit.step, "c2pa.edited"), _times(_sentence(edit.step), edit.times)) for edit in step.edits
        )
        story = Story(title=step.title or f"film{film.suffix}", version=VERSION, components=components, deeds=deeds)
        out = desk.scratch / f"film{film.suffix}"
        try:
            if left_undone := mark(desk.path(step.film), out, story):
                desk.degrade(*left_undone)
        except BadInput as error:
            desk.degrade(
                "content credentials", f"the film does not say how it was made: {error.reason}; {error.way_out}"
            )
            return film
        return desk.keep_video(
            out, seconds=film.seconds, width=film.width, height=film.height, fps=film.fps, sound=film.sound
        )


def generated(sources: Iterable[Ref[Media]], desk: Desk) -> bool:
    """Whether any of what `sources` point to was generated, here or before it was handed over."""
    from cutroom.render.detecting import source_of
    from cutroom.render.marking import GENERATED

    for ref in sources:
        maker = desk.makers.get(ref.id)
        words = desk.media(ref).medium == "text"
        if maker is not None:
            source = _made_by(maker[0])
            # Words that rules picked from notes are the notes' own.
            source = None if words and source == "algorithmicMedia" else source
        else:
            source = None if words else source_of(desk.path(ref))
        if source in GENERATED:
            return True
    return False


def _components(step: MarkFilm, desk: Desk) -> Iterator[Any]:
    from cutroom.render.marking import Component

    for used in step.used:
        media: Media = desk.media(used.media)
        maker = desk.makers.get(used.media.id)
        source = _declared(used, desk) if maker is None else _made_by(maker[0])
        if maker is not None and media.medium == "text" and source == "algorithmicMedia":
            # Words that rules picked from notes are the notes' own.
            continue
        yield Component(
            title=used.name,
            sha256=media.digest,
            format=FORMATS.get(media.suffix, "application/octet-stream"),
            heard_or_seen=not used.only_read,
            source=source,
            about=_sentence(used.step) if used.step else "",
            by=maker,
            path=desk.path(used.media) if maker is None and media.medium != "text" else None,
        )


def _made_by(performer: str) -> str:
    return "algorithmicMedia" if performer in BY_RULES else "trainedAlgorithmicMedia"


def _declared(used: Used, desk: Desk) -> str | None:
    """What a file that was handed over says of itself; a photograph that names its camera is a capture."""
    from cutroom.render.detecting import source_of

    media: Media = desk.media(used.media)
    if media.medium == "text":
        return None
    if said := source_of(desk.path(used.media)):
        return said
    if isinstance(media, Image) and used.facts is not None and desk.read(used.facts, PictureFacts).camera:
        return "digitalCapture"
    return None


def _sentence(kind: str) -> str:
    """What a kind of step does, in its class's own words."""
    step_class = step_classes().get(kind)
    return (step_class.__doc__ or kind).strip().splitlines()[0] if step_class else kind


def _times(sentence: str, times: int) -> str:
    return sentence if times == 1 else f"{sentence} ({times} times)"
