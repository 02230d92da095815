"""Finds a pipeline's class without its weights, and loads it to its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from cutroom.errors import Unavailable

Offload = Literal["auto", "none", "model", "sequential"]
"""What is kept in the computer's memory and moved to the device when its turn comes: nothing, whole models, or layers."""

_ROOM = 0.8
"""Weights that take more than this part of a device's free memory leave too little for the work."""

_INSTALL = "pip install 'cutroom[diffusers]'"


@dataclass(frozen=True)
class Place:
    """Where and how a pipeline runs."""

    device: str
    """As torch names it: ``cuda:0``, ``mps``, ``cpu``."""
    dtype: str
    """As torch names it: ``bfloat16``, ``float16``, ``float32``."""
    offload: Offload = "auto"
    tiling: bool = False
    """The autoencoder works tile by tile: less memory, a little slower."""

    @property
    def lane(self) -> str:
        """What queues for the same device: ``gpu:0``, ``gpu``, ``cpu``."""
        return self.device.replace("cuda", "gpu").replace("mps", "gpu")


def installed() -> bool:
    """True when the libraries are here; they are not loaded for this."""
    return find_spec("diffusers") is not None and find_spec("torch") is not None


def place(device: str | None = None, dtype: str | None = None, **how: Any) -> Place:
    """The place for these wishes: the first GPU, in half precision, unless said otherwise. Raises Unavailable without torch."""
    device = device or _best_device()
    device = "cuda:0" if device == "cuda" else device
    usual = {"cuda": "bfloat16", "mps": "float16"}.get(device.partition(":")[0], "float32")
    return Place(device, dtype or usual, **how)


