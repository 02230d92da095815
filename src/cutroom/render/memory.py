"""Gives memory that is free back to the system, where it can be done (with glibc; elsewhere nothing happens)."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

LARGE = 1 << 20
"""From so many bytes on, memory is had from the system and given back by itself."""

_MMAP_THRESHOLD = -3
"""``M_MMAP_THRESHOLD`` of glibc's malloc.h."""


@lru_cache(maxsize=1)
def _library() -> Any:
    """The C library, if it is one that has what is needed here."""
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
    except (OSError, TypeError):
        return None


@lru_cache(maxsize=1)
def keep_flat() -> None:
    """Has large pieces of memory (photographs, an encoder's frames) go back to the system as soon as they are let go.

    Left to itself, glibc raises its own limit up to 32 MB as pieces are let go, and keeps them in the heap of the
    thread that asked for them: a fifth of the renderer's memory was such leftovers. Holds for the whole process.
    """
    library = _library()
    if library is not None:
        library.mallopt(_MMAP_THRESHOLD, LARGE)


def give_back() -> None:
    """Gives back what is free: photographs and encoders come and go, and each thread's heap keeps what it once had."""
    library = _library()
    if library is not None:
        library.malloc_trim(0)
