"""What people read in place of a step's id."""

from __future__ import annotations

from fractions import Fraction as F

from cutroom.brief.brief import Asset, Brief
from cutroom.media.kinds import Audio, Cut, Image, Text, Video
from cutroom.plan.catalogue.assemble import AssembleCut, MarkFilm, RenderFilm
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.catalogue.generate import ComposeMusic, DrawCard, Speak
from cutroom.plan.catalogue.understand import LookAtClip, LookAtPicture
from cutroom.plan.plan import Degraded, Plan
from cutroom.plan.step import Ref
from cutroom.producer.naming import named
from cutroom.timeline.timeline import Format

FORM = Format(width=640, height=360)
LAKE = Asset(id="a1", name="lake.jpg", media=Image(digest="1" * 64, suffix=".jpg", bytes=1, width=400, height=300))
ME = Asset(
    id="a2",
    name="me.mp4",
    media=Video(digest="2" * 64, suffix=".mp4", bytes=1, width=400, height=300, seconds=F(4), fps=F(25), sound=True),
)
BRIEF = Brief(request="a film", assets=(LAKE, ME))


def frame(picture: str, facts: str) -> FramePicture:
    return FramePicture(picture=Ref[Image](id=picture), facts=Ref[Text](id=facts), seconds=F(3), format=FORM)


PLAN = Plan(
    assets={asset.id: asset.media for asset in BRIEF.assets},
    steps={
        "look-a1": LookAtPicture(picture=Ref[Image](id="a1")),
        "look-a2": LookAtClip(clip=Ref[Video](id="a2")),
        "card-1": DrawCard(format=FORM, mood="calm"),
        "look-card-1": LookAtPicture(picture=Ref[Image](id="card-1")),
        "shot-1": frame("a1", "look-a1"),
        "shot-2": frame("card-1", "look-card-1"),
        "inset": PickMoment(
            clip=Ref[Video](id="a2"), facts=Ref[Text](id="look-a2"), seconds=F(2), handles=F(0), format=FORM
        ),
        "music": ComposeMusic(mood="calm", seconds=F(6)),
        "line-1": Speak(text="Good morning.", language="en"),
        "line-2": Speak(text="Good night.", language="en"),
        "cut": AssembleCut(format=FORM, shots=(Ref[Cut](id="shot-1"),), music=Ref[Audio](id="music")),
        "film": RenderFilm(cut=Ref[Cut](id="cut")),
        "marked": MarkFilm(film=Ref[Video](id="film"), title="a film"),
    },
    goal="marked",
)


def name_of(what: str, plan: Plan | None = PLAN) -> str:
    (said,) = named([Degraded(what=what, why="it is black")], BRIEF, plan)
    assert said.why == "it is black"
    return said.what


def test_a_step_bears_the_name_of_the_file_behind_it():
    assert name_of("a1") == name_of("shot-1") == name_of("look-a1") == "lake.jpg"
    assert name_of("inset") == "me.mp4"


def test_what_is_made_of_no_single_file_is_called_by_what_it_is():
    called = {
        "music": "the music",
        "cut": "the cut",
        "film": "the film",
        "marked": "the film",
        "line-1": "the narration",
    }
    assert {step: name_of(step) for step in called} == called


def test_what_is_no_id_stays_as_it_is():
    assert name_of("script font") == "script font"
    assert name_of("shot-2") == "shot-2"
    assert name_of("shot-1", None) == "shot-1"


def test_the_same_said_of_two_lines_is_said_once():
    said = named([Degraded(what=line, why="nobody speaks") for line in ("line-1", "line-2")], BRIEF, PLAN)
    assert said == (Degraded(what="the narration", why="nobody speaks"),)
