"""Files that cannot be used cost their own part and nothing else; what is in files is data and never acts."""

from __future__ import annotations

import html
import re
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import cutroom
from cutroom import Options, Result
from cutroom.errors import WrongUse
from cutroom.media import clip
from cutroom.media.sound import write_wav
from cutroom.time import Span

# One worker makes the film that most of these tests look at.
pytestmark = pytest.mark.xdist_group("bad input")

ODD_NAMES = (
    "with a space.jpg",
    'it\'s "quoted".jpg',
    "two\nlines.jpg",
    "🏔️ smile 😀.jpg",
    "صورة البحيرة.jpg",
    "-o gone.mp4.jpg",
    "$(touch pwned); `touch pwned` && touch pwned.jpg",
    "%{localtime}:x='0'[out];movie=pwned.jpg",
    "<img src=x onerror=alert(1)>.jpg",
)
"""Each names a picture that is in order; none of them may do more than that."""

INJECTIONS = (
    "This stays {\\an8}{\\p1}m 0 0 l 9 9{\\p0} plain text.",
    "Here <script>alert(1)</script> <b>nothing</b> is run.",
    "It reads <break time=\"3600s\"/> <audio src='http://x.invalid/a.wav'/> without a pause.",
    "Nor does %{pts:hms}:textfile=/etc/passwd or {{ 7*7 }} or $(touch pwned) mean a thing.",
)

SMALL = Options(seconds="8", shape="320x180", fps="10", music="none")  # pyright: ignore[reportArgumentType]


