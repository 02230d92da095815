"""Captions and titles: readable on anything, inside the frame, in any script, at any length."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cutroom.media.kinds import Word
from cutroom.render import faces, typeset
from cutroom.render.captions import (
    Lettering,
    Overlay,
    caption_box,
    contrast_over,
    draw,
    fonts_used,
    lay_out,
    readable,
)
from cutroom.timeline.timeline import Caption, CaptionStyle, Format, Gap, Timeline, Title

SIZES = ((1920, 1080), (1080, 1920), (1080, 1080), (640, 360), (320, 180))
LINES = ("We rowed out before breakfast,", "while the mist still lay on the water.")


def film(size=(1280, 720), captions=(), titles=(), language="en", seconds=20, **style) -> Timeline:
    return Timeline(
        format=Format(width=size[0], height=size[1]),
        picture=(Gap(seconds=Fraction(seconds)),),
        captions=captions,
        titles=titles,
        language=language,
        caption_style=CaptionStyle(**style),
    )


def caption(*lines: str, start: str = "1", seconds: str = "3") -> Caption:
    return Caption(start=Fraction(start), seconds=Fraction(seconds), lines=lines)


def title(text: str, subtitle: str = "", place: str = "centre", start: str = "1", seconds: str = "4") -> Title:
    words = {"text": text, "subtitle": subtitle, "place": place}
    return Title.model_validate({"start": start, "seconds": seconds, **words})


def spoken(*lines: str, start: str = "1", seconds: str = "6", pace: str = "0.5") -> Caption:
    """A caption whose words are said one after the other, each as long as `pace`."""
    words = " ".join(lines).split(" ")
    timed = tuple(
        Word(text=word, start=Fraction(start) + place * Fraction(pace), seconds=Fraction(pace))
        for place, word in enumerate(words)
    )
    return Caption(start=Fraction(start), seconds=Fraction(seconds), lines=lines, words=timed)


def ink(overlay: Overlay) -> tuple[int, int]:
    """From which column of the frame to which an overlay has letters."""
    columns = np.flatnonzero((overlay.rgba[..., :3].max(axis=2) > 60).any(axis=0)) + overlay.x
    return int(columns[0]), int(columns[-1])


def plain(timeline: Timeline, value: int) -> np.ndarray:
    return np.full((timeline.format.height, timeline.format.width, 3), value, np.uint8)


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A machine without any font of its own."""
    caches = (faces.machine_fonts, faces._ranked, faces._on_machine, typeset.set_line)
    monkeypatch.setattr(faces, "FOLDERS", (tmp_path / "fonts",))
    monkeypatch.setattr("cutroom.render.layout._CASTS", {})
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", ["centre", "lower_third", "upper", "end"])
def test_overlays_lie_inside_the_frame_on_even_pixels(size: tuple[int, int], place: str):
    timeline = film(size, [caption(*LINES)], [title("A weekend at the lake", "14–16 June 2024", place)])
    for what in (*timeline.captions, *timeline.titles):
        one = draw(timeline, what)
        height, width, channels = one.rgba.shape
        assert channels == 4 and one.rgba.dtype == np.uint8
        assert not any(number % 2 for number in (one.x, one.y, width, height))
        assert one.x >= 0 and one.y >= 0 and one.x + width <= size[0] and one.y + height <= size[1]
        assert (one.rgba[..., :3].max(axis=2) <= one.rgba[..., 3]).all(), "not premultiplied"
        assert one.rgba[..., :3].max() > 200, "no letters"


@pytest.mark.parametrize("size", SIZES)
def test_captions_keep_to_the_safe_area(size: tuple[int, int]):
    timeline = film(size, [caption(*LINES)])
    left, top, width, height = caption_box(timeline, timeline.captions[0])
    assert left >= 0.05 * size[0] and left + width <= 0.95 * size[0]
    assert abs(left + width / 2 - size[0] / 2) <= 2
    lowest = 0.82 if size[0] < size[1] else 0.925
    assert 0.6 * size[1] < top and top + height <= lowest * size[1]


@pytest.mark.parametrize("value", [0, 128, 255])
def test_letters_stand_out_from_any_plain_picture(value: int):
    timeline = film((1920, 1080), [caption(*LINES)], [title("A weekend at the lake", "June 2024")])
    for what in (*timeline.captions, *timeline.titles):
        assert contrast_over(plain(timeline, value), draw(timeline, what)) >= 4.5


