"""Words out of what was handed over: notes without their mark-up, file names that are words, a title out of a request.

Pure functions over text. Whatever a text says, it is data: markup, control characters and instructions to machines
become plain words or nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import NamedTuple

from cutroom.brief import lexicon
from cutroom.brief.lengths import lengths
from cutroom.brief.lexicon import FILM_NOUN, level
from cutroom.brief.thirds import without_thirds

LONGEST_NOTES = 100_000
"""Notes are read up to so many characters: more than an hour of speech."""

LONGEST_TITLE = 60
"""A title has at most so many characters; it is cut between words."""


class Notes(NamedTuple):
    """Notes as plain words."""

    title: str | None
    """The first heading (or the title in the front matter), when it names something."""
    paragraphs: tuple[str, ...]
    """Prose, one paragraph (or list item, or line that stands alone) each."""
    cut: bool
    """True when the notes were longer than `LONGEST_NOTES`."""


_INVISIBLE = {
    "\u200b",
    "\u2060",
    "\ufeff",
    "\u00ad",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
    "\u2028",
    "\u2029",
}


def clean(text: str) -> str:
    """`text` without control characters, bidirectional overrides and invisible blanks; line ends are line feeds.

    Joiners (which emoji, Persian and Indic words need) and variation selectors stay. The result is in NFC.
    """
    text = (
        unicodedata.normalize("NFC", text)
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\u2028", "\n")
        .replace("\u2029", "\n")
    )
    kept = (" " if letter in "\t\x0b\x0c\u00a0" else letter for letter in text if letter not in _INVISIBLE)
    return "".join(
        letter for letter in kept if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs", "Co", "Cn")
    )


# --- notes ------------------------------------------------------------------------------------------------------------

_FRONT_MATTER = re.compile(r"\A\s*---[ ]*\n(.{0,5000}?)\n(?:---|\.\.\.)[ ]*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1[`~]*[ ]*$|\Z)", re.DOTALL | re.MULTILINE)
_UNSEEN = re.compile(r"<!--.{0,20000}?-->|<(script|style)\b[^<>]{0,300}>.{0,20000}?</\1>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z!?][^<>]{0,300}>")
_CUE = re.compile(r"^ {0,9}(?:\d{1,6} {0,9}\n {0,9})?(?:\d{1,2}:)?\d{1,2}:\d{2}[.,]\d{1,3} {0,9}-->.*$", re.MULTILINE)
_OVERRIDE = re.compile(r"\{\\[^{}]{0,100}\}")
_INLINE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"!\[[^\[\]]{0,300}\]\([^()\s]{0,500}[^()]{0,200}\)"), " "),
    (re.compile(r"!\[[^\[\]]{0,300}\]\[[^\[\]]{0,100}\]"), " "),
    (re.compile(r"\[([^\[\]]{1,300})\]\([^()\s]{0,500}[^()]{0,200}\)"), r"\1"),
    (re.compile(r"\[\^[^\[\]\s]{1,40}\]:?"), ""),
    (re.compile(r"\[([^\[\]]{1,300})\]\[[^\[\]]{0,100}\]"), r"\1"),
    (re.compile(r"<(?:https?|mailto|ftp):[^<>\s]{1,500}>"), " "),
    (re.compile(r"\b(?:https?|ftp)://(?:www\.)?([^\s/?#()<>\[\]]{1,200})[^\s()<>\[\]]{0,500}"), r"\1"),
    (_TAG, " "),
    (re.compile(r"(?<!\\)(`{1,3})([^`\n]{1,300})\1"), r"\2"),
    (re.compile(r"(?<![\\\w*])(\*{1,3})(?=\S)([^*\n]{1,500}?)(?<=\S)\1(?![\w*])"), r"\2"),
    (re.compile(r"(?<![\\\w_])(_{1,3})(?=\S)([^_\n]{1,500}?)(?<=\S)\1(?![\w_])"), r"\2"),
    (re.compile(r"~~(?=\S)([^~\n]{1,300})~~"), r"\1"),
    (re.compile(r"==(?=\S)([^=\n]{1,300})=="), r"\1"),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!~|>])"), r"\1"),
)
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ ]+(.+?)[ ]*#*$")
_RULE = re.compile(r"^ {0,3}(?:[-*_=][ ]*){3,}$|^ {0,3}=+$|^\s*\|?[\s:|-]*-{3,}[\s:|-]*$")
_ITEM = re.compile(r"^\s*(?:[-*+•‣–]|\d{1,3}[.)])[ ]+(?:\[[ xX]\][ ]+)?(?=\S)")
_QUOTE = re.compile(r"^(?: {0,3}>[ ]?)+")
_REFERENCE = re.compile(r"^ {0,3}\[[^\[\]]{1,100}\]:\s*\S+.*$")
_PLAIN_HEADINGS = re.compile(
    r"(?:notes?|notizen|script|skript|drehbuch|narration|text|voice-?over|to-?do|draft|outline|readme|"
    r"captions?|transcript|untitled|"
    r"introduction|intro|day \d+|tag \d+|part \d+|chapter \d+|notas|note|appunti|guión|guion|texte)",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?…:;。！？؟।]['\"”’»)\]]*$")


def plain_notes(text: str, *, marked_up: bool = True) -> Notes:
    """`text` (Markdown, plain text, SRT or WebVTT) as a title and paragraphs of plain words.

    Args:
        text: What the file holds.
        marked_up: False for plain text: then ``#`` is no heading. Links, tags and emphasis are taken out of both.

    Headings other than the first are structure and not prose; they are used only when there is nothing else.
    """
    cut = len(text) > LONGEST_NOTES
    text = without_thirds(clean(text[:LONGEST_NOTES]))
    title, text = _front_matter(text)
    text = _OVERRIDE.sub("", _CUE.sub("\n", _UNSEEN.sub(" ", _FENCE.sub("\n", text)))).removeprefix("WEBVTT")
    headings, blocks = _blocks(text.split("\n"), marked_up)
    words = [line for block in blocks for line in _unwrapped(block)]
    paragraphs = [said for said in map(plain, words) if any(letter.isalnum() for letter in said) or _pictorial(said)]
    headings = [heading for heading in map(plain, headings) if heading]
    naming = [heading for heading in headings[:1] if not _PLAIN_HEADINGS.fullmatch(heading.rstrip(":"))]
    title = title or (naming[0] if naming else None)
    if not paragraphs:
        paragraphs = [heading for heading in headings if heading != title]
    return Notes(short_title(title) if title else None, tuple(paragraphs), cut)


def plain(text: str) -> str:
    """One paragraph without Markdown, tags and entities, its blanks single."""
    for _ in range(2):  # a tag or entity may hide behind another
        text = html.unescape(_stripped(text))
    return " ".join(clean(text).split())


def _stripped(text: str) -> str:
    for pattern, instead in _INLINE:
        text = pattern.sub(instead, text)
    return text


def _pictorial(text: str) -> bool:
    return any(unicodedata.category(letter) == "So" for letter in text)


def _front_matter(text: str) -> tuple[str | None, str]:
    match = _FRONT_MATTER.match(text)
    if not match or not re.search(r"^[\w-]+\s*:", match[1], re.MULTILINE):
        return None, text
    named = re.search(r"^title\s*:\s*(.+)$", match[1], re.MULTILINE | re.IGNORECASE)
    title = plain(named[1].strip().strip("'\"")) if named else ""
    return title or None, text[match.end() :]


def _blocks(lines: list[str], marked_up: bool) -> tuple[list[str], list[list[str]]]:  # noqa: FBT001 - private, one caller
    """Headings, and blocks of lines that belong together."""
    headings: list[str] = []
    blocks: list[list[str]] = [[]]
    for line in lines:
        line = _QUOTE.sub("", line).rstrip()
        heading = _HEADING.match(line) if marked_up else None
        underlined = marked_up and re.fullmatch(r" {0,3}(?:=+|-+)", line) and len(blocks[-1]) == 1
        if heading:
            headings.append(heading[2])
            blocks.append([])
        elif underlined:
            headings.append(blocks.pop()[0])
            blocks.append([])
        elif not line.strip() or _RULE.match(line) or _REFERENCE.match(line):
            blocks.append([])
        elif _ITEM.match(line):
            blocks.append([_ITEM.sub("", line)])
        elif line.count("|") > 1:
            blocks.append([", ".join(cell.strip() for cell in line.strip().strip("|").split("|") if cell.strip())])
            blocks.append([])
        else:
            blocks[-1].append(line.strip())
    return headings, [block for block in blocks if block]


def _unwrapped(block: list[str]) -> list[str]:
    """Lines joined where one was only wrapped: the line before is long and unfinished, or the next begins small."""
    joined: list[str] = []
    for line in block:
        before = joined[-1] if joined else ""
        last = block[max(0, block.index(line) - 1)] if joined else ""
        wrapped = (
            bool(before) and not _END.search(before) and (len(last) >= 55 or before.endswith(",") or line[:1].islower())
        )
        finished_but_flowing = bool(before) and _END.search(before) and len(last) >= 55
        if wrapped or finished_but_flowing:
            joined[-1] = before + ("" if _no_blank(before[-1], line[:1]) else " ") + line
        else:
            joined.append(line)
    return joined


def _no_blank(one: str, other: str) -> bool:
    return all(letter and unicodedata.east_asian_width(letter) == "W" for letter in (one, other))


# --- names of files ---------------------------------------------------------------------------------------------------

_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_MACHINE = re.compile(
    r"(?<![^\W\d_])(?:img|dsc[fn]?|pxl|mvi|mov|vid|gopr|gp|gx|gh|dji|cimg|imag|pict|screenshot|bildschirmfoto|"
    r"screen ?recording|whatsapp|hdr|untitled|unbenannt|jpe?g|png|mp4|heic|webp|tmp|wa|uhd|unnamed|"
    r"iphone)(?![^\W\d_])",
    re.IGNORECASE,
)
"""What cameras and programs write, wherever it stands."""
_HANDLING_WORDS = (
    "photo foto picture image bild pic pics scan video clip snapchat telegram signal fb received burst pano "
    "edited edit "
    "final copy kopie copie copia new neu original crop cropped resized export exported capture file download "
    "attachment temp test frame shot take cam camera at am pm large small medium thumb thumbnail hd portrait mode "
    "night and of the screen movie film sample version draft"
)
_HANDLING = frozenset(_HANDLING_WORDS.split())
"""Words about a file and not about what it shows: they are no caption by themselves, nor at a name's end."""
_ENDINGS = _HANDLING & {"edited", "edit", "final", "copy", "kopie", "copie", "copia", "crop", "cropped", "hd", "draft"}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def name_words(name: str) -> str | None:
    """The words of a file's name, when it has any: ``sunrise-over_the lake (2).jpg`` → ``Sunrise over the lake``.

    None for what a camera or a program wrote (``IMG_1234.JPG``, ``P1010001.jpg``, ``2024-06-14 12.30.45.jpg``, a UUID).
    Dates, counters, extensions and words such as *final* and *copy* are left out.
    """
    stem = clean(name).replace("\n", " ").replace("\\", "/").rsplit("/", 1)[-1][:200]
    stem = _EXTENSION.sub("", stem.strip())
    if re.fullmatch(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}(?:.{0,3})?|[0-9a-fA-F]{16,}", stem):
        return None
    stem = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ][a-zà-ÿ])", " ", _MACHINE.sub(" ", stem))
    words = [word for word in re.split(r"[\s_.,+()\[\]{}&=@#~;:/$%^!`\"<>|*?-]+", stem) if word]
    words = [word for word in words if not any(letter.isdecimal() for letter in word)]
    words = _MACHINE.sub(" ", " ".join(words)).split()
    while words and words[-1].lower() in _ENDINGS:
        words.pop()
    kept = " ".join(words)
    if not any(_is_word(word) and word.lower() not in _HANDLING for word in _WORD.findall(kept)):
        return None
    if kept.isupper() and kept.isascii():
        kept = kept.lower()
    return kept[:1].upper() + kept[1:]


