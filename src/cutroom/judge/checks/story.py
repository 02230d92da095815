"""Stories and the plans of their shots: is there something to see and to say, and can it be said in the film's time?

| check | bound | from |
|---|---|---|
| `cannot_be_decoded` | it is what the step writes | |
| `title_missing` | the title has a letter in it | |
| `shots_alike` | no shot sees, word for word, what the one before it sees | |
| `nothing_said` | a story that is to be spoken says something | |
| `story_too_long` | said at an easy pace, it fits the film | |
| `story_too_short` | at least a third of the shots that were asked for | |
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from pydantic import ValidationError

from cutroom.judge.evidence import Evidence, clock, found, measured, unmeasured
from cutroom.measures.text import speech_seconds
from cutroom.media.kinds import Text
from cutroom.media.store import Store
from cutroom.plan.catalogue.write import PlanShot, WriteStory
from cutroom.plan.facts import ShotPlan, Story

FEWEST = Fraction(1, 3)
"""So much of the number of shots that was asked for is enough."""


def story(step: WriteStory, media: Text, store: Store) -> Evidence:
    """Can a film be made of it?"""
    try:
        written = Story.model_validate_json(store.path(media).read_bytes())
    except ValidationError as error:
        return found("cannot_be_decoded", f"cannot be decoded: {error.errors(include_url=False)[0]['msg']}")
    shots = written.shots
    evidence = measured(shots=len(shots))
    if not any(letter.isalnum() for letter in written.title):
        evidence += found("title_missing", f"the title {written.title!r} has no letter in it")
    if any(one.sees == other.sees and not one.file for one, other in pairwise(shots)):
        evidence += found("shots_alike", "two shots behind each other see the same, word for word")
    if len(shots) < step.shots * FEWEST:
        evidence += found("story_too_short", f"it has {len(shots)} shots, and {step.shots} were asked for")
    return evidence + _spoken(step, written)


def _spoken(step: WriteStory, written: Story) -> Evidence:
    if not step.spoken:
        return unmeasured("speech_s", "nothing is to be spoken")
    says = [shot.says for shot in written.shots if any(letter.isalnum() for letter in shot.says)]
    if not says:
        return found("nothing_said", "nothing is said in it, and it was to be spoken")
    spoken = sum((speech_seconds(line, step.language) for line in says), Fraction(0))
    evidence = measured(speech_s=float(spoken))
    if step.seconds is not None and spoken > step.seconds:
        says_so = f"its lines take about {clock(spoken)} to say (at most {clock(step.seconds)})"
        evidence += found("story_too_long", says_so)
    return evidence


def shot(step: PlanShot, media: Text, store: Store) -> Evidence:
    """Is it a plan? Whether it can work is found out by its planner, who says to the model what is wrong."""
    try:
        planned = ShotPlan.model_validate_json(store.path(media).read_bytes())
    except ValidationError as error:
        return found("cannot_be_decoded", f"cannot be decoded: {error.errors(include_url=False)[0]['msg']}")
    return measured(steps=len(planned.steps))
