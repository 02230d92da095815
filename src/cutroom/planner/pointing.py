"""Which pictures and clips words mean: "the third photo", "photos 2 and 5", "the raccoon", "the one with nobody". Pure.

Reading and finding are two steps. `point` reads a stretch of text as picks, which say how a picture is pointed at;
`resolve` finds them among the pictures and clips that a film shows, or says why it cannot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cache
from typing import Literal

from cutroom.brief.brief import Asset
from cutroom.errors import WrongUse
from cutroom.media.kinds import Image, Video
from cutroom.plan.facts import ClipFacts, PictureFacts

Kind = Literal["picture", "clip", "any", "shot"]
How = Literal["place", "first", "last", "middle", "all", "rest", "name", "but", "quality"]

ALIKE = 0.8
"""Words that share at least this much are one word with a typing mistake."""
LISTED = 12
"""So many pictures are named in an error."""


@dataclass(frozen=True, kw_only=True)
class Pick:
    """One way to point at pictures or clips."""

    how: How
    kind: Kind = "any"
    number: int = 0
    """With ``place``: 1 is the first, -1 the last; with ``first`` and ``last``: how many."""
    words: str = ""
    """With ``name``: what it is called; with ``quality``: which."""
    many: bool = False
    """True for a plural: several may be meant."""
    inner: tuple[Pick, ...] = ()
    """With ``but``: those that are excepted."""


@dataclass(frozen=True)
class Pointed:
    """A stretch of text that points at pictures or clips."""

    start: int
    end: int
    words: str
    picks: tuple[Pick, ...]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What can be pointed at."""

    visuals: tuple[Asset, ...]
    """Every picture and clip, in the material's order."""
    shown: tuple[str, ...] = ()
    """The ids of the film's shots, in order, as a person saw it; empty when there was no film yet."""
    facts: Mapping[str, PictureFacts | ClipFacts] = field(default_factory=dict)
    """What is known of them, by id, as far as they were looked at."""
    blind: frozenset[str] = frozenset()
    """Those that could not be looked at."""

    def named(self, identity: str) -> str:
        """What people call it."""
        return next(asset.name for asset in self.visuals if asset.id == identity)

    def seen(self, kind: Kind) -> list[str]:
        """The ids of those of one kind in the film's order, each once (shots as often as they are seen)."""
        every = list(self.shown) or [asset.id for asset in self.visuals]
        if kind == "shot":
            return every
        return [one for one in dict.fromkeys(every) if self.of(one, kind)]

    def every(self, kind: Kind) -> list[str]:
        """As `seen`, and behind them those that the film does not show."""
        return list(dict.fromkeys([*self.seen(kind), *(one.id for one in self.visuals if self.of(one.id, kind))]))

    def of(self, identity: str, kind: Kind) -> bool:
        """True when it is of this kind."""
        wanted = {"picture": Image, "clip": Video}.get(kind)
        return wanted is None or any(one.id == identity and isinstance(one.media, wanted) for one in self.visuals)


class Undecided(Exception):
    """What is meant depends on pictures that nobody has looked at yet."""


# ── words ──

