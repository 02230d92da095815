"""Assemble: put the shots, voice, music and words on a timeline, and render it."""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from cutroom.brief.brief import Codec
from cutroom.media.kinds import Audio, Cut, Media, Text, Video
from cutroom.plan.step import Group, Ref, Step
from cutroom.time import Seconds
from cutroom.timeline.timeline import Box, CaptionStyle, Format, Marker, Progress, Title, Transition


class Placed(BaseModel):
    """A sound and when it begins."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    sound: Ref[Audio]
    """The sound."""
    start: Seconds
    """When in the film it begins."""


class Over(BaseModel):
    """A picture in the picture: a shot that lies over the film in a box of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    shot: Ref[Cut]
    """The shot, made for a frame of the box's shape."""
    start: Seconds
    """When in the film it comes."""
    box: Box
    """Where it lies, as fractions of the film's frame."""
    corner: float = Field(default=0.06, ge=0, le=0.5)
    """How round its corners are, as a part of the box's shorter side."""
    border: float = Field(default=0.003, ge=0, le=0.05)
    """How wide its white border is, as a part of the frame's shorter side."""
    shadow: float = Field(default=0.45, ge=0, le=1)
    """How dark the shadow around it is."""
    fade: Seconds = Fraction(2, 5)
    """How long it takes to come and to go."""
    sound: Literal["none", "natural", "voice"] = "natural"
    """Whether its own sound is heard, and as what: a voice is what music goes down under."""


class AssembleCut(Step[Cut]):
    """Put shots in a row with their transitions, and voice, music, captions and titles beside them."""

    kind: Literal["assemble_cut"] = "assemble_cut"
    group: ClassVar[Group] = "assemble"
    format: Format
    """The film's frame."""
    shots: tuple[Ref[Cut], ...]
    """The shots, in order; together they are as long as the film."""
    transitions: tuple[Transition | None, ...] = ()
    """What stands between one shot and the next: one fewer than shots, None for a plain cut."""
    ending: Seconds = Fraction(0)
    """How long the picture is black at the end; the last shot fades into it."""
    voice: tuple[Placed, ...] = ()
    """Spoken lines."""
    music: Ref[Audio] | None = None
    """Music under all of it."""
    natural: bool = True
    """Whether the clips' own sound is heard."""
    music_gain: float = Field(default=0.0, ge=-40, le=20)
    """How much louder the music is than it would be, in decibels."""
    voice_gain: float = Field(default=0.0, ge=-40, le=20)
    """The same for the spoken lines."""
    natural_gain: float = Field(default=0.0, ge=-40, le=20)
    """The same for the clips' own sound."""
    captions: Ref[Text] | None = None
    """The captions."""
    caption_style: CaptionStyle = CaptionStyle()
    """How captions look, and whether they are drawn into the picture."""
    titles: tuple[Title, ...] = ()
    """Words over the picture."""
    title: str = ""
    """The film's title, for its metadata."""
    language: str = "en"
    """The language of what is said and read."""
    markers: tuple[Marker, ...] = ()
    """Points worth finding again."""
    over: tuple[Over, ...] = ()
    """Pictures in the picture."""
    lut: Ref[Text] | None = None
    """A table of colours (.cube): the look of the whole film."""
    match: bool = True
    """Whether light and colour of neighbouring shots are brought towards each other."""
    progress: Progress | None = None
    """A thin bar that says how much of the film is over."""


SUFFIXES: dict[Codec, str] = {"h264": ".mp4", "hevc": ".mp4", "av1": ".mp4", "vp9": ".webm", "prores": ".mov"}
"""How a film of each codec is named."""


class RenderFilm(Step[Video]):
    """Render a cut to a film, ready to play: H.264 and AAC in MP4 unless another codec is asked for."""

    kind: Literal["render_film"] = "render_film"
    group: ClassVar[Group] = "assemble"
    cut: Ref[Cut]
    """The cut."""
    crf: int = 20
    """Constant rate factor: lower is better and larger (18 is visually clean, 23 is the encoder's default)."""
    preset: Literal["ultrafast", "superfast", "veryfast", "fast", "medium", "slow"] = "veryfast"
    """How much work the encoder puts into a small file."""
    codec: Codec = "h264"
    """H.264 plays anywhere; HEVC, AV1 and VP9 (in WebM) are smaller; ProRes (in MOV) is for further editing."""
    hardware: bool = False
    """Use an encoder in hardware, if there is one: faster, but larger for the same quality."""
    loudness: float = -14.0
    """Integrated loudness in LUFS (ITU-R BS.1770)."""
    true_peak: float = -1.0
    """The highest true peak in dBTP."""
    number: str | None = Field(default=None, pattern=r"^[0-9a-f]{8}$")
    """The production's number, which picture and sound carry as a watermark if anything in the film was generated; None
    for no watermark."""
    sources: tuple[Ref[Media], ...] = ()
    """What is seen and heard in the film: tells whether any of it was generated."""


class Used(BaseModel):
    """Something that a film was made of."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    media: Ref[Media]
    """What it is."""
    name: str
    """What people know it as: a file's name, or what was made."""
    step: str | None = None
    """The kind of the step that made it; None for what was handed over."""
    only_read: bool = False
    """True for what is neither seen nor heard, such as notes."""
    facts: Ref[Text] | None = None
    """What was seen in it: says which camera took it."""


class Edit(BaseModel):
    """A kind of step that was carried out, and how often."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    step: str
    """The step's kind."""
    times: int = Field(default=1, ge=1)


class MarkFilm(Step[Video]):
    """Say in the film itself what was generated, of what it was made and how; a film in which nothing was stays as it is."""

    kind: Literal["mark_film"] = "mark_film"
    group: ClassVar[Group] = "assemble"
    film: Ref[Video]
    """The film."""
    used: tuple[Used, ...] = ()
    """What is seen and heard in it, and what it was told by."""
    edits: tuple[Edit, ...] = ()
    """What was done with that."""
    title: str = ""
    """The film's name in its manifest."""
