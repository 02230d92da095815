"""What is wanted: the options of a brief, what its words say, and what its material suggests, in that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from cutroom.brief.brief import Asset, Brief, Captioning
from cutroom.brief.destinations import DESTINATIONS, Destination
from cutroom.errors import WrongUse
from cutroom.media.kinds import Audio, Text
from cutroom.plan.catalogue.generate import Mood
from cutroom.plan.facts import ClipFacts, PictureFacts
from cutroom.planner.absent import without_absent
from cutroom.planner.intent import Intent, intent
from cutroom.planner.overlays import Overlays, overlays, plain_request
from cutroom.planner.revising import Choices, Revised, check, revised, visuals_of
from cutroom.planner.style import SHAPES, STYLES
from cutroom.timeline.timeline import Format, Progress

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
    choices: Choices = field(default_factory=Choices)
    """What request and revisions say beside all that."""
    looked_at: tuple[Asset, ...] = ()
    """The pictures and clips to look at: also those that revisions took out of the film."""
    missed: tuple[tuple[str, str], ...] = ()
    """What the last revision asks for and does not get: what it is about, and why."""


Facts = Mapping[str, PictureFacts | ClipFacts]
"""What looks at pictures and clips told, by asset id."""


def wishes(
    brief: Brief, texts: Sequence[str], facts: Facts | None = None, blind: frozenset[str] = frozenset()
) -> Wishes:
    """What `brief` wants, its revisions included.

    Args:
        brief: What was asked.
        texts: The notes' words, to tell their language.
        facts: What is known of pictures and clips, by asset id.
        blind: Those that could not be looked at.
    """
    start = _start(brief)
    came = revised(brief, _plain(brief), start, facts or {}, blind)
    return _revised(_asked(brief, texts, came), brief, came)


def understood(brief: Brief, facts: Facts, blind: frozenset[str] = frozenset()) -> None:
    """Raises WrongUse when the last revision of `brief` is not understood, or asks for what cannot be."""
    check(brief, _start(brief), facts, blind)


def _plain(brief: Brief) -> str:
    """The request without what is laid over the film, and without files that are not there."""
    return without_absent(plain_request(brief.request, visuals_of(brief)), brief)


def _start(brief: Brief) -> Choices:
    """What the request and the options decide, before anything is asked of single pictures and before any revision."""
    visuals = visuals_of(brief)
    words = intent(_plain(brief))
    mood = _mood(brief, words)
    return Choices(
        visuals=tuple(asset.id for asset in (visuals[::-1] if words.order == "reverse" else visuals)),
        mood=mood,
        music_mood=mood,
        seconds=brief.seconds if brief.seconds is not None else words.seconds,
        pace={"slow": Fraction(-1), "fast": Fraction(1)}.get(words.pace or "", Fraction(0)),
    )


def _revised(wanted: Wishes, brief: Brief, came: Revised) -> Wishes:
    """`wanted`, as far as revisions change what an option or the request decided."""
    choices, topics = came.choices, came.choices.topics
    missed = list(came.missed)
    narrate = topics.get("voice", wanted.narrate)
    if narrate and not wanted.notes and not wanted.narrate:
        why = "is among the material already" if wanted.spoken else "needs words to read: there are no notes"
        missed.append(("narration", f"it {why}"))
    narrate = narrate and bool(wanted.notes) and not wanted.spoken
    music = topics.get("music", wanted.compose or wanted.music is not None)
    handed = None if choices.composed else wanted.music
    captions = choices.captioning or wanted.captions
    if "captions" in topics:
        captions = ("both" if captions == "none" else captions) if topics["captions"] else "none"
    over = wanted.overlays
    shown = {asset.id: asset for asset in brief.assets}
    visuals = tuple(shown[one] for one in choices.visuals)
    return replace(
        wanted,
        seconds=choices.seconds,
        mood=choices.mood,
        narrate=narrate,
        compose=music and handed is None,
        music=handed if music else None,
        captions=captions,
        visuals=visuals,
        looked_at=tuple(shown[one] for one in came.material),
        overlays=replace(
            over,
            thirds=tuple(dict.fromkeys((*over.thirds, *choices.thirds))),
            progress=over.progress if choices.progress is None else Progress() if choices.progress else None,
            match=over.match if choices.match is None else choices.match,
        ),
        choices=choices,
        missed=tuple(missed),
    )


def _asked(brief: Brief, texts: Sequence[str], came: Revised) -> Wishes:
    """What `brief` wants by its options and its request."""
    visuals = visuals_of(brief)
    request, choices = came.request, came.choices
    words = intent(request)
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
        format=_format(brief.model_copy(update={"shape": choices.shape or brief.shape}), words, visuals),
        mood=_mood(brief, words),
        language=choices.language or brief.language or _asked_for(words) or _language(texts) or words.language or "en",
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


def _asked_for(words: Intent) -> str | None:
    """The language that the words ask for; the one that they are written in decides only where there are no notes."""
    return words.language if words.language_asked else None


def _language(texts: Sequence[str]) -> str | None:
    from cutroom.measures.text import language_of

    return language_of(" ".join(texts))
