"""What a chat model is asked for a story or a shot, and what it may answer. No I/O: a test reads the messages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from importlib.resources import files
from types import GenericAlias
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from cutroom.chat.messages import Message, Part, Quoted, Words, system, user
from cutroom.plan.catalogue.generate import Mood
from cutroom.plan.catalogue.understand import DescribeClip, DescribePicture
from cutroom.plan.catalogue.write import PlanShot, Seen, WriteStory
from cutroom.plan.facts import ClipFacts, PictureFacts, ShotPlan, ShotStep, Story, StoryShot
from cutroom.plan.forms import LONGEST, form, told
from cutroom.plan.registry import step_classes

WORDS_A_SECOND = Fraction(9, 5)
"""What a voice says in a second of film, pauses included: slower than it speaks."""
NOTES = 6_000
"""Characters of notes that a model is given, all together."""
ABOUT_A_FILE = 700
"""Characters that it is told about one file."""


class _Answer(BaseModel):
    """What a model fills in. Bounds are wide: what is too much for the film is the judge's business."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class TellShot(_Answer):
    """One shot, as a model writes it."""

    sees: str = Field(min_length=1, max_length=1000)
    """What is in the picture."""
    moves: str = Field(default="", max_length=400)
    """What moves, and how the camera does."""
    says: str = Field(default="", max_length=400)
    """What a voice says over it, or nothing."""
    seconds: int = Field(default=5, ge=1, le=60)
    """How long it stays."""
    file: int = Field(default=0, ge=0, le=999)
    """The number of the file that it shows; 0 for none."""


class TellStory(_Answer):
    """A story, as a model writes it."""

    title: str = Field(min_length=1, max_length=120)
    """The film's title."""
    style: str = Field(default="", max_length=400)
    """The look of all pictures."""
    music: str = Field(default="", max_length=300)
    """What the music is like."""
    mood: str = Field(default="", max_length=20)
    """One of: calm, upbeat, warm, epic, playful, melancholy, tense."""
    shots: tuple[TellShot, ...] = Field(min_length=1, max_length=40)
    """The shots, in order."""


@cache
def prompt(name: str) -> str:
    """The words of ``prompts/NAME.md``."""
    return files("cutroom.performers.chat").joinpath(f"prompts/{name}.md").read_text("utf-8").strip()


@cache
def prompt_digest(name: str) -> str:
    """What names the words of a prompt in a take's key."""
    return hashlib.sha256(prompt(name).encode()).hexdigest()[:16]


# -- a picture or clip ---------------------------------------------------------------------------------------------


def sight_messages(step: DescribePicture | DescribeClip, sight: Part) -> list[Message]:
    """What is said to have a picture or clip described, or a question about it answered."""
    question = step.question or "Say what this shows."
    return [system(prompt(step.kind)), user(sight, Words(question))]


# -- a story -------------------------------------------------------------------------------------------------------


def story_messages(step: WriteStory, texts: Mapping[str, str]) -> list[Message]:
    """What is said to have `step` carried out; `texts` are the words behind its refs, by id.

    The request is the person's own and instructs; notes, file names, facts and descriptions are quoted.
    """
    parts: list[Part | str] = [Words(f"This was asked for: {' '.join(step.request.split())}")]
    left = NOTES
    for place, ref in enumerate(step.notes, 1):
        quoted = Quoted(texts[ref.id], f"notes {place}", most=left) if left > 0 else None
        parts += [quoted] if quoted else []
        left -= min(left, len(texts[ref.id]))
    if step.files:
        parts.append(Words("These files were handed over. A shot may show one: give its number in `file`."))
        parts += [_file(place, one, texts) for place, one in enumerate(step.files, 1)]
    if step.before is not None:
        parts += [Words("This is the story until now:"), Quoted(texts[step.before.id], "the story until now")]
        parts.append(Words(f"Change it: {' '.join(step.change.split())}. Leave all else as it is, word for word."))
    parts.append(Words("\n".join(_wanted(step))))
    return [system(prompt("write_story")), user(*parts)]


def _wanted(step: WriteStory) -> Iterator[str]:
    if step.seconds is not None:
        yield f"The film lasts {_plain(step.seconds)} seconds. Write {step.shots} shots."
    else:
        yield f"Write about {step.shots} shots of 3 to 8 seconds."
    if step.spoken:
        most = "" if step.seconds is None else f" All of it together has at most {_words(step.seconds)} words."
        yield f"Title and what is said are in the language {step.language!r}; `sees`, `moves` and `style` are in English.{most}"
    else:
        yield f"Nothing is said: leave `says` empty. The title is in the language {step.language!r}."
    if not step.pictures:
        yield "Nobody can make pictures: the words alone must carry the film, on plain cards."


def _words(seconds: Fraction) -> int:
    return max(6, int(seconds * WORDS_A_SECOND * Fraction(4, 5)))


def _plain(seconds: Fraction) -> str:
    return f"{float(seconds):g}"


