"""Which engine carries out a run: threads of this machine, or a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cutroom.engine.local import LocalEngine
from cutroom.errors import Unavailable, WrongUse
from cutroom.producer.options import Options

MakeEngine = Callable[..., LocalEngine]
"""Called with what `LocalEngine` takes."""


def engine_of(options: Options) -> MakeEngine:
    """The engine that `options` ask for. Raises Unavailable when its extra is not installed, WrongUse for what cannot be."""
    if options.engine == "local":
        if options.address is not None:
            raise WrongUse(f"--address {options.address} is a cluster's: say --engine ray, too")
        return LocalEngine
    _show_token(options.address or os.environ.get("RAY_ADDRESS"))
    try:
        from cutroom.engine.ray import RayEngine
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise Unavailable("--engine ray needs Ray: pip install 'cutroom[ray]'") from error
    return partial(RayEngine, address=options.address)


def _show_token(address: str | None) -> None:
    """Has Ray present the token of a cluster elsewhere, if there is one here. It only looks when it is first imported."""
    kept = Path.home() / ".ray" / "auth_token"
    there = any(name in os.environ for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")) or kept.is_file()
    if address not in (None, "local", "auto") and there:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
