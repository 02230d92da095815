"""What people say when they want a film changed, and what must follow; and what must be refused, and how."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from cutroom.brief.brief import Asset, Brief, Shown
from cutroom.errors import WrongUse
from cutroom.media.kinds import Audio, Image, Text, Video
from cutroom.plan.facts import ClipFacts, Face, PictureFacts
from cutroom.planner.revising import Hold
from cutroom.planner.wishes import understood, wishes
from cutroom.timeline.timeline import Box

NAMES = (
    "IMG_0412.jpg",
    "raccoon.jpg",
    "harbour-evening.jpg",
    "cat.jpg",
    "lighthouse.jpg",
    "rabbit.mp4",
    "DSC_0007.jpg",
    "boat_trip.mp4",
)
SHORT = {
    "img": "a1",
    "raccoon": "a2",
    "harbour": "a3",
    "cat": "a4",
    "light": "a5",
    "rabbit": "a6",
    "dsc": "a7",
    "boat": "a8",
}
ALL = "img raccoon harbour cat light rabbit dsc boat"


def asset(place: int, name: str) -> Asset:
    about = {"digest": f"{place:064x}", "bytes": 1}
    if name.endswith(".mp4"):
        clip = Video(**about, suffix=".mp4", width=1920, height=1080, seconds=8 + place, fps=30, sound=True)
        return Asset(id=f"a{place}", name=name, media=clip)
    if name.endswith(".md"):
        return Asset(id=f"a{place}", name=name, media=Text(**about, suffix=".md"))
    if name.endswith(".mp3"):
        return Asset(id=f"a{place}", name=name, media=Audio(**about, suffix=".mp3", seconds=30, rate=48000, channels=2))
    width, height = (300, 400) if name.startswith("light") else (400, 300)
    return Asset(id=f"a{place}", name=name, media=Image(**about, suffix=".jpg", width=width, height=height))


VISUALS = tuple(asset(place, name) for place, name in enumerate(NAMES, 1))
FACE = Face(box=Box(x=0.4, y=0.4, width=0.2, height=0.2), confidence=0.9)


def facts_of(one: Asset):
    """The cat's picture shows nobody, the dark one is the harbour, the blurred one DSC_0007."""
    box = Box(x=0, y=0, width=1, height=1)
    faces = () if one.name == "cat.jpg" else (FACE,)
    sharp = 0.1 if one.name.startswith("DSC") else 0.8
    dark = -0.7 if one.name.startswith("harbour") else 0.0
    if isinstance(one.media, Video):
        return ClipFacts(
            seconds=one.media.seconds, width=9, height=9, shots=(), moments=(), faces=faces, motion=0.1, sharpness=sharp,
            exposure=dark, colour="#808080",
        )  # fmt: skip
    return PictureFacts(
        width=9, height=9, focus=box, faces=faces, sharpness=sharp, exposure=dark, colour="#808080", fingerprint="0" * 16,
        quality=0.5,
    )  # fmt: skip


FACTS = {one.id: facts_of(one) for one in VISUALS}


def brief(
    *revisions: str, request="An upbeat film of our day, 60 seconds", more=(), shown: str = ALL, **options
) -> Brief:
    seen = Shown(assets=tuple(SHORT[name] for name in shown.split()), seconds=F(60))
    assets = (*VISUALS, asset(9, "notes.md"), *more)
    return Brief(request=request, assets=assets, revisions=revisions, shown=(seen,) * len(revisions), **options)


def after(*revisions: str, **options):
    return wishes(brief(*revisions, **options), ["We went to the lake."], FACTS)


def seen(*revisions: str, **options) -> str:
    names = {identity: name for name, identity in SHORT.items()}
    return " ".join(names[one.id] for one in after(*revisions, **options).visuals)


def without(names: str) -> str:
    return " ".join(name for name in ALL.split() if name not in names.split())


