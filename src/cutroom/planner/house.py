"""The house planner: a film from whatever is there, by rules, offline.

It plans in passes. First only looking; with the facts, the script; with the script, a whole plan in which narration is
estimated; with the spoken lines, the plan whose every time is exact. Each pass is a pure function of the brief and of
what is known, so the same production always gets the same plan.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

from cutroom.brief.brief import Asset, Brief
from cutroom.brief.words import name_words
from cutroom.errors import WrongUse
from cutroom.measures.text import reading_seconds
from cutroom.media.kinds import Audio, Cut, Image, Media, Text, Video
from cutroom.plan.catalogue import assemble, edit, generate, understand, write
from cutroom.plan.catalogue.generate import Mood
from cutroom.plan.facts import ClipFacts, PictureFacts, Script, ScriptLine
from cutroom.plan.plan import Degraded, Plan
from cutroom.plan.step import AnyStep, Ref
from cutroom.planner.absent import NOT_THERE, absent
from cutroom.planner.marking import marked
from cutroom.planner.material import (
    Chosen,
    Shot,
    Visual,
    choose,
    held,
    is_picture,
    lasting,
    no_longer,
    without_bystanders,
)
from cutroom.planner.overlays import Laid, inset, third_titles
from cutroom.planner.pacing import Wanted, away_from_fixed, cuts_on_beats, shares
from cutroom.planner.planner import Known
from cutroom.planner.revising import Hold, music_seed, visuals_of
from cutroom.planner.style import STYLES, Kind, Style
from cutroom.planner.telling import SHORTEST_READ, Line, Told, as_seen, shown, tell
from cutroom.planner.wishes import Wishes, understood, wishes
from cutroom.time import Span
from cutroom.timeline.beats import tempo_grid
from cutroom.timeline.timeline import CaptionStyle, Title, Transition
from cutroom.verdict import Verdict

SPEECH_RATE = 14
"""Characters a second of an unhurried reader: for estimates until the lines are spoken."""
TAIL = Fraction(8, 5)
"""How long before the film's end the last word is over, in seconds."""
PAUSE = Fraction(9, 20)
TOO_MANY_WORDS = {"captions_too_fast", "caption_too_brief", "caption_too_wide", "caption_lines"}
"""What the judge finds when a caption holds more than can be read."""
LABEL = Fraction(5)
"""How long a label stands, from the film's beginning on, in seconds."""
SHORTEST_FILM, LONGEST_FILM = Fraction(6), Fraction(180)
"""Bounds for a length that nobody asked for."""

NOTHING_SEEN = Degraded(
    what="pictures",
    why="nothing was handed over that could be shown, and the house invents nothing: the film is its words on plain cards; hand "
    "over pictures or clips, or set up models that write a story and make its pictures: cutroom models add",
)
"""What is said of a film that was asked for in words alone."""

NOT_READ = (
    "the request was not understood, for it is in a language that the house planner does not read (it reads English, "
    "German, French, Spanish, Italian and Portuguese): the options decide, and a length where the words give one; say "
    "more with --mood, --seconds and --format, or a title in quotation marks"
)
"""What is noted of a request in another language."""


def ref(kind: type[Media], identity: str) -> Ref[Any]:
    """A typed ref."""
    return Ref[kind](id=identity)


class HousePlanner:
    """Plans by rules; see the module's own words."""

    name = "house"
    version = "3"

    def plan(self, brief: Brief, known: Known) -> Plan:
        """The plan as far as it can be made. Raises WrongUse when an option cannot be understood."""
        return Draft(brief, known).plan()

    def understood(self, brief: Brief, known: Known) -> None:
        """Raises WrongUse when the last revision is not understood, with what can be said instead."""
        understood(brief, *seen_so_far(brief, known))

    def revise(self, plan: Plan, step: str, verdict: Verdict, round: int) -> Plan | None:
        """What to change so that `verdict` need not be given again; None when another take is the better idea."""
        checks = {finding.check for finding in verdict.findings}
        what = plan.steps[step]
        if isinstance(what, write.WriteCaptions) and not what.shorten and checks & TOO_MANY_WORDS:
            return plan.with_fields(step, shorten=True)
        if isinstance(what, edit.PickMoment):
            return plan.with_fields(step, part=what.part + 1)
        if isinstance(what, assemble.AssembleCut | assemble.RenderFilm) and plan.goal:
            cut = step if isinstance(what, assemble.AssembleCut) else what.cut.id
            return _with_readable_words(plan, cut, checks)
        return None


