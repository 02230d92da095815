"""How one shot of a story is made: which tools fit, what a model planned with them, and what the house would do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from cutroom.brief.brief import Asset
from cutroom.media.kinds import Image, Media, Video
from cutroom.plan.facts import ShotPlan, ShotStep, StoryShot
from cutroom.plan.forms import WrongForm, example, filled, form
from cutroom.plan.plan import Plan
from cutroom.plan.registry import step_classes
from cutroom.plan.step import AnyStep
from cutroom.planner.retrieval import Index
from cutroom.timeline.timeline import Format

MOST_TOOLS = 6
"""A model is shown at most so many tools for one shot (and those that make what these need)."""
MOST_STEPS = 4
"""A shot is made in at most so many steps."""
FILE = "file"
"""What a form calls the file that was handed over."""

_BACKDROPS = ("draw_card",)
"""Tools that make what words stand on, and nothing that a story sees."""

_Can = Callable[[AnyStep], bool]


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The steps that make what is seen in one shot."""

    steps: Mapping[str, AnyStep]
    """By id, each behind those it needs."""
    shows: str
    """The id of what is seen: the last of the steps, or a file."""


def ours(format: Format, seconds: Fraction, seed: int) -> dict[str, Any]:
    """The fields that no model fills in: how large, how long, which seed."""
    return {"format": format, "width": format.width, "height": format.height, "seconds": seconds, "seed": seed}


def tools_for(can: _Can, given: type[Media] | None, about: str) -> tuple[str, ...]:
    """The kinds of steps that can make what is seen in a shot, in the catalogue's order.

    Args:
        can: Whether somebody here can carry out such a step.
        given: The kind of the file that the shot shows; None when it shows none.
        about: What the shot shows, in words: they decide where there are more tools than a model should be shown.

    Returns an empty tuple when nobody can make a picture or a clip.
    """
    reached = _within_reach(_usable(can), given)
    texts = {kind: _documentation(step) for kind, step in reached.items()}
    best = Index(texts).best(about, len(texts))
    kept = best[:MOST_TOOLS]
    for kind in best[MOST_TOOLS:]:
        if _lacking(kept, reached, given) & {reached[kind].makes}:
            kept.append(kind)
    return tuple(kind for kind in reached if kind in kept)


def _usable(can: _Can) -> dict[str, type[AnyStep]]:
    """The steps with a form that make pictures or clips out of words and media, and that somebody can carry out."""
    found: dict[str, type[AnyStep]] = {}
    plain = ours(Format(width=640, height=360), Fraction(4), 0)
    for kind, step in step_classes().items():
        if step.group not in ("generate", "edit") or not issubclass(step.makes, Image | Video) or kind in _BACKDROPS:
            continue
        tried = example(step, plain)
        if tried is not None and can(tried):
            found[kind] = step
    return found


def _within_reach(usable: Mapping[str, type[AnyStep]], given: type[Media] | None) -> dict[str, type[AnyStep]]:
    """Those whose inputs are there, or are made by others of them."""
    there: set[type[Media]] = {given} if given is not None else set()
    reached: dict[str, type[AnyStep]] = {}
    while True:
        more = {
            kind: step for kind, step in usable.items() if kind not in reached and _needs(step) <= _and_above(there)
        }
        if not more:
            return reached
        reached |= more
        there |= {step.makes for step in more.values()}


def _needs(step: type[AnyStep]) -> set[type[Media]]:
    return {blank.wants for blank in form(step) or () if blank.required and blank.wants is not None}


def _and_above(kinds: Iterable[type[Media]]) -> set[type[Media]]:
    return {*kinds, Media} if kinds else set()


def _lacking(kept: Iterable[str], reached: Mapping[str, type[AnyStep]], given: type[Media] | None) -> set[type[Media]]:
    """What the kept tools need and neither the file nor one of them is."""
    there = {reached[kind].makes for kind in kept} | ({given} if given is not None else set())
    return {need for kind in kept for need in _needs(reached[kind])} - there


