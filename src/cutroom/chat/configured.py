"""The chat model that a person configured."""

from __future__ import annotations

from cutroom.chat.model import ServedModel
from cutroom.configuration import Configuration, endpoint_of


def chat_model_of(configuration: Configuration, name: str | None = None) -> ServedModel | None:
    """The model that plans are asked of, or the one that the person calls `name`; None when there is no such model.

    Nothing is sent. Raises Unavailable when its key is not set here, WrongUse for a price or for options that are none.
    """
    name = name or configuration.chat
    model = configuration.models.get(name or "")
    if name is None or model is None or not model.chat:
        return None
    from cutroom.net.client import Client  # loads the HTTP library

    return ServedModel.configured(name, model, Client(endpoint_of(name, model)))
