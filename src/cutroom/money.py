"""Prices: exact decimals with a currency, a range where a price is uncertain, and a name for not knowing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CURRENCY = "USD"
"""What amounts without a currency are in."""


class Price(BaseModel):
    """What something costs: from `low` to `high`, or not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    low: Decimal = Field(default=Decimal(0), ge=0)
    high: Decimal = Field(default=Decimal(0), ge=0)
    """Equal to `low` when the price is certain."""
    currency: str = Field(default=CURRENCY, pattern=r"^[A-Z]{3}$")
    """ISO 4217."""
    known: bool = True
    """False: it may cost something, and nobody here knows how much."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"a price from {self.low} to {self.high} is the wrong way round")
        return self

    @classmethod
    def of(cls, amount: Decimal | str, currency: str = CURRENCY) -> Self:
        """A certain price."""
        return cls(low=Decimal(amount), high=Decimal(amount), currency=currency)

    @classmethod
    def unknown(cls, currency: str = CURRENCY) -> Self:
        """A price that nobody here knows."""
        return cls(currency=currency, known=False)

    @property
    def free(self) -> bool:
        """True when it is known to cost nothing."""
        return self.known and not self.high

    def __str__(self) -> str:
        if not self.known:
            return "unknown"
        if self.free:
            return "free"
        return f"{self.low} {self.currency}" if self.low == self.high else f"{self.low}–{self.high} {self.currency}"


FREE = Price()
"""It costs nothing."""


def total(prices: Iterable[Price], currency: str = CURRENCY) -> tuple[Price, int]:
    """The sum of what is known in `currency`, and how many of `prices` could not be added: unknown, or another currency."""
    low, high, left_out = Decimal(0), Decimal(0), 0
    for price in prices:
        if price.free:
            continue
        if not price.known or price.currency != currency:
            left_out += 1
            continue
        low, high = low + price.low, high + price.high
    return Price(low=low, high=high, currency=currency), left_out
