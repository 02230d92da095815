"""Lengths of time in a request: "one-minute", "a 90 second", "1:30 long", "zweieinhalb Minuten", "une demi-minute".

Not every time in a request is the film's length: "the 90s", "a five-minute walk", "3 seconds per photo" and "at 10:30"
are not. Each candidate is weighed by what stands before and after it.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from cutroom.brief.lexicon import FILM_NOUN

LIMIT = Fraction(4 * 3600)
"""Longer than four hours is not a film that is asked for ("24 hours in Tokyo")."""


class Length(NamedTuple):
    """A length that was found: how long, where, and how surely it is the film's."""

    seconds: Fraction
    start: int
    end: int
    sure: int
    """2 with a film or a word such as "long" beside it, else 1."""


_ONES: dict[str, int] = {}
for _value, _names in {
    1: "one ein eine einer eines einen einem un une uno una um uma",
    2: "two zwei deux dos due dois duas",
    3: "three drei trois tres tre três",
    4: "four vier quatre cuatro quattro quatro",
    5: "five fünf cinq cinco cinque",
    6: "six sechs seis sei",
    7: "seven sieben sept siete sette sete",
    8: "eight acht huit ocho otto oito",
    9: "nine neun neuf nueve nove",
    10: "ten zehn dix diez dieci dez",
    11: "eleven elf onze",
    12: "twelve zwölf douze doce dodici doze",
    15: "fifteen fünfzehn quinze quince quindici",
    20: "twenty zwanzig vingt veinte venti vinte",
    25: "twenty-five fünfundzwanzig vingt-cinq",
    30: "thirty dreißig dreissig trente treinta trenta trinta",
    40: "forty vierzig quarante cuarenta quaranta quarenta",
    45: "forty-five fünfundvierzig quarante-cinq quarantacinque",
    50: "fifty fünfzig cinquante cincuenta cinquanta cinquenta",
    60: "sixty sechzig soixante sesenta sessanta",
    75: "seventy-five",
    90: "ninety neunzig quatre-vingt-dix noventa novanta",
    100: "hundred hundert cent cien cento cem",
    120: "hundred-and-twenty",
}.items():
    _ONES.update(dict.fromkeys(_names.split(), _value))
_SIGNS = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}
_SPECIAL = {
    r"half an?": Fraction(1, 2),
    r"a half": Fraction(1, 2),
    r"half": Fraction(1, 2),
    r"(?:eine )?halbe[rn]?": Fraction(1, 2),
    r"(?:une )?demi[- ]?e?": Fraction(1, 2),
    r"(?:un )?medio": Fraction(1, 2),
    r"(?:un )?mezzo": Fraction(1, 2),
    r"(?:um )?meio": Fraction(1, 2),
    r"(?:a )?quarter of an?": Fraction(1, 4),
    r"three[- ]quarters of an?": Fraction(3, 4),
    r"anderthalb|eineinhalb": Fraction(3, 2),
    r"(?:a )?couple of": Fraction(2),
    r"半": Fraction(1, 2),
    r"一": Fraction(1),
    r"两|二": Fraction(2),
    r"三": Fraction(3),
}
_WORDS = "|".join(sorted((re.escape(word).replace(r"\-", "[- ]") for word in _ONES), key=len, reverse=True))
_AMOUNT = (
    rf"(?:(?P<digits>\d{{1,5}}(?:[.,]\d{{1,3}})?)\s?(?P<sign>[½¼¾])?|(?P<only>[½¼¾])|"
    rf"(?P<special>{'|'.join(_SPECIAL)})|"
    rf"(?P<word>{_WORDS})(?P<einhalb>einhalb)?|(?P<bare>an?))"
)
_HALF = r"(?:\s+(?:and a half|et demie?|y medi[oa]|e mezz[oa]|e mei[oa]))"
_UNITS = {
    "s": r"seconds?|secs?|s|sekunden?|sek|sekündig\w{0,2}|secondes?|segundos?|secondi|secondo|seg|секунд\w?|秒钟?|초",
    "m": r"minutes?|minuten?|mins?|minütig\w{0,2}|minutos?|minut[oi]|minutenfilm|мин(?:ут\w?)?|分钟|分鐘|分|분",
    "h": r"hours?|hrs?|stunden?|stündig\w{0,2}|heures?|horas?|or[ae]|hour-long",
}
_UNIT = "|".join(rf"(?P<{name}>{words})" for name, words in _UNITS.items())
_PART = re.compile(
    rf"(?:(?<![A-Za-zÀ-ÿ0-9.,:/'])|"
    rf"(?<=\bd'))(?P<amount>{_AMOUNT})(?P<before>{_HALF})?[\s-]{{0,2}}(?:{_UNIT})\.?(?P<after>{_HALF}|"
    rf"半)?"
    r"(?![A-Za-zÀ-ÿ])",
    re.IGNORECASE,
)
# "1m30s", "2 min 30": a lone m could be metres, so it needs the seconds after it.
_COMPACT = re.compile(
    r"(?<![A-Za-zÀ-ÿ0-9.,:/'])(\d{1,3})\s?(?:m|mins?|mn|minutes?|minutos?|minuti|minuten?)\s?([0-5]?\d)\s?(?:s|"
    r"secs?|seconds?)?(?![\w:.])",
    re.IGNORECASE,
)
_ONE_AND_A_HALF = re.compile(
    r"(?<!\w)(?:minuto y medio|minuto e mezzo|minuto e meio|minute et demie)(?!\w)", re.IGNORECASE
)
_CLOCK = re.compile(r"(?<![\w:.,/])(\d{1,2})[:'′]([0-5]\d)(?![\w:/])(?:[\"″]|'')?", re.IGNORECASE)
_JOIN = re.compile(r"[\s,]*(?:(?:and|und|et|y|e)\s+)?$", re.IGNORECASE)
_RANGE = re.compile(r"(?<![\w.:])(\d{1,4})\s?(?:-|–|to|bis|à|a|or)\s?$", re.IGNORECASE)

