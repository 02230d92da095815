"""Words and when they are said: found in the text, spread when nobody speaks, grouped so that they make sense."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from cutroom.media.kinds import Word
from cutroom.render.spoken import MOST_COLUMNS, MOST_WORDS, groups, said, shown
from cutroom.render.typeset import columns
from cutroom.timeline.timeline import Caption


def caption(*lines: str, words: tuple[tuple[str, str, str], ...] = (), seconds: str = "4") -> Caption:
    heard = tuple(Word(text=text, start=Fraction(start), seconds=Fraction(length)) for text, start, length in words)
    return Caption(start=Fraction(1), seconds=Fraction(seconds), lines=lines, words=heard)


def test_the_voices_times_are_kept():
    one = caption("We rowed", "out.", words=(("We", "1.1", "0.2"), ("rowed", "1.3", "0.4"), ("out.", "2", "0.5")))
    assert [(word.text, word.start, word.end) for word in said(one)] == [
        ("We", Fraction("1.1"), Fraction("1.3")),
        ("rowed", Fraction("1.3"), Fraction("1.7")),
        ("out.", 2, Fraction("2.5")),
    ]


def test_marks_that_the_voice_does_not_report_stay_with_their_word():
    one = caption("“We rowed” — out!", words=(("We", "1.1", "0.2"), ("rowed", "1.3", "0.4"), ("out", "2", "0.5")))
    assert [word.text for word in said(one)] == ["“We", "rowed”—", "out!"]
    assert [word.start for word in said(one)] == [Fraction("1.1"), Fraction("1.3"), 2]


def test_other_words_than_those_of_the_text_still_tell_when_the_voice_speaks():
    one = caption("Rowing at dawn", words=(("something", "2", "0.5"), ("else", "3", "1")))
    times = said(one)
    assert [word.text for word in times] == ["Rowing", "at", "dawn"]
    assert times[0].start == 2 and times[-1].end == 4


def test_without_a_voice_longer_words_take_longer_and_all_time_is_used():
    times = said(caption("I remember everything"))
    lengths = [word.end - word.start for word in times]
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1] / 3
    assert times[0].start == 1 and times[-1].end == 5
    assert all(one.end == other.start for one, other in pairwise(times))


def test_a_script_without_spaces_comes_in_pieces_that_together_are_the_text():
    text = "湖での週末はとても楽しかったです。"
    times = said(caption(text))
    assert "".join(word.text for word in times) == text and len(times) >= 4
    assert all(len(word.text) <= 5 for word in times)
    assert shown(times) == text


@pytest.mark.parametrize(
    "text",
    [
        "We rowed out before breakfast, while the mist still lay on the water.",
        "A. B. C!",
        "Donaudampfschifffahrtsgesellschaftskapitän war er",
        "a b c d e f g h i j k l m n o p",
    ],
)
def test_groups_hold_every_word_once_in_order_and_are_short(text: str):
    words = said(caption(text))
    found = groups(words)
    assert [word for group in found for word in group] == list(words)
    assert all(len(group) <= MOST_WORDS for group in found)
    assert all(len(group) == 1 or columns(shown(group)) <= MOST_COLUMNS for group in found)


def test_a_group_never_goes_on_after_a_sentence_has_ended():
    found = [shown(group) for group in groups(said(caption("It rained. We stayed in. Then came the sun.")))]
    assert found[:2] == ["It rained.", "We stayed in."] and not any(". " in group for group in found)


def test_articles_go_with_what_follows():
    found = [shown(group) for group in groups(said(caption("we walked along the harbour wall")))]
    assert not any(group.endswith(" the") for group in found)


def test_a_pause_parts_words():
    one = caption("yes but", words=(("yes", "1", "0.3"), ("but", "3", "0.3")))
    assert [shown(group) for group in groups(said(one))] == ["yes", "but"]


def test_an_empty_caption_has_no_words():
    assert said(caption(" ")) == () and groups(()) == ()
