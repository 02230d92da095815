"""The command ``cutroom``. Each command only translates: words in, `cutroom.api`, words out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from cutroom.cli import batch, changes, evals, judge, models
from cutroom.cli.parameters import (
    Address,
    ApproveAbove,
    AtOnce,
    Bar,
    Budget,
    CaptionsAs,
    CaptionsTo,
    CodecName,
    EngineName,
    Files,
    Folder,
    For,
    Fps,
    Json,
    Label,
    Language,
    Length,
    Loudness,
    Lut,
    Mark,
    Match,
    MoodName,
    Music,
    OnAmbiguous,
    Out,
    PlannerName,
    Preview,
    Quiet,
    Request,
    Seed,
    Shape,
    StepIn,
    StopAfter,
    StoreAt,
    Timeouts,
    UnknownPrice,
    Voice,
    options_of,
    seconds_of,
)
from cutroom.errors import CutroomError, WrongUse
from cutroom.version import VERSION

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Words and any mix of pictures, clips, sound and text in; a finished film, and how it was made, out.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback shape
    if wanted:
        typer.echo(f"cutroom {VERSION}")
        raise typer.Exit


@app.callback()
def cutroom(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Cutroom makes films."""


@app.command()
def make(  # noqa: PLR0913 - one parameter per option
    request: Request,
    files: Files = None,
    out: Out = Path("film.mp4"),
    seconds: Length = None,
    shape: Shape = None,
    fps: Fps = "30",
    mood: MoodName = None,
    voice: Voice = None,
    music: Music = None,
    captions: CaptionsTo = "both",
    caption_style: CaptionsAs = "block",
    language: Language = None,
    mark: Mark = True,
    label: Label = None,
    destination: For = None,
    planner: PlannerName = None,
    seed: Seed = 0,
    budget: Budget = None,
    approve_above: ApproveAbove = None,
    allow_unknown_price: UnknownPrice = False,
    on_ambiguous: OnAmbiguous = "ask",
    fallback: StepIn = None,
    at_once: AtOnce = None,
    timeouts: Timeouts = None,
    engine: EngineName = "local",
    address: Address = None,
    lut: Lut = None,
    match: Match = True,
    progress_bar: Bar = False,
    loudness: Loudness = None,
    store: StoreAt = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; make and keep nothing.")] = False,
    stop_after: StopAfter = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a film that was not made by Cutroom.")] = False,
    preview: Preview = False,
    codec: CodecName = None,
    hardware: Annotated[bool, typer.Option("--hardware", help="Encode in hardware, if there is any.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a film of pictures, clips, sound and notes."""
    given = locals()
    from cutroom import api
    from cutroom.cli import screen

    options = options_of(**{name: value for name, value in given.items() if name in api.Options.model_fields})
    with screen.watching(json=json, quiet=quiet) as watch:
        if dry_run:
            planned, result = api.make_plan(request, files or [], options=options, watch=watch), None
        elif stop_after:
            planned, result = api.plan_into(request, files or [], out, options=options, watch=watch)
        else:
            planned = None
            result = api.make(request, files or [], out, options=options, watch=watch, force=force, preview=preview)
    if planned is not None:
        screen.show_plan(planned, result, json=json, quiet=quiet)
    elif result is not None:
        screen.show_result(result, json=json, quiet=quiet)
        raise typer.Exit(result.exit_status)


@app.command()
def plan(  # noqa: PLR0913 - one parameter per option
    request: Request,
    files: Files = None,
    out: Out = Path("film.mp4"),
    seconds: Length = None,
    shape: Shape = None,
    fps: Fps = "30",
    mood: MoodName = None,
    voice: Voice = None,
    music: Music = None,
    captions: CaptionsTo = "both",
    caption_style: CaptionsAs = "block",
    language: Language = None,
    mark: Mark = True,
    label: Label = None,
    destination: For = None,
    planner: PlannerName = None,
    seed: Seed = 0,
    budget: Budget = None,
    approve_above: ApproveAbove = None,
    allow_unknown_price: UnknownPrice = False,
    on_ambiguous: OnAmbiguous = "ask",
    fallback: StepIn = None,
    at_once: AtOnce = None,
    timeouts: Timeouts = None,
    engine: EngineName = "local",
    address: Address = None,
    lut: Lut = None,
    match: Match = True,
    progress_bar: Bar = False,
    loudness: Loudness = None,
    store: StoreAt = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show the plan: who performs each step and what it will cost. Nothing is made."""
    make(**locals(), dry_run=True)


@app.command()
def export(
    production: Folder,
    to: Annotated[
        str,
        typer.Option("--to", metavar="otio|fcpxml|edl|jianying|srt|vtt|ass|stems|frames|gif|audio", help="As what."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Where to. [default: a folder beside the production]", show_default=False),
    ] = None,
    every: Annotated[
        str | None, typer.Option(help="For frames: one each so many seconds. [default: all]", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write into what is no former export.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Hand the cut to another editor or player, and say what stayed editable."""
    from cutroom.cli import screen
    from cutroom.exports.export import export as hand_over

    screen.show_export(
        hand_over(production, to, out, every=seconds_of("--every", every), force=force), json=json, quiet=quiet
    )


@app.command()
def show(
    production: Folder,
    json: Json = False,
) -> None:
    """Show what happened in a production, step by step, from its ledger."""
    from cutroom.cli import screen
    from cutroom.ledger.production import Production

    with Production.existing(production).journal(read_only=True) as journal:
        screen.show_ledger(list(journal.entries()), json=json)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A film, picture or sound.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read what a file says of its making, and whether it was changed since. Exit status: 0 valid, 1 broken, 3 no signed mark."""
    from cutroom import api
    from cutroom.cli import marks

    found = api.verify(file)
    marks.show(found, file, json=json, quiet=quiet)
    raise typer.Exit(marks.EXIT[found.status])


changes.add_to(app)
models.add_to(app)
judge.add_to(app)
evals.add_to(app)
batch.add_to(app)


def main() -> None:
    """Run the command. Exit status: 0 as asked, 3 degraded, 4 stopped, 2 wrong use, 1 error."""
    try:
        app()
    except CutroomError as error:
        if "--json" in sys.argv:
            # Whoever reads the output gets an object whatever happens.
            sys.stdout.write(json.dumps({"status": "failed", "reason": str(error)}, ensure_ascii=False) + "\n")
        sys.stderr.write(f"cutroom: {error}\n")
        sys.exit(2 if isinstance(error, WrongUse) else 1)
    except SystemExit as end:
        # Typer makes 130 of a Ctrl-C that nobody caught.
        if end.code != 130:
            raise
        sys.stderr.write("cutroom: stopped; run the same command again to go on\n")
        sys.exit(4)


if __name__ == "__main__":
    main()
