"""What the commands take: one declared type for each option, and how their words become `Options`."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cutroom.errors import WrongUse

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
Lut = Annotated[
    str | None,
    typer.Option("--lut", metavar="FILE", help="The film's look: a .cube table of colours.", show_default=False),
]
Match = Annotated[
    bool, typer.Option("--match/--no-match", help="Whether light and colour of one scene's shots are matched.")
]
Bar = Annotated[bool, typer.Option("--progress-bar", help="Show a thin bar that says how much of the film is over.")]
StoreAt = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="Share takes with other productions here. [default: CUTROOM_STORE]",
        show_default=False,
    ),
]
Loudness = Annotated[
    float | None,
    typer.Option(
        metavar="LUFS", help="How loud it is: -14, -16 or -23. [default: as --for asks, else -14]", show_default=False
    ),
]
PlannerName = Annotated[
    Literal["chat", "house"] | None,
    typer.Option(
        "--planner",
        help="Who plans: a chat model, or rules. [default: rules; a chat model, if there is one, when there is nothing to show]",
        show_default=False,
    ),
]
Preview = Annotated[
    bool, typer.Option("--preview", help="Make all but the film, and a quarter of its size beside it, quickly.")
]
Seed = Annotated[int, typer.Option(help="Another seed makes another film of the same material.")]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="AMOUNT",
        help="The most that may be spent, such as 2.50 or 2.50EUR. [default: nothing]",
        show_default=False,
    ),
]
ApproveAbove = Annotated[
    str | None,
    typer.Option(metavar="AMOUNT", help="Ask before a take that may cost more than this.", show_default=False),
]
UnknownPrice = Annotated[bool, typer.Option("--allow-unknown-price", help="Also make calls whose price nobody knows.")]
OnAmbiguous = Annotated[
    Literal["ask", "resubmit", "skip"],
    typer.Option(help="What to do about a call that may have been billed when a crash hid its answer."),
]
StepIn = Annotated[
    Literal["ask", "free", "any", "never"] | None,
    typer.Option(
        "--fallback",
        help="Who may step in for a model that refuses or is away. [default: as configured, else free]",
        show_default=False,
    ),
]
StopAfter = Annotated[
    Literal["plan"] | None,
    typer.Option("--stop-after", help="Keep the production, stop after its plan.", show_default=False),
]
AtOnce = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LANE=N", help="How many takes of a lane may be under way, e.g. openai=2.", show_default=False
    ),
]
Timeouts = Annotated[
    list[str] | None,
    typer.Option(
        "--timeout",
        metavar="LANE=S",
        help="After how many seconds without an answer a take failed.",
        show_default=False,
    ),
]
EngineName = Annotated[
    Literal["local", "ray"],
    typer.Option("--engine", help="Who makes the takes: this machine, or the workers of a Ray cluster."),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT|auto",
        help="With --engine ray: the cluster. [default: RAY_ADDRESS, else one of this machine alone]",
        show_default=False,
    ),
]
Folder = Annotated[Path, typer.Argument(help="A production's folder, e.g. lake.cutroom.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]{3})?")
_HINTS = {
    "seconds": "write seconds such as 60 or 7.5, or minutes and seconds such as 1:30, above 0 and at most an hour",
    "fps": "write frames a second from 1 to 120, such as 30 or 30000/1001",
    "loudness": "write LUFS from -31 to -9, such as -14 (web), -16 (podcasts) or -23 (broadcasting)",
    "language": "write a language tag such as en, de or pt-BR",
    "budget": "write an amount such as 0, 2.50 or 2.50EUR",
    "approve_above": "write an amount such as 0.50",
}


def seconds_of(option: str, text: str | None) -> Fraction | None:
    """A number of seconds. Raises WrongUse that names the option."""
    from cutroom.time import exact

    try:
        seconds = None if text is None else exact(text)
    except ValueError as error:
        raise WrongUse(f"{option} {text}: {error}") from error
    if seconds is not None and seconds <= 0:
        raise WrongUse(f"{option} {text}: it must be more than nothing")
    return seconds


def options_of(**values: Any) -> Any:
    """The options, checked. Raises WrongUse that names the option."""
    from pydantic import ValidationError

    from cutroom import api

    minutes, colon, rest = (values.get("seconds") or "").partition(":")
    if colon and minutes.isdigit() and rest.isdigit() and len(rest) == 2:
        values["seconds"] = str(60 * int(minutes) + int(rest))
    if values.get("budget") is not None and (found := _AMOUNT.fullmatch(values["budget"].strip())):
        values |= {"budget": found[1], **({"currency": found[2].upper()} if found[2] else {})}
    for name, option in (("at_once", "--at-once"), ("timeouts", "--timeout")):
        values[name] = dict(_pair(option, text) for text in values.get(name) or ())
    try:
        return api.Options(**values)
    except ValidationError as error:
        wrong = error.errors()[0]
        option = {"shape": "format", "destination": "for"}.get(str(wrong["loc"][0]), str(wrong["loc"][0]))
        hint = _HINTS.get(option, wrong["msg"].removeprefix("Value error, "))
        raise WrongUse(f"--{option.replace('_', '-')} {wrong['input']}: {hint}") from error


def _pair(option: str, text: str) -> tuple[str, str]:
    lane, equals, value = text.rpartition("=")
    if not equals or not lane:
        raise WrongUse(f"{option} {text}: write a lane and a number, such as openai=2")
    return lane, value
