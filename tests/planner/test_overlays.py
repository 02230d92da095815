from fractions import Fraction as F

import pytest

from cutroom.brief.brief import Asset, Brief
from cutroom.brief.thirds import LowerThird
from cutroom.media.kinds import Image, Text, Video
from cutroom.plan.catalogue.assemble import AssembleCut
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.facts import ClipFacts, Face, Moment, PictureFacts, Script, ScriptLine
from cutroom.planner.house import HousePlanner
from cutroom.planner.overlays import box_for, overlays, plain_request
from cutroom.planner.planner import Known
from cutroom.render.safe import margins
from cutroom.time import Span
from cutroom.timeline.timeline import Box, CaptionStyle, Format

WHOLE = Box(x=0, y=0, width=1, height=1)


def picture(number: int, name: str, *, alpha: bool = False) -> Asset:
    media = Image(digest=f"{number:064x}", suffix=".jpg", bytes=1, width=4000, height=3000, alpha=alpha)
    return Asset(id=f"a{number}", name=name, media=media)


def clip(number: int, name: str, seconds: int = 8) -> Asset:
    media = Video(
        digest=f"{number:064x}", suffix=".mp4", bytes=1, width=1920, height=1080, seconds=seconds, fps=30, sound=True
    )
    return Asset(id=f"a{number}", name=name, media=media)


def facts_of(asset: Asset, *, face: bool = False, speech: bool | None = None) -> str:
    faces = (Face(box=Box(x=0.4, y=0.3, width=0.2, height=0.2), confidence=0.9),) if face else ()
    if isinstance(asset.media, Video):
        moment = Moment(span=Span(length=asset.media.seconds), score=0.6, focus=WHOLE)
        return ClipFacts(
            seconds=asset.media.seconds, width=1920, height=1080, shots=(), moments=(moment,), motion=0.1,
            sharpness=0.5, exposure=0, colour="#808080", faces=faces, speech=speech,
        ).model_dump_json()  # fmt: skip
    mark = (0x9E3779B97F4A7C15 * int(asset.id[1:])) % 2**64
    return PictureFacts(
        width=4000, height=3000, focus=WHOLE, sharpness=0.8, exposure=0, colour="#808080", fingerprint=f"{mark:016x}",
        quality=0.7, faces=faces,
    ).model_dump_json()  # fmt: skip


CAT, DAY, ME, SEA = picture(1, "cat.jpg"), picture(2, "IMG_2.jpg"), clip(3, "me.mp4"), picture(4, "sea.jpg")


def plan(
    request: str, *assets: Asset, notes: str = "", faces: tuple[str, ...] = (), speech: bool | None = None, **options
):
    """The whole plan of a film of these assets."""
    given = list(assets)
    texts = {f"look-{one.id}": facts_of(one, face=one.id in faces, speech=speech) for one in assets}
    texts["script"] = Script(title="Our day", lines=(ScriptLine(text="Good morning."),)).model_dump_json()
    if notes:
        given.append(Asset(id="n", name="notes.md", media=Text(digest="e" * 64, suffix=".md", bytes=9)))
        texts["n"] = notes
    media = {name: Text(digest="f" * 64, suffix=".json", bytes=1) for name in texts}
    brief = Brief(request=request, assets=tuple(given), voice="none", mark=False, **options)
    return HousePlanner().plan(brief, Known(media=media, texts=texts))


def cut_of(plan) -> AssembleCut:
    return plan.steps["cut"]


def test_a_clip_in_the_corner_lies_over_the_film_and_is_no_shot_of_it():
    made = plan("Our day with me.mp4 in the upper left corner, 20 seconds", CAT, DAY, ME, SEA)
    step, (over,) = made.steps["inset"], cut_of(made).over
    assert isinstance(step, PickMoment) and step.clip.id == "a3"
    assert over.shot.id == "inset" and over.start >= 1
    assert over.box.x < 0.2 and over.box.y < 0.2 and over.box.width < 0.4
    assert over.start + step.seconds <= 20
    shots = [made.steps[ref.id] for ref in cut_of(made).shots]
    assert all(isinstance(shot, FramePicture) for shot in shots)
    assert not made.problems()
    assert "look-a3" in made.steps


def test_what_somebody_says_in_a_corner_is_a_voice():
    def heard(words: str, *, speech: bool) -> str:
        return cut_of(plan(words, CAT, DAY, ME, speech=speech)).over[0].sound

    assert heard("Our day, picture in picture", speech=True) == "voice"
    assert heard("Our day, picture in picture", speech=False) == "natural"
    assert heard("Our day, me.mp4 muted in the corner", speech=True) == "none"


def test_a_picture_may_lie_in_a_corner_and_a_logo_is_smaller_and_plain():
    logo = picture(5, "logo.png", alpha=True)
    (over,) = cut_of(plan("Our day, with logo.png in the bottom right corner", CAT, DAY, logo)).over
    (photo,) = cut_of(plan("Our day, with sea.jpg in the bottom right corner", CAT, DAY, SEA)).over
    assert over.border == over.shadow == over.corner == 0 and over.sound == photo.sound == "none"
    assert over.box.width < 0.7 * photo.box.width
    assert over.box.x > 0.5 and over.box.y > 0.4


def test_an_inset_alone_is_the_film_itself_and_it_is_said():
    made = plan("me.mp4 in the corner", ME)
    assert not cut_of(made).over and any("no other picture" in note for note in made.notes)


