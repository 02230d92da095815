"""A chat model with eyes as a judge: it looks at a montage of frames and answers one small question after the other.

What is asked, and where it comes from:

| question | answer | of | from |
|---|---|---|---|
| `keyframe` | which of six faults, and what to do about each | pictures | PersonaVlog (arXiv 2508.13602), 3.3 |
| `clip` | which faults of content, bodies and motion, in which frame | clips | PersonaVlog, 3.3 |
| `intrinsic`, `alignment`, `overall` | 1–10 twice, twice again, then 1–20 | pictures, clips, films | SPAgent (arXiv 2411.18983) |
| `interest`, `temporal_continuity`, `behavioural_diversity`, `theme` | 1–5 with a reason | stories, films | ThemeVlogEval |
| `decision` | done, edit or regenerate, with an instruction | pictures, clips | GenAgent (arXiv 2601.18543) |
| `pair` | A, B or same, asked in both orders | two takes | |

The words of the questions are ours and lie in ``prompts/``; the papers' own were not published. Scores end in ``.rubric``, so
that they never share a name with what was measured. A question that fails is an abstention with its reason, never a
number. What the model says is data: it is quoted, cut short, and decides nothing but its own answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cutroom.chat.exchanges import Exchanges, StoreExchanges, digest
from cutroom.chat.fence import plain
from cutroom.chat.messages import Message, Part, Quoted, Words, shown, system, user
from cutroom.chat.model import ChatModel, ServedModel
from cutroom.chat.shape import schema_of
from cutroom.errors import Ambiguous, BadInput, GiveUp, TryAgain, TryLater, Unavailable
from cutroom.judge.evidence import Evidence, found, measured, unmeasured, verdict
from cutroom.judge.judge import Judge
from cutroom.media.kinds import Cut, Image, Media, Text, Video
from cutroom.media.store import Store
from cutroom.money import Price, total
from cutroom.plan.catalogue.assemble import MarkFilm, RenderFilm
from cutroom.plan.step import AnyStep
from cutroom.timeline.timeline import Timeline
from cutroom.verdict import Abstain, Fail, Pass, Verdict

A = TypeVar("A", bound=BaseModel)

VERSION = "1"
"""Raise it when verdicts change though the questions do not."""

LEAST_OVERALL = 4
"""An overall score up to this means, in the question's own words, that the take cannot be used."""
MOST_TOKENS = 1500
MOST_REFERENCES = 3
LONGEST_REASON = 300
MOST_WORDS = 6000
"""Characters of a text, a transcript or a request that are shown."""
_SIDE = 1024

_ASKED = ("request", "prompt", "avoid", "motion", "instruction", "description", "style", "lyrics", "text")
"""Fields of steps that say what was asked, in order."""

Kind = Literal["picture", "clip", "film", "story"]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class KeyframeFault(_Answer):
    """One fault of a picture."""

    fault: Literal["limbs", "expression", "ground", "clothing", "clarity", "mismatch"]
    wrong: str
    """What is wrong, and where."""
    suggestion: str
    """What should be done about it."""


class KeyframeFaults(_Answer):
    """The faults of a picture; none when it has none."""

    faults: tuple[KeyframeFault, ...] = Field(max_length=12)


class ClipFault(_Answer):
    """One fault of a clip."""

    fault: Literal["mismatch", "face", "motion", "appearance", "still", "clarity"]
    wrong: str
    """What is wrong."""
    frame: int = Field(ge=0)
    """The number of the frame in which it is seen best; 0 when it is in all of them."""
    suggestion: str
    """How the clip should be asked for instead."""


class ClipFaults(_Answer):
    """The faults of a clip; none when it has none."""

    faults: tuple[ClipFault, ...] = Field(max_length=12)


class Intrinsic(_Answer):
    """How good a take is by itself."""

    reason: str
    aesthetics: int = Field(ge=1, le=10)
    plausibility: int = Field(ge=1, le=10)


class Alignment(_Answer):
    """How well a take is what was asked."""

    reason: str
    visual: int = Field(ge=1, le=10)
    motion: int = Field(ge=1, le=10)


class Overall(_Answer):
    """How good a take is, all in all."""

    reason: str
    score: int = Field(ge=1, le=20)


class Decision(_Answer):
    """What shall become of a take."""

    reason: str
    decide: Literal["done", "edit", "regenerate"]
    instruction: str
    """What to change, or what to make it from; empty when it is done."""


class StoryScore(_Answer):
    """One score of a story."""

    reason: str
    score: int = Field(ge=1, le=5)


