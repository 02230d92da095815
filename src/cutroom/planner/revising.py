"""What request and revisions come to, in the order in which they were said: later words win. Pure.

A revision counts pictures as the film showed them when it was said (`Brief.shown`), changes what its words are about,
and leaves everything else as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal

from cutroom.brief.brief import Asset, Brief, Captioning, CaptionMode, Shown
from cutroom.brief.thirds import LowerThird
from cutroom.errors import WrongUse
from cutroom.media.kinds import Image, Video
from cutroom.plan.catalogue.generate import Mood
from cutroom.plan.facts import ClipFacts, PictureFacts
from cutroom.planner.asking import Ask, Asked, Direction, Louder, Towards, asks
from cutroom.planner.pointing import Pointed, Scene, Undecided, resolve
from cutroom.timeline.beats import tempo_grid

CAN_BE_SAID = (
    "“calmer music”, “different music”, “quieter music”, “no narration”, “drop the third photo”, “keep only "
    "the clips”, "
    "“put the last photo first”, “swap the first two”, “hold the second photo longer”, “10 seconds "
    "shorter”, “faster cuts”, "
    "“hard cuts”, “no zoom”, “karaoke captions”, “call it ‘Lake days’”, “make it vertical”"
)
"""Some of what a revision may say, for those whose words were not understood."""
LOUDEST, QUIETEST = 12.0, -24.0
"""No part of the sound is changed by more, in decibels."""
PIECES = 7919
"""How far apart the seeds of different pieces are."""
TRIED = 24
"""So many pieces are looked through for one that is slower or faster."""

_TARGET: dict[Direction, Mood] = {
    "calmer": "calm",
    "happier": "upbeat",
    "livelier": "upbeat",
    "grander": "epic",
    "sadder": "melancholy",
    "darker": "tense",
    "warmer": "warm",
    "funnier": "playful",
}
"""Where each way leads in the end."""
_BETWEEN: dict[Direction, tuple[Mood, tuple[Mood, ...]]] = {
    "calmer": ("warm", ("tense", "epic", "upbeat", "playful")),
    "happier": ("warm", ("melancholy", "calm", "tense")),
    "livelier": ("warm", ("melancholy", "calm")),
    "grander": ("upbeat", ("calm", "melancholy", "warm")),
    "sadder": ("calm", ("upbeat", "playful", "epic")),
    "darker": ("melancholy", ("upbeat", "playful", "warm")),
}
"""What lies on the way, and from where: “a little” goes only so far."""
_SLOWER: frozenset[Direction] = frozenset({"calmer", "sadder", "warmer"})


Motion = Literal["auto", "push_in", "pull_out", "pan", "still"]
"""How the frame moves over a picture (`plan.catalogue.edit.FramePicture`)."""


@dataclass(frozen=True)
class Hold:
    """How long a picture is to be seen: for so many seconds, or so many times as long as it would be."""

    seconds: Fraction | None = None
    times: Fraction = Fraction(1)

    def of(self, seconds: Fraction) -> Fraction:
        """How long it is seen, if it were seen for `seconds` otherwise."""
        return self.seconds if self.seconds is not None else seconds * self.times


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Everything that words may change, decided so far. None: nobody said."""

    visuals: tuple[str, ...] = ()
    """The ids of the pictures and clips that make the film, in order."""
    pinned: frozenset[str] = frozenset()
    """Those that were asked for by name: never left out as spare."""
    holds: Mapping[str, Hold] = field(default_factory=dict)
    motions: Mapping[str, Motion] = field(default_factory=dict)
    """How the frame moves over single pictures."""
    motion: Motion = "auto"
    mood: Mood = "calm"
    music_mood: Mood = "calm"
    piece: int = 0
    """0 is the first piece of music, 1 another one, and so on."""
    tempo: int = 0
    """So many pieces slower (below zero) or faster than that."""
    composed: bool = False
    """True when music is to be composed although a piece was handed over."""
    levels: Mapping[str, float] = field(default_factory=dict)
    """In decibels, by role: music, voice, natural."""
    topics: Mapping[str, bool] = field(default_factory=dict)
    """What revisions want there or not: music, voice, captions, natural."""
    speech: Fraction = Fraction(1)
    voice: str | None = None
    seconds: Fraction | None = None
    scale: Fraction = Fraction(1)
    extra: Fraction = Fraction(0)
    """A length that nobody asked for is this many times as long, and this many seconds longer."""
    pace: Fraction = Fraction(0)
    """Below zero is slower, above is faster."""
    title: str | None = None
    """Empty for no title."""
    shape: str | None = None
    language: str | None = None
    captioning: Captioning | None = None
    caption_mode: CaptionMode | None = None
    caption_size: float = 1.0
    caption_place: Literal["bottom", "top"] = "bottom"
    transitions: tuple[Any, ...] | None = None
    progress: bool | None = None
    match: bool | None = None
    thirds: tuple[LowerThird, ...] = ()
    label: str | None = None
    notes: tuple[str, ...] = ()
    """Sentences for people."""


