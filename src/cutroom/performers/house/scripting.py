"""The judgement behind a script: sentences, what to leave out, where to draw breath, what a line is about, dates.

Pure functions over words.
"""

from __future__ import annotations

import re
import threading
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from datetime import date, datetime
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

from cutroom.brief.words import name_words
from cutroom.measures.text import base_language, speech_seconds
from cutroom.performers.house.linebreaks import Token, costs, joined, tokens

CHUNK = 1_000
"""The sentence splitter sees so many characters at once: its patterns take quadratic time on hostile text."""

BREATH = (3.0, 5.5, 7.0)
"""A spoken line is at least, about and at most so long, in seconds."""

_LOCK = threading.Lock()


# --- sentences --------------------------------------------------------------------------------------------------------


def sentences(paragraph: str, language: str = "en") -> list[str]:
    """The sentences of a paragraph of plain words, in order; together they have every word of it."""
    found: list[str] = []
    for chunk in _chunks(" ".join(paragraph.split())):
        found += _split(chunk, base_language(language))
    whole: list[str] = []
    for sentence in filter(None, map(str.strip, found)):
        alone = sum(letter.isalnum() for letter in sentence) >= 2 or (not whole and sentence)
        if whole and not alone:
            whole[-1] += " " + sentence
        else:
            whole.append(sentence)
    return whole


