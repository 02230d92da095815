"""From text to lines: who draws which letters, in which direction, and where lines break.

Letters are shaped by raqm and HarfBuzz inside Pillow. Pillow draws one font at a time, so a line is cut into runs of
one font and one direction, and the runs are put in visual order by the rules of UAX #9 that captions need (levels
without explicit embeddings; L2).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate, groupby, pairwise

from cutroom.render.faces import Cast, Face, sized

REFERENCE = 100
"""Widths for breaking are measured once, at this size, and scaled."""

MOST_MARKS = 6
"""More marks than this on one letter belong to no writing system; they would climb over the picture."""

NOT_FIRST = "、。，．・：；？！」』）】〉》〕］｝々ーぁぃぅぇぉっゃゅょァィゥェォッャュョ…‥%‰℃"
"""What must not begin a line in Chinese and Japanese (kinsoku, JIS X 4051)."""
NOT_LAST = "「『（【〈《〔［｛"
"""What must not end one."""

CLOSE = ".,;:!?…)]}»”’%،؛؟"
"""Marks that stand close to what is before them."""

VOWELS = frozenset("aeiouyæøœαεηιουωаеиоуыэюяіїє")
_SPOKEN_AS_ONE = frozenset(("ch", "ck", "ph", "th", "sh", "gn", "kh"))

_UNSPACED = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]")
_AFTER_HYPHEN = re.compile(r"(?<=[^\W\d]{4}[-–—/])(?=[^\W\d]{3})")
_HIRAGANA = re.compile(r"[\u3041-\u309f]")
_INVISIBLE = re.compile(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff\u00ad]")


@dataclass(frozen=True)
class Run:
    """Letters that one face draws in one direction."""

    text: str
    face: Face
    rtl: bool = False
    start: int = field(default=0, compare=False)
    """Where in its line's text it begins: the place of its first character."""


@dataclass(frozen=True)
class Line:
    """One line, ready to be drawn: runs from left to right."""

    text: str
    runs: tuple[Run, ...]
    size: int
    """Pixels to the em."""
    tracking: float = 0.0
    """Extra space between letters, in em. Only for scripts whose letters stand apart."""
    language: str = "en"

    @property
    def width(self) -> float:
        """The sum of the advances, in pixels."""
        return sum(advance(run, self.size, self.tracking, self.language) for run in self.runs)

    @property
    def height(self) -> tuple[float, float]:
        """How far the faces reach above and below the baseline, in pixels."""
        return (
            max((metrics(run.face, self.size)[0] for run in self.runs), default=0.0),
            max((metrics(run.face, self.size)[1] for run in self.runs), default=0.0),
        )

    def reach(self, first: int, last: int) -> list[tuple[float, float]]:
        """Where the characters `first` to `last` of the text stand: stretches of pixels from the line's left end."""
        found: list[tuple[float, float]] = []
        x = 0.0
        for run in self.runs:
            width = advance(run, self.size, self.tracking, self.language)
            begin, end = max(first - run.start, 0), min(last - run.start, len(run.text))
            if begin < end:
                one, other = (
                    advance(replace(run, text=run.text[:place]), self.size, self.tracking, self.language)
                    if place
                    else 0.0
                    for place in (begin, end)
                )
                found.append((x + width - other, x + width - one) if run.rtl else (x + one, x + other))
            x += width
        return found


def clean(text: str) -> str:
    """`text` as it may be drawn: composed (NFC), without control characters, with single spaces."""
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Zs") else char for char in text)
    return re.sub(r" +", " ", text).strip()


def columns(text: str) -> int:
    """How wide `text` is in a typewriter's columns: wide letters (Chinese, Japanese, Korean, emoji) take two."""
    return sum(2 if unicodedata.east_asian_width(piece[0]) in "WF" else 1 for piece in clusters(text))


def clusters(text: str) -> list[str]:
    """`text` in pieces that are drawn as one: a letter with its marks, an emoji sequence, a flag."""
    pieces: list[str] = []
    for char in text:
        code = ord(char)
        joined = bool(pieces) and (
            unicodedata.category(char) in ("Mn", "Mc", "Me", "Cf")
            or 0xFE00 <= code <= 0xFE0F
            or 0x1F3FB <= code <= 0x1F3FF
            or pieces[-1].endswith("\u200d")
            or (0x1F1E6 <= code <= 0x1F1FF and len(pieces[-1]) == 1 and 0x1F1E6 <= ord(pieces[-1]) <= 0x1F1FF)
        )
        if not joined:
            pieces.append(char)
        elif len(pieces[-1]) <= MOST_MARKS or "\u200d" in pieces[-1] or char == "\u200d":
            pieces[-1] += char
    return pieces


_Part = tuple[Face, int, str, int]
"""Who draws a piece, its level of direction, the piece, and its place in the text."""


