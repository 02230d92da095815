"""The picture as it was looked at once: twenty golden frames of every feature, held by tolerance, cell by cell."""

from __future__ import annotations

import importlib.util
import io
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pictures

FOLDER = Path(__file__).parent
MEAN = 1.2
"""How far a frame as a whole may be from the golden one, in levels of 255."""
REGION = 8.0
"""How far any stretch of 12 by 12 pixels may be."""
LIKE = 0.98
"""How alike structures must be (SSIM of the luma)."""


def maker():
    spec = importlib.util.spec_from_file_location("make_frames", FOLDER / "make_frames.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_frames"] = module
    spec.loader.exec_module(module)
    return module


MAKER = maker()
made = cache(MAKER.cells)


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Structural similarity of two lumas (Wang et al., 2004), mean over the frame."""

    def soft(plane: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(plane, (11, 11), 1.5)

    a, b = (frame.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32) for frame in (one, other))
    mean_a, mean_b = soft(a), soft(b)
    spread_a, spread_b = soft(a * a) - mean_a**2, soft(b * b) - mean_b**2
    both = soft(a * b) - mean_a * mean_b
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    like = (2 * mean_a * mean_b + first) * (2 * both + second)
    return float((like / ((mean_a**2 + mean_b**2 + first) * (spread_a + spread_b + second))).mean())


def apart(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """The mean difference, the greatest of any 12 by 12 pixels after edges have been softened, and the SSIM."""
    soft = [cv2.GaussianBlur(frame.astype(np.float32), (0, 0), 1.0) for frame in (one, other)]
    region = cv2.blur(np.abs(soft[0] - soft[1]).max(axis=-1), (12, 12)).max()
    return float(np.abs(one.astype(np.float32) - other).mean()), float(region), ssim(one, other)


def differs(one: np.ndarray, other: np.ndarray) -> str:
    """In what they differ more than they may; empty when they do not."""
    mean, region, like = apart(one, other)
    if mean <= MEAN and region <= REGION and like >= LIKE:
        return ""
    return f"differs by {mean:.2f}, in one place by {region:.1f}, SSIM {like:.3f}"


def part(sheet: np.ndarray, place: int) -> np.ndarray:
    row, column = divmod(place, MAKER.COLUMNS)
    top, left = row * MAKER.HEIGHT, column * MAKER.WIDTH
    return sheet[top : top + MAKER.HEIGHT, left : left + MAKER.WIDTH]


@pytest.mark.parametrize("name", sorted(MAKER.SHEETS))
def test_every_frame_looks_as_it_did_when_it_was_looked_at(name: str):
    golden = np.asarray(Pictures.open(FOLDER / "frames" / f"{name}.jpg").convert("RGB"))
    # What is drawn goes through JPEG as the golden sheet did, so that what JPEG takes away is taken from both.
    drawn = np.asarray(Pictures.open(io.BytesIO(MAKER.as_jpeg(MAKER.sheet(made(name))))).convert("RGB"))
    seen = {cell.name: differs(part(drawn, place), part(golden, place)) for place, cell in enumerate(made(name))}
    assert len(seen) == MAKER.COLUMNS * MAKER.ROWS, "two cells have one name"
    wrong = {cell: how for cell, how in seen.items() if how}
    assert wrong == {}, f"look at the sheet {name}: python tests/golden/make_frames.py {name}"


def test_every_sheet_is_checked_and_all_of_them_are_small():
    files = sorted((FOLDER / "frames").glob("*"))
    assert [path.name for path in files] == sorted(f"{name}.jpg" for name in MAKER.SHEETS)
    assert sum(path.stat().st_size for path in files) < 2_300_000


@pytest.mark.parametrize(
    ("name", "place", "change"),
    [
        ("moves", 0, lambda frame: np.roll(frame, 1, axis=1)),
        ("fills", 4, lambda frame: np.minimum(frame.astype(int) + 4, 255).astype(np.uint8)),
        ("grades", 6, lambda frame: frame[..., ::-1]),
        ("speeds", 6, lambda _frame: made("speeds")[7].pixels),
        ("transitions", 7, lambda _frame: made("transitions")[8].pixels),
        ("captions-karaoke", 3, lambda _frame: made("captions-block")[3].pixels),
        ("high-range", 2, lambda frame: np.clip((frame - 16.0) * 255 / 219, 0, 255).astype(np.uint8)),
    ],
)
def test_the_tolerance_sees_what_a_viewer_would(name: str, place: int, change):
    frame = made(name)[place].pixels
    assert differs(change(frame), frame)
