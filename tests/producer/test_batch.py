"""A batch: checked first, each line apart, resumable, within one budget."""

import json
import os
import signal
import subprocess
import sys
from decimal import Decimal

import pytest
from PIL import Image

from cutroom.errors import Busy, WrongUse
from cutroom.producer.batch import Unwatched, run_batch
from cutroom.producer.options import Options
from cutroom.producer.purse import Purse
from cutroom.testing.paid import PaidServer

SMALL = {"shape": "160x90", "seconds": 2, "voice": "none", "music": "none", "mark": False, "captions": "none"}

STUDIO = '''
"""A plug-in: looking at pictures and writing cost money here; one request brings the process down."""
import os
from cutroom.performers.house.understand import PictureLooker
from cutroom.performers.house.writing import ScriptWriter
from cutroom.plugins import hookimpl
from cutroom.testing.paid import Paid


class Studio(Paid):
    def perform(self, step, desk):
        if "crash" in getattr(step, "request", ""):
            print("these are my last words", flush=True)
            os.kill(os.getpid(), 9)
        super().perform(step, desk)
        return next(house for house in (PictureLooker(), ScriptWriter()) if house.performs(step)).perform(step, desk)


@hookimpl
def cutroom_performers(register):
    ways = {"write_script": "call", "look_at_picture": "call"}
    register(Studio(os.environ["STUDIO"], ways, name="studio", repeatable=True))
'''


class Seen(Unwatched):
    def __init__(self):
        self.begun_lines, self.standings, self.rows = [], [], []

    def begun(self, line):
        self.begun_lines.append(line.number)

    def got_on(self, line, standing):
        self.standings.append((line.number, standing))

    def ended(self, line, row):
        self.rows.append(row)


@pytest.fixture
def manifest(tmp_path):
    """Writes a manifest; a line that is text is written as it is."""

    def write(*lines, name="films.jsonl"):
        path = tmp_path / name
        path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines), "utf-8")
        return path

    return write


@pytest.fixture
def picture(tmp_path):
    def make(name="a.png", colour=(200, 40, 40)):
        Image.new("RGB", (160, 90), colour).save(tmp_path / name)
        return name

    return make


@pytest.fixture
def studio(tmp_path, monkeypatch):
    """The plug-in, as it would be installed, and the server that it pays."""
    place = tmp_path / "plugins"
    (place / "studio-1.dist-info").mkdir(parents=True)
    (place / "studio-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: studio\nVersion: 1\n")
    (place / "studio-1.dist-info" / "entry_points.txt").write_text("[cutroom]\nstudio = studio\n")
    (place / "studio.py").write_text(STUDIO, "utf-8")
    with PaidServer(price="0.10", idempotent=True) as server:
        monkeypatch.setenv("STUDIO", server.url)
        monkeypatch.setenv("PYTHONPATH", str(place))
        yield server


# -- before anything is made -------------------------------------------------------------------------------------


def test_every_bad_line_is_named_with_its_reason_before_anything_starts(manifest, picture, tmp_path):
    picture()
    good = {"request": "a film", "files": ["a.png"], "out": "a.mp4"}
    path = manifest(
        good,
        "{half",
        {"request": "a film", "out": "b.mp4", "files": ["gone.png"]},
        {"request": "a film", "out": "c.gif"},
        {"request": "a film"},
        "",
        {"request": "a film", "out": "d.mp4", "colour": 1},
        {"request": "a film", "out": "e.mp4", "options": {"fps": 0}},
        {"request": "a film", "out": "f.mp4", "options": {"music": "gone.wav"}},
        {"request": "another", "files": ["a.png"], "out": "./a.mov"},
        {"request": "", "out": "g.mp4"},
        "[" * 100_000,
    )
    with pytest.raises(WrongUse) as caught:
        run_batch(path, jobs=1)
    said = str(caught.value)
    for number, why in (
        (2, "it is no JSON"),
        (3, "no such file: "),
        (4, "out: "),
        (5, "out: Field required"),
        (7, "colour: there is no such field"),
        (8, "options.fps: "),
        (9, "options.music: no such file"),
        (10, "out: a.mov has the same production as line 1's a.mp4"),
        (11, "it has neither a request nor files"),
        (12, "it is no JSON"),
    ):
        assert f"line {number}: {why}" in said
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.png", "films.jsonl"]


