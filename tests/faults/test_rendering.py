"""Whatever is in a clip, a sound or a caption: the film has all its frames, each at its time, and says what it could not do."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image as Pictures
from pydantic import ValidationError

import cutroom
from cutroom.errors import NoSpace
from cutroom.media import clip as clips
from cutroom.media import sound as sounds
from cutroom.media.kinds import Audio, Image, Video
from cutroom.media.store import Store
from cutroom.render.film import Rendered, render
from cutroom.time import Span
from cutroom.timeline.timeline import Caption, Clip, Format, Gap, Sound, SoundTrack, Timeline, Transition

RATE = 48_000
B_FRAME = 3
"""What PyAV calls a picture that is made from one before it and one behind it."""
SMALL = Format(width=160, height=120)
OPTIONS = cutroom.Options(seconds="3", shape="160x120", voice="none", music="none")  # pyright: ignore[reportArgumentType]


def footage(store: Store, path: Path) -> Video:
    """A clip as it comes into a store."""
    info, blob = clips.look(path), store.add(path, path.suffix)
    return Video(
        digest=blob.digest,
        suffix=path.suffix,
        bytes=blob.bytes,
        seconds=info.seconds,
        width=info.width,
        height=info.height,
        fps=info.fps,
        constant_rate=info.constant_rate,
        sound=info.sound,
    )


def photograph(store: Store, pixels: np.ndarray) -> Image:
    """Pixels (h, w, 3 or 4) as they come into a store."""
    file = io.BytesIO()
    Pictures.fromarray(pixels).save(file, "PNG")
    blob = store.add_bytes(file.getvalue(), ".png")
    height, width, channels = pixels.shape
    return Image(digest=blob.digest, suffix=".png", bytes=blob.bytes, width=width, height=height, alpha=channels == 4)


def film_of(store: Store, *items: Clip | Gap | Transition, out: Path, **more) -> tuple[list[np.ndarray], Rendered]:
    """Renders items one behind the other; the film's frames, (h, w, 3) each, and what the renderer says."""
    timeline = Timeline(format=more.pop("format", SMALL), picture=items, **more)
    done = render(timeline, store, out, crf=8)
    seen = list(clips.frames(out))
    # Every frame is there, at its own time, whatever came in.
    assert [frame.at for frame in seen] == [Fraction(number, 30) for number in range(timeline.frames)]
    return [frame.pixels for frame in seen], done


