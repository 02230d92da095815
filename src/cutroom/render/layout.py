"""Where the words of a film stand: which lines, how large, in which place.

Sizes follow the frame's shorter side, places the safe areas (`safe`). Text that does not fit is broken anew first, then
made smaller, and only at last are words taken apart or left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from cutroom.errors import BadInput
from cutroom.render.faces import Cast, Face, chosen, shipped
from cutroom.render.ink import Look, Placed, block_of
from cutroom.render.safe import TALL, Margins, margins
from cutroom.render.spoken import Said, groups, said, shown
from cutroom.render.typeset import Line, clean, right_to_left, set_line, shorten, wrap
from cutroom.timeline.timeline import Caption, CaptionStyle, Format, Timeline, Title

TITLE_SIZES = {"centre": 0.112, "end": 0.092, "upper": 0.072, "lower_third": 0.06}
"""The letters' em square by a title's place, as a part of the frame's shorter side."""
CAPTION_TRIES = ((2, 1.0), (2, 0.94), (2, 0.88), (3, 0.88), (3, 0.78), (4, 0.68), (4, 0.6))
"""How many lines at which part of the size asked for, in the order in which a caption tries to fit."""
TALL_TRIES = ((2, 1.0), (3, 1.0), (3, 0.9), (4, 0.8), (4, 0.68), (5, 0.6))
WORDS_TRIES = ((1, 1.0), (1, 0.88), (1, 0.76), (2, 0.88), (2, 0.76), (2, 0.64), (3, 0.52))
TALL_WORDS_TRIES = ((1, 1.0), (2, 1.0), (1, 0.88), (2, 0.88), (1, 0.76), (2, 0.76), (2, 0.64), (3, 0.52))
TITLE_TRIES = ((1, 1.0), (1, 0.9), (2, 1.0), (2, 0.88), (2, 0.78), (3, 0.7), (3, 0.6), (4, 0.5), (5, 0.4))
TALL_TITLE_TRIES = ((1, 1.0), (2, 1.0), (3, 1.0), (3, 0.88), (4, 0.8), (4, 0.7), (5, 0.6), (6, 0.5), (7, 0.4))

WORDS_SIZE = 2.0
"""How much larger words are than captions when few are shown at a time."""

# Every look holds 4.5 : 1 (WCAG 2.2, 1.4.3) by itself on a white picture, the worst that white letters can meet.
CAPTION_LOOK = Look()
WORDS_LOOK = Look(shadow=0.1)
CENTRE_LOOK = Look(
    outline=0.02,
    outline_strength=0.3,
    shadow=0.05,
    shadow_drop=0.012,
    shadow_strength=0.8,
    glow=0.3,
    glow_strength=0.66,
    shade=0.5,
)
THIRD_LOOK = Look(
    outline=0.048,
    outline_strength=0.83,
    shadow=0.09,
    shadow_drop=0.025,
    shadow_strength=0.85,
    glow=0.34,
    glow_strength=0.45,
    bar=True,
)


@dataclass(frozen=True)
class Layout:
    """Where the lines of one caption or title stand, and what was done to make them fit."""

    placed: tuple[Placed, ...]
    look: Look
    left_out: int = 0
    """How many words had no place."""


@dataclass(frozen=True)
class Lit:
    """A word of a caption that is lit up while it is said."""

    start: Fraction
    end: Fraction
    parts: tuple[tuple[int, int, int], ...]
    """Where it stands: a line's place in the layout, and the first and last of its characters."""


def lay_out(timeline: Timeline, what: Caption | Title) -> Layout:
    """Where the lines of `what` stand in the timeline's frame, in the middle of the time that it is shown."""
    if isinstance(what, Title):
        return _lay_out_title(timeline, what)
    if timeline.caption_style.mode != "words":
        return _lay_out_block(timeline, what)
    together = groups(said(what))
    middle = what.start + what.seconds / 2
    place = sum(group[0].start <= middle for group in together) - 1
    return lay_out_group(timeline, together[max(place, 0)]) if together else Layout((), WORDS_LOOK)


