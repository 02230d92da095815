import errno
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cutroom.errors import NoSpace, WrongUse
from cutroom.measures.sound import loudness
from cutroom.media import clip as clips
from cutroom.media import sound as sounds
from cutroom.render.film import render
from cutroom.time import Span
from cutroom.timeline.timeline import Caption, Clip, Format, Gap, Sound, SoundTrack, Timeline

SMALL = Format(width=192, height=108, fps=Fraction(30))


def playing(media, role: str = "effects") -> tuple[SoundTrack, ...]:
    return (SoundTrack(role=role, sounds=(Sound(media=media, start=0, source=Span(length=media.seconds)),)),)


@pytest.fixture
def flash_and_beep(audio) -> Timeline:
    """White for a tenth of a second from 1.0 s on, with a beep that begins at 1.0 s."""
    samples = np.zeros((3 * 48_000, 2), np.float32)
    samples[48_000:52_800] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(4800) / 48_000)[:, None]
    picture = (Gap(seconds=1), Gap(seconds=Fraction(1, 10), colour="#ffffff"), Gap(seconds=Fraction(19, 10)))
    return Timeline(format=SMALL, picture=picture, sound=playing(audio(samples)), title="Flash & beep 🎬")


def test_flash_and_beep_come_together_and_on_time(flash_and_beep, store, tmp_path):
    out = tmp_path / "film.mp4"
    done = render(flash_and_beep, store, out)
    heard = np.abs(sounds.samples(out)[:, 0])
    assert len(heard) == 3 * 48_000
    assert np.flatnonzero(heard > 0.1 * heard.max())[0] / 48_000 == pytest.approx(1.0, abs=0.001)
    bright = [frame.at for frame in clips.frames(out) if frame.pixels.mean() > 128]
    assert bright == [Fraction(30, 30), Fraction(31, 30), Fraction(32, 30)]
    assert (done.frames, done.seconds, done.sound, done.degraded) == (90, 3, True, ())


def test_the_stream_is_what_players_expect(flash_and_beep, store, tmp_path):
    out = tmp_path / "film.mp4"
    render(flash_and_beep, store, out)
    info = clips.look(out)
    assert (info.width, info.height, info.fps, info.constant_rate, info.full_range) == (192, 108, 30, True, False)
    with av.open(str(out)) as film:
        context = film.streams.video[0].codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 1, 1, 1)
        audio = film.streams.audio[0].codec_context
        assert (audio.name, audio.sample_rate, audio.layout.name) == ("aac", 48_000, "stereo")
        assert film.metadata["title"] == "Flash & beep 🎬"
        assert "creation_time" not in film.metadata
        keys = [packet.pts * packet.time_base for packet in film.demux(video=0) if packet.is_keyframe]
        assert max(np.diff([float(key) for key in keys]), default=0) <= 2.0
    head = out.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


def test_the_same_timeline_gives_the_same_bytes(flash_and_beep, store, tmp_path):
    render(flash_and_beep, store, tmp_path / "one.mp4")
    render(flash_and_beep, store, tmp_path / "two.mp4")
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


@pytest.mark.parametrize("fps", ["24000/1001", "25", "30000/1001", "60"])
def test_every_rate_gives_exactly_its_frames(store, tmp_path, fps):
    film = Timeline(format=Format(width=64, height=64, fps=fps), picture=(Gap(seconds=Fraction(4, 3)), Gap(seconds=1)))
    done = render(film, store, tmp_path / "film.mp4")
    seen = list(clips.frames(tmp_path / "film.mp4"))
    assert len(seen) == done.frames == film.frames
    step = 1 / film.format.fps
    assert max(abs(frame.at - number * step) for number, frame in enumerate(seen)) < Fraction(1, 10_000)
    assert not done.sound


def test_peaks_and_loudness_hold_after_encoding(audio, store, tmp_path):
    random = np.random.default_rng(2)
    bursts = random.normal(0, 0.3, (6 * 48_000, 2)) * (np.arange(6 * 48_000) % 12_000 < 3000)[:, None]
    film = Timeline(format=SMALL, picture=(Gap(seconds=6),), sound=playing(audio(bursts.clip(-1, 1))))
    done = render(film, store, tmp_path / "film.mp4")
    found = loudness(sounds.samples(tmp_path / "film.mp4"), 48_000)
    assert found.true_peak is not None and found.true_peak <= -1.0
    assert found.integrated == pytest.approx(done.loudness, abs=0.05)
    assert found.true_peak == pytest.approx(done.true_peak, abs=0.05)


