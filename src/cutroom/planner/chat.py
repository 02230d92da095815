"""The chat planner: a film out of words, or of words and files, with a chat model as its author.

It decides nothing by talking. What a model has to say is a take of a step like any other (`WriteStory`, then a `PlanShot`
for each shot), with a price, a verdict and a key; this planner is a pure function of those takes, as the house planner is
of its facts. A story first, then each shot by itself: one decision a turn, which small models can take. A shot's plan that
cannot work goes back with its problems, at most three times. What no model could do is planned by rule, and said so.
"""

from __future__ import annotations

from collections.abc import Sequence

from cutroom.brief.brief import Brief
from cutroom.errors import WrongUse
from cutroom.plan.catalogue.write import WriteStory
from cutroom.plan.plan import Degraded, Plan
from cutroom.plan.step import AnyStep
from cutroom.planner.casting import Candidate
from cutroom.planner.house import HousePlanner
from cutroom.planner.planner import Known
from cutroom.planner.story import StoryDraft
from cutroom.verdict import Verdict


class ChatPlanner:
    """Plans with what a chat model writes; see the module's own words."""

    name = "chat"
    version = "1"

    def __init__(self, performers: Sequence[Candidate], writer: str | None = None) -> None:
        """Plans for `performers`: only what one of them can carry out is offered to a model.

        `writer` is the chat model that writes, by the person's own name for it; the first that can when left out.
        """
        self._performers = tuple(performers)
        self._writer = writer
        self._house = HousePlanner()

    def can_write(self) -> bool:
        """True when somebody here can write stories."""
        return self._performer(WriteStory(request="a film")) is not None

    def plan(self, brief: Brief, known: Known) -> Plan:
        """The plan as far as it can be made; by the house planner when no story could be written.

        Raises WrongUse when there is nothing to make a film of, or an option cannot be understood.
        """
        if not brief.request.strip() and not brief.assets:
            raise WrongUse("nothing to make a film of: say what you want, or hand over pictures, clips, sound or notes")
        plain, changes = self._parted(brief, known)
        draft = StoryDraft(
            brief=plain, known=known, can=self._can, free=self._free, writer=self._writer, changes=changes
        )
        lost = next((known.failed[name] for name in draft.story_ids if _lost(name, known)), None)
        if lost is None:
            return draft.plan()
        plan = self._house.plan(brief, known)
        said = Degraded(what="story", why=f"planned by rule, because no model could write one: {lost}")
        return plan.model_copy(update={"degraded": (said, *plan.degraded)})

    def _parted(self, brief: Brief, known: Known) -> tuple[Brief, tuple[str, ...]]:
        """The brief with the revisions that the house understands, and those that are for the story's author."""
        plain: tuple[str, ...] = ()
        changes: tuple[str, ...] = ()
        for words in brief.revisions:
            tried = brief.model_copy(update={"revisions": (*plain, words)})
            try:
                self._house.understood(tried, known)
            except WrongUse:
                changes += (words,)
            else:
                plain += (words,)
        return brief.model_copy(update={"revisions": plain}), changes

    def revise(self, plan: Plan, step: str, verdict: Verdict, round: int) -> Plan | None:
        """As the house does: captions, moments and words over the picture. A story or a shot gets another take."""
        return self._house.revise(plan, step, verdict, round)

    def _performer(self, step: AnyStep) -> Candidate | None:
        return next((one for one in self._performers if one.performs(step)), None)

    def _can(self, step: AnyStep) -> bool:
        return self._performer(step) is not None

    def _free(self, step: AnyStep) -> bool:
        performer = self._performer(step)
        return performer is not None and performer.terms(step).price.free


def _lost(step: str, known: Known) -> bool:
    return step in known.failed and step not in known.media
