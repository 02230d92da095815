"""What tokens cost: two prices for a million each, as a person writes them down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from cutroom.chat.heard import Usage
from cutroom.errors import WrongUse
from cutroom.money import CURRENCY, FREE, Price

_MILLION = Decimal(1_000_000)
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*\+\s*(\d+(?:\.\d+)?)(?:\s+([A-Z]{3}))?")


@dataclass(frozen=True)
class Rates:
    """The price of a million tokens in and of a million tokens out; None where nobody said."""

    tokens_in: Decimal | None = None
    tokens_out: Decimal | None = None
    currency: str = CURRENCY

    @classmethod
    def read(cls, text: str | None) -> Rates:
        """Reads ``"0.5+1.5"``, ``"0.5+1.5 EUR"``, ``"free"``; None is not known. Raises WrongUse for anything else."""
        if text is None:
            return cls()
        if text.strip() == "free":
            return cls(Decimal(0), Decimal(0))
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise WrongUse(
                f'price.chat = "{text}": no price of tokens; write "0.5+1.5" for a million in and a million out, or "free"'
            )
        return cls(Decimal(match[1]), Decimal(match[2]), match[3] or CURRENCY)

    @property
    def free(self) -> bool:
        """True when it is known to cost nothing."""
        return self.tokens_in == 0 and self.tokens_out == 0

    def price(self, usage: Usage) -> Price:
        """What `usage` costs: exact, or unknown."""
        if self.tokens_in is None or self.tokens_out is None:
            return Price.unknown(self.currency)
        if self.free:
            return FREE
        amount = (usage.tokens_in * self.tokens_in + usage.tokens_out * self.tokens_out) / _MILLION
        return Price.of(amount, self.currency)

    def between(self, low: Usage, high: Usage) -> Price:
        """What it costs when only bounds of the usage are known."""
        least, most = self.price(low), self.price(high)
        return Price(low=least.low, high=most.high, currency=self.currency) if most.known and not most.free else most
