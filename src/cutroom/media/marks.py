"""What a file says about where it comes from: the answer of a detector that read its marks. Only data; `render.marking` reads."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

SourceType = Literal[
    "digitalCapture",
    "algorithmicMedia",
    "trainedAlgorithmicMedia",
    "composite",
    "compositeWithTrainedAlgorithmicMedia",
]
"""The terms of IPTC's vocabulary of digital source types that Cutroom writes. Others are read and passed on as they are."""

DIGITAL_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""What stands before a term to make it IPTC's address for it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class MarkedAction(_Frozen):
    """Something that was done, as the manifest tells it."""

    action: str
    """As C2PA names it, e.g. ``c2pa.placed``."""
    about: str = ""
    """In words."""
    by: str = ""
    """Which software did it."""
    source: str | None = None
    """The digital source type of what it brought in; None when the manifest does not say."""
    of: tuple[str, ...] = ()
    """The titles of the ingredients that it was done with."""


class MarkedIngredient(_Frozen):
    """Something that the film was made of, as the manifest tells it."""

    title: str
    relationship: str
    """``componentOf`` (it is in the film), ``inputTo`` (it told what to do) or ``parentOf``."""
    format: str = ""
    sha256: str | None = None
    """Of its bytes, when Cutroom wrote the manifest."""
    manifest: Literal["none", "kept", "broken"] = "none"
    """Whether it came with a manifest of its own, which is kept within the film's, and whether that one was in order."""


class Signature(_Frozen):
    """Who signed."""

    issuer: str
    name: str = ""
    algorithm: str = ""
    serial: str = ""
    trusted: bool = False
    """True when the certificate is on the list of authorities that was given. A self-made one is not: it shows that
    nothing was changed since, not who signed."""
    own: bool = False
    """True when it was signed with the certificate that this machine signs with."""


class Watermark(_Frozen):
    """What the detector of an imperceptible watermark says."""

    decision: Literal["found", "absent", "abstain"]
    score: float
    """How many standard deviations the correlation lies above what an unmarked file gives."""
    payload: int | None = None
    """The production's number, 32 bits; None unless found."""
    false_alarm: float = 1.0
    """The most likely it can be, whatever the file holds, that one without a watermark gives this answer; 1 unless found."""
    reason: str = ""
    """Why it abstains."""


class Marks(_Frozen):
    """All marks of one file."""

    schema_name: Literal["cutroom.marks.1"] = "cutroom.marks.1"
    status: Literal["valid", "broken", "unsigned", "absent"]
    """``valid``: signed, and unchanged since. ``broken``: signed, and changed since (or the signature is wrong).
    ``unsigned``: it says where it comes from, but anybody could have written that. ``absent``: it says nothing."""
    problems: tuple[str, ...] = ()
    """What is wrong, in words."""
    source: str | None = None
    """The whole file's digital source type by its manifest."""
    iptc: str | None = None
    """The same by its IPTC metadata (XMP)."""
    comment: str | None = None
    """The container's comment."""
    generator: str = ""
    """The software that wrote the manifest, with its version."""
    manifest: str | None = None
    """The manifest's name."""
    signature: Signature | None = None
    actions: tuple[MarkedAction, ...] = ()
    ingredients: tuple[MarkedIngredient, ...] = ()
    watermarks: dict[Literal["picture", "sound"], Watermark] = {}
    """Only those that were looked for."""
    abstained: dict[str, str] = {}
    """What could not be looked for, and why."""
