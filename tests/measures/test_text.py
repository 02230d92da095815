"""How wide, how fast, how long, in which language."""

import sys
import threading
from fractions import Fraction

import pytest

from cutroom.measures.text import (
    base_language,
    characters,
    characters_a_second,
    language_of,
    reading_seconds,
    speech_seconds,
    width,
)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("lake", 4),
        ("湖畔", 4),
        ("café", 4),
        ("cafe\u0301", 4),
        ("🌊", 2),
        ("👨‍👩‍👧", 2),
        ("👍🏽", 2),
        ("ที่", 1),
        ("", 0),
    ],
)
def test_width(text, columns):
    assert width(text) == columns


def test_reading_speed_counts_what_is_read():
    assert characters("cafe\u0301\nbar") == 7
    assert characters_a_second("x" * 34, Fraction(2)) == 17
    assert reading_seconds("x" * 34) == 2
    assert reading_seconds("湖" * 17) == 2


def test_words_that_are_never_up_have_no_speed():
    with pytest.raises(ValueError, match="above 0"):
        characters_a_second("x", Fraction(0))


def test_speech_takes_longer_with_numbers_and_in_dense_scripts():
    assert speech_seconds("We came in June") < speech_seconds("We came in 2025")
    assert speech_seconds("我们在湖边度过了周末", "zh") > speech_seconds("At the lake")
    assert (
        Fraction(9, 2) < speech_seconds("We left the city on Friday evening, tired and a little late, in the rain.") < 7
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We were at the lake and it was cold", "en"),
        ("Wir waren am See und es war kalt", "de"),
        ("Nous étions au bord du lac et il faisait froid", "fr"),
        ("Estábamos en el lago y era muy frío", "es"),
        ("Eravamo al lago e non era caldo per niente", "it"),
        ("Nós fomos ao lago e não era quente", "pt"),
        ("Мы провели выходные на озере, было холодно", "ru"),
        ("周末我们在湖边", "zh"),
        ("週末は湖で過ごしました", "ja"),
        ("주말을 호수에서 보냈다", "ko"),
        ("สุดสัปดาห์ที่ทะเลสาบ", "th"),
        ("Spędziliśmy weekend nad jeziorem i było bardzo zimno", "pl"),
        ("12 34 !!", None),
        ("Bled", None),
        ("", None),
    ],
)
def test_language(text, language):
    assert language_of(text) == language


def test_the_language_is_the_same_from_every_thread():
    found: list[str | None] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(language_of("Vi tilbragte weekenden ved søen, og vandet var koldt"))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {"da"}


def test_tags():
    assert [base_language(tag) for tag in ("pt-BR", "cmn", "EN_us", "no")] == ["pt", "zh", "en", "nb"]


def test_langdetect_is_loaded_only_when_it_is_needed():
    import subprocess

    check = (
        "import sys, cutroom.planner.intent as i; i.intent('A film of our weekend at the lake'); "
        "sys.exit('langdetect' in sys.modules or 'pysbd' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
