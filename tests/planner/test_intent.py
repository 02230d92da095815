"""What the words ask for, and what they do not."""

import time
from fractions import Fraction

import pytest

from cutroom.brief.words import film_title
from cutroom.planner.intent import intent

LENGTHS = {
    "A calm one-minute recap of our weekend at the lake": 60,
    "a 90 second video": 90,
    "45s": 45,
    "half a minute of fun": 30,
    "make it 1:30 long": 90,
    "a 1:30 video": 90,
    "two and a half minutes": 150,
    "a minute and a half": 90,
    "1½ minutes": 90,
    "1m30s": 90,
    "1 minute and 30 seconds": 90,
    "a film of 1 minute 15 seconds": 75,
    "forty-five second cut": 45,
    "a 60-sec teaser": 60,
    "about a minute": 60,
    "a minute long": 60,
    "under a minute": 59,
    "30-60 seconds": 45,
    "a 5-minute walk in a 2 minute film": 120,
    "show each photo for 3 seconds, 40 seconds in total": 40,
    "Use the 30s music in a 20 second film": 20,
    "Ein Film, 30 Sekunden": 30,
    "einminütiger Rückblick": 60,
    "ein 30-sekündiger Clip": 30,
    "zweieinhalb Minuten": 150,
    "une minute de vacances": 60,
    "un film d'une minute": 60,
    "deux minutes et demie": 150,
    "une demi-minute": 30,
    "un minuto del viaje": 60,
    "minuto y medio": 90,
    "un minuto e mezzo": 90,
    "um vídeo de dois minutos": 120,
    "2 min 30": 150,
    "湖での週末の30秒の動画": 30,
    "一分钟的短片": 60,
    "an hour-long film": 3600,
}


@pytest.mark.parametrize(("words", "seconds"), LENGTHS.items())
def test_lengths(words, seconds):
    assert intent(words).seconds == Fraction(seconds)


NO_LENGTHS = [
    "Make a video",
    "a film about the 30s",
    "with 90s music",
    "in 5 minutes' walk from here",
    "a recap of the ten minute drive",
    "3 seconds per photo",
    "we met at 10:30",
    "a second look at the lake",
    "wait a minute",
    "our last-minute trip",
    "our second day",
    "24 hours in Tokyo",
    "shot on iPhone 6s",
    "a 9:16 film",
    "John 3:16",
    "0 seconds",
    "after 10 seconds the title appears",
    "our hotel was five minutes from the beach",
    'a film called "60 seconds in Paris"',
    "a recap of the 1930s",
    "an 80s party",
]


@pytest.mark.parametrize("words", NO_LENGTHS)
def test_times_that_are_not_the_films_length(words):
    assert intent(words).seconds is None


MOODS = {
    "A calm recap": "calm",
    "an upbeat recap of our calm bay": "upbeat",
    "about our calm bay, with upbeat music": "upbeat",
    "something epic": "epic",
    "nothing too sad, something warm": "warm",
    "a funny film of the dog": "playful",
    "ein ruhiger Film": "calm",
    "un film joyeux": "upbeat",
    "una película divertida": "playful",
    "un filmato malinconico": "melancholy",
    "not epic": None,
    "a film about taxes": None,
    "birthday video": "upbeat",
    "a tense trailer": "tense",
    "our wedding": "warm",
    "a tense trailer for our wedding": "tense",
    "um filme alegre": "upbeat",
}


@pytest.mark.parametrize(("words", "mood"), MOODS.items())
def test_moods(words, mood):
    assert intent(words).mood == mood


SHAPES = {
    "a vertical video": "9:16",
    "for TikTok": "9:16",
    "an Instagram reel": "9:16",
    "for YouTube Shorts": "9:16",
    "for stories": "9:16",
    "make it square": "1:1",
    "a square film of Times Square": "1:1",
    "widescreen": "16:9",
    "in portrait mode, please": "9:16",
    "1080x1350": "1080x1350",
    "1080 × 1920 pixels": "1080x1920",
    "4:5 for the feed": "4:5",
    "16x9": "16:9",
    "a landscape video": "16:9",
    "im Hochformat": "9:16",
    "quadratisch": "1:1",
    "format vertical": "9:16",
    "vídeo vertical": "9:16",
    "calm, 30 seconds, vertical": "9:16",
    "Times Square at night": None,
    "we walked to the town square": None,
    "portraits of my family": None,
    "a portrait of Grandpa": None,
    "landscapes of Iceland": None,
    "stories from our trip": None,
    "we all wore shorts": None,
    "the highlight reel": None,
    "a vertical climb": None,
    "we won 1:1 on aggregate, then lost": None,
    "not vertical": None,
    "it ended 1:1": None,
}


