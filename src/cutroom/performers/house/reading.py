"""Text as a reader says it: each word as it is written, beside what a speech synthesiser should be given for it.

Captions show the spelling of the author; a synthesiser stumbles over emoji, Markdown, currency signs and dates. So both
are kept side by side, word by word. Everything here is plain text in, plain text out, in time linear in its length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Token:
    """A word."""

    text: str
    """As it is written, without the punctuation around it; empty when nothing is said (a dash, an emoji)."""
    spoken: str
    """What the synthesiser reads, with the punctuation that shapes the sentence; empty when nothing is said."""
    glued: bool = False
    """True when no space stands between it and the next (Chinese characters)."""


@dataclass(frozen=True)
class Reading:
    """A text ready to be read aloud."""

    tokens: tuple[Token, ...]
    """The words that are said, in order."""
    text: str
    """All of their `spoken` in one."""
    places: tuple[int, ...]
    """Where in `text` each token begins."""


_PAUSES = dict.fromkeys(("–", "—", "--", "---", "-", "…", "...", "|", "·", "/"), ",")
_STOPS = ".!?。！？।؟։…"
_BREAKS = ",;:،、，；："
_KEPT_SIGNS = frozenset("%‰&@#+=×÷±<>°№$€£¥₹₽₩¢§µ©®™^")
_DROPPED_TAGS = re.compile(r"</?[A-Za-z][^<>\n]{0,200}>")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,500}\)")
_LINE_MARK = re.compile(r"(?m)^[ \t]{0,8}(?:#{1,6}[ \t]+|[-*+•][ \t]+|>[ \t]?|(?:[-*_][ \t]?){3,}$)")
_EMPHASIS = re.compile(r"(?<!\w)[*_~`]{1,3}(?=\S)|(?<=\S)[*_~`]{1,3}(?!\w)")
_ADDRESS = re.compile(r"(?:https?://|www\.)(?:www\.)?([^\s/?#]{1,253})\S{0,2000}", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
_MONEY = re.compile(r"([$€£¥₹])(\d[\d.,]{0,20})")
_RANGE = re.compile(r"(\d{1,9})[-–](\d{1,9})")
_MEASURED = re.compile(r"(\d[\d.,]{0,20})(km/h|mph|km|cm|mm|kg|°C|°F|m|ft)")

_TO = {"en": "to", "de": "bis", "fr": "à", "es": "a", "it": "a", "pt": "a", "nl": "tot", "sv": "till", "pl": "do"}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_COINS = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen", "₹": "rupees"}
_UNITS = {
    "km/h": "kilometres an hour",
    "mph": "miles an hour",
    "km": "kilometres",
    "cm": "centimetres",
    "mm": "millimetres",
    "kg": "kilograms",
    "°C": "degrees Celsius",
    "°F": "degrees Fahrenheit",
    "m": "metres",
    "ft": "feet",
}
_SHORT = {
    "mt": "Mount",
    "vs": "versus",
    "approx": "approximately",
    "w/": "with",
    "1/2": "a half",
    "1/4": "a quarter",
    "3/4": "three quarters",
    "½": "a half",
    "24/7": "twenty four seven",
}


def read(text: str, language: str) -> Reading:
    """What is to be said for `text`, in a language given as a BCP 47 tag."""
    tokens = tuple(_quieted(list(_tokens(plain(text), language.split("-")[0].lower()))))
    places: list[int] = []
    parts: list[str] = []
    at = 0
    for token in tokens:
        places.append(at)
        part = token.spoken if token.glued else token.spoken + " "
        parts.append(part)
        at += len(part)
    return Reading(tokens, "".join(parts).rstrip(), tuple(places))


def plain(text: str) -> str:
    """`text` without Markdown, tags, control characters and the like; paragraphs stay apart by an empty line."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "".join(_harmless(character) for character in text)
    text = _LINK.sub(r"\1", text)
    text = _DROPPED_TAGS.sub(" ", text)
    text = _LINE_MARK.sub("", text)
    return _EMPHASIS.sub("", text)