_FAR_FROM_IT = re.compile(
    r"(?:(?<!\w)(?:every|each|per|after|wait(?:ed)?|took|takes|walk(?:ed)?|within|ago|first|last|final|next|"
    r"opening|closing|initial|any|"
    r"nach|alle|jede|ersten?|letzten?|après|toutes les|premières?|dernières?|cada|después de|primer[oa]s?|"
    r"últim[oa]s?|ogni|dopo|prim[ie]|"
    r"ultim[ie]|depois de|primeir[oa]s|iphone|galaxy|pixel|about to|(?:photo|picture|image|slide)s?(?: (?:is|"
    r"stays|shown|up))?(?: for)?|foto|bild)\s"
    r"(?:the\s|only\s|for\s)?)$",
    re.IGNORECASE,
)
_SOMETHING_ELSE = re.compile(
    r"['’]?s?['’]?[\s-]+(?:walk|drive|ride|hike|flight|run|jog|swim|break|nap|delay|wait|train|bus|boat|ferry|"
    r"climb|speech|song|talk|interview|"
    r"exposure|intro|outro|title|fade|cross-?fade|transition|pause|timer|warning|each|per|apiece|away|ago|"
    r"later|before|after|"
    r"from (?:the|home|here|town|my|our (?:house|home|hotel|door|flat|apartment|place))|for (?:each|every)|of fame|"
    r"fußweg|fahrt|spaziergang|entfernt|zu fuß|später|vor|pro|je|de marche|à pied|plus tard|par|chacune?|a pie|"
    r"andando|caminando|"
    r"después|por|cada|a piedi|dopo|ciascuna?|a pé|depois|detail|man|men)(?!\w)",
    re.IGNORECASE,
)
_DECADE_BEFORE = re.compile(r"(?:(?<!\w)(?:the|early|late|mid|in|like|very)[\s-]|['’])$", re.IGNORECASE)
_DECADE_AFTER = re.compile(
    r"[\s-](?:music|style|styled|vibes?|look|hits?|pop|rock|hip|house|techno|party|kids?|nostalgia|fashion|"
    r"themed?|retro|sitcom|disco|synth\w*|"
    r"feel|aesthetic|era|child(?:hood)?|dance|songs?|tunes?|soundtrack|inspired|mood|throwback)(?!\w)",
    re.IGNORECASE,
)
_OWNED = re.compile(
    r"(?<!\w)(?:our|my|his|her|their|those|these|that|the|unsere?|meine?|nos|mis|nuestros)\s$", re.IGNORECASE
)
_LENGTH_BEFORE = re.compile(
    r"(?<!\w)(?:length:?|duration:?|(?:run(?:time|ning time|s)?|lasts?|lasting|make it|keep it(?: to| under)?|"
    r"should be|must be|about|around|roughly|exactly|"
    r"approximately|approx\.?|circa|ca\.?|under|than|most|up to|max\.?|maximum|länge:?|dauer:?|etwa|ungefähr|"
    r"durée:?|environ|moins de|duración:?|"
    r"unos|menos de|durata:?|circa|meno di|duração:?|cerca de|to|is|for|of|in|d'|de|di|von))\s*(?:exactly |"
    r"about |max |be )?(?:an? |une? |una |eine )?$",
    re.IGNORECASE,
)
_LENGTH_AFTER = re.compile(
    rf"[\s,-]*(?:long|in length|in total|total|max(?:imum)?|or less|or so|lange?[rsn]?|de long|de durée|de "
    rf"duración|di durata|de duração|"
    rf"(?:[^\W\d]+[\s,-]+){{0,4}}?(?:{FILM_NOUN}))(?!\w)",
    re.IGNORECASE,
)
_STRONG_BEFORE = re.compile(
    r"(?:length|duration|runtime|running time|lasts?|lasting|make it|keep it(?: to| under)?|should be|long|"
    r"länge|dauer|durée|duración|"
    r"durata|duração):?\s*(?:of |exactly |about |around |be |under )?(?:an? )?$",
    re.IGNORECASE,
)
_STRICTLY_UNDER = re.compile(
    r"(?:under|less than|shorter than|below|unter|weniger als|kürzer als|moins de|menos de|meno di)\s(?:an? )?$",
    re.IGNORECASE,
)
_CLOCK_BEFORE = re.compile(
    r"(?<!\w)(?:at|um|ab|from|until|till|by|à|a las|alle|às|before|after|since|psalm|john|luke|mark)\s$", re.IGNORECASE
)
_CLOCK_AFTER = re.compile(r"\s?(?:am|pm|a\.m|p\.m|o'clock|uhr|h)(?!\w)", re.IGNORECASE)