PICTURES = {
    # drop, by place
    "drop the third photo": without("harbour"),
    "Please remove the third picture.": without("harbour"),
    "leave out the 3rd photo": without("harbour"),
    "lose picture 3": without("harbour"),
    "drop photos 2 and 5": without("raccoon light"),
    "delete photo #2": without("raccoon"),
    "remove photos 2-4": without("raccoon harbour cat"),
    "skip pictures 1, 2 and 3": without("img raccoon harbour"),
    "drop the second and fourth photos": without("raccoon cat"),
    "drop the last clip": without("boat"),
    "cut the first clip": without("rabbit"),
    "get rid of the second to last photo": without("light"),
    "remove the last photo": without("dsc"),
    "drop the first two photos": without("img raccoon"),
    "drop the last 2 pictures": without("light dsc"),
    "drop the 6th shot": without("rabbit"),
    "leave the second one out": without("raccoon"),
    "take the third photo out": without("harbour"),
    "the third photo should go": without("harbour"),
    "I don't like the second photo": without("raccoon"),
    "all the clips out": without("rabbit boat"),
    "without the clips": without("rabbit boat"),
    # by name
    "drop the raccoon": without("raccoon"),
    "drop the racoon": without("raccoon"),
    "drop the lighthose photo": without("light"),
    "remove the picture of the lighthouse": without("light"),
    "delete IMG_0412": without("img"),
    "delete img_0412.jpg": without("img"),
    "drop photo 412": without("img"),
    "lose the harbour evening picture": without("harbour"),
    "no cat": without("cat"),
    "don't show the cat": without("cat"),
    "drop the boat trip clip and the raccoon": without("boat raccoon"),
    "drop the cat, the raccoon and the lighthouse": without("cat raccoon light"),
    "drop DSC_0007.jpg, please": without("dsc"),
    # by what is seen
    "drop the one with nobody": without("cat"),
    "drop the photo without people": without("cat"),
    "remove the blurry photos": without("dsc"),
    "drop the darkest photo": without("harbour"),
    "drop the upright photo": without("light"),
    "remove the longest clip": without("boat"),
    # keep only
    "keep only the clips": "rabbit boat",
    "only the cat and the raccoon": "raccoon cat",
    "keep the cat and the raccoon, drop the rest": "raccoon cat",
    "drop everything except the cat": "cat",
    "just the first three photos": "img raccoon harbour",
    # order
    "put the lighthouse first": "light img raccoon harbour cat rabbit dsc boat",
    "start with the cat": "cat img raccoon harbour light rabbit dsc boat",
    "begin with the cat, then the raccoon": "cat raccoon img harbour light rabbit dsc boat",
    "open on the rabbit": "rabbit img raccoon harbour cat light dsc boat",
    "cat first": "cat img raccoon harbour light rabbit dsc boat",
    "move the second photo to the end": "img harbour cat light rabbit dsc boat raccoon",
    "end with the cat": "img raccoon harbour light rabbit dsc boat cat",
    "swap the first two": "raccoon img harbour cat light rabbit dsc boat",
    "swap the cat and the raccoon": "img cat harbour raccoon light rabbit dsc boat",
    "swap the cat with the last clip": "img raccoon harbour boat light rabbit dsc cat",
    "put the cat before the raccoon": "img cat raccoon harbour light rabbit dsc boat",
    "move the raccoon after the lighthouse": "img harbour cat light raccoon rabbit dsc boat",
    "move the cat to second place": "img cat raccoon harbour light rabbit dsc boat",
    "put the lighthouse in position 1": "light img raccoon harbour cat rabbit dsc boat",
    "reverse the order": " ".join(ALL.split()[::-1]),
    # other languages
    "das dritte Foto weglassen": without("harbour"),
    "lösche das zweite Bild": without("raccoon"),
    "lass das letzte Foto weg": without("dsc"),
    "ohne das dritte Bild": without("harbour"),
    "entferne cat.jpg": without("cat"),
    "das zweite Bild raus": without("raccoon"),
    "beginne mit dem dritten Foto": "harbour img raccoon cat light rabbit dsc boat",
    "zeige nur die Clips": "rabbit boat",
    "enlève la troisième photo": without("harbour"),
    "supprime le dernier clip": without("boat"),
    "sans la deuxième photo": without("raccoon"),
    "commence par la dernière photo": "dsc img raccoon harbour cat light rabbit boat",
    "quita la tercera foto": without("harbour"),
    "sin el último clip": without("boat"),
    "termina con la primera foto": "raccoon harbour cat light rabbit dsc boat img",
}


