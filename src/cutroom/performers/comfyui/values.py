"""What a step hands to a workflow: values by the names of `cutroom.performers.comfyui.workflow`, and the files that it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from cutroom.configuration import Ability
from cutroom.media.kinds import Media
from cutroom.performers.comfyui.workflow import Value
from cutroom.plan.catalogue.edit import EditClip, EditPicture
from cutroom.plan.catalogue.generate import (
    AnimateStill,
    GenerateClip,
    GenerateMusic,
    GeneratePicture,
    GenerateSound,
    Speak,
)
from cutroom.plan.step import AnyStep, Ref

STEPS: dict[Ability, type[AnyStep]] = {
    "image": GeneratePicture,
    "edit": EditPicture,
    "video": GenerateClip,
    "animate": AnimateStill,
    "edit_video": EditClip,
    "speech": Speak,
    "music": GenerateMusic,
    "sound": GenerateSound,
}
"""The step that each ability is for; what is not here, a workflow cannot do."""

NEEDS: dict[Ability, tuple[str, ...]] = {
    "image": ("prompt",),
    "edit": ("prompt", "image"),
    "video": ("prompt",),
    "animate": ("image",),
    "edit_video": ("prompt", "clip"),
    "speech": ("prompt",),
    "music": ("prompt",),
    "sound": ("prompt",),
}
"""The places without which a workflow is of no use for an ability."""

_SEEDS = 2**32
"""Every sampler takes a seed below this."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a step wants from a workflow."""

    values: dict[str, Value]
    """Those that a workflow should have a place for."""
    files: dict[str, Ref] = field(default_factory=dict)
    """By name, the media to upload."""
    size: tuple[int, int] | None = None
    """Width and height in pixels, where the step has them."""
    seconds: Fraction | None = None
    """How long it should be, where the step says so."""
    makes: type[Media] = Media


def wanted(step: AnyStep, seed: int) -> Wanted:
    """What `step` wants, for a take with this seed. Raises KeyError for a step that no workflow performs."""
    values, files = _said(step)
    if type(step).seeded:
        values["seed"] = seed % _SEEDS
    size = (step.width, step.height) if isinstance(step, GeneratePicture | GenerateClip | AnimateStill) else None
    seconds = getattr(step, "seconds", None)
    return Wanted(
        values={name: value for name, value in values.items() if value != ""},
        files=files,
        size=size,
        seconds=seconds,
        makes=type(step).makes,
    )


def _said(step: AnyStep) -> tuple[dict[str, Value], dict[str, Ref]]:
    """The words and the files of a step, by name."""
    match step:
        case GeneratePicture():
            return {"prompt": step.prompt, "avoid": step.avoid}, {}
        case EditPicture():
            files: dict[str, Ref] = {"image": step.picture}
            files |= {f"image{number}": ref for number, ref in enumerate(step.references, 2)}
            return {"prompt": step.instruction}, files | ({"mask": step.mask} if step.mask else {})
        case GenerateClip():
            return {"prompt": step.prompt}, {}
        case AnimateStill():
            return {"prompt": step.motion}, {"image": step.still}
        case EditClip():
            return {"prompt": step.instruction}, {"clip": step.clip}
        case GenerateMusic():
            return {"prompt": step.description, "lyrics": step.lyrics}, {}
        case GenerateSound():
            return {"prompt": step.description}, {}
        case Speak():
            said: dict[str, Value] = {"prompt": step.text, "voice": step.voice or "", "manner": step.manner or ""}
            said |= {"language": step.language} if step.language else {}
            said |= {"pace": step.pace} if step.pace != 1.0 else {}
            return said, {"sound": step.sample} if step.sample else {}
        case _:
            raise KeyError(step.kind)