def _is_word(word: str) -> bool:
    """Whether letters look like a word: three or more, a vowel among them; two are enough outside Latin letters."""
    base = unicodedata.normalize("NFKD", word)
    latin = all("LATIN" in unicodedata.name(letter, "") or not letter.isalpha() for letter in base)
    if not latin:
        return len(word) >= 2 or unicodedata.east_asian_width(word[0]) == "W"
    return len(word) >= 3 and re.search(r"[aeiouyæøœ]", base, re.IGNORECASE) is not None


# --- a title out of a request -----------------------------------------------------------------------------------------

_QUOTES = (
    r"“([^“”\n]{1,120})”|„([^„“”\n]{1,120})[“”]|«\s?([^«»\n]{1,120}?)\s?»|»([^«»\n]{1,120})«|"
    r"\"([^\"\n]{1,120})\"|「([^「」\n]{1,120})」|‹([^‹›\n]{1,120})›"
)
_SINGLE = r"(?<!\w)[‘']([^\n]{1,120}?)['’](?!\w)"
_NAMING = (
    r"titled|entitled|title it|title:|the title(?: is| should be| shall be)?:?|with the title|call it|name it|"
    r"betitelt|mit dem titel|"
    r"titel:?|namens|intitulée?|avec (?:le|pour) titre|titre ?:?|titulad[oa]|con el título|título:?|llámal[oa]|"
    r"intitolat[oa]|con il titolo|titolo:?|"
    r"intitulad[oa]|com o título"
)
_NAMED_NOUN = (
    rf"(?:(?:{FILM_NOUN}|it|one)(?: (?:about|of|from) (?:[\w'-]+ ){{0,6}}[\w'-]+,?)?,? )(?:is |which "
    rf"is |shall be |to be )?(?:called|named|genannt|appelée?|llamad[oa]|chiamat[oa]|chamad[oa])"
)
_EXPLICIT = re.compile(rf"(?<!\w)(?:{_NAMING}|{_NAMED_NOUN}):?\s+(?:{_QUOTES}|{_SINGLE})", re.IGNORECASE)
_NOT_A_TITLE = re.compile(
    r"(?:say(?:s|ing)?|song|track|text|caption|reads?|word|words|called|named|like|from|style of|to|by|of|"
    r"about|tune|und|and)[\s:,]*$",
    re.IGNORECASE,
)
_BARE_QUOTE = re.compile(_QUOTES)
_UNQUOTED = re.compile(
    rf"(?<!\w)(?:titled|entitled|title it|title:|call it|name it|betitelt|mit dem titel|intitulée?|titulad[oa]|"
    rf"intitolat[oa]|intitulad[oa]|{_NAMED_NOUN}):?\s+(?![\"“„«‘'])([^\n]{{1,160}})",
    re.IGNORECASE,
)
_UNQUOTED_END = re.compile(
    r"[.,;!?()–—]|\s(?:with|for|in (?:\d|the style)|about|that|and (?:make|keep|use|add)|using|lasting|set to|"
    r"please|mit|avec|con|com)\s",
    re.IGNORECASE,
)


