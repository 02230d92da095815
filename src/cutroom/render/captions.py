"""The words of a film, drawn: captions and titles as bitmaps that lie over the picture.

A bitmap is made when it is first needed and kept while it is shown; all that changes is its opacity, and the place of a
lower third, which slides in and out. What changes from word
to word is small: a group of large words comes to rest in three bitmaps, and a word that is lit up is a bitmap of its own
over a caption that stays.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Lock

import cv2
import numpy as np

from cutroom.render.faces import Cast, fingerprint, script_of, way_out
from cutroom.render.ink import paint, paint_part
from cutroom.render.layout import (
    Layout,
    Lit,
    caption_box,
    caption_cast,
    captions_height,
    lay_out,
    lay_out_group,
    lit,
    title_cast,
)
from cutroom.render.spoken import Said, groups, said
from cutroom.render.typeset import clean, clusters, missing
from cutroom.timeline.timeline import Caption, CaptionStyle, Timeline, Title

__all__ = [
    "Lettering",
    "Overlay",
    "Shown",
    "caption_box",
    "contrast_over",
    "draw",
    "fonts_for",
    "fonts_used",
    "lay_out",
    "readable",
]

FADE = 2
"""How many frames a caption takes to appear and to go."""
KEPT = 6
"""How many bitmaps are kept: what is on screen, and what was a moment ago."""
POP = ((0.82, 0.7), (1.05, 1.0))
"""How a group of large words comes in: size and opacity from step to step, before it rests."""
POP_STEP = Fraction(1, 30)
"""How long a step takes, in seconds."""
SLIDE = 0.025
"""How far a lower third slides while it appears and goes, as a part of the frame's width."""
BRIDGED = Fraction(1, 4)
"""A word stays lit up through a pause shorter than this."""
LEAST_ACCENT = 0.45
"""The least relative luminance of a word that is lit up: 4.5 : 1 against its own outline with room to spare."""


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
class _Entry:
    """Something on screen from frame `first` until `end` (not shown any more)."""

    what: Caption | Title
    first: int
    end: int
    fade_in: int = 0
    fade_out: int = 0
    eased: bool = False
    part: tuple[Said, ...] | Lit | None = None
    """Which words of a caption: some that are shown together, or one that is lit up. None: all of it."""
    scale: float = 1.0
    strength: float = 1.0
    """What its opacity is multiplied by."""
    whole: tuple[int, int] | None = None
    """For a part that fades with its caption: the caption's own first frame and end."""

    def opacity(self, frame: int) -> float:
        """0 to 1."""
        part = self._part(frame)
        return self.strength * (part * part * (3 - 2 * part) if self.eased else part)

    def away(self, frame: int) -> float:
        """How far it still is from where it rests, 0 to 1; 0 for what does not move."""
        if not isinstance(self.what, Title) or self.what.place != "lower_third":
            return 0.0
        # Fast at first, and slowly into its place.
        return (1 - self._part(frame)) ** 3

    def _part(self, frame: int) -> float:
        """How much of its coming (or of its staying, while it goes) is done, 0 to 1."""
        first, end = self.whole or (self.first, self.end)
        rising = (frame - first + 0.5) / self.fade_in if self.fade_in else 1.0
        falling = (end - frame - 0.5) / self.fade_out if self.fade_out else 1.0
        return max(0.0, min(1.0, rising, falling))


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
                shown.append(Shown(self._slid(self._overlay(place), entry, frame), opacity))
        return tuple(one for one in shown if one.overlay.em)

    def _slid(self, overlay: Overlay, entry: _Entry, frame: int) -> Overlay:
        """`overlay` on its way in or out, from the frame's nearer side; the same bitmap, and never over the edge."""
        width = self.timeline.format.width
        by = 2 * round(entry.away(frame) * SLIDE * width / 2)
        if not by or not overlay.em:
            return overlay
        room = width - overlay.x - overlay.rgba.shape[1]
        x = overlay.x + min(by, room) if overlay.x > room else max(overlay.x - by, 0)
        return replace(overlay, x=x // 2 * 2)

    @property
    def degraded(self) -> tuple[tuple[str, str], ...]:
        """What could not be drawn as asked, as (what, why and the way out)."""
        if self._degraded is None:
            self._degraded = _degraded(self.timeline)
        return self._degraded

    def _overlay(self, place: int) -> Overlay:
        entry = self._entries[place]
        with self._lock:
            key = self._keys.get(place) or self._keys.setdefault(place, _key(self.timeline, entry))
            if key not in self._drawn:
                self._drawn[key] = _painted(self.timeline, entry, key)
                while len(self._drawn) > KEPT:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return self._drawn[key]


def draw(timeline: Timeline, what: Caption | Title, key: str = "") -> Overlay:
    """One caption or title as it lies over the frame in the middle of its time; empty when nothing of it can be drawn.

    A word that is lit up is not part of it: it lies over the same letters.
    """
    return _drawn(timeline, lay_out(timeline, what), key or _key(timeline, _Entry(what, 0, 0)))


def _painted(timeline: Timeline, entry: _Entry, key: str) -> Overlay:
    if isinstance(entry.part, Lit):
        return _drawn_lit(timeline, lay_out(timeline, entry.what), entry.part, key)
    if entry.part is not None:
        return _drawn(timeline, lay_out_group(timeline, entry.part, entry.scale), key)
    return draw(timeline, entry.what, key)


def _drawn(timeline: Timeline, layout: Layout, key: str) -> Overlay:
    if not layout.placed:
        return Overlay(key, 0, 0, np.zeros((2, 2, 4), np.uint8))
    bitmap = paint(layout.placed, layout.look, (timeline.format.width, timeline.format.height))
    return Overlay(key, bitmap.x, bitmap.y, bitmap.rgba, max(one.line.size for one in layout.placed))


def _drawn_lit(timeline: Timeline, layout: Layout, word: Lit, key: str) -> Overlay:
    """A word in the accent's colour, on all the lines that it stands on."""
    frame, colour = (timeline.format.width, timeline.format.height), readable(timeline.caption_style.accent)
    bitmaps = [paint_part(layout.placed[line], first, last, colour, frame) for line, first, last in word.parts]
    left, top = min(one.x for one in bitmaps), min(one.y for one in bitmaps)
    right = max(one.x + one.rgba.shape[1] for one in bitmaps)
    bottom = max(one.y + one.rgba.shape[0] for one in bitmaps)
    rgba = np.zeros((bottom - top, right - left, 4), np.uint8)
    for one in bitmaps:
        height, width = one.rgba.shape[:2]
        rgba[one.y - top : one.y - top + height, one.x - left : one.x - left + width] |= one.rgba
    rgba.flags.writeable = False
    return Overlay(key, left, top, rgba, max(one.line.size for one in layout.placed))


def readable(accent: str) -> tuple[int, int, int]:
    """``#rrggbb`` as red, green and blue; a colour too dark for an outlined letter is lightened until it is not."""
    colour = np.array([int(accent[place : place + 2], 16) for place in (1, 3, 5)], np.float32)
    while _luminance(colour) < LEAST_ACCENT:
        colour = colour + 0.1 * (256 - colour)
    return tuple(int(value) for value in np.rint(np.minimum(colour, 255)))  # pyright: ignore[reportReturnType]


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
    behind = rgb_frame[overlay.y : overlay.y + height, overlay.x : overlay.x + width].astype(np.float32)
    rgba = overlay.rgba[: behind.shape[0], : behind.shape[1]].astype(np.float32)
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
            part = np.s_[y : y + tile, x : x + tile]
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
    rate, mode = timeline.format.rate, timeline.caption_style.mode
    captions = sorted(timeline.captions, key=lambda one: one.start)
    firsts = [rate.frames(one.start) for one in captions]
    ends = [rate.frames(one.start + one.seconds) for one in captions]
    # Two captions are never on screen together: the next one takes the place of the one before.
    ends = [min([end, *firsts[place + 1 : place + 2]]) for place, end in enumerate(ends)]
    apart = [True, *(first - end > FADE for end, first in zip(ends, firsts[1:], strict=False)), True]
    entries: list[_Entry] = []
    for place, caption in enumerate(captions):
        fade = FADE if ends[place] - firsts[place] > 4 * FADE else 0
        fades = fade * apart[place], fade * apart[place + 1]
        whole = _Entry(caption, firsts[place], ends[place], *fades)
        entries += _word_by_word(timeline, whole) if mode == "words" else [whole]
        entries += _lit_up(timeline, whole) if mode == "karaoke" else []
    return entries


def _word_by_word(timeline: Timeline, whole: _Entry) -> Iterator[_Entry]:
    """A caption a few words at a time: each group comes in with its first word and goes when the next one comes."""
    assert isinstance(whole.what, Caption)
    rate = timeline.format.rate
    step = max(1, rate.frames(POP_STEP))
    together = groups(said(whole.what))
    firsts = [whole.first, *(min(max(rate.frames(group[0].start), whole.first), whole.end) for group in together[1:])]
    for group, first, end in zip(together, firsts, [*firsts[1:], whole.end], strict=True):
        at = first
        for scale, strength in POP if end - first > 3 * step * len(POP) else ():
            yield _Entry(whole.what, at, at + step, part=group, scale=scale, strength=strength)
            at += step
        if end > at:
            yield _Entry(whole.what, at, end, part=group)


def _lit_up(timeline: Timeline, whole: _Entry) -> Iterator[_Entry]:
    """The words of a caption, each lit up from its beginning to that of the next, unless there is a pause."""
    assert isinstance(whole.what, Caption)
    rate = timeline.format.rate
    words = lit(lay_out(timeline, whole.what), said(whole.what))
    # No word has a place when no font has its letters.
    starts = [*(word.start for word in words), whole.what.start + whole.what.seconds][1:]
    for word, following in zip(words, starts, strict=True):
        until = following if following - word.end < BRIDGED else word.end + BRIDGED / 2
        first, end = max(rate.frames(word.start), whole.first), min(rate.frames(until), whole.end)
        if end > first:
            yield replace(whole, first=first, end=end, part=word, whole=(whole.first, whole.end))


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


def _degraded(timeline: Timeline) -> tuple[tuple[str, str], ...]:
    said: list[tuple[str, str]] = []
    cast, why = caption_cast(timeline.caption_style, timeline.language)
    captions = timeline.captions if timeline.caption_style.burn else ()
    if why and captions:
        said.append(("the captions' font", f"{why}; the family that ships with Cutroom was used"))
    said += _without_letters("captions", " ".join(one.text for one in captions), cast)
    words = " ".join(f"{one.text} {one.subtitle}" for one in timeline.titles)
    said += _without_letters("titles", words, title_cast(timeline.language, 700))
    for what in (*captions, *timeline.titles):
        left_out = _left_out(timeline, what)
        if left_out:
            kind = "caption" if isinstance(what, Caption) else "title"
            said.append(
                (
                    f"the {kind} at {float(what.start):.1f} s",
                    "too long for the frame even in small letters: "
                    f"its last {left_out} words are not shown; break it into several",
                )
            )
    shown = {id(entry.what) for entry in _captions_on_screen(timeline) if entry.end > entry.first}
    said += [
        (
            f"the caption at {float(one.start):.1f} s",
            f"{one.text!r} is not shown, because another begins at the same time; give them times of their own",
        )
        for one in captions
        if id(one) not in shown
    ]
    return tuple(said)


def _left_out(timeline: Timeline, what: Caption | Title) -> int:
    """How many words have no place."""
    if isinstance(what, Caption) and timeline.caption_style.mode == "words":
        return sum(lay_out_group(timeline, group).left_out for group in groups(said(what)))
    return lay_out(timeline, what).left_out


def fonts_used(timeline: Timeline) -> dict[str, str]:
    """The fonts that are not Cutroom's own and draw words of `timeline`: see `fonts_for`."""
    captions = [one.text for one in timeline.captions]
    titles = [words for one in timeline.titles for words in (one.text, one.subtitle)]
    return fonts_for(captions, titles, timeline.caption_style, timeline.language)


def fonts_for(captions: Sequence[str], titles: Sequence[str], style: CaptionStyle, language: str) -> dict[str, str]:
    """The fonts that are not Cutroom's own and draw these words: each file's name and the start of its SHA-256.

    Empty for most films: the families that ship draw Latin, Greek and Cyrillic. A letter that no font has adds nothing,
    until a font is installed that has it.
    """
    burned = " ".join(captions) if style.burn else ""
    found = _borrowed(burned, caption_cast(style, language)[0])
    for weight in (700, 500):
        found |= _borrowed(" ".join(titles), title_cast(language, weight))
    return dict(sorted(found.items()))


def _borrowed(text: str, cast: Cast) -> dict[str, str]:
    faces = {cast.face_for(letter) for letter in dict.fromkeys(clusters(clean(text)))}
    return {face.path.name: fingerprint(face.path) for face in faces if face is not None and not face.ours}


def _without_letters(what: str, text: str, cast: Cast) -> list[tuple[str, str]]:
    by_script: dict[str, list[str]] = {}
    for letter in missing(text, cast):
        by_script.setdefault(script_of(letter[0]), []).append(letter)
    said = []
    for script, letters in by_script.items():
        some = " ".join(letters[:6]) + (" and more" if len(letters) > 6 else "")
        said.append(
            (
                f"{script} in the {what}",
                f"no font on this machine has {some}, which the film therefore does not show; {way_out(script)}",
            )
        )
    return said


def _key(timeline: Timeline, entry: _Entry) -> str:
    """Equal for equal pictures: all that decides the bitmap, and not when it is shown."""
    form, style, what = timeline.format, timeline.caption_style, entry.what
    parts = [type(what).__name__, form.width, form.height, timeline.language, style.scrim, style.safe]
    if isinstance(what, Caption):
        parts += [what.lines, style.size, style.place, style.font, style.mode]
    else:
        lift = captions_height(timeline, what) if what.place in ("lower_third", "upper") else 0
        parts += [what.text, what.subtitle, what.place, lift]
    if isinstance(entry.part, Lit):
        parts += [entry.part.parts, style.accent]
    elif entry.part is not None:
        parts += [[word.text for word in entry.part], [word.apart for word in entry.part], entry.scale]
    elif style.mode == "words" and isinstance(what, Caption):
        parts += [what.start, what.seconds, what.words]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
