"""A pydantic model as servers and small models take it: JSON Schema in the subset that all dialects share, and one line of shape.

The subset is objects, arrays, enums, `required`, `anyOf` for real alternatives, and descriptions. Bounds, patterns and
formats are left out, because grammar compilers refuse or mistranslate some of them (and each a different set); pydantic
enforces them afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from pydantic import BaseModel

from cutroom.errors import WrongUse

_DEEP = 24
_DESCRIPTION = 160
_NOTES = 40
_SIMPLE = ("string", "integer", "number", "boolean", "null")


@lru_cache(maxsize=256)
def _schema_text(model: type[BaseModel]) -> str:
    whole = model.model_json_schema(mode="validation")
    reduced = _reduced(whole, whole.get("$defs", {}), 0)
    if reduced.get("type") != "object":
        raise WrongUse(f"{model.__name__}: an answer must be an object with fields, because tools take nothing else")
    return json.dumps(reduced, ensure_ascii=False)


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """JSON Schema for `model` without references, in the common subset; every object says what it requires.

    Raises WrongUse when `model` is no object or contains itself, which not every server's grammar can say.
    """
    return json.loads(_schema_text(model))


def _reduced(node: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth > _DEEP:
        raise WrongUse("an answer may not contain itself; flatten the model")
    if "$ref" in node:
        target = definitions[str(node["$ref"]).rpartition("/")[2]]
        return _described(_reduced(target, definitions, depth + 1), node)
    if len(node.get("allOf", ())) == 1:
        return _described(_reduced(node["allOf"][0], definitions, depth + 1), node)
    options = node.get("anyOf") or node.get("oneOf")
    if options and "type" not in node:
        return _described(_one_of(options, definitions, depth), node)
    if "const" in node or "enum" in node:
        values = node.get("enum", [node.get("const")])
        return _described({"type": _type_of(values), "enum": list(values)}, node)
    match node.get("type"):
        case "object":
            return _described(_object(node, definitions, depth), node)
        case "array":
            return _described({"type": "array", "items": _items(node, definitions, depth)}, node)
        case str() as simple if simple in _SIMPLE:
            return _described({"type": simple}, node)
    return _described({}, node)


def _object(node: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> dict[str, Any]:
    rest = node.get("additionalProperties")
    if "properties" not in node and isinstance(rest, Mapping):
        return {"type": "object", "additionalProperties": _reduced(rest, definitions, depth + 1)}
    fields = {name: _reduced(field, definitions, depth + 1) for name, field in node.get("properties", {}).items()}
    required = [name for name in node.get("required", ()) if name in fields]
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}


def _items(node: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if "items" in node:
        return _reduced(node["items"], definitions, depth + 1)
    kinds = [_reduced(item, definitions, depth + 1) for item in node.get("prefixItems", ())]
    same = kinds and all(kind == kinds[0] for kind in kinds)
    return kinds[0] if same else {"anyOf": kinds} if kinds else {}


def _one_of(options: list[Any], definitions: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """A field that may be null is one that may be left out; what remains is an alternative only when there are two."""
    kinds: list[dict[str, Any]] = []
    for option in options:
        kind = _reduced(option, definitions, depth + 1)
        if kind.get("type") != "null" and kind not in kinds:
            kinds.append(kind)
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _type_of(values: list[Any]) -> str:
    match values[0]:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case None:
            return "null"
    return "string"


def _described(reduced: dict[str, Any], node: Mapping[str, Any]) -> dict[str, Any]:
    """`reduced` with what `node` says about it, its bounds in words: a grammar does not hold them, but a reader can."""
    text = " ".join(str(node.get("description") or reduced.get("description", "")).split())
    text = text if len(text) <= _DESCRIPTION else f"{text[: _DESCRIPTION - 1]}…"
    limits = _limits(node)
    if limits and limits not in text:
        text = f"{text} ({limits})" if text else limits
    return {**reduced, "description": text} if text else reduced


def _limits(node: Mapping[str, Any]) -> str:
    """The bounds of a number, a text or a list, in words; empty when it has none."""
    low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum", node.get("exclusiveMaximum"))
    told = [
        _range(low, high, "", above="exclusiveMinimum" in node, below="exclusiveMaximum" in node),
        _range(node.get("minLength"), node.get("maxLength"), " characters"),
        _range(node.get("minItems"), node.get("maxItems"), " items"),
    ]
    return ", ".join(one for one in told if one)


def _range(low: Any, high: Any, unit: str, *, above: bool = False, below: bool = False) -> str:
    least = "" if low is None else f"{'more than' if above else 'at least'} {low}"
    most = "" if high is None else f"{'less than' if below else 'at most'} {high}"
    if low is not None and high is not None and not above and not below:
        return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"
    return f"{' and '.join(one for one in (least, most) if one)}{unit}" if least or most else ""


def strict(schema: Mapping[str, Any]) -> bool:
    """True when every object in `schema` requires all of its fields: the condition for OpenAI's strict mode."""
    if schema.get("type") == "object":
        fields = schema.get("properties")
        if fields is None or set(schema.get("required", ())) != set(fields):
            return False
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    if isinstance(schema.get("items"), Mapping):
        inner.append(schema["items"])
    return bool(schema) and all(strict(one) for one in inner)


def shape_of(schema: Mapping[str, Any]) -> str:
    """`schema` in one line that a small model follows: ``{"title": string, "mood"?: "calm" | "bright"}``.

    A question mark marks what may be left out. What is said about fields follows, each on a line of its own.
    """
    return "\n".join([_shape(schema), *islice(_notes(schema, ""), _NOTES)])


def _shape(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_shape(option) for option in schema["anyOf"])
    match schema.get("type"):
        case "object" if "properties" in schema:
            required = schema.get("required", ())
            fields = (
                f"{json.dumps(name, ensure_ascii=False)}{'' if name in required else '?'}: {_shape(field)}"
                for name, field in schema["properties"].items()
            )
            return "{" + ", ".join(fields) + "}"
        case "object":
            return "{[name]: " + _shape(schema.get("additionalProperties", {})) + "}"
        case "array":
            item = _shape(schema["items"])
            return f"({item})[]" if " | " in item and not item.startswith("{") else f"{item}[]"
        case str() as simple:
            return {"boolean": "true | false"}.get(simple, simple)
    return "anything"


def _notes(schema: Mapping[str, Any], above: str) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        if "description" in field:
            yield f"{above}{name}: {field['description']}"
        yield from _notes(field, f"{above}{name}.")
    if isinstance(schema.get("items"), Mapping):
        yield from _notes(schema["items"], f"{above[:-1]}[].")
    for option in schema.get("anyOf", ()):
        yield from _notes(option, above)
