"""The brief: what was asked for, complete, as data."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cutroom.brief.destinations import Name
from cutroom.brief.thirds import LowerThird
from cutroom.media.kinds import AnyMedia, Text
from cutroom.time import Exact, Seconds


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Asset(_Frozen):
    """A file that was handed over, taken into the production's store."""

    id: str
    """Its name in plans: ``a1``, ``a2`` … in the order of the film."""
    name: str
    """The file's name as it came, for people. Data, never a path to open."""
    media: AnyMedia
    """What it is."""
    taken: str | None = None
    """When it was made, ISO 8601, from EXIF or the container; None when the file does not say."""


class Skipped(_Frozen):
    """A file that could not be used."""

    name: str
    reason: str
    way_out: str


Captioning = Literal["burn", "file", "both", "none"]
Codec = Literal["h264", "hevc", "av1", "vp9", "prores"]
CaptionMode = Literal["block", "words", "karaoke"]
"""Whole captions; one to three words at a time, large; or whole captions with the spoken word lit up."""


class Shown(_Frozen):
    """What a person saw when asking for a change: the third photo is the third of this film."""

    assets: tuple[str, ...] = ()
    """The ids of the pictures and clips that its shots showed, in order; empty when that is not known."""
    seconds: Seconds | None = None
    """How long it was; None when that is not known."""


class Brief(_Frozen):
    """What was asked for: words, assets, format, limits."""

    schema_name: Literal["cutroom.brief.1"] = "cutroom.brief.1"
    request: str
    """The request, in the asker's words."""
    assets: tuple[Asset, ...] = ()
    """What came with it, in order."""
    skipped: tuple[Skipped, ...] = ()
    """What came with it and could not be used."""
    seconds: Seconds | None = None
    """The length asked for by an option; None: as the words ask, else as the material deserves."""
    shape: str | None = None
    """``16:9``, ``9:16``, ``1:1``, ``4:5`` or ``WIDTHxHEIGHT``; None: as the words ask, else 16:9."""
    fps: Exact = Field(default=Fraction(30), gt=0, le=120)
    mood: str | None = None
    """None: as the words ask, else calm."""
    voice: str | None = None
    """A voice's name, ``none`` for no narration, None for the best there is."""
    music: str | None = None
    """``none``, the id of an asset to use, or None to compose."""
    captions: Captioning = "both"
    caption_style: CaptionMode = "block"
    """How captions in the picture are shown."""
    language: str | None = None
    """A BCP 47 tag; None: as the words and notes are written."""
    seed: int = 0
    budget: Decimal | None = None
    """The most that may be spent; None: nothing may be spent without asking."""
    mark: bool = True
    """Whether the film says what was generated in it."""
    label: str | None = None
    """Words shown at the film's beginning to say that software made it; None for none."""
    destination: Name | None = None
    """Where the film is going (`cutroom.brief.destinations`); None: nowhere in particular."""
    codec: Codec = "h264"
    """How the picture is encoded."""
    hardware: bool = False
    """Whether an encoder in hardware is to be used, if there is one."""
    lut: Text | None = None
    """A table of colours (.cube): the film's look; None for none."""
    match: bool = True
    """Whether light and colour of neighbouring shots of one scene are brought towards each other."""
    loudness: float | None = Field(default=None, ge=-31, le=-9)
    """Integrated loudness in LUFS (ITU-R BS.1770); None: as it is wanted where the film is going, else −14."""
    progress_bar: bool = False
    """Whether a thin bar says how much of the film is over; the words may ask for it too."""
    lower_thirds: tuple[LowerThird, ...] = ()
    """Names over persons or places, beside those that words and notes ask for."""
    film: str = "film.mp4"
    """The name of the film's file."""
    revisions: tuple[str, ...] = ()
    """What was asked for later, in order: each changes what came before it."""
    shown: tuple[Shown, ...] = ()
    """For each revision, the film that it was said of."""
    production: str | None = Field(default=None, pattern=r"^[0-9a-f]{8}$")
    """The production's number, kept from its first brief; None: this is the first."""

    @property
    def number(self) -> str:
        """The production's number, 8 hexadecimal digits: the same files and words give the same one anywhere.

        It stays when the words or files change later, so that a watermark which carries it costs no stretch of the film
        that is otherwise the same.
        """
        if self.production is not None:
            return self.production
        content = "\n".join([self.request, *(asset.media.digest for asset in self.assets)])
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:8]
