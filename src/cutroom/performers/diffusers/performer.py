"""Performs a step with a pipeline of the `diffusers` library, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from cutroom.configuration import Ability, Model
from cutroom.errors import CutroomError, GiveUp, Unavailable
from cutroom.media.kinds import Media
from cutroom.performers.diffusers import loading
from cutroom.performers.diffusers.canvas import Canvas, canvas_of
from cutroom.performers.diffusers.loading import Place, folder_of, pipeline_class, sibling
from cutroom.performers.diffusers.signature import Signature
from cutroom.performers.flow import Degraded
from cutroom.performers.performer import Desk
from cutroom.performers.received import kept_clip, kept_picture, length_degraded, size_degraded
from cutroom.performers.resident import resident
from cutroom.performers.weights import fingerprint
from cutroom.plan.catalogue.edit import EditPicture
from cutroom.plan.catalogue.generate import AnimateStill, GenerateClip, GeneratePicture
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms

STEPS: dict[Ability, type[AnyStep]] = {
    "image": GeneratePicture,
    "edit": EditPicture,
    "video": GenerateClip,
    "animate": AnimateStill,
}
"""The step that each ability is for."""

OWN_OPTIONS = (
    "device", "dtype", "offload", "tiling", "local_files_only", "most_pixels", "most_frames", "fps"
)  # fmt: skip
"""Options that are ours; all others go to the pipeline's call."""

_OURS = ("prompt", "image", "mask_image", "generator", "output_type", "callback_on_step_end", "num_images_per_prompt")
"""What options may not set."""


