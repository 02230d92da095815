"""A server that costs money, to be counted on: calls and jobs, with or without idempotency keys, and its own books.

`PaidServer` answers on the loopback; `Paid` is a performer that works through it as real ones do: over the network, with
every stage told to its `Desk`. What it makes is text that says what was asked.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from cutroom.errors import Vanished
from cutroom.media.kinds import Media
from cutroom.money import Price
from cutroom.net.exchange import Endpoint, Request
from cutroom.performers.flow import Charged, Flow, Submitted, Wait, ask, carry_out
from cutroom.performers.performer import Desk
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms
from cutroom.testing.loopback.server import Answer, Asked, Loopback, refused, said

if TYPE_CHECKING:  # importing the client loads its HTTP library
    from cutroom.net.client import Client

Way = Literal["job", "call"]
"""A job is handed in, asked for and fetched; a call is answered at once."""

POLL = 0.005
"""Seconds between two questions for a job: the server is on this machine."""


class PaidServer(Loopback):
    """Does work for money and keeps books of it: `created` counts, by the caller's token, what was really begun and billed."""

    def __init__(self, *, price: str = "0.10", idempotent: bool = False, polls: int = 1, **how: Any) -> None:
        """A piece of work costs `price`, a job is done after so many questions. An `idempotent` server knows tokens."""
        super().__init__(**how)
        self.price = Decimal(price)
        self.idempotent = idempotent
        self.polls = polls
        self.created: Counter[str] = Counter()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.moment: Callable[[str], None] = lambda what: None
        """Called with ``received POST /jobs`` and ``done POST /jobs`` around every call that is carried out: the caller
        may lose its life there."""
        self._answers: dict[str, Answer] = {}

    @property
    def billed(self) -> Decimal:
        """What all of it comes to."""
        return self.price * self.created.total()

    def restart(self) -> None:
        """Forget every job, as a server does that keeps them in memory."""
        self.jobs.clear()

    def answer(self, asked: Asked) -> Answer:
        """A job handed in, its state, its result; or a call."""
        what = f"{asked.method} {_routed(asked.path)}"
        self.moment(f"received {what}")
        made = self._carry_out(asked)
        self.moment(f"done {what}")
        return made

    def _carry_out(self, asked: Asked) -> Answer:
        if asked.route == "POST /calls":
            return self._once(asked, lambda: said({"text": work_of(asked.fields), "cost": str(self.price)}))
        if asked.route == "POST /jobs":
            return self._once(asked, lambda: said({"job": self._hand_in(asked.fields)}, 202))
        _, _, name = asked.path.partition("/jobs/")
        name, _, which = name.partition("/")
        job = self.jobs.get(name)
        if job is None:
            return refused(f"no job {name}", 404)
        if which == "result":
            return Answer(200, work_of(job["asked_for"]).encode(), "text/plain")
        job["questions"] += 1
        return said({"state": "done" if job["questions"] > self.polls else "working", "cost": str(self.price)})

    def _once(self, asked: Asked, begin: Callable[[], Answer]) -> Answer:
        token = asked.headers.get("idempotency-key", "")
        if self.idempotent and token in self._answers:
            return self._answers[token]
        self.created[token] += 1
        return self._answers.setdefault(token, begin()) if self.idempotent else begin()

    def _hand_in(self, fields: Mapping[str, Any]) -> str:
        name = f"job-{len(self.jobs) + 1}"
        self.jobs[name] = {"asked_for": dict(fields), "questions": 0}
        return name


def work_of(asked_for: Mapping[str, Any]) -> str:
    """What the server makes of a call: the same for the same words, inputs and seed."""
    body = json.dumps(asked_for, sort_keys=True)
    return json.dumps({"made": hashlib.sha256(body.encode()).hexdigest(), "of": asked_for.get("words", "")})


def _routed(path: str) -> str:
    return "/".join("JOB" if part.startswith("job-") else part for part in path.split("/"))


class Paid:
    """Performs steps that make text through a `PaidServer`, as `ways` says: by job or by call, by kind of step."""

    version = "1"

    def __init__(
        self,
        url: str,
        ways: Mapping[str, Way],
        *,
        name: str = "paid",
        price: Price | str = "0.10",
        repeatable: bool = False,
        settings: Mapping[str, Any] | None = None,
        **terms: Any,
    ) -> None:
        """At the server at `url`. `repeatable`: it knows tokens; further `terms` are those of `plan.terms.Terms`."""
        self.name = name
        self.url = url
        self.ways = dict(ways)
        self.price = Price.of(price) if isinstance(price, str) else price
        self.extra = dict(settings or {})
        self._terms = Terms(price=self.price, elsewhere=True, repeatable=repeatable, **{"lane": name, **terms})
        self._client: Client | None = None

    def performs(self, step: AnyStep) -> bool:
        """The kinds that there is a way for."""
        return step.kind in self.ways and step.makes.medium == "text"

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """As given."""
        return dict(self.extra)

    def terms(self, step: AnyStep) -> Terms:
        """The same for every step."""
        return self._terms

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The server's text, kept. Raises what `Performer.perform` says."""
        from cutroom.net.client import Client

        if self._client is None:
            self._client = Client(Endpoint(self.url, seconds=30))
        asked_for = {
            "words": step.canonical(),
            "inputs": [media.digest for media in desk.inputs.values()],
            "seed": desk.seed,
        }
        flow = self._job(asked_for, desk) if self.ways[step.kind] == "job" else self._call(asked_for, desk)
        return desk.keep_text(carry_out(flow, self._client.send, desk))

    def _call(self, asked_for: Mapping[str, Any], desk: Desk) -> Flow[str]:
        answer = yield from ask(Request("POST", "/calls", json=asked_for, headers=_token(desk), paid=True))
        body = answer.json()
        yield Charged(Price.of(body["cost"]))
        return body["text"]

    def _job(self, asked_for: Mapping[str, Any], desk: Desk) -> Flow[str]:
        job = desk.job
        if job is None:
            answer = yield from ask(Request("POST", "/jobs", json=asked_for, headers=_token(desk), paid=True))
            job = str(answer.json()["job"])
            yield Submitted(job)
        while True:
            answer = yield from ask(Request("GET", f"/jobs/{job}", takes=(404,)))
            if answer.status == 404:
                raise Vanished(f"{answer.where}: the server does not know {job} any more")
            if (body := answer.json())["state"] == "done":
                break
            yield Wait(POLL)
        yield Charged(Price.of(body["cost"]))
        return (yield from ask(Request("GET", f"/jobs/{job}/result"))).body.decode()


def _token(desk: Desk) -> dict[str, str]:
    return {"Idempotency-Key": desk.token}
