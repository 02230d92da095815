from fractions import Fraction
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from cutroom.media.kinds import Image
from cutroom.render import planes as pl
from cutroom.render.picture import Compositor, schedule
from cutroom.render.view import path_of
from cutroom.timeline.timeline import Box, Clip, Format, Gap, Grade, Move, Timeline, Transition

SMALL = Format(width=320, height=180, fps=Fraction(30))
RED, BLUE, GREEN = (200, 30, 40), (20, 60, 200), (40, 160, 60)


def plain(colour: tuple[int, ...], width: int = 320, height: int = 180) -> np.ndarray:
    return np.full((height, width, len(colour)), colour, np.uint8)


def film(*items, frame: Format = SMALL) -> Timeline:
    return Timeline(format=frame, picture=items)


def near(seen: np.ndarray, colour: tuple[int, ...], slack: int = 4) -> bool:
    return bool(np.abs(seen.astype(int) - np.array(colour)).max() <= slack)


def seconds(text: str) -> Fraction:
    return Fraction(text)


@pytest.fixture
def red_then_blue(picture):
    return Clip(media=picture(plain(RED)), seconds=1), Clip(media=picture(plain(BLUE)), seconds=1)


def test_a_cut_falls_between_two_frames(red_then_blue, store):
    with Compositor(film(*red_then_blue), store) as compositor:
        assert near(compositor.rgb(29), RED)
        assert near(compositor.rgb(30), BLUE)


def test_a_dissolve_is_centred_on_its_cut_and_even(red_then_blue, store):
    one, other = red_then_blue
    timeline = film(one, Transition(seconds=Fraction(1, 3)), other)
    assert timeline.frames == 60
    with Compositor(timeline, store) as compositor:
        assert near(compositor.rgb(24), RED)
        assert near(compositor.rgb(35), BLUE)
        reds = [int(compositor.rgb(number)[90, 160, 0]) for number in range(25, 35)]
    expected = [RED[0] + (BLUE[0] - RED[0]) * (step + 1) / 11 for step in range(10)]
    assert reds == pytest.approx(expected, abs=4)


def test_a_dip_goes_through_its_colour(red_then_blue, store):
    one, other = red_then_blue
    dip = Transition(kind="dip", seconds=Fraction(1, 2), colour="#ffffff")
    with Compositor(film(one, dip, other), store) as compositor:
        middle = compositor.rgb(30)
        assert middle.min() > 215
        assert near(compositor.rgb(22), RED) and near(compositor.rgb(38), BLUE)


@pytest.mark.parametrize(
    ("angle", "new", "old"),
    [
        (0, (90, 10), (90, 310)),
        (180, (90, 310), (90, 10)),
        (90, (8, 160), (172, 160)),
        (270, (172, 160), (8, 160)),
    ],
)
def test_a_wipe_travels_in_its_direction(red_then_blue, store, angle, new, old):
    one, other = red_then_blue
    with Compositor(film(one, Transition(kind="wipe", seconds=Fraction(1), angle=angle), other), store) as compositor:
        middle = compositor.rgb(30)
    assert near(middle[new], BLUE) and near(middle[old], RED)


@pytest.mark.parametrize("angle", [0, 45, 90, 180, 200])
def test_a_push_leaves_no_hole_along_its_way(picture, store, angle):
    one = Clip(media=picture(plain(RED)), seconds=1)
    other = Clip(media=picture(plain(BLUE)), seconds=1)
    with Compositor(film(one, Transition(kind="push", seconds=Fraction(1), angle=angle), other), store) as compositor:
        for number in (15, 25, 30, 44):
            seen = compositor.rgb(number)
            share = np.mean([near(pixel, RED, 9) or near(pixel, BLUE, 9) for pixel in seen[::6, ::6].reshape(-1, 3)])
            assert share > (0.93 if angle % 90 == 0 else 0.4)


