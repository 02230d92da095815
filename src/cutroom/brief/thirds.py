"""Lower thirds: names (and what they are) that are to be shown over a person or a place, out of notes and requests.

In notes a line such as ``lower third: Ana Kovač, potter``, or ``lower third (ana.jpg): Ana Kovač, potter`` for a picture or
clip by its file's name. In a request the same words with quotation marks: ``with a lower third “Ana Kovač, potter”``.
Pure functions over text, which is data.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field

LONGEST = 60
"""A name, or what stands under it, has at most so many characters; longer ones are cut between words."""

_WORDS = (
    r"(?:lower[ -]?thirds?|name[ -]tags?|bauchbinden?|bandeau(?:x)? de nom|synth[eé]s?|r[oó]tulos?|tercios? inferior(?:es)?|"
    r"sottopanc(?:ia|e)|faldón|字幕条|人名条)"
)
_LINE = re.compile(
    rf"^[ \t]*(?:[-*+•][ \t]+)?(?:\*\*)?{_WORDS}(?:\*\*)?[ \t]*(?:[(\[](?P<file>[^()\[\]\n]{{1,120}})[)\]])?"
    rf"[ \t]*[:：](?:\*\*)?[ \t]*(?P<words>\S[^\n]{{0,299}})$",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED = re.compile(
    r"(?:,?\s*\b(?:with|and|mit|und|avec|et|con|y)\s+)?(?:\b(?:an?|the|eine[rnm]?|une?|una?)\s+)?"
    rf"{_WORDS}[^\n\"“„«]{{0,40}}(?:\"(?P<a>[^\"\n]{{1,160}})\"|[“„](?P<b>[^“”„\n]{{1,160}})[“”]|«\s?(?P<c>[^«»\n]{{1,160}}?)\s?»)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*[|•·]\s*|\s+[-–—]{1,2}\s+|\s*[,;，、]\s*")


class LowerThird(BaseModel):
    """A name over a person or a place."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    text: str = Field(min_length=1, max_length=LONGEST)
    """The name."""
    subtitle: str = Field(default="", max_length=LONGEST)
    """What stands under it: a role, a place."""
    file: str | None = None
    """The name of the picture or clip that it belongs to; None: the first that shows a face and has none yet."""


def thirds(text: str) -> tuple[LowerThird, ...]:
    """The lower thirds that notes ask for, in their order."""
    found = (_third(match["words"], match["file"]) for match in _LINE.finditer(text))
    return tuple(one for one in found if one is not None)


def asked_thirds(request: str) -> tuple[LowerThird, ...]:
    """The lower thirds that a request asks for, in its order."""
    found = (_third(match["a"] or match["b"] or match["c"], None) for match in _QUOTED.finditer(request))
    return tuple(one for one in found if one is not None)


def without_thirds(text: str) -> str:
    """`text` without the lines that ask for lower thirds: nobody says them."""
    return _LINE.sub("", text)


def without_asked_thirds(request: str) -> str:
    """`request` without the words that ask for lower thirds: what they quote is no title."""
    return _QUOTED.sub(" ", request)


def _third(words: str, file: str | None) -> LowerThird | None:
    name, *rest = _PARTS.split(words.strip().strip("*_").strip(), maxsplit=1)
    if not name:
        return None
    return LowerThird(text=_cut(name), subtitle=_cut(rest[0]) if rest else "", file=file.strip() if file else None)


def _cut(text: str) -> str:
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(" ,;") + "…"