@pytest.mark.parametrize(("words", "left"), PICTURES.items())
def test_pictures_and_clips(words, left):
    understood(brief(words), FACTS)
    assert seen(words) == left
    assert after(words).missed == ()


CHOICES = {
    # mood
    "calmer music": {"music_mood": "calm", "mood": "upbeat"},
    "calm music": {"music_mood": "calm", "mood": "upbeat"},
    "a bit calmer": {"music_mood": "warm", "mood": "warm"},
    "make it calmer": {"music_mood": "calm", "mood": "calm"},
    "more dramatic, please": {"music_mood": "epic", "mood": "epic"},
    "make the music more dramatic": {"music_mood": "epic", "mood": "upbeat"},
    "sadder": {"music_mood": "melancholy"},
    "darker music": {"music_mood": "tense"},
    "something warmer": {"mood": "warm"},
    "funnier music": {"music_mood": "playful", "mood": "upbeat"},
    "the music should be epic": {"music_mood": "epic", "mood": "upbeat"},
    "less energetic": {"mood": "calm"},
    "happier": {"mood": "upbeat", "tempo": 1},
    "ruhigere Musik": {"music_mood": "calm", "mood": "upbeat"},
    "musique plus calme": {"music_mood": "calm", "mood": "upbeat"},
    "música más tranquila": {"music_mood": "calm", "mood": "upbeat"},
    "dramatischer": {"mood": "epic"},
    # music and sound
    "different music": {"piece": 1, "composed": True},
    "another piece of music": {"piece": 1},
    "change the music": {"piece": 1},
    "andere Musik": {"piece": 1},
    "une autre musique": {"piece": 1},
    "otra música": {"piece": 1},
    "no music": {"topics": {"music": False}},
    "turn off the music": {"topics": {"music": False}},
    "ohne Musik": {"topics": {"music": False}},
    "sans musique": {"topics": {"music": False}},
    "sin música": {"topics": {"music": False}},
    "bring the music back": {"topics": {"music": True}},
    "no narration": {"topics": {"voice": False}},
    "drop the voice-over": {"topics": {"voice": False}},
    "with narration": {"topics": {"voice": True}},
    "no captions": {"topics": {"captions": False}},
    "keine Untertitel": {"topics": {"captions": False}},
    "without music or captions": {"topics": {"music": False, "captions": False}},
    "mute the clips' own sound": {"topics": {"natural": False}},
    "louder music": {"levels": {"music": 4.0}},
    "quieter music": {"levels": {"music": -4.0}},
    "turn the music down a bit": {"levels": {"music": -2.0}},
    "the music is too loud": {"levels": {"music": -4.0}},
    "music much quieter": {"levels": {"music": -8.0}},
    "lower the music by 6 dB": {"levels": {"music": -6.0}},
    "the voice is too quiet": {"levels": {"voice": 4.0}},
    "quieter music and a louder voice": {"levels": {"music": -4.0, "voice": 4.0}},
    "leisere Musik": {"levels": {"music": -4.0}},
    "speak more slowly": {"speech": F(6, 7)},
    # length and pace
    "make it 45 s": {"seconds": F(45)},
    "make it one minute and a half": {"seconds": F(90)},
    "10 seconds shorter": {"seconds": F(50)},
    "make it ten seconds longer": {"seconds": F(70)},
    "cut 15 seconds": {"seconds": F(45)},
    "shorten it by 5 seconds": {"seconds": F(55)},
    "add 20 seconds": {"seconds": F(80)},
    "half as long": {"seconds": F(30)},
    "shorter": {"seconds": F(45)},
    "a bit longer": {"seconds": F(69)},
    "10 Sekunden kürzer": {"seconds": F(50)},
    "plus court": {"seconds": F(45)},
    "10 segundos menos": {"seconds": F(50)},
    "slower cuts": {"pace": F(-1)},
    "faster": {"pace": F(1)},
    "langsamere Schnitte": {"pace": F(-1)},
    "hold the second photo longer": {"holds": {"a2": Hold(times=F(8, 5))}},
    "show the cat a bit longer": {"holds": {"a4": Hold(times=F(5, 4))}},
    "show the cat for 5 seconds": {"holds": {"a4": Hold(seconds=F(5))}},
    "less time on the raccoon": {"holds": {"a2": Hold(times=F(5, 8))}},
    "zeige das zweite Foto länger": {"holds": {"a2": Hold(times=F(8, 5))}},
    # words, format, cuts
    "call it 'Lake days'": {"title": "Lake days"},
    "call it Lake days": {"title": "Lake days"},
    "change the title to “Two cats and a boat”": {"title": "Two cats and a boat"},
    "title: “Lake, at last”": {"title": "Lake, at last"},
    "nenne ihn „Am See“": {"title": "Am See"},
    "call it “WE WON IT.”": {"title": "WE WON IT."},
    "title: “The long and winding way home to the lake in the middle of June, with Bob”": {
        "title": "The long and winding way home to the lake in the middle of June, with Bob"
    },
    "no title": {"title": ""},
    "make it vertical": {"shape": "9:16"},
    "square, please": {"shape": "1:1"},
    "karaoke captions": {"caption_mode": "karaoke"},
    "captions one word at a time": {"caption_mode": "words"},
    "bigger captions": {"caption_size": 1.3},
    "captions at the top": {"caption_place": "top"},
    "in German": {"language": "de"},
    "use the voice flite/slt": {"voice": "flite/slt"},
    "hard cuts": {"transitions": (None,)},
    "crossfades": {"transitions": ("dissolve",)},
    "use wipes": {"transitions": ("wipe",)},
    "harte Schnitte": {"transitions": (None,)},
    "no zoom": {"motion": "still"},
    "no zoom on the cat": {"motions": {"a4": "still"}},
    "sans zoom": {"motion": "still"},
    "add a progress bar": {"progress": True},
}  # fmt: skip


