"""The performers of the models in ``cutroom.toml``. They enter by the door that every plug-in uses, and stand behind the house.

Whoever is to go before the house is let in by `cutroom.performers.configured.first`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cutroom.plugins import hookimpl


@hookimpl(trylast=True)
def cutroom_performers(register: Callable[[Any], None]) -> None:
    """Everybody who is configured, and does not go first. Raises WrongUse for a file that cannot be read."""
    from cutroom.configuration import configured

    models = {name: model for name, model in configured().models.items() if not model.first}
    if models:
        from cutroom.performers.configured.cast import performers_of

        for performer in performers_of(models):
            register(performer)
