"""What a server sent, taken in: read as what it is, never as what it is said to be, and kept."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from cutroom.errors import BadInput, GiveUp
from cutroom.media import clip as clips
from cutroom.media import picture as pictures
from cutroom.media import sound as sounds
from cutroom.media.kinds import Audio, Image, Video, Word
from cutroom.net.exchange import beginning
from cutroom.performers.flow import Degraded
from cutroom.performers.performer import Desk

_NEAR = Fraction(1, 50)
"""Sizes that differ by less are the same to the eye."""


def kept_picture(desk: Desk, path: Path, where: str) -> Image:
    """The picture in the file at `path`, decoded to its end and kept. Raises GiveUp when it is none."""
    try:
        info = pictures.look(path)
        pictures.open_picture(path, max_side=64)
    except BadInput as error:
        raise _nothing(path, where, "picture", error) from error
    named = path.replace(path.with_name(f"picture{info.suffix}"))
    return desk.keep_image(named, width=info.width, height=info.height, alpha=info.alpha)


def kept_clip(desk: Desk, path: Path, where: str) -> Video:
    """The clip in the file at `path`, kept. Raises GiveUp when there is no moving picture in it."""
    try:
        info = clips.look(path)
    except BadInput as error:
        raise _nothing(path, where, "clip", error) from error
    if not info.picture:
        raise GiveUp(f"{where}: the answer is no clip but a sound ({float(info.seconds):.1f} s)", billed=None)
    named = path.replace(path.with_name(f"clip{info.suffix}"))
    kept = desk.keep_video(
        named, seconds=info.seconds, width=info.width, height=info.height, fps=info.fps, sound=info.sound
    )
    return kept.model_copy(update={"constant_rate": info.constant_rate})


def kept_sound(desk: Desk, path: Path, where: str, words: tuple[Word, ...] = ()) -> Audio:
    """The sound in the file at `path`, kept. Raises GiveUp when there is none."""
    info = heard(path, where)
    named = path.replace(path.with_name(f"sound{info.suffix}"))
    return desk.keep_sound(named, seconds=info.seconds, rate=info.rate, channels=info.channels, words=words)


def heard(path: Path, where: str) -> sounds.SoundInfo:
    """What the sound at `path` holds. Raises GiveUp when it holds none that can be decoded."""
    try:
        return sounds.look(path)
    except BadInput as error:
        raise _nothing(path, where, "sound", error) from error


def size_degraded(asked: tuple[int, int], got: tuple[int, int]) -> Degraded | None:
    """What to say when a picture or clip is smaller than asked, or of another shape; None when it is near enough."""
    smaller = any(have < want * (1 - _NEAR) for have, want in zip(got, asked, strict=True))
    shape = Fraction(*got) / Fraction(*asked)
    if not smaller and 1 - _NEAR <= shape <= 1 + _NEAR:
        return None
    return Degraded(
        f"{asked[0]}×{asked[1]} asked, {got[0]}×{got[1]} made", "the model makes no other size that is nearer"
    )


def length_degraded(asked: Fraction, got: Fraction) -> Degraded | None:
    """What to say when a clip or sound is shorter than asked by more than a twentieth; None when it is long enough."""
    if got >= asked * Fraction(19, 20):
        return None
    return Degraded(
        f"{float(asked):.1f} s asked, {float(got):.1f} s made", "the model makes no other length that is nearer"
    )


def _nothing(path: Path, where: str, kind: str, error: BadInput) -> GiveUp:
    """Says what came instead: the file's own first words, when it has any."""
    head = path.read_bytes()[:4096] if path.is_file() and path.stat().st_size < 1 << 26 else b""
    text = head and sum(byte >= 32 or byte in (9, 10, 13) for byte in head) >= 0.95 * len(head)
    came = f"it begins with {beginning(head)!r}" if text else error.reason if head else "it is empty"
    return GiveUp(f"{where}: the answer is no {kind} that can be read: {came}", billed=None)
