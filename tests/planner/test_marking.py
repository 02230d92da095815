"""What goes into a film is read off the plan: all of it, and nothing that was only looked at."""

from __future__ import annotations

from fractions import Fraction

from cutroom.media.kinds import Audio, Cut, Image, Text, Video
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.catalogue.edit import FramePicture
from cutroom.plan.catalogue.generate import ComposeMusic
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.catalogue.write import WriteScript
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.planner.marking import marked
from cutroom.timeline.timeline import Format

SECONDS = Fraction(4)


def image(digit: str) -> Image:
    return Image(digest=digit * 64, bytes=1, suffix=".jpg", width=4, height=3)


def plan() -> Plan:
    frame = Format(width=640, height=360)
    return Plan(
        assets={"a1": image("1"), "a2": image("2"), "a3": Text(digest="3" * 64, bytes=1, suffix=".txt")},
        steps={
            "look-a1": LookAtPicture(picture=Ref[Image](id="a1")),
            "look-a2": LookAtPicture(picture=Ref[Image](id="a2")),
            "script": WriteScript(
                request="hills", notes=(Ref[Text](id="a3"),), facts=(Ref[Text](id="look-a1"), Ref[Text](id="look-a2"))
            ),
            "shot": FramePicture(
                picture=Ref[Image](id="a1"), facts=Ref[Text](id="look-a1"), seconds=SECONDS, format=frame
            ),
            "music": ComposeMusic(mood="calm", seconds=SECONDS),
            "cut": AssembleCut(format=frame, shots=(Ref[Cut](id="shot"),), music=Ref[Audio](id="music")),
            "film": RenderFilm(cut=Ref[Cut](id="cut")),
        },
        goal="film",
    )


def test_the_marked_film_becomes_the_goal_of_a_plan_that_works():
    whole = marked(plan(), {}, "Hills")

    assert whole.problems() == []
    assert whole.steps[whole.goal or ""].kind == "mark_film"
    assert whole.upstream(whole.goal or "")[0] == "film"
    assert Plan.model_validate_json(whole.model_dump_json()) == whole


def test_what_is_in_the_film_is_named_and_what_was_left_out_is_not():
    step = marked(plan(), {"a1": "hill.jpg", "a3": "notes.md"}, "Hills").steps["marked"]

    told = {used.name: used for used in step.used}  # pyright: ignore[reportAttributeAccessIssue]
    assert set(told) == {"hill.jpg", "notes.md", "music", "script"}
    assert told["hill.jpg"].facts is not None
    assert told["hill.jpg"].facts.id == "look-a1"
    assert told["notes.md"].only_read
    assert (told["music"].step, told["music"].only_read) == ("compose_music", False)


def test_what_was_done_is_counted_by_kind():
    step = marked(plan(), {}, "Hills").steps["marked"]

    edits = {edit.step: edit.times for edit in step.edits}  # pyright: ignore[reportAttributeAccessIssue]
    assert edits == {"frame_picture": 1, "assemble_cut": 1, "render_film": 1}


def test_names_do_not_decide_whether_a_shot_is_made_again():
    one, other = (marked(plan(), {"a1": name}, "Hills") for name in ("hill.jpg", "valley.jpg"))

    assert one.diff(other) == (("marked", "changed", ("used",)),)
    assert Video is type(one.steps["marked"]).makes


def test_the_film_gets_the_number_and_what_it_is_made_of_and_no_names():
    whole = marked(plan(), {"a1": "hill.jpg"}, "Hills", "c0ffee42")
    film = whole.steps["film"]
    assert isinstance(film, RenderFilm)

    assert whole.problems() == []
    assert film.number == "c0ffee42"
    assert {wire.id for wire in film.sources} == {"a1", "music", "script"}
    assert "hill.jpg" not in film.model_dump_json()
    assert whole.upstream("film")[0] == "cut"
    other = marked(plan(), {"a1": "valley.jpg"}, "Hills", "c0ffee42")
    assert [change.step for change in whole.diff(other)] == ["marked"]
