"""Performers behind OpenAI's shapes, against a server that the official client is content with too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cutroom.configuration import Model
from cutroom.errors import Ambiguous, GiveUp, TryLater, Unavailable, Vanished
from cutroom.media.clip import frames
from cutroom.media.kinds import Audio, Image, Video
from cutroom.media.picture import open_picture
from cutroom.media.sound import samples, write_wav
from cutroom.media.store import Store
from cutroom.net.exchange import Request, Response
from cutroom.performers.connections import Connections
from cutroom.performers.flow import Progress, Submitted, Wait
from cutroom.performers.openai_http.cast import performers_for
from cutroom.performers.openai_http.habits import nearest_size
from cutroom.performers.openai_http.transcripts import transcript_of
from cutroom.performers.performer import Desk
from cutroom.performers.prices import price_of, read_price
from cutroom.plan.catalogue.edit import EditClip, EditPicture
from cutroom.plan.catalogue.generate import (
    AnimateStill,
    GenerateClip,
    GenerateMusic,
    GeneratePicture,
    GenerateSound,
    Speak,
)
from cutroom.plan.catalogue.understand import Transcribe
from cutroom.plan.facts import Transcript
from cutroom.plan.step import Ref
from cutroom.testing import colour_bars, tone
from cutroom.testing.loopback import media
from cutroom.testing.loopback.openai import MODEL, OpenAI
from cutroom.testing.loopback.server import Answer, refused, said

ABILITIES = ("image", "edit", "video", "animate", "edit_video", "speech", "transcribe", "music", "sound")
PICTURE = GeneratePicture(prompt="a red kite", width=160, height=90)
CLIP = GenerateClip(prompt="a red kite in the wind", seconds=Fraction(2), width=160, height=96)


@dataclass
class Workplace:
    """A desk, and what was said at it."""

    desk: Callable[..., Desk]
    submitted: list[str] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)
    charged: list[str] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)
    progress: list[int] = field(default_factory=list)


@pytest.fixture
def place(store: Store, tmp_path: Path) -> Workplace:
    workplace = Workplace(desk=lambda **_: None)  # type: ignore[arg-type,return-value]

    def desk(**how) -> Desk:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return Desk(
            store=store,
            inputs=how.pop("inputs", {}),
            scratch=scratch,
            seed=how.pop("seed", 12345),
            token=how.pop("token", "take-1"),
            submitted=workplace.submitted.append,
            degrade=lambda what, why: workplace.degraded.append(what),
            charge=lambda price: workplace.charged.append(str(price)),
            pause=workplace.paused.append,
            progress=lambda done, total: workplace.progress.append(done),
            **how,
        )

    workplace.desk = desk
    return workplace


@pytest.fixture
def connections() -> Iterator[Connections]:
    held = Connections()
    yield held
    held.close()


@pytest.fixture
def performer(connections: Connections):
    """The performer of one ability at a server; what else is configured comes by keyword."""

    def find(server: OpenAI, ability: str, **configured):
        model = Model(api="openai", url=server.url, **{ability: MODEL} | {"seconds": 5.0} | configured)
        (found,) = (one for one in performers_for("studio", model, connections) if one.name == f"studio/{ability}")
        return found

    return find


@pytest.fixture
def picture(store: Store, tmp_path: Path):
    def make(width: int = 160, height: int = 90, shift: int = 0) -> Image:
        path = tmp_path / "in.png"
        path.write_bytes(media.bars_png(width, height, shift))
        blob = store.add(path, ".png")
        return Image(digest=blob.digest, bytes=blob.bytes, suffix=".png", width=width, height=height)

    return make


@pytest.fixture
def sound(store: Store, tmp_path: Path) -> Audio:
    write_wav(tmp_path / "in.wav", tone(3.0))
    blob = store.add(tmp_path / "in.wav", ".wav")
    return Audio(digest=blob.digest, bytes=blob.bytes, suffix=".wav", seconds=Fraction(3), rate=48_000, channels=2)


@pytest.fixture
def clip(store: Store, tmp_path: Path) -> Video:
    (tmp_path / "in.mp4").write_bytes(media.bars_mp4(160, 96, 2.0))
    blob = store.add(tmp_path / "in.mp4", ".mp4")
    return Video(
        digest=blob.digest, bytes=blob.bytes, suffix=".mp4", seconds=Fraction(2), width=160, height=96, fps=Fraction(12)
    )


# ── pictures ──


def test_a_picture_is_made_and_read_for_what_it_is(place, performer, store):
    with OpenAI() as server:
        made = performer(server, "image").perform(PICTURE, place.desk())
    assert (made.width, made.height, made.suffix) == (160, 90, ".png")
    expected = np.roll(colour_bars(160, 90), 12345 % 7, axis=1)
    assert np.array_equal(open_picture(store.path(made)), expected)
    asked = server.asked[-1]
    assert asked.fields["prompt"] == "a red kite"
    assert asked.fields["seed"] == 12345
    assert asked.headers["idempotency-key"] == "take-1"
    assert place.degraded == []


def test_a_strict_server_is_asked_again_without_what_it_does_not_know_and_only_once(place, performer):
    step = PICTURE.model_copy(update={"avoid": "people"})
    with OpenAI(refuses=("response_format", "seed", "negative_prompt")) as server:
        one = performer(server, "image")
        one.perform(step, place.desk())
        first = server.calls["POST /v1/images/generations"]
        one.perform(step, place.desk())
    assert first == 4
    assert server.calls["POST /v1/images/generations"] == 5
    assert "Do not show: people" in server.asked[-1].fields["prompt"]
    assert set(server.asked[-1].fields) == {"model", "prompt", "n", "size"}


@pytest.mark.parametrize("known", [(), ("64x64", "192x96", "96x192")])
def test_the_nearest_size_is_made_and_said(place, performer, known):
    sizes = ("64x64", "192x96", "96x192")
    with OpenAI(sizes=sizes) as server:
        made = performer(server, "image", sizes=known).perform(PICTURE, place.desk())
    assert (made.width, made.height) == (192, 96)
    assert server.calls["POST /v1/images/generations"] == (1 if known else 2)
    assert place.degraded == ["160×90 asked, 192×96 made"]


def test_a_server_that_wants_multiples_gets_them(place, performer):
    with OpenAI() as server:
        server.will("POST /v1/images/generations", refused("size: width and height must be divisible by 16"))
        made = performer(server, "image").perform(PICTURE, place.desk())
    assert (made.width, made.height) == (160, 96)


@pytest.mark.parametrize(
    ("asked", "best"), [((1920, 1080), (1536, 1024)), ((500, 500), (512, 512)), ((9, 16), (512, 768))]
)
def test_shape_counts_before_area(asked, best):
    assert nearest_size(asked, [(512, 512), (1024, 1024), (1536, 1024), (512, 768)]) == best


def test_a_picture_by_address_is_fetched_from_the_same_host_only(place, performer):
    with OpenAI(links="own") as server:
        made = performer(server, "image").perform(PICTURE, place.desk())
        assert made.width == 160
    away = OpenAI(links="http://pictures.example/1.png")
    with away as server, pytest.raises(GiveUp, match=r"http://pictures\.example.*hosts = "):
        performer(server, "image").perform(PICTURE, place.desk())


def test_a_listed_host_may_be_fetched_from_and_never_sees_the_key(place, performer, monkeypatch):
    monkeypatch.setenv("STUDIO_KEY", "sk-very-secret-indeed")
    with OpenAI() as elsewhere:
        elsewhere.will("GET /1.png", Answer(200, media.bars_png(160, 90), "image/png"))
        link = elsewhere.host.replace("127.0.0.1", "localhost") + "/1.png"
        with OpenAI(links=link, key="sk-very-secret-indeed") as server:
            found = performer(server, "image", key_env="STUDIO_KEY", hosts=("localhost",))
            assert found.perform(PICTURE, place.desk()).width == 160
        assert "authorization" not in elsewhere.asked[0].headers


def test_pictures_are_edited_with_references_and_a_mask(place, performer, picture, store):
    inputs = {"shot": picture(), "face": picture(80, 80, 9), "mask": picture(80, 45)}
    step = EditPicture(
        picture=Ref[Image](id="shot"),
        instruction="make it night",
        references=(Ref[Image](id="face"),),
        mask=Ref[Image](id="mask"),
    )
    with OpenAI() as server:
        made = performer(server, "edit").perform(step, place.desk(inputs=inputs))
    sent = server.asked[-1]
    assert [upload.kind for upload in sent.files["image[]"]] == ["image/png", "image/png"]
    assert Pixels.size(sent.files["mask"][0].data) == (160, 90)
    assert (sent.fields["prompt"], sent.fields["size"]) == ("make it night", "160x90")
    middle = open_picture(store.path(made))[22:67, 40:120]
    assert abs(middle[20, 2].astype(int) - colour_bars(160, 90)[0, 4]).max() < 12


class Pixels:
    @staticmethod
    def size(png: bytes) -> tuple[int, int]:
        import io

        from PIL import Image as Pillow

        with Pillow.open(io.BytesIO(png)) as opened:
            return opened.size


# ── clips ──


def test_a_clip_is_created_polled_and_fetched(place, performer, store):
    with OpenAI(polls=3) as server:
        made = performer(server, "video").perform(CLIP, place.desk())
    assert (made.width, made.height, made.seconds) == (160, 96, 2)
    assert len(list(frames(store.path(made)))) == 24
    assert place.submitted == ["video_1"]
    assert place.progress == [25, 50, 75]
    assert server.calls["POST /v1/videos"] == 1
    assert server.asked[0].fields["seconds"] == "2"


def test_a_clip_begins_with_its_still_in_the_clips_own_size(place, performer, picture, store):
    step = AnimateStill(still=Ref[Image](id="still"), motion="push in", seconds=Fraction(1), width=160, height=96)
    with OpenAI() as server:
        made = performer(server, "animate").perform(step, place.desk(inputs={"still": picture(200, 200)}))
    assert Pixels.size(server.asked[0].files["input_reference"][0].data) == (160, 96)
    first = next(frames(store.path(made))).pixels
    assert abs(first[48, 11].astype(int) - 191).max() < 30


@pytest.mark.parametrize("ability", ["video", "animate"])
def test_a_server_that_wants_json_gets_it(place, performer, picture, ability):
    step = (
        CLIP
        if ability == "video"
        else AnimateStill(still=Ref[Image](id="still"), motion="push in", seconds=Fraction(2), width=160, height=96)
    )
    with OpenAI(wants_json=True) as server:
        one = performer(server, ability)
        one.perform(step, place.desk(inputs={"still": picture()}))
        one.perform(step, place.desk(inputs={"still": picture()}))
    assert server.calls["POST /v1/videos"] == 3
    assert server.asked[-1].method == "GET"
    assert (server.jobs["video_1"]["shown"] is None) == (ability == "video")


def test_a_length_that_is_not_made_becomes_the_next_longer_one(place, performer):
    step = CLIP.model_copy(update={"seconds": Fraction(5)})
    with OpenAI(lengths=(4, 8, 12)) as server:
        made = performer(server, "video").perform(step, place.desk())
    assert made.seconds == 8
    assert place.degraded == []


def test_a_length_that_is_too_short_is_said(place, performer):
    step = CLIP.model_copy(update={"seconds": Fraction(20)})
    with OpenAI(lengths=(4, 8)) as server:
        made = performer(server, "video").perform(step, place.desk())
    assert made.seconds == 8
    assert place.degraded == ["20.0 s asked, 8.0 s made"]


def test_a_clip_is_changed(place, performer, clip):
    step = EditClip(clip=Ref[Video](id="clip"), instruction="make it rain")
    with OpenAI() as server:
        made = performer(server, "edit_video").perform(step, place.desk(inputs={"clip": clip}))
    assert made.seconds == 2
    assert server.asked[0].files["input_reference"][0].kind == "video/mp4"


def test_after_a_crash_the_job_is_asked_for_and_never_created_again(place, performer):
    class Crash(Exception):
        pass

    def crash(job: str) -> None:
        place.submitted.append(job)
        raise Crash

    with OpenAI() as server:
        one = performer(server, "video")
        desk = place.desk()
        with pytest.raises(Crash):
            one.perform(CLIP, Desk(**{**vars(desk), "submitted": crash}))
        made = performer(server, "video").perform(CLIP, place.desk(job=place.submitted[0]))
    assert made.seconds == 2
    assert place.submitted == ["video_1"]
    assert server.calls["POST /v1/videos"] == 1


def test_a_job_that_vanishes_in_a_restart_is_ambiguous_and_not_bought_again(place, performer):
    with OpenAI() as server:
        one = performer(server, "video")
        one.perform(CLIP, place.desk())
        server.restart()
        with pytest.raises(Vanished, match="does not know job video_1"):
            one.perform(CLIP, place.desk(job="video_1"))
    assert server.calls["POST /v1/videos"] == 1


def test_a_poll_that_fails_for_a_while_costs_nothing(place, performer):
    with OpenAI() as server:
        server.will(
            "GET /v1/videos/video_1", Answer(503), Answer(429, headers={"Retry-After": "7"}), Answer(silent=True)
        )
        made = performer(server, "video").perform(CLIP, place.desk())
    assert made.seconds == 2
    assert 7.0 in place.paused
    assert server.calls["POST /v1/videos"] == 1


def test_a_job_that_does_not_move_is_given_up(place, performer):
    with OpenAI(polls=10_000) as server:
        server.will("GET /v1/videos/video_1", *[said({"id": "video_1", "status": "in_progress", "progress": 3})] * 200)
        with pytest.raises(GiveUp, match="in_progress at 3 %"):
            performer(server, "video").perform(CLIP, place.desk())


def test_a_job_that_failed_says_why(place, performer):
    failed = {"id": "video_1", "status": "failed", "error": {"code": "moderation_blocked", "message": "not this"}}
    with OpenAI() as server:
        server.will("GET /v1/videos/video_1", said(failed))
        with pytest.raises(GiveUp, match=r"moderation.*not this"):
            performer(server, "video").perform(CLIP, place.desk())


def test_a_flow_is_driven_by_hand(place, performer):
    with OpenAI() as server:
        flow = performer(server, "video").flow(CLIP, place.desk())
    create = next(flow)
    assert isinstance(create, Request)
    assert (create.method, create.path, create.form["size"]) == ("POST", "/videos", "160x96")
    assert flow.send(Response(200, body=b'{"id": "a/b", "status": "queued"}')) == Submitted("a/b")
    poll = flow.send(None)
    assert (poll.method, poll.path) == ("GET", "/videos/a%2Fb")
    assert flow.send(Response(200, body=b'{"status": "in_progress", "progress": 40}')) == Progress(40)
    assert flow.send(None) == Wait(0.5)
    assert flow.send(None).path == "/videos/a%2Fb"
    assert flow.send(Response(200, body=b'{"status": "completed"}')).path == "/videos/a%2Fb/content"
    flow.close()


# ── voices, transcripts, sounds ──


def test_a_line_is_read_levelled_and_timed(place, performer, store):
    step = Speak(text="The kite goes up and over the grey sea.", pace=1.25, manner="softly")
    with OpenAI() as server:
        made = performer(server, "speech", voices=("bass", "alto")).perform(step, place.desk())
    assert server.asked[-1].fields["voice"] == "bass"
    assert server.asked[-1].fields["speed"] == 1.25
    assert server.asked[-1].fields["instructions"] == "softly"
    assert (made.rate, made.channels) == (48_000, 1)
    assert [word.text for word in made.words] == ["The", "kite", "goes", "up", "and", "over", "the", "grey", "sea"]
    assert abs(samples(store.path(made))).max() > 0.05


@pytest.mark.parametrize(
    "listed",
    [
        {"voices": [{"id": "alto"}]},
        {"voices": ["alto", "bass"]},
        ["alto"],
        {"data": [{"name": "alto"}]},
        {"voices": {"alto": {}}},
    ],
)
def test_voices_are_found_in_every_shape_of_list(place, performer, listed):
    with OpenAI() as server:
        server.voices = listed
        performer(server, "speech").perform(Speak(text="Hello there."), place.desk())
    assert server.asked[-1].fields["voice"] == "alto"


def test_without_any_voice_the_way_out_is_named(place, performer):
    with OpenAI() as server:
        server.voices = None
        with pytest.raises(Unavailable, match=r"voices = \["):
            performer(server, "speech").perform(Speak(text="Hello there."), place.desk())


def test_what_a_voice_cannot_follow_is_said(place, performer):
    step = Speak(text="Hello there.", voice="alto", pace=1.5, manner="softly")
    with OpenAI(refuses=("speed", "instructions")) as server:
        performer(server, "speech").perform(step, place.desk())
    assert place.degraded == ["how the line is said", "the pace of the voice (1.5)"]


def test_a_voice_that_is_not_there_is_another_performers_part(performer):
    with OpenAI() as server:
        one = performer(server, "speech", voices=("alto",))
    assert one.performs(Speak(text="x", voice="alto"))
    assert not one.performs(Speak(text="x", voice="en-gb"))
    assert not one.performs(Speak(text="x", sample=Ref[Audio](id="me")))
    assert not one.performs(PICTURE)


def test_silence_is_no_speech(place, performer):
    import io
    import wave

    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(bytes(48_000))
    with OpenAI() as server:
        server.will("POST /v1/audio/speech", Answer(200, held.getvalue(), "audio/wav"))
        with pytest.raises(GiveUp, match="nothing is heard"):
            performer(server, "speech").perform(Speak(text="Hello", voice="alto"), place.desk())


def test_what_is_said_is_written_down_word_by_word(place, performer, sound, store):
    step = Transcribe(sound=Ref[Audio](id="sound"), language="en-GB")
    with OpenAI() as server:
        made = performer(server, "transcribe").perform(step, place.desk(inputs={"sound": sound}))
    found = Transcript.model_validate_json(store.path(made).read_bytes())
    assert [(word.text, word.start, word.seconds) for word in found.words] == [
        ("bars", 0, 1),
        ("and", 1, 1),
        ("tone", 2, 1),
    ]
    assert (found.text, found.language, found.lines[0].span.length) == ("Bars and tone.", "english", 3)
    sent = server.asked[-1]
    assert sent.fields["language"] == "en"
    assert len(sent.files["file"][0].data) < 60_000
    assert media.seconds_of(sent.files["file"][0].data) == pytest.approx(3.0, abs=0.01)


def test_a_model_without_times_is_asked_without_and_that_is_said(place, performer, sound, store):
    problem = refused("response_format 'verbose_json' is not compatible with model", param="response_format")
    with OpenAI() as server:
        server.will("POST /v1/audio/transcriptions", problem)
        made = performer(server, "transcribe").perform(
            Transcribe(sound=Ref[Audio](id="sound")), place.desk(inputs={"sound": sound})
        )
    assert Transcript.model_validate_json(store.path(made).read_bytes()).words == ()
    assert place.degraded == ["when each word is said"]


def test_times_that_cannot_be_are_left_out():
    words = [{"word": "b", "start": 1.0, "end": 3.0}, {"word": "a", "start": 0.0, "end": 1.5}]
    mad = [
        {"word": "x", "start": -1, "end": 2},
        {"word": "y", "start": 2, "end": 1},
        {"word": "z", "start": float("nan"), "end": 1},
    ]
    found = transcript_of({"text": " a b ", "words": [*words, *mad, "no", {"word": None, "start": 0, "end": 1}]}, "it")
    assert [(word.text, word.start, word.seconds) for word in found.words] == [("a", 0, 1), ("b", 1, 2)]


def test_sounds_and_music_are_made_and_a_short_one_is_said(place, performer):
    with OpenAI() as server:
        rain = performer(server, "sound").perform(GenerateSound(description="rain", seconds=Fraction(3)), place.desk())
        song = performer(server, "music").perform(GenerateMusic(description="harp", seconds=Fraction(60)), place.desk())
    assert (rain.seconds, song.seconds) == (3, 47)
    assert place.degraded == ["60.0 s asked, 47.0 s made"]
    with OpenAI() as server:
        assert not performer(server, "music").performs(
            GenerateMusic(description="harp", lyrics="la", seconds=Fraction(3))
        )


# ── what goes wrong ──

ROUTE = "POST /v1/images/generations"


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (Answer(429, headers={"Retry-After": "3"}), TryLater, "429"),
        (Answer(429), TryLater, "429"),
        (Answer(500, b"oh no", "text/plain"), TryLater, "500 oh no"),
        (Answer(silent=True), Ambiguous, "broke off"),
        (Answer(stall=2.0), Ambiguous, "no whole answer within 0.3 s"),
        (Answer(504), Ambiguous, "may have been done, and billed"),
        (Answer(200, b'{"data": [{"b64_json": "aaaa', cut=True), Ambiguous, "broke off"),
        (Answer(200, b"<html><h1>Welcome to nginx</h1></html>", "text/html"), GiveUp, "no JSON but .*Welcome to nginx"),
        (Answer(302, headers={"Location": "http://evil.example/"}), GiveUp, "302"),
        (Answer(307, headers={"Location": "http://evil.example/x"}), GiveUp, r"http://evil\.example: refused"),
        (refused("Billing hard limit", 429, code="insufficient_quota"), Unavailable, "no credit"),
        (refused("no such model", 404, code="model_not_found"), Unavailable, "no such model"),
        (refused("bad key sk-abcdefghijkl", 401), Unavailable, "bad key •••"),
        (refused("rejected by the safety system", code="moderation_blocked"), GiveUp, "moderation"),
        (said({"data": []}), GiveUp, "holds no picture"),
        (said({"data": [{"b64_json": "!!!"}]}), GiveUp, "no base64"),
        (said({"data": [{"b64_json": "PGh0bWw+SGVsbG88L2h0bWw+"}]}), GiveUp, "it begins with '<html>Hello"),
    ],
)  # fmt: skip
def test_every_trouble_has_its_name(place, performer, answer, error, says):
    limit = 0.3 if answer.stall else 5.0
    with OpenAI() as server:
        server.will(ROUTE, answer)
        found = performer(server, "image", price={"image": "0.04"}, seconds=limit)
        with pytest.raises(error, match=says) as caught:
            found.perform(PICTURE, place.desk())
    assert server.calls[ROUTE] == 1
    if answer.headers.get("Retry-After"):
        assert caught.value.after == 3.0


def test_a_free_call_without_an_answer_may_be_made_again(place, performer):
    with OpenAI() as server:
        server.will(ROUTE, Answer(silent=True, works=True))
        with pytest.raises(TryLater):
            performer(server, "image").perform(PICTURE, place.desk())


def test_a_picture_that_was_paid_for_and_cannot_be_fetched_is_not_bought_again(place, performer):
    with OpenAI(links="own") as server:
        server.will("GET /v1/images/img-1/content", *[Answer(503)] * 9)
        with pytest.raises(Ambiguous, match="the picture was made"):
            performer(server, "image", price={"image": "0.04"}).perform(PICTURE, place.desk())
    assert server.calls[ROUTE] == 1


def test_what_a_person_configured_is_not_left_out_when_it_is_refused(place, performer):
    with OpenAI(refuses=("seed",)) as server, pytest.raises(GiveUp, match="Unknown parameter: 'seed'"):
        performer(server, "image", options={"seed": 7}).perform(PICTURE, place.desk())
    assert server.calls[ROUTE] == 1


def test_a_wave_whose_header_lies_about_its_length_is_read_to_its_end(place, performer):
    streamed = bytearray(media.tone_wav(2.0, 24_000, 4))
    streamed[4:8] = streamed[40:44] = b"\xff\xff\xff\xff"
    with OpenAI() as server:
        server.will("POST /v1/audio/speech", Answer(200, bytes(streamed), "audio/wav"))
        made = performer(server, "speech").perform(Speak(text="One two three four.", voice="alto"), place.desk())
    assert 1.5 < made.seconds <= 2
    assert len(made.words) == 4


def test_performers_travel_to_another_process(performer):
    import pickle

    with OpenAI() as server:
        copy = pickle.loads(pickle.dumps(performer(server, "image")))
    assert copy.name == "studio/image"


def test_a_server_that_is_away_is_asked_later(place, performer):
    with OpenAI() as server:
        found = performer(server, "image", price={"image": "0.04"})
    with pytest.raises(TryLater, match="is the server running"):
        found.perform(PICTURE, place.desk())


def test_an_answer_without_end_is_bounded(place, connections):
    from cutroom.net.client import Client, Endpoint

    with (
        OpenAI(links="own") as server,
        Client(Endpoint(server.url, most_bytes=100_000, most_bytes_held=50_000)) as client,
    ):
        model = Model(api="openai", url=server.url, image=MODEL, video=MODEL)
        image, video = performers_for("studio", model, lambda name, model: client)
        server.will(ROUTE, Answer(200, b" " * 65_536, endless=True))
        with pytest.raises(GiveUp, match="larger than 50000 bytes"):
            image.perform(PICTURE, place.desk())
        server.will("GET /v1/videos/video_1/content", Answer(200, b"\0" * 65_536, "video/mp4", endless=True))
        with pytest.raises(GiveUp, match="larger than 100000 bytes"):
            video.perform(CLIP, place.desk())
        server.will("GET /v1/videos/video_2/content", Answer(200, b"\0", "video/mp4", claims=2 * 2**30))
        with pytest.raises(GiveUp, match="larger than 100000 bytes"):
            video.perform(CLIP, place.desk())


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (media.empty_mp4(), "no clip that can be read"),
        (b"<html>sorry</html>", "begins with '<html>sorry"),
        (b"", "it is empty"),
        (media.tone_wav(1.0), "no clip but a sound"),
        (media.bars_mp4(160, 96, 0.05), "some servers make a single frame"),
        (media.bars_mp4(160, 96, 2.0)[:2000], "no clip that can be read"),
    ],
)
def test_what_is_no_clip_is_refused(place, performer, body, says):
    with OpenAI() as server:
        server.will("GET /v1/videos/video_1/content", Answer(200, body, "video/mp4"))
        with pytest.raises(GiveUp, match=says):
            performer(server, "video").perform(CLIP, place.desk())


def test_a_truncated_picture_is_refused(place, performer):
    import base64

    half = base64.b64encode(media.bars_png(160, 90)[:300]).decode()
    with OpenAI() as server:
        server.will(ROUTE, said({"data": [{"b64_json": half}]}))
        with pytest.raises(GiveUp, match="no picture that can be read"):
            performer(server, "image").perform(PICTURE, place.desk())


def test_the_key_is_sent_and_never_shown(place, performer, monkeypatch):
    monkeypatch.setenv("STUDIO_KEY", "zz-0123456789abcdef")
    with OpenAI(key="another-key") as server, pytest.raises(Unavailable, match="check STUDIO_KEY") as caught:
        performer(server, "image", key_env="STUDIO_KEY").perform(PICTURE, place.desk())
    assert "0123456789" not in str(caught.value)
    assert server.asked[0].headers["authorization"] == "Bearer zz-0123456789abcdef"


def test_a_key_that_is_not_set_is_named_before_anything_is_sent(place, performer):
    with OpenAI() as server, pytest.raises(Unavailable, match="NOT_SET_ANYWHERE"):
        performer(server, "image", key_env="NOT_SET_ANYWHERE").perform(PICTURE, place.desk())
    assert not server.calls


# ── terms ──


def test_terms_say_lane_price_and_whether_a_call_may_be_repeated(performer):
    with OpenAI() as server:
        free = performer(server, "image", at_once=8).terms(PICTURE)
        dear = performer(server, "video", price={"video": "0.10-0.20/s EUR"}).terms(CLIP)
    assert (free.price.free, free.repeatable, free.lane, free.at_once, free.elsewhere) == (
        True,
        True,
        "studio",
        8,
        True,
    )
    assert (str(dear.price), dear.repeatable, dear.seconds) == ("0.2–0.4 EUR", False, None)


@pytest.mark.parametrize(
    ("written", "reads"),
    [("0.04", "0.04 USD"), ("0.04 EUR", "0.04 EUR"), ("0.02-0.08", "0.02–0.08 USD"), ("0.10/s", "0.25 USD"),
     ("0.10/s GBP", "0.25 GBP"), ("free", "free"), ("0", "free"), ("100", "100 USD")],
)  # fmt: skip
def test_prices_as_people_write_them(written, reads):
    assert str(read_price(written, Fraction(5, 2))) == reads


def test_a_price_that_nobody_named_is_unknown_elsewhere_and_nothing_here():
    assert price_of(Model(api="openai", url="http://localhost:1/v1"), "image").free
    assert not price_of(Model(api="openai", url="https://api.example/v1"), "image").known


def test_what_a_gateway_charged_is_written_down(place, performer):
    import base64

    body = {"data": [{"b64_json": base64.b64encode(media.bars_png(160, 90)).decode()}], "usage": {"cost": 0.0375}}
    with OpenAI() as server:
        server.will(ROUTE, said(body))
        performer(server, "image").perform(PICTURE, place.desk())
    assert place.charged == ["0.0375 USD"]


def test_options_go_along_and_are_part_of_the_key(place, performer):
    options = {"num_inference_steps": 8, "image": {"quality": "high"}, "speech": {"lang_code": "b"}}
    with OpenAI() as server:
        one = performer(server, "image", options=options)
        one.perform(PICTURE, place.desk())
    assert server.asked[-1].fields["num_inference_steps"] == 8
    assert server.asked[-1].fields["quality"] == "high"
    assert "lang_code" not in server.asked[-1].fields
    assert one.settings(PICTURE) == {"model": MODEL, "options": {"num_inference_steps": 8, "quality": "high"}}
    assert server.url not in str(one.settings(PICTURE))


def test_every_ability_that_is_configured_has_its_performer(connections):
    model = Model(api="openai", url="http://127.0.0.1:1/v1", **dict.fromkeys(ABILITIES, MODEL))
    assert [one.name for one in performers_for("all", model, connections)] == [
        f"all/{ability}" for ability in ABILITIES
    ]
    assert performers_for("none", Model(api="openai", url="http://127.0.0.1:1/v1"), connections) == []


# ── the official client ──


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the hosted clips end; the shape lives on elsewhere
def test_the_official_client_is_content_and_asks_as_we_do(place, performer, picture, sound, tmp_path, store):
    openai = pytest.importorskip("openai", reason="pip install openai: it keeps the loopback server honest")
    still, seen = picture(), {}
    png, wav = store.path(still).read_bytes(), store.path(sound).read_bytes()
    with (
        OpenAI(key="sk-test-key") as server,
        openai.OpenAI(base_url=server.url, api_key="sk-test-key", max_retries=0) as it,
    ):
        made = it.images.generate(model=MODEL, prompt="a red kite", size="160x90", n=1, response_format="b64_json")
        assert made.data[0].b64_json
        it.images.edit(
            model=MODEL, image=[("a.png", png, "image/png")] * 2, prompt="night", mask=("m.png", png), size="160x90"
        )
        job = it.videos.create(
            model=MODEL, prompt="wind", seconds="4", size="160x96", input_reference=("s.png", png, "image/png")
        )
        while job.status != "completed":
            job = it.videos.retrieve(job.id)
        assert len(it.videos.download_content(job.id).read()) > 1000
        it.audio.speech.create(model=MODEL, voice="alto", input="Up.", response_format="wav", speed=1.5).read()
        said = it.audio.transcriptions.create(
            model=MODEL, file=("s.wav", wav), response_format="verbose_json", timestamp_granularities=["word"]
        )
        assert [word.word for word in said.words] == ["bars", "and", "tone"]
        with pytest.raises(openai.BadRequestError, match="safety"):
            it.images.generate(model=MODEL, prompt="forbidden")
        seen["official"] = {asked.route: asked for asked in server.asked if asked.method == "POST"}
        server.asked.clear()
        server.key = None
        inputs = {"still": still, "sound": sound}
        ref = Ref[Image](id="still")
        for ability, step in {
            "image": PICTURE,
            "edit": EditPicture(picture=ref, instruction="night", references=(ref,), mask=ref),
            "animate": AnimateStill(still=ref, motion="wind", seconds=Fraction(4), width=160, height=96),
            "speech": Speak(text="Up.", voice="alto", pace=1.5),
            "transcribe": Transcribe(sound=Ref[Audio](id="sound")),
        }.items():
            performer(server, ability).perform(step, place.desk(inputs=inputs))
        seen["ours"] = {asked.route: asked for asked in server.asked if asked.method == "POST"}
    assert seen["ours"].keys() == seen["official"].keys()
    for route, official in seen["official"].items():
        ours = seen["ours"][route]
        assert ours.headers["content-type"].partition(";")[0] == official.headers["content-type"].partition(";")[0]
        assert set(ours.files) == set(official.files), route
        shared = set(official.fields) - {"prompt"} if "images/generations" in route else set(official.fields)
        unlike = {
            name: (ours.fields.get(name), official.fields[name])
            for name in shared
            if ours.fields.get(name) != official.fields[name]
        }
        assert not unlike, route
