"""A timeline's sound, mixed, mastered and encoded to a file of its own, right after encoding and not only before it.

The file is kept under a key made of all that is heard, so that a change of the picture alone costs no sound. Nothing of
it is ever held as a whole: the mix lies on a scratch tape, and all that is done to it is done in blocks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from cutroom.errors import BadInput
from cutroom.measures.sound import Loudness, Meter
from cutroom.media.container import open_container
from cutroom.media.sound import blocks
from cutroom.media.store import Store
from cutroom.render.codecs import Encoder
from cutroom.render.mastering import MOST_GAIN, Mastering, Setting
from cutroom.render.segments import digest
from cutroom.render.shelf import Shelf
from cutroom.render.sound import RATE, Degrade, mixed
from cutroom.render.tape import Tape, blocks_of
from cutroom.render.watermark.sound import embedded
from cutroom.render.watermark.stamp import Stamp
from cutroom.time import Span
from cutroom.timeline.timeline import Timeline

VERSION = "3"
"""Of all that turns a timeline into samples: raise it when the same timeline sounds different."""

BITS_A_SECOND = {"aac": 224_000, "libopus": 160_000}
"""By encoder; others take what they need."""

OPTIONS = {"aac": {"aac_coder": "fast"}}
"""By encoder. At this rate AAC's fast search gives 9 dB more signal over noise than its thorough one, in a quarter of the
time (measured on the house's own music: 42 against 32.5 dB)."""

BLOCK = 1024
"""Samples handed over at a time."""

CLOSE = 0.5
"""Decibels by which the loudness may be missed without a word."""

TRIES = 6
"""How often the sound is encoded, at most, until its true peak and its loudness are right."""

NEAR = 0.25
"""Decibels by which the loudness may be missed after encoding, before it is encoded once more."""


@dataclass(frozen=True)
class Target:
    """How loud the sound is to be."""

    loudness: float = -14.0
    true_peak: float = -1.0


@dataclass(frozen=True)
class Soundtrack:
    """Encoded sound, ready to be brought into a film."""

    path: Path | None
    """Where it lies; None when the timeline has no sound."""
    loudness: float | None = None
    """As decoded again, in LUFS; None for silence."""
    true_peak: float | None = None
    """As decoded again, in dBTP; None for silence."""
    degraded: tuple[tuple[str, str], ...] = ()


def soundtrack(
    timeline: Timeline,
    store: Store,
    encoder: Encoder,
    target: Target,
    *,
    shelf: Shelf,
    bench: Path,
    stamp: Stamp | None = None,
) -> Soundtrack:
    """The sound of a timeline: the one on the shelf, or a new one, which is kept unless something of it is missing.

    Raises OSError when the disk is full.
    """
    if not any(track.sounds for track in timeline.sound):
        return Soundtrack(None)
    key = key_of(timeline, encoder, target, stamp)
    kept = shelf.place(key, encoder.suffix)
    if kept.is_file():
        found = _as_kept(kept)
        if found is not None:
            return found
        shelf.drop(kept)
    path = bench / f"{key}{encoder.suffix}"
    missing: list[tuple[str, str]] = []
    with Tape(bench) as tape:
        lay(timeline, store, tape, stamp=stamp, folder=bench, degrade=lambda what, why: missing.append((what, why)))
        made = _made(tape, encoder, target, path)
    if missing:
        return replace(made, degraded=(*missing, *made.degraded))
    return replace(made, path=shelf.put(key, path))


def key_of(timeline: Timeline, encoder: Encoder, target: Target, stamp: Stamp | None = None) -> str:
    """Of all that is heard: a SHA-256, in hexadecimal."""
    unheard = {"sounds": {"__all__": {"name"}}, "tones": {"__all__": {"name"}}}
    tracks = [track.model_dump(mode="json", exclude=unheard) for track in timeline.sound]
    return digest(
        {
            "version": VERSION,
            "made_with": [av.__version__, *map(list, av.library_versions.items()), np.__version__],
            "encoder": [encoder.sound, encoder.container, BITS_A_SECOND.get(encoder.sound), OPTIONS.get(encoder.sound)],
            "target": [float(target.loudness), float(target.true_peak)],
            "seconds": str(timeline.seconds),
            "tracks": tracks,
            "stamp": None if stamp is None else stamp.payload.hex(),
        }
    )


def _as_kept(path: Path) -> Soundtrack | None:
    """What lies there; None when it cannot be read."""
    try:
        with open_container(path) as container:
            told = {key.lower(): value for key, value in container.metadata.items()}
            said: Any = json.loads(told["comment"])
            degraded = tuple((str(what), str(why)) for what, why in said["degraded"])
            return Soundtrack(path, said["loudness"], said["true_peak"], degraded)
    except (BadInput, KeyError, TypeError, ValueError):
        return None


def lay(
    timeline: Timeline, store: Store, tape: Tape, *, stamp: Stamp | None, degrade: Degrade, folder: Path | None = None
) -> None:
    """Writes the mix to `tape`, which is empty, with its watermark if there is a `stamp`. Raises OSError."""
    mixed(timeline, store, tape, folder=folder, degrade=degrade)
    if stamp is None:
        return
    at = 0
    # In place: what comes out lies behind what goes in.
    for block in embedded(blocks_of(tape), stamp.number):
        tape.write(block, at)
        at += len(block)


def _made(tape: Tape, encoder: Encoder, target: Target, path: Path) -> Soundtrack:
    """Masters what lies on `tape` and encodes it to `path`."""
    with Mastering(tape, path.parent) as desk:

        def tried(way: Setting) -> Loudness:
            write(desk.blocks(way), path, encoder)
            return heard(path, len(tape))

        found, missed = met(desk, target, tried)
    told = tuple(("sound", why) for why in missed)
    said = json.dumps({"loudness": found.integrated, "true_peak": found.true_peak, "degraded": told})
    _tell(path, said, encoder)
    return Soundtrack(path, found.integrated, found.true_peak, told)


def met(desk: Mastering, target: Target, tried: Callable[[Setting], Loudness]) -> tuple[Loudness, list[str]]:
    """Masters and encodes (`tried`) until the target is met. Returns what the last try measures, and what is not met.

    Lossy coding changes peaks and loudness: what comes out of the decoder is measured, and while it is not right the
    sound is mastered again, under a ceiling that is lower and towards a loudness that is higher by as much.
    """
    wanted, ceiling, tries = target.loudness, target.true_peak, TRIES
    while True:
        way = desk.setting(wanted, ceiling)
        found = tried(way)
        over = -np.inf if found.true_peak is None else found.true_peak - target.true_peak
        short = 0.0 if found.integrated is None else target.loudness - found.integrated
        # What the limiter could not reach before encoding is out of reach.
        short = short if way.loudness is not None and abs(way.loudness - wanted) < NEAR else 0.0
        tries -= 1
        if not tries or (over <= 0 and abs(short) < NEAR):
            return found, list(_missed(found, target, way))
        # Each try that was not enough makes the next step longer: an encoder's errors do not follow what goes in.
        ceiling -= (over + 0.1) * (1 + (TRIES - 1 - tries) / 2) if over > 0 else 0.0
        wanted += short


def _missed(found: Loudness, target: Target, way: Setting) -> Iterator[str]:
    """What is not as asked, in words."""
    if found.true_peak is not None and found.true_peak > target.true_peak:
        yield f"its true peak is {found.true_peak:.2f} dBTP after encoding, not {target.true_peak:.2f}"
    if found.integrated is not None and abs(found.integrated - target.loudness) > CLOSE:
        yield f"its loudness is {found.integrated:.1f} LUFS, not {target.loudness:.1f}: {_why(way)}"


def _why(way: Setting) -> str:
    """Why a mix cannot be as loud as asked."""
    if way.gain >= MOST_GAIN - 0.01:
        return f"it is so quiet that {MOST_GAIN:.0f} dB more would raise its noise beside it"
    return "its loudest moments are so short that nothing else would be left of them"


def heard(path: Path, count: int) -> Loudness:
    """How loud the first `count` samples at 48 kHz of the sound at `path` are."""
    span = Span(length=Fraction(count, RATE))
    return Meter(RATE).hear_all(blocks(path, span=span, rate=RATE)).loudness


def write(sound: Iterable[np.ndarray], path: Path, encoder: Encoder) -> None:
    """Encodes blocks (n, 2) at 48 kHz to `path`; the encoder's own delay lies before time 0."""
    with av.open(str(path), "w", format=encoder.container, container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(encoder.sound, rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        if encoder.sound in BITS_A_SECOND:
            stream.codec_context.bit_rate = BITS_A_SECOND[encoder.sound]
        stream.codec_context.options = OPTIONS.get(encoder.sound, {})
        start = 0
        for whole in sound:
            for begin in range(0, len(whole), BLOCK):
                block = np.ascontiguousarray(whole[begin : begin + BLOCK].T, dtype=np.float32)
                frame = AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
                frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), start
                start += block.shape[1]
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _tell(path: Path, comment: str, encoder: Encoder) -> None:
    """Writes a comment into a sound file, without encoding it again."""
    other = path.with_name(f"told-{path.name}")
    options = {"fflags": "+bitexact"}
    with (
        open_container(path) as source,
        av.open(str(other), "w", format=encoder.container, container_options=options) as out,
    ):
        out.metadata["comment"] = comment
        track = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
    other.replace(path)
