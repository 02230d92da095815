"""Which engine carries out a run: threads of this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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
    try:
        from cutroom.engine.ray import RayEngine
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise Unavailable("--engine ray needs Ray: pip install 'cutroom[ray]'") from error
    return partial(RayEngine, address=options.address)
