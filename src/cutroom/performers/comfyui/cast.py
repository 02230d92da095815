"""The performers of a configured ComfyUI server: one for each workflow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cutroom.configuration import Ability, Model
from cutroom.errors import BadInput, WrongUse
from cutroom.performers.comfyui.performer import ComfyPerformer
from cutroom.performers.comfyui.values import NEEDS
from cutroom.performers.comfyui.workflow import load
from cutroom.performers.served import Clients

_OWN_OPTIONS = ("fps", "most_pixels")


def performers_for(name: str, model: Model, clients: Clients, *, beside: Path | None = None) -> list[ComfyPerformer]:
    """Who performs with `model`, which the person calls `name`. Workflow files are looked for `beside` the configuration.

    Raises WrongUse for an ability that no workflow can have, or an option that no workflow has a place for; BadInput for
    a file that is no workflow, or that has no place for what its steps need.
    """
    found = [_performer(name, model, ability, Path(file), clients, beside) for ability, file in model.workflows.items()]
    _check_options(name, found)
    return found


def _performer(
    name: str, model: Model, ability: str, file: Path, clients: Clients, beside: Path | None
) -> ComfyPerformer:
    known: Mapping[str, Ability] = {one: one for one in NEEDS}
    if ability not in known:
        raise WrongUse(f"model {name}: workflows.{ability}: a workflow can be for {', '.join(NEEDS)}")
    path = (beside or Path.cwd()) / file.expanduser()
    workflow = load(path)
    for need in NEEDS[known[ability]]:
        if not workflow.takes(need):
            raise BadInput(
                path,
                f"has no place for the {need}, which {ability} needs",
                f"title the node for it cutroom:{need} and export it again",
            )
    return ComfyPerformer(name, model, known[ability], path, clients)


def _check_options(name: str, performers: list[ComfyPerformer]) -> None:
    """An option that goes nowhere would be believed in vain."""
    for performer in performers:
        for option in performer.options:
            if option not in _OWN_OPTIONS and not any(load(one.path).takes(option) for one in performers):
                raise WrongUse(f"model {name}: options.{option}: no workflow has a node titled cutroom:{option}")