def given_title(text: str) -> tuple[str, int, int] | None:
    """The title that a request gives in so many words ("called “Lake days”"), and where it stands; else None."""
    text = text[: lexicon.LONGEST]
    if match := _EXPLICIT.search(text):
        group = next(index for index in range(1, len(match.groups()) + 1) if match[index] is not None)
        # Only the title itself: the noun before it ("a square film called …") says more than that.
        return exact_title(match[group]), match.start(group), match.end()
    if match := _UNQUOTED.search(text):
        words = _UNQUOTED_END.split(match[1], maxsplit=1)[0].strip()
        if words:
            return short_title(words), match.start(1), match.start(1) + len(words)
    quotes = list(_BARE_QUOTE.finditer(text))
    if len(quotes) == 1 and not _NOT_A_TITLE.search(text[: quotes[0].start()]):
        match = quotes[0]
        words = next(group for group in match.groups() if group is not None)
        return exact_title(words), match.start(), match.end()
    return None


_QUOTE_HERE = re.compile(rf"\s*(?:{_QUOTES}|{_SINGLE})")


def quoted(text: str, at: int) -> tuple[str, int] | None:
    """What stands in quotation marks at `at` (blanks before them), and where they end; None where there are none."""
    match = _QUOTE_HERE.match(text, at)
    return (next(group for group in match.groups() if group is not None), match.end()) if match else None