def test_any_order_gives_the_same_frames(picture, store):
    random = np.random.default_rng(3)
    texture = random.integers(0, 255, (300, 500, 3), dtype=np.uint8)
    move = Move(start=Box(x=0, y=0, width=0.9, height=0.9), end=Box(x=0.3, y=0.2, width=0.6, height=0.6))
    clips = [
        Clip(media=picture(texture), seconds=Fraction(2, 3), move=move),
        Transition(seconds=Fraction(1, 3)),
        Clip(media=picture(texture[::-1].copy()), seconds=Fraction(2, 3), move=move),
    ]
    with Compositor(film(*clips), store) as compositor:
        forwards = [compositor.frame(number) for number in range(40)]
        for number in (39, 3, 22, 18, 0):
            again = compositor.frame(number)
            assert all(np.array_equal(a, b) for a, b in zip(again, forwards[number], strict=True))


def test_a_point_of_a_moving_picture_is_where_the_move_has_it(picture, store):
    pixels = np.zeros((900, 1600, 3), np.uint8)
    rows, columns = np.mgrid[0:900, 0:1600]
    spot = 220 * np.exp(-((columns - 700) ** 2 + (rows - 420) ** 2) / (2 * 16.0**2))
    pixels[:] = spot[..., None].astype(np.uint8)
    start, end = Box(x=0.05, y=0.05, width=0.9, height=0.9), Box(x=0.2, y=0.2, width=0.5, height=0.5)
    move = Move(start=start, end=end, ease="linear")
    with Compositor(film(Clip(media=picture(pixels), seconds=2, move=move)), store) as compositor:
        for number in (0, 1, 17, 30, 44, 59):
            luma = compositor.frame(number).y.astype(float) - 16
            luma[luma < 6] = 0
            y, x = np.mgrid[0:180, 0:320]
            found = (x * luma).sum() / luma.sum(), (y * luma).sum() / luma.sum()
            growth = ((0.5 / 0.9) ** (number / 59) - 1) / (0.5 / 0.9 - 1)
            left, wide = 0.05 + 0.15 * growth, 0.9 - 0.4 * growth
            expected = ((700.5 / 1600 - left) / wide * 320 - 0.5, (420.5 / 900 - left) / wide * 180 - 0.5)
            assert np.subtract(found, expected) == pytest.approx([0, 0], abs=0.1)


def spotted(spots: tuple[tuple[int, int], ...]) -> np.ndarray:
    """1600 x 900 black, with soft white spots about 3 pixels wide in a film of 320."""
    rows, columns = np.mgrid[0:900, 0:1600]
    light = sum(220 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 16.0**2)) for x, y in spots)
    return np.clip(light, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)


def centroid(luma: np.ndarray, about: tuple[float, float], reach: int = 14) -> tuple[float, float]:
    """Where the light about a point gathers, in pixels."""
    x, y = round(about[0]), round(about[1])
    top, left = max(y - reach, 0), max(x - reach, 0)
    part = luma[top : y + reach + 1, left : x + reach + 1].astype(float) - 16
    part[part < 0.03 * part.max()] = 0
    rows, columns = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
    return (columns * part).sum() / part.sum(), (rows * part).sum() / part.sum()


@pytest.mark.parametrize("ease", ["linear", "smooth"])
@pytest.mark.parametrize(
    ("start", "end"),
    [((0.05, 0.05, 0.9), (0.25, 0.22, 0.5)), ((0.3, 0.2, 0.55), (0.02, 0.1, 0.88)), ((0.0, 0.2, 0.7), (0.3, 0.1, 0.7))],
    ids=["zoom in", "zoom out", "pan"],
)
def test_a_point_never_leaves_its_path_through_a_whole_move(picture, store, start, end, ease):
    """Every frame of the film, to a tenth of a pixel; and no step between two frames that the path does not make."""
    point = (700, 420)
    boxes = [Box(x=x, y=y, width=size, height=size) for x, y, size in (start, end)]
    clip = Clip(media=picture(spotted((point,))), seconds=2, move=Move(start=boxes[0], end=boxes[1], ease=ease))
    found, meant = [], []
    with Compositor(film(clip), store) as compositor:
        for number in range(60):
            way = number / 59
            way = way if ease == "linear" else way * way * (3 - 2 * way)
            ratio = end[2] / start[2]
            growth = way if abs(ratio - 1) < 1e-9 else (ratio**way - 1) / (ratio - 1)
            left, top, wide = (a + (b - a) * growth for a, b in zip(start, end, strict=True))
            meant.append(
                (((point[0] + 0.5) / 1600 - left) / wide * 320 - 0.5, ((point[1] + 0.5) / 900 - top) / wide * 180 - 0.5)
            )
            found.append(centroid(compositor.frame(number).y, meant[-1]))
    away = np.hypot(*np.subtract(found, meant).T)
    assert away.max() <= 0.1, away.round(3)
    jumps = np.abs(np.diff(np.subtract(found, meant), axis=0))
    # Where two neighbours err in opposite directions: at most what `warp` bears, twice.
    assert jumps.max() <= 0.12


