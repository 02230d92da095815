"""The performer of a configured Whisper model."""

from __future__ import annotations

from pathlib import Path

from cutroom.configuration import Model
from cutroom.errors import WrongUse
from cutroom.performers.whisper.performer import WhisperPerformer


def performers_for(name: str, model: Model) -> list[WhisperPerformer]:
    """Who listens with `model`, which the person calls `name`: the model in its `folder`, or in the one that `transcribe` names.

    Raises WrongUse when it names none.
    """
    folder = Path(model.folder or "").expanduser()
    if model.transcribe and (folder / model.transcribe).is_dir():
        folder = folder / model.transcribe
    elif model.folder is None:
        raise WrongUse(f'model {name}: no model to listen with; add folder = "…" to [models.{name}] in cutroom.toml')
    return [WhisperPerformer(name, model, folder)]
