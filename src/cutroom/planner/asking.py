"""What people ask for when they change a film, or say how one is to be cut, as tables and rules over words. Pure.

`asks` reads a text as a list of `Ask`s in the order in which they were said, and tells which of its words it could make
nothing of. What an ask comes to is worked out in `cutroom.planner.revising`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Literal, NamedTuple

from cutroom.brief import lexicon
from cutroom.brief.brief import Asset
from cutroom.brief.lengths import lengths
from cutroom.brief.lexicon import Found, found, level
from cutroom.brief.thirds import asked_thirds, without_asked_thirds
from cutroom.brief.words import exact_title, quoted, short_title
from cutroom.planner.intent import asked_shape
from cutroom.planner.pointing import Pick, Pointed, matching, mentions, noun_at, point

What = Literal[
    "drop", "only", "add", "first", "last", "next", "before", "after", "place", "swap", "hold", "motion of",
    "order", "mood", "piece", "topic", "level", "speech", "seconds", "stretch", "more", "free", "pace", "title",
    "shape", "caption mode", "caption size", "caption place", "captioning", "language", "voice", "transitions",
    "motion", "progress", "match", "third", "label",
]  # fmt: skip
Direction = Literal["calmer", "happier", "livelier", "grander", "sadder", "darker", "warmer", "funnier"]
Degree = Literal["little", "", "much"]


class Towards(NamedTuple):
    """A mood by its name, or a way to go from the one that there is."""

    mood: str | None
    direction: Direction | None
    degree: Degree
    music_only: bool


class Louder(NamedTuple):
    """By how many decibels one part of the sound changes."""

    role: Literal["music", "voice", "natural"]
    decibels: float


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One thing that is asked for, and where the text says so."""

    what: What
    start: int
    end: int
    points: tuple[Pointed, ...] = ()
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A text, understood as far as it was."""

    asks: tuple[Ask, ...]
    unread: tuple[str, ...] = ()
    """Clauses of which nothing was understood."""
    left: tuple[str, ...] = ()
    """Words of other clauses that were not."""
    rest: str = ""
    """The text without what asks for something of one picture or clip, or of their order."""


def asks(text: str, visuals: Sequence[Asset], *, revision: bool) -> Asked:
    """What `text` asks for. In a request (not a `revision`), only what it says plainly of pictures and of the cut.

    What a request wants of length, mood, format and so on is `cutroom.planner.intent`'s.
    """
    # Runs of blanks say nothing, and cost much where patterns begin with one.
    single = re.sub(r" {2,}", " ", re.sub(r" ?\n\s*", "\n", level(text)))
    reader = _Reader(single, visuals, revision=revision)
    for rule in _REVISION_RULES if revision else _REQUEST_RULES:
        rule(reader)
    found_asks = sorted(reader.found, key=lambda ask: (ask.start, ask.end))
    # "And then the cat" goes on from something that was put first or last; alone it is only a way to tell.
    ordered = any(ask.what in ("first", "last", "before", "after", "place") for ask in found_asks)
    found_asks = [ask for ask in found_asks if ask.what != "next" or ordered or revision]
    unread, left = reader.unread() if revision else ((), ())
    rest = reader.without_pictures() if any(ask.points for ask in found_asks) else text
    return Asked(asks=tuple(found_asks), unread=unread, left=left, rest=rest)


class _Reader:
    """A text, and what was made of which part of it."""

    def __init__(self, text: str, visuals: Sequence[Asset], *, revision: bool) -> None:
        self.text, self.visuals, self.revision = text, visuals, revision
        self.found: list[Ask] = []
        self.taken = bytearray(len(text))
        self.named = bytearray(len(text))
        for start, end in mentions(text, visuals):
            self.named[start:end] = b"\1" * (end - start)

    def free(self, start: int, end: int) -> bool:
        return not any(self.taken[start:end])

    def take(self, what: What, start: int, end: int, *points: Pointed, value: Any = None) -> None:
        """Write down an ask, and that these words are understood."""
        self.found.append(Ask(what=what, start=start, end=end, points=points, value=value))
        self.mark(start, end)

    def mark(self, start: int, end: int) -> None:
        self.taken[start:end] = b"\1" * (end - start)

    def every(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Where `pattern` stands in words that nothing was made of yet, and that are no file's name."""
        at = 0
        while (match := pattern.search(self.text, at)) is not None:
            at = max(match.end(), match.start() + 1)
            if self.free(*match.span()) and not any(self.named[match.start() : match.end()]):
                yield match
            else:
                at = match.start() + 1

    def pointed(self, at: int) -> Pointed | None:
        """What is pointed at from `at` on, in words that nothing was made of yet."""
        limit = self.taken.find(b"\1", at)
        return point(self.text if limit < 0 else self.text[:limit], at, self.visuals)

    def clauses(self) -> Iterator[tuple[int, int]]:
        """Where clauses begin and end: at punctuation and at "and", outside names and what was understood as one."""
        begin = 0
        for mark in _SEPARATOR.finditer(self.text):
            if any(self.named[mark.start() : mark.end()]) or self._within(mark.start()):
                continue
            yield begin, mark.start()
            begin = mark.end()
        yield begin, len(self.text)

    def _within(self, at: int) -> bool:
        """Whether one ask goes on over `at`."""
        return any(ask.start <= at < ask.end for ask in self.found)

    def clause(self, at: int) -> tuple[int, int]:
        """The clause around `at`."""
        return next((one for one in self.clauses() if one[0] <= at <= one[1]), (0, len(self.text)))

    def unread(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Clauses of which nothing was understood, and the words of others that were not."""
        nothing: list[str] = []
        left: list[str] = []
        for start, end in self.clauses():
            words = [
                match[0]
                for match in _CONTENT.finditer(self.text, start, end)
                if self.free(*match.span()) and match[0].lower().strip("'") not in FILLER
            ]
            if not words:
                continue
            if any(self.taken[start:end]):
                left.append(" ".join(words))
            else:
                nothing.append(self.text[start:end].strip(" ,;:.!?\n"))
        return tuple(nothing), tuple(left)

    def without_pictures(self) -> str:
        """The text without the asks that point at something: they say nothing of what the film is about."""
        spans = [(ask.start, ask.end) for ask in self.found if ask.points]
        text = self.text
        for start, end in sorted(spans, reverse=True):
            before, after = text[:start].rstrip(), text[end:].lstrip()
            before = re.sub(
                r"(?:[,;:–—-]|(?<!\w)(?:and|but|with|und|aber|et|mais|y|pero|e|then|dann|puis))$",
                "",
                before,
                flags=re.IGNORECASE,
            ).rstrip()
            joint = "" if not before or not after or after[0] in ",.;:!?" else " "
            text = before + joint + after if before else after.lstrip(",.;:!? ")
        return text


_SEPARATOR = re.compile(
    r"[,;\n]|[.!?:](?=\s|$)|(?<!\w)(?:and then|and|but|also|plus|then|und|aber|dann|außerdem|et|mais|puis|"
    r"ensuite|y|pero|luego|e|ma|poi)"
    r"(?!\w)|\s[–—-]\s",
    re.IGNORECASE,
)
_CONTENT = re.compile(r"[^\W_]+(?:['.:/-][^\W_]+)*")
FILLER = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "it",
        "its",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "with",
        "by",
        "from",
        "as",
        "is",
        "are",
        "be",
        "was",
        "were",
        "been",
        "being",
        "do",
        "does",
        "did",
        "have",
        "has",
        "had",
        "i",
        "we",
        "you",
        "he",
        "she",
        "they",
        "me",
        "us",
        "my",
        "our",
        "your",
        "them",
        "him",
        "her",
        "and",
        "or",
        "but",
        "so",
        "then",
        "now",
        "please",
        "pls",
        "thanks",
        "thank",
        "can",
        "could",
        "would",
        "should",
        "shall",
        "will",
        "might",
        "may",
        "must",
        "want",
        "wants",
        "like",
        "love",
        "prefer",
        "need",
        "needs",
        "let's",
        "lets",
        "let",
        "make",
        "makes",
        "making",
        "give",
        "get",
        "have",
        "put",
        "use",
        "try",
        "think",
        "feel",
        "feels",
        "bit",
        "little",
        "more",
        "less",
        "much",
        "very",
        "really",
        "quite",
        "too",
        "just",
        "only",
        "also",
        "still",
        "again",
        "instead",
        "rather",
        "than",
        "there",
        "here",
        "some",
        "any",
        "all",
        "both",
        "each",
        "every",
        "one",
        "ones",
        "other",
        "another",
        "film",
        "movie",
        "video",
        "clip",
        "clips",
        "recap",
        "photo",
        "photos",
        "picture",
        "pictures",
        "image",
        "images",
        "shot",
        "shots",
        "slide",
        "slides",
        "whole",
        "part",
        "end",
        "ok",
        "okay",
        "hey",
        "hi",
        "well",
        "actually",
        "maybe",
        "perhaps",
        "sounds",
        "sound",
        "looks",
        "look",
        "better",
        "best",
        "nice",
        "nicely",
        "good",
        "great",
        "something",
        "anything",
        "thing",
        "things",
        "way",
        "bitte",
        "mach",
        "machen",
        "mache",
        "mal",
        "doch",
        "noch",
        "etwas",
        "ein",
        "eine",
        "einen",
        "einem",
        "einer",
        "eines",
        "der",
        "die",
        "das",
        "den",
        "dem",
        "des",
        "und",
        "oder",
        "aber",
        "im",
        "am",
        "es",
        "ist",
        "sind",
        "soll",
        "sollte",
        "sollen",
        "wird",
        "werden",
        "ich",
        "wir",
        "du",
        "sie",
        "mir",
        "uns",
        "mich",
        "mit",
        "ohne",
        "von",
        "vom",
        "zu",
        "zum",
        "zur",
        "auf",
        "für",
        "bei",
        "aus",
        "auch",
        "nur",
        "so",
        "sehr",
        "ganz",
        "viel",
        "wenig",
        "bisschen",
        "film",
        "bild",
        "bilder",
        "foto",
        "fotos",
        "clip",
        "le",
        "la",
        "les",
        "l",
        "un",
        "une",
        "des",
        "du",
        "de",
        "d",
        "et",
        "ou",
        "mais",
        "est",
        "sont",
        "je",
        "nous",
        "tu",
        "vous",
        "il",
        "elle",
        "on",
        "moi",
        "s",
        "te",
        "plaît",
        "svp",
        "stp",
        "fais",
        "faites",
        "mets",
        "mettre",
        "rends",
        "veux",
        "voudrais",
        "peu",
        "très",
        "plus",
        "moins",
        "avec",
        "sans",
        "pour",
        "dans",
        "sur",
        "en",
        "au",
        "aux",
        "ce",
        "cette",
        "ces",
        "el",
        "los",
        "las",
        "lo",
        "una",
        "uno",
        "unos",
        "y",
        "o",
        "pero",
        "es",
        "son",
        "quiero",
        "por",
        "favor",
        "haz",
        "hazlo",
        "pon",
        "con",
        "sin",
        "para",
        "en",
        "al",
        "del",
        "que",
        "se",
        "me",
        "mi",
        "más",
        "menos",
        "muy",
        "poco",
        "un'altra",
        "il",
        "lo",
        "gli",
        "i",
        "e",
        "o",
        "ma",
        "per",
        "di",
        "che",
        "fai",
        "vorrei",
        "s'",
        "t",
        "re",
        "ve",
        "ll",
        "d'",
        "l'",
        "qu'",
        "j'",
        "be",
        "should'nt",
        "not",
        "don't",
        "doesn't",
        "isn't",
        "please.",
        "new",
        "same",
        "change",
        "changed",
        "keep",
        "add",
        "version",
        "time",
        "half",
        "second",
    ]
)
"""Words that ask for nothing by themselves."""

# ── pictures and clips ──

_END = (
    r"(?=\s*(?:$|[.,;:!?)\n]|and(?!\w)|then(?!\w)|but(?!\w)|please(?!\w)|with(?!\w)|for(?!\w)|und(?!\w)|"
    r"bitte(?!\w)|dann(?!\w)|et(?!\w)|puis(?!\w)|y(?!\w)|e(?!\w)|instead(?!\w)|too(?!\w)))"
)
_TO_FRONT = (
    r"\s*,?\s*(?:(?:as |to be |come |comes |go |goes )?(?:the )?(?:very )?first(?: one| shot| picture)?|"
    r"(?:at|to|in|on|into) the (?:very )?"
    r"(?:start|beginning|front|top|opening)(?: of (?:the film|the video|it|everything))?|up front|upfront|"
    r"(?:ganz )?(?:an den|am) anfang|zuerst|"
    r"als erste[ns]?|(?:ganz )?nach vorne?|en premi[eè]re?(?: position| place)?|au début|primero|primera|al "
    r"(?:principio|inicio|comienzo)|"
    r"en primer lugar|all'inizio|per prim[oa])" + _END
)
_TO_BACK = (
    r"\s*,?\s*(?:(?:as |to be |come |comes |go |goes )?(?:the )?(?:very )?last(?: one| shot| picture)?|"
    r"(?:at|to|in|on|into) the (?:very )?"
    r"(?:end|back|close|finish)(?: of (?:the film|the video|it|everything))?|zuletzt|als letzte[ns]?|"
    r"(?:ganz )?(?:ans ende|am ende|zum schluss|"
    r"an den schluss|nach hinten)|en derni[eè]re?(?: position| place)?|à la fin|al final|el último|la "
    r"última|alla fine|per ultim[oa])" + _END
)
_MOVE = (
    r"(?:(?:can|could) you |please )?(?:put|move|place|show|bring|have|set|shift|push|stell(?:e|t)?|"
    r"setz(?:e|t)?|leg(?:e|t)?|pack(?:e|t)?|"
    r"zeige?|schieb(?:e|t)?|verschieb(?:e|t)?|nimm|mets|mettez|mettre|place[rz]?|déplace[rz]?|montre[rz]?|"
    r"pon(?:er)?|coloca|mueve|muestra|metti|sposta)"
)
_ORDINAL_PLACE = (
    r"\s*(?:(?:to|in|into|at|as|on|auf|an|en|à la|al|to be)\s+)?(?:the\s+|den\s+|die\s+|"
    r"el\s+)?(?:(?:position|place|spot|slot|number|platz|stelle|"
    r"posición|puesto)\s*#?(?P<number>\d{1,2})|(?P<figure>\d{1,2})(?:st|nd|rd|th|\.|e|ème|º|ª)(?: "
    r"(?:position|place|spot|slot|platz|stelle|lugar))?|"
    r"(?P<word>second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|zweite[rn]?|dritte[rn]?|"
    r"vierte[rn]?|fünfte[rn]?|deuxième|troisième|"
    r"quatrième|segundo|tercer(?:o)?|cuarto)(?: (?:position|place|spot|slot|platz|stelle|lugar))?)" + _END
)
_PLACES = {
    **dict.fromkeys(["second", "zweite", "zweiter", "zweiten", "deuxième", "segundo"], 2),
    **dict.fromkeys(["third", "dritte", "dritter", "dritten", "troisième", "tercer", "tercero"], 3),
    **dict.fromkeys(["fourth", "vierte", "vierter", "vierten", "quatrième", "cuarto"], 4),
    **dict.fromkeys(["fifth", "fünfte", "fünfter", "fünften"], 5),
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
_LITTLE = (
    r"a (?:little|bit|tad|touch)(?: bit)?|slightly|somewhat|etwas|ein (?:bisschen|wenig)|un (?:petit "
    r")?(?:peu|poco)|un po'"
)
_MUCH = r"(?:very |so )?much|far|a lot|way|lots|considerably|viel|deutlich|beaucoup|bien|nettement|mucho|bastante|molto"
_DEGREE = rf"(?:(?:(?P<little>{_LITTLE})|(?P<much>{_MUCH}))\s+)?"
_DEGREE_AFTER = rf"(?:\s+(?:(?P<little_>{_LITTLE})|(?P<much_>{_MUCH})))?"
_LONGER = r"longer|länger|plus longtemps|plus longue?s?|más (?:tiempo|rato|larg[oa]s?)|più a lungo|slower|more slowly"
_SHORTER = (
    r"shorter|less long|briefer|more briefly|kürzer|moins longtemps|plus courte?s?|menos tiempo|más cort[oa]s?|meno"
)
_NUMBERS = {
    **dict.fromkeys(["one", "a", "ein", "eine", "une", "un", "una", "uno"], 1),
    **dict.fromkeys(["two", "zwei", "deux", "dos", "due", "couple"], 2),
    **dict.fromkeys(["three", "drei", "trois", "tres", "tre"], 3),
    **dict.fromkeys(["four", "vier", "quatre", "cuatro"], 4),
    **dict.fromkeys(["five", "fünf", "cinq", "cinco", "cinque"], 5),
    **dict.fromkeys(["six", "sechs", "seis", "sei"], 6),
    **dict.fromkeys(["seven", "sieben", "sept", "siete"], 7),
    **dict.fromkeys(["eight", "acht", "huit", "ocho"], 8),
    **dict.fromkeys(["nine", "neun", "neuf", "nueve"], 9),
    **dict.fromkeys(["ten", "zehn", "dix", "diez"], 10),
}  # fmt: skip
_AMOUNT = (
    rf"(?P<amount>\d{{1,4}}(?:[.,]\d{{1,2}})?|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\s*-?"
    r"(?P<unit>s|secs?|seconds?|sek|sekunden?|secondes?|segundos?|secondi|mins?|minutes?|minuten?|minutos?|"
    r"minuti)(?!\w)"
)
_DROP = (
    r"drop|remove|delete|discard|ditch|leave out|cut out|take out|throw out|throw away|get rid of|lose|skip|"
    r"omit|without|exclude|kill|erase|axe|scrap|"
    r"cut|no|not|minus|forget(?: about)?|(?:don't|do not|never) (?:show|use|want|include|need|like|keep)|"
    r"(?:i )?(?:don't|do not|no longer) (?:want|need|like)"
    r"(?: to see)?|take away|entferne?n?|lösche?n?|streiche?n?|ohne|kein(?:e|en)?|enlève[rz]?|enlever|"
    r"supprime[rz]?|retire[rz]?|vire[rz]?|ôte[rz]?|sans|"
    r"quita(?:r|me)?|elimina(?:r)?|borra(?:r)?|saca(?:r)?|suprime|sin|togli|rimuovi|elimina|senza|remova|tira|apaga|sem"
)
_OUT = (
    r"\s*(?:out(?: of (?:it|the film|the video))?|away|off|weg|raus|heraus|aus(?!\w)|fort|weglassen|"
    r"auslassen|rauslassen|herausnehmen|rausnehmen|"
    r"entfernen|löschen|streichen|rausschmeißen|(?:should|must|has to|have to|needs to|can|shall) (?:go|be "
    r"(?:removed|dropped|deleted|cut|left out))|"
    r"(?:muss|soll|kann|müssen|sollen) (?:weg|raus)|de côté|fuera)" + _END
)
_OUT_AFTER = _OUT.replace("off|weg", "weg").replace("aus(?!\\w)|", "")
_ONLY = (
    r"(?:(?:keep|use|show|include|leave(?: in)?|take|with|behalte|zeige?|nimm|nutze|garde[rz]?|montre[rz]?|"
    r"deja|usa|muestra|mostra|tieni) )?"
    r"(?:only|just|nothing but|no more than|nur|lediglich|seulement|uniquement|que|s[oó]lo|solamente|"
    r"únicamente|soltanto|solo|apenas)"
    r"(?: (?:keep|use|show|include|behalte|zeigen?|garder?|montrer?|usar?|mostrar?))?"
)
_FIRST_WORD = r"first(?: of all)?|to (?:start|begin)(?: with)?|zuerst|als erstes|d'abord|en premier|primero|prima"
_START_WITH = (
    r"(?:start|begin|open|lead|starting|beginning|opening|starts|begins|opens)(?: it| off| out| the film| "
    r"the video| this)?(?: off)? (?:with|on|by showing|from)|"
    r"(?:fang(?:e|t)?|beginne?n?|beginnt|starten?|startet) (?:(?:den film|ihn|es) )?mit|commence[rz]?(?:[ "
    r"-]le)?(?: le film)? (?:par|avec)|"
    r"débute[rz]? (?:par|avec)|(?:empieza|comienza|empezar|comenzar|abre) (?:con|por)|(?:inizia|comincia) con"
)
_END_WITH = (
    r"(?:end|finish|close|conclude|ending|finishing|closing|ends|finishes)(?: it| off| up| the film| the "
    r"video| this)?(?: off)? (?:with|on|by showing)|"
    r"(?:ende|endet|enden|schließe?|höre?) (?:(?:den film|ihn|es) )?mit|(?:termine[rz]?|finis(?:sez)?|finir|"
    r"conclus)(?: le film)? (?:par|avec|sur)|"
    r"(?:termina|acaba|terminar|acabar|finaliza) con|(?:finisci|concludi|termina) con"
)
_THEN = (
    r"(?:and )?(?:then|next|afterwards|after that|followed by|danach|dann|gefolgt von|puis|ensuite|"
    r"suivie? d[eu]|luego|después|poi)(?: comes?| come| show| go(?:es)? to)?"
)
_SWAP = (
    r"(?:swap|switch|exchange|interchange|flip|tausch(?:e|t|en)?|vertausch(?:e|t|en)?|échange[rz]?|"
    r"inverse[rz]?|permute[rz]?|intercambia|cambia|scambia)(?: round| around| over| the (?:order|places?) of)?"
)
_HOLD = (
    r"(?:hold|show|keep|leave|display|have|let|stay (?:on|with)|linger (?:on|over)|make|give|zeige?n?|"
    r"halte?n?|lasse?|montre[rz]?|laisse[rz]?|affiche[rz]?|"
    r"garde[rz]?|muestra|deja|mantén|mostra|lascia)"
)
_BACK = (
    r"\s*(?:back(?: in(?:to (?:it|the film|the video))?)?|in again|again|wieder (?:rein|hinein|dazu|auf)|de "
    r"nuevo|di nuovo)" + _END
)
_ADD = (
    r"(?:bring back|put back|add back|add|include|restore|reinstate|re-?use|keep|use|show|leave in|füge?|"
    r"behalte|nimm|garde[rz]?|ajoute[rz]?|remets|añade|"
    r"incluye|conserva|aggiungi|tieni)(?: in)?"
)
_LIST_TOPIC = re.compile(
    rf"\s*(?:,\s*(?:and|und|et|y)?|and|und|et|y|&|or|oder|ou|o|nor)\s+(?:the |any |die |den |das |la |le |"
    rf"les |el |los |all )?(?P<topic>{'|'.join(lexicon.TOPICS.values())})(?!\w)",
    re.IGNORECASE,
)


@cache
def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'])(?:{pattern})(?!\w)", re.IGNORECASE)


def _after(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


class _Row(NamedTuple):
    """Words around a picture or clip, and what they ask for. Without `before`, the picture is looked for before `after`."""

    what: What
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None = None
    revision: bool = False
    """Only words of a revision are read so."""


_ROWS: tuple[_Row, ...] = (
    _Row("first", _words(_MOVE), _after(_TO_FRONT)),
    _Row("last", _words(_MOVE), _after(_TO_BACK)),
    _Row("first", _words(_START_WITH)),
    _Row("last", _words(_END_WITH)),
    _Row("only", _words(_ONLY)),
    _Row(
        "drop",
        _words(
            r"leave|take|cut|throw|edit|lass(?:t|e)?|nimm|nehmt|schneide|wirf|schmei(?:ß|ss)e?|laisse[rz]?|deja|kick"
        ),
        _after(_OUT),
    ),
    _Row("drop", _words(_DROP)),
    _Row("drop", None, _after(_OUT_AFTER)),
    _Row("first", _words(rf"(?<!the )(?<!our )(?<!my )(?<!der )(?<!le )(?:{_FIRST_WORD})(?:,|:| comes?| show)?")),
    _Row("first", None, _after(_TO_FRONT)),
    _Row("last", None, _after(_TO_BACK)),
    _Row("next", _words(_THEN)),
    _Row("add", _words(r"bring|put|take|get|nimm|hol(?:e|t)?|füge?"), _after(_BACK), revision=True),
    _Row("add", _words(_ADD), revision=True),
)


def _pictures(reader: _Reader) -> None:
    """What is asked of pictures and clips that are there."""
    _holds(reader)
    _motions_of(reader)
    _beside(reader)
    _swaps(reader)
    for row in _ROWS:
        if row.revision and not reader.revision:
            continue
        for start, end, one in list(_around(reader, row)):
            if reader.free(start, end) and _known(reader, one):
                reader.take(row.what, start, end, one)
                if row.what == "drop":
                    _topics_behind(reader, end)


def _unknown_pictures(reader: _Reader) -> None:
    """The same of pictures that there are none of: it will be said that there are none."""
    for row in _ROWS[:8]:
        weak = row.what in ("only",) or row.before is None
        for start, end, one in list(_around(reader, row)):
            if not weak and reader.free(start, end) and not _made_of_filler(one.words):
                reader.take(row.what, start, end, one)


def _made_of_filler(words: str) -> bool:
    return all(word.lower() in FILLER for word in _CONTENT.findall(words))


def _known(reader: _Reader, one: Pointed) -> bool:
    """Whether every name is one of a file, or a number, or a place, can be looked up."""
    return all(
        pick.how != "name" or matching(pick.words, reader.visuals) or pick.words.isdecimal() for pick in one.picks
    )


def _around(reader: _Reader, row: _Row) -> Iterator[tuple[int, int, Pointed]]:
    """Where the words of a row stand around a picture: where they begin, where they end, the picture."""
    if row.before is None:
        assert row.after is not None
        for match in reader.every(row.after):
            begin = reader.clause(match.start())[0]
            for word in _CONTENT.finditer(reader.text, begin, match.start()):
                one = reader.pointed(word.start())
                if one is not None and not reader.text[one.end : match.start()].strip() and one.end <= match.start():
                    yield one.start, match.end(), one
                    break
        return
    for match in reader.every(row.before):
        one = reader.pointed(match.end())
        if one is None or reader.text[match.end() : one.start].strip():
            continue
        if row.after is None:
            yield match.start(), one.end, one
        elif after := row.after.match(reader.text, one.end):
            yield match.start(), after.end(), one


def _topics_behind(reader: _Reader, end: int) -> None:
    """As in "Drop the cat and the music": what stands in one list with pictures goes as they do."""
    while (match := _LIST_TOPIC.match(reader.text, end)) is not None:
        topic = next(name for name, pattern in lexicon.TOPIC_WORDS.items() if pattern.fullmatch(match["topic"]))
        reader.take("topic", end, match.end(), value=(topic, False))
        end = match.end()


_BESIDE = re.compile(
    r"\s*(?:right |directly |just |immediately |straight |direkt |gleich |juste )?(?:(?P<before>before|in "
    r"front of|vor|avant|antes del?|prima di)|"
    r"(?P<after>after|behind|following|nach|hinter|après|después del?|dopo))\s+",
    re.IGNORECASE,
)


def _beside(reader: _Reader) -> None:
    """As in "Put the cat before the raccoon", "move the cat to third place"."""
    place = _after(_ORDINAL_PLACE)
    for match in reader.every(_words(_MOVE + r"|make|mach(?:e|t)?|haz")):
        one = reader.pointed(match.end())
        if one is None or not _known(reader, one):
            continue
        beside = _BESIDE.match(reader.text, one.end)
        other = reader.pointed(beside.end()) if beside else None
        if beside and other and _known(reader, other):
            reader.take("before" if beside["before"] else "after", match.start(), other.end, one, other)
        elif there := place.match(reader.text, one.end):
            figure = there["number"] or there["figure"]
            number = int(figure) if figure else _PLACES[there["word"].lower()]
            reader.take("place", match.start(), there.end(), one, value=number)


def _swaps(reader: _Reader) -> None:
    for match in reader.every(_words(_SWAP)):
        one = reader.pointed(match.end())
        if one is None or not _known(reader, one):
            continue
        joint = re.compile(r"\s*(?:with|for|mit|avec|con|contre|gegen|por)\s+", re.IGNORECASE).match(
            reader.text, one.end
        )
        other = reader.pointed(joint.end()) if joint else None
        if other is not None and _known(reader, other):
            reader.take("swap", match.start(), other.end, one, other)
        else:
            reader.take("swap", match.start(), one.end, one)


_HOLD_AFTER = re.compile(
    rf"\s*(?:(?:should|must|could|can|to|needs? to) )?(?:(?:be|stay|last|remain|be shown|run)\s+)?(?:(?:up|"
    rf"on(?: the)? screen)\s+)?"
    rf"(?:{_DEGREE}(?:(?P<longer>{_LONGER})|(?P<shorter>{_SHORTER}))(?: (?:up|on(?: the)? screen))?|"
    rf"(?:for|für|während|pendant|durante|por|per)?\s*(?:about |around |exactly |only )?{_AMOUNT}(?: each| "
    rf"long| lang)?)(?!\s*(?:longer|shorter))",
    re.IGNORECASE,
)
_HOLD_BEFORE = _words(
    rf"(?:stay |linger |spend )?{_DEGREE}(?:(?P<longer>longer|more time|more|länger|mehr|plus(?: de temps| "
    rf"longtemps)?|más(?: tiempo)?)|"
    r"(?P<shorter>shorter|less time|less|kürzer|weniger|moins(?: de temps| longtemps)?|menos(?: tiempo)?)) "
    r"(?:on|for|with|of|auf|bei|vo[nm]|sur|pour|d[eu]|en|para)"
)
_EACH = _words(rf"{_AMOUNT}\s*(?:for|on|per|each|pro|je|par|por|para|für|pour)(?: each| every| jedes| jede)?")


def _holds(reader: _Reader) -> None:
    """How long a picture or clip is seen."""
    for match in reader.every(_words(_HOLD)):
        one = reader.pointed(match.end())
        if one is not None and _known(reader, one) and (after := _HOLD_AFTER.match(reader.text, one.end)):
            reader.take("hold", match.start(), after.end(), one, value=_held(after))
    for match in reader.every(_HOLD_BEFORE):
        one = reader.pointed(match.end())
        if one is not None and _known(reader, one):
            reader.take("hold", match.start(), one.end, one, value=_held(match))
    for match in reader.every(_EACH):
        place = match.end()
        one = reader.pointed(place) or _each_of(reader, place)
        if one is not None and _known(reader, one):
            reader.take("hold", match.start(), one.end, one, value=_held(match))
    row = _Row("hold", None, re.compile(_HOLD_AFTER.pattern + _END, re.IGNORECASE))
    for start, end, one in list(_around(reader, row)):
        after = _HOLD_AFTER.match(reader.text, one.end)
        if after and reader.free(start, end) and _known(reader, one):
            reader.take("hold", start, end, one, value=_held(after))


def _each_of(reader: _Reader, at: int) -> Pointed | None:
    """As in "Per photo"."""
    noun = noun_at(reader.text, at)
    return (
        Pointed(at, noun[1], reader.text[at : noun[1]].strip(), (Pick(how="all", kind=noun[0], many=True),))
        if noun
        else None
    )


def _held(match: re.Match[str]) -> tuple[Literal["seconds", "times"], Fraction]:
    named = match.groupdict()
    if named.get("amount"):
        return "seconds", amount(named["amount"], named["unit"])
    more = named.get("longer") is not None
    if named.get("little"):
        return "times", Fraction(5, 4) if more else Fraction(4, 5)
    if named.get("much"):
        return "times", Fraction(5, 2) if more else Fraction(2, 5)
    return "times", Fraction(8, 5) if more else Fraction(5, 8)


def amount(number: str, unit: str) -> Fraction:
    """So many seconds. `number` is in figures, or a word for one up to ten."""
    value = Fraction(number.replace(",", ".")) if number[:1].isdigit() else Fraction(_NUMBERS[number.lower()])
    return value * (60 if unit.lower().startswith("m") else 1)


_MOTIONS_OF: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (value, _words(words))
    for value, words in {
        "still": r"(?:no zoom(?:ing)?|don't zoom(?: in)?|do not zoom(?: in)?|stop zooming|no (?:movement|motion|panning)|"
        r"kein(?:en)? zoom|pas de zoom|sin zoom|"
        r"without zoom(?:ing)?)(?: in)? (?:on|in|into|for|over|auf|bei|sur|en)",
        "pull_out": r"zoom out (?:of|from|on)|herauszoomen aus|zoom arrière sur",
        "push_in": r"zoom(?: in)? (?:on|in|into|to)|push in on|zoom avant sur|zoome[rz]? (?:auf|sur)|haz zoom (?:en|a)",
        "pan": r"(?:pan|sweep|glide) (?:over|across|along|around)|schwenke? über|panoramique sur|panorámica (?:de|sobre)",
    }.items()
)


def _motions_of(reader: _Reader) -> None:
    for value, pattern in _MOTIONS_OF:
        for match in reader.every(pattern):
            one = reader.pointed(match.end())
            if one is not None and _known(reader, one):
                reader.take("motion of", match.start(), one.end, one, value=value)


# ── mood and music ──

_MUSIC = (
    r"(?:background |film )?music|soundtrack|score|tune|song|melody|track|(?:hintergrund)?musik|"
    r"(?:musik)?stück|lied|musique|morceau|chanson|música|canción|musica|brano"
)
_DIRECTIONS: tuple[tuple[Direction, str], ...] = (
    (
        "calmer",
        r"calmer|calm (?:it|things|this) down|tone (?:it|this|things) down|more (?:calm(?:ly|ing)?|"
        r"relax(?:ed|ing)|peaceful|gentle|mellow|soothing|chilled)|gentler|"
        r"mellower|less (?:energetic|energy|hectic|dramatic|upbeat|exciting|intense|frantic|happy|epic|"
        r"tense|busy)|ruhiger\w*|entspannter\w*|sanfter\w*|gemächlicher\w*|"
        r"weniger (?:hektisch|dramatisch|aufgeregt)\w*|plus (?:calme|doux|douce|paisible|tranquille)s?|"
        r"moins (?:énergique|dramatique|agitée?)|"
        r"más (?:tranquil[oa]|calmad[oa]|suave|relajad[oa])|menos (?:enérgic[oa]|dramátic[oa])|più "
        r"(?:calm[oa]|tranquill[oa]|dolce)|mais (?:calm[oa]|tranquil[oa])",
    ),
    (
        "happier",
        r"happier|cheerier|jollier|sunnier|merrier|more (?:happy|cheerful|joyful|joyous|upbeat|festive)|"
        r"less (?:sad|melanchol\w+|gloomy|dark|sombre|somber|depressing)|"
        r"cheer (?:it|things) up|fröhlicher\w*|heiterer\w*|glücklicher\w*|weniger traurig\w*|plus (?:gaie?|"
        r"joyeu(?:x|se)|heureu(?:x|se))|moins triste|"
        r"más (?:alegre|feliz)|menos triste|più (?:allegr[oa]|felice)|mais alegre",
    ),
    (
        "livelier",
        r"livelier|peppier|punchier|more (?:energetic|energy|lively|dynamic|exciting|drive|oomph|pep|rhythm|"
        r"punch)|less (?:calm|boring|sleepy|dull)|lebhafter\w*|"
        r"schwungvoller\w*|mehr (?:schwung|energie|tempo)|flotter\w*|plus (?:énergique|dynamique|vive|vif|"
        r"entraînante?|rythmée?|d'énergie)|"
        r"más (?:animad[oa]|enérgic[oa]|energía|dinámic[oa]|movid[oa])|più (?:vivace|energic[oa])",
    ),
    (
        "grander",
        r"grander|more (?:dramatic|drama|epic|grand|powerful|heroic|majestic|inspiring)|mightier|"
        r"dramatischer\w*|epischer\w*|großartiger\w*|"
        r"plus (?:dramatique|épique|grandiose)|más (?:dramátic[oa]|épic[oa]|grandios[oa])|più "
        r"(?:drammatic[oa]|epic[oa])",
    ),
    (
        "sadder",
        r"sadder|more (?:sad|melanchol(?:y|ic)|wistful|nostalgic|bittersweet)|less (?:cheerful|joyful)|"
        r"trauriger\w*|melancholischer\w*|nostalgischer\w*|"
        r"plus (?:triste|mélancolique|nostalgique)|más (?:triste|melancólic[oa]|nostálgic[oa])|più "
        r"(?:triste|malinconic[oa])",
    ),
    (
        "darker",
        r"tenser|spookier|creepier|scarier|more (?:tense|tension|suspense(?:ful)?|mysterious|ominous|spooky|"
        r"scary)|spannender\w*|düsterer\w*|unheimlicher\w*|"
        r"plus (?:tendue?|de suspense|inquiétante?|mystérieu(?:x|se))|más (?:tens[oa]|misterios[oa]|"
        r"suspense)|più (?:tes[oa]|misterios[oa])",
    ),
    (
        "warmer",
        r"warmer|cosier|cozier|more (?:warm(?:th)?|emotional|romantic|tender|loving|heartfelt|"
        r"heart-?warming|intimate|touching)|wärmer\w*|herzlicher\w*|"
        r"gefühlvoller\w*|romantischer\w*|plus (?:chaleureu(?:x|se)|tendre|romantique|émouvante?)|más "
        r"(?:cálid[oa]|romántic[oa]|emotiv[oa]|tiern[oa])|"
        r"più (?:cald[oa]|romantic[oa])",
    ),
    (
        "funnier",
        r"funnier|sillier|quirkier|more (?:playful|funny|fun|quirky|silly|humou?rous|whimsical)|less "
        r"(?:serious|solemn)|lustiger\w*|verspielter\w*|witziger\w*|"
        r"plus (?:drôle|ludique|amusante?)|moins sérieu(?:x|se)|más (?:divertid[oa]|gracios[oa])|menos "
        r"seri[oa]|più (?:divertente|giocos[oa])",
    ),
)
_OF_MUSIC: tuple[tuple[Direction, str], ...] = (
    ("calmer", r"slower|langsamere?|plus lente?|más lent[oa]"),
    ("livelier", r"faster|quicker|schnellere?|plus rapide|más rápid[oa]"),
    ("darker", r"darker|dunklere?|plus sombre|más oscur[oa]"),
    ("happier", r"brighter|lighter|hellere?|plus légère|más liger[oa]"),
)
"""Said of music these words are about its mood; said of a film or a picture they are about other things."""
_ANOTHER = _words(
    rf"(?:(?:use|try|take|choose|pick|compose|find|get|give (?:me|it|us)|with|mit|avec|con) )?(?:an?other|a "
    rf"different|different|a new|new|some other|other|"
    rf"alternative|ein(?:e)? andere[srn]?|andere[srn]?|ein(?:e)? neue[srn]?|neue|une? autre|autre|une "
    rf"nouvelle|otra|una nueva|un'altra|altra|outra) "
    rf"(?:(?:piece|bit|kind|sort|choice) of )?(?:{_MUSIC})|"
    rf"(?:change|replace|exchange|swap(?: out)?|recompose|redo|ändere|wechsle|tausche?|change[rz]|cambia|"
    rf"cambiar) (?:the |die |la |de )?(?:{_MUSIC})|"
    rf"(?:i )?(?:don't|do not) like (?:the |this )?(?:{_MUSIC})|something else for (?:the )?(?:{_MUSIC})|"
    rf"(?:{_MUSIC}):? something else"
)
_MUSIC_NOUN = _words(_MUSIC)
_FILM_TOO = _words(
    r"film|movie|video|everything|it all|vidéo|película|all of it|mood|atmosphere|stimmung|ambiance|ambiente"
)


def _moods(reader: _Reader) -> None:
    """Towards a mood, or by its name; of the music alone where the clause speaks of music."""
    for direction, words in (*_DIRECTIONS, *_OF_MUSIC):
        for match in reader.every(_words(_DEGREE + f"(?:{words})")):
            start, end = reader.clause(match.start())
            music = _music_in(reader, start, end)
            if (direction, words) in _OF_MUSIC and not music:
                continue
            degree: Degree = "little" if match["little"] else "much" if match["much"] else ""
            towards = Towards(None, direction, degree, music is not None)
            reader.take("mood", *match.span(), value=towards)
            _mark_noun(reader, music)
    for phrase in found(lexicon.MOODS, reader.text):
        if reader.free(phrase.start, phrase.end) and not any(reader.named[phrase.start : phrase.end]):
            start, end = reader.clause(phrase.start)
            music = _music_in(reader, start, end)
            if music or not _only_of_sound(reader, start, end):
                reader.take("mood", phrase.start, phrase.end, value=Towards(phrase.means, None, "", music is not None))
                _mark_noun(reader, music)


def _only_of_sound(reader: _Reader, start: int, end: int) -> bool:
    """As in "A soft voice", "quiet narration": no mood of the film."""
    return any(
        pattern.search(reader.text, start, end)
        for pattern in (lexicon.TOPIC_WORDS["voice"], lexicon.TOPIC_WORDS["captions"])
    )


def _music_in(reader: _Reader, start: int, end: int) -> re.Match[str] | None:
    """Where a clause speaks of music, and not of the film as well."""
    music = _MUSIC_NOUN.search(reader.text, start, end)
    return music if music and not _FILM_TOO.search(reader.text, start, end) else None


def _mark_noun(reader: _Reader, noun: re.Match[str] | None) -> None:
    if noun is not None:
        reader.mark(*noun.span())


def _pieces(reader: _Reader) -> None:
    for match in reader.every(_ANOTHER):
        reader.take("piece", *match.span())


# ── sound ──

_ROLES: dict[Literal["music", "voice", "natural"], str] = {
    "music": _MUSIC,
    "voice": r"(?:the )?(?:voice(?:[- ]?over)?|narrat(?:ion|or)|speech|speaker|stimme|sprecher(?:in|stimme)?|"
    r"erzähler(?:in|stimme)?|voix(?: off)?|narration|voz(?: en off)?|narración|voce)",
    "natural": r"(?:(?:the )?(?:clips?'?s?'?|videos?'?|original|natural|ambient|camera|own|background) "
    r"(?:own )?(?:sounds?|audio|noises?)|"
    r"(?:sound|audio) of the (?:clips?|videos?)|atmo|o-?ton|originalton|son d'origine|sonido (?:original|ambiente))",
}
_UP = (
    r"louder|lauter|plus forte?|más (?:alt[oa]|fuerte)|più forte|higher|stronger|too (?:quiet|soft|low)|"
    r"zu leise|trop (?:bas(?:se)?|faible)|demasiado baj[oa]"
)
_DOWN = (
    r"quieter|softer|less loud|lower|fainter|leiser|moins forte?|plus bas(?:se)?|más baj[oa]|menos "
    r"(?:alt[oa]|fuerte)|più (?:bass[oa]|piano)|(?:too|so) loud|zu laut|"
    r"trop forte?|demasiado (?:alt[oa]|fuerte)"
)
_BY = r"(?:\s+by (?P<by>\d{1,2})\s*(?:db|decibels?))?"


def _levels(reader: _Reader) -> None:
    """Louder and quieter."""
    for role, nouns in _ROLES.items():
        the = r"(?:the |my |die |den |das |la |le |les |el |l')?"
        patterns = (
            rf"{_DEGREE}(?:(?P<up>louder|lauter\w*|stronger|higher)|(?P<down>quieter|softer|lower|fainter|"
            rf"leiser\w*|less loud)) {the}(?:{nouns}){_BY}",
            rf"{the}(?:{nouns})(?: (?:is|are|should be|must be|ist|sind|soll|est|soit|es|está|can be|needs "
            rf"to be))?(?: (?:not|nicht|pas))? {_DEGREE}"
            rf"(?:(?P<up>{_UP})|(?P<down>{_DOWN})){_BY}(?: sein| machen| stellen)?",
            rf"(?:turn|bring|put|dial|mix|push) {the}(?:{nouns}) (?:volume )?{_DEGREE}(?:(?P<up>up)|"
            rf"(?P<down>down)){_BY}{_DEGREE_AFTER}",
            rf"(?:turn|bring|dial) (?:(?P<up>up)|(?P<down>down)) {the}(?:{nouns})(?: volume)?{_BY}",
            rf"(?:(?P<up>raise|boost|increase|amplify|augmente[rz]?|sube|subir|erhöhe)|(?P<down>lower|"
            rf"reduce|decrease|soften|baisse[rz]?|diminue[rz]?|baja|bajar|senke)) "
            rf"{the}(?:(?:volume|level|lautstärke|volumen) (?:of |der |des |de "
            rf")?{the})?(?:{nouns})(?:'s)?(?: volume| level)?{_BY}(?:\s+(?P<little>a (?:little|bit)|"
            rf"slightly|un peu|un poco))?",
            rf"{_DEGREE}(?:(?P<up>more|mehr|plus de|más)|(?P<down>less|weniger|moins de|menos)) {the}(?:{nouns})",
            rf"(?:i )?(?P<up>(?:can't|cannot|can hardly|can barely|hardly) (?:hear|understand)) {the}(?:{nouns})",
        )
        for pattern in patterns:
            for match in reader.every(_words(pattern)):
                reader.take("level", *match.span(), value=Louder(role, _decibels(match)))


def _decibels(match: re.Match[str]) -> float:
    named = match.groupdict()
    size = (
        float(named["by"]) if named.get("by") else 2.0 if _is(match, "little") else 8.0 if _is(match, "much") else 4.0
    )
    return size if named.get("up") else -size


def _is(match: re.Match[str], degree: Literal["little", "much"]) -> bool:
    named = match.groupdict()
    return bool(named.get(degree) or named.get(f"{degree}_"))


_OFF_TOPIC = {
    "music": _MUSIC,
    "voice": lexicon.TOPICS["voice"],
    "captions": lexicon.TOPICS["captions"],
    "natural": _ROLES["natural"],
}


def _topics(reader: _Reader) -> None:
    """Music, voice, captions, the clips' own sound: away and back."""
    for topic, nouns in _OFF_TOPIC.items():
        the = r"(?:the |any |all |my |die |den |das |la |le |les |el |los )?"
        off = (
            rf"(?:turn|switch|take|shut|leave|cut) {the}(?:{nouns}) (?:off|out|away)|(?:turn|switch|take|"
            rf"shut) (?:off|out|away) {the}(?:{nouns})|"
            rf"(?:remove|mute|kill|get rid of|lose|drop|cut|delete|skip|silence|stop|omit|disable|entferne?|"
            rf"lösche?|streiche?|enlève[rz]?|supprime[rz]?|retire[rz]?|coupe[rz]?|"
            rf"quita|elimina|silencia|borra) {the}(?:{nouns})|{the}(?:{nouns}) (?:off|weg|raus|aus)|"
            rf"(?:schalte?|mach) {the}(?:{nouns}) (?:aus|weg)|"
            rf"(?:no|without|kein(?:e|en)?|ohne|sans|pas de|sin|senza) (?:any |the |all |la |le "
            rf")?(?:{nouns})|(?:don't|do not) (?:want|need|use|speak|narrate) {the}(?:{nouns})"
        )
        on = (
            rf"(?:turn|switch) (?:on {the}(?:{nouns})|{the}(?:{nouns}) on)|(?:bring|put|get|want|have|take) "
            rf"{the}(?:{nouns}) back(?: in| on)?|(?:bring|put) back {the}(?:{nouns})|"
            rf"{the}(?:{nouns}) (?:back(?: in| on)?|again|wieder (?:an|rein|dazu)|please)|(?:with|add|"
            rf"include|use|restore|mit|avec|ajoute[rz]?|con|añade|pon) (?:back )?{the}(?:some |a |de la |du "
            rf")?"
            rf"(?:{nouns})(?: again| back| wieder)?|un-?mute {the}(?:{nouns})"
        )
        for match in reader.every(_words(off)):
            reader.take("topic", *match.span(), value=(topic, False))
            _pictures_behind(reader, match.end())
        for match in reader.every(_words(on)):
            reader.take("topic", *match.span(), value=(topic, True))
    for phrase in found(lexicon.ABSENT, reader.text):
        if reader.free(phrase.start, phrase.end):
            for topic in ("voice", "music") if phrase.means == "sound" else (phrase.means,):
                reader.take("topic", phrase.start, phrase.end, value=(topic, False))
    for match in reader.every(lexicon.WITHOUT):
        for topic, pattern in lexicon.TOPIC_WORDS.items():
            if pattern.search(match["what"]):
                reader.take("topic", *match.span(), value=(topic, False))


def _pictures_behind(reader: _Reader, end: int) -> None:
    """As in "Drop the music and the third photo"; "without music or captions"."""
    _topics_behind(reader, end)
    joint = re.compile(r"\s*(?:,\s*(?:and|und|et|y)?|and|und|et|y|&|or)\s+", re.IGNORECASE).match(reader.text, end)
    one = reader.pointed(joint.end()) if joint else None
    if one is not None and _known(reader, one):
        reader.take("drop", end, one.end, one)


# ── length and pace ──

_WAY = re.compile(
    rf"\s*(?:(?P<shorter>{_SHORTER}|less|fewer|off|weniger|de moins|menos)|(?P<longer>{_LONGER}|more|extra|"
    rf"mehr|de plus|más))(?!\w)",
    re.IGNORECASE,
)
_CUT_BY = re.compile(
    r"(?:(?P<shorter>(?:cut|trim|shorten|shave|take|lose|reduce|kürze|raccourcis|acorta)(?: it| the film| "
    r"the video| ihn| den film)?(?: off| out| away)?(?: by| um| de| en)?)|"
    r"(?P<longer>(?:add|extend|lengthen|prolong|verlängere|rallonge|alarga)(?: it| the film| the video| ihn|"
    r" den film)?(?: by| um| de| en)?)|"
    r"(?:shorter|kürzer|plus court|más corto) (?P<by_shorter>by|um|de)|(?:longer|länger|plus long|más "
    r"largo) (?P<by_longer>by|um|de))\s*(?:another |an extra |about )?$",
    re.IGNORECASE,
)
_STRETCHES: tuple[tuple[Fraction, re.Pattern[str]], ...] = tuple(
    (factor, _words(words))
    for factor, words in (
        (
            Fraction(1, 2),
            r"half (?:as long|the length|its length)|(?:cut|shorten) (?:it|the film) (?:in half|by half)|"
            r"halb so lang|auf die hälfte|deux fois (?:plus courte?|moins longue?)|la mitad(?: de "
            r"(?:larg[oa]|tiempo))?",
        ),
        (
            Fraction(2),
            r"(?:twice|two times) (?:as long|the length)|double (?:the|its) length|doppelt so lang|deux "
            r"fois plus longue?|el doble(?: de (?:larg[oa]|tiempo))?",
        ),
    )
)
_LONG = _words(
    rf"{_DEGREE}(?:(?P<longer>longer|länger\w*|plus longue?|más larg[oa]|più lung[oa]|lengthen(?: it)?|"
    rf"extend (?:it|the film)|verlängern?|rallonge[rz]?(?:-l[ea])?|alarga(?:l[oa])?)|"
    rf"(?P<shorter>shorter|kürzer\w*|plus courte?|más cort[oa]|più cort[oa]|(?:too|zu|trop) (?:long|lang|"
    rf"longue)|demasiado larg[oa]|shorten(?: it)?|tighten (?:it|the film)(?: up)?|kürzen|trim (?:it|the "
    rf"film)|"
    rf"raccourcis(?:-l[ea])?|acórta(?:l[oa])?|acorta(?:l[oa])?))(?: "
    rf"{_DEGREE.replace('little', 'little_').replace('much', 'much_').removesuffix(chr(92) + 's+)?')})?)?"
)
_FREE = _words(
    r"(?:as long as (?:it needs|needed|necessary|it takes|you like)|(?:any|natural|whatever) length|so lang "
    r"wie nötig|aussi long que nécessaire)"
)
_SPEECH: tuple[tuple[Fraction, re.Pattern[str]], ...] = tuple(
    (factor, _words(words))
    for factor, words in (
        (
            Fraction(6, 7),
            r"(?:speak|talk|read|narrate)(?: it| the (?:text|notes|lines))? (?:a (?:bit|little) |much "
            r")?(?:slower|more slowly|slowly)|slower (?:voice|narration|speech|speaker|narrator)|(?:the "
            r")?(?:voice|narration|narrator|speaker) "
            r"(?:is |should be |speaks? )?(?:a (?:bit|little) )?(?:slower|too fast)|(?:sprich|langsamer "
            r"sprechen|sprech\w* langsamer|stimme langsamer|langsamere stimme)(?: langsamer)?|"
            r"parle[rz]? plus lentement|voix plus lente|(?:habla|hablar) más (?:despacio|lento)|voz más lenta",
        ),
        (
            Fraction(8, 7),
            r"(?:speak|talk|read|narrate)(?: it| the (?:text|notes|lines))? (?:a (?:bit|little) |much "
            r")?(?:faster|more quickly|quicker)|(?:faster|quicker) (?:voice|narration|speech|speaker|"
            r"narrator)|(?:the )?(?:voice|narration|narrator|speaker) "
            r"(?:is |should be |speaks? )?(?:a (?:bit|little) )?(?:faster|too slow)|(?:schneller sprechen|"
            r"sprech\w* schneller|stimme schneller|schnellere stimme)|"
            r"parle[rz]? plus vite|voix plus rapide|(?:habla|hablar) más rápido|voz más rápida",
        ),
    )
)
_PACES: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (step, _words(_DEGREE + f"(?:{words})"))
    for step, words in (
        (
            1,
            r"faster(?:[- ](?:cuts?|cutting|pac(?:e|ed|ing)|edit(?:ing)?|tempo))?|quicker(?: (?:cuts?|pace|"
            r"edit))?|snappier|more cuts|cut (?:it )?(?:faster|quicker)|speed (?:it|things) up|pick up the "
            r"pace|"
            r"schneller(?:e[rns]?)?(?: (?:schnitte?n?|geschnitten|tempo))?|mehr schnitte|plus "
            r"(?:rapide(?:ment)?|vite)|rythme plus rapide|más rápid[oa]|più veloce|too slow|zu langsam|trop "
            r"lente?|demasiado lent[oa]",
        ),
        (
            -1,
            r"slower(?:[- ](?:cuts?|cutting|pac(?:e|ed|ing)|edit(?:ing)?|tempo))?|more slowly|fewer cuts|"
            r"less cuts|cut (?:it )?slower|slow (?:it|things) down|unhurried|"
            r"langsamer(?:e[rns]?)?(?: (?:schnitte?n?|geschnitten|tempo))?|weniger schnitte|plus "
            r"lente?(?:ment)?|rythme plus lent|más lent[oa]|più lent[oa]|too fast|zu schnell|trop (?:rapide|"
            r"vite)|demasiado rápid[oa]",
        ),
    )
)


