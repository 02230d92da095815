"""One number from 1 to 20 for a picture, a clip, a sound or a film, with a standard error: for casting and auditions.

It counts what is technically wrong, from what can be measured with nothing installed. Whether a take shows what was asked,
and whether it is beautiful, it cannot say: `cutroom.judge.rubric` does, on the same scale (SPAgent, arXiv 2411.18983).

How it is made: each impairment (blur, noise, hum, …) is measured as a number that is 0 where there is none. A curve says
which share of the quality it leaves, ``1 / (1 + (impairment / half) ** power)``: all of it where nobody notices, one half
at `half`, where people begin to be annoyed. Shares are multiplied, because one grave fault is not made good by the rest:
``1 + 19 * product``. So more of any fault never gives more points, as long as its measure follows it.

The points where half is lost are set so that the five grades of ITU-R BT.500 (imperceptible, perceptible, slightly annoying,
annoying, very annoying) fall on 20, 15, 10, 5 and 1 at the doses of `ANCHORS` in the tests, on photographs and a clip of
``examples/day`` and on a spoken line and a piece of music of the house. `SPREAD` is how far single takes lie from there: it is the
error of the scale against these anchors, not against people. Opinions of people are fitted by `cutroom.judge.preference`.

The standard error adds (as squares) that spread, how much the parts of a take differ (jackknife over stretches of time), and
one point for each measure that could not be taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutroom.errors import BadInput
from cutroom.measures import picture as looking
from cutroom.measures import sound as hearing
from cutroom.measures import video as watching
from cutroom.media import clip as clips
from cutroom.media import picture as pictures
from cutroom.media import sound as sounds
from cutroom.media.kinds import Audio, Image, Media, Video
from cutroom.media.store import Store
from cutroom.time import Span

VERSION = "1"
"""Raise it when scores change."""

LOWEST, HIGHEST = 1.0, 20.0
SPREAD: Mapping[str, float] = {"picture": 1.7, "clip": 2.0, "sound": 1.5}
"""By medium: the standard deviation of takes around the anchors, in points."""
MISSING = 1.0
"""Points of standard error for each measure that could not be taken."""
SOUND_IN_FILMS = 0.7
"""How much the sound's losses count in a film, beside the picture's."""

LONGEST = 2048
"""Pictures are read with their longer side at most this long."""
CROP = 768
"""Traces of coding are looked for in the middle of a frame, so many pixels wide, at its own size: scaling hides them."""
WINDOWS = 6
WINDOW = Fraction(3, 2)
"""A clip is watched in so many stretches of at most so many seconds."""
NATURALLY_CLIPPED = 0.08
"""The share of pixels that may be black or white without anybody missing something."""
HELD = Fraction(3, 10)
"""A picture that stands for so many seconds is frozen."""
JUMP = Fraction(3, 20)
"""How long after that its going on is seen in how the picture flows, in seconds."""
DARK = 40.0
RATE = 48_000

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Curve:
    """How much quality an impairment leaves."""

    unit: str
    """What the impairment is measured in."""
    half: float
    """Where half of the quality is left."""
    power: float
    """How sharply it goes there."""

    def kept(self, impairment: float) -> float:
        """The share that is left: 1 where there is none, towards 0 where there is much."""
        return 1 / (1 + (max(0.0, impairment) / self.half) ** self.power)


CURVES: Mapping[str, Curve] = {
    "blur": Curve("pixels of 1000", 2.2, 1.6),
    "noise": Curve("luma of 255", 13.0, 1.6),
    "exposure": Curve("0 to 1", 1.0, 2.2),
    "clipped_tones": Curve("share of pixels above 0.08", 0.35, 1.3),
    "flatness": Curve("CIE L* missing of 50", 33.0, 3.0),
    "blocking": Curve("luma of 255", 3.0, 1.3),
    "banding": Curve("steps of 256 lost, log2", 3.6, 3.0),
    "black": Curve("share of time", 0.25, 1.2),
    "frozen": Curve("share of time", 0.5, 1.5),
    "judder": Curve("share of frames", 0.35, 1.5),
    "flicker": Curve("luma of 255", 6.0, 1.4),
    "shake": Curve("frame widths a second", 0.12, 1.6),
    "too_quiet": Curve("LU below -27", 10.0, 1.8),
    "too_loud": Curve("LU above -9", 5.0, 1.5),
    "clipping": Curve("share of samples", 0.02, 0.8),
    "hiss": Curve("dB of 36 missing between loud and quiet", 14.0, 2.0),
    "hum": Curve("dB above -50 below the sound", 26.0, 2.5),
    "dropouts": Curve("share of time", 0.04, 0.8),
    "narrow_band": Curve("octaves below 12 kHz", 2.6, 2.2),
}
"""By impairment. Each has a test that more of its fault is never better."""

HEARD = frozenset({"too_quiet", "too_loud", "clipping", "hiss", "hum", "dropouts", "narrow_band"})
"""Those of sound."""


@dataclass(frozen=True)
class Quality:
    """How good a take is, technically."""

    score: float
    """From 1 (very annoying) to 20 (nothing to be noticed)."""
    error: float
    """Its standard error, in points."""
    impairments: Mapping[str, float]
    """What was measured, by name; units in `CURVES`."""
    kept: Mapping[str, float]
    """Which share of the quality each left, 0 to 1."""
    abstained: Mapping[str, str] = field(default_factory=dict)
    """What could not be measured, and why."""
    by: str = f"house quality {VERSION}"

    @property
    def shares(self) -> Mapping[str, float]:
        """What is left of the ``picture`` and of the ``sound``, 0 to 1, as far as each was measured."""
        found = {"sound": [], "picture": []}
        for name, share in self.kept.items():
            found["sound" if name in HEARD else "picture"].append(share)
        return {sense: math.prod(shares) for sense, shares in found.items() if shares}

    @property
    def worst(self) -> str:
        """The impairment that cost most."""
        return min(self.kept, key=lambda name: self.kept[name])


@dataclass(frozen=True)
class Unmeasurable:
    """Why there is no number."""

    reason: str


@dataclass(frozen=True)
class _Found:
    """The impairments of a take as a whole or of one part of it."""

    values: Mapping[str, float]
    abstained: Mapping[str, str] = field(default_factory=dict)


def quality(media: Media, store: Store) -> Quality | Unmeasurable:
    """The quality of a picture, a clip (with its sound, where it has one) or a sound.

    Returns why there is none for what cannot be decoded, and for texts and cuts. Raises BrokenProduction when the store has
    lost the bytes.
    """
    try:
        match media:
            case Image():
                return of_picture(pictures.open_picture(store.path(media), max_side=LONGEST))
            case Video():
                return (
                    of_film(store.path(media), media.seconds)
                    if media.sound
                    else of_clip(store.path(media), media.seconds)
                )
            case Audio():
                return of_sound(sounds.blocks(store.path(media), rate=RATE))
    except BadInput as error:
        return Unmeasurable(f"cannot be decoded: {error.reason}")
    return Unmeasurable(f"there is no such number for {media.medium}")


def of_picture(pixels: Pixels) -> Quality | Unmeasurable:
    """The quality of a picture: upright sRGB, uint8 (height, width, 3 or 4)."""
    if min(pixels.shape[:2]) < 16:
        return Unmeasurable(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} pixels is too small to be measured")
    return _scored([_picture(_opaque(pixels))], SPREAD["picture"])


def of_clip(path: Path, seconds: Fraction) -> Quality | Unmeasurable:
    """The quality of what is seen in the clip at `path`. Raises BadInput when it cannot be read."""
    parts = [part for window in windows(seconds) if (part := _window(path, window)) is not None]
    return _scored(parts, SPREAD["clip"]) if parts else Unmeasurable("not one frame of it can be decoded")


def of_sound(blocks: Iterable[NDArray[np.floating]]) -> Quality | Unmeasurable:
    """The quality of a sound that comes in blocks (n, 2) at 48 kHz of `hearing.BLOCK` samples, the last one shorter."""
    listener = _Listener()
    for block in blocks:
        listener.hear(block)
    if listener.meter.count < RATE // 10:
        return Unmeasurable("a sound of less than a tenth of a second is too short to be measured")
    return _scored(listener.parts(), SPREAD["sound"])


def of_film(path: Path, seconds: Fraction) -> Quality | Unmeasurable:
    """The quality of a film: its picture's losses, and its sound's. Raises BadInput when it cannot be read."""
    seen = of_clip(path, seconds)
    try:
        heard = of_sound(sounds.blocks(path, rate=RATE))
    except BadInput as error:
        heard = Unmeasurable(f"its sound cannot be decoded: {error.reason}")
    if isinstance(seen, Unmeasurable):
        return seen
    if isinstance(heard, Unmeasurable):
        error = math.hypot(seen.error, MISSING)
        return Quality(seen.score, error, seen.impairments, seen.kept, {**seen.abstained, "sound": heard.reason})
    share = _share(seen.score) * _share(heard.score) ** SOUND_IN_FILMS
    # Errors of a product: each factor's, seen through the other one.
    error = math.hypot(
        seen.error * _share(heard.score) ** SOUND_IN_FILMS, SOUND_IN_FILMS * heard.error * _share(seen.score)
    )
    return Quality(
        _points(share),
        round(max(error, min(seen.error, heard.error) / 2), 2),
        {**seen.impairments, **heard.impairments},
        {**seen.kept, **heard.kept},
        {**seen.abstained, **heard.abstained},
    )


def windows(seconds: Fraction) -> tuple[Span, ...]:
    """The stretches of a clip of `seconds` that are watched: evenly spread, all of it when it is short."""
    count = min(WINDOWS, max(1, math.ceil(seconds / WINDOW)))
    part = seconds / count
    length = min(part, WINDOW)
    return tuple(Span(start=part * place + (part - length) / 2, length=length) for place in range(count))


# ── from impairments to a score ──────────────────────────────────────────────────────────────────────────────────────


def _scored(parts: Sequence[_Found], spread: float) -> Quality:
    """The score of what was found in the parts of a take: losses (as logarithms) are averaged over the parts."""
    names = sorted({name for part in parts for name in part.values})
    losses = np.array([sum(-math.log(_kept(name, value)) for name, value in part.values.items()) for part in parts])
    score = _points(math.exp(-float(losses.mean())))
    abstained = {name: why for part in parts for name, why in part.abstained.items() if name not in names}
    error = math.sqrt(spread**2 + _jackknife(losses) ** 2 + len(abstained) * MISSING**2)
    values = {name: [part.values[name] for part in parts if name in part.values] for name in names}
    kept = {
        name: math.exp(float(np.mean([math.log(_kept(name, one)) for one in found]))) for name, found in values.items()
    }
    mean = {name: round(float(np.mean(found)), 4) for name, found in values.items()}
    return Quality(score, round(error, 2), mean, {name: round(share, 4) for name, share in kept.items()}, abstained)


def _jackknife(losses: NDArray[np.floating]) -> float:
    """The standard error of the score, from what it would be without each part in turn."""
    count = len(losses)
    if count < 2:
        return 0.0
    without = np.array([_points(math.exp(-float(np.delete(losses, place).mean()))) for place in range(count)])
    return float(np.sqrt((count - 1) / count * np.square(without - without.mean()).sum()))


def _kept(name: str, value: float) -> float:
    return max(1e-4, CURVES[name].kept(value))


def _points(share: float) -> float:
    return round(LOWEST + (HIGHEST - LOWEST) * share, 2)


def _share(score: float) -> float:
    return (score - LOWEST) / (HIGHEST - LOWEST)


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _opaque(pixels: Pixels) -> Pixels:
    """Without alpha: what is transparent is white, as it is shown to models."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    return np.asarray(np.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)), np.uint8)


