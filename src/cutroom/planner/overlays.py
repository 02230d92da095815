"""What is laid over the film: a picture in the picture, lower thirds, a bar of progress; and whether shots are matched. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from cutroom.brief.brief import Asset, Brief
from cutroom.brief.thirds import LowerThird, asked_thirds, thirds, without_asked_thirds
from cutroom.media.kinds import Cut, Image, Text, Video
from cutroom.plan.catalogue.assemble import Over
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.facts import ClipFacts, PictureFacts
from cutroom.plan.step import AnyStep, Ref
from cutroom.planner.absent import absent
from cutroom.planner.material import Visual
from cutroom.render.safe import margins
from cutroom.time import Span
from cutroom.timeline.timeline import Box, CaptionStyle, Format, Progress, Title

Corner = Literal["top left", "top right", "bottom left", "bottom right"]

_INSET = re.compile(
    r"\bpicture[ -]in[ -](?:the[ -])?picture\b|\bp[ -]?i[ -]?p\b|\binset\b|\bbild[ -]im[ -]bild\b|\bimage dans l['’]image\b|"
    r"\bincrustation\b|\bimagen en imagen\b|画中画|"
    r"(?P<corner>\bin (?:the|a|one) (?:[a-z]+[ -]){0,2}corner\b(?! of (?!(?:the|every) (?:frame|screen|picture|film|video)\b))|"
    r"\bin (?:der|die|einer) (?:[a-z]+ ){0,2}ecke\b|\bdans (?:le|un) coin\b|\ben (?:la|una) esquina\b|\bnell['’]angolo\b)",
    re.IGNORECASE,
)
"""Corners are also where cats sleep: those words count only beside the name of a picture or clip."""
_PROGRESS = re.compile(
    r"\b(?:progress|fortschritts)[ -]?(?:bar|balken|anzeige|line|leiste)\b|\bbarre de progression\b|"
    r"\bbarra d[ei] (?:progreso|avanzamento)\b|进度条",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\b(?:without|no|don['’]t|do not|not|ohne|kein(?:e|en)?|sans|sin|senza)\b[^.,;:!?\n]{0,24}$", re.IGNORECASE
)
_UNMATCHED = re.compile(
    r"\b(?:without|no|don['’]t|do not)\b[^.,;:!?\n]{0,20}\b(?:colou?rs?|exposures?|white balance|shots?)\b[^.,;:!?\n]{0,12}"
    r"\bmatch\w*|\b(?:without|no|don['’]t|do not)\b[^.,;:!?\n]{0,20}\b(?:match|grade|correct)\w*[^.,;:!?\n]{0,16}"
    r"\b(?:colou?rs?|exposures?)\b|\b(?:leave|keep) (?:the|all) colou?rs as they are\b|\bfarben (?:so )?lassen\b|"
    r"\bohne farb(?:angleichung|korrektur)\b",
    re.IGNORECASE,
)
_THIRD = re.compile(r"\blower[ -]?thirds?\b|\bbauchbinden?\b", re.IGNORECASE)
_UP = re.compile(r"\b(?:top|upper|oben|obere[nr]?|haut|supérieur|arriba|superior|alto)\b", re.IGNORECASE)
_DOWN = re.compile(r"\b(?:bottom|lower|unten|untere[nr]?|bas|inférieur|abajo|inferior|basso)\b", re.IGNORECASE)
_LEFT = re.compile(r"\b(?:left|links|linke[nr]?|gauche|izquierda|sinistra)\b", re.IGNORECASE)
_RIGHT = re.compile(r"\b(?:right|rechts|rechte[nr]?|droite|derecha|destra)\b", re.IGNORECASE)
_MUTE = re.compile(r"\b(?:mute[d]?|silent(?:ly)?|without (?:its |the )?sound|stumm|ohne ton)\b", re.IGNORECASE)
_FACE_CAM = re.compile(r"face|selfie|cam\b|webcam|presenter|speaker|reaction|talking|\bme\b|logo", re.IGNORECASE)
NEAR = 60
"""How many characters around the words that ask for an inset are searched for its corner."""
BEFORE_LOGO = 4
"""A picture with transparent parts is a mark, and takes a part of an inset's room as small as this (by area)."""

