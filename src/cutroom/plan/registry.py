"""Which step classes there are, by kind: the catalogue and whatever plug-ins add."""

from __future__ import annotations

from functools import cache

from cutroom.errors import WrongUse
from cutroom.plan.step import AnyStep
from cutroom.plugins import offered


@cache
def step_classes() -> dict[str, type[AnyStep]]:
    """Every step class by its kind. Raises WrongUse when two plug-ins claim one kind."""
    classes: dict[str, type[AnyStep]] = {}
    for step in offered("cutroom_steps"):
        kind = step.model_fields["kind"].default
        if classes.setdefault(kind, step) is not step:
            raise WrongUse(f"two plug-ins offer a step of kind {kind!r}: {classes[kind]!r} and {step!r}; uninstall one")
    return classes