def _file(place: int, one: Seen, texts: Mapping[str, str]) -> Quoted:
    """A file: its name, what was measured in it, and what it shows as far as anybody said. All of it is data."""
    measured = _measured(one.kind, texts.get(one.facts.id, "") if one.facts is not None else "")
    shows = texts.get(one.words.id, "") if one.words is not None else ""
    return Quoted("\n".join(filter(None, (one.name, measured, shows))), f"file {place}", most=ABOUT_A_FILE)


def _measured(kind: str, facts: str) -> str:
    """The few facts that a story can use, in one line."""
    try:
        known = PictureFacts.model_validate_json(facts) if kind == "picture" else ClipFacts.model_validate_json(facts)
    except ValidationError:  # facts of another version, or of a plug-in
        return kind
    told = [kind, "upright" if known.height > known.width else ""]
    if isinstance(known, ClipFacts):
        told += [f"{_plain(known.seconds)} s long", "somebody speaks" if known.speech else ""]
    told += [f"{len(known.faces)} faces" if known.faces else "", f"taken {known.taken}" if known.taken else ""]
    return ", ".join(filter(None, told))


def story_of(answer: TellStory, step: WriteStory) -> Story:
    """The answer as a story: files that are not there are not shown, and a mood that nobody knows is none."""
    mood = answer.mood.strip().lower()
    return Story(
        title=_line(answer.title),
        style=_line(answer.style),
        music=_line(answer.music),
        mood=mood if mood in get_args(Mood) else "",
        shots=tuple(
            StoryShot(
                sees=_line(shot.sees),
                moves=_line(shot.moves),
                says=_line(shot.says) if step.spoken else "",
                seconds=Fraction(shot.seconds),
                file=shot.file if shot.file <= len(step.files) else 0,
            )
            for shot in answer.shots[:24]
        ),
        language=step.language,
    )


def _line(text: str) -> str:
    return " ".join(text.split())


# -- a shot --------------------------------------------------------------------------------------------------------


def shot_messages(step: PlanShot, texts: Mapping[str, str]) -> list[Message]:
    """What is said to have `step` carried out; `texts` as for a story. What the story says is quoted: a model wrote it."""
    lines = [f"sees: {step.sees}", f"moves: {step.moves}", f"style: {step.style}"]
    tools = "\n".join(f"- {told(step_classes()[kind])}" for kind in step.tools)
    parts: list[Part | str] = [Words("The shot:"), Quoted("\n".join(lines), "the story")]
    if step.file is not None:
        shown = (
            f'The shot shows a {step.file.kind} that was handed over, called "file". To show it as it is, use no step.'
        )
        parts.append(Words(shown))
        parts.append(_file(1, step.file, texts))
    parts.append(Words(f"The steps that can be used:\n{tools}"))
    if step.problems:
        before = texts[step.before.id] if step.before is not None else ""
        parts += [Words("This plan cannot work:"), Quoted(before, "the plan until now")]
        parts += [Quoted("\n".join(step.problems), "what is wrong with it"), Words("Answer with a better plan.")]
    return [system(prompt("plan_shot")), user(*parts)]


def shot_answer(tools: Sequence[str]) -> type[BaseModel]:
    """What a model may answer: steps of these kinds and no other, with the fields of all of them, each a text."""
    return _shot_answer(tuple(tools))


@cache
def _shot_answer(tools: tuple[str, ...]) -> type[BaseModel]:
    says: dict[str, list[str]] = {}
    for kind in tools:
        for blank in form(step_classes()[kind]) or ():
            says.setdefault(blank.name, []).append(f"{kind}: {blank.says}")
    fields: dict[str, Any] = {
        name: (str, Field(default="", max_length=LONGEST, description=" ".join(told))) for name, told in says.items()
    }
    kinds: Any = Literal[tools]  # pyright: ignore[reportInvalidTypeForm] - known only now
    one: Any = create_model("Step", __base__=_Answer, step=(kinds, Field(description="Which step.")), **fields)
    listed: Any = GenericAlias(tuple, (one, ...))
    several: Any = Field(max_length=8, description="The steps, in order; the last makes what is seen.")
    return create_model("Shot", __base__=_Answer, steps=(listed, several))


def shot_of(answer: BaseModel) -> ShotPlan:
    """The answer as a plan of the shot: fields that belong to another kind of step are left out, numbers are bare."""
    steps: list[ShotStep] = []
    for one in answer.model_dump()["steps"]:
        kind = one.pop("step")
        blanks = {blank.name: blank for blank in form(step_classes()[kind]) or ()}
        fields = {
            name: _number(text) if blanks[name].wants is not None else text.strip()
            for name, text in one.items()
            if name in blanks and text.strip()
        }
        steps.append(ShotStep(step=kind, fields=fields))
    return ShotPlan(steps=tuple(steps))


def _number(text: str) -> str:
    """``step 1``, ``#1`` and ``"1"`` mean 1."""
    bare = text.strip().strip("\"'#[]. ").lower()
    return bare.removeprefix("step").strip(" _#-") if bare.startswith("step") else bare
