"""On which terms a performer works: what a take costs, what it queues for, and what is known when an answer fails to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cutroom.money import FREE, Price


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What an engine must know before it asks a performer for a take. None of it is part of a take's key."""

    price: Price = FREE
    """What the take will cost."""
    elsewhere: bool = False
    """True when the work is done by somebody else (a server): every stage of it is durable before the next one begins,
    because a call that was sent cannot be taken back."""
    repeatable: bool = False
    """True when sending the same call twice does no harm: the server knows it by `Desk.token`, or it is free."""
    lane: str = ""
    """What the take queues for, such as ``openai`` or ``gpu:0``; empty: a thread of this machine."""
    at_once: int | None = None
    """How many takes of this lane may be under way; None: as many as there are threads."""
    seconds: float | None = None
    """After how long without an answer the take counts as failed; None: never."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """What a cluster must hold free for it, such as ``{"GPU": 1}``."""
    resident: str = ""
    """What stays loaded between takes, such as a model's name: a cluster sends equal ones to the same worker."""


HOUSE = Terms()
"""Free, here, now: the terms of the built-in performers."""
