"""A step as a form that a model fills in: the few fields that take words or wires, read off the step's own class.

Times, sizes and seeds are not on the form. Whoever plans fills them in, so that nothing that a model writes decides how
long, how large or how often something is made.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from cutroom.media.kinds import KINDS, Media
from cutroom.plan.step import AnyStep, Ref

OURS = frozenset({"kind", "seed", "seconds", "width", "height", "format", "handles", "facts", "language", "part"})
"""Fields that are never on the form, by name."""

LONGEST = 1500
"""Characters that a field takes at most."""


class Blank(NamedTuple):
    """One field of the form."""

    name: str
    says: str
    """What belongs into it: the field's own words."""
    required: bool
    choices: tuple[str, ...] = ()
    """The only words that it takes; empty for any."""
    wants: type[Media] | None = None
    """The kind of media that it points to; None for a field of words."""
    several: bool = False
    """True when it points to any number of them."""


class WrongForm(ValueError):
    """A form that was filled in wrongly. Its arguments are the problems, in sentences for whoever filled it in."""

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence each."""
        return self.args


@cache
def form(step: type[AnyStep]) -> tuple[Blank, ...] | None:
    """The fields of `step` that are filled in by hand; None when it needs something that no form can hold."""
    blanks: list[Blank] = []
    for name, field in step.model_fields.items():
        if name in OURS:
            continue
        blank = _blank(name, field)
        if blank is not None:
            blanks.append(blank)
        elif field.is_required():
            return None
    return tuple(blanks)


def _blank(name: str, field: FieldInfo) -> Blank | None:
    """The field as a blank; None when it takes neither words nor wires."""
    says = " ".join((field.description or "").split())
    kind = _without_none(field.annotation)
    required = field.is_required()
    several = get_origin(kind) is tuple and len(get_args(kind)) == 2 and get_args(kind)[1] is ...
    inner = get_args(kind)[0] if several else kind
    if (wants := _wanted(inner)) is not None:
        return Blank(name, says, required, wants=wants, several=several)
    if several:
        return None
    if kind is str:
        return Blank(name, says, required)
    if get_origin(kind) is Literal and all(isinstance(choice, str) for choice in get_args(kind)):
        return Blank(name, says, required, choices=get_args(kind))
    return None


def _without_none(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        left = [one for one in get_args(annotation) if one is not type(None)]
        return left[0] if len(left) == 1 else annotation
    return annotation


def _wanted(annotation: Any) -> type[Media] | None:
    if not (isinstance(annotation, type) and issubclass(annotation, Ref)):
        return None
    arguments = annotation.__pydantic_generic_metadata__["args"]
    return arguments[0] if arguments and isinstance(arguments[0], type) else Media


def filled(
    step: type[AnyStep], written: Mapping[str, str], things: Mapping[str, str], ours: Mapping[str, Any]
) -> AnyStep:
    """`step` as a form was filled in.

    Args:
        step: The step's class; it has a form.
        written: What stands in the form's fields; an empty text is a field that was left out.
        things: What may be pointed to: the name that stands in the form → the id in the plan.
        ours: Values for fields that are not on the form, as far as the step has them.

    Raises WrongForm that says all that is wrong.
    """
    blanks = form(step) or ()
    values = {name: value for name, value in ours.items() if name in OURS and name in step.model_fields}
    problems = [f"there is no field {name!r}" for name in written if name not in {blank.name for blank in blanks}]
    for blank in blanks:
        text = written.get(blank.name, "").strip()
        try:
            if text:
                values[blank.name] = _value(blank, text, things)
            elif blank.required:
                problems.append(f"{blank.name} is missing: {blank.says}")
        except WrongForm as error:
            problems += error.problems
    if problems:
        raise WrongForm(*problems)
    try:
        return step.model_validate(values)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False))
        raise WrongForm(*wrong) from error


def _value(blank: Blank, text: str, things: Mapping[str, str]) -> Any:
    if blank.wants is not None:
        names = [name.strip() for name in text.split(",")] if blank.several else [text]
        unknown = [name for name in names if name not in things]
        if unknown:
            there = ", ".join(repr(name) for name in things) or "nothing yet"
            raise WrongForm(f"{blank.name} points to {unknown[0]!r}; there is: {there}")
        refs = tuple(Ref[blank.wants](id=things[name]) for name in names)
        return refs if blank.several else refs[0]
    if blank.choices and text not in blank.choices:
        raise WrongForm(f"{blank.name} is {text!r}; it takes: {', '.join(blank.choices)}")
    if len(text) > LONGEST:
        raise WrongForm(f"{blank.name} has {len(text)} characters; it takes {LONGEST}")
    return text


def example(step: type[AnyStep], ours: Mapping[str, Any]) -> AnyStep | None:
    """A filled form of `step`, to ask whether somebody can carry such a step out; None when it has no form."""
    blanks = form(step)
    if blanks is None:
        return None
    written = {
        blank.name: "thing" if blank.wants is not None else blank.choices[0] if blank.choices else "words"
        for blank in blanks
        if blank.required
    }
    try:
        return filled(step, written, {"thing": "thing"}, ours)
    except WrongForm:
        return None


def told(step: type[AnyStep]) -> str:
    """The form in one line: ``animate_still(still: image, motion: words) makes a video. Make a clip that …``."""
    kind = step.model_fields["kind"].default
    fields = ", ".join(f"{blank.name}{'' if blank.required else '?'}: {_takes(blank)}" for blank in form(step) or ())
    sentence = (step.__doc__ or "").strip().splitlines()[0]
    return f"{kind}({fields}) makes {_a(step.makes.medium)}. {sentence}"


def _takes(blank: Blank) -> str:
    if blank.wants is not None:
        medium = blank.wants.medium if blank.wants in KINDS.values() else "media"
        return f"{medium}s" if blank.several else medium
    return " | ".join(blank.choices) if blank.choices else "words"


def _a(medium: str) -> str:
    return f"{'an' if medium[0] in 'aeiou' else 'a'} {medium}"