def test_progress_counts_every_frame(flash_and_beep, store, tmp_path):
    told: list[tuple[int, int]] = []
    render(flash_and_beep, store, tmp_path / "film.mp4", progress=lambda done, total: told.append((done, total)))
    assert told == [(number, 90) for number in range(1, 91)]


class Stopped(Exception):
    pass


def test_what_is_cancelled_leaves_nothing_and_spares_what_was_there(flash_and_beep, store, tmp_path):
    out = tmp_path / "out" / "film.mp4"
    out.parent.mkdir()
    out.write_bytes(b"an older film")

    def stop(done: int, total: int) -> None:
        if done == 40:
            raise Stopped

    with pytest.raises(Stopped):
        render(flash_and_beep, store, out, progress=stop)
    assert [path.name for path in out.parent.iterdir()] == ["film.mp4"]
    assert out.read_bytes() == b"an older film"


def test_a_full_disk_is_said_with_the_way_out(flash_and_beep, store, tmp_path, monkeypatch):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpace, match="free some space"):
        render(flash_and_beep, store, tmp_path / "out" / "film.mp4")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_while_the_film_is_written(flash_and_beep, store, tmp_path, monkeypatch):
    def always_full(prefix: str, suffix: str, dir: Path) -> tuple[int, str]:
        path = dir / f"{prefix}{suffix}"
        path.symlink_to("/dev/full")
        return os.open(os.devnull, os.O_RDONLY), str(path)

    monkeypatch.setattr("cutroom.render.shelf.tempfile.mkstemp", always_full)
    with pytest.raises(NoSpace, match=r"film\.mp4"):
        render(flash_and_beep, store, tmp_path / "out" / "film.mp4")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_film_without_a_frame_is_wrong_use(store, tmp_path):
    with pytest.raises(WrongUse):
        render(Timeline(format=SMALL, picture=()), store, tmp_path / "film.mp4")


def test_a_lost_sound_degrades_the_film_and_does_not_stop_it(flash_and_beep, store, tmp_path):
    for path in store.root.rglob("*.wav"):
        path.write_bytes(b"no longer a sound")
    done = render(flash_and_beep, store, tmp_path / "film.mp4")
    assert done.frames == 90
    assert done.degraded


def test_captions_are_burnt_in(make_picture, store, tmp_path):
    film = Timeline(
        format=Format(width=320, height=180),
        picture=(Gap(seconds=1),),
        captions=(Caption(start=0, seconds=1, lines=("HELLO THERE",)),),
    )
    render(film, store, tmp_path / "film.mp4")
    frames = [frame.pixels for frame in clips.frames(tmp_path / "film.mp4")]
    assert frames[15][120:].max() > 200
    assert frames[15][:60].max() < 30


def test_a_name_with_quotes_emoji_and_arabic(store, tmp_path):
    out = tmp_path / "it's “سلام” 🎞 100%.mp4"
    render(Timeline(format=SMALL, picture=(Gap(seconds=Fraction(1, 5)),)), store, out)
    assert [path.name for path in tmp_path.glob("*.mp4")] == [out.name]


def test_a_clip_with_sound_is_seen_and_heard_as_it_was(make_clip, video, store, tmp_path):
    media = video(make_clip(width=192, height=108, frames=60, sound=True))
    track = SoundTrack(role="natural", sounds=(Sound(media=media, start=0, source=Span(length=2)),))
    film = Timeline(format=SMALL, picture=(Clip(media=media, seconds=2),), sound=(track,))
    render(film, store, tmp_path / "film.mp4")
    before = [frame.pixels for frame in clips.frames(store.path(media))]
    after = [frame.pixels for frame in clips.frames(tmp_path / "film.mp4")]
    assert len(before) == len(after)
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(before, after, strict=True)) < 4
