"""The suite `quality`: how well a judge's scores agree with people's.

A table (CSV with a header, or JSON Lines) names files and what people gave them: the columns ``file`` and ``score`` (or
``mos``), and ``prompt`` if there is one. Every score in the judge's verdicts is correlated with theirs.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cutroom.errors import BadInput
from cutroom.evals.aggregate import bootstrapped
from cutroom.evals.correlation import krcc, plcc, srcc
from cutroom.evals.suites.files import item_of
from cutroom.evals.task import Bench, Case, Figure, Looked, Made, Scored, Task
from cutroom.media.store import digest_of
from cutroom.verdict import Pass

VERSION = "1"
HUMAN = "human"
FEWEST = 3
"""With fewer pairs than these, a correlation says nothing at all."""
DRAWS = 400
"""Kendall's counts every pair: fewer draws than a mean's."""
WAYS = {"srcc": srcc, "plcc": plcc, "krcc": krcc}


def quality(scores: Path, media: Path | None = None) -> Task:
    """The task. Files are looked for beside the table, or in `media`. Raises BadInput for a table that cannot be read."""
    rows = list(_rows(scores))
    folder = media or scores.parent
    there = {row["file"]: row for row in rows}
    cases = tuple(
        Case(id=name, group=str(row.get("group") or name), labels=_labels(row)) for name, row in there.items()
    )

    def make(case: Case, bench: Bench) -> Made:
        row = there[case.id]
        item = item_of(folder / case.id, bench.store, str(row.get("prompt") or ""))
        return Made(items=(item,), about=f"people gave it {row['score']}", facts={HUMAN: str(row["score"])})

    settings = {"scores": digest_of(scores).digest}
    return Task("quality", VERSION, cases, make, score, figures, settings=settings)


def score(looked: Looked) -> Mapping[str, float]:
    """What people gave it, and every score of the verdict; ``passed`` is 1 for a pass."""
    verdict = looked.verdicts[0]
    return {
        HUMAN: float(looked.made.facts[HUMAN]),
        "passed": float(isinstance(verdict, Pass)),
        **verdict.scores,
    }


def figures(cases: Sequence[Scored]) -> tuple[Figure, ...]:
    """The three correlations of every score that at least three cases have, where it varies."""
    some = [one for one in cases if one.outcome == "scored"]
    names = dict.fromkeys(name for one in some for name in one.scores if name != HUMAN)
    return tuple(figure for name in names for figure in _correlations(name, some))


def _correlations(name: str, cases: Sequence[Scored]) -> list[Figure]:
    pairs = np.array([(one.scores[HUMAN], one.scores[name]) for one in cases if name in one.scores])
    if len(pairs) < FEWEST or np.ptp(pairs[:, 0]) == 0 or np.ptp(pairs[:, 1]) == 0:
        return []
    found = []
    for way, function in WAYS.items():

        def drawn(places: np.ndarray, function: Any = function) -> float:
            some = pairs[places.astype(int)]
            # A draw of equal values has no correlation: it is left out.
            return function(some[:, 0], some[:, 1]) if np.ptp(some[:, 0]) and np.ptp(some[:, 1]) else float("nan")

        places = [float(place) for place in range(len(pairs))]
        low, high = bootstrapped(places, statistic=drawn, draws=DRAWS)
        value = function(pairs[:, 0], pairs[:, 1])
        found.append(
            Figure(
                name=way,
                labels={"score": name},
                value=value,
                low=min(low, value),
                high=max(high, value),
                count=len(pairs),
                how="correlation",
            )
        )
    return found


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            path, f"cannot be read ({error})", "write a CSV table with the columns file and score"
        ) from error
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].lstrip().startswith("{"):
        return [_row(path, number, _object(path, number, line)) for number, line in enumerate(lines, 1)]
    return [_row(path, number, dict(row)) for number, row in enumerate(csv.DictReader(lines), 2)]


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise BadInput(path, f"line {number} is no JSON", "write one JSON object a line") from error
    return found if isinstance(found, dict) else {}


def _row(path: Path, number: int, row: dict[str, Any]) -> dict[str, Any]:
    given = row.get("score", row.get("mos"))
    try:
        value = float(Fraction(str(given).strip()))
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput(path, f"line {number} has no score ({given!r})", "name the columns file and score") from error
    if not row.get("file"):
        raise BadInput(path, f"line {number} names no file", "name the columns file and score")
    return {**row, "file": str(row["file"]), "score": value}


def _labels(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(row[name]) for name in ("model", "group") if row.get(name)}
