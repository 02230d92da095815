"""The configured performers that go before the house, because a person said ``first = true``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cutroom.plugins import hookimpl


@hookimpl(tryfirst=True)
def cutroom_performers(register: Callable[[Any], None]) -> None:
    """Everybody who is configured to go first. Raises WrongUse for a file that cannot be read."""
    from cutroom.configuration import configured

    models = {name: model for name, model in configured().models.items() if model.first}
    if models:
        from cutroom.performers.configured.cast import performers_of

        for performer in performers_of(models):
            register(performer)
