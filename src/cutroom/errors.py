"""Everything that Cutroom raises on purpose.

CutroomError
├── WrongUse          the command or call itself is wrong (exit status 2)
├── BadInput          a file that was handed over cannot be used; the rest of the work goes on
│   └── TooLarge      …because opening it would take more memory than it is worth
├── TryAgain          same step, corrected input: the message goes to the planner
├── GiveUp            this step cannot work as it is: the plan must change
├── Unavailable       something optional is not on this machine (a voice, a font, an extra)
├── OverBudget        stop spending; wrap with what there is
├── Cancelled         a person stopped the run; whatever was made is kept
├── NoSpace           the disk is full, or the folder cannot be written
└── BrokenProduction  a production folder that cannot be read (or comes from a newer Cutroom)
"""

from __future__ import annotations

from pathlib import Path


class CutroomError(Exception):
    """Everything we raise on purpose."""


class WrongUse(CutroomError):
    """The command or the call is wrong; nothing was started."""


class BadInput(CutroomError):
    """A file cannot be used. Says which, why, and the way out."""

    def __init__(self, path: str | Path, reason: str, way_out: str) -> None:
        super().__init__(f"{path}: {reason}; {way_out}")
        self.path = str(path)
        self.reason = reason
        self.way_out = way_out


class TooLarge(BadInput):
    """Opening the file would take more memory than Cutroom allows a single file."""


class TryAgain(CutroomError):
    """Same step, corrected input; the message goes to the planner."""


class GiveUp(CutroomError):
    """This step cannot work; the plan must change."""


class Unavailable(CutroomError):
    """Something optional is not on this machine; the message says how to get it."""


class OverBudget(CutroomError):
    """Stop spending; wrap with what we have."""


class Cancelled(CutroomError):
    """A person stopped the run."""


class NoSpace(CutroomError):
    """The disk is full or the folder cannot be written."""


class BrokenProduction(CutroomError):
    """A production folder that cannot be read."""
