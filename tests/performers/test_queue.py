"""Performers behind queues: fal's shape, and ACE-Step's tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.configuration import Model
from cutroom.errors import GiveUp, Unavailable, Vanished
from cutroom.media.kinds import Image
from cutroom.media.picture import open_picture
from cutroom.media.store import Store
from cutroom.net.exchange import Request, Response
from cutroom.performers.connections import Connections
from cutroom.performers.flow import Submitted
from cutroom.performers.performer import Desk
from cutroom.performers.queue.cast import performers_for
from cutroom.performers.queue.fal import addresses, job_in
from cutroom.plan.catalogue.edit import EditPicture
from cutroom.plan.catalogue.generate import AnimateStill, GenerateClip, GenerateMusic, GeneratePicture, Speak
from cutroom.plan.step import Ref
from cutroom.testing import colour_bars
from cutroom.testing.loopback import media
from cutroom.testing.loopback.queue import AceStep, Fal
from cutroom.testing.loopback.server import Answer, said

PICTURE = GeneratePicture(prompt="a red kite", avoid="people", width=160, height=90)
SONG = GenerateMusic(description="a slow waltz on a harp", lyrics="up it goes", seconds=Fraction(12))


class Place:
    """A desk, and what was said at it."""

    def __init__(self, store: Store, scratch: Path) -> None:
        self.store = store
        self.scratch = scratch
        self.submitted: list[str] = []
        self.degraded: list[str] = []
        self.paused: list[float] = []

    def desk(self, **how) -> Desk:
        self.scratch.mkdir(exist_ok=True)
        return Desk(
            store=self.store,
            inputs=how.pop("inputs", {}),
            scratch=self.scratch,
            seed=77,
            token="take-1",
            submitted=how.pop("submitted", self.submitted.append),
            degrade=lambda what, why: self.degraded.append(what),
            pause=self.paused.append,
            **how,
        )


@pytest.fixture
def place(store: Store, tmp_path: Path) -> Place:
    return Place(store, tmp_path / "scratch")


@pytest.fixture
def performer():
    """The performer of one ability at a queue; what else is configured comes by keyword."""
    connections = Connections()

    def find(server, ability: str, known_as: str = "house/bars/fast", **configured):
        api = "fal" if isinstance(server, Fal) else "ace_step"
        model = Model(api=api, url=server.url, **{ability: known_as} | {"seconds": 5.0} | configured)
        (found,) = performers_for("queue", model, connections)
        return found

    yield find
    connections.close()


@pytest.fixture
def fal() -> Iterator[Fal]:
    with Fal(polls=3) as server:
        yield server


@pytest.fixture
def ace() -> Iterator[AceStep]:
    with AceStep(polls=2) as server:
        yield server


def test_a_picture_goes_through_the_queue(place, performer, fal, store):
    made = performer(fal, "image").perform(PICTURE, place.desk())
    assert (open_picture(store.path(made)) == colour_bars(160, 90)).all()
    sent = fal.asked[0]
    assert sent.path == "/house/bars/fast"
    assert sent.query == {}
    assert sent.fields == {
        "prompt": "a red kite",
        "negative_prompt": "people",
        "image_size": {"width": 160, "height": 90},
        "num_images": 1,
        "seed": 77,
    }
    assert sent.headers["idempotency-key"] == "take-1"
    assert [asked.path for asked in fal.asked[1:5]] == ["/house/bars/requests/req-1/status"] * 4


def test_the_key_is_sent_as_queues_want_it(place, performer, monkeypatch):
    monkeypatch.setenv("QUEUE_KEY", "abc:0123456789")
    with Fal(key="Key abc:0123456789") as server:
        assert performer(server, "image", key_env="QUEUE_KEY").perform(PICTURE, place.desk()).width == 160


def test_fields_are_renamed_and_left_out_as_configured(place, performer, fal):
    options = {"fields": {"negative_prompt": "", "prompt": "text_prompt"}, "image": {"steps": 4}}
    one = performer(fal, "image", options=options)
    one.perform(PICTURE, place.desk())
    assert set(fal.asked[0].fields) == {"text_prompt", "image_size", "num_images", "seed", "steps"}
    assert one.settings(PICTURE)["fields"] == options["fields"]


def test_a_still_is_animated_and_a_shorter_clip_is_said(place, performer, fal, tmp_path, store):
    (tmp_path / "in.png").write_bytes(media.bars_png(90, 90))
    blob = store.add(tmp_path / "in.png", ".png")
    still = Image(digest=blob.digest, bytes=blob.bytes, suffix=".png", width=90, height=90)
    step = AnimateStill(still=Ref[Image](id="still"), motion="drift", seconds=Fraction(3), width=320, height=180)
    made = performer(fal, "animate", options={"duration": "2"}).perform(step, place.desk(inputs={"still": still}))
    assert fal.asked[0].fields["image_url"].startswith("data:image/png;base64,")
    assert (fal.asked[0].fields["aspect_ratio"], fal.asked[0].fields["resolution"]) == ("16:9", "480p")
    assert made.seconds == 2
    assert place.degraded == ["320×180 asked, 160×90 made", "3.0 s asked, 2.0 s made"]


def test_pictures_are_edited_and_lines_read(place, performer, fal, tmp_path, store):
    (tmp_path / "in.png").write_bytes(media.bars_png(64, 48))
    blob = store.add(tmp_path / "in.png", ".png")
    shown = Image(digest=blob.digest, bytes=blob.bytes, suffix=".png", width=64, height=48)
    step = EditPicture(picture=Ref[Image](id="a"), instruction="night", references=(Ref[Image](id="a"),))
    performer(fal, "edit").perform(step, place.desk(inputs={"a": shown}))
    assert len(fal.asked[0].fields["image_urls"]) == 2
    spoken = performer(fal, "speech", voices=("alto",)).perform(Speak(text="Up it goes."), place.desk())
    assert [word.text for word in spoken.words] == ["Up", "it", "goes"]


def test_after_a_crash_the_job_is_asked_for_and_never_handed_in_again(place, performer, fal):
    class Crash(Exception):
        pass

    def crash(job: str) -> None:
        place.submitted.append(job)
        raise Crash

    with pytest.raises(Crash):
        performer(fal, "image").perform(PICTURE, place.desk(submitted=crash))
    made = performer(fal, "image").perform(PICTURE, place.desk(job=place.submitted[0]))
    assert made.width == 160
    assert len(place.submitted) == 1
    assert fal.calls["POST /house/bars/fast"] == 1


def test_a_job_that_the_queue_forgot_is_ambiguous(place, performer, fal):
    one = performer(fal, "image")
    one.perform(PICTURE, place.desk())
    fal.restart()
    with pytest.raises(Vanished, match="does not know this job"):
        one.perform(PICTURE, place.desk(job=place.submitted[0]))
    assert fal.calls["POST /house/bars/fast"] == 1


def test_a_result_that_is_an_error_says_why(place, performer, fal):
    fal.fails = {"detail": [{"loc": ["body", "prompt"], "msg": "content policy violation", "type": "content_policy"}]}
    with pytest.raises(GiveUp, match="moderation"):
        performer(fal, "image").perform(PICTURE, place.desk())
    fal.fails = {"detail": "the runner broke"}
    with pytest.raises(GiveUp, match="the runner broke") as caught:
        performer(fal, "image").perform(PICTURE, place.desk())
    assert caught.value.billed is None


def test_a_status_with_an_error_in_it_is_a_failure(place, performer, fal):
    fal.will("GET /house/bars/requests/req-1/status", said({"status": "COMPLETED", "error": "out of memory"}))
    with pytest.raises(GiveUp, match="out of memory"):
        performer(fal, "image").perform(PICTURE, place.desk())


def test_a_result_on_another_host_is_refused_until_it_is_listed(place, performer, fal):
    result = said({"images": [{"url": "https://files.example/1.png"}]})
    fal.will("GET /house/bars/requests/req-1", result)
    with pytest.raises(GiveUp, match=r'hosts = \["files.example"\]'):
        performer(fal, "image").perform(PICTURE, place.desk())


def test_a_queue_cannot_send_us_elsewhere_with_its_status(place, performer, fal):
    elsewhere = {"request_id": "1", "status_url": "http://evil.example/s", "response_url": "http://evil.example/r"}
    fal.will("POST /house/bars/fast", said(elsewhere))
    with pytest.raises(GiveUp, match=r"evil\.example: refused"):
        performer(fal, "image").perform(PICTURE, place.desk())


def test_what_is_not_what_it_should_be_is_refused(place, performer, fal):
    fal.will("GET /files/req-1.png", Answer(200, b"<html>gone</html>", "image/png"))
    with pytest.raises(GiveUp, match="no picture that can be read: it begins with '<html>gone"):
        performer(fal, "image").perform(PICTURE, place.desk())
    fal.will("GET /house/bars/requests/req-2", said({"seed": 1}))
    with pytest.raises(GiveUp, match="no image in"):
        performer(fal, "image").perform(PICTURE, place.desk())


def test_a_place_in_the_queue_has_no_limit_and_work_has(place, performer):
    with Fal(polls=200) as server:
        step = GenerateClip(prompt="a kite", seconds=Fraction(1), width=160, height=90)
        with pytest.raises(GiveUp, match="IN_PROGRESS for 5 s"):
            performer(server, "video").perform(step, place.desk())
    assert sum(place.paused) > 500


@pytest.mark.parametrize(
    ("result", "medium", "best"),
    [
        ({"images": [{"url": "https://a/1.png"}, {"url": "https://a/2.png"}]}, "image", "https://a/1.png"),
        ({"video": {"url": "https://a/1.mp4"}, "image": {"url": "https://a/1.png"}}, "video", "https://a/1.mp4"),
        ({"audio_url": "https://a/1.mp3"}, "audio", "https://a/1.mp3"),
        ({"output": ["https://a/1.png"]}, "image", "https://a/1.png"),
        ({"result": {"deep": [{"url": "https://a/1.png", "thumb": "https://a/t.png"}]}}, "image", "https://a/1.png"),
        ({"note": "http is a word"}, "image", None),
    ],
)
def test_results_are_found_where_they_stand(result, medium, best):
    assert next(addresses(result, medium), None) == best


def test_a_queue_that_gives_only_an_id_is_asked_below_the_models_first_two_names():
    places = json.loads(job_in(Response(200, body=b'{"request_id": "r 1"}'), "fal-ai/flux/dev"))
    assert places == {
        "id": "r 1",
        "status": "fal-ai/flux/requests/r%201/status",
        "response": "fal-ai/flux/requests/r%201",
    }


# ── ACE-Step ──


def test_a_song_is_made_with_our_seed_and_once(place, performer, ace):
    made = performer(ace, "music", "ace").perform(SONG, place.desk())
    assert made.seconds == 12
    task = ace.asked[0].fields
    assert (task["batch_size"], task["use_random_seed"], task["seed"], task["audio_format"]) == (1, False, 77, "wav")
    assert (task["lyrics"], task["audio_duration"], task["task_type"]) == ("up it goes", 12.0, "text2music")
    assert place.submitted == ["task-1"]
    assert ace.calls["POST /query_result"] == 3


def test_short_music_is_made_as_long_as_the_server_can(place, performer, ace):
    made = performer(ace, "music", "ace").perform(
        SONG.model_copy(update={"seconds": Fraction(4), "lyrics": ""}), place.desk()
    )
    assert made.seconds == 10
    assert ace.asked[0].fields["lyrics"] == "[Instrumental]"


def test_a_task_is_asked_for_after_a_crash_and_never_released_again(place, performer, ace):
    one = performer(ace, "music", "ace")
    one.perform(SONG, place.desk())
    assert one.perform(SONG, place.desk(job="task-1")).seconds == 12
    assert ace.calls["POST /release_task"] == 1
    ace.restart()
    with pytest.raises(Vanished, match="does not know task task-1"):
        one.perform(SONG, place.desk(job="task-1"))
    assert ace.calls["POST /release_task"] == 1


def test_a_question_that_fails_is_asked_again_and_the_task_is_not(place, performer, ace):
    ace.will("POST /query_result", Answer(503), Answer(silent=True))
    assert performer(ace, "music", "ace").perform(SONG, place.desk()).seconds == 12
    assert ace.calls["POST /release_task"] == 1


def test_a_task_that_failed_says_why(place, performer, ace):
    ace.fails = "CUDA out of memory"
    with pytest.raises(GiveUp, match="CUDA out of memory"):
        performer(ace, "music", "ace").perform(SONG, place.desk())
    ace.will("POST /release_task", said({"data": None, "code": 500, "error": "queue broken"}))
    with pytest.raises(GiveUp, match="queue broken"):
        performer(ace, "music", "ace").perform(SONG, place.desk())
    ace.will("POST /release_task", said({"detail": "Invalid API key"}, 401))
    with pytest.raises(Unavailable, match="Invalid API key"):
        performer(ace, "music", "ace").perform(SONG, place.desk())


def test_a_task_flow_is_driven_by_hand(place, performer, ace):
    flow = performer(ace, "music", "ace").flow(SONG, place.desk())
    assert next(flow).path == "/release_task"
    assert flow.send(Response(200, body=b'{"data": {"task_id": "t"}, "code": 200}')) == Submitted("t")
    ask = flow.send(None)
    assert isinstance(ask, Request)
    assert ask.json == {"task_id_list": ["t"]}
    done = {"data": [{"task_id": "t", "status": 1, "result": json.dumps([{"file": "/v1/audio?path=x"}])}]}
    assert flow.send(Response(200, body=json.dumps(done).encode())).path == "/v1/audio?path=x"
    flow.close()
