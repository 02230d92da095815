"""Honest fakes for tests, yours and ours: colour bars, a tone, a planner that follows a script, performers without skill.

None of them pretends to be the real thing: what they make says what it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cutroom.brief.brief import Brief
from cutroom.media.kinds import Media
from cutroom.media.store import Store
from cutroom.money import Price
from cutroom.performers.performer import Desk
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import Terms
from cutroom.planner.planner import Known
from cutroom.verdict import Fail, Finding, Pass, Verdict

if TYPE_CHECKING:
    import numpy as np

BARS = ((191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191))
"""The 75 % colour bars of SMPTE EG 1, as 8-bit RGB."""


def colour_bars(width: int = 640, height: int = 360) -> np.ndarray:
    """Seven upright bars: uint8 RGB of shape (height, width, 3)."""
    import numpy as np

    columns = np.minimum(np.arange(width) * len(BARS) // width, len(BARS) - 1)
    return np.broadcast_to(np.array(BARS, np.uint8)[columns], (height, width, 3)).copy()


def tone(seconds: float = 1.0, hertz: float = 1000.0, level: float = -20.0, rate: int = 48_000) -> np.ndarray:
    """A sine of `level` dBFS (peak): float32 of shape (samples, 2)."""
    import numpy as np

    at = np.arange(round(seconds * rate)) / rate
    wave = 10 ** (level / 20) * np.sin(2 * np.pi * hertz * at)
    return np.repeat(wave[:, None], 2, axis=1).astype(np.float32)


class ScriptedPlanner:
    """Hands out plans from a list, one each time it is asked, the last one again and again."""

    name = "scripted"
    version = "1"

    def __init__(self, *plans: Plan, revisions: Mapping[str, Callable[[Plan], Plan | None]] | None = None) -> None:
        self.plans = list(plans)
        self.revisions = dict(revisions or {})
        self.asked: list[Known] = []

    def plan(self, brief: Brief, known: Known) -> Plan:
        """The next plan."""
        self.asked.append(known)
        return self.plans[min(len(self.asked), len(self.plans)) - 1]

    def revise(self, plan: Plan, step: str, verdict: Verdict, round: int) -> Plan | None:
        """What the script has for this step, if anything."""
        revision = self.revisions.get(step)
        return revision(plan) if revision else None


class Scribe:
    """Performs any step that makes Text by writing down the step and the keys of its inputs."""

    name = "scribe"
    version = "1"

    def __init__(self, *, price: str = "0", fails: Mapping[str, Exception] | None = None) -> None:
        self.cost = Price.of(price)
        self.fails = dict(fails or {})
        self.performed: list[AnyStep] = []

    def performs(self, step: AnyStep) -> bool:
        """Any step that makes Text."""
        return step.makes.medium == "text"

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """None."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """The same for every step."""
        return Terms(price=self.cost)

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The step as text. Raises what it was told to raise for steps of this kind."""
        self.performed.append(step)
        if step.kind in self.fails:
            raise self.fails[step.kind]
        inputs = {name: media.digest for name, media in desk.inputs.items()}
        return desk.keep_text(json.dumps([step.canonical(), desk.take, inputs]))


class StrictJudge:
    """Fails the first `rejects` takes that it sees of each step kind named, passes everything else."""

    name = "strict"
    version = "1"

    def __init__(self, rejects: Mapping[str, int] | None = None, check: str = "strict") -> None:
        self.left = dict(rejects or {})
        self.check = check
        self.seen: list[str] = []

    def look(self, step: AnyStep, media: Media, inputs: dict[str, Media], store: Store) -> Verdict:
        """A fail as long as there are fails left for this kind, each a little less bad than the one before."""
        self.seen.append(step.kind)
        left = self.left.get(step.kind, 0)
        if not left:
            return Pass(judge=self.name, version=self.version)
        self.left[step.kind] = left - 1
        findings = tuple(Finding(check=self.check, says=f"fault {place + 1}") for place in range(left))
        return Fail(
            judge=self.name, version=self.version, reasons=tuple(one.says for one in findings), findings=findings
        )