def _chunks(text: str) -> list[str]:
    """`text` in parts of at most `CHUNK` characters, cut after a sentence if possible, else between words."""
    parts: list[str] = []
    while len(text) > CHUNK:
        ends = [match.end() for match in re.finditer(r"[.!?…](?:['\"”’»)]*)\s|[。！？]", text[:CHUNK])]
        cut = ends[-1] if ends else text.rfind(" ", CHUNK // 2, CHUNK) + 1 or CHUNK
        parts.append(text[:cut])
        text = text[cut:]
    return [*parts, text]


def _split(text: str, language: str) -> list[str]:
    """One chunk by pysbd; by plain punctuation where pysbd fails or would lose words."""
    with _LOCK:
        try:
            found = _segmenter(language).segment(text)
        except (re.error, IndexError, AttributeError, TypeError, RecursionError):  # what its own patterns run into
            found = []
    if "".join("".join(found).split()) != "".join(text.split()):
        found = re.split(r"(?<=[.!?…])\s+(?=[^\W\d_a-z])|(?<=[。！？])", text)
    return found


@cache
def _segmenter(language: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its sources have invalid escapes, which Python tells on the first import
        import pysbd
        from pysbd.languages import LANGUAGE_CODES
    alike = {"pt": "es", "sv": "da", "nb": "da", "uk": "ru", "ca": "es"}
    code = language if language in LANGUAGE_CODES else alike.get(language, "en")
    return pysbd.Segmenter(language=code, clean=False)


# --- what fits --------------------------------------------------------------------------------------------------------

_LEANING = re.compile(
    r"(?:and|but|so|or|he|she|it|they|this|that|these|those|then|also|there|und|aber|er|sie|es|dann|auch|"
    r"dies\w*|et|mais|il|elle|ils|elles|"
    r"puis|y|pero|luego|e|ma|poi|mas|depois)(?!\w)",
    re.IGNORECASE,
)
_EMPTY_WORDS = (
    "the a an and or but so we i you he she it they our my his her their was were is are be been had has have "
    "do did of in on at to for with from by as that this there then very really just quite also not all some "
    "what when which who where up out down into over again more most der die das und ein eine wir ich sie er "
    "es war waren ist sind mit auf in im am zu von für le la les un une des et nous je il elle était el los "
    "las unos y de del en con por para fue era il lo gli e di che per o os as um uma do da no na"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())


def chosen(
    said: Sequence[str],
    room: Fraction | None,
    lasts: Callable[[str], Fraction],
    *,
    shown: Sequence[bool] = (),
    whole: bool = False,
) -> tuple[list[tuple[int, str | None]], tuple[str, ...]]:
    """Which sentences fit into `room` seconds.

    Args:
        said: The sentences, in order.
        room: How many seconds there are; None for no limit.
        lasts: How long one of them takes.
        shown: Whether each is about something that is seen: such a sentence is worth more.
        whole: Never cut a sentence, even when it is the only one.

    Returns (place, text) of what is kept, in order (text is None for a whole sentence, else the part of it that fits),
    and what is left out. The first and the last sentence are kept when they fit; between them those that say most in
    the least time, evenly spread, and none that leans on a neighbour that is gone.
    """
    times = [lasts(sentence) for sentence in said]
    if room is None or sum(times, Fraction(0)) <= room:
        return [(place, None) for place in range(len(said))], ()
    kept = _ends(times, room)
    left = room - sum((times[place] for place in kept), Fraction(0))
    worth = [
        value * (1.8 if seen else 1.0) for value, seen in zip(_worth(said), shown or [False] * len(said), strict=True)
    ]
    while True:
        fits = [
            place
            for place in range(len(said))
            if place not in kept and times[place] <= left and not _lost(place, kept, said)
        ]
        if not fits:
            break
        best = max(fits, key=lambda place: (_gain(place, kept, said, worth, times), -place))
        kept.add(best)
        left -= times[best]
    if not kept and said and not whole:
        part, rest = _first_part(said[0], room, lasts)
        return [(0, part)], tuple(filter(None, (rest, *said[1:])))
    return [(place, None) for place in sorted(kept)], tuple(
        sentence for place, sentence in enumerate(said) if place not in kept
    )


def _ends(times: Sequence[Fraction], room: Fraction) -> set[int]:
    """The first and the last sentence, as far as they fit."""
    kept: set[int] = set()
    for place in (0, len(times) - 1):
        if sum((times[other] for other in kept), Fraction(0)) + times[place] <= room:
            kept.add(place)
    return kept


def _worth(said: Sequence[str]) -> list[float]:
    """How much each sentence tells: its words that are rare among the others count most, names and numbers more."""
    words = [[stem(word) for word in _content(sentence)] for sentence in said]
    seen: dict[str, int] = {}
    for every in words:
        for word in set(every):
            seen[word] = seen.get(word, 0) + 1
    return [
        0.5 + sum(1 / seen[word] ** 0.5 for word in set(every)) + _particulars(sentence)
        for every, sentence in zip(words, said, strict=True)
    ]


def _particulars(sentence: str) -> float:
    words = sentence.split()
    return 0.5 * sum(1 for word in words[1:] if word[:1].isupper() or word[:1].isdigit())


def _gain(place: int, kept: set[int], said: Sequence[str], worth: Sequence[float], times: Sequence[Fraction]) -> float:
    apart = min((abs(place - other) for other in kept), default=3)
    spread = 0.6 + min(apart, 4) / 5
    leans = 0.45 if place - 1 not in kept and _LEANING.match(said[place]) else 1.0
    return worth[place] / float(times[place]) ** 0.7 * spread * leans


def _lost(place: int, kept: set[int], said: Sequence[str]) -> bool:
    """Whether a sentence of a word or two ("We ran.") has lost the one that it follows."""
    return place - 1 not in kept and len(said[place]) < 12 and len(said[place].split()) < 3


def _first_part(sentence: str, room: Fraction, lasts: Callable[[str], Fraction]) -> tuple[str, str]:
    """As much of a sentence as fits, up to the best break; the rest is second."""
    parts = tokens(sentence)
    prices = [*costs(parts, "en")[1:], 0.0]
    fits = [place + 1 for place in range(len(parts)) if lasts(joined(parts[: place + 1])) <= room]
    if not fits:
        return sentence, ""
    longest = fits[-1]
    end = min(
        (place for place in fits if place >= longest // 2), key=lambda place: prices[place - 1] - 6 * place / longest
    )
    return joined(parts[:end]).rstrip(" ,;:–—-"), joined(parts[end:])


def said_in_breaths(sentence: str, language: str = "en") -> list[str]:
    """A sentence as the lines that it is read in: whole when it is short, else in breaths."""
    least, about, most = BREATH
    if speech_seconds(sentence, language) <= Fraction(15, 2):
        return [sentence]
    parts = tokens(sentence)
    prices = [*costs(parts, language)[1:], 0.0]
    ends = _running(parts, language)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(parts) + 1):
        options = []
        for start in range(end - 1, -1, -1):
            length = ends[end] - ends[start]
            if length > 14 and start < end - 1:
                break
            between = 0.0 if end == len(parts) else prices[end - 1] ** 1.5
            uneven = 12 * max(0.0, least - length) ** 2 + 6 * max(0.0, length - most) ** 2 + (length - about) ** 2
            options.append((best[start][0] + between + uneven, start))
        best.append(min(options))
    cuts = [len(parts)]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return [joined(parts[start:end]) for end, start in pairwise(cuts)][::-1]


def _running(parts: Sequence[Token], language: str) -> list[float]:
    """When each token is said, in seconds from the first; one more for the end."""
    running = [0.0]
    for token in parts:
        running.append(running[-1] + float(speech_seconds(token.text + ("." if token.blank else ""), language)))
    return running


# --- which line is about which picture --------------------------------------------------------------------------------


def stem(word: str) -> str:
    """A word's stem, roughly: without accents, plural and the commonest endings."""
    base = "".join(
        letter for letter in unicodedata.normalize("NFKD", word.lower()) if not unicodedata.combining(letter)
    )
    for endings in (("'s", "’s", "s"), ("ing", "edly", "ed", "ie", "en", "er", "ly", "y", "e")):
        ending = next((each for each in endings if base.endswith(each) and len(base) - len(each) >= 3), "")
        base = base.removesuffix(ending)
    return base[:-1] if len(base) > 3 and base[-1] == base[-2] else base


def _content(text: str) -> list[str]:
    return [
        word
        for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower())
        if word not in _EMPTY and (len(word) > 2 or not word.isascii())
    ]


def matched(lines: Sequence[str], names: Sequence[str]) -> list[int | None]:
    """For each line the place of the file whose name it shares words with; None when no name stands out.

    Words that stand in many names tell little. Among equally good files the one nearest to the line's own place in the
    telling is taken.
    """
    named = [frozenset(map(stem, _content(name_words(name) or ""))) for name in names]
    rare: dict[str, float] = {}
    for word in {word for words in named for word in words}:
        rare[word] = 1 / sum(word in words for words in named)
    found: list[int | None] = []
    for place, line in enumerate(lines):
        said = set(map(stem, _content(line))) | _runs(line)
        scores = [sum(rare[word] for word in words & said) for words in named]
        best = max(scores, default=0.0)
        alike = [number for number, score in enumerate(scores) if score == best]
        if best <= 0 or (len(alike) > 2 and len(alike) > len(names) / 3):
            found.append(None)
            continue
        here = place / max(1, len(lines) - 1) * (len(names) - 1)
        found.append(min(alike, key=lambda number: (abs(number - here), number)))
    return found


def _runs(line: str) -> set[str]:
    """Pairs of characters for scripts without blanks, so that names of one or two of them are found."""
    wide = [letter for letter in line if unicodedata.east_asian_width(letter) == "W"]
    return {stem(one + other) for one, other in pairwise(wide)} | {
        stem("".join(run)) for size in (3, 4) for run in zip(*(wide[at:] for at in range(size)), strict=False)
    }


# --- dates ------------------------------------------------------------------------------------------------------------

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
_DAY = {
    "en": "{d} {m}",
    "de": "{d}. {m}",
    "fr": "{d} {m}",
    "es": "{d} de {m}",
    "it": "{d} {m}",
    "pt": "{d} de {m}",
    "nl": "{d} {m}",
}
_OF_YEAR = {"es": "{rest} de {y}", "pt": "{rest} de {y}"}
_UNSET = (date(2000, 1, 1), date(1980, 1, 1), date(1970, 1, 1))
"""What cameras write whose clock was never set."""


def _date(taken: str) -> date | None:
    try:
        when = datetime.fromisoformat(taken.strip()).date()
    except ValueError:
        return None
    return when if when.year >= 1900 and when not in _UNSET else None


def date_range(taken: Sequence[str], language: str = "en") -> str | None:
    """From when to when, as the language writes it: ``14–15 June 2025``; None when no date is known.

    Args:
        taken: ISO 8601 times. Those of a camera whose clock was never set do not count.
        language: A BCP 47 tag. Languages without a table get ISO dates.
    """
    dates = [when for when in map(_date, taken) if when]
    if not dates:
        return None
    first, last = min(dates), max(dates)
    if base_language(language) in ("ja", "zh", "ko"):
        return _eastern(first, last, base_language(language))
    if base_language(language) not in _MONTHS:
        return first.isoformat() if first == last else f"{first.isoformat()} – {last.isoformat()}"
    return _western(first, last, language)


def _western(first: date, last: date, language: str) -> str:
    base = base_language(language)
    months = _MONTHS[base].split()
    if (last - first).days > 366:
        return f"{first.year}–{last.year}"
    if (last - first).days > 62:
        one, other = months[first.month - 1], months[last.month - 1]
        words = f"{one}–{other}" if first.year == last.year else f"{_with_year(one, first.year, base)} – {other}"
        return _with_year(words, last.year, base)
    if language == "en-US":
        return _american(first, last, months)
    if first == last:
        return _with_year(_day(first, base), last.year, base)
    if (first.year, first.month) == (last.year, last.month):
        stop = "." if base == "de" else ""
        return _with_year(f"{_number(first, base)}{stop}–{_day(last, base)}", last.year, base)
    start = _day(first, base) if first.year == last.year else _with_year(_day(first, base), first.year, base)
    return f"{start} – {_with_year(_day(last, base), last.year, base)}"


def _number(when: date, base: str) -> str:
    return "1er" if base == "fr" and when.day == 1 else str(when.day)


def _day(when: date, base: str) -> str:
    return _DAY[base].format(d=_number(when, base), m=_MONTHS[base].split()[when.month - 1])


def _with_year(rest: str, year: int, base: str) -> str:
    return _OF_YEAR.get(base, "{rest} {y}").format(rest=rest, y=year)


def _american(first: date, last: date, months: Sequence[str]) -> str:
    start = f"{months[first.month - 1]} {first.day}"
    if first == last:
        return f"{start}, {first.year}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{start}–{last.day}, {last.year}"
    year = "" if first.year == last.year else f", {first.year}"
    return f"{start}{year} – {months[last.month - 1]} {last.day}, {last.year}"


def _eastern(first: date, last: date, base: str) -> str:
    year, month, day = ("년 ", "월 ", "일") if base == "ko" else ("年", "月", "日")
    start = f"{first.year}{year}{first.month}{month}{first.day}{day}"
    if first == last:
        return start
    end = f"{last.day}{day}"
    if first.month != last.month or first.year != last.year:
        end = f"{last.month}{month}{end}"
    if first.year != last.year:
        end = f"{last.year}{year}{end}"
    return f"{start}–{end}"


def days(taken: Sequence[str | None], language: str = "en") -> list[tuple[int, str]]:
    """The first picture of each day and that day's date without the year, when there are two to ten days."""
    dates = [_date(when) if when else None for when in taken]
    firsts = {when: place for place, when in reversed(list(enumerate(dates))) if when}
    if not 2 <= len(firsts) <= 10:
        return []
    return sorted((place, _without_year(when, language)) for when, place in firsts.items())


def _without_year(when: date, language: str) -> str:
    base = base_language(language)
    if base in ("ja", "zh"):
        return f"{when.month}月{when.day}日"
    if base == "ko":
        return f"{when.month}월 {when.day}일"
    if language == "en-US":
        return f"{_MONTHS['en'].split()[when.month - 1]} {when.day}"
    return _day(when, base) if base in _DAY else when.isoformat()
