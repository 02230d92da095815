"""Material for clean productions: painted places, clips that move through them, and notes. The same seed, the same bytes.

Nothing is downloaded, and nobody's pictures are needed; who has photographs of their own names a folder of them instead.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]

RATE = 48_000

TITLES = ("Harbour", "One long walk", "The glass house", "Winter light", "Eleven gardens", "Down river")
NAMES = ("Mira Kovač", "Tomas Oduya", "Lena Sørby", "Rafael Ibarra", "Aiko Tanabe", "Idris Calloway")
LINES = (
    "The boats leave before dawn.",
    "{name} counts the nets twice.",
    "Above the hills the light turns slowly.",
    "By noon the market is full of voices.",
    "{name} keeps the oldest key in town.",
    "Nobody remembers who planted the trees.",
    "In the evening the wind comes down from the hills.",
    "Every window shows a different sky.",
    "{name} walks home along the water.",
)
"""Sentences of the notes; some hold a name, which must come through unharmed."""


def notes(seed: int) -> tuple[str, str]:
    """A title, and notes of four sentences under it, two of them with a name."""
    rng = np.random.default_rng((17, seed))
    title, name = TITLES[seed % len(TITLES)], NAMES[seed % len(NAMES)]
    named = [line for line in LINES if "{name}" in line]
    plain = [line for line in LINES if "{name}" not in line]
    some = [named[int(place)] for place in rng.permutation(len(named))[:2]]
    some += [plain[int(place)] for place in rng.permutation(len(plain))[:2]]
    lines = [some[place].format(name=name) for place in (2, 0, 3, 1)]
    return title, f"# {title}\n\n" + "\n".join(lines) + "\n"


def place(width: int, height: int, seed: int) -> Picture:
    """A painted place: sky, ridges with texture, houses with windows, a sun. (height, width, 3) uint8 RGB."""
    rng = np.random.default_rng((5, seed))
    hue = rng.uniform(0, 180)
    sky = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    top, low = _colour(hue + 100, 110, 190), _colour(hue + 20, 70, 235)
    canvas = np.repeat(top * (1 - sky) + low * sky, width, axis=1).astype(np.float32)
    canvas += 14 * _grain(width, height, 10, rng)[..., None]
    sun = (int(rng.uniform(0.15, 0.85) * width), int(rng.uniform(0.1, 0.3) * height))
    cv2.circle(canvas, sun, max(6, min(width, height) // 14), _colour(hue + 30, 60, 250).tolist(), -1, cv2.LINE_AA)
    for depth in range(4):
        _ridge(canvas, hue, depth, rng)
    _houses(canvas, hue, rng)
    canvas += 5 * _grain(width, height, 2, rng)[..., None]
    return np.clip(canvas, 0, 255).astype(np.uint8)


def write_picture(path: Path, width: int, height: int, seed: int) -> Path:
    """A painted place as a JPEG."""
    Image.fromarray(place(width, height, seed)).save(path, quality=92)
    return path


def write_clip(path: Path, width: int, height: int, seed: int, *, seconds: int = 5, fps: int = 30) -> Path:
    """A clip of a slow walk past a painted place, with a kite in front of it and wind to be heard."""
    rng = np.random.default_rng((11, seed))
    count = seconds * fps
    view = place(width + count, height + 40, seed + 1000)
    colour = _colour(float(rng.uniform(0, 180)), 210, 230).tolist()
    sway = rng.uniform(0.5, 1.5)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"crf": "17", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        voice = out.add_stream("aac", rate=RATE, layout="stereo")
        for number in range(count):
            down = round(20 + 12 * np.sin(2 * np.pi * number / count * sway))
            frame = np.ascontiguousarray(view[down : down + height, number : number + width])
            at = (int(width * (0.2 + 0.6 * number / count)), int(height * (0.3 + 0.1 * np.sin(number / 9))))
            kite = np.array([(0, -1), (0.7, 0), (0, 1.4), (-0.7, 0)]) * height / 16 + at
            cv2.fillPoly(frame, [kite.astype(np.int32)], colour, cv2.LINE_AA)
            out.mux(stream.encode(VideoFrame.from_ndarray(frame, "rgb24")))
        out.mux(stream.encode())
        for chunk in _chunks(_wind(seconds, rng)):
            out.mux(voice.encode(chunk))
        out.mux(voice.encode())
    return path


def _colour(hue: float, saturation: float, value: float) -> NDArray[np.float32]:
    """RGB of a colour in OpenCV's HSV (0 to 180, 0 to 255, 0 to 255)."""
    one = np.array([[[hue % 180, saturation, value]]], np.uint8)
    return np.asarray(cv2.cvtColor(one, cv2.COLOR_HSV2RGB)[0, 0], np.float32)


