"""The words that people use when they ask for a film, as tables: lengths, moods, shapes, orders, languages, paces.

Everything here is data and pure functions over text. A table maps a pattern onto what it means; `found` walks a text
through a table and leaves out what is negated ("nothing too sad"). English first; German, French, Spanish, Italian and
Portuguese for the main words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 4_000
"""A request is read up to so many characters: patterns stay fast whatever is pasted."""


class Phrase(NamedTuple):
    """A pattern and what it means."""

    means: str
    pattern: re.Pattern[str]


class Found(NamedTuple):
    """A phrase that was found: what it means, and where in the text."""

    means: str
    start: int
    end: int


_LOOKALIKES = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u2010": "-",
        "\u2011": "-",
        "\u2212": "-",
        "\u2019": "'",
        "\u02bc": "'",
        "\u2236": ":",
        "\u00d7": "x",
        "\t": " ",
    }
)


def level(text: str) -> str:
    """`text` with typographic hyphens, blanks and apostrophes made plain; every character keeps its place."""
    return "".join(
        " " if ord(letter) < 32 and letter != "\n" else letter for letter in text[:LONGEST].translate(_LOOKALIKES)
    )


def _table(**rows: str) -> tuple[Phrase, ...]:
    return tuple(Phrase(means, _words(pattern)) for means, pattern in rows.items())


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


FILM_NOUN = (
    r"(?:music |home |photo |short |highlights? |show)?(?:films?|movies?|videos?|clips?|reels?)|recaps?|"
    r"montages?|slide ?shows?|"
    r"vlogs?|trailers?|teasers?|highlights|summary|documentary|mini-doc|ads?|adverts?|commercials?|promos?|"
    r"(?:photo )?story|"
    r"compilation|edit|presentation|round-?up|travelogue|postcard|(?:photo )?album|piece|"
    r"kurzfilm|erinnerungsfilm|rückblick|zusammenfassung|zusammenschnitt|diashow|urlaubsfilm|"
    r"vidéos?|récapitulatif|récap|résumé|diaporama|bande-annonce|court[- ]métrage|"
    r"película|vídeos?|resumen|recopilación|montaje|presentación|tráiler|"
    r"filmato|filmati|riassunto|riepilogo|montaggio|presentazione|"
    r"filmes?|clipes?|resumo|retrospectiva|montagem|apresentação"
)
"""What a film is called in a request, as an alternation."""

FILM = _words(FILM_NOUN)

MOODS = _table(
    melancholy=r"melanchol(?:y|ic)|melancholisch\w*|mélancolique|melancólic[oa]|malinconic[oa]|sad|wistful|"
    r"bittersweet|sombre|"
    r"somber|mournful|nostalgi[ac]|nostalgique|nostálgic[oa]|nostalgisch\w*|traurig\w*|triste|poignant|elegiac",
    tense=r"tense|suspense(?:ful)?|thriller(?:-like)?|spannend\w*|ominous|creepy|spooky|scary|eerie|tens[oa]|"
    r"nervous|gritty|"
    r"mysterious|inquietante|dark and moody",
    epic=r"epic|episch\w*|épique|épic[oa]|epic[oa]|grand|grandiose?|heroic|majestic|triumphant|dramatic|"
    r"inspiring|powerful|"
    r"dramatisch\w*|dramatique|dramátic[oa]|drammatic[oa]|awe-inspiring|blockbuster|adventurous",
    playful=r"playful|funny|silly|quirky|humou?rous|whimsical|goofy|comic(?:al)?|cheeky|verspielt\w*|lustig\w*|"
    r"witzig\w*|ludique|"
    r"drôle|rigolote?|divertid[oa]|gracios[oa]|giocos[oa]|buff[oa]|divertente|brincalhão|engraçad[oa]|childlike",
    upbeat=r"upbeat|up-beat|happy|energetic|lively|cheerful|joyful|joyous|fun|bright|peppy|exciting|dynamic|"
    r"festive|punchy|"
    r"fröhlich\w*|lebhaft\w*|heiter\w*|schwungvoll\w*|joyeu(?:x|se)|entraînante?|énergique|gaie?|alegre|"
    r"animad[oa]|enérgic[oa]|"
    r"allegr[oa]|vivace|energic[oa]|feliz|feel-good|party-like|sunny mood",
    warm=r"warm|heart-?warming|heartfelt|tender|loving|romantic|cosy|cozy|sentimental|touching|intimate|affectionate|"
    r"herzlich\w*|warmherzig\w*|gefühlvoll\w*|romantisch\w*|chaleureu(?:x|se)|tendre|romantique|émouvante?|"
    r"cálid[oa]|tiern[oa]|"
    r"romántic[oa]|cald[oa]|affettuos[oa]|romantic[oa]|emotiv[oa]|calor?os[oa]|tern[oa]|românti[co]a|"
    r"acolhedora?|emotional",
    calm=r"calm(?:ing)?|quiet|peaceful|relax(?:ed|ing)|serene|soothing|tranquil|gentle|dreamy|mellow|"
    r"chill(?:ed)?|soft|laid-back|"
    r"meditative|ambient|ruhig\w*|entspannt\w*|sanft\w*|friedlich\w*|still(?:er|es|en)|besinnlich\w*|calme|"
    r"paisible|doux|douce|"
    r"sereine?|tranquil[oa]|tranquill[oa]|relajad[oa]|suave|seren[oa]|rilassat[oa]|rilassante|calm[oa]|relaxante",
)
"""What a mood is called; the meanings are `plan.catalogue.generate.Mood`."""

OCCASIONS = _table(
    melancholy=r"memorial|funeral|in (?:loving )?memory of|obituary|beerdigung|funérailles|enterrement",
    warm=r"wedding|anniversary|christmas|hochzeit|weihnachten|mariage|noël|boda|navidad|matrimonio|natale|"
    r"casamento|natal|"
    r"new baby|newborn|baby shower|grandma'?s?|grandpa'?s?",
    upbeat=r"birthday|party|parties|festival|carnival|geburtstag\w*|anniversaire|cumpleaños|compleanno|"
    r"aniversário|fiesta|"
    r"festa|carnaval|karneval",
)
"""Occasions that usually want a mood, when the words name none."""

SHAPES: tuple[Phrase, ...] = (
    Phrase("9:16", _words(r"9 ?[:x/] ?16|9 by 16")),
    Phrase("16:9", _words(r"16 ?[:x/] ?9|16 by 9")),
    Phrase("1:1", _words(r"1:1|1 ?x ?1|1 by 1")),
    Phrase("4:5", _words(r"4:5|4 ?x ?5|4 by 5")),
    Phrase("1440x1080", _words(r"4:3 (?:format|aspect|ratio|video|film)|(?:in|at|format) 4:3")),
    Phrase("1920x816", _words(r"21:9|2[.,](?:35|39|4):1|ultra-?wide|cinemascope")),
    Phrase(
        "9:16",
        _words(
            r"tik ?tok|douyin|snapchat|(?:instagram|insta|ig|facebook|fb) (?:reels?|stor(?:y|ies))|for "
            r"(?:reels|stories)|"
            r"youtube[- ]shorts?|(?:for|as) shorts|yt shorts|(?:whatsapp|insta(?:gram)?|facebook|snapchat) "
            r"(?:stor(?:y|ies)|status)|"
            r"(?:story|stories) format|(?:tiktok|reels?),? (?:or|and|&) (?:shorts|stories)|reels|"
            r"(?:for|on) (?:my|your|the|a|our|their)? ?(?:phones?|mobile|smartphones?)(?! (?:camera|footage|"
            r"video))|phone format|"
            r"hochformat|hochkant|format vertical|formato vertical[ei]?|en vertical|in verticale|na vertical|"
            r"vertikale?s?|"
            r"upright (?:video|film|format)"
        ),
    ),
    Phrase("4:5", _words(r"(?:instagram|insta|ig) (?:post|feed)|(?:for )?(?:the|my|our) feed")),
    Phrase("9:16", _words(r"(?:for|on) (?:instagram|insta)")),
    Phrase(
        "1:1",
        _words(
            r"quadratisch\w*|format carré|(?:vidéo|film) carrée?|cuadrad[oa]s?|quadrat[oa]|quadrad[oa]|"
            r"square[- ]format|"
            r"(?:in|as|into) (?:a )?square(?: format)?"
        ),
    ),
    Phrase(
        "16:9",
        _words(
            r"wide-?screen|16-9|querformat|breitbild|paysage \(?16|format paysage|formato (?:orizzontale|"
            r"horizontal|panorámico)|"
            r"for (?:the |our |my )?(?:tv|television|vimeo|projector|big screen)|youtube(?![- ]short)|"
            r"horizontal format"
        ),
    ),
)
"""Formats that say so plainly. "Square" and "portrait" need company: see `SHAPE_ADJECTIVES`."""

SCORE = re.compile(
    r"(?<!\w)(?:won|win|lost|beat|score[ds]?|drew|draw|ended|match|game|result)\W+(?:\w+\W+){0,3}$", re.IGNORECASE
)
"""What stands before a ratio that is a football result."""

PLACE_BEFORE = re.compile(r"(?:(?-i:[A-Z])\w+|town|market|main|village|city|central|the|public|our) $", re.IGNORECASE)
"""What stands before a square that is a place."""

MOOD_NOUN = re.compile(
    rf"[\s,-]+(?:[\w-]+[\s,]+){{0,2}}?(?:{FILM_NOUN}|music|mood|tone|feel(?:ing)?|vibes?|soundtrack|score|"
    rf"atmosphere|style|stimmung|musik|"
    r"musique|ambiance|música|musica|atmosfera|ambiente)(?!\w)",
    re.IGNORECASE,
)
"""What stands after a word that is the film's mood."""

