"""The words of a film, laid out and drawn: captions and titles as bitmaps that lie over the picture.

A bitmap is made when it is first needed and kept while it is shown; all that moves is its opacity. Sizes follow the
frame's shorter side, places the safe areas: captions stay out of the lowest 8 % of a wide frame and the lowest 19 % of
a tall one (where phones show their buttons), and everything stays within the middle 90 % of the width (the safe title
area of SMPTE ST 2046-1).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock

import cv2
import numpy as np

from cutroom.errors import BadInput
from cutroom.render.faces import Cast, Face, chosen, script_of, shipped, way_out
from cutroom.render.ink import Look, Placed, block_of, paint
from cutroom.render.typeset import Line, clean, missing, right_to_left, set_line, shorten, wrap
from cutroom.timeline.timeline import Caption, Format, Timeline, Title

FADE = 2
"""How many frames a caption takes to appear and to go."""
KEPT = 6
"""How many bitmaps are kept: what is on screen, and what was a moment ago."""
TALL = 0.8
"""Frames narrower than this (width divided by height) are watched on phones, between the app's own buttons."""

TITLE_SIZES = {"centre": 0.112, "end": 0.092, "upper": 0.072, "lower_third": 0.06}
"""The letters' em square by a title's place, as a part of the frame's shorter side."""
CAPTION_TRIES = ((2, 1.0), (2, 0.94), (2, 0.88), (3, 0.88), (3, 0.78), (4, 0.68), (4, 0.6))
"""How many lines at which part of the size asked for, in the order in which a caption tries to fit."""
TALL_TRIES = ((2, 1.0), (3, 1.0), (3, 0.9), (4, 0.8), (4, 0.68), (5, 0.6))
TITLE_TRIES = ((1, 1.0), (1, 0.9), (2, 1.0), (2, 0.88), (2, 0.78), (3, 0.7), (3, 0.6), (4, 0.5), (5, 0.4))
TALL_TITLE_TRIES = ((1, 1.0), (2, 1.0), (3, 1.0), (3, 0.88), (4, 0.8), (4, 0.7), (5, 0.6), (6, 0.5), (7, 0.4))

CAPTION_LOOK = Look()
CENTRE_LOOK = Look(outline=0.0, shadow=0.045, shadow_drop=0.02, shadow_strength=0.5, glow=0.3, glow_strength=0.52,
                   shade=0.46)
THIRD_LOOK = Look(outline=0.022, outline_strength=0.5, shadow=0.09, shadow_drop=0.025, shadow_strength=0.7, glow=0.34,
                  glow_strength=0.4, bar=True)


@dataclass(frozen=True, eq=False)
class Overlay:
    """A picture to lay over the frame. It never changes: planes made from it may be kept by `key`."""

    key: str
    """Equal for equal pictures."""
    x: int
    y: int
    """Where its left upper corner lies in the frame, in pixels; both are even."""
    rgba: np.ndarray
    """(h, w, 4) uint8, premultiplied sRGB; h and w are even, and all of it lies inside the frame."""
    em: int = 0
    """The size of its largest letters in pixels to the em; 0 when it has none."""


@dataclass(frozen=True)
class Shown:
    """An overlay, and how much of it is seen at one moment."""

    overlay: Overlay
    opacity: float
    """Above 0, at most 1."""


@dataclass(frozen=True)
class Layout:
    """Where the lines of one caption or title stand, and what was done to make them fit."""

    placed: tuple[Placed, ...]
    look: Look
    left_out: int = 0
    """How many words had no place."""


@dataclass(frozen=True)
class _Entry:
    """Something on screen from frame `first` until `end` (not shown any more)."""

    what: Caption | Title
    first: int
    end: int
    fade_in: int
    fade_out: int
    eased: bool

    def opacity(self, frame: int) -> float:
        """0 to 1."""
        rising = (frame - self.first + 0.5) / self.fade_in if self.fade_in else 1.0
        falling = (self.end - frame - 0.5) / self.fade_out if self.fade_out else 1.0
        part = max(0.0, min(1.0, rising, falling))
        return part * part * (3 - 2 * part) if self.eased else part