@cache
def _documentation(step: type[AnyStep]) -> str:
    """All words about a step, for the search."""
    fields = " ".join(f"{blank.name} {blank.says}" for blank in form(step) or ())
    kind = step.model_fields["kind"].default.replace("_", " ")
    return f"{kind} {step.__doc__ or ''} {fields} {step.makes.medium}"


def chain(plan: ShotPlan, tools: Iterable[str], place: int, file: Asset | None, fill: Mapping[str, Any]) -> Chain:
    """The steps of shot number `place` (from 1), as `plan` has them; `fill` as `ours` makes it.

    Nothing that is not in `tools` gets in, and no wire leads anywhere but to `file` and to the shot's own steps.
    Raises WrongForm that says all that is wrong, in sentences for the model that planned it.
    """
    allowed = tuple(tools)
    problems = [f"there are {len(plan.steps)} steps; {MOST_STEPS} are enough"] if len(plan.steps) > MOST_STEPS else []
    things = {FILE: file.id} if file is not None else {}
    steps: dict[str, AnyStep] = {}
    for number, one in enumerate(plan.steps[:MOST_STEPS], 1):
        try:
            steps[f"made-{place}-{number}"] = _step(one, allowed, things, fill)
        except WrongForm as error:
            problems += [f"step {number}: {problem}" for problem in error.problems]
        # Models also call a step by its kind.
        things |= {str(number): f"made-{place}-{number}"} | {one.step: f"made-{place}-{number}"}
    if not plan.steps and file is None:
        problems.append("there is no step, and no file to be seen")
    if problems:
        raise WrongForm(*problems)
    shows = next(reversed(steps), file.id if file else "")
    problems = _wrong(steps, shows, file)
    if problems:
        raise WrongForm(*(problem.replace(f"made-{place}-", "step ") for problem in problems))
    return Chain(steps=steps, shows=shows)


def _step(one: ShotStep, allowed: tuple[str, ...], things: Mapping[str, str], fill: Mapping[str, Any]) -> AnyStep:
    if one.step not in allowed:
        raise WrongForm(f"there is no step {one.step!r} here; there are: {', '.join(allowed)}")
    return filled(step_classes()[one.step], one.fields, things, fill)


def _wrong(steps: Mapping[str, AnyStep], shows: str, file: Asset | None) -> list[str]:
    """What `Plan.problems` says, what makes nothing that can be seen, and what would be made for nothing."""
    if not steps:
        return []
    plan = Plan(assets={file.id: file.media} if file else {}, steps=dict(steps), goal=shows)
    if problems := plan.problems():
        return problems
    if not issubclass(steps[shows].makes, Image | Video):
        return [f"the last step makes {steps[shows].makes.medium}; it must make what is seen, a picture or a clip"]
    return [f"{name} is used by no other step; leave it out" for name in steps if name not in plan.needed()]


def by_rule(shot: StoryShot, style: str, tools: Iterable[str], given: type[Media] | None) -> ShotPlan | None:
    """What the house does for a shot: the file as it is, a still brought to life, or a clip from words.

    Returns None when none of it can be made.
    """
    if given is not None:
        return ShotPlan()
    there = set(tools)
    seen = ". ".join(part.strip(" .") for part in (shot.sees, style) if part.strip(" ."))
    moves = shot.moves.strip() or "the camera moves slowly, and the scene with it"
    if "generate_picture" in there:
        still = ShotStep(step="generate_picture", fields={"prompt": seen})
        clip = ShotStep(step="animate_still", fields={"still": "1", "motion": moves})
        return ShotPlan(steps=(still, clip) if "animate_still" in there else (still,))
    if "generate_clip" in there:
        return ShotPlan(steps=(ShotStep(step="generate_clip", fields={"prompt": f"{seen}. {moves}"}),))
    return None