SHORTEST = Fraction(6, 5)
"""An inset that could be seen for less than this, in seconds, is left out."""
THIRD_LEAD = Fraction(2, 5)
"""How long a picture is seen before the name over it comes."""
THIRD_SECONDS = Fraction(9, 2)
THIRD_SHORTEST = Fraction(9, 5)


@dataclass(frozen=True, kw_only=True)
class Overlays:
    """What is to be laid over, as the words and options have it."""

    inset: str | None = None
    """The id of the asset that lies over the film."""
    corner: Corner = "top right"
    mute: bool = False
    thirds: tuple[LowerThird, ...] = ()
    progress: Progress | None = None
    match: bool = True
    notes: tuple[str, ...] = ()


def overlays(brief: Brief, visuals: Sequence[Asset], texts: Sequence[str]) -> Overlays:
    """What `brief` wants laid over; `texts` are the notes' words."""
    request = brief.request
    asked = next(_insets(request, visuals), None)
    inset = _inset_asset(request, asked, visuals) if asked and not _asks_for_absent(brief, asked) else None
    notes: tuple[str, ...] = ()
    if inset is not None and len(visuals) < 2:
        notes = (f"{inset.name} is not laid in a corner: there is no other picture or clip for it to lie over",)
        inset = None
    wants_bar = any(not _REFUSED.search(request[: match.start()]) for match in _PROGRESS.finditer(request))
    named = (*brief.lower_thirds, *asked_thirds(request), *(third for text in texts for third in thirds(text)))
    around = request[max(0, asked.start() - NEAR) : asked.end() + NEAR] if asked else ""
    return Overlays(
        inset=inset.id if inset else None,
        corner=_corner(request, asked) if asked else "top right",
        mute=bool(_MUTE.search(around)),
        thirds=tuple(dict.fromkeys(named)),
        progress=Progress() if brief.progress_bar or wants_bar else None,
        match=brief.match and not _UNMATCHED.search(request),
        notes=notes,
    )


_CLAUSE = re.compile(r"[,;:\n]|[.!?](?=\s|$)|\b(?:with|and|plus|und|mit|sowie|avec|et|con|y|e)\b(?=\s)", re.IGNORECASE)


def _asks_for_absent(brief: Brief, asked: re.Match[str]) -> bool:
    """Whether the file that is to lie in the corner is not there: no other is to take its place."""
    marks = [mark.end() for mark in _CLAUSE.finditer(brief.request, 0, asked.start())]
    clause = brief.request[max(marks, default=0) : asked.end()]
    return any(name in clause for name in absent(brief))


def _insets(request: str, visuals: Sequence[Asset]) -> Iterator[re.Match[str]]:
    """Where the request asks for an inset."""
    for match in _INSET.finditer(request):
        before = request[max(0, match.start() - NEAR) : match.start()]
        if not _REFUSED.search(before) and (not match["corner"] or _named(_flat(before), visuals)):
            yield match


def _named(text: str, visuals: Sequence[Asset]) -> bool:
    return any(len(name) >= 3 and name in text for asset in visuals for name in _names(asset))


def _names(asset: Asset) -> tuple[str, str]:
    """What people call a file: its name, and its name without what it ends in."""
    return _flat(asset.name), _flat(asset.name.rsplit(".", 1)[0])


def plain_request(request: str, visuals: Sequence[Asset]) -> str:
    """`request` without the clauses that ask for what is laid over: they are no part of what the film is about.

    >>> plain_request("A film of our day, with me.mp4 as picture-in-picture and a progress bar, calm", ())
    'A film of our day, calm'
    """
    text = without_asked_thirds(request)
    for find in (lambda text: _insets(text, visuals), _PROGRESS.finditer, _UNMATCHED.finditer, _THIRD.finditer):
        while (match := next(find(text), None)) is not None:
            marks = list(_CLAUSE.finditer(text))
            begin = max((mark.start() for mark in marks if mark.start() < match.start()), default=0)
            end = min((mark.start() for mark in marks if mark.start() >= match.end()), default=len(text))
            # A comma before a "with" goes with it.
            text = f"{text[:begin].rstrip(' ,;:')} {text[end:]}".replace(" ,", ",")
    return text.strip(" ,;:") if text != request else request