@lru_cache(maxsize=4096)
def set_line(text: str, cast: Cast, size: int, tracking: float = 0.0) -> Line:
    """`text` as one line. What no font can draw is left out: ask `missing` for it."""
    parts = _drawable(text, cast)
    if any(map(str.isalnum, text)) and not any(piece[0].isalnum() or face.emoji for face, _, piece, _ in parts):
        # Only commas and stops could be drawn: they say nothing by themselves.
        parts = []
    runs = _runs(parts)
    plain = all(_stands_apart(run.text) for _, run in runs)
    return Line(text, tuple(_visual(runs)), size, tracking if plain else 0.0, cast.language)


def _drawable(text: str, cast: Cast) -> list[_Part]:
    """The pieces of `text` that a font has. The blanks around what is left out are closed up, so that no hole shows."""
    pieces = clusters(text)
    parts: list[_Part] = []
    last: Face | None = None
    at = end = 0
    for piece, level in zip(pieces, _levels(pieces), strict=True):
        keeps = last is not None and not last.emoji and last.covers(piece) and not piece.strip()
        face = last if keeps and last is not None else cast.face_for(piece)
        if face is not None:
            _close_up(parts, piece, hole=at > end)
            if at == end or parts or piece.strip():
                last = face
                parts.append((face, level, piece, at))
            end = at + len(piece)
        at += len(piece)
    if at > end and parts and not parts[-1][2].strip():
        parts.pop()
    return parts


def _close_up(parts: list[_Part], piece: str, *, hole: bool) -> None:
    """Takes the blank before a hole away when another blank, or a mark that stands close, follows it."""
    if hole and parts and not parts[-1][2].strip() and (not piece.strip() or piece[0] in CLOSE):
        parts.pop()


def _runs(parts: Sequence[_Part]) -> list[tuple[int, Run]]:
    """What one face draws in one direction without a hole, and its level."""
    ends = [0, *(at + len(piece) for _, _, piece, at in parts)]
    holes = accumulate(part[3] > end for part, end in zip(parts, ends, strict=False))
    numbered = zip(parts, holes, strict=True)
    return [
        (level, Run("".join(part[2] for part, _ in group), face, rtl=level % 2 == 1, start=group[0][0][3]))
        for (face, level, _), group in (
            (key, list(group)) for key, group in groupby(numbered, key=lambda one: (*one[0][:2], one[1]))
        )
    ]


def missing(text: str, cast: Cast) -> dict[str, None]:
    """The letters of `text` that no font on this machine can draw, each once, in order."""
    return dict.fromkeys(piece for piece in clusters(clean(text)) if cast.face_for(piece) is None)


@lru_cache(maxsize=8192)
def advance(run: Run, size: int, tracking: float, language: str) -> float:
    """How wide `run` is, in pixels."""
    if tracking:
        last, x = spaced(run, size, tracking)[-1]
        return x + sized(run.face, REFERENCE).getlength(last) * size / REFERENCE + tracking * size
    font = sized(run.face, size)
    scale = size / font.size
    return float(font.getlength(run.text, direction="rtl" if run.rtl else "ltr", language=language)) * scale


def spaced(run: Run, size: int, tracking: float) -> list[tuple[str, float]]:
    """Each letter of `run` and where it begins, in pixels, `tracking` em further apart than the font has them.

    Letters are kerned in pairs, at the reference size: small sizes have whole pixels only, which looks uneven.
    """
    font = sized(run.face, REFERENCE)
    placed: list[tuple[str, float]] = []
    x, before = 0.0, ""
    for piece in clusters(run.text):
        if before:
            apart = " " in (before, piece)
            step = font.getlength(before) if apart else font.getlength(before + piece) - font.getlength(piece)
            x += (step / REFERENCE + tracking) * size
        placed.append((piece, x))
        before = piece
    return placed


@lru_cache(maxsize=256)
def metrics(face: Face, size: int) -> tuple[float, float]:
    """How far `face` reaches above and below the baseline, in pixels."""
    font = sized(face, size)
    up, down = font.getmetrics()
    return up * size / font.size, down * size / font.size


def wrap(
    text: str, cast: Cast, size: int, width: float, most: int, tracking: float = 0.0, *, chop: bool = False
) -> tuple[str, ...] | None:
    """`text` broken into as few lines as fit `width` pixels, at most `most`, and of even length.

    Lines are balanced by dynamic programming: the cost of a line is the square of what it falls short of the longest;
    ending on a short word (an article, a preposition) costs extra, ending on a mark of punctuation is cheaper.
    With `chop`, a word that is wider than a line is taken apart. Returns None when the text does not fit.
    """
    units = _units(text, cast, size, width if chop else math.inf, tracking)
    space = set_line(" ", cast, REFERENCE).width * size / REFERENCE
    widths = [set_line(unit, cast, REFERENCE, tracking).width * size / REFERENCE for unit, _ in units]
    total = sum(widths)
    for count in range(1, most + 1):
        if total > count * width:
            continue
        target = min(width, total / count * 1.08)
        broken = _balanced(units, widths, space, width, target, count)
        if broken is not None:
            return broken
    return None


