"""Every example runs: what README and docs show at a prompt or in Python, and what docstrings claim.

Blocks of a page run in order in one folder with ``examples/`` in it. Of what a command prints, every line that the page
shows must come, numbers apart; ``…`` stands for anything.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import cutroom

HOME = Path(__file__).parents[1]
PAGES = [HOME / "README.md", *sorted((HOME / "docs").rglob("*.md"))]
SOURCE = Path(cutroom.__file__).parent
MODULES = sorted(path for path in SOURCE.rglob("*.py") if ">>> " in path.read_text("utf-8"))


class Block(NamedTuple):
    """A fenced block of a page."""

    line: int
    language: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for match in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(text.count("\n", 0, match.start()) + 1, match[1], match[2])


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command at a prompt with the lines that are shown under it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, shown


def without_numbers(text: str) -> str:
    return " ".join(re.sub(r"\d+(\.\d+)?", "#", text).split())


def run_command(command: str, shown: list[str], folder: Path) -> None:
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
        env={**os.environ, "PATH": paths, "COLUMNS": "200"},
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    said = [without_numbers(line) for line in done.stdout.splitlines()]
    for line in filter(None, map(without_numbers, shown)):
        assert line == "…" or any(one.startswith(line) for one in said), (
            f"$ {command}\nnever said: {line}\n{done.stdout}"
        )


def run_page(page: Path, folder: Path) -> int:
    """Runs the blocks of `page`; returns how many there were."""
    shutil.copytree(HOME / "examples", folder / "examples")
    ran = 0
    for block in blocks(page):
        if block.language == "console":
            for command, shown in commands(block.text):
                run_command(command, shown, folder)
        elif block.language == "python":
            with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
                exec(compile(block.text, f"{page.name}:{block.line}", "exec"), {"__name__": "__main__"})
        else:
            continue
        ran += 1
    return ran


def runs_something(page: Path) -> bool:
    return any(block.language in ("console", "python") for block in blocks(page))


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if runs_something(page)], ids=lambda page: page.stem)
def test_everything_on_the_page_works(page, tmp_path):
    assert run_page(page, tmp_path) > 0


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_what_docstrings_claim(module):
    parts = ("cutroom", *module.relative_to(SOURCE).with_suffix("").parts)
    name = ".".join(part for part in parts if part != "__init__")
    found = doctest.testmod(importlib.import_module(name))

    assert found.attempted > 0
    assert found.failed == 0


def test_the_readme_names_every_option_and_no_other():
    command = [sys.executable, "-m", "cutroom", "make", "--help"]
    said = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"}
    ).stdout
    readme = (HOME / "README.md").read_text("utf-8")
    table = readme[readme.index("| option |") : readme.index("The exit status")]

    offered = set(re.findall(r"(?:^ {2,}(?:-\w, )?| / )(--[\w-]+)", said, re.MULTILINE)) - {"--help", "--out"}
    assert set(re.findall(r"(--[a-z][\w-]*)", table)) == offered


@pytest.mark.parametrize(
    "page", [*PAGES, HOME / "CHANGELOG.md", HOME / "examples" / "LICENCES.md"], ids=lambda page: page.stem
)
def test_links_between_pages_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))

    assert [link for link in links if not link.startswith("http") and not (page.parent / link).exists()] == []
