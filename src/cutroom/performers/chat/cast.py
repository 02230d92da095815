"""The performers of a configured chat model."""

from __future__ import annotations

from cutroom.configuration import Model
from cutroom.performers.chat.writer import ChatWriter
from cutroom.performers.performer import Performer
from cutroom.performers.served import Clients


def performers_for(name: str, model: Model, clients: Clients) -> list[Performer]:
    """Who writes with `model`, which the person calls `name`; nobody when it has no chat model. No connection is made.

    Raises WrongUse for a price that cannot be read.
    """
    return [ChatWriter(name, model, clients)] if model.chat else []
