"""Reading in the files that come with a request: every file is judged by its content and copied into the store.

The order of the assets is the order of the film:

1. Files stand in the order in which they were handed over; a folder's files are sorted by name as people count (2
   before 10), each folder's own files before those of the folders in it.
2. Pictures and clips that say when they were made are put in order of time. One that does not say stays behind the
   neighbour that it followed.
3. Sounds come after the pictures and clips, and texts after the sounds, in the order of 1.

Times without an offset count as local to where most of the others were made. What one file does wrong costs only
that file.
"""

from __future__ import annotations

import codecs
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from natsort import natsort_keygen, ns

from cutroom.brief.brief import Asset, Skipped
from cutroom.errors import BadInput, TooLarge, WrongUse
from cutroom.media import clip, picture, sound
from cutroom.media.kinds import Audio, Image, Text, Video
from cutroom.media.store import Store

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".gif", ".tif", ".tiff", ".bmp"})
CLIPS = frozenset(
    {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".m2ts", ".3gp", ".wmv", ".flv"}
)
SOUNDS = frozenset(
    {".wav", ".mp3", ".m4a", ".flac", ".ogg", ".oga", ".opus", ".aac", ".aif", ".aiff", ".wma", ".caf", ".amr"}
)
TEXTS = frozenset({".txt", ".md", ".markdown", ".text", ".srt"})

RAW = frozenset({".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw"})
"""Camera raw: readers of TIFF would find no more than a thumbnail in it."""

LONGEST_TEXT = 1_000_000
"""Bytes. A book is not notes for a film."""

ABOUT = frozenset({"licence", "license", "licences", "licenses", "copying", "readme", "notice", "credits", "authors"})
"""Texts that lie in a folder to tell about it: read only when they are named."""

_KNOWN = PICTURES | CLIPS | SOUNDS | TEXTS | RAW

_by_name = natsort_keygen(key=str.casefold, alg=ns.INT | ns.PATH)


@dataclass(frozen=True)
class Reading:
    """What came of reading files in."""

    assets: tuple[Asset, ...]
    """What can be used, in the order of the film."""
    skipped: tuple[Skipped, ...]
    """What was handed over and cannot be used, and why."""
    repeated: tuple[str, ...] = ()
    """Names of files with the same bytes as one before them: nothing is lost by leaving them out."""


@dataclass(frozen=True)
class _Found:
    """A file that was handed over by name, or lay in a folder that was."""

    path: Path
    name: str
    named: bool


def read(
    paths: Sequence[Path],
    store: Store,
    *,
    progress: Callable[[int, int], None] | None = None,
    leave_out: Collection[Path] = (),
) -> Reading:
    """Reads files and folders into `store`. `leave_out` names files that are never read: the film to be written.

    In folders, hidden files, productions (``*.cutroom``) and files that are no media are passed over in silence.
    `progress` is called with (done, total) files.

    Raises WrongUse when a path is not there, and NoSpace when the store cannot take the files.
    """
    found = list(_found(paths, {_real(path) for path in leave_out}))
    assets: list[Asset] = []
    skipped: list[Skipped] = []
    repeated: list[str] = []
    seen: set[str] = set()
    for number, file in enumerate(found):
        if progress is not None:
            progress(number, len(found))
        try:
            asset = _taken_in(file, store, seen)
        except BadInput as error:
            skipped.append(Skipped(name=file.name, reason=error.reason, way_out=error.way_out))
            continue
        if asset is None:
            repeated.append(file.name)
        else:
            seen.add(asset.media.digest)
            assets.append(asset)
    if progress is not None:
        progress(len(found), len(found))
    ordered = (asset.model_copy(update={"id": f"a{number}"}) for number, asset in enumerate(_in_order(assets), 1))
    return Reading(tuple(ordered), tuple(skipped), tuple(repeated))


def _found(paths: Iterable[Path], without: set[str]) -> Iterator[_Found]:
    """The files behind `paths`, in order, each once. Raises WrongUse for a path that is not there."""
    visited: set[tuple[int, int]] = set()
    for path in paths:
        if not path.exists():
            way_out = "it is a link to nothing" if path.is_symlink() else "check the spelling"
            raise WrongUse(f"{_printable(str(path))}: there is no such file or folder; {way_out}")
        files = _walk(path, visited) if _is_material(path) else iter([_Found(path, _printable(path.name), named=True)])
        yield from (file for file in files if _real(file.path) not in without)


def _is_material(path: Path) -> bool:
    return path.is_dir() and path.suffix != ".cutroom"


