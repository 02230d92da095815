"""How far a job is, heard over the server's websocket. Only a comfort: what is true is in the history."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlencode

from cutroom.net.exchange import Endpoint
from cutroom.performers.performer import Desk

PARTS = 1000
"""Progress is told in so many parts."""

_SLICE = 0.5
"""How often progress is told, in seconds."""

_AFTER_THE_END = 0.05
"""How long the server takes from saying that a job has ended to writing it into its history, in seconds."""

_LARGEST = 32 * 2**20
"""Previews come over the same socket."""


class Tally:
    """How much of a job is done, from the messages about it. Pure."""

    def __init__(self, nodes: int) -> None:
        """For a graph of so many nodes."""
        self.nodes = max(1, nodes)
        self.job: str | None = None
        self.ended = False
        self._done: set[str] = set()
        self._parts: dict[str, float] = {}

    @property
    def parts(self) -> int:
        """Of `PARTS`."""
        running = sum(share for node, share in self._parts.items() if node not in self._done)
        return min(PARTS, int(PARTS * (len(self._done) + running) / self.nodes))

    def hear(self, message: Any) -> None:
        """Take in one message; what is not about our job, or not understood, changes nothing."""
        data = message.get("data") if isinstance(message, dict) else None
        if not isinstance(data, dict) or self.job is None or data.get("prompt_id", self.job) != self.job:
            return
        match message.get("type"):
            case "execution_cached":
                self._done |= {str(node) for node in data.get("nodes") or ()}
            case "executed":
                self._done.add(str(data.get("node")))
            case "progress":
                self._parts[str(data.get("node"))] = _share(data)
            case "progress_state":
                self._states(data.get("nodes"))
            case "execution_success" | "execution_error" | "execution_interrupted":
                self.ended = data.get("prompt_id") == self.job
            case "executing" if data.get("node") is None:
                self.ended = data.get("prompt_id") == self.job
            case _:
                pass

    def _states(self, nodes: Any) -> None:
        for name, state in nodes.items() if isinstance(nodes, dict) else ():
            if isinstance(state, dict):
                self._parts[str(name)] = _share(state)
                if state.get("state") == "finished":
                    self._done.add(str(name))


class Listener:
    """Listens in a thread of its own. Without the `websockets` package, or when the server closes it, nothing is heard."""

    def __init__(self, endpoint: Endpoint, client: str, tally: Tally) -> None:
        """For messages to the client of this id."""
        self.tally = tally
        self._news = threading.Event()
        self._stopped = threading.Event()
        self.client = client
        self._endpoint = endpoint
        self._thread = threading.Thread(target=self._listen, name="cutroom-comfyui", daemon=True)
        if find_spec("websockets") is not None:
            self._thread.start()
        else:
            self._stopped.set()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()

    def pauser(self, desk: Desk) -> Callable[[float], None]:
        """How to wait at `desk`: as always, but less long when the job's end is heard, and telling its progress meanwhile."""

        def pause(seconds: float) -> None:
            left = seconds
            while self._thread.is_alive() and left > 0 and not self._news.wait(min(left, _SLICE)):
                left -= _SLICE
                desk.progress(self.tally.parts, PARTS)
            desk.pause(min(left, _AFTER_THE_END) if self._news.is_set() else max(left, 0.0))

        return pause

    def _listen(self) -> None:
        from websockets.exceptions import WebSocketException  # pyright: ignore[reportMissingImports]
        from websockets.sync.client import connect  # pyright: ignore[reportMissingImports]

        with suppress(OSError, WebSocketException, ValueError), connect(**self._how(connect)) as socket:
            while not self._stopped.is_set():
                with suppress(TimeoutError):
                    self._heard(socket.recv(timeout=0.25))

    def _how(self, connect: Any) -> dict[str, Any]:
        key = self._endpoint.key
        base = self._endpoint.url.partition("?")[0].replace("http", "ws", 1)
        how: dict[str, Any] = {
            "uri": f"{base}/ws?{urlencode({'clientId': self.client})}",
            "max_size": _LARGEST,
            "open_timeout": 10,
            "close_timeout": 1,
            "additional_headers": {"Authorization": f"{self._endpoint.scheme} {key.reveal()}"} if key else None,
        }
        if self._endpoint.local:
            how["proxy"] = None
        return how

    def _heard(self, message: str | bytes) -> None:
        if isinstance(message, bytes):  # a preview picture
            return
        with suppress(ValueError):
            self.tally.hear(json.loads(message))
        if self.tally.ended:
            self._news.set()


def _share(state: Mapping[str, Any]) -> float:
    value, most = state.get("value"), state.get("max")
    if isinstance(value, int | float) and isinstance(most, int | float) and most > 0:
        return min(1.0, max(0.0, value / most))
    return 0.0