@pytest.mark.parametrize(("words", "shape"), SHAPES.items())
def test_shapes(words, shape):
    assert intent(words).shape == shape


TITLES = {
    "A calm one-minute recap of our weekend at the lake": "Our weekend at the lake",
    'A film called "Lake days" about summer': "Lake days",
    "Make a one-minute recap titled Our Summer, with upbeat music": "Our Summer",
    "“Zwei Tage am See”: ein ruhiger Film": "Zwei Tage am See",
    "Call it 'Grandma's garden', 30 seconds": "Grandma's garden",
    "a vertical TikTok about our dog called Rex, upbeat, no narration": "Our dog called Rex",
    "A travel vlog about Lisbon": "Lisbon",
    "Birthday video for Grandma": "Birthday video for Grandma",
    "a video for Grandma's 80th birthday": "Grandma's 80th birthday",
    "A film from these photos about our dog": "Our dog",
    "our weekend at the lake, calm, one minute, vertical": "Our weekend at the lake",
    "no voice, music or captions please: a minute of our garden": "Our garden",
    "MAKE A VIDEO OF OUR TRIP TO ROME": "Our Trip to Rome",
    "A recap of our weekend at the lake.\nUse calm music and keep it under a minute.": "Our weekend at the lake",
    "Ein ruhiger einminütiger Rückblick auf unser Wochenende am See": "Unser Wochenende am See",
    "Ein Film über unseren Urlaub auf Sylt, 30 Sekunden, hochkant, ohne Musik": "Unser Urlaub auf Sylt",
    "Un récapitulatif calme d'une minute de notre week-end au lac": "Notre week-end au lac",
    "Un resumen tranquilo de un minuto de nuestro fin de semana en el lago": "Nuestro fin de semana en el lago",
    "Un video calmo di un minuto sul nostro weekend al lago": "Il nostro weekend al lago",
    "Um vídeo calmo de um minuto sobre o nosso fim de semana no lago": "O nosso fim de semana no lago",
    "A film about 東京タワー": "東京タワー",
    "Summer in 東京": "Summer in 東京",
    "“东京” 一部平静的影片": "东京",
    "сделай фильм titled “Лето”": "Лето",
    "我们的周末在湖边，一分钟": None,
    "一部平静的影片": None,
    "静かな映像": None,
    "сделай спокойный фильм": None,
    "zrób spokojny film o naszym weekendzie": None,
    "Een rustige film over ons weekend aan het meer": None,
    "Summer 2024": "Summer 2024",
    "Make a video": None,
    "60 second video": None,
    "Turn these photos into a one-minute film": None,
    "Please, could you make me a short video?": None,
    "Make it vertical and 30 seconds": None,
    "": None,
    "!!!": None,
    "Cut a 30s trailer from these clips": None,
}


@pytest.mark.parametrize(("words", "title"), TITLES.items())
def test_titles(words, title):
    assert intent(words).title == title


def test_words_in_a_language_that_is_not_read_are_known_as_such():
    assert not intent("一部平静的影片，一分钟").read
    assert intent("一部平静的影片，一分钟").seconds == 60
    for words in ("A film about 東京タワー", "Ein Film über Łódź", "Un vídeo calmo sobre o lago", "Summer 2024", ""):
        assert intent(words).read, words


@pytest.mark.parametrize(
    "title", ["WE WON IT", "we are here.", "The long and winding way home to the lake in the middle of June, with Bob"]
)
def test_a_title_in_quotation_marks_is_left_as_it_is(title: str):
    assert film_title(f"A calm film called '{title}', with music") == title
    assert film_title(f'"{title}": a calm film') == title


def test_a_title_is_never_invented():
    for words in TITLES:
        title = intent(words).title or ""
        assert all(word.lower() in words.lower() or word in ("Unser", "Il") for word in title.split())