_ASKING = re.compile(
    r"\s*(?:(?:hi|hello|hey|please|pls|kindly|ok|can you|could you|would you|will you|i would like(?: you)?(?: "
    r"to)?|i'd like(?: you)?(?: to)?|i want(?: you)?(?: to)?|"
    r"i need(?: you)?(?: to)?|we (?:need|want|would like)|let's|help me|go|"
    r"make|create|produce|cut|edit|build|generate|put together|compose|assemble|prepare|give|tell|show|do|turn|"
    r"write|design|"
    r"me|us|my family|"
    r"bitte|mach(?:e|en)?(?: sie)?|erstelle?n?(?: sie)?|erzeuge|schneide|zeige?n?|ich (?:möchte|will|hätte "
    r"gern(?:e)?|brauche)|mir|uns|"
    r"s'il (?:te|vous) plaît|fais(?:-moi)?|faites(?:-moi)?|crée(?:-moi)?|créez(?:-moi)?|je (?:veux|voudrais)|"
    r"por favor|haz(?:me)?|crea(?:mi|me)?|hazme|quiero|fai|fammi|vorrei|faça|crie|quero)(?![\w])[\s,:!]*)+",
    re.IGNORECASE,
)
_SOURCES = re.compile(
    r"\s*(?:out of |from |of |using |with |into |aus )?(?:(?:all )?(?:of )?(?:these|those|the|my|our|this|"
    r"attached|following|all|some|diesen?|ces|estas?|queste|estas)\s+)+"
    r"(?:attached |following |\d+ )?(?:photos?|pictures?|images?|pics|files?|clips?|videos?|footage|material|"
    r"media|fotos?|bilder\w*|images|imágenes|foto|notes?|folder|shots)"
    r"(?:(?:,| and|,? &) (?:the |my |our )?(?:photos?|pictures?|clips?|videos?|notes?|footage|sound|music|"
    r"text))*\s*(?:into|to|in|as|and make)?\s*",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"\s*(?:an?|the|one|eine?[nrms]?|ein|une?|una|uno|um|uma|un|la|le|el|il|o|der|die|das|den)\s+", re.IGNORECASE
)
_ABOUT = re.compile(
    r"[\s,:–—-]*(?P<word>(?:set|shot|filmed) (?:in|on|at)|made (?:of|from|out of)|that (?:shows|celebrates|"
    r"captures)|of|about|from|on|showing|covering|featuring|capturing|celebrating|documenting|"
    r"recounting|with|for|"
    r"über|von|vom|zum|zur|auf|aus|für|mit|de la|de l'|de|du|des|d'|sur|pour|del|della|dello|dell'|dei|delle|"
    r"degli|di|su|sulla|sul|sulle|sui|"
    r"do|da|dos|das|sobre|para|por)(?:(?<=')|\s+)",
    re.IGNORECASE,
)
_ARTICLES_WITHIN = {
    "vom": "",
    "zum": "",
    "zur": "",
    "de la": "la ",
    "de l'": "l'",
    "du": "le ",
    "des": "les ",
    "del": "el ",
    "della": "la ",
    "dello": "lo ",
    "dell'": "l'",
    "dei": "i ",
    "delle": "le ",
    "degli": "gli ",
    "sulla": "la ",
    "sul": "il ",
    "sulle": "le ",
    "sui": "i ",
    "do": "o ",
    "da": "a ",
    "dos": "os ",
    "das": "as ",
    "for": "for ",
    "für": "für ",
    "pour": "pour ",
    "para": "para ",
}
_NOMINATIVE = re.compile(r"^(?P<own>unser|mein|ihr|sein|dein|euer|eur)(?P<ending>en|em|er)(?=\s)", re.IGNORECASE)
_NOMINATIVES = {"en": "", "em": "", "er": "e"}
_MODIFIER_FILLER = re.compile(
    r"(?:short|quick|brief|little|nice|beautiful|lovely|simple|great|good|cool|cinematic|professional|stunning|"
    r"amazing|small|long|new|"
    r"high-quality|hd|full hd|4k|1080p|720p|60fps|30fps|silent|narrated|captioned|subtitled|slow|fast|quick|"
    r"paced|fast-paced|slow-paced|and|but|very|"
    r"really|slightly|\w+-length|kurze[rnsm]?|schöne[rnsm]?|kleine[rnsm]?|court|courte|petite?|belle?|beau|"
    r"corto|breve|bonito|bel|bello|curto|"
    r"format|in|as|of|at|for|the|a|an|de|d'|von|di|da|about|around|mood|style|tone|instagram|social media|"
    r"chronological|landscape|square|vertical|portrait)",
    re.IGNORECASE,
)
_TAIL_FILLER = re.compile(
    r"(?<!\w)(?:with|and|but|in|at|for|to|of|the|an?|some|please|make|keep|it|mood|tone|feel(?:ing)?|style|"
    r"vibe|music|soundtrack|background|set|add|use|"
    r"should|be|is|are|long|length|total|about|around|roughly|format|mode|very|really|nice|short|brief|thanks?|"
    r"thank you|simple|tempo|pace|voice|narration|"
    r"captions?|subtitles?|titles?|order|cinematic|one|film|video|movie|recap|like|photos?|pictures?|clips?|"
    r"posting|sharing|that|this|"
    r"instrumental|piano|guitar|acoustic|orchestral|no|not|too|mit|und|bitte|musik|avec|et|musique|con|y|"
    r"música|musica|com|e)(?!\w)",
    re.IGNORECASE,
)
_DESTINATION = re.compile(
    r"(?:,? (?:to (?:post|share|put|upload|show|send)(?: it)?(?: on| to| with| at)?|for (?:use )?(?:on )?)) "
    r"?(?:my |our |the |your )?(?:website|web|instagram|youtube|"
    r"tik ?tok|facebook|linkedin|whatsapp|twitter|x|phone|tv|social(?: media)?|work|clients?|homepage|blog|"
    r"family|friends|everyone|vimeo)(?!\w)",
    re.IGNORECASE,
)
_TOPICAL = re.compile(
    r"(?:,? (?:set to|with|and|plus|add(?:ing)?|over|mit|avec|con|com|without|no|ohne|sans|sin|senza|sem)) "
    r"(?:[\w'-]+,? ){0,4}?"
    r"(?:music|soundtrack|score|narration|voice-?over|voice|captions?|subtitles?|musik|untertiteln?|musique|"
    r"sous-titres|música|musica|"
    r"subtítulos|sottotitoli|legendas|erzähler(?:in|stimme)?|narración|narrazione|narração|narrator|commentary|"
    r"sound)(?!\w)",
    re.IGNORECASE,
)
_LINKS = re.compile(
    r"(?<!\w)(?:and|or|but|with|it|this|that|please|make|keep|the|an?|of|for|to|in|is|und|mit|et|avec|y|con|e|"
    r"com)(?!\w)",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"\s+(?:with|and|in|for|of|at|to|about|set to|lasting|mit|und|et|con|y|e|com|avec)$|"
    r"の?(?:動画|映像|ムービー|ビデオ)$|"
    r"的?(?:视频|影片|短片)$|(?<=\w)の$",
    re.IGNORECASE,
)
_EDGES = " .,;:!?–—-。，；：！？、"
_SMALL_WORDS = (
    "a an the of at in on to and or for with by from as vs de la le du des et y e di il und der die das im am von"
)
_SMALL = frozenset(_SMALL_WORDS.split())


