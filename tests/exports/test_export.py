"""`cutroom export` as somebody at a terminal uses it: from a production's folder to files, with an honest report."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from cutroom import __version__
from cutroom.brief.brief import Asset, Brief
from cutroom.cli.main import app
from cutroom.errors import BrokenProduction, WrongUse
from cutroom.exports.edit import Edit, load
from cutroom.exports.export import export
from cutroom.exports.features import RULES, WORDS
from cutroom.exports.formats import FORMATS
from cutroom.ledger.events import Accepted, Made, Opened, Planned, Started
from cutroom.ledger.production import Production
from cutroom.media.kinds import Cut
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.timeline.timeline import Clip


@pytest.fixture
def production(edit: Callable[..., Edit], tmp_path: Path) -> Path:
    """A production whose cut is the small one, made by a performer that is not on this machine."""
    cut = edit(Fraction(30))
    folder = tmp_path / "lake.cutroom"
    made_of = [item.media for item in cut.timeline.picture if isinstance(item, Clip)]
    cut.store.root.rename(tmp_path / "kept")
    folder.mkdir()
    (tmp_path / "kept").rename(folder / "store")
    store = Store(folder / "store")
    blob = store.add_bytes(cut.timeline.model_dump_json().encode(), ".json")
    media = Cut(digest=blob.digest, suffix=".json", bytes=blob.bytes, seconds=cut.timeline.seconds)
    assets = tuple(Asset(id=f"a{place}", name=cut.name(one.digest), media=one) for place, one in enumerate(made_of, 1))
    steps = {
        "cut": AssembleCut(format=cut.timeline.format, shots=()),
        "film": RenderFilm(cut=Ref[Cut](id="cut"), loudness=-20.0),
    }
    about = {"step": "cut", "slot": "s", "take": 1, "key": "k"}
    with Production(folder).journal() as journal:
        journal.append(Opened(brief=Brief(request="a film", assets=assets), cutroom=__version__))
        journal.append(Planned(plan=Plan(assets={}, steps=steps, goal="film"), by="house 1", reason="first plan"))
        journal.append(Started(**about, performer="house/assemble", version="0"))
        journal.append(
            Made(**about, performer="house/assemble", media=media, cost=Decimal(0), wall_seconds=Fraction(1))
        )
        journal.append(Accepted(**about))
    return folder


def test_the_cut_in_use_is_found_with_the_names_that_people_gave(production: Path):
    edit = load(production)
    assert edit.timeline.frames == 195
    assert edit.stem == "lake"
    assert edit.title == "Tom & Jerry"
    assert edit.loudness == -20.0
    assert "Lake at dawn (1).PNG" in edit.names.values()
    # Its performer is no longer here: that is said, and not guessed away.
    assert not edit.current


@pytest.mark.parametrize("to", ["otio", "fcpxml", "edl", "jianying"])
def test_a_hand_off_is_a_folder_with_cut_media_captions_and_report(production: Path, to: str):
    done = export(production, to)
    folder = production.with_name(f"lake-{to}")
    assert done.path == folder
    assert (folder / "lake.srt").is_file()
    assert sorted(
        path.name.rsplit("_", 1)[0] for path in (folder / "media").iterdir() if path.suffix in (".png", ".mp4")
    ) == [
        "Lake_at_dawn_1",
        "clip",
        "日の出",
    ]
    assert all((folder / name).is_file() for name in done.files)
    report = (folder / "export-report.md").read_text("utf-8")
    assert "4 cut points" in report
    assert "Tom & Jerry" not in report
    record = json.loads((folder / "export-report.json").read_text("utf-8"))
    assert record["to"] == to
    assert {one["fate"] for one in record["outcomes"]} <= {"editable", "approximate", "rendered", "beside", "lost"}
    assert not list(production.parent.glob(".lake-*"))


def test_the_report_says_what_this_cut_holds_and_nothing_else(production: Path):
    found = {one.what: one for one in export(production, "fcpxml").outcomes}
    assert found["2 dissolves"].fate == "editable"
    assert found["1 wipe"].fate == "approximate"
    assert found["1 blurred fill"].fate == "lost"
    assert found["1 change of speed"].fate == "editable"
    assert found["1 correction of light and colour"].fate == "lost"
    assert found["1 track that ducks under the voice"].fate == "editable"
    assert found["2 markers"].fate == "editable"
    assert not any("push" in what or "dip" in what for what in found)


def test_every_format_has_a_word_for_every_part_of_a_cut_that_it_could_lose():
    assert set(RULES) == set(FORMATS)
    for name in ("otio", "fcpxml", "edl", "jianying", "frames", "gif"):
        assert set(RULES[name]) == set(WORDS), name


def test_a_second_export_takes_the_place_of_the_first_and_leaves_what_is_yours(production: Path):
    done = export(production, "edl")
    (done.path / "my notes.txt").write_text("keep me")
    old = done.path / "media" / "gone_00000000.png"
    old.write_bytes(b"")
    again = export(production, "edl")
    assert again.files == done.files
    assert (again.path / "my notes.txt").read_text() == "keep me"


def test_what_is_there_already_is_not_written_over(production: Path, tmp_path: Path):
    mine = tmp_path / "captions.vtt"
    mine.write_text("mine")
    with pytest.raises(WrongUse, match="--force"):
        export(production, "vtt", mine)
    assert mine.read_text() == "mine"
    export(production, "vtt", mine, force=True)
    assert mine.read_text().startswith("WEBVTT")
    export(production, "vtt", mine)
    full = tmp_path / "full"
    full.mkdir()
    (full / "x").write_text("x")
    with pytest.raises(WrongUse, match="former export"):
        export(production, "otio", full)


def test_a_medium_that_the_store_has_lost_costs_only_itself(production: Path):
    edit = load(production)
    first = next(item.media for item in edit.timeline.picture if isinstance(item, Clip))
    edit.store.path(first).unlink()
    done = export(production, "otio")
    assert any("Lake at dawn (1).PNG" in what for what, _ in done.degraded)
    assert not any("Lake_at_dawn_1" in name for name in done.files)
    assert "link it to the file again" in (done.path / "export-report.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "avi"), "otio, fcpxml"),
        (("--to", "otio", "-o", "x.otio"), "name a folder"),
        (("--to", "otio", "-o", "nowhere/at/all"), "make it first"),
        (("--to", "gif", "-o", "x.png"), ".gif"),
        (("--to", "gif", "--every", "1"), "for frames"),
        (("--to", "frames", "--every", "1/1000"), "a frame lasts"),
        (("--to", "frames", "--every", "soon"), "--every soon"),
    ],
)
def test_wrong_use_is_answered_with_the_way_out(production: Path, monkeypatch, arguments, said: str):
    monkeypatch.chdir(production.parent)
    with pytest.raises(WrongUse, match=said.replace(".", r"\.")):
        app(["export", str(production), *arguments], standalone_mode=False)


def test_a_folder_that_is_no_production_and_one_without_a_cut_are_told_apart(tmp_path: Path):
    with pytest.raises(WrongUse, match="no production here"):
        export(tmp_path, "otio")
    empty = Production(tmp_path / "empty.cutroom")
    with empty.journal() as journal:
        journal.append(Opened(brief=Brief(request="a film"), cutroom=__version__))
    with pytest.raises(WrongUse, match="no cut to export yet"):
        export(empty.folder, "otio")


def test_a_cut_whose_bytes_are_broken_is_named(production: Path):
    for path in (production / "store").rglob("*.json"):
        path.write_text("{")
    with pytest.raises(BrokenProduction, match="damaged"):
        export(production, "otio")


def test_the_command_prints_the_report(production: Path, capsys):
    app(["export", str(production), "--to", "edl"], standalone_mode=False)
    said = capsys.readouterr().out
    assert "4 cut points" in said
    assert "lost" in said
    app(["export", str(production), "--to", "srt", "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["files"] == ["lake.srt"]
