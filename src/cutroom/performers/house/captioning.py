"""The judgement behind captions: which words go together, where lines break, and when each caption is up. Pure.

Bounds (BBC Subtitle Guidelines; Netflix Timed Text Style Guide): at most two lines; up for 1 to 6 seconds; 17
characters a second aimed for, 20 at most as far as pauses allow; two frames between one caption and the next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from fractions import Fraction
from itertools import pairwise

from cutroom.measures.text import base_language, characters, characters_a_second, reading_seconds
from cutroom.media.kinds import Word
from cutroom.performers.house.linebreaks import Token, columns, costs, fitted, joined, tokens, two_lines
from cutroom.timeline.timeline import Caption

GAP = Fraction(1, 15)
"""Two frames at 30 a second between one caption and the next, so that the eye sees the change."""

SHORTEST, LONGEST = Fraction(1), Fraction(6)
"""How long a caption is up, in seconds."""

CHAIN = Fraction(1, 2)
"""A pause shorter than this is bridged: a caption that blinks away for a moment disturbs more than one that stays."""

LINGER = Fraction(3, 10)
"""How long a caption stays after its last word when there is room."""

TIGHTER = (Fraction(1), Fraction(4, 5), Fraction(13, 20), Fraction(9, 10))
"""How much of a line's width each further take uses: another take breaks elsewhere."""


@dataclass(frozen=True)
class Timed:
    """A line and when it is said, in film time."""

    text: str
    start: Fraction
    seconds: Fraction
    words: tuple[Word, ...] = ()
    """As the voice reports them; empty when nobody speaks."""


@dataclass(frozen=True)
class Said:
    """A token and when it is said."""

    token: Token
    start: Fraction
    end: Fraction


@dataclass(frozen=True)
class Piece:
    """What one caption shows, and when it is said."""

    said: tuple[Said, ...]
    lines: tuple[str, ...]
    voiced: bool

    @property
    def start(self) -> Fraction:
        """When its first word begins."""
        return self.said[0].start

    @property
    def end(self) -> Fraction:
        """When its last word ends."""
        return max(one.end for one in self.said)

    @property
    def text(self) -> str:
        """Its lines as one."""
        return joined([one.token for one in self.said])


# --- when each word is said -------------------------------------------------------------------------------------------


def clocked(timed: Timed) -> list[Said]:
    """The line's tokens and when each is said: as the voice reports, else spread over the line by their length."""
    parts = tokens(timed.text)
    if not parts:
        return []
    return _by_voice(parts, timed) if timed.words else _spread(parts, timed.start, timed.start + timed.seconds)


def _spread(parts: Sequence[Token], start: Fraction, end: Fraction) -> list[Said]:
    weights = [
        token.columns
        + 1
        + (5 if re.search(r"[.!?…。！？][\"”’»)]*$", token.text) else 2 if token.text[-1] in ",;:、，" else 0)
        for token in parts
    ]
    whole = sum(weights)
    said: list[Said] = []
    passed = 0
    for token, weight in zip(parts, weights, strict=True):
        begin = start + (end - start) * passed / whole
        passed += weight
        said.append(
            Said(token, _milli(begin) if passed > weight else start, _milli(start + (end - start) * passed / whole))
        )
    return said


def _milli(seconds: Fraction) -> Fraction:
    return Fraction(round(seconds * 1000), 1000)


def _by_voice(parts: Sequence[Token], timed: Timed) -> list[Said]:
    """Tokens laid beside the voice's words letter by letter: both may split words in their own way."""
    letters = [
        (place, letter) for place, token in enumerate(parts) for letter in token.text.lower() if letter.isalnum()
    ]
    heard = [
        (place, at, letter) for place, word in enumerate(timed.words) for at, letter in enumerate(_letters(word.text))
    ]
    when: dict[int, tuple[Fraction, Fraction]] = {}
    for mine, theirs, size in _same([letter for _, letter in letters], [letter for _, _, letter in heard]):
        for step in range(size):
            place, at, _ = heard[theirs + step]
            begin, end = _letter_time(timed.words[place], at)
            token = letters[mine + step][0]
            known = when.get(token)
            when[token] = (min(begin, known[0]), max(end, known[1])) if known else (begin, end)
    return _filled(parts, when, timed)


def _letters(text: str) -> list[str]:
    return [letter for letter in text.lower() if letter.isalnum()]