def lengths(text: str) -> list[Length]:
    """The lengths that `text` (as `level` returns it) asks a film to have, surest first, then as they come."""
    every = [*_compact(text), *_clock(text), *_spelled(text), *_and_a_half(text)]
    return sorted(_apart(every), key=lambda length: (-length.sure, length.start))


def _apart(every: list[Length]) -> list[Length]:
    kept: list[Length] = []
    for length in every:
        if all(length.end <= other.start or length.start >= other.end for other in kept):
            kept.append(length)
    return kept


def _weigh(text: str, start: int, end: int) -> int:
    """0: not the film's length; 1: may be; 2: surely."""
    before, after = text[max(0, start - 48) : start], text[end : end + 72]
    if _FAR_FROM_IT.search(before) or _SOMETHING_ELSE.match(after):
        return 0
    beside = bool(_LENGTH_AFTER.match(after) or _STRONG_BEFORE.search(before))
    if _OWNED.search(before) and not beside:
        return 0
    return 2 if beside else 1


def _made(text: str, seconds: Fraction, start: int, end: int, sure: int) -> list[Length]:
    if not 0 < seconds <= LIMIT or not sure:
        return []
    if seconds > 2 and _STRICTLY_UNDER.search(text[max(0, start - 24) : start]):
        seconds -= 1
    return [Length(seconds, start, end, sure)]


def _compact(text: str) -> list[Length]:
    return [
        length
        for match in _COMPACT.finditer(text)
        for length in _made(
            text, Fraction(int(match[1]) * 60 + int(match[2])), match.start(), match.end(), _weigh(text, *match.span())
        )
    ]


