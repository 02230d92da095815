"""Tables of colours in the .cube format (Adobe's Cube LUT Specification 1.0): reading, checking and writing them.

A table says for each R'G'B' colour which other one is shown instead. 1D tables do so for each channel by itself, 3D ones
for every colour. Rows of a 3D table count red fastest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cutroom.errors import BadInput

LARGEST_3D = 65
LARGEST_1D = 65_536
LONGEST = 64_000_000
"""Bytes of the largest file that is read: a full table of 65³ colours has some 8 million."""

_DOMAINS = {"DOMAIN_MIN": 0.0, "DOMAIN_MAX": 1.0}
_SIZES = {"LUT_1D_SIZE": LARGEST_1D, "LUT_3D_SIZE": LARGEST_3D}
_RANGES = ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE")
"""How some programs (DaVinci Resolve among them) write the domain: two numbers for all channels."""
_WAY_OUT = "export it anew as .cube from the program that made it"


@dataclass(frozen=True, eq=False)
class Table:
    """A table of colours, over a domain of its own."""

    values: np.ndarray
    """(n, 3) float32 for a 1D table; (n, n, n, 3), indexed by blue, green and red, for a 3D one. R', G', B', 0 to 1."""
    low: tuple[float, float, float] = (0.0, 0.0, 0.0)
    high: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """The colours that the first and the last entries stand for; what lies beyond counts as those."""
    title: str = ""

    @property
    def size(self) -> int:
        """How many entries an axis has."""
        return self.values.shape[0]

    @property
    def solid(self) -> bool:
        """True for a 3D table."""
        return self.values.ndim == 4

    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        """`rgb` (…, 3), 0 to 1, through the table, as float64 (…, 3).

        3D tables are interpolated in the tetrahedron that a colour lies in (the four corners on the way from the nearest
        darker to the nearest lighter entry): greys stay as clean as the table has them.
        """
        low, high = np.array(self.low), np.array(self.high)
        at = np.clip((np.asarray(rgb, np.float64) - low) / (high - low), 0, 1) * (self.size - 1)
        return self._inside(at) if self.solid else self._apart(at)

    def _apart(self, at: np.ndarray) -> np.ndarray:
        steps = np.arange(self.size)
        return np.stack([np.interp(at[..., one], steps, self.values[:, one]) for one in range(3)], axis=-1)

    def _inside(self, at: np.ndarray) -> np.ndarray:
        first = np.minimum(at.astype(np.int64), self.size - 2)
        rest = at - first
        # From the darker corner one step along each axis, the axis with the largest rest first.
        order = np.argsort(-rest, axis=-1, kind="stable")
        corner = first.copy()
        before = np.ones(at.shape[:-1])
        found = np.zeros(at.shape)
        for step in range(3):
            axis = order[..., step : step + 1]
            share = np.take_along_axis(rest, axis, -1)[..., 0]
            found += (before - share)[..., None] * self._at(corner)
            corner = corner + (np.arange(3) == axis)
            before = share
        return found + before[..., None] * self._at(corner)

    def _at(self, corner: np.ndarray) -> np.ndarray:
        return self.values[corner[..., 2], corner[..., 1], corner[..., 0]].astype(np.float64)

    def plain(self) -> Table:
        """The same as a 3D table over 0 to 1, or as a 1D one over 0 to 1: what every program reads."""
        if self.low == (0.0, 0.0, 0.0) and self.high == (1.0, 1.0, 1.0):
            return self
        # A wider domain has fewer entries within 0 to 1: as many as there may be keep them all.
        size = LARGEST_3D if self.solid else max(4096, self.size)
        return Table(_sampled(self, size, solid=self.solid), title=self.title)

    def text(self) -> str:
        """The table as the text of a .cube file."""
        kind = "3D" if self.solid else "1D"
        rows = "\n".join(f"{r:.7g} {g:.7g} {b:.7g}" for r, g, b in self.values.reshape(-1, 3))
        domain = ""
        if (self.low, self.high) != ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)):
            low, high = (" ".join(f"{one:.7g}" for one in edge) for edge in (self.low, self.high))
            domain = f"DOMAIN_MIN {low}\nDOMAIN_MAX {high}\n"
        return f"LUT_{kind}_SIZE {self.size}\n{domain}{rows}\n"


def _sampled(table: Table, size: int, *, solid: bool) -> np.ndarray:
    ramp = np.linspace(0, 1, size)
    if not solid:
        return table(np.repeat(ramp[:, None], 3, axis=1)).astype(np.float32)
    return table(colours(size)).astype(np.float32)


def colours(size: int) -> np.ndarray:
    """Every colour of a table of this size, (size, size, size, 3) float64, indexed by blue, green and red."""
    ramp = np.linspace(0, 1, size)
    blue, green, red = np.meshgrid(ramp, ramp, ramp, indexing="ij")
    return np.stack([red, green, blue], axis=-1)