def _amounts(reader: _Reader) -> None:
    """The film's length: so long, or so much longer."""
    for one in lengths(reader.text):
        if not reader.free(one.start, one.end) or any(reader.named[one.start : one.end]):
            continue
        if way := _WAY.match(reader.text, one.end):
            begin = one.start
            before = re.compile(r"(?:by|um|de)\s*$", re.IGNORECASE).search(reader.text, max(0, begin - 6), begin)
            reader.take(
                "more",
                before.start() if before else begin,
                way.end(),
                value=one.seconds if way["longer"] else -one.seconds,
            )
            continue
        lead = _CUT_BY.search(reader.text[: one.start])
        if lead:
            off = re.compile(r"\s*(?:off|out|away|from it)(?!\w)", re.IGNORECASE).match(reader.text, one.end)
            to = re.search(r"(?:to|auf|à|a)\s*$", reader.text[: one.start])
            if not to:
                sign = 1 if lead["longer"] or lead["by_longer"] else -1
                reader.take("more", lead.start(), off.end() if off else one.end, value=sign * one.seconds)
                continue
        reader.take("seconds", one.start, one.end, value=one.seconds)


def _stretches(reader: _Reader) -> None:
    """The film's length: so many times as long."""
    for factor, pattern in _STRETCHES:
        for match in reader.every(pattern):
            reader.take("stretch", *match.span(), value=factor)
    for match in reader.every(_FREE):
        reader.take("free", *match.span())
    for match in reader.every(_LONG):
        factor = Fraction(5, 4) if match["longer"] else Fraction(3, 4)
        if _is(match, "little"):
            factor = Fraction(23, 20) if match["longer"] else Fraction(17, 20)
        elif _is(match, "much"):
            factor = Fraction(3, 2) if match["longer"] else Fraction(1, 2)
        reader.take("stretch", *match.span(), value=factor)