class Lettering:
    """All words of a timeline, ready to be laid over its frames."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._rate = timeline.format.rate
        entries = (*_captions_on_screen(timeline), *_titles_on_screen(timeline))
        self._entries = sorted(entries, key=lambda one: one.first)
        self._firsts = [one.first for one in self._entries]
        # Entries may overlap: the longest decides how far back one that is still on screen can have begun.
        self._longest = max((one.end - one.first for one in self._entries), default=0)
        self._drawn: OrderedDict[str, Overlay] = OrderedDict()
        self._keys: dict[int, str] = {}
        self._lock = Lock()
        self._degraded: tuple[tuple[str, str], ...] | None = None

    def at(self, seconds: Fraction) -> tuple[Shown, ...]:
        """What is on screen at `seconds`, in the order of drawing; the same `Overlay` as long as it does not change."""
        frame = self._rate.frames(seconds)
        shown = []
        for place in range(bisect_right(self._firsts, frame - self._longest), bisect_right(self._firsts, frame)):
            entry = self._entries[place]
            opacity = entry.opacity(frame) if frame < entry.end else 0.0
            if opacity > 0:
                shown.append(Shown(self._overlay(place), opacity))
        return tuple(one for one in shown if one.overlay.em)

    @property
    def degraded(self) -> tuple[tuple[str, str], ...]:
        """What could not be drawn as asked, as (what, why and the way out)."""
        if self._degraded is None:
            self._degraded = _degraded(self.timeline)
        return self._degraded

    def _overlay(self, place: int) -> Overlay:
        what = self._entries[place].what
        with self._lock:
            key = self._keys.get(place) or self._keys.setdefault(place, _key(self.timeline, what))
            if key not in self._drawn:
                self._drawn[key] = draw(self.timeline, what, key)
                while len(self._drawn) > KEPT:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return self._drawn[key]


def draw(timeline: Timeline, what: Caption | Title, key: str = "") -> Overlay:
    """One caption or title as it will lie over the frame; an empty overlay when nothing of it can be drawn."""
    layout = lay_out(timeline, what)
    if not layout.placed:
        return Overlay(key or _key(timeline, what), 0, 0, np.zeros((2, 2, 4), np.uint8))
    bitmap = paint(layout.placed, layout.look, (timeline.format.width, timeline.format.height))
    em = max(one.line.size for one in layout.placed)
    return Overlay(key or _key(timeline, what), bitmap.x, bitmap.y, bitmap.rgba, em)


def lay_out(timeline: Timeline, what: Caption | Title) -> Layout:
    """Where the lines of `what` stand in the timeline's frame."""
    return _lay_out_caption(timeline, what) if isinstance(what, Caption) else _lay_out_title(timeline, what)


def caption_box(timeline: Timeline, caption: Caption) -> tuple[int, int, int, int]:
    """Where the lines of `caption` stand: left, top, width and height in pixels, without outline and shadow.

    All zero when nothing of it can be drawn.
    """
    layout = lay_out(timeline, caption)
    if not layout.placed:
        return 0, 0, 0, 0
    left, top, right, bottom = (round(edge) for edge in block_of(layout.placed))
    return left, top, right - left, bottom - top