@pytest.mark.parametrize("size", [(1280, 720), (960, 540), (540, 960), (480, 270)])
@pytest.mark.parametrize("mode", ["block", "words"])
def test_captions_need_no_scrim_on_white(size: tuple[int, int], mode: str):
    timeline = film(size, [caption(*LINES)], mode=mode)
    assert contrast_over(plain(timeline, 255), draw(timeline, timeline.captions[0])) >= 4.5


def test_a_scrim_makes_white_backgrounds_safe():
    bare = film(captions=[caption(*LINES)], titles=[title("Lake")])
    dark = film(captions=[caption(*LINES)], titles=[title("Lake")], scrim=0.7)
    white = plain(bare, 255)
    assert contrast_over(white, draw(dark, dark.captions[0])) >= 4.5
    assert contrast_over(white, draw(dark, dark.captions[0])) > contrast_over(white, draw(bare, bare.captions[0])) + 1
    assert contrast_over(white, draw(dark, dark.titles[0])) > contrast_over(white, draw(bare, bare.titles[0])) + 1


def test_white_letters_without_anything_behind_them_have_no_contrast_on_white():
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[10:30, 18:22] = 255
    naked = Overlay("naked", 0, 0, rgba, 40)
    assert contrast_over(np.full((40, 40, 3), 255, np.uint8), naked) == pytest.approx(1)
    assert contrast_over(np.zeros((40, 40, 3), np.uint8), naked) == pytest.approx(21)


def test_nothing_is_shown_outside_of_its_time():
    lettering = Lettering(film(captions=[caption(*LINES, start="1", seconds="2")], titles=[title("Lake", start="5")]))
    shown = {frame: lettering.at(Fraction(frame, 30)) for frame in range(0, 300)}
    assert [frame for frame, one in shown.items() if one] == [*range(30, 90), *range(150, 270)]
    assert all(0 < one.opacity <= 1 for these in shown.values() for one in these)


def test_a_caption_fades_for_two_frames_and_is_the_same_object_meanwhile():
    lettering = Lettering(film(captions=[caption(*LINES, start="1", seconds="2")]))
    shown = [lettering.at(Fraction(frame, 30))[0] for frame in range(30, 90)]
    assert shown[0].opacity < shown[1].opacity < shown[2].opacity == 1
    assert shown[-1].opacity < shown[-2].opacity < shown[-3].opacity == 1
    assert len({id(one.overlay) for one in shown}) == 1


def test_captions_that_follow_each_other_do_not_fade_between():
    one, two = caption("One.", start="1", seconds="2"), caption("Two.", start="3", seconds="2")
    lettering = Lettering(film(captions=[one, two]))
    for frame in (88, 89, 90, 91):
        assert [one.opacity for one in lettering.at(Fraction(frame, 30))] == [1.0]
    assert lettering.at(Fraction(89, 30))[0].overlay.key != lettering.at(Fraction(90, 30))[0].overlay.key


def test_overlapping_captions_give_way_instead_of_covering_each_other():
    one, two = caption("One.", start="1", seconds="3"), caption("Two.", start="2", seconds="2")
    lettering = Lettering(film(captions=[one, two]))
    assert all(len(lettering.at(Fraction(frame, 30))) <= 1 for frame in range(150))


def test_a_caption_hidden_by_another_is_said():
    lettering = Lettering(film(captions=[caption("One.", seconds="3"), caption("Two.", seconds="2")]))
    assert any("One." in why for _, why in lettering.degraded)


def test_a_title_rises_and_falls_smoothly():
    lettering = Lettering(film(titles=[title("Lake", start="0", seconds="4")]))
    opacities = [lettering.at(Fraction(frame, 30))[0].opacity for frame in range(120)]
    assert opacities[0] < 0.05 and opacities[60] == 1 and opacities[-1] < 0.05
    assert opacities[:12] == sorted(opacities[:12])


def test_a_title_that_ends_the_film_stays_to_the_last_frame():
    lettering = Lettering(film(titles=[title("The end", place="end", start="16", seconds="4")], seconds=20))
    assert lettering.at(Fraction(599, 30))[0].opacity == 1


