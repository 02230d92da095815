"""What steps are called where people read of them: by the file that they are made of, or by what they make."""

from __future__ import annotations

from collections.abc import Iterable

from cutroom.brief.brief import Brief
from cutroom.plan.catalogue.assemble import AssembleCut, MarkFilm, RenderFilm
from cutroom.plan.catalogue.generate import ComposeMusic, GenerateMusic, Speak
from cutroom.plan.catalogue.write import WriteCaptions, WriteScript, WriteStory
from cutroom.plan.plan import Degraded, Plan
from cutroom.plan.step import AnyStep

_MADE: tuple[tuple[type[AnyStep] | tuple[type[AnyStep], ...], str], ...] = (
    ((ComposeMusic, GenerateMusic), "the music"),
    (Speak, "the narration"),
    (WriteCaptions, "the captions"),
    (WriteScript, "the script"),
    (WriteStory, "the story"),
    (AssembleCut, "the cut"),
    ((RenderFilm, MarkFilm), "the film"),
)


def named(found: Iterable[Degraded], brief: Brief, plan: Plan | None) -> tuple[Degraded, ...]:
    """`found` in its order, each once, its assets and steps under the names that people know them by.

    A shot, a look and whatever else is made of a file bear the file's name. What is no id, and what no file is
    behind, stays as it is.
    """
    names = {asset.id: asset.name for asset in brief.assets}
    renamed = (item.model_copy(update={"what": _name(item.what, names, plan)}) for item in found)
    return tuple(dict.fromkeys(renamed))


def _name(what: str, names: dict[str, str], plan: Plan | None) -> str:
    if what in names:
        return names[what]
    if plan is None or what not in plan.steps:
        return what
    step = plan.steps[what]
    made = next((words for kinds, words in _MADE if isinstance(step, kinds)), None)
    return made or _file_behind(what, names, plan) or what


def _file_behind(step: str, names: dict[str, str], plan: Plan) -> str | None:
    """The name of the first file that a step is made of, however far up; None when there is none."""
    waiting, seen = list(reversed(plan.upstream(step))), {step}
    while waiting:
        identity = waiting.pop()
        if identity in names:
            return names[identity]
        if identity in plan.steps and identity not in seen:
            seen.add(identity)
            waiting.extend(reversed(plan.upstream(identity)))
    return None
