from fractions import Fraction

import pytest
from pydantic import ValidationError

from cutroom.media.kinds import Audio, Cut, Image, Text, Video
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.catalogue.edit import FramePicture
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref, take_key
from cutroom.timeline.timeline import Format

PICTURE = Image(digest="a" * 64, suffix=".jpg", bytes=1, width=4, height=3)


def small_plan() -> Plan:
    return Plan(
        assets={"a1": PICTURE},
        steps={
            "film": RenderFilm(cut=Ref[Cut](id="cut")),
            "cut": AssembleCut(format=Format(), shots=(Ref[Cut](id="shot"),)),
            "shot": FramePicture(
                picture=Ref[Image](id="a1"), facts=Ref[Text](id="look"), seconds=Fraction(4), format=Format()
            ),
            "look": LookAtPicture(picture=Ref[Image](id="a1")),
            "aside": Speak(text="nobody needs me"),
        },
        goal="film",
    )


def test_steps_stand_behind_those_they_need():
    assert small_plan().needed() == ("look", "shot", "cut", "film")
    assert small_plan().below("look") == ("shot", "cut", "film")


def test_a_good_plan_has_no_problems_and_survives_json():
    plan = small_plan()
    assert plan.problems() == []
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_a_wrong_wire_is_named_even_though_pydantic_lets_it_through():
    plan = small_plan().with_step("look", LookAtPicture.model_validate({"picture": {"id": "film"}}))
    assert any("look.picture wants Image, but film makes Video" in problem for problem in plan.problems())


def test_a_dangling_wire_names_its_neighbour():
    plan = small_plan().with_fields("film", cut=Ref[Cut](id="cutt"))
    assert "film.cut points to 'cutt', which is neither an asset nor a step, did you mean 'cut'?" in plan.problems()


def test_a_ring_is_found():
    plan = small_plan().with_fields("shot", facts=Ref[Text](id="echo"))
    ring = plan.with_step("echo", LookAtPicture(picture=Ref[Image](id="a1")))
    assert ring.problems() == []
    looped = Plan(
        steps={
            "one": AssembleCut(format=Format(), shots=(Ref[Cut](id="two"),)),
            "two": AssembleCut(format=Format(), shots=(Ref[Cut](id="one"),)),
        },
        goal="one",
    )
    assert any("ring" in problem for problem in looped.problems())


def test_an_unknown_kind_of_step_is_named_with_a_guess():
    with pytest.raises(ValidationError, match="did you mean 'speak'"):
        Plan.model_validate({"steps": {"x": {"kind": "speek", "text": "hello"}}})


def test_a_diff_names_steps_and_fields():
    plan = small_plan()
    other = plan.with_fields("shot", seconds=Fraction(5))
    assert [(change.step, change.how, change.fields) for change in plan.diff(other)] == [
        ("shot", "changed", ("seconds",))
    ]


def test_what_a_step_makes_comes_from_its_class():
    assert (LookAtPicture.makes, FramePicture.makes, RenderFilm.makes, Speak.makes) == (Text, Cut, Video, Audio)


def key(step, take=1, upstream=None, settings=None, version="1"):
    return take_key(step, take, "someone", version, settings or {}, upstream or {wire.id: "u" for wire in step.wires()})


def test_equal_takes_have_equal_keys_and_everything_that_matters_changes_them():
    line = Speak(text="hello")
    assert key(line) == key(Speak(text="hello"))
    others = [key(Speak(text="hallo")), key(line, take=2), key(line, version="2"), key(line, settings={"voice": "b"})]
    assert len({key(line), *others}) == 5


def test_a_step_that_is_renamed_upstream_keeps_its_takes():
    one, other = LookAtPicture(picture=Ref[Image](id="a1")), LookAtPicture(picture=Ref[Image](id="a9"))
    assert key(one, upstream={"a1": "d"}) == key(other, upstream={"a9": "d"})
    assert key(one, upstream={"a1": "d"}) != key(one, upstream={"a1": "e"})


def test_field_docstrings_become_the_schema():
    schema = FramePicture.model_json_schema()
    assert "how the frame moves over it" in schema["description"]
    assert schema["properties"]["seconds"]["description"] == "How long the shot is."
