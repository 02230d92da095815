"""The commands that change a production that is there, or say how it stands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cutroom.cli.parameters import (
    Address,
    ApproveAbove,
    AtOnce,
    Budget,
    EngineName,
    Folder,
    Json,
    OnAmbiguous,
    Quiet,
    StepIn,
    Timeouts,
    UnknownPrice,
    options_of,
)

StepName = Annotated[str, typer.Argument(help="A step, as cutroom status names it.", show_default=False)]


def resume(  # noqa: PLR0913 - one parameter per option
    production: Folder,
    replay: Annotated[
        bool, typer.Option("--replay", help="Make the film anew from what was kept, without asking any model.")
    ] = False,
    budget: Budget = None,
    approve_above: ApproveAbove = None,
    allow_unknown_price: UnknownPrice = False,
    on_ambiguous: OnAmbiguous = "ask",
    fallback: StepIn = None,
    at_once: AtOnce = None,
    timeouts: Timeouts = None,
    engine: EngineName = "local",
    address: Address = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go on where a production stopped: what was made is used again, what was submitted is fetched."""
    given = locals()
    from cutroom import api

    if replay:
        _run(given, lambda options, watch: api.replay(production, watch=watch))
    else:
        _run(given, lambda options, watch: api.resume(production, options=options, watch=watch))


def revise(  # noqa: PLR0913 - one parameter per option
    production: Folder,
    words: Annotated[
        str,
        typer.Argument(
            help="What shall be different, e.g. 'calmer music, and drop the third photo'.", show_default=False
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; change nothing.")] = False,
    budget: Budget = None,
    approve_above: ApproveAbove = None,
    allow_unknown_price: UnknownPrice = False,
    on_ambiguous: OnAmbiguous = "ask",
    fallback: StepIn = None,
    at_once: AtOnce = None,
    timeouts: Timeouts = None,
    engine: EngineName = "local",
    address: Address = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Change a film in words. Only what hangs below a change is made anew."""
    given = locals()
    from cutroom import api
    from cutroom.cli import screen

    options = _limits(given)
    with screen.watching(json=json, quiet=quiet) as watch:
        revised = api.revise(production, words, options=options, watch=watch, dry_run=dry_run)
    screen.show_revised(revised, json=json, quiet=quiet)
    raise typer.Exit(revised.result.exit_status if revised.result else 0)


def redo(  # noqa: PLR0913 - one parameter per option
    production: Folder,
    step: StepName,
    take: Annotated[int | None, typer.Option(min=1, help="Which take. [default: the next]", show_default=False)] = None,
    budget: Budget = None,
    approve_above: ApproveAbove = None,
    allow_unknown_price: UnknownPrice = False,
    on_ambiguous: OnAmbiguous = "ask",
    fallback: StepIn = None,
    at_once: AtOnce = None,
    timeouts: Timeouts = None,
    engine: EngineName = "local",
    address: Address = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Have another take of one step made, and whatever hangs below it."""
    given = locals()
    from cutroom import api

    _run(given, lambda options, watch: api.redo(production, step, take, options=options, watch=watch))


def keep(
    production: Folder,
    step: StepName,
    take: Annotated[int, typer.Argument(min=1, help="Which take.", show_default=False)],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Use a take that was made before, whatever the judge says of it."""
    given = locals()
    from cutroom import api

    _run(given, lambda options, watch: api.keep(production, step, take, options=options, watch=watch))


def undo(
    production: Folder,
    to: Annotated[
        int | None, typer.Option(min=1, help="To this version. [default: the one before]", show_default=False)
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go back to an earlier version of the film. Nothing is made, and nothing is lost."""
    given = locals()
    from cutroom import api

    _run(given, lambda options, watch: api.undo(production, to, options=options, watch=watch))


def status(production: Folder, json: Json = False) -> None:
    """Show how each step stands, and why: current, stale, missing or failed; the versions; what was spent."""
    from cutroom import api
    from cutroom.cli import screen

    screen.show_status(api.status(production), json=json)


def gc(
    production: Folder,
    keep_versions: Annotated[
        int | None, typer.Option(min=1, help="Keep the latest so many versions. [default: all]", show_default=False)
    ] = None,
    paid: Annotated[bool, typer.Option("--paid", help="Also takes that were paid for.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Free it; otherwise it is only said.")] = False,
    json: Json = False,
) -> None:
    """Say what no kept version of the film needs, and free it with --yes."""
    from cutroom import api
    from cutroom.cli import screen

    screen.show_clearing(
        api.gc(production, keep_versions=keep_versions, paid=paid, dry_run=not yes), freed=yes, json=json
    )


COMMANDS = (resume, revise, redo, keep, undo, status, gc)


def add_to(app: typer.Typer) -> None:
    """Give `app` these commands."""
    for command in COMMANDS:
        app.command()(command)


def _limits(given: dict[str, Any]) -> Any:
    from cutroom import api

    return options_of(**{name: value for name, value in given.items() if name in api.Options.model_fields})


def _run(given: dict[str, Any], change: Any) -> None:
    """Make a change and show what came of it."""
    from cutroom.cli import screen

    options = _limits(given)
    with screen.watching(json=given["json"], quiet=given["quiet"]) as watch:
        result = change(options, watch)
    screen.show_result(result, json=given["json"], quiet=given["quiet"])
    raise typer.Exit(result.exit_status)
