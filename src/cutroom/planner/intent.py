"""What the words of a request ask for: length, mood, format, title, order, language, voice, music, captions, pace.

Pure: the same words always mean the same, and nothing is looked up. What the words do not say is None, never a guess;
the tables behind it are in `cutroom.brief.lexicon`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, cast, get_args

from cutroom.brief import lexicon
from cutroom.brief.lengths import lengths
from cutroom.brief.lexicon import Found, found, level
from cutroom.brief.words import film_title, given_title, is_read
from cutroom.measures.text import language_of
from cutroom.plan.catalogue.generate import Mood

Order = Literal["chronological", "as_given", "reverse"]
Pace = Literal["slow", "normal", "fast"]


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What a request asks for. None is "it does not say"."""

    seconds: Fraction | None = None
    """The film's length."""
    mood: Mood | None = None
    """What it should feel like."""
    shape: str | None = None
    """``16:9``, ``9:16``, ``1:1``, ``4:5`` or ``WIDTHxHEIGHT``."""
    title: str | None = None
    """The title that is given, or what the film is said to be about; always the request's own words."""
    title_given: bool = False
    """True when the request gives the title in so many words."""
    order: Order | None = None
    """The order of the pictures."""
    language: str | None = None
    """The language to speak and write, as a BCP 47 tag: asked for, else the one the request is written in."""
    language_asked: bool = False
    """True when the request names the language."""
    voice: bool | None = None
    """Whether narration is wanted."""
    music: bool | None = None
    """Whether music is wanted."""
    captions: bool | None = None
    """Whether captions are wanted."""
    pace: Pace | None = None
    """How fast it is cut."""
    read: bool = True
    """False when the words are in a language that is not read: they say less than their writer meant."""


def intent(request: str) -> Intent:
    """What `request` asks for.

    >>> wanted = intent("A calm one-minute recap of our weekend at the lake, vertical, without narration")
    >>> wanted.seconds, wanted.mood, wanted.shape, wanted.title, wanted.voice
    (Fraction(60, 1), 'calm', '9:16', 'Our weekend at the lake', False)
    """
    text = level(request)
    given = given_title(text)
    if given:  # "called “Gone in 60 seconds”" asks for no length
        text = text[: given[1]] + " " * (given[2] - given[1]) + text[given[2] :]
    asked = _first(found(lexicon.LANGUAGE_PHRASES, text))
    written = language_of(text)
    timed = lengths(text)
    wants = {topic: _wanted(topic, text) for topic in lexicon.TOPICS}
    return Intent(
        seconds=timed[0].seconds if timed else None,
        mood=_mood(text),
        shape=_shape(text),
        title=given[0] if given else film_title(request, written),
        title_given=given is not None,
        order=cast("Order | None", _first(found(lexicon.ORDERS, text))),
        language=asked or written,
        language_asked=asked is not None,
        voice=wants["voice"],
        music=wants["music"],
        captions=wants["captions"],
        pace=cast("Pace | None", _first(found(lexicon.PACES, text))),
        read=is_read(text, written),
    )


def _first(phrases: Iterable[Found]) -> str | None:
    """What the phrase that stands first means."""
    first = min(phrases, key=lambda phrase: phrase.start, default=None)
    return first.means if first else None


def _mood(text: str) -> Mood | None:
    """The mood that is asked for, else the one that the occasion usually wants.

    A word counts most beside "music", "mood" or a film noun, less elsewhere: in "an upbeat recap of our calm bay"
    the bay is calm and the film is not.
    """
    noun = lexicon.FILM.search(text)
    weighed = [
        (_weight(phrase, text, noun.start() if noun else None), -phrase.start, phrase.means)
        for phrase in found(lexicon.MOODS, text)
    ]
    means = max(weighed)[2] if weighed else _first(found(lexicon.OCCASIONS, text))
    return cast("Mood | None", means if means in get_args(Mood) else None)


def _weight(phrase: Found, text: str, noun: int | None) -> int:
    after = text[phrase.end : phrase.end + 40]
    weight = 3 if lexicon.MOOD_NOUN.match(after) else 0
    if noun is not None and phrase.start < noun:
        weight = max(weight, 2)
    if lexicon.TRAILING.search(text[: phrase.start]):
        weight = max(weight, 1)
    return weight


def _shape(text: str) -> str | None:
    found_shape = asked_shape(text)
    return found_shape.means if found_shape else None


def asked_shape(text: str) -> Found | None:
    """The format that `text` (as `level` returns it) asks for, and where it says so."""
    sizes = [
        Found(f"{int(match[1])}x{int(match[2])}", match.start(), match.end()) for match in lexicon.PIXELS.finditer(text)
    ]
    named = [phrase for phrase in found(lexicon.SHAPES, text) if not lexicon.SCORE.search(text[: phrase.start])]
    beside = [
        Found(lexicon.SHAPE_ADJECTIVES.get(match["shape"].lower(), ""), match.start("shape"), match.end("shape"))
        for pattern in (lexicon.SHAPE_BESIDE_NOUN, lexicon.SHAPE_ALONE, lexicon.SHAPE_OF_NOUN)
        for match in pattern.finditer(text)
        if not lexicon.negated(text, match.start("shape"))
        and not lexicon.PLACE_BEFORE.search(text[: match.start("shape")])
    ]
    ratios = [phrase for phrase in named if phrase.means in text.replace("x", ":")]
    for phrases in (sizes, ratios, [phrase for phrase in (*named, *beside) if phrase.means]):
        if phrases:
            return min(phrases, key=lambda phrase: phrase.start)
    return None


def _wanted(topic: str, text: str) -> bool | None:
    """Whether `topic` (voice, music, captions) is asked for, asked not to be there, or not spoken of."""
    absent = {phrase.means for phrase in found(lexicon.ABSENT, text)}
    blanked = text
    for match in lexicon.WITHOUT.finditer(text):
        absent |= {name for name, pattern in lexicon.TOPIC_WORDS.items() if pattern.search(match["what"])}
        blanked = blanked[: match.start()] + "\n" * (match.end() - match.start()) + blanked[match.end() :]
    if topic in absent or ("sound" in absent and topic in ("voice", "music")):
        return False
    if any(phrase.means == topic for phrase in found(lexicon.PRESENT, blanked)):
        return True
    return None