class Better(_Answer):
    """Which of two takes is better."""

    reason: str
    better: Literal["A", "B", "same"]


QUESTIONS: Mapping[str, type[BaseModel]] = {
    "keyframe": KeyframeFaults,
    "clip": ClipFaults,
    "intrinsic": Intrinsic,
    "alignment": Alignment,
    "overall": Overall,
    "decision": Decision,
    "interest": StoryScore,
    "temporal_continuity": StoryScore,
    "behavioural_diversity": StoryScore,
    "theme": StoryScore,
    "pair": Better,
}
"""What each question (a file in ``prompts/``) wants to be answered with."""

STORY = ("interest", "temporal_continuity", "behavioural_diversity", "theme")
ASKED_OF: Mapping[Kind, tuple[str, ...]] = {
    "picture": ("keyframe", "intrinsic", "alignment", "overall", "decision"),
    "clip": ("clip", "intrinsic", "alignment", "overall", "decision"),
    "film": ("intrinsic", "alignment", "overall", *STORY),
    "story": STORY,
}
"""The questions for each kind, in order."""
NEEDS_WORDS = ("alignment", "decision", "theme")
"""Questions that make no sense where nobody says what was asked."""


@dataclass(frozen=True)
class About:
    """What a take is held against."""

    kind: Kind
    asked: str = ""
    """What was asked for, in words."""
    references: tuple[Image, ...] = ()
    """Pictures that it had to follow."""
    words: str = ""
    """What is said or written in it, as far as it is known."""
    measured: Verdict | None = None
    """What was measured in it."""


@dataclass(frozen=True)
class Opinion:
    """A verdict, and what it cost."""

    verdict: Verdict
    price: Price
    """What was paid for it now; answers that were kept from before cost nothing. Unknown when nobody said what tokens cost."""
    decision: Literal["done", "edit", "regenerate"] | None = None
    """What shall become of the take; None when that was not asked or not answered."""
    instruction: str = ""


@dataclass(frozen=True)
class Choice:
    """Which of two takes is better, asked in both orders."""

    better: Literal["first", "second", "same"] | None
    """None when the model could not be asked."""
    agreed: bool
    """False when the two orders gave different answers: then it is a tie."""
    reasons: tuple[str, ...]
    judge: str
    version: str


class RubricJudge:
    """Asks a chat model. The same take gets the same verdict every time: what was answered is kept, and found again."""

    def __init__(self, chat: ChatModel, *, asked: str = "", exchanges: Exchanges | None = None) -> None:
        """Asks `chat`.

        Args:
            chat: The model; it must take pictures to judge anything but stories.
            asked: What was asked for, in the asker's words, beside what a step says.
            exchanges: Where answers are kept; None: in the store where the take lies.
        """
        self.chat = chat
        self.asked = asked
        self.exchanges = exchanges
        self.name = f"rubric:{chat.name}"
        model, settings = _identity(chat)
        self.version = f"{VERSION}:{model}:prompts {prompts_digest()[:12]}:settings {digest(settings)[:12]}"

    def look(self, step: AnyStep, media: Media, inputs: Mapping[str, Media], store: Store) -> Verdict:
        """The verdict on what `step` made. Raises BrokenProduction when the store has lost bytes."""
        about = about_step(step, media, inputs, store, asked=self.asked)
        if about is None:
            return self._nothing(f"it is not asked about what {step.kind} makes")
        return self.opinion(media, store, about).verdict

    def opinion(self, media: Media, store: Store, about: About) -> Opinion:
        """All questions about `media`, one after the other. Raises BrokenProduction when the store has lost bytes."""
        try:
            subject, stamps = _subject(media, store, about)
        except BadInput as error:
            return Opinion(self._nothing(f"it cannot be shown: {error.reason}"), Price())
        session = _Session(self.chat, self.exchanges or StoreExchanges(store), subject)
        for question in ASKED_OF[about.kind]:
            if question in NEEDS_WORDS and not about.asked.strip():
                session.abstain(question, "nobody says what was asked for")
            else:
                session.put(question, stamps)
        said = verdict(session.evidence, self.name, self.version).model_copy(update={"notes": session.notes})
        decided = session.decision
        return Opinion(
            said,
            session.price(),
            decided.decide if decided else None,
            _short(decided.instruction) if decided else "",
        )

    def prefer(self, first: Media, second: Media, store: Store, *, asked: str = "") -> Choice:
        """Which of two takes is better. Asked in both orders; where the order decides, it is a tie, and `agreed` is False.

        Raises BrokenProduction when the store has lost bytes.
        """
        asked = asked or self.asked
        answers: list[Literal["first", "second", "same"]] = []
        reasons: list[str] = []
        for one, other in ((first, second), (second, first)):
            try:
                subject = (*_pair(one, other, store), *_about_words(asked))
                session = _Session(self.chat, self.exchanges or StoreExchanges(store), subject)
                answer = session.ask("pair", Better)
            except (BadInput, *_SILENT) as error:
                return Choice(None, False, (_short(str(error)),), self.name, self.version)
            names = ("first", "second") if one is first else ("second", "first")
            answers.append({"A": names[0], "B": names[1]}.get(answer.better, "same"))  # pyright: ignore[reportArgumentType]
            reasons.append(_short(answer.reason))
        agreed = answers[0] == answers[1]
        if not agreed:
            reasons.insert(0, f"asked in both orders it said {answers[0]} and then {answers[1]}: a tie")
        return Choice(answers[0] if agreed else "same", agreed, tuple(reasons), self.name, self.version)

    def _nothing(self, why: str) -> Abstain:
        return Abstain(judge=self.name, version=self.version, reasons=(why,), abstained={"rubric": why})


