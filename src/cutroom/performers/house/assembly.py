"""The house assembler and renderer: shots, voice, music and words onto a timeline; a timeline into a film."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cutroom.errors import GiveUp
from cutroom.media.kinds import Audio, Cut, Media, Video
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.assemble import SUFFIXES, AssembleCut, RenderFilm
from cutroom.plan.catalogue.write import WriteCaptions
from cutroom.plan.facts import Captions
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep
from cutroom.time import Span
from cutroom.timeline.timeline import Clip, Gap, Item, Sound, SoundTrack, Timeline, Transition

MUSIC_DUCK = 12.0
"""By how many decibels music goes down under a voice."""
NATURAL_GAIN = {True: -6.0, False: 0.0}
"""How loud the clips' own sound is: beside music, and alone."""
LOOP_OVERLAP = Fraction(3, 2)
"""For how long a piece of music that starts again overlaps its own end, in seconds."""


class Assembler:
    """Puts a cut together. Only arranges: every decision is in the step."""

    name = "house/assemble"
    version = "1"

    def performs(self, step: AnyStep) -> bool:
        """Every AssembleCut."""
        return isinstance(step, AssembleCut)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing beside the step decides."""
        return {}

    def price(self, step: AnyStep) -> Decimal:
        """Free."""
        return Decimal(0)

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The cut. Raises GiveUp when a shot is no shot."""
        assert isinstance(step, AssembleCut)
        shots = [_clip(desk, ref) for ref in step.shots]
        picture = tuple(_picture(shots, step))
        length = sum((item.seconds for item in picture if not isinstance(item, Transition)), Fraction(0))
        tracks = (_voice(step, desk), _music(step, desk, length), _natural(step, picture))
        captions = desk.read(step.captions, Captions).captions if step.captions else ()
        timeline = Timeline(
            format=step.format,
            picture=picture,
            sound=tuple(track for track in tracks if track.sounds),
            captions=captions,
            titles=step.titles,
            caption_style=step.caption_style,
            language=step.language,
            title=step.title,
            markers=step.markers,
        )
        return desk.keep_cut(timeline, timeline.seconds)


class FilmRenderer:
    """Renders a cut with the house renderer."""

    name = "house/render"
    version = "1"

    def performs(self, step: AnyStep) -> bool:
        """Every RenderFilm."""
        return isinstance(step, RenderFilm)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing beside the step decides, but for `settings_within`."""
        return {}

    def settings_within(self, step: AnyStep, plan: Plan) -> dict[str, Any]:
        """The machine's own fonts that draw the film's words; nothing when Cutroom's draw them all.

        So a film is rendered again when a font that it misses has been installed.
        """
        from cutroom.render.captions import fonts_for

        assert isinstance(step, RenderFilm)
        cut = plan.steps.get(step.cut.id)
        if not isinstance(cut, AssembleCut):
            return {}
        captions = plan.steps.get(cut.captions.id) if cut.captions else None
        lines = [line.text for line in captions.lines] if isinstance(captions, WriteCaptions) else []
        titles = [words for title in cut.titles for words in (title.text, title.subtitle)]
        fonts = fonts_for(lines, titles, cut.caption_style, cut.language)
        return {"fonts": fonts} if fonts else {}

    def price(self, step: AnyStep) -> Decimal:
        """Free."""
        return Decimal(0)

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The film. Raises NoSpace when the disk is full."""
        from cutroom.render.film import render

        assert isinstance(step, RenderFilm)
        timeline = Timeline.model_validate_json(desk.path(step.cut).read_bytes())
        out = desk.scratch / f"film{SUFFIXES[step.codec]}"
        rendered = render(
            timeline,
            desk.store,
            out,
            crf=step.crf,
            preset=step.preset,
            loudness=step.loudness,
            true_peak=step.true_peak,
            progress=desk.progress,
            codec=step.codec,
            hardware=step.hardware,
        )
        for what, why in rendered.degraded:
            desk.degrade(what, why)
        return desk.keep_video(
            out,
            seconds=rendered.seconds,
            width=rendered.width,
            height=rendered.height,
            fps=rendered.fps,
            sound=rendered.sound,
        )


