"""What is asked of a server and what came back, as values: flows are written with these, without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cutroom.errors import GiveUp, WrongUse
from cutroom.net.secret import Secret, hide

LOCAL = ("localhost", "127.0.0.1", "::1")
"""The names of this machine."""

WORDS = 300
"""So many characters of a server's own words are passed on."""

Part = tuple[str, Path | bytes, str, str]
"""A file of a form: the field, the content, the file name, the media type."""


@dataclass(frozen=True)
class Endpoint:
    """A server: where it answers, with which key, and how long and how much it may answer."""

    url: str
    """The address that paths are joined to, such as ``http://127.0.0.1:8000/v1``; slashes at its end do not count. What
    stands after a ``?`` goes along with every call."""
    key: Secret | None = None
    seconds: float = 600
    """After how long an exchange has failed, its download included."""
    most_bytes: int = 2 * 2**30
    """The largest answer that is taken into a file."""
    most_bytes_held: int = 256 * 2**20
    """The largest answer that is taken into memory."""
    hosts: tuple[str, ...] = ()
    """Other hosts that files may be fetched from (``cdn.example.com``, ``*.example.com``); the key is never sent there."""
    scheme: str = "Bearer"
    """What stands before the key in the Authorization header: ``Bearer``, or ``Key``."""

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise WrongUse(f"{hide(self.url)}: not the address of a server; write it as http://127.0.0.1:8000/v1")
        if parts.username or parts.password:
            raise WrongUse(
                f"the address of {parts.hostname} holds a password; put the key into an environment variable and name it "
                "with key_env"
            )
        object.__setattr__(self, "url", parts._replace(path=parts.path.rstrip("/"), fragment="").geturl())

    @property
    def host(self) -> str:
        """The server's host, in lower case."""
        return _split(self.url).hostname or ""

    @property
    def local(self) -> bool:
        """True when the server runs on this machine."""
        return self.host in LOCAL

    @property
    def shown(self) -> str:
        """The address for people: without what stands after the ``?``, which may be secret."""
        return self.url.partition("?")[0]


@dataclass(frozen=True)
class Request:
    """One thing asked of a server. Exactly one of `json`, `form` with `files`, or nothing is its body."""

    method: str
    path: str
    """Joined to the endpoint's address; a whole address only on the same host, or on one of its `hosts`."""
    json: Any = None
    form: Mapping[str, str] | None = None
    """Sent as multipart/form-data, with or without files."""
    files: tuple[Part, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    paid: bool = False
    """True when it may cost money, or may not be done twice: no answer is then Ambiguous, and not TryLater."""
    into: Path | None = None
    """Where the body goes; None: into memory."""
    takes: tuple[int, ...] = ()
    """Statuses of failure that whoever asks wants to see, such as 404; all others are raised."""
    harmless: bool = False
    """True when a POST only asks for something, so that it may be sent again like a GET."""
    linked: bool = False
    """True when `path` is a link out of an answer: one that begins with a slash then begins at the host's root."""
    seconds: float | None = None
    """Overrides the endpoint's limit."""


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in lower case."""
    body: bytes = field(default=b"", repr=False)
    """Empty when it went into a file."""
    where: str = "the server"
    """What was asked, for messages."""
    secrets: tuple[Secret, ...] = field(default=(), repr=False)

    @property
    def kind(self) -> str:
        """The media type that the server claims, without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body read as JSON. Raises GiveUp, with the beginning of what came, when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise GiveUp(
                f"{self.where}: the answer is no JSON but {beginning(self.body, self.secrets)!r}; "
                "is this the right address, and does it end as the server's manual says (often in /v1)?",
                billed=None,
            ) from error


def beginning(body: bytes, secrets: tuple[Secret, ...] = ()) -> str:
    """The first words of a body, for a message: one line, secrets hidden, at most `WORDS` characters."""
    text = body[: 8 * WORDS].decode("utf-8", "replace")
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return hide(line, secrets)[:WORDS]


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here, because it is what raises
    except ValueError as error:
        raise WrongUse(f"{hide(url)}: not the address of a server ({error})") from error
    return parts