def _picture(pixels: Pixels) -> _Found:
    small = looking.scaled(pixels, looking.COMMON_SIDE)
    values = {
        "noise": noise(small),
        "exposure": abs(looking.exposure(small)),
        "clipped_tones": max(0.0, sum(looking.clipping(small)) - NATURALLY_CLIPPED),
        "flatness": flatness(small),
    }
    abstained: dict[str, str] = {}
    wide = blur(pixels)
    if wide is None:
        abstained["blur"] = "there is no edge in it"
    else:
        values["blur"] = max(0.0, wide - 0.5)
    middle = _middle(pixels)
    if min(middle.shape[:2]) < 64:
        abstained |= dict.fromkeys(("blocking", "banding"), "it is too small to show traces of coding")
    else:
        values |= {"blocking": blocking(middle), "banding": banding(middle)}
    return _Found(values, abstained)


def _middle(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    top, left = max(0, (height - CROP) // 2), max(0, (width - CROP) // 2)
    return pixels[top : top + CROP, left : left + CROP]


def blur(pixels: Pixels) -> float | None:
    """How wide the sharpest edges are smeared, in pixels at a longer side of 1000; None where there are no edges.

    As `looking.edge_blur`, and where that sees no edge any more, in the picture made smaller: a wide blur is a narrow one
    there. So is a small picture blown up.
    """
    widths: list[float] = []
    for side in (1000, 500, 250, 125):
        view = looking.scaled(pixels, side)
        longer = max(view.shape[:2])
        width = looking.edge_blur(view, side)
        if width is not None:
            # What making it smaller took from the edges (a box of the factor's width) is taken out again.
            factor = looking.COMMON_SIDE / longer
            widths.append(math.sqrt(max(0.0, (width * factor) ** 2 - (factor**2 - 1) / 12)))
            if width < 3:
                break
    return widths[-1] if widths else None


def noise(pixels: Pixels) -> float:
    """The standard deviation of noise in luma, 0 to 255: from the finest diagonal detail (Donoho, Johnstone 1994).

    Taken in blocks, and of those the calmer ones count, so that texture is not taken for noise.
    """
    plane = looking.grey(pixels).astype(np.float32)
    height, width = (side // 2 * 2 for side in plane.shape)
    a, b, c, d = (plane[y:height:2, x:width:2] for y in (0, 1) for x in (0, 1))
    detail = np.abs(a - b - c + d) / 2
    rows, columns = (max(1, side // 12) for side in detail.shape)
    blocks = detail[: rows * (detail.shape[0] // rows), : columns * (detail.shape[1] // columns)]
    blocks = blocks.reshape(rows, detail.shape[0] // rows, columns, detail.shape[1] // columns)
    # Clipped tones hold no noise; blocks without any are left out where there are others.
    spread = np.median(blocks, axis=(1, 3)).ravel() / 0.6745
    alive = spread[blocks.max(axis=(1, 3)).ravel() > 0]
    return float(np.percentile(alive, 25)) if alive.size else 0.0


def flatness(pixels: Pixels) -> float:
    """By how much the tones (5th to 95th percent of CIE L*) reach less far than 50, 0 to 50."""
    low, high = np.percentile(looking.lightness(pixels), (5, 95))
    return max(0.0, 50.0 - float(high - low))


def blocking(pixels: Pixels) -> float:
    """How much more luma steps at every eighth pixel than between, 0 to 255: the edges of a coder's blocks.

    Both ways, at whichever of the eight places they stand out most (after Wang, Sheikh and Bovik, 2002, who take the first).
    """
    plane = looking.grey(pixels).astype(np.float32)
    return math.sqrt(max(0.0, _steps(plane)) * max(0.0, _steps(plane.T)))


def _steps(plane: NDArray[np.floating]) -> float:
    # Beside a real edge a block's edge is not seen: steps are held against those right and left of them.
    step = np.abs(np.diff(plane, axis=1))
    beside = (step[:, :-2] + step[:, 2:]) / 2
    over = np.clip(step[:, 1:-1] - beside, -40, 40).mean(axis=0)
    phases = np.sort([over[place::8].mean() for place in range(8)])
    # One place in eight stands out. Where two or four do, a picture was made larger, or it shows a pattern.
    return float(phases[-1] - max(0.0, phases[-2]))


def banding(pixels: Pixels) -> float:
    """How many of the steps between dark and bright are missing: 0 for all 256, 1 for every second one, as log2.

    Of the three channels the middle one counts. A drawing in few colours has few steps as well, and is taken for banded.
    """
    lost: list[float] = []
    for channel in range(3):
        values = pixels[..., channel].ravel()
        low, high = np.percentile(values, (1, 99))
        if high - low < 16:
            continue
        # A step counts when it is as common as a hundredth of what it would be were all used alike.
        counts = np.bincount(values, minlength=256)[int(low) : int(high) + 1]
        used = int((counts > counts.sum() / len(counts) / 100).sum())
        lost.append(math.log2(len(counts) / max(1, used)))
    return float(np.median(lost)) if lost else 0.0


# ── clips ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _window(path: Path, span: Span) -> _Found | None:
    """What is wrong in one stretch of a clip: one frame closely, all frames with each other."""
    still: list[Pixels] = []
    middle = span.start + span.length / 2

    def passing() -> Iterator[clips.Frame]:
        for frame in clips.frames(path, span=span, max_side=LONGEST):
            if frame.at <= middle or not still:
                still[:] = [np.asarray(frame.pixels, np.uint8)]
            yield clips.Frame(frame.at, looking.scaled(frame.pixels, 640))

    looks = tuple(watching.watch(passing()))
    if not looks or min(still[0].shape[:2]) < 16:
        return None
    seen = _picture(still[0])
    if len(looks) < 3:
        why = "the clip has less than three frames"
        return _Found(seen.values, {**seen.abstained, **dict.fromkeys(("frozen", "judder", "flicker", "shake"), why)})
    return _Found({**seen.values, **_moving(looks, span)}, seen.abstained)


def _moving(looks: Sequence[watching.Look], span: Span) -> dict[str, float]:
    held = _held(looks)
    moving = [look for look, stands in zip(looks[1:], held[1:], strict=True) if not stands and look.change < 0.3]
    # The jump when a frozen picture goes on is no shake.
    stood = [look.at for look, stands in zip(looks, held, strict=True) if stands]
    flowing = [look for look in looks if not any(0 <= look.at - at < JUMP for at in stood)]
    # A frame that repeats the one before it while others around it move was shown twice.
    again = sum(look.same for look in moving)
    lively = again < len(moving) and any(look.difference > 1 for look in moving)
    return {
        "black": sum(look.brightest < DARK for look in looks) / len(looks),
        "frozen": sum(held) / len(looks),
        "judder": again / len(moving) if lively else 0.0,
        "flicker": _flicker(looks),
        "shake": watching.standing(flowing, Span(start=looks[0].at, length=span.end - looks[0].at)).shake,
    }


def _held(looks: Sequence[watching.Look]) -> list[bool]:
    """Which frames belong to a stretch of `HELD` or more in which the picture stands still, its first frame apart."""
    last = {look.held_since: look.at for look in looks}
    return [look.at > look.held_since and last[look.held_since] - look.held_since >= HELD for look in looks]


def _flicker(looks: Sequence[watching.Look]) -> float:
    """How far the mean luma departs from that of the frames before and after it, on the mean; cuts do not count."""
    odd = [
        abs(look.luma - (before.luma + after.luma) / 2)
        for (before, look), (_, after) in pairwise(pairwise(looks))
        if max(look.change, after.change) < 0.3 or look.change_two < 0.1
    ]
    return float(np.mean(odd)) if odd else 0.0


# ── sounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_FRAME = 2048
_LONG = hearing.BLOCK
"""Bins of 0.8 Hz, which tell the mains' 100 Hz from the 98 Hz of a bass."""
_SILENT_BAND = -75.0
_OPEN = 36.0


class _Listener:
    """Hears a sound block by block, and keeps of it 24 numbers for each 43 ms and 430 for each second and a quarter."""

    def __init__(self) -> None:
        self.meter = hearing.Meter(RATE, peaks=False, clipping=True)
        self._bands: list[NDArray[np.floating]] = []
        self._mains: list[NDArray[np.float64]] = []
        self._dropped: list[tuple[int, int]] = []
        self._levels: list[NDArray[np.float64]] = []
        self._power = np.zeros(_FRAME // 2 + 1)

    def hear(self, block: NDArray[np.floating]) -> None:
        self.meter.hear(block)
        mono = np.asarray(block, np.float64).mean(axis=1)
        self._levels.append(hearing.levels(block, RATE, hop=Fraction(1, 200)))
        frames = mono[: len(mono) // _FRAME * _FRAME].reshape(-1, _FRAME)
        if len(frames):
            power = _powers(frames)
            self._power += power.sum(axis=0)
            self._bands.append(hearing.in_bands(power, _FRAME, RATE))
        long = mono[: len(mono) // _LONG * _LONG].reshape(-1, _LONG)
        if len(long):
            self._mains.append(_powers(long)[:, : int(330 * _LONG / RATE)])

    def parts(self) -> list[_Found]:
        """What is wrong with the sound as a whole: most of it (how loud, how wide, how clean) no part of it says alone."""
        loudness = self.meter.integrated
        if loudness is None:
            return [_Found({"too_quiet": 43.0}, {"hiss": "it is silent", "hum": "it is silent"})]
        values = {
            "too_quiet": max(0.0, -27.0 - loudness),
            "too_loud": max(0.0, loudness + 9.0),
            "clipping": self.meter.clipped,
            "dropouts": dropouts(np.concatenate(self._levels)),
        }
        abstained: dict[str, str] = {}
        bands = np.concatenate(self._bands) if self._bands else np.zeros((0, 24))
        if len(bands) < 24:
            abstained |= dict.fromkeys(("hiss", "narrow_band"), "it is shorter than a second")
        else:
            values |= {"hiss": hiss(bands), "narrow_band": narrow_band(self._power / len(bands))}
        mains = np.concatenate(self._mains) if self._mains else np.zeros((0, 1))
        if len(mains) < 3:
            abstained["hum"] = "it is shorter than four seconds"
        else:
            values["hum"] = hum(mains, loudness)
        return [_Found(values, abstained)]


def _powers(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power of each bin of each frame; a full-scale sine counts as 1."""
    window = np.hanning(frames.shape[1] + 1)[:-1]
    return np.square(np.abs(np.fft.rfft(frames * window, axis=1))) * (4 / window.sum() ** 2)


def hiss(bands: NDArray[np.floating]) -> float:
    """How many decibels are missing to 36 between loud and quiet, on the mean over the bands; 0 to 36.

    `bands` is the power in each critical band, (frames, bands). Speech and music leave gaps in most bands; noise fills
    them. A band in which there is nothing counts as clean.
    """
    level = 10 * np.log10(np.maximum(bands, 1e-12))
    high, low = np.percentile(level, (95, 5), axis=0)
    gap = np.where(low < _SILENT_BAND, _OPEN, np.clip(high - low, 0, _OPEN))
    return float(_OPEN - gap.mean())


def hum(mains: NDArray[np.floating], loudness: float) -> float:
    """How many decibels the steady tone of the mains stands above 50 dB below the sound, 0 and up.

    50 or 60 Hz and four harmonics: what is always there (the quietest tenth), above what is right and left of it. `mains` is
    the power of bins of 0.8 Hz, (frames, bins).
    """
    steady = np.percentile(mains, 10, axis=0)
    worst = 0.0
    for tone in (50, 60):
        found: list[float] = []
        for place in (round(tone * number * _LONG / RATE) for number in range(1, 6)):
            at = steady[place - 1 : place + 2].max()
            beside = np.median(np.concatenate([steady[place - 9 : place - 3], steady[place + 4 : place + 10]]))
            # A bass nearby spreads this far; the mains' own tone is the highest here.
            alone = at >= steady[place - 4 : place + 5].max()
            found.append(max(0.0, float(at - 2 * beside)) if alone else 0.0)
        # One steady tone may be a bass; hum is several.
        worst = max(worst, sum(found) - max(found))
    return max(0.0, 10 * math.log10(worst + 1e-15) - 3 - (loudness - 50))


def dropouts(levels: NDArray[np.floating]) -> float:
    """The share of time in which the sound is torn: nothing at all, or 40 dB less, for 5 to 300 ms between loud parts.

    `levels` is the root mean square of each 5 ms in dBFS.
    """
    loud = levels > -50
    torn, start = 0, None
    for place in range(1, len(levels)):
        fell = loud[place - 1] and levels[place] < levels[place - 1] - 40
        if start is None and fell:
            start = place
        elif start is not None and loud[place]:
            torn += place - start if place - start <= 60 and levels[place] > levels[place - 1] + 30 else 0
            start = None
    return torn / max(1, len(levels))


def narrow_band(power: NDArray[np.floating]) -> float:
    """How many octaves below 12 kHz the sound ends: where a ten-thousandth of the power (6 dB an octave lifted) is left above.

    `power` is the mean power of each bin of frames of 2048 samples.
    """
    lifted = power * np.arange(len(power), dtype=np.float64) ** 2
    above = np.cumsum(lifted[::-1])[::-1]
    top = int(np.flatnonzero(above > 1e-4 * above[0])[-1]) if above[0] > 0 else 1
    return max(0.0, math.log2(12_000 / max(40.0, top * RATE / _FRAME)))
