"""Prices as a person writes them down in ``cutroom.toml``."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from cutroom.configuration import Model
from cutroom.errors import WrongUse
from cutroom.money import CURRENCY, FREE, Price

_WRITTEN = re.compile(
    r"(?P<low>\d+(?:\.\d+)?)(?:\s*[-–]\s*(?P<high>\d+(?:\.\d+)?))?(?:\s*(?P<currency>[A-Za-z]{3}))?(?P<each>\s*/\s*s(?:ec(?:ond)?)?)?"
    r"(?:\s+(?P<late>[A-Za-z]{3}))?"
)


def price_of(model: Model, ability: str, seconds: Fraction | None = None) -> Price:
    """What one take of `ability` costs, `seconds` long where that matters.

    Without a word about it: free on this machine, unknown elsewhere. Raises WrongUse for a price that cannot be read.
    """
    written = model.price.get(ability)
    if written is None:
        return FREE if here(model) else Price.unknown()
    return read_price(written, seconds)


def read_price(written: str, seconds: Fraction | None = None) -> Price:
    """``0.04``, ``0.04 EUR``, ``0.02-0.08``, ``0.10/s`` (for each of `seconds`) or ``free`` as a price.

    A price for each second is unknown where nobody knows how many. Raises WrongUse for anything else.
    """
    if written.strip().lower() == "free":
        return FREE
    found = _WRITTEN.fullmatch(written.strip())
    if found is None:
        raise WrongUse(f"price {written!r}: write 0.04, 0.04 EUR, 0.02-0.08, 0.10/s or free")
    currency = (found["currency"] or found["late"] or CURRENCY).upper()
    if found["each"] and seconds is None:
        return Price.unknown(currency)
    times = Decimal(seconds.numerator) / Decimal(seconds.denominator) if found["each"] and seconds else Decimal(1)
    low = Decimal(found["low"])
    high = Decimal(found["high"] or found["low"])
    if low > high:
        raise WrongUse(f"price {written!r}: the lower amount comes first")
    try:
        return Price(low=_rounded(low * times), high=_rounded(high * times), currency=currency)
    except InvalidOperation as error:
        raise WrongUse(f"price {written!r}: too large") from error


def here(model: Model) -> bool:
    """True when the model runs on this machine, so that calls cost nothing but time."""
    return model.here


def _rounded(amount: Decimal) -> Decimal:
    """To a millionth, without zeros at the end."""
    exact = amount.quantize(Decimal("0.000001")).normalize()
    return exact.quantize(Decimal(1)) if exact == exact.to_integral() else exact
