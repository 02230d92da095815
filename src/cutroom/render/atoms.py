"""The boxes ("atoms") of an MP4 file: reading them, and putting a comment and an XMP packet in without touching the streams.

ISO/IEC 14496-12 for the boxes; the comment as iTunes writes it (moov/udta/meta/ilst/©cmt, which every player shows); XMP in
a ``uuid`` box of its own at the file's end, as Adobe's XMP Specification, part 3, has it for MPEG-4.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cutroom.errors import BadInput

XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The extended type of the box that holds XMP."""

LARGEST_INDEX = 256 << 20
"""A moov box of more bytes than this is not read."""
LARGEST_PACKET = 16 << 20
CHUNK = 1 << 20

_WAY_OUT = "export it anew as MP4"


class Box(NamedTuple):
    """Where a box lies: its four-letter type, its first byte, where its content begins, and the byte after it."""

    kind: bytes
    start: int
    content: int
    end: int


def boxes(data: bytes | bytearray, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes that lie side by side in `data` between `start` and `end`. Raises ValueError when they do not fit."""
    at, end = start, len(data) if end is None else end
    while at < end:
        box = _box(bytes(data[at : at + 16]), at, end)
        yield box
        at = box.end


def top_boxes(file: BinaryIO) -> Iterator[Box]:
    """The outermost boxes of a file, from its start. Raises ValueError when they do not fit."""
    end = file.seek(0, os.SEEK_END)
    at = 0
    while at < end:
        file.seek(at)
        box = _box(file.read(16), at, end)
        yield box
        at = box.end


def _box(head: bytes, at: int, end: int) -> Box:
    if len(head) < 8:
        raise ValueError(f"a box is cut short at byte {at}")
    size, kind = struct.unpack_from(">I4s", head)
    content = at + 8
    if size == 1:
        if len(head) < 16:
            raise ValueError(f"a box is cut short at byte {at}")
        size, content = struct.unpack_from(">Q", head, 8)[0], at + 16
    elif size == 0:
        size = end - at
    if size < content - at or at + size > end:
        raise ValueError(f"a box of {size} bytes does not fit at byte {at}")
    return Box(kind, at, content, at + size)


def is_mp4(path: Path) -> bool:
    """True when the file begins as MP4 and its relatives do."""
    with path.open("rb") as file:
        return file.read(12)[4:8] in (b"ftyp", b"moov", b"wide", b"mdat")


def xmp_of(path: Path) -> bytes | None:
    """The XMP packet of an MP4 file, or None. A file whose boxes are damaged has none."""
    with path.open("rb") as file:
        try:
            for box in top_boxes(file):
                file.seek(box.content)
                if box.kind == b"uuid" and file.read(16) == XMP and box.end - box.content <= LARGEST_PACKET:
                    return file.read(box.end - box.content - 16)
        except ValueError:
            return None
    return None


def annotated(source: Path, out: Path, *, comment: str, xmp: bytes) -> None:
    """Writes `source`, an MP4 file, to `out` with a comment and an XMP packet. Every stream keeps its bytes.

    Raises BadInput when `source` is no MP4 file whose index can be read.
    """
    try:
        with source.open("rb") as old:
            parts = list(top_boxes(old))
            index = next(box for box in parts if box.kind == b"moov")
            if index.end - index.start > LARGEST_INDEX:
                raise ValueError("its index is too large")
            old.seek(index.start)
            moov = with_comment(old.read(index.end - index.start), comment, index.start)
            with out.open("wb") as new:
                for box in parts:
                    old.seek(box.content)
                    if box is index:
                        new.write(moov)
                    elif box.kind != b"uuid" or old.read(16) != XMP:
                        old.seek(box.start)
                        _copy(old, new, box.end - box.start)
                new.write(_made(b"uuid", XMP + xmp))
    except (StopIteration, ValueError, struct.error) as error:
        reason = str(error) or "it has no index (moov)"
        raise BadInput(source, f"is not an MP4 file that can be marked: {reason}", _WAY_OUT) from error


def with_comment(moov: bytes, comment: str, at: int) -> bytes:
    """`moov` (the whole box, which lies at byte `at` of its file) with a comment, its chunks' places moved accordingly."""
    item = _made(b"\xa9cmt", _made(b"data", struct.pack(">II", 1, 0) + comment.encode()))
    tracks, udta = _without(moov[next(boxes(moov)).content :], b"udta")
    others, meta = _without(udta, b"meta")
    meta = meta or _EMPTY_META
    handler, items = _without(meta[4:], b"ilst")
    items, _ = _without(items, b"\xa9cmt")
    meta = meta[:4] + handler + _made(b"ilst", items + item)
    new = bytearray(_made(b"moov", tracks + _made(b"udta", others + _made(b"meta", meta))))
    _move_chunks(new, after=at, by=len(new) - len(moov))
    return bytes(new)


_EMPTY_META = struct.pack(">I", 0) + (
    struct.pack(">I4s", 33, b"hdlr") + struct.pack(">II4s4s", 0, 0, b"mdir", b"appl") + bytes(9)
)
"""A version, and who reads what follows: iTunes' metadata handler."""


def _without(content: bytes, kind: bytes) -> tuple[bytes, bytes]:
    """The boxes in `content` but for the first `kind`, and what is in that one (empty when there is none)."""
    inside = next((box for box in boxes(content) if box.kind == kind), None)
    if inside is None:
        return content, b""
    return content[: inside.start] + content[inside.end :], content[inside.content : inside.end]


def _move_chunks(moov: bytearray, after: int, by: int) -> None:
    """Adds `by` to the place of every chunk that lies behind byte `after`, in place."""
    for table in _tables(moov, 8, len(moov)):
        wide = table.kind == b"co64"
        size, form = (8, ">%dQ") if wide else (4, ">%dI")
        (count,) = struct.unpack_from(">I", moov, table.content + 4)
        first = table.content + 8
        if first + count * size > table.end:
            raise ValueError("a table of chunks is cut short")
        places = struct.unpack_from(form % count, moov, first)
        moved = [place + by if place > after else place for place in places]
        if not wide and max(moved, default=0) >= 1 << 32:
            raise ValueError("it is longer than 4 GB with 32-bit places")
        struct.pack_into(form % count, moov, first, *moved)


_NESTED = {b"trak", b"mdia", b"minf", b"stbl"}


def _tables(moov: bytearray, start: int, end: int) -> Iterator[Box]:
    for box in boxes(moov, start, end):
        if box.kind in (b"stco", b"co64"):
            yield box
        elif box.kind in _NESTED:
            yield from _tables(moov, box.content, box.end)


def _made(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _copy(old: BinaryIO, new: BinaryIO, count: int) -> None:
    while count:
        chunk = old.read(min(count, CHUNK))
        if not chunk:
            raise ValueError("it is cut short")
        new.write(chunk)
        count -= len(chunk)
