"""The judge that ships with Cutroom. It only measures, and trusts neither a file's name nor what a take says of itself.

Which checks there are for what, with their bounds and where these come from, stands at the head of each file in
`cutroom.judge.checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cutroom.judge.checks import cut, film, marked, picture, shot, sound, story, text, timelines
from cutroom.judge.evidence import Evidence, found, measured, unmeasured, verdict
from cutroom.media.kinds import Audio, Cut, Image, Media, Text, Video
from cutroom.media.store import Store
from cutroom.plan.catalogue.assemble import AssembleCut, MarkFilm, RenderFilm
from cutroom.plan.catalogue.edit import FramePicture, PickMoment
from cutroom.plan.catalogue.generate import ComposeMusic, DrawCard, Speak
from cutroom.plan.catalogue.write import PlanShot, WriteCaptions, WriteScript, WriteStory
from cutroom.plan.step import AnyStep
from cutroom.verdict import Verdict

Check = Callable[[Any, Any, Mapping[str, Media], Store], Evidence]
"""Looks at (step, media, inputs, store)."""


class HouseJudge:
    """Measures takes and films. The same take gets the same verdict every time."""

    name = "house"
    version = "2"

    def look(self, step: AnyStep, media: Media, inputs: Mapping[str, Media], store: Store) -> Verdict:
        """The verdict on what `step` made: a fail when a viewer would notice something, an abstention for facts.

        Raises BrokenProduction when the store has lost bytes.
        """
        if step.group == "understand":
            return verdict(unmeasured("facts", "facts are not judged"), self.name, self.version)
        wanted = type(step).makes
        if not isinstance(media, wanted):
            wrong = found("wrong_kind", f"the step makes {wanted.medium}, but this is {media.medium}")
            return verdict(wrong, self.name, self.version)
        return verdict(_check_for(step, media)(step, media, inputs, store), self.name, self.version)


def _check_for(step: AnyStep, media: Media) -> Check:
    """The check for this kind of step, or for any that makes such media."""
    return BY_STEP.get(type(step)) or BY_MEDIUM.get(type(media), _unknown)


def _any_text(step: AnyStep, media: Text, inputs: Mapping[str, Media], store: Store) -> Evidence:
    try:
        words = store.path(media).read_text("utf-8")
    except UnicodeDecodeError:
        return found("cannot_be_decoded", "cannot be decoded: it is not UTF-8")
    return measured(characters=len(words)) if words.strip() else found("empty", "there is not one word in it")


def _any_cut(step: AnyStep, media: Cut, inputs: Mapping[str, Media], store: Store) -> Evidence:
    timeline = timelines.opened(media, store)
    return timeline if isinstance(timeline, Evidence) else measured(seconds=float(timeline.seconds))


def _unknown(step: AnyStep, media: Media, inputs: Mapping[str, Media], store: Store) -> Evidence:
    return unmeasured("media", f"there is no check for {media.medium}")


BY_STEP: Mapping[type[AnyStep], Check] = {
    WriteScript: lambda step, media, inputs, store: text.script(step, media, store, inputs),
    WriteStory: lambda step, media, inputs, store: story.story(step, media, store),
    PlanShot: lambda step, media, inputs, store: story.shot(step, media, store),
    WriteCaptions: lambda step, media, inputs, store: text.captions(step, media, store, inputs),
    Speak: lambda step, media, inputs, store: sound.speech(step, media, store),
    ComposeMusic: lambda step, media, inputs, store: sound.music(step, media, store),
    DrawCard: lambda step, media, inputs, store: picture.card(step, media, store),
    FramePicture: shot.framed,
    PickMoment: shot.picked,
    AssembleCut: cut.assembled,
    RenderFilm: film.film,
    MarkFilm: marked.marked,
}

BY_MEDIUM: Mapping[type[Media], Check] = {
    Image: lambda step, media, inputs, store: picture.any_picture(media, store),
    Video: lambda step, media, inputs, store: shot.any_clip(media, store),
    Audio: lambda step, media, inputs, store: sound.any_sound(media, store),
    Text: _any_text,
    Cut: _any_cut,
}
