"""Material for what goes wrong: small pictures with something in them, and the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw


def draw(path: Path, seed: int = 1, size: tuple[int, int] = (480, 320)) -> Path:
    """A picture full of edges, another one for every seed."""
    rng = np.random.default_rng(seed)
    base = tuple(int(shade) for shade in rng.integers(60, 190, 3))
    picture = Image.new("RGB", size, base)
    pen = ImageDraw.Draw(picture)
    for _ in range(70):
        x, y, side = int(rng.integers(0, size[0])), int(rng.integers(0, size[1])), int(rng.integers(8, 60))
        shade = tuple(int(np.clip(part + rng.integers(-50, 60), 0, 255)) for part in base)
        pen.rectangle((x, y, x + side, y + side), fill=shade, outline=(235, 235, 225))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, format="JPEG", quality=88)
    return path


@pytest.fixture(scope="session", name="draw")
def draw_fixture() -> Callable[..., Path]:
    return draw


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command in the folder `at`; `before` is Python that runs first in its process."""

    def run(*arguments: str | Path, at: Path, before: str = "") -> subprocess.CompletedProcess[str]:
        start = f"{before}\nfrom cutroom.cli.main import main\nmain()"
        return subprocess.run(
            [sys.executable, "-c", start, *map(str, arguments)],
            cwd=at,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, "COLUMNS": "200"},
        )

    return run
