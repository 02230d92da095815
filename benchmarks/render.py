"""How fast and how large the renderer is: the whole table, in one run, paired. Makes its own material, prints JSON.

    python benchmarks/render.py [--seconds 60] [--minutes 10] [--rounds 1] [--only NAME ...] [--without NAME ...]
                                [--keep FOLDER] [--rivals PYTHON]

The film: photographs of 12 megapixels with pan and zoom, clips of 5 s, half-second dissolves, captions that change
every 2.5 s, a title, narration over ducked music. The material is made here (noise with the spectrum of photographs,
shapes and edges), the same on each run. "The encoder alone" encodes the same frames, already composited, from memory,
with the encoder's own threads.

Every measurement runs in a process of its own, so that none inherits memory from another one; what is timed is the
rendering without the start of the interpreter. "Peak" is the largest sum of resident memory over the process and its
children, looked at 20 times a second. Other work on the machine spoils walls: the load lies beside each, and CPU seconds
too. With `--rounds`, all that is compared runs in turn so many times, and medians are given.

What can be measured (`--only`, `--without`):
  veryfast medium   the encoder alone and ours, by preset
  changes           one caption changed, only the music changed, nothing changed; needs ours at veryfast
  preview           the first frame of a preview
  workers           one worker and four against as many as there are cores
  growth            peak memory of one minute and of `--minutes`, small and ultrafast
  joins             a film of `--minutes` in which each frame shows its number, with a beep every ten seconds
  rivals            MoviePy 2 and one ffmpeg filter graph (`benchmarks/rivals.py`), where `--rivals` names an interpreter
                    that has `moviepy` and `imageio-ffmpeg` (MoviePy wants an older Pillow than ours)
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np

from cutroom.media import clip as clips
from cutroom.media import sound as sounds
from cutroom.media.kinds import Audio, Image, Video
from cutroom.media.store import Store
from cutroom.render import encode
from cutroom.render.captions import Lettering
from cutroom.render.codecs import Encoding, encoder_for
from cutroom.render.encode import cores
from cutroom.render.film import quarter, render
from cutroom.render.footage import planes_of
from cutroom.render.picture import Compositor
from cutroom.render.segments import segments
from cutroom.render.shelf import Shelf
from cutroom.time import Span
from cutroom.timeline.timeline import (
    Box,
    Caption,
    Clip,
    Format,
    Move,
    Sound,
    SoundTrack,
    Timeline,
    Title,
    Transition,
)

ALL = ("veryfast", "medium", "changes", "preview", "workers", "growth", "joins", "rivals")
CHUNK = 60
"""Composited frames that are kept at a time for the encoder alone."""
SMALL = Format(width=640, height=360)
BITS = 15
BEEP_EVERY = 10
RATE = 48_000


def photograph(store: Store, folder: Path, number: int) -> Image:
    """A picture of 4000 x 3000 with the statistics of a photograph: 1/f noise, edges, and grain."""
    random = np.random.default_rng(number)
    canvas = np.zeros((3000, 4000, 3), np.float32)
    for octave in range(1, 10):
        small = random.normal(0, 1, (3 * 2 ** min(octave, 8), 4 * 2 ** min(octave, 8), 3)).astype(np.float32)
        canvas += cv2.resize(small, (4000, 3000), interpolation=cv2.INTER_CUBIC) * 44 / octave**1.35
    canvas += random.uniform(70, 150, 3).astype(np.float32)
    for _ in range(40):
        centre = int(random.integers(0, 4000)), int(random.integers(0, 3000))
        colour = [float(value) for value in random.uniform(20, 235, 3)]
        cv2.circle(canvas, centre, int(random.integers(30, 300)), colour, -1, cv2.LINE_AA)
    canvas += random.normal(0, 2.5, canvas.shape).astype(np.float32)
    path = folder / f"photo-{number}.jpg"
    cv2.imwrite(str(path), np.clip(canvas, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])
    blob = store.add(path, ".jpg")
    return Image(digest=blob.digest, suffix=".jpg", bytes=blob.bytes, width=4000, height=3000)


def footage(store: Store, folder: Path, number: int) -> Video:
    """A clip of 6 s, 1920x1080 at 30, in which a textured ground drifts and balls move."""
    path = folder / f"clip-{number}.mp4"
    ground = cv2.imread(str(folder / f"photo-{number}.jpg"))
    assert ground is not None
    ground = cv2.resize(ground, (2600, 1950), interpolation=cv2.INTER_AREA)

    def view(index: int) -> np.ndarray:
        seen = ground[index : index + 1080, 2 * index : 2 * index + 1920].copy()
        return cv2.circle(seen, (100 + 9 * index, 540), 90, (40, 80, 220), -1, cv2.LINE_AA)

    filmed(path, (view(index) for index in range(180)), Fraction(30), "18")
    return kept_video(store, path)


def filmed(path: Path, pictures: Iterator[np.ndarray], fps: Fraction, crf: str) -> None:
    """Writes pictures (h, w, 3, uint8 BGR) as H.264."""
    with av.open(str(path), "w") as container:
        stream = None
        for index, pixels in enumerate(pictures):
            if stream is None:
                stream = container.add_stream("libx264", rate=fps)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt, stream.options = "yuv420p", {"preset": "veryfast", "crf": crf}
            frame = av.VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format="yuv420p", dst_colorspace=1)
            frame.pts, frame.time_base = index, 1 / fps
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))


def kept_video(store: Store, path: Path) -> Video:
    info = clips.look(path)
    blob = store.add(path, ".mp4")
    return Video(
        digest=blob.digest,
        suffix=".mp4",
        bytes=blob.bytes,
        seconds=info.seconds,
        width=info.width,
        height=info.height,
        fps=info.fps,
    )


def heard(store: Store, path: Path, samples: np.ndarray) -> Audio:
    """Samples (n, 2) at 48 kHz, brought into the store."""
    sounds.write_wav(path, samples.astype(np.float32))
    blob = store.add(path, ".wav")
    seconds = Fraction(len(samples), RATE)
    return Audio(digest=blob.digest, suffix=".wav", bytes=blob.bytes, seconds=seconds, rate=RATE, channels=2)


def track(role: Literal["voice", "music", "effects"], media: Audio) -> SoundTrack:
    sound = Sound(media=media, start=Fraction(0), source=Span(start=Fraction(0), length=media.seconds))
    return SoundTrack(role=role, duck=12.0 if role == "music" else 0.0, sounds=(sound,))


def shown(photos: list[Image], films: list[Video], seconds: int) -> Iterator[Clip | Transition]:
    """Repeats of: four photographs of 3.75 s, one clip of 5 s. No shot is quite like another one, however many."""
    total, index, stills, played = Fraction(0), 0, 0, 0
    while total < seconds:
        if index:
            yield Transition(seconds=Fraction(1, 2))
        if index % 5 < 4:
            length = min(Fraction(15, 4), seconds - total)
            # Long films come back to the same photographs: their moves differ a little, or they would be found again.
            moved = 0.06 * (stills % 3) + stills / 100_000
            move = Move(
                start=Box(x=0, y=0.02 + moved, width=1, height=0.75),
                end=Box(x=0.04 + moved, y=0.1, width=0.87, height=0.87 * 0.75),
            )
            way = move if stills % 2 else Move(start=move.end, end=move.start)
            yield Clip(media=photos[stills % len(photos)], seconds=length, move=way)
            stills += 1
        else:
            length = min(Fraction(5), seconds - total)
            start = Fraction(1, 2) + Fraction(played, 1000)
            yield Clip(media=films[played % len(films)], seconds=length, source=Span(start=start, length=length))
            played += 1
        total += length
        index += 1


def narration_and_music(store: Store, folder: Path, seconds: int) -> tuple[SoundTrack, ...]:
    t = np.arange(RATE * seconds) / RATE
    # Pure tones are the worst case of an AAC encoder, and nobody's music: a breath of noise makes them ordinary.
    breath = np.random.default_rng(1).normal(0, 0.004, len(t))
    music = sum(0.1 * np.sin(2 * np.pi * hertz * t) for hertz in (220, 277, 330)) + breath
    spoken = (np.sin(2 * np.pi * 3 * t) > 0) * (np.sin(2 * np.pi * t / 9) > 0)
    voice = 0.3 * np.sin(2 * np.pi * 160 * t) * spoken + breath
    one, other = (
        heard(store, folder / f"{name}-{seconds}.wav", np.stack([wave, wave], 1))
        for name, wave in (("voice", voice), ("music", music))
    )
    return track("voice", one), track("music", other)


def timeline(store: Store, folder: Path, seconds: int, frame: Format | None = None) -> Timeline:
    """The film. Twelve photographs and three clips, over and over."""
    photos = [photograph(store, folder, number) for number in range(12)]
    films = [footage(store, folder, number) for number in range(3)]
    captions = tuple(
        Caption(
            start=Fraction(5, 2) * number,
            seconds=Fraction(12, 5),
            lines=(f"Line {number + 1} of what is told here,", "which is long enough to be two lines."),
        )
        for number in range(seconds * 2 // 5)
    )
    return Timeline(
        format=frame or Format(),
        picture=tuple(shown(photos, films, seconds)),
        sound=narration_and_music(store, folder, seconds),
        captions=captions,
        titles=(Title(start=Fraction(0), seconds=Fraction(3), text="A weekend at the lake", subtitle="June"),),
    )


def counted(store: Store, folder: Path, seconds: int) -> Timeline:
    """A film in which each frame shows its own number as black and white blocks, cut every 5 s, with beeps."""
    fps = Fraction("30000/1001")
    form = Format(width=256, height=64, fps=fps)
    frames = form.rate.frames(Fraction(seconds))

    def picture(number: int) -> np.ndarray:
        pixels = np.full((64, 256, 3), 128, np.uint8)
        for bit in range(BITS):
            pixels[16:48, 8 + 16 * bit : 24 + 16 * bit] = 235 if number >> bit & 1 else 16
        return pixels

    path = folder / f"counted-{seconds}.mp4"
    filmed(path, (picture(number) for number in range(frames)), fps, "10")
    media = kept_video(store, path)
    samples = np.zeros((RATE * seconds, 2), np.float32)
    beep = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(RATE // 20) / RATE)[:, None]
    for at in range(1, seconds, BEEP_EVERY):
        samples[at * RATE : at * RATE + len(beep)] = beep
    step = form.rate.frames(Fraction(5))
    parts = []
    for first in range(0, frames, step):
        start, length = form.rate.seconds(first), form.rate.seconds(min(step, frames - first))
        parts.append(Clip(media=media, seconds=length, source=Span(start=start, length=length)))
    sound = (track("effects", heard(store, folder / f"beeps-{seconds}.wav", samples)),)
    return Timeline(format=form, picture=tuple(parts), sound=sound)


# --- What is measured. Each function runs in a process of its own and returns its figures.


@contextmanager
def measured(into: dict[str, Any], name: str) -> Iterator[None]:
    """Adds the wall and CPU seconds (of this process and of those it waited for) of what runs inside to `into`."""

    def spent() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    wall, cpu = time.perf_counter(), spent()
    yield
    into[f"{name}_wall"] = into.get(f"{name}_wall", 0.0) + time.perf_counter() - wall
    into[f"{name}_cpu"] = into.get(f"{name}_cpu", 0.0) + spent() - cpu


def material(folder: Path, seconds: int, minutes: int, only: set[str]) -> dict[str, Any]:
    """Makes all material and the timelines."""
    store = Store(folder / "store")
    cuts = {"cut": timeline(store, folder, seconds)}
    if "growth" in only:
        cuts |= {f"small-{n}": timeline(store, folder, 60 * n, SMALL) for n in (1, minutes)}
    if "joins" in only:
        cuts["counted"] = counted(store, folder, 60 * minutes)
    for name, cut in cuts.items():
        (folder / f"{name}.json").write_text(cut.model_dump_json(), "utf-8")
    return {}


def loaded(folder: Path, name: str = "cut") -> tuple[Timeline, Store]:
    return Timeline.model_validate_json((folder / f"{name}.json").read_bytes()), Store(folder / "store")


def ours(folder: Path, preset: str, name: str = "cut", workers: int = 0) -> dict[str, Any]:
    """The film by Cutroom, from nothing."""
    film, store = loaded(folder, name)
    Shelf.of(store).keep_only(())
    if workers:
        encode.cores = lambda: workers
    figures: dict[str, Any] = {}
    out = folder / f"{name}-{preset}-{workers}.mp4"
    with measured(figures, "render"):
        done = render(film, store, out, preset=preset)
    found = segments(film)
    return figures | {
        "frames": done.frames,
        "stretches": len(found),
        "loudness": done.loudness,
        "true_peak": done.true_peak,
        "bytes": out.stat().st_size,
        "peak_own_mb": own_peak_mb(),
    }


def own_peak_mb() -> float:
    """The most memory that this process ever had, in MB, also between two looks from outside; 0 where it is not told."""
    try:
        said = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith("VmHWM")), 0.0)


def alone(folder: Path, preset: str) -> dict[str, Any]:
    """Encodes frames that were composited before, in chunks that fit in memory; composing is timed by itself."""
    film, store = loaded(folder)
    cv2.setNumThreads(1)
    encoder, _ = encoder_for(Encoding(20, preset), film.format)
    figures: dict[str, Any] = {}
    out = folder / f"alone-{preset}.mp4"
    with av.open(str(out), "w") as container, Compositor(film, store, Lettering(film)) as compositor:
        stream = encoder.stream(container, film.format)
        # As it comes: one pass over the whole film, with the encoder's own threads.
        stream.codec_context.options = {
            "crf": "20",
            "preset": preset,
            "profile": "high",
            "x264-params": "keyint=60:min-keyint=7:force-cfr=1",
        }
        stream.codec_context.thread_count = 2 * cores()
        frames = [av.VideoFrame(film.format.width, film.format.height, "yuv420p") for _ in range(CHUNK)]
        for first in range(0, film.frames, CHUNK):
            chunk = frames[: min(CHUNK, film.frames - first)]
            with measured(figures, "compose"):
                for index, frame in enumerate(chunk):
                    compositor.draw(first + index, planes_of(frame))
            with measured(figures, "encode"):
                for index, frame in enumerate(chunk):
                    frame.pts = first + index
                    container.mux(stream.encode(frame))
        with measured(figures, "encode"):
            container.mux(stream.encode(None))
    return figures | {"bytes": out.stat().st_size}


def changed(folder: Path, what: str) -> dict[str, Any]:
    """One caption changed; only the music changed; nothing changed."""
    film, store = loaded(folder)
    middle = len(film.captions) // 2
    words = film.captions[middle].model_copy(update={"lines": ("Something else is said,", "in about as many words.")})
    updates = {
        "nothing": {},
        "caption": {"captions": (*film.captions[:middle], words, *film.captions[middle + 1 :])},
        "music": {"sound": (film.sound[0], film.sound[1].model_copy(update={"gain": -3.0}))},
    }
    figures: dict[str, Any] = {}
    with measured(figures, "render"):
        done = render(film.model_copy(update=updates[what]), store, folder / "changed.mp4", preset="veryfast")
    return figures | {"encoded": done.encoded}


def preview(folder: Path) -> dict[str, Any]:
    """The first frame of a preview, from the timeline on."""
    film, store = loaded(folder)
    figures: dict[str, Any] = {}
    with measured(figures, "preview"):
        small = quarter(film)
        with Compositor(small, store, Lettering(small)) as compositor:
            compositor.frame(0)
    return figures


def joins(folder: Path) -> dict[str, Any]:
    """Counts every frame of the film of numbers, and listens for its beeps."""
    film, store = loaded(folder, "counted")
    out = folder / "counted.mp4"
    render(film, store, out, preset="ultrafast", loudness=-23)
    rows = slice(26, 38)
    seen, away = [], Fraction(0)
    for place, frame in enumerate(clips.frames(out)):
        blocks = (frame.pixels[rows, 12 + 16 * bit : 20 + 16 * bit].mean() > 128 for bit in range(BITS))
        seen.append(sum(int(lit) << bit for bit, lit in enumerate(blocks)))
        away = max(away, abs(frame.at - film.format.rate.seconds(place)))
    level = np.abs(sounds.samples(out)[:, 0])
    drift = []
    for at in range(1, int(film.seconds), BEEP_EVERY):
        part = level[at * RATE - RATE // 4 : at * RATE + RATE // 4]
        drift.append(abs(int(np.flatnonzero(part > 0.1 * part.max())[0]) - RATE // 4) / RATE * 1000)
    pairs = list(zip(seen, range(film.frames), strict=False))
    return {
        "frames": len(seen),
        "frames_wanted": film.frames,
        "joins": len(segments(film)) - 1,
        "out_of_place": sum(one != other for one, other in pairs) + abs(len(seen) - film.frames),
        "time_off_grid_ms": float(away * 1000),
        "beeps": len(drift),
        "drift_ms": max(drift),
        "drift_last_ms": drift[-1],
    }


CHILD: dict[str, Callable[..., dict[str, Any]]] = {
    "ours": ours,
    "alone": alone,
    "changed": changed,
    "preview": preview,
    "joins": joins,
}


# --- Running it.


def resident_mb(root: int) -> float:
    """Resident memory of a process and all below it, in MB; 0 where the system does not tell."""
    below: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            pages[int(entry.name)] = int((entry / "statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            continue
        below.setdefault(parent, []).append(int(entry.name))
    found, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        found += pages.get(process, 0)
        waiting += below.get(process, [])
    return found * os.sysconf("SC_PAGE_SIZE") / 2**20


def run(command: list[str], *, report: bool = True) -> dict[str, Any]:
    """Runs a process to its end. Returns what it printed as JSON, its wall, the load before, and its tree's peak."""
    load, began, peak = os.getloadavg()[0], time.perf_counter(), 0.0
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said if report else subprocess.DEVNULL)
        while process.poll() is None:
            peak = max(peak, resident_mb(process.pid))
            time.sleep(0.05)
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}")
        said.seek(0)
        figures = json.loads(said.read()) if report else {}
    wall = time.perf_counter() - began
    peak = max(peak, figures.get("peak_own_mb", 0.0))
    return figures | {"process_wall": wall, "load_before": load, "peak_mb": peak}


