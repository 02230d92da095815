"""Shows what `cutroom verify` read in a file."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cutroom.media.marks import MarkedIngredient, Marks, Signature

EXIT = {"valid": 0, "broken": 1, "unsigned": 3, "absent": 3}
"""The command's exit status for each answer."""

SAYS = {
    "valid": "valid: signed, and unchanged since",
    "broken": "broken: it was signed, and what is here now is not what was signed",
    "unsigned": "unsigned: it says something, but nothing shows that it is true",
    "absent": "absent: it says nothing of how it was made",
}
STYLES = {"valid": "green", "broken": "red", "unsigned": "yellow", "absent": "yellow"}

SOURCES = {
    "digitalCapture": "recorded by a camera",
    "algorithmicMedia": "computed by rules",
    "trainedAlgorithmicMedia": "made by a trained model (AI)",
    "composite": "put together from several sources",
    "compositeWithTrainedAlgorithmicMedia": "put together, in part from a trained model (AI)",
}
"""IPTC's terms in plain words."""


def show(marks: Marks, file: Path, *, json: bool, quiet: bool) -> None:
    """The answer as a table, as one JSON object, or (quiet) not at all."""
    if json:
        sys.stdout.write(marks.model_dump_json() + "\n")
        return
    if quiet:
        return
    console = Console()
    console.print(Text(str(file), style="bold"), Text(SAYS[marks.status], style=STYLES[marks.status]), soft_wrap=True)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in _rows(marks):
        table.add_row(name, Text(value))
    console.print(table)
    if marks.actions:
        console.print(_actions(marks))
    if marks.ingredients:
        console.print(_ingredients(marks.ingredients))


def _rows(marks: Marks) -> list[tuple[str, str]]:
    rows = [("problem", problem) for problem in marks.problems]
    rows += [("not looked for", f"{what}: {why}") for what, why in marks.abstained.items()]
    if marks.generator:
        rows.append(("made with", marks.generator))
    if marks.source:
        rows.append(("manifest says", _source(marks.source)))
    if marks.iptc:
        rows.append(("IPTC says", _source(marks.iptc)))
    if marks.signature:
        rows.append(("signed by", _signature(marks.signature)))
    if marks.comment:
        rows.append(("comment", marks.comment))
    for name, watermark in marks.watermarks.items():
        number = f", number {watermark.payload:08x}" if watermark.payload is not None else ""
        why = f" ({watermark.reason})" if watermark.reason else ""
        # Below this, the number would only show how far floats reach.
        chance = f", by chance at most {max(watermark.false_alarm, 1e-99):.0e}" if watermark.decision == "found" else ""
        said = f"{watermark.decision}{number}, score {max(watermark.score, 0):.1f}{chance}{why}"
        rows.append((f"watermark, {name}", said))
    return rows


def _signature(said: Signature) -> str:
    if said.trusted:
        whose = "a trusted authority vouches for it"
    elif said.own:
        whose = "this machine's own certificate; nobody vouches for it"
    else:
        whose = "nobody vouches for it: it shows that nothing was changed since, not who signed"
    return f"{said.issuer}, {said.algorithm.upper()} ({whose})"


def _source(term: str) -> str:
    return f"{term}: {SOURCES[term]}" if term in SOURCES else term


def _actions(marks: Marks) -> Table:
    table = Table("action", "what", "source", "by", box=None, pad_edge=False, header_style="bold", title_justify="left")
    for action in marks.actions:
        what = ", ".join(action.of) or action.about
        about = f"{what}: {action.about}" if action.of and action.about else what
        table.add_row(
            Text(action.action.removeprefix("c2pa.")), Text(about), Text(action.source or ""), Text(action.by)
        )
    return table


def _ingredients(ingredients: tuple[MarkedIngredient, ...]) -> Table:
    table = Table("ingredient", "is", "its own manifest", "SHA-256", box=None, pad_edge=False, header_style="bold")
    for one in ingredients:
        table.add_row(Text(one.title), Text(one.relationship), one.manifest, Text((one.sha256 or "")[:16]))
    return table
