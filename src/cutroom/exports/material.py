"""The media of an export, copied beside it under names that people can read."""

from __future__ import annotations

import errno
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from cutroom.errors import BrokenProduction, NoSpace
from cutroom.exports.edit import Edit
from cutroom.media.kinds import Media
from cutroom.timeline.timeline import Clip

FOLDER = "media"
LONGEST = 60
"""How many characters of a name are kept."""
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
"""Names that Windows keeps for itself."""


@dataclass(frozen=True)
class Material:
    """Copied media, by digest."""

    folder: Path
    """The export's own folder, complete and as it will be called."""
    files: Mapping[str, str]
    """Where each lies in it, e.g. ``media/lake_3fa2c1d0.jpg``."""
    lost: tuple[tuple[str, str], ...] = ()
    """What could not be copied, and why."""

    def relative(self, media: Media) -> str:
        """The path from the export's folder, percent-encoded."""
        return quote(self.files[media.digest])

    def url(self, media: Media) -> str:
        """The whole address, ``file:///…``."""
        return (self.folder / self.files[media.digest]).as_uri()

    def path(self, media: Media) -> str:
        """The whole path."""
        return str(self.folder / self.files[media.digest])

    def name(self, media: Media) -> str:
        """The file's own name."""
        return PurePosixPath(self.files[media.digest]).name


def safe_name(name: str) -> str:
    """`name` without its suffix, as every file system and editor takes it: letters, digits, ``-``, ``_`` and ``.``.

    >>> safe_name("Lake at dawn (1).JPG"), safe_name("../../etc/passwd"), safe_name("日の出.png"), safe_name("con.mp4")
    ('Lake_at_dawn_1', 'passwd', '日の出', '_con')
    """
    base = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    stem = base.rsplit(".", 1)[0] if "." in base.strip(".") else base
    kept = "".join(char if char.isalnum() or char in "-." else "_" for char in stem)
    while "__" in kept:
        kept = kept.replace("__", "_")
    kept = kept.strip("._ ")[:LONGEST].rstrip("._ ")
    return f"_{kept}" if kept.casefold() in RESERVED else kept or "unnamed"


def used(edit: Edit) -> list[Media]:
    """Every medium of the timeline, once, in order: pictures first, then sounds."""
    found: list[Media] = [item.media for item in edit.timeline.picture if isinstance(item, Clip)]
    found += [inset.clip.media for inset in edit.timeline.insets]
    found += [edit.timeline.lut.media] if edit.timeline.lut else []
    found += [sound.media for track in edit.timeline.sound for sound in track.sounds]
    return list({media.digest: media for media in found}.values())


def gather(edit: Edit, into: Path, folder: Path) -> Material:
    """Copies every medium of the cut into ``media/`` of `into`, which will be called `folder` when it is complete.

    What the store has lost is named and told, and its place in the cut stays. Raises NoSpace when the disk is full.
    """
    (into / FOLDER).mkdir(parents=True, exist_ok=True)
    files: dict[str, str] = {}
    lost: list[tuple[str, str]] = []
    for media in used(edit):
        place = f"{FOLDER}/{safe_name(edit.name(media.digest))}_{media.digest[:8]}{media.suffix}"
        files[media.digest] = place
        try:
            _copy(edit.store.path(media), into / place)
        except BrokenProduction as error:
            lost.append((edit.name(media.digest), str(error)))
    return Material(folder, files, tuple(lost))


def _copy(source: Path, place: Path) -> None:
    try:
        shutil.copyfile(source, place)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES):
            raise NoSpace(f"{place}: {error.strerror}; free some space, or choose another place with -o") from error
        raise
