"""The house planner as a pure function: a brief and facts go in, a plan comes out."""

import itertools
from fractions import Fraction as F

import pytest

from cutroom.brief.brief import Asset, Brief
from cutroom.errors import WrongUse
from cutroom.media.kinds import Audio, Image, Text, Video
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.catalogue.generate import ComposeMusic, DrawCard, Speak
from cutroom.plan.facts import ClipFacts, Moment, PictureFacts, Script, ScriptLine
from cutroom.planner.house import HousePlanner
from cutroom.planner.planner import Known
from cutroom.time import Span
from cutroom.timeline.beats import tempo_grid
from cutroom.timeline.timeline import Box
from cutroom.verdict import Fail, Finding

WHOLE = Box(x=0, y=0, width=1, height=1)


def picture(number: int, *, width=4000, height=3000) -> Asset:
    return Asset(
        id=f"a{number}",
        name=f"IMG_{number}.jpg",
        media=Image(digest=f"{number:064x}", suffix=".jpg", bytes=1, width=width, height=height),
    )


def clip(number: int, seconds=8, *, sound=True) -> Asset:
    return Asset(
        id=f"a{number}",
        name=f"clip {number}.mp4",
        media=Video(
            digest=f"{number:064x}",
            suffix=".mp4",
            bytes=1,
            width=1920,
            height=1080,
            seconds=seconds,
            fps=30,
            sound=sound,
        ),
    )


def notes(number: int) -> Asset:
    return Asset(id=f"a{number}", name="notes.md", media=Text(digest=f"{number:064x}", suffix=".txt", bytes=10))


def facts_of(asset: Asset, fingerprint: int | None = None, quality=0.7) -> str:
    if isinstance(asset.media, Video):
        moment = Moment(span=Span(start=F(1), length=asset.media.seconds - 2), score=0.6, focus=WHOLE)
        return ClipFacts(
            seconds=asset.media.seconds,
            width=1920,
            height=1080,
            shots=(),
            moments=(moment,),
            motion=0.1,
            sharpness=0.5,
            exposure=0,
            colour="#808080",
        ).model_dump_json()
    number = int(asset.id[1:])
    mark = fingerprint if fingerprint is not None else (0x9E3779B97F4A7C15 * number) % 2**64
    return PictureFacts(
        width=4000,
        height=3000,
        focus=WHOLE,
        sharpness=0.8,
        exposure=0,
        colour="#808080",
        fingerprint=f"{mark:016x}",
        quality=quality,
    ).model_dump_json()


class Table:
    """Plays the engine: hands the planner more and more of what is known."""

    def __init__(self, brief: Brief, script: Script, *, facts=None, spoken=F(3), failed=None):
        self.brief, self.script, self.spoken, self.failed = brief, script, spoken, dict(failed or {})
        self.facts = {
            asset.id: facts_of(asset) for asset in brief.assets if isinstance(asset.media, Image | Video)
        } | dict(facts or {})

    def plan(self):
        planner = HousePlanner()
        media = {asset.id: asset.media for asset in self.brief.assets}
        texts = {name: "We went to the lake. It was warm." for name, item in media.items() if isinstance(item, Text)}
        json = Text(digest="e" * 64, suffix=".json", bytes=1)
        for _ in range(6):
            plan = planner.plan(self.brief, Known(media=media, texts=texts, failed=self.failed))
            assert plan.problems() == []
            if not plan.waits_for:
                return plan
            for name in plan.waits_for:
                step = plan.steps[name]
                if isinstance(step, Speak):
                    media[name] = Audio(
                        digest="d" * 64, suffix=".wav", bytes=1, seconds=self.spoken, rate=48000, channels=1
                    )
                else:
                    media[name] = json
                    texts[name] = (
                        self.script.model_dump_json() if name == "script" else self.facts[name.removeprefix("look-")]
                    )
        raise AssertionError("the planner never finished")


def lines(count: int, *, about=True) -> tuple[ScriptLine, ...]:
    return tuple(
        ScriptLine(text=f"Line {place} tells something of the lake.", subject=place if about else None)
        for place in range(count)
    )


def weekend(**options) -> Brief:
    assets = (*[picture(number) for number in range(1, 13)], clip(13), clip(14), clip(15), notes(16))
    return Brief(**{"request": "A calm one-minute recap of our weekend at the lake", "assets": assets, **options})


SCRIPT = Script(title="Our weekend at the lake", lines=lines(6))


def shots(plan):
    return [plan.steps[wire.id] for wire in plan.steps["cut"].wires() if wire.field.startswith("shots")]


