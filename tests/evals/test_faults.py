from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cutroom.evals.evaluate import evaluate
from cutroom.evals.faults import heard, pictures
from cutroom.evals.faults.clean import productions
from cutroom.evals.faults.film import RATE
from cutroom.evals.faults.kinds import BY_NAME, KINDS, STRENGTHS
from cutroom.evals.faults.material import notes, place
from cutroom.evals.suites.faults import faults, score
from cutroom.evals.task import Case, Item, Looked, Made, NotApplicable
from cutroom.media.kinds import Text
from cutroom.plan.catalogue.write import WriteScript
from cutroom.verdict import Fail, Finding, Pass

SHOTS = ((0, 30), (30, 60))
SCENE = pictures.Scene(Fraction(30), SHOTS)


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    """Two shots of thirty frames, each a walk past another place."""
    views = [place(160 + 60, 90, seed) for seed in (1, 2)]
    return np.stack([views[number // 30][:, 2 * (number % 30) :][:, :160] for number in range(60)])


def tone(seconds: float = 2) -> np.ndarray:
    at = np.arange(round(seconds * RATE)) / RATE
    wave = 0.2 * np.sin(2 * np.pi * 330 * at) + 0.1 * np.sin(2 * np.pi * 1900 * at)
    return np.stack([wave, wave], axis=1).astype(np.float32)


def test_there_are_enough_different_productions_and_kinds_of_faults():
    there = productions()
    assert len(there) >= 30 and len({one.id for one in there}) == len(there)
    assert {one.kind for one in there} == {"photographs", "clips", "mixed", "typographic"}
    assert len({one.frame for one in there}) == 4 and {one.voice for one in there} == {True, False}
    assert len(KINDS) >= 40 and len(BY_NAME) == len(KINDS)


def test_splits_share_no_production_and_both_hold_a_good_part():
    tuning, held_out = faults(split="tuning").cases, faults(split="held-out").cases
    assert not {case.group for case in tuning} & {case.group for case in held_out}
    assert len(tuning) + len(held_out) == len(faults().cases)
    assert min(len({case.group for case in split}) for split in (tuning, held_out)) >= 12


def test_the_first_cases_are_a_sample_of_all():
    some = faults().cases[:400]
    assert len({case.group for case in some}) == len(productions())
    assert len({case.labels["kind"] for case in some}) > 80


def test_the_same_material_is_painted_every_time_and_other_material_for_others():
    assert np.array_equal(place(64, 48, 5), place(64, 48, 5))
    assert np.abs(place(64, 48, 5).astype(int) - place(64, 48, 6)).mean() > 10
    assert notes(3) == notes(3) != notes(4)
    assert any(name in notes(3)[1] for name in ("Kovač", "Oduya", "Sørby", "Ibarra", "Tanabe", "Calloway"))


PICTURES = [kind for kind in KINDS if kind.way == "picture"]
SOUNDS = [kind for kind in KINDS if kind.way == "sound"]


@pytest.mark.parametrize("kind", PICTURES, ids=lambda kind: kind.name)
def test_a_stronger_fault_of_the_picture_is_further_from_the_clean_one(film, kind):
    apart = []
    for strength in STRENGTHS:
        rng = np.random.default_rng(3)
        harmed, span = kind.plant(film, SCENE, kind.dose(strength), rng)
        assert harmed.dtype == np.uint8
        assert span is None or 0 <= span.start <= span.end <= 2
        if harmed.shape == film.shape:
            away = np.abs(harmed.astype(np.int16) - film).mean(axis=(1, 2, 3))
            inside = np.arange(60) if span is None else np.arange(int(span.start * 30), int(span.end * 30))
            assert np.delete(away, inside).max(initial=0) == 0
            apart.append(float(away.sum()))
        else:
            apart.append(float(film.size - harmed.size))
    assert 0 < apart[0] <= apart[1] <= apart[2] and apart[0] < apart[2]


@pytest.mark.parametrize("kind", SOUNDS, ids=lambda kind: kind.name)
def test_a_stronger_fault_of_the_sound_is_further_from_the_clean_one(kind):
    clean = tone()
    apart = []
    for strength in STRENGTHS:
        harmed, span = kind.plant(clean.copy(), kind.dose(strength), np.random.default_rng(3))
        assert harmed.shape == clean.shape
        assert span is None or 0 <= span.start <= span.end <= 2
        apart.append(float(np.abs(harmed - clean).sum()))
    assert apart[0] > 0
    # A shift of a steady tone is as far from it whatever the shift; all else grows.
    assert kind.plant in (heard.late, heard.too_fast, heard.muffled) or apart[0] < apart[2]


def test_the_same_seed_plants_the_same_fault(film):
    one, other, third = (pictures.damaged(film, SCENE, 0.1, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(one, other) and not np.array_equal(one, third)


def test_a_fault_that_cannot_be_seen_does_not_apply(film):
    still = np.repeat(film[:1], 60, axis=0)
    for fault in (pictures.frozen, pictures.judder, pictures.reversed_):
        with pytest.raises(NotApplicable, match="nothing moves"):
            fault(still, SCENE, 0.5, np.random.default_rng(1))
    with pytest.raises(NotApplicable, match="one shot"):
        pictures.swapped(film, pictures.Scene(Fraction(30), SHOTS[:1]), 0.5, np.random.default_rng(1))
    with pytest.raises(NotApplicable, match="silent"):
        heard.dropouts(np.zeros((2 * RATE, 2), np.float32), 0.1, np.random.default_rng(1))


# ── scores ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def looked(*checks: tuple[str, ...], kind: str = "blur", before: tuple[str, ...] = (), **made) -> Looked:
    """A case of which takes fail by these checks; the clean production fails by those of `before`."""
    text = Text(digest="0" * 64, bytes=1, suffix=".txt")
    items = tuple(Item(name=f"s{place}", step=WriteScript(request="x"), media=text) for place in range(len(checks)))

    def verdict(found: tuple[str, ...]):
        if not found:
            return Pass(judge="j", version="1")
        return Fail(
            judge="j", version="1", findings=tuple(Finding(check=one, says="", at=Fraction(1)) for one in found)
        )

    return Looked(
        Case(id="x", labels={"kind": kind, "strength": "weak"}),
        Made(items=items, facts={"step": "s0"}, **made),
        tuple(verdict(one) for one in checks),
        {"clean": (verdict(before),)},
    )


def test_a_fault_counts_as_found_only_by_what_the_clean_production_passed():
    assert score(looked(("stream",), before=("stream",))) == {"found": 0.0}
    assert score(looked(())) == {"found": 0.0}
    assert score(looked(("softer_than_source",), before=("stream",))) == {"found": 1.0, "named": 1.0, "blamed": 1.0}


def test_blame_is_the_first_take_that_fails():
    assert score(looked((), ("voice_missing",), kind="speech_hole")) == {"found": 1.0, "named": 0.0, "blamed": 0.0}


def test_a_finding_elsewhere_in_the_film_is_in_the_wrong_place():
    near, far = (looked(("black",), at=Fraction(at), length=Fraction(1, 2)) for at in (1, 4))
    assert (score(near)["placed"], score(far)["placed"]) == (1.0, 0.0)


def test_what_is_found_in_a_clean_production_is_a_false_alarm():
    assert score(looked(("black",), kind="clean")) == {"false_alarm": 1.0}
    assert score(looked(("black",), kind="encoded-again", before=("black",))) == {"false_alarm": 0.0}
    assert score(looked(("black", "frozen"), kind="encoded-again", before=("black",))) == {"false_alarm": 1.0}


@pytest.mark.slow
def test_faults_are_planted_in_a_real_production_and_most_are_found(tmp_path: Path):
    """One way of planting each, at the strongest: the clean film passes, every fault is found where it is."""
    kinds = ("clean", "encoded-again", "blur/strong", "hum/strong", "captions_missing/strong", "cut_too_long/strong")
    kinds = (*kinds, "captions_misspelt/strong", "upside_down/strong", "voice_missing/strong")
    found = evaluate(faults(), tmp_path / "run", only=[f"typographic-square-silent/{kind}" for kind in kinds])
    rates = {figure.name: figure for figure in found.figures if not figure.labels}
    # There is no voice in it, and no name in its captions.
    assert found.outcomes == {"scored": 7, "errored": 0, "judge failed": 0, "missing": 0, "not applicable": 2}
    assert rates["false_alarm"].value == 0 and rates["false_alarm"].count == 2
    assert {name: rates[name].value for name in ("found", "blamed")} == {"found": 1, "blamed": 1}
    page = (tmp_path / "run" / "index.html").read_text("utf-8")
    assert page.count("<video") >= 6 and "without the fault" in page
