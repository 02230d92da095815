"""Looking at pictures, looking through clips, listening to sounds: facts that later steps decide by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from cutroom.errors import BadInput, GiveUp
from cutroom.measures import picture as seen
from cutroom.measures import sound as heard
from cutroom.measures import video as moving
from cutroom.media import clip as clips
from cutroom.media import picture as pictures
from cutroom.media import sound as sounds
from cutroom.media.kinds import Text, Video
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.understand import ListenToSound, LookAtClip, LookAtPicture
from cutroom.plan.facts import ClipFacts, Face, Moment, PictureFacts, Shot, SoundFacts
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import HOUSE, Terms
from cutroom.time import Span, from_float
from cutroom.timeline.timeline import Box

WATCH_RATE = Fraction(1, 32)
"""Frames closer together than this are skipped, so that 60 frames a second cost no more than 30."""
WATCH_SIDE = 480
LENGTHS = (Fraction(2), Fraction(3), Fraction(4), Fraction(6))
"""How long the windows are among which moments are looked for."""
SHORT = Fraction(6)
"""A shot up to this long is one moment as it is."""
MOST_MOMENTS = 8
LISTEN = Fraction(120)
"""Seconds of a clip's sound that are listened to: enough for its loudness, whatever its length."""


class PictureLooker:
    """Looks at pictures with OpenCV: faces, sharpness, light, colours, likeness."""

    name = "house/look"
    version = "1"

    def performs(self, step: AnyStep) -> bool:
        """True for LookAtPicture."""
        return isinstance(step, LookAtPicture)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing else decides the result."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Free."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Text:
        """The picture's `PictureFacts`. Raises BadInput when it can't be read."""
        if not isinstance(step, LookAtPicture):
            raise GiveUp(f"{self.name} looks at pictures, and cannot {step.kind}")
        return desk.keep_facts(facts_of_picture(desk.path(step.picture)))


def facts_of_picture(path: Path) -> PictureFacts:
    """What is known about the picture at `path`. Raises BadInput or TooLarge."""
    info = pictures.look(path)
    raw = pictures.open_picture(path, max_side=seen.COMMON_SIDE)
    pixels = _over_grey(raw)
    people = seen.faces(pixels)
    sharp, light = seen.sharpness(pixels), seen.exposure(pixels)
    colour = seen.mean_colour(pixels)
    return PictureFacts(
        width=info.width,
        height=info.height,
        faces=people,
        focus=_drawn(raw) if info.alpha and not people else seen.focus(pixels, people),
        sharpness=sharp,
        exposure=light,
        colour=colour,
        palette=seen.palette(pixels),
        fingerprint=seen.fingerprint(pixels),
        taken=info.taken.isoformat() if info.taken else None,
        place=info.place,
        camera=info.camera,
        quality=seen.quality(sharp, light, seen.Size(info.width, info.height), seen.clipping(pixels)),
    )


def _over_grey(pixels: np.ndarray) -> np.ndarray:
    """The picture without alpha: over a middle grey, which neither darkens nor brightens it."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.rint(pixels[..., :3] * alpha + 118 * (1 - alpha)).astype(np.uint8)


def _drawn(pixels: np.ndarray) -> Box:
    """Around everything that isn't transparent."""
    solid = pixels[..., 3] > 16
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        return Box(x=0.0, y=0.0, width=1.0, height=1.0)
    height, width = solid.shape
    return Box(
        x=float(columns[0]) / width,
        y=float(rows[0]) / height,
        width=float(columns[-1] - columns[0] + 1) / width,
        height=float(rows[-1] - rows[0] + 1) / height,
    )


# ── clips ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class ClipLooker:
    """Looks through clips: shots, the best moments, faces, motion, sound."""

    name = "house/watch"
    version = "1"

    def performs(self, step: AnyStep) -> bool:
        """True for LookAtClip."""
        return isinstance(step, LookAtClip)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing else decides the result."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Free."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Text:
        """The clip's `ClipFacts`. Raises BadInput when it can't be read or has no picture."""
        if not isinstance(step, LookAtClip):
            raise GiveUp(f"{self.name} looks through clips, and cannot {step.kind}")
        media: Video = desk.media(step.clip)
        return desk.keep_facts(facts_of_clip(desk.path(step.clip), sound=media.sound, progress=desk.progress))