_PICTURE = (
    r"photo(?:graph|graphie|grafía)?s?|pictures?|images?|pics?|stills?|snapshots?|slides?|fotos?|bild(?:er|es|ern)?|"
    r"aufnahmen?|imagen|imágenes|immagin[ei]|imagem|imagens"
)
_CLIP = r"(?:video ?)?clips?|videos?|vidéos?|vídeos?|filmclips?|footage|filmati|filmato"
_SHOT = r"shots?|scenes?|szenen?|einstellungen?|scènes?|plans|tomas?|escenas?"
_ONE = r"ones?|eine[rs]?|celle|celles|una"
NOUN = rf"(?P<picture>{_PICTURE})|(?P<clip>{_CLIP})|(?P<shot>{_SHOT})|(?P<any>{_ONE})"
_NOUN = re.compile(rf"(?:{NOUN})(?!\w)", re.IGNORECASE)
_PLURAL = re.compile(r"(?:.*s|bilder|bildern|aufnahmen|szenen|footage|filmati|immagini)$", re.IGNORECASE)
_ARTICLE = re.compile(
    r"(?:the|that|this|those|these|my|our|your|a|an|of|de[rnm]|die|das|dies\w{0,2}|mein\w{0,2}|unser\w{0,2}|"
    r"eine?[nrms]?|"
    r"l[ae]s?|l'|un|une|cette|cet?|ces|mon|ma|mes|nos|notre|el|los|una?|es[eao]s?|est[eao]s?|mi|mis|nuestr[oa]s?|"
    r"il|lo|gli|i|os?|as?|meu|minha)(?:\s+|(?<=')\s*)",
    re.IGNORECASE,
)
_ORDINALS: dict[str, int] = {}
for _number, _names in {
    1: (
        "first 1st erste ersten erstes erster premier première primer primera primero primo prima primeiro "
        "primeira opening"
    ),
    2: "second 2nd zweite zweiten zweites zweiter deuxième second seconde segundo segunda secondo seconda",
    3: "third 3rd dritte dritten drittes dritter troisième tercer tercera tercero terzo terza terceiro terceira",
    4: "fourth forth vierte vierten viertes quatrième cuarto cuarta quarto quarta",
    5: "fifth fünfte fünften fünftes cinquième quinto quinta",
    6: "sixth sechste sechsten sechstes sixième sexto sexta sesto sesta",
    7: "seventh siebte siebten siebtes siebente septième séptimo séptima settimo settima",
    8: "eighth eigth achte achten achtes huitième octavo octava ottavo ottava",
    9: "ninth nineth neunte neunten neuntes neuvième noveno novena nono nona",
    10: "tenth zehnte zehnten zehntes dixième décimo décima decimo decima",
    11: "eleventh elfte elften elftes onzième",
    12: "twelfth twelvth zwölfte zwölften zwölftes douzième",
    13: "thirteenth dreizehnte dreizehnten",
    14: "fourteenth vierzehnte vierzehnten",
    15: "fifteenth fünfzehnte fünfzehnten",
    16: "sixteenth",
    17: "seventeenth",
    18: "eighteenth",
    19: "nineteenth",
    20: "twentieth zwanzigste zwanzigsten",
    -1: "last final closing letzte letzten letztes letzter dernier dernière último última ultimo ultima",
    -2: "penultimate vorletzte vorletzten vorletztes avant-dernier avant-dernière penúltimo penúltima",
}.items():
    _ORDINALS.update(dict.fromkeys(_names.split(), _number))