def _walk(folder: Path, visited: set[tuple[int, int]]) -> Iterator[_Found]:
    """The media files in `folder` and in the folders in it; every folder once, so that links in a circle end."""
    try:
        about = folder.stat()
        entries = sorted(folder.iterdir(), key=lambda path: (_by_name(path.name), path.name))
        if (about.st_dev, about.st_ino) in visited:
            return
        visited.add((about.st_dev, about.st_ino))
    except OSError:
        yield _Found(folder, _printable(folder.name), named=False)
        return
    seen = [path for path in entries if not path.name.startswith(".") and path.suffix.lower() != ".cutroom"]
    for path in seen:
        if not path.is_dir() and _looks_like_media(path):
            yield _Found(path, _printable(path.name), named=False)
    for path in seen:
        if path.is_dir():
            yield from _walk(path, visited)


def _looks_like_media(path: Path) -> bool:
    """True for a file in a folder that is worth opening: by the end of its name, else by its first bytes."""
    suffix = path.suffix.lower()
    if suffix in TEXTS:
        return path.stem.casefold() not in ABOUT
    if suffix in _KNOWN:
        return True
    try:
        return path.is_file() and picture.sniff(_head(path)) is not None
    except OSError:
        return False


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _printable(name: str) -> str:
    """A file's name as text that can be shown and stored: bytes that are no UTF-8 and control characters replaced."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _taken_in(file: _Found, store: Store, seen: Collection[str]) -> Asset | None:
    """`file` as an asset, its bytes in the store; None when the same bytes are there already. Raises BadInput."""
    path = file.path
    try:
        if path.is_dir():
            raise BadInput(path, *_no_folder(path))
        if not path.is_file():
            raise BadInput(path, "is not a plain file", "copy what it holds into a file")
        if path.stat().st_size == 0:
            raise BadInput(path, "is empty (0 bytes)", "copy it anew from where it came, or leave it out")
        if path.suffix.lower() in RAW:
            raise BadInput(path, "is a camera raw file", "export it as JPEG and hand that over")
        head = _head(path)
        if picture.sniff(head) is not None:
            return _picture(file, store, seen)
        text = _text(path)
        if text is not None:
            return _words(file, text, store, seen)
        return _clip(file, store, seen)
    except PermissionError as error:
        raise BadInput(path, "may not be read (permission denied)", "give yourself the right to read it") from error
    except FileNotFoundError as error:
        raise BadInput(path, "has gone, or is a link to nothing", "check that it is still there") from error


def _no_folder(path: Path) -> tuple[str, str]:
    if path.suffix == ".cutroom":
        return "is a production and no material", "name the files in it that you want"
    return "is a folder that cannot be opened", "give yourself the right to read it"


def _picture(file: _Found, store: Store, seen: Collection[str]) -> Asset | None:
    info = picture.look(file.path)
    if info.frames > 1:
        return _clip(file, store, seen)
    # Decoded once, small: a header says nothing about whether the rest of the file is there.
    picture.open_picture(file.path, max_side=64)
    blob = store.add(file.path, info.suffix)
    media = Image(
        digest=blob.digest, bytes=blob.bytes, suffix=info.suffix, width=info.width, height=info.height, alpha=info.alpha
    )
    return None if blob.digest in seen else _asset(file, media, info.taken)


def _clip(file: _Found, store: Store, seen: Collection[str]) -> Asset | None:
    info = clip.look(file.path)
    blob = store.add(file.path, info.suffix)
    if blob.digest in seen:
        return None
    if info.picture:
        media = Video(
            digest=blob.digest,
            bytes=blob.bytes,
            suffix=info.suffix,
            seconds=info.seconds,
            width=info.width,
            height=info.height,
            fps=info.fps,
            constant_rate=info.constant_rate,
            sound=info.sound,
        )
        return _asset(file, media, info.taken)
    heard = sound.look(file.path)
    return _asset(
        file,
        Audio(
            digest=blob.digest,
            bytes=blob.bytes,
            suffix=info.suffix,
            seconds=heard.seconds,
            rate=heard.rate,
            channels=heard.channels,
        ),
        info.taken,
    )


def _words(file: _Found, text: str, store: Store, seen: Collection[str]) -> Asset | None:
    suffix = file.path.suffix.lower()
    if suffix and suffix not in TEXTS:
        kind = next(
            (
                kind
                for kind, suffixes in (("picture", PICTURES), ("clip", CLIPS), ("sound", SOUNDS))
                if suffix in suffixes
            ),
            None,
        )
        if kind is not None:
            raise BadInput(
                file.path,
                f"holds text and no {kind}, though its name ends in {suffix}",
                "look for the real file, or end its name in .txt if its words are wanted",
            )
        raise BadInput(file.path, f"is text of a kind that is not read ({suffix})", "save what you want said as .txt")
    plain = _subtitle_words(text) if suffix == ".srt" or _CUE.search(text[:1000]) else text
    plain = plain.replace("\r\n", "\n").replace("\r", "\n")
    if not plain.strip():
        raise BadInput(file.path, "holds no words", "write something in it, or leave it out")
    kept = ".md" if suffix in (".md", ".markdown") else ".txt"
    blob = store.add_bytes(plain.encode(), kept)
    return None if blob.digest in seen else _asset(file, Text(digest=blob.digest, bytes=blob.bytes, suffix=kept), None)


def _asset(file: _Found, media: Image | Video | Audio | Text, taken: datetime | None) -> Asset:
    return Asset(id="", name=file.name, media=media, taken=taken.isoformat() if taken else None)


def _text(path: Path) -> str | None:
    """The file's words, or None when its bytes are no text. Raises TooLarge, and BadInput for unknown encodings."""
    with path.open("rb") as file:
        data = file.read(LONGEST_TEXT + 1)
    if not _is_text(data[:65_536]):
        return None
    if len(data) > LONGEST_TEXT:
        raise TooLarge(
            path,
            f"holds {path.stat().st_size / 1_000_000:.1f} MB of text (at most 1 MB is read)",
            "keep the part that the film should tell",
        )
    for encoding in _encodings(data):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(path, "holds text in an encoding that cannot be told", "save it as UTF-8")