def facts_of_clip(path: Path, *, sound: bool = True, progress: Callable[[int, int], None] | None = None) -> ClipFacts:
    """What is known about the clip at `path`. Raises BadInput when it can't be read or has no moving picture."""
    info = clips.look(path)
    if not info.picture:
        raise BadInput(path, "has no moving picture", "use it as sound, or leave it out")
    looks, album = _watched(path, info, progress)
    shots = moving.shots(looks, info.seconds)
    best = _best(looks, shots)
    glimpses = [_glimpse(path, window.span, album) for window in best]
    overall = moving.standing(looks, Span(start=Fraction(0), length=info.seconds + 1))
    return ClipFacts(
        seconds=info.seconds,
        width=info.width,
        height=info.height,
        shots=tuple(Shot(span=span, quality=moving.standing(looks, span).quality) for span in shots),
        moments=tuple(
            Moment(span=window.span, score=window.score, focus=glimpse.focus)
            for window, glimpse in zip(best, glimpses, strict=True)
        ),
        faces=glimpses[0].faces if glimpses else (),
        motion=overall.motion,
        sharpness=overall.sharpness,
        exposure=overall.exposure,
        colour=album.colour(),
        loudness=_loudness(path) if sound and info.sound else None,
        taken=info.taken.isoformat() if info.taken else None,
    )


class _Album:
    """A few frames of a clip, evenly spread, never more than `most`: what to look at again without decoding again."""

    most = 64

    def __init__(self) -> None:
        self.frames: list[clips.Frame] = []
        self.every = Fraction(1, 4)

    def offer(self, frame: clips.Frame) -> None:
        """Keep the frame if it is time for one; when the album is full, every other one goes."""
        if self.frames and frame.at < self.frames[-1].at + self.every:
            return
        self.frames.append(frame)
        if len(self.frames) > self.most:
            self.frames = self.frames[::2]
            self.every *= 2

    def near_middle(self, span: Span) -> clips.Frame | None:
        """The frame that is nearest to the span's middle, if one lies inside its middle half."""
        middle = span.start + span.length / 2
        near = min(self.frames, key=lambda frame: abs(frame.at - middle))
        return near if abs(near.at - middle) <= span.length / 4 else None

    def colour(self) -> str:
        """The mean colour, as #rrggbb."""
        mean = np.mean([frame.pixels[::8, ::8].reshape(-1, 3).mean(axis=0) for frame in self.frames], axis=0)
        return "#" + "".join(f"{min(255, round(float(value))):02x}" for value in mean)


def _watched(
    path: Path, info: clips.ClipInfo, progress: Callable[[int, int], None] | None
) -> tuple[list[moving.Look], _Album]:
    """A look at each frame, and some frames to keep."""
    total = max(1, round(info.seconds / max(WATCH_RATE, 1 / info.fps if info.fps else WATCH_RATE)))
    album = _Album()

    def passing() -> Iterator[clips.Frame]:
        for number, frame in enumerate(clips.frames(path, every=WATCH_RATE, max_side=WATCH_SIDE)):
            album.offer(frame)
            if progress is not None and number % 15 == 0:
                progress(min(number, total), total)
            yield frame

    looks = list(moving.watch(passing(), source_side=max(info.width, info.height)))
    if not looks:
        raise BadInput(path, "has no frame that could be read", "play it to see whether it is whole, or leave it out")
    if progress is not None:
        progress(total, total)
    return looks, album


@dataclass(frozen=True)
class _Window:
    """A stretch that could be a moment."""

    span: Span
    score: float


