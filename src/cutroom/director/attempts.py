"""One more attempt at a take, or none: money, calls whose fate is unknown, servers that cannot just now. Pure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal, NamedTuple

from cutroom.director.commands import Ask, Command, Perform, Record, Wrap
from cutroom.director.limits import Limits
from cutroom.ledger.events import Failed, Made
from cutroom.ledger.state import State, Take
from cutroom.money import Price
from cutroom.plan.cast import Part

LONGEST_WAIT = 60.0
"""Seconds between two attempts at most, unless the server asked for more."""

UNKNOWN_FATE = ("Ambiguous", "Vanished")
"""Errors after which nobody knows whether the call was carried out."""


def perform(state: State, limits: Limits, part: Part, command: Perform) -> list[Command]:
    """The command, if the money allows; nothing while others' bills are awaited; otherwise what ends or asks."""
    price = part.terms.price
    if price.free or command.job is not None:  # what was submitted is paid for: its result is fetched
        return [command]
    if not costs(part, limits):
        if not limits.allow_unknown_price:
            what = "is not known" if not price.known else f"is in {price.currency}, and the budget in {limits.currency}"
            return [
                Wrap(
                    "stopped", f"{command.step}: what {part.performer} costs {what}; say --allow-unknown-price to go on"
                )
            ]
        return [command]
    purse = Purse.of(state, limits)
    match purse.allows(price.high):
        case "over":
            return [
                Wrap(
                    "stopped",
                    f"{command.step} by {part.performer} costs {price}, and {purse.spent} of {purse.budget} "
                    f"{limits.currency} is spent; raise --budget to go on",
                )
            ]
        case "later":
            return []
        case "yes":
            return _approved(state, limits, part, command, price)


def costs(part: Part, limits: Limits) -> bool:
    """True when a take of `part` costs something that can be held against the budget."""
    price = part.terms.price
    return not price.free and price.known and price.currency == limits.currency


class Purse(NamedTuple):
    """The budget, what of it is spent, and what is held back for takes under way."""

    budget: Decimal
    spent: Decimal
    reserved: Decimal

    @classmethod
    def of(cls, state: State, limits: Limits) -> Purse:
        """In the currency of the budget."""
        held = (price.high for price in state.reserved.values() if price.known and price.currency == limits.currency)
        return cls(limits.budget or Decimal(0), state.paid(limits.currency), sum(held, Decimal(0)))

    def allows(self, most: Decimal) -> Literal["yes", "later", "over"]:
        """Whether a take that costs at most so much may be begun: now, perhaps after others' bills, or not at all."""
        if self.spent + most > self.budget:
            return "over"
        return "later" if self.spent + self.reserved + most > self.budget else "yes"


def _approved(state: State, limits: Limits, part: Part, command: Perform, price: Price) -> list[Command]:
    if limits.approve_above is None or price.high <= limits.approve_above:
        return [command]
    answer = state.answers.get(("approve", command.key))
    if answer == "yes":
        return [command]
    said = f"{command.step} by {part.performer} costs {price}"
    way_out = f"raise --approve-above to {price.high} or more to go on"
    if answer == "no":
        return [Wrap("stopped", f"{said}, and it was not approved; {way_out}")]
    return [Ask("approve", command.step, command.key, f"{said}: go on?", way_out)]


def resume(
    state: State, limits: Limits, part: Part, step: str, slot: str, number: int, take: Take, again: list[Command]
) -> list[Command]:
    """What becomes of a take at which an earlier run was cut off."""
    if take.fetched is not None:
        kept = take.fetched.model_dump(exclude={"kind"})
        return [Record(Made(**{**kept, "media": take.fetched.media, "degraded": take.fetched.degraded}))]
    if take.job is not None or part.terms.repeatable or take.began is None:
        return again
    policy = limits.on_ambiguous
    if policy == "ask":
        policy = state.answers.get(("ambiguous", take.key), policy)
    if policy == "resubmit":
        return again
    began = take.began
    sent = f"{step}: a call to {began.performer} ({began.price}) was sent and no answer came"
    said = f"{sent}; it may have been carried out and billed"
    if policy == "skip":
        return [
            Record(
                Failed(
                    step=step,
                    slot=slot,
                    take=number,
                    key=take.key,
                    performer=began.performer,
                    reason=f"{said}; it was skipped, as asked",
                    error="Skipped",
                    billed=None,
                )
            )
        ]
    way_out = "look at the provider's list of calls, then say --on-ambiguous resubmit or --on-ambiguous skip"
    return [Ask("ambiguous", step, take.key, said, way_out)]


def after_failure(
    state: State, limits: Limits, part: Part, step: str, slot: str, number: int, take: Take, again: list[Command]
) -> list[Command]:
    """The same call again, if that may help; empty when it failed for good."""
    failed = take.failed
    assert failed is not None
    if take.failures >= limits.tries:
        return []
    if failed.error == "TryLater":
        wait = float(failed.after) if failed.after is not None else min(LONGEST_WAIT, 2.0 ** (take.failures - 1))
        return [replace(one, after=wait) if isinstance(one, Perform) else one for one in again]
    if failed.error in UNKNOWN_FATE or (failed.error == "TimedOut" and failed.billed is None):
        # A job that the server still knows is asked for its result; otherwise the rule for calls of unknown fate holds.
        return resume(state, limits, part, step, slot, number, take, again)
    return []