TRAILING = re.compile(
    r"[,;.:–—-]\s+(?:(?:and|very|make it|keep it|but|it should be|should be|something)\s+)*$", re.IGNORECASE
)
"""What stands before a mood that is added at the end: "our bay, calm and slow"."""

SHAPE_ADJECTIVES = {
    "square": "1:1",
    "vertical": "9:16",
    "portrait": "9:16",
    "upright": "9:16",
    "landscape": "16:9",
    "horizontal": "16:9",
    "verticale": "9:16",
    "carré": "1:1",
    "carrée": "1:1",
    "cuadrado": "1:1",
}
"""Words that are a format only beside a film noun or a format word: Times Square is none."""

_ADJECTIVE = r"square|vertical|portrait|upright|landscape|horizontal|verticale"
SHAPE_BESIDE_NOUN = re.compile(
    rf"(?<!\w)(?P<shape>{_ADJECTIVE})(?=[\s,-]+(?:[\w:'-]+[\s,]+){{0,3}}?(?:{FILM_NOUN}|format|mode|"
    rf"orientation|aspect|crop|version|cut|post)(?!\w))",
    re.IGNORECASE,
)
SHAPE_ALONE = re.compile(
    rf"(?:(?<!\w)(?:(?:make|keep) (?:it|this|them|everything)|(?:should|must|to) be|shot|filmed|"
    rf"format:?)\s+(?:a |in )?|"
    rf"(?<!\w)in (?=(?:{_ADJECTIVE})\s*(?:[.,;!?)]|$|and |with |for |please))|[,;(]\s*(?:and "
    rf")?)(?P<shape>{_ADJECTIVE})(?=\s*(?:[.,;!?)]|$|and |with |for |please|format))",
    re.IGNORECASE,
)
SHAPE_OF_NOUN = re.compile(
    r"(?<!\w)(?:vidéo|video|vídeo|film|filmato|película|formato?|recap|resumen) (?P<shape>vertical|verticale|"
    r"horizontal|carrée?|cuadrado)(?!\w)",
    re.IGNORECASE,
)
PIXELS = re.compile(r"(?<![\w.])(\d{3,4}) ?x ?(\d{3,4})(?![\w.])", re.IGNORECASE)
"""A size in pixels; `level` has turned × into x."""