def _best(looks: Sequence[moving.Look], shots: Sequence[Span]) -> list[_Window]:
    """The best stretches, best first, none crossing a cut or overlapping another; at least one if there is a shot."""
    windows = [window for shot in shots for window in _windows(looks, shot)]
    chosen: list[_Window] = []
    for window in sorted(windows, key=lambda window: (-window.score, window.span.start)):
        apart = all(window.span.end <= other.span.start or other.span.end <= window.span.start for other in chosen)
        if apart and len(chosen) < MOST_MOMENTS:
            chosen.append(window)
    return chosen


def _windows(looks: Sequence[moving.Look], shot: Span) -> list[_Window]:
    """Windows of several lengths inside a shot; a short shot is one window."""
    if shot.length <= SHORT:
        return [_scored(looks, shot, shot)]
    found: list[_Window] = []
    for length in LENGTHS:
        step = length / 4
        for number in range(int((shot.length - length) / step) + 1):
            found.append(_scored(looks, Span(start=shot.start + number * step, length=length), shot))
    return found


def _scored(looks: Sequence[moving.Look], span: Span, shot: Span) -> _Window:
    """The window with its score: quality, a little for length, less at a shot's very start or end."""
    quality = moving.standing(looks, span).quality
    length = 1 - math.exp(-float(span.length) / 1.5)
    edge = min(span.start - shot.start, shot.end - span.end)
    settled = 1.0 if span == shot or edge >= Fraction(1, 2) else 0.97
    return _Window(span, min(1.0, quality * (0.75 + 0.25 * length) * settled))


@dataclass(frozen=True)
class _Glimpse:
    """What a moment's middle frame shows."""

    faces: tuple[Face, ...]
    focus: Box


def _glimpse(path: Path, span: Span, album: _Album) -> _Glimpse:
    """Faces and focus in the middle of a moment."""
    frame = album.near_middle(span)
    if frame is None:
        middle = Span(start=span.start + span.length / 2, length=Fraction(1, 1000))
        frame = next(clips.frames(path, span=middle, max_side=WATCH_SIDE), None)
    if frame is None:
        return _Glimpse((), Box(x=0.25, y=0.25, width=0.5, height=0.5))
    people = seen.faces(frame.pixels)
    return _Glimpse(people, seen.focus(frame.pixels, people))


def _loudness(path: Path) -> float | None:
    """Integrated loudness in LUFS of (the beginning of) a clip's sound; None when it is silent or can't be decoded."""
    try:
        samples = sounds.samples(path, span=Span(length=LISTEN))
    except BadInput:
        return None
    return heard.loudness(samples, 48_000).integrated if len(samples) else None


# ── sounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class SoundListener:
    """Listens to sounds: loudness, silence, a steady beat."""

    name = "house/listen"
    version = "1"

    def performs(self, step: AnyStep) -> bool:
        """True for ListenToSound."""
        return isinstance(step, ListenToSound)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing else decides the result."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Free."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Text:
        """The sound's `SoundFacts`. Raises BadInput when it can't be read."""
        if not isinstance(step, ListenToSound):
            raise GiveUp(f"{self.name} listens to sounds, and cannot {step.kind}")
        return desk.keep_facts(facts_of_sound(desk.path(step.sound)))


def facts_of_sound(path: Path) -> SoundFacts:
    """What is known about the sound at `path`. Raises BadInput when it can't be read."""
    info = sounds.look(path)
    samples = sounds.samples(path)
    level = heard.loudness(samples, 48_000)
    tempo, beats = steady_beat(samples, 48_000)
    return SoundFacts(
        seconds=info.seconds,
        loudness=level.integrated,
        true_peak=level.true_peak,
        silent=heard.silences(samples, 48_000),
        beats=tuple(beat for beat in beats if beat < info.seconds),
        tempo=tempo,
    )


_HOP = 480
"""Samples between two values of the onset strength: 10 ms at 48 kHz."""


