"""A timeline's sound, mixed, mastered and encoded to a file of its own, right after encoding and not only before it.

The file is kept under a key made of all that is heard, so that a change of the picture alone costs no sound.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from cutroom.errors import BadInput
from cutroom.measures.sound import loudness as measured
from cutroom.media.container import open_container
from cutroom.media.sound import samples
from cutroom.media.store import Store
from cutroom.render.codecs import Encoder
from cutroom.render.segments import digest
from cutroom.render.shelf import Shelf
from cutroom.render.sound import RATE, master, mix
from cutroom.timeline.timeline import Timeline

VERSION = "1"
"""Of all that turns a timeline into samples: raise it when the same timeline sounds different."""

BITS_A_SECOND = {"aac": 224_000, "libopus": 160_000}
"""By encoder; others take what they need."""

OPTIONS = {"aac": {"aac_coder": "fast"}}
"""By encoder. At this rate AAC's fast search gives 9 dB more signal over noise than its thorough one, in a quarter of the
time (measured on the house's own music: 42 against 32.5 dB)."""

BLOCK = 1024
"""Samples handed over at a time."""

TRIES = 3
"""How often the sound is encoded, at most, until its true peak is right."""


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
    timeline: Timeline, store: Store, encoder: Encoder, target: Target, *, shelf: Shelf, bench: Path
) -> Soundtrack:
    """The sound of a timeline: the one on the shelf, or a new one, which is kept unless something of it is missing.

    Raises OSError when the disk is full.
    """
    if not any(track.sounds for track in timeline.sound):
        return Soundtrack(None)
    key = key_of(timeline, encoder, target)
    kept = shelf.place(key, encoder.suffix)
    if kept.is_file():
        found = _as_kept(kept)
        if found is not None:
            return found
        shelf.drop(kept)
    made = _made(timeline, store, encoder, target, bench / f"{key}{encoder.suffix}")
    assert made.path is not None
    if made.degraded:
        return made
    return Soundtrack(shelf.put(key, made.path), made.loudness, made.true_peak)


def key_of(timeline: Timeline, encoder: Encoder, target: Target) -> str:
    """Of all that is heard: a SHA-256, in hexadecimal."""
    tracks = [track.model_dump(mode="json", exclude={"sounds": {"__all__": {"name"}}}) for track in timeline.sound]
    return digest(
        {
            "version": VERSION,
            "made_with": [av.__version__, *map(list, av.library_versions.items()), np.__version__],
            "encoder": [encoder.sound, encoder.container, BITS_A_SECOND.get(encoder.sound), OPTIONS.get(encoder.sound)],
            "target": [float(target.loudness), float(target.true_peak)],
            "seconds": str(timeline.seconds),
            "tracks": tracks,
        }
    )


def _as_kept(path: Path) -> Soundtrack | None:
    """What lies there; None when it cannot be read."""
    try:
        with open_container(path) as container:
            told = {key.lower(): value for key, value in container.metadata.items()}
            said: Any = json.loads(told["comment"])
            return Soundtrack(path, said["loudness"], said["true_peak"])
    except (BadInput, KeyError, ValueError):
        return None


def _made(timeline: Timeline, store: Store, encoder: Encoder, target: Target, path: Path) -> Soundtrack:
    """Mixes, masters and encodes to `path`.

    Lossy coding raises peaks: what comes out of the decoder is measured, and while it is above the target the sound is
    mastered again under a ceiling that is lower by as much.
    """
    told: list[tuple[str, str]] = []
    mixed = mix(timeline, store, degrade=lambda what, why: told.append((what, why)))
    ceiling, tries = target.true_peak, TRIES
    while True:
        mastered = master(mixed, loudness=target.loudness, true_peak=ceiling)
        write(mastered, path, encoder)
        found = measured(samples(path)[: len(mixed)], RATE)
        over = -np.inf if found.true_peak is None else found.true_peak - target.true_peak
        tries -= 1
        if over <= 0 or not tries:
            break
        ceiling -= over + 0.1
    if over > 0:
        told.append(
            ("sound", f"its true peak is {found.true_peak:.2f} dBTP after encoding, not {target.true_peak:.2f}")
        )
    said = json.dumps({"loudness": found.integrated, "true_peak": found.true_peak})
    _tell(path, said, encoder)
    return Soundtrack(path, found.integrated, found.true_peak, tuple(told))


def write(heard: np.ndarray, path: Path, encoder: Encoder) -> None:
    """Encodes samples (n, 2) at 48 kHz to `path`; the encoder's own delay lies before time 0."""
    with av.open(str(path), "w", format=encoder.container, container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(encoder.sound, rate=RATE, layout="stereo")
        assert isinstance(stream, AudioStream)
        if encoder.sound in BITS_A_SECOND:
            stream.codec_context.bit_rate = BITS_A_SECOND[encoder.sound]
        stream.codec_context.options = OPTIONS.get(encoder.sound, {})
        for start in range(0, len(heard), BLOCK):
            block = np.ascontiguousarray(heard[start : start + BLOCK].T, dtype=np.float32)
            frame = AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), start
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
