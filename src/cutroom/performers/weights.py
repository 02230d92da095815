"""Which weights a folder holds, told cheaply: names, sizes, headers and samples of the files, not all of their bytes."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

SAMPLES = 64
"""So many places of each large file are read."""

_SAMPLE = 4096
_SMALL = 2 * 2**20
"""Files up to this size are read whole: configurations, tokenizers."""
_HEAD = 256 * 1024
"""The beginning of a large file: in safetensors the table of what lies where."""


def fingerprint(folder: Path) -> str:
    """SHA-256 over the model files below `folder`: the same for a copy elsewhere, another one for other weights.

    A fine-tuned model has the names, shapes and sizes of the model that it came from, so samples of the numbers count too.
    Milliseconds for any size; read again when a file's size or time changed.
    """
    files = tuple(
        (path.relative_to(folder).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    return _fingerprint(folder, files)


@lru_cache(maxsize=16)
def _fingerprint(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    seen = hashlib.sha256()
    for name, size, _ in files:
        seen.update(f"{name}\0{size}\0".encode())
        with (folder / name).open("rb") as file:
            if size <= _SMALL:
                seen.update(file.read())
                continue
            seen.update(file.read(_HEAD))
            for number in range(SAMPLES):
                file.seek((size - _SAMPLE) * number // (SAMPLES - 1))
                seen.update(file.read(_SAMPLE))
    return seen.hexdigest()