def _paces(reader: _Reader) -> None:
    for factor, pattern in _SPEECH:
        for match in reader.every(pattern):
            reader.take("speech", *match.span(), value=factor)
    for step, pattern in _PACES:
        for match in reader.every(pattern):
            size = Fraction(1, 2) if match["little"] else Fraction(2) if match["much"] else Fraction(1)
            reader.take("pace", *match.span(), value=("by", step * size))
    for phrase in found(lexicon.PACES, reader.text):
        if reader.free(phrase.start, phrase.end):
            reader.take(
                "pace",
                phrase.start,
                phrase.end,
                value=("to", {"slow": Fraction(-1), "fast": Fraction(1)}.get(phrase.means, Fraction(0))),
            )


# ── words over the film, its format, its cuts ──

_TITLED = _words(
    r"(?:call|name|entitle)(?: it| the film| the video| this| that)|(?:rename|retitle)(?: it| the film| the "
    r"video| this)?(?: to| as| into)?|"
    r"(?:change|set|turn|make) the title(?: to| into| say| read)?|(?:the |a |with the |with a |new |use the "
    r"|put the )*title(?: (?:is|should be|shall be|must be|says?|reads?|to))?:?|"
    r"(?:nenne|nenn)(?: es| ihn| den film| das)?|(?:der |neuer |ein(?:en)? )*titel(?: (?:ist|soll|sei|"
    r"sein))?:?|betitele?(?: ihn| es)?|"
    r"appelle(?:z)?(?:-l[ea]| le film)?|intitule(?:z)?(?:-l[ea]| le film)?|(?:le |un )*titre(?: (?:est|"
    r"soit))?:?|ll[aá]ma(?:l[oa]| la película)?|titula(?:l[oa])?|"
    r"(?:el |un )*título(?: (?:es|sea))?:?|chiamal[oa]|(?:il )?titolo:?|titled|called"
)
_BARE_TITLE = re.compile(
    r"call|name|rename|retitle|entitle|change|set|nenn|appelle|intitule|ll[aá]ma|titula|chiama|titled|:$|"
    r"(?:is|be|to|says?|reads?|est|es|ist)$",
    re.IGNORECASE,
)
_TITLE_END = re.compile(
    r"[.,;!?\n]|\s(?:and|but|und|et|y|e)\s+(?=(?:make|keep|use|add|drop|remove|put|move|leave|start|end|no|"
    r"without|cut|swap|calm|happi|slow|fast|louder|quiet|different|another|"
    r"lass|mach|entfern|ohne|enlève|mets|sans|quita|pon|sin|show|hold|turn|give|shorter|longer)\w*)|$",
    re.IGNORECASE,
)
_NO_TITLE = _words(
    r"(?:no|without(?: a| the| any)?|remove the|drop the|delete the|lose the|skip the|hide the|ohne|"
    r"kein(?:en)?|entferne den|lösch(?:e)? den|sans(?: le)?|pas de|enlève le|supprime le|"
    r"sin(?: el)?|quita el|elimina el|senza|don't want (?:a|the)|don't show (?:a|the)) (?:film'?s? |opening "
    r")?(?:titles?|titel|titre|título|titolo)|(?:the )?title (?:off|away|weg|raus)"
)


