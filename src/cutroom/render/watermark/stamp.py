"""What the watermarks of picture and sound carry: four bytes, the same in both, that belong to one cut."""

from __future__ import annotations

from dataclasses import dataclass

BYTES = 4
"""How many bytes a watermark holds."""


@dataclass(frozen=True)
class Stamp:
    """What a film is stamped with, invisibly and inaudibly."""

    payload: bytes
    """Exactly four bytes."""

    def __post_init__(self) -> None:
        """Raises ValueError for a payload of another length."""
        if len(self.payload) != BYTES:
            raise ValueError(f"a stamp holds {BYTES} bytes, and {self.payload!r} has {len(self.payload)}")

    @property
    def number(self) -> int:
        """The payload as a number of 32 bits, as the codes of `watermark.code` take it."""
        return int.from_bytes(self.payload, "big")

    @classmethod
    def of(cls, digest: str) -> Stamp:
        """The stamp of what has this SHA-256, in hexadecimal: its first four bytes."""
        return cls(bytes.fromhex(digest[: 2 * BYTES]))
