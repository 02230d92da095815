from fractions import Fraction

import cv2
import numpy as np
import pytest

from cutroom.judge.checks.composed import _STRETCHED, FIELD, FIELD_DIFFERS, Letters
from cutroom.media.kinds import Word
from cutroom.media.store import Store
from cutroom.render.captions import Lettering
from cutroom.render.picture import Compositor
from cutroom.timeline.timeline import Caption, CaptionStyle, Format, Gap, Timeline

SMALL = (160, 160)


@pytest.mark.parametrize("mode", ["block", "words", "karaoke"])
def test_words_made_small_are_those_of_the_film(tmp_path, mode):
    """Also the word that is lit up, which lies on its own letters; at a fade's half way, and when it is all there."""
    words = tuple(
        Word(text=word, start=Fraction(place, 2), seconds=Fraction(1, 2))
        for place, word in enumerate(("Bonjour", "Voilà"))
    )
    caption = Caption(start=Fraction(0), seconds=Fraction(2), lines=("Bonjour Voilà",), words=words)
    timeline = Timeline(
        format=Format(width=400, height=400),
        picture=(Gap(seconds=Fraction(2), colour="#C06030"),),
        captions=(caption,),
        caption_style=CaptionStyle(mode=mode),
    )
    plain = timeline.model_copy(update={"captions": ()})
    letters = Letters(timeline, SMALL)
    with (
        Compositor(timeline, Store(tmp_path), Lettering(timeline)) as film,
        Compositor(plain, Store(tmp_path), None) as bare,
    ):
        for number in (1, 8, 20, 40):
            seen, under = (
                np.asarray(cv2.resize(_STRETCHED[one.frame(number).y], SMALL, interpolation=cv2.INTER_AREA), np.float32)
                for one in (film, bare)
            )
            meant, covered = letters.over(under, timeline.format.rate.seconds(number))
            fields = cv2.resize(np.abs(seen - meant), (SMALL[0] // FIELD,) * 2, interpolation=cv2.INTER_AREA)
            assert fields.max() < FIELD_DIFFERS / 3
            assert covered.max() > 0.01 and np.abs(seen - under).max() > 40
