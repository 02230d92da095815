"""Hands over what was made: the film at its place, the captions and the plan in the production's folder."""

from __future__ import annotations

import errno
import os
import shutil
from glob import escape
from pathlib import Path

from cutroom.errors import NoSpace
from cutroom.ledger.events import Deliverable
from cutroom.media.store import digest_of


def put_file(source: Path, place: Path, kind: str, digest: str | None = None) -> Deliverable:
    """A copy of `source` at `place`, whole or not at all; left alone when it is there already. Raises NoSpace."""
    digest = digest or digest_of(source).digest
    if not (place.is_file() and place.stat().st_size == source.stat().st_size and digest_of(place).digest == digest):
        _swap_in(place, lambda temporary: shutil.copyfile(source, temporary))
    return Deliverable(kind=kind, path=str(place), sha256=digest)  # pyright: ignore[reportArgumentType]


def put_bytes(data: bytes, place: Path, kind: str) -> Deliverable:
    """`data` at `place`, whole or not at all. Raises NoSpace."""
    _swap_in(place, lambda temporary: temporary.write_bytes(data))
    return Deliverable(kind=kind, path=str(place), sha256=digest_of(place).digest)  # pyright: ignore[reportArgumentType]


def put_text(text: str, place: Path, kind: str) -> Deliverable:
    """`text` at `place`, whole or not at all. Raises NoSpace."""
    _swap_in(place, lambda temporary: temporary.write_text(text, "utf-8"))
    return Deliverable(kind=kind, path=str(place), sha256=digest_of(place).digest)  # pyright: ignore[reportArgumentType]


def _swap_in(place: Path, write) -> None:  # noqa: ANN001 - a callable of one path
    temporary = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        # One process at a time works on a production: what others left here, they did not live to finish.
        for left in place.parent.glob(f".{escape(place.name)}.*.part"):
            left.unlink()
        write(temporary)
        os.replace(temporary, place)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES):
            raise NoSpace(f"{place}: {error.strerror}; free some space, or choose another place with -o") from error
        raise
