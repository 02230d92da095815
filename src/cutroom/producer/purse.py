"""One budget for several films at once, handed out so that all of them together can never spend more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Answer:
    """What one of them may spend in all."""

    line: int
    allowed: Decimal


class Purse:
    """What may be spent by whom. At every moment, the sum of all allowances is within the budget.

    Whoever asks for more than is free waits while others at work may give some back, and is refused when none can: a film
    that cannot be paid for to its end is not begun to be paid for.
    """

    def __init__(self, budget: Decimal | None, spent: Mapping[int, Decimal]) -> None:
        """With the budget of all (None: each has only its own), and what each has spent before."""
        self._budget = budget
        self._allowed = dict(spent)
        self._working: set[int] = set()
        self._waiting: dict[int, Decimal] = {}

    @property
    def free(self) -> Decimal:
        """What nobody was allowed yet."""
        return (self._budget or Decimal(0)) - sum(self._allowed.values(), Decimal(0))

    def begin(self, line: int) -> None:
        """It works from now on."""
        self._working.add(line)

    def ask(self, line: int, needed: Decimal, cap: Decimal | None) -> list[Answer]:
        """It asks for so much in all, and waits for an answer. Returns the answers that there are now."""
        if cap is not None and needed > cap:
            # What its own limit leaves is its own to spend: it stops there by itself.
            needed = cap
        if self._budget is None:
            return [Answer(line, needed if cap is not None else self._allowed.get(line, Decimal(0)))]
        self._waiting[line] = needed
        return self._answers()

    def end(self, line: int, spent: Decimal | None) -> list[Answer]:
        """It works no more, and has spent so much in all; None: nobody knows, so all of it. Returns answers to others."""
        self._working.discard(line)
        self._waiting.pop(line, None)
        if spent is not None:
            self._allowed[line] = spent
        return self._answers()

    def _answers(self) -> list[Answer]:
        found: list[Answer] = []
        for line, needed in list(self._waiting.items()):
            mine = self._allowed.get(line, Decimal(0))
            if needed - mine <= self.free:
                self._allowed[line] = max(mine, needed)
                found.append(self._answered(line))
        if self._waiting and self._working <= self._waiting.keys():
            # Nobody is left who could give anything back: who wants most goes without, and gives back what it has.
            most = max(self._waiting, key=lambda line: (self._waiting[line], -line))
            found.append(self._answered(most))
        return found

    def _answered(self, line: int) -> Answer:
        del self._waiting[line]
        return Answer(line, self._allowed.get(line, Decimal(0)))
