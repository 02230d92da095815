"""``cutroom judge``: what the house measures in a file, how good it is technically, and what a model with eyes says of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cutroom.cli.parameters import Json, Quiet

if TYPE_CHECKING:
    from rich.table import Table

    from cutroom.judge.rubric import RubricJudge
    from cutroom.judge.together import Judged

PASSED, BROKEN, FAILED = 0, 1, 3
"""Exit statuses: nothing is wrong, a file cannot be read, something is wrong with one."""

STYLES = {"pass": "green", "fail": "red", "abstain": "yellow"}
SAYS = {
    "pass": "pass: nothing wrong was found",
    "fail": "fail: something is wrong with it",
    "abstain": "abstain: it could not be judged",
}


def judge(
    files: Annotated[list[Path], typer.Argument(help="Pictures, clips, films, sounds or texts.", show_default=False)],
    brief: Annotated[str, typer.Option("--brief", help="What it was to be, in words.", show_default=False)] = "",
    rubric: Annotated[
        bool | None,
        typer.Option(
            "--rubric/--no-rubric",
            help="Ask the configured chat model as well. [default: when it is known to be free]",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Judge files: verdict, measures, quality from 1 to 20. Exit status: 0 pass, 3 something is wrong, 1 a file cannot be read."""
    import tempfile

    from cutroom.brief.reading import read
    from cutroom.judge.together import judged
    from cutroom.media.store import Store

    model, unasked = _model(wanted=rubric, brief=brief)
    told: list[dict[str, Any]] = []
    status = PASSED
    for file in files:
        with tempfile.TemporaryDirectory(prefix="cutroom-judge-") as folder:
            store = Store(Path(folder))
            reading = read([file], store)
            for skipped in reading.skipped:
                status = BROKEN
                told.append({"file": skipped.name, "error": f"{skipped.reason}; {skipped.way_out}"})
                _complain(file, f"{skipped.reason}; {skipped.way_out}", json=json)
            for asset in reading.assets:
                one = judged(asset.media, asset.name, store, asked=brief, rubric=model, unasked=unasked)
                status = max(status, FAILED) if one.verdict.outcome == "fail" and status != BROKEN else status
                told.append(_plain(one))
                if not json and not quiet:
                    _show(one)
    if json:
        import json as writing

        sys.stdout.write(writing.dumps({"files": told, "exit_status": status}, ensure_ascii=False) + "\n")
    raise typer.Exit(status)