def read(path: Path) -> Table:
    """The table in the .cube file at `path`. Raises BadInput, which names the line and what stands there."""
    if path.stat().st_size > LONGEST:
        raise BadInput(path, f"is too large for a table of colours (over {LONGEST // 1_000_000} MB)", _WAY_OUT)
    data = path.read_bytes()
    if b"\x00" in data[:4096]:
        raise BadInput(path, "is no .cube file: it holds bytes that are no text", _WAY_OUT)
    # Only the title may hold other letters than ASCII's.
    return _Reader(path).read(data.decode("utf-8-sig", "replace").splitlines())


class _Reader:
    """Goes through the lines of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.title = ""
        self.kind, self.size = "", 0
        self.domain = {"DOMAIN_MIN": (0.0, 0.0, 0.0), "DOMAIN_MAX": (1.0, 1.0, 1.0)}
        self.rows: list[tuple[float, float, float]] = []

    def read(self, lines: list[str]) -> Table:
        for number, line in self._told(lines):
            if line[0].isalpha():
                self._said(number, line)
            else:
                self.rows.append(self._numbers(number, line, line.split()))
                self._check_room(number)
        return self._table()

    def _told(self, lines: list[str]) -> Iterator[tuple[int, str]]:
        """The lines that say something, with their numbers from 1."""
        for number, line in enumerate(lines, 1):
            plain = line.strip() if line.lstrip().startswith("TITLE") else line.split("#", 1)[0].strip()
            # "nan" and "inf" are numbers to Python and words to everybody else; _said turns them away.
            if plain and not plain.startswith("#"):
                yield number, plain

    def _said(self, number: int, line: str) -> None:
        word, _, rest = line.partition(" ")
        word, given = word.strip().upper(), rest.split()
        if word.split("\t")[0] != word:
            word, given = word.split("\t")[0], [*word.split("\t")[1:], *given]
        if word == "TITLE":
            self.title = rest.strip().strip('"')[:200]
        elif word in _SIZES:
            self._sized(number, line, word, given)
        elif word in _DOMAINS:
            self.domain[word] = self._numbers(number, line, given)
        elif word in _RANGES:
            low, high = self._both(number, line, given)
            self.domain = {"DOMAIN_MIN": (low, low, low), "DOMAIN_MAX": (high, high, high)}
        else:
            raise self._bad(number, f"{line[:60]!r} is no word of a .cube file")

    def _sized(self, number: int, line: str, word: str, given: list[str]) -> None:
        if self.kind:
            raise self._bad(number, f"{line[:60]!r}, but the table's size was given before ({self.kind} {self.size})")
        if self.rows:
            raise self._bad(number, f"{line[:60]!r} stands behind the first colours; it must stand before them")
        most = _SIZES[word]
        if len(given) != 1 or not given[0].isascii() or not given[0].isdigit() or not 2 <= int(given[0]) <= most:
            raise self._bad(number, f"{line[:60]!r}: the size must be a whole number from 2 to {most}")
        self.kind, self.size = word, int(given[0])

    def _numbers(self, number: int, line: str, given: list[str]) -> tuple[float, float, float]:
        found = [self._number(number, line, one) for one in given]
        if len(found) != 3:
            raise self._bad(number, f"{line[:60]!r} holds {len(found)} numbers where 3 are wanted")
        return found[0], found[1], found[2]

    def _both(self, number: int, line: str, given: list[str]) -> tuple[float, float]:
        if len(given) != 2:
            raise self._bad(number, f"{line[:60]!r} holds {len(given)} numbers where 2 are wanted")
        return self._number(number, line, given[0]), self._number(number, line, given[1])

    def _number(self, number: int, line: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise self._bad(number, f"{text[:40]!r} is no number (in {line[:60]!r})") from None
        if not math.isfinite(value):
            raise self._bad(number, f"{text[:40]!r} is no number (in {line[:60]!r})")
        return value

    def _check_room(self, number: int) -> None:
        if not self.kind:
            raise self._bad(number, "colours stand here before LUT_3D_SIZE or LUT_1D_SIZE has said how many there are")
        if len(self.rows) > self._wanted:
            raise self._bad(number, f"there are more colours than {self.kind} {self.size} says ({self._wanted})")

    @property
    def _wanted(self) -> int:
        return self.size**3 if self.kind == "LUT_3D_SIZE" else self.size

    def _table(self) -> Table:
        if not self.kind:
            raise BadInput(self.path, "is no .cube file: nothing in it says LUT_3D_SIZE or LUT_1D_SIZE", _WAY_OUT)
        if len(self.rows) != self._wanted:
            says = f"ends after {len(self.rows)} colours where {self.kind} {self.size} wants {self._wanted}"
            raise BadInput(self.path, says, _WAY_OUT)
        low, high = self.domain["DOMAIN_MIN"], self.domain["DOMAIN_MAX"]
        if any(a >= b for a, b in zip(low, high, strict=True)):
            raise BadInput(self.path, f"has a domain from {low} to {high}: each end must lie above its start", _WAY_OUT)
        values = np.array(self.rows, np.float32)
        shape = (self.size,) * 3 + (3,) if self.kind == "LUT_3D_SIZE" else (self.size, 3)
        return Table(values.reshape(shape), low, high, self.title)

    def _bad(self, line: int, what: str) -> BadInput:
        return BadInput(self.path, f"line {line}: {what}", _WAY_OUT)
