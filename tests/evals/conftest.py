"""A small evaluation of words: cases are texts, and the judge fails those that hold the word "wrong"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from cutroom.errors import GiveUp
from cutroom.evals.aggregate import every_score
from cutroom.evals.task import Bench, Case, Item, Looked, Made, NotApplicable, Task
from cutroom.media.kinds import Media, Text
from cutroom.media.store import Store
from cutroom.plan.catalogue.write import WriteScript
from cutroom.verdict import Abstain, Fail, Finding, Pass, Verdict


@dataclass
class Reader:
    """A judge that reads. It says how often it was asked."""

    name: str = "reader"
    version: str = "1"
    word: str = "wrong"
    seen: list[str] = field(default_factory=list)

    def look(self, step, media: Media, inputs: Mapping[str, Media], store: Store) -> Verdict:
        words = store.path(media).read_text("utf-8")
        self.seen.append(words)
        about = {"judge": self.name, "version": self.version}
        if "unreadable" in words:
            raise ValueError("no such letters")
        if "blank" in words:
            return Abstain(**about, reasons=("there is nothing to read",))
        if self.word in words:
            return Fail(**about, findings=(Finding(check="wrong", says="it is <wrong>"),), reasons=("it is <wrong>",))
        return Pass(**about, scores={"letters": len(words)})


@dataclass
class Words:
    """Makes texts, and says which it made."""

    texts: Mapping[str, str]
    made: list[str] = field(default_factory=list)

    def make(self, case: Case, bench: Bench) -> Made:
        self.made.append(case.id)
        words = self.texts[case.id]
        if words == "gone":
            raise FileNotFoundError(case.id)
        if words == "refused":
            raise GiveUp("nobody writes this")
        if words == "senseless":
            raise NotApplicable("there is no sense in it")
        if words == "killed":
            raise KeyboardInterrupt
        blob = bench.store.add_bytes(words.encode(), ".txt")
        text = Text(digest=blob.digest, bytes=blob.bytes, suffix=".txt")
        return Made(items=(Item(name="script", step=WriteScript(request="x"), media=text),), about=words)

    def task(self, cases: Sequence[Case] | None = None, **more) -> Task:
        def score(looked: Looked) -> Mapping[str, float]:
            verdict = looked.verdicts[0]
            return {"right": float(isinstance(verdict, Pass)), **verdict.scores}

        cases = cases or [Case(id=name, group=name[0]) for name in self.texts]
        return Task("words", "1", tuple(cases), self.make, score, every_score, judge=Reader(), **more)


@pytest.fixture
def words():
    return Words


@pytest.fixture
def reader():
    return Reader
