"""Media made ready for a server: pictures as upright PNG without anything that says where they were taken."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from PIL import Image as Pillow

from cutroom.media.kinds import Image, Media
from cutroom.media.picture import open_picture
from cutroom.performers.comfyui.flow import Upload
from cutroom.performers.performer import Desk
from cutroom.plan.step import Ref

LONGEST_SIDE = 4096
"""In pixels. Nothing that a workflow makes is larger."""

_TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".mkv": "video/x-matroska"}


def uploads(files: Mapping[str, Ref], desk: Desk, *, inpaints: bool) -> tuple[Upload, ...]:
    """The files to upload, named by their content. With `inpaints`, the mask is the picture's own transparency.

    ComfyUI's loaders take transparent for what may be changed, which is what a step's mask means.
    Raises BadInput when a picture cannot be read.
    """
    ready: list[Upload] = []
    for name, ref in files.items():
        media: Media = desk.media(ref)
        if not isinstance(media, Image):
            kind = _TYPES.get(media.suffix, "application/octet-stream")
            ready.append(Upload(name, f"{media.digest[:32]}{media.suffix}", desk.path(ref).read_bytes(), kind))
            continue
        pixels = open_picture(desk.path(ref), max_side=LONGEST_SIDE)
        mask = files.get("mask")
        if name == "image" and inpaints:
            pixels = _with_mask(pixels, open_picture(desk.path(mask), max_side=LONGEST_SIDE) if mask else None)
        stem = (
            f"{media.digest[:32]}-{desk.media(mask).digest[:16]}"
            if name == "image" and inpaints and mask
            else media.digest[:32]
        )
        if name == "image" and inpaints and not mask:
            stem += "-all"
        ready.append(Upload(name, f"{stem}.png", png(pixels), "image/png"))
    return tuple(ready)


def png(pixels: np.ndarray) -> bytes:
    """`pixels` (height, width, 3 or 4), uint8, as a PNG file."""
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _with_mask(pixels: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """RGBA: transparent where the mask is, or everywhere when there is none."""
    height, width = pixels.shape[:2]
    alpha = np.zeros((height, width), np.uint8)
    if mask is not None and mask.shape[2] == 4:
        alpha = np.asarray(Pillow.fromarray(mask[..., 3]).resize((width, height), Pillow.Resampling.BILINEAR))
    return np.dstack([pixels[..., :3], alpha])