READ = frozenset({"en", "de", "fr", "es", "it", "pt"})
"""The languages whose requests are read; what is asked for in another cannot be told from what it is about."""


def is_read(request: str, language: str | None = None) -> bool:
    """Whether `request` is in one of the languages in `READ`, as far as that can be told.

    Args:
        request: What was asked.
        language: The BCP 47 tag of the language that it is written in, where that is known.

    A name in other letters changes nothing ("a film about 東京"): most of the letters tell, where those that stand for
    a syllable or a word count twice.
    """
    letters = [letter for letter in request[: lexicon.LONGEST] if letter.isalpha()]
    foreign = [letter for letter in letters if "LATIN" not in unicodedata.name(letter, "LATIN")]
    if not foreign:
        return language is None or language.split("-")[0].lower() in READ
    weight = sum(2 if unicodedata.east_asian_width(letter) == "W" else 1 for letter in foreign)
    asked = lexicon.FILM.search(level(request)) and len(re.findall(r"(?<!\w)[A-Za-zÀ-ÿ]+(?!\w)", request)) > 1
    return bool(asked) or weight <= len(letters) - len(foreign)


def film_title(request: str, language: str | None = None) -> str | None:
    """The title of a film, out of the request for it: the one it gives, else what the film is said to be about.

    "A calm one-minute recap of our weekend at the lake" → "Our weekend at the lake". Never invented: every word is the
    request's own. None when the request does not say what it is about ("Make a video"), and when it gives no title and
    is in a language that is not read; `language` is the one that it is written in, where that is known.
    """
    text = " ".join(clean(request[: lexicon.LONGEST]).split())
    if given := given_title(text):
        return given[0]
    if not is_read(text, language):
        return None
    for sentence in re.split(r"(?<=[.!?;])\s+|\n", text):
        if subject := _subject(sentence):
            return short_title(subject)
    return None