@dataclass(frozen=True, kw_only=True)
class Revised:
    """What came of all words."""

    choices: Choices
    request: str
    """The request without what it says of single pictures."""
    missed: tuple[tuple[str, str], ...] = ()
    """What of the last revision could not be done, and why."""
    material: tuple[str, ...] = ()
    """The ids of what may be in the film: what the request makes of it, and what revisions put back. All of the pictures
    and clips where what is meant was decided by a look at them: what is known must not depend on what it decides."""


@dataclass
class _Said:
    """One text being carried out: what there is to point at, and what was pointed at so far."""

    scene: Scene
    seconds: Fraction | None = None
    """How long the film was that is spoken of."""
    mentioned: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    by_looks: bool = False

    def find(self, pointed: Pointed) -> list[str]:
        rest = any(pick.how == "rest" for pick in pointed.picks)
        self.by_looks |= any(
            pick.how == "quality" and pick.words.removeprefix("most ") not in ("upright", "wide")
            for pick in pointed.picks
        )
        ids = [one for one in resolve(pointed, self.scene) if not rest or one not in self.mentioned]
        self.mentioned += ids
        return ids


def revised(
    brief: Brief, request: str, start: Choices, facts: Mapping[str, PictureFacts | ClipFacts], blind: frozenset[str]
) -> Revised:
    """What `request` (the brief's own, as far as it is not about overlays) and the revisions make of `start`.

    `facts` is what looks at pictures and clips told, by asset id; `blind` are those that could not be looked at.
    """
    visuals = visuals_of(brief)
    places = {identity: place for place, identity in enumerate(start.visuals)}
    visuals = tuple(sorted(visuals, key=lambda one: places.get(one.id, len(places))))
    plain = asks(request, visuals, revision=False)
    said = _Said(Scene(visuals=visuals, facts=facts, blind=blind))
    choices, _ = _carried_out(plain, start, said)
    looked_at = said.by_looks
    material = choices.visuals
    missed: list[tuple[str, str]] = []
    for number, words in enumerate(brief.revisions):
        said = _said_of(brief, number, choices, Scene(visuals=visuals, facts=facts, blind=blind))
        asked = asks(words, visuals, revision=True)
        choices, missed = _carried_out(asked, choices, said)
        choices = _as_it_was(asked, choices, said)
        missed += [(text, "these words were not understood") for text in (*asked.unread, *asked.left)]
        looked_at |= said.by_looks
    more = [one.id for one in visuals] if looked_at else choices.visuals
    return Revised(
        choices=choices,
        request=plain.rest,
        missed=tuple(missed),
        material=tuple(dict.fromkeys((*material, *more))),
    )


def check(brief: Brief, start: Choices, facts: Mapping[str, PictureFacts | ClipFacts], blind: frozenset[str]) -> None:
    """Raises WrongUse when the last revision says something that is not understood, or that cannot be."""
    if not brief.revisions:
        return
    words = brief.revisions[-1]
    if not words.strip():
        raise WrongUse(f"say what shall be different, for example: {CAN_BE_SAID}")
    visuals = visuals_of(brief)
    asked = asks(words, visuals, revision=True)
    if asked.unread:
        clauses = ", ".join(f"“{clause}”" for clause in asked.unread)
        undo = any(clause.lower().split()[0] in ("undo", "revert", "back", "zurück") for clause in asked.unread)
        hint = "to go back to the film before, say: cutroom undo" if undo else f"what can be said: {CAN_BE_SAID}"
        raise WrongUse(f"not understood: {clauses}; nothing was changed; {hint}")
    if not asked.asks:
        raise WrongUse(f"“{words}” asks for nothing that can be changed; what can be said: {CAN_BE_SAID}")
    before = brief.model_copy(
        update={"revisions": brief.revisions[:-1], "shown": brief.shown[: len(brief.revisions) - 1]}
    )
    choices = revised(before, brief.request, start, facts, blind).choices
    said = _said_of(brief, len(brief.revisions) - 1, choices, Scene(visuals=visuals, facts=facts, blind=blind))
    for ask in asked.asks:
        try:
            choices = _apply(ask, choices, said)
        except Undecided:
            continue
    if not choices.visuals and visuals:
        raise WrongUse(f"“{words}” would leave no picture and no clip in the film; keep at least one")


