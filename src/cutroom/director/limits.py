"""How far a run may go: rounds, money, time. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from cutroom.director.acceptance import TOLERANCE, RuleName
from cutroom.money import CURRENCY


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far a run may go."""

    rounds: int = 3
    """How often a failing step may be tried anew: by another plan or by another take."""
    tries: int = 3
    """How often the same call is sent when a server cannot just now."""
    budget: Decimal | None = None
    """The most that may be spent in this production; None: nothing beyond what is free."""
    currency: str = CURRENCY
    """What the budget is in. Prices in another currency count as unknown."""
    approve_above: Decimal | None = None
    """A take that may cost more than this waits for a person's yes; None: the budget is enough."""
    allow_unknown_price: bool = False
    """Whether a call may be made whose price nobody knows; otherwise it counts as over budget."""
    on_ambiguous: Literal["ask", "resubmit", "skip"] = "ask"
    """What becomes of a call that was sent, and may have been carried out and billed, without an answer."""
    fallback: Literal["ask", "free", "any", "never"] = "free"
    """Whether somebody else may step in for a performer that refuses or is away: ask a person; whoever is free; anybody whom
    the budget allows; or nobody."""
    accept: RuleName = "best_of"
    """Which of several takes of a step is used: see `cutroom.director.acceptance`."""
    tolerance: float = TOLERANCE
    """For `accept` = ``weighted``: by how much of its range one score may fall."""
    at_once: Mapping[str, int] = field(default_factory=dict)
    """By lane: how many takes may be under way, instead of what the performers say."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """By lane: after how long without an answer a take has failed, instead of what the performers say."""
    stop_after: Literal["plan", "cut"] | None = None
    """``plan``: stop as soon as the plan is whole; only looking and writing is done for it. ``cut``: stop when all that is
    left is to render the film."""
