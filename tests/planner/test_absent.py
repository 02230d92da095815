import pytest

from cutroom.brief.brief import Asset, Brief, Skipped
from cutroom.media.kinds import Image, Text
from cutroom.planner.absent import absent, without_absent
from cutroom.planner.house import NOT_READ, HousePlanner
from cutroom.planner.intent import intent
from cutroom.planner.planner import Known

CAT = Asset(
    id="a1", name="my_cat.jpg", media=Image(digest="1" * 64, suffix=".jpg", bytes=1, width=400, height=300)
)  # fmt: skip
NOTES = Asset(id="a2", name="notes.md", media=Text(digest="2" * 64, suffix=".md", bytes=1))


def brief(request: str) -> Brief:
    broken = Skipped(name="broken.mp4", reason="is empty", way_out="copy it again")
    return Brief(request=request, assets=(CAT, NOTES), skipped=(broken,))


MISSING = {
    "A calm film of our day with me.mp4 in the lower left corner": ("me.mp4", "A calm film of our day", "Our day"),
    "A calm film, picture p-sync.mp4": ("p-sync.mp4", "A calm film", None),
    "A calm film of me.mp4": ("me.mp4", "A calm film", None),
    "A film about p.mp4.": ("p.mp4", "A film.", None),
    "A film from photos/x.jpg about our dog, calm": ("x.jpg", "A film about our dog, calm", "Our dog"),
    "our trip with song.mp3 as music and no narration": ("song.mp3", "our trip and no narration", "Our trip"),
    'with "x.jpg" first, our lake': ("x.jpg", "our lake", "Our lake"),
}


@pytest.mark.parametrize(("request_", "expected"), MISSING.items())
def test_a_file_that_is_not_there_is_said_and_gives_no_title(request_, expected):
    name, left, title = expected
    assert absent(brief(request_)) == (name,)
    assert without_absent(request_, brief(request_)) == left
    assert intent(left).title == title


@pytest.mark.parametrize(
    "request_",
    [
        "our day with my cat.jpg first",
        "our day with MY-CAT.JPG and cat.jpg and the words of notes.md",
        "our day with broken.mp4",
        "A film called “me.mp4”",
        "our day, save it as out/film.mp4",
        "we met at 3.30 p.m. at example.com, ask me@home.mov",
    ],
)
def test_what_is_there_and_what_is_no_file_is_left_alone(request_):
    assert absent(brief(request_)) == ()
    assert without_absent(request_, brief(request_)) == request_


def test_words_in_another_language_are_noted_in_the_plan():
    facts = Text(digest="f" * 64, suffix=".json", bytes=1)
    script = '{"title": "", "lines": []}'
    known = Known(media={"script": facts}, texts={"script": script})

    def notes(request: str) -> tuple[str, ...]:
        return HousePlanner().plan(Brief(request=request, voice="none", mark=False), known).notes

    assert NOT_READ in notes("一部平静的影片")
    assert NOT_READ not in notes("Ein ruhiger Film")
