"""``cutroom models`` as people use it: what is listed, written, tried out; and what is never shown."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cutroom.cli.main import app
from cutroom.errors import WrongUse
from cutroom.performers.configured import writing
from cutroom.testing.loopback.chat import MODEL, ChatServer
from cutroom.testing.loopback.openai import OpenAI

KEY = "sk-0123456789abcdef-do-not-show"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder of its own, and a home without settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CUTROOM_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("STUDIO_KEY", KEY)
    monkeypatch.setenv("COLUMNS", "220")
    return tmp_path


def run(*words, status=0):
    done = CliRunner().invoke(app, ["models", *words])
    assert done.exit_code == status, f"{done.output}\n{done.exception!r}"
    return done.stdout


def wrong(*words) -> str:
    done = CliRunner().invoke(app, ["models", *words])
    assert isinstance(done.exception, WrongUse), done.output
    return str(done.exception)


def test_without_models_the_way_to_one_is_shown(place):
    assert "cutroom models add studio --url" in run()
    assert json.loads(run("--json")) == {"models": [], "fallback": "free", "planner": "house", "files": []}


def test_a_model_is_added_listed_tried_and_removed(place):
    with OpenAI(key=KEY) as studio:
        added = run(
            "add", "studio", "--url", studio.host, "--key-env", "STUDIO_KEY", "--image", MODEL, "--speech", MODEL,
            "--price", "image=0.04", "--licence", "CC0-1.0",
        )  # fmt: skip
        file = place / "config" / "cutroom" / "cutroom.toml"
        assert f"{file}: studio can image ({MODEL}), speech ({MODEL})" in added
        assert "its address ends in /v1" in added
        table = tomllib.loads(file.read_text())["models"]["studio"]
        shown = run()
        told = json.loads(run("--json"))
        stopped = run("test", "studio", "--json", status=4)
        assert studio.calls["POST /v1/images/generations"] == 0, "nobody said yes"
        tried = json.loads(run("test", "studio", "--yes", "--json"))
        one = run("test", "studio", "--only", "speech")
        run("remove", "studio")
        left = file.read_text()

    assert table == {
        "url": studio_url(table), "key_env": "STUDIO_KEY", "image": MODEL, "speech": MODEL, "voices": ["alto", "bass"],
        "price": {"image": "0.04"}, "licence": "CC0-1.0",
    }  # fmt: skip
    line = next(line for line in shown.splitlines() if line.startswith("studio"))
    for word in ("image, speech", "yes, ", "image 0.04, speech free", "CC0-1.0"):
        assert word in line
    (record,) = told["models"]
    assert record["answers"] and record["has"] == [MODEL] and record["voices"] == ["alto", "bass"]
    assert record["key"] == {"env": "STUDIO_KEY", "set": True}
    assert json.loads(stopped.splitlines()[-1])["reason"] == "trying image may cost 0.04 USD; say --yes to go on"
    assert [(row["ability"], row["worked"], row["price"]) for row in tried["tried"]] == [
        ("image", True, "0.04 USD"),
        ("speech", True, "free"),
    ]
    assert one.split()[:2] == ["speech", "worked"]
    assert left == ""
    for output in (added, shown, json.dumps(told), stopped, json.dumps(tried), one):
        assert KEY not in output and KEY[:10] not in output


def studio_url(table) -> str:
    assert table["url"].endswith("/v1")
    return table["url"]


def test_a_project_has_a_file_of_its_own(place):
    with ChatServer() as chat:
        run("add", "talker", "--here", "--url", chat.url, "--chat", MODEL, "--see")
        told = json.loads(run("--json"))
    assert told["planner"] == "talker"
    assert told["models"][0]["from"] == str(place / "cutroom.toml")
    assert told["models"][0]["senses"] == ["see"]


def test_a_model_that_fails_when_tried_is_no_success(place):
    with OpenAI() as studio:
        run("add", "studio", "--here", "--url", studio.url, "--image", "no-such-model")
        assert "image  failed" in run("test", "studio", status=1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "a b", "--url", "http://127.0.0.1:9/v1", "--image", "x"), "a model's name is made of letters"),
        (("add", "a", "--image", "x", "--url", "ftp://x"), "not the address of a server"),
        (
            ("add", "a", "--image", "x", "--url", "http://127.0.0.1:9/v1", "--price", "image"),
            "--price: write a name and a value",
        ),
        (
            ("add", "a", "--image", "x", "--url", "http://127.0.0.1:9/v1", "--price", "image=dear"),
            "price 'dear': write 0.04",
        ),
        (
            ("add", "a", "--image", "x", "--url", "http://127.0.0.1:9/v1", "--option", f"api_key={KEY}"),
            "looks like a key",
        ),
        (("add", "a", "--image", "x", "--url", "http://127.0.0.1:9/v1", "--key-env", KEY), "not the key"),
        (("add", "a", "--image", "x", "--url", "http://127.0.0.1:9/v1", "--at-once", "0"), "at_once = 0"),
        (("add", "a", "--url", "http://127.0.0.1:9/v1"), "say what it is for"),
        (("add", "a"), "say where it is"),
        (("test", "nobody"), "there is no model nobody; there are: none: cutroom models add"),
        (("remove", "nobody"), "there is no model nobody"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(place, words, says):
    told = wrong(*words)
    assert says in told
    assert KEY not in told
    assert not list(place.rglob("cutroom.toml"))


def test_a_model_that_is_there_is_only_replaced_when_that_is_said(place):
    words = ("add", "a", "--here", "--url", "http://127.0.0.1:9/v1")
    run(*words, "--image", "x")
    assert "there is a model a already; say --replace" in wrong(*words, "--image", "y")
    run(*words, "--image", "y", "--replace")
    assert tomllib.loads((place / "cutroom.toml").read_text())["models"]["a"]["image"] == "y"


# -- the file ------------------------------------------------------------------------------------------------------

WRITTEN = """\
# Mine. Do not touch.
fallback = "ask"   # I want to know