@pytest.mark.parametrize(("words", "wanted"), CHOICES.items())
def test_everything_else(words, wanted):
    understood(brief(words), FACTS)
    choices = after(words).choices
    assert {name: getattr(choices, name) for name in wanted} == wanted
    assert after(words).missed == ()
    assert seen(words) == ALL


BOTH = {
    "calmer music, and drop the third photo": without("harbour"),
    "drop the third photo and the music": without("harbour"),
    "drop the music and the third photo": without("harbour"),
    "ruhigere Musik und das dritte Foto weglassen": without("harbour"),
    "call it Lake days and drop the cat": without("cat"),
    "no captions, then start with the cat": "cat img raccoon harbour light rabbit dsc boat",
    "musique plus calme, et enlève la troisième photo": without("harbour"),
}


@pytest.mark.parametrize(("words", "left"), BOTH.items())
def test_two_wishes_in_one_sentence(words, left):
    understood(brief(words), FACTS)
    assert seen(words) == left
    assert after(words).choices != after().choices


REFUSED = {
    "": "say what shall be different",
    "make me a sandwich": "make me a sandwich",
    "calmer music, and make it snow": "make it snow",
    "asdf qwer": "asdf qwer",
    "make the sky blue": "make the sky blue",
    "undo that": "cutroom undo",
    "drop the zebra": "no picture or clip is called so",
    "drop the ninth photo": "6 pictures",
    "remove clip 3": "2 clips",
    "drop the twelfth shot": "8 pictures and clips",
    "drop all the photos and the clips": "keep at least one",
    "drop everything except the zebra": "no picture or clip is called so",
    "swap the first three": "say which two",
    "put the cat before the cat": "before or after itself",
    "make it 3 hours": "3600 seconds",
    "90 seconds shorter": "cannot be 90 s shorter",
    "start with the zebra": "no picture or clip is called so",
    "move the cat to position 12": "place 12",
    "drop the photo with nobodi in it": "no picture or clip",
    "please": "asks for nothing",
    "teach me French cooking": "teach me French cooking",
    "remove the unicorn and calmer music": "unicorn",
    "entferne das zehnte Foto": "6 pictures",
    "lösche den Elefanten": "Elefanten",
    "enlève la dixième photo": "6 pictures",
}