def test_a_minute_is_a_minute_and_every_visual_is_in_it():
    plan = Table(weekend(), SCRIPT).plan()
    assert sum(shot.seconds for shot in shots(plan)) + plan.steps["cut"].ending == 60
    assert len(shots(plan)) == 15
    assert plan.steps["music"].seconds == 60


def test_every_time_falls_on_a_frame():
    for shot in shots(Table(weekend(fps=F(25)), SCRIPT).plan()):
        assert (shot.seconds * 25).denominator == 1


def test_most_cuts_fall_on_beats_of_the_music_that_is_composed():
    plan = Table(weekend(), SCRIPT).plan()
    beats = tempo_grid("calm", F(60), 0).beats
    at, on_beat = F(0), 0
    for shot in shots(plan)[:-1]:
        at += shot.seconds
        on_beat += min(abs(beat - at) for beat in beats) <= F(1, 60)
    assert on_beat >= 10


def test_lines_follow_each_other_without_overlap_and_end_before_the_film_does():
    voice = Table(weekend(), SCRIPT).plan().steps["cut"].voice
    starts = [placed.start for placed in voice]
    assert all(later - earlier >= 3 for earlier, later in itertools.pairwise(starts))
    assert starts[-1] + 3 < 60


def test_a_line_about_a_picture_is_heard_while_it_is_seen():
    plan = Table(
        weekend(),
        Script(
            title="T", lines=(ScriptLine(text="Of the fifth.", subject=4), ScriptLine(text="Of the ninth.", subject=8))
        ),
    ).plan()
    begins = [sum((shot.seconds for shot in shots(plan)[:place]), F(0)) for place in range(16)]
    for placed, subject in zip(plan.steps["cut"].voice, (4, 8), strict=True):
        assert begins[subject] <= placed.start < begins[subject + 1]


def test_the_same_brief_gives_the_same_plan_and_another_seed_another():
    assert Table(weekend(), SCRIPT).plan() == Table(weekend(), SCRIPT).plan()
    assert Table(weekend(seed=7), SCRIPT).plan() != Table(weekend(), SCRIPT).plan()


def test_of_near_duplicates_only_the_better_is_kept_and_said():
    brief = weekend()
    facts = {
        "a3": facts_of(brief.assets[2], fingerprint=1, quality=0.4),
        "a4": facts_of(brief.assets[3], fingerprint=3, quality=0.9),
    }
    plan = Table(brief, SCRIPT, facts=facts).plan()
    assert len(shots(plan)) == 14
    assert any(note.startswith("IMG_3.jpg is left out: IMG_4.jpg") for note in plan.notes)


def test_a_short_film_leaves_the_weakest_out():
    brief = weekend(seconds=F(10))
    plan = Table(brief, Script(title="T"), facts={"a5": facts_of(brief.assets[4], quality=0.05)}).plan()
    used = {wire.id for shot in shots(plan) for wire in shot.wires()}
    assert "a5" not in used
    assert any("IMG_5.jpg is left out" in note for note in plan.notes)
    assert min(shot.seconds for shot in shots(plan)) >= 1


def test_one_picture_for_a_minute_comes_back_in_other_framings():
    brief = Brief(request="one minute", assets=(picture(1),))
    plan = Table(brief, Script(title="T")).plan()
    assert len(shots(plan)) >= 6
    assert len({(shot.seed) for shot in shots(plan)}) == len(shots(plan))


def test_a_clip_is_not_asked_for_more_than_it_holds():
    plan = Table(weekend(), SCRIPT).plan()
    for shot in shots(plan):
        if isinstance(shot, PickMoment):
            assert shot.seconds + 2 * shot.handles <= 8


def test_words_alone_become_cards():
    plan = Table(
        Brief(request="A 20 second film", assets=(notes(1),)), Script(title="T", lines=lines(3, about=False))
    ).plan()
    cards = [step for step in plan.steps.values() if isinstance(step, DrawCard)]
    assert cards
    assert all(isinstance(shot, FramePicture) for shot in shots(plan))
    assert sum(shot.seconds for shot in shots(plan)) + plan.steps["cut"].ending == 20


@pytest.mark.parametrize(("options", "kind"), [({"voice": "none"}, Speak), ({"music": "none"}, ComposeMusic)])
def test_none_means_none(options, kind):
    plan = Table(weekend(**options), SCRIPT).plan()
    assert not [step for step in plan.steps.values() if isinstance(step, kind)]


def test_a_sound_that_was_handed_over_is_the_music():
    sound = Asset(
        id="a16",
        name="song.mp3",
        media=Audio(digest="c" * 64, suffix=".mp3", bytes=1, seconds=90, rate=44100, channels=2),
    )
    plan = Table(weekend(assets=(*weekend().assets[:15], sound)), Script(title="T")).plan()
    assert plan.steps["cut"].music.id == "a16"
    assert "music" not in plan.steps


