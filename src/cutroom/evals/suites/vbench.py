"""The suite `vbench`: the six quality dimensions of any folder of clips, with house measures.

With VBench's prompt file, clips are looked for under its names (``PROMPT-0.mp4`` to ``PROMPT-4.mp4``), each prompt counts
for the dimensions that it is meant for, and clips that are not there are counted as missing rather than passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cutroom.errors import BadInput, WrongUse
from cutroom.evals.aggregate import mean, rate
from cutroom.evals.dimensions import HouseDimensions
from cutroom.evals.suites.files import item_of
from cutroom.evals.task import Bench, Case, Figure, Looked, Made, Scored, Task
from cutroom.media.store import digest_of

VERSION = "1"
SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".gif")
CLIPS_A_PROMPT = 5
OF = {
    "subject_consistency.house": "subject_consistency",
    "background_consistency.house": "background_consistency",
    "temporal_flickering": "temporal_flickering",
    "temporal_flickering.normalised": "temporal_flickering",
    "motion_smoothness.house": "motion_smoothness",
    "dynamic_degree.house": "dynamic_degree",
    "imaging_quality.house": "imaging_quality",
}
"""Which of VBench's dimensions each score stands for."""


class Prompt(NamedTuple):
    """A row of VBench's prompt file."""

    text: str
    dimensions: tuple[str, ...]


def vbench(folder: Path, prompts: Path | None = None) -> Task:
    """The task: all clips in `folder`, or those that `prompts` names. Raises WrongUse, or BadInput for the prompt file."""
    if not folder.is_dir():
        raise WrongUse(f"--media {folder}: is no folder")
    if prompts is not None:
        files = [
            (f"{prompt.text}-{number}.mp4", prompt) for prompt in read(prompts) for number in range(CLIPS_A_PROMPT)
        ]
    else:
        names = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
        files = [(name, Prompt("", ())) for name in names]
    if not files:
        raise WrongUse(f"--media {folder}: holds no clip ({', '.join(SUFFIXES)})")
    there: dict[str, Prompt] = {}
    for name, prompt in files:
        before = there.get(name, Prompt(prompt.text, ()))
        there[name] = Prompt(prompt.text, (*before.dimensions, *prompt.dimensions))
    cases = tuple(
        Case(id=name, group=prompt.text or name, labels={"dimensions": " ".join(prompt.dimensions)})
        for name, prompt in there.items()
    )

    def make(case: Case, bench: Bench) -> Made:
        return Made(items=(item_of(folder / case.id, bench.store, there[case.id].text),))

    settings = {"prompts": digest_of(prompts).digest if prompts else "none"}
    return Task("vbench", VERSION, cases, make, score, figures, judge=HouseDimensions(), settings=settings)


def score(looked: Looked) -> Mapping[str, float]:
    """The dimensions that the clip's prompt is meant for; all when it has no prompt."""
    wanted = set(looked.case.labels.get("dimensions", "").split())
    found = looked.verdicts[0].scores
    return {name: value for name, value in found.items() if name in OF and (not wanted or OF[name] in wanted)}


def figures(cases: Sequence[Scored]) -> tuple[Figure, ...]:
    """The mean of each dimension; of the dynamic degree, the share of clips that move."""
    some = [one for one in cases if one.outcome == "scored"]
    found = [rate(name, some) if name == "dynamic_degree.house" else mean(name, some) for name in OF]
    return tuple(figure for figure in found if figure is not None)


def read(path: Path) -> tuple[Prompt, ...]:
    """The rows of VBench's ``VBench_full_info.json``. Raises BadInput when it is something else."""
    way_out = "name VBench_full_info.json as its authors publish it"
    try:
        rows = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(path, f"cannot be read as JSON ({error})", way_out) from error
    try:
        return tuple(Prompt(str(row["prompt_en"]), tuple(str(one) for one in row["dimension"])) for row in rows)
    except (KeyError, TypeError) as error:
        raise BadInput(path, f"is no list of prompts with their dimensions ({error!r})", way_out) from error
