"""`cutroom verify`: what it says, and how it exits."""

from __future__ import annotations

import json
import sys

import pytest

from cutroom.cli.main import main
from cutroom.render.marking import Component, Story, mark

STORY = Story(
    "Lake",
    "0.1.0",
    (Component("music [b]loud", "ab" * 32, "audio/wav", True, "algorithmicMedia", by=("house/composer", "1")),),
)


@pytest.fixture
def film(make_clip, tmp_path):
    mark(make_clip("plain.mp4", sound=True), tmp_path / "film.mp4", STORY)
    return tmp_path / "film.mp4"


def verify(*arguments, monkeypatch) -> int:
    monkeypatch.setattr(sys, "argv", ["cutroom", "verify", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_a_valid_film_is_told_in_full(film, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    assert verify(film, monkeypatch=monkeypatch) == 0

    said = capsys.readouterr().out
    assert "valid: signed, and unchanged since" in said
    assert "algorithmicMedia: computed by rules" in said
    assert "this machine's own certificate; nobody vouches for it" in said
    assert "music [b]loud" in said
    assert "componentOf" in said


def test_a_changed_film_is_broken(film, monkeypatch, capsys):
    data = bytearray(film.read_bytes())
    data[data.index(b"mdat") + 40] ^= 1
    film.write_bytes(data)

    assert verify(film, monkeypatch=monkeypatch) == 1
    assert "the film is not as it was when it was signed" in " ".join(capsys.readouterr().out.split())


def test_a_plain_picture_says_nothing(make_picture, monkeypatch, capsys):
    assert verify(make_picture(), monkeypatch=monkeypatch) == 3
    assert "absent" in capsys.readouterr().out


def test_as_json_it_is_one_object(film, monkeypatch, capsys):
    assert verify(film, "--json", monkeypatch=monkeypatch) == 0

    marks = json.loads(capsys.readouterr().out)
    assert (marks["schema_name"], marks["status"]) == ("cutroom.marks.1", "valid")
    assert set(marks["watermarks"]) == {"picture", "sound"}


def test_quiet_it_only_exits(film, monkeypatch, capsys):
    assert verify(film, "-q", monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == ""


def test_a_file_that_is_not_there(tmp_path, monkeypatch, capsys):
    assert verify(tmp_path / "nothing.mp4", monkeypatch=monkeypatch) == 1
    assert "nothing.mp4: is no file" in capsys.readouterr().err
