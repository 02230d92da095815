"""How a number is spread over many small cells, and read back from them with a bound on false alarms.

Some of the cells (of a picture's grid, or of a sound's time and frequency) are dealt out at random to eight groups. Two groups
always carry the same known signs and only say "here is a watermark". The other six carry one byte each: one of 256 known
sequences of signs. The six bytes are the payload (32 bits) and its check sum (CRC-16). Choosing one sequence among 256 needs far
less energy a bit than eight separate signs would (orthogonal signalling; Proakis, Digital Communications, chapter 4).

False alarms. Let x be whatever a file holds in the cells, and s the known signs, which were drawn independently of x. The score
z = <x, s> / |x| then has mean 0 and variance 1, and P(z > t) <= exp(-t^2 / 2) for every x (Hoeffding's inequality). With
t = 6 that is 1.6e-8, however unusual the file. Taking a number for read asks for the check sum as well, which a wrong one passes
once in 65 536 times: 2.4e-13 together.

The signs come from SHAKE-256, so that they are the same on every machine and with every version of every library.
"""

from __future__ import annotations

import binascii
import hashlib
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cutroom.media.marks import Watermark

PAYLOAD_BITS = 32
CHECK_BITS = 16
SYMBOLS = 6
VALUES = 256
GROUPS = SYMBOLS + 2
PRESENT = 6.0
"""A score below this says that no watermark is there."""
RARE = 1e-4
"""Nor is it there when chance would give such a score more often than this, after so many tries. With the check sum, a number
is told by chance once in 650 million files at most."""


class Book(NamedTuple):
    """Which watermark it is: those of other names, or over other numbers of cells, do not hear each other."""

    name: str
    cells: int
    """How many there are."""
    spare: int = 1
    """One in so many is used, the others stay as they are: fewer cells are cheaper to encode, and harder to find again."""

    @property
    def group(self) -> int:
        """How many cells carry one byte."""
        return self.cells // (self.spare * GROUPS)


class Layout(NamedTuple):
    """Which cells carry what."""

    known: np.ndarray
    """Indices of the cells that always carry the same signs."""
    signs: np.ndarray
    """These signs, +1 or -1 as float32."""
    symbols: tuple[np.ndarray, ...]
    """For each byte, the indices of its cells."""


def payload_of(digest: str) -> int:
    """The first 32 bits of a digest in hexadecimal: a number for a production."""
    return int(digest[:8], 16)


@lru_cache(maxsize=8)
def layout(book: Book) -> Layout:
    """How the cells are dealt out."""
    draws = np.frombuffer(_stream(f"{book.name} deal {book.cells}", 4 * book.cells), ">u4")
    dealt = np.argsort(draws, kind="stable")
    size = book.group
    parts = tuple(dealt[(2 + place) * size : (3 + place) * size] for place in range(SYMBOLS))
    return Layout(dealt[: 2 * size], _signs(f"{book.name} known {book.cells}", 1, 2 * size)[0], parts)


def spread(book: Book, payload: int) -> np.ndarray:
    """The signs (+1, -1; 0 where a cell is left as it is) of all cells, (cells,) float32, for a payload of 32 bits."""
    if not 0 <= payload < 1 << PAYLOAD_BITS:
        raise ValueError(f"a payload has {PAYLOAD_BITS} bits, and {payload} does not fit")
    plan = layout(book)
    out = np.zeros(book.cells, np.float32)
    out[plan.known] = plan.signs
    for place, value in enumerate(_guarded(payload)):
        out[plan.symbols[place]] = _alphabet(book, place)[value]
    return out


def presence(book: Book, seen: np.ndarray) -> float:
    """The score of what is seen in the cells, (cells,): how surely a watermark is there, whatever its payload."""
    plan = layout(book)
    return float(_score(seen[plan.known], plan.signs[None])[0])


def chance(score: float, tries: int) -> float:
    """The most likely it can be that the best of `tries` scores of an unmarked file is this high (Hoeffding's inequality)."""
    return min(1.0, tries * math.exp(-(score**2) / 2)) if score > 0 else 1.0


def read(book: Book, seen: np.ndarray, *, tries: int = 1) -> Watermark:
    """What the cells, (cells,), say, when they are those of the best of so many `tries` to find the pattern's place."""
    score = presence(book, seen)
    if score < PRESENT or chance(score, tries) > RARE:
        return Watermark(decision="absent", score=round(score, 2))
    symbols = layout(book).symbols
    values = bytes(int(np.argmax(_score(seen[cells], _alphabet(book, place)))) for place, cells in enumerate(symbols))
    payload = int.from_bytes(values[:4], "big")
    if _guarded(payload) != values:
        reason = "there is a watermark, but too little of it is left to read its number"
        return Watermark(decision="abstain", score=round(score, 2), reason=reason)
    alarm = chance(score, tries) / 2**CHECK_BITS
    return Watermark(decision="found", score=round(score, 2), payload=payload, false_alarm=float(f"{alarm:.2g}"))


def _score(seen: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """Scores of (k, n) signs against (n,) values; all 0 where there is nothing to be seen."""
    length = float(np.linalg.norm(seen))
    return signs @ seen / length if length > 0 else np.zeros(len(signs))


def _guarded(payload: int) -> bytes:
    raw = payload.to_bytes(4, "big")
    return raw + binascii.crc_hqx(raw, 0xFFFF).to_bytes(2, "big")


@lru_cache(maxsize=4 * SYMBOLS)
def _alphabet(book: Book, place: int) -> np.ndarray:
    return _signs(f"{book.name} byte {place} {book.cells}", VALUES, book.group)


def _signs(what: str, rows: int, columns: int) -> np.ndarray:
    """(rows, columns) of +1 and -1 as float32."""
    count = rows * columns
    bits = np.unpackbits(np.frombuffer(_stream(what, (count + 7) // 8), np.uint8))[:count]
    return (bits.reshape(rows, columns).astype(np.float32) * 2) - 1


def _stream(what: str, count: int) -> bytes:
    return hashlib.shake_256(f"cutroom watermark 1 {what}".encode()).digest(count)
