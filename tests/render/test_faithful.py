"""What is composed in 8 bits on planes, against the same composed in floating point in R'G'B', before encoding."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from cutroom.media.cube import Table, colours
from cutroom.media.kinds import Text
from cutroom.render.captions import Lettering
from cutroom.render.colour import GAMMA
from cutroom.render.inset import opacity, rect_of, rounded
from cutroom.render.layers import OVERSAMPLING
from cutroom.render.picture import Compositor, schedule
from cutroom.render.planes import BLUE, GREEN, RED
from cutroom.render.view import path_of
from cutroom.timeline.timeline import (
    Box,
    Caption,
    Clip,
    Format,
    Grade,
    Inset,
    Lut,
    Move,
    Timeline,
    Title,
    Transition,
)

FORM = Format(width=640, height=360, fps=Fraction(30))
WANTED = 0.995


def photograph(seed: int) -> np.ndarray:
    """1600 x 1200 with the spectrum of photographs, edges and a little grain."""
    random = np.random.default_rng(seed)
    canvas = np.full((1200, 1600, 3), 110, np.float32)
    for octave in range(1, 9):
        small = random.normal(0, 1, (3 * 2 ** min(octave, 7), 4 * 2 ** min(octave, 7), 3)).astype(np.float32)
        canvas += cv2.resize(small, (1600, 1200), interpolation=cv2.INTER_CUBIC) * 40 / octave**1.3
    for _ in range(25):
        centre = int(random.integers(0, 1600)), int(random.integers(0, 1200))
        colour = [float(value) for value in random.uniform(20, 235, 3)]
        cv2.circle(canvas, centre, int(random.integers(20, 160)), colour, -1, cv2.LINE_AA)
    canvas += random.normal(0, 2, canvas.shape).astype(np.float32)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Wang et al. 2004: 11 x 11 Gaussian window of 1.5, K1 0.01, K2 0.03; the mean over the picture."""

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    a, b = one.astype(np.float64), other.astype(np.float64)
    ma, mb = mean(a), mean(b)
    va, vb, vab = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float((((2 * ma * mb + c1) * (2 * vab + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2))).mean())