def _subject(sentence: str) -> str | None:
    """What one sentence says a film is about."""
    rest, led = _without_lead(_without_production(level(sentence)))
    # "A vertical TikTok about…", "a minute of…": what was blanked out stands for the film.
    noun = lexicon.FILM.search(rest) or _STAND_IN.match(led + rest)
    if noun and noun.re is _STAND_IN:
        rest = led + rest
    if not noun:
        return _tidy(rest)
    if _only_modifiers(rest[: noun.start()]):
        return _tidy(_after_noun(rest, noun))
    if len(rest[: noun.start()].split()) <= 3:
        return _tidy(_kept_noun(rest, noun))
    return _tidy(rest)


def _without_lead(bare: str) -> tuple[str, str]:
    """A sentence without "please make me, from these photos, a", and the blanks that stood last before it."""
    led = ""
    while True:
        start = bare
        for pattern in (_BLANKS, _ASKING, _SOURCES):
            if match := pattern.match(bare):
                led = match[0] if pattern is _BLANKS else led
                bare = bare[match.end() :]
        if lexicon.FILM.search(bare) or "\x00" in bare:
            bare = _ARTICLE.sub("", bare, count=1) if _ARTICLE.match(bare) else bare
        if bare == start:
            return bare, led


_BLANKS = re.compile(r"[\s,:;.!–—-]*\x00[\s,:;.!\x00–—-]*")
_STAND_IN = re.compile(
    r"[^\x00]{0,60}\x00+(?=\s*(?:of|about|from|showing|featuring|with|for|über|von|de|d'|sur|sobre|di|su|sul|"
    r"sulla|del|do|da)\s)",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"(?:my|our|his|her|their|the|a|an)\s+(?:\w+\s+)?(?:grand\w+|mom|mum|mother|dad|father|parents|wife|"
    r"husband|partner|friends?|best friend|sister|"
    r"brother|son|daughter|kids|children|family|boss|team|colleagues?|teacher|aunt|uncle|cousins?|neighbou?rs?|"
    r"girlfriend|boyfriend|nan|gran)(?!['\w])",
    re.IGNORECASE,
)