@pytest.mark.parametrize(("words", "language", "side"), [("Ana Kovač", "en", -1), ("آنا كوفاتش", "ar", 1)])
def test_a_lower_third_slides_in_from_its_side_and_out_again(words, language, side):
    timeline = film((1920, 1080), titles=[title(words, "", "lower_third", start="0", seconds="4")], language=language)
    shown = [lettering[0] for frame in range(120) if (lettering := Lettering(timeline).at(Fraction(frame, 30)))]
    if not shown:
        pytest.skip("no font here has these letters")
    places = [one.overlay.x for one in shown]
    away = [side * (place - places[60]) for place in places]
    assert away[:13] == sorted(away[:13], reverse=True) and away[0] > 20
    assert set(away[13:107]) == {0}
    assert away[107:] == sorted(away[107:])
    assert all(place % 2 == 0 and place >= 0 for place in places)
    assert len({one.overlay.key for one in shown}) == 1, "one bitmap, moved"


def test_the_lower_third_stands_clear_of_the_caption():
    timeline = film((1920, 1080), [caption(*LINES)], [title("Maria Håkansson", "Boat builder", "lower_third")])
    lowest = max(one.baseline + 0.24 * one.line.size for one in lay_out(timeline, timeline.titles[0]).placed)
    assert lowest < caption_box(timeline, timeline.captions[0])[1]


def test_captions_that_are_not_burned_are_not_drawn():
    assert Lettering(film(captions=[caption(*LINES)], burn=False)).at(Fraction(2)) == ()


def test_lines_that_fit_are_left_as_they_were_broken():
    timeline = film((1920, 1080), [caption(*LINES)])
    assert tuple(one.line.text for one in lay_out(timeline, timeline.captions[0]).placed) == LINES


def test_a_line_too_wide_for_a_tall_frame_is_broken_evenly():
    timeline = film((1080, 1920), [caption("Everybody who came brought something to eat and something to tell")])
    placed = lay_out(timeline, timeline.captions[0]).placed
    widths = [one.line.width for one in placed]
    assert len(placed) == 2 and min(widths) > 0.6 * max(widths)
    assert " ".join(one.line.text for one in placed) == timeline.captions[0].text


def test_five_hundred_words_are_cut_with_an_ellipsis_and_said():
    timeline = film((1920, 1080), [caption("nevertheless " * 500)])
    layout = lay_out(timeline, timeline.captions[0])
    shown = " ".join(one.line.text for one in layout.placed)
    assert shown.endswith("…") and len(layout.placed) <= 4
    assert len(shown.split()) + layout.left_out == 500
    assert any(str(layout.left_out) in why for _, why in Lettering(timeline).degraded)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 400,
        "\u0300" * 40,
        "\x00\x07\n",
        "   ",
        "a" + "\u0301" * 300,
        "😀\u200d" * 50,
        "\u202e\u202e",
        "1\ufe0f\u20e3🇸🇮👩\u200d👩\u200d👧",
        "(((((",
        "\U000e0001",
    ],
)
def test_strange_text_is_drawn_or_left_out_but_never_breaks(text: str):
    timeline = film((640, 360), [caption(text)], [title(text, text)])
    lettering = Lettering(timeline)
    for one in lettering.at(Fraction(2)):
        height, width = one.overlay.rgba.shape[:2]
        assert one.overlay.x + width <= 640 and one.overlay.y + height <= 360
    assert isinstance(lettering.degraded, tuple)


@pytest.mark.usefixtures("bare_machine")
def test_missing_letters_are_said_with_their_script_and_the_way_out():
    lettering = Lettering(film(captions=[caption("नमस्ते from the lake")], titles=[title("湖")]))
    what, why = lettering.degraded[0]
    assert what == "Devanagari in the captions" and "fonts-noto-core" in why and "न" in why
    assert any("fonts-noto-cjk" in why for _, why in lettering.degraded)
    assert len(lettering.at(Fraction(2))) == 1, "what can be drawn is drawn, and an empty title is not"


@pytest.mark.usefixtures("bare_machine")
def test_latin_greek_and_cyrillic_need_no_font_of_the_machine():
    text = "Łódź, Đà Nẵng, Ωραία λίμνη, Привет, Їжак — “déjà vu” … 14–16 €"
    assert Lettering(film(captions=[caption(text)], titles=[title(text, text)])).degraded == ()


@pytest.mark.usefixtures("bare_machine")
def test_a_font_in_the_machines_folders_is_found_when_letters_are_missing(tmp_path: Path):
    shipped = typeset.Cast((faces.shipped("Manrope-Bold"),))
    assert shipped.face_for("ɸ") is None
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "Broken-Regular.ttf").write_bytes(b"\x00\x01\x00\x00 no font at all")
    (tmp_path / "fonts" / "Other-Semibold.ttf").write_bytes((faces.SHIPPED / "SourceSansPro-Semibold.ttf").read_bytes())
    faces.machine_fonts.cache_clear()
    faces._ranked.cache_clear()
    faces._on_machine.cache_clear()
    found = typeset.Cast((faces.shipped("Manrope-Bold"),)).face_for("ɸ")
    assert found is not None and found.path.name == "Other-Semibold.ttf"


