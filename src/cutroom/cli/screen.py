"""What a person sees in the terminal: progress while it works, tables when it is done, JSON when asked."""

from __future__ import annotations

import json as jsonlib
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from cutroom.api import Clearing, Planned, Result, Revised, Status
from cutroom.director.commands import Ask
from cutroom.engine.watch import Unwatched, Watch
from cutroom.ledger.events import Accepted, Event, Failed, Judged, Made, Opened, Recast, Started, Wrapped
from cutroom.ledger.events import Planned as PlannedEvent
from cutroom.ledger.journal import Entry
from cutroom.ledger.state import State
from cutroom.money import Price
from cutroom.plan.step import AnyStep

if TYPE_CHECKING:
    from cutroom.exports.export import Exported

ANSWERS = {"approve": ("yes", "no"), "ambiguous": ("resubmit", "skip"), "fallback": ("yes", "no")}
"""What may be answered to each question."""

SHOWN = 48
"""How many characters of a line a table shows."""

ALIKE = 3
"""Of notes that say the same of different things so many are shown; more would push all else off the screen."""


@contextmanager
def watching(*, json: bool, quiet: bool) -> Iterator[Watch]:
    """A watch that shows progress on standard error, or none."""
    if json or quiet:
        yield Unwatched()
        return
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console)
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
    ) as progress:
        yield Bars(progress)