def _harmless(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in ("Cc", "Zl", "Zp"):
        return character if character in "\n\t" else " "
    if kind == "Cf":
        # Joiners shape words in Persian and in Indian scripts; other invisible marks only get in the way.
        return character if character in "\u200c\u200d" else ""
    return "" if kind in ("Cs", "Co", "Cn") else character


def _tokens(text: str, language: str) -> Iterator[Token]:
    """Every token, those without sound included."""
    paragraphs = re.split(r"\n[ \t]*\n", text)
    for place, paragraph in enumerate(paragraphs):
        for piece in paragraph.split():
            yield from _piece(piece, language)
        if place < len(paragraphs) - 1:
            yield Token("", ".")


def _piece(piece: str, language: str) -> Iterator[Token]:
    if piece in _PAUSES:
        yield Token("", _PAUSES[piece])
        return
    # A dash without spaces around it parts two words; so do three dots.
    parts = re.split(r"(—|--+|…(?=\w)|\.{3}(?=\w))", piece)
    for place, part in enumerate(parts):
        if not part:
            continue
        if place % 2:
            yield Token("", ",")
        elif any(_stands_alone(character) for character in part):
            yield from _characters(part)
        else:
            yield _word(part, language)


def _word(piece: str, language: str) -> Token:
    bare = _bare(piece)
    if not any(character.isalnum() for character in bare):
        spoken = bare if any(character in "&@%=+" for character in bare) else ""
        return Token(bare if spoken else "", spoken)
    head = piece[: piece.index(bare)]
    tail = piece[len(head) + len(bare) :]
    ends = _ending(tail)
    said = _said(bare, language)
    # Whoever reads a parenthesis aloud pauses before and after it.
    return Token(bare, ("\x00" if "(" in head or "[" in head else "") + said + ends)


def _ending(tail: str) -> str:
    """The punctuation that shapes the sentence, out of all that follows a word."""
    for character in tail:
        if character in _STOPS or character in _BREAKS:
            return "." if character == "…" else character
    return "," if any(character in ")]" for character in tail) else ""


def _bare(piece: str) -> str:
    """`piece` without the punctuation and signs around it."""
    start, end = 0, len(piece)
    while start < end and not _begins(piece, start):
        start += 1
    while end > start and not _part(piece[end - 1], last=True):
        end -= 1
    kept = piece[start:end]
    # Pictures inside or right beside a word (an emoji without a space) are not read.
    return "".join(character for character in kept if not _picture(character))


def _begins(piece: str, place: int) -> bool:
    character, following = piece[place], piece[place + 1 : place + 2]
    if character in "'’-−.,":
        return following.isdigit() if character != "," else False
    return _part(character, last=False)


def _part(character: str, *, last: bool) -> bool:
    if character.isalnum() or unicodedata.category(character).startswith("M") or character in "\u200c\u200d":
        return True
    return character in (_KEPT_SIGNS if not last else _KEPT_SIGNS - frozenset("#<^"))


def _picture(character: str) -> bool:
    if character in "\ufe0e\ufe0f\u20e3":
        return True
    kind = unicodedata.category(character)
    return (kind in ("So", "Sk") or (kind == "Sm" and ord(character) > 0x2000)) and character not in _KEPT_SIGNS


def _stands_alone(character: str) -> bool:
    """True for characters of scripts that put no space between words and whose characters are syllables."""
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff"


def _characters(piece: str) -> Iterator[Token]:
    """Each Chinese or Japanese character as a word; runs of other letters between them stay whole."""
    for match in re.finditer(r"[A-Za-z0-9]+(?:[.,:%][0-9%]+)*|\S", piece):
        part = match[0]
        if part[0].isalnum():
            yield Token(part, part, glued=True)
        elif part in _STOPS or part in _BREAKS:
            yield Token("", part)


def _quieted(tokens: list[Token]) -> Iterator[Token]:
    """The tokens that are said; those that only shape the sentence give their punctuation to the word before."""
    said: list[Token] = []
    for token in tokens:
        pause_before = token.spoken.startswith("\x00")
        spoken = token.spoken.lstrip("\x00")
        if said and (pause_before or not token.text) and (pause_before or spoken):
            said[-1] = _paused(said[-1], "," if pause_before else spoken)
        if token.text and spoken:
            said.append(Token(token.text, spoken, token.glued))
    yield from said


def _paused(token: Token, mark: str) -> Token:
    last = token.spoken[-1]
    if last in _STOPS or (last in _BREAKS and mark not in _STOPS):
        return token
    # A spelling such as "3." would read as an ordinal in some languages; only a pause is wanted.
    return Token(token.text, (token.spoken[:-1] if last in _BREAKS else token.spoken) + mark, token.glued)


def _said(word: str, language: str) -> str:
    """`word` as it is said, for what synthesisers get wrong."""
    if match := _ADDRESS.fullmatch(word):
        return match[1]
    if match := _RANGE.fullmatch(word):
        middle = _TO.get(language)
        return f"{match[1]} {middle} {match[2]}" if middle else f"{match[1]} {match[2]}"
    if language == "en":
        return _said_in_english(word)
    if match := _DATE.fullmatch(word):
        return f"{int(match[3])} {int(match[2])} {match[1]}"
    if match := _MONEY.fullmatch(word):
        return f"{match[2]} {match[1]}"
    return _without_signs(word)


def _said_in_english(word: str) -> str:
    short = _SHORT.get(word.lower())
    if short:
        return short
    if (match := _DATE.fullmatch(word)) and 1 <= int(match[2]) <= 12:
        return f"{_MONTHS[int(match[2]) - 1]} {_ordinal(int(match[3]))}, {_year(match[1])}"
    if match := _CLOCK.fullmatch(word):
        return _clock(int(match[1]), match[2])
    if match := _MONEY.fullmatch(word):
        return _money(match[2], _COINS[match[1]])
    if match := _MEASURED.fullmatch(word):
        return f"{match[1]} {_UNITS[match[2]]}"
    if re.fullmatch(r"#\d{1,9}", word):
        return f"number {word[1:]}"
    return _year(word) if re.fullmatch(r"20[1-9]\d", word) else _without_signs(word)


def _without_signs(word: str) -> str:
    """Signs that would be named aloud: a hash tag's hash, underscores, slashes, quotes and brackets in a word."""
    said = re.sub(r"[#_/\\|~^*`\"“”«»()\[\]{}<>]+", " ", word).strip()
    return said.replace("’", "'") or word


def _ordinal(day: int) -> str:
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _year(year: str) -> str:
    """2024 as "twenty twenty-four", as people say it."""
    return f"{year[:2]} {year[2:]}" if year.startswith("20") and year[2] != "0" else year


def _clock(hour: int, minute: str) -> str:
    if minute == "00":
        return f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour} hundred"
    return f"{hour} oh {minute[1]}" if minute[0] == "0" else f"{hour} {minute}"


def _money(amount: str, coins: str) -> str:
    amount = amount.rstrip(".,")
    match = re.fullmatch(r"([\d,]{1,20})\.(\d\d)", amount)
    if match and match[2] != "00":
        return f"{match[1]} {coins} {int(match[2])}"
    amount = match[1] if match else amount
    return f"{amount} {coins[:-1] if amount == '1' and coins.endswith('s') else coins}"
