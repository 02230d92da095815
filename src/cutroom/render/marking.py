"""Marks a film: says in the file itself what was generated, of what it was made, and how, in three ways.

- a manifest of C2PA 2 (Content Credentials), signed, with the steps as actions and what went in as ingredients. Manifests
  that ingredients brought with them are kept inside it;
- IPTC's digital source type, as XMP, for readers that know no C2PA;
- a comment, for people.

The streams keep their bytes; nothing is fetched or sent.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import quoteattr

from cutroom.errors import BadInput, NoSpace, Unavailable
from cutroom.media.marks import DIGITAL_SOURCE, SourceType
from cutroom.render.atoms import annotated
from cutroom.render.detecting import MISSING, OFFLINE, hash_name

TRAINED = {"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"}
"""What says that a trained model made it, or a part of it."""
GENERATED = {*TRAINED, "algorithmicMedia", "virtualRecording", "dataDrivenMedia"}
"""What says that a machine made it, or a part of it."""

FORMATS = {".mp4": "video/mp4", ".mov": "video/quicktime"}
"""Media types of the films that can be marked, by suffix."""
SETTINGS = {**OFFLINE, "builder": {"thumbnail": {"enabled": False}}}


@dataclass(frozen=True)
class Component:
    """Something that the film was made of."""

    title: str
    """Its name for people."""
    sha256: str
    format: str
    """Its media type, e.g. ``image/jpeg``."""
    heard_or_seen: bool
    """True for what is in the film, False for what only told what to do (notes)."""
    source: str | None = None
    """Its digital source type, as IPTC's term; None when that is not known."""
    about: str = ""
    """What was done to bring it in, in words."""
    by: tuple[str, str] | None = None
    """The software that made it, and its version; None for what was handed over."""
    path: Path | None = None
    """Where its bytes lie, if a manifest of its own may be in them."""


@dataclass(frozen=True)
class Deed:
    """Something that was done with all of it."""

    action: str
    """As C2PA names it: ``c2pa.edited``, ``c2pa.cropped``, ``c2pa.trimmed``, ``c2pa.transcoded``."""
    about: str


@dataclass(frozen=True)
class Story:
    """What is to be said of a film."""

    title: str
    version: str
    """Cutroom's."""
    components: tuple[Component, ...]
    deeds: tuple[Deed, ...] = ()

    @property
    def source(self) -> SourceType:
        """The whole film's digital source type, from those of what is seen and heard in it."""
        return whole([one.source for one in self.components if one.heard_or_seen])


def whole(sources: Sequence[str | None]) -> SourceType:
    """What something is that was put together of parts with these digital source types."""
    if sources and all(source == "trainedAlgorithmicMedia" for source in sources):
        return "trainedAlgorithmicMedia"
    if any(source in TRAINED for source in sources):
        return "compositeWithTrainedAlgorithmicMedia"
    if sources and all(source == "algorithmicMedia" for source in sources):
        return "algorithmicMedia"
    return "composite"


def mark(film: Path, out: Path, story: Story) -> tuple[str, str] | None:
    """Writes `film` (MP4 or MOV) to `out` with its marks. Returns None, or what could not be done and why.

    When it cannot be signed, the other marks are there all the same. Raises BadInput when `film` is of another kind, and
    NoSpace when the disk is full.
    """
    if film.suffix not in FORMATS:
        raise BadInput(film, f"{film.suffix} files have no place for a signed manifest", "ask for .mp4 or .mov")
    with TemporaryDirectory(prefix="marking-", dir=out.parent) as aside:
        said = Path(aside) / f"said{film.suffix}"
        try:
            annotated(film, said, comment=comment(story), xmp=xmp(story))
            _sign(said, out, story)
        except Unavailable as error:
            os.replace(said, out)
            return "content credentials", f"the film's marks are there, but not signed: {error}"
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise NoSpace(f"{out}: {error.strerror}; free some space, or choose another place with -o") from error
            raise
    return None


def comment(story: Story) -> str:
    """The marks in a sentence, for people."""
    made = list(dict.fromkeys(one.title for one in story.components if one.by))
    machine = [one for one in story.components if one.by is None and one.source in GENERATED]
    parts = [f"Made with Cutroom {story.version}."]
    if made:
        parts.append(f"Made by software: {', '.join(made[:8])}{' and more' if len(made) > 8 else ''}.")
    if machine:
        parts.append(f"Handed over as made by software: {len(machine)}.")
    if any(one.source in TRAINED for one in story.components):
        parts.append("Parts of it come from a trained model (AI).")
    return " ".join(parts)


