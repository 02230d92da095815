"""ComfyUI: workflows read, values put where they belong, jobs that survive what servers do."""

import copy
import io
import itertools
import json
import time
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from cutroom.configuration import Model
from cutroom.errors import BadInput, Cancelled, CutroomError, GiveUp, TryLater, Unavailable, Vanished, WrongUse
from cutroom.media import clip as clips
from cutroom.media import kinds
from cutroom.media.picture import open_picture
from cutroom.media.store import Store
from cutroom.net.client import Client, Endpoint
from cutroom.net.exchange import Response
from cutroom.performers.comfyui import flow
from cutroom.performers.comfyui.cast import performers_for
from cutroom.performers.comfyui.checking import allowed, problems
from cutroom.performers.comfyui.guesses import Place
from cutroom.performers.comfyui.progress import PARTS, Tally
from cutroom.performers.comfyui.workflow import load
from cutroom.performers.flow import Submitted, Wait
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.edit import EditPicture
from cutroom.plan.catalogue.generate import AnimateStill, GenerateMusic, GeneratePicture
from cutroom.plan.step import Ref
from cutroom.testing.loopback.comfyui import ComfyUI
from cutroom.testing.loopback.comfyui_nodes import NODES


def node(kind, title="", **inputs):
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": title or kind}}


def picture_graph():
    return {
        "3": node(
            "KSampler", model=["4", 0], positive=["6", 0], negative=["7", 0], latent_image=["5", 0],
            seed=1, steps=20, cfg=7.0, sampler_name="euler", scheduler="normal", denoise=1.0,
        ),
        "4": node("CheckpointLoaderSimple", ckpt_name="bars-v1.safetensors"),
        "5": node("EmptyLatentImage", width=512, height=512, batch_size=1),
        "6": node("CLIPTextEncode", text="a cat", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="ugly", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", images=["8", 0], filename_prefix="x"),
    }  # fmt: skip


def clip_graph():
    graph = picture_graph()
    del graph["5"], graph["9"]
    graph["3"]["inputs"] |= {"positive": ["20", 0], "negative": ["20", 1], "latent_image": ["20", 2]}
    graph["20"] = node(
        "WanImageToVideo", positive=["6", 0], negative=["7", 0], vae=["4", 2], start_image=["21", 0],
        width=832, height=480, length=81, batch_size=1,
    )  # fmt: skip
    graph["21"] = node("LoadImage", image="example.png")
    graph["22"] = node("CreateVideo", images=["8", 0], fps=16)
    graph["23"] = node("SaveVideo", video=["22", 0], filename_prefix="x")
    return graph


@pytest.fixture
def saved(tmp_path):
    def save(graph, name="workflow.json"):
        path = tmp_path / name
        path.write_text(json.dumps(graph))
        return path

    return save


@pytest.fixture
def desk(tmp_path):
    tokens = (f"take-{number}" for number in itertools.count(1))

    def make(inputs=None, **more):
        store = Store(tmp_path / "store")
        more = {"token": next(tokens), "pause": lambda seconds: time.sleep(min(seconds, 0.02))} | more
        return Desk(store=store, inputs=inputs or {}, scratch=store.scratch(), seed=7, **more)

    return make


@pytest.fixture
def server():
    with ComfyUI() as one:
        yield one


def cast(url, path, ability="image", **more):
    model = Model(api="comfyui", url=url, workflows={ability: str(path)}, seconds=more.pop("seconds", 10), **more)
    [performer] = performers_for("studio", model, lambda name, model: Client(Endpoint(url, seconds=model.seconds)))
    return performer


def kept_picture(tmp_path, size=(96, 64), name="in.png", alpha=False):
    pixels = np.zeros((size[1], size[0], 4 if alpha else 3), np.uint8)
    pixels[..., 0] = 250
    if alpha:
        pixels[:, size[0] // 2 :, 3] = 255
    Image.fromarray(pixels).save(tmp_path / name)
    blob = Store(tmp_path / "store").add(tmp_path / name, ".png")
    return kinds.Image(digest=blob.digest, bytes=blob.bytes, suffix=".png", width=size[0], height=size[1], alpha=alpha)


STEP = GeneratePicture(prompt="a red kite", avoid="text", width=640, height=360)


# ── where values go ──


def test_titles_say_where_values_go(saved):
    graph = picture_graph()
    graph["6"]["_meta"]["title"] = "My cutroom:prompt"
    graph["6"]["inputs"]["text"] = "35 mm photograph of {prompt}, grain"
    graph["5"]["_meta"]["title"] = "cutroom:size"
    graph["3"]["_meta"]["title"] = "CUTROOM:seed, steps=steps"
    chosen = load(saved(graph)).filled({"prompt": "a kite", "width": 640, "height": 360, "seed": 9, "steps": 4})
    assert chosen.left == ()
    assert chosen.graph["6"]["inputs"]["text"] == "35 mm photograph of a kite, grain"
    assert chosen.graph["5"]["inputs"] == {"width": 640, "height": 360, "batch_size": 1}
    assert (chosen.graph["3"]["inputs"]["seed"], chosen.graph["3"]["inputs"]["steps"]) == (9, 4)


def test_a_bare_workflow_is_followed_from_its_sampler(saved):
    workflow = load(saved(clip_graph()))
    assert workflow.places["prompt"] == (Place("6", "text"),)
    assert workflow.places["avoid"] == (Place("7", "text"),)
    assert workflow.places["seed"] == (Place("3", "seed"),)
    assert workflow.places["image"] == (Place("21", "image"),)
    assert (workflow.places["width"], workflow.places["frames"]) == ((Place("20", "width"),), (Place("20", "length"),))
    assert workflow.fps == 16


def test_one_text_for_both_sides_is_the_prompt_and_not_what_to_avoid(saved):
    graph = picture_graph()
    graph["7"] = node("ConditioningZeroOut", conditioning=["6", 0])
    workflow = load(saved(graph))
    assert workflow.places["prompt"] == (Place("6", "text"),)
    assert not workflow.takes("avoid")


def test_a_primitive_node_and_a_prompt_behind_it_are_found(saved):
    graph = picture_graph()
    graph["6"]["inputs"]["text"] = ["30", 0]
    graph["30"] = node("PrimitiveStringMultiline", value="a cat")
    assert load(saved(graph)).places["prompt"] == (Place("30", "value"),)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"nodes": [], "links": []}, "Export (API)"),
        ({"1": {"class_type": "X"}}, "Export (API)"),
        ({"1": node("X", a=["2", 0])}, "not there"),
        ({"1": node("X", "cutroom:prompt", a="1", b="2")}, "cutroom:prompt=INPUT"),
        ({"1": node("X", "cutroom:prompt=c", a="1")}, "it has a"),
        ([], "Export (API)"),
    ],
)
def test_a_file_that_will_not_do_says_what_to_do(saved, body, says):
    with pytest.raises(BadInput) as caught:
        load(saved(body))
    assert says in str(caught.value)
    assert "workflow.json" in str(caught.value)


