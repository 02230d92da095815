"""What is said to a model: messages made of words, quoted text, pictures, sounds and clips.

Nothing here opens a file: `cutroom.chat.showing` does when a message is sent. A message is known by its canonical form,
which holds digests in place of media, so that the same conversation has the same key on any machine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from cutroom.chat.fence import fenced
from cutroom.errors import WrongUse
from cutroom.media.kinds import Audio, Image, Media, Video
from cutroom.media.store import Store

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True)
class Words:
    """Text of our own making: it instructs. Never put into it what a file or a model said; that is `Quoted`."""

    text: str

    def canonical(self) -> dict[str, Any]:
        """Its part of a key."""
        return {"words": self.text}


@dataclass(frozen=True)
class Quoted:
    """Text from a file or a model: sent within a fence, as data."""

    text: str
    source: str = ""
    """Where it comes from, such as a file's name."""
    most: int = 20_000
    """Longer text is cut, and says so."""

    def canonical(self) -> dict[str, Any]:
        """Its part of a key: the fenced form, so that a better fence is a new conversation."""
        return {"quoted": self.fenced()}

    def fenced(self) -> str:
        """As it is sent."""
        return fenced(self.text, self.source, most=self.most)


@dataclass(frozen=True)
class Shown:
    """What pictures, sounds and clips share: bytes known by their digest, in a file or in memory."""

    digest: str
    """SHA-256 of the bytes."""
    source: Path | bytes
    """Where the bytes are, or the bytes."""

    @classmethod
    def media(cls, media: Media, store: Store, **settings: Any) -> Self:
        """A medium that lies in `store`. Raises BrokenProduction when it is gone."""
        return cls(media.digest, store.path(media), **settings)

    @classmethod
    def data(cls, data: bytes, **settings: Any) -> Self:
        """Bytes, as read from a file."""
        return cls(hashlib.sha256(data).hexdigest(), data, **settings)


@dataclass(frozen=True)
class Picture(Shown):
    """A picture, sent upright and in sRGB."""

    longest: int = 1024
    """Its longest side in pixels as sent; smaller ones keep their size."""

    def canonical(self) -> dict[str, Any]:
        """Its part of a key."""
        return {"picture": self.digest, "longest": self.longest}


@dataclass(frozen=True)
class Sound(Shown):
    """A sound, or the sound of a clip."""

    seconds: int = 300
    """At most so much of its beginning is sent."""

    def canonical(self) -> dict[str, Any]:
        """Its part of a key."""
        return {"sound": self.digest, "seconds": self.seconds}


@dataclass(frozen=True)
class Clip(Shown):
    """A clip: as frames, or whole where the server takes clips."""

    frames: int = 8
    """How many frames are sent, evenly spread, where the server takes pictures only."""
    longest: int = 768
    """The longest side of each, in pixels."""

    def canonical(self) -> dict[str, Any]:
        """Its part of a key."""
        return {"clip": self.digest, "frames": self.frames, "longest": self.longest}


Part = Words | Quoted | Picture | Sound | Clip


def shown(media: Media, store: Store, **settings: Any) -> Picture | Sound | Clip:
    """`media` as a part of a message. Raises WrongUse for text and cuts, whose words go into `Quoted`."""
    match media:
        case Image():
            return Picture.media(media, store, **settings)
        case Audio():
            return Sound.media(media, store, **settings)
        case Video():
            return Clip.media(media, store, **settings)
        case _:
            raise WrongUse(f"{media.medium} cannot be shown to a model; hand over its words as Quoted(text, source)")


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Role
    parts: tuple[Part, ...]
    call: str = ""
    """For the role ``tool``: the id of the call that this is the result of."""
    calls: tuple[tuple[str, str, str], ...] = ()
    """For the role ``assistant``: the calls that it made, as (id, name, arguments)."""

    def canonical(self) -> dict[str, Any]:
        """Its part of a key: JSON."""
        said: dict[str, Any] = {"role": self.role, "parts": [part.canonical() for part in self.parts]}
        if self.call:
            said["call"] = self.call
        if self.calls:
            said["calls"] = [list(call) for call in self.calls]
        return said

    @property
    def quotes(self) -> bool:
        """True when it holds text from a file or a model."""
        return any(isinstance(part, Quoted) for part in self.parts)


def _message(role: Role, parts: tuple[Part | str, ...]) -> Message:
    return Message(role, tuple(Words(part) if isinstance(part, str) else part for part in parts))


def system(*parts: Part | str) -> Message:
    """What the model is to be and do. Plain strings are our own words."""
    return _message("system", parts)


def user(*parts: Part | str) -> Message:
    """What is asked. Plain strings are our own words; what files hold goes into `Quoted`."""
    return _message("user", parts)


def assistant(*parts: Part | str) -> Message:
    """What the model said before."""
    return _message("assistant", parts)