def lay_out_group(timeline: Timeline, group: Sequence[Said], scale: float = 1.0) -> Layout:
    """Where words stand that are shown together, `scale` times as large as they come to rest."""
    form, style = timeline.format, timeline.caption_style
    cast = caption_cast(style, timeline.language)[0]
    tries = TALL_WORDS_TRIES if form.aspect < TALL else WORDS_TRIES
    asked = WORDS_SIZE * style.size * min(form.width, form.height)
    lines, size, left_out = _fitted((shown(group),), cast, asked, _room(timeline), tries, 0.0)
    layout = Layout(_block(timeline, lines, cast, size, 1.06), _scrimmed(WORDS_LOOK, style.scrim), left_out)
    return layout if scale == 1 or not layout.placed else replace(layout, placed=_scaled(layout.placed, cast, scale))


def lit(layout: Layout, words: Sequence[Said]) -> tuple[Lit, ...]:
    """Where each of a caption's words stands in its `layout`; words that had no place are left out."""
    places = [
        (line, place, char)
        for line, one in enumerate(layout.placed)
        for place, char in enumerate(one.line.text)
        if char != " "
    ]
    found = []
    at = 0
    for word in words:
        stands: dict[int, list[int]] = {}
        for char in word.text.replace(" ", ""):
            # A hyphen that was put in where a word was taken apart is nobody's letter.
            at += at + 1 < len(places) and places[at][2] == "-" != char and places[at + 1][2] == char
            if at < len(places) and places[at][2] == char:
                stands.setdefault(places[at][0], []).append(places[at][1])
                at += 1
        parts = tuple((line, min(chars), max(chars) + 1) for line, chars in stands.items())
        found += [Lit(word.start, word.end, parts)] if parts else []
    return tuple(found)


def caption_box(timeline: Timeline, caption: Caption) -> tuple[int, int, int, int]:
    """What all lines of `caption` take: left, top, width and height in pixels, without outline and shadow.

    All zero when nothing of it can be drawn.
    """
    word_by_word = timeline.caption_style.mode == "words"
    layouts = (
        [lay_out_group(timeline, group) for group in groups(said(caption))]
        if word_by_word
        else [lay_out(timeline, caption)]
    )
    placed = [one for layout in layouts for one in layout.placed]
    if not placed:
        return 0, 0, 0, 0
    left, top, right, bottom = (round(edge) for edge in block_of(placed))
    return left, top, right - left, bottom - top


def _lay_out_block(timeline: Timeline, caption: Caption) -> Layout:
    form, style = timeline.format, timeline.caption_style
    lines = tuple(line for line in (clean(line) for line in caption.lines) if line)
    cast = caption_cast(style, timeline.language)[0]
    if not lines:
        return Layout((), CAPTION_LOOK)
    asked = style.size * min(form.width, form.height)
    tries = TALL_TRIES if form.aspect < TALL else CAPTION_TRIES
    lines, size, left_out = _fitted(lines, cast, asked, _room(timeline), tries, 0.0)
    return Layout(_block(timeline, lines, cast, size, 1.2), _scrimmed(CAPTION_LOOK, style.scrim), left_out)


def _block(timeline: Timeline, lines: Sequence[str], cast: Cast, size: int, leading: float) -> tuple[Placed, ...]:
    """`lines` centred, at the edge of the safe area where captions stand."""
    pitch = _pitch(lines, cast, size, leading)
    height = pitch * (len(lines) - 1) + size
    bottom, top = _edges(timeline)
    first = top + 0.76 * size if timeline.caption_style.place == "top" else bottom - height + 0.76 * size
    placed = [
        _centred(set_line(line, cast, size), timeline.format, first + place * pitch) for place, line in enumerate(lines)
    ]
    return tuple(one for one in placed if one.line.runs)


def _scaled(placed: Sequence[Placed], cast: Cast, scale: float) -> tuple[Placed, ...]:
    """`placed` larger or smaller about its own middle."""
    left, top, right, bottom = block_of(placed)
    middle = (left + right) / 2, (top + bottom) / 2
    found = []
    for one in placed:
        line = set_line(one.line.text, cast, max(8, round(one.line.size * scale)))
        found.append(Placed(line, middle[0] - line.width / 2, middle[1] + (one.baseline - middle[1]) * scale))
    return tuple(found)