_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _encodings(data: bytes) -> tuple[str, ...]:
    """What to try, in order. Windows' western encoding reads nearly anything, so it must look western."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return (encoding,)
    if b"\0" in data:
        return ("utf-16-le",) if data[1:2] == b"\0" else ("utf-16-be",)
    accented = sum(byte >= 0x80 for byte in data)
    return ("utf-8", "cp1252") if accented * 4 <= len(data) else ("utf-8",)


def _is_text(head: bytes) -> bool:
    """True when `head` reads as text: hardly any control characters, zeros only as UTF-16 has them."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return len(head) % 2 == 0
    if b"\0" in head:
        even, odd = head[0::2], head[1::2]
        zeros, letters = (odd, even) if head[1:2] == b"\0" else (even, odd)
        # Digital silence has zeros on both sides.
        return len(head) > 3 and zeros.count(0) > 0.9 * len(zeros) and letters.count(0) == 0
    control = sum(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in head)
    return control * 1000 <= len(head)


_CUE = re.compile(r"^\s*\d{1,3}:\d\d:\d\d[,.]\d{1,3}\s*-->", re.MULTILINE)


def _subtitle_words(text: str) -> str:
    """The words of SubRip subtitles, one cue a line: numbers, times and tags are not words."""
    cues: list[list[str]] = []
    for line in text.splitlines():
        stripped = line.strip()
        if _CUE.match(line):
            # The line before was the cue's number.
            if cues and cues[-1] and cues[-1][-1].isdecimal():
                cues[-1].pop()
            cues.append([])
        elif stripped and cues:
            cues[-1].append(re.sub(r"<[^<>]*>|\{\\[^{}]*\}", "", stripped).strip())
    return "\n".join(words for cue in cues if (words := " ".join(filter(None, cue))))


def _in_order(assets: Sequence[Asset]) -> list[Asset]:
    """The assets in the order of the film: see the top of this file."""
    seen = [asset for asset in assets if isinstance(asset.media, Image | Video)]
    sounds = [asset for asset in assets if isinstance(asset.media, Audio)]
    texts = [asset for asset in assets if isinstance(asset.media, Text)]
    local = _local_offset(seen)
    runs: list[tuple[datetime | None, list[Asset]]] = []
    for asset in seen:
        at = _instant(asset, local)
        if runs and (at is None or runs[-1][0] is None):
            # Behind its neighbour; and those before the first with a time go with it.
            runs[-1] = (runs[-1][0] or at, [*runs[-1][1], asset])
        else:
            runs.append((at, [asset]))
    runs.sort(key=lambda run: run[0] or datetime.min.replace(tzinfo=UTC))
    return [*(asset for _, run in runs for asset in run), *sounds, *texts]


def _local_offset(assets: Iterable[Asset]) -> timezone:
    """The offset from UTC that most assets name; a clip that says UTC names none, for most containers always do."""
    offsets = Counter[timedelta]()
    for asset in assets:
        offset = datetime.fromisoformat(asset.taken).utcoffset() if asset.taken else None
        if offset is not None and (offset or isinstance(asset.media, Image)):
            offsets[offset] += 1
    return timezone(offsets.most_common(1)[0][0]) if offsets else UTC


def _instant(asset: Asset, local: timezone) -> datetime | None:
    if asset.taken is None:
        return None
    taken = datetime.fromisoformat(asset.taken)
    return taken if taken.tzinfo else taken.replace(tzinfo=local)
