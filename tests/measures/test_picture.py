"""Measures on one picture: made here where shapes suffice, real photographs where only they will do."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cutroom.measures import picture as m


def scene(seed: int = 0, width: int = 900, height: int = 600) -> np.ndarray:
    """A picture of overlapping shapes in many colours with soft shading: edges of every direction and contrast."""
    chance = np.random.default_rng(seed)
    picture = np.full((height, width, 3), chance.integers(60, 190, 3), np.uint8)
    for _ in range(60):
        colour = tuple(int(value) for value in chance.integers(20, 235, 3))
        x, y, size = int(chance.integers(0, width)), int(chance.integers(0, height)), int(chance.integers(15, 90))
        if chance.random() < 0.5:
            cv2.circle(picture, (x, y), size, colour, -1, cv2.LINE_AA)
        else:
            corners = cv2.boxPoints(((x, y), (size, 1.5 * size), float(chance.uniform(0, 90)))).astype(np.int32)
            cv2.fillConvexPoly(picture, corners, colour, cv2.LINE_AA)
    shade = np.linspace(0.8, 1.1, width)[None, :, None]
    return np.clip(picture * shade, 0, 255).astype(np.uint8)


def noisy(picture: np.ndarray, amount: float, seed: int = 1) -> np.ndarray:
    return np.clip(picture + np.random.default_rng(seed).normal(0, amount, picture.shape), 0, 255).astype(np.uint8)


def photograph(name: str) -> np.ndarray:
    skimage = pytest.importorskip("skimage.data")
    picture = np.asarray(getattr(skimage, name)())
    return picture[..., :3] if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)


class TestSharpness:
    def test_falls_with_blur_and_half_is_two_pixels(self):
        picture = scene()
        softer = [cv2.GaussianBlur(picture, (0, 0), sigma) for sigma in (1, 2, 4, 8)]
        values = [m.sharpness(one) for one in (picture, *softer)]
        assert values == sorted(values, reverse=True)
        assert values[0] > 0.85 and values[2] == pytest.approx(0.5, abs=0.12) and values[4] < 0.12

    def test_is_measured_at_a_common_size(self):
        large = cv2.resize(scene(), (3600, 2400), interpolation=cv2.INTER_CUBIC)
        assert m.sharpness(large) == pytest.approx(m.sharpness(cv2.resize(scene(), (1000, 667))), abs=0.12)

    @pytest.mark.parametrize("amount", [6, 15])
    def test_noise_neither_hides_blur_nor_looks_like_it(self, amount):
        assert m.sharpness(noisy(scene(), amount)) > 0.8
        assert m.sharpness(noisy(cv2.GaussianBlur(scene(), (0, 0), 5), amount)) < 0.4

    def test_a_blurred_background_does_no_harm(self):
        picture = scene()
        soft = cv2.GaussianBlur(picture, (0, 0), 8)
        soft[200:420, 300:620] = picture[200:420, 300:620]
        assert m.sharpness(soft) > 0.75

    def test_motion_blur_counts_although_it_spares_one_direction(self):
        kernel = np.zeros((21, 21), np.float32)
        kernel[10] = 1 / 21
        assert m.sharpness(cv2.filter2D(scene(), -1, kernel)) < 0.6 * m.sharpness(scene())

    def test_a_smooth_sky_is_not_called_blurred(self):
        sky = np.linspace((90, 140, 220), (190, 215, 240), 600)[:, None].repeat(900, axis=1).astype(np.uint8)
        assert m.edge_blur(sky) is None
        assert m.sharpness(sky) == m.NEUTRAL_SHARPNESS
        assert m.sharpness(np.full((8, 8, 3), 100, np.uint8)) == m.NEUTRAL_SHARPNESS


class TestLight:
    def test_exposure_has_a_sign_and_a_wide_middle(self):
        picture = scene()
        assert m.exposure(picture) == 0
        assert m.exposure((picture * 0.15).astype(np.uint8)) < -0.5
        assert m.exposure(np.clip(picture.astype(int) + 170, 0, 255).astype(np.uint8)) > 0.4
        assert m.exposure(np.zeros((50, 50, 3), np.uint8)) == -1

    def test_a_night_with_lamps_is_less_wrong_than_a_dark_picture(self):
        dark = np.full((200, 300, 3), 25, np.uint8)
        lamps = dark.copy()
        lamps[::8, ::4] = lamps[1::8, ::4] = lamps[2::8, ::4] = 250
        assert m.exposure(dark) < m.exposure(lamps) < 0

    def test_clipping_counts_both_ends(self):
        picture = np.full((100, 100, 3), 128, np.uint8)
        picture[:25] = 0
        picture[90:] = 255
        assert m.clipping(picture) == m.Clipping(pytest.approx(0.25), pytest.approx(0.1))

    def test_contrast_of_black_on_white_is_21(self):
        assert m.contrast_ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
        assert m.contrast_ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


class TestColour:
    def test_mean_and_palette_name_what_is_there(self):
        picture = np.zeros((90, 100, 3), np.uint8)
        picture[:60] = (200, 30, 30)
        picture[60:] = (20, 60, 180)
        assert m.palette(picture)[:2] == ("#c81e1e", "#143cb4")
        assert m.mean_colour(picture) == "#8c2850"
        assert m.palette(picture) == m.palette(picture)

    def test_cast_is_seen_in_what_should_be_grey(self):
        picture = np.random.default_rng(3).integers(60, 190, (100, 100, 1)).repeat(3, axis=2).astype(np.uint8)
        assert abs(m.cast(picture).blue_yellow) < 1
        warm = np.clip(picture * [1.1, 1.0, 0.8], 0, 255).astype(np.uint8)
        assert m.cast(warm).blue_yellow > 8

    def test_colour_distance_is_a_delta_e(self):
        assert m.colour_distance("#000000", "#ffffff") == pytest.approx(100, abs=0.1)
        assert m.colour_distance("#808080", "#818181") < 1


class TestLikeness:
    def test_the_same_picture_again_is_a_near_duplicate(self):
        picture = scene(4)
        _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])
        again = {
            "smaller": cv2.resize(picture, (450, 300), interpolation=cv2.INTER_AREA),
            "brighter": np.clip(picture.astype(int) + 18, 0, 255).astype(np.uint8),
            "compressed": np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)),
            "moved": picture[6:, 8:],
            "noisy": noisy(picture, 12),
        }
        for how, other in again.items():
            assert m.near_duplicates(_prints(picture), _prints(other)), how

    def test_different_pictures_are_not(self):
        prints = [_prints(scene(seed)) for seed in range(8)]
        pairs = [(one, other) for place, one in enumerate(prints) for other in prints[:place]]
        assert not any(m.near_duplicates(one, other) for one, other in pairs)
        assert min(m.distance(one[0], other[0]) for one, other in pairs) > m.NEAR_BITS + 2

    def test_a_flat_picture_has_no_noise_in_its_fingerprint(self):
        flat = np.full((300, 400, 3), 120, np.uint8)
        assert m.fingerprint(flat) == m.fingerprint(noisy(flat, 1)) == "0" * 16


def _prints(picture: np.ndarray) -> tuple[str, str]:
    return m.fingerprint(picture), m.mean_colour(picture)


class TestFaces:
    def test_finds_the_astronaut_and_nobody_else(self):
        found = m.faces(photograph("astronaut"))
        assert len(found) == 1 and found[0].confidence > 0.8
        x, y = found[0].box.centre
        assert abs(x - 0.44) < 0.04 and abs(y - 0.22) < 0.05

    def test_finds_her_smaller_mirrored_darker_and_in_grey(self):
        picture = photograph("astronaut")
        canvas = np.full((800, 1200, 3), 200, np.uint8)
        canvas[200:456, 700:956] = cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA)
        grey = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        for other in (canvas, picture[:, ::-1], (picture * 0.5).astype(np.uint8), grey):
            assert len(m.faces(np.ascontiguousarray(other))) == 1

    @pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "brick", "gravel", "coins", "moon"])
    def test_sees_no_people_where_there_are_none(self, name):
        assert m.faces(photograph(name)) == ()

    def test_a_tiny_picture_has_no_faces_and_no_fault(self):
        assert m.faces(np.zeros((5, 9, 3), np.uint8)) == ()


class TestFocus:
    def test_is_on_what_stands_out(self):
        picture = noisy(np.full((600, 900, 3), 110, np.uint8), 4)
        cv2.circle(picture, (640, 240), 70, (210, 40, 30), -1, cv2.LINE_AA)
        box = m.focus(picture)
        x, y = box.centre
        assert abs(x - 640 / 900) < 0.08 and abs(y - 0.4) < 0.08
        assert box.width < 0.4

    def test_is_on_heads_when_there_are_faces(self):
        picture = photograph("astronaut")
        people = m.faces(picture)
        assert m.focus(picture, people) == m.head(people[0].box)

    def test_of_nothing_is_the_middle(self):
        box = m.focus(np.full((100, 200, 3), 90, np.uint8))
        assert box.centre == (0.5, 0.5)


def test_quality_ranks_as_a_person_would():
    picture = scene()
    size, lost = m.Size(4000, 3000), m.clipping(picture)
    good = m.quality(0.9, 0.0, size, lost)
    assert good > m.quality(0.4, 0.0, size, lost)
    assert good > m.quality(0.9, -0.7, size, lost)
    assert good > m.quality(0.9, 0.0, m.Size(320, 240), lost)
    assert good > m.quality(0.9, 0.0, size, m.Clipping(0.0, 0.5))
    assert 0 <= m.quality(0, 1, m.Size(1, 1), m.Clipping(0, 1)) <= good <= 1
