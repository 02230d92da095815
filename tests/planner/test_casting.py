"""Casting: what decides a take beside its own step is part of its key."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from cutroom.media.kinds import Cut, Text
from cutroom.performers.house.assembly import Assembler, FilmRenderer
from cutroom.performers.house.writing import CaptionWriter
from cutroom.plan.catalogue.assemble import AssembleCut, RenderFilm
from cutroom.plan.catalogue.write import SpokenLine, WriteCaptions
from cutroom.plan.plan import Plan
from cutroom.plan.step import Form, Ref
from cutroom.planner.casting import cast
from cutroom.render import faces
from cutroom.timeline.timeline import CaptionStyle, Format, Title


def plan(said: str, title: str = "") -> Plan:
    line = SpokenLine(text=said, start=Fraction(0), seconds=Fraction(2))
    cut = AssembleCut(
        format=Format(width=640, height=360),
        shots=(),
        captions=Ref[Text](id="captions"),
        titles=(Title(start=Fraction(0), seconds=Fraction(2), text=title),) if title else (),
    )
    return Plan(
        assets={},
        goal="film",
        steps={
            "captions": WriteCaptions(lines=(line,), seconds=Fraction(3)),
            "cut": cut,
            "film": RenderFilm(cut=Ref[Cut](id="cut")),
        },
    )


def film_settings(said: str, title: str = "") -> dict[str, object]:
    return dict(cast(plan(said, title), [CaptionWriter(), Assembler(), FilmRenderer()]).parts["film"].settings)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A machine without fonts; call what this gives to install one that has the letters of Vai."""
    known = faces.coverage

    def coverage(path: Path, index: int):
        return ((ord("ꔀ"),), (ord("ꘫ"),)) if path.stem.startswith("Vai") else known(path, index)

    def forget() -> None:
        for cache in (faces.machine_fonts, faces._ranked, faces._on_machine, faces.fingerprint):
            cache.cache_clear()
        monkeypatch.setattr("cutroom.render.layout._CASTS", {})

    def put() -> None:
        (tmp_path / "Vai-Regular.ttf").write_bytes((faces.SHIPPED / "SourceSansPro-Semibold.ttf").read_bytes())
        forget()

    monkeypatch.setattr(faces, "FOLDERS", (tmp_path,))
    monkeypatch.setattr(faces, "coverage", coverage)
    forget()
    yield put
    monkeypatch.undo()
    forget()


def test_films_in_letters_that_ship_need_nothing_of_the_machine(install):
    install()
    assert film_settings("We rowed out. Мы поплыли.", "Ωραία λίμνη") == {}


@pytest.mark.parametrize("where", ["captions", "title"])
def test_a_font_that_is_installed_later_makes_the_film_anew(install, where: str):
    words = ("ꔀ", "") if where == "captions" else ("We rowed out.", "ꔀ")
    assert film_settings(*words) == {}
    install()
    fonts = film_settings(*words)["fonts"]
    assert isinstance(fonts, dict) and list(fonts) == ["Vai-Regular.ttf"]
    assert len(fonts["Vai-Regular.ttf"]) == 16
    assert film_settings("We rowed out.") == {}, "other films stay as they are"


def test_captions_that_are_not_drawn_need_no_font(install):
    install()
    quiet = plan("ꔀ").with_fields("cut", caption_style=CaptionStyle(burn=False))
    assert cast(quiet, [CaptionWriter(), Assembler(), FilmRenderer()]).parts["film"].settings == {}


def test_the_key_of_the_film_follows_its_fonts(install):
    def key_of_the_film() -> str:
        film = plan("ꔀ")
        performers = [CaptionWriter(), Assembler(), FilmRenderer()]
        upstream = {"captions": "1" * 64, "cut": "2" * 64}
        return cast(film, performers).key("film", Form.of(film.steps["film"]), 1, upstream)

    before = key_of_the_film()
    install()
    assert key_of_the_film() != before
