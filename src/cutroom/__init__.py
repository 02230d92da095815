"""Cutroom: words and any mix of pictures, clips, sound and text in; a finished film, and how it was made, out.

The public names are loaded when they are first used, so that ``import cutroom`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cutroom.version import VERSION

__version__ = VERSION


if TYPE_CHECKING:
    from cutroom.api import Options, Planned, Result, make, make_plan
    from cutroom.brief.brief import Asset, Brief
    from cutroom.errors import CutroomError
    from cutroom.media.kinds import Audio, Cut, Image, Media, Text, Video
    from cutroom.plan.plan import Plan
    from cutroom.plan.step import Ref, Step
    from cutroom.timeline.timeline import Timeline
    from cutroom.verdict import Abstain, Fail, Pass, Verdict

_HOMES = {
    "cutroom.api": ("make", "make_plan", "Options", "Planned", "Result"),
    "cutroom.brief.brief": ("Asset", "Brief"),
    "cutroom.errors": ("CutroomError",),
    "cutroom.media.kinds": ("Audio", "Cut", "Image", "Media", "Text", "Video"),
    "cutroom.plan.plan": ("Plan",),
    "cutroom.plan.step": ("Ref", "Step"),
    "cutroom.timeline.timeline": ("Timeline",),
    "cutroom.verdict": ("Abstain", "Fail", "Pass", "Verdict"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022 - as a reader sorts, case folded
    "Abstain",
    "Asset",
    "Audio",
    "Brief",
    "Cut",
    "CutroomError",
    "Fail",
    "Image",
    "make",
    "make_plan",
    "Media",
    "Options",
    "Pass",
    "Plan",
    "Planned",
    "Ref",
    "Result",
    "Step",
    "Text",
    "Timeline",
    "Verdict",
    "Video",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'cutroom' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
