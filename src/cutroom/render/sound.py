"""The mix: what is heard, from the tracks of a timeline to one mastered stereo signal of 48 kHz.

Levels. Recordings come at any level, so every medium is first brought to the level of its role (`LEVELS`); gains of the
timeline then count from there. A voice stands at -16 LUFS, music at -19: music 10 dB ducked is 13 LU under the voice,
where speech stays easy to follow. Natural sound is raised by a few decibels at most, because a quiet place is quiet.

All of it works in blocks, and what is too long to be held lies on scratch tapes: a film of an hour takes the memory of
one of a minute. Each recording is decoded once, on to a tape from which its track is mixed; the tracks are added up on
a tape that holds the mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutroom.errors import BadInput, BrokenProduction
from cutroom.measures import sound as measure
from cutroom.measures.sound import BLOCK
from cutroom.media import sound as reading
from cutroom.media.store import Store
from cutroom.render.roomtone import room_tone
from cutroom.render.stretching import stretched
from cutroom.render.tape import Tape
from cutroom.timeline.timeline import RoomTone, Sound, SoundTrack, Timeline

RATE = 48_000


@dataclass(frozen=True)
class Level:
    """Where a role stands in the mix before the timeline's own gains."""

    loudness: float
    """In LUFS."""
    boost: float
    """How many decibels a quiet recording may be raised."""


LEVELS: dict[str, Level] = {
    "voice": Level(-16.0, 24.0),
    "music": Level(-19.0, 20.0),
    "natural": Level(-24.0, 6.0),
}
"""By role; effects stay as they are."""

LOUDEST_ROOM = -48.0
"""Room tone is no louder than this before mastering, in dBFS: where a place was never quiet, its noise alone would be
heard as a fault."""
ROOM_BELOW = 28.0
"""And so many decibels below what was recorded there, so that it stays in the background when all of it is raised."""

VOICE_FROM = 80.0
"""Below this many hertz a voice has nothing to say: rumble and thumps."""

# Ducking, in hundredths of a second.
_TICKS = 100
_AHEAD, _HOLD, _ATTACK, _RELEASE, _BRIDGE = 15, 25, 12, 60, 90
_DECLICK = Fraction(4, 1000)
_LAST_FADE = Fraction(15, 1000)

Degrade = Callable[[str, str], None]


def mix(timeline: Timeline, store: Store, *, degrade: Degrade | None = None) -> NDArray[np.float32]:
    """All sound of `timeline` as float32 of shape (n, 2) at 48 kHz; n is the film's length to the nearest sample.

    A sound that cannot be read is left out and told to `degrade` (what, why); without `degrade` its error is raised
    (BadInput, or BrokenProduction when the store has lost it). It takes 23 MB a minute; `mixed` does not.
    """
    with Tape() as tape:
        mixed(timeline, store, tape, degrade=degrade)
        return tape.read(0, len(tape))


def mixed(
    timeline: Timeline, store: Store, tape: Tape, *, folder: Path | None = None, degrade: Degrade | None = None
) -> None:
    """Writes what `mix` gives to `tape`, which is empty. Scratch files lie in `folder`. Raises OSError, and as `mix`."""
    total = samples_of(timeline.seconds)
    for begin in range(0, total, BLOCK):
        tape.write(np.zeros((min(BLOCK, total - begin), 2), np.float32))
    for _, blocks in stems(timeline, store, folder=folder, degrade=degrade):
        at = 0
        for block in blocks:
            tape.add(block, at)
            at += len(block)


def stems(
    timeline: Timeline, store: Store, *, folder: Path | None = None, degrade: Degrade | None = None
) -> Iterator[tuple[SoundTrack, Iterator[NDArray[np.float32]]]]:
    """Each track as it is heard in the mix, levelled and ducked, one after the other: their sum is `mix`.

    Each is an iterator of blocks (n, 2) at 48 kHz, together as long as the film, and has to be taken to its end before
    the next track is asked for: what the voices say decides how others are ducked. Voices come first; tracks without a
    sound are left out. Errors are those of `mix`.
    """
    total = samples_of(timeline.seconds)
    voices: list[NDArray[np.float32]] = []
    for track in sorted(timeline.sound, key=lambda track: track.role != "voice"):
        if not track.sounds:
            continue
        with Tape(folder) as reel:
            parts = _reeled(track, total, store, reel, degrade)
            heard = _played(parts, reel, total)
            if track.role == "voice":
                yield track, _followed(_ending(heard, total), voices)
            elif track.duck and voices:
                level = _together(voices)
                yield track, _ending(_ducked(heard, ducking(level, track.duck)), total)
            else:
                yield track, _ending(heard, total)


