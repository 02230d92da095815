"""Plays notes with a soundfont: pitch, loops, envelopes and filters, mixed into stereo.

Every pitch that a part needs is resampled once and then laid under each note's own envelope, which keeps a minute of
music under a second. All of it is arithmetic on arrays: the same notes give the same samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, log2, pi

import numpy as np
from numpy.typing import NDArray

from cutroom.performers.house.composing.soundfont import SoundFont, Voice

RATE = 48_000
Wave = NDArray[np.float32]

_OPEN = 16_000.0
"""A filter above this many Hz is left out: nothing can be heard of it."""
_BUCKETS = 2
"""Filtered copies of a recording are kept at this many corners an octave; between two of them we crossfade."""
_FLOOR = 70.0
"""A released note is cut when it is this many dB below its level."""
_GRAIN = 240
"""Notes are held for whole multiples of so many samples (5 ms), so that equal notes share an envelope."""
_EDGE = 96
"""Samples (2 ms) over which a cut note is faded, so that it never clicks."""


@dataclass(frozen=True)
class Struck:
    """A note as it is played."""

    at: int
    """The sample at which it begins."""
    samples: int
    """How long it is held."""
    key: int
    velocity: int
    fading: bool = False
    """It dies away while it is held (the last chord)."""


@dataclass(frozen=True)
class Sound:
    """A preset and how it is placed in the room."""

    program: int
    bank: int = 0
    gain: float = 0.0
    """In decibels."""
    pan: float = 0.0
    """-1 is left, 1 is right."""
    send: float = 0.25
    """How much of it goes to the reverb, as a factor."""
    release: float = 4.0
    """The longest release, in seconds for a fall by 100 dB."""


@dataclass
class Player:
    """Renders parts, one after another. Forgets its resampled waves between parts to bound its memory."""

    font: SoundFont
    _filtered: dict[tuple, Wave] = field(default_factory=dict)

    def play(self, notes: Sequence[Struck], sound: Sound, dry: Wave, wet: Wave) -> None:
        """Add `notes` to `dry`, shape (2, n), and what they send to the reverb to `wet`, shape (n,)."""
        waves: dict[tuple, Wave] = {}
        levels: dict[tuple, Wave] = {}
        lengths = _longest(notes)
        cuts = _cut_offs(notes) if sound.bank else {}
        loud = 10 ** (sound.gain / 20)
        for index, note in enumerate(notes):
            for voice in self.font.voices(sound.bank, sound.program, note.key, note.velocity):
                level = self._level(levels, voice, note, sound.release)
                if voice.exclusive and index in cuts:
                    level = _cut(level, cuts[index] - note.at)
                level = level[: dry.shape[1] - note.at]
                if not len(level):
                    continue
                wave = self._wave(waves, voice, note, lengths[note.key], len(level))
                shaped = wave * level
                shaped *= np.float32(loud * voice.gain)
                span = slice(note.at, note.at + len(shaped))
                for channel, gain in enumerate(_panned(voice.pan, sound.pan)):
                    dry[channel, span] += shaped * np.float32(gain)
                shaped *= np.float32(sound.send)
                wet[span] += shaped

    def _level(self, levels: dict[tuple, Wave], voice: Voice, note: Struck, release: float) -> Wave:
        held = -(-note.samples // _GRAIN) * _GRAIN
        pitch = voice.decay if voice.looped else voice.step
        known = (voice.sample, pitch, voice.attack, voice.hold, held, note.fading)
        level = levels.get(known)
        if level is None:
            level = levels[known] = _envelope(voice, held, note.fading, release)
        return level

    def _wave(self, waves: dict[tuple, Wave], voice: Voice, note: Struck, longest: int, count: int) -> Wave:
        """`count` samples of the voice at full level, resampled and filtered, from `waves` where they are known."""
        corner = round(log2(voice.cutoff) * _BUCKETS) if voice.cutoff < _OPEN or voice.opening else None
        known = (voice.sample, voice.step, corner)
        wave = waves.get(known)
        if wave is None or len(wave) < count:
            wave = self._make(voice, max(count, min(longest, 20 * RATE)), corner)
            waves[known] = wave
        return wave[:count]

    def _make(self, voice: Voice, count: int, corner: int | None) -> Wave:
        if corner is None:
            return self._resampled(voice, count, None)
        path, times = _corner_path(voice, corner, count)
        low, high = int(np.floor(path.min())), int(np.ceil(path.max()))
        if low >= log2(_OPEN) * _BUCKETS:
            return self._resampled(voice, count, None)
        out = np.zeros(count, np.float32)
        at = np.arange(0, count + 256, 256)
        curve = np.interp(at, times, path)
        for bucket in range(low, high + 1):
            share = np.clip(1 - np.abs(curve - bucket), 0, 1)
            if share.max() <= 0:
                continue
            first = int(np.argmax(share > 0))
            last = len(share) - int(np.argmax(share[::-1] > 0))
            begin, end = max(first - 1, 0) * 256, min(last * 256 + 256, count)
            if begin >= end:
                continue
            weight = _ramped(share[begin // 256 :], 256)[: end - begin]
            out[begin:end] += weight * self._resampled(voice, end, bucket)[begin:end]
        return out

    def _resampled(self, voice: Voice, count: int, bucket: int | None) -> Wave:
        """The first `count` samples of the voice at its pitch, through the filter of `bucket`."""
        step = 2 * voice.step / RATE
        body, loop_at, loop_length = self._recording(voice, bucket)
        reach = int(count * step) + 2
        if reach >= len(body) or (loop_length and reach > loop_at + loop_length):
            body = _extended(body, loop_at, loop_length, reach + 1)
        place = np.arange(count, dtype=np.float64)
        place *= step
        whole = place.astype(np.int32)
        place -= whole
        below = body[whole]
        whole += 1
        above = body[whole]
        above -= below
        above *= place.astype(np.float32)
        below += above
        return below

    def _recording(self, voice: Voice, bucket: int | None) -> tuple[Wave, int, int]:
        """The recording at twice its rate, filtered: its samples, where its loop begins, and the loop's length.

        The loop is unrolled a few times before the filter, so that the filter has settled into it by the copy that is
        then repeated.
        """
        relative = None if bucket is None else round(log2(voice.step / 2 ** (bucket / _BUCKETS)) * 2 * _BUCKETS)
        known = (voice.sample, voice.start, voice.end, voice.looped, relative)
        length = voice.loop_end - voice.loop if voice.looped and voice.loop_end - voice.loop >= 8 else 0
        copies = ceil(1500 / length) + 1 if length else 0
        settled = voice.loop - voice.start + (copies - 1) * length if length else 0
        body = self._filtered.get(known)
        if body is None:
            source = self.font.recordings[voice.start : voice.loop_end if length else voice.end]
            raw = source.astype(np.float32) / np.float32(32768)
            if length:
                raw = np.concatenate([raw, *[raw[-length:]] * (copies + 1)])
            corner = None if relative is None else 2 ** (-relative / (2 * _BUCKETS))
            body = _doubled(raw, corner)
            self._filtered[known] = body
        return body, 2 * settled, 2 * length


def _doubled(raw: Wave, corner: float | None) -> Wave:
    """`raw` at twice its rate, through a low-pass of second order at `corner` (cycles a sample), by FFT."""
    size = 1 << (len(raw) + 512 - 1).bit_length()
    spectrum = np.fft.rfft(raw, size)
    if corner is not None:
        ratio = np.fft.rfftfreq(size) / corner
        spectrum = spectrum / (1 - ratio**2 + 1j * ratio * np.sqrt(2))
    doubled = np.fft.irfft(spectrum, 2 * size)[: 2 * len(raw) + 2] * 2
    return doubled.astype(np.float32)


def _extended(body: Wave, loop_at: int, loop_length: int, count: int) -> Wave:
    """`count` samples of a recording: its loop over and over, or silence, after its end."""
    long = np.zeros(count, np.float32)
    if not loop_length:
        kept = min(len(body), count)
        long[:kept] = body[:kept]
        return long
    first = loop_at + loop_length
    long[:first] = body[:first]
    copies = -(-(count - first) // loop_length)
    long[first:] = np.tile(body[loop_at:first], copies)[: count - first]
    return long


def _corner_path(voice: Voice, corner: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The filter's corner in buckets at some times (in samples), as its envelope opens and closes it."""
    opened = voice.opens * RATE
    closed = opened + voice.closes * RATE * (1 - voice.stays)
    times = np.asarray([0.0, opened, max(closed, opened + 1), max(closed, opened + 1) + count])
    shares = np.asarray([0.0 if voice.opens > 0.005 else 1.0, 1.0, voice.stays, voice.stays])
    return np.minimum(corner + shares * voice.opening * _BUCKETS, log2(_OPEN * 1.5) * _BUCKETS), times


