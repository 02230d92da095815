"""The door for plug-ins, and for our own: hooks that a package offers under the entry point group ``cutroom``.

A plug-in is a module with functions marked `hookimpl`. The house performers enter exactly like this
(`cutroom.performers.house`), so whatever works for them works for yours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pluggy

hookspec = pluggy.HookspecMarker("cutroom")
hookimpl = pluggy.HookimplMarker("cutroom")


class Hooks:
    """What a plug-in may offer. Each hook is given a function to call once per thing offered."""

    @hookspec
    def cutroom_steps(self, register: Callable[[type], None]) -> None:
        """Offer step classes (`cutroom.plan.step.Step`) to planners."""

    @hookspec
    def cutroom_performers(self, register: Callable[[Any], None]) -> None:
        """Offer performers (`cutroom.performers.performer.Performer`), best first."""

    @hookspec
    def cutroom_judges(self, register: Callable[[Any], None]) -> None:
        """Offer judges (`cutroom.judge.judge.Judge`)."""

    @hookspec
    def cutroom_planners(self, register: Callable[[Any], None]) -> None:
        """Offer planners (`cutroom.planner.planner.Planner`)."""


@cache
def plugin_manager() -> pluggy.PluginManager:
    """The one plug-in manager, with every installed plug-in loaded."""
    manager = pluggy.PluginManager("cutroom")
    manager.add_hookspecs(Hooks)
    manager.load_setuptools_entrypoints("cutroom")
    # The last one in is asked first. Which package is found first is up to the machine; strangers come before the house.
    for name, plugin in manager.list_name_plugin():
        if plugin is not None and not getattr(plugin, "__name__", "").startswith("cutroom."):
            manager.unregister(plugin)
            manager.register(plugin, name)
    return manager


def offered(hook: str) -> list[Any]:
    """Everything that plug-ins offer through `hook`, a plug-in's own order kept, strangers before the house."""
    things: list[Any] = []
    getattr(plugin_manager().hook, hook)(register=things.append)
    return things
