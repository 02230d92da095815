"""What our layer adds to a call of a chat model: against the same loopback server through bare httpx, call by call.

    python benchmarks/chat.py [--calls 200]

Each round makes one bare call and one of ours, in turn, and takes the difference; the server's own time falls out. Bare
means: the same body, `httpx.post` on a kept connection, `json.loads` of what came. Ours means all of it: fences, key,
look-up, stream, usage, validation, and the exchange written down. A paid call is synced to the disk three times (sent,
answer, name), which is the disk's time and not ours: a second line compares it with a bare call that syncs as often.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
from pydantic import BaseModel

from cutroom.chat.exchanges import Exchanges, ReplayOnly, StoreExchanges, Unkept
from cutroom.chat.messages import Quoted, system, user
from cutroom.chat.model import ServedModel
from cutroom.chat.rates import Rates
from cutroom.chat.serving import Served
from cutroom.media.store import Store
from cutroom.net.client import Client, Endpoint
from cutroom.testing.loopback.chat import ChatServer


class Shot(BaseModel):
    title: str
    seconds: int
    moods: list[str]


NOTES = "The sea is grey, the kite is red, and the wind comes from the west. " * 40


def asked(number: int):
    return [system("You choose shots."), user(f"Choose shot {number}.", Quoted(NOTES, "notes.txt"))]


class Spent(NamedTuple):
    """Milliseconds of one call: on the clock, and of this thread on the processor (the server has threads of its own)."""

    clock: float
    processor: float


def paired(calls: int, bare: Callable[[int], object], ours: Callable[[int], object]) -> tuple[list[Spent], list[Spent]]:
    """What each bare call spent, and each of ours, in turn; the first ten of both are left out."""
    spent: dict[Callable[[int], object], list[Spent]] = {bare: [], ours: []}
    for number in range(calls + 10):
        for call in (bare, ours) if number % 2 else (ours, bare):
            clock, processor = time.perf_counter(), time.thread_time()
            call(number)
            spent[call].append(Spent((time.perf_counter() - clock) * 1000, (time.thread_time() - processor) * 1000))
    return spent[bare][10:], spent[ours][10:]


def sync(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def show(name: str, bare: list[Spent], ours: list[Spent]) -> None:
    added = [mine.clock - theirs.clock for theirs, mine in zip(bare, ours, strict=True)]
    work = [mine.processor - theirs.processor for theirs, mine in zip(bare, ours, strict=True)]
    tenth = statistics.quantiles(added, n=10)
    print(
        f"{name:36} bare {statistics.median(one.clock for one in bare):6.2f} ms   "
        f"ours {statistics.median(one.clock for one in ours):6.2f} ms   added {statistics.median(added):6.2f} ms "
        f"(80 % within {tenth[0]:.2f} and {tenth[-1]:.2f}), {statistics.median(work):.2f} ms of it on the processor"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    calls = parser.parse_args().calls
    print(f"{calls} pairs, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with (
        tempfile.TemporaryDirectory() as folder,
        ChatServer() as server,
        Client(Endpoint(server.url)) as client,
        httpx.Client(trust_env=False) as plain,
    ):
        kept = StoreExchanges(Store(Path(folder)))
        for name, exchanges, price, stream, answer in (
            ("text, whole, not kept", Unkept(), "free", False, None),
            ("text, whole, kept", kept, "free", False, None),
            ("text, streamed, kept", kept, "free", True, None),
            ("object by tool, kept", kept, "free", False, Shot),
            ("object by tool, kept, paid", kept, "0.5+1.5", False, Shot),
        ):
            model = ServedModel(client, Served(name=name, model=name, streams=stream, rates=Rates.read(price)))
            sent = _body_of(server, model, answer, exchanges)

            def bare(_: int, sent: dict = sent) -> object:
                came = plain.post(f"{server.url}/chat/completions", json=sent)
                return came.text if sent.get("stream") else json.loads(came.content)

            def bare_and_synced(number: int, sent: dict = sent, folder: str = folder) -> object:
                mark, answer = Path(folder, f"{number}.sent"), Path(folder, f"{number}.json")
                mark.touch()
                sync(folder)
                came = bare(number, sent)
                with answer.open("w") as file:
                    file.write("x" * 4000)
                    file.flush()
                    os.fsync(file.fileno())
                sync(folder)
                mark.unlink()
                return came

            def ours(number: int, *, first: int = 0, model=model, answer=answer, exchanges=exchanges) -> object:
                return model.ask(asked(first + number), answer, exchanges=exchanges)

            show(name, *paired(calls, bare, ours))
            if price != "free":
                show(
                    "… against a bare one that syncs too", *paired(calls, bare_and_synced, partial(ours, first=10_000))
                )
        replay = ReplayOnly(kept)
        began = time.perf_counter()
        for number in range(calls):
            model.ask(asked(number), Shot, exchanges=replay)
        print(f"{'replay of the last':36} {(time.perf_counter() - began) * 1000 / calls:.2f} ms each, no connection")


def _body_of(server: ChatServer, model: ServedModel, answer: type[BaseModel] | None, exchanges: Exchanges) -> dict:
    """The very body that ours sends."""
    model.ask(asked(10**6), answer, exchanges=exchanges)
    return server.bodies[-1]


if __name__ == "__main__":
    main()