@pytest.mark.parametrize("kind", ["dissolve", "dip", "wipe"])
def test_moves_go_on_evenly_through_a_transition(picture, store, kind):
    """At both ends of a transition each picture moves on as before: nothing jumps, nothing stops."""
    spots = (500, 300), (1000, 520)
    moves = (
        Move(
            start=Box(x=0.05, y=0.05, width=0.85, height=0.85),
            end=Box(x=0.1, y=0.1, width=0.7, height=0.7),
            ease="linear",
        ),
        Move(
            start=Box(x=0.12, y=0.1, width=0.75, height=0.75),
            end=Box(x=0.05, y=0.08, width=0.85, height=0.85),
            ease="linear",
        ),
    )
    one, other = (
        Clip(media=picture(spotted((spot,))), seconds=2, move=move) for spot, move in zip(spots, moves, strict=True)
    )
    timeline = film(one, Transition(kind=kind, seconds=Fraction(2, 3), colour="#000000"), other)
    shots, (crossing,) = schedule(timeline)
    tracks: tuple[list, list] = ([], [])
    with Compositor(timeline, store) as compositor:
        for number in range(40, 80):
            luma = compositor.frame(number).y
            for place, (shot, spot) in enumerate(zip(shots, spots, strict=True)):
                if not shot.begins <= number < shot.ends:
                    continue
                stretch = shot.stretch
                view = path_of(shot.item.move, 1.0, stretch.frames, stretch.lead, stretch.trail).at(number - shot.first)
                x, y = (
                    ((spot[0] + 0.5) / 1600 - view.x) / view.width * 320 - 0.5,
                    ((spot[1] + 0.5) / 900 - view.y) / view.height * 180 - 0.5,
                )
                top, left = round(y), round(x)
                if luma[top - 2 : top + 3, left - 2 : left + 3].mean() > 90:  # it is there to be seen
                    tracks[place].append((number, *np.subtract(centroid(luma, (x, y)), (x, y))))
    for place, track in enumerate(tracks):
        numbers, across, down = np.array(track).T
        # Seen on both sides of one of the transition's ends.
        edge = crossing.first if place == 0 else crossing.first + crossing.frames
        assert numbers.min() < edge <= numbers.max()
        plain = np.abs([across, down]).max() if kind != "wipe" else np.median(np.abs([across, down]))
        assert plain <= 0.1
        beside = [at for at, number in enumerate(numbers) if abs(number - edge) <= 2]
        assert np.ptp(across[beside]) <= 0.1 and np.ptp(down[beside]) <= 0.1


def test_colours_and_detail_of_a_photograph_survive(picture, store):
    rows, columns = np.mgrid[0:360, 0:640]
    rgb = np.stack([127 + 120 * np.sin(columns / 60), 127 + 120 * np.sin(rows / 50), 255 * columns / 640], -1)
    rgb = rgb.astype(np.uint8)
    with Compositor(film(Clip(media=picture(rgb), seconds=1)), store) as compositor:
        seen = compositor.rgb(0)
    expected = rgb.reshape(180, 2, 320, 2, 3).mean(axis=(1, 3))
    assert np.abs(seen - expected).mean() < 1.2


