"""Which font draws which letters: the family that ships with Cutroom first, then whatever the machine has.

The machine's font folders are read only when a letter is missing from the shipped family, and then only each font's
character map. The map's layout is that of the OpenType specification, table ``cmap``, formats 4 and 12.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from cutroom.errors import BadInput

SHIPPED = Path(__file__).parent / "fonts"

FOLDERS: tuple[Path, ...] = (
    Path("~/.fonts").expanduser(),
    Path("~/.local/share/fonts").expanduser(),
    Path("~/Library/Fonts").expanduser(),
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
    Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts",
    Path(os.environ.get("LOCALAPPDATA", "C:/")) / "Microsoft/Windows/Fonts",
)
"""Where the systems that we know keep their fonts."""

MOST_FONTS = 20_000
"""No machine has more; a folder that links to itself would."""

EMOJI_STRIKES = (109, 160, 136, 128, 96, 72, 64)
"""Pixel sizes at which bitmap emoji fonts come; FreeType opens them at no other."""

WEIGHTS = {
    "thin": 100,
    "hairline": 100,
    "extralight": 200,
    "ultralight": 200,
    "light": 300,
    "book": 400,
    "regular": 400,
    "medium": 500,
    "semibold": 600,
    "demibold": 600,
    "demi": 600,
    "bold": 700,
    "extrabold": 800,
    "ultrabold": 800,
    "black": 900,
    "heavy": 900,
}

_COLLECTION_INDEX = {"ja": 0, "ko": 1, "zh": 2, "zh-cn": 2, "zh-hans": 2, "zh-tw": 3, "zh-hant": 3, "zh-hk": 4}
"""Which part of a Noto Sans CJK collection draws Han characters as a language's readers expect them."""


@dataclass(frozen=True)
class Face:
    """One font at one weight. Sizes come later."""

    path: Path
    index: int = 0
    """Which font of a collection (.ttc)."""
    weight: int = 400
    """100 (thin) to 900 (black)."""

    def covers(self, text: str) -> bool:
        """True when the font has a glyph for every character (joiners and variation selectors need none)."""
        return all(_joins(ord(char)) or _covered(coverage(self.path, self.index), ord(char)) for char in text)

    @property
    def ours(self) -> bool:
        """True for the fonts that ship with Cutroom."""
        return self.path.parent == SHIPPED

    @property
    def emoji(self) -> bool:
        """True when the font draws in colours of its own."""
        return "emoji" in self.path.name.lower()


@dataclass(frozen=True)
class Cast:
    """The faces that may draw a text, in order of preference, and the language that it is written in."""

    faces: tuple[Face, ...]
    language: str = "en"
    weight: int = 600
    _seen: dict[str, Face | None] = field(default_factory=dict, compare=False, repr=False)

    def face_for(self, cluster: str) -> Face | None:
        """Who draws `cluster` (one letter with its marks), or None when nobody on this machine can."""
        if cluster not in self._seen:
            self._seen[cluster] = self._find(cluster)
        return self._seen[cluster]

    def _find(self, cluster: str) -> Face | None:
        if not wants_colour(cluster):
            for face in self.faces:
                if face.covers(cluster):
                    return face
        found = _on_machine(cluster, self.weight, self.language.lower(), colour=wants_colour(cluster))
        if found is None and wants_colour(cluster):
            bare = cluster.replace("\ufe0f", "")
            return next((face for face in self.faces if face.covers(bare)), None)
        return found


def shipped(name: str) -> Face:
    """A face that ships with Cutroom, by its file's stem, e.g. ``Manrope-Bold``."""
    return Face(SHIPPED / f"{name}.ttf", weight=_weight(name))


def chosen(font: str, weight: int) -> tuple[Face, ...]:
    """The face that `font` names: a font file's path, or the name of a family that ships (``Manrope``).

    Raises BadInput when it is neither, or no font.
    """
    wanted = font.replace(" ", "").lower()
    family = [shipped(path.stem) for path in sorted(SHIPPED.glob("*.ttf")) if path.stem.split("-")[0].lower() == wanted]
    if family:
        return (min(family, key=lambda face: abs(face.weight - weight)),)
    path = Path(font).expanduser()
    face = Face(path, weight=_weight(path.stem))
    if not coverage(path, 0) or not _opens(face):
        names = sorted({path.stem.split("-")[0] for path in SHIPPED.glob("*.ttf")})
        raise BadInput(font, "is no font that can be opened", f"give a .ttf or .otf file, or one of {', '.join(names)}")
    return (face,)


