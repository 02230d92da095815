"""The facts that Understand steps write down, and the scripts, stories and captions that Write steps do: versioned JSON models.

Boxes are fractions of the upright picture; scores say their range.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cutroom.media.kinds import Word
from cutroom.time import Seconds, Span
from cutroom.timeline.timeline import Box, Caption


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Face(_Frozen):
    """A face that was found."""

    box: Box
    """The face from chin to forehead, as fractions of the picture."""
    confidence: float = Field(ge=0, le=1)
    """How sure the detector is."""


class PictureFacts(_Frozen):
    """What is known about a picture."""

    schema_name: Literal["cutroom.picture-facts.1"] = "cutroom.picture-facts.1"
    width: int
    height: int
    faces: tuple[Face, ...] = ()
    focus: Box
    """The part that draws the eye (faces and their heads when there are any, else what stands out)."""
    sharpness: float = Field(ge=0, le=1)
    """0 is badly blurred, 1 is crisp, measured at a common size."""
    exposure: float = Field(ge=-1, le=1)
    """Below zero is too dark, above too bright, near 0 is well exposed."""
    colour: str
    """The mean colour, as #rrggbb."""
    palette: tuple[str, ...] = ()
    """Up to five colours that stand for the picture, as #rrggbb, most common first."""
    fingerprint: str
    """A perceptual hash in hexadecimal: near-duplicates differ in few bits (see `measures.picture.distance`)."""
    taken: str | None = None
    """When it was taken, ISO 8601 local time, from EXIF."""
    place: tuple[float, float] | None = None
    """Latitude and longitude in degrees, from EXIF."""
    camera: str | None = None
    """Make and model, from EXIF."""
    quality: float = Field(ge=0, le=1)
    """Sharpness, exposure and resolution as one number, to choose between near-duplicates."""


class Shot(_Frozen):
    """A stretch of a clip between two cuts."""

    span: Span
    quality: float = Field(ge=0, le=1)
    """Sharp, steady, well lit and alive."""


class Moment(_Frozen):
    """A stretch of a clip worth showing."""

    span: Span
    score: float = Field(ge=0, le=1)
    """How good it is; the first of a clip's moments is the best."""
    focus: Box
    """What draws the eye during it."""


class ClipFacts(_Frozen):
    """What is known about a clip."""

    schema_name: Literal["cutroom.clip-facts.1"] = "cutroom.clip-facts.1"
    seconds: Seconds
    width: int
    height: int
    shots: tuple[Shot, ...]
    moments: tuple[Moment, ...]
    """Best first; they do not cross a cut inside the clip."""
    faces: tuple[Face, ...] = ()
    """Faces in the best moment's middle frame."""
    motion: float = Field(ge=0)
    """Mean optical flow, in frame widths a second."""
    sharpness: float = Field(ge=0, le=1)
    exposure: float = Field(ge=-1, le=1)
    colour: str
    loudness: float | None = None
    """Integrated loudness in LUFS; None when there is no sound or it is silent."""
    speech: bool | None = None
    """Whether somebody seems to speak; None when it could not be told."""
    taken: str | None = None
    """When it was shot, ISO 8601, from the container."""


class SoundFacts(_Frozen):
    """What is known about a sound."""

    schema_name: Literal["cutroom.sound-facts.1"] = "cutroom.sound-facts.1"
    seconds: Seconds
    loudness: float | None = None
    """Integrated loudness in LUFS; None for silence."""
    true_peak: float | None = None
    """In dBTP; None for silence."""
    silent: tuple[Span, ...] = ()
    """Stretches of at least half a second below -50 dBFS."""
    beats: tuple[Seconds, ...] = ()
    """When beats fall; empty when no steady beat was found."""
    tempo: float | None = None
    """Beats a minute; None when no steady beat was found."""


class SpokenLine(_Frozen):
    """A stretch of speech, usually a sentence."""

    text: str
    span: Span


class Transcript(_Frozen):
    """What is said in a sound."""

    schema_name: Literal["cutroom.transcript.1"] = "cutroom.transcript.1"
    text: str
    """Everything that is said; empty when nobody speaks."""
    language: str | None = None
    """As the listener found or was told it: a BCP 47 tag, or a name such as ``english``; None when it did not say."""
    words: tuple[Word, ...] = ()
    """Word by word, with times; empty when the listener gives none."""
    lines: tuple[SpokenLine, ...] = ()
    """Sentence by sentence, with times; empty when the listener gives none."""


class ScriptLine(_Frozen):
    """One sentence (or part of one) that is spoken or shown."""

    text: str
    subject: int | None = None
    """Which picture or clip it is about, by its place in the film's order; None when it is about none in particular."""


class Script(_Frozen):
    """What the film says."""

    schema_name: Literal["cutroom.script.1"] = "cutroom.script.1"
    title: str
    subtitle: str = ""
    lines: tuple[ScriptLine, ...] = ()
    language: str = "en"
    left_out: tuple[str, ...] = ()
    """Sentences of the notes that did not fit the length."""


class StoryShot(_Frozen):
    """One shot of a story: what is seen in it, and what is said over it."""

    sees: str
    """What is seen."""
    moves: str = ""
    """What moves, and how the camera does."""
    says: str = ""
    """What is said over it; empty for nothing."""
    seconds: Seconds = Field(gt=0)
    """How long it would like to be; the spoken line and the film's length decide."""
    file: int = Field(default=0, ge=0)
    """Which of the files that were handed over is seen, from 1; 0 when it shows what is still to be made."""


class Story(_Frozen):
    """What a film tells, shot by shot, before anything of it is made."""

    schema_name: Literal["cutroom.story.1"] = "cutroom.story.1"
    title: str
    style: str = ""
    """The look that all its pictures share."""
    music: str = ""
    """What its music is like."""
    mood: str = ""
    """One of the moods that the house knows; empty when none was given."""
    shots: tuple[StoryShot, ...] = Field(min_length=1)
    language: str = "en"


class ShotStep(_Frozen):
    """One step of a shot, as a model filled it in."""

    step: str
    """The step's kind."""
    fields: dict[str, str] = {}
    """What was written into its fields. In a field for a picture, clip or sound: ``file`` for the file that was handed
    over, or the number of the step (from 1) that makes it."""


class ShotPlan(_Frozen):
    """How one shot is made."""

    schema_name: Literal["cutroom.shot-plan.1"] = "cutroom.shot-plan.1"
    steps: tuple[ShotStep, ...] = ()
    """In order; the last one makes what is seen. None: the file is seen as it is."""


class Captions(_Frozen):
    """Captions, timed."""

    schema_name: Literal["cutroom.captions.1"] = "cutroom.captions.1"
    captions: tuple[Caption, ...] = ()