def _titles(reader: _Reader) -> None:
    """The film's title."""
    for match in reader.every(_NO_TITLE):
        reader.take("title", *match.span(), value="")
    for match in reader.every(_TITLED):
        inner = quoted(reader.text, match.end())
        if inner is not None:
            reader.take("title", match.start(), inner[1], value=exact_title(inner[0]))
        elif _BARE_TITLE.search(match[0].strip()):
            end = _TITLE_END.search(reader.text, match.end())
            stop = end.start() if end else len(reader.text)
            words = reader.text[match.end() : stop].strip(" :\"'“”„«»")
            if words and reader.free(match.end(), stop):
                reader.take("title", match.start(), stop, value=short_title(words))


class _Simple(NamedTuple):
    what: What
    value: Any
    pattern: re.Pattern[str]


_TRANSITION = r"(?:transitions?|übergäng(?:e|en)|transiciones|transizioni)"
_CAPTION = r"(?:captions?|subtitles?|subs|untertiteln?|sous-titres|subtítulos|sottotitoli|legendas)"
_SIMPLE: tuple[_Simple, ...] = (
    _Simple(
        "transitions",
        (None,),
        _words(
            rf"(?:hard|straight|plain|clean|simple|direct) cuts?(?: only)?|(?:only|just|nothing but) cuts|"
            rf"cuts only|(?:no|without|drop the|remove the|lose the) (?:any )?(?:{_TRANSITION}|"
            rf"(?:cross-?)?fades?|"
            rf"dissolves?|wipes?)|harte? schnitte?|ohne (?:{_TRANSITION}|überblendungen)|keine "
            rf"(?:{_TRANSITION}|überblendungen)|sans (?:{_TRANSITION}|fondus?)|coupes? (?:franches?|"
            rf"nettes?)|"
            rf"sin (?:{_TRANSITION}|fundidos)|cortes? (?:secos?|directos?)"
        ),
    ),
    _Simple(
        "transitions",
        ("dip",),
        _words(
            r"(?:fades?|dips?)(?: in and out)? (?:through|to|via) (?:black|white)|dips?|schwarzblenden?|"
            r"fondus? au noir|fundidos? a negro"
        ),
    ),
    _Simple(
        "transitions",
        ("dissolve",),
        _words(
            r"(?:(?:soft|long|gentle|smooth|only|with|use) )*(?:cross[- ]?fades?|(?:cross[- ]?)?dissolves?|"
            r"fades?(?: between (?:the )?(?:photos?|pictures?|shots?|clips?))?)|soft(?:er)? (?:cuts?|"
            r"transitions?)|"
            r"(?:weiche )?überblend(?:ungen|en|ung)|fondus?(?: enchaînés?)?|fundidos?(?: encadenados?)?|dissolvenz[ea]"
        ),
    ),
    _Simple("transitions", ("wipe",), _words(r"wipes?|wischblenden?|volets?|cortinillas?|barridos?")),
    _Simple(
        "transitions",
        ("push",),
        _words(r"push(?:es)?(?: transitions?)?|slid(?:e|ing) transitions?|schiebeblenden?|glissements?"),
    ),
    _Simple(
        "motion",
        "still",
        _words(
            r"(?:no|without(?: any| the)?|don't|do not|stop(?: the)?|remove the|drop the|lose the|less) "
            r"(?:zoom(?:s|ing)?(?: in| out)?|ken[- ]burns(?: effects?)?|pann?(?:s|ing)?|camera "
            r"(?:movements?|moves?|motion)|"
            r"(?:movement|motion|moving)(?: in the (?:photos?|pictures?))?|moves?)(?: (?:and|or) "
            r"(?:zoom(?:s|ing)?|pan(?:s|ning)?))?(?: effects?| (?:in|on|into) the (?:photos?|pictures?))?|"
            r"still (?:photos?|pictures?|images?)|"
            r"static(?: (?:photos?|pictures?|images?|shots?))?|(?:keep|hold|leave) (?:the |all )?(?:photos?|"
            r"pictures?|images?|everything) still|(?:don't|do not) move the (?:photos?|pictures?)|kein(?:e|"
            r"en)? (?:zoom|kamerafahrten?|"
            r"bewegung)|ohne (?:zoom|kamerafahrten?|bewegung)|(?:stille|stehende|unbewegte) bilder|(?:sans|"
            r"pas de) (?:zoom|mouvements?(?: de caméra)?)|images? fixes?|sin (?:zoom|movimiento)|(?:fotos|"
            r"imágenes) fijas"
        ),
    ),
    _Simple(
        "motion",
        "auto",
        _words(
            r"(?:with |use |add |bring back (?:the )?|more )?(?:ken[- ]burns(?: effects?)?|camera "
            r"(?:movements?|moves?|motion)|moving (?:photos?|pictures?)|zoom(?:s|ing)?(?: effects?| back)?|"
            r"let the (?:photos?|pictures?) move|(?:photos?|pictures?) (?:should|can) move)|(?:mit|wieder) "
            r"(?:zoom|kamerafahrten|bewegung)|avec (?:zoom|mouvement)|con (?:zoom|movimiento)"
        ),
    ),
    _Simple(
        "caption mode",
        "karaoke",
        _words(
            rf"karaoke(?:[- ]?(?:style )?{_CAPTION})?|(?:highlight|light up|colou?r) (?:the |each |every "
            rf")?(?:spoken )?words?|{_CAPTION} (?:like|as) karaoke"
        ),
    ),
    _Simple(
        "caption mode",
        "words",
        _words(
            rf"(?:one|a|single) word at a time|word[- ]by[- ]word(?: {_CAPTION})?|(?:tiktok|reels?|"
            rf"hormozi)[- ]?(?:style )?{_CAPTION}|{_CAPTION} (?:word by word|one word at a time|wort für "
            rf"wort|mot à mot|palabra por palabra)|"
            r"wort für wort|mot à mot|palabra por palabra|(?:single|few) words"
        ),
    ),
    _Simple(
        "caption mode",
        "block",
        _words(
            rf"(?:block|normal|plain|classic|ordinary|standard|whole|full|usual|normale|klassische) "
            rf"{_CAPTION}|{_CAPTION} (?:as|in) (?:blocks?|whole sentences)|sous-titres (?:classiques|"
            rf"normaux)|subtítulos normales"
        ),
    ),
    _Simple(
        "captioning",
        "file",
        _words(
            rf"{_CAPTION} (?:only )?(?:as|in) (?:a )?(?:separate )?file(?: only)?|(?:don't|do not) (?:burn|"
            rf"draw) (?:in )?(?:the )?{_CAPTION}(?: in)?|no burned?[- ]in {_CAPTION}|{_CAPTION} (?:not|off) "
            rf"(?:in|on|the) (?:the )?(?:picture|screen)"
        ),
    ),
    _Simple(
        "captioning",
        "both",
        _words(
            rf"burn (?:in )?(?:the )?{_CAPTION}(?: in)?|burned?[- ]in {_CAPTION}|{_CAPTION} (?:in|on) the "
            rf"(?:picture|screen|film|video)"
        ),
    ),
    _Simple(
        "caption size",
        1.3,
        _words(
            rf"(?:bigger|larger|größere|plus grands|más grandes) {_CAPTION}|(?:make )?(?:the )?{_CAPTION} "
            rf"(?:bigger|larger|größer|plus (?:grands|gros)|más grandes|(?:are )?too small)|(?:sous-titres|"
            rf"subtítulos) (?:plus grands|más grandes)"
        ),
    ),
    _Simple(
        "caption size",
        1 / 1.3,
        _words(
            rf"(?:smaller|kleinere) {_CAPTION}|(?:make )?(?:the )?{_CAPTION} (?:smaller|kleiner|plus petits|"
            rf"más pequeños|(?:are )?too (?:big|large))"
        ),
    ),
    _Simple(
        "caption place",
        "top",
        _words(
            rf"(?:{_CAPTION} |move the {_CAPTION} |put the {_CAPTION} )(?:at|to|on|in) the top|{_CAPTION} "
            rf"(?:oben|nach oben|en haut|arriba)|top {_CAPTION}"
        ),
    ),
    _Simple(
        "caption place",
        "bottom",
        _words(
            rf"(?:{_CAPTION} |move the {_CAPTION} |put the {_CAPTION} )(?:at|to|on|in) the bottom|"
            rf"{_CAPTION} (?:unten|nach unten|en bas|abajo)|bottom {_CAPTION}"
        ),
    ),
    _Simple(
        "progress",
        False,
        _words(
            r"(?:no|without(?: the| a)?|remove the|drop the|lose the|hide the|ohne|kein(?:en)?|sans|sin) "
            r"(?:progress[ -]?bar|fortschrittsbalken|barre de progression|barra de progreso)"
        ),
    ),
    _Simple(
        "progress",
        True,
        _words(
            r"(?:with |add |show )?(?:an? )?(?:progress[ -]?bar|fortschrittsbalken|barre de progression|"
            r"barra de progreso)"
        ),
    ),
    _Simple(
        "match",
        False,
        _words(
            r"(?:don't|do not|no|without|stop) (?:match(?:ing)?|correct(?:ing)?|grad(?:e|ing)|chang(?:e|"
            r"ing)|touch(?:ing)?)(?: of)?(?: the)? colou?rs?|no colou?r (?:matching|correction|grading)|leave "
            r"(?:the )?colou?rs (?:alone|as they are)|farben (?:so )?lassen|ohne farb(?:angleichung|korrektur)|"
            r"original colou?rs"
        ),
    ),
    _Simple(
        "match",
        True,
        _words(
            r"(?:match|even out|unify|adjust) (?:the )?(?:colou?rs|light)|farben angleichen|(?:with "
            r")?colou?r (?:matching|correction)"
        ),
    ),
)
_VOICE_NAME = _words(
    r"(?:(?:use|with|take) )?(?:(?:the|a) )?(?:voice:? )?(?P<name>(?:flite|espeak|piper)/[\w+.-]*\w)(?: voice)?"
)
_INTO_LANGUAGE = tuple(
    (
        tag,
        _words(
            rf"(?:(?:switch|change|translate|make)(?: it| the (?:voice|narration|captions))? )?(?:to|into|"
            rf"nach|ins|in|auf|en|em|speak|au) (?:the )?(?:{names})"
        ),
    )
    for tag, names in lexicon.LANGUAGES.items()
)