def contrast_over(rgb_frame: np.ndarray, overlay: Overlay) -> float:
    """How well the overlay's letters stand out from what surrounds them in `rgb_frame`, as a contrast ratio, 1 to 21.

    The ratio is that of WCAG 2.2: (L1 + 0.05) / (L2 + 0.05) with relative luminance L. The overlay is laid over the
    frame (h, w, 3, uint8 sRGB), so that outline, shadow and plate count. Letters are the overlay's pixels that are
    opaque and light; their surroundings are the pixels within about 0.1 em (a stem's width) of a letter's soft edge.
    Both are averaged in tiles of one em, and the tenth percentile over the tiles is returned: the worst spots, but for
    a stray pixel.
    21 when the overlay has no letters.
    """
    height, width = overlay.rgba.shape[:2]
    behind = rgb_frame[overlay.y:overlay.y + height, overlay.x:overlay.x + width].astype(np.float32)
    rgba = overlay.rgba[:behind.shape[0], :behind.shape[1]].astype(np.float32)
    seen = rgba[..., :3] + behind * (1 - rgba[..., 3:] / 255)
    light = _luminance(seen)
    letters = ((rgba[..., 3] > 240) & (rgba[..., :3].min(axis=2) > 200)).astype(np.uint8)
    if not letters.any():
        return 21.0
    em = overlay.em or max(8, height // 3)
    reach = max(2, round(0.1 * em))
    touching = (rgba[..., :3].max(axis=2) > 8).astype(np.uint8)
    ring = cv2.dilate(letters, _disc(reach)) & (1 - touching)
    return _tenth_percentile(light, letters, ring, max(8, em))


def _tenth_percentile(light: np.ndarray, letters: np.ndarray, ring: np.ndarray, tile: int) -> float:
    ratios = []
    for y in range(0, light.shape[0], tile):
        for x in range(0, light.shape[1], tile):
            part = np.s_[y:y + tile, x:x + tile]
            inside, around = letters[part] > 0, ring[part] > 0
            if inside.sum() >= 4 and around.sum() >= 4:
                one, other = float(light[part][inside].mean()), float(light[part][around].mean())
                ratios.append((max(one, other) + 0.05) / (min(one, other) + 0.05))
    return float(np.percentile(ratios, 10)) if ratios else 21.0


def _luminance(rgb: np.ndarray) -> np.ndarray:
    """Relative luminance (IEC 61966-2-1 transfer, BT.709 weights), 0 to 1."""
    part = np.clip(rgb, 0, 255) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722], np.float32)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _captions_on_screen(timeline: Timeline) -> list[_Entry]:
    if not timeline.caption_style.burn:
        return []
    rate = timeline.format.rate
    captions = sorted(timeline.captions, key=lambda one: one.start)
    firsts = [rate.frames(one.start) for one in captions]
    ends = [rate.frames(one.start + one.seconds) for one in captions]
    # Two captions are never on screen together: the next one takes the place of the one before.
    ends = [min([end, *firsts[place + 1:place + 2]]) for place, end in enumerate(ends)]
    apart = [True, *(first - end > FADE for end, first in zip(ends, firsts[1:], strict=False)), True]
    entries = []
    for place, caption in enumerate(captions):
        fade = FADE if ends[place] - firsts[place] > 4 * FADE else 0
        fades = fade * apart[place], fade * apart[place + 1]
        entries.append(_Entry(caption, firsts[place], ends[place], *fades, eased=False))
    return entries


