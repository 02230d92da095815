from fractions import Fraction

import numpy as np
import pytest
from pydantic import ValidationError

from cutroom.media.kinds import Image
from cutroom.render.codecs import Encoding, encoder_for
from cutroom.render.inset import opacity, rect_of, rounded
from cutroom.render.picture import Compositor, laid_over
from cutroom.render.segments import Keys, segments
from cutroom.time import Span
from cutroom.timeline.timeline import Box, Clip, Format, Inset, Timeline, Transition

FORM = Format(width=320, height=180, fps=Fraction(30))
RED, BLUE, GREEN = (200, 30, 40), (20, 60, 200), (40, 160, 60)
CORNER = Box(x=0.6, y=0.1, width=0.3, height=0.3)


def plain(colour: tuple[int, ...], width: int = 320, height: int = 180) -> np.ndarray:
    return np.full((height, width, len(colour)), colour, np.uint8)


def near(seen: np.ndarray, colour: tuple[int, ...], slack: int = 4) -> bool:
    return bool(np.abs(seen.astype(int) - np.array(colour)).max() <= slack)


@pytest.fixture
def film(picture):
    def make(*insets: Inset, seconds: int = 3) -> Timeline:
        return Timeline(format=FORM, picture=(Clip(media=picture(plain(RED)), seconds=seconds),), insets=insets)

    return make


@pytest.fixture
def laid(picture):
    def make(colour: tuple[int, ...] = BLUE, start: Fraction | int = 1, seconds: Fraction | int = 1, **about) -> Inset:
        clip = Clip(media=picture(plain(colour, 160, 90)), seconds=seconds, name="corner.png")
        return Inset(clip=clip, start=start, box=about.pop("box", CORNER), **about)

    return make


def test_it_is_seen_in_its_box_and_its_time_and_nowhere_else(film, laid, store):
    timeline = film(laid())
    rect = rect_of(timeline.insets[0], FORM)
    assert rect == (192, 18, 96, 54)
    with Compositor(timeline, store) as compositor:
        assert near(compositor.rgb(29), RED) and near(compositor.rgb(60), RED)
        for number in (30, 45, 59):
            seen = compositor.rgb(number)
            # Chroma has half the size: the pixels right beside the edge are shared.
            assert near(seen[20:70, 194:286], BLUE) and near(seen[:, :190], RED) and near(seen[:, 290:], RED)
            assert near(seen[:17], RED) and near(seen[73:], RED)


def test_a_clip_runs_in_its_box_frame_by_frame(film, make_clip, video, store):
    media = video(make_clip(width=160, height=90, frames=60, fps=30))
    source = Span(start=Fraction(1, 3), length=Fraction(1))
    clip = Clip(media=media, seconds=1, source=source)
    with Compositor(film(Inset(clip=clip, start=1, box=CORNER)), store) as compositor:
        inside = [compositor.frame(number).y[18:72, 192:288].astype(int) for number in range(30, 60)]
    with Compositor(Timeline(format=Format(width=96, height=54), picture=(clip,)), store) as alone:
        for number, seen in enumerate(inside):
            assert np.array_equal(seen, alone.frame(number).y)


def test_it_comes_and_goes_softly(film, laid, store):
    timeline = film(laid(fade_in=Fraction(1, 3), fade_out=Fraction(1, 3)))
    with Compositor(timeline, store) as compositor:
        blues = [int(compositor.rgb(number)[45, 240, 2]) for number in range(29, 61)]
    assert abs(blues[0] - RED[2]) <= 4 and abs(blues[-1] - RED[2]) <= 4
    assert blues[:12] == sorted(blues[:12]) and blues[-12:] == sorted(blues[-12:], reverse=True)
    assert blues[1] < 60 and blues[16] >= BLUE[2] - 4
    expected = [RED[2] + (BLUE[2] - RED[2]) * opacity(frame, 30, 10, 10) for frame in range(30)]
    assert blues[1:-1] == pytest.approx(expected, abs=3)


