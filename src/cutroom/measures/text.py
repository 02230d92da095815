"""Measures of words: how wide, how fast to read, how long to say, in which language.

Bounds for captions follow the BBC Subtitle Guidelines (about 17 characters a second) and Netflix's Timed Text Style
Guide (20 characters a second for adult English, two lines of 42 characters, at least 5/6 s, at most 7 s).
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
import warnings
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import Any

CHARACTERS_A_SECOND = {
    "zh": 3.6,
    "ja": 7.0,
    "ko": 6.5,
    "th": 12.0,
    "hi": 11.5,
    "ar": 9.0,
    "he": 11.5,
    "en": 14.0,
    "de": 14.0,
    "nl": 14.0,
    "fr": 16.0,
    "es": 15.0,
    "it": 14.5,
    "pt": 14.5,
    "ru": 13.5,
    "uk": 13.5,
    "pl": 13.5,
}
"""How many characters an unhurried reader says in a second, by language; others as English."""


def width(text: str) -> int:
    """How many columns `text` takes: 2 for wide characters and emoji (UAX #11), 0 for marks and joiners, else 1."""
    columns = 0
    joined = False
    for letter in text:
        if letter == "\u200d":
            joined = True
            continue
        wide = unicodedata.east_asian_width(letter) in "WF"
        none = (
            unicodedata.category(letter) in ("Mn", "Me", "Cf", "Cc")
            or (joined and wide)
            or 0x1F3FB <= ord(letter) <= 0x1F3FF
        )
        columns += 0 if none else 2 if wide else 1
        joined = False
    return columns


def characters(text: str) -> int:
    """How many characters there are to read: clusters, without line breaks; a base and its marks are one."""
    return sum(
        1
        for letter in text
        if letter != "\n"
        and unicodedata.category(letter) not in ("Mn", "Me", "Cf", "Cc")
        and not 0x1F3FB <= ord(letter) <= 0x1F3FF
    )


def characters_a_second(text: str, seconds: Fraction) -> float:
    """How fast `text` must be read when it is up for `seconds` (> 0). Raises ValueError when it is not up at all."""
    if seconds <= 0:
        raise ValueError(f"text that is up for {seconds} s cannot be read: give a length above 0")
    return float(characters(text) / seconds)


def reading_seconds(text: str, speed: float = 17.0) -> Fraction:
    """How long `text` must be up to be read at `speed` characters a second, to the millisecond.

    Wide characters count twice.
    """
    weight = max(characters(text), width(text))
    return Fraction(math.ceil(1000 * weight / speed), 1000)


def speech_seconds(text: str, language: str = "en") -> Fraction:
    """About how long an unhurried reader takes to say `text`, to the millisecond.

    Digits count thrice: they are said as words.
    """
    speed = CHARACTERS_A_SECOND.get(base_language(language), 14.0)
    weight = sum(3 if letter.isdecimal() else 1 for letter in " ".join(text.split()))
    pauses = len(re.findall(r"[,;:–—…]\s", text)) * 0.15 + len(re.findall(r"[.!?…](?=\s)", text)) * 0.35
    return Fraction(round(1000 * (weight / speed + pauses)), 1000)


def base_language(tag: str) -> str:
    """The language of a BCP 47 tag, in small letters: ``pt-BR`` → ``pt``; ``cmn`` and ``yue`` are ``zh``."""
    base = tag.replace("_", "-").split("-")[0].lower()
    return {"cmn": "zh", "yue": "zh", "no": "nb", "iw": "he"}.get(base, base)


# --- which language ---------------------------------------------------------------------------------------------------

_COMMON: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the a an and of to in is was were we our my with for from at on it that this you are be have "
        "had they he she his her i me but so there up then when make into about not",
        "de": "der die das und ein eine einen einem einer eines ist war waren wir unser unsere unseren unserem "
        "mit für von vom am im zum zur auf aus es dass den dem ich nicht auch sich nach bei wie sie "
        "über einen mach bitte",
        "fr": "le la les un une des et de du nous notre nos mon ma mes avec pour dans sur est était au aux que "
        "qui il elle ce cette je ne pas en se plus d l c qu fais",
        "es": "el la los las un una unos y de del nuestro nuestra nuestros mi mis con para en es era por que "
        "se lo al su fue muy más pero no como estaba haz hazme",
        "it": "il lo la gli le un uno una e di del della dei delle nostro nostra mio mia con per in è era che "
        "si al alla sono non più nel nella sul fai crea",
        "pt": "o os as um uma e de do da dos das nosso nossa meu minha com para em no na é era que se ao não "
        "mais foi muito faça crie",
        "nl": "de het een en van ons onze mijn met voor in is was dat op aan bij we niet ook naar er zijn maar te",
    }.items()
}
_SCRIPTS = (
    ("HANGUL", "ko"),
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("CJK", "zh"),
    ("THAI", "th"),
    ("HEBREW", "he"),
    ("GREEK", "el"),
    ("DEVANAGARI", "hi"),
    ("ARMENIAN", "hy"),
    ("GEORGIAN", "ka"),
    ("BENGALI", "bn"),
    ("TAMIL", "ta"),
    ("TELUGU", "te"),
)
_LOCK = threading.Lock()