[models.first]      # the good one
url = "http://127.0.0.1:1/v1"
chat = "x"

[models.first.options]
temperature = 0.5
stop = [
  "[models.second]",
]

# the second one
[models.second]
url = "http://127.0.0.1:2/v1"
image = "y"
# about its price
price.image = "1"

# at the end
"""


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "cutroom.toml"
    path.write_text(WRITTEN)
    return path


SETTINGS = {"url": "http://127.0.0.1:3/v1", "image": 'a "quoted" \\ name\x7f', "options": {"a b": [1, 2.5, True]}}


def test_what_is_added_stands_at_the_end_and_all_else_stays(file):
    writing.add(file, "third", SETTINGS)
    text = file.read_text()
    assert text.startswith(WRITTEN)
    assert tomllib.loads(text)["models"]["third"] == SETTINGS


def test_what_is_replaced_keeps_its_place_and_the_comments_of_others(file):
    writing.add(file, "first", SETTINGS, replace=True)
    text = file.read_text()
    assert tomllib.loads(text)["models"]["first"] == SETTINGS
    assert text.startswith('# Mine. Do not touch.\nfallback = "ask"   # I want to know\n\n[models.first]\nurl')
    assert text.endswith(WRITTEN[WRITTEN.index("# the second one") :])
    assert "temperature" not in text


@pytest.mark.parametrize("name", ["first", "second"])
def test_what_is_removed_takes_nothing_else_along(file, name):
    writing.remove(file, name)
    text = file.read_text()
    expected = tomllib.loads(WRITTEN)
    del expected["models"][name]
    assert tomllib.loads(text) == expected
    for comment in ("# Mine", "# I want to know", "# at the end"):
        assert comment in text
    assert ("# the second one" in text) == (name == "first") or name == "second"


@pytest.mark.parametrize(
    "text",
    [
        'models.a.url = "http://127.0.0.1:1/v1"\n',
        'models = { a = { url = "http://127.0.0.1:1/v1" } }\n',
        '[models]\na.url = "http://127.0.0.1:1/v1"\n',
    ],
)
def test_a_file_that_is_written_otherwise_is_left_to_its_writer(file, text):
    file.write_text(text)
    with pytest.raises(WrongUse, match="change it by hand"):
        writing.add(file, "a", SETTINGS, replace=True)
    with pytest.raises(WrongUse, match="change it by hand"):
        writing.remove(file, "a")
    assert file.read_text() == text


def test_a_link_stays_a_link_and_the_mode_stays(file, tmp_path):
    file.chmod(0o600)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    writing.add(link, "third", SETTINGS)
    assert link.is_symlink()
    assert "third" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["cutroom.toml", "link.toml"], "nothing half-written is left"


def test_lines_of_windows_stay_so(file):
    file.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    writing.remove(file, "first")
    assert b"\r\n" in file.read_bytes() and list(tomllib.loads(file.read_text())["models"]) == ["second"]