def _settings(reader: _Reader) -> None:
    """Everything that is one word or two."""
    for what, value, pattern in _SIMPLE:
        for match in reader.every(pattern):
            reader.take(what, *match.span(), value=value)
    for match in reader.every(_VOICE_NAME):
        reader.take("voice", *match.span(), value=match["name"])


def _plain_settings(reader: _Reader) -> None:
    """Those that a request may ask for as well; its other words are for `cutroom.planner.intent`."""
    for what, value, pattern in _SIMPLE:
        if what in ("transitions", "motion", "caption mode"):
            for match in reader.every(pattern):
                reader.take(what, *match.span(), value=value)


def _languages(reader: _Reader) -> None:
    for phrase in found(lexicon.LANGUAGE_PHRASES, reader.text):
        if reader.free(phrase.start, phrase.end):
            reader.take("language", phrase.start, phrase.end, value=phrase.means)
    for tag, pattern in _INTO_LANGUAGE:
        for match in reader.every(pattern):
            reader.take("language", *match.span(), value=tag)


_SHAPE_ALONE = re.compile(
    rf"(?:^|[,;.!]|(?<!\w)(?:and|now|und|et|y|"
    rf"e))\s*(?P<shape>{'|'.join(lexicon.SHAPE_ADJECTIVES)})(?=\s*(?:$|[,;.!?]|and(?!\w)|please(?!\w)))",
    re.IGNORECASE,
)
"""A format that is a clause of its own."""


