"""Which models a person has: ``cutroom.toml`` of the project, then of the user, then the environment.

A model is one table; secrets are named, never held::

    [models.studio]
    url = "http://127.0.0.1:8000/v1"
    key_env = "STUDIO_KEY"
    chat = "some-chat-model"
    image = "some-picture-model"
    price.image = "0.04"

Any setting of a model may also come from the environment, as ``CUTROOM_MODELS_STUDIO_URL``.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cutroom.errors import Unavailable, WrongUse
from cutroom.net.exchange import LOCAL, Endpoint
from cutroom.net.secret import Secret, hide

FILE = "cutroom.toml"
OVERRIDE = "CUTROOM_CONFIG"
"""The environment variable that names the one file to read, instead of all others."""
PREFIX = "CUTROOM_MODELS_"
FALLBACK = "CUTROOM_FALLBACK"

Api = Literal["openai", "comfyui", "diffusers", "fal", "ace_step", "whisper"]
Ability = Literal[
    "chat", "image", "edit", "video", "animate", "edit_video", "speech", "transcribe", "music", "sound", "see"
]
"""What a model may be able to do: one name for each kind of step, and ``see`` for chat with pictures."""
Fallback = Literal["ask", "free", "any", "never"]

ABILITIES: tuple[Ability, ...] = tuple(ability for ability in get_args(Ability) if ability != "see")
"""What a model is named for, in the order in which people are told."""

MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""A person's own name for a model: it stands in file names, lanes and environment variables."""

RESERVED = ("house", "nobody")
"""Names that are taken."""

_SECRET_NAMES = re.compile(
    r"(?:^|[_-])(?:api[_-]?key|apikey|key|token|secret|password|passwd|authorization|bearer|credentials?)$",
    re.IGNORECASE,
)
_SHOWABLE = ("api", "fallback", "at_once", "seconds", "sizes", "see", "hear", "watch", "first")
"""Settings whose wrong values may be repeated in a message; in any other, somebody may have put a key."""
_SHORT = 16
"""Wrong values up to this length are repeated: every key is longer."""
_NOT_FROM_ENVIRONMENT = ("options", "workflows")


class Model(BaseModel):
    """One configured server, pipeline folder or workflow, and what it can do."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)

    api: Api = "openai"
    """Which dialect it speaks."""
    url: str | None = None
    """Where it answers; None for what runs here."""
    folder: str | None = None
    """Where its files lie; None for servers."""
    key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """The environment variable (or keyring entry) that holds its key."""
    chat: str | None = None
    """The name that the server knows the model by, for each ability; None where it has none."""
    see: bool = False
    """Whether the chat model takes pictures."""
    hear: bool = False
    """Whether the chat model takes sounds."""
    watch: bool = False
    """Whether the chat model's server takes whole clips; without it, one that sees is shown frames."""
    image: str | None = None
    edit: str | None = None
    video: str | None = None
    animate: str | None = None
    edit_video: str | None = None
    speech: str | None = None
    voices: tuple[str, ...] = ()
    """The voices it speaks with, best first; empty: as the server says."""
    transcribe: str | None = None
    music: str | None = None
    sound: str | None = None
    workflows: dict[str, str] = {}
    """ComfyUI: ability → an API-format workflow file."""
    first: bool = False
    """Whether it goes before the house for what both can do, such as speaking. Without it, it is used for what the house
    cannot do, and where a plan names it."""
    price: dict[str, str] = {}
    """Ability → what one take costs ("0.04", "0.04 EUR", "0.02-0.08", "0.10/s" for each second, "free"); chat: "0.5+1.5" for a
    million tokens in and out. What is not named is of unknown price, unless the server is on this machine: then free."""
    licence: str | None = None
    """The licence of the weights, recorded in what they make."""
    at_once: int = Field(default=4, ge=1, le=256)
    """How many calls may be under way."""
    seconds: float = Field(default=600, gt=0)
    """After how long without an answer a call has failed."""
    sizes: tuple[str, ...] = ()
    """The only sizes that it makes ("1024x1024"), where it makes no others; empty: as the server says."""
    hosts: tuple[str, ...] = ()
    """Other hosts that what it made may be fetched from ("cdn.example.com", "*.example.com"); the key is never sent there."""
    options: dict[str, Any] = {}
    """Sent along with every call, e.g. ``num_inference_steps``; a table named like an ability goes with calls of that ability
    only. Part of every key."""

    @field_validator("options")
    @classmethod
    def _no_secrets(cls, options: dict[str, Any]) -> dict[str, Any]:
        """Options are part of every key, and so of the ledger."""
        for name in _names_in(options):
            if _SECRET_NAMES.search(name):
                raise ValueError(
                    f"{name} looks like a key, and options are written into the ledger; put the key into an environment "
                    'variable and name that: key_env = "MY_KEY"'
                )
        return options

    @field_validator("url")
    @classmethod
    def _an_address(cls, url: str | None) -> str | None:
        if url is not None:
            try:
                Endpoint(url)
            except WrongUse as error:
                raise ValueError(str(error)) from error
        return url

    @field_validator("price")
    @classmethod
    def _of_abilities(cls, price: dict[str, str]) -> dict[str, str]:
        for ability in price:
            if ability not in ABILITIES:
                raise ValueError(_no_such("price", ability, ABILITIES))
        return price

    @field_validator("workflows")
    @classmethod
    def _for_abilities(cls, workflows: dict[str, str]) -> dict[str, str]:
        for ability in workflows:
            if ability not in ABILITIES:
                raise ValueError(_no_such("workflows", ability, ABILITIES))
        return workflows

    @property
    def abilities(self) -> dict[str, str]:
        """What it is configured for: ability → the name that the server knows it by, or the workflow's file."""
        named = {ability: str(getattr(self, ability)) for ability in ABILITIES if getattr(self, ability)}
        return named | self.workflows

    @property
    def here(self) -> bool:
        """True when it runs on this machine, so that calls cost nothing but time."""
        return self.url is None or (urlsplit(self.url).hostname or "") in LOCAL

    @property
    def where(self) -> str:
        """Where it is, for people: nothing of the address that may be secret."""
        return Endpoint(self.url).shown if self.url is not None else self.folder or "here"


