"""What is read aloud, and what the captions keep."""

import time

import pytest

from cutroom.performers.house.reading import plain, read


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("We paid $5.50 & left.", "We paid 5 dollars 50 & left."),
        ("On 2024-05-01 at 9:05, then 14:30.", "On May 1st, 20 24 at 9 oh 5, then 14 30."),
        ("5–10 people, 12km", "5 to 10 people, 12 kilometres"),
        ("Well—then… home!", "Well, then. home!"),
        ("He (the old one) left", "He, the old one, left"),
        ("See https://www.example.com/a/b?c=d now", "See example.com now"),
        ("#summer #1", "summer number 1"),
        ("“Quoted” 😀 text 👍🏽!", "Quoted text"),
    ],
)
def test_english(text, spoken):
    assert read(text, "en-GB").text == spoken


def test_other_languages_have_their_own_words():
    assert read("5-10 Leute für €7", "de").text == "5 bis 10 Leute für 7 €"
    assert read("L’été, c’est «beau».", "fr").text == "L'été, c'est beau."
    assert read("水很平静，没有人。", "zh").text == "水很平静，没有人。"


def test_the_authors_spelling_is_kept():
    reading = read("He said: “it’s 20 % — well-known” in '99, no.5!", "en")
    assert [token.text for token in reading.tokens] == [
        "He",
        "said",
        "it’s",
        "20",
        "%",
        "well-known",
        "in",
        "'99",
        "no.5",
    ]


def test_every_token_lies_where_it_is_said_to():
    reading = read("# Day 1\n\nWe paid $5 — 今天天气很好，真的。", "en")
    for token, place in zip(reading.tokens, reading.places, strict=True):
        assert reading.text[place:].startswith(token.spoken.rstrip())


def test_markdown_and_markup_are_not_read():
    text = "# Title\n\n- *One* [link](https://a.b)\n- `two`\n\n---\n\n> **three** ![a lake](lake.jpg) <b>x</b>"
    assert plain(text).split() == ["Title", "One", "link", "two", "three", "a", "lake", "x"]


@pytest.mark.parametrize("bit", ["*", "[", "<a", "![](", ".", "`", "a-", "#", "—", "$1.", "https://", "1:", "\u0301"])
def test_hostile_text_takes_no_longer(bit):
    begun = time.process_time()
    read(bit * (20_000 // len(bit)), "en")
    assert time.process_time() - begun < 2
