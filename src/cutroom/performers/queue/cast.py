"""The performers of a configured queue: in the shape of fal, or ACE-Step's."""

from __future__ import annotations

from cutroom.configuration import Model
from cutroom.performers.performer import Performer
from cutroom.performers.queue import fal
from cutroom.performers.queue.ace_step import Songs
from cutroom.performers.served import Clients, Served

KINDS: dict[str, tuple[type[Served], ...]] = {
    "fal": (
        fal.QueuedPictures,
        fal.QueuedEdits,
        fal.QueuedClips,
        fal.QueuedAnimations,
        fal.QueuedClipEdits,
        fal.QueuedVoices,
        fal.QueuedMusic,
        fal.QueuedSounds,
    ),
    "ace_step": (Songs,),
}


def performers_for(name: str, model: Model, clients: Clients) -> list[Performer]:
    """One performer for each ability that `model` names. No connection is made before one of them performs.

    Args:
        name: What the person calls the queue.
        model: What is configured; its `api` is ``fal`` or ``ace_step``.
        clients: Gives the connection, by name and model; see `cutroom.performers.connections`.
    """
    return [kind(name, model, clients) for kind in KINDS.get(model.api, ()) if getattr(model, kind.ability)]
