"""Cards: dark enough for white letters, without bands, in the material's colours, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pixels

from cutroom.media.kinds import Image
from cutroom.media.store import Store
from cutroom.performers.house.card import SCHEMES, CardDrawer
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.generate import DrawCard
from cutroom.plan.step import Ref
from cutroom.timeline.timeline import Format

SMALL = Format(width=640, height=360)


def drawn(
    tmp_path: Path, step: DrawCard, seed: int = 0, picture: np.ndarray | bytes | None = None, said: list | None = None
):
    store = Store(tmp_path / "store")
    scratch = store.scratch()
    inputs = {}
    if picture is not None:
        data = picture
        if isinstance(picture, np.ndarray):
            Pixels.fromarray(picture).save(scratch / "in.png")
            data = (scratch / "in.png").read_bytes()
        blob = store.add_bytes(data, ".png")
        inputs["photo"] = Image(digest=blob.digest, bytes=blob.bytes, suffix=".png", width=64, height=64)
    notes = [] if said is None else said
    desk = Desk(
        store=store, inputs=inputs, seed=seed, scratch=scratch, degrade=lambda what, why: notes.append((what, why))
    )
    media = CardDrawer().perform(step, desk)
    with Pixels.open(store.path(media)) as file:
        return media, np.asarray(file.convert("RGB"))


def luminance(rgb: np.ndarray) -> np.ndarray:
    part = rgb / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def middle(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    return rgb[height // 4 : -height // 4, width // 6 : -width // 6]


@pytest.mark.parametrize("mood", sorted(SCHEMES))
def test_white_letters_have_a_contrast_of_seven_in_the_middle(tmp_path: Path, mood: str):
    _, pixels = drawn(tmp_path, DrawCard(format=SMALL, mood=mood))
    light = luminance(middle(pixels))
    assert 1.05 / (np.percentile(light, 99) + 0.05) >= 7
    assert pixels.std(axis=(0, 1)).max() > 4, "a card is more than one flat colour"


def test_even_a_white_picture_gives_a_dark_card(tmp_path: Path):
    step = DrawCard(format=SMALL, palette_from=Ref[Image](id="photo"))
    _, pixels = drawn(tmp_path, step, picture=np.full((64, 64, 3), 255, np.uint8))
    assert 1.05 / (np.percentile(luminance(middle(pixels)), 99) + 0.05) >= 7


def test_the_colours_come_from_the_picture(tmp_path: Path):
    step = DrawCard(format=SMALL, palette_from=Ref[Image](id="photo"))
    red, blue = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64, 3), np.uint8)
    red[..., 0], blue[..., 2] = 200, 200
    _, from_red = drawn(tmp_path, step, picture=red)
    _, from_blue = drawn(tmp_path, step, picture=blue)
    assert from_red[..., 0].mean() > from_red[..., 2].mean() + 15
    assert from_blue[..., 2].mean() > from_blue[..., 0].mean() + 15


def test_a_picture_that_cannot_be_read_costs_only_its_colours(tmp_path: Path):
    said: list[tuple[str, str]] = []
    step = DrawCard(format=SMALL, palette_from=Ref[Image](id="photo"))
    media, _ = drawn(tmp_path, step, picture=b"no picture", said=said)
    assert media.width == 640 and said[0][0] == "the card's colours"


def test_the_same_seed_draws_the_same_card_and_another_does_not(tmp_path: Path):
    step = DrawCard(format=SMALL, seed=3)
    assert drawn(tmp_path, step, seed=1)[0].digest == drawn(tmp_path, step, seed=1)[0].digest
    assert drawn(tmp_path, step, seed=1)[0].digest != drawn(tmp_path, step, seed=2)[0].digest
    assert drawn(tmp_path, step)[0].digest != drawn(tmp_path, DrawCard(format=SMALL, seed=4))[0].digest


@pytest.mark.parametrize("size", [(360, 640), (500, 500), (1920, 1080), (32, 18)])
def test_cards_come_in_any_frame(tmp_path: Path, size: tuple[int, int]):
    media, pixels = drawn(tmp_path, DrawCard(format=Format(width=size[0], height=size[1])))
    assert (media.width, media.height) == size and pixels.shape == (size[1], size[0], 3)


def test_gradients_show_no_bands(tmp_path: Path):
    _, pixels = drawn(tmp_path, DrawCard(format=Format(width=1280, height=720), mood="melancholy"))
    same = (np.diff(pixels[..., 1].astype(int), axis=1) == 0).mean()
    # A gradient that was only rounded has nearly all neighbours equal; dither and grain leave about a third.
    assert same < 0.6