def _grain(width: int, height: int, size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Soft noise of the size `size` in pixels, about -1 to 1."""
    coarse = rng.standard_normal((height // size + 2, width // size + 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _ridge(canvas: NDArray[np.float32], hue: float, depth: int, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    across = np.arange(width) / width
    line = 0.45 + 0.13 * depth
    for wave in range(1, 6):
        line = line + 0.07 / wave * np.sin(2 * np.pi * (wave * across * rng.uniform(0.6, 1.6) + rng.uniform()))
    below = np.arange(height)[:, None] > (line * height)[None, :]
    # What is near is darker and has more to see.
    tone = _colour(hue + 40 + 12 * depth, 90 + 25 * depth, 170 - 32 * depth)
    texture = (10 + 8 * depth) * _grain(width, height, 3 + depth, rng) + 12 * _grain(width, height, 40, rng)
    canvas[below] = (tone + texture[..., None])[below]


def _houses(canvas: NDArray[np.float32], hue: float, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    for _ in range(int(rng.integers(4, 8))):
        wide, tall = int(rng.uniform(0.06, 0.14) * width), int(rng.uniform(0.12, 0.3) * height)
        left, foot = int(rng.uniform(0, 0.9) * width), int(rng.uniform(0.72, 0.92) * height)
        wall = _colour(hue + float(rng.uniform(-30, 30)), 80, float(rng.uniform(120, 220))).tolist()
        cv2.rectangle(canvas, (left, foot - tall), (left + wide, foot), wall, -1)
        roof = np.array(
            [(left - 4, foot - tall), (left + wide // 2, foot - tall - wide // 3), (left + wide + 4, foot - tall)]
        )
        cv2.fillPoly(canvas, [roof.astype(np.int32)], _colour(hue, 150, 90).tolist())
        step = max(8, wide // 4)
        for x in range(left + step // 2, left + wide - step // 2, step):
            for y in range(foot - tall + step, foot - step, step):
                lit = (250, 225, 140) if rng.uniform() < 0.5 else (40, 45, 60)
                cv2.rectangle(canvas, (x, y), (x + step // 3, y + step // 2), lit, -1)


def _wind(seconds: int, rng: np.random.Generator) -> NDArray[np.float32]:
    count = seconds * RATE
    noise = rng.standard_normal(count).astype(np.float32)
    soft = np.convolve(noise, np.hanning(120) / 40, mode="same")
    gusts = 0.6 + 0.4 * np.sin(2 * np.pi * np.arange(count) / RATE / 2.3)
    return (0.06 * soft * gusts).astype(np.float32)


def _chunks(wave: NDArray[np.float32]) -> list[AudioFrame]:
    found = []
    for begin in range(0, len(wave), 1024):
        chunk = AudioFrame.from_ndarray(
            np.ascontiguousarray(np.tile(wave[begin : begin + 1024], (2, 1))), "fltp", "stereo"
        )
        chunk.sample_rate, chunk.pts, chunk.time_base = RATE, begin, Fraction(1, RATE)
        found.append(chunk)
    return found