def test_a_changed_file_is_read_again(saved):
    first = load(saved(picture_graph()))
    graph = picture_graph()
    graph["3"]["inputs"]["steps"] = 30
    assert load(saved(graph)).digest != first.digest


def test_sizes_and_lengths_fit_the_nodes():
    graph = clip_graph()
    frames, width = [Place("20", "length")], [Place("20", "width")]
    assert allowed(64, graph, NODES, frames, up=True) == 65
    assert allowed(81, graph, NODES, frames, up=True) == 81
    assert allowed(1270, graph, NODES, width) == 1264
    assert allowed(3, graph, NODES, width) == 16


def test_progress_adds_up_and_ends():
    tally = Tally(4)
    tally.job = "j"
    tally.hear({"type": "execution_cached", "data": {"nodes": ["1"], "prompt_id": "j"}})
    tally.hear({"type": "progress", "data": {"node": "2", "value": 5, "max": 10, "prompt_id": "j"}})
    tally.hear({"type": "progress", "data": {"node": "9", "value": 1, "max": 1, "prompt_id": "somebody else's"}})
    assert tally.parts == PARTS * 3 // 8
    tally.hear(
        {
            "type": "progress_state",
            "data": {"prompt_id": "j", "nodes": {"2": {"value": 1, "max": 1, "state": "finished"}}},
        }
    )
    tally.hear({"type": "executing", "data": {"node": None, "prompt_id": "j"}})
    assert tally.parts == PARTS // 2
    assert tally.ended
    for nonsense in (
        [],
        {"type": "progress"},
        {"type": "progress", "data": 3},
        {"type": "progress_state", "data": {"nodes": 1}},
    ):
        tally.hear(nonsense)


