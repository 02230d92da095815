"""A plan: steps by id, wired by typed refs. The graph is derived from the refs and never stored twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializeAsAny

from cutroom.media.kinds import AnyMedia, Media
from cutroom.plan.registry import step_classes
from cutroom.plan.step import AnyStep


def _known_step(value: Any) -> Any:
    """A step's JSON as the class of its kind."""
    if not isinstance(value, Mapping):
        return value
    kind = value.get("kind")
    step_class = step_classes().get(str(kind))
    if step_class is None:
        near = get_close_matches(str(kind), step_classes(), n=1)
        hint = f", did you mean {near[0]!r}?" if near else f"; there are: {', '.join(sorted(step_classes()))}"
        raise ValueError(f"no step of kind {kind!r}{hint}")
    return step_class.model_validate(value)


KnownStep = Annotated[SerializeAsAny[AnyStep], BeforeValidator(_known_step)]


class Degraded(BaseModel):
    """Something that is not as it was asked for, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str
    why: str


class Change(NamedTuple):
    """One difference between two plans."""

    step: str
    how: Literal["added", "dropped", "changed"]
    fields: tuple[str, ...] = ()


class Plan(BaseModel):
    """What will be done."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    schema_name: Literal["cutroom.plan.1"] = "cutroom.plan.1"
    assets: dict[str, AnyMedia] = {}
    """What was handed over, by id."""
    steps: dict[str, KnownStep] = {}
    """What is to be done, by id."""
    goal: str | None = None
    """The step whose take is delivered; None while the plan is still growing."""
    waits_for: tuple[str, ...] = ()
    """Steps whose results the planner wants to see before it goes on. Until then only these (and what they need) are done."""
    by: dict[str, str] = {}
    """Who performs a step, by its id, where somebody in particular is wanted: a performer (``studio/image``), or a model by the
    person's own name for it (``studio``). All others are cast as usual."""
    notes: tuple[str, ...] = ()
    """What the planner decided that a person may want to know, e.g. which pictures were left out."""
    degraded: tuple[Degraded, ...] = ()
    """What cannot be as asked, known before anything is made."""

    def ids(self) -> set[str]:
        """Every id that a ref may point to."""
        return {*self.assets, *self.steps}

    def upstream(self, identity: str) -> tuple[str, ...]:
        """The ids that a step refers to, each once, in the order of its fields."""
        return tuple(dict.fromkeys(wire.id for wire in self.steps[identity].wires()))

    def wiring(self) -> dict[str, tuple[str, ...]]:
        """What each step refers to, as `upstream` says of one. To be asked for once where many steps are gone through."""
        return {identity: self.upstream(identity) for identity in self.steps}

    def order(self, wiring: Mapping[str, tuple[str, ...]] | None = None) -> tuple[str, ...]:
        """The steps so that each stands behind those it needs; otherwise as they were added. Raises ValueError on a ring."""
        place = {identity: index for index, identity in enumerate(self.steps)}
        wiring = wiring or self.wiring()
        graph = {identity: [other for other in wiring[identity] if other in self.steps] for identity in self.steps}
        sorter = TopologicalSorter(graph)
        try:
            sorter.prepare()
        except CycleError as error:
            raise ValueError(f"steps need each other in a ring: {' → '.join(error.args[1])}") from error
        order: list[str] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=place.__getitem__)
            order.extend(ready)
            sorter.done(*ready)
        return tuple(order)

    def needed(self, wiring: Mapping[str, tuple[str, ...]] | None = None) -> tuple[str, ...]:
        """The steps that must be done now: all that `waits_for` hangs on, or all that the goal hangs on; in order."""
        wiring = wiring or self.wiring()
        order = self.order(wiring)
        wanted = set(self.waits_for) or ({self.goal} if self.goal else set())
        for identity in reversed(order):
            if identity in wanted:
                wanted.update(wiring[identity])
        return tuple(identity for identity in order if identity in wanted)

    def below(self, identity: str) -> tuple[str, ...]:
        """Every step that hangs on `identity`, directly or not; in order."""
        wiring = self.wiring()
        order = self.order(wiring)
        reached = {identity}
        for other in order:
            if reached.intersection(wiring[other]):
                reached.add(other)
        return tuple(other for other in order if other in reached and other != identity)

    def problems(self) -> list[str]:
        """What is wrong with this plan, in sentences for its planner; empty when nothing is.

        Must be asked of every plan that a model wrote before anything is spent: pydantic lets `Ref[Video]` through
        where `Ref[Image]` is wanted.
        """
        found = [f"{identity} is both an asset and a step" for identity in self.assets.keys() & self.steps.keys()]
        for identity, step in self.steps.items():
            found.extend(self._wrong_wires(identity, step))
        if not found:
            try:
                self.order()
            except ValueError as error:
                found.append(str(error))
        for name in filter(None, (self.goal, *self.waits_for)):
            if name not in self.steps:
                found.append(f"the plan's aim {name!r} is no step")
        if self.steps and not self.goal and not self.waits_for:
            found.append("the plan has no goal")
        return found

    def _wrong_wires(self, identity: str, step: AnyStep) -> Iterator[str]:
        for wire in step.wires():
            if wire.id in self.assets:
                makes: type[Media] = type(self.assets[wire.id])
            elif wire.id in self.steps:
                makes = type(self.steps[wire.id]).makes
            else:
                near = get_close_matches(wire.id, self.ids(), n=1)
                hint = f", did you mean {near[0]!r}?" if near else ""
                yield f"{identity}.{wire.field} points to {wire.id!r}, which is neither an asset nor a step{hint}"
                continue
            if wire.wants is not None and not issubclass(makes, wire.wants):
                yield f"{identity}.{wire.field} wants {wire.wants.__name__}, but {wire.id} makes {makes.__name__}"

    def with_step(self, identity: str, step: AnyStep) -> Self:
        """This plan with one step added or replaced."""
        return self.model_copy(update={"steps": {**self.steps, identity: step}})

    def with_fields(self, identity: str, **fields: Any) -> Self:
        """This plan with fields of one step changed (and checked)."""
        step = self.steps[identity]
        changed = type(step).model_validate(
            {**{name: getattr(step, name) for name in type(step).model_fields}, **fields}
        )
        return self.with_step(identity, changed)

    def diff(self, other: Plan) -> tuple[Change, ...]:
        """What `other` changes: steps dropped, added and changed, with the fields' names."""
        changes = [Change(identity, "dropped") for identity in self.steps if identity not in other.steps]
        for identity, step in other.steps.items():
            if identity not in self.steps:
                changes.append(Change(identity, "added"))
            elif step != (was := self.steps[identity]):
                names = type(step).model_fields
                fields = tuple(name for name in names if getattr(step, name) != getattr(was, name, None))
                changes.append(Change(identity, "changed", fields))
        return tuple(changes)
