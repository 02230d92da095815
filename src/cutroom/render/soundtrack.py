"""A timeline's sound as AAC packets whose loudness and true peak are right after encoding, not only before it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet

from cutroom.measures.sound import loudness as measured
from cutroom.media.store import Store
from cutroom.render.sound import RATE, master, mix
from cutroom.timeline.timeline import Timeline

BITS_A_SECOND = 192_000
BLOCK = 1024
"""Samples in an AAC frame."""

TRIES = 3
"""How often the sound is encoded, at most, until its true peak is right."""


@dataclass(frozen=True, eq=False)
class Soundtrack:
    """Encoded sound, ready to be brought into a file."""

    stream: AudioStream | None
    """What describes the packets; None when the timeline has no sound."""
    packets: list[Packet]
    loudness: float | None
    """As decoded again, in LUFS; None for silence."""
    true_peak: float | None
    """As decoded again, in dBTP; None for silence."""
    degraded: tuple[tuple[str, str], ...] = ()


def soundtrack(timeline: Timeline, store: Store, *, loudness: float, true_peak: float) -> Soundtrack:
    """The mixed, mastered and encoded sound of a timeline.

    Lossy coding raises peaks: what comes out of the decoder is measured, and while it is above `true_peak` the sound is
    mastered again under a ceiling that is lower by as much.
    """
    if not any(track.sounds for track in timeline.sound):
        return Soundtrack(None, [], None, None)
    told: list[tuple[str, str]] = []
    mixed = mix(timeline, store, degrade=lambda what, why: told.append((what, why)))
    ceiling = true_peak
    tries = TRIES
    while True:
        stream, packets = encode(master(mixed, loudness=loudness, true_peak=ceiling))
        found = measured(decode(stream, packets)[: len(mixed)], RATE)
        over = -np.inf if found.true_peak is None else found.true_peak - true_peak
        tries -= 1
        if over <= 0 or not tries:
            break
        ceiling -= over + 0.1
    if over > 0:
        told.append(("sound", f"its true peak is {found.true_peak:.2f} dBTP after encoding, not {true_peak:.2f}"))
    return Soundtrack(stream, packets, found.integrated, found.true_peak, tuple(told))


def encode(samples: np.ndarray) -> tuple[AudioStream, list[Packet]]:
    """Samples (n, 2) at 48 kHz as AAC packets; the first one lies before time 0, by the encoder's own delay."""
    nowhere = av.open(os.devnull, "w", format="mp4")
    stream = nowhere.add_stream("aac", rate=RATE, layout="stereo")
    assert isinstance(stream, AudioStream)
    stream.codec_context.bit_rate = BITS_A_SECOND
    packets = [packet for frame in _frames(samples) for packet in stream.encode(frame)]
    packets += stream.encode(None)
    return stream, packets


def _frames(samples: np.ndarray) -> Iterator[AudioFrame]:
    for start in range(0, len(samples), BLOCK):
        block = np.ascontiguousarray(samples[start : start + BLOCK].T, dtype=np.float32)
        frame = AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = start
        yield frame


def decode(stream: AudioStream, packets: list[Packet]) -> np.ndarray:
    """What a player will hear: samples (n, 2) at 48 kHz from time 0 on, the encoder's delay taken off."""
    decoder = av.CodecContext.create("aac", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.extradata = stream.codec_context.extradata
    blocks = []
    for packet in (*packets, None):
        blocks += [frame.to_ndarray() for frame in decoder.decode(packet)]
    heard = np.concatenate(blocks, axis=1).T if blocks else np.zeros((0, 2), np.float32)
    delay = -(packets[0].pts or 0) if packets else 0
    return np.ascontiguousarray(heard[delay:], dtype=np.float32)