def test_an_empty_manifest_and_a_missing_one_are_wrong_use(manifest, tmp_path):
    with pytest.raises(WrongUse, match="no line in it"):
        run_batch(manifest("", "  "), jobs=1)
    with pytest.raises(WrongUse, match="cannot be read"):
        run_batch(tmp_path / "none.jsonl", jobs=1)
    with pytest.raises(WrongUse, match="--jobs 0"):
        run_batch(manifest({"request": "a", "out": "a.mp4"}), jobs=0)


def test_a_line_in_another_currency_cannot_share_the_budget(manifest, picture):
    line = {"request": "a film", "files": [picture()], "out": "a.mp4", "options": {"currency": "EUR"}}
    with pytest.raises(WrongUse, match="budget is in USD"):
        run_batch(manifest(line), jobs=1, options=Options(budget=Decimal(1)))


# -- the purse ---------------------------------------------------------------------------------------------------


def test_what_is_handed_out_is_never_more_than_there_is():
    purse = Purse(Decimal("1.00"), {1: Decimal("0.30"), 2: Decimal(0), 3: Decimal(0)})
    for line in (1, 2, 3):
        purse.begin(line)
    assert [(one.line, one.allowed) for one in purse.ask(1, Decimal("0.60"), None)] == [(1, Decimal("0.60"))]
    assert purse.ask(2, Decimal("0.50"), None) == []  # 0.40 is free, and the others may give back
    assert [(one.line, one.allowed) for one in purse.ask(3, Decimal("0.40"), None)] == [(3, Decimal("0.40"))]
    assert purse.free == 0
    assert purse.end(3, Decimal("0.05")) == []  # 0.35 is free
    assert [(one.line, one.allowed) for one in purse.end(1, Decimal("0.45"))] == [(2, Decimal("0.50"))]
    assert purse.free == 0


def test_who_wants_most_goes_without_when_nobody_can_give_back():
    purse = Purse(Decimal("1.00"), {})
    purse.begin(1)
    purse.begin(2)
    assert purse.ask(1, Decimal("1.20"), None) == []
    assert [(one.line, one.allowed) for one in purse.ask(2, Decimal("1.10"), None)] == [(1, Decimal(0))]
    assert [(one.line, one.allowed) for one in purse.end(1, Decimal(0))] == [(2, Decimal(0))]


def test_what_a_crashed_line_was_allowed_counts_as_spent():
    purse = Purse(Decimal("1.00"), {})
    purse.begin(1)
    purse.ask(1, Decimal("0.70"), None)
    purse.end(1, None)
    purse.begin(2)
    assert [(one.line, one.allowed) for one in purse.ask(2, Decimal("0.40"), None)] == [(2, Decimal(0))]


def test_a_line_has_its_own_limit_within_the_batch():
    purse = Purse(Decimal("1.00"), {})
    purse.begin(1)
    assert [(one.line, one.allowed) for one in purse.ask(1, Decimal("0.70"), Decimal("0.20"))] == [(1, Decimal("0.20"))]


# -- whole batches -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_films_are_made_each_apart_and_a_second_batch_starts_none(manifest, picture, tmp_path):
    lines = [
        {"request": "a short film", "files": [picture(f"{name}.png", colour)], "out": f"films/{name}.mp4"}
        for name, colour in (("a", (200, 40, 40)), ("b", (40, 200, 40)))
    ]
    (tmp_path / "broken.png").write_bytes(b"no picture")
    lines[1]["files"].append("broken.png")
    path = manifest(*lines, {"request": "no", "out": "c.gif"})
    watch = Seen()
    made = run_batch(path, jobs=2, options=Options(**SMALL), watch=watch, keep_going=True)
    assert [row.status for row in made.rows] == ["delivered", "degraded", "failed"]
    assert (made.status, made.exit_status) == ("failed", 1)
    assert "films are written as .mp4" in made.rows[2].reason
    assert all(row.calls.performed for row in made.rows[:2])
    assert (tmp_path / "films/a.cutroom/ledger.sqlite").is_file() and (tmp_path / "films/b.mp4").is_file()
    assert {number for number, _ in watch.standings} == {1, 2}
    last = [standing for number, standing in watch.standings if number == 1][-1]
    assert last.ready == last.steps > 0

    again = Seen()
    second = run_batch(path, jobs=2, options=Options(**SMALL), watch=again, keep_going=True)
    assert (again.begun_lines, [row.status for row in second.rows]) == ([], ["delivered", "degraded", "failed"])
    assert sum(row.calls.performed for row in second.rows) == 0
    assert [row.unchanged for row in second.rows] == [True, True, False]

    Image.new("RGB", (160, 90), (0, 0, 0)).save(tmp_path / "a.png")
    third = Seen()
    run_batch(path, jobs=2, options=Options(**SMALL), watch=third, keep_going=True)
    assert third.begun_lines == [1]
    written = [json.loads(line) for line in (tmp_path / "films.results.jsonl").read_text().splitlines()]
    assert sorted(row["line"] for row in written) == [1, 1, 2]