def _titles_on_screen(timeline: Timeline) -> list[_Entry]:
    rate = timeline.format.rate
    entries = []
    for title in timeline.titles:
        first, end = rate.frames(title.start), rate.frames(title.start + title.seconds)
        fade = min(rate.frames(title.fade), (end - first) // 3)
        # A title that ends with the film stays: words that vanish before the last frame look like a mistake.
        last = end >= timeline.frames > 0
        entries.append(_Entry(title, first, end, fade, 0 if last else fade, eased=True))
    return entries


def _lay_out_caption(timeline: Timeline, caption: Caption) -> Layout:
    form, style = timeline.format, timeline.caption_style
    lines = tuple(line for line in (clean(line) for line in caption.lines) if line)
    cast = _caption_cast(timeline)[0]
    if not lines:
        return Layout((), CAPTION_LOOK)
    asked = style.size * min(form.width, form.height)
    room = _room(form)
    tries = TALL_TRIES if form.aspect < TALL else CAPTION_TRIES
    lines, size, left_out = _fitted(lines, cast, asked, room, tries, 0.0)
    pitch = _pitch(lines, cast, size, 1.2)
    height = pitch * (len(lines) - 1) + size
    bottom, top = _edges(form)
    first = top + 0.76 * size if style.place == "top" else bottom - height + 0.76 * size
    placed = [_centred(set_line(line, cast, size), form, first + place * pitch) for place, line in enumerate(lines)]
    look = Look(plate=style.scrim, shadow_strength=CAPTION_LOOK.shadow_strength * (1 - 0.6 * style.scrim))
    return Layout(tuple(one for one in placed if one.line.runs), look, left_out)


def _lay_out_title(timeline: Timeline, title: Title) -> Layout:
    form = timeline.format
    side = min(form.width, form.height)
    third = title.place == "lower_third"
    tall = form.aspect < TALL
    room = (0.66 if third and not tall else 0.86 if tall else 0.8) * form.width
    asked = side * TITLE_SIZES[title.place] * (1.2 if tall else 1.0)
    tries = TALL_TITLE_TRIES if tall else TITLE_TRIES
    cast = _title_cast(timeline, 700)
    text = clean(title.text)
    lines, size, left_out = _fitted((text,), cast, asked, room, tries, -0.02) if text else ((), round(asked), 0)
    under, under_lines = _subtitle(timeline, title, size, room)
    pitch = _pitch(lines, cast, size, 1.1)
    rows = [(set_line(line, cast, size, -0.02), place * pitch, 1.0) for place, line in enumerate(lines)]
    start = rows[-1][1] + (0.24 + 0.28) * size if rows else 0.0
    rows += [(line, start + line.size * 0.8 + place * under * 1.3, 0.94) for place, line in enumerate(under_lines)]
    rows = [row for row in rows if row[0].runs]
    look = THIRD_LOOK if third else CENTRE_LOOK
    return Layout(_stacked(timeline, title, rows), look, left_out)


def _subtitle(timeline: Timeline, title: Title, size: int, room: float) -> tuple[int, list[Line]]:
    """The subtitle's size and lines: short ones in spaced capitals, longer ones as a sentence."""
    text = clean(title.subtitle)
    if not text:
        return 0, []
    cast = _title_cast(timeline, 500)
    third = title.place == "lower_third"
    # Greek loses its accents in capitals, Turkish its dots: they stay as written.
    capitals = len(text) <= 34 and not third and all(ord(char) < 0x250 or ord(char) > 0x2000 for char in text) and \
        timeline.language.split("-")[0] not in ("tr", "az", "lt")
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
    bottom, top = _edges(form)
    if title.place == "upper":
        first = top + above + (_captions_height(timeline, title) if timeline.caption_style.place == "top" else 0.0)
    elif title.place == "lower_third":
        lifted = _captions_height(timeline, title) if timeline.caption_style.place == "bottom" else 0.0
        first = bottom - below - (lifted or 0.04 * form.height)
    else:
        # The middle of what is seen of the letters, a little above the frame's: the eye's middle.
        first = 0.485 * form.height + (above - below) / 2
    if title.place != "lower_third":
        return tuple(_centred(line, form, first + drop, strength) for line, drop, strength in rows)
    margin = 0.075 * form.width + 0.4 * rows[0][0].size
    rtl = right_to_left(rows[0][0].text)
    return tuple(Placed(line, form.width - margin - line.width if rtl else margin, first + drop, strength)
                 for line, drop, strength in rows)


def _captions_height(timeline: Timeline, title: Title) -> float:
    """What captions take while `title` is up, with a little air, in pixels; 0 when there are none."""
    if not timeline.caption_style.burn:
        return 0.0
    end = title.start + title.seconds
    meanwhile = [one for one in timeline.captions if one.start < end and one.start + one.seconds > title.start]
    tallest = max((caption_box(timeline, one)[3] for one in meanwhile), default=0)
    return tallest + 0.05 * timeline.format.height if tallest else 0.0


def _fitted(lines: tuple[str, ...], cast: Cast, asked: float, room: float, tries: Sequence[tuple[int, float]],
            tracking: float) -> tuple[tuple[str, ...], int, int]:
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
    foreign = [run.face for line in lines for run in set_line(line, cast, size).runs
               if run.face not in cast.faces and not run.face.emoji]
    reach = max((up + down for up, down in heights), default=0.0) * 0.98 if foreign else 0.0
    return max(leading * size, min(reach, 1.7 * size))


def _centred(line: Line, form: Format, baseline: float, strength: float = 1.0) -> Placed:
    # Tracking also follows the last letter, where nobody sees it.
    width = line.width - line.tracking * line.size
    return Placed(line, (form.width - width) / 2, baseline, strength)


def _room(form: Format) -> float:
    return (0.86 if form.aspect < TALL else 0.88) * form.width


def _edges(form: Format) -> tuple[float, float]:
    """The lowest and the highest line that words may touch, in pixels from the top."""
    if form.aspect < 0.65:
        return 0.81 * form.height, 0.12 * form.height
    return 0.92 * form.height, 0.08 * form.height


def _caption_cast(timeline: Timeline) -> tuple[Cast, str | None]:
    """Who draws captions, and why the font that was asked for does not."""
    font = timeline.caption_style.font
    ours = (shipped("SourceSansPro-Semibold"), shipped("Manrope-SemiBold"))
    why = None
    if font is not None:
        try:
            ours = (*chosen(font, 600), *ours)
        except BadInput as error:
            why = str(error)
    return _cast(ours, timeline.language, 600), why


def _title_cast(timeline: Timeline, weight: int) -> Cast:
    name = "Manrope-Bold" if weight >= 600 else "Manrope-Medium"
    return _cast((shipped(name), shipped("SourceSansPro-Semibold")), timeline.language, weight)


_CASTS: dict[tuple[tuple[Face, ...], str, int], Cast] = {}


def _cast(faces: tuple[Face, ...], language: str, weight: int) -> Cast:
    """One cast for equal wishes, so that what it has found out about letters is kept."""
    return _CASTS.setdefault((faces, language, weight), Cast(faces, language, weight))


def _degraded(timeline: Timeline) -> tuple[tuple[str, str], ...]:
    said: list[tuple[str, str]] = []
    cast, why = _caption_cast(timeline)
    captions = timeline.captions if timeline.caption_style.burn else ()
    if why and captions:
        said.append(("the captions' font", f"{why}; the family that ships with Cutroom was used"))
    said += _without_letters("captions", " ".join(one.text for one in captions), cast)
    words = " ".join(f"{one.text} {one.subtitle}" for one in timeline.titles)
    said += _without_letters("titles", words, _title_cast(timeline, 700))
    for what in (*captions, *timeline.titles):
        left_out = lay_out(timeline, what).left_out
        if left_out:
            kind = "caption" if isinstance(what, Caption) else "title"
            said.append((f"the {kind} at {float(what.start):.1f} s", "too long for the frame even in small letters: "
                         f"its last {left_out} words are not shown; break it into several"))
    shown = {id(entry.what) for entry in _captions_on_screen(timeline) if entry.end > entry.first}
    said += [(f"the caption at {float(one.start):.1f} s", f"{one.text!r} is not shown, because another begins at the "
              "same time; give them times of their own") for one in captions if id(one) not in shown]
    return tuple(said)


def _without_letters(what: str, text: str, cast: Cast) -> list[tuple[str, str]]:
    by_script: dict[str, list[str]] = {}
    for letter in missing(text, cast):
        by_script.setdefault(script_of(letter[0]), []).append(letter)
    said = []
    for script, letters in by_script.items():
        some = " ".join(letters[:6]) + (" and more" if len(letters) > 6 else "")
        said.append((f"{script} in the {what}", f"no font on this machine has {some}, which the film therefore does "
                     f"not show; {way_out(script)}"))
    return said


def _key(timeline: Timeline, what: Caption | Title) -> str:
    """Equal for equal pictures: all that decides the bitmap, and not when it is shown."""
    form, style = timeline.format, timeline.caption_style
    parts = [type(what).__name__, form.width, form.height, timeline.language]
    if isinstance(what, Caption):
        parts += [what.lines, style.size, style.scrim, style.place, style.font]
    else:
        lift = _captions_height(timeline, what) if what.place in ("lower_third", "upper") else 0
        parts += [what.text, what.subtitle, what.place, lift]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
