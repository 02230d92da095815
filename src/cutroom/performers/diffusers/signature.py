"""What a pipeline can do and how it wants to be called, read from its call's signature and never from its name."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cutroom.configuration import Ability

ABILITIES: tuple[Ability, ...] = ("image", "edit", "video", "animate")
"""What pipelines are used for here."""

_GIVEN = {"prompt", "image", "mask_image", "height", "width", "num_frames", "generator"}
"""What we hand over where it is wanted; a pipeline that cannot do without something else is not for us."""


@dataclass(frozen=True)
class Signature:
    """The parameters of a pipeline's call."""

    defaults: Mapping[str, Any]
    """By name; `Signature.needed` are those without."""
    needed: frozenset[str]

    @classmethod
    def of(cls, pipeline: type) -> Signature:
        """Of a pipeline's class."""
        parameters = inspect.signature(pipeline.__call__).parameters
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        listed = {name: one for name, one in parameters.items() if name != "self" and one.kind not in kinds}
        bare = {name for name, one in listed.items() if one.default is inspect.Parameter.empty}
        return cls({name: None if name in bare else one.default for name, one in listed.items()}, frozenset(bare))

    def takes(self, name: str) -> bool:
        """True when the call has this parameter."""
        return name in self.defaults

    def number(self, *names: str) -> float | None:
        """The default of the first of these parameters that has a number for one."""
        for name in names:
            value = self.defaults.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return value
        return None

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the pipeline can be asked for."""
        if self.needed - _GIVEN or not (self.takes("prompt") or self.takes("image")):
            return frozenset()
        moving = self.takes("num_frames")
        if not moving and not self._makes_pictures():
            return frozenset()
        from_words: Ability = "video" if moving else "image"
        from_picture: Ability = "animate" if moving else "edit"
        found: set[Ability] = set()
        if self.takes("prompt") and "image" not in self.needed:
            found.add(from_words)
        if self.takes("image"):
            found.add(from_picture)
        return frozenset(found)

    def _makes_pictures(self) -> bool:
        """Sounds have no height; a clip that is only changed has no number of frames of its own."""
        return self.takes("image") or (self.takes("height") and self.takes("width") and not self.takes("video"))
