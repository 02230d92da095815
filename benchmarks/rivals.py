"""The benchmark's film made by others: MoviePy 2 as its guide has it, and one ffmpeg filter graph.

    python benchmarks/rivals.py moviepy|ffmpeg CUT.json STORE OUT.mp4 PRESET

Runs in an environment of its own (see `benchmarks/render.py`), so it imports nothing of Cutroom.
"""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

FPS = 30
FADE = 0.5


def shots(cut: dict) -> list[dict]:
    """Clips with when they begin, and how long they are seen with both halves of their transitions."""
    items = [item for item in cut["picture"] if item["type"] == "clip"]
    found, at = [], 0.0
    for index, item in enumerate(items):
        seconds = float(Fraction(item["seconds"]))
        lead = FADE / 2 if index else 0.0
        trail = FADE / 2 if index + 1 < len(items) else 0.0
        found.append({**item, "begin": at - lead, "length": seconds + lead + trail, "lead": lead})
        at += seconds
    return found


def place(store: Path, media: dict) -> Path:
    return store / media["digest"][:2] / f"{media['digest']}{media['suffix']}"


def box_at(shot: dict, now: float) -> tuple[float, float, float, float]:
    """What is seen of a photograph at this second: a linear way."""
    way = min(max(now / shot["length"], 0), 1)
    start, end = shot["move"]["start"], shot["move"]["end"]
    x, y, width, height = (start[key] + (end[key] - start[key]) * way for key in ("x", "y", "width", "height"))
    return min(x, 1 - width), min(y, 1 - height), width, height


def words(cut: dict) -> list[tuple[float, float, str, int]]:
    """Begin, length, text, letters' size."""
    found = [
        (float(Fraction(c["start"])), float(Fraction(c["seconds"])), "\n".join(c["lines"]), 54) for c in cut["captions"]
    ]
    return found + [(float(Fraction(t["start"])), float(Fraction(t["seconds"])), t["text"], 110) for t in cut["titles"]]


def moviepy(cut: dict, store: Path, out: Path, preset: str, font: str) -> None:
    import numpy as np
    from moviepy import (
        AudioFileClip,
        CompositeAudioClip,
        CompositeVideoClip,
        TextClip,
        VideoClip,
        VideoFileClip,
    )
    from moviepy.video.fx import CrossFadeIn
    from PIL import Image

    layers = []
    for shot in shots(cut):
        path = place(store, shot["media"])
        if shot["media"]["type"] == "image":
            picture = Image.open(path).convert("RGB")

            def frame(now, shot=shot, picture=picture):
                x, y, width, height = box_at(shot, now)
                whole = picture.size
                box = (x * whole[0], y * whole[1], (x + width) * whole[0], (y + height) * whole[1])
                return np.asarray(picture.resize((1920, 1080), Image.Resampling.BICUBIC, box=box))

            clip = VideoClip(frame, duration=shot["length"])
        else:
            start = float(Fraction(shot["source"]["start"])) - shot["lead"]
            clip = VideoFileClip(str(path), audio=False).subclipped(start, min(start + shot["length"], 6))
        clip = clip.with_start(max(shot["begin"], 0))
        layers.append(clip.with_effects([CrossFadeIn(FADE)]) if shot["begin"] > 0 else clip)
    for begin, length, text, size in words(cut):
        letters = TextClip(
            font=font,
            text=text,
            font_size=size,
            color="white",
            stroke_color="black",
            stroke_width=3,
            text_align="center",
            margin=(10, 10),
        )
        height = 0.5 if size > 100 else 0.84
        layers.append(letters.with_start(begin).with_duration(length).with_position(("center", height), relative=True))
    tracks = [AudioFileClip(str(place(store, track["sounds"][0]["media"]))) for track in cut["sound"]]
    tracks[1] = tracks[1].with_volume_scaled(0.25)
    film = CompositeVideoClip(layers, size=(1920, 1080)).with_audio(CompositeAudioClip(tracks))
    film.write_videofile(
        str(out), fps=FPS, codec="libx264", audio_codec="aac", preset=preset, logger=None, ffmpeg_params=["-crf", "20"]
    )