class Both:
    """The house measures, the model looks: what the house found stands, and the model adds to it."""

    def __init__(self, house: Judge, rubric: RubricJudge) -> None:
        """`house` is asked first, and the model is told what it measured."""
        self.house = house
        self.rubric = rubric
        self.name = f"{house.name}+{rubric.name}"
        self.version = f"{house.version}+{rubric.version}"

    def look(self, step: AnyStep, media: Media, inputs: Mapping[str, Media], store: Store) -> Verdict:
        """Both verdicts as one. A take that cannot be read, and what the model is not asked about, gets the house's alone."""
        first = self.house.look(step, media, inputs, store)
        about = about_step(step, media, inputs, store, asked=self.rubric.asked, measured=first)
        if about is None or any(finding.check in _UNREADABLE for finding in first.findings):
            return first.model_copy(update={"judge": self.name, "version": self.version})
        return both(first, self.rubric.opinion(media, store, about).verdict)


def both(one: Verdict, other: Verdict) -> Verdict:
    """Two verdicts on one take as one: a fail when either found something, an abstention when neither could tell."""
    outcomes = (one.outcome, other.outcome)
    kind = Fail if "fail" in outcomes else Pass if "pass" in outcomes else Abstain
    telling = [part for part in (one, other) if part.outcome != "abstain" or kind is Abstain]
    return kind(
        judge=f"{one.judge}+{other.judge}",
        version=f"{one.version}+{other.version}",
        scores={**one.scores, **other.scores},
        reasons=tuple(reason for part in telling for reason in part.reasons),
        findings=(*one.findings, *other.findings),
        abstained={**one.abstained, **other.abstained},
        notes={**one.notes, **other.notes},
    )


def about_step(
    step: AnyStep,
    media: Media,
    inputs: Mapping[str, Media],
    store: Store,
    *,
    asked: str = "",
    measured: Verdict | None = None,
) -> About | None:
    """What a take of `step` is held against; None for what the model is not asked about (facts, sounds, cuts, captions)."""
    if step.group == "understand":
        return None
    said = [f"{name}: {getattr(step, name)}" for name in _ASKED if isinstance(getattr(step, name, None), str)]
    words = "\n".join([*([asked] if asked else []), *(line for line in said if not line.endswith(": "))])
    references = tuple(one for one in inputs.values() if isinstance(one, Image))[:MOST_REFERENCES]
    match media:
        case Image():
            return About("picture", words, references, measured=measured)
        case Video():
            kind: Kind = "film" if isinstance(step, RenderFilm | MarkFilm) else "clip"
            return About(kind, words, references if kind == "clip" else (), _spoken(inputs, store), measured)
        case Text() if step.kind in ("write_script", "write_story"):
            return About("story", words, measured=measured)
    return None


@cache
def prompt(name: str) -> str:
    """The words of a question, from ``prompts/``."""
    return files("cutroom.judge").joinpath("prompts", f"{name}.md").read_text("utf-8").strip()


@cache
def prompts_digest() -> str:
    """SHA-256 of all that is put to the model, in hexadecimal: the words of each question, and the shape of its answer."""
    told = {name: [prompt(name), schema_of(answer)] for name, answer in QUESTIONS.items()}
    return digest({"judge": prompt("judge"), **told})