@lru_cache(maxsize=64)
def fingerprint(path: Path) -> str:
    """The first 16 digits of the SHA-256 of a font's file; ``unreadable`` when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError:
        return "unreadable"


@lru_cache(maxsize=64)
def sized(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """`face` opened at `size` pixels to the em, shaping by raqm when Pillow has it.

    For bitmap fonts the size is that of their one strike: see `ImageFont.FreeTypeFont.size`.
    Raises OSError when the file is no font.
    """
    try:
        return ImageFont.truetype(str(face.path), size, index=face.index)
    except OSError:
        if not face.emoji:
            raise
    for strike in EMOJI_STRIKES:
        try:
            return ImageFont.truetype(str(face.path), strike, index=face.index)
        except OSError:
            continue
    raise OSError(f"{face.path}: opens at none of the sizes {EMOJI_STRIKES}")


def wants_colour(cluster: str) -> bool:
    """True when `cluster` is meant to be seen as an emoji rather than as a sign of the text."""
    first = ord(cluster[0])
    return "\ufe0f" in cluster or 0x1F300 <= first <= 0x1FAFF or 0x1F1E6 <= first <= 0x1F1FF


def script_of(char: str) -> str:
    """The script that `char` belongs to, as people call it: ``Devanagari``, ``Chinese or Japanese``, ``emoji``."""
    if wants_colour(char) or unicodedata.category(char) == "So":
        return "emoji and signs"
    if 0x3000 <= ord(char[0]) <= 0x303F or 0xFF00 <= ord(char[0]) <= 0xFF60:
        # Their full stops, commas and brackets, which are named for their shape.
        return "Chinese or Japanese"
    name = unicodedata.name(char, "unknown letters")
    first = name.split()[0].replace("-", " ")
    known = {"CJK": "Chinese or Japanese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}
    return known.get(first, first.capitalize())


def way_out(script: str) -> str:
    """What to install so that `script` can be drawn."""
    packages = {"emoji and signs": "Noto Color Emoji (Debian and Ubuntu: fonts-noto-color-emoji)"}
    east_asian = "Noto Sans CJK (Debian and Ubuntu: fonts-noto-cjk)"
    packages |= dict.fromkeys(("Chinese or Japanese", "Japanese", "Korean"), east_asian)
    font = packages.get(script, f"Noto Sans {script} (Debian and Ubuntu: fonts-noto-core)")
    return f"install a font that has them, e.g. {font}, and render again"


@lru_cache(maxsize=4096)
def coverage(path: Path, index: int) -> tuple[tuple[int, ...], tuple[int, ...]] | tuple[()]:
    """The code points that a font has glyphs for, as (first of each range, last of each range), sorted.

    Empty when the file is no font or its character map is broken.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            base = 0
            if head[:4] == b"ttcf":
                file.seek(12 + 4 * index)
                (base,) = struct.unpack(">I", file.read(4))
                file.seek(base)
                head = file.read(12)
            (tables,) = struct.unpack(">H", head[4:6])
            directory = file.read(16 * tables)
            for place in range(0, len(directory), 16):
                tag, _, offset, length = struct.unpack(">4sIII", directory[place : place + 16])
                if tag == b"cmap":
                    file.seek(offset)
                    return _ranges(file.read(min(length, 1 << 22)))
    except (OSError, struct.error, IndexError):
        return ()
    return ()


def _ranges(cmap: bytes) -> tuple[tuple[int, ...], tuple[int, ...]] | tuple[()]:
    (count,) = struct.unpack(">H", cmap[2:4])
    best: tuple[int, int] | None = None
    for place in range(count):
        platform, encoding, offset = struct.unpack(">HHI", cmap[4 + 8 * place : 12 + 8 * place])
        (form,) = struct.unpack(">H", cmap[offset : offset + 2])
        unicode_map = platform == 0 or (platform == 3 and encoding in (1, 10))
        if unicode_map and form in (4, 12) and (best is None or form > best[0]):
            best = form, offset
    if best is None:
        return ()
    pairs = _format_4(cmap[best[1] :]) if best[0] == 4 else _format_12(cmap[best[1] :])
    pairs.sort()
    return tuple(first for first, _ in pairs), tuple(last for _, last in pairs)


