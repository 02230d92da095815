import subprocess
import sys
from pathlib import Path

import pytest

from cutroom.render.shelf import Shelf, abandoned, beside, claimed, sweep

HELD = """
import sys
from pathlib import Path
from cutroom.render.shelf import Shelf, beside, claimed
shelf = Shelf(Path(sys.argv[1]))
part = beside(Path(sys.argv[2]))
with shelf.bench() as bench, claimed(part):
    (bench / "half").write_bytes(b"half a stretch")
    print(bench.name, part.name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    """One with three files of 10, 20 and 30 bytes."""
    shelf = Shelf(tmp_path / "segments")
    for number, key in enumerate(("aa11", "ab22", "cc33"), 1):
        with shelf.bench() as bench:
            path = bench / f"{key}.mp4"
            path.write_bytes(bytes(10 * number))
            shelf.put(key, path)
    return shelf


def test_what_is_kept_can_be_counted_and_cleared(shelf):
    assert shelf.sizes() == {"aa11": 10, "ab22": 20, "cc33": 30}
    assert shelf.keep_only({"ab22"}, dry_run=True) == 40
    assert len(shelf.sizes()) == 3
    assert shelf.keep_only({"ab22"}) == 40
    assert shelf.sizes() == {"ab22": 20}
    assert shelf.has("ab22", ".mp4") and not shelf.has("aa11", ".mp4")


def test_an_empty_shelf_has_nothing_to_clear(tmp_path):
    shelf = Shelf(tmp_path / "nowhere")
    assert (dict(shelf.sizes()), shelf.keep_only(()), shelf.busy) == ({}, 0, False)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks there: age decides")
def test_what_a_killed_process_left_goes_away_and_what_a_living_one_makes_stays(tmp_path, shelf):
    out = tmp_path / "film [1].mp4"
    other = subprocess.Popen(
        [sys.executable, "-c", HELD, str(shelf.root), str(out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None and other.stdin is not None
    bench, part = other.stdout.readline().split(maxsplit=1)
    bench, part = shelf.root / bench, tmp_path / part.strip()

    sweep(out)
    with shelf.bench() as mine:
        assert bench.is_dir() and mine.is_dir() and part.is_file()
    assert shelf.busy

    other.kill()
    other.communicate()
    assert bench.is_dir() and part.is_file() and not shelf.busy
    sweep(out)
    with shelf.bench():
        assert not bench.exists() and not part.exists()
    assert shelf.sizes() == {"aa11": 10, "ab22": 20, "cc33": 30}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks there: age decides")
def test_a_claim_ends_with_what_is_done_in_it_whatever_that_raises(tmp_path):
    part = beside(tmp_path / "film.mp4")
    with pytest.raises(FileNotFoundError, match="elsewhere"), claimed(part):
        assert not abandoned(part)
        raise FileNotFoundError("elsewhere")
    assert abandoned(part)


def test_other_films_half_made_files_are_left_alone(tmp_path):
    mine, others = beside(tmp_path / "film.mp4"), beside(tmp_path / "another film.mp4")
    (tmp_path / ".film-notes.part").write_text("mine", "utf-8")
    sweep(tmp_path / "film.mp4")
    left = {path.name for path in tmp_path.iterdir()}
    assert {others.name, ".film-notes.part"} <= left
    assert mine.name not in left or sys.platform == "win32"
    assert Path(others).is_file()