_COUNTS: dict[str, int] = {}
for _number, _names in {
    2: "two zwei deux dos due dois couple",
    3: "three drei trois tres tre três",
    4: "four vier quatre cuatro quattro quatro",
    5: "five fünf cinq cinco cinque",
    6: "six sechs seis sei",
    7: "seven sieben sept siete sette",
    8: "eight acht huit ocho otto",
    9: "nine neun neuf nueve nove",
    10: "ten zehn dix diez dieci",
}.items():
    _COUNTS.update(dict.fromkeys(_names.split(), _number))


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_FROM_END = re.compile(
    r"(?:(?:the )?(?P<second>second|third|2nd|3rd|next)[- ](?:to|from)[- ](?:the )?last)(?!\w)", re.IGNORECASE
)
_ORDINAL = re.compile(
    rf"(?:(?P<word>{_any(_ORDINALS)})|(?P<figure>\d{{1,3}})(?:st|nd|rd|th|\.(?=\s)|e|er|[eè]re|[eè]me|[ºª°]))(?![\w])",
    re.IGNORECASE,
)
_SOME = re.compile(
    rf"(?:(?P<first>first|ersten|premi[eè]re?s|primer[oa]s|prim[ie])|(?P<last>last|letzten|derni[eè]re?s|"
    rf"últim[oa]s|ultim[ie]))\s+"
    rf"(?:(?P<figure>\d{{1,2}})|(?P<word>{_any(_COUNTS)}))(?!\w)(?!\s*(?:s|secs?|seconds?|minutes?|sekunden|minuten|"
    r"secondes|segundos|minutos)(?!\w))(?:\s+of)?",
    re.IGNORECASE,
)
_SOME_BEFORE = re.compile(
    rf"(?:(?P<figure>\d{{1,2}})|(?P<word>{_any(_COUNTS)}))\s+(?:(?P<first>first|ersten|premi[eè]re?s|"
    rf"primer[oa]s|prim[ie])|"
    r"(?P<last>last|letzten|derni[eè]re?s|últim[oa]s|ultim[ie]))(?!\w)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:(?:number|nummer|numéro|número|no\.?|nr\.?|n[º°]|#)\s*)?(?P<number>\d{1,3})(?![\w:])", re.IGNORECASE
)
_HASH = re.compile(
    r"(?:(?:number|nummer|numéro|número|no\.|nr\.|n[º°])\s*|#)(?P<number>\d{1,3})(?![\w:])", re.IGNORECASE
)
_TO = re.compile(r"\s*(?:-|–|\.\.|to|through|thru|bis|à|a|hasta|al)\s*(?=\d)", re.IGNORECASE)
_MIDDLE = re.compile(r"(?:middle|mittlere[nsr]?|central)(?!\w)", re.IGNORECASE)
_ALL = re.compile(
    r"(?:all|every|each|both|alle[nr]?|jede[srn]?|beide[nr]?|toutes|tous|chaque|tod[oa]s|cada|ambos|ambas|tutt[ie])"
    r"(?:\s+(?:of\s+)?(?:the|my|our|these|die|der|les|l[oa]s|le|gli|i))?(?!\w)",
    re.IGNORECASE,
)
_EVERYTHING = re.compile(
    r"(?:everything|all of (?:it|them)|all|every(?: one|thing)?|alles|alle|tout|toutes|tous|todo|todas|"
    r"todos|tutto)(?!\w)",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"\s*,?\s*(?:except(?: for)?|but(?: for| not)?|apart from|other than|save|außer|bis auf|sauf|excepté|"
    r"excepto|menos|salvo|"
    r"tranne|exceto)\s+",
    re.IGNORECASE,
)
_REST = re.compile(
    r"(?:the\s+)?(?:rest(?:\s+of\s+(?:the|them|it)(?:\s+\w+)?)?|others?(?:\s+\w*(?:photos?|pictures?|clips?|"
    r"ones))?|everything else|"
    r"all (?:the )?others?|remaining(?:\s+(?:photos?|pictures?|clips?|ones))?|übrigen|anderen|reste|autres|"
    r"resto|demás|otras|otros)(?!\w)",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"\s*(?:,\s*(?:and|und|et|y|e|plus|as well as)?|/|&|\+|and|und|sowie|plus|as well as|et|y|e|or|nor|oder|"
    r"ou|o|ni)\s+",
    re.IGNORECASE,
)
_OF = re.compile(
    r"\s+(?:(?:with|of|from|showing|called|named|where|that shows?|mit|vo[nm]|namens|avec|de|du|des|d'|con|"
    r"del|della|di|com)(?:\s+|(?<=')))",
    re.IGNORECASE,
)
_QUALITIES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"(?:{words})(?!\w)", re.IGNORECASE))
    for name, words in {
        "nobody": r"(?:with(?:out)?|of|mit|ohne|avec|sans|con|sin) (?:nobody|no[- ]one|no people|no persons?|no faces?|people|"
        r"persons?|anyone|anybody|any people|(?:a )?faces?|niemand(?:em)?|menschen|leuten?|personen|"
        r"personne|gens|personnes|visages?|"
        r"nadie|gente|personas)(?: (?:in|on) (?:it|them))?",
        "people": r"with (?:people|faces?|persons?|somebody|someone|anybody)(?: in (?:it|them))?|"
        r"mit (?:menschen|leuten|gesichtern?|personen)|"
        r"avec (?:des gens|des personnes|quelqu'un)|con (?:gente|personas|alguien)",
        "blurred": r"blurr?(?:y|ed|iest)|out[- ]of[- ]focus|unsharp|fuzzy|unscharfe?[nsr]?|"
        r"verwackelte?[nsr]?|floue?s?|borros[oa]s?|sfocat[oaie]",
        "dark": r"dark(?:est)?|underexposed|dunkl?e(?:l|ste)?[nsr]?|sombres?|oscur[oa]s?",
        "bright": r"bright(?:est)?|overexposed|washed[- ]out|helle?(?:ste)?[nsr]?|claires?|clar[oa]s?",
        "upright": r"upright|portrait(?:[- ](?:format|orientation))?|vertical|hochkante?n?|verticales?|verticali",
        "wide": r"landscape(?:[- ](?:format|orientation))|horizontal|horizontales?",
        "longest": r"longest|längste[nsr]?|la plus longue|más larg[oa]",
        "shortest": r"shortest|kürzeste[nsr]?|la plus courte|más cort[oa]",
        "worst": r"worst|weakest|ugliest|schlechteste[nsr]?|schwächste[nsr]?|la pire|peor",
    }.items()
)
_SUPERLATIVE = re.compile(r"(?:est|ste[nsr]?|pire|peor|worst)$|plus|más", re.IGNORECASE)
STOP = frozenset(
    [
        "first",
        "last",
        "at",
        "to",
        "before",
        "after",
        "out",
        "away",
        "off",
        "for",
        "longer",
        "shorter",
        "then",
        "please",
        "instead",
        "again",
        "back",
        "into",
        "onto",
        "in",
        "on",
        "is",
        "are",
        "was",
        "should",
        "must",
        "shall",
        "can",
        "could",
        "needs",
        "has",
        "have",
        "goes",
        "go",
        "comes",
        "come",
        "gets",
        "get",
        "a",
        "bit",
        "little",
        "much",
        "more",
        "less",
        "slightly",
        "too",
        "also",
        "twice",
        "once",
        "up",
        "down",
        "as",
        "by",
        "until",
        "while",
        "but",
        "only",
        "just",
        "now",
        "today",
        "when",
        "so",
        "if",
        "it",
        "them",
        "me",
        "us",
        "i",
        "you",
        "he",
        "she",
        "they",
        "we",
        "without",
        "with",
        "drop",
        "remove",
        "delete",
        "keep",
        "show",
        "use",
        "make",
        "hold",
        "leave",
        "cut",
        "swap",
        "start",
        "end",
        "move",
        "put",
        "ohne",
        "mit",
        "sans",
        "avec",
        "sin",
        "con",
        "per",
        "next",
        "position",
        "place",
        "spot",
        "end",
        "start",
        "beginning",
        "front",
        "zuerst",
        "zuletzt",
        "zum",
        "ans",
        "an",
        "am",
        "nach",
        "vor",
        "weg",
        "raus",
        "rein",
        "weglassen",
        "entfernen",
        "streichen",
        "löschen",
        "länger",
        "kürzer",
        "bitte",
        "soll",
        "muss",
        "ist",
        "nicht",
        "wieder",
        "mehr",
        "weniger",
        "auf",
        "hinter",
        "premier",
        "dernier",
        "au",
        "à",
        "en",
        "avant",
        "après",
        "plus",
        "moins",
        "d'abord",
        "puis",
        "ensuite",
        "primero",
        "último",
        "al",
        "final",
        "antes",
        "después",
        "más",
        "menos",
        "entonces",
        "luego",
        "first,",
        "last,",
    ]
) - {"a", "i"}
"""No name goes on over these words."""
_WORD = re.compile(r"[^\s,;:!?\"“”„«»()]+")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
_EMPTY = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "with",
        "from",
        "showing",
        "my",
        "our",
        "this",
        "that",
        "one",
        "ones",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "ein",
        "eine",
        "mit",
        "von",
        "le",
        "la",
        "les",
        "l",
        "un",
        "une",
        "de",
        "du",
        "des",
        "avec",
        "el",
        "los",
        "las",
        "con",
        "del",
        "il",
        "lo",
        "gli",
        "di",
    ]
)
_FROM_MACHINES = frozenset(
    [
        "img",
        "dsc",
        "dscn",
        "pxl",
        "mvi",
        "mov",
        "vid",
        "photo",
        "foto",
        "picture",
        "image",
        "bild",
        "pic",
        "clip",
        "video",
        "jpg",
        "jpeg",
        "png",
        "mp4",
        "heic",
        "webp",
        "edited",
        "final",
        "copy",
    ]
)


