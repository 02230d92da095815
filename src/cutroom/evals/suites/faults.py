"""The suite `faults`: what a judge finds of what was planted, and what it finds where nothing was.

Every production is judged clean, and once more encoded anew without a fault: whatever is found there is a false alarm. A
planted fault counts as found when a take fails by a check that passed on the clean one. `named` says whether that check is
one that names the fault, `blamed` whether the first take that fails is the one that was harmed, and `placed` whether a
finding lies where the fault does (within half a second).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Literal

from cutroom.evals.aggregate import by, rate
from cutroom.evals.faults.clean import Clean, made, productions
from cutroom.evals.faults.kinds import BY_NAME, KINDS, STRENGTHS
from cutroom.evals.faults.planting import Bed, clean, encoded_again, planted
from cutroom.evals.task import Bench, Case, Figure, Looked, Made, Scored, Task
from cutroom.verdict import Fail, Finding, Verdict

VERSION = "1"
CLEAN, AGAIN = "clean", "encoded-again"
NEAR = Fraction(1, 2)


def faults(*, split: Literal["tuning", "held-out"] | None = None, own: Path | None = None) -> Task:
    """The task, with all productions or those of one split; of painted material, or of a person's `own` folder."""
    there = [one for one in productions() if split in (None, one.split)]
    cases = [case for one in there for case in _cases(one)]
    # Any first N of them are a fair sample.
    cases.sort(key=lambda case: hashlib.sha256(case.id.encode()).hexdigest())
    by_id = {one.id: one for one in there}

    def make(case: Case, bench: Bench) -> Made:
        bed = Bed.of(_taken(by_id[case.group], bench.room, own), bench.store)
        kind = case.labels["kind"]
        if kind == CLEAN:
            return clean(bed)
        if kind == AGAIN:
            return encoded_again(bed, case.id)
        return planted(bed, BY_NAME[kind], case.labels["strength"], case.id)

    settings = {"material": str(own) if own else "painted"}
    return Task("faults", VERSION, tuple(cases), make, score, figures, settings=settings)


@lru_cache(maxsize=4)
def _taken(one: Clean, room: Path, own: Path | None):  # noqa: ANN202 - Takes
    return made(one, room, own)


def _cases(one: Clean) -> list[Case]:
    about = {"material": one.kind, "frame": one.frame, "voice": "yes" if one.voice else "no", "split": one.split}
    plain = f"{one.id}/{CLEAN}"
    found = [
        Case(id=plain, group=one.id, labels={**about, "kind": CLEAN}),
        Case(id=f"{one.id}/{AGAIN}", group=one.id, labels={**about, "kind": AGAIN}, needs=(plain,)),
    ]
    found += [
        Case(
            id=f"{one.id}/{kind.name}/{strength}",
            group=one.id,
            labels={**about, "kind": kind.name, "strength": strength, "where": kind.way},
            needs=(plain,),
        )
        for kind in KINDS
        for strength in STRENGTHS
    ]
    return found


def score(looked: Looked) -> Mapping[str, float]:
    """``false_alarm`` of clean cases; ``found``, and of what was found ``named``, ``blamed`` and ``placed``, of planted ones."""
    kind = looked.case.labels["kind"]
    if kind == CLEAN:
        return {"false_alarm": float(any(isinstance(one, Fail) for one in looked.verdicts))}
    before = {finding.check for verdicts in looked.others.values() for one in verdicts for finding in one.findings}
    new = [_new(one, before) for one in looked.verdicts]
    if kind == AGAIN:
        return {"false_alarm": float(any(new))}
    if not any(new):
        return {"found": 0.0}
    first = next(place for place, findings in enumerate(new) if findings)
    named = BY_NAME[kind].named
    scores = {
        "found": 1.0,
        "named": float(any(one.check in named for findings in new for one in findings)),
        "blamed": float(looked.made.items[first].name == looked.made.facts["step"]),
    }
    placed = _placed(looked.made, [one for findings in new for one in findings])
    return scores if placed is None else {**scores, "placed": float(placed)}


def _new(verdict: Verdict, before: set[str]) -> tuple[Finding, ...]:
    return tuple(one for one in verdict.findings if one.check not in before)


def _placed(made: Made, findings: Sequence[Finding]) -> bool | None:
    """Whether a finding meets the fault in time; None when either is about the whole."""
    if made.at is None or made.length is None:
        return None
    timed = [one for one in findings if one.at is not None]
    start, end = made.at - NEAR, made.at + made.length + NEAR
    return any(one.at <= end and one.at + one.length >= start for one in timed if one.at is not None) if timed else None


def figures(cases: Sequence[Scored]) -> tuple[Figure, ...]:
    """False alarms; recall by strength, and by kind and strength; how often the fault is named, blamed and placed."""
    some = [one for one in cases if one.outcome == "scored"]
    found = [rate("false_alarm", some)]
    found += [rate("false_alarm", group, {"kind": key[0]}) for key, group in sorted(by(some, "kind").items())]
    found += [rate("found", some), *(rate(name, some) for name in ("named", "blamed", "placed"))]
    for strength in STRENGTHS:
        strong = [one for one in some if one.case.labels.get("strength") == strength]
        found += [rate(name, strong, {"strength": strength}) for name in ("found", "named", "blamed", "placed")]
    for (kind, strength), group in sorted(by(some, "kind", "strength").items(), key=_order):
        found.append(rate("found", group, {"kind": kind, "strength": strength}))
    return tuple(figure for figure in found if figure is not None)


def _order(entry: tuple[tuple[str, ...], list[Scored]]) -> tuple[int, int]:
    kind, strength = entry[0]
    return list(BY_NAME).index(kind), STRENGTHS.index(strength)  # pyright: ignore[reportArgumentType]