def levelling(track: SoundTrack, store: Store) -> dict[str, float]:
    """By how many decibels the mix raises each recording of `track` (by digest) before its gains.

    Raises BadInput or BrokenProduction when one cannot be read.
    """
    meters: dict[str, measure.Meter] = {}
    for sound in track.sounds:
        _meter(meters, sound).hear_all(_heard(track.role, sound, store))
    return _levelled(track.role, meters)


def voice_levels(blocks: Iterable[NDArray[np.float32]]) -> NDArray[np.float64]:
    """How loud voices are in each hundredth of a second, in dBFS, from blocks of whole hundredths."""
    return np.concatenate([np.zeros(0), *(measure.levels(block, RATE, hop=Fraction(1, _TICKS)) for block in blocks)])


def ducking(level: NDArray[np.floating], depth: float) -> NDArray[np.float64]:
    """By how many decibels others go down, each hundredth of a second, so that voices of this `level` are understood.

    `level` is in dBFS, one for each hundredth. The way down begins before the first word and is complete when it
    comes; short pauses between words and sentences are bridged, so that nothing pumps; the way up is slow. Both are
    straight in decibels with rounded corners.
    """
    active = level > max(-50.0, float(level.max(initial=-120.0)) - 32.0)
    starts, ends = _runs(active)
    covered = np.zeros(len(level) + 1)
    for start, end in _joined(starts, ends):
        covered[max(0, start - _AHEAD + _ATTACK // 2) : end + _HOLD] = depth
    down = _straight_after(covered[:-1], depth / _RELEASE)
    down = _straight_after(down[::-1], depth / _ATTACK)[::-1]
    window = np.hanning(_ATTACK + 2)[1:-1]
    padded = np.pad(down, _ATTACK // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")[: len(down)].astype(np.float64)


def _straight_after(values: NDArray[np.floating], slope: float) -> NDArray[np.float64]:
    """`values`, but going down by `slope` a step at most."""
    ramp = np.arange(len(values)) * slope
    return np.maximum.accumulate(values + ramp).astype(np.float64) - ramp


def _runs(active: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], active, [False]))))
    return edges[::2].tolist(), edges[1::2].tolist()


def _joined(starts: list[int], ends: list[int]) -> Iterator[tuple[int, int]]:
    """Stretches of activity, with pauses up to `_BRIDGE` between them bridged; clicks of under 30 ms do not count."""
    kept = [(start, end) for start, end in zip(starts, ends, strict=True) if end - start >= 3]
    while kept:
        start, end = kept.pop(0)
        while kept and kept[0][0] - end <= _BRIDGE:
            end = kept.pop(0)[1]
        yield start, end


def _followed(
    blocks: Iterator[NDArray[np.float32]], voices: list[NDArray[np.float32]]
) -> Iterator[NDArray[np.float32]]:
    """The blocks of a voice; what was heard of it is kept in `voices`, as one more list of levels in the end."""
    power: list[NDArray[np.float32]] = []
    for block in blocks:
        power.append((10 ** (voice_levels([block]) / 10)).astype(np.float32))
        yield block
    voices.append(np.concatenate([np.zeros(0, np.float32), *power]))