def ffmpeg(cut: dict, store: Path, out: Path, preset: str, font: str) -> None:
    from imageio_ffmpeg import get_ffmpeg_exe

    command: list[str] = [get_ffmpeg_exe(), "-v", "error", "-y"]
    graph, total = [], 0.0
    found = shots(cut)
    for index, shot in enumerate(found):
        path = str(place(store, shot["media"]))
        frames = round(shot["length"] * FPS)
        if shot["media"]["type"] == "image":
            command += ["-i", path]
            (x0, y0, w0, _), (x1, y1, w1, _) = box_at(shot, 0), box_at(shot, shot["length"])
            way = f"on/{frames}"
            zoom = f"1/({w0}+({w1}-{w0})*{way})"
            left, top = f"iw*({x0}+({x1}-{x0})*{way})", f"ih*0.75*({y0}+({y1}-{y0})*{way})"
            graph.append(
                f"[{index}:v]scale=4000:-2,crop=4000:2250,zoompan=z='{zoom}':x='{left}':y='{top}':d={frames}:"
                f"s=1920x1080:fps={FPS},format=yuv420p,setsar=1[v{index}]"
            )
        else:
            start = float(Fraction(shot["source"]["start"])) - shot["lead"]
            command += ["-ss", str(start), "-t", str(shot["length"]), "-i", path]
            graph.append(f"[{index}:v]fps={FPS},format=yuv420p,setsar=1,settb=1/{FPS}[v{index}]")
    last = "v0"
    total = found[0]["length"]
    for index in range(1, len(found)):
        graph.append(f"[{last}][v{index}]xfade=transition=fade:duration={FADE}:offset={total - FADE:.3f}[x{index}]")
        total += found[index]["length"] - FADE
        last = f"x{index}"
    for number, (begin, length, text, size) in enumerate(words(cut)):
        file = out.with_name(f"words-{number}.txt")
        file.write_text(text, "utf-8")
        height = "(h-text_h)/2" if size > 100 else "h*0.84"
        graph.append(
            f"[{last}]drawtext=fontfile='{font}':textfile='{file}':fontsize={size}:fontcolor=white:borderw=3:"
            f"x=(w-text_w)/2:y={height}:enable='between(t,{begin},{begin + length})'[d{number}]"
        )
        last = f"d{number}"
    voice, music = len(found), len(found) + 1
    for track in cut["sound"]:
        command += ["-i", str(place(store, track["sounds"][0]["media"]))]
    graph.append(
        f"[{voice}:a]asplit[a][side];[{music}:a][side]sidechaincompress=threshold=0.03:ratio=8[b];"
        "[a][b]amix=inputs=2:normalize=0,loudnorm=I=-14:TP=-1[sound]"
    )
    command += [
        "-filter_complex",
        ";".join(graph),
        "-map",
        f"[{last}]",
        "-map",
        "[sound]",
        "-c:v",
        "libx264",
        "-preset",
        preset,
        "-crf",
        "20",
        "-c:a",
        "aac",
        "-b:a",
        "192k",
        "-ar",
        "48000",
        str(out),
    ]
    subprocess.run(command, check=True)


def main() -> None:
    name, cut, store, out, preset = sys.argv[1:6]
    fonts = Path(__file__).parent.parent / "src" / "cutroom"
    font = next(
        str(path) for path in sorted(fonts.rglob("*")) if path.suffix in (".ttf", ".otf") and "Semi" in path.name
    )
    made = {"moviepy": moviepy, "ffmpeg": ffmpeg}[name]
    made(json.loads(Path(cut).read_text("utf-8")), Path(store), Path(out), preset, font)


if __name__ == "__main__":
    main()
