"""A whole film from files to file, as somebody at a terminal would have it made. Two films are rendered in all."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

import cutroom
from cutroom.measures.sound import loudness
from cutroom.media import clip, sound

# One worker renders for all of these tests.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("whole film")]

REQUEST = "A calm film called 'Red to green'"
NOTES = "The morning was red.\nAt noon there was nothing but sky and water.\nIn the evening everything was green.\n"
RED, GREEN, BLUE = (190, 50, 40), (50, 150, 60), (40, 70, 190)
EXIF_MADE = 0x9003


def scene(colour: tuple[int, int, int], width: int, height: int, seed: int, mode: str = "RGB") -> Image.Image:
    """A picture with edges everywhere, of one colour on the whole."""
    rng = np.random.default_rng(seed)
    picture = Image.new(mode, (width, height), colour if mode == "RGB" else (*colour, 0))
    draw = ImageDraw.Draw(picture)
    for _ in range(90):
        x, y = (int(rng.integers(0, size)) for size in (width, height))
        size = int(rng.integers(20, 110))
        shade = tuple(int(np.clip(channel + rng.integers(-45, 60), 0, 255)) for channel in colour)
        draw.ellipse((x, y, x + size, y + size), fill=shade, outline=(240, 240, 230))
    return picture


def write_clip(
    path: Path, view: np.ndarray, *, times: list[int], turned: bool = False, hertz: float | None = None
) -> None:
    """A clip whose frames stand at `times` (milliseconds): a window that wanders over `view`, and a tone.

    A turned one is kept lying on its side, as a telephone does, with the word to turn it back.
    """
    across = 360 if turned else 640
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        if turned:
            stream.set_display_rotation(-90)
        voice = out.add_stream("aac", rate=48_000, layout="stereo") if hertz else None
        for number, at in enumerate(times):
            window = view[:, number * 4 : number * 4 + across]
            window = np.rot90(window) if turned else window
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(window), "rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if voice is not None:
            wave = (0.2 * np.sin(2 * np.pi * hertz * np.arange(times[-1] * 48) / 48_000)).astype(np.float32)
            for start in range(0, len(wave), 1024):
                chunk = av.AudioFrame.from_ndarray(np.tile(wave[start : start + 1024], (2, 1)), "fltp", "stereo")
                chunk.sample_rate, chunk.pts, chunk.time_base = 48_000, start, Fraction(1, 48_000)
                out.mux(voice.encode(chunk))
            out.mux(voice.encode())


def write_material(folder: Path) -> None:
    """Pictures whose order by time is not their order by name, two awkward clips, one with alpha, notes."""
    folder.mkdir()
    for name, colour, hour, seed in (("b.jpg", RED, 8, 1), ("a.jpg", GREEN, 20, 2)):
        exif = Image.Exif()
        exif.get_ifd(0x8769)[EXIF_MADE] = f"2024:06:01 {hour:02}:00:00"
        scene(colour, 1280, 960, seed).save(folder / name, quality=88, exif=exif)
    scene((200, 160, 60), 500, 500, 4, "RGBA").save(folder / "c.png")
    sky, ground = scene((150, 190, 235), 800, 320, 5), scene((60, 45, 35), 800, 320, 6)
    upright = np.concatenate([np.asarray(sky), np.asarray(ground)])
    write_clip(folder / "turned.mov", upright, times=[number * 33 for number in range(80)], turned=True, hertz=330)
    varying = [int(at) for at in np.cumsum(np.random.default_rng(7).integers(15, 90, 50))]
    write_clip(folder / "varying.mp4", np.asarray(scene(BLUE, 900, 360, 7)), times=varying)
    (folder / "notes.md").write_text(NOTES, "utf-8")


def cutroom_command(*arguments: str | Path, at: Path) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own, in the folder `at`."""
    return subprocess.run(
        [sys.executable, "-m", "cutroom", *map(str, arguments)],
        cwd=at,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "COLUMNS": "200"},
    )


