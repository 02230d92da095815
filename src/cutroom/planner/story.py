"""A film from a story: its shots made one by one, timed by what is said over them, and put together as the house does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Any

from cutroom.brief.brief import Asset
from cutroom.media.kinds import AnyMedia, Image, Media, Text, Video
from cutroom.plan.catalogue import generate, understand, write
from cutroom.plan.facts import ClipFacts, PictureFacts, Script, ScriptLine, ShotPlan, Story
from cutroom.plan.forms import WrongForm
from cutroom.plan.plan import Degraded, Plan
from cutroom.plan.step import AnyStep
from cutroom.planner.house import NOTHING_SEEN, PAUSE, TAIL, Draft, Film, ref
from cutroom.planner.marking import marked
from cutroom.planner.material import Chosen, Shot, Visual
from cutroom.planner.pacing import SHORTEST, Wanted, shares
from cutroom.planner.shots import Chain, by_rule, chain, ours, tools_for
from cutroom.planner.style import STYLES
from cutroom.planner.wishes import Wishes
from cutroom.timeline.timeline import Box

Can = Callable[[AnyStep], bool]
"""Whether somebody here can carry out a step."""
Free = Callable[[AnyStep], bool]
"""Whether it costs nothing."""

ROUNDS = 3
"""So often a plan that cannot work goes back to the model."""
FEWEST, MOST = 2, 24
"""Shots of a story."""
ROOM = Fraction(9, 5)
"""Seconds that a clip is longer than its shot: two cuts that move to a beat (`pacing.cuts_on_beats`), and two handles."""
_UNKNOWN = "0" * 64
_WHOLE = Box(x=0, y=0, width=1, height=1)


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a shot is made, as far as it is decided."""

    chain: Chain | None
    """None: nobody can make it, and it stands on a plain card."""
    pending: tuple[str, ...] = ()
    """Steps whose results are needed before it can be decided."""
    said: tuple[Degraded, ...] = ()


