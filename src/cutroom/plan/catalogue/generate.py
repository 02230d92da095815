"""Generate: voices, music, sounds, cards, pictures, clips. The house performs some of these; models perform the others."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from cutroom.media.kinds import Audio, Image, Video
from cutroom.plan.step import Group, Ref, Step
from cutroom.time import Seconds
from cutroom.timeline.timeline import Format

Mood = Literal["calm", "upbeat", "warm", "epic", "playful", "melancholy", "tense"]


class Speak(Step[Audio]):
    """Read a line aloud."""

    kind: Literal["speak"] = "speak"
    group: ClassVar[Group] = "generate"
    together: ClassVar[bool] = True
    text: str
    """What is said."""
    language: str = "en"
    """The language, as a BCP 47 tag."""
    voice: str | None = None
    """A voice's name as the performer knows it; None for its best voice of the language."""
    pace: float = 1.0
    """1 is an unhurried reader; 1.2 is a fifth faster."""
    manner: str | None = None
    """How it is said, in words, where the performer can follow them."""
    sample: Ref[Audio] | None = None
    """A recording of the voice to speak with, where the performer can and its owner consents."""


class ComposeMusic(Step[Audio]):
    """Compose music for a mood and an exact length, with an ending that resolves."""

    kind: Literal["compose_music"] = "compose_music"
    group: ClassVar[Group] = "generate"
    seeded: ClassVar[bool] = True
    mood: Mood
    """What it should feel like."""
    seconds: Seconds
    """How long it is, to the sample."""
    seed: int = 0
    """Another seed gives another piece."""
    under_voice: bool = False
    """Keep the middle register free for a voice."""


class DrawCard(Step[Image]):
    """Draw a backdrop for words: a title card or an end card, in the colours of the material."""

    kind: Literal["draw_card"] = "draw_card"
    group: ClassVar[Group] = "generate"
    seeded: ClassVar[bool] = True
    format: Format
    """The film's frame."""
    mood: Mood = "calm"
    """What it should feel like."""
    palette_from: Ref[Image] | None = None
    """A picture to take the colours from."""
    seed: int = 0
    """Another seed gives another pattern."""


class GeneratePicture(Step[Image]):
    """Make a picture from words."""

    kind: Literal["generate_picture"] = "generate_picture"
    group: ClassVar[Group] = "generate"
    seeded: ClassVar[bool] = True
    prompt: str
    """What is seen."""
    avoid: str = ""
    """What must not be seen."""
    width: int = Field(default=1920, ge=64, le=8192)
    """In pixels; a performer that cannot make this size makes the nearest it can and says so."""
    height: int = Field(default=1080, ge=64, le=8192)
    """In pixels."""
    seed: int = 0
    """Another seed gives another picture."""


class AnimateStill(Step[Video]):
    """Make a clip that begins with a picture."""

    kind: Literal["animate_still"] = "animate_still"
    group: ClassVar[Group] = "generate"
    seeded: ClassVar[bool] = True
    still: Ref[Image]
    """The first frame."""
    motion: str
    """What moves, and how the camera does."""
    seconds: Seconds
    """How long the clip is; a performer that cannot make this length makes the nearest it can and says so."""
    width: int = Field(default=1280, ge=64, le=8192)
    """In pixels."""
    height: int = Field(default=720, ge=64, le=8192)
    """In pixels."""
    seed: int = 0
    """Another seed gives another clip."""


class GenerateClip(Step[Video]):
    """Make a clip from words."""

    kind: Literal["generate_clip"] = "generate_clip"
    group: ClassVar[Group] = "generate"
    seeded: ClassVar[bool] = True
    prompt: str
    """What is seen, and what moves."""
    seconds: Seconds
    """How long the clip is; a performer that cannot make this length makes the nearest it can and says so."""
    width: int = Field(default=1280, ge=64, le=8192)
    """In pixels."""
    height: int = Field(default=720, ge=64, le=8192)
    """In pixels."""
    seed: int = 0
    """Another seed gives another clip."""


class GenerateMusic(Step[Audio]):
    """Make music, or a song, from a description."""

    kind: Literal["generate_music"] = "generate_music"
    group: ClassVar[Group] = "generate"
    seeded: ClassVar[bool] = True
    description: str
    """Genre, instruments, tempo, feeling."""
    lyrics: str = ""
    """What is sung; nothing for music without a voice."""
    seconds: Seconds
    """How long it is."""
    seed: int = 0
    """Another seed gives another piece."""


class GenerateSound(Step[Audio]):
    """Make a sound that is no music and no speech: rain, a street, a door."""

    kind: Literal["generate_sound"] = "generate_sound"
    group: ClassVar[Group] = "generate"
    seeded: ClassVar[bool] = True
    description: str
    """What is heard."""
    seconds: Seconds
    """How long it is."""
    seed: int = 0
    """Another seed gives another sound."""
