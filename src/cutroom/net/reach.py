"""Whether anybody listens at an address, before something that would wait for minutes is told to go there."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit


def listens(address: str, seconds: float = 5.0) -> bool:
    """True when ``host:port`` (a scheme before it may stand) takes a connection within so many seconds.

    Raises ValueError for what is no such address.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    if not parts.hostname or parts.port is None:
        raise ValueError(f"{address!r} is not host:port")
    try:
        socket.create_connection((parts.hostname, parts.port), seconds).close()
    except OSError:
        return False
    return True
