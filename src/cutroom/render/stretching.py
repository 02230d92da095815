"""Another speed at the same pitch."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, log2

import av
import av.filter
import numpy as np
from av.filter.context import FilterContext
from numpy.typing import NDArray

RATE = 48_000


def stretched(blocks: Iterator[NDArray[np.float32]], speed: Fraction) -> Iterator[NDArray[np.float32]]:
    """Sound (n, 2) at 48 kHz played `speed` times as fast at the same pitch, in blocks: round(n / speed) samples."""
    graph = _graph(float(speed))
    taken, given = 0, 0
    for block in blocks:
        chunk = np.ascontiguousarray(block, np.float32)
        frame = av.AudioFrame.from_ndarray(chunk.reshape(1, -1), format="flt", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, taken, Fraction(1, RATE)
        taken += len(chunk)
        graph.push(frame)
        for part in _pulled(graph):
            # What comes at the end may be longer than it should be, what comes before it is not.
            given += len(part)
            yield part
    wanted = round(taken / speed)
    graph.push(None)
    for part in _pulled(graph):
        some = part[: max(0, wanted - given)]
        given += len(some)
        if len(some):
            yield some
    if given < wanted:
        yield np.zeros((wanted - given, 2), np.float32)


def _graph(speed: float) -> av.filter.Graph:
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="stereo", time_base=Fraction(1, RATE))
    last: FilterContext = source
    for factor in _factors(speed):
        step = graph.add("atempo", f"{factor:.9f}")
        last.link_to(step)
        last = step
    sink = graph.add("abuffersink")
    last.link_to(sink)
    graph.configure()
    return graph


def _factors(speed: float) -> list[float]:
    """`speed` as steps of 0.5 to 2, where the filter neither skips nor repeats whole stretches."""
    steps = max(1, ceil(abs(log2(speed)) - 1e-9))
    return [speed ** (1 / steps)] * steps


def _pulled(graph: av.filter.Graph) -> Iterator[NDArray[np.float32]]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        yield np.asarray(frame.to_ndarray(), np.float32).reshape(-1, 2)
