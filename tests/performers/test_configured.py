"""Models from ``cutroom.toml`` in the cast: where they stand, what is free, and that no run leaves a key behind."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

import cutroom
from cutroom.configuration import Configuration, Model
from cutroom.errors import WrongUse
from cutroom.performers.configured.absent import STEPS, Absent
from cutroom.performers.configured.asking import ask, ask_all
from cutroom.performers.configured.cast import performers_for, performers_of
from cutroom.performers.configured.filling import filled
from cutroom.performers.configured.samples import sample_step
from cutroom.performers.configured.trying import trials_of, try_out
from cutroom.performers.connections import Connections
from cutroom.plan.catalogue.generate import GeneratePicture, Speak
from cutroom.plan.plan import Plan
from cutroom.planner.casting import cast
from cutroom.plugins import offered
from cutroom.testing.loopback.chat import MODEL, ChatServer
from cutroom.testing.loopback.comfyui import ComfyUI
from cutroom.testing.loopback.openai import OpenAI
from cutroom.testing.loopback.queue import AceStep, Fal
from cutroom.testing.loopback.server import Answer, said

KEY = "sk-0123456789abcdef-do-not-show"


@pytest.fixture
def configure(tmp_path, monkeypatch):
    """Writes ``cutroom.toml`` and makes it the one that holds."""

    def write(text: str) -> Path:
        path = tmp_path / "cutroom.toml"
        path.write_text(text)
        monkeypatch.setenv("CUTROOM_CONFIG", str(path))
        return path

    monkeypatch.setenv("STUDIO_KEY", KEY)
    return write


def who(step, **by) -> list[str]:
    plan = Plan(steps={"one": step}, goal="one", by=by)
    part = cast(plan, offered("cutroom_performers")).parts["one"]
    return [part.performer, *(other.performer for other in part.alternates)]


LINE = Speak(text="hello", language="en")
PICTURE = GeneratePicture(prompt="a kite")


def test_a_model_stands_behind_the_house_unless_it_is_named_or_put_first(configure):
    table = '[models.studio]\nurl = "https://studio.example/v1"\nspeech = "s"\nimage = "i"\n'
    configure(table)
    house = [name for name in who(LINE) if name.startswith("house/")]
    assert house and who(LINE) == [*house, "studio/speech"]
    assert who(PICTURE) == ["studio/image"]
    assert who(LINE, one="studio") == who(LINE, one="studio/speech") == ["studio/speech", *house]
    assert who(LINE, one="nothing_here") == ["nobody", *house, "studio/speech"]
    configure(table + "first = true\n")
    assert who(LINE) == ["studio/speech", *house]


def test_the_nearest_model_is_tried_first(configure):
    configure(
        '[models.b]\nurl = "http://b.example/v1"\nimage = "x"\n[models.a]\nurl = "http://a.example/v1"\nimage = "y"\n'
    )
    assert who(PICTURE) == ["b/image", "a/image"]


@pytest.mark.parametrize(
    ("url", "price", "expected"),
    [
        ("http://127.0.0.1:1/v1", {}, "free"),
        ("http://localhost:1/v1", {"image": "0.5"}, "0.5 USD"),
        ("https://host.example/v1", {}, "unknown"),
        ("https://host.example/v1", {"image": "0.04 EUR"}, "0.04 EUR"),
        ("https://host.example/v1", {"image": "free"}, "free"),
    ],
)
def test_what_a_take_costs_is_what_was_configured(url, price, expected):
    (one,) = performers_of({"studio": Model(url=url, image="x", price=price, at_once=7)})
    terms = one.terms(PICTURE)
    assert (str(terms.price), terms.lane, terms.at_once) == (expected, "studio", 7)


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (
            Model(url="http://a/v1", image="x", price={"image": "cheap"}),
            r"model studio: price\.image: price 'cheap': write",
        ),
        (Model(api="comfyui", url="http://a", workflows={"image": "/gone/still.json"}), r"/gone/still\.json"),
        (Model(api="diffusers", image="x", speech="y"), r"speech: a diffusers pipeline is for"),
        (Model(api="whisper", transcribe="x"), r"no model to listen with; add folder"),
    ],
)
def test_a_model_that_is_not_set_up_rightly_costs_only_its_own_part(model, why):
    found = performers_for("studio", model, Connections())
    assert found and all(isinstance(one, Absent) and re.search(why, one.why) for one in found)
    assert not any(one.performs(LINE) for one in found if one.name != "studio/speech")


def test_every_ability_has_its_step_and_its_sample():
    for ability, kind in STEPS.items():
        assert isinstance(sample_step(ability), kind)


def test_no_model_is_named_in_the_source():
    """What servers have is configured, or asked of them."""
    known = re.compile(
        r"gpt-?\d|dall-e|whisper-1|sora-\d|tts-1|claude-\d|gemini-\d|llama-?\d|qwen\d|flux[.-]?1|sdxl|stable-diffusion|wan-?2|"
        r"mistral|deepseek|veo-?\d|\bkling\b|\bltx\b",
        re.IGNORECASE,
    )
    named = {
        f"{path.name}: {found[0]}"
        for path in Path(cutroom.__file__).parent.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if (found := known.search(line)) and not line.lstrip().startswith("#")
    }
    assert named == set()


# -- asking --------------------------------------------------------------------------------------------------------


def test_servers_are_asked_side_by_side_and_say_what_they_have(monkeypatch):
    monkeypatch.setenv("STUDIO_KEY", KEY)
    with OpenAI(key=KEY) as studio, ChatServer() as chat, Fal() as fal, AceStep() as songs, OpenAI() as slow:
        slow.will("GET /v1/models", Answer(stall=30))
        models = {
            "studio": Model(
                url=studio.url, key_env="STUDIO_KEY", image=MODEL, edit="bars", speech=MODEL, voices=("alto", "x")
            ),
            "chat": Model(url=chat.url, chat=MODEL),
            "fal": Model(api="fal", url=fal.url, image="any/model"),
            "songs": Model(api="ace_step", url=songs.url, music="any"),
            "slow": Model(url=slow.url, image=MODEL),
            "gone": Model(url="http://127.0.0.1:9/v1", image="x"),
            "empty": Model(url=studio.url),
        }
        found = ask_all(Configuration(models=models), patience=0.5)

    assert {name: one.answers for name, one in found.items()} == {
        "studio": True, "chat": True, "fal": True, "songs": True, "slow": False, "gone": False, "empty": False
    }  # fmt: skip
    assert found["studio"].has == (MODEL,)
    assert found["studio"].voices == ("alto", "bass")
    assert found["studio"].says == (
        f"it lists no model bars (edit), did you mean {MODEL}?",
        "it has no voice x; it has alto, bass",
    )
    assert "no whole answer within 0.5 s" in found["slow"].says[0]
    assert "is the server running?" in found["gone"].says[0]
    assert "configured for nothing" in found["empty"].says[0]


def test_a_refused_key_is_said_without_showing_it(monkeypatch):
    monkeypatch.setenv("STUDIO_KEY", KEY)
    with OpenAI(key="another") as studio:  # the server repeats the key in its error
        found = ask("studio", Model(url=studio.url, key_env="STUDIO_KEY", image=MODEL))
    assert not found.answers
    assert "check STUDIO_KEY" in found.says[0]
    assert KEY not in str(found) and KEY[:10] not in str(found)


def test_a_workflow_is_checked_against_the_server(tmp_path):
    path = tmp_path / "still.json"
    path.write_text(WORKFLOW)
    model = Model(api="comfyui", workflows={"image": str(path)})
    with ComfyUI() as server:
        assert ask("comfy", model.model_copy(update={"url": server.url})).says == ()
    with ComfyUI(missing=("KSampler",)) as server:
        found = ask("comfy", model.model_copy(update={"url": server.url}))
    assert found.answers
    assert "the node KSampler" in found.says[0] and "not installed" in found.says[0]


WORKFLOW = """{
 "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "bars-v1.safetensors"}},
 "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "x", "clip": ["1", 1]}, "_meta": {"title": "cutroom:prompt"}},
 "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
 "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
 "5": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 2, "cfg": 1.0, "sampler_name": "euler", "scheduler": "normal",
   "denoise": 1.0, "model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}},
 "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
 "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "cutroom"}}
}"""


# -- filling in ----------------------------------------------------------------------------------------------------


class Catalogue(OpenAI):
    """A server whose list says more than names."""

    def __init__(self, *rows, routes=(), **how):
        super().__init__(**how)
        self.rows, self.routes = rows, routes

    def answer(self, asked):
        if asked.route == "GET /v1/models":
            return said({"object": "list", "data": list(self.rows)})
        if asked.route == "GET /openapi.json" and self.routes:
            return said({"openapi": "3.1.0", "paths": {route: {} for route in self.routes}})
        return super().answer(asked)


def fill(*rows, routes=(), **settings):
    with Catalogue(*rows, routes=routes) as server:
        found = filled("studio", {"url": server.url} | settings)
    return found.settings | {"url": ""}, found.notes


def test_what_a_list_says_of_its_models_is_taken_in():
    settings, notes = fill(
        {
            "id": "sees",
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "pricing": {"prompt": "0.0000005", "completion": "0.0000015"},
        },
        {"id": "draws", "architecture": {"output_modalities": ["image"]}},
    )
    assert settings == {"url": "", "chat": "sees", "see": True, "image": "draws", "price": {"chat": "0.5+1.5"}}
    assert any("price for a million tokens" in note for note in notes)


def test_of_one_model_the_routes_say_what_it_is_for():
    assert fill({"id": "k"}, routes=("/v1/audio/speech", "/v1/models"))[0]["speech"] == "k"
    # A server for language lists all routes that it knows, whatever the model can.
    settings, _ = fill({"id": "m"}, routes=("/v1/chat/completions", "/v1/audio/transcriptions"))
    assert settings == {"url": "", "chat": "m"}


def test_where_nobody_says_what_a_model_is_for_a_person_must():
    with pytest.raises(WrongUse, match=r"say what it is for, such as --chat NAME .*; it lists a, b"):
        fill({"id": "a"}, {"id": "b"})
    assert fill({"id": "a"}, {"id": "b"}, chat="b")[0]["chat"] == "b"


def test_a_server_that_is_away_costs_only_what_it_would_have_said():
    found = filled("studio", {"url": "http://127.0.0.1:9/v1", "image": "x"})
    assert found.settings == {"url": "http://127.0.0.1:9/v1", "image": "x"}
    assert "could not be asked" in found.notes[0]


@pytest.mark.parametrize(
    "row",
    [
        {"id": "\x1b[31mred\n" * 50},
        {"id": 7},
        {},
        {"id": "x", "architecture": [], "pricing": {"prompt": "-1", "completion": "NaN"}},
        {"id": "x", "type": ["a"], "architecture": {"input_modalities": "image", "output_modalities": [{}]}},
    ],
)
def test_what_a_server_says_is_data(row):
    settings, notes = fill(row, chat="x")
    assert settings == {"url": "", "chat": "x"}
    assert not any("\x1b" in note or "\n" in note or len(note) > 400 for note in notes)


# -- trying out ----------------------------------------------------------------------------------------------------


def test_one_small_real_call_of_each_kind():
    with OpenAI() as studio, ChatServer() as chat:
        model = Model(
            url=studio.url,
            **dict.fromkeys(
                ("image", "edit", "video", "animate", "edit_video", "speech", "transcribe", "sound"), MODEL
            ),
            price={"image": "0.02"},
        )
        tried = {one.ability: one for one in try_out("s", model, trials_of("s", model))}
        talk = Model(url=chat.url, chat=MODEL, see=True)
        spoken = list(try_out("c", talk, trials_of("c", talk)))

    assert {ability: one.worked for ability, one in tried.items()} == dict.fromkeys(tried, True), tried
    assert tried["image"].says.startswith("a picture of 512×512")
    assert str(tried["image"].price) == "0.02 USD"
    assert tried["video"].says.startswith("a clip of 512×288, 2.0 s at 12 fps")
    assert tried["speech"].says.startswith("a sound of ")
    assert tried["transcribe"].says.startswith("“Bars and tone.”, 3 words with times")
    assert [one.ability for one in spoken] == ["chat", "see"]
    assert all(one.worked and "by tool call" in one.says for one in spoken), spoken
    assert "image_url" in str(chat.bodies[1]["messages"])


def test_what_fails_is_said_and_the_others_are_still_tried():
    with OpenAI() as studio:
        model = Model(url=studio.url, image="no-such", speech=MODEL)
        tried = list(try_out("s", model, trials_of("s", model)))
    assert [one.worked for one in tried] == [False, True]
    assert "404" in tried[0].says and "does not exist" in tried[0].says
    assert tried[0].price.free


# -- whole runs ----------------------------------------------------------------------------------------------------


def everything_left(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.slow
def test_a_configured_voice_that_fails_is_replaced_aloud_and_no_key_is_left_anywhere(
    configure, tmp_path, capsys, monkeypatch
):
    notes = tmp_path / "notes.txt"
    notes.write_text("We rowed out at dawn. The lake was still.")
    monkeypatch.chdir(tmp_path)
    options = {"seconds": "4", "shape": "320x180", "music": "none", "mark": False}
    with OpenAI(key="not that one") as studio:  # refuses the key, and repeats it
        configure(
            f'[models.studio]\nurl = "{studio.url}?token={KEY}"\nkey_env = "STUDIO_KEY"\nspeech = "{MODEL}"\n'
            'voices = ["alto"]\nfirst = true\n'
        )
        stopped = cutroom.make(
            "a film, with narration", [notes], tmp_path / "a.mp4", options=cutroom.Options(**options, fallback="never")
        )
        film = cutroom.make("a film, with narration", [notes], tmp_path / "a.mp4", options=cutroom.Options(**options))

    assert stopped.status == "failed" and "say --fallback free to go on with it" in stopped.reason
    assert film.status == "degraded", film.reason
    assert any("studio/speech could not" in one.why and "house/" in one.why for one in film.degraded)
    assert studio.calls["POST /v1/audio/speech"] >= 1
    (tmp_path / "cutroom.toml").unlink()
    said = capsys.readouterr()
    left = everything_left(tmp_path)
    for part in (KEY, KEY[:12], KEY[-12:]):
        assert part.encode() not in left
        assert part not in said.out + said.err + film.model_dump_json() + stopped.model_dump_json()


@pytest.mark.slow
def test_a_configured_voice_speaks_when_it_is_put_first(configure, tmp_path, monkeypatch):
    notes = tmp_path / "notes.txt"
    notes.write_text("We rowed out at dawn. The lake was still.")
    monkeypatch.chdir(tmp_path)
    with OpenAI(key=KEY) as studio:
        configure(
            f'[models.studio]\nurl = "{studio.url}"\nkey_env = "STUDIO_KEY"\nspeech = "{MODEL}"\nvoices = ["alto"]\nfirst = true\n'
        )
        options = cutroom.Options(seconds=Fraction(4), shape="320x180", music="none", mark=False)
        film = cutroom.make("a film, with narration", [notes], tmp_path / "a.mp4", options=options)
    assert studio.calls["POST /v1/audio/speech"] >= 1
    assert not [one for one in film.degraded if "studio" in one.why]
    assert KEY.encode() not in everything_left(tmp_path)
