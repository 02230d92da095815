"""Generate: voices, music, cards."""

from __future__ import annotations

from typing import ClassVar, Literal

from cutroom.media.kinds import Audio, Image
from cutroom.plan.step import Group, Ref, Step
from cutroom.time import Seconds
from cutroom.timeline.timeline import Format

Mood = Literal["calm", "upbeat", "warm", "epic", "playful", "melancholy", "tense"]


class Speak(Step[Audio]):
    """Read a line aloud."""

    kind: Literal["speak"] = "speak"
    group: ClassVar[Group] = "generate"
    text: str
    """What is said."""
    language: str = "en"
    """The language, as a BCP 47 tag."""
    voice: str | None = None
    """A voice's name as the performer knows it; None for its best voice of the language."""
    pace: float = 1.0
    """1 is an unhurried reader; 1.2 is a fifth faster."""


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