def language_of(text: str, *, least_letters: int = 24) -> str | None:
    """The language that `text` is written in, as a BCP 47 tag; None when there is too little to tell.

    Short texts are told by script and by their commonest words; longer ones (from `least_letters` letters) by
    langdetect with a fixed seed, so that the answer is always the same. Only the first 2000 characters count.
    """
    text = text[:2000]
    letters = [letter for letter in text if letter.isalpha()]
    if not letters:
        return None
    if script := _by_script(letters):
        return script
    scores = _by_common_words(text)
    best, second = [*sorted(scores.items(), key=lambda pair: -pair[1]), ("", 0), ("", 0)][:2]
    if best[1] >= 2 and best[1] >= 1.5 * second[1] + 0.5:
        return best[0]
    if len(letters) < least_letters:
        return None
    return _by_langdetect(text, likely=[language for language, score in scores.items() if score])


def _by_script(letters: list[str]) -> str | None:
    """The language, when one script is used by one language (or nearly)."""
    counts: dict[str, int] = {}
    for letter in letters[:400]:
        script = unicodedata.name(letter, "?").split()[0]
        counts[script] = counts.get(script, 0) + 1
    whole = sum(counts.values())
    if counts.get("HIRAGANA", 0) + counts.get("KATAKANA", 0) > 0.1 * whole:
        return "ja"
    for script, language in _SCRIPTS:
        if counts.get(script, 0) > 0.4 * whole:
            return language
    return None


def _by_common_words(text: str) -> dict[str, int]:
    words = re.findall(r"[^\W\d_]+", text.lower())[:300]
    return {language: sum(word in common for word in words) for language, common in _COMMON.items()}


def _by_langdetect(text: str, likely: Iterable[str]) -> str | None:
    with _LOCK:
        factory = _factory()
        detector = factory.create()
        detector.seed = 0
        priors = dict.fromkeys(factory.get_lang_list(), 0.02)
        priors.update(dict.fromkeys(_COMMON, 0.08))
        priors.update(dict.fromkeys(likely, 0.2))
        detector.set_prior_map(priors)
        detector.append(text)
        try:
            ranked = detector.get_probabilities()
        except _no_features():
            return None
    if not ranked or ranked[0].prob < 0.9:
        return None
    return {"zh-cn": "zh", "zh-tw": "zh-TW", "no": "nb"}.get(ranked[0].lang, ranked[0].lang)


@cache
def _factory() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    return factory


def _no_features() -> type[Exception]:
    from langdetect.lang_detect_exception import LangDetectException

    return LangDetectException
