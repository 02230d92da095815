"""Files that a request names and that were not handed over. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cutroom.brief.brief import Brief
from cutroom.brief.lexicon import FILM
from cutroom.brief.words import given_title

NOT_THERE = "named in the request, and not among the files"
"""What is said of such a file."""

_FILE = re.compile(
    r"(?<![\w@.-])(?:[\w.~-]+[/\\]|[/\\]){0,12}(?P<name>\w[\w.()-]{0,120}\.(?:"
    r"jpe?g|png|webp|hei[cf]|avif|gif|tiff?|bmp|mp4|mov|m4v|mkv|webm|avi|mpe?g|m2?ts|3gp|wmv|flv|"
    r"mp3|wav|flac|m4a|aac|ogg|oga|opus|aiff?|wma|md|txt|srt|vtt|cube))(?![\w/\\]|\.\w)",
    re.IGNORECASE,
)
_TO_BE_MADE = re.compile(
    r"(?:\b(?:save|export|write|render|deliver|output)\b[^.,;:!?\n]{0,24}\b(?:as|to|in|into|at)|-o|--out|"
    r"\boutput|\bspeicher\w*[^.,;:!?\n]{0,24}\b(?:als|unter|in)|\benregistr\w*[^.,;:!?\n]{0,24}\b(?:sous|dans))"
    r"[\s:=\"'“„«]*$",
    re.IGNORECASE,
)
"""What stands before the name of the film that is to be made."""
_CALLED = re.compile(
    r"(?:call|name|titl|titel|titr|titul|título|genannt|appel|llam|chiam|cham)[^\n]{0,16}$", re.IGNORECASE
)
_MARK = re.compile(
    r"[,;:\n]|[.!?](?=\s|$)|(?<!\w)(?:with|and|plus|using|about|und|über|mit|sowie|avec|et|sur|con|sobre|y|e|com)(?=\s)",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"(?:(?:(?<!\w)(?:with|using|use|show|of|from|in|on|about|and|the|a|an|my|our|picture|photo|image|clip|video|"
    r"file|sound|song|music|notes|bild|foto|datei|mit|und|von|aus|avec|et|de|con|y|e)|[,;:\"'“„«])\s*)+$",
    re.IGNORECASE,
)


def absent(brief: Brief) -> tuple[str, ...]:
    """The names of files in the request of `brief` that were not handed over, in its words, each once.

    A file that was handed over and could not be used is none of them: that is said elsewhere. Nor is a title that is
    given, or the name under which the film is to be saved.
    """
    return tuple(dict.fromkeys(match["name"] for match in _absent(brief.request, brief)))


def without_absent(request: str, brief: Brief) -> str:
    """`request` without what it says of files that are not there: the clause, or the name alone where the film stands."""
    while (match := next(_absent(request, brief), None)) is not None:
        marks = list(_MARK.finditer(request))
        before = [mark for mark in marks if mark.end() <= match.start()]
        begin = before[-1].start() if before else 0
        end = next((mark.start() for mark in marks if mark.start() >= match.end()), len(request))
        if not before or FILM.search(request, begin, match.start()):
            leading = _LEADING.search(request, 0, match.start())
            begin, end = leading.start() if leading else match.start(), match.end()
        left, right = request[:begin].rstrip(" ,;:"), request[end:].lstrip(' "”“»')
        request = re.sub(r" (?=[,.])", "", f"{left} {right}").strip(" ,;:")
    return request


def _absent(request: str, brief: Brief) -> Iterator[re.Match[str]]:
    handed = [_flat(name) for name in (*(one.name for one in brief.assets), *(one.name for one in brief.skipped))]
    title = given_title(request)
    if title and _FILE.fullmatch(title[0]) and not _CALLED.search(request[: title[1]]):
        title = None  # a file's name in quotation marks
    for match in _FILE.finditer(request):
        name = _flat(match["name"])
        if title and title[1] <= match.start() < title[2]:
            continue
        # "my face.mp4" is one name with a blank in it; a path is known by its end.
        if any(one == name or one.endswith((" " + name, "/" + name)) for one in handed):
            continue
        if not _TO_BE_MADE.search(request[: match.start()]):
            yield match


def _flat(name: str) -> str:
    return re.sub(r"[_\-]", " ", name.replace("\\", "/").casefold())
