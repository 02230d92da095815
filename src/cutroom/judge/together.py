"""Everything that can be said of a file together: the house's checks, its measures, its quality, and a model's opinion.

A file is not a step's take: nobody says what it was to be. So what only breaks a promise is no fault here (a film may cut, a
title may stand still), and what a viewer would notice in anybody's film is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from cutroom.errors import BadInput
from cutroom.judge.checks import picture, shot
from cutroom.judge.checks import sound as sound_checks
from cutroom.judge.evidence import Evidence, found, gathered, measured, unmeasured, verdict
from cutroom.judge.house import HouseJudge
from cutroom.judge.preference import Preference, parts_of, preference
from cutroom.judge.quality import Quality, Unmeasurable, quality
from cutroom.judge.rubric import About, Kind, Opinion, RubricJudge, both
from cutroom.measures import sound as hearing
from cutroom.measures import text as reading
from cutroom.media import sound as sounds
from cutroom.media.kinds import Audio, Image, Media, Text, Video
from cutroom.media.store import Store
from cutroom.verdict import Verdict

RATE = 48_000
NEAR = Fraction(3, 20)
"""A cut within so many seconds of a beat or an onset belongs to it; cuts are known to the tenth of a second."""
FEWEST_CUTS = 3
STANDS = Fraction(8)
"""A picture that stands for so long is a fault of any film; shorter, it may be a title or a photograph."""
ONE_SHOT = 2
"""A clip with so many cuts is a film."""


class Unit(NamedTuple):
    """What a measure's number means."""

    unit: str
    says: str


UNITS: Mapping[str, Unit] = {
    "width": Unit("px", "as seen upright"),
    "height": Unit("px", "as seen upright"),
    "seconds": Unit("s", "how long it is"),
    "fps": Unit("1/s", "frames a second"),
    "cuts": Unit("", "hard cuts in it"),
    "sharpness": Unit("0–1", "of the sharpest parts; 0.5 is soft at full size"),
    "exposure": Unit("−1–1", "below 0 too dark, above 0 too bright"),
    "loudness_lufs": Unit("LUFS", "integrated, BS.1770-4"),
    "true_peak_dbtp": Unit("dBTP", "highest point of the wave"),
    "clipped_share": Unit("share", "samples in flat tops"),
    "sound_seconds": Unit("s", "how long the sound is"),
    "sound_and_picture": Unit("0–1", "cuts that fall on an onset, chance apart"),
    "characters": Unit("", "in the text"),
    "words": Unit("", "in the text"),
    "speech_s": Unit("s", "an unhurried reader takes to say it"),
    "reading_s": Unit("s", "it must be up to be read"),
}
"""By measure. Scores that end in ``.rubric`` say their range in the guide."""


@dataclass(frozen=True)
class Judged:
    """What can be said of one file."""

    name: str
    medium: str
    house: Verdict
    """By measuring."""
    quality: Quality | Unmeasurable
    opinion: Opinion | None
    """By the model; None when none was asked."""
    unasked: str = ""
    """Why no model was asked."""

    @property
    def verdict(self) -> Verdict:
        """All in one: what the house found stands, and the model adds to it."""
        return self.house if self.opinion is None else both(self.house, self.opinion.verdict)

    @property
    def preference(self) -> Preference:
        """One score from 0 to 1 over what could be had."""
        agreement = self.house.scores.get("sound_and_picture")
        return preference(parts_of(self.verdict, self.quality, together=agreement))


def judged(
    media: Media, name: str, store: Store, *, asked: str = "", rubric: RubricJudge | None = None, unasked: str = ""
) -> Judged:
    """Looks at a file whose bytes are in `store`.

    Args:
        media: What it holds.
        name: What it is called.
        store: Where its bytes are.
        asked: What it was to be, in words; without it, nobody can say whether it is that.
        rubric: The model that is asked for its opinion; None: none is.
        unasked: Why no model is asked.

    Raises BrokenProduction when the store has lost the bytes.
    """
    house = of_file(media, store)
    unreadable = any(finding.check in ("cannot_be_decoded", "empty") for finding in house.findings)
    if unreadable:
        rubric, unasked = None, "it cannot be read"
    opinion = rubric.opinion(media, store, _about(media, house, asked)) if rubric is not None else None
    if isinstance(media, Audio) and opinion is None and rubric is None and not unasked:
        unasked = "a model with eyes does not hear"
    return Judged(name, media.medium, house, quality(media, store), opinion, unasked)


def of_file(media: Media, store: Store) -> Verdict:
    """The house's verdict on a file of which nobody says what it was to be."""
    match media:
        case Image():
            evidence = picture.any_picture(media, store)
        case Video():
            evidence = _film(media, store)
        case Audio():
            evidence = _renamed(sound_checks.any_sound(media, store), {})
        case Text():
            evidence = _text(media, store)
        case _:
            evidence = unmeasured("media", f"there is no check for {media.medium}")
    return verdict(evidence, HouseJudge.name, HouseJudge.version)