def test_character_maps_agree_with_the_glyphs_that_are_drawn():
    face = faces.shipped("Manrope-Bold")
    nothing = bytes(faces.sized(face, 40).getmask("\U0010fffd"))
    for char in "aZ9é€Ωж":
        assert face.covers(char) and bytes(faces.sized(face, 40).getmask(char)) != nothing
    for char in "中अ😀":
        assert not face.covers(char) and bytes(faces.sized(face, 40).getmask(char)) == nothing


def test_a_font_that_cannot_be_opened_costs_only_itself(tmp_path: Path):
    bad = tmp_path / "lake.ttf"
    bad.write_bytes(b"not a font")
    lettering = Lettering(film(captions=[caption(*LINES)], font=str(bad)))
    assert lettering.at(Fraction(2)) and str(bad) in lettering.degraded[0][1]


def test_a_family_that_ships_can_be_named():
    ours, other = film(captions=[caption(*LINES)]), film(captions=[caption(*LINES)], font="Manrope")
    assert draw(ours, ours.captions[0]).rgba.shape != draw(other, other.captions[0]).rgba.shape
    assert Lettering(other).degraded == ()


def test_runs_of_two_directions_stand_in_visual_order():
    cast = typeset.Cast((faces.shipped("SourceSansPro-Semibold"),))
    # Only the order is looked at, so that no Hebrew font is needed.
    levels = typeset._levels(list("שלום (2024) abc"))
    assert levels == [1] * 6 + [2] * 4 + [1] * 2 + [2] * 3
    runs = [(level, typeset.Run(text, cast.faces[0])) for level, text in ((1, "R1"), (2, "L1"), (2, "L2"), (1, "R2"))]
    assert [run.text for run in typeset._visual(runs)] == ["R2", "L1", "L2", "R1"]


def test_times_and_percentages_inside_hebrew_stay_whole():
    assert typeset._levels(list("א10:30")) == [1, 2, 2, 2, 2, 2]
    assert typeset._levels(list("א 50%"))[2:] == [2, 2, 2]


@pytest.mark.parametrize("text", ["湖での週末、とても「楽しかった」です。", "我们在湖边度过了周末,天气很好。"])
def test_unspaced_scripts_break_between_letters_and_never_before_a_full_stop(text: str):
    units = typeset._units(text, typeset.Cast((faces.shipped("Manrope-Bold"),)), 50, 1000, 0.0)
    assert len(units) > 8 and "".join(unit for unit, _ in units) == text
    assert not any(unit[0] in typeset.NOT_FIRST or unit[-1] in typeset.NOT_LAST for unit, _ in units)


def test_equal_words_share_a_key_and_others_do_not():
    timeline = film(captions=[caption("One.", start="1"), caption("One.", start="5"), caption("Two.", start="9")])
    keys = [draw(timeline, one).key for one in timeline.captions]
    assert keys[0] == keys[1] != keys[2]


def test_no_more_bitmaps_are_kept_than_needed():
    captions = [caption(f"Line {place}", start=str(place), seconds="1") for place in range(18)]
    lettering = Lettering(film(captions=captions))
    for second in range(18):
        lettering.at(Fraction(second) + Fraction(1, 2))
    assert len(lettering._drawn) <= 6


def test_the_fonts_that_ship_are_small_and_come_with_their_licences():
    files = sorted(faces.SHIPPED.iterdir())
    assert sum(one.stat().st_size for one in files) < 2_000_000
    families = {one.stem.split("-")[0] for one in files if one.suffix == ".ttf"}
    for family in families:
        assert "SIL OPEN FONT LICENSE" in (faces.SHIPPED / f"{family}-OFL.txt").read_text("utf-8")


