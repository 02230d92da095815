"""Which process holds something, written so that a later one with its number is not taken for it."""

from __future__ import annotations

import os
import platform
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class Holder(NamedTuple):
    """A process, so that it cannot be mistaken for a later one with its number."""

    host: str
    boot: str
    process: int
    started: str

    @classmethod
    def myself(cls) -> Holder:
        """This process."""
        return _myself(os.getpid())

    @classmethod
    def read(cls, text: str) -> Holder:
        """The holder that was written as `text`. Raises ValueError when it is none."""
        host, boot, process, started = text.split(" ")
        return cls(host, boot, int(process), started)

    def __str__(self) -> str:
        return " ".join(map(str, self))

    def surely_dead(self) -> bool:
        """True when it ran on this machine and runs no more; False when that cannot be known."""
        if self.host != platform.node() or not self.boot:
            return False
        return self.boot != _boot() or _started(self.process) != self.started


@lru_cache(maxsize=4)
def _myself(process: int) -> Holder:
    """Read once: a fork has another number."""
    return Holder(platform.node(), _boot(), process, _started(process))


_NAME = re.compile(
    r"(?:work|new)-(?P<host>.*)-(?P<boot>[0-9a-f]{8}|none)-(?P<process>\d+)-(?P<started>\w*)-[0-9a-f]{8}"
)


def own_name(kind: str) -> str:
    """A name for something that is this process's own while it works: ``work-…`` or ``new-…``, never the same twice."""
    me = Holder.myself()
    return f"{kind}-{me.host}-{_short(me.boot)}-{me.process}-{me.started}-{secrets.token_hex(4)}"


def left_behind(name: str) -> bool:
    """True when `own_name` gave this name to a process of this machine that runs no more; False when that is not known."""
    found = _NAME.fullmatch(name)
    if found is None or found["host"] != platform.node() or found["boot"] == "none":
        return False
    return found["boot"] != _short(_boot()) or _started(int(found["process"])) != found["started"]


def _short(boot: str) -> str:
    return boot[:8] or "none"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _started(process: int) -> str:
    """When a process began, in ticks since the machine did; empty when there is no such process."""
    try:
        text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
    except OSError:
        return "" if _boot() else _alive(process)
    fields = text.rpartition(")")[2].split()
    # One that was killed stands there until its parent has taken note of it; it does nothing any more.
    return "" if fields[0] in ("Z", "X") else fields[19]


def _alive(process: int) -> str:
    """Where there is no /proc: whether there is such a process at all."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "alive"
    return "alive"
