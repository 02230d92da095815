"""What is loaded once and kept between takes: one model at a time on each device."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_held: dict[str, tuple[Any, Any]] = {}
_lanes: dict[str, threading.Lock] = {}
_door = threading.Lock()


@contextmanager
def resident(lane: str, key: Any, load: Callable[[], Any]) -> Iterator[Any]:
    """What `load` gives, from the last time when the key is the same. Whoever else wants this lane waits.

    What was loaded for the lane under another key is let go of first, so that two never share a device's memory.
    """
    with _door:
        lock = _lanes.setdefault(lane, threading.Lock())
    with lock:
        if lane in _held and _held[lane][0] != key:
            _forget(lane)
        if lane not in _held:
            _held[lane] = (key, load())
        yield _held[lane][1]


def forget(lane: str) -> None:
    """Let go of what is loaded for `lane`, and of its memory, once nobody uses it."""
    with _door:
        lock = _lanes.setdefault(lane, threading.Lock())
    with lock:
        _forget(lane)


def _forget(lane: str) -> None:
    if _held.pop(lane, None) is None:
        return
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