class Lines:
    """One line for each step that is done: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def happened(self, event: Event, state: State) -> None:
        """Tell of takes and revisions."""
        if isinstance(event, Made):
            self.console.print(
                Text(f"{event.step}: done by {event.performer} in {float(event.wall_seconds):.1f} s"), soft_wrap=True
            )
        elif isinstance(event, Failed):
            self.console.print(Text(f"{event.step}: {event.reason}"), soft_wrap=True)
        elif isinstance(event, Recast):
            self.console.print(Text(f"{event.step}: {event.performer} ({event.price}) steps in"), soft_wrap=True)
        elif isinstance(event, Judged) and event.verdict.outcome == "fail":
            self.console.print(
                Text(f"{event.step}: take {event.take} fails: {'; '.join(event.verdict.reasons)}"), soft_wrap=True
            )

    def progress(self, step: str, done: int, total: int) -> None:
        """Too much for a log."""

    def ask(self, asked: Ask) -> str | None:
        """Nobody reads a log while it is written."""
        return None


class Bars:
    """A bar for the whole plan, and one for each step that reports how far it is."""

    def __init__(self, progress: Progress) -> None:
        self.bars = progress
        self.whole = progress.add_task("looking", total=None, count="")
        self.steps: dict[str, TaskID] = {}
        self.accepted: set[str] = set()

    def happened(self, event: Event, state: State) -> None:
        """Move the bars along."""
        if isinstance(event, PlannedEvent):
            total = len(event.plan.steps)
            self.bars.update(self.whole, total=total, description="making" if event.plan.goal else "looking")
        elif isinstance(event, Started):
            self.bars.update(self.whole, description=f"{event.step} · {event.performer}")
        elif isinstance(event, Made | Failed) and event.step in self.steps:
            self.bars.remove_task(self.steps.pop(event.step))
        if isinstance(event, Accepted) and state.plan is not None:
            self.accepted.add(event.step)
            done, total = len(self.accepted), len(state.plan.steps)
            self.bars.update(self.whole, completed=min(done, total), count=f"{min(done, total)} of {total} steps")

    def progress(self, step: str, done: int, total: int) -> None:
        """Show how far one step is."""
        task = self.steps.get(step)
        if task is None:
            task = self.steps[step] = self.bars.add_task(f"  {step}", total=total, count="")
        self.bars.update(task, completed=done, total=total, count=f"{done} of {total}")

    def ask(self, asked: Ask) -> str | None:
        """Ask whoever sits at the terminal; an empty answer stops the run."""
        answers = ANSWERS[asked.question]
        self.bars.stop()
        try:
            self.bars.console.print(Text(asked.says), soft_wrap=True)
            said = self.bars.console.input(f"{' or '.join(answers)}? ").strip().lower()
        except EOFError:
            return None
        finally:
            self.bars.start()
        return next((answer for answer in answers if said and answer.startswith(said)), None)


def show_plan(planned: Planned, result: Result | None, *, json: bool, quiet: bool) -> None:
    """The plan as a table: what, who, at what price."""
    plan, parts = planned.plan, planned.cast.parts
    known, unknown = planned.price
    if json:
        steps = [
            {
                "id": name,
                "kind": plan.steps[name].kind,
                "performer": parts[name].performer if name in parts else None,
                "price": _price(parts[name].terms.price) if name in parts else None,
                "step": plan.steps[name].model_dump(mode="json"),
            }
            for name in plan.order()
        ]
        whole = {
            "status": "stopped",
            "production": result.production if result else None,
            "steps": steps,
            "goal": plan.goal,
            "price": {**_price(known), "unknown": unknown},
            "notes": plan.notes,
            "degraded": [item.model_dump() for item in plan.degraded],
        }
        sys.stdout.write(jsonlib.dumps(whole, ensure_ascii=False) + "\n")
        return
    if quiet:
        return
    names = {asset.id: asset.name for asset in planned.brief.assets}
    table = Table("step", "what", "who", "price", box=None, pad_edge=False, header_style="bold")
    for name in plan.order():
        part = parts.get(name)
        table.add_row(
            Text(name),
            Text(_about(plan.steps[name], names)),
            Text(part.performer if part else "nobody here"),
            Text(str(part.terms.price) if part else "–"),
        )
    console = Console()
    console.print(table)
    more = f", and {unknown} of unknown price" if unknown else ""
    console.print(Text(f"{len(plan.steps)} steps, price: {known}{more}"))
    for note in _few(plan.notes):
        console.print(Text(f"· {note}"))
    for skipped in planned.brief.skipped:
        console.print(Text(f"! {skipped.name} is left out: {skipped.reason}; {skipped.way_out}"), style="yellow")


def _price(price: Price) -> dict[str, object]:
    return {"low": str(price.low), "high": str(price.high), "currency": price.currency, "known": price.known}


def _about(step: AnyStep, names: Mapping[str, str]) -> str:
    """A step in a few words: what it does, to which file, for how long."""
    parts = [step.kind.replace("_", " ")]
    parts += [names[wire.id] for wire in step.wires() if wire.id in names][:2]
    choices = [getattr(step, name, None) for name in ("mood", "voice", "language", "motion")]
    parts += [choice for choice in choices if isinstance(choice, str) and choice != "auto"]
    if words := getattr(step, "text", None):
        parts.append(f"“{words if len(words) <= SHOWN else words[: SHOWN - 1] + '…'}”")
    if seconds := getattr(step, "seconds", None):
        parts.append(f"{float(seconds):.1f} s")
    return " · ".join(parts)


def show_result(result: Result, *, json: bool, quiet: bool) -> None:
    """What was delivered and what was degraded."""
    if json:
        sys.stdout.write(result.model_dump_json() + "\n")
        return
    if result.status in ("failed", "stopped"):
        sys.stderr.write(f"cutroom: {result.status}: {result.reason}\n")
    if quiet:
        return
    console = Console()
    for item in result.deliverables:
        about = (
            f"  {float(item.seconds):.2f} s, {item.width}×{item.height}, {float(item.fps):g} frames a second"
            if item.seconds and item.fps
            else ""
        )
        console.print(Text(f"{item.kind:>9}  {item.path}{about}"), soft_wrap=True)
    calls = result.calls
    made = (
        f"{calls.performed} takes made, {calls.reused} used again"
        if calls.performed
        else f"nothing had to be made: {calls.reused} takes used again"
        if result.status in ("delivered", "degraded")
        else "nothing was made"
    )
    paid = "".join(f", {amount} {currency} spent in all" for currency, amount in result.spent.items())
    console.print(Text(f"{made}; {result.wall_seconds} s{paid}"))
    for note in _few(result.notes):
        console.print(Text(f"note: {note}"), soft_wrap=True)
    for item in result.degraded:
        console.print(Text(f"degraded: {item.what}: {item.why}"), style="yellow", soft_wrap=True)


def _few(notes: Sequence[str]) -> Iterator[str]:
    """`notes`, but of those that say the same of different things ("not said …: “…”") the first and how many more."""
    kinds = Counter[str]()
    for note in notes:
        kind, quotes, _ = note.partition("“")
        kinds[kind] += bool(quotes)
        if not quotes or kinds[kind] <= ALIKE:
            yield note
    yield from (f"{kind}{count - ALIKE} more, all in --json" for kind, count in kinds.items() if count > ALIKE)


def show_revised(revised: Revised, *, json: bool, quiet: bool) -> None:
    """What changed in the plan, and what came of it."""
    if json:
        sys.stdout.write(revised.model_dump_json(exclude={"before", "after"}) + "\n")
        return
    if not quiet:
        console = Console()
        for line in revised.told or ("the plan stays as it is",):
            console.print(Text(f"  {line}"), soft_wrap=True)
    if revised.result is not None:
        show_result(revised.result, json=False, quiet=quiet)


STANDING_STYLE = {"current": "green", "stale": "yellow", "missing": "", "failed": "red", "cut off": "red"}


def show_status(status: Status, *, json: bool) -> None:
    """How each step stands, and why; the versions; the money."""
    if json:
        sys.stdout.write(status.model_dump_json() + "\n")
        return
    console = Console()
    table = Table("step", "stands", "take", "who", "price", "why", box=None, pad_edge=False, header_style="bold")
    for step in status.steps:
        why = "; ".join(step.why) + (" (used as it is: it was paid for)" if step.kept else "")
        take = f"{step.take} of {step.takes}" if step.take else "–"
        stands = Text(step.standing, style=STANDING_STYLE.get(step.standing, ""))
        table.add_row(Text(step.step), stands, take, Text(step.performer), str(step.price), Text(why))
    console.print(table)
    for version in status.versions:
        mark = "→" if version.current else " "
        made_from = f", made from {version.parent}" if version.parent else ""
        console.print(Text(f"{mark} version {version.number}{made_from}: {version.asked}"), soft_wrap=True)
    paid = ", ".join(f"{amount} {currency}" for currency, amount in status.spent.items()) or "nothing"
    ended = "cut off" if status.ended == "never" else status.ended
    console.print(
        Text(f"last run: {ended}{': ' if status.reason else ''}{status.reason}; {paid} spent"), soft_wrap=True
    )
    for note in status.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)


def show_clearing(found: Clearing, *, freed: bool, json: bool) -> None:
    """What goes, by kind."""
    if json:
        sys.stdout.write(found.model_dump_json() + "\n")
        return
    console = Console()
    for heap in found.heaps:
        console.print(Text(f"{heap.kind:>12}  {heap.files} files, {size(heap.bytes)}"))
    whole = size(found.bytes)
    kept = ", ".join(map(str, found.versions)) or "none yet"
    console.print(Text(f"{'freed' if freed else 'can be freed'}: {whole}; versions kept: {kept}"))
    if found.paid is not None:
        console.print(
            Text(f"kept, because paid for: {found.paid.files} files, {size(found.paid.bytes)}; --paid frees them")
        )
    if not freed and found.bytes:
        console.print(Text("say --yes to free it", style="dim"))


def size(count: int) -> str:
    """So many bytes, in words."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def show_export(exported: Exported, *, json: bool, quiet: bool) -> None:
    """What was written, and what became of the cut in it."""
    if json:
        sys.stdout.write(jsonlib.dumps(exported.record(), ensure_ascii=False) + "\n")
        return
    if quiet:
        return
    console = Console()
    console.print(Text(f"{exported.to:>9}  {exported.path}  {len(exported.files)} files"), soft_wrap=True)
    for one in exported.outcomes:
        note = f": {one.note}" if one.note else ""
        console.print(
            Text(f"{one.fate:>11}  {one.what}{note}", style="yellow" if one.fate == "lost" else ""), soft_wrap=True
        )
    for what, why in exported.degraded:
        console.print(Text(f"degraded: {what}: {why}"), style="yellow", soft_wrap=True)
    if exported.note:
        console.print(Text(exported.note, style="dim"), soft_wrap=True)