def test_upright_pictures_alone_make_an_upright_film():
    brief = Brief(request="a film", assets=tuple(picture(number, width=3000, height=4000) for number in range(1, 4)))
    assert Table(brief, Script(title="T")).plan().steps["cut"].format.height == 1920


def test_a_picture_that_could_not_be_looked_at_costs_only_itself():
    plan = Table(weekend(), SCRIPT, failed={"look-a2": "cannot be decoded"}).plan()
    assert len(shots(plan)) == 14
    assert [(item.what, item.why) for item in plan.degraded] == [("IMG_2.jpg", "cannot be decoded")]


def test_a_line_that_could_not_be_spoken_is_still_read():
    plan = Table(weekend(), SCRIPT, failed={"line-2": "no voice for this"}).plan()
    assert len(plan.steps["cut"].voice) == 5
    assert len(plan.steps["captions"].lines) == 6
    assert plan.degraded[0].what == "line-2"


@pytest.mark.parametrize("options", [{"mood": "angry"}, {"shape": "banana"}, {"shape": "3x3"}])
def test_what_cannot_be_understood_is_wrong_use(options):
    with pytest.raises(WrongUse):
        Table(weekend(**options), SCRIPT).plan()


def fail(check: str) -> Fail:
    return Fail(judge="j", version="1", reasons=("no",), findings=(Finding(check=check, says="no"),))


def test_revisions_answer_what_the_judge_found():
    plan = Table(weekend(), SCRIPT).plan()
    planner = HousePlanner()
    assert planner.revise(plan, "captions", fail("captions_too_fast"), 1).steps["captions"].shorten
    assert planner.revise(plan, "cut", fail("low_contrast"), 1).steps["cut"].caption_style.scrim > 0
    assert planner.revise(plan, "film", fail("off_screen"), 1).steps["cut"].caption_style.size < 0.05
    assert planner.revise(plan, "shot-13", fail("black"), 1).steps["shot-13"].part == 1
    assert planner.revise(plan, "shot-1", fail("head_cut"), 1) is None
    assert planner.revise(plan, "film", fail("loudness"), 1) is None


def test_what_is_told_is_seen():
    """A line whose picture is left out is not told, and no caption outlasts its picture when nobody speaks."""
    named = Script(title="T", lines=tuple(ScriptLine(text=f"Picture {place}", subject=place) for place in range(12)))
    plan = Table(weekend(seconds=F(12), voice="none"), named).plan()
    begins, at = {}, F(0)
    for shot in shots(plan):
        begins[shot.wires().__next__().id] = (at, at + shot.seconds)
        at += shot.seconds
    lines = plan.steps["captions"].lines
    assert len(lines) < 12
    for line in lines:
        start, end = begins[f"a{int(line.text.split()[1]) + 1}"]
        assert start <= line.start < end
        assert line.start + line.seconds <= end + F(1, 2)
    assert any(note.startswith("not told, for its picture is left out") for note in plan.notes)


def test_pictures_that_are_spoken_about_stay_and_have_the_time_for_it():
    script = Script(
        title="T",
        lines=(ScriptLine(text="Of the second.", subject=1), ScriptLine(text="Of the last photograph.", subject=11)),
    )
    weak = {"a2": facts_of(weekend().assets[1], quality=0.01)}
    plan = Table(weekend(seconds=F(14)), script, facts=weak).plan()
    used = [wire.id for shot in shots(plan) for wire in shot.wires()]
    assert {"a2", "a12"} <= set(used)


def test_notes_are_read_in_their_own_language():
    german = Brief(request="un film vertical de 20 secondes, joyeux", assets=(picture(1), notes(2)))

    class German(Table):
        def plan(self):
            planner = HousePlanner()
            words = "Am Samstag sind wir mit dem Zug nach Konstanz gefahren. Das Wetter war herrlich."
            json = Text(digest="e" * 64, suffix=".json", bytes=1)
            return planner.plan(
                self.brief, Known(media={"look-a1": json}, texts={"a2": words, "look-a1": self.facts["a1"]})
            )

    assert German(german, SCRIPT).plan().steps["script"].language == "de"


def test_a_second_piece_of_music_is_told_of():
    sounds = tuple(
        Asset(
            id=f"a{number}",
            name=f"{number}.mp3",
            media=Audio(digest=f"{number:064x}", suffix=".mp3", bytes=1, seconds=90, rate=44100, channels=2),
        )
        for number in (16, 17)
    )
    plan = Table(weekend(assets=(*weekend().assets[:15], *sounds)), Script(title="T")).plan()
    assert "17.mp3 is not heard: one piece of music is enough" in plan.notes