def _and_a_half(text: str) -> list[Length]:
    return [
        length
        for match in _ONE_AND_A_HALF.finditer(text)
        for length in _made(text, Fraction(90), match.start(), match.end(), _weigh(text, *match.span()))
    ]


def _clock(text: str) -> list[Length]:
    found: list[Length] = []
    for match in _CLOCK.finditer(text):
        before, after = text[max(0, match.start() - 48) : match.start()], text[match.end() : match.end() + 72]
        of_day = _CLOCK_BEFORE.search(before) or _CLOCK_AFTER.match(after)
        shape = match[0] == "9:16"
        company = (
            _LENGTH_AFTER.match(after)
            or _LENGTH_BEFORE.search(before)
            or re.match(r"\s?min", after)
            or not before.strip()
        )
        if company and not of_day and not shape:
            found += _made(text, Fraction(int(match[1]) * 60 + int(match[2])), *match.span(), 2)
    return found


def _spelled(text: str) -> list[Length]:
    found: list[Length] = []
    for match in _PART.finditer(text):
        seconds, sure = _part(text, match)
        if seconds is None:
            continue
        start, end = match.span()
        if found and match["s"] and _minutes_before(text, found[-1], start):
            last = found.pop()
            start, seconds, sure = last.start, last.seconds + seconds, max(sure, last.sure)
        elif span := _RANGE.search(text[max(0, start - 10) : start]):
            start -= len(span[0])
            seconds = (seconds + int(span[1]) * _unit(match)) / 2
        found += _made(text, seconds, start, end, sure)
    return found


def _minutes_before(text: str, last: Length, start: int) -> bool:
    return (
        last.seconds % 30 == 0
        and _JOIN.match(text[last.end : start]) is not None
        and bool(re.search(r"m|分", text[last.start : last.end], re.I))
    )


def _unit(match: re.Match[str]) -> int:
    return 1 if match["s"] else 60 if match["m"] else 3600


def _part(text: str, match: re.Match[str]) -> tuple[Fraction | None, int]:
    sure = _weigh(text, *match.span())
    if not _plausible(text, match, sure):
        return None, 0
    amount = _amount(match)
    if match["before"]:
        amount += Fraction(1, 2)
    if match["after"]:
        amount += Fraction(1, 2)
    return amount * _unit(match), sure


def _plausible(text: str, match: re.Match[str], sure: int) -> bool:
    before, after = text[max(0, match.start() - 48) : match.start()], text[match.end() : match.end() + 72]
    if match["bare"] or (match["word"] or "").lower() in (
        "un",
        "une",
        "uno",
        "una",
        "um",
        "uma",
        "ein",
        "eine",
        "einen",
        "einer",
    ):
        if match["s"] and match["bare"]:  # "a second look", "in a second"
            return False
        if match["bare"]:
            return (
                sure == 2
                or bool(match["after"])
                or bool(re.search(r"(?:about|around|roughly|than|under|make it|exactly)\s$", before, re.I))
                or bool(re.match(r"(?:-long| of)(?!\w)|\s*$", after, re.I))
            )
    if match["h"]:
        return sure == 2
    if match["s"] in ("s", "S"):
        return _short_seconds(match, before, after)
    return True


def _short_seconds(match: re.Match[str], before: str, after: str) -> bool:
    """Whether "30s" means seconds, and not a decade or a model of telephone."""
    if match["digits"] is None or match["s"] == "S" or len(match["digits"]) > 3:
        return False
    decade = match["digits"].endswith("0") and (_DECADE_BEFORE.search(before) or _DECADE_AFTER.match(after))
    return not decade


def _amount(match: re.Match[str]) -> Fraction:
    if match["digits"]:
        return Fraction(match["digits"].replace(",", ".")) + _SIGNS.get(match["sign"] or "", Fraction(0))
    if match["only"]:
        return _SIGNS[match["only"]]
    if match["special"]:
        return next(
            value for pattern, value in _SPECIAL.items() if re.fullmatch(pattern, match["special"], re.IGNORECASE)
        )
    if match["word"]:
        return _ONES[match["word"].lower().replace(" ", "-")] + (Fraction(1, 2) if match["einhalb"] else Fraction(0))
    return Fraction(1)