def _with_readable_words(plan: Plan, cut: str, checks: set[str]) -> Plan | None:
    """Darker plates behind words of low contrast, smaller letters for words that leave the screen."""
    step = plan.steps[cut]
    assert isinstance(step, assemble.AssembleCut)
    style = step.caption_style
    if "low_contrast" in checks and style.scrim < 0.9:
        style = style.model_copy(update={"scrim": min(0.9, style.scrim + 0.45)})
    if "off_screen" in checks and style.size > 0.03:
        style = style.model_copy(update={"size": round(style.size * 0.8, 4)})
    return None if style == step.caption_style else plan.with_fields(cut, caption_style=style)


@dataclass
class Draft:
    """One planning pass. Attributes are worked out on demand from the brief and what is known."""

    brief: Brief
    known: Known

    @cached_property
    def asked(self) -> Wishes:
        """What the brief and its notes ask for."""
        notes = [self.known.texts.get(asset.id, "") for asset in self.brief.assets if isinstance(asset.media, Text)]
        return wishes(self.brief, notes, *seen_so_far(self.brief, self.known))

    @cached_property
    def wishes(self) -> Wishes:
        """What this draft goes by."""
        return self.asked

    @cached_property
    def rng(self) -> random.Random:
        """Chance, the same for the same brief."""
        return random.Random(self.brief.seed)

    # ── looking ──

    def looks(self) -> dict[str, AnyStep]:
        """A look at every picture and clip that has not failed to be looked at, and at the sounds that are used."""
        steps: dict[str, AnyStep] = {}
        for asset in self.wishes.looked_at:
            name = f"look-{asset.id}"
            if name in self.known.failed and name not in self.known.media:
                continue
            if isinstance(asset.media, Image):
                steps[name] = understand.LookAtPicture(picture=ref(Image, asset.id))
            else:
                steps[name] = understand.LookAtClip(clip=ref(Video, asset.id))
        return steps

    @cached_property
    def visuals(self) -> list[Visual]:
        """What makes the film: all that was looked at, but for what lies over it."""
        return [visual for visual in self.looked_at if visual.asset.id != self.wishes.overlays.inset]

    @cached_property
    def material(self) -> list[Visual]:
        """What the script knows of, and its lines count: also what a revision took out of the film since.

        So a picture that goes costs no other script: its own line goes with it, and every other stays.
        """
        found = (self._looked_at(asset) for asset in self.wishes.looked_at)
        return [one for one in found if one is not None and one.asset.id != self.wishes.overlays.inset]

    @property
    def inset(self) -> Visual | None:
        """What lies over the film in a corner."""
        return next((one for one in self.looked_at if one.asset.id == self.wishes.overlays.inset), None)

    @cached_property
    def looked_at(self) -> list[Visual]:
        """Every picture and clip that was looked at, in order."""
        return [one for asset in self.wishes.visuals if (one := self._looked_at(asset)) is not None]

    def _looked_at(self, asset: Asset) -> Visual | None:
        look = f"look-{asset.id}"
        facts = self.known.read(look, PictureFacts if isinstance(asset.media, Image) else ClipFacts)
        return None if facts is None else Visual(asset=asset, facts=facts, look=look)

    def degraded(self) -> list[Degraded]:
        """Assets and lines that were lost on the way; one sentence when no line can be spoken at all."""
        names = {asset.id: asset.name for asset in self.brief.assets}
        lost = {step: reason for step, reason in self.known.failed.items() if step not in self.known.media}
        looks = [
            Degraded(what=names.get(step.removeprefix("look-"), step), why=reason)
            for step, reason in lost.items()
            if step.startswith("look-")
        ]
        silent = {step: reason for step, reason in lost.items() if step in self.line_ids}
        looks += [Degraded(what=name, why=NOT_THERE) for name in absent(self.brief)]
        looks += self.too_long()
        looks += self.missed()
        if not self.brief.assets:
            looks.append(NOTHING_SEEN)
        if silent and len(silent) == len(self.line_ids):
            reason = next(iter(silent.values()))
            return [*looks, Degraded(what="narration", why=f"nothing is spoken, the lines are captions only: {reason}")]
        return [*looks, *(Degraded(what=step, why=reason) for step, reason in silent.items())]

    def not_read(self) -> tuple[str, ...]:
        """A sentence when the request's words are in a language that is not read."""
        return () if self.wishes.words.read else (NOT_READ,)

    def missed(self) -> list[Degraded]:
        """What the last revision asks for and does not get."""
        return [Degraded(what=f"revision: {what}", why=why) for what, why in self.wishes.missed]

    def too_long(self) -> list[Degraded]:
        """A length that was asked for although the place where the film is going takes less."""
        asked, going = self.wishes.seconds, self.wishes.destination
        if asked is None or going is None or going.most is None or asked <= going.most:
            return []
        why = f"--for {self.brief.destination} takes {going.most} s at most; the film is {asked} s long, as asked"
        return [Degraded(what="length", why=why)]

    # ── writing ──

    def script_step(self) -> write.WriteScript:
        """The step that writes the script."""
        return write.WriteScript(
            request=self.wishes.request,
            notes=tuple(ref(Text, asset.id) for asset in self.wishes.notes),
            facts=tuple(ref(Text, visual.look) for visual in self.material),
            names=tuple(visual.asset.name for visual in self.material),
            seconds=self.wishes.seconds,
            language=self.wishes.language,
            spoken=self.wishes.narrate,
        )

    @cached_property
    def script(self) -> Script | None:
        """What the film says; None while it is not written. A revision may give the film another title."""
        script, title = self.known.read("script", Script), self.wishes.choices.title
        if script is None or title is None:
            return script
        return script.model_copy(update={"title": title, "subtitle": script.subtitle if title else ""})

    @property
    def line_ids(self) -> list[str]:
        """The steps that speak the script's lines."""
        return [f"line-{place + 1}" for place in range(len(self.script.lines))] if self.script else []

    def line_seconds(self, place: int) -> Fraction:
        """How long a line takes to say: as spoken, else by its length."""
        spoken = self.known.media.get(f"line-{place + 1}")
        if isinstance(spoken, Audio):
            return spoken.seconds
        assert self.script is not None
        return max(Fraction(1), Fraction(len(self.script.lines[place].text), SPEECH_RATE))

    def speaking(self) -> dict[str, AnyStep]:
        """A step for every line that is to be spoken."""
        if not self.wishes.narrate or self.script is None:
            return {}
        asked = self.wishes.choices
        voice = asked.voice or (self.brief.voice if self.brief.voice != "none" else None)
        pace = float(asked.speech)
        steps: dict[str, AnyStep] = {
            name: generate.Speak(text=line.text, language=self.script.language, voice=voice, pace=pace)
            for name, line in zip(self.line_ids, self.script.lines, strict=True)
        }
        return {name: step for name, step in steps.items() if name in self.known.media or name not in self.known.failed}

    def sound_seconds(self, identity: str) -> Fraction:
        """How long a sound that was handed over is."""
        return next(
            asset.media.seconds
            for asset in self.brief.assets
            if asset.id == identity and isinstance(asset.media, Audio)
        )

    # ── the whole ──

    def plan(self) -> Plan:
        """The plan of this pass."""
        assets = {asset.id: asset.media for asset in self.brief.assets}
        if self.brief.lut is not None:
            assets["lut"] = self.brief.lut
        looks = self.looks()
        if not self.brief.request.strip() and not self.brief.assets:
            raise WrongUse("nothing to make a film of: say what you want, or hand over pictures, clips, sound or notes")
        pending = tuple(name for name in looks if name not in self.known.media)
        if pending:
            return Plan(assets=assets, steps=looks, waits_for=pending)
        script = {"script": self.script_step()}
        if self.script is None:
            return Plan(
                assets=assets, steps={**looks, **script}, waits_for=("script",), degraded=tuple(self.degraded())
            )
        speaking = self.speaking()
        rest = Film(self, self.script, speaking).steps()
        unspoken = tuple(name for name in speaking if name not in self.known.media)
        left_out = [f"not said for want of time: “{sentence}”" for sentence in self.script.left_out]
        whole = Plan(
            assets=assets,
            steps={**looks, **script, **speaking, **rest.steps},
            goal="film",
            waits_for=unspoken,
            notes=(*self.not_read(), *rest.notes, *left_out),
            degraded=tuple(self.degraded()),
        )
        if not self.brief.mark:
            return whole
        names = {asset.id: asset.name for asset in self.brief.assets}
        return marked(whole, names, self.script.title or self.brief.film, self.brief.number)