def shorten(text: str, cast: Cast, size: int, width: float, most: int) -> tuple[tuple[str, ...], int]:
    """As much of `text` as fits in `most` lines, ended with an ellipsis, and how many words were left out."""
    words = text.split(" ")
    low, high = 0, len(words)
    while low + 1 < high:
        middle = (low + high) // 2
        if wrap(" ".join(words[:middle]) + "…", cast, size, width, most, chop=True) is None:
            high = middle
        else:
            low = middle
    lines = wrap(" ".join(words[: max(low, 1)]).rstrip(",;:.") + "…", cast, size, width, most, chop=True)
    if lines is None:
        pieces = clusters(words[0])
        while pieces and set_line("".join(pieces) + "…", cast, size).width > width:
            pieces = pieces[:-1]
        lines = ("".join(pieces) + "…",)
    return lines, len(words) - max(low, 1)


def _balanced(
    units: Sequence[tuple[str, bool]], widths: Sequence[float], space: float, width: float, target: float, count: int
) -> tuple[str, ...] | None:
    """`units` in exactly `count` lines at the least cost, or None."""
    best: list[tuple[float, tuple[int, ...]] | None] = [None] * (len(units) + 1)
    best[0] = (0.0, (0,))
    for _ in range(count):
        nxt: list[tuple[float, tuple[int, ...]] | None] = [None] * (len(units) + 1)
        for start, known in enumerate(best):
            if known is None:
                continue
            run = 0.0
            for end in range(start + 1, len(units) + 1):
                run += widths[end - 1] + (space if end - 1 > start and units[end - 2][1] else 0.0)
                if run > width:
                    break
                cost = known[0] + ((run - target) / width) ** 2
                cost += _breaking(units[end - 1], units[end]) if end < len(units) else 0.0
                found = nxt[end]
                if found is None or cost < found[0]:
                    nxt[end] = (cost, (*known[1], end))
        best = nxt
    final = best[-1]
    if final is None:
        return None
    return tuple(_joined(units[one:other]) for one, other in pairwise(final[1]))


def _breaking(unit: tuple[str, bool], after: tuple[str, bool]) -> float:
    """What it costs to break between two units: little after punctuation, much after an article or the like.

    In Japanese, words end in hiragana and begin with other letters far more often than not.
    """
    word = unit[0]
    if word[-1] in ",;:.!?–—،。、」":
        return -0.02
    if not unit[1] and _UNSPACED.search(word[-1]):
        return 0.0 if _HIRAGANA.match(word[-1]) and not _HIRAGANA.match(after[0]) else 0.06
    return 0.05 if len(word) <= 3 and word.islower() else 0.0


def _joined(units: Sequence[tuple[str, bool]]) -> str:
    return "".join(unit + (" " if spaced else "") for unit, spaced in units).strip()


def _units(text: str, cast: Cast, size: int, width: float, tracking: float) -> list[tuple[str, bool]]:
    """The pieces between which a line may break, and whether a space follows each."""
    units: list[tuple[str, bool]] = []
    for word in text.split(" "):
        parts = unspaced(word) if _UNSPACED.search(word) else _AFTER_HYPHEN.split(word)
        fitting = [piece for part in parts for piece in _chopped(part, cast, size, width, tracking)]
        units += [(part, False) for part in fitting[:-1]] + [(part, True) for part in fitting[-1:]]
    return units


def unspaced(word: str) -> list[str]:
    """Pieces of a word in a script that is written without spaces; Latin words, also those inside, stay whole."""
    if not _UNSPACED.search(word):
        return [word]
    parts: list[str] = []
    for piece in clusters(word):
        both_plain = bool(parts) and not _UNSPACED.match(piece) and not _UNSPACED.match(parts[-1][-1])
        if parts and (both_plain or piece[0] in NOT_FIRST or parts[-1][-1] in NOT_LAST):
            parts[-1] += piece
        else:
            parts.append(piece)
    return parts


