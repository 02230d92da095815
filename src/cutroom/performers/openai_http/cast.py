"""The performers of a configured server that speaks OpenAI's shapes."""

from __future__ import annotations

from cutroom.configuration import Model
from cutroom.performers.openai_http.clips import ClipEditor, ClipMaker, StillAnimator
from cutroom.performers.openai_http.noises import MusicMaker, SoundMaker
from cutroom.performers.openai_http.pictures import PictureEditor, PictureMaker
from cutroom.performers.openai_http.transcripts import Listener
from cutroom.performers.openai_http.voices import Speaker
from cutroom.performers.performer import Performer
from cutroom.performers.served import Clients, Served

KINDS: tuple[type[Served], ...] = (
    PictureMaker,
    PictureEditor,
    ClipMaker,
    StillAnimator,
    ClipEditor,
    Speaker,
    Listener,
    MusicMaker,
    SoundMaker,
)


def performers_for(name: str, model: Model, clients: Clients) -> list[Performer]:
    """One performer for each ability that `model` names. No connection is made before one of them performs.

    Args:
        name: What the person calls the server.
        model: What is configured.
        clients: Gives the connection, by name and model; see `cutroom.performers.connections`.
    """
    return [kind(name, model, clients) for kind in KINDS if getattr(model, kind.ability)]