def test_karaoke_lights_up_the_word_that_is_said_and_moves_nothing():
    timeline = film((1280, 720), [spoken("We rowed out", "before breakfast")], mode="karaoke")
    still = film((1280, 720), [spoken("We rowed out", "before breakfast")])
    lettering, block = Lettering(timeline), Lettering(still).at(Fraction(3))[0].overlay
    lefts = []
    for word in range(5):
        caption_itself, lit = lettering.at(Fraction(1) + Fraction(word, 2) + Fraction(1, 4))
        assert np.array_equal(caption_itself.overlay.rgba, block.rgba) and caption_itself.overlay.x == block.x
        letters = lit.overlay.rgba[lit.overlay.rgba[..., 3] > 250]
        red, green, blue = letters[:, :3].mean(axis=0)
        assert red > 240 and 190 < green < 230 and blue < 90
        lefts.append((lit.overlay.y > block.y + 20, ink(lit.overlay)[0]))
    assert lefts == sorted(lefts) and [second for second, _ in lefts] == [False] * 3 + [True] * 2


def test_the_lit_word_covers_the_same_letters_and_only_those():
    timeline = film((1280, 720), [spoken("We rowed out")], mode="karaoke")
    base, lit = Lettering(timeline).at(Fraction("1.75"))
    first, last = ink(lit.overlay)
    left, right = ink(base.overlay)
    # "rowed" stands in the middle; a light word is wider than itself by less than a fifth of a space on either side.
    assert left + 20 < first < last < right - 20
    alone = ink(draw(timeline, caption("rowed")))
    assert abs((last - first) - (alone[1] - alone[0])) <= 4


def test_right_to_left_words_are_lit_from_right_to_left():
    try:
        hebrew = typeset.Cast((faces.shipped("SourceSansPro-Semibold"),)).face_for("א")
    except OSError:
        hebrew = None
    if hebrew is None:
        pytest.skip("no Hebrew font on this machine")
    timeline = film((1280, 720), [spoken("אחת שתיים שלוש")], mode="karaoke", language="he")
    lettering = Lettering(timeline)
    lefts = [ink(lettering.at(Fraction(1) + Fraction(word, 2) + Fraction(1, 4))[1].overlay)[0] for word in range(3)]
    assert lefts == sorted(lefts, reverse=True)


def test_nothing_is_lit_in_a_long_pause():
    words = (
        Word(text="One", start=Fraction(1), seconds=Fraction(1, 2)),
        Word(text="two", start=Fraction(4), seconds=Fraction(1, 2)),
    )
    one = Caption(start=Fraction(1), seconds=Fraction(5), lines=("One two",), words=words)
    lettering = Lettering(film(captions=[one], mode="karaoke"))
    assert [len(lettering.at(Fraction(second))) for second in ("1.2", "3", "4.2")] == [2, 1, 2]


def test_letters_that_no_font_has_leave_no_hole_and_light_up_nothing_else(bare_machine: None):
    one = spoken("We won 🎉🎉 today. 🎉", seconds="6", pace="1")
    lettering = Lettering(film((1280, 720), [one], mode="karaoke"))
    without = draw(film((1280, 720)), caption("We won today."))
    assert np.array_equal(lettering.at(Fraction("1.5"))[0].overlay.rgba, without.rgba)
    seen = [bool(lettering.at(Fraction(second))[1].overlay.rgba.any()) for second in ("2.5", "3.5", "4.5", "5.5")]
    assert seen == [True, False, True, False]
    first, last = ink(lettering.at(Fraction("4.5"))[1].overlay)
    alone = ink(draw(film((1280, 720)), caption("today.")))
    assert abs((last - first) - (alone[1] - alone[0])) <= 4 and abs(last - ink(without)[1]) <= 4


def test_karaoke_of_words_that_no_font_has_shows_nothing_and_says_so(bare_machine: None):
    lettering = Lettering(film((1280, 720), [spoken("清晨我们去了湖边。")], mode="karaoke", language="zh"))
    assert lettering.at(Fraction(2)) == ()
    assert any("湖" in why or "清" in why for _, why in lettering.degraded)


def test_a_dark_accent_is_lightened_until_it_can_be_read():
    assert readable("#FFD23F") == (255, 210, 63)
    red, green, blue = readable("#101060")
    assert blue >= red and 0.2126 * red + 0.7152 * green + 0.0722 * blue > 150


def test_word_by_word_shows_all_words_a_few_at_a_time_with_the_voice():
    timeline = film((1280, 720), [spoken(*LINES, seconds="8")], mode="words")
    lettering = Lettering(timeline)
    keys = [shown[0].overlay.key for frame in range(30, 270) if (shown := lettering.at(Fraction(frame, 30)))]
    assert len(keys) == 240, "something is on screen all the time"
    changes = [place for place, key in enumerate(keys) if place == 0 or keys[place - 1] != key]
    # Thirteen words in groups of at most three; a group takes three bitmaps to come to rest.
    assert 5 * 3 <= len(changes) <= 9 * 3
    assert all(change % 15 in (0, 1, 2) for change in changes), "each group comes with a word"