def _letter_time(word: Word, at: int) -> tuple[Fraction, Fraction]:
    count = max(1, len(_letters(word.text)))
    begin = word.start if at == 0 else _milli(word.start + word.seconds * at / count)
    end = word.start + word.seconds if at == count - 1 else _milli(word.start + word.seconds * (at + 1) / count)
    return begin, end


def _same(mine: list[str], theirs: list[str]) -> list[tuple[int, int, int]]:
    if mine == theirs:
        return [(0, 0, len(mine))]
    if len(mine) * len(theirs) > 4_000_000:
        return [
            (
                0,
                0,
                next(
                    (place for place, (one, other) in enumerate(zip(mine, theirs, strict=False)) if one != other),
                    min(len(mine), len(theirs)),
                ),
            )
        ]
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    return [(block.a, block.b, block.size) for block in blocks if block.size >= 2 or min(len(mine), len(theirs)) < 4]


def _filled(parts: Sequence[Token], when: dict[int, tuple[Fraction, Fraction]], timed: Timed) -> list[Said]:
    """Tokens that no word was found for share the time between their neighbours; time never runs backwards."""
    said: list[Said] = []
    now = timed.words[0].start
    place = 0
    while place < len(parts):
        if place in when:
            begin, end = when[place]
            now = max(now, begin)
            said.append(Said(parts[place], now, max(now, end)))
            now, place = max(now, end), place + 1
            continue
        until = next((other for other in range(place, len(parts)) if other in when), len(parts))
        limit = when[until][0] if until < len(parts) else max(now, timed.start + timed.seconds)
        silent = not any(letter.isalnum() for token in parts[place:until] for letter in token.text)
        said += _spread(parts[place:until], now, now if silent else max(now, limit))
        now, place = said[-1].end, until
    return said


# --- fewer words ------------------------------------------------------------------------------------------------------

_ASIDE = re.compile(
    r"\s*(?:\([^()]{0,300}\)|\[[^\[\]]{0,300}\]|（[^（）]{0,300}）)|\s+[–—]\s+[^–—.!?]{3,120}\s+[–—](?=\s)|"
    r"(?<=\w)—[^–—.!?]{3,120}—(?=\w)"
)
_FILLERS = {
    "en": r"really|just|actually|basically|literally|honestly|simply|very|quite|rather|of course|you know|i "
    r"think|i guess|i mean|sort of|kind of|"
    r"in fact|after all|as you can see|to be honest|needless to say|obviously|certainly|absolutely|totally|"
    r"completely|definitely|well",
    "de": r"eigentlich|wirklich|einfach|halt|eben|natürlich|sozusagen|irgendwie|ganz|sehr|ja|doch|übrigens|"
    r"ehrlich gesagt|tatsächlich",
    "fr": r"vraiment|simplement|en fait|bien sûr|évidemment|très|assez|plutôt|disons|quand même|tout à fait|"
    r"absolument",
    "es": r"realmente|simplemente|en realidad|por supuesto|muy|bastante|la verdad|pues|de hecho|absolutamente|o sea",
    "it": r"davvero|semplicemente|in realtà|ovviamente|molto|abbastanza|piuttosto|insomma|infatti|assolutamente|cioè",
    "pt": r"realmente|simplesmente|na verdade|claro|muito|bastante|na realidade|de fato|absolutamente",
}
_TRAILING = re.compile(
    r",\s+(?:which|who|where|so|and|but|because|while|though|although|as|when|und|aber|weil|wobei|während|was|"
    r"et|mais|parce que|qui|où|y|pero|"
    r"porque|que|mientras|e|ma|perché|che|mentre|mas|enquanto)\s[^,.!?]{4,}?(?=[.!?…]*$)",
    re.IGNORECASE,
)