ORDERS = _table(
    reverse=r"(?:in )?(?:reverse|reversed|inverse)[- ](?:chronological(?:ly)?|order)|reverse-chronological(?: "
    r"order)?|newest first|"
    r"latest first|most recent first|last to first|backwards in time|umgekehrte[rn]? reihenfolge|rückwärts|"
    r"neueste zuerst|"
    r"ordre inverse|orden inverso|ordine inverso|ordem inversa|antichronologique",
    as_given=r"(?:in|keep|use|follow) (?:the|this|that|my) (?:given |same |exact |file |original |listed "
    r")?order(?! of (?:date|time))"
    r"(?: given| i gave| as given| of the files| they come| they came| they are listed)?|in the order (?:given|"
    r"i gave|listed|they (?:come|are (?:given|listed)))|"
    r"as given|in file order|in order of (?:file )?names?|do not re-?order|don't re-?order|without re-?ordering|"
    r"in dieser reihenfolge|in der gegebenen reihenfolge|dans cet ordre|dans l'ordre donné|en este orden|en el "
    r"orden dado|in quest'ordine|nest[ae] ordem",
    chronological=r"chronologic(?:al(?:ly)?)?(?: order)?|chronologisch\w*|chronologique(?:ment)?|"
    r"cronológic[oa](?:mente)?|cronologic[oa]|"
    r"in (?:order of (?:date|time)|date order|time order)|(?:sorted|ordered|order) by (?:date|time)|by date(?: "
    r"taken)?|"
    r"(?:in )?(?:the )?order (?:they were |it was )?(?:taken|shot|filmed)|(?:in the )?order (?:we|i) (?:took|"
    r"shot) them|"
    r"oldest first|earliest first|first to last|as it happened|nach datum|par date|por fecha|per data|por data",
)
"""The order of the pictures."""