_NEW_ROOM = frozenset({"seconds", "stretch", "more", "free", "pace", "topic", "speech"})
"""What makes room for pictures that the film had none for, or takes it away."""


def _as_it_was(asked: Asked, choices: Choices, said: _Said) -> Choices:
    """`choices` without what the film did not show: whoever drops a picture does not ask for another in its place."""
    asks_for = {ask.what for ask in asked.asks}
    if said.seconds is None or "drop" not in asks_for or asks_for & _NEW_ROOM:
        return choices
    left = tuple(one for one in choices.visuals if one in said.scene.shown or one in said.mentioned)
    return replace(choices, visuals=left or choices.visuals)


def _said_of(brief: Brief, number: int, choices: Choices, scene: Scene) -> _Said:
    """The film that a revision speaks of: as it was seen, else as the words before it would have it."""
    film = brief.shown[number] if number < len(brief.shown) else Shown()
    return _Said(replace(scene, shown=film.assets or choices.visuals), seconds=film.seconds)


def visuals_of(brief: Brief) -> tuple[Asset, ...]:
    """The pictures and clips that were handed over."""
    return tuple(asset for asset in brief.assets if isinstance(asset.media, Image | Video))


def _carried_out(asked: Asked, choices: Choices, said: _Said) -> tuple[Choices, list[tuple[str, str]]]:
    missed: list[tuple[str, str]] = []
    for ask in asked.asks:
        try:
            choices = _apply(ask, choices, said)
        except WrongUse as error:
            missed.append((ask.what, str(error)))
        except Undecided:
            continue
    return choices, missed


# ── one ask ──


def _apply(ask: Ask, choices: Choices, said: _Said) -> Choices:
    """`choices` after one more ask. Raises WrongUse when it cannot be, and `Undecided` when pictures must be seen first."""
    return _DOES[ask.what](ask, choices, said)


_Does = Callable[[Ask, Choices, _Said], Choices]


def _drop(ask: Ask, choices: Choices, said: _Said) -> Choices:
    gone = set(said.find(ask.points[0])) - set(said.kept)
    left = tuple(one for one in choices.visuals if one not in gone)
    return replace(choices, visuals=left, pinned=choices.pinned - gone)


def _only(ask: Ask, choices: Choices, said: _Said) -> Choices:
    wanted = said.find(ask.points[0])
    kept = [one for one in choices.visuals if one in wanted]
    added = [one for one in wanted if one not in kept]
    return replace(choices, visuals=(*kept, *added), pinned=choices.pinned | set(wanted))


def _add(ask: Ask, choices: Choices, said: _Said) -> Choices:
    wanted = said.find(ask.points[0])
    said.kept += wanted
    return replace(choices, visuals=_put_back(choices.visuals, wanted, said.scene), pinned=choices.pinned | set(wanted))


def _put_back(visuals: tuple[str, ...], wanted: Sequence[str], scene: Scene) -> tuple[str, ...]:
    """`visuals` with those that are missing where they stand in the material."""
    order = [one.id for one in scene.visuals]
    kept = list(visuals)
    for identity in wanted:
        if identity not in kept:
            behind = [one for one in kept if order.index(one) < order.index(identity)]
            kept.insert(kept.index(behind[-1]) + 1 if behind else 0, identity)
    return tuple(kept)


def _first(ask: Ask, choices: Choices, said: _Said) -> Choices:
    moved = said.find(ask.points[0])
    return _ordered(choices, [*moved, *_others(choices, moved)], moved)


def _last(ask: Ask, choices: Choices, said: _Said) -> Choices:
    moved = said.find(ask.points[0])
    return _ordered(choices, [*_others(choices, moved), *moved], moved)


def _next(ask: Ask, choices: Choices, said: _Said) -> Choices:
    """Behind what was spoken of last."""
    before = list(said.mentioned)
    moved = said.find(ask.points[0])
    anchors = [one for one in before if one not in moved and one in choices.visuals]
    if not anchors:
        return _ordered(choices, [*moved, *_others(choices, moved)], moved)
    return _beside(choices, moved, anchors[-1], 1)


def _before(ask: Ask, choices: Choices, said: _Said) -> Choices:
    moved, anchors = said.find(ask.points[0]), said.find(ask.points[1])
    return _beside(choices, moved, anchors[0], 0)


def _after(ask: Ask, choices: Choices, said: _Said) -> Choices:
    moved, anchors = said.find(ask.points[0]), said.find(ask.points[1])
    return _beside(choices, moved, anchors[-1], 1)