def shorter(text: str, seconds: Fraction, language: str = "en") -> str:
    """`text` without asides and fillers; without its last clause too, when it would still be too fast for `seconds`."""
    short = _ASIDE.sub("", text)
    fillers = _FILLERS.get(base_language(language))
    if fillers:
        # "very" before "much" or at the end carries the sense; commas around a filler go with it.
        short = re.sub(rf"(?:,\s+)(?:{fillers}),(?=\s)", "", short, flags=re.IGNORECASE)
        short = re.sub(rf"^(?:{fillers}),\s+", "", short, flags=re.IGNORECASE)
        short = re.sub(
            rf"(?<![\w-])(?:{fillers})\s+(?=[^\W\d_])(?!(?:much|many|well)\b)", "", short, flags=re.IGNORECASE
        )
    while (
        characters_a_second(short, seconds) > 17
        and (match := _TRAILING.search(short))
        and match.start() >= len(text) * 2 // 5
    ):
        short = short[: match.start()] + short[match.end() :]
    short = " ".join(short.split())
    short = re.sub(r"\s+([,.;:!?…])", r"\1", short)
    if not any(letter.isalnum() for letter in short):
        return text
    return short[:1].upper() + short[1:] if text[:1].isupper() else short


def shortened(said: Sequence[Said], text: str) -> list[Said]:
    """The tokens of `said` that are left in the shorter `text`, with their own times."""
    left = tokens(text)
    mine, theirs = [_bare(token.text) for token in left], [_bare(one.token.text) for one in said]
    found: list[Said] = []
    at = 0
    for token, bare in zip(left, mine, strict=True):
        here = next((place for place in range(at, len(theirs)) if theirs[place] == bare), None)
        if here is None:
            now = found[-1].end if found else said[0].start
            found.append(Said(token, now, now))
            continue
        found.append(replace(said[here], token=token))
        at = here + 1
    return found


def _bare(text: str) -> str:
    return "".join(_letters(text)) or text


# --- which words go together ------------------------------------------------------------------------------------------


def pieces(timed: Timed, *, width: int = 42, language: str = "en", take: int = 1, shorten: bool = False) -> list[Piece]:
    """A line as captions to be: at most two lines of `width` columns each, broken by meaning.

    Args:
        timed: The line.
        width: The most columns of a line; wide characters count twice, Thai and its kin get five sixths.
        language: Decides where breaks are natural.
        take: Another take breaks elsewhere.
        shorten: Leave out asides and fillers.

    Empty for a line without a word or a sign.
    """
    said = clocked(timed)
    if shorten and said:
        said = shortened(said, shorter(timed.text, timed.seconds, language))
    limit = _limit(width, language, take)
    said = _refitted(said, limit)
    if not said:
        return []
    return [
        _piece(said[start:end], limit, language, voiced=bool(timed.words))
        for start, end in _best_cuts(said, limit, language)
    ]


def _limit(width: int, language: str, take: int) -> int:
    narrow = Fraction(5, 6) if base_language(language) in ("th", "lo", "km", "my") else Fraction(1)
    return max(4, int(width * narrow * TIGHTER[(take - 1) % len(TIGHTER)]))


def _refitted(said: Sequence[Said], limit: int) -> list[Said]:
    """Tokens that are wider than a line, cut; their time is shared by the pieces."""
    found: list[Said] = []
    for one in said:
        parts = fitted([one.token], limit)
        found += [one] if len(parts) == 1 else _spread(parts, one.start, one.end)
    return found


def _best_cuts(said: Sequence[Said], limit: int, language: str) -> list[tuple[int, int]]:
    """Where one caption ends and the next begins, at the least cost (dynamic programming over the tokens)."""
    parts = [one.token for one in said]
    breaks = costs(parts, language)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(parts) + 1):
        after = 0.0 if end == len(parts) else breaks[end]
        options: list[tuple[float, int]] = []
        for start in range(end - 1, -1, -1):
            layout = two_lines(parts[start:end], breaks[start:end], limit)
            if layout is None:
                if columns(parts[start:end]) > 2 * limit + 1:
                    break
                continue
            options.append(
                (
                    best[start][0]
                    + 1.5 * after
                    + 0.5 * layout[1]
                    + _discomfort(said, start, end)
                    + _missed(breaks, start, end),
                    start,
                )
            )
        best.append(min(options) if options else (best[end - 1][0] + 500, end - 1))
    cuts = [len(parts)]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return [(start, end) for end, start in pairwise(cuts)][::-1]


def _missed(breaks: Sequence[float], start: int, end: int) -> float:
    """What it costs to end in the middle of a phrase when a better place to end stands inside."""
    if end == len(breaks) or end - start < 2:
        return 0.0
    return 0.8 * max(0.0, breaks[end] - min(breaks[start + 1 : end]))


