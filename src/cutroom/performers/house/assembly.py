"""The house assembler and renderer: shots, voice, music and words onto a timeline; a timeline into a film."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from cutroom.errors import GiveUp
from cutroom.media.kinds import Audio, Cut, Media, Video
from cutroom.performers.house.marking import generated
from cutroom.performers.performer import Desk
from cutroom.plan.catalogue.assemble import SUFFIXES, AssembleCut, Over, RenderFilm
from cutroom.plan.catalogue.write import WriteCaptions
from cutroom.plan.facts import Captions
from cutroom.plan.plan import Plan
from cutroom.plan.step import AnyStep
from cutroom.plan.terms import HOUSE, Terms
from cutroom.render.watermark.stamp import Stamp
from cutroom.time import Span
from cutroom.timeline.timeline import Clip, Gap, Inset, Item, Lut, RoomTone, Sound, SoundTrack, Timeline, Transition

MUSIC_DUCK = 12.0
"""By how many decibels music goes down under a voice."""
NATURAL_GAIN = {True: -6.0, False: 0.0}
"""How loud the clips' own sound is: beside music, and alone."""
SHORTEST_GAP = Fraction(1, 10)
"""A shorter gap in the clips' own sound is not heard as one, in seconds."""
ROOM_FADE = Fraction(1)
"""For how long one room's tone gives way to another's, and to the film's end."""
ROOM_AROUND = Fraction(10)
"""How far around what is heard of a recording its quietest moment is looked for, in seconds."""
LOOP_OVERLAP = Fraction(3, 2)
"""For how long a piece of music that starts again overlaps its own end, in seconds."""


class Assembler:
    """Puts a cut together. Every decision is in the step, but for how shots are matched: that is measured on them."""

    name = "house/assemble"
    version = "3"

    def performs(self, step: AnyStep) -> bool:
        """Every AssembleCut."""
        return isinstance(step, AssembleCut)

    def settings(self, step: AnyStep) -> dict[str, Any]:
        """Nothing beside the step decides."""
        return {}

    def terms(self, step: AnyStep) -> Terms:
        """Free."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The cut. Raises GiveUp when a shot is no shot."""
        assert isinstance(step, AssembleCut)
        shots = [_clip(desk, ref) for ref in step.shots]
        if step.match:
            from cutroom.render.matching import matched

            shots = matched(shots, step.format, desk.store)
        insets = tuple(_inset(over, desk) for over in step.over)
        picture = tuple(_picture(shots, step))
        length = sum((item.seconds for item in picture if not isinstance(item, Transition)), Fraction(0))
        tracks = (_voice(step, desk), _music(step, desk, length), _natural(step, picture), *_heard_in(step, insets))
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
            insets=insets,
            lut=Lut(media=desk.media(step.lut), name=step.lut.id) if step.lut else None,
            progress=step.progress,
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

    def terms(self, step: AnyStep) -> Terms:
        """Free."""
        return HOUSE

    def perform(self, step: AnyStep, desk: Desk) -> Media:
        """The film. Raises NoSpace when the disk is full."""
        from cutroom.render.film import render

        assert isinstance(step, RenderFilm)
        stamp = None
        if step.number is not None and generated(step.sources, desk):
            stamp = Stamp(bytes.fromhex(step.number))
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
            stamp=stamp,
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


def _inset(over: Over, desk: Desk) -> Inset:
    """A shot in its box."""
    clip = _clip(desk, over.shot)
    fade = min(over.fade, clip.seconds / 3)
    return Inset(
        clip=clip,
        start=over.start,
        box=over.box,
        corner=over.corner,
        border=over.border,
        shadow=over.shadow,
        fade_in=fade,
        fade_out=fade,
    )


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
    return SoundTrack(role="voice", sounds=tuple(sounds), gain=step.voice_gain)


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
    duck = MUSIC_DUCK if _speaks(step) else 0.0
    return SoundTrack(role="music", sounds=tuple(sounds), gain=step.music_gain, duck=duck)


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
    gain = NATURAL_GAIN[step.music is not None or bool(step.voice)] + step.natural_gain
    # Under music nobody hears a room, and where nothing was recorded there is none.
    tones = () if step.music is not None else tuple(_tones(sounds, at))
    return SoundTrack(role="natural", sounds=tuple(sounds), tones=tones, gain=gain, duck=6.0 if step.voice else 0.0)


def _tones(sounds: Sequence[Sound], length: Fraction) -> Iterator[RoomTone]:
    """Room tone for a film of this `length` wherever none of the clips' sounds is heard.

    Between two clips the first one's room gives way to the second one's. Before the first clip and after the last it
    is theirs.
    """
    edges = [(one.start, one.start + one.source.length / one.speed, one) for one in sorted(sounds, key=_begin)]
    heard = Fraction(0)
    last: Sound | None = None
    for start, end, one in edges:
        if start - heard >= SHORTEST_GAP:
            yield from _gap(last, one, heard, start)
        if end >= heard:
            heard, last = end, one
    if last is not None and length - heard >= SHORTEST_GAP:
        yield _tone(last, heard - last.fade_out, length, last.fade_out, min(ROOM_FADE, (length - heard) / 2))


def _begin(sound: Sound) -> Fraction:
    return sound.start


def _gap(last: Sound | None, following: Sound, begin: Fraction, end: Fraction) -> Iterator[RoomTone]:
    """The tone of a gap, which reaches into the fades of the sounds on either side."""
    until, fade_out = end + following.fade_in, following.fade_in
    if last is None:
        yield _tone(following, begin, until, min(ROOM_FADE, (end - begin) / 2), fade_out)
        return
    since, fade_in = begin - last.fade_out, last.fade_out
    if last.media.digest == following.media.digest:
        yield _tone(last, since, until, fade_in, fade_out)
        return
    middle, cross = (begin + end) / 2, min(ROOM_FADE, (end - begin) / 2)
    yield _tone(last, since, middle + cross / 2, fade_in, cross)
    yield _tone(following, middle - cross / 2, until, cross, fade_out)


def _tone(sound: Sound, begin: Fraction, end: Fraction, fade_in: Fraction, fade_out: Fraction) -> RoomTone:
    first = max(Fraction(0), sound.source.start - ROOM_AROUND)
    last = max(first, min(sound.media.seconds, sound.source.end + ROOM_AROUND))
    return RoomTone(
        media=sound.media,
        start=begin,
        seconds=end - begin,
        source=Span(start=first, length=last - first),
        fade_in=fade_in,
        fade_out=fade_out,
        name=sound.name,
    )


def _speaks(step: AssembleCut) -> bool:
    """Whether somebody is heard speaking: the narrator, or a person in an inset."""
    return bool(step.voice) or any(over.sound == "voice" for over in step.over)


def _heard_in(step: AssembleCut, insets: Sequence[Inset]) -> Iterator[SoundTrack]:
    """The insets' own sound, on tracks of their own: not lowered as the other clips' is."""
    for over, inset in zip(step.over, insets, strict=True):
        clip = inset.clip
        if over.sound == "none" or not isinstance(clip.media, Video) or not clip.media.sound or not clip.source:
            continue
        sound = _natural_sound(clip, clip.source, inset.start, Fraction(0), Fraction(0))
        fades = {"fade_in": max(inset.fade_in, sound.fade_in), "fade_out": max(inset.fade_out, sound.fade_out)}
        sounds = (sound.model_copy(update=fades),)
        yield SoundTrack(role=over.sound, sounds=sounds, duck=6.0 if over.sound == "natural" and step.voice else 0.0)


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