# ── the flow, by hand ──


def answer(body, status=200):
    return Response(status, {}, json.dumps(body).encode())


def test_the_flow_by_hand_looks_before_it_submits_and_waits_until_done():
    moves = flow.submit(picture_graph(), "id-1", "me", paid=False)
    assert next(moves).path == "history/id-1"
    assert moves.send(answer({})).path == "queue"
    submit = moves.send(answer({"queue_running": [], "queue_pending": []}))
    assert (submit.method, submit.path, submit.json["prompt_id"]) == ("POST", "prompt", "id-1")
    assert moves.send(answer({"prompt_id": "an older server's own"})) == Submitted("an older server's own")

    moves = flow.outcome("id-1", paid=False)
    assert next(moves).path == "history/id-1"
    moves.send(answer({}))
    assert isinstance(moves.send(answer({"queue_running": [[0, "id-1", {}]], "queue_pending": []})), Wait)
    next(moves)
    with pytest.raises(StopIteration) as done:
        moves.send(
            answer(
                {
                    "id-1": {
                        "outputs": {
                            "9": {"images": [{"filename": "p.png", "type": "temp"}], "gifs": [{"filename": "c.mp4"}]}
                        }
                    }
                }
            )
        )
    assert [output.file_name for output in done.value.value] == ["c.mp4", "p.png"]


def test_a_job_that_the_server_holds_already_is_not_submitted_again():
    moves = flow.submit(picture_graph(), "id-1", "me", paid=False)
    next(moves)
    assert moves.send(answer({"id-1": {"outputs": {}}})) == Submitted("id-1")


@pytest.mark.parametrize(("paid", "says"), [(False, "nothing was billed"), (True, "may have been done, and billed")])
def test_a_job_that_vanished_is_said_so(paid, says):
    moves = flow.outcome("id-1", paid=paid)
    next(moves)
    moves.send(answer({}))
    moves.send(answer({"queue_running": [], "queue_pending": []}))
    with pytest.raises(Vanished, match=f"no longer knows the job id-1.*{says}"):
        moves.send(answer({}))


@pytest.mark.parametrize(
    "body", [[], 3, "x", None, {"id-1": []}, {"id-1": {"outputs": 3, "status": 4}}, {"id-1": {"outputs": {"9": [1]}}}]
)
def test_nonsense_in_the_history_ends_in_one_of_our_errors(body):
    moves = flow.outcome("id-1", paid=False)
    next(moves)
    with pytest.raises(CutroomError):
        for reply in (body, {"queue_running": 3}, body, body):
            moves.send(answer(reply))


def test_ids_are_uuids_and_the_same_for_the_same_take():
    assert flow.job_id("take-1") == flow.job_id("take-1") != flow.job_id("take-2")
    assert len(flow.job_id("take-1")) == 36


# ── against a server ──


def test_a_picture_is_made_at_the_size_asked(server, saved, desk):
    jobs, told = [], []
    place = desk(submitted=jobs.append, degrade=lambda *said: told.append(said))
    made = cast(server.url, saved(picture_graph())).perform(STEP, place)
    assert (made.width, made.height, made.suffix) == (640, 360, ".png")
    assert open_picture(place.store.path(made)).shape == (360, 640, 3)
    assert jobs == [flow.job_id("take-1")]
    assert told == []
    sent = server.prompts[0]["prompt"]
    assert (sent["6"]["inputs"]["text"], sent["7"]["inputs"]["text"], sent["3"]["inputs"]["seed"]) == (
        "a red kite",
        "text",
        7,
    )


def test_an_older_server_chooses_the_id(saved, desk):
    with ComfyUI(old=True) as server:
        jobs = []
        cast(server.url, saved(picture_graph())).perform(STEP, desk(submitted=jobs.append))
        assert jobs != [flow.job_id("take-1")]
        assert server.history(jobs[0])