def _beside(choices: Choices, moved: Sequence[str], anchor: str, offset: int) -> Choices:
    if anchor in moved:
        raise WrongUse("a picture cannot stand before or after itself; say beside which other one")
    others = _others(choices, moved)
    if anchor not in others:
        others.append(anchor)
    at = others.index(anchor) + offset
    return _ordered(choices, [*others[:at], *moved, *others[at:]], [*moved, anchor])


def _place(ask: Ask, choices: Choices, said: _Said) -> Choices:
    moved = said.find(ask.points[0])
    others = _others(choices, moved)
    number: int = ask.value
    if not 1 <= number <= len(others) + len(moved):
        raise WrongUse(f"place {number}: the film has {len(others) + len(moved)} pictures and clips")
    return _ordered(choices, [*others[: number - 1], *moved, *others[number - 1 :]], moved)


def _swap(ask: Ask, choices: Choices, said: _Said) -> Choices:
    found = [one for pointed in ask.points for one in said.find(pointed)]
    if len(found) != 2 or found[0] == found[1] or not set(found) <= set(choices.visuals):
        raise WrongUse(
            f"“{' … '.join(pointed.words for pointed in ask.points)}”: two of the film's pictures can be "
            f"swapped; say which two"
        )
    other = {found[0]: found[1], found[1]: found[0]}
    return _ordered(choices, [other.get(one, one) for one in choices.visuals], found)


def _others(choices: Choices, moved: Sequence[str]) -> list[str]:
    return [one for one in choices.visuals if one not in moved]


def _ordered(choices: Choices, order: Sequence[str], moved: Sequence[str]) -> Choices:
    return replace(choices, visuals=tuple(dict.fromkeys(order)), pinned=choices.pinned | set(moved))


def _hold(ask: Ask, choices: Choices, said: _Said) -> Choices:
    how, value = ask.value
    if how == "seconds" and not 0 < value <= 600:
        raise WrongUse(f"{float(value):g} s: a picture can be seen for up to 600 s")
    holds = dict(choices.holds)
    for identity in said.find(ask.points[0]):
        was = holds.get(identity, Hold())
        if how == "seconds":
            holds[identity] = Hold(seconds=value)
        elif was.seconds is not None:
            holds[identity] = Hold(seconds=was.seconds * value)
        else:
            holds[identity] = Hold(times=min(max(was.times * value, Fraction(1, 8)), Fraction(8)))
    return replace(choices, holds=holds)


def _motion_of(ask: Ask, choices: Choices, said: _Said) -> Choices:
    return replace(choices, motions={**choices.motions, **dict.fromkeys(said.find(ask.points[0]), ask.value)})


def _order(ask: Ask, choices: Choices, said: _Said) -> Choices:
    if ask.value == "turned":
        return replace(choices, visuals=choices.visuals[::-1])
    # The material comes in the order of time as far as files say it, else as it was handed over.
    places = {one.id: place for place, one in enumerate(sorted(said.scene.visuals, key=lambda one: _number(one.id)))}
    visuals = sorted(choices.visuals, key=places.__getitem__, reverse=ask.value == "reverse")
    return replace(choices, visuals=tuple(visuals))


def _number(identity: str) -> tuple[int, str]:
    digits = "".join(letter for letter in identity if letter.isdecimal())
    return int(digits or 0), identity


