"""How a film is asked for beside its words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cutroom.brief.brief import Captioning, CaptionMode, Codec
from cutroom.brief.destinations import Name
from cutroom.brief.thirds import LowerThird
from cutroom.configuration import Fallback, configured
from cutroom.director.limits import Limits
from cutroom.money import CURRENCY
from cutroom.producer.planners import Choice
from cutroom.time import Exact, Seconds


class Options(BaseModel):
    """How a film is asked for beside its words. Everything may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    seconds: Seconds | None = Field(default=None, gt=0, le=3600)
    """How long the film is."""
    shape: str | None = None
    """``16:9``, ``9:16``, ``1:1``, ``4:5`` or ``WIDTHxHEIGHT``."""
    fps: Exact = Field(default=Fraction(30), ge=1, le=120)
    """Frames a second."""
    mood: str | None = None
    """calm, upbeat, warm, epic, playful, melancholy or tense."""
    voice: str | None = None
    """A voice's name, or ``none``."""
    music: str | None = None
    """A sound file, or ``none``; music is composed when left out."""
    captions: Captioning = "both"
    """burn, file, both or none."""
    caption_style: CaptionMode = "block"
    """block, words (a few large ones at a time) or karaoke (the spoken word is lit up)."""
    language: str | None = Field(default=None, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    """A BCP 47 tag such as ``en`` or ``de``."""
    mark: bool = True
    """Whether a film in which something was generated says so in itself (signed metadata)."""
    label: str | None = Field(default=None, max_length=80)
    """Words to show at the film's beginning, e.g. ``Made with AI``."""
    destination: Name | None = None
    """Where the film is going: youtube, shorts, tiktok, reels, x, podcast or web."""
    codec: Codec | None = None
    """h264, hevc, av1, vp9 or prores; as the film's name asks (.mp4, .webm, .mov) when left out."""
    hardware: bool = False
    """Whether an encoder in hardware is to be used, if there is one."""
    lut: str | None = None
    """A table of colours (a .cube file): the film's look."""
    match: bool = True
    """Whether light and colour of neighbouring shots of one scene are brought towards each other."""
    loudness: float | None = Field(default=None, ge=-31, le=-9)
    """Integrated loudness in LUFS: −14 for the web, −16 for podcasts, −23 for European broadcasting."""
    progress_bar: bool = False
    """Whether a thin bar says how much of the film is over; the words may ask for it too."""
    lower_thirds: tuple[LowerThird, ...] = ()
    """Names over persons or places, beside those that words and notes ask for."""
    seed: int = 0
    """Another seed makes another film of the same material."""
    budget: Decimal | None = Field(default=None, ge=0)
    """The most that may be spent; nothing is spent when left out."""
    currency: str = Field(default=CURRENCY, pattern=r"^[A-Z]{3}$")
    """What the budget is in (ISO 4217). Prices in another currency count as unknown."""
    approve_above: Decimal | None = Field(default=None, ge=0)
    """A take that may cost more than this waits for a person's yes."""
    allow_unknown_price: bool = False
    """Whether calls may be made whose price nobody knows; otherwise they count as over budget."""
    on_ambiguous: Literal["ask", "resubmit", "skip"] = "ask"
    """What becomes of a call that was sent, and may have been billed, when a crash hid the answer."""
    fallback: Fallback | None = None
    """Who may step in for a model that refuses or is away: ask, free, any or never; as configured when left out."""
    at_once: dict[str, Annotated[int, Field(ge=1, le=1024)]] = {}
    """By lane (``openai``, ``gpu:0``): how many takes may be under way."""
    timeouts: dict[str, Annotated[float, Field(gt=0)]] = {}
    """By lane: after how many seconds without an answer a take has failed."""

    store: str | None = None
    """Where takes are kept and shared: a folder or a URL that fsspec knows; the production's own folder when left out."""

    planner: Choice | None = None
    """Who plans: ``chat`` (a chat model) or ``house`` (rules). Left out: a chat model where one is configured and there is no
    picture or clip to make the film of, else the house."""
    engine: Literal["local", "ray"] = "local"
    """Who makes the takes: threads of this machine, or the workers of a Ray cluster."""
    address: str | None = None
    """With ``ray``: the cluster, as ``host:port``, or ``auto`` for the one that this machine is part of."""

    def limits(self, **more: Any) -> Limits:
        """How far a run may go."""
        return Limits(
            budget=self.budget,
            currency=self.currency,
            approve_above=self.approve_above,
            allow_unknown_price=self.allow_unknown_price,
            on_ambiguous=self.on_ambiguous,
            fallback=self.fallback or configured().fallback,
            at_once=self.at_once,
            seconds=self.timeouts,
            **more,
        )