def test_a_group_of_words_pops_in_and_comes_to_rest():
    lettering = Lettering(film((1280, 720), [spoken("We rowed out", seconds="3")], mode="words"))
    shown = [lettering.at(Fraction(30 + frame, 30))[0] for frame in range(4)]
    small, large, rest, later = (one.overlay.rgba.shape[1] for one in shown)
    assert small < rest < large and rest == later and shown[2].overlay is shown[3].overlay
    assert shown[0].opacity < shown[1].opacity == 1


def test_words_are_large_and_stay_inside_the_frame():
    text = "Rechtsschutzversicherungsgesellschaften unterschreiben"
    for size in ((1920, 1080), (1080, 1920)):
        timeline = film(size, [caption(text)], mode="words")
        block = film(size, [caption("unterschreiben")])
        assert draw(timeline, timeline.captions[0]).em > draw(block, block.captions[0]).em
        left, _, width, _ = caption_box(timeline, timeline.captions[0])
        assert left >= 0.05 * size[0] and left + width <= 0.95 * size[0]
        assert Lettering(timeline).degraded == ()


@pytest.mark.parametrize("mode", ["block", "words", "karaoke"])
@pytest.mark.parametrize(
    ("safe", "bottom", "side"), [("tiktok", 0.26, 0.14), ("reels", 0.35, 0.06), ("shorts", 0.35, 0.178)]
)
def test_words_keep_clear_of_a_platforms_buttons(mode: str, safe: str, bottom: float, side: float):
    timeline = film(
        (540, 960), [spoken(*LINES, seconds="8")], [title("Maria", "Boat builder", "lower_third")], mode=mode, safe=safe
    )
    left, top, width, height = caption_box(timeline, timeline.captions[0])
    assert top + height <= (1 - bottom) * 960 + 1
    assert left >= side * 540 - 1 and left + width <= (1 - side) * 540 + 1
    placed = lay_out(timeline, timeline.titles[0]).placed
    assert max(one.baseline for one in placed) < top


def test_a_word_longer_than_any_line_is_hyphenated_between_syllables():
    text = "Rechtsschutzversicherungsgesellschaftsvorsitzendenstellvertreter" * 2
    placed = lay_out(film((1080, 1920), [caption(text)]), caption(text)).placed
    lines = [one.line.text for one in placed]
    assert len(lines) > 1 and all(line.endswith("-") for line in lines[:-1])
    assert "".join(line.removesuffix("-") for line in lines) == text


def test_a_long_word_is_made_smaller_before_it_is_broken():
    text = "Donaudampfschifffahrtsgesellschaftskapitän"
    placed = lay_out(film((1080, 1920), [caption(text)]), caption(text)).placed
    assert [one.line.text for one in placed] == [text] and placed[0].line.size < 54


def test_hyphens_stand_where_a_syllable_begins():
    pieces = list("Rechtsschutzversicherung")
    places = typeset._syllables(pieces)
    assert [text for text in ("Rechts", "Rechtsschutz", "Rechtsschutzver") if len(text) in places] == [
        "Rechts",
        "Rechtsschutz",
        "Rechtsschutzver",
    ]
    assert typeset._syllables(list("strength")) == []


@pytest.mark.usefixtures("bare_machine")
def test_the_fonts_of_the_machine_that_draw_words_are_known(tmp_path: Path):
    assert fonts_used(film(captions=[caption("Łódź, Привет")])) == {}
    strange = film(captions=[caption("ɸ")], font="Manrope")
    before = fonts_used(strange)
    assert before == {}, "a letter that ships or that nobody has names no font"
    (tmp_path / "fonts").mkdir()
    own = tmp_path / "fonts" / "Own.ttf"
    own.write_bytes((faces.SHIPPED / "Manrope-Bold.ttf").read_bytes())
    assert list(fonts_used(film(captions=[caption("lake")], font=str(own)))) == ["Own.ttf"]


def test_east_asian_marks_ask_for_the_font_of_their_letters(bare_machine: None):
    said = Lettering(film((1280, 720), [caption("清晨，我们「去」了。")], language="zh")).degraded
    assert [what for what, _ in said] == ["Chinese or Japanese in the captions"]
    assert "fonts-noto-cjk" in said[0][1]