def seen_so_far(brief: Brief, known: Known) -> tuple[dict[str, PictureFacts | ClipFacts], frozenset[str]]:
    """What is known of pictures and clips, by asset id, and the ids of those that could not be looked at."""
    facts: dict[str, PictureFacts | ClipFacts] = {}
    for asset in visuals_of(brief):
        found = known.read(f"look-{asset.id}", PictureFacts if isinstance(asset.media, Image) else ClipFacts)
        if found is not None:
            facts[asset.id] = found
    failed = {name.removeprefix("look-") for name in known.failed if name.startswith("look-")}
    return facts, frozenset(failed - facts.keys())


def _among(shot: Shot, kept: Sequence[Shot]) -> bool:
    return any(shot.visual is other.visual and shot.part == other.part for other in kept)


@dataclass
class Rest:
    """The steps behind looking, writing and speaking."""

    steps: dict[str, AnyStep]
    notes: tuple[str, ...]


class Film:
    """From script and material to a timed film: shots, music, captions, cut, film."""

    def __init__(self, draft: Draft, script: Script, speaking: dict[str, AnyStep]) -> None:
        self.draft = draft
        self.wishes = draft.wishes
        self.script = script
        self.speaking = speaking
        self.choices = draft.wishes.choices
        self.style = self.asked_style()
        self.rate = self.wishes.format.rate
        self.rng = random.Random(f"{draft.brief.seed} {self.wishes.mood}")

    def asked_style(self) -> Style:
        """How the mood cuts a film, with the pace and the transitions that were asked for."""
        style = STYLES[self.wishes.mood]
        faster = Fraction((4 / 3) ** float(-self.choices.pace)).limit_denominator(100)
        kinds = self.choices.transitions
        return replace(
            style,
            shot=style.shot * faster,
            transition=min(max(style.transition * faster, Fraction(3, 10)), Fraction(2)),
            transitions=tuple((kind, 1.0) for kind in kinds) if kinds else style.transitions,
        )

    def steps(self) -> Rest:
        """Every further step."""
        cards = {} if self.draft.visuals else self.cards()
        chosen = self.choose() if not cards else None
        looked = {f"look-{name}": understand.LookAtPicture(picture=ref(Image, name)) for name in cards}
        wanted = self.wanted(chosen, len(cards))
        lengths = self.lengths(wanted)
        transitions = self.transitions(lengths)
        shots = self.shots(chosen, list(cards), lengths, transitions)
        told, untold = self.tell(lengths, chosen)
        steps: dict[str, AnyStep] = {**cards, **looked, **shots}
        if self.wishes.compose:
            steps["music"] = generate.ComposeMusic(
                mood=self.music_mood,
                seconds=self.seconds,
                seed=self.music_seed,
                under_voice=bool(self.speaking or self.wishes.spoken),
            )
        lines = self.caption_lines(told)
        if lines and self.wishes.captions != "none":
            steps["captions"] = write.WriteCaptions(
                lines=lines, seconds=self.seconds, width=self.caption_width(), language=self.script.language
            )
        laid = self.laid_over()
        steps |= laid.steps
        thirds, unplaced = self.thirds(lengths, chosen)
        titles = (*self.titles(told), *thirds)
        steps["cut"] = self.cut(steps, list(shots), transitions, told).model_copy(
            update={"over": laid.over, "titles": titles}
        )
        steps["film"] = assemble.RenderFilm(
            cut=ref(Cut, "cut"), codec=self.draft.brief.codec, hardware=self.draft.brief.hardware, **self.target()
        )
        notes = (*(chosen.notes if chosen else ()), *untold, *laid.notes, *unplaced, *self.unused_sounds())
        return Rest(steps, notes)

    @property
    def music_mood(self) -> Mood:
        """What the music should feel like: as the film, unless words ask for something else of the music alone."""
        return self.wishes.mood if self.choices.music_mood == self.choices.mood else self.choices.music_mood

    @cached_property
    def music_seed(self) -> int:
        """The piece of music that is wanted."""
        return music_seed(self.choices, self.music_mood, self.seconds, self.draft.brief.seed)

    # ── over the film ──

    def laid_over(self) -> Laid:
        """The picture in the picture, from the title on until the film goes black."""
        begin = self.title_seconds()
        room = Span(start=begin, length=max(self.seconds - self.ending - begin, self.rate.seconds(1)))
        wanted = self.wishes.overlays
        return inset(wanted, self.draft.inset, self.wishes.format, self.caption_style, room, self.draft.brief.seed)

    def thirds(self, lengths: Sequence[Fraction], chosen: Chosen | None) -> tuple[tuple[Title, ...], tuple[str, ...]]:
        """The lower thirds, and a sentence for each that has no place."""
        seen = self.seen(lengths, chosen)
        end = self.seconds - self.ending
        return third_titles(self.wishes.overlays.thirds, self.draft.material, seen, self.title_seconds(), end)

    # ── length ──

    @property
    def speech(self) -> Fraction:
        """How long all lines take, pauses included, in seconds; 0 when none is spoken."""
        if not self.speaking:
            return Fraction(0)
        return sum((self.draft.line_seconds(place) + PAUSE for place in range(len(self.script.lines))), Fraction(0))

    @cached_property
    def seconds(self) -> Fraction:
        """The film's length: as asked, else as the material and the lines deserve; in whole frames."""
        if self.wishes.seconds is not None:
            return max(self.rate.snap(self.wishes.seconds), self.rate.seconds(1))
        shown = Fraction(0)
        for visual in self.draft.visuals:
            hold = self.choices.holds.get(visual.asset.id, Hold())
            if isinstance(visual.facts, ClipFacts):
                long = min(visual.facts.seconds * Fraction(9, 10), Fraction(8))
                shown += min(hold.of(long), visual.facts.seconds)
            else:
                shown += hold.of(self.style.shot)
        spoken = (
            self.speech * Fraction(5, 4) + self.title_seconds(Fraction(30)) + TAIL if self.speaking else Fraction(0)
        )
        sounds = [
            asset.media.seconds
            for asset in self.draft.brief.assets
            if asset.id in self.wishes.spoken and isinstance(asset.media, Audio)
        ]
        told = sum(sounds, Fraction(0)) + 4 if sounds else Fraction(0)
        if not self.draft.visuals:
            shown = max(Fraction(10), Fraction(3) * len(self.script.lines))
        length = min(max(shown + 2, spoken, told, SHORTEST_FILM), max(LONGEST_FILM, spoken, told))
        length = max(length * self.choices.scale + self.choices.extra, Fraction(2))
        going = self.wishes.destination
        return self.rate.snap(min(length, going.most) if going and going.most else length)

    def target(self) -> dict[str, Any]:
        """How loud the film is to be where it is going; nothing when that is nowhere in particular."""
        going = self.wishes.destination
        there = {"loudness": going.loudness, "true_peak": going.true_peak} if going else {}
        asked = self.draft.brief.loudness
        return there if asked is None else {**there, "loudness": asked}

    def title_seconds(self, film: Fraction | None = None) -> Fraction:
        """How long the title stands."""
        film = film or self.seconds
        return min(Fraction(7, 2), max(Fraction(3, 2), film / 6)) if self.script.title else Fraction(0)

    @property
    def first_word(self) -> Fraction:
        """When the first line may begin: the title is read first."""
        return self.title_seconds() * Fraction(4, 5) if self.script.title else Fraction(1, 2)

    @property
    def ending(self) -> Fraction:
        """How long the film is black at its end."""
        return self.rate.snap(min(Fraction(1, 2), self.seconds / 20))

    # ── shots ──

    def cards(self) -> dict[str, AnyStep]:
        """Backdrops to tell on when there is no picture."""
        count = max(1, min(8, round(self.seconds / 8)))
        return {
            f"card-{place + 1}": generate.DrawCard(
                format=self.wishes.format, mood=self.wishes.mood, seed=self.draft.brief.seed + place
            )
            for place in range(count)
        }

    def choose(self) -> Chosen:
        """The shots that make the film, those that are spoken about long enough for it."""
        about = {
            line.subject: place
            for place, line in reversed(list(enumerate(self.script.lines)))
            if line.subject is not None
        }
        told = {self.draft.material[subject].look for subject in about}
        shown = self.seconds - self.ending
        chosen = choose(
            self.draft.visuals, shown, self.style.transition, told, pinned=self.choices.pinned, asked=self.as_asked
        )
        shots = self.with_time_to_speak(chosen.shots, about)
        kept, notes = without_bystanders(shots, shown, told) if self.speaking else (shots, [])
        if len(kept) < len(shots):
            kept = self.with_time_to_speak([shot for shot in chosen.shots if _among(shot, kept)], about)
        return Chosen(shots=tuple(kept), notes=(*chosen.notes, *notes))

    def as_asked(self, shot: Shot) -> Shot:
        """`shot`, as long as a person wants it to be seen; shorter where the film is to be cut faster."""
        hold = self.choices.holds.get(shot.visual.asset.id)
        if hold is not None:
            return held(shot, hold.seconds, hold.times)
        if self.choices.pace > 0 and is_picture(shot):
            return no_longer(shot, self.style.shot * Fraction(6, 5))
        return shot

    def with_time_to_speak(self, shots: Sequence[Shot], about: Mapping[int, int]) -> list[Shot]:
        """Each shot long enough for what is said of it; `about` maps visuals onto the lines about them."""
        found = []
        late = Fraction(0)  # how far the words run behind: a clip may be too short for what is said of it
        for place, shot in enumerate(shots):
            if place == 0 and self.script.title:
                shot = lasting(shot, self.title_seconds())
            subject = self.draft.material.index(shot.visual)
            if self.speaking and shot.part == 0 and subject in about:
                lead = self.first_word if place == 0 else Fraction(0)
                lead += TAIL if place == len(shots) - 1 else 0
                words = late + lead + self.draft.line_seconds(about[subject]) + PAUSE
                shot = lasting(shot, words)
                late = max(Fraction(0), words - shot.wanted.longest)
            found.append(shot)
        return found

    def wanted(self, chosen: Chosen | None, cards: int) -> list[Wanted]:
        """What each shot would like."""
        if chosen is None:
            return [Wanted(longest=self.seconds)] * cards
        return [shot.wanted for shot in chosen.shots]

    def lengths(self, wanted: Sequence[Wanted]) -> list[Fraction]:
        """How long each shot is: by weight, cut on the music's beats, in whole frames."""
        shown = self.seconds - self.ending
        plain = shares(wanted, shown)
        beats: tuple[Fraction, ...] = ()
        if self.wishes.compose:
            grid = tempo_grid(self.music_mood, self.seconds, self.music_seed)
            beats = away_from_fixed(plain, [one.shortest == one.longest for one in wanted], grid.beats)
        return cuts_on_beats(plain, beats, self.rate, longest=[one.longest for one in wanted])

    def transitions(self, lengths: Sequence[Fraction]) -> list[Transition | None]:
        """What stands between the shots: by mood, seeded, never longer than two fifths of the shorter neighbour."""
        kinds: list[Kind | None] = [kind for kind, _ in self.style.transitions]
        weights = [weight for _, weight in self.style.transitions]
        found: list[Transition | None] = []
        for one, other in pairwise(lengths):
            kind: Kind | None = self.rng.choices(kinds, weights)[0]
            seconds = self.rate.snap(min(self.style.transition, min(one, other) * Fraction(2, 5)))
            # Whole frames on either side of the cut.
            seconds = self.rate.seconds(self.rate.frames(seconds) // 2 * 2)
            angle = float(self.rng.choice((0, 180))) if kind in ("wipe", "push") else 0.0
            found.append(Transition(kind=kind, seconds=seconds, angle=angle) if kind and seconds else None)
        return found

    def shots(
        self,
        chosen: Chosen | None,
        cards: Sequence[str],
        lengths: Sequence[Fraction],
        transitions: Sequence[Transition | None],
    ) -> dict[str, AnyStep]:
        """A step for every shot."""
        half = [transition.seconds / 2 if transition else Fraction(0) for transition in transitions]
        before, after = [Fraction(0), *half], [*half, self.ending]
        steps: dict[str, AnyStep] = {}
        for place, seconds in enumerate(lengths):
            handles = max(before[place], after[place])
            name = f"shot-{place + 1}"
            if chosen is None:
                steps[name] = self.frame(cards[place], f"look-{cards[place]}", seconds, place)
            else:
                steps[name] = self.shot(chosen.shots[place], seconds, handles, place)
        return steps

    def shot(self, shot: Shot, seconds: Fraction, handles: Fraction, place: int) -> AnyStep:
        """One shot of a picture or a clip."""
        visual = shot.visual
        if is_picture(shot):
            return self.frame(visual.asset.id, visual.look, seconds, place + 101 * shot.part)
        return edit.PickMoment(
            clip=ref(Video, visual.asset.id),
            facts=ref(Text, visual.look),
            seconds=seconds,
            handles=handles,
            format=self.wishes.format,
            part=shot.part,
        )

    def frame(self, picture: str, facts: str, seconds: Fraction, variety: int) -> edit.FramePicture:
        """One shot of a still picture."""
        return edit.FramePicture(
            picture=ref(Image, picture),
            facts=ref(Text, facts),
            seconds=seconds,
            format=self.wishes.format,
            motion=self.choices.motions.get(picture, self.choices.motion),
            seed=self.draft.brief.seed + variety,
        )

    # ── words ──

    def tell(self, lengths: Sequence[Fraction], chosen: Chosen | None) -> tuple[list[Told], list[str]]:
        """When each line is told, and which are not."""
        seen = self.seen(lengths, chosen)
        lines = [
            Line(
                place=place,
                text=line.text,
                subject=line.subject,
                spoken=f"line-{place + 1}" in self.speaking,
                seconds=self.line_seconds(place),
                label=f"line-{place + 1}" not in self.speaking and self.is_label(line),
            )
            for place, line in enumerate(self.script.lines)
        ]
        kept, notes = shown(lines, seen)
        if self.draft.visuals != [one for one in self.draft.material if one in self.draft.visuals]:
            kept = as_seen(kept, seen)
        told = tell(kept, seen, self.first_word, self.seconds, TAIL)
        notes += [
            f"not shown, for its picture is over too soon: “{line.text}”"
            for line in kept
            if all(one.line != line for one in told)
        ]
        return told, notes

    def is_label(self, line: ScriptLine) -> bool:
        """Whether a line is only the name of its picture's file."""
        names = [visual.asset.name for visual in self.draft.material]
        return line.subject is not None and line.subject < len(names) and line.text == name_words(names[line.subject])

    def line_seconds(self, place: int) -> Fraction:
        """How long a line takes to say or, when nobody says it, to read."""
        if f"line-{place + 1}" in self.speaking:
            return self.draft.line_seconds(place)
        return max(SHORTEST_READ, reading_seconds(self.script.lines[place].text))

    def seen(self, lengths: Sequence[Fraction], chosen: Chosen | None) -> dict[int, Span]:
        """When each visual is first seen, by its place in the material's order."""
        found: dict[int, Span] = {}
        at = Fraction(0)
        for place, length in enumerate(lengths):
            if chosen is not None:
                subject = self.draft.material.index(chosen.shots[place].visual)
                found.setdefault(subject, Span(start=at, length=length))
            at += length
        return found

    def caption_lines(self, told: Sequence[Told]) -> tuple[write.SpokenLine, ...]:
        """What is to be read, and when."""
        return tuple(
            write.SpokenLine(
                text=one.line.text,
                start=one.start,
                seconds=one.seconds,
                voice=ref(Audio, f"line-{one.line.place + 1}") if one.line.spoken else None,
            )
            for one in told
        )

    def unused_sounds(self) -> list[str]:
        """A sentence for every sound that was handed over and is not heard."""
        heard = {self.wishes.music, *self.wishes.spoken}
        return [
            f"{asset.name} is not heard: one piece of music is enough"
            for asset in self.draft.brief.assets
            if isinstance(asset.media, Audio) and asset.id not in heard
        ]

    def caption_width(self) -> int:
        """At most so many characters a line: 42 in 16:9, as broadcasters have it; fewer where the frame is narrower."""
        return max(22, min(42, round(24 * self.wishes.format.aspect)))

    def titles(self, told: Sequence[Told]) -> tuple[Title, ...]:
        """The film's title over its first shot, the label that was asked for, and on plain cards what is told."""
        label = self.choices.label if self.choices.label is not None else self.draft.brief.label
        found = [Title(start=Fraction(0), seconds=min(self.seconds, LABEL), text=label, place="upper")] if label else []
        if self.script.title:
            start = Fraction(2, 5) if self.seconds > 5 else Fraction(0)
            found.append(
                Title(
                    start=start,
                    seconds=self.title_seconds() - start / 2,
                    text=self.script.title,
                    subtitle=self.script.subtitle,
                )
            )
        if not self.draft.visuals:
            found += [
                Title(start=start, seconds=one.start + one.seconds - start, text=one.line.text, fade=Fraction(1, 4))
                for one in told
                if (start := max(one.start, self.title_seconds() if self.script.title else Fraction(0)))
                < one.start + one.seconds
            ]
        return tuple(found)

    # ── cut ──

    @property
    def caption_style(self) -> CaptionStyle:
        """How captions look, and whether they are drawn."""
        return CaptionStyle(
            burn=self.wishes.captions in ("burn", "both") and bool(self.draft.visuals),
            mode=self.choices.caption_mode or self.draft.brief.caption_style,
            size=round(CaptionStyle().size * self.choices.caption_size, 4),
            place=self.choices.caption_place,
            safe=self.wishes.destination.safe if self.wishes.destination else "default",
        )

    def cut(
        self,
        steps: dict[str, AnyStep],
        shots: Sequence[str],
        transitions: Sequence[Transition | None],
        told: Sequence[Told],
    ) -> assemble.AssembleCut:
        """Everything on one timeline."""
        voice = [
            assemble.Placed(sound=ref(Audio, f"line-{one.line.place + 1}"), start=one.start)
            for one in told
            if one.line.spoken
        ]
        at = self.title_seconds() / 2
        for identity in self.wishes.spoken:
            voice.append(assemble.Placed(sound=ref(Audio, identity), start=at))
            at += self.draft.sound_seconds(identity) + PAUSE
        music = "music" if "music" in steps else self.wishes.music
        return assemble.AssembleCut(
            format=self.wishes.format,
            shots=tuple(ref(Cut, name) for name in shots),
            transitions=tuple(transitions),
            ending=self.ending,
            voice=tuple(voice),
            music=ref(Audio, music) if music else None,
            natural=self.choices.topics.get("natural", True)
            and any(isinstance(asset.media, Video) and asset.media.sound for asset in self.wishes.looked_at),
            music_gain=self.choices.levels.get("music", 0.0),
            voice_gain=self.choices.levels.get("voice", 0.0),
            natural_gain=self.choices.levels.get("natural", 0.0),
            captions=ref(Text, "captions") if "captions" in steps else None,
            caption_style=self.caption_style,
            lut=ref(Text, "lut") if self.draft.brief.lut else None,
            match=self.wishes.overlays.match,
            progress=self.wishes.overlays.progress,
            title=self.script.title,
            language=self.script.language,
        )
