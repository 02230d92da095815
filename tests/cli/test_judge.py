"""`cutroom judge`: a verdict, measures with units and a quality for any file; what the model says where there is one."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from PIL import Image

from cutroom.cli.main import main
from cutroom.testing.loopback.chat import ChatServer, calls


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch, tmp_path):
    monkeypatch.setenv("CUTROOM_CONFIG", str(tmp_path / "cutroom.toml"))
    (tmp_path / "cutroom.toml").write_text("")
    monkeypatch.setenv("CUTROOM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def judge(monkeypatch, capsys):
    """Runs the command; returns its exit status, and what it printed."""

    def run(*arguments) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cutroom", "judge", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return int(left.value.code or 0), said.out, said.err

    return run


def configured(tmp_path, server, **settings):
    lines = [
        "[models.eyes]",
        'api = "openai"',
        f'url = "{server.url}"',
        'chat = "some-model"',
        *(f"{name} = {json.dumps(value)}" for name, value in settings.items()),
    ]
    (tmp_path / "cutroom.toml").write_text("\n".join(lines) + "\n")


def test_a_good_clip_passes_with_units_and_quality(judge, make_clip):
    status, out, _ = judge(make_clip("clip.mp4", sound=True, frames=60))
    assert status == 0
    assert "clip.mp4 pass: nothing wrong was found" in out
    assert "quality" in out
    assert "LUFS" in out
    assert "no chat model is configured" in out


def test_a_flat_picture_fails_and_says_why(judge, tmp_path):
    Image.fromarray(np.full((90, 160, 3), 90, np.uint8)).save(tmp_path / "grey.png")
    status, out, _ = judge(tmp_path / "grey.png")
    assert status == 3
    assert "blank: it is one single colour" in out


def test_a_text_is_measured_and_has_no_quality(judge, tmp_path):
    (tmp_path / "notes.txt").write_text("We flew a kite over the lake. It went higher than the trees.")
    status, out, _ = judge(tmp_path / "notes.txt")
    assert status == 0
    assert "speech_s" in out
    assert "there is no such number for text" in out


def test_a_file_that_cannot_be_read_is_an_error_and_costs_only_itself(judge, make_picture, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"\0\1nothing of the kind" * 90)
    status, out, error = judge(tmp_path / "broken.mp4", make_picture())
    assert status == 1
    assert "broken.mp4" in error
    assert "picture.jpg pass" in out


def test_a_file_that_is_not_there_is_wrong_use(judge, tmp_path):
    status, _, error = judge(tmp_path / "nowhere.png")
    assert status == 2
    assert "there is no such file" in error


def test_as_json_it_is_one_object_with_everything(judge, make_clip, make_picture, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"\0\1nothing of the kind" * 90)
    status, out, error = judge(make_clip("clip.mp4"), make_picture(), tmp_path / "broken.mp4", "--json")
    told = json.loads(out)
    clip, picture, broken = told["files"]
    assert (status, told["exit_status"], error) == (1, 1, "")
    assert 1 <= clip["quality"]["score"] <= 20
    assert clip["quality"]["error"] > 0
    assert clip["house"]["judge"] == "house"
    assert clip["house"]["scores"]["fps"] == 30
    assert (picture["medium"], picture["outcome"]) == ("image", "pass")
    assert 0 <= picture["preference"]["score"] <= 1
    assert "error" in broken


def test_a_free_model_with_eyes_is_asked_and_its_answers_are_kept(judge, make_picture, tmp_path):
    answers = (
        {"faults": [{"fault": "clarity", "wrong": "the corner is smeared", "suggestion": "draw it anew"}]},
        {"reason": "plain", "aesthetics": 4, "plausibility": 6},
        {"reason": "it has the corner", "visual": 7, "motion": 5},
        {"reason": "usable", "score": 11},
        {"reason": "one flaw", "decide": "edit", "instruction": "sharpen the corner"},
    )
    with ChatServer(*(calls(("submit", answer)) for answer in answers)) as server:
        configured(tmp_path, server, see=True)
        status, out, _ = judge(make_picture(), "--brief", "a yellow corner")
        again, told, _ = judge(make_picture(), "--brief", "a yellow corner", "--json")
    assert status == again == 3
    assert "rubric_clarity: the corner is smeared (do: draw it anew)" in out
    assert "aesthetics.rubric" in out
    assert "1–10" in out
    assert server.calls == 5
    assert json.loads(told)["files"][0]["rubric"]["decision"] == "edit"
    assert "a yellow corner" in json.dumps(server.bodies[0])


def test_a_model_that_may_cost_money_is_asked_only_when_told_to(judge, make_picture, tmp_path):
    with ChatServer() as server:
        (tmp_path / "cutroom.toml").write_text(
            f'[models.eyes]\napi = "openai"\nurl = "{server.url}"\nchat = "m"\nsee = true\nprice.chat = "1+2"\n'
        )
        _, out, _ = judge(make_picture())
        assert "may cost money; say --rubric to ask it" in out
        assert server.calls == 0
        judge(make_picture(), "--rubric", "-q")
        assert server.calls > 0


def test_a_rubric_that_was_asked_for_and_cannot_be_had_is_wrong_use(judge, make_picture):
    status, _, error = judge(make_picture(), "--rubric")
    assert status == 2
    assert "no chat model is configured" in error