def _after_noun(rest: str, noun: re.Match[str]) -> str:
    # Italian and Spanish share "del", and contract different articles in it.
    italian = re.fullmatch(r"filmat[oi]|riassunto|riepilogo|montaggio|presentazione", noun[0], re.IGNORECASE)
    return _behind(rest[noun.end() :], italian=italian is not None)


_STEP = re.compile(r"[\s,]*(\x00+)[\s,]*|[ ]+([^\W\d_]+)(?=[\s\x00])")


def _leading_to(tail: str) -> re.Match[str] | None:
    """The word that leads to the subject, behind blanks and adjectives ("un résumé calme … de notre été")."""
    at = 0
    while not (about := _ABOUT.match(tail, at)):
        step = _STEP.match(tail, at)
        if not step or (step[2] and not _only_modifiers(step[2])):
            return None
        at = step.end()
    return about


def _behind(tail: str, *, italian: bool = False) -> str:
    """What stands behind a film noun, from its subject on; empty when there is none."""
    about = _leading_to(tail)
    if not about:
        return tail if re.match(r"[\s\x00]*[:,–—-]", tail) else ""
    subject = tail[about.end() :]
    word = about["word"].lower()
    if sources := _SOURCES.match(subject):  # "a film from these photos about our dog"
        return _behind(" " + subject[sources.end() :], italian=italian)
    if word == "for" and (
        re.search(r"'s\s", subject)
        or (re.match(r"(?:my|our|his|her|their|the|an?)\s", subject) and not _PERSON.match(subject))
    ):
        return subject
    article = "il " if word == "del" and italian else _ARTICLES_WITHIN.get(word, "")
    subject = re.sub(r"^(?:dem|den|der)\s+", "", subject) if word in ("über", "von", "auf", "aus") else subject
    return article + subject


def _kept_noun(rest: str, noun: re.Match[str]) -> str:
    """What stays with its noun ("birthday video for Grandma"); a "travel vlog about Lisbon" is about Lisbon."""
    tail = rest[noun.end() :]
    about = _ABOUT.match(tail)
    if about and about["word"].lower() not in ("for", "für", "pour", "para", "with", "mit"):
        return _behind(tail)
    return rest


