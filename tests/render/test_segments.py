import os
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from cutroom.errors import CutroomError
from cutroom.media import clip as clips
from cutroom.media import sound as sounds
from cutroom.media.kinds import Image
from cutroom.render.captions import Lettering
from cutroom.render.codecs import Encoding, encoder_for
from cutroom.render.film import kept_for, render
from cutroom.render.picture import Compositor
from cutroom.render.segments import Keys, segments
from cutroom.render.shelf import Shelf
from cutroom.time import Span
from cutroom.timeline.timeline import (
    Box,
    Caption,
    Clip,
    Format,
    Gap,
    Grade,
    Move,
    Sound,
    SoundTrack,
    Timeline,
    Transition,
)

SMALL = Format(width=192, height=108, fps=Fraction(30))
BITS = 10


def texture(seed: int, width: int = 384, height: int = 216) -> np.ndarray:
    random = np.random.default_rng(seed)
    blocks = random.integers(20, 235, (height // 8, width // 8, 1), dtype=np.uint8)
    return blocks.repeat(8, 0).repeat(8, 1).repeat(3, 2)


@pytest.fixture
def numbered(tmp_path, video):
    """A clip of `frames` frames, each of which shows its own number as black and white blocks."""

    def make(frames: int, name: str = "numbered.mp4", fps: int = 30):
        path = tmp_path / name
        with av.open(str(path), "w") as out:
            stream = out.add_stream("libx264", rate=fps)
            stream.width, stream.height, stream.pix_fmt = 192, 108, "yuv420p"
            stream.options = {"crf": "8", "preset": "veryfast"}
            for number in range(frames):
                pixels = np.full((108, 192, 3), 128, np.uint8)
                for bit in range(BITS):
                    pixels[40:68, 8 + 16 * bit : 24 + 16 * bit] = 235 if number >> bit & 1 else 16
                frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format="yuv420p")
                frame.pts = number
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
        return video(path)

    return make


def number_in(pixels: np.ndarray) -> int:
    return sum(int(pixels[46:62, 12 + 16 * bit : 20 + 16 * bit].mean() > 128) << bit for bit in range(BITS))


@pytest.fixture
def three_shots(picture) -> Timeline:
    """Two photographs that move and a gap, with a dissolve, a cut, and two captions."""
    move = Move(start=Box(x=0, y=0, width=0.9, height=0.9), end=Box(x=0.3, y=0.3, width=0.5, height=0.5), ease="linear")
    one, other = (Clip(media=picture(texture(seed)), seconds=3, move=move) for seed in (1, 2))
    return Timeline(
        format=SMALL,
        picture=(one, Transition(seconds=Fraction(1, 2)), other, Gap(seconds=1, colour="#336699")),
        captions=(
            Caption(start=0, seconds=2, lines=("First words",)),
            Caption(start=Fraction(9, 2), seconds=2, lines=("Last words",)),
        ),
    )


def with_music(timeline: Timeline, audio, hertz: float = 300.0) -> Timeline:
    time = np.arange(round(timeline.seconds * 48_000)) / 48_000
    media = audio(np.stack([0.2 * np.sin(2 * np.pi * hertz * time)] * 2, 1))
    sound = Sound(media=media, start=0, source=Span(length=timeline.seconds))
    return timeline.model_copy(update={"sound": (SoundTrack(role="music", sounds=(sound,)),)})


def test_stretches_cover_the_film_and_are_neither_long_nor_short(three_shots):
    found = segments(three_shots)
    assert found[0].first == 0 and found[-1].end == three_shots.frames
    assert all(one.end == other.first for one, other in pairwise(found))
    assert all(12 <= segment.frames <= 60 for segment in found)
    edges = {segment.first for segment in found}
    assert {83, 98, 180} <= edges, "both ends of the dissolve and the cut"


def test_a_flurry_of_cuts_goes_together(picture):
    media = picture(texture(1))
    shots = tuple(Clip(media=media, seconds=Fraction(1, 10)) for _ in range(60))
    found = segments(Timeline(format=SMALL, picture=shots))
    assert 3 <= len(found) <= 20
    assert max(segment.frames for segment in found) <= 60


def test_no_frame_is_lost_or_shown_twice_at_any_join(numbered, store, tmp_path):
    media = numbered(300)
    captions = tuple(Caption(start=Fraction(3 * n, 2), seconds=1, lines=("words",)) for n in range(6))
    film = Timeline(format=SMALL, picture=(Clip(media=media, seconds=10),), captions=captions)
    assert len(segments(film)) > 6
    render(film, store, tmp_path / "film.mp4")
    frames = list(clips.frames(tmp_path / "film.mp4"))
    assert [number_in(frame.pixels) for frame in frames] == list(range(300))
    assert [frame.at for frame in frames] == [Fraction(number, 30) for number in range(300)]


@pytest.mark.parametrize("fps", ["30", "24000/1001", "50"])
def test_every_packet_has_its_exact_time(three_shots, store, tmp_path, fps):
    form = SMALL.model_copy(update={"fps": Fraction(fps)})
    film = three_shots.model_copy(update={"format": form})
    render(film, store, tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
    shown = sorted(packet.pts * packet.time_base for packet in packets)
    assert shown == [number / form.fps for number in range(film.frames)]
    assert all(one.dts < other.dts for one, other in pairwise(packets))
    assert all(packet.dts <= packet.pts for packet in packets)
    keys = [round(packet.pts * packet.time_base * form.fps) for packet in packets if packet.is_keyframe]
    assert {segment.first for segment in segments(film)} <= set(keys)


def test_each_frame_is_the_one_that_was_composed(three_shots, store, tmp_path):
    """Also in transitions: a decoded frame is more like its own composed frame than like the ones beside it."""
    render(three_shots, store, tmp_path / "film.mp4", crf=10)
    seen = [frame.pixels.astype(int) for frame in clips.frames(tmp_path / "film.mp4")]
    with Compositor(three_shots, store, Lettering(three_shots)) as compositor:
        for edge in [segment.first for segment in segments(three_shots)][1:]:
            if edge >= 180:
                continue
            made = {number: compositor.rgb(number).astype(int) for number in range(edge - 3, edge + 3)}
            for number in range(edge - 2, edge + 2):
                away = {other: np.abs(made[other] - seen[number]).mean() for other in (number - 1, number, number + 1)}
                assert min(away, key=away.__getitem__) == number


def test_a_film_from_kept_stretches_is_the_same_to_the_bit(three_shots, audio, store, tmp_path):
    film = with_music(three_shots, audio)
    cold = render(film, store, tmp_path / "cold.mp4")
    assert cold.encoded == film.frames
    warm = render(film, store, tmp_path / "warm.mp4")
    assert (warm.encoded, warm.loudness, warm.true_peak) == (0, cold.loudness, cold.true_peak)
    for path in sorted(Shelf.of(store).root.rglob("*.mp4"))[::2]:
        path.unlink()
    half = render(film, store, tmp_path / "half.mp4")
    assert 0 < half.encoded < film.frames
    assert (tmp_path / "cold.mp4").read_bytes() == (tmp_path / "warm.mp4").read_bytes()
    assert (tmp_path / "cold.mp4").read_bytes() == (tmp_path / "half.mp4").read_bytes()


def by_one_and_by_three(timeline, store, tmp_path, monkeypatch):
    """The same film, made by one worker and by three, each from nothing."""
    for workers in (1, 3):
        monkeypatch.setattr("cutroom.render.encode.cores", lambda workers=workers: workers)
        Shelf.of(store).keep_only(())
        render(timeline, store, tmp_path / f"by-{workers}.mp4")
        yield tmp_path / f"by-{workers}.mp4"


def test_how_many_work_on_it_does_not_show(three_shots, store, tmp_path, monkeypatch):
    one, three = by_one_and_by_three(three_shots, store, tmp_path, monkeypatch)
    assert one.read_bytes() == three.read_bytes()


def frames_in(film: Timeline, other: Timeline, store) -> int:
    """How many frames lie in stretches of `other` that `film` does not have."""
    encoder, _ = encoder_for(Encoding(), film.format)
    one, two = (Keys(timeline, Lettering(timeline), encoder) for timeline in (film, other))
    known = {one.of(segment) for segment in segments(film)}
    return sum(segment.frames for segment in segments(other) if two.of(segment) not in known)


def test_a_change_costs_only_what_it_touches(three_shots, store):
    film = three_shots
    captions = (film.captions[0].model_copy(update={"lines": ("Other words",)}), film.captions[1])
    assert 60 <= frames_in(film, film.model_copy(update={"captions": captions}), store) <= 105
    graded = film.picture[2].model_copy(update={"grade": Grade(exposure=0.2)})
    picture = (*film.picture[:2], graded, film.picture[3])
    assert 97 <= frames_in(film, film.model_copy(update={"picture": picture}), store) <= 105
    renamed = film.picture[2].model_copy(update={"name": "another.jpg"})
    picture = (*film.picture[:2], renamed, film.picture[3])
    assert frames_in(film, film.model_copy(update={"picture": picture, "title": "Anew"}), store) == 0
    style = film.caption_style.model_copy(update={"size": 0.12})
    assert frames_in(film, film.model_copy(update={"caption_style": style}), store) >= 120


def test_what_only_moves_in_the_film_is_used_again(three_shots, store):
    later = (Gap(seconds=1), *three_shots.picture)
    captions = tuple(one.model_copy(update={"start": one.start + 1}) for one in three_shots.captions)
    moved = three_shots.model_copy(update={"picture": later, "captions": captions})
    assert frames_in(three_shots, moved, store) == 30


def test_other_music_touches_no_picture(three_shots, audio, store, tmp_path):
    render(with_music(three_shots, audio), store, tmp_path / "one.mp4")
    told = []
    done = render(
        with_music(three_shots, audio, 500.0), store, tmp_path / "two.mp4", progress=lambda *now: told.append(now)
    )
    assert done.encoded == 0 and told == [(three_shots.frames, three_shots.frames)]
    heard = sounds.samples(tmp_path / "two.mp4")[48_000:96_000, 0]
    assert np.argmax(np.abs(np.fft.rfft(heard))) == pytest.approx(500, abs=2)


def test_what_a_film_needs_is_known_without_making_it(three_shots, audio, store, tmp_path):
    film = with_music(three_shots, audio)
    needed = kept_for(film)
    render(film, store, tmp_path / "film.mp4")
    shelf = Shelf.of(store)
    assert set(shelf.sizes()) == needed
    render(film, store, tmp_path / "other.mp4", crf=30)
    assert shelf.keep_only(needed) > 0
    assert set(shelf.sizes()) == needed
    assert render(film, store, tmp_path / "film.mp4").encoded == 0


class Stopped(Exception):
    pass


def test_a_film_that_was_stopped_goes_on_where_it_was(three_shots, store, tmp_path):
    def stop(done: int, total: int) -> None:
        if done >= 150:
            raise Stopped

    with pytest.raises(Stopped):
        render(three_shots, store, tmp_path / "film.mp4", progress=stop)
    assert not (tmp_path / "film.mp4").exists()
    assert list(Shelf.of(store).root.glob("new-*")) == []
    done = render(three_shots, store, tmp_path / "film.mp4")
    assert 0 < done.encoded < three_shots.frames - 60


def test_damaged_stretches_are_made_anew(three_shots, store, tmp_path):
    render(three_shots, store, tmp_path / "one.mp4")
    places = sorted(Shelf.of(store).root.rglob("*.mp4"))
    places[0].write_bytes(b"")
    places[1].write_bytes(places[1].read_bytes()[:900])
    os.truncate(places[2], places[2].stat().st_size // 2)
    done = render(three_shots, store, tmp_path / "two.mp4")
    assert 0 < done.encoded < three_shots.frames
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_a_stretch_with_a_shot_missing_is_not_kept(three_shots, store, tmp_path):
    blob = store.add_bytes(b"no picture at all", ".jpg")
    broken = Image(digest=blob.digest, suffix=".jpg", bytes=blob.bytes, width=10, height=10)
    film = three_shots.model_copy(
        update={"picture": (*three_shots.picture, Clip(media=broken, seconds=1, name="a.jpg"))}
    )
    for _ in range(2):
        done = render(film, store, tmp_path / "film.mp4")
        assert [what for what, _ in done.degraded] == ["a.jpg"]
    assert done.encoded == 30


def test_a_worker_that_fails_stops_the_others_and_is_heard(three_shots, store, tmp_path, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise CutroomError("the brush is broken")

    monkeypatch.setattr(Compositor, "draw", fail)
    with pytest.raises(CutroomError, match="brush"):
        render(three_shots, store, tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.slow
def test_picture_and_sound_stay_together_for_ten_minutes(audio, store, tmp_path):
    """A flash and a beep at 599 s, 300 joins into the film."""
    form = Format(width=64, height=64, fps=Fraction("30000/1001"))
    samples = np.zeros((600 * 48_000, 2), np.float32)
    samples[599 * 48_000 : 599 * 48_000 + 4800] = 0.5 * np.sin(np.arange(4800) / 5)[:, None]
    colours = ("#102030", "#203040", "#302010")
    before = tuple(Gap(seconds=1, colour=colours[n % 3]) for n in range(599))
    picture = (*before, Gap(seconds=Fraction(1, 2), colour="#ffffff"), Gap(seconds=Fraction(1, 2)))
    track = SoundTrack(role="effects", sounds=(Sound(media=audio(samples), start=0, source=Span(length=600)),))
    film = Timeline(format=form, picture=picture, sound=(track,))
    done = render(film, store, tmp_path / "film.mp4", preset="ultrafast")
    assert done.frames == film.frames
    heard = np.abs(sounds.samples(tmp_path / "film.mp4")[:, 0])
    beep = np.flatnonzero(heard > 0.1 * heard.max())[0] / 48_000
    span = Span(start=Fraction(598), length=Fraction(2))
    flash = next(frame.at for frame in clips.frames(tmp_path / "film.mp4", span=span) if frame.pixels.mean() > 150)
    wanted = form.rate.snap(Fraction(599))
    assert flash == pytest.approx(wanted, abs=1e-4)
    assert beep == pytest.approx(599.0, abs=0.001)
