"""Fills the report's page from a production. Reads only; everything on the page is escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from cutroom.errors import CutroomError
from cutroom.ledger.events import Accepted, Failed, Judged, Made, Planned
from cutroom.ledger.journal import Entry
from cutroom.ledger.production import Production
from cutroom.ledger.state import State
from cutroom.media.kinds import AnyMedia, Cut, Image, Video
from cutroom.timeline.timeline import Clip, Gap, Timeline, Transition
from cutroom.verdict import Verdict

THUMBNAIL = 320
"""The longer side of the page's small pictures, in pixels."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One take, for the page's table."""

    step: str
    about: str
    group: str
    take: int
    performer: str
    seconds: float
    cost: Decimal
    verdict: Verdict | None
    used: bool
    failed: str = ""
    picture: str = ""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A stretch of the timeline's drawing, in per cent of the film's length."""

    left: float
    width: float
    label: str
    kind: str


def report(result: dict[str, Any], state: State, entries: Sequence[Entry], production: Production) -> str:
    """The page as HTML, complete in itself but for the film, which it links to."""
    film = next((item for item in result["deliverables"] if item["kind"] == "video"), None)
    timeline = _timeline(state, production)
    return _page().render(
        result=result,
        brief=state.brief,
        assets=[(asset, _thumbnail(asset.media, production)) for asset in (state.brief.assets if state.brief else ())],
        film=film,
        film_link=f"../{Path(film['path']).name}" if film else None,
        stills=_stills(state, production) if film else [],
        timeline=timeline,
        lanes=_lanes(timeline) if timeline else [],
        rows=_rows(entries, state, production),
        plan=state.plan,
        revisions=[entry.event for entry in entries if isinstance(entry.event, Planned) and entry.event.revises],
        opened=entries[0].at if entries else "",
    )


@cache
def _page() -> Any:
    environment = Environment(
        loader=PackageLoader("cutroom.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = _clock
    return environment.get_template("report.html.j2")


def _clock(seconds: Any) -> str:
    value = float(Fraction(seconds))
    return f"{int(value // 60)}:{value % 60:05.2f}"


def _rows(entries: Sequence[Entry], state: State, production: Production) -> list[Row]:
    """Every take that was ever made or failed, in order, with its verdict and whether it is used."""
    verdicts = {entry.event.key: entry.event.verdict for entry in entries if isinstance(entry.event, Judged)}
    used = {entry.event.key for entry in entries if isinstance(entry.event, Accepted)}
    plans = [entry.event.plan for entry in entries if isinstance(entry.event, Planned)]
    steps = {name: step for plan in plans for name, step in plan.steps.items()}
    rows = []
    for entry in entries:
        event = entry.event
        if not isinstance(event, Made | Failed):
            continue
        step = steps.get(event.step)
        made = event if isinstance(event, Made) else None
        rows.append(
            Row(
                step=event.step,
                about=step.sentence() if step else "",
                group=step.group if step else "",
                take=event.take,
                performer=event.performer,
                seconds=float(made.wall_seconds) if made else 0.0,
                cost=made.cost if made else Decimal(0),
                verdict=verdicts.get(event.key),
                used=event.key in used,
                failed="" if made else event.reason,  # pyright: ignore[reportAttributeAccessIssue]
                picture=_thumbnail(made.media, production) if made and isinstance(made.media, Image) else "",
            )
        )
    return rows


def _timeline(state: State, production: Production) -> Timeline | None:
    """The cut of the film that is in use."""
    cuts = [
        take.made.media
        for slot in state.slots.values()
        if slot.accepted
        and (take := slot.takes.get(slot.accepted.take))
        and take.made
        and isinstance(take.made.media, Cut)
        and state.plan
        and take.made.step in state.plan.steps
        and state.plan.steps[take.made.step].kind == "assemble_cut"
    ]
    if not cuts or not production.store.has(cuts[-1]):
        return None
    return Timeline.model_validate_json(production.store.path(cuts[-1]).read_bytes())


def _lanes(timeline: Timeline) -> list[tuple[str, list[Bar]]]:
    """The timeline as rows of bars: picture, words, sounds."""
    whole = float(timeline.seconds) or 1.0

    def bar(start: Fraction, seconds: Fraction, label: str, kind: str) -> Bar:
        return Bar(left=100 * float(start) / whole, width=100 * float(seconds) / whole, label=label, kind=kind)

    picture: list[Bar] = []
    at = Fraction(0)
    for item in timeline.picture:
        if isinstance(item, Transition):
            continue
        label = item.name if isinstance(item, Clip) else "black"
        picture.append(bar(at, item.seconds, label, "gap" if isinstance(item, Gap) else item.media.type))
        at += item.seconds
    words = [bar(title.start, title.seconds, title.text, "title") for title in timeline.titles]
    words += [bar(caption.start, caption.seconds, caption.text, "caption") for caption in timeline.captions]
    lanes = [("picture", picture), ("words", words)]
    lanes += [
        (
            track.role,
            [bar(sound.start, sound.source.length / sound.speed, sound.name, track.role) for sound in track.sounds],
        )
        for track in timeline.sound
    ]
    return [(name, bars) for name, bars in lanes if bars]


def _stills(state: State, production: Production) -> list[str]:
    """The film at a tenth, at the half and at nine tenths of its length."""
    from cutroom.media.clip import frames
    from cutroom.time import Span

    films = [
        take.made.media
        for slot in state.slots.values()
        if slot.accepted
        and (take := slot.takes.get(slot.accepted.take))
        and take.made
        and isinstance(take.made.media, Video)
    ]
    if not films:
        return []
    film = films[-1]
    found = []
    for tenths in (1, 5, 9):
        at = film.seconds * tenths / 10
        span = Span(start=at, length=Fraction(1, 2))
        frame = next(iter(frames(production.store.path(film), span=span, max_side=640)), None)
        if frame is not None:
            found.append(_data_uri(frame.pixels))
    return found


def _thumbnail(media: AnyMedia, production: Production) -> str:
    """A small picture of `media` as a data URI; empty for what has no look, or cannot be read any more."""
    from cutroom.media.clip import frames
    from cutroom.media.picture import open_picture

    try:
        if isinstance(media, Image):
            return _data_uri(open_picture(production.store.path(media), max_side=THUMBNAIL))
        if isinstance(media, Video):
            frame = next(iter(frames(production.store.path(media), max_side=THUMBNAIL)), None)
            return _data_uri(frame.pixels) if frame is not None else ""
    except CutroomError:
        return ""
    return ""


def _data_uri(pixels: Any) -> str:
    from PIL import Image as Picture

    buffer = io.BytesIO()
    Picture.fromarray(pixels).convert("RGB").save(buffer, "JPEG", quality=78)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
