import cv2
import numpy as np
import pytest

from cutroom.errors import BadInput
from cutroom.media.cube import Table, colours
from cutroom.media.kinds import Text
from cutroom.render import planes as pl
from cutroom.render.lut import both, look
from cutroom.render.picture import Compositor
from cutroom.timeline.timeline import Clip, Format, Lut, Timeline, Title

FORM = Format(width=320, height=180)


@pytest.fixture
def lut(store):
    def take(table: Table) -> Lut:
        blob = store.add_bytes(table.text().encode(), ".cube")
        return Lut(media=Text(digest=blob.digest, bytes=blob.bytes, suffix=".cube"))

    return take


def warm(size: int = 33) -> Table:
    """A strong look: warmer, with lifted blacks, more contrast, and greens turned to yellow."""
    rgb = colours(size)
    curve = 0.04 + 0.94 * (rgb + 0.12 * np.sin(2 * np.pi * (rgb - 0.5)) / 2)
    curve[..., 0] += 0.06 * rgb[..., 1]
    curve[..., 2] *= 0.86
    return Table(np.clip(curve, 0, 1).astype(np.float32))


def smooth(width: int, height: int) -> np.ndarray:
    """Colours that change slowly: chroma at half size says as much as at full size."""
    random = np.random.default_rng(8)
    small = random.uniform(10, 245, (6, 9, 3)).astype(np.float32)
    return np.clip(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", [2, 17, 33, 65])
def test_planes_are_what_the_table_says_in_floating_point(lut, store, size):
    table = warm(size)
    planes = pl.from_rgb(smooth(320, 180))
    apply = look(lut(table), store)
    assert apply is not None
    seen = pl.to_rgb(apply(planes)).astype(float)
    expected = table(pl.to_rgb(planes) / 255.0) * 255
    assert np.abs(seen - expected).mean() < 0.8
    assert np.abs(seen - expected).max() <= 5


def test_a_table_that_changes_nothing_leaves_the_picture_alone(lut, store):
    planes = pl.from_rgb(smooth(320, 180))
    apply = look(lut(Table(colours(33).astype(np.float32))), store)
    assert apply is not None
    for one, other in zip(planes, apply(planes), strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_one_dimensional_tables_and_changing_sizes(lut, store):
    curve = np.linspace(0, 1, 1024)[:, None] ** np.array([0.8, 1.0, 1.3])
    table = Table(curve.astype(np.float32))
    apply = look(lut(table), store)
    assert apply is not None
    for size in ((640, 360), (320, 240), (640, 360)):
        planes = pl.from_rgb(smooth(*size))
        expected = table(pl.to_rgb(planes) / 255.0) * 255
        assert np.abs(pl.to_rgb(apply(planes)) - expected).mean() < 1


def test_no_look_costs_nothing(store):
    assert look(None, store) is None
    assert both(None, None) is None


def test_pictures_and_videos_have_the_look_and_words_do_not(lut, picture, video, make_clip, store):
    grey = np.full((180, 320, 3), 128, np.uint8)
    clip = video(make_clip("grey.mp4", width=320, height=180, frames=10, fps=30))
    inverted = Table((1 - colours(33)).astype(np.float32))
    film = Timeline(
        format=FORM,
        picture=(Clip(media=picture(grey // 2), seconds=1), Clip(media=clip, seconds="1/3", source={"length": "1/3"})),
        lut=lut(inverted),
    )
    with Compositor(film, store) as looked, Compositor(film.model_copy(update={"lut": None}), store) as plain:
        for number in (5, 35):
            assert np.abs(255 - plain.rgb(number).astype(int) - looked.rgb(number)).mean() < 4


def test_the_look_stands_in_the_keys(lut, picture):
    from cutroom.render.codecs import Encoding, encoder_for
    from cutroom.render.segments import Keys, segments

    film = Timeline(format=FORM, picture=(Clip(media=picture(smooth(320, 180)), seconds=1),))
    encoder, _ = encoder_for(Encoding(), FORM)
    keys = [
        Keys(film.model_copy(update={"lut": given}), None, encoder).of(segments(film)[0])
        for given in (None, lut(warm()), lut(warm(17)))
    ]
    assert len(set(keys)) == 3


def test_a_look_that_cannot_be_read_is_said_at_once(store, picture):
    blob = store.add_bytes(b"LUT_3D_SIZE 2\n0 0 zero\n", ".cube")
    broken = Lut(media=Text(digest=blob.digest, bytes=blob.bytes, suffix=".cube"))
    film = Timeline(format=FORM, picture=(Clip(media=picture(smooth(64, 36)), seconds=1),), lut=broken)
    with pytest.raises(BadInput, match="line 2: 'zero' is no number"):
        Compositor(film, store)


def test_letters_keep_their_colour(lut, picture, store):
    from cutroom.render.captions import Lettering

    film = Timeline(
        format=FORM,
        picture=(Clip(media=picture(np.full((180, 320, 3), 90, np.uint8)), seconds=1),),
        titles=(Title(start=0, seconds=1, text="White", fade=0),),
        lut=lut(Table((colours(9) * 0.5).astype(np.float32))),
    )
    with Compositor(film, store, Lettering(film)) as compositor:
        assert compositor.rgb(15).max() > 245
