"""What a judge is: somebody who looks at a take and says pass, fail or "I could not tell"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cutroom.media.kinds import Media
from cutroom.media.store import Store
from cutroom.plan.step import AnyStep
from cutroom.verdict import Verdict


class Judge(Protocol):
    """Looks at what a step made. The same take gets the same verdict every time."""

    name: str
    """Unique, e.g. ``house``; it stands in every verdict."""
    version: str
    """Raise it when verdicts change."""

    def look(self, step: AnyStep, media: Media, inputs: Mapping[str, Media], store: Store) -> Verdict:
        """The verdict on `media`, which `step` made of `inputs` (by the ids of its refs); all bytes lie in `store`.

        A take that is broken is a `Fail`, never an exception. Raises BrokenProduction when the store has lost bytes.
        """
        ...