@pytest.mark.parametrize(("words", "said"), REFUSED.items())
def test_what_cannot_be_is_refused_before_anything_changes(words, said):
    with pytest.raises(WrongUse, match=said):
        understood(brief(words), FACTS)


PARTLY = {
    "calmer music with violins": "violins",
    "drop the third photo quickly via teleporter": "teleporter",
    "karaoke captions glowing neon": "neon",
}


@pytest.mark.parametrize(("words", "missed"), PARTLY.items())
def test_words_that_were_not_understood_are_named(words, missed):
    understood(brief(words), FACTS)
    assert any(missed in what for what, _ in after(words).missed)


def test_several_that_fit_are_named():
    twins = (asset(10, "cat asleep.jpg"), asset(11, "cat awake.jpg"))
    with pytest.raises(WrongUse, match=r"cat asleep\.jpg or cat awake\.jpg"):
        understood(Brief(request="a film", assets=twins, revisions=("drop the cat",)), {})


def test_later_words_win():
    assert after("calmer music", "epic music").choices.music_mood == "epic"
    assert after("no music", "bring the music back").compose
    assert after("make it 30 s", "10 seconds longer").seconds == 40
    assert seen("drop the cat", "put the cat back in") == ALL


def test_an_option_gives_way_to_a_revision():
    wanted = after("make it 20 s, vertical, no music", seconds=F(60), shape="1:1", mood="epic", music=None)
    assert (wanted.seconds, wanted.format.height > wanted.format.width, wanted.compose) == (20, True, False)
    assert after("with narration", voice="none").narrate


def test_counting_follows_the_film_that_was_seen():
    assert seen("drop the second photo", shown="light cat img boat") == "img light boat"


def test_a_song_that_was_handed_over_gives_way_to_composed_music():
    song = asset(12, "song.mp3")
    assert after(more=(song,)).music == "a12"
    wanted = after("calmer music", more=(song,))
    assert (wanted.music, wanted.compose, wanted.choices.music_mood) == (None, True, "calm")


def test_narration_without_words_to_read_is_said():
    wanted = wishes(Brief(request="a film", assets=VISUALS, revisions=("with narration",)), [], FACTS)
    assert not wanted.narrate
    assert wanted.missed[0][0] == "narration"


REQUESTS = {
    "A film of our day. First the raccoon, without the cat": "raccoon img harbour light rabbit dsc boat",
    "A film of our day, start with the lighthouse, end with the cat": "light img raccoon harbour rabbit dsc boat cat",
    "Only the cat and the raccoon, 20 seconds": "raccoon cat",
    "Ein Film vom Tag, ohne das dritte Foto": without("harbour"),
    "Our cat's first day at the lighthouse": ALL,
    "A calm recap without the noise of the city": ALL,
    "A film about the cat and the raccoon": ALL,
    "First we went to the harbour, then we saw the cat": ALL,
}


@pytest.mark.parametrize(("request_", "left"), REQUESTS.items())
def test_the_first_request_is_understood_in_the_same_way(request_, left):
    wanted = after(request=request_)
    assert seen(request=request_) == left
    assert wanted.missed == ()


def test_what_is_asked_of_single_pictures_is_no_title():
    assert after(request="A film of our lake days. First the raccoon, without the cat").words.title == "Our lake days"


def test_words_in_notes_ask_for_nothing():
    wanted = wishes(brief(), ["Drop the third photo. No music. Make it 5 seconds."], FACTS)
    assert len(wanted.visuals) == len(VISUALS)
    assert (wanted.compose, wanted.seconds) == (True, 60)


@pytest.mark.parametrize(
    "words", ["no zoom" + " " * 3900 + "x", "drop the cat and " * 200, "call it '" * 400, "\n" * 3990 + "calmer"]
)
def test_pasted_text_is_read_without_harm(words):
    assert isinstance(after(words).choices.visuals, tuple)
