"""Every exchange with a model, kept: what was asked, what came, turn by turn, so that it is never asked or paid for twice.

An exchange is found by its key, the SHA-256 of what was asked. It is written after every turn: after a crash the
conversation goes on with the turn that is missing, and a replay of all of them opens no connection.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from cutroom.chat.heard import Heard
from cutroom.errors import Ambiguous, Damaged, NoSpace, Unavailable
from cutroom.media.store import Store

FOLDER = "exchanges"
"""Where exchanges lie within a store."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)


def canonical(value: Any) -> bytes:
    """JSON that is the same for equal values: sorted, without spaces, UTF-8."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    """The SHA-256 of the canonical form of `value`, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


class Taken(BaseModel):
    """One turn of a conversation that was made."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    rung: str
    """How the answer was asked for. Turns are found by it and by their order, and not by our own wording: what was paid
    for under an earlier Cutroom still counts."""
    heard: Heard


class Exchange(BaseModel):
    """A conversation with a model, as far as it came."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: Literal[1] = 1
    request: dict[str, Any]
    """What was asked, with digests in place of media. Its own digest is the key."""
    server: str = ""
    """The address that answered; no part of the key."""
    skipped: tuple[str, ...] = ()
    """Rungs that the server was known to refuse when the conversation began."""
    turns: tuple[Taken, ...] = ()


class Exchanges(Protocol):
    """Where exchanges are kept."""

    def find(self, key: str) -> Exchange | None:
        """The exchange under `key`, as far as it came. Raises Damaged when it cannot be read."""
        ...

    def sent(self, key: str, *, turn: int, paid: bool) -> None:
        """Called before turn number `turn` (from 0) goes out; returns when that is durable where money is at stake.

        Raises Ambiguous when this turn went out before and no answer was kept; Unavailable where nothing may be sent.
        """
        ...

    def keep(self, key: str, exchange: Exchange, *, paid: bool) -> None:
        """Called when what came is known, even when it is nothing. Returns when `exchange` is durable, if it was paid for."""
        ...


class StoreExchanges:
    """Exchanges in a folder of a store: ``exchanges/ab/<key>.json``, and ``<key>.<turn>.sent`` while a paid call is under way.

    A file is there whole or not at all. What was paid for is synced to the disk before the work goes on; what was free is
    left to the system, because a loss of power costs only asking again.
    """

    def __init__(self, store: Store, *, on_ambiguous: Literal["ask", "resubmit"] = "ask") -> None:
        """Keeps in `store`. A paid call that went out before a crash is Ambiguous, or is sent again with "resubmit"."""
        self.root = store.root / FOLDER
        self.on_ambiguous = on_ambiguous

    def place(self, key: str) -> Path:
        """Where the exchange under `key` belongs."""
        return self.root / key[:2] / f"{key}.json"

    def find(self, key: str) -> Exchange | None:
        """The exchange under `key`. Raises Damaged when its bytes are not those that were kept."""
        path = self.place(key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        if not data.strip(b"\0"):
            return None  # what a loss of power leaves of a file that was not synced: a free one
        try:
            held = json.loads(data)
            exchange = Exchange.model_validate(held["exchange"])
        except (ValueError, TypeError, KeyError, RecursionError, ValidationError) as error:
            raise _damaged(path) from error
        if digest(held["exchange"]) != held.get("sha256") or digest(exchange.request) != key:
            raise _damaged(path)
        return exchange

    def sent(self, key: str, *, turn: int, paid: bool) -> None:
        """Marks a paid call as under way. Raises Ambiguous when it was and no answer was kept."""
        if not paid:
            return
        mark = self._mark(key, turn)
        with self._named():
            self._make_folder(mark.parent)
            try:
                mark.touch(exist_ok=self.on_ambiguous == "resubmit")
            except FileExistsError:
                raise Ambiguous(
                    f"turn {turn + 1} of the exchange {key[:12]} was sent before, and its answer was not kept: it may have "
                    "been billed; send it again with --on-ambiguous resubmit"
                ) from None
            _sync(mark.parent)

    def keep(self, key: str, exchange: Exchange, *, paid: bool) -> None:
        """Writes the exchange: temporary file, rename, and synced when it was paid for. Raises NoSpace on a full disk."""
        held = exchange.model_dump(mode="json")
        path = self.place(key)
        with self._named():
            self._make_folder(path.parent)
            _write(path, canonical({"exchange": held, "sha256": digest(held)}), durable=paid)
            # The turn that was under way is the last one kept, or the one after it when nothing came.
            for turn in (len(exchange.turns) - 1, len(exchange.turns)) if paid else ():
                self._mark(key, turn).unlink(missing_ok=True)

    def _mark(self, key: str, turn: int) -> Path:
        return self.root / key[:2] / f"{key}.{turn}.sent"

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            for above in (self.root, self.root.parent):
                _sync(above)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """A full disk says so."""
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise NoSpace(
                    f"{self.root}: {error.strerror}; free some space, or choose another place with -o"
                ) from error
            raise


def _damaged(path: Path) -> Damaged:
    return Damaged(f"{path}: the kept answer of a model is damaged; delete the file to ask (and pay) again")


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    handle, name = tempfile.mkstemp(prefix="new-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(name, path)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
    if durable:
        _sync(path.parent)


def _sync(folder: Path) -> None:
    """Makes names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class ReplayOnly:
    """Exchanges that were kept, and no new ones: whatever would go out is refused."""

    def __init__(self, kept: Exchanges | Mapping[str, Exchange]) -> None:
        """Answers from `kept`."""
        self._kept = kept

    def find(self, key: str) -> Exchange | None:
        """What was kept under `key`."""
        return self._kept.get(key) if isinstance(self._kept, Mapping) else self._kept.find(key)

    def sent(self, key: str, *, turn: int, paid: bool) -> None:
        """Raises Unavailable: a replay asks nobody."""
        raise Unavailable(
            f"turn {turn + 1} of the exchange {key[:12]} was not kept, and a replay asks no model; run it without --replay"
        )

    def keep(self, key: str, exchange: Exchange, *, paid: bool) -> None:
        """Nothing new comes to be kept."""


class Unkept:
    """Keeps nothing: for a trial call that no production rests on."""

    def find(self, key: str) -> Exchange | None:
        """Always None."""
        return None

    def sent(self, key: str, *, turn: int, paid: bool) -> None:
        """Nothing is written."""

    def keep(self, key: str, exchange: Exchange, *, paid: bool) -> None:
        """Nothing is written."""