def bar(pixels: np.ndarray) -> int:
    """Where the white bar of `make_clip` begins; it moves a step a frame."""
    height, width, _ = pixels.shape
    bright = pixels[height * 3 // 4 - 4 : height * 3 // 4 + 4].min(axis=2).mean(axis=0)
    return int(np.argmax(np.convolve(bright, np.ones(width // 20), "valid")))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "films" / "film.mp4"


# ── clips ──


def test_a_clip_that_changes_size_in_the_middle_goes_on_in_the_first_ones_frame(make_clip, store, tmp_path, out):
    later = [1000 + number * 1000 // 30 for number in range(30)]
    one, other = make_clip("one.ts"), make_clip("other.ts", width=320, height=240, times=later)
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + other.read_bytes())
    media = footage(store, both)
    assert media.seconds > Fraction(19, 10)

    seen, done = film_of(store, Clip(media=media, seconds=Fraction(2)), out=out)

    assert done.degraded == ()
    assert {frame.shape for frame in seen} == {(120, 160, 3)}
    yellow = [frame[5:20, 5:30].mean(axis=(0, 1)) for frame in (seen[3], seen[-3])]
    assert np.abs(yellow[0] - yellow[1]).max() < 6  # the corner that `make_clip` paints, in both halves
    assert bar(seen[58]) > bar(seen[35]) + 20


def test_time_stamps_that_begin_anew_in_the_middle_cost_only_what_lies_behind(make_clip, store, tmp_path, out):
    one, other = make_clip("one.ts"), make_clip("other.ts", frames=60)
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + other.read_bytes())  # as recorders do that were stopped and started
    media = footage(store, both)

    seen, _ = film_of(store, Clip(media=media, seconds=Fraction(1)), out=out)

    assert media.seconds >= 1
    assert [bar(frame) for frame in seen[:28:9]] == pytest.approx(
        [160 * number // 60 for number in range(0, 28, 9)], abs=2
    )


def test_a_clip_that_changes_its_frame_rate_in_the_middle_keeps_its_own_times(make_clip, store, out):
    times = [*range(0, 1000, 40), *range(1000, 2000, 100)]  # 25 a second, then 10 a second
    media = footage(store, make_clip("phone.mkv", frames=35, times=times))

    seen, _ = film_of(store, Clip(media=media, seconds=Fraction(2)), out=out)

    places = [bar(frame) for frame in seen]
    expected = [sum(1 for at in times if at <= number * 1000 / 30 + 0.5) - 1 for number in range(60)]
    assert np.abs(np.array(places) - np.array([160 * number // 70 for number in expected])).max() <= 1


def test_time_stamps_below_zero_are_counted_from_the_first_frame(make_clip, store, out):
    times = [number * 1000 // 30 - 3000 for number in range(30)]
    path = make_clip("early.ts", times=times, container_options={"avoid_negative_ts": "disabled"})
    with av.open(str(path)) as file:
        first = next(file.decode(video=0))
        assert first.pts is not None
        assert first.pts < 0

    seen, _ = film_of(store, Clip(media=footage(store, path), seconds=Fraction(9, 10)), out=out)

    assert [bar(frame) for frame in seen] == pytest.approx([160 * number // 60 for number in range(27)], abs=1)


def without_stamps(make_clip: Callable[..., Path], name: str) -> Path:
    """A clip whose pictures have no time: as an encoder gives it, or because a container could not hold what was below zero."""
    if name.endswith(".h264"):
        return make_clip(name)
    below = [number * 1000 // 30 - 4000 for number in range(30)]
    return make_clip(name, times=below, container_options={"avoid_negative_ts": "disabled"})


@pytest.mark.parametrize("name", ["raw.h264", "below.mkv"])
def test_a_stream_without_time_stamps_plays_at_its_rate(make_clip, store, out, name):
    path = without_stamps(make_clip, name)
    with av.open(str(path)) as file:
        assert any(packet.pts is None and packet.size for packet in file.demux(video=0))
    media = footage(store, path)
    assert (
        Fraction(9, 10) < media.seconds <= Fraction(6, 5)
    )  # a raw stream says no rate: 25 a second is taken for granted

    seen, done = film_of(store, Clip(media=media, seconds=Fraction(9, 10)), out=out)

    assert done.degraded == ()
    places = [bar(frame) for frame in seen]
    assert places == sorted(places)
    assert places[-1] - places[0] > 40


@pytest.mark.parametrize("first", [1, 2, 3, 7, 17])
def test_a_cut_between_b_frames_begins_with_the_very_frame(make_clip, store, out, first):
    path = make_clip(
        frames=40, prepare=lambda stream: setattr(stream, "options", {"bf": "3", "b_strategy": "0", "g": "40"})
    )
    with av.open(str(path)) as file:
        assert any(frame.pict_type == B_FRAME for frame in file.decode(video=0))
    span = Span(start=Fraction(first, 30), length=Fraction(1, 2))

    seen, _ = film_of(store, Clip(media=footage(store, path), seconds=Fraction(1, 2), source=span), out=out)

    assert [bar(frame) for frame in seen] == [(first + number) * 160 // 80 for number in range(15)]


@pytest.mark.parametrize(("width", "height"), [(161, 121), (33, 500), (3, 5)])
def test_odd_sizes_fill_an_even_frame(make_clip, store, out, width, height):
    path = make_clip("odd.mkv", width=width, height=height, frames=6, codec="ffv1", pix_fmt="yuv444p")

    seen, done = film_of(store, Clip(media=footage(store, path), seconds=Fraction(1, 5), fit="cover"), out=out)

    assert done.degraded == ()
    assert all(frame.std() > 5 for frame in seen)
    assert min(frame[[0, -1]].mean() for frame in seen) > 25  # no black edge above or below


def test_a_clip_of_one_frame_stands_still(make_clip, store, out):
    media = footage(store, make_clip(frames=1))

    seen, done = film_of(store, Clip(media=media, seconds=Fraction(1)), out=out)

    assert done.degraded == ()
    assert max(np.abs(frame.astype(int) - seen[0]).mean() for frame in seen) < 1


def test_a_transition_longer_than_its_clips_is_refused_where_it_is_written(make_clip, store):
    short = Clip(media=footage(store, make_clip(frames=3)), seconds=Fraction(1, 10))

    with pytest.raises(ValidationError, match=r"a transition of 1/2 s beside a clip of 1/10 s"):
        Timeline(format=SMALL, picture=(short, Transition(seconds=Fraction(1, 2)), short))


def test_clips_of_a_tenth_of_a_second_between_transitions_hold_their_last_frame(make_clip, store, out):
    media = footage(store, make_clip(frames=3))
    items = [Clip(media=media, seconds=Fraction(1, 4)), Transition(seconds=Fraction(1, 2))]

    seen, done = film_of(store, *items, *items, *items, Clip(media=media, seconds=Fraction(1, 4)), out=out)

    assert (len(seen), done.degraded) == (30, ())
    assert all(frame[5:20, 5:30, 0].mean() > 180 for frame in seen)  # never black, never a hole


def test_interlaced_clips_lose_their_combs(store, tmp_path, out):
    path = tmp_path / "camcorder.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.options = {"x264-params": "tff=1", "crf": "8"}
        for number in range(10):
            pixels = np.full((120, 160, 3), 40, np.uint8)
            pixels[0::2, 12 * number : 12 * number + 20] = 220
            pixels[1::2, 12 * number + 6 : 12 * number + 26] = 220
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")))
        file.mux(stream.encode())

    seen, _ = film_of(store, Clip(media=footage(store, path), seconds=Fraction(1, 3)), out=out)

    grey = seen[4].astype(int).mean(axis=2)[20:100]
    assert np.abs(grey[1:-1] * 2 - grey[:-2] - grey[2:]).max() < 120  # combs are 360


def test_ten_bits_are_eight_with_the_same_colours(make_clip, store, tmp_path):
    frames = []
    for name, pixels in (("eight.mkv", "yuv420p"), ("ten.mkv", "yuv420p10le")):
        media = footage(store, make_clip(name, frames=6, pix_fmt=pixels))
        frames.append(film_of(store, Clip(media=media, seconds=Fraction(1, 5)), out=tmp_path / f"{name}.mp4")[0][3])

    assert np.abs(frames[0].astype(int) - frames[1]).mean() < 1.5


@pytest.mark.parametrize("fit", ["cover", "blur", "contain"])
def test_what_is_transparent_in_a_clip_shows_no_hidden_colours(store, tmp_path, out, fit):
    path = tmp_path / "logo.mov"
    pixels = np.zeros((120, 160, 4), np.uint8)
    pixels[..., 0] = 255  # red, where nothing is to be seen
    pixels[30:90, 40:120] = (40, 200, 60, 255)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("qtrle", rate=30)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "argb"
        for _ in range(6):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format="argb")))
        file.mux(stream.encode())

    seen, _ = film_of(store, Clip(media=footage(store, path), seconds=Fraction(1, 5), fit=fit), out=out)

    assert np.abs(seen[3][60, 80].astype(int) - (40, 200, 60)).max() < 12
    assert seen[3][5, 5].max() < 70  # not red
    assert abs(int(seen[3][5, 5, 0]) - int(seen[3][5, 5, 2])) < 30


# ── sound ──


def recorded(store: Store, path: Path, heard: np.ndarray, rate: int) -> Audio:
    """Samples (n, channels) as a WAV file of 16 bits in a store."""
    with av.open(str(path), "w") as file:
        layout = {1: "mono", 2: "stereo"}[heard.shape[1]]
        stream = file.add_stream("pcm_s16le", rate=rate, layout=layout)
        whole = np.ascontiguousarray(np.rint(heard * 32_000).astype(np.int16).reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(whole, "s16", layout)
        frame.sample_rate = rate
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    blob = store.add(path, ".wav")
    seconds = Fraction(len(heard), rate)
    return Audio(
        digest=blob.digest, suffix=".wav", bytes=blob.bytes, seconds=seconds, rate=rate, channels=heard.shape[1]
    )


def heard_in(store: Store, media: Audio, seconds: int, out: Path) -> tuple[np.ndarray, Rendered]:
    """The sound of a black film with one recording in it, (n, 2) at 48 kHz."""
    sound = Sound(media=media, start=Fraction(0), source=Span(length=media.seconds))
    track = SoundTrack(role="effects", sounds=(sound,))
    timeline = Timeline(format=SMALL, picture=(Gap(seconds=Fraction(seconds)),), sound=(track,))
    done = render(timeline, store, out)
    return sounds.samples(out), done


def tone(seconds: int, rate: int, channels: int, hertz: float = 1000.0) -> np.ndarray:
    wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(seconds * rate) / rate)
    return np.repeat(wave[:, None], channels, axis=1)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (96_000, 2), (11_025, 1)])
def test_any_rate_is_heard_at_its_pitch_in_both_ears(store, tmp_path, out, rate, channels):
    heard, done = heard_in(store, recorded(store, tmp_path / "a.wav", tone(2, rate, channels), rate), 2, out)

    assert len(heard) == 2 * RATE
    for side in range(2):
        spectrum = np.abs(np.fft.rfft(heard[RATE // 2 : RATE * 3 // 2, side]))
        assert int(np.argmax(spectrum)) == 1000  # one bin is one hertz
    assert done.loudness == pytest.approx(-14, abs=0.5)
    assert done.true_peak is not None
    assert done.true_peak <= -1.0


def test_silence_stays_silence_and_is_no_fault(store, tmp_path, out):
    heard, done = heard_in(store, recorded(store, tmp_path / "a.wav", np.zeros((2 * RATE, 2)), RATE), 2, out)

    assert np.abs(heard).max() < 1e-4
    assert (done.sound, done.loudness, done.true_peak, done.degraded) == (True, None, None, ())


def test_sound_that_is_longer_than_the_picture_ends_with_it(store, tmp_path, out):
    heard, done = heard_in(store, recorded(store, tmp_path / "a.wav", tone(7, RATE, 2), RATE), 2, out)

    assert (len(heard), done.frames) == (2 * RATE, 60)
    assert np.abs(np.diff(heard[-480:, 0])).max() < 0.1  # it does not end in a click


# ── words ──


def worded(store: Store, out: Path, *lines: str, form: Format = SMALL) -> tuple[list[np.ndarray], Rendered]:
    caption = Caption(start=Fraction(0), seconds=Fraction(1), lines=lines)
    return film_of(store, Gap(seconds=Fraction(1), colour="#304050"), out=out, format=form, captions=(caption,))


def test_letters_that_no_font_has_are_told_and_the_others_are_drawn(store, out):
    seen, done = worded(store, out, "Hello \U00012000\U00012001 there")  # cuneiform

    assert len(done.degraded) == 1
    what, why = done.degraded[0]
    assert "caption" in what
    assert "font" in why or "letter" in why
    assert seen[15][60:].max() > 200


def test_a_caption_of_500_words_stays_on_the_screen_and_the_rest_is_told(store, out):
    form = Format(width=320, height=180)
    seen, done = worded(store, out, " ".join(f"word{number}" for number in range(500)), form=form)

    assert len(done.degraded) == 1
    assert "words" in done.degraded[0][1]
    ground = np.median(seen[15].reshape(-1, 3), axis=0)
    written = np.abs(seen[15].astype(int) - ground).max(axis=2) > 60
    rows, columns = np.flatnonzero(written.any(axis=1)), np.flatnonzero(written.any(axis=0))
    assert len(rows) > 20
    assert rows[0] >= 5 and rows[-1] < 175
    assert columns[0] >= 8 and columns[-1] < 312


# ── the machine ──

CHILD = """
import sys
from pathlib import Path
from cutroom.media.store import Store
from cutroom.render.film import render
from cutroom.timeline.timeline import Timeline
home = Path(sys.argv[1])
{before}
timeline = Timeline.model_validate_json((home / "cut.json").read_bytes())
def told(done, total):
    print(done, total, flush=True)
done = render(timeline, Store(home / "store"), home / "out" / "film.mp4", progress=told)
print("encoded", done.encoded, flush=True)
"""


@pytest.fixture
def long_film(store: Store, tmp_path: Path) -> Timeline:
    """Ten shots of two seconds with much to encode, and the cut as a file beside the store."""
    rng = np.random.default_rng(8)
    noise = [rng.integers(0, 255, (360, 640, 3)).astype(np.uint8) for _ in range(10)]
    shots = tuple(Clip(media=photograph(store, pixels), seconds=Fraction(2)) for pixels in noise)
    timeline = Timeline(format=Format(width=640, height=360), picture=shots)
    (tmp_path / "cut.json").write_text(timeline.model_dump_json())
    return timeline


def child(home: Path, before: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD.format(before=before), str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )


def finished(home: Path) -> list[Path]:
    """Stretches that are whole."""
    return [
        path
        for path in (home / "store" / "segments").rglob("*.mp4")
        if len(path.stem) == 64 and path.parent.name == path.stem[:2]
    ]


@pytest.mark.slow
def test_a_renderer_that_is_killed_leaves_no_film_and_goes_on_from_what_was_finished(long_film, tmp_path, store):
    older = tmp_path / "out" / "film.mp4"
    older.parent.mkdir()
    older.write_bytes(b"the film of yesterday")
    first = child(tmp_path)
    ends = time.monotonic() + 60
    while len(finished(tmp_path)) < 3 and first.poll() is None and time.monotonic() < ends:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=30)
    assert first.returncode == -signal.SIGKILL, "it was over before it could be killed"
    assert older.read_bytes() == b"the film of yesterday"
    kept = len(finished(tmp_path))

    said, complained = child(tmp_path).communicate(timeout=120)

    assert "encoded" in said, complained
    assert int(said.split()[-1]) <= long_film.frames - 60 * min(kept, 10)
    whole = tmp_path / "alone.mp4"
    other = Store(tmp_path / "other")
    for item in long_film.picture:
        assert isinstance(item, Clip)
        other.add(store.path(item.media), ".png")
    render(long_film, other, whole)
    assert older.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_a_disk_that_is_full_is_said_with_the_place_and_the_next_run_goes_on(long_film, tmp_path):
    limit = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))"
    )

    _, complained = child(tmp_path, limit).communicate(timeout=120)

    assert "NoSpace" in complained
    assert "film.mp4" in complained
    assert "free some space" in complained
    assert list((tmp_path / "out").iterdir()) == []
    assert finished(tmp_path)  # what fitted was kept

    again, complained = child(tmp_path).communicate(timeout=120)
    assert int(again.split()[-1]) == 0, complained  # all stretches fitted, only the film did not
    assert (tmp_path / "out" / "film.mp4").stat().st_size > 1_000_000


def test_no_space_for_a_single_stretch_is_said_and_nothing_is_left(store, out, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpace, match=r"film\.mp4.*free some space"):
        render(Timeline(format=SMALL, picture=(Gap(seconds=Fraction(1)),)), store, out)

    assert list(out.parent.iterdir()) == []
    monkeypatch.undo()
    assert render(Timeline(format=SMALL, picture=(Gap(seconds=Fraction(1)),)), store, out).frames == 30


# ── from files to film ──


@pytest.fixture
def strange_files(make_clip: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder of clips and sounds that are all in order, and all out of the ordinary."""
    folder = tmp_path / "files"
    one, other = make_clip("one.ts"), make_clip("other.ts", width=320, height=240)
    folder.mkdir()
    (folder / "grows.ts").write_bytes(one.read_bytes() + other.read_bytes())
    make_clip("files/one frame.mp4", frames=1)
    make_clip("files/a tenth.mp4", frames=3)
    make_clip("files/odd.mkv", width=161, height=121, codec="ffv1", pix_fmt="yuv444p")
    make_clip("files/ten bits.mkv", pix_fmt="yuv420p10le")
    make_clip("files/early.nut", times=[number * 33 - 500 for number in range(30)])
    return folder


@pytest.mark.slow
def test_a_folder_of_strange_files_makes_a_film_of_the_length_that_was_asked(strange_files, tmp_path):
    result = cutroom.make("A film of these clips", [strange_files], tmp_path / "film.mp4", options=OPTIONS)

    assert result.status in ("delivered", "degraded"), result.reason
    assert [item.what for item in result.degraded if "black" in item.why] == []
    frames = list(clips.frames(tmp_path / "film.mp4"))
    assert len(frames) == 90
    assert min(frame.pixels.std() for frame in frames[5:70]) > 5  # something is seen all the time
    assert json.loads((tmp_path / "film.cutroom" / "plan.json").read_text("utf-8"))["goal"]
