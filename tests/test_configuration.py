"""What a person sets up: where it is looked for, what wins, what is said when it is wrong, and that no key is ever shown."""

import os
from pathlib import Path

import pytest

from cutroom.chat.configured import chat_model_of
from cutroom.configuration import Configuration, Model, configured, endpoint_of, found, read_text, users_file
from cutroom.errors import Unavailable, WrongUse

KEY = "sk-0123456789abcdef-do-not-show"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A home with a repository in it; the working folder lies below. No configuration from outside."""
    for name in [name for name in os.environ if name.startswith("CUTROOM_") or name == "XDG_CONFIG_HOME"]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    work = home / "films" / "lake" / "cuts"
    work.mkdir(parents=True)
    (home / "films" / "lake" / ".git").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(work)
    return home


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def model(name: str, **settings) -> str:
    return f"[models.{name}]\n" + "".join(f'{setting} = "{value}"\n' for setting, value in settings.items())


def test_nothing_configured_is_fine(place):
    assert found().configuration == Configuration()
    assert found().files == ()


def test_the_project_comes_before_the_user_and_takes_the_place_of_whole_models(place):
    mine = write(
        users_file(), 'fallback = "never"\n' + model("studio", url="http://a/v1", image="x", licence="MIT") + model("b")
    )
    near = write(place / "films" / "lake" / "cutroom.toml", model("c") + model("studio", url="http://c/v1", chat="y"))
    known = found()

    assert list(known.configuration.models) == ["c", "studio", "b"]
    assert known.configuration.models["studio"] == Model(url="http://c/v1", chat="y")
    assert known.configuration.fallback == "never"
    assert known.files == (near, mine)
    assert known.origins == {"c": str(near), "studio": str(near), "b": str(mine)}


def test_what_lies_above_the_repository_is_not_of_this_project(place):
    write(place / "films" / "cutroom.toml", model("above"))
    assert configured().models == {}


def test_outside_of_home_and_repositories_only_the_folder_itself_counts(place, tmp_path, monkeypatch):
    outside = tmp_path / "elsewhere" / "deeper"
    outside.mkdir(parents=True)
    write(tmp_path / "elsewhere" / "cutroom.toml", model("strangers"))
    monkeypatch.chdir(outside)
    assert configured().models == {}
    write(outside / "cutroom.toml", model("mine"))
    assert list(configured().models) == ["mine"]


def test_a_file_of_somebody_else_is_refused_unless_it_is_named(place, monkeypatch):
    path = write(Path("cutroom.toml"), model("theirs")).resolve()
    monkeypatch.setattr("os.getuid", lambda: path.stat().st_uid + 1 or 1)
    if path.stat().st_uid == 0:  # root's files are trusted: hand it to somebody
        os.chown(path, 4321, -1)
    with pytest.raises(WrongUse, match=r"belongs to somebody else; if you trust .* set CUTROOM_CONFIG="):
        found()
    monkeypatch.setenv("CUTROOM_CONFIG", str(path))
    assert list(configured().models) == ["theirs"]


def test_one_variable_names_the_one_file(place, monkeypatch):
    write(Path("cutroom.toml"), model("project"))
    write(users_file(), model("user"))
    monkeypatch.setenv("CUTROOM_CONFIG", str(write(place / "other.toml", model("other"))))
    assert list(configured().models) == ["other"]
    monkeypatch.setenv("CUTROOM_CONFIG", str(place / "gone.toml"))
    with pytest.raises(WrongUse, match=r"gone\.toml: cannot be read \(No such file"):
        found()
    monkeypatch.setenv("CUTROOM_CONFIG", os.devnull)
    assert configured().models == {}


def test_the_environment_changes_single_settings_and_makes_new_models(place, monkeypatch):
    write(
        Path("cutroom.toml"), model("my-studio", url="http://a/v1", image="x") + "price.image = '1'\nprice.edit = '2'\n"
    )
    said = {
        "CUTROOM_MODELS_MY_STUDIO_URL": "http://b/v1",
        "CUTROOM_MODELS_MY_STUDIO_EDIT_VIDEO": "e",
        "CUTROOM_MODELS_MY_STUDIO_AT_ONCE": "9",
        "CUTROOM_MODELS_MY_STUDIO_FIRST": "true",
        "CUTROOM_MODELS_KOKORO_URL": "http://127.0.0.1:8880/v1",
        "CUTROOM_MODELS_KOKORO_SPEECH": "kokoro",
        "CUTROOM_MODELS_KOKORO_VOICES": "af_sky, bm_lewis",
        "CUTROOM_MODELS_KOKORO_PRICE_SPEECH": "0.01",
        "CUTROOM_MODELS_KOKORO_KEY": KEY,
        "CUTROOM_FALLBACK": "any",
    }
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    known = found()
    studio, kokoro = known.configuration.models["my-studio"], known.configuration.models["kokoro"]

    assert (studio.url, studio.image, studio.edit_video, studio.at_once, studio.first) == (
        "http://b/v1",
        "x",
        "e",
        9,
        True,
    )
    assert (kokoro.speech, kokoro.voices, kokoro.price) == ("kokoro", ("af_sky", "bm_lewis"), {"speech": "0.01"})
    assert kokoro.key_env == "CUTROOM_MODELS_KOKORO_KEY"
    assert endpoint_of("kokoro", kokoro).key.reveal() == KEY
    assert known.configuration.fallback == "any"
    assert known.origins["kokoro"] == "the environment"
    assert KEY not in repr(known) + known.configuration.model_dump_json()


def test_a_price_from_the_environment_leaves_the_others(place, monkeypatch):
    write(Path("cutroom.toml"), model("s", url="http://a/v1", image="x") + "price.image = '1'\nprice.edit = '2'\n")
    monkeypatch.setenv("CUTROOM_MODELS_S_PRICE_IMAGE", "3")
    assert configured().models["s"].price == {"image": "3", "edit": "2"}


def test_files_are_named_from_the_configuration_wherever_the_command_runs(place, monkeypatch):
    where = place / "films" / "lake"
    write(
        where / "cutroom.toml",
        '[models.c]\napi = "comfyui"\nworkflows.image = "flows/still.json"\nfolder = "weights"\n',
    )
    one = configured().models["c"]
    assert (one.workflows["image"], one.folder) == (str(where / "flows" / "still.json"), str(where / "weights"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[models.studio\n", r"cutroom\.toml: not TOML: .*line 1"),
        (
            '[models.studio]\nimgae = "x"\n',
            r"cutroom\.toml: \[models\.studio\] imgae: no such setting, did you mean image\?",
        ),
        (
            '[models.studio]\napi = "opnai"\n',
            r"\[models\.studio\] api = 'opnai': it is one of .*, did you mean openai\?",
        ),
        (
            '[models.studio]\nurl = "studio.local"\n',
            r"\[models\.studio\] url: .*not the address of a server; write it as http",
        ),
        (
            '[models.studio]\nurl = "http://me:pw1@host/v1"\n',
            r"url: the address of host holds a password; put the key into",
        ),
        ("[models.studio]\nat_once = 0\n", r"\[models\.studio\] at_once = 0: it should be greater than or equal to 1"),
        (
            '[models.studio]\nprice.pictures = "1"\n',
            r"\[models\.studio\] price: price 'pictures': there is no such thing",
        ),
        ("[models.studio]\nprice.image = 0.04\n", r"\[models\.studio\] price\.image: it should be a valid string"),
        ("[models.house]\n", r"models\.house: this name is taken"),
        ('[models."a b"]\n', r"models\.a b: a model's name is made of letters"),
        ('fallbck = "any"\n', r"cutroom\.toml: fallbck: no such setting, did you mean fallback\?"),
        ('fallback = "anybody"\n', r"fallback = 'anybody': it is one of ask, free, any, never, did you mean any\?"),
        ('image = "x"\n', r"image: this belongs into the table of a model"),
        (
            'planner = "studio"\n[models.studio]\nimage = "x"\n',
            r"planner 'studio': there is no such thing; there are: house",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_the_way_out(text, says, tmp_path):
    with pytest.raises(WrongUse, match=says):
        read_text(text, tmp_path / "cutroom.toml")


@pytest.mark.parametrize(
    "text",
    [
        f'key = "{KEY}"',
        f'api_key = "{KEY}"',
        f'key_env = "{KEY}"',
        f'options = {{ api_key = "{KEY}" }}',
        f'options.image = {{ headers = {{ Authorization = "{KEY}" }} }}',
        f'url = "http://user:{KEY}@host/v1"',
        f'url = "{KEY}"',
        f'at_once = "{KEY}"',
        f'price = "{KEY}"',
        'url = "http://host/v1',
    ],
)
def test_a_key_in_the_file_is_refused_and_not_repeated(text, tmp_path):
    with pytest.raises(WrongUse) as caught:
        read_text(f"[models.studio]\n{text}\n", tmp_path / "cutroom.toml")
    told, cause = str(caught.value), caught.value
    while cause is not None:
        assert KEY not in str(cause)
        cause = cause.__cause__
    assert "cutroom.toml" in told


def test_a_wrong_variable_is_named_and_its_value_is_not_shown(place, monkeypatch):
    monkeypatch.setenv("CUTROOM_MODELS_STUDIO_ULR", KEY)
    with pytest.raises(
        WrongUse, match=r"CUTROOM_MODELS_STUDIO_ULR: no such setting of a model, did you mean url\?"
    ) as caught:
        found()
    assert KEY not in str(caught.value)
    monkeypatch.delenv("CUTROOM_MODELS_STUDIO_ULR")
    monkeypatch.setenv("CUTROOM_MODELS_STUDIO_AT_ONCE", "many")
    with pytest.raises(
        WrongUse, match=r"the environment: CUTROOM_MODELS_STUDIO_AT_ONCE many: it should be a valid integer"
    ):
        found()


def test_a_key_that_is_not_set_is_said_by_its_name(monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(Unavailable, match=r"model studio: its key is not set; .*NO_SUCH_KEY"):
        endpoint_of("studio", Model(url="http://a/v1", key_env="NO_SUCH_KEY"))


def test_who_plans(place):
    two = {
        "a": Model(url="http://a/v1", image="i"),
        "b": Model(url="http://b/v1", chat="c"),
        "d": Model(url="http://d/v1", chat="e"),
    }
    assert Configuration(models=two).chat == "b"
    assert Configuration(models=two, planner="d").chat == "d"
    assert Configuration(models=two, planner="house").chat is None
    assert chat_model_of(Configuration()) is None
    chosen = chat_model_of(Configuration(models=two, planner="d"))
    assert chosen is not None and (chosen.name, chosen.served.model) == ("d", "e")