# ── reading ──


def point(text: str, at: int, visuals: Sequence[Asset]) -> Pointed | None:
    """What `text` (as `level` returns it) points at from `at` on: one thing, or a list of them. None: nothing.

    Names are looked for among `visuals`; one that fits none is read up to the next word that cannot belong to it.
    """
    at += len(text[at:]) - len(text[at:].lstrip())
    start = at
    picks: list[Pick] = []
    while (one := _item(text, at, visuals, first=not picks)) is not None:
        found, end = one
        picks += found
        at = end
        joined = _JOINED.match(text, at)
        if joined is None:
            break
        at, before = joined.end(), at
        further = _item(text, at, visuals, first=False)
        if further is None or not _goes_on(further[0], visuals):
            at = before
            break
    if not picks:
        return None
    return Pointed(start, at, text[start:at].strip(), tuple(_one_kind(picks)))


def _goes_on(picks: Sequence[Pick], visuals: Sequence[Asset]) -> bool:
    """Whether what follows an "and" is another picture and not another thought."""
    return all(pick.how != "name" or matching(pick.words, visuals) for pick in picks)


def _one_kind(picks: list[Pick]) -> list[Pick]:
    """In "the second and fifth photo" the noun counts for both; so does that of "photos 2 and 5"."""
    known: Kind = "any"
    back: list[Pick] = []
    for pick in reversed(picks):
        if pick.kind != "any":
            known = pick.kind
        elif pick.how in ("place", "first", "last", "middle"):
            pick = replace(pick, kind=known)
        back.append(pick)
    kept: list[Pick] = []
    known = "any"
    for pick in reversed(back):
        if pick.kind != "any":
            known = pick.kind
        elif pick.how == "place":
            pick = replace(pick, kind=known)
        kept.append(pick)
    return kept


def _item(text: str, at: int, visuals: Sequence[Asset], *, first: bool) -> tuple[list[Pick], int] | None:
    """One item of a list, and where it ends."""
    further = () if first else (_further,)
    reads = (_exact, _everything, _rest, _counted, _placed, _numbered, *further, _described, _all, _called)
    return next((found for read in reads if (found := read(text, at, visuals)) is not None), None)


_FIGURE = re.compile(r"(\d{1,3})(?![\w:])(?!\s*(?:s|secs?|seconds?|sek|sekunden|min\w*|%|db)(?!\w))", re.IGNORECASE)


