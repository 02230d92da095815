"""The house's own rules, as tests. Exceptions only ever shrink."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import cutroom

SOURCE = Path(cutroom.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
LINES = 60
WORDS_NOT_USED = ("utils", "helpers", "common", "core", "manager", "service", "base")


def functions():
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                doc = ast.get_docstring(node, clean=False)
                yield (
                    f"{path.relative_to(SOURCE)}:{node.name}",
                    node.end_lineno - node.lineno + 1 - (doc.count("\n") + 1 if doc else 0),
                )


def test_functions_fit_a_screen():
    assert {name: lines for name, lines in functions() if lines > LINES} == {}


def test_rooms_have_names_that_say_what_is_in_them():
    names = {part for path in FILES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert not names.intersection(WORDS_NOT_USED)


def test_every_module_says_what_it_is_for():
    assert [str(path) for path in FILES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_every_public_name_is_listed_and_leads_somewhere():
    assert sorted(cutroom.__all__, key=str.casefold) == cutroom.__all__
    assert all(getattr(cutroom, name) is not None for name in cutroom.__all__)
    with pytest.raises(AttributeError):
        _ = cutroom.nothing_like_it


@pytest.mark.parametrize(
    "command",
    [
        "import cutroom",
        "import sys; sys.argv = ['cutroom', '--help']\nfrom cutroom.cli.main import app\napp(standalone_mode=False)",
    ],
)
def test_the_door_is_light(command):
    heavy = "av,cv2,numpy,PIL,symusic,scipy,jinja2"
    check = f"{command}\nimport sys; loaded = set('{heavy}'.split(',')) & set(sys.modules); sys.exit(str(loaded) if loaded else 0)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_one_room_reaches_the_network():
    doors = ("socket", "urllib.request", "http", "requests", "httpx", "aiohttp", "ftplib", "websockets")
    # A host tells one holder of a lease from another; progress comes by websocket; fakes for tests are servers.
    exempt = {
        ("ledger/lease.py", "socket"),
        ("performers/comfyui/progress.py", "websockets.exceptions"),
        ("performers/comfyui/progress.py", "websockets.sync.client"),
    }
    found = {
        (path.relative_to(SOURCE).as_posix(), name)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name in doors or name.startswith(tuple(f"{door}." for door in doors))
    }
    assert not {(file, name) for file, name in found if not file.startswith(("net/", "testing/"))} - exempt
