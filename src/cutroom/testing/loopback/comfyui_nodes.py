"""The nodes that the loopback ComfyUI knows, and what they make: bars with what was uploaded in their midst, and a tone."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image

from cutroom.testing import colour_bars, tone

_SIDE = {"default": 512, "min": 16, "max": 16384, "step": 8}
_SEED = {"default": 0, "min": 0, "max": 2**64 - 1}


def _node(*, output: bool = False, **inputs: list[Any]) -> dict[str, Any]:
    return {"input": {"required": inputs}, "output_node": output}


NODES: dict[str, dict[str, Any]] = {
    "CheckpointLoaderSimple": _node(ckpt_name=[["bars-v1.safetensors", "bars-v2.safetensors"]]),
    "CLIPTextEncode": _node(text=["STRING", {"multiline": True}], clip=["CLIP"]),
    "EmptyLatentImage": _node(width=["INT", _SIDE], height=["INT", _SIDE], batch_size=["INT", {"min": 1, "max": 64}]),
    "KSampler": _node(
        model=["MODEL"],
        seed=["INT", _SEED],
        steps=["INT", {"default": 20, "min": 1, "max": 10000}],
        cfg=["FLOAT", {}],
        sampler_name=[["euler", "dpmpp_2m"]],
        scheduler=[["normal", "karras"]],
        positive=["CONDITIONING"],
        negative=["CONDITIONING"],
        latent_image=["LATENT"],
        denoise=["FLOAT", {}],
    ),
    "VAEDecode": _node(samples=["LATENT"], vae=["VAE"]),
    "VAEEncode": _node(pixels=["IMAGE"], vae=["VAE"]),
    "SetLatentNoiseMask": _node(samples=["LATENT"], mask=["MASK"]),
    "LoadImage": _node(image=[["example.png"], {"image_upload": True}]),
    "LoadImageMask": _node(
        image=[["example.png"], {"image_upload": True}], channel=[["alpha", "red", "green", "blue"]]
    ),
    "SaveImage": _node(output=True, images=["IMAGE"], filename_prefix=["STRING", {}]),
    "PreviewImage": _node(output=True, images=["IMAGE"]),
    "WanImageToVideo": _node(
        positive=["CONDITIONING"],
        negative=["CONDITIONING"],
        vae=["VAE"],
        width=["INT", {**_SIDE, "step": 16}],
        height=["INT", {**_SIDE, "step": 16}],
        length=["INT", {"default": 81, "min": 1, "max": 16384, "step": 4}],
        batch_size=["INT", {"min": 1, "max": 64}],
    ),
    "CreateVideo": _node(images=["IMAGE"], fps=["FLOAT", {}]),
    "SaveVideo": _node(output=True, video=["VIDEO"], filename_prefix=["STRING", {}]),
    "EmptyLatentAudio": _node(seconds=["FLOAT", {"default": 47.6, "min": 1.0, "max": 1000.0, "step": 0.1}]),
    "VAEDecodeAudio": _node(samples=["LATENT"], vae=["VAE"]),
    "SaveAudio": _node(output=True, audio=["AUDIO"], filename_prefix=["STRING", {}]),
}
"""By kind, in the shape of ``/object_info``."""

Files = Mapping[tuple[str, str, str], bytes]


def make(graph: Mapping[str, Any], files: Files, number: int) -> dict[str, tuple[str, str, bytes]]:
    """What the output nodes of `graph` leave: node → (the field it is told in, file name, bytes)."""
    made: dict[str, tuple[str, str, bytes]] = {}
    for name, node in graph.items():
        match node["class_type"]:
            case "SaveImage" | "PreviewImage":
                made[name] = ("images", f"ComfyUI_{number:05}_{name}.png", _png(_picture(graph, name, files)))
            case "SaveVideo":
                made[name] = ("images", f"ComfyUI_{number:05}_{name}.mp4", _clip(graph, name, files))
            case "SaveAudio":
                seconds = _first(graph, name, "seconds") or 1.0
                made[name] = ("audio", f"ComfyUI_{number:05}_{name}.flac", _flac(tone(seconds)))
            case _:
                pass
    return made


def _above(graph: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """The node and all above it, nearest first."""
    waiting, seen = [name], set()
    while waiting:
        at = waiting.pop(0)
        if at not in seen:
            seen.add(at)
            yield graph[at]
            waiting += [value[0] for value in graph[at]["inputs"].values() if isinstance(value, list)]


def _first(graph: Mapping[str, Any], name: str, entry: str) -> Any:
    return next((node["inputs"][entry] for node in _above(graph, name) if entry in node["inputs"]), None)


def _picture(graph: Mapping[str, Any], name: str, files: Files) -> np.ndarray:
    """Bars, moved along by the seed, with the uploaded picture in their midst."""
    width, height = _first(graph, name, "width"), _first(graph, name, "height")
    loaded = next((node["inputs"]["image"] for node in _above(graph, name) if node["class_type"] == "LoadImage"), None)
    inset = None
    if loaded is not None:
        folder, _, file_name = loaded.rpartition("/")
        inset = Image.open(io.BytesIO(files["input", folder, file_name])).convert("RGB")
    if width is None or height is None:
        width, height = inset.size if inset else (512, 512)
    pixels = np.roll(colour_bars(width, height), int(_first(graph, name, "seed") or 0) % width, axis=1)
    if inset is not None:
        small = np.asarray(inset.resize((max(1, width // 2), max(1, height // 2))))
        top, left = height // 4, width // 4
        pixels[top : top + small.shape[0], left : left + small.shape[1]] = small
    return pixels


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _clip(graph: Mapping[str, Any], name: str, files: Files) -> bytes:
    """The picture, its bars moving on by four pixels a frame."""
    still = _picture(graph, name, files)
    rate = Fraction(_first(graph, name, "fps") or 16).limit_denominator(1001)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = still.shape[1], still.shape[0], "yuv420p"
        for number in range(_first(graph, name, "length") or 16):
            frame = av.VideoFrame.from_ndarray(np.roll(still, 4 * number, axis=1), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def _flac(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=48_000, layout="stereo", format="s16")
        whole = np.ascontiguousarray((samples * 32767).astype(np.int16).reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()