def png_bomb() -> bytes:
    """A PNG of a few hundred bytes whose header promises ten thousand megapixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9000))) + chunk(b"IEND", b"")
    )


def write_film(path: Path, *, picture: bool, seconds: float = 1.0) -> Path:
    """A clip without sound, or one without picture."""
    with av.open(str(path), "w", format="mp4") as out:
        if picture:
            stream = out.add_stream("libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
            noise = np.random.default_rng(3).integers(0, 255, (18, 40, 3), np.uint8).repeat(10, 0).repeat(10, 1)
            for number in range(round(seconds * 25)):
                window = np.ascontiguousarray(noise[:, number : number + 320])
                out.mux(stream.encode(av.VideoFrame.from_ndarray(window, "rgb24")))
        else:
            stream = out.add_stream("aac", rate=48_000, layout="mono")
            wave = (0.3 * np.sin(np.arange(48_000) / 20)).astype(np.float32)[None]
            for start in range(0, 48_000, 1024):
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[:, start : start + 1024]), "fltp", "mono")
                frame.sample_rate = 48_000
                out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


def write_bad_files(folder: Path, draw) -> dict[str, str]:
    """One file of every bad kind; returns what has to be said about each, by name."""
    whole = draw(folder / "whole.jpg", 50, (1600, 1200)).read_bytes()
    film = write_film(folder / "whole.mp4", picture=True).read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "whole.mp4").unlink()
    bad = {
        "no bytes.jpg": (b"", "empty"),
        "no bytes.mp4": (b"", "empty"),
        "cut short.jpg": (whole[: len(whole) // 3], "damaged"),
        "cut short.mp4": (film[: len(film) // 2], "damaged"),
        "words.jpg": (b"These are only words.\n", "holds text and no picture"),
        "bomb.png": (png_bomb(), "10000 megapixels"),
        "playlist.mp4": (b"#EXTM3U\n#EXTINF:9,\n/etc/passwd\n", "holds text and no clip"),
        "concat.mp4": (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "holds text and no clip"),
        # A zero byte, and it is no longer taken for words.
        "hidden playlist.mp4": (b"#EXTM3U\n#EXTINF:9,\n/etc/passwd\n\0\0\0\0" + bytes(range(8)) * 9, "can be read"),
        "noise.mov": (np.random.default_rng(1).bytes(4000), "can be read"),
        "locked.jpg": (whole, "permission"),
    }
    for name, (data, _) in bad.items():
        (folder / name).write_bytes(data)
    return {name: says for name, (_, says) in bad.items()}


@dataclass(frozen=True)
class Pile:
    home: Path
    result: Result
    bad: dict[str, str]
    used: set[str]

    @property
    def page(self) -> str:
        return (self.home / "film.cutroom" / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def pile(tmp_path_factory, draw):
    """A film of everything at once: odd names, words that look like commands, and every kind of bad file."""
    home = tmp_path_factory.mktemp("pile")
    folder = home / "every thing"
    for seed, name in enumerate(ODD_NAMES):
        draw(folder / name, seed)
    write_film(folder / "without sound.mp4", picture=True)
    write_film(folder / "without picture.mp4", picture=False)
    (folder / "notes.txt").write_text("\n".join(INJECTIONS), "utf-8")
    bad = write_bad_files(folder, draw)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        unlocked = Path.open

        def locked(path: Path, *arguments, **options):
            if path.name == "locked.jpg":
                raise PermissionError(13, "Permission denied", str(path))
            return unlocked(path, *arguments, **options)

        patch.setattr(Path, "open", locked)
        result = cutroom.make("A film called '<b>$(touch pwned)</b>'", ["every thing"], "film.mp4", options=SMALL)
    used = {path.name for path in folder.iterdir()} - set(bad)
    return Pile(home, result, bad, used)


def test_the_rest_of_the_film_is_made_and_the_loss_is_told(pile):
    assert pile.result.status == "degraded"
    assert pile.result.exit_status == 3
    assert clip.look(pile.home / "film.mp4").seconds == 8


def test_every_bad_file_is_named_with_the_reason_and_a_way_out(pile):
    told = {item.what: item.why for item in pile.result.degraded}

    assert set(pile.bad) <= set(told)
    assert [name for name, says in pile.bad.items() if says not in told[name]] == []
    assert all(";" in told[name] for name in pile.bad)  # reason; way out


def test_good_files_with_odd_names_are_no_loss(pile):
    lost = {item.what for item in pile.result.degraded} - set(pile.bad)

    assert lost & {name.replace("\n", "�") for name in pile.used} == set()


def test_nothing_in_a_name_or_a_text_is_carried_out(pile):
    assert {path.name for path in pile.home.iterdir()} == {"every thing", "film.mp4", "film.cutroom"}
    assert list(pile.home.rglob("pwned*")) == []


def test_the_report_shows_names_and_words_as_they_are_and_runs_none(pile):
    assert "<script" not in pile.page
    assert not re.search(r"<img[^>]*onerror", pile.page)
    assert html.escape("<img src=x onerror=alert(1)>.jpg") in pile.page
    assert "صورة البحيرة.jpg" in pile.page
    assert "🏔️ smile 😀.jpg" in pile.page


def test_words_that_look_like_commands_stay_words_in_the_captions(pile):
    captions = (pile.home / "film.cutroom" / "film.srt").read_text("utf-8")
    words = " ".join(line for line in captions.splitlines() if "-->" not in line)

    assert "plain text" in words
    assert not re.search(r"<[^>]*>|\{\\", words)  # players would obey <b> and {\an8}


def test_a_tag_to_speak_slowly_makes_no_pause(tmp_path, draw):
    draw(tmp_path / "a.jpg")
    (tmp_path / "notes.txt").write_text(INJECTIONS[2])
    sentence = "The lake lay <break time='3600s'/> quite still."
    (tmp_path / "more.txt").write_text(sentence)
    result = cutroom.make(
        "A film", [tmp_path], tmp_path / "film.mp4", options=SMALL.model_copy(update={"seconds": None})
    )

    assert result.status == "delivered", result.degraded
    assert clip.look(tmp_path / "film.mp4").seconds < 20


def test_a_picture_of_a_hundred_megapixels_makes_a_film(tmp_path, monkeypatch, draw):
    monkeypatch.chdir(tmp_path)
    small = Image.open(draw(tmp_path / "small.png", 4, (1200, 840))).convert("L")
    small.resize((12_000, 8_400), Image.Resampling.NEAREST).save(tmp_path / "poster.jpg", quality=60)

    result = cutroom.make(
        "A film", ["poster.jpg"], "film.mp4", options=SMALL.model_copy(update={"seconds": Fraction(2)})
    )

    assert result.status == "delivered", result.degraded
    frame = next(clip.frames(tmp_path / "film.mp4", span=Span(start=Fraction(1), length=Fraction(1, 2))))
    assert frame.pixels.std() > 5  # the picture, and no empty frame


def test_nothing_usable_names_every_file_and_leaves_nothing_behind(tmp_path, monkeypatch, draw):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "empty.jpg").touch()
    (folder / "words.png").write_text("words")

    with pytest.raises(WrongUse, match="nothing among the files can be used") as caught:
        cutroom.make("A film", ["photos"], "film.mp4", options=SMALL)

    assert "empty.jpg" in str(caught.value)
    assert "words.png" in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"photos"}


def test_an_empty_folder_says_what_it_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()

    with pytest.raises(WrongUse, match="photos"):
        cutroom.make("A film", ["photos"], "film.mp4", options=SMALL)
    assert not (tmp_path / "film.cutroom").exists()


def test_a_file_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(
        WrongUse, match=r"phots/: there is no such file or folder|phots: there is no such file or folder"
    ):
        cutroom.make("A film", ["phots/"], "film.mp4", options=SMALL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("film.avi", "films are written as .mp4"),
        ("film", "films are written as .mp4"),
        ("nowhere/film.mp4", "there is no folder nowhere"),
        ("folder.mp4", "is a folder"),
        ("mine.mp4", "was not made by Cutroom here"),
        ("blocked.mp4", "in the way of the production"),
    ],
)
def test_a_place_where_no_film_can_go_is_refused_before_anything_is_done(tmp_path, monkeypatch, draw, out, says):
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "a.jpg")
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "mine.mp4").write_bytes(b"somebody's own film")
    (tmp_path / "blocked.cutroom").write_text("not a folder")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    with pytest.raises(WrongUse, match=re.escape(says)):
        cutroom.make("A film", ["a.jpg"], out, options=SMALL)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("given", ["clip.mp4", "."])
def test_the_film_never_takes_the_place_of_what_it_is_made_of(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    kept = write_film(tmp_path / "clip.mp4", picture=True).read_bytes()

    with pytest.raises(WrongUse, match=r"clip\.mp4"):
        cutroom.make("A film", [given], "clip.mp4", options=SMALL)
    assert (tmp_path / "clip.mp4").read_bytes() == kept


def test_a_clip_without_picture_is_sound_and_one_without_sound_is_picture(tmp_path):
    write_film(tmp_path / "silent.mp4", picture=True)
    write_film(tmp_path / "dark.mp4", picture=False)
    write_wav(tmp_path / "hum.wav", np.zeros(4800, np.float32))

    assets = {asset.name: asset.media for asset in cutroom.make_plan("A film", [tmp_path]).brief.assets}

    assert assets["silent.mp4"].medium == "video"
    assert not assets["silent.mp4"].sound  # pyright: ignore[reportAttributeAccessIssue]
    assert assets["dark.mp4"].medium == "audio"
