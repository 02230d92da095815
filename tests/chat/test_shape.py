from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from cutroom.chat.shape import schema_of, shape_of, strict
from cutroom.errors import WrongUse


class Beat(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)

    words: str = Field(max_length=80, pattern="^[A-Z]")
    """What is said."""
    pace: Literal["slow", "fast"] = "slow"


class Still(BaseModel):
    kind: Literal["still"]
    number: int = Field(ge=1, le=5)


class Move(BaseModel):
    kind: Literal["move"]
    ways: tuple[Literal["in", "out"], ...] = Field(max_length=3)


class Story(BaseModel):
    title: str
    beats: tuple[Beat, ...] = Field(min_length=1)
    note: str | None = None
    shot: Annotated[Still | Move, Field(discriminator="kind")]
    weights: dict[str, float] = {}


def keywords(node):
    if isinstance(node, dict):
        yield from node
        for name, value in node.items():
            yield from keywords(value if name != "properties" else list(value.values()))
    elif isinstance(node, list):
        for value in node:
            yield from keywords(value)


def test_the_schema_keeps_to_what_every_server_knows():
    known = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description"}
    assert set(keywords(schema_of(Story))) <= known


def test_what_may_be_left_out_is_not_required_and_null_is_no_alternative():
    schema = schema_of(Story)
    assert schema["required"] == ["title", "beats", "shot"]
    assert schema["properties"]["note"] == {"type": "string"}


def test_the_shape_is_one_line_with_bounds_in_words():
    first, *notes = shape_of(schema_of(Story)).splitlines()
    assert first == (
        '{"title": string, "beats": {"words": string, "pace"?: "slow" | "fast"}[], "note"?: string, '
        '"shot": {"kind": "still", "number": integer} | {"kind": "move", "ways": ("in" | "out")[]}, '
        '"weights"?: {[name]: number}}'
    )
    assert notes == [
        "beats: at least 1 items",
        "beats[].words: What is said. (at most 80 characters)",
        "shot.number: 1 to 5",
        "shot.ways: at most 3 items",
    ]


def test_strict_only_when_every_field_is_required():
    assert strict(schema_of(Still))
    assert not strict(schema_of(Beat))
    assert not strict(schema_of(Story))


class Tree(BaseModel):
    leaves: list["Tree"]


def test_a_model_that_contains_itself_is_refused():
    with pytest.raises(WrongUse, match="contain itself"):
        schema_of(Tree)
