"""Everything that Cutroom raises on purpose.

CutroomError
├── WrongUse          the command or call itself is wrong (exit status 2)
├── BadInput          a file that was handed over cannot be used; the rest of the work goes on
│   └── TooLarge      …because opening it would take more memory than it is worth
├── TryAgain          same step, corrected input: the message goes to the planner
├── GiveUp            this step cannot work as it is: the plan must change
├── TryLater          a server cannot just now: the same call again, after a while
├── Ambiguous         a call that may cost money was sent, and no answer came
│   └── Vanished      …or it was taken on as a job that the server does not know any more
├── Unavailable       something optional is not on this machine (a voice, a font, an extra)
├── OverBudget        stop spending; wrap with what there is
├── Cancelled         a person stopped the run; whatever was made is kept
├── NoSpace           the disk is full, or the folder cannot be written
├── Busy              another process is at work on this production
└── BrokenProduction  a production folder that cannot be read (or comes from a newer Cutroom)
    └── Damaged       a blob whose bytes are not those that were kept
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

    def __init__(self, message: str, *, billed: bool | None = False) -> None:
        super().__init__(message)
        self.billed = billed
        """Whether the attempt was paid for; None when nobody knows."""


class TryLater(CutroomError):
    """A server is overloaded or away (429, 5xx, refused): the same call again after a while. Nothing was billed."""

    def __init__(self, message: str, *, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after
        """In how many seconds, when the server says so."""


class Ambiguous(CutroomError):
    """A call that may cost money was sent and no answer came: it may have been carried out, and billed."""


class Vanished(Ambiguous):
    """The server does not know a job that it took on (it was restarted, say): asking for it again is of no use."""


class Unavailable(CutroomError):
    """Something optional is not on this machine; the message says how to get it."""


class OverBudget(CutroomError):
    """Stop spending; wrap with what we have."""


class Cancelled(CutroomError):
    """A person stopped the run."""


class NoSpace(CutroomError):
    """The disk is full or the folder cannot be written."""


class Busy(CutroomError):
    """Another process is at work on this production."""


class BrokenProduction(CutroomError):
    """A production folder that cannot be read."""


class Damaged(BrokenProduction):
    """A blob in the store whose bytes are not those that were kept."""
