"""Connections to the configured servers: one client for each, opened when it is first needed, shared by all threads."""

from __future__ import annotations

from threading import Lock

from cutroom.configuration import Model, endpoint_of
from cutroom.net.client import Client


class Connections:
    """Gives the client of a configured model. Pickled without its clients: another process opens its own."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Model, Client]] = {}
        self._lock = Lock()

    def __call__(self, name: str, model: Model) -> Client:
        """The client of `model`, which the person calls `name`.

        Raises Unavailable when the model has no address, or its key is not set here.
        """
        with self._lock:
            known = self._open.get(name)
            if known is None or known[0] != model:
                known = self._open[name] = (model, Client(endpoint_of(name, model)))
            return known[1]

    def __reduce__(self) -> tuple[type[Connections], tuple[()]]:
        return Connections, ()

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            for _, client in self._open.values():
                client.close()
            self._open.clear()
