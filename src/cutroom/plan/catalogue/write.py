"""Write: titles, narration, captions, and stories with a plan for each of their shots."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from cutroom.media.kinds import Audio, Media, Text
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


class Seen(BaseModel):
    """A file that was handed over, and what is known about it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    media: Ref[Media]
    """The file."""
    kind: Literal["picture", "clip"]
    """What it is."""
    name: str
    """Its name, which may say something."""
    facts: Ref[Text] | None = None
    """What was measured in it."""
    words: Ref[Text] | None = None
    """What it shows, in words."""


class WriteStory(Step[Text]):
    """Write a story for a film, shot by shot: what is seen, what moves, what is said. Invents what nobody brought."""

    kind: Literal["write_story"] = "write_story"
    group: ClassVar[Group] = "write"
    seeded: ClassVar[bool] = True
    request: str
    """What was asked for, in the asker's words."""
    notes: tuple[Ref[Text], ...] = ()
    """The asker's own notes."""
    files: tuple[Seen, ...] = ()
    """The pictures and clips that were handed over; the story says which shot shows which."""
    seconds: Seconds | None = None
    """How long the film shall be; None when the story decides."""
    shots: int = Field(default=5, ge=1, le=24)
    """About how many shots it has."""
    language: str = "en"
    """The language to write in, as a BCP 47 tag."""
    spoken: bool = True
    """Whether something is said over the shots."""
    pictures: bool = True
    """Whether somebody can make pictures or clips of what the story sees."""
    before: Ref[Text] | None = None
    """The story that is to be changed; None to write a new one."""
    change: str = ""
    """What is to be different from `before`, in the asker's words."""


class PlanShot(Step[Text]):
    """Plan how one shot of a story is made: which steps make what is seen, and what each is told."""

    kind: Literal["plan_shot"] = "plan_shot"
    group: ClassVar[Group] = "write"
    seeded: ClassVar[bool] = True
    sees: str
    """What is seen in it, as the story has it."""
    moves: str = ""
    """What moves, and how the camera does."""
    style: str = ""
    """The look that all pictures of the story share."""
    tools: tuple[str, ...]
    """The kinds of steps that may be used."""
    file: Seen | None = None
    """The file that the shot shows."""
    before: Ref[Text] | None = None
    """The plan until now, when it cannot work."""
    problems: tuple[str, ...] = ()
    """What is wrong with that plan."""


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
