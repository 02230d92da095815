"""Looks and listens: a take goes in, a verdict comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cutroom.plugins import hookimpl


@hookimpl
def cutroom_judges(register: Callable[[Any], None]) -> None:
    """The house judge."""
    from cutroom.judge.house import HouseJudge

    register(HouseJudge())