class Configuration(BaseModel):
    """Everything that a person has set up."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)

    models: dict[str, Model] = {}
    """By the person's own name for each, the best first."""
    fallback: Fallback = "free"
    """What happens when a model refuses or is away: ask; go on with free ones; with any; or stop."""
    planner: str | None = None
    """Who plans: a model with ``chat``, or ``house``; when left out, the first model with ``chat``."""

    @model_validator(mode="after")
    def _known_names(self) -> Self:
        for name in self.models:
            if not MODEL_NAME.fullmatch(name):
                raise ValueError(f"models.{name[:80]}: a model's name is made of letters, digits, - and _")
            if name.lower() in RESERVED:
                raise ValueError(f"models.{name}: this name is taken; call the model something else")
        able = [name for name, model in self.models.items() if model.chat]
        if self.planner not in (None, "house", *able):
            raise ValueError(_no_such("planner", str(self.planner), ["house", *able]))
        return self

    @property
    def chat(self) -> str | None:
        """The name of the model that plans; None when none is configured, or the house does."""
        if self.planner is not None:
            return None if self.planner == "house" else self.planner
        return next((name for name, model in self.models.items() if model.chat), None)


@dataclass(frozen=True)
class Found:
    """The configuration, and where it came from."""

    configuration: Configuration = field(default_factory=Configuration)
    files: tuple[Path, ...] = ()
    """What was read, the nearest first."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """The file (or the environment) that each model is from, by its name."""


def configured(folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Configuration:
    """What holds in `folder` (the working folder when left out). Raises WrongUse, as `found` does."""
    return found(folder, environment).configuration


def found(folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Found:
    """What holds in `folder`, and where it came from.

    A model of the project's file takes the place of a whole model of that name in the user's; the environment then
    changes single settings. Raises WrongUse that names the file, the table, the setting and the way out.
    """
    variables = os.environ if environment is None else environment
    files = tuple(path for path in _files(folder or Path.cwd(), variables))
    said: dict[str, Any] = {"models": {}}
    origins: dict[str, str] = {}
    for path in reversed(files):
        read = read_file(path)
        # The nearest file's models come first: they are the ones that are tried first.
        models = read.models
        said["models"] = models | {name: one for name, one in said["models"].items() if name not in models}
        said |= {name: getattr(read, name) for name in read.model_fields_set if name != "models"}
        origins |= dict.fromkeys(models, str(path))
    changes = dict(_from_environment(variables, said["models"]))
    for name, settings in changes.items():
        before = said["models"].get(name)
        whole = before.model_dump(exclude_unset=True) if before else {}
        whole |= settings | ({"price": whole.get("price", {}) | settings["price"]} if "price" in settings else {})
        said["models"][name] = _checked(Model, whole, "the environment", f"{PREFIX}{_upper(name)}_")
        origins.setdefault(name, "the environment")
    if variables.get(FALLBACK):
        said["fallback"] = variables[FALLBACK]
    where = ", ".join(map(str, files)) or "the environment"
    return Found(_checked(Configuration, said, where), files, {name: origins[name] for name in said["models"]})


def endpoint_of(name: str, model: Model) -> Endpoint:
    """Where `model`, which the person calls `name`, answers.

    Raises Unavailable when it has no address, or its key is not set here.
    """
    if model.url is None:
        raise Unavailable(f'model {name}: no url; add url = "http://…" to [models.{name}] in {FILE}')
    key = Secret.from_env(model.key_env) if model.key_env else None
    if model.key_env and key is None:
        raise Unavailable(f"model {name}: its key is not set; put it into the environment variable {model.key_env}")
    scheme = "Key" if model.api == "fal" else "Bearer"
    return Endpoint(model.url, key=key, seconds=model.seconds, hosts=model.hosts, scheme=scheme)


# -- files ---------------------------------------------------------------------------------------------------------


def users_file(environment: Mapping[str, str] | None = None) -> Path:
    """The user's own file, whether it is there or not: below ``~/.config`` (``XDG_CONFIG_HOME``), or as the system has it."""
    variables = os.environ if environment is None else environment
    if sys.platform == "win32":
        return Path(variables.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "cutroom" / FILE
    if variables.get("XDG_CONFIG_HOME"):
        return Path(variables["XDG_CONFIG_HOME"]) / "cutroom" / FILE
    return Path.home() / ".config" / "cutroom" / FILE


def read_file(path: Path) -> Configuration:
    """The configuration in the file at `path`; files that it names are looked for beside it.

    Raises WrongUse that says where in the file the trouble is.
    """
    _check_owner(path)
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise WrongUse(f"{path}: byte {error.start} is no UTF-8; save the file as UTF-8") from error
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read ({error.strerror}); {OVERRIDE} names the file to read") from error
    return read_text(text, path)


def read_text(text: str, path: Path) -> Configuration:
    """`text` as the content of the file at `path`. Raises WrongUse."""
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise WrongUse(f"{path}: not TOML: {_without_values(str(error))}") from error
    read = _checked(Configuration, said, str(path))
    models = {name: _placed(model, path.parent) for name, model in read.models.items()}
    return read.model_copy(update={"models": models} if models else {})


def _files(folder: Path, variables: Mapping[str, str]) -> Iterator[Path]:
    """The files that hold in `folder`, the nearest first."""
    override = variables.get(OVERRIDE)
    if override:
        yield Path(override).expanduser()
        return
    yield from (path for path in (place / FILE for place in _upwards(folder)) if path.is_file())
    mine = users_file(variables)
    if mine.is_file():
        yield mine


def _upwards(folder: Path) -> list[Path]:
    """The folder and those above it, up to a repository's or the person's own; outside of both only the folder itself.

    What lies above in places that everybody can write to is nobody's project.
    """
    folder = folder.resolve()
    home = Path.home().resolve()
    places: list[Path] = []
    for place in (folder, *folder.parents):
        places.append(place)
        if place == home or (place / ".git").exists():
            return places
    return [folder]


def _check_owner(path: Path) -> None:
    """A file of somebody else may send our keys to them: as with git, it must be named for that."""
    if not hasattr(os, "getuid") or os.environ.get(OVERRIDE):
        return
    try:
        owner = path.stat().st_uid
    except OSError:
        return  # whoever reads it says what is wrong
    if owner not in (os.getuid(), 0):
        raise WrongUse(f"{path} belongs to somebody else; if you trust what is in it, set {OVERRIDE}={path}")


def _placed(model: Model, beside: Path) -> Model:
    """The model with whole paths: it is the same wherever the command is run."""
    changes: dict[str, Any] = {}
    if model.folder is not None:
        changes["folder"] = str(beside / Path(model.folder).expanduser())
    if model.workflows:
        changes["workflows"] = {
            ability: str(beside / Path(file).expanduser()) for ability, file in model.workflows.items()
        }
    return model.model_copy(update=changes) if changes else model


# -- the environment -------------------------------------------------------------------------------------------------


def _from_environment(variables: Mapping[str, str], known: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the environment says of each model, new ones included; nothing where it says nothing."""
    said: dict[str, dict[str, Any]] = {}
    keys: dict[str, str] = {}
    for variable in sorted(variables):
        if not variable.startswith(PREFIX) or not variables[variable]:
            continue
        name, setting = _split(variable, known)
        if setting == "key":
            keys[name] = variable
            continue
        where = said.setdefault(name, {})
        if setting.startswith("price_"):
            where.setdefault("price", {})[setting.removeprefix("price_")] = variables[variable]
        else:
            where[setting] = _value(setting, variables[variable])
    for name, variable in keys.items():
        said.setdefault(name, {}).setdefault("key_env", variable)
    yield from said.items()


def _split(variable: str, known: Iterable[str]) -> tuple[str, str]:
    """Which setting of which model a variable is about. Raises WrongUse."""
    rest = variable.removeprefix(PREFIX)
    settings = [name for name in Model.model_fields if name not in (*_NOT_FROM_ENVIRONMENT, "price")]
    settings += ["key", *(f"price_{ability}" for ability in ABILITIES)]
    names = {_upper(name): name for name in known}
    for upper in sorted(names, key=len, reverse=True):
        setting = rest.removeprefix(f"{upper}_").lower()
        if rest.startswith(f"{upper}_") and setting in settings:
            return names[upper], setting
    for setting in sorted(settings, key=len, reverse=True):
        name = rest.removesuffix(f"_{setting.upper()}")
        if name and name != rest:
            return names.get(name, name.lower()), setting
    raise WrongUse(
        f"{variable}: no such setting of a model{_near(rest.rpartition('_')[2].lower(), settings)}; it is "
        f"{PREFIX}NAME_SETTING, such as {PREFIX}STUDIO_URL"
    )


def _value(setting: str, text: str) -> Any:
    """A variable's text as the setting's kind; pydantic does numbers and truth."""
    if setting in ("voices", "sizes", "hosts"):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _upper(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


# -- what is wrong -------------------------------------------------------------------------------------------------


def _checked(kind: type[Any], said: Mapping[str, Any], where: str, prefix: str = "") -> Any:
    """`said` as a `kind`. Raises WrongUse that names `where`, the setting and the way out, and no value that may be secret."""
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        wrong = error.errors(include_url=False)[0]
    raise WrongUse(f"{where}: {_told(kind, wrong, prefix)}") from None


def _told(kind: type[Any], wrong: Mapping[str, Any], prefix: str) -> str:
    place = [str(part) for part in wrong["loc"]]
    in_model = kind is Model or (place[:1] == ["models"] and len(place) > 2)
    table = f"[models.{place[1]}] " if kind is not Model and place[:1] == ["models"] and len(place) > 1 else ""
    setting = ".".join(place[2:] if table else place)
    first = setting.partition(".")[0]
    shown = f"{prefix}{setting.upper().replace('.', '_')}" if prefix else f"{table}{setting}"
    if wrong["type"] == "extra_forbidden":
        return _unknown(first, shown, in_model=in_model)
    value = wrong.get("input")
    plain = first in _SHOWABLE and isinstance(value, str | int | float) and len(str(value)) <= _SHORT
    what = f"{shown} = {value!r}" if plain and not prefix else f"{shown} {value}" if plain else shown
    if wrong["type"] == "literal_error":
        options = re.findall(r"'([^']*)'", str(wrong.get("ctx", {}).get("expected", "")))
        return f"{what}: it is one of {', '.join(options)}{_near(str(value), options)}"
    if first == "key_env":
        return (
            f"{what}: this is the name of an environment variable that holds the key, such as STUDIO_KEY, not the key"
        )
    message = wrong["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if wrong["type"] == "value_error":
        return f"{what}: {message}" if what else message
    return f"{what}: it should be {message}"


def _unknown(name: str, shown: str, *, in_model: bool) -> str:
    if _SECRET_NAMES.search(name):
        return (
            f"{shown}: keys are not written into files; put it into an environment variable, and name that: "
            'key_env = "MY_KEY"'
        )
    fields = Model.model_fields if in_model else Configuration.model_fields
    if not in_model and name in Model.model_fields:
        return f"{shown}: this belongs into the table of a model, such as [models.studio]"
    return f"{shown}: no such setting{_near(name, fields)}; there are: {', '.join(fields)}"


def _no_such(what: str, name: str, there: Iterable[str]) -> str:
    listed = list(there)
    return f"{what} {name[:80]!r}: there is no such thing{_near(name, listed)}; there are: {', '.join(listed)}"


def _near(name: str, there: Iterable[str]) -> str:
    near = get_close_matches(name, list(there), 1)
    return f", did you mean {near[0]}?" if near and near[0] != name else ""


def _names_in(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        yield name
        if isinstance(value, Mapping):
            yield from _names_in(value)


def _without_values(text: str) -> str:
    """The parser's words: they name lines and single letters, but who knows."""
    return hide(text)[:200]
