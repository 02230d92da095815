"""The command ``cutroom``. Each command only translates: words in, `cutroom.api`, words out."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

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

Request = Annotated[str, typer.Argument(help="What you want, in your own words.", show_default=False)]
Files = Annotated[
    list[Path] | None,
    typer.Argument(help="Pictures, clips, sound, notes, or folders of them, in any mix.", show_default=False),
]
Out = Annotated[Path, typer.Option("-o", "--out", help="The film's file. Its production goes into a folder beside it.")]
Length = Annotated[
    str | None,
    typer.Option(
        "--seconds",
        help="How long the film is. [default: as the words ask, else as the material deserves]",
        show_default=False,
    ),
]
Shape = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="16:9|9:16|1:1|4:5|WxH",
        help="The frame's shape. [default: as the words ask, else 16:9]",
        show_default=False,
    ),
]
Fps = Annotated[str, typer.Option(help="Frames a second, 1 to 120.")]
MoodName = Annotated[
    str | None,
    typer.Option(
        "--mood",
        metavar="calm|upbeat|warm|epic|playful|melancholy|tense",
        help="What it feels like. [default: as the words ask, else calm]",
        show_default=False,
    ),
]
Voice = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|none", help="Who reads the narration. [default: the best voice here]", show_default=False
    ),
]
Music = Annotated[
    str | None,
    typer.Option(metavar="FILE|none", help="Music to use. [default: composed for the film]", show_default=False),
]
CaptionsTo = Annotated[
    Literal["burn", "file", "both", "none"],
    typer.Option("--captions", help="Captions in the picture, in a file, both, or none."),
]
CaptionsAs = Annotated[
    Literal["block", "words", "karaoke"],
    typer.Option("--caption-style", help="Whole captions, a few large words at a time, or the spoken word lit up."),
]
Language = Annotated[
    str | None,
    typer.Option(
        metavar="TAG",
        help="The language of the words, e.g. en or de. [default: as the notes are written]",
        show_default=False,
    ),
]
Mark = Annotated[
    bool, typer.Option("--mark/--no-mark", help="Whether the film itself says (signed) what was generated in it.")
]
Label = Annotated[
    str | None,
    typer.Option(metavar="WORDS", help='Words to show at the beginning, e.g. "Made with AI".', show_default=False),
]
For = Annotated[
    Literal["youtube", "shorts", "tiktok", "reels", "x", "podcast", "web"] | None,
    typer.Option(
        "--for", help="Where the film is going: sets frame, loudness and room for buttons.", show_default=False
    ),
]
CodecName = Annotated[
    Literal["h264", "hevc", "av1", "vp9", "prores"] | None,
    typer.Option("--codec", help="How the picture is encoded. [default: as the film's name asks]", show_default=False),
]
Seed = Annotated[int, typer.Option(help="Another seed makes another film of the same material.")]
Budget = Annotated[str | None, typer.Option(help="The most that may be spent. [default: nothing]", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]


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
    seed: Seed = 0,
    budget: Budget = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan; make and keep nothing.")] = False,
    stop_after: Annotated[
        Literal["plan"] | None,
        typer.Option("--stop-after", help="Keep the production, stop after its plan.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a film that was not made by Cutroom.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Make all but the film, and a quarter of its size beside it, quickly.")
    ] = False,
    codec: CodecName = None,
    hardware: Annotated[bool, typer.Option("--hardware", help="Encode in hardware, if there is any.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a film of pictures, clips, sound and notes."""
    given = locals()
    from cutroom import api
    from cutroom.cli import screen

    options = _options(**{name: value for name, value in given.items() if name in api.Options.model_fields})
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
    seed: Seed = 0,
    budget: Budget = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show the plan: who performs each step and what it will cost. Nothing is made."""
    make(
        request,
        files,
        out,
        seconds,
        shape,
        fps,
        mood,
        voice,
        music,
        captions,
        caption_style,
        language,
        mark,
        label,
        destination,
        seed,
        budget,
        dry_run=True,
        json=json,
        quiet=quiet,
    )


@app.command()
def export(
    production: Annotated[Path, typer.Argument(help="A production's folder, e.g. lake.cutroom.")],
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
        hand_over(production, to, out, every=_seconds("--every", every), force=force), json=json, quiet=quiet
    )


@app.command()
def show(
    production: Annotated[Path, typer.Argument(help="A production's folder, e.g. lake.cutroom.")],
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


_HINTS = {
    "seconds": "write seconds such as 60 or 7.5, or minutes and seconds such as 1:30, above 0 and at most an hour",
    "fps": "write frames a second from 1 to 120, such as 30 or 30000/1001",
    "language": "write a language tag such as en, de or pt-BR",
    "budget": "write an amount such as 0 or 2.50",
}


def _seconds(option: str, text: str | None) -> Fraction | None:
    """A number of seconds. Raises WrongUse that names the option."""
    from cutroom.time import exact

    try:
        seconds = None if text is None else exact(text)
    except ValueError as error:
        raise WrongUse(f"{option} {text}: {error}") from error
    if seconds is not None and seconds <= 0:
        raise WrongUse(f"{option} {text}: it must be more than nothing")
    return seconds


def _options(**values: Any) -> Any:
    """The options, checked. Raises WrongUse that names the option."""
    from pydantic import ValidationError

    from cutroom import api

    minutes, colon, rest = (values["seconds"] or "").partition(":")
    if colon and minutes.isdigit() and rest.isdigit() and len(rest) == 2:
        values["seconds"] = str(60 * int(minutes) + int(rest))
    try:
        return api.Options(**values)
    except ValidationError as error:
        wrong = error.errors()[0]
        option = {"shape": "format", "destination": "for"}.get(str(wrong["loc"][0]), str(wrong["loc"][0]))
        hint = _HINTS.get(option, wrong["msg"].removeprefix("Value error, "))
        raise WrongUse(f"--{option} {wrong['input']}: {hint}") from error


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
