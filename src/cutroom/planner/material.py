"""Which pictures and clips make the film, and how often: near-duplicates and spare pictures are left out, and said so. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from cutroom.brief.brief import Asset
from cutroom.media.kinds import Image
from cutroom.plan.facts import ClipFacts, PictureFacts
from cutroom.planner.pacing import SHORTEST, Wanted

ALIKE = 6
"""Two pictures whose 64-bit fingerprints differ in at most this many bits are takes of one motif."""
PICTURE_LONGEST = Fraction(9)
"""Nobody looks at one framing of one photograph for longer than this, in seconds."""
PICTURE_SHORTEST = Fraction(8, 5)


@dataclass(frozen=True, kw_only=True)
class Visual:
    """A picture or clip with what is known about it."""

    asset: Asset
    facts: PictureFacts | ClipFacts
    look: str
    """The id of the step that looked at it."""

    @property
    def quality(self) -> float:
        """0 to 1."""
        if isinstance(self.facts, PictureFacts):
            return self.facts.quality
        return self.facts.moments[0].score if self.facts.moments else 0.0


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One use of a visual."""

    visual: Visual
    part: int = 0
    """0 for the first use, 1 for the second, …"""
    wanted: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What makes the film."""

    shots: tuple[Shot, ...]
    notes: tuple[str, ...] = ()


def without_duplicates(visuals: Sequence[Visual], pinned: Collection[str] = ()) -> tuple[list[Visual], list[str]]:
    """Of near-duplicates only the best, at the place of the first; and a sentence for each that is left out.

    Assets whose id is in `pinned` are always kept.
    """
    kept: list[Visual] = []
    notes: list[str] = []
    for visual in visuals:
        twin = next((place for place, other in enumerate(kept) if _alike(visual, other)), None)
        if twin is None or {visual.asset.id, kept[twin].asset.id} <= set(pinned):
            kept.append(visual)
            continue
        better, worse = sorted((visual, kept[twin]), key=lambda one: (one.asset.id not in pinned, -one.quality))
        kept[twin] = better
        notes.append(f"{worse.asset.name} is left out: {better.asset.name} shows the same and is the better picture")
    return kept, notes


def _alike(one: Visual, other: Visual) -> bool:
    if not isinstance(one.facts, PictureFacts) or not isinstance(other.facts, PictureFacts):
        return False
    return (int(one.facts.fingerprint, 16) ^ int(other.facts.fingerprint, 16)).bit_count() <= ALIKE


def choose(
    visuals: Sequence[Visual],
    seconds: Fraction,
    transition: Fraction = Fraction(1),
    told: Collection[str] = (),
    *,
    pinned: Collection[str] = (),
    asked: Callable[[Shot], Shot] = lambda shot: shot,
) -> Chosen:
    """As many shots as `seconds` ask for: the weakest left out when there are too many, the best used again when too few.

    A clip keeps the length of one `transition` back, for its handles. Visuals whose look is in `told` are spoken
    about and go last; assets in `pinned` were asked for and stay. `asked` says what a person wants of a shot's length.
    """
    kept, notes = without_duplicates(visuals, pinned)
    fit = max(1, int(seconds / PICTURE_SHORTEST))
    if len(kept) > fit:
        spare = sorted(kept, key=lambda one: (one.asset.id in pinned, one.look in told, one.quality))
        spare = spare[: len(kept) - fit]
        notes.extend(f"{one.asset.name} is left out: {float(seconds):g} s have room for {fit} shots" for one in spare)
        kept = [one for one in kept if one not in spare]
    shots = [asked(Shot(visual=one, wanted=_wanted(one, 0, transition))) for one in kept]
    again = _more(kept, transition)
    while shots and sum(shot.wanted.longest for shot in shots) < seconds:
        shots = _inserted(shots, asked(next(again)))
    return Chosen(shots=tuple(shots), notes=tuple(notes))


def _more(kept: Sequence[Visual], transition: Fraction):  # noqa: ANN202 - a generator of shots
    part = 1
    while True:
        for visual in kept:
            further = isinstance(visual.facts, PictureFacts) or part < len(visual.facts.moments)
            if further or all(isinstance(one.facts, ClipFacts) for one in kept):
                yield Shot(visual=visual, part=part, wanted=_wanted(visual, part, transition))
        part += 1


def _inserted(shots: Sequence[Shot], shot: Shot) -> list[Shot]:
    """A second use follows the first round of everything, so that no picture follows itself while there are others."""
    return [*shots, shot]


def _wanted(visual: Visual, part: int, transition: Fraction) -> Wanted:
    if isinstance(visual.facts, PictureFacts):
        weight = 1.0 + 0.2 * bool(visual.facts.faces) + 0.2 * (visual.quality - 0.5)
        return Wanted(weight=weight, shortest=PICTURE_SHORTEST, longest=PICTURE_LONGEST)
    moments = visual.facts.moments
    length = moments[part % len(moments)].span.length if moments else visual.facts.seconds
    longest = max(length - transition - Fraction(1, 10), length / 2)
    return Wanted(weight=1.4, shortest=min(SHORTEST, longest), longest=min(longest, Fraction(10)))


def lasting(shot: Shot, seconds: Fraction) -> Shot:
    """`shot`, wanted for at least `seconds` (as far as it can last that long)."""
    shortest = min(max(shot.wanted.shortest, seconds), shot.wanted.longest)
    return replace(shot, wanted=replace(shot.wanted, shortest=shortest))


def held(shot: Shot, seconds: Fraction | None, times: Fraction) -> Shot:
    """`shot`, wanted for exactly `seconds`, or `times` as long as it would be; a clip for no longer than there is of it."""
    wanted = shot.wanted
    most = shot.visual.facts.seconds if isinstance(shot.visual.facts, ClipFacts) else seconds or wanted.longest * times
    if seconds is not None:
        length = min(seconds, most)
        return replace(shot, wanted=replace(wanted, shortest=length, longest=length))
    longest = min(max(wanted.longest * times, SHORTEST), max(most, wanted.longest))
    shortest = min(wanted.shortest * times if times > 1 else wanted.shortest, longest)
    return replace(shot, wanted=Wanted(weight=wanted.weight * float(times), shortest=shortest, longest=longest))


def no_longer(shot: Shot, seconds: Fraction) -> Shot:
    """`shot`, wanted for at most `seconds`."""
    longest = max(min(shot.wanted.longest, seconds), shot.wanted.shortest)
    return replace(shot, wanted=replace(shot.wanted, longest=longest))


def without_bystanders(shots: Sequence[Shot], seconds: Fraction, told: Collection[str]) -> tuple[list[Shot], list[str]]:
    """`shots` without the weakest of those that nobody speaks about, as long as the others lack time for their words.

    At least half of the shots stay: a film of a weekend is not only what its notes mention.
    """
    kept, notes = list(shots), []
    fewest = (len(shots) + 1) // 2
    while len(kept) > fewest and sum(shot.wanted.shortest for shot in kept) > seconds:
        spare = [shot for shot in kept if shot.visual.look not in told]
        if not spare:
            break
        weakest = min(spare, key=lambda shot: (-shot.part, shot.visual.quality))
        kept.remove(weakest)
        notes.append(f"{weakest.visual.asset.name} is left out: the words need the time")
    return kept, notes


def is_picture(shot: Shot) -> bool:
    """True for a photograph, False for a clip."""
    return isinstance(shot.visual.asset.media, Image)