def _discomfort(said: Sequence[Said], start: int, end: int) -> float:
    """What is unpleasant about a caption of these tokens, whatever stands around it."""
    up = float((said[end].start if end < len(said) else said[end - 1].end + LINGER) - said[start].start)
    letters = sum(characters(one.token.text) + (1 if one.token.blank else 0) for one in said[start:end])
    price = 6.0
    price += 40 * max(0.0, 1.0 - up) + 25 * max(0.0, up - 6.0) + 3 * max(0.0, letters / max(up, 0.2) - 17)
    if end - start == 1 and len(said) > 1 and said[start].token.columns < 10:
        price += 20
    if letters < 12 and len(said) > 3:
        price += 8
    return price


def _piece(said: Sequence[Said], limit: int, language: str, *, voiced: bool) -> Piece:
    parts = [one.token for one in said]
    layout = two_lines(parts, costs(parts, language), limit)
    cut = layout[0] if layout else 0
    lines = (joined(parts[:cut]), joined(parts[cut:])) if cut else (joined(parts),)
    return Piece(tuple(said), lines, voiced)


# --- when each caption is up ------------------------------------------------------------------------------------------


def captions(
    every: Sequence[Piece], *, seconds: Fraction, width: int = 42, language: str = "en"
) -> tuple[Caption, ...]:
    """The pieces as captions that neither overlap nor outlast the film.

    Each begins with its first word and stays until it can be read (17 characters a second), as far as the pause
    after it allows. Two that would flash by are shown as one when they fit.
    """
    inside = [piece for piece in sorted(every, key=lambda piece: piece.start) if piece.start < seconds]
    shown = _merged(inside, _limit(width, language, 1), language)
    starts = _starts(shown, seconds)
    made: list[Caption] = []
    for place, piece in enumerate(shown):
        following = starts[place + 1] if place + 1 < len(shown) else None
        end = _end(piece, starts[place], following, seconds)
        if end > starts[place]:
            made.append(
                Caption(start=starts[place], seconds=end - starts[place], lines=piece.lines, words=_words(piece))
            )
    return tuple(made)


def _merged(every: Sequence[Piece], limit: int, language: str) -> list[Piece]:
    """Pieces that would be up for less than a second, together with a neighbour when both fit into two lines."""
    shown: list[Piece] = []
    for piece in every:
        before = shown[-1] if shown else None
        brief = before is not None and (
            piece.start - before.start < SHORTEST
            or (piece.end - piece.start < SHORTEST / 2 and piece.start - before.end < CHAIN)
        )
        if (
            before is not None
            and brief
            and piece.end - before.start <= LONGEST
            and (both := _together(before, piece, limit, language))
        ):
            shown[-1] = both
        else:
            shown.append(piece)
    return shown


def _together(one: Piece, other: Piece, limit: int, language: str) -> Piece | None:
    first = other.said[0]
    said = (*one.said, replace(first, token=replace(first.token, blank=True)), *other.said[1:])
    if len(one.lines) == 1 and len(other.lines) == 1:
        return Piece(said, (*one.lines, *other.lines), one.voiced and other.voiced)
    parts = [each.token for each in said]
    if two_lines(parts, costs(parts, language), limit) is None:
        return None
    return _piece(said, limit, language, voiced=one.voiced and other.voiced)


def _starts(shown: Sequence[Piece], seconds: Fraction) -> list[Fraction]:
    """When each begins: with its first word, but never on top of the one before nor in the film's last moment."""
    starts: list[Fraction] = []
    for piece in shown:
        start = min(piece.start, max(seconds - SHORTEST, Fraction(0)))
        if starts:
            start = max(start, starts[-1] + SHORTEST / 2)
        starts.append(max(start, Fraction(0)))
    return starts


def _end(piece: Piece, start: Fraction, following: Fraction | None, seconds: Fraction) -> Fraction:
    latest = seconds if following is None else min(following, seconds)
    if following is not None and following - GAP - start >= SHORTEST:
        latest = min(latest, following - GAP)
    end = max(piece.end + LINGER, start + max(SHORTEST, reading_seconds(" ".join(piece.lines))))
    if following is not None and latest - end < CHAIN:
        end = latest
    return min(end, latest, start + LONGEST)


def _words(piece: Piece) -> tuple[Word, ...]:
    if not piece.voiced:
        return ()
    return tuple(Word(text=one.token.text, start=one.start, seconds=one.end - one.start) for one in piece.said)
