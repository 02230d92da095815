"""Who is at work on a cluster: hands that are hired, kept for what they have loaded, and let go when others need the room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

from cutroom.errors import Cancelled

T = TypeVar("T")

Room = Mapping[str, float]
"""Amounts by resource: ``{"CPU": 8, "GPU": 1}``."""


@dataclass(frozen=True, kw_only=True)
class Post:
    """What a hand is hired for. Hands of equal posts can do each other's work."""

    resident: str = ""
    """What stays loaded in it; empty: nothing that would be missed."""
    needs: tuple[tuple[str, float], ...] = ()
    """What the cluster must hold free for it."""
    places: int = 1
    """How many takes it can have under way."""


@dataclass(eq=False)
class _Hired(Generic[T]):
    post: Post
    hand: T
    busy: int = 1
    last: int = 0
    """When it was used last, counted in takes."""
    lost: bool = False


@dataclass
class _Books(Generic[T]):
    hired: list[_Hired[T]] = field(default_factory=list)
    waiting: dict[int, Post] = field(default_factory=dict)


class Company(Generic[T]):
    """The hands of one engine. Safe to use from any thread.

    A take goes to a hand of its post that is free, else to a new one where there is room, else to a new one in the place of
    whoever was idle longest. Who waits longer goes first, where two want the same thing.
    """

    def __init__(
        self, machines: Callable[[], Sequence[Room]], hire: Callable[[Post], T], dismiss: Callable[[T], None]
    ) -> None:
        """With `machines` as the cluster has them now, and ways to hire and to dismiss a hand, which must not wait."""
        self._machines, self._hire, self._dismiss = machines, hire, dismiss
        self._books: _Books[T] = _Books()
        self._changed = threading.Condition()
        self._numbers = count(1)
        self._closed = False

    @contextmanager
    def hand(self, post: Post, wanted: Callable[[], bool]) -> Iterator[T]:
        """A hand for one take. Raises Cancelled when it is not `wanted` any more before there is one."""
        one = self._wait_for(post, wanted)
        try:
            yield one.hand
        finally:
            with self._changed:
                one.busy -= 1
                self._changed.notify_all()

    def lost(self, hand: T) -> None:
        """A hand does not answer any more, or shall not: it is never given out again."""
        with self._changed:
            for one in self._books.hired:
                if one.hand is hand and not one.lost:
                    one.lost = True
                    self._dismiss(hand)
            self._books.hired = [one for one in self._books.hired if not one.lost]
            self._changed.notify_all()

    def make_room(self, post: Post) -> bool:
        """Dismisses one idle hand that holds something of what `post` needs: the machines' rest may be badly cut."""
        with self._changed:
            idle = [one for one in self._idle(post) if _names(one.post) & _names(post)]
            if idle:
                self._let_go(idle[0])
            return bool(idle)

    def capacity(self, post: Post) -> int | None:
        """How many takes of this post can be under way at once; None: as many as one likes."""
        needs = [(name, amount) for name, amount in post.needs if amount]
        if not needs:
            return None
        each = [min(int(room.get(name, 0) / amount) for name, amount in needs) for room in self._machines()]
        return sum(each) * post.places

    def close(self) -> None:
        """Dismiss everybody."""
        with self._changed:
            self._closed = True
            for one in self._books.hired:
                self._dismiss(one.hand)
            self._books.hired.clear()
            self._changed.notify_all()

    # -- with the lock held --------------------------------------------------------------------------------------

    def _wait_for(self, post: Post, wanted: Callable[[], bool]) -> _Hired[T]:
        with self._changed:
            number = next(self._numbers)
            self._books.waiting[number] = post
            try:
                while (one := self._found(number, post)) is None:
                    if self._closed or not wanted():
                        raise Cancelled("stopped while waiting for a worker")
                    self._changed.wait(0.25)
            finally:
                del self._books.waiting[number]
                self._changed.notify_all()
            one.last = number
            return one

    def _found(self, number: int, post: Post) -> _Hired[T] | None:
        if self._closed or self._must_wait(number, post):
            return None
        free = [one for one in self._books.hired if one.post == post and one.busy < post.places]
        if free:
            one = max(free, key=lambda one: (one.busy, one.last))
            one.busy += 1
            return one
        for other in self._idle(post):
            if not self._short(post):
                break
            if _names(other.post) & self._short(post):
                self._let_go(other)
        if self._short(post):
            return None
        one = _Hired(post, self._hire(post))
        self._books.hired.append(one)
        return one

    def _must_wait(self, number: int, post: Post) -> bool:
        """True when somebody who waits longer, for something else, lacks what this post would use."""
        return any(
            number > elder and other != post and self._short(other) & _names(post)
            for elder, other in self._books.waiting.items()
        )

    def _short(self, post: Post) -> set[str]:
        """What there is too little of for one more hand of this post."""
        rooms = self._machines()
        used: dict[str, float] = {}
        for one in self._books.hired:
            for name, amount in one.post.needs:
                used[name] = used.get(name, 0.0) + amount
        return {
            name
            for name, amount in post.needs
            if amount and sum(room.get(name, 0.0) for room in rooms) - used.get(name, 0.0) < amount
        }

    def _idle(self, post: Post) -> list[_Hired[T]]:
        """Hands of other posts that nobody uses now, the one that was idle longest first."""
        idle = [one for one in self._books.hired if not one.busy and one.post != post]
        return sorted(idle, key=lambda one: one.last)

    def _let_go(self, one: _Hired[T]) -> None:
        self._books.hired.remove(one)
        self._dismiss(one.hand)


def _names(post: Post) -> set[str]:
    return {name for name, amount in post.needs if amount}
