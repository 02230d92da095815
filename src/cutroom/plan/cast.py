"""The cast of a plan: who performs which step, with all that decides the result. Plain data, so that decisions stay pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cutroom.plan.plan import Plan
from cutroom.plan.step import take_key


@dataclass(frozen=True, kw_only=True)
class Part:
    """Who performs one step."""

    performer: str
    version: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    price: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who performs the steps of one plan, by step id."""

    parts: Mapping[str, Part] = field(default_factory=dict)
    uncast: Mapping[str, str] = field(default_factory=dict)
    """Steps that nobody here can perform, and why; their part is played by ``nobody``."""

    def key(self, plan: Plan, step: str, take: int, upstream: Mapping[str, str]) -> str:
        """The key of one take of `step`; take 0 names the slot. `upstream` maps ids to the keys behind them."""
        part = self.parts[step]
        keys = {identity: upstream[identity] for identity in plan.upstream(step)}
        return take_key(plan.steps[step], take, part.performer, part.version, dict(part.settings), keys)
