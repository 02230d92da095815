"""Pictures on their way into a pipeline and out of it, as numpy arrays and Pillow images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cutroom.errors import GiveUp
from cutroom.media.picture import open_picture


def opened(path: Path, *, longest: int = 4096) -> np.ndarray:
    """The picture at `path` without transparency (over white): uint8 RGB, upright."""
    pixels = open_picture(path, max_side=longest)
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)


def covering(pixels: np.ndarray, size: tuple[int, int]) -> Image.Image:
    """The midst of the picture in the shape of `size` (width, height), at that size."""
    height, width = pixels.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    wide, high = size[0] / scale, size[1] / scale
    left, top = (width - wide) / 2, (height - high) / 2
    box = (left, top, left + wide, top + high)
    return Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box=box)


def changeable(path: Path, size: tuple[int, int]) -> Image.Image:
    """The mask at `path` as pipelines want it: white where the picture may change, which is where it is transparent."""
    pixels = open_picture(path, max_side=4096)
    alpha = pixels[..., 3] if pixels.shape[2] == 4 else np.full(pixels.shape[:2], 255, np.uint8)
    return Image.fromarray(255 - alpha).resize(size, Image.Resampling.BILINEAR)


def put_back(made: np.ndarray, before: Image.Image, mask: Image.Image) -> np.ndarray:
    """`made` where `mask` is white, `before` where it is black: what may not change has not changed."""
    height, width = made.shape[:2]
    share = np.asarray(mask.resize((width, height)), np.float32)[..., None] / 255
    old = np.asarray(before.resize((width, height), Image.Resampling.LANCZOS), np.float32)
    return np.rint(made * share + old * (1 - share)).astype(np.uint8)


def pixels_of(picture: Any) -> np.ndarray:
    """What a pipeline gave as uint8 RGB (height, width, 3): Pillow images, and floats from 0 to 1.

    Raises GiveUp for numbers that are none: a model in a precision that it was not made for.
    """
    array = np.asarray(picture)
    if array.dtype != np.uint8:
        if not np.isfinite(array).all():
            raise GiveUp(
                "the model's numbers went out of range, and there is no picture in them; set options.dtype = 'float32' "
                "(or 'bfloat16')"
            )
        array = np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8)
    if array.ndim == 2:
        array = np.repeat(array[..., None], 3, axis=2)
    return np.ascontiguousarray(array[..., :3])


def frames_of(clips: Any) -> list[np.ndarray]:
    """The first clip that a pipeline gave, as uint8 RGB frames with even sides."""
    frames: Sequence[Any] = clips[0]
    return [_even(pixels_of(frame)) for frame in frames]


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write uint8 RGB to a PNG file."""
    Image.fromarray(pixels).save(path, "PNG")


def _even(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return pixels[: height // 2 * 2, : width // 2 * 2]
