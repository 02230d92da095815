from decimal import Decimal

import pytest

from cutroom.chat.heard import Usage
from cutroom.chat.rates import Rates
from cutroom.errors import WrongUse
from cutroom.money import Price


def test_a_million_in_and_a_million_out():
    usage = Usage(tokens_in=2_000_000, tokens_out=1000)
    assert Rates.read("0.5+1.5").price(usage) == Price.of("1.0015")
    assert Rates.read("0.5 + 1.5 EUR").price(usage).currency == "EUR"


def test_free_and_unknown_have_names():
    assert Rates.read("free").price(Usage(tokens_in=5)).free
    assert not Rates.read(None).price(Usage()).known
    assert not Rates.read(None).between(Usage(), Usage(tokens_in=5)).known


def test_bounds_of_usage_give_a_range():
    price = Rates.read("1+2").between(Usage(tokens_in=10), Usage(tokens_in=20, tokens_out=30))
    assert (price.low, price.high) == (Decimal("0.00001"), Decimal("0.00008"))


@pytest.mark.parametrize("text", ["0.5", "cheap", "-1+2", "1+2 dollars", "1e3+2"])
def test_what_is_no_price_says_how_to_write_one(text):
    with pytest.raises(WrongUse, match=r"write \"0.5\+1.5\""):
        Rates.read(text)
