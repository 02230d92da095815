from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures

from cutroom.render.matching import MOST_CHANNEL, MOST_EXPOSURE, corrections, kinship, matched, tone, tones
from cutroom.render.picture import Compositor
from cutroom.timeline.timeline import Clip, Format, Grade, Timeline

FORM = Format(width=320, height=180, fps=Fraction(30))
DAY = Path(__file__).parents[2] / "examples" / "day"
PAVILION, RACCOON, COFFEE, GALAXIES = (
    DAY / name for name in ("05-pavilion.jpg", "06-raccoon.jpg", "01-coffee.jpg", "09-galaxies.jpg")
)


def photograph(path: Path, stops: float = 0.0, light: tuple[float, float, float] = (1, 1, 1), part=(0.0, 1.0)):
    """A real photograph, or a part of its width, as another exposure and another light would have given it."""
    with Pictures.open(path) as opened:
        opened.thumbnail((640, 640))
        codes = np.asarray(opened.convert("RGB")).astype(np.float64) / 255
    codes = codes[:, int(part[0] * codes.shape[1]) : int(part[1] * codes.shape[1])]
    lit = np.clip(codes**2.2 * 2**stops * np.array(light), 0, 1)
    return np.rint(lit ** (1 / 2.2) * 255).astype(np.uint8)


@pytest.fixture
def clips(picture):
    def take(*pictures: np.ndarray, **about) -> list[Clip]:
        return [Clip(media=picture(one), seconds=1, **about) for one in pictures]

    return take


def shown(shots: list[Clip], store) -> list[np.ndarray]:
    with Compositor(Timeline(format=FORM, picture=tuple(shots)), store) as compositor:
        return [compositor.rgb(30 * place + 15) for place in range(len(shots))]


@pytest.mark.parametrize("path", [PAVILION, RACCOON])
def test_two_photographs_of_one_scene_come_nearer_to_each_other(clips, store, path):
    shots = clips(photograph(path, part=(0, 0.8)), photograph(path, -0.9, (1.2, 1, 0.75), part=(0.2, 1)))
    before = [tone(one) for one in shown(shots, store)]
    after = [tone(one) for one in shown(matched(shots, FORM, store), store)]
    for name, share in (("light", 0.5), ("red", 0.5), ("blue", 0.5)):
        was = abs(getattr(before[0], name) - getattr(before[1], name))
        assert abs(getattr(after[0], name) - getattr(after[1], name)) < share * was, name


def test_different_motifs_are_left_alone(clips, store):
    shots = clips(*(photograph(path) for path in (COFFEE, PAVILION, RACCOON, GALAXIES)))
    assert matched(shots, FORM, store) == shots


def test_a_night_stays_night(clips, store):
    shots = clips(photograph(PAVILION), photograph(PAVILION, -5))
    assert [shot.grade for shot in matched(shots, FORM, store)] == [Grade(), Grade()]


def test_a_sunset_stays_warm(clips, store):
    sunset = photograph(PAVILION, -0.4, (1.6, 0.75, 0.25))
    assert tone(sunset).sure == 0
    grades = [shot.grade for shot in matched(clips(photograph(PAVILION), sunset), FORM, store)]
    assert all(grade.warmth == grade.tint == 0 for grade in grades)


@pytest.mark.parametrize("toning", [(1.0, 1.0, 1.0), (1.0, 0.85, 0.66)])
def test_black_and_white_stays(clips, store, toning):
    grey = photograph(PAVILION) @ np.array([0.2126, 0.7152, 0.0722])
    toned = np.clip(grey[..., None] * np.array(toning), 0, 255).astype(np.uint8)
    grades = [shot.grade for shot in matched(clips(photograph(PAVILION), toned), FORM, store)]
    assert all(grade.warmth == grade.tint == 0 and grade.saturation == 1 for grade in grades)


def test_no_shot_is_changed_by_more_than_the_bounds(clips, store):
    dark, bright = photograph(PAVILION, -1.6, (0.6, 1, 1.7)), photograph(PAVILION, 0.2, (1.5, 1, 0.6))
    shots = matched(clips(dark, bright, dark[:, ::-1].copy(), bright[:, ::-1].copy()), FORM, store)
    assert any(shot.grade != Grade() for shot in shots)
    assert all(abs(shot.grade.exposure) <= MOST_EXPOSURE for shot in shots)
    grey = np.full((64, 64, 3), 128, np.uint8)
    for shot in clips(*[grey] * len(shots)):
        for grade in {one.grade for one in shots}:
            balance = grade.model_copy(update={"exposure": 0.0})
            seen = shown([shot.model_copy(update={"grade": balance})], store)[0][90, 160] / 128
            assert np.abs(seen - 1).max() <= MOST_CHANNEL + 0.015


def test_one_picture_that_is_shown_twice_gets_one_grade(clips, store):
    one, other = clips(photograph(PAVILION), photograph(PAVILION, -0.8))
    shots = matched([one, other, one], FORM, store)
    assert shots[0].grade == shots[2].grade != Grade()


def test_a_grade_that_somebody_gave_stays(clips, store):
    one, other = clips(photograph(PAVILION), photograph(PAVILION, -0.8))
    chosen = one.model_copy(update={"grade": Grade(saturation=0.4)})
    assert matched([chosen, other], FORM, store)[0].grade == Grade(saturation=0.4)


def test_a_picture_that_cannot_be_opened_changes_nothing(clips, store):
    blob = store.add_bytes(b"not a picture", ".png")
    (good,) = clips(photograph(PAVILION))
    broken = good.model_copy(
        update={"media": good.media.model_copy(update={"digest": blob.digest, "bytes": blob.bytes})}
    )
    assert [shot.grade for shot in matched([good, broken], FORM, store)] == [Grade(), Grade()]


def test_clips_are_matched_by_what_is_seen_of_them(make_clip, video, clips, store):
    media = video(make_clip(width=320, height=180, frames=30, fps=30))
    moving = Clip(media=media, seconds=1, source={"length": "1"})
    (found,) = tones([moving], FORM, store)
    assert kinship(found, found) == 1 and not found.night
    assert corrections([found]) == [Grade()]
