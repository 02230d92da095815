"""Which of a caption's words is said when, and which words are shown together. Pure.

Words are found in the caption's text by their letters alone, so that it does not matter where the lines are broken
or how spaces and punctuation are split: places count the characters of the text that are no spaces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate, pairwise

from cutroom.render.typeset import clean, clusters, columns, unspaced
from cutroom.timeline.timeline import Caption

MOST_WORDS = 3
"""How many words are shown together at most, word by word."""
MOST_COLUMNS = 17
"""How wide words that are shown together may be; wide letters count twice. A single word may be wider."""
PAUSE = Fraction(2, 5)
"""Words with a longer pause between them are not shown together, in seconds."""

_ENDS = re.compile(r"[.!?…。！？:;؟।]+[\"'”’»)\]』」]*$")
_RESTS = re.compile(r"[,،、，–—][\"'”’»)\]』」]*$")


@dataclass(frozen=True)
class Said:
    """A word as it stands in a caption, and when it is said."""

    text: str
    first: int
    """Its first character's place among those of the caption that are no spaces."""
    last: int
    """The place behind its last character."""
    start: Fraction
    end: Fraction
    apart: bool = True
    """Whether a space stands before it."""


def text_of(caption: Caption) -> str:
    """What `caption` shows, as one line."""
    return " ".join(line for line in (clean(line) for line in caption.lines) if line)


def said(caption: Caption) -> tuple[Said, ...]:
    """The words of `caption` and when each is said: as its voice has it, else spread over its time by their length."""
    text = text_of(caption)
    if not text:
        return ()
    until = caption.start + caption.seconds
    heard = _heard(caption, text)
    if heard is not None:
        return heard
    # Words that are not those of the text still tell when the voice speaks.
    begin = max(caption.start, caption.words[0].start) if caption.words else caption.start
    end = min(until, caption.words[-1].start + caption.words[-1].seconds) if caption.words else until
    return _spread(_words(text), begin, end if end > begin else until)


def groups(words: Sequence[Said]) -> tuple[tuple[Said, ...], ...]:
    """Words that are shown together: at most three that make sense together, at the least cost over all."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(words) + 1):
        options = [
            (best[start][0] + _cost(words[start:end], last=end == len(words)), start)
            for start in range(max(0, end - MOST_WORDS), end)
        ]
        best.append(min(options))
    cuts = [len(words)]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return tuple(tuple(words[start:end]) for end, start in pairwise(cuts))[::-1]


def shown(group: Sequence[Said]) -> str:
    """What a group of words shows."""
    return "".join((" " if word.apart else "") + word.text for word in group).strip()


def _cost(group: Sequence[Said], *, last: bool) -> float:
    """How little these words belong together: nothing is perfect, so each group costs something by itself."""
    price = 1.0
    wide = columns(shown(group))
    if len(group) > 1:
        price += 50.0 * (wide > MOST_COLUMNS)
        price += sum(20.0 if _ENDS.search(one.text) else 1.5 if _RESTS.search(one.text) else 0.0 for one in group[:-1])
        price += sum(10.0 for one, other in pairwise(group) if other.start - one.end > PAUSE)
    tail = group[-1].text
    # An article or a preposition belongs to what follows, and one short word by itself only flashes by.
    price += 0.6 if not last and len(tail) <= 3 and tail.isalpha() and tail.islower() else 0.0
    return price + (0.5 if len(group) == 1 and wide < 5 else 0.0)


def _heard(caption: Caption, text: str) -> tuple[Said, ...] | None:
    """The voice's words found in the text; None when there are none or they are others."""
    letters = text.replace(" ", "")
    found: list[Said] = []
    at = 0
    for word in caption.words:
        bare = clean(word.text).replace(" ", "")
        # Voices report words without the marks that stand between them.
        place = at
        while place < len(letters) and not letters.startswith(bare, place) and not letters[place].isalnum():
            place += 1
        if not letters.startswith(bare, place):
            return None
        if bare:
            found.append(Said(bare, place if found else 0, place + len(bare), word.start, word.start + word.seconds))
            at = place + len(bare)
    if not found or any(map(str.isalnum, letters[at:])):
        return None
    return _parted(found, text)


def _parted(found: Sequence[Said], text: str) -> tuple[Said, ...]:
    """`found` as they stand in the text, marks between them with the one before, spaces as they are."""
    letters = text.replace(" ", "")
    places = accumulate((char != " " for char in text), initial=0)
    spaces = {place for place, char in zip(places, text, strict=False) if char == " "}
    lasts = [*(one.first for one in found[1:]), len(letters)]
    return tuple(
        replace(one, text=letters[one.first : last], last=last, apart=one.first in spaces)
        for one, last in zip(found, lasts, strict=True)
    )


def _words(text: str) -> list[str]:
    """`text` in words, each with a space before it if it has one; scripts without spaces in pieces of a few letters."""
    parts: list[str] = []
    for word in text.split(" "):
        pieces = _few(unspaced(word))
        # A dash by itself is no word: it stays with the one before.
        alone = parts and not any(map(str.isalnum, word)) and columns(word) < 3
        if alone:
            parts[-1] += " " + word
        else:
            parts += [(" " if place == 0 else "") + piece for place, piece in enumerate(pieces)]
    return parts


def _few(pieces: Sequence[str]) -> list[str]:
    """Letters of a script without spaces, some at a time."""
    joined: list[str] = []
    for piece in pieces:
        if joined and len(clusters(joined[-1])) < 4 and not _ENDS.search(joined[-1]) and not _RESTS.search(joined[-1]):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _spread(parts: Sequence[str], start: Fraction, end: Fraction) -> tuple[Said, ...]:
    weights = [columns(part) + (5 if _ENDS.search(part) else 2 if _RESTS.search(part) else 1) for part in parts]
    edges = [start + (end - start) * Fraction(sum_, sum(weights)) for sum_ in accumulate(weights, initial=0)]
    lengths = accumulate((len(part.replace(" ", "")) for part in parts), initial=0)
    places = list(pairwise(lengths))
    return tuple(
        Said(part.strip(), *place, begin, until, apart=part.startswith(" "))
        for part, place, (begin, until) in zip(parts, places, pairwise(edges), strict=True)
    )