@pytest.mark.parametrize(
    "words",
    ["Our day", "The cat in the corner of the garden", "No picture in picture", "Our day without picture-in-picture"],
)
def test_nobody_is_put_into_a_corner_unasked(words):
    assert not cut_of(plan(words, CAT, DAY, ME)).over


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (1080, 1080), (640, 360)])
@pytest.mark.parametrize("corner", ["top left", "top right", "bottom left", "bottom right"])
@pytest.mark.parametrize("safe", ["default", "tiktok", "reels"])
def test_a_box_keeps_clear_of_edges_and_buttons(size, corner, safe):
    form, style = Format(width=size[0], height=size[1]), CaptionStyle(safe=safe)
    keep = margins(form, safe)
    for asset in (ME, CAT, picture(9, "tall.png", alpha=True)):
        box = box_for(asset.media, form, style, corner)
        assert box.x >= keep.left - 1e-4 and box.x + box.width <= 1 - keep.right + 1e-4
        assert box.y >= keep.top - 1e-4 and box.y + box.height <= 1 - keep.bottom + 1e-4
        assert 0.05 < box.width <= 0.43


def test_a_name_stands_over_the_face_that_it_names():
    notes = "lower third: Ana Kovač, potter\nlower third (sea.jpg): The old harbour\n"
    made = plan("Our day, 24 seconds", CAT, DAY, SEA, notes=notes, faces=("a2",))
    thirds = [title for title in cut_of(made).titles if title.place == "lower_third"]
    assert [(one.text, one.subtitle) for one in thirds] == [("Ana Kovač", "potter"), ("The old harbour", "")]
    at = F(0)
    spans = {}
    for ref in cut_of(made).shots:
        step = made.steps[ref.id]
        spans.setdefault(step.picture.id, Span(start=at, length=step.seconds))
        at += step.seconds
    for third, asset in zip(thirds, ("a2", "a4"), strict=True):
        assert spans[asset].start < third.start and third.start + third.seconds <= spans[asset].end
        assert third.seconds >= F(9, 5)


def test_names_without_a_place_are_told():
    notes = "lower third (nobody.jpg): Ana\n"
    made = plan("Our day", CAT, DAY, notes=notes)
    assert any("“Ana” has no picture or clip" in note for note in made.notes)


def test_names_may_come_with_the_brief():
    made = plan("Our day", CAT, DAY, lower_thirds=(LowerThird(text="Ana", subtitle="potter"),))
    assert [title.text for title in cut_of(made).titles if title.place == "lower_third"] == ["Ana"]


@pytest.mark.parametrize(
    ("words", "option", "bar"),
    [
        ("Our day with a progress bar", False, True),
        ("Ein Film mit Fortschrittsbalken", False, True),
        ("Our day without a progress bar", False, False),
        ("Our progress at the bar", False, False),
        ("Our day", True, True),
    ],
)
def test_a_bar_of_progress_is_asked_for(words, option, bar):
    assert (cut_of(plan(words, CAT, DAY, progress_bar=option)).progress is not None) is bar


@pytest.mark.parametrize(
    ("words", "option", "matched"),
    [("Our day", True, True), ("Our day", False, False), ("Our day, don't match the colours", True, False)],
)
def test_shots_are_matched_unless_somebody_says_no(words, option, matched):
    assert cut_of(plan(words, CAT, DAY, match=option)).match is matched


def test_the_look_is_wired_to_the_cut():
    made = plan("Our day", CAT, DAY, lut=Text(digest="c" * 64, suffix=".cube", bytes=5))
    assert cut_of(made).lut.id == "lut" and made.assets["lut"].suffix == ".cube"
    assert not made.problems()


@pytest.mark.parametrize(
    ("request_", "plain"),
    [
        ("A calm film of our day, with me.mp4 in the upper right corner and a progress bar", "A calm film of our day"),
        ("Ein Film über den Tag mit me.mp4 als Bild-im-Bild unten links, ruhig", "Ein Film über den Tag, ruhig"),
        ("picture in picture of me.mp4 in the top left: our tour of Lisbon", "our tour of Lisbon"),
        ("The cat sleeps in the corner", "The cat sleeps in the corner"),
        ("Our day.", "Our day."),
    ],
)
def test_what_is_laid_over_is_not_what_the_film_is_about(request_, plain):
    assert plain_request(request_, [ME]) == plain


def test_a_corner_is_read_where_the_words_are():
    def corner(words: str) -> str:
        return overlays(Brief(request=words), [CAT, ME], ()).corner

    assert corner("me.mp4 in the bottom left corner") == "bottom left"
    assert corner("me.mp4 als Bild im Bild oben links") == "top left"
    assert corner("me.mp4 in the corner") == "top right"
    assert corner("me.mp4 in the lower corner") == "bottom right"


def test_no_other_clip_takes_the_corner_of_one_that_is_not_there():
    for request in ("Our day with you.mp4 in the lower left corner", "Our day, with you.mp4 as picture-in-picture"):
        made = plan(request, CAT, DAY, ME)
        assert "inset" not in made.steps
        assert [(said.what, said.why) for said in made.degraded] == [
            ("you.mp4", "named in the request, and not among the files")
        ]
        assert made.steps["script"].request == "Our day"
