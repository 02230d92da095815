"""Pictures: cards that words will stand on, and any other picture.

| check | bound | from |
|---|---|---|
| `cannot_be_decoded` | the bytes are a picture | |
| `wrong_size` | the card has the film's frame | |
| `low_contrast` | 4.5 between white and the card's middle, at its 90th brightest percent | WCAG 2.2, 1.4.3 (AA) |
| `blank` | not one single colour | |
"""

from __future__ import annotations

import numpy as np

from cutroom.errors import BadInput
from cutroom.judge.evidence import Evidence, found, measured
from cutroom.measures import picture as measures
from cutroom.media import picture as reading
from cutroom.media.kinds import Image
from cutroom.media.store import Store
from cutroom.plan.catalogue.generate import DrawCard

LEAST_CONTRAST = 4.5
SIDE = 640
BLANK = 0.5
"""The standard deviation, of 255, below which a picture is one colour."""


def card(step: DrawCard, media: Image, store: Store) -> Evidence:
    """Does the card fill the frame, and can white words be read on it?"""
    pixels, evidence = _opened(media, store)
    if pixels is None:
        return evidence
    wanted = (step.format.width, step.format.height)
    info = reading.look(store.path(media))
    if (info.width, info.height) != wanted:
        evidence += found("wrong_size", f"the card is {info.width}x{info.height}, the film {wanted[0]}x{wanted[1]}")
    return evidence + _white_on(pixels)


def any_picture(media: Image, store: Store) -> Evidence:
    """What can be said of a picture without knowing what it is for."""
    pixels, evidence = _opened(media, store)
    if pixels is None:
        return evidence
    spread = float(pixels.reshape(-1, 3).std(axis=0).max())
    evidence += measured(sharpness=measures.sharpness(pixels), exposure=measures.exposure(pixels))
    if spread < BLANK:
        evidence += found("blank", f"it is one single colour, {measures.mean_colour(pixels)}")
    return evidence


def _opened(media: Image, store: Store) -> tuple[np.ndarray | None, Evidence]:
    """The picture small, as RGB over black, uint8 (height, width, 3); or None and why not."""
    try:
        pixels = reading.open_picture(store.path(media), max_side=SIDE)
    except BadInput as error:
        return None, found("cannot_be_decoded", f"cannot be decoded: {error.reason}")
    if pixels.shape[2] == 4:
        pixels = (pixels[..., :3] * (pixels[..., 3:] / np.float32(255))).astype(np.uint8)
    return pixels, measured(width=media.width, height=media.height)


def _white_on(pixels: np.ndarray) -> Evidence:
    height, width = pixels.shape[:2]
    middle = pixels[height // 5 : height - height // 5, width // 8 : width - width // 8].reshape(-1, 3)
    order = np.argsort(middle @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    bright = middle[order[int(0.9 * (len(order) - 1))]]
    contrast = measures.contrast_ratio((255, 255, 255), [float(channel) for channel in bright])
    evidence = measured(white_contrast=contrast)
    if contrast < LEAST_CONTRAST:
        says = f"white words on the card have a contrast of {contrast:.1f} (at least {LEAST_CONTRAST})"
        evidence += found("low_contrast", says)
    return evidence