def test_portrait_over_a_blurred_fill_is_whole_and_the_fill_darker(picture, store):
    pixels = plain((180, 140, 90), 180, 320)
    pixels[:4] = pixels[-4:] = (250, 250, 250)
    with Compositor(film(Clip(media=picture(pixels), seconds=1, fit="blur")), store) as compositor:
        seen = compositor.rgb(3)
    assert seen[0, 160].min() > 200 and seen[-1, 160].min() > 200
    assert near(seen[90, 160], (180, 140, 90))
    assert 20 < seen[90, 20].mean() < 0.8 * np.mean((180, 140, 90))
    assert np.abs(seen[60, 20].astype(int) - seen[120, 20]).max() < 12


def test_contain_puts_black_bars_and_cover_none(picture, store):
    square = Clip(media=picture(plain(GREEN, 200, 200)), seconds=1, fit="contain")
    with Compositor(film(square, square.model_copy(update={"fit": "cover"})), store) as compositor:
        barred, covered = compositor.rgb(0), compositor.rgb(30)
    assert barred[:, :60].max() <= 2 and near(barred[:, 80:240], GREEN)
    assert near(covered, GREEN)


def test_what_was_transparent_is_no_black_hole(picture, store):
    logo = np.zeros((100, 100, 4), np.uint8)
    logo[30:70, 30:70] = (10, 20, 30, 255)
    with Compositor(film(Clip(media=picture(logo), seconds=1, fit="blur")), store) as compositor:
        seen = compositor.rgb(0)
    assert near(seen[90, 160], (10, 20, 30))
    assert seen[4, 160].min() > 230 and seen[90, 4].min() > 230


@pytest.mark.parametrize("size", [(101, 67), (33, 200), (3, 3), (1, 1)])
@pytest.mark.parametrize("fit", ["cover", "blur", "contain"])
def test_odd_and_tiny_pictures_are_shown(picture, store, size, fit):
    move = Move(start=Box(x=0, y=0, width=1, height=1), end=Box(x=0.2, y=0.2, width=0.6, height=0.6))
    clip = Clip(media=picture(plain(GREEN, *size)), seconds=1, fit=fit, move=move)
    with Compositor(film(clip), store) as compositor:
        assert near(compositor.rgb(15)[90, 160], GREEN, 6)


