"""File names that every system takes, whatever the files were called."""

import pytest

from cutroom.exports.material import LONGEST, safe_name


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Lake at dawn (1).JPG", "Lake_at_dawn_1"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\day.png", "day"),
        ("日の出.png", "日の出"),
        ("con.mp4", "_con"),
        (".hidden", "hidden"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("a/b:c*d?e.mov", "b_c_d_e"),
        ("line\nbreak\x00.wav", "line_break"),
    ],
)
def test_names_become_safe_and_stay_readable(name: str, wanted: str):
    assert safe_name(name) == wanted


def test_long_names_are_cut():
    assert len(safe_name("x" * 500 + ".jpg")) == LONGEST