@dataclass(kw_only=True)
class StoryDraft(Draft):
    """One planning pass for a story; what the house's draft is for material."""

    can: Can
    free: Free
    writer: str | None = None
    """The person's own name for the chat model that writes; None for the first that can."""
    changes: tuple[str, ...] = ()
    """Revisions that change the story; those that the house understands by itself are the brief's."""

    # ── what is wanted ──

    @cached_property
    def wishes(self) -> Wishes:
        """What was asked for; a story may be spoken without notes, and may choose the mood where nobody did."""
        found = self.asked
        voiced = self.brief.voice != "none" and found.words.voice is not False and not found.spoken
        choices = found.choices
        asked = self.brief.mood or found.words.mood or choices.mood != found.mood
        mood = next((mood for mood in STYLES if not asked and self.story and mood == self.story.mood), None)
        if mood is not None:
            choices = replace(choices, mood=mood, music_mood=mood)
        return replace(found, narrate=choices.topics.get("voice", voiced), mood=mood or found.mood, choices=choices)

    @cached_property
    def files(self) -> list[Asset]:
        """The pictures and clips that were handed over and can be looked at, in order."""
        return [one.asset for one in self.looked_at if one.asset.id != self.asked.overlays.inset]

    # ── the story ──

    @cached_property
    def story(self) -> Story | None:
        """The story; None while it is not written."""
        return self.known.read(self.story_ids[-1], Story)

    @property
    def story_ids(self) -> list[str]:
        """The steps that write the story: one, and one more for each change that was asked for."""
        return ["story", *(f"story-changed-{number}" for number, _ in enumerate(self.changes, 1))]

    def descriptions(self) -> dict[str, AnyStep]:
        """A step for every file that somebody can say in words what it shows."""
        steps: dict[str, AnyStep] = {}
        for asset in self.files:
            if isinstance(asset.media, Image):
                step: AnyStep = understand.DescribePicture(picture=ref(Image, asset.id))
            else:
                step = understand.DescribeClip(clip=ref(Video, asset.id))
            name = f"describe-{asset.id}"
            if self.can(step) and (name in self.known.media or name not in self.known.failed):
                steps[name] = step
        return steps

    def seen(self, asset: Asset) -> write.Seen:
        """A file with what is known about it."""
        words = f"describe-{asset.id}"
        return write.Seen(
            media=ref(Media, asset.id),
            kind="picture" if isinstance(asset.media, Image) else "clip",
            name=asset.name,
            facts=ref(Text, f"look-{asset.id}"),
            words=ref(Text, words) if words in self.known.media else None,
        )

    def story_steps(self) -> dict[str, AnyStep]:
        """The steps that write the story, each change built on the one before."""
        first = self.story_step()
        steps: dict[str, AnyStep] = {"story": first}
        for before, (name, change) in zip(
            self.story_ids, zip(self.story_ids[1:], self.changes, strict=True), strict=False
        ):
            steps[name] = first.model_copy(update={"before": ref(Text, before), "change": change})
        return steps

    def story_step(self) -> write.WriteStory:
        """The step that writes the first story."""
        seconds = self.wishes.seconds
        each = STYLES[self.asked.mood].shot + Fraction(1, 2)
        shots = round(seconds / each) if seconds is not None else max(4, len(self.files))
        return write.WriteStory(
            request=self.wishes.request,
            notes=tuple(ref(Text, asset.id) for asset in self.wishes.notes),
            files=tuple(self.seen(asset) for asset in self.files),
            seconds=seconds,
            shots=min(MOST, max(FEWEST, shots)),
            language=self.wishes.language,
            spoken=self.wishes.narrate,
            pictures=bool(self.tools(None, self.wishes.request)),
        )

    @cached_property
    def script(self) -> Script | None:
        """What is said, as the house's draft knows it; each line is about its shot."""
        if self.story is None:
            return None
        said = [(place, shot.says.strip()) for place, shot in enumerate(self.story.shots) if shot.says.strip()]
        kept = self._with_time(said)
        return Script(
            title=self.story.title.strip(),
            lines=tuple(ScriptLine(text=text, subject=place) for place, text in kept),
            language=self.wishes.language,
            left_out=tuple(text for place, text in said if (place, text) not in kept),
        )

    def _with_time(self, said: list[tuple[int, str]]) -> list[tuple[int, str]]:
        """Without the longest lines, as long as the film is too short for all: estimated, so that it stays as it is."""
        seconds = self.wishes.seconds
        kept = list(said)
        if seconds is None or not self.wishes.narrate:
            return kept
        from cutroom.measures.text import speech_seconds

        def lasts(line: tuple[int, str]) -> Fraction:
            return speech_seconds(line[1], self.wishes.language) + PAUSE

        while len(kept) > 1 and sum(map(lasts, kept)) > max(seconds - TAIL, seconds * Fraction(4, 5)):
            kept.remove(max(kept[1:], key=lasts))
        return kept

    # ── the shots ──

    def tools(self, given: type[Any] | None, about: str) -> tuple[str, ...]:
        """The kinds of steps that can make what a shot shows."""
        return tools_for(self.can, given, about)

    def file_of(self, place: int) -> Asset | None:
        """The file that shot number `place` (from 0) shows."""
        assert self.story is not None
        number = self.story.shots[place].file
        return self.files[number - 1] if 1 <= number <= len(self.files) else None

    @cached_property
    def plannings(self) -> dict[str, AnyStep]:
        """The steps that plan shots; filled by `ways`."""
        return {}

    @cached_property
    def ways(self) -> list[Way]:
        """How each shot is made."""
        assert self.story is not None
        return [self._way(place) for place in range(len(self.story.shots))]

    def _way(self, place: int) -> Way:
        assert self.story is not None
        shot, file = self.story.shots[place], self.file_of(place)
        given = type(file.media) if file is not None else None
        tools = self.tools(given, f"{shot.sees} {shot.moves}")
        if not tools:
            return Way(chain=self._house_chain(place, tools))
        name = f"plan-{place + 1}"
        problems: tuple[str, ...] = ()
        for turn in range(1 + ROUNDS):
            before = f"{name}" if turn == 1 else f"{name}-mended-{turn - 1}"
            now = name if turn == 0 else f"{name}-mended-{turn}"
            step = write.PlanShot(
                sees=shot.sees,
                moves=shot.moves,
                style=self.story.style,
                tools=tools,
                file=self.seen(file) if file is not None else None,
                before=ref(Text, before) if turn else None,
                problems=problems,
            )
            if now in self.known.failed and now not in self.known.media:
                return self._given_up(place, tools, self.known.failed[now])
            self.plannings[now] = step
            if now not in self.known.media:
                return Way(chain=None, pending=(now,))
            planned = self.known.read(now, ShotPlan)
            assert planned is not None
            try:
                return Way(chain=chain(planned, tools, place + 1, file, self._fill(place)))
            except WrongForm as error:
                problems = error.problems
        return self._given_up(
            place, tools, f"after {ROUNDS} corrections its plan still could not work: {'; '.join(problems)}"
        )

    def _given_up(self, place: int, tools: tuple[str, ...], why: str) -> Way:
        said = Degraded(what=f"shot {place + 1}", why=f"planned by rule, because no model's plan came of it: {why}")
        return Way(chain=self._house_chain(place, tools), said=(said,))

    def _house_chain(self, place: int, tools: tuple[str, ...]) -> Chain | None:
        assert self.story is not None
        file = self.file_of(place)
        plan = by_rule(self.story.shots[place], self.story.style, tools, type(file.media) if file is not None else None)
        return None if plan is None else chain(plan, tools, place + 1, file, self._fill(place))

    def _fill(self, place: int, seconds: Fraction = Fraction(4)) -> dict[str, Any]:
        return ours(self.wishes.format, seconds, self.brief.seed + place)

    # ── what is seen ──

    @cached_property
    def shown(self) -> list[str | None]:
        """What is seen in each shot, by id: what its way makes, as much of that as came about, or None for a card."""
        return [self._shown(way.chain) for way in self.ways]

    def _shown(self, made: Chain | None) -> str | None:
        if made is None:
            return None
        lost = {name for name in made.steps if name in self.known.failed and name not in self.known.media}
        for name in reversed(list(made.steps)):
            if not (lost & {name, *self._above(made, name)}):
                return name
        # Without steps the file itself is seen; with steps of which none can be made, what they were to be made of.
        return made.shows if not made.steps else self._file_in(made)

    def _file_in(self, made: Chain) -> str | None:
        ids = {asset.id for asset in self.files}
        return next((wire.id for step in made.steps.values() for wire in step.wires() if wire.id in ids), None)

    def _above(self, made: Chain, name: str) -> set[str]:
        direct = {wire.id for wire in made.steps[name].wires() if wire.id in made.steps}
        return direct.union(*(self._above(made, other) for other in direct)) if direct else direct

    @property
    def on_cards(self) -> bool:
        """True when nothing of the story can be seen."""
        return all(name is None for name in self.shown)

    @cached_property
    def visuals(self) -> list[Visual]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """What is seen in each shot, in order; empty when all of it would be cards."""
        if self.story is None or self.on_cards:
            return []
        return [self._visual(place, name) for place, name in enumerate(self.shown)]

    @cached_property
    def material(self) -> list[Visual]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """A story's lines count its own shots."""
        return self.visuals

    def _visual(self, place: int, name: str | None) -> Visual:
        identity = name or f"card-{place + 1}"
        asset = next((one for one in self.files if one.id == identity), None)
        media = asset.media if asset else self.known.media.get(identity) or self._expected(identity)
        look = f"look-{identity}"
        model = PictureFacts if isinstance(media, Image) else ClipFacts
        return Visual(
            asset=asset or Asset(id=identity, name=f"shot {place + 1}", media=media),
            facts=self.known.read(look, model) or _nothing_known(media),
            look=look,
        )

    def _expected(self, identity: str) -> AnyMedia:
        """What a step will make, before it has."""
        format = self.wishes.format
        about = {"digest": _UNKNOWN, "bytes": 0, "width": format.width, "height": format.height}
        made = next((way.chain.steps[identity] for way in self.ways if way.chain and identity in way.chain.steps), None)
        if made is not None and issubclass(made.makes, Video):
            return Video(**about, suffix=".mp4", seconds=Fraction(4), fps=Fraction(24))
        return Image(**about, suffix=".png")

    # ── the plan ──

    def lost(self) -> list[Degraded]:
        """What could not be made, and what is seen instead."""
        found = [said for way in self.ways for said in way.said]
        for place, (way, shown) in enumerate(zip(self.ways, self.shown, strict=True)):
            if way.chain is None or way.chain.shows == shown:
                continue
            failed = [name for name in way.chain.steps if name in self.known.failed and name not in self.known.media]
            instead = (
                "a plain card" if shown is None else "a still" if isinstance(self._media(shown), Image) else "a clip"
            )
            why = "; ".join(self.known.failed[name] for name in failed)
            found.append(Degraded(what=f"shot {place + 1}", why=f"{instead} is seen instead: {why}"))
        if "music" in self.known.failed and not self._made_music:
            found.append(Degraded(what="music", why=f"composed by the house instead: {self.known.failed['music']}"))
        if self.on_cards:
            found.append(NO_PICTURES)
        return found

    def _media(self, identity: str) -> AnyMedia:
        return next((one.media for one in self.files if one.id == identity), None) or self._expected(identity)

    @property
    def _made_music(self) -> bool:
        return "music" in self.known.media

    def music(self, composed: AnyStep) -> AnyStep:
        """The step that makes the music: a model that costs nothing where there is one, else the house."""
        assert self.story is not None
        if not self.story.music or not isinstance(composed, generate.ComposeMusic):
            return composed
        step = generate.GenerateMusic(description=self.story.music, seconds=composed.seconds, seed=composed.seed)
        wanted = self.can(step) and self.free(step)
        return step if wanted and ("music" not in self.known.failed or self._made_music) else composed

    def plan(self) -> Plan:
        """The plan of this pass."""
        assets = {asset.id: asset.media for asset in self.brief.assets}
        if self.brief.lut is not None:
            assets["lut"] = self.brief.lut
        looks = self.looks()
        if pending := tuple(name for name in looks if name not in self.known.media):
            return Plan(assets=assets, steps=looks, waits_for=pending)
        described = self.descriptions()
        if pending := tuple(name for name in described if name not in self.known.media):
            return Plan(assets=assets, steps={**looks, **described}, waits_for=pending)
        told = {**looks, **described, **self.story_steps()}
        if self.story is None:
            return Plan(assets=assets, steps=told, waits_for=(self.story_ids[-1],), by=self.by(told))
        pending = tuple(name for way in self.ways for name in way.pending)
        told |= self.plannings
        if pending:
            return Plan(assets=assets, steps=told, waits_for=pending, by=self.by(told))
        return self._whole(assets, told)

    def by(self, steps: Mapping[str, AnyStep]) -> dict[str, str]:
        """The model that a person chose to plan performs all that only a chat model can."""
        writing = (write.WriteStory, write.PlanShot)
        return {name: self.writer for name, step in steps.items() if isinstance(step, writing)} if self.writer else {}

    def _whole(self, assets: dict[str, AnyMedia], told: dict[str, AnyStep]) -> Plan:
        """The plan with its film; it waits for the lines first, then for what is made, so that both may fail."""
        assert self.script is not None
        speaking = self.speaking()
        film = StoryFilm(self, self.script, speaking)
        rest = film.steps()
        made = film.made()
        if "music" in rest.steps:
            rest.steps["music"] = self.music(rest.steps["music"])
        waits = [name for name in speaking if name not in self.known.media]
        if not waits:
            costly = [*made, *(["music"] if isinstance(rest.steps.get("music"), generate.GenerateMusic) else [])]
            waits = [name for name in costly if name not in self.known.media and name not in self.known.failed]
        unsaid = [f"not said for want of time: “{line}”" for line in self.script.left_out]
        whole = Plan(
            assets=assets,
            steps={**told, **speaking, **made, **film.looked(), **rest.steps},
            goal="film",
            waits_for=tuple(waits),
            notes=(*rest.notes, *unsaid),
            degraded=(*(said for said in self.degraded() if said != NOTHING_SEEN), *self.lost()),
            by=self.by(told),
        )
        if not self.brief.mark:
            return whole
        names = {asset.id: asset.name for asset in self.brief.assets}
        return marked(whole, names, self.script.title or self.brief.film, self.brief.number)


