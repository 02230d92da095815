"""How fast the renderer is, against the encoder alone on the same frames, in one run. Prints JSON.

    python benchmarks/render.py [--seconds 60] [--preset veryfast] [--keep FOLDER] [--rivals PYTHON]

The film: photographs of 12 megapixels with pan and zoom, clips of 5 s, half-second dissolves, captions that change
every 2.5 s, a title, narration over ducked music. The material is made here (noise with the spectrum of photographs,
shapes and edges), the same on each run. "Encoder alone" encodes the same frames, already composited, from memory.
PYTHON is an interpreter with `moviepy` and `imageio-ffmpeg` (MoviePy wants an older Pillow than ours): the same film is
then made by both in the same run (`benchmarks/rivals.py`). Other work on the machine spoils walls, hence the load
before and after, and CPU seconds beside each wall.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

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

CHUNK = 150


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
    ground = cv2.resize(ground, (2600, 1950), interpolation=cv2.INTER_AREA)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "18"}
        for index in range(180):
            view = ground[index : index + 1080, 2 * index : 2 * index + 1920].copy()
            cv2.circle(view, (100 + 9 * index, 540), 90, (40, 80, 220), -1, cv2.LINE_AA)
            frame = av.VideoFrame.from_ndarray(view, format="bgr24").reformat(format="yuv420p", dst_colorspace=1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
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


def heard(store: Store, folder: Path, name: str, samples: np.ndarray) -> Audio:
    path = folder / f"{name}.wav"
    sounds.write_wav(path, samples.astype(np.float32))
    blob = store.add(path, ".wav")
    return Audio(
        digest=blob.digest,
        suffix=".wav",
        bytes=blob.bytes,
        seconds=Fraction(len(samples), 48_000),
        rate=48_000,
        channels=2,
    )


def timeline(store: Store, folder: Path, seconds: int) -> Timeline:
    """Repeats of: four photographs of 3.75 s, one clip of 5 s."""
    pattern = ("photo",) * 4 + ("clip",)
    photos = [photograph(store, folder, number) for number in range(12)]
    films = [footage(store, folder, number) for number in range(3)]
    items: list = []
    total, index, shown, played = Fraction(0), 0, 0, 0
    while total < seconds:
        if items:
            items.append(Transition(seconds=Fraction(1, 2)))
        if pattern[index % 5] == "photo":
            length = min(Fraction(15, 4), seconds - total)
            moved = 0.06 * (shown % 3)
            move = Move(
                start=Box(x=0, y=0.02 + moved, width=1, height=0.75),
                end=Box(x=0.04 + moved, y=0.1, width=0.87, height=0.87 * 0.75),
            )
            items.append(
                Clip(
                    media=photos[shown % 12],
                    seconds=length,
                    move=move if shown % 2 else Move(start=move.end, end=move.start),
                )
            )
            shown += 1
        else:
            length = min(Fraction(5), seconds - total)
            items.append(
                Clip(media=films[played % 3], seconds=length, source=Span(start=Fraction(1, 2), length=length))
            )
            played += 1
        total += length
        index += 1
    t = np.arange(48_000 * seconds) / 48_000
    music = sum(0.1 * np.sin(2 * np.pi * hertz * t) for hertz in (220, 277, 330))
    # Pure tones are the worst case of an AAC encoder, and nobody's music: a breath of noise makes them ordinary.
    breath = np.random.default_rng(1).normal(0, 0.004, len(t))
    music = music + breath
    voice = (
        0.3 * np.sin(2 * np.pi * 160 * t) * (np.sin(2 * np.pi * 3 * t) > 0) * (np.sin(2 * np.pi * t / 9) > 0) + breath
    )
    whole = Span(start=Fraction(0), length=Fraction(seconds))
    tracks = tuple(
        SoundTrack(
            role=role,
            duck=12.0 if role == "music" else 0.0,
            sounds=(
                Sound(media=heard(store, folder, role, np.stack([wave, wave], 1)), start=Fraction(0), source=whole),
            ),
        )
        for role, wave in (("voice", voice), ("music", music))
    )
    captions = tuple(
        Caption(
            start=Fraction(5, 2) * number,
            seconds=Fraction(12, 5),
            lines=(f"Line {number + 1} of what is told here,", "which is long enough to be two lines."),
        )
        for number in range(seconds * 2 // 5)
    )
    titles = (Title(start=Fraction(0), seconds=Fraction(3), text="A weekend at the lake", subtitle="June"),)
    return Timeline(format=Format(), picture=tuple(items), sound=tracks, captions=captions, titles=titles)


@contextmanager
def measured(into: dict[str, float], name: str):
    """Adds the wall and CPU seconds (of this process and of those it waited for) of what runs inside to `into`."""

    def spent() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    wall, cpu = time.perf_counter(), spent()
    yield
    into[f"{name}_wall"] = into.get(f"{name}_wall", 0.0) + time.perf_counter() - wall
    into[f"{name}_cpu"] = into.get(f"{name}_cpu", 0.0) + spent() - cpu


def encoder_alone(film: Timeline, store: Store, folder: Path, preset: str, figures: dict[str, float]) -> None:
    """Encodes frames that were composited before, in chunks that fit in memory; composing is timed by itself."""
    encoder, _ = encoder_for(Encoding(20, preset), film.format)
    with (
        av.open(str(folder / "alone.mp4"), "w") as container,
        Compositor(film, store, Lettering(film)) as compositor,
    ):
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
            with measured(figures, "compose_alone"):
                for index, frame in enumerate(chunk):
                    compositor.draw(first + index, planes_of(frame))
            with measured(figures, "encoder_alone"):
                for index, frame in enumerate(chunk):
                    frame.pts = first + index
                    container.mux(stream.encode(frame))
        with measured(figures, "encoder_alone"):
            container.mux(stream.encode(None))


def changed(film: Timeline, store: Store, folder: Path, preset: str, figures: dict[str, float]) -> None:
    """One caption changed; only the music changed; nothing changed; the first frame of a preview."""
    middle = len(film.captions) // 2
    words = film.captions[middle].model_copy(
        update={"lines": ("Something else is said here,", "in about as many words.")}
    )
    captions = (*film.captions[:middle], words, *film.captions[middle + 1 :])
    music = film.sound[1].model_copy(update={"gain": -3.0})
    others = {
        "nothing_changed": film,
        "caption_changed": film.model_copy(update={"captions": captions}),
        "music_changed": film.model_copy(update={"sound": (film.sound[0], music)}),
    }
    for name, other in others.items():
        with measured(figures, name):
            done = render(other, store, folder / "changed.mp4", preset=preset)
        figures[f"{name}_frames_encoded"] = done.encoded
    with measured(figures, "first_preview_frame"):
        small = quarter(film)
        with Compositor(small, store, Lettering(small)) as compositor:
            compositor.frame(0)


def one_worker(film: Timeline, store: Store, folder: Path, preset: str, figures: dict[str, float]) -> None:
    """The same film by one worker alone: several must never be slower."""
    Shelf.of(store).keep_only(())
    encode.cores, before = (lambda: 1), encode.cores
    try:
        with measured(figures, "one_worker"):
            render(film, store, folder / "one.mp4", preset=preset)
    finally:
        encode.cores = before


def rivals(python: str, store: Store, folder: Path, preset: str, figures: dict[str, float]) -> None:
    cut = folder / "cut.json"
    for name in ("moviepy", "ffmpeg"):
        script = Path(__file__).with_name("rivals.py")
        with measured(figures, name):
            subprocess.run([python, script, name, cut, store.root, folder / f"{name}.mp4", preset], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--preset", default="veryfast")
    parser.add_argument("--keep", type=Path, help="a folder for the material and the film")
    parser.add_argument("--rivals", help="an interpreter that has moviepy and imageio-ffmpeg")
    parser.add_argument("--only-material", action="store_true", help="make the material in --keep and stop")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    if given.only_material:
        store = Store(given.keep / "store")
        (given.keep / "cut.json").write_text(timeline(store, given.keep, given.seconds).model_dump_json(), "utf-8")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        store = Store(folder / "store")
        # In a process of its own: what making it takes must not count as the renderer's memory.
        asked = [sys.executable, __file__, "--only-material", "--seconds", str(given.seconds), "--keep", str(folder)]
        subprocess.run(asked, check=True)
        film = Timeline.model_validate_json((folder / "cut.json").read_bytes())
        Shelf.of(store).keep_only(())
        figures: dict[str, float] = {}
        load = os.getloadavg()[0]
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with measured(figures, "render"):
            done = render(film, store, folder / "film.mp4", preset=given.preset)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        changed(film, store, folder, given.preset, figures)
        encoder_alone(film, store, folder, given.preset, figures)
        one_worker(film, store, folder, given.preset, figures)
        if given.rivals:
            rivals(given.rivals, store, folder, given.preset, figures)
        print(
            json.dumps(
                summary(figures, done.frames)
                | {
                    "film_seconds": given.seconds,
                    "preset": given.preset,
                    "cores": cores(),
                    "load_before": round(load, 1),
                    "load_after": round(os.getloadavg()[0], 1),
                    "peak_mb": round(peak / 1024),
                    "peak_mb_before": round(before / 1024),
                    "bytes": (folder / "film.mp4").stat().st_size,
                    "bytes_alone": (folder / "alone.mp4").stat().st_size,
                    "same_bytes_by_one_worker": (folder / "film.mp4").read_bytes() == (folder / "one.mp4").read_bytes(),
                    "loudness": done.loudness,
                    "true_peak": done.true_peak,
                },
                indent=1,
            )
        )


def summary(figures: dict[str, float], frames: int) -> dict[str, float]:
    """The figures and, of each kind, what the table asks for."""
    ratios = {
        "frames_a_second": frames / figures["render_wall"],
        "wall_over_encoder": figures["render_wall"] / figures["encoder_alone_wall"],
        "cpu_over_encoder": figures["render_cpu"] / figures["encoder_alone_cpu"],
        "caption_changed_share": figures["caption_changed_wall"] / figures["render_wall"],
        "several_over_one_worker": figures["render_wall"] / figures["one_worker_wall"],
    }
    for name in ("moviepy", "ffmpeg"):
        if f"{name}_wall" in figures:
            ratios[f"{name}_over_ours"] = figures[f"{name}_wall"] / figures["render_wall"]
            ratios[f"{name}_cpu_over_ours"] = figures[f"{name}_cpu"] / figures["render_cpu"]
    return {name: round(value, 3) for name, value in (ratios | figures).items()}


if __name__ == "__main__":
    main()
