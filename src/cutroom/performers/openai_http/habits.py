"""What a server turns out to take and to refuse: servers speak one language with many accents.

A field that is refused is left out (and remembered), a size or length is replaced by the nearest that the refusal
names. Only fields that we add ourselves are left out; what a person configured is theirs to change.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cutroom.net.exchange import Request, Response
from cutroom.net.refusals import is_moderation, refusal, words
from cutroom.performers.flow import Flow, ask

_SIZE = re.compile(r"(?<![\dx×])(\d{2,5})\s*[x×]\s*(\d{2,5})(?![\dx×])")
_MULTIPLE = re.compile(r"(?:divisible by|multiples? of)\D{0,12}(\d{1,3})", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])(\d{1,3})(?![\w.]|x\d)")

_TRIES = 12
"""More accents than this in one call are no accent."""

Size = tuple[int, int]


@dataclass
class Habits:
    """What one server has refused until now. Shared by threads: it only ever grows."""

    refused: set[str] = field(default_factory=set)
    """Fields that it does not know."""
    sizes: tuple[Size, ...] = ()
    """The sizes that it makes; empty: not known."""
    multiple: int = 1
    """What both sides must be divisible by."""
    lengths: tuple[int, ...] = ()
    """The lengths that it makes, in seconds; empty: not known."""
    as_json: bool = False
    """True when it takes video jobs as JSON and not as a form."""

    def size(self, asked: Size) -> Size:
        """The nearest to `asked` that it makes, as far as is known."""
        if self.sizes:
            return nearest_size(asked, self.sizes)
        width, height = (-(-side // self.multiple) * self.multiple for side in asked)
        return width, height

    def length(self, asked: int) -> int:
        """The shortest that is at least `asked`, in seconds; else the longest; `asked` when nothing is known."""
        return min((one for one in self.lengths if one >= asked), default=max(self.lengths, default=asked))

    def learn(self, said: str, sent: Mapping[str, Any], name: str) -> bool:
        """Take in what a refusal of field `name` says. False when nothing new follows from it."""
        if name == "size":
            return self._learn_sizes(said, str(sent["size"]))
        if name == "seconds":
            named = {int(number) for number in _NUMBER.findall(said)} - {int(sent["seconds"]), 0}
            fresh = tuple(sorted(named))
            known, self.lengths = self.lengths, fresh
            return bool(fresh) and fresh != known
        self.refused.add(name)
        return True

    def _learn_sizes(self, said: str, sent: str) -> bool:
        found = tuple(dict.fromkeys((int(width), int(height)) for width, height in _SIZE.findall(said)))
        found = tuple(size for size in found if written(size) != sent)
        multiple = _MULTIPLE.search(said)
        if multiple and 1 < int(multiple[1]) <= 256 and int(multiple[1]) > self.multiple:
            self.multiple = int(multiple[1])
            return True
        known, self.sizes = self.sizes, found
        return bool(found) and found != known


def written(size: Size) -> str:
    """``1024x768``."""
    return f"{size[0]}x{size[1]}"


def sizes_from(listed: Collection[str]) -> tuple[Size, ...]:
    """Sizes as a person lists them; what is no size is passed over."""
    return tuple((int(found[1]), int(found[2])) for found in map(_SIZE.fullmatch, listed) if found)


def nearest_size(asked: Size, sizes: Collection[Size]) -> Size:
    """The size of `sizes` whose shape is nearest to `asked`; among equal shapes, the one nearest in area."""

    def far(size: Size) -> float:
        shape = math.log(size[0] / size[1]) - math.log(asked[0] / asked[1])
        area = math.log(size[0] * size[1]) - math.log(asked[0] * asked[1])
        # Shape counts for more: what is cut off is lost, what is small can be scaled up.
        return 2 * abs(shape) + abs(area) / 4

    return min(sizes, key=far)


def posted(
    fields: Callable[[], dict[str, Any]],
    ours: Collection[str],
    habits: Habits,
    call: Callable[[dict[str, Any]], Request],
    *,
    may_turn: bool = False,
) -> Flow[tuple[Response, dict[str, Any]]]:
    """Send what `call` makes of `fields`, and again without what the server refuses, until it is taken.

    `fields` is asked anew each time, with what was learnt meanwhile; `ours` names those that may be left out or
    changed; with `may_turn`, a form may become JSON. Returns the answer and the fields that it answers. Raises what the
    refusal means.
    """
    for left in reversed(range(_TRIES)):
        sent = {name: value for name, value in fields().items() if name not in habits.refused or name not in ours}
        request = call(sent)
        answer = yield from ask(request)
        if answer.status < 300:
            return answer, sent
        trouble = refusal(answer, paid=request.paid)
        said = " ".join(words(answer))
        if is_moderation(said) or not left:
            raise trouble
        if may_turn and not habits.as_json and _wants_json(answer, said):
            habits.as_json = True
            continue
        name = blamed(answer, [one for one in sent if one in ours])
        if name is None or not habits.learn(said, sent, name):
            raise trouble
    raise AssertionError("the last try returns or raises")


def _wants_json(answer: Response, said: str) -> bool:
    """True when a refusal is about the form itself: another media type (415), or a body that is no object."""
    return answer.status == 415 or bool(re.search(r"\bjson\b|valid dictionary|content[- ]type", said, re.IGNORECASE))


def blamed(answer: Response, names: Collection[str]) -> str | None:
    """Which of `names` a refusal is about: the parameter that it names, else one that its message names; None for none."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    for name in _parameters(body):
        if name in names:
            return name
    said = " ".join(words(answer))
    found = [name for name in names if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", said)]
    return max(found, key=len, default=None)


def _parameters(body: Any) -> list[str]:
    """``{"error": {"param": "seed"}}``, ``{"detail": [{"loc": ["body", "seed"]}]}``."""
    if not isinstance(body, dict):
        return []
    error, detail = body.get("error"), body.get("detail")
    named = [error.get("param")] if isinstance(error, dict) else []
    for one in detail if isinstance(detail, list) else ():
        place = one.get("loc") if isinstance(one, dict) else None
        if isinstance(place, list) and place:
            named.append(place[1] if len(place) > 1 else place[0])
    return [str(name) for name in named if name]
