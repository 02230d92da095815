"""The page: complete in itself, true to the ledger, and safe whatever the files are called."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image as Picture

from cutroom.brief.brief import Asset, Brief
from cutroom.ledger.events import Accepted, Failed, Judged, Made, Opened, Planned
from cutroom.ledger.journal import Entry
from cutroom.ledger.production import Production
from cutroom.ledger.state import fold
from cutroom.media.kinds import Image, Text
from cutroom.plan.catalogue.generate import Speak
from cutroom.plan.catalogue.understand import LookAtPicture
from cutroom.plan.plan import Plan
from cutroom.plan.step import Ref
from cutroom.report.report import report
from cutroom.verdict import Fail, Pass

NASTY = "<script>alert('x')</script>.jpg"
HOUSE = {"judge": "house", "version": "1"}
KEYS = [digit * 64 for digit in "abc"]


class Links(HTMLParser):
    """Collects what a page would load or lead to, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ("meta", "img", "br", "link", "input"):
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "poster") and value]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def production(tmp_path):
    return Production(tmp_path / "film.cutroom")


@pytest.fixture
def entries(tmp_path, production):
    """A picture, looked at; a line that was spoken anew after it failed, and one attempt that crashed."""
    Picture.fromarray(np.full((60, 80, 3), 90, np.uint8)).save(tmp_path / "a.jpg")
    blob = production.store.add(tmp_path / "a.jpg", ".jpg")
    image = Image(digest=blob.digest, bytes=blob.bytes, suffix=".jpg", width=80, height=60)
    text = Text(digest="d" * 64, bytes=3, suffix=".json")
    brief = Brief(
        request="A <b>film</b> & more", assets=(Asset(id="a1", name=NASTY, media=image),), seconds=Fraction(6)
    )
    look = LookAtPicture(picture=Ref[Image](id="a1"))

    def plan(words: str) -> Plan:
        return Plan(
            assets={"a1": image},
            steps={"look": look, "line": Speak(text=words)},
            goal="line",
            notes=("left out: {{ 7 * 7 }}",),
        )

    def made(step: str, slot: str, key: str, take: int = 1) -> Made:
        return Made(
            step=step,
            slot=slot,
            take=take,
            key=key,
            performer="house/x",
            media=text,
            wall_seconds=Fraction(1),
            cost=Decimal(0),
        )

    events = [
        Opened(brief=brief, cutroom="0"),
        Planned(plan=plan("Too long a line."), by="house 1", reason="new"),
        made("look", "s0", KEYS[0]),
        Accepted(step="look", slot="s0", take=1, key=KEYS[0]),
        made("line", "s1", KEYS[1]),
        Judged(step="line", slot="s1", take=1, key=KEYS[1], verdict=Fail(reasons=("too fast",), **HOUSE)),
        Planned(plan=plan("A line."), by="house 1", reason="line: too fast", revises="line"),
        Failed(
            step="line", slot="s2", take=1, key="e" * 64, performer="house/x", reason="crashed: <i>", error="GiveUp"
        ),
        made("line", "s2", KEYS[2], 2),
        Judged(step="line", slot="s2", take=2, key=KEYS[2], verdict=Pass(**HOUSE)),
        Accepted(step="line", slot="s2", take=2, key=KEYS[2]),
    ]
    return [Entry(number, "2026-06-01T10:20:00.000+00:00", event) for number, event in enumerate(events, 1)]


def page_of(entries, production, **more) -> str:
    result = {
        "status": "degraded",
        "reason": "",
        "deliverables": [],
        "degraded": [{"what": NASTY, "why": 'is "odd"'}],
        "verdict": None,
        "calls": {"performed": 3, "reused": 0},
        "spent": {},
        **more,
    }
    return report(result, fold(entry.event for entry in entries), entries, production, in_use=(KEYS[0], KEYS[2]))


def test_the_page_is_well_formed_and_needs_nothing_from_outside(entries, production):
    page = page_of(entries, production)
    seen = Links(page)

    assert seen.open == []
    assert [link for link in seen.links if not link.startswith("data:image/jpeg;base64,")] == []
    assert not re.search(r"https?:|@import|url\(", page)
    assert not {"script", "iframe", "object", "link", "form"} & set(seen.tags)


def test_names_and_words_are_shown_as_they_are(entries, production):
    page = page_of(entries, production)

    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;.jpg" in page
    assert "A &lt;b&gt;film&lt;/b&gt; &amp; more" in page
    assert "{{ 7 * 7 }}" in page
    assert "<i>" not in page


def test_a_take_keeps_the_words_that_it_was_made_of(entries, production):
    rows = [row for row in page_of(entries, production).split("<tr") if 'class="name">line<' in row]

    assert len(rows) == 3
    assert "Too long a line." in rows[0]
    assert 'class="unused"' in rows[0]
    assert "too fast" in rows[0]
    assert "crashed" in rows[1]
    assert "A line." in rows[2]
    assert 'class="used"' in rows[2]
    assert "pass" in rows[2]


def test_what_was_revised_and_degraded_is_told(entries, production):
    page = page_of(entries, production)

    assert "line: too fast" in page
    assert "is &#34;odd&#34;" in page
    assert "Nothing, but" not in page


def test_nothing_degraded_is_said_so_without_hiding_what_was_left_out(entries, production):
    assert "Nothing, but see what was left out" in page_of(entries, production, degraded=[])


def test_links_to_files_survive_odd_names(entries, production, tmp_path):
    film = tmp_path / "50% of #1?.mp4"
    item = {
        "kind": "video",
        "path": str(film),
        "sha256": "0" * 64,
        "seconds": "6",
        "width": 64,
        "height": 36,
        "fps": "30",
    }
    page = page_of(entries, production, deliverables=[item])

    assert "../50%25%20of%20%231%3F.mp4" in Links(page).links


def test_a_production_without_a_plan_has_a_page_too(production, entries):
    page = page_of(entries[:1], production, status="failed", reason="nobody could plan it")

    assert "nobody could plan it" in page
    assert Links(page).open == []