PACES = _table(
    slow=r"slow[- ](?:paced?|pacing|tempo|rhythm|cuts?|burn)|leisurely|unhurried|contemplative|take (?:your|"
    r"its) time|lingering|"
    r"(?:gentle|calm|relaxed|easy) pace|langsam(?:e[rsn]?)?|gemächlich\w*|lente?|lentement|rythme lent|ritmo "
    r"lento|lent[oa]|"
    r"(?:make|keep) it slow|slow(?=,? (?:\w+,? ){0,2}(?:recap|montage|slideshow|film|movie|video|edit)(?!\w))",
    fast=r"fast[- ](?:paced?|pacing|tempo|rhythm|cuts?|cutting|moving)|quick[- ](?:cuts?|cutting|fire|paced)|"
    r"rapid(?:[- ]fire| cuts?)?|"
    r"snappy|frenetic|high[- ](?:energy|tempo|octane)|hectic|(?:make|keep) it fast|schnell(?:e[rsn]?)? "
    r"(?:schnitte?|geschnitten\w*|tempo)|"
    r"schnelle[rsn]?|rythme rapide|rapide|ritmo rápido|ritmo (?:veloce|serrato)|rápid[oa]|veloce|fast(?=,? "
    r"(?:\w+,? ){0,2}(?:recap|montage|slideshow|film|movie|video|edit)(?!\w))",
    normal=r"(?:normal|medium|moderate|steady|regular) (?:pace|tempo|speed)|medium-paced|moderately paced",
)
"""How fast it is cut. "Slow motion" is another thing."""

LANGUAGES: dict[str, str] = {
    "en-GB": r"british english",
    "en-US": r"american english|us english",
    "pt-BR": r"brazilian portuguese|português brasileiro",
    "en": r"english|englisch|anglais|inglés|inglese|inglês",
    "de": r"german|deutsch|allemand|alemán|tedesco|alemão",
    "fr": r"french|französisch|français|francés|francese|francês",
    "es": r"spanish|spanisch|espagnol|español|castellano|spagnolo|espanhol",
    "it": r"italian|italienisch|italien|italiano",
    "pt": r"portuguese|portugiesisch|portugais|portugués|portoghese|português",
    "nl": r"dutch|niederländisch|holländisch|nederlands|néerlandais|neerlandés|olandese|holandês",
    "pl": r"polish|polnisch|polonais|polaco|polacco|polonês|po polsku",
    "sv": r"swedish|schwedisch|svenska|suédois|sueco|svedese",
    "da": r"danish|dänisch|dansk|danois|danés|danese",
    "nb": r"norwegian|norwegisch|norsk|norvégien|noruego|norvegese",
    "fi": r"finnish|finnisch|suomeksi|suomi|finnois",
    "cs": r"czech|tschechisch|čeština|česky|tchèque|checo|ceco",
    "ru": r"russian|russisch|по-русски|русском|russe|ruso|russo",
    "uk": r"ukrainian|ukrainisch|українською|ukrainien|ucraniano|ucraino",
    "tr": r"turkish|türkisch|türkçe|turc|turco",
    "ar": r"arabic|arabisch|arabe|árabe|arabo|العربية|بالعربية",
    "he": r"hebrew|hebräisch|hébreu|hebreo|ebraico|hebraico|עברית|בעברית",
    "hi": r"hindi|हिंदी|हिन्दी",
    "ja": r"japanese|japanisch|japonais|japonés|giapponese|japonês|日本語",
    "zh": r"chinese|mandarin|chinesisch|chinois|chino|cinese|chinês|中文|普通话",
    "ko": r"korean|koreanisch|coréen|coreano|한국어",
    "el": r"greek|griechisch|grec|griego|greco|grego|ελληνικά",
    "hu": r"hungarian|ungarisch|magyarul|hongrois",
    "ro": r"romanian|rumänisch|română|roumain",
    "th": r"thai|thailändisch|ภาษาไทย",
    "vi": r"vietnamese|vietnamesisch|tiếng việt",
    "id": r"indonesian|indonesisch|bahasa indonesia",
}
"""Names of languages, by BCP 47 tag."""

