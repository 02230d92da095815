from __future__ import annotations

import subprocess
import sys

import pytest

from cutroom.errors import BrokenProduction, Busy, WrongUse
from cutroom.evals.aggregate import outcomes
from cutroom.evals.evaluate import evaluate
from cutroom.evals.log import NAME, read, writer
from cutroom.evals.running import chosen, run, scored
from cutroom.evals.task import Case

TEXTS = {
    "a1": "good",
    "a2": "wrong",
    "b1": "also good",
    "b2": "blank",
    "c1": "refused",
    "c2": "senseless",
    "d": "unreadable",
}


def test_what_failed_is_counted_apart_from_what_is_wrong(words, reader, tmp_path):
    task = words(TEXTS | {"e": "gone"}).task()
    log = run(task, tmp_path, reader())
    there = scored(task, log, "reader", "1")
    assert outcomes(there) == {"scored": 3, "errored": 1, "judge failed": 2, "missing": 1, "not applicable": 1}
    assert {one.case.id: one.scores["right"] for one in there if one.outcome == "scored"} == {"a1": 1, "a2": 0, "b1": 1}
    assert {one.case.id: one.why for one in there if one.why} == {
        "b2": "there is nothing to read",
        "c1": "nobody writes this",
        "c2": "there is no sense in it",
        "d": "ValueError: no such letters",
        "e": "not made yet",
    }


def test_run_again_it_does_only_what_failed(words, reader, tmp_path):
    first, second, judge = words(TEXTS), words(TEXTS | {"c1": "good at last"}), reader()
    run(first.task(), tmp_path, judge)
    judge.seen.clear()
    log = run(second.task(), tmp_path, judge)
    assert second.made == ["c1"]
    assert judge.seen == ["good at last", "unreadable"]
    assert scored(second.task(), log, "reader", "1")[4].outcome == "scored"


def test_a_new_judge_never_has_media_made_again(words, reader, tmp_path):
    some = words({"a": "good", "b": "wrong"})
    run(some.task(), tmp_path, reader())
    strict = reader(version="2", word="o")
    log = run(some.task(), tmp_path, strict)
    assert some.made == ["a", "b"]
    assert [one.scores["right"] for one in scored(some.task(), log, "reader", "1")] == [1, 0]
    assert [one.scores["right"] for one in scored(some.task(), log, "reader", "2")] == [0, 0]


def test_a_kill_costs_the_one_case_that_was_under_way(words, reader, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(words({"a": "good", "b": "killed", "c": "good"}).task(), tmp_path, reader())
    again = words({"a": "good", "b": "good", "c": "good"})
    run(again.task(), tmp_path, reader())
    assert again.made == ["b", "c"]


def test_a_line_that_a_kill_tore_is_cut_off(words, reader, tmp_path):
    some = words({"a": "good", "b": "good"})
    run(some.task(), tmp_path, reader())
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[:-30])
    judge = reader()
    assert len(read(tmp_path).judged) == 1
    log = run(some.task(), tmp_path, judge)
    assert judge.seen == ["good"]
    assert len(log.judged) == len(read(tmp_path).judged) == 2


def test_media_that_are_gone_are_made_again(words, reader, tmp_path):
    some = words({"a": "good"})
    log = run(some.task(), tmp_path, reader())
    media = log.made["a"].made.items[0].media
    next((tmp_path / "store").glob(f"*/{media.digest}.txt")).unlink()
    run(some.task(), tmp_path, reader())
    assert some.made == ["a", "a"]


def test_a_damaged_line_in_the_middle_is_named(words, reader, tmp_path):
    run(words({"a": "good", "b": "good"}).task(), tmp_path, reader())
    lines = (tmp_path / NAME).read_bytes().split(b"\n")
    lines[1] = lines[1][:-9]
    (tmp_path / NAME).write_bytes(b"\n".join(lines))
    with pytest.raises(BrokenProduction, match=r"log\.jsonl, line 2"):
        read(tmp_path)


def test_another_evaluation_does_not_get_into_the_same_folder(words, reader, tmp_path):
    some = words({"a": "good"})
    run(some.task(settings={"of": "this"}), tmp_path, reader())
    with pytest.raises(WrongUse, match=r"of=this.*choose another folder"):
        run(some.task(settings={"of": "that"}), tmp_path, reader())


def test_two_processes_do_not_write_one_log(tmp_path):
    with writer(tmp_path):
        other = f"from pathlib import Path\nfrom cutroom.evals.log import writer\nwith writer(Path({str(tmp_path)!r})): pass"
        done = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False)
    assert Busy.__name__ in done.stderr


def test_some_cases_bring_what_they_need():
    cases = [Case(id="p/clean"), Case(id="p/blur", needs=("p/clean",)), Case(id="q/blur")]
    assert [one.id for one in chosen(cases, ["p/bl*"])] == ["p/clean", "p/blur"]
    assert [one.id for one in chosen(cases[::-1], limit=1)] == ["q/blur"]
    with pytest.raises(WrongUse, match="no such case"):
        chosen(cases, ["x*"])
    with pytest.raises(WrongUse, match="two cases"):
        chosen([*cases, cases[0]])


def test_the_page_shows_reasons_and_escapes_what_came_from_outside(words, tmp_path):
    some = words({"a<b>": "good <script>alert(1)</script>", "b": "wrong"})
    found = evaluate(some.task(), tmp_path)
    html = (tmp_path / "index.html").read_text("utf-8")
    assert "it is &lt;wrong&gt;" in html and "a&lt;b&gt;" in html
    assert "<script>alert(1)" not in html and "&lt;script&gt;alert(1)" in html
    assert [figure.value for figure in found.figures if figure.name == "right"] == [0.5]
    assert found.outcomes["scored"] == 2


def test_two_runs_are_compared_case_by_case(words, tmp_path):
    names = [f"{place:02}" for place in range(12)]
    cases = [Case(id=name) for name in names]
    before = words({name: "wrong" if place < 8 else "good" for place, name in enumerate(names)})
    after = words({name: "wrong" if place < 1 else "good" for place, name in enumerate(names)})
    evaluate(before.task(cases), tmp_path / "before")
    found = evaluate(after.task(cases), tmp_path / "after", against=tmp_path / "before")
    right = next(one for one in found.differences if one.name == "right")
    assert (right.one, right.other, right.better, right.worse, right.count) == (4 / 12, 11 / 12, 7, 0, 12)
    assert 0 < right.low < right.value < right.high
    assert right.chance < 0.05
    assert "Against the other run" in (tmp_path / "after" / "index.html").read_text("utf-8")


def test_a_run_against_itself_differs_by_nothing(words, tmp_path):
    some = words({"a": "good", "b": "wrong", "c": "good"})
    evaluate(some.task(), tmp_path)
    found = evaluate(some.task(), tmp_path, against=tmp_path)
    assert {(one.value, one.chance) for one in found.differences} == {(0.0, 1.0)}
