from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import av
import numpy as np
import pytest

from cutroom.errors import BadInput, TooLarge
from cutroom.media import clip, container
from cutroom.time import Span


def corner_of(pixels: np.ndarray) -> str:
    at = {
        "top left": pixels[4, 4],
        "top right": pixels[4, -5],
        "bottom left": pixels[-5, 4],
        "bottom right": pixels[-5, -5],
    }
    return max(at, key=lambda name: int(at[name][0]) - int(at[name][2]))


@pytest.mark.parametrize(
    ("name", "codec", "suffix"),
    [
        ("c.mp4", "libx264", ".mp4"),
        ("c.mov", "libx264", ".mov"),
        ("c.mkv", "libx264", ".mkv"),
        ("c.webm", "libvpx-vp9", ".webm"),
        ("c.avi", "mpeg4", ".avi"),
        ("c.mpg", "mpeg2video", ".mpg"),
    ],
)
def test_every_container_is_read_and_told_by_content(tmp_path, make_clip, name, codec, suffix):
    path = make_clip(name, codec=codec).rename(tmp_path / "no name")

    info = clip.look(path)
    seen = list(clip.frames(path))

    assert (info.width, info.height, info.suffix, info.picture, info.sound) == (160, 120, suffix, True, False)
    assert abs(info.seconds - 1) <= Fraction(1, 500)
    assert info.fps == 30
    assert info.constant_rate
    assert len(seen) == 30
    assert seen[0].at == 0
    assert abs(seen[-1].at - Fraction(29, 30)) <= Fraction(1, 1000)
    assert seen[0].pixels.shape == (120, 160, 3)
    assert np.abs(seen[0].pixels[10, 10].astype(int) - (250, 230, 20)).max() < 25


@pytest.mark.parametrize(
    ("degrees", "hflip", "clockwise", "place", "turned"),
    [
        (0, False, 0, "top left", False),
        (-90, False, 90, "top right", True),
        (90, False, 270, "bottom left", True),
        (180, False, 180, "bottom right", False),
        (0, True, 0, "top right", False),
    ],
)
def test_a_turned_clip_is_upright(make_clip, degrees, hflip, clockwise, place, turned):
    path = make_clip(prepare=lambda stream: stream.set_display_rotation(degrees, hflip=hflip), frames=3)

    info = clip.look(path)
    frame = next(clip.frames(path))

    assert (info.width, info.height) == ((120, 160) if turned else (160, 120))
    assert info.rotation == clockwise
    assert frame.pixels.shape[:2] == (info.height, info.width)
    assert corner_of(frame.pixels) == place


