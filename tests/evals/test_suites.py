from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cutroom.errors import BadInput, WrongUse
from cutroom.evals.evaluate import evaluate, task_of
from cutroom.evals.faults.material import place, write_clip
from cutroom.evals.suites import vbench as vb

OFFICIAL = Path(__file__).parents[3] / "shared" / "bench" / "vbench_full_info.json"
EXCERPT = [
    {"prompt_en": "a boat in the harbour", "dimension": ["subject_consistency", "dynamic_degree"]},
    {"prompt_en": "a quiet street", "dimension": ["temporal_flickering"]},
    {"prompt_en": "a boat in the harbour", "dimension": ["imaging_quality"], "auxiliary_info": {"any": 1}},
]


@pytest.fixture
def rated(tmp_path: Path) -> Path:
    """Six pictures, more and more blurred, and people who saw it."""
    rows = ["file,score,model"]
    sharp = place(320, 240, 1)
    for number in range(6):
        blurred = cv2.GaussianBlur(sharp, (0, 0), 0.3 + number)
        Image.fromarray(np.asarray(blurred)).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{5 - 0.7 * number:.1f},m")
    (tmp_path / "scores.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return tmp_path / "scores.csv"


def test_a_judge_that_sees_blur_agrees_with_people_who_do(rated, tmp_path):
    found = evaluate(task_of("quality", scores=rated), tmp_path / "run")
    values = {(figure.name, figure.labels["score"]): figure for figure in found.figures}
    sharpness = values["srcc", "sharpness"]
    assert sharpness.value > 0.9 and sharpness.count == 6
    assert values["krcc", "sharpness"].value > 0.7
    assert sharpness.low <= sharpness.value <= sharpness.high
    # A picture's width does not vary: it correlates with nothing, and nothing is said of it.
    assert ("srcc", "width") not in values


def test_a_file_that_is_not_there_is_missing_and_no_zero(rated, tmp_path):
    (tmp_path / "3.png").unlink()
    found = evaluate(task_of("quality", scores=rated), tmp_path / "run")
    assert (found.outcomes["scored"], found.outcomes["missing"]) == (5, 1)


@pytest.mark.parametrize("text", ["name,mark\na,1\n", "file,score\na.png,good\n", '{"file": "a.png"}\n', "{broken\n"])
def test_a_table_that_cannot_be_read_says_which_line(tmp_path, text):
    (tmp_path / "t.csv").write_text(text, "utf-8")
    with pytest.raises(BadInput, match=r"t\.csv: line [12]"):
        task_of("quality", scores=tmp_path / "t.csv")


def test_suites_say_what_they_need():
    for suite, wanted in (("quality", "--scores"), ("vbench", "--media"), ("nothing", "no such suite")):
        with pytest.raises(WrongUse, match=wanted):
            task_of(suite)


def test_clips_count_for_the_dimensions_of_their_prompt_and_missing_ones_count(tmp_path):
    (tmp_path / "prompts.json").write_text(json.dumps(EXCERPT), "utf-8")
    media = tmp_path / "media"
    media.mkdir()
    write_clip(media / "a boat in the harbour-0.mp4", 160, 90, 1, seconds=1)
    write_clip(media / "a quiet street-4.mp4", 160, 90, 2, seconds=1)
    found = evaluate(task_of("vbench", media=media, prompts=tmp_path / "prompts.json"), tmp_path / "run")
    assert (found.outcomes["scored"], found.outcomes["missing"]) == (2, 8)
    counts = {figure.name: figure.count for figure in found.figures}
    assert counts == {
        "subject_consistency.house": 1,
        "temporal_flickering": 1,
        "temporal_flickering.normalised": 1,
        "dynamic_degree.house": 1,
        "imaging_quality.house": 1,
    }


def test_any_folder_of_clips_is_measured_in_all_dimensions(tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    write_clip(media / "x.mp4", 160, 90, 1, seconds=1)
    (media / "notes.txt").write_text("no clip", "utf-8")
    found = evaluate(task_of("vbench", media=media), tmp_path / "run")
    assert {figure.name for figure in found.figures} == set(vb.OF)


def test_a_file_that_is_no_prompt_file_is_refused(tmp_path):
    for text in ('{"prompt": 1}', "no json", '[{"prompt_en": "x"}]'):
        (tmp_path / "p.json").write_text(text, "utf-8")
        with pytest.raises(BadInput, match="VBench_full_info"):
            vb.read(tmp_path / "p.json")


@pytest.mark.skipif(not OFFICIAL.is_file(), reason="VBench's own prompt file is not here")
def test_the_official_prompt_file_is_read():
    prompts = vb.read(OFFICIAL)
    assert len(prompts) == 946
    assert sum("subject_consistency" in prompt.dimensions for prompt in prompts) == 72
