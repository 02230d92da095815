"""What a film costs: 12 photographs of 12 megapixels, 3 clips and a notes file become 60 s of 1080p30.

Run ``python benchmarks/film.py [--runs N]``. It makes its own material (the same on every machine, kept in the temporary
folder), runs ``cutroom make`` in a process of its own, then the same command again, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from cutroom import __version__
from cutroom.measures.sound import loudness
from cutroom.media import clip, sound

MATERIAL = "cutroom-benchmark-1"
REQUEST = "A calm one-minute recap of our weekend at the lake"
NOTES = """# A weekend at the lake

We arrived on Friday evening, when the light was low over the water.
On Saturday the wind came up, and we took the boat across to the far shore.
There was bread, cheese and far too many cherries.
In the afternoon a storm went by to the south and left us alone.
On Sunday we walked around the whole lake, which took longer than the map had promised.
Somebody fell in, somebody laughed, and then everybody swam.
"""
PAGE = os.sysconf("SC_PAGE_SIZE")


def landscape(seed: int, width: int, height: int) -> np.ndarray:
    """A picture as detailed as a photograph: noise of every size, coloured, brighter above than below; uint8 RGB."""
    rng = np.random.default_rng(seed)
    light = np.zeros((height, width), np.float32)
    size = 4
    while size < width:
        coarse = rng.standard_normal((max(2, size * height // width), size)).astype(np.float32)
        light += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / size**0.55
        size *= 2
    light += 0.03 * rng.standard_normal((height, width)).astype(np.float32)
    light = (light - light.mean()) / (4 * light.std())
    above, below = rng.uniform(90, 230, 3), rng.uniform(40, 140, 3)
    ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    colour = (1 - ramp) * above.astype(np.float32) + ramp * below.astype(np.float32)
    return np.clip(colour * (1 + light[..., None]), 0, 255).astype(np.uint8)


def write_clip(path: Path, seed: int, seconds: int = 8, width: int = 1920, height: int = 1080) -> None:
    """A pan over a landscape at 30 frames a second, with a chord beside it."""
    wide = landscape(seed, width + 600, height)
    rng = np.random.default_rng(seed)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=30, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        audio = out.add_stream("aac", rate=48_000, layout="stereo")
        for number in range(seconds * 30):
            left = 2 * number
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(wide[:, left : left + width]), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        at = np.arange(seconds * 48_000) / 48_000
        wave = sum(0.08 * np.sin(2 * np.pi * hertz * at) for hertz in rng.uniform(110, 880, 4))
        stereo = np.tile(np.asarray(wave, np.float32), (2, 1))
        for start in range(0, stereo.shape[1], 1024):
            chunk = av.AudioFrame.from_ndarray(np.ascontiguousarray(stereo[:, start : start + 1024]), "fltp", "stereo")
            chunk.sample_rate, chunk.pts, chunk.time_base = 48_000, start, Fraction(1, 48_000)
            out.mux(audio.encode(chunk))
        out.mux(audio.encode())


def material() -> Path:
    """The folder of material, made when it is not there yet."""
    folder = Path(tempfile.gettempdir()) / MATERIAL
    if folder.is_dir():
        return folder
    begun = Path(tempfile.mkdtemp(prefix=f"{MATERIAL}-"))
    for number in range(12):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2024:06:{14 + number // 5:02} {9 + number % 5 * 2:02}:00:00"
        Image.fromarray(landscape(number, 4000, 3000)).save(begun / f"IMG_{2100 + number}.jpg", quality=90, exif=exif)
    for number in range(3):
        write_clip(begun / f"clip {number + 1}.mp4", 100 + number)
    (begun / "notes.md").write_text(NOTES, "utf-8")
    begun.rename(folder)
    return folder


class Memory(threading.Thread):
    """Watches how much memory a process and all its children hold together, 20 times a second."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.peak = 0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            self.peak = max(self.peak, sum(map(resident, tree(self.process))))


def tree(process: int) -> list[int]:
    """A process and all that descend from it."""
    found = [process]
    for one in found:
        try:
            for listing in Path(f"/proc/{one}/task").glob("*/children"):
                found.extend(map(int, listing.read_text().split()))
        except OSError:  # it has ended
            continue
    return found


def resident(process: int) -> int:
    """Bytes in memory that a process has now; 0 when it has ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def run(out: Path, folder: Path, seconds: int) -> dict:
    """One run of the command: what it said, and what it took."""
    command = [
        sys.executable,
        "-m",
        "cutroom",
        "make",
        REQUEST,
        str(folder),
        "-o",
        str(out),
        "--seconds",
        str(seconds),
        "--json",
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        memory = Memory(child.pid)
        memory.start()
        said, _ = child.communicate()
        memory.over.set()
        memory.join()
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if child.returncode not in (0, 3):
        sys.exit(f"cutroom make ended with {child.returncode}: {said}")
    # Where there is no /proc, the largest child that ever was has to do.
    peak = memory.peak or after.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": used, "peak_mb": peak / 1e6, "said": json.loads(said)}


def facts(film: Path) -> dict:
    """What can be measured of the film's file."""
    info, heard = clip.look(film), loudness(sound.samples(film), 48_000)
    return {
        "seconds": float(info.seconds),
        "width": info.width,
        "height": info.height,
        "fps": float(info.fps),
        "loudness_lufs": heard.integrated and round(heard.integrated, 2),
        "true_peak_dbtp": heard.true_peak and round(heard.true_peak, 2),
        "bytes": film.stat().st_size,
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--runs", type=int, default=1, metavar="N", help="how often; medians are printed")
    asked.add_argument("--seconds", type=int, default=60, help="how long the film is")
    asked.add_argument("--keep", metavar="FOLDER", type=Path, help="keep the film and its production here")
    given = asked.parse_args()
    folder = material()
    home = Path(tempfile.mkdtemp(prefix="cutroom-benchmark-run-"))
    try:
        firsts, seconds = [], []
        for number in range(given.runs):
            out = home / f"film{number}.mp4"
            firsts.append(run(out, folder, given.seconds))
            seconds.append(run(out, folder, given.seconds))
        print(json.dumps(summary(firsts, seconds, facts(out)), indent=1))
        if given.keep:
            shutil.copytree(home, given.keep, dirs_exist_ok=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def summary(firsts: list[dict], seconds: list[dict], film: dict) -> dict:
    """Medians over all runs, with what the last one delivered."""

    def median(runs: list[dict], what: str) -> float:
        return round(statistics.median(one[what] for one in runs), 2)

    wall = median(firsts, "wall")
    return {
        "film": film,
        "status": firsts[-1]["said"]["status"],
        "degraded": firsts[-1]["said"]["degraded"],
        "performed": firsts[-1]["said"]["calls"]["performed"],
        "wall_seconds": wall,
        "cpu_seconds": median(firsts, "cpu"),
        "peak_memory_mb": round(median(firsts, "peak_mb")),
        "frames_per_second": round(film["seconds"] * film["fps"] / wall, 1),
        "again": {"wall_seconds": median(seconds, "wall"), "performed": seconds[-1]["said"]["calls"]["performed"]},
        "runs": len(firsts),
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "machine": platform.machine(),
            "python": platform.python_version(),
            "cutroom": __version__,
        },
    }


if __name__ == "__main__":
    main()