def _chopped(word: str, cast: Cast, size: int, width: float, tracking: float) -> list[str]:
    """A word that is wider than a line, in parts that are not: between syllables, with a hyphen, where it has any."""

    def wide(pieces: Sequence[str], end: str = "") -> float:
        return set_line("".join(pieces) + end, cast, REFERENCE, tracking).width * size / REFERENCE / (width * 0.98)

    if len(word) * size * 1.5 < width or set_line(word, cast, REFERENCE, tracking).width * size / REFERENCE <= width:
        return [word]
    parts: list[str] = []
    rest = clusters(word)
    while len(rest) > 1 and (whole := wide(rest)) > 1:
        even = whole / math.ceil(whole)
        most = max((count for count in range(1, len(rest)) if wide(rest[:count]) <= 1), default=1)
        cuts = [place for place in _syllables(rest) if place <= most and wide(rest[:place], "-") <= 1]
        cut = min(cuts, key=lambda place: abs(wide(rest[:place]) - even), default=0)
        # A hyphen near the line's start would leave a hole: then the word is cut where the line is full.
        hyphened = cut * 2 > most
        parts.append("".join(rest[:cut]) + "-" if hyphened else "".join(rest[:most]))
        rest = rest[cut if hyphened else most :]
    return [*parts, "".join(rest)]


def _syllables(pieces: Sequence[str]) -> list[int]:
    """Places where a word of an alphabet may be hyphenated: before the consonant that begins a syllable.

    A syllable takes the last consonant before its vowel (or a pair that is spoken as one), which is the rule that most
    languages with an alphabet share; two letters at least stay before a hyphen, three after it.
    """
    letters = [unicodedata.normalize("NFD", piece)[0].lower() for piece in pieces]
    places = []
    for place in range(2, len(letters) - 2):
        onset = 2 if "".join(letters[place : place + 2]) in _SPOKEN_AS_ONE else 1
        if "".join(letters[place : place + 3]) == "sch":
            onset = 3
        opens = all(letter.isalpha() and letter not in VOWELS for letter in letters[place : place + onset])
        inside = "".join(letters[place - 1 : place + 1]) in _SPOKEN_AS_ONE or letters[place - 1 : place + 1] == [
            "s",
            "c",
        ]
        follows = letters[place + onset] in VOWELS if place + onset < len(letters) else False
        if opens and follows and not inside and any(letter in VOWELS for letter in letters[:place]):
            places.append(place)
    return places


def _stands_apart(text: str) -> bool:
    """True when the letters are of a script that may be spaced out: Latin, Greek, Cyrillic, digits, signs."""
    return all(ord(char) < 0x0530 or 0x1E00 <= ord(char) < 0x2C00 for char in text)


def right_to_left(text: str) -> bool:
    """True when the first letter with a direction is of a script that runs from right to left (UAX #9, P2)."""
    return next(
        (
            unicodedata.bidirectional(char) != "L"
            for char in text
            if unicodedata.bidirectional(char) in ("L", "R", "AL")
        ),
        False,
    )


def _levels(pieces: Sequence[str]) -> list[int]:
    """The embedding level of each piece: even runs to the right, odd to the left."""
    base = int(right_to_left("".join(pieces)))
    kinds = [_KINDS.get(unicodedata.bidirectional(piece[0]), "N") for piece in pieces]
    for place in range(1, len(kinds) - 1):
        sides = {kinds[place - 1], kinds[place + 1]}
        joins = unicodedata.bidirectional(pieces[place][0]) in ("CS", "ES", "ET")
        if joins and sides == {"D"}:
            kinds[place] = "D"
    for place, piece in enumerate(pieces):
        beside = kinds[max(place - 1, 0)] == "D" or kinds[min(place + 1, len(kinds) - 1)] == "D"
        if beside and unicodedata.bidirectional(piece[0]) == "ET":
            kinds[place] = "D"
    if base == 0 and "R" not in kinds:
        return [0] * len(kinds)
    return _resolved(kinds, base)


_KINDS = {"L": "L", "R": "R", "AL": "R", "EN": "D", "AN": "D"}


def _resolved(kinds: list[str], base: int) -> list[int]:
    levels: list[int] = []
    strong = "R" if base else "L"
    sides: list[str] = []
    for kind in kinds:
        if kind in "LR":
            strong = kind
        sides.append("L" if kind == "L" or (kind == "D" and strong == "L") else "R" if kind in "RD" else "N")
        levels.append({"L": 2 * base, "R": 1}.get(kind, 2 if strong == "R" or base else 0))
    edge = "R" if base else "L"
    for place, kind in enumerate(kinds):
        if kind == "N":
            before = next((side for side in reversed(sides[:place]) if side != "N"), edge)
            after = next((side for side in sides[place + 1 :] if side != "N"), edge)
            levels[place] = base if before != after else (1 if before == "R" else 2 * base)
    return levels


def _visual(runs: list[tuple[int, Run]]) -> list[Run]:
    """Runs in the order in which they stand (UAX #9, L2)."""
    order = list(runs)
    highest = max((level for level, _ in runs), default=0)
    for level in range(highest, 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and order[end][0] >= level:
                end += 1
            order[start:end] = order[start:end][::-1]
            start = max(end, start + 1)
    return [run for _, run in order]
