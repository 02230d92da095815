"""A watermark for sound: in tiles of 21 ms by 70 Hz, between 0.6 and 7.3 kHz, the sound is a little louder or softer.

What is added is the sound itself, 20 dB below it in the same tile, less where that could be heard (under clear tones),
and nothing where there is silence: it is masked by what it is part of. It is read from how loud each tile is beside its
neighbours. The pattern repeats, so that a part of the film is enough, and any part may have been cut off its beginning.
Changed speed or pitch destroy it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

import numpy as np

from cutroom.measures import sound as measure
from cutroom.media.marks import Watermark
from cutroom.render.watermark import code

RATE = 48_000
WINDOW, HOP = 2048, 1024
LOW_BIN, BINS, BANDS = 26, 3, 96
"""The lowest band's first bin of 23.4 Hz, bins in a band, and bands."""
PERIOD = 256
"""Tiles after which the pattern repeats: 5.5 s."""
DEPTH = 0.8
"""By how many decibels a tile is louder or softer."""

UNDER = -6.0
"""So many decibels below what can be heard beside the sound the watermark stays in every critical band."""

BOOK = code.Book("sound", PERIOD * BANDS)
STEPS = 4
"""How many places within a tile are tried when the pattern's beginning is looked for."""
SHORTEST = 4 * RATE
QUIET = 1e-9
"""Power of a bin below which there is nothing to be heard (about -90 dBFS of a sine)."""


def embed(samples: np.ndarray, payload: int) -> np.ndarray:
    """`samples` (n, channels) float32 at 48 kHz with the watermark, as a new array. Not limited: do that afterwards."""
    return np.concatenate([samples[:0].astype(np.float32), *embedded([samples], payload)])


def embedded(blocks: Iterable[np.ndarray], payload: int) -> Iterator[np.ndarray]:
    """What `embed` gives, for a sound that comes in blocks: as many samples, in blocks that are about as long."""
    window, gains = _window(), _gains(payload)
    taken = given = tiles = 0
    waiting: np.ndarray | None = None
    over: np.ndarray | None = None
    for block in chain(blocks, (None,)):
        if waiting is None or over is None:
            if block is None:
                return
            # The first window begins half a window before the sound; the one that begins with it carries the first tile.
            waiting, over = (np.zeros((HOP, block.shape[1]), np.float32) for _ in range(2))
        taken += 0 if block is None else len(block)
        waiting = np.concatenate((waiting, np.zeros((WINDOW, over.shape[1]), np.float32) if block is None else block))
        count = len(waiting) // HOP - 1
        if count < 1:
            continue
        frames = np.lib.stride_tricks.sliding_window_view(waiting, WINDOW, axis=0)[: count * HOP : HOP]
        spectrum = np.fft.rfft(frames * window, axis=2)
        numbers = (np.arange(tiles - 1, tiles - 1 + count)) % PERIOD
        spectrum[:, :, LOW_BIN : LOW_BIN + BINS * BANDS] *= _unheard(spectrum, gains[numbers])[:, None]
        made = np.fft.irfft(spectrum, WINDOW, axis=2) * window
        whole = np.concatenate((over[None], made[:-1, :, HOP:].transpose(0, 2, 1))) + made[:, :, :HOP].transpose(
            0, 2, 1
        )
        over = made[-1, :, HOP:].T
        waiting = waiting[count * HOP :]
        out = whole.reshape(-1, whole.shape[2])[0 if tiles else HOP :].astype(np.float32)
        tiles += count
        yield out[: taken - given]
        given += len(out)


def detect(samples: np.ndarray) -> Watermark:
    """Looks for the watermark in `samples` (n, channels) float32 at 48 kHz.

    The beginning of the pattern is tried at 1 024 places, so a false alarm is that many times likelier than for one.
    """
    if len(samples) < SHORTEST:
        return Watermark(decision="abstain", score=0.0, reason="it is shorter than four seconds")
    if float(np.square(samples).mean()) < QUIET:
        return Watermark(decision="abstain", score=0.0, reason="it is silent")
    best, score = None, -np.inf
    for offset in range(0, HOP, HOP // STEPS):
        folded = _folded(samples[offset:])
        for shift in range(PERIOD):
            turned = np.roll(folded, -shift, axis=0).ravel()
            here = code.presence(BOOK, turned)
            if here > score:
                best, score = turned, here
    assert best is not None
    return code.read(BOOK, best, tries=STEPS * PERIOD)


def _gains(payload: int) -> np.ndarray:
    """(PERIOD, bins) float32: what each bin of the marked bands is multiplied with during each tile."""
    signs = code.spread(BOOK, payload).reshape(PERIOD, BANDS)
    return np.repeat(np.float32(10) ** (signs * np.float32(DEPTH / 20)), BINS, axis=1)


def _unheard(spectrum: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """`gains` (frames, bins), less far from 1 in critical bands where they would be heard: under clear tones."""
    power = np.square(np.abs(spectrum)).sum(axis=1) * np.float32(4 / _window().sum() ** 2)
    added = np.zeros_like(power)
    added[:, LOW_BIN : LOW_BIN + BINS * BANDS] = power[:, LOW_BIN : LOW_BIN + BINS * BANDS] * np.square(gains - 1)
    heard = np.maximum(measure.in_bands(added, WINDOW, RATE), np.float32(1e-30))
    room = measure.masking(power, WINDOW, RATE) * 10 ** (UNDER / 10) / heard
    less = np.sqrt(np.minimum(room, 1)).astype(np.float32)
    edges = measure.critical_bands(WINDOW, RATE)
    each = np.repeat(less, np.diff(edges), axis=1)[:, LOW_BIN - edges[0] : LOW_BIN - edges[0] + BINS * BANDS]
    return 1 + (gains - 1) * each


@lru_cache(maxsize=1)
def _window() -> np.ndarray:
    """The square root of a periodic Hann window: used twice, halves that overlap add up to 1."""
    return np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def _folded(samples: np.ndarray) -> np.ndarray:
    """How much louder each tile is than its neighbours, all repetitions laid over each other: (PERIOD, BANDS) float32."""
    loud = _levels(samples)
    rough = loud - _neighbours(loud)
    wide = np.abs(rough)
    rough = np.clip(rough / (_neighbours(wide) + 0.5), -2, 2)
    tiles = -(-len(rough) // PERIOD) * PERIOD
    return np.pad(rough, ((0, tiles - len(rough)), (0, 0))).reshape(-1, PERIOD, BANDS).sum(0)


def _levels(samples: np.ndarray) -> np.ndarray:
    """The level of every tile in decibels, (tiles, BANDS) float32."""
    window = np.hanning(WINDOW).astype(np.float32)[:, None]
    starts = range(0, len(samples) - WINDOW + 1, HOP)
    levels = np.empty((len(starts), BANDS), np.float32)
    for tile, start in enumerate(starts):
        spectrum = np.fft.rfft(samples[start : start + WINDOW] * window, axis=0)[LOW_BIN : LOW_BIN + BINS * BANDS]
        power = np.square(np.abs(spectrum)).sum(1).reshape(BANDS, BINS).mean(1)
        levels[tile] = 10 * np.log10(power + WINDOW * QUIET)
    return levels


def _neighbours(levels: np.ndarray) -> np.ndarray:
    """The mean of the tiles around each one: five in time, three in pitch."""
    padded = np.pad(levels, ((2, 2), (1, 1)), mode="edge")
    rows, columns = levels.shape
    around = [padded[down : down + rows, right : right + columns] for down in range(5) for right in range(3)]
    return np.mean(around, axis=0)
