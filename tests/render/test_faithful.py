"""What is composed in 8 bits on planes, against the same composed in floating point in R'G'B', before encoding."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from cutroom.render.captions import Lettering
from cutroom.render.layers import OVERSAMPLING
from cutroom.render.picture import Compositor, schedule
from cutroom.render.planes import BLUE, GREEN, RED
from cutroom.render.view import path_of
from cutroom.timeline.timeline import Box, Caption, Clip, Format, Move, Timeline, Title, Transition

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


def seen_in_float(pixels: np.ndarray, shot, number: int) -> np.ndarray:
    """(360, 640, 3) float R'G'B': scaled by area to what this very frame needs, then one bicubic map with its shift."""
    height, width = pixels.shape[:2]
    stretch = shot.stretch
    path = path_of(shot.item.move, FORM.aspect / (width / height), stretch.frames, stretch.lead, stretch.trail)
    view = path.at(number - shot.first)
    factor = np.ceil(FORM.width / view.width * OVERSAMPLING) / width
    size = round(width * factor), round(height * factor)
    scaled = cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA)
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
