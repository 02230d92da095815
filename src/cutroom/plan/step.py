"""A step is one tool call *as data*: a frozen class of the catalogue.

From the class come the planner's JSON schema, the cache key, the log record and the report's words; field docstrings
become the descriptions. `Step[M]` says what kind of media it makes, `Ref[M]` what kind a field wants.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from cutroom.media.kinds import Media

M = TypeVar("M", bound=Media)

Group = Literal["understand", "write", "generate", "edit", "assemble"]


class Ref(BaseModel, Generic[M]):
    """A typed wire: the id of an asset or of another step of the same plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)

    def __hash__(self) -> int:
        return hash(self.id)


class Wire(NamedTuple):
    """Where a ref sits in a step, what it points to, and what it wants."""

    field: str
    id: str
    wants: type[Media] | None


class AnyStep(BaseModel):
    """What all steps share. Plans hold these; write `Step[M]` when declaring one.

    Not generic on purpose: pydantic treats `Step[Any]` and `Step[Image]` as different types at run time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    kind: str
    group: ClassVar[Group]
    makes: ClassVar[type[Media]] = Media
    seeded: ClassVar[bool] = False
    """True when another take gives another result (the take number is part of the key of any step anyway)."""
    together: ClassVar[bool] = False
    """True when whoever steps in for one step of this kind does so for all that were by the same performer: a film has one
    narrator."""

    def wires(self) -> Iterator[Wire]:
        """Every ref in this step, in the order of the fields."""
        for name in type(self).model_fields:
            yield from _wires(name, getattr(self, name))

    def canonical(self) -> str:
        """This step as JSON that is the same for equal steps: sorted names, no spaces."""
        return canonical_json(self.model_dump(mode="json"))

    def sentence(self) -> str:
        """The class's own first sentence, for people."""
        return (type(self).__doc__ or self.kind).strip().splitlines()[0]


class Step(AnyStep, Generic[M]):
    """One tool call that makes an `M`. Subclass it with ``Step[Image]`` and a literal ``kind``."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for ancestor in cls.__mro__:
            arguments = getattr(ancestor, "__pydantic_generic_metadata__", {}).get("args", ())
            if arguments and isinstance(arguments[0], type) and issubclass(arguments[0], Media):
                cls.makes = arguments[0]
                break


def canonical_json(value: Any) -> str:
    """`value` as JSON with sorted names, no spaces and no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Form(NamedTuple):
    """A step as it stands in keys: made once where several keys of one step are wanted."""

    body: str
    """Its content as canonical JSON, with places instead of ids: a step that moves in the plan keeps its takes."""
    inputs: tuple[str, ...]
    """The ids that it refers to, each once, in the order of their places."""

    @classmethod
    def of(cls, step: AnyStep) -> Form:
        """The form of `step`."""
        inputs = tuple(dict.fromkeys(wire.id for wire in step.wires()))
        body = _renamed(step.model_dump(mode="json"), {identity: f"#{place}" for place, identity in enumerate(inputs)})
        return cls(canonical_json(body), inputs)

    def key(
        self, take: int, performer: str, version: str, settings: Mapping[str, Any], upstream: Mapping[str, str]
    ) -> str:
        """The key of a take, as `take_key` says."""
        parts = [take, performer, version, settings, [upstream[identity] for identity in self.inputs]]
        return hashlib.sha256(f"{self.body}\n{canonical_json(parts)}".encode()).hexdigest()


def take_key(
    step: AnyStep, take: int, performer: str, version: str, settings: Mapping[str, Any], upstream: Mapping[str, str]
) -> str:
    """The key of a take: SHA-256 of all that decides what it will be.

    `upstream` maps each id that the step refers to onto the key (or, for assets, the digest) behind it. The ids
    themselves do not count, so a step that moves in the plan keeps its takes.
    """
    return Form.of(step).key(take, performer, version, settings, upstream)


def _renamed(value: Any, order: dict[str, str]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"id"} and value["id"] in order:
            return {"id": order[value["id"]]}
        return {name: _renamed(part, order) for name, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, order) for part in value]
    return value


def _wires(name: str, value: Any) -> Iterator[Wire]:
    if isinstance(value, Ref):
        arguments = type(value).__pydantic_generic_metadata__["args"]
        wants = (
            arguments[0] if arguments and isinstance(arguments[0], type) and issubclass(arguments[0], Media) else None
        )
        yield Wire(name, value.id, wants)
    elif isinstance(value, BaseModel):
        for part in type(value).model_fields:
            yield from _wires(f"{name}.{part}", getattr(value, part))
    elif isinstance(value, tuple | list):
        for place, part in enumerate(value):
            yield from _wires(f"{name}[{place}]", part)
    elif isinstance(value, dict):
        for part_name, part in value.items():
            yield from _wires(f"{name}.{part_name}", part)
