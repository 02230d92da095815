"""What came back from a model, as values that can be kept: replies and refusals, with their usage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Usage(_Frozen):
    """How many tokens a call took."""

    tokens_in: int = Field(default=0, ge=0)
    tokens_out: int = Field(default=0, ge=0)
    """What was thought is part of it."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(tokens_in=self.tokens_in + other.tokens_in, tokens_out=self.tokens_out + other.tokens_out)


class Call(_Frozen):
    """A tool call that a model made. The tools are ours: a name that we did not offer is only a name."""

    name: str
    arguments: str
    """JSON, or what the model takes for it."""


class Reply(_Frozen):
    """What a model said in one turn, however odd."""

    kind: Literal["reply"] = "reply"
    text: str = ""
    reasoning: str = ""
    """What it thought aloud, where the server keeps that apart."""
    calls: tuple[Call, ...] = ()
    finish: str = ""
    """Why it ended, in the server's word: ``stop``, ``length``, ``tool_calls``, ``content_filter``; empty when not said."""
    refusal: str = ""
    """Its own words when the server says that the model refused."""
    stopped: Literal["", "whitespace", "repeats", "long", "broken"] = ""
    """Why we read no further: nothing but white space came, the same again and again, more than was asked for; or the
    stream ended without an end."""
    usage: Usage | None = None
    """None when the server does not say."""

    @property
    def said(self) -> str:
        """The text, or else the arguments of its first call, or else its thoughts."""
        return self.text.strip() or next((call.arguments for call in self.calls), "") or self.reasoning.strip()


class Refused(_Frozen):
    """The server refuses the turn as it was sent: no model has seen it, nothing was billed."""

    kind: Literal["refused"] = "refused"
    status: int
    says: str
    """The server's own words, cut short."""


Heard = Annotated[Reply | Refused, Field(discriminator="kind")]