@dataclass(frozen=True)
class Made:
    """The film that most tests look at."""

    home: Path
    said: subprocess.CompletedProcess[str]

    @property
    def film(self) -> Path:
        return self.home / "film.mp4"

    @property
    def production(self) -> Path:
        return self.home / "film.cutroom"

    @property
    def result(self) -> dict:
        return json.loads(self.said.stdout)


ARGUMENTS = ("--seconds", "10", "--format", "640x360")
OPTIONS = cutroom.Options(seconds="10", shape="640x360")  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Made:
    """Made in two goes, as somebody careful would: first the plan, then the film."""
    home = tmp_path_factory.mktemp("whole film")
    write_material(home / "my files")
    planned = cutroom_command(
        "make", REQUEST, "my files", "-o", "film.mp4", *ARGUMENTS, "--stop-after", "plan", at=home
    )
    assert planned.returncode == 0, planned.stderr
    assert (home / "film.cutroom" / "plan.json").is_file()
    assert not (home / "film.mp4").exists()
    return Made(home, cutroom_command("make", REQUEST, "my files", "-o", "film.mp4", *ARGUMENTS, "--json", at=home))


@pytest.fixture(scope="session")
def picture(made: Made) -> list[clip.Frame]:
    """The film's frames, a fifth of a second apart."""
    return list(clip.frames(made.film, every=Fraction(1, 5)))


def test_it_is_delivered_as_asked_and_says_so_in_one_object(made):
    assert made.said.returncode == 0, made.said.stderr
    assert made.said.stdout.count("\n") == 1
    assert made.said.stderr == ""

    result = made.result
    assert set(result) >= {
        "status",
        "production",
        "deliverables",
        "degraded",
        "verdict",
        "calls",
        "spent",
        "wall_seconds",
    }
    assert (result["status"], result["production"], result["spent"]) == ("delivered", "film.cutroom", {})
    assert result["degraded"] == []
    assert result["verdict"]["outcome"] == "pass"
    assert result["verdict"]["scores"]
    video = result["deliverables"][0]
    assert (video["kind"], video["path"]) == ("video", "film.mp4")
    assert (video["seconds"], video["width"], video["height"], video["fps"]) == ("10", 640, 360, "30")
    assert all((made.home / item["path"]).is_file() for item in result["deliverables"])


def test_going_on_after_the_plan_made_nothing_twice(made):
    steps = len(json.loads((made.production / "plan.json").read_text())["steps"])
    calls = made.result["calls"]

    assert calls["performed"] + calls["reused"] == steps
    assert calls["reused"] >= 6  # what was looked at before the plan could be made