NO_PICTURES = Degraded(
    what="pictures",
    why="no model here makes pictures or clips, so the film is words on plain cards; add one: cutroom models add --help",
)


def _nothing_known(media: AnyMedia) -> PictureFacts | ClipFacts:
    """Facts of something that nobody has looked at yet: only what every reader of facts needs."""
    if isinstance(media, Video):
        return ClipFacts(
            seconds=media.seconds,
            width=media.width,
            height=media.height,
            shots=(),
            moments=(),
            motion=0.0,
            sharpness=0.5,
            exposure=0.0,
            colour="#808080",
        )
    assert isinstance(media, Image)
    return PictureFacts(
        width=media.width,
        height=media.height,
        focus=_WHOLE,
        sharpness=0.5,
        exposure=0.0,
        colour="#808080",
        fingerprint="0" * 16,
        quality=0.5,
    )


class StoryFilm(Film):
    """The house's film, but its shots are the story's, in the story's order and proportions."""

    draft: StoryDraft
    _plain: tuple[Fraction, ...] = ()
    """How long each shot is before its cuts move to beats, in seconds."""

    @cached_property
    def seconds(self) -> Fraction:
        """As asked, else what the story's shots take, or their lines."""
        if self.wishes.seconds is not None:
            return max(self.rate.snap(self.wishes.seconds), self.rate.seconds(1))
        assert self.draft.story is not None
        shown = sum((shot.seconds for shot in self.draft.story.shots), Fraction(0)) + 1
        spoken = self.speech * Fraction(6, 5) + self.title_seconds(Fraction(30)) + TAIL if self.speaking else shown
        length = min(max(shown, spoken, Fraction(6)), max(Fraction(180), spoken))
        going = self.wishes.destination
        return self.rate.snap(min(length, going.most) if going and going.most else length)

    def choose(self) -> Chosen:
        """Every shot of the story, once."""
        assert self.draft.story is not None
        shots = [
            Shot(
                visual=visual,
                wanted=Wanted(weight=float(shot.seconds), shortest=SHORTEST, longest=max(Fraction(15), self.seconds)),
            )
            for visual, shot in zip(self.draft.visuals, self.draft.story.shots, strict=True)
        ]
        about = {line.subject: place for place, line in enumerate(self.script.lines) if line.subject is not None}
        return Chosen(shots=tuple(self.with_time_to_speak(shots, about)))

    def lengths(self, wanted: Sequence[Wanted]) -> list[Fraction]:
        """As the house has them; how long each would be without music is kept for `made`."""
        self._plain = tuple(shares(wanted, self.seconds - self.ending))
        return super().lengths(wanted)

    def made(self) -> dict[str, AnyStep]:
        """The steps that make what is seen, as far as they did not fail; cards for shots without a picture.

        Clips are asked for in whole seconds, with room for cuts that move to beats and for transitions of any mood: other
        music must not make a paid clip anew.
        """
        steps: dict[str, AnyStep] = {}
        if not self.draft.visuals:
            return steps
        for place, (way, shown) in enumerate(zip(self.draft.ways, self.draft.shown, strict=True)):
            if shown is None:
                steps[f"card-{place + 1}"] = generate.DrawCard(
                    format=self.wishes.format, mood=self.wishes.mood, seed=self.draft.brief.seed + place
                )
            elif way.chain is not None and shown in way.chain.steps:
                steps |= _lasting(way.chain, shown, Fraction(ceil(self._plain[place] + ROOM)))
        return steps

    def looked(self) -> dict[str, AnyStep]:
        """A look at everything that is made to be seen."""
        looks: dict[str, AnyStep] = {}
        for visual in self.draft.visuals:
            if visual.asset in self.draft.files:
                continue
            if isinstance(visual.asset.media, Image):
                looks[visual.look] = understand.LookAtPicture(picture=ref(Image, visual.asset.id))
            else:
                looks[visual.look] = understand.LookAtClip(clip=ref(Video, visual.asset.id))
        return looks


def _lasting(made: Chain, shown: str, seconds: Fraction) -> Mapping[str, AnyStep]:
    """The steps that `shown` hangs on, and itself; what has a length lasts `seconds`."""
    wanted = {shown}
    for name in reversed(list(made.steps)):
        if name in wanted:
            wanted |= {wire.id for wire in made.steps[name].wires()}
    return {
        name: step.model_copy(update={"seconds": seconds}) if "seconds" in type(step).model_fields else step
        for name, step in made.steps.items()
        if name in wanted
    }