def _mood(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    towards: Towards = ask.value
    music, music_more = _moved(choices.music_mood, towards)
    film, film_more = (choices.mood, False) if towards.music_only else _moved(choices.mood, towards)
    after = replace(choices, mood=film, music_mood=music, composed=True, topics={**choices.topics, "music": True})
    if not music_more or towards.direction is None:
        return replace(after, tempo=0 if music != choices.music_mood else choices.tempo)
    slower = towards.direction in _SLOWER
    after = replace(after, tempo=choices.tempo + (-1 if slower else 1))
    if film_more and not towards.music_only:
        after = replace(after, pace=choices.pace + Fraction(-1 if slower else 1, 2))
    return _louder(after, "music", -2.0) if slower else after


def _moved(mood: Mood, towards: Towards) -> tuple[Mood, bool]:
    """Where a mood goes, and whether it is at the end of that way already."""
    if towards.direction is None:
        return (towards.mood or mood), False  # pyright: ignore[reportReturnType]
    target = _TARGET[towards.direction]
    if mood == target:
        return mood, True
    between = _BETWEEN.get(towards.direction)
    if towards.degree == "little" and between and mood in between[1]:
        return between[0], False
    return target, False


def _piece(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del ask, said
    return replace(choices, piece=choices.piece + 1, tempo=0, composed=True, topics={**choices.topics, "music": True})


def _topic(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    topic, wanted = ask.value
    return replace(choices, topics={**choices.topics, topic: wanted})


def _level(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    change: Louder = ask.value
    return _louder(choices, change.role, change.decibels)


def _louder(choices: Choices, role: str, decibels: float) -> Choices:
    level = min(max(choices.levels.get(role, 0.0) + decibels, QUIETEST), LOUDEST)
    return replace(choices, levels={**choices.levels, role: level})


def _speech(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    speech = min(max(choices.speech * ask.value, Fraction(1, 2)), Fraction(2))
    return replace(choices, speech=speech, topics={**choices.topics, "voice": True})


def _seconds(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    if not 1 <= ask.value <= 3600:
        raise WrongUse(f"{float(ask.value):g} s: a film is between 1 and 3600 seconds long")
    return replace(choices, seconds=ask.value, scale=Fraction(1), extra=Fraction(0))


def _stretch(ask: Ask, choices: Choices, said: _Said) -> Choices:
    factor: Fraction = ask.value
    seconds = choices.seconds or said.seconds
    if seconds is not None:
        return replace(choices, seconds=max(seconds * factor, Fraction(1)), scale=Fraction(1), extra=Fraction(0))
    return replace(choices, scale=choices.scale * factor, extra=choices.extra * factor)


def _more(ask: Ask, choices: Choices, said: _Said) -> Choices:
    before = choices.seconds or said.seconds
    if before is None:
        return replace(choices, extra=choices.extra + ask.value)
    seconds = before + ask.value
    if seconds < 1:
        raise WrongUse(f"the film is {float(before):g} s long: it cannot be {float(-ask.value):g} s shorter")
    return replace(choices, seconds=seconds, scale=Fraction(1), extra=Fraction(0))


def _free(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del ask, said
    return replace(choices, seconds=None, scale=Fraction(1), extra=Fraction(0))


def _pace(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    how, value = ask.value
    pace = value if how == "to" else choices.pace + value
    return replace(choices, pace=min(max(pace, Fraction(-3)), Fraction(3)))


def _third(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    return replace(choices, thirds=(*choices.thirds, ask.value))


def _captioning(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    return replace(choices, captioning=ask.value, topics={**choices.topics, "captions": True})


def _caption_mode(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    return replace(choices, caption_mode=ask.value, topics={**choices.topics, "captions": True})


def _caption_size(ask: Ask, choices: Choices, said: _Said) -> Choices:
    del said
    return replace(choices, caption_size=min(max(choices.caption_size * ask.value, 0.5), 2.5))


def _sets(name: str) -> _Does:
    def does(ask: Ask, choices: Choices, said: _Said) -> Choices:
        del said
        return replace(choices, **{name: ask.value})

    return does


_DOES: dict[str, _Does] = {
    "drop": _drop,
    "only": _only,
    "add": _add,
    "first": _first,
    "last": _last,
    "next": _next,
    "before": _before,
    "after": _after,
    "place": _place,
    "swap": _swap,
    "hold": _hold,
    "motion of": _motion_of,
    "order": _order,
    "mood": _mood,
    "piece": _piece,
    "topic": _topic,
    "level": _level,
    "speech": _speech,
    "seconds": _seconds,
    "stretch": _stretch,
    "more": _more,
    "free": _free,
    "pace": _pace,
    "title": _sets("title"),
    "shape": _sets("shape"),
    "caption mode": _caption_mode,
    "caption size": _caption_size,
    "caption place": _sets("caption_place"),
    "captioning": _captioning,
    "language": _sets("language"),
    "voice": _sets("voice"),
    "transitions": _sets("transitions"),
    "motion": _sets("motion"),
    "progress": _sets("progress"),
    "match": _sets("match"),
    "third": _third,
    "label": _sets("label"),
}


# ── music ──


def music_seed(choices: Choices, mood: Mood, seconds: Fraction, seed: int) -> int:
    """The seed of the piece that is wanted: another piece has another seed, and a slower one a seed that is slower."""
    seed += PIECES * choices.piece
    if not choices.tempo:
        return seed
    first = tempo_grid(mood, seconds, seed).bpm
    others = [(tempo_grid(mood, seconds, seed + 101 * step).bpm, seed + 101 * step) for step in range(1, TRIED + 1)]
    slower = sorted((one for one in others if one[0] < first), reverse=True)
    faster = sorted(one for one in others if one[0] > first)
    wanted = slower if choices.tempo < 0 else faster
    # Half of the way at once: a step of one beat a minute is not heard.
    place = min(len(wanted) // 2 + abs(choices.tempo) - 1, len(wanted) - 1)
    return wanted[place][1] if wanted else seed + 101