def test_the_file_plays_anywhere(made):
    with av.open(str(made.film)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        context = video.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        assert (video.average_rate, video.guessed_rate, video.frames) == (30, 30, 300)
        assert (audio.codec_context.name, audio.rate, audio.layout.name) == ("aac", 48_000, "stereo")
        stamps = sorted(packet.pts for packet in film.demux(video) if packet.pts is not None)
    assert set(np.diff(stamps)) == {stamps[1] - stamps[0]}
    head = made.film.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


def test_it_is_as_long_as_asked_in_picture_and_sound(made):
    samples = sound.samples(made.film)

    assert clip.look(made.film).seconds == 10
    assert abs(len(samples) / 48_000 - 10) <= 1 / 30


def test_it_is_as_loud_as_promised(made):
    heard = loudness(sound.samples(made.film), 48_000)

    assert heard.integrated is not None
    assert heard.true_peak is not None
    assert abs(heard.integrated + 14) <= 0.5
    assert heard.true_peak <= -1.0


def test_pictures_come_in_the_order_of_their_time(picture):
    def strongest(frame: clip.Frame) -> int:
        # The upper part, where no words stand.
        return int(frame.pixels[20:120].reshape(-1, 3).mean(0).argmax())

    first = {channel: next(frame.at for frame in picture if strongest(frame) == channel) for channel in (1, 0)}
    assert strongest(picture[5]) == 0
    assert strongest(picture[-8]) == 1
    assert first[0] < first[1]


def test_the_turned_clip_stands_upright_over_a_fill_of_its_own(picture):
    def upright(pixels: np.ndarray) -> bool:
        sky, ground = pixels[30:130, 270:370].mean((0, 1)), pixels[230:290, 270:370].mean((0, 1))
        return bool(sky[2] > 170 and sky[2] > sky[0] + 30 and ground.max() < 110)

    seen = [frame.pixels for frame in picture if upright(frame.pixels)]
    assert len(seen) >= 3
    assert all(pixels[100:260, :60].mean() > 20 for pixels in seen)  # no black bars


def test_it_moves_and_is_never_black_before_its_end(picture):
    light = [frame.pixels.mean() for frame in picture if Fraction(3, 5) < frame.at < Fraction(19, 2)]
    changes = [np.abs(one.pixels.astype(int) - other.pixels).mean() for one, other in pairwise(picture)]

    assert min(light) > 30
    assert np.median(changes) > 0.3


def test_what_is_said_stands_in_the_captions(made):
    words = (made.production / "film.srt").read_text("utf-8")
    times = [
        tuple(int(part) for part in re.split("[:,]", stamp)) for stamp in re.findall(r"\d\d:\d\d:\d\d,\d{3}", words)
    ]

    assert "The morning was red." in " ".join(words.split())
    assert times == sorted(times)
    assert times[-1] <= (0, 0, 10, 0)


def test_the_report_needs_nothing_but_the_film(made):
    page = (made.production / "report.html").read_text("utf-8")
    outside = [link for link in re.findall(r"""(?:src|href)=["']?([^"'\s>]+)""", page) if not link.startswith("data:")]

    assert set(outside) <= {"../film.mp4", "film.srt", "plan.json"}
    assert all((made.production / link).is_file() for link in outside)
    assert not re.search(r"https?:|@import|url\(", page)
    assert REQUEST.replace("'", "&#39;") in page
    assert "turned.mov" in page


def test_the_same_again_makes_nothing_and_leaves_the_film_alone(made, monkeypatch):
    monkeypatch.chdir(made.home)
    before = made.film.read_bytes(), made.film.stat().st_mtime_ns

    again = cutroom.make(REQUEST, ["my files"], "film.mp4", options=OPTIONS)

    assert (again.status, again.calls.performed) == ("delivered", 0)
    assert again.calls.reused == made.result["calls"]["performed"] + made.result["calls"]["reused"]
    assert (made.film.read_bytes(), made.film.stat().st_mtime_ns) == before
    assert again.verdict is not None
    assert again.verdict.model_dump(mode="json") == made.result["verdict"]


def test_show_tells_what_happened(made):
    told = cutroom_command("show", "film.cutroom", at=made.home)
    events = json.loads(cutroom_command("show", "film.cutroom", "--json", at=made.home).stdout)

    assert told.returncode == 0
    assert REQUEST in told.stdout
    assert {"opened", "planned", "made", "accepted", "wrapped"} <= {event["kind"] for event in events}
    assert [event["number"] for event in events] == sorted(event["number"] for event in events)


def test_a_plan_makes_nothing_on_disk(made):
    before = sorted(made.home.rglob("*"))
    planned = cutroom_command("plan", REQUEST, "my files", *ARGUMENTS, "--json", at=made.home)

    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    assert plan["goal"] == plan["steps"][-1]["id"]
    assert all(step["performer"] and step["price"]["high"] == "0" and step["price"]["known"] for step in plan["steps"])
    assert sorted(made.home.rglob("*")) == before


def test_another_caption_option_makes_only_what_hangs_below_it(made, tmp_path, monkeypatch):
    monkeypatch.chdir(made.home)
    first = made.film.read_bytes()

    other = cutroom.make(REQUEST, ["my files"], "film.mp4", options=OPTIONS.model_copy(update={"captions": "file"}))

    plan = cutroom.Plan.model_validate_json((made.production / "plan.json").read_bytes())
    assert (other.status, other.calls.performed) == ("delivered", len(("cut", *plan.below("cut"))))
    assert made.film.read_bytes() != first
    back = cutroom.make(REQUEST, ["my files"], "film.mp4", options=OPTIONS)
    assert back.calls.performed == 0
    assert made.film.read_bytes() == first
