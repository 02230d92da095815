"""The performers of configured models, whatever they speak."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cutroom.chat.rates import Rates
from cutroom.configuration import Model
from cutroom.errors import BadInput, Unavailable, WrongUse
from cutroom.performers.configured.absent import Absent
from cutroom.performers.connections import Connections
from cutroom.performers.performer import Performer
from cutroom.performers.prices import read_price
from cutroom.performers.served import Clients


def performers_of(models: Mapping[str, Model], clients: Clients | None = None) -> list[Performer]:
    """Everybody who performs with one of `models`, by the person's names for them; in their order.

    Nothing is connected or loaded. A model that is not set up rightly costs only its own part: it is `Absent`.
    """
    clients = clients or Connections()
    return [performer for name, model in models.items() for performer in performers_for(name, model, clients)]


def performers_for(name: str, model: Model, clients: Clients) -> list[Performer]:
    """Who performs with `model`, which the person calls `name`."""
    try:
        check_prices(name, model)
        return list(_performers(name, model, clients))
    except (WrongUse, BadInput, Unavailable) as trouble:
        return [*Absent.all_of(name, model, str(trouble))]


def check_prices(name: str, model: Model) -> None:
    """Raises WrongUse that names the model and the price, for one that cannot be read."""
    for ability, written in model.price.items():
        try:
            Rates.read(written) if ability == "chat" else read_price(written)
        except WrongUse as error:
            raise WrongUse(f"model {name}: price.{ability}: {error}") from error


def _performers(name: str, model: Model, clients: Clients) -> Iterable[Performer]:
    match model.api:
        case "openai":
            from cutroom.performers.chat import cast as chat
            from cutroom.performers.openai_http import cast as openai

            return [*openai.performers_for(name, model, clients), *chat.performers_for(name, model, clients)]
        case "fal" | "ace_step":
            from cutroom.performers.queue import cast as queue

            return queue.performers_for(name, model, clients)
        case "comfyui":
            from cutroom.performers.comfyui import cast as comfyui

            return comfyui.performers_for(name, model, clients)
        case "diffusers":
            from cutroom.performers.diffusers import cast as diffusers

            return diffusers.performers_for(name, model)
        case "whisper":
            from cutroom.performers.whisper import cast as whisper

            return whisper.performers_for(name, model)
