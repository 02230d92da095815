"""Turns a brief into a plan, and a verdict into a better plan. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cutroom.plugins import hookimpl


@hookimpl
def cutroom_planners(register: Callable[[Any], None]) -> None:
    """The house planner."""
    from cutroom.planner.house import HousePlanner

    register(HousePlanner())
