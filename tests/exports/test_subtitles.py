"""Caption files that players read: times, words, and text that stays text."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from cutroom.exports.edit import Edit
from cutroom.exports.subtitles import ass, vtt
from cutroom.timeline.timeline import Caption, CaptionStyle


def test_webvtt_has_the_times_and_a_stamp_before_each_word(edit: Callable[..., Edit]):
    text = vtt(edit().timeline)
    assert text.startswith("WEBVTT\n")
    cue = text.split("\n\n")[2].splitlines()
    assert cue[1] == "00:00:01.234 --> 00:00:03.234"
    assert cue[2] == "<00:00:01.250>Good <00:00:01.600>&lt;morning&gt;"
    assert cue[3] == "<00:00:02.100>you <00:00:02.400>two"


def test_text_cannot_end_a_cue_or_become_a_command(edit: Callable[..., Edit]):
    timeline = edit().timeline
    assert "Brace &amp; arrow --&gt; end" in vtt(timeline)
    line = next(line for line in ass(timeline).splitlines() if "Brace" in line)
    assert "{" not in line.split(",,", 1)[1]
    assert "\\" not in line.split(",,", 1)[1]


def test_ass_lights_each_word_for_as_long_as_it_lasts(edit: Callable[..., Edit]):
    line = next(line for line in ass(edit().timeline).splitlines() if "morning" in line)
    assert line.startswith("Dialogue: 0,0:00:01.23,0:00:03.23,Caption,")
    text = line.split(",,", 1)[1].split(",,", 1)[1]
    assert text == r"{\k2}{\kf35}Good {\kf50}<morning>\N{\kf30}you {\kf83}two"
    # All of the caption's time is given to its words.
    assert 2 + 35 + 50 + 30 + 83 == 200


def test_ass_has_the_frame_and_a_style_for_titles(edit: Callable[..., Edit]):
    text = ass(edit().timeline)
    assert "PlayResX: 192\nPlayResY: 108" in text
    title = next(line for line in text.splitlines() if ",Centre," in line and line.startswith("Dialogue"))
    assert "Tom & <Jerry>" in title
    styles = [line for line in text.splitlines() if line.startswith("Style:")]
    columns = next(line for line in text.splitlines() if line.startswith("Format: Name"))
    assert {line.count(",") for line in styles} == {columns.count(",")}


def test_words_that_do_not_match_their_lines_are_left_untimed(edit: Callable[..., Edit]):
    caption = edit().timeline.captions[0]
    odd = Caption(
        start=caption.start, seconds=caption.seconds, lines=("one", "two words more"), words=caption.words[:3]
    )
    timeline = edit(captions=(odd,)).timeline
    assert "<00:" not in vtt(timeline)
    assert "\\kf" not in ass(timeline)
    assert "one\\Ntwo words more" in ass(timeline)


def test_captions_at_the_top_stay_there(edit: Callable[..., Edit]):
    timeline = edit(caption_style=CaptionStyle(place="top")).timeline
    assert "--> 00:00:03.234 line:10%" in vtt(timeline)
    style = next(line for line in ass(timeline).splitlines() if line.startswith("Style: Caption"))
    assert style.split(",")[18] == "8"


@pytest.mark.parametrize("seconds", [Fraction(7261, 2), Fraction(1, 3)])
def test_times_are_rounded_once(edit: Callable[..., Edit], seconds: Fraction):
    timeline = edit(captions=(Caption(start=seconds, seconds=Fraction(1), lines=("x",)),)).timeline
    wanted = {Fraction(7261, 2): "01:00:30.500", Fraction(1, 3): "00:00:00.333"}[seconds]
    assert wanted in vtt(timeline)