def _inset_asset(request: str, asked: re.Match[str], visuals: Sequence[Asset]) -> Asset | None:
    """The picture or clip that is named nearest to the words; else a clip whose name tells, else the last clip."""
    text = _flat(request)
    near: list[tuple[int, Asset]] = []
    for asset in visuals:
        for name in _names(asset):
            place = text.find(name) if len(name) >= 3 else -1
            if place >= 0:
                near.append((min(abs(place + len(name) - asked.start()), abs(place - asked.end())), asset))
    if near:
        return min(near, key=lambda one: one[0])[1]
    telling = [asset for asset in visuals if _FACE_CAM.search(_flat(asset.name))]
    marks = [asset for asset in visuals if isinstance(asset.media, Image) and asset.media.alpha]
    clips = [asset for asset in visuals if isinstance(asset.media, Video)]
    return next(iter((*telling[:1], *clips[-1:], *marks[:1], *visuals[-1:])), None)


def _flat(name: str) -> str:
    return re.sub(r"[_\-]", " ", name.casefold())


def _corner(request: str, asked: re.Match[str]) -> Corner:
    around = request[max(0, asked.start() - NEAR) : asked.end() + NEAR]
    down = _nearest(_DOWN, around) > _nearest(_UP, around)
    left = _nearest(_LEFT, around) > _nearest(_RIGHT, around)
    if down:
        return "bottom left" if left else "bottom right"
    return "top left" if left else "top right"


def _nearest(pattern: re.Pattern[str], around: str) -> int:
    """How near to the middle of `around` the pattern is found: larger is nearer, -1 for not at all."""
    middle = len(around) // 2
    return max((len(around) - abs(match.start() - middle) for match in pattern.finditer(around)), default=-1)


# ── where and when ──


@dataclass(frozen=True)
class Laid:
    """Steps for what is laid over, what the cut is told of it, and sentences for people."""

    steps: dict[str, AnyStep]
    over: tuple[Over, ...]
    notes: tuple[str, ...] = ()


def inset(wanted: Overlays, visual: Visual | None, form: Format, style: CaptionStyle, room: Span, seed: int) -> Laid:
    """The inset's shot and place, seen during `room` as long as it lasts."""
    if visual is None:
        return Laid({}, (), wanted.notes)
    media = visual.asset.media
    assert isinstance(media, Image | Video)
    box = box_for(media, form, style, wanted.corner)
    width, height = (2 * max(1, round(part / 2)) for part in (box.width * form.width, box.height * form.height))
    frame = Format(width=width, height=height, fps=form.fps)
    length = min(room.length, media.seconds) if isinstance(media, Video) else room.length
    # Whole frames, and none that the clip does not have.
    length = form.rate.seconds(int(length * form.fps))
    if length < min(SHORTEST, room.length):
        return Laid({}, (), (*wanted.notes, f"{visual.asset.name} is not laid in a corner: it is too short"))
    facts = Ref[Text](id=visual.look)
    if isinstance(media, Image):
        step: AnyStep = FramePicture(
            picture=Ref[Image](id=visual.asset.id), facts=facts, seconds=length, format=frame, motion="still", seed=seed
        )
        sound: Literal["none", "natural", "voice"] = "none"
    else:
        step = PickMoment(
            clip=Ref[Video](id=visual.asset.id), facts=facts, seconds=length, handles=Fraction(0), format=frame
        )
        speaks = isinstance(visual.facts, ClipFacts) and bool(visual.facts.speech)
        sound = "none" if wanted.mute else "voice" if speaks else "natural"
    plain: dict[str, Any] = (
        {"corner": 0.0, "border": 0.0, "shadow": 0.0} if isinstance(media, Image) and media.alpha else {}
    )
    over = Over(shot=Ref[Cut](id="inset"), start=form.rate.snap(room.start), box=box, sound=sound, **plain)
    return Laid({"inset": step}, (over,), wanted.notes)