def test_pixels_become_square(make_clip):
    def wide(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    path = make_clip(prepare=wide, frames=3)

    info = clip.look(path)
    assert (info.width, info.height, info.stored) == (213, 120, (160, 120))
    assert next(clip.frames(path)).pixels.shape == (120, 213, 3)


def test_a_variable_rate_is_told_and_its_times_are_kept(make_clip):
    times = [0, 33, 66, 100, 233, 266, 500, 533, 900, 933]
    path = make_clip("v.mkv", frames=10, times=times)

    info = clip.look(path)

    assert not info.constant_rate
    assert [frame.at for frame in clip.frames(path)] == [Fraction(time, 1000) for time in times]


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_rounded_time_stamps_are_still_a_constant_rate(make_clip, fps):
    info = clip.look(make_clip("r.mkv", fps=fps, frames=fps))

    assert info.constant_rate
    assert info.fps == fps


def test_times_count_from_the_first_frame(make_clip):
    path = make_clip("late.mkv", frames=6, fps=25, times=[5000, 5040, 5080, 5120, 5160, 5200])

    assert [frame.at for frame in clip.frames(path)][:2] == [0, Fraction(1, 25)]
    assert clip.look(path).seconds == Fraction(6, 25)


def test_a_span_begins_with_the_frame_that_is_on_display(make_clip):
    path = make_clip(frames=30)

    span = Span(start=Fraction(1, 2) + Fraction(1, 60), length=Fraction(1, 10))
    times = [frame.at for frame in clip.frames(path, span=span)]

    assert times == [Fraction(number, 30) for number in (15, 16, 17, 18)]
    after = list(clip.frames(path, span=Span(start=Fraction(20), length=Fraction(1))))
    assert [frame.at for frame in after] == [Fraction(29, 30)]


def test_seeking_gives_the_same_frames_as_reading_from_the_start(make_clip):
    path = make_clip(frames=180, prepare=lambda stream: setattr(stream.codec_context, "gop_size", 12))

    whole = {frame.at: frame.pixels for frame in clip.frames(path)}
    part = list(clip.frames(path, span=Span(start=Fraction(9, 2), length=Fraction(1, 2))))

    assert [frame.at for frame in part] == [Fraction(number, 30) for number in range(135, 150)]
    assert all(np.array_equal(frame.pixels, whole[frame.at]) for frame in part)


def test_every_thins_on_a_grid(make_clip):
    times = [frame.at for frame in clip.frames(make_clip(frames=60), every=Fraction(1, 2))]

    assert times == [0, Fraction(1, 2), 1, Fraction(3, 2)]


def test_frames_are_scaled_down_and_never_up(make_clip):
    path = make_clip(frames=2)

    assert next(clip.frames(path, max_side=80)).pixels.shape == (60, 80, 3)
    assert next(clip.frames(path, max_side=800)).pixels.shape == (120, 160, 3)


@pytest.mark.parametrize(("matrix", "number"), [("itu709", 1), ("itu601", 5)])
@pytest.mark.parametrize("full", [False, True])
def test_colours_are_right_whatever_the_matrix_and_range(tmp_path, matrix, number, full):
    path = tmp_path / "colour.mp4"
    pixels = np.full((64, 64, 3), (180, 60, 40), np.uint8)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"qp": "1"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = number, 2 if full else 1
        frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(
            format="yuv420p", dst_colorspace=matrix, dst_color_range="JPEG" if full else "MPEG"
        )
        out.mux(stream.encode(frame))
        out.mux(stream.encode())

    assert clip.look(path).full_range is full
    assert np.abs(next(clip.frames(path)).pixels[32, 32].astype(int) - (180, 60, 40)).max() <= 4


def test_flags_of_unusual_clips(make_clip):
    def hlg(stream):
        stream.codec_context.color_trc = 18

    deep = clip.look(make_clip("hlg.mp4", pix_fmt="yuv420p10le", prepare=hlg, frames=3))
    assert (deep.hdr, deep.bits, deep.interlaced, deep.alpha) == (True, 10, False, False)
    assert clip.look(make_clip("alpha.mov", codec="prores_ks", pix_fmt="yuva444p10le", frames=2)).alpha


def test_interlaced_frames_lose_their_combs(tmp_path):
    path = tmp_path / "tv.mpg"
    with av.open(str(path), "w") as out:
        stream = out.add_stream(
            "mpeg2video", rate=25, options={"flags": "+ilme+ildct", "field_order": "tt", "qmax": "2"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(12):
            pixels = np.full((120, 160, 3), 40, np.uint8)
            for field in (0, 1):  # the second field is a fiftieth of a second later: the edge has moved
                pixels[field::2, : 20 + 10 * number + 5 * field] = 200
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")))
        out.mux(stream.encode())

    info = clip.look(path)
    seen = list(clip.frames(path))

    assert info.interlaced
    assert [frame.at for frame in seen] == [Fraction(number, 25) for number in range(12)]
    combs = np.abs(np.diff(seen[6].pixels[20:100, :, 0].astype(int), axis=0))
    assert np.percentile(combs.max(axis=0), 99) < 60


def test_an_animated_gif_is_a_clip(tmp_path):
    from PIL import Image

    first, second = Image.new("RGB", (20, 20), "red"), Image.new("RGB", (20, 20), "blue")
    first.save(tmp_path / "two.gif", save_all=True, append_images=[second], duration=500)

    info = clip.look(tmp_path / "two.gif")
    colours = [frame.pixels[10, 10].tolist() for frame in clip.frames(tmp_path / "two.gif")]

    assert (info.suffix, info.width, float(info.seconds)) == (".gif", 20, pytest.approx(1.0, abs=0.1))
    assert colours == [[255, 0, 0], [0, 0, 255]]


def test_when_it_was_shot(make_clip):
    assert clip.look(make_clip("a.mp4", metadata={"creation_time": "2024-05-01T08:00:00Z"})).taken == datetime(
        2024, 5, 1, 8, tzinfo=UTC
    )
    assert clip.look(make_clip("b.mp4", metadata={"creation_time": "1970-01-01T00:00:00Z"})).taken is None
    assert clip.look(make_clip("c.mkv", metadata={"creation_time": "yesterday"})).taken is None


def test_sound_is_told_and_a_file_with_nothing_but_sound_is_a_sound(tmp_path, make_clip):
    assert clip.look(make_clip("with.mp4", sound=True)).sound
    with av.open(str(tmp_path / "only.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=44_100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), "fltp", "mono")
        frame.sample_rate = 44_100
        out.mux(stream.encode(frame))
        out.mux(stream.encode())

    info = clip.look(tmp_path / "only.mp4")
    assert (info.picture, info.sound, info.suffix, info.width) == (False, True, ".m4a", 0)
    assert abs(info.seconds - 1) < Fraction(1, 20)
    with pytest.raises(BadInput, match="holds no moving pictures"):
        next(clip.frames(tmp_path / "only.mp4"))


def test_a_length_that_the_header_does_not_say_is_counted(make_clip):
    path = make_clip("live.mkv", frames=45, container_options={"live": "1"})
    with av.open(str(path)) as opened:
        assert opened.duration is None

    assert abs(clip.look(path).seconds - Fraction(3, 2)) <= Fraction(1, 500)


def test_a_clip_that_was_cut_short_is_as_long_as_what_is_left(make_clip):
    path = make_clip("c.mkv", frames=90, prepare=lambda stream: setattr(stream.codec_context, "gop_size", 10))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    info = clip.look(path)
    seen = list(clip.frames(path))

    assert Fraction(1, 2) < info.seconds < Fraction(5, 2)
    assert abs(seen[-1].at - info.seconds) < Fraction(1, 4)


def test_damage_in_the_middle_costs_only_itself(make_clip):
    path = make_clip("c.mkv", frames=90, prepare=lambda stream: setattr(stream.codec_context, "gop_size", 10))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = b"\xa5" * 300
    path.write_bytes(bytes(data))

    times = [frame.at for frame in clip.frames(path)]

    assert times == sorted(set(times))
    assert len(times) > 45
    assert times[-1] > Fraction(5, 2)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("empty.mp4", b"", "is empty"),
        ("words.mp4", b"these are words and no film\n" * 40, "is not a film or sound file"),
        ("head.mp4", b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0" * 400, "is not a film or sound file"),
        ("noise.mkv", bytes(range(256)) * 40, "is not a film or sound file"),
    ],
)
def test_what_is_no_clip_says_so(tmp_path, name, data, why):
    (tmp_path / name).write_bytes(data)

    with pytest.raises(BadInput, match=f"{name}: {why}"):
        clip.look(tmp_path / name)


ATTACKS = {
    "playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n",
    "remote": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{secret}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
    "a=rtpmap:96 H264/90000\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    "<Representation><BaseURL>{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>",
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.m3u8", "clip.ffconcat", "clip.mpd"])
def test_a_file_cannot_reach_other_files_or_the_network(tmp_path, make_clip, attack, name):
    secret = make_clip("secret.mp4", frames=3)
    (tmp_path / name).write_text(ATTACKS[attack].replace("{secret}", secret.name))

    with pytest.raises(BadInput, match="is not a film or sound file"):
        container.open_container(tmp_path / name)


def test_names_that_look_like_protocols_patterns_or_options_are_names(tmp_path, make_clip, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    for name in ("concat:a|b.mp4", "http:x.mp4", "-i %03d.mp4", 'it\'s "q".mp4', "ملف فيديو 🎬.mp4", "two\nlines.mp4"):
        make_clip("plain.mp4", frames=2).rename(tmp_path / name)
        assert clip.look(Path(name)).width == 160


def test_frames_beyond_reason_are_refused(make_clip, monkeypatch):
    path = make_clip(frames=2)
    monkeypatch.setattr(container, "MOST_PIXELS", 10_000)

    with pytest.raises(TooLarge, match=r"frames of 160x120 .* export a copy"):
        clip.look(path)
