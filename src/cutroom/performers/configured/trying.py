"""Tries models out: one tiny real call of each kind, and what came of it."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from cutroom.chat.configured import chat_model_of
from cutroom.chat.exchanges import Unkept
from cutroom.chat.messages import Message, Words, shown
from cutroom.configuration import Configuration, Model
from cutroom.errors import CutroomError, WrongUse
from cutroom.media.kinds import Audio, Cut, Image, Media, Text, Video
from cutroom.media.store import Store
from cutroom.money import Price
from cutroom.performers.configured.absent import Absent
from cutroom.performers.configured.asking import printable
from cutroom.performers.configured.cast import check_prices, performers_for
from cutroom.performers.configured.samples import PROMPT, sample_step, samples_for
from cutroom.performers.connections import Connections
from cutroom.performers.performer import Desk, Performer
from cutroom.plan.facts import Transcript
from cutroom.plan.step import AnyStep

_TOKENS = 400
"""What a model may say when it is tried: enough for one that thinks aloud a little."""


class Sighting(BaseModel):
    """What a chat model is asked for."""

    colour: str = Field(max_length=40)
    """One colour, as a word."""
    thing: str = Field(max_length=80)
    """What has that colour."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One call that can be made."""

    ability: str
    price: Price
    """What it may cost."""
    performer: Performer | None = None
    """None for chat."""
    step: AnyStep | None = None


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What came of it."""

    ability: str
    worked: bool
    says: str
    """What came back, or why nothing did."""
    seconds: float
    price: Price
    """As billed, where the server says so; else what it may cost. Of a call that failed without a bill: free."""
    degraded: tuple[str, ...] = ()
    """What is not as it was asked for."""


def trials_of(name: str, model: Model) -> list[Trial]:
    """Every call that can be tried, with its price. Nothing is sent. Raises WrongUse for a price that cannot be read."""
    check_prices(name, model)
    found: list[Trial] = []
    chat = chat_model_of(Configuration(models={name: model}), name) if model.chat else None
    if chat is not None:
        price = chat.estimate(_words(), most_tokens=_TOKENS)
        found += [Trial(ability="chat", price=price), *([Trial(ability="see", price=price)] if model.see else [])]
    for performer in performers_for(name, model, Connections()):
        ability = str(getattr(performer, "ability", "transcribe"))
        step = sample_step(ability)
        if step is not None and (isinstance(performer, Absent) or _able(performer, step)):
            found.append(Trial(ability=ability, price=performer.terms(step).price, performer=performer, step=step))
    if not found:
        raise WrongUse(f"model {name}: there is nothing to try; cutroom models says why")
    return found


def _able(performer: Performer, step: AnyStep) -> bool:
    """A pipeline in a folder, of which nobody said what it is for, is tried for what it turns out to do."""
    return performer.performs(step)


def try_out(name: str, model: Model, trials: list[Trial]) -> Iterator[Tried]:
    """Make the calls one after the other; what came of each, as soon as it is known.

    What was made is looked at and thrown away. Nothing is raised: what goes wrong is what is said.
    """
    with tempfile.TemporaryDirectory(prefix="cutroom-try-") as folder:
        store = Store(Path(folder) / "store")
        for trial in trials:
            began = time.monotonic()
            try:
                says, price, degraded = (
                    _performed(trial, store) if trial.performer is not None else _spoken(name, model, trial, store)
                )
                worked = True
            except CutroomError as trouble:
                worked, says, degraded = False, str(trouble), ()
                billed = getattr(trouble, "billed", False)
                price = trial.price if billed is None or billed else Price()
            seconds = round(time.monotonic() - began, 2)
            yield Tried(
                ability=trial.ability,
                worked=worked,
                says=printable(says),
                seconds=seconds,
                price=price,
                degraded=degraded,
            )


def _performed(trial: Trial, store: Store) -> tuple[str, Price, tuple[str, ...]]:
    assert trial.performer is not None and trial.step is not None
    degraded: list[str] = []
    bills: list[Price] = []
    with tempfile.TemporaryDirectory(dir=store.root.parent) as scratch:
        inputs = samples_for(trial.step, store, Path(scratch))
        # Another token each time: a trial is a new call, and not one that the server has answered before.
        token = hashlib.sha256(f"{trial.performer.name} {time.time_ns()}".encode()).hexdigest()
        desk = Desk(
            store=store,
            inputs=inputs,
            scratch=Path(scratch),
            seed=1,
            token=token[:32],
            degrade=lambda what, why: degraded.append(f"{what}: {why}"),
            charge=bills.append,
        )
        media = trial.performer.perform(trial.step, desk)
    return _told(media, store), bills[0] if len(bills) == 1 else trial.price, tuple(degraded)


def _told(media: Media, store: Store) -> str:
    """What was made, in a few words and numbers."""
    match media:
        case Image():
            said = f"a picture of {media.width}×{media.height}"
        case Video():
            sound = ", with sound" if media.sound else ""
            said = f"a clip of {media.width}×{media.height}, {float(media.seconds):.1f} s at {float(media.fps):g} fps{sound}"
        case Audio():
            said = f"a sound of {float(media.seconds):.1f} s at {media.rate} Hz"
        case Text() if media.schema_name == Transcript.model_fields["schema_name"].default:
            heard = Transcript.model_validate_json(store.path(media).read_bytes())
            said = f"“{heard.text[:80]}”, {len(heard.words)} words with times"
        case Text():
            said = f"“{store.path(media).read_text('utf-8')[:80]}”"
        case Cut():
            said = f"a cut of {float(media.seconds):.1f} s"
        case _:
            said = media.medium
    return f"{said}, {media.bytes:,} bytes"


def _words(*more: Any) -> list[Message]:
    return [
        Message("system", (Words("You say what you see or read, in as few words as possible."),)),
        Message("user", (Words(f"{PROMPT}. Name one colour and the thing that has it."), *more)),
    ]


def _spoken(name: str, model: Model, trial: Trial, store: Store) -> tuple[str, Price, tuple[str, ...]]:
    chat = chat_model_of(Configuration(models={name: model}), name)
    assert chat is not None
    pictures: Mapping[str, Media] = {}
    if trial.ability == "see":
        step = sample_step("animate")
        assert step is not None
        with tempfile.TemporaryDirectory(dir=store.root.parent) as scratch:
            pictures = samples_for(step, store, Path(scratch))
    messages = _words(*(shown(picture, store) for picture in pictures.values()))
    answer = chat.ask(messages, Sighting, exchanges=Unkept(), most_tokens=_TOKENS)
    value = answer.object
    how = {"tool": "by tool call", "schema": "by schema", "plain": "as plain JSON"}.get(answer.rung.value, "")
    tries = "" if answer.tries == 1 else f", in {answer.tries} tries"
    tokens = f", {answer.usage.tokens_in}+{answer.usage.tokens_out} tokens" if answer.usage.tokens_out else ""
    return f"“{value.colour}: {value.thing}” {how}{tries}{tokens}", answer.price, ()
