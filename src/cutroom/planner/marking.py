"""Adds to a plan the step that says in the film what it was made of: read off the plan's own wires."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cutroom.media.kinds import Image, Media, Text, Video
from cutroom.plan.catalogue.assemble import Edit, MarkFilm, RenderFilm, Used
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep, Ref

GOAL = "marked"

WORDS = {
    "speak": "narration",
    "compose_music": "music",
    "generate_music": "music",
    "draw_card": "backdrop",
    "write_script": "script",
    "write_story": "story",
}
"""What people call what a kind of step makes."""

SCRIPTS = ("write_script", "write_story")
"""Steps that no wire leads from, because planners copy their words into other steps."""


def marked(plan: Plan, names: Mapping[str, str], title: str, number: str | None = None) -> Plan:
    """`plan` with its film marked, as the new goal.

    `names` are the assets' names for people, `title` is the film's, and `number` the production's, which the film
    carries as a watermark if anything in it was generated; None for no watermark.
    """
    film = plan.goal
    assert film is not None, "only a plan with a film can be marked"
    used = tuple(_used(plan, film, names))
    if number is not None and isinstance(plan.steps[film], RenderFilm):
        # Files' names stay out of this step: renaming one must not render the film anew.
        sources = tuple(one.media for one in used if not one.only_read)
        plan = plan.with_fields(film, number=number, sources=sources)
    step = MarkFilm(
        film=Ref[Video](id=film),
        used=used,
        edits=_edits(plan, film),
        title=title,
    )
    return plan.with_step(GOAL, step).model_copy(update={"goal": GOAL})


def _into(plan: Plan, goal: str) -> list[str]:
    """All that goes into `goal`, in the order of the plan: what was only looked at to know more is left out.

    No wire leads from the script to the film, because planners copy its words into other steps; it goes in all the same.
    """
    left = [goal, *(name for name, step in plan.steps.items() if step.kind in SCRIPTS)]
    reached = set(left)
    while left:
        step = plan.steps.get(left.pop())
        if step is None or step.group == "understand":
            continue
        new = [wire.id for wire in step.wires() if wire.id not in reached]
        reached.update(new)
        left += new
    return [name for name in (*plan.assets, *plan.order()) if name in reached]


def _used(plan: Plan, goal: str, names: Mapping[str, str]) -> Iterator[Used]:
    facts = {step.picture.id: name for name, step in plan.steps.items() if isinstance(step, LookAtPicture)}
    for name in _into(plan, goal):
        if name in plan.assets:
            media = plan.assets[name]
            look = facts.get(name) if isinstance(media, Image) else None
            yield Used(
                media=_ref(name),
                name=names.get(name, name),
                only_read=isinstance(media, Text),
                facts=Ref[Text](id=look) if look else None,
            )
        elif _makes(plan.steps[name]):
            kind = plan.steps[name].kind
            yield Used(media=_ref(name), name=WORDS.get(kind, kind.replace("_", " ")), step=kind)


def _makes(step: AnyStep) -> bool:
    """True for steps that bring something new into the film, rather than arrange what is there."""
    return step.group == "generate" or step.kind in SCRIPTS


def _edits(plan: Plan, goal: str) -> tuple[Edit, ...]:
    steps = [plan.steps[name] for name in _into(plan, goal) if name in plan.steps]
    kinds = Counter(step.kind for step in steps if not _makes(step) and step.group != "understand")
    return tuple(Edit(step=kind, times=times) for kind, times in kinds.items())


def _ref(name: str) -> Ref[Any]:
    return Ref[Media](id=name)