def _format_12(table: bytes) -> list[tuple[int, int]]:
    (groups,) = struct.unpack(">I", table[12:16])
    rows = struct.iter_unpack(">III", table[16 : 16 + 12 * groups])
    return [(first, last) for first, last, glyph in rows if first <= last and (glyph or last > first)]


def _format_4(table: bytes) -> list[tuple[int, int]]:
    segments = struct.unpack(">H", table[6:8])[0] // 2
    words = struct.unpack(f">{len(table) // 2}H", table[: len(table) // 2 * 2])
    ends, starts = words[7 : 7 + segments], words[8 + segments : 8 + 2 * segments]
    offsets_at = 8 + 3 * segments
    pairs: list[tuple[int, int]] = []
    for place, (first, last) in enumerate(zip(starts, ends, strict=True)):
        if first > last or first == 0xFFFF:
            continue
        offset = words[offsets_at + place]
        if offset == 0:
            pairs.append((first, last))
            continue
        glyphs_at = offsets_at + place + offset // 2
        pairs += [(code, code) for code in range(first, last + 1) if words[glyphs_at + code - first]]
    return pairs


def _covered(ranges: tuple[tuple[int, ...], tuple[int, ...]] | tuple[()], code: int) -> bool:
    if not ranges:
        return False
    place = bisect_right(ranges[0], code) - 1
    return place >= 0 and code <= ranges[1][place]


def _joins(code: int) -> bool:
    """True for what has no shape of its own: joiners, variation selectors, the tags of flags."""
    return 0xFE00 <= code <= 0xFE0F or code in (0x200C, 0x200D, 0x034F) or 0xE0020 <= code <= 0xE007F


@lru_cache(maxsize=1)
def machine_fonts() -> tuple[Path, ...]:
    """Every font file in the machine's font folders, sorted by path."""
    found: list[Path] = []
    for folder in FOLDERS:
        for place, _, names in os.walk(folder):
            found += [Path(place, name) for name in names if name.lower().endswith((".ttf", ".otf", ".ttc"))]
            if len(found) > MOST_FONTS:
                break
    return tuple(sorted(set(found)))


@lru_cache(maxsize=2048)
def _on_machine(cluster: str, weight: int, language: str, *, colour: bool) -> Face | None:
    for path in _ranked(weight, colour=colour):
        face = Face(path, _part(path, language), _weight(path.stem))
        if face.covers(cluster) and _opens(face):
            return face
    return None


@lru_cache(maxsize=16)
def _ranked(weight: int, *, colour: bool) -> tuple[Path, ...]:
    def rank(path: Path) -> tuple[float, str]:
        return _unfit(path.stem.lower(), weight, colour=colour), path.name

    return tuple(sorted(machine_fonts(), key=rank))


def _unfit(name: str, weight: int, *, colour: bool) -> float:
    """How little a font suits film lettering, told from its file's name: 0 is an upright sans of the right weight."""
    against = {
        "italic": 300,
        "oblique": 300,
        "condensed": 60,
        "narrow": 60,
        "mono": 200,
        "serif": 90,
        "math": 600,
        "display": 20,
        "symbol": 400,
        "lastresort": 9000,
        "fallback": 8000,
        "unifont": 900,
        "nastaliq": 200,
    }
    for_it = {"notosans": 80, "noto sans": 80, "sans": 40, "ui": 15, "naskh": 20}
    score = sum(cost for word, cost in against.items() if word in name)
    score -= max((gain for word, gain in for_it.items() if word in name), default=0)
    score += 0 if ("emoji" in name) == colour else 2000
    return score + abs(_weight(name) - weight) / 5


def _weight(name: str) -> int:
    plain = re.sub(r"[\s_]", "", name.lower())
    found = [word for word in WEIGHTS if re.search(rf"{word}(?![a-z])|-{word}", plain)]
    return WEIGHTS[max(found, key=len)] if found else 400


def _part(path: Path, language: str) -> int:
    if path.suffix.lower() != ".ttc" or "cjk" not in path.name.lower():
        return 0
    return _COLLECTION_INDEX.get(language, _COLLECTION_INDEX.get(language.split("-")[0], 0))


def _opens(face: Face) -> bool:
    try:
        sized(face, 40)
    except OSError:
        return False
    return True