def test_corners_are_round_and_smooth(film, laid, store):
    timeline = film(laid((250, 250, 250), corner=0.5, box=Box(x=0.4, y=0.2, width=0.3375, height=0.6)))
    x, y, width, height = rect_of(timeline.insets[0], FORM)
    assert width == height
    with Compositor(timeline, store) as compositor:
        luma = compositor.frame(45).y.astype(float)[y : y + height, x : x + width]
    one, other = luma[0, 0], luma[height // 2, width // 2]
    covered = ((luma - one) / (other - one)).sum() / (np.pi * width**2 / 4)
    assert covered == pytest.approx(1, abs=0.01)
    share = rounded(width, height, width / 2)
    assert np.abs((luma - one) / (other - one) - share).max() < 0.03


def test_a_border_and_a_shadow_set_it_apart(film, laid, store):
    box = Box(x=0.3, y=0.3, width=0.4, height=0.4)
    timeline = film(laid(box=box, border=0.05, border_colour="#FFFFFF", shadow=0.8))
    with Compositor(timeline, store) as compositor:
        before, seen = compositor.rgb(10).astype(int), compositor.rgb(45).astype(int)
    assert near(seen[60, 98:222:10], (255, 255, 255), 8)
    assert near(seen[80:100, 110:210], BLUE)
    below, above = seen[126, 160].sum() / before[126, 160].sum(), seen[53, 160].sum() / before[53, 160].sum()
    assert below < above - 0.1 and above < 1.02
    assert below < 0.75
    assert np.array_equal(seen[:, :70], before[:, :70])


def test_a_cut_out_lets_the_film_through(film, picture, store):
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[..., :3] = (0, 255, 0)
    pixels[20:40, 20:40] = (*BLUE, 255)
    media = picture(pixels)
    box = Box(x=0.25, y=0.25, width=0.3375, height=0.6)
    timeline = film(Inset(clip=Clip(media=media, seconds=1), start=1, box=box, shadow=0.8))
    x, y, width, height = rect_of(timeline.insets[0], FORM)
    with Compositor(timeline, store) as compositor:
        seen = compositor.rgb(45)[y : y + height, x : x + width]
    third = width // 3
    assert near(seen[third + 4 : 2 * third - 4, third + 4 : 2 * third - 4], BLUE)
    assert near(seen[: third - 4], RED) and near(seen[:, : third - 4], RED)
    assert seen[..., 1].max() < 80


def test_a_later_one_lies_over_an_earlier_one(film, laid, store):
    timeline = film(laid(BLUE), laid(GREEN, start=Fraction(3, 2)))
    with Compositor(timeline, store) as compositor:
        assert near(compositor.rgb(40)[45, 200:280], BLUE)
        assert near(compositor.rgb(50)[45, 200:280], GREEN)
        assert near(compositor.rgb(70)[45, 200:280], GREEN)


def test_it_goes_with_the_film(film, laid, store):
    timeline = film(laid(start=2, seconds=5), laid(start=7))
    assert [(one.first, one.frames) for one in laid_over(timeline)] == [(60, 30), (210, 0)]
    assert timeline.frames == 90
    with Compositor(timeline, store) as compositor:
        assert near(compositor.rgb(89)[45, 200:280], BLUE)


def test_it_lies_over_transitions_too(picture, laid, store):
    one, other = Clip(media=picture(plain(RED)), seconds=1), Clip(media=picture(plain(GREEN)), seconds=1)
    timeline = Timeline(
        format=FORM,
        picture=(one, Transition(seconds=Fraction(1, 2)), other),
        insets=(laid(start=Fraction(1, 2)),),
    )
    with Compositor(timeline, store) as compositor:
        assert near(compositor.rgb(30)[45, 200:280], BLUE)


def test_one_that_cannot_be_opened_costs_only_itself(film, store):
    blob = store.add_bytes(b"no picture", ".png")
    media = Image(digest=blob.digest, suffix=".png", bytes=blob.bytes, width=16, height=9)
    timeline = film(Inset(clip=Clip(media=media, seconds=1, name="me.png"), start=1, box=CORNER))
    with Compositor(timeline, store) as compositor:
        assert near(compositor.rgb(45), RED)
        ((name, why),) = compositor.degraded
        assert name == "me.png" and "the film goes on without it" in why
        assert list(compositor.failed_in(30, 60)) == [1] and not compositor.failed_in(0, 30)


def test_only_stretches_that_show_it_have_it_in_their_keys(film, laid):
    encoder, _ = encoder_for(Encoding(), FORM)
    plain_film, with_inset = film(seconds=6), film(laid(start=2), seconds=6)
    moved = film(laid(start=2, box=Box(x=0, y=0, width=0.3, height=0.3)), seconds=6)
    cuts = segments(with_inset)
    assert {60, 90} <= {cut.first for cut in cuts}
    keys = {name: [Keys(one, None, encoder).of(cut) for cut in cuts] for name, one in
            (("plain", plain_film), ("inset", with_inset), ("moved", moved))}  # fmt: skip
    inside = [60 <= cut.first < 90 for cut in cuts]
    for one, other in (("plain", "inset"), ("inset", "moved")):
        assert [a != b for a, b in zip(keys[one], keys[other], strict=True)] == inside


@pytest.mark.parametrize("box", [(-0.1, 0, 0.3, 0.3), (0.8, 0, 0.3, 0.3), (0, 0.9, 0.3, 0.2)])
def test_a_box_over_the_edge_is_refused(laid, box):
    x, y, width, height = box
    with pytest.raises(ValidationError, match=r"corner\.png.*reaches over the frame's edge"):
        laid(box=Box(x=x, y=y, width=width, height=height))


@pytest.mark.parametrize("box", [(0, 0, 0.001, 0.001), (0.999, 0.999, 0.001, 0.001), (0, 0, 1, 1)])
def test_tiny_and_whole_boxes_are_drawn(film, laid, store, box):
    x, y, width, height = box
    timeline = film(laid(box=Box(x=x, y=y, width=width, height=height), corner=0.3, border=0.02, shadow=0.5))
    with Compositor(timeline, store) as compositor:
        assert compositor.rgb(45).shape == (180, 320, 3)
