"""Where words may be broken: into pieces to say, captions to read, and lines of a caption.

A text becomes tokens; between two tokens stands a cost: nothing after a full stop, little after a comma, more before a
conjunction or a preposition, most between words that belong together. Scripts without blanks break between characters,
but never where typesetting forbids it (JIS X 4051, "kinsoku").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cutroom.measures.text import base_language, width


@dataclass(frozen=True, slots=True)
class Token:
    """A word with its punctuation, or one character of a script without blanks."""

    text: str
    start: int
    """Where in the text it begins, in characters."""
    blank: bool
    """Whether a blank stands before it."""
    columns: int
    """How wide it is."""


_CONJUNCTIONS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "and but or nor so yet because although though while when where which who that if unless until "
        "since as than whether before after then",
        "de": "und aber oder denn sondern weil obwohl während wenn als dass wo der die das welche ob bis seit "
        "nachdem bevor dann",
        "fr": "et mais ou donc or ni car parce quand lorsque que qui où si comme puis tandis pendant avant après",
        "es": "y e pero o u ni porque aunque mientras cuando donde que quien si como pues luego antes después",
        "it": "e ed ma o oppure perché sebbene mentre quando dove che chi se come poi prima dopo",
        "pt": "e mas ou nem porque embora enquanto quando onde que quem se como pois depois antes",
        "nl": "en maar of want omdat hoewel terwijl toen waar die dat als dan voordat nadat",
    }.items()
}
_PREPOSITIONS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "in on at of with to for from by about into over under through across along around between "
        "behind beside near without during toward towards",
        "de": "in im an am auf mit zu zum zur von vom für aus bei über unter durch nach vor hinter neben "
        "zwischen ohne um gegen",
        "fr": "dans sur à au aux de du des avec pour par chez sous entre sans vers en derrière devant près",
        "es": "en a al de del con para por sobre bajo entre sin hacia desde hasta tras junto",
        "it": "in a al alla ai di del della con per su sul sulla da dal tra fra sotto sopra senza verso lungo",
        "pt": "em no na a ao à de do da com para por sobre sob entre sem até desde",
        "nl": "in op aan van met voor naar uit bij over onder door tussen zonder om tegen",
    }.items()
}
_CLINGING = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the a an my our your his her its their this that these those no not very so too is are was were "
        "be been will would can could have has had do does did i we you he she they it mr mrs ms dr st",
        "de": "der die das den dem des ein eine einen einem einer eines mein meine unser unsere unseren kein "
        "keine nicht sehr so zu ist sind war waren wird hat haben ich wir sie er es",
        "fr": "le la les l' un une des mon ma mes notre nos son sa ses ce cette ces ne pas très si est sont "
        "était a ont je tu il elle nous vous ils elles on",
        "es": "el la los las un una unos unas mi mis nuestro nuestra su sus este esta no muy tan es son era "
        "fue ha han yo",
        "it": "il lo la gli le i un uno una mio mia nostro nostra suo sua questo questa non molto così è sono "
        "era ha hanno io",
        "pt": "o a os as um uma meu minha nosso nossa seu sua este esta não muito tão é são era foi tem eu",
        "nl": "de het een mijn ons onze zijn haar dit dat geen niet erg zo is was waren wordt heeft hebben ik "
        "we wij ze hij",
    }.items()
}
_NOT_FIRST = frozenset(
    "、。，．・：；？！゛゜´｀¨＾‐–〜～—…‥’”）〕］｝〉》」』】°′″℃％‰ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶー々ゝゞヽヾ,.:;?!)]}%»›ๆฯ"
)
_NOT_LAST = frozenset("‘“（〔［｛〈《「『【([{«‹#@$€£¥＄￥￡เแโใไ")
_SENTENCE_END = re.compile(r"[.!?…。！？؟।](?:['\"”’»)\]」』])*$")
_CLAUSE_END = re.compile(r"[;:；：–—](?:['\"”’»)\]」』])*$")
_COMMA = re.compile(r"[,、，،)\]）」』](?:['\"”’»])*$")


_ABBREVIATION = re.compile(
    r"[(\"'„“«]?(?:\w|dr|mr|mrs|ms|st|prof|no|nr|hr|fr|sr|sra|sig|mt|ca|bzw|vgl|vs|approx|gen|rev|capt|z\.b|"
    r"d\.h|u\.a|e\.g|i\.e)\.",
    re.IGNORECASE,
)


def tokens(text: str) -> list[Token]:
    """`text` (one line) as tokens, in order."""
    found: list[Token] = []
    for match in re.finditer(r"\S+", text):
        blank = match.start() > 0
        for piece, at in _pieces(match[0]):
            found.append(Token(piece, match.start() + at, blank and at == 0, width(piece)))
    return found


def joined(parts: Sequence[Token]) -> str:
    """The tokens as text again."""
    return "".join((" " if token.blank and place else "") + token.text for place, token in enumerate(parts))


def columns(parts: Sequence[Token]) -> int:
    """How wide the tokens are in a row."""
    return sum(token.columns + (1 if token.blank and place else 0) for place, token in enumerate(parts))


def _pieces(word: str) -> list[tuple[str, int]]:
    """A run without blanks, taken apart where its script allows it."""
    starts = [0]
    for place in range(1, len(word)):
        one, other = word[place - 1], word[place]
        if _breakable(one, other) and not _joined(one, other):
            starts.append(place)
    ends = [*starts[1:], len(word)]
    return [(word[start:end], start) for start, end in zip(starts, ends, strict=True)]


def _breakable(one: str, other: str) -> bool:
    return unspaced(one) or unspaced(other)


def _joined(one: str, other: str) -> bool:
    return (
        other in _NOT_FIRST
        or one in _NOT_LAST
        or other == "\u200d"
        or one == "\u200d"
        or unicodedata.category(other) in ("Mn", "Me", "Mc", "Cf", "Sk")
        or other in "ะาำๅ"
        or unicodedata.category(other)[0] == "P"
    )


def unspaced(letter: str) -> bool:
    """Whether `letter` belongs to a script that writes no blanks between words (Han, kana, Thai, Khmer…)."""
    code = ord(letter)
    return (
        0x0E00 <= code <= 0x0EFF
        or 0x1000 <= code <= 0x109F
        or 0x1780 <= code <= 0x17FF
        or 0x3041 <= code <= 0x30FF
        or 0x3400 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
    )


def cost(one: Token, other: Token, language: str) -> float:
    """What it costs to break between two neighbouring tokens: 0 (after a sentence) to 30 (words that cling)."""
    if _ABBREVIATION.fullmatch(one.text) or (one.text.endswith(".") and other.text[:1].islower()):
        return 24.0
    if _SENTENCE_END.search(one.text):
        return 0.0
    if _CLAUSE_END.search(one.text):
        return 2.0
    if _COMMA.search(one.text):
        return 2.0 if other.text.lower() in _CONJUNCTIONS.get(base_language(language), ()) else 5.0
    if other.text[:1] in "([（［" and other.blank:
        return 4.0
    if not other.blank:
        return 14.0
    if not any(letter.isalnum() for letter in other.text):
        return 30.0
    return _between_words(one.text, other.text, base_language(language))


def _between_words(one: str, other: str, language: str) -> float:
    before, after = one.lower().strip("'\"“„«(¿¡"), other.lower().strip("'\"“„«(¿¡,.;:!?")
    if (
        before in _CLINGING.get(language, ())
        or before in _PREPOSITIONS.get(language, ())
        or before in _CONJUNCTIONS.get(language, ())
    ):
        return 26.0
    if after in _CONJUNCTIONS.get(language, ()):
        return 6.0
    if after in _PREPOSITIONS.get(language, ()):
        return 9.0
    if before.replace(".", "").replace(",", "").isdecimal():
        return 24.0
    if one[:1].isupper() and other[:1].isupper():
        return 22.0
    return 14.0


def costs(parts: Sequence[Token], language: str) -> list[float]:
    """The cost of breaking before each token; before the first it is 0."""
    return [0.0, *(cost(one, other, language) for one, other in pairwise(parts))]


def two_lines(parts: Sequence[Token], breaks: Sequence[float], limit: int) -> tuple[int, float] | None:
    """How to set tokens in at most two lines of `limit` columns.

    Args:
        parts: The tokens of one caption.
        breaks: The cost of a break before each of them (the first one's does not count).
        limit: The most columns of a line.

    Returns the index of the second line's first token (0 for one line) and the layout's cost; None when they do
    not fit.
    """
    whole = columns(parts)
    if whole <= limit:
        return 0, 0.0
    if whole > 2 * limit + 1:
        return None
    best: tuple[int, float] | None = None
    first = 0
    for place in range(1, len(parts)):
        first += parts[place - 1].columns + (1 if parts[place - 1].blank and place > 1 else 0)
        second = whole - first - (1 if parts[place].blank else 0)
        if first > limit or second > limit:
            continue
        uneven = abs(first - second) / limit
        price = breaks[place] + 18 * uneven * uneven + (1 if first > second else 0)
        price += 10 if place == 1 and first < 8 else 0
        price += 10 if place == len(parts) - 1 and second < 8 else 0
        if best is None or price < best[1]:
            best = place, price
    return best


def fitted(parts: Sequence[Token], limit: int) -> list[Token]:
    """The tokens, with any that is wider than a line (a web address, a long compound) cut into pieces that fit."""
    found: list[Token] = []
    for token in parts:
        if token.columns <= limit:
            found.append(token)
            continue
        start, blank = 0, token.blank
        while start < len(token.text):
            end = _reach(token.text, start, limit)
            piece = token.text[start:end]
            found.append(Token(piece, token.start + start, blank, width(piece)))
            start, blank = end, False
    return found


def _reach(text: str, start: int, limit: int) -> int:
    """As far as one line goes, and not through a cluster of marks."""
    end = start + 1
    while end < len(text) and width(text[start : end + 1]) <= limit:
        end += 1
    back = end
    while back > start + 1 and back < len(text) and unicodedata.category(text[back]) in ("Mn", "Me", "Mc", "Cf"):
        back -= 1
    return back