def _clip(desk: Desk, ref: Any) -> Clip:
    """The one clip of a shot."""
    cut: Cut = desk.media(ref)
    items = Timeline.model_validate_json(desk.store.path(cut).read_bytes()).picture
    if len(items) != 1 or not isinstance(items[0], Clip):
        raise GiveUp(f"{ref.id} is no shot: it holds {len(items)} items where one clip is wanted")
    return items[0]


def _picture(shots: Sequence[Clip], step: AssembleCut) -> Iterator[Item]:
    for place, clip in enumerate(shots):
        yield clip
        if place < len(step.transitions) and place + 1 < len(shots) and (transition := step.transitions[place]):
            yield transition
    if step.ending:
        fade = step.format.rate.snap(min(step.ending, shots[-1].seconds)) * 2
        yield Transition(kind="dissolve", seconds=min(fade, shots[-1].seconds))
        yield Gap(seconds=step.ending)


def _voice(step: AssembleCut, desk: Desk) -> SoundTrack:
    sounds = []
    for placed in step.voice:
        spoken: Audio = desk.media(placed.sound)
        sounds.append(Sound(media=spoken, start=placed.start, source=Span(length=spoken.seconds), name=placed.sound.id))
    return SoundTrack(role="voice", sounds=tuple(sounds))


def _music(step: AssembleCut, desk: Desk, length: Fraction) -> SoundTrack:
    """Music for the film's length: cut off with a fade when longer, started again when shorter."""
    sounds: list[Sound] = []
    if step.music is not None:
        music: Audio = desk.media(step.music)
        at = Fraction(0)
        while at < length:
            heard = min(music.seconds, length - at)
            again = at + heard < length
            overlap = min(LOOP_OVERLAP, music.seconds / 4) if again else Fraction(0)
            fade_out = overlap or (min(Fraction(5, 2), heard / 3) if heard < music.seconds else Fraction(0))
            sounds.append(
                Sound(
                    media=music,
                    start=at,
                    source=Span(length=heard),
                    fade_out=fade_out,
                    fade_in=overlap if at else Fraction(0),
                    name=step.music.id,
                )
            )
            at += heard - overlap
            if not again:
                break
    return SoundTrack(role="music", sounds=tuple(sounds), duck=MUSIC_DUCK if step.voice else 0.0)


def _natural(step: AssembleCut, picture: Sequence[Item]) -> SoundTrack:
    """The clips' own sound, faded across their transitions."""
    sounds: list[Sound] = []
    at = Fraction(0)
    for place, item in enumerate(picture):
        if isinstance(item, Transition):
            continue
        if (
            step.natural
            and isinstance(item, Clip)
            and isinstance(item.media, Video)
            and item.media.sound
            and item.source
        ):
            before = _half(picture, place - 1)
            after = _half(picture, place + 1)
            sounds.append(_natural_sound(item, item.source, at, before, after))
        at += item.seconds
    gain = NATURAL_GAIN[step.music is not None or bool(step.voice)]
    return SoundTrack(role="natural", sounds=tuple(sounds), gain=gain, duck=6.0 if step.voice else 0.0)


def _half(picture: Sequence[Item], place: int) -> Fraction:
    item = picture[place] if 0 <= place < len(picture) else None
    return item.seconds / 2 if isinstance(item, Transition) else Fraction(0)


def _natural_sound(clip: Clip, source: Span, at: Fraction, before: Fraction, after: Fraction) -> Sound:
    """A clip's sound with as much of its handles as the clip has."""
    video = clip.media
    assert isinstance(video, Video)
    before = min(before, source.start / clip.speed, at)
    after = min(after, max(Fraction(0), (video.seconds - source.end) / clip.speed))
    soft = Fraction(1, 20)
    return Sound(
        media=video,
        start=at - before,
        source=Span(start=source.start - before * clip.speed, length=(clip.seconds + before + after) * clip.speed),
        speed=clip.speed,
        fade_in=max(2 * before, soft),
        fade_out=max(2 * after, soft),
        name=clip.name,
    )
