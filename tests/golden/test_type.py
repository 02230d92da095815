"""Type as it was looked at once: the golden frames are held by tolerance, so that another FreeType may draw its own edges."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pictures

FOLDER = Path(__file__).parent
MEAN = 1.0
"""How far the frame as a whole may be from the golden one, in grey levels (0 to 255)."""
REGION = 14.0
"""How far any stretch of 12 by 12 pixels may be: a letter that moved by two pixels differs by more than 30."""


def maker():
    spec = importlib.util.spec_from_file_location("make_type", FOLDER / "make_type.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_type"] = module
    spec.loader.exec_module(module)
    return module


MAKER = maker()


def apart(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """The mean difference, and the greatest of any 12 by 12 pixels after edges have been softened."""
    soft = [cv2.GaussianBlur(frame.astype(np.float32), (0, 0), 1.0) for frame in (one, other)]
    difference = np.abs(soft[0] - soft[1])
    return float(difference.mean()), float(cv2.blur(difference, (12, 12)).max())


@pytest.mark.parametrize("name", sorted(MAKER.FRAMES))
def test_type_looks_as_it_did_when_it_was_looked_at(name: str):
    golden = np.asarray(Pictures.open(FOLDER / "type" / f"{name}.png").convert("L"))
    drawn = MAKER.FRAMES[name]()
    assert drawn.shape == golden.shape
    mean, region = apart(drawn, golden)
    assert mean <= MEAN and region <= REGION, f"{name} differs by {mean:.2f}, in one place by {region:.1f}: look at it"


def test_every_golden_frame_is_checked_and_all_of_them_are_small():
    files = sorted((FOLDER / "type").glob("*.png"))
    assert [path.stem for path in files] == sorted(MAKER.FRAMES)
    assert sum(path.stat().st_size for path in files) < 400_000


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("block-grey", lambda frame: np.roll(frame, 2, axis=0)),
        ("block-grey", lambda frame: np.roll(frame, 3, axis=1)),
        ("title-centre", lambda frame: np.minimum(frame.astype(int) + 12, 255).astype(np.uint8)),
        ("words-resting", lambda _frame: MAKER.FRAMES["block-white"]()),
    ],
)
def test_the_tolerance_sees_what_a_viewer_would(name: str, change):
    drawn = MAKER.FRAMES[name]()
    mean, region = apart(change(drawn), drawn)
    assert mean > MEAN or region > REGION
