"""A full disk and a person's Ctrl-C: nothing half-made is left where the film belongs, and what was made is kept."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cutroom
from cutroom import Options
from cutroom.errors import NoSpace

SMALL = Options(seconds="3", shape="320x180", fps="10", voice="none", music="none")  # pyright: ignore[reportArgumentType]


@pytest.fixture
def home(tmp_path, monkeypatch, draw):
    monkeypatch.chdir(tmp_path)
    for seed in range(3):
        draw(tmp_path / "photos" / f"{seed}.jpg", seed)
    return tmp_path


def full_disk(source, place, **_):
    raise OSError(errno.ENOSPC, "No space left on device", str(place))


def left_over(home: Path) -> list[str]:
    """Names of files that somebody began and did not finish."""
    return [path.name for path in home.rglob("*") if path.name.startswith(("new-", "work-")) or path.suffix == ".part"]


def test_no_space_while_files_are_taken_in(home, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full_disk)
        with pytest.raises(NoSpace, match="free some space"):
            cutroom.make("A film", ["photos"], "film.mp4", options=SMALL)
    assert not (home / "film.mp4").exists()
    assert left_over(home) == []

    assert cutroom.make("A film", ["photos"], "film.mp4", options=SMALL).status == "delivered"


def test_no_space_while_a_film_is_delivered_keeps_the_one_that_was_there(home, monkeypatch):
    cutroom.make("A film", ["photos"], "film.mp4", options=SMALL)
    before = (home / "film.mp4").read_bytes()
    copy = shutil.copyfile

    def no_room_for_films(source, place, **options):
        if "film.mp4" in Path(place).name:
            Path(place).write_bytes(b"half a film")
            full_disk(source, place)
        return copy(source, place, **options)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", no_room_for_films)
        with pytest.raises(NoSpace, match=r"film\.mp4.*free some space"):
            cutroom.make("Another film", ["photos"], "film.mp4", options=SMALL)
    assert (home / "film.mp4").read_bytes() == before
    assert left_over(home) == []

    again = cutroom.make("Another film", ["photos"], "film.mp4", options=SMALL)
    assert (again.status, again.calls.performed) == ("delivered", 0)
    assert (home / "film.mp4").read_bytes() != before


def from_the_film_on(home: Path) -> tuple[str, ...]:
    """The steps that were not done when rendering ended too soon."""
    plan = cutroom.Plan.model_validate_json((home / "film.cutroom" / "plan.json").read_bytes())
    return ("film", *plan.below("film"))


LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, 250_000))"
"""No file may grow larger: what a full disk does, for the film alone."""


def test_no_space_while_the_film_is_rendered(home, command):
    arguments = (
        "make",
        "A film",
        "photos",
        "-o",
        "film.mp4",
        "--seconds",
        "10",
        "--format",
        "960x540",
        "--voice",
        "none",
        "--music",
        "none",
        "--json",
    )
    stopped = command(*arguments, at=home, before=LIMIT)

    assert stopped.returncode == 1
    assert "free some space" in stopped.stderr + stopped.stdout
    assert "Traceback" not in stopped.stderr
    assert json.loads(stopped.stdout)["status"] == "failed"
    assert not (home / "film.mp4").exists()
    assert left_over(home) == []
    again = command(*arguments, at=home)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["calls"]["performed"] == len(from_the_film_on(home))


def wait_for_rendering(production: Path, child: subprocess.Popen) -> None:
    """Returns when the ledger says that the film was begun."""
    ends = time.monotonic() + 90
    while time.monotonic() < ends and child.poll() is None:
        if (production / "ledger.sqlite").exists():
            try:
                with sqlite3.connect(f"file:{production / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
                    rows = ledger.execute("SELECT body FROM events WHERE kind = 'started'").fetchall()
            except sqlite3.OperationalError:
                rows = []
            finally:
                ledger.close()
            if any(json.loads(body)["step"] == "film" for (body,) in rows):
                return
        time.sleep(0.05)
    pytest.fail(f"rendering never began: {child.poll()}")


@pytest.mark.slow
def test_ctrl_c_while_rendering_keeps_every_take_and_leaves_no_film(home, command):
    arguments = (
        "make",
        "A film",
        "photos",
        "-o",
        "film.mp4",
        "--seconds",
        "20",
        "--format",
        "640x360",
        "--voice",
        "none",
        "--music",
        "none",
    )
    # A new session: the signal reaches this process alone, as a terminal's would reach its group.
    child = subprocess.Popen(
        [sys.executable, "-m", "cutroom", *arguments],
        cwd=home,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ,
    )
    wait_for_rendering(home / "film.cutroom", child)
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    said, complained = child.communicate(timeout=60)

    assert child.returncode == 4, complained
    assert "run the same command again" in complained
    assert "Traceback" not in complained
    assert not (home / "film.mp4").exists()
    assert left_over(home) == []
    assert said.count("film.mp4") == 0

    again = command(*arguments, "--json", at=home)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["calls"]["performed"] == len(from_the_film_on(home))


KILLED = """
import os, signal, sys
from pathlib import Path
from cutroom.media.store import Store
from cutroom.render.film import render
from cutroom.timeline.timeline import Format, Gap, Timeline

gaps = tuple(Gap(seconds=1, colour=f"#{number}0{number}080") for number in range(6))
film = Timeline(format=Format(width=64, height=64), picture=gaps)

def killed(done, total):
    if sys.argv[1:] and done >= 100:
        os.kill(os.getpid(), signal.SIGKILL)

print(render(film, Store(Path("store")), Path("out/film.mp4"), progress=killed).encoded)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal there")
def test_what_a_killed_render_left_goes_away_and_what_it_finished_is_used(tmp_path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", KILLED, *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run("kill").returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "film.mp4").exists()
    assert left_over(tmp_path) != []
    again = run()
    assert again.returncode == 0, again.stderr
    assert int(again.stdout) < 180
    assert left_over(tmp_path) == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["film.mp4"]
