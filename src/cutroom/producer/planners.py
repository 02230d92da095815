"""Which planner plays: the one that was asked for, the one that planned until now, or the one that the brief needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cutroom.brief.brief import Brief
from cutroom.configuration import configured
from cutroom.errors import WrongUse
from cutroom.media.kinds import Image, Video
from cutroom.performers.performer import Performer
from cutroom.planner.chat import ChatPlanner
from cutroom.planner.planner import Planner

Choice = Literal["chat", "house"]

HOUSE = "house"


def planner_for(
    brief: Brief,
    performers: Sequence[Performer],
    offered: Sequence[Planner],
    *,
    asked: Choice | None = None,
    until_now: str = "",
    writer: str | None = None,
) -> Planner:
    """Who plans.

    Args:
        brief: What is wanted. Without a picture or clip, somebody has to invent what is seen.
        performers: Everybody who performs here.
        offered: The planners that plug-ins offer, strangers first, the house last.
        asked: The one that the person asked for.
        until_now: The one that a production goes on with; empty where it is free to change.
        writer: Who writes for the chat planner, as configured: a model's name, ``house`` for none, None for the first.

    Raises WrongUse when the chat planner is asked for and no chat model is configured.
    """
    house = next((planner for planner in offered if planner.name == HOUSE), offered[0])
    chat = ChatPlanner(performers, None if writer == HOUSE else writer)
    if asked == HOUSE:
        return house
    if asked == "chat":
        if not chat.can_write():
            raise WrongUse(
                "--planner chat: no chat model is configured; add one: cutroom models add NAME --url http://… --chat MODEL"
            )
        return chat
    known = {planner.name: planner for planner in (*offered, chat)}
    if until_now in known:
        return known[until_now]
    if offered[0].name != HOUSE:
        return offered[0]
    return chat if writer != HOUSE and _invents(brief) and chat.can_write() else house


def writer() -> str | None:
    """Who writes for the chat planner, as configured; ``house`` when the configuration says that the house plans.

    Raises WrongUse for a configuration that cannot be read.
    """
    configuration = configured()
    return configuration.planner if configuration.planner == HOUSE else configuration.chat


def _invents(brief: Brief) -> bool:
    """True when nothing that can be seen was handed over."""
    return not any(isinstance(asset.media, Image | Video) for asset in brief.assets)