def rivals(python: str, folder: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("rivals.py")
    return {
        name: run(
            [
                python,
                str(script),
                name,
                *(str(folder / part) for part in ("cut.json", "store", f"{name}.mp4")),
                "veryfast",
            ],
            report=False,
        )
        for name in ("moviepy", "ffmpeg")
    }


def plan(only: set[str], minutes: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    """What is measured in a round, by which function with which arguments; what is compared stands side by side."""
    for preset in ("medium", "veryfast"):
        if preset in only:
            yield f"alone_{preset}", ("alone", preset)
            yield f"ours_{preset}", ("ours", preset)
    # These use what ours at veryfast has just kept.
    if "changes" in only:
        yield from ((f"changed_{what}", ("changed", what)) for what in ("nothing", "caption", "music"))
    if "preview" in only:
        yield "preview", ("preview",)
    if "workers" in only:
        yield from ((f"workers_{count}", ("ours", "veryfast", "cut", count)) for count in (1, 4))
    if "growth" in only:
        yield from ((f"minutes_{length}", ("ours", "ultrafast", f"small-{length}")) for length in (1, minutes))
    if "joins" in only:
        yield "joins", ("joins",)


def one_round(folder: Path, only: set[str], minutes: int, python: str | None) -> dict[str, Any]:
    """All that is asked for, once."""
    found = {}
    for name, (what, *arguments) in plan(only, minutes):
        found[name] = run([sys.executable, __file__, "--child", str(what), str(folder), *map(str, arguments)])
        sys.stderr.write(f"{name}: {found[name]['process_wall']:.1f} s\n")
    if "rivals" in only and python:
        found |= rivals(python, folder)
    return found


Figures = dict[str, Any]


def medians(rounds: list[Figures]) -> Figures:
    """Of every number, the median over the rounds."""
    first = rounds[0]
    found: Figures = {}
    for name, value in first.items():
        values = [one[name] for one in rounds]
        if isinstance(value, dict):
            found[name] = medians(values)
        elif isinstance(value, int | float):
            found[name] = round(statistics.median(values), 4)
        else:
            found[name] = value
    return found


Row = tuple[str, str, float, bool]


def most(what: str, limit: float, over: float | None, under: float | None = 1.0) -> Iterator[Row]:
    """A row of the table, if it was measured: a figure (or a ratio) that must not be above `limit`."""
    if over is not None and under:
        yield what, f"<= {limit:g}", round(over / under, 3), over / under <= limit


def rows(found: Figures, minutes: int) -> Iterator[Row]:
    """The table: what, what is wanted, what was measured, whether that is met."""

    def of(name: str, key: str = "render_wall") -> float | None:
        return found.get(name, {}).get(key)

    for preset, limit in (("veryfast", 1.25), ("medium", 1.15)):
        mine, theirs = f"ours_{preset}", f"alone_{preset}"
        yield from most(f"wall / encoder alone, {preset}", limit, of(mine), of(theirs, "encode_wall"))
        yield from most(f"CPU / encoder alone, {preset}", limit, of(mine, "render_cpu"), of(theirs, "encode_cpu"))
        yield from most(f"peak memory of the tree, {preset}, MB", 700, of(mine, "peak_mb"))
    full, one = of("ours_veryfast"), of("workers_1")
    yield from most("ours / MoviePy's wall", round(1 / 6, 3), full, of("moviepy", "process_wall"))
    yield from most("ours / one ffmpeg graph's wall", 1, full, of("ffmpeg", "process_wall"))
    yield from most("one caption changed / whole film", 0.08, of("changed_caption"), full)
    yield from most("only the music changed, s", 3, of("changed_music"))
    yield from most("only the music changed, frames encoded", 0, of("changed_music", "encoded"))
    yield from most("first preview frame, s", 1, of("preview", "preview_wall"))
    yield from most("as many workers as cores / one", 1, full, one)
    yield from most("four workers / one", 1, of("workers_4"), one)
    peaks = of(f"minutes_{minutes}", "peak_mb"), of("minutes_1", "peak_mb")
    yield from most(f"peak memory of {minutes} min / of 1 min", 1.05, *peaks)
    yield from most(f"frames lost or repeated in {minutes} min", 0, of("joins", "out_of_place"))
    yield from most(f"sound drift in {minutes} min, ms", 1, of("joins", "drift_ms"))


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        name, folder, *rest = sys.argv[2:]
        given = [int(word) if word.isdigit() else word for word in rest]
        sys.stdout.write(json.dumps(CHILD[name](Path(folder), *given)))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="the film's length")
    parser.add_argument("--minutes", type=int, default=10, help="the long film's length")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=ALL, default=ALL)
    parser.add_argument("--without", nargs="+", choices=ALL, default=())
    parser.add_argument("--keep", type=Path, help="a folder for the material and the films")
    parser.add_argument("--rivals", help="an interpreter that has moviepy and imageio-ffmpeg")
    parser.add_argument("--only-material", action="store_true", help="make the material in --keep and stop")
    given = parser.parse_args()
    only = set(given.only) - set(given.without)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        # What making the material takes must not count as anybody's memory: nothing of it happens in a measured process.
        material(folder, given.seconds, given.minutes, only)
        if given.only_material:
            return
        found = medians([one_round(folder, only, given.minutes, given.rivals) for _ in range(given.rounds)])
    table = [dict(zip(("figure", "target", "value", "met"), row, strict=True)) for row in rows(found, given.minutes)]
    setting = {"film_seconds": given.seconds, "minutes": given.minutes, "rounds": given.rounds, "cores": cores()}
    sys.stdout.write(json.dumps({"table": table, "setting": setting, "figures": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
