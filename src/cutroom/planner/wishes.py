"""What is wanted: the options of a brief, what its words say, and what its material suggests, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cutroom.brief.brief import Asset, Brief, Captioning
from cutroom.brief.destinations import DESTINATIONS, Destination
from cutroom.errors import WrongUse
from cutroom.media.kinds import Audio, Image, Text, Video
from cutroom.plan.catalogue.generate import Mood
from cutroom.planner.intent import Intent, intent
from cutroom.planner.overlays import Overlays, overlays, plain_request
from cutroom.planner.style import SHAPES, STYLES
from cutroom.timeline.timeline import Format

SPEECH_NAMES = ("voice", "narration", "memo", "speech", "spoken", "stimme", "voix", "voz")
"""A sound file whose name holds one of these is somebody speaking; any other is music."""


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Everything that was asked for, decided."""

    words: Intent
    seconds: Fraction | None
    format: Format
    mood: Mood
    language: str
    narrate: bool
    compose: bool
    music: str | None
    """The id of a sound to use as music."""
    spoken: tuple[str, ...]
    """The ids of sounds that are narration."""
    captions: Captioning
    visuals: tuple[Asset, ...]
    notes: tuple[Asset, ...]
    destination: Destination | None = None
    """What is known of where the film is going."""
    request: str = ""
    """The request without what asks for things that are laid over the film."""
    overlays: Overlays = field(default_factory=Overlays)
    """What is laid over the film."""


def wishes(brief: Brief, texts: Sequence[str]) -> Wishes:
    """What `brief` wants; `texts` are the notes' words, to tell their language."""
    visuals = tuple(asset for asset in brief.assets if isinstance(asset.media, Image | Video))
    request = plain_request(brief.request, visuals)
    words = intent(request)
    if words.order == "reverse":
        visuals = visuals[::-1]
    notes = tuple(asset for asset in brief.assets if isinstance(asset.media, Text))
    sounds = [asset for asset in brief.assets if isinstance(asset.media, Audio)]
    spoken = tuple(asset.id for asset in sounds if asset.id != brief.music and _is_speech(asset.name))
    music = brief.music if brief.music not in (None, "none") else None
    if music is None and brief.music != "none":
        music = next((asset.id for asset in sounds if asset.id not in spoken), None)
    wants_music = brief.music != "none" and words.music is not False
    seconds = brief.seconds if brief.seconds is not None else words.seconds
    return Wishes(
        words=words,
        seconds=seconds,
        format=_format(brief, words, visuals),
        mood=_mood(brief, words),
        language=brief.language or _asked(words) or _language(texts) or words.language or "en",
        narrate=bool(notes) and brief.voice != "none" and words.voice is not False and not spoken,
        compose=wants_music and music is None,
        music=music if wants_music else None,
        spoken=spoken,
        captions="none" if words.captions is False and brief.captions == "both" else brief.captions,
        visuals=visuals,
        notes=notes,
        destination=DESTINATIONS[brief.destination] if brief.destination else None,
        request=request,
        overlays=overlays(brief, visuals, texts),
    )


def _is_speech(name: str) -> bool:
    return any(word in name.casefold() for word in SPEECH_NAMES)


def _mood(brief: Brief, words: Intent) -> Mood:
    if brief.mood is None:
        return words.mood or "calm"
    for mood in STYLES:
        if mood == brief.mood:
            return mood
    raise WrongUse(f"no mood {brief.mood!r}; there are: {', '.join(STYLES)}")


def _format(brief: Brief, words: Intent, visuals: Sequence[Asset]) -> Format:
    shape = brief.shape or words.shape
    if shape is None and brief.destination is not None:
        shape = DESTINATIONS[brief.destination].shape
    if shape is None:
        upright = [asset for asset in visuals if asset.media.height > asset.media.width * 1.1]  # pyright: ignore[reportAttributeAccessIssue]
        shape = "9:16" if visuals and len(upright) == len(visuals) else "16:9"
    width, height = frame_of(shape)
    return Format(width=width, height=height, fps=brief.fps)


def frame_of(shape: str) -> tuple[int, int]:
    """Width and height in pixels for ``16:9``, ``9:16``, ``1:1``, ``4:5`` or ``WIDTHxHEIGHT``. Raises WrongUse."""
    if shape in SHAPES:
        return SHAPES[shape]
    parts = shape.lower().replace("×", "x").split("x")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() for part in parts):
        width, height = int(parts[0]), int(parts[1])
        if 64 <= width <= 7680 and 64 <= height <= 7680 and width % 2 == height % 2 == 0:
            return width, height
        raise WrongUse(f"--format {shape}: both sides must be even and between 64 and 7680 pixels")
    raise WrongUse(f"--format {shape!r}: write one of {', '.join(SHAPES)}, or WIDTHxHEIGHT such as 1280x720")


def _asked(words: Intent) -> str | None:
    """The language that the words ask for; the one that they are written in decides only where there are no notes."""
    return words.language if words.language_asked else None


def _language(texts: Sequence[str]) -> str | None:
    from cutroom.measures.text import language_of

    return language_of(" ".join(texts))
