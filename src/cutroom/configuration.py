"""Which models a person has: ``cutroom.toml`` of the project, then of the user. Plain data; secrets are named, never held.

A model server is one table::

    [models.studio]
    api = "openai"
    url = "http://127.0.0.1:8000/v1"
    key_env = "STUDIO_KEY"
    chat = "some-chat-model"
    image = "some-picture-model"
    price.image = "0.04"
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Api = Literal["openai", "comfyui", "diffusers", "fal", "ace_step", "whisper", "piper"]
Ability = Literal[
    "chat", "image", "edit", "video", "animate", "edit_video", "speech", "transcribe", "music", "sound", "see"
]
"""What a model may be able to do: one name for each kind of step, and ``see`` for chat with pictures."""


class Model(BaseModel):
    """One configured server, pipeline folder or workflow, and what it can do."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    api: Api
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


class Configuration(BaseModel):
    """Everything that a person has set up."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    models: dict[str, Model] = {}
    """By the person's own name for each."""
    fallback: Literal["ask", "free", "any", "never"] = "free"
    """What happens when a model refuses or is away: ask; go on with free ones; with any; or stop."""