def _together(voices: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """The level of all voices at once: unlike voices add in power."""
    return 10 * np.log10(np.maximum(np.sum(voices, axis=0, dtype=np.float64), 1e-12))


def _ducked(blocks: Iterator[NDArray[np.float32]], down: NDArray[np.float64]) -> Iterator[NDArray[np.float32]]:
    """The blocks, `down` by so many decibels in each hundredth of a second."""
    step = RATE // _TICKS
    middles = (np.arange(len(down)) + 0.5) * step
    at = 0
    for block in blocks:
        near = slice(max(0, at // step - 1), (at + len(block)) // step + 2)
        if down[near].any():
            curve = np.interp(np.arange(at, at + len(block)), middles[near], down[near]).astype(np.float32)
            block *= np.power(np.float32(10), curve * np.float32(-1 / 20))[:, None]
        at += len(block)
        yield block


def _ending(blocks: Iterator[NDArray[np.float32]], total: int) -> Iterator[NDArray[np.float32]]:
    """The blocks of a film of `total` samples, whose sound goes to silence at its very end."""
    count = min(total, samples_of(_LAST_FADE))
    fall = np.cos(np.linspace(0, np.pi / 2, count, dtype=np.float32)) ** 2
    at = 0
    for block in blocks:
        first = max(0, total - count - at)
        if first < len(block):
            block[first:] *= fall[at + first - (total - count) :][: len(block) - first, None]
        at += len(block)
        yield block


# ── one track ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Ramp:
    """How a sound begins, or (seen from its end) ends."""

    count: int
    """In samples."""
    crossed: bool = False
    """True when another sound fades the other way: both together keep their power (sine and cosine)."""

    def at(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The factor of each sample, by its place from the edge."""
        way = np.clip((places + 0.5) / max(1, self.count), 0, 1)
        rise = np.sin(way * (np.pi / 2))
        return (rise if self.crossed else rise * rise).astype(np.float32)


@dataclass(frozen=True)
class _Part:
    """A stretch of a reel, and where in the film it is heard."""

    begin: int
    end: int
    """In samples of the film."""
    place: int
    """Where on the reel it begins."""
    count: int
    """How much of it there is; silence follows."""
    rise: _Ramp
    fall: _Ramp
    gain: float
    """In decibels."""

    def added(self, block: NDArray[np.float32], at: int, reel: Tape) -> None:
        """Adds what is heard of it to a block of the film that begins at sample `at`."""
        first, last = max(self.begin, at), min(self.begin + self.count, at + len(block))
        if last <= first:
            return
        inside, until = first - self.begin, last - self.begin
        samples = reel.read(self.place + inside, self.place + until)
        if inside < self.rise.count:
            samples *= self.rise.at(np.arange(inside, until))[:, None]
        left = self.end - self.begin - 1
        if left - until + 1 < self.fall.count:
            samples *= self.fall.at(left - np.arange(inside, until))[:, None]
        samples *= np.float32(10 ** (self.gain / 20))
        block[first - at : last - at] += samples


def _played(parts: Sequence[_Part], reel: Tape, total: int) -> Iterator[NDArray[np.float32]]:
    """The track in blocks."""
    for at in range(0, total, BLOCK):
        block = np.zeros((min(BLOCK, total - at), 2), np.float32)
        for part in parts:
            part.added(block, at, reel)
        yield block


def _reeled(track: SoundTrack, total: int, store: Store, reel: Tape, degrade: Degrade | None) -> list[_Part]:
    """Brings everything that a track plays on to `reel`. Returns what is to be played when."""
    meters: dict[str, measure.Meter] = {}
    laid: list[tuple[Sound, int, int]] = []
    for sound in track.sounds:
        place = len(reel)
        try:
            laid.append((sound, place, _laid(track.role, sound, store, reel, (total, _meter(meters, sound)))))
        except (BadInput, BrokenProduction) as error:
            if degrade is None:
                raise
            degrade(f"{track.role}: {sound.name or sound.media.digest[:12]}", f"left out of the mix: {error}")
    gains = _levelled(track.role, meters)
    parts = [
        _Part(
            samples_of(sound.start),
            samples_of(_end(sound)),
            place,
            count,
            *_ramps(sound, track),
            gains[sound.media.digest] + sound.gain + track.gain,
        )
        for sound, place, count in laid
    ]
    for tone in track.tones:
        raised, meter = gains.get(tone.media.digest), meters.get(tone.media.digest)
        if raised is not None and meter is not None and meter.integrated is not None:
            most = min(LOUDEST_ROOM, meter.integrated + raised + track.gain - ROOM_BELOW)
            parts += _toned(tone, track, store, reel, (raised + track.gain, most))
    return parts


def _laid(role: str, sound: Sound, store: Store, reel: Tape, heard: tuple[int, measure.Meter]) -> int:
    """Writes a sound to the end of `reel` as far as the film goes. Returns how many samples there are of it.

    All of it is listened to. Where it ends before its time, it ends without a click.
    """
    total, meter = heard
    begin, end = samples_of(sound.start), samples_of(_end(sound))
    place, room, count = len(reel), end - begin, 0
    for block in _heard(role, sound, store):
        meter.hear(block)
        part = block[: max(0, min(room, total - begin) - count)]
        if len(part):
            reel.write(part)
        count += len(block)
    count, written = min(count, room), len(reel) - place
    if written == count < room:
        short = min(count, samples_of(_DECLICK))
        last = reel.read(place + count - short, place + count)
        reel.write(last * _Ramp(short).at(np.arange(short))[::-1, None], place + count - short)
    return written


def _toned(tone: RoomTone, track: SoundTrack, store: Store, reel: Tape, level: tuple[float, float]) -> Iterator[_Part]:
    """Writes room tone to the end of `reel`. Says where it is to be played: nowhere when the room cannot be heard.

    `level` is the gain of its recording in decibels, and how loud it becomes at most in dBFS.
    """
    begin, end = samples_of(tone.start), samples_of(tone.start + tone.seconds)
    if end <= begin:
        return
    try:
        found = room_tone(store.path(tone.media), tone.source, seed=tone.media.digest)
    except (BadInput, BrokenProduction):
        return
    if found is None:
        return
    place = len(reel)
    for block in found.blocks(end - begin):
        reel.write(block)
    gain = min(level[0], level[1] - found.level)
    yield _Part(begin, end, place, end - begin, *_ramps(tone, track), gain)


def _meter(meters: dict[str, measure.Meter], sound: Sound) -> measure.Meter:
    return meters.setdefault(sound.media.digest, measure.Meter(RATE, peaks=False))


def _levelled(role: str, meters: dict[str, measure.Meter]) -> dict[str, float]:
    """By how many decibels each medium is raised (by digest), measured over all that is heard of it."""
    level = LEVELS.get(role)
    found = {digest: meter.integrated if level else None for digest, meter in meters.items()}
    return {
        digest: min(level.loudness - loudness, level.boost) if level and loudness is not None else 0.0
        for digest, loudness in found.items()
    }


def _heard(role: str, sound: Sound, store: Store) -> Iterator[NDArray[np.float32]]:
    """What is heard of a sound before its level is set, in blocks."""
    blocks = reading.blocks(store.path(sound.media), span=sound.source, rate=RATE)
    if sound.speed != 1:
        blocks = stretched(blocks, sound.speed)
    if role != "voice":
        yield from blocks
        return
    rumble = measure.Filter((measure.high_pass(VOICE_FROM, RATE),))
    for block in blocks:
        yield rumble(block)


def _ramps(one: Sound | RoomTone, track: SoundTrack) -> tuple[_Ramp, _Ramp]:
    """How a sound of the track begins and ends.

    Where another sound of the track fades the other way at the same time, the two are a crossfade of unlike sounds and
    keep their common power (sine and cosine). Else a fade goes to silence, and a raised cosine sounds smooth. Edges
    without a fade are rounded over 4 ms, unless the same recording simply goes on there.
    """
    end = _end(one)
    others = [other for other in (*track.sounds, *track.tones) if other is not one]
    before = [other for other in others if other.start < one.start <= _end(other)]
    after = [other for other in others if one.start < other.start <= end]
    rise = fall = _Ramp(0)
    length = samples_of(end) - samples_of(one.start)
    if not any(_goes_on(other, one) for other in before):
        crossed = any(_end(other) > one.start and other.fade_out for other in before)
        rise = _Ramp(min(length, samples_of(max(one.fade_in, _DECLICK))), crossed)
    if not any(_goes_on(one, other) for other in after):
        crossed = any(other.start < end and other.fade_in for other in after)
        fall = _Ramp(min(length, samples_of(max(one.fade_out, _DECLICK))), crossed)
    return rise, fall


def _end(sound: Sound | RoomTone) -> Fraction:
    if isinstance(sound, RoomTone):
        return sound.start + sound.seconds
    return sound.start + sound.source.length / sound.speed


def _goes_on(one: Sound | RoomTone, other: Sound | RoomTone) -> bool:
    """True when `other` is the next moment of the recording that `one` plays."""
    return (
        isinstance(one, Sound)
        and isinstance(other, Sound)
        and one.media.digest == other.media.digest
        and (one.speed, one.gain) == (other.speed, other.gain)
        and other.speed == 1
        and _end(one) == other.start
        and one.source.end == other.source.start
        and not one.fade_out
        and not other.fade_in
    )


def samples_of(seconds: Fraction) -> int:
    """The sample nearest to a time (half up)."""
    return int((seconds * RATE + Fraction(1, 2)) // 1)