def _envelope(voice: Voice, held: int, fading: bool, longest_release: float) -> Wave:  # noqa: FBT001 - a field
    """The level of the voice held for `held` samples, as factors: delay, attack, hold, decay, sustain, release.

    With `fading` it also falls by 30 dB while it is held, slowly at first.
    """
    delay, attack, hold = (round(time * RATE) for time in (voice.delay, voice.attack, voice.hold))
    if not voice.looped:
        held = max(held, round((voice.end - voice.start) / voice.step * RATE))
    release = min(max(voice.release, 0.03), longest_release) * RATE
    total = held + round(release * _FLOOR / 100)
    fall = max(voice.decay, 0.001) * RATE / 100
    corners = [0.0, float(delay + attack + hold), delay + attack + hold + max(voice.sustain * fall, 1.0)]
    places = np.arange(0, total + 2 * 64, 64, dtype=np.float64)
    decibels = np.interp(np.minimum(places, held), corners, [0.0, 0.0, -voice.sustain])
    if fading:
        decibels -= 30 * np.minimum(places / held, 1) ** 2
    decibels -= np.maximum(places - held, 0) / release * 100
    level = _ramped(10 ** (decibels / 20), 64)[:total]
    if delay + attack > 1:
        rise = np.clip((np.arange(min(delay + attack, total)) - delay) / max(attack, 1), 0, 1).astype(np.float32)
        level[: len(rise)] *= rise
    edge = min(_EDGE, total)
    level[total - edge :] *= np.linspace(1, 0, edge, dtype=np.float32)
    return level