_SPOKEN = (
    r"narration|narrat(?:or|ed|ive)|captions?|subtitles?|subs|titles?|text|voice(?:-?over)?|commentary|audio|"
    r"words|speech|"
    r"untertiteln?|erzähl\w+|sprecher\w*|kommentar|sous-titres|subtítulos|sottotitoli|legendas"
)
_AFTER = (
    r"(?=\s*(?:[.,;:!?)\n]|$|with|and|please|for|only|about|of|from|to|mit|und|bitte|avec|et|con|y|com|e|"
    + _SPOKEN
    + r")(?:\W|$))"
)
LANGUAGE_PHRASES: tuple[Phrase, ...] = tuple(
    Phrase(
        tag,
        re.compile(
            rf"(?<!\w)(?:(?:(?:speak|written|narrated|spoken|told)\s+)?(?:in|auf|en|em|in het|"
            rf"på)\s+(?:the\s+)?(?:{names}){_AFTER}|"
            rf"(?:{names})e?[nsr]?[\s-](?:language\s+)?(?:{_SPOKEN})(?!\w)|"
            rf"(?:language|sprache|langue|idioma|lingua):?\s*(?:{names})(?!\w))|(?:用|で)?(?:{names})(?:で|字幕|旁白)",
            re.IGNORECASE,
        ),
    )
    for tag, names in LANGUAGES.items()
)
"""A language that the film shall speak. "In German," is one; "in Polish forests" and "in the Italian Alps" are not."""

TOPICS: dict[str, str] = {
    "voice": r"narrations?|narrators?|voice-?overs?|voices?|voice overs?|commentary|speech|spoken (?:words?|"
    r"text)|talking|speaking|"
    r"sprecher(?:in|stimme)?|erzähler(?:in|stimme)?|stimme|kommentar|erzählung|voix(?: off)?|commentaires?|"
    r"voz(?: en off)?|"
    r"narración|narrador|voce(?: narrante)?|narrazione|narração",
    "music": r"(?:background |backing )?music|soundtrack|score|musik|hintergrundmusik|musique|música|musica",
    "captions": r"captions?|subtitles?|subs|closed captions|text overlays?|on-?screen text|untertiteln?|"
    r"sous-titres|subtítulos|"
    r"sottotitoli|legendas",
}
"""What a film may have or not."""

TOPIC_WORDS = {name: _words(pattern) for name, pattern in TOPICS.items()}
"""The same, ready to search with."""

_ANY_TOPIC = "|".join(TOPICS.values())
WITHOUT = re.compile(
    rf"(?<!\w)(?:no|without|w/o|not any|don't (?:want|add|use|include|need)|do not (?:want|add|use|include|"
    rf"need)|skip|omit|leave out|drop|"
    rf"minus|zero|kein(?:e|en|er)?|ohne|sans|pas de|sin|senza|nessuna?|niente|sem|nenhuma?)\s+(?:(?:any|a|an|"
    rf"the|eine?|une?|la|le|les|"
    rf"burned-in|background|of|all|human)\s+)?(?P<what>(?:{_ANY_TOPIC})(?:"
    rf"(?:,\s*(?:no\s+|any\s+|a\s+)?(?:{_ANY_TOPIC})){{0,4}},?\s+(?:or|nor|oder|ou|o|ni)\s+(?:any\s+|"
    rf"a\s+)?(?:{_ANY_TOPIC})|"
    rf"\s*(?:/|and|und|et|y|e)\s*(?:any\s+|a\s+)?(?:{_ANY_TOPIC}))?)(?!\w)",
    re.IGNORECASE,
)
"""Things that shall be absent: "no narration", "without music, voice or captions"."""