def _scrimmed(look: Look, scrim: float) -> Look:
    """`look` on a plate as dark as the film's captions want it; a dark plate needs no heavy shadow."""
    return replace(look, plate=scrim, shadow_strength=look.shadow_strength * (1 - 0.6 * scrim))


def _lay_out_title(timeline: Timeline, title: Title) -> Layout:
    form = timeline.format
    side = min(form.width, form.height)
    third = title.place == "lower_third"
    tall, scrim = form.aspect < TALL, timeline.caption_style.scrim
    room = min(0.66 if third and not tall else 0.86 if tall else 0.8, _margins(timeline).room) * form.width
    asked = side * TITLE_SIZES[title.place] * (1.2 if tall else 1.0)
    tries = TALL_TITLE_TRIES if tall else TITLE_TRIES
    cast = title_cast(timeline.language, 700)
    text = clean(title.text)
    lines, size, left_out = _fitted((text,), cast, asked, room, tries, -0.02) if text else ((), round(asked), 0)
    under, under_lines = _subtitle(timeline, title, size, room)
    pitch = _pitch(lines, cast, size, 1.1)
    rows = [(set_line(line, cast, size, -0.02), place * pitch, 1.0) for place, line in enumerate(lines)]
    start = rows[-1][1] + (0.24 + 0.28) * size if rows else 0.0
    rows += [(line, start + line.size * 0.8 + place * under * 1.3, 0.94) for place, line in enumerate(under_lines)]
    rows = [row for row in rows if row[0].runs]
    look = THIRD_LOOK if third else replace(CENTRE_LOOK, shade=max(CENTRE_LOOK.shade, 0.85 * scrim))
    return Layout(_stacked(timeline, title, rows), look, left_out)


def _subtitle(timeline: Timeline, title: Title, size: int, room: float) -> tuple[int, list[Line]]:
    """The subtitle's size and lines: short ones in spaced capitals, longer ones as a sentence."""
    text = clean(title.subtitle)
    if not text:
        return 0, []
    cast = title_cast(timeline.language, 500)
    third = title.place == "lower_third"
    # Greek loses its accents in capitals, Turkish its dots: they stay as written.
    capitals = (
        len(text) <= 34
        and not third
        and all(ord(char) < 0x250 or ord(char) > 0x2000 for char in text)
        and timeline.language.split("-")[0] not in ("tr", "az", "lt")
    )
    text, tracking = (text.upper(), 0.14) if capitals else (text, 0.01)
    floor = 0.033 * min(timeline.format.width, timeline.format.height)
    asked = max(floor, size * (0.62 if third else 0.3 if capitals else 0.38))
    lines, under, _ = _fitted((text,), cast, asked, room * 0.96, ((1, 1.0), (2, 1.0), (2, 0.9), (3, 0.8)), tracking)
    return under, [set_line(line, cast, under, tracking) for line in lines]


def _stacked(timeline: Timeline, title: Title, rows: Sequence[tuple[Line, float, float]]) -> tuple[Placed, ...]:
    """`rows` (line, distance of its baseline from the first one's, strength) put where the title's place says."""
    if not rows:
        return ()
    form = timeline.format
    above, below = 0.72 * rows[0][0].size, rows[-1][1] + 0.24 * rows[-1][0].size
    bottom, top = _edges(timeline)
    if title.place == "upper":
        first = top + above + (captions_height(timeline, title) if timeline.caption_style.place == "top" else 0.0)
    elif title.place == "lower_third":
        lifted = captions_height(timeline, title) if timeline.caption_style.place == "bottom" else 0.0
        first = bottom - below - (lifted or 0.04 * form.height)
    else:
        # The middle of what is seen of the letters, a little above the frame's: the eye's middle.
        first = 0.485 * form.height + (above - below) / 2
    if title.place != "lower_third":
        return tuple(_centred(line, form, first + drop, strength) for line, drop, strength in rows)
    rtl = right_to_left(rows[0][0].text)
    safe = _margins(timeline)
    margin = max(0.075, safe.right if rtl else safe.left) * form.width + 0.4 * rows[0][0].size
    return tuple(
        Placed(line, form.width - margin - line.width if rtl else margin, first + drop, strength)
        for line, drop, strength in rows
    )