_SILENT = (GiveUp, TryLater, TryAgain, Ambiguous, Unavailable)
"""What keeps a model from answering."""
_DOWN = (TryLater, Ambiguous, Unavailable)
"""…and from answering the next question as well."""
_UNREADABLE = ("cannot_be_decoded", "wrong_kind", "empty")


@dataclass
class _Session:
    """All questions about one take: what was answered, and why the others were not."""

    chat: ChatModel
    exchanges: Exchanges
    subject: tuple[Part, ...]
    evidence: Evidence = field(default_factory=Evidence)
    notes: dict[str, str] = field(default_factory=dict)
    decision: Decision | None = None
    _prices: list[Price] = field(default_factory=list)
    _steps: list[str] = field(default_factory=list)
    _down: str = ""

    def put(self, question: str, stamps: Sequence[Fraction | None]) -> None:
        """Asks, and keeps what came of it."""
        if self._down:
            self.abstain(question, self._down)
            return
        try:
            answer = self.ask(question, QUESTIONS[question])
        except _SILENT as error:
            why = _short(str(error))
            self._down = why if isinstance(error, _DOWN) else ""
            self.abstain(question, why)
            return
        self._take(question, answer, stamps)

    def ask(self, question: str, answer: type[A]) -> A:
        """One question. Raises what keeps the model from answering."""
        before = (
            ("What you answered so far:", *self._steps) if question in ("alignment", "overall") and self._steps else ()
        )
        messages: tuple[Message, ...] = (
            system(prompt("judge")),
            user(*self.subject, "\n".join((*before, prompt(question)))),
        )
        came = self.chat.ask(messages, answer, exchanges=self.exchanges, most_tokens=MOST_TOKENS)
        if not came.replayed:
            self._prices.append(came.price)
        return came.object

    def abstain(self, question: str, why: str) -> None:
        """A question without an answer, by the names of the scores that are missing."""
        for name in _SCORES.get(question, (question,)):
            self.evidence += unmeasured(f"{name}.rubric", why)

    def price(self) -> Price:
        """What was paid now."""
        if any(not price.known for price in self._prices):
            return Price.unknown()
        paid = [price for price in self._prices if not price.free]
        return total(paid, paid[0].currency)[0] if paid else Price()

    def _take(self, question: str, answer: BaseModel, stamps: Sequence[Fraction | None]) -> None:
        match answer:
            case KeyframeFaults():
                self.evidence += _faults(answer.faults, ())
            case ClipFaults():
                self.evidence += _faults(answer.faults, stamps)
            case Intrinsic():
                self._score({"aesthetics": answer.aesthetics, "plausibility": answer.plausibility}, answer.reason, 10)
            case Alignment():
                self._score({"visual_alignment": answer.visual, "motion_alignment": answer.motion}, answer.reason, 10)
            case Overall():
                self._score({"quality": answer.score}, answer.reason, 20)
                if answer.score <= LEAST_OVERALL:
                    self.evidence += found("rubric_unusable", f"{answer.score} of 20: {_short(answer.reason)}")
            case StoryScore():
                self._score({question: answer.score}, answer.reason, 5)
            case Decision():
                self._decide(answer)

    def _score(self, scores: Mapping[str, int], reason: str, most: int) -> None:
        for name, score in scores.items():
            self.evidence += measured(**{f"{name}.rubric": score})
            self.notes[f"{name}.rubric"] = _short(reason)
            # Numbers that were checked, in our own words: what the model wrote is not said to it again.
            self._steps.append(f"- {name.replace('_', ' ')}: {score} of {most}")

    def _decide(self, answer: Decision) -> None:
        self.decision = answer
        self.notes["decision.rubric"] = f"{answer.decide}: {_short(answer.reason)}"
        if answer.decide != "done":
            says = f"{answer.decide}: {_short(answer.reason)}"
            if answer.instruction.strip():
                says = f"{says} (do: {_short(answer.instruction)})"
            self.evidence += found(f"rubric_{answer.decide}", says)


_SCORES: Mapping[str, tuple[str, ...]] = {
    "intrinsic": ("aesthetics", "plausibility"),
    "alignment": ("visual_alignment", "motion_alignment"),
    "overall": ("quality",),
}
"""By question: the scores that it gives, where they are not called as it is."""