def add_to(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(judge)


def _model(*, wanted: bool | None, brief: str) -> tuple[RubricJudge | None, str]:
    """The model to ask, or why none is. Raises WrongUse when one was asked for and there is none."""
    if wanted is False:
        return None, "--no-rubric"
    from cutroom.chat.configured import chat_model_of
    from cutroom.configuration import configured
    from cutroom.errors import Unavailable, WrongUse

    try:
        chat = chat_model_of(configured())
    except Unavailable as error:
        if wanted:
            raise
        return None, str(error)
    if chat is None:
        if wanted:
            raise WrongUse("--rubric: no chat model is configured; add one with cutroom models add")
        return None, "no chat model is configured"
    if not wanted and not chat.served.rates.free:
        return None, f"{chat.name} may cost money; say --rubric to ask it"
    if not wanted and not chat.served.pictures:
        return None, f"{chat.name} is not known to take pictures (see = true)"
    from cutroom.chat.exchanges import StoreExchanges
    from cutroom.judge.rubric import RubricJudge
    from cutroom.media.store import Store
    from cutroom.render.signing import folder

    # What was answered (and paid for) is found again when the same file is judged once more.
    return RubricJudge(chat, asked=brief, exchanges=StoreExchanges(Store(folder() / "judge"))), ""


def _complain(file: Path, why: str, *, json: bool) -> None:
    if not json:
        sys.stderr.write(f"cutroom: {file}: {why}\n")


def _plain(one: Judged) -> dict[str, Any]:
    """As JSON."""
    from cutroom.judge.quality import Quality

    quality: dict[str, Any] | None = None
    if isinstance(one.quality, Quality):
        quality = {
            "score": one.quality.score,
            "error": one.quality.error,
            "impairments": dict(one.quality.impairments),
            "kept": dict(one.quality.kept),
            "abstained": dict(one.quality.abstained),
            "by": one.quality.by,
        }
    rubric: dict[str, Any] | None = None
    if one.opinion is not None:
        rubric = {
            "verdict": one.opinion.verdict.model_dump(mode="json"),
            "price": str(one.opinion.price),
            "decision": one.opinion.decision,
            "instruction": one.opinion.instruction,
        }
    preferred = one.preference
    return {
        "file": one.name,
        "medium": one.medium,
        "outcome": one.verdict.outcome,
        "house": one.house.model_dump(mode="json"),
        "quality": quality,
        "no_quality": None if quality else getattr(one.quality, "reason", ""),
        "rubric": rubric,
        "no_rubric": one.unasked or None,
        "preference": {"score": round(preferred.score, 4), "parts": dict(preferred.parts)},
    }


def _show(one: Judged) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    outcome = one.verdict.outcome
    console.print(Text(one.name, style="bold"), Text(SAYS[outcome], style=STYLES[outcome]), soft_wrap=True)
    for finding in one.verdict.findings:
        at = f"{float(finding.at):.2f} s: " if finding.at is not None else ""
        console.print(Text(f"  {finding.check}: {at}{finding.says}", style="red"), soft_wrap=True)
    console.print(_table(one))


def _table(one: Judged) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("measure", "value", "unit", "", box=None, pad_edge=False, header_style="bold")
    table.columns[1].justify = "right"
    for row in (*_quality_rows(one), *_measure_rows(one), *_rubric_rows(one)):
        table.add_row(*(Text(cell) for cell in row))
    return table


Row = tuple[str, str, str, str]


def _quality_rows(one: Judged) -> list[Row]:
    from cutroom.judge.quality import CURVES, Quality

    found = one.quality
    if not isinstance(found, Quality):
        return [("quality", "–", "1–20", found.reason)]
    lost = sorted((share, name) for name, share in found.kept.items() if share < 0.98)[:4]
    rows: list[Row] = [
        ("quality", f"{found.score:.1f} ± {found.error:.1f}", "1–20", "technical; see below what costs most")
    ]
    for share, name in lost:
        value = f"{found.impairments[name]:.3g}"
        rows.append((f"  {name.replace('_', ' ')}", value, CURVES[name].unit, f"leaves {share:.0%} of the quality"))
    rows += [(f"  {name.replace('_', ' ')}", "–", "", why) for name, why in found.abstained.items()]
    return rows


def _measure_rows(one: Judged) -> list[Row]:
    from cutroom.judge.together import UNITS, Unit

    rows: list[Row] = []
    for name, value in one.house.scores.items():
        unit, says = UNITS.get(name, Unit("", ""))
        rows.append((name, f"{value:g}", unit, says))
    rows += [(name, "–", "", why) for name, why in one.house.abstained.items()]
    return rows


def _rubric_rows(one: Judged) -> list[Row]:
    if one.opinion is None:
        return [("rubric", "–", "", one.unasked or "no model was asked")]
    said = one.opinion.verdict
    ranges = {"quality": "1–20", "aesthetics": "1–10", "plausibility": "1–10", "faults": ""}
    ranges |= {"visual_alignment": "1–10", "motion_alignment": "1–10"}
    rows = [
        (name, f"{value:g}", ranges.get(name.removesuffix(".rubric"), "1–5"), said.notes.get(name, ""))
        for name, value in said.scores.items()
    ]
    if one.opinion.decision:
        rows.append(("decision.rubric", one.opinion.decision, "", said.notes.get("decision.rubric", "")))
    rows += [(name, "–", "", why) for name, why in said.abstained.items()]
    rows.append(("asked", said.judge.removeprefix("rubric:"), "", f"price now: {one.opinion.price}"))
    return rows
