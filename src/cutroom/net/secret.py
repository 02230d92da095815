"""Secrets: held, handed to one header, and shown nowhere else."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, NoReturn

from cutroom.errors import Unavailable, WrongUse

HIDDEN = "•••"
"""What stands where a secret would."""

SERVICE = "cutroom"
"""The name under which a keyring holds our keys."""

_RUN = 8
"""So many characters of a secret in a row are taken for the secret: servers like to repeat the half of a wrong key."""

_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|rk|hf|gsk|xai|fal|key|r8|AIza)[-_][\w.*-]{6,}|(?<=Bearer )\S{6,}")
"""Keys by their usual look: somebody else's key in an error message is a secret too."""


class Secret:
    """A key or a token. `str`, `repr`, formats, logs and errors show ``•••``; only `reveal` gives it away.

    It is pickled as the name of its environment variable, never as its value: another process reads its own.
    """

    __slots__ = ("_name", "_value")

    def __init__(self, value: str, *, name: str = "") -> None:
        """Holds `value`; `name` is the environment variable that it came from.

        Raises WrongUse when it could not be sent in a header.
        """
        if not value or not value.isascii() or not value.isprintable():
            raise WrongUse(
                f"the key in {name or 'your settings'} is empty, or holds a line break or a letter that no key has; "
                "copy it again"
            )
        self._value = value
        self._name = name

    @classmethod
    def from_env(cls, name: str) -> Secret | None:
        """The secret in the environment variable `name`, else in the keyring (if one is installed), else None."""
        value = (os.environ.get(name) or _from_keyring(name) or "").strip()
        return cls(value, name=name) if value else None

    @property
    def name(self) -> str:
        """Where it comes from; empty when nobody said."""
        return self._name

    def reveal(self) -> str:
        """The secret itself: for the header of a request, and for nothing else."""
        return self._value

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __format__(self, _spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memory: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if not self._name:
            self._refuse()
        return _again, (self._name,)

    def _refuse(self) -> NoReturn:
        raise TypeError(
            "a secret without the name of its environment variable cannot be pickled: it would be written down"
        )


def _again(name: str) -> Secret:
    found = Secret.from_env(name)
    if found is None:
        raise Unavailable(f"the key {name} is not set here; set the environment variable {name} on this machine too")
    return found


def _from_keyring(name: str) -> str | None:
    """The entry `name` of the machine's keyring; None without a keyring, or when it is locked."""
    if find_spec("keyring") is None:
        return None
    import keyring  # pyright: ignore[reportMissingImports] - optional
    from keyring.errors import KeyringError  # pyright: ignore[reportMissingImports]

    try:
        return keyring.get_password(SERVICE, name)
    except KeyringError:
        return None


def hide(text: str, secrets: Iterable[Secret | None] = ()) -> str:
    """`text` with every secret in it (whole, or eight characters of it in a row) and whatever looks like a key hidden."""
    for secret in secrets:
        if secret is not None:
            text = _without(text, secret.reveal())
    return _LIKE_A_KEY.sub(HIDDEN, text)


def _without(text: str, value: str) -> str:
    text = text.replace(value, HIDDEN)
    if len(value) <= _RUN:
        return text
    runs = {value[at : at + _RUN] for at in range(len(value) - _RUN + 1)}
    shown: list[str] = []
    until = 0
    for at, letter in enumerate(text):
        if text[at : at + _RUN] in runs:
            if at >= until:
                shown.append(HIDDEN)
            until = max(until, at + _RUN)
        if at >= until:
            shown.append(letter)
    return "".join(shown)
