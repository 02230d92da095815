"""Write: titles, narration and captions."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from cutroom.media.kinds import Audio, Text
from cutroom.plan.step import Group, Ref, Step
from cutroom.time import Seconds


class WriteScript(Step[Text]):
    """Write the film's title, its subtitle, and the lines that are spoken or shown."""

    kind: Literal["write_script"] = "write_script"
    group: ClassVar[Group] = "write"
    request: str
    """What was asked for, in the asker's words."""
    notes: tuple[Ref[Text], ...] = ()
    """The asker's own notes: narration and captions come from these, sentence by sentence."""
    facts: tuple[Ref[Text], ...] = ()
    """What is known about each picture and clip, in the film's order."""
    names: tuple[str, ...] = ()
    """The names of the files behind `facts`, in the same order: some are words."""
    seconds: Seconds | None = None
    """How long the film shall be; None when the material decides."""
    language: str = "en"
    """The language to write in, as a BCP 47 tag."""
    spoken: bool = True
    """Whether the lines will be spoken: then they must fit the length when read aloud."""


class SpokenLine(BaseModel):
    """One line of the script, placed in the film."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    text: str
    """What is said."""
    start: Seconds
    """When in the film the line begins."""
    seconds: Seconds
    """How long it may be seen when there is no voice; with a voice the voice decides."""
    voice: Ref[Audio] | None = None
    """The spoken line; its word times are the captions' times."""


class WriteCaptions(Step[Text]):
    """Break the lines into captions of at most two lines that can be read in the time they are up."""

    kind: Literal["write_captions"] = "write_captions"
    group: ClassVar[Group] = "write"
    lines: tuple[SpokenLine, ...]
    """The lines, in order."""
    seconds: Seconds
    """The film's length: no caption outlasts it."""
    width: int = 42
    """At most so many characters a line (fewer for tall formats)."""
    language: str = "en"
    """The language of the lines, as a BCP 47 tag: it decides where lines may break."""
    shorten: bool = False
    """Drop asides and fillers, so that fewer words stand up for longer. Set by a revision."""