def steady_beat(samples: np.ndarray, rate: int) -> tuple[float | None, tuple[Fraction, ...]]:
    """Tempo in beats a minute and the times of beats in seconds; (None, ()) when there is no clear, steady beat.

    Onset strength (how much louder each band gets) is compared with itself at lags of 60 to 180 beats a
    minute; beats are then placed by dynamic programming (after Ellis, "Beat tracking by dynamic programming", 2007).
    Speech, noise and free rhythm give no clear peak, and no beats.
    """
    onset = _onsets(samples, rate)
    # A steady sound has ripples, but no onsets.
    if len(onset) < 400 or float(onset.max(initial=0)) < 0.05 or float(np.abs(samples).max()) < 1e-3:
        return None, ()
    second = rate / _HOP
    period, clarity = _period(onset, second)
    if clarity < 0.35:
        return None, ()
    places = _beat_places(onset, period)
    strong = float(np.mean([onset[max(0, place - 2) : place + 3].max() for place in places]))
    if len(places) < 6 or strong < 1.5 * float(onset.mean()):
        return None, ()
    tempo = 60 * second * (len(places) - 1) / (places[-1] - places[0])
    return tempo, tuple(from_float(place / second) for place in places)


def _onsets(samples: np.ndarray, rate: int) -> np.ndarray:
    """Onset strength every `_HOP` samples: how much each of 24 bands rises in loudness, low ones first; shape (n,)."""
    mono = samples.reshape(len(samples), -1).mean(axis=1)
    size = 2048
    count = (len(mono) - size) // _HOP
    if count < 8:
        return np.zeros(0)
    window = np.hanning(size).astype(np.float32)
    edges = np.unique(np.geomspace(2, size // 2, 25).astype(int))
    bands = np.empty((count, len(edges) - 1), np.float32)
    for first in range(0, count, 1024):
        starts = np.arange(first, min(count, first + 1024)) * _HOP
        frames = np.stack([mono[start : start + size] for start in starts]) * window
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
        bands[first : first + len(starts)] = np.add.reduceat(power[:, : size // 2], edges[:-1], axis=1)
    # Loudness goes with about the 0.3rd power of energy. Beats are carried by bass and drums more than by cymbals.
    loud = bands**0.3
    weight = np.linspace(1.0, 0.25, bands.shape[1])
    rise = (np.maximum(0, loud[1:] - loud[:-1]) * weight).mean(axis=1) / max(float(loud.mean()), 1e-9)
    # Smoothed a little, so that a period between two hops matches itself. A window reports its middle.
    return np.concatenate((np.zeros(size // 2 // _HOP + 1), np.convolve(rise, (0.25, 0.5, 0.25), mode="same")))


def _period(onset: np.ndarray, second: float) -> tuple[float, float]:
    """The beat's period in hops, and how clear it is: the autocorrelation there, 0 to 1."""
    centred = onset - onset.mean()
    size = 1 << (2 * len(centred) - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    match = np.fft.irfft(spectrum * np.conj(spectrum), size)[: len(centred)]
    match /= max(float(match[0]), 1e-12)
    lags = np.arange(round(second * 60 / 180), min(len(match) // 2, round(second * 60 / 60)) + 1)
    # People tap near 120 beats a minute: the wide bell decides between a tempo, its half and its double.
    liking = np.exp(-0.5 * (np.log2(lags / (second / 2)) / 0.9) ** 2)
    best = int(lags[int((match[lags] * liking).argmax())])
    left, middle, right = (float(match[best + step]) for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    return best + (0.5 * (left - right) / bend if bend < 0 else 0.0), max(0.0, middle)


def _beat_places(onset: np.ndarray, period: float) -> list[int]:
    """The hops where beats fall: strong onsets, one period apart."""
    strength = onset / max(float(onset.std()), 1e-9)
    total, came = strength.copy(), np.full(len(strength), -1)
    reach = np.arange(-round(period * 1.6), -round(period * 0.6))
    cost = -60.0 * np.log(-reach / period) ** 2
    for place in range(round(period * 1.6), len(strength)):
        choices = total[place + reach] + cost
        best = int(choices.argmax())
        if choices[best] > 0:
            total[place] = strength[place] + choices[best]
            came[place] = place + reach[best]
    place = int(total.argmax())
    places = [place]
    while came[place] >= 0:
        place = int(came[place])
        places.append(place)
    return places[::-1]