ABSENT = _table(
    **{
        "voice": r"don't narrate|do not narrate|unnarrated|nobody (?:speaks|talks)|wordless(?:ly)?|(?:only|"
        r"just) (?:the )?music|music only|"
        r"nur musik|seulement (?:de )?la musique|sólo música|solo musica|só música|instrumental only|"
        r"(?:only|just) (?:the )?(?:natural|original|ambient) sounds?|(?:natural|original|ambient) sounds? only",
        "music": r"(?:only|just) (?:the )?(?:natural|original|ambient) sounds?|(?:natural|original|ambient) "
        r"sounds? only|(?:only|just) (?:the |a )?"
        r"(?:voice|narration)|(?:voice|narration) only",
        "captions": r"un(?:captioned|subtitled)|no (?:words|text) on (?:the )?screen|(?:no|without) "
        r"(?:on-?screen |overlaid )?text|wordless(?:ly)?|"
        r"ohne text|sans texte|sin texto|senza testo|sem texto",
        "sound": r"silent(?=,? (?:[\w-]+,? ){0,2}(?:recap|montage|slideshow|film|movie|video|clip|edit|"
        r"reel)(?!\w))|(?:make|keep) it silent|"
        r"(?:no|without(?: any)?) (?:sound|audio)|muted?|ohne ton|stumm(?:e[rsn]?)?|sans son|muette?|sin "
        r"(?:sonido|audio)|"
        r"senza (?:suono|audio)|sem (?:som|áudio)|completely silent|(?<=[,;] )silent(?=\s*(?:[.,;!?]|$))",
    }
)
"""Absences that have their own words. A film without sound has neither voice nor music."""

PRESENT = _table(
    voice=r"(?:with|add|include|and|plus|some|in|by|using|mit|avec|con|com) (?:a |an |the |my |eine[rm]? |"
    r"einem |une? |una |uma )?"
    r"(?:\w+ ){0,2}?(?:narrations?|narrators?|voice-?overs?|voice|voice over|commentary|sprecher(?:in|stimme)?|"
    r"erzähler(?:in|stimme)?|"
    r"kommentar|voix(?: off)?|narración|voz(?: en off)?|narrazione|voce(?: narrante)?|narração)|narrated?|"
    r"voice-?over|narrate (?:it|the|my|this)|"
    r"narration|read (?:\w+ ){0,3}aloud|spoken (?:narration|word|commentary)|voiced",
    music=r"(?:with|add|include|and|plus|some|to|using|mit|zu|avec|con|com|over) (?:a |an |the |some |"
    r"eine[rm]? |une? |una |uma |de la )?(?:[\w-]+ ){0,3}?"
    r"(?:music|soundtrack|score|musik|musique|música|musica)|background music|(?:only|just) (?:the )?music|"
    r"music only|nur musik|"
    r"set to (?:\w+ ){0,2}music",
    captions=r"(?:with|add|include|and|plus|some|using|mit|avec|con|com) (?:a |the |burned-in |des |de "
    r")?(?:[\w-]+ ){0,3}?"
    r"(?:captions?|subtitles?|subs|untertiteln?|sous-titres|subtítulos|sottotitoli|legendas)|captioned|"
    r"subtitled|untertitelt\w*|"
    r"sous-titrée?s?|subtitulad[oa]|sottotitolat[oa]|legendad[oa]|caption (?:it|them|each|every)|on-?screen "
    r"text|(?:\w+ )?(?:captions|subtitles|untertitel)",
)
"""Things that shall be there."""

_NEGATED = re.compile(
    r"(?:(?<!\w)(?:no|not|never|nothing|without|non|kein\w*|nicht|ohne|nichts|pas|sans|sin|senza|nada|sem|não|"
    r"rather than|instead of|avoid|less)|n't)"
    r"[^\w.,;]+(?:(?:too|so|very|that|really|overly|particularly|an?|the|any|be|make it|something|anything|"
    r"feel(?:ing)?|zu|sehr|de|trop|"
    r"très|muy|demasiado|troppo|muito|want|it|all)[^\w.,;]+){0,4}$",
    re.IGNORECASE,
)


def negated(text: str, at: int) -> bool:
    """True when the words just before `at` turn what follows into its opposite."""
    return _NEGATED.search(text[max(0, at - 60) : at]) is not None


def found(table: tuple[Phrase, ...], text: str) -> Iterator[Found]:
    """What of `table` occurs in `text` (as `level` returns it) and is not negated, in the table's order."""
    for phrase in table:
        for match in phrase.pattern.finditer(text):
            if not negated(text, match.start()):
                yield Found(phrase.means, match.start(), match.end())