@lru_cache(maxsize=1)
def _best_device() -> str:
    if not installed():
        raise Unavailable(f"diffusers and torch are not installed: {_INSTALL}")
    import torch  # pyright: ignore[reportMissingImports]

    if torch.cuda.is_available():
        return "cuda:0"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def folder_of(source: str, *, download: bool = False) -> Path:
    """The folder that holds the pipeline `source`: a folder itself, or a name in the local Hugging Face cache.

    Nothing is fetched from anywhere unless `download`. Raises Unavailable when it is not here.
    """
    path = Path(source).expanduser()
    if (path / "model_index.json").is_file():
        return path.resolve()
    if path.is_dir():
        raise Unavailable(f"{path}: no model_index.json in it; name the folder that a diffusers pipeline was saved to")
    if not installed():
        raise Unavailable(f"diffusers and torch are not installed: {_INSTALL}")
    from huggingface_hub import snapshot_download  # pyright: ignore[reportMissingImports]
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # pyright: ignore[reportMissingImports]

    try:
        if download:
            from diffusers import DiffusionPipeline  # pyright: ignore[reportMissingImports]

            return Path(DiffusionPipeline.download(source, use_safetensors=True))
        return Path(snapshot_download(source, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError) as error:
        raise Unavailable(
            f"{source}: neither a folder nor a model in the local cache; fetch it with 'hf download {source}', or set "
            f"options.local_files_only = false ({str(error)[:120]})"
        ) from error


def pipeline_class(folder: Path) -> type:
    """The class of the pipeline in `folder`, without its weights. Raises Unavailable when it is not known here."""
    if not installed():
        raise Unavailable(f"diffusers and torch are not installed: {_INSTALL}")
    _quieten()
    import diffusers  # pyright: ignore[reportMissingImports]

    try:
        name = json.loads((folder / "model_index.json").read_bytes()).get("_class_name")
    except (OSError, ValueError, AttributeError) as error:
        raise Unavailable(f"{folder}/model_index.json: cannot be read ({error}); fetch the model again") from error
    found = getattr(diffusers, name, None) if isinstance(name, str) else None
    if not isinstance(found, type):
        raise Unavailable(
            f"{folder}: its pipeline, {name}, is none of diffusers {diffusers.__version__}; a newer release may have it "
            "(code that comes with a model is never run)"
        )
    return found


def sibling(pipeline: type, task: Literal["edit", "inpaint"]) -> type | None:
    """The pipeline that changes pictures with the same weights, where diffusers knows one."""
    from diffusers.pipelines import auto_pipeline as auto  # pyright: ignore[reportMissingImports]

    wanted = auto.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING if task == "edit" else auto.AUTO_INPAINT_PIPELINES_MAPPING
    families = (auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING, auto.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING)
    for family in families:
        for kind, known in family.items():
            if known is pipeline and kind in wanted:
                return wanted[kind]
    return None


@cache
def _quieten() -> None:
    """Bars and remarks of the libraries do not belong on a person's screen; their errors are raised anyway."""
    from diffusers.utils import logging as diffusers_logging  # pyright: ignore[reportMissingImports]
    from transformers.utils import logging as transformers_logging  # pyright: ignore[reportMissingImports]

    for logging in (diffusers_logging, transformers_logging):
        logging.disable_progress_bar()
        logging.set_verbosity_error()


@dataclass(frozen=True)
class Loaded:
    """A pipeline that is ready."""

    pipeline: Any
    where: Place
    """Its place, `offload` decided."""


def load(folder: Path, where: Place) -> Loaded:
    """The pipeline in `folder`, ready at its place. Only safetensors are read, nothing is fetched, and no code of the model runs.

    Raises Unavailable when it cannot be loaded.
    """
    _quieten()
    import torch  # pyright: ignore[reportMissingImports]
    from diffusers import DiffusionPipeline  # pyright: ignore[reportMissingImports]

    pipeline_class(folder)
    dtype = getattr(torch, where.dtype, None)
    if not isinstance(dtype, torch.dtype):
        raise Unavailable(f"options.dtype: torch has no {where.dtype!r}; write bfloat16, float16 or float32")
    try:
        pipeline = DiffusionPipeline.from_pretrained(folder, dtype=dtype, local_files_only=True, use_safetensors=True)
    except (OSError, ValueError, ImportError, RuntimeError, AttributeError, KeyError) as error:
        raise Unavailable(f"{folder}: the pipeline cannot be loaded ({' '.join(str(error).split())[:300]})") from error
    offload = where.offload
    if offload == "auto":
        offload = "model" if where.device.startswith("cuda") and not _fits(folder, where) else "none"
    loaded = Loaded(pipeline, replace(where, offload=offload))
    put(pipeline, loaded.where)
    return loaded


def put(pipeline: Any, where: Place) -> None:
    """Bring the pipeline to its device, or let it come piece by piece. Raises Unavailable when it cannot."""
    import torch  # pyright: ignore[reportMissingImports]

    pipeline.set_progress_bar_config(disable=True)
    try:
        if where.offload == "model":
            pipeline.enable_model_cpu_offload(device=where.device)
        elif where.offload == "sequential":
            pipeline.enable_sequential_cpu_offload(device=where.device)
        else:
            pipeline.to(where.device)
    except (RuntimeError, AssertionError, ValueError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise Unavailable(
                f"{where.device}: the pipeline is too large for it; set options.offload = 'model' or 'sequential'"
            ) from error
        raise Unavailable(f"options.device: {where.device} cannot be used here ({str(error)[:200]})") from error
    if where.tiling and hasattr(getattr(pipeline, "vae", None), "enable_tiling"):
        pipeline.vae.enable_tiling()


def _fits(folder: Path, where: Place) -> bool:
    """True when the weights leave room on the device for the work. Files of full precision shrink when loaded in half."""
    import torch  # pyright: ignore[reportMissingImports]

    if not torch.cuda.is_available():
        return True  # and the device itself will say why it cannot be used
    free, _ = torch.cuda.mem_get_info(where.device)
    size = sum(path.stat().st_size for path in folder.rglob("*.safetensors"))
    return size <= _ROOM * free
