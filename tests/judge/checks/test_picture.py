from __future__ import annotations

import numpy as np
import pytest

from cutroom.judge.house import HouseJudge
from cutroom.media.kinds import Image
from cutroom.plan.catalogue.generate import DrawCard


def card(width: int, height: int, brightness: int) -> np.ndarray:
    pixels = np.full((height, width, 3), brightness, np.uint8)
    pixels += np.linspace(0, 20, width).astype(np.uint8)[None, :, None]
    return pixels


def test_a_dark_card_in_the_films_frame_passes(bench, frame):
    verdict = HouseJudge().look(DrawCard(format=frame), bench.image(card(320, 180, 40)), {}, bench.store)
    assert verdict.outcome == "pass", verdict.reasons
    assert verdict.scores["white_contrast"] > 9


@pytest.mark.parametrize(
    ("pixels", "check"),
    [
        (card(320, 180, 160), "low_contrast"),
        (card(300, 180, 40), "wrong_size"),
    ],
)
def test_cards_fail_for_one_reason(bench, frame, checks, pixels, check):
    verdict = HouseJudge().look(DrawCard(format=frame), bench.image(pixels), {}, bench.store)
    assert checks(verdict) == [check]


def test_a_bright_edge_does_not_matter_where_no_words_stand(bench, frame):
    pixels = card(320, 180, 30)
    pixels[:30] = 255
    assert HouseJudge().look(DrawCard(format=frame), bench.image(pixels), {}, bench.store).outcome == "pass"


def test_a_broken_card_is_a_fail(bench, frame, checks):
    broken = bench.broken(Image, width=320, height=180)
    assert checks(HouseJudge().look(DrawCard(format=frame), broken, {}, bench.store)) == ["cannot_be_decoded"]
