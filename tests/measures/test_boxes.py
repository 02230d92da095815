"""Arithmetic on boxes."""

from __future__ import annotations

import pytest

from cutroom.measures.boxes import WHOLE, around, between, head, holds, padded, share
from cutroom.timeline.timeline import Box


def box(x: float, y: float, width: float, height: float) -> Box:
    return Box(x=x, y=y, width=width, height=height)


def test_a_head_is_larger_than_its_face_and_stays_in_the_picture():
    face = box(0.4, 0.3, 0.2, 0.2)
    whole = head(face)
    assert holds(whole, face)
    assert whole.y == pytest.approx(0.3 - 0.12) and whole.y + whole.height == pytest.approx(0.5 + 0.08)
    assert whole.x == pytest.approx(0.34) and whole.width == pytest.approx(0.32)
    assert holds(WHOLE, head(box(0.9, 0.0, 0.1, 0.1)))


def test_around_is_the_smallest_box_that_holds_all():
    parts = [box(0.1, 0.2, 0.1, 0.1), box(0.5, 0.6, 0.2, 0.3)]
    whole = around(parts)
    assert all(holds(whole, part) for part in parts)
    assert whole.width == pytest.approx(0.6) and whole.height == pytest.approx(0.7)


def test_share_counts_the_inner_box():
    assert share(box(0, 0, 0.5, 1), WHOLE) == 1
    assert share(WHOLE, box(0, 0, 0.5, 1)) == pytest.approx(0.5)
    assert share(box(0, 0, 0.2, 0.2), box(0.5, 0.5, 0.2, 0.2)) == 0


def test_padded_stops_at_the_picture_and_between_is_straight():
    assert padded(WHOLE, 0.1) == WHOLE
    half = between(WHOLE, box(0.2, 0.2, 0.6, 0.6), 0.5)
    assert (half.x, half.width) == (pytest.approx(0.1), pytest.approx(0.8))
