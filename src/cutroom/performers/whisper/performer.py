"""Writes down what is said, word by word with times, with a Whisper model in a folder on this machine."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cutroom.configuration import Model
from cutroom.errors import GiveUp, Unavailable
from cutroom.media.kinds import Media, Word
from cutroom.media.sound import samples
from cutroom.performers.performer import Desk
from cutroom.performers.resident import resident
from cutroom.performers.weights import fingerprint
from cutroom.plan.catalogue.understand import Transcribe
from cutroom.plan.facts import SpokenLine, Transcript
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms
from cutroom.time import Span, from_float

RATE = 16_000
"""What Whisper hears."""

OWN_OPTIONS = ("device", "compute_type")
"""Options for loading; all others go to the call."""

NEEDED = ("model.bin", "config.json", "tokenizer.json")
"""Without these files the library would go and fetch them."""

_OURS = ("audio", "language", "task", "word_timestamps", "log_progress")
_ALSO_KNOWN_AS: Mapping[str, str] = {"nb": "no", "iw": "he", "jv": "jw", "fil": "tl", "in": "id"}
"""Languages by the codes that Whisper has for them."""


class WhisperPerformer:
    """One model, converted for CTranslate2 (``model.bin``, ``config.json``, ``tokenizer.json``)."""

    version = "1"

    def __init__(self, name: str, model: Model, folder: Path) -> None:
        """The model in `folder`, which the person calls `name`."""
        self.name = f"{name}/transcribe"
        self.model = model
        self.folder = folder

    @property
    def options(self) -> dict[str, Any]:
        """``device``, ``compute_type`` and parameters of faster-whisper's ``transcribe``, such as ``beam_size``."""
        common = {name: value for name, value in self.model.options.items() if not isinstance(value, dict)}
        own = self.model.options.get("transcribe")
        return common | (own if isinstance(own, dict) else {})

    def performs(self, step: AnyStep) -> bool:
        """True for `Transcribe`, when the library and the model are here."""
        return isinstance(step, Transcribe) and not self.missing()

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """The weights' fingerprint, and the options that reach the words."""
        del step
        options = {name: value for name, value in self.options.items() if name != "device"}
        return {"weights": fingerprint(self.folder), "options": options}

    def terms(self, step: AnyStep) -> Terms:
        """Free; one at a time on its device, where the model stays loaded."""
        del step
        lane = _lane(self.options.get("device"))
        resources = {"GPU": 1.0} if lane.startswith("gpu") else {}
        return Terms(lane=lane, at_once=1, resources=resources, resident=str(self.folder))

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """Write down what is said, as a `Transcript`: times in whole milliseconds.

        Raises Unavailable when the library or the model is not here, GiveUp when it does not know the language or fails,
        BadInput when the sound cannot be read.
        """
        if not isinstance(step, Transcribe):
            raise GiveUp(f"{self.name} cannot carry out {step.kind}")
        missing = self.missing()
        if missing:
            raise Unavailable(missing)
        heard = samples(desk.path(step.sound), rate=RATE).mean(axis=1, dtype=np.float32)
        lane = _lane(self.options.get("device"))
        key = (self.folder, fingerprint(self.folder), lane, str(self.options.get("compute_type")))
        with resident(
            lane, key, partial(_loaded, self.folder, lane, str(self.options.get("compute_type", "default")))
        ) as model:
            arguments = self._arguments(model, step)
            try:
                segments, info = model.transcribe(heard, **arguments)
                told = _told(segments, Fraction(len(heard), RATE), desk)
            except (ValueError, RuntimeError, TypeError, AttributeError, LookupError) as error:
                raise GiveUp(f"{self.name} could not listen: {' '.join(str(error).split())[:300]}") from error
        return desk.keep_facts(_transcript(told, info.language))

    def missing(self) -> str:
        """What keeps the model from being used here, with the way out; empty when nothing does."""
        if find_spec("faster_whisper") is None:
            return "faster-whisper is not installed: pip install 'cutroom[asr]'"
        gone = [name for name in NEEDED if not (self.folder / name).is_file()]
        if not gone:
            return ""
        return (
            f"{self.folder}: no {', '.join(gone)} in it; name the folder of a Whisper model converted for faster-whisper "
            "(ct2-transformers-converter --model … --copy_files tokenizer.json preprocessor_config.json)"
        )

    def _arguments(self, model: Any, step: Transcribe) -> dict[str, Any]:
        """What the call is given: the person's options, and words with their times."""
        known = inspect.signature(model.transcribe).parameters
        options = {name: value for name, value in self.options.items() if name not in OWN_OPTIONS}
        for name in options:
            if name in _OURS or name not in known:
                free = ", ".join(sorted(one for one in known if one not in _OURS))
                raise GiveUp(f"{self.name}: options.{name}: faster-whisper takes {free}")
        language = _language(step.language)
        if language not in (None, *model.supported_languages):
            raise GiveUp(f"{self.name} does not know the language {step.language!r}; leave it out to have it found out")
        return {"vad_filter": True, **options, "language": language, "word_timestamps": True}


def _language(tag: str | None) -> str | None:
    """A BCP 47 tag as Whisper's code."""
    if not tag:
        return None
    first = tag.replace("_", "-").partition("-")[0].lower()
    return _ALSO_KNOWN_AS.get(first, first)


@cache
def _lane(device: str | None) -> str:
    """``gpu:0`` where there is one and it is not unwanted, else ``cpu``."""
    if device in (None, "auto"):
        if find_spec("ctranslate2") is None:
            return "cpu"
        import ctranslate2  # pyright: ignore[reportMissingImports]

        return "gpu:0" if ctranslate2.get_cuda_device_count() else "cpu"
    return "gpu:0" if device == "cuda" else device.replace("cuda", "gpu")


def _loaded(folder: Path, lane: str, compute_type: str) -> Any:
    from faster_whisper import WhisperModel  # pyright: ignore[reportMissingImports]

    device, _, number = lane.replace("gpu", "cuda").partition(":")
    try:
        return WhisperModel(
            str(folder), device=device, device_index=int(number or 0), compute_type=compute_type, local_files_only=True
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise Unavailable(f"{folder}: the model cannot be loaded on {device} ({str(error)[:300]})") from error


def _told(segments: Iterable[Any], length: Fraction, desk: Desk) -> list[Any]:
    """The segments as they come, with progress in seconds."""
    told: list[Any] = []
    for segment in segments:
        told.append(segment)
        desk.progress(min(round(segment.end), round(length)), max(1, round(length)))
    return told


def _transcript(segments: Iterable[Any], language: str | None) -> Transcript:
    """What was told, in order of time: no word and no line begins before the one before it has ended."""
    lines: list[SpokenLine] = []
    words: list[Word] = []
    for segment in segments:
        text = segment.text.strip()
        if not text:
            continue
        start, length = _after(lines[-1].span.end if lines else Fraction(0), segment.start, segment.end)
        lines.append(SpokenLine(text=text, span=Span(start=start, length=length)))
        for word in segment.words or ():
            if word.word.strip():
                last = words[-1].start + words[-1].seconds if words else Fraction(0)
                start, length = _after(last, word.start, word.end)
                words.append(Word(text=word.word.strip(), start=start, seconds=length))
    return Transcript(
        text=" ".join(line.text for line in lines), language=language, words=tuple(words), lines=tuple(lines)
    )


def _after(last: Fraction, start: float, end: float) -> tuple[Fraction, Fraction]:
    """Start and length in whole milliseconds, from `last` on."""
    begin = max(last, from_float(float(start), 1000))
    return begin, max(Fraction(0), from_float(float(end), 1000) - begin)
