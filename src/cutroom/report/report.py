"""Fills the report's page from a production. Reads only; everything on the page is escaped."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from cutroom.errors import CutroomError
from cutroom.ledger.events import Failed, Judged, Made, Planned
from cutroom.ledger.journal import Entry
from cutroom.ledger.production import Production
from cutroom.ledger.state import State
from cutroom.media.kinds import AnyMedia, Cut, Image, Video
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.step import AnyStep
from cutroom.timeline.timeline import Gap, Timeline, Transition
from cutroom.verdict import Verdict

THUMBNAIL = 320
"""The longer side of the page's small pictures, in pixels."""

UNITS = {
    "_lufs": "LUFS",
    "_dbtp": "dBTP",
    "_s": "s",
    "seconds": "s",
}
"""What a score is measured in, by the end of its name."""

GROUPS = {
    "understand": "Looking",
    "write": "Writing",
    "generate": "Making",
    "edit": "Editing",
    "assemble": "Putting together",
}
"""The groups of the catalogue as headings, in the order of the work."""


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
    picture: str = ""


def report(
    result: dict[str, Any],
    state: State,
    entries: Sequence[Entry],
    production: Production,
    *,
    in_use: Collection[str] = (),
) -> str:
    """The page as HTML, complete in itself but for the film, which it links to.

    `in_use` are the keys of the takes that the film is made of; the others are shown as superseded.
    """
    film = next((item for item in result["deliverables"] if item["kind"] == "video"), None)
    timeline = _timeline(state, production)
    names = _names(state)
    assets = [(asset, _thumbnail(asset.media, production)) for asset in (state.brief.assets if state.brief else ())]
    return _page().render(
        result=result,
        title=(timeline.title if timeline else "") or "A film",
        brief=state.brief,
        assets=assets,
        film=film,
        links={item["path"]: _link(item["path"], production) for item in result["deliverables"]},
        stills=_stills(state, production) if film else [],
        timeline=timeline,
        ticks=_ticks(timeline.seconds) if timeline else [],
        lanes=_lanes(timeline, names, {asset.id: picture for asset, picture in assets}) if timeline else [],
        groups=_groups(_rows(entries, state, production, in_use)),
        plan=state.plan,
        revisions=[entry.event for entry in entries if isinstance(entry.event, Planned) and entry.event.revises],
        opened=_moment(entries[0].at) if entries else "",
    )


def _names(state: State) -> dict[str, str]:
    """What people call the assets and the lines that are read aloud, by id."""
    names = {asset.id: asset.name for asset in (state.brief.assets if state.brief else ())}
    steps = state.plan.steps if state.plan else {}
    return names | {name: step.text for name, step in steps.items() if isinstance(step, Speak)}


def _link(path: str, production: Production) -> str:
    """Where a file that was delivered lies, as seen from the report."""
    place = Path(path)
    return place.name if place.parent == production.folder else f"../{place.name}"


def _moment(at: str) -> str:
    """A ledger's time for people: ``20 November 2026, 14:05 UTC``."""
    moment = datetime.fromisoformat(at).astimezone(UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _ticks(seconds: Fraction) -> list[tuple[float, str]]:
    """Marks for a ruler along the film: per cent of its length, and the time there."""
    every = next((step for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600) if seconds / step <= 8), 900)
    return [(100 * at / float(seconds), f"{at // 60}:{at % 60:02}") for at in range(0, int(seconds) + 1, every)]


def _groups(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """The takes under headings, in the order of the work."""
    found = [(heading, [row for row in rows if row.group == group]) for group, heading in GROUPS.items()]
    other = [row for row in rows if row.group not in GROUPS]
    return [(heading, rows) for heading, rows in [*found, ("Other", other)] if rows]


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
    environment.filters["score"] = _score
    return environment.get_template("report.html.j2")


def _clock(seconds: Any) -> str:
    value = float(Fraction(seconds))
    return f"{int(value // 60)}:{value % 60:05.2f}"


def _score(value: float, name: str) -> str:
    unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
    return f"{value:.4g} {unit}".strip().replace("-", "−")


def _about(step: AnyStep, names: dict[str, str]) -> str:
    """What a step does, and to what: ``Look at a picture · lake.jpg``."""
    if isinstance(step, Speak):
        return f"“{step.text}”"
    what = step.sentence().split(":")[0].rstrip(".")
    given = [names[wire.id] for wire in step.wires() if wire.id in names]
    return f"{what} · {given[0]}" if len(given) == 1 else what


def _rows(entries: Sequence[Entry], state: State, production: Production, in_use: Collection[str]) -> list[Row]:
    """Every take that was ever made or failed, in order, with its verdict and whether it is used."""
    verdicts = {entry.event.key: entry.event.verdict for entry in entries if isinstance(entry.event, Judged)}
    used = set(in_use)
    steps: dict[str, AnyStep] = {}
    names = {asset.id: asset.name for asset in (state.brief.assets if state.brief else ())}
    rows = []
    for entry in entries:
        event = entry.event
        if isinstance(event, Planned):
            # The same id may be another step in a later plan.
            steps = dict(event.plan.steps)
        if not isinstance(event, Made | Failed):
            continue
        step = steps.get(event.step)
        made = event if isinstance(event, Made) else None
        rows.append(
            Row(
                step=event.step,
                about=_about(step, names) if step else "",
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


def _lanes(timeline: Timeline, names: dict[str, str], pictures: dict[str, str]) -> list[tuple[str, list[Bar]]]:
    """The timeline as rows of bars: picture, words, sounds. `names` and `pictures` are those of assets and lines, by id."""
    whole = float(timeline.seconds) or 1.0

    def bar(start: Fraction, seconds: Fraction, label: str, kind: str, picture: str = "") -> Bar:
        return Bar(
            left=100 * float(start) / whole, width=100 * float(seconds) / whole, label=label, kind=kind, picture=picture
        )

    shots: list[Bar] = []
    at = Fraction(0)
    for item in timeline.picture:
        if isinstance(item, Transition):
            continue
        if isinstance(item, Gap):
            shots.append(bar(at, item.seconds, "black", "gap"))
        else:
            shots.append(
                bar(at, item.seconds, names.get(item.name, item.name), item.media.type, pictures.get(item.name, ""))
            )
        at += item.seconds
    lanes = [
        ("picture", shots),
        ("titles", [bar(title.start, title.seconds, title.text, "title") for title in timeline.titles]),
        ("captions", [bar(caption.start, caption.seconds, caption.text, "caption") for caption in timeline.captions]),
    ]
    for track in timeline.sound:
        sounds = [
            bar(sound.start, sound.source.length / sound.speed, names.get(sound.name, sound.name), track.role)
            for sound in track.sounds
        ]
        lanes.append((track.role, sounds))
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
