"""Takes by key, as records in the store: what one production has made, another one with the same store uses again.

A record is written when the bytes are in the store, and never changed. It is a memory, not the truth: a production's own
ledger decides what it has. A record that cannot be read, or whose bytes are not there, is as if there were none.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cutroom.errors import TryLater
from cutroom.media.kinds import AnyMedia
from cutroom.time import Exact

if TYPE_CHECKING:
    from cutroom.media.store import Store

_KEY = re.compile(r"[0-9a-f]{16,128}")


class Said(BaseModel):
    """Something that is not as asked, and why."""

    model_config = ConfigDict(frozen=True)

    what: str
    why: str


class Known(BaseModel):
    """A take that somebody made."""

    # Fields of a later version are passed over: what is needed here is here.
    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    schema_name: Literal["cutroom.take.1"] = "cutroom.take.1"
    key: str
    media: AnyMedia
    performer: str
    version: str
    cost: Decimal = Decimal(0)
    """What whoever made it paid."""
    currency: str
    wall_seconds: Exact
    degraded: tuple[Said, ...] = ()


class Takes:
    """The records of a store: ``takes/ab/abcdef….json``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, key: str) -> Known | None:
        """The take with this key, whoever made it; None when nobody did. Its bytes may still turn out to be gone.

        Raises TryLater when a shared store cannot be reached.
        """
        if not _KEY.fullmatch(key):
            return None
        data = self._store.read_note(_name(key))
        if data is None:
            return None
        try:
            found = Known.model_validate_json(data)
        except ValidationError:
            return None
        return found if found.key == key else None

    def keep(self, known: Known) -> None:
        """Writes a record down, unless there is one whose bytes are there. Raises NoSpace when the disk is full."""
        if not _KEY.fullmatch(known.key):
            return
        try:
            before = self.find(known.key)
            there = before is not None and self._store.has(before.media)
        except TryLater:
            there = False
        if not there:
            self._store.keep_note(_name(known.key), known.model_dump_json(indent=1).encode(), known.media)

    def is_own(self, key: str) -> bool:
        """True when the record was written here, by a production that works in this store's own folder."""
        return bool(_KEY.fullmatch(key)) and (self._store.root / _name(key)).is_file()

    def forget(self, key: str) -> None:
        """Takes the record away from this store's own folder."""
        if _KEY.fullmatch(key):
            self._store.drop_note(_name(key))


def _name(key: str) -> str:
    return f"takes/{key[:2]}/{key}.json"
