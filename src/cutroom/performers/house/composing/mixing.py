"""The mix: a room, an even tone, and a level. Long sounds are worked through in blocks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cutroom.measures.sound import loudness_only
from cutroom.performers.house.composing.sampler import RATE, Wave

LOUDNESS = -18.0
"""In LUFS: leaves room for a voice over it."""
PEAK = -3.0
"""In dBFS, at the samples."""

_BLOCK = 1 << 17
_TAPS = 8191
_ROOM_SECONDS = 1.7
_FADE = RATE // 5


def mixed(dry: Wave, wet: Wave, *, dip: float = 0.0) -> Wave:
    """`dry`, shape (2, n), with the room's answer to `wet`, shape (n,), evened out and brought to level. Uses up `dry`.

    `dip` takes out that many decibels about 1 kHz, where voices are. Shape (2, n); ends in silence.
    """
    for channel in range(2):
        dry[channel] += _convolved(wet, _room(channel), 0)
    tone = _tone(_balance(dry), dip)
    for channel in range(2):
        dry[channel] = _convolved(dry[channel], tone, _TAPS // 2)
    return _levelled(dry)


@lru_cache(maxsize=2)
def _room(channel: int) -> Wave:
    """A hall's impulse response: noise that dies away, high tones first, after a few early reflections."""
    count = int(_ROOM_SECONDS * RATE)
    noise = np.random.Generator(np.random.PCG64(1901 + channel)).standard_normal(count)
    time = np.arange(count) / RATE
    spectrum = np.fft.rfft(noise)
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    bands = ((0.0, 500.0, 1.6), (500.0, 2500.0, 1.4), (2500.0, 6500.0, 0.9), (6500.0, 24001.0, 0.45))
    response = np.zeros(count)
    for low, high, sixty in bands:
        band = np.fft.irfft(spectrum * ((frequency >= max(low, 150)) & (frequency < high)), count)
        response += band * 10 ** (-3 * time / sixty)
    ahead = int(0.018 * RATE)
    rise = np.clip(time / 0.03, 0, 1)
    response = np.concatenate([np.zeros(ahead), (response * rise)[:-ahead]])
    for place, (delay, gain) in enumerate(((0.011, 0.4), (0.017, -0.32), (0.023, 0.28), (0.031, -0.2))):
        response[int((delay + 0.0013 * ((place + channel) % 2)) * RATE)] += gain * 6
    return (response / np.sqrt((response**2).sum()) * 0.65).astype(np.float32)


_BANDS = tuple(62.5 * 2**place for place in range(9))
_SLOPE = -4.5
"""How a mix falls off from 250 Hz up, in decibels an octave: about the mean of recorded music."""


def _balance(mix: Wave) -> NDArray[np.float64]:
    """By how many decibels each octave of `_BANDS` is turned up: half of what it lacks beside a common slope."""
    size = 1 << 13
    mono = mix.mean(axis=0)
    step = max(size, (len(mono) - size) // 200)
    window = np.hanning(size).astype(np.float32)
    power = np.full(size // 2 + 1, 1e-12)
    for start in range(0, max(len(mono) - size, 1), step):
        power += np.abs(np.fft.rfft(mono[start : start + size] * window[: len(mono) - start], size)) ** 2
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    bands = np.asarray([power[(frequency >= band / 2**0.5) & (frequency < band * 2**0.5)].sum() for band in _BANDS])
    level = 10 * np.log10(bands)
    wanted = np.asarray([_SLOPE * max(place - 2, 0) - (2.0, 0.0, 0.0)[min(place, 2)] for place in range(len(_BANDS))])
    lack = wanted - level
    lack -= np.average(lack[1:5])
    return np.clip(0.5 * lack, -4, 5)


def _tone(balance: NDArray[np.float64], dip: float) -> Wave:
    """The mix's equaliser as a symmetric filter: nothing below 30 Hz, `balance`, and `dip` where voices are."""
    size = 1 << 14
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    octave = np.log2(np.maximum(frequency, 1.0))
    decibels = np.interp(octave, np.log2(_BANDS), balance)
    decibels -= dip * np.exp(-0.5 * ((octave - np.log2(1100)) / 1.1) ** 2)
    gain = 10 ** (decibels / 20) * (frequency / 30) ** 4 / np.sqrt(1 + (frequency / 30) ** 8)
    taps = np.roll(np.fft.irfft(gain, size), _TAPS // 2)[:_TAPS]
    return (taps * np.hanning(_TAPS)).astype(np.float32)


def _convolved(wave: Wave, response: Wave, ahead: int) -> Wave:
    """`wave` through `response`, moved `ahead` samples earlier, as long as it was (overlap-add by FFT)."""
    size = 1 << (_BLOCK + len(response) - 1).bit_length()
    step = size - len(response) + 1
    kernel = np.fft.rfft(response, size)
    out = np.zeros(len(wave) + size + ahead, np.float32)
    for start in range(0, len(wave), step):
        block = np.fft.irfft(np.fft.rfft(wave[start : start + step], size) * kernel, size)
        out[start : start + size] += block
    return out[ahead : ahead + len(wave)]


def _levelled(mix: Wave) -> Wave:
    """The mix at `LOUDNESS`, its peaks held below `PEAK`, and its last fifth of a second faded to nothing."""
    fade = min(_FADE, mix.shape[1])
    mix[:, mix.shape[1] - fade :] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fade, dtype=np.float32))
    measured = loudness_only(mix.T, RATE)
    if measured is not None:
        mix *= np.float32(10 ** ((LOUDNESS - measured) / 20))
    return _limited(mix, 10 ** (PEAK / 20))


def _limited(mix: Wave, ceiling: float) -> Wave:
    """Turn down what is above `ceiling`, smoothly: 5 ms before, and back over 80 ms."""
    hop = RATE // 1000
    blocks = -(-mix.shape[1] // hop)
    level = np.zeros(blocks * hop, np.float32)
    np.maximum(np.abs(mix[0]), np.abs(mix[1]), out=level[: mix.shape[1]])
    wanted = np.minimum(1, ceiling / np.maximum(level.reshape(blocks, hop).max(axis=1), 1e-9))
    if wanted.min() >= 1:
        return mix
    held = _around(wanted, 5, 80)
    width = np.hanning(13)[1:-1]
    smooth = np.convolve(np.pad(held, 5, mode="edge"), width / width.sum(), "valid")
    centres = (np.arange(blocks) + 0.5) * hop
    for start in range(0, mix.shape[1], _BLOCK):
        some = mix[:, start : start + _BLOCK]
        some *= np.interp(np.arange(start, start + some.shape[1]), centres, smooth).astype(np.float32)
    return mix


def _around(values: NDArray[np.floating], before: int, after: int) -> NDArray[np.float64]:
    """`values` (1 and less) spread out: each from `before` places early, and back at 1 some `after` places later."""
    found = np.minimum(np.log(values.astype(np.float64)), 0.0)
    ahead = np.lib.stride_tricks.sliding_window_view(np.pad(found, before + 1, mode="edge"), 2 * before + 3).min(axis=1)
    reduction, recover = 0.0, 0.25 / after
    out = np.empty_like(ahead)
    for place, value in enumerate(ahead):
        reduction = min(value, reduction + recover, 0.0)
        out[place] = reduction
    return np.exp(out)