def _shapes(reader: _Reader) -> None:
    free = "".join(
        " " if taken or named else letter
        for letter, taken, named in zip(reader.text, reader.taken, reader.named, strict=True)
    )
    shape = asked_shape(free)
    if shape is None and (alone := _SHAPE_ALONE.search(free)):
        shape = Found(lexicon.SHAPE_ADJECTIVES[alone["shape"].lower()], alone.start("shape"), alone.end("shape"))
    if shape is not None:
        reader.take("shape", shape.start, shape.end, value=shape.means)


_REVERSED = _words(
    r"(?:reverse|invert|flip|turn around)(?: the| its)? order|(?:reverse|invert) (?:it|everything|the "
    r"(?:film|photos|pictures))|the other way round|(?:in )?(?:reverse|reversed) order|andersherum|"
    r"reihenfolge umkehren|(?:inverse[rz]?|renverse[rz]?) l'ordre|en sens inverse|invierte el orden|al revés"
)


def _orders(reader: _Reader) -> None:
    for match in reader.every(_REVERSED):
        reader.take("order", *match.span(), value="turned")
    for phrase in found(lexicon.ORDERS, reader.text):
        if reader.free(phrase.start, phrase.end):
            reader.take("order", phrase.start, phrase.end, value=phrase.means)


_LABELLED = _words(r"(?:add |with |use |show )?(?:the |a )?label(?: (?:it|saying|that says|to))?:?")


def _labels(reader: _Reader) -> None:
    without = without_asked_thirds(reader.text)
    if without != reader.text:
        start = next(
            (place for place, (one, other) in enumerate(zip(reader.text, without, strict=False)) if one != other), 0
        )
        end = start + len(reader.text) - len(without) + 1
        for third in asked_thirds(reader.text):
            reader.take("third", start, min(end, len(reader.text)), value=third)
    for match in reader.every(_LABELLED):
        if (inner := quoted(reader.text, match.end())) is not None:
            reader.take("label", match.start(), inner[1], value=inner[0][:80])


_Rule = Callable[[_Reader], None]
_REVISION_RULES: tuple[_Rule, ...] = (
    _labels, _titles, _pictures, _pieces, _levels, _settings, _topics, _moods, _orders, _languages, _amounts, _stretches, _paces,
    _shapes,
    _unknown_pictures,
)  # fmt: skip
_REQUEST_RULES: tuple[_Rule, ...] = (_pictures, _plain_settings)