def box_for(media: Image | Video, form: Format, style: CaptionStyle, corner: Corner) -> Box:
    """Where an inset lies: inside what the destination keeps free, above captions, a quarter to two fifths of the width."""
    safe = margins(form, style.safe)
    shape = min(max(media.width / media.height, 3 / 4), 16 / 9) / form.aspect
    logo = isinstance(media, Image) and media.alpha
    if logo:
        shape = media.width / media.height / form.aspect
    most = (0.42 if form.aspect < 1 else 0.28) / (BEFORE_LOGO**0.5 if logo else 1)
    tallest = 0.34 / (BEFORE_LOGO**0.5 if logo else 1)
    width = min(most, tallest * shape, 1 - safe.left - safe.right)
    height = width / shape
    across, down = corner.split()[1], corner.split()[0]
    x = safe.left if across == "left" else 1 - safe.right - width
    words = 0.13 if style.burn and style.place == "bottom" else 0.0
    y = safe.top if down == "top" else max(safe.top, 1 - safe.bottom - words - height)
    return Box(x=round(x, 5), y=round(y, 5), width=round(width, 5), height=round(height, 5))


def third_titles(
    wanted: Sequence[LowerThird], visuals: Sequence[Visual], seen: Mapping[int, Span], begin: Fraction, end: Fraction
) -> tuple[tuple[Title, ...], tuple[str, ...]]:
    """The lower thirds as titles, and a sentence for each that has no place.

    Each stands over the picture or clip that it names; else over the first (in the film's order) that shows a face
    and has none yet, else over the first that has none. None stands before `begin`, when the film's own title is over.
    """
    free = dict(sorted(seen.items(), key=lambda one: one[1].start))
    placed: list[Title] = []
    notes: list[str] = []
    for third in wanted:
        place = _place_for(third, visuals, free, begin)
        if place is None:
            notes.append(f"the lower third “{third.text}” has no picture or clip left to stand over")
            continue
        span = free.pop(place)
        start = max(span.start + THIRD_LEAD, begin)
        seconds = min(max(min(THIRD_SECONDS, span.end - start - THIRD_LEAD / 2), THIRD_SHORTEST), end - start)
        if seconds <= 0:
            notes.append(f"the lower third “{third.text}” has no time left in the film")
            continue
        placed.append(
            Title(start=start, seconds=seconds, text=third.text, subtitle=third.subtitle, place="lower_third")
        )
    return _apart(placed), tuple(notes)


def _place_for(third: LowerThird, visuals: Sequence[Visual], free: Mapping[int, Span], begin: Fraction) -> int | None:
    if third.file is not None:
        wanted = _flat(third.file)
        named = [place for place in free if wanted in _names(visuals[place].asset)]
        return named[0] if named else None
    roomy = [place for place, span in free.items() if span.end - max(span.start, begin) >= THIRD_SHORTEST]
    faces = [place for place in roomy if _shows_a_face(visuals[place])]
    return next(iter((*faces, *roomy, *free)), None)


def _shows_a_face(visual: Visual) -> bool:
    assert isinstance(visual.facts, PictureFacts | ClipFacts)
    return any(face.confidence >= 0.5 for face in visual.facts.faces)


def _apart(titles: Sequence[Title]) -> tuple[Title, ...]:
    """In the order of time, none of them up together with the next."""
    ordered = sorted(titles, key=lambda title: title.start)
    ends = [title.start for title in ordered[1:]]
    return tuple(
        title.model_copy(update={"seconds": min(title.seconds, ends[place] - title.start)})
        if place < len(ends) and ends[place] > title.start
        else title
        for place, title in enumerate(ordered)
    )
