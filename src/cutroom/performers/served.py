"""What all performers behind a server share: a name, a price, a lane, and a connection that opens when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from cutroom.configuration import Ability, Model
from cutroom.media.kinds import Media
from cutroom.performers.flow import Flow, carry_out
from cutroom.performers.performer import Desk
from cutroom.performers.prices import price_of
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms

if TYPE_CHECKING:  # importing the client loads its HTTP library
    from cutroom.net.client import Client

Clients = Callable[[str, Model], "Client"]
"""Gives the client of a configured model, by the person's name for it; the same one every time."""

LARGEST_SEED = 2**31 - 1


class Served:
    """One ability of one configured model."""

    ability: ClassVar[Ability]
    version: str = "1"
    steps: ClassVar[tuple[type[AnyStep], ...]]
    """The kinds of steps that it carries out."""
    queued: ClassVar[bool] = False
    """True when the server hands out a job and works on it for as long as it takes."""

    def __init__(self, name: str, model: Model, clients: Clients) -> None:
        """The ability of `model`, which the person calls `name`; asks `clients` for a connection when it first performs."""
        self.called = name
        self.model = model
        self.name = f"{name}/{self.ability}"
        self._clients = clients

    @property
    def knows_it_as(self) -> str:
        """The model's name at the server."""
        return str(getattr(self.model, self.ability) or "")

    @property
    def options(self) -> dict[str, Any]:
        """What goes along with every call: the common options, and those in a table of this ability's name."""
        common = {name: value for name, value in self.model.options.items() if not isinstance(value, dict)}
        own = self.model.options.get(self.ability)
        return common | (own if isinstance(own, dict) else {})

    def not_configured(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that no option sets: what a person configured is sent, and not left out when it is refused."""
        return tuple(name for name in names if name not in self.options)

    def performs(self, step: AnyStep) -> bool:
        """True for the steps of its ability."""
        return isinstance(step, self.steps) and bool(getattr(self.model, self.ability))

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """The model's name at the server and what is sent along. Addresses and keys do not change a result."""
        settings: dict[str, Any] = {"model": self.knows_it_as, "options": self.options}
        return settings | ({"sizes": list(self.model.sizes)} if self.model.sizes else {})

    def terms(self, step: AnyStep) -> Terms:
        """As configured. A queued job has no limit in time: the server says how far it is."""
        price = price_of(self.model, self.ability, getattr(step, "seconds", None))
        return Terms(
            price=price,
            elsewhere=True,
            repeatable=price.free,
            lane=self.called,
            at_once=self.model.at_once,
            seconds=None if self.queued else 2 * self.model.seconds,
        )

    def paid(self, step: AnyStep) -> bool:
        """True unless it is known to cost nothing."""
        return not price_of(self.model, self.ability, getattr(step, "seconds", None)).free

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """Carry out `step` at the server. Raises what `Performer.perform` says."""
        got = carry_out(self.flow(step, desk), self._clients(self.called, self.model).send, desk)
        return self.taken_in(step, got, desk)

    def flow(self, step: AnyStep, desk: Desk) -> Flow[Got]:
        """What is asked of the server, without any connection: a test drives it by hand."""
        raise NotImplementedError

    def taken_in(self, step: AnyStep, got: Got, desk: Desk) -> Media:
        """What the server made, read and kept. Raises GiveUp when it is not what it should be."""
        raise NotImplementedError


@dataclass(frozen=True)
class Got:
    """What a flow ends with: the bytes of what was made, or the file that they lie in."""

    content: bytes | Path
    where: str
    """Who sent it, for messages."""

    def file(self, desk: Desk) -> Path:
        """The file, in the take's own folder."""
        if isinstance(self.content, Path):
            return self.content
        path = desk.scratch / "made"
        path.write_bytes(self.content)
        return path


def seed_of(desk: Desk) -> int:
    """The take's seed as servers take it: from 0 to 2**31 - 1."""
    return desk.seed % (LARGEST_SEED + 1)


def token_header(desk: Desk) -> dict[str, str]:
    """The take's token, by which a server that knows such a thing tells a repeated call."""
    return {"Idempotency-Key": desk.token} if desk.token else {}


def whole_seconds(seconds: Fraction) -> int:
    """At least `seconds`, in whole ones: a clip that is too long can be cut."""
    return max(1, -(-seconds.numerator // seconds.denominator))
