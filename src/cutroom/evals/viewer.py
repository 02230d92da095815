"""A run as one page: figures, then every case with its media side by side and what the judge said of it.

The page stands alone beside the run's store: it needs no server, loads nothing from elsewhere, and everything in it that
came from outside is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from cutroom.evals.aggregate import outcomes
from cutroom.evals.compare import Difference
from cutroom.evals.log import Log
from cutroom.evals.running import STORE
from cutroom.evals.task import Figure, Item, Scored, Task
from cutroom.media.kinds import AnyMedia
from cutroom.media.store import Store
from cutroom.verdict import Verdict

WORDS = 4000
"""So many characters of a text are shown."""
EAGER = 60
"""With more cases than these, players load only when they are started."""


@dataclass(frozen=True)
class Shown:
    """A medium on the page."""

    kind: str
    href: str
    text: str = ""


@dataclass(frozen=True)
class Pair:
    """A take, beside the same step's take without the fault where there is one."""

    name: str
    made: Shown
    beside: Shown | None
    verdict: Verdict | None


@dataclass(frozen=True)
class Row:
    """A case on the page."""

    scored: Scored
    about: str
    span: str
    start: float
    """Where players begin, in seconds: inside the fault, or where a film has begun."""
    pairs: tuple[Pair, ...]
    failed: bool
    """True for what deserves a look: errors, and scores that are not right."""


def page(
    task: Task,
    log: Log,
    cases: Sequence[Scored],
    folder: Path,
    judge: str,
    version: str,
    differences: Sequence[Difference] = (),
) -> str:
    """The page's HTML. Media are linked where they lie in the run's store, relative to `folder`."""
    store = Store(folder / STORE)
    rows = [_row(log, one, store, judge, version) for one in cases]
    environment = Environment(
        loader=PackageLoader("cutroom.evals", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    figures = list(task.figures(cases))
    return environment.get_template("viewer.html.j2").render(
        task=task,
        judge=f"{judge} {version}",
        settings=dict(task.settings),
        counts=outcomes(cases),
        plain=[figure for figure in figures if not figure.labels],
        tables=_tables(figures),
        differences=differences,
        rows=rows,
        preload="metadata" if len(rows) <= EAGER else "none",
    )


def _row(log: Log, one: Scored, store: Store, judge: str, version: str) -> Row:
    known, judged = log.made.get(one.case.id), log.judged.get((one.case.id, judge, version))
    items = known.made.items if known else ()
    beside = {item.name: item for name in one.case.needs if name in log.made for item in log.made[name].made.items}
    verdicts = judged.verdicts if judged else (None,) * len(items)
    pairs = tuple(
        Pair(item.name, _shown(item.media, store), _other(item, beside, store), verdict)
        for item, verdict in zip(items, verdicts, strict=True)
    )
    span = known.made.span if known else None
    return Row(
        scored=one,
        about=known.made.about if known else "",
        start=1.0 if span is None else max(0.0, float(span.start + span.length / 4)),
        span="" if span is None else f"{float(span.start):.2f} to {float(span.end):.2f} s",
        pairs=pairs,
        failed=one.outcome not in ("scored", "not applicable") or _wrong(one.scores),
    )


def _wrong(scores: Mapping[str, float]) -> bool:
    return scores.get("found") == 0.0 or scores.get("false_alarm") == 1.0 or scores.get("blamed") == 0.0


def _other(item: Item, beside: Mapping[str, Item], store: Store) -> Shown | None:
    other = beside.get(item.name)
    return None if other is None or other.media.digest == item.media.digest else _shown(other.media, store)


def _shown(media: AnyMedia, store: Store) -> Shown:
    place = store.place(media.digest, media.suffix)
    href = f"{STORE}/{place.relative_to(store.root).as_posix()}"
    words = ""
    if media.medium in ("text", "cut"):
        words = place.read_text("utf-8", errors="replace")[:WORDS] if place.is_file() else "(gone)"
    return Shown(media.medium, href, words)


def _figure(figure: Figure) -> str:
    """``0.93 (0.88 to 0.96, of 120)``."""
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f}, of {figure.count})"


def _tables(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """Figures with one label as lists, with two as tables of one label against the other."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    for figure in figures:
        names = tuple(figure.labels)
        if not names:
            continue
        table = found.setdefault((figure.name, names), {"name": figure.name, "names": names, "columns": {}, "rows": {}})
        row = figure.labels[names[0]]
        column = figure.labels[names[1]] if len(names) > 1 else ""
        table["columns"][column] = None
        table["rows"].setdefault(row, {})[column] = figure
    return list(found.values())