def _only_modifiers(text: str) -> bool:
    words = [word for word in re.split(r"[\s,\x00-]+", text) if word]
    return all(
        _MODIFIER_FILLER.fullmatch(word)
        or any(phrase.pattern.fullmatch(word) for phrase in (*lexicon.MOODS, *lexicon.PACES))
        for word in words
    )


def _without_production(text: str) -> str:
    """`text` with what is about the making blanked out by null characters: length, format, voice."""
    spans = [(length.start, length.end) for length in lengths(text)]
    for table in (lexicon.SHAPES, lexicon.LANGUAGE_PHRASES, lexicon.ORDERS, lexicon.ABSENT):
        spans += [(start, end) for _, start, end in lexicon.found(table, text)]
    for pattern in (
        lexicon.PIXELS,
        lexicon.WITHOUT,
        _DESTINATION,
        _TOPICAL,
        lexicon.SHAPE_BESIDE_NOUN,
        lexicon.SHAPE_ALONE,
    ):
        spans += [match.span() for match in pattern.finditer(text)]
    letters = list(text)
    for start, end in spans:
        while start > 0 and (
            before := re.search(
                r"(?:\b(?:of|lasting|in|at|as|for|about|around|under|than|less|exactly|roughly|von|de|di|da|en|"
                r"em)|d')\s*$",
                text[max(0, start - 12) : start],
                re.IGNORECASE,
            )
        ):
            start -= len(before[0])
        letters[start:end] = "\x00" * (end - start)
    return "".join(letters)


def _tidy(subject: str) -> str | None:
    """The subject's own segments, without those that are only about the making."""
    subject = subject.strip("\x00 ,").split("\x00", 1)[0].strip(_EDGES)
    subject = _NOMINATIVE.sub(lambda match: match["own"] + _NOMINATIVES[match["ending"].lower()], subject, count=1)
    kept: list[str] = []
    for segment in re.split(r"\s*(?:[,;，；、]| [–—-] )\s*", subject):
        if not _about_making(segment, first=not kept):
            kept.append(segment)
        elif kept:
            break
    words = _DANGLING.sub("", ", ".join(kept).strip(_EDGES)).strip(_EDGES)
    return words if re.search(r"[^\W\d_]|\d{4}", words) else None


def _about_making(segment: str, *, first: bool) -> bool:
    """Whether nothing in a segment is about the subject: "calm and slow", "with music", "make it short"."""
    if re.match(r"(?:make|keep|use|add|please|it should|no|without|not)\s", segment, re.IGNORECASE):
        return True
    left = segment
    for phrase in (*lexicon.MOODS, *lexicon.PACES):
        left = phrase.pattern.sub(" ", left)
    left = (_LINKS if first and left == segment else _TAIL_FILLER).sub(" ", left)
    return re.search(r"\w", left) is None


def exact_title(words: str) -> str:
    """A title that was given in quotation marks, letter by letter, as one line: the frame has room for long ones too."""
    return " ".join(clean(words).split())


def short_title(words: str) -> str:
    """`words` as a title: one line, at most `LONGEST_TITLE` characters (cut between words), its first letter large.

    Shouted words become title case; other capitals stay as they were given.
    """
    words = " ".join(clean(words).split()).strip(" .,;:–—-") or " ".join(clean(words).split())
    if len(words) > LONGEST_TITLE:
        clause = re.split(r"[.,;:!?–—]\s|\s[–—-]\s", words[: LONGEST_TITLE + 1])
        words = (
            clause[0]
            if len(clause) > 1 and len(clause[0]) >= 12
            else words[: LONGEST_TITLE + 1].rsplit(" ", 1)[0][:LONGEST_TITLE]
        )
        words = re.sub(
            r"\s+(?:and|or|the|an?|of|in|at|on|to|with|for|by|und|der|die|das|et|de|y|e|con)$",
            "",
            words.rstrip(" ,;:–—-"),
            flags=re.IGNORECASE,
        )
    if words.isupper() and len(words.split()) > 1:
        words = " ".join(
            word if place and word in _SMALL else word[:1].upper() + word[1:]
            for place, word in enumerate(words.lower().split())
        )
    words = re.sub(r"\bi\b(?=['\s]|$)", "I", words) if re.search(r"\bi'|\bi (?:am|was|had|went|love)", words) else words
    return words[:1].upper() + words[1:] if not re.match(r"i[A-Z]|e[A-Z]", words) else words
