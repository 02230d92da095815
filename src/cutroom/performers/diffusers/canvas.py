"""Which sizes and lengths a pipeline makes: multiples of what its autoencoder and its patches fold together. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from cutroom.performers.diffusers.signature import Signature

FPS = 16
"""Frames a second of a clip whose pipeline does not say: what Wan was trained with. Set ``fps`` in the options for others."""

_SPATIAL = ("vae_scale_factor_spatial", "vae_spatial_compression_ratio", "vae_scale_factor")
_TEMPORAL = ("vae_scale_factor_temporal", "vae_temporal_compression_ratio")
_DENOISERS = ("transformer", "transformer_2", "unet")
_LEAST = 16
"""No pipeline is known that wants a finer grid; some that want this one do not say so."""
_STILLS_BEYOND = 2.0
"""So many times the pixels that it was trained with, a model still makes one picture and not several side by side."""
_CLIPS_BEYOND = 3.0


@dataclass(frozen=True)
class Canvas:
    """What a pipeline makes."""

    grid: int
    """Width and height are multiples of it."""
    stride: int
    """A clip has a multiple of it and one frames; 1: as many as one likes."""
    most_pixels: float | None
    """More are not worth asking for; None: nobody knows."""
    most_frames: int | None
    fps: Fraction
    """What its clips are played at."""

    def size(self, width: int, height: int) -> tuple[int, int]:
        """The nearest size to this one that the pipeline makes, in the same shape."""
        scale = 1.0
        if self.most_pixels is not None and width * height > self.most_pixels:
            scale = math.sqrt(self.most_pixels / (width * height))
        return self._on_grid(width * scale), self._on_grid(height * scale)

    def frames(self, seconds: Fraction) -> int:
        """The fewest frames that last so long, or as many as the pipeline makes."""
        steps = max(1, math.ceil((seconds * self.fps - 1) / self.stride))
        if self.most_frames is not None:
            steps = min(steps, max(1, (self.most_frames - 1) // self.stride))
        return steps * self.stride + 1

    def _on_grid(self, side: float) -> int:
        return max(self.grid, round(side / self.grid) * self.grid)


def canvas_of(pipeline: Any, call: Signature, options: Mapping[str, Any]) -> Canvas:
    """What `pipeline` makes, by its own attributes; ``most_pixels``, ``most_frames`` and ``fps`` of the options count more."""
    factor = _attribute(pipeline, _SPATIAL) or 8
    stride = _attribute(pipeline, _TEMPORAL) or 1
    grid = max(_LEAST, factor * _patch(pipeline))
    fps = options.get("fps") or options.get("frame_rate") or call.number("frame_rate", "fps") or FPS
    most_frames = options.get("most_frames") or call.number("num_frames")
    return Canvas(
        grid=grid,
        stride=stride,
        most_pixels=options.get("most_pixels") or _trained_pixels(pipeline, call, factor),
        most_frames=int(most_frames) if most_frames and most_frames > 1 else None,
        fps=Fraction(fps).limit_denominator(1001),
    )


def _trained_pixels(pipeline: Any, call: Signature, factor: int) -> float | None:
    height, width = call.number("height"), call.number("width")
    beyond = _CLIPS_BEYOND if call.takes("num_frames") else _STILLS_BEYOND
    if height and width:
        return height * width * beyond
    side = getattr(pipeline, "default_sample_size", None)
    return (side * factor) ** 2 * beyond if isinstance(side, int) and not isinstance(side, bool) else None


def _attribute(pipeline: Any, names: tuple[str, ...]) -> int | None:
    values = (getattr(pipeline, name, None) for name in names)
    return next((value for value in values if isinstance(value, int) and value > 0), None)


def _patch(pipeline: Any) -> int:
    """The side of the patches that a transformer sees, 1 without any."""
    sizes = [1]
    for name in _DENOISERS:
        patch = getattr(getattr(getattr(pipeline, name, None), "config", None), "patch_size", None)
        side = patch[-1] if isinstance(patch, list | tuple) and patch else patch
        if isinstance(side, int):
            sizes.append(side)
    return max(sizes)