def _further(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    """A number in a list: "photos 2 and 5"."""
    del visuals
    number = _FIGURE.match(text, at)
    return ([Pick(how="place", number=int(number[1]))], number.end()) if number else None


def _bare(text: str, at: int) -> int:
    """Past articles."""
    while match := _ARTICLE.match(text, at):
        at = match.end()
    return at


def _kind(match: re.Match[str]) -> Kind:
    return "picture" if match["picture"] else "clip" if match["clip"] else "shot" if match["shot"] else "any"


def _noun(text: str, at: int) -> tuple[Kind, int, bool]:
    """The noun that stands at `at` (blanks before it), where it ends, and whether it is a plural."""
    spaces = re.compile(r"[\s-]*").match(text, at)
    assert spaces is not None
    match = _NOUN.match(text, spaces.end())
    if match is None:
        return "any", at, False
    return _kind(match), match.end(), bool(_PLURAL.match(match[0]))


def noun_at(text: str, at: int) -> tuple[Kind, int] | None:
    """The kind of what the noun at `at` (blanks before it) stands for, and where it ends; None where there is none."""
    kind, end, _ = _noun(text, at)
    return (kind, end) if end > at else None


def _exact(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    """A file's name, or its stem, as it is written."""
    at = _bare(text, at)
    begin = at
    noun = _NOUN.match(text, at)
    places = (
        [at] if noun is None else [at, at + len(noun[0]) + len(text[noun.end() :]) - len(text[noun.end() :].lstrip())]
    )
    best: tuple[int, str] | None = None
    for place in places:
        quoted = re.compile(r"[\"“„'‘«]\s?").match(text, place)
        inner = quoted.end() if quoted else place
        flat = _flat(text[inner : inner + 300])
        for asset in visuals:
            for name in (_flat(asset.name), _flat(_stem(asset.name))):
                if len(name) >= 3 and flat.startswith(name) and not re.match(r"\w", flat[len(name) :][:1] or " "):
                    closing = re.compile(r"\s?[\"”'’»]").match(text, inner + len(name)) if quoted else None
                    end = closing.end() if closing else inner + len(name)
                    if best is None or end > best[0]:
                        best = (end, asset.name)
    if best is None or best[0] <= begin:
        return None
    kind, end, _ = _noun(text, best[0])
    return [Pick(how="name", kind=kind, words=best[1])], end


def _everything(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    match = _EVERYTHING.match(text, at)
    if match is None:
        return None
    kind, end, _ = _noun(text, _bare(text, match.end() + 1) if text[match.end() :].startswith(" ") else match.end())
    but = _BUT.match(text, end) or _BUT.match(text, match.end())
    if but is None:
        return None
    inner = point(text, but.end(), visuals)
    if inner is None:
        return None
    return [Pick(how="but", kind=kind, inner=inner.picks)], inner.end


def _rest(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    del visuals
    match = _REST.match(text, _bare(text, at)) or _REST.match(text, at)
    return ([Pick(how="rest")], match.end()) if match else None


def _counted(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    """As in "The first two photos"."""
    del visuals
    at = _bare(text, at)
    match = _SOME.match(text, at) or _SOME_BEFORE.match(text, at)
    if match is None:
        return None
    number = int(match["figure"]) if match["figure"] else _COUNTS[match["word"].lower()]
    kind, end, _ = _noun(text, _bare(text, match.end()))
    return [Pick(how="first" if match["first"] else "last", kind=kind, number=number)], end


def _placed(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    """As in "The third photo", "the last but one", "the middle one"."""
    del visuals
    begin = at
    at = _bare(text, at)
    if match := _FROM_END.match(text, at):
        kind, end, _ = _noun(text, match.end())
        number = -3 if match["second"].lower() in ("third", "3rd") else -2
        return [Pick(how="place", kind=kind, number=number)], end
    if match := _MIDDLE.match(text, at):
        kind, end, _ = _noun(text, match.end())
        return ([Pick(how="middle", kind=kind)], end) if end > match.end() else None
    match = _ORDINAL.match(text, at)
    if match is None:
        return None
    number = int(match["figure"]) if match["figure"] else _ORDINALS[match["word"].lower()]
    kind, end, _ = _noun(text, match.end())
    if end == match.end() and at == begin and not match["figure"]:
        return None  # a lone "first" is no picture
    if but := re.compile(r"\s+but (one|two)(?!\w)", re.IGNORECASE).match(text, end):
        number, end = number - (1 if but[1].lower() == "one" else 2), but.end()
    return [Pick(how="place", kind=kind, number=number)], end


def _numbered(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    """As in "Photos 2 and 5", "clip no. 1", "#4", "photos 2-4"."""
    at = _bare(text, at)
    noun = _NOUN.match(text, at)
    kind: Kind = _kind(noun) if noun else "any"
    place = noun.end() + len(text[noun.end() :]) - len(text[noun.end() :].lstrip()) if noun else at
    number = (_NUMBER if noun else _HASH).match(text, place)
    if number is None:
        return None
    first, end = int(number["number"]), number.end()
    if (to := _TO.match(text, end)) and (last := _NUMBER.match(text, to.end())):
        numbers = range(first, int(last["number"]) + 1)
        return [Pick(how="place", kind=kind, number=one) for one in numbers[:100]], last.end()
    if first > 99 or first == 0:  # more likely a part of a file's name
        return [Pick(how="name", kind=kind, words=str(number["number"]))], end
    del visuals
    return [Pick(how="place", kind=kind, number=first, words=str(number["number"]))], end


def _described(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    """As in "The one with nobody", "the blurry photos", "the darkest clip"."""
    del visuals
    at = _bare(text, at)
    noun = _NOUN.match(text, at)
    if noun is not None:
        place = noun.end() + len(text[noun.end() :]) - len(text[noun.end() :].lstrip())
        if which := re.compile(r"(?:that|which) (?:is|are|has|have) ", re.IGNORECASE).match(text, place):
            place = which.end()
        for name, pattern in _QUALITIES:
            if match := pattern.match(text, place):
                many = bool(_PLURAL.match(noun[0]))
                return [Pick(how="quality", kind=_kind(noun), words=_quality(name, match[0]), many=many)], match.end()
        return None
    for name, pattern in _QUALITIES:
        if name not in ("nobody", "people") and (match := pattern.match(text, at)):
            kind, end, many = _noun(text, match.end())
            if end > match.end():
                return [Pick(how="quality", kind=kind, words=_quality(name, match[0]), many=many)], end
    return None


def _quality(name: str, words: str) -> str:
    if name == "nobody":
        without = re.match(r"without|ohne|sans|sin", words, re.IGNORECASE)
        nobody = re.search(r"nobody|no[- ]|niemand|personne(?!s)|nadie", words, re.IGNORECASE)
        return "nobody" if without or nobody else "people"
    return f"most {name}" if _SUPERLATIVE.search(words) else name


def _all(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    """As in "All the clips", "the photos"; with a name behind it ("the photos of the cat") it is a name."""
    match = _ALL.match(text, at)
    place = _bare(
        text, match.end() + 1 if match and text[match.end() :].startswith(" ") else match.end() if match else at
    )
    noun = _NOUN.match(text, place)
    if noun is None or (not match and not _PLURAL.match(noun[0])):
        return None
    if of := _OF.match(text, noun.end()):
        named = _name(text, of.end(), visuals)
        if named is not None and matching(named[0], visuals):
            return [Pick(how="name", kind=_kind(noun), words=named[0], many=True)], named[1]
    return [Pick(how="all", kind=_kind(noun), many=True)], noun.end()


def _called(text: str, at: int, visuals: Sequence[Asset]) -> tuple[list[Pick], int] | None:
    """As in "The raccoon", "the photo of the raccoon", "the raccoon clip"."""
    many = bool(match := _ALL.match(text, at))
    at = _bare(text, match.end() + 1 if match and text[match.end() :].startswith(" ") else at)
    kind: Kind = "any"
    if noun := _NOUN.match(text, at):
        kind = _kind(noun)
        of = _OF.match(text, noun.end())
        at = _bare(text, of.end() if of else noun.end() + len(text[noun.end() :]) - len(text[noun.end() :].lstrip()))
    named = _name(text, at, visuals)
    if named is None:
        return None
    words, end = named
    after, end, plural = _noun(text, end)
    return [Pick(how="name", kind=after if kind == "any" else kind, words=words, many=many or plural)], end


def _name(text: str, at: int, visuals: Sequence[Asset]) -> tuple[str, int] | None:
    """The words of a name from `at` on: as many as fit a file's name, else as many as may be one."""
    words: list[re.Match[str]] = []
    for match in _WORD.finditer(text, at):
        gap = text[words[-1].end() if words else at : match.start()]
        lowered = match[0].lower().strip(".'")
        if gap.strip() or "\n" in gap or len(words) == 6 or not lowered or _ends_name(text, match, lowered):
            break
        words.append(match)
    if not words:
        return None
    for length in range(len(words), 0, -1):
        for first in range(len(words) - length + 1):
            run = words[first : first + length]
            said = text[run[0].start() : run[-1].end()].strip(".'")
            if matching(said, visuals):
                return said, run[-1].start() + len(run[-1][0].rstrip("."))
    end = words[-1].end()
    return text[words[0].start() : end].rstrip("."), end - (text[end - 1] == ".")


def _ends_name(text: str, match: re.Match[str], lowered: str) -> bool:
    return (
        lowered in STOP
        or _JOINED.fullmatch(f" {match[0]} ") is not None
        or (_NOUN.fullmatch(match[0]) is not None)
        or text[match.start() - 1 : match.start()] == "\n"
    )


# ── finding ──


def resolve(pointed: Pointed, scene: Scene) -> tuple[str, ...]:
    """The ids of what is pointed at, in the order in which it was said.

    Raises WrongUse when there is no such picture or clip, or when several may be meant, with those that there are; and
    `Undecided` when it takes a look at the pictures that nobody has had.
    """
    found: dict[str, None] = {}
    for pick in pointed.picks:
        found |= dict.fromkeys(_found(pick, pointed.words, scene))
    return tuple(found)


def _found(pick: Pick, said: str, scene: Scene) -> list[str]:
    match pick.how:
        case "place" | "middle":
            return [_at_place(pick, said, scene)]
        case "first" | "last":
            seen = scene.seen(pick.kind)
            if pick.number > len(seen):
                raise WrongUse(f"“{said}”: {_there(scene, pick.kind)}")
            return seen[: pick.number] if pick.how == "first" else seen[-pick.number :]
        case "all" | "rest":
            return scene.every(pick.kind)
        case "but":
            spared = {one for inner in pick.inner for one in _found(inner, said, scene)}
            return [one for one in scene.every(pick.kind) if one not in spared]
        case "quality":
            return _of_quality(pick, said, scene)
        case "name":
            return _by_name(pick, said, scene)


def _at_place(pick: Pick, said: str, scene: Scene) -> str:
    seen = scene.seen(pick.kind)
    if pick.how == "middle" and seen:
        return seen[len(seen) // 2 if len(seen) % 2 else len(seen) // 2 - 1]
    place = pick.number - 1 if pick.number > 0 else len(seen) + pick.number
    if 0 <= place < len(seen):
        return seen[place]
    numbered = _with_number(pick.number, scene) if pick.words else None
    if numbered:
        return numbered
    raise WrongUse(f"“{said}”: {_there(scene, pick.kind)}")


def _with_number(number: int, scene: Scene) -> str | None:
    """As in "Photo 412", when there are not so many: IMG_0412.jpg, if it is the only one with that number."""
    found = [
        one.id for one in scene.visuals if str(number) in {part.lstrip("0") for part in re.findall(r"\d+", one.name)}
    ]
    return found[0] if len(found) == 1 and number > 0 else None


def _by_name(pick: Pick, said: str, scene: Scene) -> list[str]:
    candidates = [one for one in scene.visuals if pick.kind in ("any", "shot") or scene.of(one.id, pick.kind)]
    found = matching(pick.words, candidates)
    if len(found) > 1 and scene.shown:
        # Of two that could be meant, it is the one that is in the film.
        found = [one for one in found if one.id in scene.shown] or found
    if len(found) == 1 or (found and pick.many):
        return [one.id for one in found]
    if found:
        listed = " or ".join(one.name for one in found[:LISTED])
        raise WrongUse(f"“{said}” may be several: {listed}; say which")
    other = matching(pick.words, scene.visuals)
    if other:
        raise WrongUse(f"“{said}”: {other[0].name} is a {'clip' if isinstance(other[0].media, Video) else 'picture'}")
    raise WrongUse(f"“{said}”: no picture or clip is called so; there are: {_listed(scene, scene.every('any'))}")


def _of_quality(pick: Pick, said: str, scene: Scene) -> list[str]:
    seen = scene.seen(pick.kind)
    if not seen:
        raise WrongUse(f"“{said}”: {_there(scene, pick.kind)}")
    wanted = pick.words.removeprefix("most ")
    if wanted in ("upright", "wide"):
        tests: Mapping[str, Callable[[Image | Video], bool]] = {
            "upright": lambda media: media.height > media.width,
            "wide": lambda media: media.width > media.height,
        }
        media = {one.id: one.media for one in scene.visuals if isinstance(one.media, Image | Video)}
        found = [one for one in seen if tests[wanted](media[one])]
        return _the_one(found, pick, said, scene)
    seen = [one for one in seen if one not in scene.blind]
    if any(one not in scene.facts for one in seen):
        raise Undecided
    facts = [(one, scene.facts[one]) for one in seen]
    if wanted in ("nobody", "people"):
        return _the_one([one for one, known in facts if bool(_faces(known)) == (wanted == "people")], pick, said, scene)
    worth = {one: _measure(wanted, known) for one, known in facts}
    if pick.words.startswith("most "):
        return [max(worth, key=lambda one: worth[one])]
    limit = {"blurred": -0.35, "dark": 0.3, "bright": 0.3, "worst": -0.4}[wanted]
    found = [one for one in seen if worth[one] >= limit]
    if not found and not pick.many:
        raise WrongUse(f"“{said}”: nothing in the film is that {wanted}; say which by its place or name")
    return _the_one(found, pick, said, scene)


def _faces(facts: PictureFacts | ClipFacts) -> list[float]:
    return [face.confidence for face in facts.faces if face.confidence >= 0.5]


def _measure(quality: str, facts: PictureFacts | ClipFacts) -> float:
    """How much of a quality there is: more is more of it."""
    length = float(facts.seconds) if isinstance(facts, ClipFacts) else 0.0
    score = facts.quality if isinstance(facts, PictureFacts) else max((one.score for one in facts.moments), default=0.0)
    measures = {
        "blurred": -facts.sharpness,
        "dark": -facts.exposure,
        "bright": facts.exposure,
        "longest": length,
        "shortest": -length,
        "worst": -score,
    }
    return measures[quality]


def _the_one(found: list[str], pick: Pick, said: str, scene: Scene) -> list[str]:
    if not found:
        raise WrongUse(f"“{said}”: there is none; there are: {_listed(scene, scene.seen(pick.kind))}")
    if len(found) > 1 and not pick.many:
        raise WrongUse(f"“{said}” may be several: {_listed(scene, found)}; say which")
    return found


def _there(scene: Scene, kind: Kind) -> str:
    what = {"picture": "picture", "clip": "clip"}.get(kind, "picture or clip")
    seen = scene.seen(kind)
    if not seen:
        return f"there is no {what} in the film; there are: {_listed(scene, scene.seen('any'))}"
    number = f"is one {what}" if len(seen) == 1 else f"are {len(seen)} {what}s"
    if kind in ("any", "shot"):
        number = f"are {len(seen)} pictures and clips" if len(seen) > 1 else "is one"
    return f"there {number} in the film: {_listed(scene, seen)}"


def _listed(scene: Scene, ids: Sequence[str]) -> str:
    named = [f"{place} {scene.named(one)}" for place, one in enumerate(ids[:LISTED], 1)]
    return ", ".join(named) + (f" and {len(ids) - LISTED} more" if len(ids) > LISTED else "")


def matching(words: str, visuals: Sequence[Asset]) -> list[Asset]:
    """The pictures and clips whose name `words` are, or are a part of; those that fit best, in their order.

    A whole name fits better than a part of one, and a word as it is written better than its plural, or than one with a
    typing mistake in it.
    """
    flat = _flat(words)
    whole = [one for one in visuals if flat in (_flat(one.name), _flat(_stem(one.name)))]
    if whole:
        return whole
    said = [word for word in _tokens(words) if word not in _EMPTY and not _NOUN.fullmatch(word)]
    if not said:
        return []
    for fits in (_same, _nearly, _typed):
        found = [one for one in visuals if all(any(fits(word, part) for part in _parts(one.name)) for word in said)]
        full = [one for one in found if len(_parts(one.name)) == len(said)]
        if found:
            return full or found
    return []


def _same(word: str, part: str) -> bool:
    return word == part or (word.isdecimal() and part.isdecimal() and int(word) == int(part))


def _nearly(word: str, part: str) -> bool:
    """Plurals and the endings of cases."""
    if len(word) < 3 or len(part) < 3 or word.isdecimal() or part.isdecimal():
        return False
    if any(one.endswith("ies") and other == f"{one[:-3]}y" for one, other in ((word, part), (part, word))):
        return True
    return any(
        one == f"{other}{end}"
        for one, other in ((word, part), (part, word))
        for end in ("s", "es", "n", "en", "e", "'s")
    )


def _typed(word: str, part: str) -> bool:
    if len(word) < 4 or len(part) < 4 or word.isdecimal() or part.isdecimal() or abs(len(word) - len(part)) > 2:
        return False
    return SequenceMatcher(None, word, part).ratio() >= ALIKE


@cache
def _parts(name: str) -> tuple[str, ...]:
    """The words and numbers of a file's name, without what cameras write and what counts a folder's files."""
    parts = _tokens(_stem(name))
    kept = tuple(part for part in parts if part not in _FROM_MACHINES)
    if len(kept) > 1 and kept[0].isdecimal() and len(kept[0]) <= 3 and not any(part.isdecimal() for part in kept[1:]):
        kept = kept[1:]
    return kept or tuple(parts)


def _tokens(text: str) -> list[str]:
    text = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", text)
    return [_plain(part) for part in _TOKEN.findall(text)]


def _plain(word: str) -> str:
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(letter)
    )


def _stem(name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name)


def _flat(name: str) -> str:
    """For comparing names: every character keeps its place."""
    return (
        "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in name)
        .replace("_", " ")
        .replace("-", " ")
    )


def mentions(text: str, visuals: Sequence[Asset]) -> Iterator[tuple[int, int]]:
    """Where files' names stand in `text` as they are written: full stops and hyphens in them end no sentence."""
    flat = _flat(text)
    for asset in visuals:
        for name in {_flat(asset.name), _flat(_stem(asset.name))}:
            if len(name) < 3:
                continue
            at = flat.find(name)
            while at >= 0:
                yield at, at + len(name)
                at = flat.find(name, at + 1)