def seen_in_float(pixels: np.ndarray, shot, number: int, graded=lambda rgb: rgb) -> np.ndarray:
    """(360, 640, 3) float R'G'B': scaled by area to what this very frame needs, then one bicubic map with its shift."""
    height, width = pixels.shape[:2]
    stretch = shot.stretch
    path = path_of(shot.item.move, FORM.aspect / (width / height), stretch.frames, stretch.lead, stretch.trail)
    view = path.at(number - shot.first)
    factor = np.ceil(FORM.width / view.width * OVERSAMPLING) / width
    size = round(width * factor), round(height * factor)
    scaled = graded(cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA))
    across, down = view.width * scaled.shape[1] / FORM.width, view.height * scaled.shape[0] / FORM.height
    matrix = np.array(
        [[across, 0, view.x * scaled.shape[1] + across / 2 - 0.5], [0, down, view.y * scaled.shape[0] + down / 2 - 0.5]]
    )
    columns = (np.arange(FORM.width) * matrix[0, 0] + matrix[0, 2]).astype(np.float32)
    rows = (np.arange(FORM.height) * matrix[1, 1] + matrix[1, 2]).astype(np.float32)
    return cv2.remap(scaled, *np.meshgrid(columns, rows), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def composed_in_float(film: Timeline, pictures: list[np.ndarray], lettering: Lettering, number: int) -> np.ndarray:
    shots, crossings = schedule(film)
    crossing = next((one for one in crossings if one.first <= number < one.first + one.frames), None)
    if crossing is None:
        index = max(place for place, shot in enumerate(shots) if shot.first <= number)
        rgb = seen_in_float(pictures[index], shots[index], number)
    else:
        one, other = (
            seen_in_float(pictures[place], shots[place], number) for place in (crossing.shot, crossing.shot + 1)
        )
        rgb = one + (other - one) * crossing.way(number)
    for shown in lettering.at(FORM.rate.seconds(number)):
        overlay = shown.overlay
        height, width = overlay.rgba.shape[:2]
        beneath = rgb[overlay.y : overlay.y + height, overlay.x : overlay.x + width]
        rgba = overlay.rgba.astype(np.float32) * shown.opacity
        beneath[...] = rgba[..., :3] + beneath * (1 - rgba[..., 3:] / 255)
    return rgb


@pytest.fixture(scope="module")
def photographs() -> list[np.ndarray]:
    return [photograph(seed) for seed in (1, 2)]


def test_what_is_composed_is_as_good_as_in_floating_point(photographs, picture, store):
    moves = (
        Move(start=Box(x=0, y=0.05, width=0.9, height=0.9), end=Box(x=0.1, y=0.1, width=0.7, height=0.7)),
        Move(start=Box(x=0.15, y=0.1, width=0.8, height=0.8), end=Box(x=0.05, y=0.1, width=0.8, height=0.8)),
    )
    one, other = (Clip(media=picture(photographs[place]), seconds=2, move=moves[place]) for place in (0, 1))
    film = Timeline(
        format=FORM,
        picture=(one, Transition(seconds=Fraction(2, 3)), other),
        captions=(Caption(start=Fraction(1, 2), seconds=3, lines=("Every word of it", "stays as it was drawn")),),
        titles=(Title(start=0, seconds=1, text="By the lake", fade=Fraction(1, 5)),),
    )
    lettering = Lettering(film)
    weights = np.array([RED, GREEN, BLUE], np.float32)
    found = {}
    with Compositor(film, store, lettering) as compositor:
        for number in (0, 3, 13, 27, 44, 52, 59, 60, 66, 75, 103, 119):
            rgb = composed_in_float(film, photographs, lettering, number)
            luma = 16 + np.clip(rgb, 0, 255) @ weights * (219 / 255)
            found[number] = ssim(luma, compositor.frame(number).y)
    assert min(found.values()) >= WANTED, found


MOVES = (
    Move(start=Box(x=0, y=0.05, width=0.9, height=0.9), end=Box(x=0.1, y=0.1, width=0.7, height=0.7)),
    Move(start=Box(x=0.15, y=0.1, width=0.8, height=0.8), end=Box(x=0.05, y=0.1, width=0.8, height=0.8)),
)


@pytest.fixture
def pair(photographs, picture):
    """Two clips of a second with moves, and a transition between them."""

    def make(transition: Transition, **about) -> Timeline:
        one, other = (Clip(media=picture(photographs[place]), seconds=1, move=MOVES[place]) for place in (0, 1))
        return Timeline(format=FORM, picture=(one, transition, other), **about)

    return make


def lumas(film: Timeline, store, numbers: tuple[int, ...]) -> dict[int, np.ndarray]:
    with Compositor(film, store) as compositor:
        return {number: compositor.frame(number).y.copy() for number in numbers}


def luma_of(rgb: np.ndarray) -> np.ndarray:
    return 16 + np.clip(rgb, 0, 255) @ np.array([RED, GREEN, BLUE]) * (219 / 255)


@pytest.mark.parametrize("angle", [0.0, 90.0, 225.0])
@pytest.mark.parametrize("kind", ["wipe", "push", "dip"])
def test_transitions_are_as_good_as_in_floating_point(photographs, pair, store, kind, angle):
    film = pair(Transition(kind=kind, seconds=Fraction(4, 5), angle=angle, colour="#204060"))
    shots, (crossing,) = schedule(film)
    numbers = (19, 24, 30, 35, 40)
    for number, seen in lumas(film, store, numbers).items():
        one, other = (luma_of(seen_in_float(photographs[place], shots[place], number)) for place in (0, 1))
        way = crossing.way(number)
        expected = {"wipe": wiped, "push": pushed, "dip": dipped}[kind](one, other, way, angle)
        assert ssim(expected, seen) >= WANTED, number


def dipped(one: np.ndarray, other: np.ndarray, way: float, _: float) -> np.ndarray:
    colour = float(luma_of(np.array([0x20, 0x40, 0x60], np.float64)))
    part, amount = (one, 2 * way) if way < 0.5 else (other, 2 - 2 * way)
    return part + (colour - part) * amount


def wiped(one: np.ndarray, other: np.ndarray, way: float, angle: float) -> np.ndarray:
    way = way * way * (3 - 2 * way)
    rows, columns = np.mgrid[0 : FORM.height, 0 : FORM.width]
    along = columns * np.cos(np.radians(angle)) + rows * np.sin(np.radians(angle))
    along = (along - along.min()) / np.ptp(along)
    share = np.clip((way * 1.08 - along) / 0.08, 0, 1)
    return one + (other - one) * share


def pushed(one: np.ndarray, other: np.ndarray, way: float, angle: float) -> np.ndarray:
    """To the nearest two pixels, where planes can be copied: nobody sees a push's own fractions."""
    way = way * way * (3 - 2 * way)
    dx, dy = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    reach = min(size / abs(part) for size, part in ((FORM.width, dx), (FORM.height, dy)) if abs(part) > 1e-6)
    out = np.full(one.shape, 16.0)
    for picture, x, y in (
        (one, dx * reach * way, dy * reach * way),
        (other, dx * reach * (way - 1), dy * reach * (way - 1)),
    ):
        rows, columns = np.mgrid[0 : FORM.height, 0 : FORM.width]
        rows, columns = rows - 2 * round(y / 2), columns - 2 * round(x / 2)
        inside = (rows >= 0) & (rows < FORM.height) & (columns >= 0) & (columns < FORM.width)
        out[inside] = picture[rows[inside], columns[inside]]
    return out


@pytest.mark.parametrize("corner", [0.0, 0.12, 0.5])
def test_a_picture_in_the_picture_is_as_good_as_in_floating_point(photographs, pair, picture, store, corner):
    pixels = cv2.resize(photographs[1], (416, 312), interpolation=cv2.INTER_AREA)
    small = Clip(media=picture(pixels), seconds=Fraction(3, 2))
    box = Box(x=0.6, y=0.08, width=0.34, height=0.34)
    inset = Inset(clip=small, start=Fraction(1, 5), box=box, corner=corner, fade_in=Fraction(1, 3))
    film = pair(Transition(seconds=Fraction(1, 5)), insets=(inset,))
    shots, _ = schedule(film)
    x, y, width, height = rect_of(inset, FORM)
    view = path_of(None, width / height / (4 / 3), 45, 0, 0).at(0)
    inside = luma_of(viewed(pixels, view, width, height))
    for number, seen in lumas(film, store, (8, 12, 20, 24)).items():
        expected = luma_of(seen_in_float(photographs[0], shots[0], number))
        share = rounded(width, height, corner * min(width, height)) if corner else 1.0
        share = share * opacity(number - 6, 45, 10, 0)
        beneath = expected[y : y + height, x : x + width]
        beneath += (inside - beneath) * share
        assert ssim(expected, seen) >= WANTED, number
        assert ssim(beneath, seen[y : y + height, x : x + width]) >= WANTED, number


def viewed(pixels: np.ndarray, view, width: int, height: int) -> np.ndarray:
    """What a view shows of a picture, in floating point: cut out to the pixel, and scaled by area."""
    rows, columns = pixels.shape[:2]
    left, top, right, bottom = view.x, view.y, view.x + view.width, view.y + view.height
    part = pixels[round(top * rows) : round(bottom * rows), round(left * columns) : round(right * columns)]
    return cv2.resize(part.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)


def test_a_look_is_as_good_as_in_floating_point(photographs, pair, store):
    curve = colours(33)
    curve = np.clip(0.03 + 0.95 * curve + 0.06 * np.sin(2 * np.pi * (curve - 0.5)) + 0.05 * curve[..., 1:2], 0, 1)
    table = Table(curve.astype(np.float32))
    blob = store.add_bytes(table.text().encode(), ".cube")
    film = pair(
        Transition(seconds=Fraction(1, 5)),
        lut=Lut(media=Text(digest=blob.digest, bytes=blob.bytes, suffix=".cube")),
    )
    shots, _ = schedule(film)
    for number, seen in lumas(film, store, (0, 15, 40, 59)).items():
        place = number >= 30
        rgb = np.clip(seen_in_float(photographs[place], shots[place], number), 0, 255) / 255
        assert ssim(luma_of(table(rgb) * 255), seen) >= WANTED, number


@pytest.mark.parametrize(
    "grade", [Grade(exposure=0.5), Grade(exposure=-0.5), Grade(warmth=0.7, tint=-0.3), Grade(exposure=0.3, warmth=-0.5)]
)
def test_a_grade_is_as_good_as_in_floating_point(photographs, picture, store, grade):
    clip = Clip(media=picture(photographs[1]), seconds=1, move=MOVES[1], grade=grade)
    film = Timeline(format=FORM, picture=(clip,))
    (shot,), _ = schedule(film)

    def graded(rgb: np.ndarray) -> np.ndarray:
        """R'G'B' with the same hue whose luma is what the grade makes of it."""
        luma = (luma_of(rgb) - 16) / 219
        light = luma**GAMMA * 2**grade.exposure
        rolled = 0.8 + 0.2 * np.tanh((light - 0.8) / 0.2)
        light = np.where((light > 0.8) & (grade.exposure > 0), rolled, light)
        return np.repeat(255 * light[..., None] ** (1 / GAMMA), 3, axis=2).astype(np.float32)

    for number, seen in lumas(film, store, (0, 15, 29)).items():
        assert ssim(luma_of(seen_in_float(photographs[1], shot, number, graded)), seen) >= WANTED, number