def show_ledger(entries: Sequence[Entry], *, json: bool) -> None:
    """Every event, in order."""
    if json:
        events = [{"number": entry.number, "at": entry.at, **entry.event.model_dump(mode="json")} for entry in entries]
        sys.stdout.write(jsonlib.dumps(events, ensure_ascii=False) + "\n")
        return
    table = Table("#", "when", "what", "step", "", box=None, pad_edge=False, header_style="bold")
    for entry in entries:
        what, step, about = _told(entry.event)
        table.add_row(str(entry.number), entry.at[11:19], what, Text(step), Text(about))
    Console().print(table)


def _told(event: Event) -> tuple[str, str, str]:
    """An event as a row: what, which step, details."""
    match event:
        case Opened():
            return "opened", "", event.brief.request
        case PlannedEvent():
            return "planned", event.revises or "", f"{len(event.plan.steps)} steps by {event.by}: {event.reason}"
        case Started():
            return "started", event.step, f"take {event.take} by {event.performer}"
        case Made():
            return (
                "made",
                event.step,
                f"take {event.take}, {event.media.type}, {event.media.bytes} bytes, {float(event.wall_seconds):.2f} s",
            )
        case Failed():
            return "failed", event.step, event.reason
        case Judged():
            return event.verdict.outcome, event.step, "; ".join(event.verdict.reasons)
        case Recast():
            return "recast", event.step, f"{event.performer} ({event.price}) instead of {event.was}: {event.reason}"
        case Accepted():
            return "accepted", event.step, f"take {event.take}" + "".join(f"; {item.why}" for item in event.degraded)
        case Wrapped():
            return event.status, "", event.reason or ", ".join(item.path for item in event.deliverables)
        case _:
            return event.kind, getattr(event, "step", ""), ""