def test_a_still_becomes_a_clip(server, saved, desk, tmp_path):
    still = kept_picture(tmp_path)
    told = []
    place = desk({"still": still}, degrade=lambda *said: told.append(said))
    step = AnimateStill(still=Ref(id="still"), motion="it flies", seconds=Fraction(2), width=320, height=176)
    made = cast(server.url, saved(clip_graph()), "animate").perform(step, place)
    assert (made.width, made.height, made.fps, made.seconds) == (320, 176, 16, Fraction(33, 16))
    middle = next(iter(clips.frames(place.store.path(made)))).pixels[88, 160]
    assert middle[0] > 200 > 60 > middle[1], "the uploaded red picture is seen in the midst"
    assert told == []
    assert server.prompts[0]["prompt"]["21"]["inputs"]["image"] == f"cutroom/{still.digest[:32]}.png"


def test_pictures_are_uploaded_upright_and_without_metadata(server, saved, desk, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Secret Camera"
    Image.new("RGB", (96, 64), "green").save(tmp_path / "in.jpg", exif=exif)
    blob = Store(tmp_path / "store").add(tmp_path / "in.jpg", ".jpg")
    still = kinds.Image(digest=blob.digest, bytes=blob.bytes, suffix=".jpg", width=64, height=96)
    step = AnimateStill(still=Ref(id="still"), motion="", seconds=Fraction(1), width=64, height=96)
    cast(server.url, saved(clip_graph()), "animate").perform(step, desk({"still": still}))
    [(place, content)] = [item for item in server.files.items() if item[0][0] == "input"]
    assert place[1] == "cutroom"
    assert Image.open(io.BytesIO(content)).size == (64, 96)
    assert b"Secret" not in content


def edit_graph():
    graph = picture_graph()
    graph["10"] = node("LoadImage", image="example.png")
    graph["11"] = node("VAEEncode", pixels=["10", 0], vae=["4", 2])
    graph["5"] = node("SetLatentNoiseMask", samples=["11", 0], mask=["10", 1])
    return graph


def test_a_mask_goes_along_as_transparency_where_the_workflow_inpaints(server, saved, desk, tmp_path):
    inputs = {"picture": kept_picture(tmp_path), "mask": kept_picture(tmp_path, name="mask.png", alpha=True)}
    told = []
    step = EditPicture(picture=Ref(id="picture"), mask=Ref(id="mask"), references=(Ref(id="mask"),), instruction="blue")
    cast(server.url, saved(edit_graph()), "edit").perform(step, desk(inputs, degrade=lambda *said: told.append(said)))
    [content] = [content for place, content in server.files.items() if place[0] == "input"]
    seen = np.asarray(Image.open(io.BytesIO(content)))
    assert (seen[:, :40, 3] == 0).all()
    assert (seen[:, 60:, 3] == 255).all()
    assert [what for what, _ in told] == ["image2"], "a second picture has no place, and that is said"


def test_music_is_kept_as_long_as_it_really_is(server, saved, desk):
    graph = {
        "1": node("EmptyLatentAudio", "cutroom:seconds", seconds=47.6),
        "2": node("CLIPTextEncode", "cutroom:prompt", text="", clip=["9", 1]),
        "9": node("CheckpointLoaderSimple", ckpt_name="bars-v1.safetensors"),
        "3": node("SaveAudio", audio=["1", 0], filename_prefix="x"),
    }
    step = GenerateMusic(description="slow piano", seconds=Fraction(3, 2))
    made = cast(server.url, saved(graph), "music").perform(step, desk())
    assert (made.seconds, made.suffix, made.channels) == (Fraction(3, 2), ".flac", 2)


def test_what_the_workflow_has_no_place_for_is_said(server, saved, desk):
    graph = picture_graph()
    graph["7"]["inputs"]["text"] = ["6", 0]
    told = []
    cast(server.url, saved(graph)).perform(STEP, desk(degrade=lambda *said: told.append(said)))
    assert [what for what, _ in told] == ["avoid: text"]
    assert "cutroom:avoid" in told[0][1]


def test_a_size_between_two_steps_is_the_nearest_and_said_when_it_is_smaller(server, saved, desk):
    told = []
    place = desk(degrade=lambda *said: told.append(said))
    performer = cast(server.url, saved(picture_graph()), options={"most_pixels": 100_000})
    made = performer.perform(STEP, place)
    assert (made.width, made.height) == (424, 240)
    assert [what for what, _ in told] == ["640×360 asked, 424×240 made"]


def test_options_fill_marked_places_and_nothing_else(server, saved, desk):
    graph = picture_graph()
    graph["3"]["_meta"]["title"] = "cutroom:steps=steps"
    path = saved(graph)
    cast(server.url, path, options={"steps": 4}).perform(STEP, desk())
    assert server.prompts[0]["prompt"]["3"]["inputs"]["steps"] == 4
    with pytest.raises(WrongUse, match=r"options\.stepz: no workflow has a node titled cutroom:stepz"):
        cast(server.url, path, options={"stepz": 4})


def test_a_missing_node_and_a_missing_file_are_reported_before_anything_runs(saved, desk):
    graph = picture_graph()
    graph["4"]["inputs"]["ckpt_name"] = "bars-v3.safetensors"
    with ComfyUI(missing=("VAEDecode",)) as server:
        performer = cast(server.url, saved(graph))
        with pytest.raises(Unavailable) as caught:
            performer.perform(STEP, desk())
        assert "VAEDecode (number 8) is not installed" in str(caught.value)
        assert "'bars-v3.safetensors'" in str(caught.value)
        assert "bars-v2.safetensors" in str(caught.value)
        assert server.calls["POST /prompt"] == server.calls["POST /upload/image"] == 0
        assert len(performer.problems()) == 2


def test_filled_inputs_are_not_taken_for_missing_files():
    graph = copy.deepcopy(clip_graph())
    assert problems(graph, NODES, [Place("21", "image")]) == []


def test_what_the_server_refuses_names_the_node(server, saved, desk):
    performer = cast(server.url, saved(picture_graph()))
    performer.perform(STEP, desk())
    server.nodes["KSampler"]["input"]["required"]["mood"] = ["STRING"]
    try:
        with pytest.raises(GiveUp, match=r"node 3 \(KSampler\): Required input is missing: mood"):
            performer.perform(STEP, desk())
    finally:
        del server.nodes["KSampler"]["input"]["required"]["mood"]


def test_a_workflow_that_fails_says_where(server, saved, desk):
    server.fails = "CUDA out of memory"
    with pytest.raises(GiveUp, match=r"node 3 \(KSampler\): RuntimeError: CUDA out of memory"):
        cast(server.url, saved(picture_graph())).perform(STEP, desk())


def test_after_a_crash_the_job_is_asked_for_and_not_submitted_again(server, saved, desk):
    performer, jobs = cast(server.url, saved(picture_graph())), []
    first = performer.perform(STEP, desk(submitted=jobs.append))
    again = performer.perform(STEP, desk(job=jobs[0], submitted=jobs.append))
    assert again.digest == first.digest
    assert server.calls["POST /prompt"] == len(jobs) == 1


def test_a_crash_before_the_job_was_written_down_submits_nothing_twice(server, saved, desk):
    performer = cast(server.url, saved(picture_graph()))

    def crash(job):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        performer.perform(STEP, desk(submitted=crash, token="this"))
    performer.perform(STEP, desk(token="this"))
    assert server.calls["POST /prompt"] == 1


def test_an_answer_lost_after_the_job_was_taken_costs_no_second_job(server, saved, desk):
    server.play("POST /prompt", "cut")
    performer = cast(server.url, saved(picture_graph()))
    with pytest.raises(TryLater):
        performer.perform(STEP, desk(token="this"))
    performer.perform(STEP, desk(token="this"))
    assert len(server.prompts) == 1


def test_a_server_that_forgot_the_job_is_said_so(server, saved, desk):
    performer, jobs = cast(server.url, saved(picture_graph())), []
    performer.perform(STEP, desk(submitted=jobs.append))
    server.restart()
    with pytest.raises(Vanished, match="no longer knows the job"):
        performer.perform(STEP, desk(job=jobs[0]))


def test_a_server_restarted_in_the_midst_of_it(saved, desk):
    with ComfyUI(seconds=30) as server:

        def pause(seconds):
            server.restart()

        with pytest.raises(Vanished, match="no longer knows"):
            cast(server.url, saved(picture_graph())).perform(STEP, desk(pause=pause))


def test_a_person_stops_the_wait(saved, desk):
    def stop(*_):
        raise Cancelled("stopped")

    with ComfyUI(seconds=30) as server, pytest.raises(Cancelled):
        cast(server.url, saved(picture_graph())).perform(STEP, desk(pause=stop, progress=stop))


@pytest.mark.parametrize(
    ("route", "trouble", "error", "says"),
    [
        ("GET /object_info", "page", GiveUp, "no JSON"),
        ("POST /prompt", "500", TryLater, "500"),
        ("POST /prompt", "429", TryLater, "429"),
        ("POST /prompt", "page", GiveUp, "no JSON"),
        ("POST /prompt", "elsewhere", CutroomError, "prompt"),
        ("GET /view", "page", GiveUp, "nothing here"),
        ("GET /view", "elsewhere", GiveUp, "another place"),
    ],
)
def test_trouble_has_a_name(server, saved, desk, route, trouble, error, says):
    server.play(route, trouble)
    with pytest.raises(error, match=says):
        cast(server.url, saved(picture_graph())).perform(STEP, desk())


def test_questions_that_failed_are_asked_again(server, saved, desk):
    server.play("GET /history", "500", "429")
    server.play("GET /view", "truncated")
    cast(server.url, saved(picture_graph())).perform(STEP, desk(pause=lambda seconds: None))


def test_nobody_there_means_try_later(saved, desk):
    with ComfyUI() as server:
        url = server.url
    with pytest.raises(TryLater, match="is the server running"):
        cast(url, saved(picture_graph())).perform(STEP, desk(pause=lambda seconds: None))


def test_the_result_is_what_it_is_and_not_what_it_is_called(server, saved, desk, tmp_path):
    graph = clip_graph()
    graph["9"] = node("SaveImage", images=["8", 0], filename_prefix="x")
    step = AnimateStill(still=Ref(id="still"), motion="", seconds=Fraction(1), width=320, height=176)
    made = cast(server.url, saved(graph), "animate").perform(step, desk({"still": kept_picture(tmp_path)}))
    assert made.suffix == ".mp4", "the picture beside it is passed over"
    del graph["22"], graph["23"]
    with pytest.raises(GiveUp, match="cutroom:output"):
        cast(server.url, saved(graph, "stills.json"), "animate").perform(step, desk({"still": kept_picture(tmp_path)}))


def test_a_marked_output_is_the_result(server, saved, desk):
    graph = picture_graph()
    graph["12"] = node("EmptyLatentImage", width=64, height=64, batch_size=1)
    graph["13"] = node("SaveImage", "cutroom:output", images=["12", 0], filename_prefix="small")
    for mark, width in (("cutroom:output", 64), ("", 640)):
        graph["13"]["_meta"]["title"] = mark
        made = cast(server.url, saved(graph, f"{width}.json")).perform(STEP, desk(degrade=lambda *said: None))
        assert made.width == width


def test_a_file_without_a_place_for_the_prompt_is_refused_when_cast(saved):
    graph = picture_graph()
    graph["6"]["inputs"]["text"] = graph["7"]["inputs"]["text"] = ["4", 0]
    with pytest.raises(BadInput, match="title the node for it cutroom:prompt"):
        cast("http://127.0.0.1:1", saved(graph))
    with pytest.raises(WrongUse, match="a workflow can be for image, edit"):
        cast("http://127.0.0.1:1", saved(picture_graph()), "transcribe")


def test_terms_and_key(saved):
    path = saved(picture_graph())
    here, there = cast("http://127.0.0.1:8188", path), cast("http://gpu.example:8188", path, price={"image": "0.02"})
    assert (here.terms(STEP).price.free, here.terms(STEP).repeatable, here.terms(STEP).lane) == (True, True, "studio")
    assert not there.terms(STEP).repeatable
    assert here.settings(STEP) == there.settings(STEP), "the same workflow elsewhere makes the same"
    assert here.performs(STEP)
    assert not here.performs(GenerateMusic(description="x", seconds=Fraction(1)))


def test_progress_is_heard_over_the_websocket(saved, desk):
    pytest.importorskip("websockets")
    heard = []
    with ComfyUI(seconds=1.2) as server:
        place = desk(progress=lambda done, total: heard.append((done, total)))
        cast(server.url, saved(picture_graph())).perform(STEP, place)
    assert heard
    assert heard[-1][1] == PARTS
    assert max(done for done, _ in heard) > 0