class DiffusersPerformer:
    """One ability of the pipeline in one folder."""

    version = "1"

    def __init__(self, name: str, model: Model, ability: Ability, source: str) -> None:
        """`name`: what the person calls the model; `source`: a folder, or the name of a model in the local cache."""
        self.name = f"{name}/{ability}"
        self.model = model
        self.ability: Ability = ability
        self.source = source

    @property
    def options(self) -> dict[str, Any]:
        """`OWN_OPTIONS` and parameters of the pipeline's call: common ones, and those in the ability's own table."""
        common = {name: value for name, value in self.model.options.items() if not isinstance(value, dict)}
        own = self.model.options.get(self.ability)
        return common | (own if isinstance(own, dict) else {})

    def performs(self, step: AnyStep) -> bool:
        """True for the steps of its ability, when the pipeline is here and its call takes what they need."""
        if not isinstance(step, STEPS[self.ability]):
            return False
        try:
            return self._editor() is not None if self.ability == "edit" else self.ability in _abilities(self._folder())
        except Unavailable:
            return False

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """The weights' fingerprint, the precision and the options that reach the result."""
        del step
        aside = ("device", "offload", "tiling", "local_files_only")
        return {
            "weights": fingerprint(self._folder()),
            "dtype": self._place().dtype,
            "options": {name: value for name, value in self.options.items() if name not in aside},
        }

    def terms(self, step: AnyStep) -> Terms:
        """Free; one at a time on its device, where the pipeline stays loaded."""
        del step
        where = self._place()
        gpu = {"GPU": 1.0} if where.lane.startswith("gpu") else {}
        return Terms(lane=where.lane, at_once=1, resources=gpu, resident=str(self.source))

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """Run the pipeline and keep what it made.

        Raises Unavailable when the pipeline cannot be loaded here, GiveUp when it fails or takes no such option, BadInput
        when a picture cannot be read, Cancelled within a step of the sampler.
        """
        if not isinstance(step, STEPS[self.ability]):
            raise GiveUp(f"{self.name} cannot carry out {step.kind}")
        folder, where = self._folder(), self._place()
        key = (folder, fingerprint(folder), where)
        with resident(where.lane, key, partial(loading.load, folder, where)) as loaded:
            pipeline = self._for(step, loaded)
            call = Signature.of(type(pipeline))
            canvas = canvas_of(pipeline, call, self.options)
            if self.ability in ("video", "animate"):
                return self._clip(step, desk, pipeline, call, canvas)
            return self._picture(step, desk, pipeline, call, canvas)

    def _picture(self, step: AnyStep, desk: Desk, pipeline: Any, call: Signature, canvas: Canvas) -> Media:
        from cutroom.performers.diffusers.stills import pixels_of, write_png

        given, finish, asked = self._given_stills(step, desk, call, canvas)
        made = self._called(pipeline, call, given, desk)
        path = desk.scratch / "made.png"
        write_png(path, finish(pixels_of(made.images[0])))
        kept = kept_picture(desk, path, self.name)
        _tell(desk, size_degraded(asked, (kept.width, kept.height)))
        return kept

    def _given_stills(
        self, step: AnyStep, desk: Desk, call: Signature, canvas: Canvas
    ) -> tuple[dict[str, Any], Callable[[Any], Any], tuple[int, int]]:
        """The call's arguments for a picture, what becomes of the result, and the size that was asked."""
        from cutroom.performers.diffusers.stills import changeable, covering, opened, put_back

        if isinstance(step, GeneratePicture):
            width, height = canvas.size(step.width, step.height)
            words = {"prompt": step.prompt} | self._avoided(step.avoid, call, desk)
            return {**words, "width": width, "height": height}, lambda pixels: pixels, (step.width, step.height)
        assert isinstance(step, EditPicture)
        if step.references:
            desk.degrade(f"{len(step.references)} further pictures", f"{self.name} takes one picture")
        pixels = opened(desk.path(step.picture))
        asked = pixels.shape[1], pixels.shape[0]
        size = canvas.size(*asked)
        before = covering(pixels, size)
        given = {"prompt": step.instruction, "image": before, "width": size[0], "height": size[1]}
        if step.mask is None:
            return given, lambda pixels: pixels, asked
        mask = changeable(desk.path(step.mask), size)
        return {**given, "mask_image": mask}, partial(put_back, before=before, mask=mask), asked

    def _clip(self, step: AnyStep, desk: Desk, pipeline: Any, call: Signature, canvas: Canvas) -> Media:
        from cutroom.performers.diffusers.frames import write_clip
        from cutroom.performers.diffusers.stills import covering, frames_of, opened

        assert isinstance(step, GenerateClip | AnimateStill)
        size = canvas.size(step.width, step.height)
        given: dict[str, Any] = {"width": size[0], "height": size[1], "num_frames": canvas.frames(step.seconds)}
        if isinstance(step, AnimateStill):
            given |= {"image": covering(opened(desk.path(step.still)), size), "prompt": step.motion}
            if step.motion and not call.takes("prompt"):
                desk.degrade(f"motion: {step.motion}"[:120], f"{self.name} follows no words")
        else:
            given["prompt"] = step.prompt
        given |= {name: float(canvas.fps) for name in ("frame_rate", "fps") if call.takes(name)}
        made = self._called(pipeline, call, given, desk)
        path = desk.scratch / "made.mp4"
        write_clip(path, frames_of(made.frames), canvas.fps)
        kept = kept_clip(desk, path, self.name)
        _tell(desk, size_degraded((step.width, step.height), (kept.width, kept.height)))
        _tell(desk, length_degraded(step.seconds, kept.seconds))
        return kept

    def _avoided(self, avoid: str, call: Signature, desk: Desk) -> dict[str, str]:
        if avoid and not call.takes("negative_prompt"):
            desk.degrade(f"without {avoid}"[:120], f"{self.name} cannot be told what must not be seen")
            return {}
        return {"negative_prompt": avoid} if avoid else {}

    def _called(self, pipeline: Any, call: Signature, given: Mapping[str, Any], desk: Desk) -> Any:
        """The pipeline's answer to what is given and the options, the seed being the take's."""
        import torch  # pyright: ignore[reportMissingImports]

        options = {name: value for name, value in self.options.items() if name not in OWN_OPTIONS}
        unknown = sorted(name for name in options if name in _OURS or not call.takes(name))
        if unknown:
            free = ", ".join(sorted(name for name in call.defaults if name not in _OURS))
            raise GiveUp(f"{self.name}: options.{unknown[0]}: {type(pipeline).__name__} takes {free}")
        # The noise is drawn on the processor, so that a seed gives the same start on every device.
        generator = torch.Generator("cpu").manual_seed(desk.seed % 2**63)
        own = {
            "generator": generator,
            "output_type": "np",
            "callback_on_step_end": _reporter(pipeline, call, options, desk),
        }
        arguments = {name: value for name, value in {**options, **given, **own}.items() if call.takes(name)}
        try:
            with torch.inference_mode():
                return pipeline(**arguments)
        except CutroomError:
            raise
        except torch.OutOfMemoryError as error:
            raise GiveUp(
                f"{self.name}: the device's memory is too small for this; set options.offload = 'model' or 'sequential', "
                "options.tiling = true, or a smaller options.most_pixels"
            ) from error
        except (ValueError, TypeError, RuntimeError, AttributeError, NameError, IndexError, KeyError) as error:
            raise GiveUp(
                f"{self.name}: {type(pipeline).__name__} failed: {' '.join(str(error).split())[:300]}"
            ) from error

    def _for(self, step: AnyStep, loaded: loading.Loaded) -> Any:
        """The pipeline itself, or its sibling that changes pictures, made of the same parts."""
        own = type(loaded.pipeline)
        wanted = own
        if isinstance(step, EditPicture):
            inpaints = step.mask is not None and not Signature.of(own).takes("mask_image")
            wanted = (sibling(own, "inpaint") if inpaints else None) or self._editor() or own
        pipeline = loaded.pipeline if wanted is own else wanted.from_pipe(loaded.pipeline)
        if pipeline is not loaded.pipeline or loaded.where.offload != "none":
            # Parts that come piece by piece know the order of one pipeline: whoever is next tells them its own.
            loading.put(pipeline, loaded.where)
        return pipeline

    def _editor(self) -> type | None:
        """The class that changes pictures with these weights; None when there is none."""
        kind = pipeline_class(self._folder())
        if "edit" in Signature.of(kind).abilities:
            return kind
        other = sibling(kind, "edit")
        return other if other is not None and "edit" in Signature.of(other).abilities else None

    def _folder(self) -> Path:
        return folder_of(self.source, download=self.options.get("local_files_only") is False)

    def _place(self) -> Place:
        wishes = {
            name: value for name, value in self.options.items() if name in ("device", "dtype", "offload", "tiling")
        }
        return loading.place(**wishes)


@lru_cache(maxsize=16)
def _abilities(folder: Path) -> frozenset[Ability]:
    return Signature.of(pipeline_class(folder)).abilities


def _reporter(pipeline: Any, call: Signature, options: Mapping[str, Any], desk: Desk) -> Callable[..., dict[str, Any]]:
    """What the sampler calls after each step: tells the progress, and stops when a person did."""
    asked = options.get("num_inference_steps")
    total = asked if isinstance(asked, int) else int(call.number("num_inference_steps") or 50)

    def told(_: Any, step: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        known = getattr(pipeline, "num_timesteps", None)
        desk.progress(step + 1, known if isinstance(known, int) else total)
        return tensors

    return told


def _tell(desk: Desk, degraded: Degraded | None) -> None:
    if degraded is not None:
        desk.degrade(degraded.what, degraded.why)
