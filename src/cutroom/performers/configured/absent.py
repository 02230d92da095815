"""A model that is configured and cannot be used as it is: what needs it fails with the reason, and nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutroom.configuration import Ability, Model
from cutroom.errors import Unavailable
from cutroom.media.kinds import Media
from cutroom.performers.comfyui.values import STEPS as GENERATED
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.understand import Transcribe
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms

STEPS: Mapping[Ability, type[AnyStep]] = {**GENERATED, "transcribe": Transcribe}
"""The step that each ability is for. Chat is for none: it plans."""


class Absent:
    """Stands where the performers of a model would, so that nobody takes its place unsaid."""

    version = "0"

    def __init__(self, name: str, ability: Ability, why: str) -> None:
        """The `ability` of the model that the person calls `name`, and why it cannot be used, with the way out."""
        self.name = f"{name}/{ability}"
        self.ability: Ability = ability
        self.why = why

    @classmethod
    def all_of(cls, name: str, model: Model, why: str) -> list[Absent]:
        """One for everything that `model` is configured for."""
        return [cls(name, ability, why) for ability in STEPS if ability in model.abilities]

    def performs(self, step: AnyStep) -> bool:
        """True for what the model is configured for, though it will fail: the reason is then said."""
        return isinstance(step, STEPS[self.ability])

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """None."""
        del step
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Free: nothing is asked of anybody."""
        del step
        return Terms(lane=self.name)

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """Raises Unavailable."""
        del step, desk
        raise Unavailable(self.why)
