import pytest

from cutroom.brief.thirds import LONGEST, LowerThird, asked_thirds, thirds, without_asked_thirds, without_thirds
from cutroom.brief.words import plain_notes


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("lower third: Ana Kovač, potter", LowerThird(text="Ana Kovač", subtitle="potter")),
        (
            "- Lower-third (ana.jpg): Ana Kovač — potter, Lisbon",
            LowerThird(text="Ana Kovač", subtitle="potter, Lisbon", file="ana.jpg"),
        ),
        ("**Lower third:** Ana | Potter", LowerThird(text="Ana", subtitle="Potter")),
        ("Bauchbinde: Jürgen Groß, Töpfer", LowerThird(text="Jürgen Groß", subtitle="Töpfer")),
        ("lower thirds: The old harbour", LowerThird(text="The old harbour")),
        ("lower third: 安娜，陶艺家", LowerThird(text="安娜", subtitle="陶艺家")),
    ],
)
def test_a_line_of_notes_names_somebody(line, found):
    assert thirds(f"We went out.\n{line}\nIt was late.") == (found,)


def test_what_is_no_such_line_is_left_alone():
    text = "The lower third of the valley: fog. She said: a lower third of nothing.\nlower third\nlower third:   "
    assert thirds(text) == () and without_thirds(text) == text


def test_nobody_says_these_lines():
    notes = plain_notes("We met at the kiln.\n\nlower third: Ana, potter\n\nThe pots were still warm.\n")
    assert notes.paragraphs == ("We met at the kiln.", "The pots were still warm.")


def test_a_request_asks_with_quotation_marks():
    request = "A portrait of Ana, with a lower third “Ana Kovač, potter” and „music“, calm"
    assert asked_thirds(request) == (LowerThird(text="Ana Kovač", subtitle="potter"),)
    assert without_asked_thirds(request) == "A portrait of Ana  and „music“, calm"


def test_long_and_strange_names_are_cut_and_cleaned():
    (one,) = thirds("lower third: " + "Maximiliana " * 20 + ", \x1b[31mred\u202e")
    assert len(one.text) <= LONGEST and one.text.endswith("…")
    assert one.subtitle.isprintable()
