"""Makes the golden frames of type: ``python tests/golden/make_type.py``. Look at every picture that it changes.

Each frame is 480x270 (or 270x480) and has a plain background, so that only the lettering can change. They are kept in
greys: the letters' colour has a test of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image as Pictures

from cutroom.media.kinds import Word
from cutroom.render.captions import Lettering
from cutroom.timeline.timeline import Caption, CaptionStyle, Format, Gap, Timeline, Title

FOLDER = Path(__file__).parent / "type"
WIDE, TALL, SQUARE = (480, 270), (270, 480), (360, 360)
LINES = ("We rowed out before breakfast,", "while the mist still lay on the water.")
LONG = "Everybody who came brought something to eat, something to drink and something to tell the others about"
GREY, WHITE, DARK = 128, 255, 24


def caption(*lines: str) -> Caption:
    """A caption whose words are said one after the other from its first second on."""
    words = " ".join(lines).split(" ")
    pace = Fraction(6, len(words))
    timed = tuple(Word(text=word, start=1 + place * pace, seconds=pace) for place, word in enumerate(words))
    return Caption(start=Fraction(1), seconds=Fraction(6), lines=lines, words=timed)


def frame(
    size: tuple[int, int],
    ground: int,
    at: str,
    captions: tuple[Caption, ...] = (),
    title: tuple[str, str, str] | None = None,
    language: str = "en",
    **style,
) -> np.ndarray:
    """What is seen `at` a moment, as grey (h, w) uint8."""
    titles = ()
    if title:
        titles = (
            Title.model_validate(
                {"start": "1", "seconds": "6", "text": title[0], "subtitle": title[1], "place": title[2]}
            ),
        )
    timeline = Timeline(
        format=Format(width=size[0], height=size[1]),
        picture=(Gap(seconds=Fraction(10)),),
        captions=captions,
        titles=titles,
        language=language,
        caption_style=CaptionStyle(**style),
    )
    seen = np.full((size[1], size[0], 3), ground, np.float32)
    for shown in Lettering(timeline).at(Fraction(at)):
        overlay = shown.overlay
        height, width = overlay.rgba.shape[:2]
        rgba = overlay.rgba.astype(np.float32) * shown.opacity
        part = seen[overlay.y : overlay.y + height, overlay.x : overlay.x + width]
        part[:] = rgba[..., :3] + part * (1 - rgba[..., 3:] / 255)
    return np.rint(seen @ np.array([0.2126, 0.7152, 0.0722], np.float32)).astype(np.uint8)


TWO = (caption(*LINES),)
FRAMES: dict[str, Callable[[], np.ndarray]] = {
    "block-grey": lambda: frame(WIDE, GREY, "3", TWO),
    "block-white": lambda: frame(WIDE, WHITE, "3", TWO),
    "block-scrim": lambda: frame(WIDE, WHITE, "3", TWO, scrim=0.6),
    "block-top": lambda: frame(WIDE, GREY, "3", TWO, place="top"),
    "block-long": lambda: frame(WIDE, GREY, "3", (caption(LONG + ", " + LONG),)),
    "block-square": lambda: frame(SQUARE, GREY, "3", TWO),
    "block-tall": lambda: frame(TALL, GREY, "3", TWO),
    "block-fading": lambda: frame(WIDE, DARK, "1", TWO),
    "block-greek": lambda: frame(
        WIDE, GREY, "3", (caption("Ξεκινήσαμε πριν από το πρωινό,", "Лодка ждала у причала."),)
    ),
    "karaoke-first": lambda: frame(WIDE, GREY, "1.2", TWO, mode="karaoke"),
    "karaoke-second-line": lambda: frame(WIDE, WHITE, "5.8", TWO, mode="karaoke"),
    "karaoke-reels": lambda: frame(TALL, GREY, "3", TWO, mode="karaoke", safe="reels"),
    "words-popping": lambda: frame(WIDE, GREY, "1", TWO, mode="words"),
    "words-resting": lambda: frame(WIDE, WHITE, "2.2", TWO, mode="words"),
    "words-tiktok": lambda: frame(TALL, GREY, "3", TWO, mode="words", safe="tiktok"),
    "words-compound": lambda: frame(TALL, GREY, "3", (caption("Rechtsschutzversicherungsgesellschaft"),), mode="words"),
    "title-centre": lambda: frame(WIDE, WHITE, "3", title=("A weekend at the lake", "June 2024", "centre")),
    "title-tall": lambda: frame(TALL, DARK, "3", title=("A weekend at the lake", "14–16 June 2024", "centre")),
    "title-end": lambda: frame(WIDE, GREY, "3", title=("Thank you", "for coming all this way to be with us", "end")),
    "title-upper": lambda: frame(WIDE, GREY, "3", title=("Saturday", "", "upper")),
    "lower-third": lambda: frame(WIDE, WHITE, "3", TWO, title=("Maria Håkansson", "Boat builder", "lower_third")),
}


def main() -> None:
    """Write every frame."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in FRAMES.items():
        Pictures.fromarray(make()).quantize(64).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