def captions_height(timeline: Timeline, title: Title) -> float:
    """What captions take while `title` is up, with a little air, in pixels; 0 when there are none."""
    if not timeline.caption_style.burn:
        return 0.0
    end = title.start + title.seconds
    meanwhile = [one for one in timeline.captions if one.start < end and one.start + one.seconds > title.start]
    tallest = max((caption_box(timeline, one)[3] for one in meanwhile), default=0)
    return tallest + 0.05 * timeline.format.height if tallest else 0.0


def _fitted(
    lines: tuple[str, ...], cast: Cast, asked: float, room: float, tries: Sequence[tuple[int, float]], tracking: float
) -> tuple[tuple[str, ...], int, int]:
    """`lines` as they are if they fit; else broken anew, made smaller, and at last cut.

    Returns the lines, their size, and how many words were left out.
    """
    size = max(8, round(asked))
    if len(lines) <= tries[0][0] and all(set_line(line, cast, size, tracking).width <= room for line in lines):
        return lines, size, 0
    text = " ".join(lines)
    for most, part in tries:
        size = max(8, round(asked * part))
        broken = wrap(text, cast, size, room, most, tracking, chop=part == tries[-1][1])
        if broken is not None:
            return broken, size, 0
    cut, left_out = shorten(text, cast, size, room, tries[-1][0])
    return cut, size, left_out


def _pitch(lines: Sequence[str], cast: Cast, size: int, leading: float) -> float:
    """From baseline to baseline: `leading` em, more where letters reach higher or lower (Thai, Devanagari)."""
    heights = [set_line(line, cast, size).height for line in lines]
    foreign = [
        run.face
        for line in lines
        for run in set_line(line, cast, size).runs
        if run.face not in cast.faces and not run.face.emoji
    ]
    reach = max((up + down for up, down in heights), default=0.0) * 0.98 if foreign else 0.0
    return max(leading * size, min(reach, 1.7 * size))


def _centred(line: Line, form: Format, baseline: float, strength: float = 1.0) -> Placed:
    # Tracking also follows the last letter, where nobody sees it.
    width = line.width - line.tracking * line.size
    return Placed(line, (form.width - width) / 2, baseline, strength)


def _margins(timeline: Timeline) -> Margins:
    return margins(timeline.format, timeline.caption_style.safe)


def _room(timeline: Timeline) -> float:
    """How wide a caption's line may be, in pixels."""
    return _margins(timeline).room * timeline.format.width


def _edges(timeline: Timeline) -> tuple[float, float]:
    """The lowest and the highest line that words may touch, in pixels from the top."""
    safe, height = _margins(timeline), timeline.format.height
    return (1 - safe.bottom) * height, safe.top * height


def caption_cast(style: CaptionStyle, language: str) -> tuple[Cast, str | None]:
    """Who draws captions, and why the font that was asked for does not."""
    large = style.mode == "words"
    weight = 700 if large else 600
    ours = (shipped("SourceSansPro-Semibold"), shipped("Manrope-SemiBold"))
    if large:
        ours = (shipped("Manrope-Bold"), shipped("SourceSansPro-Semibold"))
    why = None
    if style.font is not None:
        try:
            ours = (*chosen(style.font, weight), *ours)
        except BadInput as error:
            why = str(error)
    return _cast(ours, language, weight), why


def title_cast(language: str, weight: int) -> Cast:
    """Who draws titles (weight 700) and what stands under them (500)."""
    name = "Manrope-Bold" if weight >= 600 else "Manrope-Medium"
    return _cast((shipped(name), shipped("SourceSansPro-Semibold")), language, weight)


_CASTS: dict[tuple[tuple[Face, ...], str, int], Cast] = {}


def _cast(faces: tuple[Face, ...], language: str, weight: int) -> Cast:
    """One cast for equal wishes, so that what it has found out about letters is kept."""
    return _CASTS.setdefault((faces, language, weight), Cast(faces, language, weight))
