"""A mapping that is never changed: putting something in gives another one, and costs little however large it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value")

COUNT = 128
"""So many dictionaries share the keys: a change copies one of them, and the list of all."""


class Shards(Mapping[str, Value], Generic[Value]):
    """Values by name, in no particular order. `State` is folded event by event, and every state stays what it was."""

    __slots__ = ("_parts", "_size")

    def __init__(self, parts: tuple[dict[str, Value], ...] = ({},) * COUNT, size: int = 0) -> None:
        self._parts = parts
        self._size = size

    def __getitem__(self, name: str) -> Value:
        return self._parts[hash(name) % COUNT][name]

    def __iter__(self) -> Iterator[str]:
        return (name for part in self._parts for name in part)

    def __len__(self) -> int:
        return self._size

    def with_item(self, name: str, value: Value) -> Shards[Value]:
        """This mapping with one more value, or another one under this name."""
        place = hash(name) % COUNT
        part = self._parts[place]
        parts = (*self._parts[:place], {**part, name: value}, *self._parts[place + 1 :])
        return Shards(parts, self._size + (name not in part))
