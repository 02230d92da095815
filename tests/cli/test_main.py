"""The command's manners: what it prints where, and how it ends. No film is rendered here."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from cutroom import Options, Result, api
from cutroom.cli import main as cli
from cutroom.cli import screen
from cutroom.plan.plan import Degraded


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs the command in this process, in a folder with one picture; returns its exit status and what it said."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (90, 120, 3), np.uint8)).save("a.jpg")

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["cutroom", *arguments])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(bool(end.code))
        told = capsys.readouterr()
        return Said(status, told.out, told.err)

    return run


@pytest.fixture
def made(monkeypatch):
    """Takes the place of making films; holds what was asked, and what comes of it can be set."""

    class Made:
        options: Options
        result = Result(status="delivered", production="film.cutroom")

        def make(self, request, files, out, *, options, watch, force, preview):
            self.options = options
            if isinstance(self.result, BaseException):
                raise self.result
            return self.result

    made = Made()
    monkeypatch.setattr(api, "make", made.make)
    return made


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("make", "A film", "b.jpg"), "b.jpg: there is no such file or folder"),
        (("make", "A film", "a.jpg", "-o", "film.avi"), "films are written as .mp4"),
        (("make", "A film", "a.jpg", "--seconds", "long"), "--seconds long"),
        (("make", "A film", "a.jpg", "--seconds", "-3"), "--seconds -3"),
        (("make", "A film", "a.jpg", "--seconds", "nan"), "--seconds nan"),
        (("make", "A film", "a.jpg", "--fps", "0"), "--fps 0"),
        (("make", "A film", "a.jpg", "--format", "0x0"), "--format 0x0"),
        (("make", "A film", "a.jpg", "--format", "wide"), "--format 'wide'"),
        (("make", "A film", "a.jpg", "--mood", "angry"), "angry"),
        (("make", "A film", "a.jpg", "--music", "song.mp3"), "--music song.mp3: no such file"),
        (("make", "A film", "a.jpg", "--music", "a.jpg"), "--music a.jpg: no sound in it"),
        (("make", "A film", "a.jpg", "--budget", "-1"), "--budget -1"),
        (("make", "A film", "a.jpg", "--captions", "loud"), "loud"),
        (("make", " "), "nothing to make a film of"),
        (("show", "a.cutroom"), "no production here"),
        (("make",), "request"),
        (("bake", "A film"), "bake"),
    ],
)
def test_wrong_use_ends_with_2_and_names_what_is_wrong(run, tmp_path, arguments, says):
    said = run(*arguments)

    assert said.status == 2
    assert says.lower() in said.err.lower()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize(("status", "ends"), [("delivered", 0), ("degraded", 3), ("stopped", 4), ("failed", 1)])
def test_the_exit_status_tells_what_became_of_it(run, made, status, ends):
    made.result = Result(status=status, production="film.cutroom", reason="as it is")

    assert run("make", "A film", "a.jpg").status == ends
    assert run("make", "A film", "a.jpg", "--json").status == ends


def test_json_is_one_object_and_nothing_else(run, made):
    made.result = Result(status="degraded", production="film.cutroom", degraded=(Degraded(what="β.jpg", why="gone"),))
    said = run("make", "A film", "a.jpg", "--json")

    assert said.err == ""
    assert json.loads(said.out)["degraded"] == [{"what": "β.jpg", "why": "gone"}]
    assert said.out.count("\n") == 1


def test_many_notes_of_one_kind_are_counted(run, made):
    untold = tuple(f"not said for want of time: “Sentence {place}.”" for place in range(120))
    made.result = Result(status="delivered", production="film.cutroom", notes=(*untold, "song.mp3 is not heard"))
    lines = run("make", "A film", "a.jpg").out.splitlines()

    assert [line for line in lines if "Sentence" in line] == [f"note: {note}" for note in untold[:3]]
    assert lines[-2:] == ["note: song.mp3 is not heard", "note: not said for want of time: 117 more, all in --json"]
    assert json.loads(run("make", "A film", "a.jpg", "--json").out)["notes"] == [*untold, "song.mp3 is not heard"]


def test_quiet_says_nothing_but_errors(run, made):
    assert run("make", "A film", "a.jpg", "--quiet") == Said(0, "", "")
    made.result = Result(status="failed", production="film.cutroom", reason="the sky fell")
    said = run("make", "A film", "a.jpg", "--quiet")
    assert said.out == ""
    assert "the sky fell" in said.err


def test_ctrl_c_before_anything_began_ends_with_4(run, made):
    made.result = KeyboardInterrupt()

    said = run("make", "A film", "a.jpg")

    assert said.status == 4
    assert "run the same command again" in said.err


def test_a_broken_ledger_is_an_error_that_says_what_to_do(run, tmp_path):
    (tmp_path / "film.cutroom").mkdir()
    (tmp_path / "film.cutroom" / "ledger.sqlite").write_bytes(b"no ledger at all" * 200)

    for arguments in (("make", "A film", "a.jpg"), ("show", "film.cutroom")):
        said = run(*arguments)
        assert said.status == 1
        assert "move the folder away" in said.err


def test_options_reach_the_film(run, made):
    run(
        "make",
        "A film",
        "a.jpg",
        "--seconds",
        "7.5",
        "--format",
        "9:16",
        "--fps",
        "24000/1001",
        "--mood",
        "epic",
        "--voice",
        "none",
        "--music",
        "none",
        "--captions",
        "file",
        "--language",
        "de",
        "--seed",
        "7",
        "--budget",
        "0",
    )

    asked = made.options.model_dump(mode="json")
    assert asked["seconds"] == "15/2"
    assert asked["fps"] == "24000/1001"
    assert (asked["shape"], asked["mood"], asked["captions"]) == ("9:16", "epic", "file")
    assert (asked["voice"], asked["music"], asked["language"]) == ("none", "none", "de")
    assert (asked["seed"], asked["budget"]) == (7, "0")


def test_a_plan_is_shown_and_nothing_is_kept(run, tmp_path):
    said = run("plan", "A film without music", "a.jpg")
    assert said.status == 0
    assert "a.jpg" in said.out
    assert "house/render" in said.out
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]

    dry = run("make", "A film without music", "a.jpg", "--dry-run")
    assert (dry.status, dry.out) == (0, said.out)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_stopping_after_the_plan_keeps_it(run, tmp_path):
    said = run("make", "A film without music", "a.jpg", "--stop-after", "plan")

    assert said.status == 0
    plan = json.loads((tmp_path / "film.cutroom" / "plan.json").read_text())
    assert plan["goal"] in plan["steps"]
    assert not (tmp_path / "film.mp4").exists()
    assert "stopped after the plan" in run("show", "film.cutroom").out


def test_what_is_shown_is_never_taken_for_markup(capsys):
    result = Result(
        status="degraded", production="p", degraded=(Degraded(what="[red]a[/red].jpg", why="[link=x]no[/link]"),)
    )

    screen.show_result(result, json=False, quiet=False)

    assert "[red]a[/red].jpg: [link=x]no[/link]" in capsys.readouterr().out
