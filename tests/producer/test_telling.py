"""What a change is said to be: short, in people's words, the same thing once."""

from __future__ import annotations

from fractions import Fraction as F

from cutroom.brief.brief import Asset, Brief
from cutroom.media.kinds import Audio, Cut, Image, Text
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.catalogue.edit import FramePicture
from cutroom.plan.catalogue.generate import ComposeMusic
from cutroom.plan.plan import Change, Plan
from cutroom.plan.step import Ref
from cutroom.producer.telling import MOST_LINES, all_told, told
from cutroom.timeline.timeline import Format, Title, Transition

FORM = Format(width=640, height=360)


def picture(number: int) -> Image:
    return Image(digest=f"{number:064x}", suffix=".jpg", bytes=1, width=400, height=300)


BRIEF = Brief(
    request="a film", assets=tuple(Asset(id=f"a{n}", name=f"IMG_{n}.jpg", media=picture(n)) for n in range(1, 21))
)


def plan(*shots: tuple[int, F], mood="upbeat", seed=0, motion="auto", **cut) -> Plan:
    """A plan whose shots are (picture, seconds)."""
    assets = {asset.id: asset.media for asset in BRIEF.assets}
    assets["facts"] = Text(digest="f" * 64, suffix=".json", bytes=1)
    steps = {
        f"shot-{place}": FramePicture(
            picture=Ref[Image](id=f"a{number}"),
            facts=Ref[Text](id="facts"),
            seconds=seconds,
            format=FORM,
            motion=motion,
        )
        for place, (number, seconds) in enumerate(shots, 1)
    }
    refs = tuple(Ref[Cut](id=name) for name in steps)
    steps["music"] = ComposeMusic(mood=mood, seconds=F(10), seed=seed)
    steps["cut"] = AssembleCut(**({"format": FORM, "shots": refs, "music": Ref[Audio](id="music")} | cut))
    steps["film"] = RenderFilm(cut=Ref[Cut](id="cut"))
    return Plan(assets=assets, steps=steps, goal="film")


BEFORE = plan((1, F(3)), (2, F(5, 2)), (3, F(3)), (4, F(5, 2)))


def test_a_picture_less_and_other_music():
    after = plan((1, F(3)), (2, F(16, 5)), (4, F(5, 2)), mood="calm")
    assert all_told(BEFORE, after, BRIEF) == (
        "IMG_3.jpg left out",
        "length: 8.7 s instead of 11.0 s",
        "music: calm instead of upbeat",
        "shot 2 (IMG_2.jpg): 3.2 s instead of 2.5 s",
    )


def test_another_order_is_told_once():
    after = plan((4, F(5, 2)), (1, F(3)), (2, F(5, 2)), (3, F(3)))
    assert all_told(BEFORE, after, BRIEF) == ("order: IMG_4.jpg, IMG_1.jpg, IMG_2.jpg, IMG_3.jpg",)
    turned = plan((4, F(5, 2)), (3, F(3)), (2, F(5, 2)), (1, F(3)))
    assert all_told(BEFORE, turned, BRIEF) == ("order: the other way round",)


def test_what_belongs_to_the_cut():
    after = plan(
        *((number, seconds) for number, seconds in ((1, F(3)), (2, F(5, 2)), (3, F(3)), (4, F(5, 2)))),
        seed=7,
        motion="still",
        music_gain=-4.0,
        natural=False,
        format=Format(width=360, height=640),
        transitions=(Transition(kind="wipe", seconds=F(1, 2)), None, None),
        titles=(Title(start=F(0), seconds=F(3), text="Lake days"),),
    )
    assert set(all_told(BEFORE, after, BRIEF)) == {
        "music: another upbeat piece",
        "format: 360×640 instead of 640×360",
        "title: “Lake days”",
        "transitions: plain cuts, wipes instead of none",
        "music: 4 dB quieter",
        "the clips' own sound is not heard",
        "IMG_1.jpg, IMG_2.jpg, IMG_3.jpg and IMG_4.jpg: frame moves: still",
    }


def test_the_same_plan_is_told_with_no_words():
    assert all_told(BEFORE, BEFORE, BRIEF) == ()


def test_one_difference_alone():
    after = plan((1, F(3)), (2, F(5, 2)), (3, F(3)), (4, F(7, 2)), mood="calm")
    assert told(Change("music", "changed", ("mood",)), BEFORE, after, BRIEF) == "music: calm instead of upbeat"
    assert told(Change("shot-4", "changed", ("seconds",)), BEFORE, after, BRIEF) == (
        "shot-4 (IMG_4.jpg): seconds 3.5 s instead of 2.5 s"
    )
    assert told(Change("shot-4", "dropped"), BEFORE, BEFORE, BRIEF) == "shot-4: no longer there"


def test_much_that_changed_stays_readable():
    after = plan(
        *((number, F(1)) for number in range(20, 0, -1)),
        mood="calm",
        music_gain=3.0,
        voice_gain=-3.0,
        natural_gain=2.0,
        natural=False,
        match=False,
        titles=tuple(Title(start=F(0), seconds=F(3), text=f"Title {number}") for number in range(9)),
    )
    said = all_told(BEFORE, after, BRIEF)
    assert len(said) == MOST_LINES
    assert said[-1].endswith("smaller differences")