def test_a_long_subject_is_cut_between_words():
    title = film_title(
        "A film about " + "the very long and winding story of how the four of us crossed the mountains on foot " * 3
    )
    assert title is not None
    assert len(title) <= 60
    assert not title.endswith((" of", " the", " and", " cr"))


WISHES = {
    ("no narration", "voice"): False,
    ("without a voice", "voice"): False,
    ("a silent film", "voice"): False,
    ("a silent film", "music"): False,
    ("with narration", "voice"): True,
    ("narrated", "voice"): True,
    ("in a warm voice", "voice"): True,
    ("a silent lake", "voice"): None,
    ("ohne Erzähler", "voice"): False,
    ("sans narration, sans voix off", "voice"): False,
    ("sin narración", "voice"): False,
    ("only music", "voice"): False,
    ("only music", "music"): True,
    ("no music", "music"): False,
    ("ohne Musik", "music"): False,
    ("set to piano music", "music"): True,
    ("no voice, music or captions", "music"): False,
    ("no voice, music or captions", "captions"): False,
    ("without narration but with subtitles", "captions"): True,
    ("without narration but with subtitles", "voice"): False,
    ("no subtitles", "captions"): False,
    ("mit Untertiteln", "captions"): True,
    ("a film", "captions"): None,
    ("a film", "music"): None,
    ("original sound only", "music"): False,
}


@pytest.mark.parametrize(("asked", "wanted"), WISHES.items())
def test_what_is_wanted_and_what_is_not(asked, wanted):
    words, topic = asked
    assert getattr(intent(words), topic) is wanted


OTHERS = {
    ("in chronological order", "order"): "chronological",
    ("oldest first", "order"): "chronological",
    ("newest first", "order"): "reverse",
    ("keep the order", "order"): "as_given",
    ("in reverse chronological order", "order"): "reverse",
    ("chronologisch", "order"): "chronological",
    ("by date", "order"): "chronological",
    ("in order to impress", "order"): None,
    ("dans cet ordre", "order"): "as_given",
    ("in German", "language"): "de",
    ("a recap of our trip, auf Deutsch", "language"): "de",
    ("en français", "language"): "fr",
    ("with Spanish subtitles", "language"): "es",
    ("in British English", "language"): "en-GB",
    ("in the Italian Alps, we skied for a week", "language"): "en",
    ("a film of our walk in Polish forests and the lakes", "language"): "en",
    ("Ein ruhiger Rückblick auf unser Wochenende am See", "language"): "de",
    ("Un recuerdo de nuestro fin de semana en el lago", "language"): "es",
    ("湖での週末の思い出", "language"): "ja",
    ("ok", "language"): None,
    ("fast-paced", "pace"): "fast",
    ("a slow, gentle film", "pace"): "slow",
    ("in slow motion", "pace"): None,
    ("a breakfast film", "pace"): None,
    ("quick cuts", "pace"): "fast",
    ("our fast car", "pace"): None,
}


@pytest.mark.parametrize(("asked", "wanted"), OTHERS.items())
def test_order_language_and_pace(asked, wanted):
    words, topic = asked
    assert getattr(intent(words), topic) == wanted


def test_the_language_that_is_asked_for_beats_the_one_of_the_request():
    asked = intent("Make a one-minute film of our weekend at the lake, in German")
    assert (asked.language, asked.language_asked) == ("de", True)


@pytest.mark.parametrize(
    "hostile",
    [
        "a " * 100_000,
        "(" * 50_000,
        "1:" * 50_000,
        "no voice, " * 20_000,
        "\x00\x1b[31m" * 5_000,
        "“" * 20_000,
        "a very " * 5_000 + "video",
        "de " * 50_000,
        "\u202e" * 5_000,
        "9" * 50_000,
        "one " * 40_000,
        "x, " * 40_000,
    ],
)
def test_hostile_words_are_read_at_once(hostile):
    start = time.process_time()
    intent(hostile)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "request_", ["A square film called 'Cats'", "a square film called Cats", "A square video titled “Cats”"]
)
def test_a_given_title_does_not_hide_the_shape(request_):
    wanted = intent(request_)
    assert (wanted.shape, wanted.title) == ("1:1", "Cats")
