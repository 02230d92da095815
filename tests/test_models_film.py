"""A film out of nothing but words: a chat model writes and plans it, other models make it, the house puts it together.

The servers are real ones on the loopback; what they make is drawn from the prompt, so that one shot differs from the next.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from cutroom import api
from cutroom.errors import BrokenProduction, WrongUse
from cutroom.ledger.events import Judged, Made, Planned
from cutroom.ledger.production import Production
from cutroom.media import clip as clips
from cutroom.testing.loopback.chat import ChatServer, calls, says
from cutroom.testing.loopback.openai import MODEL, OpenAI
from cutroom.testing.loopback.server import Answer

pytestmark = pytest.mark.slow

REQUEST = "a 20 second film about a red kite over a grey sea"
SIZE = "320x180"
STORY = {
    "title": "The red kite",
    "style": "soft gouache, muted greys, one bright red",
    "music": "slow piano over a low cello",
    "mood": "calm",
    "shots": [
        {"sees": "a grey sea under a pale sky", "moves": "waves roll in", "says": "The sea was grey all morning."},
        {"sees": "a child on the shingle with a red kite", "says": "Then somebody let a red kite go."},
        {"sees": "the red kite, high above the sea", "moves": "it climbs", "says": "It knew where it wanted to be."},
        {"sees": "the kite, tiny at the horizon", "moves": "it drifts out of view", "says": ""},
    ],
}


class Studio(OpenAI):
    """Draws what a prompt asks for: no likeness, but another picture for each prompt; clips move over their first frame."""

    def _picture(self, asked):
        width, height = map(int, asked.fields["size"].split("x"))
        return self._pictured(drawn(str(asked.fields["prompt"]), width, height))

    def _content(self, job):
        width, height = map(int, job["size"].split("x"))
        return Answer(200, moving(job["shown"], width, height, float(job["seconds"])), "video/mp4")


def drawn(prompt: str, width: int, height: int) -> bytes:
    chance = np.random.default_rng(int(hashlib.sha256(prompt.encode()).hexdigest()[:12], 16))
    coarse = Image.fromarray(chance.integers(40, 220, (5, 8, 3), np.uint8))
    held = io.BytesIO()
    coarse.resize((width, height), Image.Resampling.BICUBIC).save(held, "PNG")
    return held.getvalue()


def moving(first: bytes, width: int, height: int, seconds: float) -> bytes:
    picture = np.asarray(Image.open(io.BytesIO(first)).convert("RGB").resize((width, height)))
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=12, options={"preset": "ultrafast", "crf": "28"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(round(seconds * 12)):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(np.roll(picture, number, axis=1)), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 12)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return held.getvalue()


def author(body):
    """Plays the chat model: the story, and for each shot a picture that is brought to life."""
    tool = body["tools"][0]["function"]
    if "shots" in tool["parameters"]["properties"]:
        return calls((tool["name"], STORY))
    said = body["messages"][-1]["content"]
    text = said if isinstance(said, str) else "".join(part.get("text", "") for part in said)
    sees = text.split("sees: ")[1].splitlines()[0]
    steps = [
        {"step": "generate_picture", "prompt": f"{sees}, {STORY['style']}"},
        {"step": "animate_still", "still": "1", "motion": "a slow drift"},
    ]
    return calls((tool["name"], {"steps": steps}))


def configure(folder, chat, studio):
    folder.joinpath("cutroom.toml").write_text(
        f'[models.talk]\nurl = "{chat}"\nchat = "bars-and-tone"\n\n'
        f'[models.studio]\nurl = "{studio}"\nimage = "{MODEL}"\nanimate = "{MODEL}"\nmusic = "{MODEL}"\n'
    )


def cutroom(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if name != "CUTROOM_CONFIG"}
    environment["CUTROOM_CONFIG"] = str(folder / "cutroom.toml")
    command = [sys.executable, "-m", "cutroom", *arguments, "--json"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def kite(tmp_path_factory):
    """The film, made by the command; the servers are gone when a test sees it."""
    folder = tmp_path_factory.mktemp("kite")
    with ChatServer(*[author] * 40) as chat, Studio() as studio:
        configure(folder, chat.url, studio.url)
        status, result, errors = cutroom(folder, "make", REQUEST, "-o", "kite.mp4", "--format", SIZE)
        called = {"chat": chat.calls, **studio.calls}
    return folder, status, result, errors, called


def test_words_alone_become_a_film(kite):
    folder, status, result, errors, called = kite
    assert status == 0, (result, errors)
    assert result["degraded"] == []
    film = clips.look(folder / "kite.mp4")
    assert (film.width, film.height, film.seconds) == (320, 180, 20)
    assert film.sound
    assert called["chat"] == 5
    assert called["POST /v1/images/generations"] == called["POST /v1/videos"] == 4
    assert called["POST /v1/audio/generate"] == 1
    captions = (folder / "kite.cutroom" / "kite.srt").read_text()
    assert "The sea was grey all morning." in captions and "It knew where it wanted to be." in captions


def test_every_word_of_the_models_is_a_take_with_a_verdict(kite):
    folder = kite[0]
    with Production(folder / "kite.cutroom").journal(read_only=True) as journal:
        events = list(journal.events())
    made = {event.step: event.performer for event in events if isinstance(event, Made)}
    judged = {event.step: event.verdict.outcome for event in events if isinstance(event, Judged)}
    assert made["story"] == made["plan-1"] == "talk/chat"
    assert made["made-1-1"] == "studio/image" and made["made-1-2"] == "studio/animate"
    assert made["line-1"].startswith("house/") and made["film"] == "house/render"
    assert judged["story"] == judged["film"] == "pass"
    assert {event.by.split()[0] for event in events if isinstance(event, Planned)} == {"chat"}


def test_what_is_seen_moves_and_changes_from_shot_to_shot(kite):
    with av.open(str(kite[0] / "kite.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    near, far = (abs(frames[one] - frames[other]).mean() for one, other in ((270, 285), (270, 480)))
    assert 0.2 < near < far


def test_the_replay_calls_nobody_and_gives_the_same_film(kite):
    folder, _, made, _, _ = kite
    before = (folder / "kite.mp4").read_bytes()
    (folder / "kite.mp4").unlink()
    ledger = (folder / "kite.cutroom" / "ledger.sqlite").read_bytes()
    status, result, errors = cutroom(folder, "resume", "kite.cutroom", "--replay")
    assert status == 0, (result, errors)
    assert (folder / "kite.mp4").read_bytes() == before
    assert result["deliverables"][0]["sha256"] == made["deliverables"][0]["sha256"]
    assert result["calls"]["performed"] == 0
    assert (folder / "kite.cutroom" / "ledger.sqlite").read_bytes() == ledger


def test_a_replay_names_what_is_missing(kite, tmp_path, monkeypatch):
    folder = kite[0]
    production = Production(folder / "kite.cutroom")
    with production.journal(read_only=True) as journal:
        story = next(event for event in journal.events() if isinstance(event, Made) and event.step == "story")
    blob = production.store.path(story.media)
    monkeypatch.setenv("CUTROOM_CONFIG", str(folder / "cutroom.toml"))
    aside = blob.rename(tmp_path / "aside")
    try:
        with pytest.raises(BrokenProduction, match=r"no take of write_story by talk/chat"):
            api.replay(folder / "kite.cutroom")
    finally:
        aside.rename(blob)
    monkeypatch.setenv("CUTROOM_CONFIG", str(tmp_path / "none.toml"))
    (tmp_path / "none.toml").write_text("")
    with pytest.raises(WrongUse, match=r"studio/animate.*talk/chat"):
        api.replay(folder / "kite.cutroom")


def test_without_any_model_the_film_is_words_and_says_so(tmp_path):
    (tmp_path / "cutroom.toml").write_text("")
    status, result, errors = cutroom(tmp_path, "make", REQUEST, "-o", "kite.mp4", "--format", SIZE, "--seconds", "6")
    assert status == 3, (result, errors)
    assert clips.look(tmp_path / "kite.mp4").seconds == 6
    assert [one["what"] for one in result["degraded"]] == ["pictures"]
    assert "cutroom models add" in result["degraded"][0]["why"]


def test_a_chat_planner_that_is_asked_for_and_not_there_is_wrong_use(tmp_path):
    (tmp_path / "cutroom.toml").write_text("")
    status, result, _ = cutroom(tmp_path, "make", REQUEST, "-o", "kite.mp4", "--planner", "chat")
    assert status == 2
    assert "no chat model is configured" in result["reason"]
    assert not (tmp_path / "kite.cutroom").exists()


def test_when_the_author_refuses_the_house_makes_a_film_and_says_so(tmp_path):
    refusal = says(None, refusal="I cannot help with that.")
    with ChatServer(*[refusal] * 60) as chat, Studio() as studio:
        configure(tmp_path, chat.url, studio.url)
        status, result, errors = cutroom(
            tmp_path, "make", REQUEST, "-o", "kite.mp4", "--format", SIZE, "--seconds", "6", "--music", "none"
        )
        assert not studio.calls
    assert status == 3, (result, errors)
    assert clips.look(tmp_path / "kite.mp4").seconds == 6
    story = next(one for one in result["degraded"] if one["what"] == "story")
    assert "planned by rule" in story["why"] and "I cannot help with that" in story["why"]


def test_nothing_is_spent_that_nobody_allowed(tmp_path):
    """A model elsewhere, of a price that nobody knows, is not even asked for a story."""
    (tmp_path / "cutroom.toml").write_text('[models.talk]\nurl = "https://models.invalid/v1"\nchat = "m"\n')
    status, result, _ = cutroom(tmp_path, "make", REQUEST, "-o", "kite.mp4", "--format", SIZE)
    assert status == 4
    assert "--allow-unknown-price" in result["reason"]
