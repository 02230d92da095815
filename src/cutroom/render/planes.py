"""Pictures as Y'CbCr 4:2:0 planes (BT.709, limited range): what the encoder eats and what everything here works on.

Chroma is sited as in MPEG-2 and H.264's default ("left"): a chroma sample lies on every other luma column and between
two luma rows. Numbers are those of ITU-R BT.709-6, items 3.2 to 3.5 (8 bits: luma 16 to 235, chroma 16 to 240).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from av.video.frame import VideoFrame

Plane = np.ndarray
"""Rows and columns of samples, (h, w) uint8. May be a view into something larger."""

RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722

_TO_YCC = np.array(
    [
        [RED, GREEN, BLUE],
        [-RED / 1.8556, -GREEN / 1.8556, (1 - BLUE) / 1.8556],
        [(1 - RED) / 1.5748, -GREEN / 1.5748, -BLUE / 1.5748],
    ]
) * np.array([[219 / 255], [224 / 255], [224 / 255]])
"""R'G'B' (0 to 255) to Y'CbCr (8 bits, limited), without the offsets."""

_OFFSET = np.array([[16.0], [128.0], [128.0]])
_FORWARD = np.hstack([_TO_YCC, _OFFSET])
_BACK = np.hstack([np.linalg.inv(_TO_YCC), -np.linalg.inv(_TO_YCC) @ _OFFSET])


class Planes(NamedTuple):
    """One picture: luma (h, w), and the two chroma planes at half the size, all uint8."""

    y: Plane
    u: Plane
    v: Plane

    @property
    def width(self) -> int:
        """Luma columns."""
        return self.y.shape[1]

    @property
    def height(self) -> int:
        """Luma rows."""
        return self.y.shape[0]

    def part(self, x: int, y: int, width: int, height: int) -> Planes:
        """A view of a rectangle; all four numbers must be even."""
        half = slice(y // 2, (y + height) // 2), slice(x // 2, (x + width) // 2)
        return Planes(self.y[y : y + height, x : x + width], self.u[half], self.v[half])


def planes_of(frame: VideoFrame) -> Planes:
    """Views of a yuv420p frame's own samples, without copying: they live as long as the frame's buffers do."""
    views = []
    for index, shrink in enumerate((1, 2, 2)):
        plane = frame.planes[index]
        width, height = frame.width // shrink, frame.height // shrink
        rows = np.frombuffer(plane, np.uint8)  # pyright: ignore[reportCallIssue, reportArgumentType] - a plane is a buffer
        views.append(rows[: height * plane.line_size].reshape(height, plane.line_size)[:, :width])
    return Planes(*views)


def blank(width: int, height: int) -> Planes:
    """New planes of even size; what is in them is not defined."""
    half = height // 2, width // 2
    return Planes(np.empty((height, width), np.uint8), np.empty(half, np.uint8), np.empty(half, np.uint8))


def copy(source: Planes, into: Planes) -> None:
    """Copies the samples of `source` into planes of the same size."""
    for one, other in zip(source, into, strict=True):
        np.copyto(other, one)


def ycc(red: float, green: float, blue: float) -> tuple[int, int, int]:
    """One colour (R'G'B', 0 to 255) as 8-bit limited-range Y', Cb, Cr."""
    y, u, v = _FORWARD @ np.array([red, green, blue, 1.0])
    return round(y), round(u), round(v)


def colour_of(text: str) -> tuple[int, int, int]:
    """``#rrggbb`` as Y', Cb, Cr."""
    return ycc(int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))


def fill(into: Planes, colour: tuple[int, int, int]) -> None:
    """Makes all of `into` one colour (Y', Cb, Cr)."""
    for plane, value in zip(into, colour, strict=True):
        plane[...] = value


