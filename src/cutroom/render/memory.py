"""Gives memory that is free back to the system, where it can be done."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=1)
def _trim() -> Callable[[int], int] | None:
    """The C library's own way, which only glibc has."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None


def give_back() -> None:
    """Gives back what is free: photographs and encoders come and go, and each thread's heap keeps what it once had."""
    trim = _trim()
    if trim is not None:
        trim(0)
