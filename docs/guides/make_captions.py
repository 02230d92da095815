"""Makes the pictures of captions.md: ``python docs/guides/make_captions.py``, from the photographs of ``examples/day``."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw

from cutroom.media import picture
from cutroom.media.kinds import Image, Word
from cutroom.media.store import Store
from cutroom.render.captions import Lettering
from cutroom.render.picture import Compositor
from cutroom.render.safe import margins
from cutroom.timeline.timeline import Box, Caption, CaptionStyle, Clip, Format, Move, Timeline, Title

DAY = Path(__file__).parents[2] / "examples" / "day"
INTO = Path(__file__).parents[1] / "pictures"
WIDE = Format(width=960, height=540)
TALL = Format(width=540, height=960)
LINES = ("We rowed out before breakfast,", "while the mist still lay on the water.")


def spoken(*lines: str) -> Caption:
    """A caption from the first second to the seventh whose words are said evenly."""
    words = " ".join(lines).split(" ")
    pace = Fraction(6, len(words))
    timed = tuple(Word(text=word, start=1 + place * pace, seconds=pace) for place, word in enumerate(words))
    return Caption(start=Fraction(1), seconds=Fraction(6), lines=lines, words=timed)


def frame(photograph: str, form: Format, at: str, titles: Sequence[Title] = (), *, shown: Box | None = None,
          captions: Sequence[Caption] = (), **style: Any) -> np.ndarray:
    """One frame as the renderer makes it, (h, w, 3) uint8."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        info = picture.look(DAY / photograph)
        blob = store.add(DAY / photograph, info.suffix)
        media = Image(digest=blob.digest, suffix=info.suffix, bytes=blob.bytes, width=info.width, height=info.height)
        move = Move(start=shown, end=shown) if shown else None
        timeline = Timeline(format=form, picture=(Clip(media=media, seconds=Fraction(8), move=move),), titles=tuple(titles),
                            captions=tuple(captions), caption_style=CaptionStyle(**style))
        with Compositor(timeline, store, Lettering(timeline)) as compositor:
            return compositor.rgb(form.rate.frames(Fraction(at)))


def phones() -> np.ndarray:
    """The same words in four tall frames, with what each platform's buttons cover."""
    frames = []
    for area in ("default", "tiktok", "shorts", "reels"):
        seen = frame("03-cat.jpg", TALL, "3", captions=(spoken(*LINES),), mode="words", safe=area)
        over = Pictures.new("RGBA", (TALL.width, TALL.height), (255, 60, 60, 90))
        safe = margins(TALL, area)
        inside = (safe.left * TALL.width, safe.top * TALL.height, (1 - safe.right) * TALL.width,
                  (1 - safe.bottom) * TALL.height)
        ImageDraw.Draw(over).rectangle(inside, fill=(0, 0, 0, 0))
        frames.append(np.array(Pictures.alpha_composite(Pictures.fromarray(seen).convert("RGBA"), over).convert("RGB")))
        frames.append(np.full((TALL.height, 12, 3), 255, np.uint8))
    return np.hstack(frames[:-1])


def save(name: str, pixels: np.ndarray, width: int = 800) -> None:
    """As JPEG, at most `width` wide."""
    seen = Pictures.fromarray(pixels)
    if seen.width > width:
        seen = seen.resize((width, round(seen.height * width / seen.width)), Pictures.Resampling.LANCZOS)
    INTO.mkdir(exist_ok=True)
    seen.save(INTO / f"captions-{name}.jpg", quality=78, optimize=True)


def main() -> None:
    """Every picture of the guide."""
    caption = (spoken(*LINES),)
    save("block", frame("05-pavilion.jpg", WIDE, "3", captions=caption))
    save("karaoke", frame("04-dahlia.jpg", WIDE, "3", captions=caption, mode="karaoke"))
    save("words", frame("01-coffee.jpg", WIDE, "3", captions=caption, mode="words"))
    name = Title.model_validate({"start": "1", "seconds": "6", "text": "Eileen Collins", "subtitle": "Astronaut",
                                 "place": "lower_third"})
    save("lower-third", frame("07-astronaut.jpg", WIDE, "4", (name,), shown=Box(x=0, y=0, width=1, height=0.5625)))
    save("phones", phones(), 1000)


if __name__ == "__main__":
    main()
