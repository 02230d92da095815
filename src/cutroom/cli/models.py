"""``cutroom models``: which there are, whether they answer, what they cost; setting one up; trying it out."""

from __future__ import annotations

import json as jsonlib
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cutroom.cli.parameters import Json
from cutroom.errors import WrongUse

if TYPE_CHECKING:
    from cutroom.configuration import Found, Model
    from cutroom.performers.configured.asking import Standing
    from cutroom.performers.configured.trying import Trial, Tried

Name = Annotated[str, typer.Argument(help="Your own name for the model.", show_default=False)]
Here = Annotated[
    bool,
    typer.Option("--here", help="In the working folder's cutroom.toml, for this project only. [default: in your own]"),
]

models = typer.Typer(
    help="Show your models: what each can do, whether it answers now, its price and licence. Or add, test, remove one.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Give `app` this command."""
    app.add_typer(models, name="models")


@models.callback(invoke_without_command=True)
def show(context: typer.Context, json: Json = False) -> None:
    """Show your models: what each can do, whether it answers now, its price and licence."""
    if context.invoked_subcommand is not None:
        return
    from cutroom.configuration import found
    from cutroom.performers.configured.asking import ask_all

    known = found()
    standings = ask_all(known.configuration)
    if json:
        rows = [_record(name, model, known, standings[name]) for name, model in known.configuration.models.items()]
        _write(
            {
                "models": rows,
                "fallback": known.configuration.fallback,
                "planner": known.configuration.chat or "house",
                "files": [str(path) for path in known.files],
            }
        )
    else:
        _show_table(known, standings)


def _option(help: str, *names: str) -> Any:
    return typer.Option(*names, help=help, show_default=False)


@models.command()
def add(  # noqa: PLR0913 - one parameter per option
    name: Name,
    url: Annotated[str | None, _option("Where its server answers, such as http://127.0.0.1:8000/v1.")] = None,
    folder: Annotated[str | None, _option("Where its files lie, for what runs in Cutroom itself.")] = None,
    api: Annotated[
        Literal["openai", "comfyui", "diffusers", "fal", "ace_step", "whisper"] | None,
        _option("What it speaks. [default: openai for servers, as its files say for folders]"),
    ] = None,
    key_env: Annotated[str | None, _option("The environment variable that holds its key.")] = None,
    chat: Annotated[str | None, _option("The server's name for the model that plans and looks.")] = None,
    see: Annotated[bool, _option("The chat model takes pictures.", "--see")] = False,
    hear: Annotated[bool, _option("The chat model takes sounds.", "--hear")] = False,
    watch: Annotated[bool, _option("The chat model's server takes whole clips.", "--watch")] = False,
    image: Annotated[str | None, _option("…that makes pictures.")] = None,
    edit: Annotated[str | None, _option("…that changes pictures.")] = None,
    video: Annotated[str | None, _option("…that makes clips.")] = None,
    animate: Annotated[str | None, _option("…that makes clips out of pictures.")] = None,
    edit_video: Annotated[str | None, _option("…that changes clips.")] = None,
    speech: Annotated[str | None, _option("…that speaks.")] = None,
    voice: Annotated[list[str] | None, _option("A voice that it has; may be said again, the best first.")] = None,
    transcribe: Annotated[str | None, _option("…that writes down what is said.")] = None,
    music: Annotated[str | None, _option("…that makes music.")] = None,
    sound: Annotated[str | None, _option("…that makes sounds.")] = None,
    workflow: Annotated[list[str] | None, _option("ABILITY=FILE: an API-format workflow of ComfyUI.")] = None,
    price: Annotated[list[str] | None, _option("ABILITY=PRICE, e.g. image=0.04, video=0.10/s, chat=0.5+1.5.")] = None,
    licence: Annotated[str | None, _option("The licence of its weights.")] = None,
    option: Annotated[list[str] | None, _option("NAME=VALUE: sent along with every call.")] = None,
    size: Annotated[list[str] | None, _option("WIDTHxHEIGHT: a size that it makes, where it makes no others.")] = None,
    host: Annotated[list[str] | None, _option("Another host that its files may be fetched from.")] = None,
    at_once: Annotated[int | None, _option("How many calls may be under way.")] = None,
    seconds: Annotated[float | None, _option("After how long without an answer a call has failed.")] = None,
    first: Annotated[bool, _option("Use it before the house for what both can do.", "--first")] = False,
    here: Here = False,
    replace: Annotated[bool, _option("Write over the model of that name.", "--replace")] = False,
    json: Json = False,
) -> None:
    """Set up a model: writes it into cutroom.toml, with what its server says of itself."""
    given = dict(locals())
    from cutroom.performers.configured import writing

    path = _file(here=here)
    wanted = _settings(given)
    _check(wanted, path, name)
    from cutroom.performers.configured.filling import filled

    found = filled(name, wanted)
    model = writing.add(path, name, found.settings, replace=replace)
    if json:
        _write({"name": name, "file": str(path), "abilities": model.abilities, "notes": found.notes})
        return
    can = ", ".join(f"{ability} ({known})" for ability, known in model.abilities.items()) or "as its files say"
    typer.echo(f"{path}: {name} can {can}")
    for note in found.notes:
        typer.echo(f"  ! {note}")
    typer.echo(f"try it out: cutroom models test {name}")


@models.command()
def remove(name: Name, here: Here = False, json: Json = False) -> None:
    """Take a model out of cutroom.toml."""
    from cutroom.performers.configured import writing

    path = _file(here=here)
    writing.remove(path, name)
    if json:
        _write({"name": name, "file": str(path)})
    else:
        typer.echo(f"{path}: {name} is not in it any more")


@models.command()
def test(
    name: Name,
    only: Annotated[list[str] | None, _option("Only this ability, such as image; may be said again.")] = None,
    yes: Annotated[bool, _option("Go on although it costs something, or nobody knows.", "--yes")] = False,
    json: Json = False,
) -> None:
    """Try a model out: one tiny real call of each kind. Asks first when that costs. Exit status: 0 worked, 1 not, 4 unwanted."""
    from cutroom.configuration import found
    from cutroom.performers.configured.trying import trials_of, try_out

    known = found().configuration.models
    if name not in known:
        raise WrongUse(f"there is no model {name}; there are: {', '.join(known) or 'none: cutroom models add'}")
    trials = [trial for trial in trials_of(name, known[name]) if not only or trial.ability in only]
    if not trials:
        raise WrongUse(f"--only {', '.join(only or ())}: {name} is not configured for that")
    if not (yes or _agreed(trials, json=json)):
        raise typer.Exit(4)
    tried: list[Tried] = []
    for one in try_out(name, known[name], trials):
        tried.append(one)
        if not json:
            _show_tried(one)
    worked = all(one.worked for one in tried)
    if json:
        rows = [{**one.__dict__, "price": str(one.price)} for one in tried]
        _write({"name": name, "status": "worked" if worked else "failed", "tried": rows})
    raise typer.Exit(0 if worked else 1)


# -- what was said -------------------------------------------------------------------------------------------------


def _file(*, here: bool) -> Path:
    from cutroom.configuration import FILE, OVERRIDE, users_file

    if here:
        return Path(FILE)
    named = os.environ.get(OVERRIDE)
    return Path(named).expanduser() if named else users_file()


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    """The options as settings of a model; only those that were said."""
    from cutroom.configuration import Model

    settings = {setting: given[setting] for setting in Model.model_fields if setting in given}
    if given["folder"] and not given["here"]:
        settings["folder"] = str(Path(given["folder"]).expanduser().absolute())
    settings |= {"voices": given["voice"], "sizes": given["size"], "hosts": given["host"]}
    workflows = dict(_pairs("--workflow", given["workflow"], "image=still.json"))
    settings["workflows"] = (
        workflows
        if given["here"]
        else {one: str(Path(file).expanduser().absolute()) for one, file in workflows.items()}
    )
    settings["price"] = dict(_pairs("--price", given["price"], "image=0.04"))
    settings["options"] = {
        setting: _toml(value) for setting, value in _pairs("--option", given["option"], "num_inference_steps=20")
    }
    return {setting: value for setting, value in settings.items() if value or (value == 0 and value is not False)}


def _pairs(option: str, said: Sequence[str] | None, such_as: str) -> list[tuple[str, str]]:
    found = []
    for text in said or ():
        setting, equals, value = text.partition("=")
        if not equals or not setting or not value:
            # The value is not repeated: somebody may have put a key here.
            raise WrongUse(f"{option}: write a name and a value, such as {such_as}")
        found.append((setting.strip(), value.strip()))
    return found


def _toml(text: str) -> Any:
    """A number, a truth or a list where it is written as one, else text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _check(settings: dict[str, Any], path: Path, name: str) -> None:
    """Says what is wrong before anybody is asked anything."""
    from cutroom.configuration import read_text
    from cutroom.performers.configured.cast import check_prices
    from cutroom.performers.configured.writing import table

    model = read_text(table(name, settings), path).models[name]
    check_prices(name, model)


def _agreed(trials: Sequence[Trial], *, json: bool) -> bool:
    """True when nothing costs anything, or a person at the terminal says yes."""
    from cutroom.money import total

    costly = [trial for trial in trials if not trial.price.free]
    if not costly:
        return True
    known, unknown = total(trial.price for trial in costly)
    more = f"{' and ' if not known.free else ''}{unknown} of unknown price" if unknown else ""
    price = f"{known if not known.free else ''}{more}"
    says = f"trying {', '.join(trial.ability for trial in costly)} may cost {price}"
    if json or not sys.stdin.isatty():
        sys.stderr.write(f"cutroom: {says}; say --yes to go on\n")
        if json:
            _write({"status": "stopped", "reason": f"{says}; say --yes to go on"})
        return False
    return typer.confirm(f"{says}. Go on?")


# -- what is shown -------------------------------------------------------------------------------------------------


def _record(name: str, model: Model, known: Found, standing: Standing) -> dict[str, Any]:
    from cutroom.net.secret import Secret

    return {
        "name": name,
        "api": model.api,
        "where": model.where,
        "abilities": model.abilities,
        "senses": [sense for sense in ("see", "hear", "watch") if getattr(model, sense)],
        "answers": standing.answers,
        "seconds": standing.seconds,
        "says": list(standing.says),
        "has": list(standing.has),
        "voices": list(model.voices or standing.voices),
        "price": {ability: _price(model, ability) for ability in model.abilities},
        "licence": model.licence,
        "first": model.first,
        "key": {"env": model.key_env, "set": Secret.from_env(model.key_env) is not None} if model.key_env else None,
        "from": known.origins.get(name, ""),
    }


def _price(model: Model, ability: str) -> str:
    return model.price.get(ability) or ("free" if model.here else "unknown")


def _prices(model: Model) -> str:
    """One word where all cost the same."""
    said = {ability: _price(model, ability) for ability in model.abilities}
    if len(set(said.values())) <= 1:
        return next(iter(said.values()), "free" if model.here else "unknown")
    return ", ".join(f"{ability} {price}" for ability, price in said.items())


def _show_table(known: Found, standings: dict[str, Standing]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    configuration = known.configuration
    if not configuration.models:
        typer.echo("no models are configured: the house does what it can with what you bring")
        typer.echo("add one: cutroom models add studio --url http://127.0.0.1:8000/v1 --chat NAME --image NAME")
        return
    table = Table("name", "can", "answers", "price", "licence", "where", box=None, pad_edge=False, header_style="bold")
    for name, model in configuration.models.items():
        standing = standings[name]
        senses = [sense for sense in ("see", "hear", "watch") if getattr(model, sense)]
        said = f"yes, {standing.seconds:.1f} s" if standing.answers else "no"
        table.add_row(
            Text(name),
            Text(", ".join([*model.abilities, *senses]) or "?"),
            Text(said, style="green" if standing.answers else "red"),
            Text(_prices(model)),
            Text(model.licence or "unknown"),
            Text(model.where),
        )
    console.print(table)
    for name, standing in standings.items():
        for says in standing.says:
            console.print(Text(f"! {name}: {says}"), style="yellow", soft_wrap=True)
    console.print(Text(f"plans: {configuration.chat or 'house'}; fallback: {configuration.fallback}"))


def _show_tried(one: Tried) -> None:
    from rich.console import Console
    from rich.text import Text

    said = "worked" if one.worked else "failed"
    line = Text(f"{one.ability:>10}  {said}  {one.seconds:.1f} s  {one.price}  {one.says}")
    Console().print(line, style="" if one.worked else "red", soft_wrap=True)
    for degraded in one.degraded:
        Console().print(Text(f"{'':>10}  ! {degraded}"), style="yellow", soft_wrap=True)


def _write(record: dict[str, Any]) -> None:
    sys.stdout.write(jsonlib.dumps(record, ensure_ascii=False) + "\n")