def test_gaps_speed_grade_and_video(make_clip, video, store):
    clip = video(make_clip(width=320, height=180, frames=60))
    fast = Clip(media=clip, seconds=1, speed=2, grade=Grade(exposure=-1.0))
    with Compositor(film(Gap(seconds=1, colour="#1e90ff"), fast), store) as compositor:
        assert near(compositor.rgb(10), (0x1E, 0x90, 0xFF))
        row = compositor.frame(30 + 20).y[150].astype(int)
    # A white bar that moves one step a frame; at half the light it is no longer white.
    bar = np.flatnonzero(row > 150)
    assert bar[0] == pytest.approx(40 * 320 // 120, abs=2)
    assert row.max() < 200


def test_handles_of_a_video_show_what_lies_beside_the_part_used(make_clip, video, store):
    clip = video(make_clip(width=320, height=180, frames=60))
    used = Clip(media=clip, seconds=1, source={"start": Fraction(1, 2), "length": 1})
    timeline = film(Gap(seconds=1), Transition(seconds=Fraction(1, 3)), used)
    with Compositor(timeline, store) as compositor:
        rows = [compositor.frame(number).y[150].astype(int) for number in (28, 30, 40)]
    lefts = [int(np.flatnonzero(row > 0.7 * row.max())[0]) for row in rows]
    assert lefts == pytest.approx([13 * 320 // 120, 15 * 320 // 120, 25 * 320 // 120], abs=3)


def test_a_clip_shorter_than_its_transitions_still_has_its_place(picture, store):
    flash = Clip(media=picture(plain(GREEN)), seconds=Fraction(3, 10))
    one, other = Clip(media=picture(plain(RED)), seconds=1), Clip(media=picture(plain(BLUE)), seconds=1)
    fade = Transition(seconds=Fraction(1, 2))
    timeline = film(one, fade, flash, fade, other)
    shots, crossings = schedule(timeline)
    assert [shot.first for shot in shots] == [0, 30, 39]
    covered = [number for c in crossings for number in range(c.first, c.first + c.frames)]
    assert len(covered) == len(set(covered))
    with Compositor(timeline, store) as compositor:
        assert all(compositor.rgb(number).shape == (180, 320, 3) for number in range(20, 50))


def test_frames_add_up_whatever_the_lengths(picture):
    media = picture(plain(RED))
    lengths = [Fraction(1, 7), Fraction(5, 13), Fraction(1, 100), Fraction(2, 3)]
    frame = Format(width=64, height=64, fps="24000/1001")
    timeline = film(*(Clip(media=media, seconds=length) for length in lengths), frame=frame)
    shots, _ = schedule(timeline)
    assert sum(shot.stretch.frames for shot in shots) == timeline.frames


def test_a_picture_that_cannot_be_read_costs_only_its_own_part(picture, store, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture at all")
    blob = store.add(tmp_path / "broken.jpg", ".jpg")
    broken = Image(digest=blob.digest, suffix=".jpg", bytes=blob.bytes, width=10, height=10)
    timeline = film(Clip(media=broken, seconds=1, name="holiday.jpg"), Clip(media=picture(plain(BLUE)), seconds=1))
    with Compositor(timeline, store) as compositor:
        assert compositor.rgb(5).max() <= 2
        assert near(compositor.rgb(40), BLUE)
        assert [what for what, _ in compositor.degraded] == ["holiday.jpg"]


class Letters:
    """Stands in for `Lettering`: one white plate."""

    def __init__(self, x: int, y: int, opacity: float) -> None:
        rgba = np.full((20, 40, 4), 255, np.uint8)
        self.shown = SimpleNamespace(overlay=SimpleNamespace(key="plate", x=x, y=y, rgba=rgba), opacity=opacity)

    def at(self, moment: Fraction) -> tuple:
        return (self.shown,) if Fraction(1, 2) <= moment < 1 else ()


def test_letters_lie_where_and_when_they_should(picture, store):
    timeline = film(Clip(media=picture(plain(RED)), seconds=2))
    with Compositor(timeline, store, Letters(100, 60, 1.0)) as compositor:
        assert near(compositor.rgb(14), RED) and near(compositor.rgb(30), RED)
        seen = compositor.rgb(15)
    assert near(seen[62:78, 103:137], (255, 255, 255), 8)
    assert near(seen[:58], RED) and near(seen[:, 144:], RED)


@pytest.mark.parametrize("place", [(-20, -10), (300, 170), (400, 400)])
def test_letters_over_the_edge_are_cut_off(picture, store, place):
    timeline = film(Clip(media=picture(plain(RED)), seconds=2))
    with Compositor(timeline, store, Letters(*place, 0.5)) as compositor:
        assert compositor.rgb(20).shape == (180, 320, 3)


def test_a_long_zoom_is_as_smooth_as_a_short_one(picture, store):
    """Copies of several scales are drawn from; going from one to the next must not be seen."""
    random = np.random.default_rng(5)
    layers = [
        cv2.resize(
            random.normal(0, 40 / octave**0.8, (3 * 2**octave, 5 * 2**octave)),
            (1280, 720),
            interpolation=cv2.INTER_CUBIC,
        )
        for octave in range(1, 9)
    ]
    texture = np.clip(sum(layers) + 128, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)
    move = Move(start=Box(x=0, y=0, width=1, height=1), end=Box(x=0.35, y=0.35, width=0.3, height=0.3), ease="linear")
    with Compositor(film(Clip(media=picture(texture), seconds=2, move=move)), store) as compositor:
        lumas = [compositor.frame(number).y.astype(float) for number in range(60)]
    detail = [np.abs(np.diff(luma, axis=1)).mean() for luma in lumas]
    steps = np.abs(np.diff(detail)) / np.mean(detail)
    assert steps.max() < 0.04


def test_planes_are_pooled_and_not_kept(picture, store):
    timeline = film(Clip(media=picture(plain(RED)), seconds=1))
    with Compositor(timeline, store) as compositor:
        into = pl.blank(320, 180)
        compositor.draw(0, into)
        kept = into.y.copy()
        pl.fill(into, (16, 128, 128))
        compositor.draw(1, into)
        assert np.array_equal(into.y, kept)
        with pytest.raises(IndexError):
            compositor.draw(30, into)
