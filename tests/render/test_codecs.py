import os
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

from cutroom.media import clip as clips
from cutroom.media import sound as sounds
from cutroom.plan.catalogue.assemble import SUFFIXES
from cutroom.render import codecs
from cutroom.render.codecs import Encoding, encoder_for
from cutroom.render.film import quarter, render, render_preview
from cutroom.render.picture import Compositor
from cutroom.render.segments import segments
from cutroom.time import Span
from cutroom.timeline.timeline import Box, Clip, Format, Gap, Move, Sound, SoundTrack, Timeline, Transition

SMALL = Format(width=192, height=108, fps=Fraction(30))


@pytest.fixture
def film(picture, audio) -> Timeline:
    """Five seconds in several stretches, with a beep that begins at 3 s."""
    rows, columns = np.mgrid[0:216, 0:384]
    pixels = np.stack([columns / 2, rows, 128 + 100 * np.sin(columns / 9)], -1).clip(0, 255).astype(np.uint8)
    move = Move(start=Box(x=0, y=0, width=0.9, height=0.9), end=Box(x=0.2, y=0.2, width=0.6, height=0.6))
    samples = np.zeros((5 * 48_000, 2), np.float32)
    samples[3 * 48_000 : 4 * 48_000] = 0.4 * np.sin(np.arange(48_000) / 12)[:, None]
    sound = Sound(media=audio(samples), start=0, source=Span(length=5))
    still = Clip(media=picture(pixels), seconds=3, move=move)
    return Timeline(
        format=SMALL,
        picture=(still, Transition(seconds=Fraction(1, 2)), Gap(seconds=2, colour="#204060")),
        sound=(SoundTrack(role="effects", sounds=(sound,)),),
    )


NAMES = {
    "h264": ("h264", "avc1", "aac"),
    "hevc": ("hevc", "hvc1", "aac"),
    "av1": ("libdav1d", "av01", "aac"),
    "vp9": ("vp9", None, "opus"),
    "prores": ("prores", "apcn", "pcm_s24le"),
}


@pytest.mark.parametrize("codec", SUFFIXES)
def test_each_codec_makes_a_film_that_is_whole_and_on_time(film, store, tmp_path, codec):
    out = tmp_path / f"film{SUFFIXES[codec]}"
    done = render(film, store, out, codec=codec)
    assert len(segments(film)) > 3 and done.degraded == ()
    frames = list(clips.frames(out))
    assert len(frames) == done.frames == 150
    assert max(abs(frame.at - Fraction(number, 30)) for number, frame in enumerate(frames)) <= Fraction(1, 1000)
    with Compositor(film, store) as compositor:
        for number in (0, 40, 81, 97, 149):
            assert np.abs(compositor.rgb(number).astype(int) - frames[number].pixels).mean() < 4
    heard = np.abs(sounds.samples(out)[:, 0])
    assert np.flatnonzero(heard > 0.2 * heard.max())[0] / 48_000 == pytest.approx(3.0, abs=0.002)
    with av.open(str(out)) as container:
        context, audio = container.streams.video[0].codec_context, container.streams.audio[0].codec_context
        name, tag, sound = NAMES[codec]
        assert (context.name, audio.name) == (name, sound)
        assert tag in (None, context.codec_tag)
        assert (context.color_primaries, context.colorspace, context.color_range) == (1, 1, 1)


@pytest.mark.parametrize("codec", ["hevc", "av1"])
def test_kept_stretches_of_other_codecs_give_the_same_film(film, store, tmp_path, codec):
    render(film, store, tmp_path / "one.mp4", codec=codec)
    done = render(film, store, tmp_path / "two.mp4", codec=codec)
    assert done.encoded == 0
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_no_hardware_is_said_and_the_film_is_made_all_the_same(film, store, tmp_path, monkeypatch):
    monkeypatch.setattr(codecs, "_refusal", lambda encoder, frame: "no such device")
    done = render(film, store, tmp_path / "film.mp4", hardware=True)
    assert done.frames == 150
    ((what, why),) = done.degraded
    assert what == "hardware encoder" and "libx264 was used" in why


def test_hardware_that_works_is_used(monkeypatch):
    monkeypatch.setattr(codecs, "_refusal", lambda encoder, frame: None)
    monkeypatch.setattr(codecs, "codecs_available", {"hevc_nvenc"})
    encoder, instead = encoder_for(Encoding(codec="hevc", hardware=True), SMALL)
    assert (encoder.name, encoder.tag, instead) == ("hevc_nvenc", "hvc1", None)


def test_prores_has_no_hardware_to_ask_for():
    encoder, instead = encoder_for(Encoding(codec="prores", hardware=True), SMALL)
    assert encoder.name == "prores" and instead is not None


def test_a_preview_is_a_quarter_of_the_size_and_as_long(film, store, tmp_path):
    done = render_preview(film, store, tmp_path / "film.preview.mp4")
    assert (done.width, done.height, done.frames) == (96, 54, 150)
    info = clips.look(tmp_path / "film.preview.mp4")
    assert (info.width, info.height) == (96, 54)
    odd = film.model_copy(update={"format": Format(width=1078, height=606)})
    assert (quarter(odd).format.width, quarter(odd).format.height) == (538, 302)


FROM_OTHER_MEMORY = """
import sys
import numpy as np
import av
from cutroom.render.codecs import Encoding, encoder_for
from cutroom.render.footage import planes_of
from cutroom.timeline.timeline import Format

form = Format(width=192, height=108)
encoder, _ = encoder_for(Encoding(), form)
ground = np.random.default_rng(3).integers(0, 255, (60, 110), np.uint8).repeat(8, 0).repeat(8, 1)
with av.open(sys.argv[1], "w", format=encoder.container, container_options={"fflags": "+bitexact"}) as container:
    stream = encoder.stream(container, form)
    for number in range(40):
        frame = av.VideoFrame(192, 108, "yuv420p")
        y, u, v = planes_of(frame)
        y[:] = ground[number : number + 108, 2 * number : 2 * number + 192]
        u[:], v[:] = y[:54, :96], y[54:, 96:]
        frame.pts = number
        container.mux(stream.encode(encoder.takes(frame)))
    container.mux(stream.encode(None))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc fills memory with a pattern on request")
def test_the_bytes_do_not_depend_on_what_lay_in_memory(tmp_path):
    """x264's AVX-512 code reads beyond what it filled: a film was not always the same to the byte."""
    made = set()
    for pattern in ("1", "170"):
        path = tmp_path / f"{pattern}.mp4"
        # The pattern fills the heap alone: nothing may come from elsewhere.
        filled = {"MALLOC_PERTURB_": pattern, "MALLOC_MMAP_THRESHOLD_": "1000000000"}
        command = [sys.executable, "-c", FROM_OTHER_MEMORY, str(path)]
        subprocess.run(command, check=True, env={**os.environ, **filled}, capture_output=True)
        made.add(path.read_bytes())
    assert len(made) == 1