def agreement(cuts: Sequence[Fraction], onsets: Sequence[Fraction], seconds: Fraction) -> float:
    """How many cuts fall on an onset of the sound, 0 (no more than by chance) to 1 (all of them).

    A cut falls on an onset within `NEAR`. The share that would by chance is the share of the time that lies so near one.
    """
    times = np.array([float(onset) for onset in onsets])
    hits = sum(bool(np.abs(times - float(cut)).min(initial=np.inf) <= NEAR) for cut in cuts) / len(cuts)
    grid = np.arange(0, float(seconds), 0.01)
    near = np.abs(grid[:, None] - times[None]).min(axis=1, initial=np.inf) <= NEAR
    chance = float(near.mean()) if near.size else 0.0
    return max(0.0, (hits - chance) / (1 - chance)) if chance < 0.95 else 0.0


def onsets(levels: np.ndarray) -> tuple[Fraction, ...]:
    """When something begins to sound, from the levels of each 10 ms in dBFS: rises of 6 dB and more within 50 ms, the steepest.

    Two lie at least a quarter of a second apart.
    """
    loud = np.maximum(levels, -60.0)
    rise = np.zeros_like(loud)
    rise[5:] = loud[5:] - loud[:-5]
    rise[loud < -45] = 0
    picked: list[int] = []
    for place in np.argsort(-rise, kind="stable"):
        if rise[place] < 6:
            break
        if all(abs(int(place) - other) >= 25 for other in picked):
            picked.append(int(place))
    return tuple(Fraction(place, 100) for place in sorted(picked))


def _film(media: Video, store: Store) -> Evidence:
    """A clip's own checks without what a film may do; its sound's checks; and how the two agree."""
    seen = shot.any_clip(media, store)
    cuts = [finding.at or Fraction(0) for finding in seen.findings if finding.check == "cut_inside"]
    kept = tuple(
        finding
        for finding in seen.findings
        if finding.check != "cut_inside" and not (finding.check == "frozen" and finding.length < STANDS)
    )
    evidence = measured(width=media.width, height=media.height, fps=float(media.fps), seconds=float(media.seconds))
    evidence += Evidence(kept, seen.scores, seen.abstained) + measured(cuts=len(cuts))
    if not media.sound:
        return evidence + unmeasured("loudness_lufs", "it has no sound")
    try:
        info = sounds.look(store.path(media))
    except BadInput as error:
        return evidence + found("sound_cannot_be_decoded", f"its sound cannot be decoded: {error.reason}")
    heard = Audio(
        digest=media.digest,
        suffix=media.suffix,
        bytes=media.bytes,
        seconds=info.seconds,
        rate=info.rate,
        channels=info.channels,
    )
    evidence += _renamed(sound_checks.any_sound(heard, store), {"seconds": "sound_seconds"})
    return evidence + _agreement(media, cuts, store)


def _agreement(media: Video, cuts: Sequence[Fraction], store: Store) -> Evidence:
    if len(cuts) < FEWEST_CUTS:
        return unmeasured("sound_and_picture", f"it has {len(cuts)} cuts (at least {FEWEST_CUTS} are needed)")
    try:
        blocks = [hearing.levels(block, RATE) for block in sounds.blocks(store.path(media), rate=RATE)]
    except BadInput as error:
        return unmeasured("sound_and_picture", f"its sound cannot be decoded: {error.reason}")
    began = onsets(np.concatenate(blocks))
    if not began:
        return unmeasured("sound_and_picture", "nothing in its sound begins: there is no onset")
    return measured(sound_and_picture=agreement(cuts, began, media.seconds))


def _text(media: Text, store: Store) -> Evidence:
    try:
        words = store.path(media).read_text("utf-8")
    except UnicodeDecodeError:
        return found("cannot_be_decoded", "cannot be decoded: it is not UTF-8")
    if not words.strip():
        return found("empty", "there is not one word in it")
    language = reading.language_of(words) or "en"
    return gathered(
        (
            measured(characters=len(words), words=len(words.split())),
            measured(speech_s=float(reading.speech_seconds(words, language))),
            measured(reading_s=float(reading.reading_seconds(words))),
        )
    )


def _renamed(evidence: Evidence, names: Mapping[str, str]) -> Evidence:
    scores = {names.get(name, name): value for name, value in evidence.scores.items()}
    return Evidence(evidence.findings, scores, evidence.abstained)


def _about(media: Media, house: Verdict, asked: str) -> About:
    kind: Kind = "picture"
    if isinstance(media, Text):
        kind = "story"
    elif isinstance(media, Video):
        kind = "film" if house.scores.get("cuts", 0) >= ONE_SHOT else "clip"
    return About(kind, asked, measured=house)
