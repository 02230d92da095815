"""A step as a form: only words and wires are on it, and a form that was filled in wrongly says all that is wrong."""

from fractions import Fraction

import pytest

from cutroom.plan.catalogue.edit import EditPicture, FramePicture
from cutroom.plan.catalogue.generate import AnimateStill, DrawCard, GenerateClip, GeneratePicture
from cutroom.plan.catalogue.write import WriteCaptions
from cutroom.plan.forms import LONGEST, WrongForm, example, filled, form, told
from cutroom.timeline.timeline import Format

OURS = {"format": Format(width=640, height=360), "width": 640, "height": 360, "seconds": Fraction(4), "seed": 7}


def test_sizes_lengths_and_seeds_are_not_on_the_form():
    assert [blank.name for blank in form(GeneratePicture) or ()] == ["prompt", "avoid"]
    assert [blank.name for blank in form(AnimateStill) or ()] == ["still", "motion"]


def test_a_step_that_needs_what_no_form_holds_has_none():
    assert form(WriteCaptions) is None
    assert example(WriteCaptions, OURS) is None


def test_the_form_in_one_line_says_what_goes_where():
    assert told(AnimateStill) == (
        "animate_still(still: image, motion: words) makes a video. Make a clip that begins with a picture."
    )
    assert "motion?: auto | push_in | pull_out | pan | still" in told(FramePicture)


def test_a_filled_form_is_the_step_with_our_values():
    step = filled(AnimateStill, {"still": "1", "motion": "it drifts"}, {"1": "made-2-1"}, OURS)
    assert isinstance(step, AnimateStill)
    assert (step.still.id, step.motion, step.seconds, step.width, step.seed) == ("made-2-1", "it drifts", 4, 640, 7)


def test_several_things_are_parted_by_commas():
    written = {"picture": "file", "instruction": "her, at the sea", "references": "1, 2"}
    step = filled(EditPicture, written, {"file": "a1", "1": "x", "2": "y"}, OURS)
    assert isinstance(step, EditPicture)
    assert [ref.id for ref in step.references] == ["x", "y"]


@pytest.mark.parametrize(
    ("step", "written", "says"),
    [
        (AnimateStill, {"still": "3", "motion": "x"}, "still points to '3'; there is: '1'"),
        (AnimateStill, {"motion": "x"}, "still is missing: The first frame."),
        (GenerateClip, {"prompt": "x", "seconds": "900"}, "there is no field 'seconds'"),
        (GenerateClip, {"prompt": "x" * (LONGEST + 1)}, "characters"),
        (DrawCard, {"mood": "angry"}, "it takes: calm, upbeat"),
    ],
)
def test_what_is_wrong_is_said(step, written, says):
    with pytest.raises(WrongForm, match=says.replace("?", r"\?")) as wrong:
        filled(step, written, {"1": "made-1-1"}, OURS)
    assert wrong.value.problems


def test_all_problems_are_said_at_once():
    with pytest.raises(WrongForm) as wrong:
        filled(AnimateStill, {"still": "9", "budget": "1000"}, {}, OURS)
    assert len(wrong.value.problems) == 3