def xmp(story: Story) -> bytes:
    """The XMP packet: the digital source type, the tool, and which trained systems were used (IPTC 2025.1)."""
    systems = [" ".join(one.by) for one in story.components if one.by and one.source in TRAINED]
    fields = {
        "Iptc4xmpExt:DigitalSourceType": DIGITAL_SOURCE + story.source,
        "xmp:CreatorTool": f"Cutroom {story.version}",
    }
    if systems:
        fields["Iptc4xmpExt:AISystemUsed"] = ", ".join(dict.fromkeys(systems))
    attributes = "".join(f"\n   {name}={quoteattr(value)}" for name, value in fields.items())
    packet = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
   xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"{attributes}/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
    return packet.encode()


def _sign(film: Path, out: Path, story: Story) -> None:
    """Writes `film` to `out` with a signed manifest. Raises Unavailable when that is not possible on this machine."""
    try:
        import c2pa
    except ImportError as error:
        raise Unavailable(MISSING) from error
    from cutroom.render import signing

    held = signing.credentials()
    try:
        signer = c2pa.Signer.from_info(
            c2pa.C2paSignerInfo(held.algorithm, held.chain.encode(), held.key.encode(), None)
        )
        with _builder(story) as builder, film.open("rb") as source, out.open("w+b") as target:
            builder.sign(signer, FORMATS[film.suffix], source, target)
    except c2pa.C2paError as error:
        out.unlink(missing_ok=True)
        way_out = f"check {signing.CERTIFICATE}" if held.given else f"move {signing.folder()} away to have another made"
        raise Unavailable(f"signing failed ({error}); {way_out}") from error


def _builder(story: Story) -> Any:
    """What signs, with the manifests of all ingredients. An ingredient whose bytes cannot be read is only named."""
    import c2pa

    builder = c2pa.Builder(manifest(story), c2pa.Context.from_dict(SETTINGS))
    for place, one in enumerate(story.components):
        if one.path is None:
            continue
        try:
            with one.path.open("rb") as file:
                builder.add_ingredient(_ingredient(one, _label(place)), one.format, file)
        except (c2pa.C2paError, OSError):
            builder.close()
            rest = (*story.components[:place], replace(one, path=None), *story.components[place + 1 :])
            return _builder(replace(story, components=rest))
    return builder


def manifest(story: Story) -> dict[str, Any]:
    """The manifest's definition, as c2pa reads it; ingredients with bytes of their own are added by whoever signs."""
    cutroom = {"name": "Cutroom", "version": story.version}
    actions: list[dict[str, Any]] = [
        {"action": "c2pa.created", "digitalSourceType": DIGITAL_SOURCE + story.source, "softwareAgent": cutroom}
    ]
    for place, one in enumerate(story.components):
        if one.heard_or_seen:
            actions.append(_placed(one, _label(place)))
    actions += [{"action": deed.action, "description": deed.about, "softwareAgent": cutroom} for deed in story.deeds]
    return {
        "claim_generator_info": [cutroom],
        "title": story.title,
        "ingredients": [
            _ingredient(one, _label(place)) for place, one in enumerate(story.components) if one.path is None
        ],
        "assertions": [{"label": "c2pa.actions.v2", "created": True, "data": {"actions": actions}}],
    }


def _placed(one: Component, label: str) -> dict[str, Any]:
    action: dict[str, Any] = {"action": "c2pa.placed", "parameters": {"ingredientIds": [label]}}
    if one.about:
        action["description"] = one.about
    if one.source:
        action["digitalSourceType"] = DIGITAL_SOURCE + one.source if "/" not in one.source else one.source
    if one.by:
        action["softwareAgent"] = {"name": one.by[0], "version": one.by[1]}
    return action


def _ingredient(one: Component, label: str) -> dict[str, Any]:
    return {
        "title": one.title,
        "format": one.format,
        "relationship": "componentOf" if one.heard_or_seen else "inputTo",
        "instance_id": hash_name(one.sha256),
        "label": label,
    }


def _label(place: int) -> str:
    return f"component-{place + 1}"