def _faults(faults: Sequence[KeyframeFault | ClipFault], stamps: Sequence[Fraction | None]) -> Evidence:
    """The faults as findings: the first of each kind, and how many there are."""
    evidence = measured(**{"faults.rubric": len(faults)})
    seen: set[str] = set()
    for fault in faults:
        if fault.fault in seen:
            continue
        seen.add(fault.fault)
        at = None
        if isinstance(fault, ClipFault) and 1 <= fault.frame <= len(stamps):
            at = stamps[fault.frame - 1]
        says = _short(fault.wrong) or fault.fault
        if fault.suggestion.strip():
            says = f"{says} (do: {_short(fault.suggestion)})"
        evidence += found(f"rubric_{fault.fault}", says, at)
    return evidence


def _identity(chat: ChatModel) -> tuple[str, dict[str, Any]]:
    """The model's name at its server, and the settings that change what it says."""
    if not isinstance(chat, ServedModel):
        return chat.name, {}
    served = chat.served
    settings = {"options": dict(served.options), "rungs": [rung.value for rung in served.rungs], "tokens": MOST_TOKENS}
    return served.model, settings


def _subject(media: Media, store: Store, about: About) -> tuple[tuple[Part, ...], tuple[Fraction | None, ...]]:
    """What is shown and told before each question, and the times of the frames that are shown."""
    stamps: tuple[Fraction | None, ...] = ()
    parts: list[Part] = []
    if isinstance(media, Text):
        text = store.path(media).read_text("utf-8", errors="replace")
        parts += [Words("The story:"), Quoted(text, most=MOST_WORDS)]
    elif isinstance(media, Video):
        from cutroom.judge import montage  # opens clips: heavy, and only needed here

        seen = montage.of_clip(media, store)
        stamps = tuple(shot.at for shot in seen.shots)
        parts += [
            Words(f"The take, a {about.kind} of {float(media.seconds):.1f} s, as {len(stamps)} frames:"),
            seen.shown(),
        ]
    else:
        parts += [Words("The take:"), shown(media, store, longest=_SIDE)]
    for number, reference in enumerate(about.references, 1):
        parts += [Words(f"Reference {number}, which it had to follow:"), shown(reference, store, longest=_SIDE // 2)]
    if about.words:
        parts += [Words("What is said or written in it:"), Quoted(about.words, most=MOST_WORDS)]
    parts += _about_words(about.asked)
    if about.measured is not None:
        parts += _measured_words(about.measured)
    return tuple(parts), stamps


def _about_words(asked: str) -> list[Part]:
    return [Words("What was asked for:"), Quoted(asked, most=MOST_WORDS)] if asked.strip() else []


def _measured_words(said: Verdict) -> list[Part]:
    """What was measured, as a list of numbers, and what was found (which may quote words of the take)."""
    lines = [f"- {name}: {value:g}" for name, value in sorted(said.scores.items())]
    parts: list[Part] = []
    if lines:
        parts.append(Words("\n".join(("What was measured in it:", *lines[:40]))))
    if said.findings:
        told = "\n".join(finding.says for finding in islice(said.findings, 12))
        parts += [Words("What was found by measuring:"), Quoted(told, most=MOST_WORDS)]
    return parts


def _pair(one: Media, other: Media, store: Store) -> tuple[Part, ...]:
    from cutroom.judge import montage  # opens clips: heavy, and only needed here

    parts: list[Part] = []
    for name, media in (("A", one), ("B", other)):
        if isinstance(media, Video):
            part: Part = montage.of_clip(media, store, name=name).shown()
        elif isinstance(media, Text):
            part = Quoted(store.path(media).read_text("utf-8", errors="replace"), most=MOST_WORDS)
        elif isinstance(media, Image):
            part = shown(media, store, longest=_SIDE)
        else:
            raise Unavailable(
                f"{media.medium} cannot be shown to a model that has eyes only; compare what was measured"
            )
        parts += [Words(f"Take {name}:"), part]
    return tuple(parts)


def _spoken(inputs: Mapping[str, Media], store: Store) -> str:
    """The titles and captions of the cut that a film was made from; empty when there is none."""
    return "\n".join(line for media in inputs.values() if isinstance(media, Cut) for line in _lines(media, store))


def _lines(cut: Cut, store: Store) -> Iterator[str]:
    try:
        timeline = Timeline.model_validate_json(store.path(cut).read_bytes())
    except ValidationError:
        return
    told = [(title.start, f"title: {title.text}") for title in timeline.titles]
    told += [(caption.start, caption.text) for caption in timeline.captions]
    for start, words in sorted(told, key=lambda one: one[0]):
        yield f"{float(start):.1f} s  {words}"


def _short(text: str) -> str:
    """What a model said, made fit to stand in a verdict: one line, nothing unseen in it, not too long."""
    line = " ".join(plain(text).split())
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 1]}…"