def _ramped(values: NDArray[np.floating], every: int) -> Wave:
    """`values`, given for each `every` samples, joined by straight lines: (len(values) - 1) * every samples."""
    low = values.astype(np.float32)
    ramp = np.arange(every, dtype=np.float32) / np.float32(every)
    return (low[:-1, None] + (low[1:] - low[:-1])[:, None] * ramp).ravel().astype(np.float32, copy=False)


def _cut(level: Wave, after: int) -> Wave:
    """The level, damped within 20 ms from sample `after` on."""
    if after >= len(level):
        return level
    edge = min(10 * _EDGE, len(level) - after)
    damped = level[: after + edge].copy()
    damped[after:] *= np.linspace(1, 0, edge, dtype=np.float32)
    return damped


def _longest(notes: Sequence[Struck]) -> dict[int, int]:
    longest: dict[int, int] = {}
    for note in notes:
        longest[note.key] = max(longest.get(note.key, 0), note.samples)
    return longest


def _cut_offs(notes: Sequence[Struck]) -> dict[int, int]:
    """For each hi-hat stroke the sample at which the next one silences it (General MIDI keys 42, 44 and 46)."""
    hats = [index for index, note in enumerate(notes) if note.key in (42, 44, 46)]
    hats.sort(key=lambda index: notes[index].at)
    return {one: notes[other].at for one, other in pairwise(hats) if notes[other].at > notes[one].at}


def _panned(voice: float, part: float) -> tuple[float, float]:
    """Left and right factors at constant power: the part's place in the room, with the voice's own width around it."""
    where = max(-1.0, min(1.0, part + voice * (1 - abs(part)) * 0.8))
    angle = (where + 1) * pi / 4
    return float(np.cos(angle)), float(np.sin(angle))
