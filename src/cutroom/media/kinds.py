"""The kinds of media: `Image`, `Video`, `Audio`, `Text` and `Cut`.

A medium is a small record about bytes that lie in a store. It is known by the SHA-256 of those bytes; the bytes
themselves never enter a plan or a ledger.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from cutroom.time import Exact, Seconds


class Media(BaseModel):
    """What all kinds share. Use one of the five kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    medium: ClassVar[str] = "media"

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the bytes, in hexadecimal."""
    suffix: str = Field(pattern=r"^\.[a-z0-9]{1,8}$")
    """How the file's name ends, e.g. ``.jpg``: what the bytes are, by content and not by the name that they came under."""
    bytes: int = Field(ge=0)
    """Size in bytes."""


class Image(Media):
    """A still picture. Width and height are as seen, after EXIF orientation is applied."""

    medium: ClassVar[str] = "image"
    type: Literal["image"] = "image"
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    alpha: bool = False
    """True when some pixel may be transparent."""


class Video(Media):
    """Moving pictures. Width and height are as seen, after rotation and pixel aspect are applied."""

    medium: ClassVar[str] = "video"
    type: Literal["video"] = "video"
    seconds: Seconds
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    fps: Exact
    """The mean rate; a file of variable rate says so in `constant_rate`."""
    constant_rate: bool = True
    sound: bool = False
    """True when the file has a sound stream that can be decoded."""


class Word(BaseModel):
    """A word that is spoken in a sound, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    start: Seconds
    seconds: Seconds


class Audio(Media):
    """Sound."""

    medium: ClassVar[str] = "audio"
    type: Literal["audio"] = "audio"
    seconds: Seconds
    rate: int = Field(gt=0)
    """Samples a second."""
    channels: int = Field(gt=0)
    words: tuple[Word, ...] = ()
    """For speech: what is said and when, as far as the voice reports it."""
    beats: tuple[Seconds, ...] = ()
    """For music: when each beat falls, as far as its maker knows."""


class Text(Media):
    """Words, or facts written down as JSON. Always UTF-8."""

    medium: ClassVar[str] = "text"
    type: Literal["text"] = "text"
    schema_name: str | None = None
    """For JSON: which model it is, with its version, e.g. ``cutroom.picture-facts.1``."""


class Cut(Media):
    """A version of the timeline, stored as JSON (`cutroom.timeline.Timeline`)."""

    medium: ClassVar[str] = "cut"
    type: Literal["cut"] = "cut"
    seconds: Seconds


AnyMedia = Annotated[Image | Video | Audio | Text | Cut, Field(discriminator="type")]
"""One of the five kinds, told apart by ``type``."""

KINDS: dict[str, type[Media]] = {kind.medium: kind for kind in (Image, Video, Audio, Text, Cut)}
