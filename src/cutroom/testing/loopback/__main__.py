"""Starts loopback servers, to try Cutroom's own commands on: ``python -m cutroom.testing.loopback openai=8801 chat=8802``.

They answer on this machine only, need no model, and make bars and tones. After ``--seconds`` they are gone. With
``--background`` the command returns as soon as they answer.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any

SECONDS = 120.0
"""How long they answer, unless said otherwise."""


def _server(kind: str, port: int) -> Any:
    if kind == "chat":
        from cutroom.testing.loopback.chat import ChatServer

        return ChatServer(port=port)
    if kind == "comfyui":
        from cutroom.testing.loopback.comfyui import ComfyUI

        return ComfyUI(port=port)
    from cutroom.testing.loopback.openai import OpenAI
    from cutroom.testing.loopback.queue import AceStep, Fal

    return {"openai": OpenAI, "fal": Fal, "ace_step": AceStep}[kind](port=port)


def _wanted(text: str) -> tuple[str, int]:
    kind, _, port = text.partition("=")
    if kind not in ("openai", "chat", "comfyui", "fal", "ace_step") or not port.isdigit():
        raise argparse.ArgumentTypeError(
            f"{text}: write openai, chat, comfyui, fal or ace_step, and a port: openai=8801"
        )
    return kind, int(port)


def _in_background(arguments: list[str], wanted: list[tuple[str, int]]) -> int:
    """Starts this module again on its own, and waits until every port answers. Returns the exit status."""
    child = subprocess.Popen(
        [sys.executable, "-m", "cutroom.testing.loopback", *(one for one in arguments if one != "--background")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + 30
    for _, port in wanted:
        while not _answers(port):
            if child.poll() is not None or time.monotonic() > until:
                sys.stderr.write(f"nothing answers on port {port}: is it in use?\n")
                return 1
            time.sleep(0.05)
    return 0


def _answers(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


def main(arguments: list[str]) -> int:
    """Starts what `arguments` ask for. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cutroom.testing.loopback", description=__doc__)
    parser.add_argument("servers", nargs="+", type=_wanted, metavar="KIND=PORT")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--background", action="store_true")
    said = parser.parse_args(arguments)
    if said.background:
        status = _in_background(arguments, said.servers)
    else:
        with ExitStack() as stack:
            for kind, port in said.servers:
                stack.enter_context(_server(kind, port))
            time.sleep(said.seconds)
        return 0
    for kind, port in said.servers if status == 0 else ():
        sys.stdout.write(f"{kind} answers at http://127.0.0.1:{port}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
