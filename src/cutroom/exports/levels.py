"""How loud every sound of the cut is to be played so that another editor hears the mix that the film has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from cutroom.errors import BadInput, BrokenProduction
from cutroom.exports.edit import Edit
from cutroom.render.sound import ducking, levelling, stems, voice_levels
from cutroom.timeline.timeline import Sound, SoundTrack

TICK = Fraction(1, 100)
"""How finely the mix thinks about ducking, in seconds."""
TOLERANCE = 0.8
"""By how many decibels keyframes may miss the mix's own way down."""

Curve = Sequence[tuple[Fraction, float]]


@dataclass(frozen=True)
class Levels:
    """What the mix does to levels that the timeline does not say itself."""

    raised: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """The decibels by which each recording is raised before the timeline's own gains, by role and digest."""
    ways_down: Mapping[float, Curve] = field(default_factory=dict)
    """By a track's `duck`: when in the film others are how many decibels down, as the corners of straight lines."""

    def gain(self, sound: Sound, track: SoundTrack) -> float:
        """All that is done to a sound's level before mastering, ducking aside: decibels, to a hundredth."""
        return round(self.raised.get((track.role, sound.media.digest), 0.0) + sound.gain + track.gain, 2)

    def down(self, duck: float, begin: Fraction, end: Fraction) -> Curve:
        """The corners between two times of the film, both included; empty when nothing is ducked there."""
        curve = self.ways_down.get(duck, ())
        if not curve:
            return ()
        times, values = [float(at) for at, _ in curve], [decibels for _, decibels in curve]
        inside = [(at, decibels) for at, decibels in curve if begin < at < end]
        edges = [(at, float(np.interp(float(at), times, values))) for at in (begin, end)]
        found = [edges[0], *inside, edges[1]]
        return found if any(decibels > 0.05 for _, decibels in found) else ()


def levels(edit: Edit) -> Levels:
    """The levels of all tracks of the cut. Recordings that cannot be read count as silent."""
    raised: dict[tuple[str, str], float] = {}
    for track in edit.timeline.sound:
        try:
            found = levelling(track, edit.store)
        except (BadInput, BrokenProduction):
            continue
        raised |= {(track.role, digest): gain for digest, gain in found.items()}
    return Levels(raised, _ways_down(edit))


def _ways_down(edit: Edit) -> dict[float, Curve]:
    depths = {track.duck for track in edit.timeline.sound if track.role != "voice" and track.duck and track.sounds}
    spoken = tuple(track for track in edit.timeline.sound if track.role == "voice" and track.sounds)
    if not depths or not spoken:
        return {}
    alone = edit.timeline.model_copy(update={"sound": spoken})
    heard = [voice_levels(blocks) for _, blocks in stems(alone, edit.store, degrade=lambda *_: None)]
    # Unlike voices add in power.
    level = 10 * np.log10(np.sum([10 ** (one / 10) for one in heard], axis=0))
    return {depth: corners(ducking(level, depth)) for depth in depths}


def corners(curve: np.ndarray, tolerance: float = TOLERANCE) -> Curve:
    """The corners of straight lines that miss `curve` (decibels, each hundredth of a second) by `tolerance` at most.

    Found by splitting where a line misses most (Ramer 1972; Douglas and Peucker 1973).
    """
    kept = {0, len(curve) - 1}
    pending = [(0, len(curve) - 1)]
    while pending:
        first, last = pending.pop()
        if last - first < 2:
            continue
        line = np.linspace(curve[first], curve[last], last - first + 1)
        missed = np.abs(curve[first : last + 1] - line)
        worst = first + int(missed.argmax())
        if missed.max() > tolerance:
            kept.add(worst)
            pending += [(first, worst), (worst, last)]
    return [(at * TICK, float(curve[at])) for at in sorted(kept)]
