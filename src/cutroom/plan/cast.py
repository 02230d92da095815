"""The cast of a plan: who performs which step, with all that decides the result. Plain data, so that decisions stay pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cutroom.plan.step import Form
from cutroom.plan.terms import HOUSE, Terms

NOBODY = "nobody"
"""Who is cast where nobody can."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Who performs one step."""

    performer: str
    version: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    terms: Terms = HOUSE
    alternates: tuple[Part, ...] = ()
    """Who else could, in order; whether anybody may is the director's to decide."""

    def key(self, form: Form, take: int, upstream: Mapping[str, str]) -> str:
        """The key of one take of a step by this performer; take 0 names the slot."""
        return form.key(take, self.performer, self.version, self.settings, upstream)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who performs the steps of one plan, by step id."""

    parts: Mapping[str, Part] = field(default_factory=dict)
    uncast: Mapping[str, str] = field(default_factory=dict)
    """Steps that nobody here can perform, and why; their part is played by ``nobody``."""

    def key(self, step: str, form: Form, take: int, upstream: Mapping[str, str]) -> str:
        """The key of one take of `step`; take 0 names the slot. `upstream` maps ids to the keys behind them."""
        return self.parts[step].key(form, take, upstream)


def recipe(form: Form, upstream: Mapping[str, str]) -> str:
    """What a step asks for, whoever performs it and in which version: a key without the performer.

    `upstream` maps ids to the recipes behind them. A take that was paid for is used again while its recipe is the same.
    """
    return form.key(0, "", "", {}, upstream)
