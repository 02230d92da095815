"""The performers of a configured diffusers pipeline: one for each thing that it may do."""

from __future__ import annotations

from pathlib import Path

from cutroom.configuration import Ability, Model
from cutroom.errors import WrongUse
from cutroom.performers.diffusers.performer import DiffusersPerformer
from cutroom.performers.diffusers.signature import ABILITIES


def performers_for(name: str, model: Model) -> list[DiffusersPerformer]:
    """Who performs with `model`, which the person calls `name`.

    The abilities that the model names, each with a folder (below `folder`) or a model of the local cache; with a `folder` and
    none named, all that its pipeline turns out to have. Raises WrongUse when it names neither, or an ability that no
    pipeline has here.
    """
    named: dict[Ability, str] = {ability: source for ability in ABILITIES if (source := getattr(model, ability))}
    others = [
        ability
        for ability in ("chat", "speech", "transcribe", "music", "sound", "edit_video")
        if getattr(model, ability)
    ]
    if others:
        raise WrongUse(f"model {name}: {others[0]}: a diffusers pipeline is for {', '.join(ABILITIES)}")
    if not named and not model.folder:
        raise WrongUse(f'model {name}: no pipeline; add folder = "…" to [models.{name}] in cutroom.toml')
    sources = named or dict.fromkeys(ABILITIES, ".")
    return [DiffusersPerformer(name, model, ability, _source(model, source)) for ability, source in sources.items()]


def _source(model: Model, source: str) -> str:
    """A folder below the model's own, or what was said."""
    if model.folder is None:
        return source
    below = Path(model.folder).expanduser() / source
    return str(below if below.is_dir() else source)