def halve(chroma: np.ndarray) -> Plane:
    """Full-size chroma (h, w) brought to (h/2, w/2), left-sited: pairs of rows averaged, columns weighted 1-2-1."""
    height, width = chroma.shape
    rows = cv2.resize(chroma, (width, height // 2), interpolation=cv2.INTER_AREA)
    kernel = np.array([[0.25, 0.5, 0.25]], np.float32)
    return np.ascontiguousarray(cv2.filter2D(rows, -1, kernel, borderType=cv2.BORDER_REPLICATE)[:, ::2])


def from_rgb(rgb: np.ndarray) -> Planes:
    """R'G'B' (h, w, 3) uint8 of even size as planes."""
    full = cv2.transform(rgb, _FORWARD)
    y, u, v = cv2.split(full)
    return Planes(y, halve(u), halve(v))


def full_float(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """R'G'B' (h, w, 3) uint8 as Y', Cb and Cr, each (h, w) float32 at full size, in 8-bit limited codes."""
    y, u, v = cv2.split(cv2.transform(rgb.astype(np.float32), _FORWARD.astype(np.float32)))
    return y, u, v


def to_rgb(planes: Planes) -> np.ndarray:
    """Planes as R'G'B' (h, w, 3) uint8, for checks and thumbnails; chroma is put back where it was sited."""
    width, height = planes.width, planes.height
    # Output column x lies at chroma index x/2 (left-sited); row y at (y - 0.5)/2.
    matrix = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, -0.25]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    u, v = (
        cv2.warpAffine(plane, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        for plane in (planes.u, planes.v)
    )
    return cv2.transform(cv2.merge([np.ascontiguousarray(planes.y), u, v]), _BACK)


def blend(one: Planes, other: Planes, amount: float, into: Planes) -> None:
    """Mixes: `amount` 0 is all `one`, 1 all `other`. `into` may be either of them."""
    for a, b, out in zip(one, other, into, strict=True):
        cv2.addWeighted(a, 1 - amount, b, amount, 0, dst=out)


def blend_colour(one: Planes, colour: tuple[int, int, int], amount: float, into: Planes) -> None:
    """Mixes with one colour (Y', Cb, Cr): `amount` 1 is all colour."""
    for a, value, out in zip(one, colour, into, strict=True):
        cv2.convertScaleAbs(a, dst=out, alpha=1 - amount, beta=amount * value)


class Veil(NamedTuple):
    """Something to lay over planes: premultiplied samples, and how much of what is beneath stays (255: all of it)."""

    colour: Planes
    keep: Planes

    def over(self, beneath: Planes, opacity: float = 1.0) -> None:
        """Lays itself over planes of its own size, in place."""
        for plane, colour, keep in zip(beneath, self.colour, self.keep, strict=True):
            if opacity < 1:
                colour = cv2.convertScaleAbs(colour, alpha=opacity)
                keep = cv2.convertScaleAbs(keep, alpha=opacity, beta=255 * (1 - opacity))
            cv2.multiply(plane, keep, dst=plane, scale=1 / 255)
            cv2.add(plane, colour, dst=plane)


def veil(rgba: np.ndarray) -> Veil:
    """Premultiplied R'G'B'A (h, w, 4) uint8 of even size, made ready to be laid over planes."""
    alpha = rgba[..., 3].astype(np.float32) / 255
    full = cv2.transform(np.ascontiguousarray(rgba[..., :3]).astype(np.float32), _TO_YCC.astype(np.float32))
    luma = full[..., 0] + 16 * alpha
    chroma = [halve_float(full[..., index] + 128 * alpha) for index in (1, 2)]
    half = halve_float(alpha)
    colour = Planes(_byte(luma), _byte(chroma[0]), _byte(chroma[1]))
    keep = _byte((1 - half) * 255)
    return Veil(colour, Planes(_byte((1 - alpha) * 255), keep, keep))


def halve_float(plane: np.ndarray) -> np.ndarray:
    """Float samples (h, w) brought to (h/2, w/2), left-sited as `halve` does it."""
    rows = (plane[::2] + plane[1::2]) / 2
    kernel = np.array([[0.25, 0.5, 0.25]], np.float32)
    return cv2.filter2D(rows, -1, kernel, borderType=cv2.BORDER_REPLICATE)[:, ::2]


def _byte(plane: np.ndarray) -> Plane:
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)