@pytest.mark.slow
def test_a_line_that_crashes_its_process_costs_only_itself(manifest, picture, studio):
    options = Options(**{**SMALL, "budget": "1"})
    path = manifest(
        {"request": "please crash", "files": [picture("a.png")], "out": "a.mp4"},
        {"request": "hello", "files": [picture("b.png", (0, 9, 99))], "out": "b.mp4"},
    )
    made = run_batch(path, jobs=2, options=options)
    assert [row.status for row in made.rows] == ["failed", "delivered"]
    assert "killed by SIGKILL" in made.rows[0].reason
    assert "these are my last words" in made.rows[0].reason
    assert studio.billed == Decimal("0.30")


@pytest.mark.slow
def test_a_budget_is_for_the_whole_batch_and_more_of_it_goes_on_from_there(manifest, picture, studio, tmp_path):
    lines = [
        {"request": "hello", "files": [picture(f"{number}.png", (90 * number, 99, 9))], "out": f"{number}.mp4"}
        for number in range(3)
    ]
    path = manifest(*lines)
    made = run_batch(path, jobs=3, options=Options(**{**SMALL, "budget": "0.50"}))
    assert sorted(row.status for row in made.rows) == ["delivered", "delivered", "stopped"]
    assert made.exit_status == 4
    # What a film needs becomes known as it is planned: the third one may have had its first look paid.
    assert made.spent == {"USD": studio.billed} and studio.billed <= Decimal("0.50")
    # The results are worth nothing without the films: a batch that finds one gone makes it from what was paid for.
    next(tmp_path / row.out for row in made.rows if row.status == "delivered").unlink()

    more = run_batch(path, jobs=3, options=Options(**{**SMALL, "budget": "0.60"}))
    assert (more.status, more.exit_status, more.spent) == ("delivered", 0, {"USD": Decimal("0.60")})
    assert studio.billed == Decimal("0.60")


@pytest.mark.slow
def test_ctrl_c_stops_every_line_in_good_order_and_the_same_command_goes_on(manifest, picture, tmp_path):
    long = {**SMALL, "seconds": 20, "shape": "320x180"}
    path = manifest(*({"request": "a film", "files": [picture()], "out": f"{name}.mp4"} for name in "ab"))
    script = (
        "import json, sys; from pathlib import Path; from cutroom.producer.batch import *\n"
        "class Watch(Unwatched):\n"
        "    def got_on(self, line, standing): print(standing.step, flush=True)\n"
        f"made = run_batch(Path({str(path)!r}), jobs=1, options=Options(**{long!r}), watch=Watch())\n"
        "print(json.dumps([row.status for row in made.rows])); sys.exit(made.exit_status)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as batch:
        assert batch.stdout is not None
        while batch.stdout.readline().strip() != "film":
            pass
        with pytest.raises(Busy, match="another batch"):
            run_batch(path, jobs=1, options=Options(**long))
        batch.send_signal(signal.SIGINT)
        said = batch.stdout.read().splitlines()
    assert batch.returncode == 4
    assert json.loads(said[-1]) == ["stopped"] * 2
    left = [one for one in tmp_path.rglob("work-*") if one.is_dir()]
    assert left == []
    done = run_batch(path, jobs=2, options=Options(**{**long, "budget": "0"}))  # another budget is the same film
    assert done.status == "delivered"


def test_half_a_line_of_results_is_no_harm(manifest, picture, tmp_path):
    (tmp_path / "films.results.jsonl").write_text('{"line": 1, "out": "a.mp4", "sta')
    path = manifest({"request": "a film", "files": [picture()], "out": "a.mp4", "options": {"voice": "nobody"}})
    made = run_batch(path, jobs=1, options=Options(**{**SMALL}))
    assert (made.status, made.exit_status) == ("failed", 1)
    assert "no such voice" in made.rows[0].reason
    lines = (tmp_path / "films.results.jsonl").read_text().splitlines()
    assert len(lines) == 2 and json.loads(lines[1])["status"] == "failed"
    assert os.listdir(tmp_path) and not (tmp_path / "a.cutroom").exists()
